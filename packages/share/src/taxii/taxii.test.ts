import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { person } from '@skep/hub/testing-people'
import { known, sharingHub } from '../testing.ts'
import { depthOf, readEnvelope } from './inbound.ts'
import { accepts } from './negotiate.ts'
import { seed } from './seed.ts'
import { readTime, writeTime } from './time.ts'

const media = 'application/taxii+json;version=2.1'
let house: Awaited<ReturnType<typeof sharingHub>>
let operator: string
let partner: string
let rival: string
let stranger: string

interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: ReturnType<typeof JSON.parse>
}
async function ask(
  path: string,
  {
    token = operator,
    user = 'any',
    method = 'GET',
    body,
    headers = {},
  }: { token?: string; user?: string; method?: string; body?: unknown; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const response = await fetch(`${house.hub.url}${path}`, {
    method,
    headers: {
      accept: media,
      ...(token !== '' && { authorization: `Basic ${Buffer.from(`${user}:${token}`).toString('base64')}` }),
      ...(body !== undefined && { 'content-type': media }),
      ...headers,
    },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const text = await response.text()
  return { status: response.status, headers: response.headers, body: text === '' ? undefined : JSON.parse(text) }
}
const uuid = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`
const note = (n: number, modified = '2026-01-01T00:00:00.000Z', more: object = {}): Record<string, unknown> => ({
  type: 'note',
  spec_version: '2.1',
  id: `note--${uuid(n)}`,
  created: '2026-01-01T00:00:00.000Z',
  modified,
  content: `n ${n}`,
  object_refs: [`note--${uuid(0)}`],
  ...more,
})
const login = { name: 'admin', password: 'Password0' }
const as = { token: login.password, user: login.name }
const box = (name: string, flags: [boolean, boolean], objects: object[] = []) => ({
  id: `91a7b528-80eb-42ed-a74d-c6fbd5a26${name}`,
  title: name,
  can_read: flags[0],
  can_write: flags[1],
  media_types: ['application/stix+json;version=2.1'],
  objects,
})
const open = '/trust/collections/91a7b528-80eb-42ed-a74d-c6fbd5a26111'

beforeAll(async () => {
  house = await sharingHub()
  operator = await house.hub.relational.tokens.create('operator', 'test')
  await house.publish()
  for (const name of ['partner', 'rival', 'stranger']) await person(house.hub, `x@${name}.example`, name, 'admin')
  const token = (organisation: string) => house.hub.relational.tokens.create('analyst', organisation, { organisation })
  ;[partner, rival, stranger] = [await token('partner'), await token('rival'), await token('stranger')]
  await house.share.agreements.put({
    name: 'friends',
    title: 'Friends',
    tlp: 'green',
    kinds: ['address', 'command', 'credential'],
    numbers: false,
    delay_minutes: 0,
    everyone: false,
  })
  for (const name of ['partner', 'rival']) await house.share.agreements.join('friends', name)
  await seed(
    { taxii: house.share.taxii, relational: house.hub.relational },
    {
      '/discovery': { title: 'Seeded', default: '/trust/', api_roots: ['/trust/'] },
      trust: {
        information: { title: 'Trust', versions: [media], max_content_length: 20_000 },
        status: [],
        collections: [
          box('111', [true, true]),
          box('110', [true, false]),
          box('101', [false, true]),
          box('100', [false, false]),
        ],
      },
    },
    login,
  )
}, 60_000)
afterAll(() => house.stop())

describe('what the specification says of every answer', () => {
  test('media types: a version may be left out, weighed, or stand among others', async () => {
    for (const accept of [
      media,
      'application/taxii+json',
      `${media};q=0.9`,
      'application/taxii+json; version=2.1',
      `text/html, ${media},application/stix+json;version=2.1`,
    ]) {
      const answer = await ask('/shared/', { headers: { accept } })
      expect(answer.status, accept).toBe(200)
      expect(answer.headers.get('content-type')).toBe(media)
    }
    for (const accept of ['application/json', '*/*', 'application/taxii+json;version=2.0', `${media};q=0`]) {
      const answer = await ask('/shared/', { headers: { accept } })
      expect([answer.status, answer.headers.get('content-type')], accept).toEqual([406, media])
    }
    expect(accepts('')).toBe(false)
    fc.assert(fc.property(fc.string(), (text) => typeof accepts(text) === 'boolean'))
  })

  test('who does not sign in is asked to', async () => {
    for (const token of ['', 'skep_operator_wrong']) {
      const answer = await ask('/taxii2/', { token })
      expect(answer.status).toBe(401)
      expect(answer.headers.get('www-authenticate')).toMatch(/^Basic /)
      expect(answer.body.http_status).toBe('401')
    }
    expect((await ask('/taxii2/', { user: 'admin', token: 'wrong' })).status).toBe(401)
    expect((await ask('/taxii2/', as)).body.title).toBe('Seeded')
  })

  test('what is not there is said so', async () => {
    for (const path of [
      '/taxii2/x/',
      '/shared/x/',
      '/shared/collections/x/',
      `${open}/objects/note--${uuid(99)}/`,
      `${open}/objects/note--${uuid(99)}/versions/`,
      '/shared/status/x/',
      '/shared/collections/%ZZ/',
      '/nowhere/',
      '/nowhere/collections/',
    ]) {
      const answer = await ask(path, path.startsWith('/trust') ? as : {})
      expect([400, 404], path).toContain(answer.status)
      expect(answer.body.title.length).toBeGreaterThan(0)
    }
  })

  test('filters that cannot be read are errors; an empty list is no list', async () => {
    for (const query of [
      'limit=0',
      'limit=-1',
      'limit=x',
      'added_after=yesterday',
      'added_after=2026-01-01T00:00:00%2B00:00',
      'match[version]=all,last',
      'match[version]=last,last',
      'match[version]=x',
      'match[id]=a&match[id]=b',
      'added_after=2026-01-01T00:00:00Z&added_after=2026-01-01T00:00:00Z',
      'next=bogus',
    ])
      expect((await ask(`/shared/collections/address/objects/?${query}`)).status, query).toBe(400)
    const empty = await ask('/shared/collections/address/objects/?added_after=2999-01-01T00:00:00Z')
    expect([empty.status, empty.body]).toEqual([200, {}])
    expect(empty.headers.get('x-taxii-date-added-first')).toBeNull()
    for (const digits of ['', '.1', '.123', '.123456', '.123456789'])
      expect((await ask(`/shared/collections/address/objects/?added_after=2020-01-01T00:00:00${digits}Z`)).status).toBe(
        200,
      )
  })
})

describe('adding, versions, deleting', () => {
  test('an object has versions; each answer tells when its first and last came', async () => {
    const added = await ask(`${open}/objects/`, {
      ...as,
      method: 'POST',
      body: {
        objects: [
          note(1),
          note(1, '2026-02-01T00:00:00.000Z'),
          note(2),
          { type: 'ipv4-addr', spec_version: '2.1', id: `ipv4-addr--${uuid(3)}`, value: '1.1.1.1' },
        ],
      },
    })
    expect(added.status).toBe(202)
    expect(added.body).toMatchObject({
      status: 'complete',
      total_count: 4,
      success_count: 4,
      failure_count: 0,
      pending_count: 0,
    })
    expect((await ask(`/trust/status/${added.body.id}/`, as)).body).toEqual(added.body)
    expect((await ask(`/trust/status/${added.body.id}`, as)).status).toBe(200)

    const { body, headers } = await ask(`${open}/objects/`, as)
    expect(
      body.objects.map(({ id, modified }: { id: string; modified?: string }) => `${id} ${modified ?? ''}`),
    ).toEqual([
      `note--${uuid(1)} 2026-02-01T00:00:00.000Z`,
      `note--${uuid(2)} 2026-01-01T00:00:00.000Z`,
      `ipv4-addr--${uuid(3)} `,
    ])
    const { body: manifest } = await ask(`${open}/manifest/?match[version]=all`, as)
    expect(manifest.objects).toHaveLength(4)
    expect(headers.get('x-taxii-date-added-first')).toBe(manifest.objects[1].date_added)
    expect(headers.get('x-taxii-date-added-last')).toBe(manifest.objects[3].date_added)
    expect(manifest.objects[0].date_added).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/)
    expect(new Set(manifest.objects.map((one: { date_added: string }) => one.date_added)).size).toBe(4)
    expect((await ask(`${open}/objects/note--${uuid(1)}/versions/`, as)).body.versions).toEqual([
      '2026-01-01T00:00:00.000Z',
      '2026-02-01T00:00:00.000Z',
    ])
    const first = await ask(`${open}/objects/note--${uuid(1)}/?match[version]=first`, as)
    expect(first.body.objects[0].modified).toBe('2026-01-01T00:00:00.000Z')
    expect(
      (await ask(`${open}/objects/note--${uuid(1)}/?match[version]=2026-02-01T00:00:00Z`, as)).body.objects,
    ).toHaveLength(1)
    expect((await ask(`${open}/objects/note--${uuid(1)}/?match[version]=2027-02-01T00:00:00Z`, as)).body).toEqual({})
    expect((await ask(`${open}/objects/?match[type]=ipv4-addr,url`, as)).body.objects).toHaveLength(1)
    expect(
      (await ask(`${open}/objects/?match[id]=note--${uuid(1)},note--${uuid(2)}&match[type]=note`, as)).body.objects,
    ).toHaveLength(2)
    expect((await ask(`${open}/objects/?match[spec_version]=2.0`, as)).body).toEqual({})
    expect((await ask(`${open}/objects/?match[unheard]=1`, as)).body.objects).toHaveLength(3)

    // The same again is no error, and changes nothing.
    const again = await ask(`${open}/objects/`, {
      ...as,
      method: 'POST',
      body: {
        objects: [note(1), { type: 'ipv4-addr', id: `ipv4-addr--${uuid(3)}`, spec_version: '2.1', value: '1.1.1.1' }],
      },
    })
    expect(again.body).toMatchObject({ success_count: 2, failure_count: 0 })
    expect((await ask(`${open}/manifest/?match[version]=all`, as)).body).toEqual(manifest)

    // One version away: the one before is the last.
    expect(
      (await ask(`${open}/objects/note--${uuid(1)}/?match[version]=last`, { ...as, method: 'DELETE' })).status,
    ).toBe(200)
    expect((await ask(`${open}/objects/note--${uuid(1)}/`, as)).body.objects[0].modified).toBe(
      '2026-01-01T00:00:00.000Z',
    )
    expect((await ask(`${open}/objects/note--${uuid(1)}/`, { ...as, method: 'DELETE' })).status).toBe(200)
    expect((await ask(`${open}/objects/note--${uuid(1)}/`, as)).status).toBe(404)
    expect((await ask(`${open}/objects/note--${uuid(1)}/`, { ...as, method: 'DELETE' })).status).toBe(404)
  })

  test('what may be done in a collection decides between 403 and 404', async () => {
    const at = (name: string) => `/trust/collections/91a7b528-80eb-42ed-a74d-c6fbd5a26${name}/objects/`
    const post = { ...as, method: 'POST', body: { objects: [note(7)] } }
    expect((await ask(at('110'), post)).status).toBe(403)
    expect((await ask(at('101'), as)).status).toBe(403)
    expect((await ask(at('100'), as)).status).toBe(403)
    expect((await ask(at('100'), post)).status).toBe(403)
    for (const [name, status] of [
      ['110', 403],
      ['101', 403],
      ['100', 404],
    ] as const)
      expect((await ask(`${at(name)}note--${uuid(7)}/`, { ...as, method: 'DELETE' })).status).toBe(status)
    expect((await ask('/trust/collections/', as)).body.collections).toHaveLength(4)
    // Nobody writes into the hub’s own.
    expect(
      (await ask('/shared/collections/address/objects/', { method: 'POST', body: { objects: [note(7)] } })).status,
    ).toBe(403)
  })

  test('what is sent is bounded, and bad objects are told one by one', async () => {
    const post = (body: unknown, headers = {}) => ask(`${open}/objects/`, { ...as, method: 'POST', body, headers })
    expect((await post('x'.repeat(20_001))).status).toBe(413)
    expect((await post({ objects: [note(5)] }, { 'content-type': 'application/json' })).status).toBe(415)
    for (const body of [
      '',
      '{',
      '[]',
      '{}',
      { objects: [] },
      { objects: ['x'] },
      { objects: [{}] },
      { more: false },
      '{"objects":'.concat('['.repeat(9000)),
    ])
      expect((await post(body)).status, JSON.stringify(body).slice(0, 40)).toBe(422)
    const mixed = await post({
      objects: [note(5), note(6, 'yesterday'), { type: 'note', id: 'note--x' }, { ...note(8), id: `url--${uuid(8)}` }],
    })
    expect(mixed.status).toBe(202)
    expect(mixed.body).toMatchObject({ total_count: 4, success_count: 1, failure_count: 3 })
    expect(mixed.body.failures).toHaveLength(3)
  })

  test('no text makes the reader of envelopes do more than refuse', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        expect(depthOf(text)).toBeGreaterThanOrEqual(0)
        try {
          readEnvelope(text)
        } catch (error) {
          expect((error as { status?: number }).status).toBe(422)
        }
      }),
    )
    expect(depthOf('{"a":"[[[","b":[{}]}')).toBe(3)
  })
})

test('both ways of paging give all, once, also while others write', async () => {
  await seed(
    { taxii: house.share.taxii, relational: house.hub.relational },
    {
      pages: {
        information: { title: 'Pages', versions: [media], max_content_length: 1_000_000 },
        collections: [{ ...box('222', [true, true]) }],
      },
    },
  )
  // A new root is known within a moment.
  await new Promise((resolve) => setTimeout(resolve, 300))
  const at = '/pages/collections/91a7b528-80eb-42ed-a74d-c6fbd5a26222'
  const collection = { root: 'pages', id: '91a7b528-80eb-42ed-a74d-c6fbd5a26222' }
  const ids = new Set<string>()
  let n = 1000
  const write = async (count: number): Promise<void> => {
    const objects = Array.from({ length: count }, () => note(++n))
    for (const { id } of objects) ids.add(String(id))
    await ask(`${at}/objects/`, { ...as, method: 'POST', body: { objects } })
  }
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 1, max: 30 }),
      fc.boolean(),
      async (count, limit, byTime) => {
        await write(count)
        const got: string[] = []
        let more = true
        let how = ''
        while (more) {
          const { body, headers } = await ask(`${at}/manifest/?limit=${limit}${how}`, as)
          got.push(...((body.objects ?? []) as { id: string }[]).map(({ id }) => id))
          expect((body.objects ?? []).length).toBeLessThanOrEqual(limit)
          more = body.more === true
          // Old clients send both, with another time.
          how = byTime
            ? `&added_after=${headers.get('x-taxii-date-added-last')}`
            : `&next=${body.next}&added_after=2020-01-01T00:00:00.000Z`
          if (more && got.length % 3 === 0) await write(1)
        }
        expect(new Set(got).size).toBe(got.length)
        expect(new Set(got)).toEqual(ids)
      },
    ),
    { numRuns: 12 },
  )
  const { body } = await ask(`${at}/objects/?limit=1`, as)
  expect((await ask(`${at}/objects/?limit=1&next=${body.next}&match[type]=x`, as)).status).toBe(400)
  expect((await ask(`${open}/objects/?limit=1&next=${body.next}`, as)).status).toBe(400)
  expect(await house.share.taxii.latest(collection, [`note--${uuid(1001)}`])).toHaveProperty('size', 1)
})

describe('what partners get, and give', () => {
  test('only what their agreement says, and nothing above its ceiling', async () => {
    const { body } = await ask('/shared/collections/', { token: partner })
    // Credentials are AMBER, the agreement goes up to GREEN.
    expect(body.collections.map(({ alias }: { alias: string }) => alias)).toEqual(['address', 'command'])
    expect((await ask('/shared/collections/credential/objects/', { token: partner })).status).toBe(404)
    expect((await ask('/taxii2/', { token: stranger })).body.api_roots).toBeUndefined()
    expect((await ask('/shared/collections/address/objects/', { token: stranger })).status).toBe(404)
    expect((await ask('/trust/', { token: partner })).status).toBe(404)
    const { body: got } = await ask('/shared/collections/address/objects/?match[type]=indicator', { token: partner })
    expect(got.objects.map((one: { pattern: string }) => one.pattern)).toContain(
      `[ipv4-addr:value = '${known.attacker}']`,
    )
    // Without numbers: no sightings.
    await house.publish(Date.now() + 86_400_000)
    const types = async (token: string) =>
      new Set(
        ((await ask('/shared/collections/address/objects/', { token })).body.objects as { type: string }[]).map(
          ({ type }) => type,
        ),
      )
    expect(await types(operator)).toContain('sighting')
    expect(await types(partner)).not.toContain('sighting')
  })

  test('a delay holds back, a revocation ends', async () => {
    await house.share.agreements.put({
      name: 'late',
      title: 'Late',
      tlp: 'clear',
      kinds: ['url'],
      numbers: true,
      delay_minutes: 60,
      everyone: false,
    })
    await house.share.agreements.join('late', 'stranger')
    expect((await ask('/shared/collections/url/objects/', { token: stranger })).body).toEqual({})
    await house.share.agreements.put({
      name: 'late',
      title: 'Late',
      tlp: 'clear',
      kinds: ['url'],
      numbers: true,
      delay_minutes: 0,
      everyone: false,
    })
    expect((await ask('/shared/collections/url/objects/', { token: stranger })).body.objects.length).toBeGreaterThan(0)
    await house.share.agreements.revoke('late', 'stranger')
    expect((await ask('/shared/collections/url/objects/', { token: stranger })).status).toBe(404)
  })

  test('what a partner adds waits until it was looked at', async () => {
    const inbox = '/partners/collections/inbox/objects/'
    const sent = await ask(inbox, { token: partner, method: 'POST', body: { objects: [note(50), note(51)] } })
    expect(sent.status).toBe(202)
    expect((await ask(inbox, { token: partner })).body.objects).toHaveLength(2)
    expect((await ask(inbox, { token: rival })).body).toEqual({})
    expect((await ask(inbox, { token: rival, method: 'POST', body: { objects: [note(50)] } })).status).toBe(202)
    expect((await ask(`/partners/status/${sent.body.id}/`, { token: rival })).status).toBe(404)
    const api = async (method: string, body?: object) => {
      const response = await fetch(`${house.hub.url}/api/v1/sharing/inbox`, {
        method,
        headers: { authorization: `Bearer ${operator}`, 'content-type': 'application/json' },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      })
      return (await response.json()) as {
        rows: { root: string; collection: string; added: number; id: string; author: string }[]
        reviewed: number
      }
    }
    const { rows } = await api('GET')
    expect(rows.map(({ author }) => author)).toEqual(['partner', 'partner'])
    const [yes, no] = rows
    if (yes === undefined || no === undefined) throw new Error('nothing waits')
    const before = (await ask(inbox, { token: rival })).headers.get('x-taxii-date-added-last')
    expect(before).toBeNull()
    expect(
      (await api('POST', { root: yes.root, collection: yes.collection, added: [yes.added], accept: true })).reviewed,
    ).toBe(1)
    expect(
      (await api('POST', { root: no.root, collection: no.collection, added: [no.added], accept: false })).reviewed,
    ).toBe(1)
    expect((await ask(inbox, { token: rival })).body.objects.map(({ id }: { id: string }) => id)).toEqual([yes.id])
    expect((await ask(inbox, { token: partner })).body.objects).toHaveLength(1)
    // Only who added it, or an operator, takes it away.
    expect((await ask(`${inbox}${yes.id}/`, { token: rival, method: 'DELETE' })).status).toBe(403)
    expect((await ask(`${inbox}${yes.id}/`, { token: partner, method: 'DELETE' })).status).toBe(200)
    const { body: log } = (await (
      await fetch(`${house.hub.url}/api/v1/audit?limit=200`, { headers: { authorization: `Bearer ${operator}` } })
    )
      .json()
      .then((body) => ({ body }))) as { body: object }
    expect(JSON.stringify(log)).toContain('indicators pushed, to be reviewed')
  })
})

test('what is told once stays as it was told, however the window moves', async () => {
  // Within the same hour, and a day later: nothing has a second version but indicators.
  await house.publish(Date.now() + 60_000)
  await house.publish(Date.now() + 2 * 86_400_000)
  for (const alias of ['address', 'url', 'domain', 'file', 'key', 'command']) {
    const { body } = await ask(`/shared/collections/${alias}/manifest/?match[version]=all`)
    const versions = new Map<string, number>()
    for (const { id } of body.objects as { id: string }[]) versions.set(id, (versions.get(id) ?? 0) + 1)
    expect(versions.size).toBeGreaterThan(5)
    for (const [id, count] of versions) if (!id.startsWith('indicator--')) expect(count, id).toBe(1)
  }
  const { body } = await ask('/shared/collections/url/objects/?match[type]=infrastructure')
  expect(body.objects.map(({ name }: { name: string }) => name).sort()).toEqual([
    '5.5.5.5',
    known.host,
    'raw.githubusercontent.com',
  ])
  // Every version of an indicator was made when its first was.
  const { body: all } = await ask('/shared/collections/address/objects/?match[version]=all&match[type]=indicator')
  const created = new Map<string, string>()
  for (const one of all.objects as { id: string; created: string; valid_from: string }[]) {
    expect(created.get(one.id) ?? one.created).toBe(one.created)
    created.set(one.id, one.created)
  }
})

test('times keep their microseconds, and nothing else is read as one', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4e15 }), (us) => {
      expect(readTime(writeTime(us))).toBe(us)
    }),
  )
  for (const text of [
    '',
    '2026-01-01',
    '2026-13-01T00:00:00Z',
    '2026-01-01T00:00:00',
    '2026-01-01T00:00:00+00:00',
    '2026-01-01T00:00:00.1234567890Z',
  ])
    expect(readTime(text), text).toBeUndefined()
})
