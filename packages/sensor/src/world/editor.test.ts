import fc from 'fast-check'
import type { Client, ClientChannel } from 'ssh2'
import { expect, test } from 'vitest'
import { Reader } from '../runtime/reader.ts'
import { cut, testSensor } from '../testing.ts'
import { connect } from '../services/ssh/testing.ts'
import { completionOf } from './complete.ts'
import { Files } from './files.ts'
import { hands, type Hand } from './display.ts'
import { glueOf, recall } from './history.ts'
import { columns, LineEditor, type Completer } from './editor.ts'

/** What a terminal of so many columns shows after bytes were written to it, row upon row: what a person at it sees. */
function screen(bytes: string, width = 80): string {
  const rows: string[][] = [[]]
  let [row, column] = [0, 0]
  const line = (): string[] => (rows[row] ??= [])
  for (const [part] of Buffer.from(bytes, 'latin1')
    .toString('utf8')
    // oxlint-disable-next-line no-control-regex
    .matchAll(/\u001b\[[\d;?]*[A-Za-z@]|[\s\S]/g)) {
    const [, count = '', verb = ''] = /^\u001b\[([\d;?]*)([A-Za-z@])$/.exec(part) ?? []
    const n = Number(count) || 1
    if (verb === 'C') column = Math.min(width - 1, column + n)
    else if (verb === 'D') column = Math.max(0, column - n)
    else if (verb === 'A') row = Math.max(0, row - n)
    else if (verb === '@') line().splice(column, 0, ...Array<string>(n).fill(' '))
    else if (verb === 'P') line().splice(column, n)
    else if (verb === 'K' || verb === 'J') line().length = Math.min(line().length, column)
    else if (verb !== '' || part === '\u0007') continue
    else if (part === '\b') column = Math.max(0, Math.min(column, width) - 1)
    else if (part === '\r') column = 0
    else if (part === '\n') row++
    else {
      if (column === width) [row, column] = [row + 1, 0]
      while (line().length < column) line().push(' ')
      line()[column++] = part
    }
  }
  return rows
    .map((cells) => cells.join(''))
    .join('')
    .trimEnd()
}

async function type(
  keys: string | readonly Uint8Array[],
  complete?: Completer,
  width = 80,
  hand?: Hand,
  prompt = '$ ',
) {
  const input = new Reader()
  let out = ''
  const editor = new LineEditor(
    {
      input,
      pty: true,
      signal: new AbortController().signal,
      size: () => ({ width, height: 24 }),
      write: async (bytes) => void (out += typeof bytes === 'string' ? bytes : Buffer.from(bytes).toString('latin1')),
    },
    complete,
  )
  for (const part of typeof keys === 'string' ? [Buffer.from(keys)] : keys) input.push(part)
  input.end()
  const lines: Buffer[] = []
  do {
    const line = await editor
      .read(prompt, { keys: 'readline', paste: true, ...(hand !== undefined && { hand }) })
      .catch(() => undefined)
    if (line !== undefined) lines.push(line)
  } while (editor.ahead > 0)
  const line = lines.length === 0 ? undefined : lines.map((one) => one.toString('utf8')).join('\n')
  return { line, out, screen: screen(out, width) }
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
    ['a\u001b[200~b\nc\u001b[201~d\r', 'ab\ncd'],
    [`\u001b[200~one\ntwo\nthree\u001b[201~${home}X${end}Y${left}${left}\u007f\r`, 'Xone\ntwo\nthreY'],
    ['\u001b[200~one\ntwo\u001b[201~\u0015x\r', 'x'],
  ]
  for (const [keys, line] of cases) {
    const read = await type(keys)
    expect([read.line, read.screen], JSON.stringify(keys)).toEqual([line, `$ ${line.replaceAll('\n', '')}`.trimEnd()])
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
    '\u001b[200~c\nd e\u001b[201~',
  )
  await fc.assert(
    fc.asyncProperty(fc.array(key, { maxLength: 40 }), fc.array(fc.nat(), { maxLength: 6 }), async (keys, places) => {
      const bytes = Buffer.from(`${keys.join('')}\r`)
      const whole = await type([bytes])
      for (const width of [7, 80])
        for (const hand of Object.values(hands)) {
          const one = await type([bytes], undefined, width, hand)
          const line = whole.line ?? ''
          expect(one.line).toBe(whole.line)
          // Where a row was wiped with blanks, they stand before the next one.
          if (line.includes('\n')) expect(one.screen.replace(/\s/g, '')).toBe(`$${line.replace(/\s/g, '')}`)
          else expect(one.screen).toBe(`$ ${line}`.trimEnd())
        }
      // A sequence of a key is not cut: those take 50 ms to be told from the Escape key.
      if (!bytes.includes(27)) expect((await type([...cut(bytes, places)])).line).toBe(whole.line)
    }),
    { numRuns: 60 },
  )
})

