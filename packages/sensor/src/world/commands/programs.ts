import { usersOf } from './accounts.ts'
import { before } from '../version.ts'
import { sayingsOf } from '../../personas/facts.ts'
import { resolvePath } from '../node.ts'
import { commOf } from '../proc.ts'
import { busybox } from './busybox.ts'
import { openssl } from './crypt.ts'
import { complain, letters, say, silent, type Command, type Io } from './command.ts'

/** Sets the password of one account from lines "user:password". */
const chpasswd: Command = (_, io) => {
  const { stdin, effects } = io
  const users = usersOf(io)
  let err = ''
  // The words of PAM, which has set passwords for chpasswd since Debian 10.
  stdin.split('\n').forEach((line, i) => {
    const [user = '', secret] = line.split(/:(.*)/s)
    if (line === '') return
    if (secret === undefined) err += `chpasswd: line ${i + 1}: missing new password\n`
    else if (!users.some(({ name }) => name === user))
      err += `chpasswd: (user ${user}) pam_chauthtok() failed, error:\nAuthentication token manipulation error\nchpasswd: (line ${i + 1}, user ${user}) password not changed\n`
    else effects.push({ type: 'password', user, secret: Buffer.from(secret, 'latin1').toString('utf8') })
  })
  return err === ''
    ? {}
    : complain(/pam_chauthtok/.test(err) ? err : `${err}chpasswd: error detected, changes ignored\n`)
}

/** passwd with its answers on standard input, as scripts use it. */
const passwd: Command = (args, io) => {
  const { effects, user, machine } = io
  if (args.some((arg) => /^-(l|u|d|e|S)$/.test(arg))) {
    const of = args.find((arg) => !arg.startsWith('-')) ?? user.name
    if (!usersOf(io).some(({ name }) => name === of)) return complain(`passwd: user '${of}' does not exist\n`)
    if (args.includes('-S')) return say(`${of} P 10/20/2023 0 99999 7 -1\n`)
    // Since 4.9 (shadow) a lock is a change of the password.
    const changed = !args.includes('-e') && !before(machine.versions['passwd'] ?? '1:4.8', '1:4.9')
    return say(`passwd: password ${changed ? 'changed' : 'expiry information changed'}.\n`)
  }
  const name = letters(args).rest[0] ?? user.name
  if (user.uid !== 0 && name !== user.name)
    return complain(`passwd: You may not view or modify password information for ${name}.\n`)
  const lines = io.stdin.split('\n').slice(0, -1)
  // Only root is not asked for the present one.
  const asks = user.uid === 0 ? '' : `Changing password for ${name}.\nCurrent password: `
  const [secret, again] = user.uid === 0 ? lines : lines.slice(1)
  const lost = (words: string, code: number) =>
    complain(
      `${asks}New password: ${secret === undefined ? '' : 'Retype new password: '}${words}\npasswd: Authentication token manipulation error\npasswd: password unchanged\n`,
      code,
    )
  if (secret === undefined || again === undefined)
    return lost(
      before(machine.versions['libpam-modules'], '1.4')
        ? 'Password change aborted.'
        : 'Password change has been aborted.',
      10,
    )
  if (secret !== again) return lost('Sorry, passwords do not match.', 10)
  effects.push({ type: 'password', user: name, secret: Buffer.from(secret, 'latin1').toString('utf8') })
  return { err: `${asks}New password: Retype new password: passwd: password updated successfully\n` }
}

