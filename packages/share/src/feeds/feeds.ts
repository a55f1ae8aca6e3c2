import { createHash } from 'node:crypto'
import { once } from 'node:events'
import {
  createReadStream,
  createWriteStream,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { give, type Terms } from '../agreements/terms.ts'
import type { Settings } from '../agreements/agreements.ts'
import { within, type Tlp } from '../model/indicator.ts'
import type { Ttl } from '../model/ttl.ts'
import { headOf, type Form, type Head } from './form.ts'
import { forms } from './forms/index.ts'
import { Snapshot } from './snapshot.ts'
import type { Share } from '../sharing.ts'

/** A file that is ready to be given. */
export interface Made {
  readonly path: string
  readonly file: string
  readonly gzip: string
  readonly sha256: string
  readonly etag: string
  readonly made: string
  readonly expires: string
  readonly count: number
  readonly bytes: number
}

const day = 86_400_000

/** The strictest marking of what is in a file. */
export const markingOf = (form: Form, terms: Terms, { tlp }: Settings): Tlp =>
  form.kinds
    .filter((kind) => terms.kinds.has(kind))
    .map((kind) => tlp[kind])
    .reduce((most, one) => (within(one, most) ? most : one), 'clear')

/** Files of indicators, made when they are asked for, and kept while the list they were made from is the latest. */
export class Feeds {
  readonly snapshot: Snapshot
  readonly #share: Share
  readonly #folder: string
  readonly #making = new Map<string, Promise<Made>>()
  /** One of each day: two that made the same files at once would spoil them. */
  readonly #days = new Map<string, Snapshot>()

  constructor(share: Share) {
    this.#share = share
    this.#folder = join(share.context.folder, 'feeds')
    this.snapshot = new Snapshot(join(share.context.folder, 'snapshot'), () => share.sources())
    mkdirSync(this.#folder, { recursive: true })
  }

  /** The list of one day (UTC): what was seen on it, and nothing of other days. @param date YYYY-MM-DD */
  day(date: string): Snapshot {
    const since = Date.parse(`${date}T00:00:00Z`)
    const over = Date.now() > since + day + 3_600_000
    const known = this.#days.get(`${date} ${over}`)
    if (known !== undefined) return known
    if (this.#days.size > 100) this.#days.clear()
    // What comes late, from sensors that were cut off, is in the list of now.
    const snapshot = new Snapshot(
      join(this.#share.context.folder, 'days', date),
      () => this.#share.sources(),
      over ? Number.POSITIVE_INFINITY : 3_600_000,
      { since, until: since + day - 1 },
    )
    this.#days.set(`${date} ${over}`, snapshot)
    return snapshot
  }

  form(path: string): Form | undefined {
    return forms.find((one) => one.path === path)
  }

  /** A file under some terms, from the list of now or that of a day. */
  async get(form: Form, terms: Terms, from: Snapshot = this.snapshot): Promise<Made> {
    const [made, settings, ttl] = await Promise.all([
      from.fresh(),
      this.#share.agreements.settings(),
      this.#share.ttl(),
    ])
    const minute = Math.floor(Date.now() / 60_000)
    const given = [...terms.kinds].sort(([a], [b]) => (a < b ? -1 : 1))
    // What is delayed comes of age between two lists.
    const delayed = given.some(([, { delay }]) => delay > 0) ? Math.floor(minute / 10) : 0
    const key = createHash('sha256')
      .update(JSON.stringify([form.path, given, terms.tlp, settings, made, delayed]))
      .digest('hex')
      .slice(0, 32)
    const known = this.#kept(key)
    if (known !== undefined) return known
    let making = this.#making.get(key)
    if (making === undefined) {
      making = this.#make(form, terms, from, { key, made, settings, ttl: ttl.days }).finally(() =>
        this.#making.delete(key),
      )
      this.#making.set(key, making)
    }
    return making
  }

  #kept(key: string): Made | undefined {
    const file = join(this.#folder, `${key}.json`)
    return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Made) : undefined
  }

  async #make(
    form: Form,
    terms: Terms,
    from: Snapshot,
    { key, made, settings, ttl }: { key: string; made: string; settings: Settings; ttl: Ttl['days'] },
  ): Promise<Made> {
    const now = Date.now()
    const draft = join(this.#folder, `${key}.draft`)
    const head: Omit<Head, 'count'> = {
      title: `${form.title} (Skep)`,
      made,
      expires: new Date(Date.parse(made) + day).toISOString(),
      licence: settings.licence,
      licence_url: settings.licence_url,
      contact: settings.contact,
      tlp: markingOf(form, terms, settings),
      ttl,
    }
    // The entries first: the head says how many there are.
    const body = createWriteStream(draft)
    let count = 0
    let last = ''
    for await (const one of from.read(form.kinds.filter((kind) => terms.kinds.has(kind)))) {
      const given = give(one, terms, now)
      if (given === undefined || (form.blocks === true && given.confidence < settings.block_confidence)) continue
      if (form.takes !== undefined && !form.takes(given)) continue
      const text = form.entry(given, head, count)
      // Several indicators may come to one line, such as two URLs on one address.
      if (text === '' || text === last) continue
      last = text
      count++
      if (!body.write(text)) await once(body, 'drain')
    }
    body.end()
    await once(body, 'finish')
    const whole: Head = { ...head, count }
    const file = join(this.#folder, key)
    const out = createWriteStream(`${file}.part`)
    if (form.comment !== undefined) out.write(headOf(form.comment, whole))
    out.write(form.begin?.(whole) ?? '')
    await pipeline(createReadStream(draft), out, { end: false })
    out.end(form.end?.(whole) ?? '')
    await once(out, 'finish')
    rmSync(draft, { force: true })
    renameSync(`${file}.part`, file)
    const digest = createHash('sha256')
    for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) digest.update(chunk)
    await pipeline(createReadStream(file), createGzip(), createWriteStream(`${file}.gz`))
    const sha256 = digest.digest('hex')
    const result: Made = {
      path: form.path,
      file,
      gzip: `${file}.gz`,
      sha256,
      etag: `"${sha256.slice(0, 32)}"`,
      made,
      expires: head.expires,
      count,
      bytes: statSync(file).size,
    }
    writeFileSync(`${file}.json`, JSON.stringify(result))
    return result
  }

  /** Removes files that nobody will ask for again. */
  sweep(now = Date.now()): void {
    const days = join(this.#share.context.folder, 'days')
    if (existsSync(days))
      for (const name of readdirSync(days))
        if (now - Date.parse(name) > 30 * day) rmSync(join(days, name), { recursive: true, force: true })
    for (const name of readdirSync(this.#folder)) {
      const path = join(this.#folder, name)
      if (now - statSync(path).mtimeMs > day) rmSync(path, { force: true })
    }
  }
}
