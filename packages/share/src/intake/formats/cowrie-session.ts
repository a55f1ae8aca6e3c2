import { parseMicros } from '@skep/vocabulary'
import { type Format, type Imported, address, name, number, sha, text, time, unbyte } from '../reading.ts'

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
