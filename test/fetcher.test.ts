// What attackers pointed at is fetched by a process of its own, when the operator wants that, and handed on.
import { spawn, type ChildProcess } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { logger, payloadKey, uuidv7 } from '@skep/vocabulary'
import { gatherPayloads } from '../packages/hub/src/fetches/gather.ts'
import { startHub, type Hub } from '../packages/hub/src/hub.ts'
import { member, testStore, type Member } from '../packages/hub/src/testing.ts'

const data = mkdtempSync(join(tmpdir(), 'skep-fetcher-'))
const program = fileURLToPath(new URL('../packages/cli/dist/skep.js', import.meta.url))
const log = logger('test', () => {})
const script = '#!/bin/sh\necho second stage\n'
let hub: Hub
let straw: Member
let operator: string
let web: Server
let url: string
let fetched = 0
let fetcher: ChildProcess | undefined
let said = ''

beforeAll(async () => {
  hub = await startHub({ ...(await testStore()), data, regular: false })
  await hub.ready
  straw = await member(hub, 'straw-1')
  operator = await hub.relational.tokens.create('operator', 'test')
  web = createServer((_request, response) => {
    fetched++
    response.end(script)
  }).listen(0, '127.0.0.1')
  await once(web, 'listening')
  url = `http://127.0.0.1:${(web.address() as AddressInfo).port}/bins.sh`
}, 60_000)
afterAll(async () => {
  fetcher?.kill('SIGTERM')
  web.close()
  await hub.stop()
  rmSync(data, { recursive: true, force: true })
})

const ask = async (method: string, path: string, body?: unknown, token = operator) => {
  const answer = await fetch(`${hub.url}/api/v1/${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  return { status: answer.status, body: (await answer.json()) as Record<string, never> }
}
const session = uuidv7()
const seen = (payload: string, seq: number, boot: string) => ({
  id: uuidv7(),
  sensor: 'straw-1',
  boot,
  seq,
  time: new Date().toISOString().replace('Z', '000Z'),
  session,
  service: 'ssh',
  transport: 'tcp',
  source: { ip: '1.1.1.1', port: 4711 },
  target: { port: 22 },
  kind: 'payload.seen',
  data: { url: payload, decoded: 'plain', tool: 'wget' },
})

test('a hub on which it was switched on at once begins with what comes then', async () => {
  const context = { store: hub.store, relational: hub.relational, log }
  await ask('PUT', 'fetch-policy', { enabled: true })
  const boot = uuidv7()
  expect(await gatherPayloads(context)).toBe(0)
  await straw.deliver(boot, [seen('http://first.example.net/x', 0, boot)])
  expect(await gatherPayloads(context)).toBe(1)
  await hub.relational.fetches.take(5, 5)
  await ask('PUT', 'fetch-policy', { enabled: false })
})

test('nothing is fetched until the operator says so; then what is public and not too much', async () => {
  const context = { store: hub.store, relational: hub.relational, log }
  const boot = uuidv7()
  await straw.deliver(boot, [seen('http://a.example.net/early', 0, boot)])
  expect(await gatherPayloads(context)).toBe(0)
  expect((await ask('POST', 'fetches/take', { most: 5 })).body).toMatchObject({ wanted: [] })
  expect((await ask('PUT', 'fetch-policy', { enabled: true, hand: true, per_host: 2 })).status).toBe(200)
  await straw.deliver(boot, [
    seen('http://a.example.net/1', 1, boot),
    seen('http://a.example.net/1#again', 2, boot),
    seen('http://a.example.net/2', 3, boot),
    seen('http://a.example.net/3', 4, boot),
    seen('http://10.0.0.1/inner', 5, boot),
    seen('http://[::1]/inner', 6, boot),
    seen('http://intranet/inner', 7, boot),
    seen('javascript:alert(1)', 8, boot),
  ])
  expect(await gatherPayloads(context)).toBe(3)
  expect(await gatherPayloads(context)).toBe(0)
  // Of one host only as much within an hour as the policy allows.
  const { wanted } = (await ask('POST', 'fetches/take', { most: 5 })).body as unknown as { wanted: { url: string }[] }
  expect(wanted).toHaveLength(2)
  expect(wanted.every((one) => /^http:\/\/a\.example\.net\/[123]$/.test(one.url))).toBe(true)
  expect((await ask('POST', 'fetches/take', { most: 5 })).body).toMatchObject({ wanted: [] })
  // What was begun and never ended is begun again, three times in all.
  const { fetches } = hub.relational
  for (const hours of [1.1, 2.2, 3.3, 4.4]) await fetches.take(0, 2, Date.now() + hours * 3_600_000)
  // One source cannot have this net fetch at will.
  await straw.deliver(
    boot,
    Array.from({ length: 40 }, (_, i) => seen(`http://v${i}.example.net/`, 9 + i, boot)),
  )
  expect(await gatherPayloads(context)).toBeLessThanOrEqual(20)
})

