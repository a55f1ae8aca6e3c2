import { createServer } from 'node:http'
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bogons, checkRouting, isBogon, validate } from './check.ts'
import { covers, holding, normalPrefix, readAnnouncement, readRoutes, readVrps, type Vrp } from './tables.ts'
import { updateRouting } from './update.ts'

async function all<T>(from: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const one of from) found.push(one)
  return found
}

test('route origins are validated as RFC 6811 says', async () => {
  const vrps = await all(
    readVrps([
      JSON.stringify({
        roas: [
          { asn: 'AS64496', prefix: '198.51.0.0/16', maxLength: 24, ta: 'apnic' },
          { asn: 64_497, prefix: '198.51.100.0/24' },
          { asn: 'AS0', prefix: '2001:DB8::/32', maxLength: 32 },
        ],
      }),
    ]),
  )
  const state = (prefix: string, asn: number) => validate({ prefix, asn }, vrps).state
  expect(state('198.51.0.0/16', 64_496)).toBe('valid')
  expect(state('198.51.100.0/24', 64_497)).toBe('valid')
  expect(state('198.51.100.0/25', 64_496)).toBe('invalid')
  expect(validate({ prefix: '198.51.100.0/25', asn: 64_496 }, vrps).why).toContain('/24')
  expect(state('198.51.100.0/24', 64_499)).toBe('invalid')
  expect(state('203.0.113.0/24', 64_496)).toBe('not found')
  expect(state('198.0.0.0/8', 64_496)).toBe('not found')
  expect(state('2001:db8::/48', 64_496)).toBe('invalid')
})

test('tables of three kinds and RPSL are read; anything else is left', async () => {
  expect(readAnnouncement('1.0.0.0\t24\t13335')).toEqual([{ prefix: '1.0.0.0/24', asn: 13_335 }])
  expect(readAnnouncement('1.0.0.0\t24\t13335_4134')).toHaveLength(2)
  expect(readAnnouncement('13335\t2606:4700::/32\t95')).toEqual([{ prefix: '2606:4700::/32', asn: 13_335 }])
  expect(readAnnouncement('1.0.0.0/24     13335')).toEqual([{ prefix: '1.0.0.0/24', asn: 13_335 }])
  for (const bad of ['', '% RIS', '# x', '1.0.0.0 99 1', 'x y z', '300.0.0.0/8 1'])
    expect(readAnnouncement(bad)).toEqual([])
  async function* rpsl() {
    yield* 'route: 192.0.2.0/24 # comment\ndescr: x\norigin: AS64496\nsource: APNIC\n\nroute6: 2001:db8::/32\norigin: as64497'.split(
      '\n',
    )
  }
  const found = []
  for await (const route of readRoutes(rpsl())) found.push(route)
  expect(found).toEqual([
    { prefix: '192.0.2.0/24', asn: 64_496, source: 'APNIC' },
    { prefix: '2001:db8::/32', asn: 64_497, source: '' },
  ])
  fc.assert(
    fc.property(fc.string(), (line) => Array.isArray(readAnnouncement(line)) && (normalPrefix(line) ?? '') !== 'x'),
  )
  expect(covers('10.0.0.0/8', '10.1.0.0/16')).toBe(true)
  expect(covers('10.1.0.0/16', '10.0.0.0/8')).toBe(false)
})

