import type { Driver } from './driver.ts'

/** Who does what, where several hubs share the work: a lease is held for a while and must be renewed. */
export class Leases {
  readonly #db: Driver
  /** This hub, in the leases that it holds. */
  readonly holder: string

  constructor(db: Driver, holder: string) {
    this.#db = db
    this.holder = holder
  }

  /** Takes or renews a lease. @returns whether it is ours for `ms` from now */
  async take(name: string, ms: number): Promise<boolean> {
    const now = Date.now()
    const changed = await this.#db.run(
      `INSERT INTO leases (name, holder, until) VALUES (?, ?, ?)
       ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until
       WHERE leases.holder = excluded.holder OR leases.until < ?`,
      name,
      this.holder,
      now + ms,
      now,
    )
    return changed === 1
  }

  async release(name: string): Promise<void> {
    await this.#db.run('DELETE FROM leases WHERE name = ? AND holder = ?', name, this.holder)
  }

  /** Whether somebody holds it now. */
  async held(name: string): Promise<boolean> {
    const row = await this.#db.get('SELECT until FROM leases WHERE name = ?', name)
    return row !== undefined && Number(row['until']) >= Date.now()
  }
}
