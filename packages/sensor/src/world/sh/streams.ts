import type { DecoyFs } from '../fs.ts'

// Where commands read from and write to.

/** Bytes that a pipe or a substitution holds. */
export const maxPipe = 32 * 1024 * 1024

/** Nobody reads any more: whoever writes is ended, as by SIGPIPE. */
export class Broken extends Error {}

/** Something that can be written to. */
export interface Sink {
  write(text: string): void
  /** Whether it is the attacker's terminal. */
  readonly terminal?: boolean
}

/** What a command prints, kept until somebody takes it. */
export class Capture implements Sink {
  #parts: string[] = []
  #size = 0
  #told = 0
  #lines: number
  readonly #max: number
  readonly terminal: boolean

  /** @param max how many bytes it keeps, @param lines how many lines: then nobody reads any more */
  constructor(max: number, terminal = false, lines = Number.POSITIVE_INFINITY) {
    this.#max = max
    this.#lines = lines
    this.terminal = terminal
  }

  write(text: string): void {
    if (this.#lines !== Number.POSITIVE_INFINITY) {
      if (this.#lines <= 0) throw new Broken('nobody reads so much')
      for (let at = text.indexOf('\n'); at >= 0 && this.#lines > 0; at = text.indexOf('\n', at + 1)) this.#lines--
    }
    if (this.#size + text.length > this.#max) {
      this.#parts.push(text.slice(0, this.#max - this.#size))
      this.#size = this.#max
      throw new Broken('nobody reads so much')
    }
    this.#size += text.length
    this.#parts.push(text)
  }

  get text(): string {
    const text = this.#parts.join('')
    this.#parts = [text]
    return text
  }

  /** What has come since this was asked the last time. */
  fresh(): string {
    if (this.#told === this.#size) return ''
    const text = this.text.slice(this.#told)
    this.#told = this.#size
    return text
  }
}

export const nowhere: Sink = { write: () => {} }

/** A file that is open to be written. What is written comes into it when somebody else may look, or it is closed. */
export class FileSink implements Sink {
  readonly #fs: DecoyFs
  readonly path: string
  readonly #append: boolean
  #offset = 0
  #waiting: string[] = []

  constructor(fs: DecoyFs, path: string, append: boolean) {
    this.#fs = fs
    this.path = path
    this.#append = append
  }

  write(text: string): void {
    if (text !== '') this.#waiting.push(text)
  }

  /** @throws what the file system says */
  flush(): void {
    if (this.#waiting.length === 0) return
    const bytes = Buffer.from(this.#waiting.join(''), 'latin1')
    this.#waiting = []
    const node = this.#fs.node(this.path)
    const before =
      node === undefined || node.type === 'device' ? Buffer.alloc(0) : Buffer.from(this.#fs.content(this.path))
    const at = this.#append ? before.length : this.#offset
    const gap = at > before.length ? Buffer.alloc(at - before.length) : Buffer.alloc(0)
    this.#fs.write(this.path, Buffer.concat([before.subarray(0, at), gap, bytes, before.subarray(at + bytes.length)]))
    this.#offset = at + bytes.length
  }
}

/** What one end of a pipe holds, whoever reads it. */
interface Pipe {
  data: string
  at: number
  /** Waits for all that will come; undefined when it has come. */
  more: (() => Promise<string>) | undefined
}

/**
 * Bytes that can be read, by one after the other. Of a pipe that is still written to nothing is had until it is filled:
 * who reads it before has read nothing and is `starved`, and begins again when it is filled.
 */
export class Source {
  readonly #pipe: Pipe
  /** Whether it is the attacker's terminal, or the pipe of a session: there is no more than what has come. */
  readonly terminal: boolean
  #starved = false

  constructor(data: string | Pipe, terminal = false, more?: () => Promise<string>) {
    this.#pipe = typeof data === 'string' ? { data, at: 0, more } : data
    this.terminal = terminal
  }

  /** The same bytes for another reader, who is starved for himself. */
  view(): Source {
    return new Source(this.#pipe, this.terminal)
  }

  /** Whether something was wanted that had not come yet. */
  get starved(): boolean {
    return this.#starved
  }

  /** Waits for all that will come. */
  async fill(): Promise<void> {
    const { more } = this.#pipe
    this.#starved = false
    if (more === undefined) return
    const data = await more()
    if (this.#pipe.more === undefined) return
    this.#pipe.more = undefined
    this.#pipe.data += data
  }

  #want(): void {
    if (this.#pipe.more !== undefined) this.#starved = true
  }

  /** All that is left. */
  rest(): string {
    const rest = this.left
    this.#pipe.at = this.#pipe.data.length
    return rest
  }

  /** All that is left, which stays. */
  get left(): string {
    this.#want()
    return this.#pipe.data.slice(this.#pipe.at)
  }

  /** How much was read. */
  get position(): number {
    return this.#pipe.at
  }

  /** Goes back to what was read already. */
  rewind(position: number): void {
    this.#pipe.at = position
  }

  skip(count: number): void {
    this.#pipe.at = Math.min(this.#pipe.data.length, this.#pipe.at + count)
  }

  get empty(): boolean {
    this.#want()
    return this.#pipe.at >= this.#pipe.data.length
  }

  /** Up to a character, and whether it was there. */
  until(end: string, max = Number.POSITIVE_INFINITY): { readonly text: string; readonly ended: boolean } {
    this.#want()
    const { data, at } = this.#pipe
    const found = end === '' ? data.indexOf('\0', at) : data.indexOf(end, at)
    const stop = Math.min(found < 0 ? data.length : found, at + max)
    const text = data.slice(at, stop)
    const full = text.length >= max
    this.#pipe.at = Math.min(data.length, stop + (found === stop && !full ? 1 : 0))
    return { text, ended: full || found === stop }
  }

  peek(): string {
    return this.#pipe.data[this.#pipe.at] ?? ''
  }
}

/** What a number stands for. */
export interface Descriptor {
  readonly sink?: Sink
  readonly source?: Source
  /** What it is a file of. */
  readonly path?: string
}
export type Descriptors = ReadonlyMap<number, Descriptor>
