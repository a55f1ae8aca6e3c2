import { createRoute, z, type OpenAPIHono } from '@hono/zod-openapi'
import type { Context as HonoContext } from 'hono'
import { tell } from '../../networks/alerts/alerts.ts'
import { channelKinds, channelNames } from '../../networks/alerts/channels.ts'
import { conditionShape, preview, within } from '../../networks/alerts/conditions.ts'
import { Forbidden } from '../../outbound.ts'
import { record, type Context, type Env } from '../context.ts'
import { body, done, json } from '../shapes.ts'

const id = z.object({ id: z.uuid() })
const missing = { 404: { description: 'There is no such thing' } }
const refused = { 400: { description: 'Refused, with the reason' } }
const hourOfDay = z.number().int().min(0).max(23)

/** Alerts: what to watch for, whom to tell, what is open, and every message with what came of it. */
export function alertRoutes(app: OpenAPIHono<Env>, context: Context): void {
  const { relational, enricher } = context
  const { alerts } = relational
  const none = (c: HonoContext) =>
    c.json({ error: 'Say for which organisation: add "?organisation=" to the address' }, 400) as never
  const notFound = (c: HonoContext) => c.json({ error: 'There is no such thing' }, 404) as never

  // Channels

  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/channels',
      summary: 'Where alerts go; never the addresses of webhooks in full',
      responses: json(
        z.object({
          rows: z.array(
            z.object({
              id: z.string(),
              kind: z.string(),
              title: z.string(),
              digest_minutes: z.number(),
              quiet_from: z.number().nullable(),
              quiet_until: z.number().nullable(),
              target: z.string(),
            }),
          ),
          kinds: z.array(z.object({ kind: z.string(), title: z.string() })),
        }),
        'The channels',
      ),
    }),
    async (c) => {
      const { organisation } = c.get('caller')
      const rows = organisation === undefined ? [] : await alerts.channels(organisation)
      return c.json({
        rows: rows.map(({ id: one, kind, title, digest_minutes, quiet_from, quiet_until, target }) => {
          const { to, url = '', chat } = JSON.parse(context.unseal(target)) as Record<string, string | undefined>
          return {
            id: one,
            kind,
            title,
            digest_minutes,
            quiet_from,
            quiet_until,
            target: to ?? chat ?? new URL(url).hostname,
          }
        }),
        kinds: Object.entries(channelKinds).map(([kind, { title }]) => ({ kind, title })),
      })
    },
  )
  app.openapi(
    createRoute({
      method: 'post',
      path: '/api/v1/channels',
      summary: 'Add a channel. Mail goes only to people of the organisation; webhooks only to the public Internet',
      request: body(
        z.strictObject({
          kind: z.enum(channelNames),
          title: z.string().min(1).max(80),
          target: z.record(z.string(), z.string().max(1000)),
          digest_minutes: z.number().int().min(0).max(10_080).default(0),
          quiet_from: hourOfDay.nullable().default(null),
          quiet_until: hourOfDay.nullable().default(null),
        }),
      ),
      responses: {
        ...json(
          z.object({
            id: z.string(),
            secret: z.string().nullable().openapi({ description: 'Of a webhook: signs its messages; shown only now' }),
          }),
          'Added',
        ),
        ...refused,
      },
    }),
    async (c) => {
      const { organisation, label } = c.get('caller')
      if (organisation === undefined) return none(c)
      const asked = c.req.valid('json')
      const kind = channelKinds[asked.kind]
      const target = kind.target.safeParse(asked.target)
      if (!target.success)
        return c.json({ error: `The target is not complete: ${target.error.issues[0]?.message ?? ''}` }, 400) as never
      try {
        if ('check' in kind) (kind.check as (t: unknown, w: Context) => void)(target.data, context)
      } catch (error) {
        if (error instanceof Forbidden) return c.json({ error: error.message }, 400) as never
        throw error
      }
      if (asked.kind === 'mail') {
        const { to } = target.data as { to: string }
        if (!(await relational.people.members(organisation)).some(({ email }) => email === to))
          return c.json({ error: 'Mail goes to people of the organisation: invite this one first' }, 400) as never
      }
      if ((await alerts.channels(organisation)).length >= 50)
        return c.json({ error: 'There are 50 channels: remove one first' }, 400) as never
      const made = await alerts.addChannel({
        organisation,
        kind: asked.kind,
        title: asked.title,
        target: context.seal(JSON.stringify(target.data)),
        digest_minutes: asked.digest_minutes,
        quiet_from: asked.quiet_from,
        quiet_until: asked.quiet_until,
        author: label,
      })
      await record(context, c, 'channel added', asked.title, asked.kind)
      return c.json({ id: made, secret: (target.data as { secret?: string }).secret ?? null })
    },
  )
  app.openapi(
    createRoute({
      method: 'post',
      path: '/api/v1/channels/{id}/test',
      summary: 'Send a message that says that the channel works',
      request: { params: id },
      responses: { ...json(z.object({ answer: z.string() }), 'What it answered'), ...missing, ...refused },
    }),
    async (c) => {
      const { organisation } = c.get('caller')
      const channel = await alerts.channel(c.req.valid('param').id)
      if (channel === undefined || channel.organisation !== organisation) return notFound(c)
      const wait = await relational.throttle.hit(`channel test ${channel.id}`, 5, 600_000)
      if (wait > 0) return c.json({ error: 'Tried too often' }, 429, { 'retry-after': String(wait) }) as never
      try {
        const answer = await tell(context, channel, {
          title: 'Skep: a test',
          lines: ['This channel works.'],
          link: `${context.publicPortal()}/alerts`,
          organisation: channel.organisation,
        })
        return c.json({ answer })
      } catch (error) {
        return c.json({ error: `It did not take it: ${(error as Error).message}` }, 400) as never
      }
    },
  )
  app.openapi(
    createRoute({
      method: 'delete',
      path: '/api/v1/channels/{id}',
      summary: 'Remove a channel; what waits for it is dropped, and says so',
      request: { params: id },
      responses: { ...json(done, 'Done'), ...missing },
    }),
    async (c) => {
      const { organisation } = c.get('caller')
      const gone = organisation !== undefined && (await alerts.removeChannel(organisation, c.req.valid('param').id))
      if (!gone) return notFound(c)
      await record(context, c, 'channel removed', c.req.valid('param').id)
      return c.json({ done: true as const })
    },
  )

  // Rules

  const ruleShape = z.strictObject({
    title: z.string().min(1).max(120),
    condition: conditionShape,
    channels: z.array(z.uuid()).max(10),
    escalate_minutes: z.number().int().min(5).max(43_200).nullable().default(null),
    escalate_to: z.uuid().nullable().default(null),
  })
  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/alerts',
      summary: 'What is watched for, what is open, and the last messages with what came of them',
      responses: json(
        z.object({
          rules: z.array(
            z.object({
              id: z.string(),
              title: z.string(),
              condition: z.record(z.string(), z.unknown()),
              channels: z.array(z.string()),
              snoozed: z.number().nullable(),
              escalate_minutes: z.number().nullable(),
              escalate_to: z.string().nullable(),
              author: z.string(),
              open: z.number(),
            }),
          ),
          states: z.array(
            z.object({
              id: z.number(),
              rule: z.string(),
              title: z.string(),
              detail: z.string(),
              opened: z.number(),
              last: z.number(),
              closed: z.number().nullable(),
              acknowledged: z.string().nullable(),
              escalated: z.number().nullable(),
            }),
          ),
          deliveries: z.array(
            z.object({
              id: z.number(),
              channel: z.string(),
              rule: z.string(),
              title: z.string(),
              made: z.number(),
              due: z.number(),
              state: z.string(),
              attempts: z.number(),
              answer: z.string(),
              sent: z.number().nullable(),
            }),
          ),
        }),
        'The alerts',
      ),
    }),
    async (c) => {
      const { organisation } = c.get('caller')
      if (organisation === undefined) return c.json({ rules: [], states: [], deliveries: [] })
      const states = await alerts.states(organisation)
      return c.json({
        rules: (await alerts.rules(organisation)).map((one) => ({
          id: one.id,
          title: one.title,
          condition: JSON.parse(one.condition) as Record<string, unknown>,
          channels: JSON.parse(one.channels) as string[],
          snoozed: one.snoozed,
          escalate_minutes: one.escalate_minutes,
          escalate_to: one.escalate_to,
          author: one.author,
          open: states.filter((state) => state.rule === one.id && state.closed === null).length,
        })),
        states: states.map(({ id: number, rule, title, detail, opened, last, closed, acknowledged, escalated }) => ({
          id: number,
          rule,
          title,
          detail,
          opened,
          last,
          closed,
          acknowledged,
          escalated,
        })),
        deliveries: (await alerts.deliveries(organisation)).map((one) => ({
          id: one.id,
          channel: one.channel,
          rule: one.rule,
          title: (JSON.parse(one.text) as { title: string }).title,
          made: one.made,
          due: one.due,
          state: one.state,
          attempts: one.attempts,
          answer: one.answer,
          sent: one.sent,
        })),
      })
    },
  )
  /** Why a condition may not be watched; undefined when it may. */
  const fault = async (c: HonoContext<Env>, rule: z.infer<typeof ruleShape>): Promise<string | undefined> => {
    const { organisation = '', reach } = c.get('caller')
    const own = new Set((await alerts.channels(organisation)).map((one) => one.id))
    const wanted = [...rule.channels, ...(rule.escalate_to === null ? [] : [rule.escalate_to])]
    if (!wanted.every((one) => own.has(one))) return 'There is no such channel'
    const { condition } = rule
    const today = new Date().toISOString().slice(0, 10)
    if ('prefix' in condition && condition.prefix !== undefined && reach !== undefined)
      if (!within(condition.prefix, reach, (address) => enricher.lookup(address, today).asn))
        return `${condition.prefix} is not in a network of yours`
    return undefined
  }
  app.openapi(
    createRoute({
      method: 'post',
      path: '/api/v1/alerts',
      summary: 'Watch for something',
      request: body(ruleShape),
      responses: { ...json(z.object({ id: z.string() }), 'Watched'), ...refused },
    }),
    async (c) => {
      const { organisation, label } = c.get('caller')
      if (organisation === undefined) return none(c)
      const rule = c.req.valid('json')
      const why = await fault(c, rule)
      if (why !== undefined) return c.json({ error: why }, 400) as never
      if ((await alerts.rules(organisation)).length >= 100)
        return c.json({ error: 'There are 100 alerts: remove one first' }, 400) as never
      const made = await alerts.setRule({
        ...rule,
        organisation,
        author: label,
        condition: JSON.stringify(rule.condition),
        channels: JSON.stringify(rule.channels),
      })
      await record(context, c, 'alert added', rule.title, JSON.stringify(rule.condition))
      return c.json({ id: made })
    },
  )
  app.openapi(
    createRoute({
      method: 'put',
      path: '/api/v1/alerts/{id}',
      summary: 'Change what is watched for',
      request: { params: id, ...body(ruleShape) },
      responses: { ...json(done, 'Done'), ...missing, ...refused },
    }),
    async (c) => {
      const { organisation, label } = c.get('caller')
      if (organisation === undefined) return none(c)
      const rule = c.req.valid('json')
      const { id: number } = c.req.valid('param')
      if (!(await alerts.rules(organisation)).some((one) => one.id === number)) return notFound(c)
      const why = await fault(c, rule)
      if (why !== undefined) return c.json({ error: why }, 400) as never
      await alerts.setRule(
        {
          ...rule,
          organisation,
          author: label,
          condition: JSON.stringify(rule.condition),
          channels: JSON.stringify(rule.channels),
        },
        number,
      )
      await record(context, c, 'alert changed', rule.title, JSON.stringify(rule.condition))
      return c.json({ done: true as const })
    },
  )
  app.openapi(
    createRoute({
      method: 'delete',
      path: '/api/v1/alerts/{id}',
      summary: 'Stop watching',
      request: { params: id },
      responses: { ...json(done, 'Done'), ...missing },
    }),
    async (c) => {
      const { organisation } = c.get('caller')
      if (organisation === undefined || !(await alerts.removeRule(organisation, c.req.valid('param').id)))
        return notFound(c)
      await record(context, c, 'alert removed', c.req.valid('param').id)
      return c.json({ done: true as const })
    },
  )
  app.openapi(
    createRoute({
      method: 'post',
      path: '/api/v1/alerts/{id}/snooze',
      summary: 'Tell nothing for some hours; 0 ends it. What opens meanwhile is not told afterwards',
      request: { params: id, ...body(z.strictObject({ hours: z.number().min(0).max(720) })) },
      responses: { ...json(done, 'Done'), ...missing },
    }),
    async (c) => {
      const { organisation } = c.get('caller')
      const { hours } = c.req.valid('json')
      const until = hours === 0 ? null : Date.now() + hours * 3_600_000
      if (organisation === undefined || !(await alerts.snooze(organisation, c.req.valid('param').id, until)))
        return notFound(c)
      return c.json({ done: true as const })
    },
  )
  app.openapi(
    createRoute({
      method: 'post',
      path: '/api/v1/alert-states/{id}/acknowledge',
      summary: 'Say that somebody looks after it: it is not escalated',
      request: { params: z.object({ id: z.coerce.number().int() }) },
      responses: { ...json(done, 'Done'), ...missing },
    }),
    async (c) => {
      const { organisation, label } = c.get('caller')
      if (organisation === undefined || !(await alerts.acknowledge(organisation, c.req.valid('param').id, label)))
        return notFound(c)
      return c.json({ done: true as const })
    },
  )
  app.openapi(
    createRoute({
      method: 'post',
      path: '/api/v1/alert-previews',
      summary: 'What a condition would have told in the last 30 days',
      request: body(z.strictObject({ condition: conditionShape })),
      responses: {
        ...json(
          z.object({
            days: z
              .array(z.object({ day: z.string(), addresses: z.number(), tells: z.boolean() }))
              .nullable()
              .openapi({ description: 'null for conditions that have no history' }),
          }),
          'Day by day',
        ),
        ...refused,
      },
    }),
    async (c) => {
      const { organisation } = c.get('caller')
      if (organisation === undefined) return none(c)
      const days = await preview(context, organisation, c.req.valid('json').condition)
      return c.json({ days: days ?? null })
    },
  )
}
