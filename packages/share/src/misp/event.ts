import { createHash } from 'node:crypto'
import { isIP } from 'node:net'
import { form, type Form, type Head } from '../feeds/form.ts'
import { credentialParts, type Indicator, type Kind, type Tlp } from '../model/indicator.ts'
import { knownTechnique } from '../stix/attack.ts'
import type { Ids } from '../stix/ids.ts'

/** MISP's objects that things are told as: its name, id and version (misp-objects at 54538c6). */
const templates = {
  file: { name: 'file', 'meta-category': 'file', uuid: '688c46fb-5edb-40a3-8273-1af7923e2215', version: '25' },
  url: { name: 'url', 'meta-category': 'network', uuid: '60efb77b-40b5-4c46-871b-ed1ed999fce5', version: '10' },
  credential: {
    name: 'credential',
    'meta-category': 'misc',
    uuid: 'a27e98c9-9b0e-414c-8076-d201e039ca09',
    version: '5',
  },
  command: {
    name: 'shell-commands',
    'meta-category': 'misc',
    uuid: 'fee65efa-eb64-4516-8611-1db76c589f79',
    version: '2',
  },
} as const

/** Kinds that are plain attributes: their type and category. */
const attributes: Partial<Record<Kind, { type: string; category: string; to_ids: boolean }>> = {
  address: { type: 'ip-src', category: 'Network activity', to_ids: true },
  prefix: { type: 'ip-src', category: 'Network activity', to_ids: false },
  domain: { type: 'domain', category: 'Network activity', to_ids: true },
  hassh: { type: 'hassh-md5', category: 'Network activity', to_ids: false },
  ja4: { type: 'text', category: 'Network activity', to_ids: false },
  key: { type: 'ssh-fingerprint', category: 'Network activity', to_ids: false },
}

const titles: Readonly<Record<Kind, string>> = {
  address: 'addresses that attacked',
  prefix: 'networks with several attackers',
  url: 'URLs of programs',
  domain: 'hosts of programs',
  file: 'files that attackers left',
  key: 'SSH keys of attackers',
  credential: 'passwords that were tried',
  hassh: 'SSH clients',
  ja4: 'TLS clients',
  command: 'commands',
  campaign: 'campaigns',
}
const rsit: Partial<Record<Kind, string>> = {
  address: 'rsit:intrusion-attempts="brute-force"',
  credential: 'rsit:intrusion-attempts="brute-force"',
  url: 'rsit:malicious-code="malware-distribution"',
  domain: 'rsit:malicious-code="malware-distribution"',
  file: 'rsit:malicious-code="infected-system"',
}

const tlpTag = (tlp: Tlp): string => `tlp:${tlp}`
const unix = (iso: string): string => String(Math.floor(Date.parse(iso) / 1000))
/** Times as MISP writes those of attributes: to the microsecond. */
const seen = (iso: string): string => `${iso.replace(/Z$/, '').padEnd(20, '.').slice(0, 26).padEnd(26, '0')}+00:00`

/** Threat level: 1 high to 4 undefined. */
const levels: Readonly<Record<Indicator['severity'], string>> = {
  critical: '1',
  high: '2',
  medium: '2',
  low: '3',
  info: '4',
}

export const orgOf = (ids: Ids) => ({ name: 'Skep honeynet', uuid: ids.uuid('misp-org', 'hub') })
/** The id of the event of a kind on a day: the same whenever it is told. */
export const eventId = (ids: Ids, kind: Kind, date: string): string => ids.uuid('misp-event', `${kind}|${date}`)

/** An event without what is in it. */
export function eventHead(ids: Ids, kind: Kind, date: string, made: string, tlp: Tlp) {
  const techniques = {
    url: 'T1105',
    domain: 'T1105',
    file: 'T1105',
    key: 'T1098.004',
    credential: 'T1110.001',
    command: 'T1059.004',
    hassh: 'T1110.001',
    ja4: 'T1595.002',
    address: 'T1110.001',
    prefix: 'T1110.001',
    campaign: 'T1105',
  } as const
  const technique = knownTechnique(techniques[kind])
  return {
    uuid: eventId(ids, kind, date),
    info: `Honeynet ${date}: ${titles[kind]}`,
    date,
    threat_level_id: levels[kind === 'file' || kind === 'url' || kind === 'domain' ? 'critical' : 'medium'],
    analysis: '2',
    timestamp: unix(made),
    publish_timestamp: unix(made),
    published: true,
    Orgc: orgOf(ids),
    Tag: [
      tlpTag(tlp),
      'honeypot-basic:interaction-level="medium"',
      'honeypot-basic:data-capture="attacks"',
      'honeypot-basic:containment="block"',
      ...(rsit[kind] === undefined ? [] : [rsit[kind]]),
      ...(technique === undefined ? [] : [`misp-galaxy:mitre-attack-pattern="${technique.name} - ${technique.id}"`]),
    ].map((name) => ({ name })),
  }
}

