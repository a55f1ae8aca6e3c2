import { createRoute, z, type OpenAPIHono } from '@hono/zod-openapi'
import type { Context as HonoContext } from 'hono'
import { isAddress } from '@skep/vocabulary'
import { Redactor } from '../../access/redact.ts'
import { languageNames } from '../../networks/letters/index.ts'
import { packFormatNames, packFormats } from '../../networks/pack/formats.ts'
import { collect, packShape, type Pack } from '../../networks/pack/pack.ts'
import { letterOf } from '../../networks/pack/text.ts'
import { quietDays } from '../../networks/cases.ts'
import { certShape, certsOf, type Recipient, type Sent } from '../../networks/contacts.ts'
import { contains } from '../../networks/resource.ts'
import { Forbidden } from '../../outbound.ts'
import { isEmail, normalEmail } from '../../relational/people.ts'
import { record, remoteOf, type Context, type Env } from '../context.ts'
import { reachScope, scopeQuery } from '../list.ts'
import { body, done, json } from '../shapes.ts'
import { wholeDays } from './mine.ts'

const subject = z
  .string()
  .regex(/^[0-9a-fA-F:.]{2,45}(\/\d{1,3})?$/)
  .refine((text) => isAddress(text.split('/')[0] ?? ''), 'an address or a prefix')
  .openapi({ description: 'An address or a prefix' })
const question = {
  subject,
  since: scopeQuery.since,
  until: scopeQuery.until,
  language: z.enum(languageNames).default('en'),
}
const nothing = { 404: { description: 'Nothing was seen of it, or it is not in a network of yours' } }

