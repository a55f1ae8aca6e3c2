import { randomUUID } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { formatMicros, Hello, joinProof, JoinAnswer, nowMicros, schemaVersion, uuidv7 } from '@skep/vocabulary'
import { loadIdentity } from './identity.ts'
import { fingerprintOf, newKey, publicHalf, saveMembership, signWith } from './membership.ts'
import { explain, Later, Link, Refused, type Answer } from './uplink/link.ts'

/** Joining failed; `step` says at what. */
export class JoinFailed extends Error {
  override readonly name = 'JoinFailed'
  readonly step: 'name' | 'connection' | 'TLS' | 'clock' | 'token' | 'version' | 'write'
  constructor(step: JoinFailed['step'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.step = step
  }
}

const day = 86_400_000

/** The address of a gateway as a person writes it: host, host:port or a URL. */
export function hubAddress(text: string): string {
  let url: URL
  try {
    // An IPv6 address may come without its brackets.
    const host = text.split(':').length > 2 && !/[[/]/.test(text) ? `[${text}]` : text
    url = new URL(host.includes('://') ? host : `https://${host}`)
  } catch (cause) {
    throw new JoinFailed('name', `this is no address of a hub: ${text.slice(0, 200)}`, { cause })
  }
  if (url.protocol !== 'https:') throw new JoinFailed('TLS', `${text}: the gateway speaks https only`)
  if (url.port === '' && !/:443\/?$/.test(text)) url.port = '8401'
  return url.origin
}

function told(error: unknown, hub: string): JoinFailed {
  if (error instanceof JoinFailed) return error
  const code = String((error as NodeJS.ErrnoException).code ?? '')
  const message = error instanceof Error ? error.message : String(error)
  const { hostname, port } = new URL(hub)
  const cause = { cause: error }
  if (/ENOTFOUND|EAI_/.test(code))
    return new JoinFailed(
      'name',
      `the name ${hostname} cannot be found (${code}): check it, and this machine's DNS`,
      cause,
    )
  if (/ECONNREFUSED/.test(code))
    return new JoinFailed(
      'connection',
      `nothing listens at ${hostname} port ${port || 443}: is that the gateway's port?`,
      cause,
    )
  if (/ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|nothing moved/.test(`${code} ${message}`))
    return new JoinFailed(
      'connection',
      `no way to ${hostname} port ${port || 443} (${code || message}): a firewall on the way?`,
      cause,
    )
  if (/NOT_YET_VALID|HAS_EXPIRED|expired/.test(`${code} ${message}`))
    return new JoinFailed(
      'clock',
      `the hub's certificate is not valid at this machine's time, ${new Date().toISOString()}: set the clock`,
      cause,
    )
  return new JoinFailed('TLS', `no trusted connection to ${hub}: ${message}`, cause)
}

const json = (answer: Answer): unknown => {
  try {
    return JSON.parse(answer.body.toString('utf8'))
  } catch {
    return undefined
  }
}

export interface Joined {
  readonly sensor: string
  readonly organisation: string
  readonly hubs: readonly string[]
  /** How long the synthetic event took until it could be read back, in milliseconds. */
  readonly arrivedMs: number
  /** Hub's clock minus this machine's, in milliseconds. */
  readonly offsetMs: number
}

/**
 * Joins a honeynet: makes a key, has it certified, and tries the whole way with one synthetic event.
 * @param token what the operator gave: a secret, a dot, and the fingerprint of the honeynet's authority
 * @throws JoinFailed, which says at what
 */
export async function joinHub(options: {
  data: string
  hubs: readonly string[]
  token: string
  name?: string | undefined
  version: string
  say?: (line: string) => void
}): Promise<Joined> {
  const { data, token, version, say = () => {} } = options
  const hubs = options.hubs.map(hubAddress)
  const hub = hubs[0] ?? ''
  const [secret = '', fingerprint = ''] = token.trim().split('.')
  if (!/^[\w-]{20,64}$/.test(secret) || !/^[\w-]{43}$/.test(fingerprint))
    throw new JoinFailed('token', 'this is no token: it is two words joined by a dot, as the hub showed them')
  mkdirSync(data, { recursive: true, mode: 0o700 })

  let authority: string
  const first = new Link([hub], {})
  try {
    const answer = await first.ask('GET', '/gateway/v1/authority')
    authority = answer.body.toString('utf8')
    if (answer.status !== 200 || fingerprintOf(authority) !== fingerprint)
      throw new JoinFailed('TLS', `${hub} is not the hub that this token is of`)
  } catch (error) {
    if (/PEM|asn1|wrong tag/i.test(String(error)))
      throw new JoinFailed('TLS', `${hub} is no gateway of Skep`, { cause: error })
    throw told(error, hub)
  } finally {
    first.close()
  }

  const link = new Link([hub], { authority })
  const key = newKey()
  const sensor = options.name ?? (await loadIdentity(data)).name
  let joined: JoinAnswer
  let offsetMs = 0
  try {
    const before = Date.now()
    const hello = Hello.safeParse(json(await link.ask('GET', '/gateway/v1/hello')))
    if (!hello.success) throw new JoinFailed('version', `${hub} speaks another language: ${hello.error.message}`)
    offsetMs = Math.round(hello.data.time - (before + Date.now()) / 2)
    if (Math.abs(offsetMs) > day)
      throw new JoinFailed('clock', `this machine's clock is off by ${Math.round(offsetMs / 3_600_000)} hours: set it`)
    if (Math.abs(offsetMs) > 2000)
      say(`This machine's clock is off by ${(offsetMs / 1000).toFixed(1)} s; the hub will mend the times of events.`)
    if (hello.data.schema < schemaVersion)
      throw new JoinFailed(
        'version',
        `the hub (${hello.data.version}) is older than this sensor (${version}): upgrade the hub first`,
      )
    const public_key = publicHalf(key)
    const body = {
      secret,
      sensor,
      public_key,
      proof: signWith(key, joinProof(secret, sensor, public_key)),
      version,
      schema: schemaVersion,
    }
    const answer = await link.ask('POST', '/gateway/v1/join', {
      body: Buffer.from(JSON.stringify(body)),
      headers: { 'content-type': 'application/json' },
    })
    if (answer.status !== 200) throw new JoinFailed('version', explain(answer))
    joined = JoinAnswer.parse(json(answer))
  } catch (error) {
    if (error instanceof Refused) throw new JoinFailed('token', error.message, { cause: error })
    if (error instanceof Later) throw new JoinFailed('connection', error.message, { cause: error })
    throw told(error, hub)
  } finally {
    link.close()
  }
  saveMembership(
    data,
    { sensor, organisation: joined.organisation, hubs, authority: joined.authority, certificate: joined.certificate },
    key,
  )
  const arrivedMs = await tryOut(hubs, { key, certificate: joined.certificate, authority }, sensor)
  return { sensor, organisation: joined.organisation, hubs, arrivedMs, offsetMs }
}

/**
 * Sends one synthetic event and waits until it can be read back from the hub's store.
 * @returns milliseconds @throws JoinFailed
 */
export async function tryOut(
  hubs: readonly string[],
  credentials: { key: string; certificate: string; authority: string },
  sensor: string,
): Promise<number> {
  const link = new Link(hubs, credentials)
  const started = performance.now()
  const boot = uuidv7()
  const id = uuidv7()
  const event = {
    id,
    sensor,
    boot,
    seq: 0,
    time: formatMicros(nowMicros()),
    kind: 'sensor.check',
    data: { token: randomUUID() },
  }
  try {
    for (;;) {
      try {
        const answer = await link.ask('POST', '/gateway/v1/batches', {
          body: gzipSync(JSON.stringify(event)),
          headers: { 'content-encoding': 'gzip', 'x-skep-boot': boot, 'x-skep-schema': String(schemaVersion) },
        })
        const { rejected = [] } = (json(answer) ?? {}) as { rejected?: { reason: string }[] }
        if (answer.status !== 200 || rejected.length > 0)
          throw new JoinFailed('write', `the hub did not take the event: ${rejected[0]?.reason ?? explain(answer)}`)
        break
      } catch (error) {
        if (!(error instanceof Later) || performance.now() - started > 60_000) throw error
        await new Promise((resolve) => setTimeout(resolve, Math.min(2000, error.ms)))
      }
    }
    for (;;) {
      const answer = await link.ask('GET', `/gateway/v1/check/${id}`)
      if (answer.status === 200) return performance.now() - started
      if (performance.now() - started > 60_000)
        throw new JoinFailed('write', 'the hub took the event, but it cannot be read back after a minute')
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  } catch (error) {
    if (error instanceof Refused || error instanceof Later)
      throw new JoinFailed('write', error.message, { cause: error })
    throw told(error, link.hub)
  } finally {
    link.close()
  }
}
