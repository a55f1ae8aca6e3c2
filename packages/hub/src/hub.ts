import { existsSync } from 'node:fs'
import type { Server } from 'node:http'
import { join } from 'node:path'
import { serve } from '@hono/node-server'
import { createApp } from './api/app.ts'
import { LiveFeed } from './api/context.ts'
import { Enricher } from './enrich/enricher.ts'
import { updateTables } from './enrich/update.ts'
import { Blobs } from './gateway/blobs.ts'
import { Ingest } from './gateway/ingest.ts'
import { Relational } from './relational/database.ts'
import { openStore, type Store } from './store/client.ts'
import { startEngine, type Engine } from './store/embedded.ts'
import { migrate } from './store/migrate.ts'
import { defaultRetention, type Retention } from './store/schema.ts'

/** How a hub is set up. */
export interface HubOptions {
  /** The data folder. */
  readonly data: string
  /** Address and port of the portal, API and gateway; port 0 takes any. */
  readonly host?: string
  readonly port?: number
  /** A ClickHouse server or cluster instead of the embedded engine. */
  readonly clickhouse?: string | undefined
  readonly retention?: Partial<Retention>
  /** The folder of the built portal. */
  readonly portal?: string | undefined
  /** Whether to fetch the public tables daily. */
  readonly update?: boolean
  readonly version?: string
  readonly log?: (line: string) => void
}

/** A running hub. */
export interface Hub {
  readonly url: string
  readonly relational: Relational
  readonly store: Store
  readonly engine: Engine | undefined
  readonly enricher: Enricher
  /** Resolves when the tables for enrichment are loaded and events are taken. */
  readonly ready: Promise<void>
  /** Commits what is waiting, ends the store in order, closes. */
  readonly stop: () => Promise<void>
}

/**
 * Starts a hub: store, relational state, enrichment, gateway, API, portal.
 * @throws StoreUnavailable, or EADDRINUSE when the port is taken
 */
export async function startHub(options: HubOptions): Promise<Hub> {
  const log = options.log ?? (() => {})
  const folder = join(options.data, 'hub')
  const relational = new Relational(join(folder, 'relational.sqlite'))
  const enricher = new Enricher(join(folder, 'tables'))
  const live = new LiveFeed()
  const blobs = new Blobs(join(folder, 'blobs'))

  let engine: Engine | undefined
  let store: Store
  if (options.clickhouse === undefined) {
    engine = await startEngine(join(folder, 'store'), { onCrash: log })
    store = openStore({ socket: engine.socket })
  } else {
    store = openStore({ url: options.clickhouse })
  }
  for (const change of await migrate(store, { ...defaultRetention, ...options.retention })) log(`store: ${change}`)

  const ingest = new Ingest({
    store,
    relational,
    enricher,
    journal: join(folder, 'journal'),
    onCommit: (events) => live.publish(events),
  })
  const recovered = await ingest.recover()
  if (recovered > 0) log(`store: committed ${recovered} batches that were in flight at the last stop`)

  let state: { ready: boolean; reason?: string } = { ready: false, reason: 'loading the tables for enrichment' }
  const app = createApp({
    store,
    relational,
    ingest,
    enricher,
    blobs,
    live,
    ready: async () =>
      state.ready && !(await store.ping()) ? { ready: false, reason: 'the store does not answer' } : state,
    portal: options.portal !== undefined && existsSync(options.portal) ? options.portal : undefined,
    version: options.version ?? '0.0.0',
  })
  const server = await new Promise<Server>((resolve, reject) => {
    const listening = serve({ fetch: app.fetch, hostname: options.host ?? '127.0.0.1', port: options.port ?? 0 }, () =>
      resolve(listening as Server),
    ) as Server
    listening.once('error', reject)
  }).catch(async (error: unknown) => {
    await store.close()
    await engine?.stop()
    relational.close()
    throw error
  })
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const host =
    options.host === undefined || options.host === '0.0.0.0' || options.host === '::' ? '127.0.0.1' : options.host

  const ready = enricher.load().then(
    () => {
      state = { ready: true }
    },
    (error: unknown) => {
      // Events matter more than where they came from: go on without, and say so.
      log(`enrichment: cannot load the tables: ${String(error)}`)
      state = { ready: true }
    },
  )

  const updates = new AbortController()
  const update = async () => {
    try {
      await updateTables(join(folder, 'tables'), { signal: updates.signal })
      await enricher.load()
      log(`enrichment: tables of ${enricher.current?.date} are in use`)
    } catch (error) {
      log(`enrichment: tables were not updated: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  const timer = setInterval(() => {
    const age = Date.now() - Date.parse(enricher.current?.date ?? '1970-01-01')
    if (age > 86_400_000) void update()
  }, 3_600_000)
  timer.unref()
  if (options.update !== true) clearInterval(timer)
  // Tables that "skep data update" or a person put there are taken without a new start.
  const reload = setInterval(() => {
    enricher.load().catch((error: unknown) => log(`enrichment: cannot load the tables: ${String(error)}`))
  }, 60_000)
  reload.unref()

  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
    relational,
    store,
    engine,
    enricher,
    ready,
    async stop() {
      clearInterval(timer)
      clearInterval(reload)
      updates.abort()
      await ready
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      await ingest.stop()
      server.closeAllConnections()
      await closed
      await store.close()
      await engine?.stop()
      relational.close()
    },
  }
}
