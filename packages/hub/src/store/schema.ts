import { bulkKinds, columns, type Column } from '@skep/vocabulary'
import { rulesExpression } from '../understand/rules/index.ts'

/** How many days each class of data is kept, counted from the day the hub received it. */
export interface Retention {
  /** Connections, probes, log-ins: the great mass. */
  readonly bulk: number
  /** Commands, requests, payloads, artifacts, recordings. */
  readonly evidence: number
  /** Hourly counts and sightings. */
  readonly rollups: number
}

export const defaultRetention: Retention = { bulk: 180, evidence: 730, rollups: 3650 }

/** A table as it should be. Columns are compared with what is there and added where they are missing. */
export interface Table {
  readonly name: string
  readonly columns: readonly Pick<Column, 'name' | 'type'>[]
  readonly indexes?: readonly string[]
  readonly tail: string
}

/** A rollup: a table that is filled from the events as they arrive, and anew from all of them when it changes. */
export interface Rollup extends Table {
  /** The finer rollup that it is made of; the events themselves where none is named. */
  readonly of?: string
  /** SELECT … FROM {rows}, with the same column names. */
  readonly select: string
}

const quoted = (kinds: readonly string[]): string => kinds.map((kind) => `'${kind}'`).join(', ')
const dedup = 'non_replicated_deduplication_window = 10000'

const codec = (name: string): string => {
  if (name === 'time' || name === 'received') return ' CODEC(Delta, ZSTD(3))'
  if (name === 'seq' || name === 'skew_ms') return ' CODEC(Delta, ZSTD(3))'
  return ' CODEC(ZSTD(3))'
}

/** The one table of events. Sorted by origin AS and time, which is how the pages ask. */
export const events = (retention: Retention): Table => ({
  name: 'events',
  columns: columns.map(({ name, type }) => ({ name, type: type + codec(name) })),
  indexes: [
    'INDEX by_session session TYPE bloom_filter(0.01) GRANULARITY 1',
    'INDEX by_source source_ip TYPE bloom_filter(0.01) GRANULARITY 1',
    'INDEX by_id id TYPE bloom_filter(0.01) GRANULARITY 1',
    'INDEX by_sha256 sha256 TYPE bloom_filter(0.01) GRANULARITY 1',
    'INDEX by_time time TYPE minmax GRANULARITY 1',
    'INDEX by_received received TYPE minmax GRANULARITY 1',
  ],
  tail:
    `ENGINE = MergeTree PARTITION BY toMonday(time) ORDER BY (asn, time) ` +
    `TTL toDateTime(received) + toIntervalDay(${retention.bulk}) DELETE WHERE kind IN (${quoted([...bulkKinds])}), ` +
    `toDateTime(received) + toIntervalDay(${retention.evidence}) ` +
    `SETTINGS ${dedup}, index_granularity = 8192`,
})

/** What the nightly look at all entities concluded, one row each. */
export const verdicts: Table = {
  name: 'verdicts',
  columns: [
    { name: 'run', type: 'Date' },
    { name: 'type', type: 'LowCardinality(String)' },
    { name: 'entity', type: 'String' },
    { name: 'verdict', type: 'LowCardinality(String)' },
    { name: 'k', type: 'UInt32' },
    { name: 'd', type: 'UInt32' },
    { name: 'n', type: 'UInt32' },
    { name: 'expected', type: 'Float64' },
    { name: 'group_kind', type: 'LowCardinality(String)' },
    { name: 'group_name', type: 'String' },
    { name: 'group_k', type: 'UInt32' },
    { name: 'group_expected', type: 'Float64' },
    { name: 'lift', type: 'Float64' },
    { name: 'p', type: 'Float64' },
    { name: 'q', type: 'Float64' },
    { name: 'sensors', type: 'Array(LowCardinality(String))' },
  ].map(({ name, type }) => ({ name, type: `${type} CODEC(ZSTD(3))` })),
  tail: `ENGINE = MergeTree PARTITION BY toYYYYMM(run) ORDER BY (run, type, verdict, entity) TTL run + toIntervalDay(90) SETTINGS ${dedup}`,
}

