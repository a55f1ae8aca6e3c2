import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { sharingHub } from '../testing.ts'
import { Pulls, valuesOf } from './pull.ts'

const [first, second] = ['5ec5d2f5-0a2c-4f0c-9d6b-0a0000000001', '5ec5d2f5-0a2c-4f0c-9d6b-0a0000000002']
const sha = 'ab'.repeat(32)
let files: Record<string, unknown> = {}
let server: Server
let url: string
let asked: string[] = []
let house: Awaited<ReturnType<typeof sharingHub>>
let pulls: Pulls
let token: string
beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push(request.url ?? '')
    const file = files[request.url ?? '']
    if (file === undefined) response.writeHead(404).end()
    else response.end(typeof file === 'string' ? file : JSON.stringify(file))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  url = `http://127.0.0.1:${port}`
  house = await sharingHub({ trustedHosts: [`127.0.0.1:${port}`] })
  pulls = new Pulls(house.share)
  token = await house.hub.relational.tokens.create('operator', 'test')
}, 60_000)
afterAll(async () => {
  await house.stop()
  server.close()
})
const api = async (method: string, path: string, body?: unknown) => {
  const answer = await fetch(`${house.hub.url}/api/v1/${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
}
const event = (...attributes: object[]): object => ({
  Event: { uuid: first, Attribute: attributes.slice(1), Object: [{ name: 'file', Attribute: attributes.slice(0, 1) }] },
})

test('a feed is read, changed events again, and what it knows stands beside what is met here', async () => {
  files = {
    '/feed/manifest.json': {
      [first]: { timestamp: '100', info: 'Mirai loaders', Orgc: { name: 'x' } },
      [second]: { timestamp: 50, info: 'Old' },
    },
    [`/feed/${first}.json`]: event(
      { type: 'filename|sha256', value: `x.sh|${sha.toUpperCase()}`, to_ids: true },
      { type: 'ip-dst|port', value: '198.51.100.7|23', to_ids: true },
      { type: 'url', value: 'http://198.51.100.7/Bins.sh' },
      { type: 'ip-src', value: '198.51.100.8', to_ids: false },
      { type: 'comment', value: 'nothing' },
      { type: '__proto__', value: 'x' },
    ),
    [`/feed/${second}.json`]: event({ type: 'domain', value: 'Bad.Example.NET' }),
  }
  expect((await api('POST', 'sharing/pulls', { url: 'http://10.0.0.1/feed', title: 'inwards' })).status).toBe(400)
  expect((await api('POST', 'sharing/pulls', { url: `${url}/feed/manifest.json`, title: 'Partner' })).status).toBe(200)
  expect(await pulls.work()).toBe(2)
  expect((await api('GET', 'sharing/pulls')).body).toMatchObject({
    rows: [{ title: 'Partner', problem: '', events: 2, values: 4 }],
  })
  const known = async (value: string): Promise<unknown> =>
    (await api('GET', `known?value=${encodeURIComponent(value)}`)).body['rows']
  expect(await known(sha)).toMatchObject([{ feed: 'Partner', info: 'Mirai loaders', type: 'hash' }])
  expect(await known('198.51.100.7')).toMatchObject([{ type: 'address' }])
  expect(await known('http://198.51.100.7/Bins.sh')).toMatchObject([{ type: 'url' }])
  expect(await known('bad.example.net')).toMatchObject([{ type: 'domain' }])
  expect(await known('198.51.100.8')).toEqual([])
  // Nothing changed: nothing is fetched but the manifest.
  asked = []
  expect(await pulls.work()).toBe(0)
  expect(asked).toEqual(['/feed/manifest.json'])
  // Changed, and taken back.
  files['/feed/manifest.json'] = { [first]: { timestamp: 101, info: 'Mirai' } }
  files[`/feed/${first}.json`] = event({ type: 'ip-dst', value: '198.51.100.9' })
  expect(await pulls.work()).toBe(1)
  expect([await known('198.51.100.7'), await known('bad.example.net')]).toEqual([[], []])
  expect(await known('198.51.100.9')).toMatchObject([{ info: 'Mirai' }])
})

test('a feed that lies, hangs up or is none holds up nothing, and its problem is told', async () => {
  files['/bad/manifest.json'] = '<html>'
  files['/odd/manifest.json'] = { '../../etc/passwd': { timestamp: 1 } }
  await pulls.add(`${url}/bad`, 'bad')
  await pulls.add(`${url}/odd`, 'odd')
  await pulls.add(`${url}/gone`, 'gone')
  await pulls.work()
  const rows = await pulls.list()
  for (const title of ['bad', 'odd', 'gone'])
    expect(rows.find((one) => one.title === title)?.problem, title).not.toBe('')
  expect(rows.find((one) => one.title === 'Partner')?.problem).toBe('')
  expect(asked.some((path) => path.includes('passwd'))).toBe(false)
  const [partner] = rows
  expect((await api('DELETE', `sharing/pulls/${partner?.id}`)).status).toBe(200)
  expect(await pulls.known(['198.51.100.9'])).toEqual([])
})

test('no event makes it throw, and it gives a bounded answer', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => valuesOf(value).length >= 0 && valuesOf({ Event: value }).length >= 0),
  )
  const many = Array.from({ length: 30_000 }, (_, i) => ({ type: 'domain', value: `a${i}.example` }))
  expect(valuesOf({ Event: { Attribute: many } })).toHaveLength(10_000)
})
