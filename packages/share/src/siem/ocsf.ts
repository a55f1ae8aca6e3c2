import type { StoredEvent } from '@skep/vocabulary'
import { said, summary, textOf, weightOf, type Dialect } from './dialect.ts'

/** A class of OCSF, and what is done in it. */
interface Class {
  readonly class_uid: number
  readonly class_name: string
  readonly category_uid: number
  readonly category_name: string
  readonly activity_id: number
  readonly activity_name: string
}
const network = { category_uid: 4, category_name: 'Network Activity' }
const system = { category_uid: 1, category_name: 'System Activity' }

/** The class that says an event best. */
function classOf(event: StoredEvent): Class {
  switch (event.kind) {
    case 'auth.attempt':
      return {
        class_uid: 3002,
        class_name: 'Authentication',
        category_uid: 3,
        category_name: 'Identity & Access Management',
        activity_id: 1,
        activity_name: 'Logon',
      }
    case 'command.run':
      return { ...system, class_uid: 1007, class_name: 'Process Activity', activity_id: 1, activity_name: 'Launch' }
    case 'artifact.stored':
      return { ...system, class_uid: 1001, class_name: 'File System Activity', activity_id: 1, activity_name: 'Create' }
    case 'request':
      return {
        ...network,
        class_uid: 4002,
        class_name: 'HTTP Activity',
        activity_id: 99,
        activity_name: textOf(event.data.method),
      }
    case 'session.close':
      return { ...network, class_uid: 4001, class_name: 'Network Activity', activity_id: 2, activity_name: 'Close' }
    case 'session.open':
      return { ...network, class_uid: 4001, class_name: 'Network Activity', activity_id: 1, activity_name: 'Open' }
    default:
      return { ...network, class_uid: 4001, class_name: 'Network Activity', activity_id: 6, activity_name: 'Traffic' }
  }
}

const severities = [
  [9, 5, 'Critical'],
  [8, 4, 'High'],
  [5, 3, 'Medium'],
  [0, 2, 'Low'],
] as const

/** An event in the Open Cybersecurity Schema Framework 1.x. Time is in milliseconds. */
export function ocsfOf(event: StoredEvent): Record<string, unknown> {
  const data = said(event)
  const of = classOf(event)
  const [, severity_id, severity] = severities.find(([least]) => weightOf(event) >= least) ?? severities[3]
  const device = { type: 'Server', type_id: 1, hostname: event.sensor === '' ? 'honeypot' : event.sensor }
  const user = textOf(data['user'])
  const src_endpoint = {
    ip: event.source?.ip ?? '',
    port: event.source?.port ?? 0,
    ...(event.origin.economy !== '' && { location: { country: event.origin.economy } }),
    ...(event.origin.asn !== 0 && { autonomous_system: { number: event.origin.asn, name: event.origin.as_name } }),
  }
  const dst_endpoint = { port: event.target?.port ?? 0, svc_name: event.service ?? '', hostname: device.hostname }
  return {
    ...of,
    type_uid: of.class_uid * 100 + of.activity_id,
    type_name: `${of.class_name}: ${of.activity_name}`,
    time: Date.parse(event.time),
    severity_id,
    severity,
    message: summary(event),
    metadata: {
      version: '1.4.0',
      uid: event.id,
      product: { name: 'Skep', vendor_name: 'Skep' },
      logged_time: Date.parse(event.received),
      labels: ['honeypot', event.kind],
    },
    src_endpoint,
    dst_endpoint,
    ...(of.category_uid === 4 && {
      connection_info: {
        direction: 'Inbound',
        direction_id: 1,
        protocol_name: event.transport ?? 'tcp',
        protocol_num: event.transport === 'udp' ? 17 : 6,
      },
    }),
    ...(event.kind === 'auth.attempt' && {
      user: { name: user, type_id: 0 },
      service: { name: event.service ?? '' },
      auth_protocol: event.data.method,
      auth_protocol_id: 99,
      status: event.data.accepted ? 'Success' : 'Failure',
      status_id: event.data.accepted ? 1 : 2,
      is_remote: true,
    }),
    ...(event.kind === 'command.run' && {
      actor: { session: { uid: event.session ?? '' } },
      device,
      process: { cmd_line: event.data.line, name: event.data.line.split(/\s/, 1)[0] ?? '' },
    }),
    ...(event.kind === 'artifact.stored' && {
      actor: { session: { uid: event.session ?? '' } },
      device,
      file: {
        name: textOf(event.data.name) || event.data.sha256,
        type_id: 1,
        size: event.data.size,
        hashes: [{ algorithm: 'SHA-256', algorithm_id: 3, value: event.data.sha256 }],
      },
    }),
    ...(event.kind === 'request' && {
      http_request: {
        http_method: textOf(event.data.method),
        url: { path: event.data.target },
        ...(textOf(data['agent']) !== '' && { user_agent: textOf(data['agent']) }),
      },
    }),
    ...(event.kind === 'payload.seen' && { url: { url_string: event.data.url } }),
  }
}

export const ocsf: Dialect = {
  name: 'ocsf',
  title: 'Open Cybersecurity Schema Framework, one JSON object a line',
  line: (event) => JSON.stringify(ocsfOf(event)),
}
