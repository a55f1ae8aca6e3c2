import { createRoute, z, type OpenAPIHono } from '@hono/zod-openapi'
import type { Context as HonoContext } from 'hono'
import { isAddress } from '@skep/vocabulary'
import { causeOf, quietDays, subjectOf } from '../../networks/cases.ts'
import { catalogues, languageNames } from '../../networks/letters/index.ts'
import { guides } from '../../networks/letters/catalogue.ts'
import { caseStates, closedStates, type Case } from '../../relational/cases.ts'
import { findingsByDay, offenders } from '../../store/queries/index.ts'
import { run } from '../../store/query.ts'
import { causes, severities, type Cause } from '../../understand/rule.ts'
import { survival } from '../../understand/statistics.ts'
import { record, type Context, type Env } from '../context.ts'
import { listQuery, reachScope } from '../list.ts'
import { body, done, json } from '../shapes.ts'
import { severityName } from './mine.ts'

const day = 86_400_000
const caseShape = z.object({
  id: z.number(),
  subject: z.string(),
  cause: z.string(),
  severity: z.enum(severities),
  state: z.enum(caseStates),
  assignee: z.string(),
  opened: z.number(),
  first_seen: z.number(),
  last_seen: z.number(),
  events: z.number(),
  quiet_days: z.number(),
  closed: z.number().nullable(),
  relapses: z.number(),
})
const show = (one: Case): z.infer<typeof caseShape> => caseShape.parse({ ...one, severity: severityName(one.severity) })
const missing = { 404: { description: 'There is no such case' } }
const id = z.object({ id: z.coerce.number().int().min(1) })

