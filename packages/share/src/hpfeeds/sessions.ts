import type { StoredEvent } from '@skep/vocabulary'

/** A conversation in the words of Cowrie's hpfeeds output. Where it was is not in it. */
export interface CowrieSession {
  readonly session: string
  readonly startTime: string
  readonly endTime: string
  readonly peerIP: string
  readonly peerPort: number
  readonly hostIP: string
  readonly hostPort: number
  readonly loggedin: readonly [string, string] | null
  readonly credentials: readonly (readonly [string, string])[]
  readonly commands: readonly string[]
  readonly unknownCommands: readonly string[]
  readonly urls: readonly string[]
  readonly version: string
  readonly ttylog: null
  readonly hashes: readonly string[]
  readonly protocol: string
}

interface Open {
  readonly start: string
  loggedin: [string, string] | null
  readonly credentials: [string, string][]
  readonly commands: string[]
  readonly urls: string[]
  readonly hashes: string[]
  version: string
}

const mostSessions = 10_000
const mostOfEach = 1000

/** Puts the events of SSH and Telnet conversations together, until each is over. */
export class CowrieSessions {
  readonly #open = new Map<string, Open>()

  /** @returns the whole conversation when this event was its last */
  add(event: StoredEvent): CowrieSession | undefined {
    if (event.service !== 'ssh' && event.service !== 'telnet') return undefined
    const { session, source, target } = event
    if (session === undefined || source === undefined || target === undefined) return undefined
    let open = this.#open.get(session)
    if (open === undefined) {
      // Whoever keeps ten thousand open pushes out the oldest.
      if (this.#open.size >= mostSessions) this.#open.delete(this.#open.keys().next().value ?? '')
      open = { start: event.time, loggedin: null, credentials: [], commands: [], urls: [], hashes: [], version: '' }
      this.#open.set(session, open)
    }
    const put = <T>(list: T[], one: T): void => void (list.length < mostOfEach && list.push(one))
    switch (event.kind) {
      case 'client.hello':
        if (event.data.ident !== undefined && event.data.ident !== '') open.version = event.data.ident
        return undefined
      case 'auth.attempt': {
        const pair: [string, string] = [event.data.user, event.data.secret ?? '']
        if (event.data.accepted) open.loggedin = pair
        else put(open.credentials, pair)
        return undefined
      }
      case 'command.run':
        put(open.commands, event.data.line)
        return undefined
      case 'payload.seen':
        put(open.urls, event.data.url)
        return undefined
      case 'artifact.stored':
        put(open.hashes, event.data.sha256)
        return undefined
      case 'session.close': {
        this.#open.delete(session)
        const { start, ...rest } = open
        return {
          session,
          startTime: start,
          endTime: event.time,
          peerIP: source.ip,
          peerPort: source.port,
          hostIP: '0.0.0.0',
          hostPort: target.port,
          ...rest,
          unknownCommands: [],
          ttylog: null,
          protocol: event.service,
        }
      }
      default:
        return undefined
    }
  }
}
