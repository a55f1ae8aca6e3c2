import { plain } from '@skep/vocabulary'
import type { Driver } from './driver.ts'
import { mergeRanges, sizeOf, without, type Range } from './ranges.ts'

/** Committed numbers of one run (boot) of one sensor. */
export interface Commit {
  readonly sensor: string
  readonly boot: string
  readonly ranges: readonly Range[]
  /** Events that came with it, and how many of them were committed already. */
  readonly received?: number
  readonly duplicates?: number
}

/** What became of the events of one run of a sensor. made = committed + dropped + missing + waiting. */
export interface Entry {
  readonly sensor: string
  readonly boot: string
  /** Events that the sensor made, as far as the hub can know: by its heartbeats and its highest number. */
  readonly made: number
  /** Events that came, the repeated ones counted each time. */
  readonly received: number
  readonly duplicates: number
  readonly committed: number
  /** Declared lost, by reason. */
  readonly dropped: Readonly<Record<string, number>>
  /** Made, by the sensor's word, after the last that came: still on their way. */
  readonly waiting: number
  /** Holes: neither committed nor declared lost, though later ones came. */
  readonly missing: number
  /** The holes, the first twenty. */
  readonly holes: readonly Range[]
  readonly version: string
  readonly first_heard: number
  readonly last_heard: number
  /** When the sensor said that it has nothing more of this run. */
  readonly closed: number | null
}

/** An event that could not be stored. */
export interface DeadLetter {
  readonly id: number
  readonly sensor: string
  readonly boot: string
  readonly seq: number
  readonly received: number
  readonly reason: string
  readonly body: string
  readonly provenance: string
}

/** At most so many dead letters of one sensor are kept; beyond, they are only counted. */
const maxLetters = 10_000

/** Which events of which sensor are committed, declared lost, missing, or could not be stored. */
export class Ledger {
  readonly #db: Driver

  constructor(db: Driver) {
    this.#db = db
  }

