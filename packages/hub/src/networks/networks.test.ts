import { createSocket } from 'node:dgram'
import { mkdtempSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Resolver } from 'node:dns/promises'
import { logger } from '@skep/vocabulary'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Mailer, type Message } from '../mail.ts'
import { Outbound } from '../outbound.ts'
import { Relational } from '../relational/database.ts'
import type { Claim } from '../relational/claims.ts'
import { methodsFor, Prover } from './proofs.ts'
import { Rdap, readRegistration } from './rdap.ts'
import { contains, readResource, reverseZones, type Resource } from './resource.ts'

describe('resources', () => {
  test('have one form each', () => {
    for (const [text, form] of [
      ['as3333', 'AS3333'],
      ['AS 3333', 'AS3333'],
      ['3333', 'AS3333'],
      ['193.0.0.0/21', '193.0.0.0/21'],
      ['2001:067C:02e8::/48', '2001:67c:2e8::/48'],
    ] as const)
      expect(readResource(text).text).toBe(form)
    for (const bad of [
      'AS0',
      'AS23456',
      'AS64512',
      'AS4294967295',
      'AS99999999999',
      '193.0.0.1/21',
      '0.0.0.0/0',
      '10/8',
      '::/0',
      '2001:db8::1/64',
      '2001:db8::/65',
      'x',
      '',
      '1.2.3.0/33',
      '1.2.3.0/-1',
    ])
      expect(() => readResource(bad), bad).toThrow(RangeError)
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          readResource(text)
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError)
        }
      }),
    )
  })

  test('reverse zones cover a prefix, and no more', () => {
    const zones = (text: string) => reverseZones(readResource(text) as Resource & { kind: 'prefix' })
    expect(zones('192.0.2.0/24')).toEqual(['2.0.192.in-addr.arpa'])
    expect(zones('193.0.0.0/22')).toEqual(['0', '1', '2', '3'].map((n) => `${n}.0.193.in-addr.arpa`))
    expect(zones('10.0.0.0/8')).toEqual(['10.in-addr.arpa'])
    expect(zones('2001:db8::/32')).toEqual(['8.b.d.0.1.0.0.2.ip6.arpa'])
    expect(zones('2001:db8::/31')).toEqual(['8.b.d.0.1.0.0.2.ip6.arpa', '9.b.d.0.1.0.0.2.ip6.arpa'])
    expect(zones('192.0.2.128/25')).toBeUndefined()
    expect(methodsFor(readResource('192.0.2.128/25'), false)).toEqual(['mail', 'operator'])
    expect(methodsFor(readResource('192.0.2.128/25'), true)).toEqual(['mail', 'rpki', 'operator'])
  })

  test('an address is in a prefix or not', () => {
    expect(contains('192.0.2.0/25', '192.0.2.127')).toBe(true)
    expect(contains('192.0.2.0/25', '192.0.2.128')).toBe(false)
    expect(contains('2001:db8::/33', '2001:db8:7fff::1')).toBe(true)
    expect(contains('2001:db8::/33', '2001:db8:8000::1')).toBe(false)
    expect(contains('192.0.2.0/25', '2001:db8::1')).toBe(false)
    expect(contains('192.0.2.0/25', 'nonsense')).toBe(false)
  })
})

// A name server and a registry on loopback, that say what the test wants.
const zone = new Map<string, string>()
const dns = createSocket('udp4')
let registry: Server
let prover: Prover
let relational: Relational
let registrations: Record<string, unknown> = {}
const sent: Message[] = []
class Outbox extends Mailer {
  override async send(message: Message): Promise<string> {
    sent.push(message)
    return 'kept'
  }
}

const vcard = (email: string) => [
  'vcard',
  [
    ['version', {}, 'text', '4.0'],
    ['fn', {}, 'text', 'Desk'],
    ['email', {}, 'text', email],
  ],
]

beforeAll(async () => {
  dns.on('message', (query, from) => {
    const labels: string[] = []
    let at = 12
    while ((query[at] ?? 0) > 0) {
      const length = query[at] ?? 0
      labels.push(query.subarray(at + 1, at + 1 + length).toString('latin1'))
      at += length + 1
    }
    const value = zone.get(labels.join('.').toLowerCase())
    const head = Buffer.from(query.subarray(0, 12))
    head[2] = 0x84
    head[3] = value === undefined ? 3 : 0
    head.writeUInt16BE(value === undefined ? 0 : 1, 6)
    head.writeUInt16BE(0, 10)
    const question = query.subarray(12, at + 5)
    const text = Buffer.from(value ?? '')
    const answer = Buffer.concat([
      Buffer.from([0xc0, 12, 0, 16, 0, 1, 0, 0, 0, 0, 0, text.length + 1, text.length]),
      text,
    ])
    dns.send(Buffer.concat([head, question, ...(value === undefined ? [] : [answer])]), from.port, from.address)
  })
  await new Promise<void>((resolve) => dns.bind(0, '127.0.0.1', resolve))
  registry = createServer((request, response) => {
    const found = registrations[request.url ?? '']
    response.writeHead(found === undefined ? 404 : 200, { 'content-type': 'application/rdap+json' })
    response.end(JSON.stringify(found ?? {}))
  })
  await new Promise<void>((resolve) => registry.listen(0, '127.0.0.1', resolve))
  const at = `127.0.0.1:${(registry.address() as AddressInfo).port}`
  relational = await Relational.open(join(mkdtempSync(join(tmpdir(), 'skep-proofs-')), 'state.sqlite'))
  const resolver = new Resolver({ timeout: 2000, tries: 1 })
  resolver.setServers([`127.0.0.1:${dns.address().port}`])
  prover = new Prover({
    relational,
    mailer: new Outbox(),
    rdap: new Rdap(new Outbound([at]), `http://${at}`),
    resolveTxt: (name) => resolver.resolveTxt(name),
    publicPortal: () => 'https://hub.example',
    log: logger('test', () => {}),
  })
})
afterAll(async () => {
  dns.close()
  registry.close()
  await relational.close()
})

