import type { Answer, Window } from './query.ts'

const hour = 3_600_000
/** No conversation lasts longer: whoever begins before this cannot reach into what begins after. */
export const longestSession = 6 * hour

/**
 * Asks a list in order of time from the end that is wanted: an hour first, then eight times as much, until a page is
 * full. A page of the newest then costs the same however long the window is.
 * @param ask - what lies between two times, in order, at most a page of it
 * @param wanted - how many rows fill the page
 */
export async function nearest<Row>(
  ask: (part: Window) => Promise<Answer<Row>>,
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
    const answer = await ask(part)
    if (all || answer.rows.length >= wanted) return answer
  }
}
