import { plain } from '@skep/vocabulary'
import type { Driver } from './driver.ts'

export const caseStates = ['new', 'acknowledged', 'working', 'fixed', 'false positive'] as const
export type CaseState = (typeof caseStates)[number]
/** States in which nothing is expected of anybody. */
export const closedStates: readonly CaseState[] = ['fixed', 'false positive']

/** An open problem of a network: one address, or one customer's prefix, with one cause. Times are ms since 1970. */
export interface Case {
  readonly id: number
  readonly organisation: string
  readonly subject: string
  readonly cause: string
  readonly severity: number
  readonly state: CaseState
  readonly assignee: string
  readonly opened: number
  readonly first_seen: number
  readonly last_seen: number
  readonly events: number
  /** It closes itself after so many days of quiet. */
  readonly quiet_days: number
  readonly closed: number | null
  readonly relapses: number
}

/** What was seen of a subject since the last look. */
export interface CaseEvidence {
  readonly organisation: string
  readonly subject: string
  readonly cause: string
  readonly severity: number
  readonly first_seen: number
  readonly last_seen: number
  readonly events: number
}

export interface CaseLine {
  readonly at: number
  readonly actor: string
  readonly kind: string
  readonly detail: string
}

/** The robot that opens, closes and re-opens. */
export const caseRobot = 'Skep'

/** Cases: opened by evidence, closed by people or by quiet, opened again by a relapse. */
export class Cases {
  readonly #db: Driver

  constructor(db: Driver) {
    this.#db = db
  }

