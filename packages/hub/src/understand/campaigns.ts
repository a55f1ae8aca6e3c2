import { isPublic } from '@skep/vocabulary'
import { createHash } from 'node:crypto'
import { isIP } from 'node:net'
import type { Log } from '@skep/vocabulary'
import { Redactor } from '../access/redact.ts'
import type { Relational } from '../relational/database.ts'
import type { Store } from '../store/client.ts'
import { anchorSetMost, anchorSetParts, anchorSets, campaignAnchors } from '../store/queries/index.ts'
import { run } from '../store/query.ts'

// A campaign is what belongs together because the same strong things come from the same addresses within an hour: a program, a
// planted key, a host that serves programs. Commands, passwords and clients' fingerprints are shared by too many to
// join anything; they describe a campaign, they do not make one.

/** Something that marks whoever brings it. */
export interface Anchor {
  readonly type: 'file' | 'key' | 'host' | 'url'
  readonly value: string
}

/** Things that came together, and how many addresses brought all of them. */
export interface AnchorSet {
  readonly anchors: readonly Anchor[]
  readonly sources: number
  /** A few of those addresses. */
  readonly some: readonly string[]
  readonly first_seen: string
  readonly last_seen: string
}

/** An anchor as it stood in a campaign at the last look. */
export interface Known extends Anchor {
  readonly campaign: string
  readonly first_seen: string
  readonly last_seen: string
  readonly sources: number
}

/** A: several things that recur together. B: one thing that recurs. */
export type Grade = 'A' | 'B'

export interface Campaign {
  readonly id: string
  readonly name: string
  readonly grade: Grade
  readonly anchors: readonly Omit<Known, 'campaign'>[]
}

const day = 86_400_000
const nameOf = ({ type, value }: Anchor): string => `${type} ${value}`
/** Anchors with more others than this beside them in one conversation are lists, not a kit. */
const widest = 32

/**
 * Joins sets of anchors into campaigns. Two anchors belong together if two addresses brought both, or if half of
 * those that brought the rarer one also brought the other: one address that mixes two large campaigns joins
 * nothing. A campaign keeps its identity as long as one of its anchors is seen again.
 * @param sets what came together within the window
 * @param known anchors of the last look
 * @param most so many anchors of campaigns that rest are remembered, the latest first
 */
export function campaignsOf(sets: readonly AnchorSet[], known: readonly Known[], most = 200_000): Campaign[] {
  const seen = new Map<string, { anchor: Anchor; sources: number; first: string; last: string; some: Set<string> }>()
  const pairs = new Map<string, { a: string; b: string; sources: number }>()
  for (const { anchors, sources, some, first_seen: first, last_seen: last } of sets) {
    const names = [...new Set(anchors.map(nameOf))].sort()
    for (const anchor of anchors) {
      const old = seen.get(nameOf(anchor))
      if (old === undefined) {
        seen.set(nameOf(anchor), { anchor, sources, first, last, some: new Set(some) })
        continue
      }
      old.sources += sources
      if (first < old.first) old.first = first
      if (last > old.last) old.last = last
      if (old.some.size < 2) for (const one of some) old.some.add(one)
    }
    if (names.length > widest) continue
    for (const [i, a] of names.entries())
      for (const b of names.slice(i + 1)) {
        const pair = pairs.get(`${a}\n${b}`)
        if (pair === undefined) pairs.set(`${a}\n${b}`, { a, b, sources })
        else pair.sources += sources
      }
  }

  const parent = new Map<string, string>()
  const root = (name: string): string => {
    let at = name
    for (let up = parent.get(at); up !== undefined; up = parent.get(at)) {
      const above = parent.get(up)
      if (above !== undefined) parent.set(at, above)
      at = up
    }
    return at
  }
  for (const { a, b, sources } of pairs.values()) {
    const rarer = Math.min(seen.get(a)?.sources ?? 0, seen.get(b)?.sources ?? 0)
    if (sources < 2 && sources * 2 < rarer) continue
    const [one, other] = [root(a), root(b)]
    if (one !== other) parent.set(other, one)
  }

  const groups = grouped(seen.keys(), root)
  const formerly = new Map(known.map((one) => [nameOf(one), one]))
  const kept = grouped(known, ({ campaign }) => campaign)
  const found = [...groups.values()]
    .map((names) => names.flatMap((name) => seen.get(name) ?? []))
    // One address alone is an attack, not a campaign.
    .filter((members) => new Set(members.flatMap(({ some }) => [...some])).size >= 2)
    .map((members) => ({ members, weight: members.reduce((sum, { sources }) => sum + sources, 0) }))
    .sort((a, b) => b.weight - a.weight)

  const taken = new Set<string>()
  const campaigns = found.map(({ members }) => {
    const former = members
      .flatMap(({ anchor }) => formerly.get(nameOf(anchor)) ?? [])
      .filter(({ campaign }) => !taken.has(campaign))
      .sort((a, b) => (a.first_seen < b.first_seen ? -1 : 1))[0]
    const id = former?.campaign ?? idOf(members.map(({ anchor, first }) => ({ anchor, first })))
    taken.add(id)
    const present = new Set(members.map(({ anchor }) => nameOf(anchor)))
    const anchors = [
      ...members.map(({ anchor, first, last, sources }) => {
        const before = formerly.get(nameOf(anchor))?.first_seen
        return {
          ...anchor,
          first_seen: before !== undefined && before < first ? before : first,
          last_seen: last,
          sources,
        }
      }),
      // What it used before and does not use now still tells whose it was.
      ...(kept.get(id) ?? []).filter((one) => !present.has(nameOf(one)) && !seen.has(nameOf(one))),
    ]
    return { id, anchors }
  })
  // Campaigns that were quiet all the window rest as they were.
  for (const [id, anchors] of kept)
    if (!taken.has(id) && anchors.every((one) => !seen.has(nameOf(one)))) campaigns.push({ id, anchors })
  const resting = campaigns
    .flatMap(({ anchors }) => anchors.filter((one) => !seen.has(nameOf(one))))
    .sort((a, b) => (a.last_seen < b.last_seen ? 1 : -1))
  const forgotten = new Set(resting.slice(most).map(nameOf))
  return campaigns
    .map(({ id, anchors }) => ({
      id,
      anchors: anchors
        .filter((one) => !forgotten.has(nameOf(one)))
        .map(({ type, value, first_seen, last_seen, sources }) => ({ type, value, first_seen, last_seen, sources }))
        .sort((a, b) => b.sources - a.sources || (nameOf(a) < nameOf(b) ? -1 : 1)),
    }))
    .filter(({ anchors }) => anchors.length > 0)
    .map((one) => ({ ...one, name: titleOf(one.anchors), grade: one.anchors.length > 1 ? ('A' as const) : 'B' }))
}

