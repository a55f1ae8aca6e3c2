import type { Machine } from './machine.ts'

/** A disk, a part of one, or what lies upon it, as the kernel numbers it. */
export interface Disk {
  readonly name: string
  readonly kind: 'disk' | 'part' | 'lvm' | 'raid1' | 'flash'
  readonly major: number
  readonly minor: number
  readonly kib: number
  /** Where it is mounted. */
  readonly at?: string
  /** How deep it stands below its disk in a tree of them: none for a disk. */
  readonly depth?: number
  /** What a partition of flash memory is called. */
  readonly label?: string
}

/** What firmware tells of a machine (dmidecode, /sys/class/dmi). */
export interface Dmi {
  readonly vendor: string
  readonly product: string
  readonly version: string
  readonly biosVendor: string
  readonly biosVersion: string
  /** The version of its tables. */
  readonly smbios: string
}

/** What a machine is made of, as its kernel shows it. Every program that tells of it takes it from here. */
export interface Hardware {
  readonly cpuinfo: string
  readonly cmdline: string
  /** Rows of lscpu. */
  readonly lscpu: readonly (readonly [string, string | number])[]
  /** Device, place, kind, options. */
  readonly mounts: readonly (readonly [string, string, string, string])[]
  /** What df shows: device, KiB in all, KiB used, place. */
  readonly filesystems: readonly (readonly [string, number, number, string])[]
  readonly disks: readonly Disk[]
  /** What it swaps to, where it does. */
  readonly swap?: { readonly path: string; readonly kind: 'file' | 'partition' } | undefined
  /** Name, size, how many use it, which. */
  readonly modules: readonly (readonly [string, number, number, string])[]
  /** None on boards. */
  readonly dmi?: Dmi
  /** Rows of lspci. */
  readonly pci: readonly string[]
  /** What it runs within. */
  readonly virtual?: 'kvm' | 'vmware'
  /** Devices beyond those that every machine has. */
  readonly devices: readonly string[]
  /** What its kernel said when it started, after its first line. */
  readonly boot: readonly string[]
}

type Known = Pick<Machine, 'cpu' | 'memory' | 'disk' | 'kernel' | 'os' | 'network'>

const bare = 'rw,nosuid,nodev,noexec,relatime'
/** A part of the memory, in whole pages. */
const share = ({ memory }: Pick<Machine, 'memory'>, part: number): number => Math.floor((memory.total * part) / 4) * 4

/** What a PC with systemd has mounted beside its disks. @param on what is mounted of the disks: device, place, kind, options */
export function systemdMounts(machine: Pick<Machine, 'memory'>, on: Hardware['mounts']): Hardware['mounts'] {
  const [half, tenth] = [share(machine, 0.48), share(machine, 0.1)]
  const [first, ...others] = on
  return [
    ['sysfs', '/sys', 'sysfs', bare],
    ['proc', '/proc', 'proc', bare],
    ['udev', '/dev', 'devtmpfs', `rw,nosuid,relatime,size=${half}k,nr_inodes=${Math.floor(half / 4)},mode=755`],
    ['devpts', '/dev/pts', 'devpts', 'rw,nosuid,noexec,relatime,gid=5,mode=620,ptmxmode=000'],
    ['tmpfs', '/run', 'tmpfs', `rw,nosuid,nodev,noexec,relatime,size=${tenth}k,mode=755`],
    ...(first === undefined ? [] : [first]),
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
    ...others,
    [
      'tmpfs',
      '/run/user/0',
      'tmpfs',
      `rw,nosuid,nodev,relatime,size=${tenth}k,nr_inodes=${Math.floor(tenth / 4)},mode=700`,
    ],
  ]
}

/** What df shows of such a machine. @param on its disks' file systems */
export const systemdFilesystems = (
  { memory }: Pick<Machine, 'memory'>,
  on: Hardware['filesystems'],
): Hardware['filesystems'] => [
  ['udev', Math.round(memory.total * 0.48), 0, '/dev'],
  ['tmpfs', Math.round(memory.total * 0.1), 568, '/run'],
  ...on.slice(0, 1),
  ['tmpfs', Math.round(memory.total * 0.5), 0, '/dev/shm'],
  ['tmpfs', 5120, 0, '/run/lock'],
  ...on.slice(1),
  ['tmpfs', Math.round(memory.total * 0.1), 0, '/run/user/0'],
]

