import type { Severity } from '@skep/hub'

/** What is shared: one word a kind, the same in all forms. */
export const kinds = [
  'address',
  'prefix',
  'url',
  'domain',
  'file',
  'key',
  'credential',
  'hassh',
  'ja4',
  'command',
  'campaign',
] as const
export type Kind = (typeof kinds)[number]

/** How far something may travel (FIRST, TLP 2.0), from all to none. */
export const tlps = ['clear', 'green', 'amber', 'amber+strict', 'red'] as const
export type Tlp = (typeof tlps)[number]
/** Whether a marking is within a ceiling. */
export const within = (tlp: Tlp, ceiling: Tlp): boolean => tlps.indexOf(tlp) <= tlps.indexOf(ceiling)

/** Numbers of those who saw it. Never who. */
export interface Counts {
  readonly events: number
  readonly sources: number
  readonly sensors: number
  readonly organisations: number
  /** Days on which it was seen. */
  readonly days: number
}

/**
 * Something that recurs in attacks, in the one form that every export is made from. Times are RFC 3339, UTC. What is
 * not known is absent.
 */
export interface Indicator {
  readonly kind: Kind
  readonly value: string
  readonly first_seen: string
  readonly last_seen: string
  /** When it should be believed no longer. */
  readonly valid_until: string
  /** 0 to 100, and why. */
  readonly confidence: number
  readonly reasons: readonly string[]
  readonly severity: Severity
  /** ATT&CK techniques. */
  readonly techniques: readonly string[]
  /** What it was seen doing, in the words of the rules: `ssh-logins`, `payload`. */
  readonly labels: readonly string[]
  readonly tlp: Tlp
  /** Absent where the agreement keeps numbers back. */
  readonly counts?: Counts
  readonly asn?: number
  readonly as_name?: string
  readonly economy?: string
  readonly prefix?: string
  readonly services?: readonly string[]
  readonly ports?: readonly number[]
  /** A word more: the program's name, the client's banner, what a campaign is called. */
  readonly detail?: string
  /** Of a campaign: the programs, keys, hosts and URLs that mark it. */
  readonly marks?: readonly { readonly kind: 'file' | 'key' | 'domain' | 'url'; readonly value: string }[]
}

/** The parts of a pair as typed: user, and password after the first colon. */
export function credentialParts(value: string): { user: string; password: string } {
  const at = value.indexOf(':')
  return at < 0 ? { user: value, password: '' } : { user: value.slice(0, at), password: value.slice(at + 1) }
}
