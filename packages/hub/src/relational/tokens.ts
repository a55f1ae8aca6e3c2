import { createHash, randomBytes } from 'node:crypto'
import type { Driver } from './driver.ts'

/** What a holder of a token may do. */
export type Role = 'operator' | 'viewer'

/** A secret as it is kept: only its hash. */
export const hashOf = (secret: string): string => createHash('sha256').update(secret).digest('hex')

/** API tokens, sign-in links and the sessions of the portal. */
export class Tokens {
  readonly #db: Driver

  constructor(db: Driver) {
    this.#db = db
  }

  /**
   * Makes a token. Only its hash is kept.
   * @param options ttl in seconds; a token for single use is void after its first use
   */
  async create(role: Role, label: string, options: { ttl?: number; singleUse?: boolean } = {}): Promise<string> {
    const secret = `skep_${role}_${randomBytes(32).toString('base64url')}`
    const now = Date.now()
    await this.#db.run(
      'INSERT INTO tokens (hash, role, label, created, expires, single_use) VALUES (?, ?, ?, ?, ?, ?)',
      hashOf(secret),
      role,
      label,
      now,
      options.ttl === undefined ? null : now + options.ttl * 1000,
      options.singleUse === true ? 1 : 0,
    )
    return secret
  }

  /** The role and label of a valid token; a token for single use is used up by this, for one caller only. */
  async check(secret: string): Promise<{ role: Role; label: string } | undefined> {
    if (secret === '' || secret.length > 200) return undefined
    const hash = hashOf(secret)
    const row = await this.#db.get('SELECT * FROM tokens WHERE hash = ?', hash)
    if (row === undefined) return undefined
    if (row['expires'] !== null && Number(row['expires']) < Date.now()) return undefined
    if (Number(row['single_use']) === 1) {
      const changed = await this.#db.run('UPDATE tokens SET used = ? WHERE hash = ? AND used IS NULL', Date.now(), hash)
      if (changed !== 1) return undefined
    }
    return { role: row['role'] as Role, label: String(row['label']) }
  }
}
