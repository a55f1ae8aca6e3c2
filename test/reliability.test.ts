// Not one event may vanish unseen: hubs and sensors are killed, cut off and starved of disk, and at the end every event
// that was safe on the sensor's disk stands in the hub, once, or in its ledger. SKEP_PROOF=full runs the long form of
// docs/reliability.md, and SKEP_WRITE_REPORT=1 writes its figures.
import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { freePort } from './process.ts'
import { finish, full, HubProcess, joinFast, root, settle, sleep, StrawProcess, tell } from './proof.ts'
import { openStraw } from './straw.ts'

const kills = full ? 50 : 3
afterAll(() => finish('figures'))

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
  expect(straw.safe.size).toBe(kills + 1)
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
  expect(straw.safe.size).toBe(kills + 1)
  tell(`SIGKILL of both, ${kills} times each`, `${events} events, each once; ${lost} in the ledger as lost by a crash`)
  await hub.stop()
}, 900_000)

test('an outage of an hour at 200 events a second, time compressed', async () => {
  const hub = new HubProcess(join(root, 'outage'))
  await hub.start()
  const data = await hub.join('outage')
  await hub.stop()
  const count = full ? 720_000 : 30_000
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
    (_near, chunk, n) => chunk.length < 700 && n % 3 !== 0 && Math.random() < 0.25,
  )
  const dead = `https://127.0.0.1:${await freePort()}`
  const one = openStraw(data, { hubs: [url, dead], artifacts: true })
  one.uplink.start()
  const count = full ? 10_000 : 1500
  const repeated = async (): Promise<number> =>
    (await hub.ledger('lost-ack')).rows.reduce((sum, row) => sum + row.duplicates, 0)
  let made = 0
  // As long as it takes for chance to lose an acknowledgement, which it does with every sixth or so.
  for (; made < count || (made < 20 * count && (await repeated()) === 0); made++) {
    one.one()
    if (made % 100 === 0) await sleep(20)
    if (made >= count) await sleep(2)
  }
  await one.spool.written()
  for (let i = 0; i < 3000 && one.spool.events > 0; i++) await sleep(100)
  server.close()
  await one.stop()
  const { events, lost } = await settle(hub, 'lost-ack', new Map([[one.boot, made - 1]]))
  expect(lost).toBe(0)
  const duplicates = await repeated()
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
  const count = full ? 200 : 20
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
