import { exposition, type Metric } from '@skep/vocabulary'
import { stateOf } from '../fleet/watch.ts'
import type { Context } from './context.ts'

/** The state of a hub and its fleet in Prometheus' form. */
export async function metricsText({ relational, ingest, version, ready }: Context): Promise<string> {
  const { fleet, ledger } = relational
  const [sensors, entries, alerts, refusals, letters, state] = await Promise.all([
    fleet.sensors(),
    ledger.entries(),
    fleet.alerts(),
    ledger.refusals(),
    ledger.deadLetters(),
    ready(),
  ])
  const one = (name: string, help: string, value: number, type: Metric['type'] = 'gauge'): Metric => ({
    name: `skep_hub_${name}`,
    help,
    type,
    values: [{ value }],
  })
  const each = (
    name: string,
    help: string,
    type: Metric['type'],
    value: (sensor: (typeof sensors)[number]) => number | null,
  ): Metric => ({
    name: `skep_sensor_${name}`,
    help,
    type,
    values: sensors.flatMap((sensor) => {
      const found = value(sensor)
      return found === null ? [] : [{ labels: { sensor: sensor.name }, value: found }]
    }),
  })
  const beat = (field: string) => (sensor: (typeof sensors)[number]) => {
    const value =
      sensor.heartbeat === null ? undefined : (JSON.parse(sensor.heartbeat) as Record<string, unknown>)[field]
    return typeof value === 'number' ? value : null
  }
  const total = (name: string, help: string, value: (entry: (typeof entries)[number]) => number): Metric => {
    const sums = new Map<string, number>()
    for (const entry of entries) sums.set(entry.sensor, (sums.get(entry.sensor) ?? 0) + value(entry))
    return {
      name: `skep_ledger_${name}`,
      help,
      type: 'gauge',
      values: [...sums].map(([sensor, sum]) => ({ labels: { sensor }, value: sum })),
    }
  }
  const dropped = new Map<string, number>()
  for (const entry of entries)
    for (const [reason, count] of Object.entries(entry.dropped))
      dropped.set(`${entry.sensor} ${reason}`, (dropped.get(`${entry.sensor} ${reason}`) ?? 0) + count)
  return exposition([
    { name: 'skep_hub_info', help: 'The version', type: 'gauge', values: [{ labels: { version }, value: 1 }] },
    one('ready', 'Whether events are taken', state.ready ? 1 : 0),
    one('committed_events_total', 'Events committed since the start', ingest.counts.committed, 'counter'),
    one('duplicate_events_total', 'Events that came again since the start', ingest.counts.duplicates, 'counter'),
    one('batches_total', 'Batches inserted since the start', ingest.counts.batches, 'counter'),
    one('store_retries_total', 'Inserts that had to be tried again', ingest.counts.retries, 'counter'),
    one('recovered_batches_total', 'Batches that an earlier crash had left', ingest.counts.recovered, 'counter'),
    one('waiting_events', 'Events that wait for the store', ingest.waiting),
    one('resident_memory_bytes', 'Resident memory', process.memoryUsage.rss()),
    one('uptime_seconds', 'Seconds since the start', Math.round(process.uptime())),
    each('up', 'Whether the sensor is heard', 'gauge', (sensor) => (stateOf(sensor) === 'online' ? 1 : 0)),
    each('last_heard_timestamp_seconds', 'When the sensor was last heard', 'gauge', ({ last_seen }) =>
      last_seen === null ? null : last_seen / 1000,
    ),
    each('clock_skew_seconds', 'The clock of the sensor less that of the hub', 'gauge', ({ skew_ms }) =>
      skew_ms === null ? null : skew_ms / 1000,
    ),
    each('spool_waiting_events', 'Events in the spool of the sensor', 'gauge', beat('spool_events')),
    each('lag_seconds', 'Age of the oldest event that waits on the sensor', 'gauge', beat('lag_s')),
    each('memory_bytes', 'Resident memory of the sensor', 'gauge', beat('memory')),
    total('made_events', 'Events that the sensor made', ({ made }) => made),
    total('committed_events', 'Events that are committed', ({ committed }) => committed),
    total('waiting_events', 'Events that are still on their way, by the sensor’s word', ({ waiting }) => waiting),
    total('missing_events', 'Events that are neither committed nor declared lost', ({ missing }) => missing),
    {
      name: 'skep_ledger_dropped_events',
      help: 'Events that are declared lost, by reason',
      type: 'gauge',
      values: [...dropped].map(([key, value]) => {
        const [sensor = '', reason = ''] = key.split(' ')
        return { labels: { sensor, reason }, value }
      }),
    },
    {
      name: 'skep_hub_refusals_total',
      help: 'Requests of sensors that were refused, by code',
      type: 'counter',
      values: refusals.map(({ sensor, code, count }) => ({ labels: { sensor, code }, value: count })),
    },
    {
      name: 'skep_hub_dead_letters',
      help: 'Events that could not be stored and are kept aside',
      type: 'gauge',
      values: [...new Set(letters.map(({ sensor }) => sensor))].map((sensor) => ({
        labels: { sensor },
        value: letters.reduce((sum, one) => sum + (one.sensor === sensor ? one.count : 0), 0),
      })),
    },
    {
      name: 'skep_fleet_alert',
      help: 'Open alerts of sensors',
      type: 'gauge',
      values: alerts.map(({ sensor, kind }) => ({ labels: { sensor, alert: kind }, value: 1 })),
    },
  ])
}
