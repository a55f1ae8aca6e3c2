import { createCipheriv, type Cipher } from 'node:crypto'

// UMAC (RFC 4418) with AES-128, as OpenSSH uses it: the nonce is the packet's number in eight bytes.

const p36 = 2 ** 36 - 5
const p64 = 2n ** 64n - 59n
const word = 0xffff_ffff_ffff_ffffn
/** What one round of NH takes. */
const chunk = 1024

const aes = (key: Buffer): Cipher => createCipheriv('aes-128-ecb', key, null).setAutoPadding(false)

/** Key material for a purpose (RFC 4418 §3.2). */
function derive(key: Buffer, index: number, size: number): Buffer {
  const blocks = Buffer.alloc(Math.ceil(size / 16) * 16)
  for (let at = 0, i = 1; at < blocks.length; at += 16, i++) {
    blocks[at + 7] = index
    blocks.writeUInt32BE(i, at + 12)
  }
  return aes(key).update(blocks).subarray(0, size)
}

/** One of the independent hashes that a tag is made of: four bytes each. */
class Part {
  readonly #l1: Uint32Array
  readonly #k64: bigint
  readonly #l3: readonly number[]
  readonly #mask: number

  constructor(l1: Buffer, l2: Buffer, l3: Buffer, mask: Buffer) {
    this.#l1 = Uint32Array.from({ length: chunk / 4 }, (_, i) => l1.readUInt32BE(i * 4))
    this.#k64 = l2.readBigUInt64BE(0) & 0x01ff_ffff_01ff_ffffn
    this.#l3 = Array.from({ length: 8 }, (_, i) => Number(l3.readBigUInt64BE(i * 8) % BigInt(p36)))
    this.#mask = mask.readUInt32BE(0)
  }

  /** NH (§5.2.2) of words from one place to another, with the length in bits. */
  #nh(words: Uint32Array, from: number, to: number, bits: number): bigint {
    const key = this.#l1
    let sum = BigInt(bits)
    // Products are held as two halves of 48 bits; 32 of them fit into a number without loss.
    for (let start = from; start < to; start += 64) {
      let [low, high] = [0, 0]
      const end = Math.min(to, start + 64)
      for (let i = start; i < end; i += 8)
        for (let j = i; j < i + 4; j++) {
          const a = ((words[j] ?? 0) + (key[j - from] ?? 0)) >>> 0
          const b = ((words[j + 4] ?? 0) + (key[j - from + 4] ?? 0)) >>> 0
          low += (a & 0xffff) * b
          high += (a >>> 16) * b
        }
      sum += BigInt(low) + (BigInt(high) << 16n)
    }
    return sum & word
  }

  /** @param words the message as little-endian words, padded with zeros to 32 bytes */
  hash(words: Uint32Array, length: number): number {
    const count = Math.max(1, Math.ceil(length / chunk))
    let last = 0n
    let y = 1n
    for (let i = 0; i < count; i++) {
      const size = i === count - 1 ? length - i * chunk : chunk
      const end = i === count - 1 ? words.length : (i + 1) * (chunk / 4)
      last = this.#nh(words, i * (chunk / 4), end, size * 8)
      if (count === 1) break
      // The second layer (§5.3): a polynomial over what the first gives. Packets never reach the longer one.
      if (last >= 0xffff_ffff_0000_0000n) {
        y = (y * this.#k64 + p64 - 1n) % p64
        y = (y * this.#k64 + last - 59n) % p64
      } else y = (y * this.#k64 + last) % p64
    }
    if (count > 1) last = y
    // The third layer (§5.4): sixteen bits each; the upper eight of the sixteen bytes are zero and add nothing.
    let sum = 0
    for (let i = 4; i < 8; i++)
      sum = (sum + Number((last >> BigInt(16 * (7 - i))) & 0xffffn) * (this.#l3[i] ?? 0)) % p36
    return ((sum % 2 ** 32) ^ this.#mask) >>> 0
  }
}

/**
 * A keyed UMAC.
 * @param key sixteen bytes
 * @param size bytes of a tag: 8 for UMAC-64, 16 for UMAC-128
 * @returns a function from nonce and message to the tag
 */
export function umac(key: Buffer, size: 8 | 16): (nonce: Buffer, message: Buffer) => Buffer {
  const count = size / 4
  const l1 = derive(key, 1, chunk + (count - 1) * 16)
  const l2 = derive(key, 2, count * 24)
  const l3 = derive(key, 3, count * 64)
  const masks = derive(key, 4, count * 4)
  const parts = Array.from(
    { length: count },
    (_, i) =>
      new Part(
        l1.subarray(i * 16, i * 16 + chunk),
        l2.subarray(i * 24, i * 24 + 24),
        l3.subarray(i * 64, i * 64 + 64),
        masks.subarray(i * 4, i * 4 + 4),
      ),
  )
  const pad = aes(derive(key, 0, 16))
  return (nonce, message) => {
    const padded = Math.max(32, Math.ceil(message.length / 32) * 32)
    const bytes = Buffer.alloc(padded)
    message.copy(bytes)
    const words = new Uint32Array(padded / 4)
    for (let i = 0; i < words.length; i++) words[i] = bytes.readUInt32LE(i * 4)
    const block = Buffer.alloc(16)
    nonce.copy(block)
    // A short tag takes one of the two halves of a block: the nonce's last bit says which.
    const half = size === 8 ? (block[nonce.length - 1] ?? 0) & 1 : 0
    if (size === 8) block[nonce.length - 1] = (block[nonce.length - 1] ?? 0) & 0xfe
    const mask = pad.update(block).subarray(half * 8, half * 8 + size)
    const tag = Buffer.alloc(size)
    for (const [i, part] of parts.entries()) {
      const at = i * 4
      tag.writeUInt32BE((part.hash(words, message.length) ^ mask.readUInt32BE(at)) >>> 0, at)
    }
    return tag
  }
}
