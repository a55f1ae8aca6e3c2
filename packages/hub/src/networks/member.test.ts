import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { logger, uuidv7 } from '@skep/vocabulary'
import { SMTPServer } from 'smtp-server'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startHub, type Hub } from '../hub.ts'
import { Browser, person } from '../testing-people.ts'
import { member, testStore, type Member } from '../testing.ts'
import { judgeAll } from '../understand/nightly.ts'
import { keepCases, quietDays } from './cases.ts'

// What a member of a network does from the first look to the closed case, over the API of a whole hub.
const day = 86_400_000
const data = mkdtempSync(join(tmpdir(), 'skep-member-'))
const log = logger('test', () => {})
let hub: Hub
let desk: Browser
let sensors: Member[]
let smtp: SMTPServer
let registry: Server
const mails: { to: string[]; text: string }[] = []
/** One session of an attacker on a sensor, at a time. */
const attack = async (sensor: Member, source: string, at: number, lines: readonly string[] = []): Promise<void> => {
  const boot = uuidv7()
  const session = uuidv7()
  const event = (seq: number, kind: string, payload: object) => ({
    id: uuidv7(),
    sensor: sensor.name,
    boot,
    seq,
    time: new Date(at + seq).toISOString().replace('Z', '000Z'),
    session,
    service: 'telnet',
    transport: 'tcp',
    source: { ip: source, port: 40_000 + seq },
    target: { port: 23 },
    kind,
    data: payload,
  })
  const events = [
    event(0, 'session.open', {}),
    event(1, 'auth.attempt', { method: 'login', user: 'root', secret: 'xc3511', accepted: lines.length > 0 }),
    ...lines.map((line, i) => event(2 + i, 'command.run', { line })),
  ]
  const { status, body } = await sensor.deliver(boot, events)
  if (status !== 200 || JSON.stringify(body['rejected']) !== '[]') throw new Error(JSON.stringify(body))
}
const bot = '1.1.1.7'
const guesser = '1.1.1.8'
const started = Date.now()

beforeAll(async () => {
  smtp = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData(stream, session, done) {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8').replaceAll('=\r\n', '').replaceAll('=3D', '=')
        mails.push({ to: session.envelope.rcptTo.map(({ address }) => address), text })
        done()
      })
    },
  })
  await new Promise<void>((resolve) => smtp.listen(0, '127.0.0.1', () => resolve()))
  registry = createServer((request, response) => {
    if (request.url?.startsWith('/api/net') === true) {
      const noc = { role: 'NOC', name: 'NOC', email: 'NOC@holder.example' }
      const sales = { role: 'Sales', name: 'S', email: 'sales@holder.example' }
      response.end(JSON.stringify({ data: [{ poc_set: [sales, noc] }] }))
      return
    }
    const card = ['vcard', [['email', {}, 'text', 'abuse@holder.example']]]
    response.end(JSON.stringify({ handle: 'NET', entities: [{ roles: ['abuse'], vcardArray: card }] }))
  })
  await new Promise<void>((resolve) => registry.listen(0, '127.0.0.1', resolve))
  const rdap = `127.0.0.1:${(registry.address() as AddressInfo).port}`
  hub = await startHub({
    data,
    ...(await testStore()),
    regular: false,
    mail: `smtp://127.0.0.1:${(smtp.server.address() as AddressInfo).port}/?insecure`,
    mailFrom: 'Honeynet <honeynet@hub.example>',
    rdap: `http://${rdap}`,
    peeringDb: `http://${rdap}`,
    trustedHosts: [rdap],
  })
  await hub.ready
  sensors = await Promise.all(
    ['a1', 'a2', 'b1', 'b2'].map((name) => member(hub, name, name[0] === 'a' ? 'isp' : 'nren')),
  )
  desk = await person(hub, 'desk@holder.example', 'holder', 'admin')
  const claim = await hub.relational.claims.request({
    organisation: 'holder',
    resource: 'AS13335',
    method: 'operator',
    author: 'x',
    author_id: '',
  })
  await hub.relational.claims.settle(claim, 'proved', '', 365 * day)
  for (const sensor of sensors.slice(0, 3))
    await attack(sensor, bot, started - 3_600_000, ['enable', '/bin/busybox MIRAI', 'uname -a'])
  await attack(sensors[0] as Member, guesser, started - 5 * day)
}, 60_000)
afterAll(async () => {
  await hub.stop()
  await new Promise<void>((resolve) => smtp.close(() => resolve()))
  registry.close()
  rmSync(data, { recursive: true, force: true })
})

