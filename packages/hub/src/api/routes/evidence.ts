import { createRoute, z, type OpenAPIHono } from '@hono/zod-openapi'
import type { Context as HonoContext } from 'hono'
import type { Reach } from '../../access/caller.ts'
import { Redactor } from '../../access/redact.ts'
import { holders } from '../../store/queries/index.ts'
import { run } from '../../store/query.ts'
import type { Context, Env } from '../context.ts'
import { reachScope } from '../list.ts'

const sha256 = z.object({ sha256: z.string().regex(/^[0-9a-f]{64}$/) })
const preview = 64 * 1024

/**
 * The bytes of an artifact or a recording, if an event within reach names them; without sensors' addresses where it is
 * not the asker's own sensor.
 */
export async function keptFor(
  { blobs, store, relational }: Pick<Context, 'blobs' | 'store' | 'relational'>,
  reach: Reach | undefined,
  hash: string,
): Promise<Buffer | undefined> {
  if (reach === undefined) return blobs.get(hash)
  const { rows } = await run(store, holders, { sha256: hash, scope: { reach: reachScope({ reach }, 'both') } })
  if (rows.length === 0) return undefined
  const bytes = await blobs.get(hash)
  const own = rows.some(({ sensor }) => reach.sensors.includes(sensor))
  return bytes === undefined || own ? bytes : new Redactor(await relational.fleet.addresses()).bytes(bytes)
}

/** What was kept of attackers: artifacts (shown as bytes, never as a file to open) and recordings. */
export function evidence(app: OpenAPIHono<Env>, { blobs, store, relational }: Context): void {
  const fetch = (c: HonoContext<Env>, hash: string) =>
    keptFor({ blobs, store, relational }, c.get('caller').reach, hash)

  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/artifacts/{sha256}',
      summary: 'The beginning of an artifact as base64, for looking at',
      request: { params: sha256 },
      responses: {
        200: {
          description: 'The bytes',
          content: {
            'application/json': { schema: z.object({ sha256: z.string(), size: z.number(), head: z.string() }) },
          },
        },
        404: { description: 'The bytes are not on this hub' },
      },
    }),
    async (c) => {
      const { sha256 } = c.req.valid('param')
      const bytes = await fetch(c, sha256)
      if (bytes === undefined) return c.json({ error: 'The bytes of this artifact are not on this hub' }, 404) as never
      return c.json({ sha256, size: bytes.length, head: bytes.subarray(0, preview).toString('base64') }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/recordings/{sha256}',
      summary: 'A terminal recording (asciicast v2)',
      request: { params: sha256 },
      responses: {
        200: { description: 'The recording', content: { 'application/x-asciicast': { schema: z.string() } } },
        404: { description: 'The recording is not on this hub' },
      },
    }),
    async (c) => {
      const bytes = await fetch(c, c.req.valid('param').sha256)
      if (bytes === undefined) return c.json({ error: 'This recording is not on this hub' }, 404) as never
      c.header('content-type', 'application/x-asciicast')
      c.header('content-disposition', 'attachment; filename="session.cast"')
      return c.body(new Uint8Array(bytes)) as never
    },
  )
}
