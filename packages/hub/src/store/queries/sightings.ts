import { z } from 'zod'
import { instant, number, query, type Window } from '../query.ts'
import { orderBy, page, withinDays, type Page, type Scope } from '../scope.ts'
import { sql, string, time } from '../sql.ts'

/** The kinds of indicator that are counted as events arrive. */
export const indicatorTypes = [
  'url',
  'artifact',
  'credential',
  'command',
  'key',
  'hassh',
  'ja4',
  'agent',
  'target',
] as const
export type IndicatorType = (typeof indicatorTypes)[number]
export const sightingSorts = ['events', 'sources', 'last_seen', 'first_seen', 'sensors'] as const

/** Things that recur, of one type, with who brought them. */
export const sightings = query({
  name: 'sightings',
  row: z.object({
    type: z.string(),
    value: z.string(),
    events: number,
    sources: number,
    networks: number,
    sensors: number,
    first_seen: instant,
    last_seen: instant,
    session: z.string(),
    detail: z.string(),
  }),
  build: (p: {
    window: Window
    scope?: Scope
    type: IndicatorType
    page: Page
    sort?: string | undefined
    descending?: boolean
    contains?: string | undefined
    value?: string | undefined
  }) =>
    sql`SELECT type, value, sum(sightings.events) AS events, uniqCombined64Merge(12)(sightings.sources) AS sources,
          uniqCombined64Merge(12)(sightings.networks) AS networks, uniqExact(sensor) AS sensors,
          min(sightings.first_seen) AS first_seen, max(sightings.last_seen) AS last_seen, toString(anyLast(sightings.session)) AS session,
          anyLast(sightings.detail) AS detail
        FROM skep.sightings AS sightings WHERE type = ${string(p.type)} AND ${withinDays('sightings', p.window, p.scope)}
          ${p.contains === undefined ? sql`` : sql`AND positionCaseInsensitive(value, ${string(p.contains)}) > 0`}
          ${p.value === undefined ? sql`` : sql`AND value = ${string(p.value)}`}
        GROUP BY type, value ${orderBy(sightingSorts, p.sort, p.descending)}, value ${page(p.page)}`,
})

/** Indicators seen for the first time within the window: what is new. */
export const news = query({
  name: 'news',
  row: z.object({
    type: z.string(),
    value: z.string(),
    events: number,
    sources: number,
    first_seen: instant,
    session: z.string(),
  }),
  build: ({ window, scope, page: wanted }: { window: Window; scope?: Scope; page: Page }) =>
    sql`SELECT type, value, sum(sightings.events) AS events, uniqCombined64Merge(12)(sightings.sources) AS sources,
          min(sightings.first_seen) AS first_seen, toString(anyLast(sightings.session)) AS session
        FROM skep.sightings AS sightings
        WHERE type IN ('url', 'artifact', 'key', 'command', 'hassh') AND ${withinDays('sightings', { since: '1970-01-01', until: window.until }, scope)} AND day <= toDate(${time(window.until)})
        GROUP BY type, value
        HAVING first_seen >= ${time(window.since)} AND first_seen < ${time(window.until)}
        ORDER BY multiIf(type = 'artifact', 0, type = 'url', 1, type = 'key', 2, type = 'command', 3, 4), first_seen DESC
        ${page(wanted)}`,
})
