import { sayingsOf } from '../../personas/facts.ts'
import { createCipheriv, createDecipheriv, createHash, pbkdf2Sync, randomBytes } from 'node:crypto'
import { resolvePath } from '../node.ts'
import { before } from '../version.ts'
import { complain, say, type Command, type Io, type Result } from './command.ts'

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

/** The order in which SHA-crypt writes its bytes out. */
const orders = {
  sha256: [
    [0, 10, 20],
    [21, 1, 11],
    [12, 22, 2],
    [3, 13, 23],
    [24, 4, 14],
    [15, 25, 5],
    [6, 16, 26],
    [27, 7, 17],
    [18, 28, 8],
    [9, 19, 29],
    [-1, 31, 30],
  ],
  sha512: [
    [0, 21, 42],
    [22, 43, 1],
    [44, 2, 23],
    [3, 24, 45],
    [25, 46, 4],
    [47, 5, 26],
    [6, 27, 48],
    [28, 49, 7],
    [50, 8, 29],
    [9, 30, 51],
    [31, 52, 10],
    [53, 11, 32],
    [12, 33, 54],
    [34, 55, 13],
    [56, 14, 35],
    [15, 36, 57],
    [37, 58, 16],
    [59, 17, 38],
    [18, 39, 60],
    [40, 61, 19],
    [62, 20, 41],
    [-1, -1, 63],
  ],
} as const

/** A password as SHA-crypt has it (Ulrich Drepper's "Unix crypt using SHA-256 and SHA-512"), with 5000 rounds. */
export function shacrypt(password: string, salt: string, kind: 'sha256' | 'sha512'): string {
  const [key, grain] = [Buffer.from(password, 'latin1'), Buffer.from(salt.slice(0, 16), 'latin1')]
  const hash = (...parts: readonly Uint8Array[]): Buffer => {
    const digest = createHash(kind)
    for (const part of parts) digest.update(part)
    return digest.digest()
  }
  const size = kind === 'sha256' ? 32 : 64
  const inner = hash(key, grain, key)
  const parts: Buffer[] = [key, grain]
  for (let left = key.length; left > 0; left -= size) parts.push(inner.subarray(0, Math.min(size, left)))
  for (let bits = key.length; bits > 0; bits >>= 1) parts.push((bits & 1) === 1 ? inner : key)
  let state = hash(...parts)
  const stretched = (seed: Buffer, length: number): Buffer => Buffer.alloc(length, seed)
  const p = stretched(hash(...Array.from({ length: key.length }, () => key)), key.length)
  const s = stretched(hash(...Array.from({ length: 16 + (state[0] ?? 0) }, () => grain)), grain.length)
  for (let round = 0; round < 5000; round++) {
    const odd = (round & 1) === 1
    state = hash(odd ? p : state, ...(round % 3 === 0 ? [] : [s]), ...(round % 7 === 0 ? [] : [p]), odd ? state : p)
  }
  let text = ''
  for (const [a, b, c] of orders[kind]) {
    const byte = (i: number): number => (i < 0 ? 0 : (state[i] ?? 0))
    let value = (byte(a) << 16) | (byte(b) << 8) | byte(c)
    for (let i = 0; i < (a >= 0 ? 4 : b >= 0 ? 3 : 2); i++) {
      text += letters[value & 63]
      value >>= 6
    }
  }
  return `$${kind === 'sha256' ? 5 : 6}$${grain.toString('latin1')}$${text}`
}

/** What an option with a value is given. */
const valueOf = (args: readonly string[], name: string): string | undefined =>
  args.includes(name) ? args[args.indexOf(name) + 1] : undefined

/** The words of OpenSSL for a file that is not there. */
const lost = (path: string): Result => complain(`Can't open ${path} for reading, No such file or directory\n`)

/** openssl enc: base64, and AES-CBC with a password. */
function enc(args: readonly string[], io: Io): Result {
  const [input, output] = [valueOf(args, '-in'), valueOf(args, '-out')]
  let bytes: Buffer
  try {
    bytes =
      input === undefined ? Buffer.from(io.stdin, 'latin1') : Buffer.from(io.fs.content(resolvePath(io.cwd, input)))
  } catch {
    return lost(input ?? '')
  }
  const opens = args.includes('-d')
  const text = args.some((arg) => /^-(?:a|base64)$/.test(arg))
  const whole = args.includes('-A')
  const cipher = args
    .map((arg) => /^-(aes-?(128|192|256)-?cbc|aes(128|192|256))$/.exec(arg))
    .find((match) => match !== null)
  if (text && opens) bytes = Buffer.from(bytes.toString('latin1').replace(/\s/g, ''), 'base64')
  if (cipher !== undefined && cipher !== null) {
    const bits = Number(cipher[2] ?? cipher[3])
    const pass = valueOf(args, '-k') ?? /^pass:([^]*)$/.exec(valueOf(args, '-pass') ?? '')?.[1]
    if (pass === undefined)
      return complain(`enter aes-${bits}-cbc ${opens ? 'decryption' : 'encryption'} password:\nbad password read\n`)
    const old = !args.includes('-pbkdf2')
    const salted = opens && bytes.subarray(0, 8).toString('latin1') === 'Salted__'
    if (opens && !salted && !args.includes('-nosalt')) return complain('bad magic number\n')
    const salt = args.includes('-nosalt') ? Buffer.alloc(0) : opens ? bytes.subarray(8, 16) : randomBytes(8)
    const digest = valueOf(args, '-md') ?? 'sha256'
    const warning = old
      ? '*** WARNING : deprecated key derivation used.\nUsing -iter or -pbkdf2 would be better.\n'
      : ''
    try {
      const length = bits / 8 + 16
      let made = Buffer.alloc(0)
      if (old)
        for (let block = Buffer.alloc(0); made.length < length; made = Buffer.concat([made, block]))
          block = createHash(digest).update(block).update(pass, 'latin1').update(salt).digest()
      else
        made = pbkdf2Sync(
          Buffer.from(pass, 'latin1'),
          salt,
          Math.min(50_000, Number(valueOf(args, '-iter') ?? 10_000) || 10_000),
          length,
          digest,
        )
      const [key, iv] = [made.subarray(0, bits / 8), made.subarray(bits / 8, length)]
      const worker = opens ? createDecipheriv(`aes-${bits}-cbc`, key, iv) : createCipheriv(`aes-${bits}-cbc`, key, iv)
      const body = Buffer.concat([worker.update(salted ? bytes.subarray(16) : bytes), worker.final()])
      bytes = opens || args.includes('-nosalt') ? body : Buffer.concat([Buffer.from('Salted__'), salt, body])
    } catch {
      return complain(`${warning}bad decrypt\n`)
    }
    const shown = written(bytes, text && !opens, whole)
    return output === undefined
      ? { out: shown, err: warning }
      : (io.fs.write(resolvePath(io.cwd, output), Buffer.from(shown, 'latin1')), { err: warning })
  }
  const shown = written(bytes, text && !opens, whole)
  if (output === undefined) return say(shown)
  io.fs.write(resolvePath(io.cwd, output), Buffer.from(shown, 'latin1'))
  return {}
}
const written = (bytes: Buffer, text: boolean, whole: boolean): string =>
  !text
    ? bytes.toString('latin1')
    : whole
      ? `${bytes.toString('base64')}\n`
      : bytes.toString('base64').replace(/.{1,64}/g, '$&\n')

