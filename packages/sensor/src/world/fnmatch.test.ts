import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fnmatch } from './fnmatch.ts'

test.each([
  ['*.sh', 'a.sh', true],
  ['*.sh', 'a.sh.bak', false],
  ['a?c', 'abc', true],
  ['[a-c]x', 'bx', true],
  ['[!a-c]x', 'bx', false],
  ['[[:digit:]]*', '7z', true],
  ['a\\*b', 'a*b', true],
  ['a\\*b', 'aXb', false],
  ['[', '[', true],
  ['**', 'anything', true],
  ['', '', true],
  ['*a*b*c', 'xxaxxbxxc', true],
] as const)('%s against %s', (pattern, text, fits) => {
  expect(fnmatch(pattern)(text)).toBe(fits)
})

test('it is the same as a search for what stands between the stars, and never takes long', () => {
  fc.assert(
    fc.property(
      fc.array(fc.stringMatching(/^[ab]{0,3}$/), { maxLength: 6 }),
      fc.stringMatching(/^[ab]{0,40}$/),
      (parts, text) => {
        expect(fnmatch(parts.join('*'))(text)).toBe(new RegExp(`^${parts.join('.*')}$`).test(text))
      },
    ),
  )
  expect(fnmatch('*a'.repeat(500))('a'.repeat(4000) + 'b')).toBe(false)
})
