import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createConnection, type Socket } from 'node:net'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { heard, testSensor } from '../testing.ts'
import { proxyHeader, readProxyHeader } from './proxy.ts'
import { Malformed, Reader } from './reader.ts'

/** Resolves when the socket is closed, however. */
const gone = (socket: Socket) => new Promise<void>((resolve) => socket.once('close', () => resolve()))

const proxied = async (bytes: Buffer) => {
  const reader = new Reader()
  reader.push(bytes)
  reader.end()
  return readProxyHeader(reader)
}

test('PROXY headers of both versions and families are read', async () => {
  const source = { ip: '192.0.2.7', port: 4711 }
  const target = { ip: '198.51.100.1', port: 22 }
  expect(await proxied(Buffer.from(proxyHeader(source, target)))).toEqual({ source, target: { port: 22 } })
  expect(await proxied(Buffer.from('PROXY UNKNOWN\r\n'))).toBeUndefined()
  const v2 = Buffer.concat([
    Buffer.from('0d0a0d0a000d0a515549540a', 'hex'),
    Buffer.from([0x21, 0x21, 0, 36]),
    Buffer.from('20010db8000000000000000000000001', 'hex'),
    Buffer.from('20010db8000000000000000000000002', 'hex'),
    Buffer.from([0x12, 0x67, 0, 22]),
  ])
  expect(await proxied(v2)).toEqual({ source: { ip: '2001:db8::1', port: 4711 }, target: { port: 22 } })
  await expect(proxied(Buffer.from('PROXY TCP4 nonsense 1 2 3\r\n'))).rejects.toThrow(Malformed)
})

test('no bytes make the PROXY reader throw anything of ours', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
      const error = await proxied(Buffer.from(bytes)).then(
        () => undefined,
        (cause: Error) => cause.name,
      )
      expect([undefined, 'Malformed', 'EndOfStream']).toContain(error)
    }),
  )
})

test('only a configured front may say whom it stands for', async () => {
  const header = proxyHeader({ ip: '203.0.113.9', port: 1234 }, { ip: '127.0.0.1', port: 80 })
  const ask = async (fronts: string[]) => {
    await using lab = await testSensor({}, { fronts })
    const socket = await lab.connect('http')
    socket.write(`${header}GET / HTTP/1.0\r\n\r\n`)
    await heard(socket, undefined)
    const open = await lab.until('session.open')
    return { source: open.source, front: open.data.front, log: lab.log }
  }
  expect(await ask(['127.0.0.1'])).toEqual({
    source: { ip: '203.0.113.9', port: 1234 },
    front: '127.0.0.1',
    log: [],
  })
  expect((await ask([])).source?.ip).toBe('127.0.0.1')
})

test('idle, total and byte limits end a conversation, with the reason recorded', async () => {
  await using idle = await testSensor({ idleMs: 1000 })
  const quiet = await idle.connect('redis')
  await gone(quiet)
  expect((await idle.until('session.close')).data.reason).toBe('idle')

  await using total = await testSensor({ totalMs: 1000 })
  const busy = await total.connect('redis')
  const timer = setInterval(() => busy.write('PING\r\n'), 100)
  await gone(busy)
  clearInterval(timer)
  expect((await total.until('session.close')).data.reason).toBe('deadline')

  await using bytes = await testSensor({ bytes: 2048 })
  const loud = await bytes.connect('any')
  loud.write('x'.repeat(10_000))
  await gone(loud)
  expect((await bytes.until('session.close')).data.reason).toBe('bytes')
})

test('a source may hold so many conversations and no more, and what is refused is recorded', async () => {
  await using lab = await testSensor({ perSource: 3 })
  const sockets = []
  for (let i = 0; i < 5; i++) sockets.push(await lab.connect('telnet'))
  const refused = await lab.until('session.close', ({ data }) => data.reason === 'limit')
  expect(refused.source?.ip).toBe('127.0.0.1')
  for (const socket of sockets) socket.destroy()
  await lab.until('session.close', ({ data }) => data.reason !== 'limit')
})

test('a sequence has no gaps, and shutting down is recorded', async () => {
  const lab = await testSensor()
  await lab.connect('ssh')
  await lab.until('session.open')
  await lab.sensor.stop().catch(() => {})
  const { Spool } = await import('../spool/spool.ts')
  const spool = new Spool({ folder: `${lab.data}/spool` })
  const left = spool
    .next(1000, 1e9)
    .map(({ json }) => JSON.parse(json) as { seq: number; kind: string; data: { reason?: string } })
  expect(left.some(({ kind, data }) => kind === 'session.close' && data.reason === 'shutdown')).toBe(true)
  expect(left.map(({ seq }) => seq)).toEqual(left.map((_, i) => i + (left[0]?.seq ?? 0)))
  await spool.close()
})

test('UDP never answers with more than it got, and never amplifies', async () => {
  await using lab = await testSensor()
  const socket = createSocket('udp4')
  let answered = 0
  socket.on('message', (bytes) => (answered += bytes.length))
  const dns = Buffer.from('1234010000010000000000000377777707657861', 'hex')
  const query = Buffer.concat([dns, Buffer.from('6d706c6503636f6d0000ff0001', 'hex')])
  let sent = 0
  for (const bytes of [query, Buffer.alloc(48, 0x1b), Buffer.from('hello'), Buffer.alloc(0)]) {
    socket.send(bytes, lab.port('any', 'udp'), '127.0.0.1')
    sent += bytes.length
  }
  const seen = await lab.until('amplify.request', ({ data }) => data.protocol === 'dns')
  expect(seen.transport).toBe('udp')
  await lab.until('scan.probe')
  expect(answered).toBeLessThanOrEqual(sent)
  socket.close()
})

test('garbage on every port is recorded and harms nobody', async () => {
  await using lab = await testSensor({ idleMs: 3000 })
  const services = ['ssh', 'telnet', 'http', 'redis', 'any']
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...services),
      fc.uint8Array({ minLength: 1, maxLength: 600 }),
      async (service, bytes) => {
        const socket = createConnection({ host: '127.0.0.1', port: lab.port(service) })
        socket.on('error', () => {})
        await once(socket, 'connect')
        socket.resume()
        socket.end(bytes)
        await Promise.race([gone(socket), new Promise((resolve) => setTimeout(resolve, 4000))])
        socket.destroy()
      },
    ),
    { numRuns: 120 },
  )
  const corpus = [
    '\0',
    '\x16\x03\x01\x00\xa5',
    'SSH-2.0-\n',
    '*-5\r\n',
    '*1\r\n$99999999999\r\n',
    'GET',
    '\xff\xfa\x18',
    '\u001b]0;x\u0007',
    '=cmd|x',
    '\ud83d',
    'A'.repeat(1_000_000),
  ]
  for (const service of services) {
    for (const text of corpus) {
      const socket = await lab.connect(service)
      socket.resume()
      socket.end(Buffer.from(text, 'latin1'))
      await Promise.race([gone(socket), new Promise((resolve) => setTimeout(resolve, 4000))])
      socket.destroy()
    }
  }
  await lab.until('session.close', ({ data }) => data.bytes_in >= 1_000_000)
  expect(lab.log).toEqual([])
  const events = await lab.events()
  const opened = events.filter(({ kind }) => kind === 'session.open').length
  await lab.until('session.close')
  expect(opened).toBeGreaterThan(150)
}, 120_000)
