import { arrivals, Redactor, run, type ArrivalCursor, type ExtensionContext, type Reach } from '@skep/hub'
import { fromRow, type StoredEvent } from '@skep/vocabulary'

/** Nothing younger than this is given, nor anything after what is being committed now (Ingest.horizon). */
const settle = 1000
const nil = '00000000-0000-0000-0000-000000000000'

/** A place in the stream, as text. */
export const writeCursor = ({ received, id }: ArrivalCursor): string =>
  Buffer.from(`${received} ${id}`).toString('base64url')
/** @returns undefined when it is none */
export function readCursor(text: string): ArrivalCursor | undefined {
  const [received = '', id = ''] = Buffer.from(text.slice(0, 200), 'base64url').toString('latin1').split(' ')
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3,6}Z$/.test(received) && /^[0-9a-f-]{36}$/.test(id)
    ? { received, id }
    : undefined
}
/** The place before everything that is committed from a time on. */
export const cursorAt = (ms: number): ArrivalCursor => ({ received: new Date(ms).toISOString(), id: nil })

/**
 * The next events after a place, in the order in which they were committed, as somebody may see them.
 * @param side what left the organisation's networks and what hit its sensors; both where there is no reach
 */
export async function next(
  { store, relational, ingest }: Pick<ExtensionContext, 'store' | 'relational' | 'ingest'>,
  after: ArrivalCursor,
  limit: number,
  reach: Reach | undefined,
  now = Date.now(),
): Promise<{ events: StoredEvent[]; cursor: ArrivalCursor; more: boolean }> {
  const until = Math.min(now - settle, await ingest.horizon())
  const { rows } = await run(store, arrivals, {
    after,
    until: new Date(until).toISOString(),
    scope: { reach },
    limit: limit + 1,
  })
  const redactor = new Redactor(await relational.fleet.addresses())
  const all = rows.slice(0, limit).map((row) => fromRow(row))
  const last = all.at(-1)
  return {
    events: all.map((event) => redactor.event(event, reach)),
    cursor: last === undefined ? after : { received: last.received, id: last.id },
    more: rows.length > limit,
  }
}
