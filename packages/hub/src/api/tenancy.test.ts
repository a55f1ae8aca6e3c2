import { mkdtempSync, rmSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { OpenAPIHono } from '@hono/zod-openapi'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { uuidv7 } from '@skep/vocabulary'
import { ruleOf } from '../access/guard.ts'
import { Redactor } from '../access/redact.ts'
import { startHub, type Hub } from '../hub.ts'
import { Browser, person } from '../testing-people.ts'
import { member, testStore, type Member } from '../testing.ts'
import { createApp } from './app.ts'

// Two organisations. One owns the network that the attack comes from; the other owns the sensor that it hit. A third
// has nothing to do with it. Whatever they ask, each sees its own side, and nobody where the sensor stands.
const data = mkdtempSync(join(tmpdir(), 'skep-tenancy-'))
const canary = { sensor: 'canary-sensor', address: '203.0.113.77', secret: 'canary-password', command: 'wget canary' }
let hub: Hub
let straw: Member
let holder: Browser
let host: Browser
let stranger: Browser
let nobody: Browser
let operator: Browser
const session = uuidv7()
const artifact = Buffer.from(`#!/bin/sh\ncurl http://${canary.address}/x\n`)
const sha256 = createHash('sha256').update(artifact).digest('hex')
const attacker = '1.1.1.1'
const asn = 13_335

beforeAll(async () => {
  hub = await startHub({
    data,
    ...(await testStore()),
    version: 'test',
    rdap: 'http://127.0.0.1:1',
    peeringDb: 'http://127.0.0.1:1',
  })
  await hub.ready
  straw = await member(hub, canary.sensor, 'host')
  await hub.relational.fleet.heard(canary.sensor, {
    remote: canary.address,
    beat: JSON.stringify({ listeners: [`http ${canary.address}:80`] }),
  })
  holder = await person(hub, 'admin@holder.example', 'holder', 'admin')
  host = await person(hub, 'admin@host.example', 'host', 'admin')
  stranger = await person(hub, 'admin@stranger.example', 'stranger', 'admin')
  const alone = await hub.relational.people.addUser('alone@nowhere.example', 'alone')
  nobody = new Browser(hub.url)
  nobody.setCookie('skep', await hub.relational.people.signIn(alone.id, 'full', { agent: '', remote: '' }))
  operator = new Browser(hub.url)
  operator.setCookie('skep', await hub.relational.tokens.create('operator', 'test'))
  const claim = await hub.relational.claims.request({
    organisation: 'holder',
    resource: `AS${asn}`,
    method: 'operator',
    author: 'x',
    author_id: '',
  })
  await hub.relational.claims.settle(claim, 'proved', '', 86_400_000)
  const far = await hub.relational.claims.request({
    organisation: 'stranger',
    resource: 'AS3333',
    method: 'operator',
    author: 'x',
    author_id: '',
  })
  await hub.relational.claims.settle(far, 'proved', '', 86_400_000)
  const boot = uuidv7()
  const at = new Date(Date.now() - 3_600_000).toISOString().replace('Z', '000Z')
  const event = (seq: number, kind: string, payload: object) => ({
    id: uuidv7(),
    sensor: canary.sensor,
    boot,
    seq,
    time: at,
    session,
    service: 'http',
    transport: 'tcp',
    source: { ip: attacker, port: 4711 },
    target: { port: 80 },
    kind,
    data: payload,
  })
  await straw.ask('PUT', `/gateway/v1/blobs/${sha256}`, artifact)
  const raw = Buffer.from(`GET /?to=${canary.address} HTTP/1.1\r\nHost: ${canary.address}\r\n\r\n`)
  const { status, body } = await straw.deliver(boot, [
    event(0, 'session.open', { front: canary.address }),
    event(1, 'auth.attempt', { method: 'password', user: 'root', secret: canary.secret, accepted: true }),
    event(2, 'command.run', { line: `${canary.command} http://${canary.address}/x` }),
    event(3, 'request', {
      method: 'GET',
      target: `http://${canary.address}/`,
      headers: [`Host: ${canary.address}`, 'X: [::ffff:203.0.113.77]'],
      raw: raw.toString('base64'),
    }),
    event(4, 'artifact.stored', { sha256, size: artifact.length }),
  ])
  if (status !== 200 || JSON.stringify(body['rejected']) !== '[]') throw new Error(JSON.stringify(body))
}, 60_000)
afterAll(async () => {
  await hub.stop()
  rmSync(data, { recursive: true, force: true })
})

/** Every route of the API, as it describes itself. */
const routes = (): { method: string; path: string }[] => {
  const app = createApp({ relational: {}, log: {}, publicPortal: () => '' } as never) as OpenAPIHono
  return app.openAPIRegistry.definitions.flatMap((one) =>
    one.type === 'route' ? [{ method: one.route.method.toUpperCase(), path: one.route.path }] : [],
  )
}
/** A path with something in every hole. */
const filled = (path: string): string =>
  path
    .replace('/api/v1/', '')
    .replace('{sha256}', sha256)
    .replace('{name}', canary.sensor)
    .replace('{type}', 'event4_honeypot_http_scan')
    .replace(/\{id\}/, '1')
const questions: Readonly<Record<string, string>> = {
  '/api/v1/search': `?q=${attacker}`,
  '/api/v1/indicators': '?type=credential',
  '/api/v1/breakdown': '?by=service',
  '/api/v1/reports/daily/{type}': `?date=${new Date(Date.now() - 3_600_000).toISOString().slice(0, 10)}`,
  '/api/v1/packs': `?subject=${attacker}`,
  '/api/v1/contacts': `?subject=${attacker}`,
}
const ask = async (who: Browser, path: string): Promise<string> => {
  const { status, body } = await who.api('GET', `${filled(path)}${questions[path] ?? ''}`)
  return `${status} ${JSON.stringify(body)}`
}

describe('every route', () => {
  test('is one that the guard knows, or the operators’ alone', () => {
    const all = routes()
    expect(all.length).toBeGreaterThan(60)
    const closed = all.filter(({ method, path }) => ruleOf(method, path) === 'operate')
    // Not shut by mistake: these are what only operators do.
    for (const { path } of closed)
      expect(path).toMatch(
        /^\/api\/v1\/(sensors|fleet|invites|groups|desired|settings|releases|rollouts|batches|dead-letters|checks|organisations|users|providers|decisions|certs|gateway|probe|joining|fetches|fetch-policy|yara)/,
      )
    // What anyone may call shows nothing of anybody.
    for (const { method, path } of all.filter((one) => ruleOf(one.method, one.path) === 'anyone'))
      expect(`${method} ${path}`).toMatch(/ \/api\/v1\/(signin|recovery|welcome|public)/)
  })

  test('gives a stranger, and a person of no organisation, nothing of others', async () => {
    const asked = routes().filter(
      ({ method, path }) => method === 'GET' && !path.includes('/public/') && path !== '/api/v1/live',
    )
    const traces = [attacker, session, canary.sensor, canary.address, canary.secret, canary.command, sha256]
    for (const { path } of asked) {
      for (const who of [stranger, nobody]) {
        const answer = await ask(who, path)
        // What was asked for may be said again; what was not may not.
        const said = decodeURIComponent(filled(path) + (questions[path] ?? ''))
        for (const trace of traces.filter((one) => !said.includes(one))) expect(answer, path).not.toContain(trace)
        expect(answer, path).not.toMatch(/^500/)
      }
      expect((await new Browser(hub.url).api('GET', filled(path))).status, path).toBe(
        ruleOf('GET', path) === 'anyone' ? 200 : 401,
      )
    }
    for (const path of [`artifacts/${sha256}`, `recordings/${sha256}`, `sensors/${canary.sensor}`])
      expect((await stranger.api('GET', path)).status, path).toBe(404)
    for (const path of [
      'sources',
      'sessions',
      'networks',
      'events',
      `events?session=${session}`,
      `sources?asn=${asn}`,
      `timeline?asn=${asn}`,
    ])
      expect(JSON.stringify((await stranger.api('GET', path)).body), path).not.toContain(attacker)
  })

  test('never tells where a sensor stands, to anybody but its owner', async () => {
    for (const { path } of routes().filter(({ method }) => method === 'GET')) {
      if (path === '/api/v1/live') continue
      const answer = await ask(holder, path)
      for (const trace of [
        canary.sensor,
        canary.address,
        Buffer.from(canary.address).toString('base64').slice(0, 12),
      ]) {
        if (!filled(path).includes(trace)) expect(answer, path).not.toContain(trace)
      }
      expect(answer, path).not.toMatch(/^500/)
    }
    // The bytes of evidence are looked into as well.
    const { text } = (await holder.api('GET', `events?session=${session}`)).body as { text: string }
    const events = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { data: Record<string, string> })
    expect(events).toHaveLength(5)
    const raw = events.map(({ data: one }) => Buffer.from(one['raw'] ?? '', 'base64').toString()).join('')
    expect(raw).toContain('Host: [sensor]')
    expect(raw).not.toContain(canary.address)
    const { body } = await holder.api('GET', `artifacts/${sha256}`)
    expect(Buffer.from(body['head'], 'base64').toString()).toBe('#!/bin/sh\ncurl http://[sensor]/x\n')
  })

  test('shows each side its own: what left its network, what hit its sensor', async () => {
    expect((await operator.api('GET', 'sessions')).body['rows']?.[0]).toMatchObject({ asn, sensor: canary.sensor })
    const seen = async (who: Browser, path: string): Promise<string[]> =>
      ((await who.api('GET', path)).body['rows'] as { source: string; sensor?: string }[]).map(({ source }) => source)
    expect(await seen(holder, 'sources')).toEqual([attacker])
    expect(await seen(holder, 'sources?side=on')).toEqual([])
    expect(await seen(host, 'sources')).toEqual([attacker])
    expect(await seen(host, 'sources?side=from')).toEqual([])
    expect((await host.api('GET', 'sessions')).body['rows'][0].sensor).toBe(canary.sensor)
    expect((await holder.api('GET', 'sessions')).body['rows'][0].sensor).toBe('')
    expect((await holder.api('GET', 'totals')).body['now'].sessions).toBe(1)
    expect((await stranger.api('GET', 'totals')).body['now'].sessions).toBe(0)
    expect((await host.api('GET', 'sensors')).body['sensors']).toHaveLength(1)
    expect((await host.api('GET', 'sensors')).body['sensors'][0].remote).toBeNull()
    expect((await host.api('PATCH', `sensors/${canary.sensor}`, { title: 'x' })).status).toBe(403)
    // A sensor’s name is no oracle either.
    expect((await holder.api('GET', `events?sensor=${canary.sensor}`)).body['text']).toBe('')
    // An operator sees through the eyes of an organisation exactly what it sees.
    expect((await operator.api('GET', 'sessions?organisation=holder')).body['rows'][0].sensor).toBe('')
    expect((await holder.api('GET', 'sources?organisation=host')).status).toBe(403)
  })
})

