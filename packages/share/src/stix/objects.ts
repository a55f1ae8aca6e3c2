import { isIP } from 'node:net'
import { rules } from '@skep/hub'
import { skepNamespace, uuidv5 } from '@skep/vocabulary'
import { credentialParts, type Indicator, type Tlp } from '../model/indicator.ts'
import { knownTechnique } from './attack.ts'
import { Ids, observableId } from './ids.ts'
import { equals, quoted } from './pattern.ts'

/** An object of STIX 2.1. */
export interface StixObject {
  readonly type: string
  readonly id: string
  readonly spec_version: '2.1'
  readonly created?: string
  readonly modified?: string
  readonly [property: string]: unknown
}

/** Who speaks. */
export interface Author {
  readonly ids: Ids
  readonly name: string
  readonly contact: string
  readonly licence: string
  /** Since when the hub speaks: the time of the objects that never change. */
  readonly since: string
}

// ATT&CK's and TLP's own objects have fixed ids; so has our extension, whichever hub uses it.
const tlpExtension = 'extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d'
const tlpIds: Readonly<Record<Tlp, string>> = {
  clear: '94868c89-83c2-464b-929b-a1a8aa3c8487',
  green: 'bab4a63c-aed9-4cf5-a766-dfca5abac2bb',
  amber: '55d920b0-5e8b-4f79-9ee9-91f868d9b421',
  'amber+strict': '939a9414-2ddd-4d32-a0cd-375ea402b003',
  red: 'e828b379-4e03-4974-9ac4-e53a884c97c1',
}
const skep = `identity--${uuidv5(skepNamespace, 'identity skep')}`
export const honeypotExtension = `extension-definition--${uuidv5(skepNamespace, 'extension honeypot')}`
const epoch = '2026-01-01T00:00:00.000Z'

/** Time as STIX writes it here: to the millisecond. */
export const stamp = (iso: string): string => new Date(iso).toISOString()

/** The marking of a TLP level. */
export const tlpRef = (tlp: Tlp): string => `marking-definition--${tlpIds[tlp]}`

/** Objects that others point to, whatever is shared: who speaks, how it may travel, under which licence. */
export function frame({ ids, name, contact, licence, since }: Author, tlp: Tlp): StixObject[] {
  return [
    {
      type: 'identity',
      spec_version: '2.1',
      id: ids.of('identity', 'hub'),
      created: since,
      modified: since,
      name,
      description: 'A community honeynet: decoys in many networks. Whatever speaks to them is a probe or an attack.',
      identity_class: 'organization',
      sectors: ['telecommunications'],
      ...(contact !== '' && { contact_information: contact }),
    },
    {
      type: 'identity',
      spec_version: '2.1',
      id: skep,
      created: epoch,
      modified: epoch,
      name: 'Skep',
      description: 'The program that this honeynet runs.',
      identity_class: 'system',
    },
    {
      type: 'extension-definition',
      spec_version: '2.1',
      id: honeypotExtension,
      created_by_ref: skep,
      created: epoch,
      modified: epoch,
      name: 'Honeypot sighting',
      description: 'What sensors of a honeynet saw: how many, of how many organisations, on which services.',
      schema: 'https://skep.example/schemas/honeypot-1.0.json',
      version: '1.0.0',
      extension_types: ['property-extension'],
    },
    {
      type: 'marking-definition',
      spec_version: '2.1',
      id: tlpRef(tlp),
      created: '2022-10-01T00:00:00.000Z',
      name: `TLP:${tlp.toUpperCase()}`,
      extensions: { [tlpExtension]: { extension_type: 'property-extension', tlp_2_0: tlp } },
    },
    {
      type: 'marking-definition',
      spec_version: '2.1',
      id: ids.of('marking-definition', `licence ${licence}`),
      created_by_ref: ids.of('identity', 'hub'),
      created: since,
      definition_type: 'statement',
      definition: { statement: `Licence: ${licence}. Source: ${name}.` },
    },
  ]
}

const tactics = new Map<string, string>([
  ['T1105', 'command-and-control'],
  ['T1098.004', 'persistence'],
  ['T1110.001', 'credential-access'],
  ['T1059.004', 'execution'],
  ['T1595.002', 'reconnaissance'],
  ...rules.map(({ technique }) => [technique.id, technique.tactic.toLowerCase().replaceAll(' ', '-')] as const),
])

