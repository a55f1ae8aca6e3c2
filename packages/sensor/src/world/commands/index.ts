import { accounts } from './accounts.ts'
import type { Command } from './command.ts'
import { connections } from './connect.ts'
import { dump } from './dump.ts'
import { fetchers } from './fetch.ts'
import { files } from './files.ts'
import { inspect } from './inspect.ts'
import { keys } from './keygen.ts'
import { network } from './network.ts'
import { packages } from './packages.ts'
import { processes } from './processes.ts'
import { programs } from './programs.ts'
import { system } from './system.ts'
import { text } from './text.ts'

/** Every program that the machine has beyond those of the shell's engine. */
export const commands: ReadonlyMap<string, Command> = new Map(
  Object.entries({
    ...programs,
    ...dump,
    ...fetchers,
    ...connections,
    ...files,
    ...inspect,
    ...keys,
    ...network,
    ...packages,
    ...processes,
    ...system,
    ...text,
    ...accounts,
  }),
)

/** Programs that only tell facts: they read no files and can be answered without a shell. */
export const quick: ReadonlySet<string> = new Set([
  'uname',
  'whoami',
  'nproc',
  'hostname',
  'uptime',
  'free',
  'lscpu',
  'df',
  'arch',
  'w',
  'ps',
  'lspci',
  'ifconfig',
  'hostnamectl',
  'last',
])
