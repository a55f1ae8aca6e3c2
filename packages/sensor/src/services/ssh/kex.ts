import {
  createECDH,
  createHash,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  getDiffieHellman,
  randomBytes,
  randomInt,
} from 'node:crypto'
import { ml_kem768 } from '@noble/post-quantum/ml-kem.js'
import { Cursor, Malformed } from '../../runtime/reader.ts'
import { moduli } from './moduli.ts'
import { encapsulate, publicKeySize } from './ntruprime.ts'
import { byte, mpint, string, uint32 } from './wire.ts'

/** A key exchange, from the server's side. */
export interface Kex {
  readonly hash: 'sha1' | 'sha256' | 'sha384' | 'sha512'
  /** How the exchanged values are written into the exchange hash. */
  readonly encode: (value: Buffer) => Buffer
  /** Messages that come before, where the group is asked for: the exchange to go on with, and what it adds to the hash. */
  readonly open?: (request: Buffer) => { reply: Buffer; kex: Kex; hashed: Buffer }
  /** Numbers of the messages with the client's value and with ours. */
  readonly messages?: readonly [theirs: number, ours: number]
  /** @returns our public value and the shared secret, both encoded @throws Malformed when the client's value is none */
  readonly agree: (theirs: Buffer) => { ours: Buffer; secret: Buffer }
}

/** A fresh secret with the other side by X25519 (RFC 7748). @throws Malformed when the other's value is none */
function x25519(theirs: Buffer): { ours: Buffer; secret: Buffer } {
  if (theirs.length !== 32) throw new Malformed('invalid curve25519 key')
  const { publicKey, privateKey } = generateKeyPairSync('x25519')
  // As JWK: OpenSSL's decoder of DER costs more than the whole exchange.
  const ours = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url')
  try {
    const peer = createPublicKey({
      key: { kty: 'OKP', crv: 'X25519', x: theirs.toString('base64url') },
      format: 'jwk',
    })
    return { ours, secret: diffieHellman({ privateKey, publicKey: peer }) }
  } catch {
    throw new Malformed('invalid curve25519 key')
  }
}

/** RFC 8731. */
const curve25519: Kex = {
  hash: 'sha256',
  encode: string,
  agree(theirs) {
    const { ours, secret } = x25519(theirs)
    return { ours, secret: mpint(secret) }
  },
}

/**
 * A capsule that no quantum computer opens, and X25519 beside it: sntrup761x25519-sha512 (OpenSSH's PROTOCOL) and
 * mlkem768x25519-sha256 (draft-ietf-sshm-mlkem-hybrid-kex).
 */
const hybrid = (
  hash: Kex['hash'],
  keySize: number,
  capsuleOf: (publicKey: Buffer) => { capsule: Uint8Array; secret: Uint8Array },
): Kex => ({
  hash,
  encode: string,
  agree(theirs) {
    if (theirs.length !== keySize + 32) throw new Malformed('invalid hybrid key')
    const classic = x25519(theirs.subarray(keySize))
    const { capsule, secret } = capsuleOf(theirs.subarray(0, keySize))
    return {
      ours: Buffer.concat([capsule, classic.ours]),
      secret: string(createHash(hash).update(secret).update(classic.secret).digest()),
    }
  },
})
const sntrup761 = hybrid('sha512', publicKeySize, encapsulate)
const mlkem768 = hybrid('sha256', 1184, (publicKey) => {
  try {
    const { cipherText, sharedSecret } = ml_kem768.encapsulate(publicKey)
    return { capsule: cipherText, secret: sharedSecret }
  } catch {
    throw new Malformed('invalid ML-KEM key')
  }
})

/** RFC 5656 §4. */
const ecdh = (curve: string, hash: Kex['hash']): Kex => ({
  hash,
  encode: string,
  agree(theirs) {
    const own = createECDH(curve)
    const ours = own.generateKeys()
    try {
      return { ours, secret: mpint(own.computeSecret(theirs)) }
    } catch {
      throw new Malformed('invalid elliptic curve point')
    }
  },
})

/** RFC 4253 §8 with the groups of RFC 8268. */
const group = (name: string, hash: Kex['hash']): Kex => ({
  hash,
  encode: mpint,
  agree(theirs) {
    const own = getDiffieHellman(name)
    const prime = own.getPrime()
    const ours = own.generateKeys()
    if (theirs.length > prime.length + 1 || theirs.length < prime.length / 2) throw new Malformed('invalid DH value')
    try {
      return { ours, secret: mpint(own.computeSecret(theirs)) }
    } catch {
      throw new Malformed('invalid DH value')
    }
  },
})

