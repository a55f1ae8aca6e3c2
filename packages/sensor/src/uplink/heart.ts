import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { BeatAnswer, Desired, DesiredText, type Applied, type Beat, type Log } from '@skep/vocabulary'
import { newKey, publicHalf, renewalDue, saveMembership, signedBy, type Membership } from '../membership.ts'
import type { Link } from './link.ts'
import type { Upgrader } from './upgrade.ts'

/** Under which a signature of the authority counts for what. */
export const purposes = { desired: 'skep desired state v1', release: 'skep release v1' } as const

export interface HeartOptions {
  readonly data: string
  readonly link: Link
  membership: Membership
  readonly log: Log
  /** What the sensor says of itself. */
  readonly state: () => Promise<Omit<Beat, 'wall' | 'mono' | 'rtt' | 'epoch' | 'applied' | 'release'>>
  /** Milliseconds since the run began. */
  readonly mono: () => number
  /** Applies what the hub wants, or throws and leaves all as it was. */
  readonly apply: (document: Readonly<Record<string, unknown>>) => Promise<void>
  readonly obey: boolean
  readonly upgrader?: Upgrader | undefined
  readonly beatMs?: number
}

/**
 * The heartbeat: tells the hub how the sensor is, measures how far the clocks are apart, and brings back what is
 * wanted of it.
 */
export class Heart {
  readonly #options: HeartOptions
  readonly #stop = new AbortController()
  #timer: NodeJS.Timeout | undefined
  #applied: Applied
  /** The version that was tried last; a refused one is not tried again. */
  #tried: number
  /** The last measures of the hub's clock; that with the shortest way is the best. */
  #measures: { rtt: number; epoch: number }[] = []
  /** When the hub last answered, in milliseconds since 1970. */
  lastAnswer: number | undefined
  #state: 'active' | 'quarantined' = 'active'

  constructor(options: HeartOptions) {
    this.#options = options
    const kept = readKept(options.data)
    this.#applied = kept?.applied ?? { version: 0, state: 'none' }
    this.#tried = this.#applied.version
  }

  get applied(): Applied {
    return this.#applied
  }
  #best(): { rtt: number; epoch: number } | undefined {
    return this.#measures.reduce<{ rtt: number; epoch: number } | undefined>(
      (best, one) => (best === undefined || one.rtt <= best.rtt ? one : best),
      undefined,
    )
  }

  /** The first beat, then one every half minute. Resolves when the first is answered or has failed. */
  async start(): Promise<void> {
    // The first finds out how long the way is; the next carry that, and with it a good measure of the clock.
    if (await this.beat()) {
      await this.beat()
      await this.beat()
    }
    const next = (): void => {
      this.#timer = setTimeout(
        () => void this.beat().finally(next),
        (this.#options.beatMs ?? 30_000) * (0.9 + Math.random() / 5),
      )
      this.#timer.unref()
      if (this.#stop.signal.aborted) clearTimeout(this.#timer)
    }
    next()
  }

  async beat(): Promise<boolean> {
    const { link, log, mono, state, upgrader } = this.#options
    if (this.#stop.signal.aborted) return false
    try {
      const said = await state()
      const began = mono()
      const best = this.#best()
      const beat: Beat = {
        ...said,
        wall: Date.now(),
        mono: began,
        ...(best !== undefined && { rtt: Math.round(best.rtt), epoch: best.epoch }),
        applied: this.#applied,
        ...(upgrader !== undefined && { release: upgrader.state }),
      }
      const answer = await link.ask('POST', '/gateway/v1/heartbeat', {
        body: Buffer.from(JSON.stringify(beat)),
        headers: { 'content-type': 'application/json' },
        signal: this.#stop.signal,
      })
      const rtt = mono() - began
      const told = BeatAnswer.parse(JSON.parse(answer.body.toString('utf8')))
      // By the monotonic clock, so that a clock that is set meanwhile does not spoil it.
      this.#measures = [...this.#measures.slice(-7), { rtt, epoch: told.time - began - rtt / 2 }]
      this.lastAnswer = Date.now()
      if (told.state !== this.#state)
        log(told.state === 'quarantined' ? 'the hub has put this sensor into quarantine' : 'the quarantine is over')
      this.#state = told.state
      upgrader?.healthy()
      if (renewalDue(this.#options.membership)) await this.#renew()
      if (told.desired > this.#tried && this.#options.obey) await this.#pull()
      if (told.release !== undefined) upgrader?.want(told.release)
      return true
    } catch (error) {
      if (!this.#stop.signal.aborted && this.lastAnswer !== undefined)
        log('heartbeat was not answered', { reason: error instanceof Error ? error.message : String(error) })
      return false
    }
  }

  async #pull(): Promise<void> {
    const { link, log, data, membership, apply } = this.#options
    const answer = await link.ask('GET', '/gateway/v1/desired', { signal: this.#stop.signal })
    if (answer.status !== 200) return
    const { text, signature } = Desired.parse(JSON.parse(answer.body.toString('utf8')))
    if (!signedBy(membership.authority, purposes.desired, text, signature)) {
      log.error('what the hub wants is not signed by the honeynet: refused')
      return
    }
    const wanted = DesiredText.parse(JSON.parse(text))
    if (wanted.sensor !== membership.sensor || wanted.version <= this.#applied.version) {
      log.error(`what the hub wants is for ${wanted.sensor}, version ${wanted.version}: refused`)
      return
    }
    this.#tried = wanted.version
    try {
      await apply(wanted.document)
      this.#applied = { version: wanted.version, state: 'applied' }
      keep(data, { applied: this.#applied, document: wanted.document })
      log(`applied version ${wanted.version} of what the hub wants`)
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      const refused = (error as Error).name === 'ConfigError'
      this.#applied = {
        version: wanted.version,
        state: refused ? 'refused' : 'rolled back',
        reason: reason.slice(0, 500),
      }
      keep(data, { applied: this.#applied, document: readKept(data)?.document ?? {} })
      log.warn(`version ${wanted.version} of what the hub wants was ${this.#applied.state}: ${reason}`)
    }
    // The operator need not wait half a minute to see what became of it.
    setTimeout(() => void this.beat(), 200).unref()
  }

  /** A new key and certificate, before the old one ends. */
  async #renew(): Promise<void> {
    const { link, log, data } = this.#options
    const key = newKey()
    const answer = await link.ask('POST', '/gateway/v1/renew', {
      body: Buffer.from(JSON.stringify({ public_key: publicHalf(key) })),
      headers: { 'content-type': 'application/json' },
    })
    if (answer.status !== 200) return
    const { certificate } = JSON.parse(answer.body.toString('utf8')) as { certificate: string }
    this.#options.membership = { ...this.#options.membership, certificate }
    saveMembership(data, this.#options.membership, key)
    link.renew({ key, certificate, authority: this.#options.membership.authority })
    log('the certificate was renewed')
  }

  stop(): void {
    this.#stop.abort()
    clearTimeout(this.#timer)
  }
}

interface Kept {
  readonly applied: Applied
  readonly document: Readonly<Record<string, unknown>>
}

const keptFile = (data: string): string => join(data, 'desired.json')

/** What the hub wanted last, as it was applied. */
export function readKept(data: string): Kept | undefined {
  try {
    return JSON.parse(readFileSync(keptFile(data), 'utf8')) as Kept
  } catch {
    return undefined
  }
}
function keep(data: string, kept: Kept): void {
  writeFileSync(`${keptFile(data)}.part`, JSON.stringify(kept), { mode: 0o600 })
  renameSync(`${keptFile(data)}.part`, keptFile(data))
}
