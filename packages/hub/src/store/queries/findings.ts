import { z } from 'zod'
import { rules } from '../../understand/rules/index.ts'
import { severityRank } from '../../understand/rule.ts'
import { instant, number, query, type Window } from '../query.ts'
import { dayOf, withinDays, type Scope } from '../scope.ts'
import { raw, sql, type Raw, type Sql } from '../sql.ts'

/** How bad a finding is, 0 to 4, as an expression over its rule; 0 for a rule that is not there any longer. */
export const severityOf: Raw = raw(
  `transform(findings.rule, [${rules.map(({ id }) => `'${id}'`).join(', ')}], [${rules
    .map(({ severity }) => severityRank(severity))
    .join(', ')}], 0)`,
)

/** The window of the same length before a window, in whole days. */
export function before({ since, until }: Window): Window {
  const length = Date.parse(until) - Date.parse(since)
  return { since: new Date(Date.parse(since) - length).toISOString(), until: since }
}

/** Both windows: this one and the one before, in one pass. */
const both = (window: Window, scope: Scope): Sql =>
  withinDays('findings', { since: before(window).since, until: window.until }, scope)
const now = (window: Window): Sql => sql`findings.day >= ${dayOf(window.since)}`

/** What was concluded, by rule: how many addresses did it, and how many in the time before. */
export const findingsByRule = query({
  name: 'findings by rule',
  row: z.object({
    rule: z.string(),
    sources: number,
    sources_before: number,
    events: number,
    first_seen: instant,
    last_seen: instant,
  }),
  build: ({ window, scope }: { window: Window; scope: Scope }) =>
    sql`SELECT findings.rule AS rule, uniqExactIf(source_ip, ${now(window)}) AS sources,
          uniqExactIf(source_ip, NOT (${now(window)})) AS sources_before, sumIf(findings.events, ${now(window)}) AS events,
          min(findings.first_seen) AS first_seen, max(findings.last_seen) AS last_seen
        FROM skep.findings AS findings WHERE ${both(window, scope)}
        GROUP BY rule HAVING sources > 0 OR sources_before > 0 ORDER BY sources DESC, rule`,
})

/** Unique offending addresses now and in the time before. */
export const findingTotals = query({
  name: 'finding totals',
  row: z.object({ sources: number, sources_before: number, events: number }),
  build: ({ window, scope }: { window: Window; scope: Scope }) =>
    sql`SELECT uniqExactIf(source_ip, ${now(window)}) AS sources, uniqExactIf(source_ip, NOT (${now(window)})) AS sources_before,
          sumIf(findings.events, ${now(window)}) AS events
        FROM skep.findings AS findings WHERE ${both(window, scope)}`,
})

/** Offending addresses by announced prefix, now and in the time before. */
export const findingsByPrefix = query({
  name: 'findings by prefix',
  row: z.object({ prefix: z.string(), sources: number, sources_before: number, severity: number, last_seen: instant }),
  build: ({ window, scope }: { window: Window; scope: Scope }) =>
    sql`SELECT findings.prefix AS prefix, uniqExactIf(source_ip, ${now(window)}) AS sources,
          uniqExactIf(source_ip, NOT (${now(window)})) AS sources_before, max(${severityOf}) AS severity,
          max(findings.last_seen) AS last_seen
        FROM skep.findings AS findings WHERE ${both(window, scope)}
        GROUP BY prefix ORDER BY sources DESC, sources_before DESC, prefix LIMIT 500`,
})

/** Unique offending addresses a day, by the worst that each did on it. */
export const findingsByDay = query({
  name: 'findings by day',
  row: z.object({ day: z.string(), severity: number, sources: number }),
  build: ({ window, scope }: { window: Window; scope: Scope }) =>
    sql`SELECT toString(day) AS day, severity, count() AS sources
        FROM (SELECT findings.day AS day, source_ip, max(${severityOf}) AS severity FROM skep.findings AS findings
              WHERE ${withinDays('findings', window, scope)} GROUP BY day, source_ip)
        GROUP BY day, severity ORDER BY day, severity`,
})

/** Offending addresses by origin AS: what networks are compared by. Never shown AS by AS to a member. */
export const offendersByNetwork = query({
  name: 'offenders by network',
  row: z.object({ asn: number, sources: number }),
  build: ({ window }: { window: Window }) =>
    sql`SELECT findings.asn AS asn, uniqExact(source_ip) AS sources FROM skep.findings AS findings
        WHERE ${withinDays('findings', window)} AND findings.asn != 0 GROUP BY asn`,
})
