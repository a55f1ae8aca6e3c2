import { sshDaemons } from './daemons.ts'
import type { Process, User } from './machine.ts'
import type { Credential, Persona, SshFace } from './persona.ts'
import type { Seed } from './seed.ts'

// A small Debian 11 server of somebody who is not paid to look after it.

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

const systemUsers: readonly User[] = (
  [
    ['root', 0, 0, 'root', '/root', '/bin/bash'],
    ['daemon', 1, 1, 'daemon', '/usr/sbin', '/usr/sbin/nologin'],
    ['bin', 2, 2, 'bin', '/bin', '/usr/sbin/nologin'],
    ['sys', 3, 3, 'sys', '/dev', '/usr/sbin/nologin'],
    ['sync', 4, 65_534, 'sync', '/bin', '/bin/sync'],
    ['games', 5, 60, 'games', '/usr/games', '/usr/sbin/nologin'],
    ['man', 6, 12, 'man', '/var/cache/man', '/usr/sbin/nologin'],
    ['lp', 7, 7, 'lp', '/var/spool/lpd', '/usr/sbin/nologin'],
    ['mail', 8, 8, 'mail', '/var/mail', '/usr/sbin/nologin'],
    ['news', 9, 9, 'news', '/var/spool/news', '/usr/sbin/nologin'],
    ['uucp', 10, 10, 'uucp', '/var/spool/uucp', '/usr/sbin/nologin'],
    ['proxy', 13, 13, 'proxy', '/bin', '/usr/sbin/nologin'],
    ['www-data', 33, 33, 'www-data', '/var/www', '/usr/sbin/nologin'],
    ['backup', 34, 34, 'backup', '/var/backups', '/usr/sbin/nologin'],
    ['list', 38, 38, 'Mailing List Manager', '/var/list', '/usr/sbin/nologin'],
    ['irc', 39, 39, 'ircd', '/run/ircd', '/usr/sbin/nologin'],
    ['gnats', 41, 41, 'Gnats Bug-Reporting System (admin)', '/var/lib/gnats', '/usr/sbin/nologin'],
    ['nobody', 65_534, 65_534, 'nobody', '/nonexistent', '/usr/sbin/nologin'],
    ['_apt', 100, 65_534, '', '/nonexistent', '/usr/sbin/nologin'],
    ['systemd-network', 101, 102, 'systemd Network Management,,,', '/run/systemd', '/usr/sbin/nologin'],
    ['systemd-resolve', 102, 103, 'systemd Resolver,,,', '/run/systemd', '/usr/sbin/nologin'],
    ['messagebus', 103, 109, '', '/nonexistent', '/usr/sbin/nologin'],
    ['systemd-timesync', 104, 110, 'systemd Time Synchronization,,,', '/run/systemd', '/usr/sbin/nologin'],
    ['sshd', 105, 65_534, '', '/run/sshd', '/usr/sbin/nologin'],
    ['telnetd', 106, 112, '', '/nonexistent', '/usr/sbin/nologin'],
    ['redis', 107, 113, '', '/var/lib/redis', '/usr/sbin/nologin'],
  ] as const
).map(([name, uid, gid, gecos, home, shell]) => ({ name, uid, gid, gecos, home, shell }))

const groups = Object.entries({
  root: 0,
  daemon: 1,
  bin: 2,
  sys: 3,
  adm: 4,
  tty: 5,
  disk: 6,
  lp: 7,
  mail: 8,
  news: 9,
  uucp: 10,
  man: 12,
  proxy: 13,
  kmem: 15,
  dialout: 20,
  fax: 21,
  voice: 22,
  cdrom: 24,
  floppy: 25,
  tape: 26,
  sudo: 27,
  audio: 29,
  dip: 30,
  'www-data': 33,
  backup: 34,
  operator: 37,
  list: 38,
  irc: 39,
  src: 40,
  gnats: 41,
  shadow: 42,
  utmp: 43,
  video: 44,
  sasl: 45,
  plugdev: 46,
  staff: 50,
  games: 60,
  users: 100,
  nogroup: 65_534,
  'systemd-journal': 101,
  'systemd-network': 102,
  'systemd-resolve': 103,
  input: 104,
  kvm: 105,
  render: 106,
  crontab: 107,
  netdev: 108,
  messagebus: 109,
  'systemd-timesync': 110,
  ssh: 111,
  telnetd: 112,
  redis: 113,
}).map(([name, gid]) => ({ name, gid }))

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

const kernel = '5.10.0-32-amd64'

/**
 * Makes the Debian persona of a sensor.
 * @param hostKeys PEM private keys; the RSA key cannot be drawn from a seed, so it is made once and kept
 * @param installed when the sensor was installed, milliseconds since 1970: the machine is somewhat older
 */
export function debian(seed: Seed, hostKeys: SshFace['hostKeys'], installed: number): Persona {
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
  const daemons: readonly (readonly [number, string, string, number, number])[] = [
    [231, 'root', '/lib/systemd/systemd-journald', 31_948, 64_212],
    [254, 'root', '/lib/systemd/systemd-udevd', 5_276, 21_620],
    [291, 'systemd-timesync', '/lib/systemd/systemd-timesyncd', 6_180, 88_436],
    [402, 'root', '/usr/sbin/cron -f', 2_744, 6_744],
    [
      405,
      'messagebus',
      '/usr/bin/dbus-daemon --system --address=systemd: --nofork --nopidfile --systemd-activation --syslog-only',
      4_512,
      8_268,
    ],
    [411, 'root', '/usr/sbin/rsyslogd -n -iNONE', 4_820, 220_796],
    [414, 'root', '/lib/systemd/systemd-logind', 7_152, 13_960],
    [437, 'root', '/usr/sbin/inetutils-inetd', 1_880, 2_480],
    [446, 'root', 'sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups', 7_404, 13_352],
    [461, 'redis', '/usr/bin/redis-server 0.0.0.0:6379', 12_116, 65_104],
    [488, 'root', 'nginx: master process /usr/sbin/nginx -g daemon on; master_process on;', 1_704, 55_296],
    [489, 'www-data', 'nginx: worker process', 6_092, 55_932],
  ]
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
  return {
    name: 'debian-11-server',
    machine: {
      system: 'debian-11',
      hostname,
      domain: `${org}.local`,
      os: { id: 'debian', name: 'Debian GNU/Linux', version: '11', codename: 'bullseye' },
      kernel: { release: kernel, version: '#1 SMP Debian 5.10.223-1 (2024-08-10)', arch: 'x86_64' },
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
    },
    credentials: [...root, ...extra],
    motd:
      '\r\nThe programs included with the Debian GNU/Linux system are free software;\r\n' +
      'the exact distribution terms for each program are described in the\r\n' +
      'individual files in /usr/share/doc/*/copyright.\r\n\r\n' +
      'Debian GNU/Linux comes with ABSOLUTELY NO WARRANTY, to the extent\r\npermitted by applicable law.\r\n',
    ssh: { ...sshDaemons['openssh-8.4'], hostKeys, banner: '' },
    http: {
      server: 'nginx/1.18.0',
      title: `${org[0]?.toUpperCase()}${org.slice(1)} ${seed.pick('product', products)}`,
      realm: 'Restricted',
      product: seed.pick('product', products),
    },
    redis: { version: '6.0.16', runId: hex('redis run', 20), buildId: '6d95e1af3a2c082a', dir: '/var/lib/redis' },
    memcached: { version: '1.6.9' },
    telnet: { issue: `\r\nLinux ${kernel} (${hostname}) (pts/0)\r\n\r\n` },
  }
}