const sudo: Command = async (args, io) => {
  if (args.length === 0) {
    // The usages that stand at the head of its help.
    const help = sayingsOf(io.machine.system).programs['sudo --help']?.out ?? ''
    return complain(help.slice(help.indexOf('usage:'), help.indexOf('\n\nOptions:') + 1))
  }
  if (args[0] === '-l')
    return say(
      `Matching Defaults entries for ${io.user.name} on ${io.machine.hostname}:\n    env_reset, mail_badpass, secure_path=/usr/local/sbin\\:/usr/local/bin\\:/usr/sbin\\:/usr/bin\\:/sbin\\:/bin${io.machine.os.id === 'ubuntu' ? '\\:/snap/bin' : ''}${before(io.machine.versions['sudo'], '1.9.9') ? '' : ', use_pty'}\n\nUser ${io.user.name} may run the following commands on ${io.machine.hostname}:\n    (ALL : ALL) ALL\n`,
    )
  let at = 0
  let name = 'root'
  for (; args[at]?.startsWith('-') === true || /^\w+=/.test(args[at] ?? ''); at++) {
    if (args[at] === '--') {
      at++
      break
    }
    if (/^-(?:u|U|g|p|C|r|t|D|R|T)$|^--(?:user|group|prompt)$/.test(args[at] ?? '')) {
      at++
      if (/^-u$|^--user$/.test(args[at - 1] ?? '')) name = args[at] ?? name
    } else if (/^-u./.test(args[at] ?? '')) name = (args[at] ?? '').slice(2)
    else if (/^--user=/.test(args[at] ?? '')) name = (args[at] ?? '').slice(7)
  }
  const user = io.machine.users.find((one) => one.name === name)
  if (user === undefined)
    return complain(`sudo: unknown user: ${name}\nsudo: error initializing audit plugin sudoers_audit\n`)
  const command = args.slice(at)
  if (command.length === 0) return {}
  const result = await io.as(user, async () => {
    const ran = await io.run(command)
    return ran.lost === undefined ? ran : complain(`sudo: ${command[0] ?? ''}: command not found\n`)
  })
  return result
}

const su: Command = async (args, io) => {
  const at = args.findIndex((arg) => arg === '-c' || arg === '--command')
  const line = at < 0 ? undefined : args[at + 1]
  const name =
    args.find(
      (arg, i) =>
        !arg.startsWith('-') && (at < 0 || i !== at + 1) && !/^-[sgG]$|^--(?:shell|group)$/.test(args[i - 1] ?? ''),
    ) ?? 'root'
  const user = usersOf(io).find((one) => one.name === name)
  if (user === undefined)
    return complain(`su: user ${name} does not exist or the user entry does not contain all the required fields\n`)
  // Nobody types a password into a pipe.
  if (io.user.uid !== 0) return complain('Password: \nsu: Authentication failure\n')
  if (line === undefined) return {}
  const named = args.findIndex((arg) => arg === '-s' || arg === '--shell')
  const login = args.includes('-') || args.includes('-l') || args.includes('--login')
  const lost = login && io.fs.node(user.home) === undefined
  const warning = lost ? `su: warning: cannot change directory to ${user.home}: No such file or directory\n` : ''
  if (named < 0 && /\/(?:nologin|false)$/.test(user.shell))
    return user.shell.endsWith('false')
      ? { err: warning, code: 1 }
      : { out: 'This account is currently not available.\n', err: warning, code: 1 }
  const result = await io.as(user, () => io.exec(line))
  return warning === '' ? result : { ...result, err: warning + (result.err ?? '') }
}

/** Units of systemd that run: what they are, their process and its documentation. */
const services: ReadonlyMap<
  string,
  { readonly about: string; readonly pid: number; readonly docs: readonly string[]; readonly file?: string | undefined }
