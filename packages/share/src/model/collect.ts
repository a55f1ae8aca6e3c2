import { isIP } from 'node:net'
import {
  addressDetails,
  foundAddresses,
  foundCampaigns,
  foundPrefixes,
  recurringThings,
  ruleById,
  run,
  severities,
  severityRank,
  type RecurringKind,
  type Redactor,
  type Severity,
  type Store,
} from '@skep/hub'
import { confidenceOf } from './confidence.ts'
import type { Counts, Indicator, Kind, Tlp } from './indicator.ts'
import type { Never } from './never.ts'

/** What an indicator is made with. */
export interface Sources {
  readonly store: Store
  readonly never: Never
  readonly redactor: Redactor
  /** The organisation of each sensor. */
  readonly owners: ReadonlyMap<string, string>
  readonly tlp: Readonly<Record<Kind, Tlp>>
  /** Days that each kind stays believed. */
  readonly ttl: Readonly<Record<Kind, number>>
}

/** What was left out of a reading, by reason: nothing disappears without a word. */
export type LeftOut = Map<string, number>

const day = 86_400_000
const page = 20_000

/** What is known of a kind whatever its value. */
const nature: Readonly<Record<RecurringKind, { techniques: readonly string[]; severity: Severity; label: string }>> = {
  url: { techniques: ['T1105'], severity: 'critical', label: 'malware-download' },
  domain: { techniques: ['T1105'], severity: 'critical', label: 'malware-hosting' },
  file: { techniques: ['T1105'], severity: 'critical', label: 'malware' },
  key: { techniques: ['T1098.004'], severity: 'critical', label: 'planted-key' },
  credential: { techniques: ['T1110.001'], severity: 'medium', label: 'tried-password' },
  hassh: { techniques: ['T1110.001'], severity: 'low', label: 'ssh-client' },
  ja4: { techniques: ['T1595.002'], severity: 'low', label: 'tls-client' },
  command: { techniques: ['T1059.004'], severity: 'high', label: 'command' },
}

const shown = { techniques: ['T1110'], severity: 'medium', label: 'offered-key' } as const

/** Collects things of one kind, by value, in bounded memory. */
export async function* collect(
  sources: Sources,
  kind: Kind,
  { now = Date.now(), since, left = new Map() }: { now?: number; since?: number; left?: LeftOut } = {},
): AsyncGenerator<Indicator> {
  const window = {
    since: new Date(since ?? now - (sources.ttl[kind] - 1) * day).toISOString(),
    until: new Date(now).toISOString(),
  }
  const leave = (reason: string): void => void left.set(reason, (left.get(reason) ?? 0) + 1)
  const base = (row: { first_seen: string; last_seen: string }) => ({
    kind,
    first_seen: row.first_seen,
    last_seen: row.last_seen,
    valid_until: new Date(Date.parse(row.last_seen) + sources.ttl[kind] * day).toISOString(),
    tlp: sources.tlp[kind],
  })
  const counted = (row: { events: number; days: number; sensors: readonly string[] }, from: number): Counts => ({
    events: row.events,
    sources: from,
    sensors: row.sensors.length,
    organisations: new Set(row.sensors.map((sensor) => sources.owners.get(sensor) ?? 'home')).size,
    days: row.days,
  })

  for (let after = ''; ;) {
    if (kind === 'address') {
      const { rows } = await run(sources.store, foundAddresses, { window, after, limit: page })
      const [first] = rows
      const last = rows.at(-1)
      if (first === undefined || last === undefined) return
      const details = new Map(
        (await run(sources.store, addressDetails, { window, first: first.value, last: last.value })).rows.map((row) => [
          row.value,
          row,
        ]),
      )
      for (const row of rows) {
        const more = details.get(row.value)
        const why = sources.never.address(row.value, more?.asn)
        if (why !== undefined || more === undefined) {
          leave(why ?? 'no conversation is left of it')
          continue
        }
        const counts = counted({ ...row, sensors: more.sensors }, 1)
        const judged = judge(row.rules)
        yield {
          ...base(row),
          value: row.value,
          ...confidenceOf(counts, { handshake: true, severity: judged.severity }),
          ...judged,
          counts,
          ...(more.asn !== 0 && { asn: more.asn }),
          ...(more.as_name !== '' && { as_name: more.as_name }),
          ...(more.economy !== '' && { economy: more.economy }),
          ...(more.prefix !== '' && { prefix: more.prefix }),
          services: more.services,
          ports: more.ports,
        }
      }
      after = last.value
      if (rows.length < page) return
    } else if (kind === 'prefix') {
      const { rows } = await run(sources.store, foundPrefixes, { window, after, limit: page })
      for (const row of rows) {
        const [network = ''] = row.value.split('/')
        const why = sources.never.address(network, row.asn)
        if (why !== undefined) {
          leave(why)
          continue
        }
        const judged = judge(row.rules)
        const counts = { ...counted({ ...row, sensors: [] }, row.addresses), sensors: 0, organisations: 0 }
        yield {
          ...base(row),
          value: row.value,
          ...confidenceOf({ ...counts, sources: row.addresses }, { handshake: true, severity: judged.severity }),
          ...judged,
          counts,
          ...(row.asn !== 0 && { asn: row.asn }),
          detail: `${row.addresses} addresses`,
        }
      }
      after = rows.at(-1)?.value ?? ''
      if (rows.length < page) return
    } else if (kind === 'campaign') {
      const { rows } = await run(sources.store, foundCampaigns, { window, after, limit: 1000 })
      for (const row of rows) {
        const marks = row.marks.flatMap(([type, value]) => {
          const of = type === 'host' ? ('domain' as const) : type
          const why = refused(sources, of, value, 'planted', { ...none, sources: 2 })
          if (why !== undefined && why !== namedByAddress) return []
          return [{ kind: of, value }]
        })
        const why = marks.length === 0 ? 'nothing that marks it may be told' : sources.never.value(row.value)
        if (why !== undefined) {
          leave(why)
          continue
        }
        const counts = counted(row, row.sources)
        const certain = row.grade === 'A' ? 'critical' : 'high'
        yield {
          ...base(row),
          value: row.value,
          ...confidenceOf(counts, { handshake: true, severity: certain }),
          severity: 'critical',
          techniques: [
            ...(marks.some((one) => one.kind === 'key') ? ['T1098.004'] : []),
            ...(marks.some((one) => one.kind !== 'key') ? ['T1105'] : []),
          ],
          labels: ['campaign'],
          counts,
          detail: sources.redactor.text(row.name),
          marks,
        }
      }
      after = rows.at(-1)?.value ?? ''
      if (rows.length < 1000) return
    } else {
      const { rows } = await run(sources.store, recurringThings, { kind, window, after, limit: page })
      for (const row of rows) {
        const counts = counted(row, row.sources)
        const why = refused(sources, kind, row.value, row.detail, counts)
        if (why !== undefined) {
          leave(why)
          continue
        }
        // A key that was only shown, not planted, is a way to try to get in.
        const { techniques, severity, label } = kind === 'key' && row.detail === '' ? shown : nature[kind]
        const value = kind === 'command' || kind === 'credential' ? sources.redactor.text(row.value) : row.value
        const detail = sources.redactor.text(row.detail)
        yield {
          ...base(row),
          value,
          ...confidenceOf(counts, { handshake: true, severity }),
          severity,
          techniques,
          labels: [label],
          counts,
          ...(detail !== '' && kind !== 'url' && kind !== 'domain' && { detail }),
        }
      }
      after = rows.at(-1)?.value ?? ''
      if (rows.length < page) return
    }
  }
}