test('ids of other organisations are as good as none, in every change', async () => {
  const { body: claims } = await holder.api('GET', 'claims')
  const { id } = claims['rows'][0]
  for (const [method, path] of [
    ['GET', `claims/${id}`],
    ['POST', `claims/${id}/check`],
    ['DELETE', `claims/${id}`],
  ] as const)
    expect((await stranger.api(method, path)).status, path).toBe(404)
  expect((await stranger.api('POST', `decisions/${id}`, { approve: true })).status).toBe(403)
  const { body: members } = await holder.api('GET', 'members')
  expect((await stranger.api('DELETE', `members/${members['rows'][0].id}`)).status).toBe(404)
  expect((await stranger.api('POST', 'customers', { prefix: '1.1.1.0/24', title: 'x' })).status).toBe(400)
  expect((await holder.api('POST', 'customers', { prefix: '1.1.1.0/24', title: 'x' })).status).toBe(200)
})

test('an address of a sensor is found in whatever it is wrapped', () => {
  const redactor = new Redactor(['203.0.113.77', '2001:db8::77', '127.0.0.1'])
  for (const text of [
    '203.0.113.77',
    '(203.0.113.77)',
    'x203.0.113.77:80/',
    'http://[2001:DB8:0::77]/',
    '[2001:db8::77]:22',
    '::ffff:203.0.113.77',
  ])
    expect(redactor.text(text), text).toContain('[sensor]')
  for (const text of ['203.0.113.7', '203.0.113.770', '1203.0.113.77', '127.0.0.1', '2001:db8::78', '12:34:56'])
    expect(redactor.text(text), text).toBe(text)
  fc.assert(
    fc.property(
      fc.string(),
      fc.string(),
      (a, b) => !redactor.text(`${a} 203.0.113.77 ${b}`).includes(' 203.0.113.77 '),
    ),
  )
})
