import { z } from 'zod'
import { instant, number, query, type Window } from '../query.ts'
import type { Scope } from '../scope.ts'
import { join, raw, sql, string, time, uint32 } from '../sql.ts'

/** Whether the moments know where to look for a scope: one network is found quickly without them. */
export const isOfMoments = ({ asn, prefix, source, reach }: Scope): boolean =>
  asn === undefined && prefix === undefined && source === undefined && reach === undefined

/** How long a moment is, in milliseconds. */
export const momentLength = 10_000

/** Which networks stirred in which ten seconds, from one end of a window; those at the limit whole. */
export const moments = query({
  name: 'moments',
  row: z.object({ moment: instant, asns: z.array(number), lines: number }),
  build: ({
    window,
    scope,
    limit,
    descending,
  }: {
    window: Window
    scope: Scope
    limit: number
    descending: boolean
  }) => {
    const parts = [sql`moment >= ${time(window.since)} - INTERVAL 10 SECOND AND moment < ${time(window.until)}`]
    if (scope.economy !== undefined) parts.push(sql`economy = ${string(scope.economy)}`)
    if (scope.service !== undefined) parts.push(sql`service = ${string(scope.service)}`)
    if (scope.port !== undefined) parts.push(sql`target_port = ${{ type: 'UInt16', value: scope.port }}`)
    const order = raw(descending ? 'DESC' : 'ASC')
    // LIMIT … WITH TIES would read all: so the moment at the limit first, then what lies before it.
    const [beyond, edge] = descending ? [raw('>='), raw('min')] : [raw('<='), raw('max')]
    const rows = join(parts, ' AND ')
    return sql`SELECT moment, groupUniqArray(asn) AS asns, count() AS lines FROM skep.moments WHERE ${rows}
          AND moment ${beyond} (SELECT ${edge}(near.moment) FROM (
            SELECT moment FROM skep.moments WHERE ${rows} ORDER BY moment ${order} LIMIT ${uint32(limit)}) AS near)
        GROUP BY moment ORDER BY moment ${order}`
  },
})
