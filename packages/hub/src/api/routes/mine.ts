import { createRoute, z, type OpenAPIHono } from '@hono/zod-openapi'
import type { Caller } from '../../access/caller.ts'
import { compare } from '../../networks/peers.ts'
import {
  findingsByDay,
  findingsByPrefix,
  findingsByRule,
  findingTotals,
  malware,
  offenderCounts,
  offenders,
  offendersByNetwork,
  offendersWithin,
  verdictList,
} from '../../store/queries/index.ts'
import { run, type Window } from '../../store/query.ts'
import { entityTypes, standsOf } from '../../understand/nightly.ts'
import { causes, severities, type Severity } from '../../understand/rule.ts'
import { ruleById, rules } from '../../understand/rules/index.ts'
import { verdictNames } from '../../understand/verdicts.ts'
import { Redactor } from '../../access/redact.ts'
import type { Context, Env } from '../context.ts'
import { answerList, listOf, listQuery, pageOf, scopeOf, scopeQuery, windowOf } from '../list.ts'
import { json } from '../shapes.ts'

const severity = z.enum(severities)
export const severityName = (rank: number): Severity => severities[Math.max(0, Math.min(4, rank))] ?? 'info'
const ruleShape = z.object({
  rule: z.string(),
  title: z.string(),
  technique: z.object({ id: z.string(), name: z.string(), tactic: z.string() }),
  severity,
  cause: z.string(),
})
/** A rule in words, as lists show it. */
export function ruleInWords(id: string): z.infer<typeof ruleShape> {
  const { title = id, technique, severity: grade = 'info', cause = '' } = ruleById(id) ?? {}
  return { rule: id, title, technique: technique ?? { id: '', name: '', tactic: '' }, severity: grade, cause }
}

const day = 86_400_000
/** Findings are counted by day: a window of whole days, both ends in it. Default: a week. */
export function wholeDays(asked: Parameters<typeof windowOf>[0], length = 7): Window {
  const { since, until } = windowOf(asked, length)
  const start = Math.floor(Date.parse(since) / day) * day
  const end = Math.ceil(Date.parse(until) / day) * day
  return { since: new Date(start).toISOString(), until: new Date(Math.max(start + day, end) - 1).toISOString() }
}