> = new Map([
  ['ssh', { about: 'OpenBSD Secure Shell server', pid: 446, docs: ['man:sshd(8)', 'man:sshd_config(5)'] }],
  [
    'sshd',
    { about: 'OpenBSD Secure Shell server', pid: 446, docs: ['man:sshd(8)', 'man:sshd_config(5)'], file: 'ssh' },
  ],
  ['cron', { about: 'Regular background program processing daemon', pid: 402, docs: ['man:cron(8)'] }],
  ['nginx', { about: 'A high performance web server and a reverse proxy server', pid: 488, docs: ['man:nginx(8)'] }],
  [
    'redis',
    {
      about: 'Advanced key-value store',
      pid: 461,
      docs: ['http://redis.io/documentation,', 'man:redis-server(1)'],
      file: 'redis-server',
    },
  ],
  [
    'redis-server',
    { about: 'Advanced key-value store', pid: 461, docs: ['http://redis.io/documentation,', 'man:redis-server(1)'] },
  ],
  [
    'rsyslog',
    {
      about: 'System Logging Service',
      pid: 411,
      docs: ['man:rsyslogd(8)', 'man:rsyslog.conf(5)', 'https://www.rsyslog.com/doc/'],
    },
  ],
  ['crond', { about: 'Command Scheduler', pid: 606, docs: [] }],
  ['dbus', { about: 'D-Bus System Message Bus', pid: 405, docs: ['man:dbus-daemon(1)'] }],
])
/** Those whose process is there. */
const running = ({ machine }: Io): typeof services =>
  new Map([...services].filter(([, { pid }]) => machine.processes.some((one) => one.pid === pid)))
const ago = (ms: number): string => {
  const days = Math.floor(ms / 86_400_000)
  if (days >= 60) return `${Math.floor(days / 30.44)} months ${Math.floor(days % 30.44)} days ago`
  if (days >= 1)
    return `${days === 1 ? '1 day' : days < 7 ? `${days} days` : `${Math.floor(days / 7)} weeks ${days % 7} days`} ago`
  return `${Math.floor(ms / 3_600_000)}h ago`
}
const weekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']

const systemctl: Command = (args, io) => {
  const [verb, unit = ''] = letters(args).rest
  const name = unit.replace(/\.service$/, '')
  const found = running(io).get(name)
  // Elsewhere than on Debian the daemon's unit has its own name.
  const service =
    found !== undefined && io.machine.os.packages === 'rpm'
      ? { ...found, file: undefined, ...(found.pid === 446 && { about: 'OpenSSH server daemon' }) }
      : found
  const own = io.fs.node(`/etc/systemd/system/${name}.service`) !== undefined
  if (verb === 'status') {
    if (service === undefined) return complain(`Unit ${name}.service could not be found.\n`, 4)
    const since = new Date(io.machine.booted + 4000)
    const process = io.machine.processes.find(({ pid }) => pid === service.pid)
    const memory = ((process?.rss ?? 5000) / 1024).toFixed(1)
    return say(
      `● ${service.file ?? name}.service - ${service.about}\n` +
        `     Loaded: loaded (${io.machine.os.packages === 'rpm' ? '/usr' : ''}/lib/systemd/system/${service.file ?? name}.service; enabled; vendor preset: enabled)\n` +
        `     Active: active (running) since ${weekdays[since.getUTCDay()]} ${since.toISOString().slice(0, 19).replace('T', ' ')} UTC; ${ago(Date.now() - since.getTime())}\n` +
        service.docs.map((one, i) => `${i === 0 ? '       Docs: ' : '             '}${one}\n`).join('') +
        `   Main PID: ${service.pid} (${commOf(process?.command ?? name)})\n      Tasks: 1 (limit: 4915)\n     Memory: ${memory}M\n        CPU: ${30 + (service.pid % 29)}.${service.pid}s\n` +
        `     CGroup: /system.slice/${service.file ?? name}.service\n             └─${service.pid} ${process?.command ?? name}\n`,
    )
  }
  if (verb === 'is-active') return service !== undefined ? say('active\n') : { out: 'inactive\n', code: 3 }
  if (verb === 'is-enabled')
    return service !== undefined || own
      ? say('enabled\n')
      : complain(`Failed to get unit file state for ${name}.service: No such file or directory\n`)
  if (verb === 'list-units' || verb === undefined) {
    const rows = [...running(io)].filter(([, { file }]) => file === undefined)
    const width = Math.max(...rows.map(([key]) => key.length)) + 8
    return say(
      `  ${'UNIT'.padEnd(width)} LOAD   ACTIVE SUB     DESCRIPTION\n${rows.map(([key, { about }]) => `  ${`${key}.service`.padEnd(width)} loaded active running ${about}\n`).join('')}\nLOAD   = Reflects whether the unit definition was properly loaded.\nACTIVE = The high-level unit activation state, i.e. generalization of SUB.\nSUB    = The low-level unit activation state, values depend on unit type.\n${rows.length} loaded units listed. Pass --all to see loaded but inactive units, too.\nTo show all installed unit files use 'systemctl list-unit-files'.\n`,
    )
  }
  if (service === undefined && !own) {
    if (/^(start|restart|reload)$/.test(verb))
      return complain(`Failed to ${verb} ${name}.service: Unit ${name}.service not found.\n`, 5)
    if (verb === 'stop') return complain(`Failed to stop ${name}.service: Unit ${name}.service not loaded.\n`, 5)
    if (/^(enable|disable|mask)$/.test(verb))
      return complain(
        before(io.machine.versions['openssh-client'], '1:8.5')
          ? `Failed to ${verb} unit, unit ${name}.service does not exist.\n`
          : `Failed to ${verb} unit: Unit file ${name}.service does not exist.\n`,
      )
  }
  if (verb !== 'enable') return {}
  io.effects.push({
    type: 'persistence',
    method: 'systemd',
    path: `/etc/systemd/system/${name}.service`,
    content: `systemctl ${args.join(' ')}`,
  })
  const link = `/etc/systemd/system/multi-user.target.wants/${name}.service`
  return own && io.fs.node(link, false) === undefined
    ? (io.fs.makeLink(`/etc/systemd/system/${name}.service`, link),
      { err: `Created symlink ${link} → /etc/systemd/system/${name}.service.\n` })
    : {}
}

