// A hub and sensors as they stand in the field, in one process: joining, settings from afar, upgrades, poor hubs.
import { createHash } from 'node:crypto'
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer as createHttps } from 'node:https'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startHub, type Hub } from '@skep/hub'
import {
  chooseRelease,
  hubAddress,
  joinHub,
  JoinFailed,
  Link,
  loadMembership,
  ownKey,
  parseConfig,
  publicHalf,
  retryAfter,
  saveMembership,
  startSensor,
  type Sensor,
} from '@skep/sensor'
import { logger } from '@skep/vocabulary'
import { freePort } from './process.ts'

const root = mkdtempSync(join(tmpdir(), 'skep-fleet-'))
let hub: Hub
let operator: string
beforeAll(async () => {
  hub = await startHub({ data: join(root, 'hub'), version: '1.0.0' })
  await hub.ready
  operator = await hub.relational.tokens.create('operator', 'test')
}, 60_000)
afterAll(async () => {
  await hub.stop()
  rmSync(root, { recursive: true, force: true })
})

const api = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
  const bytes = body instanceof Uint8Array
  const response = await fetch(`${hub.url}/api/v1/${path}`, {
    method,
    headers: { authorization: `Bearer ${operator}`, ...(!bytes && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { body: bytes ? new Uint8Array(body) : JSON.stringify(body) }),
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`${response.status} ${text}`)
  return JSON.parse(text) as T
}
const until = async <T>(what: string, read: () => Promise<T | undefined | false>): Promise<T> => {
  for (let i = 0; i < 400; i++) {
    const found = await read()
    if (found !== undefined && found !== false) return found
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`${what} did not happen within 20 s`)
}
const token = async (): Promise<string> =>
  (await api<{ token: string }>('POST', 'invites', { organisation: 'lagoon' })).token

/** A sensor that has joined, with everything on free ports of the loopback. */
async function field(
  name: string,
  own: object = {},
  more: object = {},
): Promise<{ sensor: Sensor; data: string; said: string[] }> {
  const data = join(root, name)
  const joined = await joinHub({ data, hubs: [hub.gateway], token: await token(), name, version: '1.0.0' })
  expect(joined).toMatchObject({ sensor: name, organisation: 'lagoon' })
  const raw = { addresses: ['127.0.0.1'], services: { redis: await freePort() }, any: { tcp: [], udp: [] }, ...own }
  const said: string[] = []
  const membership = loadMembership(data)
  if (membership === undefined) throw new Error('not joined')
  const sensor = await startSensor({
    data,
    config: parseConfig(JSON.stringify(raw)),
    own: raw,
    member: { membership, key: ownKey(data) },
    version: '1.0.0',
    beatMs: 200,
    log: logger('sensor', ({ message }) => said.push(message)),
    ...more,
  })
  return { sensor, data, said }
}
const ping = async (socket: Socket): Promise<string> => {
  socket.write('PING\r\n')
  const [bytes] = (await once(socket, 'data')) as [Buffer]
  return bytes.toString()
}
const redis = async (port: number): Promise<Socket> => {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  return socket
}
interface Shown {
  readonly sensor: {
    beat: {
      applied: { version: number; state: string; reason?: string }
      listeners: { service: string; port: number; up: boolean }[]
    } | null
  }
  readonly history: { kind: string }[]
}

test('joining tells exactly what failed', async () => {
  const good = await token()
  const attempt = async (address: string, secret: string): Promise<string> => {
    try {
      await joinHub({ data: join(root, 'nobody'), hubs: [address], token: secret, version: '1.0.0' })
      return 'joined'
    } catch (error) {
      return error instanceof JoinFailed ? error.step : String(error)
    }
  }
  expect(await attempt('no-such-host.invalid', good)).toBe('name')
  expect(await attempt('ht!tp:// nowhere', good)).toBe('name')
  expect(hubAddress('2001:db8::1')).toBe('https://[2001:db8::1]:8401')
  expect(hubAddress('hub.example:443')).toBe('https://hub.example')
  expect(hubAddress('[2001:db8::1]:9000')).toBe('https://[2001:db8::1]:9000')
  expect(await attempt(`127.0.0.1:${await freePort()}`, good)).toBe('connection')
  expect(await attempt(hub.url.replace('http://', ''), good)).toBe('TLS')
  expect(await attempt(hub.gateway, 'rubbish')).toBe('token')
  expect(await attempt(hub.gateway, `${'x'.repeat(32)}.${good.split('.')[1]}`)).toBe('token')
  expect(await attempt(hub.gateway, `${good.split('.')[0]}.${'A'.repeat(43)}`)).toBe('TLS')
  // A gateway of another honeynet, or a machine in the middle, is found out before the token is shown to it.
  let shown = ''
  const other = await startHub({ data: join(root, 'other') })
  const identity = await other.authority.hubIdentity()
  const middle = createHttps({ key: identity.key, cert: identity.cert }, (request, response) => {
    request.on('data', (chunk: Buffer) => (shown += chunk.toString()))
    response.end(other.authority.certificate)
  })
  await new Promise<void>((resolve) => middle.listen(0, '127.0.0.1', resolve))
  expect(await attempt(`127.0.0.1:${(middle.address() as AddressInfo).port}`, good)).toBe('TLS')
  expect(shown).toBe('')
  middle.close()
  await other.stop()
  expect(await attempt(hub.gateway, good)).toBe('joined')
  expect(await attempt(hub.gateway, good)).toBe('token')
}, 60_000)

test('settings from afar are applied without dropping a session, and taken back when they cannot be', async () => {
  const { sensor, data } = await field('far-1', {}, {})
  const first = sensor.listeners[0]?.port ?? 0
  const talking = await redis(first)
  expect(await ping(talking)).toContain('PONG')
  const [second, taken] = [await freePort(), createServer().listen(0, '127.0.0.1')]
  await once(taken, 'listening')
  const shown = () => api<Shown>('GET', 'sensors/far-1')
  const applied = (version: number) =>
    until(`version ${version}`, async () => {
      const { beat } = (await shown()).sensor
      return beat !== null && beat.applied.version === version && beat
    })

  const one = await api<{ version: number }>('PUT', 'desired/sensor:far-1', {
    document: { services: { redis: [second] }, limits: { perSource: 7 } },
    note: 'another port',
  })
  const beat = await applied(one.version)
  expect(beat.applied.state).toBe('applied')
  expect(await ping(await redis(second))).toContain('PONG')
  expect(await ping(talking)).toContain('PONG') // the old conversation goes on
  await expect(redis(first)).rejects.toThrow('ECONNREFUSED') // but no new one begins
  expect(sensor.config().limits.perSource).toBe(7)
  await until('the listeners', async () => (await shown()).sensor.beat?.listeners.every(({ port }) => port === second))

  // A port that cannot be had: all stays as it was.
  const busy = (taken.address() as AddressInfo).port
  const two = await api<{ version: number }>('PUT', 'desired/sensor:far-1', {
    document: { services: { redis: [busy, await freePort()] }, limits: { perSource: 99 } },
  })
  const rolled = (await applied(two.version)).applied
  expect(rolled).toMatchObject({ state: 'rolled back' })
  expect(rolled.reason).toContain('another program listens there')
  expect(await ping(await redis(second))).toContain('PONG')
  expect(sensor.config().limits.perSource).toBe(7)
  expect(sensor.listeners).toHaveLength(1)

  // What the sensor does not know is refused, with the reason.
  const three = await api<{ version: number }>('PUT', 'desired/sensor:far-1', {
    document: { services: { gopher: 70 } },
  })
  expect((await applied(three.version)).applied).toMatchObject({ state: 'refused' })
  expect(await ping(talking)).toContain('PONG')
  talking.destroy()
  await sensor.stop()

  // What was applied last holds at the next start, also when the hub is away.
  const membership = loadMembership(data)
  const again = await startSensor({
    data,
    config: parseConfig(JSON.stringify({ addresses: ['127.0.0.1'], services: { redis: first }, any: {} })),
    own: { addresses: ['127.0.0.1'], services: { redis: first }, any: {} },
    member: membership && {
      membership: { ...membership, hubs: [`https://127.0.0.1:${await freePort()}`] },
      key: ownKey(data),
    },
  })
  expect(again.listeners.map(({ port }) => port)).toEqual([second])
  await again.stop()
  taken.close()
}, 60_000)

test('a schedule closes services and slows the upload at its time', async () => {
  const { sensor } = await field('night-1', { services: { redis: await freePort(), http: await freePort() } })
  const now = new Date()
  const clock = (shift: number): string => new Date(now.getTime() + shift * 60_000).toISOString().slice(11, 16)
  await sensor.apply({ schedules: [{ from: clock(-5), to: clock(5), close: ['http'], bytesPerSecond: 5000 }] })
  expect(sensor.listeners.map(({ service }) => service)).toEqual(['redis'])
  await sensor.apply({ schedules: [{ from: clock(5), to: clock(-5), close: ['http'] }] })
  expect(sensor.listeners.map(({ service }) => service).sort()).toEqual(['http', 'redis'])
  await expect(sensor.apply({ addresses: ['0.0.0.0'] })).rejects.toThrow('the host’s own'.replace('’', "'"))
  await sensor.stop()
}, 30_000)

test('a host may keep its settings to itself', async () => {
  const { sensor } = await field('own-1', { obey: false })
  const { version } = await api<{ version: number }>('PUT', 'desired/sensor:own-1', {
    document: { limits: { perSource: 3 } },
  })
  await until('a few heartbeats', async () => {
    const { beat } = (await api<Shown>('GET', 'sensors/own-1')).sensor
    return beat !== null && (beat as unknown as { uptime_s: number }).uptime_s >= 1
  })
  expect((await api<Shown>('GET', 'sensors/own-1')).sensor.beat?.applied.version).toBeLessThan(version)
  expect(sensor.config().limits.perSource).toBe(256)
  await sensor.stop()
}, 30_000)

test('what attackers do on a far sensor stands in the hub with its artifacts; stop and start are told, and the run is closed', async () => {
  const { sensor, data } = await field('far-2')
  const socket = await redis(sensor.listeners[0]?.port ?? 0)
  await ping(socket)
  socket.destroy()
  const events = async (): Promise<{ kind: string; source?: object }[]> =>
    (
      await (
        await fetch(`${hub.url}/api/v1/events?sensor=far-2`, { headers: { authorization: `Bearer ${operator}` } })
      ).text()
    )
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as { kind: string })
  await until('the session', async () => (await events()).some(({ kind }) => kind === 'session.close'))
  await sensor.stop()
  const membership = loadMembership(data)
  const again = await startSensor({
    data,
    config: parseConfig(JSON.stringify({ addresses: ['127.0.0.1'], services: { redis: 0 }, any: {} })),
    member: membership && { membership, key: ownKey(data) },
  })
  await until('the end of the first run', async () => (await events()).some(({ kind }) => kind === 'spool.closed'))
  await again.stop()
  const { rows } = await api<{
    rows: { boot: string; missing: number; waiting: number; closed: number | null; dropped: object }[]
  }>('GET', 'ledger?sensor=far-2')
  const first = rows.find(({ boot }) => boot === sensor.boot)
  expect(first).toMatchObject({ missing: 0, waiting: 0, dropped: {} })
  expect(first?.closed).not.toBeNull()
  expect((await events()).map(({ kind }) => kind)).toEqual(
    expect.arrayContaining(['sensor.started', 'sensor.stopped', 'query']),
  )
}, 60_000)

