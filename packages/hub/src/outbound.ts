import { lookup } from 'node:dns'
import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { BlockList, isIP, type LookupFunction } from 'node:net'

/** An address was asked for that this hub does not go to. */
export class Forbidden extends Error {}

// What is not the public Internet: RFC 6890 and its IPv6 kin. Members give addresses to call; none may lead inwards.
const inward = new BlockList()
for (const [network, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const)
  inward.addSubnet(network, bits, 'ipv4')

/** Whether an address is one of the public Internet. IPv6 that carries IPv4 inside is judged by that. */
export function isPublic(address: string): boolean {
  if (isIP(address) === 4) return !inward.check(address, 'ipv4')
  if (isIP(address) !== 6) return false
  const groups = groupsOf(address)
  const inner = (high: number, low: number): boolean => isPublic(`${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`)
  const [g0 = 0, g1 = 0, g2 = 0] = groups
  const tail = (): boolean => inner(groups[6] ?? 0, groups[7] ?? 0)
  if (g0 === 0x64 && g1 === 0xff9b) return tail()
  if (g0 === 0x2002) return inner(g1, g2)
  // 2000::/3 without Teredo, ORCHID, documentation and benchmarking.
  if ((g0 & 0xe000) !== 0x2000) return groups.slice(0, 5).every((g) => g === 0) && groups[5] === 0xffff && tail()
  if (g0 === 0x2001 && (g1 < 0x200 || g1 === 0xdb8)) return false
  return !(g0 === 0x3fff && g1 < 0x1000)
}

function groupsOf(address: string): number[] {
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address)
  const text =
    dotted === null
      ? address
      : `${dotted[1]}${((Number(dotted[2]) << 8) | Number(dotted[3])).toString(16)}:${((Number(dotted[4]) << 8) | Number(dotted[5])).toString(16)}`
  const [head = '', rest] = text.replace(/%.*$/, '').split('::')
  const read = (part: string): number[] => (part === '' ? [] : part.split(':').map((group) => parseInt(group, 16)))
  const front = read(head)
  if (rest === undefined) return front
  const back = read(rest)
  return [...front, ...Array.from({ length: 8 - front.length - back.length }, () => 0), ...back]
}

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
