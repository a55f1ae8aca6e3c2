import { sshDaemons } from './daemons.ts'
import { factsOf } from './facts.ts'
import type { Machine, Process, User } from './machine.ts'
import type { Credential, Persona, SshFace } from './persona.ts'
import { serverMotd } from './motd.ts'
import type { Release } from './releases.ts'
import type { Seed } from './seed.ts'

// A small server of somebody who is not paid to look after it.

/** Packages by whose versions words differ. */
const telling = new Set([
  'bash',
  'coreutils',
  'curl',
  'gawk',
  'lsb-release',
  'python3-minimal',
  'dash',
  'htop',
  'less',
  'libpam-modules',
  'nano',
  'openssh-client',
  'procps',
  'sudo',
  'ufw',
])
const versionsOf = (packages: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    packages.flatMap((line) => {
      const [name = '', version = ''] = line.split('|', 2)
      return telling.has(name) ? [[name, version]] : []
    }),
  )

const passwords = [
  'root',
  'admin',
  '123456',
  'password',
  '12345678',
  'toor',
  'qwerty',
  '1234',
  '12345',
  'test',
  '123456789',
  'abc123',
  '111111',
  'P@ssw0rd',
  'admin123',
  'root123',
  'server',
  'changeme',
  '1q2w3e4r',
  'passw0rd',
] as const
const accounts: readonly Credential[] = [
  { user: 'admin', password: 'admin' },
  { user: 'test', password: 'test' },
  { user: 'ubuntu', password: 'ubuntu' },
  { user: 'oracle', password: 'oracle' },
  { user: 'postgres', password: 'postgres' },
  { user: 'ftpuser', password: 'ftpuser' },
  { user: 'deploy', password: 'deploy' },
  { user: 'backup', password: 'backup123' },
  { user: 'support', password: 'support' },
  { user: 'user', password: 'user' },
]
const hosts = ['mail', 'web', 'db', 'app', 'files', 'mon', 'backup', 'gw', 'dev', 'build', 'proxy', 'ns'] as const
const orgs = [
  'northbay',
  'lagoon',
  'kauri',
  'meridian',
  'coralnet',
  'highland',
  'tamarind',
  'monsoon',
  'banyan',
  'reef',
] as const
const products = [
  'Fleet Manager',
  'Water Telemetry',
  'School Records',
  'Stock Control',
  'Clinic Bookings',
  'Harbour Desk',
] as const

const cpus = [
  { model: 'Intel(R) Xeon(R) CPU E5-2680 v4 @ 2.40GHz', number: 79, stepping: 1, mhz: '2399.998', cacheKb: 35_840 },
  { model: 'Intel(R) Xeon(R) CPU E5-2650 v3 @ 2.30GHz', number: 63, stepping: 2, mhz: '2299.996', cacheKb: 25_600 },
  { model: 'Intel(R) Xeon(R) Gold 6140 CPU @ 2.30GHz', number: 85, stepping: 4, mhz: '2294.608', cacheKb: 25_344 },
  { model: 'Intel(R) Xeon(R) Silver 4214 CPU @ 2.20GHz', number: 85, stepping: 7, mhz: '2194.842', cacheKb: 16_896 },
] as const

const flags =
  'fpu vme de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush mmx fxsr sse sse2 ss ht syscall nx ' +
  'pdpe1gb rdtscp lm constant_tsc rep_good nopl xtopology cpuid tsc_known_freq pni pclmulqdq ssse3 fma cx16 pcid ' +
  'sse4_1 sse4_2 x2apic movbe popcnt tsc_deadline_timer aes xsave avx f16c rdrand hypervisor lahf_lm abm ' +
  '3dnowprefetch cpuid_fault invpcid_single pti ssbd ibrs ibpb fsgsbase tsc_adjust bmi1 avx2 smep bmi2 erms invpcid ' +
  'rdseed adx smap xsaveopt arat umip arch_capabilities'

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
  'scsi_eh_0',
  'scsi_tmf_0',
  'jbd2/sda1-8',
  'ext4-rsv-conver',
]