/** /proc/cpuinfo of a PC. */
const pcCpuinfo = (cpu: Machine['cpu']): string =>
  Array.from({ length: cpu.cores }, (_, i) =>
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

/** Numbers of processors, as the kernel lists them. */
export const cpuList = (cores: number): string => (cores === 1 ? '0' : `0-${cores - 1}`)

/** lscpu of a PC. */
const vendors = { kvm: 'KVM', vmware: 'VMware' } as const
const pcLscpu = ({ cpu, kernel }: Known, virtual: Hardware['virtual']): Hardware['lscpu'] => [
  ['Architecture', kernel.arch],
  ['CPU op-mode(s)', '32-bit, 64-bit'],
  ['Byte Order', 'Little Endian'],
  ['Address sizes', '40 bits physical, 48 bits virtual'],
  ['CPU(s)', cpu.cores],
  ['On-line CPU(s) list', cpuList(cpu.cores)],
  ['Thread(s) per core', 1],
  ['Core(s) per socket', cpu.cores],
  ['Socket(s)', 1],
  ['NUMA node(s)', 1],
  ['Vendor ID', cpu.vendor],
  ['CPU family', cpu.family],
  ['Model', cpu.number],
  ['Model name', cpu.model],
  ['Stepping', cpu.stepping],
  ['CPU MHz', cpu.mhz],
  ['BogoMIPS', (Number(cpu.mhz) * 2).toFixed(2)],
  ...(virtual !== undefined
    ? ([
        ['Hypervisor vendor', vendors[virtual]],
        ['Virtualization type', 'full'],
      ] as const)
    : ([['Virtualization', 'VT-x']] as const)),
  ['L1d cache', `${32 * cpu.cores} KiB`],
  ['L1i cache', `${32 * cpu.cores} KiB`],
  ['L2 cache', `${virtual !== undefined ? `${4 * cpu.cores} MiB` : `${256 * cpu.cores} KiB`}`],
  ['L3 cache', `${Math.round(cpu.cacheKb / 1024)} MiB`],
  ['NUMA node0 CPU(s)', cpuList(cpu.cores)],
  ['Flags', cpu.flags],
]

const firstModules = [
  ['binfmt_misc', 24_576, 1, ''],
  ['intel_rapl_msr', 20_480, 0, ''],
  ['intel_rapl_common', 28_672, 1, 'intel_rapl_msr'],
  ['ghash_clmulni_intel', 16_384, 0, ''],
  ['aesni_intel', 372_736, 0, ''],
  ['crypto_simd', 16_384, 1, 'aesni_intel'],
  ['cryptd', 24_576, 2, 'crypto_simd,ghash_clmulni_intel'],
] as const
const virtualModules = [
  ['virtio_balloon', 24_576, 0, ''],
  ['joydev', 28_672, 0, ''],
  ['serio_raw', 20_480, 0, ''],
  ['evdev', 28_672, 1, ''],
  ['qemu_fw_cfg', 20_480, 0, ''],
] as const
const commonModules = [
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
] as const
const virtioModules = [
  ['virtio_net', 61_440, 0, ''],
  ['net_failover', 24_576, 1, 'virtio_net'],
  ['failover', 16_384, 1, 'net_failover'],
  ['ata_piix', 36_864, 0, ''],
  ['virtio_pci', 32_768, 0, ''],
  ['virtio_ring', 36_864, 4, 'virtio_scsi,virtio_balloon,virtio_pci,virtio_net'],
  ['virtio', 20_480, 4, 'virtio_scsi,virtio_balloon,virtio_pci,virtio_net'],
] as const
const lastModules = [['crc32c_intel', 24_576, 2, '']] as const

/** The modules of a PC. @param more those of what it has beside */
export const pcModules = (virtual: boolean, more: Hardware['modules'] = []): Hardware['modules'] => [
  ...firstModules,
  ...more,
  ...(virtual ? virtualModules : []),
  ...commonModules,
  ...(virtual ? virtioModules : []),
  ...lastModules,
]

export const qemuDmi: Dmi = {
  vendor: 'QEMU',
  product: 'Standard PC (i440FX + PIIX, 1996)',
  version: 'pc-i440fx-7.2',
  biosVendor: 'SeaBIOS',
  biosVersion: '1.16.2-debian-1.16.2-1',
  smbios: '2.8',
}

const qemuPci = [
  '00:00.0 Host bridge: Intel Corporation 440FX - 82441FX PMC [Natoma] (rev 02)',
  '00:01.0 ISA bridge: Intel Corporation 82371SB PIIX3 ISA [Natoma/Triton II]',
  '00:01.1 IDE interface: Intel Corporation 82371SB PIIX3 IDE [Natoma/Triton II]',
  '00:02.0 VGA compatible controller: Cirrus Logic GD 5446',
  '00:03.0 Ethernet controller: Red Hat, Inc. Virtio network device',
  '00:04.0 SCSI storage controller: Red Hat, Inc. Virtio block device',
] as const

/** What may differ from a small virtual PC. */
export interface PcParts {
  /** A machine that is no virtual one. */
  readonly real?: boolean
  /** What it runs within, when not KVM. */
  readonly virtual?: Hardware['virtual']
  readonly dmi?: Dmi
  readonly pci?: readonly string[]
  readonly modules?: Hardware['modules']
  readonly mounts?: Hardware['mounts']
  readonly filesystems?: Hardware['filesystems']
  readonly disks?: readonly Disk[]
  readonly swap?: Hardware['swap']
  readonly devices?: readonly string[]
  readonly cmdline?: string
  readonly boot?: readonly string[]
}

/** A PC that runs systemd: a small virtual one, where nothing else is said. */
export function pc(known: Known, parts: PcParts = {}): Hardware {
  const { cpu, disk, kernel, os } = known
  const virtual = parts.real === true ? undefined : (parts.virtual ?? 'kvm')
  const name = disk.device.replace('/dev/', '')
  const blocks = Math.ceil(disk.total / 0.9757 / 1024) * 1024
  return {
    cpuinfo: pcCpuinfo(cpu),
    cmdline: parts.cmdline ?? `BOOT_IMAGE=/boot/vmlinuz-${kernel.release} root=UUID=${disk.uuid} ro quiet\n`,
    lscpu: pcLscpu(known, virtual),
    mounts: systemdMounts(known, parts.mounts ?? [[disk.device, '/', 'ext4', 'rw,relatime,errors=remount-ro']]),
    filesystems: systemdFilesystems(known, parts.filesystems ?? [[disk.device, disk.total, disk.used, '/']]),
    disks: parts.disks ?? [
      { name: name.replace(/\d+$/, ''), kind: 'disk', major: 8, minor: 0, kib: blocks + 1024 },
      { name, kind: 'part', major: 8, minor: 1, kib: blocks, at: '/', depth: 1 },
    ],
    swap: parts.swap ?? { path: os.id === 'ubuntu' ? '/swap.img' : '/swapfile', kind: 'file' },
    modules: parts.modules ?? pcModules(virtual === 'kvm'),
    dmi: parts.dmi ?? qemuDmi,
    pci: parts.pci ?? qemuPci,
    ...(virtual !== undefined && { virtual }),
    devices: parts.devices ?? ['tty1', 'ttyS0', 'sda', 'sda1', 'loop0', 'vcs', 'rtc0'],
    boot: parts.boot ?? [
      ...(virtual === undefined ? [] : [`[    0.000000] Hypervisor detected: ${vendors[virtual]}`]),
      `[    0.012411] smpboot: CPU0: ${cpu.model}`,
    ],
  }
}

/** Partitions of flash memory, by what they are called and their sizes in KiB. */
export const flashDisks = (parts: readonly (readonly [string, number])[]): readonly Disk[] =>
  parts.map(([label, kib], i) => ({ name: `mtdblock${i}`, kind: 'flash', major: 31, minor: i, kib, label }))
