import fc from 'fast-check'
import { expect, test } from 'vitest'
import { extractUrls } from '../evidence/extract.ts'
import { testSensor, heard } from '../testing.ts'
import { glob } from './redis/glob.ts'

// Text that makes careless patterns run for minutes: each of these ends, or the test does not.

test('a glob finds what a slow search finds, and ends on what is made to hold it', () => {
  const slow = (pattern: string, text: string): boolean =>
    pattern === ''
      ? text === ''
      : pattern[0] === '*'
        ? slow(pattern.slice(1), text) || (text !== '' && slow(pattern, text.slice(1)))
        : text !== '' && (pattern[0] === '?' || pattern[0] === text[0]) && slow(pattern.slice(1), text.slice(1))
  const letters = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), maxLength: 8 })
  fc.assert(fc.property(letters, letters, (pattern, text) => glob(pattern, text) === slow(pattern, text)))
  expect(glob(`${'*a'.repeat(100)}*b`, 'a'.repeat(256))).toBe(false)
})

test('extraction ends on options without end, spaces without end, and encodings within encodings', () => {
  for (const text of [
    `wget${' --a'.repeat(20_000)}`,
    `curl${' -'.repeat(50_000)}`,
    `wget${' '.repeat(250_000)}x`,
    'tftp -r '.repeat(30_000),
    `${'%25'.repeat(80_000)}41`,
    '${lower:'.repeat(30_000),
    Buffer.from('A'.repeat(150_000)).toString('base64'),
    'a=$a$a;'.repeat(10_000),
  ]) {
    expect(extractUrls(text)).toEqual([])
  }
})

test('a request line full of spaces is read at once, and read right', async () => {
  await using lab = await testSensor()
  for (const line of [
    `GET x${' '.repeat(60_000)}y`,
    `GET${' '.repeat(60_000)}/login HTTP/1.0`,
    `GET /login${' '.repeat(60_000)}HTTP/1.0`,
  ]) {
    const socket = await lab.connect('http')
    socket.end(`${line}\r\n\r\n`)
    expect(await heard(socket, undefined)).toContain(line.includes('login') ? '<form' : '404 Not Found')
  }
  expect((await lab.until('request', ({ data }) => data.target === '/login')).data.version).toBe('1.0')
  expect(lab.log).toEqual([])
})
