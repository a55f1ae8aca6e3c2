import { createHash } from 'node:crypto'
import { createRoute, z, type OpenAPIHono } from '@hono/zod-openapi'
import { Settings } from '@skep/vocabulary'
import { wantedOf } from '../../fleet/desired.ts'
import { stateOf } from '../../fleet/watch.ts'
import type { Entry } from '../../relational/ledger.ts'
import type { SensorRow } from '../../relational/fleet.ts'
import { activity } from '../../store/queries/index.ts'
import { run } from '../../store/query.ts'
import type { Context, Env } from '../context.ts'
import { listOf } from '../list.ts'

const json = (schema: z.ZodType, description: string) => ({
  200: { description, content: { 'application/json': { schema } } },
})
const body = (schema: z.ZodType) => ({
  body: { required: true, content: { 'application/json': { schema } } },
})
const name = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'expected a short lower-case name')
const done = z.object({ done: z.literal(true) })

const entry = z.object({
  sensor: z.string(),
  boot: z.string(),
  made: z.number(),
  received: z.number(),
  duplicates: z.number(),
  committed: z.number(),
  dropped: z.record(z.string(), z.number()),
  waiting: z.number(),
  missing: z.number(),
  holes: z.array(z.object({ first: z.number(), last: z.number() })),
  version: z.string(),
  first_heard: z.number(),
  last_heard: z.number(),
  closed: z.number().nullable(),
})
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

const sum = (values: readonly number[]): number => values.reduce((all, one) => all + one, 0)
const totals = (entries: readonly Entry[]) => ({
  made: sum(entries.map(({ made }) => made)),
  committed: sum(entries.map(({ committed }) => committed)),
  dropped: sum(entries.map(({ dropped }) => sum(Object.values(dropped)))),
  waiting: sum(entries.map(({ waiting }) => waiting)),
  missing: sum(entries.map(({ missing }) => missing)),
})

