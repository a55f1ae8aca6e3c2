import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import type { Server } from 'node:http'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { serve } from '@hono/node-server'
import { logger, type Log } from '@skep/vocabulary'
import { Resolver } from 'node:dns/promises'
import { reachOf } from './access/caller.ts'
import { OpenIdConnect } from './access/oidc.ts'
import { createApp } from './api/app.ts'
import { LiveFeed } from './api/context.ts'
import { Enricher } from './enrich/enricher.ts'
import type { Context } from './api/context.ts'
import type { Extension, Job, RunningExtension } from './extension.ts'
import { updateTables } from './enrich/update.ts'
import { stepRollouts, watchFleet } from './fleet/watch.ts'
import { gatewayApp, listenGateway } from './gateway/app.ts'
import { Authority, openSecret, seal, unseal } from './gateway/authority.ts'
import { Blobs } from './gateway/blobs.ts'
import { Ingest } from './gateway/ingest.ts'
import { FileJournal, SharedJournal } from './gateway/journal.ts'
import { Receiver } from './gateway/receive.ts'
import { Mailer } from './mail.ts'
import { gatherPayloads } from './fetches/gather.ts'
import { deliver, watch as watchAlerts } from './networks/alerts/alerts.ts'
import { keepRouting } from './networks/routing/keep.ts'
import { updateRouting } from './networks/routing/update.ts'
import { sendReports } from './networks/reports/mailing.ts'
import { escalateLetters, PeeringDb } from './networks/contacts.ts'
import { Letters } from './networks/letters/send.ts'
import { collect } from './networks/pack/pack.ts'
import { Redactor } from './access/redact.ts'
import { keepCases } from './networks/cases.ts'
import { Prover } from './networks/proofs.ts'
import type { RpkiOptions } from './networks/rpki.ts'
import { Rdap } from './networks/rdap.ts'
import { Outbound } from './outbound.ts'
import { findCampaigns } from './understand/campaigns.ts'
import { judgeDaily } from './understand/nightly.ts'
import { Relational } from './relational/database.ts'
import { hashOf } from './relational/tokens.ts'
import { openStore, type Store } from './store/client.ts'
import { startEngine, type Engine } from './store/embedded.ts'
import { migrate, type Placement } from './store/migrate.ts'
import { defaultRetention, type Retention } from './store/schema.ts'

/** How a hub is set up. */
export interface HubOptions {
  /** The data folder. */
  readonly data: string
  /** Address and port of the portal and API; port 0 takes any. */
  readonly host?: string
  readonly port?: number
  /** Address and port of the gateway, where sensors come. */
  readonly gatewayHost?: string
  readonly gatewayPort?: number
  /** The address of the gateway as partners shall call it, host:port. */
  readonly publicGateway?: string | undefined
  /** The address of the portal as people shall call it: https://host. */
  readonly publicPortal?: string | undefined
  /** The mail server: smtp://user:password@host:587; without one, links are given by hand. */
  readonly mail?: string | undefined
  /** The address that mail comes from. */
  readonly mailFrom?: string | undefined
  /** Hosts (host or host:port) that may be called though they are not on the public Internet. */
  readonly trustedHosts?: readonly string[] | undefined
  /** PeeringDB, or a copy of it. */
  readonly peeringDb?: string | undefined
  /** An RDAP server that knows which registry to ask. */
  readonly rdap?: string | undefined
  /** DNS servers for looking at proofs; without them the machine's own. */
  readonly dns?: readonly string[] | undefined
  /** The validator of what is signed with RPKI keys. */
  readonly rpki?: RpkiOptions | undefined
  /** A ClickHouse server or cluster instead of the embedded engine. */
  readonly clickhouse?: string | undefined
  /** The cluster's name in it: tables are then replicated and sharded. */
  readonly cluster?: string | undefined
  /** A volume of its storage policy for old events. */
  readonly tier?: Placement['tier']
  /** A PostgreSQL database (postgres://…) instead of a file: for more than one hub. */
  readonly relational?: string | undefined
  /** Where artifacts rest: a folder, or s3+https://KEY:SECRET@host/bucket. */
  readonly blobs?: string | undefined
  readonly retention?: Partial<Retention>
  /** The folder of the built portal. */
  readonly portal?: string | undefined
  /** Whether to fetch the public tables daily. */
  readonly update?: boolean
  /** Whether the regular work is done; a test does it itself. */
  readonly regular?: boolean
  /** What stands on the hub: sharing, for one. */
  readonly extensions?: readonly Extension[]
  readonly version?: string
  readonly log?: Log
}

