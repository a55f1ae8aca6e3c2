import { createHash, createPublicKey, generateKeyPairSync, sign, verify, X509Certificate } from 'node:crypto'
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'

/** What binds a sensor to a honeynet, kept in its data folder; all but the key is no secret. */
const Membership = z.object({
  sensor: z.string(),
  organisation: z.string(),
  hubs: z.array(z.url({ protocol: /^https$/ })).min(1),
  /** PEM. */
  authority: z.string(),
  certificate: z.string(),
})
export type Membership = z.infer<typeof Membership>

const file = (folder: string): string => join(folder, 'membership.json')
const keyFile = (folder: string): string => join(folder, 'key.pem')

/** The sensor's own key (Ed25519, PEM), which never leaves it. Made at the first call. */
export function ownKey(folder: string): string {
  if (!existsSync(keyFile(folder))) write(keyFile(folder), newKey())
  return readFileSync(keyFile(folder), 'utf8')
}

/** A new key, PEM. */
export const newKey = (): string =>
  generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string

/** The public half of a key: SPKI, base64. */
export const publicHalf = (key: string): string =>
  createPublicKey(key).export({ type: 'spki', format: 'der' }).toString('base64')

/** Signs with the sensor's key, base64. */
export const signWith = (key: string, bytes: Buffer): string => sign(null, bytes, key).toString('base64')

/** To which honeynet a sensor belongs; undefined when to none. @throws Error when the file is damaged */
export function loadMembership(folder: string): Membership | undefined {
  if (!existsSync(file(folder))) return undefined
  const parsed = Membership.safeParse(JSON.parse(readFileSync(file(folder), 'utf8')))
  if (!parsed.success) throw new Error(`Cannot read ${file(folder)}: join again with "skep sensor join"`)
  return parsed.data
}

/** Keeps to which honeynet the sensor belongs, and with which key. */
export function saveMembership(folder: string, membership: Membership, key?: string): void {
  if (key !== undefined) write(keyFile(folder), key)
  write(file(folder), `${JSON.stringify(membership, null, 2)}\n`)
  rmSync(join(folder, 'key'), { force: true })
}

/** When the certificate ends, in milliseconds since 1970. */
export const expiry = ({ certificate }: Membership): number => Date.parse(new X509Certificate(certificate).validTo)
/** When half of its life is over: time to ask for the next. */
export function renewalDue({ certificate }: Membership): boolean {
  const { validFrom, validTo } = new X509Certificate(certificate)
  return Date.now() > (Date.parse(validFrom) + Date.parse(validTo)) / 2
}

/** Whether the authority of the honeynet signed a text for this purpose. */
export function signedBy(authority: string, purpose: string, text: string, signature: string): boolean {
  try {
    const { publicKey } = new X509Certificate(authority)
    return verify(null, Buffer.from(`${purpose}\n${text}`), publicKey, Buffer.from(signature, 'base64'))
  } catch {
    return false
  }
}

/** The fingerprint by which a token names the authority. */
export const fingerprintOf = (authority: string): string =>
  createHash('sha256').update(new X509Certificate(authority).raw).digest('base64url')

function write(path: string, text: string): void {
  writeFileSync(`${path}.part`, text, { mode: 0o600, flush: true } as object)
  renameSync(`${path}.part`, path)
}
