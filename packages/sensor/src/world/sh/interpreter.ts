import type { Machine } from '../../personas/machine.ts'
import type { DecoyFs } from '../fs.ts'
import { before } from '../version.ts'
import { ArithmeticError, evaluate } from './arith.ts'
import type { AndOr, Assign, Command, Dialect, Pipeline, Redirect, Script } from './ast.ts'
import { type Builtin, builtinsOf } from './builtins/index.ts'
import { special } from './special.ts'
import { elementIndex, expandText, Unexpandable, type Expander } from './expand.ts'
import { Break, Continue, Discard, Exit, Return } from './flow.ts'
import { compound } from './compound.ts'
import { Jobs } from './jobs.ts'
import { ownLists, ownVariables } from './own.ts'
import { assignList, simple } from './simple.ts'
import { standardOptions, standardShopt } from './options.ts'
import { Parser } from './parser.ts'
import { Unreadable } from './reading/text.ts'
import { executable, found, type Executable } from './programs.ts'
import { openAll, type Opened } from './redirects.ts'
import { Broken, Capture, FileSink, maxPipe, Source, type Descriptor, type Sink } from './streams.ts'
import { NoMemory, Readonly_, Variables } from './variables.ts'
import { syntaxError } from './words.ts'

// Runs scripts of the shell. Nothing here touches a real file, process, clock or network: the world's file system and what
// the host gives is all there is.

/** What a program is given. */
export interface ProgramContext {
  readonly shell: Interpreter
  readonly env: ReadonlyMap<string, string>
  readonly stdin: Source
  /** Whether what it prints goes to the attacker's terminal. */
  readonly terminal: boolean
  /** How it was called. */
  readonly zero: string
}
export interface Outcome {
  readonly out: string
  readonly err: string
  readonly code: number
}

/** What runs a shell: the world around it. */
export interface Host {
  readonly machine: Machine
  readonly fs: DecoyFs
  /** Gives others their turn. */
  readonly pause: () => Promise<void> | undefined
  readonly sleep: (ms: number) => Promise<void>
  readonly aborted: () => boolean
  /** Runs a program of the machine by the name of its file. @returns undefined where nobody wrote it */
  readonly program: (name: string, args: readonly string[], context: ProgramContext) => Promise<Outcome>
  readonly knows: (name: string) => boolean
  readonly user: () => { readonly name: string; readonly uid: number; readonly gid: number; readonly home: string }
  readonly homeOf: (name: string) => string | undefined
  /** Whether there is a process of that number. */
  readonly alive: (pid: number) => boolean
  /** What bash's help prints. */
  readonly help: string
  /** What a program was recorded to say. */
  readonly recorded: (
    line: string,
  ) => { readonly out?: string | undefined; readonly err?: string | undefined } | undefined
  /** The lines that were typed before this one. */
  readonly history?: readonly string[] | undefined
  /** A stopped line is to go on, or to end. */
  readonly resume: (what: { readonly token: number; readonly how: 'fg' | 'bg' | 'kill' }) => void
  readonly pid: number
  /** Milliseconds since the shell began. */
  readonly elapsed: () => number
}

/** How a shell was started. */
export interface Start {
  readonly dialect: Dialect
  readonly zero: string
  /** Where its commands come from. */
  readonly from: 'command' | 'file' | 'input' | 'terminal'
  readonly positional?: readonly string[]
  readonly cwd: string
  readonly line?: number
}

/** Shells and functions within each other. */
const [maxShells, maxCalls] = [40, 250]

export interface Function_ {
  readonly body: Command
  readonly source: string
}

export class Interpreter implements Expander {
  readonly host: Host
  readonly dialect: Dialect
  readonly from: Start['from']
  zero: string
  cwd: string
  positional: readonly string[]
  variables: Variables
  readonly functions: Map<string, Function_>
  readonly aliases: Map<string, string>
  readonly options: Set<string>
  readonly shopt: Set<string>
  readonly traps: Map<string, string>
  readonly limits: Map<string, string>
  readonly hashed = new Map<string, { path: string; hits: number }>()
  readonly disabled = new Set<string>()
  umask = 0o022
  status = 0
  pipeStatus: readonly number[] = [0]
  stack: readonly string[] = []
  jobs: Jobs
  line = 1
  /** Programs whose files are open. */
  descriptors: Map<number, Descriptor>
  /** What the shells of one session have open together. */
  readonly #opened: Opened
  readonly depth: number
  readonly calls: { readonly name: string; readonly line: number; readonly file: string }[] = []
  loops = 0
  /** Whether what fails now ends no shell that ends with what fails. */
  tested = 0
  /** Whether a trap runs. */
  trapping = false
  /** How the last substitution of a command ended. */
  substituted: number | undefined
  readonly subshell: number
  readonly background: boolean
  /** How long all of a command in the background has slept, milliseconds. */
  readonly nap: { ms: number }
  /** The file whose commands run. */
  file: string