const yes: Command = (args) => say(`${args.length === 0 ? 'y' : args.join(' ')}\n`.repeat(4096).slice(0, 64 * 1024))

/** nano without a terminal: it draws its screen for a vt220, and then looks. */
const nano: Command = (args, io) => {
  const path = args.find((arg) => !/^[-+]/.test(arg))
  if (before(io.machine.versions['nano'] ?? '5.4', '4.9') && !io.env.has('TERM'))
    return complain('Error opening terminal: unknown.\n')
  const node = path === undefined ? undefined : io.fs.node(resolvePath(io.cwd, path))
  const words = path === undefined ? '' : node === undefined ? '[ New File ]' : '[ Reading... ]'
  const column = Math.floor((80 - words.length) / 2) + 1
  const status = words === '' ? '' : `\u001b[H\u001b[J\u001b[22;${column}H\u001b[0;7m\u001b(B${words}\u001b[m\u001b(B`
  const version = /\d+\.\d+/.exec(io.machine.versions['nano'] ?? '')?.[0] ?? '7.2'
  // Before 7 it has drawn all of its screen when it looks.
  const older = before(version, '7')
  const keys = [
    ['^G Help', '^O Write Out', '^W Where Is', '^K Cut', '^T Execute', '^C Location'],
    [
      '^X Exit',
      '^R Read File',
      '^\\ Replace',
      '^U Paste',
      '^J Justify',
      before(version, '6') ? '^_ Go To Line' : '^/ Go To Line',
    ],
  ].map((row) =>
    row
      .map((one, i) => {
        const [key = '', ...name] = one.split(' ')
        const text = name.join(' ')
        // Short names are stepped over, long ones filled up with blanks; the last stands as it is.
        const rest = 9 - text.length
        const gap = i === 5 ? '' : rest + 1 > 5 ? `\u001b[${rest + 1}C` : ' '.repeat(rest + 1)
        return `\u001b[0;7m\u001b(B${key}\u001b[m\u001b(B ${text}${gap}`
      })
      .join(''),
  )
  const title = path ?? 'New Buffer'
  const bar = `  GNU nano ${version}`.padEnd(Math.floor((85 - title.length) / 2)) + title
  const drawn = `\u001b[H\u001b[0;7m\u001b(B${bar.padEnd(80).slice(0, 80)}\u001b[1;79H\u001b[m\u001b(B\r\u001b[22B${keys[0] ?? ''}\r\u001b[1B${keys[1] ?? ''}\r\u001b[22A`
  return {
    out: `\u001b[?2004h\u001b)0\u001b[1;24r\u001b[m\u001b(B\u001b[4l\u001b[?7h\u001b[?25l${status}${older ? drawn : ''}\u001b[?25h\u001b[24;1H\r\u001b[?2004l`,
    err: older ? 'Too many errors from stdin\n' : 'Standard input is not a terminal\n',
    code: 1,
  }
}
/** vim without one: it warns, and ends with its input. */
const noScreen: Command = () =>
  complain(
    'Vim: Warning: Output is not to a terminal\nVim: Warning: Input is not from a terminal\nVim: Error reading input, exiting...\nVim: Finished.\n',
  )
