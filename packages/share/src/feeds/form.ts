import type { Indicator, Kind } from '../model/indicator.ts'
import type { Ttl } from '../model/ttl.ts'

/** What a file says of itself. */
export interface Head {
  readonly title: string
  readonly made: string
  /** When the file is no longer to be used. */
  readonly expires: string
  readonly licence: string
  readonly licence_url: string
  readonly contact: string
  readonly tlp: string
  readonly ttl: Ttl['days']
  readonly count: number
}

/** A file that indicators are given in, at a path that stays. */
export interface Form {
  /** Below /feeds/. */
  readonly path: string
  readonly title: string
  readonly kinds: readonly Kind[]
  readonly media: string
  /** How a comment begins; without one the file has no head of its own, and says it all in the answer's headers. */
  readonly comment?: string
  /** Whether machines block by it: then only what is sure enough stands in it. */
  readonly blocks?: boolean
  /** What of the indicators it takes; all where it does not say. */
  readonly takes?: (one: Indicator) => boolean
  /** Text before all entries, and after them. */
  readonly begin?: (head: Head) => string
  readonly end?: (head: Head) => string
  /** One indicator, as one or several lines with their line ends; '' leaves it out. `n` entries stand before it. */
  readonly entry: (one: Indicator, head: Omit<Head, 'count'>, n: number) => string
}

/** Defines a form. */
export const form = (definition: Form): Form => definition

/** The head of a file in comments. */
export function headOf(mark: string, head: Head): string {
  const { title, made, expires, licence, licence_url, contact, tlp, count } = head
  return (
    [
      title,
      `made: ${made}`,
      `expires: ${expires}`,
      `entries: ${count}`,
      `licence: ${licence} ${licence_url}`,
      `marking: TLP:${tlp.toUpperCase()}`,
      ...(contact === '' ? [] : [`contact: ${contact}`]),
      'Each entry was seen attacking decoys that offer nothing. Known scanners, shared services and what is not the Internet are left out.',
    ]
      // What operators wrote stays in its line, or it would be an entry.
      .map((line) => `${mark} ${line.replace(/[\r\n]+/g, ' ')}\n`)
      .join('')
  )
}

/** Whether an address is of IPv6. */
export const isV6 = (value: string): boolean => value.includes(':')
/** Whether something was seen doing a thing. */
export const did = (one: Indicator, ...labels: readonly string[]): boolean =>
  labels.some((label) => one.labels.includes(label))
