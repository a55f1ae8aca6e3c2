import { z } from 'zod'
import { address, instant, number, query, type Window } from '../query.ts'
import { within, type Scope } from '../scope.ts'
import { sql, strings } from '../sql.ts'

/** What is asked of the events for a daily report. */
export interface ReportSelection {
  readonly kinds: readonly string[]
  readonly services?: readonly string[]
}

/** Events of a day in the form that reports are made of; with the client that the session told of itself. */
export const reportRows = query({
  name: 'report rows',
  row: z.object({
    id: z.string(),
    time: instant,
    source: address,
    source_port: number,
    target_port: number,
    transport: z.string(),
    service: z.string(),
    asn: number,
    economy: z.string(),
    kind: z.string(),
    user: z.string(),
    secret: z.string(),
    ident: z.string(),
    url: z.string(),
    method: z.string(),
    target: z.string(),
    agent: z.string(),
    raw: z.string(),
    body: z.string(),
    statement: z.string(),
    count: number,
    last: instant,
  }),
  build: ({
    window,
    scope,
    selection,
    limit,
  }: {
    window: Window
    scope: Scope
    selection: ReportSelection
    limit: number
  }) =>
    sql`SELECT toString(any(events.id)) AS id, min(events.time) AS time, toString(source_ip) AS source, any(events.source_port) AS source_port,
          events.target_port AS target_port, any(events.transport) AS transport, any(events.service) AS service, any(events.asn) AS asn,
          any(events.economy) AS economy, events.kind AS kind, events.user AS user, events.secret AS secret, any(hello.ident) AS ident,
          any(hello.url) AS url, events.method AS method, events.target AS target, any(events.agent) AS agent, any(events.raw) AS raw,
          any(events.body) AS body, any(events.statement) AS statement, count() AS count, max(events.time) AS last
        FROM skep.events AS events
        LEFT JOIN (SELECT session, anyIf(events.ident, events.kind = 'client.hello') AS ident,
                     anyIf(events.url, events.kind = 'payload.seen') AS url
                   FROM skep.events AS events WHERE ${within('events', window, scope)}
                   AND events.kind IN ('client.hello', 'payload.seen') GROUP BY session) AS hello ON hello.session = events.session
        WHERE ${within('events', window, scope)} AND events.kind IN (${strings(selection.kinds)})
          ${selection.services === undefined ? sql`` : sql`AND events.service IN (${strings(selection.services)})`}
          AND source_ip != toIPv6('::')
        GROUP BY source_ip, events.session, target_port, kind, user, secret, method, target
        ORDER BY time, source LIMIT ${{ type: 'UInt32', value: limit }}`,
})
