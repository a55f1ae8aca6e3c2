import { sayingsOf } from '../../personas/facts.ts'
import { allOnes, cardsOf, countsOf, flagsOf, gatewayMac, numberOf, rangeOf, stateOf, type Card } from './cards.ts'
import { complain, say, type Command, type Io } from './command.ts'

// ip of iproute2.

/** ip address, ip link. */
function show(what: 'address' | 'link', flags: IpFlags, rest: readonly string[], { machine }: Io) {
  const words =
    rest[0] !== undefined && 'show'.startsWith(rest[0])
      ? rest.slice(1)
      : rest[0] === 'list' || rest[0] === 'ls'
        ? rest.slice(1)
        : rest
  const after = (word: string): string | undefined =>
    words.includes(word) ? words[words.indexOf(word) + 1] : undefined
  const named =
    after('dev') ??
    words.find(
      (word, i) =>
        !/^(?:up|dev|scope|master|type|to|label|dynamic|permanent|primary)$/.test(word) &&
        !/^(?:scope|master|type|to|label)$/.test(words[i - 1] ?? ''),
    )
  const cards = cardsOf(machine)
  if (named !== undefined && !cards.some(({ name }) => name === named))
    return complain(`Device "${named}" does not exist.\n`)
  const scope = after('scope')
  const family = flags.family
  const chosen = cards
    .filter(({ name }) => named === undefined || name === named)
    .filter(({ up }) => up || !words.includes('up'))
    .filter(({ master }) => after('master') === undefined || master === after('master'))
  const fitting = ({ addresses }: Card) =>
    addresses.filter(
      ([kind, , more]) =>
        (family === undefined || kind === family) && (scope === undefined || more.includes(`scope ${scope}`)),
    )
  const wanted = chosen.filter(
    (card) => what === 'link' || (family === undefined && scope === undefined) || fitting(card).length > 0,
  )
  if (flags.json)
    return say(
      `${JSON.stringify(
        wanted.map((card) => ({
          ifindex: card.index,
          ifname: card.name,
          flags: flagsOf(card).split(','),
          mtu: card.mtu,
          qdisc: card.qdisc,
          operstate: stateOf(card),
          ...(what === 'link' && { linkmode: 'DEFAULT' }),
          group: 'default',
          txqlen: 1000,
          link_type: card.kind,
          address: card.mac,
          broadcast: allOnes(card),
          ...(what === 'address' && {
            addr_info: fitting(card).map(([kind, address, more]) => ({
              family: kind,
              local: address.split('/')[0],
              prefixlen: Number(address.split('/')[1]),
              ...(/brd (\S+)/.test(more) && { broadcast: /brd (\S+)/.exec(more)?.[1] }),
              scope: /scope (\S+)/.exec(more)?.[1],
              ...(kind === 'inet' && { label: card.name }),
              valid_life_time: 4_294_967_295,
              preferred_life_time: 4_294_967_295,
            })),
          }),
        })),
      )}\n`,
    )
  if (flags.brief)
    return say(
      wanted
        .map((card) =>
          what === 'link'
            ? `${card.name.padEnd(16)} ${stateOf(card).padEnd(14)} ${card.mac} <${flagsOf(card)}> \n`
            : `${card.name.padEnd(16)} ${stateOf(card).padEnd(14)} ${fitting(card)
                .map(([, address]) => `${address} `)
                .join('')}\n`,
        )
        .join(''),
    )
  const lines = wanted.flatMap((card) => {
    const mode = what === 'link' ? ' mode DEFAULT' : ''
    const head =
      family === 'inet6' && what === 'address'
        ? `${card.index}: ${card.name}: <${flagsOf(card)}> mtu ${card.mtu} state ${stateOf(card)} qlen 1000`
        : `${card.index}: ${card.name}: <${flagsOf(card)}> mtu ${card.mtu} qdisc ${card.qdisc}${card.master === undefined ? '' : ` master ${card.master}`} state ${stateOf(card)}${mode} group default qlen 1000`
    const link = `    link/${card.kind} ${card.mac} brd ${allOnes(card)}`
    const counts = countsOf(card, machine)
    const cells = (...values: (number | string)[]): string =>
      `    ${values.map((value, i) => String(value).padEnd([10, 8, 7, 7, 7, 7][i] ?? 8)).join(' ')} `
    const statistics = flags.statistics
      ? [
          '    RX: bytes  packets  errors  dropped missed  mcast   ',
          cells(counts.rx, counts.in, 0, counts.dropped, 0, 0),
          '    TX: bytes  packets  errors  dropped carrier collsns ',
          cells(counts.tx, counts.out, 0, 0, 0, 0),
        ]
      : []
    if (flags.oneline)
      return what === 'link'
        ? [`${head}\\${link}`]
        : fitting(card).map(
            ([kind, address, more]) =>
              `${card.index}: ${card.name}    ${kind} ${address} ${more}\\       valid_lft forever preferred_lft forever`,
          )
    const addresses = fitting(card).flatMap(([kind, address, more]) => [
      `    ${kind} ${address} ${more}`,
      '       valid_lft forever preferred_lft forever',
    ])
    return [
      head,
      ...(what === 'address' && family !== undefined ? [] : [link]),
      ...(what === 'link' ? [] : addresses),
      ...statistics,
    ]
  })
  return say(lines.map((line) => `${line}\n`).join(''))
}

