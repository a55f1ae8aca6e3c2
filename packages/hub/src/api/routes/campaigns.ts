import { createRoute, z, type OpenAPIHono } from '@hono/zod-openapi'
import type { Caller } from '../../access/caller.ts'
import { Redactor } from '../../access/redact.ts'
import { run, type Query } from '../../store/query.ts'
import type { Scope } from '../../store/scope.ts'
import {
  campaignCommands,
  campaignDays,
  campaignList,
  campaignMarks,
  campaignSources,
  verdictList,
} from '../../store/queries/index.ts'
import type { Window } from '../../store/query.ts'
import type { Context, Env } from '../context.ts'
import { answerList, listOf, listQuery, pageOf, reachScope, scopeOf, scopeQuery, windowOf } from '../list.ts'
import { json } from '../shapes.ts'

const days = 30
const id = z.object({ campaign: z.string().regex(/^[0-9a-f]{16}$/) })

/** Campaigns: what belongs together, who takes part, what it does, and whether it is aimed at somebody. */
export function campaignRoutes(app: OpenAPIHono<Env>, { store, relational }: Context): void {
  /** Everything that a caller has to do with: what left its networks and what hit its sensors. */
  const both = (caller: Caller): Scope => ({ reach: reachScope(caller, 'both') })

  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/campaigns',
      summary: 'Campaigns: attacks that belong together by the same programs, keys and hosts',
      description:
        'Looked for every hour over 30 days. Grade A: several things that recur together; B: one thing that recurs. The numbers count the window and the scope. Of members, what left their networks or hit their sensors.',
      request: { query: z.object({ ...scopeQuery, ...listQuery }) },
      responses: json(listOf(campaignList.row), 'The campaigns'),
    }),
    async (c) => {
      const asked = c.req.valid('query')
      const answer = await run(store, campaignList, {
        window: windowOf(asked, days),
        scope: { ...scopeOf(asked, c.get('caller')), ...(asked.side === undefined && both(c.get('caller'))) },
        page: pageOf(asked),
        sort: asked.sort,
        descending: asked.order === 'desc',
        contains: asked.contains,
      })
      return answerList(c, answer, asked, 'campaigns')
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/campaigns/{campaign}',
      summary: 'One campaign: its numbers, its days, what it is aimed at',
      request: { params: id, query: z.object(scopeQuery) },
      responses: {
        ...json(
          z.object({
            ...campaignList.row.shape,
            since: z.string(),
            until: z.string(),
            days: z.array(campaignDays.row),
            verdict: z.string().openapi({ description: 'Of the last nightly look; empty: too little to say' }),
            verdict_group: z.string(),
          }),
          'The campaign',
        ),
        404: { description: 'There is no such campaign within the window and the reach' },
      },
    }),
    async (c) => {
      const { campaign } = c.req.valid('param')
      const asked = c.req.valid('query')
      const { reach } = c.get('caller')
      const window = windowOf(asked, days)
      const scope = { ...scopeOf(asked, c.get('caller')), ...both(c.get('caller')) }
      const [list, perDay, verdicts] = await Promise.all([
        run(store, campaignList, { window, scope, page: { limit: 1, offset: 0 }, campaign }),
        run(store, campaignDays, { window, scope, campaign }),
        run(store, verdictList, {
          sensors: reach?.sensors,
          type: 'campaign',
          entity: campaign,
          page: { limit: 1, offset: 0 },
        }),
      ])
      const [row] = list.rows
      if (row === undefined) return c.json({ error: 'no such campaign within the window and your reach' }, 404) as never
      const { verdict = '', group_name: group = '' } = verdicts.rows[0] ?? {}
      return c.json({
        ...row,
        ...window,
        days: perDay.rows,
        verdict,
        // Whom else something is aimed at is theirs to know.
        verdict_group: reach === undefined ? group : '',
      }) as never
    },
  )

  const part = <P extends { window: Window; scope?: Scope; campaign: string; page: { limit: number; offset: number } }>(
    name: string,
    summary: string,
    wanted: Query<P, z.ZodObject>,
    clean: (redactor: Redactor, row: Record<string, unknown>) => Record<string, unknown> = (_, row) => row,
  ): void => {
    app.openapi(
      createRoute({
        method: 'get',
        path: `/api/v1/campaigns/{campaign}/${name}`,
        summary,
        request: { params: id, query: z.object({ ...scopeQuery, ...listQuery }) },
        responses: json(listOf(wanted.row), 'The rows'),
      }),
      async (c) => {
        const { campaign } = c.req.valid('param')
        const asked = c.req.valid('query')
        const answer = await run(store, wanted, {
          window: windowOf(asked, days),
          scope: { ...scopeOf(asked, c.get('caller')), ...both(c.get('caller')) },
          campaign,
          page: pageOf(asked),
        } as P)
        if (c.get('caller').reach === undefined) return answerList(c, answer as never, asked, `campaign-${name}`)
        const redactor = new Redactor(await relational.fleet.addresses())
        const rows = answer.rows.map((row) => clean(redactor, row as Record<string, unknown>))
        return answerList(c, { ...answer, rows } as never, asked, `campaign-${name}`)
      },
    )
  }
  part('marks', 'What marks a campaign: programs, keys, hosts', campaignMarks)
  part('sources', 'Addresses that take part in a campaign', campaignSources)
  part('commands', 'What the conversations of a campaign type', campaignCommands, (redactor, row) => ({
    ...row,
    line: redactor.text(String(row['line'])),
  }))
}
