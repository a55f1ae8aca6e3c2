import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { Share } from '../sharing.ts'

/** A feed that is read. */
export interface Pull {
  readonly id: string
  readonly url: string
  readonly title: string
  readonly made: number
  readonly last: number | null
  readonly problem: string
  readonly events: number
  readonly values: number
}

/** What somebody else knows of a value. */
export interface Known {
  readonly feed: string
  readonly event: string
  readonly info: string
  readonly type: string
  readonly value: string
  readonly stamp: number
}

const mostManifest = 32 * 1024 * 1024
const mostEvent = 8 * 1024 * 1024
/** Events of one feed, those that are fetched in one go, and what is taken of each. */
const [mostEvents, atOnce, mostValues] = [20_000, 200, 10_000]
const patience = 60_000

const Head = z.object({ timestamp: z.coerce.number().int().min(0), info: z.string().default('') })
const Manifest = z.record(z.uuid(), Head)
const Attribute = z.object({
  type: z.string(),
  value: z.string(),
  to_ids: z.union([z.boolean(), z.number(), z.string()]).optional(),
  deleted: z.union([z.boolean(), z.number(), z.string()]).optional(),
})
const Body = z.object({
  Event: z.object({
    Attribute: z.array(z.unknown()).default([]),
    Object: z.array(z.object({ Attribute: z.array(z.unknown()).default([]) })).default([]),
  }),
})

/** How the types of MISP that name one thing name it: by themselves, before or behind a bar. */
const types: Readonly<Record<string, { readonly type: string; readonly part?: 0 | 1 }>> = {
  'ip-src': { type: 'address' },
  'ip-dst': { type: 'address' },
  'ip-src|port': { type: 'address', part: 0 },
  'ip-dst|port': { type: 'address', part: 0 },
  domain: { type: 'domain' },
  hostname: { type: 'domain' },
  'domain|ip': { type: 'domain', part: 0 },
  url: { type: 'url' },
  md5: { type: 'hash' },
  sha1: { type: 'hash' },
  sha256: { type: 'hash' },
  'filename|md5': { type: 'hash', part: 1 },
  'filename|sha1': { type: 'hash', part: 1 },
  'filename|sha256': { type: 'hash', part: 1 },
  'malware-sample': { type: 'hash', part: 1 },
}
const no = (value: unknown): boolean => value === false || value === 0 || value === '0' || value === 'false'
const yes = (value: unknown): boolean => value === true || value === 1 || value === '1' || value === 'true'

/** What an event of MISP names that could be met here; of a form that nobody expects, what can be read of it. */
export function valuesOf(event: unknown): { type: string; value: string }[] {
  const read = Body.safeParse(event)
  if (!read.success) return []
  const { Attribute: direct, Object: objects } = read.data.Event
  const found = new Map<string, { type: string; value: string }>()
  for (const one of [...direct, ...objects.flatMap((object) => object.Attribute)]) {
    if (found.size >= mostValues) break
    const attribute = Attribute.safeParse(one)
    if (!attribute.success || no(attribute.data.to_ids) || yes(attribute.data.deleted)) continue
    const kind = Object.hasOwn(types, attribute.data.type) ? types[attribute.data.type] : undefined
    if (kind === undefined) continue
    const whole = kind.part === undefined ? attribute.data.value : (attribute.data.value.split('|')[kind.part] ?? '')
    const value = (kind.type === 'url' ? whole : whole.toLowerCase()).trim()
    if (value === '' || value.length > 2048) continue
    found.set(`${kind.type} ${value}`, { type: kind.type, value })
  }
  return [...found.values()]
}

/** Reads other people's MISP feeds: what they know of what is met here stands beside it, and joins or lists nothing. */
export class Pulls {
  readonly #share: Share

  constructor(share: Share) {
    this.#share = share
  }

