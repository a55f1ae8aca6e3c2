import { createHash, createPrivateKey, sign } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { joinProof, packBlobs, schemaVersion, uuidv7, type StoredEvent } from '@skep/vocabulary'
import { startHub, type Hub } from '../hub.ts'
import { findings, patience, stepRollouts, watchFleet } from '../fleet/watch.ts'
import { Relational } from '../relational/database.ts'
import { hashOf } from '../relational/tokens.ts'
import { askGateway, keyPair, member, testStore, type Member } from '../testing.ts'
import { Authority } from './authority.ts'
import { limits } from './receive.ts'
import { logger } from '@skep/vocabulary'

const data = mkdtempSync(join(tmpdir(), 'skep-gateway-'))
const quiet = logger('test', () => {})
let hub: Hub
let straw: Member
let operator: string
beforeAll(async () => {
  hub = await startHub({ ...(await testStore()), data, version: '9.9.9' })
  await hub.ready
  straw = await member(hub, 'straw-1')
  operator = await hub.relational.tokens.create('operator', 'test')
}, 60_000)
afterAll(async () => {
  await hub.stop()
  rmSync(data, { recursive: true, force: true })
})

const event = (boot: string, seq: number, more: object = {}) => ({
  id: uuidv7(),
  sensor: 'straw-1',
  boot,
  seq,
  time: '2026-11-20T10:00:00.000001Z',
  session: '01a20901-14d8-7609-8066-3618333b26fd',
  service: 'ssh',
  transport: 'tcp',
  source: { ip: '1.1.1.1', port: 4711 },
  target: { port: 22 },
  kind: 'session.open',
  data: {},
  ...more,
})
const beat = (boot: string, more: object = {}) =>
  JSON.stringify({
    boot,
    wall: Date.now(),
    mono: 1000,
    rtt: 20,
    version: '9.9.9',
    schema: schemaVersion,
    persona: 'debian-11-server',
    uptime_s: 1,
    made: 0,
    spool_events: 0,
    spool_bytes: 0,
    lag_s: 0,
    outbox_files: 0,
    outbox_bytes: 0,
    memory: 1,
    cpu_percent: 0,
    disk_free: 1e9,
    sessions: 0,
    faults: 0,
    overflow: 0,
    listeners: [],
    applied: { version: 0, state: 'none' },
    ...more,
  })
