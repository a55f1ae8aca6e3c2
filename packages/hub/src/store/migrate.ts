import { createHash } from 'node:crypto'
import type { Store } from './client.ts'
import { defaultRetention, retired, rollups, tables, type Retention, type Rollup, type Table } from './schema.ts'
import { sql, string } from './sql.ts'

/** The database that everything lies in. */
export const database = 'skep'

/** What a migration changed, in words, for the log. */
export type Change = string

/** Where the tables lie: in one engine, or replicated and sharded over a cluster; old parts perhaps on a slower volume. */
export interface Placement {
  /** The cluster's name in its servers' configuration; its macros {shard} and {replica} must be set. */
  readonly cluster?: string | undefined
  /** A storage policy with a volume (of S3, say) to which parts go after so many days. */
  readonly tier?: { readonly policy: string; readonly volume: string; readonly days: number } | undefined
}

/** The shard of a row: all of one network in a month together, so that its pages are answered by one shard. */
const shardKeys: Readonly<Record<string, string>> = {
  events: 'cityHash64(asn, toYYYYMM(time))',
  hourly: 'cityHash64(asn, toYYYYMM(hour))',
  sources: 'cityHash64(asn, toYYYYMM(day))',
  activity: 'cityHash64(sensor)',
  struck: 'cityHash64(sensor)',
  sightings: 'cityHash64(type, value)',
  findings: 'cityHash64(asn, toYYYYMM(day))',
  overall: 'cityHash64(dimension, key)',
  addresses: 'cityHash64(source_ip)',
  visits: 'cityHash64(service, source_ip)',
  economies: 'cityHash64(economy)',
  moments: 'cityHash64(asn, toMonday(moment))',
  recurring: 'cityHash64(type, value)',
  verdicts: 'cityHash64(type, entity)',
  campaigns: 'cityHash64(campaign)',
}

const on = ({ cluster }: Placement): string => (cluster === undefined ? '' : ` ON CLUSTER '${cluster}'`)
/** The table that rows lie in. */
const local = (name: string, { cluster }: Placement): string => (cluster === undefined ? name : `${name}_local`)

/**
 * Makes the store what the code wants: compares wanted and present, and changes only what differs. Events are never
 * dropped or rewritten; rollups are derived, so one whose definition changed is made anew from the events.
 */
export async function migrate(
  store: Store,
  retention: Retention = defaultRetention,
  place: Placement = {},
): Promise<Change[]> {
  const changes: Change[] = []
  await store.command(`CREATE DATABASE IF NOT EXISTS ${database}${on(place)} ENGINE = Atomic`)
  for (const table of tables(retention)) changes.push(...(await migrateTable(store, table, place)))
  for (const name of retired) {
    if ((await present(store, local(name, place))) === undefined) continue
    for (const one of new Set([`${name}_view`, name, local(name, place)]))
      await store.command(`DROP TABLE IF EXISTS ${database}.${one}${on(place)} SYNC`)
    changes.push(`took away rollup ${name}`)
  }
  const all = rollups(retention)
  for (const rollup of all) changes.push(...(await migrateRollup(store, rollup, all, place)))
  return changes
}

/** Everything that makes the store from nothing, in order: for reading, and for the tests. */
export const ddl = (retention: Retention = defaultRetention, place: Placement = {}): string[] => [
  `CREATE DATABASE IF NOT EXISTS ${database}${on(place)} ENGINE = Atomic`,
  ...tables(retention).flatMap((table) => createTables(table, '', place)),
  ...rollups(retention).flatMap((rollup) => [...createTables(rollup, '', place), createView(rollup, '', place)]),
]

const mark = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16)

/** The text that makes a table in one engine. */
export const createTable = (table: Table, name = table.name, comment = '', place: Placement = {}): string => {
  let { tail } = table
  if (place.cluster !== undefined) {
    tail = tail
      .replace(
        /ENGINE = (\w*MergeTree)/,
        `ENGINE = Replicated$1('/clickhouse/tables/{shard}/${database}/${name}', '{replica}')`,
      )
      .replace('non_replicated_deduplication_window', 'replicated_deduplication_window')
  }
  if (place.tier !== undefined && table.name === 'events') {
    const { policy, volume, days } = place.tier
    tail = tail
      .replace(' TTL ', ` TTL toDateTime(received) + toIntervalDay(${days}) TO VOLUME '${volume}', `)
      .replace(' SETTINGS ', ` SETTINGS storage_policy = '${policy}', `)
  }
  return `CREATE TABLE IF NOT EXISTS ${database}.${name}${on(place)} (${[
    ...table.columns.map(({ name: column, type }) => `\`${column}\` ${type}`),
    ...(table.indexes ?? []),
  ].join(', ')}) ${tail} COMMENT '${comment}'`
}

/** A table, and on a cluster the one over it that asks all shards. */
function createTables(table: Table, comment: string, place: Placement): string[] {
  const rows = createTable(table, local(table.name, place), comment, place)
  if (place.cluster === undefined) return [rows]
  const columns = table.columns.map(({ name, type }) => `\`${name}\` ${type.replace(/ CODEC\(.*$/, '')}`).join(', ')
  return [
    rows,
    `CREATE TABLE IF NOT EXISTS ${database}.${table.name}${on(place)} (${columns}) ` +
      `ENGINE = Distributed('${place.cluster}', '${database}', '${table.name}_local', ${shardKeys[table.name] ?? 'rand()'}) ` +
      `COMMENT '${comment}'`,
  ]
}

