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
import { bulkKinds } from '@skep/vocabulary'
import { kindOf, lineOf, readLines, type Spooled } from './lines.ts'
import { Losses, type Loss } from './losses.ts'

export type { Loss, Spooled }

/** An earlier run of the sensor that the hub has not been told the end of. */
export interface Run {
  readonly boot: string
  /** Whether it was stopped in order. */
  clean: boolean
}

export interface SpoolOptions {
  readonly folder: string
  /** At most so many bytes; beyond, the oldest bulk goes first, evidence last, and every loss is told. */
  readonly capBytes?: number
  /** What is older goes, and is told. */
  readonly capDays?: number
  readonly segmentBytes?: number
  /** The number of this run. */
  readonly boot?: string
  readonly onLoss?: (loss: Loss) => void
  /** All that is left of an earlier run has been delivered. */
  readonly onClosed?: (run: Run) => void
  /** Called before events are forced to the disk: for what they name to be there first. */
  readonly beforeSync?: () => Promise<void>
}

interface Segment {
  readonly number: number
  bytes: number
  /** Good lines in it. */
  count: number
  /** Only evidence is left in it. */
  lean: boolean
}

const name = (number: number): string => `${String(number).padStart(10, '0')}.seg`

/**
 * Events on disk, before anything else is done with them: append-only segments, a checksum on every line. Writes are
 * gathered for a few milliseconds and forced to the disk (fdatasync) before `written` resolves and before they are
 * offered to the uplink. A torn tail costs the line that was being written, never the segment. When there is no room,
 * connections and probes go before evidence, the oldest first; what goes is told, and so is what is left missing of an
 * earlier run when all that the spool has of it is delivered.
 */
export class Spool {
  readonly #folder: string
  #cap: number
  #capMs: number
  readonly #segmentBytes: number
  readonly #boot: string
  readonly #onClosed: (run: Run) => void
  readonly #beforeSync: () => Promise<void>
  readonly #segments: Segment[] = []
  #handle: number | undefined
  #pending: { boot: string; seq: number; json: string; line: Buffer }[] = []
  #flushing: Promise<void> | undefined
  #wake: (() => void) | undefined
  /** Up to which segment and line everything is acknowledged. */
  #cursor = { segment: 0, line: 0 }
  /** The segment that a batch on its way was read from: not to be touched until it is acknowledged. */
  #leased = -1
  readonly #losses: Losses
  /** Runs whose end is not told yet, oldest first. */
  #runs: Run[] = []
  #closed = false
  readonly #clock: NodeJS.Timeout

