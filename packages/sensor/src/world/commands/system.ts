import { before } from '../version.ts'
import type { Machine } from '../../personas/machine.ts'
import { resolvePath } from '../node.ts'
import { bootId } from '../kernel.ts'
import { memoryAt, sharedMemory } from '../proc.ts'
import { complain, human, letters, say, silent, type Command } from './command.ts'
import { headline, upText } from './processes.ts'

// What tells about the machine. All numbers come from the same facts, so that they agree.

const pad = (value: number | string, width: number): string => String(value).padStart(width)
const two = (n: number): string => String(n).padStart(2, '0')
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']

const uname: Command = (args, { machine }) => {
  const { flags, rest } = letters(args)
  if (rest[0] !== undefined)
    return complain(`uname: extra operand ‘${rest[0]}’\nTry 'uname --help' for more information.\n`)
  for (const flag of flags) {
    if (!'asnrvmpio'.includes(flag) && !flag.startsWith('--')) {
      return complain(`uname: invalid option -- '${flag}'\nTry 'uname --help' for more information.\n`)
    }
  }
  const all = flags.has('a') || flags.has('--all')
  const { release, version, arch } = machine.kernel
  // Ubuntu and Red Hat have it told.
  const ubuntu = machine.os.id === 'ubuntu' || machine.os.id === 'centos'
  const parts = [
    (all || flags.has('s') || flags.size === 0) && 'Linux',
    (all || flags.has('n')) && machine.hostname,
    (all || flags.has('r')) && release,
    (all || flags.has('v')) && version,
    (all || flags.has('m')) && arch,
    // Ubuntu's is told what Debian's is not.
    ((all && ubuntu) || flags.has('p')) && (ubuntu ? arch : 'unknown'),
    ((all && ubuntu) || flags.has('i')) && (ubuntu ? arch : 'unknown'),
    (all || flags.has('o')) && 'GNU/Linux',
    all && (machine.kernel.platform ?? false),
  ]
  return say(`${parts.filter((part) => part !== false).join(' ')}\n`)
}

const clock = (ms: number): string => `${two(new Date(ms).getUTCHours())}:${two(new Date(ms).getUTCMinutes())}`
const clockSeconds = (ms: number): string => `${clock(ms)}:${two(new Date(ms).getUTCSeconds())}`

const w: Command = (_, io) =>
  say(
    `${headline(io)}USER     TTY      FROM             LOGIN@   IDLE   JCPU   PCPU WHAT\n` +
      (io.tty
        ? `${io.user.name.slice(0, 8).padEnd(8)} pts/0    ${io.source.slice(0, 16).padEnd(16)} ${clock(io.since)}    0.00s  0.02s  0.00s w\n`
        : ''),
  )

const day = (ms: number): string => {
  const date = new Date(ms)
  return `${days[date.getUTCDay()]} ${months[date.getUTCMonth()]} ${pad(date.getUTCDate(), 2)}`
}

const last: Command = (_, io) => {
  const { machine, user, source, since, tty } = io
  const line = (name: string, tty: string, from: string, when: string) =>
    `${name.padEnd(8)} ${tty.padEnd(12)} ${from.padEnd(16)} ${when}\n`
  return say(
    (tty ? line(user.name, 'pts/0', source, `${day(since)} ${clock(since)}   still logged in`) : '') +
      line(
        'root',
        'tty1',
        '',
        `${day(machine.booted + 900_000)} ${clock(machine.booted + 900_000)} - ${clock(machine.booted + 1_500_000)}  (00:10)`,
      ) +
      line(
        'reboot',
        'system boot',
        machine.kernel.release.slice(0, 16),
        `${day(machine.booted)} ${clock(machine.booted)}   still running`,
      ) +
      `\nwtmp begins ${day(machine.installed)} ${clockSeconds(machine.installed)} ${new Date(machine.installed).getUTCFullYear()}\n`,
  )
}

const free: Command = (args, { machine }) => {
  const { flags } = letters(args)
  const show = (kib: number): string => {
    if (flags.has('h')) return human(kib * 1024, true).replace(/^(\d+)B$/, '$1B')
    const divisor = flags.has('m') ? 1024 : flags.has('g') ? 1024 ** 2 : flags.has('b') ? 1 / 1024 : 1
    return String(Math.floor(kib / divisor))
  }
  const { total, free: unused, used, available, buffers, cached, swap } = memoryAt(machine, Date.now())
  const row = (label: string, values: number[]) =>
    `${label.padEnd(8)}${values.map((kib) => pad(show(kib), 12)).join('')}\n`
  return say(
    `${' '.repeat(15)}total        used        free      shared  buff/cache   available\n` +
      row('Mem:', [total, used, unused, sharedMemory, buffers + cached, available]) +
      row('Swap:', [swap, 0, swap]),
  )
}