test('what is pasted over several lines is drawn as readline 8.2 was seen to draw it', async () => {
  const paste = (text: string): string => `\u001b[200~${text}\u001b[201~`
  const forth = (count: number): string => '\u001b[C'.repeat(count)
  for (const [keys, drawn] of [
    [paste('echo a\necho b'), '\u001b[7mecho a\u001b[27m\r\n\r\u001b[7mecho b\u001b[27m'],
    [paste('echo a\r\r\necho b\r'), '\u001b[7mecho a\u001b[27m\r\n\r\n\r\u001b[7mecho b\u001b[27m\r\n\r'],
    [
      `${paste('echo a\necho b\necho c')}${left}${home}x${end}\u007f`,
      '\u001b[7mecho a\u001b[27m\r\n\r\u001b[7mecho b\u001b[27m\r\n\r\u001b[7mecho c\u001b[27m' +
        `\u001b[A\u001b[A${forth(4)}echo a\r\n\recho b\r\n\recho c\b\u001b[A\u001b[A${forth(5)}` +
        `\u001b[1@x\r\n\r\n\r${forth(6)}\b\u001b[K`,
    ],
    [
      `${paste('echo a\necho b\n')}\r`,
      '\u001b[7mecho a\u001b[27m\r\n\r\u001b[7mecho b\u001b[27m\r\n\r' +
        `\u001b[A\u001b[A${forth(10)}echo a\r\n\recho b\r\n\r\u001b[A\r\n\u001b[?2004l\r`,
    ],
  ] as const) {
    const prompt = 'root@h:~# '
    const { out } = await type(`${keys}\r`, undefined, 80, undefined, prompt)
    const begin = out.indexOf(prompt) + prompt.length
    expect(out.slice(begin, begin + drawn.length), JSON.stringify(keys)).toBe(drawn)
  }
})

test('lines of one command are one in the history, as cmdhist has it', () => {
  for (const [lines, kept] of [
    [['for i in 1 2', 'do echo $i', 'done'], 'for i in 1 2; do echo $i; done'],
    [['if true', 'then', 'echo a', 'else', 'echo b', 'fi'], 'if true; then echo a; else echo b; fi'],
    [["echo 'a", "b'"], "echo 'a\nb'"],
    [['echo a |', 'cat'], 'echo a | cat'],
    [['f() {', 'echo x', '}'], 'f() { echo x; }'],
    [['cat <<E', 'a', 'E'], 'cat <<E\na\nE'],
    [['while read x', 'do', 'echo $x', 'done'], 'while read x; do echo $x; done'],
  ] as const)
    expect(lines.slice(1).reduce((all: string, line) => `${all}${glueOf(all)}${line}`, lines[0])).toBe(kept)
})

