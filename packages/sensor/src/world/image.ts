import { temporary } from './temporary.ts'
import { createHash } from 'node:crypto'
import { keyFiles } from './openssh.ts'
import { factsOf } from '../personas/facts.ts'
import type { Machine, User } from '../personas/machine.ts'
import { parentOf, resolvePath, shared, type FsNode } from './node.ts'
import { kernelFiles } from './kernel.ts'

/** The machine's file system as it was before any attacker came: shared by all worlds, never changed. */
export type Image = ReadonlyMap<string, FsNode>

const day = 86_400_000

/** What /etc/passwd says. */
export const passwdLine = ({ name, uid, gid, gecos, home, shell }: User): string =>
  `${name}:x:${uid}:${gid}:${gecos}:${home}:${shell}\n`

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
  recorded(machine, image)
  for (const path of ['/proc', '/sys']) dir(path)
  dir('/root', 0o700, 0, 0, machine.installed + 3 * day)
  dir('/tmp', 0o1777, 0, 0, machine.booted)
  dir('/var/tmp', 0o1777)
  const { os, hostname, domain, network } = machine
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
  file(
    '/etc/group',
    groupsOf(machine)
      .map(({ name, gid, members }) => `${name}:x:${gid}:${members}\n`)
      .join(''),
  )
  file('/etc/hostname', `${hostname}\n`)
  file(
    '/etc/hosts',
    `127.0.0.1\tlocalhost\n127.0.1.1\t${hostname}.${domain}\t${hostname}\n\n# The following lines are desirable for IPv6 capable hosts\n::1     localhost ip6-localhost ip6-loopback\nff02::1 ip6-allnodes\nff02::2 ip6-allrouters\n`,
  )
  file(
    '/etc/resolv.conf',
    os.id === 'ubuntu'
      ? `nameserver 127.0.0.53\noptions edns0 trust-ad\nsearch ${domain}\n`
      : `domain ${domain}\nsearch ${domain}\nnameserver ${network.gateway}\n`,
  )
  fromKernel(machine, { dir, file, link, device })
  if (machine.userland === 'gnu') serverFiles(machine, image, { dir, file, link, device })
  temporary(machine, { dir, file })
  ownFiles(machine, image, { dir, file, link, device })
  return image
}

/** Makes nodes of an image. */
interface Maker {
  readonly dir: (path: string, mode?: number, uid?: number, gid?: number, mtime?: number) => void
  readonly file: (
    path: string,
    content: string | Uint8Array,
    mode?: number,
    uid?: number,
    gid?: number,
    mtime?: number,
    size?: number,
  ) => void
  readonly link: (path: string, target: string) => void
  readonly device: (path: string, mode?: number) => void
}

/** What one kind of machine has. */
function ownFiles(machine: Machine, image: Map<string, FsNode>, { dir, file, link }: Maker): void {
  const { programs } = factsOf(machine.system)
  const kind = programs['/usr/bin/env'] ?? programs['/bin/busybox'] ?? ''
  for (const { path, text, program, link: target, mode, user = 'root' } of machine.files) {
    const owner = machine.users.find(({ name }) => name === user)
    if (target !== undefined) link(path, target)
    else if (program !== undefined) {
      dir(parentOf(path))
      const about = { mode: mode ?? 0o755, uid: 0, gid: 0, mtime: machine.installed, made: true }
      image.set(path, { type: 'file', ...about, size: program, filler: kind })
    } else if (text !== undefined) file(path, text, mode ?? 0o644, owner?.uid ?? 0, owner?.gid ?? 0)
    else dir(path, mode ?? 0o755, owner?.uid ?? 0, owner?.gid ?? 0)
  }
}

