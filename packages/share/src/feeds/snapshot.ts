import {
  createReadStream,
  createWriteStream,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { collect, type LeftOut, type Sources } from '../model/collect.ts'
import { kinds, type Indicator, type Kind } from '../model/indicator.ts'

/** What the neutral list holds, and what was left out of it. */
export interface Contents {
  readonly made: string
  readonly counts: Readonly<Record<string, number>>
  readonly left: Readonly<Record<string, Readonly<Record<string, number>>>>
}

/**
 * The neutral list of all indicators, written to the disk now and then: every form is made from it, so that the store is
 * asked once however many forms and readers there are.
 */
export class Snapshot {
  readonly #folder: string
  readonly #sources: () => Promise<Sources>
  readonly #age: number
  readonly #range: { readonly since: number; readonly until: number } | undefined
  #making: Promise<void> | undefined

  /**
   * @param age milliseconds that a list is good for
   * @param range what was seen between two times; without it, what is believed now
   */
  constructor(
    folder: string,
    sources: () => Promise<Sources>,
    age = 600_000,
    range?: { readonly since: number; readonly until: number },
  ) {
    this.#range = range
    this.#folder = folder
    this.#sources = sources
    this.#age = age
    mkdirSync(folder, { recursive: true })
  }

  #file = (kind: Kind): string => join(this.#folder, `${kind}.ndjson`)
  get #contents(): string {
    return join(this.#folder, 'contents.json')
  }

  /** What is in it now; undefined before the first was made. */
  contents(): Contents | undefined {
    return existsSync(this.#contents) ? (JSON.parse(readFileSync(this.#contents, 'utf8')) as Contents) : undefined
  }

  /** Makes sure that there is a list of lately. @returns when it was made */
  async fresh(now = Date.now()): Promise<string> {
    const made = this.contents()?.made
    if (made !== undefined && now - Date.parse(made) < this.#age) return made
    this.#making ??= this.make(now).finally(() => (this.#making = undefined))
    // An old list is better than a wait, but not for long.
    if (made === undefined || now - Date.parse(made) > 6 * this.#age) await this.#making
    else this.#making.catch(() => undefined)
    return this.contents()?.made ?? new Date(now).toISOString()
  }

  /** Writes the list anew. */
  async make(now = Date.now()): Promise<void> {
    const sources = await this.#sources()
    const counts: Record<string, number> = {}
    const left: Record<string, Record<string, number>> = {}
    for (const kind of kinds) {
      const part = `${this.#file(kind)}.part`
      const out = createWriteStream(part)
      const without: LeftOut = new Map()
      let count = 0
      for await (const one of collect(sources, kind, {
        now: Math.min(now, this.#range?.until ?? now),
        ...(this.#range !== undefined && { since: this.#range.since }),
        left: without,
      })) {
        count++
        if (!out.write(`${JSON.stringify(one)}\n`)) await once(out, 'drain')
      }
      out.end()
      await once(out, 'finish')
      renameSync(part, this.#file(kind))
      counts[kind] = count
      left[kind] = Object.fromEntries(without)
    }
    const contents: Contents = { made: new Date(now).toISOString(), counts, left }
    writeFileSync(`${this.#contents}.part`, JSON.stringify(contents))
    renameSync(`${this.#contents}.part`, this.#contents)
  }

  /** The indicators of some kinds, in order. */
  async *read(wanted: readonly Kind[]): AsyncGenerator<Indicator> {
    for (const kind of kinds) {
      if (!wanted.includes(kind) || !existsSync(this.#file(kind)) || statSync(this.#file(kind)).size === 0) continue
      const lines = createInterface({ input: createReadStream(this.#file(kind)), crlfDelay: Infinity })
      for await (const line of lines) if (line !== '') yield JSON.parse(line) as Indicator
    }
  }
}
