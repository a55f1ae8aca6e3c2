import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { packBlobs, schemaVersion, type Log } from '@skep/vocabulary'
import type { Outbox, Waiting } from '../evidence/outbox.ts'
import type { Spool, Spooled } from '../spool/spool.ts'
import { explain, Later, Refused, type Link } from './link.ts'

const compress = promisify(gzip)

export interface UplinkOptions {
  readonly spool: Spool
  readonly outbox: Outbox
  readonly link: Link
  readonly log?: Log
}

const least = { batch: 8 * 1024, part: 8 * 1024 }
const most = { batch: 4 * 1024 * 1024, part: 4 * 1024 * 1024 }
/** What a request may take: more, and the next is smaller; much less, and it is larger. */
const brisk = 1500
const slow = 10_000
/** Artifacts up to so many bytes in all go ahead of a batch that names them; a larger one lets the events before it pass. */
const small = 512 * 1024

/**
 * Brings the spool to the hub: batches, compressed, acknowledged after commit. A hub that is away, slow or full costs
 * time, not events. Artifacts and recordings go before the events that name them, in parts that can be gone on with.
 * Batches and parts grow and shrink with the line, so that a break on a poor one costs seconds of work.
 */
export class Uplink {
  readonly #options: UplinkOptions
  readonly #stop = new AbortController()
  #running: Promise<void> | undefined
  #failures = 0
  #complained = false
  #batchBytes = 256 * 1024
  #partBytes = 256 * 1024
  /** No upload now, by schedule. */
  paused = false
  /** Counters for the metrics. */
  readonly counts = { batches: 0, events: 0, failures: 0, refused: 0 }

  constructor(options: UplinkOptions) {
    this.#options = options
  }

  start(): void {
    this.#running ??= this.#run()
  }

