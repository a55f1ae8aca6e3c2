import { createRoute, z, type OpenAPIHono } from '@hono/zod-openapi'
import { offenders, reachScope, record, ruleById, run, severities, type Env } from '@skep/hub'
import { intelmqEvent } from '../feeds/forms/intelmq.ts'
import type { Share } from '../sharing.ts'

const day = 86_400_000
/** More addresses of one network in a day than any has. */
const most = 100_000

/** What left the caller's own networks on a day, one event a line, with the field names of IntelMQ. */
export function ownIntelmqRoutes(app: OpenAPIHono<Env>, { context }: Share): void {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/reports/intelmq',
      summary: 'Addresses of one’s own networks that attacked on a day (UTC), as events of IntelMQ, one a line',
      request: { query: z.object({ date: z.iso.date() }) },
      responses: { 200: { description: 'The events', content: { 'application/x-ndjson': { schema: z.string() } } } },
    }),
    async (c) => {
      const { date } = c.req.valid('query')
      const since = `${date}T00:00:00Z`
      const { rows } = await run(context.store, offenders, {
        window: { since, until: new Date(Date.parse(since) + day - 1).toISOString() },
        scope: { reach: reachScope(c.get('caller'), 'from') },
        page: { limit: most, offset: 0 },
        sort: 'last_seen',
      })
      const lines = rows.map((row) => {
        const found = row.rules.flatMap((id) => ruleById(id) ?? [])
        return JSON.stringify(
          intelmqEvent({
            kind: 'address',
            value: row.source,
            first_seen: row.first_seen,
            last_seen: row.last_seen,
            valid_until: row.last_seen,
            confidence: 80,
            reasons: found.map(({ title, technique }) => `It ${title} (${technique.id})`),
            severity: severities[row.severity] ?? 'info',
            techniques: found.map(({ technique }) => technique.id),
            labels: row.rules,
            // It is about the reader's own machines: for the organisation, and whom it must tell.
            tlp: 'amber',
            ...(row.asn !== 0 && { asn: row.asn }),
            ...(row.prefix !== '' && { prefix: row.prefix }),
          }),
        )
      })
      await record(context, c, 'report delivered', 'intelmq', `${date}: ${lines.length} addresses`)
      c.header('content-type', 'application/x-ndjson')
      c.header('content-disposition', `attachment; filename="skep-${date}-intelmq.ndjson"`)
      return c.body(lines.map((line) => `${line}\n`).join('')) as never
    },
  )
}
