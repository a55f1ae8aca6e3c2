import { sshDaemons } from './daemons.ts'
import { factsOf } from './facts.ts'
import { openwrtGreeting, version } from './facts/openwrt.ts'
import { flashDisks } from './hardware.ts'
import type { Machine, Process } from './machine.ts'
import type { Persona, SshFace } from './persona.ts'
import type { Seed } from './seed.ts'
import { userOf } from './server.ts'

// A router with OpenWrt whose SSH is open to the world: busybox and dropbear on MIPS (MediaTek MT7621).

const passwords = [
  'admin',
  'root',
  'openwrt',
  'password',
  '12345678',
  '123456',
  'toor',
  'router',
  'OpenWrt',
  'admin123',
  '1234',
] as const

/** Devices with that chip: what they are called, and what the makers' part of their numbers is. */
const models = [
  ['Xiaomi Mi Router 4A Gigabit Edition', 'xiaomi,mi-router-4a-gigabit', '5c:02:14'],
  ['D-Link DIR-860L B1', 'dlink,dir-860l-b1', 'c4:12:f5'],
  ['Ubiquiti EdgeRouter X', 'ubnt,edgerouter-x', 'f0:9f:c2'],
  ['NETGEAR R6220', 'netgear,r6220', 'a0:40:a0'],
  ['Linksys EA7300 v1', 'linksys,ea7300-v1', '24:f5:a2'],
] as const

const kernelThreads = [
  'kthreadd',
  'rcu_gp',
  'rcu_par_gp',
  'kworker/0:0H',
  'mm_percpu_wq',
  'ksoftirqd/0',
  'rcu_sched',
  'migration/0',
  'cpuhp/0',
  'cpuhp/1',
  'cpuhp/2',
  'cpuhp/3',
  'kdevtmpfs',
  'oom_reaper',
  'writeback',
  'kcompactd0',
  'kblockd',
  'kswapd0',
  'mt76-tx phy0',
  'napi/phy0-9',
  'jffs2_gcd_mtd6',
] as const

const flash = flashDisks([
  ['u-boot', 192],
  ['u-boot-env', 64],
  ['factory', 64],
  ['firmware', 16_064],
  ['kernel', 2750],
  ['rootfs', 13_313],
  ['rootfs_data', 8768],
])

