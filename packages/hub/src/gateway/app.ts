import { createPublicKey, timingSafeEqual, verify } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { TLSSocket } from 'node:tls'
import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import {
  Beat,
  JoinRequest,
  joinProof,
  schemaVersion,
  unpackBlobs,
  type BatchAnswer,
  type BeatAnswer,
  type Hello,
  type JoinAnswer,
  type Log,
} from '@skep/vocabulary'
import { purposes, signedDesired, wantedOf } from '../fleet/desired.ts'
import type { Relational } from '../relational/database.ts'
import type { SensorState } from '../relational/fleet.ts'
import { hashOf } from '../relational/tokens.ts'
import type { Store } from '../store/client.ts'
import { sql, string, uuid } from '../store/sql.ts'
import type { Authority } from './authority.ts'
import { WrongOffset, type Blobs } from './blobs.ts'
import { Busy } from './ingest.ts'
import { limits, NotTaken, type Receiver } from './receive.ts'

export interface GatewayContext {
  readonly store: Store
  readonly relational: Relational
  readonly receiver: Receiver
  readonly blobs: Blobs
  readonly authority: Authority
  readonly ready: () => Promise<{ ready: boolean; reason?: string }>
  readonly version: string
  readonly log: Log
}

/** The sensor that asks, known by its certificate. */
interface Caller {
  readonly sensor: string
  readonly serial: string
  readonly state: SensorState
}
interface Env {
  Variables: { caller: Caller; remote: string }
  Bindings: { incoming: IncomingMessage }
}

/** Wrong tokens from one address; a right one counts nothing. */
const guessesPerMinute = 20

/**
 * Where sensors come: join with a token, then deliver and be heard with their certificate. It keeps nothing between
 * requests that another hub would need, so that many can stand behind a balancer (which must pass TLS through).
 */
