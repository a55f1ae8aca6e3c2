import { loaders } from '../filler.ts'
import { before } from '../version.ts'
import { groupsOf } from '../image.ts'
import { modeText } from '../listing.ts'
import { sizeOf } from '../fs.ts'
import { resolvePath, type FsNode } from '../node.ts'
import { complain, letters, say, type Command, type Io } from './command.ts'

// Programs that look at one file closely.

/** A number for each path, the same each time, as inode numbers are. */
export function inodeOf(path: string): number {
  let hash = 17
  for (let i = 0; i < path.length; i++) hash = (Math.imul(hash, 31) + path.charCodeAt(i)) >>> 0
  return path === '/' ? 2 : 1_040_000 + (hash % 240_000)
}
const kinds: Readonly<Record<FsNode['type'], string>> = {
  file: 'regular file',
  directory: 'directory',
  link: 'symbolic link',
  device: 'character special file',
}
const stamp = (ms: number): string =>
  `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')}.${String(Math.floor(ms * 7919) % 1_000_000_000).padStart(9, '0')} +0000`

/** stat of coreutils, its own form and those of -c and --printf. */
const stat: Command = (args, io) => {
  const { fs, machine, cwd } = io
  let format: string | undefined
  let follow = false
  const paths: string[] = []
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? ''
    if (arg === '-c' || arg === '--format') format = `${args[++i] ?? ''}\n`
    else if (arg.startsWith('--format=')) format = `${arg.slice(9)}\n`
    else if (arg.startsWith('--printf=')) format = arg.slice(9).replaceAll('\\n', '\n').replaceAll('\\t', '\t')
    else if (/^-c./.test(arg)) format = `${arg.slice(2)}\n`
    else if (arg === '-L' || arg === '--dereference') follow = true
    else if (!arg.startsWith('-')) paths.push(arg)
  }
  if (paths.length === 0) return complain("stat: missing operand\nTry 'stat --help' for more information.\n")
  let [out, err] = ['', '']
  for (const path of paths.slice(0, 200)) {
    const full = resolvePath(cwd, path)
    const node = nodeAt(io, full, follow)
    if (node === undefined) {
      err += `stat: cannot ${before(io.machine.versions['coreutils'], '8.31') ? 'stat' : 'statx'} '${path}': No such file or directory\n`
      continue
    }
    const user = machine.users.find(({ uid }) => uid === node.uid)?.name ?? 'UNKNOWN'
    const group = groupsOf(machine).find(({ gid }) => gid === node.gid)?.name ?? 'UNKNOWN'
    const size = sizeOf(node)
    const links =
      node.type === 'directory'
        ? 2 + fs.names(full).filter((name) => nodeAt(io, resolvePath(full, name), false)?.type === 'directory').length
        : 1
    const blocks = node.type === 'link' || node.type === 'device' ? 0 : Math.ceil(size / 4096) * 8
    const octal = (node.mode & 0o7777).toString(8)
    const kind = node.type === 'file' && size === 0 ? 'regular empty file' : kinds[node.type]
    const inode = inodeOf(full)
    if (format !== undefined) {
      const values: Readonly<Record<string, string | number>> = {
        n: path,
        N: node.type === 'link' ? `'${path}' -> '${node.target ?? ''}'` : `'${path}'`,
        s: size,
        b: blocks,
        B: 512,
        f: (({ file: 8, directory: 4, link: 10, device: 2 }[node.type] << 12) | (node.mode & 0o7777)).toString(16),
        F: kind,
        a: octal,
        A: modeText(node),
        u: node.uid,
        U: user,
        g: node.gid,
        G: group,
        i: inode,
        h: links,
        o: 4096,
        d: 2049,
        D: '801',
        m: '/',
        t: 0,
        T: 0,
        y: stamp(node.mtime),
        Y: Math.floor(node.mtime / 1000),
        x: stamp(node.mtime),
        X: Math.floor(node.mtime / 1000),
        z: stamp(node.mtime),
        Z: Math.floor(node.mtime / 1000),
        w: '-',
        W: 0,
        '%': '%',
      }
      out += format.replace(/%([a-zA-Z%])/g, (_, letter: string) => String(values[letter] ?? '?'))
      continue
    }
    out +=
      `  File: ${path}${node.type === 'link' ? ` -> ${node.target ?? ''}` : ''}\n` +
      `  Size: ${String(size).padEnd(10)}\tBlocks: ${String(blocks).padEnd(10)} IO Block: 4096   ${kind}\n` +
      `Device: 801h/2049d\tInode: ${String(inode).padEnd(10)}  Links: ${links}\n` +
      `Access: (${octal.padStart(4, '0')}/${modeText(node)})  Uid: (${String(node.uid).padStart(5)}/${user.padStart(8)})   Gid: (${String(node.gid).padStart(5)}/${group.padStart(8)})\n` +
      `Access: ${stamp(node.mtime)}\nModify: ${stamp(node.mtime)}\nChange: ${stamp(Math.max(node.mtime, machine.installed))}\n Birth: -\n`
  }
  return { out, err, code: err === '' ? 0 : 1 }
}

