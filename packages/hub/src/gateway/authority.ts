import 'reflect-metadata'
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  sign,
  webcrypto,
  type KeyObject,
} from 'node:crypto'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as x509 from '@peculiar/x509'
import { hubName } from '@skep/vocabulary'
import type { Relational } from '../relational/database.ts'
import { writeDurably } from './journal.ts'

/** A certificate for one sensor. */
export interface Issued {
  readonly pem: string
  readonly serial: string
  readonly expires: number
}

const day = 86_400_000
const lifetime = { authority: 20 * 365 * day, hub: 397 * day, sensor: 365 * day }
const algorithm = { name: 'Ed25519' }

/**
 * The hub's own certificate authority: it signs the keys that sensors make, the hub's own certificate, and what is
 * wanted of sensors. All hubs of one honeynet share it: it lies in the relational state, sealed with a secret that
 * lies in a file.
 */
export class Authority {
  /** The authority's certificate, PEM. */
  readonly certificate: string
  readonly #parsed: x509.X509Certificate
  readonly #key: KeyObject
  readonly #webKey: webcrypto.CryptoKey

  private constructor(certificate: string, key: KeyObject, webKey: webcrypto.CryptoKey) {
    this.certificate = certificate
    this.#parsed = new x509.X509Certificate(certificate)
    this.#key = key
    this.#webKey = webKey
  }

  /** SHA-256 of the certificate: by this a sensor knows the hub when it joins. */
  get fingerprint(): string {
    return createHash('sha256').update(Buffer.from(this.#parsed.rawData)).digest('base64url')
  }

  /**
   * Opens the authority, or makes it at the first start.
   * @throws Error when the secret is another one than that with which it was sealed
   */
  static async open(relational: Relational, folder: string): Promise<Authority> {
    x509.cryptoProvider.set(webcrypto as never)
    const secret = openSecret(folder)
    const sealed = await relational.metaOnce('authority', async () => seal(secret, JSON.stringify(await make())))
    let opened: { certificate: string; key: string }
    try {
      opened = JSON.parse(unseal(secret, sealed)) as typeof opened
    } catch (cause) {
      throw new Error(
        `Cannot open this honeynet's authority: it was sealed with another secret than ${join(folder, 'secret')}. Copy that file from the first hub, or give its content as SKEP_SECRET.`,
        { cause },
      )
    }
    const key = createPrivateKey(opened.key)
    return new Authority(opened.certificate, key, await webKeyOf(key))
  }

  async #issue(
    subject: string,
    publicKey: KeyObject,
    use: x509.ExtendedKeyUsage,
    names: readonly string[],
    life: number,
  ): Promise<Issued> {
    const serial = randomBytes(16)
    serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40
    const expires = Date.now() + life
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber: serial.toString('hex'),
      subject,
      issuer: this.#parsed.subject,
      // A sensor whose clock is a day slow must still be able to come and be told so.
      notBefore: new Date(Date.now() - 2 * day),
      notAfter: new Date(expires),
      signingAlgorithm: algorithm,
      publicKey: new x509.PublicKey(publicKey.export({ type: 'spki', format: 'der' })),
      signingKey: this.#webKey as never,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([use]),
        ...(names.length > 0
          ? [new x509.SubjectAlternativeNameExtension(names.map((value) => ({ type: 'dns' as const, value })))]
          : []),
      ],
    })
    return { pem: certificate.toString('pem'), serial: serial.toString('hex'), expires }
  }

  /** Signs the key of a sensor, for a year or `life` ms. @throws RangeError when it is no Ed25519 public key */
  async certify(sensor: string, publicKey: string, life = lifetime.sensor): Promise<Issued> {
    let key: KeyObject
    try {
      key = createPublicKey({ key: Buffer.from(publicKey, 'base64'), type: 'spki', format: 'der' })
    } catch (cause) {
      throw new RangeError('Cannot read the public key', { cause })
    }
    if (key.asymmetricKeyType !== 'ed25519') throw new RangeError('The key must be an Ed25519 key')
    return this.#issue(`CN=${sensor}, OU=sensor`, key, x509.ExtendedKeyUsage.clientAuth, [], life)
  }

  /** A key and certificate for a hub's own gateway. Its one name is that by which sensors know a hub, wherever it is. */
  async hubIdentity(): Promise<{ key: string; cert: string; expires: number }> {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519')
    const { pem, expires } = await this.#issue(
      `CN=${hubName}, OU=hub`,
      publicKey,
      x509.ExtendedKeyUsage.serverAuth,
      [hubName],
      lifetime.hub,
    )
    return {
      key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
      cert: `${pem}\n${this.certificate}`,
      expires,
    }
  }

  /** Signs a text for sensors to check (Ed25519, base64). @param purpose keeps a signature from being used for another thing */
  sign(purpose: string, text: string): string {
    return sign(null, Buffer.from(`${purpose}\n${text}`), this.#key).toString('base64')
  }
}

async function make(): Promise<{ certificate: string; key: string }> {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const key = await webKeyOf(privateKey)
  const name = `CN=Skep ${randomBytes(4).toString('hex')}`
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: '01',
    subject: name,
    issuer: name,
    notBefore: new Date(Date.now() - 2 * day),
    notAfter: new Date(Date.now() + lifetime.authority),
    signingAlgorithm: algorithm,
    publicKey: new x509.PublicKey(publicKey.export({ type: 'spki', format: 'der' })),
    signingKey: key as never,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
    ],
  })
  return {
    certificate: certificate.toString('pem'),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
  }
}

const webKeyOf = (key: KeyObject): Promise<webcrypto.CryptoKey> =>
  webcrypto.subtle.importKey('pkcs8', key.export({ type: 'pkcs8', format: 'der' }), algorithm, false, ['sign'])

/** The secret that seals what must be kept readable: from the environment, or a file that is made at the first start. */
export function openSecret(folder: string): Buffer {
  const given = process.env['SKEP_SECRET']
  const file = join(folder, 'secret')
  if (given === undefined && !existsSync(file)) {
    mkdirSync(folder, { recursive: true })
    writeDurably(file, Buffer.from(`${randomBytes(32).toString('base64')}\n`))
  }
  const text = (given ?? readFileSync(file, 'utf8')).trim()
  return createHash('sha256').update(`skep seal ${text}`).digest()
}

/** Seals a text (AES-256-GCM). */
export function seal(secret: Buffer, text: string): string {
  const nonce = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', secret, nonce)
  const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
  return Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64')
}
/** Opens what `seal` closed. @throws Error when the secret is another, or the text was changed */
export function unseal(secret: Buffer, sealed: string): string {
  const bytes = Buffer.from(sealed, 'base64')
  const decipher = createDecipheriv('aes-256-gcm', secret, bytes.subarray(0, 12))
  decipher.setAuthTag(bytes.subarray(12, 28))
  return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString('utf8')
}
