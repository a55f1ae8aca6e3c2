import { z } from 'zod'
import type { Store } from './client.ts'
import type { Sql } from './sql.ts'

/** A time window: from `since` on, before `until`, RFC 3339. Every query has one. */
export interface Window {
  readonly since: string
  readonly until: string
}

/** A named query: what it asks for, its rows, and its statement. */
export interface Query<P, S extends z.ZodObject> {
  readonly name: string
  readonly row: S
  readonly build: (params: P) => Sql
}

/** An answer carries the statement that made it, so that anyone can check a number. */
export interface Answer<Row> {
  readonly rows: Row[]
  readonly sql: string
  readonly params: Readonly<Record<string, unknown>>
}

/** Defines a query. */
export const query = <P, S extends z.ZodObject>(definition: Query<P, S>): Query<P, S> => definition

/** Runs a query; rows are read by its schema, so a column that changed its meaning fails here and not in a page. */
export async function run<P, S extends z.ZodObject>(
  store: Store,
  definition: Query<P, S>,
  params: P,
): Promise<Answer<z.infer<S>>> {
  const statement = definition.build(params)
  const rows = await store.query(statement)
  return {
    rows: rows.map((row) => definition.row.parse(row)),
    sql: statement.text.replace(/\s+/g, ' ').trim(),
    params: statement.params,
  }
}

/** A 64-bit number, which the store writes as text. */
export const number = z.coerce.number()
/** A time of the store as RFC 3339. */
export const instant = z
  .string()
  .transform((text) => (text.includes('T') ? text : `${text.replace(' ', 'T')}Z`))
  .pipe(z.string())
/** An address; IPv4 without its IPv6 clothes. */
export const address = z.string().transform((text) => text.replace(/^::ffff:(?=\d+\.)/, ''))