  async #run(): Promise<void> {
    const { spool } = this.#options
    while (!this.#stop.signal.aborted) {
      if (this.#options.outbox.any() === undefined || this.#failures > 0) await spool.waits(1000)
      if (this.#stop.signal.aborted) return
      if (this.paused) await this.#rest(1000)
      else await this.#sendOne(this.#stop.signal)
    }
  }

  /** Sends one batch, or a part of what it names. @returns whether it was taken */
  async #sendOne(signal: AbortSignal): Promise<boolean> {
    const { spool, outbox } = this.#options
    try {
      let batch = spool.next(4000, this.#batchBytes)
      if (batch.length === 0) {
        // What no waiting event names: left by an earlier run, or by events that had to go.
        const left = outbox.any()
        if (left === undefined) return false
        await this.#sendAhead([left], signal)
        return true
      }
      const ahead = new Map<string, Waiting>()
      let bytes = 0
      for (const [i, event] of batch.entries()) {
        const waiting = this.#names(event)
        if (waiting === undefined || ahead.has(waiting.sha256)) continue
        if (bytes + waiting.size > small && i > 0) {
          batch = batch.slice(0, i)
          break
        }
        bytes += waiting.size
        ahead.set(waiting.sha256, waiting)
      }
      await this.#sendAhead([...ahead.values()], signal)
      await this.#sendBatch(batch, signal)
      spool.acknowledge(batch.length)
      this.counts.batches++
      this.counts.events += batch.length
      this.#failures = 0
      if (this.#complained) this.#options.log?.('the hub answers again')
      this.#complained = false
      return true
    } catch (error) {
      if (!signal.aborted) await this.#recover(error)
      return false
    }
  }

  #names({ json }: Spooled): Waiting | undefined {
    const sha256 = /"sha256":"([0-9a-f]{64})"/.exec(json)?.[1]
    return sha256 === undefined ? undefined : this.#options.outbox.find(sha256)
  }

  async #recover(error: unknown): Promise<void> {
    const { log, link } = this.#options
    this.counts.failures++
    if (error instanceof Later) return this.#rest(error.ms)
    if (error instanceof Refused) {
      this.counts.refused++
      if (!this.#complained) log?.error(`the hub refuses this sensor: ${error.message}; events stay in the spool`)
      this.#complained = true
      // Perhaps an operator mends it; perhaps another hub knows better.
      link.next()
      return this.#rest(60_000 * (1 + Math.random()))
    }
    link.next()
    this.#batchBytes = Math.max(least.batch, this.#batchBytes >>> 1)
    this.#partBytes = Math.max(least.part, this.#partBytes >>> 1)
    if (this.#failures++ >= 3 && !this.#complained) {
      this.#complained = true
      const cause =
        error instanceof Error ? (error.cause instanceof Error ? error.cause.message : error.message) : String(error)
      log?.warn(`the hub does not answer (${cause}); events stay in the spool`)
    }
    // Back off with jitter, so that a thousand sensors do not come back in the same second.
    await this.#rest(Math.min(60_000, 250 * 2 ** Math.min(10, this.#failures)) * (0.5 + Math.random() / 2))
  }

  #rest(ms: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.#stop.signal.aborted) return resolve()
      const done = (): void => {
        clearTimeout(timer)
        this.#stop.signal.removeEventListener('abort', done)
        resolve()
      }
      const timer = setTimeout(done, ms)
      this.#stop.signal.addEventListener('abort', done)
    })
  }

  /** Sends artifacts before the events that name them: small ones in one request, larger ones each in parts. */
  async #sendAhead(all: readonly Waiting[], signal: AbortSignal): Promise<void> {
    const { link, outbox, log } = this.#options
    const tiny = all.filter(({ size }) => size <= this.#partBytes)
    if (tiny.length > 0) {
      const body = packBlobs(tiny.map(({ sha256, size, read }) => ({ sha256, bytes: read(0, size) })))
      const answer = await link.ask('POST', '/gateway/v1/blobs', { signal, body })
      if (answer.status >= 500) throw new Error(explain(answer))
      // One that is damaged must not hold up the others: then each goes by itself.
      if (answer.status === 200) for (const { sha256 } of tiny) outbox.delivered(sha256)
      else log?.warn(`the hub does not take artifacts: ${explain(answer)}`)
    }
    for (const waiting of all) if (outbox.has(waiting.sha256)) await this.#sendBlob(waiting, signal)
  }

  /** Sends what the hub has not of an artifact. */
  async #sendBlob({ sha256, size, read }: Waiting, signal: AbortSignal): Promise<void> {
    const { link, outbox } = this.#options
    const path = `/gateway/v1/blobs/${sha256}`
    const there = await link.ask('HEAD', path, { signal })
    if (there.status === 200) return outbox.delivered(sha256)
    let offset = Number(there.headers['upload-offset'] ?? 0)
    do {
      const bytes = read(offset, Math.min(this.#partBytes, size - offset))
      const started = performance.now()
      const answer = await link.ask('PUT', path, {
        signal,
        body: bytes,
        headers: {
          'content-type': 'application/octet-stream',
          ...(size > 0 && { 'content-range': `bytes ${offset}-${offset + bytes.length - 1}/${size}` }),
        },
      })
      if (answer.status === 409) {
        offset = Number(answer.headers['upload-offset'] ?? 0)
        continue
      }
      if (answer.status >= 500) throw new Error(explain(answer))
      if (answer.status >= 400) {
        // Bytes that the hub will never take (too large, damaged) must not hold up the events.
        this.#options.log?.warn(`the hub does not take the artifact ${sha256}: ${explain(answer)}`)
        break
      }
      offset += bytes.length
      this.#partBytes = paced(this.#partBytes, performance.now() - started, least.part, most.part)
    } while (offset < size)
    outbox.delivered(sha256)
  }

  async #sendBatch(batch: readonly Spooled[], signal: AbortSignal): Promise<void> {
    const { link } = this.#options
    const started = performance.now()
    const answer = await link.ask('POST', '/gateway/v1/batches', {
      signal,
      body: await compress(batch.map(({ json }) => json).join('\n')),
      headers: {
        'content-type': 'application/x-ndjson',
        'content-encoding': 'gzip',
        'x-skep-boot': batch[0]?.boot ?? '',
        'x-skep-schema': String(schemaVersion),
      },
    })
    if (answer.status !== 200) throw new Error(explain(answer))
    this.#batchBytes = paced(this.#batchBytes, performance.now() - started, least.batch, most.batch)
  }

  /**
   * Sends what is left and stops.
   * @param ms at most so long; the rest stays in the spool for the next start
   */
  async stop(ms = 5000): Promise<void> {
    this.#stop.abort()
    await this.#running
    if (this.paused) return
    const last = AbortSignal.timeout(ms)
    while (!last.aborted && (await this.#sendOne(last)));
  }
}

const paced = (size: number, ms: number, floor: number, ceiling: number): number =>
  ms < brisk ? Math.min(ceiling, size * 2) : ms > slow ? Math.max(floor, size >>> 1) : size
