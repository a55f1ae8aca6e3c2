import { createHmac } from 'node:crypto'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { person } from '@skep/hub/testing-people'
import { Feeds } from '../feeds/feeds.ts'
import { readCsv } from '../shadowserver/routes.ts'
import { canary, known, sharingHub } from '../testing.ts'
import { Reporting } from './queue.ts'
import { categoriesOf } from './targets/abuseipdb.ts'
import { dshieldAuthorization } from './targets/dshield.ts'
import { multipart } from './target.ts'

// Stand-ins for those who are told, on loopback: they take what the real ones take, and answer as those do.
interface Got {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly text: string
}
let got: Got[] = []
let answer: (one: Got) => { status: number; body?: object; headers?: Record<string, string> } | 'hang'
let server: Server
let at: string
let house: Awaited<ReturnType<typeof sharingHub>>
let reporting: Reporting
let operator: string

beforeAll(async () => {
  server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const one = { path: request.url ?? '', headers: request.headers, text: Buffer.concat(chunks).toString('utf8') }
      got.push(one)
      const what = answer(one)
      if (what === 'hang') return
      response.writeHead(what.status, { 'content-type': 'application/json', ...what.headers })
      response.end(JSON.stringify(what.body ?? {}))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  const { port } = server.address() as { port: number }
  at = `http://127.0.0.1:${port}`
  house = await sharingHub({ trustedHosts: [`127.0.0.1:${port}`] })
  reporting = new Reporting(house.share.db, house.share, new Feeds(house.share))
  operator = await house.hub.relational.tokens.create('operator', 'test')
}, 60_000)
afterAll(async () => {
  await house.stop()
  server.closeAllConnections()
  server.close()
})
beforeEach(() => {
  got = []
  answer = () => ({ status: 200 })
})

/** One target alone, set up and run once. */
async function tell(name: string, settings: object, { dry = false, key = 'the-key' } = {}): Promise<number> {
  for (const setup of await reporting.setups())
    if (setup.enabled) await reporting.setUp(setup.name, { ...setup, enabled: false })
  await reporting.setUp(name, { enabled: true, dry, settings: { address: at, ...settings }, key })
  const since = Date.now() - 86_400_000
  await house.hub.relational.setMeta(`share gathered ${name}`, String(since))
  await reporting.gather()
  return reporting.deliver()
}

test('nobody is told before an operator says so; a dry run shows what would be', async () => {
  expect((await reporting.setups()).every(({ enabled, dry }) => !enabled && dry)).toBe(true)
  await reporting.gather()
  expect(await reporting.deliver()).toBe(0)
  expect(await tell('urlhaus', {}, { dry: true })).toBe(0)
  expect(got).toEqual([])
  expect((await reporting.list('urlhaus', 10)).map(({ state }) => state)).toContain('dry')
})

test('AbuseIPDB: one file in bulk, with categories, and nothing of where or what was typed', async () => {
  expect(await tell('abuseipdb', {})).toBe(2)
  expect(got).toHaveLength(1)
  const [one] = got
  expect(one?.path).toBe('/api/v2/bulk-report')
  expect(one?.headers['key']).toBe('the-key')
  expect(one?.text).toContain('name="csv"')
  expect(one?.text).toContain('IP,Categories,ReportDate,Comment\n')
  expect(one?.text).toMatch(new RegExp(`\n${known.attacker},"14,18,20,22",\\d{4}-`))
  for (const never of [canary.address, canary.sensor, canary.organisation, "12'34", known.scanner, known.member])
    expect(one?.text).not.toContain(never)
  // The same address is not told again within its time.
  expect(await tell('abuseipdb', {})).toBe(0)
  expect(categoriesOf({ labels: ['web-exploit', 'telnet-logins'] })).toEqual([15, 18, 21, 23])
})

