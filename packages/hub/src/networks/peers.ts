import type { NetworkSize } from '../enrich/enricher.ts'
import { gammaQuantile, quantile } from '../understand/statistics.ts'
import { regionOf } from './regions.ts'

/** A rate of offending addresses per 100,000 announced ones, with what is known of its uncertainty. */
export interface Rate {
  readonly offenders: number
  readonly addresses: number
  /** Shrunk towards the group's own rate: two networks of which one is tiny can be compared. */
  readonly rate: number
  /** In between lies the true rate, with 95 in 100. */
  readonly low: number
  readonly high: number
}

/** A group of networks to stand beside. */
export interface Peers {
  readonly group: string
  readonly networks: number
  /** All its offenders by all its addresses. */
  readonly rate: number
  readonly median: number
  readonly lower_quartile: number
  readonly upper_quartile: number
  /** The share of the group's networks with a lower rate than ours. */
  readonly share_below: number
}

export interface Comparison {
  readonly mine: Rate
  readonly groups: readonly Peers[]
}

const per = 100_000
/** Fewer networks than this are no group: one could tell who is who. */
export const leastPeers = 5
/** A network is of the same size when it is at most so many times larger or smaller. */
const sizeFactor = 4

/**
 * A rate and its interval: Poisson counts with a Gamma prior that is worth two offenders at the group's own rate.
 * @param pooled offenders per address of the group
 */
export function rateOf(offenders: number, addresses: number, pooled: number): Rate {
  const weight = 2
  const shape = offenders + weight
  const exposure = addresses + weight / Math.max(pooled, 1e-12)
  return {
    offenders,
    addresses,
    rate: (shape / exposure) * per,
    low: gammaQuantile(0.025, shape, exposure) * per,
    high: gammaQuantile(0.975, shape, exposure) * per,
  }
}

/**
 * Compares networks with those of their economy, of their sub-region and of their size. Networks in which nobody was
 * seen to attack count as well: they are the most.
 * @param asns the networks that are compared, taken together
 * @param offenders offending addresses by AS, where there are any
 * @param sizes of all networks
 */
export function compare(
  asns: readonly number[],
  offenders: ReadonlyMap<number, number>,
  sizes: ReadonlyMap<number, NetworkSize>,
): Comparison | undefined {
  const own = new Set(asns)
  const known = asns.flatMap((asn) => {
    const size = sizes.get(asn)
    return size === undefined ? [] : [{ asn, ...size }]
  })
  const addresses = known.reduce((sum, one) => sum + one.addresses, 0)
  if (addresses === 0) return undefined
  const count = asns.reduce((sum, asn) => sum + (offenders.get(asn) ?? 0), 0)
  const economy = [...known].sort((a, b) => b.addresses - a.addresses)[0]?.economy ?? ''
  const region = regionOf(economy)
  const groups: Record<string, { rates: number[]; offenders: number; addresses: number }> = {}
  const enter = (group: string, asn: number, size: number): void => {
    const n = offenders.get(asn) ?? 0
    const entry = (groups[group] ??= { rates: [], offenders: 0, addresses: 0 })
    entry.rates.push((n / size) * per)
    entry.offenders += n
    entry.addresses += size
  }
  for (const [asn, size] of sizes) {
    if (own.has(asn) || size.addresses === 0) continue
    if (economy !== '' && size.economy === economy) enter(economy, asn, size.addresses)
    if (region !== '' && regionOf(size.economy) === region) enter(region, asn, size.addresses)
    if (size.addresses <= addresses * sizeFactor && size.addresses >= addresses / sizeFactor)
      enter('same size', asn, size.addresses)
  }
  const mine = (count / addresses) * per
  const shown = [economy, region, 'same size'].flatMap((group): Peers[] => {
    const entry = groups[group]
    if (entry === undefined || entry.rates.length < leastPeers) return []
    const sorted = entry.rates.sort((a, b) => a - b)
    return [
      {
        group,
        networks: sorted.length,
        rate: (entry.offenders / entry.addresses) * per,
        median: quantile(sorted, 0.5),
        lower_quartile: quantile(sorted, 0.25),
        upper_quartile: quantile(sorted, 0.75),
        share_below: sorted.filter((rate) => rate < mine).length / sorted.length,
      },
    ]
  })
  const same = groups['same size'] ?? groups[economy]
  const pooled = same === undefined || same.addresses === 0 ? count / addresses : same.offenders / same.addresses
  return { mine: rateOf(count, addresses, pooled), groups: shown }
}
