import { Reader } from 'mmdb-lib'
import { formatV4, formatV6 } from './address.ts'
import type { AddressTable } from './table.ts'

/** The origin of a prefix: one AS, or several where several announce it. */
export interface AsSet {
  readonly asns: readonly number[]
  readonly name: string
}
/** Where an address is registered. */
export interface Place {
  readonly economy: string
  readonly registry: string
}

/** What a file is loaded into. */
export interface Tables {
  readonly origins: AddressTable<AsSet>
  readonly places: AddressTable<Place>
  readonly names: Map<number, string>
}

/** A file of address data in one of the usual forms. */
export interface Format {
  readonly name: string
  readonly recognises: (head: string) => boolean
  /** Loads the lines that it understands. @returns how many were loaded and how many were not */
  readonly load: (content: Buffer, into: Tables) => { loaded: number; skipped: number }
}

/** The lines of a file, without making one string of it all. */
function* lines(content: Buffer): Generator<string> {
  for (let at = 0; at < content.length;) {
    const end = content.indexOf(10, at)
    const stop = end < 0 ? content.length : end
    yield content.toString('utf8', at, content[stop - 1] === 13 ? stop - 1 : stop)
    at = stop + 1
  }
}

const byLine =
  (take: (line: string, into: Tables) => boolean | undefined): Format['load'] =>
  (content, into) => {
    let [loaded, skipped] = [0, 0]
    for (const line of lines(content)) {
      const taken = take(line, into)
      if (taken === true) loaded++
      else if (taken === false) skipped++
    }
    return { loaded, skipped }
  }

const asNumbers = (text: string): number[] =>
  text
    .split(/[_,{} ]+/)
    .filter((part) => part !== '')
    .map((part) =>
      part.includes('.') ? Number(part.split('.')[0]) * 65_536 + Number(part.split('.')[1]) : Number(part),
    )
    .filter((asn) => Number.isInteger(asn) && asn > 0 && asn <= 0xffff_ffff)

function addPrefix(into: Tables, prefix: string, length: number, origin: string): boolean {
  const asns = asNumbers(origin)
  if (asns.length === 0) return false
  return into.origins.addPrefix(prefix, length, asns.join('_'), () => ({ asns, name: '' }))
}

/** CAIDA's RouteViews pfx2as: prefix, length, origins ("_" between several, "," within a set). */
const pfx2as: Format = {
  name: 'pfx2as',
  recognises: (head) => /^[0-9a-f.:]+\t\d{1,3}\t[\d_,.]+$/m.test(head),
  load: byLine((line, into) => {
    if (line === '') return undefined
    const [prefix = '', length = '', origin = ''] = line.split('\t')
    return addPrefix(into, prefix, Number(length), origin)
  }),
}

/** RIPE's RIS whois dump: origin, prefix, peers; remarks begin with %. Several lines for one prefix are several origins. */
const riswhois: Format = {
  name: 'riswhois',
  recognises: (head) => /^[\d{},]+\t[0-9a-f.:]+\/\d+\t\d+$/m.test(head),
  load(content, into) {
    let skipped = 0
    const origins = new Map<string, string>()
    for (const line of lines(content)) {
      if (line === '' || line.startsWith('%')) continue
      const [origin = '', prefix = '', peers = ''] = line.split('\t')
      // Seen by a handful of the several hundred peers means a leak or a test, not a route.
      if (!prefix.includes('/') || Number(peers) < 3) {
        skipped++
        continue
      }
      const known = origins.get(prefix)
      origins.set(prefix, known === undefined ? origin : `${known}_${origin}`)
    }
    let loaded = 0
    for (const [prefix, origin] of origins) {
      const [network = '', length = ''] = prefix.split('/')
      if (addPrefix(into, network, Number(length), origin)) loaded++
      else skipped++
    }
    return { loaded, skipped }
  },
}

/** APNIC's raw table (thyme): prefix/length, origin. */
const rawTable: Format = {
  name: 'raw-table',
  recognises: (head) => /^[0-9a-f.:]+\/\d{1,3}\s+\d+$/m.test(head),
  load: byLine((line, into) => {
    if (line.trim() === '') return undefined
    const [prefix = '', origin = ''] = line.trim().split(/\s+/)
    const [network = '', length = ''] = prefix.split('/')
    return addPrefix(into, network, Number(length), origin)
  }),
}

/** Names of ASes, one a line: number, blanks, name (APNIC's data-used-autnums). */
const asNames: Format = {
  name: 'as-names',
  recognises: (head) => /^\s*\d+\s+[A-Z][\w-]*.*$/m.test(head) && !head.includes('|'),
  load: byLine((line, into) => {
    const match = /^\s*(\d+)\s+(.+)$/.exec(line)
    if (match === null) return line.trim() === '' ? undefined : false
    into.names.set(Number(match[1]), (match[2] ?? '').trim())
    return true
  }),
}

