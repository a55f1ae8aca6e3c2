import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { Spool } from '../spool/spool.ts'
import type { Outbox } from '../evidence/outbox.ts'

const compress = promisify(gzip)

export interface UplinkOptions {
  readonly spool: Spool
  readonly outbox: Outbox
  /** Addresses of the hub; the next is tried when one fails. */
  readonly hubs: readonly string[]
  readonly key: string
  readonly sensor: string
  readonly log?: (line: string) => void
}

/**
 * Brings the spool to the hub: batches, compressed, acknowledged after commit. A hub that is away, slow or full costs
 * time, not events. Artifacts and recordings go first, so that no event names bytes that the hub has not.
 */
export class Uplink {
  readonly #options: UplinkOptions
  readonly #stop = new AbortController()
  #running: Promise<void> | undefined
  #hub = 0
  #failures = 0
  #complained = false

  constructor(options: UplinkOptions) {
    this.#options = options
  }

  start(): void {
    this.#running ??= this.#run()
  }

  async #run(): Promise<void> {
    const { spool } = this.#options
    while (!this.#stop.signal.aborted) {
      await spool.waits(1000)
      if (this.#stop.signal.aborted) return
      await this.#sendOne(this.#stop.signal)
    }
  }

  /** Sends one batch. @returns whether there was one and it was taken */
  async #sendOne(signal: AbortSignal): Promise<boolean> {
    const { spool } = this.#options
    try {
      const batch = spool.next(2000, 2 * 1024 * 1024)
      const first = batch[0]
      if (first === undefined) return false
      await this.#sendBlobs(signal)
      const pause = await this.#sendBatch(
        first.boot,
        batch.map(({ json }) => json),
        signal,
      )
      if (pause === 0) {
        spool.acknowledge(batch.length)
        this.#failures = 0
        if (this.#complained) this.#options.log?.('uplink: the hub answers again')
        this.#complained = false
        return true
      }
      await this.#rest(pause * 1000)
    } catch (error) {
      if (signal.aborted) return false
      this.#hub++
      if (this.#failures++ >= 3 && !this.#complained) {
        this.#complained = true
        const cause =
          error instanceof Error ? (error.cause instanceof Error ? error.cause.message : error.message) : String(error)
        this.#options.log?.(`uplink: the hub does not answer (${cause}); events stay in the spool`)
      }
      // Back off with jitter, so that a thousand sensors do not come back in the same second.
      await this.#rest(Math.min(60_000, 250 * 2 ** Math.min(10, this.#failures)) * (0.5 + Math.random() / 2))
    }
    return false
  }

  #rest(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.#stop.signal.addEventListener('abort', () => {
        clearTimeout(timer)
        resolve()
      })
    })
  }

  #url(path: string): string {
    const { hubs } = this.#options
    return new URL(path, hubs[this.#hub % hubs.length]).href
  }

  async #sendBlobs(signal: AbortSignal): Promise<void> {
    const { outbox, key } = this.#options
    for (const { sha256, read } of outbox.waiting()) {
      const response = await fetch(this.#url(`/gateway/v1/blobs/${sha256}`), {
        method: 'PUT',
        headers: { authorization: `Bearer ${key}` },
        body: new Uint8Array(read()),
        signal: AbortSignal.any([signal, AbortSignal.timeout(60_000)]),
      })
      await response.arrayBuffer()
      // Bytes that the hub will never take (too large, damaged) must not hold up the events.
      if (
        response.ok ||
        (response.status >= 400 && response.status < 500 && response.status !== 401 && response.status !== 429)
      ) {
        outbox.delivered(sha256)
      } else throw new Error(`the hub answered ${response.status} to an artifact`)
    }
  }

  /** @returns 0 when committed, otherwise the seconds to wait */
  async #sendBatch(boot: string, events: readonly string[], signal: AbortSignal): Promise<number> {
    const { key, sensor } = this.#options
    const response = await fetch(this.#url('/gateway/v1/batches'), {
      method: 'POST',
      headers: {
        authorization: `Bearer ${key}`,
        'content-type': 'application/x-ndjson',
        'content-encoding': 'gzip',
        'x-skep-sensor': sensor,
        'x-skep-boot': boot,
      },
      body: new Uint8Array(await compress(events.join('\n'))),
      signal: AbortSignal.any([signal, AbortSignal.timeout(120_000)]),
    })
    const text = await response.text()
    if (response.ok) return 0
    if (response.status === 429 || response.status === 503)
      return Math.min(300, Number(response.headers.get('retry-after') ?? 5) || 5)
    throw new Error(`the hub answered ${response.status}: ${text.slice(0, 200)}`)
  }

  /**
   * Sends what is left and stops.
   * @param ms at most so long; the rest stays in the spool for the next start
   */
  async stop(ms = 5000): Promise<void> {
    this.#stop.abort()
    await this.#running
    const last = AbortSignal.timeout(ms)
    while (!last.aborted && (await this.#sendOne(last)));
  }
}