/** df of coreutils: columns as wide as what is in them. */
const df: Command = (args, { machine, fs, cwd }) => {
  const { flags, rest } = letters(args.filter((_, i) => !/^-[tx]$/.test(args[i - 1] ?? '')))
  const systems = machine.hardware.filesystems
  const kindOf = (at: string): string => machine.hardware.mounts.find(([, path]) => path === at)?.[2] ?? 'tmpfs'
  /** The file system that a path is on: that of the longest place that it begins with. */
  const on = (path: string) =>
    systems.find(([name]) => name === path) ??
    [...systems]
      .sort((a, b) => b[3].length - a[3].length)
      .find(([, , , at]) => at === '/' || `${resolvePath(cwd, path)}/`.startsWith(`${at}/`))
  const err = rest
    .filter((path) => !path.startsWith('/dev/') && fs.node(resolvePath(cwd, path)) === undefined)
    .map((path) => `df: ${path}: No such file or directory\n`)
    .join('')
  const only = args.includes('-t') ? args[args.indexOf('-t') + 1] : undefined
  const wanted = (
    rest.length === 0
      ? systems
      : rest
          .filter((path) => path.startsWith('/dev/') || fs.node(resolvePath(cwd, path)) !== undefined)
          .map(on)
          .filter((one) => one !== undefined)
  ).filter(([, , , at]) => only === undefined || kindOf(at) === only)
  if (wanted.length === 0) return complain(err === '' ? 'df: no file systems processed\n' : err)
  const people = flags.has('h') || flags.has('--human-readable')
  const inodes = flags.has('i') || flags.has('--inodes')
  const size = (kib: number): string =>
    people
      ? human(kib * 1024)
      : flags.has('H')
        ? human(kib * 1024)
        : flags.has('m')
          ? String(Math.ceil(kib / 1024))
          : String(kib)
  const total = flags.has('--total')
  const rows = wanted.map(([name, all, taken, at]) => {
    // A file system on a disk keeps a twentieth for root.
    const left = Math.max(0, Math.round(all * (name.startsWith('/dev/') ? 0.951 : 1)) - taken)
    return { name, kind: kindOf(at), all, taken, left, at }
  })
  if (total)
    rows.push({
      name: 'total',
      kind: '-',
      all: rows.reduce((sum, { all }) => sum + all, 0),
      taken: rows.reduce((sum, { taken }) => sum + taken, 0),
      left: rows.reduce((sum, { left }) => sum + left, 0),
      at: '-',
    })
  const typed = flags.has('T') || flags.has('--print-type')
  const head = [
    'Filesystem',
    ...(typed ? ['Type'] : []),
    ...(inodes
      ? ['Inodes', 'IUsed', 'IFree', 'IUse%']
      : people
        ? ['Size', 'Used', 'Avail', 'Use%']
        : [
            flags.has('m') ? '1M-blocks' : flags.has('P') ? '1024-blocks' : '1K-blocks',
            'Used',
            'Available',
            flags.has('P') ? 'Capacity' : 'Use%',
          ]),
    'Mounted on',
  ]
  const table = [
    head,
    ...rows.map(({ name, kind, all, taken, left, at }) => {
      const share = (part: number, of: number): string => (of === 0 ? '-' : `${Math.ceil((part / of) * 100)}%`)
      // An inode for every 16 KiB, of which few are used.
      const [nodes, used] = [Math.floor(all / 16), Math.floor(taken / 40) + 11]
      const count = (n: number): string => (people ? human(n).replace(/\.0(?=[KMG])/, '.0') : String(n))
      return [
        name,
        ...(typed ? [kind] : []),
        ...(inodes
          ? [
              count(nodes),
              count(Math.min(nodes, used)),
              count(Math.max(0, nodes - used)),
              share(Math.min(nodes, used), nodes),
            ]
          : [size(all), size(taken), size(left), share(taken, taken + left)]),
        at,
      ]
    }),
  ]
  const least = [14, ...(typed ? [4] : []), 5, 5, 5, 4]
  const widths = head.map((_, column) =>
    Math.max(least[column] ?? 0, ...table.map((row) => (row[column] ?? '').length)),
  )
  const text = table
    .map(
      (row) =>
        `${row
          .map((cell, column) =>
            column === row.length - 1
              ? cell
              : column === 0 || (typed && column === 1)
                ? cell.padEnd(widths[column] ?? 0)
                : cell.padStart(widths[column] ?? 0),
          )
          .join(' ')}\n`,
    )
    .join('')
  return { out: text, err, code: err === '' ? 0 : 1 }
}

