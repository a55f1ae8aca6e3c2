import { csvValue } from '@skep/hub'
import { form } from '../form.ts'
import { kinds, type Kind } from '../../model/indicator.ts'

const names: Partial<Record<Kind, string>> = {
  address: 'addresses',
  prefix: 'prefixes',
  url: 'urls',
  domain: 'domains',
  file: 'sha256',
}

/** One value a line. */
const plain = Object.entries(names).map(([kind, name]) =>
  form({
    path: `plain/${name}.txt`,
    title: `Plain list: ${name}`,
    kinds: [kind as Kind],
    media: 'text/plain; charset=utf-8',
    comment: '#',
    blocks: kind === 'address' || kind === 'prefix' || kind === 'domain',
    entry: ({ value }) => `${value}\n`,
  }),
)

const columns = [
  'value',
  'first_seen',
  'last_seen',
  'valid_until',
  'confidence',
  'severity',
  'techniques',
  'labels',
  'tlp',
  'asn',
  'economy',
  'prefix',
  'services',
  'ports',
  'events',
  'sources',
  'sensors',
  'organisations',
  'days',
  'reasons',
  'detail',
] as const

/** All that is known, as a table. */
const tables = kinds.map((kind) => {
  const wanted = kind === 'campaign' ? [...columns, 'marks'] : columns
  return form({
    path: `csv/${kind}.csv`,
    title: `Table: ${kind}`,
    kinds: [kind],
    media: 'text/csv; charset=utf-8',
    comment: '#',
    begin: () => `${wanted.join(',')}\r\n`,
    entry: (one) => {
      const all: Record<string, unknown> = { ...one, ...one.counts, reasons: one.reasons.join('; ') }
      if (one.marks !== undefined) all['marks'] = one.marks.map((mark) => `${mark.kind} ${mark.value}`).join(' ')
      return `${wanted.map((column) => csvValue(all[column])).join(',')}\r\n`
    },
  })
})

/** The neutral form itself: one JSON object a line. */
const objects = form({
  path: 'json/indicators.ndjson',
  title: 'All indicators, one JSON object a line',
  kinds,
  media: 'application/x-ndjson',
  entry: (one) => `${JSON.stringify(one)}\n`,
})

const hosts = form({
  path: 'hosts/skep.txt',
  title: 'Hosts of programs, for a hosts file',
  kinds: ['domain'],
  media: 'text/plain; charset=utf-8',
  comment: '#',
  blocks: true,
  entry: ({ value }) => `0.0.0.0 ${value}\n`,
})

export const lists = [...plain, ...tables, objects, hosts]
