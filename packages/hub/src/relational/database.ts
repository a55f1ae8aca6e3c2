import { Alerts } from './alerts.ts'
import { Audit } from './audit.ts'
import { openPostgres, openSqlite, type Driver } from './driver.ts'
import { Fetches } from './fetches.ts'
import { Fleet } from './fleet.ts'
import { Leases } from './leases.ts'
import { Ledger } from './ledger.ts'
import { Claims } from './claims.ts'
import { Cases } from './cases.ts'
import { People } from './people.ts'
import { Throttle } from './throttle.ts'
import { Tokens } from './tokens.ts'

export type { Role } from './tokens.ts'

/** The relational state: who may do what, the fleet, and which events of which sensor are committed. */
export class Relational {
  readonly #db: Driver
  readonly tokens: Tokens
  readonly fleet: Fleet
  readonly ledger: Ledger
  readonly leases: Leases
  readonly people: People
  readonly claims: Claims
  readonly cases: Cases
  readonly alerts: Alerts
  readonly audit: Audit
  readonly throttle: Throttle
  readonly fetches: Fetches

  private constructor(db: Driver, holder: string) {
    this.#db = db
    this.tokens = new Tokens(db)
    this.fleet = new Fleet(db)
    this.ledger = new Ledger(db)
    this.leases = new Leases(db, holder)
    this.people = new People(db)
    this.claims = new Claims(db)
    this.cases = new Cases(db)
    this.alerts = new Alerts(db)
    this.audit = new Audit(db)
    this.throttle = new Throttle(db)
    this.fetches = new Fetches(db)
  }

  /**
   * Opens the state, makes it where it is not, and brings it up to date.
   * @param at a file, or the address of a PostgreSQL database (postgres://…)
   * @param holder the name of this hub among several
   */
  static async open(at: string, holder = 'hub'): Promise<Relational> {
    return new Relational(/^postgres(ql)?:/.test(at) ? await openPostgres(at) : await openSqlite(at), holder)
  }

  /** Whether several hubs may work on this state at once. */
  get shared(): boolean {
    return this.#db.kind === 'postgres'
  }

  close(): Promise<void> {
    return this.#db.close()
  }

  /**
   * The tables of an extension, made and brought up to date.
   * @param steps like the hub's own: only ever appended to, in words that both databases take
   */
  async tables(extension: string, steps: readonly string[]): Promise<Driver> {
    await this.#db.transaction(async () => {
      await this.#db.lock(`skep schema ${extension}`)
      const name = `schema ${extension}`
      for (let i = Number((await this.meta(name)) ?? 0); i < steps.length; i++) {
        for (const statement of (steps[i] ?? '').split(';').filter((one) => one.trim() !== ''))
          await this.#db.change(statement)
        await this.setMeta(name, String(i + 1))
      }
    })
    return this.#db
  }

  /** A value kept under a name. */
  async meta(name: string): Promise<string | undefined> {
    return (await this.#db.get('SELECT value FROM meta WHERE name = ?', name))?.['value'] as string | undefined
  }
  async setMeta(name: string, value: string): Promise<void> {
    await this.#db.run(
      'INSERT INTO meta VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
      name,
      value,
    )
  }
  /** A value kept under a name; the first who asks makes it, for all hubs. */
  async metaOnce(name: string, make: () => Promise<string>): Promise<string> {
    const known = await this.meta(name)
    if (known !== undefined) return known
    const made = await make()
    await this.#db.run('INSERT INTO meta VALUES (?, ?) ON CONFLICT (name) DO NOTHING', name, made)
    return (await this.meta(name)) ?? made
  }
  /** Whether the state can be reached. */
  async ping(): Promise<boolean> {
    try {
      await this.#db.get('SELECT 1 AS one')
      return true
    } catch {
      return false
    }
  }
}
