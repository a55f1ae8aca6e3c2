import fc from 'fast-check'
import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import {
  clamp,
  columns,
  Event,
  fieldsOf,
  formatMicros,
  fromRow,
  jsonSchema,
  kindNames,
  normalizeAddress,
  parseMicros,
  schemaVersion,
  toLine,
  toRow,
  uuidv5,
  uuidv7,
  type StoredEvent,
} from './index.ts'

const origin = { prefix: '', asn: 0, asns: [], as_name: '', economy: '', registry: '', snapshot: '' }
const base = () => ({
  id: uuidv7(),
  sensor: 'straw-1',
  boot: uuidv7(),
  seq: 7,
  time: '2026-11-23T10:11:12.123456Z',
  session: uuidv7(),
  service: 'ssh',
  transport: 'tcp' as const,
  source: { ip: '192.0.2.7', port: 4711 },
  target: { port: 22 },
})

test('one name means one kind of field in every kind of event, and never clashes with the envelope', () => {
  const seen = new Map<string, string>()
  for (const kind of kindNames) {
    for (const { name, column } of fieldsOf(kind)) {
      expect(column, `${kind}.${name}`).toBe(seen.get(name) ?? column)
      seen.set(name, column)
    }
  }
  expect(new Set(columns.map(({ name }) => name)).size).toBe(columns.length)
  const envelope = ['id', 'sensor', 'boot', 'seq', 'time', 'service', 'transport', 'kind', 'received', 'asn']
  for (const name of envelope) expect(seen.has(name)).toBe(false)
})

test('a field is defined once: type, clamp, JSON Schema and column follow', () => {
  const [first] = fieldsOf('query')
  expect(first).toMatchObject({ name: 'verb', column: 'LowCardinality(String)' })
  expect(columns.find(({ name }) => name === 'verb')?.type).toBe('LowCardinality(String)')
  expect(JSON.stringify(jsonSchema())).toContain('"verb"')
  expect(clamp('query', { verb: 'x'.repeat(100), statement: '' }).verb).toHaveLength(64)
})

test('clamping never leaves a lone surrogate, whatever the text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 700 }), (text) => {
      const data = clamp('auth.attempt', { method: 'password', user: text, secret: text, accepted: false })
      return data.user.isWellFormed() && data.user.length <= 256 && (data.secret ?? '').isWellFormed()
    }),
  )
  expect(clamp('query', { verb: `${'x'.repeat(63)}😀`, statement: '\ud83d' }).verb.isWellFormed()).toBe(true)
})

test('an event survives its row', () => {
  const events: unknown[] = [
    { ...base(), kind: 'command.run', data: { line: 'uname -a', exit_code: 0 } },
    { ...base(), kind: 'session.close', data: { reason: 'idle', bytes_in: 1, bytes_out: 2, duration_ms: 3 } },
    { ...base(), source: { ip: '2001:db8::1', port: 1 }, kind: 'client.hello', data: { options: ['TERM=xterm'] } },
    { ...base(), kind: 'auth.attempt', data: { method: 'password', user: '', secret: 'a', accepted: false } },
  ]
  for (const event of events) {
    const stored = {
      ...Event.parse(event),
      received: '2026-11-23T10:11:12.999Z',
      skew_ms: -7,
      provenance: 'live',
      origin,
    }
    expect(fromRow(JSON.parse(JSON.stringify(toRow(stored as StoredEvent))))).toEqual(stored)
    expect(JSON.parse(toLine(Event.parse(event), stored, origin))).toEqual(
      JSON.parse(JSON.stringify(toRow(stored as StoredEvent))),
    )
  }
})

test('an unknown field or kind is refused', () => {
  expect(Event.safeParse({ ...base(), kind: 'nonsense', data: {} }).success).toBe(false)
  expect(Event.safeParse({ ...base(), kind: 'session.open', data: { more: 1 } }).success).toBe(false)
  expect(Event.safeParse({ ...base(), sensor: '../x', kind: 'session.open', data: {} }).success).toBe(false)
})

test('times keep their microseconds', () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 4e15 }), (micros) => parseMicros(formatMicros(micros)) === micros))
  expect(formatMicros(parseMicros('2018-05-06T17:44:05.866769Z'))).toBe('2018-05-06T17:44:05.866769Z')
  expect(formatMicros(parseMicros('2017-11-11T06:19:12.385+0000'))).toBe('2017-11-11T06:19:12.385000Z')
  expect(formatMicros(parseMicros('2025-02-22 08:05:15.141628'))).toBe('2025-02-22T08:05:15.141628Z')
  expect(() => parseMicros('yesterday')).toThrow(RangeError)
})

test('ids are what the RFC says', () => {
  expect(uuidv7(0)).toMatch(/^00000000-0000-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  // The example of RFC 9562, appendix A.4.
  expect(uuidv5('6ba7b810-9dad-11d1-80b4-00c04fd430c8', 'www.example.com')).toBe('2ed6657d-e927-568b-95e1-2665a8aea6a2')
})

test('addresses have one form', () => {
  expect(normalizeAddress('::ffff:192.0.2.1')).toBe('192.0.2.1')
  expect(normalizeAddress('FE80::1%eth0')).toBe('fe80::1')
  expect(normalizeAddress('1.2.3')).toBeUndefined()
})

test('the version of the vocabulary grows with every change', () => {
  // Of each version, what it was. Add a line when kinds or fields change; never change one.
  const versions: Record<number, string> = { 2: '054d159c36ce0b2e', 3: 'd5d7c65b1a22a431' }
  const now = createHash('sha256').update(JSON.stringify(jsonSchema())).digest('hex').slice(0, 16)
  expect(versions[schemaVersion]).toBe(now)
})
