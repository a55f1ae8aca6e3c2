import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import type { Machine } from '../personas/machine.ts'
import type { Done, FromWorker, Job, ShellState, ToWorker } from './worker.ts'
import type { Helper } from './helper.ts'
import type { World } from './world.ts'

const program = import.meta.url.endsWith('.ts')
  ? fileURLToPath(new URL('../../../cli/dist/shell-worker.js', import.meta.url))
  : fileURLToPath(new URL('./shell-worker.js', import.meta.url))

/** What a line came to. */
export type RunResult = Pick<Done, 'out' | 'err' | 'code' | 'unfinished' | 'state' | 'changes' | 'effects'>

/** What a line needs. */
export type RunRequest = Pick<Job, 'state' | 'line' | 'stdin' | 'user' | 'source' | 'since' | 'merged'>

interface Task {
  readonly job: Job
  readonly world: World
  readonly done: (result: RunResult) => void
  budget: number
  started: number
  timer: NodeJS.Timeout | undefined
}

class Thread {
  readonly worker: Worker
  readonly tasks = new Map<number, Task>()
  readonly versions = new Map<string, number>()
  /** Tasks that are working, as against sleeping. */
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

/**
 * The threads in which attackers' lines run. One source runs one line at a time, so that it can hold up at most one
 * thread; a spare thread is kept ready while others work; a line that works for too long is ended with its thread, and
 * whoever shared the thread is run again elsewhere. No line can hold up the sensor's own thread.
 */
export class ShellPool {
  readonly #machine: Machine
  readonly #max: number
  readonly #threads: Thread[] = []
  readonly #turns = new Map<string, Promise<unknown>>()
  readonly #waiting: Task[] = []
  readonly #fault: (error: unknown) => void
  readonly #helper: Helper | undefined
  #jobs = 0
  #stopped = false
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

  /** Runs a line in a world. Never rejects: what goes wrong is what a machine under load would do. */
  run(world: World, request: RunRequest, signal?: AbortSignal): Promise<RunResult> {
    const before = this.#turns.get(world.id) ?? Promise.resolve()
    const turn = before.then(() => this.#runInTurn(world, request, signal))
    this.#turns.set(world.id, turn)
    void turn.then(() => {
      if (this.#turns.get(world.id) === turn) this.#turns.delete(world.id)
    })
    return turn
  }

  #runInTurn(world: World, request: RunRequest, signal?: AbortSignal): Promise<RunResult> {
    return new Promise((resolve) => {
      const nothing: RunResult = {
        out: '',
        err: '',
        code: 130,
        unfinished: false,
        state: request.state,
        changes: [],
        effects: [],
      }
      if (this.#stopped || signal?.aborted === true) return resolve(nothing)
      const job: Job = {
        ...request,
        given: world.given.for(request.line, world.wanted),
        helped: this.#helper !== undefined,
        job: this.#jobs++,
        world: world.id,
        version: world.version,
      }
      const abort = () => this.#send(job.job, { type: 'abort', job: job.job })
      signal?.addEventListener('abort', abort, { once: true })
      const done = (result: RunResult) => {
        signal?.removeEventListener('abort', abort)
        for (const [path, node] of result.changes) {
          // A removed path is kept as removed only where the image has it; the worker's file system knows, we need not.
          world.overlay.set(path, node)
        }
        if (result.changes.length > 0) world.version++
        resolve(result)
      }
      this.#start({ job, world, done, budget: lineBudget, started: 0, timer: undefined })
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
    const idle = this.#threads.find(({ active }) => active === 0)
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
    if (message.type === 'waiting') {
      if (message.waiting) {
        this.#stopClock(task)
        thread.active--
        this.#next()
      } else {
        thread.active++
        this.#startClock(thread, task)
      }
      return
    }
    clearTimeout(task.timer)
    thread.tasks.delete(message.job)
    thread.active--
    thread.idleSince = Date.now()
    thread.versions.set(task.world.id, task.job.version + (message.changes.length > 0 ? 1 : 0))
    if (thread.versions.size > 200) thread.versions.delete(thread.versions.keys().next().value ?? '')
    task.done(message)
    this.#next()
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
      } else if (!this.#stopped) this.#start({ ...task, budget: lineBudget })
    }
    thread.tasks.clear()
    this.#next()
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
  prelude: '',
})
