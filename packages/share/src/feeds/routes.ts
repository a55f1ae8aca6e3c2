import { createReadStream } from 'node:fs'
import { Readable } from 'node:stream'
import type { OpenAPIHono } from '@hono/zod-openapi'
import type { Context as HonoContext } from 'hono'
import { remoteOf, type Env } from '@skep/hub'
import { nameOf } from '../agreements/terms.ts'
import { callerOfRequest, credentialsOf } from '../callers.ts'
import type { Share } from '../sharing.ts'
import { markingOf, type Feeds } from './feeds.ts'

/** Files at paths that stay: below /feeds/, and those of APNIC's shape also where that project has them. */
export function feedRoutes(app: OpenAPIHono<Env>, share: Share, feeds: Feeds): void {
  const { relational } = share.context
  app.get('/feeds/*', (c) => answer(c, c.req.path.slice('/feeds/'.length)))
  for (const folder of ['bruteforce', 'url']) app.get(`/${folder}/*`, (c) => answer(c, c.req.path.slice(1)))

  async function answer(c: HonoContext<Env>, path: string): Promise<Response> {
    const sum = path.endsWith('.sha256')
    const form = feeds.form(sum ? path.slice(0, -'.sha256'.length) : path)
    const caller = await callerOfRequest(share.context, c)
    const terms = await share.agreements.of(caller)
    if (caller === undefined && (credentialsOf(c) !== undefined || terms.kinds.size === 0))
      return c.text('Send an API token, as "Authorization: Bearer" or as the password of any user name\n', 401, {
        'www-authenticate': 'Basic realm="Skep feeds", charset="UTF-8"',
      })
    if (form === undefined || (form.kinds.length > 0 && !form.kinds.some((kind) => terms.kinds.has(kind))))
      return c.text('There is no such feed for you; the portal lists yours under Sharing\n', 404)
    const made = await feeds.get(form, terms)
    const settings = await share.agreements.settings()
    const headers: Record<string, string> = {
      etag: made.etag,
      'last-modified': new Date(made.made).toUTCString(),
      expires: new Date(made.expires).toUTCString(),
      'cache-control': `${caller === undefined ? 'public' : 'private'}, max-age=300`,
      vary: 'accept-encoding, authorization, cookie',
      link: `<${settings.licence_url}>; rel="license"`,
      'x-feed-entries': String(made.count),
      'x-feed-sha256': made.sha256,
      'x-feed-age': String(Math.max(0, Math.round((Date.now() - Date.parse(made.made)) / 1000))),
      'x-feed-marking': `TLP:${markingOf(form, terms, settings).toUpperCase()}`,
    }
    if (sum) return c.text(`${made.sha256}  ${path.split('/').at(-1)?.slice(0, -'.sha256'.length)}\n`, 200, headers)
    const known = (c.req.header('if-none-match') ?? '').split(',').map((one) => one.trim().replace(/^W\//, ''))
    const since = Date.parse(c.req.header('if-modified-since') ?? '')
    const same =
      known.includes(made.etag) || (known[0] === '' && since >= Math.floor(Date.parse(made.made) / 1000) * 1000)
    if (same) return new Response(null, { status: 304, headers })
    await relational.audit.append({
      actor: caller?.label ?? 'anybody',
      organisation: caller?.organisation ?? '',
      action: 'feed delivered',
      subject: form.path,
      detail: `to ${nameOf(caller)}: ${made.count} entries, sha256 ${made.sha256}`,
      remote: remoteOf(c),
    })
    const zipped = /\bgzip\b/.test(c.req.header('accept-encoding') ?? '')
    const stream = Readable.toWeb(createReadStream(zipped ? made.gzip : made.file)) as ReadableStream
    return new Response(stream, {
      headers: { ...headers, 'content-type': form.media, ...(zipped && { 'content-encoding': 'gzip' }) },
    })
  }
}
