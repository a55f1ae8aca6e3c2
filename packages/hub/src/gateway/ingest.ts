import { randomUUID } from 'node:crypto'
import { formatMicros, parseMicros, toLine, type Event, type Log, type StoredEvent } from '@skep/vocabulary'
import type { Enricher } from '../enrich/enricher.ts'
import type { Relational } from '../relational/database.ts'
import { inRanges, rangesOf, type Range } from '../relational/ranges.ts'
import type { Store } from '../store/client.ts'
import type { InFlight, Journal, JournalHead } from './journal.ts'

/** The hub cannot take more just now; the caller shall come again. */
export class Busy extends Error {
  override readonly name = 'Busy'
  /** Seconds to wait. */
  readonly retryAfter: number
  constructor(message: string, retryAfter: number) {
    super(message)
    this.retryAfter = retryAfter
  }
}

interface Job {
  readonly sensor: string
  readonly boot: string
  /** The rows, a line of JSON each. */
  readonly lines: string
  readonly count: number
  /** Events that came again with them. */
  readonly duplicates: number
  readonly ranges: readonly Range[]
  readonly dropped: NonNullable<JournalHead['dropped']>
  readonly closed: NonNullable<JournalHead['closed']>
  /** The events as they are stored, made only for those who watch. */
  readonly stored: () => StoredEvent[]
  readonly done: () => void
  readonly failed: (error: unknown) => void
}

/** Errors of the store that mean "this row", not "not now": the batch is halved until the row is found. */
const rowErrors = new Set([6, 26, 27, 38, 41, 53, 72, 117, 130, 131, 441, 467, 675, 676])
const maxQueued = 200_000
const maxBatch = 50_000
/** A clock that is off by less is left alone: the network alone makes as much. */
const tolerance = 1000

/**
 * The one way into the store. Events are enriched, written to a journal (fsync), inserted with a deduplication token,
 * noted as committed, and only then acknowledged. After a crash the journal is replayed with the same tokens, so that
 * neither the events nor anything derived from them is lost or counted twice.
 */
export class Ingest {
  readonly #store: Store
  readonly #relational: Relational
  readonly #enricher: Enricher
  readonly #journal: Journal
  readonly #log: Log
  readonly #onCommit: (events: () => readonly StoredEvent[]) => void
  readonly #locks = new Map<string, Promise<unknown>>()
  #queue: Job[] = []
  #queued = 0
  #working: Promise<void> | undefined
  #stopping = false
  /** Counters for the status page and the metrics. */
  readonly counts = { committed: 0, duplicates: 0, buried: 0, retries: 0, batches: 0, recovered: 0 }

  constructor(options: {
    store: Store
    relational: Relational
    enricher: Enricher
    journal: Journal
    log: Log
    onCommit?: (events: () => readonly StoredEvent[]) => void
  }) {
    this.#store = options.store
    this.#relational = options.relational
    this.#enricher = options.enricher
    this.#journal = options.journal
    this.#log = options.log
    this.#onCommit = options.onCommit ?? (() => {})
  }

  /** Events that wait for the store. */
  get waiting(): number {
    return this.#queued
  }

  /** Commits what a crash, here or of another hub, left in the journal. @returns the number of batches */
  async recover(): Promise<number> {
    let count = 0
    for await (const batch of this.#journal.orphans()) {
      await this.#insert(batch.lines, batch.head.token)
      await this.#settle(batch)
      count++
    }
    this.counts.recovered += count
    return count
  }

