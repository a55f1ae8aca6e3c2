import type { OpenAPIHono } from '@hono/zod-openapi'
import { Busy } from '../../gateway/ingest.ts'
import { limits, NotTaken } from '../../gateway/receive.ts'
import type { Context, Env } from '../context.ts'

/** Where imports deliver: like a sensor at the gateway, but by an operator, for any name, with the name of the import. */
export function batches(app: OpenAPIHono<Env>, { receiver, ready }: Context): void {
  app.post('/api/v1/batches', async (c) => {
    if (c.get('caller').role !== 'operator') return c.json({ error: 'Only an operator may import' }, 403)
    const state = await ready()
    if (!state.ready) return c.json({ error: state.reason ?? 'not ready' }, 503, { 'retry-after': '2' })
    const sensor = c.req.header('x-skep-sensor') ?? ''
    const provenance = c.req.header('x-skep-provenance') ?? 'import'
    if (!/^[a-z0-9][a-z0-9._-]{0,63}$/.test(sensor))
      return c.json({ error: 'Header X-Skep-Sensor is missing or malformed' }, 400)
    if (!/^[a-z0-9._-]{1,64}$/.test(provenance) || provenance === 'live' || provenance === 'quarantine')
      return c.json({ error: 'Header X-Skep-Provenance is malformed' }, 400)
    if (Number(c.req.header('content-length') ?? 0) > limits.body)
      return c.json({ error: `More than ${limits.body} bytes` }, 413)
    try {
      const { events: _, ...answer } = await receiver.take({
        sensor,
        boot: c.req.header('x-skep-boot') ?? '',
        provenance,
        encoding: c.req.header('content-encoding'),
        schema: 1,
        body: Buffer.from(await c.req.arrayBuffer()),
      })
      return c.json(answer)
    } catch (error) {
      if (error instanceof NotTaken) return c.json({ error: error.message, code: error.code }, error.status)
      if (!(error instanceof Busy)) throw error
      return c.json({ error: error.message }, 429, { 'retry-after': String(error.retryAfter) })
    }
  })
}
