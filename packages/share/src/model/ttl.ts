import { returns, run, type Store } from '@skep/hub'
import type { Kind } from './indicator.ts'

const day = 86_400_000
/** Days after its last sighting that a thing of a kind is still listed, where nothing was measured. */
export const usual: Readonly<Record<Kind, number>> = {
  address: 7,
  prefix: 7,
  url: 7,
  domain: 14,
  file: 90,
  key: 90,
  credential: 90,
  hassh: 90,
  ja4: 90,
  command: 90,
  campaign: 90,
}
/** So many returns must have been seen before they are believed. */
const enough = 100

/** How long things of each kind stay on a list, in days, and what that rests on. */
export interface Ttl {
  readonly days: Readonly<Record<Kind, number>>
  readonly measured: readonly { kind: 'address' | 'url'; returns: number; half: number; most: number }[]
}

/**
 * Measures how long attackers stay away before they come back, over 60 days: nine in ten returns come within the time
 * that a list remembers. Between 4 and 14 days; STINGAR's measurement, the only public one, settles on 4 to 7.
 */
export async function measureTtl(store: Store, now = Date.now()): Promise<Ttl> {
  const window = { since: new Date(now - 60 * day).toISOString(), until: new Date(now).toISOString() }
  const days = { ...usual }
  const measured: { kind: 'address' | 'url'; returns: number; half: number; most: number }[] = []
  for (const kind of ['address', 'url'] as const) {
    const [row] = (await run(store, returns, { type: kind, window })).rows
    if (row === undefined || row.returns < enough || row.most === null) continue
    days[kind] = Math.min(14, Math.max(4, Math.ceil(row.most)))
    measured.push({ kind, returns: row.returns, half: row.half ?? 0, most: row.most })
  }
  days.prefix = days.address
  return { days, measured }
}
