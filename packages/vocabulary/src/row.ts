import { fieldsOf, kindNames, type Event, type Field } from './event.ts'
import type { Kind } from './kinds.ts'

/** What the hub adds to an event when it commits it: where the source was in the Internet at that time. */
export interface Origin {
  /** The announced prefix that holds the source, longest match. */
  readonly prefix: string
  /** The origin AS (the first, where several announce the prefix), 0 when unknown. */
  readonly asn: number
  /** All origin ASes of the prefix. */
  readonly asns: readonly number[]
  readonly as_name: string
  /** ISO 3166 code of the economy, '' when unknown. */
  readonly economy: string
  /** The regional Internet registry, '' when unknown. */
  readonly registry: string
  /** The snapshots of the tables that were used. */
  readonly snapshot: string
}

/** An event as the store keeps it and the API gives it. */
export type StoredEvent = Event & {
  readonly received: string
  /** Milliseconds by which the hub mended `time`; the sensor's own clock said `time` - `skew_ms`. */
  readonly skew_ms: number
  readonly provenance: string
  readonly origin: Origin
}

export interface Column {
  readonly name: string
  readonly type: string
  readonly description: string
}

const nil = '00000000-0000-0000-0000-000000000000'

/** The columns of the envelope and of what the hub adds. */
const fixedColumns: readonly Column[] = [
  { name: 'id', type: 'UUID', description: 'UUIDv7 made on the sensor' },
  { name: 'sensor', type: 'LowCardinality(String)', description: 'The sensor' },
  { name: 'boot', type: 'UUID', description: 'One start of the sensor' },
  { name: 'seq', type: 'UInt64', description: 'Gapless number per sensor and boot' },
  { name: 'time', type: "DateTime64(6, 'UTC')", description: 'When it happened, mended by skew_ms' },
  { name: 'session', type: 'UUID', description: 'The conversation' },
  { name: 'service', type: 'LowCardinality(String)', description: 'The protocol spoken' },
  { name: 'transport', type: 'LowCardinality(String)', description: 'tcp or udp' },
  { name: 'source_ip', type: 'IPv6', description: 'The attacker’s address; IPv4 as ::ffff:a.b.c.d' },
  { name: 'source_port', type: 'UInt16', description: 'The attacker’s port' },
  { name: 'target_port', type: 'UInt16', description: 'The port on the sensor' },
  { name: 'kind', type: 'LowCardinality(String)', description: 'The kind of event' },
  { name: 'received', type: "DateTime64(3, 'UTC')", description: 'When the hub committed it' },
  {
    name: 'skew_ms',
    type: 'Int64',
    description: 'Milliseconds by which time was mended; the clock of the sensor said time - skew_ms',
  },
  { name: 'provenance', type: 'LowCardinality(String)', description: 'live, or the name of an import' },
  { name: 'prefix', type: 'LowCardinality(String)', description: 'Announced prefix of the source' },
  { name: 'asn', type: 'UInt32', description: 'Origin AS of the source' },
  { name: 'asns', type: 'Array(UInt32)', description: 'All origin ASes of the prefix' },
  { name: 'as_name', type: 'LowCardinality(String)', description: 'Name of the origin AS' },
  { name: 'economy', type: 'LowCardinality(String)', description: 'Economy of the source' },
  { name: 'registry', type: 'LowCardinality(String)', description: 'Registry of the source' },
  { name: 'snapshot', type: 'LowCardinality(String)', description: 'Tables used for the above' },
]

const optionalType = (field: Field): string =>
  // 0 and absent differ for numbers (an exit code of 0 is news); an empty text is as good as none.
  /^(U?Int|Bool)/.test(field.column) ? `Nullable(${field.column})` : field.column

/** Every column of the events table: fixed ones, then one for each field name of the vocabulary. */
export const columns: readonly Column[] = (() => {
  const all = new Map<string, Column>(fixedColumns.map((column) => [column.name, column]))
  for (const kind of kindNames) {
    for (const field of fieldsOf(kind)) {
      const seen = all.get(field.name)
      const optional = seen?.type.startsWith('Nullable') === true || field.optional
      const type = optional ? optionalType(field) : field.column
      all.set(field.name, { name: field.name, type, description: seen?.description ?? field.description })
    }
  }
  return [...all.values()]
})()