export function gatewayApp(context: GatewayContext): Hono<Env> {
  const { store, relational, receiver, blobs, authority, ready, version, log } = context
  const { fleet, ledger } = relational
  const app = new Hono<Env>()
  const attempts = new Map<string, number>()
  /** When a batch of a sensor was last noted. */
  const heardAt = new Map<string, number>()
  setInterval(() => attempts.clear(), 60_000).unref()

  app.onError((error, c) => {
    const sensor = c.get('caller')?.sensor ?? ''
    if (error instanceof NotTaken) {
      if (sensor !== '') void ledger.refuse(sensor, error.code).catch(() => undefined)
      const retry = error.retryAfter === undefined ? {} : { 'retry-after': String(error.retryAfter) }
      return c.json({ error: error.message, code: error.code }, error.status, retry)
    }
    if (error instanceof Busy) return c.json({ error: error.message }, 429, { 'retry-after': String(error.retryAfter) })
    log.error(`${c.req.method} ${c.req.path}: ${error.stack ?? error.message}`, { sensor })
    return c.json({ error: 'The hub failed to answer; its log says why' }, 503, { 'retry-after': '5' })
  })
  app.notFound((c) => c.json({ error: 'There is no such thing at this gateway' }, 404))
  const atMost = (maxSize: number) =>
    bodyLimit({ maxSize, onError: (c) => c.json({ error: `More than ${maxSize} bytes`, code: 'too large' }, 413) })
  // A stranger may ask for little; how much a sensor may send is said after it has shown its certificate.
  app.use('/gateway/v1/join', atMost(16 * 1024))

  app.get('/healthz', (c) => c.json({ status: 'ok', version }))
  app.get('/readyz', async (c) => {
    const state = await ready()
    return c.json(state, state.ready ? 200 : 503)
  })
  app.get('/gateway/v1/authority', (c) => c.text(authority.certificate))
  app.get('/gateway/v1/hello', (c) =>
    c.json({ product: 'skep', version, schema: schemaVersion, time: Date.now() } satisfies Hello),
  )

  app.post('/gateway/v1/join', async (c) => {
    const remote = c.env.incoming.socket.remoteAddress ?? ''
    if ((attempts.get(remote) ?? 0) >= guessesPerMinute)
      return c.json({ error: 'Too many attempts; wait a minute' }, 429, { 'retry-after': '60' })
    const asked = JoinRequest.safeParse(await c.req.json().catch(() => undefined))
    if (!asked.success) return c.json({ error: 'Cannot read the request to join' }, 400)
    const { secret, sensor, public_key, proof, schema } = asked.data
    if (schema > schemaVersion)
      return c.json({ error: `This hub (${version}) is older than the sensor: upgrade the hub first` }, 409)
    if (!/^[a-z0-9][a-z0-9._-]{0,63}$/.test(sensor)) return c.json({ error: 'The sensor’s name is malformed' }, 400)
    if (!isProven(public_key, proof, joinProof(secret, sensor, public_key)))
      return c.json({ error: 'The key is not the sensor’s own' }, 400)
    const known = await fleet.sensor(sensor)
    const shown = await fleet.invitation(secret)
    // Before the token is used up: whoever chose a taken name may try another.
    if (typeof shown !== 'string' && known !== undefined && known.organisation !== shown.organisation)
      return c.json({ error: `There is another organisation’s sensor with the name ${sensor}` }, 403)
    const invite = await fleet.redeem(secret, sensor)
    if (typeof invite === 'string') {
      attempts.set(remote, (attempts.get(remote) ?? 0) + 1)
      const why = { unknown: 'is not known here', used: 'has been used already', expired: 'is too old' }[invite]
      return c.json({ error: `This token ${why}; ask the operator for another` }, 403)
    }
    await fleet.enter(sensor, invite)
    const issued = await authority.certify(sensor, public_key)
    await fleet.voidCertificates(sensor)
    await fleet.addCertificate(issued.serial, sensor, hashOf(public_key), issued.expires)
    await fleet.note(sensor, known === undefined ? 'joined' : 'joined again', `${invite.organisation}, from ${remote}`)
    log(`sensor ${sensor} joined for ${invite.organisation}`)
    return c.json({
      sensor,
      organisation: invite.organisation,
      certificate: issued.pem,
      authority: authority.certificate,
    } satisfies JoinAnswer)
  })

  // From here on the sensor must show its certificate.
  app.use('/gateway/v1/*', async (c, next) => {
    const socket = c.env.incoming.socket as TLSSocket
    const peer = socket.getPeerCertificate?.()
    if (peer?.serialNumber === undefined)
      return c.json(
        { error: 'This needs the certificate of a sensor; join with "skep sensor join"', code: 'no certificate' },
        401,
      )
    if (!socket.authorized) {
      const why = String(socket.authorizationError ?? '')
      const code = /EXPIRED/.test(why) ? 'expired' : 'foreign certificate'
      return c.json({ error: `The certificate does not count here: ${why || 'it is of another honeynet'}`, code }, 401)
    }
    const holder = await fleet.holder(peer.serialNumber.toLowerCase())
    const name = String((peer.subject as { CN?: unknown } | undefined)?.CN ?? '')
    if (holder === undefined || !same(holder.sensor, name))
      return c.json({ error: 'This certificate is not known here; join again', code: 'unknown certificate' }, 401)
    if (holder.revoked !== null || holder.state === 'revoked') {
      await ledger.refuse(holder.sensor, 'revoked')
      return c.json({ error: 'This sensor was revoked by the operator of the hub', code: 'revoked' }, 403)
    }
    c.set('caller', { sensor: holder.sensor, serial: peer.serialNumber, state: holder.state })
    c.set('remote', socket.remoteAddress ?? '')
    return next()
  })

  app.use('/gateway/v1/renew', atMost(16 * 1024))
  app.use('/gateway/v1/heartbeat', atMost(512 * 1024))
  app.use('/gateway/v1/*', atMost(limits.blob))

  app.post('/gateway/v1/renew', async (c) => {
    const { sensor } = c.get('caller')
    const { public_key } = (await c.req.json().catch(() => ({}))) as { public_key?: unknown }
    try {
      const issued = await authority.certify(sensor, String(public_key ?? '').slice(0, 512))
      await fleet.addCertificate(issued.serial, sensor, hashOf(String(public_key)), issued.expires)
      await fleet.note(sensor, 'certificate renewed', new Date(issued.expires).toISOString())
      return c.json({ certificate: issued.pem })
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      return c.json({ error: error.message, code: 'malformed' }, 400)
    }
  })

  app.post('/gateway/v1/heartbeat', async (c) => {
    const { sensor, state } = c.get('caller')
    const now = Date.now()
    const text = await c.req.text()
    const asked = text.length > 300_000 ? undefined : Beat.safeParse(safely(() => JSON.parse(text)))
    if (asked?.success !== true) {
      const [issue] = asked?.error.issues ?? []
      throw new NotTaken(
        400,
        'malformed',
        `Cannot read the heartbeat: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`,
      )
    }
    const beat = asked.data
    await ledger.heard(sensor, beat.boot, { made: beat.made, version: beat.version })
    // A measure that is beyond what the way can explain is a sensor's mistake, or a lie; of its own events only.
    const epoch =
      beat.epoch !== undefined && Math.abs(beat.epoch + beat.mono - now) < 60_000 + (beat.rtt ?? 0)
        ? beat.epoch
        : undefined
    if (epoch !== undefined) await ledger.setEpoch(sensor, beat.boot, epoch, (beat.rtt ?? 0) / 2)
    await fleet.heard(sensor, {
      beat: JSON.stringify(beat),
      // What the clock of the sensor says more than that of the hub.
      skew: epoch === undefined ? undefined : Math.round(beat.wall - (epoch + beat.mono)),
      rtt: beat.rtt,
      remote: c.get('remote'),
    })
    const row = await fleet.sensor(sensor)
    const desired = await wantedOf(relational, sensor, row?.fleet_group ?? 'all')
    const rollout = (await fleet.rollouts()).find((one) => one.state === 'running' || one.state === 'done')
    const release =
      rollout === undefined || (rollout.state === 'running' && (row?.ring ?? 0) > rollout.ring)
        ? undefined
        : (await fleet.releases()).find((one) => one.version === rollout.version)
    return c.json({
      time: Date.now(),
      state: state === 'quarantined' ? 'quarantined' : 'active',
      desired: desired.version,
      ...(release !== undefined &&
        release.version !== beat.version && {
          release: {
            version: release.version,
            sha256: release.sha256,
            size: release.size,
            signature: authority.sign(purposes.release, `${release.version} ${release.sha256} ${release.size}`),
          },
        }),
    } satisfies BeatAnswer)
  })

  app.get('/gateway/v1/desired', async (c) => {
    const row = await fleet.sensor(c.get('caller').sensor)
    if (row === undefined) return c.json({ error: 'This sensor is not known' }, 404)
    return c.json(await signedDesired(relational, authority, row.name, row.fleet_group))
  })

  // What a fetcher brought of what an attacker of this sensor wanted, where the operator lets it be handed on.
  app.get('/gateway/v1/payloads/:key', async (c) => {
    const policy = await relational.fetches.policy()
    if (!policy.enabled || !policy.hand) return c.json({ error: 'Nothing is handed on', code: 'off' }, 403)
    const row = await relational.fetches.get(c.req.param('key'))
    if (row?.state === 'failed' || row?.state === 'refused') return c.json({ error: 'It could not be had' }, 410)
    const bytes = row?.state === 'fetched' ? await blobs.get(row.sha256) : undefined
    if (row === undefined || bytes === undefined) return c.json({ error: 'It is not here yet' }, 404)
    const [hop] = JSON.parse(row.hops) as { address?: string }[]
    return c.body(new Uint8Array(bytes), 200, { 'x-skep-address': hop?.address ?? '' })
  })

  app.get('/gateway/v1/releases/:sha256', async (c) => {
    const sha256 = c.req.param('sha256')
    // Releases only: artifacts of other sensors are none of a sensor's business.
    const release = (await fleet.releases()).find((one) => one.sha256 === sha256)
    const bytes = release === undefined ? undefined : await blobs.get(sha256)
    if (bytes === undefined) return c.json({ error: 'There is no such release' }, 404)
    const range = /^bytes=(\d+)-(\d+)$/.exec(c.req.header('range') ?? '')
    if (range === null) return c.body(new Uint8Array(bytes))
    const part = bytes.subarray(Number(range[1]), Number(range[2]) + 1)
    return c.body(new Uint8Array(part), 206, { 'content-range': `bytes ${range[1]}-${range[2]}/${bytes.length}` })
  })

  app.post('/gateway/v1/batches', async (c) => {
    const { sensor, state } = c.get('caller')
    const now = await ready()
    if (!now.ready) return c.json({ error: now.reason ?? 'not ready' }, 503, { 'retry-after': '2' })
    const { events, ...answer } = await receiver.take({
      sensor,
      boot: c.req.header('x-skep-boot') ?? '',
      provenance: state === 'quarantined' ? 'quarantine' : 'live',
      encoding: c.req.header('content-encoding'),
      schema: Number(c.req.header('x-skep-schema') ?? 1) || 1,
      body: Buffer.from(await c.req.arrayBuffer()),
    })
    const stopped = events.at(-1)?.kind === 'sensor.stopped'
    const stranger = events.some(({ source }) => source !== undefined)
    // Once in some seconds is enough: a write that is forced to the disk for every batch would be most of its cost.
    const lately = `${sensor} ${stranger}`
    if (stopped || Date.now() - (heardAt.get(lately) ?? 0) > 3000) {
      heardAt.set(lately, Date.now())
      await fleet.heard(sensor, { remote: c.get('remote'), event: stranger, stopped })
    }
    for (const { kind, data } of events)
      if (kind === 'sensor.started') await fleet.note(sensor, 'started', `release ${data.version}, ${data.persona}`)
      else if (kind === 'sensor.stopped') await fleet.note(sensor, 'stopped', `after ${data.uptime_s} s`)
      else if (kind === 'spool.dropped')
        await fleet.note(
          sensor,
          'events lost',
          `${data.to - data.from + 1}, numbers ${data.from} to ${data.to}: ${data.reason}`,
        )
    return c.json(answer satisfies BatchAnswer)
  })

  /** Reads an event back from the store, for the one who sent it. */
  app.get('/gateway/v1/check/:id', async (c) => {
    const id = c.req.param('id')
    if (!/^[0-9a-f-]{36}$/.test(id)) return c.body(null, 400)
    const [row] = await store.query(
      sql`SELECT count() AS count FROM skep.events WHERE id = ${uuid(id)} AND sensor = ${string(c.get('caller').sensor)}`,
    )
    return c.body(null, Number(row?.['count'] ?? 0) > 0 ? 200 : 404)
  })

  const uploaded = new Map<string, { day: number; bytes: number }>()
  // Hono answers HEAD by the route for GET; the bytes themselves are never given back.
  app.get('/gateway/v1/blobs/:sha256', async (c) => {
    const sha256 = c.req.param('sha256')
    if (!/^[0-9a-f]{64}$/.test(sha256)) return c.body(null, 400)
    if (await blobs.has(sha256)) return c.body(null, 200)
    return c.body(null, 404, { 'upload-offset': String(await blobs.offset(c.get('caller').sensor, sha256)) })
  })
  /** @throws NotTaken when a sensor brings more than a day may */
  const account = (sensor: string, size: number): void => {
    const day = Math.floor(Date.now() / 86_400_000)
    const used = uploaded.get(sensor)
    const bytes = (used?.day === day ? used.bytes : 0) + size
    if (bytes > limits.blobsADay) throw new NotTaken(429, 'too many bytes', 'More artifacts than a day may bring', 3600)
    uploaded.set(sensor, { day, bytes })
  }
  app.post('/gateway/v1/blobs', async (c) => {
    const { sensor } = c.get('caller')
    const body = Buffer.from(await c.req.arrayBuffer())
    account(sensor, body.length)
    try {
      const all = unpackBlobs(body)
      if (all.length > 1000) throw new NotTaken(413, 'too many blobs', 'More than 1000 artifacts in a pack')
      for (const { sha256, bytes } of all) await blobs.put(sha256, bytes, sensor)
      return c.json({ kept: all.length })
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      throw new NotTaken(422, 'wrong hash', error.message)
    }
  })
  app.put('/gateway/v1/blobs/:sha256', async (c) => {
    const { sensor } = c.get('caller')
    const sha256 = c.req.param('sha256')
    if (!/^[0-9a-f]{64}$/.test(sha256)) throw new NotTaken(400, 'malformed', 'This is no SHA-256')
    const body = Buffer.from(await c.req.arrayBuffer())
    const given = c.req.header('content-range')
    const range = /^bytes (\d{1,10})-(\d{1,10})\/(\d{1,10})$/.exec(given ?? '')
    const [offset, total] = range === null ? [0, body.length] : [Number(range[1]), Number(range[3])]
    if ((given !== undefined && range === null) || (range !== null && Number(range[2]) + 1 - offset !== body.length))
      throw new NotTaken(400, 'malformed', 'Content-Range is not that of the body')
    if (total > limits.blob || offset + body.length > total)
      throw new NotTaken(413, 'too large', `More than ${limits.blob} bytes`)
    account(sensor, body.length)
    try {
      const here = await blobs.append(sensor, sha256, body, offset, total)
      return c.body(null, here === total ? 201 : 202, { 'upload-offset': String(here) })
    } catch (error) {
      if (error instanceof WrongOffset)
        return c.json({ error: error.message }, 409, { 'upload-offset': String(error.offset) })
      if (!(error instanceof RangeError)) throw error
      throw new NotTaken(422, 'wrong hash', error.message)
    }
  })
  return app
}

