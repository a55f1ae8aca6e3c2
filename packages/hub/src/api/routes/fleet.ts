import { createRoute, z, type OpenAPIHono } from '@hono/zod-openapi'
import { wantedOf } from '../../fleet/desired.ts'
import { stateOf } from '../../fleet/watch.ts'
import type { Entry } from '../../relational/ledger.ts'
import type { SensorRow } from '../../relational/fleet.ts'
import { activity } from '../../store/queries/index.ts'
import { run } from '../../store/query.ts'
import type { Context, Env } from '../context.ts'
import { listOf } from '../list.ts'
import { body, done, entry, json, name, totals } from '../shapes.ts'

const sensorShape = z.object({
  name: z.string(),
  title: z.string(),
  organisation: z.string(),
  group: z.string(),
  ring: z.number(),
  place: z.string(),
  state: z.enum(['new', 'online', 'silent', 'stopped', 'quarantined', 'revoked']),
  created: z.number(),
  last_seen: z.number().nullable(),
  last_event: z.number().nullable(),
  skew_ms: z.number().nullable(),
  rtt_ms: z.number().nullable(),
  remote: z.string().nullable(),
  beat: z.record(z.string(), z.unknown()).nullable(),
  alerts: z.array(z.object({ kind: z.string(), since: z.number(), detail: z.string() })),
  made: z.number(),
  committed: z.number(),
  dropped: z.number(),
  waiting: z.number(),
  missing: z.number(),
})

