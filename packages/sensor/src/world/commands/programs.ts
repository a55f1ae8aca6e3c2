import { ownProgram } from '../fs.ts'
import { resolvePath } from '../node.ts'
import { complain, letters, say, silent, type Command } from './command.ts'

const quote = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`

/** The applets that this machine's busybox has. */
const applets = new Set(
  'ash awk base64 basename cat chmod chown cp cut date dd df dirname dmesg du echo egrep env expr false fgrep find free ftpget grep gunzip gzip head hostname id ifconfig ip kill killall less ln ls md5sum mkdir mknod mount mv nc netstat nslookup od passwd pidof ping ps pwd readlink reboot rm rmdir sed seq sh sleep sort stat su sync tail tar tee telnet test tftp time top touch tr true tty umount uname uniq uptime vi wc wget which whoami xargs yes zcat'.split(
    ' ',
  ),
)

const busybox: Command = async (args, io) => {
  const [name, ...rest] = args
  if (name?.startsWith(ownProgram) === true) {
    const { commands } = await import('./index.ts')
    return commands.get(name.slice(ownProgram.length))?.(rest, io) ?? {}
  }
  if (name === undefined || name === '--help') {
    return say(
      `BusyBox v1.30.1 (Debian 1:1.30.1-6+b3) multi-call binary.\nBusyBox is copyrighted by many authors between 1998-2015.\nLicensed under GPLv2. See source distribution for detailed\ncopyright notices.\n\nUsage: busybox [function [arguments]...]\n   or: busybox --list[-full]\n\nCurrently defined functions:\n\t${[...applets].join(', ')}\n`,
    )
  }
  if (name === '--list') return say([...applets].map((applet) => `${applet}\n`).join(''))
  if (!applets.has(name)) return complain(`${name}: applet not found\n`, 127)
  if (rest.length === 0 && (name === 'wget' || name === 'tftp' || name === 'ping')) {
    return complain(
      `BusyBox v1.30.1 (Debian 1:1.30.1-6+b3) multi-call binary.\n\nUsage: ${name} [OPTIONS] ${name === 'ping' ? 'HOST' : name === 'wget' ? 'URL...' : 'HOST [PORT]'}\n`,
    )
  }
  return io.exec([name === 'ash' ? 'sh' : name, ...rest].map(quote).join(' '), io.stdin)
}

/** Sets the password of one account from lines "user:password". */
const chpasswd: Command = (_, { stdin, effects, machine }) => {
  let err = ''
  stdin.split('\n').forEach((line, i) => {
    const [user = '', secret] = line.split(/:(.*)/s)
    if (line === '') return
    if (secret === undefined) err += `chpasswd: line ${i + 1}: missing new password\n`
    else if (!machine.users.some(({ name }) => name === user))
      err += `chpasswd: line ${i + 1}: user '${user}' does not exist\n`
    else effects.push({ type: 'password', user, secret: Buffer.from(secret, 'latin1').toString('utf8') })
  })
  return err === '' ? {} : complain(`${err}chpasswd: error detected, changes ignored\n`)
}

/** passwd with its answers on standard input, as scripts use it. */
const passwd: Command = (args, { stdin, effects, user }) => {
  const name = letters(args).rest[0] ?? user.name
  const lines = stdin.split('\n').filter((line) => line !== '')
  const secret = lines.at(-1)
  if (secret === undefined)
    return {
      err: 'New password: Password change has been aborted.\npasswd: Authentication token manipulation error\npasswd: password unchanged\n',
      code: 10,
    }
  effects.push({ type: 'password', user: name, secret: Buffer.from(secret, 'latin1').toString('utf8') })
  return { err: 'New password: Retype new password: passwd: password updated successfully\n' }
}

const sudo: Command = async (args, io) => {
  if (args[0] === '-l')
    return say(
      `User ${io.user.name} may run the following commands on ${io.machine.hostname}:\n    (ALL : ALL) NOPASSWD: ALL\n`,
    )
  const at = args.findIndex((arg) => !arg.startsWith('-'))
  return at < 0 ? {} : io.exec(args.slice(at).map(quote).join(' '), io.stdin)
}

const su: Command = async (args, io) => {
  const at = args.indexOf('-c')
  return at >= 0 && args[at + 1] !== undefined ? io.exec(args[at + 1] ?? '', io.stdin) : {}
}

const nohup: Command = async (args, io) => {
  if (args.length === 0) return complain("nohup: missing operand\nTry 'nohup --help' for more information.\n", 125)
  return io.exec(args.map(quote).join(' '), io.stdin)
}

const useradd: Command = (args, io) => {
  const name = letters(args).rest.at(-1)
  if (name === undefined) return complain('Usage: useradd [options] LOGIN\n', 2)
  if (io.machine.users.some((user) => user.name === name))
    return complain(`useradd: user '${name}' already exists\n`, 9)
  const line = `${name}:x:1005:1005::/home/${name}:/bin/bash\n`
  io.fs.write('/etc/passwd', Buffer.concat([io.fs.content('/etc/passwd'), Buffer.from(line)]))
  const at = args.indexOf('-p')
  io.effects.push({ type: 'persistence', method: 'account', path: '/etc/passwd', content: line })
  if (at >= 0) io.effects.push({ type: 'password', user: name, secret: args[at + 1] ?? '' })
  return {}
}

const apt: Command = async (args, io) => {
  const { rest } = letters(args)
  await io.sleep(400)
  const head = 'Reading package lists... Done\nBuilding dependency tree... Done\nReading state information... Done\n'
  if (rest[0] === 'update')
    return say(
      `Hit:1 http://deb.debian.org/debian bullseye InRelease\nHit:2 http://deb.debian.org/debian bullseye-updates InRelease\nHit:3 http://security.debian.org/debian-security bullseye-security InRelease\n${head}All packages are up to date.\n`,
    )
  if (rest[0] === 'install')
    return say(
      `${head}${rest
        .slice(1)
        .map((name) => `${name} is already the newest version.\n`)
        .join('')}0 upgraded, 0 newly installed, 0 to remove and 0 not upgraded.\n`,
    )
  return say(`${head}0 upgraded, 0 newly installed, 0 to remove and 0 not upgraded.\n`)
}

