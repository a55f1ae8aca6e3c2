/** The peer went away before it had said all. */
export class EndOfStream extends Error {
  override readonly name = 'EndOfStream'
}
/** The daemon that is imitated takes no more of these: a limit of its own, not of ours. */
export class Refused extends Error {
  override readonly name = 'Refused'
}
/** What the peer said cannot be read. The message is for the record. */
export class Malformed extends Error {
  override readonly name = 'Malformed'
  /** Whether the connection is reset when bytes of the peer are left unread, as a daemon's that ends does. */
  readonly abrupt: boolean

  constructor(message: string, { abrupt = false, ...options }: ErrorOptions & { abrupt?: boolean } = {}) {
    super(message, options)
    this.abrupt = abrupt
  }
}

const highWater = 256 * 1024

const none = Buffer.alloc(0)

/**
 * Reads a conversation: every read is bounded and waits for what it needs, so that a protocol reads like its
 * specification, whatever way the network cuts the bytes. One reader at a time.
 */
export class Reader {
  #store: Buffer = none
  #start = 0
  #end = 0
  #ended = false
  #wake: (() => void) | undefined
  #reading = false
  readonly #onDemand: ((wanted: boolean) => void) | undefined
  #open = true

  /** @param onDemand called with false when enough is buffered, with true when more is wanted */
  constructor(onDemand?: (wanted: boolean) => void) {
    this.#onDemand = onDemand
  }

  /** Bytes that are here and not yet read. */
  get buffered(): number {
    return this.#end - this.#start
  }

  /** Takes what the network brought. */
  push(chunk: Uint8Array): void {
    if (this.#end + chunk.length > this.#store.length) {
      const held = this.buffered
      const size = Math.max(1024, 2 ** Math.ceil(Math.log2(held + chunk.length)))
      // Twice the size each time: one byte a packet stays linear.
      const wider = size > this.#store.length ? Buffer.allocUnsafe(size) : this.#store
      this.#store.copy(wider, 0, this.#start, this.#end)
      this.#store = wider
      this.#start = 0
      this.#end = held
    }
    this.#store.set(chunk, this.#end)
    this.#end += chunk.length
    this.#demand()
    this.#notify()
  }

  /** No more will come. */
  end(): void {
    this.#ended = true
    this.#notify()
  }

