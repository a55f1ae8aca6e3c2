import { createRoute, z, type OpenAPIHono } from '@hono/zod-openapi'
import { body, done, json, name, record, type Env } from '@skep/hub'
import { channels, ownChannel, type HpfeedsGateway } from '../hpfeeds/gateway.ts'
import type { Share } from '../sharing.ts'
import { depthOf } from '../taxii/inbound.ts'
import { formats } from './formats.ts'
import type { Intake } from './intake.ts'

const most = 16 * 1024 * 1024
const channel = z.string().regex(/^[A-Za-z0-9._-]{1,100}$/)
const ident = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,59}$/)
const shown = z.object({ ident: z.string(), organisation: z.string(), publishes: z.string(), subscribes: z.string() })

/** Where other people's honeypots bring what they saw: lines of their logs over HTTP, or hpfeeds. */
export function intakeRoutes(app: OpenAPIHono<Env>, share: Share, intake: Intake, gateway: HpfeedsGateway): void {
  app.openapi(
    createRoute({
      method: 'post',
      path: '/api/v1/intake/{format}',
      summary: 'Take lines of another honeypot’s log, one JSON object each. The same lines again count again',
      request: {
        params: z.object({ format: z.enum(formats.map((one) => one.name) as [string, ...string[]]) }),
        query: z.object({ sensor: name }),
        body: { required: true, content: { 'application/x-ndjson': { schema: z.string() } } },
      },
      responses: {
        ...json(
          z.object({ lines: z.number(), events: z.number(), skipped: z.record(z.string(), z.number()) }),
          'Taken',
        ),
        413: { description: 'More than 16 MiB' },
      },
    }),
    async (c) => {
      if (Number(c.req.header('content-length') ?? 0) > most)
        return c.json({ error: `More than ${most} bytes` }, 413) as never
      const text = await c.req.text()
      if (text.length > most) return c.json({ error: `More than ${most} bytes` }, 413) as never
      const lines = text.split('\n').flatMap((line): unknown[] => {
        if (line.trim() === '') return []
        try {
          return depthOf(line) > 32 ? [undefined] : [JSON.parse(line) as unknown]
        } catch {
          return [undefined]
        }
      })
      const { format } = c.req.valid('param')
      return c.json(await intake.take(format, c.req.valid('query').sensor, format, lines)) as never
    },
  )
  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/sharing/hpfeeds',
      summary: 'Who may come by hpfeeds, and what came since the start',
      responses: json(
        z.object({
          running: z.boolean(),
          channels: z.array(z.string()),
          own_channel: z.string(),
          messages: z.number(),
          events: z.number(),
          refused: z.record(z.string(), z.number()),
          idents: z.array(shown),
        }),
        'The broker',
      ),
    }),
    async (c) =>
      c.json({
        running: gateway.running,
        channels: Object.keys(channels),
        own_channel: ownChannel,
        messages: gateway.counts.messages,
        events: gateway.counts.events,
        refused: Object.fromEntries(gateway.counts.refused),
        idents: await gateway.list(),
      }),
  )
  app.openapi(
    createRoute({
      method: 'put',
      path: '/api/v1/sharing/hpfeeds/{ident}',
      summary: 'Let somebody come by hpfeeds; makes a new secret each time',
      request: {
        params: z.object({ ident }),
        ...body(
          z.strictObject({
            organisation: name,
            publishes: z.array(channel).max(20),
            subscribes: z.array(channel).max(20),
          }),
        ),
      },
      responses: json(z.object({ secret: z.string() }), 'The secret, shown once'),
    }),
    async (c) => {
      const one = { ident: c.req.valid('param').ident, ...c.req.valid('json') }
      const secret = await gateway.put(one)
      await record(share.context, c, 'hpfeeds ident made', one.ident, JSON.stringify(one))
      return c.json({ secret })
    },
  )
  app.openapi(
    createRoute({
      method: 'delete',
      path: '/api/v1/sharing/hpfeeds/{ident}',
      summary: 'Let somebody come no longer',
      request: { params: z.object({ ident }) },
      responses: { ...json(done, 'Gone'), 404: { description: 'There is none' } },
    }),
    async (c) => {
      if (!(await gateway.remove(c.req.valid('param').ident)))
        return c.json({ error: 'There is no such ident' }, 404) as never
      await record(share.context, c, 'hpfeeds ident removed', c.req.valid('param').ident)
      return c.json({ done: true as const })
    },
  )
}
