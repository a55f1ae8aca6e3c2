import { createHash, createPublicKey, diffieHellman, generateKeyPairSync } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { createConnection, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import type { PersonaName } from '../../personas/index.ts'
import { testSensor, type TestSensor } from '../../testing.ts'
import { ciphers, macs, plain, type Sealer } from './cipher.ts'
import { deriveKey } from './kex.ts'
import { connect } from './testing.ts'
import { bool, byte, mpint, nameList, string, uint32 } from './wire.ts'

// A client that speaks SSH by its grammar and breaks it: every kind of message in every state, whole and damaged. The
// daemon must answer the next client as if nothing had been. SKEP_PROOF=full runs it for an hour, else a few seconds.

const full = process.env['SKEP_PROOF'] === 'full'
const minutes = Number(process.env['SKEP_FUZZ_MINUTES'] ?? 60)

/** Random numbers from a seed, so that what went wrong can be done again. */
function dice(seed: number) {
  let state = Math.imul(seed, 2_654_435_761) | 1
  const next = (): number => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
  // The first numbers of neighbouring seeds are neighbours.
  for (let i = 0; i < 16; i++) next()
  const below = (n: number): number => Math.floor(next() * n)
  return {
    below,
    chance: (share: number): boolean => next() < share,
    pick: <T>(list: readonly T[]): T => list[below(list.length)] as T,
    bytes: (n: number): Buffer => Buffer.from(Array.from({ length: n }, () => below(256))),
  }
}
type Dice = ReturnType<typeof dice>

const numbers = [0, 1, 2, 255, 32_768, 65_536, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff]
const lists = [
  'curve25519-sha256',
  'ssh-ed25519,ecdsa-sha2-nistp256',
  'aes128-ctr',
  'aes128-ctr',
  'hmac-sha2-256',
  'hmac-sha2-256',
  'none',
  'none',
  '',
  '',
]

const signIn = ({ user, password }: { user: string; password: string }): Buffer[] => [
  byte(50),
  string(user),
  string('ssh-connection'),
  string('password'),
  bool(false),
  string(password),
]

/** A message of the protocol, as it should be but for its values. */
function message(d: Dice, pair: { user: string; password: string }): Buffer {
  const number = () => uint32(d.chance(0.6) ? d.below(4) : d.pick(numbers))
  const text = () =>
    string(
      d.pick(['', 'x', 'root', 'ssh-userauth', 'ssh-connection', '\0', 'é', d.bytes(d.below(300)).toString('latin1')]),
    )
  const request = () => {
    const kind = d.pick([
      'pty-req',
      'x11-req',
      'env',
      'exec',
      'shell',
      'subsystem',
      'window-change',
      'signal',
      'break',
      'exit-status',
      'auth-agent-req@openssh.com',
      'nothing',
    ])
    const rest: Record<string, () => Buffer[]> = {
      'pty-req': () => [string('xterm'), number(), number(), number(), number(), text()],
      env: () => [string(d.pick(['LANG', 'LC_ALL', 'PATH'])), text()],
      exec: () => [string(d.pick(['true', 'echo hi', 'cat', 'exit 3', ';;', 'scp -t /tmp', 'scp -f /etc', '']))],
      subsystem: () => [string(d.pick(['sftp', 'x']))],
      'window-change': () => [number(), number(), number(), number()],
      signal: () => [string('INT')],
    }
    return [byte(98), number(), string(kind), bool(d.chance(0.5)), ...(rest[kind]?.() ?? [])]
  }
  const makers: (() => Buffer[])[] = [
    () => [byte(1), number(), text(), text()],
    () => [byte(d.pick([2, 3, 4, 21, 31, 33, 51, 52, 53, 60, 81, 82, 91, 92, 99, 100])), d.bytes(d.below(40))],
    () => [byte(5), text()],
    () => [byte(7), uint32(1), string('ext-info-in-auth@openssh.com'), string('0')],
    () => [
      byte(20),
      d.bytes(16),
      ...lists.map((name) => nameList([d.chance(0.9) ? name : 'x'])),
      bool(d.chance(0.2)),
      uint32(0),
    ],
    () => [
      byte(d.pick([30, 32, 34])),
      d.chance(0.5) ? string(d.bytes(d.pick([0, 1, 32, 256, 1190, 1216]))) : d.bytes(12),
    ],
    () => signIn(pair),
    () => [
      byte(50),
      text(),
      text(),
      string(d.pick(['none', 'password', 'publickey', 'keyboard-interactive', 'hostbased'])),
      bool(d.chance(0.5)),
      text(),
      text(),
    ],
    () => [byte(61), number(), text()],
    () => [
      byte(80),
      string(
        d.pick([
          'tcpip-forward',
          'cancel-tcpip-forward',
          'hostkeys-prove-00@openssh.com',
          'keepalive@openssh.com',
          'x',
        ]),
      ),
      bool(d.chance(0.5)),
      text(),
      number(),
    ],
    () => [
      byte(90),
      string(d.pick(['session', 'session', 'session', 'direct-tcpip', 'forwarded-tcpip', 'x11', 'x'])),
      number(),
      number(),
      number(),
      text(),
      number(),
      text(),
      number(),
    ],
    () => [
      byte(90),
      string('session'),
      uint32(d.below(4)),
      uint32(d.pick([0, 1, 65_536, 0xffff_ffff])),
      uint32(d.pick([1, 100, 32_768, 0xffff_ffff])),
    ],
    () => [byte(93), number(), number()],
    () => [byte(94), number(), string(d.bytes(d.below(2000)))],
    () => [byte(95), number(), number(), string(d.bytes(d.below(200)))],
    () => [byte(d.pick([96, 97])), number()],
    request,
    request,
    () => [byte(192), text()],
    () => [byte(d.below(256)), d.bytes(d.below(120))],
  ]
  return Buffer.concat(d.pick(makers)())
}

/** The same with something wrong in it. */
function damaged(d: Dice, whole: Buffer): Buffer {
  const bytes = Buffer.from(whole)
  switch (d.below(5)) {
    case 0:
      return bytes.subarray(0, d.below(bytes.length + 1))
    case 1:
      return Buffer.concat([bytes, d.bytes(d.below(64))])
    case 2:
      if (bytes.length >= 5) bytes.writeUInt32BE(d.pick(numbers), 1 + d.below(bytes.length - 4))
      return bytes
    case 3:
      for (let i = d.below(8); i >= 0 && bytes.length > 0; i--) bytes[d.below(bytes.length)] = d.below(256)
      return bytes
    default:
      return Buffer.concat([bytes, bytes])
  }
}

/** A packet around a payload; sometimes with lengths that are not true. */
function packet(d: Dice, sealer: Sealer, payload: Buffer): Buffer {
  const { block, lengthPadded } = sealer
  let padding = block - ((payload.length + (lengthPadded ? 5 : 1)) % block)
  if (padding < 4) padding += block
  const bytes = Buffer.concat([uint32(1 + payload.length + padding), byte(padding), payload, Buffer.alloc(padding)])
  if (d.chance(0.01)) bytes.writeUInt32BE(d.pick(numbers), 0)
  if (d.chance(0.01)) bytes[4] = d.below(256)
  return bytes
}

/** Waits until as many bytes as wanted have come. */
async function reads(socket: Socket, came: { bytes: Buffer }, enough: (bytes: Buffer) => boolean): Promise<boolean> {
  for (let i = 0; i < 400 && !enough(came.bytes); i++) {
    if (socket.destroyed) return false
    await new Promise((resolve) => setTimeout(resolve, i < 20 ? 1 : 5))
  }
  return enough(came.bytes)
}
/** The end of the packet that begins at a place; 0 where it is not all there. */
const endOf = (bytes: Buffer, at: number): number =>
  bytes.length >= at + 4 && bytes.length >= at + 4 + bytes.readUInt32BE(at) ? at + 4 + bytes.readUInt32BE(at) : 0

/** Takes what was recorded off the spool: an hour of it would fill the memory of the test. */
async function forget({ sensor: { spool } }: TestSensor): Promise<void> {
  await spool.written()
  for (let batch = spool.next(10_000, 1e9); batch.length > 0; batch = spool.next(10_000, 1e9))
    spool.acknowledge(batch.length)
}

/** One conversation. @returns how many messages it sent */
async function converse(lab: TestSensor, seed: number): Promise<number> {
  const d = dice(seed)
  const [pair = { user: '', password: '' }] = lab.sensor.persona.credentials
  const socket = createConnection({
    host: '127.0.0.1',
    port: lab.port('ssh'),
    localAddress: `127.0.${1 + d.below(4)}.${1 + d.below(250)}`,
  })
  socket.on('error', () => {})
  const came = { bytes: Buffer.alloc(0) }
  socket.on('data', (part: Buffer) => {
    if (came.bytes.length < 20_000) came.bytes = Buffer.concat([came.bytes, part])
  })
  let sent = 0
  let number = 0
  const send = (sealer: Sealer, payload: Buffer): void => {
    if (!socket.destroyed) socket.write(sealer.seal(number, packet(d, sealer, payload)))
    number = (number + 1) >>> 0
    sent++
  }
  const some = (sealer: Sealer, most: number): void => {
    for (let i = d.below(most); i >= 0; i--) {
      const whole = message(d, pair)
      send(sealer, d.chance(0.35) ? damaged(d, whole) : whole)
    }
  }
  try {
    if (!(await reads(socket, came, (bytes) => bytes.includes('\n')))) return 0
    const line = came.bytes.indexOf('\n') + 1
    const [theirs, mine] = [came.bytes.toString('latin1', 0, line).trim(), 'SSH-2.0-grammar']
    if (d.chance(0.05)) {
      socket.write(d.chance(0.5) ? d.bytes(d.below(400)) : damaged(d, Buffer.from(`${mine}\r\n`)))
      return 1
    }
    socket.write(`${mine}\r\n`)
    if (d.chance(0.15)) {
      some(plain, 8)
      return sent
    }
    const init = Buffer.concat([byte(20), d.bytes(16), ...lists.map((name) => string(name)), bool(false), uint32(0)])
    send(plain, init)
    if (!(await reads(socket, came, (bytes) => endOf(bytes, line) > 0))) return sent
    const theirInit = came.bytes.subarray(line, endOf(came.bytes, line))
    const theirs20 = theirInit.subarray(5, theirInit.length - (theirInit[4] ?? 0))
    const { publicKey, privateKey } = generateKeyPairSync('x25519')
    const ours = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url')
    if (d.chance(0.05)) some(plain, 3)
    send(plain, Buffer.concat([byte(30), string(ours)]))
    const at = line + theirInit.length
    if (!(await reads(socket, came, (bytes) => endOf(bytes, at) > 0))) return sent
    const reply = came.bytes.subarray(at + 6)
    if (came.bytes[at + 5] !== 31) return sent
    const blob = reply.subarray(4, 4 + reply.readUInt32BE(0))
    const value = reply.subarray(8 + blob.length, 8 + blob.length + reply.readUInt32BE(4 + blob.length))
    const peer = createPublicKey({ key: { kty: 'OKP', crv: 'X25519', x: value.toString('base64url') }, format: 'jwk' })
    const secret = mpint(diffieHellman({ privateKey, publicKey: peer }))
    const hash = createHash('sha256')
    for (const part of [Buffer.from(mine), Buffer.from(theirs), init, theirs20, blob, ours, value])
      hash.update(string(part))
    const exchange = hash.update(secret).digest()
    send(plain, byte(21))
    const derive = (letter: string, size: number) => deriveKey('sha256', secret, exchange, exchange, letter, size)
    const sealer =
      ciphers['aes128-ctr']?.make(derive('C', 16), derive('A', 16), macs['hmac-sha2-256'], derive('E', 32)).sealer() ??
      plain
    if (d.chance(0.85)) send(sealer, Buffer.concat([byte(5), string('ssh-userauth')]))
    if (d.chance(0.2)) some(sealer, 6)
    if (d.chance(0.8)) send(sealer, Buffer.concat(signIn(pair)))
    for (let i = d.below(3); i > 0; i--)
      send(
        sealer,
        Buffer.concat([
          byte(90),
          string('session'),
          uint32(i),
          uint32(d.pick([0, 10, 1_000_000])),
          uint32(d.pick([1, 32_768])),
        ]),
      )
    some(sealer, 24)
    await new Promise((resolve) => setTimeout(resolve, d.below(30)))
    return sent
  } finally {
    if (d.chance(0.5)) socket.end()
    else socket.resetAndDestroy()
    setTimeout(() => socket.destroy(), 200).unref()
  }
}

test.each(['debian-12', 'camera'] as const)(
  'nothing that is sent to %s hurts the next client',
  async (persona: PersonaName) => {
    await using lab = await testSensor({}, { persona })
    const end = Date.now() + (full ? minutes * 30_000 : 4000)
    let [conversations, messages, seed] = [0, 0, full ? Date.now() & 0xff_ffff : 7]
    const worker = async (): Promise<void> => {
      const most = full ? Number.MAX_SAFE_INTEGER : 300
      while (Date.now() < end && conversations < most) {
        conversations++
        const sent = await converse(lab, (seed = (seed * 1_103_515_245 + 12_345) & 0x7fff_ffff))
        messages += sent
        if (conversations % 500 === 0) await forget(lab)
      }
    }
    const client = async (): Promise<string> => {
      const one = await connect(lab)
      const out = await new Promise<string>((resolve, reject) =>
        one.exec('echo alive', (error, stream) => {
          if (error) return reject(error)
          let text = ''
          stream.on('data', (part: Buffer) => (text += part.toString()))
          stream.on('close', () => resolve(text))
        }),
      )
      one.end()
      return out
    }
    const before = process.memoryUsage().rss
    await Promise.all(Array.from({ length: 8 }, worker))
    expect(await client()).toBe('alive\n')
    expect(lab.log).toEqual([])
    expect(conversations).toBeGreaterThan(20)
    const grown = Math.round((process.memoryUsage().rss - before) / 1024 / 1024)
    const told = `${persona}: ${conversations} conversations, ${messages} messages, ${grown} MB more\n`
    console.log(told)
    if (full) writeFileSync(`fuzz-${persona}.txt`, told)
  },
  full ? minutes * 60_000 + 120_000 : 60_000,
)
