import { createRoute, z, type OpenAPIHono } from '@hono/zod-openapi'
import { createHash } from 'node:crypto'
import { body, done, json } from '../shapes.ts'
import type { Context, Env } from '../context.ts'

/** Releases that sensors can be upgraded to. */
export function releaseRoutes(app: OpenAPIHono<Env>, { relational: { fleet }, blobs }: Context): void {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/releases',
      summary: 'Releases that sensors can be upgraded to, and how far they are rolled out',
      responses: json(
        z.object({
          releases: z.array(
            z.object({ version: z.string(), sha256: z.string(), size: z.number(), created: z.number() }),
          ),
          rollouts: z.array(z.record(z.string(), z.unknown())),
        }),
        'The releases',
      ),
    }),
    async (c) =>
      c.json({
        releases: await fleet.releases(),
        rollouts: (await fleet.rollouts()) as unknown as Record<string, unknown>[],
      }),
  )
  app.put('/api/v1/releases/:version', async (c) => {
    const version = c.req.param('version')
    if (!/^\d+\.\d+\.\d+[\w.-]{0,40}$/.test(version)) return c.json({ error: 'A version looks like 1.2.3' }, 400)
    const bytes = Buffer.from(await c.req.arrayBuffer())
    if (bytes.length < 1000 || bytes.readUInt16BE(0) !== 0x1f8b)
      return c.json({ error: 'A release is the .tgz file that "npm run package -- release" makes' }, 400)
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    await blobs.put(sha256, bytes)
    await fleet.addRelease(version, sha256, bytes.length)
    return c.json({ version, sha256, size: bytes.length })
  })
  app.openapi(
    createRoute({
      method: 'post',
      path: '/api/v1/rollouts',
      summary: 'Roll a release out, ring by ring; each ring must run it well for a while before the next has it',
      request: body(
        z.strictObject({ version: z.string().max(60), gate_minutes: z.number().min(0).max(10_080).default(60) }),
      ),
      responses: { ...json(done, 'Done'), 404: { description: 'There is no such release' } },
    }),
    async (c) => {
      const { version, gate_minutes } = c.req.valid('json') as { version: string; gate_minutes: number }
      if (!(await fleet.releases()).some((one) => one.version === version))
        return c.json({ error: `There is no release ${version}` }, 404) as never
      await fleet.rollOut(version, gate_minutes * 60_000)
      return c.json({ done: true as const })
    },
  )
}
