import { payloadUrl } from '@skep/vocabulary'

/** What the hub's fetcher brought of a URL. */
export interface GivenFile {
  readonly bytes: Buffer
  /** The address that it was fetched from. */
  readonly address: string
}

/** What the hub says to a question for a URL. */
export type GivenAnswer = GivenFile | 'later' | 'never' | 'off'

const mostBytes = 32 * 1024 * 1024
const mostOpen = 64
const mostAtOnce = 8 * 1024 * 1024
/** Milliseconds after which is asked again while the hub has not got it. */
const pauses = [15_000, 60_000, 300_000, 1_800_000]
/** So long nothing is asked after the hub said that nothing is handed on. */
const offFor = 600_000

/**
 * What a fetcher brought of that which attackers wanted, for those who ask for it again. The sensor fetches nothing: it
 * asks its hub, in the background, and what comes is there the next time. Bounded in number and bytes.
 */
export class Given {
  readonly #ask: ((url: string) => Promise<GivenAnswer>) | undefined
  readonly #files = new Map<string, GivenFile>()
  readonly #open = new Map<string, NodeJS.Timeout | undefined>()
  /** Until when nothing is asked about a URL that could not be had. */
  readonly #denied = new Map<string, number>()
  #bytes = 0
  #offUntil = 0

  /** @param ask asks the hub; without a hub nothing is ever given */
  constructor(ask?: (url: string) => Promise<GivenAnswer>) {
    this.#ask = ask
  }

  /** Somebody wants this: the hub is asked for it, now and while it may still come. */
  want(raw: string): void {
    const url = this.#ask === undefined ? undefined : payloadUrl(raw)
    if (url === undefined || this.#files.has(url) || this.#open.has(url) || this.#open.size >= mostOpen) return
    if (Date.now() < Math.max(this.#offUntil, this.#denied.get(url) ?? 0)) return
    void this.#try(url, 0)
  }

  async #try(url: string, tries: number): Promise<void> {
    this.#open.set(url, undefined)
    const answer = await this.#ask?.(url).catch(() => 'later' as const)
    if (answer === 'later' && tries < pauses.length) {
      const timer = setTimeout(() => void this.#try(url, tries + 1), pauses[tries])
      timer.unref()
      this.#open.set(url, timer)
      return
    }
    this.#open.delete(url)
    if (answer === 'off') this.#offUntil = Date.now() + offFor
    if (typeof answer === 'object') return this.#keep(url, answer)
    this.#denied.set(url, Date.now() + offFor)
    if (this.#denied.size > 1000) this.#denied.delete(this.#denied.keys().next().value ?? '')
  }

  #keep(url: string, file: GivenFile): void {
    if (file.bytes.length > mostBytes / 4) return
    this.#files.set(url, file)
    this.#bytes += file.bytes.length
    for (const [oldest, { bytes }] of this.#files) {
      if (this.#bytes <= mostBytes && this.#files.size <= mostOpen) break
      this.#files.delete(oldest)
      this.#bytes -= bytes.length
    }
  }

  /** What there is for a line: of the hosts that it names, and of the URLs that were wanted before. */
  for(line: string, wanted: Iterable<string>): [string, GivenFile][] {
    if (this.#files.size === 0) return []
    const before = new Set([...wanted].map(payloadUrl))
    // It is copied into the shell's thread with each such line, so there is an end to it; the latest come first.
    let left = mostAtOnce
    return [...this.#files].reverse().filter(([url, { bytes }]) => {
      if (bytes.length > left || !(before.has(url) || line.includes(new URL(url).hostname))) return false
      left -= bytes.length
      return true
    })
  }

  stop(): void {
    for (const timer of this.#open.values()) clearTimeout(timer)
  }
}
