import type { OpenAPIHono } from '@hono/zod-openapi'
import type { Context as HonoContext } from 'hono'
import { checkPassword, remoteOf, type Caller, type Env, type ExtensionContext } from '@skep/hub'
import { createHash } from 'node:crypto'
import type { Agreements } from '../agreements/agreements.ts'
import { nameOf, nothing, type Terms } from '../agreements/terms.ts'
import { callerOfRequest, credentialsOf } from '../callers.ts'
import { badRequest, notFound, TaxiiError, unprocessable } from './errors.ts'
import { Cursors, questionOf } from './filter.ts'
import { readEnvelope } from './inbound.ts'
import { accepts, isTaxii, taxiiType } from './negotiate.ts'
import { entryOf, newId, TaxiiStore, type Collection, type Filter, type Kept, type Root } from './store.ts'
import { writeTime } from './time.ts'

/** The root to which partners write. */
export const partnersRoot = 'partners'
/** The root in which the hub's own findings are. */
export const honeynetRoot = 'shared'

/** Who asks. */
interface Asker {
  readonly name: string
  readonly terms: Terms
  readonly caller: Caller | undefined
  /** A login of TAXII's own: reads and writes the collections that were made for such. */
  readonly login: boolean
}

interface Rights {
  readonly read: boolean
  readonly write: boolean
}

interface Parts {
  readonly context: ExtensionContext
  readonly taxii: TaxiiStore
  readonly agreements: Agreements
}

const json = (body: object, status = 200, headers: Record<string, string> = {}): Response =>
  new Response(JSON.stringify(body), { status, headers: { 'content-type': taxiiType, ...headers } })

/** A TAXII 2.1 server (OASIS, 10 June 2021). Section numbers in comments are the specification's. */
export class TaxiiServer {
  readonly #parts: Parts
  readonly #cursors: Cursors
  #roots: { at: number; names: ReadonlySet<string> } = { at: 0, names: new Set() }
  /** Passwords that were found good lately, by their hash: the slow check is not made for each request. */
  readonly #good = new Map<string, number>()

  constructor(parts: Parts) {
    this.#parts = parts
    this.#cursors = new Cursors(parts.context.seal, parts.context.unseal)
  }

