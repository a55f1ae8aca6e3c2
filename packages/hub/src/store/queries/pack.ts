import { z } from 'zod'
import { address, instant, number, query, type Window } from '../query.ts'
import { networksOf, within, withinDays, type Scope } from '../scope.ts'
import { sql } from '../sql.ts'

/** The origin ASes of an address or a prefix. */
export const packNetworks = query({
  name: 'pack networks',
  row: z.object({ asn: number }),
  build: ({ window, scope }: { window: Window; scope: Scope }) => networksOf(window, scope),
})

/** A few lines of the log for an evidence pack: some of each kind on each service, the first and the last among them. */
export const packLines = query({
  name: 'pack lines',
  row: z.object({
    id: z.string(),
    time: instant,
    source: address,
    source_port: number,
    target_port: number,
    transport: z.string(),
    service: z.string(),
    session: z.string(),
    kind: z.string(),
    method: z.string(),
    user: z.string(),
    secret: z.string(),
    accepted: z.boolean().nullable(),
    line: z.string(),
    target: z.string(),
    statement: z.string(),
    url: z.string(),
    host: z.string(),
    port: number.nullable(),
    sha256: z.string(),
    name: z.string(),
    fingerprint: z.string(),
  }),
  build: ({ window, scope, limit = 40 }: { window: Window; scope: Scope; limit?: number }) => {
    const rows = sql`${within('events', window, scope)} AND source_ip != toIPv6('::')
          AND kind IN ('session.open', 'auth.attempt', 'command.run', 'request', 'query', 'payload.seen', 'artifact.stored',
                       'key.planted', 'forward.request', 'exploit.match', 'scan.probe', 'amplify.request')`
    // The few that are shown are chosen first: of a busy address there are millions, and each has all of these columns.
    return sql`SELECT toString(id) AS id, time, toString(source_ip) AS source, source_port, target_port, transport, service,
          toString(session) AS session, kind, method, user, secret, accepted, line, target, statement, url, host, port, sha256, name, fingerprint
        FROM skep.events AS events
        WHERE ${rows} AND (events.time, events.id) GLOBAL IN (
          SELECT one.1, one.2 FROM (SELECT arrayJoin(groupArraySorted(6)((events.time, events.id))) AS one
            FROM skep.events AS events WHERE ${rows} GROUP BY events.kind, events.service))
        ORDER BY kind = 'session.open', time LIMIT ${{ type: 'UInt32', value: limit }}`
  },
})

/** Sessions of an evidence pack that have a recording to replay. */
export const packRecordings = query({
  name: 'pack recordings',
  row: z.object({ session: z.string(), sha256: z.string(), time: instant, duration_ms: number.nullable() }),
  build: ({ window, scope }: { window: Window; scope: Scope }) =>
    sql`SELECT toString(session) AS session, sha256, time, duration_ms FROM skep.events AS events
        WHERE ${within('events', window, scope)} AND kind = 'recording.closed' ORDER BY time DESC LIMIT 10`,
})

/** Which sensors saw it, and how many conversations were complete: for counting, never for showing. */
export const packWitnesses = query({
  name: 'pack witnesses',
  row: z.object({ sensor: z.string(), sessions: number }),
  build: ({ window, scope }: { window: Window; scope: Scope }) =>
    sql`SELECT sources.sensor AS sensor, sum(sources.sessions) AS sessions FROM skep.sources AS sources
        WHERE ${withinDays('sources', window, scope)} GROUP BY sensor`,
})
