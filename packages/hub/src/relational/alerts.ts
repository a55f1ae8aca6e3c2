import { randomUUID } from 'node:crypto'
import { plain } from '@skep/vocabulary'
import type { Driver } from './driver.ts'

/** Where alerts of an organisation go. Times are milliseconds since 1970. */
export interface Channel {
  readonly id: string
  readonly organisation: string
  readonly kind: string
  readonly title: string
  /** Sealed: addresses of webhooks are secrets. */
  readonly target: string
  /** Messages are gathered for so long; 0: told at once. */
  readonly digest_minutes: number
  /** Nothing is told from this hour (UTC) to that one. */
  readonly quiet_from: number | null
  readonly quiet_until: number | null
  readonly author: string
  readonly created: number
}

/** What is watched for. */
export interface AlertRule {
  readonly id: string
  readonly organisation: string
  readonly title: string
  /** JSON of a condition. */
  readonly condition: string
  /** JSON: ids of channels. */
  readonly channels: string
  readonly snoozed: number | null
  readonly escalate_minutes: number | null
  readonly escalate_to: string | null
  readonly author: string
  readonly created: number
}

/** Something that fits a rule, from when it was first seen until it no longer fits. */
export interface AlertState {
  readonly id: number
  readonly rule: string
  readonly key: string
  readonly detail: string
  readonly opened: number
  readonly last: number
  readonly closed: number | null
  readonly acknowledged: string | null
  readonly escalated: number | null
}

export interface Delivery {
  readonly id: number
  readonly organisation: string
  readonly channel: string
  readonly rule: string
  readonly text: string
  readonly made: number
  readonly due: number
  readonly state: 'waiting' | 'sent' | 'failed' | 'dropped'
  readonly attempts: number
  readonly answer: string
  readonly sent: number | null
}

/** Alert rules, channels, what is open, and every message with what came of it. */
export class Alerts {
  readonly #db: Driver

  constructor(db: Driver) {
    this.#db = db
  }

  // Channels

