import { createRoute, z, type OpenAPIHono } from '@hono/zod-openapi'
import { entry, json, name, totals } from '../shapes.ts'
import type { Context, Env } from '../context.ts'

/** Is any event lost, and if so, which and why? */
export function ledgerRoutes(app: OpenAPIHono<Env>, { relational: { ledger }, receiver }: Context): void {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/ledger',
      summary: 'Per sensor and run: what was made, received, committed, declared dropped and why, and what is missing',
      request: {
        query: z.object({ sensor: name.optional(), limit: z.coerce.number().int().min(1).max(5000).default(500) }),
      },
      responses: json(
        z.object({
          made: z.number(),
          committed: z.number(),
          dropped: z.number(),
          waiting: z.number(),
          missing: z.number(),
          rows: z.array(entry),
        }),
        'The ledger, the newest runs first',
      ),
    }),
    async (c) => {
      const { sensor, limit } = c.req.valid('query')
      const { reach } = c.get('caller')
      const entries = (await ledger.entries(sensor)).filter(
        (one) => reach === undefined || reach.sensors.includes(one.sensor),
      )
      return c.json({ ...totals(entries), rows: entries.slice(0, limit) })
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/api/v1/dead-letters/replay',
      summary: 'Try to store dead letters again, as after an upgrade of the hub',
      responses: json(z.object({ tried: z.number(), stored: z.number() }), 'What came of it'),
    }),
    async (c) => c.json(await receiver.replay()),
  )
  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/dead-letters',
      summary: 'Events that could not be stored, in full',
      request: {
        query: z.object({
          after: z.coerce.number().int().min(0).default(0),
          limit: z.coerce.number().int().min(1).max(1000).default(100),
        }),
      },
      responses: json(z.object({ rows: z.array(z.record(z.string(), z.unknown())) }), 'The dead letters, oldest first'),
    }),
    async (c) => {
      const { after, limit } = c.req.valid('query')
      return c.json({ rows: (await ledger.letters(limit, after)) as unknown as Record<string, unknown>[] })
    },
  )
}
