import type { Socket } from 'node:net'
import { expect, test } from 'vitest'
import { testSensor } from '../../testing.ts'
import { failureDelay } from './family.ts'
import { nameList, string, uint32 } from './wire.ts'

// What OpenSSH 8.4p1 of Debian 11 was seen to answer on the wire, byte by byte, beside this sensor.

/** A packet as it is before keys are agreed: padded with zeroes, as OpenSSH's own are. */
function packet(kind: number, payload: Buffer = Buffer.alloc(0), padding?: number): Buffer {
  const size = 2 + payload.length
  let pad = 8 - ((size + 4) % 8)
  if (pad < 4) pad += 8
  const head = Buffer.alloc(6)
  head.writeUInt32BE(size + pad, 0)
  head[4] = padding ?? pad
  head[5] = kind
  return Buffer.concat([head, payload, Buffer.alloc(pad)])
}
const lists = (kex: string): Buffer =>
  packet(
    20,
    Buffer.concat([
      Buffer.alloc(16, 7),
      nameList([kex]),
      nameList(['ssh-ed25519']),
      ...['aes128-ctr', 'aes128-ctr', 'hmac-sha2-256', 'hmac-sha2-256', 'none', 'none'].map((name) => nameList([name])),
      nameList([]),
      nameList([]),
      Buffer.alloc(5),
    ]),
  )
const ident = Buffer.from('SSH-2.0-x\r\n')
const unimplemented = (number: number): Buffer => packet(3, uint32(number))
const goodbye = (reason: string): Buffer => packet(1, Buffer.concat([uint32(2), string(reason), string('')]))

/** What comes back until the end, or until nothing more comes. */
async function answers(socket: Socket, sent: Uint8Array): Promise<{ bytes: Buffer; open: boolean }> {
  const parts: Buffer[] = []
  socket.on('data', (part: Buffer) => parts.push(part))
  socket.on('error', () => {})
  const ended = new Promise<boolean>((resolve) => socket.once('close', () => resolve(false)))
  socket.once('end', () => socket.end())
  socket.write(sent)
  const open = await Promise.race([ended, new Promise<boolean>((resolve) => setTimeout(() => resolve(true), 900))])
  socket.destroy()
  return { bytes: Buffer.concat(parts), open }
}

test('what comes before the keys is answered as the real daemon answers it', async () => {
  await using lab = await testSensor()
  const own = `${lab.sensor.persona.ssh.ident}\r\n`
  const cases: [name: string, sent: Uint8Array, answer: string | Buffer, open: boolean][] = [
    ['another line', Buffer.from('abc\n'), 'Invalid SSH identification string.\r\n', false],
    ['no software', Buffer.from('SSH-2.0-\r\n'), 'Invalid SSH identification string.\r\n', false],
    ['the first version', Buffer.from('SSH-1.5-old\r\n'), 'Protocol major versions differ.\r\n', false],
    ['a third version', Buffer.from('SSH-3.0-new\r\n'), 'Protocol major versions differ.\r\n', false],
    ['a line without an end', Buffer.alloc(8192, 'A'), '', true],
    ['both versions', Buffer.from('SSH-1.99-x\r\n'), Buffer.alloc(0), true],
    ['a message to ignore', Buffer.concat([ident, packet(2, string('x'))]), Buffer.alloc(0), true],
    ['new keys too early', Buffer.concat([ident, packet(21)]), unimplemented(0), true],
    ['a service too early', Buffer.concat([ident, packet(5, string('ssh-userauth'))]), unimplemented(0), true],
    ['no such message', Buffer.concat([ident, packet(250)]), goodbye('Invalid ssh2 packet type: 250'), false],
    [
      'too little padding',
      Buffer.concat([ident, packet(20, Buffer.alloc(4), 2)]),
      goodbye('Corrupted padlen 2 on input.'),
      false,
    ],
    ['a log-in too early', Buffer.concat([ident, packet(50)]), Buffer.alloc(0), false],
    ['lists that share nothing', Buffer.concat([ident, lists('none-such')]), Buffer.alloc(0), false],
    [
      'the wrong exchange',
      Buffer.concat([ident, lists('curve25519-sha256'), packet(32, string('x'))]),
      unimplemented(1),
      true,
    ],
    [
      'lists twice',
      Buffer.concat([ident, lists('curve25519-sha256'), lists('curve25519-sha256')]),
      unimplemented(1),
      true,
    ],
    [
      'a message to ignore within a strict exchange',
      Buffer.concat([ident, lists('curve25519-sha256,kex-strict-c-v00@openssh.com'), packet(2, string('x'))]),
      goodbye('strict KEX violation: unexpected packet type 2 (seqnr 1)'),
      false,
    ],
    [
      'a point that is none',
      Buffer.concat([ident, lists('curve25519-sha256'), packet(30, string('abc'))]),
      Buffer.alloc(0),
      false,
    ],
  ]
  for (const [name, sent, answer, open] of cases) {
    const socket = await lab.connect('ssh')
    const said = await answers(socket, sent)
    expect(said.open, name).toBe(open)
    expect(said.bytes.subarray(0, own.length).toString(), name).toBe(own)
    const rest = said.bytes.subarray(own.length)
    if (typeof answer === 'string') expect(rest.toString('latin1'), name).toBe(answer)
    else {
      // Its lists come first: one packet, padded with zeroes.
      const size = rest.readUInt32BE(0) + 4
      expect(rest[5], name).toBe(20)
      const padding = rest[4] ?? 0
      expect(rest.subarray(size - padding, size).equals(Buffer.alloc(padding)), name).toBe(true)
      expect(rest.subarray(size).toString('hex'), name).toBe(answer.toString('hex'))
    }
  }
  expect(lab.log).toEqual([])
}, 60_000)

test('whatever follows junk on the line, it ends after the refusal', async () => {
  // With bytes left unread the end is a reset, as of any process that ends; it may overtake the end of the line.
  await using lab = await testSensor()
  for (const junk of ['GET / HTTP/1.1\r\nHost: x\r\n\r\n', '\0\0\0', 'SSH-2.0-a\rb\r\n']) {
    const { bytes, open } = await answers(await lab.connect('ssh'), Buffer.from(junk))
    expect(open).toBe(false)
    expect(bytes.toString()).toContain(`${lab.sensor.persona.ssh.ident}\r\nInvalid SSH identification string.`)
  }
})

test('a refusal comes after the same time for each try of a name, whether the name is there or not', async () => {
  await using lab = await testSensor()
  const { ssh } = lab.sensor.persona
  for (const name of ['root', 'nobody-here', 'a', '']) {
    const total = (elapsed: number) => elapsed + failureDelay(ssh, name, elapsed)
    expect(total(0)).toBeGreaterThanOrEqual(5)
    expect(total(0)).toBeLessThan(9.3)
    // Doubled until it is past: between what was spent and twice that.
    for (const elapsed of [1000, 1900, 2000, 2900]) {
      expect(total(elapsed)).toBeGreaterThanOrEqual(elapsed)
      expect(total(elapsed)).toBeLessThanOrEqual(2 * elapsed)
      expect(Math.log2(total(elapsed) / total(0)) % 1).toBeCloseTo(0, 6)
    }
  }
})
