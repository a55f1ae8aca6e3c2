import { createRoute, z, type OpenAPIHono } from '@hono/zod-openapi'
import { body, done, json, name, record, type Env } from '@skep/hub'
import { forms } from '../feeds/forms/index.ts'
import type { Feeds } from '../feeds/feeds.ts'
import { kinds, tlps } from '../model/indicator.ts'
import type { Share } from '../sharing.ts'
import { honeynetRoot, partnersRoot } from '../taxii/server.ts'
import { writeTime } from '../taxii/time.ts'
import { give } from './terms.ts'

const community = z.strictObject({
  title: z.string().max(200),
  tlp: z.enum(tlps),
  kinds: z.array(z.enum(kinds)).max(kinds.length),
  numbers: z.boolean(),
  delay_minutes: z.number().int().min(0).max(525_600),
  everyone: z.boolean(),
})
const settings = z.strictObject({
  licence: z.string().min(1).max(100),
  licence_url: z.url().max(300),
  contact: z.string().max(200),
  tlp: z.record(z.enum(kinds), z.enum(tlps)),
  block_confidence: z.number().int().min(0).max(100),
})
const feed = z.object({ path: z.string(), title: z.string(), kinds: z.array(z.string()) })

/** What is shared with whom: the catalogue for members, the agreements for operators. */
export function agreementRoutes(app: OpenAPIHono<Env>, share: Share, feeds: Feeds): void {
  const { agreements, taxii, context } = share

  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/sharing/catalogue',
      summary: 'What the caller gets by its agreements, and where: TAXII collections, feeds',
      responses: json(
        z.object({
          tlp: z.enum(tlps),
          terms: z.array(z.object({ kind: z.enum(kinds), numbers: z.boolean(), delay_minutes: z.number() })),
          taxii: z.object({
            discovery: z.string(),
            collections: z.array(z.object({ kind: z.string(), title: z.string(), path: z.string() })),
          }),
          feeds: z.array(feed),
          licence: z.string(),
          licence_url: z.string(),
          ttl: z.record(z.string(), z.number()),
        }),
        'The catalogue',
      ),
    }),
    async (c) => {
      const terms = await agreements.of(c.get('caller'))
      const { licence, licence_url } = await agreements.settings()
      const collections = (await taxii.collections(honeynetRoot)).filter(({ kind }) => terms.kinds.has(kind as never))
      const inbox = terms.kinds.size === 0 ? [] : await taxii.collections(partnersRoot)
      return c.json({
        tlp: terms.tlp,
        terms: [...terms.kinds].map(([kind, { numbers, delay }]) => ({ kind, numbers, delay_minutes: delay / 60_000 })),
        taxii: {
          discovery: `${context.publicPortal()}/taxii2/`,
          collections: [...collections, ...inbox].map(({ kind, title, root, id }) => ({
            kind,
            title,
            path: `/${root}/collections/${id}/`,
          })),
        },
        feeds: forms
          .filter(
            (one) =>
              terms.kinds.size > 0 && (one.kinds.length === 0 || one.kinds.some((kind) => terms.kinds.has(kind))),
          )
          .map(({ path, title, kinds: of }) => ({ path: `/feeds/${path}`, title, kinds: [...of] })),
        licence,
        licence_url,
        ttl: (await share.ttl()).days,
      })
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/sharing',
      summary: 'The agreements, the settings, and what the neutral list holds (operators)',
      responses: json(
        z.object({
          settings,
          communities: z.array(
            community.extend({
              name: z.string(),
              members: z.array(
                z.object({ organisation: z.string(), since: z.number(), revoked: z.number().nullable() }),
              ),
            }),
          ),
          ttl: z.object({
            days: z.record(z.string(), z.number()),
            measured: z.array(z.object({ kind: z.string(), returns: z.number(), half: z.number(), most: z.number() })),
          }),
          contents: z
            .object({
              made: z.string(),
              counts: z.record(z.string(), z.number()),
              left: z.record(z.string(), z.record(z.string(), z.number())),
            })
            .nullable(),
          warninglists: z.array(z.string()),
          refused_lists: z.array(z.object({ file: z.string(), reason: z.string() })),
          waiting: z.number(),
        }),
        'Sharing as it stands',
      ),
    }),
    async (c) => {
      const lists = share.lists()
      const communities = await agreements.communities()
      return c.json({
        settings: await agreements.settings(),
        communities: await Promise.all(
          communities.map(async (one) => ({
            ...one,
            kinds: [...one.kinds],
            members: await agreements.members(one.name),
          })),
        ),
        ttl: await share.ttl(),
        contents: feeds.snapshot.contents() ?? null,
        warninglists: lists.names,
        refused_lists: lists.refused,
        waiting: (await taxii.waiting(1000)).length,
      } as never)
    },
  )
  app.openapi(
    createRoute({
      method: 'put',
      path: '/api/v1/sharing/settings',
      summary: 'Set the licence, the markings and the contact of all that is shared',
      request: body(settings),
      responses: json(done, 'Set'),
    }),
    async (c) => {
      const wanted = c.req.valid('json')
      await agreements.set({ ...wanted, tlp: { ...(await agreements.settings()).tlp, ...wanted.tlp } } as never)
      await record(context, c, 'sharing set', 'settings', JSON.stringify(wanted))
      return c.json({ done: true as const })
    },
  )
  app.openapi(
    createRoute({
      method: 'put',
      path: '/api/v1/sharing/communities/{name}',
      summary: 'Make an agreement, or change it',
      request: { params: z.object({ name }), ...body(community) },
      responses: json(done, 'Made'),
    }),
    async (c) => {
      const { name: called } = c.req.valid('param')
      const wanted = c.req.valid('json')
      await agreements.put({ ...wanted, name: called })
      await record(context, c, 'agreement made or changed', called, JSON.stringify(wanted))
      return c.json({ done: true as const })
    },
  )
  app.openapi(
    createRoute({
      method: 'delete',
      path: '/api/v1/sharing/communities/{name}',
      summary: 'End an agreement: from now on it gives nothing',
      request: { params: z.object({ name }) },
      responses: { ...json(done, 'Ended'), 404: { description: 'There is none' } },
    }),
    async (c) => {
      const { name: called } = c.req.valid('param')
      if (!(await agreements.end(called))) return c.json({ error: 'There is no such agreement' }, 404) as never
      await record(context, c, 'agreement ended', called)
      return c.json({ done: true as const })
    },
  )
  app.openapi(
    createRoute({
      method: 'put',
      path: '/api/v1/sharing/communities/{name}/members/{organisation}',
      summary: 'Let an organisation join an agreement',
      request: { params: z.object({ name, organisation: name }) },
      responses: { ...json(done, 'Joined'), 404: { description: 'There is no such agreement or organisation' } },
    }),
    async (c) => {
      const { name: called, organisation } = c.req.valid('param')
      const known = (await agreements.communities()).some((one) => one.name === called)
      const there = (await context.relational.fleet.organisations()).some((one) => one.name === organisation)
      if (!known || !there) return c.json({ error: 'There is no such agreement or organisation' }, 404) as never
      await agreements.join(called, organisation)
      await record(context, c, 'organisation joined agreement', called, organisation, { organisation })
      return c.json({ done: true as const })
    },
  )
  app.openapi(
    createRoute({
      method: 'delete',
      path: '/api/v1/sharing/communities/{name}/members/{organisation}',
      summary: 'Revoke an organisation’s part in an agreement; it gets nothing by it any longer, at once',
      request: { params: z.object({ name, organisation: name }) },
      responses: { ...json(done, 'Revoked'), 404: { description: 'It has no part in it' } },
    }),
    async (c) => {
      const { name: called, organisation } = c.req.valid('param')
      if (!(await agreements.revoke(called, organisation)))
        return c.json({ error: 'It has no part in it' }, 404) as never
      await record(context, c, 'agreement revoked', called, organisation, { organisation })
      return c.json({ done: true as const })
    },
  )
  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/sharing/preview',
      summary: 'What would this partner get? Counts and examples of each kind, exactly as it would be given them',
      request: { query: z.object({ organisation_name: name.optional() }) },
      responses: json(
        z.object({
          tlp: z.enum(tlps),
          kinds: z.array(
            z.object({
              kind: z.enum(kinds),
              numbers: z.boolean(),
              delay_minutes: z.number(),
              count: z.number(),
              examples: z.array(z.object({ value: z.string() }).loose()),
            }),
          ),
        }),
        'The preview',
      ),
    }),
    async (c) => {
      const terms = await agreements.ofOrganisation(c.req.valid('query').organisation_name)
      await feeds.snapshot.fresh()
      const now = Date.now()
      const rows = []
      for (const [kind, { numbers, delay }] of terms.kinds) {
        const examples = []
        let count = 0
        for await (const one of feeds.snapshot.read([kind])) {
          const given = give(one, terms, now)
          if (given === undefined) continue
          count++
          if (examples.length < 5) examples.push(given)
        }
        rows.push({ kind, numbers, delay_minutes: delay / 60_000, count, examples })
      }
      return c.json({ tlp: terms.tlp, kinds: rows } as never)
    },
  )

  // What partners added and nobody has looked at yet.
  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/sharing/inbox',
      summary: 'What partners added by TAXII and nobody has looked at yet',
      responses: json(
        z.object({
          rows: z.array(
            z.object({
              root: z.string(),
              collection: z.string(),
              added: z.number(),
              at: z.string(),
              author: z.string(),
              id: z.string(),
              type: z.string(),
              body: z.string(),
            }),
          ),
        }),
        'What waits',
      ),
    }),
    async (c) =>
      c.json({
        rows: (await taxii.waiting()).map(({ collection, added, author, id, type, body: text }) => {
          const [root = '', of = ''] = collection.split(' ')
          return { root, collection: of, added, at: writeTime(added), author, id, type, body: text.slice(0, 20_000) }
        }),
      }),
  )
  app.openapi(
    createRoute({
      method: 'post',
      path: '/api/v1/sharing/inbox',
      summary: 'Show what a partner added to the others, or refuse it',
      request: body(
        z.strictObject({
          root: name,
          collection: z.string().max(100),
          added: z.array(z.number().int()).min(1).max(1000),
          accept: z.boolean(),
        }),
      ),
      responses: json(z.object({ reviewed: z.number() }), 'Reviewed'),
    }),
    async (c) => {
      const { root, collection, added, accept } = c.req.valid('json')
      const reviewed = await taxii.review({ root, id: collection }, added, accept)
      await record(
        context,
        c,
        accept ? 'partner’s indicators accepted' : 'partner’s indicators refused',
        `${root}/${collection}`,
        `${reviewed} objects`,
      )
      return c.json({ reviewed })
    },
  )
}