  routes(app: OpenAPIHono<Env>): void {
    app.use(async (c, next) => {
      const [, first = '', ...rest] = c.req.path.split('/')
      // Who speaks TAXII is answered in it, also where there is nothing; all else is for others.
      const speaks = isTaxii(c.req.header('accept') ?? '') && !['api', 'feeds', 'v1'].includes(first)
      if (first !== 'taxii2' && !speaks && !(await this.#isRoot(first))) return next()
      // Every path ends with a slash (§1.6.2); a client that forgot it is understood all the same.
      const segments = rest.filter((one, i) => one !== '' || i < rest.length - 1)
      return this.#answer(c, first, segments)
    })
  }

  async #isRoot(name: string): Promise<boolean> {
    if (Date.now() - this.#roots.at > 250)
      this.#roots = { at: Date.now(), names: new Set((await this.#parts.taxii.roots()).map((root) => root.name)) }
    return this.#roots.names.has(name)
  }

  async #answer(c: HonoContext<Env>, first: string, rest: readonly string[]): Promise<Response> {
    try {
      const method = c.req.method === 'HEAD' ? 'GET' : c.req.method
      const asker = await this.#asker(c)
      if (!accepts(c.req.header('accept') ?? ''))
        throw new TaxiiError(406, 'NotAcceptable', `This server speaks ${taxiiType} only`)
      if (first === 'taxii2') {
        if (rest.length > 0 || method !== 'GET') throw notFound('resource')
        return await this.#discovery(asker)
      }
      const root = await this.#parts.taxii.root(first)
      if (root === undefined || !(await this.#sees(asker, root))) throw notFound('API root')
      return await this.#inRoot(c, method, asker, root, rest)
    } catch (error) {
      if (!(error instanceof TaxiiError)) {
        this.#parts.context.log.error(
          `TAXII ${c.req.path}: ${error instanceof Error ? (error.stack ?? '') : String(error)}`,
        )
        return json({ title: 'InternalError', http_status: '500' }, 500)
      }
      return json(error.body, error.status, { ...error.headers })
    }
  }

  /** @throws TaxiiError 401 */
  async #asker(c: HonoContext<Env>): Promise<Asker> {
    const { agreements, context, taxii } = this.#parts
    const refuse = (why: string): never => {
      throw new TaxiiError(401, 'Unauthorized', why, {
        'www-authenticate': 'Basic realm="Skep TAXII", charset="UTF-8"',
      })
    }
    const given = credentialsOf(c)
    if (given === undefined) {
      const terms = await agreements.of(undefined)
      if (terms.kinds.size === 0) refuse('Sign in: a user name of any kind, and an API token as the password')
      return { name: 'anybody', terms, caller: undefined, login: false }
    }
    const caller = await callerOfRequest(context, c)
    if (caller !== undefined) return { name: nameOf(caller), terms: await agreements.of(caller), caller, login: false }
    if (given.user !== undefined && (await this.#isLogin(given.user, given.secret, remoteOf(c), taxii)))
      return { name: given.user, terms: nothing, caller: undefined, login: true }
    return refuse('This user name and password, or this token, is not good')
  }

  async #isLogin(user: string, secret: string, remote: string, taxii: TaxiiStore): Promise<boolean> {
    const key = createHash('sha256').update(`${user}\n${secret}`).digest('base64')
    if ((this.#good.get(key) ?? 0) > Date.now()) return true
    const kept = await taxii.login(user)
    const { throttle } = this.#parts.context.relational
    if (kept === undefined || (await throttle.hit(`taxii ${remote}`, 20, 300_000)) > 0) return false
    if (!(await checkPassword(secret, kept))) return false
    await throttle.clear(`taxii ${remote}`)
    if (this.#good.size > 1000) this.#good.clear()
    this.#good.set(key, Date.now() + 60_000)
    return true
  }

  // Who may do what

  #rights(asker: Asker, one: Collection): Rights {
    const flags = { read: one.can_read === 1, write: one.can_write === 1 }
    const none = { read: false, write: false }
    if (one.kind !== '') return { read: flags.read && asker.terms.kinds.has(one.kind as never), write: false }
    if (asker.login || asker.caller?.can.has('operate') === true) return flags
    // Partners: whoever has an agreement; to write takes somebody who works on cases.
    if (one.root !== partnersRoot || asker.caller?.organisation === undefined || asker.terms.kinds.size === 0)
      return none
    return { read: flags.read && asker.caller.can.has('read'), write: flags.write && asker.caller.can.has('cases') }
  }

  async #visible(asker: Asker, root: Root): Promise<{ one: Collection; rights: Rights }[]> {
    const all = (await this.#parts.taxii.collections(root.name)).map((one) => ({
      one,
      rights: this.#rights(asker, one),
    }))
    // To a login, and to operators, a collection shows itself with what may be done in it, were it nothing.
    const whole = asker.login || asker.caller?.can.has('operate') === true
    return all.filter(({ one, rights }) => (whole && one.kind === '') || rights.read || rights.write)
  }

  async #sees(asker: Asker, root: Root): Promise<boolean> {
    if (asker.caller?.can.has('operate') === true) return true
    const own = root.name === honeynetRoot || root.name === partnersRoot
    if (asker.login) return !own
    return own && (await this.#visible(asker, root)).length > 0
  }

  // Resources

  async #discovery(asker: Asker): Promise<Response> {
    const { taxii, context } = this.#parts
    const roots: string[] = []
    for (const root of await taxii.roots()) if (await this.#sees(asker, root)) roots.push(`/${root.name}/`)
    // A seeded server says of itself what it was seeded with.
    const seeded = asker.login ? await context.relational.meta('taxii discovery') : undefined
    if (seeded !== undefined) return json(JSON.parse(seeded) as object)
    return json({
      title: 'Skep',
      description: 'What the sensors of a community honeynet see, and what partners add',
      ...(roots.length > 0 && { default: roots[0], api_roots: roots }),
    })
  }

  async #inRoot(
    c: HonoContext<Env>,
    method: string,
    asker: Asker,
    root: Root,
    rest: readonly string[],
  ): Promise<Response> {
    const [what, name, part, id, tail, ...more] = rest
    if (what === undefined) {
      if (method !== 'GET') throw notFound('resource')
      return json({
        title: root.title,
        ...(root.description !== '' && { description: root.description }),
        versions: [taxiiType],
        max_content_length: root.max_content_length,
      })
    }
    if (what === 'status' && name !== undefined && part === undefined && method === 'GET')
      return this.#status(asker, root, decoded(name))
    if (what !== 'collections' || more.length > 0) throw notFound('resource')
    if (name === undefined) {
      if (method !== 'GET') throw notFound('resource')
      const seen = await this.#visible(asker, root)
      return json(seen.length === 0 ? {} : { collections: seen.map(({ one, rights }) => this.#describe(one, rights)) })
    }
    const one = await this.#parts.taxii.collection(root.name, decoded(name))
    const seen =
      one === undefined ? undefined : (await this.#visible(asker, root)).find((entry) => entry.one.id === one.id)
    if (seen === undefined) throw notFound('collection')
    const { one: collection, rights } = seen
    if (part === undefined && method === 'GET') return json(this.#describe(collection, rights))
    if (part === 'objects' && id === undefined && method === 'POST')
      return this.#add(c, asker, root, collection, rights)
    if (part === 'objects' && id !== undefined && tail === undefined && method === 'DELETE')
      return this.#remove(c, asker, collection, rights, decoded(id))
    if (method !== 'GET') throw notFound('resource')
    if (!rights.read) throw new TaxiiError(403, 'Forbidden', 'You may not read this collection')
    const params = new URL(c.req.url).searchParams
    if (part === 'manifest' && id === undefined)
      return this.#page(asker, collection, params, ['id', 'type', 'version', 'spec_version'], manifest)
    if (part === 'objects' && id === undefined)
      return this.#page(asker, collection, params, ['id', 'type', 'version', 'spec_version'], objects)
    if (part === 'objects' && id !== undefined && (tail === undefined || tail === 'versions')) {
      const object = decoded(id)
      const scope = this.#scope(asker, collection)
      if ((await this.#parts.taxii.page(collection, { ...scope, ids: [object], versions: ['all'] }, 1)).length === 0)
        throw notFound('object')
      return tail === 'versions'
        ? this.#page(asker, collection, params, ['spec_version'], versions, { ids: [object], versions: ['all'] })
        : this.#page(asker, collection, params, ['version', 'spec_version'], objects, { ids: [object] })
    }
    throw notFound('resource')
  }

  #describe(one: Collection, rights: Rights): object {
    return {
      id: one.id,
      title: one.title,
      ...(one.description !== '' && { description: one.description }),
      ...(one.alias !== null && { alias: one.alias }),
      can_read: rights.read,
      can_write: rights.write,
      media_types: one.media_types.split(' '),
    }
  }

  /** What of a collection somebody may see at all. */
  #scope(asker: Asker, one: Collection): Filter {
    if (one.kind === '') return asker.caller?.can.has('operate') === true ? {} : { reader: asker.name }
    const term = asker.terms.kinds.get(one.kind as never)
    return {
      reader: asker.name,
      ...(term !== undefined && term.delay > 0 && { before: (Date.now() - term.delay) * 1000 }),
      ...(term?.numbers === false && { without: ['sighting', 'observed-data'] }),
    }
  }

  async #page(
    asker: Asker,
    collection: Collection,
    params: URLSearchParams,
    allowed: Parameters<typeof questionOf>[1],
    shape: (rows: readonly Kept[]) => object,
    fixed: Filter = {},
  ): Promise<Response> {
    const { filter, limit, next, asked } = questionOf(params, allowed)
    const key = TaxiiStore.key(collection)
    const after = next === undefined ? undefined : this.#cursors.read(next, key, asked)
    const defined = Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined)) as Filter
    const added_after = Math.max(filter.added_after ?? -1, after ?? -1)
    const rows = await this.#parts.taxii.page(
      collection,
      { ...defined, ...fixed, ...this.#scope(asker, collection), ...(added_after >= 0 && { added_after }) },
      limit + 1,
    )
    const shown = rows.slice(0, limit)
    const [first] = shown
    const last = shown.at(-1)
    if (first === undefined || last === undefined) return json({})
    const more = rows.length > limit
    return json({ more, ...(more && { next: this.#cursors.make(key, asked, last.added) }), ...shape(shown) }, 200, {
      'x-taxii-date-added-first': writeTime(first.added),
      'x-taxii-date-added-last': writeTime(last.added),
    })
  }

  async #status(asker: Asker, root: Root, id: string): Promise<Response> {
    const found = await this.#parts.taxii.status(root.name, id)
    if (
      found === undefined ||
      (found.owner !== '' && found.owner !== asker.name && asker.caller?.can.has('operate') !== true)
    )
      throw notFound('status')
    return json(JSON.parse(found.body) as object)
  }

  // Changes

  async #add(c: HonoContext<Env>, asker: Asker, root: Root, collection: Collection, rights: Rights): Promise<Response> {
    if (!rights.write) throw new TaxiiError(403, 'Forbidden', 'You may not write to this collection')
    if (!isTaxii(c.req.header('content-type') ?? ''))
      throw new TaxiiError(415, 'UnsupportedMediaType', `Send ${taxiiType}`)
    const inbound = readEnvelope(await bodyOf(c, root.max_content_length))
    const now = Date.now()
    const good = inbound.filter(({ fault }) => fault === undefined)
    const quarantined = collection.review === 1 && asker.caller?.can.has('operate') !== true
    // What says no time of its own has the time at which it came; several of one request each their own.
    const entries = good.map(({ object }, i) => entryOf(object, now * 1000 + i, writeTime))
    await this.#parts.taxii.add(collection, entries, asker.name, quarantined ? 'quarantined' : 'open', now)
    const failures = inbound.flatMap(({ object, fault }) =>
      fault === undefined
        ? []
        : [{ id: String(object['id']).slice(0, 300), version: writeTime(now * 1000), message: fault }],
    )
    const successes = entries.map(({ id, version }) => ({ id, version }))
    const status = {
      id: newId(),
      status: 'complete',
      request_timestamp: writeTime(now * 1000),
      total_count: inbound.length,
      success_count: successes.length,
      ...(successes.length > 0 && { successes }),
      failure_count: failures.length,
      ...(failures.length > 0 && { failures }),
      pending_count: 0,
    }
    await this.#parts.taxii.putStatus(root.name, asker.name, status.id, status)
    await this.#parts.context.relational.audit.append({
      actor: asker.caller?.label ?? asker.name,
      organisation: asker.caller?.organisation ?? '',
      action: quarantined ? 'indicators pushed, to be reviewed' : 'indicators pushed',
      subject: `${root.name}/${collection.id}`,
      detail: `${successes.length} objects, ${failures.length} not taken`,
      remote: remoteOf(c),
    })
    return json(status, 202)
  }

