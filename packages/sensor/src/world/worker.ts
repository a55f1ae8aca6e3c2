// A thread that runs attackers' shell lines. It holds no state that matters: what a line needs comes with it, what it
// changed goes back, so that this thread may be ended at any time.
import { setImmediate as breathe } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { factsOf, loadFacts, loadSayings, sayingsOf } from '../personas/facts.ts'
import type { Machine, User } from '../personas/machine.ts'
import type { Effect, Io } from './commands/command.ts'
import { ownPid, processesOf } from './commands/processes.ts'
import { DecoyFs } from './fs.ts'
import { buildImage } from './image.ts'
import type { FsNode, Overlay } from './node.ts'
import { Programs } from './programs.ts'
import { dialectOf } from './sh/programs.ts'
import { Interpreter, type Host, type Outcome, type ProgramContext } from './sh/interpreter.ts'
import { recall, remember, type Memory } from './sh/memory.ts'
import { Exit } from './sh/flow.ts'
import { Parser } from './sh/parser.ts'
import { Unreadable } from './sh/reading/text.ts'
import { Broken, Capture, Source } from './sh/streams.ts'

/** What lives from one line of a shell to the next. */
export interface ShellState {
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  /** What is more than the environment: other variables, functions, aliases, settings, jobs. */
  readonly memory?: Memory | undefined
}

export interface Job {
  readonly job: number
  readonly world: string
  readonly version: number
  /** The world's changes; absent when this thread has this version already. */
  readonly overlay?: readonly (readonly [string, FsNode | null])[]
  readonly state: ShellState
  /** The line, one character a byte. */
  readonly line: string
  readonly stdin: string
  /** Whether more comes on the standard input, to be waited for. */
  readonly listens?: boolean
  readonly user: User
  readonly source: string
  readonly since: number
  /** Whether output and errors go to one terminal. */
  readonly merged: boolean
  /** Columns and rows of the terminal. */
  readonly size?: { readonly width: number; readonly height: number } | undefined
  /** The lines that were read before it, where it asks for them. */
  readonly history?: readonly string[] | undefined
  /** Of a shell that reads line by line: which line it is, and the shell within the first one that reads it. */
  readonly reading?: { readonly line: number; readonly within?: 'sh' | 'bash' | undefined } | undefined
  /** A line that was stopped at the terminal, and those in the background that have ended since. */
  readonly stops?: { readonly token: number; readonly source: string } | undefined
  readonly over?: readonly { readonly token: number; readonly code: number }[] | undefined
  /** Whether there is a helper to ask. */
  readonly helped: boolean
  /** What a fetcher brought of what the line may want, by URL. */
  readonly given: readonly (readonly [string, { readonly bytes: Uint8Array; readonly address: string }])[]
}

export interface Done {
  readonly type: 'done'
  readonly job: number
  /** Output and errors, one character a byte. */
  readonly out: string
  readonly err: string
  readonly code: number
  /** Whether the line is only the beginning of a command: a loop without its end, an open quote. */
  readonly unfinished: boolean
  /** Whether the shell has come to its end: nothing is read any more. */
  readonly exited?: boolean
  readonly state: ShellState
  readonly changes: Changes
  readonly effects: readonly Effect[]
  /** What is to become of stopped lines: fg, bg and kill were asked for. */
  readonly resumed?: readonly Resumed[]
}
export type Changes = readonly (readonly [string, FsNode | null])[]
export interface Resumed {
  readonly token: number
  readonly how: 'fg' | 'bg' | 'kill'
}

export type ToWorker =
  | ({ readonly type: 'run' } & Job)
  | { readonly type: 'abort'; readonly job: number }
  /** It may go on after it has slept. What others have changed meanwhile comes along. */
  | { readonly type: 'go'; readonly job: number; readonly overlay?: Job['overlay'] }
  | { readonly type: 'told'; readonly job: number; readonly ask: number; readonly said: string }
  /** All that came on its standard input. */
  | { readonly type: 'input'; readonly job: number; readonly input: string }
export type FromWorker =
  | Done
  | {
      readonly type: 'asking'
      readonly job: number
      readonly ask: number
      readonly question: { readonly program: string; readonly args: readonly string[]; readonly cwd: string }
    }
  /** It sleeps, or waits for an answer: what it has printed and changed up to now is seen. */
  | {
      readonly type: 'sleeps'
      readonly job: number
      readonly out: string
      readonly err: string
      readonly changes: Changes
    }
  | { readonly type: 'woke'; readonly job: number }
  /** It wants what comes on its standard input; it sleeps until then. */
  | { readonly type: 'reads'; readonly job: number }

