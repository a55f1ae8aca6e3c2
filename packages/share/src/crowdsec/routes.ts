import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { OpenAPIHono } from '@hono/zod-openapi'
import { remoteOf, type Caller, type Env } from '@skep/hub'
import { skepNamespace, uuidv5 } from '@skep/vocabulary'
import { give, nameOf } from '../agreements/terms.ts'
import { callerOfRequest } from '../callers.ts'
import type { Feeds } from '../feeds/feeds.ts'
import type { Indicator } from '../model/indicator.ts'
import type { Share } from '../sharing.ts'

/** A decision as a bouncer of CrowdSec reads it. */
interface Decision {
  readonly id: number
  readonly uuid: string
  readonly origin: string
  readonly type: string
  readonly scope: string
  readonly value: string
  readonly duration: string
  readonly until: string
  readonly scenario: string
}

/** A time as Go writes a duration. */
export function goDuration(ms: number): string {
  const seconds = Math.max(1, Math.round(ms / 1000))
  return `${Math.floor(seconds / 3600)}h${Math.floor((seconds % 3600) / 60)}m${seconds % 60}s`
}

function decisionOf(one: Indicator, now: number): Decision {
  const uuid = uuidv5(skepNamespace, `decision ${one.value}`)
  return {
    // Bouncers tell decisions apart by number.
    id: Number.parseInt(uuid.slice(0, 8), 16) & 0x7fff_ffff,
    uuid,
    origin: 'skep',
    type: 'ban',
    scope: 'Ip',
    value: one.value,
    duration: goDuration(Date.parse(one.valid_until) - now),
    until: one.valid_until,
    scenario: `skep/${one.labels[0] ?? 'attacker'}`,
  }
}

const words = (text: string | undefined): string[] => (text ?? '').split(',').filter((one) => one !== '')

/** The part of CrowdSec's local API that its bouncers read: they block by our list without an agent of its own. */
export function crowdsecRoutes(app: OpenAPIHono<Env>, share: Share, feeds: Feeds): void {
  const folder = join(share.context.folder, 'crowdsec')

  /** All decisions that a caller gets, after the filters of the request. */
  async function* decisions(caller: Caller, query: (name: string) => string | undefined): AsyncGenerator<Decision> {
    const terms = await share.agreements.of(caller)
    const { block_confidence } = await share.agreements.settings()
    const [scopes, origins] = [words(query('scopes')), words(query('origins'))]
    const [containing, without] = [words(query('scenarios_containing')), words(query('scenarios_not_containing'))]
    if (scopes.length > 0 && !scopes.some((one) => one.toLowerCase() === 'ip')) return
    if (origins.length > 0 && !origins.includes('skep')) return
    await feeds.snapshot.fresh()
    const now = Date.now()
    for await (const one of feeds.snapshot.read(['address'])) {
      const given = give(one, terms, now)
      if (given === undefined || given.confidence < block_confidence || Date.parse(given.valid_until) <= now) continue
      const decision = decisionOf(given, now)
      if (containing.length > 0 && !containing.some((word) => decision.scenario.includes(word))) continue
      if (without.some((word) => decision.scenario.includes(word))) continue
      yield decision
    }
  }

  app.on(['GET', 'HEAD'], '/v1/decisions/stream', async (c) => {
    const caller = await callerOfRequest(share.context, c)
    if (caller === undefined) return c.json({ message: 'access forbidden' }, 403)
    if (c.req.method === 'HEAD') return c.body(null, 200)
    // What this bouncer has: so that it is told what is new to it, and what is over.
    mkdirSync(folder, { recursive: true })
    const who = createHash('sha256')
      .update(
        `${nameOf(caller)} ${c.req.header('x-api-key') ?? ''} ${new URL(c.req.url).search.replace(/startup=\w+/, '')}`,
      )
      .digest('hex')
      .slice(0, 32)
    const file = join(folder, `${who}.json`)
    const startup = c.req.query('startup') === 'true' || !existsSync(file)
    const had = new Map(startup ? [] : (JSON.parse(readFileSync(file, 'utf8')) as [string, string][]))
    const has: [string, string][] = []
    const fresh: Decision[] = []
    for await (const one of decisions(caller, (name) => c.req.query(name))) {
      has.push([one.value, one.scenario])
      if (had.delete(one.value)) continue
      fresh.push(one)
    }
    const over = [...had].map(([value, scenario]) => ({
      ...decisionOf({ value, valid_until: new Date(0).toISOString(), labels: [] } as unknown as Indicator, Date.now()),
      scenario,
      duration: '-1s',
    }))
    writeFileSync(`${file}.part`, JSON.stringify(has))
    renameSync(`${file}.part`, file)
    if (fresh.length > 0)
      await share.context.relational.audit.append({
        actor: caller.label,
        organisation: caller.organisation ?? '',
        action: 'feed delivered',
        subject: 'crowdsec',
        detail: `to ${nameOf(caller)}: ${fresh.length} new, ${over.length} over`,
        remote: remoteOf(c),
      })
    return c.json({ new: fresh.length === 0 ? null : fresh, deleted: over.length === 0 ? null : over })
  })

  app.on(['GET', 'HEAD'], '/v1/decisions', async (c) => {
    const caller = await callerOfRequest(share.context, c)
    if (caller === undefined) return c.json({ message: 'access forbidden' }, 403)
    if (c.req.method === 'HEAD') return c.body(null, 200)
    const ip = c.req.query('ip') ?? c.req.query('value')
    const found: Decision[] = []
    for await (const one of decisions(caller, (name) => c.req.query(name))) {
      if (ip !== undefined && one.value !== ip) continue
      found.push(one)
      if (found.length >= 10_000 || ip !== undefined) break
    }
    return c.json(found.length === 0 ? null : found)
  })
  // Bouncers tell how they fare; nothing here needs it.
  app.post('/v1/usage-metrics', async (c) =>
    (await callerOfRequest(share.context, c)) === undefined
      ? c.json({ message: 'access forbidden' }, 403)
      : c.json({}, 201),
  )
}
