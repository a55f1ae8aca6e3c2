import type { Board, Machine, Process } from '../personas/machine.ts'
import { commOf, living } from './proc.ts'

// What the kernel shows that stands still: /proc, /sys and the mounts, in the form of Linux 5.10, from the same facts
// that the programs print (proc(5); Documentation/filesystems/proc.rst of the kernel).

function cpuinfo({ cpu, board }: Machine): string {
  if (board !== undefined) return board.cpuinfo
  return Array.from({ length: cpu.cores }, (_, i) =>
    [
      `processor\t: ${i}`,
      `vendor_id\t: ${cpu.vendor}`,
      `cpu family\t: ${cpu.family}`,
      `model\t\t: ${cpu.number}`,
      `model name\t: ${cpu.model}`,
      `stepping\t: ${cpu.stepping}`,
      'microcode\t: 0x1',
      `cpu MHz\t\t: ${cpu.mhz}`,
      `cache size\t: ${cpu.cacheKb} KB`,
      'physical id\t: 0',
      `siblings\t: ${cpu.cores}`,
      `core id\t\t: ${i}`,
      `cpu cores\t: ${cpu.cores}`,
      `apicid\t\t: ${i}`,
      `initial apicid\t: ${i}`,
      'fpu\t\t: yes',
      'fpu_exception\t: yes',
      'cpuid level\t: 13',
      'wp\t\t: yes',
      `flags\t\t: ${cpu.flags}`,
      'bugs\t\t: cpu_meltdown spectre_v1 spectre_v2 spec_store_bypass l1tf mds swapgs itlb_multihit mmio_stale_data',
      `bogomips\t: ${(Number(cpu.mhz) * 2).toFixed(2)}`,
      'clflush size\t: 64',
      'cache_alignment\t: 64',
      'address sizes\t: 40 bits physical, 48 bits virtual',
      'power management:',
      '',
      '',
    ].join('\n'),
  ).join('')
}

/** What is mounted: device, place, kind, options. */
export function mountsOf({ disk, memory, board }: Machine): readonly (readonly [string, string, string, string])[] {
  if (board !== undefined) return board.mounts
  const share = (part: number) => Math.floor((memory.total * part) / 4) * 4
  const bare = 'rw,nosuid,nodev,noexec,relatime'
  return [
    ['sysfs', '/sys', 'sysfs', bare],
    ['proc', '/proc', 'proc', bare],
    [
      'udev',
      '/dev',
      'devtmpfs',
      `rw,nosuid,relatime,size=${share(0.48)}k,nr_inodes=${Math.floor(share(0.48) / 4)},mode=755`,
    ],
    ['devpts', '/dev/pts', 'devpts', 'rw,nosuid,noexec,relatime,gid=5,mode=620,ptmxmode=000'],
    ['tmpfs', '/run', 'tmpfs', `rw,nosuid,nodev,noexec,relatime,size=${share(0.1)}k,mode=755`],
    [disk.device, '/', 'ext4', 'rw,relatime,errors=remount-ro'],
    ['securityfs', '/sys/kernel/security', 'securityfs', bare],
    ['tmpfs', '/dev/shm', 'tmpfs', 'rw,nosuid,nodev'],
    ['tmpfs', '/run/lock', 'tmpfs', 'rw,nosuid,nodev,noexec,relatime,size=5120k'],
    ['cgroup2', '/sys/fs/cgroup', 'cgroup2', `${bare},nsdelegate,memory_recursiveprot`],
    ['pstore', '/sys/fs/pstore', 'pstore', bare],
    ['none', '/sys/fs/bpf', 'bpf', 'rw,nosuid,nodev,noexec,relatime,mode=700'],
    [
      'systemd-1',
      '/proc/sys/fs/binfmt_misc',
      'autofs',
      'rw,relatime,fd=30,pgrp=1,timeout=0,minproto=5,maxproto=5,direct,pipe_ino=10557',
    ],
    ['mqueue', '/dev/mqueue', 'mqueue', bare],
    ['debugfs', '/sys/kernel/debug', 'debugfs', bare],
    ['tracefs', '/sys/kernel/tracing', 'tracefs', bare],
    ['hugetlbfs', '/dev/hugepages', 'hugetlbfs', 'rw,relatime,pagesize=2M'],
    ['fusectl', '/sys/fs/fuse/connections', 'fusectl', bare],
    ['configfs', '/sys/kernel/config', 'configfs', bare],
    [
      'tmpfs',
      '/run/user/0',
      'tmpfs',
      `rw,nosuid,nodev,relatime,size=${share(0.1)}k,nr_inodes=${Math.floor(share(0.1) / 4)},mode=700`,
    ],
  ]
}

