import { listTime, modeText } from '../listing.ts'
import { nameOf, parentOf, resolvePath, type FsNode } from '../node.ts'
import { sizeOf } from '../fs.ts'
import { groupsOf } from '../image.ts'
import { complain, human, letters, say, silent, type Command, type Io } from './command.ts'

interface Entry {
  readonly name: string
  readonly node: FsNode
  readonly full: string
}

/** ls, as coreutils prints it to a file or pipe (one name a line). */
const ls: Command = async (args, io) => {
  const { fs, machine, cwd } = io
  const { flags, rest } = letters(args)
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
    if (!long) return sorted.map(({ name, node }) => `${name}${mark(node)}\n`).join('')
    const rows = sorted.map(({ name, node, full }) => [
      modeText(node),
      node.type === 'directory' ? String(links(full)) : '1',
      flags.has('n') ? String(node.uid) : user(node.uid),
      flags.has('n') ? String(node.gid) : group(node.gid),
      sized(sizeOf(node)),
      listTime(node.mtime, Date.now()),
      node.type === 'link' ? `${name} -> ${node.target}` : `${name}${mark(node)}`,
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
    const node = fs.node(full, !long || path.endsWith('/'))
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

const chown: Command = (args, { fs, machine, cwd }) => {
  const { rest } = letters(args)
  const [owner = '', ...paths] = rest
  const [name = '', group] = owner.split(/[:.]/)
  const uid = /^\d+$/.test(name) ? Number(name) : machine.users.find((u) => u.name === name)?.uid
  if (name !== '' && uid === undefined) return complain(`chown: invalid user: ‘${owner}’\n`)
  for (const path of paths) {
    try {
      fs.setOwner(resolvePath(cwd, path), uid, group === undefined ? undefined : uid)
    } catch {
      return complain(`chown: cannot access '${path}': No such file or directory\n`)
    }
  }
  return {}
}

const chattr: Command = (args, { fs, cwd }) => {
  const paths = args.filter((arg) => !/^[-+=]/.test(arg))
  if (paths.length === 0) return complain('Usage: chattr [-pRVf] [-+=aAcCdDeijPsStTuFx] [-v version] files...\n')
  const lost = paths.filter((path) => fs.node(resolvePath(cwd, path)) === undefined)
  return lost.length === 0
    ? {}
    : complain(lost.map((path) => `chattr: No such file or directory while trying to stat ${path}\n`).join(''))
}

const lsattr: Command = async (args, { fs, cwd }) => {
  const { rest } = letters(args)
  const path = rest[0] ?? '.'
  const names =
    fs.node(resolvePath(cwd, path))?.type === 'directory'
      ? (await fs.readdir(resolvePath(cwd, path))).map((name) => `${path}/${name}`)
      : [path]
  return say(names.map((name) => `--------------e------- ${name}\n`).join(''))
}

/** dd, on files of a few megabytes at most. */
const dd: Command = (args, { fs, cwd, stdin }) => {
  const options = new Map(args.map((arg) => arg.split('=', 2) as [string, string]))
  const number = (name: string, fallback: number) => {
    const match = /^(\d+)([kKMG]?)B?$/.exec(options.get(name) ?? '')
    return match === null
      ? fallback
      : Number(match[1]) * { '': 1, k: 1024, K: 1024, M: 1024 ** 2, G: 1024 ** 3 }[match[2] ?? '']!
  }
  const bs = Math.max(1, number('bs', 512))
  const from = options.get('if')
  let input: Uint8Array
  try {
    input = from === undefined ? Buffer.from(stdin, 'latin1') : fs.content(resolvePath(cwd, from))
  } catch {
    return complain(`dd: failed to open '${from}': No such file or directory\n`)
  }
  const count = number('count', Number.POSITIVE_INFINITY)
  const endless = from === '/dev/zero' || from === '/dev/urandom' || from === '/dev/random'
  const wanted = Math.min(count * bs, 8 * 1024 * 1024)
  const skip = number('skip', 0) * bs
  const bytes = endless
    ? Buffer.concat(Array.from({ length: Math.ceil(wanted / input.length) }, () => input)).subarray(0, wanted)
    : input.subarray(skip, skip + wanted)
  const [full, part] = [Math.floor(bytes.length / bs), bytes.length % bs === 0 ? 0 : 1]
  const blocks = `${full}+${part}`
  const to = options.get('of')
  if (to !== undefined) {
    try {
      fs.write(resolvePath(cwd, to), bytes, endless)
    } catch {
      return complain(`dd: failed to open '${to}': No such file or directory\n`)
    }
  }
  const note =
    options.get('status') === 'none'
      ? ''
      : `${blocks} records in\n${blocks} records out\n${bytes.length} bytes copied, 0.000${200 + (bytes.length % 700)} s, ${human(bytes.length * 3000)}B/s\n`
  return { out: to === undefined ? Buffer.from(bytes).toString('latin1') : '', err: note }
}

const crontab: Command = (args, { fs, user, stdin, cwd, effects }) => {
  const file = `/var/spool/cron/crontabs/${user.name}`
  const { flags, rest } = letters(args.filter((arg) => arg !== '-'))
  if (flags.has('l')) {
    return fs.node(file) === undefined
      ? complain(`no crontab for ${user.name}\n`)
      : say(Buffer.from(fs.content(file)).toString('latin1'))
  }
  if (flags.has('r')) {
    if (fs.node(file) === undefined) return complain(`no crontab for ${user.name}\n`)
    return fs.rm(file).then(() => ({}))
  }
  if (flags.has('e')) return {}
  const path = rest[0]
  if (path !== undefined && fs.node(resolvePath(cwd, path)) === undefined)
    return complain(`${path}: No such file or directory\n`)
  const content = path === undefined ? Buffer.from(stdin, 'latin1') : Buffer.from(fs.content(resolvePath(cwd, path)))
  fs.write(file, content)
  effects.push({ type: 'persistence', method: 'cron', path: file, content: content.toString('utf8') })
  return {}
}

const realpath: Command = async (args, { fs, cwd }) => {
  const { rest } = letters(args)
  const found = await Promise.all(rest.map((path) => fs.realpath(resolvePath(cwd, path)).catch(() => undefined)))
  return {
    out: found.flatMap((path) => (path === undefined ? [] : [`${path}\n`])).join(''),
    err: rest
      .filter((_, i) => found[i] === undefined)
      .map((path) => `realpath: ${path}: No such file or directory\n`)
      .join(''),
    code: found.includes(undefined) ? 1 : 0,
  }
}

const which: Command = (args, { fs, env }) => {
  const { rest, flags } = letters(args)
  const folders = (env.get('PATH') ?? '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin').split(':')
  const hits = rest.map((name) => {
    const all = (name.includes('/') ? [name] : folders.map((folder) => `${folder}/${name}`)).filter(
      (path) => fs.node(path)?.type === 'file',
    )
    return flags.has('a') ? all : all.slice(0, 1)
  })
  return {
    out: hits
      .flat()
      .map((path) => `${path}\n`)
      .join(''),
    code: hits.some((paths) => paths.length === 0) || rest.length === 0 ? 1 : 0,
  }
}

const mktemp: Command = (args, { fs }) => {
  const { flags } = letters(args)
  const path = `/tmp/tmp.${Buffer.from(crypto.getRandomValues(new Uint8Array(8)))
    .toString('base64')
    .replace(/[^A-Za-z0-9]/g, 'x')
    .slice(0, 10)}`
  if (flags.has('d')) return fs.mkdir(path).then(() => say(`${path}\n`))
  fs.write(path, Buffer.alloc(0), true)
  return say(`${path}\n`)
}

const whereis: Command = (args, io: Io) =>
  say(
    args
      .map(
        (name) =>
          `${nameOf(name)}:${['/usr/bin', '/usr/sbin']
            .filter((folder) => io.fs.node(`${folder}/${name}`) !== undefined)
            .map((folder) => ` ${folder}/${name}`)
            .join('')}\n`,
      )
      .join(''),
  )

export const files: Readonly<Record<string, Command>> = {
  ls,
  dir: ls,
  chown,
  chgrp: silent,
  chattr,
  lsattr,
  dd,
  crontab,
  realpath,
  which,
  mktemp,
  whereis,
  sync: silent,
  locate: () => ({ code: 1 }),
  shred: silent,
}
