import { z } from 'zod'
import { address, instant, number, query, type Window } from '../query.ts'
import { tableOf, orderBy, page, withinDays, type Page, type Scope } from '../scope.ts'
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
    const by = sourceSorts.find((one) => one === p.sort) ?? sourceSorts[0]
    const table = by === 'sensors' ? 'sources' : tableOf(p.scope)
    const of = raw(table)
    const rows = sql`${withinDays(table, p.window, p.scope)}
        ${p.contains === undefined ? sql`` : sql`AND position(toString(source_ip), ${string(p.contains)}) > 0`}`
    const sorted = orderBy(sourceSorts, p.sort, p.descending)
    const sensors = raw(table === 'sources' ? 'uniqExact(sources.sensor)' : `uniqExactArray(${table}.sensor_marks)`)
    const chosen =
      { sensors, first_seen: raw(`min(${table}.first_seen)`), last_seen: raw(`max(${table}.last_seen)`) }[
        by as string
      ] ?? raw(`sum(${table}.${by})`)
    const services = raw(
      table === 'addresses'
        ? 'groupUniqArrayArray(20)(addresses.services)'
        : `groupUniqArray(20)(toString(${table}.service))`,
    )
    // Where it was when it was seen last.
    const latest = raw(`(${table}.last_seen, ${table}.asn, ${table}.prefix)`)
    // Those of the page are chosen by what they are sorted by; all else is asked of them alone.
    return sql`SELECT toString(source_ip) AS source, argMax(${of}.asn, ${latest}) AS asn, argMax(${of}.as_name, ${latest}) AS as_name,
          argMax(${of}.prefix, ${latest}) AS prefix, argMax(${of}.economy, ${latest}) AS economy, sum(${of}.events) AS events, sum(${of}.sessions) AS sessions, sum(${of}.auths) AS auths,
          sum(${of}.accepted) AS accepted, sum(${of}.commands) AS commands, sum(${of}.payloads) AS payloads, ${sensors} AS sensors,
          arraySort(groupUniqArrayArray(20)(${of}.ports)) AS ports, arraySort(${services}) AS services,
          min(${of}.first_seen) AS first_seen, max(${of}.last_seen) AS last_seen
        FROM skep.${of} AS ${of} WHERE ${rows} AND source_ip GLOBAL IN (
          SELECT source_ip FROM (SELECT source_ip, ${chosen} AS ${raw(by)} FROM skep.${of} AS ${of}
            WHERE ${rows} GROUP BY source_ip ${sorted}, source_ip ${page(p.page)}))
        GROUP BY source_ip ${sorted}, source_ip`
  },
})
