import { castTables } from './cast-tables.ts'

// Block ciphers that daemons of old still offer and OpenSSL has no more: Blowfish (Bruce Schneier, 1993) and CAST-128
// (RFC 2144). They guard nothing of value here; whoever asks for one must be answered as the old daemon does.

/** Works on a block of eight bytes: two words to two words. */
interface Block {
  readonly seal: (left: number, right: number) => readonly [number, number]
  readonly open: (left: number, right: number) => readonly [number, number]
}

const words = (bytes: Uint8Array): Uint32Array => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  return Uint32Array.from({ length: bytes.length / 4 }, (_, i) => view.getUint32(4 * i))
}

// ——— Blowfish ———

/** The bits of pi behind the point, from which Blowfish's tables are taken (Machin's formula). */
function fractionOfPi(bits: number): Uint32Array {
  const one = 1n << BigInt(bits + 64)
  const arctan = (x: bigint): bigint => {
    let [term, sum] = [one / x, one / x]
    for (let n = 3n; term !== 0n; n += 2n) {
      term /= -x * x
      sum += term / n
    }
    return sum
  }
  const pi = 16n * arctan(5n) - 4n * arctan(239n)
  const hex = ((pi - 3n * one) >> 64n).toString(16).padStart(bits / 4, '0')
  return Uint32Array.from({ length: bits / 32 }, (_, i) => Number.parseInt(hex.slice(8 * i, 8 * i + 8), 16))
}
let digits: Uint32Array | undefined

function blowfish(key: Uint8Array): Block {
  // Eighteen words of keys and four tables of 256.
  digits ??= fractionOfPi((18 + 4 * 256) * 32)
  const p = digits.slice(0, 18)
  const s = digits.slice(18)
  const f = (x: number): number =>
    ((((s[x >>> 24] ?? 0) + (s[256 + ((x >>> 16) & 255)] ?? 0)) ^ (s[512 + ((x >>> 8) & 255)] ?? 0)) +
      (s[768 + (x & 255)] ?? 0)) |
    0
  const run = (left: number, right: number, at: (round: number) => number): [number, number] => {
    let [l, r] = [left, right]
    for (let round = 0; round < 16; round++) {
      l ^= p[at(round)] ?? 0
      r ^= f(l)
      ;[l, r] = [r, l]
    }
    return [(r ^ (p[at(17)] ?? 0)) >>> 0, (l ^ (p[at(16)] ?? 0)) >>> 0]
  }
  const forward = (round: number): number => round
  const backward = (round: number): number => 17 - round
  for (let i = 0; i < 18; i++) {
    let word = 0
    for (let k = 0; k < 4; k++) word = (word << 8) | (key[(4 * i + k) % key.length] ?? 0)
    p[i] = (p[i] ?? 0) ^ word
  }
  let [l, r] = [0, 0]
  for (const table of [p, s])
    for (let i = 0; i < table.length; i += 2) {
      ;[l, r] = run(l, r, forward)
      table[i] = l
      table[i + 1] = r
    }
  return { seal: (a, b) => run(a, b, forward), open: (a, b) => run(a, b, backward) }
}

// ——— CAST-128 ———

let boxes: Uint32Array | undefined