  async list(): Promise<Pull[]> {
    const rows = await this.#share.db.all<Omit<Pull, 'events' | 'values'> & { events: number; known: number }>(
      `SELECT share_pulls.*, (SELECT count(*) FROM share_pulled WHERE feed = share_pulls.id) AS events,
         (SELECT count(*) FROM share_known WHERE feed = share_pulls.id) AS known FROM share_pulls ORDER BY made`,
    )
    return rows.map(({ id, url, title, made, last, problem, events, known }) => ({
      id,
      url,
      title,
      made: Number(made),
      last: last === null ? null : Number(last),
      problem,
      events: Number(events),
      values: Number(known),
    }))
  }

  /** Adds a feed. @throws Forbidden when its address is none that may be called */
  async add(url: string, title: string, now = Date.now()): Promise<string> {
    const base = url.replace(/\/(?:manifest\.json)?$/, '')
    this.#share.context.outbound.check(`${base}/manifest.json`)
    const id = randomUUID()
    await this.#share.db.run(
      "INSERT INTO share_pulls (id, url, title, made, last, problem) VALUES (?, ?, ?, ?, NULL, '')",
      id,
      base,
      title,
      now,
    )
    return id
  }

  async remove(id: string): Promise<boolean> {
    const { db } = this.#share
    return db.transaction(async () => {
      await db.run('DELETE FROM share_known WHERE feed = ?', id)
      await db.run('DELETE FROM share_pulled WHERE feed = ?', id)
      return (await db.run('DELETE FROM share_pulls WHERE id = ?', id)) === 1
    })
  }

  /** Reads all feeds; what is wrong with one stands beside it and holds up no other. @returns how many events are new */
  async work(now = Date.now()): Promise<number> {
    let fresh = 0
    for (const pull of await this.list()) {
      let problem = ''
      try {
        fresh += await this.#read(pull)
      } catch (error) {
        problem = (error instanceof Error ? error.message : String(error)).slice(0, 300)
      }
      await this.#share.db.run('UPDATE share_pulls SET last = ?, problem = ? WHERE id = ?', now, problem, pull.id)
    }
    return fresh
  }

  async #get(url: string, most: number): Promise<unknown> {
    const { status, body } = await this.#share.context.outbound.fetch(url, { most, timeout: patience, redirects: 2 })
    if (status !== 200) throw new Error(`${url} answered ${status}`)
    return JSON.parse(body.toString('utf8'))
  }

  async #read({ id, url }: Pull): Promise<number> {
    const { db } = this.#share
    const manifest = Manifest.parse(await this.#get(`${url}/manifest.json`, mostManifest))
    const rows = await db.all<{ event: string; stamp: number }>(
      'SELECT event, stamp FROM share_pulled WHERE feed = ?',
      id,
    )
    const known = new Map(rows.map(({ event, stamp }) => [event, Number(stamp)]))
    const offered = Object.entries(manifest)
      .sort(([, a], [, b]) => b.timestamp - a.timestamp)
      .slice(0, mostEvents)
    const wanted = offered.filter(([event, { timestamp }]) => known.get(event) !== timestamp).slice(0, atOnce)
    for (const [event, { timestamp, info }] of wanted) {
      const values = valuesOf(await this.#get(`${url}/${event}.json`, mostEvent))
      await db.transaction(async () => {
        await db.run('DELETE FROM share_known WHERE feed = ? AND event = ?', id, event)
        await db.run(
          `INSERT INTO share_pulled (feed, event, stamp, info) VALUES (?, ?, ?, ?)
           ON CONFLICT (feed, event) DO UPDATE SET stamp = excluded.stamp, info = excluded.info`,
          id,
          event,
          timestamp,
          info.slice(0, 500),
        )
        for (const { type, value } of values)
          await db.run('INSERT INTO share_known (feed, event, type, value) VALUES (?, ?, ?, ?)', id, event, type, value)
      })
    }
    // What the feed has taken back is known no longer.
    const there = new Set(offered.map(([event]) => event))
    for (const event of known.keys()) {
      if (there.has(event)) continue
      await db.run('DELETE FROM share_known WHERE feed = ? AND event = ?', id, event)
      await db.run('DELETE FROM share_pulled WHERE feed = ? AND event = ?', id, event)
    }
    return wanted.length
  }

  /** What is known elsewhere of some values, the latest first. */
  async known(values: readonly string[]): Promise<Known[]> {
    const asked = [...new Set(values.flatMap((value) => [value, value.toLowerCase()]))].slice(0, 20)
    if (asked.length === 0) return []
    const rows = await this.#share.db.all<Known>(
      `SELECT share_pulls.title AS feed, share_known.event AS event, share_pulled.info AS info, share_known.type AS type,
         share_known.value AS value, share_pulled.stamp AS stamp
       FROM share_known JOIN share_pulls ON share_pulls.id = share_known.feed
         JOIN share_pulled ON share_pulled.feed = share_known.feed AND share_pulled.event = share_known.event
       WHERE share_known.value IN (${asked.map(() => '?').join(', ')}) ORDER BY stamp DESC LIMIT 50`,
      ...asked,
    )
    return rows.map((row) => ({ ...row, stamp: Number(row.stamp) }))
  }
}
