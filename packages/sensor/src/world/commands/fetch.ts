import { isIP } from 'node:net'
import { payloadUrl } from '@skep/vocabulary'
import { nameOf, resolvePath } from '../node.ts'
import { before } from '../version.ts'
import { complain, human, say, type Command } from './command.ts'
import { givenOf, ownPage, parse, reach, target, words } from './reach.ts'

// Programs that bring files from elsewhere.

const stamp = (): string => new Date().toISOString().slice(0, 19).replace('T', ' ')
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
  const last = args.at(-1) ?? ''
  if (/^-[a-zA-Z]*[oHdXAumwxTbceFYEyzCrtKQ]$/.test(last) && !args.slice(0, -1).some((arg) => /^https?:/.test(arg)))
    return complain(
      `curl: option ${last}: requires parameter\ncurl: try 'curl --help' or 'curl --manual' for more information\n`,
      2,
    )
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
    if ((options.has('O') || options.has('remote-name')) && nameOf(to.path.split('?')[0] ?? '') === '') {
      if (tells)
        err += 'curl: Remote file name has no length!\ncurl: (23) Failed writing received data to disk/application\n'
      code = 23
      continue
    }
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
    // The host is named as it was typed, with its port where one was.
    const typed = /^(?:\w+:\/\/)?(?:[^@/?#]*@)?([^/?#]+)/.exec(raw)?.[1] ?? to.host
    if (came === 'unresolved') err += `wget: bad address '${typed}'\n`
    else {
      const quiet = options.has('q') || options.has('quiet')
      const resolved = isIP(to.host) === 0 ? givenOf(to, io)?.address || '127.0.0.1' : to.host
      err += quiet ? '' : `Connecting to ${typed} (${resolved}:${to.port})\n`
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
  const odd = args.map((arg) => /^-[glprb]*([^glprb-])/.exec(arg)?.[1]).find((letter) => letter !== undefined)
  if (odd !== undefined) {
    // What it was for is evidence all the same.
    const host = args.find((arg) => isIP(arg) !== 0) ?? args.find((arg) => /^[\w-]+(?:\.[\w-]+)+$/.test(arg))
    const file = args[args.indexOf('get') + 1]
    if (host !== undefined && args.includes('get') && file !== undefined)
      io.effects.push({ type: 'fetch', url: `tftp://${host}/${file}`, tool: 'tftp' })
    return complain(`tftp: invalid option -- '${odd}'\n`)
  }
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
  // The file is made before the first packet goes out, and stays.
  if (options.has('g'))
    try {
      io.fs.write(resolvePath(io.cwd, options.get('l') ?? nameOf(file)), Buffer.alloc(0), true)
    } catch (error) {
      return complain(`tftp: can't open '${options.get('l') ?? nameOf(file)}': ${reason(error)}\n`)
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
  const about = args.some((arg) => /^-[a-zA-Z]*v/.test(arg)) ? `Connecting to ${host} (${host}:21)\n` : ''
  return {
    out: about,
    err: `ftpget: can't connect to remote host (${host}): ${came === 'here' ? words.refused : words[came]}\n`,
    code: 1,
  }
}

export const fetchers: Readonly<Record<string, Command>> = { wget, curl, tftp }

/** The same of busybox. */
export const busyboxFetchers: Readonly<Record<string, Command>> = { wget: busyboxWget, tftp: busyboxTftp, ftpget }
