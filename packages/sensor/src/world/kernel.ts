import type { Machine, Process } from '../personas/machine.ts'
import { cpuList } from '../personas/hardware.ts'
import { commOf, living } from './proc.ts'

// What the kernel shows that stands still: /proc, /sys and the mounts, in the form of Linux 5.10, from the same facts
// that the programs print (proc(5); Documentation/filesystems/proc.rst of the kernel).

const hexAddress = (ip: string): string =>
  Buffer.from(ip.split('.').map(Number)).reverse().toString('hex').toUpperCase()

function sockets({ listening }: Machine): string {
  const row = (i: number, ip: string, port: number, inode: number) =>
    `${String(i).padStart(4)}: ${hexAddress(ip)}:${port.toString(16).toUpperCase().padStart(4, '0')} 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 ${inode} 1 0000000000000000 100 0 0 10 0`.padEnd(
      149,
    ) + '\n'
  return (
    '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode                                                     \n' +
    listening
      .map(([, port]) => port)
      .sort((a, b) => a - b)
      .map((port, i) => row(i, '0.0.0.0', port, 13_000 + i * 431))
      .join('')
  )
}

const statusOf = ({ pid, ppid, rss, vsz, command, state, user }: Process, machine: Machine): string => {
  const owner = machine.users.find(({ name }) => name === user)
  const [uid, gid] = [owner?.uid ?? 0, owner?.gid ?? 0]
  const four = (n: number) => [n, n, n, n].join('\t')
  const states: Readonly<Record<string, string>> = { S: 'S (sleeping)', R: 'R (running)', I: 'I (idle)' }
  return (
    `Name:\t${commOf(command)}\nUmask:\t0022\nState:\t${states[state[0] ?? 'S'] ?? 'S (sleeping)'}\nTgid:\t${pid}\nNgid:\t0\nPid:\t${pid}\nPPid:\t${ppid}\nTracerPid:\t0\n` +
    `Uid:\t${four(uid)}\nGid:\t${four(gid)}\nFDSize:\t64\nGroups:\t${uid === 0 ? ' ' : `${gid} `}\nNStgid:\t${pid}\nNSpid:\t${pid}\nNSpgid:\t${pid}\nNSsid:\t${pid}\n` +
    (vsz === 0
      ? ''
      : `VmPeak:\t${String(vsz + 64).padStart(8)} kB\nVmSize:\t${String(vsz).padStart(8)} kB\nVmLck:\t       0 kB\nVmPin:\t       0 kB\nVmHWM:\t${String(rss).padStart(8)} kB\nVmRSS:\t${String(rss).padStart(8)} kB\n`) +
    `Threads:\t1\nSigQ:\t0/7836\nCpus_allowed_list:\t0-${machine.cpu.cores - 1}\nvoluntary_ctxt_switches:\t${pid * 7}\nnonvoluntary_ctxt_switches:\t${pid}\n`
  )
}

const statOf = ({ pid, ppid, rss, vsz, command, state, tty }: Process, machine: Machine): string =>
  `${pid} (${commOf(command)}) ${state[0]} ${ppid} ${pid} ${pid} ${tty === '?' ? 0 : 1025} -1 4194560 ${rss} 0 0 0 ${pid % 60} ${pid % 40} 0 0 20 0 1 0 ${pid % 900} ${vsz * 1024} ${Math.floor(rss / 4)} 18446744073709551615 1 1 0 0 0 0 671173123 4096 1260 0 0 0 17 ${pid % machine.cpu.cores} 0 0 0 0 0\n`

/** A file that the kernel makes: path, content, mode, size that a listing shows. */
export type KernelFile = readonly [path: string, content: string, mode?: number, size?: number]

const sys = (path: string, value: string): KernelFile => [`/sys/${path}`, `${value}\n`, 0o444, 4096]

