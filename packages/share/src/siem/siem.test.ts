import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer } from 'node:tls'
import { EcsFlat } from '@elastic/ecs'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { member, type Member } from '@skep/hub/testing'
import { person, type Browser } from '@skep/hub/testing-people'
import { uuidv7, type StoredEvent } from '@skep/vocabulary'
import { canary, known, sharingHub } from '../testing.ts'
import { cefHead, cefOf, cefValue } from './cef.ts'
import { ecsOf } from './ecs.ts'
import { kafkaBroker, type KafkaMessage } from './kafka-broker.ts'
import { Forwarder } from './forwarder.ts'
import { ocsfOf } from './ocsf.ts'
import { syslogLine } from './sinks.ts'
import { readCursor, writeCursor } from './stream.ts'

const has = (program: string): boolean => {
  try {
    execFileSync('sh', ['-c', `command -v ${program}`], { stdio: 'ignore' })
    return true
  } catch {
    console.log(`skipped: ${program} is not installed`)
    return false
  }
}
const folder = mkdtempSync(join(tmpdir(), 'skep-siem-'))
const base = 20_000 + ((process.pid * 13) % 5000)
let house: Awaited<ReturnType<typeof sharingHub>>
let operator: string
let straw: Member
let boot: string
let seq = 0
const children: ChildProcess[] = []

/** Commits so many events, now. */
async function happen(count: number, more: object = {}): Promise<string[]> {
  const events = Array.from({ length: count }, () => ({
    id: uuidv7(),
    sensor: 'siem-straw',
    boot,
    seq: seq++,
    time: new Date().toISOString().replace('Z', '000Z'),
    session: uuidv7(),
    service: 'ssh',
    transport: 'tcp',
    source: { ip: '1.1.1.9', port: 1 },
    target: { port: 22 },
    kind: 'command.run',
    data: { line: 'uname -a | x=1 \\ y' },
    ...more,
  }))
  const { status, body } = await straw.deliver(boot, events)
  if (status !== 200) throw new Error(JSON.stringify(body))
  return events.map(({ id }) => id)
}
const settled = () => new Promise((resolve) => setTimeout(resolve, 1200))
const stream = async (query: string, token = operator) => {
  const response = await fetch(`${house.hub.url}/api/v1/stream?${query}`, {
    headers: { authorization: `Bearer ${token}` },
  })
  const text = await response.text()
  return {
    status: response.status,
    cursor: response.headers.get('x-next-cursor') ?? '',
    more: response.headers.get('x-more') === 'true',
    lines: text.split('\n').filter((line) => line !== ''),
  }
}

beforeAll(async () => {
  house = await sharingHub()
  operator = await house.hub.relational.tokens.create('operator', 'test')
  straw = await member(house.hub, 'siem-straw', 'siem-host')
  boot = uuidv7()
}, 60_000)
afterAll(async () => {
  for (const child of children) child.kill()
  await house.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** Leaves of an object with their dotted names. */
const leaves = (value: unknown, path = ''): [string, unknown][] =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.entries(value).flatMap(([key, one]) => leaves(one, path === '' ? key : `${path}.${key}`))
    : [[path, value]]

async function stored(): Promise<StoredEvent[]> {
  const since = new Date(Date.now() - 3_600_000).toISOString()
  await settled()
  return (await stream(`since=${since}&limit=10000`)).lines.map((line) => JSON.parse(line) as StoredEvent)
}

describe('the words of others', () => {
  test('every field is one of the Elastic Common Schema, and of its type', async () => {
    const fields = EcsFlat as unknown as Record<
      string,
      { type: string; normalize: string[]; allowed_values?: { name: string }[] }
    >
    const events = await stored()
    expect(new Set(events.map(({ kind }) => kind)).size).toBeGreaterThan(6)
    for (const event of events) {
      for (const [name, value] of leaves(ecsOf(event))) {
        const field = fields[name]
        if (field === undefined) throw new Error(`${name} is no field of ECS`)
        const all = Array.isArray(value) ? value : [value]
        if (field.normalize.includes('array')) expect(Array.isArray(value), name).toBe(true)
        for (const one of all) {
          if (['long', 'float', 'integer'].includes(field.type)) expect(typeof one, name).toBe('number')
          else expect(typeof one, name).toBe('string')
          if (field.type === 'ip') expect(String(one), name).toMatch(/^[0-9a-f:.]+$/)
          if (field.allowed_values !== undefined && field.allowed_values.length > 0)
            expect(
              field.allowed_values.map((allowed) => allowed.name),
              name,
            ).toContain(one)
        }
      }
    }
  })

  test('OCSF: what every event must have, and the numbers that follow from each other', async () => {
    const categories: Record<number, number> = { 1001: 1, 1007: 1, 3002: 3, 4001: 4, 4002: 4 }
    const needed: Record<number, string[]> = {
      1001: ['actor', 'device', 'file'],
      1007: ['actor', 'device', 'process'],
      3002: ['user'],
      4001: ['dst_endpoint'],
      4002: ['http_request', 'dst_endpoint'],
    }
    for (const event of await stored()) {
      const one = ocsfOf(event) as Record<string, number> & {
        metadata: { version: string; product: { vendor_name: string } }
      }
      const uid = one['class_uid'] ?? 0
      expect(one['category_uid']).toBe(categories[uid])
      expect(one['type_uid']).toBe(uid * 100 + (one['activity_id'] ?? 0))
      expect(one['severity_id']).toBeGreaterThan(0)
      expect(one['time']).toBe(Date.parse(event.time))
      expect(one.metadata).toMatchObject({ version: '1.4.0', product: { vendor_name: 'Skep' } })
      for (const name of needed[uid] ?? ['none']) expect(one, `${uid} ${name}`).toHaveProperty(name)
    }
  })

  test('CEF: nothing in a value begins another, whatever it holds', async () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const value = cefValue(text)
        expect(value).not.toMatch(/(?<!\\)(\\\\)*=/)
        expect(value).not.toMatch(/[\r\n\0]/)
        expect(cefHead(text).replace(/\\[\\|]/g, '')).not.toMatch(/[|\\\r\n]/)
      }),
    )
    const [event] = (await stored()).filter(({ kind }) => kind === 'command.run')
    if (event === undefined) throw new Error('nothing was typed')
    expect(cefOf(event)).toMatch(/^CEF:0\|Skep\|Skep\|1\.0\|command\.run\|Honeypot command\.run\|8\|rt=\d+ externalId=/)
    expect(syslogLine(event, 'a\nb')).toMatch(
      /^<132>1 \d{4}-\S+Z \S+ skep - command\.run \[skep@32473 id="[0-9a-f-]+" kind="command\.run"\] \ufeffa b$/,
    )
  })
})

