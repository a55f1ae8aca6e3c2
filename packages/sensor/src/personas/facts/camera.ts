import type { Facts, Sayings } from '../facts.ts'

// A camera's small Linux, described and not recorded: no file of any maker is in here. Its programs are busybox's, whose
// words were recorded from Debian 11's busybox; what is on it follows how such systems are put together.

/** When and as what its busybox was built. */
const banner = 'BusyBox v1.30.1 (2019-08-14 14:25:11 CST) multi-call binary.\n'

/** Applets, and where their links are. */
const applets: Readonly<Record<string, string>> = {
  '/bin':
    'ash cat chgrp chmod chown cp cpio date dd df dmesg dnsdomainname echo egrep false fgrep getopt grep gunzip gzip hostname kill ln login ls mkdir mknod mktemp more mount mv netstat pidof ping ps pwd rm rmdir sed sh sleep stat stty su sync tar touch true umount uname usleep vi zcat',
  '/sbin':
    'getty halt hwclock ifconfig ifdown ifup init insmod klogd logread losetup lsmod mdev modprobe pivot_root poweroff reboot rmmod route start-stop-daemon swapoff swapon switch_root sysctl syslogd udhcpc vconfig watchdog',
  '/usr/bin':
    '[ [[ awk basename bunzip2 bzcat bzip2 chvt clear cmp cut dc dirname dos2unix du env expr find fold free ftpget ftpput head hexdump hostid id killall last less logger logname md5sum mkfifo nc nohup nslookup od printf readlink realpath renice reset seq setsid sha1sum sha256sum sort strings tail tee telnet test tftp time timeout top tr traceroute tty uniq unix2dos unzip uptime uudecode uuencode wc wget which who whoami xargs yes',
  '/usr/sbin': 'arp arping brctl chroot crond fbset inetd nologin rdate telnetd udhcpd',
}
const size = 705_860
const header = `2 46412 ${size - 27 * 40} 7 27 26`

const links = Object.fromEntries(
  Object.entries(applets).map(([folder, names]) => [
    folder,
    names
      .split(' ')
      .map((name) => `${name}>${folder === '/bin' ? '' : folder === '/sbin' ? '../bin/' : '../../bin/'}busybox`),
  ]),
)
const folder = (at: string, ...entries: string[]): string => [...entries, ...(links[at] ?? [])].sort().join('|')

const initScripts = ['S00devs', 'S01udev', 'S10mdev', 'S80network', 'S81toe', 'S90app', 'rcS']

