import { passwdLine } from '../image.ts'
import type { User } from '../../personas/machine.ts'
import { resolvePath } from '../node.ts'
import { before } from '../version.ts'
import { complain, letters, say, type Command, type Io } from './command.ts'

// Who there is: /etc/passwd, /etc/shadow and /etc/group as the attacker has left them, and the programs that read and
// write them (passwd, shadow).

export const lines = (io: Io, path: string): string[][] => {
  try {
    return Buffer.from(io.fs.content(path))
      .toString('latin1')
      .split('\n')
      .filter((line) => line !== '')
      .slice(0, 1000)
      .map((line) => line.split(':'))
  } catch {
    return []
  }
}
/** The users that there are now. */
export const usersOf = (io: Io): User[] =>
  lines(io, '/etc/passwd').map(([name = '', , uid, gid, gecos = '', home = '/', shell = '']) => ({
    name,
    uid: Number(uid),
    gid: Number(gid),
    gecos,
    home,
    shell,
  }))
interface Group {
  readonly name: string
  readonly gid: number
  readonly members: readonly string[]
}
/** The groups that there are now. */
export const groupsNow = (io: Io): Group[] =>
  lines(io, '/etc/group').map(([name = '', , gid, members = '']) => ({
    name,
    gid: Number(gid),
    members: members.split(',').filter((one) => one !== ''),
  }))
/** Writes such a file anew. */
export const write = ({ fs }: Io, path: string, rows: readonly (readonly (string | number)[])[]): void =>
  fs.write(path, Buffer.from(rows.map((row) => `${row.join(':')}\n`).join(''), 'latin1'), true)

const id: Command = (args, io) => {
  const { flags, rest } = letters(args)
  const users = usersOf(io)
  const who =
    rest[0] === undefined ? io.user : users.find(({ name, uid }) => name === rest[0] || String(uid) === rest[0])
  if (who === undefined) return complain(`id: ‘${rest[0]}’: no such user\n`)
  // Of several with one number the first is named.
  const known = users.find(({ uid }) => uid === who.uid)?.name ?? who.name
  const groups = groupsNow(io)
  const own = groups.find(({ gid }) => gid === who.gid) ?? { name: String(who.gid), gid: who.gid }
  const more = groups.filter(({ gid, members }) => gid !== who.gid && members.includes(who.name))
  const named = flags.has('n')
  if (flags.has('u')) return say(`${named ? known : who.uid}\n`)
  if (flags.has('g')) return say(`${named ? own.name : own.gid}\n`)
  if (flags.has('G')) return say(`${[own, ...more].map((one) => (named ? one.name : one.gid)).join(' ')}\n`)
  return say(
    `uid=${who.uid}(${known}) gid=${own.gid}(${own.name}) groups=${[own, ...more].map((one) => `${one.gid}(${one.name})`).join(',')}\n`,
  )
}

const groups: Command = (args, io) => {
  const name = args[0] ?? io.user.name
  const user = usersOf(io).find((one) => one.name === name)
  if (user === undefined) return complain(`groups: ‘${name}’: no such user\n`)
  const all = groupsNow(io)
  const found = [
    all.find(({ gid }) => gid === user.gid)?.name ?? String(user.gid),
    ...all.filter(({ gid, members }) => gid !== user.gid && members.includes(name)).map((one) => one.name),
  ].join(' ')
  return say(args[0] === undefined ? `${found}\n` : `${name} : ${found}\n`)
}

const getent: Command = (args, io) => {
  const [database, ...keys] = args
  const chosen = (rows: string[][]): string =>
    rows
      .filter((row) => keys.length === 0 || keys.includes(row[0] ?? '') || keys.includes(row[2] ?? ''))
      .map((row) => `${row.join(':')}\n`)
      .join('')
  if (database === 'passwd' || database === 'group' || database === 'shadow') {
    const out = chosen(lines(io, `/etc/${database}`))
    return { out, code: keys.length > 0 && out === '' ? 2 : 0 }
  }
  if (
    database !== undefined &&
    !/^(?:passwd|group|shadow|hosts|ahosts|services|protocols|networks|gshadow|ethers|rpc|netgroup|initgroups|aliases)$/.test(
      database,
    )
  )
    return complain(`Unknown database: ${database}\nTry \`getent --help' or \`getent --usage' for more information.\n`)
  if (database === 'hosts' && keys.length > 0) {
    const { ip } = io.machine.network
    const local = keys.filter((key) => key === 'localhost' || key === io.machine.hostname)
    return local.length === 0
      ? { code: 2 }
      : say(local.map((key) => `${(key === 'localhost' ? '::1' : ip).padEnd(15)} ${key}\n`).join(''))
  }
  return database === 'hosts' ? say(`127.0.0.1       localhost\n127.0.1.1       ${io.machine.hostname}\n`) : { code: 1 }
}

