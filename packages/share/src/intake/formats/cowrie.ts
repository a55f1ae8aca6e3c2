import { createHash } from 'node:crypto'
import { parseMicros, type Data, type Kind } from '@skep/vocabulary'
import {
  type Format,
  type Imported,
  type Line,
  Skipped,
  address,
  listText,
  name,
  number,
  sha,
  text,
  time,
  unbyte,
} from '../reading.ts'

/** Cowrie's own log, of all its versions. */
export const cowrie: Format = {
  name: 'cowrie',
  open() {
    /** What the first line of a session told: later lines of some versions lack it. */
    const sessions = new Map<string, { service: string; target: number; port: number; start: number }>()
    return (line) => {
      const event = text(line['eventid'])
      if (!event.startsWith('cowrie.')) throw new Skipped('no event of Cowrie')
      const session = text(line['session'])
      const at = time(line['timestamp'])
      const dst = number(line['dst_port'])
      let known = sessions.get(session)
      if (known === undefined || event === 'cowrie.session.connect') {
        const service = text(line['protocol']) || (dst === 23 || dst === 2223 ? 'telnet' : 'ssh')
        known = {
          service,
          target: dst || (service === 'telnet' ? 23 : 22),
          port: number(line['src_port']),
          start: parseMicros(at),
        }
        if (sessions.size > 100_000) sessions.delete(sessions.keys().next().value ?? '')
        sessions.set(session, known)
      }
      const is = <K extends Kind>(kind: K, data: Data<K>): Imported[] => [
        {
          time: at,
          sensor: name(line['sensor'], 'cowrie'),
          session,
          service: name(known.service, 'ssh'),
          transport: 'tcp',
          source: { ip: address(line['src_ip'] ?? line['peerIP']), port: known.port },
          target: { port: known.target },
          kind,
          data: data as Data,
        },
      ]
      const user = unbyte(text(line['username']))
      switch (event) {
        case 'cowrie.session.connect':
          return is('session.open', {})
        case 'cowrie.session.closed': {
          // A number of seconds, the same as text, or milliseconds, according to the version.
          const given =
            line['duration_ms'] === undefined ? Number(line['duration']) * 1000 : Number(line['duration_ms'])
          const duration_ms = Number.isFinite(given) ? given : (parseMicros(at) - known.start) / 1000
          sessions.delete(session)
          return is('session.close', {
            reason: 'peer',
            bytes_in: 0,
            bytes_out: 0,
            duration_ms: Math.max(0, duration_ms),
          })
        }
        case 'cowrie.client.version':
          return is('client.hello', {
            ident: unbyte(text(line['version'])),
            ...(Array.isArray(line['kexAlgs']) && hasshOf(line)),
          })
        case 'cowrie.client.kex':
          return is('client.hello', {
            hassh: text(line['hassh']),
            algorithms: text(line['hasshAlgorithms']),
            ...(!line['hassh'] && hasshOf(line)),
          })
        case 'cowrie.client.size':
          return is('client.hello', { options: [`size=${number(line['width'])}x${number(line['height'])}`] })
        case 'cowrie.client.var':
          return is('client.hello', { options: [`${text(line['name'])}=${text(line['value'])}`] })
        case 'cowrie.client.fingerprint':
          return is('auth.attempt', {
            method: 'publickey',
            user,
            key_type: text(line['type']),
            fingerprint: text(line['fingerprint']),
            accepted: false,
          })
        case 'cowrie.login.success':
        case 'cowrie.login.failed':
          return is('auth.attempt', {
            method: line['key'] === undefined ? 'password' : 'publickey',
            user,
            secret: unbyte(text(line['password'])),
            accepted: event.endsWith('success'),
          })
        case 'cowrie.command.input':
          return is('command.run', { line: text(line['input']) })
        case 'cowrie.session.file_download':
        case 'cowrie.session.file_upload': {
          const out: Imported[] = []
          const url = text(line['url'])
          if (/^[a-z]+:\/\//i.test(url)) out.push(...is('payload.seen', { url, decoded: 'plain' }))
          const sha256 = sha(line['shasum'])
          const stored = text(line['destfile'] ?? line['filename'])
          if (sha256 !== '')
            out.push(
              ...is('artifact.stored', { sha256, size: number(line['size']), ...(stored !== '' && { name: stored }) }),
            )
          if (out.length === 0) throw new Skipped('a download without URL and hash')
          return out
        }
        case 'cowrie.session.file_download.failed':
          return is('payload.seen', { url: text(line['url']), decoded: 'plain' })
        case 'cowrie.direct-tcpip.request':
          return is('forward.request', {
            host: text(line['dst_ip']),
            port: number(line['dst_port']),
            method: 'direct-tcpip',
          })
        case 'cowrie.direct-tcpip.data':
          return is('forward.data', {
            host: text(line['dst_ip']),
            port: number(line['dst_port']),
            raw: Buffer.from(unbyte(text(line['data']))).toString('base64'),
          })
        case 'cowrie.log.closed': {
          const sha256 = sha(line['shasum'])
          if (sha256 === '') throw new Skipped('a terminal log without hash')
          const ms = line['duration_ms'] === undefined ? Number(line['duration']) * 1000 : Number(line['duration_ms'])
          return is('recording.closed', {
            sha256,
            format: 'asciicast',
            size: number(line['size']),
            duration_ms: Number.isFinite(ms) ? ms : 0,
          })
        }
        default:
          throw new Skipped(`${event} has no counterpart here`)
      }
    }
  },
}

function hasshOf(line: Line): { hassh: string; algorithms: string } {
  const algorithms = ['kexAlgs', 'encCS', 'macCS', 'compCS'].map((key) => listText(line[key]).join(',')).join(';')
  return { hassh: createHash('md5').update(algorithms).digest('hex'), algorithms }
}