test('a certificate is renewed before it ends, with a new key', async () => {
  const { sensor, data } = await field('renew-1')
  await sensor.stop()
  const membership = loadMembership(data)
  if (membership === undefined) throw new Error('not joined')
  const key = ownKey(data)
  // One that is past the half of its life.
  const issued = await hub.authority.certify('renew-1', publicHalf(key), 86_400_000)
  await hub.relational.fleet.addCertificate(issued.serial, 'renew-1', 'x', issued.expires)
  saveMembership(data, { ...membership, certificate: issued.pem })
  const again = await startSensor({
    data,
    config: parseConfig(JSON.stringify({ addresses: ['127.0.0.1'], services: { redis: 0 }, any: {} })),
    member: { membership: { ...membership, certificate: issued.pem }, key },
    beatMs: 200,
  })
  await until('the renewal', async () => loadMembership(data)?.certificate !== issued.pem)
  expect(ownKey(data)).not.toBe(key)
  const before = (await hub.relational.fleet.sensor('renew-1'))?.last_beat ?? 0
  await until(
    'heartbeats with the new one',
    async () => ((await hub.relational.fleet.sensor('renew-1'))?.last_beat ?? 0) > before + 300,
  )
  await again.stop()
}, 60_000)

test('an upgrade is fetched, checked, tried, and taken back when it does not reach the hub', async () => {
  const program = join(root, 'program')
  mkdirSync(program)
  writeFileSync(join(program, 'skep-sensor.js'), 'export {}\n')
  const file = join(root, 'release.tgz')
  writeFileSync(
    join(program, 'filling'),
    createHash('sha256')
      .update('x')
      .digest()
      .toString('hex')
      .repeat(60_000)
      .replace(/./g, () => Math.random().toString(36).slice(2, 3)),
  )
  execFileSync('tar', ['-czf', file, '-C', program, '.'])
  await api('PUT', 'releases/2.0.0', readFileSync(file))
  let restarts = 0
  const { sensor, data, said } = await field('up-1', {}, { restart: () => restarts++ })
  await hub.relational.fleet.change('up-1', { ring: 0 }, 'test')
  await api('POST', 'rollouts', { version: '2.0.0', gate_minutes: 0 })
  await until('the release', async () => restarts > 0)
  expect(said.some((line) => line.includes('release 2.0.0 is here'))).toBe(true)
  await sensor.stop()
  const unpacked = join(data, 'releases', '2.0.0', 'skep-sensor.js')
  expect(existsSync(unpacked)).toBe(true)
  for (let i = 0; i < 3; i++) expect(chooseRelease(data, '1.0.0')).toBe(unpacked)
  // It never reached the hub: back to the installed one, and the hub is told.
  expect(chooseRelease(data, '1.0.0')).toBeUndefined()
  expect(chooseRelease(data, '1.0.0')).toBeUndefined()
  const membership = loadMembership(data)
  const start = (version: string) =>
    startSensor({
      data,
      config: parseConfig(JSON.stringify({ addresses: ['127.0.0.1'], services: { redis: 0 }, any: {} })),
      member: membership && { membership, key: ownKey(data) },
      version,
      beatMs: 200,
      restart: () => restarts++,
    })
  const back = await start('1.0.0')
  await until('the news', async () => {
    await hub.watch()
    return (await hub.relational.fleet.rollouts())[0]?.state === 'halted'
  })
  expect(restarts).toBe(1) // one that was taken back is not tried again
  await back.stop()
  // One that does reach it is good after a few heartbeats.
  writeFileSync(
    join(data, 'releases', 'current.json'),
    JSON.stringify({ version: '2.0.0', state: 'probation', starts: 1 }),
  )
  const well = await start('2.0.0')
  await until('the end of the probation', async () =>
    readFileSync(join(data, 'releases', 'current.json'), 'utf8').includes('good'),
  )
  await well.stop()
}, 60_000)

