import { sshDaemons } from './daemons.ts'
import { accounts, cpus, flags, hosts, orgs, products, rootPasswords } from './draws.ts'
import { factsOf } from './facts.ts'
import { pc, type Hardware } from './hardware.ts'
import type { Machine, MachineFile, Process, User } from './machine.ts'
import type { Credential, Persona, SshFace } from './persona.ts'
import { serverMotd } from './motd.ts'
import type { Release } from './releases.ts'
import type { Seed } from './seed.ts'

// A machine of the size of a server: a small one of somebody who is not paid to look after it, or a kind that has its own
// file in kinds/.

/** Packages by whose versions words differ. */
const telling = new Set([
  'adduser',
  'bash',
  'coreutils',
  'curl',
  'gawk',
  'lsb-release',
  'python3-minimal',
  'dash',
  'git',
  'htop',
  'less',
  'libpam-modules',
  'mount',
  'nano',
  'openssl',
  'passwd',
  'openssh-client',
  'procps',
  'iproute2',
  'iptables',
  'sudo',
  'ufw',
])
/** What the packages are called that are called otherwise elsewhere. */
const aliases: Readonly<Record<string, string>> = {
  'openssh-clients': 'openssh-client',
  iproute: 'iproute2',
  'procps-ng': 'procps',
  pam: 'libpam-modules',
}
const versionsOf = (packages: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    packages.flatMap((line) => {
      const [given = '', version = ''] = line.split('|', 2)
      const name = aliases[given] ?? given
      return telling.has(name) ? [[name, version]] : []
    }),
  )

const kernelThreads = [
  'kthreadd',
  'rcu_gp',
  'rcu_par_gp',
  'kworker/0:0H-events_highpri',
  'mm_percpu_wq',
  'rcu_tasks_rude_',
  'rcu_tasks_trace',
  'ksoftirqd/0',
  'rcu_sched',
  'migration/0',
  'cpuhp/0',
  'kdevtmpfs',
  'netns',
  'kauditd',
  'khungtaskd',
  'oom_reaper',
  'writeback',
  'kcompactd0',
  'ksmd',
  'khugepaged',
  'kintegrityd',
  'kblockd',
  'blkcg_punt_bio',
  'edac-poller',
  'devfreq_wq',
  'kswapd0',
  'kthrotld',
  'acpi_thermal_pm',
]

/** Fields of a line of /etc/passwd. */
export const userOf = (line: string): User => {
  const [name = '', , uid = '', gid = '', gecos = '', home = '', shell = ''] = line.split(':')
  return { name, uid: Number(uid), gid: Number(gid), gecos, home, shell }
}
const groupOf = (line: string): { name: string; gid: number } => {
  const [name = '', , gid = ''] = line.split(':')
  return { name, gid: Number(gid) }
}
/** A setting of os-release(5). */
const settingOf = (text: string, key: string): string =>
  new RegExp(`^${key}="?([^"\\n]*)"?$`, 'm').exec(text)?.[1] ?? ''

/** A process that serves: number, user, command line, resident and virtual size in KiB; of whom it is a child. */
export type Daemon = readonly [pid: number, user: string, command: string, rss: number, vsz: number, ppid?: number]

/** What is settled of a machine before its hardware and files are made. */
export type Known = Pick<
  Machine,
  'hostname' | 'domain' | 'os' | 'kernel' | 'cpu' | 'memory' | 'disk' | 'network' | 'users'
>

