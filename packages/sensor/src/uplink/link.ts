import { once } from 'node:events'
import { Agent, request, type RequestOptions } from 'node:https'
import type { IncomingHttpHeaders } from 'node:http'
import { hubName } from '@skep/vocabulary'

/** With what a sensor shows who it is, and knows the hub. */
export interface Credentials {
  /** PEM. Absent before the sensor has joined. */
  readonly key?: string
  readonly certificate?: string
  /** The authority of the honeynet, PEM; without it the hub is not checked (only to ask for it). */
  readonly authority?: string
}

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

/** The hub wants us to come again later. */
export class Later extends Error {
  override readonly name = 'Later'
  readonly ms: number
  constructor(status: number, ms: number) {
    super(`the hub is busy (${status}); again in ${Math.round(ms / 1000)} s`)
    this.ms = ms
  }
}

/** The hub does not know this sensor any more, or will not take it. */
export class Refused extends Error {
  override readonly name = 'Refused'
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

const maxAnswer = 1024 * 1024
/** Nothing moves for so long: the connection is dead. */
const patience = 90_000
/** After so long on another hub the preferred one is tried again. */
const homesick = 600_000

/** Seconds or a date (RFC 9110 §10.2.3) as milliseconds, at most an hour; with some jitter, so that not all come at once. */
export function retryAfter(header: string | undefined, now = Date.now()): number {
  const seconds = Number(header)
  const ms = header === undefined ? 5000 : Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - now
  return Math.min(3_600_000, Math.max(500, Number.isFinite(ms) ? ms : 5000)) * (1 + Math.random() / 4)
}

/**
 * The way to the hub: TLS 1.3, both sides with certificates, several addresses of which the first that answers is
 * used, and never more bytes a second than the host allows.
 */
export class Link {
  readonly #hubs: readonly string[]
  #agent: Agent
  #at = 0
  #left = 0
  /** Bytes a second; undefined: as fast as it goes. */
  bytesPerSecond: number | undefined
  /** Bytes sent since the start. */
  sent = 0

  constructor(hubs: readonly string[], credentials: Credentials) {
    if (hubs.length === 0) throw new RangeError('Cannot reach a hub without an address')
    this.#hubs = hubs
    this.#agent = Link.#agentFor(credentials)
  }

  static #agentFor({ key, certificate, authority }: Credentials): Agent {
    return new Agent({
      keepAlive: true,
      maxSockets: 4,
      // A resumed session may come without the certificate by which the hub knows us.
      maxCachedSessions: 0,
      minVersion: 'TLSv1.3',
      servername: hubName,
      ...(authority === undefined ? { rejectUnauthorized: false } : { ca: authority }),
      ...(key !== undefined && certificate !== undefined && { key, cert: certificate }),
    })
  }

  /** Uses other credentials from now on. */
  renew(credentials: Credentials): void {
    const before = this.#agent
    this.#agent = Link.#agentFor(credentials)
    // What is on its way ends on its own connection.
    setTimeout(() => before.destroy(), 2 * patience).unref()
  }

  /** The hub that is used now. */
  get hub(): string {
    return this.#hubs[this.#at] ?? ''
  }

  /** A request failed in a way that another hub may do better. */
  next(): void {
    this.#at = (this.#at + 1) % this.#hubs.length
    this.#left = Date.now()
  }

  /**
   * Sends a request to the hub.
   * @throws Later on 429 and 503, Refused on 401 and 403, the socket's error when nobody answers
   */
  async ask(
    method: string,
    path: string,
    options: { headers?: Record<string, string>; body?: Uint8Array; signal?: AbortSignal; maxBytes?: number } = {},
  ): Promise<Answer> {
    if (this.#at !== 0 && Date.now() - this.#left > homesick) this.#at = 0
    const { headers = {}, body, signal, maxBytes = maxAnswer } = options
    const wanted: RequestOptions = {
      method,
      agent: this.#agent,
      headers: { ...headers, ...(body !== undefined && { 'content-length': String(body.length) }) },
      ...(signal !== undefined && { signal }),
    }
    const outgoing = request(new URL(path, this.hub), wanted)
    outgoing.setTimeout(patience, () => outgoing.destroy(new Error(`nothing moved for ${patience / 1000} s`)))
    const answered = new Promise<Answer>((resolve, reject) => {
      outgoing.once('error', reject)
      outgoing.once('response', (response) => {
        const chunks: Buffer[] = []
        let size = 0
        response.on('data', (chunk: Buffer) => {
          size += chunk.length
          if (size > maxBytes) outgoing.destroy(new Error('the answer is too long'))
          else chunks.push(chunk)
        })
        response.once('error', reject)
        response.once('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }),
        )
      })
    })
    answered.catch(() => undefined)
    if (body === undefined) outgoing.end()
    else await this.#write(outgoing, body, signal)
    const answer = await answered
    if (answer.status === 429 || answer.status === 503)
      throw new Later(answer.status, retryAfter(answer.headers['retry-after']))
    if (answer.status === 401 || answer.status === 403) throw new Refused(answer.status, explain(answer))
    return answer
  }

  async #write(outgoing: ReturnType<typeof request>, body: Uint8Array, signal?: AbortSignal): Promise<void> {
    this.sent += body.length
    const rate = this.bytesPerSecond
    if (rate === undefined) return void outgoing.end(body)
    const slice = Math.max(256, Math.ceil(rate / 4))
    for (let at = 0; at < body.length && !outgoing.destroyed; at += slice) {
      if (!outgoing.write(body.subarray(at, at + slice))) {
        await once(outgoing, 'drain').catch(() => undefined)
      }
      await new Promise((resolve) => setTimeout(resolve, (slice / rate) * 1000))
      if (signal?.aborted === true) break
    }
    outgoing.end()
  }

  close(): void {
    this.#agent.destroy()
  }
}

/** The hub's own words for what is wrong. */
export function explain({ status, body }: Answer): string {
  try {
    const { error } = JSON.parse(body.toString('utf8')) as { error?: unknown }
    if (typeof error === 'string') return error
  } catch {
    // Not our hub's JSON.
  }
  return `the hub answered ${status}`
}
