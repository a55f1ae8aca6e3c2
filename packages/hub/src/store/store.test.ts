import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { columns, uuidv7 } from '@skep/vocabulary'
import type { z } from 'zod'
import { openStore, type Store } from './client.ts'
import { startEngine, StoreUnavailable, type Engine } from './embedded.ts'
import { createTable, database, migrate } from './migrate.ts'
import { byTime, nearest, type Place } from './nearest.ts'
import { run, type Query } from './query.ts'
import { breakdown, events, networks, sessions, sightings, sources, timeline, totals } from './queries/index.ts'
import { networkSorts } from './queries/networks.ts'
import { sightingSorts } from './queries/sightings.ts'
import { sourceSorts } from './queries/sources.ts'
import { defaultRetention, retired, rollups, tables } from './schema.ts'
import { join as joinSql, sql, string, strings, uint32 } from './sql.ts'

const folder = mkdtempSync(join(tmpdir(), 'skep-store-'))
let engine: Engine
let store: Store
const rows = async (text: string) => store.query({ text, params: {} })

beforeAll(async () => {
  engine = await startEngine(folder)
  store = openStore({ socket: engine.socket })
})
afterAll(async () => {
  await store.close()
  await engine.stop()
  rmSync(folder, { recursive: true, force: true })
})

test('values travel beside the text, whatever they are', async () => {
  const evil = "a'b\\c\nd\te\u0000f{p0:String}; DROP TABLE x --😀"
  const [row] = await store.query(
    sql`SELECT ${string(evil)} AS text, ${uint32(7)} AS n, ${strings([evil, ''])} AS list`,
  )
  expect(row).toEqual({ text: evil, n: 7, list: [evil, ''] })
  const inner = sql`${string('x')} = ${string('y')}`
  expect(joinSql([inner, inner], ' AND ')).toEqual({
    text: '{p0:String} = {p1:String} AND {p2:String} = {p3:String}',
    params: { p0: 'x', p1: 'y', p2: 'x', p3: 'y' },
  })
})

test('a reader can neither write nor read files nor open connections', async () => {
  for (const text of [
    "SELECT * FROM file('/etc/passwd')",
    "SELECT * FROM url('http://127.0.0.1:1/', CSV, 'x String')",
  ]) {
    await expect(rows(text)).rejects.toThrow()
  }
  await expect(rows('SELECT 1 SETTINGS max_memory_usage = 0')).rejects.toThrow()
})

/** The schema as it is, one statement a line: kept as a fixture for the migrations to come. */
const schemaText = (): string =>
  [
    `CREATE DATABASE IF NOT EXISTS ${database} ENGINE = Atomic`,
    ...tables(defaultRetention).map((table) => createTable(table, table.name, 'past')),
    ...rollups(defaultRetention).map((rollup) => createTable(rollup, rollup.name, 'past')),
  ].join('\n')

const schemas = new URL('../../test/schemas/', import.meta.url)

test('every past schema becomes the present one, and keeps its events', async () => {
  const files = readdirSync(schemas)
    .filter((name) => name.endsWith('.sql'))
    .sort()
  expect(files.length).toBeGreaterThan(0)
  for (const file of files) {
    await store.command(`DROP DATABASE IF EXISTS ${database} SYNC`)
    for (const statement of readFileSync(new URL(file, schemas), 'utf8')
      .split('\n')
      .filter((line) => line !== '')) {
      await store.command(statement)
    }
    const id = uuidv7()
    const old = {
      id,
      sensor: 's',
      kind: 'payload.seen',
      time: '2026-01-05 10:00:00',
      received: new Date().toISOString().slice(0, 19).replace('T', ' '),
      source_ip: '::ffff:192.0.2.1',
      asn: 64500,
      url: 'http://old.example/',
    }
    await store.insert('events', Buffer.from(`${JSON.stringify(old)}\n`), `old ${file}`)
    const changes = await migrate(store)
    expect(changes.length, file).toBeGreaterThan(0)
    expect(await migrate(store), file).toEqual([])
    const present = new Set(
      (await rows(`SELECT name FROM system.columns WHERE database = '${database}' AND table = 'events'`)).map(
        (row) => row['name'],
      ),
    )
    for (const { name } of columns) expect(present.has(name), `${file}: ${name}`).toBe(true)
    expect(await rows(`SELECT toString(id) AS id, url FROM ${database}.events`)).toEqual([
      { id, url: 'http://old.example/' },
    ])
    // The rollups were made anew from the events; what is asked no more is gone.
    for (const name of retired)
      expect(
        await rows(`SELECT name FROM system.tables WHERE database = '${database}' AND name LIKE '${name}%'`),
      ).toEqual([])
    expect(await rows(`SELECT value FROM ${database}.sightings`)).toEqual([{ value: 'http://old.example/' }])
    expect(await rows(`SELECT toString(sum(events)) AS n FROM ${database}.hourly`)).toEqual([{ n: '1' }])
  }
}, 120_000)

