import { lookup } from 'node:dns'
import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { isPublic } from '@skep/vocabulary'

/** An address was asked for that this hub does not go to. */
export class Forbidden extends Error {}

export interface OutboundAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: Buffer
}

export interface OutboundRequest {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  /** Milliseconds for the whole. */
  readonly timeout?: number
  /** Bytes of the answer that are read; more is an error. */
  readonly most?: number
  /** Redirects that are followed; each is judged anew. */
  readonly redirects?: number
}

/**
 * The way out for everything that a person configured: webhooks, identity providers, RDAP. Goes only to public
 * addresses, judged when the connection is made (so that a name cannot change its mind), and to hosts that the
 * operator named.
 */
export class Outbound {
  readonly #trusted: ReadonlySet<string>

  readonly #resolve: typeof lookup

  /** @param trusted hosts, `host` or `host:port`, that may be called wherever they are */
  constructor(trusted: readonly string[] = [], resolve = lookup) {
    this.#resolve = resolve
    this.#trusted = new Set(trusted.map((one) => one.toLowerCase()))
  }

  #trusts(url: URL): boolean {
    return this.#trusted.has(url.hostname.toLowerCase()) || this.#trusted.has(url.host.toLowerCase())
  }

  /** @throws Forbidden when the address is not one that may be called; says why */
  check(address: string): URL {
    let url: URL
    try {
      url = new URL(address)
    } catch {
      throw new Forbidden('This is no URL')
    }
    if (this.#trusts(url) && /^https?:$/.test(url.protocol)) return url
    if (url.protocol !== 'https:') throw new Forbidden('Only https addresses are called')
    if (url.username !== '' || url.password !== '') throw new Forbidden('A user name does not belong in this URL')
    const host = url.hostname.replace(/^\[|\]$/g, '')
    if (isIP(host) !== 0 && !isPublic(host)) throw new Forbidden('This address is not on the public Internet')
    if (isIP(host) === 0 && !host.includes('.')) throw new Forbidden('This host is not on the public Internet')
    return url
  }

  /** @throws Forbidden, or Error when the other end fails, is too slow or says too much */
  async fetch(address: string, options: OutboundRequest = {}): Promise<OutboundAnswer> {
    const url = this.check(address)
    const answer = await this.#once(url, options)
    const { location } = answer.headers
    if (answer.status >= 300 && answer.status < 400 && typeof location === 'string' && (options.redirects ?? 0) > 0)
      return this.fetch(new URL(location, url).href, { ...options, redirects: (options.redirects ?? 0) - 1 })
    return answer
  }

  #once(url: URL, { method = 'GET', headers = {}, body, timeout = 10_000, most = 1 << 20 }: OutboundRequest) {
    const trusted = this.#trusts(url)
    const guarded: LookupFunction = (host, options, done) => {
      this.#resolve(host, { ...options, all: true }, (error, found) => {
        if (error !== null) return done(error, '', 0)
        const good = trusted ? found : found.filter(({ address }) => isPublic(address))
        const [first] = good
        if (first === undefined) return done(new Forbidden('This host is not on the public Internet'), '', 0)
        if (options.all === true) (done as unknown as (e: null, all: typeof good) => void)(null, good)
        else done(null, first.address, first.family)
      })
    }
    return new Promise<OutboundAnswer>((resolve, reject) => {
      const send = url.protocol === 'https:' ? requestHttps : requestHttp
      const outgoing = send(
        url,
        { method, headers: { 'user-agent': 'Skep', ...headers }, lookup: guarded, agent: false },
        (response) => {
          const chunks: Buffer[] = []
          let size = 0
          response.on('data', (chunk: Buffer) => {
            size += chunk.length
            if (size > most) outgoing.destroy(new Error(`The answer has more than ${most} bytes`))
            else chunks.push(chunk)
          })
          response.once('end', () =>
            resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }),
          )
          response.once('error', reject)
        },
      )
      const timer = setTimeout(() => outgoing.destroy(new Error(`No answer within ${timeout / 1000} s`)), timeout)
      outgoing.once('close', () => clearTimeout(timer))
      outgoing.once('error', reject)
      outgoing.end(body)
    })
  }

  /** The same behind the form of the platform's own fetch, for libraries that take one. */
  readonly asFetch: typeof fetch = async (input, init) => {
    const answer = await this.fetch(input instanceof Request ? input.url : String(input), {
      method: init?.method ?? 'GET',
      headers: Object.fromEntries(new Headers(init?.headers)),
      ...(init?.body != null && { body: init.body instanceof Uint8Array ? init.body : String(init.body) }),
    })
    const headers = new Headers()
    for (const [name, value] of Object.entries(answer.headers))
      if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(', ') : value)
    const empty = answer.status === 204 || answer.status === 304
    return new Response(empty ? null : new Uint8Array(answer.body), { status: answer.status, headers })
  }
}
