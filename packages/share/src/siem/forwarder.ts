import { randomUUID } from 'node:crypto'
import type { Driver } from '@skep/hub'
import type { Share } from '../sharing.ts'
import { openSink, sinkShape, type Sink, type SinkSettings } from './sinks.ts'
import { cursorAt, next, readCursor, writeCursor } from './stream.ts'

/** A sink as it is listed; its secret is not. */
export interface SinkRow {
  readonly id: string
  readonly settings: SinkSettings
  readonly sent: number
  readonly problem: string
  readonly made: number
  readonly last: number | null
}
interface Row {
  readonly id: string
  readonly settings: string
  readonly secret: string
  readonly place: string
  readonly sent: number
  readonly problem: string
  readonly made: number
  readonly last: number | null
}

const page = 1000
/** Pages in one go, so that one sink that is far behind does not hold up the others. */
const mostPages = 20

/**
 * Sends all events to collectors as they come. Each sink has its place in the order of arrival, moved on only when the
 * other end has taken what came before: after a failure some come twice, none is passed over.
 */
export class Forwarder {
  readonly #db: Driver
  readonly #share: Share
  readonly #open = new Map<string, Sink>()

  constructor(share: Share) {
    this.#db = share.db
    this.#share = share
  }

  async list(): Promise<SinkRow[]> {
    const rows = await this.#db.all<Row>('SELECT * FROM share_sinks ORDER BY made')
    return rows.map(({ id, settings, sent, problem, made, last }) => ({
      id,
      settings: JSON.parse(settings) as SinkSettings,
      sent: Number(sent),
      problem,
      made: Number(made),
      last: last === null ? null : Number(last),
    }))
  }
  /** Adds a sink: it gets what is committed from now on. @returns its id */
  async add(settings: unknown, secret: string, now = Date.now()): Promise<string> {
    const id = randomUUID()
    await this.#db.run(
      "INSERT INTO share_sinks (id, settings, secret, place, sent, problem, made, last) VALUES (?, ?, ?, ?, 0, '', ?, NULL)",
      id,
      JSON.stringify(sinkShape.parse(settings)),
      secret === '' ? '' : this.#share.context.seal(secret),
      writeCursor(cursorAt(now)),
      now,
    )
    return id
  }
  async remove(id: string): Promise<boolean> {
    await this.#close(id)
    return (await this.#db.run('DELETE FROM share_sinks WHERE id = ?', id)) === 1
  }

  async #close(id: string): Promise<void> {
    const sink = this.#open.get(id)
    this.#open.delete(id)
    await sink?.close().catch(() => undefined)
  }

  /** Sends what came since the last time. @returns how many events were taken */
  async forward(): Promise<number> {
    const rows = await this.#db.all<Row>('SELECT * FROM share_sinks')
    const counts = await Promise.all(rows.map((row) => this.#one(row)))
    return counts.reduce((sum, one) => sum + one, 0)
  }

  async #one(row: Row): Promise<number> {
    const { context } = this.#share
    let sent = 0
    let place = readCursor(row.place) ?? cursorAt(Date.now())
    try {
      for (let i = 0; i < mostPages; i++) {
        const { events, cursor, more } = await next(context, place, page, undefined)
        if (events.length === 0) break
        let sink = this.#open.get(row.id)
        if (sink === undefined) {
          sink = await openSink(
            JSON.parse(row.settings) as SinkSettings,
            row.secret === '' ? '' : context.unseal(row.secret),
          )
          this.#open.set(row.id, sink)
        }
        await sink.send(events)
        sent += events.length
        place = cursor
        await this.#db.run(
          "UPDATE share_sinks SET place = ?, sent = sent + ?, problem = '', last = ? WHERE id = ?",
          writeCursor(place),
          events.length,
          Date.now(),
          row.id,
        )
        if (!more) break
      }
    } catch (error) {
      await this.#close(row.id)
      await this.#db.run(
        'UPDATE share_sinks SET problem = ? WHERE id = ?',
        (error instanceof Error ? error.message : String(error)).slice(0, 500),
        row.id,
      )
    }
    return sent
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#open.keys()].map((id) => this.#close(id)))
  }
}