/** Options of useradd and usermod, those of a letter with their value. */
function options(
  args: readonly string[],
  valued: string,
  long: Readonly<Record<string, string>>,
): { set: Map<string, string>; rest: string[] } {
  const set = new Map<string, string>()
  const rest: string[] = []
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? ''
    const [name = '', value] = arg.split(/=(.*)/s)
    if (arg.startsWith('--')) {
      const letter = long[name.slice(2)]
      if (letter !== undefined) set.set(letter, valued.includes(letter) ? (value ?? args[++i] ?? '') : '')
    } else if (arg.startsWith('-') && arg.length > 1) {
      for (let at = 1; at < arg.length; at++) {
        const letter = arg[at] ?? ''
        if (!valued.includes(letter)) set.set(letter, '')
        else {
          set.set(letter, at + 1 < arg.length ? arg.slice(at + 1) : (args[++i] ?? ''))
          break
        }
      }
    } else rest.push(arg)
  }
  return { set, rest }
}
const long = {
  comment: 'c',
  'home-dir': 'd',
  home: 'd',
  gid: 'g',
  groups: 'G',
  append: 'a',
  'create-home': 'm',
  'no-create-home': 'M',
  'non-unique': 'o',
  password: 'p',
  system: 'r',
  shell: 's',
  uid: 'u',
  'no-user-group': 'N',
  lock: 'L',
  unlock: 'U',
  login: 'l',
}

export const useradd: Command = (args, io) => {
  const { set, rest } = options(args, 'bcdefgGkKpsuZ', long)
  const name = rest.at(-1)
  if (name === undefined || rest.length > 1) return complain('Usage: useradd [options] LOGIN\n', 2)
  if (io.user.uid !== 0)
    return complain(`useradd: Permission denied.\nuseradd: cannot lock /etc/passwd; try again later.\n`)
  if (!/^[a-z_][a-z0-9_-]{0,31}\$?$/.test(name))
    return complain(`useradd: invalid user name '${name}': use --badname to ignore\n`, 3)
  const users = usersOf(io)
  if (users.some((user) => user.name === name)) return complain(`useradd: user '${name}' already exists\n`, 9)
  const wanted = set.get('u')
  if (wanted !== undefined && !set.has('o') && users.some(({ uid }) => uid === Number(wanted)))
    return complain(`useradd: UID ${wanted} is not unique\n`, 4)
  const all = groupsNow(io)
  const next = (from: number, used: readonly number[]): number => {
    let free = from
    while (used.includes(free)) free++
    return free
  }
  const uid =
    wanted === undefined
      ? next(
          set.has('r') ? 998 : 1000,
          users.map((user) => user.uid),
        )
      : Number(wanted)
  const group = set.get('g')
  const given = group === undefined ? undefined : all.find((one) => one.name === group || String(one.gid) === group)
  if (group !== undefined && given === undefined) return complain(`useradd: group '${group}' does not exist\n`, 6)
  if (given === undefined && all.some((one) => one.name === name))
    return complain(`useradd: group ${name} exists - if you want to add this user to that group, use -g.\n`, 9)
  const gid =
    given?.gid ??
    next(
      uid,
      all.map((one) => one.gid),
    )
  const user: User = {
    name,
    uid,
    gid,
    gecos: (set.get('c') ?? '').replace(/[:\n]/g, ''),
    home: set.get('d') ?? `/home/${name}`,
    shell: set.get('s') ?? '/bin/sh',
  }
  const line = passwdLine(user)
  const append = (path: string, text: string) =>
    io.fs.write(path, Buffer.concat([Buffer.from(io.fs.content(path)), Buffer.from(text, 'latin1')]), true)
  append('/etc/passwd', line)
  append('/etc/shadow', `${name}:${set.get('p') ?? '!'}:${Math.floor(Date.now() / 86_400_000)}:0:99999:7:::\n`)
  if (given === undefined) append('/etc/group', `${name}:x:${gid}:\n`)
  if (set.has('G')) join(io, name, (set.get('G') ?? '').split(','))
  if (set.has('m')) makeHome(io, user)
  io.effects.push({ type: 'persistence', method: 'account', path: '/etc/passwd', content: line })
  if (set.has('p')) io.effects.push({ type: 'password', user: name, secret: set.get('p') ?? '' })
  // Since 4.9 (shadow).
  return uid < 1000 &&
    wanted !== undefined &&
    !set.has('r') &&
    !before(io.machine.versions['passwd'] ?? '1:4.8', '1:4.9')
    ? { err: `useradd warning: ${name}'s uid ${uid} outside of the UID_MIN 1000 and UID_MAX 60000 range.\n` }
    : {}
}

/** Makes a home with what new ones get. */
export function makeHome({ fs }: Io, { home, uid, gid }: User, mode = 0o755): void {
  const full = resolvePath('/', home)
  if (fs.node(full) !== undefined) return
  try {
    fs.makeFolder(full, mode)
    for (const name of ['.bashrc', '.profile', '.bash_logout']) {
      fs.write(
        `${full}/${name}`,
        fs.node(`/etc/skel/${name}`) === undefined ? Buffer.alloc(0) : fs.content(`/etc/skel/${name}`),
        true,
      )
      fs.setOwner(`${full}/${name}`, uid, gid)
    }
    fs.setOwner(full, uid, gid)
  } catch {
    // A full disk: the account is there without its folder, as on a real machine.
  }
}

