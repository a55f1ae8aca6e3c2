import { createHash, randomBytes } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import Database from 'libsql'

/** Steps that make the relational state; only ever appended to. */
const steps: readonly string[] = [
  `CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
   CREATE TABLE tokens (hash TEXT PRIMARY KEY, role TEXT NOT NULL, label TEXT NOT NULL, created INTEGER NOT NULL,
     expires INTEGER, single_use INTEGER NOT NULL DEFAULT 0, used INTEGER);
   CREATE TABLE sensors (name TEXT PRIMARY KEY, token_hash TEXT, created INTEGER NOT NULL, last_seen INTEGER, heartbeat TEXT);
   CREATE TABLE ranges (sensor TEXT NOT NULL, boot TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
     PRIMARY KEY (sensor, boot, first));
   CREATE TABLE dropped (sensor TEXT NOT NULL, boot TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
     reason TEXT NOT NULL, PRIMARY KEY (sensor, boot, first));
   CREATE TABLE dead_letters (id INTEGER PRIMARY KEY, sensor TEXT NOT NULL, received INTEGER NOT NULL,
     reason TEXT NOT NULL, body BLOB NOT NULL);`,
]

/** What a holder of a token may do. */
export type Role = 'operator' | 'viewer' | 'sensor'

/** A row as the driver gives it. */
type Record_ = Record<string, unknown>

/** From `first` to `last`, both in it. */
export interface Range {
  readonly first: number
  readonly last: number
}

const hash = (secret: string): string => createHash('sha256').update(secret).digest('hex')

/** The relational state of one hub: who may do what, and which events of which sensor are committed. */
export class Relational {
  readonly #db: Database.Database

