import { z } from 'zod'
import { instant, number, query, type Window } from '../query.ts'
import {
  countsByDay,
  isOfEconomies,
  isOfSensors,
  isOverall,
  needsEvents,
  within,
  withinOverall,
  type Scope,
} from '../scope.ts'
import { raw, sql } from '../sql.ts'

const steps = { hour: 'toStartOfHour', day: 'toStartOfDay', week: 'toStartOfWeek', month: 'toStartOfMonth' } as const

/** The size of a step of a timeline. */
export type Step = keyof typeof steps

/** The step that gives a window some 30 to 200 points. */
export function stepFor({ since, until }: Window): Step {
  const hours = (Date.parse(until) - Date.parse(since)) / 3_600_000
  return hours <= 24 * 8 ? 'hour' : hours <= 24 * 200 ? 'day' : hours <= 24 * 1500 ? 'week' : 'month'
}

const row = z.object({
  at: instant,
  service: z.string(),
  sessions: number,
  events: number,
  sources: number,
})

/** How much came when, by service. Over all networks their common counts are asked, for an economy its daily ones, for one network the hourly ones, for an address the events. */
export const timeline = query({
  name: 'timeline',
  row,
  build: ({ window, scope, step }: { window: Window; scope: Scope; step: Step }) => {
    const start = (column: string) => raw(`toDateTime(${steps[step]}(${column}${step === 'week' ? ', 1' : ''}), 'UTC')`)
    if (isOverall(scope, 'service'))
      return sql`SELECT ${start('hour')} AS at, toString(key) AS service, sum(overall.sessions) AS sessions, sum(overall.events) AS events,
              uniqCombined64Merge(12)(overall.sources) AS sources
            FROM skep.overall WHERE ${withinOverall('service', window, scope)}
            GROUP BY at, service ORDER BY at, service`
    if (step !== 'hour' && isOfEconomies(scope))
      return sql`SELECT ${start('hour')} AS at, counts.service AS service, sum(counts.sessions) AS sessions, sum(counts.events) AS events,
              uniqCombined64Merge(12)(counts.sources) AS sources
            FROM ${countsByDay(window, scope)} AS counts GROUP BY at, service ORDER BY at, service`
    if (isOfSensors(scope))
      return sql`SELECT ${start('hour')} AS at, service, sum(struck.sessions) AS sessions, sum(struck.events) AS events,
              uniqCombined64Merge(12)(struck.sources) AS sources
            FROM skep.struck AS struck WHERE ${within('struck', window, scope)} GROUP BY at, service ORDER BY at, service`
    return needsEvents(scope)
      ? sql`SELECT ${start('time')} AS at, service, countIf(kind = 'session.open') AS sessions, count() AS events,
              uniqCombined64(source_ip) AS sources
            FROM skep.events WHERE ${within('events', window, scope)} AND source_ip != toIPv6('::')
            GROUP BY at, service ORDER BY at, service`
      : sql`SELECT ${start('hour')} AS at, service, sum(sessions) AS sessions, sum(events) AS events,
              uniqCombined64Merge(12)(hourly.sources) AS sources
            FROM skep.hourly WHERE ${within('hourly', window, scope)}
            GROUP BY at, service ORDER BY at, service`
  },
})