  constructor(
    host: Host,
    start: Start,
    descriptors: Map<number, Descriptor>,
    parent?: Interpreter,
    kind: 'child' | 'subshell' = 'child',
    background = false,
  ) {
    this.host = host
    this.dialect = start.dialect
    this.zero = start.zero
    this.from = start.from
    this.cwd = start.cwd
    this.positional = start.positional ?? []
    this.line = start.line ?? 1
    this.descriptors = descriptors
    this.depth = (parent?.depth ?? 0) + 1
    this.background = background || parent?.background === true
    this.nap = background || parent === undefined ? { ms: 0 } : parent.nap
    this.subshell = kind === 'subshell' ? (parent?.subshell ?? 0) + 1 : 0
    this.#opened = parent === undefined ? { files: new Set(), beside: new Map() } : parent.#opened
    this.file = start.from === 'file' ? start.zero : ''
    if (this.depth > maxShells) {
      parent?.err(`${parent.zero}: fork: retry: Resource temporarily unavailable\n`)
      throw new Exit(254)
    }
    const number = (text: string): string => String(this.calculate(text))
    if (kind === 'subshell' && parent !== undefined) {
      this.variables = parent.variables.copy(ownVariables(this), number, ownLists(this))
      this.functions = new Map(parent.functions)
      this.aliases = new Map(parent.aliases)
      this.options = new Set(parent.options)
      this.shopt = new Set(parent.shopt)
      // A subshell has the signals that are ignored, no other traps.
      this.traps = new Map([...parent.traps].filter(([, action]) => action === ''))
      this.limits = new Map(parent.limits)
      this.calls = [...parent.calls]
      this.loops = parent.loops
      this.jobs = new Jobs(host, parent.jobs.kept())
      this.umask = parent.umask
      this.status = parent.status
      this.stack = parent.stack
      this.line = parent.line
      this.file = parent.file
    } else {
      const exported = [...(parent?.variables.exported() ?? [])].map(
        ([name, value]) => [name, { value, flags: 'x' }] as const,
      )
      this.variables = new Variables(exported, ownVariables(this), number, ownLists(this))
      this.functions = new Map()
      this.aliases = new Map()
      this.options = new Set(standardOptions(start))
      this.shopt = new Set(standardShopt(start, host.machine))
      this.traps = new Map([...(parent?.traps ?? [])].filter(([, action]) => action === ''))
      this.limits = new Map(parent?.limits)
      this.jobs = new Jobs(host)
      if (parent !== undefined) this.umask = parent.umask
      this.variables.set('IFS', ' \t\n')
      this.variables.set('OPTIND', '1')
      if (this.dialect === 'bash') {
        this.variables.set('OPTERR', '1')
        this.variables.set('PS4', '+ ')
        this.variables.setList('PIPESTATUS', ['0'])
        if (start.from === 'terminal') this.variables.set('PS2', '> ')
      }
    }
  }

  /** What ran was stopped at the terminal (^Z): it is a job now. */
  stopped({ token, source }: { readonly token: number; readonly source: string }): void {
    const job = this.jobs.add(source, this.depth)
    job.token = token
    job.stopped = true
    this.err(this.jobs.line(job))
    this.status = 148
  }

  // ——— What expansions ask ———

  get fs(): DecoyFs {
    return this.host.fs
  }

  get pause(): Host['pause'] {
    return this.host.pause
  }

  option(name: string): boolean {
    return this.options.has(name) || this.shopt.has(name)
  }

  homeOf(user: string): string | undefined {
    return user === '' ? this.host.user().home : this.host.homeOf(user)
  }

  get old(): boolean {
    return before(this.host.machine.versions['bash'], '5.1')
  }

