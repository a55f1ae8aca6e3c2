import { createHash } from 'node:crypto'
import { createRoute, z, type OpenAPIHono } from '@hono/zod-openapi'
import { uuidv7 } from '@skep/vocabulary'
import { FetchPolicy, type FetchRow, type FirstSight } from '../../relational/fetches.ts'
import { record, type Context, type Env } from '../context.ts'
import { body, done, json } from '../shapes.ts'

const key = z.object({ id: z.string().regex(/^[0-9a-f]{64}$/) })
const Hop = z.strictObject({ url: z.string().max(2048), address: z.string().max(64), status: z.string().max(64) })
const states = ['wanted', 'taken', 'fetched', 'failed', 'refused'] as const
const shown = ({ sight: _sight, hops, ...row }: FetchRow) => ({
  ...row,
  hops: JSON.parse(hops) as z.infer<typeof Hop>[],
})

/** What attackers pointed at: whether it is fetched, what came, and the work of fetchers. */
export function fetchRoutes(app: OpenAPIHono<Env>, context: Context): void {
  const { relational, blobs, receiver, version } = context
  const { fetches } = relational
  const boot = uuidv7()
  /** The numbers of the events that are added to the sessions of each sensor. */
  const numbers = new Map<string, number>()
  let turn: Promise<unknown> = Promise.resolve()

  /** What was fetched becomes part of the session in which its URL was seen first. */
  async function attach(row: FetchRow, media: string): Promise<void> {
    const sight = JSON.parse(row.sight) as FirstSight
    const seq = numbers.get(sight.sensor) ?? 0
    await receiver.take({
      sensor: sight.sensor,
      boot,
      provenance: 'fetched',
      encoding: undefined,
      schema: 1,
      body: Buffer.from(
        JSON.stringify({
          id: uuidv7(),
          sensor: sight.sensor,
          boot,
          seq,
          time: new Date().toISOString().replace('Z', '000Z'),
          session: sight.session,
          service: sight.service,
          transport: sight.transport,
          source: { ip: sight.source_ip, port: sight.source_port },
          target: { port: sight.target_port },
          kind: 'artifact.stored',
          data: {
            sha256: row.sha256,
            size: row.size,
            name: row.url.slice(0, 1024),
            parent: sight.event,
            ...(media !== '' && { media: media.slice(0, 128) }),
          },
        }),
      ),
    })
    numbers.set(sight.sensor, seq + 1)
  }

  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/fetches',
      summary: 'URLs of payloads: what is to be fetched, what came, and what did not and why',
      request: {
        query: z.object({
          state: z.enum(states).optional(),
          before: z.coerce.number().optional(),
          limit: z.coerce.number().int().min(1).max(500).default(100),
        }),
      },
      responses: json(
        z.object({
          counts: z.record(z.string(), z.number()),
          rows: z.array(
            z.object({
              id: z.string(),
              url: z.string(),
              host: z.string(),
              tool: z.string(),
              state: z.enum(states),
              seen: z.number(),
              taken: z.number().nullable(),
              done: z.number().nullable(),
              tries: z.number(),
              sha256: z.string(),
              size: z.number(),
              detail: z.string(),
              hops: z.array(Hop),
            }),
          ),
        }),
        'The latest first',
      ),
    }),
    async (c) => {
      const { state, before, limit } = c.req.valid('query')
      return c.json({ counts: await fetches.counts(), rows: (await fetches.list(limit, state, before)).map(shown) })
    },
  )
  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/fetch-policy',
      summary: 'Whether payloads are fetched, and within which bounds',
      responses: json(FetchPolicy, 'The policy'),
    }),
    async (c) => c.json(await fetches.policy()),
  )
  app.openapi(
    createRoute({
      method: 'put',
      path: '/api/v1/fetch-policy',
      summary: 'Say whether payloads are fetched, and within which bounds',
      request: body(FetchPolicy),
      responses: json(done, 'Done'),
    }),
    async (c) => {
      const policy = c.req.valid('json')
      await fetches.setPolicy(policy)
      await record(
        context,
        c,
        'fetch policy set',
        policy.enabled ? 'on' : 'off',
        JSON.stringify({ ...policy, never: policy.never.length }),
      )
      return c.json({ done: true as const })
    },
  )
  app.openapi(
    createRoute({
      method: 'post',
      path: '/api/v1/fetches/take',
      summary: 'For fetchers: take some URLs that are to be fetched',
      request: body(z.strictObject({ most: z.number().int().min(1).max(20) })),
      responses: json(
        z.object({
          wanted: z.array(
            z.object({ id: z.string(), url: z.string(), tool: z.string(), bytes: z.number(), seconds: z.number() }),
          ),
          never: z.array(z.string()),
          version: z.string(),
        }),
        'What to fetch, and what to leave alone on the way there',
      ),
    }),
    async (c) => {
      const policy = await fetches.policy()
      const rows = policy.enabled ? await fetches.take(c.req.valid('json').most, policy.per_host) : []
      return c.json({
        wanted: rows.map(({ id, url, tool }) => ({
          id,
          url,
          tool,
          bytes: policy.megabytes << 20,
          seconds: policy.seconds,
        })),
        never: policy.never,
        version,
      })
    },
  )
  app.put('/api/v1/fetches/:id/bytes', async (c) => {
    const row = await fetches.get(c.req.param('id'))
    const { megabytes } = await fetches.policy()
    const bytes = Buffer.from(await c.req.arrayBuffer())
    if (row?.state !== 'taken') return c.json({ error: 'This is not being fetched' }, 404)
    if (bytes.length > megabytes << 20) return c.json({ error: `More than ${megabytes} MiB` }, 413)
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    await blobs.put(sha256, bytes)
    await fetches.hold(row.id, sha256, bytes.length)
    return c.json({ sha256, size: bytes.length })
  })
  app.openapi(
    createRoute({
      method: 'post',
      path: '/api/v1/fetches/{id}',
      summary: 'For fetchers: tell what became of a URL',
      request: {
        params: key,
        ...body(
          z.strictObject({
            outcome: z.enum(['fetched', 'failed', 'refused']),
            detail: z.string().max(500).default(''),
            media: z.string().max(128).default(''),
            hops: z.array(Hop).max(10).default([]),
          }),
        ),
      },
      responses: { ...json(done, 'Done'), 404: { description: 'This is not being fetched' } },
    }),
    async (c) => {
      const { id } = c.req.valid('param')
      const { media, ...outcome } = c.req.valid('json')
      const row = await fetches.get(id)
      if (row === undefined || (outcome.outcome === 'fetched' && row.sha256 === ''))
        return c.json({ error: 'Bring the bytes first' }, 404) as never
      if (row.state !== 'taken') return c.json({ error: 'This is not being fetched' }, 404) as never
      // First the event: where it is not taken, the URL is fetched once more.
      if (outcome.outcome === 'fetched' && row.size > 0) {
        const mine = turn.then(() => attach(row, media))
        turn = mine.catch(() => undefined)
        await mine
      }
      if (!(await fetches.settle(id, outcome))) return c.json({ error: 'This is not being fetched' }, 404) as never
      return c.json({ done: true as const })
    },
  )
}