  async addChannel(channel: Omit<Channel, 'id' | 'created'>): Promise<string> {
    const id = randomUUID()
    await this.#db.run(
      'INSERT INTO channels VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
      id,
      channel.organisation,
      channel.kind,
      plain(channel.title),
      channel.target,
      channel.digest_minutes,
      channel.quiet_from,
      channel.quiet_until,
      channel.author,
      Date.now(),
    )
    return id
  }
  channels(organisation: string): Promise<Channel[]> {
    return this.#db.all('SELECT * FROM channels WHERE organisation = ? ORDER BY title', organisation)
  }
  channel(id: string): Promise<Channel | undefined> {
    return this.#db.get('SELECT * FROM channels WHERE id = ?', id)
  }
  async removeChannel(organisation: string, id: string): Promise<boolean> {
    const gone = await this.#db.run('DELETE FROM channels WHERE organisation = ? AND id = ?', organisation, id)
    await this.#db.run(
      `UPDATE deliveries SET state = 'dropped', answer = 'the channel was removed' WHERE channel = ? AND state = 'waiting'`,
      id,
    )
    return gone === 1
  }

  // Rules

  async setRule(rule: Omit<AlertRule, 'id' | 'created' | 'snoozed'>, id: string = randomUUID()): Promise<string> {
    await this.#db.run(
      `INSERT INTO alert_rules VALUES (?, ?, ?, ?, ?, NULL, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET
         title = excluded.title, condition = excluded.condition, channels = excluded.channels,
         escalate_minutes = excluded.escalate_minutes, escalate_to = excluded.escalate_to`,
      id,
      rule.organisation,
      plain(rule.title),
      rule.condition,
      rule.channels,
      rule.escalate_minutes,
      rule.escalate_to,
      rule.author,
      Date.now(),
    )
    return id
  }
  rules(organisation?: string): Promise<AlertRule[]> {
    return organisation === undefined
      ? this.#db.all('SELECT * FROM alert_rules ORDER BY created')
      : this.#db.all('SELECT * FROM alert_rules WHERE organisation = ? ORDER BY created', organisation)
  }
  async snooze(organisation: string, id: string, until: number | null): Promise<boolean> {
    return (
      (await this.#db.run(
        'UPDATE alert_rules SET snoozed = ? WHERE organisation = ? AND id = ?',
        until,
        organisation,
        id,
      )) === 1
    )
  }
  async removeRule(organisation: string, id: string): Promise<boolean> {
    const gone = await this.#db.run('DELETE FROM alert_rules WHERE organisation = ? AND id = ?', organisation, id)
    if (gone === 1) await this.#db.run('DELETE FROM alert_states WHERE rule = ?', id)
    return gone === 1
  }

  // What is open

  /**
   * Enters what fits a rule now. What was open already is not told again; what no longer fits for `rest` is closed, and
   * is news when it comes back.
   * @returns the keys that are new
   */
  async enter(rule: string, found: ReadonlyMap<string, string>, rest: number, now = Date.now()): Promise<string[]> {
    return this.#db.transaction(async () => {
      await this.#db.lock(`alert ${rule}`)
      const open = await this.#db.all<AlertState>('SELECT * FROM alert_states WHERE rule = ? AND closed IS NULL', rule)
      const known = new Map(open.map((one) => [one.key, one]))
      const fresh: string[] = []
      for (const [key, detail] of found) {
        const state = known.get(key)
        if (state === undefined) {
          fresh.push(key)
          await this.#db.run(
            'INSERT INTO alert_states (rule, key, detail, opened, last) VALUES (?, ?, ?, ?, ?)',
            rule,
            key,
            plain(detail.slice(0, 500)),
            now,
            now,
          )
        } else await this.#db.run('UPDATE alert_states SET last = ? WHERE id = ?', now, state.id)
      }
      for (const state of open)
        if (!found.has(state.key) && now - state.last >= rest)
          await this.#db.run('UPDATE alert_states SET closed = ? WHERE id = ?', now, state.id)
      return fresh
    })
  }
  states(organisation: string, limit = 200): Promise<(AlertState & { title: string })[]> {
    return this.#db.all(
      `SELECT s.*, r.title FROM alert_states s JOIN alert_rules r ON r.id = s.rule WHERE r.organisation = ?
       ORDER BY CASE WHEN s.closed IS NULL THEN 0 ELSE 1 END, s.opened DESC LIMIT ?`,
      organisation,
      limit,
    )
  }
  async acknowledge(organisation: string, id: number, who: string): Promise<boolean> {
    return (
      (await this.#db.run(
        `UPDATE alert_states SET acknowledged = ? WHERE id = ? AND acknowledged IS NULL
           AND rule IN (SELECT id FROM alert_rules WHERE organisation = ?)`,
        who,
        id,
        organisation,
      )) === 1
    )
  }
  /** What nobody has acknowledged for as long as its rule waits; each is given once. */
  async overdue(now = Date.now()): Promise<(AlertState & AlertRule)[]> {
    const rows = await this.#db.all<AlertState & AlertRule & { state_id: number }>(
      `SELECT r.*, s.id AS state_id, s.key, s.detail, s.opened, s.rule FROM alert_states s JOIN alert_rules r ON r.id = s.rule
       WHERE s.closed IS NULL AND s.acknowledged IS NULL AND s.escalated IS NULL AND r.escalate_minutes IS NOT NULL
         AND r.escalate_to IS NOT NULL AND (r.snoozed IS NULL OR r.snoozed < ?) AND s.opened + r.escalate_minutes * 60000 < ?
       ORDER BY s.opened DESC LIMIT 10000`,
      now,
      now,
    )
    const given: typeof rows = []
    for (const row of rows)
      if (
        (await this.#db.run(
          'UPDATE alert_states SET escalated = ? WHERE id = ? AND escalated IS NULL',
          now,
          row.state_id,
        )) === 1
      )
        given.push(row)
    return given
  }

  // Messages

  async queue(message: Pick<Delivery, 'organisation' | 'channel' | 'rule' | 'text' | 'due'>): Promise<void> {
    await this.#db.run(
      `INSERT INTO deliveries (organisation, channel, rule, text, made, due, state) VALUES (?, ?, ?, ?, ?, ?, 'waiting')`,
      message.organisation,
      message.channel,
      message.rule,
      message.text,
      Date.now(),
      message.due,
    )
  }
  due(now = Date.now()): Promise<Delivery[]> {
    return this.#db.all(`SELECT * FROM deliveries WHERE state = 'waiting' AND due <= ? ORDER BY id LIMIT 1000`, now)
  }
  async settle(ids: readonly number[], state: Delivery['state'], answer: string, due = 0): Promise<void> {
    for (const id of ids)
      await this.#db.run(
        'UPDATE deliveries SET state = ?, answer = ?, attempts = attempts + 1, due = CASE WHEN ? > 0 THEN ? ELSE due END, sent = ? WHERE id = ?',
        state,
        plain(answer.slice(0, 300)),
        due,
        due,
        state === 'sent' ? Date.now() : null,
        id,
      )
  }
  /** Messages that a channel has had since a time. */
  async sentSince(channel: string, since: number): Promise<number> {
    const row = await this.#db.get(
      `SELECT count(DISTINCT sent) AS n FROM deliveries WHERE channel = ? AND state = 'sent' AND sent >= ?`,
      channel,
      since,
    )
    return Number(row?.['n'] ?? 0)
  }
  deliveries(organisation: string, limit = 100): Promise<Delivery[]> {
    return this.#db.all('SELECT * FROM deliveries WHERE organisation = ? ORDER BY id DESC LIMIT ?', organisation, limit)
  }
  /** Forgets old messages and what was closed long ago. */
  async prune(before: number): Promise<void> {
    await this.#db.run(`DELETE FROM deliveries WHERE made < ? AND state <> 'waiting'`, before)
    await this.#db.run('DELETE FROM alert_states WHERE closed IS NOT NULL AND closed < ?', before)
  }
}
