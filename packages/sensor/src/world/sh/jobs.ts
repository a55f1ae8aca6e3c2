// What runs in the background. It has run when its turn came; that it sleeps is known by how long it would have slept.

export interface Job {
  readonly number: number
  readonly pid: number
  readonly source: string
  /** When it ends, milliseconds since 1970. */
  until: number
  code: number
  /** The name of the signal that ended it. */
  killed?: string
  /** Of a line that was stopped at the terminal: what the terminal calls it. */
  token?: number
  stopped?: boolean
  /** What it prints when its time has come. */
  late: (() => void)[]
}

export class Jobs {
  #all: Job[] = []
  /** Those that the shell no longer cares for. */
  #gone: Job[] = []
  readonly #first: number
  #count = 0
  /** $! */
  last: string | undefined

  constructor(
    host: { readonly pid: number },
    kept?: { readonly all: readonly Job[]; readonly count: number; readonly last: string | undefined },
  ) {
    this.#first = host.pid + 7
    if (kept === undefined) return
    this.#all = kept.all.map((job) => ({ ...job, late: [] }))
    this.#count = kept.count
    this.last = kept.last
  }

  kept(): { readonly all: readonly Job[]; readonly count: number; readonly last: string | undefined } {
    return { all: this.#all.slice(-50).map((job) => ({ ...job, late: [] })), count: this.#count, last: this.last }
  }

  add(source: string, depth: number): Job {
    const pid = this.#first + this.#count++ * 2 + depth
    const job: Job = {
      number: Math.max(0, ...this.#all.map(({ number }) => number)) + 1,
      pid,
      source: source.slice(0, 1024),
      late: [],
      until: Number.POSITIVE_INFINITY,
      code: 0,
    }
    if (this.#all.length < 500) this.#all.push(job)
    this.last = String(pid)
    return job
  }

  ends(job: Job, slept: number, code: number): void {
    job.until = Date.now() + slept
    job.code = code
  }

  get all(): readonly Job[] {
    return this.#all
  }

  running(job: Job): boolean {
    return job.killed === undefined && job.stopped !== true && job.until > Date.now()
  }

  /** Whether it was stopped at the terminal and waits to go on. */
  stopped(job: Job): boolean {
    return job.killed === undefined && job.stopped === true
  }

  /** A line that went on in the background has ended. */
  over(token: number, code: number): void {
    const job = this.#all.find((one) => one.token === token)
    if (job === undefined) return
    job.until = Date.now() - 1
    job.code = code
  }

  /** + for the one that fg would take, - for the one after it. */
  mark(job: Job): string {
    const order = [...this.#all.filter((one) => this.running(one)), ...this.#all.filter((one) => !this.running(one))]
    const alive = this.#all.filter((one) => this.running(one))
    const halted = this.#all.filter((one) => this.stopped(one))
    if (halted.length > 0) {
      const first = [...this.#all.filter((one) => !this.stopped(one)), ...halted]
      return first.at(-1) === job ? '+' : first.at(-2) === job ? '-' : ' '
    }
    const list = alive.length > 0 ? [...this.#all.filter((one) => !this.running(one)), ...alive] : order
    return list.at(-1) === job ? '+' : list.at(-2) === job ? '-' : ' '
  }

  /** The job that %… or a number of a process names. */
  find(word: string): Job | undefined {
    const marked = (mark: string) => this.#all.find((job) => this.mark(job) === mark)
    if (/^%?[%+]?$/.test(word)) return marked('+')
    if (word === '%-') return marked('-') ?? marked('+')
    const number = /^%(\d+)$/.exec(word)?.[1]
    if (number !== undefined) return this.#all.find((job) => job.number === Number(number))
    if (word.startsWith('%?')) return this.#all.find(({ source }) => source.includes(word.slice(2)))
    if (word.startsWith('%')) return this.#all.find(({ source }) => source.startsWith(word.slice(1)))
    return this.#all.find(({ pid }) => String(pid) === word)
  }

  /** Lets a job print what it had not yet. */
  print(job: Job): void {
    for (const write of job.late.splice(0)) write()
  }

  /** @param alive whether it goes on without the shell */
  remove(job: Job, alive = false): void {
    this.#all = this.#all.filter((one) => one !== job)
    if (alive) this.#gone = [...this.#gone, job].slice(-50)
  }

  /** A process that this shell began. */
  process(pid: string): Job | undefined {
    return [...this.#all, ...this.#gone].find((job) => String(job.pid) === pid)
  }

  clear(): void {
    this.#all = []
  }

  /** How a job stands, as jobs and the prompt tell it. */
  line(job: Job, long = false): string {
    const state =
      job.killed !== undefined
        ? job.killed === 'KILL'
          ? 'Killed'
          : job.killed === 'TERM'
            ? 'Terminated'
            : job.killed
        : this.stopped(job)
          ? 'Stopped'
          : this.running(job)
            ? 'Running'
            : job.code === 0
              ? 'Done'
              : `Exit ${job.code}`
    const behind = state === 'Running' ? ' &' : ''
    return `[${job.number}]${this.mark(job)} ${long ? `${String(job.pid).padStart(5)} ` : ' '}${state.padEnd(24)}${job.source}${behind}\n`
  }
}