/** Its disks, or the flash memory of a board, as the kernel numbers them. */
function disks({ hardware, memory }: Machine): KernelFile[] {
  const flash = hardware.disks.filter(({ kind }) => kind === 'flash')
  const { swap } = hardware
  return [
    [
      '/proc/swaps',
      `Filename\t\t\t\tType\t\tSize\tUsed\tPriority\n${swap === undefined ? '' : `${swap.path.padEnd(40)}${swap.kind === 'file' ? 'file\t' : 'partition'}\t${memory.swap}\t0\t-2\n`}`,
    ],
    [
      '/proc/partitions',
      `major minor  #blocks  name\n\n${hardware.disks.map(({ major, minor, kib, name }) => `${String(major).padStart(4)} ${String(minor).padStart(8)} ${String(kib).padStart(10)} ${name}\n`).join('')}`,
    ],
    [
      '/proc/diskstats',
      hardware.disks
        .map(({ major, minor, name, kind, depth = 0 }) =>
          kind === 'flash'
            ? `${String(major).padStart(4)} ${String(minor).padStart(7)} ${name} 0 0 0 0 0 0 0 0 0 0 0\n`
            : `${String(major).padStart(4)} ${String(minor).padStart(7)} ${name} ${18_211 - depth * 109} 2410 ${1_204_822 - depth * 3808} ${9144 - depth * 43} ${91_822 - depth * 2} 60214 2219840 ${51_220 - depth} 0 ${61_244 - depth * 43} ${60_364 - depth * 44} 0 0 0 0\n`,
        )
        .join(''),
    ],
    ...(flash.length === 0
      ? []
      : [
          [
            '/proc/mtd',
            `dev:    size   erasesize  name\n${flash.map(({ label = '', kib }, i) => `mtd${i}: ${(kib * 1024).toString(16).padStart(8, '0')} 00010000 "${label}"\n`).join('')}`,
          ] as const,
        ]),
    ...hardware.disks.flatMap(({ name, kind, kib }): KernelFile[] =>
      kind === 'disk'
        ? [
            sys(`block/${name}/size`, String(kib * 2)),
            sys(`block/${name}/queue/rotational`, name.startsWith('sd') ? '1' : '0'),
            sys(`block/${name}/removable`, '0'),
          ]
        : [],
    ),
  ]
}

/** What the firmware tells. */
const firmware = ({ hardware: { dmi } }: Machine): KernelFile[] =>
  dmi === undefined
    ? []
    : [
        sys('class/dmi/id/product_name', dmi.product),
        sys('class/dmi/id/sys_vendor', dmi.vendor),
        sys('class/dmi/id/bios_vendor', dmi.biosVendor),
        sys('class/dmi/id/bios_version', dmi.biosVersion),
        sys('class/dmi/id/chassis_vendor', dmi.vendor),
        sys('class/dmi/id/product_version', dmi.version),
      ]

