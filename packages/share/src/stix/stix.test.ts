import { readdirSync, readFileSync } from 'node:fs'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { rules } from '@skep/hub'
import { kinds, type Indicator } from '../model/indicator.ts'
import { knownTechnique } from './attack.ts'
import { canonical, Ids, observableId } from './ids.ts'
import { frame, objectsOf, patternOf, sightingOf, type Author, type StixObject } from './objects.ts'
import { quoted } from './pattern.ts'

const schemas = new URL('../../testdata/stix-schemas/', import.meta.url)
const author: Author = {
  ids: new Ids('hub.example'),
  name: 'Skep honeynet',
  contact: 'x@hub.example',
  licence: 'CC-BY-4.0',
  since: '2026-01-01T00:00:00.000Z',
}

/** The schemas of OASIS, by the type of object that they are for. */
const judges = ((): Map<string, ValidateFunction> => {
  const ajv = new Ajv2020({ strict: false, allErrors: true, unicodeRegExp: false, formats: { 'idn-hostname': true } })
  ;(formats as unknown as (one: Ajv2020) => void)(ajv)
  const of = new Map<string, string>()
  for (const folder of ['common', 'observables', 'sdos', 'sros'])
    for (const name of readdirSync(new URL(`${folder}/`, schemas))) {
      const schema = JSON.parse(readFileSync(new URL(`${folder}/${name}`, schemas), 'utf8')) as { $id: string }
      ajv.addSchema(schema)
      of.set(name.replace('.json', ''), schema.$id)
    }
  const found = new Map<string, ValidateFunction>()
  for (const [type, id] of of) {
    const judge = ajv.getSchema(id)
    if (judge !== undefined) found.set(type, judge)
  }
  return found
})()
const judge = (object: StixObject): unknown[] => {
  const validate = judges.get(object.type)
  if (validate === undefined) return [`no schema for ${object.type}`]
  return validate(object) === true ? [] : (validate.errors ?? [])
}

const values: Readonly<Record<Indicator['kind'], readonly string[]>> = {
  address: ['198.51.100.3', '2001:db8::1'],
  prefix: ['198.51.100.0/24', '2001:db8::/32'],
  url: ["http://198.51.100.3/a'b?c=(d)&e=%27", 'http://evil.bins-host.com/x.sh'],
  domain: ['evil.bins-host.com'],
  file: ['a'.repeat(64)],
  key: [`SHA256:${'k'.repeat(43)}`],
  credential: ["root:12'34\\5", 'root:', ':'],
  hassh: ['b12d2871a1189eff20364cf5333619ee'],
  ja4: ['t13d1516h2_8daaf6152771_02713d6af862'],
  campaign: ['00112233aabbccdd'],
  command: ["echo 'x' \\ | sh", 'cd /tmp; wget http://<address>/x_%y', '<data>'],
}
const one = (kind: Indicator['kind'], value: string): Indicator => ({
  kind,
  value,
  first_seen: '2026-02-01T10:00:00.123456Z',
  last_seen: '2026-02-02T10:00:00.123456Z',
  valid_until: '2026-02-09T10:00:00.123456Z',
  confidence: 75,
  reasons: ['2 sensors saw it', 'it did what only an intruder does'],
  severity: 'critical',
  techniques: ['T1110.001', 'T1496.001'],
  labels: ['ssh-logins'],
  tlp: 'clear',
  counts: { events: 7, sources: 1, sensors: 2, organisations: 2, days: 2 },
  asn: 64500,
  as_name: 'Example',
  economy: 'AU',
  services: ['ssh'],
  ports: [22, 23],
  ...(kind === 'campaign' && {
    detail: 'key SHA256:kkkk… · evil.bins-host.com',
    marks: [
      { kind: 'file', value: 'a'.repeat(64) },
      { kind: 'key', value: `SHA256:${'k'.repeat(43)}` },
      { kind: 'domain', value: 'evil.bins-host.com' },
      { kind: 'domain', value: '198.51.100.3' },
      { kind: 'url', value: 'https://paste.example/raw/x' },
    ],
  }),
})

