import { createRoute, z, type OpenAPIHono } from '@hono/zod-openapi'
import { body, json, name } from '../shapes.ts'
import type { Context, Env } from '../context.ts'

/** Who may join, and whose sensors they are. */
export function joiningRoutes(
  app: OpenAPIHono<Env>,
  { relational: { fleet }, authority, publicGateway }: Context,
): void {
  app.openapi(
    createRoute({
      method: 'post',
      path: '/api/v1/invites',
      summary: 'Make the line with which one sensor joins',
      request: body(
        z.strictObject({
          organisation: name.default('home'),
          group: name.default('all'),
          ring: z.number().int().min(0).max(9).default(1),
          label: z.string().max(120).default(''),
          hours: z.number().min(1).max(720).default(48),
          gateway: z.string().max(255).optional(),
        }),
      ),
      responses: json(z.object({ token: z.string(), command: z.string(), expires: z.number() }), 'The invitation'),
    }),
    async (c) => {
      const asked = c.req.valid('json') as {
        organisation: string
        group: string
        ring: number
        label: string
        hours: number
        gateway?: string
      }
      const secret = await fleet.invite(
        { organisation: asked.organisation, fleet_group: asked.group, ring: asked.ring, label: asked.label },
        c.get('caller').label,
        asked.hours * 3600,
      )
      const token = `${secret}.${authority.fingerprint}`
      return c.json({
        token,
        command: `skep sensor join ${asked.gateway ?? publicGateway()} ${token}`,
        expires: Date.now() + asked.hours * 3_600_000,
      })
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/invites',
      summary: 'Invitations, used and unused; their secrets are not kept',
      responses: json(z.object({ invites: z.array(z.record(z.string(), z.unknown())) }), 'The invitations'),
    }),
    async (c) => c.json({ invites: await fleet.invites() }),
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/organisations',
      summary: 'Organisations and how many sensors each has',
      responses: json(
        z.object({
          organisations: z.array(z.object({ name: z.string(), title: z.string(), sensors: z.number() })),
        }),
        'The organisations',
      ),
    }),
    async (c) => c.json({ organisations: await fleet.organisations() }),
  )
}