/** ip-location-db CSV: first, last, then AS number and name, or an economy. */
const rangeCsv: Format = {
  name: 'ip-location-db',
  recognises: (head) => /^[0-9a-f.:]+,[0-9a-f.:]+,(\d+,|[A-Z]{2}\s*$)/m.test(head),
  load: byLine((line, into) => {
    if (line === '') return undefined
    const a = line.indexOf(',')
    const b = line.indexOf(',', a + 1)
    const c = line.indexOf(',', b + 1)
    const [first, last] = [line.slice(0, a), line.slice(a + 1, b)]
    if (c < 0) {
      const economy = line.slice(b + 1)
      return into.places.addRange(first, last, economy, () => ({ economy, registry: '' }))
    }
    const asn = Number(line.slice(b + 1, c))
    if (!(asn > 0)) return false
    const name = line
      .slice(c + 1)
      .replace(/^"(.*)"$/, '$1')
      .replaceAll('""', '"')
    into.names.set(asn, name)
    return into.origins.addRange(first, last, String(asn), () => ({ asns: [asn], name }))
  }),
}

/** The registries' delegated-extended statistics: registry|economy|type|start|value|date|status|holder. */
const delegated: Format = {
  name: 'delegated-extended',
  recognises: (head) => /^\w+\|\w*\|(ipv4|ipv6|asn)\|/m.test(head),
  load: byLine((line, into) => {
    if (line === '' || line.startsWith('#')) return undefined
    const [registry = '', economy = '', type = '', start = '', value = '', , status = ''] = line.split('|')
    if (type === 'asn' || (type !== 'ipv4' && type !== 'ipv6')) return undefined
    if (start === '*') return undefined // a summary line
    if (!/^(allocated|assigned)$/.test(status) || !/^[A-Z]{2}$/.test(economy)) return false
    const key = `${registry}|${economy}`
    const place = () => ({ economy, registry })
    return type === 'ipv4'
      ? into.places.addHosts(start, Number(value), key, place)
      : into.places.addPrefix(start, Number(value), key, place)
  }),
}

const v6Words = (n: bigint): number[] => [96n, 64n, 32n, 0n].map((shift) => Number((n >> shift) & 0xffff_ffffn))

interface MmdbRecord {
  readonly autonomous_system_number?: number
  readonly autonomous_system_organization?: string
  readonly country_code?: string
  readonly country?: { readonly iso_code?: string }
}

interface MmdbReader {
  readonly metadata: { readonly ipVersion: number }
  readonly getWithPrefixLength: (address: string) => [MmdbRecord | null, number]
}

/** A MaxMind database of ASes or of economies, read through its public reader and flattened. */
const mmdb: Format = {
  name: 'mmdb',
  recognises: () => false, // by its magic, see formatOf
  load(content, into) {
    const reader = new Reader(content) as unknown as MmdbReader
    let loaded = 0
    // Blocks of one economy that follow each other are one range: a quarter of the table.
    let run: { first: string; last: string; economy: string } | undefined
    const flush = () => {
      const { first, last, economy } = run ?? { first: '', last: '', economy: '' }
      if (run !== undefined) into.places.addRange(first, last, economy, () => ({ economy, registry: '' }))
      run = undefined
    }
    const take = (first: string, last: string, length: number, record: MmdbRecord | null) => {
      const economy = record?.country_code ?? record?.country?.iso_code
      const asn = record?.autonomous_system_number
      if (economy !== run?.economy) flush()
      if (economy !== undefined) {
        run = { first: run?.first ?? first, last, economy }
        loaded++
      }
      if (asn !== undefined) {
        const name = record?.autonomous_system_organization ?? ''
        into.names.set(asn, name)
        into.origins.addPrefix(first, length, String(asn), () => ({ asns: [asn], name }))
        loaded++
      }
    }
    // The reader tells with each answer how wide it is, so one look-up per block walks the whole tree.
    for (let at = 0; at <= 0xffff_ffff;) {
      const [record, length] = reader.getWithPrefixLength(formatV4(at))
      const bits = length > 32 ? length - 96 : length
      const next = at + 2 ** (32 - bits)
      take(formatV4(at), formatV4(next - 1), bits, record)
      at = next
    }
    flush()
    if (reader.metadata.ipVersion === 6) {
      let at = 1n << 125n // 2000::/3 holds all that is announced
      const end = 1n << 126n
      while (at < end) {
        const words = v6Words(at)
        const [record, length] = reader.getWithPrefixLength(formatV6(words))
        const bits = Math.max(3, length)
        const next = at + (1n << BigInt(128 - bits))
        take(formatV6(words), formatV6(v6Words(next - 1n)), bits, record)
        at = next
      }
      flush()
    }
    return { loaded, skipped: 0 }
  },
}

/** All forms, the more particular first. */
export const formats: readonly Format[] = [delegated, pfx2as, riswhois, rangeCsv, rawTable, asNames, mmdb]

const magic = Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1')

/** The form of a file, from its content. */
export function formatOf(content: Buffer): Format | undefined {
  if (content.subarray(-131_072).includes(magic)) return mmdb
  const head = content
    .subarray(0, 65_536)
    .toString('utf8')
    .split('\n')
    .filter((line) => !/^[%#;]/.test(line))
    .slice(0, 200)
    .join('\n')
  return formats.find((format) => format.recognises(head))
}
