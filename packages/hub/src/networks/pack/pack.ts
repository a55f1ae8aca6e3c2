import { z } from 'zod'
import { isAddress } from '@skep/vocabulary'
import type { Redactor } from '../../access/redact.ts'
import type { Enricher } from '../../enrich/enricher.ts'
import type { Relational } from '../../relational/database.ts'
import type { Store } from '../../store/client.ts'
import {
  malware,
  offenders,
  packLines,
  packNetworks,
  packRecordings,
  packWitnesses,
  remembered,
  sources,
} from '../../store/queries/index.ts'
import { run, type Window } from '../../store/query.ts'
import type { Scope } from '../../store/scope.ts'
import { causes, severities, type Cause } from '../../understand/rule.ts'
import { ruleById } from '../../understand/rules/index.ts'

export const confidences = ['high', 'medium', 'low'] as const

/** The evidence about one address, or about all of a prefix: what its network needs to find and mend the machine. */
export const packShape = z.object({
  subject: z.string(),
  kind: z.enum(['address', 'prefix']),
  since: z.string(),
  until: z.string(),
  made: z.string(),
  asn: z.number(),
  as_name: z.string(),
  prefix: z.string(),
  economy: z.string(),
  first_seen: z.string(),
  last_seen: z.string(),
  severity: z.enum(severities),
  causes: z.array(z.enum(causes)),
  confidence: z.enum(confidences),
  /** How many saw it; which ones stays in the hub. */
  sensors: z.number(),
  organisations: z.number(),
  sessions: z.number(),
  events: z.number(),
  services: z.array(z.string()),
  ports: z.array(z.number()),
  findings: z.array(
    z.object({
      rule: z.string(),
      title: z.string(),
      technique: z.object({ id: z.string(), name: z.string(), tactic: z.string() }),
      severity: z.enum(severities),
    }),
  ),
  lines: z.array(
    z.object({
      time: z.string(),
      source: z.string(),
      source_port: z.number(),
      target_port: z.number(),
      transport: z.string(),
      service: z.string(),
      text: z.string(),
      session: z.string(),
    }),
  ),
  commands: z.array(z.string()),
  programs: z.array(z.object({ type: z.string(), value: z.string() })),
  recordings: z.array(z.object({ session: z.string(), sha256: z.string(), time: z.string() })),
  addresses: z.array(
    z.object({ source: z.string(), severity: z.enum(severities), first_seen: z.string(), last_seen: z.string() }),
  ),
})
export type Pack = z.infer<typeof packShape>

interface Parts {
  readonly store: Store
  readonly relational: Relational
  readonly enricher: Enricher
}

/** What a pack is asked for. */
export interface PackQuestion {
  readonly subject: string
  readonly window: Window
  readonly reach: Scope['reach']
  readonly redactor: Redactor
  /** Whether typed passwords are shown. */
  readonly secrets: boolean
}

type Line = z.infer<typeof packLines.row>

/** One line of the log in words, as it stands in a letter. Passwords are masked where they are not to be seen. */
export function lineText(row: Line, secrets: boolean): string {
  const quote = (text: string): string => JSON.stringify(text.slice(0, 300))
  const mask = (secret: string): string => (secrets ? quote(secret) : `(${[...secret].length} characters)`)
  switch (row.kind) {
    case 'session.open':
      return 'connected'
    case 'auth.attempt':
      return `log-in ${row.accepted === true ? 'succeeded' : 'failed'}: user ${quote(row.user)}${row.secret === '' ? '' : `, password ${mask(row.secret)}`}`
    case 'command.run':
      return `command: ${row.line.slice(0, 400)}`
    case 'request':
      return `request: ${row.method} ${row.target.slice(0, 400)}`
    case 'query':
      return `statement: ${row.statement.slice(0, 400)}`
    case 'payload.seen':
      return `wants to fetch: ${row.url}`
    case 'artifact.stored':
      return `left a file: sha256 ${row.sha256}${row.name === '' ? '' : ` as ${row.name.slice(0, 200)}`}`
    case 'key.planted':
      return `planted an SSH key: ${row.fingerprint}`
    case 'forward.request':
      return `asked to be connected on to ${row.host.slice(0, 200)}:${row.port ?? 0}`
    default:
      return row.kind
  }
}

/**
 * Collects the evidence about an address or a prefix.
 * @returns undefined when nothing of it is within reach
 */