  async #remove(
    c: HonoContext<Env>,
    asker: Asker,
    collection: Collection,
    rights: Rights,
    id: string,
  ): Promise<Response> {
    // §5.7: neither right: not there; one of the two: forbidden.
    if (!rights.read && !rights.write) throw notFound('collection')
    if (!rights.read || !rights.write) throw new TaxiiError(403, 'Forbidden', 'You may not delete in this collection')
    const { filter } = questionOf(new URL(c.req.url).searchParams, ['version', 'spec_version'])
    const scope = this.#scope(asker, collection)
    if ((await this.#parts.taxii.page(collection, { ...scope, ids: [id], versions: ['all'] }, 1)).length === 0)
      throw notFound('object')
    if (asker.caller?.organisation !== undefined) {
      const rows = await this.#parts.taxii.page(collection, { ...scope, ids: [id], versions: ['all'] }, 1000)
      if (rows.some(({ author }) => author !== asker.name))
        throw new TaxiiError(403, 'Forbidden', 'Another organisation added this object')
    }
    await this.#parts.taxii.remove(collection, {
      ...scope,
      ids: [id],
      versions: filter.versions ?? ['all'],
      ...(filter.specs !== undefined && { specs: filter.specs }),
    })
    return new Response(null, { status: 200, headers: { 'content-type': taxiiType } })
  }
}

const objects = (rows: readonly Kept[]): object => ({ objects: rows.map(({ body }) => JSON.parse(body) as object) })
const manifest = (rows: readonly Kept[]): object => ({
  objects: rows.map(({ id, added, version, spec }) => ({
    id,
    date_added: writeTime(added),
    version,
    media_type: `application/stix+json;version=${spec}`,
  })),
})
const versions = (rows: readonly Kept[]): object => ({ versions: rows.map(({ version }) => version) })

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    throw badRequest('the path')
  }
}

/** The body of a request, of so many bytes at most. @throws TaxiiError 413 */
async function bodyOf(c: HonoContext<Env>, most: number): Promise<string> {
  const tooLarge = (): never => {
    throw new TaxiiError(413, 'RequestEntityTooLarge', `More than ${most} bytes`)
  }
  if (Number(c.req.header('content-length') ?? 0) > most) tooLarge()
  const { body } = c.req.raw
  if (body === null) throw unprocessable('it is empty')
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
    size += chunk.length
    if (size > most) tooLarge()
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