test('the present schema is kept as a fixture (run with SKEP_KEEP_SCHEMA=name to add it)', () => {
  const name = process.env['SKEP_KEEP_SCHEMA']
  if (name !== undefined) writeFileSync(new URL(`${name}.sql`, schemas), `${schemaText()}\n`)
  const kept = readdirSync(schemas)
    .filter((file) => file.endsWith('.sql'))
    .map((file) => readFileSync(new URL(file, schemas), 'utf8').trim())
  expect(kept).toContain(schemaText())
})

test('counts of counts say what the finer ones say, as they grow and when they are made anew', async () => {
  await store.command(`DROP DATABASE IF EXISTS ${database} SYNC`)
  await migrate(store)
  const kinds = ['session.open', 'auth.attempt', 'command.run', 'payload.seen']
  for (let batch = 0; batch < 3; batch++) {
    const lines = Array.from({ length: 200 }, (_, i) => {
      const kind = kinds[i % 4]
      return JSON.stringify({
        id: uuidv7(),
        sensor: `s${i % 5}`,
        kind,
        time: `2026-01-0${1 + (i % 7)} ${10 + batch}:00:00`,
        received: new Date().toISOString().slice(0, 19).replace('T', ' '),
        source_ip: `::ffff:192.0.2.${i % 90}`,
        asn: 64500 + (i % 11),
        as_name: `Network ${i % 11}`,
        economy: ['AU', 'ID', ''][(i % 11) % 3],
        prefix: `192.0.2.${(i % 4) * 64}/26`,
        service: ['ssh', 'telnet'][i % 2],
        target_port: [22, 23, 2222][i % 3],
        user: 'root',
        secret: kind === 'auth.attempt' ? `secret${i % 9}` : '',
        line: kind === 'command.run' ? `echo ${i % 6}` : '',
        url: kind === 'payload.seen' ? `http://192.0.2.1/${i % 5}` : '',
      })
    })
    await store.insert('events', Buffer.from(`${lines.join('\n')}\n`), `batch ${batch}`)
  }
  const days = { since: '2026-01-01T00:00:00Z', until: '2026-01-08T00:00:00Z' }
  const page = { limit: 100, offset: 0 }
  const everything = { asns: Array.from({ length: 11 }, (_, i) => 64500 + i), prefixes: [], sensors: [] }
  const everySensor = { asns: [], prefixes: [], sensors: ['s0', 's1', 's2', 's3', 's4'] }
  const same = async <P, S extends z.ZodObject>(
    definition: Query<P, S>,
    coarse: P,
    fine: P,
    what: string,
  ): Promise<void> => {
    const [one, other] = [await run(store, definition, coarse), await run(store, definition, fine)]
    expect(one.rows.length).toBeGreaterThan(0)
    expect(one.rows, `${definition.name} ${what}`).toEqual(other.rows)
  }
  const compare = async (): Promise<void> => {
    for (const asked of [
      {},
      { service: 'ssh' },
      { economy: 'ID' },
      { port: 22 },
      { economy: 'AU', service: 'telnet' },
      { service: 'ssh', port: 22 },
    ]) {
      // A reach that reaches everything is answered by the finer counts.
      const [all, finer] = [asked, { ...asked, reach: everything }]
      const what = JSON.stringify(asked)
      // Whole days, days with ends, and less than one.
      for (const window of [
        days,
        { since: '2026-01-01T11:00:00Z', until: '2026-01-05T12:00:00Z' },
        { since: '2026-01-02T10:00:00Z', until: '2026-01-02T12:00:00Z' },
      ]) {
        for (const step of ['hour', 'day', 'week'] as const)
          await same(timeline, { window, scope: all, step }, { window, scope: finer, step }, what)
        // Networks of a window are told by whole days.
        const whole = window === days
        const [one, other] = [
          await run(store, totals, { window, scope: all }),
          await run(store, totals, { window, scope: finer }),
        ]
        expect(one.rows.map((row) => ({ ...row, networks: whole && row.networks }))).toEqual(
          other.rows.map((row) => ({ ...row, networks: whole && row.networks })),
        )
        for (const by of ['service', 'economy', 'port', 'hour'] as const)
          await same(breakdown, { window, scope: all, by, page }, { window, scope: finer, by, page }, what)
      }
      const bySensors = { ...asked, reach: everySensor }
      for (const sort of networkSorts)
        await same(
          networks,
          { window: days, scope: all, page, sort },
          { window: days, scope: bySensors, page, sort },
          what,
        )
      for (const sort of sourceSorts)
        await same(
          sources,
          { window: days, scope: all, page, sort },
          { window: days, scope: bySensors, page, sort },
          what,
        )
    }
    // What hit some sensors; with a prefix that holds nothing, the events themselves have to answer.
    for (const asked of [{}, { service: 'ssh' }, { port: 22 }, { economy: 'AU' }])
      for (const window of [days, { since: '2026-01-02T10:00:00Z', until: '2026-01-05T12:00:00Z' }]) {
        const own = { asns: [], prefixes: [], sensors: ['s1', 's3'] }
        const [scope, slow] = [
          { ...asked, reach: own },
          { ...asked, reach: { ...own, prefixes: ['255.255.255.255/32'] } },
        ]
        for (const step of ['hour', 'day'] as const)
          await same(timeline, { window, scope, step }, { window, scope: slow, step }, JSON.stringify(asked))
        for (const by of ['service', 'port', 'hour'] as const)
          await same(breakdown, { window, scope, by, page }, { window, scope: slow, by, page }, JSON.stringify(asked))
        if (window !== days) continue
        await same(totals, { window, scope }, { window, scope: slow }, JSON.stringify(asked))
        const by = 'economy'
        await same(breakdown, { window, scope, by, page }, { window, scope: slow, by, page }, JSON.stringify(asked))
      }
    for (const type of ['credential', 'command', 'url'] as const)
      for (const sort of sightingSorts) {
        const coarse = { window: days, type, page: { limit: 3, offset: 1 }, sort }
        const [one, other] = [
          await run(store, sightings, coarse),
          await run(store, sightings, { ...coarse, scope: { reach: everySensor } }),
        ]
        expect(one.sql).toContain('skep.recurring')
        expect(other.sql).toContain('skep.sightings')
        expect(one.rows, `${type} ${sort}`).toEqual(other.rows.map((row) => ({ ...row, session: expect.any(String) })))
      }
  }
  await compare()
  // As a store of an older release has them: not at all, or another than it should be.
  await store.command(`DROP TABLE ${database}.overall SYNC`)
  await store.command(`ALTER TABLE ${database}.hourly MODIFY COMMENT 'older'`)
  await store.command(`DROP VIEW ${database}.recurring_view SYNC`)
  expect(await migrate(store)).toEqual([
    expect.stringContaining('made rollup hourly'),
    expect.stringContaining('made rollup overall'),
    expect.stringContaining('made rollup economies'),
    expect.stringContaining('made rollup recurring'),
  ])
  await compare()
}, 60_000)

