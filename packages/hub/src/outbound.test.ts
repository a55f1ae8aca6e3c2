import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isPublic } from '@skep/vocabulary'
import { Forbidden, Outbound } from './outbound.ts'

test('addresses that lead inwards are no public ones, in whatever clothes', () => {
  for (const bad of [
    '127.0.0.1',
    '10.1.2.3',
    '172.31.0.1',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '0.0.0.0',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '64:ff9b::a00:1',
    '2002:7f00:1::',
    'fe80::1',
    'fe80::1%eth0',
    'fc00::1',
    'ff02::1',
    '2001:db8::1',
    '2001::1',
    '3fff::1',
    'not an address',
    '',
  ])
    expect(isPublic(bad), bad).toBe(false)
  for (const good of [
    '1.1.1.1',
    '193.0.6.139',
    '2001:67c:2e8:22::c100:68b',
    '::ffff:8.8.8.8',
    '2606:4700::1111',
    '64:ff9b::808:808',
  ])
    expect(isPublic(good), good).toBe(true)
  fc.assert(fc.property(fc.ipV6(), (address) => typeof isPublic(address) === 'boolean'))
})

test('only https, only outwards, whatever the URL looks like', async () => {
  const outbound = new Outbound()
  for (const bad of [
    'http://example.org/',
    'ftp://example.org/',
    'file:///etc/passwd',
    'https://127.0.0.1/',
    'https://2130706433/',
    'https://0x7f.1/',
    'https://017700000001/',
    'https://[::1]/',
    'https://[::ffff:169.254.169.254]/',
    'https://user:pass@example.org/',
    'https://localhost/',
    'https://intranet/',
    'nonsense',
  ])
    await expect(outbound.fetch(bad), bad).rejects.toThrow(Forbidden)
})

test('a name that leads inwards is refused when the connection is made; redirects are judged anew', async () => {
  const server = createServer((request, response) => {
    if (request.url === '/away') response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end()
    else if (request.url === '/endless') {
      const more = (): void => {
        while (response.write(Buffer.alloc(65_536)));
        response.once('drain', more)
      }
      more()
    } else response.end('good')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  try {
    // A name of the Internet whose owner says that it is this machine, or one of several that is.
    let found = [{ address: '127.0.0.1', family: 4 }]
    const rebound = new Outbound([], ((_: string, __: object, done: (e: null, all: object[]) => void) =>
      done(null, found)) as never)
    await expect(rebound.fetch(`https://inward.example:${port}/`)).rejects.toThrow(/public Internet/)
    found = [
      { address: '::ffff:10.0.0.1', family: 6 },
      { address: '169.254.169.254', family: 4 },
    ]
    await expect(rebound.fetch(`https://inward.example:${port}/`)).rejects.toThrow(/public Internet/)
    const outbound = new Outbound([`127.0.0.1:${port}`])
    expect((await outbound.fetch(`http://127.0.0.1:${port}/`)).body.toString()).toBe('good')
    await expect(outbound.fetch(`http://127.0.0.1:${port}/away`, { redirects: 3 })).rejects.toThrow(Forbidden)
    expect((await outbound.fetch(`http://127.0.0.1:${port}/away`)).status).toBe(302)
    await expect(outbound.fetch(`http://127.0.0.1:${port}/endless`, { most: 100_000 })).rejects.toThrow(/more than/)
  } finally {
    server.closeAllConnections()
    server.close()
  }
})