/** What is on a server and not on a small device. */
function serverFiles(machine: Machine, image: Map<string, FsNode>, maker: Maker): void {
  const { dir, file, link } = maker
  const { os, kernel } = machine
  const { release } = factsOf(machine.system)
  const old = machine.installed
  for (const path of ['/run', '/var/www/html']) dir(path)
  file('/etc/issue', release.issue)
  file('/etc/issue.net', release.issueNet)
  file('/etc/os-release', release.os)
  file('/etc/machine-id', `${machine.machineId}\n`, 0o444)
  if (release.motd !== '') file('/etc/motd', release.motd)
  link('/etc/mtab', '../proc/self/mounts')
  const sshd = image.get('/etc/ssh/sshd_config')?.data
  const text = Buffer.from(sshd ?? []).toString('utf8')
  file('/etc/ssh/sshd_config', /^PermitRootLogin/m.test(text) ? text : `${text}PermitRootLogin yes\n`)
  if (os.packages === 'dpkg') debianFiles(machine, image, maker)
  else if (os.packages === 'rpm') redhatFiles(machine, maker)
  dir('/root/.ssh', 0o700, 0, 0, old + 3 * day)
  file('/root/.ssh/authorized_keys', '', 0o600, 0, 0, old + 3 * day)
  file(
    '/root/.bash_history',
    os.packages === 'none'
      ? 'df -h\nls /volume1\nexit\n'
      : os.packages === 'rpm'
        ? 'yum update -y\nsystemctl status sshd\ndf -h\nfree -m\nexit\n'
        : 'apt update\napt upgrade -y\nsystemctl status nginx\nls -la /var/www/html\ndf -h\nexit\n',
    0o600,
    0,
    0,
    old + 40 * day,
  )
  for (const [kind, pem] of Object.entries(machine.hostKeys)) {
    const comment = `root@${machine.hostname}`
    // The same each time that it is made.
    const check = createHash('sha256').update(`${machine.machineId} ${kind}`).digest().subarray(0, 4)
    const pair = keyFiles(pem, comment, check)
    file(`/etc/ssh/ssh_host_${kind}_key`, pair.secret, 0o600)
    file(`/etc/ssh/ssh_host_${kind}_key.pub`, pair.open)
  }
  file(`/boot/vmlinuz-${kernel.release}`, '', 0o644, 0, 0, old, 6_979_968)
  file(`/boot/config-${kernel.release}`, '', 0o644, 0, 0, old, 236_275)
  for (const name of ['wtmp', 'btmp', 'lastlog']) file(`/var/log/${name}`, '', 0o664, 0, 43, machine.booted)
}

/** What systems of Red Hat's kind have of their own. */
function redhatFiles(machine: Machine, { dir, file }: Maker): void {
  const { kernel, booted, installed } = machine
  for (const path of ['/var/spool/cron', '/var/empty/sshd', '/boot/grub2', '/var/log/audit', '/var/log/tuned'])
    dir(path, 0o755)
  dir('/var/spool/cron', 0o700)
  for (const name of [
    'secure',
    'messages',
    'maillog',
    'cron',
    'spooler',
    'boot.log',
    'yum.log',
    'dmesg',
    'audit/audit.log',
  ])
    file(`/var/log/${name}`, '', 0o600, 0, 0, booted)
  file(
    '/etc/profile',
    '# /etc/profile\n\nHOSTNAME=`/usr/bin/hostname 2>/dev/null`\nHISTSIZE=1000\nexport PATH USER LOGNAME MAIL HOSTNAME HISTSIZE HISTCONTROL\n',
  )
  file('/etc/shells', '/bin/sh\n/bin/bash\n/usr/bin/sh\n/usr/bin/bash\n')
  for (const { uid, gid, home } of machine.users.filter(({ uid }) => uid >= 1000 && uid < 60_000)) {
    dir(home, 0o700, uid, gid)
    file(
      `${home}/.bashrc`,
      '# .bashrc\n\n# Source global definitions\nif [ -f /etc/bashrc ]; then\n\t. /etc/bashrc\nfi\n',
      0o644,
      uid,
      gid,
    )
    file(`${home}/.bash_logout`, '# ~/.bash_logout\n\n', 0o644, uid, gid)
  }
  file(`/boot/initramfs-${kernel.release}.img`, '', 0o600, 0, 0, installed, 31_204_612)
  file(`/boot/System.map-${kernel.release}`, '', 0o600, 0, 0, installed, 3_616_707)
}