  /**
   * Takes events of one run of a sensor; those that are committed already are left out.
   * Resolves when all are committed. @throws Busy when too much is waiting, or another hub is at work on them
   */
  async add(sensor: string, boot: string, events: readonly Event[], provenance: string): Promise<{ fresh: number }> {
    if (this.#stopping) throw new Busy('the hub is stopping', 5)
    if (this.#queued > maxQueued) throw new Busy(`${this.#queued} events are waiting for the store`, 5)
    const key = `${sensor} ${boot}`
    // One at a time per run: a batch that is sent again while its first copy is being committed must wait for it.
    const before = this.#locks.get(key) ?? Promise.resolve()
    const turn = before.then(() => this.#addInTurn(sensor, boot, events, provenance))
    const settled = turn.catch(() => undefined)
    this.#locks.set(key, settled)
    void settled.then(() => {
      if (this.#locks.get(key) === settled) this.#locks.delete(key)
    })
    return { fresh: await turn }
  }

  async #addInTurn(sensor: string, boot: string, events: readonly Event[], provenance: string): Promise<number> {
    const committed = await this.#relational.ledger.ranges(sensor, boot)
    const seen = new Set<number>()
    const fresh = events.filter(({ seq }) => {
      if (seen.has(seq) || inRanges(committed, seq)) return false
      seen.add(seq)
      return true
    })
    this.counts.duplicates += events.length - fresh.length
    if (fresh.length === 0) return 0
    const day = fresh[0]?.time.slice(0, 10) ?? ''
    if (provenance !== 'live') await this.#enricher.prepare(day)
    const epoch = await this.#relational.ledger.epoch(sensor, boot)
    const received = new Date().toISOString()
    const mark = {}
    this.#underway.set(mark, Date.parse(received))
    try {
      for (let i = 0; i < fresh.length; i += maxBatch) {
        const part = fresh.slice(i, i + maxBatch)
        const duplicates = i === 0 ? events.length - fresh.length : 0
        const job = { ...this.#prepare(sensor, boot, part, { received, provenance, epoch }), duplicates }
        await new Promise<void>((done, failed) => {
          this.#queue.push({ ...job, done, failed })
          this.#queued += part.length
          this.#start()
        })
      }
    } finally {
      this.#underway.delete(mark)
    }
    return fresh.length
  }

  /** When the events were received that are on their way into the store. */
  readonly #underway = new Map<object, number>()

  /**
   * The time before which everything that was received is in the store: whoever reads in order of arrival must not go
   * further, or would pass over what is being committed just now.
   * @returns milliseconds
   */
  async horizon(now = Date.now()): Promise<number> {
    const own = Math.min(now, ...this.#underway.values())
    if (!this.#relational.shared) return own
    // Of other hubs only what they have written down is known, and that they queue for seconds, not for half a minute.
    const oldest = await this.#relational.ledger.oldestClaim()
    return Math.min(own, (oldest ?? now) - 30_000, now - 30_000)
  }

  #prepare(
    sensor: string,
    boot: string,
    events: readonly Event[],
    { received, provenance, epoch }: { received: string; provenance: string; epoch: number | undefined },
  ): Omit<Job, 'done' | 'failed' | 'duplicates'> {
    const lines: string[] = []
    const dropped: NonNullable<JournalHead['dropped']>[number][] = []
    const closed: { sensor: string; boot: string }[] = []
    const place = (event: Event) => {
      const skew_ms = skewOf(event, epoch)
      const time = skew_ms === 0 ? event.time : formatMicros(parseMicros(event.time) + skew_ms * 1000)
      const origin = this.#enricher.lookup(event.source?.ip ?? '', time.slice(0, 10))
      return { time, received, skew_ms, provenance, origin }
    }
    for (const event of events) {
      const hub = place(event)
      lines.push(toLine(event, hub, hub.origin))
      if (event.kind === 'spool.dropped') {
        const { of = boot, from: first, to: last, reason } = event.data
        dropped.push({ sensor, boot: of, first, last, reason })
      } else if (event.kind === 'spool.closed') closed.push({ sensor, boot: event.data.of })
    }
    return {
      sensor,
      boot,
      lines: `${lines.join('\n')}\n`,
      count: events.length,
      ranges: rangesOf(events.map(({ seq }) => seq)),
      dropped,
      closed,
      stored: () => events.map((event) => ({ ...event, ...place(event) })),
    }
  }

  /** One batch at a time is on its way. */
  #start(): void {
    this.#working ??= this.#work().finally(() => {
      this.#working = undefined
      // What came in the moment of leaving.
      if (this.#queue.length > 0) this.#start()
    })
  }

  async #work(): Promise<void> {
    // What arrives in the same moment is committed together: the cost of a commit is per batch, not per event.
    if (this.#queued < 2000) await new Promise((resolve) => setTimeout(resolve, 50))
    while (this.#queue.length > 0) {
      const jobs: Job[] = []
      let size = 0
      while (this.#queue.length > 0 && size < maxBatch) {
        const job = this.#queue.shift()
        if (job === undefined) break
        jobs.push(job)
        size += job.count
      }
      await this.#commit(jobs)
      this.#queued -= size
    }
  }

  async #commit(jobs: readonly Job[]): Promise<void> {
    try {
      const lines = Buffer.from(jobs.map((job) => job.lines).join(''))
      const batch = await this.#journal.write(headOf(jobs), lines)
      if (batch === undefined) {
        if (jobs.length > 1) for (const job of jobs) await this.#commit([job])
        else jobs[0]?.failed(new Busy('another hub is committing these events', 1))
        return
      }
      await this.#insert(lines, batch.head.token)
      await this.#settle(batch)
      this.counts.batches++
      this.counts.committed += jobs.reduce((sum, { count }) => sum + count, 0)
      for (const job of jobs) job.done()
      this.#onCommit(() => jobs.flatMap(({ stored }) => stored()))
    } catch (error) {
      for (const job of jobs) job.failed(error)
    }
  }

  /** The rows are in the store: notes so, and what sensors said in them of what is lost. */
  async #settle({ head, settle }: InFlight): Promise<void> {
    const { ledger } = this.#relational
    await ledger.commit(head.commits)
    for (const { sensor, boot, first, last, reason } of head.dropped ?? [])
      await ledger.declareDropped(sensor, boot, { first, last }, reason)
    for (const { sensor, boot } of head.closed ?? []) await ledger.close(sensor, boot)
    await settle()
  }

  /** Inserts until it succeeds: a store that is down or full costs time, not events. A row that it cannot take is buried. */
  async #insert(lines: Buffer, token: string): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      try {
        await this.#store.insert('events', lines, token)
        return
      } catch (error) {
        const code = Number((error as { code?: unknown }).code ?? 0)
        if (rowErrors.has(code)) return this.#halve(lines, token, error)
        if (this.#stopping) throw error
        if (attempt === 3)
          this.#log.warn('the store does not take events; trying until it does', {
            reason: String(error).slice(0, 500),
          })
        this.counts.retries++
        await new Promise((resolve) => setTimeout(resolve, Math.min(5000, 100 * 2 ** attempt)))
      }
    }
  }

  async #halve(lines: Buffer, token: string, error: unknown): Promise<void> {
    const rows = lines.toString('utf8').trimEnd().split('\n')
    if (rows.length === 1) {
      const row = rows[0] ?? ''
      const { sensor, boot, seq } = JSON.parse(row) as { sensor: string; boot: string; seq: number }
      const reason = error instanceof Error ? error.message : String(error)
      await this.#relational.ledger.bury({ sensor, boot, seq, reason }, row)
      this.counts.buried++
      return
    }
    const middle = rows.length >>> 1
    await this.#insert(Buffer.from(`${rows.slice(0, middle).join('\n')}\n`), `${token}a`)
    await this.#insert(Buffer.from(`${rows.slice(middle).join('\n')}\n`), `${token}b`)
  }

  /** Commits what is waiting, then refuses. */
  async stop(): Promise<void> {
    this.#stopping = true
    while (this.#working !== undefined) await this.#working
  }
}

/** By how much the clock of the sensor was off when this happened: its monotonic clock, which nobody sets, tells. */
function skewOf(event: Event, epoch: number | undefined): number {
  if (epoch === undefined || event.mono === undefined) return 0
  const skew = Math.round(epoch + event.mono - parseMicros(event.time) / 1000)
  return Math.abs(skew) <= tolerance ? 0 : skew
}

function headOf(jobs: readonly Job[]): JournalHead {
  const dropped = jobs.flatMap((job) => job.dropped)
  const closed = jobs.flatMap((job) => job.closed)
  return {
    token: randomUUID(),
    commits: jobs.map(({ sensor, boot, ranges, count, duplicates }) => ({
      sensor,
      boot,
      ranges,
      received: count + duplicates,
      duplicates,
    })),
    ...(dropped.length > 0 && { dropped }),
    ...(closed.length > 0 && { closed }),
  }
}