/** What one kind of machine has otherwise than a small virtual server. One file in kinds/ each. */
export interface Kind {
  /** The persona's name in events. */
  readonly persona: string
  /** Instead of the release's. */
  readonly kernel?: Release['kernel']
  readonly hostname: (seed: Seed, network: Machine['network']) => string
  readonly domain?: (seed: Seed) => string
  readonly cpu: (seed: Seed) => Machine['cpu']
  /** What of its memory the kernel leaves. */
  readonly gigabytes: readonly number[]
  readonly swap?: number
  /** Sizes of its disk in GB. */
  readonly disks: readonly number[]
  readonly device?: string
  /** Name of its network card, and the maker's part of its address. */
  readonly card: string
  readonly vendor: string
  readonly lan?: (seed: Seed, mac: string) => Omit<Machine['network'], 'device' | 'mac'>
  /** Who has an account beside the system's, with the password; drawn when absent. */
  readonly accounts?: readonly Credential[]
  /** Passwords of root from which a few are drawn. */
  readonly rootPasswords?: readonly string[]
  /** Lines of /etc/passwd beyond those of the system. */
  readonly users?: readonly string[]
  readonly groups?: readonly string[]
  readonly threads?: readonly string[]
  /** What serves, beside systemd's own; a small server's when absent. */
  readonly daemons?: (seed: Seed) => readonly Daemon[]
  readonly listening?: Machine['listening']
  readonly hardware?: (known: Known, seed: Seed) => Hardware
  readonly files?: (known: Known, seed: Seed) => readonly MachineFile[]
  readonly packages?: readonly string[]
  readonly http?: Persona['http']
  readonly motd?: (machine: Machine, now: number) => string
}

/** A small server of somebody who is not paid to look after it. */
const small = (release: Release): Kind => ({
  persona: release.persona,
  hostname: (seed) =>
    `${seed.pick('host', hosts)}${seed.below('host number', 2) === 0 ? '' : '0'}${1 + seed.below('host n', 4)}`,
  cpu: (seed) => ({
    ...seed.pick('cpu', cpus),
    vendor: 'GenuineIntel',
    family: 6,
    cores: seed.pick('cores', [1, 2, 2, 4, 4, 8]),
    flags,
  }),
  gigabytes: [2, 4, 4, 8, 16],
  disks: [20, 40, 40, 60, 80],
  card: 'ens3',
  vendor: '52:54:00',
  daemons: () => [
    [437, 'root', '/usr/sbin/inetutils-inetd', 1_880, 2_480],
    [461, 'redis', '/usr/bin/redis-server 0.0.0.0:6379', 12_116, 65_104],
    [488, 'root', 'nginx: master process /usr/sbin/nginx -g daemon on; master_process on;', 1_704, 55_296],
    [489, 'www-data', 'nginx: worker process', 6_092, 55_932, 488],
  ],
  listening: [
    ['tcp', 6379, 461, 'redis-server'],
    ['tcp', 80, 488, 'nginx: master'],
    ['tcp', 22, 446, 'sshd'],
    ['tcp', 23, 437, 'inetutils-inet'],
  ],
})

