import { clamp, formatMicros, nowMicros, type Data, type Envelope, type Kind } from '@skep/vocabulary'
import type { Loss, Spool } from '../spool/spool.ts'

/** Who and where, for the events of one conversation. */
export type Identity = Pick<Envelope, 'session' | 'service' | 'transport' | 'source' | 'target'>

/**
 * Makes events: clamps what strangers wrote, numbers them without gaps, and puts them into the spool. The id of an
 * event sorts by time and ends in the start of the sensor and the number, which compresses well and cannot repeat.
 */
export class Recorder {
  readonly boot: string
  readonly #sensor: string
  readonly #spool: Spool
  readonly #tail: string
  readonly #began = performance.now()
  #seq = 0

  /** @param boot the number of this run of the sensor */
  constructor(sensor: string, boot: string, spool: Spool) {
    this.boot = boot
    this.#sensor = sensor
    this.#spool = spool
    this.#tail = this.boot.slice(-8)
  }

  /** Events recorded in this run. */
  get made(): number {
    return this.#seq
  }

  /** Milliseconds since this run began, by a clock that nobody sets. */
  mono(): number {
    return performance.now() - this.#began
  }

  /** Records an event. @returns its id */
  record<K extends Kind>(identity: Identity, kind: K, data: Data<K>): string {
    const seq = this.#seq++
    const micros = nowMicros()
    const id = this.#id(micros, seq)
    const event = {
      id,
      sensor: this.#sensor,
      boot: this.boot,
      seq,
      time: formatMicros(micros),
      mono: Math.round(this.mono()),
      ...identity,
      kind,
      data: clamp(kind, data),
    }
    this.#spool.append({ boot: this.boot, seq, json: JSON.stringify(event) })
    return id
  }

  #id(micros: number, seq: number): string {
    const ms = Math.floor(micros / 1000)
    const time = ms.toString(16).padStart(12, '0')
    const rest = (micros - ms * 1000).toString(16).padStart(3, '0')
    const number = seq.toString(16).padStart(7, '0').slice(-7)
    return `${time.slice(0, 8)}-${time.slice(8)}-7${rest}-8${number.slice(0, 3)}-${number.slice(3)}${this.#tail}`
  }

  /** Tells of lost events. */
  lost({ boot, first, last, reason }: Loss): void {
    this.record({}, 'spool.dropped', { from: first, to: last, reason, ...(boot !== this.boot && { of: boot }) })
  }
}
