import { resolvePath } from '../node.ts'
import { before } from '../version.ts'
import { complain, letters, say, type Command, type Io } from './command.ts'

// What is mounted, and what happens to those who want it otherwise (util-linux).

const text = ({ fs }: Io, path: string): string => Buffer.from(fs.content(path)).toString('latin1')

const mount: Command = (args, io) => {
  const { rest } = letters(args.filter((arg, i) => !/^-(?:t|o|L|U)$/.test(args[i - 1] ?? '')))
  const kind = args.includes('-t') ? args[args.indexOf('-t') + 1] : undefined
  if (args.length === 0 || args.includes('-l') || (rest.length === 0 && kind !== undefined))
    return say(
      text(io, '/proc/mounts')
        .split('\n')
        .filter((line) => line !== '' && (kind === undefined || line.split(' ')[2] === kind))
        .map((line) => `${line.replace(/^(\S+) (\S+) (\S+) (\S+).*$/, '$1 on $2 type $3 ($4)')}\n`)
        .join(''),
    )
  if (args.includes('-a')) return {}
  if (io.user.uid !== 0) return complain('mount: only root can do that\n', 1)
  const [from = '', to] = rest
  const options = args.includes('-o') ? (args[args.indexOf('-o') + 1] ?? '') : ''
  const where = to ?? from
  const mounted = io.machine.hardware.mounts.some(([device, at]) => at === where || device === where)
  if (options.includes('remount') || (to === undefined && mounted))
    return mounted ? {} : complain(`mount: ${where}: mount point not mounted or bad option.\n`, 32)
  if (to === undefined) return complain(`mount: ${from}: can't find in /etc/fstab.\n`, 1)
  if (io.fs.node(resolvePath(io.cwd, to)) === undefined)
    return complain(`mount: ${to}: mount point does not exist.\n`, 32)
  // Since util-linux 2.38.
  const more = before(io.machine.versions['mount'] ?? '2.36', '2.38')
    ? ''
    : '       dmesg(1) may have more information after failed mount system call.\n'
  const bound = options.includes('bind') || args.some((arg) => /^--(?:r?bind|move)$/.test(arg))
  if (
    bound ||
    /^(?:proc|sysfs|tmpfs|devtmpfs|devpts|overlay|cgroup2?|debugfs|ramfs|hugetlbfs|nfs4?|cifs)$/.test(kind ?? '')
  ) {
    if (bound && io.fs.node(resolvePath(io.cwd, from)) === undefined)
      return complain(`mount: ${to}: special device ${from} does not exist.\n${more}`, 32)
    return /^(?:nfs|cifs)/.test(kind ?? '')
      ? complain(
          `mount: ${to}: bad option; for several filesystems (e.g. nfs, cifs) you might need a /sbin/mount.<type> helper program.\n`,
          32,
        )
      : {}
  }
  return io.fs.node(resolvePath(io.cwd, from)) === undefined
    ? complain(`mount: ${to}: special device ${from} does not exist.\n${more}`, 32)
    : complain(
        `mount: ${to}: wrong fs type, bad option, bad superblock on ${from}, missing codepage or helper program, or other error.\n${more}`,
        32,
      )
}

const umount: Command = (args, io) => {
  const { rest } = letters(args)
  const [where] = rest
  if (where === undefined) return complain("umount: bad usage\nTry 'umount --help' for more information.\n")
  if (io.user.uid !== 0) return complain(`umount: ${where}: must be superuser to unmount.\n`, 32)
  const at = where.startsWith('/dev/') ? where : resolvePath(io.cwd, where)
  const mounted = io.machine.hardware.mounts.find(([device, path]) => path === at || device === where)
  if (mounted === undefined)
    return complain(
      io.fs.node(at) === undefined
        ? `umount: ${where}: no mount point specified.\n`
        : `umount: ${where}: not mounted.\n`,
      32,
    )
  return mounted[1] === '/' || mounted[1] === '/dev' || mounted[1] === '/proc'
    ? complain(`umount: ${where}: target is busy.\n`, 32)
    : {}
}

/** findmnt: the mounts as a tree, or one of them. */
const findmnt: Command = (args, { machine }) => {
  const { flags, rest } = letters(args.filter((arg, i) => !/^(?:-o|--output|-t)$|^-\w*o$/.test(args[i - 1] ?? '')))
  const asked = args.findIndex((arg) => /^(?:--output|-\w*o)$/.test(arg))
  const columns = (asked < 0 ? 'TARGET,SOURCE,FSTYPE,OPTIONS' : (args[asked + 1] ?? '')).toUpperCase().split(',')
  const [where] = rest
  const rows = machine.hardware.mounts
    .filter(([source, target]) => where === undefined || target === where || source === where)
    .map(([source, target, kind, options]): Readonly<Record<string, string>> => ({
      // Below the root is a tree of one level.
      TARGET: where === undefined && target !== '/' ? `├─${target}` : target,
      SOURCE: source,
      FSTYPE: kind,
      OPTIONS: options,
    }))
    .sort((a, b) => (a['TARGET'] === '/' ? -1 : b['TARGET'] === '/' ? 1 : 0))
  if (rows.length === 0) return { code: 1 }
  const widths = columns.map((name) => Math.max(name.length, ...rows.map((row) => (row[name] ?? '').length)))
  const line = (cells: readonly string[]): string =>
    `${cells.map((cell, i) => (i === cells.length - 1 ? cell : cell.padEnd(widths[i] ?? 0))).join(' ')}\n`
  return say(
    (flags.has('n') ? '' : line(columns)) + rows.map((row) => line(columns.map((name) => row[name] ?? ''))).join(''),
  )
}

export const mounts: Readonly<Record<string, Command>> = { mount, umount, findmnt }
