import { createRoute, z, type OpenAPIHono } from '@hono/zod-openapi'
import { body, done, json, record, type Env } from '@skep/hub'
import type { Share } from '../sharing.ts'
import { dialectNames, dialectOf } from './dialects.ts'
import type { Forwarder } from './forwarder.ts'
import { sinkShape } from './sinks.ts'
import { cursorAt, next, readCursor, writeCursor } from './stream.ts'

/** Events for SIEMs: fetched with a place to go on from, or sent as they come. */
export function siemRoutes(app: OpenAPIHono<Env>, share: Share, forwarder: Forwarder): void {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/stream',
      summary: 'Events in the order in which they were committed, in the words of a SIEM, with a place to go on from',
      description:
        'One event a line. X-Next-Cursor is the place after the last line: keep it, and give it as "cursor" to get what ' +
        'came since. Nothing is passed over, also not what came late from sensors that were cut off. With "wait", an ' +
        'answer waits so many seconds for something to come.',
      request: {
        query: z.object({
          as: z.enum(dialectNames).default('json'),
          cursor: z.string().max(200).optional(),
          since: z.iso
            .datetime()
            .optional()
            .openapi({ description: 'Without a cursor: what was committed from then on. Default: from now on' }),
          limit: z.coerce.number().int().min(1).max(10_000).default(1000),
          wait: z.coerce.number().int().min(0).max(25).default(0),
        }),
      },
      responses: {
        200: { description: 'Events', content: { 'application/x-ndjson': { schema: z.string() } } },
        400: { description: 'The cursor cannot be read' },
      },
    }),
    async (c) => {
      const { as, cursor, since, limit, wait } = c.req.valid('query')
      const place =
        cursor === undefined ? cursorAt(since === undefined ? Date.now() : Date.parse(since)) : readCursor(cursor)
      if (place === undefined) return c.json({ error: 'Cannot read the cursor' }, 400) as never
      const { reach } = c.get('caller')
      const until = Date.now() + wait * 1000
      let found = await next(share.context, place, limit, reach)
      while (found.events.length === 0 && Date.now() < until && !c.req.raw.signal.aborted) {
        await new Promise((resolve) => setTimeout(resolve, 1000))
        found = await next(share.context, place, limit, reach)
      }
      c.header('content-type', 'application/x-ndjson')
      c.header('x-next-cursor', writeCursor(found.cursor))
      c.header('x-more', String(found.more))
      return c.body(found.events.map((event) => `${dialectOf(as)?.line(event) ?? ''}\n`).join('')) as never
    },
  )
  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/sharing/sinks',
      summary: 'Where all events are sent as they come, and how far each is',
      responses: json(
        z.object({
          rows: z.array(
            z.object({
              id: z.string(),
              settings: z.record(z.string(), z.unknown()),
              sent: z.number(),
              problem: z.string(),
              made: z.number(),
              last: z.number().nullable(),
            }),
          ),
        }),
        'The sinks',
      ),
    }),
    async (c) => c.json({ rows: await forwarder.list() } as never),
  )
  app.openapi(
    createRoute({
      method: 'post',
      path: '/api/v1/sharing/sinks',
      summary:
        'Send all events somewhere from now on: syslog over TLS, NATS or Kafka. Operators choose the host; it may be inside',
      request: body(z.strictObject({ settings: sinkShape, secret: z.string().max(500).default('') })),
      responses: json(z.object({ id: z.string() }), 'Added'),
    }),
    async (c) => {
      const { settings, secret } = c.req.valid('json')
      const id = await forwarder.add(settings, secret)
      await record(share.context, c, 'sink added', id, JSON.stringify({ ...settings, ca: undefined }))
      return c.json({ id })
    },
  )
  app.openapi(
    createRoute({
      method: 'delete',
      path: '/api/v1/sharing/sinks/{id}',
      summary: 'Send there no longer',
      request: { params: z.object({ id: z.uuid() }) },
      responses: { ...json(done, 'Removed'), 404: { description: 'There is none' } },
    }),
    async (c) => {
      if (!(await forwarder.remove(c.req.valid('param').id)))
        return c.json({ error: 'There is no such sink' }, 404) as never
      await record(share.context, c, 'sink removed', c.req.valid('param').id)
      return c.json({ done: true as const })
    },
  )
}