/** What leaves a network, and what is aimed at it: the figures of “My network”. */
export function mineRoutes(app: OpenAPIHono<Env>, context: Context): void {
  const { store, enricher, relational } = context
  const made = { sql: z.string(), params: z.record(z.string(), z.unknown()) }
  /** What left the caller's networks, or those asked for; never what hit sensors. */
  const from = (asked: Parameters<typeof scopeOf>[0], caller: Caller) => scopeOf({ ...asked, side: 'from' }, caller)

  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/mine/overview',
      summary:
        'Offending addresses of a network: how many, how bad, new today, still active, quiet; and the time before',
      request: { query: z.object(scopeQuery) },
      responses: json(
        z.object({
          since: z.string(),
          until: z.string(),
          sources: z.number(),
          sources_before: z.number(),
          events: z.number(),
          new: z.number(),
          active: z.number(),
          quiet: z.number(),
          severities: z.record(severity, z.number()),
          as_name: z.string(),
          ...made,
        }),
        'The figures',
      ),
    }),
    async (c) => {
      const asked = c.req.valid('query')
      const window = wholeDays(asked)
      const scope = from(asked, c.get('caller'))
      const [counts, sums] = await Promise.all([
        run(store, offenderCounts, { window, scope }),
        run(store, findingTotals, { window, scope }),
      ])
      const sum = (pick: (row: { state: string; severity: number }) => boolean): number =>
        counts.rows.filter(pick).reduce((all, { sources }) => all + sources, 0)
      const { sources = 0, sources_before = 0, events = 0 } = sums.rows[0] ?? {}
      return c.json({
        ...window,
        sources,
        sources_before,
        events,
        new: sum(({ state }) => state === 'new'),
        active: sum(({ state }) => state === 'active'),
        quiet: sum(({ state }) => state === 'quiet'),
        severities: Object.fromEntries(
          severities.map((name, rank) => [name, sum((row) => row.severity === rank)]),
        ) as Record<Severity, number>,
        as_name: asked.asn === undefined ? '' : enricher.asName(asked.asn),
        sql: counts.sql,
        params: { ...counts.params },
      })
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/mine/days',
      summary: 'Unique offending addresses a day, by the worst that each did on it',
      request: { query: z.object({ ...scopeQuery, format: listQuery.format }) },
      responses: json(listOf(z.object({ day: z.string(), severity, sources: z.number() })), 'The days'),
    }),
    async (c) => {
      const asked = c.req.valid('query')
      const answer = await run(store, findingsByDay, {
        window: wholeDays(asked, 30),
        scope: from(asked, c.get('caller')),
      })
      const rows = answer.rows.map((row) => ({ ...row, severity: severityName(row.severity) }))
      return answerList(c, { ...answer, rows }, { limit: 100_000, format: asked.format }, 'days')
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/mine/prefixes',
      summary: 'Offending addresses by announced prefix, now and in the time before',
      request: { query: z.object({ ...scopeQuery, format: listQuery.format }) },
      responses: json(
        listOf(
          z.object({
            prefix: z.string(),
            sources: z.number(),
            sources_before: z.number(),
            severity,
            last_seen: z.string(),
          }),
        ),
        'The prefixes',
      ),
    }),
    async (c) => {
      const asked = c.req.valid('query')
      const answer = await run(store, findingsByPrefix, {
        window: wholeDays(asked),
        scope: from(asked, c.get('caller')),
      })
      const rows = answer.rows.map((row) => ({ ...row, severity: severityName(row.severity) }))
      return answerList(c, { ...answer, rows }, { limit: 500, format: asked.format }, 'prefixes')
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/findings',
      summary: 'What addresses did, by rule, with its ATT&CK technique, severity and likely cause',
      request: { query: z.object({ ...scopeQuery, format: listQuery.format }) },
      responses: json(
        listOf(
          ruleShape.extend({
            sources: z.number(),
            sources_before: z.number(),
            events: z.number(),
            first_seen: z.string(),
            last_seen: z.string(),
          }),
        ),
        'The findings',
      ),
    }),
    async (c) => {
      const asked = c.req.valid('query')
      const answer = await run(store, findingsByRule, { window: wholeDays(asked), scope: from(asked, c.get('caller')) })
      const rows = answer.rows.map(({ rule, ...row }) => ({ ...ruleInWords(rule), ...row }))
      return answerList(c, { ...answer, rows }, { limit: 500, format: asked.format }, 'findings')
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/offenders',
      summary: 'The addresses behind the figures: what each did, how bad it is, since when, whether it still does',
      request: {
        query: z.object({
          ...scopeQuery,
          ...listQuery,
          rule: z.enum(rules.map(({ id }) => id) as [string]).optional(),
          technique: z
            .string()
            .regex(/^T\d{4}(\.\d{3})?$/)
            .optional(),
          cause: z.enum(causes).optional(),
          state: z.enum(['new', 'active', 'quiet']).optional(),
        }),
      },
      responses: json(
        listOf(
          z.object({
            source: z.string(),
            prefix: z.string(),
            asn: z.number(),
            severity,
            causes: z.array(z.string()),
            rules: z.array(z.string()),
            events: z.number(),
            days: z.number(),
            first_seen: z.string(),
            last_seen: z.string(),
            state: z.string(),
          }),
        ),
        'The addresses',
      ),
    }),
    async (c) => {
      const asked = c.req.valid('query')
      const wanted = rules.filter(
        ({ id, technique, cause }) =>
          (asked.rule === undefined || id === asked.rule) &&
          (asked.technique === undefined || technique.id === asked.technique) &&
          (asked.cause === undefined || cause === asked.cause),
      )
      const answer = await run(store, offenders, {
        window: wholeDays(asked),
        scope: from(asked, c.get('caller')),
        page: pageOf(asked),
        sort: asked.sort,
        descending: asked.order === 'desc',
        contains: asked.contains,
        state: asked.state,
        ...(wanted.length < rules.length && { rules: wanted.map(({ id }) => id) }),
      })
      const rows = answer.rows.map((row) => ({
        ...row,
        severity: severityName(row.severity),
        causes: causesOf(row.rules),
      }))
      return answerList(c, { ...answer, rows }, asked, 'offenders')
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/mine/malware',
      summary: 'Programs that the addresses brought or fetched: files by hash, URLs, planted keys',
      request: { query: z.object({ ...scopeQuery, format: listQuery.format }) },
      responses: json(listOf(malware.row), 'The programs'),
    }),
    async (c) => {
      const asked = c.req.valid('query')
      const caller = c.get('caller')
      const answer = await run(store, malware, { window: wholeDays(asked), scope: from(asked, caller) })
      const redactor = new Redactor(caller.reach === undefined ? [] : await relational.fleet.addresses())
      const rows = answer.rows.map((row) => ({ ...row, value: redactor.text(row.value) }))
      return answerList(c, { ...answer, rows }, { limit: 50, format: asked.format }, 'malware')
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/mine/customers',
      summary: 'Offending addresses in each customer range',
      request: { query: z.object(scopeQuery) },
      responses: json(
        listOf(z.object({ prefix: z.string(), title: z.string(), contact: z.string(), sources: z.number() })),
        'The customers, the most addresses first',
      ),
    }),
    async (c) => {
      const asked = c.req.valid('query')
      const caller = c.get('caller')
      const all =
        caller.organisation === undefined ? [] : (await relational.claims.customers(caller.organisation)).slice(0, 200)
      if (all.length === 0) return c.json({ rows: [], sql: '', params: {} })
      const answer = await run(store, offendersWithin, {
        window: wholeDays(asked),
        scope: from(asked, caller),
        prefixes: all.map(({ prefix }) => prefix),
      })
      const counts = answer.rows[0]?.counts ?? []
      const rows = all
        .map(({ prefix, title, contact }, i) => ({ prefix, title, contact, sources: counts[i] ?? 0 }))
        .sort((a, b) => b.sources - a.sources)
      return c.json({ rows, sql: answer.sql, params: { ...answer.params } })
    },
  )

  // Who else: asked for all networks at once, so it is kept for a while.
  const known = new Map<string, { at: number; found: Promise<ReadonlyMap<number, number>> }>()
  const offendersOf = (window: Window): Promise<ReadonlyMap<number, number>> => {
    const key = `${window.since} ${window.until}`
    const kept = known.get(key)
    if (kept !== undefined && Date.now() - kept.at < 600_000) return kept.found
    const found = run(store, offendersByNetwork, { window }).then(
      ({ rows }) => new Map(rows.map(({ asn, sources }) => [asn, sources])),
    )
    if (known.size > 100) known.clear()
    known.set(key, { at: Date.now(), found })
    found.catch(() => known.delete(key))
    return found
  }
  const rate = z.object({
    offenders: z.number(),
    addresses: z.number(),
    rate: z.number(),
    low: z.number(),
    high: z.number(),
  })
  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/peers',
      summary: 'A network beside those of its economy, sub-region and size: offending per 100,000 announced addresses',
      description:
        'The rate is shrunk towards its group and has an interval of 95 %; groups of fewer than five networks are not shown, and no network of a group is.',
      request: { query: z.object(scopeQuery) },
      responses: json(
        z.object({
          mine: rate.nullable(),
          groups: z.array(
            z.object({
              group: z.string(),
              networks: z.number(),
              rate: z.number(),
              median: z.number(),
              lower_quartile: z.number(),
              upper_quartile: z.number(),
              share_below: z.number(),
            }),
          ),
        }),
        'The comparison',
      ),
    }),
    async (c) => {
      const asked = c.req.valid('query')
      const { reach } = c.get('caller')
      const asns =
        reach === undefined
          ? asked.asn === undefined
            ? []
            : [asked.asn]
          : reach.asns.filter((asn) => asked.asn === undefined || asn === asked.asn)
      const found = compare(asns, await offendersOf(wholeDays(asked)), enricher.sizes)
      return c.json({ mine: found?.mine ?? null, groups: [...(found?.groups ?? [])] })
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/verdicts',
      summary: 'What is aimed at you, and what comes to all: for addresses, credentials, URLs, programs, tools',
      description:
        'Of members, only what touched their own sensors. k: contacts (sensor-days); d: sensors touched; n: comparable sensors; expected: sensors that as many random contacts would touch; p, q: chance of the group over all groups, and the share of false ones among findings like it. The group is named only if it is your own, or large enough that nobody is found by it.',
      request: {
        query: z.object({
          ...listQuery,
          type: z.enum(entityTypes).optional(),
          verdict: z.enum(verdictNames).optional(),
          entity: z.string().max(16_384).optional(),
        }),
      },
      responses: json(listOf(verdictList.row), 'The verdicts of the last nightly look'),
    }),
    async (c) => {
      const asked = c.req.valid('query')
      const { reach } = c.get('caller')
      const answer = await run(store, verdictList, {
        sensors: reach?.sensors,
        type: asked.type,
        verdict: asked.verdict,
        entity: asked.entity,
        page: pageOf(asked),
        sort: asked.sort,
        descending: asked.sort !== undefined && asked.order === 'desc',
      })
      if (reach === undefined) return answerList(c, answer, asked, 'verdicts')
      const mine = await ownGroups(context, reach.sensors)
      const rows = answer.rows.map((row) =>
        row.group_name === '' || mine.has(`${row.group_kind} ${row.group_name}`) || row.group_kind === 'region'
          ? row
          : { ...row, group_name: 'elsewhere' },
      )
      return answerList(c, { ...answer, rows }, asked, 'verdicts')
    },
  )
}

/** The groups that an organisation's own sensors stand in. */
async function ownGroups(
  { relational, enricher }: Pick<Context, 'relational' | 'enricher'>,
  sensors: readonly string[],
): Promise<ReadonlySet<string>> {
  const stands = await standsOf(relational, enricher)
  return new Set(
    stands.flatMap(({ sensor, groups }) =>
      sensors.includes(sensor) ? Object.entries(groups).map(([kind, name]) => `${kind} ${name}`) : [],
    ),
  )
}

/** The likely causes of what an address did, the likeliest and worst first. */
export const causesOf = (ids: readonly string[]): string[] => {
  const found = new Set(ids.flatMap((id) => ruleById(id)?.cause ?? []))
  const all = causes.filter((cause) => found.has(cause))
  // Whoever attacks has looked around first: that alone is only said where there is nothing else.
  return all.length > 1 ? all.filter((cause) => cause !== 'scanner') : all
}