const [smallest, largest] = [2048, 8192]
/** Powers of a large number, by squares; four bits at a time. */
function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  const table = [1n]
  for (let i = 1; i < 16; i++) table.push(((table[i - 1] ?? 1n) * base) % modulus)
  let result = 1n
  for (const digit of exponent.toString(16)) {
    for (let i = 0; i < 4; i++) result = (result * result) % modulus
    if (digit !== '0') result = (result * (table[Number.parseInt(digit, 16)] ?? 1n)) % modulus
  }
  return result
}
const bytesOf = (n: bigint): Buffer => {
  const hex = n.toString(16)
  return Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex')
}
const numberOf = (bytes: Buffer): bigint => BigInt(`0x${bytes.toString('hex') || '0'}`)

/** The group that OpenSSH would choose (dh.c): the smallest that is large enough, else the largest there is. */
function chooseGroup(least: number, wanted: number, most: number): readonly [number, string] {
  let best = 0
  for (const [bits] of moduli)
    if (bits >= least && bits <= most && ((bits > best && best < wanted) || (bits > wanted && bits < best))) best = bits
  const of = moduli.filter(([bits]) => bits === best)
  const [, generator, prime] = of[randomInt(Math.max(1, of.length))] ?? []
  if (generator === undefined || prime === undefined) throw new Malformed('no group of that size')
  return [generator, prime]
}

/** RFC 4419: the client says how large a group it wants. */
const groupExchange = (hash: 'sha1' | 'sha256'): Kex => ({
  hash,
  encode: mpint,
  open(request) {
    const cursor = new Cursor(request.subarray(1))
    if (request[0] !== 34) throw new Malformed(`expected a group request, got message ${request[0] ?? -1}`)
    const [least, wanted, most] = [cursor.u32(), cursor.u32(), cursor.u32()]
    const within = (n: number): number => Math.min(largest, Math.max(smallest, n))
    if (most < least || within(wanted) < least || most < within(wanted))
      throw new Malformed('DH GEX group out of range')
    const [generator, hex] = chooseGroup(Math.max(smallest, least), within(wanted), Math.min(largest, most))
    const prime = numberOf(Buffer.from(hex, 'hex'))
    const named = Buffer.concat([mpint(Buffer.from(hex, 'hex')), mpint(Buffer.of(generator))])
    const kex: Kex = {
      hash,
      encode: mpint,
      messages: [32, 33],
      agree(theirs) {
        const value = numberOf(theirs)
        if (value <= 1n || value >= prime - 1n) throw new Malformed('invalid DH value')
        const own = numberOf(randomBytes(64))
        return {
          ours: bytesOf(power(BigInt(generator), own, prime)),
          secret: mpint(bytesOf(power(value, own, prime))),
        }
      },
    }
    return {
      reply: Buffer.concat([byte(31), named]),
      kex,
      hashed: Buffer.concat([uint32(least), uint32(wanted), uint32(most), named]),
    }
  },
  agree() {
    throw new Malformed('no group was asked for')
  },
})

export const exchanges: Readonly<Record<string, Kex>> = {
  'mlkem768x25519-sha256': mlkem768,
  'sntrup761x25519-sha512': sntrup761,
  'sntrup761x25519-sha512@openssh.com': sntrup761,
  'curve25519-sha256': curve25519,
  'curve25519-sha256@libssh.org': curve25519,
  'ecdh-sha2-nistp256': ecdh('prime256v1', 'sha256'),
  'ecdh-sha2-nistp384': ecdh('secp384r1', 'sha384'),
  'ecdh-sha2-nistp521': ecdh('secp521r1', 'sha512'),
  'diffie-hellman-group-exchange-sha256': groupExchange('sha256'),
  'diffie-hellman-group-exchange-sha1': groupExchange('sha1'),
  'diffie-hellman-group1-sha1': group('modp2', 'sha1'),
  'diffie-hellman-group14-sha1': group('modp14', 'sha1'),
  'diffie-hellman-group14-sha256': group('modp14', 'sha256'),
  'diffie-hellman-group16-sha512': group('modp16', 'sha512'),
  'diffie-hellman-group18-sha512': group('modp18', 'sha512'),
}

/** The key for a letter A to F (RFC 4253 §7.2). */
export function deriveKey(
  hash: string,
  secret: Buffer,
  exchange: Buffer,
  session: Buffer,
  letter: string,
  size: number,
): Buffer {
  let key = createHash(hash).update(secret).update(exchange).update(letter).update(session).digest()
  while (key.length < size)
    key = Buffer.concat([key, createHash(hash).update(secret).update(exchange).update(key).digest()])
  return key.subarray(0, size)
}