function route(flags: IpFlags, rest: readonly string[], { machine: { network }, user }: Io) {
  const { first } = rangeOf(network)
  const [verb = 'show', to = ''] = rest
  if (verb === 'get' && to !== '') {
    if (!/^[\d.]+$/.test(to)) return complain(`Error: inet prefix is expected rather than "${to}".\n`)
    const near = numberOf(to) >= numberOf(first) && numberOf(to) < numberOf(first) + 2 ** (32 - network.bits)
    return say(
      to.startsWith('127.')
        ? `local ${to} dev lo src 127.0.0.1 uid ${user.uid} \n    cache <local> \n`
        : `${to} ${near ? '' : `via ${network.gateway} `}dev ${network.device} src ${network.ip} uid ${user.uid} \n    cache \n`,
    )
  }
  if (/^(?:add|del|delete|change|replace|append|flush)$/.test(verb))
    return user.uid === 0 ? {} : complain('RTNETLINK answers: Operation not permitted\n', 2)
  if (flags.family === 'inet6') return say(`fe80::/64 dev ${network.device} proto kernel metric 256 pref medium\n`)
  const rows = [
    `default via ${network.gateway} dev ${network.device} ${network.onlink === true ? 'onlink ' : ''}`,
    `${first}/${network.bits} dev ${network.device} proto kernel scope link src ${network.ip} `,
  ]
  const chosen = rest.includes('default') ? rows.slice(0, 1) : rows
  return flags.json
    ? say(
        `[{"dst":"default","gateway":"${network.gateway}","dev":"${network.device}","flags":[]},{"dst":"${first}/${network.bits}","dev":"${network.device}","protocol":"kernel","scope":"link","prefsrc":"${network.ip}","flags":[]}]\n`,
      )
    : say(chosen.map((row) => `${row}\n`).join(''))
}

interface IpFlags {
  readonly family?: 'inet' | 'inet6' | undefined
  readonly brief: boolean
  readonly oneline: boolean
  readonly statistics: boolean
  readonly json: boolean
}

const objects = [
  'address',
  'addrlabel',
  'fou',
  'ila',
  'l2tp',
  'link',
  'macsec',
  'maddress',
  'monitor',
  'mptcp',
  'mroute',
  'mrule',
  'neighbor',
  'neighbour',
  'netconf',
  'netns',
  'nexthop',
  'ntable',
  'route',
  'rule',
  'sr',
  'tap',
  'tcp_metrics',
  'token',
  'tunnel',
  'tuntap',
  'vrf',
  'xfrm',
  'help',
] as const

