import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cut, heard, testSensor } from '../../testing.ts'
import type { PersonaName } from '../../personas/index.ts'
import { Negotiator } from './negotiation.ts'
import { patience } from './telnet.ts'

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

/** Answers a daemon as a client does that is willing to some things; gives what the daemon asked, in its order. */
async function client(
  persona: PersonaName,
  will: readonly number[],
  { user, says }: { user?: string; says?: number[] } = {},
) {
  const lab = await testSensor({}, { persona })
  const socket = await lab.connect('telnet')
  const asked: string[] = []
  let text = ''
  const verbs: Readonly<Record<number, string>> = { 251: 'WILL', 252: 'WONT', 253: 'DO', 254: 'DONT' }
  socket.on('data', (bytes: Buffer) => {
    for (let at = 0; at < bytes.length;) {
      const [first, verb = 0, option = 0] = bytes.subarray(at, at + 3)
      if (first !== 255) {
        text += String.fromCharCode(bytes[at++] ?? 0)
        continue
      }
      if (verb === 250) {
        const end = bytes.indexOf(Buffer.of(255, 240), at)
        asked.push(`SB ${bytes.toString('hex', at + 2, end)}`)
        at = end + 2
        if (option === 24) socket.write(Buffer.from([255, 250, 24, 0, ...Buffer.from('xterm'), 255, 240]))
        if (option === 39)
          socket.write(
            Buffer.from([
              255,
              250,
              39,
              0,
              ...(user === undefined ? [] : [0, ...Buffer.from(`USER\u0001${user}`)]),
              255,
              240,
            ]),
          )
        continue
      }
      at += 3
      asked.push(`${verbs[verb]} ${option}`)
      if (verb === 253) socket.write(Buffer.of(255, will.includes(option) ? 251 : 252, option))
      if (verb === 251) socket.write(Buffer.of(255, [1, 3, 5].includes(option) ? 253 : 254, option))
    }
  })
  const until = async (what: RegExp): Promise<string> => {
    for (let i = 0; i < 600 && !what.test(text); i++) await new Promise((resolve) => setTimeout(resolve, 10))
    return text
  }
  if (says !== undefined) {
    await until(/login: $/)
    asked.length = 0
    text = ''
    socket.write(Buffer.from(says))
  }
  return { lab, socket, asked, until, clear: () => (text = '') }
}

// Recorded beside inetutils-telnetd 2.0 (Debian 11), 2.4 (Debian 12) and netkit's 0.17 (scripts/compare-telnet.mjs).
test('daemons ask what the real ones ask, in their order: edited lines, flow control, status', async () => {
  const first = ['WILL 37', 'WILL 38', 'DO 24', 'DO 32', 'DO 35', 'DO 39', 'DO 36', 'SB 1801']
  const second = ['WILL 3', 'DO 1', 'DO 34', 'DO 31', 'WILL 5', 'DO 33']
  const cases: readonly [persona: PersonaName, will: readonly number[], asked: readonly string[]][] = [
    ['debian-11', [24], [...first, ...second, 'WILL 1', 'DO 6', 'DO 0']],
    ['debian-12', [24, 34], [...first, ...second, 'SB 220103', 'WILL 1', 'DO 0', 'DONT 34']],
    ['debian-11', [24, 33, 34], [...first, ...second, 'SB 220103', 'SB 2103', 'WILL 1', 'DO 0', 'DONT 34']],
    [
      'ubuntu-22.04',
      [24, 34],
      ['DO 24', 'DO 32', 'DO 35', 'DO 39', 'SB 1801', 'WILL 3', 'DO 1', 'DO 31', 'WILL 5', 'DO 33', 'WILL 1'],
    ],
  ]
  for (const [persona, will, wanted] of cases) {
    const { lab, asked, until, socket } = await client(persona, will)
    await using _ = lab
    expect(await until(/login: $/)).toContain(persona.startsWith('ubuntu') ? 'Ubuntu 22.04' : '(pts/0)')
    expect(asked, `${persona} ${will.join(' ')}`).toEqual(wanted)
    socket.destroy()
  }
  const { lab, asked, until, socket } = await client('debian-11', [24, 31, 33], {
    says: [255, 250, 5, 1, 255, 240, 255, 246],
  })
  await using _ = lab
  await until(/\[Yes\]/)
  expect(asked).toEqual(['SB 0500fb01fb03fb05fd18fd1ffd21fa2101f0fa2103f0'])
  socket.destroy()
}, 60_000)

test('who names root with -f is let in where the daemon has that hole, and told everywhere (CVE-2026-24061)', async () => {
  const open = await client('debian-11', [24, 39], { user: '-f root' })
  await using _ = open.lab
  expect(await open.until(/# $/)).not.toContain('Password')
  open.clear()
  open.socket.write('id\r\n')
  expect(await open.until(/uid=0\(root\)[\s\S]*# $/)).toContain('id\r\n\u001b[?2004l\r\0uid=0(root)')
  open.socket.destroy()
  expect((await open.lab.until('exploit.match')).data).toMatchObject({ cve: 'CVE-2026-24061', part: 'USER=-f root' })
  expect((await open.lab.until('auth.attempt')).data).toMatchObject({ user: 'root', accepted: true })

  const mended = await client('debian-12', [39], { user: '-f root' })
  await using _2 = mended.lab
  expect(await mended.until(/login: $/)).toContain('login: ')
  mended.socket.destroy()
  expect((await mended.lab.until('exploit.match')).data).toMatchObject({ cve: 'CVE-2026-24061' })

  const other = await client('ubuntu-20.04', [39], { user: '-f root' })
  await using _3 = other.lab
  expect(await other.until(/hear you!/)).toContain("I don't hear you!\r\0\r\n")
  const named = await client('ubuntu-20.04', [39], { user: 'root' })
  await using _4 = named.lab
  expect(await named.until(/: $/)).toBe('Password: ')
  named.socket.destroy()
}, 60_000)

test('who takes too long to sign in is told so, as login does it', async () => {
  const { ms } = patience
  patience.ms = 400
  try {
    for (const persona of ['debian-12', 'camera'] as const) {
      await using lab = await testSensor({}, { persona })
      const socket = await lab.connect('telnet')
      const said = heard(socket, undefined, 8000)
      setTimeout(() => socket.write('roo'), 100)
      expect(await said, persona).toMatch(/login: [\s\S]*\r\nLogin timed out after 60 seconds\.?\r\n$/)
      expect(lab.log).toEqual([])
    }
  } finally {
    patience.ms = ms
  }
}, 30_000)
