import { EndOfStream, Malformed, Reader } from '../../../runtime/reader.ts'

// Numbers and frames of rsync's protocol 31 (io.c), which has no specification but its source.

/** How many bytes follow the first of a number, by its upper bits (int_byte_extra in io.c). */
const extraOf = (first: number): number =>
  first < 0x80 ? 0 : first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf8 ? 4 : first < 0xfc ? 5 : 6

export const int = (n: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32LE(n | 0)
  return bytes
}
export const short = (n: number): Buffer => Buffer.of(n & 255, n >> 8)

const little = (n: bigint): number[] => {
  const bytes: number[] = []
  for (let left = n; left > 0n; left >>= 8n) bytes.push(Number(left & 255n))
  return bytes
}

/** A number of at least `min` bytes: what needs more says so in its first byte (write_varlong). */
export function varlong(n: number | bigint, min: number): Buffer {
  const bytes = little(BigInt.asUintN(64, BigInt(n)))
  while (bytes.length < min) bytes.push(0)
  const last = bytes.at(-1) ?? 0
  const extra = bytes.length - min
  // The bits that tell how many follow have to fit beside the highest byte.
  if (last >= 1 << (7 - extra)) return Buffer.of(0xff & ~((1 << (7 - extra)) - 1), ...bytes)
  return Buffer.of((0xff & ~((1 << (8 - extra)) - 1)) | last, ...bytes.slice(0, -1))
}
export const varint = (n: number): Buffer => varlong(n, 1)

/** Indexes of files, told by how far they are from the one before (write_ndx); −1 is the end of a phase. */
export class Indexes {
  #before = -1

  write(index: number): Buffer {
    if (index < 0) return Buffer.of(0)
    const step = index - this.#before
    this.#before = index
    if (step > 0 && step < 0xfe) return Buffer.of(step)
    if (step < 0 || step > 0x7fff)
      return Buffer.of(0xfe, (index >> 24) | 0x80, index & 255, (index >> 8) & 255, (index >> 16) & 255)
    return Buffer.of(0xfe, step >> 8, step & 255)
  }

  async read(input: Frames): Promise<number> {
    const first = await input.byte()
    if (first === 0) return -1
    if (first === 0xff) throw new Malformed('rsync: an index that is none')
    if (first < 0xfe) return (this.#before += first)
    const [high = 0, low = 0] = await input.bytes(2)
    if ((high & 0x80) === 0) return (this.#before += (high << 8) | low)
    const [third = 0, fourth = 0] = await input.bytes(2)
    return (this.#before = ((high & 0x7f) << 24) | (fourth << 16) | (third << 8) | low)
  }
}

const base = 7
export const code = { data: 0, errorXfer: 1, info: 2, error: 3 } as const

/** Bytes as they are framed among messages (multiplexing). */
export function frame(bytes: Buffer, kind: number = code.data): Buffer {
  const frames: Buffer[] = []
  for (let at = 0; at < bytes.length; at += 0xff_ffff) {
    const part = bytes.subarray(at, at + 0xff_ffff)
    const head = Buffer.alloc(4)
    head.writeUInt32LE((((base + kind) << 24) | part.length) >>> 0)
    frames.push(head, part)
  }
  return Buffer.concat(frames)
}

/** Reads what comes in frames. */
export class Frames {
  readonly #input: Reader
  #left = 0
  /** How much was read. */
  count = 0
  /** Whether it is framed yet. */
  framed = false

  constructor(input: Reader) {
    this.#input = input
  }

  /** Exactly `size` bytes, whatever frames they come in. @throws EndOfStream, Malformed */
  async bytes(size: number): Promise<Buffer> {
    this.count += size
    if (!this.framed) return this.#input.bytes(size)
    const parts: Buffer[] = []
    for (let left = size; left > 0;) {
      while (this.#left === 0) {
        const head = (await this.#input.bytes(4)).readUInt32LE()
        const [kind, length] = [(head >>> 24) - base, head & 0xff_ffff]
        if (kind < 0) throw new Malformed('rsync: a frame that is none')
        if (kind === code.data) this.#left = length
        // Words of the other side are not for us.
        else for (let rest = length; rest > 0; rest -= 65_536) await this.#input.bytes(Math.min(rest, 65_536))
      }
      const part = await this.#input.some(Math.min(left, this.#left))
      if (part === undefined) throw new EndOfStream('the client left within a file')
      parts.push(part)
      left -= part.length
      this.#left -= part.length
    }
    return parts.length === 1 ? (parts[0] ?? Buffer.alloc(0)) : Buffer.concat(parts)
  }

  async byte(): Promise<number> {
    return (await this.bytes(1))[0] ?? 0
  }
  async int(): Promise<number> {
    return (await this.bytes(4)).readInt32LE()
  }
  async short(): Promise<number> {
    return (await this.bytes(2)).readUInt16LE()
  }

  /** @throws Malformed for more than 64 bits */
  async varlong(min: number): Promise<number> {
    const head = await this.bytes(min)
    const first = head[0] ?? 0
    const extra = extraOf(first)
    if (min + extra > 9) throw new Malformed('rsync: a number that is none')
    const bytes = [...head.subarray(1), ...(await this.bytes(extra))]
    bytes.push(extra === 0 ? first : first & ((1 << (8 - extra)) - 1))
    let value = 0n
    for (const byte of bytes.toReversed()) value = (value << 8n) | BigInt(byte)
    return Number(BigInt.asIntN(64, value))
  }
  async varint(): Promise<number> {
    return (await this.varlong(1)) | 0
  }

  /** A text with its length before it: one byte, or two where the first has its highest bit. */
  async text(): Promise<string> {
    let length = await this.byte()
    if (length & 0x80) length = (length & 0x7f) * 0x100 + (await this.byte())
    return (await this.bytes(length)).toString('latin1')
  }
}
