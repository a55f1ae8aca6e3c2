import { promisify } from 'node:util'
import { brotliDecompress, gunzip } from 'node:zlib'
import { Event, schemaVersion, type BatchAnswer } from '@skep/vocabulary'
import type { Relational } from '../relational/database.ts'
import type { Ingest } from './ingest.ts'

/** Limits of what one sensor may ask of the hub: it is in a stranger's hands. */
export const limits = {
  /** Bytes of a batch as it comes, and unpacked. */
  body: 16 * 1024 * 1024,
  unpacked: 64 * 1024 * 1024,
  events: 50_000,
  line: 1024 * 1024,
  /** Events at once, and a second in the long run, of one sensor. */
  burst: 1_000_000,
  perSecond: 5000,
  /** Batches at once of one sensor. */
  atOnce: 2,
  /** Holes of one run, and runs of one sensor a day: more is a sensor that lies. */
  holes: 1000,
  runs: 500,
  blob: 64 * 1024 * 1024,
  blobsADay: 4 * 1024 * 1024 * 1024,
} as const

/** A batch was not taken; nothing in it was. */
export class NotTaken extends Error {
  override readonly name = 'NotTaken'
  readonly status: 400 | 413 | 415 | 422 | 429
  /** Under which it is counted. */
  readonly code: string
  readonly retryAfter: number | undefined
  constructor(status: NotTaken['status'], code: string, message: string, retryAfter?: number) {
    super(message)
    this.status = status
    this.code = code
    this.retryAfter = retryAfter
  }
}

export interface Delivery {
  readonly sensor: string
  readonly boot: string
  readonly provenance: string
  /** The Content-Encoding of the body. */
  readonly encoding: string | undefined
  /** The version of the vocabulary that the sender speaks. */
  readonly schema: number
  readonly body: Buffer
}

const unpackers: Readonly<Record<string, (body: Buffer) => Promise<Buffer>>> = {
  gzip: (body) => promisify(gunzip)(body, { maxOutputLength: limits.unpacked }),
  br: (body) => promisify(brotliDecompress)(body, { maxOutputLength: limits.unpacked }),
  identity: async (body) => body,
}

/** Takes batches: unpacks, checks every event, buries what is poison, commits the rest. */
export class Receiver {
  readonly #ingest: Ingest
  readonly #relational: Relational
  readonly #budgets = new Map<string, { left: number; at: number; busy: number; runs: Set<string>; day: number }>()

  constructor(ingest: Ingest, relational: Relational) {
    this.#ingest = ingest
    this.#relational = relational
  }

  #budget(sensor: string) {
    const now = Date.now()
    let one = this.#budgets.get(sensor)
    if (one === undefined) {
      one = { left: limits.burst, at: now, busy: 0, runs: new Set(), day: Math.floor(now / 86_400_000) }
      this.#budgets.set(sensor, one)
    }
    one.left = Math.min(limits.burst, one.left + ((now - one.at) / 1000) * limits.perSecond)
    one.at = now
    if (Math.floor(now / 86_400_000) !== one.day) {
      one.day = Math.floor(now / 86_400_000)
      one.runs.clear()
    }
    return one
  }

  /**
   * Takes a batch.
   * @returns what was committed and what was buried, and the events that were new
   * @throws NotTaken, or Busy when the store has too much to do
   */
  async take(delivery: Delivery): Promise<BatchAnswer & { events: readonly Event[] }> {
    const { sensor, boot, provenance } = delivery
    if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(boot))
      throw new NotTaken(400, 'malformed', 'Header X-Skep-Boot is missing or malformed')
    const budget = this.#budget(sensor)
    const strange = provenance === 'live' || provenance === 'quarantine'
    if (strange) {
      if (budget.busy >= limits.atOnce)
        throw new NotTaken(429, 'too many at once', 'Two batches of this sensor are being taken already', 1)
      budget.runs.add(boot)
      if (budget.runs.size > limits.runs)
        throw new NotTaken(429, 'too many runs', `More than ${limits.runs} runs in a day`, 3600)
    }
    budget.busy++
    try {
      const text = await unpack(delivery)
      const { events, rejected, letters } = read(text, delivery)
      if (strange) {
        if (budget.left < events.length)
          throw new NotTaken(429, 'too many events', `More than ${limits.perSecond} events a second`, 30)
        budget.left -= events.length
        const ranges = await this.#relational.ledger.ranges(sensor, boot)
        if (ranges.length > limits.holes)
          throw new NotTaken(422, 'too many holes', `More than ${limits.holes} holes in the numbers of this run`)
      }
      for (const { seq, reason, line } of letters)
        await this.#relational.ledger.bury({ sensor, boot, seq, reason, provenance }, line)
      const { fresh } = await this.#ingest.add(sensor, boot, events, provenance)
      // What is new was counted as it was committed.
      if (fresh === 0 && events.length > 0)
        await this.#relational.ledger.heard(sensor, boot, { received: events.length, duplicates: events.length })
      // A rejected event is accounted for, so it is no hole; the dead letters hold it.
      for (const { seq } of rejected)
        await this.#relational.ledger.declareDropped(sensor, boot, { first: seq, last: seq }, 'rejected')
      return { committed: events.length, rejected, events }
    } finally {
      budget.busy--
    }
  }

  /** Tries dead letters again: after an upgrade of the hub it may know them. @returns how many are stored now */
  async replay(): Promise<{ tried: number; stored: number }> {
    let [tried, stored] = [0, 0]
    for (let after = 0; ;) {
      const letters = await this.#relational.ledger.letters(500, after)
      if (letters.length === 0) return { tried, stored }
      for (const { id, sensor, boot, body, provenance } of letters) {
        after = id
        tried++
        const { events } = read(body, { sensor, boot, schema: schemaVersion })
        const [event] = events
        if (event === undefined) continue
        await this.#ingest.add(sensor, boot, [event], provenance)
        await this.#relational.ledger.revive(sensor, boot, event.seq)
        await this.#relational.ledger.removeLetter(id)
        stored++
      }
    }
  }
}

