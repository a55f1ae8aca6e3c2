import type { Log } from '@skep/vocabulary'
import { reachOf } from '../access/caller.ts'
import type { Customer } from '../relational/claims.ts'
import type { Relational } from '../relational/database.ts'
import type { Store } from '../store/client.ts'
import { offenders } from '../store/queries/index.ts'
import { run } from '../store/query.ts'
import { causes, severities } from '../understand/rule.ts'
import { ruleById } from '../understand/rules/index.ts'
import { contains } from './resource.ts'

const day = 86_400_000
/** A case closes itself after so many days without an attack: stated when it is opened. */
export const quietDays = 14
/** Less than this opens no case: who only connects may be anybody. */
const leastSeverity = severities.indexOf('medium')
const most = 5000

/** The subject of a case: the customer's prefix, or the address itself. */
export const subjectOf = (source: string, customers: readonly Customer[]): string =>
  customers.find(({ prefix }) => contains(prefix, source))?.prefix ?? source

/** The likeliest cause of what rules found. */
export function causeOf(rules: readonly string[]) {
  const found = new Set(rules.flatMap((id) => ruleById(id)?.cause ?? []))
  return causes.find((cause) => found.has(cause)) ?? 'scanner'
}

/**
 * Opens, feeds, re-opens and closes the cases of every organisation that has a proved network.
 * @param since from when on evidence is looked at, ms
 * @returns what became of them
 */
export async function keepCases(
  { store, relational, log }: { store: Store; relational: Relational; log: Log },
  since = Date.now() - 2 * day,
): Promise<{ opened: number; relapsed: number; closed: number }> {
  const counts = { opened: 0, relapsed: 0, closed: 0 }
  const window = { since: new Date(since).toISOString(), until: new Date().toISOString() }
  for (const { organisation } of await relational.claims.holders()) {
    const { asns, prefixes } = await reachOf(relational, organisation)
    const customers = await relational.claims.customers(organisation)
    const { rows } = await run(store, offenders, {
      window,
      scope: { reach: { asns, prefixes, sensors: [] } },
      page: { limit: most, offset: 0 },
      sort: 'severity',
    })
    if (rows.length === most) log.warn(`${organisation} has more than ${most} offending addresses: the worst get cases`)
    for (const row of rows) {
      if (row.severity < leastSeverity) continue
      const outcome = await relational.cases.observe(
        {
          organisation,
          subject: subjectOf(row.source, customers),
          cause: causeOf(row.rules),
          severity: row.severity,
          first_seen: Date.parse(row.first_seen),
          last_seen: Date.parse(row.last_seen),
          events: row.events,
        },
        quietDays,
      )
      if (outcome === 'opened') counts.opened++
      if (outcome === 'relapsed') counts.relapsed++
    }
  }
  counts.closed = await relational.cases.closeQuiet()
  if (counts.opened + counts.relapsed + counts.closed > 0)
    log(`cases: ${counts.opened} opened, ${counts.relapsed} opened again, ${counts.closed} closed by quiet`)
  return counts
}
