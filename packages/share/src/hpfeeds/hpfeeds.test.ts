import { execFile, execFileSync } from 'node:child_process'
import { connect, type Socket } from 'node:net'
import { promisify } from 'node:util'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { member } from '@skep/hub/testing'
import { uuidv7 } from '@skep/vocabulary'
import { formats, Skipped } from '../intake/formats.ts'
import { canary, sharingHub } from '../testing.ts'
import {
  auth,
  encode,
  error,
  fields,
  info,
  Malformed,
  MessageReader,
  ops,
  publish,
  subscribe,
  type Message,
} from './wire.ts'

const run = promisify(execFile)
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex')

describe('the wire', () => {
  test('messages are the bytes of the reference implementation', () => {
    expect(encode(ops.info, 'abcdefg')).toEqual(hex('0000000c01 61626364656667'))
    expect(publish('ident', 'chan', 'somedata')).toEqual(hex('0000001803 05 6964656e74 04 6368616e 736f6d6564617461'))
    expect(subscribe('ident', 'chan')).toEqual(hex('0000000f04 05 6964656e74 6368616e'))
    expect(auth(Buffer.from('rand'), 'ident', 'secret')).toEqual(
      hex('0000001f02 05 6964656e74 bfa95e1149cd9e7380fdfc614a57095ab719c1b4'),
    )
    expect(info('hpfeeds', Buffer.alloc(4))).toEqual(hex('0000001101 07 68706665656473 00000000'))
    expect(auth(Buffer.alloc(4), 'client1', 'secret')).toEqual(
      hex('0000002102 07 636c69656e7431 16a311d5c260cdc1eef38baf22df9718907426ac'),
    )
    expect(error('Invalid ident')).toEqual(hex('0000001200 496e76616c6964206964656e74'))
  })

  test('how a stream is cut changes nothing', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(fc.constantFrom(ops.publish, ops.subscribe, ops.auth, ops.error), fc.uint8Array({ maxLength: 200 })),
          { maxLength: 8 },
        ),
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 20 }),
        (messages, cuts) => {
          const bytes = Buffer.concat(messages.map(([op, body]) => encode(op, body)))
          const reader = new MessageReader()
          const read: Message[] = []
          for (let at = 0, i = 0; at < bytes.length; i++) {
            const size = cuts[i % cuts.length] ?? 1
            read.push(...reader.push(bytes.subarray(at, at + size)))
            at += size
          }
          expect(read.map(({ op, body }) => [op, [...body]])).toEqual(messages.map(([op, body]) => [op, [...body]]))
        },
      ),
    )
  })

  test('garbage is refused, and nothing else', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 64 }), { maxLength: 8 }), (chunks) => {
        const reader = new MessageReader()
        try {
          for (const chunk of chunks) for (const { body } of reader.push(chunk)) fields(body, 2)
        } catch (problem) {
          expect(problem).toBeInstanceOf(Malformed)
        }
      }),
    )
    for (const bytes of [hex('ffffffff03'), hex('0000000403'), hex('0000000509'), hex('0000012002')])
      expect(() => new MessageReader().push(bytes)).toThrow(Malformed)
  })
})

