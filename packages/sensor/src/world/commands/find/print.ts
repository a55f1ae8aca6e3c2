import { sizeOf } from '../../fs.ts'
import { groupsOf } from '../../image.ts'
import { modeText } from '../../listing.ts'
import { nameOf, type FsNode } from '../../node.ts'
import type { Io } from '../command.ts'
import { inodeOf } from '../ls.ts'

// What find tells of what it has come across.

/** Something that was come across. */
export interface Found {
  /** As it was come to: the starting point, then the names. */
  readonly path: string
  readonly full: string
  readonly node: FsNode
  readonly depth: number
  /** The starting point. */
  readonly start: string
}

/** A letter for what something is. */
export const kindOf = ({ type, mode }: FsNode): string =>
  type === 'directory'
    ? 'd'
    : type === 'link'
      ? 'l'
      : type === 'device'
        ? 'c'
        : (mode & 0o170000) === 0o010000
          ? 'p'
          : 'f'

/** A date as -printf and -ls show it. */
const stamp = (ms: number): string => {
  const date = new Date(ms)
  const two = (n: number): string => String(n).padStart(2, '0')
  const [day, month] = [date.toUTCString().slice(0, 3), date.toUTCString().slice(8, 11)]
  return `${day} ${month} ${String(date.getUTCDate()).padStart(2)} ${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}.0000000000 ${date.getUTCFullYear()}`
}
/** Whose something is, by name where there is one. */
export const ownerOf = ({ machine }: Io, uid: number): string =>
  machine.users.find((user) => user.uid === uid)?.name ?? String(uid)
export const groupOf = ({ machine }: Io, gid: number): string =>
  groupsOf(machine).find((group) => group.gid === gid)?.name ?? String(gid)

/** One text of -printf. */
export function printed(format: string, { path, full, node, depth, start }: Found, io: Io): string {
  const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', '0': '\0', '\\': '\\', a: '\u0007', r: '\r' }
  return format.replace(
    /\\([nt0\\ar])|%(-?\d*)(T[@+a-zA-Z]|[A-Za-z%])/g,
    (whole, escape: string | undefined, width: string, kind: string) => {
      if (escape !== undefined) return escapes[escape] ?? whole
      const relative = path === start ? '' : path.slice(start.length).replace(/^\//, '')
      const date = new Date(node.mtime)
      const values: Readonly<Record<string, () => string>> = {
        p: () => path,
        f: () => nameOf(path) || '/',
        h: () => path.slice(0, Math.max(0, path.lastIndexOf('/'))) || (path.includes('/') ? '' : '.'),
        P: () => relative,
        H: () => start,
        s: () => String(sizeOf(node)),
        k: () => String(Math.ceil(sizeOf(node) / 4096) * 4),
        b: () => String(Math.ceil(sizeOf(node) / 4096) * 8),
        m: () => (node.mode & 0o7777).toString(8),
        M: () => modeText(node),
        u: () => ownerOf(io, node.uid),
        g: () => groupOf(io, node.gid),
        U: () => String(node.uid),
        G: () => String(node.gid),
        y: () => kindOf(node),
        d: () => String(depth),
        i: () => String(inodeOf(full)),
        n: () => (node.type === 'directory' ? '2' : '1'),
        l: () => node.target ?? '',
        t: () => stamp(node.mtime),
        c: () => stamp(node.mtime),
        a: () => stamp(node.mtime),
        F: () => 'ext4',
        D: () => '2049',
        'T@': () => `${Math.floor(node.mtime / 1000)}.0000000000`,
        'T+': () => `${date.toISOString().slice(0, 10)}+${date.toISOString().slice(11, 19)}.0000000000`,
        TY: () => String(date.getUTCFullYear()),
        Tm: () => date.toISOString().slice(5, 7),
        Td: () => date.toISOString().slice(8, 10),
        TH: () => date.toISOString().slice(11, 13),
        TM: () => date.toISOString().slice(14, 16),
        TS: () => `${date.toISOString().slice(17, 19)}.0000000000`,
        TT: () => `${date.toISOString().slice(11, 19)}.0000000000`,
        TF: () => date.toISOString().slice(0, 10),
        '%': () => '%',
      }
      const value = values[kind]?.()
      if (value === undefined) return whole
      const n = Math.min(200, Math.abs(Number(width || 0)))
      return width.startsWith('-') ? value.padEnd(n) : value.padStart(n)
    },
  )
}