function cast(key: Uint8Array): Block {
  const s = (boxes ??= words(Buffer.from(castTables, 'base64')))
  const box = (n: number, i: number): number => s[256 * (n - 1) + (i & 255)] ?? 0
  const x = Uint8Array.from(key)
  const z = new Uint8Array(16)
  const word = (of: Uint8Array, at: number): number => new DataView(of.buffer).getUint32(at)
  const put = (of: Uint8Array, at: number, value: number): void => new DataView(of.buffer).setUint32(at, value >>> 0)
  /** One step of the schedule: a word of one half, mixed with bytes of both (RFC 2144 §2.4). */
  const mix = (
    to: Uint8Array,
    at: number,
    from: Uint8Array,
    base: number,
    by: Uint8Array,
    [a, b, c, d]: readonly [number, number, number, number],
    last: number,
    extra: number,
  ): void =>
    put(
      to,
      at,
      word(from, base) ^
        box(5, by[a] ?? 0) ^
        box(6, by[b] ?? 0) ^
        box(7, by[c] ?? 0) ^
        box(8, by[d] ?? 0) ^
        box(last, from[extra] ?? 0),
    )
  const toZ = (): void => {
    mix(z, 0, x, 0, x, [13, 15, 12, 14], 7, 8)
    mix(z, 4, x, 8, z, [0, 2, 1, 3], 8, 10)
    mix(z, 8, x, 12, z, [7, 6, 5, 4], 5, 9)
    mix(z, 12, x, 4, z, [10, 9, 11, 8], 6, 11)
  }
  const toX = (): void => {
    mix(x, 0, z, 8, z, [5, 7, 4, 6], 7, 0)
    mix(x, 4, z, 0, x, [0, 2, 1, 3], 8, 2)
    mix(x, 8, z, 4, x, [7, 6, 5, 4], 5, 1)
    mix(x, 12, z, 12, x, [10, 9, 11, 8], 6, 3)
  }
  const keys: number[] = []
  /** Four keys of bytes of one half; the fifth byte goes through another box for each. */
  const take = (of: Uint8Array, rows: readonly (readonly [number, number, number, number, number])[]): void => {
    for (const [i, [a, b, c, d, e]] of rows.entries())
      keys.push(
        (box(5, of[a] ?? 0) ^ box(6, of[b] ?? 0) ^ box(7, of[c] ?? 0) ^ box(8, of[d] ?? 0) ^ box(5 + i, of[e] ?? 0)) >>>
          0,
      )
  }
  for (let half = 0; half < 2; half++) {
    toZ()
    take(z, [
      [8, 9, 7, 6, 2],
      [10, 11, 5, 4, 6],
      [12, 13, 3, 2, 9],
      [14, 15, 1, 0, 12],
    ])
    toX()
    take(x, [
      [3, 2, 12, 13, 8],
      [1, 0, 14, 15, 13],
      [7, 6, 8, 9, 3],
      [5, 4, 10, 11, 7],
    ])
    toZ()
    take(z, [
      [3, 2, 12, 13, 9],
      [1, 0, 14, 15, 12],
      [7, 6, 8, 9, 2],
      [5, 4, 10, 11, 6],
    ])
    toX()
    take(x, [
      [8, 9, 7, 6, 3],
      [10, 11, 5, 4, 7],
      [12, 13, 3, 2, 8],
      [14, 15, 1, 0, 13],
    ])
  }
  const f = (round: number, half: number): number => {
    const [mask, turn] = [keys[round] ?? 0, (keys[16 + round] ?? 0) & 31]
    const kind = round % 3
    const mixed = kind === 0 ? mask + half : kind === 1 ? mask ^ half : mask - half
    const i = (mixed << turn) | (turn === 0 ? 0 : mixed >>> (32 - turn))
    const [a, b, c, d] = [box(1, i >>> 24), box(2, i >>> 16), box(3, i >>> 8), box(4, i)]
    return kind === 0 ? (((a ^ b) - c) | 0) + d : kind === 1 ? ((a - b + c) | 0) ^ d : (((a + b) | 0) ^ c) - d
  }
  const run = (left: number, right: number, at: (round: number) => number): [number, number] => {
    let [l, r] = [left, right]
    for (let round = 0; round < 16; round++) [l, r] = [r, (l ^ f(at(round), r)) >>> 0]
    return [r, l]
  }
  return { seal: (a, b) => run(a, b, (round) => round), open: (a, b) => run(a, b, (round) => 15 - round) }
}

const makers = { 'bf-cbc': blowfish, 'cast5-cbc': cast } as const

/**
 * A cipher in CBC mode over blocks of eight bytes.
 * @param key of 16 bytes
 * @param iv of 8 bytes
 * @returns what takes whole blocks and goes on from where it was
 */
export function legacy(
  name: keyof typeof makers,
): (key: Buffer, iv: Buffer, seals: boolean) => (bytes: Buffer) => Buffer {
  return (key, iv, seals) => {
    const block = makers[name](key)
    let [left, right] = [iv.readUInt32BE(0), iv.readUInt32BE(4)]
    return (bytes) => {
      const out = Buffer.alloc(bytes.length)
      for (let at = 0; at + 8 <= bytes.length; at += 8) {
        const [a, b] = [bytes.readUInt32BE(at), bytes.readUInt32BE(at + 4)]
        const [x, y] = seals ? block.seal((a ^ left) >>> 0, (b ^ right) >>> 0) : block.open(a, b)
        const [l, r] = seals ? [x, y] : [(x ^ left) >>> 0, (y ^ right) >>> 0]
        out.writeUInt32BE(l >>> 0, at)
        out.writeUInt32BE(r >>> 0, at + 4)
        ;[left, right] = seals ? [x, y] : [a, b]
      }
      return out
    }
  }
}
