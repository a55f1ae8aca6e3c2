import { join, raw, sql, string, time, uint32, type Param, type Raw, type Sql } from './sql.ts'
import type { Window } from './query.ts'

/** What a page looks at: all, or one network, prefix, economy, address, service, port or provenance. */
export interface Scope {
  readonly asn?: number | undefined
  readonly prefix?: string | undefined
  readonly economy?: string | undefined
  readonly source?: string | undefined
  readonly service?: string | undefined
  readonly port?: number | undefined
}

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

/** Rows of the events (or a rollup with the same column names) in a window and a scope. */
export function within(column: string, { since, until }: Window, scope: Scope = {}): Sql {
  const parts = [sql`${raw(column)} >= ${time(since)} AND ${raw(column)} < ${time(until)}`]
  if (scope.asn !== undefined) parts.push(sql`asn = ${uint32(scope.asn)}`)
  if (scope.prefix !== undefined) parts.push(inPrefix('source_ip', scope.prefix))
  if (scope.economy !== undefined) parts.push(sql`economy = ${string(scope.economy)}`)
  if (scope.source !== undefined) parts.push(isAddress('source_ip', scope.source))
  if (scope.service !== undefined) parts.push(sql`service = ${string(scope.service)}`)
  if (scope.port !== undefined) parts.push(sql`target_port = ${{ type: 'UInt16', value: scope.port }}`)
  return join(parts, ' AND ')
}

/** The same for rollups by day: whole days. */
export function withinDays({ since, until }: Window, scope: Scope = {}): Sql {
  const day = (iso: string): Param => ({ type: 'Date', value: iso.slice(0, 10) })
  const parts = [sql`day >= ${day(since)} AND day <= ${day(until)}`]
  if (scope.asn !== undefined) parts.push(sql`asn = ${uint32(scope.asn)}`)
  if (scope.prefix !== undefined) parts.push(inPrefix('source_ip', scope.prefix))
  if (scope.economy !== undefined) parts.push(sql`economy = ${string(scope.economy)}`)
  if (scope.source !== undefined) parts.push(isAddress('source_ip', scope.source))
  if (scope.service !== undefined) parts.push(sql`has(services, ${string(scope.service)})`)
  if (scope.port !== undefined) parts.push(sql`has(ports, ${{ type: 'UInt16', value: scope.port }})`)
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
