import { isIPv6 } from 'node:net'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatV4, formatV6, parseV4, parseV6 } from './address.ts'
import { formatOf } from './formats.ts'
import { AddressTable } from './table.ts'

test('IPv6 reads as the platform reads it', () => {
  const words = new Uint32Array(4)
  const some = fc.oneof(fc.ipV6(), fc.string({ maxLength: 20, unit: fc.constantFrom(...':0123abf.'.split('')) }))
  fc.assert(
    fc.property(some, (text) => {
      const good = isIPv6(text)
      expect(parseV6(text, words), text).toBe(good)
      if (good) {
        // The platform's own parser of addresses in URLs is the judge; it writes the canonical form.
        expect(`[${formatV6(words)}]`, text).toBe(new URL(`http://[${text}]/`).hostname)
      }
    }),
    { numRuns: 5000 },
  )
})

test('IPv4 reads back', () => {
  fc.assert(fc.property(fc.ipV4(), (text) => formatV4(parseV4(text)) === text))
  for (const bad of ['', '1.2.3', '1.2.3.256', '1..2.3', '1.2.3.4.5', 'a.b.c.d']) expect(parseV4(bad)).toBe(-1)
})

test('the narrowest range wins, whatever the order of loading, and as a slow search finds it', () => {
  const prefix = fc.record({ n: fc.integer({ min: 0, max: 0xffff_ffff }), length: fc.integer({ min: 1, max: 32 }) })
  fc.assert(
    fc.property(
      fc.array(prefix, { maxLength: 40 }),
      fc.array(fc.integer({ min: 0, max: 0xffff_ffff })),
      (all, asked) => {
        const prefixes = all.map(({ n, length }) => ({ n: (n & (0xffff_ffff << (32 - length))) >>> 0, length }))
        const table = new AddressTable<string>()
        for (const { n, length } of prefixes) {
          table.addPrefix(formatV4(n), length, `${n}/${length}`, () => `${formatV4(n)}/${length}`)
        }
        table.build()
        for (const address of [...asked, ...prefixes.map(({ n }) => n)]) {
          const holding = prefixes
            .filter(({ n, length }) => (address & (0xffff_ffff << (32 - length))) >>> 0 === n)
            .sort((a, b) => b.length - a.length)[0]
          const wanted = holding === undefined ? undefined : `${formatV4(holding.n)}/${holding.length}`
          expect(table.find(formatV4(address))?.value).toBe(wanted)
          if (wanted !== undefined) expect(table.find(formatV4(address))?.prefix).toBe(wanted)
        }
      },
    ),
  )
})

test('every usual form of file is recognised and loaded', () => {
  const load = (text: string) => {
    const into = { origins: new AddressTable<never>(), places: new AddressTable<never>(), names: new Map() }
    const content = Buffer.from(text)
    const format = formatOf(content)
    const counts = format?.load(content, into as never)
    into.origins.build()
    into.places.build()
    return { name: format?.name, ...counts, ...into }
  }
  const caida = load('1.0.0.0\t24\t13335\n192.0.2.0\t24\t64500_64501\n2001:db8::\t32\t64496\n')
  expect(caida).toMatchObject({ name: 'pfx2as', loaded: 3 })
  expect(caida.origins.find('192.0.2.9')).toEqual({ prefix: '192.0.2.0/24', value: { asns: [64500, 64501], name: '' } })
  expect(caida.origins.find('2001:db8:1::1')?.prefix).toBe('2001:db8::/32')

  const ris = load('% remark\n13335\t1.0.0.0/24\t300\n64500\t1.0.0.0/24\t20\n64511\t9.0.0.0/8\t1\n')
  expect(ris).toMatchObject({ name: 'riswhois', loaded: 1, skipped: 1 })
  expect(ris.origins.get('1.0.0.1')).toEqual({ asns: [13335, 64500], name: '' })

  expect(load('1.0.0.0/24\t13335\n1.0.4.0/22\t38803\n')).toMatchObject({ name: 'raw-table', loaded: 2 })
  expect(load('     1 LVLT-1, US\n 13335 CLOUDFLARENET, US\n')).toMatchObject({ name: 'as-names', loaded: 2 })
  expect(load('1.0.0.0,1.0.0.255,13335,"Cloudflare, Inc."\n').origins.get('1.0.0.7')).toEqual({
    asns: [13335],
    name: 'Cloudflare, Inc.',
  })
  const rir = load(
    '2|apnic|20261120|3|19830613|20261119|+1000\napnic|*|ipv4|*|1|summary\n' +
      'apnic|AU|ipv4|1.0.0.0|256|20110811|assigned|A91872ED\napnic|JP|ipv6|2001:200::|35|19990813|allocated|A9\n' +
      'apnic||ipv4|1.0.8.0|256||available|\n',
  )
  expect(rir).toMatchObject({ name: 'delegated-extended', loaded: 2, skipped: 1 })
  expect(rir.places.find('1.0.0.9')).toEqual({ prefix: '1.0.0.0/24', value: { economy: 'AU', registry: 'apnic' } })
  expect(formatOf(Buffer.from('hello\nworld\n'))).toBeUndefined()
})
