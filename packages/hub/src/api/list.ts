import { z } from '@hono/zod-openapi'
import type { Context as HonoContext } from 'hono'
import type { Answer, Window } from '../store/query.ts'
import type { Scope } from '../store/scope.ts'
import { csv } from './csv.ts'
import type { Reach } from '../access/caller.ts'
import type { Env } from './context.ts'

const when = z.string().regex(/^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,6})?)?Z?)?$/)
const ip = z.string().regex(/^[0-9a-fA-F:.]{2,45}$/)

/** The window and scope that most routes take. */
export const scopeQuery = {
  since: when.optional().openapi({ description: 'From this time on (RFC 3339, UTC). Default: a day before "until"' }),
  until: when.optional().openapi({ description: 'Before this time. Default: now' }),
  asn: z.coerce.number().int().min(0).max(0xffff_ffff).optional().openapi({ description: 'Origin AS of the source' }),
  prefix: z
    .string()
    .regex(/^[0-9a-fA-F:.]{2,45}\/\d{1,3}$/)
    .optional()
    .openapi({ description: 'Prefix that holds the source' }),
  economy: z
    .string()
    .regex(/^[A-Z]{2}$/)
    .optional()
    .openapi({ description: 'Economy of the source' }),
  source: ip.optional().openapi({ description: 'Address of the source' }),
  service: z
    .string()
    .regex(/^[a-z0-9._-]{1,64}$/)
    .optional()
    .openapi({ description: 'Service' }),
  port: z.coerce.number().int().min(0).max(65_535).optional().openapi({ description: 'Target port' }),
  side: z.enum(['from', 'on']).optional().openapi({
    description: 'For members: what left the networks of the organisation (default), or what hit its sensors',
  }),
}

/** Paging, sorting and form of a list. */
export const listQuery = {
  limit: z.coerce.number().int().min(1).max(1000).default(50),
  cursor: z
    .string()
    .regex(/^\d{1,9}$/)
    .optional()
    .openapi({ description: 'From "next" of the page before' }),
  sort: z
    .string()
    .regex(/^[a-z_]{1,32}$/)
    .optional(),
  order: z.enum(['asc', 'desc']).default('desc'),
  contains: z.string().max(200).optional().openapi({ description: 'Only rows that contain this text' }),
  format: z.enum(['json', 'csv']).default('json'),
}

interface ScopeParams {
  readonly since?: string | undefined
  readonly until?: string | undefined
  readonly asn?: number | undefined
  readonly prefix?: string | undefined
  readonly economy?: string | undefined
  readonly source?: string | undefined
  readonly service?: string | undefined
  readonly port?: number | undefined
  readonly side?: 'from' | 'on' | 'both' | undefined
}

const full = (time: string): string => {
  const [day = '', clock = '00:00:00'] = time.replace(/Z$/, '').split('T')
  return `${day}T${clock.length === 5 ? `${clock}:00` : clock}Z`
}

/** The window that was asked for; a day back from now where nothing was said. */
export function windowOf({ since, until }: ScopeParams, days = 1): Window {
  const end = until === undefined ? new Date(Date.now() + 60_000).toISOString() : full(until)
  const start = since === undefined ? new Date(Date.parse(end) - days * 86_400_000).toISOString() : full(since)
  return { since: start, until: end }
}

/** What a member looks into: what left the networks of the organisation, or what hit its sensors. */
export function reachScope({ reach }: { reach?: Reach | undefined }, side?: 'from' | 'on' | 'both'): Scope['reach'] {
  if (reach === undefined) return undefined
  const { asns, prefixes, sensors } = reach
  const wanted = side ?? (asns.length + prefixes.length > 0 || sensors.length === 0 ? 'from' : 'on')
  if (wanted === 'both') return { asns, prefixes, sensors }
  return wanted === 'on' ? { asns: [], prefixes: [], sensors } : { asns, prefixes, sensors: [] }
}

/** The scope that was asked for, within what the caller may look into. */
export const scopeOf = (
  { asn, prefix, economy, source, service, port, side }: ScopeParams,
  caller: { reach?: Reach | undefined },
): Scope => ({ asn, prefix, economy, source, service, port, reach: reachScope(caller, side) })

interface ListParams {
  readonly limit: number
  readonly cursor?: string | undefined
  readonly format: 'json' | 'csv'
}

/** One row more than asked for is fetched, to know whether there is a next page. */
export const pageOf = ({ limit, cursor }: ListParams) => ({ limit: limit + 1, offset: Number(cursor ?? 0) })

/** The JSON of a list. */
export const listOf = <S extends z.ZodType>(row: S) =>
  z.object({
    rows: z.array(row),
    next: z.string().optional().openapi({ description: 'Cursor of the next page, absent on the last' }),
    sql: z.string().openapi({ description: 'The statement that made the rows' }),
    params: z.record(z.string(), z.unknown()),
  })

/** Answers with a list, as JSON or CSV. */
export function answerList(
  c: HonoContext<Env>,
  { rows, sql, params }: Answer<Record<string, unknown>>,
  asked: ListParams,
  name: string,
) {
  const shown = rows.slice(0, asked.limit)
  if (asked.format === 'csv') {
    c.header('content-type', 'text/csv; charset=utf-8')
    c.header('content-disposition', `attachment; filename="skep-${name}.csv"`)
    return c.body(csv(shown)) as never
  }
  const next = rows.length > asked.limit ? String(Number(asked.cursor ?? 0) + asked.limit) : undefined
  return c.json({ rows: shown, ...(next !== undefined && { next }), sql, params }) as never
}

/** Answers with rows as a file: CSV, or one JSON object a line. */
export function answerText(
  c: HonoContext<Env>,
  rows: readonly Record<string, unknown>[],
  format: 'csv' | 'ndjson',
  name: string,
) {
  c.header('content-type', format === 'csv' ? 'text/csv; charset=utf-8' : 'application/x-ndjson')
  c.header('content-disposition', `attachment; filename="skep-${name}.${format}"`)
  return c.body(format === 'csv' ? csv(rows) : rows.map((row) => `${JSON.stringify(row)}\n`).join('')) as never
}
