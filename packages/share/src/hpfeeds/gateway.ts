import { randomBytes } from 'node:crypto'
import { Redactor } from '@skep/hub'
import type { StoredEvent } from '@skep/vocabulary'
import type { Intake } from '../intake/intake.ts'
import type { Share } from '../sharing.ts'
import { depthOf } from '../taxii/inbound.ts'
import { Broker, type Publication } from './broker.ts'
import { CowrieSessions } from './sessions.ts'

/** Channels whose messages are understood, and in which words they are. */
export const channels: Readonly<Record<string, string>> = {
  'cowrie.sessions': 'cowrie-session',
  'kippo.sessions': 'cowrie-session',
  'dionaea.connections': 'dionaea-connection',
}
/** The channel on which our own conversations are told. */
export const ownChannel = 'cowrie.sessions'

interface Row {
  readonly ident: string
  readonly secret: string
  readonly organisation: string
  readonly publishes: string
  readonly subscribes: string
}

/** Between hpfeeds and the hub: what others publish becomes events; what our sensors see is told to subscribers. */
export class HpfeedsGateway {
  readonly #share: Share
  readonly #intake: Intake
  #broker: Broker | undefined
  #unwatch: (() => void) | undefined
  /** What came, and what of it was not understood, by reason: since the start. */
  readonly counts = { messages: 0, events: 0, refused: new Map<string, number>() }

  constructor(share: Share, intake: Intake) {
    this.#share = share
    this.#intake = intake
  }

  get running(): boolean {
    return this.#broker !== undefined
  }

  /** @returns the port */
  async start(options: { host: string; port: number; tls?: { key: string; cert: string } }): Promise<number> {
    const { context, db } = this.#share
    const broker = new Broker({
      ...options,
      log: context.log.of('hpfeeds'),
      find: async (ident) => {
        const row = await db.get<Row>('SELECT * FROM hpfeeds_idents WHERE ident = ?', ident)
        return (
          row && {
            ident,
            secret: context.unseal(row.secret),
            publish: row.publishes.split(' '),
            subscribe: row.subscribes.split(' '),
          }
        )
      },
      onPublish: (publication) => this.#take(publication),
    })
    const port = await broker.listen()
    this.#broker = broker
    const sessions = new CowrieSessions()
    this.#unwatch = context.live.watch((events) => void this.#tell(broker, sessions, events))
    context.log.of('hpfeeds')(`listening on ${options.host}:${port}; this protocol has no receipts and may lose events`)
    return port
  }

  #refuse(why: string): void {
    if (this.counts.refused.size < 100 || this.counts.refused.has(why))
      this.counts.refused.set(why, (this.counts.refused.get(why) ?? 0) + 1)
  }

  async #take({ ident, channel, payload }: Publication): Promise<void> {
    this.counts.messages++
    const format = channels[channel]
    // Other channels are handed on to those who subscribed, as any broker does.
    if (format === undefined) return this.#refuse(`channel ${channel.slice(0, 60)} has no counterpart here`)
    const text = payload.toString('utf8')
    let line: unknown
    try {
      if (depthOf(text) > 32) throw new RangeError('too deep')
      line = JSON.parse(text)
    } catch {
      return this.#refuse('not JSON')
    }
    const { events, skipped } = await this.#intake.take(format, `hp-${ident}`, 'hpfeeds', [line])
    this.counts.events += events
    for (const why of Object.keys(skipped)) this.#refuse(why)
  }

  async #tell(broker: Broker, sessions: CowrieSessions, events: readonly StoredEvent[]): Promise<void> {
    if (!broker.heard(ownChannel)) return
    const whole = events.flatMap((event) => sessions.add(event) ?? [])
    if (whole.length === 0) return
    const redactor = new Redactor(await this.#share.context.relational.fleet.addresses())
    for (const one of whole)
      broker.hand({
        ident: 'skep',
        channel: ownChannel,
        payload: Buffer.from(
          JSON.stringify(one, (_, value: unknown) => (typeof value === 'string' ? redactor.text(value) : value)),
        ),
      })
  }

  // Who may come

  list(): Promise<Omit<Row, 'secret'>[]> {
    return this.#share.db.all('SELECT ident, organisation, publishes, subscribes FROM hpfeeds_idents ORDER BY ident')
  }
  /** Makes an ident, or a new secret for it. @returns the secret, shown once */
  async put(one: {
    ident: string
    organisation: string
    publishes: readonly string[]
    subscribes: readonly string[]
  }): Promise<string> {
    const secret = randomBytes(16).toString('hex')
    await this.#share.db.run(
      `INSERT INTO hpfeeds_idents (ident, secret, organisation, publishes, subscribes, created) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT (ident) DO UPDATE SET secret = excluded.secret, organisation = excluded.organisation,
         publishes = excluded.publishes, subscribes = excluded.subscribes`,
      one.ident,
      this.#share.context.seal(secret),
      one.organisation,
      one.publishes.join(' '),
      one.subscribes.join(' '),
      Date.now(),
    )
    return secret
  }
  async remove(ident: string): Promise<boolean> {
    return (await this.#share.db.run('DELETE FROM hpfeeds_idents WHERE ident = ?', ident)) === 1
  }

  async stop(): Promise<void> {
    this.#unwatch?.()
    await this.#broker?.stop()
    this.#broker = undefined
  }
}
