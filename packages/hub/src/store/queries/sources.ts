import { z } from 'zod'
import { address, instant, number, query, type Window } from '../query.ts'
import { isOfAddresses, orderBy, page, withinDays, type Page, type Scope } from '../scope.ts'
import { raw, sql, string } from '../sql.ts'

export const sourceSorts = [
  'sessions',
  'events',
  'last_seen',
  'first_seen',
  'commands',
  'payloads',
  'accepted',
  'auths',
  'sensors',
] as const

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
    sensors: number,
    ports: z.array(number),
    services: z.array(z.string()),
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
    const rows = (table: 'sources' | 'addresses') => sql`${withinDays(table, p.window, p.scope)}
        ${p.contains === undefined ? sql`` : sql`AND position(toString(source_ip), ${string(p.contains)}) > 0`}`
    const sorted = orderBy(sourceSorts, p.sort, p.descending)
    // Those of the page are chosen by what they are sorted by, where that is known without the sensors from a list a
    // third as long; all else is asked of them alone.
    const by = sourceSorts.find((one) => one === p.sort) ?? sourceSorts[0]
    const table = by !== 'sensors' && isOfAddresses(p.scope) ? 'addresses' : 'sources'
    const of = raw(table)
    const chosen = raw(
      {
        sensors: 'uniqExact(sources.sensor)',
        first_seen: `min(${table}.first_seen)`,
        last_seen: `max(${table}.last_seen)`,
      }[by as string] ?? `sum(${table}.${by})`,
    )
    return sql`SELECT toString(source_ip) AS source, any(sources.asn) AS asn, anyLast(sources.as_name) AS as_name, anyLast(sources.prefix) AS prefix,
          anyLast(sources.economy) AS economy, sum(sources.events) AS events, sum(sources.sessions) AS sessions, sum(sources.auths) AS auths,
          sum(sources.accepted) AS accepted, sum(sources.commands) AS commands, sum(sources.payloads) AS payloads,
          uniqExact(sources.sensor) AS sensors,
          arraySort(groupUniqArrayArray(20)(sources.ports)) AS ports, arraySort(groupUniqArrayArray(20)(sources.services)) AS services,
          min(sources.first_seen) AS first_seen, max(sources.last_seen) AS last_seen
        FROM skep.sources AS sources WHERE ${rows('sources')} AND (sources.asn, source_ip) GLOBAL IN (
          SELECT ${of}.asn, source_ip FROM skep.${of} AS ${of} WHERE ${rows(table)} AND source_ip GLOBAL IN (
            SELECT source_ip FROM (
              SELECT source_ip, toString(source_ip) AS source, ${chosen} AS ${raw(by)}
              FROM skep.${of} AS ${of} WHERE ${rows(table)} GROUP BY source_ip ${sorted}, source ${page(p.page)})))
        GROUP BY source_ip ${sorted}, source`
  },
})