test('an observable has the id that the specification gives it', () => {
  // The examples of STIX 2.1 that follow from their own properties (reference/sharing.md, appendix A).
  const vectors: readonly (readonly [string, Record<string, unknown>])[] = [
    ['ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c4', { value: '198.51.100.3' }],
    ['ipv4-addr--1ea47840-aa39-5aa8-b4a2-cd203eb6662a', { value: '198.51.100.0/24' }],
    ['ipv6-addr--85a85a8c-ee99-5722-946d-3c3a3270fc6f', { value: '2001:0db8:85a3:0000:0000:8a2e:0370:7334' }],
    ['domain-name--bedb4899-d24b-5401-bc86-8f6b4cc18ec7', { value: 'example.com' }],
    ['autonomous-system--3aa27478-50b5-5ab8-9da9-cdc12b657fff', { number: 15139 }],
    ['url--47c3cf9a-5027-5bf0-997a-017c7edc7c55', { value: 'https://example.com/research/index.html' }],
    ['directory--0a58d0c1-59e6-5afd-8252-dcd3f13e5622', { path: 'C:\\Windows\\System32' }],
    [
      'file--7d1e3a18-89e7-5bc5-be36-9879f5b7f5c8',
      {
        name: 'quêry.dll',
        hashes: { 'SHA-256': '841a8921140aba50671ebb0770fecc4ee308c4952cfeff8de154ab14eeef4649' },
        size: 25_536,
      },
    ],
    [
      'user-account--f94d689e-707d-58c3-b803-c720bb6ed096',
      { user_id: '1001', account_login: 'jdoe', account_type: 'unix', display_name: 'John' },
    ],
    ['mutex--f93fe911-e545-5239-b9b0-597840d0c871', { name: '__CLEANSWEEP__' }],
    [
      'windows-registry-key--f6a11ddf-fa2b-54c8-97ab-e7f28413095a',
      {
        key: 'hkey_local_machine\\system\\bar\\foo',
        values: [
          { name: 'Foo', data: 'qwerty', data_type: 'REG_SZ' },
          { name: 'Bar', data: '42', data_type: 'REG_DWORD' },
        ],
      },
    ],
    [
      'x509-certificate--bf86f034-2390-54d7-8426-d08433db3fbe',
      { serial_number: '36:f7:d4:32:f4:ab:70:ea:d3:ce:98:6e:ea:99:93:49:32:0a:b7:06' },
    ],
  ]
  for (const [id, properties] of vectors) expect(observableId(id.split('--')[0] ?? '', properties as never)).toBe(id)
})

test('canonical JSON does not depend on the order in which things were said', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
      const turned = Object.fromEntries(Object.entries(value).reverse())
      expect(canonical(turned as never)).toBe(canonical(value as never))
      expect(JSON.parse(canonical(value as never))).toEqual(JSON.parse(JSON.stringify(value)))
    }),
  )
  // Keys stand in the order of UTF-16 units (RFC 8785 §3.2.3).
  expect(canonical({ '\ufb33': 1, '\u{1f600}': 2, b: 3, a: [] })).toBe('{"a":[],"b":3,"\u{1f600}":2,"\ufb33":1}')
})

test('every object that is made for every kind satisfies the schemas of OASIS', () => {
  for (const kind of kinds)
    for (const value of values[kind]) {
      const { indicator, others } = objectsOf(one(kind, value), author)
      const all = [
        ...frame(author, 'amber+strict'),
        indicator,
        ...others,
        ...sightingOf(one(kind, value), '2026-02-02', author),
      ]
      for (const object of all) expect(judge(object), JSON.stringify(object)).toEqual([])
      const ids = new Set(all.map(({ id }) => id))
      // What is pointed to within is there.
      for (const object of all)
        for (const name of ['source_ref', 'target_ref', 'sighting_of_ref', 'created_by_ref', 'src_ref'])
          if (object[name] !== undefined && !String(object[name]).startsWith('attack-pattern'))
            expect(ids.has(String(object[name])), `${object.id} ${name}`).toBe(true)
      const [from, until] = kind === 'campaign' ? ['first_seen', 'last_seen'] : ['valid_from', 'valid_until']
      expect(String(indicator[until]) > String(indicator[from])).toBe(true)
    }
})

test('the schemas refuse what is wrong', () => {
  const { indicator } = objectsOf(one('address', '198.51.100.3'), author)
  expect(judge({ ...indicator, pattern: undefined } as never)).not.toEqual([])
  expect(judge({ ...indicator, id: 'indicator--1' })).not.toEqual([])
})

test('the same thing told twice is the same object; another hub tells another', () => {
  for (const kind of kinds) {
    const value = values[kind][0] ?? ''
    expect(objectsOf(one(kind, value), author)).toEqual(objectsOf(one(kind, value), author))
    const far = { ...author, ids: new Ids('other.example') }
    expect(objectsOf(one(kind, value), far).indicator.id).not.toBe(objectsOf(one(kind, value), author).indicator.id)
  }
})

test('no text can end a pattern’s string', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const inner = quoted(text).slice(1, -1)
      expect(inner.replace(/\\\\/g, '').replace(/\\'/g, '')).not.toMatch(/['\\]/)
      expect(inner.replace(/\\(['\\])/g, '$1')).toBe(text)
    }),
  )
  expect(patternOf({ kind: 'command', value: 'a_b %c\\ <address> d' })).toBe(
    "[process:command_line LIKE 'a\\\\_b \\\\%c\\\\\\\\ % d']",
  )
})

test('every technique of every rule is one of ATT&CK’s own objects', () => {
  for (const { technique } of rules) expect(knownTechnique(technique.id)?.id, technique.id).toBe(technique.id)
})
