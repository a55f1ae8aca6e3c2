import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import type { Machine } from '../personas/machine.ts'
import type { Changes, Done, FromWorker, Job, ShellState, ToWorker } from './worker.ts'
import type { Helper } from './helper.ts'
import type { FsNode } from './node.ts'
import type { World } from './world.ts'

const program = import.meta.url.endsWith('.ts')
  ? fileURLToPath(new URL('../../../cli/dist/shell-worker.js', import.meta.url))
  : fileURLToPath(new URL('./shell-worker.js', import.meta.url))

/** What a line came to. */
export type RunResult = Pick<
  Done,
  'out' | 'err' | 'code' | 'unfinished' | 'exited' | 'state' | 'changes' | 'effects' | 'resumed'
>

/** What a line needs. */
export type RunRequest = Pick<
  Job,
  | 'state'
  | 'line'
  | 'stdin'
  | 'user'
  | 'source'
  | 'since'
  | 'merged'
  | 'reading'
  | 'stops'
  | 'over'
  | 'size'
  | 'history'
> & {
  /** Waits for what comes on the standard input, where it is not known from the begin. */
  readonly input?: (() => Promise<string>) | undefined
}

/** Told of what a line prints before it has ended, one character a byte. */
export type Printed = (out: string, err: string) => void

interface Task {
  readonly job: Job
  /** What came on the standard input, once somebody wanted it. */
  readonly input: () => Promise<string>
  readonly world: World
  readonly done: (result: RunResult) => void
  readonly printed: Printed
  /** Whether it has its world's turn: it has not while it sleeps. */
  holds: boolean
  /** Which version of the world it has seen last. */
  seen: number
  /** What it changed before it slept, and what had been there. */
  readonly before: Map<string, FsNode | null>
  readonly origin: Map<string, FsNode | null | undefined>
  slept: boolean
  /** How much it has said in this thread, and how much of what it says was passed on. */
  readonly said: { out: number; err: number }
  readonly given: { out: number; err: number }
  budget: number
  started: number
  timer: NodeJS.Timeout | undefined
}

/** One line of a world works at a time; the others wait in the order in which they came. */
class Turns {
  readonly #waiting = new Map<string, (() => void)[]>()

  take(world: string): Promise<void> {
    const waiting = this.#waiting.get(world)
    if (waiting === undefined) {
      this.#waiting.set(world, [])
      return Promise.resolve()
    }
    return new Promise((resolve) => waiting.push(resolve))
  }

  leave(world: string): void {
    const waiting = this.#waiting.get(world)
    const next = waiting?.shift()
    if (next === undefined) this.#waiting.delete(world)
    else next()
  }
}

class Thread {
  readonly worker: Worker
  readonly tasks = new Map<number, Task>()
  readonly versions = new Map<string, number>()
  /** Lines that are working, as against sleeping. */
  active = 0
  idleSince = Date.now()

  constructor(machine: Machine) {
    this.worker = new Worker(program, {
      workerData: machine,
      resourceLimits: { maxOldGenerationSizeMb: 192, maxYoungGenerationSizeMb: 16, stackSizeMb: 4 },
    })
    this.worker.unref()
  }
}

/** Milliseconds of work that one line may take; sleeping does not count. */
const lineBudget = 3000
/** How many lines that have slept go on within 5 ms. */
const wakesAtOnce = 10

/**
 * The threads in which attackers' lines run. One source runs one line at a time, so that it can hold up at most one
 * thread; a spare thread is kept ready while others work; a line that works for too long is ended with its thread, and
 * whoever shared the thread is run again elsewhere. No line can hold up the sensor's own thread.
 */
export class ShellPool {
  readonly #machine: Machine
  readonly #max: number
  readonly #threads: Thread[] = []
  readonly #turns = new Turns()
  readonly #waiting: Task[] = []
  readonly #fault: (error: unknown) => void
  readonly #helper: Helper | undefined
  #jobs = 0
  #stopped = false
  readonly #woken: (() => void)[] = []
  readonly #tidy: NodeJS.Timeout

  /** @param helper answers for programs that nobody here knows */
  constructor(
    machine: Machine,
    fault: (error: unknown) => void = () => {},
    { max = 6, helper }: { max?: number; helper?: Helper | undefined } = {},
  ) {
    this.#helper = helper
    this.#machine = machine
    this.#fault = fault
    this.#max = max
    this.#tidy = setInterval(() => this.#shrink(), 20_000)
    this.#tidy.unref()
  }

  get threads(): number {
    return this.#threads.length
  }

