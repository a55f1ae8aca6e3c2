import { createRoute, z, type OpenAPIHono } from '@hono/zod-openapi'
import type { Context as HonoContext } from 'hono'
import { capabilityNames, roleNames, roles, type Capability, type MemberRole } from '../../access/roles.ts'
import { isEmail, normalEmail } from '../../relational/people.ts'
import { record, type Context, type Env } from '../context.ts'
import { answerText } from '../list.ts'
import { body, done, json } from '../shapes.ts'

const week = 7 * 86_400

/** What an organisation's admin does: people, roles, tokens, and the audit log. */
export function memberRoutes(app: OpenAPIHono<Env>, context: Context): void {
  const { relational, mailer } = context
  const { people, tokens, audit } = relational
  const organisationOf = (c: HonoContext<Env>): string | undefined => c.get('caller').organisation
  const none = (c: HonoContext) =>
    c.json({ error: 'Say for which organisation: add "?organisation=" to the address' }, 400) as never

  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/members',
      summary: 'The people of the organisation',
      responses: json(
        z.object({
          rows: z.array(
            z.object({
              id: z.string(),
              email: z.string(),
              name: z.string(),
              role: z.enum(roleNames),
              since: z.number(),
              second: z.number().openapi({ description: 'How many second factors the person has' }),
            }),
          ),
          roles: z.record(z.string(), z.array(z.string())),
        }),
        'The people, and what each role may do',
      ),
    }),
    async (c) => {
      const organisation = organisationOf(c)
      if (organisation === undefined) return none(c)
      const rows = (await people.members(organisation)).map((one) => ({ ...one, second: Number(one.second) }))
      return c.json({ rows, roles: Object.fromEntries(Object.entries(roles).map(([role, can]) => [role, [...can]])) })
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/api/v1/members',
      summary: 'Invite a person, or change the role of one',
      request: body(
        z.strictObject({ email: z.string().max(320), name: z.string().max(120).default(''), role: z.enum(roleNames) }),
      ),
      responses: {
        ...json(
          z.object({
            mailed: z.boolean(),
            link: z.string().nullable().openapi({
              description: 'For a new person, where no mail could be sent: give it yourself; good once, for a week',
            }),
          }),
          'The person is a member',
        ),
        400: { description: 'This is no e-mail address' },
      },
    }),
    async (c) => {
      const organisation = organisationOf(c)
      if (organisation === undefined) return none(c)
      const { email, name, role } = c.req.valid('json')
      const address = normalEmail(email)
      if (!isEmail(address)) return c.json({ error: 'This is no e-mail address' }, 400) as never
      const known = await people.userByEmail(address)
      const user = known ?? (await people.addUser(address, name))
      await people.join(user.id, organisation, role as MemberRole)
      await record(context, c, 'member', address, `${role} of ${organisation}`)
      // A link opens the account, and with it every organisation that it is of: who invites gets one only for an
      // account that is new and of no other organisation.
      const elsewhere = (await people.memberships(user.id)).some((one) => one.organisation !== organisation)
      const inUse = user.password !== null || (await people.passkeys(user.id)).length > 0
      if (inUse || elsewhere || user.operator === 1) return c.json({ mailed: false, link: null })
      const link = `${context.publicPortal()}/welcome#${await people.errand('welcome', user.id, {}, week)}`
      try {
        await mailer.send({
          to: address,
          subject: `${c.get('caller').label} invites you to Skep`,
          text:
            `You are invited to see what a community honeynet knows of the networks of ${organisation}.\n\n` +
            `Choose a password here; the link is good once, for a week:\n${link}\n`,
        })
        return c.json({ mailed: true, link: null })
      } catch {
        return c.json({ mailed: false, link })
      }
    },
  )

  app.openapi(
    createRoute({
      method: 'delete',
      path: '/api/v1/members/{id}',
      summary: 'Take a person out of the organisation',
      request: { params: z.object({ id: z.uuid() }) },
      responses: {
        ...json(done, 'Done'),
        404: { description: 'There is no such member' },
        409: { description: 'The last admin' },
      },
    }),
    async (c) => {
      const organisation = organisationOf(c)
      if (organisation === undefined) return none(c)
      const members = await people.members(organisation)
      const one = members.find(({ id }) => id === c.req.valid('param').id)
      if (one === undefined) return c.json({ error: 'There is no such member' }, 404) as never
      if (
        one.role === 'admin' &&
        members.filter(({ role }) => role === 'admin').length === 1 &&
        !c.get('caller').can.has('operate')
      )
        return c.json({ error: 'This is the last admin: make another one first' }, 409) as never
      await people.leave(one.id, organisation)
      await record(context, c, 'member removed', one.email, organisation)
      return c.json({ done: true as const })
    },
  )

  // Tokens

  const tokenShape = z.object({
    id: z.string(),
    role: z.string(),
    label: z.string(),
    scopes: z.array(z.string()),
    author: z.string(),
    created: z.number(),
    expires: z.number().nullable(),
    last_used: z.number().nullable(),
  })
  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/tokens',
      summary: 'API tokens that still count; never their secrets',
      responses: json(z.object({ rows: z.array(tokenShape) }), 'The tokens'),
    }),
    async (c) => {
      const rows = await tokens.list(organisationOf(c) ?? null)
      return c.json({
        rows: rows.map((row) => tokenShape.parse({ ...row, scopes: row.scopes === '' ? [] : row.scopes.split(' ') })),
      })
    },
  )
  app.openapi(
    createRoute({
      method: 'post',
      path: '/api/v1/tokens',
      summary: 'Make an API token. It carries no more than its author may do',
      request: body(
        z.strictObject({
          label: z.string().min(1).max(120),
          role: z.enum([...roleNames, 'operator']).default('viewer'),
          scopes: z.array(z.enum(capabilityNames)).max(20).default([]),
          days: z.number().int().min(1).max(730).default(365),
        }),
      ),
      responses: {
        ...json(z.object({ token: z.string() }), 'The token: it is shown only now'),
        403: { description: 'It would carry more than its author' },
      },
    }),
    async (c) => {
      const caller = c.get('caller')
      const { label, role, scopes, days } = c.req.valid('json')
      const organisation = organisationOf(c)
      const carried: readonly Capability[] = role === 'operator' ? capabilityNames : roles[role as MemberRole]
      const wanted = scopes.length === 0 ? carried : carried.filter((one) => scopes.includes(one))
      // Without an organisation a token is for the whole honeynet: operator or viewer.
      if (!wanted.every((one) => caller.can.has(one)) || (organisation === undefined && !caller.can.has('operate')))
        return c.json({ error: 'A token cannot carry more than you may do yourself' }, 403) as never
      if (organisation !== undefined && role === 'operator')
        return c.json({ error: 'An operator is not of one organisation' }, 403) as never
      const secret = await tokens.create(role === 'operator' || organisation !== undefined ? role : 'viewer', label, {
        ttl: days * 86_400,
        scopes,
        author: caller.label,
        ...(organisation !== undefined && { organisation }),
      })
      await record(context, c, 'token made', label, `${role} ${scopes.join(' ')}`.trim())
      return c.json({ token: secret })
    },
  )
  app.openapi(
    createRoute({
      method: 'delete',
      path: '/api/v1/tokens/{id}',
      summary: 'Void a token',
      request: { params: z.object({ id: z.string().regex(/^[0-9a-f-]{16,64}$/) }) },
      responses: { ...json(done, 'Done'), 404: { description: 'There is no such token' } },
    }),
    async (c) => {
      const { id } = c.req.valid('param')
      if (!(await tokens.revoke(id, organisationOf(c) ?? null)))
        return c.json({ error: 'There is no such token' }, 404) as never
      await record(context, c, 'token voided', id)
      return c.json({ done: true as const })
    },
  )

  // Audit

  const line = z.object({
    id: z.number(),
    at: z.number(),
    actor: z.string(),
    organisation: z.string(),
    action: z.string(),
    subject: z.string(),
    detail: z.string(),
    remote: z.string(),
    hash: z.string(),
  })
  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/audit',
      summary: 'The audit log, the newest first: of the organisation, or of the honeynet for its operators',
      request: {
        query: z.object({
          before: z.coerce.number().int().optional(),
          limit: z.coerce.number().int().min(1).max(1000).default(100),
          format: z.enum(['json', 'ndjson', 'csv']).default('json'),
        }),
      },
      responses: json(z.object({ rows: z.array(line), next: z.number().nullable() }), 'The log'),
    }),
    async (c) => {
      const { before, limit, format } = c.req.valid('query')
      const rows = await audit.list(organisationOf(c), before, limit)
      if (format !== 'json') return answerText(c, rows as never, format, 'audit')
      return c.json({ rows, next: rows.length === limit ? (rows.at(-1)?.id ?? null) : null })
    },
  )
  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/audit/proof',
      summary: 'Walk the chain of hashes: whether a line was changed or taken out. Keep the last hash elsewhere',
      responses: json(
        z.object({ lines: z.number(), last: z.string(), broken: z.number().nullable() }),
        'What was found',
      ),
    }),
    async (c) => {
      const { lines, last, broken } = await audit.verify()
      return c.json({ lines, last, broken: broken ?? null })
    },
  )
}