async function unpack({ body, encoding = 'identity' }: Delivery): Promise<string> {
  if (body.length > limits.body) throw new NotTaken(413, 'too large', `More than ${limits.body} bytes`)
  const unpacker = unpackers[encoding.trim().toLowerCase()]
  if (unpacker === undefined) throw new NotTaken(415, 'encoding', 'Content-Encoding must be gzip, br or identity')
  try {
    return (await unpacker(body)).toString('utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE')
      throw new NotTaken(413, 'unpacks too large', `More than ${limits.unpacked} bytes when unpacked`)
    throw new NotTaken(400, 'cannot unpack', `Cannot unpack the body as ${encoding}`)
  }
}

interface Letter {
  readonly seq: number
  readonly reason: string
  readonly line: string
}

/** Reads the lines of a batch; what no schema accepts becomes a dead letter. */
function read(
  text: string,
  { sensor, boot, schema }: Pick<Delivery, 'sensor' | 'boot' | 'schema'>,
): { events: Event[]; rejected: { seq: number; reason: string }[]; letters: Letter[] } {
  const events: Event[] = []
  const rejected: { seq: number; reason: string }[] = []
  const letters: Letter[] = []
  let count = 0
  for (let at = 0; at < text.length;) {
    const end = text.indexOf('\n', at)
    const line = text.slice(at, end < 0 ? text.length : end)
    at = end < 0 ? text.length : end + 1
    if (line === '') continue
    if (++count > limits.events) throw new NotTaken(413, 'too many lines', `More than ${limits.events} events`)
    const bury = (seq: unknown, reason: string): void => {
      const n = Number.isSafeInteger(seq) && Number(seq) >= 0 ? Number(seq) : -1
      const newer = schema > schemaVersion ? ` (the sensor speaks version ${schema}, this hub ${schemaVersion})` : ''
      letters.push({ seq: n, reason: `${reason}${newer}`, line: line.slice(0, 65_536) })
      if (n >= 0) rejected.push({ seq: n, reason: `${reason}${newer}`.slice(0, 250) })
    }
    if (line.length > limits.line) {
      bury(-1, `longer than ${limits.line}`)
      continue
    }
    let raw: unknown
    try {
      raw = JSON.parse(line)
    } catch {
      bury(-1, 'no JSON')
      continue
    }
    const seq = (raw as { seq?: unknown } | null)?.seq
    const parsed = Event.safeParse(raw)
    if (!parsed.success) {
      const [issue] = parsed.error.issues
      bury(seq, `${issue?.path.join('.').slice(0, 100) ?? ''}: ${issue?.message.slice(0, 200) ?? 'malformed'}`)
    } else if (parsed.data.sensor !== sensor || parsed.data.boot !== boot) {
      bury(seq, 'the event names another sensor or run')
    } else events.push(parsed.data)
  }
  return { events, rejected, letters }
}
