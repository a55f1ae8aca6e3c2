import { createHash, createPrivateKey, createPublicKey, randomBytes, type KeyObject } from 'node:crypto'
import { mpint, string, uint32 } from '../services/ssh/wire.ts'

// Keys as OpenSSH writes them (its PROTOCOL.key, RFC 4253 §6.6), and as it shows them to people.

const field = (text = ''): Buffer => Buffer.from(text, 'base64url')

interface Parts {
  readonly type: string
  /** What people call it. */
  readonly name: string
  readonly bits: number
  readonly blob: Buffer
  /** What a private key holds after its type. */
  readonly secret: Buffer
}

/** The parts of a private key. @throws RangeError for a kind that OpenSSH has not */
function partsOf(key: KeyObject): Parts {
  const { n, e, d, p, q, qi, x, y } = key.export({ format: 'jwk' })
  switch (key.asymmetricKeyType) {
    case 'ed25519': {
      const open = createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32)
      return {
        type: 'ssh-ed25519',
        name: 'ED25519',
        bits: 256,
        blob: Buffer.concat([string('ssh-ed25519'), string(open)]),
        secret: Buffer.concat([string(open), string(Buffer.concat([field(d), open]))]),
      }
    }
    case 'rsa':
      return {
        type: 'ssh-rsa',
        name: 'RSA',
        bits: field(n).length * 8,
        blob: Buffer.concat([string('ssh-rsa'), mpint(field(e)), mpint(field(n))]),
        secret: Buffer.concat([n, e, d, qi, p, q].map((part) => mpint(field(part)))),
      }
    case 'ec': {
      const point = Buffer.concat([Buffer.of(4), field(x), field(y)])
      const bits = field(x).length === 66 ? 521 : field(x).length * 8
      const open = Buffer.concat([string(`nistp${bits}`), string(point)])
      return {
        type: `ecdsa-sha2-nistp${bits}`,
        name: 'ECDSA',
        bits,
        blob: Buffer.concat([string(`ecdsa-sha2-nistp${bits}`), open]),
        secret: Buffer.concat([open, mpint(field(d))]),
      }
    }
    default:
      throw new RangeError(`OpenSSH has no keys of the kind ${key.asymmetricKeyType}`)
  }
}

/** A pair of keys as files, and what is told of it. */
export interface KeyFiles {
  readonly open: string
  readonly secret: string
  readonly fingerprint: string
  readonly name: string
  readonly bits: number
  readonly art: string
}

/**
 * The files of a key, without a passphrase.
 * @param key the private key, PEM or as it is
 * @param check four bytes that stand in it twice; drawn where there are none
 */
export function keyFiles(key: KeyObject | string, comment: string, check: Buffer = randomBytes(4)): KeyFiles {
  const { type, name, bits, blob, secret } = partsOf(typeof key === 'string' ? createPrivateKey(key) : key)
  const inner = Buffer.concat([check, check, string(type), secret, string(comment)])
  const padding = Buffer.from(Array.from({ length: (8 - (inner.length % 8)) % 8 }, (_, i) => i + 1))
  const body = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    string('none'),
    string('none'),
    string(''),
    uint32(1),
    string(blob),
    string(Buffer.concat([inner, padding])),
  ])
  const lines = body.toString('base64').match(/.{1,70}/g) ?? []
  const digest = createHash('sha256').update(blob).digest()
  return {
    open: `${type} ${blob.toString('base64')} ${comment}\n`,
    secret: `-----BEGIN OPENSSH PRIVATE KEY-----\n${lines.join('\n')}\n-----END OPENSSH PRIVATE KEY-----\n`,
    fingerprint: `SHA256:${digest.toString('base64').replace(/=+$/, '')}`,
    name,
    bits,
    art: randomart(digest, `${name} ${bits}`),
  }
}

/** The picture of a fingerprint: where a drunken bishop walks (OpenSSH's sshkey.c; Loss, Limmer, von Gernler 2009). */
function randomart(digest: Buffer, title: string): string {
  const [width, height] = [17, 9]
  const marks = ' .o+=*BOX@%&#/^SE'
  const most = marks.length - 1
  const steps = new Uint8Array(width * height)
  let [x, y] = [width >> 1, height >> 1]
  for (const byte of digest)
    for (let turn = 0; turn < 4; turn++) {
      const way = byte >> (turn * 2)
      x = Math.max(0, Math.min(width - 1, x + ((way & 1) === 0 ? -1 : 1)))
      y = Math.max(0, Math.min(height - 1, y + ((way & 2) === 0 ? -1 : 1)))
      const at = y * width + x
      if ((steps[at] ?? 0) < most - 2) steps[at] = (steps[at] ?? 0) + 1
    }
  steps[(height >> 1) * width + (width >> 1)] = most - 1
  steps[y * width + x] = most
  const frame = (text: string): string => {
    const words = `[${text}]`.slice(0, width)
    const before = (width - words.length) >> 1
    return `+${'-'.repeat(before)}${words}${'-'.repeat(width - words.length - before)}+`
  }
  const rows = Array.from(
    { length: height },
    (_, row) => `|${[...steps.subarray(row * width, (row + 1) * width)].map((count) => marks[count]).join('')}|`,
  )
  return [frame(title), ...rows, frame('SHA256')].map((line) => `${line}\n`).join('')
}
