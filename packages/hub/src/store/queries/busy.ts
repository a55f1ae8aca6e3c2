import { z } from 'zod'
import { instant, number, query, type Window } from '../query.ts'
import { isOfAddresses, isOfSensors, needsEvents, within, withinDays, type Scope } from '../scope.ts'
import { raw, sql } from '../sql.ts'

/** Whose counts know when a scope was busy: of a network or a sensor the hours, of an address or a prefix the days. */
export function countsOf(scope: Scope): 'hourly' | 'struck' | 'addresses' | undefined {
  if (!needsEvents(scope)) return 'hourly'
  if (isOfSensors(scope)) return 'struck'
  const { source, prefix } = scope
  return (source !== undefined || prefix !== undefined) && isOfAddresses(scope) ? 'addresses' : undefined
}

/** How long what is counted together lasts, in milliseconds. */
export const countLength = { hourly: 3_600_000, struck: 3_600_000, addresses: 86_400_000 } as const

/** How much there was when, from one end of a window. */
export const busy = query({
  name: 'busy',
  row: z.object({ at: instant, events: number, sessions: number }),
  build: (p: { counts: 'hourly' | 'struck' | 'addresses'; window: Window; scope: Scope; descending: boolean }) => {
    const order = raw(`ORDER BY at ${p.descending ? 'DESC' : 'ASC'}`)
    const of = raw(p.counts)
    return p.counts !== 'addresses'
      ? sql`SELECT hour AS at, sum(${of}.events) AS events, sum(${of}.sessions) AS sessions
            FROM skep.${of} AS ${of} WHERE ${within(p.counts, p.window, p.scope)} GROUP BY at ${order}`
      : sql`SELECT toDateTime(day, 'UTC') AS at, sum(addresses.events) AS events, sum(addresses.sessions) AS sessions
            FROM skep.addresses AS addresses WHERE ${withinDays('addresses', p.window, p.scope)} GROUP BY at ${order}`
  },
})