test('mismatches are explained; what one vantage point says alone is not certain, a leak of a table included', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'skep-routing-'))
  for (const name of ['vantages', 'irr']) mkdirSync(join(folder, name))
  const holder = { organisation: 'isp', asns: [3333], prefixes: ['193.0.0.0/21'] }
  expect(await checkRouting(folder, [holder])).toBeUndefined()
  const usual = ['193.0.0.0/21\t3333', '193.0.18.0/23 3333', '8.8.8.0/24 15169']
  // One vantage point sees a leak: every /24 of a fifth of the Internet, ours among them, from one AS.
  const leak = Array.from({ length: 20_000 }, (_, i) => `${193 + (i >> 14)}.${(i >> 8) & 63}.${i & 255}.0/24 64499`)
  writeFileSync(join(folder, 'vantages', 'singapore.txt'), [...usual, ...leak].join('\n'))
  writeFileSync(join(folder, 'vantages', 'tokyo.txt.gz'), gzipSync([...usual, '193.0.4.0/24 64498'].join('\n')))
  // Named as if packed, but unpacked on the way.
  writeFileSync(join(folder, 'vantages', 'sydney.txt.gz'), [...usual, '193.0.4.0/24 64498'].join('\n'))
  writeFileSync(
    join(folder, 'vrps.json'),
    JSON.stringify({
      roas: [
        { asn: 'AS3333', prefix: '193.0.0.0/21', maxLength: 21 },
        { asn: 'AS3333', prefix: '193.0.22.0/23', maxLength: 23 },
      ],
    }),
  )
  writeFileSync(join(folder, 'irr', 'ripe.db'), 'route: 193.0.18.0/23\norigin: AS1103\nsource: RIPE\n')
  const state = (await checkRouting(folder, [holder]))?.get('isp')
  const line = (prefix: string, asn: number) => state?.lines.find((one) => one.prefix === prefix && one.asn === asn)
  expect(state?.vantages).toEqual(['singapore', 'sydney', 'tokyo'])
  expect(line('193.0.0.0/21', 3333)).toMatchObject({ seen: 3, rpki: 'valid', problems: [], certain: true })
  expect(line('193.0.4.0/24', 64_498)).toMatchObject({ seen: 2, rpki: 'invalid', certain: true })
  expect(line('193.0.4.0/24', 64_498)?.problems).toEqual([
    'RPKI invalid: its ROAs are for AS3333',
    'AS64498 announces a prefix of yours',
  ])
  expect(line('193.0.18.0/23', 3333)?.problems).toEqual(['the IRR knows other origins: AS1103'])
  // The leak is there to be seen, and tells nobody.
  const leaked = state?.lines.filter(({ asn }) => asn === 64_499) ?? []
  expect(leaked).toHaveLength(8)
  expect(leaked.every(({ certain }) => !certain)).toBe(true)
  expect(state?.unused).toEqual([{ asn: 3333, prefix: '193.0.22.0/23', maxLength: 23 }])
})

test('payloads are read from the pieces of a file, however it is cut, and nothing else is taken for one', async () => {
  const text = `{
  "metadata": { "buildmachine": "x", "vrps": 3 },
  "roas": [
    { "asn": 64496, "prefix": "198.51.100.0/22", "maxLength": 24, "ta": "apnic", "expires": 1796000000 },
    { "asn": "AS64497", "prefix": "2001:db8:0:0::/48", "maxLength": 48, "ta": "ripe" },
    { "asn": "AS64498", "prefix": "not one" }, { "asn": 1 }, { broken }
  ],
  "routerKeys": [{ "asn": "AS64499", "SKI": "00", "routerPublicKey": "{" }],
  "aspas": [{ "customer_asid": 64500, "providers": [64501] }]
}`
  const wanted: Vrp[] = [
    { prefix: '198.51.100.0/22', asn: 64_496, maxLength: 24 },
    { prefix: '2001:db8::/48', asn: 64_497, maxLength: 48 },
  ]
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(text.length), { maxLength: 30 }), async (cuts) => {
      const at = [0, ...cuts.sort((a, b) => a - b), text.length]
      const pieces = at.slice(1).map((end, i) => text.slice(at[i], end))
      expect(await all(readVrps(pieces))).toEqual(wanted)
    }),
  )
  // What never closes is not kept.
  expect(await all(readVrps(Array.from({ length: 100 }, () => '{'.repeat(50_000))))).toEqual([])
})

