import { z } from 'zod'
import { instant, number, query, type Window } from '../query.ts'
import { orderBy, page, withinDays, type Page, type Scope } from '../scope.ts'
import { raw, sql, string, time } from '../sql.ts'

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
  }) => {
    // Only where sensors are told apart the finer counts are needed.
    const table = p.scope?.reach === undefined ? 'recurring' : 'sightings'
    const of = raw(table)
    const sensors = raw(
      table === 'recurring' ? 'uniqCombined64Merge(12)(recurring.sensors)' : 'uniqExact(sightings.sensor)',
    )
    const rows = sql`${of}.type = ${string(p.type)} AND ${withinDays(table, p.window, p.scope)}
          ${p.contains === undefined ? sql`` : sql`AND positionCaseInsensitive(${of}.value, ${string(p.contains)}) > 0`}
          ${p.value === undefined ? sql`` : sql`AND ${of}.value = ${string(p.value)}`}`
    const sorted = orderBy(sightingSorts, p.sort, p.descending)
    // Those of the page are chosen by what they are sorted by, which is mostly a sum; the rest is asked of them alone.
    const chosen = {
      events: raw(`sum(${table}.events)`),
      sources: raw(`uniqCombined64Merge(12)(${table}.sources)`),
      last_seen: raw(`max(${table}.last_seen)`),
      first_seen: raw(`min(${table}.first_seen)`),
      sensors,
    }
    const by = sightingSorts.find((one) => one === p.sort) ?? sightingSorts[0]
    return sql`SELECT type, value, sum(${of}.events) AS events, uniqCombined64Merge(12)(${of}.sources) AS sources,
          uniqCombined64Merge(12)(${of}.networks) AS networks, ${sensors} AS sensors,
          min(${of}.first_seen) AS first_seen, max(${of}.last_seen) AS last_seen, toString(anyLast(${of}.session)) AS session,
          anyLast(${of}.detail) AS detail
        FROM skep.${of} AS ${of} WHERE ${rows} AND ${of}.value GLOBAL IN (
          SELECT value FROM (SELECT ${of}.value AS value, ${chosen[by]} AS ${raw(by)} FROM skep.${of} AS ${of} WHERE ${rows}
            GROUP BY value ${sorted}, value ${page(p.page)}))
        GROUP BY type, value ${sorted}, value`
  },
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
  build: ({ window, scope, page: wanted }: { window: Window; scope?: Scope; page: Page }) => {
    const table = scope?.reach === undefined ? 'recurring' : 'sightings'
    const of = raw(table)
    const rows = sql`type IN ('url', 'artifact', 'key', 'command', 'hassh')
        AND ${withinDays(table, { since: '1970-01-01', until: window.until }, scope)} AND day <= toDate(${time(window.until)})`
    const order = raw(
      `ORDER BY multiIf(type = 'artifact', 0, type = 'url', 1, type = 'key', 2, type = 'command', 3, 4), first_seen DESC, value`,
    )
    // Those of the page are chosen by when they were first seen; how many brought them is asked of them alone.
    return sql`SELECT type, value, sum(${of}.events) AS events, uniqCombined64Merge(12)(${of}.sources) AS sources,
          min(${of}.first_seen) AS first_seen, toString(anyLast(${of}.session)) AS session
        FROM skep.${of} AS ${of} WHERE ${rows} AND (type, value) GLOBAL IN (
          SELECT type, value FROM (SELECT type, value, min(${of}.first_seen) AS first_seen FROM skep.${of} AS ${of} WHERE ${rows}
            GROUP BY type, value HAVING first_seen >= ${time(window.since)} AND first_seen < ${time(window.until)} ${order} ${page(wanted)}))
        GROUP BY type, value ${order}`
  },
})