describe('other people’s logs', () => {
  const read = (format: string, line: object) =>
    formats.find(({ name }) => name === format)?.open()(line as never) ?? []

  test('OpenCanary: log-ins, requests, commands, scans', () => {
    const line = {
      dst_host: '10.0.0.2',
      dst_port: 22,
      local_time: '2026-01-01 10:00:00.123456',
      utc_time: '2026-01-01 09:00:00.123456',
      logdata: { USERNAME: 'root', PASSWORD: 'x', SESSION: '3' },
      logtype: 4002,
      node_id: 'Canary-1',
      src_host: '1.2.3.4',
      src_port: 4711,
    }
    expect(
      read('opencanary', line).map(({ kind, data, time, sensor, service }) => [kind, data, time, sensor, service])[1],
    ).toEqual([
      'auth.attempt',
      { method: 'password', user: 'root', secret: 'x', accepted: false },
      '2026-01-01T09:00:00.123456Z',
      'canary-1',
      'ssh',
    ])
    expect(
      read('opencanary', { ...line, logtype: 17_001, dst_port: 6379, logdata: { CMD: 'CONFIG', ARGS: 'GET *' } })[1]
        ?.data,
    ).toEqual({ verb: 'CONFIG', statement: 'CONFIG GET *' })
    expect(read('opencanary', { ...line, logtype: 5001, logdata: { PROTO: 'TCP' } })[0]?.kind).toBe('scan.probe')
    expect(() => read('opencanary', { ...line, logtype: 1001 })).toThrow(Skipped)
    expect(() => read('opencanary', { ...line, src_host: '' })).toThrow(Skipped)
  })

  test('Suricata: flows, SSH, HTTP, TLS', () => {
    const line = {
      timestamp: '2026-01-01T10:00:00.123456+0000',
      flow_id: 7,
      src_ip: '1.2.3.4',
      src_port: 4711,
      dest_ip: '10.0.0.2',
      dest_port: 22,
      proto: 'TCP',
      host: 'probe',
    }
    expect(
      read('eve', {
        ...line,
        event_type: 'ssh',
        ssh: { client: { proto_version: '2.0', software_version: 'Go', hassh: { hash: 'a'.repeat(32) } } },
      })[0]?.data,
    ).toEqual({ ident: 'SSH-2.0-Go', hassh: 'a'.repeat(32) })
    expect(
      read('eve', { ...line, event_type: 'http', http: { url: '/x', http_method: 'GET', http_user_agent: 'zgrab' } })[0]
        ?.data,
    ).toEqual({ method: 'GET', target: '/x', agent: 'zgrab' })
    // One that was never answered may have a forged source, and accuses nobody.
    expect(read('eve', { ...line, event_type: 'flow', flow: { pkts_toclient: 0, bytes_toserver: 60 } })[0]?.kind).toBe(
      'scan.probe',
    )
    expect(read('eve', { ...line, event_type: 'flow', flow: { pkts_toclient: 4 } })[0]?.kind).toBe('session.open')
    expect(() => read('eve', { ...line, event_type: 'stats' })).toThrow(Skipped)
  })

  test('whatever a line holds, it is read or left out', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...formats),
        fc.dictionary(
          fc.constantFrom(
            'eventid',
            'event_type',
            'logtype',
            'logdata',
            'timestamp',
            'startTime',
            'endTime',
            'peerIP',
            'src_ip',
            'src_host',
            'utc_time',
            'credentials',
            'loggedin',
            'commands',
            'remote_host',
            'ssh',
            'http',
            'flow',
            'dst_port',
          ),
          fc.oneof(
            fc.jsonValue(),
            fc.constantFrom('1.2.3.4', '2026-01-01T00:00:00Z', 'cowrie.login.failed', 'flow', 4002, 5001),
          ),
        ),
        (format, line) => {
          try {
            format.open()(line)
          } catch (problem) {
            expect(problem).toBeInstanceOf(Skipped)
          }
        },
      ),
      { numRuns: 500 },
    )
  })
})

