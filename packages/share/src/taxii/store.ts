import { randomUUID } from 'node:crypto'
import type { Driver } from '@skep/hub'
import { readTime } from './time.ts'

export interface Root {
  readonly name: string
  readonly title: string
  readonly description: string
  readonly contact: string
  readonly max_content_length: number
}

export interface Collection {
  readonly root: string
  readonly id: string
  readonly alias: string | null
  readonly title: string
  readonly description: string
  /** What an agreement must give to read it: a kind of indicator; '' for a collection of partners' own. */
  readonly kind: string
  readonly can_read: number
  readonly can_write: number
  readonly media_types: string
  /** Whether what partners add waits until an operator has looked at it. */
  readonly review: number
}

/** One version of an object. */
export interface Entry {
  readonly id: string
  readonly type: string
  readonly version: string
  readonly version_us: number
  readonly spec: string
  readonly body: string
  /** It says neither when it was made nor when it was changed: it never is. */
  readonly timeless?: boolean
  /** Microseconds; given only where a collection is restored as it was. */
  readonly added?: number
}

/** An object as it is kept. */
export interface Kept extends Entry {
  readonly added: number
  readonly author: string
  readonly state: 'open' | 'quarantined' | 'refused'
}

/** What is asked of a collection. */
export interface Filter {
  readonly added_after?: number | undefined
  readonly ids?: readonly string[] | undefined
  readonly types?: readonly string[] | undefined
  readonly without?: readonly string[] | undefined
  /** Versions: words, or microseconds. */
  readonly versions?: readonly ('first' | 'last' | 'all' | number)[] | undefined
  /** Undefined: the latest form of each object that is there. */
  readonly specs?: readonly string[] | undefined
  /** Added before this time only: an agreement's delay. */
  readonly before?: number | undefined
  /** Who asks: sees what it added itself also before it was looked at. Undefined: sees all that waits. */
  readonly reader?: string | undefined
}

const columns = 'added, id, type, version, version_us, spec, body, author, state'
const marks = (list: readonly unknown[]): string => list.map(() => '?').join(', ')

/** What TAXII serves: roots, collections, and versions of objects in the order in which they came. */
export class TaxiiStore {
  readonly #db: Driver

  constructor(db: Driver) {
    this.#db = db
  }

  // Roots and collections