/** What to look for, in STIX's own language of patterns. */
export function patternOf({ kind, value }: Pick<Indicator, 'kind' | 'value'>): string {
  const family = (address: string): string => (isIP(address) === 6 ? 'ipv6-addr' : 'ipv4-addr')
  switch (kind) {
    case 'address':
      return equals(`${family(value)}:value`, value)
    case 'prefix':
      return `[${family(value.split('/')[0] ?? '')}:value ISSUBSET ${quoted(value)}]`
    case 'url':
      return equals('url:value', value)
    case 'domain':
      return equals('domain-name:value', value)
    case 'file':
      return equals("file:hashes.'SHA-256'", value)
    case 'key':
      return equals("network-traffic:extensions.'x-ssh-ext'.key_fingerprint", value)
    case 'hassh':
      return equals("network-traffic:extensions.'x-ssh-ext'.hassh", value)
    case 'ja4':
      return equals("network-traffic:extensions.'x-tls-ext'.ja4", value)
    case 'credential': {
      const { user, password } = credentialParts(value)
      return `[user-account:account_login = ${quoted(user)} AND user-account:credential = ${quoted(password)}]`
    }
    case 'campaign':
      throw new RangeError('a campaign is no pattern')
    case 'command': {
      // The holes of a template stand for anything.
      const holes = /<(?:data|bytes|address|hex|number)>/
      if (!holes.test(value)) return equals('process:command_line', value)
      const like = value
        .split(new RegExp(holes, 'g'))
        .map((part) => part.replaceAll('\\', '\\\\').replaceAll('%', '\\%').replaceAll('_', '\\_'))
        .join('%')
      return `[process:command_line LIKE ${quoted(like)}]`
    }
  }
}

const names: Readonly<Record<Indicator['kind'], string>> = {
  address: 'Attacking address',
  prefix: 'Network with several attackers',
  url: 'Program download',
  domain: 'Host of programs',
  file: 'Malicious file',
  key: 'SSH key of attackers',
  credential: 'Tried password',
  hassh: 'SSH client of attackers',
  ja4: 'TLS client of attackers',
  command: 'Command of attackers',
  campaign: 'Campaign',
}

const short = (text: string): string => (text.length <= 120 ? text : `${text.slice(0, 119)}…`)

/** The observable that an indicator is about, where STIX has one. */
export function observableOf(
  { kind, value }: Pick<Indicator, 'kind' | 'value'>,
  marks: readonly string[],
): StixObject | undefined {
  const made = (type: string, properties: Record<string, string | object>): StixObject => ({
    type,
    spec_version: '2.1',
    id: observableId(type, properties as never),
    ...properties,
    object_marking_refs: marks,
  })
  switch (kind) {
    case 'address':
    case 'prefix':
      return made(value.includes(':') ? 'ipv6-addr' : 'ipv4-addr', { value })
    case 'url':
      return made('url', { value })
    case 'domain':
      return made('domain-name', { value })
    case 'file':
      return made('file', { hashes: { 'SHA-256': value } })
    case 'credential': {
      const { user, password } = credentialParts(value)
      return made('user-account', { account_type: 'unix', account_login: user, credential: password })
    }
    default:
      return undefined
  }
}

/**
 * The objects that say one indicator: the indicator, what it is about, and how they hang together. All but the
 * indicator itself never change, so they are told once. Numbers are not here: they are in the sightings of each day.
 */
