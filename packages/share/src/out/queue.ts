import type { Driver } from '@skep/hub'
import { z } from 'zod'
import type { Feeds } from '../feeds/feeds.ts'
import type { Share } from '../sharing.ts'
import { targets } from './targets/index.ts'
import type { Outcome, Report, Target } from './target.ts'

/** How a target is set up. */
export interface Setup {
  readonly name: string
  readonly enabled: boolean
  /** Whether reports are made and kept, but not sent. */
  readonly dry: boolean
  readonly settings: Record<string, unknown>
  readonly has_key: boolean
}

/** A report as it is listed. */
export interface Listed {
  readonly id: number
  readonly target: string
  readonly subject: string
  readonly state: string
  readonly body: string
  readonly made: number
  readonly sent: number | null
  readonly tries: number
  readonly answer: string
}

const minute = 60_000
const mostTries = 8

/** What goes out to others: made when something was seen, kept until it was taken, and for 90 days after. */
export class Reporting {
  readonly #db: Driver
  readonly #share: Share
  readonly #feeds: Feeds
  readonly #targets: readonly Target[]

  constructor(db: Driver, share: Share, feeds: Feeds, of: readonly Target[] = targets) {
    this.#db = db
    this.#share = share
    this.#feeds = feeds
    this.#targets = of
  }