const services = new Map([
  ['ssh', 446],
  ['sshd', 446],
  ['cron', 402],
  ['nginx', 488],
  ['redis', 461],
  ['redis-server', 461],
  ['rsyslog', 411],
])
const systemctl: Command = (args, io) => {
  const [verb, unit = ''] = letters(args).rest
  const name = unit.replace(/\.service$/, '')
  if (verb === 'status') {
    const pid = services.get(name)
    if (pid === undefined) return complain(`Unit ${name}.service could not be found.\n`, 4)
    return say(
      `● ${name}.service - ${name}\n     Loaded: loaded (/lib/systemd/system/${name}.service; enabled; vendor preset: enabled)\n     Active: active (running) since ${new Date(io.machine.booted).toUTCString().replace(',', '')}\n   Main PID: ${pid} (${name})\n`,
    )
  }
  if (verb === 'is-active') return services.has(name) ? say('active\n') : { out: 'inactive\n', code: 3 }
  if (verb === 'list-units' || verb === undefined)
    return say(
      [...services.keys()].map((key) => `  ${`${key}.service`.padEnd(28)} loaded active running ${key}\n`).join(''),
    )
  const known = services.has(name) || io.fs.node(`/etc/systemd/system/${name}.service`) !== undefined
  if (!known && /^(start|stop|restart|disable|enable|mask)$/.test(verb))
    return complain(`Failed to ${verb} ${name}.service: Unit ${name}.service not found.\n`, 5)
  if (verb === 'enable')
    io.effects.push({
      type: 'persistence',
      method: 'systemd',
      path: `/etc/systemd/system/${name}.service`,
      content: `systemctl ${args.join(' ')}`,
    })
  return {}
}