test('a hub that is busy is obeyed; one that is dead or broken is left for the next', async () => {
  const now = Date.UTC(2026, 10, 23)
  expect(retryAfter('7', now)).toBeGreaterThanOrEqual(7000)
  expect(retryAfter('7', now)).toBeLessThan(9000)
  expect(retryAfter(new Date(now + 90_000).toUTCString(), now)).toBeGreaterThanOrEqual(90_000)
  expect(retryAfter('99999999', now)).toBeLessThanOrEqual(4_500_000)
  for (const odd of [undefined, '', 'soon', '-5', 'NaN']) expect(retryAfter(odd, now)).toBeLessThan(10_000)

  const { data, sensor } = await field('fail-1')
  await sensor.stop()
  const membership = loadMembership(data)
  if (membership === undefined) throw new Error('not joined')
  const asked: string[] = []
  const identity = await hub.authority.hubIdentity()
  const broken = createHttps(
    { key: identity.key, cert: identity.cert, ca: membership.authority, requestCert: true, minVersion: 'TLSv1.3' },
    (request, response) => {
      asked.push(request.url ?? '')
      request.resume()
      request.on('end', () => {
        response.statusCode = request.url?.includes('batches') === true ? 500 : 503
        response.setHeader('retry-after', '1')
        response.end('{"error":"broken"}')
      })
    },
  )
  await new Promise<void>((resolve) => broken.listen(0, '127.0.0.1', resolve))
  const second = await startSensor({
    data,
    config: parseConfig(JSON.stringify({ addresses: ['127.0.0.1'], services: { redis: 0 }, any: {} })),
    member: {
      membership: {
        ...membership,
        hubs: [
          `https://127.0.0.1:${(broken.address() as AddressInfo).port}`,
          `https://127.0.0.1:${await freePort()}`,
          hub.gateway,
        ],
      },
      key: ownKey(data),
    },
  })
  await until('delivery by the third hub', async () => second.spool.events === 0)
  expect(asked.some((path) => path.includes('batches'))).toBe(true)
  await second.stop()
  broken.close()
}, 60_000)

