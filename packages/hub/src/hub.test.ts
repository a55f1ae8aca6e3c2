import { mostToSort } from './api/routes/views.ts'
import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { logger, uuidv7, type StoredEvent } from '@skep/vocabulary'
import { startHub, type Hub } from './hub.ts'
import { csv } from './api/csv.ts'
import { mergeRanges } from './relational/ranges.ts'
import { askGateway, member, testStore, type Member } from './testing.ts'

const data = mkdtempSync(join(tmpdir(), 'skep-hub-'))
let hub: Hub
let straw: Member
let operator: string
const log: string[] = []
const store = await testStore()
const start = async () => {
  hub = await startHub({
    ...store,
    data,
    version: 'test',
    log: logger('hub', ({ message }) => log.push(message)),
  })
  await hub.ready
}
beforeAll(async () => {
  await start()
  straw = await member(hub, 'straw-1')
  operator = await hub.relational.tokens.create('operator', 'test')
}, 60_000)
afterAll(async () => {
  await hub.stop()
  rmSync(data, { recursive: true, force: true })
})

const boot = uuidv7()
const session = uuidv7()
const event = (seq: number, kind = 'session.open', payload: object = {}, more: object = {}) => ({
  id: uuidv7(),
  sensor: 'straw-1',
  boot,
  seq,
  time: `2026-11-20T10:00:${String(seq % 60).padStart(2, '0')}.000001Z`,
  session,
  service: 'ssh',
  transport: 'tcp',
  source: { ip: '1.1.1.1', port: 4711 },
  target: { port: 22 },
  kind,
  data: payload,
  ...more,
})
const deliver = async (events: readonly unknown[], headers: Record<string, string> = {}) => {
  // The address of the gateway changes with every start.
  const answer = await askGateway(
    hub,
    straw,
    'POST',
    '/gateway/v1/batches',
    events.map((one) => (typeof one === 'string' ? one : JSON.stringify(one))).join('\n'),
    { 'x-skep-boot': boot, ...headers },
  )
  return { status: answer.status, body: answer.body }
}
const api = async (path: string, token = operator) => {
  const response = await fetch(`${hub.url}/api/v1/${path}`, { headers: { authorization: `Bearer ${token}` } })
  return { status: response.status, text: await response.text(), headers: response.headers }
}
const stored = async (query = ''): Promise<StoredEvent[]> =>
  (await api(`events?${query}`)).text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as StoredEvent)

test('ranges join where they touch', () => {
  expect(
    mergeRanges([
      { first: 5, last: 6 },
      { first: 0, last: 2 },
      { first: 3, last: 3 },
    ]),
  ).toEqual([
    { first: 0, last: 3 },
    { first: 5, last: 6 },
  ])
})

