import { z } from 'zod'
import { instant, number, query, type Window } from '../query.ts'
import { isOfAddresses, orderBy, page, withinDays, type Page, type Scope } from '../scope.ts'
import { raw, sql, string } from '../sql.ts'

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
  }) => {
    const table = isOfAddresses(p.scope) ? 'addresses' : 'sources'
    const of = raw(table)
    const rows = sql`${withinDays(table, p.window, p.scope)}
        ${p.contains === undefined ? sql`` : sql`AND (positionCaseInsensitive(${of}.as_name, ${string(p.contains)}) > 0 OR toString(${of}.asn) = ${string(p.contains)})`}`
    const sorted = orderBy(networkSorts, p.sort, p.descending)
    // Those of the page are chosen by what they are sorted by; all else is asked of them alone. To choose by exact
    // numbers of addresses would take three times as long as by ones that are right to a hundredth.
    const by = networkSorts.find((one) => one === p.sort) ?? networkSorts[0]
    const chosen = {
      sources: raw('uniqCombined64(14)(source_ip)'),
      last_seen: raw(`max(${table}.last_seen)`),
      asn: raw('chosen'),
    }
    return sql`SELECT ${of}.asn AS asn, anyLast(${of}.as_name) AS as_name, anyLast(${of}.economy) AS economy, uniqExact(source_ip) AS sources,
          uniqExact(${of}.prefix) AS prefixes, sum(${of}.sessions) AS sessions, sum(${of}.events) AS events, sum(${of}.payloads) AS payloads,
          min(${of}.first_seen) AS first_seen, max(${of}.last_seen) AS last_seen
        FROM skep.${of} AS ${of} WHERE ${rows} AND ${of}.asn GLOBAL IN (
          SELECT chosen FROM (SELECT ${of}.asn AS chosen, ${chosen[by as 'sources'] ?? raw(`sum(${table}.${by})`)} AS ${raw(by)}
            FROM skep.${of} AS ${of} WHERE ${rows} GROUP BY chosen ${sorted}, chosen ${page(p.page)}))
        GROUP BY ${of}.asn ${sorted}, asn`
  },
})