/** What is on it. */
export const cameraFacts: Facts = {
  release: {
    os: '',
    lsb: '',
    debian: '',
    issue: '',
    issueNet: '',
    motd: '',
    users: ['root:x:0:0:root:/root:/bin/sh', 'nobody:x:99:99:nobody:/:/bin/false'],
    groups: ['root:x:0:', 'nobody:x:99:'],
  },
  tree: {
    '/': 'bin/|dev/|etc/|home/|lib/|linuxrc>bin/busybox|mnt/|nfsroot/|opt/|proc/|root/|sbin/|share/|sys/|tmp/|usr/|var/',
    '/bin': folder('/bin', `busybox ${size} - 755 root:root`),
    '/sbin': folder('/sbin', 'himd.l 24620 - 755 root:root', 'himm 24620 - 755 root:root'),
    '/usr': 'bin/|lib/|sbin/|share/',
    '/usr/bin': folder('/usr/bin'),
    '/usr/sbin': folder('/usr/sbin', 'dropbear 213412 - 755 root:root'),
    '/usr/share': 'udhcpc/',
    '/usr/share/udhcpc': 'default.script 1648 - 755 root:root',
    '/etc':
      'dropbear/|fs-version 12|fstab 130|group 30|init.d/|inittab 322|mdev.conf 420|profile 236|protocols 1133|resolv.conf>/tmp/resolv.conf|services 10873|TZ>localtime',
    '/etc/init.d': initScripts.map((name) => `${name} ${200 + name.length * 31} - 755 root:root`).join('|'),
    '/lib':
      'ld-uClibc-0.9.33.2.so 26092 - 755 root:root|ld-uClibc.so.0>ld-uClibc-0.9.33.2.so|libc.so.0>libuClibc-0.9.33.2.so|libcrypt-0.9.33.2.so 13960 - 755 root:root|libcrypt.so.0>libcrypt-0.9.33.2.so|libdl.so.0>libdl-0.9.33.2.so|libdl-0.9.33.2.so 9952 - 755 root:root|libgcc_s.so.1 125004|libm-0.9.33.2.so 62004 - 755 root:root|libm.so.0>libm-0.9.33.2.so|libpthread-0.9.33.2.so 83940 - 755 root:root|libpthread.so.0>libpthread-0.9.33.2.so|librt.so.0>librt-0.9.33.2.so|librt-0.9.33.2.so 9936 - 755 root:root|libstdc++.so.6 926484 - 755 root:root|libuClibc-0.9.33.2.so 434376 - 755 root:root|modules/',
    '/lib/modules': '4.9.37/',
    '/lib/modules/4.9.37': [
      'hi_osal',
      'hi3518e_base',
      'hi3518e_sys',
      'hi3518e_isp',
      'hi3518e_venc',
      'hi_mipi',
      'sensor_i2c',
      'wdt',
    ]
      .map((name) => `${name}.ko ${9000 + name.length * 4311}`)
      .join('|'),
    '/mnt': 'config/|custom/|mtd/|web/',
    '/mnt/custom': 'ProductDefinition 812|extapp.sh 96 - 755 root:root',
    '/mnt/mtd': 'Config/|Log/',
    '/mnt/mtd/Config': 'Account1 584|passwd 71|ppp/|resolv.conf 22',
    '/usr/lib': '',
    '/home': 'app/',
    '/home/app': 'ipcam 4183552 - 755 root:root|start.sh 418 - 755 root:root|watchdogd 18264 - 755 root:root',
    '/var': 'lock/|log/|run/|tmp>/tmp',
  },
  programs: {
    '/bin/busybox': header,
    '/sbin/himm': '2 34108 23540 7 27 26',
    '/sbin/himd.l': '2 34212 23540 7 27 26',
    '/usr/sbin/dropbear': '2 51200 212372 7 26 25',
    '/home/app/ipcam': '2 98304 4182352 8 30 29',
    '/home/app/watchdogd': '2 34004 17184 7 27 26',
  },
  settings: {
    '/etc/fs-version': 'V1.0.0.10\n',
    '/etc/fstab': 'proc /proc proc defaults 0 0\ntmpfs /dev tmpfs defaults 0 0\nsysfs /sys sysfs defaults 0 0\n',
    '/etc/inittab':
      '::sysinit:/etc/init.d/rcS\n::respawn:-/sbin/getty -L ttyS000 115200 vt100 -n root -I "Auto login as root ..."\n::restart:/sbin/init\n::ctrlaltdel:/sbin/reboot\n::shutdown:/bin/umount -a -r\n',
    '/etc/profile':
      'PATH="/usr/bin:/usr/sbin:/bin:/sbin:/home/app"\nLD_LIBRARY_PATH="/usr/local/lib:/usr/lib"\nexport PATH LD_LIBRARY_PATH\numask 022\n',
    '/home/app/start.sh': '#!/bin/sh\ncd /home/app\n./watchdogd &\n./ipcam &\n',
    '/mnt/mtd/Config/resolv.conf': 'nameserver 8.8.8.8\n',
  },
  packages: [],
}

/** What its programs say: busybox's words of a real system, with its own first line. */
export function cameraSayings(
  recorded: Sayings,
  has: ReadonlySet<string> = new Set(Object.values(applets).flatMap((names) => names.split(' '))),
  first = banner,
): Sayings {
  const kept = Object.entries(recorded.programs).filter(([asked]) => {
    const name = /^busybox (\S+) --help$/.exec(asked)?.[1]
    return name !== undefined && has.has(name)
  })
  const about = recorded.programs['busybox']?.out ?? ''
  // From the licence on it is the same; the list of functions is its own.
  const own = about.slice(about.indexOf('\n') + 1, about.indexOf('Currently defined functions'))
  const lines: string[] = []
  for (const name of [...has].sort()) {
    const last = lines.at(-1)
    if (last === undefined || last.length + name.length > 70) lines.push(`\t${name}`)
    else lines[lines.length - 1] = `${last}, ${name}`
  }
  return {
    programs: Object.fromEntries([
      ...kept,
      ['busybox', { out: `${first}${own}Currently defined functions:\n${lines.join(',\n')}\n` }],
    ]),
    applets: [...has].sort().join(' '),
    help: 'Built-in commands:\n------------------\n\t. : [ [[ alias bg break cd chdir command continue echo eval exec\n\texit export false fg getopts hash help history jobs kill let\n\tlocal printf pwd read readonly return set shift source test times\n\ttrap true type ulimit umask unalias unset wait\n',
  }
}

/** What its shell prints when somebody signs in. */
export const cameraGreeting = `\n\n${banner.replace('multi-call binary.', 'built-in shell (ash)')}Enter 'help' for a list of built-in commands.\n\n`

const { '/lib/modules/4.9.37': _arm, ...common } = cameraFacts.tree

/** The same on another chip, with another kernel. */
export const cameraMipsFacts: Facts = {
  ...cameraFacts,
  tree: {
    ...common,
    '/sbin': folder('/sbin', 'logcat 16388 - 755 root:root'),
    '/lib/modules': '3.10.14/',
    '/lib/modules/3.10.14': [
      '8188fu.ko 1421536',
      'audio.ko 82204',
      'exfat.ko 131784',
      'sensor_jxf22_t20.ko 26512',
      'sinfo.ko 14640',
      'tx-isp-t20.ko 412808',
    ].join('|'),
  },
}
