import {
  createECDH,
  createHash,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  getDiffieHellman,
} from 'node:crypto'
import { Malformed } from '../../runtime/reader.ts'
import { mpint, string } from './wire.ts'

/** A key exchange, from the server's side. */
export interface Kex {
  readonly hash: 'sha256' | 'sha384' | 'sha512'
  /** How the exchanged values are written into the exchange hash. */
  readonly encode: (value: Buffer) => Buffer
  /** @returns our public value and the shared secret, both encoded @throws Malformed when the client's value is none */
  readonly agree: (theirs: Buffer) => { ours: Buffer; secret: Buffer }
}

/** RFC 8731. */
const curve25519: Kex = {
  hash: 'sha256',
  encode: string,
  agree(theirs) {
    if (theirs.length !== 32) throw new Malformed('invalid curve25519 key')
    const { publicKey, privateKey } = generateKeyPairSync('x25519')
    // As JWK: OpenSSL's decoder of DER costs more than the whole exchange.
    const ours = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url')
    try {
      const peer = createPublicKey({
        key: { kty: 'OKP', crv: 'X25519', x: theirs.toString('base64url') },
        format: 'jwk',
      })
      return { ours, secret: mpint(diffieHellman({ privateKey, publicKey: peer })) }
    } catch {
      throw new Malformed('invalid curve25519 key')
    }
  },
}

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

export const exchanges: Readonly<Record<string, Kex>> = {
  'curve25519-sha256': curve25519,
  'curve25519-sha256@libssh.org': curve25519,
  'ecdh-sha2-nistp256': ecdh('prime256v1', 'sha256'),
  'ecdh-sha2-nistp384': ecdh('secp384r1', 'sha384'),
  'ecdh-sha2-nistp521': ecdh('secp521r1', 'sha512'),
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