const machine = workerData as Machine
await Promise.all([loadFacts(machine.system), loadSayings(machine.system)])
const image = buildImage(machine)
const says = sayingsOf(machine.system)
const homes = new Map([
  ...factsOf(machine.system).release.users.map(
    (line) => [line.split(':')[0] ?? '', line.split(':')[5] ?? '/'] as const,
  ),
  ...machine.users.map(({ name, home }) => [name, home] as const),
])
const programs = new Programs(machine)
const worlds = new Map<string, { version: number; overlay: Overlay }>()
const running = new Map<number, AbortController>()
/** Lines that have slept and wait for their turn. */
const turns = new Map<number, (overlay: Job['overlay']) => void>()
/** Lines that wait for their standard input. */
const inputs = new Map<number, (input: string) => void>()
/** Questions that are open, by job and number. */
const questions = new Map<string, (said: string) => void>()
/** What a line may print: droppers of small devices read a whole program to see its header. */
const maxOutput = 3 * 1024 * 1024

/** Gives other sessions of this thread their turn after 10 ms of work. */
const clock = performance.now.bind(performance)
let sliceStart = clock()
const pause = (): Promise<void> | undefined => {
  if (clock() - sliceStart < 10) return undefined
  return breathe().then(() => {
    sliceStart = clock()
  })
}