test('DShield: signed as its own client signs', async () => {
  expect(await tell('dshield', { user: '123456' })).toBeGreaterThan(0)
  const [one] = got
  const header = String(one?.headers['x-isc-authorization'])
  const [, credentials, user, nonce = ''] =
    /^ISC-HMAC-SHA256 Credentials=(\S+) Userid=(\d+) Nonce=(\S+)$/.exec(header) ?? []
  const key = Buffer.concat([Buffer.from(nonce, 'base64'), Buffer.from('123456')])
  expect([credentials, user]).toEqual([createHmac('sha256', key).update('the-key').digest('base64'), '123456'])
  expect(one?.headers['x-isc-logtype']).toBe('firewall')
  const body = JSON.parse(one?.text ?? '{}') as {
    type: string
    logs: { sip: string; dip: string; dport: number }[]
    authheader: string
  }
  expect(body).toMatchObject({ type: 'firewall', authheader: header })
  expect(body.logs).toContainEqual(expect.objectContaining({ sip: known.attacker, dip: '10.0.0.1', dport: 22 }))
  expect(dshieldAuthorization('1', 'k')).not.toBe(dshieldAuthorization('1', 'k'))
})

test('abuse.ch: URLs to URLhaus and ThreatFox, files to MalwareBazaar', async () => {
  await house.hub.relational.setMeta('share gathered urlhaus', '0')
  await reporting.prune(Date.now() + 400 * 86_400_000)
  expect(await tell('urlhaus', { anonymous: true })).toBeGreaterThan(0)
  const body = JSON.parse(got[0]?.text ?? '{}') as { anonymous: string; submission: { url: string; threat: string }[] }
  expect([got[0]?.path, got[0]?.headers['auth-key'], body.anonymous]).toEqual(['/api/', 'the-key', '1'])
  expect(body.submission).toContainEqual({ url: known.url, threat: 'malware_download', tags: ['honeypot'] })

  got = []
  answer = () => ({ status: 200, body: { query_status: 'ok' } })
  expect(await tell('threatfox', {})).toBeGreaterThan(0)
  expect(JSON.parse(got[0]?.text ?? '{}')).toMatchObject({ query: 'submit_ioc', ioc_type: 'url', confidence_level: 80 })

  got = []
  const bytes = Buffer.from('#!/bin/sh\nexit\n')
  const sha256 = (await import('node:crypto')).createHash('sha256').update(bytes).digest('hex')
  await house.share.context.blobs.put(sha256, bytes)
  answer = () => ({ status: 200, body: { query_status: 'inserted' } })
  // The file that the attackers left is known by name only; it is not there to be sent.
  expect(await tell('malwarebazaar', {})).toBe(0)
  expect(got).toEqual([])
  const [report] = await reporting.list('malwarebazaar', 1)
  expect([report?.state, report?.answer]).toEqual(['failed', 'the file is not kept here'])
  const { malwarebazaar } = await import('./targets/abusech.ts')
  const way = { outbound: house.share.context.outbound, secret: 'k', share: house.share }
  expect(
    await malwarebazaar.send([{ subject: sha256, body: { sha256 } }], { address: at, anonymous: false }, way),
  ).toMatchObject({ ok: true })
  expect(got[0]?.text).toContain('exit')
  const naming = Buffer.from(`curl http://${canary.address}/`)
  const named = (await import('node:crypto')).createHash('sha256').update(naming).digest('hex')
  await house.share.context.blobs.put(named, naming)
  expect(
    await malwarebazaar.send([{ subject: named, body: { sha256: named } }], { address: at, anonymous: false }, way),
  ).toMatchObject({ ok: false, final: true })
  expect(got).toHaveLength(1)
})

test('a partner’s MISP: events of yesterday, changed where they are there; sightings', async () => {
  answer = ({ path }) =>
    path === '/events/add' ? { status: 403, body: { message: 'Event already exists' } } : { status: 200 }
  const yesterday = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10)
  const taken = await tell('misp', {})
  const paths = got.map(({ path }) => path)
  // Nothing happened yesterday here, unless the test runs just after midnight.
  if (taken > 0) expect(paths.some((path) => path.startsWith('/events/edit/'))).toBe(true)
  const { misp } = await import('./targets/misp.ts')
  const way = { outbound: house.share.context.outbound, secret: 'k', share: house.share }
  got = []
  const outcome = await misp.send(
    [{ subject: 'event x', body: { uuid: 'u-1', event: `{"Event":{"date":"${yesterday}"}}` } }],
    { address: at, kinds: ['address'] },
    way,
  )
  expect(outcome.ok).toBe(true)
  expect(got.map(({ path, headers }) => [path, headers.authorization])).toEqual([
    ['/events/add', 'k'],
    ['/events/edit/u-1', 'k'],
  ])
  got = []
  answer = ({ text }) => (text.includes(known.host) ? { status: 404 } : { status: 200 })
  expect(await tell('misp-sightings', {})).toBeGreaterThan(2)
  expect(got.map(({ text }) => (JSON.parse(text) as { values: string[] }).values[0])).toContain(known.attacker)
  expect(JSON.parse(got[0]?.text ?? '{}')).toMatchObject({ type: '0', source: 'Skep honeynet' })
})