/** What Debian and its kin have of their own. */
function debianFiles(machine: Machine, image: Map<string, FsNode>, { dir, file, link }: Maker): void {
  const { os, kernel, disk } = machine
  const { release } = factsOf(machine.system)
  const ubuntu = os.id === 'ubuntu'
  const old = machine.installed
  for (const path of ['/lost+found', '/var/spool/cron/crontabs']) dir(path)
  if (machine.users.some(({ name }) => name === 'redis')) dir('/var/lib/redis', 0o750, numberOf('redis', machine.users))
  file('/etc/debian_version', release.debian)
  if (release.lsb !== '') file('/etc/lsb-release', release.lsb)
  const { swap } = machine.hardware
  file(
    '/etc/fstab',
    ubuntu
      ? `# /etc/fstab: static file system information.\n/dev/disk/by-uuid/${disk.uuid} / ext4 defaults 0 1\n${swap === undefined ? '' : `${swap.path}\tnone\tswap\tsw\t0\t0\n`}`
      : `# /etc/fstab: static file system information.\nUUID=${disk.uuid} /               ext4    errors=remount-ro 0       1\n${swap === undefined ? '' : `${swap.path} none swap sw 0 0\n`}`,
  )
  if (swap?.kind === 'file') file(swap.path, '', 0o600, 0, 0, old, machine.memory.swap * 1024)
  const sources = os.repositories
    .flatMap(([url, suite, parts]) => [
      `deb ${url} ${suite} ${parts}\n`,
      ...(ubuntu ? [] : [`deb-src ${url} ${suite} ${parts}\n`]),
    ])
    .join('')
  // Ubuntu has had the other form since 24.04.
  if (os.codename === 'noble')
    file(
      '/etc/apt/sources.list.d/ubuntu.sources',
      os.repositories
        .filter(([, suite]) => !/-(?:updates|backports)$/.test(suite))
        .map(
          ([url, suite, parts]) =>
            `Types: deb\nURIs: ${url}/\nSuites: ${suite}${suite === os.codename ? ` ${suite}-updates ${suite}-backports` : ''}\nComponents: ${parts}\nSigned-By: /usr/share/keyrings/ubuntu-archive-keyring.gpg\n`,
        )
        .join('\n'),
    )
  else file('/etc/apt/sources.list', sources)
  file(
    '/etc/redis/redis.conf',
    'bind 0.0.0.0\nprotected-mode no\nport 6379\ndir /var/lib/redis\n',
    0o640,
    numberOf('redis', machine.users),
  )
  file('/etc/profile', 'PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"\nexport PATH\n')
  file(
    '/etc/shells',
    `# /etc/shells: valid login shells\n${['/bin/sh', '/bin/bash', '/usr/bin/bash', '/bin/rbash', '/usr/bin/rbash', '/bin/dash', '/usr/bin/dash', ...(image.has('/usr/bin/tmux') ? ['/usr/bin/tmux'] : []), ...(image.has('/usr/bin/screen') ? ['/usr/bin/screen'] : [])].map((path) => `${path}\n`).join('')}`,
  )
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
  dir('/var/log/nginx', 0o755, 0, 4)

  file(`/boot/initrd.img-${kernel.release}`, '', 0o644, 0, 0, old + day, 38_422_113)
  file(`/boot/System.map-${kernel.release}`, '', 0o600, 0, 0, old, 83)
  link('/vmlinuz', `boot/vmlinuz-${kernel.release}`)
  link('/initrd.img', `boot/initrd.img-${kernel.release}`)
}

/** The largest file whose content is made when it is read. */
const largest = 10 * 1024 * 1024

