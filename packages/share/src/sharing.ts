import { join } from 'node:path'
import { randomUUID } from 'node:crypto'
import { Redactor, type Driver, type Extension, type ExtensionContext } from '@skep/hub'
import { Agreements } from './agreements/agreements.ts'
import { agreementRoutes } from './agreements/routes.ts'
import { crowdsecRoutes } from './crowdsec/routes.ts'
import { Feeds } from './feeds/feeds.ts'
import { feedRoutes } from './feeds/routes.ts'
import { Pulls } from './misp/pull.ts'
import { pullRoutes } from './misp/pull-routes.ts'
import { mispRoutes } from './misp/routes.ts'
import { HpfeedsGateway } from './hpfeeds/gateway.ts'
import { Intake } from './intake/intake.ts'
import { intakeRoutes } from './intake/routes.ts'
import { Never } from './model/never.ts'
import { ownLists, Warninglists } from './model/lists.ts'
import type { Sources } from './model/collect.ts'
import { measureTtl, usual, type Ttl } from './model/ttl.ts'
import { Reporting } from './out/queue.ts'
import { reportingRoutes } from './out/routes.ts'
import { ownIntelmqRoutes } from './shadowserver/intelmq.ts'
import { shadowserverRoutes } from './shadowserver/routes.ts'
import { Forwarder } from './siem/forwarder.ts'
import { siemRoutes } from './siem/routes.ts'
import { sampleRoutes } from './samples/routes.ts'
import { Scans } from './samples/scan.ts'
import { Yara } from './samples/yara.ts'
import { pace } from './pace.ts'
import { Ids } from './stix/ids.ts'
import type { Author } from './stix/objects.ts'
import { steps } from './steps.ts'
import { publish } from './taxii/publish.ts'
import { TaxiiServer } from './taxii/server.ts'
import { setUp } from './taxii/setup.ts'
import { TaxiiStore } from './taxii/store.ts'

const day = 86_400_000

/** What the parts of sharing work with. */
export class Share {
  readonly context: ExtensionContext
  readonly agreements: Agreements
  readonly taxii: TaxiiStore
  readonly ids: Ids
  /** The tables of sharing. */
  readonly db: Driver
  readonly #since: string

  private constructor(
    context: ExtensionContext,
    parts: Pick<Share, 'agreements' | 'taxii' | 'ids' | 'db'>,
    since: string,
  ) {
    this.context = context
    this.agreements = parts.agreements
    this.taxii = parts.taxii
    this.ids = parts.ids
    this.db = parts.db
    this.#since = since
  }

  static async open(context: ExtensionContext): Promise<Share> {
    const { relational } = context
    const db = await relational.tables('share', steps)
    // The hub's name for good: addresses change, ids of what was shared must not.
    const hub = await relational.metaOnce('share hub', () => Promise.resolve(randomUUID()))
    const since = await relational.metaOnce('share since', () =>
      Promise.resolve(`${new Date().toISOString().slice(0, 10)}T00:00:00.000Z`),
    )
    return new Share(
      context,
      { agreements: new Agreements(db, relational), taxii: new TaxiiStore(db), ids: new Ids(hub), db },
      since,
    )
  }

