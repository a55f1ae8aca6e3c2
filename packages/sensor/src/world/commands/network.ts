import { complain, say, silent, type Command } from './command.ts'
import { trafficAt } from '../proc.ts'

// What tells about the network. All numbers come from the same facts.

const mask = (bits: number): string =>
  [24, 16, 8, 0].map((shift) => (((0xffff_ffff << (32 - bits)) >>> 0) >>> shift) & 255).join('.')

const bytesOf = (n: number): string => {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let [value, unit] = [n, 0]
  while (value >= 1024 && unit < 4) {
    value /= 1024
    unit++
  }
  return `${n} (${value.toFixed(1)} ${units[unit]})`
}
/** The link-local address that a card makes of its number (RFC 4291, appendix A). */
const linkLocal = (mac: string): string => {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = mac.split(':').map((part) => Number.parseInt(part, 16))
  const word = (high: number, low: number) => ((high << 8) | low).toString(16)
  return `fe80::${word(a ^ 2, b)}:${word(c, 0xff)}:${word(0xfe, d)}:${word(e, f)}`
}

const ifconfig: Command = (args, { machine }) => {
  const { network } = machine
  const { rx, tx, packets } = trafficAt(machine, Date.now())
  const card =
    `${network.device}: flags=4163<UP,BROADCAST,RUNNING,MULTICAST>  mtu 1500\n        inet ${network.ip}  netmask ${mask(network.bits)}  broadcast ${network.ip.replace(/\d+$/, '255')}\n` +
    `        inet6 ${linkLocal(network.mac)}  prefixlen 64  scopeid 0x20<link>\n` +
    `        ether ${network.mac}  txqueuelen 1000  (Ethernet)\n        RX packets ${packets[0]}  bytes ${bytesOf(rx)}\n        RX errors 0  dropped 12  overruns 0  frame 0\n` +
    `        TX packets ${packets[1]}  bytes ${bytesOf(tx)}\n        TX errors 0  dropped 0 overruns 0  carrier 0  collisions 0\n\n`
  const loop =
    'lo: flags=73<UP,LOOPBACK,RUNNING>  mtu 65536\n        inet 127.0.0.1  netmask 255.0.0.0\n        inet6 ::1  prefixlen 128  scopeid 0x10<host>\n        loop  txqueuelen 1000  (Local Loopback)\n' +
    `        RX packets 612  bytes ${bytesOf(81_240)}\n        RX errors 0  dropped 0  overruns 0  frame 0\n        TX packets 612  bytes ${bytesOf(81_240)}\n        TX errors 0  dropped 0 overruns 0  carrier 0  collisions 0\n\n`
  const name = args.find((arg) => !arg.startsWith('-'))
  if (name === undefined) return say(card + loop)
  if (name === network.device) return args.length > 1 && !args.includes('-a') ? {} : say(card)
  if (name === 'lo') return say(loop)
  return complain(`${name}: error fetching interface information: Device not found\n`)
}

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

const ownPort = 22
const peerPort = (since: number): number => 32_768 + (Math.floor(since / 7) % 28_000)

