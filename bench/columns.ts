import { columns, toLine, type Event } from '../packages/vocabulary/src/index.ts'

export { columns }

/** Events as the rows that the hub inserts. */
export const toRows = (events: readonly Event[]): string => {
  const origin = {
    prefix: '1.1.1.0/24',
    asn: 13335,
    asns: [13335],
    as_name: 'A network',
    economy: 'AU',
    registry: 'apnic',
    snapshot: 's',
  }
  const hub = { received: '2026-11-23T10:00:00.000Z', skew_ms: 0, provenance: 'live' }
  return events.map((event) => toLine(event, { ...hub, time: event.time }, origin)).join('\n')
}