describe('my network', () => {
  test('the figures, and the lists behind them', async () => {
    const { body } = await desk.api('GET', 'mine/overview')
    expect(body).toMatchObject({ sources: 2, sources_before: 0, new: 1, active: 0, quiet: 1 })
    expect(body['severities']).toMatchObject({ critical: 1, high: 1 })
    const list = async (path: string) => (await desk.api('GET', path)).body['rows']
    const offenders = await list('offenders')
    expect(offenders.map((one: { source: string }) => one.source)).toEqual([bot, guesser])
    expect(offenders[0]).toMatchObject({ severity: 'critical', causes: ['iot-botnet', 'ssh-bruteforce'], state: 'new' })
    expect((await list('offenders?rule=busybox-token'))[0].source).toBe(bot)
    expect(await list('offenders?state=quiet')).toMatchObject([{ source: guesser }])
    expect(await list('offenders?technique=T1082')).toMatchObject([{ source: bot }])
    const findings = await list('findings')
    expect(findings.find((one: { rule: string }) => one.rule === 'telnet-logins')).toMatchObject({
      sources: 2,
      severity: 'high',
      technique: { id: 'T1110.001' },
    })
    expect(await list('mine/prefixes')).toMatchObject([{ prefix: '1.1.1.0/24', sources: 2 }])
    expect((await list('mine/days')).reduce((sum: number, one: { sources: number }) => sum + one.sources, 0)).toBe(2)
    expect((await desk.api('GET', 'peers')).body['mine']).toMatchObject({ offenders: 2 })
    const csv = await desk.fetch('/api/v1/offenders?format=csv')
    expect((await csv.text()).split('\r\n')[0]).toContain('source,')
  })
})

