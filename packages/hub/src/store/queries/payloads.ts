import { z } from 'zod'
import { address, number, query } from '../query.ts'
import { sql, time, uuid } from '../sql.ts'

/** Where URLs of payloads were seen, by when the hub got to know, with whom they came from. */
export const payloads = query({
  name: 'payloads',
  row: z.object({
    id: z.string(),
    sensor: z.string(),
    session: z.string(),
    service: z.string(),
    transport: z.string(),
    source_ip: address,
    source_port: number,
    target_port: number,
    url: z.string(),
    tool: z.string(),
    received: z.string(),
  }),
  build: ({ since, after, limit }: { since: string; after: string; limit: number }) =>
    sql`SELECT events.id AS id, events.sensor AS sensor, events.session AS session, events.service AS service,
          events.transport AS transport, events.source_ip AS source_ip, events.source_port AS source_port,
          events.target_port AS target_port, events.url AS url, events.tool AS tool, events.received AS received
        FROM skep.events AS events
        WHERE events.kind = 'payload.seen' AND events.provenance = 'live' AND events.received >= ${time(since)}
          AND (events.received, events.id) > (${time(since)}, ${uuid(after)})
        ORDER BY events.received, events.id LIMIT ${{ type: 'UInt32', value: limit }}`,
})
