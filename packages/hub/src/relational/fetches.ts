import { z } from 'zod'
import { payloadKey } from '@skep/vocabulary'
import type { Driver } from './driver.ts'

/** What the operator wants to be fetched; off until somebody says otherwise. */
export const FetchPolicy = z.strictObject({
  enabled: z.boolean().default(false),
  /** Whether sensors hand what was fetched to the attacker who wanted it. */
  hand: z.boolean().default(false),
  /** Fetches of one host within an hour. */
  per_host: z.number().int().min(1).max(100).default(4),
  /** Megabytes of one file. */
  megabytes: z.number().int().min(1).max(64).default(16),
  seconds: z.number().int().min(5).max(300).default(60),
  /** Addresses, prefixes and names that are left alone. */
  never: z
    .array(
      z
        .string()
        .regex(/^(?:[\da-f.:]+(?:\/\d{1,3})?|[a-z0-9-]+(?:\.[a-z0-9-]+)+)$/i)
        .max(253),
    )
    .max(1000)
    .default([]),
})
export type FetchPolicy = z.infer<typeof FetchPolicy>

/** The event in which a URL was first seen: what was fetched becomes part of its session. */
export interface FirstSight {
  readonly event: string
  readonly sensor: string
  readonly session: string
  readonly service: string
  readonly transport: string
  readonly source_ip: string
  readonly source_port: number
  readonly target_port: number
}

export interface FetchRow {
  readonly id: string
  readonly url: string
  readonly host: string
  readonly tool: string
  readonly state: 'wanted' | 'taken' | 'fetched' | 'failed' | 'refused'
  readonly seen: number
  readonly taken: number | null
  readonly done: number | null
  readonly tries: number
  readonly sha256: string
  readonly size: number
  readonly detail: string
  /** JSON. */
  readonly hops: string
  readonly sight: string
}

const hour = 3_600_000
/** What is begun and not told of for so long is begun again, so many times in all. */
const patience = 15 * 60_000
const mostTries = 3
/** More that waits than this is somebody's game. */
const mostWaiting = 2000

/** URLs of payloads: each is fetched once, by whichever fetcher takes it. */
export class Fetches {
  readonly #db: Driver

  constructor(db: Driver) {
    this.#db = db
  }

  async policy(): Promise<FetchPolicy> {
    const row = await this.#db.get<{ value: string }>("SELECT value FROM meta WHERE name = 'fetch policy'")
    return FetchPolicy.parse(row === undefined ? {} : JSON.parse(row.value))
  }
  async setPolicy(policy: FetchPolicy): Promise<void> {
    await this.#db.run(
      "INSERT INTO meta VALUES ('fetch policy', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
      JSON.stringify(policy),
    )
  }

  /** Notes a URL that is to be fetched. @returns false when it is known, 'full' when too many wait */
  async want(url: string, tool: string, sight: FirstSight, now = Date.now()): Promise<boolean | 'full'> {
    const [waiting] = await this.#db.all<{ count: number }>(
      "SELECT count(*) AS count FROM fetches WHERE state = 'wanted'",
    )
    if (Number(waiting?.count) >= mostWaiting) return 'full'
    const added = await this.#db.run(
      `INSERT INTO fetches (id, url, host, tool, state, seen, tries, sha256, size, detail, hops, sight)
       VALUES (?, ?, ?, ?, 'wanted', ?, 0, '', 0, '', '[]', ?) ON CONFLICT (id) DO NOTHING`,
      payloadKey(url),
      url,
      new URL(url).hostname,
      tool,
      now,
      JSON.stringify(sight),
    )
    return added > 0
  }

  /** Takes some that are due; of one host no more than the policy allows within an hour. */
  async take(most: number, perHost: number, now = Date.now()): Promise<FetchRow[]> {
    return this.#db.transaction(async () => {
      await this.#db.lock('fetches')
      await this.#db.run(
        `UPDATE fetches SET state = CASE WHEN tries >= ? THEN 'failed' ELSE 'wanted' END,
           detail = CASE WHEN tries >= ? THEN 'begun and never ended' ELSE detail END
         WHERE state = 'taken' AND taken < ?`,
        mostTries,
        mostTries,
        now - patience,
      )
      const lately = await this.#db.all<{ host: string; count: number }>(
        'SELECT host, count(*) AS count FROM fetches WHERE taken > ? GROUP BY host',
        now - hour,
      )
      const used = new Map(lately.map(({ host, count }) => [host, Number(count)]))
      const waiting = await this.#db.all<FetchRow>(
        "SELECT * FROM fetches WHERE state = 'wanted' ORDER BY seen, id LIMIT ?",
        mostWaiting,
      )
      const taken: FetchRow[] = []
      for (const row of waiting) {
        if (taken.length >= most) break
        const count = used.get(row.host) ?? 0
        if (count >= perHost) continue
        used.set(row.host, count + 1)
        await this.#db.run("UPDATE fetches SET state = 'taken', taken = ?, tries = tries + 1 WHERE id = ?", now, row.id)
        taken.push(row)
      }
      return taken
    })
  }

  get(id: string): Promise<FetchRow | undefined> {
    return this.#db.get<FetchRow>('SELECT * FROM fetches WHERE id = ?', id)
  }

  /** Notes the bytes that came, before it is told that all of it went well. */
  async hold(id: string, sha256: string, size: number): Promise<void> {
    await this.#db.run("UPDATE fetches SET sha256 = ?, size = ? WHERE id = ? AND state = 'taken'", sha256, size, id)
  }

  /** Notes what became of it. @returns whether it was open still */
  async settle(
    id: string,
    { outcome, detail, hops }: { outcome: 'fetched' | 'failed' | 'refused'; detail: string; hops: unknown },
    now = Date.now(),
  ): Promise<boolean> {
    const changed = await this.#db.run(
      "UPDATE fetches SET state = ?, detail = ?, hops = ?, done = ? WHERE id = ? AND state = 'taken'",
      outcome,
      detail,
      JSON.stringify(hops),
      now,
      id,
    )
    return changed > 0
  }

  /** The latest, newest first. */
  list(limit: number, state?: string, before?: number): Promise<FetchRow[]> {
    return this.#db.all<FetchRow>(
      'SELECT * FROM fetches WHERE seen < ? AND (? = ? OR state = ?) ORDER BY seen DESC, id LIMIT ?',
      before ?? Number.MAX_SAFE_INTEGER,
      state ?? '',
      '',
      state ?? '',
      limit,
    )
  }

  async counts(): Promise<Record<string, number>> {
    const rows = await this.#db.all<{ state: string; count: number }>(
      'SELECT state, count(*) AS count FROM fetches GROUP BY state',
    )
    return Object.fromEntries(rows.map(({ state, count }) => [state, Number(count)]))
  }
}