/** A row of the events table, as JSONEachRow takes it. */
export type Row = Record<string, unknown>

const dbTime = (iso: string): string => `${iso.slice(0, 10)} ${iso.slice(11, -1)}`

/** The row of a stored event. */
export function toRow(event: StoredEvent): Row {
  return {
    id: event.id,
    sensor: event.sensor,
    boot: event.boot,
    seq: event.seq,
    time: dbTime(event.time),
    session: event.session ?? nil,
    service: event.service ?? '',
    transport: event.transport ?? '',
    source_ip: event.source === undefined ? '::' : toV6(event.source.ip),
    source_port: event.source?.port ?? 0,
    target_port: event.target?.port ?? 0,
    kind: event.kind,
    received: dbTime(event.received),
    skew_ms: event.skew_ms,
    provenance: event.provenance,
    ...event.origin,
    ...event.data,
  }
}

const originText = new WeakMap<Origin, string>()

/**
 * The row of an event as a line of JSON: the same as JSON.stringify of `toRow`, several times as fast. The envelope's
 * fields are checked by their patterns and need no escaping; the origin of an address is written once for all its events.
 */
export function toLine(
  event: Event,
  hub: Pick<StoredEvent, 'time' | 'received' | 'skew_ms' | 'provenance'>,
  origin: Origin,
): string {
  let from = originText.get(origin)
  if (from === undefined) originText.set(origin, (from = JSON.stringify(origin).slice(1, -1)))
  const { source } = event
  const data = JSON.stringify(event.data).slice(1)
  return (
    `{"id":"${event.id}","sensor":"${event.sensor}","boot":"${event.boot}","seq":${event.seq},"time":"${dbTime(hub.time)}",` +
    `"session":"${event.session ?? nil}","service":"${event.service ?? ''}","transport":"${event.transport ?? ''}",` +
    `"source_ip":"${source === undefined ? '::' : toV6(source.ip)}","source_port":${source?.port ?? 0},` +
    `"target_port":${event.target?.port ?? 0},"kind":"${event.kind}","received":"${dbTime(hub.received)}",` +
    `"skew_ms":${hub.skew_ms},"provenance":"${hub.provenance}",${from}${data === '}' ? '' : ','}${data}`
  )
}

/** The stored event of a row: the inverse of `toRow`. 64-bit numbers may be strings or numbers. */
export function fromRow(row: Row): StoredEvent {
  const kind = row['kind'] as Kind
  const data: Row = {}
  for (const { name, optional, column } of fieldsOf(kind)) {
    const value = row[name]
    const empty = value == null || value === '' || value === nil || (Array.isArray(value) && value.length === 0)
    if (optional && empty) continue
    data[name] = /^U?Int/.test(column) ? Number(value ?? 0) : (value ?? '')
  }
  const ip = fromV6(String(row['source_ip']))
  const session = String(row['session'])
  return {
    id: row['id'],
    sensor: row['sensor'],
    boot: row['boot'],
    seq: Number(row['seq']),
    time: isoTime(String(row['time'])),
    ...(session !== nil && { session }),
    ...(row['service'] !== '' && { service: row['service'] }),
    ...(row['transport'] !== '' && { transport: row['transport'] }),
    ...(ip !== '::' && { source: { ip, port: Number(row['source_port']) } }),
    ...(ip !== '::' && { target: { port: Number(row['target_port']) } }),
    kind,
    data,
    received: isoTime(String(row['received'])),
    skew_ms: Number(row['skew_ms'] ?? 0),
    provenance: row['provenance'],
    origin: {
      prefix: row['prefix'],
      asn: Number(row['asn']),
      asns: row['asns'],
      as_name: row['as_name'],
      economy: row['economy'],
      registry: row['registry'],
      snapshot: row['snapshot'],
    },
  } as unknown as StoredEvent
}

const isoTime = (time: string): string => `${time.replace(' ', 'T')}Z`
const toV6 = (ip: string): string => (ip.includes(':') ? ip : `::ffff:${ip}`)
const fromV6 = (ip: string): string => (ip.startsWith('::ffff:') && ip.includes('.') ? ip.slice(7) : ip)
