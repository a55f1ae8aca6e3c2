import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { toRow, uuidv7, type StoredEvent } from '@skep/vocabulary'
import { freePort } from '../test/free-port.ts'
import { startPostgres } from '../test/postgres.ts'
import { startHub, type Hub } from './hub.ts'
import { Relational } from './relational/database.ts'
import { openStore, type Store } from './store/client.ts'
import { startEngine, type Engine } from './store/embedded.ts'
import { ddl } from './store/migrate.ts'
import { defaultRetention, rollups } from './store/schema.ts'
import { askGateway, keyPair } from './testing.ts'

const folder = mkdtempSync(join(tmpdir(), 'skep-cluster-'))
const postgres = await startPostgres()
let engine: Engine
let url: string
let store: Store
beforeAll(async () => {
  const port = await freePort()
  engine = await startEngine(join(folder, 'store'), { port })
  url = `http://127.0.0.1:${port}`
  store = openStore({ url })
}, 60_000)
afterAll(async () => {
  await store.close()
  await engine.stop()
  await postgres?.stop()
  rmSync(folder, { recursive: true, force: true })
})

test('the tables of a cluster, replicated, sharded and tiered, are made from the same schema and read by the engine’s parser', async () => {
  const text = ddl(defaultRetention, { cluster: 'skep', tier: { policy: 'tiered', volume: 'cold', days: 30 } })
  for (const statement of text) {
    const [row] = await store.query({ text: `SELECT formatQuery({p0:String}) AS text`, params: { p0: statement } })
    expect(String(row?.['text']).length).toBeGreaterThan(20)
  }
  const all = text.join('\n')
  for (const name of ['events', ...rollups(defaultRetention).map(({ name: rollup }) => rollup)]) {
    expect(all).toMatch(
      new RegExp(
        `skep\\.${name}_local ON CLUSTER 'skep' .*ENGINE = Replicated\\w*MergeTree\\('/clickhouse/tables/\\{shard\\}/skep/${name}_local', '\\{replica\\}'`,
      ),
    )
    expect(all).toContain(`Distributed('skep', 'skep', '${name}_local', cityHash64(`)
  }
  expect(all).toContain("TO VOLUME 'cold'")
  expect(all).toContain("storage_policy = 'tiered'")
  expect(all.match(/CREATE MATERIALIZED VIEW/g)).toHaveLength(rollups(defaultRetention).length)
  expect(all).not.toContain('non_replicated')
})