function nodeAt({ fs }: Io, path: string, follow: boolean): FsNode | undefined {
  try {
    return fs.node(path, follow)
  } catch {
    return undefined
  }
}

const arches: Readonly<Record<number, string>> = {
  3: 'Intel 80386',
  8: 'MIPS, MIPS-I',
  20: 'PowerPC or cisco 4500',
  40: 'ARM, EABI5',
  42: 'Renesas SH',
  62: 'x86-64',
  183: 'ARM aarch64',
  243: 'UCB RISC-V',
}

/** What the first bytes of a file tell, in the words of file(1). */
export function kindOf(bytes: Buffer): string {
  if (bytes.length === 0) return 'empty'
  if (bytes.length >= 20 && bytes.readUInt32BE(0) === 0x7f454c46) {
    const wide = bytes[4] === 2
    const big = bytes[5] === 2
    const half = (at: number) => (big ? bytes.readUInt16BE(at) : bytes.readUInt16LE(at))
    const kind = { 1: 'relocatable', 2: 'executable', 3: 'pie executable', 4: 'core file' }[half(16)] ?? 'unknown type'
    const loader = Object.values(loaders).find((one) => bytes.includes(`${one}\0`, 0, 'latin1'))
    const made =
      loader !== undefined
        ? `, dynamically linked, interpreter ${loader}, for GNU/Linux 3.${half(18) === 183 ? '7' : '2'}.0, stripped`
        : ', statically linked, stripped'
    return `ELF ${wide ? '64' : '32'}-bit ${big ? 'MSB' : 'LSB'} ${kind}, ${arches[half(18)] ?? '*unknown arch*'}, version 1 (SYSV)${made}`
  }
  const head = bytes.subarray(0, 512).toString('latin1')
  const shebang = /^#! ?(\S+)/.exec(head)?.[1]
  if (shebang !== undefined) {
    const shell = shebang.split('/').at(-1) ?? ''
    const names: Readonly<Record<string, string>> = {
      sh: 'POSIX shell script',
      dash: 'POSIX shell script',
      bash: 'Bourne-Again shell script',
      perl: 'Perl script text',
      python3: 'Python script',
    }
    return `${names[shell] ?? `a ${shebang} script`}, ASCII text executable`
  }
  if (head.startsWith('\x1f\x8b')) return 'gzip compressed data, from Unix'
  if (head.startsWith('PK\x03\x04')) return 'Zip archive data, at least v2.0 to extract'
  if (head.startsWith('BZh')) return 'bzip2 compressed data, block size = 900k'
  if (head.startsWith('\xfd7zXZ')) return 'XZ compressed data'
  if (head.startsWith('MZ')) return 'PE32 executable (console) Intel 80386, for MS Windows'
  if (head.startsWith('\x89PNG')) return 'PNG image data'
  if (/^[\t\n\f\r\x1b\x20-\x7e]*$/.test(head))
    return `ASCII text${head.includes('\r\n') ? ', with CRLF line terminators' : head.includes('\n') ? '' : ', with no line terminators'}`
  return Buffer.from(head, 'latin1').toString('utf8').includes('\ufffd') ? 'data' : 'UTF-8 Unicode text'
}

