import { sayingsOf } from '../../personas/facts.ts'
import { isIP } from 'node:net'
import { nameOf, resolvePath } from '../node.ts'
import { before } from '../version.ts'
import { payloadUrl } from '@skep/vocabulary'
import { complain, human, letters, say, type Command, type Io, type Result } from './command.ts'

// Programs that fetch. The sensor opens no connection that an attacker asked for, so the machine behaves like one whose
// network lets nothing out: names are not resolved, connections are refused on the way. What was to be fetched is
// recorded, and the attacker tries the second and the third way, which is recorded too. Only the machine itself answers,
// and what the hub's fetcher brought, where the operator lets it be handed on, comes as if it were fetched here.

const stamp = (): string => new Date().toISOString().slice(0, 19).replace('T', ' ')
const withScheme = (url: string): string => (/^[a-z][a-z0-9+.-]*:\/\//i.test(url) ? url : `http://${url}`)

interface Target {
  readonly url: string
  readonly scheme: string
  readonly host: string
  readonly port: number
  readonly path: string
}

function target(raw: string): Target {
  const url = withScheme(raw)
  const match = /^([a-z][a-z0-9+.-]*):\/\/(?:[^@/?#]*@)?(\[[^\]]*\]|[^:/?#]*)(?::(\d{1,5}))?([^#]*)/i.exec(url)
  const scheme = (match?.[1] ?? 'http').toLowerCase()
  const host = (match?.[2] ?? '').replace(/^\[|\]$/g, '').toLowerCase()
  const port = Number(match?.[3] ?? { https: 443, ftp: 21, tftp: 69 }[scheme] ?? 80)
  return { url, scheme, host, port, path: match?.[4] || '/' }
}

type Reach = 'unresolved' | 'unreachable' | 'refused' | 'here'

/** What a fetcher brought of it. */
const givenOf = ({ url }: Target, { given }: Io) => given.get(payloadUrl(url) ?? '')

/** What becomes of a connection: decided by the machine's own network, the same each time. */
async function reach(to: Target, io: Io): Promise<Reach> {
  const { host, port } = to
  const { ip, gateway } = io.machine.network
  const given = givenOf(to, io)
  if (given !== undefined) {
    // As long as it takes on a line of a few megabytes a second.
    await io.sleep(120 + ((host.length * 37) % 200) + given.bytes.length / 2000)
    return 'here'
  }
  if (host === 'localhost' || host === io.machine.hostname || host === ip || /^127\./.test(host) || host === '::1')
    return port === 80 ? 'here' : 'refused'
  if (isIP(host) === 0) {
    await io.sleep(2000 + (host.length % 5) * 400)
    return 'unresolved'
  }
  await io.sleep(host === gateway ? 2 : 30 + ((host.length * 37 + port) % 160))
  return host === gateway ? 'refused' : 'unreachable'
}
const words: Readonly<Record<Exclude<Reach, 'here'>, string>> = {
  unresolved: 'Temporary failure in name resolution',
  unreachable: 'No route to host',
  refused: 'Connection refused',
}

/** What is there: what a fetcher brought, or what the machine's own web server gives. */
function ownPage(to: Target, io: Io): Uint8Array | undefined {
  const { path } = to
  const { fs } = io
  const given = givenOf(to, io)
  if (given !== undefined) return given.bytes
  const file =
    path === '/' ? '/var/www/html/index.nginx-debian.html' : resolvePath('/var/www/html', `.${path.split('?')[0]}`)
  try {
    return fs.node(file)?.type === 'file' ? fs.content(file) : undefined
  } catch {
    return undefined
  }
}

/** Reads options; those in `valued` and `long` take the next argument. */
function parse(
  args: readonly string[],
  valued: string,
  long: RegExp,
): { options: Map<string, string>; rest: string[] } {
  const options = new Map<string, string>()
  const rest: string[] = []
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? ''
    if (arg === '-' || !arg.startsWith('-')) rest.push(arg)
    else if (arg.startsWith('--')) {
      const [name = '', value] = arg.slice(2).split(/=(.*)/s)
      options.set(name, value ?? (long.test(name) ? (args[++i] ?? '') : ''))
    } else {
      for (let at = 1; at < arg.length; at++) {
        const letter = arg[at] ?? ''
        if (!valued.includes(letter)) options.set(letter, '')
        else {
          options.set(letter, at + 1 < arg.length ? arg.slice(at + 1) : (args[++i] ?? ''))
          break
        }
      }
    }
  }
  return { options, rest }
}

const wgetLong =
  /^(output-document|output-file|append-output|header|post-data|post-file|user|password|user-agent|referer|tries|timeout|dns-timeout|connect-timeout|read-timeout|wait|directory-prefix|input-file|level|execute|method|body-data|bind-address|limit-rate|quota|base|accept|reject)$/

const wget: Command = async (args, io) => {
  const { options, rest } = parse(args, 'OoaTtUPeBiwlARDQ', wgetLong)
  const quiet = options.has('q') || options.has('quiet')
  if (rest.length === 0)
    return complain("wget: missing URL\nUsage: wget [OPTION]... [URL]...\n\nTry `wget --help' for more options.\n")
  let [out, err, code] = ['', '', 0]
  const document = options.get('O') ?? options.get('output-document')
  // Opened before anything is fetched: it is there, empty, when nothing comes.
  if (document !== undefined && document !== '-') {
    try {
      io.fs.write(resolvePath(io.cwd, document), Buffer.alloc(0), true)
    } catch (error) {
      return complain(`${document}: ${reason(error)}\n`)
    }
  }
  for (const raw of rest.slice(0, 20)) {
    const to = target(raw)
    if (!/^(https?|ftp)$/.test(to.scheme)) {
      err += `${raw}: Unsupported scheme ‘${to.scheme}’.\n`
      code = 1
      continue
    }
    io.effects.push({ type: 'fetch', url: to.url, tool: 'wget' })
    const shown = to.url.replace(
      /^([a-z]+:\/\/)([^/?#]*)/i,
      (_, head: string, host: string) => head.toLowerCase() + host.toLowerCase(),
    )
    const file =
      document ??
      (nameOf(to.path.split('?')[0] ?? '') + (to.path.includes('?') ? `?${to.path.split('?')[1]}` : '') || 'index.html')
    err += `--${stamp()}--  ${shown}${/^[a-z]+:\/\/[^/]*$/i.test(shown) ? '/' : ''}\n${to.scheme === 'ftp' ? `           => ‘${file}’\n` : ''}`
    const came = await reach(to, io)
    if (came === 'unresolved') {
      err += `Resolving ${to.host} (${to.host})... failed: ${words.unresolved}.\nwget: unable to resolve host address ‘${to.host}’\n`
      code = 4
      continue
    }
    const address = givenOf(to, io)?.address || '127.0.0.1'
    if (to.host === 'localhost' || isIP(to.host) === 0) err += `Resolving ${to.host} (${to.host})... ${address}\n`
    const place = isIP(to.host) === 0 ? `${to.host} (${to.host})|${address}|:${to.port}` : `${to.host}:${to.port}`
    if (came !== 'here') {
      err += `Connecting to ${place}... failed: ${words[came]}.\n`
      code = 4
      continue
    }
    err += `Connecting to ${place}... connected.\nHTTP request sent, awaiting response... `
    const page = ownPage(to, io)
    if (page === undefined) {
      err += `404 Not Found\n${stamp()} ERROR 404: Not Found.\n\n`
      code = 8
      continue
    }
    const media = givenOf(to, io) === undefined ? 'text/html' : 'application/octet-stream'
    const size = page.length < 1024 ? `${page.length}` : `${page.length} (${human(page.length)})`
    err += `200 OK\nLength: ${size} [${media}]\nSaving to: ‘${file === '-' ? 'STDOUT' : file}’\n\n${progress(page.length, file === '-' ? '-' : nameOf(file), io.tty)}\n${stamp()} (41.2 MB/s) - ${file === '-' ? 'written to stdout' : `‘${file}’ saved`} [${page.length}/${page.length}]\n\n`
    if (file === '-') out += Buffer.from(page).toString('latin1')
    else io.fs.write(resolvePath(io.cwd, options.has('P') ? `${options.get('P')}/${file}` : file), page, true)
  }
  return { out, err: quiet ? '' : err, code }
}

/** How wget tells its progress: a bar at a terminal, dots elsewhere (a dot a KiB, 50 a line). */
function progress(bytes: number, file: string, tty: boolean): string {
  if (tty) {
    const name = file.length > 19 ? file.slice(0, 19) : file.padEnd(19)
    return `\r${name} 100%[===================>] ${human(bytes).padStart(7)}  --.-KB/s    in 0s      \n`
  }
  const full = Math.max(1, Math.ceil(bytes / 51_200))
  if (full > 400) return `${progress(51_200 * 400, file, false)}`
  return Array.from({ length: full }, (_, row) => {
    const dots = Math.min(50, Math.floor((bytes - row * 51_200) / 1024))
    const marks = Array.from({ length: 5 }, (_each, i) =>
      '.'.repeat(Math.max(0, Math.min(10, dots - i * 10))).padEnd(10),
    ).join(' ')
    const percent = Math.min(100, Math.floor(((row + 1) * 51_200 * 100) / bytes))
    return `${`${row * 50}K`.padStart(6)} ${marks} ${String(percent).padStart(2)}% 41.2M${row === full - 1 ? '=0s' : ' 0s'}\n`
  }).join('')
}

const curlLong =
  /^(output|header|data|data-raw|data-binary|user|user-agent|max-time|connect-timeout|request|proxy|retry|retry-delay|referer|cookie|form|upload-file|cacert|cert|key|interface|range|write-out|output-dir|limit-rate|config)$/

const curl: Command = async (args, io) => {
  const { options, rest } = parse(args, 'oHdXAumwxTbceFYEyzCrtK', curlLong)
  if (options.has('V')) return say('curl 7.74.0 (x86_64-pc-linux-gnu) libcurl/7.74.0 OpenSSL/1.1.1w zlib/1.2.11\n')
  if (rest.length === 0) return complain("curl: try 'curl --help' or 'curl --manual' for more information\n", 2)
  const silent = options.has('s') || options.has('silent')
  const tells = !silent || options.has('S') || options.has('show-error')
  const meter =
    '  % Total    % Received % Xferd  Average Speed   Time    Time     Time  Current\n                                 Dload  Upload   Total   Spent    Left  Speed\n'
  let [out, err, code] = ['', '', 0]
  for (const raw of rest.slice(0, 20)) {
    const to = target(raw)
    if (!/^(https?|ftps?|tftp|file|scp|sftp|telnet|dict|gopher|ldap)$/.test(to.scheme)) {
      if (tells) err += `curl: (1) Protocol "${to.scheme}" not supported or disabled in libcurl\n`
      code = 1
      continue
    }
    if (to.scheme === 'file') {
      try {
        out += Buffer.from(io.fs.content(to.path)).toString('latin1')
      } catch {
        if (tells) err += `curl: (37) Couldn't open file ${to.path}\n`
        code = 37
      }
      continue
    }
    io.effects.push({ type: 'fetch', url: to.url, tool: 'curl' })
    const began = Date.now()
    const came = await reach(to, io)
    const waiting = silent
      ? ''
      : `${meter}\r  0     0    0     0    0     0      0      0 --:--:-- --:--:-- --:--:--     0`
    if (came === 'unresolved') {
      err += waiting + (tells ? `curl: (6) Could not resolve host: ${to.host}\n` : '')
      code = 6
      continue
    }
    if (came !== 'here') {
      const version = io.machine.versions['curl']
      // Later ones have begun to tell their progress by then.
      if (!silent && !before(version, '7.86'))
        err += `${waiting}\r  0     0    0     0    0     0      0      0 --:--:-- --:--:-- --:--:--     0\n`
      const after = before(version, '7.79') ? '' : ` after ${Math.round(Date.now() - began)} ms`
      const why = before(version, '7.86') ? words[came] : "Couldn't connect to server"
      if (tells) err += `curl: (7) Failed to connect to ${to.host} port ${to.port}${after}: ${why}\n`
      code = 7
      continue
    }
    const page = Buffer.from(
      ownPage(to, io) ??
        '<html>\r\n<head><title>404 Not Found</title></head>\r\n<body>\r\n<center><h1>404 Not Found</h1></center>\r\n<hr><center>nginx/1.18.0</center>\r\n</body>\r\n</html>\r\n',
    )
    const file =
      options.get('o') ?? options.get('output') ?? (options.has('O') ? nameOf(to.path.split('?')[0] ?? '') : '')
    const size = String(page.length).padStart(5)
    if (!silent && file !== '')
      err += `${meter}\r100 ${size}  100 ${size}    0     0   298k      0 --:--:-- --:--:-- --:--:--  298k\n`
    if (file === '' || file === '-') out += page.toString('latin1')
    else io.fs.write(resolvePath(io.cwd, file), page, true)
  }
  return { out, err, code }
}

/** tftp-hpa: without a host it asks for one. */
const tftp: Command = async (args, io) => {
  const bad = args.find((arg, i) => /^-/.test(arg) && !/^-[46vlVmcR]/.test(arg) && args[i - 1] !== '-c')
  const host = args.find((arg, i) => !arg.startsWith('-') && args[i - 1] !== '-m')
  // The way busybox takes them: the intent is recorded, the program does not know it.
  const file = args[args.indexOf('-r') + 1]
  const server = args[args.indexOf('-g') + 1]
  if (bad !== undefined) {
    const where = args.find((arg) => isIP(arg) !== 0) ?? server
    if (args.includes('-g') && args.includes('-r') && where !== undefined && file !== undefined)
      io.effects.push({ type: 'fetch', url: `tftp://${where}/${file}`, tool: 'tftp' })
    return complain('Usage: tftp [-4][-6][-v][-l][-m mode] [host [port]] [-c command]\n', 64)
  }
  if (host === undefined) return say('(to) ')
  const at = args.indexOf('-c')
  const wanted = at >= 0 && args[at + 1] === 'get' ? args[at + 2] : undefined
  if (isIP(host) === 0) {
    await io.sleep(2000)
    if (wanted !== undefined) io.effects.push({ type: 'fetch', url: `tftp://${host}/${wanted}`, tool: 'tftp' })
    return {
      out: `Error: Temporary failure in name resolution\n${host}: unknown host\n${wanted === undefined ? '' : 'usage: get host:file host:file ... file, or\n       get file file ... file if connected\n'}`,
    }
  }
  if (wanted === undefined) return say('tftp> ')
  io.effects.push({ type: 'fetch', url: `tftp://${host}/${wanted}`, tool: 'tftp' })
  // The file is made before the first packet goes out, and stays.
  try {
    io.fs.write(resolvePath(io.cwd, nameOf(wanted)), Buffer.alloc(0), true)
  } catch (error) {
    return complain(`tftp: ${nameOf(wanted)}: ${reason(error)}\n`)
  }
  await io.sleep(60)
  return { err: 'tftp: sendto: No route to host\n' }
}

/** The reason of a failed write, in the words of the system. */
const reason = (error: unknown): string => (error as { words?: string }).words ?? 'Permission denied'

/** wget of busybox. */
const busyboxWget: Command = async (args, io) => {
  const { options, rest } = parse(args, 'OPUTYo', wgetLong)
  if (rest.length === 0) return { code: 1 }
  let [err, code] = ['', 0]
  for (const raw of rest.slice(0, 20)) {
    const to = target(raw)
    io.effects.push({ type: 'fetch', url: to.url, tool: 'wget' })
    const came = await reach(to, io)
    code = 1
    if (came === 'unresolved') err += `wget: bad address '${to.host}'\n`
    else {
      const quiet = options.has('q') || options.has('quiet')
      const resolved = isIP(to.host) === 0 ? givenOf(to, io)?.address || '127.0.0.1' : to.host
      err += quiet ? '' : `Connecting to ${to.host}:${to.port} (${resolved}:${to.port})\n`
      if (came !== 'here') err += `wget: can't connect to remote host (${resolved}): ${words[came]}\n`
      else {
        const page = ownPage(to, io)
        const file = options.get('O') ?? (nameOf(to.path) || 'index.html')
        if (page === undefined) err += 'wget: server returned error: HTTP/1.1 404 Not Found\n'
        else {
          code = 0
          if (file === '-') return { out: Buffer.from(page).toString('latin1'), err, code }
          io.fs.write(resolvePath(io.cwd, file), page, true)
          err += quiet
            ? ''
            : `${file.padEnd(20)} 100% |********************************| ${String(page.length).padStart(5)}  0:00:00 ETA\n`
        }
      }
    }
    if (code !== 0) break
  }
  return { err, code }
}

const busyboxTftp: Command = async (args, io) => {
  const { options, rest } = parse(args, 'rlbm', /^$/)
  const [host, port] = rest
  const file = options.get('r') ?? options.get('l')
  if (host === undefined || file === undefined) return { code: 1 }
  io.effects.push({ type: 'fetch', url: `tftp://${host}${port === undefined ? '' : `:${port}`}/${file}`, tool: 'tftp' })
  const brought = io.given.get(payloadUrl(`tftp://${host}${port === undefined ? '' : `:${port}`}/${file}`) ?? '')
  if (brought !== undefined) {
    await io.sleep(300 + brought.bytes.length / 200)
    io.fs.write(resolvePath(io.cwd, options.get('l') ?? nameOf(file)), brought.bytes, true)
    return {}
  }
  if (isIP(host) === 0) {
    await io.sleep(2000)
    return complain(`tftp: bad address '${host}'\n`)
  }
  await io.sleep(400)
  return complain('tftp: sendto: No route to host\n')
}

const ftpget: Command = async (args, io) => {
  const { rest } = parse(args, 'uPp', /^(username|password|port)$/)
  const [host, local, remote = local] = rest
  if (host === undefined || local === undefined) return { code: 1 }
  io.effects.push({ type: 'fetch', url: `ftp://${host}/${remote}`, tool: 'ftpget' })
  const url = `ftp://${host}/${remote}`
  const came = await reach({ url, scheme: 'ftp', host, port: 21, path: '/' }, io)
  const brought = io.given.get(payloadUrl(url) ?? '')
  if (brought !== undefined) {
    io.fs.write(resolvePath(io.cwd, local), brought.bytes, true)
    return {}
  }
  if (came === 'unresolved') return complain(`ftpget: bad address '${host}'\n`)
  return complain(`ftpget: can't connect to remote host (${host}): ${came === 'here' ? words.refused : words[came]}\n`)
}

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

export const fetchers: Readonly<Record<string, Command>> = {
  wget,
  curl,
  tftp,
  ping,
  nc: connection('nc', 0, (host, at, came) =>
    complain(
      came === 'unresolved'
        ? `${host}: forward host lookup failed: Host name lookup failure : Resource temporarily unavailable\n`
        : `(UNKNOWN) [${host}] ${at} (?) : ${words[came]}\n`,
    ),
  ),
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

/** The same of busybox. */
export const busyboxFetchers: Readonly<Record<string, Command>> = { wget: busyboxWget, tftp: busyboxTftp, ftpget }