/** Evidence packs: all that a network needs to find and mend a machine, in every form and language; and whom to send it. */
export function packRoutes(app: OpenAPIHono<Env>, context: Context): void {
  const { relational, rdap } = context

  const gather = async (
    c: HonoContext<Env>,
    asked: { subject: string; since?: string | undefined; until?: string | undefined },
  ): Promise<Pack | undefined> => {
    const { reach, can } = c.get('caller')
    return collect(context, {
      subject: asked.subject,
      window: wholeDays(asked, 30),
      reach: reachScope({ reach }, 'both'),
      redactor: new Redactor(reach === undefined ? [] : await relational.fleet.addresses()),
      secrets: can.has('secrets'),
    })
  }
  const reporter = () => context.letters.reporter()

  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/packs',
      summary: 'The evidence about an address or a prefix: as data, or as a letter in ten languages',
      description: 'Times are UTC, with source ports. How many sensors and organisations saw it is told, never which.',
      request: {
        query: z.object({ ...question, format: z.enum(['json', ...packFormatNames]).default('json') }),
      },
      responses: { ...json(z.object({ pack: packShape, guide: z.array(z.string()) }), 'The pack'), ...nothing },
    }),
    async (c) => {
      const asked = c.req.valid('query')
      const { language, format } = asked
      const pack = await gather(c, asked)
      if (pack === undefined)
        return c.json({ error: `Nothing was seen of ${asked.subject} in a network of yours` }, 404) as never
      const options = { language, quietDays, reporter: reporter() }
      if (format === 'json') return c.json({ pack, guide: letterOf(pack, options).steps })
      const { media, extension, render } = packFormats[format as keyof typeof packFormats]
      const made = await render(pack, options)
      const name = asked.subject.replace(/[^0-9a-f.]+/gi, '-')
      c.header('content-type', media)
      c.header(
        'content-disposition',
        `${format === 'html' ? 'inline' : 'attachment'}; filename="skep-${name}.${extension}"`,
      )
      await record(context, c, 'evidence read', asked.subject, `${format} ${language}`)
      return c.body(typeof made === 'string' ? made : new Uint8Array(made)) as never
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/contacts',
      summary: 'Whom to write to about an address: the contacts that its registry names, and your own customer’s',
      request: { query: z.object({ subject }) },
      responses: json(
        z.object({
          rows: z.array(z.object({ role: z.string(), name: z.string(), email: z.string(), from: z.string() })),
          handle: z.string(),
          note: z.string(),
        }),
        'The contacts',
      ),
    }),
    async (c) => {
      const { rows, handle, note } = await recipients(c, c.req.valid('query').subject)
      return c.json({ rows, handle, note })
    },
  )
  /** Everybody who is responsible for an address: one's own customer, the registry's contacts, PeeringDB's, the CERT. */
  const recipients = async (c: HonoContext<Env>, asked: string) => {
    const origin = context.enricher.lookup(asked.split('/')[0] ?? '', new Date().toISOString().slice(0, 10))
    const cert = (await certsOf(relational))[origin.economy]
    const [registration, peering] = await Promise.all([
      rdap.lookup(asked).catch((error: unknown) => error as Error),
      origin.asn === 0 ? [] : context.peeringDb.contacts(origin.asn).catch(() => []),
    ])
    const registered = registration instanceof Error ? undefined : registration
    const all: Recipient[] = [
      ...(await ownContacts(c, asked)),
      ...(registered?.contacts ?? []).map((one) => ({ ...one, from: 'registry' as const })),
      ...peering,
      ...(cert === undefined ? [] : [{ role: 'national CERT', ...cert, from: 'CERT' as const }]),
    ]
    return {
      rows: all.filter((one, i) => all.findIndex(({ email }) => email === one.email) === i),
      handle: registered?.handle ?? '',
      note:
        registered !== undefined
          ? ''
          : registration instanceof Forbidden
            ? registration.message
            : 'The registry could not be asked just now',
      cert: cert?.email,
    }
  }
  /** The customer in whose range the subject lies, where its contact is an address that mail can go to. */
  const ownContacts = async (c: HonoContext<Env>, asked: string) => {
    const { organisation } = c.get('caller')
    if (organisation === undefined) return []
    const address = asked.split('/')[0] ?? ''
    return (await relational.claims.customers(organisation))
      .filter(({ prefix, contact }) => contains(prefix, address) && isEmail(normalEmail(contact)))
      .map(({ title, contact }) => ({
        role: 'customer',
        name: title,
        email: normalEmail(contact),
        from: 'yours' as const,
      }))
  }

  app.openapi(
    createRoute({
      method: 'post',
      path: '/api/v1/packs/send',
      summary: 'Send a pack: a letter with XARF and PDF, and a link by which the reader says that it has come',
      request: body(
        z.strictObject({
          ...question,
          to: z.string().max(320),
          escalate_days: z.number().int().min(0).max(30).default(0).openapi({
            description: 'The national CERT gets it when the reader has not said after so many days that it has come',
          }),
        }),
      ),
      responses: {
        ...json(z.object({ answer: z.string() }), 'Sent, with what the mail server said'),
        ...nothing,
        400: { description: 'Not a contact of this address, or the hub has no mail server' },
      },
    }),
    async (c) => {
      const asked = c.req.valid('json')
      const caller = c.get('caller')
      const wait = Math.max(
        await relational.throttle.hit(`send ${caller.label}`, 100, 86_400_000),
        await relational.throttle.hit(`send ${asked.subject} ${normalEmail(asked.to)}`, 1, 86_400_000),
      )
      if (wait > 0)
        return c.json({ error: 'This was sent today already' }, 429, { 'retry-after': String(wait) }) as never
      const pack = await gather(c, asked)
      if (pack === undefined)
        return c.json({ error: `Nothing was seen of ${asked.subject} in a network of yours` }, 404) as never
      // Evidence goes to those who are responsible, and to one's own people; nobody else gets mail from here.
      const to = normalEmail(asked.to)
      const { rows, cert } = await recipients(c, asked.subject)
      const known = new Set([
        ...rows.map(({ email }) => email),
        ...(caller.organisation === undefined ? [] : await relational.people.members(caller.organisation)).map(
          ({ email }) => email,
        ),
      ])
      if (!known.has(to))
        return c.json(
          { error: `${to.slice(0, 100)} is no contact of ${asked.subject}, and nobody of yours` },
          400,
        ) as never
      const detail: Sent = {
        subject: asked.subject,
        organisation: caller.organisation ?? '',
        to,
        language: asked.language,
        escalate_days: asked.escalate_days,
        ...(cert !== undefined && cert !== to && { cert }),
      }
      let answer: string
      try {
        answer = await context.letters.send(pack, detail, caller.user?.email)
      } catch (error) {
        return c.json({ error: (error as Error).message }, 400) as never
      }
      await noteOnCases(detail.organisation, asked.subject, caller.label, 'sent', `to ${to}`)
      await record(context, c, 'evidence sent', asked.subject, to)
      return c.json({ answer })
    },
  )
  const noteOnCases = async (organisation: string, about: string, actor: string, kind: string, text: string) => {
    for (const { id } of await relational.cases.about(organisation, about))
      await relational.cases.note(id, actor, kind, text)
  }

  app.openapi(
    createRoute({
      method: 'post',
      path: '/api/v1/public/received',
      summary: 'The reader of a letter says that it has come',
      request: body(z.strictObject({ secret: z.string().max(200), words: z.string().max(1000).default('') })),
      responses: { ...json(done, 'Thank you'), 400: { description: 'The secret has been used or is too old' } },
    }),
    async (c) => {
      if ((await relational.throttle.hit(`received from ${remoteOf(c)}`, 30, 900_000)) > 0)
        return c.json({ error: 'Too many tries' }, 429) as never
      const { secret, words } = c.req.valid('json')
      const kept = await relational.people.run<{ subject: string; organisation: string; to: string }>(
        'received',
        secret,
      )
      if (kept === undefined) return c.json({ error: 'This link has been used or is too old' }, 400) as never
      const { subject: about, organisation, to } = kept.detail
      await noteOnCases(organisation, about, to, 'received', words)
      await record(context, c, 'evidence received', about, words, { actor: to, organisation })
      return c.json({ done: true as const })
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/certs',
      summary: 'The national CERT of each economy',
      responses: json(
        z.object({ certs: z.record(z.string(), z.object({ name: z.string(), email: z.string() })) }),
        'The CERTs',
      ),
    }),
    async (c) => c.json({ certs: await certsOf(relational) }),
  )
  app.openapi(
    createRoute({
      method: 'put',
      path: '/api/v1/certs',
      summary:
        'Enter the national CERTs, by ISO code of their economy: they are offered as contacts, and get what nobody answers',
      request: body(z.strictObject({ certs: certShape })),
      responses: json(done, 'Done'),
    }),
    async (c) => {
      const { certs } = c.req.valid('json')
      await relational.setMeta('certs', JSON.stringify(certs))
      await record(context, c, 'CERTs', Object.keys(certs).join(' '))
      return c.json({ done: true as const })
    },
  )
}