  /** Starts a thread before the first attacker needs it. */
  warm(): void {
    if (this.#threads.length === 0 && !this.#stopped) this.#spawn()
  }

  /**
   * Runs a line in a world. Never rejects: what goes wrong is what a machine under load would do.
   * @param printed told of what it prints before it sleeps; the result has all of it once more
   */
  async run(world: World, request: RunRequest, signal?: AbortSignal, printed: Printed = () => {}): Promise<RunResult> {
    const nothing: RunResult = {
      out: '',
      err: '',
      code: 130,
      unfinished: false,
      state: request.state,
      changes: [],
      effects: [],
    }
    const over = (): boolean => this.#stopped || signal?.aborted === true
    if (over()) return nothing
    await this.#turns.take(world.id)
    if (over()) {
      this.#turns.leave(world.id)
      return nothing
    }
    return new Promise((resolve) => {
      const { input, ...given } = request
      let heard: Promise<string> | undefined
      const job: Job = {
        ...given,
        ...(input !== undefined && { listens: true }),
        given: world.given.for(request.line, world.wanted),
        helped: this.#helper !== undefined,
        job: this.#jobs++,
        world: world.id,
        version: world.version,
      }
      const abort = () => this.#send(job.job, { type: 'abort', job: job.job })
      signal?.addEventListener('abort', abort, { once: true })
      const task: Task = {
        job,
        input: () => (heard ??= input?.().catch(() => '') ?? Promise.resolve('')),
        world,
        printed,
        holds: true,
        seen: world.version,
        before: new Map(),
        origin: new Map(),
        slept: false,
        said: { out: 0, err: 0 },
        given: { out: 0, err: 0 },
        done: (result) => {
          signal?.removeEventListener('abort', abort)
          change(world, result.changes)
          if (task.holds) this.#turns.leave(world.id)
          task.holds = false
          resolve({ ...result, changes: [...new Map([...task.before, ...result.changes])] })
        },
        budget: lineBudget,
        started: 0,
        timer: undefined,
      }
      this.#start(task)
    })
  }

  #send(job: number, message: ToWorker): void {
    this.#threads.find(({ tasks }) => tasks.has(job))?.worker.postMessage(message)
  }

  #spawn(): Thread {
    const thread = new Thread(this.#machine)
    this.#threads.push(thread)
    thread.worker.on('message', (message: FromWorker) => this.#heard(thread, message))
    thread.worker.on('error', (error) => {
      this.#fault(error)
      this.#lose(thread, undefined)
    })
    thread.worker.on('exit', () => this.#lose(thread, undefined))
    return thread
  }

  #start(task: Task): void {
    // Rather one where nobody sleeps: a thread that a hostile line loses is lost with all who are in it.
    const free = this.#threads.filter(({ active }) => active === 0)
    const idle = free.find(({ tasks }) => tasks.size === 0) ?? free[0]
    const thread = idle ?? (this.#threads.length < this.#max ? this.#spawn() : undefined)
    if (thread === undefined) {
      this.#waiting.push(task)
      return
    }
    const { job, world } = task
    const current = thread.versions.get(world.id) === world.version
    thread.tasks.set(job.job, task)
    thread.active++
    this.#startClock(thread, task)
    const { version } = world
    task.seen = version
    task.slept = false
    thread.worker.postMessage({
      type: 'run',
      ...job,
      version,
      ...(!current && { overlay: [...world.overlay] }),
    } satisfies ToWorker)
    thread.versions.set(world.id, -1)
    // A spare, so that the next source need not wait for a thread to start.
    if (this.#threads.length < this.#max && this.#threads.every(({ active }) => active > 0)) this.#spawn()
  }

  #startClock(thread: Thread, task: Task): void {
    task.started = performance.now()
    task.timer = setTimeout(() => this.#lose(thread, task), task.budget)
  }

  #stopClock(task: Task): void {
    clearTimeout(task.timer)
    task.budget = Math.max(50, task.budget - (performance.now() - task.started))
  }

  #heard(thread: Thread, message: FromWorker): void {
    const task = thread.tasks.get(message.job)
    if (task === undefined) return
    if (message.type === 'asking') {
      const { question } = message
      void (this.#helper?.ask({ ...question, user: task.job.user.name }) ?? Promise.resolve(undefined)).then((said) =>
        this.#send(message.job, { type: 'told', job: message.job, ask: message.ask, said: said ?? '' }),
      )
      return
    }
    if (message.type === 'reads') {
      const { job } = message
      void task.input().then((input) => this.#send(job, { type: 'input', job, input }))
      return
    }
    if (message.type === 'sleeps') {
      this.#stopClock(task)
      thread.active--
      this.#sleeps(task, message)
      this.#next()
      return
    }
    if (message.type === 'woke') {
      this.#wakes(() => void this.#turns.take(task.world.id).then(() => this.#goes(thread, task)))
      return
    }
    clearTimeout(task.timer)
    thread.tasks.delete(message.job)
    thread.active--
    thread.idleSince = Date.now()
    // The thread has the world as it is now, unless others have changed it since, or it ran in parts.
    if (!task.slept && task.world.version === task.seen)
      thread.versions.set(task.world.id, task.seen + (message.changes.length > 0 ? 1 : 0))
    if (thread.versions.size > 200) thread.versions.delete(thread.versions.keys().next().value ?? '')
    task.done(message)
    this.#next()
  }

  /** It sleeps: others have their turn, and see what it has done. */
  #sleeps(task: Task, { out, err, changes }: FromWorker & { readonly type: 'sleeps' }): void {
    const fresh = (part: string, of: 'out' | 'err'): string => {
      // A line that was begun again in another thread says again what it has said already.
      const from = Math.max(0, task.given[of] - task.said[of])
      task.said[of] += part.length
      task.given[of] = Math.max(task.given[of], task.said[of])
      return part.slice(from)
    }
    const [toOut, toErr] = [fresh(out, 'out'), fresh(err, 'err')]
    if (toOut !== '' || toErr !== '') task.printed(toOut, toErr)
    for (const [path] of changes) if (!task.origin.has(path)) task.origin.set(path, task.world.overlay.get(path))
    change(task.world, changes)
    // The last of each: a line that goes on for long must not hold all that it ever wrote.
    for (const [path, node] of changes) task.before.set(path, node)
    task.slept = true
    task.seen = task.world.version
    task.holds = false
    this.#turns.leave(task.world.id)
  }

  /** Lines that sleep for no time, and as often as they can, must not keep this thread busy: so many go on in a second. */
  #wakes(one: () => void): void {
    this.#woken.push(one)
    if (this.#woken.length > 1) return
    setTimeout(() => {
      const more = this.#woken.splice(0)
      for (const next of more.splice(0, wakesAtOnce)) next()
      for (const next of more) this.#wakes(next)
    }, 5)
  }

  /** It has slept and has its turn. */
  #goes(thread: Thread, task: Task): void {
    const { world, job } = task
    // It may have been begun again elsewhere, or have ended, meanwhile.
    if (thread.tasks.get(job.job) !== task) return this.#turns.leave(world.id)
    task.holds = true
    thread.active++
    this.#startClock(thread, task)
    const others = world.version !== task.seen
    thread.worker.postMessage({
      type: 'go',
      job: job.job,
      ...(others && { overlay: [...world.overlay] }),
    } satisfies ToWorker)
  }