async function run(job: Job): Promise<Done> {
  const known = worlds.get(job.world)
  const overlay: Overlay =
    job.overlay === undefined && known?.version === job.version ? known.overlay : new Map(job.overlay ?? [])
  const fs = new DecoyFs(image, machine, overlay, pause)
  fs.uid = job.user.uid
  fs.gid = job.user.gid
  const effects: Effect[] = []
  const abort = new AbortController()
  running.set(job.job, abort)

  /** Who runs what runs now. */
  let who = job.user
  /** Until when what runs may sleep, the innermost last. */
  const ends: { at: number; ended: boolean }[] = []
  const sleep = async (asked: number): Promise<void> => {
    if (abort.signal.aborted) return
    let ms = asked
    for (const end of ends) {
      const left = end.at - Date.now()
      if (left >= ms) continue
      end.ended = true
      ms = Math.max(0, left)
    }
    await away(
      () =>
        new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, Math.min(ms, 3_600_000))
          abort.signal.addEventListener('abort', () => {
            clearTimeout(timer)
            resolve()
          })
        }),
    )
  }
  const changesNow = (): Changes => [...fs.changed].map((path) => [path, overlay.get(path) ?? null] as const)

  /** While it waits, others have their turn, and what it has done so far is seen. */
  let slept = false
  const away = async <T>(what: () => Promise<T>): Promise<T> => {
    shell.flush()
    slept = true
    parentPort?.postMessage({
      type: 'sleeps',
      job: job.job,
      out: out.fresh(),
      err: job.merged ? '' : err.fresh(),
      changes: changesNow(),
    } satisfies FromWorker)
    fs.changed.clear()
    const result = await what()
    const others = await new Promise<Job['overlay']>((resolve) => {
      turns.set(job.job, resolve)
      parentPort?.postMessage({ type: 'woke', job: job.job } satisfies FromWorker)
    })
    turns.delete(job.job)
    if (others !== undefined) {
      overlay.clear()
      for (const [path, node] of others) overlay.set(path, node)
      fs.reread()
    }
    sliceStart = clock()
    return result
  }

  let asks = 0
  /** Asks the helper; meanwhile the line does not work. A line may ask a few times. */
  const askHelper = async (program: string, args: readonly string[], at: string): Promise<string> => {
    const ask = asks++
    if (abort.signal.aborted || ask >= 4) return ''
    return away(
      () =>
        new Promise<string>((resolve) => {
          const key = `${job.job} ${ask}`
          const done = (text: string): void => {
            questions.delete(key)
            resolve(text)
          }
          questions.set(key, done)
          abort.signal.addEventListener('abort', () => done(''))
          const question = { program, args: args.slice(0, 20), cwd: at }
          parentPort?.postMessage({ type: 'asking', job: job.job, ask, question } satisfies FromWorker)
        }),
    )
  }

  /** Waits for what comes on the standard input; nobody waits for it who does not read. */
  const input = (): Promise<string> =>
    away(
      () =>
        new Promise<string>((resolve) => {
          const done = (text: string): void => {
            inputs.delete(job.job)
            resolve(text)
          }
          inputs.set(job.job, done)
          if (abort.signal.aborted) done('')
          abort.signal.addEventListener('abort', () => done(''))
          parentPort?.postMessage({ type: 'reads', job: job.job } satisfies FromWorker)
        }),
    )
  /** A program that was starved has done nothing: it begins again when its input is there. */
  const fed = async (name: string, args: readonly string[], context: ProgramContext): Promise<Outcome> => {
    for (;;) {
      const stdin = context.stdin.view()
      const [at, count] = [stdin.position, effects.length]
      const said = await programs.run(name, args, { ...context, stdin }, around)
      // By its number, or as /dev/stdin.
      if (!stdin.starved && !context.stdin.starved) return said
      effects.length = count
      await context.stdin.fill()
      stdin.rewind(at)
    }
  }

  const began = clock()
  const resumed: Resumed[] = []
  const io = ({ shell, env, stdin }: ProgramContext): Io => {
    /** What was read is read. */
    let read: string | undefined
    return {
      machine,
      fs,
      cwd: shell.cwd,
      env,
      exported: Object.fromEntries(env),
      user: who,
      source: job.source,
      since: job.since,
      get stdin() {
        return (read ??= stdin.rest())
      },
      tty: job.merged,
      effects,
      given: new Map(job.given),
      descriptor: async (path) =>
        Buffer.from(shell.descriptorText(path) ?? Buffer.from(fs.content(path)).toString('latin1'), 'latin1'),
      sleep: (ms) => shell.sleep(ms),
      until: async (at, what) => {
        const end = { at, ended: false }
        ends.push(end)
        const result = await what()
        ends.splice(ends.indexOf(end), 1)
        return { ended: end.ended, result }
      },
      as: async (user, work) => {
        const before = who
        const become = (one: User): void => {
          who = one
          fs.uid = one.uid
          fs.gid = one.gid
        }
        become(user)
        try {
          return await work()
        } finally {
          become(before)
        }
      },
      exec: (line, given) => shell.aside(line, given),
      run: (args, given) => shell.spawn(args, given),
    }
  }
  const around = { fs, io, signal: abort.signal, ...(job.helped && { askHelper }) }
  const host: Host = {
    machine,
    fs,
    pause,
    sleep,
    aborted: () => abort.signal.aborted,
    program: fed,
    knows: (name) => programs.knows(name),
    user: () => who,
    homeOf: (name) => homes.get(name),
    alive: (pid) =>
      processesOf(io({ shell, env: new Map(), stdin: new Source(''), terminal: false, zero: '' }), 'kill').some(
        (one) => one.pid === pid,
      ),
    help: says.help,
    recorded: (line) => says.programs[line],
    history: job.history,
    resume: (one) => resumed.push(one),
    pid: ownPid(job.since) + 6,
    elapsed: () => clock() - began,
  }
  const out = new Capture(maxOutput, job.merged)
  const err = job.merged ? out : new Capture(maxOutput)
  const first = machine.shell === 'ash' ? 'ash' : 'bash'
  const inner = job.reading?.within
  const dialect = inner === undefined ? first : (dialectOf({ host }, inner) ?? first)
  const plainName = inner ?? (first === 'ash' ? 'sh' : 'bash')
  const reads = job.reading !== undefined
  const shell = new Interpreter(
    host,
    {
      dialect,
      // What a log-in shell is called begins with a dash.
      zero: (job.merged || reads) && inner === undefined ? `-${plainName}` : plainName,
      from: job.merged ? 'terminal' : reads ? 'input' : 'command',
      cwd: job.state.cwd,
    },
    new Map([
      [0, { source: new Source(job.stdin, true, job.listens === true ? input : undefined) }],
      [1, { sink: out }],
      [2, { sink: err }],
    ]),
  )
  for (const [name, value] of Object.entries(job.state.env)) {
    shell.variables.set(name, value)
    shell.variables.mark(name, 'x')
  }
  if (job.state.memory !== undefined) recall(shell, job.state.memory)
  if (job.merged && job.size !== undefined && first === 'bash') {
    // checkwinsize
    shell.variables.set('COLUMNS', String(job.size.width))
    shell.variables.set('LINES', String(job.size.height))
  }
  for (const { token, code } of job.over ?? []) shell.jobs.over(token, code)
  if (job.stops !== undefined) shell.stopped(job.stops)
  const line = job.line.replaceAll('\0', '')
  const unfinished = (job.merged || reads) && begins(line, shell)
  let [code, exited] = [2, false]
  if (!unfinished) {
    try {
      code = job.merged || reads ? await shell.text(line, job.reading?.line) : await shell.whole(line)
      if (job.merged) tellJobs(shell)
    } catch (error) {
      code = error instanceof Exit ? error.status : error instanceof Broken ? 141 : 137
      if (!(error instanceof Exit) && !(error instanceof Broken)) throw error
      // Whoever interrupts a line goes on.
      exited = reads && error instanceof Exit && !abort.signal.aborted
      if (exited) code = await shell.atExit(code)
    } finally {
      running.delete(job.job)
    }
  }
  running.delete(job.job)
  if (abort.signal.aborted && !exited) code = shell.status = 130
  // What still slept prints when the line has ended.
  if (!abort.signal.aborted)
    for (const one of [...shell.jobs.all].sort((a, b) => a.until - b.until))
      if (one.killed === undefined) printLate(shell, one)
  shell.flush()
  const changes = changesNow()
  // Of a line that has slept nobody knows which version of the world this is.
  if (!slept) worlds.set(job.world, { version: job.version + (changes.length > 0 ? 1 : 0), overlay })
  if (worlds.size > 200) worlds.delete(worlds.keys().next().value ?? '')
  const memory = remember(shell)
  return {
    type: 'done',
    job: job.job,
    out: out.text,
    err: job.merged ? '' : err.text,
    code,
    unfinished,
    exited,
    state: {
      cwd: shell.cwd,
      env: Object.fromEntries(shell.variables.exported()),
      memory: sizeOf(memory) > maxMemory ? undefined : memory,
    },
    changes,
    effects,
    resumed,
  }
}

