import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Io } from '../command.ts'
import { formatted, readDate } from '../date.ts'
import { filters } from './index.ts'

// What stands in recordings is compared there (test/fidelity.test.ts); here, what holds for all that may come.

const run = async (name: string, args: readonly string[], stdin: string) =>
  filters[name]!(args, { stdin, cwd: '/', fs: {} } as unknown as Io)
const text = fc.string({
  unit: fc.constantFrom('a', 'b', 'B', '1', '10', ' ', '\t', '\n', ':', '\0', 'é'),
  maxLength: 60,
})
const latin = (given: string): string => Buffer.from(given).toString('latin1')

test('sort loses no line and puts them in order, whatever it is asked for', async () => {
  await fc.assert(
    fc.asyncProperty(
      text,
      fc.subarray(['-n', '-r', '-f', '-b', '-V', '-h', '-k2', '-k1,1n', '-s']),
      async (given, args) => {
        const lines = given.replace(/\n$/, '').split('\n')
        const { out = '' } = await run('sort', args, given)
        expect(out.split('\n').slice(0, -1).sort()).toEqual(given === '' ? [] : [...lines].sort())
        // What is in order is told to be so.
        expect((await run('sort', ['-c', ...args], out)).code ?? 0).toBe(0)
      },
    ),
  )
})

test('tr changes no lengths but by deleting and squeezing; base64 is undone', async () => {
  await fc.assert(
    fc.asyncProperty(text.map(latin), async (given) => {
      expect((await run('tr', ['a-z', 'A-Z'], given)).out).toBe(given.replace(/[a-z]/g, (c) => c.toUpperCase()))
      expect((await run('tr', ['-d', '\\0'], given)).out).toBe(given.replaceAll('\0', ''))
      expect((await run('tr', ['-cs', 'ab', '\\n'], given)).out).toBe(
        given.replace(/[^ab]+/g, '\n').replace(/\n+/g, '\n'),
      )
      const { out = '' } = await run('base64', [], given)
      expect((await run('base64', ['-d'], out)).out).toBe(given)
    }),
  )
})

test('cut takes fields as they stand, and wc counts what is there', async () => {
  await fc.assert(
    fc.asyncProperty(text.map(latin), async (given) => {
      const lines = given === '' ? [] : given.replace(/\n$/, '').split('\n')
      expect((await run('cut', ['-d:', '-f1'], given)).out).toBe(
        lines.map((line) => `${line.split(':')[0]}\n`).join(''),
      )
      expect((await run('wc', ['-c'], given)).out).toBe(`${given.length}\n`)
      expect((await run('wc', ['-l'], given)).out).toBe(`${given.split('\n').length - 1}\n`)
    }),
  )
})

test('a time that was written is read again', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4_000_000_000 }), (seconds) => {
      const ms = seconds * 1000
      for (const format of [
        '%Y-%m-%d %H:%M:%S',
        '%d %b %Y %T',
        '%a, %d %b %Y %T +0000',
        '@%s',
        '%Y-%m-%dT%H:%M:%SZ',
        '%m/%d/%Y %I:%M:%S %p',
      ])
        expect(readDate(formatted(format, ms), 0), formatted(format, ms)).toBe(ms)
    }),
    { numRuns: 50 },
  )
  const now = Date.UTC(2024, 1, 29, 12, 30, 15)
  const of = (words: string): string => new Date(readDate(words, now) ?? Number.NaN).toISOString().slice(0, 19)
  expect(of('yesterday')).toBe('2024-02-28T12:30:15')
  expect(of('2 weeks ago')).toBe('2024-02-15T12:30:15')
  expect(of('+1 day 3 hours')).toBe('2024-03-01T15:30:15')
  expect(of('next month')).toBe('2024-03-29T12:30:15')
  expect(of('2020-01-02 + 1 day')).toBe('2020-01-03T00:00:00')
  expect(of('last friday')).toBe('2024-02-23T00:00:00')
  expect(readDate('nonsense', now)).toBeUndefined()
})

test('no word throws in a date', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 80 }), (words) => {
      expect(['number', 'undefined']).toContain(typeof readDate(words, 0))
    }),
  )
})

test('as many lines as an attacker likes are sorted, and no count of them goes on for ever', async () => {
  const { out = '' } = await run('sort', ['-u'], 'b\na\n'.repeat(200_000))
  expect(out).toBe('a\nb\n')
  const io = { stdin: 'a\nb\n', cwd: '/', fs: {}, run: async () => ({ out: 'x' }) } as unknown as Io
  expect((await filters['xargs']!(['-L', '0', 'echo'], io)).out).toBe('xx')
})
