// A thread that runs attackers' shell lines. It holds no state that matters: what a line needs comes with it, what it
// changed goes back, so that this thread may be ended at any time.
import { setImmediate as breathe } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { parse, serialize } from 'just-bash'
import { factsOf, loadFacts, loadSayings, sayingsOf } from '../personas/facts.ts'
import type { Machine, User } from '../personas/machine.ts'
import type { Effect, Io } from './commands/command.ts'
import { ownPid } from './commands/processes.ts'
import { makeEngine, plain } from './engine.ts'
import { DecoyFs } from './fs.ts'
import { buildImage } from './image.ts'
import { resolvePath, type FsNode, type Overlay } from './node.ts'

/** What lives from one line of a shell to the next. */
export interface ShellState {
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  /** Functions and aliases, as text. */
  readonly prelude: string
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
  readonly user: User
  readonly source: string
  readonly since: number
  /** Whether output and errors go to one terminal. */
  readonly merged: boolean
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
  readonly state: ShellState
  readonly changes: readonly (readonly [string, FsNode | null])[]
  readonly effects: readonly Effect[]
}

export type ToWorker =
  | ({ readonly type: 'run' } & Job)
  | { readonly type: 'abort'; readonly job: number }
  | { readonly type: 'told'; readonly job: number; readonly ask: number; readonly said: string }
export type FromWorker =
  | Done
  | {
      readonly type: 'asking'
      readonly job: number
      readonly ask: number
      readonly question: { readonly program: string; readonly args: readonly string[]; readonly cwd: string }
    }
  | { readonly type: 'waiting'; readonly job: number; readonly waiting: boolean }

const machine = workerData as Machine
await Promise.all([loadFacts(machine.system), loadSayings(machine.system)])
const image = buildImage(machine)
const says = sayingsOf(machine.system)
// What the engine says of itself (scripts/mend-engine.mjs has it look here).
Object.assign(globalThis, {
  [Symbol.for('skep.shell')]: {
    help: says.help,
    version: /version (\S+)/.exec(says.help)?.[1],
    homes: Object.fromEntries([
      ...factsOf(machine.system).release.users.map((line) => [line.split(':')[0] ?? '', line.split(':')[5] ?? '/']),
      ...machine.users.map(({ name, home }) => [name, home]),
    ]),
  },
})
const worlds = new Map<string, { version: number; overlay: Overlay }>()
const running = new Map<number, AbortController>()
/** Questions that are open, by job and number. */
const questions = new Map<string, (said: string) => void>()
const maxOutput = 256 * 1024

/** Gives other sessions of this thread their turn after 10 ms of work. */
// Taken before the engine forbids the clock to whatever runs within it.
const clock = performance.now.bind(performance)
let sliceStart = clock()
const pause = (): Promise<void> | undefined => {
  if (clock() - sliceStart < 10) return undefined
  return breathe().then(() => {
    sliceStart = clock()
  })
}

/** Words of the engine that no shell says. */
const betrays =
  /increase executionLimits|too many commands executed|maximum (?:recursion|loop|source)|not available in browser|sandboxed environment|Parse error at|just-bash|limit exceeded|security violation|defenseInDepth/i

