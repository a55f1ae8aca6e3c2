import { sshDaemons } from './daemons.ts'
import { factsOf } from './facts.ts'
import { cameraGreeting } from './facts/camera.ts'
import { flashDisks, type Hardware } from './hardware.ts'
import type { Machine, Process } from './machine.ts'
import type { Persona, SshFace } from './persona.ts'
import type { Seed } from './seed.ts'

// A camera of a cheap make: busybox on ARM behind telnet and dropbear, with a password of its maker. What the droppers of
// Mirai's kin look for.

/** Passwords of makers that the published source of Mirai tries, and its successors. */
const passwords = [
  'xc3511',
  'vizxv',
  'admin',
  '888888',
  'xmhdipc',
  'juantech',
  '123456',
  '54321',
  'root',
  '12345',
  'pass',
  'hi3518',
  'jvbzd',
  'anko',
  'zlxx.',
  '7ujMko0vizxv',
  '7ujMko0admin',
  'ikwb',
  'dreambox',
  'klv123',
  'klv1234',
  'Zte521',
  'hslwificam',
  'cat1029',
  'tlJwpbo6',
  'S2fGqNFs',
] as const

/** What differs between the chips that such cameras are built around. */
interface Chip {
  readonly system: 'camera' | 'camera-mips'
  readonly kernel: Machine['kernel']
  readonly cpu: Pick<Machine['cpu'], 'model' | 'vendor' | 'family' | 'number' | 'stepping' | 'mhz' | 'cacheKb'>
  readonly cpuinfo: string
  readonly cmdline: string
  /** Threads of its drivers. */
  readonly threads: readonly string[]
  readonly modules: Hardware['modules']
  /** Of vendors of such boards. */
  readonly vendors: readonly string[]
  /** What it may be called. */
  readonly names: readonly string[]
  /** The program that makes it a camera. */
  readonly app: readonly [string, number, number]
}

const arm: Chip = {
  system: 'camera',
  kernel: {
    release: '4.9.37',
    version: '#1 Wed Aug 14 14:31:02 CST 2019',
    arch: 'armv7l',
    built: '(build@server) (gcc version 6.3.0 (HC&C V1R3C00SPC200B005_20190606) )',
  },
  cpu: {
    model: 'ARMv7 Processor rev 5 (v7l)',
    vendor: 'ARM',
    family: 7,
    number: 0xc07,
    stepping: 5,
    mhz: '594.000',
    cacheKb: 128,
  },
  cpuinfo:
    'processor\t: 0\nmodel name\t: ARMv7 Processor rev 5 (v7l)\nBogoMIPS\t: 1196.85\nFeatures\t: half thumb fastmult vfp edsp neon vfpv3 tls vfpv4 idiva idivt vfpd32 lpae evtstrm \nCPU implementer\t: 0x41\nCPU architecture: 7\nCPU variant\t: 0x0\nCPU part\t: 0xc07\nCPU revision\t: 5\n\nHardware\t: Generic DT based system\nRevision\t: 0000\nSerial\t\t: 0000000000000000\n',
  cmdline:
    'mem=64M console=ttyAMA0,115200 root=/dev/mtdblock2 rootfstype=jffs2 rw mtdparts=hi_sfc:512K(boot),3072K(kernel),8192K(rootfs),2560K(config),2048K(custom)',
  threads: ['hisfc_spi_nor', 'himci', 'mmcqd/0'],
  modules: [
    ['wdt', 5180, 1, ''],
    ['sensor_i2c', 2544, 0, ''],
    ['hi_mipi', 36_244, 0, ''],
    ['hi3518e_venc', 331_404, 2, ''],
    ['hi3518e_isp', 418_260, 4, ''],
    ['hi3518e_sys', 96_812, 6, ''],
    ['hi3518e_base', 59_212, 12, ''],
    ['hi_osal', 41_004, 14, ''],
  ],
  vendors: ['00:12:31', '00:12:16', '9c:a3:aa', 'bc:32:5f'],
  names: ['localhost', 'ipcam', 'IPCamera', 'hisilicon', '(none)', 'camera'],
  app: ['./ipcam', 21_804, 183_444],
}