/** A running hub. */
export interface Hub {
  readonly url: string
  /** Where sensors come. */
  readonly gateway: string
  readonly relational: Relational
  readonly authority: Authority
  readonly store: Store
  readonly engine: Engine | undefined
  readonly enricher: Enricher
  readonly receiver: Receiver
  /** Resolves when the tables for enrichment are loaded and events are taken. */
  readonly ready: Promise<void>
  /** Enters a sensor without a token: for one that the hub's own machine runs. @returns its certificate */
  readonly adopt: (sensor: string, publicKey: string, organisation?: string) => Promise<string>
  /** Hands letters that nobody answered to the CERTs now, rather than within an hour. */
  readonly escalate: (now?: number) => Promise<number>
  /** Looks after the fleet now, rather than within half a minute: alerts and rollouts. */
  readonly watch: () => Promise<void>
  /** Commits what is waiting, ends the store in order, closes. */
  readonly stop: () => Promise<void>
}

const day = 86_400_000

/**
 * Starts a hub: store, relational state, enrichment, gateway, API, portal.
 * @throws StoreUnavailable, or EADDRINUSE when a port is taken
 */
export async function startHub(options: HubOptions): Promise<Hub> {
  const log = options.log ?? logger('hub', () => {})
  const folder = join(options.data, 'hub')
  const holder = `${hostname()}-${randomUUID().slice(0, 8)}`
  const relational = await Relational.open(options.relational ?? join(folder, 'relational.sqlite'), holder)
  if (relational.shared && options.clickhouse === undefined) {
    await relational.close()
    throw new Error('Several hubs need one store for all: give --clickhouse together with a PostgreSQL database')
  }
  const authority = await Authority.open(relational, folder).catch(async (error: unknown) => {
    await relational.close()
    throw error
  })
  const enricher = new Enricher(join(folder, 'tables'))
  const live = new LiveFeed()
  const blobs = new Blobs(options.blobs ?? join(folder, 'blobs'), join(folder, 'uploads'))

  let engine: Engine | undefined
  let store: Store
  try {
    if (options.clickhouse === undefined) {
      engine = await startEngine(join(folder, 'store'), { onCrash: (line) => log.of('store').error(line) })
      store = openStore({ socket: engine.socket })
    } else {
      store = openStore({ url: options.clickhouse }, 'skep', options.cluster !== undefined)
    }
  } catch (error) {
    await relational.close()
    throw error
  }
  const retention = { ...defaultRetention, ...options.retention }
  const { leases } = relational
  // One hub at a time changes the tables.
  while (!(await leases.take('tables', 120_000))) await new Promise((resolve) => setTimeout(resolve, 200))
  for (const change of await migrate(store, retention, { cluster: options.cluster, tier: options.tier }))
    log.of('store')(change)
  await leases.release('tables')

  const ingest = new Ingest({
    store,
    relational,
    enricher,
    journal: relational.shared ? new SharedJournal(relational) : new FileJournal(join(folder, 'journal')),
    log: log.of('ingest'),
    onCommit: (events) => live.publish(events),
  })
  const heartbeat = async (): Promise<void> => {
    await leases.take(`hub ${holder}`, 15_000)
  }
  await heartbeat()
  const recovered = await ingest.recover()
  if (recovered > 0) log.of('store')(`committed ${recovered} batches that were in flight at the last stop`)
  const receiver = new Receiver(ingest, relational)

  let state: { ready: boolean; reason?: string } = { ready: false, reason: 'loading the tables for enrichment' }
  const readiness = async (): Promise<{ ready: boolean; reason?: string }> => {
    if (!state.ready) return state
    if (!(await store.ping())) return { ready: false, reason: 'the store does not answer' }
    return relational.shared && !(await relational.ping())
      ? { ready: false, reason: 'the relational state does not answer' }
      : state
  }
  let gatewayPort = 0
  const gatewayHost = options.gatewayHost ?? '127.0.0.1'
  const shown = (host: string): string =>
    host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host
  const publicGateway = (): string =>
    options.publicGateway ??
    `${gatewayHost === '0.0.0.0' || gatewayHost === '::' ? hostname() : shown(gatewayHost)}:${gatewayPort}`
  const version = options.version ?? '0.0.0'
  const secret = openSecret(folder)
  const outbound = new Outbound(options.trustedHosts)
  const mailer = new Mailer(options.mail, options.mailFrom)
  const resolver = new Resolver({ timeout: 5000, tries: 2 })
  if (options.dns !== undefined) resolver.setServers([...options.dns])
  const rdap = new Rdap(outbound, options.rdap)
  let portalPort = 0
  const publicPortal = (): string =>
    options.publicPortal?.replace(/\/$/, '') ?? `http://${shown(options.host ?? '127.0.0.1')}:${portalPort}`
  const peeringDb = new PeeringDb(outbound, options.peeringDb)
  const letters = new Letters({
    relational,
    mailer,
    publicPortal,
    contact:
      /[^\s<>]+@[^\s<>]+/.exec(options.mailFrom ?? '')?.[0] ??
      `abuse@${options.publicPortal === undefined ? hostname() : new URL(options.publicPortal).hostname}`,
  })
  /** Hands on to the CERT what nobody answered, with the evidence of now. */
  const escalate = (now?: number) =>
    escalateLetters(
      { relational, log: log.of('letters') },
      async (letter) => {
        const pack = await collect(
          { store, relational, enricher },
          {
            subject: letter.subject,
            window: { since: new Date(Date.now() - 60 * day).toISOString(), until: new Date().toISOString() },
            reach: { ...(await reachOf(relational, letter.organisation)), sensors: [] },
            redactor: new Redactor(await relational.fleet.addresses()),
            secrets: false,
          },
        )
        if (pack === undefined || letter.cert === undefined) return
        const { cert: to, ...sent } = letter
        await letters.send(pack, { ...sent, to, escalate_days: 0 })
      },
      now,
    )
  const prover = new Prover({
    relational,
    mailer,
    rdap,
    resolveTxt: (name) => resolver.resolveTxt(name),
    publicPortal,
    rpki: options.rpki,
    log: log.of('networks'),
  })
  const context: Context = {
    store,
    relational,
    ingest,
    receiver,
    authority,
    enricher,
    blobs,
    live,
    publicPortal,
    mailer,
    outbound,
    prover,
    rdap,
    peeringDb,
    letters,
    oidc: new OpenIdConnect(outbound),
    seal: (text) => seal(secret, text),
    unseal: (sealed) => unseal(secret, sealed),
    publicGateway,
    ready: readiness,
    portal: options.portal !== undefined && existsSync(options.portal) ? options.portal : undefined,
    version,
    log: log.of('api'),
  }
  const extensions: RunningExtension[] = []
  for (const { name, start } of options.extensions ?? [])
    extensions.push(await start({ ...context, folder: join(folder, name), log: log.of(name) }))
  const app = createApp(context, extensions)
  const gateway = gatewayApp({
    store,
    relational,
    receiver,
    blobs,
    authority,
    ready: readiness,
    version,
    log: log.of('gateway'),
  })
  let doors: Server | undefined
  const server = await (async () => {
    doors = (await listenGateway(gateway, authority, {
      host: gatewayHost,
      port: options.gatewayPort ?? 0,
    })) as unknown as Server
    gatewayPort = (doors.address() as { port: number }).port
    return new Promise<Server>((resolve, reject) => {
      const listening = serve(
        { fetch: app.fetch, hostname: options.host ?? '127.0.0.1', port: options.port ?? 0 },
        () => resolve(listening as Server),
      ) as Server
      listening.once('error', reject)
    })
  })().catch(async (error: unknown) => {
    doors?.close()
    await leases.release(`hub ${holder}`)
    await store.close()
    await engine?.stop()
    await relational.close()
    throw error
  })
  const { port } = server.address() as { port: number }
  portalPort = port

  const ready = enricher.load().then(
    () => {
      state = { ready: true }
    },
    (error: unknown) => {
      // Events matter more than where they came from: go on without, and say so.
      log.warn(`cannot load the tables for enrichment: ${String(error)}`)
      state = { ready: true }
    },
  )

  const updates = new AbortController()
  const update = async (): Promise<void> => {
    try {
      await updateTables(join(folder, 'tables'), { signal: updates.signal })
      await enricher.load()
      log.of('enrichment')(`tables of ${enricher.current?.date} are in use`)
    } catch (error) {
      log.of('enrichment').warn(`tables were not updated: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  /** Routes are compared for organisations that hold some: nobody else's link is loaded with a hundred megabytes a day. */
  const updateRoutes = async (): Promise<void> => {
    if ((await relational.claims.holders()).length === 0) return
    const results = await updateRouting(join(folder, 'routing'), { signal: updates.signal })
    const failed = results.filter(({ error }) => error !== undefined)
    log.of('routing')(`${results.length - failed.length} of ${results.length} routing tables are up to date`)
    for (const { file, error } of failed) log.of('routing').warn(`${file} was not fetched: ${error}`)
  }
  const watch = async (): Promise<void> => {
    await watchFleet(relational, log.of('fleet'))
    await stepRollouts(relational, log.of('fleet'))
  }
  const alerting = {
    store,
    relational,
    mailer,
    outbound,
    unseal: (sealed: string) => unseal(secret, sealed),
    publicPortal,
    log: log.of('alerts'),
  }
  // What is done now and then; of several hubs, one does it.
  const jobs: readonly Job[] = [
    ...extensions.flatMap((one) => one.jobs),
    ...(options.update === true
      ? [
          {
            every: 3_600_000,
            work: async () => {
              if (Date.now() - Date.parse(enricher.current?.date ?? '1970-01-01') > day) await update()
            },
          },
          { every: day, first: 600_000, work: updateRoutes },
        ]
      : []),
    // Tables that "skep data update" or a person put there are taken without a new start.
    { every: 60_000, work: () => enricher.load() },
    { every: 30_000, work: watch, lease: 'fleet' },
    { every: 3_600_000, work: () => blobs.sweep(14 * day) },
    { every: 3_600_000, work: () => prover.renew(), lease: 'proofs' },
    { every: 60_000, work: () => watchAlerts(alerting), lease: 'alerts' },
    { every: 20_000, work: () => deliver(alerting), lease: 'deliveries' },
    { every: day, work: () => relational.alerts.prune(Date.now() - 90 * day), lease: 'alerts pruned' },
    { every: 600_000, work: () => sendReports(alerting), lease: 'reports' },
    {
      every: 3_600_000,
      work: () => keepRouting({ relational, log: log.of('routing') }, join(folder, 'routing')),
      lease: 'routing',
    },
    { every: 20_000, work: () => gatherPayloads({ store, relational, log: log.of('fetches') }), lease: 'fetches' },
    { every: 3_600_000, work: () => escalate(), lease: 'letters' },
    { every: 300_000, work: () => keepCases({ store, relational, log: log.of('cases') }), lease: 'cases' },
    {
      every: 3_600_000,
      first: 120_000,
      work: () => findCampaigns({ store, relational, log: log.of('campaigns') }),
      lease: 'campaigns',
    },
    {
      every: 600_000,
      work: () => judgeDaily({ store, relational, enricher, log: log.of('verdicts') }),
      lease: 'verdicts',
    },
    ...(relational.shared
      ? [
          { every: 5000, work: heartbeat },
          { every: 5000, work: () => ingest.recover() },
        ]
      : []),
  ]
  const timers = (options.regular === false ? [] : jobs).flatMap(({ every, work, lease, first }) => {
    let busy = false
    const once = (): void => {
      if (busy) return
      busy = true
      ;(async () => {
        if (lease !== undefined && !(await leases.take(lease, every * 2))) return
        await work()
      })()
        .catch((error: unknown) => log.error(`a regular job failed: ${String(error)}`))
        .finally(() => (busy = false))
    }
    const all = [setInterval(once, every), ...(first === undefined ? [] : [setTimeout(once, first)])]
    for (const timer of all) timer.unref()
    return all
  })

  return {
    url: `http://${shown(options.host ?? '127.0.0.1')}:${port}`,
    gateway: `https://${shown(gatewayHost)}:${gatewayPort}`,
    relational,
    authority,
    store,
    engine,
    enricher,
    receiver,
    ready,
    watch,
    escalate,
    async adopt(sensor, publicKey, organisation = 'home') {
      await relational.fleet.enter(sensor, { organisation, fleet_group: 'all', ring: 0, label: '' })
      const issued = await authority.certify(sensor, publicKey)
      await relational.fleet.voidCertificates(sensor)
      await relational.fleet.addCertificate(issued.serial, sensor, hashOf(publicKey), issued.expires)
      return issued.pem
    },
    async stop() {
      for (const timer of timers) clearTimeout(timer)
      updates.abort()
      await ready
      const closed = [server, doors].map(
        (one) => new Promise<void>((resolve) => (one === undefined ? resolve() : one.close(() => resolve()))),
      )
      await ingest.stop()
      server.closeAllConnections()
      doors?.closeAllConnections()
      await Promise.all(closed)
      for (const one of extensions) await one.stop()
      mailer.close()
      for (const name of [`hub ${holder}`, ...jobs.flatMap(({ lease }) => lease ?? [])]) await leases.release(name)
      await store.close()
      await engine?.stop()
      await relational.close()
    },
  }
}
