import { createSocket, type Socket as Udp } from 'node:dgram'
import { once } from 'node:events'
import { createServer as createHttp, type Server } from 'node:http'
import { createServer as createTcp, type AddressInfo, type Server as Tcp } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fetchPayload, NotFetched } from './fetch.ts'
import { Guard } from './guard.ts'

const caps = { bytes: 100_000, ms: 1500, redirects: 3 }
const guard = new Guard([], ['127.0.0.1'])
const script = '#!/bin/sh\nwget http://192.0.2.7/second\n'
let web: Server
let base: string
const agents: string[] = []
const closing: (() => void)[] = []

beforeAll(async () => {
  web = createHttp((request, response) => {
    agents.push(request.headers['user-agent'] ?? '')
    const way = request.url ?? ''
    if (way === '/x.sh') response.end(script)
    else if (way === '/away') response.writeHead(302, { location: '/x.sh' }).end()
    else if (way === '/inwards') response.writeHead(302, { location: 'http://10.0.0.1/' }).end()
    else if (way === '/metadata') response.writeHead(301, { location: 'http://169.254.169.254/latest' }).end()
    else if (way === '/file') response.writeHead(302, { location: 'file:///etc/passwd' }).end()
    else if (way === '/round') response.writeHead(302, { location: '/round' }).end()
    else if (way === '/slow') response.write('a')
    else if (way === '/endless') {
      const more = (): void => {
        while (response.write(Buffer.alloc(16_384)));
        response.once('drain', more)
      }
      more()
    } else response.writeHead(404).end()
  })
  web.listen(0, '127.0.0.1')
  await once(web, 'listening')
  base = `http://127.0.0.1:${(web.address() as AddressInfo).port}`
})
afterAll(() => {
  web.closeAllConnections()
  web.close()
  for (const close of closing) close()
})

const refused = (url: string, of = guard): Promise<NotFetched> =>
  fetchPayload(url, of, caps).then(
    () => expect.fail(`${url} was fetched`),
    (error: unknown) => {
      if (!(error instanceof NotFetched)) throw error
      return error
    },
  )

