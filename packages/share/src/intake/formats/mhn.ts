import { type Format, address, name, number, text, time, usual } from '../reading.ts'

/** What the Modern Honey Network exports. */
export const mhn: Format = {
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