const createView = (rollup: Rollup, comment: string, place: Placement): string =>
  `CREATE MATERIALIZED VIEW ${database}.${rollup.name}_view${on(place)} TO ${database}.${local(rollup.name, place)} ` +
  `AS ${rollup.select.replace('{rows}', `${database}.${local(rollup.of ?? 'events', place)}`)} COMMENT '${comment}'`

interface Present {
  readonly comment: string
}

async function present(store: Store, name: string): Promise<Present | undefined> {
  const [row] = await store.query(
    sql`SELECT comment FROM system.tables WHERE database = ${string(database)} AND name = ${string(name)}`,
  )
  return row as unknown as Present | undefined
}

async function migrateTable(store: Store, table: Table, place: Placement): Promise<Change[]> {
  const name = local(table.name, place)
  const wanted = createTable(table, name, '', place)
  const ttl = /TTL .* SETTINGS/.exec(wanted)?.[0].slice(4, -9) ?? ''
  const there = await present(store, name)
  if (there === undefined) {
    for (const text of createTables(table, mark(ttl), place)) await store.command(text)
    return [`made table ${table.name}`]
  }
  /** Of the rows and, on a cluster, of the table over them. */
  const alter = async (change: string, over = true): Promise<void> => {
    await store.command(`ALTER TABLE ${database}.${name}${on(place)} ${change}`)
    if (over && place.cluster !== undefined)
      await store.command(`ALTER TABLE ${database}.${table.name}${on(place)} ${change.replace(/ CODEC\(.*$/, '')}`)
  }
  const changes: Change[] = []
  const rows = await store.query(
    sql`SELECT name, type FROM system.columns WHERE database = ${string(database)} AND table = ${string(name)}`,
  )
  const types = new Map(rows.map((row) => [String(row['name']), String(row['type'])]))
  for (const { name: column, type } of table.columns) {
    const bare = type.replace(/ CODEC\(.*$/, '')
    const now = types.get(column)
    if (now === undefined) {
      await alter(`ADD COLUMN \`${column}\` ${type}`)
      changes.push(`added column ${table.name}.${column}`)
    } else if (now !== bare) {
      await alter(`MODIFY COLUMN \`${column}\` ${type}`)
      changes.push(`changed column ${table.name}.${column} from ${now} to ${bare}`)
    }
  }
  const indexes = await store.query(
    sql`SELECT name FROM system.data_skipping_indices WHERE database = ${string(database)} AND table = ${string(name)}`,
  )
  const known = new Set(indexes.map((row) => String(row['name'])))
  for (const index of table.indexes ?? []) {
    const called = index.split(' ')[1] ?? ''
    if (known.has(called)) continue
    await alter(`ADD ${index}`, false)
    changes.push(`added index ${table.name}.${called}`)
  }
  if (there.comment !== mark(ttl)) {
    await alter(`MODIFY TTL ${ttl}`, false)
    await alter(`MODIFY COMMENT '${mark(ttl)}'`, false)
    changes.push(`changed the retention of ${table.name}`)
  }
  return changes
}

async function migrateRollup(
  store: Store,
  rollup: Rollup,
  all: readonly Rollup[],
  place: Placement,
): Promise<Change[]> {
  const base = all.find(({ name }) => name === rollup.of)
  const version = mark(JSON.stringify(base === undefined ? rollup : [rollup, base]))
  const view = `${rollup.name}_view`
  const name = local(rollup.name, place)
  const [table, feed] = [await present(store, name), await present(store, view)]
  if (table?.comment === version && feed?.comment === version) return []

  // What is made of this one would take its rows a second time: it is made anew after it.
  for (const one of [rollup, ...all.filter(({ of }) => of === rollup.name)])
    await store.command(`DROP VIEW IF EXISTS ${database}.${one.name}_view${on(place)} SYNC`)
  for (const one of new Set([rollup.name, name]))
    await store.command(`DROP TABLE IF EXISTS ${database}.${one}${on(place)} SYNC`)
  for (const text of createTables(rollup, version, place)) await store.command(text)
  // A day at a time, and on the disk what does not fit: the memory stays bounded however much there is.
  const rows = `${database}.${rollup.of ?? 'events'}`
  const part =
    base === undefined ? 'toDate(time)' : base.columns.some(({ name: one }) => one === 'hour') ? 'toDate(hour)' : 'day'
  const bounded = `SETTINGS max_bytes_before_external_group_by = ${64 * 2 ** 20}, min_insert_block_size_bytes = ${32 * 2 ** 20}`
  const parts = await store.query({ text: `SELECT DISTINCT ${part} AS part FROM ${rows} ORDER BY part`, params: {} })
  for (const row of parts) {
    const some = `(SELECT * FROM ${rows} WHERE ${part} = toDate('${String(row['part'])}'))`
    await store.command(`INSERT INTO ${database}.${rollup.name} ${rollup.select.replace('{rows}', some)} ${bounded}`)
  }
  await store.command(createView(rollup, version, place))
  return [
    `made rollup ${rollup.name}${parts.length > 0 ? ` from ${parts.length} days of ${rollup.of ?? 'events'}` : ''}`,
  ]
}
