import { randomBytes, randomUUID } from 'node:crypto'
import { plain } from '@skep/vocabulary'
import { isRole, type MemberRole } from '../access/roles.ts'
import type { Driver } from './driver.ts'
import { hashOf } from './tokens.ts'

/** A person. Times are milliseconds since 1970. */
export interface User {
  readonly id: string
  readonly email: string
  readonly name: string
  /** How the password is kept, null where there is none. */
  readonly password: string | null
  /** The sealed secret of one-time codes, null where there is none. */
  readonly totp: string | null
  /** The last time step whose code was used: a code is good once. */
  readonly totp_step: number
  readonly operator: number
  readonly disabled: number | null
  readonly language: string
  readonly created: number
}

/** How far a sign-in has come: the password was right, or all that is asked for. */
export type Stage = 'password' | 'full'

/** A browser that is signed in. */
export interface SignIn {
  readonly id: string
  readonly user_id: string
  readonly organisation: string | null
  readonly stage: Stage
  readonly created: number
  readonly last_used: number
  readonly expires: number
  readonly agent: string
  readonly remote: string
}

export interface Passkey {
  readonly id: string
  readonly user_id: string
  /** COSE key, base64url. */
  readonly public_key: string
  readonly counter: number
  readonly transports: string
  readonly label: string
  readonly created: number
  readonly last_used: number | null
}

/** A provider of identities by OpenID Connect. */
export interface Provider {
  readonly name: string
  readonly title: string
  readonly issuer: string
  readonly client_id: string
  /** Sealed. */
  readonly client_secret: string
  readonly scope: string
  /** Whom it lets in: those who have an account here, or anyone whom it knows. */
  readonly admits: 'known' | 'anyone'
}

/** What a one-time secret is for. */
export type Errand = 'welcome' | 'recovery code' | 'passkey' | 'oidc' | 'claim' | 'received'

/** How often a report comes. */
export const periods = ['daily', 'weekly', 'monthly'] as const
export type Period = (typeof periods)[number]

