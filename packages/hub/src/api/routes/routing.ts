import { createRoute, z, type OpenAPIHono } from '@hono/zod-openapi'
import { routingOf } from '../../networks/routing/keep.ts'
import type { Context, Env } from '../context.ts'
import { json } from '../shapes.ts'

/** What is announced of an organisation's resources, beside what ROAs and IRR objects say. */
export function routingRoutes(app: OpenAPIHono<Env>, { relational }: Context): void {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/routing',
      summary: 'Announcements of your resources beside ROAs and IRR objects, with every mismatch explained',
      description:
        '"certain": two vantage points at least, and half of all, see it; only such mismatches are alerted. "unused": ROAs for which nothing is announced.',
      responses: json(
        z.object({
          at: z.number().nullable(),
          vantages: z.array(z.string()),
          lines: z.array(
            z.object({
              prefix: z.string(),
              asn: z.number(),
              seen: z.number(),
              vantages: z.number(),
              rpki: z.enum(['valid', 'invalid', 'not found']),
              irr: z.array(z.number()),
              problems: z.array(z.string()),
              certain: z.boolean(),
            }),
          ),
          unused: z.array(z.object({ prefix: z.string(), asn: z.number(), maxLength: z.number() })),
        }),
        'What was found last',
      ),
    }),
    async (c) => {
      const { organisation } = c.get('caller')
      const state = organisation === undefined ? undefined : await routingOf(relational, organisation)
      return c.json({
        at: state?.at ?? null,
        vantages: [...(state?.vantages ?? [])],
        lines: (state?.lines ?? []).map((line) => ({ ...line, irr: [...line.irr], problems: [...line.problems] })),
        unused: [...(state?.unused ?? [])],
      })
    },
  )
}
