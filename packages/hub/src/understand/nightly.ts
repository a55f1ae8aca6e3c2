import type { Log } from '@skep/vocabulary'
import type { Enricher } from '../enrich/enricher.ts'
import { regionOf } from '../networks/regions.ts'
import type { Relational } from '../relational/database.ts'
import type { Store } from '../store/client.ts'
import { contactParts, contacts, contactTotals } from '../store/queries/index.ts'
import { run } from '../store/query.ts'
import { adjusted } from './statistics.ts'
import { Judge, type Stand } from './verdicts.ts'

/** What is judged: everything that recurs. */
export const entityTypes = [
  'source',
  'credential',
  'url',
  'artifact',
  'command',
  'key',
  'hassh',
  'ja4',
  'agent',
  'target',
  'campaign',
] as const

const day = 86_400_000

/** Where the sensors stand: the groups that something can be aimed at. */
export async function standsOf(
  relational: Relational,
  enricher: Enricher,
  today = new Date().toISOString().slice(0, 10),
): Promise<Stand[]> {
  const organisations = new Map((await relational.fleet.organisations()).map((one) => [one.name, one]))
  return (await relational.fleet.sensors())
    .filter(({ state }) => state !== 'quarantined')
    .map((row) => {
      const origin = row.remote === null ? undefined : enricher.lookup(row.remote, today)
      const organisation = organisations.get(row.organisation)
      const economy = origin?.economy || organisation?.economy || ''
      return {
        sensor: row.name,
        organisation: row.organisation,
        groups: {
          ...(origin?.prefix && { prefix: origin.prefix }),
          ...(origin?.asn && { asn: `AS${origin.asn}` }),
          ...(economy !== '' && { economy }),
          ...(regionOf(economy) !== '' && { region: regionOf(economy) }),
          ...(organisation?.sector && { sector: organisation.sector }),
        },
      }
    })
}

/**
 * Judges every entity of the last 30 days and writes the verdicts down.
 * @returns how many entities were looked at, and how many verdicts stand
 */
export async function judgeAll(
  { store, relational, enricher, log }: { store: Store; relational: Relational; enricher: Enricher; log: Log },
  now = Date.now(),
): Promise<{ entities: number; verdicts: number }> {
  const window = { since: new Date(now - 30 * day).toISOString(), until: new Date(now).toISOString() }
  const today = window.until.slice(0, 10)
  const stands = await standsOf(relational, enricher, today)
  const counts = { entities: 0, verdicts: 0 }
  for (const type of entityTypes) {
    const totals = new Map(
      (await run(store, contactTotals, { type, window })).rows.map(({ sensor, contacts: n }) => [sensor, n]),
    )
    // Comparable: sensors that things of this type reach at all.
    const judge = new Judge(
      stands.filter(({ sensor }) => totals.has(sensor)),
      totals,
    )
    const weighed: (ReturnType<Judge['weigh']> & { sensors: string[] })[] = []
    for (let part = 0; part < contactParts; part++) {
      const { rows } = await run(store, contacts, { type, window, part })
      for (const { entity, touched } of rows)
        weighed.push({ ...judge.weigh({ entity, touched }), sensors: touched.map(([sensor]) => sensor) })
    }
    const q = adjusted(weighed.map(({ p }) => p))
    const lines: string[] = []
    weighed.forEach(({ sensors, ...one }, i) => {
      const verdict = judge.conclude(one, q[i] ?? 1)
      if (verdict.verdict === 'not enough data') return
      const { group } = verdict
      lines.push(
        JSON.stringify({
          run: today,
          type,
          entity: verdict.entity,
          verdict: verdict.verdict,
          k: verdict.k,
          d: verdict.d,
          n: verdict.n,
          expected: verdict.expected,
          group_kind: group?.kind ?? '',
          group_name: group?.name ?? '',
          group_k: group?.k ?? 0,
          group_expected: group?.expected ?? 0,
          lift: group?.lift ?? 0,
          p: verdict.p,
          q: verdict.q,
          sensors,
        }),
      )
    })
    counts.entities += weighed.length
    counts.verdicts += lines.length
    for (let i = 0; i < lines.length; i += 20_000)
      await store.insert(
        'verdicts',
        Buffer.from(`${lines.slice(i, i + 20_000).join('\n')}\n`),
        `verdicts ${today} ${type} ${i}`,
      )
  }
  log(`judged ${counts.entities} entities of 30 days on ${stands.length} sensors: ${counts.verdicts} verdicts`)
  return counts
}

/** Runs the look of the day, once for all hubs. */
export async function judgeDaily(parts: Parameters<typeof judgeAll>[0]): Promise<void> {
  const today = new Date().toISOString().slice(0, 10)
  if ((await parts.relational.meta('verdicts')) === today) return
  await judgeAll(parts)
  await parts.relational.setMeta('verdicts', today)
}