describe('delivery', () => {
  test('what is acknowledged is stored, placed by origin AS, prefix and economy; the same again, and overlapping, changes nothing', async () => {
    const batch = [0, 1, 2, 3].map((seq) => event(seq))
    expect(await deliver(batch)).toEqual({ status: 200, body: { committed: 4, rejected: [] } })
    expect((await deliver(batch)).status).toBe(200)
    expect((await deliver([...batch.slice(2), event(4)])).status).toBe(200)
    await Promise.all([deliver([event(5), event(6)]), deliver([event(6), event(5)])])
    const all = await stored('source=1.1.1.1')
    expect(all.map(({ seq }) => seq)).toEqual([0, 1, 2, 3, 4, 5, 6])
    expect(all[0]).toMatchObject({
      provenance: 'live',
      origin: { asn: 13335, prefix: '1.1.1.0/24', as_name: 'Cloudflare, Inc.', economy: 'AU' },
    })
    const totals = JSON.parse((await api('totals?since=2026-11-20&until=2026-11-21')).text) as {
      now: { sessions: number }
    }
    expect(totals.now.sessions).toBe(7)
  })

  test('a hole is shown until it is filled, or declared by the sensor', async () => {
    await deliver([event(9)])
    const ledger = async () =>
      (
        JSON.parse((await api('ledger?sensor=straw-1')).text) as { rows: { boot: string; missing: number }[] }
      ).rows.find((row) => row.boot === boot)
    expect(await ledger()).toMatchObject({ missing: 2, dropped: {}, holes: [{ first: 7, last: 8 }] })
    await deliver([event(7)])
    expect(await ledger()).toMatchObject({ missing: 1 })
    await deliver([
      event(10, 'spool.dropped', { from: 8, to: 8, reason: 'cap' }, { session: undefined, source: undefined }),
    ])
    expect(await ledger()).toMatchObject({ missing: 0, dropped: { cap: 1 } })
  })

  test('poison is kept as a dead letter and holds up nothing', async () => {
    const answer = await deliver([
      event(11),
      'this is no JSON',
      event(12, 'nonsense'),
      { ...event(13), sensor: 'other' },
      event(14),
    ])
    expect(answer.status).toBe(200)
    expect(answer.body['committed']).toBe(2)
    expect((answer.body['rejected'] as { seq: number }[]).map(({ seq }) => seq)).toEqual([12, 13])
    expect((await hub.relational.ledger.deadLetters()).length).toBeGreaterThanOrEqual(3)
    expect((await stored('source=1.1.1.1')).map(({ seq }) => seq)).toContain(14)
  })

  test('hostile text is stored whole, clamped, and well-formed', async () => {
    const line = 'a\0b\u202e<script>alert(1)</script>\u001b[2J=HYPERLINK("x")😀'
    await deliver([
      event(20, 'command.run', { line }),
      event(21, 'command.run', { line: 'x'.repeat(40_000) }),
      event(22, 'auth.attempt', { method: 'password', user: '=cmd|x', secret: '\ud83d', accepted: false }),
    ])
    const all = await stored('source=1.1.1.1&kind=command.run,auth.attempt')
    expect(all.map(({ data: payload }) => ('line' in payload ? payload.line.length : 0))).toEqual([
      line.length,
      16_384,
      0,
    ])
    expect(all[0]?.data).toEqual({ line })
    expect(all[2]?.data).toMatchObject({ secret: '\ufffd' })
  })

  test('a crash between journal and store is made good at the next start', async () => {
    const row = { ...(event(30) as object), seq: 30 }
    await hub.stop()
    const lines = `${JSON.stringify({ id: uuidv7(), sensor: 'straw-1', boot, seq: 30, time: '2026-11-20 11:00:00.000000', received: '2026-11-20 11:00:01.000', session, service: 'ssh', transport: 'tcp', source_ip: '::ffff:1.1.1.1', source_port: 1, target_port: 22, kind: 'session.open', provenance: 'live', asn: 13335 })}\n`
    const head = {
      token: createHash('sha256').update(lines).digest('hex'),
      commits: [{ sensor: 'straw-1', boot, ranges: [{ first: 30, last: 30 }] }],
    }
    const journal = join(data, 'hub', 'journal')
    writeFileSync(join(journal, '1-000000000.ndjson'), `${JSON.stringify(head)}\n${lines}`)
    writeFileSync(join(journal, '2-000000001.ndjson.part'), 'torn')
    await start()
    expect(log.some((line) => line.includes('in flight at the last stop'))).toBe(true)
    expect(readdirSync(journal)).toEqual([])
    expect((await stored('source=1.1.1.1&since=2026-11-20T11:00')).map(({ seq }) => seq)).toEqual([30])
    await deliver([row])
    expect((await stored('source=1.1.1.1')).filter(({ seq }) => seq === 30)).toHaveLength(1)
  }, 60_000)
})

