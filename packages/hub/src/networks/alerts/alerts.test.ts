import { createHmac } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { logger, uuidv7 } from '@skep/vocabulary'
import { SMTPServer } from 'smtp-server'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { startHub, type Hub } from '../../hub.ts'
import { Mailer } from '../../mail.ts'
import { Outbound } from '../../outbound.ts'
import { Browser, person } from '../../testing-people.ts'
import { member, testStore, type Member } from '../../testing.ts'
import { deliver, dueOf, watch, type AlertParts } from './alerts.ts'
import { telegram } from './channels.ts'

const hour = 3_600_000
const data = mkdtempSync(join(tmpdir(), 'skep-alerts-'))
let hub: Hub
let desk: Browser
let sensor: Member
let smtp: SMTPServer
let receiver: Server
let at = ''
let parts: AlertParts
const mails: string[] = []
const posts: { path: string; headers: IncomingHttpHeaders; body: string }[] = []
let refuse = false

/** Log-ins of many addresses, in one batch. */
const guesses = async (sources: readonly string[], time = Date.now() - 60_000, user = 'root'): Promise<void> => {
  const boot = uuidv7()
  const events = sources.flatMap((ip, i) => {
    const session = uuidv7()
    return (['session.open', 'auth.attempt'] as const).map((kind, j) => ({
      id: uuidv7(),
      sensor: sensor.name,
      boot,
      seq: i * 2 + j,
      time: new Date(time).toISOString().replace('Z', '000Z'),
      session,
      service: 'ssh',
      transport: 'tcp',
      source: { ip, port: 4000 },
      target: { port: 22 },
      kind,
      data: kind === 'session.open' ? {} : { method: 'password', user, secret: 'x', accepted: false },
    }))
  })
  for (let i = 0; i < events.length; i += 1000) {
    const { status, body } = await sensor.deliver(boot, events.slice(i, i + 1000))
    if (status !== 200) throw new Error(JSON.stringify(body))
  }
}

beforeAll(async () => {
  smtp = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData(stream, _, done) {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        mails.push(Buffer.concat(chunks).toString('utf8').replaceAll('=\r\n', ''))
        done()
      })
    },
  })
  await new Promise<void>((resolve) => smtp.listen(0, '127.0.0.1', () => resolve()))
  receiver = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      posts.push({ path: request.url ?? '', headers: request.headers, body: Buffer.concat(chunks).toString('utf8') })
      response.writeHead(refuse ? 503 : 200).end('thank you')
    })
  })
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
  at = `127.0.0.1:${(receiver.address() as AddressInfo).port}`
  telegram.base = `http://${at}`
  const mail = `smtp://127.0.0.1:${(smtp.server.address() as AddressInfo).port}/?insecure`
  hub = await startHub({ data, ...(await testStore()), regular: false, mail, trustedHosts: [at] })
  await hub.ready
  sensor = await member(hub, 'straw', 'host')
  desk = await person(hub, 'desk@holder.example', 'holder', 'analyst')
  const claim = await hub.relational.claims.request({
    organisation: 'holder',
    resource: 'AS13335',
    method: 'operator',
    author: 'x',
    author_id: '',
  })
  await hub.relational.claims.settle(claim, 'proved', '', 365 * 24 * hour)
  const { openSecret, unseal } = await import('../../gateway/authority.ts')
  const secret = openSecret(join(data, 'hub'))
  parts = {
    ...hub,
    mailer: new Mailer(mail),
    outbound: new Outbound([at]),
    unseal: (sealed) => unseal(secret, sealed),
    publicPortal: () => 'https://hub.example',
    log: logger('test', () => {}),
  }
}, 60_000)
afterAll(async () => {
  await hub.stop()
  parts.mailer.close()
  await new Promise<void>((resolve) => smtp.close(() => resolve()))
  receiver.close()
  rmSync(data, { recursive: true, force: true })
})
beforeEach(async () => {
  mails.length = 0
  posts.length = 0
  refuse = false
  for (const { id } of await hub.relational.alerts.rules()) await hub.relational.alerts.removeRule('holder', id)
})

const addChannel = async (kind: string, target: object, more: object = {}): Promise<string> =>
  String((await desk.api('POST', 'channels', { kind, title: kind, target, ...more })).body['id'])