  get version(): string {
    return /version (\S+)/.exec(this.host.help)?.[1] ?? '5.1.4(1)-release'
  }

  calculate(text: string): bigint {
    return evaluate(
      text,
      {
        get: (name, index) => {
          const value = index === undefined ? this.variables.get(name) : this.variables.element(name, index)
          if (value === undefined && this.option('nounset')) throw new Unexpandable(`${name}: unbound variable`, true)
          return value
        },
        set: (name, value, index) => {
          if (index === undefined) this.variables.set(name, value)
          else this.variables.setElement(name, index, value)
        },
      },
      this.dialect,
    )
  }

  /** Runs a script in a shell of its own and takes what it prints. */
  async substitute(body: Script): Promise<string> {
    // $(< file)
    const [only] = body
    const [command] = only?.first.commands ?? []
    if (
      body.length === 1 &&
      only?.rest.length === 0 &&
      command?.t === 'simple' &&
      command.words.length === 0 &&
      command.assigns.length === 0 &&
      command.redirects[0]?.op === '<'
    ) {
      const text = await this.redirected(command.redirects, async () => {
        this.substituted = 0
        await this.descriptors.get(0)?.source?.fill()
        return this.descriptors.get(0)?.source?.rest() ?? ''
      })
      return typeof text === 'string' ? text.replaceAll('\0', '').replace(/\n+$/, '') : ''
    }
    const capture = new Capture(maxPipe)
    const inner = this.within(new Map([...this.descriptors, [1, { sink: capture }]]))
    if (this.dialect === 'bash' && !this.option('inherit_errexit') && !this.option('posix'))
      inner.options.delete('errexit')
    this.substituted = await inner.scriptStatus(body)
    return capture.text.replaceAll('\0', '').replace(/\n+$/, '')
  }

  async beside(body: Script, into: boolean): Promise<string> {
    const path = `/dev/fd/${63 - (this.#opened.beside.size % 50)}`
    if (into) {
      this.#opened.beside.set(path, '')
      return path
    }
    const capture = new Capture(maxPipe)
    const inner = this.within(new Map([...this.descriptors, [1, { sink: capture }]]))
    await inner.scriptStatus(body)
    this.#opened.beside.set(path, capture.text)
    return path
  }

  /** What comes from a process that stands in for a file. */
  descriptorText(path: string): string | undefined {
    const held = this.#opened.beside.get(path)
    if (held !== undefined) return held
    const fd =
      path === '/dev/stdin' || path === '/proc/self/fd/0' ? 0 : Number(/^\/dev\/fd\/(\d+)$/.exec(path)?.[1] ?? -1)
    return fd < 0 ? undefined : this.descriptors.get(fd)?.source?.left
  }

  /** A shell of its own within this one. */
  within(descriptors: Map<number, Descriptor> = new Map(this.descriptors), background = false): Interpreter {
    const start: Start = {
      dialect: this.dialect,
      zero: this.zero,
      from: this.from,
      positional: this.positional,
      cwd: this.cwd,
    }
    return new Interpreter(this.host, start, descriptors, this, 'subshell', background)
  }

  // ——— What it says ———

  out(text: string): void {
    this.descriptors.get(1)?.sink?.write(text)
  }

  err(text: string): void {
    this.descriptors.get(2)?.sink?.write(text)
  }

  /** What stands before an error. @param builtin the command that tells it, where it is one of the shell's own */
  where(builtin = ''): string {
    const named = builtin === '' ? '' : `${builtin}: `
    if (this.dialect === 'dash') return `${this.zero}: ${this.line}: ${named}`
    if (this.dialect === 'ash') {
      if (this.from === 'file') return `${this.zero}: ${named}line ${this.line}: `
      if (builtin === '' || this.from === 'terminal') return `${this.zero}: ${named}`
      // Since 1.33 the lines of -c are counted from none.
      const late =
        this.from === 'command' && !before(/ v([\d.]+)/.exec(this.host.recorded('busybox')?.out ?? '')?.[1], '1.33')
      return `${this.zero}: ${named}line ${this.line - (late ? 1 : 0)}: `
    }
    if (this.from === 'terminal') return `${this.zero}: ${named}`
    const zero = this.file === '' ? this.zero : this.file
    const line = this.from === 'command' && this.old && this.file === '' ? this.line - 1 : this.line
    return `${zero}: ${line > 0 || builtin !== '' ? `line ${line}: ` : ''}${named}`
  }

