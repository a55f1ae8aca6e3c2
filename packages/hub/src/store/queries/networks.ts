import { z } from 'zod'
import { instant, number, query, type Window } from '../query.ts'
import { orderBy, page, withinDays, type Page, type Scope } from '../scope.ts'
import { sql, string } from '../sql.ts'

export const networkSorts = ['sources', 'sessions', 'events', 'payloads', 'last_seen', 'asn'] as const

/** The origin ASes that attacked, with how many of their addresses. */
export const networks = query({
  name: 'networks',
  row: z.object({
    asn: number,
    as_name: z.string(),
    economy: z.string(),
    sources: number,
    prefixes: number,
    sessions: number,
    events: number,
    payloads: number,
    first_seen: instant,
    last_seen: instant,
  }),
  build: (p: { window: Window; scope: Scope; page: Page; sort?: string | undefined; descending?: boolean; contains?: string | undefined }) =>
    sql`SELECT asn, anyLast(s.as_name) AS as_name, anyLast(s.economy) AS economy, uniqExact(source_ip) AS sources,
          uniqExact(s.prefix) AS prefixes, sum(s.sessions) AS sessions, sum(s.events) AS events,
          sum(s.payloads) AS payloads, min(s.first_seen) AS first_seen, max(s.last_seen) AS last_seen
        FROM skep.sources AS s WHERE ${withinDays(p.window, p.scope)}
        ${p.contains === undefined ? sql`` : sql`AND (positionCaseInsensitive(s.as_name, ${string(p.contains)}) > 0 OR toString(asn) = ${string(p.contains)})`}
        GROUP BY asn ${orderBy(networkSorts, p.sort, p.descending)}, asn ${page(p.page)}`,
})
