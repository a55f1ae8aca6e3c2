import { Bash, createCommandContext, unsafeBytesFromLatin1 } from 'just-bash'
import { sayingsOf } from '../personas/facts.ts'
import type { Machine } from '../personas/machine.ts'
import { applet } from './commands/busybox.ts'
import type { Io, Result } from './commands/command.ts'
import { commands } from './commands/index.ts'
import { toTerminal } from './commands/ls.ts'
import type { DecoyFs } from './fs.ts'
import {
  apart,
  folders,
  left,
  listed,
  outcomeOf,
  plain,
  rootless,
  strict,
  target,
  told,
  unknownLong,
  type Context,
  type Outcome as Said,
} from './outcome.ts'
import { resolvePath } from './node.ts'
import { Capture, maxPipe } from './sh/streams.ts'
import { builtinsOf } from './sh/builtins/index.ts'
import type { Outcome, ProgramContext } from './sh/interpreter.ts'
import { dialectOf } from './sh/programs.ts'
import { startShell } from './sh/start.ts'
import { awkWords } from './awk.ts'
import { byPath, gnu } from './wording.ts'

// The programs of a machine: those that were written for it, those of the library, in the words of the real ones, and for the
// others what was recorded of them.

/** Programs of the library that no Debian has, and those that are shells: ours is another. */
const strange = new Set('html-to-markdown jq rg sqlite3 xan yq bash sh alias unalias history help time'.split(' '))

/** Those that read their input when nothing is named. */
const filtering = new Set('cat rev nl fold expand unexpand strings column tee tac gzip gunzip zcat'.split(' '))

/** A program of the library. */
interface Kept {
  readonly execute: (args: string[], context: ReturnType<typeof createCommandContext>) => Promise<Said>
}
let library: Map<string, Kept> | undefined
const libraryOf = (): Map<string, Kept> => {
  library ??= new Map(
    [...(new Bash({}) as unknown as { commands: Map<string, Kept> }).commands].filter(
      ([name]) => !strange.has(name) && !commands.has(name),
    ),
  )
  return library
}

/** What a line brings to its programs. */
export interface Surroundings {
  readonly fs: DecoyFs
  /** Makes what one of our programs sees. */
  readonly io: (context: ProgramContext) => Io
  /** Asks somebody else what a program prints that nobody here knows. */
  readonly askHelper?: ((program: string, args: readonly string[], cwd: string) => Promise<string>) | undefined
  readonly signal: AbortSignal
}

export class Programs {
  readonly #machine: Machine

  constructor(machine: Machine) {
    this.#machine = machine
  }

  /** Whether a program is more than a file. */
  knows(name: string): boolean {
    if (commands.has(name) || libraryOf().has(name) || /^(?:ba|da|a)?sh$/.test(name)) return true
    const { shell, system } = this.#machine
    return shell === 'ash' && sayingsOf(system).applets.split(' ').includes(name)
  }