describe('access', () => {
  test('without a token nothing is told', async () => {
    for (const path of [
      'events',
      'extent',
      'totals',
      'timeline',
      'breakdown?by=service',
      'networks',
      'sources',
      'sessions',
      'indicators?type=url',
      'news',
      'search?q=x',
      'sensors',
      'live',
      'me',
      `artifacts/${'0'.repeat(64)}`,
      `recordings/${'0'.repeat(64)}`,
    ]) {
      expect((await api(path, 'nonsense')).status, path).toBe(401)
    }
    const viewer = await hub.relational.tokens.create('viewer', 'test')
    expect((await api('me', viewer)).status).toBe(200)
  })

  test('a sign-in link is good once and gives a cookie that scripts cannot read', async () => {
    const token = await hub.relational.tokens.create('operator', 'link', { ttl: 60, singleUse: true })
    const first = await fetch(`${hub.url}/signin?token=${token}`, { redirect: 'manual' })
    expect(first.status).toBe(302)
    const cookie = first.headers.get('set-cookie') ?? ''
    expect(cookie).toMatch(/HttpOnly/i)
    expect((await fetch(`${hub.url}/api/v1/me`, { headers: { cookie: cookie.split(';')[0] ?? '' } })).status).toBe(200)
    expect((await fetch(`${hub.url}/signin?token=${token}`, { redirect: 'manual' })).status).toBe(403)
    expect(first.headers.get('content-security-policy')).toContain("default-src 'none'")
  })

  test('bytes are taken only under their own hash, and given only to look at', async () => {
    const bytes = Buffer.from('\x7fELF')
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    const put = (name: string) => askGateway(hub, straw, 'PUT', `/gateway/v1/blobs/${name}`, bytes)
    expect((await put('0'.repeat(64))).status).toBe(422)
    expect((await put('..%2f..%2fetc%2fpasswd')).status).toBe(400)
    expect((await put(sha256)).status).toBe(201)
    expect(JSON.parse((await api(`artifacts/${sha256}`)).text)).toEqual({
      sha256,
      size: 4,
      head: bytes.toString('base64'),
    })
  })

  test('wrong questions get an answer that says what is wrong', async () => {
    expect(await api('sources?limit=abc')).toMatchObject({ status: 400 })
    expect((await api('sources?prefix=1.2.3.4')).status).toBe(400)
    expect((await api('nothing')).status).toBe(404)
    expect((await api("sources?sort=asn;DROP&contains='")).status).toBe(400)
    expect((await api('sources?contains=%27%22%5C')).status).toBe(200)
  })
})

