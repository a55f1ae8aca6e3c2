import {
  closeSync,
  existsSync,
  fdatasync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'

/** One event as it lies in the spool. */
export interface Spooled {
  readonly boot: string
  readonly seq: number
  /** The event as JSON. */
  readonly json: string
}

/** Events that are lost, and why. */
export interface Loss {
  readonly boot: string
  readonly first: number
  readonly last: number
  readonly reason: 'cap' | 'corrupt' | 'disk'
}

export interface SpoolOptions {
  readonly folder: string
  /** At most so many bytes; beyond, the oldest segment is dropped and the loss is told. */
  readonly capBytes?: number
  readonly segmentBytes?: number
  readonly onLoss?: (loss: Loss) => void
  /** Called before events are forced to the disk: for what they name to be there first. */
  readonly beforeSync?: () => Promise<void>
}

interface Segment {
  readonly number: number
  bytes: number
  /** Good lines in it. */
  count: number
}

const checksum = typeof crc32 === 'function' ? (text: string) => crc32(text) : fallbackCrc
const name = (number: number): string => `${String(number).padStart(10, '0')}.seg`

/**
 * Events on disk, before anything else is done with them: append-only segments, a checksum on every line. Writes are
 * gathered for a few milliseconds and forced to the disk (fdatasync) before `written` resolves and before they are
 * offered to the uplink. A torn tail costs the line that was being written, never the segment.
 */
export class Spool {
  readonly #folder: string
  readonly #cap: number
  readonly #segmentBytes: number
  readonly #onLoss: (loss: Loss) => void
  readonly #beforeSync: () => Promise<void>
  readonly #segments: Segment[] = []
  #handle: number | undefined
  #pending: { boot: string; seq: number; line: Buffer }[] = []
  #flushing: Promise<void> | undefined
  #wake: (() => void) | undefined
  /** Up to which segment and line everything is acknowledged. */
  #cursor = { segment: 0, line: 0 }
  #closed = false

  constructor(options: SpoolOptions) {
    this.#folder = options.folder
    this.#cap = options.capBytes ?? 256 * 1024 * 1024
    this.#segmentBytes = options.segmentBytes ?? 1024 * 1024
    this.#onLoss = options.onLoss ?? (() => {})
    this.#beforeSync = options.beforeSync ?? (async () => {})
    mkdirSync(this.#folder, { recursive: true })
    this.#open()
  }

  /** Bytes on disk. */
  get bytes(): number {
    return this.#segments.reduce((sum, { bytes }) => sum + bytes, 0)
  }

  /** Events that are not acknowledged. */
  get events(): number {
    const before = this.#cursor.line
    return this.#segments.reduce((sum, { count }) => sum + count, 0) - before + this.#pending.length
  }

  #open(): void {
    const numbers = readdirSync(this.#folder)
      .map((file) => /^(\d{10})\.seg$/.exec(file)?.[1])
      .filter((number) => number !== undefined)
      .map(Number)
      .sort((a, b) => a - b)
    for (const number of numbers) this.#segments.push(this.#scan(number))
    const cursor = join(this.#folder, 'cursor')
    if (existsSync(cursor)) {
      const [segment = 0, line = 0] = readFileSync(cursor, 'utf8').split(' ').map(Number)
      if (Number.isInteger(segment) && Number.isInteger(line)) this.#cursor = { segment, line }
    }
    if (this.#segments[0]?.number !== this.#cursor.segment)
      this.#cursor = { segment: this.#segments[0]?.number ?? 0, line: 0 }
    this.#roll()
  }

  /** Reads a segment of an earlier run; lines whose checksum is wrong are losses. */
  #scan(number: number): Segment {
    const segment: Segment = { number, bytes: statSync(join(this.#folder, name(number))).size, count: 0 }
    let [bad, previous] = [0, undefined as { boot: string; seq: number } | undefined]
    for (const line of this.#lines(number)) {
      if (line === undefined) {
        bad++
        continue
      }
      if (bad > 0) {
        // What was lost is what is missing between two good lines of one boot.
        if (previous?.boot === line.boot && line.seq > previous.seq + 1) {
          this.#onLoss({ boot: line.boot, first: previous.seq + 1, last: line.seq - 1, reason: 'corrupt' })
        }
        bad = 0
      }
      previous = line
      segment.count++
    }
    return segment
  }

  /** The lines of a segment, undefined for those that cannot be read. */
  *#lines(number: number): Generator<Spooled | undefined> {
    const text = readFileSync(join(this.#folder, name(number)), 'utf8')
    for (const line of text.split('\n')) {
      if (line === '') continue
      const [sum = '', boot = '', seq = ''] = line.split(' ', 3)
      const json = line.slice(sum.length + boot.length + seq.length + 3)
      const good = /^[0-9a-f]{8}$/.test(sum) && checksum(`${boot} ${seq} ${json}`) === Number.parseInt(sum, 16)
      yield good ? { boot, seq: Number(seq), json } : undefined
    }
  }

  #roll(): void {
    if (this.#handle !== undefined) closeSync(this.#handle)
    const number = Math.max(this.#cursor.segment - 1, this.#segments.at(-1)?.number ?? -1) + 1
    this.#handle = openSync(join(this.#folder, name(number)), 'a', 0o600)
    this.#segments.push({ number, bytes: 0, count: 0 })
    if (this.#segments.length === 1) this.#cursor = { segment: number, line: 0 }
  }

  /** Takes an event. Resolves when it is safe on the disk. */
  append({ boot, seq, json }: Spooled): void {
    const body = `${boot} ${seq} ${json}`
    const line = Buffer.from(`${checksum(body).toString(16).padStart(8, '0')} ${body}\n`)
    this.#pending.push({ boot, seq, line })
    this.#flushing ??= this.#flush().finally(() => (this.#flushing = undefined))
  }

  /** Resolves when all that was appended is safe on the disk. */
  async written(): Promise<void> {
    while (this.#flushing !== undefined) await this.#flushing
  }

  async #flush(): Promise<void> {
    // Some 10 ms: the cost of forcing the disk is per write, not per event.
    await new Promise((resolve) => setTimeout(resolve, 10))
    while (this.#pending.length > 0) {
      const batch = this.#pending
      this.#pending = []
      const bytes = Buffer.concat(batch.map(({ line }) => line))
      try {
        await this.#beforeSync()
        this.#write(bytes)
        await new Promise<void>((resolve, reject) => {
          fdatasync(this.#handle ?? -1, (error) => (error === null ? resolve() : reject(error)))
        })
      } catch {
        // The disk is full or gone: what cannot be kept is told, and counted. Half a line must not spoil the next.
        this.#cutTail()
        for (const loss of lossesOf(batch, 'disk')) this.#onLoss(loss)
        await new Promise((resolve) => setTimeout(resolve, 200))
        continue
      }
      const segment = this.#segments.at(-1)
      if (segment === undefined) continue
      segment.bytes += bytes.length
      segment.count += batch.length
      this.#wake?.()
      if (segment.bytes >= this.#segmentBytes) this.#roll()
      this.#enforceCap()
    }
  }

  #cutTail(): void {
    try {
      if (this.#handle !== undefined) ftruncateSync(this.#handle, this.#segments.at(-1)?.bytes ?? 0)
    } catch {
      // Then the checksum finds the half line.
    }
  }

  #write(bytes: Buffer): void {
    if (this.#handle === undefined) throw new Error('Cannot write: the spool is closed')
    for (let at = 0; at < bytes.length;) at += writeSync(this.#handle, bytes, at)
  }

  #enforceCap(): void {
    while (this.bytes > this.#cap && this.#segments.length > 1) {
      const oldest = this.#segments.shift()
      if (oldest === undefined) return
      const from = oldest.number === this.#cursor.segment ? this.#cursor.line : 0
      const unread = [...this.#lines(oldest.number)].filter((line) => line !== undefined).slice(from)
      rmSync(join(this.#folder, name(oldest.number)), { force: true })
      this.#cursor = { segment: this.#segments[0]?.number ?? oldest.number + 1, line: 0 }
      this.#saveCursor()
      for (const loss of lossesOf(unread, 'cap')) this.#onLoss(loss)
    }
  }

  /** Resolves when something is there to be sent, or after `ms`. */
  async waits(ms: number): Promise<void> {
    if (this.#firstUnread() !== undefined) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
    this.#wake = undefined
  }

  #firstUnread(): Segment | undefined {
    return this.#segments.find(({ number, count }) =>
      number > this.#cursor.segment ? count > 0 : number === this.#cursor.segment && count > this.#cursor.line,
    )
  }

  /** The next events to send, oldest first, all of one boot; the same again until they are acknowledged. */
  next(maxEvents: number, maxBytes: number): Spooled[] {
    const segment = this.#firstUnread()
    if (segment === undefined) return []
    const from = segment.number === this.#cursor.segment ? this.#cursor.line : 0
    const batch: Spooled[] = []
    let [at, bytes] = [0, 0]
    for (const line of this.#lines(segment.number)) {
      if (line === undefined || at++ < from) continue
      if (at > segment.count) break // not yet forced to the disk
      if (
        batch.length > 0 &&
        (line.boot !== batch[0]?.boot || batch.length >= maxEvents || bytes + line.json.length > maxBytes)
      )
        break
      batch.push(line)
      bytes += line.json.length
    }
    return batch
  }

  /** Drops what the hub has committed: the first `count` events that `next` gave. */
  acknowledge(count: number): void {
    const segment = this.#firstUnread()
    if (segment === undefined || count === 0) return
    const line = (segment.number === this.#cursor.segment ? this.#cursor.line : 0) + count
    this.#cursor = { segment: segment.number, line }
    if (line >= segment.count && segment !== this.#segments.at(-1)) {
      const following = this.#segments[this.#segments.indexOf(segment) + 1]
      this.#cursor = { segment: following?.number ?? segment.number + 1, line: 0 }
    }
    this.#saveCursor()
    while (this.#segments.length > 1 && (this.#segments[0]?.number ?? 0) < this.#cursor.segment) {
      rmSync(join(this.#folder, name(this.#segments.shift()?.number ?? 0)), { force: true })
    }
    // All is delivered: begin a new file rather than keep what nobody needs.
    const last = this.#segments.at(-1)
    const { segment: number, line: next } = this.#cursor
    const drained = last !== undefined && this.#segments.length === 1 && number === last.number && next >= last.count
    const quiet = this.#pending.length === 0 && this.#flushing === undefined && !this.#closed
    if (drained && quiet && last.bytes > this.#segmentBytes / 16) {
      this.#roll()
      const done = this.#segments.shift()
      this.#cursor = { segment: this.#segments[0]?.number ?? 0, line: 0 }
      this.#saveCursor()
      if (done !== undefined) rmSync(join(this.#folder, name(done.number)), { force: true })
    }
  }

  /** A lost cursor only means that events are sent twice, which changes nothing: it is written, not forced. */
  #saveCursor(): void {
    const file = join(this.#folder, 'cursor')
    try {
      writeFileSync(`${file}.part`, `${this.#cursor.segment} ${this.#cursor.line}`)
      renameSync(`${file}.part`, file)
    } catch {
      // Disk full: see above.
    }
  }

  /** Forces what is left to the disk. */
  async close(): Promise<void> {
    await this.written()
    this.#closed = true
    if (this.#handle === undefined) return
    fsyncSync(this.#handle)
    closeSync(this.#handle)
    this.#handle = undefined
    this.#wake?.()
  }
}

/** Runs of numbers of one boot as losses. */
function lossesOf(events: readonly { boot: string; seq: number }[], reason: Loss['reason']): Loss[] {
  const losses: { boot: string; first: number; last: number; reason: Loss['reason'] }[] = []
  for (const { boot, seq } of events) {
    const open = losses.at(-1)
    if (open !== undefined && open.boot === boot && seq === open.last + 1) open.last = seq
    else losses.push({ boot, first: seq, last: seq, reason })
  }
  return losses
}

/** CRC-32 (ISO 3309), for Node.js before 20.15 and 22.2. */
function fallbackCrc(text: string): number {
  let crc = 0xffff_ffff
  for (const byte of Buffer.from(text)) {
    crc ^= byte
    for (let i = 0; i < 8; i++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb8_8320 : 0)
  }
  return (crc ^ 0xffff_ffff) >>> 0
}
