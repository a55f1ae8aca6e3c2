import { z } from 'zod'
import { instant, number, query, type Window } from '../query.ts'
import { tableOf, orderBy, page, withinDays, type Page, type Scope } from '../scope.ts'
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
    const rows = (table: ReturnType<typeof tableOf>) => sql`${withinDays(table, p.window, p.scope)}
        ${p.contains === undefined ? sql`` : sql`AND (positionCaseInsensitive(${raw(table)}.as_name, ${string(p.contains)}) > 0 OR toString(${raw(table)}.asn) = ${string(p.contains)})`}`
    const sorted = orderBy(networkSorts, p.sort, p.descending)
    // Those of the page are chosen by what they are sorted by, among all from the shorter list; all else is asked of
    // them alone, where they lie by network. To count addresses exactly would take three times as long as to a hundredth.
    const by = networkSorts.find((one) => one === p.sort) ?? networkSorts[0]
    const table = tableOf(p.scope)
    const of = raw(table)
    const addresses = raw(table === 'sources' ? 'uniqExact(source_ip)' : 'uniqCombined64(14)(source_ip)')
    const chosen = { sources: addresses, last_seen: raw(`max(${table}.last_seen)`), asn: raw('chosen') }
    return sql`SELECT sources.asn AS asn, anyLast(sources.as_name) AS as_name, anyLast(sources.economy) AS economy, ${addresses} AS sources,
          uniqExact(sources.prefix) AS prefixes, sum(sources.sessions) AS sessions, sum(sources.events) AS events, sum(sources.payloads) AS payloads,
          min(sources.first_seen) AS first_seen, max(sources.last_seen) AS last_seen
        FROM skep.sources AS sources WHERE ${rows('sources')} AND sources.asn GLOBAL IN (
          SELECT chosen FROM (SELECT ${of}.asn AS chosen, ${chosen[by as 'sources'] ?? raw(`sum(${table}.${by})`)} AS ${raw(by)}
            FROM skep.${of} AS ${of} WHERE ${rows(table)} GROUP BY chosen ${sorted}, chosen ${page(p.page)}))
        GROUP BY sources.asn ${sorted}, asn`
  },
})
