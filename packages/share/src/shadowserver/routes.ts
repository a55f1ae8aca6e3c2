import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { createRoute, z, type OpenAPIHono } from '@hono/zod-openapi'
import { bodyLimit } from 'hono/body-limit'
import {
  body,
  dailyReport,
  done,
  json,
  reachOf,
  reachScope,
  record,
  Redactor,
  remoteOf,
  reportFileName,
  reportNames,
  type Env,
  type ReportName,
} from '@skep/hub'
import type { Share } from '../sharing.ts'

interface Key {
  readonly key: string
  readonly secret: string
  readonly organisation: string
}
const day = 86_400_000
const date = /^\d{4}-\d\d-\d\d$/
/** How far back a caller may ask, and how many days at once. */
const mostDays = 31

/**
 * The report API of Shadowserver (api2) over our own daily files: whatever fetches from there fetches from here, when
 * it is given this address. A request is signed: HMAC-SHA256 of its body, with a secret that goes with the key.
 */
export function shadowserverRoutes(app: OpenAPIHono<Env>, share: Share): void {
  const { context, db } = share
  const { relational, store } = context
  const methods: Readonly<Record<string, (key: Key, asked: Record<string, unknown>) => Promise<unknown>>> = {
    'test/ping': async () => ({ pong: new Date().toISOString().slice(0, 19).replace('T', ' ') }),
    'reports/subscribed': async (key) => [key.organisation],
    'reports/types': async () => reportNames,
    'reports/list': async (key, asked) => {
      const wanted = await listOf(key, asked)
      return wanted.map(({ type, when }) => ({
        id: idOf(key, type, when),
        timestamp: when,
        report: key.organisation,
        type: type.replace(/^event4_/, ''),
        file: reportFileName(type, when, key.organisation),
        url: `${context.publicPortal()}/shadowserver/dl/${idOf(key, type, when)}`,
      }))
    },
    'reports/query': async (key, asked) => {
      const { type, when } = question(asked)
      const limit = Math.min(10_000, Math.max(1, Number(asked['limit'] ?? 1000) || 1000))
      const match =
        typeof asked['query'] === 'object' && asked['query'] !== null ? (asked['query'] as Record<string, unknown>) : {}
      const rows = readCsv(await csvOf(key, type, when))
      return rows
        .filter((row) =>
          Object.entries(match).every(([column, value]) =>
            [value]
              .flat()
              .map(String)
              .includes(row[column] ?? ''),
          ),
        )
        .slice(0, limit)
    },
    'reports/download': async (key, asked) => readCsv(await fileOf(key, String(asked['id'] ?? ''))),
  }

  class Refused extends Error {}

  function question(asked: Record<string, unknown>): { type: ReportName; when: string } {
    const name = `event4_${String(asked['type'] ?? asked['report'] ?? '').replace(/^event4_/, '')}`
    const type = reportNames.find((one) => one === name)
    const when = String(asked['date'] ?? '')
    if (type === undefined) throw new Refused('unknown report type')
    if (!date.test(when)) throw new Refused('date must be YYYY-MM-DD')
    return { type, when }
  }

  async function listOf(_: Key, asked: Record<string, unknown>): Promise<{ type: ReportName; when: string }[]> {
    const [from = '', to = from] = String(asked['date'] ?? new Date(Date.now() - day).toISOString().slice(0, 10)).split(
      ':',
    )
    if (!date.test(from) || !date.test(to) || Date.parse(to) < Date.parse(from))
      throw new Refused('date must be YYYY-MM-DD or YYYY-MM-DD:YYYY-MM-DD')
    const days = Math.round((Date.parse(to) - Date.parse(from)) / day) + 1
    if (days > mostDays) throw new Refused(`more than ${mostDays} days`)
    const wanted = asked['type'] === undefined ? undefined : `event4_${String(asked['type']).replace(/^event4_/, '')}`
    return Array.from({ length: days }, (__, i) =>
      new Date(Date.parse(from) + i * day).toISOString().slice(0, 10),
    ).flatMap((when) =>
      reportNames.filter((type) => wanted === undefined || type === wanted).map((type) => ({ type, when })),
    )
  }

  /** The id of a file: nobody guesses that of another. */
  const idOf = (key: Key, type: ReportName, when: string): string =>
    `${Buffer.from(`${type} ${when} ${key.key}`).toString('base64url')}.${createHmac('sha256', key.secret).update(`${type} ${when}`).digest('base64url').slice(0, 22)}`

  async function csvOf(key: Key, type: ReportName, when: string): Promise<string> {
    const reach = await reachOf(relational, key.organisation)
    const redactor = new Redactor(await relational.fleet.addresses())
    return (await dailyReport(store, type, when, { reach: reachScope({ reach }, 'from') }, false, redactor)).csv
  }
  async function fileOf(key: Key, id: string): Promise<string> {
    const [text = ''] = id.split('.')
    const [type, when = '', of] = Buffer.from(text, 'base64url').toString().split(' ')
    const found = reportNames.find((one) => one === type)
    const known = found !== undefined && date.test(when) && of === key.key ? idOf(key, found, when) : ''
    if (found === undefined || known.length !== id.length || !timingSafeEqual(Buffer.from(known), Buffer.from(id)))
      throw new Refused('no such report')
    return csvOf(key, found, when)
  }

  const keyOf = async (key: string): Promise<Key | undefined> => {
    const row = await db.get<Key>(
      'SELECT key, secret, organisation FROM shadowserver_keys WHERE key = ? AND revoked IS NULL',
      key,
    )
    return row && { ...row, secret: context.unseal(row.secret) }
  }

  app.use(
    '/shadowserver/*',
    bodyLimit({ maxSize: 65_536, onError: (c) => c.json({ error: 'request too large' }, 413) }),
  )
  app.post('/shadowserver/api2/:a/:b', async (c) => {
    const raw = Buffer.from(await c.req.arrayBuffer())
    let asked: Record<string, unknown>
    try {
      const read: unknown = JSON.parse(raw.toString('utf8'))
      if (typeof read !== 'object' || read === null || Array.isArray(read)) throw new Error('no object')
      asked = read as Record<string, unknown>
    } catch {
      return c.json({ error: 'request is not a JSON object' }, 400)
    }
    const key = await keyOf(String(asked['apikey'] ?? ''))
    const given = Buffer.from(c.req.header('hmac2') ?? '', 'hex')
    // A key that is not there costs the same work as one that is.
    const own = createHmac('sha256', key?.secret ?? 'none')
      .update(raw)
      .digest()
    if (key === undefined || given.length !== own.length || !timingSafeEqual(given, own))
      return c.json({ error: 'authentication failed' }, 401)
    const method = methods[`${c.req.param('a')}/${c.req.param('b')}`]
    if (method === undefined) return c.json({ error: 'no such method' }, 404)
    try {
      const answer = await method(key, asked)
      await relational.audit.append({
        actor: 'shadowserver api',
        organisation: key.organisation,
        action: 'report delivered',
        subject: `${c.req.param('a')}/${c.req.param('b')}`,
        detail: JSON.stringify({ ...asked, apikey: undefined }).slice(0, 500),
        remote: remoteOf(c),
      })
      return c.json(answer as object)
    } catch (error) {
      if (error instanceof Refused) return c.json({ error: error.message }, 400)
      throw error
    }
  })
  // The id is the right to fetch, as it is there.
  app.get('/shadowserver/dl/:id', async (c) => {
    const id = c.req.param('id')
    const [, , of = ''] = Buffer.from(id.split('.')[0] ?? '', 'base64url')
      .toString()
      .split(' ')
    const key = await keyOf(of)
    if (key === undefined) return c.json({ error: 'no such report' }, 404)
    try {
      const csv = await fileOf(key, id)
      return c.body(csv, 200, { 'content-type': 'text/csv; charset=utf-8' })
    } catch (error) {
      if (error instanceof Refused) return c.json({ error: error.message }, 404)
      throw error
    }
  })

  app.openapi(
    createRoute({
      method: 'post',
      path: '/api/v1/me/shadowserver-keys',
      summary: 'Make a key and secret for fetching the daily reports of the organisation over Shadowserver’s API',
      request: body(z.strictObject({ label: z.string().max(100).default('') })),
      responses: {
        ...json(
          z.object({ address: z.string(), key: z.string(), secret: z.string() }),
          'The key; its secret is shown once',
        ),
        403: { description: 'The caller acts for no organisation, or may not make keys' },
      },
    }),
    async (c) => {
      const { organisation, can } = c.get('caller')
      if (organisation === undefined || !can.has('members'))
        return c.json({ error: 'Only administrators of an organisation make keys' }, 403) as never
      const made = { key: randomBytes(16).toString('hex'), secret: randomBytes(32).toString('hex') }
      await db.run(
        'INSERT INTO shadowserver_keys (key, secret, organisation, label, created) VALUES (?, ?, ?, ?, ?)',
        made.key,
        context.seal(made.secret),
        organisation,
        c.req.valid('json').label,
        Date.now(),
      )
      await record(context, c, 'report key made', made.key)
      return c.json({ address: `${context.publicPortal()}/shadowserver/api2/`, ...made })
    },
  )
  app.openapi(
    createRoute({
      method: 'delete',
      path: '/api/v1/me/shadowserver-keys/{key}',
      summary: 'Revoke such a key',
      request: { params: z.object({ key: z.string().regex(/^[0-9a-f]{32}$/) }) },
      responses: { ...json(done, 'Revoked'), 404: { description: 'There is none' } },
    }),
    async (c) => {
      const { organisation, can } = c.get('caller')
      const changed =
        organisation === undefined || !can.has('members')
          ? 0
          : await db.run(
              'UPDATE shadowserver_keys SET revoked = ? WHERE key = ? AND organisation = ? AND revoked IS NULL',
              Date.now(),
              c.req.valid('param').key,
              organisation,
            )
      if (changed !== 1) return c.json({ error: 'There is no such key' }, 404) as never
      await record(context, c, 'report key revoked', c.req.valid('param').key)
      return c.json({ done: true as const })
    },
  )
}

/** Rows of a CSV file of ours, by column. */
export function readCsv(text: string): Record<string, string>[] {
  const lines: string[][] = []
  let line: string[] = []
  let value = ''
  let quoted = false
  for (let i = 0; i < text.length; i++) {
    const c = text[i] ?? ''
    if (quoted) {
      if (c !== '"') value += c
      else if (text[i + 1] === '"') value += text[++i]
      else quoted = false
    } else if (c === '"') quoted = true
    else if (c === ',') {
      line.push(value)
      value = ''
    } else if (c === '\n') {
      lines.push([...line, value])
      line = []
      value = ''
    } else if (c !== '\r') value += c
  }
  const [head = [], ...rows] = lines
  return rows.map((row) => Object.fromEntries(head.map((name, i) => [name, row[i] ?? ''])))
}
