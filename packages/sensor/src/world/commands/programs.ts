import { resolvePath } from '../node.ts'
import { busybox } from './busybox.ts'
import { openssl } from './crypt.ts'
import { complain, letters, say, silent, type Command } from './command.ts'

const quote = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`

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
  if (user.uid !== 0 && name !== user.name)
    return complain(`passwd: You may not view or modify password information for ${name}.\n`)
  const lines = stdin.split('\n').slice(0, -1)
  // Only root is not asked for the present one.
  const asks = user.uid === 0 ? '' : `Changing password for ${name}.\nCurrent password: `
  const [secret, again] = user.uid === 0 ? lines : lines.slice(1)
  const lost = (words: string, code: number) =>
    complain(
      `${asks}New password: ${secret === undefined ? '' : 'Retype new password: '}${words}\npasswd: Authentication token manipulation error\npasswd: password unchanged\n`,
      code,
    )
  if (secret === undefined || again === undefined) return lost('Password change has been aborted.', 10)
  if (secret !== again) return lost('Sorry, passwords do not match.', 10)
  effects.push({ type: 'password', user: name, secret: Buffer.from(secret, 'latin1').toString('utf8') })
  return { err: `${asks}New password: Retype new password: passwd: password updated successfully\n` }
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
  const { out = '', err = '', code = 0 } = await io.exec(args.map(quote).join(' '), io.stdin)
  return {
    out,
    code,
    err: err
      .replace(
        /^bash: (?:line \d+: )?(\S+): command not found$/m,
        "nohup: failed to run command '$1': No such file or directory",
      )
      .replace(
        /^bash: (?:line \d+: )?(\S+): (No such file or directory|Permission denied)$/m,
        "nohup: failed to run command '$1': $2",
      ),
  }
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
  systemctl,
  service: (args, io) => {
    const [name, verb] = args
    if (name === undefined)
      return complain('Usage: service < option > | --status-all | [ service_name [ command | --full-restart ] ]\n')
    if (name === '--status-all') return { out: [...services.keys()].map((key) => ` [ + ]  ${key}\n`).join('') }
    if (!services.has(name)) return complain(`${name}: unrecognized service\n`)
    return verb === undefined
      ? complain(`Usage: /etc/init.d/${name} {start|stop|restart|status}\n`)
      : systemctl([verb, name], io)
  },
  python3: interpreter('Python 3.9.2'),
  python: interpreter('Python 3.9.2'),
  perl: (args) =>
    args.includes('-v')
      ? say(
          '\nThis is perl 5, version 32, subversion 1 (v5.32.1) built for x86_64-linux-gnu-thread-multi\n(with 50 registered patches, see perl -V for more detail)\n\nCopyright 1987-2021, Larry Wall\n\nPerl may be copied only under the terms of either the Artistic License or the\nGNU General Public License, which may be found in the Perl 5 source kit.\n\nComplete documentation for Perl, including FAQ lists, should be found on\nthis system using "man perl" or "perldoc perl".  If you have access to the\nInternet, point your browser at http://www.perl.org/, the Perl Home Page.\n\n',
        )
      : {},
  gcc: (args) =>
    args.includes('--version')
      ? say('gcc (Debian 10.2.1-6) 10.2.1 20210110\n')
      : args.length === 0
        ? complain('gcc: fatal error: no input files\ncompilation terminated.\n')
        : {},
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
  sftp: silent,
  openssl,
  'ssh-keygen': (args) => (args.length === 0 ? {} : say('')),
  lsof: silent,
  unzip: (args, io) =>
    io.fs.node(resolvePath(io.cwd, args[0] ?? '')) === undefined
      ? complain(`unzip:  cannot find or open ${args[0] ?? ''}, ${args[0] ?? ''}.zip or ${args[0] ?? ''}.ZIP.\n`, 9)
      : {},
}