describe('views', () => {
  const window = 'since=2026-11-20&until=2026-11-21'
  test('every list answers, as JSON with its statement and as CSV', async () => {
    for (const path of [
      'timeline',
      'breakdown?by=service',
      'breakdown?by=economy',
      'breakdown?by=port',
      'breakdown?by=hour',
      'networks',
      'sources',
      'sessions',
      'indicators?type=command',
      'indicators?type=credential',
      'news',
    ]) {
      const mark = path.includes('?') ? '&' : '?'
      const answer = await api(`${path}${mark}${window}`)
      expect(answer.status, `${path}: ${answer.text.slice(0, 300)}`).toBe(200)
      const { rows, sql } = JSON.parse(answer.text) as { rows: object[]; sql: string }
      expect(rows.length, path).toBeGreaterThan(0)
      expect(sql).toMatch(/^SELECT /)
      expect((await api(`${path}${mark}${window}&format=csv`)).headers.get('content-type'), path).toContain('text/csv')
    }
  })

  test('conversations of everybody, too many to be put in another order than that of time, are not tried', async () => {
    const most = mostToSort.events
    mostToSort.events = 3
    try {
      const asked = `sessions?${window}&sort=commands`
      expect(await api(asked)).toMatchObject({
        status: 400,
        text: expect.stringContaining('Choose a network') as string,
      })
      for (const narrow of [`${asked}&asn=13335`, `${asked}&source=1.1.1.1`, `sessions?${window}&sort=started`])
        expect((await api(narrow)).status).toBe(200)
    } finally {
      mostToSort.events = most
    }
    expect((await api(`sessions?${window}&sort=commands`)).status).toBe(200)
  })

  test('scopes narrow: AS, prefix, economy, address, service, port', async () => {
    for (const [scope, hit] of [
      ['asn=13335', true],
      ['asn=1', false],
      ['prefix=1.1.0.0/16', true],
      ['prefix=1.2.0.0/16', false],
      ['prefix=2001:db8::/32', false],
      ['economy=AU', true],
      ['economy=US', false],
      ['source=1.1.1.1', true],
      ['service=ssh', true],
      ['service=redis', false],
      ['port=22', true],
      ['port=23', false],
    ] as const) {
      for (const path of ['sources', 'sessions', 'networks', 'timeline', 'breakdown?by=service']) {
        const answer = await api(`${path}${path.includes('?') ? '&' : '?'}${window}&${scope}`)
        expect(answer.status, `${path} ${scope} ${answer.text.slice(0, 200)}`).toBe(200)
        expect((JSON.parse(answer.text) as { rows: object[] }).rows.length > 0, `${path} ${scope}`).toBe(hit)
      }
    }
  })

  test('search finds what people paste', async () => {
    const find = async (q: string) =>
      (JSON.parse((await api(`search?q=${encodeURIComponent(q)}`)).text) as { hits: { kind: string; value: string }[] })
        .hits
    expect((await find('1.1.1.1'))[0]).toMatchObject({ kind: 'source', value: '1.1.1.1' })
    expect((await find('AS13335'))[0]).toMatchObject({ kind: 'network', value: 'AS13335' })
    expect((await find('1.1.1.0/24'))[0]).toMatchObject({ kind: 'prefix' })
    expect((await find('cloudflare')).some(({ kind }) => kind === 'network')).toBe(true)
    expect((await find('alert(1)')).some(({ kind }) => kind === 'command')).toBe(true)
  })

  test('events are paged by cursor, each once', async () => {
    const seqs: number[] = []
    let cursor = ''
    for (let i = 0; i < 50; i++) {
      const page = await api(`events?session=${session}&limit=3${cursor === '' ? '' : `&cursor=${cursor}`}`)
      seqs.push(
        ...page.text
          .split('\n')
          .filter((line) => line !== '')
          .map((line) => (JSON.parse(line) as { seq: number }).seq),
      )
      cursor = page.headers.get('x-next-cursor') ?? ''
      if (cursor === '') break
    }
    expect(new Set(seqs).size).toBe(seqs.length)
    expect(seqs.length).toBe((await stored(`session=${session}`)).length)
  })

  test('what is committed is streamed to those who watch', async () => {
    const controller = new AbortController()
    const response = await fetch(`${hub.url}/api/v1/live`, {
      headers: { authorization: `Bearer ${operator}` },
      signal: controller.signal,
    })
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
    await reader.read()
    await deliver([event(90, 'command.run', { line: 'live one' })])
    let text = ''
    while (!text.includes('live one')) text += (await reader.read()).value ?? ''
    expect(text).toContain('event: events')
    controller.abort()
  })

  test('a spreadsheet runs nothing of what attackers wrote', () => {
    const text = csv([{ a: '=1+1', b: '+x', c: '-x', d: '@x', e: 'q"uote,', f: 'a\u001b[2J\u202eb', g: -1, h: '\tx' }])
    expect(text.split('\r\n')[1]).toBe(`'=1+1,'+x,'-x,'@x,"q""uote,",a\\u001b[2J\\u202eb,-1,'\tx`)
  })

  test('the API describes itself', async () => {
    const document = (await (await fetch(`${hub.url}/openapi.json`)).json()) as { openapi: string; paths: object }
    expect(document.openapi).toBe('3.1.0')
    expect(Object.keys(document.paths)).toEqual(
      expect.arrayContaining(['/api/v1/events', '/api/v1/sources', '/api/v1/search']),
    )
  })
})
