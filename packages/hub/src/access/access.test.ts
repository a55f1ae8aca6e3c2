import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Provider } from 'oidc-provider'
import { SMTPServer } from 'smtp-server'
import { Secret, TOTP } from 'otpauth'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startHub, type Hub } from '../hub.ts'
import { Browser, person } from '../testing-people.ts'
import { testStore } from '../testing.ts'
import { networksOf } from './oidc.ts'
import { checkPassword, hashPassword, passwordFault } from './password.ts'

let hub: Hub
const folder = mkdtempSync(join(tmpdir(), 'skep-access-'))
const mails: { to: string[]; text: string }[] = []
let smtp: SMTPServer
let issuer: Server
let issuerUrl = ''
/** What the provider of identities says of who signs in next. */
let identity: Record<string, unknown> = {}

beforeAll(async () => {
  smtp = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData(stream, session, done) {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        mails.push({
          to: session.envelope.rcptTo.map(({ address }) => address),
          text: Buffer.concat(chunks).toString('utf8').replaceAll('=\r\n', '').replaceAll('=3D', '='),
        })
        done()
      })
    },
  })
  await new Promise<void>((resolve) => smtp.listen(0, '127.0.0.1', () => resolve()))
  const smtpPort = (smtp.server.address() as AddressInfo).port

  // A real provider of identities, whose sign-in page lets everyone in at once.
  issuer = createServer((request, response) => void handle?.(request, response))
  await new Promise<void>((resolve) => issuer.listen(0, '127.0.0.1', resolve))
  issuerUrl = `http://127.0.0.1:${(issuer.address() as AddressInfo).port}`
  hub = await startHub({
    data: folder,
    ...(await testStore()),
    mail: `smtp://127.0.0.1:${smtpPort}/?insecure`,
    trustedHosts: [new URL(issuerUrl).host],
  })
  const provider = new Provider(issuerUrl, {
    clients: [
      {
        client_id: 'skep',
        client_secret: 'a secret of the test',
        redirect_uris: [`${hub.url}/signin/back/test`],
        grant_types: ['authorization_code'],
        response_types: ['code'],
      },
    ],
    claims: {
      openid: ['sub'],
      email: ['email', 'email_verified'],
      profile: ['name'],
      networks: ['networks', 'verified_user'],
    },
    scopes: ['openid', 'email', 'profile', 'networks'],
    features: { devInteractions: { enabled: false } },
    pkce: { required: () => true },
    cookies: { keys: ['test'] },
    findAccount: (_, sub) => ({ accountId: sub, claims: async () => ({ sub, ...identity }) }),
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  })
  handle = (request, response) => {
    if (!(request.url ?? '').startsWith('/interaction/')) return provider.callback()(request, response)
    return (async () => {
      const { prompt, params, session } = await provider.interactionDetails(request, response)
      if (prompt.name === 'login') {
        await provider.interactionFinished(request, response, { login: { accountId: String(identity['sub']) } })
        return
      }
      const grant = new provider.Grant({ accountId: session?.accountId ?? '', clientId: String(params['client_id']) })
      grant.addOIDCScope(String(params['scope']))
      await provider.interactionFinished(request, response, { consent: { grantId: await grant.save() } })
    })()
  }
}, 60_000)
let handle: ((request: IncomingMessage, response: ServerResponse) => Promise<void>) | undefined
afterAll(async () => {
  await hub.stop()
  await new Promise<void>((resolve) => smtp.close(() => resolve()))
  issuer.closeAllConnections()
  issuer.close()
  rmSync(folder, { recursive: true, force: true })
})

const password = 'correct horse battery'
const lastLink = (to: string): string =>
  /#(e[\w-]+)/.exec(mails.filter((mail) => mail.to.includes(to)).at(-1)?.text ?? '')?.[1] ?? ''
/** Waits for a mail: it is sent after the answer. */
const mailTo = async (to: string, count = 1): Promise<void> => {
  await expect.poll(() => mails.filter((mail) => mail.to.includes(to)).length).toBe(count)
}

