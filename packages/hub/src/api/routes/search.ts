import { createRoute, z, type OpenAPIHono } from '@hono/zod-openapi'
import { isAddress } from '@skep/vocabulary'
import { indicatorTypes, networks, sightings, sources } from '../../store/queries/index.ts'
import { run } from '../../store/query.ts'
import type { Context, Env } from '../context.ts'
import { reachScope } from '../list.ts'

const hit = z.object({
  kind: z.string().openapi({ description: 'source, prefix, network, session or a type of indicator' }),
  value: z.string(),
  detail: z.string(),
  events: z.number(),
  last_seen: z.string(),
})

const always = { since: '1970-01-01T00:00:00Z', until: '2149-01-01T00:00:00Z' }

/** Finds whatever a person may paste: address, prefix, AS, hash, URL, command, credential, name of a network. */
export function search(app: OpenAPIHono<Env>, { store }: Context): void {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/search',
      summary: 'Search everything',
      request: { query: z.object({ q: z.string().min(1).max(2000) }) },
      responses: {
        200: {
          description: 'What was found, the likeliest first',
          content: { 'application/json': { schema: z.object({ hits: z.array(hit), read_as: z.string() }) } },
        },
      },
    }),
    async (c) => {
      // People paste URLs in the defanged form that reports use.
      const q = c.req.valid('query').q.trim().replace(/^hxxp/i, 'http').replaceAll('[.]', '.').replaceAll('[:]', ':')
      const page = { limit: 20, offset: 0 }
      const hits: z.infer<typeof hit>[] = []
      const { reach } = c.get('caller')
      const [within, on] = [reachScope({ reach }, 'both'), reachScope({ reach }, 'on')]
      const bySource = async (scope: object, kind: string) => {
        const { rows } = await run(store, sources, { window: always, scope: { ...scope, reach: within }, page })
        for (const row of rows) {
          hits.push({
            kind,
            value: row.source,
            detail: `AS${row.asn} ${row.as_name}`,
            events: row.events,
            last_seen: row.last_seen,
          })
        }
      }
      const byNetwork = async (scope: object, contains?: string) => {
        const { rows } = await run(store, networks, {
          window: always,
          scope: { ...scope, reach: within },
          page,
          contains,
        })
        for (const row of rows) {
          hits.push({
            kind: 'network',
            value: `AS${row.asn}`,
            detail: `${row.as_name} ${row.economy}`,
            events: row.events,
            last_seen: row.last_seen,
          })
        }
      }
      const asn = /^as\s*(\d{1,10})$/i.exec(q)?.[1]
      if (isAddress(q)) {
        await bySource({ source: q }, 'source')
        return c.json({ hits, read_as: 'address' })
      }
      if (/^[0-9a-f.:]+\/\d{1,3}$/i.test(q) && isAddress(q.split('/')[0] ?? '')) {
        await bySource({ prefix: q }, 'source')
        hits.unshift({
          kind: 'prefix',
          value: q,
          detail: `${hits.length === 20 ? 'at least 20' : hits.length} sources`,
          events: hits.reduce((sum, { events }) => sum + events, 0),
          last_seen: '',
        })
        return c.json({ hits, read_as: 'prefix' })
      }
      if (asn !== undefined) {
        await byNetwork({ asn: Number(asn) })
        return c.json({ hits, read_as: 'network' })
      }
      const read_as = /^[0-9a-f]{64}$/.test(q) ? 'hash' : /^[a-z]+:\/\//i.test(q) ? 'url' : 'text'
      const types =
        read_as === 'hash' ? (['artifact'] as const) : read_as === 'url' ? (['url'] as const) : indicatorTypes
      const found = await Promise.all(
        types.map((type) =>
          run(store, sightings, {
            window: always,
            scope: { reach: on },
            type,
            page: { limit: 8, offset: 0 },
            contains: q,
          }),
        ),
      )
      for (const { rows } of found) {
        for (const row of rows) {
          hits.push({
            kind: row.type,
            value: row.value,
            detail: row.detail,
            events: row.events,
            last_seen: row.last_seen,
          })
        }
      }
      if (read_as === 'text') await byNetwork({}, q)
      return c.json({ hits, read_as })
    },
  )
}
