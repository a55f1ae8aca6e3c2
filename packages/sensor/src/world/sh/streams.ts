import type { DecoyFs } from '../fs.ts'

// Where commands read from and write to.

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

/** Bytes that can be read, by one after the other. */
export class Source {
  readonly #data: string
  #at = 0
  /** Whether it is the attacker's terminal, or the pipe of a session: there is no more than what has come. */
  readonly terminal: boolean

  constructor(data: string, terminal = false) {
    this.#data = data
    this.terminal = terminal
  }

  /** All that is left. */
  rest(): string {
    const rest = this.#data.slice(this.#at)
    this.#at = this.#data.length
    return rest
  }

  /** All that is left, which stays. */
  get left(): string {
    return this.#data.slice(this.#at)
  }

  /** How much was read. */
  get position(): number {
    return this.#at
  }

  skip(count: number): void {
    this.#at = Math.min(this.#data.length, this.#at + count)
  }

  get empty(): boolean {
    return this.#at >= this.#data.length
  }

  /** Up to a character, and whether it was there. */
  until(end: string, max = Number.POSITIVE_INFINITY): { readonly text: string; readonly ended: boolean } {
    const found = end === '' ? this.#data.indexOf('\0', this.#at) : this.#data.indexOf(end, this.#at)
    const stop = Math.min(found < 0 ? this.#data.length : found, this.#at + max)
    const text = this.#data.slice(this.#at, stop)
    const full = text.length >= max
    this.#at = Math.min(this.#data.length, stop + (found === stop && !full ? 1 : 0))
    return { text, ended: full || found === stop }
  }

  peek(): string {
    return this.#data[this.#at] ?? ''
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
