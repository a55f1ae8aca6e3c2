import { z } from 'zod'
import { query } from '../query.ts'
import { within, type Scope } from '../scope.ts'
import { sql, uuid } from '../sql.ts'

/** A place in the order of arrival: when the last one given was committed, and its id. */
export interface ArrivalCursor {
  readonly received: string
  readonly id: string
}
const arrival = (iso: string) => ({
  type: "DateTime64(3, 'UTC')",
  value: `${iso.slice(0, 10)} ${iso.slice(11, 23).replace(/Z$/, '')}`,
})

/**
 * Events in the order in which the hub committed them, whenever they happened: what came late from a sensor that was
 * cut off is not passed over. `until` lies a moment back, so that nothing is committed before a place already given.
 */
export const arrivals = query({
  name: 'arrivals',
  row: z.looseObject({}),
  build: (p: { after: ArrivalCursor; until: string; scope: Scope; limit: number }) =>
    sql`SELECT * FROM skep.events AS events
        WHERE ${within('events', { since: '1970-01-01T00:00:00Z', until: '2200-01-01T00:00:00Z' }, p.scope)}
          AND events.received >= ${arrival(p.after.received)} AND events.received < ${arrival(p.until)}
          AND (events.received, events.id) > (${arrival(p.after.received)}, ${uuid(p.after.id)})
          AND events.source_ip != toIPv6('::')
        ORDER BY events.received, events.id LIMIT ${{ type: 'UInt32', value: p.limit }}`,
})