const lscpu: Command = (args, { machine: { hardware } }) => {
  const odd = args.map((arg) => /^-[aebcBpsxyJCV]*([^-aebcBpsxyJCV=])/.exec(arg)?.[1]).find((one) => one !== undefined)
  if (odd !== undefined)
    return complain(`lscpu: invalid option -- '${odd}'\nTry 'lscpu --help' for more information.\n`)
  if (args.some((arg) => !arg.startsWith('-')))
    return complain("lscpu: bad usage\nTry 'lscpu --help' for more information.\n")
  return say(hardware.lscpu.map(([name, value]) => `${`${name}:`.padEnd(33)}${value}\n`).join(''))
}

const hostname: Command = (args, { machine, user }) => {
  const { flags, rest } = letters(args)
  if (flags.has('I')) return say(`${machine.network.ip} \n`)
  if (flags.has('i') || flags.has('--ip-address')) return say(`${machine.network.ip}\n`)
  if (flags.has('s') || flags.has('--short')) return say(`${machine.hostname.split('.')[0] ?? ''}\n`)
  if (flags.has('d') || flags.has('--domain')) return say(`${machine.domain}\n`)
  // A name that is set is taken; what shows it goes on as it was.
  if (rest[0] !== undefined)
    return user.uid === 0 ? {} : complain('hostname: you must be root to change the host name\n')
  if (flags.has('f') || flags.has('--fqdn')) return say(`${machine.hostname}.${machine.domain}\n`)
  return say(`${machine.hostname}\n`)
}

const lsbRelease: Command = (args, { machine }) => {
  const { os } = machine
  const { flags } = letters(args)
  const short = flags.has('s')
  const rows: [string, string, string][] = [
    ['i', 'Distributor ID', os.id === 'debian' ? 'Debian' : 'Ubuntu'],
    ['d', 'Description', os.pretty],
    ['r', 'Release', os.version],
    ['c', 'Codename', os.codename],
  ]
  const wanted = rows.filter(([flag]) => flags.has('a') || flags.has(flag))
  return {
    out: wanted.map(([, name, value]) => (short ? `${value}\n` : `${name}:\t${value}\n`)).join(''),
    err: short || !before(machine.versions['lsb-release'], '12') ? '' : 'No LSB modules are available.\n',
  }
}

/** A machine's chassis, as hostnamectl names it. */
const chassisOf = ({ hardware }: Machine): string =>
  hardware.virtual !== undefined ? 'vm' : hardware.dmi === undefined ? '' : 'server'

const hostnamectl: Command = (_, { machine }) => {
  const chassis = chassisOf(machine)
  const rows: [string, string][] = [
    ['Static hostname', machine.hostname],
    ['Icon name', chassis === '' ? 'computer' : `computer-${chassis}`],
    ...(chassis === '' ? [] : [['Chassis', chassis] as [string, string]]),
    ['Machine ID', machine.machineId],
    ['Boot ID', bootId(machine).replaceAll('-', '')],
    ...(machine.hardware.virtual === undefined
      ? []
      : [['Virtualization', machine.hardware.virtual] as [string, string]]),
    ['Operating System', machine.os.pretty],
    ['Kernel', `Linux ${machine.kernel.release}`],
    ['Architecture', machine.kernel.arch === 'aarch64' ? 'arm64' : machine.kernel.arch.replace('_', '-')],
  ]
  return say(rows.map(([name, value]) => `${name.padStart(18)}: ${value}\n`).join(''))
}

const lspci: Command = (_, { machine }) => say(machine.hardware.pci.map((row) => `${row}\n`).join(''))

const dmidecode: Command = (args, { machine }) => {
  const { dmi } = machine.hardware
  if (dmi === undefined)
    return complain(
      '# dmidecode 3.3\nScanning /dev/mem for entry point.\n# No SMBIOS nor DMI entry point found, sorry.\n',
    )
  const key = /-s\s+(\S+)/.exec(args.join(' '))?.[1]
  const strings: Readonly<Record<string, string>> = {
    'system-product-name': dmi.product,
    'system-manufacturer': dmi.vendor,
    'system-version': dmi.version,
    'system-uuid': machine.disk.uuid,
    'bios-vendor': dmi.biosVendor,
    'bios-version': dmi.biosVersion,
    'chassis-manufacturer': dmi.vendor,
    'processor-version': machine.cpu.model,
  }
  if (key !== undefined) return say(`${strings[key] ?? 'Not Specified'}\n`)
  return say(
    `# dmidecode 3.3\nGetting SMBIOS data from sysfs.\nSMBIOS ${dmi.smbios} present.\n\nHandle 0x0000, DMI type 0, 24 bytes\nBIOS Information\n\tVendor: ${dmi.biosVendor}\n\tVersion: ${dmi.biosVersion}\n\nHandle 0x0100, DMI type 1, 27 bytes\nSystem Information\n\tManufacturer: ${dmi.vendor}\n\tProduct Name: ${dmi.product}\n\tVersion: ${dmi.version}\n\tUUID: ${machine.disk.uuid}\n`,
  )
}

