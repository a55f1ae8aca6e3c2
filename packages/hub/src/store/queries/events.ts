import { z } from 'zod'
import { query, type Window } from '../query.ts'
import { within, withinDays, type Scope } from '../scope.ts'
import { raw, sql, string, strings, time, uuid } from '../sql.ts'

/** A place in the list of events: time and id of the last one given. */
export interface EventCursor {
  readonly time: string
  readonly id: string
}

/** Stored events with all their fields, in order of time. */
export const events = query({
  name: 'events',
  row: z.looseObject({}),
  build: (p: {
    window: Window
    scope: Scope
    session?: string | undefined
    sensor?: string | undefined
    kinds?: readonly string[] | undefined
    after?: EventCursor | undefined
    descending?: boolean | undefined
    limit: number
  }) => {
    const [order, beyond] = p.descending === true ? ['DESC', '<'] : ['ASC', '>']
    return sql`SELECT * FROM skep.events WHERE ${within('events', p.window, p.scope)}
      ${p.session === undefined ? sql`` : sql`AND session = ${uuid(p.session)}`}
      ${p.sensor === undefined ? sql`` : sql`AND sensor = ${string(p.sensor)}`}
      ${p.kinds === undefined ? sql`` : sql`AND kind IN (${strings(p.kinds)})`}
      ${p.after === undefined ? sql`` : sql`AND (time, id) ${raw(beyond ?? '>')} (${time(p.after.time)}, ${uuid(p.after.id)})`}
      ORDER BY time ${raw(order ?? 'ASC')}, id ${raw(order ?? 'ASC')} LIMIT ${{ type: 'UInt32', value: p.limit }}`
  },
})

/** The first and the last event in the store, for choosing a window; from the rollups, so it is cheap. */
export const extent = query({
  name: 'extent',
  row: z.object({ first: z.string(), last: z.string(), events: z.coerce.number() }),
  build: ({ scope }: { scope: Scope }) =>
    scope.reach === undefined
      ? sql`SELECT toString(min(hour)) AS first, toString(max(hour)) AS last, sum(hourly.events) AS events FROM skep.hourly`
      : sql`SELECT toString(toDateTime(min(sources.first_seen), 'UTC')) AS first,
              toString(toDateTime(max(sources.last_seen), 'UTC')) AS last, sum(sources.events) AS events
            FROM skep.sources AS sources
            WHERE ${withinDays('sources', { since: '1970-01-01', until: '2148-12-31' }, scope)}`,
})
