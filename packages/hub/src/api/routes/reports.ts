import { createRoute, z, type OpenAPIHono } from '@hono/zod-openapi'
import { Redactor } from '../../access/redact.ts'
import { reportNames, reportTypes } from '../../networks/reports/columns.ts'
import { dailyReport, fileName } from '../../networks/reports/shadowserver.ts'
import {
  headline,
  lastPeriod,
  summarise,
  summaryHtml,
  summaryPdf,
  summaryText,
} from '../../networks/reports/summary.ts'
import { periods } from '../../relational/people.ts'
import { record, type Context, type Env } from '../context.ts'
import { reachScope } from '../list.ts'
import { body, done, json } from '../shapes.ts'

const date = z.string().regex(/^\d{4}-\d\d-\d\d$/)

/** Reports: the daily files with Shadowserver's columns, summaries of a week or month, and who gets them by mail. */
export function reportRoutes(app: OpenAPIHono<Env>, context: Context): void {
  const { store, relational, mailer } = context

  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/reports',
      summary: 'The kinds of daily reports, and what the caller gets by mail',
      responses: json(
        z.object({
          types: z.array(z.object({ type: z.string(), subject: z.string(), columns: z.number() })),
          subscribed: z.array(z.enum(periods)),
          mail: z.boolean(),
        }),
        'The reports',
      ),
    }),
    async (c) => {
      const { user, organisation } = c.get('caller')
      return c.json({
        types: reportNames.map((type) => ({
          type,
          subject: reportTypes[type].subject,
          columns: reportTypes[type].columns.length,
        })),
        subscribed:
          user === undefined || organisation === undefined
            ? []
            : await relational.people.subscribed(user.id, organisation),
        mail: mailer.ready,
      })
    },
  )
  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/reports/daily/{type}',
      summary: 'A day of one report as CSV, with exactly Shadowserver’s columns; times are UTC',
      request: { params: z.object({ type: z.enum(reportNames) }), query: z.object({ date }) },
      responses: { 200: { description: 'The file', content: { 'text/csv': { schema: z.string() } } } },
    }),
    async (c) => {
      const { type } = c.req.valid('param')
      const { date: when } = c.req.valid('query')
      const { reach, can, organisation } = c.get('caller')
      const redactor = new Redactor(reach === undefined ? [] : await relational.fleet.addresses())
      const scope = { reach: reachScope({ reach }, 'from') }
      const { csv } = await dailyReport(store, type, when, scope, can.has('secrets'), redactor)
      c.header('content-type', 'text/csv; charset=utf-8')
      c.header('content-disposition', `attachment; filename="${fileName(type, when, organisation ?? 'all')}"`)
      return c.body(csv) as never
    },
  )
  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/reports/summary',
      summary: 'The summary of the last whole day, week or month',
      request: {
        query: z.object({
          period: z.enum(periods).default('weekly'),
          of: date.optional().openapi({ description: 'The period that ended last before this day; default: now' }),
          format: z.enum(['json', 'html', 'pdf', 'text']).default('json'),
        }),
      },
      responses: json(z.object({ headline: z.string() }).loose(), 'The summary'),
    }),
    async (c) => {
      const { organisation } = c.get('caller')
      if (organisation === undefined)
        return c.json({ error: 'Say for which organisation: add "?organisation=" to the address' }, 400) as never
      const { period, of, format } = c.req.valid('query')
      const { window, name } = lastPeriod(period, of === undefined ? Date.now() : Date.parse(of))
      const summary = await summarise(context, organisation, window)
      const link = `${context.publicPortal()}/mine`
      if (format === 'html') return c.html(summaryHtml(summary, link)) as never
      if (format === 'text') return c.text(summaryText(summary, link)) as never
      if (format === 'pdf') {
        c.header('content-type', 'application/pdf')
        c.header('content-disposition', `attachment; filename="skep-${organisation}-${name}.pdf"`)
        return c.body(new Uint8Array(await summaryPdf(summary, `${organisation}, ${name}`))) as never
      }
      return c.json({ ...summary, headline: headline(summary), name } as never)
    },
  )
  app.openapi(
    createRoute({
      method: 'put',
      path: '/api/v1/me/reports',
      summary: 'Get a report by mail, or no longer',
      request: body(z.strictObject({ period: z.enum(periods), on: z.boolean() })),
      responses: { ...json(done, 'Done'), 403: { description: 'A token is no person' } },
    }),
    async (c) => {
      const { user, organisation, can } = c.get('caller')
      if (user === undefined || organisation === undefined || !can.has('read'))
        return c.json({ error: 'Reports go to people of an organisation' }, 403) as never
      const { period, on } = c.req.valid('json')
      await relational.people.subscribe(user.id, organisation, period, on)
      await record(context, c, on ? 'report subscribed' : 'report ended', user.email, period)
      return c.json({ done: true as const })
    },
  )
}