/** Makes the persona of a router. */
export function openwrt(seed: Seed, hostKeys: SshFace['hostKeys'], installed: number): Persona {
  const { release } = factsOf('openwrt')
  const day = 86_400_000
  const [model, board, vendor] = seed.pick('router model', models)
  const hostname = seed.pick('router host', ['OpenWrt', 'OpenWrt', 'OpenWrt', 'router', 'gateway', 'ap1'])
  const total = 250_000 - seed.below('router memory', 60) * 4
  const free = 148_000 + seed.below('router free', 9000)
  const cached = 31_000 + seed.below('router cached', 4000)
  const mac = [vendor, ...[0, 1, 2].map((i) => (seed.bytes('mac')[i] ?? 0).toString(16).padStart(2, '0'))].join(':')
  const lan = seed.pick('router lan', [1, 1, 1, 8, 10, 50])
  const process = (pid: number, user: string, command: string, vsz = 0): Process => ({
    pid,
    ppid: pid === 1 ? 0 : vsz === 0 ? 2 : 1,
    user,
    command,
    rss: Math.round(vsz * 0.55),
    vsz,
    tty: '?',
    state: vsz === 0 ? 'SW' : 'S',
  })
  const config = (name: string, text: string) => ({ path: `/etc/config/${name}`, text })
  const machine: Machine = {
    system: 'openwrt',
    hostKeys: {},
    versions: {},
    hostname,
    domain: 'lan',
    os: {
      id: 'openwrt',
      packages: 'opkg',
      name: 'OpenWrt',
      version: version.release,
      codename: '',
      pretty: `OpenWrt ${version.release}`,
      repositories: [],
    },
    kernel: {
      release: version.kernel,
      version: '#0 SMP Mon Sep 23 12:34:46 2024',
      arch: 'mips',
      built:
        '(builder@buildhost) (mipsel-openwrt-linux-musl-gcc (OpenWrt GCC 12.3.0 r24106-10cc5fcd00) 12.3.0, GNU ld (GNU Binutils) 2.40.0)',
    },
    cpu: {
      model: 'MIPS 1004Kc V2.15',
      vendor: 'MediaTek',
      family: 0,
      number: 0,
      stepping: 0,
      mhz: '880.000',
      cacheKb: 256,
      cores: 4,
      flags: '',
    },
    memory: { total, free, available: free + Math.round(cached * 0.8), buffers: 0, cached, swap: 0 },
    disk: { device: 'overlayfs:/overlay', total: 8768, used: 1204 + seed.below('router used', 900), uuid: '' },
    network: { device: 'br-lan', mac, ip: `192.168.${lan}.1`, gateway: `10.${seed.below('wan', 250)}.0.1`, bits: 24 },
    installed: installed - (90 + seed.below('age', 500)) * day,
    booted: installed - (2 + seed.below('uptime', 60)) * day - seed.below('boot second', 86_400) * 1000,
    users: release.users.map(userOf),
    groups: release.groups.map((line) => ({ name: line.split(':')[0] ?? '', gid: Number(line.split(':')[2]) })),
    processes: [
      process(1, 'root', '/sbin/procd', 1596),
      ...kernelThreads.map((name, i) => process(2 + i, 'root', `[${name}]`)),
      process(312, 'ubus', '/sbin/ubusd', 1244),
      process(313, 'root', '/sbin/askfirst /usr/libexec/login.sh', 848),
      process(347, 'root', '/sbin/urngd', 964),
      process(741, 'logd', '/sbin/logd -S 64', 1156),
      process(792, 'root', '/sbin/rpcd -s /var/run/ubus/ubus.sock -t 30', 2764),
      process(1012, 'root', '/usr/sbin/dropbear -F -P /var/run/dropbear.main.pid -p 22 -K 300 -T 3', 1120),
      process(1108, 'root', '/usr/sbin/hostapd -s -g /var/run/hostapd/global', 3124),
      process(1191, 'root', '/sbin/netifd', 1896),
      process(1402, 'root', '/usr/sbin/odhcpd', 1360),
      process(1466, 'root', '/usr/sbin/crond -f -c /etc/crontabs -l 5', 1296),
      process(
        1583,
        'root',
        '/usr/sbin/uhttpd -f -h /www -r OpenWrt -x /cgi-bin -u /ubus -t 60 -T 30 -k 20 -A 1 -n 3 -N 100 -R -p 0.0.0.0:80',
        1604,
      ),
      process(1803, 'root', '/usr/sbin/ntpd -n -N -S /usr/sbin/ntpd-hotplug -p 0.openwrt.pool.ntp.org', 1296),
      process(
        1987,
        'dnsmasq',
        '/usr/sbin/dnsmasq -C /var/etc/dnsmasq.conf.cfg01411c -k -x /var/run/dnsmasq/dnsmasq.cfg01411c.pid',
        1332,
      ),
    ],
    listening: [
      ['tcp', 22, 1012, 'dropbear'],
      ['tcp', 53, 1987, 'dnsmasq'],
      ['udp', 53, 1987, 'dnsmasq'],
      ['udp', 67, 1987, 'dnsmasq'],
    ],
    machineId: seed.bytes('machine id').toString('hex', 0, 16),
    shell: 'ash',
    userland: 'busybox',
    files: [
      { path: '/tmp/sysinfo/model', text: `${model}\n` },
      { path: '/tmp/sysinfo/board_name', text: `${board}\n` },
      {
        path: '/etc/hosts',
        text: '127.0.0.1 localhost\n\n::1     localhost ip6-localhost ip6-loopback\nff02::1 ip6-allnodes\nff02::2 ip6-allrouters\n',
      },
      { path: '/usr/lib/os-release', text: release.os },
      { path: '/tmp/resolv.conf', text: 'search lan\nnameserver 127.0.0.1\n' },
      config(
        'system',
        `\nconfig system\n\toption hostname '${hostname}'\n\toption timezone 'UTC'\n\toption ttylogin '0'\n\toption log_size '64'\n\toption urandom_seed '0'\n\nconfig timeserver 'ntp'\n\toption enabled '1'\n\toption enable_server '0'\n\tlist server '0.openwrt.pool.ntp.org'\n\tlist server '1.openwrt.pool.ntp.org'\n`,
      ),
      config(
        'network',
        `\nconfig interface 'loopback'\n\toption device 'lo'\n\toption proto 'static'\n\toption ipaddr '127.0.0.1'\n\toption netmask '255.0.0.0'\n\nconfig device\n\toption name 'br-lan'\n\toption type 'bridge'\n\tlist ports 'lan1'\n\tlist ports 'lan2'\n\nconfig interface 'lan'\n\toption device 'br-lan'\n\toption proto 'static'\n\toption ipaddr '192.168.${lan}.1'\n\toption netmask '255.255.255.0'\n\nconfig interface 'wan'\n\toption device 'wan'\n\toption proto 'dhcp'\n`,
      ),
    ],
    packages: [],
    hardware: {
      cpuinfo: `system type\t\t: MediaTek MT7621 ver:1 eco:3\nmachine\t\t\t: ${model}\n${[0, 1, 2, 3].map((i) => `processor\t\t: ${i}\ncpu model\t\t: MIPS 1004Kc V2.15\nBogoMIPS\t\t: ${i === 0 ? '584.90' : '581.63'}\nwait instruction\t: yes\nmicrosecond timers\t: yes\ntlb_entries\t\t: 32\nextra interrupt vector\t: yes\nhardware watchpoint\t: yes, count: 4, address/irw mask: [0x0ffc, 0x0ffc, 0x0ffb, 0x0ffb]\nisa\t\t\t: mips1 mips2 mips32r1 mips32r2\nASEs implemented\t: mips16 dsp mt\nOptions implemented\t: tlb 4kex 4k_cache prefetch mcheck ejtag llsc pindexed_dcache userlocal vint perf_cntr_intr_bit cdmm perf\nshadow register sets\t: 1\nkscratch registers\t: 0\npackage\t\t\t: 0\ncore\t\t\t: ${Math.floor(i / 2)}\nVPE\t\t\t: ${i % 2}\nVCED exceptions\t\t: not available\nVCEI exceptions\t\t: not available\n`).join('\n')}\n`,
      cmdline: 'console=ttyS0,115200 rootfstype=squashfs,jffs2\n',
      lscpu: [],
      mounts: [
        ['/dev/root', '/rom', 'squashfs', 'ro,relatime'],
        ['proc', '/proc', 'proc', 'rw,nosuid,nodev,noexec,noatime'],
        ['sysfs', '/sys', 'sysfs', 'rw,nosuid,nodev,noexec,noatime'],
        ['cgroup2', '/sys/fs/cgroup', 'cgroup2', 'rw,nosuid,nodev,noexec,relatime,nsdelegate'],
        ['tmpfs', '/tmp', 'tmpfs', 'rw,nosuid,nodev,noatime'],
        ['/dev/mtdblock6', '/overlay', 'jffs2', 'rw,noatime'],
        ['overlayfs:/overlay', '/', 'overlay', 'rw,noatime,lowerdir=/,upperdir=/overlay/upper,workdir=/overlay/work'],
        ['tmpfs', '/dev', 'tmpfs', 'rw,nosuid,noexec,noatime,size=512k,mode=755'],
        ['devpts', '/dev/pts', 'devpts', 'rw,nosuid,noexec,noatime,mode=600,ptmxmode=000'],
      ],
      filesystems: [
        ['/dev/root', 4096, 4096, '/rom'],
        ['tmpfs', Math.floor(total / 2), 1276, '/tmp'],
        ['/dev/mtdblock6', 8768, 1204, '/overlay'],
        ['overlayfs:/overlay', 8768, 1204, '/'],
        ['tmpfs', 512, 0, '/dev'],
      ],
      disks: flash,
      modules: [
        ['mt7603e', 41_440, 0, ''],
        ['mt76x2e', 21_728, 0, ''],
        ['mt76', 57_344, 2, 'mt7603e,mt76x2e'],
        ['mac80211', 507_904, 3, 'mt7603e,mt76x2e,mt76'],
        ['cfg80211', 315_392, 4, 'mt7603e,mt76x2e,mt76,mac80211'],
        ['nf_tables', 180_224, 0, ''],
        ['nf_conntrack', 98_304, 1, 'nf_tables'],
        ['pppoe', 12_288, 0, ''],
        ['ppp_generic', 32_768, 1, 'pppoe'],
      ],
      pci: [],
      devices: [
        'ttyS0',
        'watchdog',
        'watchdog0',
        'gpiochip0',
        'hwrng',
        ...flash.flatMap((_, i) => [`mtd${i}`, `mtdblock${i}`]),
      ],
      boot: [`[    0.000000] MIPS: machine is ${model}`],
    },
  }
  return {
    name: 'openwrt',
    machine,
    credentials: seed.sample('router', passwords, 3).map((password) => ({ user: 'root', password })),
    motd: () => openwrtGreeting.replace(/\n/g, '\r\n'),
    ssh: { ...sshDaemons['dropbear-2022.83'], hostKeys, banner: '' },
    http: { server: '', title: '', realm: '', product: '' },
    redis: { version: '', runId: '', buildId: '', dir: '/' },
    memcached: { version: '' },
    telnet: { daemon: 'busybox', issue: '' },
  }
}
