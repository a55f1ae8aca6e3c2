import type { Store } from './client.ts'
import { isOfMinutes, minutes } from './queries/minutes.ts'
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

/**
 * Asks a list in order of time from the end that is wanted, as much of the window as fills a page: the newest then cost
 * the same however long the window is. Events lie by network; so where a scope has all networks, the minutes say in
 * which of them to look.
 * @param wanted - how many rows fill the page
 */
export async function nearest<Row>(
  store: Store,
  scope: Scope,
  look: Look<Row>,
  window: Window,
  wanted: number,
  descending: boolean,
): Promise<Answer<Row>> {
  const answer = isOfMinutes(scope) ? await byMinutes(store, scope, look, window, wanted, descending) : undefined
  return answer ?? byTime(look, window, wanted, descending)
}

/** By what the minutes know. Undefined when the page is not full after some hundreds of networks. */
async function byMinutes<Row>(
  store: Store,
  scope: Scope,
  look: Look<Row>,
  window: Window,
  wanted: number,
  descending: boolean,
): Promise<Answer<Row> | undefined> {
  for (const limit of [2 * wanted, 16 * wanted]) {
    const { rows } = await run(store, minutes, { window, scope, limit, descending })
    const asns = [...new Set(rows.flatMap((row) => row.asns))]
    const count = rows.reduce((sum, { lines }) => sum + lines, 0)
    const edge = rows.at(-1)?.minute
    if (edge === undefined || count < limit) return look({ ...window, asns })
    if (asns.length > 2000) return undefined
    const place = descending
      ? { since: edge > window.since ? edge : window.since, until: window.until, asns }
      : { since: window.since, until: new Date(Date.parse(edge) + 60_000).toISOString(), asns }
    const answer = await look(place)
    if (answer.rows.length >= wanted) return answer
  }
  return undefined
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
