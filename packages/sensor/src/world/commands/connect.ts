import { isIP } from 'node:net'
import { sayingsOf } from '../../personas/facts.ts'
import { complain, letters, say, type Command, type Result } from './command.ts'
import { parse, reach, words, type Reach } from './reach.ts'

const ping: Command = async (args, io) => {
  const { rest, options } = parse(args, 'cWwisIMmpQSTt', /^$/)
  const host = rest.at(-1)
  if (host === undefined) return complain('ping: usage error: Destination address required\n')
  const count = Math.max(1, Math.min(20, Number(options.get('c') ?? 4) || 4))
  const { ip, gateway, hostname } = { ...io.machine.network, hostname: io.machine.hostname }
  const local = host === 'localhost' || host === hostname || /^127\./.test(host) || host === ip
  if (isIP(host) === 0 && !local) {
    await io.sleep(2000)
    return complain(`ping: ${host}: Temporary failure in name resolution\n`, 2)
  }
  const address = isIP(host) === 0 ? '127.0.0.1' : host
  let out = `PING ${host} (${address}) 56(84) bytes of data.\n`
  const near = local || host === gateway
  for (let i = 1; i <= count; i++) {
    if (i > 1) await io.sleep(1000)
    out += near
      ? `64 bytes from ${address}: icmp_seq=${i} ttl=64 time=0.0${21 + ((i * 13) % 60)} ms\n`
      : `From ${gateway} icmp_seq=${i} Destination Host Prohibited\n`
  }
  const elapsed = (count - 1) * 1011
  return {
    out: `${out}\n--- ${host} ping statistics ---\n${count} packets transmitted, ${near ? count : 0} received, ${near ? '0% packet loss' : `+${count} errors, 100% packet loss`}, time ${elapsed}ms\n${near ? 'rtt min/avg/max/mdev = 0.021/0.042/0.078/0.012 ms\n' : '\n'}`,
    code: near ? 0 : 1,
  }
}

/** A plain connection, as nc, telnet and ssh make it: recorded as something that was to be reached, and lost. */
const connection =
  (name: string, port: number, say_: (host: string, at: string, reach: Exclude<Reach, 'here'>) => Result): Command =>
  async (args, io) => {
    const { rest } = letters(args)
    const host = rest[0]?.split('@').at(-1)
    if (host === undefined || host === '') return name === 'nc' ? complain('Cmd line: wrong\n') : {}
    const at = Number(rest[1] ?? port) || port
    const came = await reach({ url: '', scheme: name, host, port: at, path: '' }, io)
    return say_(host, String(at), came === 'here' ? 'refused' : came)
  }

const remote = connection('ssh', 22, (host, at, came) =>
  complain(
    came === 'unresolved'
      ? `ssh: Could not resolve hostname ${host}: Temporary failure in name resolution\n`
      : `ssh: connect to host ${host} port ${at}: ${words[came]}\n`,
    255,
  ),
)

const traditional = connection('nc', 0, (host, at, came) =>
  complain(
    came === 'unresolved'
      ? `${host}: forward host lookup failed: Host name lookup failure : Resource temporarily unavailable\n`
      : `(UNKNOWN) [${host}] ${at} (?) : ${words[came]}\n`,
  ),
)
/** OpenBSD's tells of a connection only when it is asked to. */
const openbsd = (loud: boolean): Command =>
  connection('nc', 0, (host, at, came) =>
    came === 'unresolved'
      ? complain(`nc: getaddrinfo for host "${host}" port ${at}: Temporary failure in name resolution\n`)
      : complain(loud ? `nc: connect to ${host} port ${at} (tcp) failed: ${words[came]}\n` : ''),
  )
const netcat: Command = (args, io) =>
  /^usage: nc/.test(sayingsOf(io.machine.system).programs['nc']?.err ?? '')
    ? openbsd(letters(args).flags.has('v'))(args, io)
    : traditional(args, io)

/** Programs that only reach. */
export const connections: Readonly<Record<string, Command>> = {
  ping,
  nc: netcat,
  telnet: connection('telnet', 23, (host, _, came) =>
    came === 'unresolved'
      ? complain(`telnet: could not resolve ${host}/telnet: Temporary failure in name resolution\n`)
      : { out: `Trying ${host}...\n`, err: `telnet: Unable to connect to remote host: ${words[came]}\n`, code: 1 },
  ),
  ssh: async (args, io) =>
    args[0] === '-V' ? (sayingsOf(io.machine.system).programs['ssh -V'] ?? {}) : remote(args, io),
  ftp: async (args) => (letters(args).rest[0] === undefined ? {} : { out: 'ftp: connect: No route to host\n' }),
  scp: async (args, io) =>
    args.includes('-t')
      ? say('\0')
      : args.length < 2
        ? (sayingsOf(io.machine.system).programs['scp'] ??
          complain(
            'usage: scp [-346ABCpqrTv] [-c cipher] [-F ssh_config] [-i identity_file]\n            [-J destination] [-l limit] [-o ssh_option] [-P port]\n            [-S program] source ... target\n',
          ))
        : complain('lost connection\n'),
  nslookup: async (args, io) => (
    await io.sleep(2000),
    { out: `;; connection timed out; no servers could be reached\n\n`, code: 1 }
  ),
  host: async (args, io) => (
    await io.sleep(2000),
    { out: `;; connection timed out; no servers could be reached\n`, code: 1 }
  ),
  dig: async (args, io) => (
    await io.sleep(2000),
    {
      out: `\n; <<>> ${(sayingsOf(io.machine.system).programs['dig -v']?.err ?? 'DiG').trim()} <<>> ${args.join(' ')}\n;; global options: +cmd\n;; connection timed out; no servers could be reached\n`,
      code: 9,
    }
  ),
}
