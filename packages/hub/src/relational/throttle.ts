import type { Driver } from './driver.ts'

/** Counts tries, over all hubs, so that nobody guesses for long. */
export class Throttle {
  readonly #db: Driver

  constructor(db: Driver) {
    this.#db = db
  }

  /**
   * Counts one try.
   * @param name what is counted, such as `password user@example.net`
   * @param most so many are free within `window` milliseconds
   * @returns the seconds to wait, 0 when the try is free
   */
  async hit(name: string, most: number, window: number): Promise<number> {
    const now = Date.now()
    const row = await this.#db.get<{ count: number; until: number }>(
      `INSERT INTO throttle (name, count, until) VALUES (?, 1, ?) ON CONFLICT (name) DO UPDATE SET
         count = CASE WHEN throttle.until < ? THEN 1 ELSE throttle.count + 1 END,
         until = CASE WHEN throttle.until < ? THEN excluded.until ELSE throttle.until END
       RETURNING count, until`,
      name,
      now + window,
      now,
      now,
    )
    if (Math.random() < 0.01) await this.#db.run('DELETE FROM throttle WHERE until < ?', now)
    return row === undefined || Number(row.count) <= most ? 0 : Math.max(1, Math.ceil((Number(row.until) - now) / 1000))
  }

  /** Forgets the tries: it was the right one. */
  async clear(name: string): Promise<void> {
    await this.#db.run('DELETE FROM throttle WHERE name = ?', name)
  }
}
