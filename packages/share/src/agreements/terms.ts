import type { Caller } from '@skep/hub'
import { kinds, within, type Indicator, type Kind, type Tlp } from '../model/indicator.ts'

/** What somebody gets of one kind. */
export interface Term {
  /** Whether the numbers of events, sensors and organisations come with it. */
  readonly numbers: boolean
  /** Milliseconds after which something is told. */
  readonly delay: number
}

/** What somebody gets: the sum of the agreements. */
export interface Terms {
  readonly kinds: ReadonlyMap<Kind, Term>
  readonly tlp: Tlp
  /** Whom it is for, in the audit log. */
  readonly for: string
}

/** A sharing agreement: what a group of organisations gets. */
export interface Community {
  readonly name: string
  readonly title: string
  readonly tlp: Tlp
  readonly kinds: readonly Kind[]
  readonly numbers: boolean
  readonly delay_minutes: number
  /** Whether anybody may have it without signing in. */
  readonly everyone: boolean
}

export const nothing: Terms = { kinds: new Map(), tlp: 'clear', for: '' }

/** The hub's own operators see all, at once. */
export const everything = (who: string): Terms => ({
  kinds: new Map(kinds.map((kind) => [kind, { numbers: true, delay: 0 }])),
  tlp: 'red',
  for: who,
})

/**
 * What the agreements of an organisation come to together: each kind under the terms that give most of it. A kind that
 * is marked above the ceiling of the agreement it came from is not in it.
 */
export function sumOf(communities: readonly Community[], markings: Readonly<Record<Kind, Tlp>>, who: string): Terms {
  const sum = new Map<Kind, Term>()
  let ceiling: Tlp = 'clear'
  for (const { kinds: given, numbers, delay_minutes, tlp } of communities) {
    if (!within(tlp, ceiling)) ceiling = tlp
    for (const kind of given) {
      if (!within(markings[kind], tlp)) continue
      const known = sum.get(kind)
      const delay = delay_minutes * 60_000
      sum.set(kind, {
        numbers: numbers || known?.numbers === true,
        delay: known === undefined ? delay : Math.min(delay, known.delay),
      })
    }
  }
  return { kinds: sum, tlp: ceiling, for: who }
}

/** An indicator as it is given under some terms; undefined when it is not. */
export function give(indicator: Indicator, terms: Terms, now: number): Indicator | undefined {
  const term = terms.kinds.get(indicator.kind)
  if (term === undefined || !within(indicator.tlp, terms.tlp)) return undefined
  if (Date.parse(indicator.first_seen) + term.delay > now) return undefined
  if (term.numbers) return indicator
  const { counts: _, ...rest } = indicator
  // A reason that counts is a number too.
  return {
    ...rest,
    reasons: indicator.reasons.filter((reason) => !/\d/.test(reason)),
    ...(rest.kind === 'prefix' && { detail: '' }),
  }
}

/** A caller in the words of the audit log. */
export const nameOf = (caller: Caller | undefined): string =>
  caller === undefined ? 'anybody' : (caller.organisation ?? caller.label)
