import { reachOf, type Reach } from '../../access/caller.ts'
import type { Relational } from '../../relational/database.ts'
import type { Store } from '../../store/client.ts'
import { findingsByDay, findingsByPrefix, findingsByRule, findingTotals, offenders } from '../../store/queries/index.ts'
import { run, type Window } from '../../store/query.ts'
import { severities, type Severity } from '../../understand/rule.ts'
import { ruleById } from '../../understand/rules/index.ts'
import { escapeHtml } from '../pack/html.ts'
import { openSheet } from '../pack/sheet.ts'

const day = 86_400_000

/** What a report says of a time. */
export interface Summary {
  readonly organisation: string
  readonly since: string
  readonly until: string
  readonly sources: number
  readonly sources_before: number
  readonly days: readonly { day: string; sources: number }[]
  readonly findings: readonly {
    title: string
    severity: Severity
    technique: string
    sources: number
    sources_before: number
  }[]
  readonly prefixes: readonly { prefix: string; sources: number }[]
  readonly worst: readonly { source: string; severity: Severity; state: string }[]
  readonly cases: Readonly<Record<string, number>>
}

/** The whole period that ended last before a time, and its name: `2026-11-22`, `2026-W47`, `2026-10`. */
export function lastPeriod(period: 'daily' | 'weekly' | 'monthly', now: number): { window: Window; name: string } {
  const today = Math.floor(now / day) * day
  const date = new Date(now)
  const [start, end] =
    period === 'daily'
      ? [today - day, today]
      : period === 'weekly'
        ? (() => {
            // Weeks begin on Monday; the first of January 1970 was a Thursday.
            const monday = today - ((Math.floor(today / day) + 3) % 7) * day
            return [monday - 7 * day, monday] as const
          })()
        : [
            Date.UTC(date.getUTCFullYear(), date.getUTCMonth() - 1, 1),
            Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1),
          ]
  const window = { since: new Date(start).toISOString(), until: new Date(end - 1).toISOString() }
  const first = window.since.slice(0, 10)
  if (period === 'weekly') {
    const thursday = new Date(start + 3 * day)
    const week = Math.floor((start + 3 * day - Date.UTC(thursday.getUTCFullYear(), 0, 1)) / (7 * day)) + 1
    return { window, name: `${thursday.getUTCFullYear()}-W${String(week).padStart(2, '0')}` }
  }
  return { window, name: period === 'daily' ? first : first.slice(0, 7) }
}

/** Gathers what a report says. */
export async function summarise(
  { store, relational }: { store: Store; relational: Relational },
  organisation: string,
  window: Window,
): Promise<Summary> {
  const reach: Reach = { ...(await reachOf(relational, organisation)), sensors: [] }
  const scope = { reach }
  const [totals, days, findings, prefixes, worst] = await Promise.all([
    run(store, findingTotals, { window, scope }),
    run(store, findingsByDay, { window, scope }),
    run(store, findingsByRule, { window, scope }),
    run(store, findingsByPrefix, { window, scope }),
    run(store, offenders, { window, scope, page: { limit: 20, offset: 0 } }),
  ])
  const byDay = new Map<string, number>()
  for (const row of days.rows) byDay.set(row.day, (byDay.get(row.day) ?? 0) + row.sources)
  const count = Math.ceil((Date.parse(window.until) - Date.parse(window.since)) / day)
  return {
    organisation,
    ...window,
    sources: totals.rows[0]?.sources ?? 0,
    sources_before: totals.rows[0]?.sources_before ?? 0,
    days: Array.from({ length: count }, (_, i) => {
      const date = new Date(Date.parse(window.since) + i * day).toISOString().slice(0, 10)
      return { day: date, sources: byDay.get(date) ?? 0 }
    }),
    findings: findings.rows
      .filter(({ sources }) => sources > 0)
      .slice(0, 12)
      .map((row) => {
        const rule = ruleById(row.rule)
        return {
          title: rule?.title ?? row.rule,
          severity: rule?.severity ?? 'info',
          technique: rule?.technique.id ?? '',
          sources: row.sources,
          sources_before: row.sources_before,
        }
      }),
    prefixes: prefixes.rows.slice(0, 10).map(({ prefix, sources }) => ({ prefix, sources })),
    worst: worst.rows.map((row) => ({
      source: row.source,
      severity: severities[row.severity] ?? 'info',
      state: row.state,
    })),
    cases: await relational.cases.counts(organisation),
  }
}