/** Cases: what is open, who works on it, is it fixed, and how long it takes until things are. */
export function caseRoutes(app: OpenAPIHono<Env>, context: Context): void {
  const { relational, store } = context
  const { cases } = relational
  const none = (c: HonoContext) =>
    c.json({ error: 'Say for which organisation: add "?organisation=" to the address' }, 400) as never
  const notFound = (c: HonoContext) => c.json({ error: 'There is no such case' }, 404) as never
  const own = async (c: HonoContext<Env>, number: number): Promise<Case | undefined> => {
    const { organisation } = c.get('caller')
    return organisation === undefined ? undefined : cases.get(organisation, number)
  }

  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/cases',
      summary: 'Cases of the organisation, the open and worst first; how many there are in each state',
      request: {
        query: z.object({
          limit: listQuery.limit,
          cursor: listQuery.cursor,
          state: z.enum([...caseStates, 'open', 'closed']).optional(),
          subject: z.string().max(64).optional(),
          assignee: z.string().max(200).optional(),
        }),
      },
      responses: json(
        z.object({
          rows: z.array(caseShape),
          next: z.string().optional(),
          counts: z.record(z.enum(caseStates), z.number()),
          time_to_clean: z.object({
            median: z.number().nullable(),
            curve: z.array(z.object({ at: z.number(), share: z.number(), watched: z.number() })),
            problems: z.number(),
            open: z.number(),
          }),
        }),
        'The cases; the days from first to last sight by Kaplan and Meier, those still open counted as long as watched',
      ),
    }),
    async (c) => {
      const { organisation } = c.get('caller')
      if (organisation === undefined) return none(c)
      const { limit, cursor, state, subject, assignee } = c.req.valid('query')
      const offset = Number(cursor ?? 0)
      const rows = await cases.list(organisation, {
        limit: limit + 1,
        offset,
        ...(state !== undefined && {
          states:
            state === 'open'
              ? caseStates.filter((one) => !closedStates.includes(one))
              : state === 'closed'
                ? closedStates
                : [state],
        }),
        ...(subject !== undefined && { subject }),
        ...(assignee !== undefined && { assignee }),
      })
      const spells = await cases.spells(organisation)
      const { curve, median } = survival(
        spells.map((one) => ({
          days: Math.max(0, Math.round((one.last_seen - one.first_seen) / day)),
          ended: one.state === 'fixed',
        })),
      )
      return c.json({
        rows: rows.slice(0, limit).map(show),
        ...(rows.length > limit && { next: String(offset + limit) }),
        counts: await cases.counts(organisation),
        time_to_clean: {
          median,
          curve,
          problems: spells.length,
          open: spells.filter((one) => one.state !== 'fixed').length,
        },
      })
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/api/v1/cases',
      summary: 'Open a case about an address, by the evidence that there is',
      request: body(z.strictObject({ subject: z.string().refine(isAddress, 'an address') })),
      responses: { ...json(z.object({ id: z.number() }), 'The case'), ...missing },
    }),
    async (c) => {
      const { organisation, reach } = c.get('caller')
      if (organisation === undefined || reach === undefined) return none(c)
      const { subject: address } = c.req.valid('json')
      const { rows } = await run(store, offenders, {
        window: { since: '1970-01-02T00:00:00Z', until: new Date().toISOString() },
        scope: { source: address, reach: reachScope({ reach }, 'from') },
        page: { limit: 1, offset: 0 },
      })
      const row = rows[0]
      if (row === undefined)
        return c.json({ error: `Nothing was seen of ${address} in a network of yours` }, 404) as never
      const subject = subjectOf(row.source, await relational.claims.customers(organisation))
      const cause = causeOf(row.rules)
      await cases.observe(
        {
          organisation,
          subject,
          cause,
          severity: row.severity,
          first_seen: Date.parse(row.first_seen),
          last_seen: Date.parse(row.last_seen),
          events: row.events,
        },
        quietDays,
      )
      const found = (await cases.about(organisation, subject)).find((one) => one.cause === cause)
      await record(context, c, 'case opened', subject, cause)
      return c.json({ id: Number(found?.id) })
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/cases/{id}',
      summary: 'A case: its days of attack and of silence, its history, and how to mend it',
      request: { params: id, query: z.object({ language: z.enum(languageNames).default('en') }) },
      responses: {
        ...json(
          z.object({
            case: caseShape,
            days: z.array(z.object({ day: z.string(), severity: z.enum(severities), sources: z.number() })),
            history: z.array(z.object({ at: z.number(), actor: z.string(), kind: z.string(), detail: z.string() })),
            cause: z.string(),
            guide: z.array(z.string()),
          }),
          'The case',
        ),
        ...missing,
      },
    }),
    async (c) => {
      const one = await own(c, c.req.valid('param').id)
      if (one === undefined) return notFound(c)
      const { reach } = c.get('caller')
      const until = Math.min(Date.now(), Math.max(one.last_seen, one.closed ?? 0) + 40 * day)
      const { rows } = await run(store, findingsByDay, {
        window: {
          since: new Date(Math.max(one.first_seen - 2 * day, until - 365 * day)).toISOString(),
          until: new Date(until).toISOString(),
        },
        scope: {
          reach: reachScope({ reach }, 'from'),
          ...(one.subject.includes('/') ? { prefix: one.subject } : { source: one.subject }),
        },
      })
      const words = catalogues[c.req.valid('query').language]
      const cause: Cause = causes.find((name) => name === one.cause) ?? 'scanner'
      return c.json({
        case: show(one),
        days: rows.map((row) => ({ ...row, severity: severityName(row.severity) })),
        history: await cases.history(one.id),
        cause: words.causes[cause],
        guide: guides[cause].map((step) => words.steps[step]),
      })
    },
  )

  app.openapi(
    createRoute({
      method: 'patch',
      path: '/api/v1/cases/{id}',
      summary: 'Change the state of a case, or who works on it',
      request: {
        params: id,
        ...body(z.strictObject({ state: z.enum(caseStates).optional(), assignee: z.string().max(200).optional() })),
      },
      responses: { ...json(done, 'Done'), ...missing, 400: { description: 'The assignee is nobody of yours' } },
    }),
    async (c) => {
      const one = await own(c, c.req.valid('param').id)
      if (one === undefined) return notFound(c)
      const { state, assignee } = c.req.valid('json')
      const { label } = c.get('caller')
      if (assignee !== undefined && assignee !== '') {
        const members = await relational.people.members(one.organisation)
        if (!members.some(({ email }) => email === assignee))
          return c.json({ error: `${assignee.slice(0, 100)} is nobody of yours` }, 400) as never
      }
      await cases.change(one, { state, assignee }, label)
      await record(context, c, 'case changed', `${one.id} ${one.subject}`, JSON.stringify({ state, assignee }))
      return c.json({ done: true as const })
    },
  )
  app.openapi(
    createRoute({
      method: 'post',
      path: '/api/v1/cases/{id}/notes',
      summary: 'Write a note into a case',
      request: { params: id, ...body(z.strictObject({ text: z.string().min(1).max(4000) })) },
      responses: { ...json(done, 'Done'), ...missing },
    }),
    async (c) => {
      const one = await own(c, c.req.valid('param').id)
      if (one === undefined) return notFound(c)
      await cases.note(one.id, c.get('caller').label, 'note', c.req.valid('json').text)
      return c.json({ done: true as const })
    },
  )
}
