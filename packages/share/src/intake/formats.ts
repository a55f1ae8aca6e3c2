import { createHash } from 'node:crypto'
import {
  formatMicros,
  normalizeAddress,
  parseMicros,
  uuidv5,
  skepNamespace,
  type Data,
  type Kind,
} from '@skep/vocabulary'

/** One event of a foreign log, in our words. */
export interface Imported {
  readonly time: string
  readonly sensor: string
  /** Name of the conversation in the foreign log, '' when it knows none. */
  readonly session: string
  readonly service: string
  readonly transport: 'tcp' | 'udp'
  readonly source: { readonly ip: string; readonly port: number }
  readonly target: { readonly port: number }
  readonly kind: Kind
  readonly data: Data
}

/** A line that is not taken, and why. */
export class Skipped extends Error {}

export type Line = Record<string, unknown>

/** Reads lines of a foreign log. A reader may remember what earlier lines told. */
export interface Format {
  readonly name: string
  /** Makes a reader for one file. */
  readonly open: () => (line: Line) => Imported[]
}

/** What a line of a foreign log holds, read without trusting it. */
export const text = (value: unknown): string =>
  typeof value === 'string' ? value : typeof value === 'number' || typeof value === 'boolean' ? String(value) : ''
export const number = (value: unknown): number => {
  const n = Number(typeof value === 'object' && value !== null ? Object.values(value)[0] : value)
  return Number.isFinite(n) && n >= 0 ? Math.trunc(n) : 0
}
export const address = (value: unknown): string => {
  const ip = normalizeAddress(text(value))
  if (ip === undefined) throw new Skipped('no source address')
  return ip
}
export const time = (value: unknown): string => {
  const raw = typeof value === 'object' && value !== null ? (value as Line)['$date'] : value
  try {
    if (typeof raw === 'object' && raw !== null) return formatMicros(number((raw as Line)['$numberLong']) * 1000)
    if (typeof raw === 'number') return formatMicros(Math.trunc(raw < 1e11 ? raw * 1e6 : raw * 1000))
    return formatMicros(parseMicros(text(raw)))
  } catch {
    throw new Skipped('no time')
  }
}
export const name = (value: unknown, fallback: string): string =>
  text(value)
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/^[^a-z0-9]+/, '')
    .slice(0, 64) || fallback

