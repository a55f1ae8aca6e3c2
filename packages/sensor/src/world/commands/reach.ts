import { isIP } from 'node:net'
import { payloadUrl } from '@skep/vocabulary'
import { resolvePath } from '../node.ts'
import type { Io } from './command.ts'

// Programs that fetch. The sensor opens no connection that an attacker asked for, so the machine behaves like one whose
// network lets nothing out: names are not resolved, connections are refused on the way. What was to be fetched is
// recorded, and the attacker tries the second and the third way, which is recorded too. Only the machine itself answers,
// and what the hub's fetcher brought, where the operator lets it be handed on, comes as if it were fetched here.

const withScheme = (url: string): string => (/^[a-z][a-z0-9+.-]*:\/\//i.test(url) ? url : `http://${url}`)

export interface Target {
  readonly url: string
  readonly scheme: string
  readonly host: string
  readonly port: number
  readonly path: string
}

export function target(raw: string): Target {
  const url = withScheme(raw)
  const match = /^([a-z][a-z0-9+.-]*):\/\/(?:[^@/?#]*@)?(\[[^\]]*\]|[^:/?#]*)(?::(\d{1,5}))?([^#]*)/i.exec(url)
  const scheme = (match?.[1] ?? 'http').toLowerCase()
  const host = (match?.[2] ?? '').replace(/^\[|\]$/g, '').toLowerCase()
  const port = Number(match?.[3] ?? { https: 443, ftp: 21, tftp: 69 }[scheme] ?? 80)
  return { url, scheme, host, port, path: match?.[4] || '/' }
}

export type Reach = 'unresolved' | 'unreachable' | 'refused' | 'here'

/** What a fetcher brought of it. */
export const givenOf = ({ url }: Target, { given }: Io) => given.get(payloadUrl(url) ?? '')

/** What becomes of a connection: decided by the machine's own network, the same each time. */
export async function reach(to: Target, io: Io): Promise<Reach> {
  const { host, port } = to
  const { ip, gateway } = io.machine.network
  const given = givenOf(to, io)
  if (given !== undefined) {
    // As long as it takes on a line of a few megabytes a second.
    await io.sleep(120 + ((host.length * 37) % 200) + given.bytes.length / 2000)
    return 'here'
  }
  if (
    host === 'localhost' ||
    host === io.machine.hostname ||
    host === ip ||
    /^(?:127\.|0\.0\.0\.0$)/.test(host) ||
    host === '::1'
  )
    return port === 80 ? 'here' : 'refused'
  if (isIP(host) === 0) {
    await io.sleep(2000 + (host.length % 5) * 400)
    return 'unresolved'
  }
  await io.sleep(host === gateway ? 2 : 30 + ((host.length * 37 + port) % 160))
  return host === gateway ? 'refused' : 'unreachable'
}
export const words: Readonly<Record<Exclude<Reach, 'here'>, string>> = {
  unresolved: 'Temporary failure in name resolution',
  unreachable: 'No route to host',
  refused: 'Connection refused',
}

/** What is there: what a fetcher brought, or what the machine's own web server gives. */
export function ownPage(to: Target, io: Io): Uint8Array | undefined {
  const { path } = to
  const { fs } = io
  const given = givenOf(to, io)
  if (given !== undefined) return given.bytes
  const file =
    path === '/' ? '/var/www/html/index.nginx-debian.html' : resolvePath('/var/www/html', `.${path.split('?')[0]}`)
  try {
    return fs.node(file)?.type === 'file' ? fs.content(file) : undefined
  } catch {
    return undefined
  }
}

/** Reads options; those in `valued` and `long` take the next argument. */
export function parse(
  args: readonly string[],
  valued: string,
  long: RegExp,
): { options: Map<string, string>; rest: string[] } {
  const options = new Map<string, string>()
  const rest: string[] = []
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? ''
    if (arg === '-' || !arg.startsWith('-')) rest.push(arg)
    else if (arg.startsWith('--')) {
      const [name = '', value] = arg.slice(2).split(/=(.*)/s)
      options.set(name, value ?? (long.test(name) ? (args[++i] ?? '') : ''))
    } else {
      for (let at = 1; at < arg.length; at++) {
        const letter = arg[at] ?? ''
        if (!valued.includes(letter)) options.set(letter, '')
        else {
          options.set(letter, at + 1 < arg.length ? arg.slice(at + 1) : (args[++i] ?? ''))
          break
        }
      }
    }
  }
  return { options, rest }
}