describe('the evidence', () => {
  test('names the witnesses by number only, and passwords only to those who may see them', async () => {
    const { body } = await desk.api('GET', `packs?subject=${bot}`)
    expect(body['pack']).toMatchObject({ sensors: 3, organisations: 2, confidence: 'high', severity: 'critical' })
    expect(JSON.stringify(body)).not.toMatch(/"(a1|a2|b1|isp|nren)"/)
    const lines = body['pack'].lines.map((line: { text: string }) => line.text)
    expect(lines).toContain('command: /bin/busybox MIRAI')
    expect(lines).toContain('log-in succeeded: user "root", password "xc3511"')
    const viewer = await person(hub, 'viewer@holder.example', 'holder', 'viewer')
    const seen = await viewer.fetch(`/api/v1/packs?subject=${bot}&format=text&language=fr`)
    const letter = await seen.text()
    expect(letter).toContain('Attaques en provenance de 1.1.1.7')
    expect(letter).toContain('password (6 characters)')
    expect(letter).not.toContain('xc3511')
    expect((await desk.api('GET', 'packs?subject=1.1.1.0/24')).body['pack'].addresses).toHaveLength(2)
    expect((await desk.api('GET', 'packs?subject=8.8.8.8')).status).toBe(404)
    const pdf = await desk.fetch(`/api/v1/packs?subject=${bot}&format=pdf&language=ja`)
    expect(
      Buffer.from(await pdf.arrayBuffer())
        .subarray(0, 5)
        .toString(),
    ).toBe('%PDF-')
  })

  test('goes to the registry’s contact and to nobody else; the reader’s answer stands in the case', async () => {
    const { body: opened } = await desk.api('POST', 'cases', { subject: bot })
    expect((await desk.api('GET', `contacts?subject=${bot}`)).body['rows']).toMatchObject([
      { email: 'abuse@holder.example', role: 'abuse', from: 'registry' },
      { email: 'noc@holder.example', role: 'noc', from: 'PeeringDB' },
    ])
    const refused = await desk.api('POST', 'packs/send', { subject: bot, to: 'anybody@else.example' })
    expect(refused.status).toBe(400)
    expect(mails).toHaveLength(0)
    const sent = await desk.api('POST', 'packs/send', { subject: bot, to: 'Abuse@Holder.example', language: 'id' })
    expect(sent.status).toBe(200)
    const [mail] = mails
    expect(mail?.to).toEqual(['abuse@holder.example'])
    expect(mail?.text).toMatch(/^Auto-Submitted: auto-generated/m)
    expect(mail?.text).toMatch(/^Reply-To: .*desk@holder\.example/m)
    expect(mail?.text).toContain('xarf.json')
    expect(mail?.text).toContain('evidence.pdf')
    // Once a day for one subject and reader: no storm.
    expect((await desk.api('POST', 'packs/send', { subject: bot, to: 'abuse@holder.example' })).status).toBe(429)
    const secret = /received#(e[\w-]+)/.exec(mail?.text ?? '')?.[1] ?? ''
    const reader = new Browser(hub.url)
    expect((await reader.api('POST', 'public/received', { secret, words: 'on it' })).status).toBe(200)
    expect((await reader.api('POST', 'public/received', { secret })).status).toBe(400)
    const { body: kept } = await desk.api('GET', `cases/${opened['id']}`)
    const history = kept['history'].map((line: { kind: string; detail: string }) => `${line.kind} ${line.detail}`)
    expect(history).toContain('sent to abuse@holder.example')
    expect(history).toContain('received on it')
  })
})

test('what nobody answers goes to the CERT of the economy, once; what was answered does not', async () => {
  expect((await desk.api('PUT', 'certs', { certs: {} })).status).toBe(403)
  await hub.relational.setMeta('certs', JSON.stringify({ AU: { name: 'CERT', email: 'cert@cert.example' } }))
  const rows = (await desk.api('GET', `contacts?subject=${bot}`)).body['rows']
  expect(rows.at(-1)).toMatchObject({ role: 'national CERT', email: 'cert@cert.example', from: 'CERT' })
  mails.length = 0
  for (const [subject, to] of [
    [bot, 'noc@holder.example'],
    [guesser, 'noc@holder.example'],
  ])
    expect((await desk.api('POST', 'packs/send', { subject, to, escalate_days: 3 })).status).toBe(200)
  expect(mails).toHaveLength(2)
  const answered = /received#(e[\w-]+)/.exec(mails[1]?.text ?? '')?.[1] ?? ''
  await new Browser(hub.url).api('POST', 'public/received', { secret: answered })
  expect(await hub.escalate()).toBe(0)
  const later = Date.now() + 4 * day
  expect(await hub.escalate(later)).toBe(1)
  expect(await hub.escalate(later)).toBe(0)
  expect(mails.at(-1)?.to).toEqual(['cert@cert.example'])
  expect(mails.at(-1)?.text).toContain(bot)
  const { body } = await desk.api('GET', `cases?subject=${bot}`)
  const { body: kept } = await desk.api('GET', `cases/${body['rows'][0].id}`)
  expect(kept['history'].map((line: { kind: string }) => line.kind)).toContain('escalated')
})

