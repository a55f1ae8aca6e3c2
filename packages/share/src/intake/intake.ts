import { NotTaken, Busy, type ExtensionContext } from '@skep/hub'
import { clamp, uuidv7, type Data } from '@skep/vocabulary'
import { formats, sessionId, Skipped, type Imported, type Line } from './formats.ts'

/** What became of some lines. */
export interface Taken {
  readonly lines: number
  readonly events: number
  readonly skipped: Readonly<Record<string, number>>
}

const most = 10_000

/**
 * Takes what other people's honeypots tell, in their own words, while it happens. Each run of the hub is a run of each
 * of them: such senders number nothing, so what they lost on the way nobody can know.
 */
export class Intake {
  readonly #context: ExtensionContext
  readonly #runs = new Map<string, { boot: string; seq: number; turn: Promise<unknown> }>()
  readonly #readers = new Map<string, (line: Line) => Imported[]>()

  constructor(context: ExtensionContext) {
    this.#context = context
  }

  /**
   * Takes lines of a format for a sensor.
   * @param provenance how they came, kept with each event
   * @throws RangeError for a format that is not there
   */
  async take(format: string, sensor: string, provenance: string, lines: readonly unknown[]): Promise<Taken> {
    const of = formats.find((one) => one.name === format)
    if (of === undefined) throw new RangeError(`There is no format ${format}`)
    const key = `${format} ${sensor}`
    let read = this.#readers.get(key)
    if (read === undefined) {
      if (this.#readers.size > 10_000) this.#readers.clear()
      this.#readers.set(key, (read = of.open()))
    }
    const skipped: Record<string, number> = {}
    const skip = (why: string): void => void (skipped[why] = (skipped[why] ?? 0) + 1)
    const found: Imported[] = []
    for (const line of lines) {
      if (typeof line !== 'object' || line === null || Array.isArray(line)) {
        skip('no JSON object')
        continue
      }
      try {
        found.push(...read(line as Line))
      } catch (error) {
        if (!(error instanceof Skipped)) throw error
        skip(error.message)
      }
    }
    const events = await this.#deliver(sensor, provenance, found, skip)
    return { lines: lines.length, events, skipped }
  }

  #deliver(
    sensor: string,
    provenance: string,
    found: readonly Imported[],
    skip: (why: string) => void,
  ): Promise<number> {
    let run = this.#runs.get(sensor)
    if (run === undefined) this.#runs.set(sensor, (run = { boot: uuidv7(), seq: 0, turn: Promise.resolve() }))
    const of = run
    // One after the other: numbers go up without a hole.
    const mine = of.turn.then(async () => {
      let events = 0
      for (let at = 0; at < found.length; at += most) {
        const body: string[] = []
        let { seq } = of
        for (const one of found.slice(at, at + most)) {
          let data: unknown
          try {
            data = clamp(one.kind, one.data as Data<never>)
          } catch {
            skip(`a ${one.kind} that is none`)
            continue
          }
          body.push(
            JSON.stringify({
              id: uuidv7(),
              sensor,
              boot: of.boot,
              seq,
              time: one.time,
              session: sessionId(of.boot, one.session, seq),
              service: one.service,
              transport: one.transport,
              source: one.source,
              target: one.target,
              kind: one.kind,
              data,
            }),
          )
          seq++
        }
        if (body.length === 0) continue
        for (let tries = 0; ; tries++) {
          try {
            const answer = await this.#context.receiver.take({
              sensor,
              boot: of.boot,
              provenance,
              encoding: undefined,
              schema: 1,
              body: Buffer.from(body.join('\n')),
            })
            for (const { reason } of answer.rejected) skip(reason)
            events += body.length - answer.rejected.length
            of.seq = seq
            break
          } catch (error) {
            const wait = error instanceof Busy || (error instanceof NotTaken && error.status === 429)
            if (!wait || tries >= 30) throw error
            await new Promise((resolve) => setTimeout(resolve, 1000))
          }
        }
      }
      return events
    })
    of.turn = mine.catch(() => undefined)
    return mine
  }
}