const visudo: Command = (args, io) => {
  if (!args.some((arg) => /^-\w*c/.test(arg)))
    return complain('visudo: no editor found (editor path = /usr/bin/editor)\n')
  const at = args.findIndex((arg) => /^-\w*f$/.test(arg))
  const files = at < 0 ? ['/etc/sudoers', '/etc/sudoers.d/README'] : [args[at + 1] ?? '']
  const missing = files.find((file) => io.fs.node(resolvePath(io.cwd, file)) === undefined)
  return missing === undefined
    ? say(files.map((file) => `${file}: parsed OK\n`).join(''))
    : complain(`visudo: unable to open ${missing}: No such file or directory\n`)
}

export const programs: Readonly<Record<string, Command>> = {
  busybox,
  chpasswd,
  passwd,
  sudo,
  // A daemon goes into the background and says nothing.
  sshd: () => ({}),
  su,
  systemctl,
  service: (args, io) => {
    const [name, verb] = args
    if (name === undefined)
      return complain('Usage: service < option > | --status-all | [ service_name [ command | --full-restart ] ]\n')
    if (name === '--status-all') return { out: [...running(io).keys()].map((key) => ` [ + ]  ${key}\n`).join('') }
    if (!running(io).has(name) && !running(io).has(`${name}d`)) return complain(`${name}: unrecognized service\n`)
    return verb === undefined
      ? complain(`Usage: /etc/init.d/${name} {start|stop|reload|force-reload|restart|try-restart|status}\n`)
      : systemctl([verb, name], io)
  },
  yes,
  sleep: async (args, io) => {
    if (args.length === 0) return complain("sleep: missing operand\nTry 'sleep --help' for more information.\n")
    const seconds = args.reduce(
      (sum, arg) => sum + Number.parseFloat(arg) * ({ s: 1, m: 60, h: 3600, d: 86_400 }[arg.at(-1) ?? 's'] ?? 1),
      0,
    )
    if (!Number.isFinite(seconds))
      return complain(`sleep: invalid time interval ‘${args.join(' ')}’\nTry 'sleep --help' for more information.\n`)
    await io.sleep(seconds * 1000)
    return {}
  },
  reboot: silent,
  shutdown: silent,
  poweroff: silent,
  halt: silent,
  mesg: silent,
  screen: (args) =>
    args[0] === '-v'
      ? say('Screen version 4.08.00 (GNU) 05-Feb-20\n')
      : args[0] === '-ls'
        ? { out: 'No Sockets found in /run/screen/S-root.\n\n', code: 1 }
        : args.includes('-dm') || args.includes('-dmS')
          ? {}
          : complain('Must be connected to a terminal.\n'),
  reset: silent,
  tmux: ([verb]) =>
    verb === 'ls' || verb === 'list-sessions' || verb === 'a' || verb === 'attach'
      ? complain('error connecting to /tmp/tmux-0/default (No such file or directory)\n')
      : verb === '-V'
        ? say('tmux 3.2a\n')
        : complain('open terminal failed: not a terminal\n'),
  more: async (args, io) => (args[0] === undefined ? say(io.stdin) : io.run(['cat', ...args])),
  vi: noScreen,
  vim: noScreen,
  nano,
  visudo,
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