test('a list that is narrowed to a service counts what was done on that service', async () => {
  await store.command(`DROP DATABASE IF EXISTS ${database} SYNC`)
  await migrate(store)
  const lines = ['ssh', 'ssh', 'telnet', 'telnet', 'telnet'].map((service, i) =>
    JSON.stringify({
      id: uuidv7(),
      sensor: `s${i % 2}`,
      kind: 'session.open',
      session: uuidv7(),
      time: `2026-01-05 10:0${i}:00`,
      received: new Date().toISOString().slice(0, 19).replace('T', ' '),
      source_ip: '::ffff:192.0.2.1',
      asn: 64500,
      economy: 'FJ',
      service,
      target_port: service === 'ssh' ? 22 : 23,
    }),
  )
  await store.insert('events', Buffer.from(`${lines.join('\n')}\n`), 'services')
  const window = { since: '2026-01-01T00:00:00Z', until: '2026-01-08T00:00:00Z' }
  const page = { limit: 10, offset: 0 }
  const own = { asns: [64500], prefixes: [], sensors: [] }
  for (const narrowed of [{}, { asn: 64500 }, { source: '192.0.2.1' }, { reach: own }])
    for (const [asked, sessions_, ports, services] of [
      [{}, 5, [22, 23], ['ssh', 'telnet']],
      [{ service: 'ssh' }, 2, [22], ['ssh']],
      [{ port: 23 }, 3, [23], ['telnet']],
    ] as const) {
      const scope = { ...narrowed, ...asked }
      const what = JSON.stringify(scope)
      for (const sort of ['sessions', 'sensors'])
        expect((await run(store, sources, { window, scope, page, sort })).rows, what).toMatchObject([
          { source: '192.0.2.1', sessions: sessions_, sensors: 2, ports, services },
        ])
      expect((await run(store, networks, { window, scope, page })).rows, what).toMatchObject([
        { asn: 64500, sources: 1, sessions: sessions_ },
      ])
      expect((await run(store, totals, { window, scope })).rows, what).toMatchObject([
        { sessions: sessions_, sources: 1, networks: 1, economies: 1 },
      ])
    }
}, 60_000)