test('the upload keeps to its limit', async () => {
  const { data, sensor } = await field('slow-1')
  await sensor.stop()
  const membership = loadMembership(data)
  if (membership === undefined) throw new Error('not joined')
  const link = new Link(membership.hubs, {
    key: ownKey(data),
    certificate: membership.certificate,
    authority: membership.authority,
  })
  const bytes = Buffer.from(Array.from({ length: 40_000 }, () => Math.floor(Math.random() * 256)))
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  link.bytesPerSecond = 20_000
  const started = performance.now()
  expect((await link.ask('PUT', `/gateway/v1/blobs/${sha256}`, { body: bytes })).status).toBe(201)
  // Never faster than allowed, however quick the machine.
  expect(performance.now() - started).toBeGreaterThan(1900)
  link.close()
}, 30_000)

test('the host of a sensor sees how it is: health, readiness, metrics', async () => {
  const port = await freePort()
  const { sensor } = await field('status-1', { status: { port } })
  const get = async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`)
    return { status: response.status, text: await response.text() }
  }
  expect(await get('/healthz')).toMatchObject({ status: 200 })
  await until('readiness', async () => (await get('/readyz')).status === 200)
  const { text } = await get('/metrics')
  expect(text).toMatch(/skep_sensor_events_made_total \d+/)
  expect(text).toContain('skep_sensor_listener_up{service="redis",transport="tcp"')
  expect(text).toContain('skep_sensor_events_dropped_total{reason="disk"} 0')
  expect((await get('/anything')).status).toBe(404)
  await sensor.stop()
}, 30_000)
