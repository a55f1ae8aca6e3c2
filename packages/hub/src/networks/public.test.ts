import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { uuidv7 } from '@skep/vocabulary'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startHub, type Hub } from '../hub.ts'
import { member, testStore, type Member } from '../testing.ts'
import { coarse, PublicPage } from './public.ts'
import { lastPeriod } from './reports/summary.ts'

const data = mkdtempSync(join(tmpdir(), 'skep-public-'))
const day = 86_400_000
let hub: Hub
let sensors: Member[]
const now = Date.now()
/** Somewhere in the week that the page shows. */
const then = Date.parse(lastPeriod('weekly', now - 2 * day).window.since) + 2 * day
const visit = async (sensor: Member, sources: readonly string[], at = then): Promise<void> => {
  const boot = uuidv7()
  const events = sources.map((ip, seq) => ({
    id: uuidv7(),
    sensor: sensor.name,
    boot,
    seq,
    time: new Date(at).toISOString().replace('Z', '000Z'),
    session: uuidv7(),
    service: 'ssh',
    transport: 'tcp',
    source: { ip, port: 4000 },
    target: { port: 22 },
    kind: 'auth.attempt',
    data: { method: 'password', user: 'root', secret: 'x', accepted: false },
  }))
  const { status, body } = await sensor.deliver(boot, events)
  if (status !== 200) throw new Error(JSON.stringify(body))
}

beforeAll(async () => {
  hub = await startHub({ data, ...(await testStore()), regular: false })
  await hub.ready
  sensors = await Promise.all(['a', 'b', 'c'].map((name) => member(hub, name)))
}, 60_000)
afterAll(async () => {
  await hub.stop()
  rmSync(data, { recursive: true, force: true })
})

test('a probe of one sensor changes nothing that everybody can see', async () => {
  const many = Array.from({ length: 34 }, (_, i) => `1.1.1.${i + 1}`)
  for (const sensor of sensors) await visit(sensor, many)
  const view = () => new PublicPage(hub.store).view(now)
  const before = await view()
  expect(before.economies).toEqual([{ key: 'AU', sources: 30 }])
  expect(before.causes).toEqual([{ key: 'ssh-bruteforce', sources: 30 }])
  // From anywhere, as often as one likes, also from two thirds of what would count.
  const probes = Array.from({ length: 50 }, (_, i) => `193.0.0.${i + 1}`)
  await visit(sensors[0] as Member, probes)
  await visit(sensors[1] as Member, probes)
  expect(await view()).toEqual(before)
  // What is fresh is not told, and of an economy with a few only their cause is.
  for (const sensor of sensors) await visit(sensor, probes, now - day / 2)
  expect(await view()).toEqual(before)
  const answer = await fetch(`${hub.url}/api/v1/public/overview`)
  expect(answer.status).toBe(200)
  expect(await answer.json()).toEqual(before)
  for (const sensor of sensors) await visit(sensor, probes.slice(0, 9))
  expect((await view()).economies).toEqual(before.economies)
})

test('numbers are coarse, and never larger than they are', () => {
  expect([10, 19, 34, 99, 100, 149, 1234, 98_765].map(coarse)).toEqual([10, 10, 30, 90, 100, 140, 1200, 98_000])
  fc.assert(fc.property(fc.nat(), (n) => coarse(n) <= n && coarse(n) % 10 === 0))
})
