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
  /** The only networks that can have an answer, where that is known: for finding it sooner, not for narrowing. */
  readonly among?: readonly number[] | undefined
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

/** Whether the counts of sensors answer for a scope: of some sensors, whatever hit them. */
export const isOfSensors = ({ asn, prefix, source, economy, reach }: Scope): boolean =>
  reach !== undefined &&
  reach.sensors.length > 0 &&
  reach.asns.length === 0 &&
  reach.prefixes.length === 0 &&
  [asn, prefix, source, economy].every((one) => one === undefined)

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

/**
 * Whether the daily counts of economies answer for a scope: those know services and ports, but neither networks nor
 * sensors.
 */
export const isOfEconomies = ({ asn, prefix, source, reach }: Scope): boolean =>
  reach === undefined && asn === undefined && prefix === undefined && source === undefined

/** Which list is the quickest to answer for a scope: of addresses where it has all networks, of those by service too. */
export function tableOf(scope: Scope): 'addresses' | 'visits' | 'sources' {
  const { asn, reach } = scope
  return asn === undefined && reach === undefined ? addressesOf(scope) : 'sources'
}

/** Which list of addresses knows what a scope is narrowed to. */
export const addressesOf = ({ service, port }: Scope): 'addresses' | 'visits' =>
  service === undefined && port === undefined ? 'addresses' : 'visits'

/** Whether the list of addresses can answer for a scope: it does not know which sensor saw them. */
export const isOfAddresses = ({ reach }: Scope): boolean => reach === undefined || reach.sensors.length === 0

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

/** Tables that know from which address something came. */
const withAddresses: ReadonlySet<string> = new Set(['events', 'sources', 'findings', 'addresses', 'visits'])

/** Tables that know which sensor saw something, and those that do not know from which network it came. */
const withSensors: ReadonlySet<string> = new Set(['events', 'sources', 'sightings', 'struck'])
const withoutNetworks: ReadonlySet<string> = new Set(['sightings', 'recurring', 'struck'])

/** Rows within reach. What a table does not know it does not let through. */
function reached(table: string, { asns, prefixes, sensors }: ReachScope): Sql {
  const column = (name: string): Raw => raw(`${table}.${name}`)
  const parts: Sql[] = []
  if (asns.length > 0 && !withoutNetworks.has(table))
    parts.push(sql`${column('asn')} IN (${{ type: 'Array(UInt32)', value: asns }})`)
  if (withAddresses.has(table)) parts.push(...prefixes.map((prefix) => inPrefix(`${table}.source_ip`, prefix)))
  if (sensors.length > 0 && withSensors.has(table)) parts.push(sql`${column('sensor')} IN (${strings(sensors)})`)
  return parts.length === 0 ? sql`1 = 0` : sql`(${join(parts, ' OR ')})`
}

/** A day, of a time as RFC 3339. */
export const dayOf = (iso: string): Param => ({ type: 'Date', value: iso.slice(0, 10) })

/** Rows of one address, of one prefix. */
const fromWhere = (table: string, { source, prefix }: Scope): Sql[] => [
  ...(source === undefined ? [] : [isAddress(`${table}.source_ip`, source)]),
  ...(prefix === undefined ? [] : [inPrefix(`${table}.source_ip`, prefix)]),
]

/** The origin ASes that addresses of a scope were in. */
export const networksOf = ({ since, until }: Window, scope: Scope): Sql =>
  sql`SELECT DISTINCT addresses.asn AS asn FROM skep.addresses AS addresses
      WHERE ${join(fromWhere('addresses', scope), ' AND ')} AND addresses.day >= ${dayOf(since)} AND addresses.day <= ${dayOf(until)}`

/** Tables lie by origin AS: in which of them an address or a prefix is to be found is asked of the list of addresses first. */
function narrowed(table: string, window: Window, scope: Scope): Sql[] {
  const { asn, among } = scope
  if (asn !== undefined) return [sql`${raw(`${table}.asn`)} = ${uint32(asn)}`]
  if (among !== undefined) return [sql`${raw(`${table}.asn`)} IN (${{ type: 'Array(UInt32)', value: among }})`]
  return table === 'addresses' || table === 'visits' || fromWhere(table, scope).length === 0
    ? []
    : [sql`${raw(`${table}.asn`)} GLOBAL IN (${networksOf(window, scope)})`]
}

