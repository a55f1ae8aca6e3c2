import { describe, expect, test } from 'vitest'
import { Judge, type Contacts, type Stand } from './verdicts.ts'

/** A small generator of random numbers with a seed (mulberry32), so that the simulation is the same each time. */
const random = (seed: number) => (): number => {
  seed = (seed + 0x6d2b79f5) | 0
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
}

// The simulation of reference/domain.md §4.3: 60 sensors in 12 ASes of 5, whose exposure is log-normal; 5,000 scanners
// that take what comes, and 250 sources that put four in five of their contacts into one AS.
function simulate(sigma: number, seed: number): { precision: number; recall: number } {
  const next = random(seed)
  const normal = (): number => Math.sqrt(-2 * Math.log(next() || 1e-12)) * Math.cos(2 * Math.PI * next())
  const exposure = Array.from({ length: 60 }, () => Math.exp(sigma * normal()))
  const sum = exposure.reduce((a, b) => a + b, 0)
  const w = exposure.map((x) => x / sum)
  const groupOf = (s: number): number => Math.floor(s / 5)
  const share = Array.from({ length: 12 }, (_, g) => w.filter((_x, s) => groupOf(s) === g).reduce((a, b) => a + b, 0))
  const draw = (weights: readonly number[]): number => {
    let x = next()
    for (let s = 0; s < 60; s++) if ((x -= weights[s] ?? 0) < 0) return s
    return 59
  }
  const sources: { contacts: Contacts; local: number | undefined }[] = []
  for (let i = 0; i < 5250; i++) {
    const local = i < 250 ? Math.floor(next() * 12) : undefined
    const weights =
      local === undefined ? w : w.map((x, s) => (groupOf(s) === local ? (0.8 * x) / (share[local] ?? 1) : 0) + 0.2 * x)
    const k = Math.min(40, 3 + Math.floor(-6 * Math.log(1 - next())))
    const touched = new Map<string, number>()
    for (let j = 0; j < k; j++) {
      const sensor = `s${draw(weights)}`
      touched.set(sensor, (touched.get(sensor) ?? 0) + 1)
    }
    sources.push({ contacts: { entity: `e${i}`, touched: [...touched] }, local })
  }
  const stands: Stand[] = w.map((_, s) => ({
    sensor: `s${s}`,
    organisation: `o${groupOf(s)}`,
    groups: { asn: `AS${groupOf(s)}` },
  }))
  const totals = new Map<string, number>()
  for (const { contacts } of sources)
    for (const [sensor, days] of contacts.touched) totals.set(sensor, (totals.get(sensor) ?? 0) + days)
  const verdicts = new Judge(stands, totals).judge(sources.map(({ contacts }) => contacts))
  let [right, wrong] = [0, 0]
  verdicts.forEach(({ verdict, group }, i) => {
    if (verdict !== 'aimed') return
    if (group?.name === `AS${sources[i]?.local}`) right++
    else wrong++
  })
  return { precision: right / Math.max(1, right + wrong), recall: right / 250 }
}

test.each([0.5, 1, 1.5])('at an exposure spread of %s: at most 3 in 100 wrong, at least 6 in 10 found', (sigma) => {
  const runs = Array.from({ length: 10 }, (_, seed) => simulate(sigma, seed + 1))
  const mean = (pick: (run: (typeof runs)[number]) => number): number =>
    runs.reduce((sum, run) => sum + pick(run), 0) / runs.length
  expect(mean(({ precision }) => precision)).toBeGreaterThanOrEqual(0.97)
  expect(mean(({ recall }) => recall)).toBeGreaterThanOrEqual(0.6)
})

describe('verdicts', () => {
  const stands: Stand[] = Array.from({ length: 30 }, (_, i) => ({
    sensor: `s${i}`,
    organisation: `o${i % 3}`,
    groups: {
      asn: `AS${Math.floor(i / 3)}`,
      economy: i < 15 ? 'ID' : 'JP',
      prefix: i === 29 ? 'alone' : `p${Math.floor(i / 3)}`,
    },
  }))
  const totals = new Map(stands.map(({ sensor }) => [sensor, 1000]))
  const judge = new Judge(stands, totals)
  // A crowd without a plan, so that Benjamini-Hochberg has something to stand beside.
  const crowd: Contacts[] = Array.from({ length: 50 }, (_, i) => ({
    entity: `crowd ${i}`,
    touched: Array.from({ length: 5 }, (_x, j) => [`s${(i * 7 + j * 11) % 30}`, 1] as const),
  }))
  const verdictOn = (touched: Contacts['touched']) => judge.judge([{ entity: 'x', touched }, ...crowd])[0]

  test('everywhere is global, one AS is aimed, one economy is regional', () => {
    expect(verdictOn(stands.map(({ sensor }) => [sensor, 1] as const))?.verdict).toBe('global')
    const aimed = verdictOn([
      ['s3', 4],
      ['s4', 4],
      ['s5', 4],
    ])
    expect(aimed?.verdict).toBe('aimed')
    expect(aimed).toMatchObject({ k: 12, d: 3, n: 30, group: { kind: 'prefix', name: 'p1', k: 12 } })
    expect(aimed?.q).toBeLessThan(0.05)
    expect(aimed?.group?.lift).toBeGreaterThan(3)
    const regional = new Judge(
      stands.map((one) => ({ ...one, groups: { economy: Number(one.sensor.slice(1)) < 4 ? 'TL' : 'JP' } })),
      totals,
    ).judge([
      {
        entity: 'x',
        touched: [
          ['s0', 3],
          ['s1', 3],
          ['s2', 3],
        ],
      },
      ...crowd,
    ])[0]
    expect(regional).toMatchObject({ verdict: 'regional', group: { kind: 'economy', name: 'TL' } })
  })

  test('one sensor is "only here", never "aimed"; little is not enough', () => {
    expect(verdictOn([['s29', 7]])?.verdict).toBe('only here')
    expect(verdictOn([['s1', 2]])?.verdict).toBe('not enough data')
    expect(verdictOn([])?.verdict).toBe('not enough data')
    expect(verdictOn([['unknown', 9]])).toMatchObject({ k: 0, verdict: 'not enough data' })
  })

  test('one sensor cannot make a verdict by saying it often; one organisation cannot make one at all', () => {
    expect(
      verdictOn([
        ['s3', 1000],
        ['s20', 1],
      ])?.k,
    ).toBe(8)
    const alone = new Judge(
      stands.map((one) => ({ ...one, organisation: 'same' })),
      totals,
    )
    expect(
      alone.judge([
        {
          entity: 'x',
          touched: [
            ['s3', 4],
            ['s4', 4],
            ['s5', 4],
          ],
        },
        ...crowd,
      ])[0]?.verdict,
    ).toBe('not enough data')
  })

  test('a sensor to which everything comes does not make what comes there "aimed"', () => {
    const busy = new Map(totals)
    for (const sensor of ['s3', 's4', 's5']) busy.set(sensor, 100_000)
    const judged = new Judge(stands, busy).judge([
      {
        entity: 'x',
        touched: [
          ['s3', 4],
          ['s4', 4],
          ['s5', 4],
        ],
      },
      ...crowd,
    ])
    expect(judged[0]?.verdict).not.toBe('aimed')
  })
})
