import type { Ecs } from '@elastic/ecs'
import type { StoredEvent } from '@skep/vocabulary'
import { said, summary, textOf, weightOf, type Dialect } from './dialect.ts'

const categories: Readonly<Record<string, { category: string[]; type: string[]; action: string }>> = {
  'session.open': { category: ['network'], type: ['connection', 'start'], action: 'connection' },
  'session.close': { category: ['network'], type: ['connection', 'end'], action: 'connection-closed' },
  'auth.attempt': { category: ['authentication', 'intrusion_detection'], type: ['start'], action: 'logon' },
  'command.run': { category: ['process', 'intrusion_detection'], type: ['start'], action: 'command' },
  'artifact.stored': { category: ['file', 'malware'], type: ['creation'], action: 'file-left' },
  'payload.seen': { category: ['network', 'malware'], type: ['info'], action: 'download' },
  request: { category: ['web', 'intrusion_detection'], type: ['access'], action: 'request' },
  query: { category: ['database', 'intrusion_detection'], type: ['access'], action: 'query' },
}
const other = { category: ['intrusion_detection'], type: ['info'], action: 'observed' }

/** An event in the Elastic Common Schema 9. Times are kept to the millisecond there. */
export function ecsOf(event: StoredEvent): Ecs {
  const data = said(event)
  const { category, type, action } = categories[event.kind] ?? { ...other, action: event.kind }
  const user = textOf(data['user'])
  const sha256 = textOf(data['sha256'])
  const url = textOf(data['url'])
  const line = textOf(data['line'])
  const ip = event.source?.ip ?? ''
  return {
    '@timestamp': new Date(event.time).toISOString(),
    ecs: { version: '9.4.0' },
    message: summary(event),
    event: {
      id: event.id,
      kind: 'event',
      category,
      type,
      action,
      module: 'skep',
      dataset: `skep.${event.kind}`,
      created: new Date(event.received).toISOString(),
      severity: weightOf(event) * 10,
      ...(event.kind === 'auth.attempt' && { outcome: event.data.accepted ? 'success' : 'failure' }),
    },
    observer: { type: 'honeypot', vendor: 'Skep', product: 'Skep', ...(event.sensor !== '' && { name: event.sensor }) },
    network: { transport: event.transport ?? 'tcp', protocol: event.service ?? '' },
    source: {
      address: ip,
      ip,
      port: event.source?.port ?? 0,
      ...(event.origin.asn !== 0 && {
        as: { number: event.origin.asn, organization: { name: event.origin.as_name } },
      }),
      ...(event.origin.economy !== '' && { geo: { country_iso_code: event.origin.economy } }),
    },
    destination: { port: event.target?.port ?? 0 },
    ...(user !== '' && { user: { name: user } }),
    ...(line !== '' && { process: { command_line: line } }),
    ...(sha256 !== '' && { file: { hash: { sha256 } } }),
    ...(url !== '' && { url: { original: url } }),
    ...(event.kind === 'request' && {
      http: { request: { method: textOf(data['method']) } },
      url: { original: textOf(data['target']) },
      ...(textOf(data['agent']) !== '' && { user_agent: { original: textOf(data['agent']) } }),
    }),
    related: {
      ip: [ip],
      ...(user !== '' && { user: [user] }),
      ...(sha256 !== '' && { hash: [sha256] }),
    },
    tags: ['honeypot'],
  }
}

export const ecs: Dialect = {
  name: 'ecs',
  title: 'Elastic Common Schema, one JSON document a line',
  line: (event) => JSON.stringify(ecsOf(event)),
}
