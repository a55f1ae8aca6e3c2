import { createHash } from 'node:crypto'
import { badRequest } from './errors.ts'
import type { Filter } from './store.ts'
import { readTime } from './time.ts'

/** A page holds so many objects at most. */
export const mostObjects = 1000
const mostValues = 500

/** What a reader asked for. */
export interface Question {
  readonly filter: Filter
  readonly limit: number
  readonly next: string | undefined
  /** The match filters in one word: a cursor is good for the question it was made for. */
  readonly asked: string
}

type Field = 'id' | 'type' | 'version' | 'spec_version'

/** Reads the filters of a request (TAXII 2.1 §3.4–3.5). @throws TaxiiError 400 */
export function questionOf(params: URLSearchParams, allowed: readonly Field[]): Question {
  const once = (name: string): string | undefined => {
    const all = params.getAll(name)
    if (all.length > 1) throw badRequest(`“${name}” is given twice`)
    return all[0]
  }
  const list = (field: Field): string[] | undefined => {
    if (!allowed.includes(field)) return undefined
    const text = once(`match[${field}]`)
    if (text === undefined) return undefined
    const values = text.split(',').map((one) => one.trim())
    if (values.length > mostValues || values.some((one) => one === '' || one.length > 300))
      throw badRequest(`match[${field}]`)
    return values
  }
  const after = once('added_after')
  const added_after = after === undefined ? undefined : readTime(after)
  if (after !== undefined && added_after === undefined)
    throw badRequest('added_after is no time such as 2026-01-01T00:00:00Z')
  const limitText = once('limit')
  if (limitText !== undefined && !/^[0-9]{1,9}$/.test(limitText)) throw badRequest('limit is no positive number')
  const limit = limitText === undefined ? mostObjects : Number(limitText)
  if (limit < 1) throw badRequest('limit is no positive number')
  const next = once('next')
  const versions = list('version')?.map((one) => {
    if (one === 'first' || one === 'last' || one === 'all') return one
    const at = readTime(one)
    if (at === undefined) throw badRequest(`match[version]: ${one}`)
    return at
  })
  if (
    versions !== undefined &&
    (new Set(versions).size !== versions.length || (versions.includes('all') && versions.length > 1))
  )
    throw badRequest('match[version]')
  const filter: Filter = {
    added_after,
    ids: list('id'),
    types: list('type'),
    versions,
    specs: list('spec_version'),
  }
  const { added_after: _, ...match } = filter
  return {
    filter,
    limit: Math.min(limit, mostObjects),
    next: next === '' ? undefined : next,
    asked: createHash('sha256').update(JSON.stringify(match)).digest('base64url').slice(0, 16),
  }
}

/** Where a page ended, sealed, so that nobody makes one up. */
export class Cursors {
  readonly #seal: (text: string) => string
  readonly #unseal: (sealed: string) => string

  constructor(seal: (text: string) => string, unseal: (sealed: string) => string) {
    this.#seal = seal
    this.#unseal = unseal
  }

  make(collection: string, asked: string, added: number): string {
    return Buffer.from(this.#seal(JSON.stringify([collection, asked, added]))).toString('base64url')
  }
  /** @returns after which object it goes on. @throws TaxiiError 400 */
  read(next: string, collection: string, asked: string): number {
    let of: unknown
    try {
      of = JSON.parse(this.#unseal(Buffer.from(next.slice(0, 2000), 'base64url').toString()))
    } catch {
      throw badRequest("'next' not valid")
    }
    if (!Array.isArray(of) || of[0] !== collection || typeof of[2] !== 'number') throw badRequest("'next' not valid")
    if (of[1] !== asked) throw badRequest('params changed over subsequent transaction')
    return of[2]
  }
}
