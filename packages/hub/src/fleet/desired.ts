import type { Desired, DesiredText } from '@skep/vocabulary'
import type { Authority } from '../gateway/authority.ts'
import type { Relational } from '../relational/database.ts'

/** Under which a signature of the authority counts for what. */
export const purposes = { desired: 'skep desired state v1', release: 'skep release v1' } as const

/** What is wanted of a sensor now: what its group is to be, and over that what it alone is to be. */
export interface Wanted {
  /** 0 when nothing is wanted. */
  readonly version: number
  readonly document: Readonly<Record<string, unknown>>
}

/** Puts together what is wanted of a sensor. */
export async function wantedOf(relational: Relational, sensor: string, group: string): Promise<Wanted> {
  const all = await relational.fleet.wanted(`group:${group}`)
  const own = await relational.fleet.wanted(`sensor:${sensor}`)
  const document: Record<string, unknown> = { ...all?.document }
  for (const [name, value] of Object.entries(own?.document ?? {})) {
    const before = document[name]
    const joined = name === 'limits' || name === 'upload'
    document[name] = joined && typeof before === 'object' ? { ...before, ...(value as object) } : value
  }
  return { version: Math.max(all?.version ?? 0, own?.version ?? 0), document }
}

/** The same, signed for that one sensor. */
export async function signedDesired(
  relational: Relational,
  authority: Authority,
  sensor: string,
  group: string,
): Promise<Desired> {
  const { version, document } = await wantedOf(relational, sensor, group)
  const text = JSON.stringify({ sensor, version, issued: Date.now(), document } satisfies DesiredText)
  return { text, signature: authority.sign(purposes.desired, text) }
}
