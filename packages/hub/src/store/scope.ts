import { join, raw, sql, string, strings, time, uint32, type Param, type Raw, type Sql } from './sql.ts'
import type { Window } from './query.ts'

/** What a page looks at: all, or one network, prefix, economy, address, service, port or provenance. */
export interface Scope {
  readonly asn?: number | undefined
  readonly prefix?: string | undefined
  readonly economy?: string | undefined
  readonly source?: string | undefined
  readonly service?: string | undefined
  readonly port?: number | undefined
  /** What may be looked into: rows from these networks, and rows of these sensors. Undefined: all. */
  readonly reach?: ReachScope | undefined
}
export interface ReachScope {
  readonly asns: readonly number[]
  readonly prefixes: readonly string[]
  readonly sensors: readonly string[]
}

/** Whether only the events themselves can answer for a scope; the hourly counts know neither addresses nor sensors. */
export const needsEvents = ({ prefix, source, reach }: Scope): boolean =>
  prefix !== undefined ||
  source !== undefined ||
  (reach !== undefined && (reach.prefixes.length > 0 || reach.sensors.length > 0))

/**
 * Whether the counts over all networks answer for a scope: those know one dimension at a time, and what is narrowed
 * must be the same.
 */
export const isOverall = (
  { asn, economy, service, port, reach, ...rest }: Scope,
  dimension: 'service' | 'economy' | 'port',
): boolean =>
  reach === undefined &&
  asn === undefined &&
  rest.prefix === undefined &&
  rest.source === undefined &&
  (economy === undefined || dimension === 'economy') &&
  (service === undefined || dimension === 'service') &&
  (port === undefined || dimension === 'port')

/** Rows of the counts over all networks: one dimension, in a window and a scope that it can answer for. */
export function withinOverall(
  dimension: 'service' | 'economy' | 'port',
  { since, until }: Window,
  { economy, service, port }: Scope,
): Sql {
  const key = { service, economy, port: port?.toString() }[dimension]
  return sql`overall.dimension = ${string(dimension)} AND overall.hour >= ${time(since)} AND overall.hour < ${time(until)}
    ${key === undefined ? sql`` : sql`AND overall.key = ${string(key)}`}`
}

/** Whether the daily counts of networks answer for a scope: those know neither addresses nor sensors nor services. */
export const isOfNetworks = ({ prefix, source, service, port, reach }: Scope): boolean =>
  prefix === undefined &&
  source === undefined &&
  service === undefined &&
  port === undefined &&
  (reach === undefined || (reach.prefixes.length === 0 && reach.sensors.length === 0))

const ip = (text: string): Param => ({ type: 'IPv6', value: text.includes(':') ? text : `::ffff:${text}` })

/** Whether an address column lies in a prefix such as 192.0.2.0/24 or 2001:db8::/32. */
export function inPrefix(column: string, prefix: string): Sql {
  const [network = '', length = ''] = prefix.split('/')
  const bits = Number(length) + (network.includes(':') ? 0 : 96)
  const range = sql`IPv6CIDRToRange(${ip(network)}, ${{ type: 'UInt8', value: bits }})`
  return sql`${raw(column)} BETWEEN tupleElement(${range}, 1) AND tupleElement(${range}, 2)`
}

/** The address column is this address. */
export const isAddress = (column: string, address: string): Sql => sql`${raw(column)} = ${ip(address)}`

/** Rows within reach. What a table does not know it does not let through. */
function reached(table: string, { asns, prefixes, sensors }: ReachScope): Sql {
  const column = (name: string): Raw => raw(`${table}.${name}`)
  const parts: Sql[] = []
  if (asns.length > 0 && table !== 'sightings' && table !== 'recurring')
    parts.push(sql`${column('asn')} IN (${{ type: 'Array(UInt32)', value: asns }})`)
  if (table === 'events' || table === 'sources' || table === 'findings')
    parts.push(...prefixes.map((prefix) => inPrefix(`${table}.source_ip`, prefix)))
  if (sensors.length > 0 && (table === 'events' || table === 'sources' || table === 'sightings'))
    parts.push(sql`${column('sensor')} IN (${strings(sensors)})`)
  return parts.length === 0 ? sql`1 = 0` : sql`(${join(parts, ' OR ')})`
}

const scoped = (table: string, { asn, prefix, economy, source, reach }: Scope): Sql[] => [
  ...(reach === undefined ? [] : [reached(table, reach)]),
  ...(asn === undefined ? [] : [sql`${raw(`${table}.asn`)} = ${uint32(asn)}`]),
  ...(prefix === undefined ? [] : [inPrefix(`${table}.source_ip`, prefix)]),
  ...(economy === undefined ? [] : [sql`${raw(`${table}.economy`)} = ${string(economy)}`]),
  ...(source === undefined ? [] : [isAddress(`${table}.source_ip`, source)]),
]

/**
 * Rows of the events, or of the hourly counts, in a window and a scope. Columns are named with their table: results
 * may have the same names, and ClickHouse would take those.
 */
export function within(table: 'events' | 'hourly', { since, until }: Window, scope: Scope = {}): Sql {
  const column = raw(table === 'events' ? 'events.time' : 'hourly.hour')
  const parts = [sql`${column} >= ${time(since)} AND ${column} < ${time(until)}`, ...scoped(table, scope)]
  if (scope.service !== undefined) parts.push(sql`${raw(`${table}.service`)} = ${string(scope.service)}`)
  // What a quarantined sensor told is kept, but counts for nothing.
  if (table === 'events') parts.push(sql`events.provenance != 'quarantine'`)
  if (scope.port !== undefined)
    parts.push(sql`${raw(`${table}.target_port`)} = ${{ type: 'UInt16', value: scope.port }}`)
  return join(parts, ' AND ')
}

/** The same for rollups by day: whole days. */
export function withinDays(
  table: 'sources' | 'sightings' | 'findings' | 'networks' | 'recurring',
  { since, until }: Window,
  scope: Scope = {},
): Sql {
  const day = (iso: string): Param => ({ type: 'Date', value: iso.slice(0, 10) })
  const column = raw(`${table}.day`)
  const parts = [sql`${column} >= ${day(since)} AND ${column} <= ${day(until)}`, ...scoped(table, scope)]
  if (table !== 'sources') return join(parts, ' AND ')
  if (scope.service !== undefined) parts.push(sql`has(${raw(table)}.services, ${string(scope.service)})`)
  if (scope.port !== undefined) parts.push(sql`has(${raw(table)}.ports, ${{ type: 'UInt16', value: scope.port }})`)
  return join(parts, ' AND ')
}

/** A page of a sorted list. */
export interface Page {
  readonly limit: number
  readonly offset: number
}
export const page = ({ limit, offset }: Page): Sql =>
  sql`LIMIT ${{ type: 'UInt32', value: limit }} OFFSET ${{ type: 'UInt32', value: offset }}`

/** ORDER BY one of the allowed columns. */
export const orderBy = (allowed: readonly string[], wanted: string | undefined, descending = true): Raw =>
  raw(`ORDER BY ${allowed.includes(wanted ?? '') ? wanted : allowed[0]} ${descending ? 'DESC' : 'ASC'}`)
