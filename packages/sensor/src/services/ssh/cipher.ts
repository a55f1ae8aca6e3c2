import { createCipheriv, createDecipheriv, createHmac, timingSafeEqual, type Cipher, type Decipher } from 'node:crypto'
import { Malformed, type Reader } from '../../runtime/reader.ts'
import { legacy } from './legacy.ts'
import { poly1305 } from './poly1305.ts'
import { umac } from './umac.ts'
import { uint32 } from './wire.ts'

// Packets on the wire: RFC 4253 §6, RFC 5647 (GCM), OpenSSH's PROTOCOL (etm MACs) and PROTOCOL.chacha20poly1305.

/** The longest packet that is read; OpenSSH takes 256 KiB, and RFC 4253 asks for 35,000 bytes at least. */
const maxPacket = 256 * 1024

/** Seals what goes out. */
export interface Sealer {
  /** Block size for padding, and whether the length field counts into it. */
  readonly block: number
  readonly lengthPadded: boolean
  readonly seal: (seq: number, packet: Buffer) => Buffer
}
/** Opens what comes in: reads one packet and gives it without its length. */
export interface Opener {
  readonly open: (seq: number, input: Reader) => Promise<Buffer>
}

/** Before keys are agreed on. */
export const plain: Sealer & Opener = {
  block: 8,
  lengthPadded: true,
  seal: (_, packet) => packet,
  open: async (_, input) => input.bytes(checkLength((await input.bytes(4)).readUInt32BE(), 8, true)),
}

function checkLength(length: number, block: number, lengthPadded: boolean): number {
  if (length < 5 || length > maxPacket || (length + (lengthPadded ? 4 : 0)) % block !== 0)
    throw new Malformed(`Bad packet length ${length}.`)
  return length
}

/** What a cipher needs, and how it is made. */
export interface CipherSpec {
  readonly keySize: number
  readonly ivSize: number
  /** Whether it authenticates by itself, so that no MAC is negotiated. */
  readonly aead: boolean
  readonly make: (
    key: Buffer,
    iv: Buffer,
    mac: MacSpec | undefined,
    macKey: Buffer,
  ) => { sealer: () => Sealer; opener: () => Opener }
}
export interface MacSpec {
  readonly keySize: number
  /** Bytes of a tag. */
  readonly size: number
  /** Over the sealed packet (OpenSSH's PROTOCOL §1.5), or over the open one. */
  readonly etm: boolean
  /** The tags of packets, by their number. */
  readonly make: (key: Buffer) => (seq: number, bytes: Buffer) => Buffer
}

const hmac = (hash: string, keySize: number, etm: boolean, size = keySize): MacSpec => ({
  keySize,
  size,
  etm,
  make: (key) => (seq, bytes) => createHmac(hash, key).update(uint32(seq)).update(bytes).digest().subarray(0, size),
})
const umacOf = (size: 8 | 16, etm: boolean): MacSpec => ({
  keySize: 16,
  size,
  etm,
  make(key) {
    const tag = umac(key, size)
    return (seq, bytes) => tag(Buffer.concat([uint32(0), uint32(seq)]), bytes)
  },
})

export const macs: Readonly<Record<string, MacSpec>> = {
  'umac-64-etm@openssh.com': umacOf(8, true),
  'umac-128-etm@openssh.com': umacOf(16, true),
  'hmac-sha2-256-etm@openssh.com': hmac('sha256', 32, true),
  'hmac-sha2-512-etm@openssh.com': hmac('sha512', 64, true),
  'hmac-sha1-etm@openssh.com': hmac('sha1', 20, true),
  'umac-64@openssh.com': umacOf(8, false),
  'umac-128@openssh.com': umacOf(16, false),
  'hmac-sha2-256': hmac('sha256', 32, false),
  'hmac-sha2-512': hmac('sha512', 64, false),
  'hmac-sha1': hmac('sha1', 20, false),
  'hmac-sha1-96': hmac('sha1', 20, false, 12),
}

const wrong = (): Malformed => new Malformed('Corrupted MAC on input.')

function chacha(): CipherSpec {
  return {
    keySize: 64,
    ivSize: 0,
    aead: true,
    make(key) {
      const [body, head] = [key.subarray(0, 32), key.subarray(32, 64)]
      const stream = (k: Buffer, seq: number, counter: number) => {
        const iv = Buffer.alloc(16)
        iv.writeUInt32LE(counter, 0)
        iv.writeUInt32BE(seq, 12)
        return createCipheriv('chacha20', k, iv)
      }
      const tag = (seq: number, bytes: Buffer) => poly1305(stream(body, seq, 0).update(Buffer.alloc(32)), bytes)
      return {
        sealer: () => ({
          block: 8,
          lengthPadded: false,
          seal(seq, packet) {
            const sealed = Buffer.concat([
              stream(head, seq, 0).update(packet.subarray(0, 4)),
              stream(body, seq, 1).update(packet.subarray(4)),
            ])
            return Buffer.concat([sealed, tag(seq, sealed)])
          },
        }),
        opener: () => ({
          async open(seq, input) {
            const sealedLength = await input.bytes(4)
            const length = checkLength(stream(head, seq, 0).update(sealedLength).readUInt32BE(), 8, false)
            const sealed = await input.bytes(length)
            const given = await input.bytes(16)
            if (!timingSafeEqual(tag(seq, Buffer.concat([sealedLength, sealed])), given)) throw wrong()
            return stream(body, seq, 1).update(sealed)
          },
        }),
      }
    },
  }
}

