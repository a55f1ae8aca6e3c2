import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cut } from '../testing.ts'
import { Cursor, EndOfStream, Malformed, Reader } from './reader.ts'

const feed = (bytes: Buffer, places: readonly number[] = []): Reader => {
  const reader = new Reader()
  void (async () => {
    for (const part of cut(bytes, places)) {
      await Promise.resolve()
      reader.push(part)
    }
    reader.end()
  })()
  return reader
}

test('lines read the same however the network cuts them', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.string({ maxLength: 50 }).map((text) => text.replace(/[\r\n]/g, '')),
        { maxLength: 20 },
      ),
      fc.array(fc.nat(), { maxLength: 30 }),
      async (lines, places) => {
        const reader = feed(Buffer.from(lines.map((line) => `${line}\r\n`).join('')), places)
        const read: string[] = []
        while ((await reader.peek()) !== undefined) read.push((await reader.line(1000)).toString('utf8'))
        expect(read).toEqual(lines)
      },
    ),
  )
})

test('a read is bounded, and says so', async () => {
  await expect(feed(Buffer.from('x'.repeat(100))).line(10)).rejects.toThrow(Malformed)
  await expect(feed(Buffer.from(`${'x'.repeat(100)}\n`)).line(10)).rejects.toThrow(Malformed)
  await expect(feed(Buffer.from('ab')).bytes(3)).rejects.toThrow(EndOfStream)
  await expect(feed(Buffer.from('ab')).line(10)).rejects.toThrow(EndOfStream)
})

test('a slow reader stops the network, and starts it again', async () => {
  const asked: boolean[] = []
  const reader = new Reader((wanted) => asked.push(wanted))
  reader.push(Buffer.alloc(300 * 1024))
  expect(asked).toEqual([false])
  await reader.bytes(200 * 1024)
  expect(asked).toEqual([false, true])
  // A frame longer than the mark must not wait for itself.
  reader.push(Buffer.alloc(300 * 1024))
  const wanted = reader.bytes(1024 * 1024)
  reader.push(Buffer.alloc(1024 * 1024))
  expect((await wanted).length).toBe(1024 * 1024)
})

test('a cursor throws past its end and never gives undefined', () => {
  const cursor = new Cursor(Buffer.from([0, 0, 0, 9, 1]))
  expect(() => cursor.string()).toThrow(Malformed)
  expect(() => new Cursor(Buffer.alloc(1)).u16()).toThrow(Malformed)
})
