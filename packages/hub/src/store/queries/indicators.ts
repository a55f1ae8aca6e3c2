import { z } from 'zod'
import { address, instant, number, query, type Window } from '../query.ts'
import { withinDays } from '../scope.ts'
import { raw, sql, string, type Raw, type Sql } from '../sql.ts'

// What is shared is read in order of its value, a part at a time: however much there is, the memory stays the same.

/** A part of an ordered list: what comes after a value. */
export interface Part {
  readonly window: Window
  readonly after: string
  readonly limit: number
}

const seen = {
  events: number,
  first_seen: instant,
  last_seen: instant,
  days: number,
  /** For counting sensors and organisations; their names stay in the hub. */
  sensors: z.array(z.string()),
}
const ip = (text: string) => ({ type: 'IPv6', value: text.includes(':') ? text : `::ffff:${text}` })
const from = (after: string): Sql => sql`${ip(after === '' ? '::' : after)}`
const count = (n: number) => ({ type: 'UInt32', value: n })

/** Addresses that a rule found something about, by address. Datagrams made none of these findings. */
export const foundAddresses = query({
  name: 'found addresses',
  row: z.object({
    value: address,
    rules: z.array(z.string()),
    events: number,
    first_seen: instant,
    last_seen: instant,
    days: number,
  }),
  build: ({ window, after, limit }: Part) =>
    sql`SELECT toString(source_ip) AS value, arraySort(groupUniqArray(toString(findings.rule))) AS rules, sum(findings.events) AS events,
          min(findings.first_seen) AS first_seen, max(findings.last_seen) AS last_seen, uniqExact(findings.day) AS days
        FROM skep.findings AS findings WHERE ${withinDays('findings', window)} AND source_ip > ${from(after)}
        GROUP BY source_ip ORDER BY source_ip LIMIT ${count(limit)}`,
})

/** Where those addresses are and what they touched: all from one to another. */
export const addressDetails = query({
  name: 'address details',
  row: z.object({
    value: address,
    asn: number,
    as_name: z.string(),
    prefix: z.string(),
    economy: z.string(),
    services: z.array(z.string()),
    ports: z.array(z.number()),
    accepted: number,
    sensors: z.array(z.string()),
  }),
  build: ({ window, first, last }: { window: Window; first: string; last: string }) =>
    sql`SELECT toString(source_ip) AS value, any(sources.asn) AS asn, anyLast(sources.as_name) AS as_name, anyLast(sources.prefix) AS prefix,
          anyLast(sources.economy) AS economy, arraySort(groupUniqArray(20)(toString(sources.service))) AS services,
          arraySort(groupUniqArrayArray(20)(sources.ports)) AS ports, sum(sources.accepted) AS accepted,
          groupUniqArray(1000)(toString(sources.sensor)) AS sensors
        FROM skep.sources AS sources WHERE ${withinDays('sources', window)} AND source_ip BETWEEN ${ip(first)} AND ${ip(last)}
        GROUP BY source_ip`,
})

/** Announced prefixes with several addresses that attacked. */
export const foundPrefixes = query({
  name: 'found prefixes',
  row: z.object({
    value: z.string(),
    asn: number,
    addresses: number,
    rules: z.array(z.string()),
    events: number,
    first_seen: instant,
    last_seen: instant,
    days: number,
  }),
  build: ({ window, after, limit }: Part) =>
    sql`SELECT toString(findings.prefix) AS value, any(findings.asn) AS asn, uniqExact(source_ip) AS addresses,
          arraySort(groupUniqArray(toString(findings.rule))) AS rules, sum(findings.events) AS events,
          min(findings.first_seen) AS first_seen, max(findings.last_seen) AS last_seen, uniqExact(findings.day) AS days
        FROM skep.findings AS findings WHERE ${withinDays('findings', window)} AND findings.prefix > ${string(after)}
        GROUP BY value HAVING addresses >= 3 ORDER BY value LIMIT ${count(limit)}`,
})

/**
 * A command line without what differs from host to host: addresses, URLs' ends, long numbers, hexadecimal and base64
 * runs, random names. Two lines of one script become one template. RE2: linear in the text, whatever it is.
 */
export const commandTemplate: Raw = raw(
  [
    [String.raw`[A-Za-z0-9+/]{40,}={0,2}`, '<data>'],
    [String.raw`(\\\\?x[0-9A-Fa-f]{2}){4,}`, '<bytes>'],
    [String.raw`\b\d{1,3}(\.\d{1,3}){3}\b`, '<address>'],
    [String.raw`\b[0-9a-fA-F]{16,}\b`, '<hex>'],
    [String.raw`\b\d{5,}\b`, '<number>'],
    [String.raw`\s+`, ' '],
  ].reduce(
    (inner, [pattern = '', word = '']) =>
      `replaceRegexpAll(${inner}, '${pattern.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}', '${word}')`,
    'sightings.value',
  ),
)

/** What kinds of recurring things are shared, and how each is named in the list of sightings. */
const recurring = {
  url: { type: 'url', value: raw('sightings.value') },
  domain: { type: 'url', value: raw('lower(domain(sightings.value))') },
  file: { type: 'artifact', value: raw('sightings.value') },
  key: { type: 'key', value: raw('sightings.value') },
  credential: { type: 'credential', value: raw('sightings.value') },
  hassh: { type: 'hassh', value: raw('sightings.value') },
  ja4: { type: 'ja4', value: raw('sightings.value') },
  command: { type: 'command', value: commandTemplate },
} as const
export type RecurringKind = keyof typeof recurring

/** Things that recur, of one kind, by value. */
export const recurringThings = query({
  name: 'recurring things',
  row: z.object({ value: z.string(), sources: number, detail: z.string(), ...seen }),
  build: ({ kind, window, after, limit }: Part & { kind: RecurringKind }) => {
    const { type, value } = recurring[kind]
    return sql`SELECT ${value} AS value, uniqCombined64Merge(12)(sightings.sources) AS sources, anyLast(sightings.detail) AS detail,
          sum(sightings.events) AS events, min(sightings.first_seen) AS first_seen, max(sightings.last_seen) AS last_seen,
          uniqExact(sightings.day) AS days, groupUniqArray(1000)(toString(sightings.sensor)) AS sensors
        FROM skep.sightings AS sightings WHERE sightings.type = ${string(type)} AND ${withinDays('sightings', window)}
          AND ${value} > ${string(after)}
        GROUP BY value ORDER BY value LIMIT ${count(limit)}`
  },
})

/**
 * How long what attacked stays away before it comes back: of every return within the window, the days since the time
 * before. What a list forgets sooner than that, it forgets too soon.
 */
export const returns = query({
  name: 'returns',
  row: z.object({ returns: number, half: number.nullable(), most: number.nullable() }),
  build: ({ type, window }: { type: 'address' | 'url'; window: Window }) => {
    const inner =
      type === 'address'
        ? sql`SELECT source_ip AS one, findings.day AS day FROM skep.findings AS findings WHERE ${withinDays('findings', window)} GROUP BY one, day`
        : sql`SELECT sightings.value AS one, sightings.day AS day FROM skep.sightings AS sightings WHERE sightings.type = 'url' AND ${withinDays('sightings', window)} GROUP BY one, day`
    return sql`SELECT count() AS returns, if(returns = 0, NULL, quantile(0.5)(gap)) AS half, if(returns = 0, NULL, quantile(0.9)(gap)) AS most
        FROM (SELECT arrayJoin(arrayDifference(arraySort(groupArray(toUInt32(day))))) AS gap FROM (${inner}) GROUP BY one HAVING count() > 1)
        WHERE gap > 0`
  },
})
