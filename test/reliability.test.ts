// Not one event may vanish unseen: hubs and sensors are killed, cut off and starved of disk, and at the end every event
// that was safe on the sensor's disk stands in the hub, once, or in its ledger. SKEP_PROOF=full runs the long form of
// docs/reliability.md, and SKEP_WRITE_REPORT=1 writes its figures.
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { rolldown } from 'rolldown'
import { joinHub } from '@skep/sensor'
import { freePort, skep } from './process.ts'
import { openStraw } from './straw.ts'

const full = process.env['SKEP_PROOF'] === 'full'
const kills = full ? 50 : 4
const root = mkdtempSync(join(tmpdir(), 'skep-proof-'))
const figures: [string, string][] = []
const tell = (what: string, figure: string): void => {
  figures.push([what, figure])
  console.log(`${what}: ${figure}`)
}
afterAll(() => {
  if (process.env['SKEP_WRITE_REPORT'] === '1') {
    const file = new URL('../docs/reliability.md', import.meta.url)
    const text = readFileSync(file, 'utf8')
    const table = `| what was done | what came of it |\n|---|---|\n${figures.map(([what, figure]) => `| ${what} | ${figure} |`).join('\n')}\n`
    writeFileSync(file, text.replace(/(<!-- figures -->\n)[^]*?(<!-- end -->)/, `$1\n${table}\n$2`))
  }
  rmSync(root, { recursive: true, force: true })
})

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** A hub in a process of its own, on fixed ports, that can be killed and started again. */
class HubProcess {
  readonly data: string
  #child: ChildProcess | undefined
  portal = ''
  gateway = ''
  token = ''
  #ports: [number, number] | undefined

  constructor(data: string) {
    this.data = data
  }

  async start(): Promise<void> {
    this.#ports ??= [await freePort(), await freePort()]
    const [portal, gateway] = this.#ports
    const child = spawn(
      process.execPath,
      [
        skep,
        'hub',
        'run',
        '--data',
        this.data,
        '--portal-port',
        `${portal}`,
        '--gateway-port',
        `${gateway}`,
        '--no-update',
        '--json',
        '--log',
        'json',
      ],
      { stdio: ['ignore', 'pipe', 'ignore'] },
    )
    this.#child = child
    const line = await new Promise<string>((resolve, reject) => {
      let out = ''
      child.stdout?.on('data', (chunk: Buffer) => {
        out += chunk.toString()
        if (out.includes('\n')) resolve(out)
      })
      child.once('exit', (code) => reject(new Error(`the hub ended with ${code}`)))
    })
    const told = JSON.parse(line) as { portal: string; gateway: string }
    this.portal = told.portal
    this.gateway = told.gateway
    if (this.token === '') {
      this.token = execFileSync(process.execPath, [skep, 'token', 'create', '--data', this.data], {
        encoding: 'utf8',
      }).trim()
    }
  }

  /** SIGKILL: no farewell. The engine child loses its parent and goes, too. */
  async kill(): Promise<void> {
    const child = this.#child
    if (child === undefined) return
    const gone = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGKILL')
    await gone
    await sleep(300)
  }

  async stop(): Promise<void> {
    const child = this.#child
    if (child === undefined) return
    const gone = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGTERM')
    await gone
  }

  async api<T>(path: string): Promise<T> {
    const response = await fetch(`${this.portal}/api/v1/${path}`, {
      headers: { authorization: `Bearer ${this.token}` },
    })
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
    return (await response.json()) as T
  }

  /** How often each number of each run is in the store, by the hub's own API. */
  async events(sensor: string): Promise<Map<string, number>> {
    const seen = new Map<string, number>()
    let cursor = ''
    for (;;) {
      const response = await fetch(
        `${this.portal}/api/v1/events?sensor=${sensor}&limit=10000${cursor === '' ? '' : `&cursor=${cursor}`}`,
        { headers: { authorization: `Bearer ${this.token}` } },
      )
      for (const line of (await response.text()).split('\n')) {
        if (line === '') continue
        const { boot, seq } = JSON.parse(line) as { boot: string; seq: number }
        seen.set(`${boot} ${seq}`, (seen.get(`${boot} ${seq}`) ?? 0) + 1)
      }
      cursor = response.headers.get('x-next-cursor') ?? ''
      if (cursor === '') return seen
    }
  }