/** The fleet: sensors, how they are, what is wanted of them, who may join; and the ledger. */
export function fleetRoutes(app: OpenAPIHono<Env>, context: Context): void {
  const { store, relational, ingest, enricher, receiver, blobs, authority, publicGateway } = context
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

  // Changes are the operators'.
  app.use('/api/v1/*', async (c, next) => {
    const write = c.req.method !== 'GET' && c.req.method !== 'HEAD'
    if (write && c.get('caller').role !== 'operator') return c.json({ error: 'Only an operator may change this' }, 403)
    return next()
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
      const operator = c.get('caller').role === 'operator'
      const [rows, alerts, entries] = await Promise.all([fleet.sensors(), fleet.alerts(), ledger.entries()])
      const bySensor = new Map<string, Entry[]>()
      for (const one of entries) bySensor.set(one.sensor, [...(bySensor.get(one.sensor) ?? []), one])
      return c.json({
        sensors: rows.map((row) => show(row, alerts, bySensor.get(row.name) ?? [], operator)),
        groups: [...new Set(rows.map(({ fleet_group }) => fleet_group))].sort(),
        dead_letters: await ledger.deadLetters(),
        refusals: await ledger.refusals(),
        counts: { ...ingest.counts, waiting: ingest.waiting },
        enrichment: [...enricher.notes],
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
      const row = await fleet.sensor(id)
      if (row === undefined) return c.json({ error: `There is no sensor ${id}` }, 404) as never
      const entries = await ledger.entries(id)
      const wanted = await wantedOf(relational, id, row.fleet_group)
      const versions = [...(await fleet.wishes(`sensor:${id}`)), ...(await fleet.wishes(`group:${row.fleet_group}`))]
      return c.json({
        sensor: show(row, await fleet.alerts(), entries, c.get('caller').role === 'operator'),
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
      const answer = await run(store, activity, { window, sensor: c.req.valid('param').name })
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
      path: '/api/v1/ledger',
      summary: 'Per sensor and run: what was made, received, committed, declared dropped and why, and what is missing',
      request: {
        query: z.object({ sensor: name.optional(), limit: z.coerce.number().int().min(1).max(5000).default(500) }),
      },
      responses: json(
        z.object({
          made: z.number(),
          committed: z.number(),
          dropped: z.number(),
          waiting: z.number(),
          missing: z.number(),
          rows: z.array(entry),
        }),
        'The ledger, the newest runs first',
      ),
    }),
    async (c) => {
      const { sensor, limit } = c.req.valid('query')
      const entries = await ledger.entries(sensor)
      return c.json({ ...totals(entries), rows: entries.slice(0, limit) })
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
    async (c) => c.json({ alerts: await fleet.alerts(c.req.valid('query').all !== 'true') }),
  )

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

  const scope = z.string().regex(/^(sensor|group):[a-z0-9][a-z0-9._-]{0,63}$/, 'expected sensor:NAME or group:NAME')
  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/desired/{scope}',
      summary: 'What is wanted of a sensor or a group, and earlier versions',
      request: { params: z.object({ scope }) },
      responses: json(
        z.object({
          version: z.number(),
          document: z.record(z.string(), z.unknown()),
          versions: z.array(
            z.object({
              id: z.number(),
              document: z.record(z.string(), z.unknown()),
              author: z.string(),
              note: z.string(),
              created: z.number(),
            }),
          ),
        }),
        'The desired state',
      ),
    }),
    async (c) => {
      const at = c.req.valid('param').scope
      const now = await fleet.wanted(at)
      const versions = (await fleet.wishes(at)).map((one) => ({
        ...one,
        document: JSON.parse(one.document) as Record<string, unknown>,
      }))
      return c.json({ version: now?.version ?? 0, document: now?.document ?? {}, versions })
    },
  )
  app.openapi(
    createRoute({
      method: 'put',
      path: '/api/v1/desired/{scope}',
      summary: 'Say what is wanted of a sensor or a group; sensors pull it with their next heartbeat',
      request: {
        params: z.object({ scope }),
        ...body(z.strictObject({ document: z.record(z.string(), z.unknown()), note: z.string().max(500).default('') })),
      },
      responses: {
        ...json(z.object({ version: z.number() }), 'The new version'),
        400: { description: 'It cannot be used' },
      },
    }),
    async (c) => {
      const at = c.req.valid('param').scope
      const { document, note } = c.req.valid('json') as { document: Record<string, unknown>; note: string }
      if (JSON.stringify(document).length > 100_000)
        return c.json({ error: 'More than 100,000 characters of settings' }, 400) as never
      const checked = Settings.safeParse(document)
      if (!checked.success) {
        const [issue] = checked.error.issues
        return c.json({ error: `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'cannot be used'}` }, 400) as never
      }
      const version = await fleet.want(at, document, c.get('caller').label, note)
      const [kind, id = ''] = at.split(':')
      const sensors = (await fleet.sensors()).filter((row) => (kind === 'sensor' ? row.name : row.fleet_group) === id)
      for (const row of sensors)
        await fleet.note(
          row.name,
          'settings',
          `version ${version} by ${c.get('caller').label}${note === '' ? '' : `: ${note}`}`,
        )
      return c.json({ version })
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/api/v1/dead-letters/replay',
      summary: 'Try to store dead letters again, as after an upgrade of the hub',
      responses: json(z.object({ tried: z.number(), stored: z.number() }), 'What came of it'),
    }),
    async (c) => c.json(await receiver.replay()),
  )
  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/dead-letters',
      summary: 'Events that could not be stored, in full',
      request: {
        query: z.object({
          after: z.coerce.number().int().min(0).default(0),
          limit: z.coerce.number().int().min(1).max(1000).default(100),
        }),
      },
      responses: json(z.object({ rows: z.array(z.record(z.string(), z.unknown())) }), 'The dead letters, oldest first'),
    }),
    async (c) => {
      const { after, limit } = c.req.valid('query')
      return c.json({ rows: (await ledger.letters(limit, after)) as unknown as Record<string, unknown>[] })
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/releases',
      summary: 'Releases that sensors can be upgraded to, and how far they are rolled out',
      responses: json(
        z.object({
          releases: z.array(
            z.object({ version: z.string(), sha256: z.string(), size: z.number(), created: z.number() }),
          ),
          rollouts: z.array(z.record(z.string(), z.unknown())),
        }),
        'The releases',
      ),
    }),
    async (c) =>
      c.json({
        releases: await fleet.releases(),
        rollouts: (await fleet.rollouts()) as unknown as Record<string, unknown>[],
      }),
  )
  app.put('/api/v1/releases/:version', async (c) => {
    const version = c.req.param('version')
    if (!/^\d+\.\d+\.\d+[\w.-]{0,40}$/.test(version)) return c.json({ error: 'A version looks like 1.2.3' }, 400)
    const bytes = Buffer.from(await c.req.arrayBuffer())
    if (bytes.length < 1000 || bytes.readUInt16BE(0) !== 0x1f8b)
      return c.json({ error: 'A release is the .tgz file that "npm run package -- release" makes' }, 400)
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    await blobs.put(sha256, bytes)
    await fleet.addRelease(version, sha256, bytes.length)
    return c.json({ version, sha256, size: bytes.length })
  })
  app.openapi(
    createRoute({
      method: 'post',
      path: '/api/v1/rollouts',
      summary: 'Roll a release out, ring by ring; each ring must run it well for a while before the next has it',
      request: body(
        z.strictObject({ version: z.string().max(60), gate_minutes: z.number().min(0).max(10_080).default(60) }),
      ),
      responses: { ...json(done, 'Done'), 404: { description: 'There is no such release' } },
    }),
    async (c) => {
      const { version, gate_minutes } = c.req.valid('json') as { version: string; gate_minutes: number }
      if (!(await fleet.releases()).some((one) => one.version === version))
        return c.json({ error: `There is no release ${version}` }, 404) as never
      await fleet.rollOut(version, gate_minutes * 60_000)
      return c.json({ done: true as const })
    },
  )
}
