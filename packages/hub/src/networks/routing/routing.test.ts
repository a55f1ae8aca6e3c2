import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { checkRouting, validate } from './check.ts'
import { covers, normalPrefix, readAnnouncement, readRoutes, readVrps } from './tables.ts'

test('route origins are validated as RFC 6811 says', () => {
  const vrps = readVrps(
    JSON.stringify({
      roas: [
        { asn: 'AS64496', prefix: '198.51.0.0/16', maxLength: 24, ta: 'apnic' },
        { asn: 64_497, prefix: '198.51.100.0/24' },
        { asn: 'AS0', prefix: '2001:DB8::/32', maxLength: 32 },
      ],
    }),
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
  writeFileSync(join(folder, 'vantages', 'sydney.txt'), [...usual, '193.0.4.0/24 64498'].join('\n'))
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