test('the newest conversations are the same, whole, when only their time is looked at', async () => {
  await store.command(`DROP DATABASE IF EXISTS ${database} SYNC`)
  await migrate(store)
  const begin = Date.parse('2026-01-05T00:00:00Z')
  const stamp = (ms: number): string => new Date(ms).toISOString().slice(0, 19).replace('T', ' ')
  const lines = Array.from({ length: 120 }, (_, i) => {
    const session = uuidv7()
    // Forty minutes each, one every twenty: at each edge some reach over it.
    return ['session.open', 'command.run', 'session.close'].map((kind, k) =>
      JSON.stringify({
        id: uuidv7(),
        sensor: 's',
        kind,
        session,
        time: stamp(begin + i * 1_200_000 + k * 1_200_000),
        received: stamp(Date.now()),
        source_ip: '::ffff:192.0.2.1',
        asn: 64500,
        service: 'ssh',
      }),
    )
  }).flat()
  await store.insert('events', Buffer.from(`${lines.join('\n')}\n`), 'conversations')
  const window = { since: '2026-01-05T00:00:00Z', until: '2026-01-06T16:30:00Z' }
  for (const [limit, offset] of [
    [3, 0],
    [5, 2],
    [30, 10],
    [200, 0],
  ] as const) {
    const params = { window, scope: {}, page: { limit, offset } }
    const whole = await run(store, sessions, params)
    let asked = 0
    const look = ({ since, asns }: Place) => {
      asked++
      return run(store, sessions, {
        ...params,
        scope: { among: asns },
        ...(since !== window.since && { begun: since }),
      })
    }
    const parts = await byTime(look, window, limit, true)
    expect(parts.rows).toEqual(whole.rows)
    expect(parts.rows[0]).toMatchObject({ events: 3, commands: 1 })
    expect(asked).toBe(limit === 200 ? 3 : limit === 30 ? 3 : 2)
    const listing = {
      scope: {},
      window,
      of: 'sessions',
      wanted: limit,
      skipped: offset,
      descending: true,
      look,
    } as const
    expect((await nearest(store, listing)).rows).toEqual(whole.rows)
  }
}, 60_000)