test('what could hold a prefix is every shorter one of its bits', () => {
  expect([...holding(['10.1.2.0/24', '10.1.3.0/24'])].slice(0, 3)).toEqual([
    '10.1.2.0/24',
    '10.1.2.0/23',
    '10.1.0.0/22',
  ])
  expect(holding(['10.1.2.0/24', '10.1.3.0/24']).size).toBe(26)
  fc.assert(
    fc.property(
      fc.oneof(
        fc.tuple(fc.ipV4(), fc.integer({ min: 1, max: 32 })),
        fc.tuple(fc.ipV6(), fc.integer({ min: 1, max: 128 })),
      ),
      ([address, bits]) => {
        const prefix = normalPrefix(`${address}/${bits}`) ?? ''
        const outer = [...holding([prefix])]
        expect(outer).toHaveLength(bits + 1)
        expect(outer.every((one) => covers(one, prefix))).toBe(true)
      },
    ),
  )
})

test('routing tables are fetched each by itself, only when they changed, the newest of a list by its name', async () => {
  const changed = 'Mon, 30 Nov 2026 00:00:00 GMT'
  let asked = 0
  let broken = false
  const server = createServer((request, response) => {
    asked++
    const answers: Record<string, string | Buffer> = {
      '/vrps.json': '{"roas": []}',
      '/caida/pfx2as-creation.log':
        '1 1 2026/11/routeviews-rv2-20261128-1200.pfx2as.gz\n2 2 2026/11/routeviews-rv2-20261129-1200.pfx2as.gz\n',
      '/caida/2026/11/routeviews-rv2-20261129-1200.pfx2as.gz': gzipSync('193.0.0.0\t21\t3333\n'),
    }
    const answer = broken ? undefined : answers[request.url ?? '']
    if (answer === undefined) response.writeHead(503).end('no')
    else if (request.headers['if-modified-since'] === changed) response.writeHead(304).end()
    else response.writeHead(200, { 'last-modified': changed }).end(answer)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const base = `http://127.0.0.1:${(server.address() as { port: number }).port}/`
  const folder = mkdtempSync(join(tmpdir(), 'skep-routing-'))
  const tables = [
    {
      file: 'vantages/routeviews.v4.gz',
      url: `${base}caida/`,
      newest: { list: `${base}caida/pfx2as-creation.log`, match: /\b\d{4}\/\d{2}\/routeviews[\w-]+\.pfx2as\.gz\b/g },
    },
    { file: 'vrps.json', url: `${base}vrps.json` },
    { file: 'irr/x.gz', url: `${base}irr` },
  ]
  const states = async () => (await updateRouting(folder, { tables })).map(({ fresh, error }) => error ?? fresh)
  expect(await states()).toEqual([true, true, 'the server answered 503'])
  expect(await states()).toEqual([false, false, 'the server answered 503'])
  expect(asked).toBe(8)
  // What cannot be had leaves what is there.
  broken = true
  expect(await states()).toEqual(Array.from({ length: 3 }, () => 'the server answered 503'))
  const holder = { organisation: 'isp', asns: [3333], prefixes: ['193.0.0.0/21'] }
  const state = (await checkRouting(folder, [holder]))?.get('isp')
  expect(state?.lines.map(({ prefix, asn }) => [prefix, asn])).toEqual([['193.0.0.0/21', 3333]])
  server.close()
})

test('a bogon is what lies in one, whatever the first byte', () => {
  for (const prefix of ['10.1.0.0/16', '192.0.2.0/25', '230.0.0.0/8', '2001:db8:1::/48', '0.0.0.0/8'])
    expect(isBogon(prefix), prefix).toBe(true)
  for (const prefix of ['11.0.0.0/8', '192.0.0.0/23', '2001:db0::/28', '0.0.0.0/0', '1.1.1.0/24'])
    expect(isBogon(prefix), prefix).toBe(false)
  fc.assert(
    fc.property(fc.ipV4(), fc.integer({ min: 0, max: 32 }), (address, bits) => {
      const prefix = normalPrefix(`${address}/${bits}`) ?? ''
      expect(isBogon(prefix)).toBe(bogons.some((one) => covers(one, prefix)))
    }),
  )
})
