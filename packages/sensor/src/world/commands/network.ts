import { elf } from '../image.ts'
import { nameOf, resolvePath } from '../node.ts'
import { complain, human, letters, say, silent, type Command, type Io } from './command.ts'

// Programs that would use the network. None of them does: what was to be fetched is recorded, and the machine behaves
// as if it had come, so that the attacker goes on.

/** What a fetched file looks like on this machine: made up, and marked as such. */
function body(url: string, { machine }: Io): Uint8Array {
  const name = nameOf(url.split(/[?#]/)[0] ?? '')
  if (/\.(x86_64|x86|arm\d?|mips|mpsl|elf|bin)$|^[^.]{1,12}$/.test(name) && !/sh$/.test(name))
    return elf(machine.kernel.arch, 61_440, url.length)
  return Buffer.from('#!/bin/sh\n')
}

const withScheme = (url: string): string => (/^[a-z]+:\/\//i.test(url) ? url : `http://${url}`)
const hostOf = (url: string): string => /^[a-z]+:\/\/([^/?#]+)/i.exec(url)?.[1] ?? url
const stamp = (): string => new Date().toISOString().slice(0, 19).replace('T', ' ')

/** Reads options; those in `valued` take the next argument. */
function parse(args: readonly string[], valued: string): { options: Map<string, string>; rest: string[] } {
  const options = new Map<string, string>()
  const rest: string[] = []
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? ''
    if (arg === '-' || !arg.startsWith('-')) rest.push(arg)
    else if (arg.startsWith('--')) {
      const [name = '', value] = arg.slice(2).split('=', 2)
      const takes =
        /^(output|output-document|header|data|user|user-agent|max-time|connect-timeout|request|proxy|tries|timeout|retry)$/.test(
          name,
        )
      options.set(name, value ?? (takes ? (args[++i] ?? '') : ''))
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

const wget: Command = async (args, io) => {
  const { options, rest } = parse(args, 'OoTtUPeBiYS')
  if (options.has('V') || options.has('version')) return say('GNU Wget 1.21 built on linux-gnu.\n')
  if (rest.length === 0)
    return complain("wget: missing URL\nUsage: wget [OPTION]... [URL]...\n\nTry `wget --help' for more options.\n")
  let [out, err] = ['', '']
  for (const raw of rest.slice(0, 8)) {
    const url = withScheme(raw)
    io.effects.push({ type: 'fetch', url, tool: 'wget' })
    const bytes = body(url, io)
    const to =
      options.get('O') ??
      options.get('output-document') ??
      (nameOf(url.replace(/^[a-z]+:\/\/[^/]*/i, '').split('?')[0] ?? '') || 'index.html')
    if (to === '-') out += Buffer.from(bytes).toString('latin1')
    else {
      const path = resolvePath(io.cwd, options.has('P') ? `${options.get('P')}/${to}` : to)
      try {
        io.fs.write(path, bytes, true)
      } catch {
        err += `${to}: Permission denied\n\nCannot write to ‘${to}’ (Success).\n`
        continue
      }
    }
    if (options.has('q') || options.has('quiet')) continue
    await io.sleep(180)
    const host = hostOf(url)
    err +=
      `--${stamp()}--  ${url}\nConnecting to ${host.includes(':') ? host : `${host}:80`}... connected.\nHTTP request sent, awaiting response... 200 OK\n` +
      `Length: ${bytes.length} (${human(bytes.length)}) [application/octet-stream]\nSaving to: ‘${to === '-' ? 'STDOUT' : to}’\n\n` +
      `     0K${' '.repeat(54)}100%  3.2M=0s\n\n${stamp()} (3.20 MB/s) - ‘${to}’ saved [${bytes.length}/${bytes.length}]\n\n`
  }
  return { out, err }
}

const curl: Command = async (args, io) => {
  const { options, rest } = parse(args, 'oHdXAumwxTbceFY')
  if (options.has('V') || options.has('version'))
    return say(
      'curl 7.74.0 (x86_64-pc-linux-gnu) libcurl/7.74.0 OpenSSL/1.1.1w zlib/1.2.11\nRelease-Date: 2020-12-09\n',
    )
  if (rest.length === 0) return complain("curl: try 'curl --help' or 'curl --manual' for more information\n", 2)
  let [out, err] = ['', '']
  for (const raw of rest.slice(0, 8)) {
    const url = withScheme(raw)
    io.effects.push({ type: 'fetch', url, tool: 'curl' })
    await io.sleep(150)
    const asks = /(ifconfig\.me|ipinfo\.io|icanhazip|api\.ipify|ip\.sb|checkip|ident\.me)/.test(url)
    const bytes = asks
      ? Buffer.from(/\/org/.test(url) ? 'AS64496 Example Net\n' : `${io.machine.network.ip}\n`)
      : body(url, io)
    const to =
      options.get('o') ??
      options.get('output') ??
      (options.has('O') ? nameOf(url.split('?')[0] ?? '') || 'index.html' : undefined)
    if (to === undefined || to === '-') out += Buffer.from(bytes).toString('latin1')
    else {
      try {
        io.fs.write(resolvePath(io.cwd, to), bytes, true)
      } catch {
        return complain(`curl: (23) Failed writing body (0 != ${bytes.length})\n`, 23)
      }
    }
    if (to !== undefined && !options.has('s') && !options.has('silent')) {
      const size = String(bytes.length).padStart(5)
      err += `  % Total    % Received % Xferd  Average Speed   Time    Time     Time  Current\n                                 Dload  Upload   Total   Spent    Left  Speed\n100 ${size}  100 ${size}    0     0   ${size}      0 --:--:-- --:--:-- --:--:-- ${size}\n`
    }
  }
  return { out, err }
}

const tftp: Command = async (args, io) => {
  const { options, rest } = parse(args, 'rlbm')
  const at = args.indexOf('-c')
  const host = rest.find((word) => /[.:]/.test(word) && !word.startsWith('-')) ?? rest[0]
  if (host === undefined) return complain('usage: tftp host-name [port] [-m mode] [-c command]\n')
  const file = options.get('r') ?? (at >= 0 ? args[at + 2] : undefined)
  if (file !== undefined) {
    io.effects.push({ type: 'fetch', url: `tftp://${host}/${file}`, tool: 'tftp' })
    await io.sleep(120)
    io.fs.write(resolvePath(io.cwd, options.get('l') ?? nameOf(file)), body(file, io), true)
  }
  return {}
}

const ftpget: Command = async (args, io) => {
  const { rest } = parse(args, 'uPp')
  const [host, local, remote = local] = rest
  if (host === undefined || local === undefined)
    return complain('Usage: ftpget [OPTIONS] HOST [LOCAL_FILE] REMOTE_FILE\n')
  io.effects.push({ type: 'fetch', url: `ftp://${host}/${remote}`, tool: 'ftpget' })
  await io.sleep(120)
  io.fs.write(resolvePath(io.cwd, local), body(remote ?? local, io), true)
  return {}
}

const ping: Command = async (args, io) => {
  const { rest, options } = parse(args, 'cWwisI')
  const host = rest[0]
  if (host === undefined) return complain('ping: usage error: Destination address required\n', 2)
  const count = Math.max(1, Math.min(4, Number(options.get('c') ?? 4) || 4))
  let out = `PING ${host} (${host}) 56(84) bytes of data.\n`
  for (let i = 1; i <= count; i++) {
    await io.sleep(i === 1 ? 30 : 1000)
    out += `64 bytes from ${host}: icmp_seq=${i} ttl=52 time=${(31 + ((host.length * 7 + i * 3) % 20)).toFixed(1)} ms\n`
  }
  return say(
    `${out}\n--- ${host} ping statistics ---\n${count} packets transmitted, ${count} received, 0% packet loss, time ${count * 1001 - 1001}ms\n`,
  )
}

const mask = (bits: number): string =>
  [24, 16, 8, 0].map((shift) => (((0xffff_ffff << (32 - bits)) >>> 0) >>> shift) & 255).join('.')

const ifconfig: Command = (_, { machine: { network } }) =>
  say(
    `${network.device}: flags=4163<UP,BROADCAST,RUNNING,MULTICAST>  mtu 1500\n        inet ${network.ip}  netmask ${mask(network.bits)}  broadcast ${network.ip.replace(/\d+$/, '255')}\n` +
      `        ether ${network.mac}  txqueuelen 1000  (Ethernet)\n        RX packets 4812077  bytes 2914886116 (2.7 GiB)\n        RX errors 0  dropped 12  overruns 0  frame 0\n` +
      `        TX packets 3920118  bytes 511840322 (488.1 MiB)\n        TX errors 0  dropped 0 overruns 0  carrier 0  collisions 0\n\n` +
      'lo: flags=73<UP,LOOPBACK,RUNNING>  mtu 65536\n        inet 127.0.0.1  netmask 255.0.0.0\n        inet6 ::1  prefixlen 128  scopeid 0x10<host>\n        loop  txqueuelen 1000  (Local Loopback)\n',
  )

const ip: Command = (args, { machine: { network } }) => {
  const what = args.find((arg) => !arg.startsWith('-')) ?? ''
  if ('route'.startsWith(what) && what !== '')
    return say(
      `default via ${network.gateway} dev ${network.device} \n${network.ip.replace(/\d+$/, '0')}/${network.bits} dev ${network.device} proto kernel scope link src ${network.ip} \n`,
    )
  if (('address'.startsWith(what) || 'addr' === what || 'link'.startsWith(what)) && what !== '') {
    return say(
      `1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN group default qlen 1000\n    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00\n    inet 127.0.0.1/8 scope host lo\n       valid_lft forever preferred_lft forever\n` +
        `2: ${network.device}: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc pfifo_fast state UP group default qlen 1000\n    link/ether ${network.mac} brd ff:ff:ff:ff:ff:ff\n    inet ${network.ip}/${network.bits} brd ${network.ip.replace(/\d+$/, '255')} scope global ${network.device}\n       valid_lft forever preferred_lft forever\n`,
    )
  }
  return complain('Usage: ip [ OPTIONS ] OBJECT { COMMAND | help }\n', 255)
}

const listening = ['22', '23', '80', '6379']
const netstat: Command = (_, { machine: { network }, source }) =>
  say(
    `Active Internet connections (servers and established)\nProto Recv-Q Send-Q Local Address           Foreign Address         State\n` +
      listening
        .map((port) => `tcp        0      0 ${`0.0.0.0:${port}`.padEnd(23)} ${'0.0.0.0:*'.padEnd(23)} LISTEN\n`)
        .join('') +
      `tcp        0     36 ${`${network.ip}:22`.padEnd(23)} ${`${source}:51122`.padEnd(23)} ESTABLISHED\n`,
  )
const ss: Command = (_, { machine: { network }, source }) =>
  say(
    `State   Recv-Q  Send-Q     Local Address:Port      Peer Address:Port  Process\n` +
      listening.map((port) => `LISTEN  0       128              0.0.0.0:${port.padEnd(9)}       0.0.0.0:*\n`).join('') +
      `ESTAB   0       36      ${`${network.ip}:22`.padStart(18)}       ${`${source}:51122`.padStart(18)}\n`,
  )

export const network: Readonly<Record<string, Command>> = {
  wget,
  curl,
  tftp,
  ftpget,
  ping,
  ifconfig,
  ip,
  netstat,
  ss,
  route: (_, { machine: { network: n } }) =>
    say(
      `Kernel IP routing table\nDestination     Gateway         Genmask         Flags Metric Ref    Use Iface\ndefault         ${n.gateway.padEnd(15)} 0.0.0.0         UG    0      0        0 ${n.device}\n`,
    ),
  arp: (_, { machine: { network: n } }) =>
    say(
      `Address                  HWtype  HWaddress           Flags Mask            Iface\n_gateway                 ether   52:54:00:12:35:02   C                     ${n.device}\n`,
    ),
  nc: async (_, io) => (await io.sleep(1000), { code: 1 }),
  ssh: async (args, io) => (
    await io.sleep(1500),
    complain(
      `ssh: connect to host ${letters(args).rest[0]?.split('@').at(-1) ?? ''} port 22: Connection timed out\n`,
      255,
    )
  ),
  telnet: async (args, io) => (
    await io.sleep(1500),
    complain(`Trying ${args[0] ?? ''}...\ntelnet: Unable to connect to remote host: Connection timed out\n`)
  ),
  iptables: silent,
  ip6tables: silent,
  nft: silent,
}
