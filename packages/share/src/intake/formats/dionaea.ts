import { formatMicros } from '@skep/vocabulary'
import {
  type Format,
  type Imported,
  type Line,
  address,
  listText,
  name,
  number,
  objects,
  text,
  time,
  usual,
} from '../reading.ts'

/** Dionaea's log_json. */
export const dionaea: Format = {
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

/** What Dionaea tells hpfeeds of a connection; it does not say when. */
export const dionaeaConnection: Format = {
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