/** openssl dgst, and the digests by their own names. */
function dgst(name: string | undefined, args: readonly string[], io: Io): Result {
  const chosen =
    name ??
    args.map((arg) => /^-(md5|sha1|sha224|sha256|sha384|sha512)$/.exec(arg)?.[1]).find((one) => one !== undefined) ??
    'sha256'
  const files = args.filter((arg, i) => !arg.startsWith('-') && args[i - 1] !== '-out' && args[i - 1] !== '-hmac')
  // Since 3.0 the input has a name, too, and the second family of SHA its number.
  const recent = !before(io.machine.versions['openssl'] ?? '1.1.1', '3.0')
  const family = recent ? chosen.toUpperCase().replace(/^SHA(?=\d{3})/, 'SHA2-') : chosen.toUpperCase()
  const label = (path: string): string => `${family}(${path})= `
  let out = ''
  for (const path of files.length === 0 ? [undefined] : files) {
    try {
      const bytes = path === undefined ? Buffer.from(io.stdin, 'latin1') : io.fs.content(resolvePath(io.cwd, path))
      const sum = createHash(chosen).update(bytes).digest('hex')
      out += args.includes('-r')
        ? `${sum} *${path ?? 'stdin'}\n`
        : `${path === undefined ? (recent ? label('stdin') : '(stdin)= ') : label(path)}${sum}\n`
    } catch {
      return { out, ...lost(path ?? '') }
    }
  }
  return say(out)
}

/** openssl, as far as attackers use it: passwords, random bytes, digests, base64, AES with a password. */
export const openssl: Command = (args, io) => {
  const { machine } = io
  const [verb, ...rest] = args
  if (verb === 'version')
    return sayingsOf(machine.system).programs[rest.includes('-a') ? 'openssl version -a' : 'openssl version'] ?? {}
  if (verb === 'rand') {
    const count = Math.min(65_536, Number(rest.at(-1)) || 0)
    const bytes = randomBytes(count)
    return rest.includes('-hex')
      ? say(`${bytes.toString('hex')}\n`)
      : { out: written(bytes, rest.includes('-base64'), false) }
  }
  if (verb === 'enc' || verb === 'base64') return enc(verb === 'base64' ? ['-base64', ...rest] : rest, io)
  if (/^aes-?(?:128|192|256)-?cbc$/.test(verb ?? '')) return enc([`-${verb ?? ''}`, ...rest], io)
  if (verb === 'dgst') return dgst(undefined, rest, io)
  if (/^(?:md5|sha1|sha224|sha256|sha384|sha512)$/.test(verb ?? '')) return dgst(verb, rest, io)
  if (verb === 'passwd') {
    const at = rest.indexOf('-salt')
    const words = rest.filter((arg, i) => !arg.startsWith('-') && (at < 0 || i !== at + 1))
    const sha = rest.includes('-6') ? 'sha512' : rest.includes('-5') ? 'sha256' : undefined
    const salt =
      at >= 0
        ? (rest[at + 1] ?? '')
        : [...randomBytes(sha === undefined ? 8 : 16)].map((byte) => letters[byte & 63]).join('')
    const secrets = words.length > 0 ? words : io.stdin.split('\n').filter((line) => line !== '')
    return say(
      secrets
        .slice(0, sha === undefined ? 50 : 5)
        .map((secret) =>
          sha === undefined
            ? md5crypt(secret.slice(0, 256), salt, rest.includes('-apr1') ? 'apr1' : '1')
            : shacrypt(secret.slice(0, 256), salt, sha),
        )
        .map((line) => `${line}\n`)
        .join(''),
    )
  }
  if (verb === undefined) return complain('OpenSSL> ')
  return /^(?:s_client|s_server|req|x509|genrsa|rsa|pkcs12|ciphers|speed|ecparam|genpkey|pkey|list|help)$/.test(verb)
    ? {}
    : complain(`Invalid command '${verb}'; type "help" for a list.\n`)
}