test('lists in order of time over all networks are whole, although they look only where something stirred', async () => {
  await store.command(`DROP DATABASE IF EXISTS ${database} SYNC`)
  await migrate(store)
  const begin = Date.parse('2026-01-05T00:00:00Z')
  const stamp = (ms: number): string => new Date(ms).toISOString().slice(0, 19).replace('T', ' ')
  // Conversations of a minute to some hours, of hundreds of networks, several at a time; two services, three economies.
  const lines = Array.from({ length: 900 }, (_, i) => {
    const session = uuidv7()
    return Array.from({ length: 1 + (i % 4) }, (__, k) =>
      JSON.stringify({
        id: uuidv7(),
        sensor: 's',
        kind: k === 0 ? 'session.open' : 'command.run',
        session,
        time: stamp(begin + ((i * 7919) % 900) * 97_000 + k * (i % 50) * 60_000),
        received: stamp(Date.now()),
        source_ip: `::ffff:192.0.2.${i % 200}`,
        asn: 64500 + (i % 300),
        service: ['ssh', 'telnet'][i % 2],
        economy: ['AU', 'ID', 'FJ'][i % 3],
        target_port: 22 + (i % 2),
      }),
    )
  }).flat()
  await store.insert('events', Buffer.from(`${lines.join('\n')}\n`), 'many')
  for (const window of [
    { since: '2026-01-05T00:00:00Z', until: '2026-01-07T00:00:00Z' },
    { since: '2026-01-05T03:00:30Z', until: '2026-01-05T17:20:10.500Z' },
  ])
    for (const scope of [
      {},
      { service: 'ssh' },
      { economy: 'FJ', port: 23 },
      { source: '192.0.2.7' },
      { prefix: '192.0.2.64/26' },
      { asn: 64_521 },
      { asn: 64_521, service: 'telnet' },
      { reach: { asns: [64_500, 64_507, 64_600], prefixes: [], sensors: [] } },
    ])
      for (const limit of [1, 7, 60, 400, 5000]) {
        for (const descending of [true, false]) {
          const params = { window, scope, limit, descending }
          const among: number[] = []
          const found = await nearest(store, {
            scope,
            window,
            of: 'events',
            wanted: limit,
            descending,
            look: ({ asns, ...part }) => {
              among.push(asns?.length ?? 1000)
              return run(store, events, { ...params, window: part, scope: { ...scope, among: asns } })
            },
          })
          expect(found.rows).toEqual((await run(store, events, params)).rows)
          if (limit === 1 && among[0] !== 1000) expect(among).toEqual([expect.toSatisfy((n: number) => n <= 8)])
        }
        const params = { window, scope, page: { limit, offset: limit > 1 ? 3 : 0 } }
        let looks = 0
        const found = await nearest(store, {
          scope,
          window,
          of: 'sessions',
          wanted: limit,
          skipped: params.page.offset,
          descending: true,
          look: ({ since, asns }) => {
            looks++
            return run(store, sessions, {
              ...params,
              scope: { ...scope, among: asns },
              ...(since !== window.since && { begun: since }),
            })
          },
        })
        if ('asn' in scope || 'source' in scope) expect(looks).toBe(1)
        expect(found.rows).toEqual((await run(store, sessions, params)).rows)
      }
}, 60_000)

test('the same batch again changes nothing, in the table and in the rollups', async () => {
  await store.command(`DROP DATABASE IF EXISTS ${database} SYNC`)
  await migrate(store)
  const line = {
    id: uuidv7(),
    sensor: 's',
    kind: 'session.open',
    time: '2026-01-05 10:00:00',
    received: new Date().toISOString().slice(0, 19).replace('T', ' '),
    source_ip: '::ffff:192.0.2.1',
    asn: 64500,
    service: 'ssh',
  }
  const batch = Buffer.from(`${JSON.stringify(line)}\n${JSON.stringify({ ...line, id: uuidv7() })}\n`)
  for (let i = 0; i < 3; i++) await store.insert('events', batch, 'the same')
  expect(await rows(`SELECT toString(count()) AS n FROM ${database}.events`)).toEqual([{ n: '2' }])
  for (const rollup of ['hourly', 'addresses'])
    expect(await rows(`SELECT toString(sum(sessions)) AS n FROM ${database}.${rollup}`), rollup).toEqual([{ n: '2' }])
  expect(
    await rows(`SELECT toString(sum(sessions)) AS n FROM ${database}.overall WHERE dimension = 'economy'`),
  ).toEqual([{ n: '2' }])
})

test('the statements are good on a cluster too, as far as their syntax can be told here', async () => {
  for (const text of schemaText().split('\n')) {
    const clustered = text
      .replace('MergeTree ', "ReplicatedMergeTree('/c/{shard}/t', '{replica}') ")
      .replace('AggregatingReplicated', 'ReplicatedAggregating')
      .replace(/^(CREATE (?:TABLE|DATABASE) IF NOT EXISTS \S+)/, '$1 ON CLUSTER c')
    await expect(store.query(sql`SELECT formatQuerySingleLine(${string(clustered)}) AS text`)).resolves.toHaveLength(1)
  }
})

test('a second engine on the same folder is told what is wrong; a folder that is none too', async () => {
  await expect(startEngine(folder)).rejects.toThrow(/Another process uses the store/)
  const file = join(folder, 'file')
  writeFileSync(file, '')
  await expect(startEngine(join(file, 'x'))).rejects.toThrow(StoreUnavailable)
})

test('an engine that dies is started again', async () => {
  const before = engine.pid()
  process.kill(before ?? 0, 'SIGKILL')
  for (let i = 0; i < 100 && engine.pid() === before; i++) await new Promise((resolve) => setTimeout(resolve, 100))
  for (let i = 0; i < 100; i++) {
    if (await store.ping()) break
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  expect(await rows(`SELECT toString(count()) AS n FROM ${database}.events`)).toEqual([{ n: '2' }])
}, 60_000)