/** The fleet: sensors, how they are, what is wanted of them, who may join; and the ledger. */
export function fleetRoutes(app: OpenAPIHono<Env>, context: Context): void {
  const { store, relational, ingest, enricher } = context
  const { fleet, ledger } = relational

  const show = (
    row: SensorRow,
    alerts: readonly { sensor: string; kind: string; since: number; detail: string }[],
    entries: readonly Entry[],
    operator: boolean,
  ) => ({
    name: row.name,
    title: row.title,
    organisation: row.organisation,
    group: row.fleet_group,
    ring: row.ring,
    place: row.place,
    state: stateOf(row),
    created: row.created,
    last_seen: row.last_seen,
    last_event: row.last_event,
    skew_ms: row.skew_ms,
    rtt_ms: row.rtt_ms,
    // Where a sensor stands is for operators only.
    remote: operator ? row.remote : null,
    beat: row.heartbeat === null ? null : (JSON.parse(row.heartbeat) as Record<string, unknown>),
    alerts: alerts
      .filter(({ sensor }) => sensor === row.name)
      .map(({ kind, since, detail }) => ({ kind, since, detail })),
    ...totals(entries),
  })

  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/sensors',
      summary: 'All sensors: how they are, their alerts, and what became of their events',
      responses: json(
        z.object({
          sensors: z.array(sensorShape),
          groups: z.array(z.string()),
          dead_letters: z.array(
            z.object({ sensor: z.string(), reason: z.string(), count: z.number(), last: z.number() }),
          ),
          refusals: z.array(z.object({ sensor: z.string(), code: z.string(), count: z.number(), last: z.number() })),
          counts: z.record(z.string(), z.number()),
          enrichment: z.array(z.string()),
        }),
        'The fleet',
      ),
    }),
    async (c) => {
      const { can, reach } = c.get('caller')
      const operator = can.has('operate')
      const [all, alerts, entries] = await Promise.all([fleet.sensors(), fleet.alerts(), ledger.entries()])
      const rows = all.filter(({ name: one }) => reach === undefined || reach.sensors.includes(one))
      const bySensor = new Map<string, Entry[]>()
      for (const one of entries) bySensor.set(one.sensor, [...(bySensor.get(one.sensor) ?? []), one])
      return c.json({
        sensors: rows.map((row) => show(row, alerts, bySensor.get(row.name) ?? [], operator)),
        groups: [...new Set(rows.map(({ fleet_group }) => fleet_group))].sort(),
        // What concerns the whole honeynet is its operators'.
        dead_letters: reach === undefined ? await ledger.deadLetters() : [],
        refusals: reach === undefined ? await ledger.refusals() : [],
        counts: reach === undefined ? { ...ingest.counts, waiting: ingest.waiting } : {},
        enrichment: reach === undefined ? [...enricher.notes] : [],
      })
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/sensors/{name}',
      summary: 'One sensor: how it is, its history, its ledger, and what is wanted of it',
      request: { params: z.object({ name }) },
      responses: {
        ...json(
          z.object({
            sensor: sensorShape,
            ledger: z.array(entry),
            history: z.array(z.object({ at: z.number(), kind: z.string(), detail: z.string() })),
            desired: z.object({
              version: z.number(),
              document: z.record(z.string(), z.unknown()),
              own: z.record(z.string(), z.unknown()),
              versions: z.array(
                z.object({ id: z.number(), author: z.string(), note: z.string(), created: z.number() }),
              ),
            }),
          }),
          'The sensor',
        ),
        404: { description: 'There is no such sensor' },
      },
    }),
    async (c) => {
      const { name: id } = c.req.valid('param')
      const { reach, can } = c.get('caller')
      const row = reach === undefined || reach.sensors.includes(id) ? await fleet.sensor(id) : undefined
      if (row === undefined) return c.json({ error: `There is no sensor ${id}` }, 404) as never
      const entries = await ledger.entries(id)
      const wanted = await wantedOf(relational, id, row.fleet_group)
      const versions = [...(await fleet.wishes(`sensor:${id}`)), ...(await fleet.wishes(`group:${row.fleet_group}`))]
      return c.json({
        sensor: show(row, await fleet.alerts(), entries, can.has('operate')),
        ledger: entries,
        history: await fleet.history(id),
        desired: {
          version: wanted.version,
          document: wanted.document,
          own: (await fleet.wanted(`sensor:${id}`))?.document ?? {},
          versions: versions
            .sort((a, b) => b.id - a.id)
            .map(({ id: version, author, note, created }) => ({ id: version, author, note, created })),
        },
      })
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/sensors/{name}/activity',
      summary: 'What a sensor told hour by hour',
      request: {
        params: z.object({ name }),
        query: z.object({ days: z.coerce.number().int().min(1).max(90).default(7) }),
      },
      responses: json(
        listOf(activity.row).extend({ since: z.string(), until: z.string() }),
        'Hours in which it told anything: events about strangers, and about itself',
      ),
    }),
    async (c) => {
      const until = new Date(Math.ceil(Date.now() / 3_600_000) * 3_600_000)
      const since = new Date(until.getTime() - c.req.valid('query').days * 86_400_000)
      const window = { since: since.toISOString(), until: until.toISOString() }
      const { name: id } = c.req.valid('param')
      const { reach } = c.get('caller')
      if (reach !== undefined && !reach.sensors.includes(id))
        return c.json({ error: `There is no sensor ${id}` }, 404) as never
      const answer = await run(store, activity, { window, sensor: id })
      return c.json({ ...answer, params: { ...answer.params }, ...window })
    },
  )

  app.openapi(
    createRoute({
      method: 'patch',
      path: '/api/v1/sensors/{name}',
      summary: 'Rename, move, quarantine, release or revoke a sensor',
      request: {
        params: z.object({ name }),
        ...body(
          z.strictObject({
            title: z.string().max(120).optional(),
            organisation: name.optional(),
            group: name.optional(),
            ring: z.number().int().min(0).max(9).optional(),
            place: z.string().max(120).optional(),
            state: z.enum(['active', 'quarantined', 'revoked']).optional(),
          }),
        ),
      },
      responses: { ...json(done, 'Done'), 404: { description: 'There is no such sensor' } },
    }),
    async (c) => {
      const { name: id } = c.req.valid('param')
      if ((await fleet.sensor(id)) === undefined) return c.json({ error: `There is no sensor ${id}` }, 404) as never
      const { group, ...changes } = c.req.valid('json') as { group?: string } & Record<string, never>
      await fleet.change(id, { ...changes, ...(group !== undefined && { fleet_group: group }) }, c.get('caller').label)
      return c.json({ done: true as const })
    },
  )

  app.openapi(
    createRoute({
      method: 'delete',
      path: '/api/v1/sensors/{name}',
      summary: 'Take a sensor off the list; its certificate is void, its events stay',
      request: { params: z.object({ name }) },
      responses: { ...json(done, 'Done'), 404: { description: 'There is no such sensor' } },
    }),
    async (c) => {
      const { name: id } = c.req.valid('param')
      if ((await fleet.sensor(id)) === undefined) return c.json({ error: `There is no sensor ${id}` }, 404) as never
      await fleet.remove(id, c.get('caller').label)
      return c.json({ done: true as const })
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/fleet/alerts',
      summary: 'Alerts of sensors: silent, alive but seeing nothing, missing events, clock, settings',
      request: { query: z.object({ all: z.enum(['true', 'false']).default('false') }) },
      responses: json(
        z.object({
          alerts: z.array(
            z.object({
              sensor: z.string(),
              kind: z.string(),
              since: z.number(),
              cleared: z.number().nullable(),
              detail: z.string(),
            }),
          ),
        }),
        'The alerts',
      ),
    }),
    async (c) => {
      const { reach } = c.get('caller')
      const alerts = await fleet.alerts(c.req.valid('query').all !== 'true')
      return c.json({ alerts: alerts.filter(({ sensor }) => reach === undefined || reach.sensors.includes(sensor)) })
    },
  )
}
