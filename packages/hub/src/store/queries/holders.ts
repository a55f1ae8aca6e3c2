import { z } from 'zod'
import { query } from '../query.ts'
import { within, type Scope } from '../scope.ts'
import { sql, string } from '../sql.ts'

/** The sensors with an event, within reach, that names an artifact or a recording. */
export const holders = query({
  name: 'holders',
  row: z.object({ sensor: z.string() }),
  build: ({ sha256, scope }: { sha256: string; scope: Scope }) =>
    sql`SELECT DISTINCT events.sensor AS sensor FROM skep.events AS events
        WHERE ${within('events', { since: '1970-01-01T00:00:00Z', until: '2200-01-01T00:00:00Z' }, scope)}
          AND events.sha256 = ${string(sha256)} LIMIT 100`,
})