/** The kernel's modules: name, size, how many use it, which. */
export const modulesOf = ({ board }: Machine): readonly (readonly [string, number, number, string])[] =>
  board?.modules ?? pcModules
const pcModules: readonly (readonly [string, number, number, string])[] = [
  ['binfmt_misc', 24_576, 1, ''],
  ['intel_rapl_msr', 20_480, 0, ''],
  ['intel_rapl_common', 28_672, 1, 'intel_rapl_msr'],
  ['ghash_clmulni_intel', 16_384, 0, ''],
  ['aesni_intel', 372_736, 0, ''],
  ['crypto_simd', 16_384, 1, 'aesni_intel'],
  ['cryptd', 24_576, 2, 'crypto_simd,ghash_clmulni_intel'],
  ['virtio_balloon', 24_576, 0, ''],
  ['joydev', 28_672, 0, ''],
  ['serio_raw', 20_480, 0, ''],
  ['evdev', 28_672, 1, ''],
  ['qemu_fw_cfg', 20_480, 0, ''],
  ['button', 24_576, 0, ''],
  ['fuse', 167_936, 1, ''],
  ['configfs', 57_344, 1, ''],
  ['ip_tables', 36_864, 0, ''],
  ['x_tables', 53_248, 1, 'ip_tables'],
  ['autofs4', 53_248, 2, ''],
  ['ext4', 937_984, 1, ''],
  ['crc16', 16_384, 1, 'ext4'],
  ['mbcache', 16_384, 1, 'ext4'],
  ['jbd2', 151_552, 1, 'ext4'],
  ['crc32c_generic', 16_384, 0, ''],
  ['sd_mod', 61_440, 2, ''],
  ['virtio_net', 61_440, 0, ''],
  ['net_failover', 24_576, 1, 'virtio_net'],
  ['failover', 16_384, 1, 'net_failover'],
  ['ata_piix', 36_864, 0, ''],
  ['virtio_pci', 32_768, 0, ''],
  ['virtio_ring', 36_864, 4, 'virtio_scsi,virtio_balloon,virtio_pci,virtio_net'],
  ['virtio', 20_480, 4, 'virtio_scsi,virtio_balloon,virtio_pci,virtio_net'],
  ['crc32c_intel', 24_576, 2, ''],
]

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

/** The disk of a PC, and its firmware. */
function disks(machine: Machine): KernelFile[] {
  const blocks = Math.ceil(machine.disk.total / 0.9757 / 1024) * 1024
  return [
    [
      '/proc/swaps',
      `Filename\t\t\t\tType\t\tSize\tUsed\tPriority\n${(machine.os.id === 'ubuntu' ? '/swap.img' : '/swapfile').padEnd(40)}file\t\t${machine.memory.swap}\t0\t-2\n`,
    ],
    [
      '/proc/partitions',
      `major minor  #blocks  name\n\n   8        0 ${String(blocks + 1024).padStart(10)} sda\n   8        1 ${String(blocks).padStart(10)} sda1\n`,
    ],
    [
      '/proc/diskstats',
      `   8       0 sda 18211 2410 1204822 9144 91822 60214 2219840 51220 0 61244 60364 0 0 0 0\n   8       1 sda1 18102 2410 1201014 9101 91820 60214 2219840 51219 0 61201 60320 0 0 0 0\n`,
    ],
    sys('class/dmi/id/product_name', 'Standard PC (i440FX + PIIX, 1996)'),
    sys('class/dmi/id/sys_vendor', 'QEMU'),
    sys('class/dmi/id/bios_vendor', 'SeaBIOS'),
    sys('class/dmi/id/bios_version', '1.16.2-debian-1.16.2-1'),
    sys('class/dmi/id/chassis_vendor', 'QEMU'),
    sys('class/dmi/id/product_version', 'pc-i440fx-7.2'),
    sys('block/sda/size', String((blocks + 1024) * 2)),
    sys('block/sda/queue/rotational', '1'),
  ]
}

