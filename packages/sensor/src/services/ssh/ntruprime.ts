import { createHash, randomBytes } from 'node:crypto'

// Streamlined NTRU Prime with 761 coefficients, the server's half: to put a secret of our own into a capsule that only
// the holder of a public key opens. After the specification of the third round of NIST's post-quantum standardisation
// (NTRU Prime: round 3, 2020-10-07, chapter 4), as OpenSSH speaks it.

const [p, q, weight] = [761, 4591, 286]
const half = (q - 1) / 2

/** Bytes of a public key, of a capsule and of the secret in it. */
export const [publicKeySize, capsuleSize, secretSize] = [1158, 1039, 32]
const roundedSize = capsuleSize - 32

const hash = (kind: number, ...parts: readonly Uint8Array[]): Buffer => {
  const sum = createHash('sha512').update(Buffer.of(kind))
  for (const part of parts) sum.update(part)
  return sum.digest().subarray(0, 32)
}

/**
 * Numbers below their limits, out of a string of bytes (the specification's Decode): two neighbours are one number below
 * the product of their limits, until one number is left.
 */
function decode(bytes: Uint8Array, limits: readonly number[]): number[] {
  let at = 0
  const step = (below: readonly number[]): number[] => {
    const [only = 1] = below
    if (below.length === 1) {
      if (only === 1) return [0]
      const low = bytes[at] ?? 0
      return [(only <= 256 ? low : low + 256 * (bytes[at + 1] ?? 0)) % only]
    }
    const bottoms: { value: number; size: number }[] = []
    const next: number[] = []
    for (let i = 0; i + 1 < below.length; i += 2) {
      let limit = (below[i] ?? 1) * (below[i + 1] ?? 1)
      let [value, size] = [0, 1]
      while (limit >= 16_384) {
        value += size * (bytes[at++] ?? 0)
        size *= 256
        limit = Math.ceil(limit / 256)
      }
      bottoms.push({ value, size })
      next.push(limit)
    }
    if (below.length % 2 === 1) next.push(below.at(-1) ?? 1)
    const upper = step(next)
    const out: number[] = []
    for (const [i, { value, size }] of bottoms.entries()) {
      const joined = value + size * (upper[i] ?? 0)
      const limit = below[2 * i] ?? 1
      out.push(joined % limit, Math.floor(joined / limit) % (below[2 * i + 1] ?? 1))
    }
    if (below.length % 2 === 1) out.push(upper.at(-1) ?? 0)
    return out
  }
  return step(limits)
}

/** The other way round (the specification's Encode). */
function encode(numbers: readonly number[], limits: readonly number[]): Buffer {
  const out: number[] = []
  let [values, below] = [numbers, limits]
  while (values.length > 1) {
    const [nextValues, nextBelow]: [number[], number[]] = [[], []]
    for (let i = 0; i + 1 < values.length; i += 2) {
      const first = below[i] ?? 1
      let value = (values[i] ?? 0) + (values[i + 1] ?? 0) * first
      let limit = (below[i + 1] ?? 1) * first
      while (limit >= 16_384) {
        out.push(value % 256)
        value = Math.floor(value / 256)
        limit = Math.ceil(limit / 256)
      }
      nextValues.push(value)
      nextBelow.push(limit)
    }
    if (values.length % 2 === 1) {
      nextValues.push(values.at(-1) ?? 0)
      nextBelow.push(below.at(-1) ?? 1)
    }
    ;[values, below] = [nextValues, nextBelow]
  }
  let [value = 0] = values
  for (let limit = below[0] ?? 1; limit > 1; limit = Math.ceil(limit / 256)) {
    out.push(value % 256)
    value = Math.floor(value / 256)
  }
  return Buffer.from(out)
}

/** A polynomial of which 286 coefficients, drawn at random, are 1 or -1 and the others 0. */
function short(): Int8Array {
  const random = randomBytes(4 * p)
  const drawn = Array.from({ length: p }, (_, i) => {
    const word = random.readUInt32LE(4 * i)
    return i < weight ? word - (word % 2) : word - (word % 4) + 1
  })
  return Int8Array.from(
    drawn.sort((a, b) => a - b),
    (word) => (word % 4) - 1,
  )
}

/** Two bits a coefficient. */
function encodeSmall(small: Int8Array): Buffer {
  const out = Buffer.alloc(Math.ceil(p / 4))
  for (const [i, one] of small.entries()) out[i >> 2] = (out[i >> 2] ?? 0) + ((one + 1) << (2 * (i & 3)))
  return out
}

/** The product of a polynomial with a short one, modulo x^761 - x - 1 and 4591; coefficients from -2295 to 2295. */
function multiply(a: readonly number[], small: Int8Array): number[] {
  const product = new Int32Array(2 * p)
  for (const [i, one] of small.entries()) {
    if (one === 0) continue
    for (let j = 0; j < p; j++) product[i + j] = (product[i + j] ?? 0) + one * (a[j] ?? 0)
  }
  for (let i = 2 * p - 2; i >= p; i--) {
    const value = product[i] ?? 0
    product[i - p] = (product[i - p] ?? 0) + value
    product[i - p + 1] = (product[i - p + 1] ?? 0) + value
  }
  return Array.from(product.subarray(0, p), (value) => ((((value + half) % q) + q) % q) - half)
}

/**
 * Makes a secret and the capsule for it.
 * @param publicKey of 1158 bytes; any bytes are a key, whoever made them up has no secret of ours to open
 */
export function encapsulate(publicKey: Uint8Array): { capsule: Buffer; secret: Buffer } {
  const h = decode(
    publicKey,
    Array.from({ length: p }, () => q),
  ).map((value) => value - half)
  const r = short()
  // Rounded to the nearest multiple of three: nothing but that hides r.
  const rounded = multiply(h, r).map((value) => (Math.round(value / 3) * 3 + half) / 3)
  const sealed = encode(
    rounded,
    rounded.map(() => (q + 2) / 3),
  )
  if (sealed.length !== roundedSize) throw new RangeError('A capsule has another size')
  const inside = hash(3, encodeSmall(r))
  const capsule = Buffer.concat([sealed, hash(2, inside, hash(4, publicKey))])
  return { capsule, secret: hash(1, inside, capsule) }
}