/** Fields of a line of /etc/passwd. */
const userOf = (line: string): User => {
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

/** Makes the persona of a server. */
export function server(release: Release, seed: Seed, hostKeys: SshFace['hostKeys'], installed: number): Persona {
  const { release: told, tree, packages } = factsOf(release.system)
  const systemUsers = told.users.map(userOf)
  const groups = told.groups.map(groupOf)
  const ubuntu = release.id === 'ubuntu'
  /** Where a daemon is on this system: the first of its places that is there. */
  const placed = (...paths: string[]): string | undefined =>
    paths.find((path) => {
      const at = path.replace(/^\/(lib|sbin|bin)\//, '/usr/$1/')
      const cut = at.lastIndexOf('/')
      return tree[at.slice(0, cut)]?.split('|').some((entry) => entry.split(/[ >]/)[0] === at.slice(cut + 1)) === true
    })
  const day = 86_400_000
  const hostname = `${seed.pick('host', hosts)}${seed.below('host number', 2) === 0 ? '' : '0'}${1 + seed.below('host n', 4)}`
  const org = seed.pick('org', orgs)
  const cpu = seed.pick('cpu', cpus)
  const cores = seed.pick('cores', [1, 2, 2, 4, 4, 8])
  const gigabytes = seed.pick('memory', [2, 4, 4, 8, 16])
  const total = Math.round(gigabytes * 1024 * 1024 * 0.9681) - seed.below('memory odd', 4096)
  const cached = Math.round(total * (0.3 + seed.below('cached', 200) / 1000))
  const free = Math.round(total * (0.12 + seed.below('free', 150) / 1000))
  const buffers = Math.round(total * 0.021)
  const disk = seed.pick('disk', [20, 40, 40, 60, 80]) * 1024 * 1024
  const lan = 1 + seed.below('lan', 250)
  const mac = ['52:54:00', ...[0, 1, 2].map((i) => (seed.bytes('mac')[i] ?? 0).toString(16).padStart(2, '0'))].join(':')
  const weak = accounts.filter(({ user }) => !systemUsers.some(({ name }) => name === user))
  const extra = seed.sample('accounts', weak, 2)
  const root = seed.sample('root', passwords, 4).map((password) => ({ user: 'root', password }))
  const users: User[] = [
    ...systemUsers,
    ...extra.map(({ user }, i) => ({
      name: user,
      uid: 1000 + i,
      gid: 1000 + i,
      gecos: `${user},,,`,
      home: `/home/${user}`,
      shell: '/bin/bash',
    })),
  ]
  const service = (name: string) => placed(`/lib/systemd/${name}`, `/usr/lib/systemd/${name}`) ?? `/lib/systemd/${name}`
  type Daemon = readonly [pid: number, user: string, command: string | undefined, rss: number, vsz: number]
  const daemons = (
    [
      [231, 'root', service('systemd-journald'), 31_948, 64_212],
      [254, 'root', service('systemd-udevd'), 5_276, 21_620],
      [291, 'systemd-timesync', service('systemd-timesyncd'), 6_180, 88_436],
      [318, 'systemd-network', ubuntu ? placed('/lib/systemd/systemd-networkd') : undefined, 7_812, 16_252],
      [326, 'systemd-resolve', ubuntu ? placed('/lib/systemd/systemd-resolved') : undefined, 12_440, 25_540],
      [402, 'root', '/usr/sbin/cron -f', 2_744, 6_744],
      [
        405,
        'messagebus',
        `${ubuntu ? '@dbus-daemon' : '/usr/bin/dbus-daemon'} --system --address=systemd: --nofork --nopidfile --systemd-activation --syslog-only`,
        4_512,
        8_268,
      ],
      [411, ubuntu ? 'syslog' : 'root', '/usr/sbin/rsyslogd -n -iNONE', 4_820, 220_796],
      [414, 'root', service('systemd-logind'), 7_152, 13_960],
      [421, 'root', placed('/usr/lib/snapd/snapd'), 36_804, 1_393_156],
      [437, 'root', '/usr/sbin/inetutils-inetd', 1_880, 2_480],
      [446, 'root', 'sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups', 7_404, 13_352],
      [461, 'redis', '/usr/bin/redis-server 0.0.0.0:6379', 12_116, 65_104],
      [488, 'root', 'nginx: master process /usr/sbin/nginx -g daemon on; master_process on;', 1_704, 55_296],
      [489, 'www-data', 'nginx: worker process', 6_092, 55_932],
    ] satisfies Daemon[]
  ).filter((one): one is [number, string, string, number, number] => one[2] !== undefined)
  const processes: Process[] = [
    { pid: 1, ppid: 0, user: 'root', command: '/sbin/init', rss: 10_212, vsz: 164_084, tty: '?', state: 'Ss' },
    ...kernelThreads.map((name, i) => ({
      pid: 2 + i,
      ppid: i === 0 ? 0 : 2,
      user: 'root',
      command: `[${name}]`,
      rss: 0,
      vsz: 0,
      tty: '?',
      state: i % 3 === 0 ? 'S' : 'I<',
    })),
    ...daemons.map(([pid, user, command, rss, vsz]) => ({
      pid,
      ppid: user === 'www-data' ? 488 : 1,
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
      command: '/sbin/agetty -o -p -- \\u --noclear tty1 linux',
      rss: 1_740,
      vsz: 5_844,
      tty: 'tty1',
      state: 'Ss+',
    },
  ]
  const hex = (label: string, bytes: number) => seed.bytes(label).toString('hex', 0, bytes)
  const machine: Machine = {
    system: release.system,
    hostKeys: { ...hostKeys },
    versions: versionsOf(packages),
    hostname,
    domain: `${org}.local`,
    os: {
      id: release.id,
      name: settingOf(told.os, 'NAME'),
      version: settingOf(told.os, 'VERSION_ID'),
      codename: release.codename,
      pretty: settingOf(told.os, 'PRETTY_NAME'),
      repositories: release.repositories,
    },
    kernel: { ...release.kernel, arch: 'x86_64' },
    cpu: { ...cpu, vendor: 'GenuineIntel', family: 6, cores, flags },
    memory: {
      total,
      free,
      available: Math.min(total, free + Math.round(cached * 0.86)),
      buffers,
      cached,
      swap: 998_396,
    },
    disk: {
      device: '/dev/sda1',
      total: Math.round(disk * 0.9757),
      used: Math.round(disk * (0.14 + seed.below('used', 300) / 1000)),
      uuid: `${hex('fs', 4)}-${hex('fs1', 2)}-4${hex('fs2', 2).slice(1)}-a${hex('fs3', 2).slice(1)}-${hex('fs4', 6)}`,
    },
    network: {
      device: 'ens3',
      mac,
      ip: `10.0.${lan}.${10 + seed.below('ip', 200)}`,
      gateway: `10.0.${lan}.1`,
      bits: 24,
    },
    installed: installed - (200 + seed.below('age', 500)) * day,
    booted: installed - (11 + seed.below('uptime', 150)) * day - seed.below('boot second', 86_400) * 1000,
    users,
    groups,
    processes: processes.sort((a, b) => a.pid - b.pid),
    machineId: hex('machine id', 16),
    shell: 'bash',
    listening: [
      ['tcp', 6379, 461, 'redis-server'],
      ['tcp', 80, 488, 'nginx: master'],
      ['tcp', 22, 446, 'sshd'],
      ['tcp', 23, 437, 'inetutils-inet'],
    ],
  }
  return {
    name: release.persona,
    machine,
    credentials: [...root, ...extra],
    motd: (now) => serverMotd(machine, told.motd, now),
    ssh: { ...sshDaemons[release.ssh], hostKeys, banner: '' },
    http: {
      server: release.nginx,
      title: `${org[0]?.toUpperCase()}${org.slice(1)} ${seed.pick('product', products)}`,
      realm: 'Restricted',
      product: seed.pick('product', products),
    },
    redis: { ...release.redis, runId: hex('redis run', 20), dir: '/var/lib/redis' },
    memcached: { version: release.memcached },
    telnet: { daemon: 'inetutils', issue: `\r\nLinux ${release.kernel.release} (${hostname}) (pts/0)\r\n\r\n` },
  }
}
