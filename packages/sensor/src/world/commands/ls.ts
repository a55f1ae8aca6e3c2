import { sizeOf } from '../fs.ts'
import { groupsOf } from '../image.ts'
import { listTime, modeText } from '../listing.ts'
import { parentOf, resolvePath, type FsNode } from '../node.ts'
import { human, letters, type Command } from './command.ts'

// ls, of coreutils and of busybox: what is listed, how it is put in order and into columns, and in which colours.

/** The number of an inode: always the same for a path. */
export const inodeOf = (path: string): number => {
  let sum = 131_072
  for (let i = 0; i < path.length; i++) sum = (Math.imul(sum, 31) + path.charCodeAt(i)) >>> 0
  return 131_072 + (sum % 1_900_000)
}

interface Entry {
  readonly name: string
  readonly node: FsNode
  readonly full: string
}

/** Stands among the arguments of a program whose output goes to the terminal itself. No terminal sends its first byte within a command. */
export const toTerminal = '\u0001terminal'

/** Names in columns, as many as fit into 80 characters, from above to below; filled up with tabs, as ls does. */
function columns(names: readonly { readonly shown: string; readonly length: number }[]): string {
  const wide = 80
  for (let count = Math.max(1, Math.min(names.length, Math.floor(wide / 3))); count > 0; count--) {
    const rows = Math.ceil(names.length / count)
    // Fewer columns may do with as many rows.
    const used = Math.ceil(names.length / rows)
    const widths = Array.from({ length: used }, (_, c) =>
      Math.max(...names.slice(c * rows, (c + 1) * rows).map(({ length }) => length + (c === used - 1 ? 0 : 2))),
    )
    if (count > 1 && widths.reduce((sum, one) => sum + one, 0) >= wide) continue
    return Array.from({ length: rows }, (_, r) => {
      let [line, at, start] = ['', 0, 0]
      for (let c = 0; c < used; c++) {
        const name = names[c * rows + r]
        if (name === undefined) break
        while (at < start)
          if (Math.floor(start / 8) > Math.floor((at + 1) / 8)) {
            line += '\t'
            at += 8 - (at % 8)
          } else {
            line += ' '
            at++
          }
        line += name.shown
        at += name.length
        start += widths[c] ?? 0
      }
      return `${line}\n`
    }).join('')
  }
  return ''
}

/** busybox's columns: all as wide as the widest name, filled up with blanks. */
function evenColumns(names: readonly { readonly shown: string; readonly length: number }[]): string {
  const width = Math.max(0, ...names.map(({ length }) => length)) + 2
  const count = Math.max(1, Math.floor(80 / width))
  const rows = Math.ceil(names.length / count)
  return Array.from({ length: rows }, (_, r) => {
    let line = ''
    let gap = 0
    for (let at = r; at < names.length; at += rows) {
      const { shown, length } = names[at] ?? { shown: '', length: 0 }
      line += ' '.repeat(gap) + shown
      gap = width - length
    }
    return `${line}\n`
  }).join('')
}
/** busybox's colours: everything has one. */
const evenColoured = (name: string, { type, mode }: FsNode): string =>
  `\u001b[${type === 'directory' ? '1;34' : type === 'link' ? '1;36' : type === 'device' ? '1;33' : (mode & 0o111) !== 0 ? '1;32' : '0;0'}m${name}\u001b[m`

/** The colour of a name (dircolors -p): folders, links, programs, archives. */
function coloured(name: string, { type, mode }: FsNode): string {
  const code =
    type === 'directory'
      ? (mode & 0o1002) === 0o1002
        ? '30;42'
        : (mode & 2) === 2
          ? '34;42'
          : '01;34'
      : type === 'link'
        ? '01;36'
        : type === 'device'
          ? '40;33;01'
          : (mode & 0o4000) !== 0
            ? '37;41'
            : (mode & 0o2000) !== 0
              ? '30;43'
              : (mode & 0o111) !== 0
                ? '01;32'
                : /\.(?:tar|tgz|gz|bz2|xz|zip|deb|rpm|jar|7z|rar|zst)$/.test(name)
                  ? '01;31'
                  : ''
  return code === '' ? name : `\u001b[0m\u001b[${code}m${name}\u001b[0m`
}

/** Options of ls by their long names, those that change what is printed here. */
const longOptions: Readonly<Record<string, string>> = {
  '--all': 'a',
  '--almost-all': 'A',
  '--directory': 'd',
  '--human-readable': 'h',
  '--inode': 'i',
  '--reverse': 'r',
  '--recursive': 'R',
  '--size': 's',
  '--classify': 'F',
  '--numeric-uid-gid': 'n',
  '--no-group': 'G',
  '--context': 'Z',
}

