import { createHash } from 'node:crypto'
import { plain } from '@skep/vocabulary'
import type { Driver } from './driver.ts'

/** Who did what to what, and from where. */
export interface Deed {
  readonly actor: string
  /** The organisation for which it was done, '' for the honeynet. */
  readonly organisation: string
  readonly action: string
  readonly subject: string
  readonly detail: string
  readonly remote: string
}

/** A line of the audit log. Its hash covers the line and the hash before it. */
export interface AuditEntry extends Deed {
  readonly id: number
  readonly at: number
  readonly hash: string
}

const start = '0'.repeat(64)
const chain = (previous: string, at: number, deed: Deed): string =>
  createHash('sha256')
    .update(
      JSON.stringify([
        previous,
        at,
        deed.actor,
        deed.organisation,
        deed.action,
        deed.subject,
        deed.detail,
        deed.remote,
      ]),
    )
    .digest('hex')

/**
 * The audit log: only ever appended to, each line chained to the one before by SHA-256, so that a line that was
 * changed or taken out shows. Whoever keeps the last hash elsewhere notices also when the whole log was made anew.
 */
export class Audit {
  readonly #db: Driver

  constructor(db: Driver) {
    this.#db = db
  }

  async append(deed: Deed): Promise<void> {
    // Two hubs append one after the other.
    await this.#db.transaction(async () => {
      await this.#db.lock('audit')
      const last = await this.#db.get<{ hash: string }>('SELECT hash FROM audit ORDER BY id DESC LIMIT 1')
      const clean: Deed = {
        actor: plain(deed.actor.slice(0, 200)),
        organisation: deed.organisation,
        action: deed.action,
        subject: plain(deed.subject.slice(0, 500)),
        detail: plain(deed.detail.slice(0, 2000)),
        remote: deed.remote,
      }
      const at = Date.now()
      await this.#db.run(
        'INSERT INTO audit (at, actor, organisation, action, subject, detail, remote, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
        at,
        clean.actor,
        clean.organisation,
        clean.action,
        clean.subject,
        clean.detail,
        clean.remote,
        chain(last?.hash ?? start, at, clean),
      )
    })
  }

  /** Lines before an id, the newest first; of one organisation, or of all. */
  list(organisation: string | undefined, before = Number.MAX_SAFE_INTEGER, limit = 100): Promise<AuditEntry[]> {
    return organisation === undefined
      ? this.#db.all('SELECT * FROM audit WHERE id < ? ORDER BY id DESC LIMIT ?', before, limit)
      : this.#db.all(
          'SELECT * FROM audit WHERE organisation = ? AND id < ? ORDER BY id DESC LIMIT ?',
          organisation,
          before,
          limit,
        )
  }

  /** Walks the chain. @returns the number of lines and the last hash, and the first line that does not fit */
  async verify(): Promise<{ lines: number; last: string; broken: number | undefined }> {
    let previous = start
    let lines = 0
    let after = 0
    for (;;) {
      const rows = await this.#db.all<AuditEntry>('SELECT * FROM audit WHERE id > ? ORDER BY id LIMIT 1000', after)
      for (const row of rows) {
        if (chain(previous, row.at, row) !== row.hash) return { lines, last: previous, broken: row.id }
        previous = row.hash
        after = row.id
        lines++
      }
      if (rows.length < 1000) return { lines, last: previous, broken: undefined }
    }
  }
}
