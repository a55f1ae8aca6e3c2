import { gunzipSync } from 'node:zlib'
import type { OpenAPIHono } from '@hono/zod-openapi'
import { Event } from '@skep/vocabulary'
import { Busy } from '../../gateway/ingest.ts'
import type { Context, Env } from '../context.ts'

const maxBody = 16 * 1024 * 1024
const maxBlob = 64 * 1024 * 1024

/** What a batch is answered with: everything in it is committed, but for the rejected. */
export interface BatchAnswer {
  readonly committed: number
  readonly rejected: readonly { readonly seq: number; readonly reason: string }[]
}

/**
 * Where sensors (and imports) deliver. A batch is lines of JSON, gzip allowed, all of one boot of one sensor. It is
 * answered when all of it is committed; the same again changes nothing. What no schema accepts is kept as a dead
 * letter and told in the answer, so that it never blocks what follows.
 */
export function gateway(app: OpenAPIHono<Env>, { ingest, relational, blobs, ready }: Context): void {
  app.post('/gateway/v1/batches', async (c) => {
    const caller = c.get('caller')
    const state = await ready()
    if (!state.ready) return c.json({ error: state.reason ?? 'not ready' }, 503, { 'retry-after': '2' })
    const [sensor = '', boot = ''] = [c.req.header('x-skep-sensor'), c.req.header('x-skep-boot')]
    if (!/^[a-z0-9][a-z0-9._-]{0,63}$/.test(sensor) || !/^[0-9a-f-]{36}$/.test(boot)) {
      return c.json({ error: 'Headers X-Skep-Sensor and X-Skep-Boot are missing or malformed' }, 400)
    }
    if (caller.role === 'sensor' && caller.label !== sensor) {
      return c.json({ error: `This key delivers for ${caller.label} only` }, 403)
    }
    const provenance = caller.role === 'sensor' ? 'live' : (c.req.header('x-skep-provenance') ?? 'import')
    if (!/^[a-z0-9._-]{1,64}$/.test(provenance)) return c.json({ error: 'Header X-Skep-Provenance is malformed' }, 400)

    const body = Buffer.from(await c.req.arrayBuffer())
    if (body.length > maxBody) return c.json({ error: `More than ${maxBody} bytes` }, 413)
    let text: string
    try {
      text = (
        c.req.header('content-encoding') === 'gzip' ? gunzipSync(body, { maxOutputLength: maxBody * 4 }) : body
      ).toString('utf8')
    } catch {
      return c.json({ error: 'Cannot unpack the body' }, 400)
    }
    const events: Event[] = []
    const rejected: { seq: number; reason: string }[] = []
    for (const line of text.split('\n')) {
      if (line === '') continue
      let raw: unknown
      try {
        raw = JSON.parse(line)
      } catch {
        raw = undefined
      }
      const parsed = Event.safeParse(raw)
      const seq = Number((raw as { seq?: unknown } | undefined)?.seq ?? -1)
      if (parsed.success && parsed.data.sensor === sensor && parsed.data.boot === boot) events.push(parsed.data)
      else {
        const issue = parsed.success ? undefined : parsed.error.issues[0]
        const reason = parsed.success
          ? 'the event names another sensor or boot'
          : `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'malformed'}`
        relational.bury(sensor, reason, line.slice(0, 1_000_000))
        if (Number.isSafeInteger(seq) && seq >= 0) rejected.push({ seq, reason })
      }
    }
    try {
      await ingest.add(sensor, boot, events, provenance)
    } catch (error) {
      if (!(error instanceof Busy)) throw error
      return c.json({ error: error.message }, 429, { 'retry-after': String(error.retryAfter) })
    }
    // A rejected event is accounted for, so it is no hole; the dead letters hold it.
    if (rejected.length > 0) {
      for (const { seq } of rejected) relational.declareDropped(sensor, boot, { first: seq, last: seq }, 'rejected')
    }
    if (caller.role === 'sensor') {
      const beat = events.findLast(({ kind }) => kind === 'sensor.heartbeat')
      relational.heard(sensor, beat === undefined ? undefined : JSON.stringify(beat.data))
    }
    const answer: BatchAnswer = { committed: events.length, rejected }
    return c.json(answer)
  })

  app.get('/gateway/v1/blobs/:sha256', (c) => {
    const sha256 = c.req.param('sha256')
    if (!/^[0-9a-f]{64}$/.test(sha256)) return c.body(null, 400)
    return c.body(null, blobs.has(sha256) ? 200 : 404)
  })

  app.put('/gateway/v1/blobs/:sha256', async (c) => {
    const body = Buffer.from(await c.req.arrayBuffer())
    if (body.length > maxBlob) return c.json({ error: `More than ${maxBlob} bytes` }, 413)
    try {
      blobs.put(c.req.param('sha256'), body)
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      return c.json({ error: error.message }, 400)
    }
    return c.body(null, 204)
  })
}
