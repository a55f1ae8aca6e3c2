import type { StoredEvent } from '@skep/vocabulary'

/** A way to say an event that a SIEM understands. A new one is a file here and a line in the list. */
export interface Dialect {
  readonly name: string
  readonly title: string
  /** The event in one line, without its end. */
  readonly line: (event: StoredEvent) => string
}

/** What an event says, of whatever kind: the fields that dialects ask for. */
export type Said = Readonly<Record<string, unknown>>
export const said = (event: StoredEvent): Said => event.data as Said
export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

/** How bad a kind of event is by itself, 0 to 10. */
export function weightOf(event: StoredEvent): number {
  switch (event.kind) {
    case 'exploit.match':
    case 'artifact.stored':
    case 'key.planted':
    case 'persistence.added':
    case 'credential.changed':
    case 'payload.seen':
      return 9
    case 'auth.attempt':
      return event.data.accepted ? 8 : 6
    case 'command.run':
      return 8
    case 'request':
    case 'query':
    case 'forward.request':
      return 5
    default:
      return 3
  }
}

/** An event in a sentence. */
export function summary(event: StoredEvent): string {
  const data = said(event)
  const what =
    textOf(data['line']) ||
    textOf(data['statement']) ||
    textOf(data['url']) ||
    textOf(data['target']) ||
    textOf(data['sha256']) ||
    textOf(data['ident'])
  const user = event.kind === 'auth.attempt' ? ` user ${event.data.user}${event.data.accepted ? ' accepted' : ''}` : ''
  return `${event.kind} ${event.service ?? ''} from ${event.source?.ip ?? ''}${user}${what === '' ? '' : `: ${what}`}`
}
