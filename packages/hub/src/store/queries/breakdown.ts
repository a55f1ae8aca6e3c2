import { z } from 'zod'
import { number, query, type Window } from '../query.ts'
import {
  countsByDay,
  isOfEconomies,
  isOfSensors,
  isOverall,
  needsEvents,
  page,
  within,
  withinDays,
  withinOverall,
  type Page,
  type Scope,
} from '../scope.ts'
import { raw, sql } from '../sql.ts'

/** What a window can be broken down by. */
export const dimensions = { service: 'service', economy: 'economy', port: 'target_port', hour: 'toHour(hour)' } as const
export type Dimension = keyof typeof dimensions

/** Counts by service, economy, port or hour of the day. */
export const breakdown = query({
  name: 'breakdown',
  row: z.object({ key: z.coerce.string(), events: number, sessions: number, sources: number }),
  build: ({ window, scope, by, page: wanted }: { window: Window; scope: Scope; by: Dimension; page: Page }) => {
    const hourly = (['service', 'economy', 'port'] as const).find((dimension) => isOverall(scope, dimension))
    if (by === 'hour' && hourly !== undefined)
      return sql`SELECT toString(toHour(hour)) AS key, sum(overall.events) AS events, sum(overall.sessions) AS sessions,
              uniqCombined64Merge(12)(overall.sources) AS sources
            FROM skep.overall WHERE ${withinOverall(hourly, window, scope)}
            GROUP BY toHour(hour) ORDER BY sessions DESC, events DESC, key ${page(wanted)}`
    if (by !== 'hour' && isOverall(scope, by)) {
      const rows = withinOverall(by, window, scope)
      // Those that are shown are chosen by their sums: to count addresses costs more than all else together.
      return sql`SELECT toString(overall.key) AS key, sum(overall.events) AS events, sum(overall.sessions) AS sessions,
              uniqCombined64Merge(12)(overall.sources) AS sources
            FROM skep.overall WHERE ${rows} AND overall.key GLOBAL IN (
              SELECT overall.key FROM skep.overall WHERE ${rows} GROUP BY overall.key
              ORDER BY sum(overall.sessions) DESC, sum(overall.events) DESC, overall.key ${page(wanted)})
            GROUP BY overall.key ORDER BY sessions DESC, events DESC, key`
    }
    if (by !== 'hour' && isOfEconomies(scope))
      return sql`SELECT toString(counts.${raw(dimensions[by])}) AS key, sum(counts.events) AS events, sum(counts.sessions) AS sessions,
              uniqCombined64Merge(12)(counts.sources) AS sources
            FROM ${countsByDay(window, scope)} AS counts GROUP BY key ORDER BY sessions DESC, events DESC, key ${page(wanted)}`
    if (isOfSensors(scope))
      return by === 'economy'
        ? sql`SELECT toString(sources.economy) AS key, sum(sources.events) AS events, sum(sources.sessions) AS sessions,
                uniqCombined64(source_ip) AS sources
              FROM skep.sources AS sources WHERE ${withinDays('sources', window, scope)}
              GROUP BY key ORDER BY sessions DESC, events DESC, key ${page(wanted)}`
        : sql`SELECT toString(${raw(dimensions[by])}) AS key, sum(struck.events) AS events, sum(struck.sessions) AS sessions,
                uniqCombined64Merge(12)(struck.sources) AS sources
              FROM skep.struck AS struck WHERE ${within('struck', window, scope)}
              GROUP BY key ORDER BY sessions DESC, events DESC, key ${page(wanted)}`
    const fine = needsEvents(scope)
    const key = raw(fine ? dimensions[by].replace('hour)', 'time)') : dimensions[by])
    return fine
      ? sql`SELECT toString(${key}) AS key, count() AS events, countIf(kind = 'session.open') AS sessions,
              uniqCombined64(source_ip) AS sources
            FROM skep.events WHERE ${within('events', window, scope)} AND source_ip != toIPv6('::')
            GROUP BY key ORDER BY sessions DESC, events DESC, key ${page(wanted)}`
      : sql`SELECT toString(${key}) AS key, sum(hourly.events) AS events, sum(hourly.sessions) AS sessions,
              uniqCombined64Merge(12)(hourly.sources) AS sources
            FROM skep.hourly WHERE ${within('hourly', window, scope)}
            GROUP BY key ORDER BY sessions DESC, events DESC, key ${page(wanted)}`
  },
})