const idle = 14 * 86_400_000
/** E-mail addresses are compared without regard to case. */
export const normalEmail = (text: string): string => text.trim().toLowerCase()
const email = /^[^\s@<>"(),:;\\[\]\u0000-\u001f]{1,64}@[a-z0-9](?:[a-z0-9.-]{0,250}[a-z0-9])?$/
export const isEmail = (text: string): boolean => email.test(text)

/** People, the organisations that they act for, and how they sign in. Secrets are kept as hashes or sealed. */
export class People {
  readonly #db: Driver

  constructor(db: Driver) {
    this.#db = db
  }

  // Users

  /** @throws RangeError when it is no e-mail address or is taken */
  async addUser(address: string, name: string, operator = false): Promise<User> {
    const at = normalEmail(address)
    if (!isEmail(at)) throw new RangeError('This is no e-mail address')
    const id = randomUUID()
    const changed = await this.#db.run(
      'INSERT INTO users (id, email, name, operator, created) VALUES (?, ?, ?, ?, ?) ON CONFLICT (email) DO NOTHING',
      id,
      at,
      plain(name.slice(0, 120)),
      operator ? 1 : 0,
      Date.now(),
    )
    if (changed !== 1) throw new RangeError('There is an account with this e-mail address')
    return (await this.user(id)) as User
  }
  user(id: string): Promise<User | undefined> {
    return this.#db.get('SELECT * FROM users WHERE id = ?', id)
  }
  userByEmail(address: string): Promise<User | undefined> {
    return this.#db.get('SELECT * FROM users WHERE email = ?', normalEmail(address))
  }
  users(): Promise<(Omit<User, 'password' | 'totp'> & { second: number; memberships: number })[]> {
    return this.#db.all(
      `SELECT u.id, u.email, u.name, u.operator, u.disabled, u.language, u.created,
         (CASE WHEN u.totp IS NULL THEN 0 ELSE 1 END) + (SELECT count(*) FROM passkeys p WHERE p.user_id = u.id) AS second,
         (SELECT count(*) FROM memberships m WHERE m.user_id = u.id) AS memberships FROM users u ORDER BY u.email`,
    )
  }
  async changeUser(
    id: string,
    changes: Partial<Pick<User, 'name' | 'password' | 'totp' | 'language' | 'operator' | 'disabled'>>,
  ): Promise<void> {
    for (const [column, value] of Object.entries(changes))
      await this.#db.run(`UPDATE users SET ${column} = ? WHERE id = ?`, value, id)
    if (changes.disabled !== undefined && changes.disabled !== null) await this.endSignIns(id)
  }
  /** Uses up the code of a time step, for one caller only. */
  async useTotpStep(id: string, step: number): Promise<boolean> {
    return (await this.#db.run('UPDATE users SET totp_step = ? WHERE id = ? AND totp_step < ?', step, id, step)) === 1
  }

  // Memberships

  async join(user: string, organisation: string, role: MemberRole): Promise<void> {
    await this.#db.run(
      `INSERT INTO memberships VALUES (?, ?, ?, ?) ON CONFLICT (user_id, organisation) DO UPDATE SET role = excluded.role`,
      user,
      organisation,
      role,
      Date.now(),
    )
  }
  async leave(user: string, organisation: string): Promise<void> {
    await this.#db.run('DELETE FROM memberships WHERE user_id = ? AND organisation = ?', user, organisation)
  }
  async memberships(user: string): Promise<{ organisation: string; title: string; role: MemberRole }[]> {
    const rows = await this.#db.all<{ organisation: string; title: string; role: string }>(
      `SELECT m.organisation, o.title, m.role FROM memberships m JOIN organisations o ON o.name = m.organisation
       WHERE m.user_id = ? ORDER BY m.organisation`,
      user,
    )
    return rows.filter((row): row is (typeof rows)[number] & { role: MemberRole } => isRole(row.role))
  }
  members(
    organisation: string,
  ): Promise<{ id: string; email: string; name: string; role: MemberRole; since: number; second: number }[]> {
    return this.#db.all(
      `SELECT u.id, u.email, u.name, m.role, m.since,
         (CASE WHEN u.totp IS NULL THEN 0 ELSE 1 END) + (SELECT count(*) FROM passkeys p WHERE p.user_id = u.id) AS second
       FROM memberships m JOIN users u ON u.id = m.user_id WHERE m.organisation = ? ORDER BY u.email`,
      organisation,
    )
  }

  // Reports by mail

  async subscribe(user: string, organisation: string, period: Period, on: boolean): Promise<void> {
    if (on)
      await this.#db.run(
        'INSERT INTO subscriptions (user_id, organisation, period, created) VALUES (?, ?, ?, ?) ON CONFLICT (user_id, organisation, period) DO NOTHING',
        user,
        organisation,
        period,
        Date.now(),
      )
    else
      await this.#db.run(
        'DELETE FROM subscriptions WHERE user_id = ? AND organisation = ? AND period = ?',
        user,
        organisation,
        period,
      )
  }
  async subscribed(user: string, organisation: string): Promise<Period[]> {
    const rows = await this.#db.all<{ period: Period }>(
      'SELECT period FROM subscriptions WHERE user_id = ? AND organisation = ? ORDER BY period',
      user,
      organisation,
    )
    return rows.map(({ period }) => period)
  }
  /** Everybody who gets reports and is still a member. */
  subscriptions(): Promise<
    {
      user_id: string
      organisation: string
      period: Period
      last: string
      email: string
      role: MemberRole
      language: string
    }[]
  > {
    return this.#db.all(
      `SELECT s.user_id, s.organisation, s.period, s.last, u.email, m.role, u.language FROM subscriptions s
         JOIN users u ON u.id = s.user_id AND u.disabled IS NULL
         JOIN memberships m ON m.user_id = s.user_id AND m.organisation = s.organisation`,
    )
  }
  /** Notes which report was sent last. @returns whether it was not noted already, by another hub */
  async reported(user: string, organisation: string, period: Period, last: string): Promise<boolean> {
    return (
      (await this.#db.run(
        'UPDATE subscriptions SET last = ? WHERE user_id = ? AND organisation = ? AND period = ? AND last <> ?',
        last,
        user,
        organisation,
        period,
        last,
      )) === 1
    )
  }

  // Sign-ins

  /** Begins a sign-in. @param life in milliseconds. @returns the secret for the cookie */
  async signIn(
    user: string,
    stage: Stage,
    about: { agent: string; remote: string; organisation?: string | null },
    life = 30 * 86_400_000,
  ): Promise<string> {
    const secret = `skep_session_${randomBytes(32).toString('base64url')}`
    const now = Date.now()
    await this.#db.run('DELETE FROM sign_ins WHERE expires < ? OR last_used < ?', now, now - idle)
    await this.#db.run(
      `INSERT INTO sign_ins (id, hash, user_id, organisation, stage, created, last_used, expires, agent, remote)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      randomUUID(),
      hashOf(secret),
      user,
      about.organisation ?? null,
      stage,
      now,
      now,
      now + life,
      plain(about.agent.slice(0, 200)),
      about.remote,
    )
    return secret
  }
  /** The sign-in of a cookie, if it still counts. */
  async signedIn(secret: string): Promise<SignIn | undefined> {
    if (secret.length > 200) return undefined
    const now = Date.now()
    const row = await this.#db.get<SignIn>(
      'SELECT * FROM sign_ins WHERE hash = ? AND expires > ? AND last_used > ?',
      hashOf(secret),
      now,
      now - idle,
    )
    if (row !== undefined && now - row.last_used > 60_000)
      await this.#db.run('UPDATE sign_ins SET last_used = ? WHERE id = ?', now, row.id)
    return row
  }
  signIns(user: string): Promise<SignIn[]> {
    return this.#db.all(
      `SELECT id, user_id, organisation, stage, created, last_used, expires, agent, remote FROM sign_ins
       WHERE user_id = ? AND stage = 'full' ORDER BY last_used DESC`,
      user,
    )
  }
  async actFor(id: string, organisation: string): Promise<void> {
    await this.#db.run('UPDATE sign_ins SET organisation = ? WHERE id = ?', organisation, id)
  }
  /** Ends all sign-ins of a person but, perhaps, one; or one of them. */
  async endSignIns(user: string, which: { but?: string; id?: string } = {}): Promise<number> {
    if (which.id !== undefined) return this.#db.run('DELETE FROM sign_ins WHERE user_id = ? AND id = ?', user, which.id)
    return this.#db.run('DELETE FROM sign_ins WHERE user_id = ? AND id <> ?', user, which.but ?? '')
  }

  // Passkeys

  async addPasskey(key: Omit<Passkey, 'created' | 'last_used'>): Promise<void> {
    await this.#db.run(
      'INSERT INTO passkeys (id, user_id, public_key, counter, transports, label, created) VALUES (?, ?, ?, ?, ?, ?, ?)',
      key.id,
      key.user_id,
      key.public_key,
      key.counter,
      key.transports,
      plain(key.label.slice(0, 80)),
      Date.now(),
    )
  }
  passkeys(user: string): Promise<Passkey[]> {
    return this.#db.all('SELECT * FROM passkeys WHERE user_id = ? ORDER BY created', user)
  }
  passkey(id: string): Promise<Passkey | undefined> {
    return this.#db.get('SELECT * FROM passkeys WHERE id = ?', id)
  }
  async usedPasskey(id: string, counter: number): Promise<void> {
    await this.#db.run('UPDATE passkeys SET counter = ?, last_used = ? WHERE id = ?', counter, Date.now(), id)
  }
  async removePasskey(user: string, id: string): Promise<boolean> {
    return (await this.#db.run('DELETE FROM passkeys WHERE user_id = ? AND id = ?', user, id)) === 1
  }

  // Identities elsewhere

  async identity(issuer: string, subject: string): Promise<User | undefined> {
    return this.#db.get(
      'SELECT u.* FROM identities i JOIN users u ON u.id = i.user_id WHERE i.issuer = ? AND i.subject = ?',
      issuer,
      subject,
    )
  }
  /** Enters an identity, or what its provider says now of the networks that it may change. */
  async addIdentity(issuer: string, subject: string, user: string, networks: readonly number[] = []): Promise<void> {
    await this.#db.run(
      `INSERT INTO identities (issuer, subject, user_id, networks, created) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (issuer, subject) DO UPDATE SET networks = excluded.networks`,
      issuer,
      subject,
      user,
      JSON.stringify(networks),
      Date.now(),
    )
  }
  /** The ASes that a person may change, as the providers said when they last signed in there. */
  async networksOf(user: string): Promise<{ issuer: string; asns: number[] }[]> {
    const rows = await this.#db.all('SELECT issuer, networks FROM identities WHERE user_id = ?', user)
    return rows.map((row) => ({ issuer: String(row['issuer']), asns: JSON.parse(String(row['networks'])) as number[] }))
  }
  async setProvider(provider: Provider): Promise<void> {
    await this.#db.run(
      `INSERT INTO providers VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET title = excluded.title,
         issuer = excluded.issuer, client_id = excluded.client_id, client_secret = excluded.client_secret,
         scope = excluded.scope, admits = excluded.admits`,
      provider.name,
      provider.title,
      provider.issuer,
      provider.client_id,
      provider.client_secret,
      provider.scope,
      provider.admits,
      Date.now(),
    )
  }
  providers(): Promise<Provider[]> {
    return this.#db.all('SELECT * FROM providers ORDER BY name')
  }
  async removeProvider(name: string): Promise<boolean> {
    return (await this.#db.run('DELETE FROM providers WHERE name = ?', name)) === 1
  }

  // One-time secrets

  /** Makes a secret that is good once. @param ttl in seconds */
  async errand(kind: Errand, owner: string, detail: object, ttl: number, secret?: string): Promise<string> {
    const made = secret ?? `e${randomBytes(24).toString('base64url')}`
    const now = Date.now()
    await this.#db.run('DELETE FROM errands WHERE expires < ?', now)
    await this.#db.run(
      'INSERT INTO errands (hash, kind, owner, detail, created, expires) VALUES (?, ?, ?, ?, ?, ?)',
      hashOf(`${kind} ${made}`),
      kind,
      owner,
      JSON.stringify(detail),
      now,
      now + ttl * 1000,
    )
    return made
  }
  /** Whose a secret is, without using it up. */
  async peek(kind: Errand, secret: string): Promise<string | undefined> {
    const row = await this.#db.get(
      'SELECT owner FROM errands WHERE hash = ? AND used IS NULL AND expires > ?',
      hashOf(`${kind} ${secret.slice(0, 2000)}`),
      Date.now(),
    )
    return row && String(row['owner'])
  }
  /** Uses up a secret, for one of those who try. @returns whose it is and what was kept with it */
  async run<T extends object>(kind: Errand, secret: string): Promise<{ owner: string; detail: T } | undefined> {
    if (secret.length > 2000) return undefined
    const hash = hashOf(`${kind} ${secret}`)
    const changed = await this.#db.run(
      'UPDATE errands SET used = ? WHERE hash = ? AND used IS NULL AND expires > ?',
      Date.now(),
      hash,
      Date.now(),
    )
    if (changed !== 1) return undefined
    const row = await this.#db.get('SELECT owner, detail FROM errands WHERE hash = ?', hash)
    return row && { owner: String(row['owner']), detail: JSON.parse(String(row['detail'])) as T }
  }
  /** Secrets of a kind that nobody has used yet. */
  async openErrands<T extends object>(kind: Errand): Promise<{ id: string; created: number; detail: T }[]> {
    const rows = await this.#db.all(
      'SELECT hash, created, detail FROM errands WHERE kind = ? AND used IS NULL AND expires > ? ORDER BY created LIMIT 10000',
      kind,
      Date.now(),
    )
    return rows.map((row) => ({
      id: String(row['hash']),
      created: Number(row['created']),
      detail: JSON.parse(String(row['detail'])) as T,
    }))
  }
  /** Changes what is kept with a secret. @returns whether it was as expected, for one caller only */
  async changeErrand(id: string, from: object, to: object): Promise<boolean> {
    return (
      (await this.#db.run(
        'UPDATE errands SET detail = ? WHERE hash = ? AND detail = ? AND used IS NULL',
        JSON.stringify(to),
        id,
        JSON.stringify(from),
      )) === 1
    )
  }
  async dropErrands(owner: string, kind: Errand): Promise<void> {
    await this.#db.run('DELETE FROM errands WHERE owner = ? AND kind = ?', owner, kind)
  }
  async countErrands(owner: string, kind: Errand): Promise<number> {
    const row = await this.#db.get(
      'SELECT count(*) AS n FROM errands WHERE owner = ? AND kind = ? AND used IS NULL',
      owner,
      kind,
    )
    return Number(row?.['n'] ?? 0)
  }
}