  /** Runs a program by the name of its file. */
  async run(name: string, args: readonly string[], context: ProgramContext, around: Surroundings): Promise<Outcome> {
    // A program that an attacker brought runs, and says nothing.
    if (name === '') return { out: '', err: '', code: 0 }
    if (name.startsWith('/etc/'))
      return this.run('service', [name.replace(/^.*\/(?:[SK]\d\d)?/, ''), ...args], context, around)
    const dialect = dialectOf(context.shell, name)
    if (dialect !== undefined) return startShell(dialect, name, args, context)
    around.fs.beside = (path) => context.shell.descriptorText(path)
    const io = around.io(context)
    const run = async (): Promise<Result> => {
      const { stdout, stderr, exitCode } = await this.#inner(name, [...args], context, around, io)
      return { out: stdout, err: stderr, code: exitCode }
    }
    const {
      out = '',
      err = '',
      code = 0,
    } = this.#machine.shell === 'ash' && name !== 'busybox' ? await applet(name, args, io, run) : await run()
    return {
      out: plain(out),
      err: plain(this.#machine.userland === 'gnu' ? byPath(name, context.zero, err) : err),
      code,
    }
  }

  async #inner(name: string, args: string[], context: ProgramContext, around: Surroundings, io: Io): Promise<Said> {
    const says = sayingsOf(this.#machine.system)
    const own = commands.get(name)
    if (own !== undefined) {
      const known = told(says, name, args) ?? (strict.has(name) ? unknownLong(says, name, args) : undefined)
      if (known !== undefined) return known
      const io = around.io(context)
      const {
        out = '',
        err = '',
        code = 0,
      } = await own(name === 'ls' && context.terminal ? [toTerminal, ...args] : args, io)
      return { stdout: plain(out), stderr: plain(err), exitCode: code }
    }
    const kept = libraryOf().get(name)
    if (kept !== undefined) return this.#library(name, kept, args, context, around, io)
    const builtin = builtinsOf('bash').get(name)
    if (builtin !== undefined) return asProgram(name, args, context)
    return told(says, name, args) ?? outcomeOf({ out: (await around.askHelper?.(name, args, context.shell.cwd)) ?? '' })
  }

  async #library(
    name: string,
    kept: Kept,
    given: string[],
    context: ProgramContext,
    around: Surroundings,
    io: Io,
  ): Promise<Said> {
    const says = sayingsOf(this.#machine.system)
    const { shell, stdin } = context
    if (name === 'rm' && rootless(given))
      return {
        stdout: '',
        stderr:
          "rm: it is dangerous to operate recursively on '/'\nrm: use --no-preserve-root to override this failsafe\n",
        exitCode: 1,
      }
    const wrong = unknownLong(says, name, given)
    if (wrong !== undefined) return wrong
    const silent = given.length === 0 && filtering.has(name) && !stdin.empty
    const known = silent ? undefined : told(says, name, given)
    if (known !== undefined) return known
    const exported = Object.fromEntries(context.env)
    const inner = createCommandContext({
      fs: around.fs,
      cwd: shell.cwd,
      env: new Map(context.env),
      exportedEnv: exported,
      executionLimitProfile: 'hardened',
      signal: around.signal,
      exec: async (line, options) => {
        const { out, err, code } = await shell.aside(
          line,
          options?.stdin === undefined ? undefined : String(options.stdin),
        )
        return { stdout: out, stderr: err, exitCode: code, env: exported }
      },
    })
    // What nobody reads stays for whoever comes after.
    let read: ReturnType<typeof unsafeBytesFromLatin1> | undefined
    Object.defineProperty(inner, 'stdin', {
      enumerable: true,
      get: () => (read ??= unsafeBytesFromLatin1(io.stdin)),
    })
    const about: Context = {
      cwd: shell.cwd,
      env: inner.env,
      fs: around.fs,
      get stdin() {
        return read ?? ''
      },
    }
    const args = searched(name, given, around.fs, shell.cwd)
      .filter((arg) => arg !== '--no-preserve-root')
      .map((arg) => (name === 'grep' && /^[^-].*\/$/.test(arg) ? arg.replace(/\/+$/, '') || '/' : arg))
    let outcome: Said
    try {
      outcome = await kept.execute(apart(name, args), inner)
    } catch (error) {
      const words = (error as Error).message
      if (/^ENOENT: /.test(words)) {
        const path = args.filter((arg) => !arg.startsWith('-')).at(-1) ?? ''
        outcome = { stdout: '', stderr: `${name}: ${path}: No such file or directory\n`, exitCode: 1 }
      } else {
        // The library's own limits end here; the kernel would have ended the program.
        return { stdout: '', stderr: 'Killed\n', exitCode: 137 }
      }
    }
    if (name === 'tar') listed(args, outcome)
    if (name === 'rm' && outcome.stderr === '' && args.length > 0) {
      const stderr = await left(args, about)
      if (stderr !== '') outcome = { stdout: '', stderr, exitCode: 1 }
    }
    if (name === 'cat' && outcome.stderr !== '') outcome.stderr = await folders(outcome.stderr, about)
    if (outcome.stderr === '') return outcome
    if (name === 'awk') {
      const read = awkWords(given, outcome.stderr, around.fs.kindAt('/usr/bin/gawk') === undefined)
      if (read !== undefined) return { stdout: outcome.stdout, ...read }
    }
    const stderr = gnu(name, args, await target(name, args, about, outcome.stderr))
    const exitCode = /^(sed: can't read|awk: fatal|sort: cannot read|tar: This does|\ngzip: stdin)/.test(stderr)
      ? 2
      : outcome.exitCode
    return { ...outcome, stderr: plain(stderr), exitCode }
  }
}

/** grep of one file needs no search in folders, and then names no file either. */
function searched(name: string, args: readonly string[], fs: DecoyFs, cwd: string): readonly string[] {
  if (!/^[ef]?grep$/.test(name) || !args.some((arg) => /^-[a-zA-Z]*[rR]|^--recursive$/.test(arg))) return args
  const words = args.filter((arg) => !arg.startsWith('-'))
  const [, path] = words
  if (words.length !== 2 || path === undefined || fs.kindAt(resolvePath(cwd, path)) === 'directory') return args
  return args
    .filter((arg) => arg !== '--recursive')
    .map((arg) => (/^-[a-zA-Z]*[rR]/.test(arg) ? arg.replace(/[rR]/g, '') : arg))
    .filter((arg) => arg !== '-')
}

/** A command of the shell that is a program, too, such as kill and test. */
async function asProgram(name: string, args: readonly string[], { shell }: ProgramContext): Promise<Said> {
  const [out, err] = [new Capture(maxPipe), new Capture(maxPipe)]
  const inner = shell.within(new Map([...shell.descriptors, [1, { sink: out }], [2, { sink: err }]]))
  const code = (await builtinsOf('bash').get(name)?.(inner, args, name)) ?? 0
  const where = inner.where(name)
  return {
    stdout: out.text,
    stderr: err.text
      .replaceAll(where, `${name}: `)
      .replace(/^kill: \((\d+)\) - /gm, 'kill: sending signal to $1 failed: '),
    exitCode: code,
  }
}