export function objectsOf(one: Indicator, author: Author): { indicator: StixObject; others: StixObject[] } {
  const { ids } = author
  const hub = ids.of('identity', 'hub')
  const marks = [tlpRef(one.tlp), ids.of('marking-definition', `licence ${author.licence}`)]
  const id = indicatorId(one, ids)
  const created = stamp(one.first_seen)
  const base = (type: string, key: string): StixObject => ({
    type,
    spec_version: '2.1',
    id: ids.of(type, key),
    created_by_ref: hub,
    created,
    modified: created,
    object_marking_refs: marks,
  })
  const techniques = [...new Map(one.techniques.flatMap((t) => knownTechnique(t) ?? []).map((t) => [t.id, t])).values()]
  const others: StixObject[] = []
  const related = (source: string, type: string, target: string): void => {
    others.push({
      ...base('relationship', `${source}|${type}|${target}`),
      relationship_type: type,
      source_ref: source,
      target_ref: target,
    })
  }
  const usedTechniques = (by: string, how: 'indicates' | 'uses'): void => {
    for (const { id: technique, uuid, name } of techniques) {
      const pattern: StixObject = {
        type: 'attack-pattern',
        spec_version: '2.1',
        id: `attack-pattern--${uuid}`,
        created: epoch,
        modified: epoch,
        name,
        external_references: [
          {
            source_name: 'mitre-attack',
            external_id: technique,
            url: `https://attack.mitre.org/techniques/${technique.replace('.', '/')}`,
          },
        ],
      }
      others.push(pattern)
      related(by, how, pattern.id)
    }
  }
  const malwareOf = (file: StixObject, sha256: string): StixObject => {
    const malware: StixObject = {
      ...base('malware', `sha256 ${sha256}`),
      name: sha256,
      is_family: false,
      malware_types: ['unknown'],
      sample_refs: [file.id],
    }
    others.push(malware)
    return malware
  }
  const infrastructureOf = (part: StixObject, host: string): StixObject => {
    const infrastructure: StixObject = {
      ...base('infrastructure', `host ${host}`),
      name: host,
      infrastructure_types: ['hosting-malware'],
    }
    others.push(infrastructure)
    related(infrastructure.id, 'consists-of', part.id)
    return infrastructure
  }
  const hostOf = (url: string): string => new URL(url).hostname

  if (one.kind === 'campaign') {
    for (const mark of one.marks ?? []) {
      const host =
        mark.kind === 'domain' && isIP(mark.value) !== 0 ? { kind: 'address' as const, value: mark.value } : mark
      const observable = observableOf(host, marks)
      if (observable === undefined) continue
      others.push(observable)
      const used =
        mark.kind === 'file'
          ? malwareOf(observable, mark.value)
          : infrastructureOf(observable, mark.kind === 'url' ? hostOf(mark.value) : mark.value)
      related(id, 'uses', used.id)
    }
    usedTechniques(id, 'uses')
    const keys = (one.marks ?? []).filter(({ kind }) => kind === 'key')
    const indicator: StixObject = {
      type: 'campaign',
      spec_version: '2.1',
      id,
      created_by_ref: hub,
      created,
      modified: created,
      name: short(one.detail ?? one.value),
      description: `Attacks that belong together by what they bring.${keys.map(({ value }) => ` Plants the SSH key ${value}.`).join('')}`,
      aliases: [`skep-${one.value}`],
      first_seen: created,
      // The day, so that there is at most one version a day.
      last_seen: `${one.last_seen.slice(0, 10)}T23:59:59.000Z`,
      labels: [...one.labels, `severity:${one.severity}`],
      confidence: one.confidence,
      object_marking_refs: marks,
      extensions: { [honeypotExtension]: { extension_type: 'property-extension', kind: one.kind } },
    }
    return { indicator, others }
  }

  const indicator: StixObject = {
    type: 'indicator',
    spec_version: '2.1',
    id,
    created_by_ref: hub,
    created,
    modified: created,
    name: short(`${names[one.kind]}: ${one.value}`),
    description: one.reasons.filter((reason) => !/\d/.test(reason)).join('; '),
    indicator_types: [one.severity === 'low' || one.severity === 'info' ? 'anomalous-activity' : 'malicious-activity'],
    pattern: patternOf(one),
    pattern_type: 'stix',
    pattern_version: '2.1',
    valid_from: created,
    valid_until: stamp(one.valid_until),
    ...(techniques.length > 0 && {
      kill_chain_phases: [...new Set(one.techniques.flatMap((t) => tactics.get(t) ?? []))].map((phase_name) => ({
        kill_chain_name: 'mitre-attack',
        phase_name,
      })),
    }),
    labels: [...one.labels, `severity:${one.severity}`],
    confidence: one.confidence,
    object_marking_refs: marks,
    extensions: {
      [honeypotExtension]: {
        extension_type: 'property-extension',
        kind: one.kind,
        ...(one.services !== undefined && one.services.length > 0 && { services: one.services }),
        ...(one.ports !== undefined && one.ports.length > 0 && { ports: one.ports }),
        ...(one.economy !== undefined && { economy: one.economy }),
      },
    },
  }
  const observable = observableOf(one, marks)
  if (observable !== undefined) others.push(observable)
  if (one.kind === 'address' && observable !== undefined && one.asn !== undefined) {
    const system: StixObject = {
      type: 'autonomous-system',
      spec_version: '2.1',
      id: observableId('autonomous-system', { number: one.asn }),
      number: one.asn,
      ...(one.as_name !== undefined && { name: one.as_name }),
      object_marking_refs: marks,
    }
    others.push(system)
    related(observable.id, 'belongs-to', system.id)
  }
  usedTechniques(id, 'indicates')
  if (one.kind === 'file' && observable !== undefined) related(id, 'indicates', malwareOf(observable, one.value).id)
  if ((one.kind === 'url' || one.kind === 'domain') && observable !== undefined)
    related(id, 'indicates', infrastructureOf(observable, one.kind === 'url' ? hostOf(one.value) : one.value).id)
  return { indicator, others }
}