const addRule = (condition: object, channels: readonly string[], more: object = {}) =>
  desk.api('POST', 'alerts', { title: 'New offenders', condition, channels, ...more })
const firstSeen = { when: 'first seen', severity: 'high' }

describe('channels', () => {
  test('every kind takes a message, and attackers’ text acts in none', async () => {
    const ids = [
      await addChannel('mail', { to: 'Desk@holder.example' }),
      await addChannel('slack', { url: `http://${at}/slack` }),
      await addChannel('mattermost', { url: `http://${at}/mattermost` }),
      await addChannel('teams', { url: `http://${at}/teams` }),
      await addChannel('telegram', { token: '12345678:abcdefghijklmnopqrstuvwxyz', chat: '-100123' }),
    ]
    const hook = await desk.api('POST', 'channels', {
      kind: 'webhook',
      title: 'webhook',
      target: { url: `http://${at}/hook` },
    })
    for (const id of [...ids, hook.body['id']]) expect((await desk.api('POST', `channels/${id}/test`)).status).toBe(200)
    expect(mails).toHaveLength(1)
    expect(posts.map(({ path }) => path)).toEqual([
      '/slack',
      '/mattermost',
      '/teams',
      '/bot12345678:abcdefghijklmnopqrstuvwxyz/sendMessage',
      '/hook',
    ])
    // Standard Webhooks: whoever holds the secret can tell that it is ours.
    const { headers, body } = posts.at(-1) as (typeof posts)[number]
    const key = Buffer.from(String(hook.body['secret']).slice(6), 'base64')
    const signed = createHmac('sha256', key)
      .update(`${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`)
      .digest('base64')
    expect(headers['webhook-signature']).toBe(`v1,${signed}`)
    expect(Math.abs(Number(headers['webhook-timestamp']) - Date.now() / 1000)).toBeLessThan(30)
    // Their addresses are secrets, and are not told again.
    const { body: list } = await desk.api('GET', 'channels')
    expect(JSON.stringify(list)).not.toMatch(/\/hook|abcdefghij|whsec/)

    const { channelKinds } = await import('./channels.ts')
    posts.length = 0
    const evil = '<!channel> @everyone ```x``` <http://evil.example|click> [a](http://evil.example)'
    const notice = { title: evil, lines: [evil], link: 'https://hub.example/alerts', organisation: 'holder' }
    await channelKinds.slack.send(notice, { url: `http://${at}/slack` }, parts)
    await channelKinds.mattermost.send(notice, { url: `http://${at}/mattermost` }, parts)
    for (const post of posts) {
      const { text } = JSON.parse(post.body) as { text: string }
      expect(text).not.toMatch(/<!channel>|@everyone|<http|```x/)
    }
  })

  test('no way inwards, no mail to strangers, nothing of other organisations', async () => {
    for (const url of ['http://127.0.0.1:1/', 'https://169.254.169.254/', 'https://localhost/x', 'ftp://x.example/'])
      expect((await desk.api('POST', 'channels', { kind: 'webhook', title: 'x', target: { url } })).status, url).toBe(
        400,
      )
    expect(
      (await desk.api('POST', 'channels', { kind: 'mail', title: 'x', target: { to: 'a@else.example' } })).status,
    ).toBe(400)
    expect(
      (await desk.api('POST', 'channels', { kind: 'telegram', title: 'x', target: { token: '1:../..', chat: '1' } }))
        .status,
    ).toBe(400)
    const mine = await addChannel('slack', { url: `http://${at}/slack` })
    const other = await person(hub, 'x@other.example', 'other', 'admin')
    expect((await other.api('DELETE', `channels/${mine}`)).status).toBe(404)
    expect((await other.api('POST', `channels/${mine}/test`)).status).toBe(404)
    expect((await other.api('POST', 'alerts', { title: 'x', condition: firstSeen, channels: [mine] })).status).toBe(400)
    expect((await addRule({ ...firstSeen, prefix: '8.8.8.0/24' }, [])).status).toBe(400)
    const viewer = await person(hub, 'v@holder.example', 'holder', 'viewer')
    expect((await viewer.api('POST', 'alerts', { title: 'x', condition: firstSeen, channels: [] })).status).toBe(403)
  })
})

describe('alerts', () => {
  test('what is new is told once; when it is over and comes back it is told again', async () => {
    const channel = await addChannel('mail', { to: 'desk@holder.example' })
    await addRule(firstSeen, [channel])
    await guesses(['1.1.1.20'])
    expect(await watch(parts)).toEqual({ fresh: 1, queued: 1 })
    expect(await watch(parts)).toEqual({ fresh: 0, queued: 0 })
    expect(await deliver(parts)).toBe(1)
    expect(await deliver(parts)).toBe(0)
    expect(mails[0]).toMatch(/^Subject: Skep: New offenders/m)
    expect(mails[0]).toContain('1.1.1.20 (high): probe, ssh-logins')
    const { body } = await desk.api('GET', 'alerts')
    expect(body['states'][0]).toMatchObject({ closed: null, acknowledged: null })
    expect(body['deliveries'][0]).toMatchObject({ state: 'sent', attempts: 1 })
    expect(body['deliveries'][0].answer).toMatch(/^250/)
  })

  test('a storm is one message: three thousand addresses at once', async () => {
    const channel = await addChannel('webhook', { url: `http://${at}/storm` })
    await addRule({ ...firstSeen, severity: 'high' }, [channel])
    await watch(parts) // What is there already.
    await deliver(parts)
    posts.length = 0
    const storm = Array.from({ length: 3000 }, (_, i) => `104.16.${Math.floor(i / 250)}.${(i % 250) + 1}`)
    await guesses(storm)
    expect((await watch(parts)).queued).toBe(1)
    expect(await deliver(parts)).toBe(1)
    expect(posts).toHaveLength(1)
    const { data: told } = JSON.parse(posts[0]?.body ?? '{}') as { data: { lines: string[] } }
    expect(told.lines).toHaveLength(21)
    expect(told.lines.at(-1)).toBe('… and 2980 more')
    expect((await watch(parts)).queued).toBe(0)
  }, 60_000)

  test('a threshold, its preview, and narrower conditions', async () => {
    const condition = { when: 'threshold', severity: 'high', addresses: 100, hours: 24 }
    const { body } = await desk.api('POST', 'alert-previews', { condition })
    expect(body['days']).toHaveLength(30)
    expect(body['days'].filter((one: { tells: boolean }) => one.tells).length).toBeGreaterThan(0)
    expect((await desk.api('POST', 'alert-previews', { condition: { when: 'relapse' } })).body['days']).toBeNull()
    await addRule(condition, [await addChannel('slack', { url: `http://${at}/slack` })])
    await addRule({ ...condition, prefix: '104.16.11.0/24', addresses: 251 }, [])
    await addRule({ ...condition, service: 'telnet', addresses: 1 }, [])
    await addRule({ ...condition, cause: 'miner', addresses: 1 }, [])
    expect((await watch(parts)).fresh).toBe(1)
    await deliver(parts)
    expect(posts.at(-1)?.body).toContain('addresses attacked within 24 h (the limit is 100)')
  })

  test('a leak of a whole table at one vantage point alerts nobody; what several see is one message', async () => {
    const { mkdirSync, writeFileSync } = await import('node:fs')
    const { keepRouting } = await import('../routing/keep.ts')
    const folder = join(data, 'hub', 'routing')
    mkdirSync(join(folder, 'vantages'), { recursive: true })
    const own = ['1.1.1.0/24 13335']
    // As it once happened: 260,000 routes from a stranger, at one vantage point.
    const leak = Array.from({ length: 260_000 }, (_, i) => `${1 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}.0/24 64499`)
    const claim = await hub.relational.claims.request({
      organisation: 'holder',
      resource: '1.0.0.0/8',
      method: 'operator',
      author: 'x',
      author_id: '',
    })
    await hub.relational.claims.settle(claim, 'proved', '', 24 * hour)
    writeFileSync(join(folder, 'vantages', 'singapore.txt'), [...own, ...leak].join('\n'))
    for (const name of ['tokyo', 'sydney']) writeFileSync(join(folder, 'vantages', `${name}.txt`), own.join('\n'))
    const look = () => keepRouting({ ...hub, log: logger('test', () => {}) }, folder)
    await look()
    await addRule({ when: 'routing' }, [await addChannel('webhook', { url: `http://${at}/routing` })])
    expect(await watch(parts)).toEqual({ fresh: 0, queued: 0 })
    expect((await desk.api('GET', 'routing')).body['lines'].length).toBeGreaterThan(1000)
    // Now all of them see it: still one message.
    for (const name of ['tokyo', 'sydney'])
      writeFileSync(join(folder, 'vantages', `${name}.txt`), [...own, ...leak].join('\n'))
    await look()
    expect((await watch(parts)).queued).toBe(1)
    expect(await deliver(parts)).toBe(1)
    expect(posts).toHaveLength(1)
    await hub.relational.claims.remove(claim.id)
  }, 60_000)

  test('snoozed is silent, digests gather, quiet hours wait, escalation does not', async () => {
    const now = Date.now()
    const loud = await addChannel('slack', { url: `http://${at}/boss` })
    const digest = await addChannel('slack', { url: `http://${at}/digest` }, { digest_minutes: 60 })
    const { body } = await addRule(firstSeen, [digest], { escalate_minutes: 30, escalate_to: loud })
    await desk.api('POST', `alerts/${body['id']}/snooze`, { hours: 1 })
    expect((await watch(parts, now)).queued).toBe(0)
    await desk.api('POST', `alerts/${body['id']}/snooze`, { hours: 0 })
    await guesses(['1.1.1.30'])
    expect((await watch(parts, Date.now())).queued).toBe(1)
    await guesses(['1.1.1.31'])
    expect((await watch(parts, Date.now())).queued).toBe(1)
    expect(await deliver(parts, Date.now())).toBe(0)
    expect(await deliver(parts, Date.now() + hour)).toBe(1)
    expect(posts.map(({ path }) => path)).toEqual(['/digest'])
    expect(posts[0]?.body).toContain('2 alerts')
    const { body: all } = await desk.api('GET', 'alerts')
    const state = all['states'].find((one: { detail: string }) => one.detail.startsWith('1.1.1.30'))
    await desk.api('POST', `alert-states/${state.id}/acknowledge`)
    const overdue = await watch(parts, Date.now() + hour)
    expect(overdue.queued).toBeGreaterThan(0)
    await deliver(parts, Date.now() + hour)
    const told = posts
      .filter(({ path }) => path === '/boss')
      .map((one) => one.body)
      .join()
    expect(told).toContain('1.1.1.31')
    expect(told).not.toContain('1.1.1.30')
    expect((await watch(parts, Date.now() + hour)).queued).toBe(0)

    const quiet = { digest_minutes: 0, quiet_from: 22, quiet_until: 6 }
    const time = (text: string): number => Date.parse(`2026-11-23T${text}:00Z`)
    expect(new Date(dueOf(quiet, time('21:59'))).toISOString()).toBe('2026-11-23T21:59:00.000Z')
    expect(new Date(dueOf(quiet, time('23:30'))).toISOString()).toBe('2026-11-24T06:00:00.000Z')
    expect(new Date(dueOf(quiet, time('03:00'))).toISOString()).toBe('2026-11-23T06:00:00.000Z')
    expect(new Date(dueOf({ ...quiet, digest_minutes: 60 }, time('21:30'))).toISOString()).toBe(
      '2026-11-24T06:00:00.000Z',
    )
    expect(new Date(dueOf({ digest_minutes: 0, quiet_from: 9, quiet_until: 17 }, time('12:00'))).toISOString()).toBe(
      '2026-11-23T17:00:00.000Z',
    )
  })

  test('what is refused is tried again, and in the end given up, and says so', async () => {
    refuse = true
    const channel = await addChannel('slack', { url: `http://${at}/down` })
    await addRule(firstSeen, [channel])
    await watch(parts)
    let now = Date.now()
    for (let i = 0; i < 6; i++) {
      await deliver(parts, now)
      await deliver(parts, now)
      now += 7 * hour
    }
    const tries = posts.filter(({ path }) => path === '/down').length
    expect(tries).toBe(6)
    const [row] = (await desk.api('GET', 'alerts')).body['deliveries']
    expect(row).toMatchObject({ state: 'failed', attempts: 6 })
    expect(row.answer).toContain('503')
  })
})