describe('passwords', () => {
  test('are kept so that they can be checked, and nothing else', async () => {
    const kept = await hashPassword(password)
    expect(kept).not.toContain(password)
    expect(await checkPassword(password, kept)).toBe(true)
    expect(await checkPassword(`${password} `, kept)).toBe(false)
    expect(await checkPassword('nobody has this one', undefined)).toBe(false)
    expect(await hashPassword(password)).not.toBe(kept)
  })

  test('that attackers try first are refused', () => {
    for (const bad of ['short', 'aaaaaaaaaaaaaa', 'password123', 'PASSWORD1234', 'alice is my name'])
      expect(passwordFault(bad, ['alice']), bad).toBeDefined()
    expect(passwordFault(password, ['alice'])).toBeUndefined()
  })
})

test('an invited person chooses a password by the link, once, and sees nothing of other organisations', async () => {
  const admin = await person(hub, 'admin@isp.example', 'isp', 'admin')
  const invited = await admin.api('POST', 'members', { email: 'New@ISP.example', role: 'analyst' })
  expect(invited.body).toEqual({ mailed: true, link: null })
  await mailTo('new@isp.example')
  const secret = lastLink('new@isp.example')
  const browser = new Browser(hub.url)
  expect((await browser.api('POST', 'welcome', { secret, password: 'short' })).status).toBe(400)
  expect((await browser.api('POST', 'welcome', { secret, password })).body).toEqual({ step: 'done', methods: [] })
  expect((await browser.api('POST', 'welcome', { secret, password })).status).toBe(400)
  const me = await browser.api('GET', 'me')
  expect(me.body).toMatchObject({ role: 'analyst', organisation: 'isp', can: ['read', 'secrets', 'samples', 'cases'] })
  // Only an admin sees tokens and the audit log; nobody but an operator sees all organisations.
  expect((await browser.api('GET', 'audit')).status).toBe(403)
  expect((await admin.api('GET', 'organisations')).status).toBe(403)
  expect((await admin.api('GET', 'members?organisation=other')).status).toBe(403)
})

test('to invite somebody is no way into that person’s account', async () => {
  await person(hub, 'admin@one.example', 'one', 'admin')
  const admin = await person(hub, 'admin@two.example', 'two', 'admin')
  // In use elsewhere, with a password.
  const { people } = hub.relational
  const used = await people.addUser('used@one.example', 'used')
  await people.changeUser(used.id, { password: await hashPassword(password) })
  await people.join(used.id, 'one', 'admin')
  // Invited elsewhere, not yet in use.
  const fresh = await people.addUser('fresh@one.example', 'fresh')
  await people.join(fresh.id, 'one', 'admin')
  for (const email of ['used@one.example', 'fresh@one.example']) {
    const before = mails.length
    expect((await admin.api('POST', 'members', { email, role: 'viewer' })).body, email).toEqual({
      mailed: false,
      link: null,
    })
    expect(mails.length).toBe(before)
  }
})

