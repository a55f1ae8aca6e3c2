import { z } from 'zod'
import { reachOf, type Reach } from '../../access/caller.ts'
import type { Relational } from '../../relational/database.ts'
import type { Store } from '../../store/client.ts'
import { offenders, sources, verdictList } from '../../store/queries/index.ts'
import { run } from '../../store/query.ts'
import { causes, severities, severityRank } from '../../understand/rule.ts'
import { rules } from '../../understand/rules/index.ts'
import { contains, readResource } from '../resource.ts'
import { routingOf } from '../routing/keep.ts'
import { defang, oneLine } from '../pack/text.ts'

const hour = 3_600_000
const day = 24 * hour

const which = {
  prefix: z
    .string()
    .max(80)
    .refine((text) => {
      try {
        return readResource(text).kind === 'prefix'
      } catch {
        return false
      }
    }, 'a prefix')
    .optional(),
  severity: z.enum(severities).default('medium'),
  service: z
    .string()
    .regex(/^[a-z0-9._-]{1,64}$/)
    .optional(),
  rule: z.enum(rules.map(({ id }) => id) as [string]).optional(),
  cause: z.enum(causes).optional(),
}

/** What can be watched for. */
export const conditionShape = z.discriminatedUnion('when', [
  z.strictObject({
    when: z.literal('threshold').describe('so many addresses attack within some hours'),
    ...which,
    addresses: z.number().int().min(1).max(1_000_000),
    hours: z.number().int().min(1).max(168).default(24),
  }),
  z.strictObject({
    when: z.literal('first seen').describe('an address attacks of which nothing was seen in a year'),
    ...which,
  }),
  z.strictObject({ when: z.literal('relapse').describe('a case that was fixed opens again') }),
  z.strictObject({ when: z.literal('aimed').describe('something is aimed at the networks of our sensors') }),
  z.strictObject({ when: z.literal('routing').describe('announcements, ROAs and IRR objects of ours disagree') }),
  z.strictObject({ when: z.literal('silence').describe('a sensor of ours is silent') }),
])
export type Condition = z.infer<typeof conditionShape>
type Addresses = Extract<Condition, { when: 'threshold' | 'first seen' }>

interface Parts {
  readonly store: Store
  readonly relational: Relational
}

/** The findings' rules that a condition is about; undefined for all. */
function wantedRules({ rule, cause }: Addresses): string[] | undefined {
  return rule === undefined && cause === undefined
    ? undefined
    : rules
        .filter((one) => (rule === undefined || one.id === rule) && (cause === undefined || one.cause === cause))
        .map(({ id }) => id)
}

/** Addresses that fit, seen within a window; the worst first. */
async function matching({ store }: Parts, condition: Addresses, reach: Reach, since: number, until: number) {
  const window = { since: new Date(since).toISOString(), until: new Date(until).toISOString() }
  const scope = {
    reach: { asns: reach.asns, prefixes: reach.prefixes, sensors: [] },
    ...(condition.prefix !== undefined && { prefix: condition.prefix }),
  }
  const page = { limit: 20_000, offset: 0 }
  const wanted = wantedRules(condition)
  const { rows } = await run(store, offenders, {
    window,
    scope,
    page,
    sort: 'severity',
    ...(wanted !== undefined && { rules: wanted }),
  })
  const serving =
    condition.service === undefined
      ? undefined
      : new Set(
          (await run(store, sources, { window, scope: { ...scope, service: condition.service }, page })).rows.map(
            ({ source }) => source,
          ),
        )
  const least = severityRank(condition.severity)
  return rows.filter(
    (row) =>
      row.severity >= least && Date.parse(row.last_seen) >= since && (serving === undefined || serving.has(row.source)),
  )
}

