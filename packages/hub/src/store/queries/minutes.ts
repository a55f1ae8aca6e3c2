import { z } from 'zod'
import { instant, number, query, type Window } from '../query.ts'
import type { Scope } from '../scope.ts'
import { join, raw, sql, string, time, uint32 } from '../sql.ts'

/** Whether the minutes know where to look for a scope: one network is found quickly without them. */
export const isOfMinutes = ({ asn, prefix, source, reach }: Scope): boolean =>
  asn === undefined && prefix === undefined && source === undefined && reach === undefined

/** Which networks stirred in which minute, from one end of a window; the minute at the limit whole. */
export const minutes = query({
  name: 'minutes',
  row: z.object({ minute: instant, asns: z.array(number), lines: number }),
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
    const parts = [sql`minute >= toStartOfMinute(${time(window.since)}) AND minute < ${time(window.until)}`]
    if (scope.economy !== undefined) parts.push(sql`economy = ${string(scope.economy)}`)
    if (scope.service !== undefined) parts.push(sql`service = ${string(scope.service)}`)
    if (scope.port !== undefined) parts.push(sql`target_port = ${{ type: 'UInt16', value: scope.port }}`)
    return sql`SELECT minute, groupUniqArray(asn) AS asns, count() AS lines FROM (
          SELECT minute, asn FROM skep.minutes WHERE ${join(parts, ' AND ')}
          ORDER BY minute ${raw(descending ? 'DESC' : 'ASC')} LIMIT ${uint32(limit)} WITH TIES)
        GROUP BY minute ORDER BY minute ${raw(descending ? 'DESC' : 'ASC')}`
  },
})