export const ip: Command = (args, io) => {
  const { machine, user } = io
  const usage = sayingsOf(machine.system).programs['ip --help']
  let at = 0
  const set = new Set<string>()
  let family: IpFlags['family']
  while (args[at]?.startsWith('-') === true) {
    const option = (args[at] ?? '').replace(/^--?/, '')
    if (option === 'f' || option === 'family') family = args[++at] === 'inet6' ? 'inet6' : 'inet'
    else if (option === '4') family = 'inet'
    else if (option === '6') family = 'inet6'
    else if (
      /^c(?:o|ol|olor)?(?:=\w+)?$/.test(option) ||
      option === 'n' ||
      option === 'r' ||
      option === 'h' ||
      option === 'a' ||
      option === 'N'
    )
      set.add(option)
    else {
      const word = [
        'brief',
        'oneline',
        'statistics',
        'stats',
        'json',
        'details',
        'Version',
        'pretty',
        'timestamp',
        'loops',
        'iec',
        'human-readable',
        'resolve',
        'all',
      ].find((one) => one.startsWith(option) && (one !== 'brief' || option.length > 1))
      if (word === undefined && option !== 's' && option !== 'o')
        return complain(`Option "${args[at]?.replace(/^-(?=-)/, '') ?? ''}" is unknown, try "ip -help".\n`, 255)
      set.add(option === 's' ? 'statistics' : option === 'o' ? 'oneline' : (word ?? ''))
    }
    at++
  }
  if (set.has('Version'))
    return say(`ip utility, iproute2-${machine.versions['iproute2']?.replace(/-.*$/, '') ?? '5.9.0'}, libbpf 0.3.0\n`)
  const flags: IpFlags = {
    family,
    brief: set.has('brief'),
    oneline: set.has('oneline'),
    statistics: set.has('statistics') || set.has('stats'),
    json: set.has('json'),
  }
  const [object, ...rest] = args.slice(at)
  if (object === undefined) return { err: usage?.err ?? usage?.out ?? '', code: 255 }
  const kind = objects.find((one) => one.startsWith(object))
  if (kind === undefined) return complain(`Object "${object}" is unknown, try "ip help".\n`)
  if (kind === 'help' || rest[0] === 'help') return { err: usage?.err ?? usage?.out ?? '', code: 255 }
  if (kind === 'address' || kind === 'link') {
    const [verb = 'show'] = rest
    if (/^(?:add|del|delete|set|flush|change|replace)$/.test(verb)) {
      const dev = rest.includes('dev') ? rest[rest.indexOf('dev') + 1] : verb === 'set' ? rest[1] : undefined
      if (dev !== undefined && kind === 'address' && !cardsOf(machine).some(({ name }) => name === dev))
        return complain(`Cannot find device "${dev}"\n`)
      if (dev !== undefined && verb === 'set' && !cardsOf(machine).some(({ name }) => name === dev))
        return complain(`Cannot find device "${dev}"\n`)
      return user.uid === 0 ? {} : complain('RTNETLINK answers: Operation not permitted\n', 2)
    }
    return show(kind, flags, rest, io)
  }
  if (kind === 'route') return route(flags, rest, io)
  if (kind === 'neighbor' || kind === 'neighbour')
    return say(`${machine.network.gateway} dev ${machine.network.device} lladdr ${gatewayMac} REACHABLE\n`)
  if (kind === 'rule')
    return say('0:\tfrom all lookup local\n32766:\tfrom all lookup main\n32767:\tfrom all lookup default\n')
  if (kind === 'maddress')
    return say(
      cardsOf(machine)
        .map(
          ({ index, name, up }) =>
            `${index}:\t${name}\n${up ? '\tinet  224.0.0.1\n\tinet6 ff02::1\n\tinet6 ff01::1\n' : ''}`,
        )
        .join(''),
    )
  return {}
}