const mips: Chip = {
  system: 'camera-mips',
  kernel: {
    release: '3.10.14',
    version: '#6 PREEMPT Tue Mar 5 11:42:17 CST 2019',
    arch: 'mips',
    built: '(root@ubuntu) (gcc version 4.7.2 (Ingenic r2.3.3 2016.12) )',
  },
  cpu: {
    model: 'Ingenic Xburst V0.1  FPU V0.0',
    vendor: 'Ingenic',
    family: 0,
    number: 0,
    stepping: 0,
    mhz: '860.160',
    cacheKb: 128,
  },
  cpuinfo:
    'system type\t\t: t20\nmachine\t\t\t: Unknown\nprocessor\t\t: 0\ncpu model\t\t: Ingenic Xburst V0.1  FPU V0.0\nBogoMIPS\t\t: 858.52\nwait instruction\t: yes\nmicrosecond timers\t: no\ntlb_entries\t\t: 32\nextra interrupt vector\t: yes\nhardware watchpoint\t: yes, count: 1, address/irw mask: [0x0fff]\nisa\t\t\t: mips32r1\nASEs implemented\t: mxu\nshadow register sets\t: 1\nkscratch registers\t: 0\ncore\t\t\t: 0\nVCED exceptions\t\t: not available\nVCEI exceptions\t\t: not available\n\nHardware\t\t: isvp\nSerial\t\t\t: 00000000 00000000 00000000 00000000\n',
  cmdline:
    'console=ttyS1,115200n8 mem=64M@0x0 rmem=64M@0x4000000 init=/linuxrc rootfstype=jffs2 root=/dev/mtdblock2 rw mtdparts=jz_sfc:512K(boot),3072K(kernel),8192K(rootfs),2560K(config),2048K(custom)',
  threads: ['jz_sfc', 'mmcqd/0'],
  modules: [
    ['exfat', 100_464, 0, ''],
    ['sensor_jxf22_t20', 12_408, 1, ''],
    ['tx_isp_t20', 284_112, 1, 'sensor_jxf22_t20'],
    ['sinfo', 8412, 0, ''],
    ['audio', 62_804, 1, ''],
    ['8188fu', 1_061_240, 0, ''],
  ],
  vendors: ['2c:aa:8e', '34:ea:e7', '44:01:bb', 'd0:31:10'],
  names: ['Ingenic-uc1_1', 'ipcam', 'IPCamera', '(none)', 'camera'],
  app: ['./iCamera', 18_224, 142_816],
}

/** Its flash memory: names and sizes in KiB. */
const flash = flashDisks([
  ['boot', 512],
  ['kernel', 3072],
  ['rootfs', 8192],
  ['config', 2560],
  ['custom', 2048],
])

const kernelThreads = [
  'kthreadd',
  'ksoftirqd/0',
  'kworker/0:0H',
  'rcu_sched',
  'rcu_bh',
  'lru-add-drain',
  'cpuhp/0',
  'kdevtmpfs',
  'oom_reaper',
  'writeback',
  'kcompactd0',
  'crypto',
  'bioset',
  'kblockd',
  'kswapd0',
  'vmstat',
]