describe('the broker', () => {
  let house: Awaited<ReturnType<typeof sharingHub>>
  let operator: string
  let secrets: Record<string, string>
  const port = 15_000 + ((process.pid * 7) % 5000)
  const api = async (method: string, path: string, body?: object | string) => {
    const response = await fetch(`${house.hub.url}/api/v1/${path}`, {
      method,
      headers: {
        authorization: `Bearer ${operator}`,
        'content-type': typeof body === 'string' ? 'application/x-ndjson' : 'application/json',
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    return { status: response.status, body: (await response.json()) as ReturnType<typeof JSON.parse> }
  }
  beforeAll(async () => {
    house = await sharingHub({}, { hpfeeds: { host: '127.0.0.1', port } })
    operator = await house.hub.relational.tokens.create('operator', 'test')
    secrets = {}
    for (const [ident, publishes, subscribes] of [
      ['old-cowrie', ['cowrie.sessions'], []],
      ['reader', [], ['cowrie.sessions']],
    ] as const)
      secrets[ident] = (
        await api('PUT', `sharing/hpfeeds/${ident}`, { organisation: 'elsewhere', publishes, subscribes })
      ).body.secret
  }, 60_000)
  afterAll(() => house.stop())

  const message = {
    session: 'abc',
    startTime: '2026-11-20T10:00:00.000000Z',
    endTime: '2026-11-20T10:01:00.000000Z',
    peerIP: '5.6.7.8',
    peerPort: 4711,
    hostIP: '10.0.0.2',
    hostPort: 22,
    loggedin: ['root', 'admin'],
    credentials: [['root', '1234']],
    commands: ['uname -a'],
    unknownCommands: [],
    urls: ['http://9.9.9.9/x'],
    version: 'SSH-2.0-Go',
    ttylog: null,
    hashes: [],
    protocol: 'ssh',
  }
  /** A client that keeps what it hears. */
  async function client(
    ident: string,
    secret: string,
  ): Promise<{ socket: Socket; heard: Message[]; closed: Promise<void> }> {
    const socket = connect(port, '127.0.0.1')
    const reader = new MessageReader()
    const heard: Message[] = []
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
    socket.on('error', () => {})
    await new Promise<void>((resolve) => {
      socket.on('data', (chunk: Buffer) => {
        for (const one of reader.push(chunk)) {
          heard.push(one)
          if (one.op === ops.info) {
            socket.write(auth(fields(one.body, 1).rest, ident, secret))
            resolve()
          }
        }
      })
    })
    return { socket, heard, closed }
  }
  const soon = async (done: () => boolean | Promise<boolean>): Promise<void> => {
    for (let i = 0; i < 100; i++) {
      if (await done()) return
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    throw new Error('not within 5 s')
  }
  const events = async (): Promise<string> =>
    (
      await fetch(`${house.hub.url}/api/v1/events?since=2026-11-01&source=5.6.7.8&limit=1000`, {
        headers: { authorization: `Bearer ${operator}` },
      })
    ).text()

  test('what an old Cowrie publishes becomes events, by whose ident it was', async () => {
    const { socket } = await client('old-cowrie', secrets['old-cowrie'] ?? '')
    socket.write(publish('old-cowrie', 'cowrie.sessions', JSON.stringify(message)))
    await soon(async () => (await events()).includes('uname -a'))
    const text = await events()
    expect(text).toContain('"sensor":"hp-old-cowrie"')
    expect(text).toContain('"provenance":"hpfeeds"')
    expect(
      text
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { kind: string }).kind)
        .sort(),
    ).toEqual([
      'auth.attempt',
      'auth.attempt',
      'client.hello',
      'command.run',
      'payload.seen',
      'session.close',
      'session.open',
    ])
    socket.write(publish('old-cowrie', 'cowrie.sessions', '{"broken'))
    await soon(async () => (await api('GET', 'sharing/hpfeeds')).body.refused['not JSON'] === 1)
    socket.destroy()
  })

  test('who may not come, or not there, is told and let go', async () => {
    for (const [secret, say, text] of [
      ['wrong', undefined, 'Authentication failed for old-cowrie'],
      [
        'right',
        publish('old-cowrie', 'other.channel', '{}'),
        'Authkey not allowed to pub here. ident=old-cowrie, chan=other.channel',
      ],
      ['right', publish('somebody', 'cowrie.sessions', '{}'), 'Invalid authkey in message, ident=somebody'],
      [
        'right',
        subscribe('old-cowrie', 'cowrie.sessions'),
        'Authkey not allowed to sub here. ident=old-cowrie, chan=cowrie.sessions',
      ],
    ] as const) {
      const { socket, heard, closed } = await client(
        'old-cowrie',
        secret === 'right' ? (secrets['old-cowrie'] ?? '') : secret,
      )
      if (say !== undefined) socket.write(say)
      await closed
      expect(heard.at(-1)?.body.toString()).toBe(text)
    }
    const socket = connect(port, '127.0.0.1')
    let said = ''
    socket.on('data', (chunk: Buffer) => (said += chunk.toString('latin1')))
    socket.write(publish('x', 'y', 'z'))
    await new Promise((resolve) => socket.once('close', resolve))
    expect(said).toContain('First message was not AUTH')
  })

  test('what our sensors see is told to who subscribed, without where it was', async () => {
    const { socket, heard } = await client('reader', secrets['reader'] ?? '')
    socket.write(subscribe('reader', 'cowrie.sessions'))
    await new Promise((resolve) => setTimeout(resolve, 200))
    const straw = await member(house.hub, 'fresh-straw')
    const [boot, session] = [uuidv7(), uuidv7()]
    const event = (seq: number, kind: string, data: object) => ({
      id: uuidv7(),
      sensor: 'fresh-straw',
      boot,
      seq,
      time: new Date().toISOString().replace('Z', '000Z'),
      session,
      service: 'ssh',
      transport: 'tcp',
      source: { ip: '6.7.8.9', port: 1 },
      target: { port: 22 },
      kind,
      data,
    })
    await straw.deliver(boot, [
      event(0, 'session.open', {}),
      event(1, 'auth.attempt', { method: 'password', user: 'root', secret: 'no', accepted: false }),
      event(2, 'auth.attempt', { method: 'password', user: 'root', secret: 'yes', accepted: true }),
      event(3, 'command.run', { line: `curl http://${canary.address}/x` }),
      event(4, 'session.close', { reason: 'peer', bytes_in: 1, bytes_out: 1, duration_ms: 1 }),
    ])
    await soon(() => heard.some(({ op }) => op === ops.publish))
    const { texts, rest } = fields(heard.find(({ op }) => op === ops.publish)?.body ?? Buffer.alloc(0), 2)
    expect(texts).toEqual(['skep', 'cowrie.sessions'])
    expect(JSON.parse(rest.toString())).toMatchObject({
      peerIP: '6.7.8.9',
      loggedin: ['root', 'yes'],
      credentials: [['root', 'no']],
      commands: ['curl http://[sensor]/x'],
      hostIP: '0.0.0.0',
      protocol: 'ssh',
    })
    expect(rest.toString()).not.toContain('straw')
    socket.destroy()
  })

  test('lines of a log come by HTTP as well', async () => {
    const line = {
      eventid: 'cowrie.login.failed',
      timestamp: new Date().toISOString(),
      session: 's',
      src_ip: '5.6.7.8',
      username: 'by-http',
      password: 'x',
      protocol: 'ssh',
    }
    const { status, body } = await api(
      'POST',
      'intake/cowrie?sensor=their-cowrie',
      `${JSON.stringify(line)}\nnot json\n[1]\n`,
    )
    expect([status, body]).toEqual([200, { lines: 3, events: 1, skipped: { 'no JSON object': 2 } }])
    expect(await events()).toContain('by-http')
    expect((await api('POST', 'intake/nothing?sensor=x', '{}')).status).toBe(400)
  })

  const library = ((): boolean => {
    try {
      execFileSync('python3', ['-c', 'import hpfeeds'], { stdio: 'ignore' })
      return true
    } catch {
      console.log('skipped: the Python module hpfeeds is not installed')
      return false
    }
  })()
  test.skipIf(!library)('the reference client publishes', async () => {
    const program = `
import sys, json, time
from hpfeeds import client
c = client.new('127.0.0.1', int(sys.argv[1]), 'old-cowrie', sys.argv[2])
m = json.loads(sys.argv[3]); m['commands'] = ['from-the-reference-client']
c.publish('cowrie.sessions', json.dumps(m).encode())
time.sleep(0.5)
print(c.brokername)
c.close()
`
    const { stdout } = await run('python3', [
      '-c',
      program,
      String(port),
      secrets['old-cowrie'] ?? '',
      JSON.stringify(message),
    ])
    expect(stdout.trim()).toBe('skep')
    await soon(async () => (await events()).includes('from-the-reference-client'))
  })
})
