import { resolvePath } from '../node.ts'
import { groupsNow, usersOf } from './accounts.ts'
import { complain, letters, type Command, type Io, type Result } from './command.ts'

// Programs that run something as another user or under another root, and that change who there is.

const quote = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`
const text = ({ fs }: Io, path: string): string => Buffer.from(fs.content(path)).toString('latin1')

const as = async (io: Io, name: string, line: string, unknown: string): Promise<Result> => {
  const user = usersOf(io).find((one) => one.name === name)
  return user === undefined ? complain(unknown) : io.as(user, () => io.exec(line))
}

const runuser: Command = async (args, io) => {
  if (io.user.uid !== 0) return complain('runuser: may not be used by non-root users\n')
  const at = args.findIndex((arg) => arg === '-c' || arg === '--command')
  const named = args.findIndex((arg) => arg === '-u' || arg === '--user')
  const name =
    named >= 0
      ? (args[named + 1] ?? '')
      : (args.find((arg, i) => !arg.startsWith('-') && i !== at + 1 && !/^-[sgG]$/.test(args[i - 1] ?? '')) ?? 'root')
  const unknown = `runuser: user ${name} does not exist\n`
  if (at >= 0) return as(io, name, args[at + 1] ?? '', unknown)
  const command = named >= 0 ? args.slice(named + 2).filter((arg, i) => i > 0 || arg !== '--') : []
  return command.length === 0 ? as(io, name, ':', unknown) : as(io, name, command.map(quote).join(' '), unknown)
}

const chroot: Command = async (args, io) => {
  const at = args.findIndex((arg) => !arg.startsWith('-'))
  const [root, ...command] = at < 0 ? [] : args.slice(at)
  if (root === undefined) return complain("chroot: missing operand\nTry 'chroot --help' for more information.\n", 125)
  if (io.user.uid !== 0)
    return complain(`chroot: cannot change root directory to '${root}': Operation not permitted\n`, 125)
  const full = resolvePath(io.cwd, root)
  const node = io.fs.node(full)
  if (node === undefined || node.type !== 'directory')
    return complain(
      `chroot: cannot change root directory to '${root}': ${node === undefined ? 'No such file or directory' : 'Not a directory'}\n`,
      125,
    )
  // Elsewhere there is no program to run.
  if (full !== '/')
    return complain(`chroot: failed to run command ‘${command[0] ?? '/bin/bash'}’: No such file or directory\n`, 127)
  const { lost, ...result } = await io.run(command.length === 0 ? ['/bin/bash'] : command)
  return lost === undefined ? result : complain(`chroot: failed to run command ‘${command[0] ?? ''}’: ${lost}\n`, 127)
}

const chsh: Command = (args, io) => {
  const { rest } = letters(args.filter((_, i) => !/^(?:-s|--shell)$/.test(args[i - 1] ?? '')))
  const at = args.findIndex((arg) => /^(?:-s|--shell)$/.test(arg))
  const name = rest[0] ?? io.user.name
  if (!usersOf(io).some((one) => one.name === name)) return complain(`chsh: user '${name}' does not exist\n`)
  if (io.user.uid !== 0 && name !== io.user.name) return complain(`chsh: You may not change the shell for '${name}'.\n`)
  const shell = at < 0 ? undefined : args[at + 1]
  if (shell === undefined) return {}
  const rows = text(io, '/etc/passwd').split('\n')
  io.fs.write(
    '/etc/passwd',
    Buffer.from(
      rows.map((row) => (row.startsWith(`${name}:`) ? row.replace(/[^:]*$/, shell) : row)).join('\n'),
      'latin1',
    ),
    true,
  )
  return io.fs.node(resolvePath('/', shell)) === undefined ? { err: `chsh: Warning: ${shell} does not exist\n` } : {}
}

const groupdel: Command = (args, io) => {
  const name = letters(args).rest[0]
  if (name === undefined) return complain('Usage: groupdel [options] GROUP\n', 2)
  const group = groupsNow(io).find((one) => one.name === name)
  if (group === undefined) return complain(`groupdel: group '${name}' does not exist\n`, 6)
  const owner = usersOf(io).find(({ gid }) => gid === group.gid)
  if (owner !== undefined) return complain(`groupdel: cannot remove the primary group of user '${owner.name}'\n`, 8)
  const rows = text(io, '/etc/group').split('\n')
  io.fs.write('/etc/group', Buffer.from(rows.filter((row) => !row.startsWith(`${name}:`)).join('\n'), 'latin1'), true)
  return {}
}

export const becoming: Readonly<Record<string, Command>> = {
  runuser,
  chroot,
  chsh,
  groupdel,
  newgrp: ([name = ''], io) =>
    groupsNow(io).some((one) => one.name === name) ? {} : complain(`newgrp: group '${name}' does not exist\n`),
}
