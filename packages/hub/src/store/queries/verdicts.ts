import { z } from 'zod'
import { address, number, query, type Window } from '../query.ts'
import { dayOf, orderBy, page, type Page } from '../scope.ts'
import { raw, sql, string, strings, type Sql } from '../sql.ts'
import { marked } from './campaigns.ts'

/** Entities are looked at in so many parts, so that the memory stays bounded. */
export const contactParts = 8

/** Where the contacts of a type of entity stand: addresses in one rollup, campaigns in the events, all else in another. */
const contactsOf = (type: string, window: Window): { entity: string; from: Sql } => {
  if (type === 'campaign')
    return {
      entity: 'campaign',
      from: sql`(SELECT campaign, sensor, toDate(time) AS day FROM ${marked(window, undefined)} AS marked) WHERE 1`,
    }
  const days = sql`day >= ${dayOf(window.since)} AND day <= ${dayOf(window.until)}`
  return type === 'source'
    ? { entity: 'source_ip', from: sql`skep.sources WHERE ${days}` }
    : { entity: 'value', from: sql`skep.sightings WHERE type = ${string(type)} AND ${days}` }
}

/** Contacts of all entities of a type at each sensor: sensor-days, each counted once. */
export const contactTotals = query({
  name: 'contact totals',
  row: z.object({ sensor: z.string(), contacts: number }),
  build: ({ type, window }: { type: string; window: Window }) => {
    const { entity, from } = contactsOf(type, window)
    return sql`SELECT sensor, uniqCombined64(${raw(entity)}, day) AS contacts FROM ${from} GROUP BY sensor`
  },
})

/** Entities with at least three contacts, and on how many days each touched which sensor; one part of all. */
export const contacts = query({
  name: 'contacts',
  row: z.object({ entity: address, touched: z.array(z.tuple([z.string(), number])) }),
  build: ({ type, window, part }: { type: string; window: Window; part: number }) => {
    const { entity, from } = contactsOf(type, window)
    const key = raw(entity)
    return sql`SELECT toString(${key}) AS entity, groupArray((toString(sensor), days)) AS touched
      FROM (SELECT ${key}, sensor, least(uniqExact(day), 7) AS days FROM ${from}
            AND cityHash64(${key}) % ${{ type: 'UInt8', value: contactParts }} = ${{ type: 'UInt8', value: part }}
            GROUP BY ${key}, sensor)
      GROUP BY ${key} HAVING sum(days) >= 3`
  },
})

export const verdictSorts = ['q', 'k', 'd', 'lift', 'entity'] as const

/** Verdicts of the last look. Which sensors were touched is for judging who may see a row; it is not in the answer. */
export const verdictList = query({
  name: 'verdicts',
  row: z.object({
    run: z.string(),
    type: z.string(),
    entity: z.string(),
    verdict: z.string(),
    k: number,
    d: number,
    n: number,
    expected: number,
    group_kind: z.string(),
    group_name: z.string(),
    group_k: number,
    group_expected: number,
    lift: number,
    p: number,
    q: number,
    here: number,
  }),
  build: (p: {
    /** Own sensors: rows that touched them. Undefined: all rows. */
    sensors?: readonly string[] | undefined
    type?: string | undefined
    verdict?: string | undefined
    entity?: string | undefined
    page: Page
    sort?: string | undefined
    descending?: boolean
  }) =>
    sql`SELECT toString(verdicts.run) AS run, type, entity, verdict, k, d, n, expected, group_kind, group_name, group_k, group_expected,
          lift, verdicts.p AS p, q, ${p.sensors === undefined ? sql`d` : sql`length(arrayIntersect(sensors, ${strings(p.sensors)}))`} AS here
        FROM skep.verdicts AS verdicts WHERE verdicts.run = (SELECT max(latest.run) FROM skep.verdicts AS latest)
          ${p.sensors === undefined ? sql`` : sql`AND hasAny(sensors, ${strings(p.sensors)})`}
          ${p.type === undefined ? sql`` : sql`AND type = ${string(p.type)}`}
          ${p.verdict === undefined ? sql`` : sql`AND verdict = ${string(p.verdict)}`}
          ${p.entity === undefined ? sql`` : sql`AND entity = ${string(p.entity)}`}
        ${orderBy(verdictSorts, p.sort, p.descending ?? false)}, entity ${page(p.page)}`,
})
