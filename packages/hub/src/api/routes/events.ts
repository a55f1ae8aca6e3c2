import { createRoute, z, type OpenAPIHono } from '@hono/zod-openapi'
import { streamSSE } from 'hono/streaming'
import { fromRow, kindNames, type Kind, type StoredEvent } from '@skep/vocabulary'
import type { Store } from '../../store/client.ts'
import { nearest, type Place } from '../../store/nearest.ts'
import { events, told } from '../../store/queries/index.ts'
import type { EventCursor } from '../../store/queries/events.ts'
import { run, type Window } from '../../store/query.ts'
import { Redactor } from '../../access/redact.ts'
import { contains } from '../../networks/resource.ts'
import type { Context, Env } from '../context.ts'
import { scopeOf, scopeQuery, windowOf } from '../list.ts'

const encodeCursor = (event: StoredEvent): string => Buffer.from(`${event.time} ${event.id}`).toString('base64url')
const decodeCursor = (cursor: string): { time: string; id: string } | undefined => {
  const [time = '', id = ''] = Buffer.from(cursor, 'base64url').toString('latin1').split(' ')
  return /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(time) && /^[0-9a-f-]{36}$/.test(id) ? { time, id } : undefined
}

/** What of a window is still to be listed: from what was given on, and not beyond the first and the last event. */
async function between(
  store: Store,
  { since, until }: Window,
  after: EventCursor | undefined,
  descending: boolean,
): Promise<Window> {
  const [there] = (await run(store, told, {})).rows
  const given = after?.time
  if (there === undefined || there.hours === 0) return { since, until: since }
  const [first, last] = [there.first, new Date(Date.parse(there.last) + 3_600_000).toISOString()]
  const least = !descending && given !== undefined ? given : first
  // One more than the time of the last one given: others may have the same.
  const most = descending && given !== undefined ? new Date(Date.parse(given) + 1).toISOString() : last
  return { since: since > least ? since : least, until: until < most ? until : most }
}

/** Every stored event with all its fields, and the stream of those just committed. */
export function eventRoutes(app: OpenAPIHono<Env>, { store, live, relational }: Context): void {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/events',
      summary: 'Stored events, as JSON lines in order of time',
      description:
        'One event a line. The header X-Next-Cursor is there when more follow: give it as "cursor". ' +
        'Without "since" the events of all time are meant.',
      request: {
        query: z.object({
          ...scopeQuery,
          session: z.uuid().optional(),
          sensor: z
            .string()
            .regex(/^[a-z0-9._-]{1,64}$/)
            .optional(),
          kind: z.string().max(500).optional().openapi({ description: 'One kind, or several with commas between' }),
          cursor: z.string().max(200).optional(),
          order: z.enum(['asc', 'desc']).default('asc'),
          limit: z.coerce.number().int().min(1).max(10_000).default(1000),
        }),
      },
      responses: { 200: { description: 'Events', content: { 'application/x-ndjson': { schema: z.string() } } } },
    }),
    async (c) => {
      const asked = c.req.valid('query')
      const kinds = asked.kind?.split(',').filter((kind) => kindNames.includes(kind as Kind))
      const after = asked.cursor === undefined ? undefined : decodeCursor(asked.cursor)
      if (asked.cursor !== undefined && after === undefined)
        return c.json({ error: 'Cannot read the cursor' }, 400) as never
      const { reach } = c.get('caller')
      // A name that is not one's own must not even be good for asking whether it is there.
      if (reach !== undefined && asked.sensor !== undefined && !reach.sensors.includes(asked.sensor))
        return c.body('', 200, { 'content-type': 'application/x-ndjson' }) as never
      const side = asked.side ?? (asked.sensor === undefined ? undefined : 'on')
      const scope = scopeOf({ ...asked, side: asked.session === undefined ? side : 'both' }, c.get('caller'))
      const descending = asked.order === 'desc'
      const look = ({ asns, ...window }: Place) =>
        run(store, events, {
          window,
          scope: { ...scope, among: asns },
          session: asked.session,
          sensor: asked.sensor,
          kinds,
          after,
          descending,
          limit: asked.limit + 1,
        })
      const whole = {
        ...windowOf(asked),
        since: asked.since === undefined ? '1970-01-01T00:00:00Z' : windowOf(asked).since,
        ...(asked.until === undefined && { until: '2200-01-01T00:00:00Z' }),
      }
      const { rows } = await (asked.session === undefined
        ? nearest(store, {
            scope,
            window: await between(store, whole, after, descending),
            of: 'events',
            wanted: asked.limit + 1,
            descending,
            look,
          })
        : look(whole))
      const redactor = new Redactor(await relational.fleet.addresses())
      const all = rows.map(fromRow)
      const shown = all.slice(0, asked.limit)
      const last = shown.at(-1)
      if (all.length > asked.limit && last !== undefined) c.header('x-next-cursor', encodeCursor(last))
      c.header('content-type', 'application/x-ndjson')
      return c.body(shown.map((event) => `${JSON.stringify(redactor.event(event, reach))}\n`).join('')) as never
    },
  )

  app.get('/api/v1/live', async (c) => {
    const { reach } = c.get('caller')
    const redactor = new Redactor(await relational.fleet.addresses())
    const mine = ({ sensor, source, origin }: StoredEvent): boolean =>
      reach === undefined ||
      reach.sensors.includes(sensor) ||
      reach.asns.includes(origin.asn) ||
      reach.prefixes.some((prefix) => source !== undefined && contains(prefix, source.ip))
    return streamSSE(c, async (stream) => {
      const waiting: StoredEvent[] = []
      let missed = 0
      let wake = () => {}
      const stop = live.watch((committed) => {
        for (const event of committed) {
          if (event.source === undefined || !mine(event)) continue
          if (waiting.length < 500) waiting.push(redactor.event(event, reach))
          else missed++
        }
        wake()
      })
      stream.onAbort(() => {
        stop()
        wake()
      })
      await stream.writeSSE({ event: 'hello', data: '{}' })
      while (!stream.aborted) {
        await new Promise<void>((resolve) => {
          wake = resolve
          if (waiting.length > 0) resolve()
          else setTimeout(resolve, 15_000)
        })
        if (stream.aborted) break
        const batch = waiting.splice(0)
        if (batch.length === 0) await stream.writeSSE({ event: 'ping', data: '{}' })
        else await stream.writeSSE({ event: 'events', data: JSON.stringify({ events: batch, missed }) })
        missed = 0
      }
      stop()
    })
  })
}