  /** The committed sequence numbers of a run, as ranges in order. */
  ranges(sensor: string, boot: string): Promise<Range[]> {
    return this.#db.all<Range>(
      'SELECT first, last FROM ranges WHERE sensor = ? AND boot = ? ORDER BY first',
      sensor,
      boot,
    )
  }

  /** Adds committed ranges and joins those that touch. The same again changes nothing. */
  async commit(commits: readonly Commit[]): Promise<void> {
    await this.#db.transaction(async () => {
      // In one order, so that two hubs never wait for each other.
      for (const { sensor, boot, ranges, received = 0, duplicates = 0 } of inOrder(commits)) {
        await this.#db.lock(`${sensor} ${boot}`)
        if (received > 0) await this.heard(sensor, boot, { received, duplicates })
        const before = await this.ranges(sensor, boot)
        const after = mergeRanges([...before, ...ranges])
        const gone = before.filter((range) => !after.some((one) => one.first === range.first))
        for (const { first } of gone)
          await this.#db.run('DELETE FROM ranges WHERE sensor = ? AND boot = ? AND first = ?', sensor, boot, first)
        for (const { first, last } of after) {
          if (before.some((one) => one.first === first && one.last === last)) continue
          await this.#db.run(
            'INSERT INTO ranges VALUES (?, ?, ?, ?) ON CONFLICT (sensor, boot, first) DO UPDATE SET last = excluded.last',
            sensor,
            boot,
            first,
            last,
          )
        }
      }
    })
  }

  /**
   * Where several hubs share one store: writes down, once for all of them, what is about to be inserted.
   * @returns false when some of it is committed or being inserted by another hub
   */
  async claim(token: string, hub: string, commits: readonly Commit[], head: string, body: Buffer): Promise<boolean> {
    return this.#db.transaction(async () => {
      for (const { sensor, boot, ranges } of inOrder(commits)) {
        await this.#db.lock(`${sensor} ${boot}`)
        const taken = await this.#db.all<Range>(
          `SELECT first, last FROM inflight_ranges WHERE sensor = ? AND boot = ?
           UNION ALL SELECT first, last FROM ranges WHERE sensor = ? AND boot = ?`,
          sensor,
          boot,
          sensor,
          boot,
        )
        const overlaps = ranges.some((mine) =>
          taken.some((other) => mine.first <= other.last && other.first <= mine.last),
        )
        if (overlaps) return false
      }
      await this.#db.run('INSERT INTO inflight VALUES (?, ?, ?, ?, ?)', token, hub, Date.now(), head, body)
      for (const { sensor, boot, ranges } of commits) {
        for (const { first, last } of ranges)
          await this.#db.run('INSERT INTO inflight_ranges VALUES (?, ?, ?, ?, ?)', token, sensor, boot, first, last)
      }
      return true
    })
  }

  /** Forgets a claim: what it was for is committed. */
  async settle(token: string): Promise<void> {
    await this.#db.transaction(async () => {
      await this.#db.run('DELETE FROM inflight WHERE token = ?', token)
      await this.#db.run('DELETE FROM inflight_ranges WHERE token = ?', token)
    })
  }

  /** Claims, oldest first. */
  claims(): Promise<{ token: string; hub: string }[]> {
    return this.#db.all('SELECT token, hub FROM inflight ORDER BY created, token')
  }
  /** When the oldest batch that is on its way was claimed. */
  async oldestClaim(): Promise<number | undefined> {
    const row = await this.#db.get<{ oldest: number | null }>('SELECT min(created) AS oldest FROM inflight')
    return row?.oldest == null ? undefined : Number(row.oldest)
  }
  claimed(token: string): Promise<{ head: string; body: Buffer } | undefined> {
    return this.#db.get('SELECT head, body FROM inflight WHERE token = ?', token)
  }

  /** Notes sequence numbers that are lost, and why. */
  async declareDropped(sensor: string, boot: string, { first, last }: Range, reason: string): Promise<void> {
    if (last < first) return
    await this.#db.run(
      `INSERT INTO dropped VALUES (?, ?, ?, ?, ?) ON CONFLICT (sensor, boot, first)
       DO UPDATE SET last = excluded.last WHERE excluded.last > dropped.last`,
      sensor,
      boot,
      first,
      last,
      reason,
    )
  }

  /** The sensor has nothing more of a run: the holes that are left are lost. */
  async close(sensor: string, boot: string): Promise<void> {
    const [entry] = await this.entries(sensor, boot)
    if (entry === undefined) return
    const known = mergeRanges([...(await this.ranges(sensor, boot)), ...(await this.#dropped(sensor, boot))])
    for (const hole of without({ first: 0, last: entry.made - 1 }, known))
      await this.declareDropped(sensor, boot, hole, 'crash')
    await this.#db.run('UPDATE boots SET closed = ? WHERE sensor = ? AND boot = ?', Date.now(), sensor, boot)
  }

  #dropped(sensor: string, boot: string): Promise<(Range & { reason: string })[]> {
    return this.#db.all(
      'SELECT first, last, reason FROM dropped WHERE sensor = ? AND boot = ? ORDER BY first',
      sensor,
      boot,
    )
  }

  /** Notes that a run was heard of. */
  async heard(
    sensor: string,
    boot: string,
    news: { made?: number; received?: number; duplicates?: number; version?: string },
  ): Promise<void> {
    const now = Date.now()
    const { made = 0, received = 0, duplicates = 0, version = '' } = news
    await this.#db.run(
      `INSERT INTO boots (sensor, boot, first_heard, last_heard, made, received, duplicates, version)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (sensor, boot) DO UPDATE SET last_heard = excluded.last_heard,
         made = CASE WHEN excluded.made > boots.made THEN excluded.made ELSE boots.made END,
         received = boots.received + excluded.received, duplicates = boots.duplicates + excluded.duplicates,
         version = CASE WHEN excluded.version = '' THEN boots.version ELSE excluded.version END`,
      sensor,
      boot,
      now,
      now,
      made,
      received,
      duplicates,
      version,
    )
  }

  /** Notes when, by the hub's clock, the monotonic clock of a run stood at 0. */
  async setEpoch(sensor: string, boot: string, epoch: number, error: number): Promise<void> {
    await this.#db.run(
      'UPDATE boots SET epoch_ms = ?, epoch_error = ? WHERE sensor = ? AND boot = ?',
      epoch,
      error,
      sensor,
      boot,
    )
  }
  /** By the hub's clock, the time at which the monotonic clock of a run stood at 0, in milliseconds. */
  async epoch(sensor: string, boot: string): Promise<number | undefined> {
    const row = await this.#db.get('SELECT epoch_ms FROM boots WHERE sensor = ? AND boot = ?', sensor, boot)
    return row?.['epoch_ms'] == null ? undefined : Number(row['epoch_ms'])
  }

  /** What became of the events: all runs, those of one sensor, or one; the newest first. */
  async entries(sensor?: string, boot?: string): Promise<Entry[]> {
    const where =
      sensor === undefined ? '' : boot === undefined ? ' WHERE sensor = ?' : ' WHERE sensor = ? AND boot = ?'
    const values = [sensor, boot].filter((value) => value !== undefined)
    const ranges = await this.#db.all<Range & { sensor: string; boot: string }>(
      `SELECT sensor, boot, first, last FROM ranges${where} ORDER BY sensor, boot, first`,
      ...values,
    )
    const dropped = await this.#db.all<Range & { sensor: string; boot: string; reason: string }>(
      `SELECT sensor, boot, first, last, reason FROM dropped${where} ORDER BY sensor, boot, first`,
      ...values,
    )
    const boots = await this.#db.all(`SELECT * FROM boots${where}`, ...values)
    const all = new Map<
      string,
      { sensor: string; boot: string; ranges: Range[]; dropped: (Range & { reason: string })[] }
    >()
    const of = (row: { sensor: string; boot: string }) => {
      const key = `${row.sensor} ${row.boot}`
      let one = all.get(key)
      if (one === undefined) all.set(key, (one = { sensor: row.sensor, boot: row.boot, ranges: [], dropped: [] }))
      return one
    }
    for (const row of ranges) of(row).ranges.push({ first: row.first, last: row.last })
    for (const row of dropped) of(row).dropped.push(row)
    const state = new Map(boots.map((row) => [`${String(row['sensor'])} ${String(row['boot'])}`, row]))
    for (const row of boots) of(row as never)
    return [...all.values()]
      .map((one): Entry => {
        const row = state.get(`${one.sensor} ${one.boot}`)
        const made = Math.max(Number(row?.['made'] ?? 0), (one.ranges.at(-1)?.last ?? -1) + 1)
        const reasons: Record<string, number> = {}
        let known: Range[] = one.ranges
        for (const range of one.dropped) {
          const lost = sizeOf(without({ first: range.first, last: Math.min(range.last, made - 1) }, known))
          if (lost > 0) reasons[range.reason] = (reasons[range.reason] ?? 0) + lost
          known = mergeRanges([...known, range])
        }
        const high = Math.min(made, (known.at(-1)?.last ?? -1) + 1)
        const holes = without({ first: 0, last: high - 1 }, known)
        return {
          sensor: one.sensor,
          boot: one.boot,
          made,
          received: Number(row?.['received'] ?? 0),
          duplicates: Number(row?.['duplicates'] ?? 0),
          committed: sizeOf(one.ranges),
          dropped: reasons,
          waiting: made - high,
          missing: sizeOf(holes),
          holes: holes.slice(0, 20),
          version: String(row?.['version'] ?? ''),
          first_heard: Number(row?.['first_heard'] ?? 0),
          last_heard: Number(row?.['last_heard'] ?? 0),
          closed: row?.['closed'] == null ? null : Number(row['closed']),
        }
      })
      .sort((a, b) => b.last_heard - a.last_heard || (a.boot < b.boot ? 1 : -1))
  }

  /** Keeps what could not be stored, with the reason. @returns whether there was room for it */
  async bury(
    letter: { sensor: string; boot?: string; seq?: number; reason: string; provenance?: string },
    body: string,
  ): Promise<boolean> {
    const { sensor, boot = '', seq = -1, reason, provenance = 'live' } = letter
    const row = await this.#db.get('SELECT count(*) AS count FROM dead_letters WHERE sensor = ?', sensor)
    if (Number(row?.['count'] ?? 0) >= maxLetters) {
      await this.refuse(sensor, 'dead letter without room')
      return false
    }
    await this.#db.run(
      'INSERT INTO dead_letters (sensor, boot, seq, received, reason, body, provenance) VALUES (?, ?, ?, ?, ?, ?, ?)',
      sensor,
      boot,
      seq,
      Date.now(),
      plain(reason.slice(0, 1000)),
      Buffer.from(body),
      provenance,
    )
    return true
  }

  /** Dead letters by sensor and reason, the most first. */
  deadLetters(): Promise<{ sensor: string; reason: string; count: number; last: number }[]> {
    return this.#db.all(
      `SELECT sensor, reason, count(*) AS count, max(received) AS last FROM dead_letters
       GROUP BY sensor, reason ORDER BY count DESC, sensor, reason LIMIT 100`,
    )
  }
  /** Dead letters in full, oldest first. */
  async letters(limit = 1000, after = 0): Promise<DeadLetter[]> {
    const rows = await this.#db.all<DeadLetter & { body: unknown }>(
      'SELECT * FROM dead_letters WHERE id > ? ORDER BY id LIMIT ?',
      after,
      limit,
    )
    return rows.map((row) => ({ ...row, body: Buffer.from(row.body as unknown as Uint8Array).toString('utf8') }))
  }
  async removeLetter(id: number): Promise<void> {
    await this.#db.run('DELETE FROM dead_letters WHERE id = ?', id)
  }
  /** A dead letter was stored after all: it is no longer declared lost. */
  async revive(sensor: string, boot: string, seq: number): Promise<void> {
    await this.#db.run(
      "DELETE FROM dropped WHERE sensor = ? AND boot = ? AND first = ? AND last = ? AND reason = 'rejected'",
      sensor,
      boot,
      seq,
      seq,
    )
  }

  /** Counts something that a sensor sent and the hub did not take. */
  async refuse(sensor: string, code: string): Promise<void> {
    await this.#db.run(
      `INSERT INTO refusals VALUES (?, ?, 1, ?) ON CONFLICT (sensor, code)
       DO UPDATE SET count = refusals.count + 1, last = excluded.last`,
      sensor,
      code,
      Date.now(),
    )
  }
  refusals(): Promise<{ sensor: string; code: string; count: number; last: number }[]> {
    return this.#db.all('SELECT * FROM refusals ORDER BY count DESC, sensor LIMIT 500')
  }
}

const inOrder = (commits: readonly Commit[]): Commit[] =>
  [...commits].sort((a, b) => (`${a.sensor} ${a.boot}` < `${b.sensor} ${b.boot}` ? -1 : 1))
