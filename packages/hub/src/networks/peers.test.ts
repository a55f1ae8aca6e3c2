import { expect, test } from 'vitest'
import { compare, rateOf } from './peers.ts'
import { regionOf } from './regions.ts'

test('a rate is between its bounds, narrower with more addresses, and shrinks towards the group where little is known', () => {
  const pooled = 1 / 10_000
  const small = rateOf(1, 256, pooled)
  const large = rateOf(1000, 256_000, pooled)
  expect((small.high - small.low) / small.rate).toBeGreaterThan((large.high - large.low) / large.rate)
  for (const one of [small, large, rateOf(0, 256, pooled)]) {
    expect(one.low).toBeLessThan(one.rate)
    expect(one.high).toBeGreaterThan(one.rate)
  }
  // One offender of 256 addresses says little: the group's own 10 in 100,000 pulls more than the raw 390.
  expect(small.rate).toBeLessThan(20)
  expect(large.rate).toBeGreaterThan(300)
})

test('a network is compared with its economy, its sub-region and its size; no group is so small that one is told', () => {
  const sizes = new Map(
    Array.from({ length: 40 }, (_, i) => [
      i + 1,
      { addresses: i < 20 ? 1024 : 1_000_000, economy: i % 2 === 0 ? 'ID' : i === 39 ? 'TL' : 'MY' },
    ]),
  )
  const offenders = new Map([
    [1, 30],
    [2, 1],
    [3, 2],
  ])
  const found = compare([1], offenders, sizes)
  expect(found?.mine.offenders).toBe(30)
  expect(found?.groups.map(({ group, networks }) => [group, networks])).toEqual([
    ['ID', 19],
    ['South-eastern Asia', 39],
    ['same size', 19],
  ])
  // All others are below: also those in which nobody was seen to attack.
  for (const { share_below: below, median } of found?.groups ?? []) {
    expect(below).toBe(1)
    expect(median).toBe(0)
  }
  // Timor-Leste has one network here: no group of that name.
  expect(compare([40], offenders, sizes)?.groups.map(({ group }) => group)).not.toContain('TL')
  expect(compare([999], offenders, sizes)).toBeUndefined()
})

test('every economy of the Asia-Pacific has its sub-region', () => {
  for (const code of 'AF AS AU BD BT BN KH CN CK FJ PF GU HK IN ID JP KI KR LA MO MY MV MH FM MN MM NR NP NC NZ NU MP PK PW PG PH WS SG SB LK TW TH TL TK TO TV VU VN WF'.split(
    ' ',
  ))
    expect(regionOf(code), code).not.toBe('')
  expect(regionOf('ZZ')).toBe('')
})
