import type { Target } from '../target.ts'
import { abuseipdb } from './abuseipdb.ts'
import { malwarebazaar, threatfox, urlhaus } from './abusech.ts'
import { dshield } from './dshield.ts'
import { misp, mispSightings } from './misp.ts'

/** Everybody outside who can be told. */
export const targets: readonly Target[] = [
  abuseipdb,
  dshield,
  urlhaus,
  threatfox,
  malwarebazaar,
  misp,
  mispSightings,
] as unknown as readonly Target[]
