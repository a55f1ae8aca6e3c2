import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'

// OWASP's figures for scrypt with 32 MiB: a hub on a small machine must bear several at once.
const cost = { N: 2 ** 15, r: 8, p: 3 }
const length = 32

const derive = (password: string, salt: Buffer, { N, r, p }: typeof cost): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    scrypt(password.normalize('NFKC'), salt, length, { N, r, p, maxmem: 256 * N * r }, (error, key) =>
      error === null ? resolve(key) : reject(error),
    )
  })

/** One derivation at a time: strangers may ask for them, and each takes 32 MiB. */
let turn: Promise<unknown> = Promise.resolve()
const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
  const mine = turn.then(work)
  turn = mine.catch(() => undefined)
  return mine
}

/** A password as it is kept: `scrypt$N$r$p$salt$key` (RFC 7914). */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16)
  const key = await inTurn(() => derive(password, salt, cost))
  return ['scrypt', cost.N, cost.r, cost.p, salt.toString('base64url'), key.toString('base64url')].join('$')
}

const nobody = hashPassword('nobody has this one')

/** Whether a password is the kept one. Where none is kept it takes as long and is false. */
export async function checkPassword(password: string, kept: string | null | undefined): Promise<boolean> {
  const [, N, r, p, salt = '', key = ''] = (kept ?? (await nobody)).split('$')
  const made = await inTurn(() =>
    derive(password, Buffer.from(salt, 'base64url'), { N: Number(N), r: Number(r), p: Number(p) }),
  )
  const known = Buffer.from(key, 'base64url')
  return made.length === known.length && timingSafeEqual(made, known) && kept != null
}

/** Why a password is refused; undefined when it is good. NIST SP 800-63B: length counts, composition does not. */
export function passwordFault(password: string, about: readonly string[]): string | undefined {
  if (password.length < 10) return 'A password has at least 10 characters'
  if (password.length > 256) return 'A password has at most 256 characters'
  const low = password.toLowerCase()
  if (new Set(low).size < 5) return 'This password repeats a few characters'
  if (about.some((word) => word.length >= 4 && low.includes(word.toLowerCase())))
    return 'This password holds your name or address'
  if (common.some((word) => low === word || low === `${word}123` || low === `${word}1234`))
    return 'This password is one of the first that attackers try: our own sensors see it every day'
  return undefined
}
const common = [
  'password',
  'passw0rd',
  'p@ssw0rd',
  'administrator',
  'qwertyuiop',
  '1234567890',
  'welcome1',
  'changeme',
  'letmein',
  'iloveyou',
]