  async setups(): Promise<Setup[]> {
    const rows = await this.#db.all<{ name: string; enabled: number; dry: number; settings: string; secret: string }>(
      'SELECT * FROM share_targets',
    )
    return this.#targets.map(({ name }) => {
      const row = rows.find((one) => one.name === name)
      return {
        name,
        enabled: row?.enabled === 1,
        dry: row === undefined || row.dry === 1,
        settings: JSON.parse(row?.settings ?? '{}') as Record<string, unknown>,
        has_key: (row?.secret ?? '') !== '',
      }
    })
  }

  /** Sets a target up. @throws z.ZodError, Forbidden when the settings are no good */
  async setUp(
    name: string,
    wanted: { enabled: boolean; dry: boolean; settings: unknown; key?: string | undefined },
  ): Promise<void> {
    const target = this.#targets.find((one) => one.name === name)
    if (target === undefined) throw new RangeError(`There is no target ${name}`)
    const settings = target.settings.parse(wanted.settings) as Record<string, unknown>
    if (typeof settings['address'] === 'string') this.#share.context.outbound.check(settings['address'])
    const secret = wanted.key === undefined ? '' : this.#share.context.seal(wanted.key)
    const now = Date.now()
    await this.#db.run(
      `INSERT INTO share_targets (name, enabled, dry, settings, secret, since) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT (name) DO UPDATE SET enabled = excluded.enabled, dry = excluded.dry, settings = excluded.settings,
         secret = CASE WHEN excluded.secret = '' THEN share_targets.secret ELSE excluded.secret END`,
      name,
      wanted.enabled ? 1 : 0,
      wanted.dry ? 1 : 0,
      JSON.stringify(settings),
      secret,
      now,
    )
  }

  /** Makes the reports of what was seen since the last time. @returns how many */
  async gather(now = Date.now()): Promise<number> {
    let made = 0
    const active = await this.#active()
    if (active.length === 0) return 0
    // As far as the list goes that is looked at now; what came late from sensors is met within an hour.
    const upTo = Date.parse(await this.#feeds.snapshot.fresh(now))
    for (const { target, setup } of active) {
      const mark = `share gathered ${target.name}`
      const { relational } = this.#share.context
      // The first time: what was seen within the last hour, not a history that is news to nobody.
      const since = Number((await relational.meta(mark)) ?? now) - 3_600_000
      for await (const report of target.gather({ share: this.#share, feeds: this.#feeds }, since, setup.settings))
        made += await this.#enqueue(target, report, setup.dry, now)
      await relational.setMeta(mark, String(upTo))
    }
    return made
  }

  async #enqueue(target: Target, { subject, body }: Report, dry: boolean, now: number): Promise<number> {
    const known = await this.#db.get(
      "SELECT id FROM share_reports WHERE target = ? AND subject = ? AND made > ? AND state <> 'failed' LIMIT 1",
      target.name,
      subject.slice(0, 2000),
      now - target.again,
    )
    if (known !== undefined) return 0
    await this.#db.run(
      `INSERT INTO share_reports (target, subject, state, body, made, due, tries, sent, answer) VALUES (?, ?, ?, ?, ?, ?, 0, NULL, '')`,
      target.name,
      subject.slice(0, 2000),
      dry ? 'dry' : 'waiting',
      JSON.stringify(body),
      now,
      now,
    )
    return 1
  }

  async #active(): Promise<{ target: Target; setup: Setup }[]> {
    const setups = await this.setups()
    return this.#targets.flatMap((target) => {
      const setup = setups.find(({ name }) => name === target.name)
      return setup?.enabled === true ? [{ target, setup }] : []
    })
  }

  /** Sends what is due. Called each minute. @returns how many were taken */
  async deliver(now = Date.now()): Promise<number> {
    let taken = 0
    for (const { target, setup } of await this.#active()) {
      const pause = `share pause ${target.name}`
      if (Number((await this.#share.context.relational.meta(pause)) ?? 0) > now) continue
      for (let round = 0; round < target.perMinute; round++) {
        const rows = await this.#db.all<{ id: number; subject: string; body: string; tries: number }>(
          "SELECT id, subject, body, tries FROM share_reports WHERE target = ? AND state = 'waiting' AND due <= ? ORDER BY id LIMIT ?",
          target.name,
          now,
          target.batch,
        )
        if (rows.length === 0) break
        const outcome = await this.#send(target, setup, rows)
        for (const { id, tries } of rows) await this.#settle(id, tries + 1, outcome, now)
        if (outcome.ok) taken += rows.length
        if (outcome.wait !== undefined)
          await this.#share.context.relational.setMeta(pause, String(now + outcome.wait * 1000))
        if (!outcome.ok && outcome.final !== true) break
      }
    }
    return taken
  }

  async #send(target: Target, setup: Setup, rows: readonly { subject: string; body: string }[]): Promise<Outcome> {
    const { outbound, unseal, relational } = this.#share.context
    const kept = await this.#db.get<{ secret: string }>('SELECT secret FROM share_targets WHERE name = ?', target.name)
    const secret = kept === undefined || kept.secret === '' ? '' : unseal(kept.secret)
    try {
      const reports = rows.map(({ subject, body }) => ({ subject, body: JSON.parse(body) as unknown }))
      const outcome = await target.send(reports, setup.settings, { outbound, secret, share: this.#share })
      await relational.audit.append({
        actor: 'hub',
        organisation: '',
        action: outcome.ok ? 'reported out' : 'report out failed',
        subject: target.name,
        detail: `${rows.length} reports: ${outcome.answer.slice(0, 200)}`,
        remote: '',
      })
      return outcome
    } catch (error) {
      return { ok: false, answer: error instanceof Error ? error.message : String(error) }
    }
  }

  async #settle(id: number, tries: number, outcome: Outcome, now: number): Promise<void> {
    const state = outcome.ok ? 'sent' : outcome.final === true || tries >= mostTries ? 'failed' : 'waiting'
    await this.#db.run(
      'UPDATE share_reports SET state = ?, tries = ?, sent = ?, due = ?, answer = ? WHERE id = ?',
      state,
      tries,
      outcome.ok ? now : null,
      now + (outcome.wait === undefined ? minute * 2 ** tries : outcome.wait * 1000),
      outcome.answer.slice(0, 1000),
      id,
    )
  }

  /** The latest reports, newest first. */
  list(target: string | undefined, limit: number): Promise<Listed[]> {
    const columns = 'id, target, subject, state, body, made, sent, tries, answer'
    return target === undefined
      ? this.#db.all(`SELECT ${columns} FROM share_reports ORDER BY id DESC LIMIT ?`, limit)
      : this.#db.all(`SELECT ${columns} FROM share_reports WHERE target = ? ORDER BY id DESC LIMIT ?`, target, limit)
  }
  /** How many reports of each target are in each state. */
  counts(): Promise<{ target: string; state: string; count: number }[]> {
    return this.#db.all('SELECT target, state, count(*) AS count FROM share_reports GROUP BY target, state')
  }
  async prune(now = Date.now()): Promise<void> {
    // A subject must be remembered as long as it is not to be told again.
    for (const { name, again } of this.#targets)
      await this.#db.run(
        "DELETE FROM share_reports WHERE target = ? AND state <> 'waiting' AND made < ?",
        name,
        now - Math.max(again, 90 * 86_400_000),
      )
  }
}
export const targetShape = z.strictObject({
  enabled: z.boolean(),
  dry: z.boolean(),
  settings: z.record(z.string(), z.unknown()),
  key: z.string().max(500).optional(),
})
