import type { Machine, User } from '../personas/machine.ts'
import { parentOf, shared, type FsNode } from './node.ts'

/** The machine's file system as it was before any attacker came: shared by all worlds, never changed. */
export type Image = ReadonlyMap<string, FsNode>

const day = 86_400_000

/** Programs of the base system; the shell finds a command only where its file is. */
const programs: Readonly<Record<string, string>> = {
  '/usr/bin': `[ awk base64 basename bash bunzip2 busybox bzip2 cat chage chattr chgrp chmod chown chsh clear cmp comm cp
    crontab curl cut date dd df diff dirname dmesg dpkg du echo ed egrep env expand expr false fgrep file find flock fold
    free getconf getent grep groups gunzip gzip head hexdump hostid hostname hostnamectl id install ionice ip join
    journalctl kill killall last lastlog less link ln locale locate logger login loginctl logname ls lsattr lsb_release
    lscpu lsblk lsof lspci make md5sum mesg mkdir mkfifo mknod mktemp more mount mv nano nc netstat nice nl nohup nproc
    numfmt od openssl passwd paste perl pgrep ping pkill pr printenv printf ps pwd pwdx python3 readlink realpath renice
    reset rev rm rmdir scp sed seq setsid sftp sh sha1sum sha256sum sha512sum shred shuf sleep sort split ss ssh
    ssh-keygen stat stdbuf strings stty su sudo sum sync systemctl tac tail tar tee telnet test tftp time timeout top
    touch tr true truncate tsort tty umount uname uncompress unexpand uniq unlink unxz unzip uptime users vi vim vmstat w
    watch wc wget whereis which who whoami xargs xz yes zcat zgrep apt apt-get apt-cache gcc cc ftpget ulimit`,
  '/usr/sbin': `adduser addgroup chpasswd cron deluser dmidecode groupadd groupdel halt ifconfig init insmod ip iptables
    ip6tables lsmod modprobe nologin nft poweroff reboot rmmod route runlevel service shutdown sshd sysctl useradd userdel
    usermod visudo arp`,
}

const pad = (n: number): string => String(n).padStart(2, '0')

/** The head of a program file of the persona's architecture: what attackers read to learn it. */
export function elf(arch: string, size: number, salt: number): Uint8Array {
  const bytes = Buffer.alloc(Math.min(size, 4096))
  const machine = { x86_64: 62, aarch64: 183, armv7l: 40, mips: 8 }[arch] ?? 62
  const wide = arch === 'x86_64' || arch === 'aarch64'
  Buffer.from([0x7f, 0x45, 0x4c, 0x46, wide ? 2 : 1, 1, 1, 0]).copy(bytes)
  bytes.writeUInt16LE(3, 16)
  bytes.writeUInt16LE(machine, 18)
  bytes.writeUInt32LE(1, 20)
  if (wide) {
    bytes.writeBigUInt64LE(BigInt(0x5000 + (salt % 64) * 16), 24)
    bytes.writeBigUInt64LE(64n, 32)
    bytes.writeBigUInt64LE(BigInt(size - 1984), 40)
    Buffer.from([0, 0, 0, 0, 64, 0, 56, 0, 13, 0, 64, 0, 31, 0, 30, 0]).copy(bytes, 48)
  }
  for (let i = 64; i < bytes.length; i++) bytes[i] = (Math.imul(i + salt, 2654435761) >>> 24) & (i % 7 === 0 ? 0 : 0xff)
  return bytes
}

/** What /etc/passwd says. */
export const passwdLine = ({ name, uid, gid, gecos, home, shell }: User): string =>
  `${name}:x:${uid}:${gid}:${gecos}:${home}:${shell}\n`

/** Files whose content is made when it is read, because it moves with the time. */
export const living: Readonly<Record<string, (machine: Machine, now: number) => string>> = {
  '/proc/uptime': ({ booted, cpu }, now) => {
    const up = (now - booted) / 1000
    return `${up.toFixed(2)} ${(up * cpu.cores * 0.983).toFixed(2)}\n`
  },
  '/proc/loadavg': (_, now) =>
    `0.${pad(Math.floor(now / 61_000) % 9)} 0.${pad(Math.floor(now / 303_000) % 7)} 0.${pad(Math.floor(now / 907_000) % 5)} 1/${118 + (Math.floor(now / 7000) % 5)} ${2000 + (Math.floor(now / 3000) % 30_000)}\n`,
}