/** All files of the kernel. Those in `living` are made anew at each reading. */
export function kernelFiles(machine: Machine): KernelFile[] {
  const { kernel, hostname, network, cpu } = machine
  const mounts = machine.hardware.mounts
    .map(([device, path, kind, options]) => `${device} ${path} ${kind} ${options} 0 0\n`)
    .join('')
  const control = (path: string, value: string): KernelFile => [`/proc/sys/${path}`, `${value}\n`, 0o644]
  return [
    ['/proc/cpuinfo', machine.hardware.cpuinfo],
    ['/proc/version', `Linux version ${kernel.release} ${kernel.built} ${kernel.version}\n`],
    ['/proc/cmdline', machine.hardware.cmdline],
    [
      '/proc/filesystems',
      'nodev\tsysfs\nnodev\ttmpfs\nnodev\tbdev\nnodev\tproc\nnodev\tcgroup\nnodev\tcgroup2\nnodev\tcpuset\nnodev\tdevtmpfs\nnodev\tconfigfs\nnodev\tdebugfs\nnodev\ttracefs\nnodev\tsecurityfs\nnodev\tsockfs\nnodev\tbpf\nnodev\tpipefs\nnodev\tramfs\nnodev\thugetlbfs\nnodev\tdevpts\nnodev\tmqueue\nnodev\tpstore\n\text3\n\text2\n\text4\nnodev\tautofs\n\tfuseblk\nnodev\tfuse\nnodev\tfusectl\nnodev\tbinfmt_misc\n',
    ],
    ['/proc/mounts', mounts],
    ['/proc/1/mounts', mounts],
    ['/proc/self/mounts', mounts],
    [
      '/proc/modules',
      machine.hardware.modules
        .map(
          ([name, size, users, by]) =>
            `${name} ${size} ${users} ${by === '' ? '-' : `${by},`} Live 0x0000000000000000\n`,
        )
        .join(''),
    ],
    ...disks(machine),
    ...firmware(machine),
    [
      '/proc/devices',
      'Character devices:\n  1 mem\n  4 /dev/vc/0\n  4 tty\n  4 ttyS\n  5 /dev/tty\n  5 /dev/console\n  5 /dev/ptmx\n  7 vcs\n 10 misc\n 13 input\n 29 fb\n128 ptm\n136 pts\n180 usb\n189 usb_device\n\nBlock devices:\n  8 sd\n 65 sd\n259 blkext\n',
    ],
    ['/proc/net/tcp', sockets(machine)],
    [
      '/proc/net/route',
      `Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT                                                       \n${network.device}\t00000000\t${hexAddress(network.gateway)}\t0003\t0\t0\t0\t00000000\t0\t0\t0                                                                               \n${network.device}\t${hexAddress(network.ip.replace(/\d+$/, '0'))}\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0                                                                               \n`,
    ],
    [
      '/proc/net/arp',
      `IP address       HW type     Flags       HW address            Mask     Device\n${network.gateway.padEnd(17)}0x1         0x2         52:54:00:12:35:02     *        ${network.device}\n`,
    ],
    control('kernel/hostname', hostname),
    control('kernel/osrelease', kernel.release),
    control('kernel/ostype', 'Linux'),
    control('kernel/version', kernel.version),
    control('kernel/pid_max', '32768'),
    control('kernel/threads-max', String(Math.floor(machine.memory.total / 128))),
    control('kernel/random/boot_id', bootId(machine)),
    control('fs/file-max', '9223372036854775807'),
    control('net/ipv4/ip_forward', '0'),
    control('vm/swappiness', '60'),
    control('vm/nr_hugepages', '0'),
    [
      '/proc/self/status',
      statusOf(
        { pid: 2417, ppid: 2411, user: 'root', command: 'cat', rss: 580, vsz: 5396, tty: 'pts/0', state: 'R+' },
        machine,
      ),
    ],
    ['/proc/self/cgroup', '0::/user.slice/user-0.slice/session-1.scope\n'],
    ['/proc/self/cmdline', 'cat\0/proc/self/cmdline\0'],
    ['/proc/self/comm', 'cat\n'],
    [
      '/proc/self/maps',
      '55d0c8a1e000-55d0c8a20000 r--p 00000000 08:01 1048642                    /usr/bin/cat\n55d0c8a20000-55d0c8a25000 r-xp 00002000 08:01 1048642                    /usr/bin/cat\n',
    ],
    ...Object.keys(living).map((path): KernelFile => [path, '']),
    ...machine.processes.flatMap((process): KernelFile[] => {
      const at = `/proc/${process.pid}`
      const kernelThread = process.command.startsWith('[')
      return [
        [`${at}/cmdline`, kernelThread ? '' : `${process.command.replaceAll(' ', '\0')}\0`],
        [`${at}/comm`, `${commOf(process.command)}\n`, 0o644],
        [`${at}/status`, statusOf(process, machine)],
        [`${at}/stat`, statOf(process, machine)],
        [
          `${at}/cgroup`,
          process.pid === 1 ? '0::/init.scope\n' : `0::/system.slice/${commOf(process.command)}.service\n`,
        ],
        [`${at}/environ`, '', 0o400],
        [`${at}/maps`, ''],
      ]
    }),
    ...[
      'buddyinfo',
      'cgroups',
      'consoles',
      'crypto',
      'dma',
      'fb',
      'interrupts',
      'iomem',
      'ioports',
      'kallsyms',
      'key-users',
      'keys',
      'locks',
      'misc',
      'pagetypeinfo',
      'schedstat',
      'slabinfo',
      'softirqs',
      'timer_list',
      'vmallocinfo',
      'vmstat',
      'zoneinfo',
    ].map((name): KernelFile => [`/proc/${name}`, '']),
    ['/proc/kcore', '', 0o400, 140_737_471_590_400],
    ['/proc/kmsg', '', 0o400],
    ['/proc/sysrq-trigger', '', 0o200],
    sys(`class/net/${network.device}/address`, network.mac),
    sys(`class/net/${network.device}/operstate`, 'up'),
    sys(`class/net/${network.device}/mtu`, '1500'),
    sys('class/net/lo/address', '00:00:00:00:00:00'),
    sys('devices/system/cpu/online', cpuList(cpu.cores)),
    sys('devices/system/cpu/possible', cpuList(cpu.cores)),
    sys('kernel/mm/transparent_hugepage/enabled', '[always] madvise never'),
  ]
}

/** The number of this boot: another after each. */
export const bootId = ({ machineId, booted }: Machine): string => {
  const hex =
    machineId.split('').reverse().join('').slice(0, 24) +
    Math.floor(booted / 1000)
      .toString(16)
      .padStart(8, '0')
  return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `a${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  )
}
