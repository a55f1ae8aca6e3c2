import { z } from 'zod'
import { instant, query } from '../query.ts'
import { sql, time } from '../sql.ts'

/** Files that were named by events which the hub got since a moment, in that order. */
export const sightedArtifacts = query({
  name: 'sighted artifacts',
  row: z.object({ sha256: z.string(), received: instant }),
  build: ({ since, limit }: { since: string; limit: number }) =>
    sql`SELECT events.sha256 AS sha256, min(events.received) AS received FROM skep.events AS events
        WHERE events.kind = 'artifact.stored' AND events.received >= ${time(since)} AND events.sha256 != ''
        GROUP BY sha256 ORDER BY received, sha256 LIMIT ${{ type: 'UInt32', value: limit }}`,
})