const file: Command = (args, io) => {
  const { flags, rest } = letters(args)
  if (rest.length === 0)
    return complain(
      'Usage: file [-bcCdEhikLlNnprsSvzZ0] [--apple] [--extension] [--mime-encoding]\n            [--mime-type] [-e <testname>] [-F <separator>]  [-f <namefile>]\n            [-m <magicfiles>] [-P <parameter=value>] [--exclude-quiet]\n            <file> ...\n       file -C [-m <magicfiles>]\n       file [--help]\n',
    )
  const width = Math.max(...rest.map((path) => path.length)) + 1
  return say(
    rest
      .slice(0, 200)
      .map((path) => {
        const full = resolvePath(io.cwd, path)
        const node = nodeAt(io, full, flags.has('L'))
        const kind =
          node === undefined
            ? `cannot open \`${path}' (No such file or directory)`
            : node.type === 'directory'
              ? node.mode & 0o1000
                ? 'sticky, directory'
                : 'directory'
              : node.type === 'link'
                ? `symbolic link to ${node.target ?? ''}`
                : node.type === 'device'
                  ? 'character special (1/3)'
                  : kindOf(Buffer.from(io.fs.content(full)))
        return flags.has('b') ? `${kind}\n` : `${`${path}:`.padEnd(width)} ${kind}\n`
      })
      .join(''),
  )
}

/** Variables of the shell itself: no program sees them. */
const inner =
  /^(\?|IFS|OSTYPE|MACHTYPE|HOSTTYPE|HOSTNAME|OPTIND|OPTARG|SHELLOPTS|BASHOPTS|BASH\w*|PPID|UID|EUID|RANDOM|SECONDS|LINENO|PIPESTATUS|DIRSTACK|GROUPS|FUNCNAME|PS[0-9]|_)$/
const exported = ({ exported: set }: Io): [string, string][] =>
  Object.entries(set).filter(([name, value]) => !inner.test(name) && !(name === 'OLDPWD' && value === ''))

const printenv: Command = (args, io) => {
  if (args.length === 0)
    return say(
      exported(io)
        .map(([name, value]) => `${name}=${value}\n`)
        .join(''),
    )
  const values = args.map((name) => exported(io).find(([one]) => one === name)?.[1])
  return {
    out: values.flatMap((value) => (value === undefined ? [] : [`${value}\n`])).join(''),
    code: values.includes(undefined) ? 1 : 0,
  }
}

/** readlink, with -f, -e and -m. */
const readlink: Command = (args, io) => {
  const flags = args.filter((arg) => /^-./.test(arg)).join('')
  const paths = args.filter((arg) => !/^-./.test(arg))
  if (paths.length === 0) return complain("readlink: missing operand\nTry 'readlink --help' for more information.\n")
  const whole = /[fem]|canonicalize/.test(flags)
  let [out, code] = ['', 0]
  for (const path of paths) {
    const full = resolvePath(io.cwd, path)
    try {
      const node = io.fs.node(full, whole)
      const parent = io.fs.kindAt(full.replace(/\/[^/]*$/, '') || '/')
      const target = whole
        ? node !== undefined || flags.includes('m') || (!flags.includes('e') && parent === 'directory')
          ? io.fs.realOf(full)
          : undefined
        : node?.type === 'link'
          ? node.target
          : undefined
      if (target === undefined) code = 1
      else out += flags.includes('n') && paths.length === 1 ? target : `${target}\n`
    } catch {
      code = 1
    }
  }
  return { out, code }
}

export const inspect: Readonly<Record<string, Command>> = { stat, file, printenv, readlink }
