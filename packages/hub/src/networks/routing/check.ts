import {
  covers,
  holding,
  linesOf,
  piecesOf,
  readAnnouncement,
  readRoutes,
  readVrps,
  routingFiles,
  type Pair,
  type Vrp,
} from './tables.ts'

/** Route origin validation (RFC 6811). */
export type RpkiState = 'valid' | 'invalid' | 'not found'

/** An announcement that concerns an organisation, and what is wrong with it. */
export interface RoutingLine {
  readonly prefix: string
  readonly asn: number
  /** At which vantage points it is seen, of how many. */
  readonly seen: number
  readonly vantages: number
  readonly rpki: RpkiState
  /** Origins of IRR objects for this prefix or one around it. */
  readonly irr: readonly number[]
  readonly problems: readonly string[]
  /** Seen by so many that it is no hiccup of one vantage point. */
  readonly certain: boolean
}

/** All that was found for an organisation. */
export interface RoutingState {
  readonly at: number
  readonly vantages: readonly string[]
  readonly lines: readonly RoutingLine[]
  /** ROAs for which nothing is announced. */
  readonly unused: readonly Vrp[]
}

export interface Holder {
  readonly organisation: string
  readonly asns: readonly number[]
  readonly prefixes: readonly string[]
}

// What must not be announced at all: RFC 6890 and the team of bogon lists; allocations change, these do not.
export const bogons = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/3',
  '::/8',
  '100::/64',
  '2001:db8::/32',
  '2002::/16',
  '3fff::/20',
  'fc00::/7',
  'fe80::/10',
  'ff00::/8',
]

/** The bogons that can hold a prefix, by the first byte of an IPv4 address: for most there is none to look at. */
const bogonsByByte = Array.from({ length: 256 }, (_, byte) =>
  bogons.filter((one) => covers(one, `${byte}.0.0.0/8`) || covers(`${byte}.0.0.0/8`, one)),
)
const longBogons = bogons.filter((one) => one.includes(':'))
/** Whether nobody may announce a prefix. */
export const isBogon = (prefix: string): boolean =>
  (prefix.includes(':') ? longBogons : (bogonsByByte[Number.parseInt(prefix, 10)] ?? [])).some((one) =>
    covers(one, prefix),
  )

/** The first label of a prefix: eight bits of IPv4, sixteen of IPv6. */
const label = (prefix: string): string => /^[^.:]*[.:]/.exec(prefix)?.[0] ?? ''

/** The state of an announcement, and why. */
export function validate(route: Pair, vrps: readonly Vrp[]): { state: RpkiState; why: string } {
  const covering = vrps.filter(({ prefix }) => covers(prefix, route.prefix))
  if (covering.length === 0) return { state: 'not found', why: '' }
  const length = Number(route.prefix.split('/')[1])
  if (covering.some((one) => one.asn === route.asn && length <= one.maxLength)) return { state: 'valid', why: '' }
  const own = covering.find((one) => one.asn === route.asn)
  return {
    state: 'invalid',
    why:
      own === undefined
        ? `its ROAs are for AS${[...new Set(covering.map(({ asn }) => asn))].join(', AS')}`
        : `its ROA allows lengths up to /${own.maxLength}`,
  }
}

/** Looks at one organisation's resources. */
export function checkHolder(
  holder: Holder,
  announcements: ReadonlyMap<string, Pair & { seen: ReadonlySet<string> }>,
  vantages: readonly string[],
  vrps: readonly Vrp[],
  irr: readonly Pair[],
  now: number,
): RoutingState {
  // Two vantage points at least, and half of them: one that leaks must not raise an alarm.
  const needed = Math.max(2, Math.ceil(vantages.length / 2))
  const own = new Set(holder.asns)
  const lines: RoutingLine[] = []
  for (const { prefix, asn, seen } of announcements.values()) {
    const inside = holder.prefixes.some((one) => covers(one, prefix))
    const mine = own.has(asn)
    if (!inside && !mine) continue
    const { state, why } = validate({ prefix, asn }, vrps)
    const origins = [...new Set(irr.filter((one) => covers(one.prefix, prefix)).map((one) => one.asn))].sort(
      (a, b) => a - b,
    )
    const problems: string[] = []
    if (isBogon(prefix)) problems.push('a bogon: nobody may announce this')
    if (state === 'invalid') problems.push(`RPKI invalid: ${why}`)
    if (inside && !mine && own.size > 0) problems.push(`AS${asn} announces a prefix of yours`)
    if (origins.length > 0 && !origins.includes(asn))
      problems.push(`the IRR knows other origins: AS${origins.join(', AS')}`)
    lines.push({
      prefix,
      asn,
      seen: seen.size,
      vantages: vantages.length,
      rpki: state,
      irr: origins,
      problems,
      certain: seen.size >= needed,
    })
  }
  const all = [...announcements.values()]
  return {
    at: now,
    vantages,
    lines: lines.sort((a, b) => b.problems.length - a.problems.length || (a.prefix < b.prefix ? -1 : 1)).slice(0, 5000),
    unused: vrps
      .filter((vrp) => own.has(vrp.asn) && !all.some((one) => one.asn === vrp.asn && covers(vrp.prefix, one.prefix)))
      .slice(0, 500),
  }
}

/**
 * Reads the tables of a folder, keeping only what concerns somebody, and looks at everybody's resources.
 * @returns undefined where there is no table
 */
export async function checkRouting(
  folder: string,
  holders: readonly Holder[],
  now = Date.now(),
): Promise<ReadonlyMap<string, RoutingState> | undefined> {
  const files = routingFiles(folder)
  if (files.vantages.length === 0) return undefined
  const asns = new Set(holders.flatMap((one) => one.asns))
  const prefixes = [...new Set(holders.flatMap((one) => one.prefixes))]
  // A claim is never shorter than its first label, so that says which claims could hold a prefix.
  const byLabel = new Map<string, string[]>()
  for (const prefix of prefixes) byLabel.set(label(prefix), [...(byLabel.get(label(prefix)) ?? []), prefix])
  const concerns = ({ prefix, asn }: Pair): boolean =>
    asns.has(asn) || (byLabel.get(label(prefix))?.some((one) => covers(one, prefix)) ?? false)
  const announcements = new Map<string, Pair & { seen: Set<string> }>()
  for (const { name, file } of files.vantages)
    for await (const line of linesOf(file))
      for (const pair of readAnnouncement(line)) {
        if (!concerns(pair)) continue
        const key = `${pair.prefix} ${pair.asn}`
        const known = announcements.get(key)
        if (known === undefined) announcements.set(key, { ...pair, seen: new Set([name]) })
        else known.seen.add(name)
      }
  const outer = holding([...announcements.values()].map(({ prefix }) => prefix))
  const related = (pair: Pair): boolean => concerns(pair) || outer.has(pair.prefix)
  const vrps: Vrp[] = []
  if (files.vrps !== undefined) for await (const vrp of readVrps(piecesOf(files.vrps))) if (related(vrp)) vrps.push(vrp)
  const irr: Pair[] = []
  for (const file of files.irr) for await (const route of readRoutes(linesOf(file))) if (related(route)) irr.push(route)
  const vantages = [...new Set(files.vantages.map(({ name }) => name))]
  return new Map(
    holders.map((holder) => [holder.organisation, checkHolder(holder, announcements, vantages, vrps, irr, now)]),
  )
}
