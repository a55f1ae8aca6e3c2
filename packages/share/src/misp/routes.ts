import { createHash } from 'node:crypto'
import { createReadStream, readFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import type { OpenAPIHono } from '@hono/zod-openapi'
import type { Context as HonoContext } from 'hono'
import { remoteOf, type Caller, type Env } from '@skep/hub'
import { nameOf, type Terms } from '../agreements/terms.ts'
import { callerOfRequest } from '../callers.ts'
import { markingOf, type Feeds, type Made } from '../feeds/feeds.ts'
import { kinds, type Kind } from '../model/indicator.ts'
import type { Share } from '../sharing.ts'
import { eventForm, eventHead, eventId, hashForm } from './event.ts'

/** So many days are in the feed. */
const span = 7
const day = 86_400_000

/** A feed in MISP's own form: one event a day and kind, with a manifest; read by MISP's own code without an adapter. */
export function mispRoutes(app: OpenAPIHono<Env>, share: Share, feeds: Feeds): void {
  const { ids } = share

  /** The events that somebody gets, with the files that they are made of. */
  async function events(terms: Terms, now = Date.now()): Promise<{ kind: Kind; date: string; file: Made }[]> {
    const found: { kind: Kind; date: string; file: Made }[] = []
    for (let back = span - 1; back >= 0; back--) {
      const date = new Date(now - back * day).toISOString().slice(0, 10)
      const snapshot = feeds.day(date)
      await snapshot.fresh()
      const counts = snapshot.contents()?.counts ?? {}
      for (const kind of kinds) {
        if (!terms.kinds.has(kind) || (counts[kind] ?? 0) === 0) continue
        const file = await feeds.get(eventForm(ids, kind, date), terms, snapshot)
        if (file.count > 0) found.push({ kind, date, file })
      }
    }
    return found
  }

  const answer = async (
    c: HonoContext<Env>,
    make: (terms: Terms, caller: Caller | undefined) => Promise<Response>,
  ): Promise<Response> => {
    const caller = await callerOfRequest(share.context, c)
    const terms = await share.agreements.of(caller)
    if (caller === undefined && terms.kinds.size === 0)
      return c.json({ error: 'Send an API token, as "Authorization: Bearer" or as a password' }, 401, {
        'www-authenticate': 'Basic realm="Skep MISP feed", charset="UTF-8"',
      })
    return make(terms, caller)
  }
  const whole = (c: HonoContext<Env>, body: string, media: string): Response => {
    const etag = `"${createHash('sha256').update(body).digest('hex').slice(0, 32)}"`
    if (c.req.header('if-none-match') === etag) return new Response(null, { status: 304, headers: { etag } })
    return new Response(body, { headers: { 'content-type': media, etag, 'cache-control': 'private, max-age=300' } })
  }

  app.get('/misp/manifest.json', (c) =>
    answer(c, async (terms, caller) => {
      const settings = await share.agreements.settings()
      const manifest: Record<string, object> = {}
      for (const { kind, date, file } of await events(terms)) {
        const { uuid, ...head } = eventHead(
          ids,
          kind,
          date,
          file.made,
          markingOf(eventForm(ids, kind, date), terms, settings),
        )
        const { info, Orgc, Tag, analysis, threat_level_id, timestamp } = head
        manifest[uuid] = {
          info,
          date,
          Orgc,
          Tag,
          analysis,
          threat_level_id,
          timestamp,
          'integrity:sha256': file.sha256,
        }
      }
      const response = whole(c, JSON.stringify(manifest), 'application/json')
      if (response.status === 200)
        await share.context.relational.audit.append({
          actor: caller?.label ?? 'anybody',
          organisation: caller?.organisation ?? '',
          action: 'feed delivered',
          subject: 'misp/manifest.json',
          detail: `to ${nameOf(caller)}: ${Object.keys(manifest).length} events`,
          remote: remoteOf(c),
        })
      return response
    }),
  )
  app.get('/misp/hashes.csv', (c) =>
    answer(c, async (terms) => {
      const lines: string[] = []
      for (const { kind, date } of await events(terms))
        lines.push(readFileSync((await feeds.get(hashForm(ids, kind, date), terms, feeds.day(date))).file, 'utf8'))
      return whole(c, lines.join(''), 'text/csv')
    }),
  )
  app.get('/misp/:file', (c) =>
    answer(c, async (terms) => {
      const wanted = c.req.param('file')
      const now = Date.now()
      for (let back = 0; back < span; back++) {
        const date = new Date(now - back * day).toISOString().slice(0, 10)
        const kind = kinds.find((one) => `${eventId(ids, one, date)}.json` === wanted)
        if (kind === undefined || !terms.kinds.has(kind)) continue
        const made = await feeds.get(eventForm(ids, kind, date), terms, feeds.day(date))
        if (made.count === 0) break
        if (c.req.header('if-none-match') === made.etag)
          return new Response(null, { status: 304, headers: { etag: made.etag } })
        return new Response(Readable.toWeb(createReadStream(made.file)) as ReadableStream, {
          headers: { 'content-type': 'application/json', etag: made.etag, 'cache-control': 'private, max-age=300' },
        })
      }
      return c.json({ error: 'There is no such event' }, 404)
    }),
  )
}
