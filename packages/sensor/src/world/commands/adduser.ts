import { resolvePath } from '../node.ts'
import { before } from '../version.ts'
import { groupsNow, join, lines, makeHome, useradd, usersOf, write } from './accounts.ts'
import { complain, say, type Command, type Io, type Result } from './command.ts'

// Debian's adduser, addgroup, deluser and delgroup (adduser 3.118 to 3.137): what they ask, do and say.

/** Options with a value, of any of the four. */
const valued = new Set(
  'gecos comment home shell uid gid firstuid lastuid ingroup group conf add-extra-groups-to backup-to'.split(' '),
)

function read(args: readonly string[]): { options: Map<string, string>; rest: string[] } {
  const options = new Map<string, string>()
  const rest: string[] = []
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? ''
    const [, name = '', value] = /^--?([\w-]+)(?:=(.*))?$/s.exec(arg) ?? []
    if (!arg.startsWith('-') || name === '') rest.push(arg)
    else if (value !== undefined) options.set(name, value)
    // "--group" alone makes a group of a system user's own.
    else if (valued.has(name) && name !== 'group') options.set(name, args[++i] ?? '')
    else options.set(name, '')
  }
  return { options, rest }
}

const versionOf = ({ machine }: Io): string => machine.versions['adduser'] ?? '3.118'
/** Since 3.130 it says which group by its number, and puts new users into the group "users". */
const newer = (io: Io): boolean => !before(versionOf(io), '3.130')
/** Since 3.136 it says of what kind its words are. */
const told = (io: Io, text: string): string =>
  before(versionOf(io), '3.136') ? text : text.replace(/^(?=[A-Z])/gm, 'info: ')

/** The first number that nobody has. */
function free(from: number, used: readonly number[]): number {
  let one = from
  while (used.includes(one)) one++
  return one
}

const wrongName = (io: Io, program: string): Result =>
  complain(
    newer(io)
      ? `${program}: Please enter a username matching the regular expression\n            configured via the NAME_REGEX configuration variable.  Use the\n            \`--allow-bad-names' option to relax this check or reconfigure\n            NAME_REGEX in configuration.\n`
      : `${program}: Please enter a username matching the regular expression configured\nvia the NAME_REGEX${/ubuntu[3-9]/.test(versionOf(io)) ? '[_SYSTEM]' : ''} configuration variable.  Use the \`--force-badname'\noption to relax this check or reconfigure NAME_REGEX.\n`,
  )

/** Puts a user into a group. */
function enter(io: Io, user: string, group: string): Result {
  if (!usersOf(io).some(({ name }) => name === user)) return complain(`adduser: The user \`${user}' does not exist.\n`)
  const there = groupsNow(io).find(({ name }) => name === group)
  if (there === undefined) return complain(`adduser: The group \`${group}' does not exist.\n`)
  if (there.members.includes(user))
    return complain(`adduser: The user \`${user}' is already a member of \`${group}'.\n`, 0)
  join(io, user, [group])
  return say(
    told(
      io,
      `Adding user \`${user}' to group \`${group}' ...\n${newer(io) ? '' : `Adding user ${user} to group ${group}\n`}`,
    ) + 'Done.\n',
  )
}

/** A user of the system: no password, no home of its own unless it is named. */
function systemUser(io: Io, name: string, options: ReadonlyMap<string, string>): Result {
  const users = usersOf(io)
  if (users.some((one) => one.name === name))
    return say(told(io, `The system user \`${name}' already exists. Exiting.\n`))
  const uid = free(
    100,
    users.map((one) => one.uid),
  )
  const own = options.has('group')
  const groups = groupsNow(io)
  const ingroup = groups.find((one) => one.name === (options.get('ingroup') ?? 'nogroup'))
  const gid = own
    ? free(
        100,
        groups.map((one) => one.gid),
      )
    : (ingroup?.gid ?? 65_534)
  const home = options.get('home') ?? (newer(io) ? '/nonexistent' : `/home/${name}`)
  const makes = !options.has('no-create-home') && home !== '/nonexistent'
  if (own) write(io, '/etc/group', [...lines(io, '/etc/group'), [name, 'x', gid, '']])
  const shell = options.get('shell') ?? '/usr/sbin/nologin'
  useradd(['-u', String(uid), '-g', String(gid), '-d', home, '-s', shell, name], io)
  if (makes) makeHome(io, { name, uid, gid, gecos: '', home, shell }, 0o755)
  return say(
    told(
      io,
      `Adding system user \`${name}' (UID ${uid}) ...\n` +
        (own ? `Adding new group \`${name}' (GID ${gid}) ...\n` : '') +
        `Adding new user \`${name}' (UID ${uid}) with group \`${own ? name : (ingroup?.name ?? 'nogroup')}' ...\n` +
        (makes
          ? `Creating home directory \`${home}' ...\n`
          : newer(io) || options.has('no-create-home')
            ? `Not creating ${options.has('no-create-home') && !newer(io) ? 'home directory ' : ''}\`${home}'.\n`
            : ''),
    ),
  )
}

