// Whatever is sent to a telnet port, whole or damaged, in any order and cut anyhow: it ends one conversation, nothing goes
// wrong on our side, and the next client is served. SKEP_PROOF=full sends more; SKEP_FUZZ_MINUTES says for how long.
import { createConnection } from 'node:net'
import { expect, test } from 'vitest'
import { heard, testSensor } from '../../testing.ts'

const minutes = Number(process.env['SKEP_FUZZ_MINUTES'] ?? 0)
const conversations = process.env['SKEP_PROOF'] === 'full' ? 5000 : 150

/** Numbers that come in the same order each time (Mulberry32). */
function numbers(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) % below
  }
}

const [IAC, SE, SB, WILL, DONT] = [255, 240, 250, 251, 254]
const options = [0, 1, 3, 5, 6, 24, 31, 32, 33, 34, 35, 36, 37, 39, 70, 85, 200, 255]

/** A conversation by the grammar of telnet: options, subnegotiations, functions, typed text; now and then damaged. */
function conversation(pick: (below: number) => number): Buffer[] {
  const some = (most: number): Buffer => Buffer.from(Array.from({ length: pick(most) }, () => pick(256)))
  const option = (): number => options[pick(options.length)] ?? 0
  const sub = (): Buffer => {
    const about = option()
    const bodies: Buffer[] = [
      Buffer.from([0, ...Buffer.from('xterm-256color')]),
      Buffer.from([1]),
      Buffer.from([pick(256), pick(256), pick(256), pick(256)]),
      Buffer.from('\u0000\u0000USER\u0001-f root\u0003DISPLAY\u0001:0', 'latin1'),
      Buffer.from([0, 0, 2, 2, 1, 1, 3, 255, 255, 0]),
      Buffer.from(`\0${'3'.repeat(pick(40))},${'8'.repeat(pick(40))}`),
      some(pick(20) === 0 ? 20_000 : 60),
    ]
    const end = pick(8) === 0 ? some(4) : Buffer.from([IAC, SE])
    return Buffer.concat([Buffer.from([IAC, SB, about]), bodies[pick(bodies.length)] ?? Buffer.alloc(0), end])
  }
  const piece = (): Buffer => {
    switch (pick(9)) {
      case 0:
      case 1:
        return Buffer.from([IAC, WILL + pick(DONT - WILL + 1), option()])
      case 2:
        return sub()
      case 3:
        return Buffer.from([IAC, 236 + pick(20)])
      case 4:
        return Buffer.from(
          ['root\r\n', 'admin\r\0', '\r\n', '\n', 'x'.repeat(pick(5000)), '\u0003', '\u0004', '\t\t'][pick(8)] ?? '',
        )
      case 5:
        return Buffer.from(
          ['enable', 'sh', '/bin/busybox X', 'exit', 'cat', 'vi x', ':q!', '\u001b[A'][pick(8)] + '\r\n',
        )
      case 6:
        return some(80)
      case 7:
        return Buffer.from([IAC])
      default:
        return Buffer.from([IAC, IAC])
    }
  }
  const all = Array.from({ length: 1 + pick(25) }, piece)
  if (pick(4) > 0) return all
  // Damaged: a bit here and there, and cut at other places.
  const bytes = Buffer.concat(all)
  for (let i = 0; i < 3 && bytes.length > 0; i++) {
    const at = pick(bytes.length)
    bytes[at] = (bytes[at] ?? 0) ^ (1 << pick(8))
  }
  const middle = pick(bytes.length + 1)
  return [bytes.subarray(0, middle), bytes.subarray(middle)]
}

test.each(['debian-12', 'camera'] as const)(
  'nothing that is sent to the telnet of %s hurts the next client',
  async (persona) => {
    await using lab = await testSensor({}, { persona })
    const port = lab.port('telnet')
    const pick = numbers(persona.length * 7919)
    const began = Date.now()
    const done = { sent: 0, count: 0 }
    const one = async (): Promise<void> => {
      const source = `127.0.${1 + pick(3)}.${1 + pick(200)}`
      // Some get in first.
      const { user, password } = lab.sensor.persona.credentials[0] ?? { user: '', password: '' }
      const inside = pick(3) === 0 ? [Buffer.from(`${user}\r\n${password}\r\n`)] : []
      const parts = [...inside, ...conversation(pick)]
      const hurry = pick(3)
      await new Promise<void>((resolve) => {
        const socket = createConnection({ host: '127.0.0.1', port, localAddress: source })
        socket.on('error', () => undefined)
        socket.once('close', () => resolve())
        socket.resume()
        socket.once('connect', () => {
          void (async () => {
            for (const part of parts) {
              if (socket.destroyed) return
              socket.write(part)
              done.sent += part.length
              if (hurry > 0) await new Promise((next) => setTimeout(next, hurry))
            }
            if (hurry === 2) socket.destroy()
            else {
              socket.end()
              setTimeout(() => socket.destroy(), 150)
            }
          })()
        })
      })
      done.count++
    }
    while (done.count < conversations || Date.now() - began < minutes * 60_000) {
      await Promise.all(Array.from({ length: 10 }, one))
      if (done.count % 50 === 0) {
        const socket = await lab.connect('telnet')
        expect(await heard(socket, /login: $/)).toContain('login: ')
        socket.destroy()
      }
    }
    console.log(`${persona}: ${done.count} conversations, ${done.sent} bytes`)
    expect(lab.log.filter((line) => line.includes('fault'))).toEqual([])
  },
  120_000 + minutes * 120_000,
)