/** An interpreter is there, but what it would do is only recorded: the line is an event already. */
const interpreter =
  (version: string): Command =>
  (args) =>
    args.includes('-V') || args.includes('--version') ? say(`${version}\n`) : {}

const pkill: Command = () => ({ code: 1 })
const yes: Command = (args) => say(`${args.length === 0 ? 'y' : args.join(' ')}\n`.repeat(4096).slice(0, 64 * 1024))

export const programs: Readonly<Record<string, Command>> = {
  busybox,
  chpasswd,
  passwd,
  sudo,
  su,
  nohup,
  useradd,
  adduser: useradd,
  usermod: silent,
  userdel: silent,
  deluser: silent,
  groupadd: silent,
  addgroup: silent,
  apt,
  'apt-get': apt,
  dpkg: silent,
  systemctl,
  service: (args, io) => systemctl([args[1] ?? '', args[0] ?? ''], io),
  python3: interpreter('Python 3.9.2'),
  python: interpreter('Python 3.9.2'),
  perl: interpreter('This is perl 5, version 32, subversion 1 (v5.32.1) built for x86_64-linux-gnu-thread-multi'),
  gcc: (args) =>
    args.includes('--version')
      ? say('gcc (Debian 10.2.1-6) 10.2.1 20210110\n')
      : args.length === 0
        ? complain('gcc: fatal error: no input files\ncompilation terminated.\n')
        : {},
  kill: silent,
  pkill,
  killall: (args) =>
    args.length === 0
      ? complain('Usage: killall [OPTION]... [--] NAME...\n')
      : complain(
          args
            .filter((arg) => !arg.startsWith('-'))
            .map((name) => `${name}: no process found\n`)
            .join(''),
        ),
  pgrep: () => ({ code: 1 }),
  yes,
  sleep: async (args, io) => {
    const seconds = args.reduce(
      (sum, arg) => sum + Number.parseFloat(arg) * ({ s: 1, m: 60, h: 3600, d: 86_400 }[arg.at(-1) ?? 's'] ?? 1),
      0,
    )
    if (!Number.isFinite(seconds)) return complain(`sleep: invalid time interval ‘${args.join(' ')}’\n`)
    await io.sleep(seconds * 1000)
    return {}
  },
  reboot: silent,
  shutdown: silent,
  poweroff: silent,
  halt: silent,
  sysctl: (args) =>
    say(
      args
        .filter((arg) => arg.includes('='))
        .map((arg) => `${arg.replace('=', ' = ')}\n`)
        .join(''),
    ),
  modprobe: silent,
  setsid: nohup,
  nice: nohup,
  ionice: silent,
  renice: silent,
  mesg: silent,
  stty: silent,
  clear: () => say('\u001b[H\u001b[2J\u001b[3J'),
  reset: silent,
  less: async (args, io) =>
    args[0] === undefined
      ? say(io.stdin)
      : io.exec(
          `cat ${args
            .filter((arg) => !arg.startsWith('-'))
            .map(quote)
            .join(' ')}`,
        ),
  more: async (args, io) => (args[0] === undefined ? say(io.stdin) : io.exec(`cat ${args.map(quote).join(' ')}`)),
  vi: silent,
  vim: silent,
  nano: silent,
  journalctl: () => say('-- No entries --\n'),
  scp: silent,
  sftp: silent,
  openssl: (args) => (args[0] === 'version' ? say('OpenSSL 1.1.1w  11 Sep 2023\n') : {}),
  'ssh-keygen': (args) => (args.length === 0 ? {} : say('')),
  lsof: silent,
  tty: () => say('/dev/pts/0\n'),
  unzip: (args, io) =>
    io.fs.node(resolvePath(io.cwd, args[0] ?? '')) === undefined
      ? complain(`unzip:  cannot find or open ${args[0] ?? ''}, ${args[0] ?? ''}.zip or ${args[0] ?? ''}.ZIP.\n`, 9)
      : {},
}