const fields = ['Full Name', 'Room Number', 'Work Phone', 'Home Phone', 'Other'] as const

const adduser: Command = (args, io) => {
  // Elsewhere it is another name of useradd.
  if (io.machine.os.id === 'centos') return useradd(args, io)
  const { options, rest } = read(args)
  const [name, group] = rest
  if (io.user.uid !== 0)
    return complain(`${newer(io) ? 'fatal: ' : 'adduser: '}Only root may add a user or group to the system.\n`)
  if (options.has('group') && !options.has('system')) return addgroup(rest, io)
  if (name === undefined || rest.length > 2) return complain(`adduser: Only one or two names allowed.\n`)
  if (group !== undefined) return enter(io, name, group)
  // NAME_REGEX of adduser.conf(5).
  const lax = options.has('force-badname') || options.has('allow-bad-names')
  if (!(lax ? /^[A-Za-z_][-\w.]*\$?$/ : /^[a-z][-a-z0-9_]*\$?$/).test(name)) return wrongName(io, 'adduser')
  if (options.has('system')) return systemUser(io, name, options)
  const users = usersOf(io)
  if (users.some((one) => one.name === name)) return complain(`adduser: The user \`${name}' already exists.\n`)
  const home = options.get('home') ?? `/home/${name}`
  const shell = options.get('shell') ?? '/bin/bash'
  const gecos = options.get('gecos') ?? options.get('comment')
  const wanted = options.get('uid')
  const given = groupsNow(io).find(
    (one) => one.name === options.get('ingroup') || String(one.gid) === options.get('gid'),
  )
  const created = useradd(
    [
      ...(wanted === undefined ? [] : ['-u', wanted]),
      ...(given === undefined ? [] : ['-g', String(given.gid)]),
      ...['-d', home, '-s', shell, '-c', ',,,', name],
    ],
    io,
  ) as Result
  if (created.code !== undefined && created.code !== 0) return created
  const user = usersOf(io).find((one) => one.name === name)
  if (user === undefined) return {}
  const owned = given === undefined
  let out =
    `Adding user \`${name}' ...\n` +
    (owned ? `Adding new group \`${name}' (${user.gid}) ...\n` : '') +
    `Adding new user \`${name}' (${user.uid}) with group \`${given?.name ?? name}${newer(io) ? ` (${user.gid})` : ''}' ...\n`
  const exists = io.fs.node(resolvePath('/', home)) !== undefined
  if (options.has('no-create-home')) out += `Not creating home directory \`${home}'.\n`
  else if (exists)
    out += newer(io)
      ? `The home directory \`${home}' already exists.  Not touching this directory.\n`
      : `The home directory \`${home}' already exists.  Not copying from \`/etc/skel'.\n`
  else {
    // DIR_MODE of adduser.conf(5); Ubuntu's since 21.04.
    const { id, version } = io.machine.os
    makeHome(
      io,
      user,
      newer(io) && id !== 'ubuntu' ? 0o700 : id === 'ubuntu' && Number.parseFloat(version) >= 22 ? 0o750 : 0o755,
    )
    out += `Creating home directory \`${home}' ...\nCopying files from \`/etc/skel' ...\n`
  }
  out = told(io, out)
  let err = ''
  // What is asked is read from the input: the password twice, five fields, and whether that is right.
  const answers =
    options.has('disabled-password') || options.has('disabled-login') ? [] : io.stdin.split('\n').slice(0, -1)
  if (!options.has('disabled-password') && !options.has('disabled-login')) {
    const [secret, again] = answers.splice(0, 2)
    if (secret !== undefined && secret !== '' && secret === again) {
      io.effects.push({ type: 'password', user: name, secret: Buffer.from(secret, 'latin1').toString('utf8') })
      err += 'New password: Retype new password: passwd: password updated successfully\n'
    } else {
      const aborted = before(io.machine.versions['libpam-modules'], '1.4')
        ? 'Password change aborted.'
        : 'Password change has been aborted.'
      err += `New password: ${secret === undefined || secret === '' ? aborted : `Retype new password: ${again === undefined ? aborted : 'Sorry, passwords do not match.'}`}\npasswd: Authentication token manipulation error\npasswd: password unchanged\n`
      out += 'Try again? [y/N] '
    }
  }
  if (gecos === undefined) {
    out += `Changing the user information for ${name}\nEnter the new value, or press ENTER for the default\n`
    out += fields.map((one) => `\t${one} []: `).join('')
    answers.splice(0, 5)
    out += 'Is the information correct? [Y/n] '
  }
  if (newer(io)) {
    join(io, name, ['users'])
    out += told(
      io,
      `Adding new user \`${name}' to supplemental / extra groups \`users' ...\nAdding user \`${name}' to group \`users' ...\n`,
    )
  }
  return { out, err }
}