export const indicatorId = ({ kind, value }: Pick<Indicator, 'kind' | 'value'>, ids: Ids): string =>
  kind === 'campaign' ? ids.of('campaign', value) : ids.of('indicator', `${kind}|${value}`)

const atMost = (n: number): number => Math.min(999_999_999, Math.max(1, Math.round(n)))

/** What was seen of an indicator on one day: a sighting, and the observation it rests on. */
export function sightingOf(one: Indicator, day: string, author: Author): StixObject[] {
  const { ids } = author
  if (one.counts === undefined) return []
  const hub = ids.of('identity', 'hub')
  const marks = [tlpRef(one.tlp), ids.of('marking-definition', `licence ${author.licence}`)]
  // Told when the day is over, and never changed.
  const made = new Date(Date.parse(day) + 86_400_000).toISOString()
  const id = indicatorId(one, ids)
  const [first, last] = [stamp(one.first_seen), stamp(one.last_seen)]
  const objects: StixObject[] = []
  const observable = observableOf(one, marks)
  let observed: StixObject | undefined
  if (observable !== undefined) {
    const refs = [observable.id]
    if (one.kind === 'address') {
      for (const [i, port] of (one.ports ?? []).slice(0, 5).entries()) {
        const service = (one.services ?? []).length === 1 ? one.services?.[0] : undefined
        const traffic = {
          src_ref: observable.id,
          dst_port: port,
          protocols: [
            one.value.includes(':') ? 'ipv6' : 'ipv4',
            'tcp',
            ...(i === 0 && service !== undefined && /^[a-z0-9-]+$/.test(service) ? [service] : []),
          ],
        }
        const object: StixObject = {
          type: 'network-traffic',
          spec_version: '2.1',
          id: observableId('network-traffic', traffic),
          ...traffic,
          object_marking_refs: marks,
        }
        objects.push(object)
        refs.push(object.id)
      }
    }
    observed = {
      type: 'observed-data',
      spec_version: '2.1',
      id: ids.of('observed-data', `${id}|${day}`),
      created_by_ref: hub,
      created: made,
      modified: made,
      first_observed: first,
      last_observed: last,
      number_observed: atMost(one.counts.events),
      object_refs: refs,
      object_marking_refs: marks,
    }
    objects.push(observed)
  }
  objects.push({
    type: 'sighting',
    spec_version: '2.1',
    id: ids.of('sighting', `${id}|${day}|hub`),
    created_by_ref: hub,
    created: made,
    modified: made,
    first_seen: first,
    last_seen: last,
    count: atMost(one.counts.events),
    sighting_of_ref: id,
    ...(observed !== undefined && { observed_data_refs: [observed.id] }),
    where_sighted_refs: [hub],
    object_marking_refs: marks,
    extensions: {
      [honeypotExtension]: {
        extension_type: 'property-extension',
        sensors: one.counts.sensors,
        organisations: one.counts.organisations,
        sources: one.counts.sources,
      },
    },
  })
  return objects
}
