import type { Machine } from '../../personas/machine.ts'
import { trafficAt } from '../proc.ts'

// Network cards and networks as the kernel has them: what iproute2 and net-tools tell, from the same facts.

export const mask = (bits: number): string =>
  [24, 16, 8, 0].map((shift) => (((0xffff_ffff << (32 - bits)) >>> 0) >>> shift) & 255).join('.')
export const numberOf = (ip: string): number => ip.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
const addressOf = (n: number): string => [24, 16, 8, 0].map((shift) => (n >>> shift) & 255).join('.')
/** The first and the last address of the network that an address is in. */
export const rangeOf = ({ ip, bits }: Machine['network']): { first: string; last: string } => {
  const host = 2 ** (32 - bits)
  const first = numberOf(ip) - (numberOf(ip) % host)
  return { first: addressOf(first), last: addressOf(first + host - 1) }
}

/** The link-local address that a card makes of its number (RFC 4291, appendix A). */
const linkLocal = (mac: string): string => {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = mac.split(':').map((part) => Number.parseInt(part, 16))
  const word = (high: number, low: number) => ((high << 8) | low).toString(16)
  return `fe80::${word(a ^ 2, b)}:${word(c, 0xff)}:${word(0xfe, d)}:${word(e, f)}`
}

/** A network card as the kernel has it. */
export interface Card {
  readonly index: number
  readonly name: string
  readonly kind: 'loopback' | 'ether'
  readonly mac: string
  readonly up: boolean
  readonly mtu: number
  readonly qdisc: string
  readonly master?: string | undefined
  /** Addresses with their words: family, address with length, what else. */
  readonly addresses: readonly (readonly [family: 'inet' | 'inet6', address: string, rest: string])[]
}

/** The cards of a machine, in the kernel's order. */
export function cardsOf({ network }: Machine): readonly Card[] {
  const { last } = rangeOf(network)
  const others = network.others ?? []
  const own: Omit<Card, 'index'> = {
    name: network.device,
    kind: 'ether',
    mac: network.mac,
    up: true,
    mtu: 1500,
    qdisc: others.some(({ master }) => master === network.device) ? 'noqueue' : 'pfifo_fast',
    addresses: [
      ['inet', `${network.ip}/${network.bits}`, `brd ${last} scope global ${network.device}`],
      ['inet6', `${linkLocal(network.mac)}/64`, 'scope link '],
    ],
  }
  const more = others.map(({ name, mac, up, master }): Omit<Card, 'index'> => ({
    name,
    kind: 'ether',
    mac,
    up,
    mtu: 1500,
    qdisc: up ? 'pfifo_fast' : 'noop',
    master,
    addresses: [],
  }))
  const loop: Omit<Card, 'index'> = {
    name: 'lo',
    kind: 'loopback',
    mac: '00:00:00:00:00:00',
    up: true,
    mtu: 65_536,
    qdisc: 'noqueue',
    addresses: [
      ['inet', '127.0.0.1/8', 'scope host lo'],
      ['inet6', '::1/128', 'scope host '],
    ],
  }
  // A bridge is made after the cards that are in it.
  const bridge = more.some(({ master }) => master === network.device)
  const ports = more.filter(({ master }) => bridge && master === network.device && !/^tap/.test(master ?? ''))
  const rest = more.filter((one) => !ports.includes(one))
  return [loop, ...(bridge ? [...ports, own] : [own]), ...rest].map((card, i) => ({ ...card, index: i + 1 }))
}

export const flagsOf = ({ kind, up }: Card): string =>
  kind === 'loopback' ? 'LOOPBACK,UP,LOWER_UP' : up ? 'BROADCAST,MULTICAST,UP,LOWER_UP' : 'BROADCAST,MULTICAST'
export const stateOf = ({ kind, up }: Card): string => (kind === 'loopback' ? 'UNKNOWN' : up ? 'UP' : 'DOWN')
export const allOnes = ({ kind }: Card): string => (kind === 'loopback' ? '00:00:00:00:00:00' : 'ff:ff:ff:ff:ff:ff')

/** Bytes and packets of a card, in and out. */
export function countsOf(
  card: Card,
  machine: Machine,
): { rx: number; tx: number; in: number; out: number; dropped: number } {
  if (card.kind === 'loopback') return { rx: 81_240, tx: 81_240, in: 612, out: 612, dropped: 0 }
  if (!card.up) return { rx: 0, tx: 0, in: 0, out: 0, dropped: 0 }
  const { rx, tx, packets } = trafficAt(machine, Date.now())
  return { rx, tx, in: packets[0] ?? 0, out: packets[1] ?? 0, dropped: 12 }
}

/** The gateway's card, as those who talk to it know it. */
export const gatewayMac = '52:54:00:12:35:02'
