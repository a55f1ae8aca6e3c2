import {
  createECDH,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
  verify,
  type KeyObject,
} from 'node:crypto'
import { Cursor } from '../../runtime/reader.ts'
import type { Seed } from '../../personas/seed.ts'
import type { SshFace } from '../../personas/persona.ts'
import { mpint, string } from './wire.ts'

const pkcs8 = Buffer.from('302e020100300506032b657004220420', 'hex')
const spki = Buffer.from('302a300506032b6570032100', 'hex')

/** Host keys that are kept: the Ed25519 key is drawn from the seed, the RSA key is made (it cannot be drawn). */
export function makeHostKeys(seed: Seed): KeptKeys {
  const ed25519 = createPrivateKey({
    key: Buffer.concat([pkcs8, seed.bytes('ssh ed25519')]),
    format: 'der',
    type: 'pkcs8',
  })
  const { privateKey: rsa } = generateKeyPairSync('rsa', { modulusLength: 3072 })
  const pem = (key: KeyObject) => key.export({ format: 'pem', type: 'pkcs8' }).toString()
  return { ed25519: pem(ed25519), rsa: pem(rsa) }
}

/** What is kept of the host keys; the others are drawn again at each start. */
export type KeptKeys = Pick<SshFace['hostKeys'], 'ed25519' | 'rsa'>

/** A host key ready to sign. */
export interface HostKey {
  readonly blob: Buffer
  /** A signature blob over data for one of the key's algorithms. */
  readonly sign: (algorithm: string, data: Buffer) => Buffer
}

/** The ECDSA key of a sensor, drawn from its seed. */
export function ecdsaKey(seed: Seed): string {
  const own = createECDH('prime256v1')
  // Hardly any 32 bytes are no key of this curve.
  for (let i = 0; ; i++) {
    const d = seed.bytes(`ssh ecdsa ${i}`)
    try {
      own.setPrivateKey(d)
    } catch {
      continue
    }
    const point = own.getPublicKey()
    const [x, y] = [point.subarray(1, 33).toString('base64url'), point.subarray(33).toString('base64url')]
    const key = { kty: 'EC', crv: 'P-256', d: d.toString('base64url'), x, y }
    return createPrivateKey({ key, format: 'jwk' }).export({ format: 'pem', type: 'pkcs8' }).toString()
  }
}

const parsed = new WeakMap<SshFace['hostKeys'], Map<string, HostKey>>()

/** The host key for a negotiated algorithm. */
export function hostKey(keys: SshFace['hostKeys'], algorithm: string): HostKey {
  const known = parsed.get(keys) ?? new Map<string, HostKey>()
  parsed.set(keys, known)
  const type =
    algorithm === 'ssh-ed25519' ? 'ed25519' : algorithm === 'ecdsa-sha2-nistp256' ? 'ecdsa' : ('rsa' as const)
  const cached = known.get(type)
  if (cached !== undefined) return cached
  const key = createPrivateKey(keys[type])
  const made: HostKey =
    type === 'ed25519'
      ? {
          blob: Buffer.concat([
            string('ssh-ed25519'),
            string(createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32)),
          ]),
          sign: (name, data) => Buffer.concat([string(name), string(sign(null, data, key))]),
        }
      : type === 'ecdsa'
        ? ecdsa(key)
        : {
            blob: rsaBlob(key),
            sign: (name, data) => Buffer.concat([string(name), string(sign(rsaHash(name), data, key))]),
          }
  known.set(type, made)
  return made
}

/** RFC 5656 §3.1. */
function ecdsa(key: KeyObject): HostKey {
  const { x = '', y = '' } = createPublicKey(key).export({ format: 'jwk' })
  const point = Buffer.concat([Buffer.of(4), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')])
  return {
    blob: Buffer.concat([string('ecdsa-sha2-nistp256'), string('nistp256'), string(point)]),
    sign(name, data) {
      const pair = sign('sha256', data, { key, dsaEncoding: 'ieee-p1363' })
      return Buffer.concat([
        string(name),
        string(Buffer.concat([mpint(pair.subarray(0, 32)), mpint(pair.subarray(32))])),
      ])
    },
  }
}

const types = { 'ssh-rsa': 'rsa-sha2-512', 'ecdsa-sha2-nistp256': 'ecdsa-sha2-nistp256', 'ssh-ed25519': 'ssh-ed25519' }

/** All host keys in the order of Debian's sshd_config, with the algorithm that each signs with. */
export const allHostKeys = (keys: SshFace['hostKeys']): { key: HostKey; algorithm: string }[] =>
  Object.values(types).map((algorithm) => ({ key: hostKey(keys, algorithm), algorithm }))

const rsaHash = (algorithm: string): string =>
  ({ 'rsa-sha2-512': 'sha512', 'rsa-sha2-256': 'sha256' })[algorithm] ?? 'sha1'

function rsaBlob(key: KeyObject): Buffer {
  const { n = '', e = '' } = createPublicKey(key).export({ format: 'jwk' })
  return Buffer.concat([string('ssh-rsa'), mpint(Buffer.from(e, 'base64url')), mpint(Buffer.from(n, 'base64url'))])
}

/** Checks a client's signature by the public key of its blob. @throws Malformed when the blob is none */
export function verifySignature(algorithm: string, blob: Buffer, signature: Buffer, data: Buffer): boolean {
  const cursor = new Cursor(blob)
  const type = cursor.string().toString('latin1')
  const signed = new Cursor(signature)
  const name = signed.string().toString('latin1')
  const bytes = signed.string()
  if (name !== algorithm) return false
  try {
    if (type === 'ssh-ed25519') {
      const key = createPublicKey({ key: Buffer.concat([spki, cursor.string()]), format: 'der', type: 'spki' })
      return verify(null, data, key, bytes)
    }
    if (type === 'ssh-rsa') {
      const [e, n] = [cursor.string(), cursor.string()]
      if (n.length > 2049) return false
      const key = createPublicKey({
        key: { kty: 'RSA', e: e.toString('base64url'), n: n.toString('base64url') },
        format: 'jwk',
      })
      return verify(rsaHash(name), data, key, bytes)
    }
    const curve = /^ecdsa-sha2-nistp(256|384|521)$/.exec(type)?.[1]
    if (curve !== undefined) {
      cursor.string()
      const point = cursor.string()
      const half = (point.length - 1) / 2
      const key = createPublicKey({
        key: {
          kty: 'EC',
          crv: `P-${curve}`,
          x: point.subarray(1, 1 + half).toString('base64url'),
          y: point.subarray(1 + half).toString('base64url'),
        },
        format: 'jwk',
      })
      const pair = new Cursor(bytes)
      const trim = (value: Buffer) => {
        const bare = value.subarray(Math.max(0, value.length - half))
        return Buffer.concat([Buffer.alloc(half - bare.length), bare])
      }
      const raw = Buffer.concat([trim(pair.string()), trim(pair.string())])
      return verify(
        { 256: 'sha256', 384: 'sha384', 521: 'sha512' }[curve] ?? 'sha256',
        data,
        { key, dsaEncoding: 'ieee-p1363' },
        raw,
      )
    }
  } catch {
    // A key that OpenSSL refuses verifies nothing.
  }
  return false
}