const addgroup: Command = (args, io) => {
  const { options, rest } = read(args)
  const [name, group] = rest
  if (name === undefined || rest.length > 2) return complain('addgroup: Only one or two names allowed.\n')
  if (group !== undefined) return enter(io, name, group)
  if (!/^[a-z][-a-z0-9_]*\$?$/.test(name)) return wrongName(io, 'addgroup')
  const groups = groupsNow(io)
  if (groups.some((one) => one.name === name)) return complain(`addgroup: The group \`${name}' already exists.\n`)
  const gid =
    Number(options.get('gid')) ||
    free(
      options.has('system') ? 100 : 1000,
      groups.map((one) => one.gid),
    )
  write(io, '/etc/group', [...lines(io, '/etc/group'), [name, 'x', gid, '']])
  return say(`${told(io, `Adding group \`${name}' (GID ${gid}) ...\n`)}Done.\n`)
}

/** What they call themselves in their faults. */
const called = (io: Io, name: string): string => (newer(io) ? name : `/usr/sbin/${name}`)

const deluser: Command = async (args, io) => {
  const { options, rest } = read(args)
  const [name, group] = rest
  const me = called(io, 'deluser')
  if (name === undefined) return complain(`Enter a user name to remove: \n${me}: No user or group name given.\n`)
  const user = usersOf(io).find((one) => one.name === name)
  if (user === undefined) return complain(`${me}: The user \`${name}' does not exist.\n`, 2)
  if (group !== undefined) {
    const rows = lines(io, '/etc/group')
    const row = rows.find(([one]) => one === group)
    if (row === undefined) return complain(`${me}: The group \`${group}' does not exist.\n`, 3)
    const members = (row[3] ?? '').split(',').filter((one) => one !== '')
    if (!members.includes(name))
      return complain(`${me}: The user \`${name}' is not a member of group \`${group}'.\n`, 6)
    row[3] = members.filter((one) => one !== name).join(',')
    write(io, '/etc/group', rows)
    return say(`${told(io, `Removing user \`${name}' from group \`${group}' ...\n`)}Done.\n`)
  }
  if (name === 'root')
    return complain(
      'WARNING: You are just about to delete the root account (uid 0)\nUsually this is never required as it may render the whole system unusable\nIf you really want this, call deluser with parameter --force\nStopping now without having performed any action\n',
    )
  const gone = options.has('remove-home') || options.has('remove-all-files')
  const { code = 0 } = await io.run(['userdel', name])
  // NO_DEL_PATHS of deluser.conf(5): what is the system's is not removed.
  const kept =
    /^\/(?:bin|boot|dev|etc|initrd|lib|lost\+found|media|mnt|opt|proc|root|run|sbin|srv|sys|tmp|usr|var|vmlinu.)(?:\/|$)/.exec(
      user.home,
    )?.[0]
  if (gone && kept === undefined) await io.fs.rm(resolvePath('/', user.home), { recursive: true, force: true })
  const refused =
    kept === undefined || newer(io)
      ? ''
      : `Not backing up/removing \`${user.home}', it matches ^${kept.replace(/\/?$/, '/')}.*.\n`
  const files = gone
    ? `Looking for files to backup/remove ...\n${refused === '' ? 'Removing files ...\n' : refused}`
    : ''
  return {
    out: `${told(io, `${files}${newer(io) ? 'Removing crontab ...\n' : ''}Removing user \`${name}' ...\n${newer(io) ? '' : `Warning: group \`${name}' has no more members.\n`}`)}Done.\n`,
    code,
  }
}

const delgroup: Command = (args, io) => {
  const [name] = read(args).rest
  const me = called(io, 'delgroup')
  if (name === undefined) return complain(`Enter a group name to remove: \n${me}: No user or group name given.\n`)
  const group = groupsNow(io).find((one) => one.name === name)
  if (group === undefined)
    return newer(io)
      ? complain(`${me}: The group \`${name}' does not exist.\n`, 3)
      : { out: `The group \`${name}' does not exist.\n`, code: 3 }
  const owner = usersOf(io).find(({ gid }) => gid === group.gid)
  if (owner !== undefined) return complain(`${me}: \`${owner.name}' still has \`${name}' as their primary group!\n`, 7)
  write(
    io,
    '/etc/group',
    lines(io, '/etc/group').filter(([one]) => one !== name),
  )
  return say(`${told(io, `Removing group \`${name}' ...\n`)}Done.\n`)
}

export const debianAccounts: Readonly<Record<string, Command>> = { adduser, addgroup, deluser, delgroup }
