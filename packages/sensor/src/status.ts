import { createServer, type Server } from 'node:http'
import { exposition, type Beat, type Metric } from '@skep/vocabulary'
import type { Spool } from './spool/spool.ts'
import type { Uplink } from './uplink/uplink.ts'

/** What the status page of a sensor is made of. */
export interface StatusSource {
  readonly state: () => Promise<Omit<Beat, 'wall' | 'mono' | 'rtt' | 'epoch' | 'applied' | 'release'>>
  readonly spool: Spool
  readonly uplink: Uplink | undefined
  /** When the hub last answered a heartbeat. */
  readonly lastAnswer: () => number | undefined
}

async function metrics({ state, spool, uplink, lastAnswer }: StatusSource): Promise<Metric[]> {
  const now = await state()
  const one = (name: string, help: string, value: number, type: Metric['type'] = 'gauge'): Metric => ({
    name: `skep_sensor_${name}`,
    help,
    type,
    values: [{ value }],
  })
  return [
    one('events_made_total', 'Events recorded in this run', now.made, 'counter'),
    one('spool_events', 'Events that the hub has not acknowledged', now.spool_events),
    one('spool_bytes', 'Bytes in the spool', now.spool_bytes),
    one('spool_oldest_seconds', 'Age of the oldest event that waits', now.lag_s),
    {
      name: 'skep_sensor_events_dropped_total',
      help: 'Events lost, by reason; each is also declared to the hub',
      type: 'counter',
      values: Object.entries(spool.lost).map(([reason, value]) => ({ labels: { reason }, value })),
    },
    one('outbox_files', 'Artifacts and recordings that wait', now.outbox_files),
    one('outbox_bytes', 'Bytes of artifacts and recordings that wait', now.outbox_bytes),
    one('sessions', 'Open conversations', now.sessions),
    one('faults_total', 'Errors of our own', now.faults, 'counter'),
    one('overflow_datagrams_total', 'Datagrams that came faster than they are recorded', now.overflow, 'counter'),
    one('resident_memory_bytes', 'Resident memory', now.memory),
    one('uptime_seconds', 'Seconds since the start', now.uptime_s),
    {
      name: 'skep_sensor_listener_up',
      help: 'Whether a port takes connections',
      type: 'gauge',
      values: now.listeners.map(({ service, transport, port, up }) => ({
        labels: { service, transport, port: String(port) },
        value: up ? 1 : 0,
      })),
    },
    ...(uplink === undefined
      ? []
      : [
          one('batches_total', 'Batches that the hub acknowledged', uplink.counts.batches, 'counter'),
          one('delivered_events_total', 'Events that the hub acknowledged', uplink.counts.events, 'counter'),
          one('uplink_failures_total', 'Requests that failed', uplink.counts.failures, 'counter'),
        ]),
    one('hub_answered_timestamp_seconds', 'When the hub last answered', (lastAnswer() ?? 0) / 1000),
  ]
}

/** Serves /healthz, /readyz and /metrics to the host of the sensor. @throws EADDRINUSE … */
export async function serveStatus(at: { address: string; port: number }, source: StatusSource): Promise<Server> {
  const server = createServer((request, response) => {
    const answer = async (): Promise<void> => {
      const path = (request.url ?? '').split('?')[0]
      if (path === '/metrics') {
        response.setHeader('content-type', 'text/plain; version=0.0.4; charset=utf-8')
        response.end(exposition(await metrics(source)))
      } else if (path === '/healthz') response.end('ok\n')
      else if (path === '/readyz') {
        const { listeners } = await source.state()
        const down = listeners.filter(({ up }) => !up).length
        const away = source.uplink !== undefined && Date.now() - (source.lastAnswer() ?? 0) > 180_000
        response.statusCode = down > 0 || away ? 503 : 200
        response.end(
          down > 0 ? `${down} listeners are down\n` : away ? 'the hub has not answered for 3 minutes\n' : 'ready\n',
        )
      } else {
        response.statusCode = 404
        response.end()
      }
    }
    answer().catch(() => response.destroy())
  })
  server.headersTimeout = 5000
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(at.port, at.address, resolve)
  })
  return server
}
