import { factsOf, sayingsOf } from '../../personas/facts.ts'
import { complain, letters, say, type Command, type Io } from './command.ts'

// What is installed. The package lists were never fetched and cannot be: the machine's network lets nothing out.

/** A package that is there. */
export interface Package {
  readonly name: string
  readonly version: string
  readonly arch: string
  readonly about: string
}
/** All that are there, by name. */
export const installed = ({ machine }: Io): Package[] =>
  [...factsOf(machine.system).packages, ...machine.packages].sort().map((line) => {
    const [name = '', version = '', arch = '', about = ''] = line.split('|')
    return { name, version, arch, about }
  })

const apt =
  (name: string): Command =>
  async (args, io) => {
    const { rest } = letters(args.filter((arg, i) => args[i - 1] !== '-o' && args[i - 1] !== '-t'))
    const [verb, ...names] = rest
    const warning =
      name === 'apt' && !io.tty
        ? '\nWARNING: apt does not have a stable CLI interface. Use with caution in scripts.\n\n'
        : ''
    const end = io.tty ? '... Done\n' : '...\n'
    const head = `Reading package lists${end}Building dependency tree${end}Reading state information${end}`
    if (io.user.uid !== 0 && verb !== undefined && /^(update|install|upgrade|remove|purge)$/.test(verb))
      return complain(
        `${warning}E: Could not open lock file /var/lib/dpkg/lock-frontend - open (13: Permission denied)\nE: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), are you root?\n`,
        100,
      )
    const sources = io.machine.os.repositories
    if (verb === 'update') {
      await io.sleep(4000)
      const host = (url: string) => url.split('/')[2] ?? ''
      return {
        out: `${sources.map(([url, suite], i) => `Err:${i + 1} ${url} ${suite} InRelease\n  Temporary failure resolving '${host(url)}'\n`).join('')}${head.replace(/Building[^]*$/, name === 'apt' ? '' : '')}${name === 'apt' ? `${head.slice(head.indexOf('Building'))}All packages are up to date.\n` : ''}`,
        err: `${warning}${sources.map(([url, suite]) => `W: Failed to fetch ${url}/dists/${suite}/InRelease  Temporary failure resolving '${host(url)}'\n`).join('')}W: Some index files failed to download. They have been ignored, or old ones used instead.\n`,
      }
    }
    const nothing = '0 upgraded, 0 newly installed, 0 to remove and 0 not upgraded.\n'
    if (verb === 'install' || verb === 'reinstall') {
      await io.sleep(300)
      const known = new Map(installed(io).map((one) => [one.name, one]))
      const lost = names.filter((one) => !known.has(one.split('=')[0] ?? ''))
      if (lost.length > 0)
        return {
          out: head,
          err: warning + lost.map((one) => `E: Unable to locate package ${one}\n`).join(''),
          code: 100,
        }
      return {
        out:
          head +
          [...names]
            .sort()
            .map((one) => `${one} is already the newest version (${known.get(one)?.version}).\n`)
            .join('') +
          nothing,
        err: warning,
      }
    }
    if (
      verb === 'upgrade' ||
      verb === 'dist-upgrade' ||
      verb === 'full-upgrade' ||
      verb === 'autoremove' ||
      verb === 'check'
    )
      return { out: `${head}${/upgrade/.test(verb) ? `Calculating upgrade${end}` : ''}${nothing}`, err: warning }
    if (verb === 'remove' || verb === 'purge')
      return {
        out: `${head}${names.map((one) => `Package '${one}' is not installed, so not removed\n`).join('')}${nothing}`,
        err: warning,
      }
    if (verb === 'list')
      return {
        out: `Listing${end}${installed(io)
          .map((one) => `${one.name}/now ${one.version} ${one.arch} [installed,local]\n`)
          .join('')}`,
        err: warning,
      }
    if (verb === 'search' || verb === 'show')
      return verb === 'search'
        ? { out: `Sorting${end}Full Text Search${end}`, err: warning }
        : {
            err: `${warning}${names.map((one) => `N: Unable to locate package ${one}\n`).join('')}E: No packages found\n`,
            code: 100,
          }
    if (verb === 'clean' || verb === 'autoclean') return { err: warning }
    if (verb === undefined) return say(sayingsOf(io.machine.system).programs['apt -v']?.out ?? '')
    return complain(`${warning}E: Invalid operation ${verb}\n`, 100)
  }

/** Which package programs are of that are not called as their package. */
const owners: Readonly<Record<string, string>> = {
  ps: 'procps',
  top: 'procps',
  free: 'procps',
  kill: 'procps',
  pgrep: 'procps',
  pkill: 'procps',
  w: 'procps',
  uptime: 'procps',
  ifconfig: 'net-tools',
  netstat: 'net-tools',
  route: 'net-tools',
  arp: 'net-tools',
  ip: 'iproute2',
  ss: 'iproute2',
  ssh: 'openssh-client',
  scp: 'openssh-client',
  sshd: 'openssh-server',
  crontab: 'cron',
  ping: 'iputils-ping',
  killall: 'psmisc',
  pstree: 'psmisc',
  passwd: 'passwd',
  su: 'util-linux',
  mount: 'mount',
  lscpu: 'util-linux',
  find: 'findutils',
  xargs: 'findutils',
  chattr: 'e2fsprogs',
  lsattr: 'e2fsprogs',
  python3: 'python3-minimal',
}
const coreutils = new Set(
  'ls cat cp mv rm mkdir rmdir chmod chown chgrp ln touch dd df du echo date head tail sort uniq wc cut tr tee env id whoami uname who users sleep base64 md5sum sha1sum sha256sum stat true false test nproc seq shuf shred timeout nohup nice yes'.split(
    ' ',
  ),
)