/** What marks each campaign, one row an anchor and look. */
export const campaigns: Table = {
  name: 'campaigns',
  columns: [
    { name: 'run', type: "DateTime('UTC')" },
    { name: 'campaign', type: 'String' },
    { name: 'name', type: 'String' },
    { name: 'grade', type: 'LowCardinality(String)' },
    { name: 'type', type: 'LowCardinality(String)' },
    { name: 'value', type: 'String' },
    { name: 'first_seen', type: "DateTime64(6, 'UTC')" },
    { name: 'last_seen', type: "DateTime64(6, 'UTC')" },
    { name: 'sources', type: 'UInt32' },
  ].map(({ name, type }) => ({ name, type: `${type} CODEC(ZSTD(3))` })),
  // The last look carries what earlier ones found: older runs are only for looking back.
  tail: `ENGINE = MergeTree PARTITION BY toYYYYMM(run) ORDER BY (run, campaign, type, value) TTL run + toIntervalDay(30) SETTINGS ${dedup}`,
}

/** The tables that are not derived from others by the store itself. */
export const tables = (retention: Retention): readonly Table[] => [events(retention), verdicts, campaigns]

const sum = 'SimpleAggregateFunction(sum, UInt64)'
// To the second: the fractions of it would weigh more than all counts of a row together.
const first = "SimpleAggregateFunction(min, DateTime('UTC'))"
const last = "SimpleAggregateFunction(max, DateTime('UTC'))"
const firstOf = (time: string): string => `min(toDateTime(${time}, 'UTC'))`
const lastOf = (time: string): string => `max(toDateTime(${time}, 'UTC'))`

/** What a list of addresses says of each, without the sensors that saw it; and how it is made of what those saw. */
const seenOf: Rollup['columns'] = [
  { name: 'prefix', type: 'SimpleAggregateFunction(anyLast, LowCardinality(String))' },
  { name: 'as_name', type: 'SimpleAggregateFunction(anyLast, LowCardinality(String))' },
  { name: 'economy', type: 'SimpleAggregateFunction(anyLast, LowCardinality(String))' },
  { name: 'first_seen', type: first },
  { name: 'last_seen', type: last },
  { name: 'events', type: sum },
  { name: 'sessions', type: sum },
  { name: 'auths', type: sum },
  { name: 'accepted', type: sum },
  { name: 'commands', type: sum },
  { name: 'payloads', type: sum },
  { name: 'ports', type: 'SimpleAggregateFunction(groupUniqArrayArray(20), Array(UInt16))' },
  // Which sensors, as numbers that only say how many they are.
  { name: 'sensor_marks', type: 'SimpleAggregateFunction(groupUniqArrayArray, Array(UInt32))' },
]
const seen =
  `anyLast(finer.prefix) AS prefix, anyLast(finer.as_name) AS as_name, anyLast(finer.economy) AS economy, ` +
  `min(finer.first_seen) AS first_seen, max(finer.last_seen) AS last_seen, ` +
  ['events', 'sessions', 'auths', 'accepted', 'commands', 'payloads']
    .map((count) => `sum(finer.${count}) AS ${count}, `)
    .join('') +
  `groupUniqArrayArray(20)(finer.ports) AS ports, groupUniqArray(xxHash32(toString(sensor))) AS sensor_marks`

/** When a row of a rollup is of no use any more: what only leads to events goes with the last of them. */
function endOf({ columns: named }: Rollup, { bulk, evidence, rollups: counts }: Retention): string {
  const has = (column: string): boolean => named.some(({ name }) => name === column)
  if (has('moment')) return `moment + toIntervalDay(${Math.max(bulk, evidence)})`
  return `${has('hour') ? 'hour' : 'toDateTime(day)'} + toIntervalDay(${counts})`
}