/** Puts a user into groups. @returns those that there are not */
export function join(io: Io, name: string, wanted: readonly string[]): string[] {
  const rows = lines(io, '/etc/group')
  const lost = wanted.filter((one) => !rows.some((row) => row[0] === one || row[2] === one))
  if (lost.length > 0) return lost
  for (const row of rows) {
    if (!wanted.includes(row[0] ?? '') && !wanted.includes(row[2] ?? '')) continue
    const members = (row[3] ?? '').split(',').filter((one) => one !== '')
    if (!members.includes(name)) row[3] = [...members, name].join(',')
  }
  write(io, '/etc/group', rows)
  return []
}

const usermod: Command = (args, io) => {
  const { set, rest } = options(args, 'cdefgGlpsuZ', long)
  const name = rest.at(-1)
  if (name === undefined) return complain('Usage: usermod [options] LOGIN\n', 2)
  const rows = lines(io, '/etc/passwd')
  const row = rows.find(([one]) => one === name)
  if (row === undefined) return complain(`usermod: user '${name}' does not exist\n`, 6)
  if (set.has('G')) {
    const lost = join(io, name, (set.get('G') ?? '').split(','))
    if (lost.length > 0) return complain(lost.map((one) => `usermod: group '${one}' does not exist\n`).join(''), 6)
  }
  if (set.has('s')) row[6] = set.get('s') ?? ''
  if (set.has('d')) row[5] = set.get('d') ?? ''
  if (set.has('u')) row[2] = set.get('u') ?? ''
  if (['s', 'd', 'u'].some((letter) => set.has(letter))) write(io, '/etc/passwd', rows)
  if (set.has('p')) io.effects.push({ type: 'password', user: name, secret: set.get('p') ?? '' })
  return {}
}

const userdel: Command = async (args, io) => {
  const { flags, rest } = letters(args)
  const name = rest.at(-1)
  if (name === undefined) return complain('Usage: userdel [options] LOGIN\n', 2)
  const user = usersOf(io).find((one) => one.name === name)
  if (user === undefined) return complain(`userdel: user '${name}' does not exist\n`, 6)
  if (user.uid === 0 && name === 'root') return complain(`userdel: user ${name} is currently used by process 1\n`, 8)
  for (const path of ['/etc/passwd', '/etc/shadow', '/etc/group'])
    write(
      io,
      path,
      lines(io, path).filter(([one]) => one !== name),
    )
  if (!flags.has('r')) return {}
  const spool = `userdel: ${name} mail spool (/var/mail/${name}) not found\n`
  const home = io.fs.node(user.home)
  if (home === undefined) return { err: `${spool}userdel: ${name} home directory (${user.home}) not found\n`, code: 12 }
  if (home.uid !== user.uid)
    return { err: `${spool}userdel: ${user.home} not owned by ${name}, not removing\n`, code: 12 }
  await io.fs.rm(user.home, { recursive: true, force: true })
  return { err: spool }
}

const groupadd: Command = (args, io) => {
  const { set, rest } = options(args, 'gKpR', { gid: 'g', force: 'f' })
  const name = rest.at(-1)
  if (name === undefined) return complain('Usage: groupadd [options] GROUP\n', 2)
  const all = groupsNow(io)
  if (all.some((one) => one.name === name))
    return set.has('f') ? {} : complain(`groupadd: group '${name}' already exists\n`, 9)
  let gid = Number(set.get('g') ?? 1000)
  while (all.some((one) => one.gid === gid)) gid++
  write(io, '/etc/group', [...lines(io, '/etc/group'), [name, 'x', gid, '']])
  return {}
}

const gpasswd: Command = (args, io) => {
  const [how, user = '', group = ''] = args
  if (how !== '-a' && how !== '-d') return {}
  const rows = lines(io, '/etc/group')
  const row = rows.find(([one]) => one === group)
  if (row === undefined) return complain(`gpasswd: group '${group}' does not exist in /etc/group\n`, 3)
  if (!usersOf(io).some(({ name }) => name === user)) return complain(`gpasswd: user '${user}' does not exist\n`, 3)
  const members = (row[3] ?? '').split(',').filter((one) => one !== '')
  if (how === '-d' && !members.includes(user))
    return complain(`gpasswd: user '${user}' is not a member of '${group}'\n`, 3)
  row[3] = (how === '-a' ? [...new Set([...members, user])] : members.filter((one) => one !== user)).join(',')
  write(io, '/etc/group', rows)
  return say(how === '-a' ? `Adding user ${user} to group ${group}\n` : `Removing user ${user} from group ${group}\n`)
}

export const accounts: Readonly<Record<string, Command>> = {
  id,
  groups,
  getent,
  useradd,
  usermod,
  userdel,
  groupadd,
  gpasswd,
}