/** The sentence that a report begins with. */
export function headline({ sources, sources_before: before, since, until, organisation }: Summary): string {
  const by = sources - before
  const change = by === 0 ? 'as many as' : `${Math.abs(by)} ${by > 0 ? 'more' : 'fewer'} than`
  return `${sources} addresses of ${organisation} attacked from ${since.slice(0, 10)} to ${until.slice(0, 10)}, ${change} in the time before.`
}

/** A report in plain text. */
export const summaryText = (summary: Summary, link: string): string =>
  [
    headline(summary),
    '',
    'What they do:',
    ...summary.findings.map(
      (one) =>
        `  ${String(one.sources).padStart(6)}  (${one.sources_before} before)  ${one.severity}: ${one.title} ${one.technique}`,
    ),
    '',
    'By prefix:',
    ...summary.prefixes.map(({ prefix, sources }) => `  ${String(sources).padStart(6)}  ${prefix}`),
    '',
    'The worst:',
    ...summary.worst.map(({ source, severity, state }) => `  ${source}  ${severity}, ${state}`),
    '',
    `Cases: ${Object.entries(summary.cases)
      .map(([state, n]) => `${n} ${state}`)
      .join(', ')}`,
    '',
    link,
    '',
  ].join('\n')

/** A report as HTML for mail: bars are cells, so that they are seen without pictures. */
export function summaryHtml(summary: Summary, link: string): string {
  const e = escapeHtml
  const bars = (rows: readonly { name: string; value: number }[]): string => {
    const max = Math.max(1, ...rows.map(({ value }) => value))
    return `<table style="border-collapse:collapse;width:100%">${rows
      .map(
        ({ name, value }) =>
          `<tr><td style="padding:2px 8px 2px 0;white-space:nowrap">${e(name)}</td><td style="width:60%"><div style="background:#2f6690;height:10px;width:${Math.max(1, Math.round((value / max) * 100))}%"></div></td><td style="text-align:right;padding-left:8px">${value}</td></tr>`,
      )
      .join('')}</table>`
  }
  return (
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${e(summary.organisation)}</title></head>` +
    `<body style="font:15px/1.5 system-ui,sans-serif;max-width:46rem;margin:1rem auto;color:#22201c">` +
    `<p>${e(headline(summary))}</p><h2 style="font-size:1rem">Day by day</h2>${bars(summary.days.map(({ day: name, sources: value }) => ({ name, value })))}` +
    `<h2 style="font-size:1rem">What they do</h2><table>${summary.findings
      .map(
        (one) =>
          `<tr><td style="text-align:right;padding-right:8px">${one.sources}</td><td style="padding-right:8px">${e(one.severity)}</td><td>${e(one.title)} ${e(one.technique)} <span style="color:#6b655c">(${one.sources_before} before)</span></td></tr>`,
      )
      .join('')}</table>` +
    `<h2 style="font-size:1rem">By prefix</h2>${bars(summary.prefixes.map(({ prefix: name, sources: value }) => ({ name, value })))}` +
    `<h2 style="font-size:1rem">The worst</h2><p>${summary.worst.map(({ source, severity }) => `${e(source)} (${e(severity)})`).join(', ') || 'none'}</p>` +
    `<p>Cases: ${e(
      Object.entries(summary.cases)
        .map(([state, n]) => `${n} ${state}`)
        .join(', '),
    )}</p><p><a href="${e(link)}">${e(link)}</a></p></body></html>`
  )
}

/** A report as PDF. */
export async function summaryPdf(summary: Summary, title: string): Promise<Buffer> {
  const sheet = await openSheet(title, 'en', 'en')
  sheet.write(title, 'title')
  sheet.gap()
  sheet.write(headline(summary))
  sheet.gap()
  sheet.write('Unique offending addresses a day', 'bold')
  sheet.columns(
    summary.days.map(({ sources }) => sources),
    summary.since.slice(0, 10),
    summary.until.slice(0, 10),
  )
  sheet.gap()
  sheet.write('What they do', 'bold')
  sheet.bars(summary.findings.map(({ title: name, sources: value }) => ({ name: name.slice(0, 60), value })))
  sheet.gap()
  sheet.write('By prefix', 'bold')
  sheet.bars(summary.prefixes.map(({ prefix: name, sources: value }) => ({ name, value })))
  sheet.gap()
  sheet.write('The worst', 'bold')
  for (const { source, severity, state } of summary.worst) sheet.write(`${source}  ${severity}, ${state}`, 'mono')
  sheet.gap()
  for (const [state, n] of Object.entries(summary.cases)) sheet.fact(`Cases ${state}`, String(n))
  return sheet.finish()
}
