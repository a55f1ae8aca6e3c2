import { formatMicros, parseMicros } from '@skep/vocabulary'
import { type Format, type Imported, address, name, number, objects, text, time, usual } from '../reading.ts'

/** Heralding's log of sessions. */
export const heralding: Format = {
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