  /** Opens or makes the database file and brings it up to date. */
  constructor(file: string) {
    mkdirSync(dirname(file), { recursive: true })
    this.#db = new Database(file)
    this.#db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000;')
    const version = Number((this.#get('PRAGMA user_version') ?? {})['user_version'] ?? 0)
    for (let i = version; i < steps.length; i++) {
      this.#db.exec(`BEGIN; ${steps[i]} PRAGMA user_version = ${i + 1}; COMMIT;`)
    }
  }

  #get(text: string, ...values: unknown[]): Record_ | undefined {
    return this.#db.prepare(text).get(...values) as Record_ | undefined
  }
  #all(text: string, ...values: unknown[]): Record_[] {
    return this.#db.prepare(text).all(...values) as Record_[]
  }
  #run(text: string, ...values: unknown[]): void {
    this.#db.prepare(text).run(...values)
  }

  close(): void {
    this.#db.close()
  }

  /** A value kept under a name. */
  meta(name: string): string | undefined {
    return this.#get('SELECT value FROM meta WHERE name = ?', name)?.['value'] as string | undefined
  }
  setMeta(name: string, value: string): void {
    this.#run('INSERT INTO meta VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value', name, value)
  }

  /**
   * Makes a token. Only its hash is kept.
   * @param options ttl in seconds; a token for single use is void after its first use
   */
  createToken(role: Role, label: string, options: { ttl?: number; singleUse?: boolean } = {}): string {
    const secret = `skep_${role}_${randomBytes(32).toString('base64url')}`
    const now = Date.now()
    this.#run(
      'INSERT INTO tokens (hash, role, label, created, expires, single_use) VALUES (?, ?, ?, ?, ?, ?)',
      hash(secret),
      role,
      label,
      now,
      options.ttl === undefined ? null : now + options.ttl * 1000,
      options.singleUse === true ? 1 : 0,
    )
    return secret
  }

  /** The role and label of a valid token; a token for single use is used up by this. */
  checkToken(secret: string): { role: Role; label: string } | undefined {
    if (secret.length > 200) return undefined
    const row = this.#get('SELECT * FROM tokens WHERE hash = ?', hash(secret))
    if (row === undefined) return undefined
    if (row['expires'] !== null && Number(row['expires']) < Date.now()) return undefined
    if (row['single_use'] === 1) {
      if (row['used'] !== null) return undefined
      this.#run('UPDATE tokens SET used = ? WHERE hash = ?', Date.now(), hash(secret))
    }
    return { role: row['role'] as Role, label: String(row['label']) }
  }

  /** Registers a sensor and gives its token; an existing sensor gets a new one. */
  enrol(sensor: string): string {
    const secret = this.createToken('sensor', sensor)
    this.#run(
      'INSERT INTO sensors (name, token_hash, created) VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET token_hash = excluded.token_hash',
      sensor,
      hash(secret),
      Date.now(),
    )
    return secret
  }

  /** Notes that a sensor was heard, and what it said of itself. */
  heard(sensor: string, heartbeat?: string): void {
    this.#run(
      `INSERT INTO sensors (name, created, last_seen, heartbeat) VALUES (?, ?, ?, ?)
       ON CONFLICT (name) DO UPDATE SET last_seen = excluded.last_seen, heartbeat = coalesce(excluded.heartbeat, heartbeat)`,
      sensor,
      Date.now(),
      Date.now(),
      heartbeat ?? null,
    )
  }

  sensors(): { name: string; created: number; last_seen: number | null; heartbeat: string | null }[] {
    return this.#all('SELECT name, created, last_seen, heartbeat FROM sensors ORDER BY name') as never
  }

  /** The committed sequence numbers of a sensor's boot, as ranges in order. */
  ranges(sensor: string, boot: string): Range[] {
    return this.#all(
      'SELECT first, last FROM ranges WHERE sensor = ? AND boot = ? ORDER BY first',
      sensor,
      boot,
    ) as unknown as Range[]
  }

  /** Adds committed ranges and joins those that touch. */
  commit(entries: readonly { sensor: string; boot: string; ranges: readonly Range[] }[]): void {
    this.#transaction(() => {
      for (const { sensor, boot, ranges } of entries) {
        const merged = mergeRanges([...this.ranges(sensor, boot), ...ranges])
        this.#run('DELETE FROM ranges WHERE sensor = ? AND boot = ?', sensor, boot)
        for (const { first, last } of merged) {
          this.#run('INSERT INTO ranges VALUES (?, ?, ?, ?)', sensor, boot, first, last)
        }
      }
    })
  }

  /** Notes sequence numbers that a sensor says are lost. */
  declareDropped(sensor: string, boot: string, { first, last }: Range, reason: string): void {
    this.#run('INSERT OR IGNORE INTO dropped VALUES (?, ?, ?, ?, ?)', sensor, boot, first, last, reason)
  }

  /** Keeps what could not be stored, with the reason. */
  bury(sensor: string, reason: string, body: string): void {
    this.#run(
      'INSERT INTO dead_letters (sensor, received, reason, body) VALUES (?, ?, ?, ?)',
      sensor,
      Date.now(),
      reason.slice(0, 1000),
      body,
    )
  }

  deadLetters(): { sensor: string; reason: string; count: number }[] {
    return this.#all(
      'SELECT sensor, reason, count(*) AS count FROM dead_letters GROUP BY sensor, reason ORDER BY count DESC LIMIT 100',
    ) as never
  }

  /** Per sensor and boot: what was committed, what was declared dropped, and the holes that are neither. */
  ledger(): { sensor: string; boot: string; last: number; committed: number; dropped: number; missing: number }[] {
    const boots = this.#all('SELECT DISTINCT sensor, boot FROM ranges ORDER BY sensor, boot') as unknown as {
      sensor: string
      boot: string
    }[]
    return boots.map(({ sensor, boot }) => {
      const ranges = this.ranges(sensor, boot)
      const dropped = this.#all('SELECT first, last FROM dropped WHERE sensor = ? AND boot = ?', sensor, boot)
      const size = (all: readonly Range[]) => all.reduce((sum, { first, last }) => sum + last - first + 1, 0)
      const committed = size(ranges)
      const known = size(mergeRanges([...ranges, ...(dropped as unknown as Range[])]))
      const last = ranges.at(-1)?.last ?? -1
      return { sensor, boot, last, committed, dropped: known - committed, missing: Math.max(0, last + 1 - known) }
    })
  }

  #transaction(work: () => void): void {
    this.#db.exec('BEGIN IMMEDIATE')
    try {
      work()
      this.#db.exec('COMMIT')
    } catch (error) {
      this.#db.exec('ROLLBACK')
      throw error
    }
  }
}

/** Sorts ranges and joins those that overlap or touch. */
export function mergeRanges(ranges: readonly Range[]): Range[] {
  const merged: { first: number; last: number }[] = []
  for (const { first, last } of [...ranges].sort((a, b) => a.first - b.first)) {
    const open = merged.at(-1)
    if (open !== undefined && first <= open.last + 1) open.last = Math.max(open.last, last)
    else merged.push({ first, last })
  }
  return merged
}

/** Whether a number lies in one of the ranges (in order). */
export function inRanges(ranges: readonly Range[], n: number): boolean {
  let [low, high] = [0, ranges.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((ranges[middle]?.first ?? Infinity) <= n) low = middle + 1
    else high = middle
  }
  const range = ranges[low - 1]
  return range !== undefined && n <= range.last
}

/** Ranges of a list of numbers. */
export const rangesOf = (numbers: readonly number[]): Range[] =>
  mergeRanges(numbers.map((n) => ({ first: n, last: n })))