/** All rollups. */
export const rollups = (retention: Retention): readonly Rollup[] =>
  [
    {
      name: 'hourly',
      columns: [
        { name: 'asn', type: 'UInt32' },
        { name: 'hour', type: "DateTime('UTC')" },
        { name: 'service', type: 'LowCardinality(String)' },
        { name: 'target_port', type: 'UInt16' },
        { name: 'economy', type: 'LowCardinality(String)' },
        { name: 'provenance', type: 'LowCardinality(String)' },
        { name: 'events', type: sum },
        { name: 'sessions', type: sum },
        { name: 'auths', type: sum },
        { name: 'commands', type: sum },
        { name: 'payloads', type: sum },
        { name: 'sources', type: 'AggregateFunction(uniqCombined64(12), IPv6)' },
      ],
      tail:
        `ENGINE = AggregatingMergeTree PARTITION BY toYYYYMM(hour) ` +
        `ORDER BY (asn, hour, service, target_port, economy, provenance) ` +
        `SETTINGS ${dedup}`,
      select:
        `SELECT asn, toStartOfHour(toDateTime(time, 'UTC')) AS hour, service, target_port, economy, provenance, ` +
        `count() AS events, countIf(kind = 'session.open') AS sessions, countIf(kind = 'auth.attempt') AS auths, ` +
        `countIf(kind = 'command.run') AS commands, countIf(kind = 'payload.seen') AS payloads, ` +
        `uniqCombined64State(12)(source_ip) AS sources FROM {rows} WHERE source_ip != toIPv6('::') AND provenance != 'quarantine' ` +
        `GROUP BY asn, hour, service, target_port, economy, provenance`,
    },
    {
      name: 'sources',
      columns: [
        { name: 'asn', type: 'UInt32' },
        { name: 'day', type: 'Date' },
        { name: 'source_ip', type: 'IPv6' },
        { name: 'sensor', type: 'LowCardinality(String)' },
        { name: 'service', type: 'LowCardinality(String)' },
        { name: 'prefix', type: 'SimpleAggregateFunction(anyLast, LowCardinality(String))' },
        { name: 'as_name', type: 'SimpleAggregateFunction(anyLast, LowCardinality(String))' },
        { name: 'economy', type: 'SimpleAggregateFunction(anyLast, LowCardinality(String))' },
        { name: 'first_seen', type: first },
        { name: 'last_seen', type: last },
        { name: 'events', type: sum },
        { name: 'sessions', type: sum },
        { name: 'auths', type: sum },
        { name: 'accepted', type: sum },
        { name: 'commands', type: sum },
        { name: 'payloads', type: sum },
        { name: 'ports', type: 'SimpleAggregateFunction(groupUniqArrayArray(20), Array(UInt16))' },
      ],
      indexes: ['INDEX by_source source_ip TYPE bloom_filter(0.01) GRANULARITY 1'],
      tail: `ENGINE = AggregatingMergeTree PARTITION BY toYYYYMM(day) ORDER BY (asn, source_ip, day, sensor, service) SETTINGS ${dedup}, index_granularity = 1024`,
      select:
        `SELECT asn, toDate(time) AS day, source_ip, sensor, service, anyLast(prefix) AS prefix, anyLast(as_name) AS as_name, ` +
        `anyLast(economy) AS economy, ${firstOf('time')} AS first_seen, ${lastOf('time')} AS last_seen, count() AS events, ` +
        `countIf(kind = 'session.open') AS sessions, countIf(kind = 'auth.attempt') AS auths, ` +
        `countIf(kind = 'auth.attempt' AND accepted) AS accepted, ` +
        `countIf(kind = 'command.run') AS commands, countIf(kind = 'payload.seen') AS payloads, ` +
        `groupUniqArray(20)(target_port) AS ports ` +
        `FROM {rows} WHERE source_ip != toIPv6('::') AND provenance != 'quarantine' GROUP BY asn, day, source_ip, sensor, service`,
    },
    {
      name: 'findings',
      columns: [
        { name: 'asn', type: 'UInt32' },
        { name: 'day', type: 'Date' },
        { name: 'source_ip', type: 'IPv6' },
        { name: 'rule', type: 'LowCardinality(String)' },
        { name: 'prefix', type: 'SimpleAggregateFunction(anyLast, LowCardinality(String))' },
        { name: 'first_seen', type: first },
        { name: 'last_seen', type: last },
        { name: 'events', type: sum },
      ],
      tail: `ENGINE = AggregatingMergeTree PARTITION BY toYYYYMM(day) ORDER BY (asn, source_ip, day, rule) SETTINGS ${dedup}`,
      select:
        `SELECT asn, toDate(time) AS day, source_ip, found AS rule, anyLast(prefix) AS prefix, ${firstOf('time')} AS first_seen, ${lastOf('time')} AS last_seen, ` +
        `count() AS events FROM {rows} ARRAY JOIN ${rulesExpression} AS found ` +
        `WHERE source_ip != toIPv6('::') AND provenance != 'quarantine' GROUP BY asn, day, source_ip, rule`,
    },
    {
      name: 'activity',
      columns: [
        { name: 'sensor', type: 'LowCardinality(String)' },
        { name: 'hour', type: "DateTime('UTC')" },
        { name: 'events', type: sum },
        { name: 'beats', type: sum },
      ],
      tail: `ENGINE = AggregatingMergeTree PARTITION BY toYYYYMM(hour) ORDER BY (sensor, hour) SETTINGS ${dedup}`,
      select:
        `SELECT sensor, toStartOfHour(toDateTime(time, 'UTC')) AS hour, countIf(source_ip != toIPv6('::')) AS events, ` +
        `countIf(source_ip = toIPv6('::')) AS beats FROM {rows} GROUP BY sensor, hour`,
    },
    {
      // What hit each sensor: what those see who host one.
      name: 'struck',
      columns: [
        { name: 'sensor', type: 'LowCardinality(String)' },
        { name: 'hour', type: "DateTime('UTC')" },
        { name: 'service', type: 'LowCardinality(String)' },
        { name: 'target_port', type: 'UInt16' },
        { name: 'events', type: sum },
        { name: 'sessions', type: sum },
        { name: 'auths', type: sum },
        { name: 'commands', type: sum },
        { name: 'payloads', type: sum },
        { name: 'sources', type: 'AggregateFunction(uniqCombined64(12), IPv6)' },
      ],
      tail:
        `ENGINE = AggregatingMergeTree PARTITION BY toYYYYMM(hour) ORDER BY (sensor, hour, service, target_port) ` +
        `SETTINGS ${dedup}, index_granularity = 1024`,
      select:
        `SELECT sensor, toStartOfHour(toDateTime(time, 'UTC')) AS hour, service, target_port, count() AS events, ` +
        `countIf(kind = 'session.open') AS sessions, countIf(kind = 'auth.attempt') AS auths, ` +
        `countIf(kind = 'command.run') AS commands, countIf(kind = 'payload.seen') AS payloads, ` +
        `uniqCombined64State(12)(source_ip) AS sources FROM {rows} WHERE source_ip != toIPv6('::') AND provenance != 'quarantine' ` +
        `GROUP BY sensor, hour, service, target_port`,
    },
    {
      name: 'sightings',
      columns: [
        { name: 'type', type: 'LowCardinality(String)' },
        { name: 'value', type: 'String' },
        { name: 'day', type: 'Date' },
        { name: 'sensor', type: 'LowCardinality(String)' },
        { name: 'first_seen', type: first },
        { name: 'last_seen', type: last },
        { name: 'events', type: sum },
        { name: 'sources', type: 'AggregateFunction(uniqCombined64(12), IPv6)' },
        { name: 'networks', type: 'AggregateFunction(uniqCombined64(12), UInt32)' },
        { name: 'session', type: 'SimpleAggregateFunction(anyLast, UUID)' },
        { name: 'detail', type: 'SimpleAggregateFunction(anyLast, String)' },
      ],
      tail: `ENGINE = AggregatingMergeTree PARTITION BY toYYYYMM(day) ORDER BY (type, value, day, sensor) SETTINGS ${dedup}`,
      select:
        `SELECT indicator.1 AS type, indicator.2 AS value, toDate(time) AS day, sensor, ${firstOf('time')} AS first_seen, ` +
        `${lastOf('time')} AS last_seen, count() AS events, uniqCombined64State(12)(source_ip) AS sources, ` +
        `uniqCombined64State(12)(asn) AS networks, anyLast(session) AS session, anyLast(indicator.3) AS detail FROM {rows} ` +
        `ARRAY JOIN arrayFilter(x -> x.2 != '', [` +
        `(if(kind = 'payload.seen', 'url', ''), if(kind = 'payload.seen', url, ''), toString(tool)), ` +
        `(if(kind = 'artifact.stored', 'artifact', ''), if(kind = 'artifact.stored', sha256, ''), name), ` +
        `(if(kind = 'auth.attempt', 'credential', ''), if(kind = 'auth.attempt' AND secret != '', concat(user, ':', secret), ''), toString(service)), ` +
        `(if(kind = 'command.run', 'command', ''), if(kind = 'command.run', line, ''), ''), ` +
        `(if(kind = 'client.hello', 'hassh', ''), if(kind = 'client.hello', toString(hassh), ''), ident), ` +
        `(if(kind = 'client.hello', 'ja4', ''), if(kind = 'client.hello', toString(ja4), ''), server_name), ` +
        `(if(kind IN ('key.planted', 'auth.attempt'), 'key', ''), if(kind IN ('key.planted', 'auth.attempt'), fingerprint, ''), path), ` +
        `(if(kind = 'request', 'agent', ''), if(kind = 'request', agent, ''), ''), ` +
        `(if(kind = 'request', 'target', ''), if(kind = 'request', concat(toString(method), ' ', target), ''), '')` +
        `]) AS indicator WHERE provenance != 'quarantine' GROUP BY type, value, day, sensor`,
    },
    // What follows answers for all networks, or all sensors, at once: it is made of the finer counts, not of the events.
    {
      name: 'overall',
      of: 'hourly',
      columns: [
        { name: 'dimension', type: 'LowCardinality(String)' },
        { name: 'key', type: 'LowCardinality(String)' },
        { name: 'hour', type: "DateTime('UTC')" },
        { name: 'events', type: sum },
        { name: 'sessions', type: sum },
        { name: 'auths', type: sum },
        { name: 'commands', type: sum },
        { name: 'payloads', type: sum },
        { name: 'sources', type: 'AggregateFunction(uniqCombined64(12), IPv6)' },
        { name: 'networks', type: 'AggregateFunction(uniqCombined64(12), UInt32)' },
      ],
      // A row may weigh three kilobytes: small granules, or one question would read megabytes beside what it wants.
      tail: `ENGINE = AggregatingMergeTree PARTITION BY toYYYYMM(hour) ORDER BY (dimension, key, hour) SETTINGS ${dedup}, index_granularity = 512`,
      select:
        `SELECT pair.1 AS dimension, pair.2 AS key, hour, sum(finer.events) AS events, sum(finer.sessions) AS sessions, ` +
        `sum(finer.auths) AS auths, sum(finer.commands) AS commands, sum(finer.payloads) AS payloads, ` +
        `uniqCombined64MergeState(12)(finer.sources) AS sources, uniqCombined64StateIf(12)(asn, asn != 0) AS networks ` +
        `FROM {rows} AS finer ARRAY JOIN [('service', toString(service)), ('economy', toString(economy)), ` +
        `('port', toString(target_port))] AS pair GROUP BY dimension, key, hour`,
    },
    {
      // Addresses without the sensors that saw them, by address: what the lists over all networks are made of.
      name: 'addresses',
      of: 'sources',
      columns: [
        { name: 'source_ip', type: 'IPv6' },
        { name: 'day', type: 'Date' },
        { name: 'asn', type: 'UInt32' },
        ...seenOf,
        { name: 'services', type: 'SimpleAggregateFunction(groupUniqArrayArray(20), Array(String))' },
      ],
      tail: `ENGINE = AggregatingMergeTree PARTITION BY toYYYYMM(day) ORDER BY (source_ip, day, asn) SETTINGS ${dedup}, index_granularity = 1024`,
      select:
        `SELECT source_ip, day, asn, ${seen}, groupUniqArray(20)(toString(service)) AS services ` +
        `FROM {rows} AS finer GROUP BY source_ip, day, asn`,
    },
    {
      // The same by service: what those lists are made of when they are narrowed to one.
      name: 'visits',
      of: 'sources',
      columns: [
        { name: 'service', type: 'LowCardinality(String)' },
        { name: 'source_ip', type: 'IPv6' },
        { name: 'day', type: 'Date' },
        { name: 'asn', type: 'UInt32' },
        ...seenOf,
      ],
      tail: `ENGINE = AggregatingMergeTree PARTITION BY toYYYYMM(day) ORDER BY (service, source_ip, day, asn) SETTINGS ${dedup}, index_granularity = 1024`,
      select: `SELECT service, source_ip, day, asn, ${seen} FROM {rows} AS finer GROUP BY service, source_ip, day, asn`,
    },
    {
      // What an economy's page asks, by day; its last and first days are asked of the hours.
      name: 'economies',
      of: 'hourly',
      columns: [
        { name: 'economy', type: 'LowCardinality(String)' },
        { name: 'day', type: 'Date' },
        { name: 'service', type: 'LowCardinality(String)' },
        { name: 'target_port', type: 'UInt16' },
        { name: 'events', type: sum },
        { name: 'sessions', type: sum },
        { name: 'auths', type: sum },
        { name: 'commands', type: sum },
        { name: 'payloads', type: sum },
        { name: 'sources', type: 'AggregateFunction(uniqCombined64(12), IPv6)' },
      ],
      tail: `ENGINE = AggregatingMergeTree PARTITION BY toYYYYMM(day) ORDER BY (economy, day, service, target_port) SETTINGS ${dedup}, index_granularity = 512`,
      select:
        `SELECT economy, toDate(hour) AS day, service, target_port, sum(finer.events) AS events, sum(finer.sessions) AS sessions, ` +
        `sum(finer.auths) AS auths, sum(finer.commands) AS commands, sum(finer.payloads) AS payloads, ` +
        `uniqCombined64MergeState(12)(finer.sources) AS sources FROM {rows} AS finer GROUP BY economy, day, service, target_port`,
    },
    {
      // Which networks stirred in which ten seconds: where in the events, which lie by network, a list in order of time looks.
      name: 'moments',
      columns: [
        { name: 'moment', type: "DateTime('UTC')" },
        { name: 'asn', type: 'UInt32' },
        { name: 'economy', type: 'LowCardinality(String)' },
        { name: 'service', type: 'LowCardinality(String)' },
        { name: 'target_port', type: 'UInt16' },
        { name: 'events', type: sum },
      ],
      tail:
        `ENGINE = SummingMergeTree(events) PARTITION BY toMonday(moment) ` +
        `ORDER BY (moment, asn, economy, service, target_port) SETTINGS ${dedup}, index_granularity = 1024`,
      select:
        `SELECT toStartOfInterval(toDateTime(time, 'UTC'), INTERVAL 10 SECOND) AS moment, asn, economy, service, target_port, count() AS events ` +
        `FROM {rows} WHERE provenance != 'quarantine' GROUP BY moment, asn, economy, service, target_port`,
    },
    {
      name: 'recurring',
      of: 'sightings',
      columns: [
        { name: 'type', type: 'LowCardinality(String)' },
        { name: 'value', type: 'String' },
        { name: 'day', type: 'Date' },
        { name: 'first_seen', type: first },
        { name: 'last_seen', type: last },
        { name: 'events', type: sum },
        { name: 'sources', type: 'AggregateFunction(uniqCombined64(12), IPv6)' },
        { name: 'networks', type: 'AggregateFunction(uniqCombined64(12), UInt32)' },
        { name: 'sensors', type: 'AggregateFunction(uniqCombined64(12), String)' },
        { name: 'session', type: 'SimpleAggregateFunction(anyLast, UUID)' },
        { name: 'detail', type: 'SimpleAggregateFunction(anyLast, String)' },
      ],
      tail: `ENGINE = AggregatingMergeTree PARTITION BY toYYYYMM(day) ORDER BY (type, value, day) SETTINGS ${dedup}, index_granularity = 256`,
      select:
        `SELECT type, value, day, min(finer.first_seen) AS first_seen, max(finer.last_seen) AS last_seen, ` +
        `sum(finer.events) AS events, uniqCombined64MergeState(12)(finer.sources) AS sources, ` +
        `uniqCombined64MergeState(12)(finer.networks) AS networks, uniqCombined64State(12)(toString(sensor)) AS sensors, ` +
        `anyLast(finer.session) AS session, anyLast(finer.detail) AS detail FROM {rows} AS finer GROUP BY type, value, day`,
    },
  ].map((rollup: Rollup) => ({
    ...rollup,
    columns: rollup.columns.map(({ name, type }) => ({ name, type: `${type} CODEC(ZSTD(3))` })),
    tail: rollup.tail.replace(' SETTINGS', ` TTL ${endOf(rollup, retention)} SETTINGS`),
  }))

/** Rollups of earlier releases that nothing asks any more. */
export const retired: readonly string[] = ['networks']