const api = async (method: string, path: string, body?: unknown, token = operator) => {
  const response = await fetch(`${hub.url}/api/v1/${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  return { status: response.status, body: (await response.json().catch(() => ({}))) as Record<string, never> }
}
const stored = async (query: string): Promise<StoredEvent[]> => {
  const response = await fetch(`${hub.url}/api/v1/events?${query}`, {
    headers: { authorization: `Bearer ${operator}` },
  })
  return (await response.text())
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as StoredEvent)
}
const ledgerOf = async (sensor: string, boot: string) => (await hub.relational.ledger.entries(sensor, boot))[0]

describe('joining', () => {
  const ask = async (secret: string, sensor: string, more: object = {}) => {
    const { key, publicKey } = keyPair()
    const proof = sign(null, joinProof(secret, sensor, publicKey), createPrivateKey(key)).toString('base64')
    const body = { secret, sensor, public_key: publicKey, proof, version: '9.9.9', schema: schemaVersion, ...more }
    const answer = await askGateway(hub, {}, 'POST', '/gateway/v1/join', JSON.stringify(body))
    return { ...answer, key }
  }
  const secretOf = async (organisation = 'home', hours = 1) => {
    const { body } = await api('POST', 'invites', { organisation, hours, label: 'Lab' })
    return String(body['token']).split('.')[0] ?? ''
  }

  test('a token lets one sensor in, once, for one organisation; its certificate then opens the gateway', async () => {
    const secret = await secretOf('lagoon')
    const { status, body, key } = await ask(secret, 'reed-1')
    expect({ status, ...body }).toMatchObject({ status: 200, sensor: 'reed-1', organisation: 'lagoon' })
    const who = { key, certificate: String(body['certificate']) }
    expect((await askGateway(hub, who, 'POST', '/gateway/v1/heartbeat', beat(uuidv7()))).body).toMatchObject({
      state: 'active',
      desired: 0,
    })
    expect(await hub.relational.fleet.sensor('reed-1')).toMatchObject({ organisation: 'lagoon', title: 'Lab' })
    // A replayed token, by the same or another.
    expect((await ask(secret, 'reed-2')).status).toBe(403)
    expect((await ask(secret, 'reed-1')).body['error']).toContain('has been used already')
  })

  test('what does not fit is refused with the reason', async () => {
    expect((await ask('x'.repeat(32), 'reed-3')).body['error']).toContain('is not known here')
    const late = await hub.relational.fleet.invite(
      { organisation: 'home', fleet_group: 'all', ring: 1, label: '' },
      't',
      -1,
    )
    expect((await ask(late, 'reed-3')).body['error']).toContain('is too old')
    const secret = await secretOf()
    expect((await ask(secret, 'reed-3', { proof: 'AAAA' })).status).toBe(400)
    expect((await ask(secret, '../etc')).status).toBe(400)
    expect((await ask(secret, 'reed-3', { schema: schemaVersion + 1 })).status).toBe(409)
    // The name of another organisation's sensor cannot be taken over.
    expect((await ask(secret, 'reed-1')).status).toBe(403)
    // That did not use up the token.
    expect((await ask(secret, 'reed-3')).status).toBe(200)
  })

  test('two who use one token at once: one gets in', async () => {
    const secret = await secretOf()
    const answers = await Promise.all(['a', 'b', 'c', 'd'].map((name) => ask(secret, `race-${name}`)))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 403, 403, 403])
  })

  test('a token can be pasted into a command line: it never looks like an option', async () => {
    for (let i = 0; i < 200; i++) expect(await secretOf()).toMatch(/^s[\w-]{32}$/)
  })

  test('who guesses tokens is stopped, and lets in nobody meanwhile but after a minute', async () => {
    const secret = await secretOf()
    for (let i = 0; i < 25; i++) await ask('y'.repeat(32), 'guess-1')
    expect((await ask(secret, 'guess-1')).status).toBe(429)
  })

  test('secrets are not kept: neither tokens nor keys nor the authority’s key can be read from the files', async () => {
    const secret = await secretOf()
    const files = ['relational.sqlite', 'relational.sqlite-wal'].map((name) =>
      readFileSync(join(data, 'hub', name), 'latin1'),
    )
    for (const text of files) {
      expect(text).not.toContain(secret)
      expect(text).not.toContain(operator)
      expect(text).not.toContain('PRIVATE KEY')
    }
    await expect(
      (async () => {
        process.env['SKEP_SECRET'] = 'another'
        try {
          await Authority.open(hub.relational, join(data, 'hub'))
        } finally {
          delete process.env['SKEP_SECRET']
        }
      })(),
    ).rejects.toThrow('sealed with another secret')
  })
})

describe('who may deliver', () => {
  const batch = (boot: string) => JSON.stringify(event(boot, 0))
  const post = (who: { key?: string; certificate?: string }, boot = uuidv7()) =>
    askGateway(hub, who, 'POST', '/gateway/v1/batches', batch(boot), { 'x-skep-boot': boot })

  test('nobody without a certificate, with a foreign, an expired, a revoked one, or that of another key', async () => {
    expect(await post({})).toMatchObject({ status: 401, body: { code: 'no certificate' } })
    const other = mkdtempSync(join(tmpdir(), 'skep-other-'))
    const theirs = await startHub({ data: other })
    const foreign = await member(theirs, 'straw-1')
    await theirs.stop()
    expect(await post(foreign)).toMatchObject({ status: 401, body: { code: 'foreign certificate' } })

    const { key, publicKey } = keyPair()
    const old = await hub.authority.certify('straw-1', publicKey, -86_400_000)
    await hub.relational.fleet.addCertificate(old.serial, 'straw-1', hashOf(publicKey), old.expires)
    expect(await post({ key, certificate: old.pem })).toMatchObject({ status: 401, body: { code: 'expired' } })

    const unknown = await hub.authority.certify('straw-1', publicKey)
    expect(await post({ key, certificate: unknown.pem })).toMatchObject({
      status: 401,
      body: { code: 'unknown certificate' },
    })
    await expect(post({ key: keyPair().key, certificate: straw.certificate })).rejects.toThrow()

    const rye = await member(hub, 'rye-1')
    await hub.relational.fleet.change('rye-1', { state: 'revoked' }, 'test')
    expect(await post(rye)).toMatchObject({ status: 403, body: { code: 'revoked' } })
    expect((await hub.relational.ledger.refusals()).find(({ sensor }) => sensor === 'rye-1')).toMatchObject({
      code: 'revoked',
    })
    rmSync(other, { recursive: true, force: true })
  }, 60_000)

  test('a sensor that lies about its id: nothing of that is stored, all of it is kept aside', async () => {
    const oat = await member(hub, 'oat-1')
    const boot = uuidv7()
    const answer = await oat.deliver(boot, [event(boot, 0), event(boot, 1, { sensor: 'oat-1' })])
    expect(answer.body).toMatchObject({
      committed: 1,
      rejected: [{ seq: 0, reason: 'the event names another sensor or run' }],
    })
    expect(await stored('sensor=straw-1&kind=session.open&since=2026-11-20&until=2026-11-21')).toEqual([])
    expect(await ledgerOf('oat-1', boot)).toMatchObject({ made: 2, committed: 1, dropped: { rejected: 1 }, missing: 0 })
  })

  test('a sensor sees nothing of others: no artifacts, no events, no API', async () => {
    const bytes = Buffer.from('a program')
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    expect((await straw.ask('PUT', `/gateway/v1/blobs/${sha256}`, bytes)).status).toBe(201)
    const oat = await member(hub, 'oat-2')
    expect(await oat.ask('GET', `/gateway/v1/blobs/${sha256}`)).toMatchObject({ status: 200, body: { text: '' } })
    expect((await oat.ask('GET', `/gateway/v1/releases/${sha256}`)).status).toBe(404)
    const boot = uuidv7()
    const one = event(boot, 0)
    await straw.deliver(boot, [one])
    expect((await straw.ask('GET', `/gateway/v1/check/${one.id}`)).status).toBe(200)
    expect((await oat.ask('GET', `/gateway/v1/check/${one.id}`)).status).toBe(404)
    expect((await oat.ask('GET', '/api/v1/sensors')).status).toBe(404)
  })

  test('a quarantined sensor is heard, but counts for nothing until it is let out', async () => {
    const wheat = await member(hub, 'wheat-1')
    await hub.relational.fleet.change('wheat-1', { state: 'quarantined' }, 'test')
    const boot = uuidv7()
    const told = event(boot, 0, { sensor: 'wheat-1', source: { ip: '9.9.9.9', port: 1 } })
    expect((await wheat.deliver(boot, [told])).status).toBe(200)
    expect((await wheat.ask('POST', '/gateway/v1/heartbeat', beat(boot))).body).toMatchObject({ state: 'quarantined' })
    const window = 'since=2026-11-20&until=2026-11-21'
    expect(await stored(`source=9.9.9.9&${window}`)).toEqual([])
    expect((await api('GET', `sources?source=9.9.9.9&${window}`)).body['rows']).toEqual([])
    expect((await api('GET', `sessions?source=9.9.9.9&${window}`)).body['rows']).toEqual([])
    await hub.relational.fleet.change('wheat-1', { state: 'active' }, 'test')
    expect((await wheat.deliver(boot, [{ ...told, id: uuidv7(), seq: 1 }])).status).toBe(200)
    expect(await stored(`source=9.9.9.9&${window}`)).toHaveLength(1)
  })
})

describe('a hostile sensor', () => {
  const post = (body: Uint8Array | string, headers: Record<string, string> = {}) =>
    straw.ask('POST', '/gateway/v1/batches', body, { 'x-skep-boot': uuidv7(), ...headers })

  test('oversized, zip bombs, mislabelled, too many lines: a clear code, counted, and the others go on', async () => {
    const bomb = gzipSync(Buffer.alloc(limits.unpacked + 1, 10))
    const lines = `${'{}\n'.repeat(limits.events + 1)}`
    for (const [body, headers, status, code] of [
      [bomb, { 'content-encoding': 'gzip' }, 413, 'unpacks too large'],
      [
        brotliCompressSync(Buffer.alloc(limits.unpacked + 1, 10)),
        { 'content-encoding': 'br' },
        413,
        'unpacks too large',
      ],
      [Buffer.alloc(limits.body + 1), {}, 413, 'too large'],
      ['plain text', { 'content-encoding': 'gzip' }, 400, 'cannot unpack'],
      ['x', { 'content-encoding': 'zstd, gzip' }, 415, 'encoding'],
      [gzipSync(lines), { 'content-encoding': 'gzip' }, 413, 'too many lines'],
      ['{}', { 'x-skep-boot': '../../etc/passwd' }, 400, 'malformed'],
    ] as const) {
      const answer = await post(body, headers as Record<string, string>)
      expect([answer.status, answer.body['code']]).toEqual([status, code])
      const counted = (await hub.relational.ledger.refusals()).find(
        (one) => one.sensor === 'straw-1' && one.code === code,
      )
      expect(counted?.count, code).toBeGreaterThan(0)
      const oat = await member(hub, 'oat-3')
      const boot = uuidv7()
      expect((await oat.deliver(boot, [event(boot, 0, { sensor: 'oat-3' })])).body['committed']).toBe(1)
    }
  }, 60_000)

  test('deeply nested, overlong and senseless lines become dead letters, bounded', async () => {
    const boot = uuidv7()
    const deep = `{"seq":0,"data":${'['.repeat(200_000)}${']'.repeat(200_000)}}`
    const answer = await straw.deliver(boot, [
      deep,
      `{"seq":1,"data":"${'x'.repeat(limits.line)}"}`,
      'null',
      '"text"',
      '[]',
      '{"__proto__":{"polluted":1},"seq":2}',
      JSON.stringify(event(boot, Number.MAX_SAFE_INTEGER)),
      JSON.stringify(event(boot, -1)),
      JSON.stringify(event(boot, 1.5)),
      event(boot, 3),
    ])
    expect(answer.status).toBe(200)
    expect(answer.body['committed']).toBe(2)
    expect(({} as { polluted?: number }).polluted).toBeUndefined()
    const letters = await hub.relational.ledger.letters(1000)
    expect(letters.every(({ body }) => body.length <= 65_536)).toBe(true)
    // A number beyond all reason makes a hole that is shown, and nothing else.
    expect((await ledgerOf('straw-1', boot))?.missing).toBeGreaterThan(2 ** 52)
  })

  test('a run full of holes is not let to slow the hub', async () => {
    const boot = uuidv7()
    const sparse = (from: number) =>
      straw.deliver(
        boot,
        Array.from({ length: 1100 }, (_, i) => event(boot, from + i * 2)),
      )
    expect((await sparse(0)).status).toBe(200)
    expect(await sparse(1_000_000)).toMatchObject({ status: 422, body: { code: 'too many holes' } })
  })

  test('artifacts: only under their own hash, in parts that can be gone on with, each sensor’s apart', async () => {
    const bytes = Buffer.alloc(300_000, 'skep')
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    const path = `/gateway/v1/blobs/${sha256}`
    const part = (from: number, to: number, who = straw) =>
      who.ask('PUT', path, bytes.subarray(from, to), { 'content-range': `bytes ${from}-${to - 1}/${bytes.length}` })
    const oat = await member(hub, 'oat-4')
    expect(await straw.ask('HEAD', path)).toMatchObject({ status: 404, headers: { 'upload-offset': '0' } })
    expect(await part(0, 100_000)).toMatchObject({ status: 202, headers: { 'upload-offset': '100000' } })
    expect(await straw.ask('HEAD', path)).toMatchObject({ status: 404, headers: { 'upload-offset': '100000' } })
    expect(await oat.ask('HEAD', path)).toMatchObject({ status: 404, headers: { 'upload-offset': '0' } })
    expect(await part(200_000, 300_000)).toMatchObject({ status: 409, headers: { 'upload-offset': '100000' } })
    expect((await part(100_000, 300_000)).status).toBe(201)
    expect((await straw.ask('HEAD', path)).status).toBe(200)
    expect((await part(0, 300_000, oat)).status).toBe(201)

    const few = [Buffer.from('one'), Buffer.alloc(0), Buffer.alloc(70_000, 3)].map((part_) => ({
      sha256: createHash('sha256').update(part_).digest('hex'),
      bytes: part_,
    }))
    expect((await straw.ask('POST', '/gateway/v1/blobs', packBlobs(few))).body).toEqual({ kept: 3 })
    for (const one of few) expect((await straw.ask('HEAD', `/gateway/v1/blobs/${one.sha256}`)).status).toBe(200)
    const liar = packBlobs([{ sha256: '1'.repeat(64), bytes: Buffer.from('x') }])
    for (const pack of [
      liar,
      liar.subarray(0, 20),
      Buffer.concat([Buffer.alloc(4, 255), liar]),
      Buffer.from('rubbish'),
    ])
      expect((await straw.ask('POST', '/gateway/v1/blobs', pack)).status).toBe(422)

    const wrong = `/gateway/v1/blobs/${'0'.repeat(64)}`
    expect(await straw.ask('PUT', wrong, bytes)).toMatchObject({ status: 422, body: { code: 'wrong hash' } })
    for (const range of ['bytes 0-1/99999999999', 'bytes 5-2/10', 'junk', 'bytes 0-299999/10'])
      expect((await straw.ask('PUT', wrong, bytes, { 'content-range': range })).status).toBeGreaterThanOrEqual(400)
    expect((await straw.ask('PUT', wrong, 'x', { 'content-range': `bytes 0-0/${limits.blob + 1}` })).status).toBe(413)
    expect((await straw.ask('PUT', '/gateway/v1/blobs/..%2f..%2fx', bytes)).status).toBe(400)
  })

  test('a stranger’s body is bounded before anything of it is read; what a sensor says in words acts on nothing', async () => {
    const huge = await askGateway(hub, {}, 'POST', '/gateway/v1/join', Buffer.alloc(1024 * 1024, 32)).catch(() => ({
      status: 413,
    }))
    expect(huge.status).toBe(413)
    const chunked = { 'transfer-encoding': 'chunked' }
    const unknown = await askGateway(hub, {}, 'POST', '/gateway/v1/batches', Buffer.alloc(1024 * 1024), chunked).catch(
      () => ({ status: 401 }),
    )
    expect(unknown.status).toBe(401)
    const oat = await member(hub, 'oat-6')
    const evil = '\u001b[2J\u202e<img>'
    const down = { service: 'ssh', transport: 'tcp', port: 22, up: false, error: evil }
    await oat.ask('POST', '/gateway/v1/heartbeat', beat(uuidv7(), { persona: evil, listeners: [down] }))
    const said: string[] = []
    await watchFleet(
      hub.relational,
      logger('fleet', ({ message }) => said.push(message)),
    )
    const shown = JSON.stringify((await api('GET', 'sensors/oat-6')).body)
    for (const text of [shown, ...said]) expect(text).not.toMatch(/\\u001b|\u001b|\u202e/)
    expect(shown).toContain('·[2J·<img>')
  })

  test('a heartbeat that makes no sense is refused', async () => {
    const boot = uuidv7()
    for (const body of [
      '',
      'null',
      '{}',
      '[1]',
      beat(boot, { extra: 1 }),
      beat('x'),
      beat(boot, { listeners: 'many' }),
      'x'.repeat(400_000),
    ])
      expect((await straw.ask('POST', '/gateway/v1/heartbeat', body)).status).toBe(400)
    expect((await straw.ask('POST', '/gateway/v1/renew', '{"public_key":"AAAA"}')).status).toBe(400)
  })
})

describe('time', () => {
  test('the clock of a sensor may be wrong, or be set: events are placed by its monotonic clock, and the raw time is kept', async () => {
    const boot = uuidv7()
    const now = Date.now()
    await straw.ask(
      'POST',
      '/gateway/v1/heartbeat',
      beat(boot, { wall: now - 7_200_000, mono: 60_000, rtt: 40, epoch: now - 60_000 }),
    )
    expect((await hub.relational.fleet.sensor('straw-1'))?.skew_ms).toBeLessThan(-7_190_000)
    const at = (ms: number) => `${new Date(ms).toISOString().slice(0, 23)}000Z`
    await straw.deliver(boot, [
      // Two hours slow; then its clock is set, even backwards: the order and the distance stay true.
      event(boot, 0, { time: at(now - 7_200_000 - 30_000), mono: 30_000, source: { ip: '8.8.4.4', port: 1 } }),
      event(boot, 1, { time: at(now - 9_000_000), mono: 45_000, source: { ip: '8.8.4.4', port: 1 } }),
      event(boot, 2, { time: at(now - 10), mono: 60_000, source: { ip: '8.8.4.4', port: 1 } }),
    ])
    const all = await stored('source=8.8.4.4')
    const ages = all.map(({ time }) => now - Date.parse(time))
    expect(ages[0]).toBeGreaterThan(29_000)
    expect(ages[0]).toBeLessThan(33_000)
    expect(Math.abs(Date.parse(all[1]!.time) - Date.parse(all[0]!.time) - 15_000)).toBeLessThan(5)
    expect(Date.parse(all[0]!.time) - all[0]!.skew_ms).toBe(now - 7_200_000 - 30_000)
    // A clock that is right is left alone.
    expect(all[2]).toMatchObject({ skew_ms: 0, time: at(now - 10) })
  })
})

describe('the promise to older sensors', () => {
  test('all that the sensor of version 1 of the vocabulary sent is taken', async () => {
    const lines = readFileSync(new URL('../../test/sensors/schema-1.ndjson', import.meta.url), 'utf8')
      .trim()
      .split('\n')
    const { sensor, boot } = JSON.parse(lines[0] ?? '') as { sensor: string; boot: string }
    const old = await member(hub, sensor)
    const answer = await old.deliver(boot, lines, { 'x-skep-schema': '1' })
    expect(answer.body).toEqual({ committed: lines.length, rejected: [] })
    expect(lines.length).toBeGreaterThan(30)
    expect(await ledgerOf(sensor, boot)).toMatchObject({ made: lines.length, missing: 0 })
  })

  test('what only a newer hub would know is kept, told, and stored after the upgrade', async () => {
    const boot = uuidv7()
    const answer = await straw.deliver(boot, [event(boot, 0, { kind: 'brand.new' }), event(boot, 1)], {
      'x-skep-schema': String(schemaVersion + 1),
    })
    expect((answer.body['rejected'] as { reason: string }[])[0]?.reason).toContain(
      `speaks version ${schemaVersion + 1}`,
    )
    expect(await ledgerOf('straw-1', boot)).toMatchObject({ committed: 1, dropped: { rejected: 1 }, missing: 0 })
    expect((await api('POST', 'dead-letters/replay')).body['stored']).toBe(0)
    // "After the upgrade": the kind is known now.
    const letter = (await hub.relational.ledger.letters(1000)).find((one) => one.boot === boot)
    await hub.relational.ledger.removeLetter(letter?.id ?? 0)
    await hub.relational.ledger.bury(
      { sensor: 'straw-1', boot, seq: 0, reason: letter?.reason ?? '' },
      (letter?.body ?? '').replace('brand.new', 'session.open'),
    )
    expect((await api('POST', 'dead-letters/replay')).body['stored']).toBe(1)
    expect(await ledgerOf('straw-1', boot)).toMatchObject({ committed: 2, dropped: {}, missing: 0 })
  })
})

describe('the ledger', () => {
  test('made = committed + declared lost + missing; an earlier run is settled when the sensor has nothing more of it', async () => {
    const rush = await member(hub, 'rush-1')
    const [first, second] = [uuidv7(), uuidv7()]
    const own = (boot: string, seq: number, kind = 'session.open', payload: object = {}) =>
      event(boot, seq, { sensor: 'rush-1', kind, data: payload })
    await rush.ask('POST', '/gateway/v1/heartbeat', beat(first, { made: 20 }))
    await rush.deliver(
      first,
      [0, 1, 2, 5, 6].map((seq) => own(first, seq)),
    )
    expect(await ledgerOf('rush-1', first)).toMatchObject({
      made: 20,
      committed: 5,
      missing: 2,
      waiting: 13,
      dropped: {},
    })
    await rush.deliver(second, [own(second, 0, 'spool.dropped', { from: 3, to: 3, reason: 'corrupt', of: first })])
    expect(await ledgerOf('rush-1', first)).toMatchObject({ missing: 1, waiting: 13, dropped: { corrupt: 1 } })
    await rush.deliver(second, [own(second, 1, 'spool.closed', { of: first, clean: false })])
    const settled = await ledgerOf('rush-1', first)
    expect(settled).toMatchObject({ made: 20, committed: 5, missing: 0, dropped: { corrupt: 1, crash: 14 } })
    expect(settled?.closed).not.toBeNull()
    // What comes after all is committed, not lost.
    await rush.deliver(first, [own(first, 4)])
    expect(await ledgerOf('rush-1', first)).toMatchObject({
      committed: 6,
      dropped: { corrupt: 1, crash: 13 },
      missing: 0,
    })
    const { body } = await api('GET', 'ledger?sensor=rush-1')
    expect(body).toMatchObject({ made: 22, committed: 8, dropped: 14, waiting: 0, missing: 0 })
  })

  test('the metrics tell the same, in a form that Prometheus reads', async () => {
    expect((await fetch(`${hub.url}/metrics`)).status).toBe(401)
    const viewer = await hub.relational.tokens.create('viewer', 'prometheus')
    const response = await fetch(`${hub.url}/metrics`, { headers: { authorization: `Bearer ${viewer}` } })
    const text = await response.text()
    expect(text).toContain('skep_ledger_made_events{sensor="rush-1"} 22')
    expect(text).toContain('skep_ledger_dropped_events{sensor="rush-1",reason="crash"} 13')
    expect(text).toMatch(/skep_hub_refusals_total\{sensor="straw-1",code="unpacks too large"\} 2/)
    for (const line of text.trim().split('\n'))
      expect(line).toMatch(/^(# (HELP|TYPE) \w+ .+|\w+(\{\w+="[^"]*"(,\w+="[^"]*")*\})? -?[\d.e+]+)$/)
  })
})

describe('the fleet', () => {
  test('what is wanted of a group and of a sensor is put together, signed, and told with the next heartbeat', async () => {
    const sedge = await member(hub, 'sedge-1')
    await hub.relational.fleet.change('sedge-1', { fleet_group: 'islands' }, 'test')
    const bad = await api('PUT', 'desired/sensor:sedge-1', { document: { hubs: ['https://evil'] } })
    expect(bad).toMatchObject({ status: 400 })
    expect((await api('PUT', 'desired/sensor:sedge-1', { document: { limits: { sessions: -1 } } })).status).toBe(400)
    await api('PUT', 'desired/group:islands', { document: { limits: { sessions: 50, perSource: 5 }, spoolDays: 9 } })
    const { body } = await api('PUT', 'desired/sensor:sedge-1', {
      document: { limits: { sessions: 99 } },
      note: 'busy',
    })
    const told = await sedge.ask('POST', '/gateway/v1/heartbeat', beat(uuidv7()))
    expect(told.body['desired']).toBe(body['version'])
    const answer = await sedge.ask('GET', '/gateway/v1/desired')
    expect(JSON.parse(String(answer.body['text']))).toMatchObject({
      sensor: 'sedge-1',
      version: body['version'],
      document: { limits: { sessions: 99, perSource: 5 }, spoolDays: 9 },
    })
    const viewer = await hub.relational.tokens.create('viewer', 'test')
    expect((await api('PUT', 'desired/group:islands', { document: {} }, viewer)).status).toBe(403)
    expect((await api('PATCH', 'sensors/sedge-1', { state: 'revoked' }, viewer)).status).toBe(403)
    expect((await api('POST', 'invites', {}, viewer)).status).toBe(403)
    expect((await api('GET', 'sensors/sedge-1', undefined, viewer)).body['sensor']).toMatchObject({ remote: null })
  })

  test('rename, move, revoke, remove: each is done and written down', async () => {
    const oat = await member(hub, 'oat-5')
    await api('PATCH', 'sensors/oat-5', { title: 'Suva', organisation: 'reef', group: 'islands', ring: 2, place: 'FJ' })
    const { body } = await api('GET', 'sensors/oat-5')
    expect(body['sensor']).toMatchObject({
      title: 'Suva',
      organisation: 'reef',
      group: 'islands',
      ring: 2,
      place: 'FJ',
    })
    expect((body['history'] as unknown as { kind: string }[]).map(({ kind }) => kind)).toContain('organisation')
    await api('DELETE', 'sensors/oat-5')
    expect((await api('GET', 'sensors/oat-5')).status).toBe(404)
    expect((await oat.ask('POST', '/gateway/v1/heartbeat', beat(uuidv7()))).status).toBe(401)
  })

  test('silence, life without events, wrong clocks, closed ports and refused settings are alerts; they end by themselves', async () => {
    const now = Date.now()
    const row = {
      name: 'x',
      title: '',
      organisation: 'home',
      fleet_group: 'all',
      ring: 1,
      place: '',
      state: 'active' as const,
      created: now - 10 * 86_400_000,
      last_seen: now,
      last_beat: now,
      last_event: now,
      heartbeat: beat(uuidv7()),
      skew_ms: 0,
      rtt_ms: 1,
      remote: null,
      stopped: null,
    }
    expect(findings(row, 0, now)).toEqual({})
    expect(
      Object.keys(findings({ ...row, last_seen: now - patience.beat - 1, last_beat: now - patience.beat - 1 }, 0, now)),
    ).toEqual(['silent'])
    expect(findings({ ...row, last_seen: now - 1e7, last_beat: now - 1e7, stopped: now - 1e7 }, 0, now)).toEqual({})
    expect(Object.keys(findings({ ...row, last_event: now - patience.events - 1 }, 0, now))).toEqual(['no events'])
    expect(Object.keys(findings({ ...row, skew_ms: 90_000 }, 3, now)).sort()).toEqual(['clock', 'missing events'])
    const down = { service: 'ssh', transport: 'tcp', port: 22, up: false, error: 'in use' }
    expect(findings({ ...row, heartbeat: beat(uuidv7(), { listeners: [down] }) }, 0, now)['listener down']).toContain(
      'in use',
    )
    const refused = { version: 4, state: 'rolled back', reason: 'no such port' }
    expect(findings({ ...row, heartbeat: beat(uuidv7(), { applied: refused }) }, 0, now)['rolled back']).toContain(
      'no such port',
    )

    // The hub's own look at the fleet would come between: another hub, as it were, has that job now.
    const other = await Relational.open(join(data, 'hub', 'relational.sqlite'), 'another hub')
    await hub.relational.leases.release('fleet')
    expect(await other.leases.take('fleet', 60_000)).toBe(true)
    const said: string[] = []
    const log = logger('fleet', ({ message }) => said.push(message))
    const reed = await member(hub, 'reed-9')
    await reed.ask('POST', '/gateway/v1/heartbeat', beat(uuidv7()))
    await watchFleet(hub.relational, log, Date.now() + patience.beat + 1000)
    await watchFleet(hub.relational, log, Date.now() + patience.beat + 2000)
    expect(said.filter((line) => line.startsWith('reed-9: silent'))).toHaveLength(1)
    expect((await api('GET', 'fleet/alerts')).body['alerts']).toContainEqual(
      expect.objectContaining({ sensor: 'reed-9', kind: 'silent' }),
    )
    await watchFleet(hub.relational, log)
    expect((await hub.relational.fleet.alerts()).some(({ sensor }) => sensor === 'reed-9')).toBe(false)
    expect(said).toContain('reed-9: silent is over')
    await other.leases.release('fleet')
    await other.close()
  })

  test('a release goes ring by ring, waits for each, and halts where it fails', async () => {
    for (const { name } of await hub.relational.fleet.sensors()) await hub.relational.fleet.remove(name, 'test')
    const [first, second] = [await member(hub, 'ring-0'), await member(hub, 'ring-1')]
    await hub.relational.fleet.change('ring-1', { ring: 1 }, 'test')
    const bytes = gzipSync(Buffer.alloc(50_000, Math.random().toString()), { level: 0 })
    const put = await fetch(`${hub.url}/api/v1/releases/10.0.0`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${operator}` },
      body: new Uint8Array(bytes),
    })
    expect(put.status).toBe(200)
    expect((await api('POST', 'rollouts', { version: '11.0.0' })).status).toBe(404)
    await api('POST', 'rollouts', { version: '10.0.0', gate_minutes: 0 })
    const pulse = async (who: Member, more: object = {}) =>
      (await who.ask('POST', '/gateway/v1/heartbeat', beat(uuidv7(), more))).body['release']
    expect(await pulse(second)).toBeUndefined()
    const told = (await pulse(first)) as { version: string; sha256: string; size: number }
    expect(told).toMatchObject({ version: '10.0.0', size: bytes.length })
    const got = await first.ask('GET', `/gateway/v1/releases/${told.sha256}`, undefined, { range: 'bytes=0-99' })
    expect(got.status).toBe(206)
    await stepRollouts(hub.relational, quiet)
    expect((await hub.relational.fleet.rollouts())[0]).toMatchObject({ ring: 0, state: 'running' })
    await pulse(first, { version: '10.0.0' })
    await stepRollouts(hub.relational, quiet)
    expect((await hub.relational.fleet.rollouts())[0]).toMatchObject({ ring: 1, state: 'running' })
    expect(await pulse(second)).toMatchObject({ version: '10.0.0' })
    await pulse(second, { release: { state: 'rolled back', version: '10.0.0', reason: 'it does not start' } })
    await stepRollouts(hub.relational, quiet)
    expect((await hub.relational.fleet.rollouts())[0]).toMatchObject({ state: 'halted' })
    expect((await hub.relational.fleet.rollouts())[0]?.detail).toContain('it does not start')
    expect(await pulse(second)).toBeUndefined()
  })
})
