import fc from 'fast-check'
import { expect, test } from 'vitest'
import { EndOfStream, Malformed, Reader } from '../../../runtime/reader.ts'
import { cut, testSensor } from '../../../testing.ts'
import { connect } from '../testing.ts'
import { ordered, readList, writeList, type Entry } from './list.ts'
import { rsyncOf } from './rsync.ts'
import { frame, Frames, Indexes, varint, varlong } from './wire.ts'

function framesOf(bytes: Buffer, framed = false): Frames {
  const reader = new Reader()
  reader.push(bytes)
  reader.end()
  const frames = new Frames(reader)
  frames.framed = framed
  return frames
}

test('numbers, indexes and frames are read as they were written', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.maxSafeNat(), { maxLength: 20 }),
      fc.array(fc.nat({ max: 3_000_000 }), { maxLength: 20 }),
      fc.array(fc.nat()),
      async (numbers, indexes, places) => {
        const [ours, theirs] = [new Indexes(), new Indexes()]
        const bytes = Buffer.concat([
          ...numbers.flatMap((n) => [varlong(n, 3), varint(n & 0x7fff_ffff)]),
          ...indexes.map((n) => ours.write(n)),
          ours.write(-1),
        ])
        const input = framesOf(Buffer.concat([...cut(bytes, places)].map((part) => frame(Buffer.from(part)))), true)
        for (const n of numbers) {
          expect(await input.varlong(3)).toBe(n)
          expect(await input.varint()).toBe(n & 0x7fff_ffff)
        }
        for (const n of indexes) expect(await theirs.read(input)).toBe(n)
        expect(await theirs.read(input)).toBe(-1)
      },
    ),
  )
})

test('files stand in the order in which rsync counts them', () => {
  const entry = (name: string): Entry => ({
    name: name.replace(/\/$/, ''),
    mode: name.endsWith('/') ? 0o040755 : 0o100644,
    size: 0,
    time: 0,
  })
  const names = ['b/', 'a-b/', 'a/', 'a/x/', 'a/x/1', 'a/z', 'c', 'a-b/q', './', 'A']
  expect(ordered(names.map(entry)).map(({ name }) => name)).toEqual([
    '.',
    'A',
    'c',
    'a-b',
    'a-b/q',
    'a',
    'a/z',
    'a/x',
    'a/x/1',
    'b',
  ])
})

test('a list is read as it was written, and garbage ends it', async () => {
  const asked = { gives: false, flags: 'vlogDtpr', long: [], paths: [] }
  const list: Entry[] = [
    { name: 'one', mode: 0o100644, size: 5_000_000_000, time: 1_700_000_000, target: undefined },
    { name: 'two', mode: 0o120777, size: 3, time: 0, target: 'one' },
    { name: 'sub', mode: 0o040755, size: 4096, time: 1, target: undefined },
  ]
  expect(await readList(framesOf(writeList(list, asked)), asked)).toEqual(ordered(list))
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 300 }),
      fc.constantFrom('r', 'vlogDtprH', 'rc'),
      async (bytes, flags) => {
        try {
          await readList(framesOf(Buffer.from(bytes)), { ...asked, flags })
        } catch (error) {
          expect(error instanceof Malformed || error instanceof EndOfStream).toBe(true)
        }
      },
    ),
  )
})

test('only what is an rsync by itself is one', () => {
  expect(rsyncOf('rsync --server -vlogDtpre.iLsfxCIvu . /tmp/')).toMatchObject({
    gives: false,
    flags: 'vlogDtpr',
    paths: ['/tmp/'],
  })
  expect(rsyncOf("rsync --server --sender -rze.LsfxCIvu . '/etc/a b'")).toMatchObject({
    gives: true,
    flags: 'rz',
    paths: ['/etc/a b'],
  })
  expect(rsyncOf('rsync --server . /tmp; id')).toBeUndefined()
  expect(rsyncOf('rsync --version')).toBeUndefined()
})

test('whatever is said to it, the sensor goes on', async () => {
  await using lab = await testSensor()
  const client = await connect(lab)
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), fc.boolean(), async (bytes, gives) => {
      await new Promise<void>((resolve, reject) =>
        client.exec(`rsync --server ${gives ? '--sender ' : ''}-vlogDtprze.LsfxCI . /tmp/`, (error, stream) => {
          if (error) return reject(error)
          stream.on('close', () => resolve()).resume()
          stream.end(Buffer.concat([Buffer.of(31, 0, 0, 0), Buffer.from(bytes)]))
        }),
      )
    }),
    { numRuns: 40 },
  )
  client.end()
  expect(lab.log).toEqual([])
})
