import { before } from '../version.ts'
import { modulesOf } from '../kernel.ts'
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
  const ubuntu = machine.os.id === 'ubuntu'
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

const df: Command = (args, { machine }) => {
  const { flags, rest } = letters(args)
  const { device, total, used } = machine.disk
  const memory = machine.memory.total
  const systems = [
    ['udev', Math.round(memory * 0.48), 0, '/dev'],
    ['tmpfs', Math.round(memory * 0.1), 568, '/run'],
    [device, total, used, '/'],
    ['tmpfs', Math.round(memory * 0.5), 0, '/dev/shm'],
    ['tmpfs', 5120, 0, '/run/lock'],
    ['tmpfs', Math.round(memory * 0.1), 0, '/run/user/0'],
  ] as const
  const wanted =
    rest.length === 0
      ? systems
      : systems.filter(([, , , at]) =>
          rest.some((path) => (path.startsWith('/dev/shm') ? at === '/dev/shm' : at === '/')),
        )
  const size = (kib: number) =>
    flags.has('h') ? human(kib * 1024) : flags.has('m') ? String(Math.ceil(kib / 1024)) : String(kib)
  const width = flags.has('h') ? 5 : 9
  const header = flags.has('h')
    ? 'Filesystem      Size  Used Avail Use% Mounted on\n'
    : 'Filesystem     1K-blocks    Used Available Use% Mounted on\n'
  return say(
    header +
      wanted
        .map(([name, all, taken, at]) => {
          const left = Math.max(0, Math.round(all * (name === device ? 0.951 : 1)) - taken)
          const percent = all === 0 ? 0 : Math.ceil((taken / (taken + left)) * 100)
          return `${name.padEnd(flags.has('h') ? 14 : 14)} ${pad(size(all), width)} ${pad(size(taken), flags.has('h') ? 5 : 7)} ${pad(size(left), flags.has('h') ? 5 : 9)} ${pad(percent, 3)}% ${at}\n`
        })
        .join(''),
  )
}

const lscpu: Command = (_, { machine: { cpu, kernel } }) => {
  const line = (name: string, value: string | number) => `${`${name}:`.padEnd(33)}${value}\n`
  return say(
    line('Architecture', kernel.arch) +
      line('CPU op-mode(s)', '32-bit, 64-bit') +
      line('Byte Order', 'Little Endian') +
      line('Address sizes', '40 bits physical, 48 bits virtual') +
      line('CPU(s)', cpu.cores) +
      line('On-line CPU(s) list', cpu.cores === 1 ? '0' : `0-${cpu.cores - 1}`) +
      line('Thread(s) per core', 1) +
      line('Core(s) per socket', cpu.cores) +
      line('Socket(s)', 1) +
      line('NUMA node(s)', 1) +
      line('Vendor ID', cpu.vendor) +
      line('CPU family', cpu.family) +
      line('Model', cpu.number) +
      line('Model name', cpu.model) +
      line('Stepping', cpu.stepping) +
      line('CPU MHz', cpu.mhz) +
      line('BogoMIPS', (Number(cpu.mhz) * 2).toFixed(2)) +
      line('Hypervisor vendor', 'KVM') +
      line('Virtualization type', 'full') +
      line('L1d cache', `${32 * cpu.cores} KiB`) +
      line('L1i cache', `${32 * cpu.cores} KiB`) +
      line('L2 cache', `${4 * cpu.cores} MiB`) +
      line('L3 cache', `${Math.round(cpu.cacheKb / 1024)} MiB`) +
      line('NUMA node0 CPU(s)', cpu.cores === 1 ? '0' : `0-${cpu.cores - 1}`) +
      line('Flags', cpu.flags),
  )
}

const hostname: Command = (args, { machine }) => {
  const { flags } = letters(args)
  if (flags.has('I')) return say(`${machine.network.ip} \n`)
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

const hostnamectl: Command = (_, { machine }) =>
  say(
    `   Static hostname: ${machine.hostname}\n         Icon name: computer-vm\n           Chassis: vm\n        Machine ID: ${machine.machineId}\n` +
      `           Boot ID: ${machine.machineId.split('').reverse().join('')}\n    Virtualization: kvm\n  Operating System: ${machine.os.pretty}\n` +
      `            Kernel: Linux ${machine.kernel.release}\n      Architecture: x86-64\n`,
  )

const lspci: Command = () =>
  say(
    '00:00.0 Host bridge: Intel Corporation 440FX - 82441FX PMC [Natoma] (rev 02)\n00:01.0 ISA bridge: Intel Corporation 82371SB PIIX3 ISA [Natoma/Triton II]\n' +
      '00:01.1 IDE interface: Intel Corporation 82371SB PIIX3 IDE [Natoma/Triton II]\n00:02.0 VGA compatible controller: Cirrus Logic GD 5446\n' +
      '00:03.0 Ethernet controller: Red Hat, Inc. Virtio network device\n00:04.0 SCSI storage controller: Red Hat, Inc. Virtio block device\n',
  )

const dmidecode: Command = (args, { machine }) => {
  const key = args.join(' ')
  if (/-s\s+system-product-name/.test(key)) return say('Standard PC (i440FX + PIIX, 1996)\n')
  if (/-s\s+system-manufacturer/.test(key)) return say('QEMU\n')
  return say(
    `# dmidecode 3.3\nGetting SMBIOS data from sysfs.\nSMBIOS 2.8 present.\n\nHandle 0x0100, DMI type 1, 27 bytes\nSystem Information\n\tManufacturer: QEMU\n\tProduct Name: Standard PC (i440FX + PIIX, 1996)\n\tUUID: ${machine.disk.uuid}\n`,
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
  mount: (args, { fs }) =>
    args.length > 0
      ? {}
      : say(
          Buffer.from(fs.content('/proc/mounts'))
            .toString('utf8')
            .replace(/^(\S+) (\S+) (\S+) (\S+).*$/gm, '$1 on $2 type $3 ($4)'),
        ),
  umount: silent,
  swapoff: silent,
  swapon: silent,
  lsmod: (_, { machine }) =>
    say(
      `Module                  Size  Used by\n${modulesOf(machine)
        .map(([name, size, users, by]) => `${name.padEnd(19)} ${pad(size, 8)}  ${users}${by === '' ? '' : ` ${by}`}\n`)
        .join('')}`,
    ),
  lsblk: (_, { machine }) =>
    say(
      `NAME   MAJ:MIN RM  SIZE RO TYPE MOUNTPOINT\nsda      8:0    0 ${pad(human(machine.disk.total * 1050).replace('.0', ''), 5)}  0 disk \n└─sda1   8:1    0 ${pad(human(machine.disk.total * 1024).replace('.0', ''), 5)}  0 part /\n`,
    ),
  dmesg: (_, { machine }) =>
    say(
      `[    0.000000] Linux version ${machine.kernel.release} ${machine.kernel.version}\n[    0.000000] Hypervisor detected: KVM\n[    0.012411] smpboot: CPU0: ${machine.cpu.model}\n`,
    ),
  lastlog: (_, { machine, user, source, since }) =>
    say(
      `Username         Port     From             Latest\n${machine.users.map(({ name }) => (name === user.name ? `${name.padEnd(16)} pts/0    ${source.padEnd(16)} ${day(since)} ${clockSeconds(since)} +0000 ${new Date(since).getUTCFullYear()}\n` : `${name.padEnd(43)} **Never logged in**\n`)).join('')}`,
    ),
}