/** The values of an indicator, as attributes. */
function attributesOf(one: Indicator, ids: Ids, date: string) {
  const base = (type: string, category: string, value: string, to_ids: boolean, more: object = {}) => ({
    uuid: ids.uuid('misp-attribute', `${one.kind}|${one.value}|${type}|${date}`),
    type,
    category,
    value,
    to_ids,
    timestamp: unix(one.last_seen),
    disable_correlation: false,
    first_seen: seen(one.first_seen),
    last_seen: seen(one.last_seen),
    ...more,
  })
  const numbers = one.counts === undefined ? '' : `; ${one.counts.events} events on ${one.counts.sensors} sensors`
  const comment = `${one.labels.join(' ')}; confidence ${one.confidence}${numbers}`
  const markOf = ({ kind, value }: NonNullable<Indicator['marks']>[number], of: string) => {
    const type = {
      file: 'sha256',
      key: 'ssh-fingerprint',
      url: 'url',
      domain: isIP(value) === 0 ? 'domain' : 'ip-dst',
    }[kind]
    const category = kind === 'file' ? 'Payload delivery' : 'Network activity'
    return {
      ...base(type, category, kind === 'key' ? value.replace(/^SHA256:/, '') : value, kind !== 'key', { comment: of }),
      uuid: ids.uuid('misp-attribute', `campaign|${one.value}|${kind}|${value}|${date}`),
    }
  }
  const plain = attributes[one.kind]
  if (plain !== undefined) {
    const value = one.kind === 'key' ? one.value.replace(/^SHA256:/, '') : one.value
    return [base(plain.type, plain.category, value, plain.to_ids && one.confidence >= 50, { comment })]
  }
  const part = (object_relation: string, type: string, category: string, value: string, to_ids = false) =>
    base(type, category, value, to_ids, { object_relation, comment })
  switch (one.kind) {
    case 'url':
      return [part('url', 'url', 'Network activity', one.value, true)]
    case 'file':
      return [
        part('sha256', 'sha256', 'Payload delivery', one.value, true),
        ...(one.detail === undefined ? [] : [part('filename', 'filename', 'Payload delivery', one.detail)]),
      ]
    case 'credential': {
      const { user, password } = credentialParts(one.value)
      return [
        ...(user === '' ? [] : [part('username', 'text', 'Other', user)]),
        ...(password === '' ? [] : [part('password', 'text', 'Other', password)]),
      ]
    }
    case 'campaign':
      // Plain attributes side by side: the campaign's name, and what marks it, which says whose it is.
      return [
        base('campaign-name', 'Attribution', one.detail ?? one.value, false, { comment }),
        ...(one.marks ?? []).map((mark) => markOf(mark, `campaign ${one.detail ?? one.value}`)),
      ]
    default:
      return [part('shell-command', 'text', 'External analysis', one.value)]
  }
}

/** An indicator as it stands in an event: attributes, or an object of several. */
function partsOf(one: Indicator, ids: Ids, date: string): object[] {
  const all = attributesOf(one, ids, date)
  const template = templates[one.kind as keyof typeof templates]
  if (all.length === 0 || template === undefined) return all
  const whole = {
    name: template.name,
    'meta-category': template['meta-category'],
    description: titles[one.kind],
    template_uuid: template.uuid,
    template_version: template.version,
    uuid: ids.uuid('misp-object', `${one.kind}|${one.value}|${date}`),
    timestamp: unix(one.last_seen),
    first_seen: seen(one.first_seen),
    last_seen: seen(one.last_seen),
    Attribute: all,
    ObjectReference: [],
  }
  return [whole]
}

/** The file of the event of a kind on a day. */
export const eventForm = (ids: Ids, kind: Kind, date: string): Form =>
  form({
    path: `misp/${eventId(ids, kind, date)}.json`,
    title: `MISP: ${titles[kind]}, ${date}`,
    kinds: [kind],
    media: 'application/json',
    begin: (head: Head) => {
      const text = JSON.stringify(eventHead(ids, kind, date, head.made, head.tlp as Tlp))
      const [here, there] = kind in templates ? ['Object', 'Attribute'] : ['Attribute', 'Object']
      return `{"Event":${text.slice(0, -1)},"${there}":[],"${here}":[`
    },
    entry: (one, _, n) => {
      const parts = partsOf(one, ids, date).map((part) => JSON.stringify(part))
      return parts.length === 0 ? '' : `${n === 0 ? '' : ','}${parts.join(',')}\n`
    },
    end: () => ']}}\n',
  })

/** The lines of hashes.csv for a day's event: by which MISP knows whether a value is in a feed. */
export const hashForm = (ids: Ids, kind: Kind, date: string): Form =>
  form({
    path: `misp/hashes-${kind}-${date}`,
    title: '',
    kinds: [kind],
    media: 'text/csv',
    entry: (one) =>
      attributesOf(one, ids, date)
        .map(({ value }) => `${createHash('md5').update(value, 'utf8').digest('hex')},${eventId(ids, kind, date)}\n`)
        .join(''),
  })