function safely(read: () => unknown): unknown {
  try {
    return read()
  } catch {
    return undefined
  }
}

function isProven(publicKey: string, proof: string, bytes: Buffer): boolean {
  try {
    const key = createPublicKey({ key: Buffer.from(publicKey, 'base64'), type: 'spki', format: 'der' })
    return key.asymmetricKeyType === 'ed25519' && verify(null, bytes, key, Buffer.from(proof, 'base64'))
  } catch {
    return false
  }
}

const same = (a: string, b: string): boolean => {
  const [x, y] = [Buffer.from(a), Buffer.from(b)]
  return x.length === y.length && timingSafeEqual(x, y)
}

/** Listens for sensors: TLS 1.3, certificates asked for. @throws EADDRINUSE … */
export async function listenGateway(
  app: Hono<Env>,
  authority: Authority,
  at: { host: string; port: number },
): Promise<Server> {
  const { key, cert } = await authority.hubIdentity()
  return new Promise<Server>((resolve, reject) => {
    const server = serve(
      {
        fetch: app.fetch,
        hostname: at.host,
        port: at.port,
        createServer,
        serverOptions: {
          key,
          cert,
          ca: authority.certificate,
          minVersion: 'TLSv1.3',
          requestCert: true,
          // A sensor without a valid one is told why, in words, rather than cut off.
          rejectUnauthorized: false,
          handshakeTimeout: 30_000,
          keepAliveTimeout: 75_000,
        },
      },
      () => resolve(server as Server),
    ) as Server
    server.once('error', reject)
    // A broken handshake is the stranger's, not ours.
    server.on('tlsClientError', (_error, socket) => socket.destroy())
    server.on('clientError', (_error, socket) => socket.destroy())
  })
}