const scoped = (table: string, window: Window, scope: Scope): Sql[] => [
  ...(scope.reach === undefined ? [] : [reached(table, scope.reach)]),
  ...narrowed(table, window, scope),
  ...fromWhere(table, scope),
  ...(scope.economy === undefined ? [] : [sql`${raw(`${table}.economy`)} = ${string(scope.economy)}`]),
]

/**
 * Rows of the events, or of hourly counts, in a window and a scope. Columns are named with their table: results
 * may have the same names, and ClickHouse would take those.
 */
export function within(table: 'events' | 'hourly' | 'struck', window: Window, scope: Scope = {}): Sql {
  const { since, until } = window
  const column = raw(table === 'events' ? 'events.time' : `${table}.hour`)
  const parts = [sql`${column} >= ${time(since)} AND ${column} < ${time(until)}`, ...scoped(table, window, scope)]
  // What a quarantined sensor told is kept, but counts for nothing.
  if (table === 'events') parts.push(sql`events.provenance != 'quarantine'`)
  return join([...parts, ...served(table, scope)], ' AND ')
}

/** Rows of one service, or one port. */
const served = (table: string, { service, port }: Scope): Sql[] => [
  ...(service === undefined ? [] : [sql`${raw(`${table}.service`)} = ${string(service)}`]),
  ...(port === undefined ? [] : [sql`${raw(`${table}.target_port`)} = ${{ type: 'UInt16', value: port }}`]),
]

/** The same for rollups by day: whole days. */
export function withinDays(
  table: 'sources' | 'sightings' | 'findings' | 'addresses' | 'visits' | 'recurring',
  window: Window,
  scope: Scope = {},
): Sql {
  const column = raw(`${table}.day`)
  const parts = [
    sql`${column} >= ${dayOf(window.since)} AND ${column} <= ${dayOf(window.until)}`,
    ...scoped(table, window, scope),
  ]
  if (table !== 'sources' && table !== 'addresses' && table !== 'visits') return join(parts, ' AND ')
  const { service, port } = scope
  if (service !== undefined && table !== 'addresses') parts.push(sql`${raw(table)}.service = ${string(service)}`)
  if (port !== undefined) parts.push(sql`has(${raw(table)}.ports, ${{ type: 'UInt16', value: port }})`)
  return join(parts, ' AND ')
}

/**
 * The counts of a window, for a scope that those of economies answer for: whole days as they stand, what is before and
 * after them from the hours. A table expression with the columns of `hourly`, without the network.
 */
export function countsByDay({ since, until }: Window, scope: Scope): Sql {
  const day = 86_400_000
  const [start, end] = [Date.parse(since), Date.parse(until)]
  const [first, last] = [Math.ceil(start / day) * day, Math.floor(end / day) * day]
  const iso = (at: number): string => new Date(at).toISOString()
  const columns = raw('economy, service, target_port, events, sessions, auths, commands, payloads, sources')
  const hours = (part: Window): Sql =>
    sql`SELECT hour, ${columns} FROM skep.hourly AS hourly WHERE ${within('hourly', part, scope)}`
  if (first >= last) return sql`(${hours({ since, until })})`
  const { economy } = scope
  const filters = [
    sql`economies.day >= ${dayOf(iso(first))} AND economies.day < ${dayOf(iso(last))}`,
    ...(economy === undefined ? [] : [sql`economies.economy = ${string(economy)}`]),
    ...served('economies', scope),
  ]
  const days = sql`SELECT toDateTime(day, 'UTC') AS hour, ${columns} FROM skep.economies AS economies WHERE ${join(filters, ' AND ')}`
  const edges = [
    ...(start < first ? [hours({ since, until: iso(first) })] : []),
    ...(last < end ? [hours({ since: iso(last), until })] : []),
  ]
  return sql`(${join([days, ...edges], ' UNION ALL ')})`
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