function gcm(bits: 128 | 256): CipherSpec {
  const name = `aes-${bits}-gcm` as const
  return {
    keySize: bits / 8,
    ivSize: 12,
    aead: true,
    make(key, iv) {
      const nonce = Buffer.from(iv)
      const next = () => {
        const now = Buffer.from(nonce)
        nonce.writeBigUInt64BE((nonce.readBigUInt64BE(4) + 1n) & 0xffff_ffff_ffff_ffffn, 4)
        return now
      }
      return {
        sealer: () => ({
          block: 16,
          lengthPadded: false,
          seal(_, packet) {
            const cipher = createCipheriv(name, key, next())
            cipher.setAAD(packet.subarray(0, 4))
            const sealed = cipher.update(packet.subarray(4))
            cipher.final()
            return Buffer.concat([packet.subarray(0, 4), sealed, cipher.getAuthTag()])
          },
        }),
        opener: () => ({
          async open(_, input) {
            const head = await input.bytes(4)
            const sealed = await input.bytes(checkLength(head.readUInt32BE(), 16, false))
            const decipher = createDecipheriv(name, key, next())
            decipher.setAAD(head)
            decipher.setAuthTag(await input.bytes(16))
            const packet = decipher.update(sealed)
            try {
              decipher.final()
            } catch {
              throw wrong()
            }
            return packet
          },
        }),
      }
    },
  }
}

/** A cipher as a stream of bytes of whole blocks. */
type Stream = (key: Buffer, iv: Buffer, sealing: boolean) => (bytes: Buffer) => Buffer
const openssl =
  (name: string): Stream =>
  (key, iv, sealing) => {
    const made: Cipher | Decipher = sealing ? createCipheriv(name, key, iv) : createDecipheriv(name, key, iv)
    made.setAutoPadding(false)
    return (bytes) => made.update(bytes)
  }
/** Triple DES as a counter (RFC 4344 §4), which OpenSSL has not: the counter is sealed block by block. */
const tripleDesCounter: Stream = (key, iv) => {
  const block = createCipheriv('des-ede3-ecb', key, null)
  block.setAutoPadding(false)
  let counter = iv.readBigUInt64BE(0)
  return (bytes) => {
    const counters = Buffer.alloc(bytes.length)
    for (let at = 0; at < bytes.length; at += 8) {
      counters.writeBigUInt64BE(counter, at)
      counter = (counter + 1n) & 0xffff_ffff_ffff_ffffn
    }
    const pad = block.update(counters)
    for (const [i, one] of bytes.entries()) pad[i] = (pad[i] ?? 0) ^ one
    return pad
  }
}

/** Ciphers that need a MAC beside them: counters and chains of blocks. */
function blocks(keySize: number, block: 8 | 16, stream: Stream): CipherSpec {
  return {
    keySize,
    ivSize: block,
    aead: false,
    make(key, iv, mac, macKey) {
      if (mac === undefined) throw new RangeError('Cannot use a stream cipher without a MAC')
      const sum = mac.make(macKey)
      return {
        sealer() {
          const seal = stream(key, iv, true)
          return {
            block,
            lengthPadded: !mac.etm,
            seal(seq, packet) {
              if (!mac.etm) return Buffer.concat([seal(packet), sum(seq, packet)])
              const sealed = Buffer.concat([packet.subarray(0, 4), seal(packet.subarray(4))])
              return Buffer.concat([sealed, sum(seq, sealed)])
            },
          }
        },
        opener() {
          const open = stream(key, iv, false)
          return {
            async open(seq, input) {
              if (mac.etm) {
                const head = await input.bytes(4)
                const sealed = await input.bytes(checkLength(head.readUInt32BE(), block, false))
                if (!timingSafeEqual(sum(seq, Buffer.concat([head, sealed])), await input.bytes(mac.size)))
                  throw wrong()
                return open(sealed)
              }
              const first = open(await input.bytes(block))
              const length = checkLength(first.readUInt32BE(), block, true)
              const left = length + 4 - block
              const rest = left > 0 ? open(await input.bytes(left)) : Buffer.alloc(0)
              const packet = Buffer.concat([first, rest])
              if (!timingSafeEqual(sum(seq, packet), await input.bytes(mac.size))) throw wrong()
              return packet.subarray(4)
            },
          }
        },
      }
    },
  }
}

export const ciphers: Readonly<Record<string, CipherSpec>> = {
  'chacha20-poly1305@openssh.com': chacha(),
  'aes128-gcm@openssh.com': gcm(128),
  'aes256-gcm@openssh.com': gcm(256),
  'aes128-ctr': blocks(16, 16, openssl('aes-128-ctr')),
  'aes192-ctr': blocks(24, 16, openssl('aes-192-ctr')),
  'aes256-ctr': blocks(32, 16, openssl('aes-256-ctr')),
  'aes128-cbc': blocks(16, 16, openssl('aes-128-cbc')),
  'aes192-cbc': blocks(24, 16, openssl('aes-192-cbc')),
  'aes256-cbc': blocks(32, 16, openssl('aes-256-cbc')),
  '3des-cbc': blocks(24, 8, openssl('des-ede3-cbc')),
  '3des-ctr': blocks(24, 8, tripleDesCounter),
  'blowfish-cbc': blocks(16, 8, legacy('bf-cbc')),
  'cast128-cbc': blocks(16, 8, legacy('cast5-cbc')),
}