/** What the rules that found an address say together. */
function judge(ids: readonly string[]): { severity: Severity; techniques: string[]; labels: string[] } {
  const found = ids.flatMap((id) => ruleById(id) ?? [])
  const worst = Math.max(0, ...found.map(({ severity }) => severityRank(severity)))
  return {
    severity: severities[worst] ?? 'info',
    techniques: [...new Set(found.map(({ technique }) => technique.id))].sort(),
    labels: [...new Set(found.map(({ id }) => id))].sort(),
  }
}

const none: Counts = { events: 0, sources: 0, sensors: 0, organisations: 0, days: 0 }
const namedByAddress = 'an address in a URL'
const alone = 'seen from one address only: it may be a person’s own'

/** Why a thing that recurs is not shared. */
function refused(
  { never, redactor }: Sources,
  kind: RecurringKind,
  value: string,
  detail: string,
  counts: Counts,
): string | undefined {
  // What a text without its sensor's address would be is not the thing any longer.
  if (kind !== 'command' && kind !== 'credential' && redactor.text(value) !== value) return 'it names a sensor'
  switch (kind) {
    case 'url':
      return never.url(value)
    case 'domain':
      return isIP(value) !== 0 ? namedByAddress : never.domain(value)
    case 'file':
      return /^[0-9a-f]{64}$/.test(value) ? never.value(value) : 'not a hash'
    case 'hassh':
      return /^[0-9a-f]{32}$/.test(value) ? never.value(value) : 'not a fingerprint'
    case 'ja4':
      return /^[tq]\d\d[di][0-9a-z]{6}_[0-9a-f]{12}_[0-9a-f]{12}$/.test(value) ? undefined : 'not a fingerprint'
    case 'key':
      if (!/^(SHA256:[A-Za-z0-9+/]{43}|([0-9a-f]{2}:){15}[0-9a-f]{2})$/.test(value)) return 'not a fingerprint'
      return detail !== '' || counts.sources >= 2 || counts.sensors >= 2 ? undefined : alone
    case 'command':
    case 'credential':
      // A person who errs types a line, or a password, once; what programs try comes again from elsewhere.
      return counts.sources >= 2 || counts.sensors >= 2 ? undefined : alone
  }
}