test('a file is fetched as the attacker’s tool would, over redirects', async () => {
  const { bytes, hops } = await fetchPayload(`${base}/away`, guard, caps, 'curl')
  expect(bytes.toString()).toBe(script)
  expect(hops.map(({ url, address, status }) => [url.slice(base.length), address, status])).toEqual([
    ['/away', '127.0.0.1', '302'],
    ['/x.sh', '127.0.0.1', '200'],
  ])
  expect(agents.at(-1)).toMatch(/^curl\//)
})

test('whatever is not public, or forbidden, is not gone to: not by address, name, redirect or a name that changes', async () => {
  for (const url of [
    'http://127.0.0.1/x',
    'http://[::1]/x',
    'http://10.1.2.3/',
    'http://169.254.169.254/latest/meta-data/',
    'http://[::ffff:192.168.1.1]/',
    'http://0x7f000001/',
    'http://2130706433/',
    'ftp://172.16.0.1/x',
    'tftp://192.168.0.1/x',
    'gopher://1.1.1.1/',
    'file:///etc/passwd',
  ])
    expect((await refused(url, new Guard())).refused, url).toBe(true)
  for (const way of ['/inwards', '/metadata', '/file']) {
    const error = await refused(`${base}${way}`)
    expect(error.refused, way).toBe(true)
    expect(error.hops[0]?.status).toMatch(/^30/)
  }
  let asked = 0
  const turning = ((_host: string, _options: object, done: (error: null, address: string) => void) =>
    done(null, asked++ === 0 ? '10.0.0.8' : '127.0.0.1')) as never
  expect((await refused('http://turns.example.net/x', new Guard([], [], turning))).message).toContain('10.0.0.8')
  // The name is asked for once; the connection goes to what was judged.
  const { port } = web.address() as AddressInfo
  let times = 0
  const once = ((_host: string, _options: object, done: (error: null, address: string) => void) =>
    done(null, times++ === 0 ? '127.0.0.1' : '10.0.0.8')) as never
  const { bytes } = await fetchPayload(
    `http://turns.example.net:${port}/x.sh`,
    new Guard([], ['127.0.0.1'], once),
    caps,
  )
  expect([bytes.toString(), times]).toEqual([script, 1])
  const never = new Guard(['192.0.0.0/8', '1.1.1.1', 'example.org', '2606:4700::/32'], ['1.1.1.2'])
  for (const url of ['http://1.1.1.1/', 'http://www.example.org/', 'http://EXAMPLE.org/', 'http://[2606:4700::1]/'])
    expect((await refused(url, never)).refused, url).toBe(true)
})

test('what is too long, too slow, turns in circles or is not there is given up', async () => {
  expect((await refused(`${base}/endless`)).message).toContain('more than 100000 bytes')
  expect((await refused(`${base}/slow`)).message).toContain('not done within 1.5 s')
  expect((await refused(`${base}/round`)).message).toContain('too many redirects')
  expect(await refused(`${base}/gone`)).toMatchObject({ message: 'answered 404', refused: false })
})

/** A small FTP server that sends data connections elsewhere if it can. */
async function ftpServer(old: boolean): Promise<number> {
  const data: Tcp = createTcp((socket) => socket.end(script)).listen(0, '127.0.0.1')
  await once(data, 'listening')
  const port = (data.address() as AddressInfo).port
  const control = createTcp((socket) => {
    socket.write('220-hello\r\n220 ready\r\n')
    socket.on('error', () => undefined)
    socket.on('data', (piece) => {
      for (const line of String(piece).trim().split('\r\n')) {
        const [verb = ''] = line.split(' ')
        const said = {
          USER: '331 password',
          PASS: '230 in',
          TYPE: '200 binary',
          EPSV: old ? '500 what' : `229 Entering (|||${port}|)`,
          // Another address than its own: not followed.
          PASV: `227 Entering Passive Mode (10,0,0,1,${port >> 8},${port & 255})`,
          RETR: line === 'RETR dir/a b.sh' ? '150 here it comes' : '550 no',
        }[verb]
        socket.write(`${said ?? '502 what'}\r\n`)
      }
    })
  }).listen(0, '127.0.0.1')
  await once(control, 'listening')
  closing.push(
    () => data.close(),
    () => control.close(),
  )
  return (control.address() as AddressInfo).port
}

test.each([false, true])('FTP, with the old way of data connections: %s', async (old) => {
  const port = await ftpServer(old)
  const { bytes } = await fetchPayload(`ftp://127.0.0.1:${port}/dir/a%20b.sh`, guard, caps)
  expect(bytes.toString()).toBe(script)
  expect((await refused(`ftp://127.0.0.1:${port}/other`)).message).toContain('550')
  expect((await refused(`ftp://127.0.0.1:${port}/a%0d%0aDELE%20x`)).message).toContain('line end')
})

test('TFTP, also where a block is lost', async () => {
  const body = Buffer.alloc(1300, 'b')
  const socket: Udp = createSocket('udp4')
  let lost = false
  socket.on('message', (message, from) => {
    const op = message.readUInt16BE(0)
    if (op === 1 && !message.includes('mozi.a')) {
      socket.send(Buffer.from('\0\x05\0\x01no such file\0'), from.port, from.address)
      return
    }
    const block = op === 1 ? 1 : message.readUInt16BE(2) + 1
    if (block === 2 && !lost) {
      // The second block comes twice.
      lost = true
      socket.send(Buffer.concat([Buffer.from([0, 3, 0, 1]), body.subarray(0, 512)]), from.port, from.address)
      return
    }
    if (block > 3) return
    socket.send(
      Buffer.concat([Buffer.from([0, 3, 0, block]), body.subarray((block - 1) * 512, block * 512)]),
      from.port,
      from.address,
    )
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  closing.push(() => socket.close())
  const { port } = socket.address()
  expect((await fetchPayload(`tftp://127.0.0.1:${port}/mozi.a`, guard, caps)).bytes.equals(body)).toBe(true)
  expect((await refused(`tftp://127.0.0.1:${port}/x`)).message).toContain('no such file')
})
