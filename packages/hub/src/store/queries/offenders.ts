import { z } from 'zod'
import { address, instant, number, query, type Window } from '../query.ts'
import { dayOf, inPrefix, orderBy, page, withinDays, type Page, type Scope } from '../scope.ts'
import { join, sql, string, strings, time } from '../sql.ts'
import { severityOf } from './findings.ts'

export const offenderSorts = ['severity', 'last_seen', 'first_seen', 'events', 'days'] as const
/** An address is new when nothing was seen of it in the year before. */
const memory = 365 * 86_400_000
/** A window with the time before it in which what is not new was seen. */
export const remembered = ({ since, until }: Window): Window => ({
  since: new Date(Date.parse(since) - memory).toISOString(),
  until,
})

/** Addresses that attacked: what they did, how bad it is, since when, and whether they still do. */
export const offenders = query({
  name: 'offenders',
  row: z.object({
    source: address,
    prefix: z.string(),
    asn: number,
    severity: number,
    rules: z.array(z.string()),
    events: number,
    days: number,
    first_seen: instant,
    last_seen: instant,
    state: z.enum(['new', 'active', 'quiet']),
  }),
  build: (p: {
    window: Window
    scope: Scope
    page: Page
    sort?: string | undefined
    descending?: boolean
    contains?: string | undefined
    rules?: readonly string[] | undefined
    state?: 'new' | 'active' | 'quiet' | undefined
  }) => {
    const since = dayOf(p.window.since)
    // A window of whole days ends tonight: what is new is told from now, or all would stop being new at midnight.
    const until = sql`least(${time(p.window.until)}, now64(6))`
    return sql`SELECT * FROM (
        SELECT toString(source_ip) AS source, anyLast(findings.prefix) AS prefix, any(findings.asn) AS asn,
          maxIf(${severityOf}, findings.day >= ${since}) AS severity,
          arraySort(groupUniqArrayIf(toString(findings.rule), findings.day >= ${since})) AS rules,
          sumIf(findings.events, findings.day >= ${since}) AS events, uniqExactIf(findings.day, findings.day >= ${since}) AS days,
          min(findings.first_seen) AS first_seen, max(findings.last_seen) AS last_seen,
          multiIf(first_seen >= ${until} - INTERVAL 24 HOUR, 'new', last_seen >= ${until} - INTERVAL 48 HOUR, 'active', 'quiet') AS state
        FROM skep.findings AS findings WHERE ${withinDays('findings', remembered(p.window), p.scope)}
        ${p.contains === undefined ? sql`` : sql`AND position(toString(source_ip), ${string(p.contains)}) > 0`}
        GROUP BY source_ip HAVING days > 0)
      WHERE 1 ${p.rules === undefined ? sql`` : sql`AND hasAny(rules, ${strings(p.rules)})`}
        ${p.state === undefined ? sql`` : sql`AND state = ${string(p.state)}`}
      ${orderBy(offenderSorts, p.sort, p.descending)}, source ${page(p.page)}`
  },
})

/** How many addresses are new, still active or quiet, and how bad they are at worst. */
export const offenderCounts = query({
  name: 'offender counts',
  row: z.object({ state: z.string(), severity: number, sources: number }),
  build: (p: { window: Window; scope: Scope }) => {
    const inner = offenders.build({ ...p, page: { limit: 10_000_000, offset: 0 } })
    return sql`SELECT state, severity, count() AS sources FROM (${inner}) GROUP BY state, severity ORDER BY state, severity`
  },
})

/** Offending addresses within each of some prefixes: customers' ranges. */
export const offendersWithin = query({
  name: 'offenders within prefixes',
  row: z.object({ counts: z.array(number) }),
  build: (p: { window: Window; scope: Scope; prefixes: readonly string[] }) =>
    sql`SELECT [${join(
      p.prefixes.map((prefix) => sql`uniqExactIf(source_ip, ${inPrefix('source_ip', prefix)})`),
      ', ',
    )}] AS counts FROM skep.findings AS findings WHERE ${withinDays('findings', p.window, p.scope)}`,
})