test('a long line costs no more than its length', async () => {
  const long = 'a'.repeat(60_000)
  const began = performance.now()
  expect((await type(`${long}${'\u007f'.repeat(10_000)}\r`)).line).toHaveLength(50_000)
  expect((await type(`${long}${left}b${'\u0014'.repeat(2000)}\r`)).line).toBe(`${long}b`)
  expect((await type(`${long}${'\u0015\u0019'.repeat(200)}\r`)).line?.length).toBeLessThan(long.length * 2)
  const grown = recall('!!'.repeat(30_000), ['a'.repeat(4000)])
  expect('line' in grown ? grown.line.length : 0).toBeLessThanOrEqual(65_536)
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

test('the history is named as bash has it', () => {
  const before = ['echo one two', 'wget http://x/y', 'sh y']
  const cases: readonly [line: string, becomes: string | undefined][] = [
    ['!!', 'sh y'],
    ['sudo !!', 'sudo sh y'],
    ['!echo', 'echo one two'],
    ['!?x/?', 'wget http://x/y'],
    ['!-2', 'wget http://x/y'],
    ['!1:2', 'two'],
    ['cat !$', 'cat y'],
    ['!1:*', 'one two'],
    ['^sh^cat^', 'cat y'],
    ["echo 'a!b'", "echo 'a!b'"],
    ['echo "a!"', 'echo "a!"'],
    ['echo a\\!b', 'echo a\\!b'],
    ['echo a != b', 'echo a != b'],
    ['if [ ! -f x ]', 'if [ ! -f x ]'],
    ['ls [!a]*', 'ls [!a]*'],
    ['echo $! ${!x} # !!', 'echo $! ${!x} # !!'],
    ['echo "root:Abc!23"|chpasswd', undefined],
    ['!nosuch', undefined],
  ]
  for (const [line, becomes] of cases) {
    const own = recall(line, before)
    expect('line' in own ? own.line : undefined, line).toBe(becomes)
  }
  fc.assert(
    fc.property(
      fc.string({
        maxLength: 60,
        unit: fc.constantFrom('!', '^', '"', "'", '\\', 'a', '1', '-', '?', '$', ':', '*', ' '),
      }),
      (line) => {
        recall(line, before)
      },
    ),
  )
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
  expect(twice.out).toContain('\u0007\r\npasswd  paste   patch   \r\n$ pa')
  expect(columns(['a', 'bb', 'c'])).toBe('a   bb  c   \r\n')
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
    // What turns pastes in brackets on and off is looked at elsewhere.
    // oxlint-disable-next-line no-control-regex
    return out.replace(/\u001b\[\?2004[hl]|\r/g, '')
  }
  return { stream, say, raw: () => out }
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
  await say('cat > /tmp/typed.sh\r', /sh\r\n\S*\r$/)
  stream.write('#!/bin/sh\rwget http://192.0.2.3/typed\r')
  await say('\u0004', prompt)
  expect(await say('cat /tmp/typed.sh | wc -l\r', prompt)).toContain('\n2\n')
  expect((await lab.until('artifact.stored', ({ data }) => data.name === '/tmp/typed.sh')).data.size).toBe(38)
  await say('cat\r', /cat\r\n\S*\r$/)
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

test('^C ends what runs, ^Z stops it, what is printed is seen at once, and another session need not wait', async () => {
  await using lab = await testSensor()
  const client = await connect(lab)
  const { say, raw } = await terminal(client, 'xterm')
  const prompt = /# $/
  await say('', prompt)
  await say('sleep 300\r', /300\r\n/)
  // Another door of the same attacker is open meanwhile.
  const beside = await connect(lab)
  const other = await terminal(beside, 'xterm')
  await other.say('', prompt)
  expect(await other.say('echo be""side > /tmp/beside; cat /tmp/beside\r', prompt)).toContain('\nbeside\n')
  expect(await say('\u0003', prompt)).toMatch(/^\^C\n\S+# $/)
  expect(await say('echo $?; cat /tmp/beside\r', prompt)).toContain('\n130\nbeside\n')
  // What is printed before it sleeps comes before it has ended, and is there for others.
  expect(await say('echo first | tee /tmp/first; sleep 300; echo last\r', /\rfirst\r\n/)).toContain('\nfirst\n')
  expect(await other.say('cat /tmp/first\r', prompt)).toContain('\nfirst\n')
  expect(await say('\u001a', prompt)).toMatch(/^\^Z\n\[1\]\+ {2}Stopped {17}echo first/)
  expect(await say('jobs; echo $?\r', prompt)).toMatch(/Stopped[^\n]*\n(?:0|148)\n/)
  expect(await say('exit\r', prompt)).toContain('logout\nThere are stopped jobs.\n')
  await say('fg\r', /sleep 300; echo last\r\n/)
  expect(await say('\u0003', prompt)).toContain('^C\n')
  expect(await say('sleep 1 &\r', prompt)).toMatch(/\[\d\] \d+\n/)
  // What was typed while something ran is the next line.
  expect(await say('sleep 0.3\recho ahe""ad\r', /\rahead\r\n[\s\S]*# $/)).toContain('\nahead\n')
  expect(await say('!ec\r', prompt)).toContain('echo ahe""ad\nahead\n')
  expect(raw()).toContain('\u001b[?2004l\r')
  expect(await say('stty -echo\r', prompt)).toContain('stty -echo\n')
  expect(await say('echo se""cret\r', prompt)).not.toContain('echo')
  client.end()
  beside.end()
  expect(lab.log).toEqual([])
}, 60_000)

test('without a terminal lines are run as they come: nothing is named, echoed or kept', async () => {
  await using lab = await testSensor()
  const client = await connect(lab)
  const out = await new Promise<string>((resolve, reject) =>
    client.shell(false, (error, stream) => {
      if (error) return reject(error)
      let [text, errors] = ['', '']
      stream.on('data', (part: Buffer) => (text += part.toString('latin1')))
      stream.stderr.on('data', (part: Buffer) => (errors += part.toString('latin1')))
      stream.on('close', () => resolve(`${text}--\n${errors}`))
      stream.end('echo "root:Abc!23"\necho one; sleep 0.1; echo two\n!!\nexit\n')
    }),
  )
  expect(out).toBe('root:Abc!23\none\ntwo\n--\n-bash: line 3: !!: command not found\n')
  client.end()
  expect(lab.log).toEqual([])
})

test('the shell remembers what was typed the last time', async () => {
  await using lab = await testSensor()
  const first = await connect(lab)
  const one = await terminal(first, 'xterm')
  await one.say('', /# $/)
  await one.say('echo the-last-time\r', /# $/)
  await one.say('exit\r', /logout/)
  const second = await connect(lab)
  const two = await terminal(second, 'xterm')
  await two.say('', /# $/)
  expect(await two.say('\u001b[A\u001b[A', /the-last-time/)).toContain('cho the-last-time')
  await two.say('\u0015', /./)
  expect(await two.say('history | tail -3\r', /# $/)).toContain('echo the-last-time')
  first.end()
  second.end()
}, 30_000)