  async author(): Promise<Author> {
    const { licence, contact } = await this.agreements.settings()
    return { ids: this.ids, name: 'Skep honeynet', contact, licence, since: this.#since }
  }

  async ttl(): Promise<Ttl> {
    const kept = await this.context.relational.meta('share ttl')
    return kept === undefined ? { days: usual, measured: [] } : (JSON.parse(kept) as Ttl)
  }
  /** Measures anew, once a day. */
  async measure(): Promise<void> {
    const { relational, store } = this.context
    const today = new Date().toISOString().slice(0, 10)
    if ((await relational.meta('share measured')) === today) return
    await relational.setMeta('share ttl', JSON.stringify(await measureTtl(store)))
    await relational.setMeta('share measured', today)
  }

  lists(): Warninglists {
    return Warninglists.read([...ownLists, join(this.context.folder, 'warninglists')])
  }

  /** What indicators are made with, as things stand now. */
  async sources(): Promise<Sources> {
    const { relational, store } = this.context
    const [never, addresses, sensors, settings, ttl, foreign] = await Promise.all([
      Never.of(relational, this.lists()),
      relational.fleet.addresses(),
      relational.fleet.sensors(),
      this.agreements.settings(),
      this.ttl(),
      this.db.all<{ ident: string; organisation: string }>('SELECT ident, organisation FROM hpfeeds_idents'),
    ])
    return {
      store,
      never,
      redactor: new Redactor(addresses),
      owners: new Map([
        ...sensors.map(({ name, organisation }) => [name, organisation] as const),
        ...foreign.map(({ ident, organisation }) => [`hp-${ident}`, organisation] as const),
      ]),
      tlp: settings.tlp,
      ttl: ttl.days,
    }
  }
}

/** How sharing is set up. */
export interface SharingOptions {
  /** Where the hpfeeds broker listens; without it there is none. */
  readonly hpfeeds?:
    | { readonly host: string; readonly port: number; readonly tls?: { key: string; cert: string } }
    | undefined
}

/** Sharing, as an extension of the hub. */
export const sharing = (options: SharingOptions = {}): Extension => ({
  name: 'share',
  async start(context) {
    const share = await Share.open(context)
    const collections = await setUp(share.taxii, share.ids)
    const taxii = new TaxiiServer(share)
    const feeds = new Feeds(share)
    const reporting = new Reporting(share.db, share, feeds)
    const intake = new Intake(context)
    const gateway = new HpfeedsGateway(share, intake)
    if (options.hpfeeds !== undefined) await gateway.start(options.hpfeeds)
    const forwarder = new Forwarder(share)
    const yara = new Yara(join(context.folder, 'yara'))
    const scans = new Scans(share, yara)
    const pulls = new Pulls(share)
    const { log } = context
    return {
      open: [
        [
          'read',
          ['GET'],
          ['/api/v1/sharing/catalogue', '/api/v1/stream', '/api/v1/known', '/api/v1/artifacts/{sha256}/facts'],
        ],
        ['samples', ['GET'], ['/api/v1/artifacts/{sha256}/sample']],
        ['self', ['POST', 'DELETE'], ['/api/v1/me/shadowserver-keys', '/api/v1/me/shadowserver-keys/{key}']],
      ],
      routes(app) {
        pace(app)
        taxii.routes(app)
        feedRoutes(app, share, feeds)
        crowdsecRoutes(app, share, feeds)
        mispRoutes(app, share, feeds)
        pullRoutes(app, share, pulls)
        agreementRoutes(app, share, feeds)
        reportingRoutes(app, share, reporting)
        shadowserverRoutes(app, share)
        ownIntelmqRoutes(app, share)
        intakeRoutes(app, share, intake, gateway)
        siemRoutes(app, share, forwarder)
        sampleRoutes(app, share, scans, yara)
      },
      jobs: [
        { every: 3_600_000, first: 30_000, work: () => share.measure(), lease: 'share ttl' },
        { every: 3_600_000, work: async () => feeds.sweep() },
        { every: 60_000, first: 20_000, work: () => scans.work(), lease: 'share yara' },
        { every: 3_600_000, first: 90_000, work: () => pulls.work(), lease: 'share pulls' },
        { every: 600_000, first: 120_000, work: () => reporting.gather(), lease: 'share gather' },
        { every: 5000, work: () => forwarder.forward(), lease: 'share sinks' },
        { every: 60_000, work: () => reporting.deliver(), lease: 'share deliver' },
        { every: day, work: () => reporting.prune(), lease: 'share prune' },
        {
          every: 3_600_000,
          first: 60_000,
          lease: 'taxii publish',
          work: async () => {
            const began = Date.now()
            const added = await publish({
              taxii: share.taxii,
              relational: context.relational,
              author: await share.author(),
              sources: await share.sources(),
              collections,
            })
            await share.taxii.prune(Date.now() - 7 * day, Date.now() - 90 * day)
            log(`TAXII: ${added} objects added in ${Math.round((Date.now() - began) / 1000)} s`)
          },
        },
      ],
      stop: async () => {
        await gateway.stop()
        await forwarder.stop()
        await yara.stop()
      },
    }
  },
})
