// What a file of the machine holds where nobody recorded it: made when it is read, always the same, and of the size
// that the listing shows. A program begins with its real header, because that is what attackers read of it.

const machines: Readonly<Record<string, number>> = { x86_64: 62, aarch64: 183, armv7l: 40, mips: 8 }
/** What loads a program of the machine, as its header names it. */
export const loaders: Readonly<Record<string, string>> = {
  x86_64: '/lib64/ld-linux-x86-64.so.2',
  aarch64: '/lib/ld-linux-aarch64.so.1',
}

/**
 * Makes the content of a file.
 * @param header the facts of a program's header, or "" for text
 * @param salt what makes it differ from others
 */
export function fill(size: number, header: string, arch: string, salt: string): Uint8Array {
  return header === '' ? text(size, salt) : program(size, header, arch, salt)
}

/** The facts of a program's header, as fill() takes them; undefined where the bytes are no program. */
export function headerOf(bytes: Uint8Array): string | undefined {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(64, bytes.length))
  if (head.length < 64 || head.readUInt32BE(0) !== 0x7f454c46) return undefined
  const wide = head[4] === 2
  const [entry, sections, flags] = wide
    ? [Number(head.readBigUInt64LE(24)), Number(head.readBigUInt64LE(40)), 48]
    : [head.readUInt32LE(24), head.readUInt32LE(32), 36]
  return [head.readUInt16LE(16), entry, sections, ...[8, 12, 14].map((at) => head.readUInt16LE(flags + at))].join(' ')
}

function hash(salt: string): number {
  let state = 2_166_136_261
  for (let i = 0; i < salt.length; i++) state = Math.imul(state ^ salt.charCodeAt(i), 16_777_619)
  return state | 1
}

function program(size: number, header: string, arch: string, salt: string): Uint8Array {
  const words = new Uint32Array(Math.ceil(size / 4))
  let state = hash(salt)
  for (let i = 0; i < words.length; i++) {
    // Xorshift: quick, and the same at each reading. Programs are full of zeroes; a third of the words is none.
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    words[i] = state % 3 === 0 ? 0 : state
  }
  const bytes = Buffer.from(words.buffer).subarray(0, size)
  const [kind = 3, entry = 0, sections = 0, segments = 13, count = 30, names = 29] = header.split(' ').map(Number)
  const wide = arch === 'x86_64' || arch === 'aarch64'
  const head = Buffer.alloc(64)
  Buffer.from([0x7f, 0x45, 0x4c, 0x46, wide ? 2 : 1, 1, 1, 0]).copy(head)
  head.writeUInt16LE(kind, 16)
  head.writeUInt16LE(machines[arch] ?? 62, 18)
  head.writeUInt32LE(1, 20)
  if (wide) {
    head.writeBigUInt64LE(BigInt(entry), 24)
    head.writeBigUInt64LE(64n, 32)
    head.writeBigUInt64LE(BigInt(sections), 40)
    ;[64, 56, segments, 64, count, names].forEach((value, i) => head.writeUInt16LE(value, 52 + 2 * i))
  } else {
    head.writeUInt32LE(entry, 24)
    head.writeUInt32LE(52, 28)
    head.writeUInt32LE(sections, 32)
    // The fifth ABI, without a floating-point unit.
    if (arch === 'armv7l') head.writeUInt32LE(0x0500_0200, 36)
    // MIPS32 release 2, the old 32-bit ABI, code that may lie anywhere.
    if (arch === 'mips') head.writeUInt32LE(0x7000_1007, 36)
    ;[52, 32, segments, 40, count, names].forEach((value, i) => head.writeUInt16LE(value, 40 + 2 * i))
  }
  head.copy(bytes)
  const at = 64 + 56 * segments
  const interpreter = `${loaders[arch] ?? ''}\0`
  if (wide && at + interpreter.length < size) {
    bytes.fill(0, 64, at)
    bytes.write(interpreter, at, 'latin1')
  }
  return bytes
}

function text(size: number, salt: string): Uint8Array {
  const line = `# ${salt.slice(salt.lastIndexOf('/') + 1)}\n`
  return Buffer.from(`#!/bin/sh\n${line.repeat(Math.ceil(size / line.length))}`.slice(0, Math.max(0, size)))
}