  roots(): Promise<Root[]> {
    return this.#db.all('SELECT * FROM taxii_roots ORDER BY position, name')
  }
  root(name: string): Promise<Root | undefined> {
    return this.#db.get('SELECT * FROM taxii_roots WHERE name = ?', name)
  }
  async putRoot(root: Root, position = 100): Promise<void> {
    await this.#db.run(
      `INSERT INTO taxii_roots (name, title, description, contact, max_content_length, position) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT (name) DO UPDATE SET title = excluded.title, description = excluded.description, contact = excluded.contact,
         max_content_length = excluded.max_content_length, position = excluded.position`,
      root.name,
      root.title,
      root.description,
      root.contact,
      root.max_content_length,
      position,
    )
  }
  collections(root: string): Promise<Collection[]> {
    return this.#db.all('SELECT * FROM taxii_collections WHERE root = ? ORDER BY position, id', root)
  }
  /** By id or alias. */
  collection(root: string, name: string): Promise<Collection | undefined> {
    return this.#db.get(
      'SELECT * FROM taxii_collections WHERE root = ? AND (id = ? OR alias = ?) ORDER BY id = ? DESC',
      root,
      name,
      name,
      name,
    )
  }
  async putCollection(one: Collection, position: number): Promise<void> {
    await this.#db.run(
      `INSERT INTO taxii_collections (root, id, alias, title, description, kind, can_read, can_write, media_types, review, position)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (root, id) DO UPDATE SET alias = excluded.alias, title = excluded.title, description = excluded.description,
         kind = excluded.kind, can_read = excluded.can_read, can_write = excluded.can_write, media_types = excluded.media_types,
         review = excluded.review, position = excluded.position`,
      one.root,
      one.id,
      one.alias,
      one.title,
      one.description,
      one.kind,
      one.can_read,
      one.can_write,
      one.media_types,
      one.review,
      position,
    )
  }

  /** Where the objects of a collection are kept: two roots may have collections of one id. */
  static key = ({ root, id }: Pick<Collection, 'root' | 'id'>): string => `${root} ${id}`

  // Objects

  /**
   * Adds versions of objects. Each gets a time of its own, later than all before it in the collection: who reads on
   * "after the last I got" loses nothing.
   * @returns for each whether it is new; one that is there already changes nothing
   */
  add(
    collection: Pick<Collection, 'root' | 'id'>,
    entries: readonly Entry[],
    author: string,
    state: Kept['state'] = 'open',
    now = Date.now(),
  ): Promise<boolean[]> {
    const key = TaxiiStore.key(collection)
    return this.#db.transaction(async () => {
      await this.#db.lock(`taxii ${key}`)
      let last = await this.#lastAdded(collection)
      const known = await this.#known(key, entries)
      const fresh: boolean[] = []
      for (const entry of entries) {
        const versions = known.get(`${entry.id} ${entry.spec}`)
        if (versions?.has(entry.version_us) === true || (entry.timeless === true && versions !== undefined)) {
          fresh.push(false)
          continue
        }
        const added = entry.added ?? Math.max(last + 1, now * 1000)
        const all = versions === undefined ? [] : [...versions]
        const first = all.every((one) => one > entry.version_us)
        const latest = all.every((one) => one < entry.version_us)
        // What waits or is refused is no version that others would get.
        const counts = state === 'open'
        if (all.length > 0 && counts && (first || latest)) {
          await this.#db.run(
            `UPDATE taxii_objects SET ${first ? 'is_first = 0' : 'is_last = 0'} WHERE collection = ? AND id = ? AND spec = ?`,
            key,
            entry.id,
            entry.spec,
          )
        }
        await this.#db.run(
          `INSERT INTO taxii_objects (collection, added, id, type, version, version_us, spec, is_first, is_last, author, state, body)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
          key,
          added,
          entry.id,
          entry.type,
          entry.version,
          entry.version_us,
          entry.spec,
          first ? 1 : 0,
          latest ? 1 : 0,
          author,
          state,
          entry.body,
        )
        last = Math.max(last, added)
        known.set(`${entry.id} ${entry.spec}`, (versions ?? new Set<number>()).add(entry.version_us))
        fresh.push(true)
      }
      await this.#setLastAdded(collection, last)
      return fresh
    })
  }

  /** The time of the last object of a collection: the next comes later. */
  async #lastAdded({ root, id }: Pick<Collection, 'root' | 'id'>): Promise<number> {
    const row = await this.#db.get<{ last_added: number }>(
      'SELECT last_added FROM taxii_collections WHERE root = ? AND id = ?',
      root,
      id,
    )
    return Number(row?.last_added ?? 0)
  }
  async #setLastAdded({ root, id }: Pick<Collection, 'root' | 'id'>, last: number): Promise<void> {
    await this.#db.run('UPDATE taxii_collections SET last_added = ? WHERE root = ? AND id = ?', last, root, id)
  }

  async #known(key: string, entries: readonly Entry[]): Promise<Map<string, Set<number>>> {
    const known = new Map<string, Set<number>>()
    const ids = [...new Set(entries.map(({ id }) => id))]
    for (let i = 0; i < ids.length; i += 500) {
      const part = ids.slice(i, i + 500)
      const rows = await this.#db.all<{ id: string; spec: string; version_us: number }>(
        `SELECT id, spec, version_us FROM taxii_objects WHERE collection = ? AND id IN (${marks(part)})`,
        key,
        ...part,
      )
      for (const row of rows) {
        const name = `${row.id} ${row.spec}`
        known.set(name, (known.get(name) ?? new Set<number>()).add(Number(row.version_us)))
      }
    }
    return known
  }

  /** The latest versions of some objects. */
  async latest(collection: Pick<Collection, 'root' | 'id'>, ids: readonly string[]): Promise<Map<string, Kept>> {
    const found = new Map<string, Kept>()
    for (let i = 0; i < ids.length; i += 500) {
      const part = ids.slice(i, i + 500)
      const rows = await this.#db.all<Kept>(
        `SELECT ${columns} FROM taxii_objects WHERE collection = ? AND is_last = 1 AND id IN (${marks(part)})`,
        TaxiiStore.key(collection),
        ...part,
      )
      for (const row of rows) found.set(row.id, row)
    }
    return found
  }

  #where(filter: Filter): { text: string; values: unknown[] } {
    const parts: string[] = []
    const values: unknown[] = []
    const add = (text: string, ...more: readonly unknown[]): void => {
      parts.push(text)
      values.push(...more)
    }
    const added = filter.ids === undefined ? 'o.added' : '+o.added'
    if (filter.added_after !== undefined) add(`${added} > ?`, filter.added_after)
    if (filter.before !== undefined) add(`${added} < ?`, filter.before)
    if (filter.ids !== undefined) add(`o.id IN (${marks(filter.ids)})`, ...filter.ids)
    if (filter.types !== undefined) add(`o.type IN (${marks(filter.types)})`, ...filter.types)
    if (filter.without !== undefined && filter.without.length > 0)
      add(`o.type NOT IN (${marks(filter.without)})`, ...filter.without)
    const versions = filter.versions ?? ['last']
    if (!versions.includes('all')) {
      const exact = versions.filter((one): one is number => typeof one === 'number')
      const ways = [
        ...(versions.includes('last') ? ['o.is_last = 1'] : []),
        ...(versions.includes('first') ? ['o.is_first = 1'] : []),
        ...(exact.length > 0 ? [`o.version_us IN (${marks(exact)})`] : []),
      ]
      add(`(${ways.join(' OR ')})`, ...exact)
    }
    if (filter.specs !== undefined) add(`o.spec IN (${marks(filter.specs)})`, ...filter.specs)
    // Only the latest form of an object, where several are there.
    else
      add(
        'NOT EXISTS (SELECT 1 FROM taxii_objects n WHERE n.collection = o.collection AND n.id = o.id AND n.spec > o.spec)',
      )
    if (filter.reader !== undefined)
      add("(o.state = 'open' OR (o.state = 'quarantined' AND o.author = ?))", filter.reader)
    else add("o.state <> 'refused'")
    return { text: parts.map((part) => ` AND ${part}`).join(''), values }
  }

  /** A page of a collection, in the order in which things came. One more than asked for tells that there is more. */
  async page(collection: Pick<Collection, 'root' | 'id'>, filter: Filter, limit: number): Promise<Kept[]> {
    const types = [...new Set(filter.types ?? [])]
    if (types.length < 2 || filter.ids !== undefined) return this.#rows(collection, filter, limit)
    // Each type stands in order by itself; several are merged, so that no page sorts a whole collection.
    const each = await Promise.all(types.map((type) => this.#rows(collection, { ...filter, types: [type] }, limit)))
    return each
      .flat()
      .sort((a, b) => a.added - b.added)
      .slice(0, limit)
  }

  #rows(collection: Pick<Collection, 'root' | 'id'>, filter: Filter, limit: number): Promise<Kept[]> {
    const { text, values } = this.#where(filter)
    // By id there is little to sort: the plus keeps the database from walking all that came in order instead.
    const order = filter.ids === undefined ? 'o.added' : '+o.added'
    return this.#db.all(
      `SELECT ${columns} FROM taxii_objects o WHERE o.collection = ?${text} ORDER BY ${order} LIMIT ?`,
      TaxiiStore.key(collection),
      ...values,
      limit,
    )
  }

  /** Takes versions of an object away. @returns how many */
  remove(collection: Pick<Collection, 'root' | 'id'>, filter: Filter): Promise<number> {
    return this.#db.transaction(async () => {
      const rows = await this.page(collection, filter, 100_000)
      const key = TaxiiStore.key(collection)
      for (const { added } of rows)
        await this.#db.run('DELETE FROM taxii_objects WHERE collection = ? AND added = ?', key, added)
      for (const { id, spec } of rows) await this.#renew(key, id, spec)
      return rows.length
    })
  }

  /** Says anew which of the versions that are open is the first and which the last. */
  async #renew(key: string, id: string, spec: string): Promise<void> {
    const of = "collection = ? AND id = ? AND spec = ? AND state = 'open'"
    await this.#db.run(
      `UPDATE taxii_objects SET
         is_first = CASE WHEN version_us = (SELECT min(version_us) FROM taxii_objects WHERE ${of}) THEN 1 ELSE 0 END,
         is_last = CASE WHEN version_us = (SELECT max(version_us) FROM taxii_objects WHERE ${of}) THEN 1 ELSE 0 END
       WHERE ${of}`,
      ...[key, id, spec],
      ...[key, id, spec],
      ...[key, id, spec],
    )
  }

  /** What waits to be looked at, oldest first. */
  waiting(limit = 200): Promise<(Kept & { collection: string })[]> {
    return this.#db.all(
      `SELECT collection, ${columns} FROM taxii_objects WHERE state = 'quarantined' ORDER BY collection, added LIMIT ?`,
      limit,
    )
  }
  /** Opens or refuses what an author added. @returns how many objects */
  review(
    collection: Pick<Collection, 'root' | 'id'>,
    added: readonly number[],
    accept: boolean,
    now = Date.now(),
  ): Promise<number> {
    const key = TaxiiStore.key(collection)
    return this.#db.transaction(async () => {
      await this.#db.lock(`taxii ${key}`)
      let last = await this.#lastAdded(collection)
      let done = 0
      for (const at of added) {
        const one = await this.#db.get<Kept>(
          `SELECT ${columns} FROM taxii_objects WHERE collection = ? AND added = ? AND state = 'quarantined'`,
          key,
          at,
        )
        if (one === undefined) continue
        // It comes into the collection now: whoever has read beyond the time it was sent must still meet it.
        last = Math.max(last + 1, now * 1000)
        await this.#db.run(
          'UPDATE taxii_objects SET state = ?, added = ? WHERE collection = ? AND added = ?',
          accept ? 'open' : 'refused',
          accept ? last : at,
          key,
          at,
        )
        if (accept) await this.#renew(key, one.id, one.spec)
        done++
      }
      await this.#setLastAdded(collection, last)
      return done
    })
  }

  /** Forgets superseded versions, and days' sightings that are past. */
  async prune(superseded: number, sightings: number): Promise<number> {
    return (
      (await this.#db.run(
        "DELETE FROM taxii_objects WHERE author = 'hub' AND is_last = 0 AND added < ?",
        superseded * 1000,
      )) +
      (await this.#db.run(
        "DELETE FROM taxii_objects WHERE author = 'hub' AND type IN ('sighting', 'observed-data') AND added < ?",
        sightings * 1000,
      ))
    )
  }

  // Status

  async putStatus(root: string, owner: string, id: string, body: object, now = Date.now()): Promise<void> {
    await this.#db.run('DELETE FROM taxii_status WHERE at < ?', now - 7 * 86_400_000)
    await this.#db.run(
      `INSERT INTO taxii_status (id, root, owner, at, body) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET root = excluded.root, owner = excluded.owner, at = excluded.at, body = excluded.body`,
      id,
      root,
      owner,
      now,
      JSON.stringify(body),
    )
  }
  async status(root: string, id: string): Promise<{ owner: string; body: string } | undefined> {
    return this.#db.get('SELECT owner, body FROM taxii_status WHERE root = ? AND id = ?', root, id)
  }

  // Logins of their own, for clients that know nothing but a name and a password

  async putLogin(name: string, password: string): Promise<void> {
    await this.#db.run(
      `INSERT INTO taxii_logins (name, password, created) VALUES (?, ?, ?)
       ON CONFLICT (name) DO UPDATE SET password = excluded.password`,
      name,
      password,
      Date.now(),
    )
  }
  async login(name: string): Promise<string | undefined> {
    return (await this.#db.get<{ password: string }>('SELECT password FROM taxii_logins WHERE name = ?', name))
      ?.password
  }
}

/** The version of an object: when it was changed, made, or else came to us. @param us when it came */
export function entryOf(object: Record<string, unknown>, us: number, write: (us: number) => string): Entry {
  const text = [object['modified'], object['created']].find((one): one is string => typeof one === 'string')
  const at = text === undefined ? undefined : readTime(text)
  const id = String(object['id'])
  return {
    id,
    type: String(object['type']),
    version: at === undefined ? write(us) : (text ?? ''),
    version_us: at ?? us,
    spec: specOf(object),
    timeless: at === undefined,
    body: JSON.stringify(object),
  }
}

/** The form of STIX that an object is written in. Bundled objects of 2.0 do not say it. */
function specOf(object: Record<string, unknown>): string {
  const spec = object['spec_version']
  return typeof spec === 'string' && /^\d\.\d$/.test(spec) ? spec : '2.0'
}

export const newId = (): string => randomUUID()