function grouped<T>(all: Iterable<T>, by: (one: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const one of all) {
    const group = groups.get(by(one))
    if (group === undefined) groups.set(by(one), [one])
    else group.push(one)
  }
  return groups
}

/** An id from the anchor that was first. */
function idOf(members: readonly { anchor: Anchor; first: string }[]): string {
  const [first] = members.map(({ anchor, first: at }) => `${at} ${nameOf(anchor)}`).sort()
  return createHash('sha256')
    .update(`campaign ${first ?? ''}`)
    .digest('hex')
    .slice(0, 16)
}

/** What people call it: its host, else its key, else its program. */
function titleOf(anchors: readonly Anchor[]): string {
  const first = (type: Anchor['type']) => anchors.find((one) => one.type === type)?.value
  const key = first('key')
  const host = first('host') ?? first('url')
  if (key !== undefined) return `key ${key.slice(0, 20)}…${host === undefined ? '' : ` · ${host}`}`
  return host ?? `program ${first('file')?.slice(0, 12) ?? ''}…`
}

/** Whether a host says something of whoever uses it: not this machine, not a private network, not a sensor. */
function telling({ type, value }: Anchor, redactor: Redactor): boolean {
  if (type === 'file' || type === 'key') return true
  const host = type === 'host' || !URL.canParse(value) ? value : new URL(value).hostname
  if (redactor.text(value) !== value) return false
  const address = host.replace(/^\[|\]$/g, '')
  return isIP(address) === 0 ? /^[a-z0-9_-]+(\.[a-z0-9_-]+)+$/.test(host) : isPublic(address)
}

/**
 * Looks for campaigns in what arrived within the last 30 days and writes them down.
 * @returns how many there are
 */
export async function findCampaigns(
  { store, relational, log }: { store: Store; relational: Relational; log: Log },
  now = Date.now(),
): Promise<number> {
  const window = { since: new Date(now - 30 * day).toISOString(), until: new Date(now).toISOString() }
  const redactor = new Redactor(await relational.fleet.addresses())
  const sets: AnchorSet[] = []
  for (let part = 0; part < anchorSetParts; part++) {
    const { rows } = await run(store, anchorSets, { window, part })
    if (rows.length === anchorSetMost)
      log.warn('too many sets to look at all: those of the fewest addresses are left out')
    for (const row of rows) {
      const anchors = row.anchors
        .map(([type, value]) => ({ type, value }))
        .filter((anchor) => telling(anchor, redactor))
      if (anchors.length > 0) sets.push({ ...row, anchors })
    }
  }
  const campaigns = campaignsOf(sets, (await run(store, campaignAnchors, {})).rows)
  const stamp = window.until.slice(0, 19).replace('T', ' ')
  const lines = campaigns.flatMap(({ id, name, grade, anchors }) =>
    anchors.map((anchor) =>
      JSON.stringify({
        run: stamp,
        campaign: id,
        name,
        grade,
        ...anchor,
        first_seen: anchor.first_seen.replace('T', ' ').replace('Z', ''),
        last_seen: anchor.last_seen.replace('T', ' ').replace('Z', ''),
      }),
    ),
  )
  // One block: a reader sees a whole look or none of it.
  if (lines.length > 0) await store.insert('campaigns', Buffer.from(`${lines.join('\n')}\n`), `campaigns ${stamp}`)
  log(`${campaigns.length} campaigns in ${sets.length} sets of things that came together`)
  return campaigns.length
}
