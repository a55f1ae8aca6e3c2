import fc from 'fast-check'
import { expect, test } from 'vitest'
import { adjusted, binomialTail, gammaQuantile, logGamma, survival } from './statistics.ts'

test('the tail of a binomial distribution is exact', () => {
  expect(binomialTail(0, 10, 0.3)).toBe(1)
  expect(binomialTail(11, 10, 0.3)).toBe(0)
  expect(binomialTail(10, 10, 0.5)).toBeCloseTo(1 / 1024, 12)
  expect(binomialTail(8, 10, 0.5)).toBeCloseTo(56 / 1024, 12)
  expect(binomialTail(3, 3, 0.1)).toBeCloseTo(0.001, 12)
  expect(logGamma(10)).toBeCloseTo(Math.log(362_880), 10)
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 60 }), fc.double({ min: 0.01, max: 0.99, noNaN: true }), (n, p) => {
      let previous = 1
      for (let k = 0; k <= n; k++) {
        const tail = binomialTail(k, n, p)
        expect(tail).toBeLessThanOrEqual(previous + 1e-12)
        expect(tail).toBeGreaterThanOrEqual(0)
        previous = tail
      }
    }),
  )
})

test('Benjamini and Hochberg’s own example', () => {
  // The fifteen p-values of their paper of 1995: at q = 0.05 the first four are findings.
  const p = [
    0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.324, 0.4262, 0.5719, 0.6528, 0.759, 1,
  ]
  expect(adjusted(p).filter((q) => q <= 0.05)).toHaveLength(4)
  expect(adjusted([])).toEqual([])
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true })), (values) => {
      adjusted(values).forEach((q, i) => {
        expect(q).toBeGreaterThanOrEqual((values[i] ?? 0) * (1 - 1e-12))
        expect(q).toBeLessThanOrEqual(1)
      })
    }),
  )
})

test('quantiles of a Gamma distribution: those of the exponential and of chi-squared', () => {
  expect(gammaQuantile(0.5, 1, 1)).toBeCloseTo(Math.LN2, 8)
  expect(gammaQuantile(0.975, 0.5, 0.5)).toBeCloseTo(5.02388618731489, 6)
  expect(gammaQuantile(0.025, 10, 1)).toBeCloseTo(4.795388696132, 6)
  expect(gammaQuantile(0.975, 10, 2)).toBeCloseTo(17.084803 / 2, 5)
})

test('Kaplan and Meier: those not over yet are counted for as long as they were watched', () => {
  // The 6-MP arm of Freireich et al. 1963, in every textbook: 21 patients, the median is 23 weeks.
  const ended = [6, 6, 6, 7, 10, 13, 16, 22, 23]
  const open = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
  const { curve, median } = survival([
    ...ended.map((days) => ({ days, ended: true })),
    ...open.map((days) => ({ days, ended: false })),
  ])
  expect(curve.map(({ at, share }) => [at, Number(share.toFixed(4))])).toEqual([
    [6, 0.8571],
    [7, 0.8067],
    [10, 0.7529],
    [13, 0.6902],
    [16, 0.6275],
    [22, 0.5378],
    [23, 0.4482],
  ])
  expect(median).toBe(23)
  expect(survival([{ days: 5, ended: false }])).toEqual({ curve: [], median: null })
})
