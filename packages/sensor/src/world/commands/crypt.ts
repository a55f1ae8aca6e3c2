import { sayingsOf } from '../../personas/facts.ts'
import { createHash, randomBytes } from 'node:crypto'
import { complain, say, type Command } from './command.ts'

const letters = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const md5 = (...parts: readonly Uint8Array[]): Buffer => {
  const digest = createHash('md5')
  for (const part of parts) digest.update(part)
  return digest.digest()
}

/**
 * A password as MD5-crypt has it (Poul-Henning Kamp's, of FreeBSD 2): what "openssl passwd -1" prints, and what
 * attackers give to useradd.
 * @param magic "1", or "apr1" for Apache's
 */
export function md5crypt(password: string, salt: string, magic = '1'): string {
  const [key, grain] = [Buffer.from(password, 'latin1'), Buffer.from(salt.slice(0, 8), 'latin1')]
  const inner = md5(key, grain, key)
  const parts: Buffer[] = [key, Buffer.from(`$${magic}$`), grain]
  for (let left = key.length; left > 0; left -= 16) parts.push(inner.subarray(0, Math.min(16, left)))
  for (let bits = key.length; bits > 0; bits >>= 1) parts.push((bits & 1) === 1 ? Buffer.alloc(1) : key.subarray(0, 1))
  let state = md5(...parts)
  for (let round = 0; round < 1000; round++) {
    const odd = (round & 1) === 1
    state = md5(
      odd ? key : state,
      ...(round % 3 === 0 ? [] : [grain]),
      ...(round % 7 === 0 ? [] : [key]),
      odd ? state : key,
    )
  }
  const byte = (i: number): number => state[i] ?? 0
  let text = ''
  const put = (value: number, count: number): void => {
    for (let i = 0; i < count; i++) text += letters[(value >> (6 * i)) & 63]
  }
  for (let i = 0; i < 5; i++) put((byte(i) << 16) | (byte(i + 6) << 8) | byte(i === 4 ? 5 : i + 12), 4)
  put(byte(11), 2)
  return `$${magic}$${salt.slice(0, 8)}$${text}`
}

/** openssl, as far as attackers use it: passwords, random bytes, digests are left to their own programs. */
export const openssl: Command = (args, { stdin, machine }) => {
  const [verb, ...rest] = args
  if (verb === 'version')
    return sayingsOf(machine.system).programs[rest.includes('-a') ? 'openssl version -a' : 'openssl version'] ?? {}
  if (verb === 'rand') {
    const count = Math.min(65_536, Number(rest.at(-1)) || 0)
    const bytes = randomBytes(count)
    return rest.includes('-hex')
      ? say(`${bytes.toString('hex')}\n`)
      : rest.includes('-base64')
        ? say(
            `${bytes
              .toString('base64')
              .replace(/(.{64})/g, '$1\n')
              .trimEnd()}\n`,
          )
        : { out: bytes.toString('latin1') }
  }
  if (verb === 'passwd') {
    const at = rest.indexOf('-salt')
    const words = rest.filter((arg, i) => !arg.startsWith('-') && (at < 0 || i !== at + 1))
    const salt = at >= 0 ? (rest[at + 1] ?? '') : [...randomBytes(8)].map((byte) => letters[byte & 63]).join('')
    const secrets = words.length > 0 ? words : stdin.split('\n').filter((line) => line !== '')
    if (rest.includes('-5') || rest.includes('-6')) return complain('')
    return say(
      secrets
        .slice(0, 50)
        .map((secret) => `${md5crypt(secret.slice(0, 256), salt, rest.includes('-apr1') ? 'apr1' : '1')}\n`)
        .join(''),
    )
  }
  if (verb === undefined) return complain('OpenSSL> ')
  return {}
}