/** What the recorded system has: its folders, links and files, with what they set. */
function recorded(machine: Machine, image: Map<string, FsNode>): void {
  const { tree, programs, settings } = factsOf(machine.system)
  const groups = groupsOf(machine)
  const owners = new Map<string, { uid: number; gid: number }>()
  const owned = (text: string | undefined): { uid: number; gid: number } => {
    if (text === undefined) return { uid: 0, gid: 0 }
    const known = owners.get(text)
    if (known !== undefined) return known
    const [user = '', group = ''] = text.split(':')
    const found = {
      uid: numberOf(user, machine.users),
      gid: groups.find(({ name }) => name === group)?.gid ?? 0,
    }
    owners.set(text, found)
    return found
  }
  const time = (text: string | undefined): number =>
    text === undefined || text === '-' || text === '' ? machine.installed : Number(text) * day + 43_200_000
  image.set('/', { type: 'directory', mode: 0o755, uid: 0, gid: 0, mtime: machine.installed })
  for (const [folder, line] of Object.entries(tree)) {
    const at = folder === '/' ? '' : folder
    for (const entry of line.split('|')) {
      const arrow = entry.indexOf('>')
      if (arrow > 0) {
        const target = entry.slice(arrow + 1)
        image.set(`${at}/${entry.slice(0, arrow)}`, {
          type: 'link',
          mode: 0o777,
          uid: 0,
          gid: 0,
          mtime: machine.installed,
          target,
        })
        continue
      }
      const words = entry.split(' ')
      const name = words[0] ?? ''
      if (name.endsWith('/')) {
        const plain = words.length <= 2
        const mode = plain ? 0o755 : Number.parseInt(words[1] ?? '755', 8)
        const mtime = time(plain ? words[1] : words[3])
        image.set(`${at}/${name.slice(0, -1)}`, {
          type: 'directory',
          mode,
          ...owned(plain ? undefined : words[2]),
          mtime,
        })
        continue
      }
      const path = `${at}/${name}`
      const about = {
        mode: Number.parseInt(words[3] ?? '644', 8),
        ...owned(words[4]),
        mtime: time(words[2]),
        made: true,
      }
      const text = settings[path]
      if (text !== undefined) image.set(path, { type: 'file', ...about, data: shared(text) })
      else {
        const library = /\.so(\.[\d.]+)?$/.test(name) ? '3 4160 14136 11 28 27' : ''
        const size = Number(words[1])
        // What nobody looks for and would cost much to make is not there.
        if (size <= largest) image.set(path, { type: 'file', ...about, size, filler: programs[path] ?? library })
      }
    }
  }
}

/** What the kernel shows: /proc, /sys and the devices. */
function fromKernel(machine: Machine, { dir, file, link, device }: Maker): void {
  const now = machine.booted
  for (const [path, content, mode = 0o444, size = 0] of kernelFiles(machine)) {
    dir(parentOf(path), 0o555, 0, 0, now)
    file(path, content, mode, 0, 0, now, size)
  }
  for (const [, path] of machine.hardware.mounts)
    dir(path, path === '/dev/shm' || path === '/run/lock' ? 0o1777 : 0o755, 0, 0, now)
  link('/proc/self/exe', machine.userland === 'gnu' ? '/usr/bin/cat' : '/bin/busybox')
  dir('/proc/self/fd', 0o500, 0, 0, now)
  for (const fd of [0, 1, 2]) link(`/proc/self/fd/${fd}`, '/dev/null')
  link('/proc/self/cwd', '/root')
  link('/proc/self/root', '/')
  for (const process of machine.processes) {
    if (process.command.startsWith('[')) continue
    const program = process.command.split(/[ :]/)[0] ?? ''
    const real =
      program === 'nginx' || program === 'sshd'
        ? `/usr/sbin/${program}`
        : program === '/sbin/init'
          ? '/usr/lib/systemd/systemd'
          : program
    link(`/proc/${process.pid}/exe`, resolvePath('/', real))
    link(`/proc/${process.pid}/cwd`, '/')
    link(`/proc/${process.pid}/root`, '/')
  }
  for (const name of ['null', 'zero', 'full', 'random', 'urandom', 'tty', 'ptmx']) device(`/dev/${name}`)
  for (const name of ['console', 'tty0', 'mem', 'kmsg', ...machine.hardware.devices]) device(`/dev/${name}`, 0o660)
  link('/dev/fd', '/proc/self/fd')
  link('/dev/core', '/proc/kcore')
  device('/dev/pts/0', 0o620)
  device('/dev/pts/ptmx', 0)
}

const numberOf = (name: string, list: Machine['users']): number =>
  /^\d+$/.test(name) ? Number(name) : (list.find((user) => user.name === name)?.uid ?? 0)

/** The groups: those of the system, then one for each user. */
export function groupsOf(
  machine: Machine,
): { readonly name: string; readonly gid: number; readonly members: string }[] {
  const own = machine.users
    .filter(
      ({ name, gid }) => gid < 65_534 && !machine.groups.some((group) => group.name === name || group.gid === gid),
    )
    .map(({ name, gid }) => ({ name, gid }))
  return [...machine.groups, ...own].map(({ name, gid }) => ({ name, gid, members: '' }))
}
