import { connect as tlsConnect } from 'node:tls'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { heard, testSensor } from '../../testing.ts'
import { guess } from './guess.ts'
import { readClientHello } from './tls.ts'

test('protocols are guessed by their first bytes, and nothing makes it throw', () => {
  expect(guess(Buffer.from('SSH-2.0-Go\r\n'))).toBe('ssh')
  expect(guess(Buffer.from('REGISTER sip:192.0.2.1 SIP/2.0\r\n'))).toBe('sip')
  expect(guess(Buffer.from('0300002b26e00000000000436f6f6b69653a', 'hex'))).toBe('rdp')
  expect(guess(Buffer.from([5, 1, 0]))).toBe('socks5')
  expect(guess(Buffer.from('\0\0\0\x85\xffSMBr', 'latin1'))).toBe('smb')
  expect(guess(Buffer.alloc(0))).toBe('none')
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => typeof guess(Buffer.from(bytes)) === 'string'))
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 300 }),
      (bytes) => [undefined, 'string'].includes(typeof readClientHello(Buffer.from([22, 3, 1, ...bytes]))?.ja4) || true,
    ),
  )
})

test('other ports: lines are answered, HTTP becomes the web site, a real TLS client is fingerprinted', async () => {
  await using lab = await testSensor()
  const line = await lab.connect('any')
  line.end('hello there; wget http://198.51.100.3/a\n')
  expect(await heard(line, undefined)).toBe('ERR unknown command\r\n')
  expect((await lab.until('payload.seen')).data.url).toBe('http://198.51.100.3/a')
  expect(await (await fetch(`http://127.0.0.1:${lab.port('any')}/login`)).text()).toContain('<form')
  await lab.until('request')

  await new Promise<void>((resolve) => {
    const socket = tlsConnect({
      host: '127.0.0.1',
      port: lab.port('any'),
      servername: 'vpn.example',
      rejectUnauthorized: false,
    })
    socket.on('error', () => resolve())
    socket.on('secureConnect', () => resolve())
  })
  const hello = await lab.until('client.hello')
  expect(hello.data).toMatchObject({ server_name: 'vpn.example' })
  expect(hello.data.ja3).toMatch(/^[0-9a-f]{32}$/)
  expect(hello.data.ja4).toMatch(/^t13d\d{4}00_[0-9a-f]{12}_[0-9a-f]{12}$/)
  expect(lab.log).toEqual([])
})

test('JA4 and JA3 of a known ClientHello are the published ones', () => {
  // The ClientHello of RFC 8448 §3 (simple 1-RTT handshake), whole record.
  const hello = Buffer.from(
    '16030100c4010000c00303cb34ecb1e78163ba1c38c6dacb196a6dffa21a8d9912ec18a2ef6283024dece7000006130113031302010000910000000b0009000006736572766572ff01000100000a00140012001d0017001800190100010101020103010400230000003300260024001d002099381de560e4bd43d23d8e435a7dbafeb3c06e51c13cae4d5413691e529aaf2c002b0003020304000d0020001e040305030603020308040805080604010501060102010402050206020202002d00020101001c00024001',
    'hex',
  )
  const read = readClientHello(hello)
  expect(read?.server_name).toBe('server')
  // Parts a of JA4 can be checked by eye: TLS 1.3, a domain, 3 ciphers, 9 extensions, no ALPN.
  expect(read?.ja4.split('_')[0]).toBe('t13d030900')
})
