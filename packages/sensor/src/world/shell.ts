import type { Machine } from '../personas/machine.ts'
import { createHash } from 'node:crypto'
import type { User } from '../personas/machine.ts'
import type { Session } from '../runtime/service.ts'
import { extractUrls } from '../evidence/extract.ts'
import { keepInput, keepWritten } from '../evidence/written.ts'
import { commands, quick } from './commands/index.ts'
import type { Io } from './commands/command.ts'
import { freshState, type RunRequest, type RunResult } from './pool.ts'
import { rest } from '../runtime/rest.ts'
import { dueOf, jobsIn } from './cron.ts'
import type { ShellState } from './worker.ts'

/** What a line printed and how it ended. */
export interface LineResult {
  readonly out: Buffer
  readonly err: Buffer
  readonly code: number
  readonly unfinished: boolean
  /** Whether the shell has come to its end. */
  readonly exited: boolean
  /** How much of it was told as it was printed. */
  readonly printed: { readonly out: number; readonly err: number }
  /** What is to become of lines that were stopped. */
  readonly resumed: NonNullable<RunResult['resumed']>
}

/** How a line is run. */
export interface RunOptions {
  /** Output and errors in one stream, and errors worded as an interactive shell does. */
  readonly terminal: boolean
  readonly stdin?: Buffer
  /** Waits for what comes on the standard input, when something reads it. */
  readonly input?: () => Promise<Buffer>
  /** What has come on it though nothing read it. */
  readonly arrived?: () => Buffer
  readonly signal?: AbortSignal
  /** The event that had it run. */
  readonly parent?: string
  /** URLs that were recorded with that. */
  readonly told?: readonly string[]
  /** Of lines that come one after the other: which it is, and which shell within the first one reads it. */
  readonly reading?: { readonly line: number; readonly within?: 'sh' | 'bash' | undefined }
  /** Columns and rows of the terminal. */
  readonly size?: RunRequest['size']
  /** The lines before it, for a line that asks for them. */
  readonly history?: RunRequest['history']
  /** Told of what it prints before it has ended. */
  readonly printed?: (out: Buffer, err: Buffer) => void
  /** Whether the shell has gone on without it (^Z). */
  readonly left?: () => boolean
  /** Lines that were stopped and went on in the background, which have ended since. */
  readonly over?: RunRequest['over']
}

/**
 * A shell of one attacker on the persona's machine, and the evidence of all that is done in it. The lines run in the
 * pool's threads; those that only ask for facts are answered here.
 */
export class Shell {
  readonly session: Session
  #user: User
  readonly since = Date.now()
  #state: ShellState
  readonly #outer: { readonly user: User; readonly state: ShellState }[] = []
  readonly #seen = new Set<string>()