/** ls of coreutils: one name a line to a file or pipe, columns and colours at a terminal. */
export const ls: Command = async (given, io) => {
  const { fs, machine, cwd } = io
  const terminal = given.includes(toTerminal)
  const args = given.filter((arg) => arg !== toTerminal)
  const { flags, rest } = letters(args)
  for (const [long, letter] of Object.entries(longOptions)) if (flags.has(long)) flags.add(letter)
  const colour = [...flags].map((flag) => /^--colou?r(?:=(.*))?$/.exec(flag)).find((match) => match !== null)
  // Only the users of a log-in shell have the alias that colours.
  const usual =
    terminal && (machine.os.id !== 'debian' || io.user.uid !== 0) && (io.env.get('TERM') ?? 'dumb') !== 'dumb'
  const small = machine.userland === 'busybox'
  const coloursNames =
    colour == null
      ? usual || (small && terminal)
      : /^(?:always|yes|force)$/.test(colour[1] ?? 'always') || (colour[1] === 'auto' && terminal)
  const links = (path: string): number =>
    2 + fs.names(path).filter((name) => fs.node(resolvePath(path, name), false)?.type === 'directory').length
  const groups = groupsOf(machine)
  const group = (gid: number) => groups.find((one) => one.gid === gid)?.name ?? String(gid)
  const user = (uid: number) => machine.users.find((u) => u.uid === uid)?.name ?? String(uid)
  const long = flags.has('l') || flags.has('n') || flags.has('g')
  const sized = (n: number) => (flags.has('h') ? human(n) : String(n))
  let [out, err, code] = ['', '', 0]
  const print = (entries: Entry[]): string => {
    const sorted =
      flags.has('U') || flags.has('f')
        ? entries
        : [...entries].sort((a, b) =>
            flags.has('t')
              ? b.node.mtime - a.node.mtime
              : flags.has('S')
                ? sizeOf(b.node) - sizeOf(a.node)
                : a.name.replace(/^\./, '').localeCompare(b.name.replace(/^\./, ''), 'en') ||
                  (a.name < b.name ? -1 : 1),
          )
    if (flags.has('r')) sorted.reverse()
    const mark = ({ type, mode }: FsNode) =>
      flags.has('F') || flags.has('p')
        ? type === 'directory'
          ? '/'
          : flags.has('F') && type === 'file' && mode & 0o111
            ? '*'
            : ''
        : ''
    const inode = (full: string): string => (flags.has('i') ? `${inodeOf(full)} ` : '')
    const blocks = (node: FsNode): string => (flags.has('s') ? `${Math.ceil(sizeOf(node) / 4096) * 4} ` : '')
    const context = flags.has('Z') && !long ? '? ' : ''
    const shown = (name: string, node: FsNode): string =>
      coloursNames ? (small ? evenColoured : coloured)(name, node) : name
    if (!long) {
      const names = sorted.map(({ name, node, full }) => {
        const head = `${inode(full)}${blocks(node)}${context}`
        const tail = mark(node)
        return { shown: `${head}${shown(name, node)}${tail}`, length: head.length + name.length + tail.length }
      })
      return (terminal || flags.has('C')) && !flags.has('1') && !flags.has('m')
        ? (small ? evenColumns : columns)(names)
        : flags.has('m')
          ? `${names.map((name) => name.shown).join(', ')}\n`
          : names.map((name) => `${name.shown}\n`).join('')
    }
    const rows = sorted.map(({ name, node, full }) => [
      inode(full) + blocks(node) + modeText(node),
      node.type === 'directory' ? String(links(full)) : '1',
      flags.has('n') ? String(node.uid) : user(node.uid),
      flags.has('n') ? String(node.gid) : group(node.gid),
      sized(sizeOf(node)),
      listTime(node.mtime, Date.now()),
      node.type === 'link' ? `${shown(name, node)} -> ${node.target}` : `${shown(name, node)}${mark(node)}`,
    ])
    const width = (column: number) => Math.max(0, ...rows.map((row) => (row[column] ?? '').length))
    const [w1, w2, w3, w4] = [width(1), width(2), width(3), width(4)]
    return rows
      .map(
        ([p = '', n = '', u = '', g = '', s = '', t = '', name = '']) =>
          `${p} ${n.padStart(w1)} ${u.padEnd(w2)} ${g.padEnd(w3)} ${s.padStart(w4)} ${t} ${name}\n`,
      )
      .join('')
  }
  const files: Entry[] = []
  const folders: string[] = []
  for (const path of rest.length === 0 ? ['.'] : rest) {
    const full = resolvePath(cwd, path)
    const node = path === '' ? undefined : fs.node(full, !long || path.endsWith('/'))
    if (node === undefined) {
      err += `ls: cannot access '${path}': No such file or directory\n`
      code = 2
    } else if (node.type === 'directory' && !flags.has('d')) folders.push(path)
    else files.push({ name: path, node, full })
  }
  out += print(files)
  const several = rest.length > 1 || flags.has('R')
  let budget = 2000
  const show = async (path: string): Promise<void> => {
    if (budget-- <= 0) return
    const full = resolvePath(cwd, path)
    const names = await fs.readdir(full)
    const shown = names.filter((name) => flags.has('a') || flags.has('A') || !name.startsWith('.'))
    const entries = shown.flatMap((name) => {
      const node = fs.node(resolvePath(full, name), false)
      return node === undefined ? [] : [{ name, node, full: resolvePath(full, name) }]
    })
    if (flags.has('a')) {
      const self = fs.node(full)
      const parent = fs.node(parentOf(full))
      if (self !== undefined) entries.push({ name: '.', node: self, full })
      if (parent !== undefined) entries.push({ name: '..', node: parent, full: parentOf(full) })
    }
    if (several) out += `${out === '' ? '' : '\n'}${path}:\n`
    if (long)
      out += `total ${flags.has('h') ? human(entries.reduce((sum, { node }) => sum + Math.ceil(sizeOf(node) / 4096) * 4096, 0)) : entries.reduce((sum, { node }) => sum + Math.ceil(sizeOf(node) / 4096) * 4, 0)}\n`
    out += print(entries)
    if (!flags.has('R')) return
    for (const { name, node } of entries)
      if (node.type === 'directory' && name !== '.' && name !== '..') await show(`${path}/${name}`)
  }
  for (const path of folders) await show(path)
  return { out, err, code }
}