/** Makes the persona of a server. @param kind what it is beside a server of that release */
export function server(
  release: Release,
  seed: Seed,
  hostKeys: SshFace['hostKeys'],
  installed: number,
  kind: Kind = small(release),
): Persona {
  const { release: told, tree, packages } = factsOf(release.system)
  const systemUsers = [...told.users, ...(kind.users ?? [])].map(userOf)
  const groups = [...told.groups, ...(kind.groups ?? [])].map(groupOf)
  const ubuntu = release.id === 'ubuntu'
  const debian = (release.packages ?? 'dpkg') === 'dpkg'
  /** Where a daemon is on this system: the first of its places that is there. */
  const placed = (...paths: string[]): string | undefined =>
    paths.find((path) => {
      const at = path.replace(/^\/(lib|sbin|bin)\//, '/usr/$1/')
      const cut = at.lastIndexOf('/')
      return tree[at.slice(0, cut)]?.split('|').some((entry) => entry.split(/[ >]/)[0] === at.slice(cut + 1)) === true
    })
  const day = 86_400_000
  const org = seed.pick('org', orgs)
  const cpu = kind.cpu(seed)
  const total = Math.round(seed.pick('memory', kind.gigabytes) * 1024 * 1024 * 0.9681) - seed.below('memory odd', 4096)
  const cached = Math.round(total * (0.3 + seed.below('cached', 200) / 1000))
  const free = Math.round(total * (0.12 + seed.below('free', 150) / 1000))
  const buffers = Math.round(total * 0.021)
  const disk = seed.pick('disk', kind.disks) * 1024 * 1024
  const net = 1 + seed.below('lan', 250)
  const mac = [kind.vendor, ...[0, 1, 2].map((i) => (seed.bytes('mac')[i] ?? 0).toString(16).padStart(2, '0'))].join(
    ':',
  )
  const network: Machine['network'] = {
    device: kind.card,
    mac,
    ...(kind.lan?.(seed, mac) ?? {
      ip: `10.0.${net}.${10 + seed.below('ip', 200)}`,
      gateway: `10.0.${net}.1`,
      bits: 24,
    }),
  }
  const weak = accounts.filter(({ user }) => !systemUsers.some(({ name }) => name === user))
  const extra = kind.accounts ?? seed.sample('accounts', weak, 2)
  const root = seed
    .sample('root', kind.rootPasswords ?? rootPasswords, 4)
    .map((password) => ({ user: 'root', password }))
  const users: User[] = [
    ...systemUsers,
    ...extra
      .filter(({ user }) => !systemUsers.some(({ name }) => name === user))
      .map(({ user }, i) => ({
        name: user,
        uid: 1000 + i,
        gid: 1000 + i,
        gecos: `${user},,,`,
        home: `/home/${user}`,
        shell: '/bin/bash',
      })),
  ]
  const hex = (label: string, bytes: number) => seed.bytes(label).toString('hex', 0, bytes)
  const known: Known = {
    hostname: kind.hostname(seed, network),
    domain: kind.domain?.(seed) ?? `${org}.local`,
    os: {
      id: release.id,
      packages: release.packages ?? 'dpkg',
      name: settingOf(told.os, 'NAME'),
      version: settingOf(told.os, 'VERSION_ID'),
      codename: release.codename,
      pretty: settingOf(told.os, 'PRETTY_NAME'),
      repositories: release.repositories,
    },
    kernel: { arch: 'x86_64', ...release.kernel, ...kind.kernel },
    cpu,
    memory: {
      total,
      free,
      available: Math.min(total, free + Math.round(cached * 0.86)),
      buffers,
      cached,
      swap: kind.swap ?? 998_396,
    },
    disk: {
      device: kind.device ?? '/dev/sda1',
      total: Math.round(disk * 0.9757),
      used: Math.round(disk * (0.14 + seed.below('used', 300) / 1000)),
      uuid: `${hex('fs', 4)}-${hex('fs1', 2)}-4${hex('fs2', 2).slice(1)}-a${hex('fs3', 2).slice(1)}-${hex('fs4', 6)}`,
    },
    network,
    users,
  }
  const service = (name: string) => placed(`/lib/systemd/${name}`, `/usr/lib/systemd/${name}`) ?? `/lib/systemd/${name}`
  const daemons: readonly Daemon[] = [
    ...(
      [
        [231, 'root', service('systemd-journald'), 31_948, 64_212],
        [254, 'root', service('systemd-udevd'), 5_276, 21_620],
        [291, 'systemd-timesync', placed('/lib/systemd/systemd-timesyncd'), 6_180, 88_436],
        [318, 'systemd-network', ubuntu ? placed('/lib/systemd/systemd-networkd') : undefined, 7_812, 16_252],
        [326, 'systemd-resolve', ubuntu ? placed('/lib/systemd/systemd-resolved') : undefined, 12_440, 25_540],
        [402, 'root', placed('/usr/sbin/cron') && '/usr/sbin/cron -f', 2_744, 6_744],
        [
          405,
          'messagebus',
          `${ubuntu ? '@dbus-daemon' : '/usr/bin/dbus-daemon'} --system --address=systemd: --nofork --nopidfile --systemd-activation --syslog-only`,
          4_512,
          8_268,
        ],
        [
          411,
          ubuntu ? 'syslog' : 'root',
          placed('/usr/sbin/rsyslogd') && '/usr/sbin/rsyslogd -n -iNONE',
          4_820,
          220_796,
        ],
        [414, 'root', service('systemd-logind'), 7_152, 13_960],
        [421, 'root', placed('/usr/lib/snapd/snapd'), 36_804, 1_393_156],
        [
          446,
          'root',
          // Since 8.2 its title tells how many are signing in.
          debian ? 'sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups' : '/usr/sbin/sshd -D',
          7_404,
          13_352,
        ],
      ] as const
    ).flatMap(([pid, user, command, rss, vsz]): Daemon[] =>
      command === undefined ? [] : [[pid, user, command, rss, vsz]],
    ),
    ...(kind.daemons?.(seed) ?? []),
  ]
  const processes: Process[] = [
    {
      pid: 1,
      ppid: 0,
      user: 'root',
      command: debian ? '/sbin/init' : '/usr/lib/systemd/systemd --switched-root --system --deserialize 22',
      rss: 10_212,
      vsz: 164_084,
      tty: '?',
      state: 'Ss',
    },
    ...[...kernelThreads, ...(kind.threads ?? ['scsi_eh_0', 'scsi_tmf_0', 'jbd2/sda1-8', 'ext4-rsv-conver'])].map(
      (name, i) => ({
        pid: 2 + i,
        ppid: i === 0 ? 0 : 2,
        user: 'root',
        command: `[${name}]`,
        rss: 0,
        vsz: 0,
        tty: '?',
        state: i % 3 === 0 ? 'S' : 'I<',
      }),
    ),
    ...daemons.map(([pid, user, command, rss, vsz, ppid = 1]) => ({
      pid,
      ppid,
      user,
      command,
      rss,
      vsz,
      tty: '?',
      state: 'Ss',
    })),
    {
      pid: 452,
      ppid: 1,
      user: 'root',
      command: debian ? '/sbin/agetty -o -p -- \\u --noclear tty1 linux' : '/sbin/agetty --noclear tty1 linux',
      rss: 1_740,
      vsz: 5_844,
      tty: 'tty1',
      state: 'Ss+',
    },
  ]
  const machine: Machine = {
    ...known,
    system: release.system,
    hostKeys: { ...hostKeys },
    versions: versionsOf(packages),
    installed: installed - (200 + seed.below('age', 500)) * day,
    booted: installed - (11 + seed.below('uptime', 150)) * day - seed.below('boot second', 86_400) * 1000,
    groups,
    processes: processes.sort((a, b) => a.pid - b.pid),
    machineId: hex('machine id', 16),
    shell: 'bash',
    userland: 'gnu',
    hardware: kind.hardware?.(known, seed) ?? pc(known),
    files: kind.files?.(known, seed) ?? [],
    packages: kind.packages ?? [],
    listening: kind.listening ?? [['tcp', 22, 446, 'sshd']],
  }
  return {
    name: kind.persona,
    machine,
    credentials: [...root, ...extra],
    motd: (now) => kind.motd?.(machine, now) ?? serverMotd(machine, told.motd, now),
    ssh: { ...sshDaemons[release.ssh], hostKeys, banner: '' },
    http: kind.http ?? {
      server: release.nginx,
      title: `${org[0]?.toUpperCase()}${org.slice(1)} ${seed.pick('product', products)}`,
      realm: 'Restricted',
      product: seed.pick('product', products),
    },
    redis: { ...release.redis, runId: hex('redis run', 20), dir: '/var/lib/redis' },
    memcached: { version: release.memcached },
    telnet: {
      daemon: 'inetutils',
      ...release.telnet,
      issue:
        release.telnet?.daemon === 'netkit'
          ? told.issueNet.replace(/\n/g, '\r\n')
          : `\r\nLinux ${known.kernel.release} (${known.hostname}) (pts/0)\r\n\r\n`,
    },
  }
}
