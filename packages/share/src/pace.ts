import type { OpenAPIHono } from '@hono/zod-openapi'
import { Pacer, remoteOf, type Env } from '@skep/hub'
import { credentialsOf } from './callers.ts'
import { honeynetRoot, partnersRoot } from './taxii/server.ts'

const doors = new Set([
  'taxii2',
  honeynetRoot,
  partnersRoot,
  'feeds',
  'bruteforce',
  'url',
  'misp',
  'v1',
  'shadowserver',
])
/** Requests a minute from one address: of who shows a token, and of who does not. */
const known = 6000
const strangers = 300

/** Nobody asks without end at the doors that programs use; the API has its own measure. */
export function pace(app: OpenAPIHono<Env>): void {
  const pacer = new Pacer()
  app.use(async (c, next) => {
    if (!doors.has(c.req.path.split('/', 2)[1] ?? '')) return next()
    const { remaining, reset } = pacer.count(remoteOf(c), credentialsOf(c) === undefined ? strangers : known)
    if (remaining >= 0) return next()
    return c.text(`Asked too often: wait ${reset} seconds\n`, 429, { 'retry-after': String(reset) })
  })
}
