import { accounts } from './accounts.ts'
import { debianAccounts } from './adduser.ts'
import { becoming } from './become.ts'
import { cal } from './cal.ts'
import type { Command } from './command.ts'
import { connections } from './connect.ts'
import { date } from './date.ts'
import { develop } from './develop.ts'
import { dump } from './dump.ts'
import { fetchers } from './fetch.ts'
import { files } from './files.ts'
import { gpu } from './gpu.ts'
import { filters } from './filters/index.ts'
import { find } from './find/index.ts'
import { firewall } from './firewall.ts'
import { ip } from './ip.ts'
import { nettools } from './nettools.ts'
import { inspect } from './inspect.ts'
import { keys } from './keygen.ts'
import { rpmPackages } from './rpm.ts'
import { making } from './making.ts'
import { running } from './running.ts'
import { settings } from './settings.ts'
import { sockets } from './sockets.ts'
import { mounts } from './mounts.ts'
import { nas } from './nas.ts'
import { openwrt } from './openwrt.ts'
import { packages } from './packages.ts'
import { processes } from './processes.ts'
import { programs } from './programs.ts'
import { proxmox } from './proxmox.ts'
import { raspberry } from './raspberry.ts'
import { sums } from './sums.ts'
import { system } from './system.ts'
import { text } from './text.ts'

/** Every program that the machine has beyond those of the library. */
export const commands: ReadonlyMap<string, Command> = new Map(
  Object.entries({
    ...programs,
    ...dump,
    ...fetchers,
    ...connections,
    ...files,
    ...inspect,
    ...keys,
    ip,
    ...nettools,
    ...sockets,
    ...firewall,
    ...packages,
    ...processes,
    ...system,
    ...text,
    ...accounts,
    ...debianAccounts,
    ...develop,
    ...filters,
    ...settings,
    ...mounts,
    ...becoming,
    ...running,
    ...making,
    ...sums,
    cal,
    date,
    find,
    ...gpu,
    ...proxmox,
    ...raspberry,
    ...rpmPackages,
    ...openwrt,
    ...nas,
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
