import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cut, heard, testSensor } from '../../testing.ts'
import { Negotiator } from './negotiation.ts'

test('typed bytes and answers are the same however the network cuts the stream', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.array(fc.nat(), { maxLength: 20 }), (bytes, places) => {
      const read = (parts: Iterable<Uint8Array>) => {
        const negotiator = new Negotiator()
        const [data, answers]: [Buffer[], Buffer[]] = [[], []]
        for (const part of parts) {
          const taken = negotiator.take(part)
          data.push(taken.data)
          answers.push(taken.answer)
        }
        return [Buffer.concat(data).toString('hex'), Buffer.concat(answers).toString('hex'), negotiator.told]
      }
      expect(read(cut(Buffer.from(bytes), places))).toEqual(read([bytes]))
    }),
  )
})

test('options are answered once and never in a loop (RFC 1143)', () => {
  const ask = (...bytes: number[]) => [...negotiator.take(Uint8Array.from(bytes)).answer]
  const negotiator = new Negotiator()
  expect(ask(255, 253, 1)).toEqual([255, 251, 1])
  expect(ask(255, 253, 1)).toEqual([])
  expect(ask(255, 254, 1)).toEqual([255, 252, 1])
  expect(ask(255, 254, 1)).toEqual([])
  expect(ask(255, 253, 99)).toEqual([255, 252, 99])
  expect(ask(255, 251, 99)).toEqual([255, 254, 99])
})

test('a log-in and a shell are played and recorded, with what the client told', async () => {
  await using lab = await testSensor()
  const [pair] = lab.sensor.persona.credentials
  const socket = await lab.connect('telnet')
  socket.write(
    Buffer.from([
      255,
      251,
      31,
      255,
      250,
      31,
      0,
      120,
      0,
      50,
      255,
      240,
      255,
      251,
      24,
      255,
      250,
      24,
      0,
      ...Buffer.from('VT220'),
      255,
      240,
    ]),
  )
  await heard(socket, /login: $/)
  socket.write('root\r\n')
  await heard(socket, /Password: $/)
  socket.write('wrong one\r\n')
  expect(await heard(socket, /login: $/)).toContain('Login incorrect')
  socket.write(`${pair?.user}\r\n`)
  await heard(socket, /Password: $/)
  socket.write(`${pair?.password}\r\0`)
  await heard(socket, /# $/)
  socket.write('cat /proc/mounts | head -1; /bin/busybox MIRAI\r\n')
  const answer = await heard(socket, /# $/)
  expect(answer).toContain('sysfs /sys sysfs')
  expect(answer).toContain('MIRAI: applet not found')
  socket.write('exit\r\n')
  await heard(socket, undefined)
  await lab.until('session.close')
  const events = await lab.events()
  expect(
    events.filter((event) => event.kind === 'auth.attempt').map(({ data }) => [data.user, data.secret, data.accepted]),
  ).toEqual([
    ['root', 'wrong one', false],
    [pair?.user, pair?.password, true],
  ])
  expect(events.find((event) => event.kind === 'client.hello')?.data.options).toEqual(
    expect.arrayContaining(['TERM=VT220', 'size=120x50']),
  )
  expect(events.filter((event) => event.kind === 'command.run').map(({ data }) => data.line)).toEqual([
    'cat /proc/mounts | head -1; /bin/busybox MIRAI',
    'exit',
  ])
  expect(events.some(({ kind }) => kind === 'recording.closed')).toBe(true)
  expect(lab.log).toEqual([])
})

test('the trick of CVE-2026-24061 is recognised', async () => {
  await using lab = await testSensor()
  const socket = await lab.connect('telnet')
  socket.write(
    Buffer.from([255, 251, 39, 255, 250, 39, 0, 0, ...Buffer.from('USER'), 1, ...Buffer.from('-f root'), 255, 240]),
  )
  await heard(socket, /login: $/)
  socket.destroy()
  expect((await lab.until('exploit.match')).data).toMatchObject({ cve: 'CVE-2026-24061', part: 'USER=-f root' })
})

test('negotiates as inetutils’ telnetd does, byte by byte', async () => {
  await using lab = await testSensor()
  const socket = await lab.connect('telnet')
  const seen: number[] = []
  socket.on('data', (bytes: Buffer) => {
    seen.push(...bytes)
    // A client that is willing to tell its terminal, speed and environment.
    for (let i = 0; i + 2 < bytes.length; i++) {
      if (bytes[i] !== 255) continue
      const [verb = 0, option = 0] = [bytes[i + 1], bytes[i + 2]]
      if (verb === 250)
        socket.write(Buffer.concat([Buffer.from([255, 250, option, 0]), Buffer.from('x'), Buffer.from([255, 240])]))
      if (verb === 253) socket.write(Buffer.from([255, [24, 32, 39].includes(option) ? 251 : 252, option]))
      if (verb === 251) socket.write(Buffer.from([255, [1, 3].includes(option) ? 253 : 254, option]))
    }
  })
  await lab.until('session.open')
  for (let i = 0; i < 60 && !Buffer.from(seen).toString('latin1').endsWith('login: '); i++)
    await new Promise((resolve) => setTimeout(resolve, 50))
  socket.destroy()
  const { machine } = lab.sensor.persona
  // Recorded from inetutils-telnetd 2.0 of Debian 11.
  expect(Buffer.from(seen).toString('latin1')).toBe(
    `${Buffer.from(
      'fffb25fffb26fffd18fffd20fffd23fffd27fffd24' +
        'fffa2001fff0fffa2701fff0fffa1801fff0' +
        'fffb03fffd01fffd22fffd1ffffb05fffd21' +
        'fffb01fffd06fffd00',
      'hex',
    ).toString(
      'latin1',
    )}\r\nLinux ${machine.kernel.release} (${machine.hostname}) (pts/0)\r\n\r\n${machine.hostname} login: `,
  )
})