test('what a query asks of another is asked once for all shards', () => {
  const folder = new URL('./store/queries/', import.meta.url)
  for (const name of readdirSync(folder)) {
    const text = readFileSync(new URL(name, folder), 'utf8')
    // A plain IN would be asked anew by each shard of its own rows, and is refused (distributed_product_mode).
    expect(text.match(/(?<!GLOBAL )\bIN \(\s*(?:SELECT|\$\{wellSeen)/g) ?? [], name).toEqual([])
  }
})

describe.runIf(postgres !== undefined)('two hubs', () => {
  const hubs: Hub[] = []
  let at: string
  const start = async (name: string): Promise<Hub> => {
    const hub = await startHub({ data: join(folder, name), clickhouse: url, relational: at })
    await hub.ready
    hubs.push(hub)
    return hub
  }
  beforeAll(async () => {
    process.env['SKEP_SECRET'] = 'shared by the hubs of this test'
    at = postgres?.database() ?? ''
    await Promise.all([start('one'), start('two')])
  }, 60_000)
  afterAll(async () => {
    delete process.env['SKEP_SECRET']
    for (const hub of hubs) await hub.stop()
  })

  const event = (sensor: string, boot: string, seq: number) => ({
    id: uuidv7(),
    sensor,
    boot,
    seq,
    time: '2026-11-20T10:00:00.000001Z',
    session: uuidv7(),
    service: 'ssh',
    transport: 'tcp',
    source: { ip: '1.1.1.1', port: 4711 },
    target: { port: 22 },
    kind: 'session.open',
    data: {},
  })
  const seqs = async (sensor: string): Promise<number[]> => {
    const rows = await store.query({
      text: `SELECT seq FROM skep.events WHERE sensor = {p0:String} ORDER BY seq`,
      params: { p0: sensor },
    })
    return rows.map((row) => Number(row['seq']))
  }

  test('a sensor may talk to either; the same batch to both at once, in any order, is stored once', async () => {
    const [one, two] = hubs as [Hub, Hub]
    expect(one.authority.certificate).toBe(two.authority.certificate)
    const { key, publicKey } = keyPair()
    const certificate = await one.adopt('pair-1', publicKey)
    const boot = uuidv7()
    const events = Array.from({ length: 400 }, (_, seq) => event('pair-1', boot, seq))
    // As a sensor does: the same again until it is acknowledged, here to both hubs, in overlapping pieces.
    const send = async (hub: Hub, from: number, to: number): Promise<void> => {
      for (let i = 0; i < 100; i++) {
        const body = events
          .slice(from, to)
          .map((one_) => JSON.stringify(one_))
          .join('\n')
        const answer = await askGateway(hub, { key, certificate }, 'POST', '/gateway/v1/batches', body, {
          'x-skep-boot': boot,
        })
        if (answer.status === 200) return
        expect(answer.status).toBe(429)
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
      throw new Error('never taken')
    }
    await Promise.all(
      [0, 50, 100, 150, 200, 250, 300, 350].flatMap((from) => [
        send(one, from, Math.min(400, from + 80)),
        send(two, Math.max(0, from - 20), from + 50),
      ]),
    )
    expect(await seqs('pair-1')).toEqual(events.map(({ seq }) => seq))
    const [row] = await store.query({
      text: `SELECT sum(sources.sessions) AS sessions FROM skep.sources AS sources WHERE source_ip = toIPv6('::ffff:1.1.1.1')`,
      params: {},
    })
    expect(Number(row?.['sessions'])).toBe(400)
  }, 60_000)

  test('what a hub was committing when it died, the other finishes, once, whether its rows were in the store or not', async () => {
    const [one] = hubs as [Hub, Hub]
    const dead = await Relational.open(at, 'dead-hub')
    const boot = uuidv7()
    const rowsOf = (from: number, to: number): Buffer =>
      Buffer.from(
        Array.from({ length: to - from }, (_, i) => {
          const stored = {
            ...event('pair-2', boot, from + i),
            received: new Date().toISOString(),
            skew_ms: 0,
            provenance: 'live',
            origin: { prefix: '', asn: 0, asns: [], as_name: '', economy: '', registry: '', snapshot: '' },
          } as unknown as StoredEvent
          return `${JSON.stringify(toRow(stored))}\n`
        }).join(''),
      )
    for (const [token, from, to, inserted] of [
      ['a', 0, 10, true],
      ['b', 10, 20, false],
    ] as const) {
      const commits = [{ sensor: 'pair-2', boot, ranges: [{ first: from, last: to - 1 }] }]
      const lines = rowsOf(from, to)
      expect(await dead.ledger.claim(token, 'dead-hub', commits, JSON.stringify({ token, commits }), lines)).toBe(true)
      if (inserted) await store.insert('events', lines, token)
    }
    await dead.close()
    // The hubs look for orphans every few seconds.
    for (let i = 0; i < 100 && (await seqs('pair-2')).length < 20; i++)
      await new Promise((resolve) => setTimeout(resolve, 200))
    for (let i = 0; i < 50 && (await one.relational.ledger.claims()).length > 0; i++)
      await new Promise((resolve) => setTimeout(resolve, 100))
    expect(await seqs('pair-2')).toEqual(Array.from({ length: 20 }, (_, i) => i))
    expect(await one.relational.ledger.ranges('pair-2', boot)).toEqual([{ first: 0, last: 19 }])
    expect(await one.relational.ledger.claims()).toEqual([])
  }, 60_000)

  test('another secret opens nothing, and says which file to copy', async () => {
    process.env['SKEP_SECRET'] = 'another'
    await expect(startHub({ data: join(folder, 'three'), clickhouse: url, relational: at })).rejects.toThrow(
      'sealed with another secret',
    )
    process.env['SKEP_SECRET'] = 'shared by the hubs of this test'
    await expect(startHub({ data: join(folder, 'four'), relational: at })).rejects.toThrow('one store for all')
  })
})
