import { createHash } from 'node:crypto'
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { toRow, type Event, type StoredEvent } from '@skep/vocabulary'
import type { Enricher } from '../enrich/enricher.ts'
import { inRanges, rangesOf, type Range, type Relational } from '../relational/database.ts'
import type { Store } from '../store/client.ts'

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
  readonly events: readonly StoredEvent[]
  readonly done: () => void
  readonly failed: (error: unknown) => void
}

/** What the first line of a journal file says of the lines after it. */
interface JournalHead {
  readonly token: string
  readonly commits: readonly { sensor: string; boot: string; ranges: readonly Range[] }[]
}

/** Errors of the store that mean "this row", not "not now": the batch is halved until the row is found. */
const rowErrors = new Set([6, 26, 27, 38, 41, 53, 72, 117, 130, 131, 441, 467, 675, 676])
const maxQueued = 200_000
const maxBatch = 50_000

/**
 * The one way into the store. Events are enriched, written to a journal (fsync), inserted with a deduplication token,
 * noted as committed, and only then acknowledged. After a crash the journal is replayed with the same tokens, so that
 * neither the events nor anything derived from them is lost or counted twice.
 */
export class Ingest {
  readonly #store: Store
  readonly #relational: Relational
  readonly #enricher: Enricher
  readonly #journal: string
  readonly #onCommit: (events: readonly StoredEvent[]) => void
  readonly #locks = new Map<string, Promise<unknown>>()
  #queue: Job[] = []
  #queued = 0
  #working: Promise<void> | undefined
  #stopping = false
  #number = 0
  /** Counters for the status page. */
  readonly counts = { committed: 0, duplicates: 0, buried: 0, retries: 0 }

  constructor(options: {
    store: Store
    relational: Relational
    enricher: Enricher
    journal: string
    onCommit?: (events: readonly StoredEvent[]) => void
  }) {
    this.#store = options.store
    this.#relational = options.relational
    this.#enricher = options.enricher
    this.#journal = options.journal
    this.#onCommit = options.onCommit ?? (() => {})
    mkdirSync(this.#journal, { recursive: true })
  }

  /** Commits what a crash left in the journal. Call before the first event. @returns the number of batches */
  async recover(): Promise<number> {
    const files = readdirSync(this.#journal)
      .filter((name) => name.endsWith('.ndjson'))
      .sort()
    for (const name of files) {
      const file = join(this.#journal, name)
      const content = readFileSync(file)
      const split = content.indexOf(10)
      const head = JSON.parse(content.toString('utf8', 0, split)) as JournalHead
      await this.#insert(content.subarray(split + 1), head.token)
      this.#relational.commit(head.commits)
      rmSync(file)
    }
    for (const name of readdirSync(this.#journal)) rmSync(join(this.#journal, name))
    return files.length
  }

  /**
   * Takes events of one sensor and boot; those that are committed already are left out.
   * Resolves when all are committed. @throws Busy when too much is waiting
   */
  async add(sensor: string, boot: string, events: readonly Event[], provenance: string): Promise<void> {
    if (this.#stopping) throw new Busy('the hub is stopping', 5)
    if (this.#queued > maxQueued) throw new Busy(`${this.#queued} events are waiting for the store`, 5)
    const key = `${sensor} ${boot}`
    // One at a time per boot: a batch that is sent again while its first copy is being committed must wait for it.
    const before = this.#locks.get(key) ?? Promise.resolve()
    const turn = before.then(() => this.#addInTurn(sensor, boot, events, provenance))
    const settled = turn.catch(() => undefined)
    this.#locks.set(key, settled)
    void settled.then(() => {
      if (this.#locks.get(key) === settled) this.#locks.delete(key)
    })
    await turn
  }

  async #addInTurn(sensor: string, boot: string, events: readonly Event[], provenance: string): Promise<void> {
    const committed = this.#relational.ranges(sensor, boot)
    const seen = new Set<number>()
    const fresh = events.filter(({ seq }) => {
      if (seen.has(seq) || inRanges(committed, seq)) return false
      seen.add(seq)
      return true
    })
    this.counts.duplicates += events.length - fresh.length
    if (fresh.length === 0) return
    const day = fresh[0]?.time.slice(0, 10) ?? ''
    if (provenance !== 'live') await this.#enricher.prepare(day)
    const received = new Date().toISOString()
    const stored = fresh.map((event): StoredEvent => {
      const origin = this.#enricher.lookup(event.source?.ip ?? '', event.time.slice(0, 10))
      return { ...event, received, provenance, origin }
    })
    for (let i = 0; i < stored.length; i += maxBatch) {
      const part = stored.slice(i, i + maxBatch)
      await new Promise<void>((done, failed) => {
        this.#queue.push({ sensor, boot, events: part, done, failed })
        this.#queued += part.length
        this.#working ??= this.#work().finally(() => (this.#working = undefined))
      })
    }
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
        size += job.events.length
      }
      try {
        await this.#commit(jobs)
        for (const job of jobs) job.done()
        this.#onCommit(jobs.flatMap(({ events }) => events))
      } catch (error) {
        for (const job of jobs) job.failed(error)
      }
      this.#queued -= size
    }
  }

  async #commit(jobs: readonly Job[]): Promise<void> {
    const lines = Buffer.from(jobs.flatMap(({ events }) => events.map((e) => `${JSON.stringify(toRow(e))}\n`)).join(''))
    const token = createHash('sha256').update(lines).digest('hex')
    const commits = jobs.map(({ sensor, boot, events }) => ({
      sensor,
      boot,
      ranges: rangesOf(events.map(({ seq }) => seq)),
    }))
    const file = join(this.#journal, `${Date.now()}-${String(this.#number++).padStart(9, '0')}.ndjson`)
    const head: JournalHead = { token, commits }
    writeDurably(file, Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), lines]))
    await this.#insert(lines, token)
    for (const { sensor, boot, events } of jobs) {
      for (const event of events) {
        if (event.kind !== 'spool.dropped') continue
        this.#relational.declareDropped(
          sensor,
          boot,
          { first: event.data.from, last: event.data.to },
          event.data.reason,
        )
      }
    }
    this.#relational.commit(commits)
    rmSync(file)
    this.counts.committed += jobs.reduce((sum, { events }) => sum + events.length, 0)
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
        this.counts.retries++
        await new Promise((resolve) => setTimeout(resolve, Math.min(5000, 100 * 2 ** attempt)))
      }
    }
  }

  async #halve(lines: Buffer, token: string, error: unknown): Promise<void> {
    const rows = lines.toString('utf8').trimEnd().split('\n')
    if (rows.length === 1) {
      const row = rows[0] ?? ''
      const { sensor } = JSON.parse(row) as { sensor: string }
      this.#relational.bury(sensor, error instanceof Error ? error.message : String(error), row)
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
    await this.#working?.catch(() => undefined)
  }
}

/** Writes a file so that it is either whole on the disk or not there. */
export function writeDurably(file: string, content: Buffer): void {
  const draft = `${file}.part`
  const handle = openSync(draft, 'w', 0o600)
  try {
    for (let at = 0; at < content.length;) at += writeSync(handle, content, at)
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
  renameSync(draft, file)
}