/** Lets a job print; nobody may read any more. */
function printLate(shell: Interpreter, job: Interpreter['jobs']['all'][number]): void {
  try {
    shell.jobs.print(job)
  } catch (error) {
    if (!(error instanceof Broken)) throw error
  }
}

/** What a shell may keep from one line to the next. */
const maxMemory = 1024 * 1024
const sizeOf = ({ variables, functions }: Memory): number => {
  let size = 0
  for (const [name, { value = '', list, table }] of variables) {
    size += name.length + value.length
    for (const [, text] of [...(list ?? []), ...(table ?? [])]) size += text.length + 16
  }
  for (const [name, source] of functions) size += name.length + source.length
  return size
}

/** Whether a line is only the beginning of a command: a loop without its end, an open quote. */
function begins(line: string, shell: Interpreter): boolean {
  const parser = new Parser(line, shell.dialect, shell.aliases)
  try {
    while (parser.complete() !== undefined) if (parser.openHere.length > 0) return true
  } catch (error) {
    return error instanceof Unreadable && (error.kind === 'end' || error.kind === 'quote')
  }
  return false
}

/** Tells of jobs that have ended, as a shell does before its prompt. */
function tellJobs(shell: Interpreter): void {
  for (const job of shell.jobs.all) {
    if (shell.jobs.running(job) || shell.jobs.stopped(job)) continue
    shell.err(shell.jobs.line(job))
    shell.jobs.remove(job)
  }
}

parentPort?.on('message', (message: ToWorker) => {
  if (message.type === 'told') {
    questions.get(`${message.job} ${message.ask}`)?.(message.said)
    return
  }
  if (message.type === 'input') {
    inputs.get(message.job)?.(message.input)
    return
  }
  if (message.type === 'go') {
    turns.get(message.job)?.(message.overlay)
    return
  }
  if (message.type === 'abort') {
    running.get(message.job)?.abort()
    return
  }
  sliceStart = clock()
  void run(message).then(
    (done) => parentPort?.postMessage(done),
    (error: unknown) => {
      parentPort?.postMessage({
        type: 'done',
        job: message.job,
        out: '',
        err: '',
        code: 126,
        unfinished: false,
        state: message.state,
        changes: [],
        effects: [],
      } satisfies Done)
      throw error
    },
  )
})
