// RFC 8439 §2.5, in ten limbs of 13 bits: no product sum exceeds 2^53. node:crypto has it only inside the AEAD.

const limbs = 10
const radix = 8192
const prime = (1n << 130n) - 5n

/** The Poly1305 tag of a message under a one-time key of 32 bytes. */
export function poly1305(key: Buffer, message: Buffer): Buffer {
  const r = new Float64Array(limbs)
  const r5 = new Float64Array(limbs)
  split(key.subarray(0, 16), r, 0)
  // Clamp (§2.5.1), on the limbs.
  const clamped = little(key.subarray(0, 16)) & 0x0ffffffc0ffffffc0ffffffc0fffffffn
  for (let i = 0; i < limbs; i++) {
    r[i] = Number((clamped >> BigInt(13 * i)) & 8191n)
    r5[i] = 5 * (r[i] ?? 0)
  }
  const h = new Float64Array(limbs)
  const n = new Float64Array(limbs)
  const d = new Float64Array(limbs)
  for (let at = 0; at < message.length; at += 16) {
    split(message.subarray(at, at + 16), n, 1)
    for (let i = 0; i < limbs; i++) h[i] = (h[i] ?? 0) + (n[i] ?? 0)
    let carry = 0
    for (let i = 0; i < limbs; i++) {
      let sum = carry
      for (let j = 0; j < limbs; j++) sum += (h[j] ?? 0) * (j <= i ? (r[i - j] ?? 0) : (r5[i + limbs - j] ?? 0))
      carry = Math.floor(sum / radix)
      d[i] = sum - carry * radix
    }
    // The top carry is worth 5 at the bottom, for 2^130 = 5.
    let low = (d[0] ?? 0) + carry * 5
    carry = Math.floor(low / radix)
    low -= carry * radix
    d[0] = low
    d[1] = (d[1] ?? 0) + carry
    h.set(d)
  }
  let sum = 0n
  for (let i = limbs - 1; i >= 0; i--) sum = (sum << 13n) + BigInt(h[i] ?? 0)
  const tag = ((sum % prime) + little(key.subarray(16, 32))) & ((1n << 128n) - 1n)
  const out = Buffer.alloc(16)
  out.writeBigUInt64LE(tag & 0xffff_ffff_ffff_ffffn, 0)
  out.writeBigUInt64LE(tag >> 64n, 8)
  return out
}

const little = (bytes: Buffer): bigint => bytes.readBigUInt64LE(0) | (bytes.readBigUInt64LE(8) << 64n)

/** Up to 16 bytes, little-endian, into limbs; `one` puts a bit above the last byte. */
function split(bytes: Buffer, into: Float64Array, one: number): void {
  let [bits, held, limb] = [0, 0, 0]
  for (let i = 0; i <= 16; i++) {
    const byte = i < bytes.length ? (bytes[i] ?? 0) : i === bytes.length ? one : 0
    held += byte * 2 ** bits
    bits += 8
    while (bits >= 13 && limb < limbs) {
      into[limb++] = held % radix
      held = Math.floor(held / radix)
      bits -= 13
    }
  }
  if (limb < limbs) into[limb++] = held
  while (limb < limbs) into[limb++] = 0
}