  /**
   * Enters what was seen. Makes a case where there is none, and opens one again that was fixed before this was seen.
   * @returns what became of it
   */
  async observe(seen: CaseEvidence, quietDays: number): Promise<'opened' | 'relapsed' | 'known' | 'unchanged'> {
    return this.#db.transaction(async () => {
      await this.#db.lock(`case ${seen.organisation} ${seen.subject} ${seen.cause}`)
      const known = await this.#db.get<Case>(
        'SELECT * FROM cases WHERE organisation = ? AND subject = ? AND cause = ?',
        seen.organisation,
        seen.subject,
        seen.cause,
      )
      const now = Date.now()
      if (known === undefined) {
        const row = await this.#db.get(
          `INSERT INTO cases (organisation, subject, cause, severity, state, opened, first_seen, last_seen, events, quiet_days)
           VALUES (?, ?, ?, ?, 'new', ?, ?, ?, ?, ?) RETURNING id`,
          seen.organisation,
          seen.subject,
          seen.cause,
          seen.severity,
          now,
          seen.first_seen,
          seen.last_seen,
          seen.events,
          quietDays,
        )
        await this.note(
          Number(row?.['id']),
          caseRobot,
          'opened',
          `It closes itself after ${quietDays} days without an attack.`,
        )
        return 'opened'
      }
      if (seen.last_seen <= known.last_seen) return 'unchanged'
      // What was seen before it was closed is no relapse, it only came late.
      const relapse = known.state === 'fixed' && known.closed !== null && seen.last_seen > known.closed
      await this.#db.run(
        `UPDATE cases SET last_seen = ?, first_seen = ?, events = ?, severity = ?, state = ?, closed = ?, relapses = relapses + ?
         WHERE id = ?`,
        Math.max(known.last_seen, seen.last_seen),
        Math.min(known.first_seen, seen.first_seen),
        Math.max(known.events, seen.events),
        Math.max(known.severity, seen.severity),
        relapse ? 'new' : known.state,
        relapse ? null : known.closed,
        relapse ? 1 : 0,
        known.id,
      )
      if (relapse) await this.note(known.id, caseRobot, 'relapse', 'It attacks again.')
      return relapse ? 'relapsed' : 'known'
    })
  }

  /** Closes what has been quiet for as long as was said when it was opened. @returns how many */
  async closeQuiet(now = Date.now()): Promise<number> {
    const quiet = await this.#db.all<Case>(
      `SELECT * FROM cases WHERE state IN ('new', 'acknowledged', 'working') AND last_seen + quiet_days * 86400000 < ?`,
      now,
    )
    for (const one of quiet) {
      // Not when somebody changed it in this moment.
      const changed = await this.#db.run(
        `UPDATE cases SET state = 'fixed', closed = ? WHERE id = ? AND state = ? AND last_seen = ?`,
        now,
        one.id,
        one.state,
        one.last_seen,
      )
      if (changed === 1)
        await this.note(one.id, caseRobot, 'fixed', `No attack for ${one.quiet_days} days: closed by quiet.`)
    }
    return quiet.length
  }

  /** The open cases of an organisation about a subject. */
  about(organisation: string, subject: string): Promise<Case[]> {
    return this.#db.all('SELECT * FROM cases WHERE organisation = ? AND subject = ?', organisation, subject)
  }

  /** A case of an organisation; another organisation's is as good as none. */
  get(organisation: string, id: number): Promise<Case | undefined> {
    return this.#db.get('SELECT * FROM cases WHERE organisation = ? AND id = ?', organisation, id)
  }

  /** Cases of an organisation; the worst and the newest first. */
  list(
    organisation: string,
    filter: { states?: readonly CaseState[]; subject?: string; assignee?: string; limit: number; offset: number },
  ): Promise<Case[]> {
    const { states = caseStates, subject, assignee } = filter
    const holes = states.map(() => '?').join(', ')
    return this.#db.all(
      `SELECT * FROM cases WHERE organisation = ? AND state IN (${holes})
         ${subject === undefined ? '' : 'AND subject = ?'} ${assignee === undefined ? '' : 'AND assignee = ?'}
       ORDER BY CASE WHEN state IN ('fixed', 'false positive') THEN 1 ELSE 0 END, severity DESC, last_seen DESC, id
       LIMIT ? OFFSET ?`,
      organisation,
      ...states,
      ...(subject === undefined ? [] : [subject]),
      ...(assignee === undefined ? [] : [assignee]),
      filter.limit,
      filter.offset,
    )
  }
  async counts(organisation: string): Promise<Record<CaseState, number>> {
    const rows = await this.#db.all<{ state: CaseState; n: number }>(
      'SELECT state, count(*) AS n FROM cases WHERE organisation = ? GROUP BY state',
      organisation,
    )
    return Object.fromEntries(
      caseStates.map((state) => [state, Number(rows.find((row) => row.state === state)?.n ?? 0)]),
    ) as Record<CaseState, number>
  }
  /** First and last sight of each problem that was real, and whether it is over: for the time to clean. */
  spells(organisation: string): Promise<Pick<Case, 'first_seen' | 'last_seen' | 'state' | 'cause'>[]> {
    return this.#db.all(
      `SELECT first_seen, last_seen, state, cause FROM cases WHERE organisation = ? AND state <> 'false positive' LIMIT 100000`,
      organisation,
    )
  }

  /** Changes state or assignee and writes it into the history. */
  async change(
    one: Case,
    changes: { state?: CaseState | undefined; assignee?: string | undefined },
    actor: string,
  ): Promise<void> {
    if (changes.state !== undefined && changes.state !== one.state) {
      const closed = closedStates.includes(changes.state) ? Date.now() : null
      await this.#db.run('UPDATE cases SET state = ?, closed = ? WHERE id = ?', changes.state, closed, one.id)
      await this.note(one.id, actor, 'state', `${one.state} → ${changes.state}`)
    }
    if (changes.assignee !== undefined && changes.assignee !== one.assignee) {
      await this.#db.run('UPDATE cases SET assignee = ? WHERE id = ?', plain(changes.assignee.slice(0, 200)), one.id)
      await this.note(one.id, actor, 'assignee', changes.assignee === '' ? 'nobody' : changes.assignee)
    }
  }
  async note(id: number, actor: string, kind: string, detail: string): Promise<void> {
    await this.#db.run(
      'INSERT INTO case_log (case_id, at, actor, kind, detail) VALUES (?, ?, ?, ?, ?)',
      id,
      Date.now(),
      actor,
      kind,
      plain(detail.slice(0, 4000)),
    )
  }
  history(id: number): Promise<CaseLine[]> {
    return this.#db.all('SELECT at, actor, kind, detail FROM case_log WHERE case_id = ? ORDER BY id LIMIT 1000', id)
  }
}