/** The engine's errors of syntax in the words of bash. */
const reword = (text: string): string =>
  text
    .replace(/syntax error: Parse error at \d+:\d+: Expected \w+, got EOF/g, 'syntax error: unexpected end of file')
    .replace(/syntax error: Parse error at \d+:\d+: /g, '')

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

  const background = { depth: 0 }
  const traps: { exit?: string } = {}
  /** Who runs what runs now. */
  let who = job.user
  /** Until when what runs may sleep, the innermost last. */
  const ends: { at: number; ended: boolean }[] = []
  const sleep = async (asked: number): Promise<void> => {
    if (abort.signal.aborted || background.depth > 0) return
    let ms = asked
    for (const end of ends) {
      const left = end.at - Date.now()
      if (left >= ms) continue
      end.ended = true
      ms = Math.max(0, left)
    }
    parentPort?.postMessage({ type: 'waiting', job: job.job, waiting: true } satisfies FromWorker)
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, Math.min(ms, 3_600_000))
      abort.signal.addEventListener('abort', () => {
        clearTimeout(timer)
        resolve()
      })
    })
    parentPort?.postMessage({ type: 'waiting', job: job.job, waiting: false } satisfies FromWorker)
  }

  let asks = 0
  /** Asks the helper; meanwhile the line does not work. A line may ask a few times. */
  const askHelper = async (program: string, args: readonly string[], at: string): Promise<string> => {
    const ask = asks++
    if (abort.signal.aborted || ask >= 4) return ''
    const tell = (message: FromWorker): void => parentPort?.postMessage(message)
    tell({ type: 'waiting', job: job.job, waiting: true })
    const said = await new Promise<string>((resolve) => {
      const key = `${job.job} ${ask}`
      const done = (text: string): void => {
        questions.delete(key)
        resolve(text)
      }
      questions.set(key, done)
      abort.signal.addEventListener('abort', () => done(''))
      tell({ type: 'asking', job: job.job, ask, question: { program, args: args.slice(0, 20), cwd: at } })
    })
    tell({ type: 'waiting', job: job.job, waiting: false })
    return said
  }

  const bash = makeEngine(
    {
      fs,
      cwd: job.state.cwd,
      env: { ...job.state.env, HOSTNAME: machine.hostname, OLDPWD: job.state.env['OLDPWD'] ?? '' },
      executionLimitProfile: 'hardened',
      sleep,
      processInfo: {
        pid: ownPid(job.since) + 6,
        ppid: ownPid(job.since),
        uid: job.user.uid,
        gid: job.user.gid,
      },
    },
    { says, shell: machine.shell, versions: machine.versions, terminal: job.merged, ...(job.helped && { askHelper }) },
    async (command, args, context) => {
      const io: Io = {
        machine,
        fs,
        cwd: context.cwd,
        env: context.env,
        exported: context.exportedEnv ?? {},
        user: who,
        source: job.source,
        since: job.since,
        stdin: String(context.stdin ?? ''),
        tty: job.merged,
        traps,
        effects,
        given: new Map(job.given),
        descriptor: async (path) => Buffer.from(await context.fs.readFile(path), 'latin1'),
        sleep,
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
        exec: async (line, stdin) => {
          const inner = await context.exec?.(line, {
            cwd: context.cwd,
            signal: abort.signal,
            ...(stdin !== undefined && { stdin, stdinKind: 'bytes' as const }),
          })
          return { out: inner?.stdout ?? '', err: inner?.stderr ?? '', code: inner?.exitCode ?? 127 }
        },
      }
      await pause()
      return command(args, io)
    },
    background,
  )
  let [out, err, code] = ['', '', 0]
  let { cwd, prelude } = job.state
  let env = job.state.env
  try {
    const script = `${prelude}${job.line.replaceAll('\0', '')}`
    const result = await bash.exec(script, {
      rawScript: true,
      signal: abort.signal,
      stdin: job.stdin,
      stdinKind: 'bytes',
    })
    out = plain(result.stdout)
    err = plain(result.stderr)
    code = result.exitCode
    env = result.env
    if (traps.exit !== undefined && !job.merged) {
      const last = await bash.exec(traps.exit, { rawScript: true, signal: abort.signal, env: result.env })
      out += plain(last.stdout)
      err += plain(last.stderr)
    }
    cwd = resolvePath('/', result.env['PWD'] ?? cwd)
    prelude = remember(prelude, job.line)
  } catch (error) {
    // The engine's own limits end here too; a shell would have been killed.
    code = 137
    if (!abort.signal.aborted && !betrays.test(String(error))) err = 'Killed\n'
  } finally {
    running.delete(job.job)
  }
  const unfinished = code === 2 && /got EOF|unexpected EOF/.test(out + err)
  const clean = (raw: string) => {
    const text = reword(raw)
    return (
      betrays.test(text)
        ? text
            .split('\n')
            .filter((line) => line !== '' && !betrays.test(line))
            .map((line) => `${line}\n`)
            .join('')
        : text
    ).slice(0, maxOutput)
  }
  const changes = [...fs.changed].map((path) => [path, overlay.get(path) ?? null] as const)
  worlds.set(job.world, { version: job.version + (changes.length > 0 ? 1 : 0), overlay })
  if (worlds.size > 200) worlds.delete(worlds.keys().next().value ?? '')
  return {
    type: 'done',
    job: job.job,
    out: clean(out),
    err: clean(err),
    code,
    unfinished,
    state: { cwd, env, prelude },
    changes,
    effects,
  }
}

/** Keeps the functions and aliases that a line defines: the engine forgets them with each line. */
function remember(prelude: string, line: string): string {
  if (!/\(\)|\bfunction\b|\balias\b/.test(line) || prelude.length > 32_768) return prelude
  try {
    const script = parse(line)
    const kept = script.statements.filter((statement) => {
      const command = statement.pipelines[0]?.commands[0]
      return command?.type === 'FunctionDef'
    })
    const aliases = [...line.matchAll(/(?:^|[;&|]\s*)(alias\s+[\w.-]+=(?:'[^']*'|"[^"]*"|[^\s;&|]+))/g)].map(
      ([, alias]) => alias ?? '',
    )
    if (kept.length === 0 && aliases.length === 0) return prelude
    const functions = kept.length === 0 ? '' : serialize({ ...script, statements: kept })
    return `${prelude}${aliases.length > 0 ? `shopt -s expand_aliases\n${aliases.join('\n')}\n` : ''}${functions}\n`
  } catch {
    return prelude
  }
}

parentPort?.on('message', (message: ToWorker) => {
  if (message.type === 'told') {
    questions.get(`${message.job} ${message.ask}`)?.(message.said)
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