describe('the stream', () => {
  test('goes on from where it was, by pages of any size, while more comes', async () => {
    let { cursor } = await stream(`since=${new Date().toISOString()}`)
    const ids: string[] = []
    const got: string[] = []
    for (const limit of [3, 7, 1, 50]) {
      ids.push(...(await happen(10)))
      await settled()
      for (let more = true; more;) {
        const page = await stream(`cursor=${cursor}&limit=${limit}`)
        got.push(...page.lines.map((line) => (JSON.parse(line) as { id: string }).id))
        ;({ cursor, more } = page)
      }
    }
    expect(got).toHaveLength(40)
    expect(new Set(got)).toEqual(new Set(ids))
    expect((await stream(`cursor=${cursor}`)).lines).toEqual([])
    expect((await stream('cursor=bogus')).status).toBe(400)
    expect(readCursor(writeCursor({ received: '2026-01-01T00:00:00.123Z', id: uuidv7() }))).toBeDefined()
    // What happened long ago and came late is not passed over.
    const [late] = await happen(1, { time: '2026-09-01T00:00:00.000000Z' })
    await settled()
    expect((await stream(`cursor=${cursor}`)).lines.join()).toContain(late)
  }, 40_000)

  test('does not go beyond what is being committed, however long that takes', async () => {
    const { ingest, store } = house.share.context
    const { insert } = store
    const { cursor } = await stream(`since=${new Date().toISOString()}`)
    let release = (): void => {}
    const gate = new Promise<void>((resolve) => (release = resolve))
    // The store takes its time.
    Object.assign(store, {
      insert: async (...all: Parameters<typeof insert>) => {
        await gate
        return insert(...all)
      },
    })
    const began = Date.now()
    const slow = happen(1)
    await new Promise((resolve) => setTimeout(resolve, 2500))
    expect(await ingest.horizon()).toBeLessThan(began + 1500)
    const before = await stream(`cursor=${cursor}`)
    expect(before.lines).toEqual([])
    Object.assign(store, { insert })
    release()
    const [id] = await slow
    await settled()
    expect(await ingest.horizon()).toBeGreaterThan(began + 2000)
    expect((await stream(`cursor=${before.cursor}`)).lines.join()).toContain(id)
  }, 30_000)

  test('waits for something to come', async () => {
    const { cursor } = await stream('')
    const waiting = stream(`cursor=${cursor}&wait=15&as=cef`)
    await happen(1)
    expect((await waiting).lines[0]).toContain('cs3=uname -a | x\\=1 \\\\ y')
  }, 30_000)

  test('gives a member its own, and nothing of where sensors of others are', async () => {
    const holder: Browser = await person(house.hub, 'a@holder.example', 'holder', 'admin')
    const nobody: Browser = await person(house.hub, 'a@nobody.example', 'nobody', 'admin')
    const claim = await house.hub.relational.claims.request({
      organisation: 'holder',
      resource: 'AS13335',
      method: 'operator',
      author: 'x',
      author_id: '',
    })
    await house.hub.relational.claims.settle(claim, 'proved', '', 86_400_000)
    const since = new Date(Date.now() - 3_600_000).toISOString()
    for (const as of ['json', 'ecs', 'ocsf', 'cef']) {
      const { text } = (await holder.api('GET', `stream?since=${since}&limit=10000&as=${as}`)).body as { text: string }
      expect(text, as).toContain(known.attacker)
      expect(text, as).not.toContain(known.scanner)
      for (const trace of [canary.sensor, canary.other, canary.address, canary.far, 'siem-straw'])
        expect(text, `${as} ${trace}`).not.toContain(trace)
      expect(JSON.stringify((await nobody.api('GET', `stream?since=${since}&as=${as}`)).body)).not.toContain(
        known.attacker,
      )
    }
    expect((await holder.api('GET', 'sharing/sinks')).status).toBe(403)
  })
})