  fault(words: string, builtin = ''): void {
    this.err(`${this.where(builtin)}${words}\n`)
  }

  // ——— Running ———

  /** Runs a text, one complete command after the other. @returns how the last ended; throws Exit where the shell ends */
  async text(source: string, line = 1, whole = false): Promise<number> {
    const text = source.replaceAll('\0', '')
    const parser = new Parser(
      text,
      this.dialect,
      this.option('expand_aliases') || this.dialect !== 'bash' ? this.aliases : new Map(),
      line,
      () => this.option('extglob'),
    )
    for (;;) {
      let script: Script | undefined
      try {
        script = parser.complete()
        for (const { line: at, end, at: last } of parser.openHere.splice(0))
          if (this.dialect === 'bash') {
            this.line = last
            this.fault(`warning: here-document at line ${at} delimited by end-of-file (wanted \`${end}')`)
          }
      } catch (error) {
        if (!(error instanceof Unreadable)) throw error
        this.err(syntaxError(this, error, parser))
        // Older ones: 1, for a command that was given.
        this.status =
          this.dialect !== 'bash' || this.from !== 'command'
            ? 2
            : this.old
              ? 1
              : error.kind === 'condition' && !before(this.version, '5.2')
                ? 0
                : 2
        if (whole || this.from === 'terminal') return this.status
        throw new Exit(this.status)
      }
      if (script === undefined) return this.status
      if (this.option('verbose') && this.from === 'file')
        this.err(`${script.map(({ source: one }) => one).join('; ')}\n`)
      await this.#complete(script)
    }
  }

  /** Runs what comes on the input, which the commands in it read from, too. @returns how the last ended */
  async input(source: Source): Promise<number> {
    const aliases = (): ReadonlyMap<string, string> =>
      this.option('expand_aliases') || this.dialect !== 'bash' ? this.aliases : new Map()
    let line = 1
    try {
      while (!source.empty) {
        const text = source.left
        const parser = new Parser(text.replaceAll('\0', ' '), this.dialect, aliases(), line, () =>
          this.option('extglob'),
        )
        let at = 0
        for (;;) {
          let script: Script | undefined
          try {
            script = parser.complete()
          } catch (error) {
            if (!(error instanceof Unreadable)) throw error
            this.err(syntaxError(this, error, parser))
            throw new Exit(2)
          }
          const { consumed } = parser
          source.skip(consumed - at)
          at = consumed
          if (script === undefined) {
            source.skip(text.length)
            break
          }
          const { position } = source
          await this.#complete(script)
          if (source.position === position) continue
          // A command has read on: what it left is read anew.
          line += text.slice(0, text.length - source.left.length).split('\n').length - 1
          break
        }
      }
    } catch (error) {
      return this.atExit(this.#ended(error))
    }
    return this.atExit(this.status)
  }

  /** Runs a complete command. What discards it ends no more. */
  async #complete(script: Script): Promise<void> {
    try {
      await this.script(script)
    } catch (error) {
      if (error instanceof Discard) this.status = error.status
      else if (error instanceof Break || error instanceof Continue) this.status = 0
      else throw error
    }
  }

  /** Runs a text to the end of the shell, its trap included. @returns how it ended */
  async whole(source: string, line = 1): Promise<number> {
    let code: number
    try {
      code = await this.text(source, line)
    } catch (error) {
      code = this.#ended(error)
    }
    return this.atExit(code)
  }

