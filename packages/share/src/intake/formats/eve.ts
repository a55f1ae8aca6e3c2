import { type Format, type Line, Skipped, address, name, number, text, time, usual } from '../reading.ts'

/** Suricata's eve.json: what came to a honeypot's network, as flows and as what was asked in them. */
export const eve: Format = {
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
