import fc from 'fast-check'
import { expect, test } from 'vitest'
import { byTime } from './nearest.ts'
import type { Window } from './query.ts'

test('from either end it gives what a look at everything gives', async () => {
  const begin = Date.parse('2026-01-01T00:00:00Z')
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 0, max: 30 * 86_400_000 - 1 }), { maxLength: 60 }),
      fc.integer({ min: 1, max: 20 }),
      fc.boolean(),
      async (offsets, wanted, descending) => {
        const times = offsets.map((offset) => begin + offset)
        const looked: Window[] = []
        const ask = async (part: Window) => {
          looked.push(part)
          const rows = times
            .filter((at) => at >= Date.parse(part.since) && at < Date.parse(part.until))
            .sort((a, b) => (descending ? b - a : a - b))
            .slice(0, wanted)
          return { rows, sql: '', params: {} }
        }
        const window = { since: '2026-01-01T00:00:00Z', until: '2026-01-31T00:00:00Z' }
        const { rows } = await byTime(ask, window, wanted, descending)
        expect(looked.length).toBeLessThanOrEqual(5)
        expect(rows).toEqual((await ask(window)).rows)
      },
    ),
  )
})