describe('cases', () => {
  test('open by evidence, are worked on, close by quiet, open again by a relapse', async () => {
    await desk.api('POST', 'customers', { prefix: '1.1.1.8/32', title: 'Customer', contact: '' })
    const first = await keepCases({ ...hub, log }, started - 10 * day)
    expect(first.opened).toBe(1) // The bot's is open already, by hand.
    const list = async (query = '') => (await desk.api('GET', `cases${query}`)).body
    const all = await list()
    expect(all['rows'].map((one: { subject: string; cause: string }) => [one.subject, one.cause])).toEqual([
      [bot, 'iot-botnet'],
      ['1.1.1.8/32', 'iot-botnet'],
    ])
    expect((await keepCases({ ...hub, log }, started - 10 * day)).opened).toBe(0)
    const { id } = all['rows'][0]
    expect((await desk.api('PATCH', `cases/${id}`, { assignee: 'nobody@else.example' })).status).toBe(400)
    await desk.api('PATCH', `cases/${id}`, { state: 'working', assignee: 'desk@holder.example' })
    await desk.api('POST', `cases/${id}/notes`, { text: 'called them' })

    // Quiet for as long as was said when it was opened, and not a day less.
    const { cases } = hub.relational
    await cases.closeQuiet(started + (quietDays - 1) * day)
    expect((await list('?state=open'))['rows']).toHaveLength(1)
    await cases.closeQuiet(started + (quietDays + 1) * day)
    expect((await list('?state=open'))['rows']).toHaveLength(0)
    expect((await list())['counts']).toMatchObject({ fixed: 2 })
    const over = await list()
    expect(over['time_to_clean']).toMatchObject({ problems: 2, open: 0, median: 0 })

    // A relapse is what is seen after it was closed; what only comes late is none.
    const one = await cases.get('holder', id)
    const seen = {
      organisation: 'holder',
      subject: bot,
      cause: 'iot-botnet',
      severity: 4,
      first_seen: started,
      events: 9,
    }
    expect(await cases.observe({ ...seen, last_seen: (one?.closed ?? 0) - 1 }, quietDays)).toBe('known')
    expect(await cases.observe({ ...seen, last_seen: (one?.closed ?? 0) + 1 }, quietDays)).toBe('relapsed')
    const { body } = await desk.api('GET', `cases/${id}`)
    expect(body['case']).toMatchObject({ state: 'new', relapses: 1, closed: null, assignee: 'desk@holder.example' })
    expect(body['history'].map((line: { kind: string }) => line.kind)).toEqual(
      expect.arrayContaining(['opened', 'state', 'assignee', 'note', 'fixed', 'relapse']),
    )
    expect(body['guide'].length).toBeGreaterThan(2)
    expect(body['days']).toHaveLength(1)
    const stranger = await person(hub, 's@stranger.example', 'stranger', 'admin')
    for (const [method, path] of [
      ['GET', `cases/${id}`],
      ['PATCH', `cases/${id}`],
      ['POST', `cases/${id}/notes`],
    ] as const)
      expect((await stranger.api(method, path, method === 'GET' ? undefined : { text: 'x' })).status).toBe(
        method === 'PATCH' ? 400 : 404,
      )
    expect((await stranger.api('PATCH', `cases/${id}`, { state: 'fixed' })).status).toBe(404)
    const viewer = await person(hub, 'viewer@holder.example', 'holder', 'viewer')
    expect((await viewer.api('PATCH', `cases/${id}`, { state: 'fixed' })).status).toBe(403)
  })

  test('two hubs that see the same at once open one case', async () => {
    const { cases } = hub.relational
    const seen = {
      organisation: 'holder',
      subject: '1.1.1.9',
      cause: 'miner',
      severity: 4,
      first_seen: started,
      last_seen: started,
      events: 1,
    }
    const outcomes = await Promise.all(Array.from({ length: 6 }, () => cases.observe(seen, quietDays)))
    expect(outcomes.filter((one) => one === 'opened')).toHaveLength(1)
  })
})

