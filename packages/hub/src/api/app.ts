import { createHash } from 'node:crypto'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { extname, join, normalize } from 'node:path'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { OpenAPIHono } from '@hono/zod-openapi'
import type { Context as HonoContext } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { getCookie } from 'hono/cookie'
import { callerOf, reachOf } from '../access/caller.ts'
import { guard } from '../access/guard.ts'
import type { RunningExtension } from '../extension.ts'
import { Pacer } from '../access/pace.ts'
import { record, remoteOf, type Context, type Env } from './context.ts'
import { metricsText } from './metrics.ts'
import { eventRoutes } from './routes/events.ts'
import { alertRoutes } from './routes/alerts.ts'
import { caseRoutes } from './routes/cases.ts'
import { claimRoutes } from './routes/claims.ts'
import { evidence } from './routes/evidence.ts'
import { batches } from './routes/batches.ts'
import { desiredRoutes } from './routes/desired.ts'
import { fleetRoutes } from './routes/fleet.ts'
import { joiningRoutes } from './routes/joining.ts'
import { ledgerRoutes } from './routes/ledger.ts'
import { meRoutes } from './routes/me.ts'
import { memberRoutes } from './routes/members.ts'
import { campaignRoutes } from './routes/campaigns.ts'
import { mineRoutes } from './routes/mine.ts'
import { organisationRoutes } from './routes/organisations.ts'
import { packRoutes } from './routes/packs.ts'
import { publicRoutes } from './routes/public.ts'
import { fetchRoutes } from './routes/fetches.ts'
import { releaseRoutes } from './routes/releases.ts'
import { reportRoutes } from './routes/reports.ts'
import { routingRoutes } from './routes/routing.ts'
import { search } from './routes/search.ts'
import { cookieName, giveCookie, signInRoutes } from './routes/signin.ts'
import { views } from './routes/views.ts'

/** No script, style or picture but our own; the player of recordings needs WebAssembly and a worker of its own. */
const policy = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  'worker-src blob:',
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ')