test('who fails is asked again, later each time; who asks for quiet gets it; what is refused is not repeated', async () => {
  const { relational } = house.hub
  await reporting.prune(Date.now() + 400 * 86_400_000)
  answer = () => ({ status: 503 })
  expect(await tell('abuseipdb', {})).toBe(0)
  const first = await reporting.list('abuseipdb', 1)
  expect(first[0]).toMatchObject({ state: 'waiting', tries: 1 })
  expect(await reporting.deliver()).toBe(0)
  expect(got).toHaveLength(1)
  answer = () => ({ status: 429, headers: { 'retry-after': '600' } })
  expect(await reporting.deliver(Date.now() + 200_000)).toBe(0)
  expect(got).toHaveLength(2)
  expect(await reporting.deliver(Date.now() + 300_000)).toBe(0)
  expect(got).toHaveLength(2)
  await relational.setMeta('share pause abuseipdb', '0')
  answer = () => ({ status: 200 })
  expect(await reporting.deliver(Date.now() + 3_600_000)).toBe(2)
  expect((await reporting.list('abuseipdb', 1))[0]).toMatchObject({ state: 'sent', tries: 3 })

  await reporting.prune(Date.now() + 400 * 86_400_000)
  answer = () => ({ status: 401, body: { error: 'bad key' } })
  await tell('abuseipdb', {})
  expect((await reporting.list('abuseipdb', 1))[0]).toMatchObject({
    state: 'failed',
    answer: '401 {"error":"bad key"}',
  })
})

test('a server that lies, redirects inwards or says too much is an answer like another', async () => {
  await reporting.prune(Date.now() + 400 * 86_400_000)
  answer = () => ({ status: 302, headers: { location: 'http://127.0.0.1:1/' } })
  await tell('urlhaus', {})
  expect((await reporting.list('urlhaus', 1))[0]?.answer).toMatch(/^302/)
  await reporting.prune(Date.now() + 400 * 86_400_000)
  answer = () => ({ status: 200, body: { x: 'y'.repeat(2_000_000) } })
  await tell('urlhaus', {})
  expect((await reporting.list('urlhaus', 1))[0]).toMatchObject({ state: 'waiting' })
  await expect(
    reporting.setUp('urlhaus', { enabled: true, dry: false, settings: { address: 'http://169.254.169.254/' } }),
  ).rejects.toThrow()
  await expect(reporting.setUp('dshield', { enabled: true, dry: false, settings: { user: 'x' } })).rejects.toThrow()
})

