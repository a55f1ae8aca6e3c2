import { form } from '../form.ts'
import type { Indicator } from '../../model/indicator.ts'

/** Taxonomy and type of the Reference Security Incident Taxonomy, as IntelMQ names them. */
function classified(one: Indicator): { taxonomy: string; type: string } {
  switch (one.kind) {
    case 'url':
    case 'domain':
      return { taxonomy: 'malicious-code', type: 'malware-distribution' }
    case 'file':
      return { taxonomy: 'malicious-code', type: 'malware' }
    default:
      if (one.labels.some((label) => label.endsWith('-logins')))
        return { taxonomy: 'intrusion-attempts', type: 'brute-force' }
      if (one.labels.some((label) => label === 'web-exploit' || label === 'docker-api' || label === 'redis-takeover'))
        return { taxonomy: 'intrusion-attempts', type: 'ids-alert' }
      return { taxonomy: 'information-gathering', type: 'scanner' }
  }
}

/** An indicator with the names of IntelMQ's harmonised fields. */
export function intelmqEvent(one: Indicator): Record<string, string | number> {
  const { taxonomy, type } = classified(one)
  const subject: Record<string, string> = (() => {
    switch (one.kind) {
      case 'prefix':
        return { 'source.network': one.value }
      case 'url':
        return { 'source.url': one.value }
      case 'domain':
        return { 'source.fqdn': one.value }
      case 'file':
        return { 'malware.hash.sha256': one.value }
      default:
        return { 'source.ip': one.value }
    }
  })()
  return {
    'feed.provider': 'Skep',
    'feed.name': one.kind,
    'feed.accuracy': one.confidence,
    'classification.taxonomy': taxonomy,
    'classification.type': type,
    'classification.identifier': one.labels[0] ?? one.kind,
    'time.source': `${one.last_seen.slice(0, 19)}+00:00`,
    ...subject,
    ...(one.asn !== undefined && { 'source.asn': one.asn }),
    ...(one.as_name !== undefined && { 'source.as_name': one.as_name }),
    ...(one.kind === 'address' && one.prefix !== undefined && { 'source.network': one.prefix }),
    ...(one.economy !== undefined && { 'source.geolocation.cc': one.economy }),
    ...(one.ports?.[0] !== undefined && one.ports.length === 1 && { 'destination.port': one.ports[0] }),
    'event_description.text': one.reasons.join('; ').slice(0, 1000),
    tlp: one.tlp.toUpperCase(),
  }
}

export const intelmq = [
  form({
    path: 'intelmq/events.ndjson',
    title: 'IntelMQ: events with its field names, one a line',
    kinds: ['address', 'prefix', 'url', 'domain', 'file'],
    media: 'application/x-ndjson',
    entry: (one) => `${JSON.stringify(intelmqEvent(one))}\n`,
  }),
]
