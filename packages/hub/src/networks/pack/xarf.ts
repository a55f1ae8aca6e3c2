import { createHash, randomUUID } from 'node:crypto'
import { confidences, type Pack } from './pack.ts'
import { logLine } from './text.ts'

/** Who reports. */
export interface Reporter {
  readonly org: string
  readonly contact: string
  readonly domain: string
}

const confidenceOf: Readonly<Record<(typeof confidences)[number], number>> = { high: 0.95, medium: 0.8, low: 0.3 }

/** The XARF type that says best what happened, and what it needs besides the core. */
function typeOf(pack: Pack): Record<string, unknown> {
  const rules = new Set(pack.findings.map(({ rule }) => rule))
  const first = pack.lines[0]
  const protocol = first?.transport === 'udp' ? 'udp' : 'tcp'
  const times = { first_seen: second(pack.first_seen), last_seen: second(pack.last_seen) }
  if (['ssh-logins', 'telnet-logins', 'other-logins'].some((rule) => rules.has(rule))) {
    const logins = pack.lines.find(({ text }) => text.startsWith('log-in'))
    return {
      category: 'connection',
      type: 'login_attack',
      protocol,
      ...times,
      destination_port: logins?.target_port ?? 22,
      service: logins?.service ?? 'ssh',
    }
  }
  if (rules.has('web-exploit') || rules.has('docker-api') || rules.has('redis-takeover'))
    return {
      category: 'connection',
      type: 'vulnerability_scan',
      protocol,
      scan_type: 'exploitation',
      ...times,
      targeted_ports: pack.ports,
      targeted_services: pack.services,
    }
  return {
    category: 'connection',
    type: 'port_scan',
    protocol,
    ...times,
    ...(first !== undefined && { destination_port: first.target_port }),
  }
}

const second = (iso: string): string => `${iso.slice(0, 19)}Z`

/** An abuse report in XARF v4 about one address. The addresses of sensors are not in it. */
export function xarf(pack: Pack, reporter: Reporter): object {
  const log = pack.lines.map(logLine).join('\n')
  const port = pack.lines.find(({ source_port: n }) => n > 0)?.source_port
  return {
    xarf_version: '4.2.0',
    report_id: randomUUID(),
    timestamp: second(pack.last_seen),
    reporter,
    sender: reporter,
    source_identifier: pack.subject,
    ...(port !== undefined && { source_port: port }),
    ...typeOf(pack),
    evidence_source: 'honeypot',
    confidence: confidenceOf[pack.confidence],
    description: [
      `Seen by ${pack.sensors} sensors of ${pack.organisations} organisations.`,
      ...pack.findings.map(({ title, technique }) => `It ${title} (${technique.id}).`),
    ]
      .join(' ')
      .slice(0, 1000),
    tags: pack.causes.slice(0, 5).map((cause) => `cause:${cause}`),
    evidence: [
      {
        content_type: 'text/plain',
        description: 'Log lines, UTC',
        payload: Buffer.from(log).toString('base64'),
        hash: `sha256:${createHash('sha256').update(log).digest('hex')}`,
        size: Buffer.byteLength(log),
      },
    ],
  }
}