/** What Debian calls a processor. */
const debianArch: Readonly<Record<string, string>> = { x86_64: 'amd64', aarch64: 'arm64', armv7l: 'armhf' }

const dpkg: Command = (args, io) => {
  const { flags, rest } = letters(args)
  const all = installed(io)
  const chosen = rest.length === 0 ? all : all.filter(({ name }) => rest.some((one) => matches(name, one)))
  if (flags.has('l') || flags.has('--list')) {
    if (chosen.length === 0)
      return complain(rest.map((one) => `dpkg-query: no packages found matching ${one}\n`).join(''))
    const w1 = Math.max(14, ...chosen.map(({ name, arch }) => nameOf(name, arch).length))
    const w2 = Math.max(12, ...chosen.map(({ version }) => version.length))
    const line = (n: string, v: string, a: string, d: string) =>
      `${n.padEnd(w1)} ${v.padEnd(w2)} ${a.padEnd(12)} ${d}\n`
    return say(
      'Desired=Unknown/Install/Remove/Purge/Hold\n| Status=Not/Inst/Conf-files/Unpacked/halF-conf/Half-inst/trig-aWait/Trig-pend\n|/ Err?=(none)/Reinst-required (Status,Err: uppercase=bad)\n' +
        `||/ ${line('Name', 'Version', 'Architecture', 'Description')}` +
        `+++-${'='.repeat(w1)}-${'='.repeat(w2)}-============-${'='.repeat(40)}\n` +
        chosen.map((one) => `ii  ${line(nameOf(one.name, one.arch), one.version, one.arch, one.about)}`).join(''),
    )
  }
  if (flags.has('s') || flags.has('--status')) {
    const one = all.find(({ name }) => name === rest[0])
    if (one === undefined)
      return complain(
        `dpkg-query: package '${rest[0] ?? ''}' is not installed and no information is available\nUse dpkg --info (= dpkg-deb --info) to examine archive files.\n`,
      )
    return say(
      `Package: ${one.name}\nStatus: install ok installed\nArchitecture: ${one.arch}\nVersion: ${one.version}\nDescription: ${one.about}\n`,
    )
  }
  if (flags.has('S') || flags.has('--search')) {
    const [path = ''] = rest
    const name = path.slice(path.lastIndexOf('/') + 1)
    // Programs of coreutils and of packages that are called as they are: what people ask for.
    const owner = all.find((one) => one.name === name)?.name ?? (coreutils.has(name) ? 'coreutils' : owners[name])
    return owner !== undefined && (path === name || io.fs.node(path) !== undefined)
      ? say(`${owner}: ${path.includes('/') ? path : `/usr/bin/${path}`}\n`)
      : complain(`dpkg-query: no path found matching pattern ${path.includes('/') ? path : `*${path}*`}\n`)
  }
  if (flags.has('L') || flags.has('--listfiles')) {
    const one = all.find(({ name }) => name === rest[0])
    return one === undefined
      ? complain(
          `dpkg-query: package '${rest[0] ?? ''}' is not installed\nUse dpkg --contents (= dpkg-deb --contents) to list archive files contents.\n`,
        )
      : say(
          [
            '/.',
            '/usr',
            '/usr/bin',
            `/usr/bin/${one.name}`,
            '/usr/share',
            '/usr/share/doc',
            `/usr/share/doc/${one.name}`,
          ]
            .filter((path) => path === '/.' || path.startsWith('/usr/share/doc/') || io.fs.node(path) !== undefined)
            .map((path) => `${path}\n`)
            .join(''),
        )
  }
  if (flags.has('--print-architecture')) return say(`${debianArch[io.machine.kernel.arch] ?? io.machine.kernel.arch}\n`)
  if (args.length === 0)
    return complain(
      "dpkg: error: need an action option\n\nType dpkg --help for help about installing and deinstalling packages [*];\nUse 'apt' or 'aptitude' for user-friendly package management;\nType dpkg -Dhelp for a list of dpkg debug flag values;\nType dpkg --force-help for a list of forcing options;\nType dpkg-deb --help for help about manipulating *.deb files;\n\nOptions marked [*] produce a lot of output - pipe it through 'less' or 'more' !\n",
      2,
    )
  return {}
}
const nameOf = (name: string, arch: string): string => (/^lib/.test(name) && arch !== 'all' ? `${name}:${arch}` : name)
/** A name, or one with a star at its ends. */
const matches = (name: string, pattern: string): boolean => {
  const bare = pattern.replace(/^\*|\*$/g, '')
  if (pattern.startsWith('*') && pattern.endsWith('*')) return name.includes(bare)
  if (pattern.endsWith('*')) return name.startsWith(bare)
  if (pattern.startsWith('*')) return name.endsWith(bare)
  return name === pattern
}

export const packages: Readonly<Record<string, Command>> = {
  apt: apt('apt'),
  'apt-get': apt('apt-get'),
  dpkg,
  'dpkg-query': (args, io) => dpkg(args[0] === '-W' ? ['-l', ...args.slice(1)] : args, io),
}