/** The flash memory of a board. */
const boardFiles = ({ flash }: Board): KernelFile[] => [
  ['/proc/swaps', 'Filename\t\t\t\tType\t\tSize\tUsed\tPriority\n'],
  [
    '/proc/mtd',
    `dev:    size   erasesize  name\n${flash.map(([name, kib], i) => `mtd${i}: ${(kib * 1024).toString(16).padStart(8, '0')} 00010000 "${name}"\n`).join('')}`,
  ],
  [
    '/proc/partitions',
    `major minor  #blocks  name\n\n${flash.map(([, kib], i) => `  31 ${String(i).padStart(8)} ${String(kib).padStart(10)} mtdblock${i}\n`).join('')}`,
  ],
  ['/proc/diskstats', flash.map((_, i) => `  31       ${i} mtdblock${i} 0 0 0 0 0 0 0 0 0 0 0\n`).join('')],
]

/** All files of the kernel. Those in `living` are made anew at each reading. */
export function kernelFiles(machine: Machine): KernelFile[] {
  const { kernel, hostname, network, cpu } = machine
  const mounts = mountsOf(machine)
    .map(([device, path, kind, options]) => `${device} ${path} ${kind} ${options} 0 0\n`)
    .join('')
  const control = (path: string, value: string): KernelFile => [`/proc/sys/${path}`, `${value}\n`, 0o644]
  return [
    ['/proc/cpuinfo', cpuinfo(machine)],
    ['/proc/version', `Linux version ${kernel.release} ${kernel.built} ${kernel.version}\n`],
    [
      '/proc/cmdline',
      machine.board?.cmdline ?? `BOOT_IMAGE=/boot/vmlinuz-${kernel.release} root=UUID=${machine.disk.uuid} ro quiet\n`,
    ],
    [
      '/proc/filesystems',
      'nodev\tsysfs\nnodev\ttmpfs\nnodev\tbdev\nnodev\tproc\nnodev\tcgroup\nnodev\tcgroup2\nnodev\tcpuset\nnodev\tdevtmpfs\nnodev\tconfigfs\nnodev\tdebugfs\nnodev\ttracefs\nnodev\tsecurityfs\nnodev\tsockfs\nnodev\tbpf\nnodev\tpipefs\nnodev\tramfs\nnodev\thugetlbfs\nnodev\tdevpts\nnodev\tmqueue\nnodev\tpstore\n\text3\n\text2\n\text4\nnodev\tautofs\n\tfuseblk\nnodev\tfuse\nnodev\tfusectl\nnodev\tbinfmt_misc\n',
    ],
    ['/proc/mounts', mounts],
    ['/proc/1/mounts', mounts],
    ['/proc/self/mounts', mounts],
    [
      '/proc/modules',
      modulesOf(machine)
        .map(
          ([name, size, users, by]) =>
            `${name} ${size} ${users} ${by === '' ? '-' : `${by},`} Live 0x0000000000000000\n`,
        )
        .join(''),
    ],
    ...(machine.board === undefined ? disks(machine) : boardFiles(machine.board)),
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
    sys('devices/system/cpu/online', cpu.cores === 1 ? '0' : `0-${cpu.cores - 1}`),
    sys('devices/system/cpu/possible', cpu.cores === 1 ? '0' : `0-${cpu.cores - 1}`),
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
