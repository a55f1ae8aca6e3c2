import { run, sightedArtifacts } from '@skep/hub'
import type { Share } from '../sharing.ts'
import type { Match, Yara } from './yara.ts'

const atOnce = 200
/** A larger file is not looked into: it is no loader, and would hold up the others. */
const mostBytes = 32 * 1024 * 1024

/** What is known of a file by the rules. */
export interface Verdict {
  readonly matches: readonly Match[]
  /** Why it was not looked into, '' where it was. */
  readonly problem: string
  readonly at: number
}

/** Which rules the artifacts on this hub meet: new ones within a minute, all of them again when the rules change. */
export class Scans {
  readonly #share: Share
  readonly #yara: Yara

  constructor(share: Share, yara: Yara) {
    this.#share = share
    this.#yara = yara
  }

  /** What the rules say of a file; it is looked into now if it was not. */
  async of(sha256: string, bytes: Uint8Array): Promise<Verdict> {
    const mark = await this.#yara.rules()
    const row = await this.#share.db.get<{ matches: string; problem: string; rules: string; at: number }>(
      'SELECT matches, problem, rules, at FROM share_yara WHERE sha256 = ?',
      sha256,
    )
    if (row !== undefined && row.rules === mark)
      return { matches: JSON.parse(row.matches) as Match[], problem: row.problem, at: Number(row.at) }
    return this.#look(sha256, bytes, mark)
  }

  async #look(sha256: string, bytes: Uint8Array, mark: string, now = Date.now()): Promise<Verdict> {
    let matches: readonly Match[] = []
    let problem = ''
    if (bytes.length > mostBytes) problem = `more than ${mostBytes >> 20} MiB`
    else {
      try {
        matches = await this.#yara.scan(bytes)
      } catch (error) {
        problem = error instanceof Error ? error.message : String(error)
      }
    }
    await this.#share.db.run(
      `INSERT INTO share_yara (sha256, matches, problem, rules, at) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (sha256) DO UPDATE SET matches = excluded.matches, problem = excluded.problem,
         rules = excluded.rules, at = excluded.at`,
      sha256,
      JSON.stringify(matches),
      problem,
      mark,
      now,
    )
    return { matches, problem, at: now }
  }

  /** Looks into what came since the last time, then into some that older rules were tried on. @returns how many */
  async work(now = Date.now()): Promise<number> {
    const { relational, store, blobs } = this.#share.context
    const mark = await this.#yara.rules()
    const since = (await relational.meta('share yara')) ?? new Date(now - 86_400_000).toISOString()
    const { rows } = await run(store, sightedArtifacts, { since, limit: atOnce })
    const old = await this.#share.db.all<{ sha256: string }>(
      'SELECT sha256 FROM share_yara WHERE rules <> ? ORDER BY at DESC LIMIT ?',
      mark,
      atOnce,
    )
    const known = new Set<string>()
    for (const { sha256 } of rows) {
      const row = await this.#share.db.get('SELECT sha256 FROM share_yara WHERE sha256 = ?', sha256)
      if (row !== undefined) known.add(sha256)
    }
    let looked = 0
    for (const { sha256 } of [...rows.filter((one) => !known.has(one.sha256)), ...old]) {
      const bytes = await blobs.get(sha256)
      // Bytes come after the event that names them: what is not here yet is met when it is looked at, or never.
      if (bytes === undefined) continue
      await this.#look(sha256, bytes, mark, now)
      looked++
    }
    const last = rows.at(-1)?.received
    if (last !== undefined) {
      // A few minutes back: bytes may be late. A whole page of one moment is gone beyond, or it would come for ever.
      const next = rows.length < atOnce ? Math.min(Date.parse(last), now - 600_000) : Date.parse(last)
      const floor = Date.parse(since) + (rows.length < atOnce ? 0 : 1)
      await relational.setMeta('share yara', new Date(Math.max(floor, next)).toISOString())
    }
    return looked
  }

  /** How often each rule was met, the most often met first. */
  async counts(): Promise<{ rule: string; file: string; description: string; artifacts: number }[]> {
    const rows = await this.#share.db.all<{ matches: string }>(
      "SELECT matches FROM share_yara WHERE matches <> '[]' ORDER BY at DESC LIMIT 10000",
    )
    const all = new Map<string, { rule: string; file: string; description: string; artifacts: number }>()
    for (const { matches } of rows)
      for (const { rule, file, description } of JSON.parse(matches) as Match[]) {
        const key = `${file} ${rule}`
        const known = all.get(key) ?? { rule, file, description, artifacts: 0 }
        all.set(key, { ...known, artifacts: known.artifacts + 1 })
      }
    return [...all.values()].sort((a, b) => b.artifacts - a.artifacts || a.rule.localeCompare(b.rule))
  }
}
