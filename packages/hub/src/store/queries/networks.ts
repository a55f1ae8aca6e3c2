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
  build: (p: {
    window: Window
    scope: Scope
    page: Page
    sort?: string | undefined
    descending?: boolean
    contains?: string | undefined
  }) =>
    sql`SELECT sources.asn AS asn, anyLast(sources.as_name) AS as_name, anyLast(sources.economy) AS economy, uniqExact(source_ip) AS sources,
          uniqExact(sources.prefix) AS prefixes, sum(sources.sessions) AS sessions, sum(sources.events) AS events,
          sum(sources.payloads) AS payloads, min(sources.first_seen) AS first_seen, max(sources.last_seen) AS last_seen
        FROM skep.sources AS sources WHERE ${withinDays('sources', p.window, p.scope)}
        ${p.contains === undefined ? sql`` : sql`AND (positionCaseInsensitive(sources.as_name, ${string(p.contains)}) > 0 OR toString(sources.asn) = ${string(p.contains)})`}
        GROUP BY sources.asn ${orderBy(networkSorts, p.sort, p.descending)}, asn ${page(p.page)}`,
})