const netstat: Command = (args, { machine: { network, listening }, source, since, user }) => {
  const flags = new Set(args.filter((arg) => arg.startsWith('-')).flatMap((arg) => [...arg.slice(1)]))
  if (flags.has('r'))
    return say(
      `Kernel IP routing table\nDestination     Gateway         Genmask         Flags   MSS Window  irtt Iface\n0.0.0.0         ${network.gateway.padEnd(15)} 0.0.0.0         UG        0 0          0 ${network.device}\n${network.ip.replace(/\d+$/, '0').padEnd(15)} 0.0.0.0         ${mask(network.bits).padEnd(15)} U         0 0          0 ${network.device}\n`,
    )
  const only = flags.has('l')
  const all = flags.has('a')
  const named = flags.has('t') || flags.has('u')
  const [tcp, udp] = [!named || flags.has('t'), !named || flags.has('u')]
  const process = (pid: number, name: string) =>
    flags.has('p') ? (user.uid === 0 ? `${pid}/${name}`.padEnd(20) : '-'.padEnd(20)) : ''
  const row = (kind: string, queue: string, local: string, peer: string, state: string, tail: string) =>
    `${kind.padEnd(5)} ${queue} ${local.padEnd(23)} ${peer.padEnd(23)} ${state.padEnd(11)} ${tail}\n`
  const what = only ? '(only servers)' : all ? '(servers and established)' : '(w/o servers)'
  const listed = (kind: 'tcp' | 'udp') =>
    listening
      .filter(([one]) => one === kind)
      .map(([, port, pid, name]) =>
        row(kind, '     0      0', `0.0.0.0:${port}`, '0.0.0.0:*', kind === 'tcp' ? 'LISTEN' : '', process(pid, name)),
      )
      .join('')
  return say(
    `Active Internet connections ${what}\nProto Recv-Q Send-Q Local Address           Foreign Address         State      ${flags.has('p') ? ' PID/Program name    ' : ''}\n` +
      (tcp && (only || all) ? listed('tcp') : '') +
      (tcp && !only
        ? row(
            'tcp',
            '     0     36',
            `${network.ip}:${ownPort}`,
            `${source}:${peerPort(since)}`,
            'ESTABLISHED',
            process(2000 + (Math.floor(since / 1000) % 28_000), `sshd: ${user.name}`),
          )
        : '') +
      (udp && (only || all) ? listed('udp') : ''),
  )
}

const ss: Command = (args, { machine: { network, listening }, source, since }) => {
  const flags = new Set(args.filter((arg) => arg.startsWith('-')).flatMap((arg) => [...arg.slice(1)]))
  if (flags.has('s'))
    return say(
      'Total: 121\nTCP:   6 (estab 1, closed 0, orphaned 0, timewait 0)\n\nTransport Total     IP        IPv6\nRAW\t  0         0         0        \nUDP\t  0         0         0        \nTCP\t  6         5         1        \nINET\t  6         5         1        \nFRAG\t  0         0         0        \n\n',
    )
  const kind = flags.has('t') !== flags.has('u') ? '' : 'Netid '
  const prefix = kind === '' ? '' : 'tcp   '
  const rows = [
    ...(flags.has('l') || flags.has('a')
      ? listening
          .filter(([one]) => one === 'tcp' && (flags.has('t') || !flags.has('u')))
          .map(
            ([, port, pid, name]) =>
              `${prefix}LISTEN 0      128          0.0.0.0:${String(port).padEnd(5)}      0.0.0.0:*     ${flags.has('p') ? `users:(("${name.split(':')[0]}",pid=${pid},fd=3))` : ''}`,
          )
      : []),
    ...(flags.has('l') || (flags.has('u') && !flags.has('t'))
      ? []
      : [`${prefix}ESTAB  0      36       ${`${network.ip}:22`.padStart(15)}      ${source}:${peerPort(since)}`]),
  ]
  return say(
    `${kind}State  Recv-Q Send-Q Local Address:Port  Peer Address:PortProcess\n${rows.map((row) => `${row.trimEnd()}${' '.repeat(flags.has('p') ? 0 : 1)}\n`).join('')}`,
  )
}

const rules: Command = (args, { user }) => {
  if (user.uid !== 0)
    return complain(
      'iptables v1.8.7 (nf_tables): Could not fetch rule set generation id: Permission denied (you must be root)\n',
      4,
    )
  if (args.length === 0)
    return complain(
      "iptables v1.8.7 (nf_tables): no command specified\nTry `iptables -h' or 'iptables --help' for more information.\n",
      2,
    )
  if (args.some((arg) => /^(-L|--list|-\w*L\w*)$/.test(arg)))
    return say(
      ['INPUT', 'FORWARD', 'OUTPUT']
        .map(
          (chain) => `Chain ${chain} (policy ACCEPT)\ntarget     prot opt source               destination         \n`,
        )
        .join('\n'),
    )
  if (args.includes('-S')) return say('-P INPUT ACCEPT\n-P FORWARD ACCEPT\n-P OUTPUT ACCEPT\n')
  return {}
}

export const network: Readonly<Record<string, Command>> = {
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
  iptables: rules,
  ip6tables: rules,
  nft: silent,
}
