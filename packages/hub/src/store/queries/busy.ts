import { z } from 'zod'
import { instant, number, query, type Window } from '../query.ts'
import { addressesOf, isOfAddresses, isOfSensors, needsEvents, within, withinDays, type Scope } from '../scope.ts'
import { raw, sql } from '../sql.ts'

/** Whose counts know when a scope was busy: of a network or a sensor the hours, of an address or a prefix the days. */
export function countsOf(scope: Scope): keyof typeof countLength | undefined {
  if (!needsEvents(scope)) return 'hourly'
  if (isOfSensors(scope)) return 'struck'
  const { source, prefix } = scope
  return (source !== undefined || prefix !== undefined) && isOfAddresses(scope) ? addressesOf(scope) : undefined
}

/** How long what is counted together lasts, in milliseconds. */
export const countLength = {
  hourly: 3_600_000,
  struck: 3_600_000,
  addresses: 86_400_000,
  visits: 86_400_000,
} as const

/** How much there was when, from one end of a window. */
export const busy = query({
  name: 'busy',
  row: z.object({ at: instant, events: number, sessions: number }),
  build: (p: { counts: keyof typeof countLength; window: Window; scope: Scope; descending: boolean }) => {
    const order = raw(`ORDER BY at ${p.descending ? 'DESC' : 'ASC'}`)
    const of = raw(p.counts)
    return p.counts === 'hourly' || p.counts === 'struck'
      ? sql`SELECT hour AS at, sum(${of}.events) AS events, sum(${of}.sessions) AS sessions
            FROM skep.${of} AS ${of} WHERE ${within(p.counts, p.window, p.scope)} GROUP BY at ${order}`
      : sql`SELECT toDateTime(day, 'UTC') AS at, sum(${of}.events) AS events, sum(${of}.sessions) AS sessions
            FROM skep.${of} AS ${of} WHERE ${withinDays(p.counts, p.window, p.scope)} GROUP BY at ${order}`
  },
})
