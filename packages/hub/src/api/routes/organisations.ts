import { createRoute, z, type OpenAPIHono } from '@hono/zod-openapi'
import { Forbidden } from '../../outbound.ts'
import { isEmail, normalEmail } from '../../relational/people.ts'
import { record, type Context, type Env } from '../context.ts'
import { body, done, json, name } from '../shapes.ts'

/** What the honeynet's operators do: organisations, people, providers of identities. */
export function organisationRoutes(app: OpenAPIHono<Env>, context: Context): void {
  const { relational, outbound } = context
  const { people, fleet, claims } = relational

  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/organisations',
      summary: 'All organisations, their networks and sensors',
      responses: json(
        z.object({
          rows: z.array(
            z.object({
              name: z.string(),
              title: z.string(),
              sector: z.string(),
              economy: z.string(),
              sensors: z.number(),
              members: z.number(),
              asns: z.array(z.number()),
              prefixes: z.array(z.string()),
            }),
          ),
        }),
        'The organisations',
      ),
    }),
    async (c) => {
      const holders = await claims.holders()
      const rows = await Promise.all(
        (await fleet.organisations()).map(async (one) => {
          const held = holders.find(({ organisation }) => organisation === one.name)
          return {
            name: one.name,
            title: one.title,
            sector: one.sector,
            economy: one.economy,
            sensors: Number(one.sensors),
            members: (await people.members(one.name)).length,
            asns: held?.asns ?? [],
            prefixes: held?.prefixes ?? [],
          }
        }),
      )
      return c.json({ rows })
    },
  )
  app.openapi(
    createRoute({
      method: 'put',
      path: '/api/v1/organisations/{name}',
      summary: 'Make or change an organisation',
      request: {
        params: z.object({ name }),
        ...body(
          z.strictObject({
            title: z.string().min(1).max(120),
            sector: z.string().max(60).default(''),
            economy: z
              .string()
              .regex(/^([A-Z]{2})?$/)
              .default(''),
          }),
        ),
      },
      responses: json(done, 'Done'),
    }),
    async (c) => {
      const { name: id } = c.req.valid('param')
      const { title, sector, economy } = c.req.valid('json')
      await fleet.addOrganisation(id, title)
      await fleet.changeOrganisation(id, { title, sector, economy })
      await record(context, c, 'organisation', id, title, { organisation: id })
      return c.json({ done: true as const })
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/users',
      summary: 'All people',
      responses: json(
        z.object({
          rows: z.array(
            z.object({
              id: z.string(),
              email: z.string(),
              name: z.string(),
              operator: z.number(),
              disabled: z.number().nullable(),
              second: z.coerce.number(),
              memberships: z.coerce.number(),
              created: z.number(),
            }),
          ),
        }),
        'The people',
      ),
    }),
    async (c) => {
      const rows = await people.users()
      return c.json({
        rows: rows.map(({ id, email, name: called, operator, disabled, second, memberships, created }) => ({
          id,
          email,
          name: called,
          operator,
          disabled,
          second: Number(second),
          memberships: Number(memberships),
          created,
        })),
      })
    },
  )
  app.openapi(
    createRoute({
      method: 'post',
      path: '/api/v1/users',
      summary: 'Make an account, or a new link for one whose owner lost the way in',
      request: body(
        z.strictObject({
          email: z.string().max(320),
          name: z.string().max(120).default(''),
          operator: z.boolean().default(false),
        }),
      ),
      responses: {
        ...json(z.object({ id: z.string(), link: z.string() }), 'A link to choose a password: good once, for a week'),
        400: { description: 'This is no e-mail address' },
      },
    }),
    async (c) => {
      const { email, name: called, operator } = c.req.valid('json')
      const address = normalEmail(email)
      if (!isEmail(address)) return c.json({ error: 'This is no e-mail address' }, 400) as never
      const user = (await people.userByEmail(address)) ?? (await people.addUser(address, called, operator))
      if (operator && user.operator !== 1) await people.changeUser(user.id, { operator: 1 })
      const link = `${context.publicPortal()}/welcome#${await people.errand('welcome', user.id, {}, 7 * 86_400)}`
      await record(context, c, 'account link', address, operator ? 'operator' : '')
      return c.json({ id: user.id, link })
    },
  )
  app.openapi(
    createRoute({
      method: 'patch',
      path: '/api/v1/users/{id}',
      summary: 'Shut or open an account, or take its second factors away after its owner has shown who it is',
      request: {
        params: z.object({ id: z.uuid() }),
        ...body(
          z.strictObject({
            disabled: z.boolean().optional(),
            operator: z.boolean().optional(),
            reset_second: z.literal(true).optional(),
          }),
        ),
      },
      responses: { ...json(done, 'Done'), 404: { description: 'There is no such account' } },
    }),
    async (c) => {
      const user = await people.user(c.req.valid('param').id)
      if (user === undefined) return c.json({ error: 'There is no such account' }, 404) as never
      const { disabled, operator, reset_second: reset } = c.req.valid('json')
      if (disabled !== undefined) await people.changeUser(user.id, { disabled: disabled ? Date.now() : null })
      if (operator !== undefined) await people.changeUser(user.id, { operator: operator ? 1 : 0 })
      if (reset === true) {
        await people.changeUser(user.id, { totp: null })
        for (const { id } of await people.passkeys(user.id)) await people.removePasskey(user.id, id)
        await people.dropErrands(user.id, 'recovery code')
        await people.endSignIns(user.id)
      }
      await record(context, c, 'account changed', user.email, JSON.stringify(c.req.valid('json')))
      return c.json({ done: true as const })
    },
  )

  const provider = z.strictObject({
    title: z.string().min(1).max(80),
    issuer: z.string().max(300),
    client_id: z.string().min(1).max(300),
    client_secret: z.string().max(500).default(''),
    scope: z
      .string()
      .regex(/^openid( [\w:.-]+)*$/, 'begins with openid')
      .default('openid email profile'),
    admits: z.enum(['known', 'anyone']).default('known'),
  })
  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/providers',
      summary: 'Providers of identities; never their secrets',
      responses: json(
        z.object({ rows: z.array(provider.omit({ client_secret: true }).extend({ name: z.string() })) }),
        'The providers',
      ),
    }),
    async (c) => {
      const rows = await people.providers()
      return c.json({
        rows: rows.map(({ name: id, title, issuer, client_id, scope, admits }) => ({
          name: id,
          title,
          issuer,
          client_id,
          scope,
          admits,
        })),
      })
    },
  )
  app.openapi(
    createRoute({
      method: 'put',
      path: '/api/v1/providers/{name}',
      summary: 'Set up a provider of identities (OpenID Connect). The address to come back to is /signin/back/{name}',
      request: { params: z.object({ name }), ...body(provider) },
      responses: { ...json(done, 'Done'), 400: { description: 'The issuer is no address that may be called' } },
    }),
    async (c) => {
      const { name: id } = c.req.valid('param')
      const given = c.req.valid('json')
      try {
        outbound.check(given.issuer)
      } catch (error) {
        if (error instanceof Forbidden) return c.json({ error: error.message }, 400) as never
        throw error
      }
      await people.setProvider({ ...given, name: id, client_secret: context.seal(given.client_secret) })
      await record(context, c, 'provider', id, given.issuer)
      return c.json({ done: true as const })
    },
  )
  app.openapi(
    createRoute({
      method: 'delete',
      path: '/api/v1/providers/{name}',
      summary: 'Remove a provider of identities',
      request: { params: z.object({ name }) },
      responses: { ...json(done, 'Done'), 404: { description: 'There is no such provider' } },
    }),
    async (c) => {
      const { name: id } = c.req.valid('param')
      if (!(await people.removeProvider(id))) return c.json({ error: 'There is no such provider' }, 404) as never
      await record(context, c, 'provider removed', id)
      return c.json({ done: true as const })
    },
  )
}
