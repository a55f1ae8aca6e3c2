import { createHash, randomBytes, randomUUID } from 'node:crypto'
import type { Capability, MemberRole } from '../access/roles.ts'
import type { Driver } from './driver.ts'

/** What a holder of a token may do: in the whole honeynet, or as a member of one organisation. */
export type Role = 'operator' | 'viewer'

/** A secret as it is kept: only its hash. */
export const hashOf = (secret: string): string => createHash('sha256').update(secret).digest('hex')

/** What a token says of its holder. */
export interface Holder {
  readonly role: Role | MemberRole
  readonly label: string
  /** The organisation that it is for; without one, the whole honeynet. */
  readonly organisation?: string
  /** What of its role's capabilities it carries; without it, all. */
  readonly scopes?: readonly Capability[]
}

/** A token as it is listed: never its secret. */
export interface TokenRow {
  readonly id: string
  readonly role: string
  readonly label: string
  readonly organisation: string | null
  readonly scopes: string
  readonly author: string
  readonly created: number
  readonly expires: number | null
  readonly last_used: number | null
}

/** API tokens and sign-in links. */
export class Tokens {
  readonly #db: Driver

  constructor(db: Driver) {
    this.#db = db
  }

  /**
   * Makes a token. Only its hash is kept.
   * @param options ttl in seconds; a token for single use is void after its first use
   */
  async create(
    role: Holder['role'],
    label: string,
    options: {
      ttl?: number
      singleUse?: boolean
      organisation?: string
      scopes?: readonly Capability[]
      author?: string
    } = {},
  ): Promise<string> {
    const secret = `skep_${role}_${randomBytes(32).toString('base64url')}`
    const now = Date.now()
    await this.#db.run(
      `INSERT INTO tokens (hash, id, role, label, created, expires, single_use, organisation, scopes, author)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      hashOf(secret),
      randomUUID(),
      role,
      label,
      now,
      options.ttl === undefined ? null : now + options.ttl * 1000,
      options.singleUse === true ? 1 : 0,
      options.organisation ?? null,
      (options.scopes ?? []).join(' '),
      options.author ?? '',
    )
    return secret
  }

  /** Who holds a valid token; a token for single use is used up by this, for one caller only. */
  async check(secret: string): Promise<Holder | undefined> {
    if (secret === '' || secret.length > 200) return undefined
    const hash = hashOf(secret)
    const now = Date.now()
    const row = await this.#db.get('SELECT * FROM tokens WHERE hash = ?', hash)
    if (row === undefined || row['revoked'] !== null) return undefined
    if (row['expires'] !== null && Number(row['expires']) < now) return undefined
    if (Number(row['single_use']) === 1) {
      const changed = await this.#db.run('UPDATE tokens SET used = ? WHERE hash = ? AND used IS NULL', now, hash)
      if (changed !== 1) return undefined
    }
    if (now - Number(row['last_used'] ?? 0) > 60_000)
      await this.#db.run('UPDATE tokens SET last_used = ? WHERE hash = ?', now, hash)
    const organisation = row['organisation'] as string | null
    const scopes = String(row['scopes'])
    return {
      role: row['role'] as Holder['role'],
      label: String(row['label']),
      ...(organisation !== null && { organisation }),
      ...(scopes !== '' && { scopes: scopes.split(' ') as Capability[] }),
    }
  }

  /** Tokens that still count: of an organisation, or those of the honeynet. */
  list(organisation: string | null): Promise<TokenRow[]> {
    const columns = 'id, role, label, organisation, scopes, author, created, expires, last_used'
    const valid = 'revoked IS NULL AND single_use = 0 AND (expires IS NULL OR expires > ?)'
    return organisation === null
      ? this.#db.all(
          `SELECT ${columns} FROM tokens WHERE organisation IS NULL AND ${valid} ORDER BY created DESC LIMIT 200`,
          Date.now(),
        )
      : this.#db.all(
          `SELECT ${columns} FROM tokens WHERE organisation = ? AND ${valid} ORDER BY created DESC LIMIT 200`,
          organisation,
          Date.now(),
        )
  }

  /** Voids a token. @returns whether there was one */
  async revoke(id: string, organisation: string | null): Promise<boolean> {
    const owner = organisation === null ? 'organisation IS NULL' : 'organisation = ?'
    const values = organisation === null ? [] : [organisation]
    return (
      (await this.#db.run(
        `UPDATE tokens SET revoked = ? WHERE id = ? AND revoked IS NULL AND ${owner}`,
        Date.now(),
        id,
        ...values,
      )) === 1
    )
  }

  /** Voids a token by its secret: signing out. */
  async end(secret: string): Promise<void> {
    await this.#db.run('UPDATE tokens SET revoked = ? WHERE hash = ?', Date.now(), hashOf(secret))
  }
}