test('verdicts: what touches all is global; a member sees those of its own sensors, with their numbers', async () => {
  for (let back = 1; back <= 3; back++)
    for (const sensor of sensors) await attack(sensor, '8.8.8.8', started - back * day)
  for (let back = 1; back <= 4; back++) await attack(sensors[3] as Member, '9.9.9.9', started - back * day)
  const counts = await judgeAll({ ...hub, log })
  expect(counts.verdicts).toBeGreaterThan(0)
  const isp = await person(hub, 'a@isp.example', 'isp', 'viewer')
  const nren = await person(hub, 'b@nren.example', 'nren', 'viewer')
  const verdict = async (who: Browser, entity: string) =>
    (await who.api('GET', `verdicts?type=source&entity=${entity}`)).body['rows'][0]
  expect(await verdict(isp, '8.8.8.8')).toMatchObject({ verdict: 'global', k: 12, d: 4, n: 4, here: 2 })
  expect(await verdict(nren, '9.9.9.9')).toMatchObject({ verdict: 'only here', d: 1, here: 1 })
  // It never came to them: it is none of their business.
  expect(await verdict(isp, '9.9.9.9')).toBeUndefined()
  expect(JSON.stringify((await isp.api('GET', 'verdicts')).body['rows'])).not.toMatch(/b1|b2|nren/)
  // The same night again changes nothing.
  const before = (await nren.api('GET', 'verdicts')).body['rows'].length
  await judgeAll({ ...hub, log })
  expect((await nren.api('GET', 'verdicts')).body['rows']).toHaveLength(before)
})

test('reports: the day as Shadowserver has it, by API and by mail, once', async () => {
  const { sendReports } = await import('./reports/mailing.ts')
  const { Mailer } = await import('../mail.ts')
  const yesterday = new Date(started - day).toISOString().slice(0, 10)
  await attack(sensors[0] as Member, guesser, Date.parse(`${yesterday}T12:00:00Z`))
  const file = await desk.fetch(`/api/v1/reports/daily/event4_honeypot_brute_force?date=${yesterday}`)
  expect(file.headers.get('content-disposition')).toContain(`${yesterday}-event4_honeypot_brute_force-holder-asn.csv`)
  const [head = '', line = ''] = (await file.text()).split('\r\n')
  const columns = head.split(',')
  const values = line.split(',')
  expect(values).toHaveLength(48)
  const of = (name: string) => values[columns.indexOf(name)]
  expect([
    of('src_ip'),
    of('src_port'),
    of('src_asn'),
    of('dst_ip'),
    of('dst_port'),
    of('username'),
    of('password'),
  ]).toEqual([guesser, '40001', '13335', '', '23', 'root', 'xc3511'])
  expect(of('timestamp')).toBe(`${yesterday} 12:00:00`)
  const viewer = await person(hub, 'viewer@holder.example', 'holder', 'viewer')
  const masked = await viewer.fetch(`/api/v1/reports/daily/event4_honeypot_brute_force?date=${yesterday}`)
  expect(await masked.text()).not.toContain('xc3511')
  const empty = await desk.fetch(`/api/v1/reports/daily/event4_honeypot_ics_scan?date=${yesterday}`)
  expect((await empty.text()).split('\r\n').filter((text) => text !== '')).toHaveLength(1)

  for (const period of ['daily', 'weekly']) await desk.api('PUT', 'me/reports', { period, on: true })
  expect((await desk.api('GET', 'reports')).body['subscribed']).toEqual(['daily', 'weekly'])
  mails.length = 0
  const parts = {
    ...hub,
    log,
    publicPortal: () => 'https://hub.example',
    mailer: new Mailer(`smtp://127.0.0.1:${(smtp.server.address() as AddressInfo).port}/?insecure`),
  }
  // Tomorrow, when the day has been over for some hours.
  const now = Date.parse(`${new Date(started).toISOString().slice(0, 10)}T06:00:00Z`)
  expect(await sendReports(parts, now)).toBe(2)
  expect(await sendReports(parts, now)).toBe(0)
  expect(mails.map(({ to }) => to)).toEqual([['desk@holder.example'], ['desk@holder.example']])
  expect(mails.map(({ text }) => text).join()).toContain('event4_honeypot_brute_force')
  expect(mails.map(({ text }) => text).join()).toMatch(/skep-holder-\d{4}-W\d\d\.pdf/)
  parts.mailer.close()
})