const claim = (resource: string, method: Claim['method'], organisation = 'isp'): Promise<Claim> =>
  relational.claims.request({ organisation, resource, method, author: 'admin@isp.example', author_id: 'u' })
const stateOf = async (one: Claim) => (await relational.claims.claim(one.id))?.state

describe('proofs', () => {
  test('by DNS: the record of this claim in every zone of the prefix', async () => {
    const one = await claim('193.0.0.0/23', 'dns')
    const { records } = await prover.instructions(one)
    expect(records.map(({ name }) => name)).toEqual(['_skep.0.0.193.in-addr.arpa', '_skep.1.0.193.in-addr.arpa'])
    await prover.attempt(one)
    expect(await stateOf(one)).toBe('pending')
    // One of two zones is not the whole prefix, and another claim's secret is not this one's.
    zone.set('_skep.0.0.193.in-addr.arpa', records[0]?.value ?? '')
    zone.set('_skep.1.0.193.in-addr.arpa', 'skep-verify=of-another-organisation')
    await prover.attempt(one)
    expect(await stateOf(one)).toBe('pending')
    zone.set('_skep.1.0.193.in-addr.arpa', records[1]?.value ?? '')
    await prover.attempt(one)
    expect(await stateOf(one)).toBe('proved')
    expect(await relational.claims.resources('isp')).toEqual({ asns: [], prefixes: ['193.0.0.0/23'] })
    const thief = await claim('193.0.0.0/23', 'dns', 'thief')
    await prover.attempt(thief)
    expect(await stateOf(thief)).toBe('pending')
  })

  test('by mail: only the registry’s contacts get the link, each its own, good once', async () => {
    registrations = {
      '/autnum/3333': {
        handle: 'AS3333',
        name: 'TEST',
        entities: [
          { roles: ['technical'], vcardArray: vcard('tech@isp.example') },
          { roles: ['abuse'], vcardArray: vcard('abuse@isp.example') },
          { roles: ['registrant'], entities: [{ roles: ['administrative'], vcardArray: vcard('admin@isp.example') }] },
        ],
      },
    }
    const one = await claim('AS3333', 'mail')
    await prover.attempt(one)
    expect(sent.map(({ to }) => to)).toEqual(['abuse@isp.example', 'admin@isp.example'])
    const secrets = sent.map(({ text }) => /#(e[\w-]+)/.exec(text)?.[1] ?? '')
    expect(new Set(secrets).size).toBe(2)
    expect(await prover.confirm('guess')).toBeUndefined()
    expect(await stateOf(one)).toBe('pending')
    expect((await prover.confirm(secrets[0] ?? ''))?.id).toBe(one.id)
    expect(await stateOf(one)).toBe('proved')
    expect((await relational.claims.claim(one.id))?.evidence).toBe('Confirmed by abuse@isp.example')
    expect(await prover.confirm(secrets[0] ?? '')).toBeUndefined()
  })

  test('by an operator; what is refused is not opened again by a mail', async () => {
    const one = await claim('AS3333', 'mail', 'other')
    await prover.attempt(one)
    const secret = /#(e[\w-]+)/.exec(sent.at(-1)?.text ?? '')?.[1] ?? ''
    await prover.decide(one, false, 'root', 'no customer of theirs')
    expect(await prover.confirm(secret)).toBeUndefined()
    expect(await stateOf(one)).toBe('refused')
    const two = await claim('AS1103', 'operator')
    await prover.attempt(two)
    expect(await stateOf(two)).toBe('pending')
    await prover.decide(two, true, 'root', '')
    expect((await relational.claims.resources('isp')).asns).toContain(1103)
  })

  test('end, and are renewed while the record stands', async () => {
    const day = 86_400_000
    const [dnsProof] = (await relational.claims.list('isp')).filter(({ method }) => method === 'dns')
    const late = (dnsProof?.expires ?? 0) - 5 * day
    await prover.renew(late)
    const renewed = await relational.claims.claim(dnsProof?.id ?? '')
    expect(renewed?.state).toBe('proved')
    expect(renewed?.expires ?? 0).toBeGreaterThanOrEqual(dnsProof?.expires ?? 0)
    zone.clear()
    await prover.renew((renewed?.expires ?? 0) + day)
    expect(await stateOf(renewed as Claim)).toBe('lapsed')
    expect((await relational.claims.resources('isp')).prefixes).toEqual([])
  })
})

test('what a registry answers is read, whatever it is', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (body) => {
      try {
        readRegistration(body)
      } catch (error) {
        expect((error as Error).name).toBe('ZodError')
      }
    }),
  )
  const read = readRegistration({
    handle: 'H\u0000',
    country: 'jp',
    entities: [
      { roles: ['abuse'], vcardArray: vcard('Abuse@X.example') },
      { roles: [], vcardArray: ['x', 'y'] },
      { roles: ['abuse'], vcardArray: vcard('not an address\r\nBcc: x@y.z') },
    ],
  })
  expect(read).toEqual({
    handle: 'H·',
    name: '',
    economy: 'JP',
    contacts: [{ role: 'abuse', name: 'Desk', email: 'abuse@x.example' }],
  })
})
