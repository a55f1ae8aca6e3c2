import { z } from 'zod'
import { address, instant, number, query, type Window } from '../query.ts'
import { orderBy, page, withinDays, type Page, type Scope } from '../scope.ts'
import { sql, string } from '../sql.ts'

export const sourceSorts = ['sessions', 'events', 'last_seen', 'first_seen', 'commands', 'payloads', 'accepted', 'auths'] as const

/** The addresses that attacked, in a scope. */
export const sources = query({
  name: 'sources',
  row: z.object({
    source: address,
    asn: number,
    as_name: z.string(),
    prefix: z.string(),
    economy: z.string(),
    events: number,
    sessions: number,
    auths: number,
    accepted: number,
    commands: number,
    payloads: number,
    ports: z.array(number),
    services: z.array(z.string()),
    first_seen: instant,
    last_seen: instant,
  }),
  build: (p: { window: Window; scope: Scope; page: Page; sort?: string | undefined; descending?: boolean; contains?: string | undefined }) =>
    sql`SELECT toString(source_ip) AS source, any(asn) AS asn, anyLast(s.as_name) AS as_name, anyLast(s.prefix) AS prefix,
          anyLast(s.economy) AS economy, sum(s.events) AS events, sum(s.sessions) AS sessions, sum(s.auths) AS auths,
          sum(s.accepted) AS accepted, sum(s.commands) AS commands, sum(s.payloads) AS payloads,
          arraySort(groupUniqArrayArray(20)(s.ports)) AS ports, arraySort(groupUniqArrayArray(20)(s.services)) AS services,
          min(s.first_seen) AS first_seen, max(s.last_seen) AS last_seen
        FROM skep.sources AS s WHERE ${withinDays(p.window, p.scope)}
        ${p.contains === undefined ? sql`` : sql`AND position(toString(source_ip), ${string(p.contains)}) > 0`}
        GROUP BY source_ip ${orderBy(sourceSorts, p.sort, p.descending)}, source ${page(p.page)}`,
})