  async ledger(sensor: string): Promise<{
    made: number
    committed: number
    missing: number
    waiting: number
    rows: { boot: string; dropped: Record<string, number>; duplicates: number }[]
  }> {
    return this.api(`ledger?sensor=${sensor}`)
  }

  async join(name: string): Promise<string> {
    const invite = JSON.parse(
      execFileSync(process.execPath, [skep, 'hub', 'invite', '--data', this.data, '--json'], { encoding: 'utf8' }),
    ) as { token: string }
    const data = join(root, `${name}-data`)
    await joinHub({ data, hubs: [this.gateway], token: invite.token, name, version: '0' })
    return data
  }
}

let straw: string | undefined
/** The straw as one file that Node.js runs by itself. */
async function strawProgram(): Promise<string> {
  if (straw !== undefined) return straw
  const file = join(root, 'straw-process.mjs')
  const bundle = await rolldown({
    input: new URL('./straw.ts', import.meta.url).pathname,
    platform: 'node',
    external: [/^node:/, /^just-bash/],
    logLevel: 'silent',
  })
  await bundle.write({ file, format: 'esm', inlineDynamicImports: true } as never)
  await bundle.close()
  return (straw = file)
}

/** A straw in a process of its own; what it said was safe, it said before it died. */
class StrawProcess {
  readonly data: string
  readonly perSecond: number
  /** The highest safe number of each run. */
  readonly safe = new Map<string, number>()
  #child: ChildProcess | undefined

  constructor(data: string, perSecond: number) {
    this.data = data
    this.perSecond = perSecond
  }

