import { createHash } from 'node:crypto'
import type { Store } from './client.ts'
import { defaultRetention, events, rollups, type Retention, type Rollup, type Table } from './schema.ts'
import { raw, sql, string } from './sql.ts'

/** The database that everything lies in. */
export const database = 'skep'

/** What a migration changed, in words, for the log. */
export type Change = string

/**
 * Makes the store what the code wants: compares wanted and present, and changes only what differs. Events are never
 * dropped or rewritten; rollups are derived, so one whose definition changed is made anew from the events.
 */
export async function migrate(store: Store, retention: Retention = defaultRetention): Promise<Change[]> {
  const changes: Change[] = []
  await store.command(`CREATE DATABASE IF NOT EXISTS ${database} ENGINE = Atomic`)
  changes.push(...(await migrateTable(store, events(retention))))
  for (const rollup of rollups(retention)) changes.push(...(await migrateRollup(store, rollup)))
  return changes
}

const mark = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16)

/** The text that makes a table. */
export const createTable = (table: Table, name = table.name, comment = ''): string =>
  `CREATE TABLE IF NOT EXISTS ${database}.${name} (${[
    ...table.columns.map(({ name, type }) => `\`${name}\` ${type}`),
    ...(table.indexes ?? []),
  ].join(', ')}) ${table.tail} COMMENT '${comment}'`

interface Present {
  readonly comment: string
}

async function present(store: Store, name: string): Promise<Present | undefined> {
  const [row] = await store.query(
    sql`SELECT comment FROM system.tables WHERE database = ${string(database)} AND name = ${string(name)}`,
  )
  return row as unknown as Present | undefined
}

async function migrateTable(store: Store, table: Table): Promise<Change[]> {
  const ttl = /TTL .* SETTINGS/.exec(table.tail)?.[0].slice(4, -9) ?? ''
  const there = await present(store, table.name)
  if (there === undefined) {
    await store.command(createTable(table, table.name, mark(ttl)))
    return [`made table ${table.name}`]
  }
  const changes: Change[] = []
  const rows = await store.query(
    sql`SELECT name, type FROM system.columns WHERE database = ${string(database)} AND table = ${string(table.name)}`,
  )
  const types = new Map(rows.map((row) => [String(row['name']), String(row['type'])]))
  for (const { name, type } of table.columns) {
    const bare = type.replace(/ CODEC\(.*$/, '')
    const now = types.get(name)
    if (now === undefined) {
      await store.command(`ALTER TABLE ${database}.${table.name} ADD COLUMN \`${name}\` ${type}`)
      changes.push(`added column ${table.name}.${name}`)
    } else if (now !== bare) {
      await store.command(`ALTER TABLE ${database}.${table.name} MODIFY COLUMN \`${name}\` ${type}`)
      changes.push(`changed column ${table.name}.${name} from ${now} to ${bare}`)
    }
  }
  const indexes = await store.query(
    sql`SELECT name FROM system.data_skipping_indices WHERE database = ${string(database)} AND table = ${string(table.name)}`,
  )
  const known = new Set(indexes.map((row) => String(row['name'])))
  for (const index of table.indexes ?? []) {
    const name = index.split(' ')[1] ?? ''
    if (known.has(name)) continue
    await store.command(`ALTER TABLE ${database}.${table.name} ADD ${index}`)
    changes.push(`added index ${table.name}.${name}`)
  }
  if (there.comment !== mark(ttl)) {
    await store.command(`ALTER TABLE ${database}.${table.name} MODIFY TTL ${ttl}`)
    await store.command(`ALTER TABLE ${database}.${table.name} MODIFY COMMENT '${mark(ttl)}'`)
    changes.push(`changed the retention of ${table.name}`)
  }
  return changes
}

async function migrateRollup(store: Store, rollup: Rollup): Promise<Change[]> {
  const version = mark(JSON.stringify(rollup))
  const view = `${rollup.name}_view`
  const [table, feed] = [await present(store, rollup.name), await present(store, view)]
  if (table?.comment === version && feed?.comment === version) return []

  await store.command(`DROP VIEW IF EXISTS ${database}.${view} SYNC`)
  await store.command(`DROP TABLE IF EXISTS ${database}.${rollup.name} SYNC`)
  await store.command(createTable(rollup, rollup.name, version))
  const select = rollup.select.replace('{events}', `${database}.events`)
  const weeks = await store.query(
    sql`SELECT DISTINCT toMonday(time) AS week FROM ${raw(database)}.events ORDER BY week`,
  )
  for (const row of weeks) {
    // A week at a time keeps the memory bounded.
    const week = String(row['week'])
    const part = `SELECT * FROM ${database}.events WHERE toMonday(time) = toDate('${week}')`
    await store.command(`INSERT INTO ${database}.${rollup.name} ${rollup.select.replace('{events}', `(${part})`)}`)
  }
  await store.command(
    `CREATE MATERIALIZED VIEW ${database}.${view} TO ${database}.${rollup.name} AS ${select} COMMENT '${version}'`,
  )
  return [`made rollup ${rollup.name}${weeks.length > 0 ? ` from ${weeks.length} weeks of events` : ''}`]
}