/** Makes the persona of a camera. */
function make(chip: Chip, seed: Seed, hostKeys: SshFace['hostKeys'], installed: number): Persona {
  const { release } = factsOf(chip.system)
  const day = 86_400_000
  const hostname = seed.pick('camera host', chip.names)
  const total = 60_416 - seed.below('camera memory', 40) * 4
  const free = 11_000 + seed.below('camera free', 3000)
  const cached = 14_200 + seed.below('camera cached', 2000)
  const lan = seed.pick('camera lan', [0, 1, 1, 2, 10])
  const mac = [
    seed.pick('camera vendor', chip.vendors),
    ...[0, 1, 2].map((i) => (seed.bytes('mac')[i] ?? 0).toString(16).padStart(2, '0')),
  ].join(':')
  const hex = (label: string, bytes: number) => seed.bytes(label).toString('hex', 0, bytes)
  const process = (pid: number, command: string, rss = 0, vsz = 0): Process => ({
    pid,
    ppid: pid === 1 ? 0 : rss === 0 ? 2 : 1,
    user: 'root',
    command,
    rss,
    vsz,
    tty: '?',
    state: rss === 0 ? 'SW' : 'S',
  })
  const machine: Machine = {
    system: chip.system,
    hostKeys: {},
    versions: {},
    hostname,
    domain: 'lan',
    os: {
      id: 'busybox',
      packages: 'none',
      name: 'Linux',
      version: '',
      codename: '',
      pretty: 'Linux',
      repositories: [],
    },
    kernel: chip.kernel,
    cpu: { ...chip.cpu, cores: 1, flags: '' },
    memory: { total, free, available: free + Math.round(cached * 0.8), buffers: 1204, cached, swap: 0 },
    disk: { device: '/dev/root', total: 8192, used: 6404, uuid: '' },
    network: {
      device: 'eth0',
      mac,
      ip: `192.168.${lan}.${20 + seed.below('camera ip', 200)}`,
      gateway: `192.168.${lan}.1`,
      bits: 24,
    },
    installed: installed - (400 + seed.below('age', 600)) * day,
    booted: installed - (3 + seed.below('uptime', 70)) * day - seed.below('boot second', 86_400) * 1000,
    users: release.users.map((line) => {
      const [name = '', , uid = '', gid = '', gecos = '', home = '', shell = ''] = line.split(':')
      return { name, uid: Number(uid), gid: Number(gid), gecos, home, shell }
    }),
    groups: release.groups.map((line) => ({ name: line.split(':')[0] ?? '', gid: Number(line.split(':')[2]) })),
    processes: [
      process(1, 'init', 708, 1480),
      ...[...kernelThreads, ...chip.threads, 'jffs2_gcd_mtd3', 'jffs2_gcd_mtd4'].map((name, i) =>
        process(2 + i, `[${name}]`),
      ),
      process(118, '/usr/sbin/telnetd', 632, 1476),
      process(121, '/usr/sbin/dropbear -R', 1104, 2180),
      process(126, 'udhcpc -i eth0 -b', 648, 1484),
      process(143, './watchdogd', 412, 1128),
      process(147, ...chip.app),
      process(152, '-sh', 720, 1488),
    ],
    listening: [
      ['tcp', 23, 118, 'telnetd'],
      ['tcp', 22, 121, 'dropbear'],
    ],
    machineId: hex('machine id', 16),
    shell: 'ash',
    userland: 'busybox',
    files: [],
    packages: [],
    hardware: {
      cpuinfo: chip.cpuinfo,
      cmdline: `${chip.cmdline}\n`,
      lscpu: [],
      mounts: [
        ['/dev/root', '/', 'jffs2', 'rw,relatime'],
        [
          'devtmpfs',
          '/dev',
          'devtmpfs',
          `rw,relatime,size=${Math.floor(total / 2) - 12}k,nr_inodes=${Math.floor(total / 8)},mode=755`,
        ],
        ['proc', '/proc', 'proc', 'rw,relatime'],
        ['sysfs', '/sys', 'sysfs', 'rw,relatime'],
        ['tmpfs', '/dev/shm', 'tmpfs', 'rw,relatime'],
        ['devpts', '/dev/pts', 'devpts', 'rw,relatime,gid=5,mode=620,ptmxmode=000'],
        ['tmpfs', '/tmp', 'tmpfs', 'rw,relatime'],
        ['/dev/mtdblock3', '/mnt/mtd', 'jffs2', 'rw,relatime'],
        ['/dev/mtdblock4', '/mnt/custom', 'jffs2', 'rw,relatime'],
      ],
      disks: flash,
      modules: chip.modules,
      filesystems: [
        ['/dev/root', 8192, 6404, '/'],
        ['devtmpfs', Math.floor(total / 2) - 12, 4, '/dev'],
        ['tmpfs', Math.floor(total / 2), 0, '/dev/shm'],
        ['tmpfs', Math.floor(total / 2), 28, '/tmp'],
        ['/dev/mtdblock3', 2560, 412, '/mnt/mtd'],
        ['/dev/mtdblock4', 2048, 256, '/mnt/custom'],
      ],
      pci: [],
      devices: [
        'ttyAMA0',
        'watchdog',
        'mmz_userdev',
        'hi_mipi',
        'isp_dev',
        ...flash.flatMap((_, i) => [`mtd${i}`, `mtdblock${i}`]),
      ],
      boot: [],
    },
  }
  return {
    name: chip.system,
    machine,
    credentials: seed.sample('camera', passwords, 3).map((password) => ({ user: 'root', password })),
    motd: () => cameraGreeting.replace(/\n/g, '\r\n'),
    ssh: { ...sshDaemons['dropbear-2019.78'], hostKeys, banner: '' },
    http: { server: '', title: '', realm: '', product: '' },
    redis: { version: '', runId: '', buildId: '', dir: '/' },
    memcached: { version: '' },
    telnet: { daemon: 'busybox', issue: '' },
  }
}

/** A camera of a cheap make, on ARM. */
export const camera = (...about: [Seed, SshFace['hostKeys'], number]): Persona => make(arm, ...about)
/** The same kind of thing on MIPS, little end first. */
export const cameraMips = (...about: [Seed, SshFace['hostKeys'], number]): Persona => make(mips, ...about)
