import { complain, say, type Command, type Io } from './command.ts'
import { interfaceTable, routingTable } from './nettools.ts'

// What tells about sockets: those that listen, and the one of whoever asks (net-tools, iproute2).

/** A socket of the machine. */
interface Socket {
  readonly kind: 'tcp' | 'udp'
  readonly state: 'LISTEN' | 'ESTABLISHED' | 'UNCONN'
  readonly queued: readonly [number, number]
  readonly local: readonly [string, number]
  readonly peer?: readonly [string, number]
  readonly pid: number
  readonly program: string
}

/** How many may wait to be accepted: 511 where nginx, redis and their like ask for it. */
const backlog = (program: string): number => (/^(?:nginx|redis)/.test(program) ? 511 : 128)

function socketsOf({ machine: { network, listening }, source, since, user }: Io): readonly Socket[] {
  return [
    ...listening.map(([kind, port, pid, program]): Socket => ({
      kind,
      state: kind === 'tcp' ? 'LISTEN' : 'UNCONN',
      queued: [0, kind === 'tcp' ? backlog(program) : 0],
      local: ['0.0.0.0', port],
      pid,
      program,
    })),
    {
      kind: 'tcp',
      state: 'ESTABLISHED',
      queued: [0, 36],
      local: [network.ip, 22],
      peer: [source, 32_768 + (Math.floor(since / 7) % 28_000)],
      pid: 2000 + (Math.floor(since / 1000) % 28_000),
      program: `sshd: ${user.name}`,
    },
  ]
}

/** Letters of options that stand together or apart; a long one counts as its letter. */
function options(
  args: readonly string[],
  long: Readonly<Record<string, string>>,
  known: string,
): { flags: Set<string>; bad?: string } {
  const flags = new Set<string>()
  for (const arg of args) {
    if (arg.startsWith('--')) {
      const letter = Object.entries(long).find(([name]) => name.startsWith(arg.slice(2)))?.[1]
      if (letter === undefined) return { flags, bad: arg }
      flags.add(letter)
    } else if (arg.startsWith('-'))
      for (const letter of arg.slice(1)) {
        if (!known.includes(letter)) return { flags, bad: letter }
        flags.add(letter)
      }
  }
  return { flags }
}

/** Services that have a name, where numbers are not asked for. */
const names: Readonly<Record<number, string>> = {
  22: 'ssh',
  23: 'telnet',
  80: 'http',
  111: 'sunrpc',
  443: 'https',
  3128: '3128',
  6379: 'redis',
}

const netstat: Command = (args, io) => {
  const { flags, bad } = options(
    args,
    {
      route: 'r',
      interfaces: 'i',
      groups: 'g',
      statistics: 's',
      numeric: 'n',
      programs: 'p',
      listening: 'l',
      all: 'a',
      tcp: 't',
      udp: 'u',
      unix: 'x',
      wide: 'W',
      extend: 'e',
      timers: 'o',
      continuous: 'c',
      verbose: 'v',
    },
    'rigsMnNepolaFCZtuUSwx46WvcA',
  )
  if (bad !== undefined) return complain(`netstat: invalid option -- '${bad}'\n`, 3)
  if (flags.has('r')) return say(routingTable(io.machine))
  if (flags.has('i')) return say(`Kernel Interface table\n${interfaceTable(io.machine)}`)
  const only = flags.has('l')
  const all = flags.has('a')
  const named = flags.has('t') || flags.has('u') || flags.has('x') || flags.has('w')
  const [tcp, udp, unix] = [!named || flags.has('t'), !named || flags.has('u'), !named || flags.has('x')]
  const what = only ? '(only servers)' : all ? '(servers and established)' : '(w/o servers)'
  const port = (n: number): string => (flags.has('n') ? String(n) : (names[n] ?? String(n)))
  const rows = socketsOf(io)
    .filter(({ kind, state }) => (kind === 'tcp' ? tcp : udp) && (all || (state === 'ESTABLISHED' ? !only : only)))
    .sort((a, b) => (a.kind === b.kind ? 0 : a.kind === 'tcp' ? -1 : 1))
    .map(({ kind, state, queued, local, peer, pid, program }) => {
      const here = `${local[0]}:${port(local[1])}`
      const there = peer === undefined ? '0.0.0.0:*' : `${peer[0]}:${port(peer[1])}`
      const owner = flags.has('p') ? ` ${(io.user.uid === 0 ? `${pid}/${program}`.slice(0, 19) : '-').padEnd(20)}` : ''
      const shown = state === 'UNCONN' ? '' : state
      return `${kind.padEnd(5)} ${String(queued[0]).padStart(6)} ${String(state === 'LISTEN' ? 0 : queued[1]).padStart(6)} ${here.padEnd(23)} ${there.padEnd(23)} ${shown.padEnd(11)}${owner}\n`
    })
  const inet =
    tcp || udp
      ? `Active Internet connections ${what}\nProto Recv-Q Send-Q Local Address           Foreign Address         State      ${flags.has('p') ? ' PID/Program name    ' : ''}\n${rows.join('')}`
      : ''
  // The sockets of systemd and its journal, where all kinds are asked for.
  const journal = (inode: number, path: string, listens: boolean): string =>
    `unix  2      [ ${listens ? 'ACC' : '   '} ]     ${listens ? 'STREAM' : 'DGRAM '}     ${listens ? 'LISTENING' : '         '}     ${String(inode).padEnd(8)} ${flags.has('p') ? (io.user.uid === 0 ? '1/init               ' : '-                    ') : ''}${path}\n`
  return say(
    inet +
      (unix
        ? `Active UNIX domain sockets ${what}\nProto RefCnt Flags       Type       State         I-Node   ${flags.has('p') ? 'PID/Program name     ' : ''}Path\n${
            only || all
              ? journal(10_552, '/run/systemd/private', true) +
                journal(10_563, '/run/systemd/journal/stdout', true) +
                journal(12_806, '/run/dbus/system_bus_socket', true)
              : ''
          }${only ? '' : journal(10_565, '/run/systemd/journal/dev-log', false) + journal(10_567, '/run/systemd/journal/socket', false)}`
        : ''),
  )
}