describe('sinks', () => {
  const until = async (look: () => boolean | Promise<boolean>): Promise<void> => {
    for (let i = 0; i < 100; i++) {
      if (await look()) return
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    throw new Error('not within 10 s')
  }

  test.skipIf(!has('rsyslogd'))(
    'rsyslog takes CEF, each event once',
    async () => {
      const out = join(folder, 'syslog.out')
      writeFileSync(
        join(folder, 'rsyslog.conf'),
        `global(workDirectory="${folder}" maxMessageSize="64k")\nmodule(load="imtcp")\ninput(type="imtcp" port="${base}" address="127.0.0.1")\ntemplate(name="all" type="string" string="%app-name% %structured-data% %msg%\\n")\naction(type="omfile" file="${out}" template="all")\n`,
      )
      children.push(
        spawn('rsyslogd', ['-n', '-f', join(folder, 'rsyslog.conf'), '-i', join(folder, 'rsyslog.pid')], {
          stdio: 'ignore',
        }),
      )
      const forwarder = new Forwarder(house.share)
      const id = await forwarder.add({ kind: 'syslog', host: '127.0.0.1', port: base, tls: false, dialect: 'cef' }, '')
      const ids = await happen(25)
      await settled()
      // The collector may not be there yet: nothing is lost by that.
      await until(async () => (await forwarder.forward()) > 0 || (await forwarder.list())[0]?.sent === 25)
      await until(() => existsSync(out) && readFileSync(out, 'utf8').split('\n').length > 25)
      const lines = readFileSync(out, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
      expect(lines.map((line) => /id="([0-9a-f-]+)"/.exec(line)?.[1]).sort()).toEqual([...ids].sort())
      expect(lines[0]).toContain('CEF:0|Skep|Skep|')
      expect((await forwarder.list())[0]).toMatchObject({ id, sent: 25, problem: '' })
      await forwarder.remove(id)
      await forwarder.stop()
    },
    40_000,
  )

  test.skipIf(!has('openssl'))(
    'syslog over TLS: to whom the certificate says, and to nobody else; none is passed over',
    async () => {
      const make = (name: string): { key: string; cert: string } => {
        execFileSync(
          'openssl',
          [
            'req',
            '-x509',
            '-newkey',
            'ec',
            '-pkeyopt',
            'ec_paramgen_curve:prime256v1',
            '-nodes',
            '-days',
            '2',
            '-subj',
            `/CN=${name}`,
            '-addext',
            `subjectAltName=DNS:${name}`,
            '-keyout',
            join(folder, `${name}.key`),
            '-out',
            join(folder, `${name}.pem`),
          ],
          { stdio: 'ignore' },
        )
        return {
          key: readFileSync(join(folder, `${name}.key`), 'utf8'),
          cert: readFileSync(join(folder, `${name}.pem`), 'utf8'),
        }
      }
      const collector = make('localhost')
      let got = ''
      const server = createServer(collector, (socket) => {
        socket.on('data', (chunk: Buffer) => (got += chunk.toString('utf8')))
        socket.on('error', () => {})
      })
      server.on('tlsClientError', () => {})
      await new Promise<void>((resolve) => server.listen(base + 1, '127.0.0.1', () => resolve()))
      const forwarder = new Forwarder(house.share)
      const to = (ca: string) => ({ kind: 'syslog', host: 'localhost', port: base + 1, tls: true, ca, dialect: 'json' })
      const wrong = await forwarder.add(to(make('other').cert), '')
      const right = await forwarder.add(to(collector.cert), '')
      const ids = await happen(5)
      await settled()
      await forwarder.forward()
      await until(() => ids.every((id) => got.includes(id)))
      // Octets are counted: the number before each message is its length.
      const bytes = Buffer.from(got)
      let messages = 0
      for (let at = 0; at < bytes.length; messages++) {
        const space = bytes.indexOf(32, at)
        at = space + 1 + Number(bytes.toString('latin1', at, space))
      }
      expect(messages).toBe(5)
      const rows = await forwarder.list()
      expect(rows.find(({ id }) => id === right)).toMatchObject({ sent: 5, problem: '' })
      expect(rows.find(({ id }) => id === wrong)).toMatchObject({ sent: 0 })
      expect(rows.find(({ id }) => id === wrong)?.problem).not.toBe('')
      for (const { id } of rows) await forwarder.remove(id)
      await forwarder.stop()
      await new Promise((resolve) => server.close(resolve))
    },
    40_000,
  )

  test.skipIf(!has('nats-server'))(
    'NATS takes them by subject',
    async () => {
      children.push(
        spawn('nats-server', ['-a', '127.0.0.1', '-p', String(base + 2), '--auth', 'tok'], { stdio: 'ignore' }),
      )
      const { connect } = await import('@nats-io/transport-node')
      let subscriber: Awaited<ReturnType<typeof connect>> | undefined
      await until(async () => {
        subscriber = await connect({ servers: `127.0.0.1:${base + 2}`, token: 'tok', reconnect: false }).catch(
          () => undefined,
        )
        return subscriber !== undefined
      })
      const got: string[] = []
      subscriber?.subscribe('skep.events.>', {
        callback: (_, message) =>
          void got.push(`${message.subject} ${(JSON.parse(message.string()) as { id: string }).id}`),
      })
      await subscriber?.flush()
      const forwarder = new Forwarder(house.share)
      const id = await forwarder.add({ kind: 'nats', host: '127.0.0.1', port: base + 2, tls: false }, 'tok')
      const bad = await forwarder.add({ kind: 'nats', host: '127.0.0.1', port: base + 2, tls: false }, 'wrong')
      const ids = await happen(3)
      await settled()
      await forwarder.forward()
      await until(() => got.length >= 3)
      expect(got.sort()).toEqual(ids.map((one) => `skep.events.command.run ${one}`).sort())
      const rows = await forwarder.list()
      expect(rows.find((one) => one.id === id)?.sent).toBe(3)
      expect(rows.find((one) => one.id === bad)?.problem).toMatch(/auth/i)
      for (const one of rows) await forwarder.remove(one.id)
      await forwarder.stop()
      await subscriber?.close()
    },
    40_000,
  )

  test('Kafka takes them, those of one source in one partition; what it refuses is not passed over', async () => {
    const got: KafkaMessage[] = []
    const { server, fail } = await kafkaBroker(base + 3, 'skep.events', got)
    const forwarder = new Forwarder(house.share)
    const id = await forwarder.add({ kind: 'kafka', host: '127.0.0.1', port: base + 3, tls: false }, '')
    const ids = await happen(4)
    await settled()
    // Not enough replicas: nothing is taken, and the place stays.
    fail(19)
    await forwarder.forward()
    expect((await forwarder.list()).find((one) => one.id === id)).toMatchObject({ sent: 0 })
    expect((await forwarder.list()).find((one) => one.id === id)?.problem).not.toBe('')
    fail(0)
    await forwarder.forward()
    expect(got.map(({ value }) => (JSON.parse(value) as { id: string }).id).sort()).toEqual([...ids].sort())
    expect(new Set(got.map(({ partition }) => partition)).size).toBe(1)
    expect(got[0]).toMatchObject({ headers: { kind: 'command.run' } })
    expect((await forwarder.list()).find((one) => one.id === id)).toMatchObject({ sent: 4, problem: '' })
    await forwarder.remove(id)
    await forwarder.stop()
    await new Promise((resolve) => server.close(resolve))
  }, 60_000)

  test('operators set them; a secret is never shown', async () => {
    const api = async (method: string, path: string, body?: object) => {
      const response = await fetch(`${house.hub.url}/api/v1/sharing/${path}`, {
        method,
        headers: { authorization: `Bearer ${operator}`, 'content-type': 'application/json' },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      })
      return { status: response.status, text: await response.text() }
    }
    const { text } = await api('POST', 'sinks', {
      settings: { kind: 'nats', host: '127.0.0.1', port: 1, tls: false },
      secret: 'very-secret',
    })
    const { id } = JSON.parse(text) as { id: string }
    expect((await api('GET', 'sinks')).text).toContain(id)
    expect((await api('GET', 'sinks')).text).not.toContain('very-secret')
    expect((await api('POST', 'sinks', { settings: { kind: 'carrier-pigeon' } })).status).toBe(400)
    expect((await api('DELETE', `sinks/${id}`)).status).toBe(200)
    expect((await api('DELETE', `sinks/${id}`)).status).toBe(404)
  })
})