  constructor(options: SpoolOptions) {
    this.#folder = options.folder
    this.#cap = options.capBytes ?? 256 * 1024 * 1024
    this.#capMs = (options.capDays ?? 30) * 86_400_000
    this.#segmentBytes = options.segmentBytes ?? 1024 * 1024
    this.#boot = options.boot ?? ''
    this.#losses = new Losses(options.onLoss ?? (() => {}))
    this.#onClosed = options.onClosed ?? (() => {})
    this.#beforeSync = options.beforeSync ?? (async () => {})
    mkdirSync(this.#folder, { recursive: true })
    this.#open()
    this.#clock = setInterval(() => this.#enforceAge(), 600_000)
    this.#clock.unref()
  }

  /** Changes how much may lie here. */
  setCaps(bytes: number, days: number): void {
    this.#cap = bytes
    this.#capMs = days * 86_400_000
    this.#enforceAge()
    this.#enforceCap()
  }

  /** Tells what an earlier run left behind. Call when losses can be recorded. */
  begin(): void {
    this.#losses.tell()
    this.#tellClosed()
  }

  /** Events lost since the start, by reason. */
  get lost(): Readonly<Record<Loss['reason'], number>> {
    return this.#losses.count
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
    try {
      this.#runs = JSON.parse(readFileSync(join(this.#folder, 'runs'), 'utf8')) as Run[]
    } catch {
      // The first start, or a damaged file: the segments tell which runs there were.
    }
    for (const { number } of this.#segments)
      for (const line of this.#lines(number))
        if (line !== undefined && line.boot !== this.#boot && !this.#runs.some(({ boot }) => boot === line.boot))
          this.#runs.push({ boot: line.boot, clean: false })
    if (this.#boot !== '') this.#saveRuns([...this.#runs, { boot: this.#boot, clean: false }])
    this.#enforceAge()
  }

  #saveRuns(runs: readonly Run[]): void {
    const file = join(this.#folder, 'runs')
    try {
      writeFileSync(`${file}.part`, JSON.stringify(runs))
      renameSync(`${file}.part`, file)
    } catch {
      // Disk full: the segments tell, too.
    }
  }

  /** Runs of which nothing is left here are told of, in order. */
  #tellClosed(): void {
    if (this.#runs.length === 0 || this.#closed) return
    const next = this.#peek()?.boot
    const done = this.#runs.findIndex(({ boot }) => boot === next)
    const over = this.#runs.splice(0, done < 0 ? this.#runs.length : done)
    if (over.length === 0) return
    for (const run of over) this.#onClosed(run)
    void this.written().then(() => this.#saveRuns([...this.#runs, { boot: this.#boot, clean: this.#closed }]))
  }

  #peek(): Spooled | undefined {
    const segment = this.#firstUnread()
    if (segment === undefined) return undefined
    let at = segment.number === this.#cursor.segment ? this.#cursor.line : 0
    for (const line of this.#lines(segment.number)) if (line !== undefined && at-- === 0) return line
    return undefined
  }

  /** When the oldest event that waits was made, in milliseconds since 1970. */
  get oldest(): number | undefined {
    const time = /"time":"([^"]+)"/.exec(this.#peek()?.json ?? '')?.[1]
    return time === undefined ? undefined : Date.parse(time)
  }

  /** Reads a segment of an earlier run; lines whose checksum is wrong are losses. */
  #scan(number: number): Segment {
    const segment: Segment = { number, bytes: statSync(join(this.#folder, name(number))).size, count: 0, lean: false }
    let [bad, previous] = [0, undefined as { boot: string; seq: number } | undefined]
    for (const line of this.#lines(number)) {
      if (line === undefined) {
        bad++
        continue
      }
      if (bad > 0) {
        // What was lost is what is missing between two good lines of one boot.
        if (previous?.boot === line.boot && line.seq > previous.seq + 1) {
          this.#losses.owe({ boot: line.boot, first: previous.seq + 1, last: line.seq - 1, reason: 'corrupt' })
        }
        bad = 0
      }
      previous = line
      segment.count++
    }
    return segment
  }

  #lines(number: number): Generator<Spooled | undefined> {
    return readLines(join(this.#folder, name(number)))
  }

  #roll(): void {
    if (this.#handle !== undefined) closeSync(this.#handle)
    const number = Math.max(this.#cursor.segment - 1, this.#segments.at(-1)?.number ?? -1) + 1
    this.#handle = openSync(join(this.#folder, name(number)), 'a', 0o600)
    this.#segments.push({ number, bytes: 0, count: 0, lean: false })
    if (this.#segments.length === 1) this.#cursor = { segment: number, line: 0 }
  }

  /** Takes an event. Resolves when it is safe on the disk. */
  append({ boot, seq, json }: Spooled): void {
    const line = Buffer.from(lineOf({ boot, seq, json }))
    this.#pending.push({ boot, seq, json, line })
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
        this.#losses.lose(batch, 'disk')
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
      this.#losses.tell()
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

  /** The unread lines of a segment. */
  #unread({ number }: Segment): Spooled[] {
    const from = number === this.#cursor.segment ? this.#cursor.line : 0
    return [...this.#lines(number)].filter((line) => line !== undefined).slice(from)
  }

  #enforceCap(): void {
    // Neither the one that is written to, nor the one that a batch on its way was read from.
    const old = (): Segment[] => this.#segments.slice(0, -1).filter(({ number }) => number !== this.#leased)
    for (const segment of old()) {
      if (this.bytes <= this.#cap) return
      if (!segment.lean) this.#strip(segment)
    }
    for (const segment of old()) {
      if (this.bytes <= this.#cap) return
      this.#discard(segment, 'cap')
    }
  }

  #enforceAge(): void {
    for (const segment of this.#segments.slice(0, -1)) {
      if (segment.number === this.#leased) continue
      try {
        if (Date.now() - statSync(join(this.#folder, name(segment.number))).mtimeMs < this.#capMs) return
      } catch {
        return
      }
      this.#discard(segment, 'age')
    }
  }

  /** Takes what is bulk out of a segment. */
  #strip(segment: Segment): void {
    const lines = this.#unread(segment)
    const kept = lines.filter(({ json }) => !bulkKinds.has(kindOf(json)))
    if (kept.length === 0) return this.#discard(segment, 'cap')
    const content = Buffer.from(kept.map(lineOf).join(''))
    const file = join(this.#folder, name(segment.number))
    if (this.#cursor.segment === segment.number) {
      // First the cursor: the other way round, a crash between the two would skip lines.
      this.#cursor = { segment: segment.number, line: 0 }
      this.#saveCursor()
    }
    try {
      writeFileSync(`${file}.part`, content, { mode: 0o600, flush: true } as object)
      renameSync(`${file}.part`, file)
    } catch {
      // No room even for less: then the whole goes.
      rmSync(`${file}.part`, { force: true })
      return this.#discard(segment, 'cap')
    }
    segment.bytes = content.length
    segment.count = kept.length
    segment.lean = true
    this.#losses.lose(
      lines.filter(({ json }) => bulkKinds.has(kindOf(json))),
      'cap',
    )
  }

  #discard(segment: Segment, reason: Loss['reason']): void {
    const unread = this.#unread(segment)
    rmSync(join(this.#folder, name(segment.number)), { force: true })
    this.#segments.splice(this.#segments.indexOf(segment), 1)
    if (this.#cursor.segment === segment.number) {
      this.#cursor = { segment: this.#segments[0]?.number ?? segment.number + 1, line: 0 }
      this.#saveCursor()
    }
    this.#losses.lose(unread, reason)
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
    this.#leased = segment.number
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
    this.#leased = -1
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
    this.#tellClosed()
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
    clearInterval(this.#clock)
    if (this.#boot !== '') this.#saveRuns([...this.#runs, { boot: this.#boot, clean: true }])
    if (this.#handle === undefined) return
    fsyncSync(this.#handle)
    closeSync(this.#handle)
    this.#handle = undefined
    this.#wake?.()
  }
}