export async function collect(parts: Parts, question: PackQuestion): Promise<Pack | undefined> {
  const { store, relational, enricher } = parts
  const { subject, window, reach, redactor, secrets } = question
  const kind = isAddress(subject) ? 'address' : 'prefix'
  const of: Scope = { reach, ...(kind === 'address' ? { source: subject } : { prefix: subject }) }
  // Where to look is asked once, not by each of the questions that follow.
  const { rows: networks } = await run(store, packNetworks, { window: remembered(window), scope: of })
  const scope = { ...of, among: networks.map(({ asn }) => asn) }
  const page = { limit: 200, offset: 0 }
  const [who, seen, lines, witnesses, recordings, programs] = await Promise.all([
    run(store, offenders, { window, scope, page }),
    run(store, sources, { window, scope, page }),
    run(store, packLines, { window, scope }),
    run(store, packWitnesses, { window, scope }),
    run(store, packRecordings, { window, scope }),
    run(store, malware, { window, scope }),
  ])
  if (seen.rows.length === 0) return undefined
  const found = [...new Set(who.rows.flatMap(({ rules }) => rules))].flatMap((id) => ruleById(id) ?? [])
  found.sort((a, b) => severities.indexOf(b.severity) - severities.indexOf(a.severity))
  const organisationOf = new Map((await relational.fleet.sensors()).map((one) => [one.name, one.organisation]))
  const seenBy = witnesses.rows.filter(({ sessions }) => sessions > 0)
  const organisations = new Set(witnesses.rows.map(({ sensor }) => organisationOf.get(sensor) ?? sensor))
  const times = seen.rows.flatMap(({ first_seen: first, last_seen: last }) => [first, last]).sort()
  const first = seen.rows[0]
  const place = kind === 'prefix' ? enricher.lookup(subject.split('/')[0] ?? '', window.until.slice(0, 10)) : undefined
  const mentioned = new Set(found.map(({ cause }) => cause))
  return {
    subject,
    kind,
    since: window.since,
    until: window.until,
    made: new Date().toISOString(),
    asn: first?.asn ?? place?.asn ?? 0,
    as_name: first?.as_name ?? '',
    prefix: kind === 'prefix' ? subject : (first?.prefix ?? ''),
    economy: first?.economy ?? '',
    first_seen: times[0] ?? '',
    last_seen: times.at(-1) ?? '',
    severity: found[0]?.severity ?? 'info',
    // Whoever attacks has looked around first: that alone is only said where there is nothing else.
    causes: causes.filter((cause) => mentioned.has(cause) && (cause !== 'scanner' || mentioned.size === 1)),
    confidence: seenBy.length === 0 ? 'low' : seenBy.length >= 2 && organisations.size >= 2 ? 'high' : 'medium',
    sensors: witnesses.rows.length,
    organisations: organisations.size,
    sessions: seen.rows.reduce((sum, { sessions }) => sum + sessions, 0),
    events: seen.rows.reduce((sum, { events }) => sum + events, 0),
    services: [...new Set(seen.rows.flatMap(({ services }) => services))].sort(),
    ports: [...new Set(seen.rows.flatMap(({ ports }) => ports))].sort((a, b) => a - b),
    findings: found.map(({ id, title, technique, severity }) => ({ rule: id, title, technique, severity })),
    lines: lines.rows
      .sort((a, b) => (a.time < b.time ? -1 : 1))
      .slice(0, 25)
      .map((row) => ({
        time: row.time,
        source: row.source,
        source_port: row.source_port,
        target_port: row.target_port,
        transport: row.transport,
        service: row.service,
        text: redactor.text(lineText(row, secrets)),
        session: row.session,
      })),
    commands: [
      ...new Set(lines.rows.flatMap(({ kind: what, line }) => (what === 'command.run' ? [redactor.text(line)] : []))),
    ].slice(0, 20),
    programs: programs.rows.slice(0, 20).map(({ type, value }) => ({ type, value: redactor.text(value) })),
    recordings: recordings.rows.map(({ session, sha256, time }) => ({ session, sha256, time })),
    addresses:
      kind === 'address'
        ? []
        : who.rows.map((row) => ({
            source: row.source,
            severity: severities[row.severity] ?? 'info',
            first_seen: row.first_seen,
            last_seen: row.last_seen,
          })),
  }
}

/** The likeliest cause. */
export const mainCause = ({ causes: all }: Pick<Pack, 'causes'>): Cause => all[0] ?? 'scanner'