  constructor(session: Session, name: string) {
    this.session = session
    const { users } = session.persona.machine
    this.#user = users.find((user) => user.name === name) ?? {
      name,
      uid: 1000,
      gid: 1000,
      gecos: '',
      home: '/',
      shell: '/bin/bash',
    }
    this.#state = freshState(this.#user.home, this.#user.name, this.#user.shell)
  }

  /** Who it runs as. */
  get user(): User {
    return this.#user
  }

  /** Goes on as somebody else, as su does. @param login whether in a new environment */
  enter(user: User, login: boolean): void {
    this.#outer.push({ user: this.#user, state: this.#state })
    const fresh = freshState(user.home, user.name, user.shell)
    const { env } = this.#state
    this.#state = login
      ? { ...fresh, env: { ...fresh.env, TERM: env['TERM'] ?? 'dumb' } }
      : { ...fresh, cwd: this.#state.cwd, env: { ...env, ...fresh.env, PWD: this.#state.cwd } }
    this.#user = user
  }

  /** Goes back to who it was before. */
  leave(): void {
    const outer = this.#outer.pop()
    if (outer === undefined) return
    this.#user = outer.user
    this.#state = outer.state
  }

  /** What kind of shell it is. */
  get kind(): Machine['shell'] {
    return this.session.persona.machine.shell
  }

  get cwd(): string {
    return this.#state.cwd
  }

  /** A variable of its environment, '' where there is none. */
  env(name: string): string {
    return this.#state.env[name] ?? ''
  }

  /** Sets a variable of the environment, as SSH clients and telnet options may. */
  setEnv(name: string, value: string): void {
    if (Object.keys(this.#state.env).length < 64)
      this.#state = { ...this.#state, env: { ...this.#state.env, [name]: value } }
  }

  /** The prompt as Debian's and Ubuntu's .bashrc make it: in colours and with a title where the terminal has them. */
  get prompt(): string {
    const { home, name, uid } = this.user
    const { hostname, os, shell } = this.session.persona.machine
    const at =
      this.#state.cwd === home
        ? '~'
        : this.#state.cwd.startsWith(`${home}/`)
          ? `~${this.#state.cwd.slice(home.length)}`
          : this.#state.cwd
    const end = uid === 0 ? '#' : '$'
    if (shell === 'ash') return os.id === 'openwrt' ? `${name}@${hostname}:${at}${end} ` : `${at} ${end} `
    const terminal = this.#state.env['TERM'] ?? ''
    if (os.id === 'centos') {
      // \W: the last part of where it is.
      const last = at === '~' || this.#state.cwd === '/' ? at : (at.split('/').at(-1) ?? '')
      const set = /^(?:xterm|vte|screen)/.test(terminal) ? `\u001b]0;${name}@${hostname}:${at}\u0007` : ''
      return `${set}[${name}@${hostname} ${last}]${end} `
    }
    // Debian's root has the plain one of /etc/bash.bashrc.
    const fancy = uid !== 0 || os.id === 'ubuntu'
    const title = fancy && /^(?:xterm|rxvt)/.test(terminal) ? `\u001b]0;${name}@${hostname}: ${at}\u0007` : ''
    return fancy && /^xterm-color$|-256color$/.test(terminal)
      ? `${title}\u001b[01;32m${name}@${hostname}\u001b[00m:\u001b[01;34m${at}\u001b[00m${end} `
      : `${title}${name}@${hostname}:${at}${end} `
  }

  /**
   * Runs a line and records it with all that follows from it.
   * @param line the line as it came
   */
  async run(line: Buffer, options: RunOptions): Promise<LineResult> {
    const started = performance.now()
    const { cwd } = this.#state
    const told = { out: 0, err: 0 }
    const text = line.toString('utf8')
    const fast = this.#quick(text, options)
    let input: Buffer | undefined
    const result =
      fast ??
      (await this.session.world.pool.run(
        this.session.world,
        {
          state: this.#state,
          line: line.toString('latin1'),
          stdin: options.stdin?.toString('latin1') ?? '',
          user: this.user,
          source: this.session.source.ip,
          since: this.since,
          merged: options.terminal,
          reading: options.reading,
          over: options.over,
          size: options.size,
          history: options.history,
          ...(options.input !== undefined && {
            input: async () => {
              input = await options.input?.()
              return input?.toString('latin1') ?? ''
            },
          }),
        },
        options.signal === undefined ? this.session.signal : AbortSignal.any([options.signal, this.session.signal]),
        (out, err) => {
          told.out += out.length
          told.err += err.length
          options.printed?.(Buffer.from(out, 'latin1'), Buffer.from(err, 'latin1'))
        },
      ))
    if (options.left?.() !== true) this.#state = result.state
    const about = { unfinished: result.unfinished, printed: told, resumed: result.resumed ?? [] }
    // The beginning of a command is recorded with its end.
    if (result.unfinished && (options.terminal || options.reading !== undefined))
      return { out: Buffer.alloc(0), err: Buffer.alloc(0), code: 2, exited: false, ...about }
    const { out, err, code } = asked(result)
    const printed = err.length === 0 ? out : Buffer.concat([out, err])
    const id = this.session.record('command.run', {
      line: text,
      cwd,
      user: this.user.name,
      exit_code: code,
      output: printed.subarray(0, 8192).toString('utf8'),
      output_sha256: createHash('sha256').update(printed).digest('hex'),
      duration_ms: Math.round(performance.now() - started),
      ...(options.parent !== undefined && { parent: options.parent }),
    })
    if (fast === undefined) this.#evidence(text, result, id, options.told)
    // What nobody read came all the same.
    const unread = input ?? options.arrived?.()
    if (unread !== undefined) keepInput(this.session, unread, result.changes, id)
    return { out, err, code, exited: result.exited === true, ...about }
  }

  /** The line that runs was stopped (^Z): it becomes a job. @returns what the shell says */
  async stop(token: number, source: string): Promise<Buffer> {
    const { world, source: from, signal } = this.session
    const stops = { token, source }
    const result = await world.pool.run(
      world,
      {
        state: this.#state,
        line: '',
        stdin: '',
        user: this.user,
        source: from.ip,
        since: this.since,
        merged: true,
        reading: { line: 1 },
        stops,
      },
      signal,
    )
    this.#state = result.state
    return asked(result).out
  }

  /** Whether a line that was stopped waits to go on. */
  get halted(): boolean {
    return this.#state.memory?.jobs.all.some(({ stopped, killed }) => stopped === true && killed === undefined) === true
  }

  /** What a line prints, for a program that shows it again and again: it is no line of the attacker's and not recorded. */
  async peek(line: string): Promise<string> {
    const { world, source, signal } = this.session
    const { out } = await world.pool.run(
      world,
      { state: this.#state, line, stdin: '', user: this.user, source: source.ip, since: this.since, merged: false },
      signal,
    )
    return out
  }

  /** Records a line that the terminal answers itself, such as leaving or entering a shell within the shell. */
  note(line: Buffer): string {
    return this.session.record('command.run', {
      line: line.toString('utf8'),
      cwd: this.#state.cwd,
      user: this.user.name,
      exit_code: 0,
    })
  }

  /** Lines of one program that only tells facts need no shell. */
  #quick(text: string, { terminal }: { terminal: boolean }): RunResult | undefined {
    if (text.length > 200 || !/^[\w./-]+(?: [\w./-]+)*$/.test(text)) return undefined
    const [name = '', ...args] = text.split(' ')
    const bare = name.replace(/^\/(?:usr\/)?s?bin\/(?:\.\/)?/, '')
    const command = quick.has(bare) ? commands.get(bare) : undefined
    if (command === undefined || this.session.world.version > 0) return undefined
    // Of a path it has to be known where it lies.
    if (bare === 'df' && args.some((arg) => !arg.startsWith('-'))) return undefined
    const { machine } = this.session.persona
    const io = {
      machine,
      cwd: this.#state.cwd,
      env: new Map(),
      exported: {},
      user: this.user,
      source: this.session.source.ip,
      since: this.since,
      stdin: '',
      tty: terminal,
      effects: [],
      given: new Map(),
    } as unknown as Io
    const result = command(args, io)
    if (result instanceof Promise) return undefined
    const latin = (part = '') => Buffer.from(part).toString('latin1')
    const { out, err, code = 0 } = result
    const merged = terminal ? latin(out) + latin(err) : latin(out)
    return {
      out: merged,
      err: terminal ? '' : latin(err),
      code,
      unfinished: false,
      state: this.#state,
      changes: [],
      effects: [],
    }
  }

  /** Cron looks at its tables each minute: what was written runs then, if the attacker is still here. */
  async #minute(jobs: readonly string[], parent: string): Promise<void> {
    await rest(60_000 - (Date.now() % 60_000) + 300, this.session.signal)
    await runJobs(this.session, jobs, parent)
  }

  #evidence(text: string, { changes, effects }: RunResult, parent: string, told: readonly string[] = []): void {
    const { record, world } = this.session
    const urls = new Set(told)
    for (const found of extractUrls(text)) {
      if (urls.has(found.url)) continue
      urls.add(found.url)
      record('payload.seen', { ...found, parent })
    }
    for (const effect of effects) {
      if (effect.type === 'fetch') {
        world.want(effect.url)
        if (urls.has(effect.url)) continue
        urls.add(effect.url)
        record('payload.seen', { url: effect.url, decoded: 'run', tool: effect.tool, parent })
      } else if (effect.type === 'password') {
        world.changePassword(effect.user, effect.secret)
        record('credential.changed', { user: effect.user, secret: effect.secret, parent })
      } else record('persistence.added', { method: effect.method, path: effect.path, content: effect.content, parent })
    }
    for (const [path, node] of changes) {
      if (node === null) continue
      keepWritten(this.session, path, node, parent, this.#seen)
      if (node.type !== 'file' || node.data === undefined) continue
      const jobs = dueOf(this.session, path, node.data)
      if (jobs.length > 0) void this.#minute(jobs, parent).catch(this.session.fault)
    }
  }
}

/** Runs jobs as root; what they print goes nowhere, as cron's mail does. */
async function runJobs(session: Session, jobs: readonly string[], parent: string): Promise<void> {
  for (const job of jobs) {
    if (session.signal.aborted) return
    await new Shell(session, 'root').run(Buffer.from(job), { terminal: false, parent })
  }
}

/**
 * Runs what an attacker has left for cron to run, once and as root: the next minute comes at once.
 * @param parent the event that left it
 */
export const runCron = (session: Session, path: string, table: string, parent: string): Promise<void> =>
  runJobs(session, jobsIn(path, table), parent)

/** What a line printed and how it ended, in bytes. */
export const asked = ({
  out,
  err,
  code,
}: Pick<RunResult, 'out' | 'err' | 'code'>): { out: Buffer; err: Buffer; code: number } => ({
  out: Buffer.from(out, 'latin1'),
  err: Buffer.from(err, 'latin1'),
  code,
})
