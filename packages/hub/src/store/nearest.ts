import type { Store } from './client.ts'
import { busy, countLength, countsOf } from './queries/busy.ts'
import { isOfMoments, moments, momentLength } from './queries/moments.ts'
import { run, type Answer, type Window } from './query.ts'
import type { Scope } from './scope.ts'

const hour = 3_600_000
/** No conversation lasts longer: whoever begins before this cannot reach into what begins after. */
export const longestSession = 6 * hour

/** A part of a window to look at, and the only networks in which there is something then, where that is known. */
export interface Place extends Window {
  readonly asns?: readonly number[]
}

/** Looks at places of a window, the nearest to the wanted end first; an answer that fills the page ends it. */
export type Look<Row> = (place: Place) => Promise<Answer<Row>>

/** A list in order of time: what of it is wanted, and how it is asked for. */
export interface Listing<Row> {
  readonly scope: Scope
  readonly window: Window
  /** What its rows are. */
  readonly of: 'events' | 'sessions'
  /** How many rows fill the page, and how many come before it. */
  readonly wanted: number
  readonly skipped?: number
  readonly descending: boolean
  readonly look: Look<Row>
}

/**
 * Asks a list in order of time from the end that is wanted, as much of the window as fills a page: the newest then cost
 * the same however long the window is. Events lie by network. So where a scope has all networks, the moments say in
 * which of them to look; where it has one, its counts say how far back.
 */
export async function nearest<Row>(store: Store, listing: Listing<Row>): Promise<Answer<Row>> {
  const { scope, window, wanted, descending, look } = listing
  const answer = isOfMoments(scope) ? await byMoments(store, listing) : await byCounts(store, listing)
  return answer ?? byTime(look, window, wanted, descending)
}

/** By what the moments know. Undefined when the page is not full after some hundreds of networks. */
async function byMoments<Row>(store: Store, listing: Listing<Row>): Promise<Answer<Row> | undefined> {
  const { scope, window, wanted, skipped = 0, descending, look } = listing
  const least = wanted + skipped
  for (const limit of [2 * least, 16 * least]) {
    const { rows } = await run(store, moments, { window, scope, limit, descending })
    const asns = [...new Set(rows.flatMap((row) => row.asns))]
    const count = rows.reduce((sum, { lines }) => sum + lines, 0)
    const edge = rows.at(-1)?.moment
    if (edge === undefined || count < limit) return look({ ...window, asns })
    if (asns.length > 2000) return undefined
    const answer = await look({ ...upTo(window, Date.parse(edge), momentLength, descending), asns })
    if (answer.rows.length >= wanted) return answer
  }
  return undefined
}

/** By counts that know when there was enough. Undefined when there are none, or they led to too little. */
async function byCounts<Row>(store: Store, listing: Listing<Row>): Promise<Answer<Row> | undefined> {
  const { scope, window, of, wanted, skipped = 0, descending, look } = listing
  const counts = countsOf(scope)
  if (counts === undefined) return undefined
  const { rows } = await run(store, busy, { counts, window, scope, descending })
  let sum = 0
  const edge = rows.find((row) => (sum += row[of]) >= wanted + skipped)?.at
  if (edge === undefined) return look(window)
  const answer = await look(upTo(window, Date.parse(edge), countLength[counts], descending))
  return answer.rows.length >= wanted ? answer : undefined
}

/** A window from its wanted end up to a stretch of time, which is in it whole. */
function upTo({ since, until }: Window, start: number, length: number, descending: boolean): Window {
  const [from, to] = [Date.parse(since), Date.parse(until)]
  return descending
    ? { since: start > from ? new Date(start).toISOString() : since, until }
    : { since, until: start + length < to ? new Date(start + length).toISOString() : until }
}

/** An hour first, then eight times as much, until a page is full. */
export async function byTime<Row>(
  look: Look<Row>,
  { since, until }: Window,
  wanted: number,
  descending: boolean,
): Promise<Answer<Row>> {
  const [first, last] = [Date.parse(since), Date.parse(until)]
  for (let length = hour; ; length *= 8) {
    const all = length >= last - first
    const part = descending
      ? { since: all ? since : new Date(last - length).toISOString(), until }
      : { since, until: all ? until : new Date(first + length).toISOString() }
    const answer = await look(part)
    if (all || answer.rows.length >= wanted) return answer
  }
}