const ss: Command = (args, io) => {
  const { flags, bad } = options(
    args,
    {
      numeric: 'n',
      resolve: 'r',
      all: 'a',
      listening: 'l',
      options: 'o',
      extended: 'e',
      memory: 'm',
      processes: 'p',
      info: 'i',
      summary: 's',
      ipv4: '4',
      ipv6: '6',
      tcp: 't',
      udp: 'u',
      unix: 'x',
      raw: 'w',
      'no-header': 'H',
      oneline: 'O',
      kill: 'K',
    },
    'nralompeisbEZzN460tMSudwxKHOADFf',
  )
  if (bad !== undefined) return complain(`ss: invalid option -- '${bad}'\n`, 255)
  const all = socketsOf(io)
  const count = all.filter(({ kind }) => kind === 'tcp').length
  if (flags.has('s'))
    return say(
      `Total: 121\nTCP:   ${count} (estab 1, closed 0, orphaned 0, timewait 0)\n\nTransport Total     IP        IPv6\nRAW\t  0         0         0        \nUDP\t  ${all.length - count}         ${all.length - count}         0        \nTCP\t  ${count}         ${count}         0        \nINET\t  ${all.length}         ${all.length}         0        \nFRAG\t  0         0         0        \n\n`,
    )
  const named = flags.has('t') || flags.has('u') || flags.has('x') || flags.has('w')
  const kinds = (['udp', 'tcp'] as const).filter((kind) => !named || flags.has(kind === 'tcp' ? 't' : 'u'))
  const port = (n: number): string => (flags.has('n') ? String(n) : (names[n] ?? String(n)))
  const chosen = kinds.flatMap((kind) =>
    all.filter(
      (one) =>
        one.kind === kind && (flags.has('a') || (one.state === 'ESTABLISHED' ? !flags.has('l') : flags.has('l'))),
    ),
  )
  const rows = chosen.map(({ kind, state, queued, local, peer, pid, program }) => ({
    kind,
    state: state === 'ESTABLISHED' ? 'ESTAB' : state,
    queues: queued.map(String),
    here: [local[0], port(local[1])] as const,
    there: peer === undefined ? (['0.0.0.0', '*'] as const) : ([peer[0], port(peer[1])] as const),
    owner:
      flags.has('p') && io.user.uid === 0
        ? ` users:(("${program.split(':')[0] ?? ''}",pid=${pid},fd=${state === 'ESTABLISHED' ? 4 : 3}))`
        : '',
  }))
  // Columns are as wide as what is in them; addresses stand to the right of theirs, ports to the left.
  const width = (head: string, cells: readonly string[]): number =>
    Math.max(head.length, ...cells.map((cell) => cell.length))
  const several = kinds.length !== 1
  const w = {
    kind: width('Netid', []),
    state: width(
      'State',
      rows.map(({ state }) => state),
    ),
    local: width(
      'Local Address',
      rows.map(({ here }) => here[0]),
    ),
    localPort: width(
      'Port',
      rows.map(({ here }) => here[1]),
    ),
    peer: width(
      'Peer Address',
      rows.map(({ there }) => there[0]),
    ),
    peerPort: width(
      'Port',
      rows.map(({ there }) => there[1]),
    ),
    owner: width(
      'Process',
      rows.map(({ owner }) => owner),
    ),
  }
  const line = (
    kind: string,
    state: string,
    [recv = '', send = '']: readonly string[],
    here: readonly string[],
    there: readonly string[],
    owner: string,
  ): string =>
    `${several ? `${kind.padEnd(w.kind)} ` : ''}${state.padEnd(w.state)} ${recv.padEnd(6)} ${send.padEnd(6)} ${(here[0] ?? '').padStart(w.local)}:${(here[1] ?? '').padEnd(w.localPort)} ${(there[0] ?? '').padStart(w.peer)}:${(there[1] ?? '').padEnd(w.peerPort)}${owner.padEnd(w.owner)}\n`
  return say(
    (flags.has('H')
      ? ''
      : line('Netid', 'State', ['Recv-Q', 'Send-Q'], ['Local Address', 'Port'], ['Peer Address', 'Port'], 'Process')) +
      rows.map(({ kind, state, queues, here, there, owner }) => line(kind, state, queues, here, there, owner)).join(''),
  )
}

export const sockets: Readonly<Record<string, Command>> = { netstat, ss }
