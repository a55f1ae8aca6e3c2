import { createRoute, z, type OpenAPIHono } from '@hono/zod-openapi'
import type { Context as HonoContext } from 'hono'
import { maxChecklist } from '../../networks/rpki.ts'
import type { Instructions } from '../../networks/proofs.ts'
import { contains, readResource } from '../../networks/resource.ts'
import type { Claim } from '../../relational/claims.ts'
import { record, remoteOf, type Context, type Env } from '../context.ts'
import { body, done, json } from '../shapes.ts'

const methods = ['dns', 'mail', 'peeringdb', 'rpki', 'operator'] as const
const claimShape = z.object({
  id: z.string(),
  organisation: z.string(),
  resource: z.string(),
  method: z.enum(methods),
  state: z.enum(['pending', 'proved', 'refused', 'lapsed']),
  evidence: z.string(),
  author: z.string(),
  requested: z.number(),
  proved: z.number().nullable(),
  expires: z.number().nullable(),
})
/** A claim as it is shown: its secret only stands in the instructions. */
const show = (claim: Claim) => claimShape.parse(claim)
const missing = { 404: { description: 'There is no such claim' } }

/** Which networks an organisation says are its own, and the proofs; customers within them. */
export function claimRoutes(app: OpenAPIHono<Env>, context: Context): void {
  const { relational, prover } = context
  const { claims } = relational
  const none = (c: HonoContext) =>
    c.json({ error: 'Say for which organisation: add "?organisation=" to the address' }, 400) as never
  /** A claim of the caller's organisation; an operator's reach is all of them. */
  const own = async (c: HonoContext<Env>, id: string): Promise<Claim | undefined> => {
    const caller = c.get('caller')
    const claim = await claims.claim(id)
    const whole = caller.organisation === undefined && caller.can.has('operate')
    return claim !== undefined && (whole || claim.organisation === caller.organisation) ? claim : undefined
  }
  const notFound = (c: HonoContext) => c.json({ error: 'There is no such claim' }, 404) as never

  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/claims',
      summary: 'The networks that the organisation claims, and their proofs; all claims for an operator',
      responses: json(
        z.object({
          rows: z.array(claimShape),
          methods: z.array(z.enum(methods)).openapi({ description: 'How networks can be proved here' }),
        }),
        'The claims',
      ),
    }),
    async (c) => {
      const { organisation, can } = c.get('caller')
      const possible = methods.filter((method) => method !== 'rpki' || prover.signatures)
      if (organisation === undefined && !can.has('operate')) return c.json({ rows: [], methods: possible })
      return c.json({ rows: (await claims.list(organisation)).map(show), methods: possible })
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/api/v1/claims',
      summary: 'Claim an AS or a prefix, to be proved by one of several methods',
      request: body(z.strictObject({ resource: z.string().max(80), method: z.enum(methods) })),
      responses: {
        ...json(z.object({ claim: claimShape }), 'The claim'),
        400: { description: 'It cannot be claimed so' },
      },
    }),
    async (c) => {
      const caller = c.get('caller')
      if (caller.organisation === undefined) return none(c)
      const { resource, method } = c.req.valid('json')
      let read: ReturnType<typeof readResource>
      try {
        read = readResource(resource)
      } catch (error) {
        return c.json({ error: (error as Error).message }, 400) as never
      }
      const possible = prover.methodsFor(read)
      if (!possible.includes(method))
        return c.json({ error: `${read.text} can be proved by ${possible.join(', ')}` }, 400) as never
      const wait = await relational.throttle.hit(`claim ${caller.organisation}`, 100, 86_400_000)
      if (wait > 0) return c.json({ error: 'Too many claims in a day' }, 429, { 'retry-after': String(wait) }) as never
      const claim = await claims.request({
        organisation: caller.organisation,
        resource: read.text,
        method,
        author: caller.label,
        author_id: caller.user?.id ?? '',
      })
      await record(context, c, 'network claimed', read.text, method)
      await prover.attempt(claim)
      return c.json({ claim: show((await claims.claim(claim.id)) ?? claim) })
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/claims/{id}',
      summary: 'A claim, and what to do to prove it',
      request: { params: z.object({ id: z.uuid() }) },
      responses: {
        ...json(
          z.object({
            claim: claimShape,
            records: z.array(z.object({ name: z.string(), value: z.string() })),
            recipients: z.array(z.string()),
            file: z
              .object({ name: z.string(), text: z.string() })
              .optional()
              .openapi({ description: 'What to sign, where the proof is a signature' }),
            note: z.string(),
          }),
          'The claim',
        ),
        ...missing,
      },
    }),
    async (c) => {
      const claim = await own(c, c.req.valid('param').id)
      if (claim === undefined) return notFound(c)
      const todo: Instructions = await prover
        .instructions(claim)
        .catch(() => ({ records: [], recipients: [], note: 'The registry could not be asked just now.' }))
      return c.json({
        claim: show(claim),
        records: [...todo.records],
        recipients: [...todo.recipients],
        ...(todo.file !== undefined && { file: todo.file }),
        note: todo.note,
      })
    },
  )
  app.openapi(
    createRoute({
      method: 'post',
      path: '/api/v1/claims/{id}/check',
      summary: 'Try to prove a claim now',
      request: { params: z.object({ id: z.uuid() }) },
      responses: { ...json(z.object({ claim: claimShape }), 'What came of it'), ...missing },
    }),
    async (c) => {
      const claim = await own(c, c.req.valid('param').id)
      if (claim === undefined) return notFound(c)
      const wait = await relational.throttle.hit(`check ${claim.id}`, claim.method === 'mail' ? 3 : 30, 3_600_000)
      if (wait > 0) return c.json({ error: 'Checked too often' }, 429, { 'retry-after': String(wait) }) as never
      if (claim.state !== 'refused') await prover.attempt(claim)
      const after = (await claims.claim(claim.id)) ?? claim
      if (after.state !== claim.state) await record(context, c, `claim ${after.state}`, after.resource, after.evidence)
      return c.json({ claim: show(after) })
    },
  )
  app.openapi(
    createRoute({
      method: 'post',
      path: '/api/v1/claims/{id}/checklist',
      summary: 'Hand in an RPKI Signed Checklist (RFC 9323) of the file that the claim names',
      request: {
        params: z.object({ id: z.uuid() }),
        ...body(
          z.strictObject({
            object: z
              .base64()
              .min(4)
              .max(Math.ceil(maxChecklist / 3) * 4)
              .openapi({ description: 'The signed object (.sig), base64' }),
          }),
        ),
      },
      responses: { ...json(z.object({ claim: claimShape }), 'What came of it'), ...missing },
    }),
    async (c) => {
      const claim = await own(c, c.req.valid('param').id)
      if (claim === undefined) return notFound(c)
      const wait = await relational.throttle.hit(`checklist ${claim.organisation}`, 20, 3_600_000)
      if (wait > 0) return c.json({ error: 'Handed in too often' }, 429, { 'retry-after': String(wait) }) as never
      await prover.checklist(claim, Buffer.from(c.req.valid('json').object, 'base64'))
      const after = (await claims.claim(claim.id)) ?? claim
      if (after.state !== claim.state) await record(context, c, `claim ${after.state}`, after.resource, after.evidence)
      return c.json({ claim: show(after) })
    },
  )
  app.openapi(
    createRoute({
      method: 'delete',
      path: '/api/v1/claims/{id}',
      summary: 'Give a claim up',
      request: { params: z.object({ id: z.uuid() }) },
      responses: { ...json(done, 'Done'), ...missing },
    }),
    async (c) => {
      const claim = await own(c, c.req.valid('param').id)
      if (claim === undefined) return notFound(c)
      await claims.remove(claim.id)
      await record(context, c, 'claim given up', claim.resource)
      return c.json({ done: true as const })
    },
  )
  app.openapi(
    createRoute({
      method: 'post',
      path: '/api/v1/decisions/{id}',
      summary: 'An operator approves or refuses a claim, whatever its method',
      request: {
        params: z.object({ id: z.uuid() }),
        ...body(z.strictObject({ approve: z.boolean(), why: z.string().max(500).default('') })),
      },
      responses: { ...json(done, 'Done'), ...missing },
    }),
    async (c) => {
      const claim = await claims.claim(c.req.valid('param').id)
      if (claim === undefined) return notFound(c)
      const { approve, why } = c.req.valid('json')
      await prover.decide(claim, approve, c.get('caller').label, why)
      await record(context, c, approve ? 'claim approved' : 'claim refused', claim.resource, why, {
        organisation: claim.organisation,
      })
      return c.json({ done: true as const })
    },
  )
  app.openapi(
    createRoute({
      method: 'post',
      path: '/api/v1/public/claim',
      summary: 'The contact of a network confirms by the secret of a message',
      request: body(z.strictObject({ secret: z.string().max(200) })),
      responses: {
        ...json(z.object({ resource: z.string(), organisation: z.string() }), 'Confirmed'),
        400: { description: 'The secret has been used or is too old' },
      },
    }),
    async (c) => {
      if ((await relational.throttle.hit(`confirm from ${remoteOf(c)}`, 20, 900_000)) > 0)
        return c.json({ error: 'Too many tries' }, 429) as never
      const claim = await prover.confirm(c.req.valid('json').secret)
      if (claim === undefined) return c.json({ error: 'This link has been used or is too old' }, 400) as never
      await record(context, c, 'claim proved', claim.resource, 'by message', {
        actor: 'registry contact',
        organisation: claim.organisation,
      })
      return c.json({ resource: claim.resource, organisation: claim.organisation })
    },
  )

  // Customers

  const customer = z.object({ id: z.string(), prefix: z.string(), title: z.string(), contact: z.string() })
  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/customers',
      summary: 'Customer ranges within the networks of the organisation: cases are grouped by them',
      responses: json(z.object({ rows: z.array(customer) }), 'The customers'),
    }),
    async (c) => {
      const { organisation } = c.get('caller')
      return c.json({ rows: organisation === undefined ? [] : await claims.customers(organisation) })
    },
  )
  app.openapi(
    createRoute({
      method: 'post',
      path: '/api/v1/customers',
      summary: 'Enter a customer range; the same range again changes it',
      request: body(
        z.strictObject({
          prefix: z.string().max(80),
          title: z.string().min(1).max(120),
          contact: z.string().max(200).default(''),
        }),
      ),
      responses: {
        ...json(z.object({ id: z.string() }), 'Entered'),
        400: { description: 'This is no prefix of yours' },
      },
    }),
    async (c) => {
      const { organisation, reach } = c.get('caller')
      if (organisation === undefined || reach === undefined) return none(c)
      const { prefix, title, contact } = c.req.valid('json')
      let read: ReturnType<typeof readResource>
      try {
        read = readResource(prefix)
      } catch (error) {
        return c.json({ error: (error as Error).message }, 400) as never
      }
      if (read.kind === 'as') return c.json({ error: 'A customer has a prefix' }, 400) as never
      const { address } = read
      const inside =
        reach.prefixes.some((one) => contains(one, address)) ||
        reach.asns.includes(context.enricher.lookup(address, new Date().toISOString().slice(0, 10)).asn)
      if (!inside) return c.json({ error: `${read.text} is not in a network of yours` }, 400) as never
      const id = await claims.setCustomer(organisation, { prefix: read.text, title, contact })
      await record(context, c, 'customer', read.text, title)
      return c.json({ id })
    },
  )
  app.openapi(
    createRoute({
      method: 'delete',
      path: '/api/v1/customers/{id}',
      summary: 'Take a customer range out',
      request: { params: z.object({ id: z.uuid() }) },
      responses: { ...json(done, 'Done'), 404: { description: 'There is no such customer' } },
    }),
    async (c) => {
      const { organisation } = c.get('caller')
      if (organisation === undefined) return none(c)
      if (!(await claims.removeCustomer(organisation, c.req.valid('param').id)))
        return c.json({ error: 'There is no such customer' }, 404) as never
      return c.json({ done: true as const })
    },
  )
}