  #notify(): void {
    const wake = this.#wake
    this.#wake = undefined
    wake?.()
  }

  #demand(): void {
    const wanted = this.buffered < highWater || this.#reading
    if (wanted === this.#open) return
    this.#open = wanted
    this.#onDemand?.(wanted)
  }

  /** @returns false when nothing more will come */
  async #more(): Promise<boolean> {
    if (this.#ended) return false
    this.#reading = true
    this.#demand()
    await new Promise<void>((resolve) => {
      this.#wake = resolve
    })
    this.#reading = false
    return true
  }

  #take(size: number): Buffer {
    const bytes = Buffer.from(this.#store.subarray(this.#start, this.#start + size))
    this.skip(size)
    return bytes
  }

  /** Drops bytes that were peeked at. */
  skip(size: number): void {
    this.#start += size
    if (this.#start >= this.#end) {
      this.#start = 0
      this.#end = 0
      // A conversation that went quiet holds no memory; small stores are kept, as they are needed again at once.
      if (this.#store.length > 2048) this.#store = none
    }
    this.#demand()
  }

  /** The next byte without taking it, undefined at the end. */
  async peek(): Promise<number | undefined> {
    while (this.buffered === 0) if (!(await this.#more())) return undefined
    return this.#store[this.#start]
  }

  /** Up to `size` bytes without taking them, waiting until so many are here or the end is. */
  async peekBytes(size: number): Promise<Buffer> {
    while (this.buffered < size) if (!(await this.#more())) break
    return Buffer.from(this.#store.subarray(this.#start, Math.min(this.#end, this.#start + size)))
  }

  /** What is here now, without waiting and without taking it. */
  here(): Buffer {
    return Buffer.from(this.#store.subarray(this.#start, this.#end))
  }

  /** Exactly `size` bytes. @throws EndOfStream */
  async bytes(size: number): Promise<Buffer> {
    while (this.buffered < size)
      if (!(await this.#more())) throw new EndOfStream(`the peer left, ${size - this.buffered} bytes early`)
    return this.#take(size)
  }

  /** Whatever is here, at least one byte and at most `max`; undefined at the end. */
  async some(max: number): Promise<Buffer | undefined> {
    while (this.buffered === 0) if (!(await this.#more())) return undefined
    return this.#take(Math.min(max, this.buffered))
  }

  /** Bytes up to a delimiter, which is taken and not given. @throws EndOfStream, Malformed beyond `max` bytes */
  async until(delimiter: string, max: number): Promise<Buffer> {
    const mark = Buffer.from(delimiter, 'latin1')
    for (let searched = 0; ;) {
      const at = this.#store.subarray(this.#start, this.#end).indexOf(mark, searched)
      if (at >= 0 && at <= max) {
        const bytes = this.#take(at)
        this.skip(mark.length)
        return bytes
      }
      if (at > max || this.buffered > max + mark.length) throw new Malformed(`no end within ${max} bytes`)
      searched = Math.max(0, this.buffered - mark.length + 1)
      if (!(await this.#more())) throw new EndOfStream('the peer left within a line')
    }
  }

  /** A line without its end (LF, or CR LF). @throws EndOfStream, Malformed beyond `max` bytes */
  async line(max: number): Promise<Buffer> {
    const line = await this.until('\n', max + 1)
    return line.at(-1) === 13 ? line.subarray(0, -1) : line
  }

  /** Puts back what was taken too early: it is read next. */
  unread(bytes: Uint8Array): void {
    if (bytes.length === 0) return
    const behind = this.here()
    this.#start = 0
    this.#end = 0
    this.push(bytes)
    if (behind.length > 0) this.push(behind)
  }

  /** Waits until something is here, or the end, or the signal. @returns whether something is here */
  async arrival(signal: AbortSignal): Promise<boolean> {
    const stop = (): void => this.#notify()
    signal.addEventListener('abort', stop, { once: true })
    while (this.buffered === 0 && !signal.aborted) if (!(await this.#more())) break
    signal.removeEventListener('abort', stop)
    return this.buffered > 0
  }

  /** Waits until something is here, the end, or the time is up. @returns whether something is here */
  async waits(ms: number): Promise<boolean> {
    if (this.buffered > 0) return true
    if (this.#ended) return false
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(() => {
        this.#notify()
        resolve()
      }, ms)
    })
    await Promise.race([this.#more(), late])
    clearTimeout(timer)
    return this.buffered > 0
  }
}

/** Reads inside one frame. Past its end it throws, it never gives undefined. */
export class Cursor {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  get left(): number {
    return this.#bytes.length - this.#at
  }

  #advance(size: number): number {
    if (size < 0 || size > this.left) throw new Malformed(`expected ${size} more bytes, got ${this.left}`)
    const at = this.#at
    this.#at += size
    return at
  }

  u8(): number {
    return this.#bytes.readUInt8(this.#advance(1))
  }
  u16(): number {
    return this.#bytes.readUInt16BE(this.#advance(2))
  }
  u32(): number {
    return this.#bytes.readUInt32BE(this.#advance(4))
  }
  bytes(size: number): Buffer {
    const at = this.#advance(size)
    return this.#bytes.subarray(at, at + size)
  }
  rest(): Buffer {
    return this.bytes(this.left)
  }
  /** A string with a 32-bit length before it (RFC 4251 §5). */
  string(): Buffer {
    return this.bytes(this.u32())
  }
  bool(): boolean {
    return this.u8() !== 0
  }
}
