/** What a caller may still ask. */
export interface Pace {
  readonly limit: number
  readonly remaining: number
  /** Seconds until it begins anew. */
  readonly reset: number
}

const minute = 60_000

/**
 * How often each caller asks, minute by minute, in this hub's memory: one that asks without end must not slow the others.
 */
export class Pacer {
  readonly #counts = new Map<string, number>()
  #window = 0

  /** Counts a request. @param limit requests a minute */
  count(who: string, limit: number, now = Date.now()): Pace {
    const window = Math.floor(now / minute)
    if (window !== this.#window) {
      this.#window = window
      this.#counts.clear()
    }
    // Strangers choose their addresses: the table is bounded, and who finds it full shares one line of it.
    const key = this.#counts.size < 100_000 || this.#counts.has(who) ? who : ''
    const n = (this.#counts.get(key) ?? 0) + 1
    this.#counts.set(key, n)
    return { limit, remaining: limit - n, reset: Math.ceil(((window + 1) * minute - now) / 1000) }
  }
}