function cpuinfo({ cpu }: Machine): string {
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

function meminfo({ memory }: Machine): string {
  const line = (name: string, kib: number) => `${`${name}:`.padEnd(16)}${String(Math.round(kib)).padStart(8)} kB\n`
  const { total, free, available, buffers, cached, swap } = memory
  return (
    line('MemTotal', total) +
    line('MemFree', free) +
    line('MemAvailable', available) +
    line('Buffers', buffers) +
    line('Cached', cached) +
    line('SwapCached', 0) +
    line('Active', cached * 0.52) +
    line('Inactive', cached * 0.41) +
    line('Unevictable', 0) +
    line('Mlocked', 0) +
    line('SwapTotal', swap) +
    line('SwapFree', swap) +
    line('Dirty', 48) +
    line('Writeback', 0) +
    line('AnonPages', total * 0.06) +
    line('Mapped', total * 0.031) +
    line('Shmem', 1148) +
    line('KReclaimable', total * 0.014) +
    line('Slab', total * 0.022) +
    line('CommitLimit', total / 2 + swap) +
    line('Committed_AS', total * 0.14) +
    line('VmallocTotal', 34_359_738_367) +
    line('HugePages_Total', 0).replace(' kB', '') +
    line('Hugepagesize', 2048)
  )
}

const mounts = ({ disk }: Machine): string =>
  `sysfs /sys sysfs rw,nosuid,nodev,noexec,relatime 0 0
proc /proc proc rw,nosuid,nodev,noexec,relatime 0 0
udev /dev devtmpfs rw,nosuid,relatime,size=1001424k,nr_inodes=250356,mode=755 0 0
devpts /dev/pts devpts rw,nosuid,noexec,relatime,gid=5,mode=620,ptmxmode=000 0 0
tmpfs /run tmpfs rw,nosuid,nodev,noexec,relatime,size=203524k,mode=755 0 0
${disk.device} / ext4 rw,relatime,errors=remount-ro 0 0
securityfs /sys/kernel/security securityfs rw,nosuid,nodev,noexec,relatime 0 0
tmpfs /dev/shm tmpfs rw,nosuid,nodev 0 0
tmpfs /run/lock tmpfs rw,nosuid,nodev,noexec,relatime,size=5120k 0 0
cgroup2 /sys/fs/cgroup cgroup2 rw,nosuid,nodev,noexec,relatime,nsdelegate,memory_recursiveprot 0 0
`

/** Builds the image of a machine. */
export function buildImage(machine: Machine): Image {
  const image = new Map<string, FsNode>()
  const old = machine.installed
  const dir = (path: string, mode = 0o755, uid = 0, gid = uid, mtime = old): void => {
    if (path !== '/' && !image.has(parentOf(path))) dir(parentOf(path))
    if (!image.has(path)) image.set(path, { type: 'directory', mode, uid, gid, mtime })
  }
  const file = (
    path: string,
    content: string | Uint8Array,
    mode = 0o644,
    uid = 0,
    gid = uid,
    mtime = old,
    size?: number,
  ): void => {
    dir(parentOf(path))
    image.set(path, {
      type: 'file',
      mode,
      uid,
      gid,
      mtime,
      data: shared(content),
      made: true,
      ...(size !== undefined && { size }),
    })
  }
  const link = (path: string, target: string): void => {
    dir(parentOf(path))
    image.set(path, { type: 'link', mode: 0o777, uid: 0, gid: 0, mtime: old, target })
  }
  const device = (path: string, mode = 0o666): void => {
    dir(parentOf(path))
    image.set(path, { type: 'device', mode, uid: 0, gid: 0, mtime: machine.booted })
  }
  dir('/')
  for (const path of [
    '/boot',
    '/dev',
    '/etc',
    '/home',
    '/lost+found',
    '/media',
    '/mnt',
    '/opt',
    '/proc',
    '/run',
    '/srv',
    '/sys',
    '/usr',
    '/var',
    '/var/log',
    '/var/spool/cron/crontabs',
    '/var/www/html',
    '/var/lib/redis',
    '/usr/local/bin',
    '/usr/share',
    '/var/cache',
    '/var/backups',
    '/run/lock',
    '/etc/cron.d',
    '/etc/cron.daily',
    '/etc/init.d',
    '/etc/systemd/system',
    '/var/run',
  ])
    dir(path)
  dir('/root', 0o700, 0, 0, machine.installed + 3 * day)
  dir('/tmp', 0o1777, 0, 0, machine.booted)
  dir('/var/tmp', 0o1777)
  dir('/dev/shm', 0o1777, 0, 0, machine.booted)
  for (const name of ['bin', 'sbin', 'lib', 'lib64']) link(`/${name}`, `usr/${name}`)
  dir('/usr/lib/x86_64-linux-gnu')
  dir('/usr/lib64')

  let salt = machine.hostname.length * 31
  for (const [folder, names] of Object.entries(programs)) {
    for (const name of names.split(/\s+/)) {
      salt = Math.imul(salt ^ name.length, 16_777_619) >>> 0
      const size =
        { ls: 147_176, bash: 1_234_376, sh: 125_560, echo: 39_256, cat: 43_936, busybox: 702_352 }[name] ??
        30_000 + (salt % 180_000)
      file(`${folder}/${name}`, elf(machine.kernel.arch, size, salt), 0o755, 0, 0, old - 300 * day, size)
    }
  }
  link('/usr/bin/sh', 'dash')
  file('/usr/bin/dash', elf(machine.kernel.arch, 125_560, 7), 0o755, 0, 0, old - 300 * day, 125_560)
  link('/usr/bin/python', 'python3')

  const { os, kernel, hostname, domain, disk, network } = machine
  file('/etc/passwd', machine.users.map(passwdLine).join(''))
  file(
    '/etc/shadow',
    machine.users
      .map(
        ({ name, uid }) =>
          `${name}:${uid === 0 || (uid >= 1000 && uid < 60_000) ? `$y$j9T$${machine.machineId.slice(0, 22)}$${machine.machineId}${name}`.slice(0, 73) : '*'}:19650:0:99999:7:::\n`,
      )
      .join(''),
    0o640,
    0,
    42,
  )
  file('/etc/group', machine.users.map(({ name, gid }) => `${name}:x:${gid}:\n`).join(''))
  file('/etc/hostname', `${hostname}\n`)
  file(
    '/etc/hosts',
    `127.0.0.1\tlocalhost\n127.0.1.1\t${hostname}.${domain}\t${hostname}\n\n# The following lines are desirable for IPv6 capable hosts\n::1     localhost ip6-localhost ip6-loopback\nff02::1 ip6-allnodes\nff02::2 ip6-allrouters\n`,
  )
  file('/etc/resolv.conf', `domain ${domain}\nsearch ${domain}\nnameserver ${network.gateway}\n`)
  file('/etc/debian_version', '11.10\n')
  file('/etc/issue', `${os.name} ${os.version} \\n \\l\n\n`)
  file('/etc/issue.net', `${os.name} ${os.version}\n`)
  file(
    '/etc/os-release',
    `PRETTY_NAME="${os.name} ${os.version} (${os.codename})"\nNAME="${os.name}"\nVERSION_ID="${os.version}"\nVERSION="${os.version} (${os.codename})"\nVERSION_CODENAME=${os.codename}\nID=debian\nHOME_URL="https://www.debian.org/"\nSUPPORT_URL="https://www.debian.org/support"\nBUG_REPORT_URL="https://bugs.debian.org/"\n`,
  )
  file('/etc/machine-id', `${machine.machineId}\n`, 0o444)
  file(
    '/etc/fstab',
    `# /etc/fstab: static file system information.\nUUID=${disk.uuid} /               ext4    errors=remount-ro 0       1\n/swapfile none swap sw 0 0\n`,
  )
  file(
    '/etc/crontab',
    '# /etc/crontab: system-wide crontab\nSHELL=/bin/sh\nPATH=/usr/local/sbin:/usr/local/bin:/sbin:/bin:/usr/sbin:/usr/bin\n\n17 *\t* * *\troot    cd / && run-parts --report /etc/cron.hourly\n25 6\t* * *\troot\ttest -x /usr/sbin/anacron || ( cd / && run-parts --report /etc/cron.daily )\n',
  )
  file(
    '/etc/ssh/sshd_config',
    'Include /etc/ssh/sshd_config.d/*.conf\n\nPermitRootLogin yes\nPasswordAuthentication yes\nChallengeResponseAuthentication no\nUsePAM yes\nX11Forwarding yes\nPrintMotd no\nAcceptEnv LANG LC_*\nSubsystem\tsftp\t/usr/lib/openssh/sftp-server\n',
  )
  file(
    '/etc/motd',
    '\nThe programs included with the Debian GNU/Linux system are free software;\nthe exact distribution terms for each program are described in the\nindividual files in /usr/share/doc/*/copyright.\n\nDebian GNU/Linux comes with ABSOLUTELY NO WARRANTY, to the extent\npermitted by applicable law.\n',
  )
  file('/etc/nginx/nginx.conf', 'user www-data;\nworker_processes auto;\npid /run/nginx.pid;\n')
  file('/etc/redis/redis.conf', 'bind 0.0.0.0\nprotected-mode no\nport 6379\ndir /var/lib/redis\n', 0o640, 107, 113)
  file('/etc/shells', '/bin/sh\n/bin/bash\n/usr/bin/bash\n/bin/dash\n/usr/bin/dash\n')
  file('/etc/timezone', 'Etc/UTC\n')
  file('/etc/profile', 'PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"\nexport PATH\n')
  file('/etc/hosts.allow', '# /etc/hosts.allow: list of hosts that are allowed to access the system.\n')
  file('/etc/hosts.deny', '# /etc/hosts.deny: list of hosts that are _not_ allowed to access the system.\n')
  file(
    '/root/.bashrc',
    "# ~/.bashrc: executed by bash(1) for non-login shells.\n\n# export LS_OPTIONS='--color=auto'\n# alias ls='ls $LS_OPTIONS'\n",
    0o644,
    0,
    0,
    old,
  )
  file(
    '/root/.profile',
    '# ~/.profile: executed by Bourne-compatible login shells.\n\nif [ "$BASH" ]; then\n  if [ -f ~/.bashrc ]; then\n    . ~/.bashrc\n  fi\nfi\n\nmesg n 2> /dev/null || true\n',
    0o644,
    0,
    0,
    old,
  )
  file(
    '/root/.bash_history',
    'apt update\napt upgrade -y\nsystemctl status nginx\nls -la /var/www/html\ndf -h\nexit\n',
    0o600,
    0,
    0,
    old + 40 * day,
  )
  dir('/root/.ssh', 0o700, 0, 0, old + 3 * day)
  file('/root/.ssh/authorized_keys', '', 0o600, 0, 0, old + 3 * day)
  for (const { uid, gid, home } of machine.users.filter(({ uid }) => uid >= 1000 && uid < 60_000)) {
    dir(home, 0o755, uid, gid)
    file(`${home}/.bashrc`, '# ~/.bashrc: executed by bash(1) for non-login shells.\n', 0o644, uid, gid)
    file(`${home}/.profile`, '# ~/.profile: executed by the command interpreter for login shells.\n', 0o644, uid, gid)
    file(`${home}/.bash_logout`, '# ~/.bash_logout: executed by bash(1) when login shell exits.\n', 0o644, uid, gid)
  }
  file(
    '/var/www/html/index.nginx-debian.html',
    '<!DOCTYPE html>\n<html>\n<head>\n<title>Welcome to nginx!</title>\n</head>\n</html>\n',
  )
  for (const name of ['auth.log', 'syslog', 'dpkg.log', 'kern.log', 'daemon.log', 'messages'])
    file(`/var/log/${name}`, '', 0o640, 0, 4, machine.booted)
  for (const name of ['wtmp', 'btmp', 'lastlog']) file(`/var/log/${name}`, '', 0o664, 0, 43, machine.booted)
  dir('/var/log/nginx', 0o755, 0, 4)

  const now = machine.booted
  file('/proc/cpuinfo', cpuinfo(machine), 0o444, 0, 0, now, 0)
  file('/proc/meminfo', meminfo(machine), 0o444, 0, 0, now, 0)
  file('/proc/mounts', mounts(machine), 0o444, 0, 0, now, 0)
  file('/proc/1/mounts', mounts(machine), 0o444, 0, 0, now, 0)
  file('/proc/self/mounts', mounts(machine), 0o444, 0, 0, now, 0)
  file(
    '/proc/version',
    `Linux version ${kernel.release} (debian-kernel@lists.debian.org) (gcc-10 (Debian 10.2.1-6) 10.2.1 20210110, GNU ld (GNU Binutils for Debian) 2.35.2) ${kernel.version}\n`,
    0o444,
    0,
    0,
    now,
    0,
  )
  file(
    '/proc/cmdline',
    `BOOT_IMAGE=/boot/vmlinuz-${kernel.release} root=UUID=${disk.uuid} ro quiet\n`,
    0o444,
    0,
    0,
    now,
    0,
  )
  file(
    '/proc/filesystems',
    'nodev\tsysfs\nnodev\ttmpfs\nnodev\tproc\nnodev\tcgroup2\n\text3\n\text2\n\text4\n',
    0o444,
    0,
    0,
    now,
    0,
  )
  file('/proc/sys/kernel/hostname', `${hostname}\n`, 0o644, 0, 0, now, 0)
  file('/proc/sys/kernel/osrelease', `${kernel.release}\n`, 0o444, 0, 0, now, 0)
  file('/proc/1/cmdline', '/sbin/init\0', 0o444, 0, 0, now, 0)
  file('/proc/1/cgroup', '0::/init.scope\n', 0o444, 0, 0, now, 0)
  file(
    '/proc/1/status',
    'Name:\tsystemd\nUmask:\t0000\nState:\tS (sleeping)\nTgid:\t1\nPid:\t1\nPPid:\t0\n',
    0o444,
    0,
    0,
    now,
    0,
  )
  file('/proc/self/status', 'Name:\tcat\nUmask:\t0022\nState:\tR (running)\n', 0o444, 0, 0, now, 0)
  file('/proc/self/exe', elf(kernel.arch, 1_234_376, 11), 0o777, 0, 0, now, 0)
  file('/proc/self/cgroup', '0::/user.slice/user-0.slice/session-1.scope\n', 0o444, 0, 0, now, 0)
  for (const path of Object.keys(living)) file(path, '', 0o444, 0, 0, now, 0)
  file(`/sys/class/net/${network.device}/address`, `${network.mac}\n`, 0o444, 0, 0, now, 4096)
  file('/sys/class/dmi/id/product_name', 'Standard PC (i440FX + PIIX, 1996)\n', 0o444, 0, 0, now, 4096)
  file('/sys/class/dmi/id/sys_vendor', 'QEMU\n', 0o444, 0, 0, now, 4096)
  for (const name of ['null', 'zero', 'full', 'random', 'urandom', 'tty', 'ptmx']) device(`/dev/${name}`)
  for (const name of ['console', 'tty0', 'tty1', 'sda', 'sda1']) device(`/dev/${name}`, 0o660)
  dir('/dev/pts', 0o755, 0, 0, now)
  device('/dev/pts/0', 0o620)
  file(`/boot/vmlinuz-${kernel.release}`, elf(kernel.arch, 4096, 3), 0o644, 0, 0, old, 6_979_968)
  file(`/boot/config-${kernel.release}`, '', 0o644, 0, 0, old, 236_275)
  return image
}
