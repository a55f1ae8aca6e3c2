import { createRoute, z, type OpenAPIHono } from '@hono/zod-openapi'
import {
  breakdown,
  dimensions,
  extent,
  indicatorTypes,
  networks,
  news,
  sessions,
  sightings,
  sources,
  stepFor,
  timeline,
  totals,
} from '../../store/queries/index.ts'
import { hideSensors } from '../../access/redact.ts'
import { nearest } from '../../store/nearest.ts'
import { run, type Window } from '../../store/query.ts'
import type { Scope } from '../../store/scope.ts'
import type { Context, Env } from '../context.ts'
import { answerList, listOf, listQuery, pageOf, reachScope, scopeOf, scopeQuery, windowOf } from '../list.ts'

/** From how many events of all networks conversations are put together for another order than that of time. */
export const mostToSort = { events: 5_000_000 }
const tooManyToSort =
  'There are too many conversations in this time to put them in that order. Choose a network, a prefix or an address, or a shorter time.'

const json = <S extends z.ZodType>(schema: S, description: string) => ({
  200: { description, content: { 'application/json': { schema } } },
})

/** The views that the pages are made of: totals, timelines and lists, each a named query. */
export function views(app: OpenAPIHono<Env>, { store, enricher }: Context): void {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/extent',
      summary: 'First and last event in the store, and the sources of enrichment',
      responses: json(
        z.object({
          first: z.string().nullable(),
          last: z.string().nullable(),
          events: z.number(),
          snapshots: z.array(z.object({ id: z.string(), date: z.string(), attribution: z.string() })),
        }),
        'The extent',
      ),
    }),
    async (c) => {
      const { rows } = await run(store, extent, { scope: { reach: reachScope(c.get('caller'), 'both') } })
      const { first = '', last = '', events = 0 } = rows[0] ?? {}
      const iso = (text: string) => (events === 0 ? null : `${text.replace(' ', 'T')}Z`)
      const snapshots = enricher.snapshots.map(({ id, date, attribution }) => ({ id, date, attribution }))
      return c.json({ first: iso(first), last: iso(last), events, snapshots })
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/totals',
      summary: 'The numbers of a window, and of the window of the same length before it',
      request: { query: z.object(scopeQuery) },
      responses: json(
        z.object({
          now: totals.row,
          before: totals.row,
          since: z.string(),
          until: z.string(),
          as_name: z.string(),
          sql: z.string(),
          params: z.record(z.string(), z.unknown()),
        }),
        'The totals',
      ),
    }),
    async (c) => {
      const asked = c.req.valid('query')
      const window = windowOf(asked)
      const length = Date.parse(window.until) - Date.parse(window.since)
      const earlier = { since: new Date(Date.parse(window.since) - length).toISOString(), until: window.since }
      const scope = scopeOf(asked, c.get('caller'))
      const [now, before] = await Promise.all([
        run(store, totals, { window, scope }),
        run(store, totals, { window: earlier, scope }),
      ])
      const zero = totals.row.parse(Object.fromEntries(Object.keys(totals.row.shape).map((name) => [name, 0])))
      return c.json({
        now: now.rows[0] ?? zero,
        before: before.rows[0] ?? zero,
        ...window,
        as_name: asked.asn === undefined ? '' : enricher.asName(asked.asn),
        sql: now.sql,
        params: now.params,
      })
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/timeline',
      summary: 'Sessions, events and sources over time, by service',
      request: { query: z.object({ ...scopeQuery, format: listQuery.format }) },
      responses: json(listOf(timeline.row).extend({ step: z.string() }), 'The timeline'),
    }),
    async (c) => {
      const asked = c.req.valid('query')
      const window = windowOf(asked)
      const step = stepFor(window)
      const answer = await run(store, timeline, { window, scope: scopeOf(asked, c.get('caller')), step })
      if (asked.format === 'csv') return answerList(c, answer, { limit: 100_000, format: 'csv' }, 'timeline')
      return c.json({ ...answer, params: { ...answer.params }, step })
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/breakdown',
      summary: 'Counts by service, economy, port or hour of the day',
      request: {
        query: z.object({ ...scopeQuery, ...listQuery, by: z.enum(Object.keys(dimensions) as ['service']) }),
      },
      responses: json(listOf(breakdown.row), 'The counts, the most sessions first'),
    }),
    async (c) => {
      const asked = c.req.valid('query')
      const params = {
        window: windowOf(asked),
        scope: scopeOf(asked, c.get('caller')),
        by: asked.by,
        page: pageOf(asked),
      }
      return answerList(c, await run(store, breakdown, params), asked, asked.by)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/networks',
      summary: 'Origin ASes that attacked',
      request: { query: z.object({ ...scopeQuery, ...listQuery }) },
      responses: json(listOf(networks.row), 'The networks'),
    }),
    async (c) => {
      const asked = c.req.valid('query')
      const answer = await run(store, networks, {
        window: windowOf(asked),
        scope: scopeOf(asked, c.get('caller')),
        page: pageOf(asked),
        sort: asked.sort,
        descending: asked.order === 'desc',
        contains: asked.contains,
      })
      return answerList(c, answer, asked, 'networks')
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/sources',
      summary: 'Addresses that attacked',
      request: { query: z.object({ ...scopeQuery, ...listQuery }) },
      responses: json(listOf(sources.row), 'The sources'),
    }),
    async (c) => {
      const asked = c.req.valid('query')
      const answer = await run(store, sources, {
        window: windowOf(asked),
        scope: scopeOf(asked, c.get('caller')),
        page: pageOf(asked),
        sort: asked.sort,
        descending: asked.order === 'desc',
        contains: asked.contains,
      })
      return answerList(c, answer, asked, 'sources')
    },
  )

  /** Whether conversations would have to be put together from more events than anybody wants to wait for. */
  const tooMany = async ({
    window,
    scope,
    session,
  }: {
    window: Window
    scope: Scope
    session: string | undefined
  }): Promise<boolean> => {
    const { asn, prefix, source, reach } = scope
    if ([session, asn, prefix, source, reach].some((one) => one !== undefined)) return false
    const [all] = (await run(store, totals, { window, scope })).rows
    return (all?.events ?? 0) > mostToSort.events
  }

  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/sessions',
      summary: 'Conversations',
      description:
        'The newest first, unless asked otherwise. Another order is refused (400) over all networks in a time of more than five million events.',
      request: { query: z.object({ ...scopeQuery, ...listQuery, session: z.uuid().optional() }) },
      responses: json(listOf(sessions.row), 'The sessions'),
    }),
    async (c) => {
      const asked = c.req.valid('query')
      const [window, descending] = [windowOf(asked), asked.order === 'desc']
      const params = {
        window,
        scope: scopeOf(asked, c.get('caller')),
        page: pageOf(asked),
        sort: asked.sort,
        descending,
        session: asked.session,
      }
      const inOrder = descending && asked.session === undefined && (asked.sort ?? 'started') === 'started'
      if (!inOrder && (await tooMany(params))) return c.json({ error: tooManyToSort }, 400) as never
      const answer = inOrder
        ? await nearest(store, {
            scope: params.scope,
            window,
            of: 'sessions',
            wanted: params.page.limit,
            skipped: params.page.offset,
            descending: true,
            look: ({ since, asns }) =>
              run(store, sessions, {
                ...params,
                scope: { ...params.scope, among: asns },
                ...(since !== window.since && { begun: since }),
              }),
          })
        : await run(store, sessions, params)
      return answerList(c, { ...answer, rows: hideSensors(answer.rows, c.get('caller').reach) }, asked, 'sessions')
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/indicators',
      summary: 'Things that recur: URLs, artifacts, credentials, commands, keys, fingerprints',
      request: {
        query: z.object({
          since: scopeQuery.since,
          until: scopeQuery.until,
          ...listQuery,
          type: z.enum(indicatorTypes),
          value: z.string().max(16_384).optional().openapi({ description: 'Exactly this one' }),
        }),
      },
      responses: json(listOf(sightings.row), 'The indicators'),
    }),
    async (c) => {
      const asked = c.req.valid('query')
      const answer = await run(store, sightings, {
        window: windowOf(asked),
        scope: { reach: reachScope(c.get('caller'), 'on') },
        type: asked.type,
        page: pageOf(asked),
        sort: asked.sort,
        descending: asked.order === 'desc',
        contains: asked.contains,
        value: asked.value,
      })
      return answerList(c, answer, asked, asked.type)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/news',
      summary: 'Indicators seen for the first time in the window',
      request: { query: z.object({ since: scopeQuery.since, until: scopeQuery.until, ...listQuery }) },
      responses: json(listOf(news.row), 'What is new'),
    }),
    async (c) => {
      const asked = c.req.valid('query')
      return answerList(
        c,
        await run(store, news, {
          window: windowOf(asked),
          scope: { reach: reachScope(c.get('caller'), 'on') },
          page: pageOf(asked),
        }),
        asked,
        'news',
      )
    },
  )
}
