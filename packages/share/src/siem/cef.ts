import type { StoredEvent } from '@skep/vocabulary'
import { said, summary, textOf, weightOf, type Dialect } from './dialect.ts'

/** A field of CEF's head: a bar would end it. */
export const cefHead = (text: string): string => text.replace(/[\\|]/g, '\\$&').replace(/[\r\n\u0000-\u001f]/g, ' ')
/** A value of CEF's extension: an equals sign would begin another. */
export const cefValue = (text: string): string =>
  text
    .replace(/[\\=]/g, '\\$&')
    .replace(/\r\n|\r|\n/g, '\\n')
    .replace(/[\u0000-\u001f\u007f]/g, ' ')

/** An event in ArcSight's Common Event Format. @param version of Skep */
export function cefOf(event: StoredEvent, version = '1.0'): string {
  const data = said(event)
  const extension: [string, string | number][] = [
    ['rt', Date.parse(event.time)],
    ['externalId', event.id],
    ['src', event.source?.ip ?? ''],
    ['spt', event.source?.port ?? 0],
    ['dpt', event.target?.port ?? 0],
    ['proto', (event.transport ?? 'tcp').toUpperCase()],
    ['app', event.service ?? ''],
    ['deviceExternalId', event.sensor],
    ['suser', textOf(data['user'])],
    ['request', textOf(data['url']) || textOf(data['target'])],
    ['requestMethod', event.kind === 'request' ? textOf(data['method']) : ''],
    ['requestClientApplication', textOf(data['agent'])],
    ['fileHash', textOf(data['sha256'])],
    ['outcome', event.kind === 'auth.attempt' ? (event.data.accepted ? 'success' : 'failure') : ''],
    ['cs1Label', 'session'],
    ['cs1', event.session ?? ''],
    ['cs2Label', 'originAS'],
    ['cs2', event.origin.asn === 0 ? '' : `AS${event.origin.asn}`],
    ['cs3Label', 'command'],
    ['cs3', textOf(data['line'])],
    ['msg', summary(event)],
  ]
  const head = ['CEF:0', 'Skep', 'Skep', version, event.kind, `Honeypot ${event.kind}`, String(weightOf(event))]
  return `${head.map((field, i) => (i === 0 ? field : cefHead(field))).join('|')}|${extension
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name}=${cefValue(String(value)).slice(0, 4000)}`)
    .join(' ')}`
}

export const cef: Dialect = {
  name: 'cef',
  title: 'Common Event Format (ArcSight), one event a line',
  line: (event) => cefOf(event),
}