  #ended(error: unknown): number {
    if (error instanceof Exit) return error.status
    if (error instanceof Return) return error.status
    if (error instanceof Discard) return error.status
    if (error instanceof Break || error instanceof Continue) return 0
    if (error instanceof Broken) return 141
    throw error
  }

  /** Runs what is to run when the shell ends. */
  async atExit(code: number): Promise<number> {
    const action = this.traps.get('EXIT')
    this.status = code
    if (action === undefined || action === '') return code
    this.traps.delete('EXIT')
    try {
      await this.text(action)
    } catch (error) {
      return this.#ended(error)
    }
    return code
  }

  /** A script as a shell of its own ends. */
  async scriptStatus(body: Script): Promise<number> {
    try {
      await this.script(body)
    } catch (error) {
      this.status = this.#ended(error)
    }
    return this.atExit(this.status)
  }

  async script(script: Script): Promise<void> {
    for (const item of script) {
      if (this.host.aborted()) throw new Exit(130)
      if (item.background) await this.#inBackground(item)
      else await this.#andOr(item)
    }
  }

  async #inBackground(item: AndOr): Promise<void> {
    const descriptors = new Map(this.descriptors)
    if (!this.option('monitor')) descriptors.set(0, { source: new Source('') })
    const job = this.jobs.add(item.source, this.depth + 1)
    /** What it prints after it has slept comes when its time has come. */
    let inner: Interpreter | undefined
    for (const fd of [1, 2]) {
      const sink = descriptors.get(fd)?.sink
      if (sink === undefined || sink instanceof FileSink) continue
      const late: Sink = {
        ...(sink.terminal === true && { terminal: true }),
        write: (text) => {
          if ((inner?.nap.ms ?? 0) === 0) sink.write(text)
          else job.late.push(() => sink.write(text))
        },
      }
      descriptors.set(fd, { sink: late })
    }
    inner = this.within(descriptors, true)
    if (this.from === 'terminal' && this.subshell === 0) this.err(`[${job.number}] ${job.pid}\n`)
    const code = await inner.scriptStatus([{ ...item, background: false }])
    this.jobs.ends(job, inner.nap.ms, code)
    this.status = 0
  }

  /** Sleeps; in the background nobody waits for it, and it is known how long it would have lasted. */
  async sleep(ms: number): Promise<void> {
    if (this.background) this.nap.ms += ms
    else await this.host.sleep(ms)
  }

  async #andOr({ first, rest }: AndOr): Promise<void> {
    if (rest.length > 0) this.tested++
    let last = rest.length === 0
    try {
      await this.#pipeline(first)
      for (const [i, { op, pipeline }] of rest.entries()) {
        if ((op === '&&') !== (this.status === 0)) continue
        if (i === rest.length - 1) {
          this.tested--
          last = true
        }
        await this.#pipeline(pipeline)
      }
    } finally {
      if (!last) this.tested--
    }
  }

  async #pipeline({ commands, both, not, timed }: Pipeline): Promise<void> {
    const began = this.host.elapsed()
    if (not) this.tested++
    try {
      const [only] = commands
      if (only === undefined) this.status = 0
      else if (commands.length === 1) {
        await this.command(only)
        this.pipeStatus = [this.status]
      } else await this.#pipe(commands, both)
    } finally {
      if (not) this.tested--
    }
    if (this.dialect === 'bash' && commands.length > 0)
      this.variables.setList('PIPESTATUS', this.pipeStatus.map(String))
    if (not) this.status = this.status === 0 ? 1 : 0
    else if (this.status !== 0) await this.#failed()
    if (timed) this.#time(this.host.elapsed() - began)
  }

  #time(ms: number): void {
    const shown = (value: number): string => `${Math.floor(value / 60_000)}m${((value % 60_000) / 1000).toFixed(3)}s`
    this.err(`\nreal\t${shown(Math.max(1, ms))}\nuser\t${shown(Math.min(ms, 1))}\nsys\t${shown(0)}\n`)
  }

  /** Something failed: a trap may want to know, and the shell may end. */
  async #failed(): Promise<void> {
    if (this.tested > 0) return
    const { status } = this
    const action = this.traps.get('ERR')
    if (
      action !== undefined &&
      action !== '' &&
      !this.trapping &&
      (this.calls.length === 0 || this.option('errtrace'))
    ) {
      await this.trap(action)
      this.status = status
    }
    if (this.option('errexit')) throw new Exit(status)
  }

  async trap(action: string): Promise<void> {
    this.trapping = true
    const { line } = this
    try {
      await this.text(action, line, true)
    } finally {
      this.trapping = false
      this.line = line
    }
  }

  /** A signal reaches the shell. */
  async signal(name: string, number: number): Promise<void> {
    const action = this.traps.get(name)
    if (action === '') return
    if (action !== undefined && name !== 'KILL' && name !== 'STOP') {
      const { status } = this
      await this.trap(action)
      this.status = status
      return
    }
    if (['CHLD', 'CONT', 'URG', 'WINCH'].includes(name)) return
    if (this.from === 'terminal' && ['TERM', 'QUIT', 'TSTP', 'TTIN', 'TTOU', 'INT', 'ALRM'].includes(name)) return
    throw new Exit(128 + number)
  }

  async #pipe(commands: readonly Command[], both: readonly boolean[]): Promise<void> {
    const codes: number[] = []
    let input = this.descriptors.get(0)
    for (const [i, command] of commands.entries()) {
      const last = i === commands.length - 1
      const descriptors = new Map(this.descriptors)
      if (input !== undefined) descriptors.set(0, input)
      const capture = last ? undefined : new Capture(maxPipe, false, linesWanted(commands[i + 1]))
      if (capture !== undefined) {
        descriptors.set(1, { sink: capture })
        if (both[i] === true) descriptors.set(2, { sink: capture })
      }
      const inner = this.within(descriptors)
      inner.tested = this.tested
      const code = await inner.commandStatus(command)
      codes.push(code)
      if (capture !== undefined) input = { source: new Source(capture.text) }
    }
    this.pipeStatus = codes
    const failed = codes.findLast((code) => code !== 0)
    this.status = this.option('pipefail') ? (failed ?? 0) : (codes.at(-1) ?? 0)
  }

  /** A command of a pipe: it ends nothing but itself. What a compound one traps of its end is not run, as in bash. */
  async commandStatus(command: Command): Promise<number> {
    try {
      await this.command(command)
    } catch (error) {
      this.status = this.#ended(error)
    }
    return command.t === 'simple' || this.dialect !== 'bash' ? this.atExit(this.status) : this.status
  }

  // ——— Commands ———

  async command(command: Command): Promise<void> {
    const waiting = this.host.pause()
    if (waiting !== undefined) await waiting
    this.line = command.line
    try {
      if (command.t === 'simple') return await simple(this, command)
      if (command.redirects.length === 0) return await compound(this, command)
      await this.redirected(command.redirects, () => compound(this, command))
    } catch (error) {
      await this.#wrong(error)
    }
  }

  /** What goes wrong within a command, in the words of the shell. */
  async #wrong(error: unknown): Promise<void> {
    if (error instanceof Unexpandable) {
      this.fault(error.message)
      if (this.dialect !== 'bash') throw new Exit(2)
      if (error.fatal && this.from !== 'terminal')
        throw new Exit(this.from === 'command' && this.subshell === 0 ? 127 : 1)
      throw new Discard(1)
    }
    if (error instanceof ArithmeticError) {
      this.fault(error.message)
      if (this.dialect !== 'bash') throw new Exit(this.dialect === 'ash' ? 2 : 2)
      throw new Discard(1)
    }
    if (error instanceof Readonly_) {
      this.fault(this.dialect === 'bash' ? error.message : `${error.variable}: is read only`)
      if (this.dialect !== 'bash') throw new Exit(2)
      throw new Discard(1)
    }
    if (error instanceof NoMemory) {
      this.err(`${this.where()}${error.message}\n`)
      throw new Exit(2)
    }
    if (error instanceof RangeError && /subscript/.test(error.message)) {
      this.fault(error.message)
      this.status = 1
      return
    }
    throw error
  }

  // ——— Simple commands ———

  /** Tells what it does (set -x). */
  trace(line: string): void {
    const mark = this.variables.get('PS4') ?? '+ '
    this.err(`${(mark[0] ?? '').repeat(this.subshell + 1)}${mark.slice(1)}${line}\n`)
  }

  /** Does what an assignment says. */
  async assign({ name, index, append, value, array }: Assign): Promise<void> {
    if (array !== undefined) return assignList(this, name, array, append)
    const text = await expandText(this, value, true)
    if (index !== undefined) this.variables.setElement(name, await elementIndex(this, name, index), text, append)
    else this.variables.set(name, text, append)
    if (this.option('allexport')) this.variables.mark(name, 'x')
  }

  /** Lists that declare is to make. */
  readonly arrays = new Map<string, Assign>()

  /** Runs a command by its name: a function, one of the shell's own, a program. */
  async run(
    name: string,
    args: readonly string[],
    aside: readonly (readonly [string, string])[] = [],
    { functions = true, path, zero = name }: { functions?: boolean; path?: string; zero?: string | undefined } = {},
  ): Promise<void> {
    const own = functions ? this.functions.get(name) : undefined
    const builtin = own === undefined ? this.builtin(name) : undefined
    if (own === undefined && builtin === undefined) {
      const back = aside.length > 0 ? this.variables.aside(aside) : undefined
      try {
        await this.#program(name, args, path, zero)
      } finally {
        back?.()
      }
      return
    }
    const keeps = special.has(name) && this.dialect !== 'bash'
    const back = aside.length > 0 ? this.variables.aside(aside) : undefined
    try {
      if (own !== undefined) await this.call(name, own, args)
      else if (builtin !== undefined) this.status = await builtin(this, args, name)
    } catch (error) {
      if (!(error instanceof Broken)) throw error
      if (this.depth > 1 || this.subshell > 0) throw error
      this.status = 141
    } finally {
      if (!keeps) back?.()
    }
  }

  /** The commands that it has itself. */
  get builtins(): ReadonlyMap<string, Builtin> {
    return builtinsOf(this.dialect)
  }

  builtin(name: string): Builtin | undefined {
    return this.disabled.has(name) ? undefined : this.builtins.get(name)
  }

  async call(name: string, { body }: Function_, args: readonly string[]): Promise<void> {
    if (this.calls.length >= maxCalls) {
      // The stack of a real one ends, too.
      if (this.dialect === 'dash') throw new Exit(139)
      this.err('Segmentation fault\n')
      throw new Exit(139)
    }
    const { positional, line } = this
    this.positional = args
    this.variables.enter()
    this.calls.push({ name, line, file: this.file })
    const { loops } = this
    this.loops = 0
    try {
      await this.command(body)
    } catch (error) {
      if (!(error instanceof Return)) throw error
      this.status = error.status
    } finally {
      this.calls.pop()
      this.loops = loops
      this.variables.leave()
      this.positional = positional
    }
    const action = this.traps.get('RETURN')
    if (action !== undefined && this.option('functrace')) await this.trap(action)
  }

  /** exec: what is redirected stays so; a program takes the place of the shell. */
  async replace(
    args: readonly string[],
    redirects: readonly Redirect[] = [],
    aside: readonly (readonly [string, string])[] = [],
  ): Promise<void> {
    const words = [...args]
    let zero: string | undefined
    while (words[0]?.startsWith('-') === true) {
      const option = words.shift()
      if (option === '-a') zero = words.shift()
      else if (option === '--') break
    }
    const opened = await openAll(this, this.#opened, redirects)
    if (opened === undefined) {
      this.status = 1
      if (this.from !== 'terminal') throw new Exit(this.dialect === 'bash' ? 1 : 2)
      return
    }
    const before = this.descriptors
    this.descriptors = opened
    const [name, ...rest] = words
    if (name === undefined) {
      this.flush()
      this.status = 0
      return
    }
    const target = found(this, name)
    if (target === undefined) {
      this.descriptors = before
      this.fault(
        this.dialect === 'bash'
          ? `${name.includes('/') ? `${name}: No such file or directory` : `exec: ${name}: not found`}`
          : `exec: ${name}: not found`,
      )
      this.status = 127
      if (this.from === 'terminal') return
      throw new Exit(127)
    }
    await this.run(name, rest, aside, { functions: false, path: target, zero })
    throw new Exit(this.status)
  }

  /** Runs a program, or tells that there is none. */
  async #program(name: string, args: readonly string[], path: string | undefined, zero: string): Promise<void> {
    this.flush()
    const what = executable(this, name, path)
    if ('lost' in what) {
      this.err(what.lost)
      this.status = what.code
      return
    }
    await this.execute(what, args, zero)
  }

  async execute(what: Executable, args: readonly string[], zero: string): Promise<void> {
    if ('script' in what) {
      if (what.shell !== undefined) {
        const inner = this.child({
          dialect: what.shell,
          zero: what.path,
          from: 'file',
          positional: args,
          cwd: this.cwd,
        })
        this.status = await inner.whole(what.script)
        return
      }
      return this.execute(what.by, [...what.with, what.path, ...args], what.by.name)
    }
    const { host } = this
    const stdin = this.descriptors.get(0)?.source ?? new Source('')
    const sink: Sink | undefined = this.descriptors.get(1)?.sink
    const context: ProgramContext = {
      shell: this,
      env: this.variables.exported(),
      stdin,
      terminal: sink?.terminal === true,
      zero,
    }
    const { out, err, code } = await host.program(what.name, args, context)
    this.status = code
    if (err !== '') this.err(err)
    try {
      if (out !== '') this.out(out)
    } catch (error) {
      if (!(error instanceof Broken)) throw error
      this.status = 141
      if (this.subshell > 0) throw error
    }
  }

  /** A shell that was started as a program. */
  child(start: Start, stdin?: Source): Interpreter {
    const descriptors = new Map(this.descriptors)
    if (stdin !== undefined) descriptors.set(0, { source: stdin })
    return new Interpreter(this.host, start, descriptors, this)
  }

  /**
   * Runs a line in a shell of its own, for a program that wants something run.
   * @returns what it printed and how it ended
   */
  async aside(line: string, stdin?: string): Promise<Outcome> {
    const [out, err] = [new Capture(maxPipe), new Capture(maxPipe)]
    const inner = this.within(
      new Map<number, Descriptor>([
        [0, stdin === undefined ? (this.descriptors.get(0) ?? {}) : { source: new Source(stdin) }],
        [1, { sink: out }],
        [2, { sink: err }],
      ]),
    )
    inner.variables.mark('PATH', 'x')
    let code: number
    try {
      code = await inner.text(line, this.line, true)
    } catch (error) {
      code = this.#ended(error)
    }
    return { out: out.text, err: err.text, code }
  }

  /**
   * Runs a program for one that runs programs, as execvp does: functions and what the shell has itself are none.
   * @param env what it is given in the place of the environment
   * @returns what it printed and how it ended; `lost`: why it cannot be run
   */
  async spawn(
    args: readonly string[],
    { stdin, env }: { readonly stdin?: string; readonly env?: ReadonlyMap<string, string> } = {},
  ): Promise<Outcome & { readonly lost?: string }> {
    const [out, err] = [new Capture(maxPipe), new Capture(maxPipe)]
    const inner = this.within(
      new Map<number, Descriptor>([
        [0, stdin === undefined ? (this.descriptors.get(0) ?? {}) : { source: new Source(stdin) }],
        [1, { sink: out }],
        [2, { sink: err }],
      ]),
    )
    if (env !== undefined) {
      for (const name of inner.variables.exported().keys()) inner.variables.mark(name, '', 'x')
      for (const [name, value] of env) {
        if (!/^[A-Za-z_]\w*$/.test(name)) continue
        inner.variables.set(name, value)
        inner.variables.mark(name, 'x')
      }
    }
    const [name = '', ...rest] = args
    this.flush()
    const what = executable(inner, name)
    if ('lost' in what) return { out: '', err: '', code: what.code, lost: what.why }
    try {
      await inner.execute(what, rest, name)
    } catch (error) {
      inner.status = inner.#ended(error)
    }
    return { out: out.text, err: err.text, code: inner.status }
  }

  // ——— Redirections ———

  /** Lets what was written come into its files. */
  flush(): void {
    for (const file of this.#opened.files) {
      try {
        file.flush()
      } catch (error) {
        const { words } = error as { words?: string }
        if (words === undefined) throw error
        this.err(`${this.where()}write error: ${words}\n`)
      }
    }
  }

  /** Does something with other files open. @returns what it gives; undefined where one could not be opened */
  async redirected<T>(redirects: readonly Redirect[], work: () => Promise<T>, fatal = false): Promise<T | undefined> {
    const before = this.descriptors
    const opened = await openAll(this, this.#opened, redirects)
    if (opened === undefined) {
      this.status = this.dialect === 'bash' ? 1 : 2
      if (this.dialect === 'ash') this.status = 1
      if (fatal) throw new Exit(2)
      await Promise.resolve()
      return undefined
    }
    this.descriptors = opened
    try {
      return await work()
    } finally {
      this.flush()
      this.descriptors = before
    }
  }
}

/** How many lines the next of a pipe wants: whoever prints more is ended. */
function linesWanted(next: Command | undefined): number | undefined {
  if (next?.t !== 'simple' || next.words[0]?.raw !== 'head') return undefined
  const args = next.words.slice(1).map(({ raw }) => raw)
  if (args.some((arg) => !/^(?:-n?\d+|-n|\d+)$/.test(arg))) return undefined
  const given = args.join(' ')
  const match = /^(?:-n ?(\d+)|-(\d+))?$/.exec(given)
  return match === null ? undefined : Number(match[1] ?? match[2] ?? 10)
}
