import type { Machine } from '../../personas/machine.ts'
import { cardsOf, countsOf, gatewayMac, mask, rangeOf, type Card } from './cards.ts'
import { complain, say, type Command } from './command.ts'

// ifconfig, route and arp of net-tools.

const bytesOf = (n: number): string => {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let [value, unit] = [n, 0]
  while (value >= 1024 && unit < 4) {
    value /= 1024
    unit++
  }
  return `${n} (${value.toFixed(1)} ${units[unit]})`
}

/** One card as ifconfig writes it. */
function described(card: Card, machine: Machine): string {
  const { network } = machine
  const loop = card.kind === 'loopback'
  const [flags, words] = loop
    ? [73, 'UP,LOOPBACK,RUNNING']
    : card.up
      ? [4163, 'UP,BROADCAST,RUNNING,MULTICAST']
      : [4098, 'BROADCAST,MULTICAST']
  const { rx, tx, in: came, out: went, dropped } = countsOf(card, machine)
  const [inet, inet6] = (['inet', 'inet6'] as const).map((family) =>
    card.addresses.find(([one]) => one === family)?.[1].split('/'),
  )
  return (
    `${card.name}: flags=${flags}<${words}>  mtu ${card.mtu}\n` +
    (inet === undefined
      ? ''
      : `        inet ${inet[0]}  netmask ${mask(Number(inet[1]))}${loop ? '' : `  broadcast ${rangeOf(network).last}`}\n`) +
    (inet6 === undefined
      ? ''
      : `        inet6 ${inet6[0]}  prefixlen ${inet6[1]}  scopeid ${loop ? '0x10<host>' : '0x20<link>'}\n`) +
    (loop
      ? '        loop  txqueuelen 1000  (Local Loopback)\n'
      : `        ether ${card.mac}  txqueuelen 1000  (Ethernet)\n`) +
    `        RX packets ${came}  bytes ${bytesOf(rx)}\n        RX errors 0  dropped ${dropped}  overruns 0  frame 0\n` +
    `        TX packets ${went}  bytes ${bytesOf(tx)}\n        TX errors 0  dropped 0 overruns 0  carrier 0  collisions 0\n\n`
  )
}

/** The table of netstat -i and ifconfig -s. */
export const interfaceTable = (machine: Machine): string =>
  `Iface      MTU    RX-OK RX-ERR RX-DRP RX-OVR    TX-OK TX-ERR TX-DRP TX-OVR Flg\n${[...cardsOf(machine)]
    .filter(({ up }) => up)
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map((card) => {
      const { in: came, out: went, dropped } = countsOf(card, machine)
      const pad = (n: number, width: number): string => String(n).padStart(width)
      return `${card.name.padEnd(8)} ${pad(card.mtu, 5)} ${pad(came, 8)} ${pad(0, 6)} ${pad(dropped, 6)} 0      ${pad(went, 8)} ${pad(0, 6)} ${pad(0, 6)} ${pad(0, 6)} ${card.kind === 'loopback' ? 'LRU' : 'BMRU'}\n`
    })
    .join('')}`

const ifconfig: Command = (args, { machine, user }) => {
  const cards = cardsOf(machine)
  const flags = args.filter((arg) => arg.startsWith('-'))
  const bad = flags.find((arg) => !/^-(?:a|s|v|-all|-help|-version|[a-z]*)$/.test(arg))
  if (bad !== undefined)
    return complain(`ifconfig: option \`${bad}' not recognised.\nifconfig: \`--help' gives usage information.\n`)
  if (flags.includes('-s')) return say(interfaceTable(machine))
  const [name, ...settings] = args.filter((arg) => !arg.startsWith('-'))
  // Those that are up, the machine's own first by name.
  if (name === undefined)
    return say(
      [...cards]
        .filter(({ up }) => up || flags.includes('-a'))
        .sort((a, b) => (a.name < b.name ? -1 : 1))
        .map((card) => described(card, machine))
        .join(''),
    )
  const card = cards.find((one) => one.name === name)
  if (card === undefined)
    return settings.length === 0
      ? complain(`${name}: error fetching interface information: Device not found\n`)
      : complain(`SIOCSIFADDR: No such device\n${name}: ERROR while getting interface flags: No such device\n`, 255)
  if (settings.length > 0) return user.uid === 0 ? {} : complain(`SIOCSIFFLAGS: Operation not permitted\n`, 255)
  return say(described(card, machine))
}

const routeTable: Command = (args, { machine: { network }, user }) => {
  if (/^(?:add|del)$/.test(args.find((arg) => !arg.startsWith('-')) ?? ''))
    return user.uid === 0 ? {} : complain('SIOCADDRT: Operation not permitted\n', 7)
  const plain = args.some((arg) => /^-\w*n/.test(arg))
  const { first } = rangeOf(network)
  const row = (to: string, via: string, netmask: string, flags: string): string =>
    `${to.padEnd(15)} ${via.padEnd(15)} ${netmask.padEnd(15)} ${flags.padEnd(5)} 0      0        0 ${network.device}\n`
  return say(
    `Kernel IP routing table\nDestination     Gateway         Genmask         Flags Metric Ref    Use Iface\n${row(plain ? '0.0.0.0' : 'default', plain ? network.gateway : '_gateway', '0.0.0.0', 'UG')}${row(first, plain ? '0.0.0.0' : '0.0.0.0', mask(network.bits), 'U')}`,
  )
}

const arp: Command = (args, { machine: { network } }) => {
  if (args.some((arg) => /^-\w*a/.test(arg)))
    return say(
      `${args.some((arg) => /^-\w*n/.test(arg)) ? '?' : '_gateway'} (${network.gateway}) at ${gatewayMac} [ether] on ${network.device}\n`,
    )
  const name = args.some((arg) => /^-\w*n/.test(arg)) ? network.gateway : '_gateway'
  return say(
    `Address                  HWtype  HWaddress           Flags Mask            Iface\n${name.padEnd(24)} ether   ${gatewayMac}   C                     ${network.device}\n`,
  )
}

/** The rows of netstat -r. */
export const routingTable = ({ network }: Machine): string => {
  const row = (to: string, via: string, netmask: string, flags: string): string =>
    `${to.padEnd(15)} ${via.padEnd(15)} ${netmask.padEnd(15)} ${flags.padEnd(9)} 0 0          0 ${network.device}\n`
  return `Kernel IP routing table\nDestination     Gateway         Genmask         Flags   MSS Window  irtt Iface\n${row('0.0.0.0', network.gateway, '0.0.0.0', 'UG')}${row(rangeOf(network).first, '0.0.0.0', mask(network.bits), 'U')}`
}

export const nettools: Readonly<Record<string, Command>> = { ifconfig, route: routeTable, arp }