  #next(): void {
    const task = this.#waiting.shift()
    if (task !== undefined) this.#start(task)
  }

  /** Ends a thread. The culprit gets what a killed process leaves; its neighbours run again. */
  #lose(thread: Thread, culprit: Task | undefined): void {
    const at = this.#threads.indexOf(thread)
    if (at < 0) return
    this.#threads.splice(at, 1)
    void thread.worker.terminate()
    for (const task of thread.tasks.values()) {
      clearTimeout(task.timer)
      if (task === culprit || culprit === undefined) {
        const { state } = task.job
        task.done({ out: '', err: 'Killed\n', code: 137, unfinished: false, state, changes: [], effects: [] })
      } else if (!this.#stopped) void this.#again(task)
    }
    thread.tasks.clear()
    this.#next()
  }

  /** Begins a line anew whose thread is gone. */
  async #again(task: Task): Promise<void> {
    if (!task.holds) await this.#turns.take(task.world.id)
    task.holds = true
    undo(task)
    task.said.out = 0
    task.said.err = 0
    task.budget = lineBudget
    this.#start(task)
  }

  #shrink(): void {
    for (const thread of [...this.#threads]) {
      if (this.#threads.length <= 1) return
      if (thread.tasks.size === 0 && Date.now() - thread.idleSince > 30_000) this.#lose(thread, undefined)
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true
    clearInterval(this.#tidy)
    const threads = [...this.#threads]
    for (const thread of threads) this.#lose(thread, undefined)
    await Promise.all(threads.map(({ worker }) => worker.terminate()))
  }
}

/** Takes back what a line has done that is begun anew, where nobody has changed it since: it will do it again. */
function undo({ world, before, origin }: Task): void {
  for (const [path, node] of origin) {
    if (world.overlay.get(path) !== before.get(path)) continue
    if (node === undefined) world.overlay.delete(path)
    else world.overlay.set(path, node)
    world.version++
  }
  origin.clear()
  before.clear()
}

function change(world: World, changes: Changes): void {
  // A removed path is kept as removed only where the image has it; the worker's file system knows, we need not.
  for (const [path, node] of changes) world.overlay.set(path, node)
  if (changes.length > 0) world.version++
}

/** How a shell begins. */
export const freshState = (home: string, user: string, shell: string): ShellState => ({
  cwd: home,
  env: {
    HOME: home,
    USER: user,
    LOGNAME: user,
    SHELL: shell,
    PWD: home,
    PATH:
      shell === '/bin/sh'
        ? '/usr/bin:/usr/sbin:/bin:/sbin'
        : user === 'root'
          ? '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
          : '/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games',
    ...(shell !== '/bin/sh' && { LANG: 'C.UTF-8' }),
    SHLVL: '1',
  },
})