test('a fetcher brings it, in a process that may write nothing and start nothing; it becomes part of the session', async () => {
  const token = await hub.relational.tokens.create('operator', 'fetcher', { scopes: ['fetch'] })
  // It may do that and nothing else.
  expect((await ask('GET', 'fetches', undefined, token)).status).toBe(403)
  expect((await ask('GET', 'sessions', undefined, token)).status).toBe(403)
  const sight = {
    event: uuidv7(),
    sensor: 'straw-1',
    session,
    service: 'ssh',
    transport: 'tcp',
    source_ip: '1.1.1.1',
    source_port: 4711,
    target_port: 22,
  }
  await hub.relational.fetches.want(url, 'wget', sight, 1)
  await hub.relational.fetches.want('http://127.0.0.2:9/', 'curl', sight, 2)
  const child = spawn(process.execPath, [program, 'fetcher', 'run', '--hub', hub.url, '--trust', '127.0.0.1'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, SKEP_TOKEN: token },
  })
  fetcher = child
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece: Buffer) => (said += String(piece)))
  const sha256 = createHash('sha256').update(script).digest('hex')
  await expect
    .poll(() => hub.relational.fetches.get(payloadKey(url)), { timeout: 20_000 })
    .toMatchObject({
      state: 'fetched',
      sha256,
      size: script.length,
    })
  await expect
    .poll(() => hub.relational.fetches.get(payloadKey('http://127.0.0.2:9/')), { timeout: 20_000 })
    .toMatchObject({ state: 'refused', detail: '127.0.0.2 is not on the public Internet' })
  expect(fetched).toBe(1)
  expect(said).not.toMatch(/ERR_ACCESS_DENIED/)
  // The session has it, with the event that it comes from, and its bytes are there.
  const stored = async (): Promise<unknown> => {
    const window = 'since=2020-01-01T00:00:00Z&until=2040-01-01T00:00:00Z'
    const answer = await fetch(`${hub.url}/api/v1/events?session=${session}&kind=artifact.stored&${window}`, {
      headers: { authorization: `Bearer ${operator}` },
    })
    return JSON.parse((await answer.text()) || 'null')
  }
  await expect.poll(stored).toMatchObject({ kind: 'artifact.stored', sensor: 'straw-1', data: { sha256, name: url } })
  expect((await ask('GET', `artifacts/${sha256}`)).body).toMatchObject({ size: script.length })
  const listed = (await ask('GET', 'fetches?state=fetched')).body as unknown as {
    rows: { url: string; hops: unknown[] }[]
  }
  expect(listed.rows).toMatchObject([{ url, hops: [{ url, address: '127.0.0.1', status: '200' }] }])
  // A second report of the same is not taken.
  expect((await ask('POST', `fetches/${payloadKey(url)}`, { outcome: 'failed' }, token)).status).toBe(404)
}, 60_000)

test('sensors get it where the operator lets them', async () => {
  const got = await straw.ask('GET', `/gateway/v1/payloads/${payloadKey(url)}`)
  expect([got.status, got.body['text'], got.headers['x-skep-address']]).toEqual([200, script, '127.0.0.1'])
  expect((await straw.ask('GET', `/gateway/v1/payloads/${payloadKey('http://127.0.0.2:9/')}`)).status).toBe(410)
  expect((await straw.ask('GET', `/gateway/v1/payloads/${payloadKey('http://x.example/')}`)).status).toBe(404)
  await ask('PUT', 'fetch-policy', { enabled: true, hand: false })
  expect((await straw.ask('GET', `/gateway/v1/payloads/${payloadKey(url)}`)).status).toBe(403)
})
