import { createRoute, z, type OpenAPIHono } from '@hono/zod-openapi'
import { Settings } from '@skep/vocabulary'
import { body, json } from '../shapes.ts'
import type { Context, Env } from '../context.ts'

/** What is wanted of sensors and groups. */
export function desiredRoutes(app: OpenAPIHono<Env>, { relational: { fleet } }: Context): void {
  const scope = z.string().regex(/^(sensor|group):[a-z0-9][a-z0-9._-]{0,63}$/, 'expected sensor:NAME or group:NAME')
  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/desired/{scope}',
      summary: 'What is wanted of a sensor or a group, and earlier versions',
      request: { params: z.object({ scope }) },
      responses: json(
        z.object({
          version: z.number(),
          document: z.record(z.string(), z.unknown()),
          versions: z.array(
            z.object({
              id: z.number(),
              document: z.record(z.string(), z.unknown()),
              author: z.string(),
              note: z.string(),
              created: z.number(),
            }),
          ),
        }),
        'The desired state',
      ),
    }),
    async (c) => {
      const at = c.req.valid('param').scope
      const now = await fleet.wanted(at)
      const versions = (await fleet.wishes(at)).map((one) => ({
        ...one,
        document: JSON.parse(one.document) as Record<string, unknown>,
      }))
      return c.json({ version: now?.version ?? 0, document: now?.document ?? {}, versions })
    },
  )
  app.openapi(
    createRoute({
      method: 'put',
      path: '/api/v1/desired/{scope}',
      summary: 'Say what is wanted of a sensor or a group; sensors pull it with their next heartbeat',
      request: {
        params: z.object({ scope }),
        ...body(z.strictObject({ document: z.record(z.string(), z.unknown()), note: z.string().max(500).default('') })),
      },
      responses: {
        ...json(z.object({ version: z.number() }), 'The new version'),
        400: { description: 'It cannot be used' },
      },
    }),
    async (c) => {
      const at = c.req.valid('param').scope
      const { document, note } = c.req.valid('json') as { document: Record<string, unknown>; note: string }
      if (JSON.stringify(document).length > 100_000)
        return c.json({ error: 'More than 100,000 characters of settings' }, 400) as never
      const checked = Settings.safeParse(document)
      if (!checked.success) {
        const [issue] = checked.error.issues
        return c.json({ error: `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'cannot be used'}` }, 400) as never
      }
      const version = await fleet.want(at, document, c.get('caller').label, note)
      const [kind, id = ''] = at.split(':')
      const sensors = (await fleet.sensors()).filter((row) => (kind === 'sensor' ? row.name : row.fleet_group) === id)
      for (const row of sensors)
        await fleet.note(
          row.name,
          'settings',
          `version ${version} by ${c.get('caller').label}${note === '' ? '' : `: ${note}`}`,
        )
      return c.json({ version })
    },
  )
}
