import { type Format, type Imported, type Line, Skipped, address, name, number, text, time, usual } from '../reading.ts'

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

/** OpenCanary's log. */
export const opencanary: Format = {
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
