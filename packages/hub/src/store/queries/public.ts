import { z } from 'zod'
import { causes } from '../../understand/rule.ts'
import { rules } from '../../understand/rules/index.ts'
import { number, query, type Window } from '../query.ts'
import { dayOf } from '../scope.ts'
import { raw, sql } from '../sql.ts'

/** An address counts in public when so many sensors saw it: a probe of one machine changes nothing. */
export const leastSensors = 3
/** A line has so many addresses at least. */
export const leastSources = 10

const wellSeen = ({ since, until }: Window) =>
  sql`SELECT source_ip FROM skep.sources WHERE day >= ${dayOf(since)} AND day <= ${dayOf(until)} AND economy != ''
      GROUP BY source_ip HAVING uniqExact(sensor) >= ${{ type: 'UInt8', value: leastSensors }}`

/** Addresses by economy, for everybody to see. */
export const publicEconomies = query({
  name: 'public economies',
  row: z.object({ key: z.string(), sources: number }),
  build: ({ window }: { window: Window }) =>
    sql`SELECT economy AS key, uniqExact(source_ip) AS sources FROM skep.sources
        WHERE day >= ${dayOf(window.since)} AND day <= ${dayOf(window.until)} AND source_ip GLOBAL IN (${wellSeen(window)})
        GROUP BY key HAVING sources >= ${{ type: 'UInt8', value: leastSources }} ORDER BY sources DESC, key LIMIT 25`,
})

const causeOf = raw(
  `transform(rule, [${rules.map(({ id }) => `'${id}'`).join(', ')}], [${rules.map(({ cause }) => `'${cause}'`).join(', ')}], '')`,
)
/** Addresses by likely cause, for everybody to see. */
export const publicCauses = query({
  name: 'public causes',
  row: z.object({ key: z.enum(causes), sources: number }),
  build: ({ window }: { window: Window }) =>
    sql`SELECT ${causeOf} AS key, uniqExact(source_ip) AS sources FROM skep.findings
        WHERE day >= ${dayOf(window.since)} AND day <= ${dayOf(window.until)} AND source_ip GLOBAL IN (${wellSeen(window)})
        GROUP BY key HAVING key != '' AND sources >= ${{ type: 'UInt8', value: leastSources }} ORDER BY sources DESC, key LIMIT 12`,
})
