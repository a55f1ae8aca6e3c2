/** How much one conversation, one source and all together may take. */
export interface Limits {
  /** Conversations at once, in all and of one source. */
  readonly sessions: number
  readonly perSource: number
  /** Milliseconds without a byte, and in all. */
  readonly idleMs: number
  readonly totalMs: number
  /** Bytes received in one conversation. */
  readonly bytes: number
}

export const defaultLimits: Limits = {
  sessions: 12_000,
  perSource: 256,
  idleMs: 180_000,
  totalMs: 3_600_000,
  bytes: 64 * 1024 * 1024,
}

/** Counts conversations. */
export class Gate {
  readonly #limits: Limits
  readonly #perSource = new Map<string, number>()
  #all = 0

  constructor(limits: Limits) {
    this.#limits = limits
  }

  get open(): number {
    return this.#all
  }

  /** Lets a source in, unless a limit is reached. Every `true` must be followed by one `leave`. */
  enter(source: string, counted: boolean): boolean {
    const mine = this.#perSource.get(source) ?? 0
    if (this.#all >= this.#limits.sessions || (counted && mine >= this.#limits.perSource)) return false
    this.#all++
    this.#perSource.set(source, mine + 1)
    return true
  }

  leave(source: string): void {
    this.#all--
    const mine = (this.#perSource.get(source) ?? 1) - 1
    if (mine <= 0) this.#perSource.delete(source)
    else this.#perSource.set(source, mine)
  }
}
