import { isIP } from 'node:net'
import { resolvePath } from '../node.ts'
import { before } from '../version.ts'
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
  (
    name: string,
    port: number,
    say_: (host: string, at: string, reach: Exclude<Reach, 'here'>) => Result,
    /** Letters of options with a value. */
    valued = '',
  ): Command =>
  async (args, io) => {
    const { rest, options } = parse(args, valued, /^$/)
    const host = rest[0]?.split('@').at(-1)
    if (host === undefined || host === '') return name === 'nc' ? complain('Cmd line: wrong\n') : {}
    const at = (name === 'ssh' ? Number(options.get('p')) : Number(rest[1]?.split('-')[0])) || port
    const came = await reach({ url: '', scheme: name, host, port: at, path: '' }, io)
    return say_(host, String(at), came === 'here' ? 'refused' : came)
  }
const services: Readonly<Record<string, string>> = {
  21: 'ftp',
  22: 'ssh',
  23: 'telnet',
  25: 'smtp',
  53: 'domain',
  80: 'http',
  110: 'pop3',
  143: 'imap2',
  443: 'https',
  3306: 'mysql',
  6379: 'redis',
  8080: 'http-alt',
}

const remote = connection(
  'ssh',
  22,
  (host, at, came) =>
    complain(
      came === 'unresolved'
        ? `ssh: Could not resolve hostname ${host}: Temporary failure in name resolution\r\n`
        : `ssh: connect to host ${host} port ${at}: ${words[came]}\r\n`,
      255,
    ),
  'BbcDEeFIiJLlmOopQRSWw',
)

const traditional = connection(
  'nc',
  0,
  (host, at, came) =>
    complain(
      came === 'unresolved'
        ? `${host}: forward host lookup failed: Host name lookup failure : Resource temporarily unavailable\n`
        : `(UNKNOWN) [${host}] ${at} (${services[at] ?? '?'}) : ${words[came]}\n`,
    ),
  'cegGiopqswT',
)
/** OpenBSD's tells of a connection only when it is asked to. */
const openbsd = (loud: boolean): Command =>
  connection(
    'nc',
    0,
    (host, at, came) =>
      came === 'unresolved'
        ? complain(`nc: getaddrinfo for host "${host}" port ${at}: Temporary failure in name resolution\n`)
        : complain(loud ? `nc: connect to ${host} port ${at} (tcp) failed: ${words[came]}\n` : ''),
    'eIiMmOPpqsTVWwXx',
  )
const netcat: Command = async (args, io) => {
  const { flags } = letters(args)
  if (/^usage: nc/.test(sayingsOf(io.machine.system).programs['nc']?.err ?? ''))
    return openbsd(flags.has('v'))(args, io)
  if (flags.has('h')) return { err: sayingsOf(io.machine.system).programs['nc --help']?.err ?? '[v1.10-46]\n' }
  // Somebody waits for a connection: nobody comes, and the line's time ends it.
  if (flags.has('l')) return (await io.sleep(600_000), { code: 1 })
  const result = await traditional(args, io)
  // That nobody listens is told only to those who want to hear it.
  return flags.has('v') || !(result.err ?? '').endsWith(`${words.refused}\n`) ? result : { code: 1 }
}

/** ssh: without a command it wants a terminal. */
const shell: Command = async (args, io) => {
  const { rest, options } = parse(args, 'BbcDEeFIiJLlmOopQRSWw', /^$/)
  if (rest[0] === undefined)
    return sayingsOf(io.machine.system).programs['ssh'] ?? complain('usage: ssh [options] destination [command]\n', 255)
  const result = await remote(args, io)
  return rest.length > 1 || io.tty || options.has('T') || options.has('N')
    ? result
    : {
        ...result,
        err: `Pseudo-terminal will not be allocated because stdin is not a terminal.\r\n${result.err ?? ''}`,
      }
}
/** scp: the first host that it names is where it goes. */
const copy: Command = async (args, io) => {
  const { rest, options } = parse(args, 'cDFiJloPSX', /^$/)
  const place = rest.map((word) => /^(?:scp:\/\/)?([^/:]+):/.exec(word)?.[1]).find((one) => one !== undefined)
  if (place === undefined) {
    const lost = rest.slice(0, -1).find((path) => io.fs.node(resolvePath(io.cwd, path)) === undefined)
    return lost === undefined ? {} : complain(`cp: cannot stat '${lost}': No such file or directory\n`)
  }
  const { err = '' } = await remote([...(options.has('P') ? ['-p', options.get('P') ?? ''] : []), place], io)
  const down = rest.at(-1)?.includes(':') !== true
  return complain(
    `${err}${down || before(io.machine.versions['openssh-client'], '1:9') ? 'lost connection\n' : 'scp: Connection closed\n'}`,
    1,
  )
}

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
    args[0] === '-V' ? (sayingsOf(io.machine.system).programs['ssh -V'] ?? {}) : shell(args, io),
  ftp: connection('ftp', 21, (host, _, came) =>
    came === 'unresolved' ? { err: `ftp: ${host}: ${words.unresolved}\n` } : { err: `ftp: connect: ${words[came]}\n` },
  ),
  scp: async (args, io) =>
    args.some((arg) => /^-[a-zA-Z]*t/.test(arg))
      ? say('\0')
      : args.length < 2
        ? (sayingsOf(io.machine.system).programs['scp'] ??
          complain(
            'usage: scp [-346ABCpqrTv] [-c cipher] [-F ssh_config] [-i identity_file]\n            [-J destination] [-l limit] [-o ssh_option] [-P port]\n            [-S program] source ... target\n',
          ))
        : copy(args, io),
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