/** What fits a condition now: a key for each thing, and words. */
export async function evaluate(
  parts: Parts,
  organisation: string,
  condition: Condition,
  now = Date.now(),
): Promise<Map<string, string>> {
  const reach = await reachOf(parts.relational, organisation)
  switch (condition.when) {
    case 'threshold': {
      const rows = await matching(parts, condition, reach, now - condition.hours * hour, now)
      if (rows.length < condition.addresses) return new Map()
      const worst = rows.slice(0, 5).map(({ source }) => source)
      return new Map([
        [
          'threshold',
          `${rows.length} addresses attacked within ${condition.hours} h (the limit is ${condition.addresses}); among them ${worst.join(', ')}`,
        ],
      ])
    }
    case 'first seen': {
      const rows = await matching(parts, condition, reach, now - day, now)
      return new Map(
        rows
          .filter(({ first_seen: first }) => Date.parse(first) >= now - day)
          .map((row) => [row.source, `${row.source} (${severities[row.severity]}): ${row.rules.join(', ')}`]),
      )
    }
    case 'relapse': {
      const cases = await parts.relational.cases.list(organisation, {
        states: ['new', 'acknowledged', 'working'],
        limit: 1000,
        offset: 0,
      })
      return new Map(
        cases
          .filter(({ relapses }) => relapses > 0)
          .map((one) => [`${one.id} ${one.relapses}`, `case ${one.id}: ${one.subject} attacks again (${one.cause})`]),
      )
    }
    case 'aimed': {
      const { rows } = await run(parts.store, verdictList, {
        sensors: reach.sensors,
        verdict: 'aimed',
        page: { limit: 1000, offset: 0 },
      })
      return new Map(
        rows.map((row) => [
          `${row.type} ${row.entity}`.slice(0, 300),
          `${row.type} ${oneLine(defang(row.entity)).slice(0, 120)}: ${row.d} of ${row.n} sensors, ${row.lift.toFixed(1)} times the expected, q ${row.q.toPrecision(1)}`,
        ]),
      )
    }
    case 'routing': {
      const state = await routingOf(parts.relational, organisation)
      return new Map(
        (state?.lines ?? [])
          .filter(({ certain, problems }) => certain && problems.length > 0)
          .map((line) => [
            `${line.prefix} ${line.asn} ${line.problems.join()}`.slice(0, 300),
            `${line.prefix} from AS${line.asn}, seen at ${line.seen} of ${line.vantages}: ${line.problems.join('; ')}`,
          ]),
      )
    }
    case 'silence': {
      const alerts = await parts.relational.fleet.alerts()
      return new Map(
        alerts
          .filter(({ sensor, kind }) => kind === 'silent' && reach.sensors.includes(sensor))
          .map(({ sensor, since }) => [
            sensor,
            `sensor ${sensor} has been silent since ${new Date(since).toISOString().slice(0, 16)}Z`,
          ]),
      )
    }
  }
}

/**
 * What a condition would have told in the last days: how many messages on which day. Of conditions that are about
 * addresses; the others have no history to look into.
 */
export async function preview(
  parts: Parts,
  organisation: string,
  condition: Condition,
  days = 30,
  now = Date.now(),
): Promise<{ day: string; addresses: number; tells: boolean }[] | undefined> {
  if (condition.when !== 'threshold' && condition.when !== 'first seen') return undefined
  const reach = await reachOf(parts.relational, organisation)
  const today = Math.floor(now / day) * day
  const all: { day: string; addresses: number; tells: boolean }[] = []
  for (let back = days - 1; back >= 0; back--) {
    const start = today - back * day
    const rows = await matching(parts, condition, reach, start, start + day - 1)
    const fit =
      condition.when === 'threshold' ? rows : rows.filter(({ first_seen: first }) => Date.parse(first) >= start)
    all.push({
      day: new Date(start).toISOString().slice(0, 10),
      addresses: fit.length,
      tells: fit.length >= (condition.when === 'threshold' ? condition.addresses : 1),
    })
  }
  return all
}

/** Whether a prefix is within what an organisation may watch. */
export const within = (prefix: string, reach: Reach, asnOf: (address: string) => number): boolean => {
  const address = prefix.split('/')[0] ?? ''
  return reach.prefixes.some((one) => contains(one, address)) || reach.asns.includes(asnOf(address))
}