/** The hub's HTTP application: API and portal. */
export function createApp(context: Context, extensions: readonly RunningExtension[] = []): OpenAPIHono<Env> {
  const ruleOf = guard(extensions.flatMap(({ open }) => open))
  const { relational, log } = context
  const app = new OpenAPIHono<Env>({
    defaultHook: (result, c) => {
      if (result.success) return undefined
      const issue = result.error.issues[0]
      return c.json({ error: `Cannot read the request: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}` }, 400)
    },
  })

  app.use(async (c, next) => {
    await next()
    c.header('content-security-policy', policy)
    c.header('x-content-type-options', 'nosniff')
    c.header('referrer-policy', 'no-referrer')
    c.header('cross-origin-opener-policy', 'same-origin')
    c.header('cross-origin-resource-policy', 'same-origin')
    if (c.req.path.startsWith('/api/') && !c.req.path.startsWith('/api/v1/public/'))
      c.header('cache-control', 'no-store')
  })
  app.onError((error, c) => {
    log.error(`${c.req.method} ${c.req.path}: ${error.stack ?? error.message}`)
    const code = (error as { code?: unknown }).code
    const down = code === 'ECONNREFUSED' || code === 'ENOENT' || code === 'ECONNRESET'
    return down
      ? c.json({ error: 'The store is not there just now; it is being started again' }, 503, { 'retry-after': '2' })
      : c.json({ error: 'The hub failed to answer; its log says why' }, 500)
  })

  app.get('/healthz', (c) => c.json({ status: 'ok', version: context.version }))
  app.get('/readyz', async (c) => {
    const state = await context.ready()
    return c.json(
      { status: state.ready ? 'ready' : 'not ready', ...(state.reason && { reason: state.reason }) },
      state.ready ? 200 : 503,
    )
  })

  // The link that the terminal prints: good once, then a cookie that no script can read.
  app.get('/signin', async (c, next) => {
    if (c.req.query('token') === undefined) return next()
    const caller = await relational.tokens.check(c.req.query('token') ?? '')
    if (caller === undefined) {
      return c.html(
        '<!doctype html><title>Skep</title><p>This link has been used or is too old. Make a new one on the hub with <code>skep token link</code>.</p>',
        403,
      )
    }
    giveCookie(c, context, await relational.tokens.create(caller.role, 'portal', { ttl: 30 * 86_400 }))
    await record(context, c, 'signed in', caller.label, 'link', { actor: caller.label })
    return c.redirect('/')
  })

  // Requests a minute: of a caller, and of an address that has not said who it is. The operators' own programs may poll.
  const pacer = new Pacer()
  const tooFast = (c: HonoContext<Env>, who: string, limit: number): Response | undefined => {
    const pace = pacer.count(who, limit)
    c.header('ratelimit-limit', String(pace.limit))
    c.header('ratelimit-remaining', String(Math.max(0, pace.remaining)))
    c.header('ratelimit-reset', String(pace.reset))
    if (pace.remaining >= 0) return undefined
    return c.json({ error: `Asked too often: wait ${pace.reset} seconds` }, 429, { 'retry-after': String(pace.reset) })
  }
  app.use('/api/*', async (c, next) => {
    const bearer = /^Bearer (\S+)$/.exec(c.req.header('authorization') ?? '')?.[1]
    const rule = ruleOf(c.req.method, c.req.path)
    const site = c.req.header('sec-fetch-site')
    // A change by cookie comes from our own pages or not at all, also where nobody is signed in yet.
    if (bearer === undefined && c.req.method !== 'GET' && c.req.method !== 'HEAD') {
      if (site !== 'same-origin') return c.json({ error: 'This request came from another site' }, 403)
    }
    if (rule === 'anyone') return tooFast(c, `from ${remoteOf(c)}`, 300) ?? next()
    let caller = await callerOf(relational, bearer, getCookie(c, cookieName) ?? '')
    if (caller === undefined) {
      const fast = tooFast(c, `from ${remoteOf(c)}`, 300)
      if (fast !== undefined) return fast
      return c.json(
        { error: 'Sign in, or send "Authorization: Bearer" with a token from: skep token create --role operator' },
        401,
      )
    }
    const fast = tooFast(
      c,
      `by ${caller.user?.id ?? caller.label} ${caller.organisation ?? ''}`,
      caller.can.has('operate') ? 60_000 : 3000,
    )
    if (fast !== undefined) return fast
    // Operators may look through the eyes of an organisation.
    const as = c.req.query('organisation')
    if (as !== undefined && as !== caller.organisation) {
      if (!caller.can.has('operate')) return c.json({ error: 'You are no member of this organisation' }, 403)
      caller = { ...caller, organisation: as, reach: await reachOf(relational, as) }
    }
    if (rule !== 'self' && !caller.can.has(rule)) {
      return c.json(
        { error: rule === 'operate' ? 'Only an operator may do this' : `Your role does not allow this: ${rule}` },
        403,
      )
    }
    c.set('caller', caller)
    return next()
  })
  app.use(
    '/api/*',
    bodyLimit({ maxSize: 64 * 1024 * 1024, onError: (c) => c.json({ error: 'More than 64 MiB' }, 413) }),
  )
  app.get('/metrics', async (c) => {
    const bearer = /^Bearer (\S+)$/.exec(c.req.header('authorization') ?? '')?.[1]
    // The state of the honeynet is not for the members of one organisation.
    const holder = await relational.tokens.check(bearer ?? '')
    if (holder === undefined || holder.organisation !== undefined)
      return c.text('Send "Authorization: Bearer" with a token from: skep token create --role viewer\n', 401)
    return c.text(await metricsText(context), 200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' })
  })

  signInRoutes(app, context)
  meRoutes(app, context)
  memberRoutes(app, context)
  organisationRoutes(app, context)
  claimRoutes(app, context)
  mineRoutes(app, context)
  campaignRoutes(app, context)
  packRoutes(app, context)
  caseRoutes(app, context)
  alertRoutes(app, context)
  reportRoutes(app, context)
  publicRoutes(app, context)
  routingRoutes(app, context)
  for (const one of extensions) one.routes(app)
  fleetRoutes(app, context)
  ledgerRoutes(app, context)
  joiningRoutes(app, context)
  desiredRoutes(app, context)
  releaseRoutes(app, context)
  fetchRoutes(app, context)
  batches(app, context)
  views(app, context)
  eventRoutes(app, context)
  evidence(app, context)
  search(app, context)
  app.doc31('/openapi.json', {
    openapi: '3.1.0',
    info: { title: 'Skep hub', version: context.version, license: { name: 'Apache-2.0' } },
    servers: [{ url: '/' }],
  })
  app.all('/api/*', (c) => c.json({ error: 'There is no such thing in this API; /openapi.json lists all' }, 404))
  if (context.portal !== undefined) servePortal(app, context.portal)
  return app
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
}

/** Serves the built portal from memory, compressed once; every unknown path is the application's own. */
function servePortal(app: OpenAPIHono<Env>, folder: string): void {
  const cache = new Map<string, { body: Buffer; br: Buffer; gzip: Buffer; etag: string }>()
  const load = (path: string) => {
    const known = cache.get(path)
    if (known !== undefined) return known
    const file = join(folder, normalize(path))
    if (!file.startsWith(folder) || !existsSync(file) || !statSync(file).isFile()) return undefined
    const body = readFileSync(file)
    const entry = {
      body,
      br: brotliCompressSync(body),
      gzip: gzipSync(body),
      etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`,
    }
    cache.set(path, entry)
    return entry
  }
  app.get('*', (c) => {
    const asset = load(c.req.path)
    const path = asset === undefined ? '/index.html' : c.req.path
    const found = asset ?? (c.req.path.startsWith('/assets/') ? undefined : load('/index.html'))
    if (found === undefined) return c.text('Not found', 404)
    c.header('etag', found.etag)
    c.header('vary', 'accept-encoding')
    c.header('content-type', types[extname(path)] ?? 'application/octet-stream')
    c.header('cache-control', path.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache')
    if (c.req.header('if-none-match') === found.etag) return c.body(null, 304)
    const accepts = c.req.header('accept-encoding') ?? ''
    const encoding = /\bbr\b/.test(accepts) ? 'br' : /\bgzip\b/.test(accepts) ? 'gzip' : undefined
    if (encoding !== undefined) c.header('content-encoding', encoding)
    return c.body(new Uint8Array(encoding === undefined ? found.body : found[encoding]))
  })
}