test('operators set it up and see what was sent; the key is never shown', async () => {
  const api = async (method: string, path: string, body?: object, token = operator) => {
    const response = await fetch(`${house.hub.url}/api/v1/sharing/${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    return { status: response.status, text: await response.text() }
  }
  expect(
    (await api('PUT', 'targets/urlhaus', { enabled: true, dry: true, settings: { address: at }, key: 'very-secret' }))
      .status,
  ).toBe(200)
  expect(
    (await api('PUT', 'targets/urlhaus', { enabled: true, dry: true, settings: { address: 'ftp://x' } })).status,
  ).toBe(400)
  expect((await api('PUT', 'targets/nobody', { enabled: true, dry: true, settings: {} })).status).toBe(400)
  const { text } = await api('GET', 'targets')
  expect(text).toContain('"has_key":true')
  expect(text).not.toContain('very-secret')
  expect((await api('GET', 'reports?target=urlhaus')).text).toContain(known.host)
  const member = await house.hub.relational.tokens.create('admin', 'm', { organisation: 'elsewhere' })
  for (const path of ['targets', 'reports']) expect((await api('GET', path, undefined, member)).status).toBe(403)
})

test('the daily reports of a network, over Shadowserver’s own interface', async () => {
  const admin = await person(house.hub, 'admin@holder.example', 'holder', 'admin')
  const claim = await house.hub.relational.claims.request({
    organisation: 'holder',
    resource: 'AS13335',
    method: 'operator',
    author: 'x',
    author_id: '',
  })
  await house.hub.relational.claims.settle(claim, 'proved', '', 86_400_000)
  const { body: made } = await admin.api('POST', 'me/shadowserver-keys', { label: 'collector' })
  const ask = async (method: string, asked: object, secret = made.secret) => {
    const body = JSON.stringify({ ...asked, apikey: made.key })
    const response = await fetch(`${house.hub.url}/shadowserver/api2/${method}`, {
      method: 'POST',
      headers: { hmac2: createHmac('sha256', secret).update(body).digest('hex') },
      body,
    })
    return { status: response.status, body: (await response.json()) as ReturnType<typeof JSON.parse> }
  }
  expect((await ask('test/ping', {})).body).toHaveProperty('pong')
  expect((await ask('test/ping', {}, 'wrong')).status).toBe(401)
  expect((await ask('no/such', {})).status).toBe(404)
  const date = new Date(Date.now() - 7_200_000).toISOString().slice(0, 10)
  const { body: list } = await ask('reports/list', { date: `${date}:${date}`, type: 'honeypot_brute_force' })
  expect(list).toHaveLength(1)
  expect(list[0].file).toBe(`${date}-event4_honeypot_brute_force-holder-asn.csv`)
  const { body: rows } = await ask('reports/download', { id: list[0].id })
  expect(rows).toHaveLength(4)
  expect(new Set(rows.map((row: Record<string, string>) => row['src_ip']))).toEqual(
    new Set([known.attacker, known.six]),
  )
  expect(rows.every((row: Record<string, string>) => row['dst_ip'] === '' && row['password'] === '')).toBe(true)
  expect(await (await fetch(list[0].url)).text()).toContain(known.attacker)
  expect((await fetch(`${list[0].url}x`)).status).toBe(404)
  expect(
    (await ask('reports/query', { report: 'honeypot_brute_force', date, query: { src_ip: known.six } })).body,
  ).toHaveLength(2)
  for (const asked of [{ date: 'x' }, { date: '2020-01-01:2026-01-01' }, { date: `${date}:2001-01-01` }])
    expect((await ask('reports/list', asked)).status).toBe(400)
  expect((await ask('reports/download', { id: 'x.y' })).status).toBe(400)
  const own = (await admin.api('GET', `reports/intelmq?date=${date}`)).body as { text?: string }
  const events = (own.text ?? JSON.stringify(own))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, string>)
  expect(new Set(events.map((event) => event['source.ip']))).toEqual(new Set([known.attacker, known.six, '1.1.1.78']))
  expect(events.find((event) => event['source.ip'] === known.six)).toMatchObject({
    'classification.type': 'brute-force',
    'source.asn': 13_335,
  })
  expect(JSON.stringify(events)).not.toMatch(/canary|203\.0\.113\.77/)
  const other = await person(house.hub, 'x@other.example', 'other', 'admin')
  expect(JSON.stringify((await other.api('GET', `reports/intelmq?date=${date}`)).body)).not.toContain(known.attacker)
  expect((await admin.api('DELETE', `me/shadowserver-keys/${made.key}`)).status).toBe(200)
  expect((await ask('test/ping', {})).status).toBe(401)
})

test('forms and tables are read back as they were written', () => {
  expect(multipart([{ name: 'a', value: 'b', file: 'c', type: 'd/e' }], 'x').toString()).toBe(
    '--x\r\ncontent-disposition: form-data; name="a"; filename="c"\r\ncontent-type: d/e\r\n\r\nb\r\n--x--\r\n',
  )
  expect(readCsv('a,b\r\n"x, ""y""\nz",2\r\n')).toEqual([{ a: 'x, "y"\nz', b: '2' }])
})