/** Python 3 Cowries of some time wrote bytes as b'…'. */
const unbyte = (value: string): string => /^b(['"])(.*)\1$/s.exec(value)?.[2] ?? value
export const listText = (value: unknown): string[] =>
  Array.isArray(value) ? value.map((one) => unbyte(text(one))) : []
/** The objects of a list, whatever else is in it. */
const objects = (value: unknown): Line[] =>
  Array.isArray(value) ? value.filter((one): one is Line => typeof one === 'object' && one !== null) : []
export const sha = (value: unknown): string => (/^[0-9a-f]{64}$/.test(text(value)) ? text(value) : '')

const cowrie: Format = {
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

/** Which service a port usually has, for logs that name none. */
export const usual: Readonly<Record<number, string>> = {
  21: 'ftp',
  22: 'ssh',
  23: 'telnet',
  25: 'smtp',
  53: 'dns',
  80: 'http',
  110: 'pop3',
  123: 'ntp',
  135: 'epmap',
  139: 'smb',
  143: 'imap',
  161: 'snmp',
  443: 'https',
  445: 'smb',
  993: 'imaps',
  995: 'pop3s',
  1080: 'socks',
  1433: 'mssql',
  1723: 'pptp',
  1900: 'ssdp',
  3306: 'mysql',
  3389: 'rdp',
  5060: 'sip',
  5432: 'postgres',
  5555: 'adb',
  5900: 'vnc',
  6379: 'redis',
  8080: 'http',
  9200: 'elasticsearch',
  11211: 'memcached',
  27017: 'mongodb',
}

const mhn: Format = {
  name: 'mhn',
  open: () => (line) => {
    const target = number(line['destination_port'])
    const protocol = text(line['protocol'])
    const service = protocol === '' || protocol === 'pcap' ? (usual[target] ?? 'unknown') : protocol
    return [
      {
        time: time(line['timestamp']),
        sensor: name(line['identifier'], name(line['honeypot'], 'mhn')),
        session: '',
        service: name(service, 'unknown'),
        transport: /udp/i.test(protocol) ? 'udp' : 'tcp',
        source: { ip: address(line['source_ip']), port: number(line['source_port']) },
        target: { port: target },
        kind: 'session.open',
        data: {},
      },
    ]
  },
}

const dionaea: Format = {
  name: 'dionaea',
  open: () => (line) => {
    const connection = (line['connection'] ?? {}) as Line
    const target = number(line['dst_port'])
    const base = {
      time: time(line['timestamp']),
      sensor: name(line['sensor'] ?? line['dst_host'], 'dionaea'),
      session: '',
      service: name(connection['protocol'], usual[target] ?? 'unknown'),
      transport: text(connection['transport']) === 'udp' ? ('udp' as const) : ('tcp' as const),
      source: { ip: address(line['src_ip']), port: number(line['src_port']) },
      target: { port: target },
    }
    const out: Imported[] = [{ ...base, kind: 'session.open', data: {} }]
    for (const one of objects(line['credentials'])) {
      out.push({
        ...base,
        kind: 'auth.attempt',
        data: { method: 'password', user: text(one['username']), secret: text(one['password']), accepted: false },
      })
    }
    const ftp = (line['ftp'] ?? {}) as Line
    for (const command of objects(ftp['commands'])) {
      const args = listText(command['arguments']).join(' ')
      out.push({
        ...base,
        kind: 'query',
        data: { verb: text(command['command']).slice(0, 64), statement: `${text(command['command'])} ${args}`.trim() },
      })
    }
    return out
  },
}

const heralding: Format = {
  name: 'heralding',
  open: () => (line) => {
    const at = time(line['timestamp'])
    const target = number(line['destination_port'])
    const base = {
      sensor: 'heralding',
      session: text(line['session_id']),
      service: name(line['protocol'], usual[target] ?? 'unknown'),
      transport: 'tcp' as const,
      source: { ip: address(line['source_ip']), port: number(line['source_port']) },
      target: { port: target },
    }
    const out: Imported[] = [{ ...base, time: at, kind: 'session.open', data: {} }]
    for (const one of objects(line['auth_attempts'])) {
      out.push({
        ...base,
        time: one['timestamp'] === undefined ? at : time(one['timestamp']),
        kind: 'auth.attempt',
        data: {
          method: text(one['password_hash']) === '' ? 'password' : 'hash',
          user: text(one['username']),
          secret: text(one['password']) || text(one['password_hash']),
          accepted: false,
        },
      })
    }
    const seconds = Number(line['duration'])
    if (line['session_ended'] === true) {
      const end = formatMicros(
        parseMicros(at) + (Number.isFinite(seconds) ? Math.max(0, Math.round(seconds * 1e6)) : 0),
      )
      out.push({
        ...base,
        time: end,
        kind: 'session.close',
        data: {
          reason: 'peer',
          bytes_in: 0,
          bytes_out: 0,
          duration_ms: Number.isFinite(seconds) ? Math.max(0, seconds * 1000) : 0,
        },
      })
    }
    return out
  },
}

/** OpenCanary's kinds of log lines, as its `logtype` says them: those that tell of somebody else. */
const canaryKinds: Readonly<
  Record<number, { service: string; kind: 'open' | 'login' | 'request' | 'query' | 'probe' }>
> = {
  2000: { service: 'ftp', kind: 'login' },
  3000: { service: 'http', kind: 'request' },
  3001: { service: 'http', kind: 'login' },
  4000: { service: 'ssh', kind: 'open' },
  4001: { service: 'ssh', kind: 'open' },
  4002: { service: 'ssh', kind: 'login' },
  5000: { service: 'smb', kind: 'open' },
  5001: { service: 'portscan', kind: 'probe' },
  5002: { service: 'portscan', kind: 'probe' },
  5003: { service: 'portscan', kind: 'probe' },
  5004: { service: 'portscan', kind: 'probe' },
  5005: { service: 'portscan', kind: 'probe' },
  6001: { service: 'telnet', kind: 'login' },
  7001: { service: 'http-proxy', kind: 'login' },
  8001: { service: 'mysql', kind: 'login' },
  9001: { service: 'mssql', kind: 'login' },
  9002: { service: 'mssql', kind: 'login' },
  9003: { service: 'mssql', kind: 'login' },
  10_001: { service: 'tftp', kind: 'open' },
  11_001: { service: 'ntp', kind: 'open' },
  12_001: { service: 'vnc', kind: 'login' },
  13_001: { service: 'snmp', kind: 'open' },
  14_001: { service: 'rdp', kind: 'open' },
  15_001: { service: 'sip', kind: 'open' },
  16_001: { service: 'git', kind: 'open' },
  17_001: { service: 'redis', kind: 'query' },
  18_001: { service: 'tcp-banner', kind: 'open' },
  18_002: { service: 'tcp-banner', kind: 'open' },
}
const datagrams = new Set(['tftp', 'ntp', 'snmp', 'sip'])

const opencanary: Format = {
  name: 'opencanary',
  open: () => (line) => {
    const type = number(line['logtype'])
    const known = canaryKinds[type]
    if (known === undefined) throw new Skipped(`logtype ${type} has no counterpart here`)
    const data = (typeof line['logdata'] === 'object' && line['logdata'] !== null ? line['logdata'] : {}) as Line
    const upper = (one: string): string => text(data[one] ?? data[one.toLowerCase()])
    const target = number(line['dst_port'])
    const at = text(line['utc_time'] ?? line['local_time'])
    const base = {
      time: time(at.includes('T') ? at : `${at.replace(' ', 'T')}Z`),
      sensor: name(line['node_id'], 'opencanary'),
      session: text(data['SESSION']),
      service: known.service === 'portscan' ? (usual[target] ?? 'unknown') : known.service,
      transport: datagrams.has(known.service) ? ('udp' as const) : ('tcp' as const),
      source: { ip: address(line['src_host']), port: Math.max(0, number(line['src_port'])) },
      target: { port: target },
    }
    const opened: Imported = { ...base, kind: 'session.open', data: {} }
    switch (known.kind) {
      case 'login':
        return [
          opened,
          {
            ...base,
            kind: 'auth.attempt',
            data: { method: 'password', user: upper('USERNAME'), secret: upper('PASSWORD'), accepted: false },
          },
        ]
      case 'request':
        return [
          opened,
          {
            ...base,
            kind: 'request',
            data: {
              method: type === 3001 ? 'POST' : 'GET',
              target: text(data['PATH']) || '/',
              ...(text(data['USERAGENT']) !== '' && { agent: text(data['USERAGENT']) }),
            },
          },
        ]
      case 'query':
        return [
          opened,
          {
            ...base,
            kind: 'query',
            data: {
              verb: text(data['CMD']).slice(0, 64),
              statement: `${text(data['CMD'])} ${text(data['ARGS'])}`.trim(),
            },
          },
        ]
      case 'probe':
        return [
          { ...base, kind: 'scan.probe', data: { protocol: text(data['PROTO']).toLowerCase() || 'tcp', size: 0 } },
        ]
      default:
        return [opened]
    }
  },
}

/** Suricata's eve.json: what came to a honeypot's network, as flows and as what was asked in them. */
const eve: Format = {
  name: 'eve',
  open: () => (line) => {
    const type = text(line['event_type'])
    const target = number(line['dest_port'])
    const of = (key: string): Line => (typeof line[key] === 'object' && line[key] !== null ? (line[key] as Line) : {})
    const proto = text(line['proto']).toLowerCase()
    const app = text(line['app_proto'])
    const base = {
      time: time(text(line['timestamp']).replace(/([+-]\d\d)(\d\d)$/, '$1:$2')),
      sensor: name(line['host'], 'suricata'),
      session: text(line['flow_id']),
      service: name(app === '' || app === 'failed' ? usual[target] : app, 'unknown'),
      transport: proto === 'udp' ? ('udp' as const) : ('tcp' as const),
      source: { ip: address(line['src_ip']), port: number(line['src_port']) },
      target: { port: target },
    }
    switch (type) {
      case 'flow': {
        // A flow of which only one side spoke was a probe: its address may be forged.
        const flow = of('flow')
        return number(flow['pkts_toclient']) > 0 && proto === 'tcp'
          ? [{ ...base, kind: 'session.open', data: {} }]
          : [
              {
                ...base,
                transport: base.transport,
                kind: 'scan.probe',
                data: { protocol: proto || 'tcp', size: number(flow['bytes_toserver']) },
              },
            ]
      }
      case 'ssh': {
        const client = (of('ssh')['client'] ?? {}) as Line
        const hassh = text(((client['hassh'] ?? {}) as Line)['hash'])
        const ident = text(client['software_version'])
        return [
          {
            ...base,
            service: 'ssh',
            kind: 'client.hello',
            data: {
              ident: ident === '' ? '' : `SSH-${text(client['proto_version']) || '2.0'}-${ident}`,
              ...(/^[0-9a-f]{32}$/.test(hassh) && { hassh }),
            },
          },
        ]
      }
      case 'http': {
        const http = of('http')
        return [
          {
            ...base,
            service: 'http',
            kind: 'request',
            data: {
              method: text(http['http_method']).slice(0, 32) || 'GET',
              target: text(http['url']) || '/',
              ...(text(http['http_user_agent']) !== '' && { agent: text(http['http_user_agent']) }),
            },
          },
        ]
      }
      case 'tls': {
        const ja4 = text(of('tls')['ja4'])
        const server_name = text(of('tls')['sni'])
        return [
          {
            ...base,
            kind: 'client.hello',
            data: { ...(ja4 !== '' && { ja4 }), ...(server_name !== '' && { server_name }) },
          },
        ]
      }
      default:
        throw new Skipped(type === '' ? 'no event of Suricata' : `${type} has no counterpart here`)
    }
  },
}

/** What Cowrie tells hpfeeds: a whole conversation in one message, sent when it is over. */
export const cowrieSession: Format = {
  name: 'cowrie-session',
  open: () => (line) => {
    const list = (key: string): unknown[] => (Array.isArray(line[key]) ? (line[key] as unknown[]).slice(0, 5000) : [])
    const pair = (one: unknown): { user: string; secret: string } => {
      const [user, secret] = Array.isArray(one) ? one : []
      return { user: text(user), secret: text(secret) }
    }
    const start = time(line['startTime'])
    const end = (() => {
      try {
        return time(line['endTime'])
      } catch {
        return start
      }
    })()
    const service = name(
      line['protocol'],
      number(line['hostPort']) === 23 || number(line['hostPort']) === 2223 ? 'telnet' : 'ssh',
    )
    const base = {
      time: start,
      sensor: 'cowrie',
      session: text(line['session']),
      service,
      transport: 'tcp' as const,
      source: { ip: address(line['peerIP']), port: number(line['peerPort']) },
      target: { port: number(line['hostPort']) || (service === 'telnet' ? 23 : 22) },
    }
    const out: Imported[] = [{ ...base, kind: 'session.open', data: {} }]
    if (text(line['version']) !== '')
      out.push({ ...base, kind: 'client.hello', data: { ident: unbyte(text(line['version'])) } })
    for (const one of list('credentials'))
      out.push({ ...base, kind: 'auth.attempt', data: { method: 'password', ...pair(one), accepted: false } })
    if (Array.isArray(line['loggedin']))
      out.push({
        ...base,
        kind: 'auth.attempt',
        data: { method: 'password', ...pair(line['loggedin']), accepted: true },
      })
    for (const one of [...list('commands'), ...list('unknownCommands')])
      out.push({ ...base, kind: 'command.run', data: { line: unbyte(text(one)) } })
    for (const one of list('urls'))
      if (text(one) !== '') out.push({ ...base, kind: 'payload.seen', data: { url: text(one), decoded: 'plain' } })
    for (const one of list('hashes'))
      if (sha(one) !== '') out.push({ ...base, kind: 'artifact.stored', data: { sha256: sha(one), size: 0 } })
    out.push({
      ...base,
      time: end,
      kind: 'session.close',
      data: {
        reason: 'peer',
        bytes_in: 0,
        bytes_out: 0,
        duration_ms: Math.max(0, (parseMicros(end) - parseMicros(start)) / 1000),
      },
    })
    return out
  },
}

/** What Dionaea tells hpfeeds of a connection; it does not say when. */
const dionaeaConnection: Format = {
  name: 'dionaea-connection',
  open: () => (line) => {
    const target = number(line['local_port'])
    return [
      {
        time: formatMicros(Date.now() * 1000),
        sensor: 'dionaea',
        session: '',
        service: name(line['connection_protocol'], usual[target] ?? 'unknown'),
        transport: text(line['connection_transport']) === 'udp' ? 'udp' : 'tcp',
        source: { ip: address(line['remote_host']), port: number(line['remote_port']) },
        target: { port: target },
        kind: 'session.open',
        data: {},
      },
    ]
  },
}

/** Every foreign form that is read. A new one is a value here. */
export const formats: readonly Format[] = [
  cowrie,
  mhn,
  dionaea,
  heralding,
  opencanary,
  eve,
  cowrieSession,
  dionaeaConnection,
]

/** The id of a conversation of a foreign log: the same at every import. */
export const sessionId = (boot: string, session: string, line: number): string =>
  uuidv5(skepNamespace, session === '' ? `${boot} line ${line}` : `${boot} session ${session}`)
