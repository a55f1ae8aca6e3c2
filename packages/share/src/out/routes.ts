import { createRoute, z, type OpenAPIHono } from '@hono/zod-openapi'
import { body, done, Forbidden, json, name, record, type Env } from '@skep/hub'
import type { Share } from '../sharing.ts'
import { targetShape, type Reporting } from './queue.ts'
import { targets } from './targets/index.ts'

const listed = z.object({
  id: z.number(),
  target: z.string(),
  subject: z.string(),
  state: z.string(),
  body: z.string(),
  made: z.number(),
  sent: z.number().nullable(),
  tries: z.number(),
  answer: z.string(),
})

/** Whom the hub tells what it saw, and what was told. */
export function reportingRoutes(app: OpenAPIHono<Env>, share: Share, reporting: Reporting): void {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/sharing/targets',
      summary: 'Whom the hub can tell what it saw, how each is set up, and how many reports are where',
      responses: json(
        z.object({
          targets: z.array(
            z.object({
              name: z.string(),
              title: z.string(),
              enabled: z.boolean(),
              dry: z.boolean(),
              has_key: z.boolean(),
              settings: z.record(z.string(), z.unknown()),
              reports: z.record(z.string(), z.number()),
            }),
          ),
        }),
        'The targets',
      ),
    }),
    async (c) => {
      const [setups, counts] = [await reporting.setups(), await reporting.counts()]
      return c.json({
        targets: setups.map((setup) => ({
          ...setup,
          title: targets.find((one) => one.name === setup.name)?.title ?? setup.name,
          reports: Object.fromEntries(
            counts.filter((one) => one.target === setup.name).map(({ state, count }) => [state, Number(count)]),
          ),
        })),
      })
    },
  )
  app.openapi(
    createRoute({
      method: 'put',
      path: '/api/v1/sharing/targets/{name}',
      summary: 'Set up whom to tell. Dry: reports are made and kept here, and not sent. The key is kept sealed',
      request: { params: z.object({ name }), ...body(targetShape) },
      responses: { ...json(done, 'Set'), 400: { description: 'The settings are no good' } },
    }),
    async (c) => {
      const { name: called } = c.req.valid('param')
      const { key, ...wanted } = c.req.valid('json')
      try {
        await reporting.setUp(called, { ...wanted, key })
      } catch (error) {
        const why =
          error instanceof z.ZodError
            ? `${error.issues[0]?.path.join('.') ?? ''}: ${error.issues[0]?.message ?? ''}`
            : error instanceof RangeError || error instanceof Forbidden
              ? error.message
              : undefined
        if (why === undefined) throw error
        return c.json({ error: why }, 400) as never
      }
      await record(
        share.context,
        c,
        'reporting set up',
        called,
        JSON.stringify({ ...wanted, key: key === undefined ? 'as before' : 'new' }),
      )
      return c.json({ done: true as const })
    },
  )
  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/sharing/reports',
      summary: 'What was told, to whom, and what was answered',
      request: {
        query: z.object({ target: name.optional(), limit: z.coerce.number().int().min(1).max(1000).default(100) }),
      },
      responses: json(z.object({ rows: z.array(listed) }), 'The reports'),
    }),
    async (c) => {
      const { target, limit } = c.req.valid('query')
      return c.json({ rows: await reporting.list(target, limit) })
    },
  )
}
