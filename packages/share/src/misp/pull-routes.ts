import { createRoute, z, type OpenAPIHono } from '@hono/zod-openapi'
import { body, done, Forbidden, json, record, type Env } from '@skep/hub'
import type { Share } from '../sharing.ts'
import type { Pulls } from './pull.ts'

/** Other people's MISP feeds: which are read, and what they know. */
export function pullRoutes(app: OpenAPIHono<Env>, { context }: Share, pulls: Pulls): void {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/known',
      summary: 'What feeds that the operators read know of an address, domain, URL or hash',
      request: { query: z.object({ value: z.union([z.string().max(2048), z.array(z.string().max(2048)).max(10)]) }) },
      responses: json(
        z.object({
          rows: z.array(
            z.object({
              feed: z.string(),
              event: z.string(),
              info: z.string(),
              type: z.string(),
              value: z.string(),
              stamp: z.number(),
            }),
          ),
        }),
        'The latest first',
      ),
    }),
    async (c) => {
      const { value } = c.req.valid('query')
      return c.json({ rows: await pulls.known([value].flat()) })
    },
  )
  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/sharing/pulls',
      summary: 'MISP feeds that are read',
      responses: json(
        z.object({
          rows: z.array(
            z.object({
              id: z.string(),
              url: z.string(),
              title: z.string(),
              made: z.number(),
              last: z.number().nullable(),
              problem: z.string(),
              events: z.number(),
              values: z.number(),
            }),
          ),
        }),
        'The feeds',
      ),
    }),
    async (c) => c.json({ rows: await pulls.list() }),
  )
  app.openapi(
    createRoute({
      method: 'post',
      path: '/api/v1/sharing/pulls',
      summary: 'Read a MISP feed from now on: the folder in which its manifest.json lies',
      request: body(z.strictObject({ url: z.string().max(2048), title: z.string().min(1).max(200) })),
      responses: {
        ...json(z.object({ id: z.string() }), 'Added'),
        400: { description: 'An address that is not called' },
      },
    }),
    async (c) => {
      const { url, title } = c.req.valid('json')
      try {
        const id = await pulls.add(url, title)
        await record(context, c, 'feed is read', title, url)
        return c.json({ id })
      } catch (error) {
        if (!(error instanceof Forbidden)) throw error
        return c.json({ error: error.message }, 400) as never
      }
    },
  )
  app.openapi(
    createRoute({
      method: 'delete',
      path: '/api/v1/sharing/pulls/{id}',
      summary: 'Read a feed no longer, and forget what it knew',
      request: { params: z.object({ id: z.uuid() }) },
      responses: { ...json(done, 'Done'), 404: { description: 'There is none' } },
    }),
    async (c) => {
      const { id } = c.req.valid('param')
      if (!(await pulls.remove(id))) return c.json({ error: 'There is no such feed' }, 404) as never
      await record(context, c, 'feed is read no longer', id)
      return c.json({ done: true as const })
    },
  )
}