/** The tree of disks. */
const lsblk: Command = (_, { machine }) => {
  const { disks } = machine.hardware
  const size = (kib: number): string => human(kib * 1024).replace('.0', '')
  const rows = disks.map(({ name, kind, depth = 0, at = '', major, minor, kib }, i) => {
    const more = disks.slice(i + 1)
    const end = more.findIndex((one) => (one.depth ?? 0) < depth)
    const last = !more.slice(0, end < 0 ? undefined : end).some((one) => (one.depth ?? 0) === depth)
    const label = depth === 0 ? name : `${'  '.repeat(depth - 1)}${last ? '└─' : '├─'}${name}`
    return [
      label,
      `${String(major).padStart(3)}:${String(minor).padEnd(3)}`,
      size(kib),
      kind === 'flash' ? 'disk' : kind,
      at,
    ] as const
  })
  const width = Math.max(6, ...rows.map(([label]) => label.length))
  return say(
    `${'NAME'.padEnd(width)} MAJ:MIN RM  SIZE RO TYPE  MOUNTPOINT\n${rows.map(([label, number, kib, kind, at]) => `${label.padEnd(width)} ${number}  0 ${pad(kib, 5)}  0 ${kind.padEnd(5)} ${at}\n`).join('')}`,
  )
}

export const system: Readonly<Record<string, Command>> = {
  uname,
  w,
  last,
  free,
  df,
  lscpu,
  hostname,
  hostnamectl,
  lspci,
  dmidecode,
  lsb_release: lsbRelease,
  'systemd-detect-virt': (args, { machine }) =>
    args.some((arg) => /^(?:-c|--container)$/.test(arg)) || machine.hardware.virtual === undefined
      ? { out: args.some((arg) => /^(?:-q|--quiet)$/.test(arg)) ? '' : 'none\n', code: 1 }
      : say(args.some((arg) => /^(?:-q|--quiet)$/.test(arg)) ? '' : `${machine.hardware.virtual}\n`),
  whoami: (_, { user }) => say(`${user.name}\n`),
  logname: (_, { user, tty }) => (tty ? say(`${user.name}\n`) : complain('logname: no login name\n')),
  users: (_, { user, tty }) => (tty ? say(`${user.name}\n`) : {}),
  who: (args, { user, source, since, tty }) =>
    tty
      ? say(
          `${user.name.padEnd(8)} pts/0        ${new Date(since).toISOString().slice(0, 10)} ${clock(since)} (${source})\n`,
        )
      : {},
  uptime: (args, io) => say(args[0] === '-p' ? `up ${upText(io)}\n` : headline(io)),
  nproc: (_, { machine }) => say(`${machine.cpu.cores}\n`),
  arch: (_, { machine }) => say(`${machine.kernel.arch}\n`),
  tty: (_, { tty }) => (tty ? say('/dev/pts/0\n') : { out: 'not a tty\n', code: 1 }),
  getconf: (args, { machine }) =>
    say(
      /NPROCESSORS/.test(args[0] ?? '')
        ? `${machine.cpu.cores}\n`
        : args[0] === 'LONG_BIT'
          ? '64\n'
          : args[0] === 'PAGESIZE' || args[0] === 'PAGE_SIZE'
            ? '4096\n'
            : '\n',
    ),
  swapoff: silent,
  swapon: silent,
  lsmod: (_, { machine }) =>
    say(
      `Module                  Size  Used by\n${machine.hardware.modules
        .map(([name, size, users, by]) => `${name.padEnd(19)} ${pad(size, 8)}  ${users}${by === '' ? '' : ` ${by}`}\n`)
        .join('')}`,
    ),
  lsblk,
  dmesg: (_, { machine }) =>
    say(
      `[    0.000000] Linux version ${machine.kernel.release} ${machine.kernel.version}\n${machine.hardware.boot.map((line) => `${line}\n`).join('')}`,
    ),
  lastlog: (_, { machine, user, source, since }) =>
    say(
      `Username         Port     From             Latest\n${machine.users.map(({ name }) => (name === user.name ? `${name.padEnd(16)} pts/0    ${source.padEnd(16)} ${day(since)} ${clockSeconds(since)} +0000 ${new Date(since).getUTCFullYear()}\n` : `${name.padEnd(43)} **Never logged in**\n`)).join('')}`,
    ),
}