test('password guessing is slowed down, for accounts that exist and for those that do not', async () => {
  for (const email of ['admin@isp.example', 'nobody@isp.example']) {
    const browser = new Browser(hub.url)
    const answers = []
    for (let i = 0; i < 12; i++)
      answers.push(await browser.api('POST', 'signin', { email, password: `guess number ${i}` }))
    expect(answers.slice(0, 10).map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 401))
    expect(answers.at(-1)?.status).toBe(429)
    expect(Number(answers.at(-1)?.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(new Set(answers.slice(0, 10).map(({ body }) => body['error'])).size).toBe(1)
  }
}, 60_000)

test('one-time codes: asked for, good once, recovery codes too; a half sign-in opens nothing', async () => {
  const { people, fleet } = hub.relational
  await fleet.addOrganisation('totp')
  const user = await people.addUser('totp@isp.example', 'T')
  await people.join(user.id, 'totp', 'viewer')
  await people.changeUser(user.id, { password: await hashPassword(password) })
  const browser = new Browser(hub.url)
  expect((await browser.api('POST', 'signin', { email: 'totp@isp.example', password })).body['step']).toBe('done')
  expect((await browser.api('POST', 'me/totp', { present: 'wrong' })).status).toBe(403)
  const { body: begun } = await browser.api('POST', 'me/totp', { present: password })
  const totp = new TOTP({ secret: Secret.fromBase32(begun['secret']) })
  expect(
    (await browser.api('PUT', 'me/totp', { present: password, secret: begun['secret'], code: '000000' })).status,
  ).toBe(400)
  const now = Date.now()
  const on = await browser.api('PUT', 'me/totp', {
    present: password,
    secret: begun['secret'],
    code: totp.generate({ timestamp: now - 30_000 }),
  })
  expect(on.body['codes']).toHaveLength(10)

  const second = new Browser(hub.url)
  expect((await second.api('POST', 'signin', { email: 'totp@isp.example', password })).body).toEqual({
    step: 'second',
    methods: ['totp', 'code'],
  })
  const half = second.cookie
  expect((await second.api('GET', 'me')).status).toBe(401)
  expect((await second.api('POST', 'signin/code', { code: '123456' })).status).toBe(401)
  // The code that turned it on is used up.
  expect((await second.api('POST', 'signin/code', { code: totp.generate({ timestamp: now - 30_000 }) })).status).toBe(
    401,
  )
  const code = totp.generate({ timestamp: Date.now() })
  expect((await second.api('POST', 'signin/code', { code })).status).toBe(200)
  expect((await second.api('GET', 'me')).status).toBe(200)
  // A cookie that was planted, or stolen, before the second factor is worth nothing after it.
  expect(second.cookie).not.toBe(half)
  expect((await fetch(`${hub.url}/api/v1/me`, { headers: { cookie: half } })).status).toBe(401)

  const recovery = String(on.body['codes'][0])
  for (const expected of [200, 401]) {
    const third = new Browser(hub.url)
    await third.api('POST', 'signin', { email: 'totp@isp.example', password })
    expect((await third.api('POST', 'signin/code', { code: recovery })).status).toBe(expected)
  }
}, 60_000)

test('recovery says nothing about who has an account, and ends all sign-ins', async () => {
  const known = await person(hub, 'forgetful@isp.example', 'isp', 'viewer')
  const browser = new Browser(hub.url)
  const answers = [
    await browser.api('POST', 'recovery', { email: 'forgetful@isp.example' }),
    await browser.api('POST', 'recovery', { email: 'unknown@isp.example' }),
  ]
  expect(answers.map(({ body }) => body)).toEqual([{ done: true }, { done: true }])
  await mailTo('forgetful@isp.example')
  expect(mails.some(({ to }) => to.includes('unknown@isp.example'))).toBe(false)
  await browser.api('POST', 'welcome', { secret: lastLink('forgetful@isp.example'), password })
  expect((await known.api('GET', 'me')).status).toBe(401)
  expect((await browser.api('GET', 'me')).status).toBe(200)
  expect((await browser.api('POST', 'signin/out')).status).toBe(200)
  expect((await browser.api('GET', 'me')).status).toBe(401)
})

test('no header can be put into a mail, and no other address', async () => {
  const admin = await person(hub, 'head@isp.example', 'isp', 'admin')
  const evil = await admin.api('POST', 'members', { email: 'a@b.example\r\nBcc: c@d.example', role: 'viewer' })
  expect(evil.status).toBe(400)
  const { people } = hub.relational
  await people.changeUser(admin.id, { name: 'x\r\nBcc: evil@d.example' })
  await admin.api('POST', 'members', { email: 'plain@b.example', role: 'viewer' })
  await mailTo('plain@b.example')
  expect(mails.find(({ to }) => to.includes('plain@b.example'))?.text).not.toMatch(/^bcc:/im)
})

test('a change from another site is refused, signed in or not', async () => {
  const admin = await person(hub, 'csrf@isp.example', 'isp', 'admin')
  for (const site of ['cross-site', 'same-site', 'none']) {
    const headers = { 'sec-fetch-site': site }
    expect((await admin.api('POST', 'members', { email: 'x@y.example', role: 'admin' }, headers)).status).toBe(403)
    expect((await admin.api('POST', 'signin', { email: 'x@y.example', password }, headers)).status).toBe(403)
  }
})

test('tokens carry no more than their author and their scopes', async () => {
  const admin = await person(hub, 'tokens@isp.example', 'isp', 'admin')
  expect((await admin.api('POST', 'tokens', { label: 'x', role: 'operator' })).status).toBe(403)
  const { body } = await admin.api('POST', 'tokens', { label: 'reader', role: 'admin', scopes: ['read'] })
  const bearer = { authorization: `Bearer ${body['token']}`, cookie: '' }
  const as = (path: string, method = 'GET', what?: unknown) => new Browser(hub.url).api(method, path, what, bearer)
  expect((await as('me')).body).toMatchObject({ organisation: 'isp', can: ['read'], person: null })
  expect((await as('audit')).status).toBe(403)
  expect((await as('tokens', 'POST', { label: 'more', role: 'admin' })).status).toBe(403)
  expect((await as('me', 'PATCH', { name: 'x' })).status).toBe(403)
  const { body: list } = await admin.api('GET', 'tokens')
  const mine = (list['rows'] as { id: string; label: string }[]).find(({ label }) => label === 'reader')
  const other = await person(hub, 'tokens@other.example', 'other', 'admin')
  expect((await other.api('DELETE', `tokens/${mine?.id}`)).status).toBe(404)
  expect((await admin.api('DELETE', `tokens/${mine?.id}`)).status).toBe(200)
  expect((await as('me')).status).toBe(401)
})

test('the audit log shows what was done; a changed or missing line shows', async () => {
  const { audit } = hub.relational
  const proof = await audit.verify()
  expect(proof.broken).toBeUndefined()
  expect(proof.lines).toBeGreaterThan(5)
  const admin = await person(hub, 'audit@isp.example', 'isp', 'admin')
  const { body } = await admin.api('GET', 'audit?limit=1000')
  const rows = body['rows'] as { organisation: string; action: string }[]
  expect(rows.map(({ action }) => action)).toContain('member')
  expect(new Set(rows.map(({ organisation }) => organisation))).toEqual(new Set(['isp']))
  // Whoever changes the table behind the hub's back is found out.
  const { default: Database } = await import('libsql')
  const db = new Database(join(folder, 'hub', 'relational.sqlite'))
  db.exec("UPDATE audit SET detail = 'nothing' WHERE id = 2")
  expect((await audit.verify()).broken).toBe(2)
  db.close()
})

describe('OpenID Connect', () => {
  /** Walks the redirects of provider and hub as a browser does. */
  async function walk(browser: Browser): Promise<string> {
    const abroad = new Browser(issuerUrl)
    let at = `${hub.url}/signin/with/test`
    for (let i = 0; i < 12; i++) {
      const here = at.startsWith(hub.url)
      const response = await (here ? browser : abroad).fetch(at)
      const next = response.headers.get('location')
      if (next === null) return `${at} ${response.status} ${(await response.text()).slice(0, 300)}`
      at = new URL(next, at).href
      if (at.startsWith(hub.url) && !at.includes('/signin/back/')) return decodeURIComponent(at.slice(hub.url.length))
    }
    return 'no end'
  }
  const operator = async (): Promise<Browser> => {
    const browser = new Browser(hub.url)
    browser.setCookie('skep', await hub.relational.tokens.create('operator', 'test'))
    return browser
  }
  const setUp = async (changes: object = {}) =>
    (await operator()).api('PUT', 'providers/test', {
      title: 'Test',
      issuer: issuerUrl,
      client_id: 'skep',
      client_secret: 'a secret of the test',
      scope: 'openid email profile networks',
      ...changes,
    })

  test('an issuer inside the network is refused', async () => {
    for (const bad of [
      'http://127.0.0.1:1/',
      'https://169.254.169.254/',
      'https://[::ffff:10.0.0.1]/',
      'https://localhost/',
    ])
      expect((await setUp({ issuer: bad })).status, bad).toBe(400)
  })

  test('lets in whom we know, links by a verified address only, and never twice by one answer', async () => {
    expect((await setUp()).status).toBe(200)
    await person(hub, 'oidc@isp.example', 'isp', 'analyst')
    identity = { sub: 'stranger', email: 'stranger@isp.example', email_verified: true }
    expect(await walk(new Browser(hub.url))).toMatch(/no account here/)
    identity = { sub: 'liar', email: 'oidc@isp.example', email_verified: false }
    expect(await walk(new Browser(hub.url))).toMatch(/no account here/)
    identity = { sub: 'good', email: 'oidc@isp.example', email_verified: true, name: 'O' }
    const browser = new Browser(hub.url)
    expect(await walk(browser)).toBe('/')
    expect((await browser.api('GET', 'me')).body).toMatchObject({ label: 'oidc@isp.example', role: 'analyst' })
    // The same account at the provider is the same person, whatever address it has now.
    identity = { sub: 'good', email: 'other@isp.example', email_verified: true }
    const again = new Browser(hub.url)
    expect(await walk(again)).toBe('/')
    expect((await again.api('GET', 'me')).body['label']).toBe('oidc@isp.example')
    // An account that has a password is not opened by a provider's word about its address; its owner links it.
    const { people } = hub.relational
    const kept = await people.addUser('kept@isp.example', 'kept', true)
    identity = { sub: 'thief', email: 'kept@isp.example', email_verified: true }
    expect(await walk(new Browser(hub.url))).toMatch(/Sign in as you are used to/)
    await people.changeUser(kept.id, { operator: 0, password: await hashPassword(password) })
    expect(await walk(new Browser(hub.url))).toMatch(/Sign in as you are used to/)
    // An answer that this browser did not ask for is refused.
    const forged = await new Browser(hub.url).fetch('/signin/back/test?code=abc&state=def')
    expect(decodeURIComponent(forged.headers.get('location') ?? '')).toMatch(/was not begun here/)
  }, 30_000)

  test('a provider that knows networks proves an AS, and takes it back', async () => {
    const admin = await person(hub, 'net@isp.example', 'netisp', 'admin')
    const claimed = await admin.api('POST', 'claims', { resource: 'AS3333', method: 'peeringdb' })
    expect(claimed.body['claim']).toMatchObject({ state: 'pending', resource: 'AS3333' })
    const state = async () => (await admin.api('GET', 'claims')).body['rows'][0].state
    // Linking: signed in here, and then there.
    identity = {
      sub: 'net',
      email: 'net@isp.example',
      email_verified: true,
      verified_user: true,
      networks: [{ asn: 3333, perms: 1 }],
    }
    expect(await walk(admin)).toBe('/account')
    expect(await state()).toBe('pending')
    identity = { ...identity, networks: [{ asn: 3333, perms: 15 }] }
    await walk(admin)
    expect(await state()).toBe('proved')
    expect((await admin.api('GET', 'me')).body['networks']).toEqual({ asns: [3333], prefixes: [], sensors: 0 })
    identity = { ...identity, networks: [] }
    await walk(admin)
    expect(await state()).toBe('lapsed')
    expect((await admin.api('GET', 'me')).body['networks']).toEqual({ asns: [], prefixes: [], sensors: 0 })
  }, 30_000)

  test('only a verified person’s right to update counts', () => {
    const networks = [{ asn: 1, perms: 15 }, { asn: 2, perms: 1 }, { asn: '3', perms: 15 }, { asn: 4 }, null, 'x']
    expect(networksOf({ verified_user: true, networks })).toEqual([1])
    expect(networksOf({ verified_user: 'true', networks })).toEqual([])
    expect(networksOf({ verified_user: true, networks: 'AS1' })).toEqual([])
    expect(networksOf({})).toEqual([])
  })
})