  async start(): Promise<void> {
    const child = spawn(process.execPath, [await strawProgram(), this.data, `${this.perSecond}`], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    this.#child = child
    let rest = ''
    await new Promise<void>((resolve, reject) => {
      child.once('exit', (code) => reject(new Error(`the straw ended with ${code}`)))
      child.stdout?.on('data', (chunk: Buffer) => {
        const lines = (rest + chunk.toString()).split('\n')
        rest = lines.pop() ?? ''
        for (const line of lines) {
          const [word, boot = '', seq] = line.split(' ')
          if (word === 'safe') this.safe.set(boot, Number(seq))
          resolve()
        }
      })
    })
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child
    if (child === undefined) return
    const gone = new Promise((resolve) => child.once('close', resolve))
    child.kill(signal)
    await gone
  }
}

/** Waits until the hub has all, then holds what it has against what was safe. */
async function settle(
  hub: HubProcess,
  sensor: string,
  safe: ReadonlyMap<string, number>,
): Promise<{ events: number; lost: number }> {
  for (let i = 0; i < 600; i++) {
    const { missing, waiting } = await hub.ledger(sensor)
    if (missing + waiting === 0 && i > 2) break
    await sleep(200)
  }
  const seen = await hub.events(sensor)
  const ledger = await hub.ledger(sensor)
  expect([...seen.values()].filter((times) => times !== 1)).toEqual([])
  const absent: string[] = []
  for (const [boot, last] of safe)
    for (let seq = 0; seq <= last; seq++) if (!seen.has(`${boot} ${seq}`)) absent.push(`${boot} ${seq}`)
  const lost = ledger.rows.flatMap(({ dropped }) => Object.values(dropped)).reduce((sum, one) => sum + one, 0)
  expect(absent.slice(0, 5)).toEqual([])
  expect(ledger).toMatchObject({ missing: 0, waiting: 0 })
  expect(seen.size).toBe(ledger.committed)
  expect(ledger.made).toBe(ledger.committed + lost)
  return { events: seen.size, lost }
}

test(`SIGKILL of the hub at ${kills} random moments under load`, async () => {
  const hub = new HubProcess(join(root, 'kill-hub'))
  await hub.start()
  const straw = new StrawProcess(await hub.join('kill-hub'), 500)
  await straw.start()
  for (let i = 0; i < kills; i++) {
    await sleep(300 + Math.random() * 1500)
    await hub.kill()
    await hub.start()
  }
  await sleep(1000)
  await straw.end('SIGTERM')
  const { events, lost } = await settle(hub, 'kill-hub', straw.safe)
  expect(lost).toBe(0)
  const { rows } = await hub.ledger('kill-hub')
  tell(
    `SIGKILL of the hub at ${kills} random moments, 500 events/s`,
    `${events} events, each once, none lost; ${rows.reduce((sum, { duplicates }) => sum + duplicates, 0)} came again and changed nothing`,
  )
  await hub.stop()
}, 900_000)

test(`SIGKILL of the sensor at ${kills} random moments`, async () => {
  const hub = new HubProcess(join(root, 'kill-sensor'))
  await hub.start()
  const straw = new StrawProcess(await hub.join('kill-sensor'), 500)
  for (let i = 0; i < kills; i++) {
    await straw.start()
    await sleep(200 + Math.random() * 800)
    await straw.end('SIGKILL')
  }
  await straw.start()
  await sleep(1500)
  await straw.end('SIGTERM')
  const { events, lost } = await settle(hub, 'kill-sensor', straw.safe)
  tell(
    `SIGKILL of the sensor at ${kills} random moments, 500 events/s`,
    `${events} events, each once; all that was safe on its disk is there; ${lost} numbers of its last milliseconds are in the ledger as lost by a crash`,
  )
  await hub.stop()
}, 900_000)

test(`SIGKILL of both, ${kills} times each`, async () => {
  const hub = new HubProcess(join(root, 'kill-both'))
  await hub.start()
  const straw = new StrawProcess(await hub.join('kill-both'), 300)
  const sensor = (async () => {
    for (let i = 0; i < kills; i++) {
      await straw.start()
      await sleep(300 + Math.random() * 2500)
      await straw.end('SIGKILL')
    }
  })()
  for (let i = 0; i < kills; i++) {
    await sleep(300 + Math.random() * 1500)
    await hub.kill()
    await hub.start()
  }
  await sensor
  await straw.start()
  await sleep(3000)
  await straw.end('SIGTERM')
  const { events, lost } = await settle(hub, 'kill-both', straw.safe)
  tell(`SIGKILL of both, ${kills} times each`, `${events} events, each once; ${lost} in the ledger as lost by a crash`)
  await hub.stop()
}, 900_000)

test('an outage of an hour at 200 events a second, time compressed', async () => {
  const hub = new HubProcess(join(root, 'outage'))
  await hub.start()
  const data = await hub.join('outage')
  await hub.stop()
  const count = full ? 720_000 : 60_000
  const one = openStraw(data, { capBytes: 1024 ** 3 })
  for (let i = 0; i < count; i++) {
    one.one()
    if (i % 2000 === 0) await one.spool.written()
  }
  await one.spool.written()
  const { bytes } = one.spool
  one.uplink.start()
  await sleep(500)
  const started = performance.now()
  await hub.start()
  while (one.spool.events > 0) await sleep(50)
  const seconds = (performance.now() - started) / 1000
  await one.stop()
  const { events, lost } = await settle(hub, 'outage', new Map([[one.boot, count - 1]]))
  expect(lost).toBe(0)
  tell(
    `${count} events made while the hub was away (an hour at 200/s is 720,000)`,
    `all ${events} there ${seconds.toFixed(0)} s after the hub came back (its start included); the spool held ${(bytes / 1e6).toFixed(0)} MB`,
  )
  await hub.stop()
}, 900_000)

/** A connection between sensor and hub that breaks when and how we like. */
async function brokenLine(
  gateway: string,
  spoil: (socket: Socket, chunk: Buffer, n: number) => boolean,
): Promise<{ url: string; server: Server }> {
  const { hostname, port } = new URL(gateway)
  let n = 0
  const server = createServer((near) => {
    const far = connect(Number(port), hostname)
    near.on('error', () => far.destroy())
    far.on('error', () => near.destroy())
    near.on('close', () => far.destroy())
    near.pipe(far)
    far.on('data', (chunk: Buffer) => {
      if (spoil(near, chunk, n++)) near.destroy()
      else near.write(chunk)
    })
    far.on('close', () => near.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { url: `https://127.0.0.1:${(server.address() as { port: number }).port}`, server }
}

test('acknowledgements that are lost: the batch comes again and changes nothing; also when the spare hub is dead', async () => {
  const hub = new HubProcess(join(root, 'lost-ack'))
  await hub.start()
  const data = await hub.join('lost-ack')
  // Some of the answers never come home: the line breaks at that moment.
  const { url, server } = await brokenLine(
    hub.gateway,
    (_near, chunk, n) => chunk.length < 700 && n % 3 !== 0 && Math.random() < 0.15,
  )
  const dead = `https://127.0.0.1:${await freePort()}`
  const one = openStraw(data, { hubs: [url, dead], artifacts: true })
  one.uplink.start()
  const count = full ? 20_000 : 3000
  for (let i = 0; i < count; i++) {
    one.one()
    if (i % 100 === 0) await sleep(20)
  }
  await one.spool.written()
  for (let i = 0; i < 1200 && one.spool.events > 0; i++) await sleep(100)
  server.close()
  await one.stop()
  const { events, lost } = await settle(hub, 'lost-ack', new Map([[one.boot, count - 1]]))
  expect(lost).toBe(0)
  const { rows } = await hub.ledger('lost-ack')
  const duplicates = rows.reduce((sum, row) => sum + row.duplicates, 0)
  expect(duplicates).toBeGreaterThan(0)
  tell(
    'acknowledgements lost at random, a second hub address that is dead',
    `${events} events, each once; ${duplicates} came again and changed nothing`,
  )
  await hub.stop()
}, 600_000)

/** A small disk, where the machine allows to make one. */
function disk(name: string, size: string): string | undefined {
  const at = join(root, name)
  mkdirSync(at)
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', at], { stdio: 'ignore' })
    return at
  } catch {
    console.log('skipped: no small disk can be mounted here')
    return undefined
  }
}
const hubDisk = disk('hub-disk', '300m')
const sensorDisk = disk('sensor-disk', '3m')
afterAll(() => {
  for (const one of [hubDisk, sensorDisk])
    if (one !== undefined) execFileSync('umount', ['-l', one], { stdio: 'ignore' })
})

test.runIf(hubDisk !== undefined)(
  'a full disk at the hub: it refuses, nothing is lost, and with room again it goes on',
  async () => {
    const hub = new HubProcess(join(hubDisk ?? '', 'data'))
    await hub.start()
    const data = await hub.join('full-hub')
    const one = openStraw(data)
    one.uplink.start()
    for (let i = 0; i < 500; i++) one.one()
    await one.spool.written()
    while (one.spool.events > 0) await sleep(50)
    const ballast = join(hubDisk ?? '', 'ballast')
    const { bavail, bsize } = statfsSync(hubDisk ?? '')
    writeFileSync(ballast, Buffer.alloc(Math.max(0, bavail * bsize - 4096)))
    for (let i = 0; i < 3000; i++) one.one()
    await one.spool.written()
    await sleep(4000)
    expect(one.spool.events).toBeGreaterThan(0)
    rmSync(ballast)
    for (let i = 0; i < 900 && one.spool.events > 0; i++) await sleep(100)
    await one.stop()
    const { events, lost } = await settle(hub, 'full-hub', new Map([[one.boot, 3499]]))
    expect(lost).toBe(0)
    tell('a full disk at the hub for some seconds', `${events} events, each once, none lost`)
    await hub.stop()
  },
  300_000,
)

test.runIf(sensorDisk !== undefined)(
  'a full disk at the sensor: what did not fit is in the ledger, event by event',
  async () => {
    const hub = new HubProcess(join(root, 'full-sensor'))
    await hub.start()
    const joined = await hub.join('full-sensor')
    const data = join(sensorDisk ?? '', 'data')
    execFileSync('cp', ['-a', joined, data])
    const one = openStraw(data)
    // The hub is out of reach while the disk fills up.
    for (let i = 0; i < 12_000; i++) {
      one.one()
      if (i % 1000 === 0) await one.spool.written()
    }
    await one.spool.written()
    expect(one.spool.lost.disk).toBeGreaterThan(0)
    one.uplink.start()
    for (let i = 0; i < 600 && one.spool.events > 0; i++) await sleep(50)
    // With room again, what is owed is told.
    one.one()
    await one.spool.written()
    await sleep(300)
    await one.stop()
    const { events, lost } = await settle(hub, 'full-sensor', new Map())
    const reasons = (await hub.ledger('full-sensor')).rows.flatMap(({ dropped }) => Object.keys(dropped))
    expect(lost).toBeGreaterThan(0)
    expect([...new Set(reasons)]).toEqual(['disk'])
    tell(
      'a disk of 3 MB at the sensor, the hub out of reach',
      `${events} events there, ${lost} itemised in the ledger as lost to the full disk`,
    )
    await hub.stop()
  },
  300_000,
)

test('many sensors at once', async () => {
  const count = full ? 200 : 30
  const each = 100
  const hub = new HubProcess(join(root, 'many'))
  await hub.start()
  const folders: string[] = []
  for (let i = 0; i < count; i += 10)
    folders.push(...(await Promise.all(Array.from({ length: 10 }, (_, k) => joinFast(hub, `many-${i + k}`)))))
  const started = performance.now()
  const all = folders.map((data) => openStraw(data))
  for (const one of all) one.uplink.start()
  for (let i = 0; i < each; i++) {
    for (const one of all) one.one()
    await sleep(10)
  }
  for (const one of all) await one.spool.written()
  while (all.some((one) => one.spool.events > 0)) await sleep(20)
  const seconds = (performance.now() - started) / 1000
  for (const one of all) await one.stop()
  const { made, committed, missing } = await hub.api<{ made: number; committed: number; missing: number }>('ledger')
  // Each has told of its own check at joining, too.
  expect({ made, committed, missing }).toEqual({ made: count * (each + 1), committed: count * (each + 1), missing: 0 })
  for (const name of ['many-0', `many-${count - 1}`]) {
    const seen = await hub.events(name)
    expect([seen.size, new Set(seen.values())]).toEqual([each + 1, new Set([1])])
  }
  tell(
    `${count} sensors at once, each with its own certificate`,
    `${committed} events in ${seconds.toFixed(1)} s, each once, none missing`,
  )
  await hub.stop()
}, 600_000)

/** Invites by the API and joins: a process for each would take longer than the test. */
async function joinFast(hub: HubProcess, name: string): Promise<string> {
  const response = await fetch(`${hub.portal}/api/v1/invites`, {
    method: 'POST',
    headers: { authorization: `Bearer ${hub.token}`, 'content-type': 'application/json' },
    body: '{}',
  })
  const { token } = (await response.json()) as { token: string }
  const data = join(root, `${name}-data`)
  // The gateway lets one address try twenty times a minute.
  for (;;) {
    try {
      await joinHub({ data, hubs: [hub.gateway], token, name, version: '0' })
      return data
    } catch (error) {
      if (!String(error).includes('busy (429)')) throw error
      await sleep(1000)
    }
  }
}
