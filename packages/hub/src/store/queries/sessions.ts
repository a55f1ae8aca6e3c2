import { z } from 'zod'
import { address, instant, number, query, type Window } from '../query.ts'
import { orderBy, page, within, type Page, type Scope } from '../scope.ts'
import { longestSession } from '../nearest.ts'
import { sql, time, uuid } from '../sql.ts'

export const sessionSorts = ['started', 'events', 'commands', 'duration_ms', 'auths', 'payloads'] as const

/** From when on events are read for conversations that began at a time: what began before must be known for it. */
function reachingInto(since: string, begun: string | undefined): string {
  if (begun === undefined) return since
  const early = new Date(Date.parse(begun) - longestSession).toISOString()
  return early > since ? early : since
}

/** Conversations, the newest first unless asked otherwise. */
export const sessions = query({
  name: 'sessions',
  row: z.object({
    session: z.string(),
    started: instant,
    source: address,
    source_port: number,
    target_port: number,
    service: z.string(),
    transport: z.string(),
    asn: number,
    as_name: z.string(),
    economy: z.string(),
    sensor: z.string(),
    events: number,
    auths: number,
    accepted: number,
    commands: number,
    payloads: number,
    reason: z.string(),
    duration_ms: number,
  }),
  build: (p: {
    window: Window
    scope: Scope
    page: Page
    sort?: string | undefined
    descending?: boolean
    session?: string | undefined
    /** Only conversations that began at this time or later; the whole window where nothing is said. */
    begun?: string | undefined
  }) =>
    sql`SELECT toString(events.session) AS session, min(time) AS started, any(toString(source_ip)) AS source,
          any(events.source_port) AS source_port, any(events.target_port) AS target_port, any(events.service) AS service,
          any(events.transport) AS transport, any(events.asn) AS asn, any(events.as_name) AS as_name, any(events.economy) AS economy,
          any(events.sensor) AS sensor, count() AS events, countIf(kind = 'auth.attempt') AS auths,
          countIf(kind = 'auth.attempt' AND events.accepted) AS accepted, countIf(kind = 'command.run') AS commands,
          countIf(kind = 'payload.seen') AS payloads, anyIf(events.reason, kind = 'session.close') AS reason,
          maxIf(events.duration_ms, kind = 'session.close') AS duration_ms
        FROM skep.events AS events
        WHERE ${within('events', { ...p.window, since: reachingInto(p.window.since, p.begun) }, p.scope)} AND events.session != toUUID('00000000-0000-0000-0000-000000000000')
          ${p.session === undefined ? sql`` : sql`AND events.session = ${uuid(p.session)}`}
        GROUP BY events.session ${p.begun === undefined ? sql`` : sql`HAVING started >= ${time(p.begun)}`} ${orderBy(sessionSorts, p.sort, p.descending)}, session ${page(p.page)}`,
})
