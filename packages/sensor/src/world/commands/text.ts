import { before } from '../version.ts'
import { resolvePath } from '../node.ts'
import { sayingsOf } from '../../personas/facts.ts'
import { runPython } from '../python/run.ts'
import { complain, letters, say, type Command, type Io, type Result } from './command.ts'

// Programs on text and bytes that the library lacks or has otherwise.

/** What is in a file, or on the input for "-". Undefined where there is none. */
async function read(path: string, io: Io): Promise<Buffer | undefined> {
  if (path === '-') return Buffer.from(io.stdin, 'latin1')
  try {
    if (path.startsWith('/dev/fd/')) return await io.descriptor(path)
    return Buffer.from(io.fs.content(resolvePath(io.cwd, path)))
  } catch {
    return undefined
  }
}
const lines = (bytes: Buffer): string[] => {
  const text = bytes.toString('latin1')
  return text === '' ? [] : text.replace(/\n$/, '').split('\n')
}

/** One step of an edit script: so many lines from here to there. */
interface Change {
  readonly a: number
  readonly b: number
  readonly removed: readonly string[]
  readonly added: readonly string[]
}

/** The shortest way from one text to another: longest common subsequence, of at most a thousand lines each. */
export function changes(from: readonly string[], to: readonly string[]): Change[] {
  const [n, m] = [from.length, to.length]
  const best: Uint16Array[] = Array.from({ length: n + 1 }, () => new Uint16Array(m + 1))
  for (let i = n - 1; i >= 0; i--)
    for (let j = m - 1; j >= 0; j--)
      best[i]![j] = from[i] === to[j] ? best[i + 1]![j + 1]! + 1 : Math.max(best[i + 1]![j]!, best[i]![j + 1]!)
  const found: Change[] = []
  let [i, j] = [0, 0]
  while (i < n || j < m) {
    if (i < n && j < m && from[i] === to[j]) {
      i++
      j++
      continue
    }
    const [a, b] = [i, j]
    while ((i < n || j < m) && !(i < n && j < m && from[i] === to[j]))
      if (j < m && (i >= n || best[i]![j + 1]! > best[i + 1]![j]!)) j++
      else if (i < n) i++
      else j++
    found.push({ a, b, removed: from.slice(a, i), added: to.slice(b, j) })
  }
  return found
}

const span = (start: number, count: number): string =>
  count === 0 ? String(start) : count === 1 ? String(start + 1) : `${start + 1},${start + count}`

/** diff, in its normal form and with -q; -u as the library has it is rare enough to be left out. */
const diff: Command = async (args, io) => {
  const { flags, rest } = letters(args)
  const [first, second] = rest
  if (first === undefined || second === undefined)
    return complain(
      `diff: missing operand after '${first ?? 'diff'}'\ndiff: Try 'diff --help' for more information.\n`,
      2,
    )
  const [a, b] = [await read(first, io), await read(second, io)]
  const lost = [a === undefined ? first : undefined, b === undefined ? second : undefined].filter(
    (path) => path !== undefined,
  )
  if (a === undefined || b === undefined)
    return complain(lost.map((path) => `diff: ${path}: No such file or directory\n`).join(''), 2)
  if (a.equals(b)) return {}
  if (flags.has('q')) return { out: `Files ${first} and ${second} differ\n`, code: 1 }
  if (a.includes(0) || b.includes(0)) return { out: `Binary files ${first} and ${second} differ\n`, code: 1 }
  const [from, to] = [lines(a).slice(0, 1000), lines(b).slice(0, 1000)]
  const unified = flags.has('u')
  const body = changes(from, to)
    .map(({ a: at, b: into, removed, added }) => {
      if (unified) {
        const before = from.slice(Math.max(0, at - 3), at)
        const after = from.slice(at + removed.length, at + removed.length + 3)
        const count = before.length + after.length
        return `@@ -${at - before.length + 1},${count + removed.length} +${into - before.length + 1},${count + added.length} @@\n${[...before.map((line) => ` ${line}`), ...removed.map((line) => `-${line}`), ...added.map((line) => `+${line}`), ...after.map((line) => ` ${line}`)].map((line) => `${line}\n`).join('')}`
      }
      const kind = removed.length === 0 ? 'a' : added.length === 0 ? 'd' : 'c'
      return `${span(at, removed.length)}${kind}${span(into, added.length)}\n${removed.map((line) => `< ${line}\n`).join('')}${kind === 'c' ? '---\n' : ''}${added.map((line) => `> ${line}\n`).join('')}`
    })
    .join('')
  return { out: unified ? `--- ${first}\n+++ ${second}\n${body}` : body, code: 1 }
}

const cmp: Command = async (args, io) => {
  const { flags, rest } = letters(args)
  const [first, second = '-'] = rest
  if (first === undefined)
    return complain("cmp: missing operand after 'cmp'\ncmp: Try 'cmp --help' for more information.\n", 2)
  const [a, b] = [await read(first, io), await read(second, io)]
  if (a === undefined || b === undefined)
    return complain(`cmp: ${a === undefined ? first : second}: No such file or directory\n`, 2)
  const size = Math.min(a.length, b.length)
  let at = 0
  while (at < size && a[at] === b[at]) at++
  if (at === size && a.length === b.length) return {}
  const line = a.subarray(0, at).filter((byte) => byte === 10).length + 1
  if (flags.has('s')) return { code: 1 }
  return at === size
    ? { err: `cmp: EOF on ${a.length < b.length ? first : second} after byte ${size}, line ${line}\n`, code: 1 }
    : { out: `${first} ${second} differ: byte ${at + 1}, line ${line}\n`, code: 1 }
}

/** xxd: its dump, -p, -r -p, -l, -s, -c and -b left to those who need it. */
const xxd: Command = async (args, io) => {
  const value = (name: string): number | undefined => {
    const at = args.indexOf(name)
    const found = at >= 0 ? args[at + 1] : args.find((arg) => arg.startsWith(name) && arg.length > 2)?.slice(2)
    return found === undefined ? undefined : Number(found)
  }
  const valued = new Set(['-l', '-s', '-c', '-g'])
  const path = args.find((arg, i) => (!arg.startsWith('-') || arg === '-') && !valued.has(args[i - 1] ?? ''))
  const bytes = await read(path ?? '-', io)
  if (bytes === undefined) return complain(`xxd: ${path}: No such file or directory\n`, 2)
  const plainText = args.some((arg) => /^-(p|ps|plain|r?p)$/.test(arg))
  if (args.some((arg) => /^-(r|rp)$/.test(arg))) {
    const text = bytes.toString('latin1')
    const hex = plainText
      ? text.replace(/\s/g, '')
      : text
          .split('\n')
          .map((line) => (/^[0-9a-f]+: ((?:[0-9a-f]{2,4} )+)/i.exec(line)?.[1] ?? '').replace(/ /g, ''))
          .join('')
    return { out: Buffer.from(hex.replace(/[^0-9a-f].*$/is, ''), 'hex').toString('latin1') }
  }
  const start = value('-s') ?? 0
  const part = bytes.subarray(start, start + Math.min(value('-l') ?? bytes.length, 256 * 1024))
  if (plainText) return say(part.toString('hex').replace(/(.{1,60})/g, '$1\n'))
  const width = Math.max(1, Math.min(256, value('-c') ?? 16))
  let out = ''
  for (let at = 0; at < part.length; at += width) {
    const row = part.subarray(at, at + width)
    const hex = [...row].map((byte) => byte.toString(16).padStart(2, '0'))
    const pairs = Array.from({ length: Math.ceil(width / 2) }, (_, i) =>
      hex
        .slice(2 * i, 2 * i + 2)
        .join('')
        .padEnd(4),
    ).join(' ')
    out += `${(start + at).toString(16).padStart(8, '0')}: ${pairs}  ${[...row].map((byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : '.')).join('')}\n`
  }
  return { out }
}

const sizes = (n: number): string => {
  if (n < 1024) return n === 0 ? '0' : `${n}K`
  const units = 'MGT'
  let [value, unit] = [n / 1024, 0]
  while (value >= 1024 && unit < 2) {
    value /= 1024
    unit++
  }
  return `${value < 10 ? (Math.ceil(value * 10) / 10).toFixed(1) : Math.ceil(value)}${units[unit]}`
}

/** du: blocks of four kilobytes, as ext4 gives them out. */
const du: Command = (args, io) => {
  const { fs, cwd } = io
  const depthAt = args.findIndex((arg) => arg === '-d' || arg === '--max-depth')
  const depth = Number(
    args.find((arg) => arg.startsWith('--max-depth='))?.slice(12) ??
      (depthAt >= 0 ? args[depthAt + 1] : /^-d(\d+)$/.exec(args.find((arg) => /^-d\d+$/.test(arg)) ?? '')?.[1]) ??
      Number.POSITIVE_INFINITY,
  )
  const { flags, rest } = letters(args.filter((_, i) => depthAt < 0 || i !== depthAt + 1))
  const [human, whole, every, bytes] = [flags.has('h'), flags.has('s'), flags.has('a'), flags.has('b')]
  const show = (kib: number): string =>
    human ? sizes(kib) : flags.has('m') ? String(Math.ceil(kib / 1024)) : String(kib)
  let [out, err, budget, total] = ['', '', 6000, 0]
  const walk = (path: string, shown: string, level: number): number => {
    const node = fs.node(path, false)
    if (node === undefined || budget-- <= 0) return 0
    const size = node.size ?? node.data?.length ?? 0
    const own = node.type === 'directory' ? 4 : node.type === 'file' ? (bytes ? size : Math.ceil(size / 4096) * 4) : 0
    if (/^\/(proc|sys)\//.test(path)) return 0
    if (node.type !== 'directory') {
      if (every && !whole && level <= depth) out += `${show(own)}\t${shown}\n`
      return own
    }
    let sum = own
    for (const name of fs.names(path))
      sum += walk(
        path === '/' ? `/${name}` : `${path}/${name}`,
        shown === '/' ? `/${name}` : `${shown}/${name}`,
        level + 1,
      )
    if ((!whole && level <= depth) || level === 0) out += `${show(sum)}\t${shown}\n`
    return sum
  }
  for (const path of rest.length === 0 ? ['.'] : rest) {
    const full = resolvePath(cwd, path)
    const node = fs.node(full, false)
    if (node === undefined) err += `du: cannot access '${path}': No such file or directory\n`
    else if (node.type === 'directory') total += walk(full, path, 0)
    else {
      const sum = walk(full, path, 1)
      total += sum
      if (!every || whole) out += `${show(sum)}\t${path}\n`
    }
  }
  if (flags.has('c')) out += `${show(total)}\ttotal\n`
  return { out, err, code: err === '' ? 0 : 1 }
}

/** cksum of POSIX: the CRC of bytes and length. */
const cksum: Command = async (args, io) => {
  const { rest } = letters(args)
  let [out, err] = ['', '']
  for (const path of rest.length === 0 ? ['-'] : rest) {
    const bytes = await read(path, io)
    if (bytes === undefined) {
      err += `cksum: ${path}: No such file or directory\n`
      continue
    }
    let crc = 0
    const add = (byte: number) => {
      crc ^= byte << 24
      for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000_0000 ? (crc << 1) ^ 0x04c1_1db7 : crc << 1
    }
    for (const byte of bytes.subarray(0, 4 * 1024 * 1024)) add(byte)
    for (let n = bytes.length; n > 0; n = Math.floor(n / 256)) add(n & 255)
    out += `${~crc >>> 0} ${bytes.length}${path === '-' ? '' : ` ${path}`}\n`
  }
  return { out, err, code: err === '' ? 0 : 1 }
}

/** An interpreter that is there: it prints a text or number that it is asked for, and else says nothing. */
const printed = (program: string): string | undefined => {
  const match =
    /^\s*(?:import \w+;\s*)?print\s*\(?\s*(?:"([^"\\]*)((?:\\n)?)"|'([^'\\]*)((?:\\n)?)'|(\d+)\s*([+*-])\s*(\d+)|(\d+))\s*\)?\s*;?\s*$/.exec(
      program,
    )
  if (match === null) return undefined
  const [, double, doubleEnd, single, singleEnd, left, sign, right, number] = match
  if (double !== undefined) return double + (doubleEnd ? '\n' : '')
  if (single !== undefined) return single + (singleEnd ? '\\n' : '')
  if (number !== undefined) return number
  const [a, b] = [BigInt(left ?? 0), BigInt(right ?? 0)]
  return String(sign === '+' ? a + b : sign === '-' ? a - b : a * b)
}
const python: Command = async (args, io) => {
  const says = sayingsOf(io.machine.system).programs
  if (args[0] === '-V' || args[0] === '--version') return says['python3 --version'] ?? say('Python 3.9.2\n')
  const at = args.indexOf('-c')
  const script = at >= 0 ? undefined : args.find((arg) => !arg.startsWith('-') || arg === '-')
  let source: string
  if (at >= 0) {
    if (args[at + 1] === undefined)
      return complain(
        "Argument expected for the -c option\nusage: python3 [option] ... [-c cmd | -m mod | file | -] [arg] ...\nTry `python -h' for more information.\n",
        2,
      )
    source = args[at + 1] ?? ''
  } else if (script !== undefined && script !== '-') {
    const full = resolvePath(io.cwd, script)
    if (io.fs.node(full) === undefined)
      return complain(
        `python3: can't open file '${before(io.machine.versions['python3-minimal'], '3.9') ? script : full}': [Errno 2] No such file or directory\n`,
        2,
      )
    if (io.fs.kindAt(full) !== 'file' || io.fs.sizeOf(full) > 65_536) return {}
    source = Buffer.from(io.fs.content(full)).toString('latin1')
  } else {
    const unknown = args.find((arg) => /^--\w/.test(arg) && !/^--(?:help|check-hash-based-pycs)/.test(arg))
    if (unknown !== undefined)
      return complain(
        `unknown option ${unknown}\nusage: python3 [option] ... [-c cmd | -m mod | file | -] [arg] ...\nTry \`python -h' for more information.\n`,
        2,
      )
    if (args.includes('-m')) return {}
    // At a terminal it would ask; from a pipe it reads its program.
    source = io.stdin
  }
  const { kernel, hostname } = io.machine
  const version = /(\d+)\.(\d+)\.(\d+)/.exec(says['python3 --version']?.out ?? '')
  const path = (one: string): string => resolvePath(io.cwd, one)
  const result = await runPython(
    Buffer.from(source, 'latin1').toString('utf8'),
    {
      version: [Number(version?.[1] ?? 3), Number(version?.[2] ?? 9), Number(version?.[3] ?? 2)],
      argv: at >= 0 ? ['-c', ...args.slice(at + 2)] : [script ?? ''],
      user: io.user,
      cwd: io.cwd,
      env: new Map(Object.entries(io.exported)),
      uname: {
        system: 'Linux',
        node: hostname,
        release: kernel.release,
        version: kernel.version,
        machine: kernel.arch,
      },
      shell: async (line) => {
        const { out = '', err = '', code = 0 } = await io.run(['sh', '-c', Buffer.from(line).toString('latin1')])
        return { out, err, code }
      },
      sleep: io.sleep,
      wants: (url) => io.effects.push({ type: 'fetch', url, tool: 'python' }),
      read: (one) =>
        io.fs.kindAt(path(one)) === 'file' ? Buffer.from(io.fs.content(path(one))).toString('latin1') : undefined,
      write: (one, text, append) => {
        try {
          const old =
            append && io.fs.kindAt(path(one)) === 'file' ? Buffer.from(io.fs.content(path(one))) : Buffer.alloc(0)
          io.fs.write(path(one), Buffer.concat([old, Buffer.from(text, 'latin1')]))
          return true
        } catch {
          return false
        }
      },
      list: (one) => (io.fs.kindAt(path(one)) === 'directory' ? io.fs.names(path(one)) : undefined),
      stdin: () => (at >= 0 || (script !== undefined && script !== '-') ? io.stdin : ''),
    },
    at >= 0 ? '<string>' : script === undefined || script === '-' ? '<stdin>' : path(script),
  )
  return result ?? {}
}
const perl: Command = (args, io) => {
  const at = args.findIndex((arg) => /^-[a-zA-Z0]*[eE]$/.test(arg))
  if (at >= 0) {
    const program = args[at + 1] ?? ''
    const ran = /^\s*(?:exec|system)\s*\(?\s*(?:"([^"]*)"|'([^']*)')\s*\)?\s*;?\s*$/.exec(program)
    if (ran !== null) return io.run(['sh', '-c', ran[1] ?? ran[2] ?? ''])
    const text = printed(program)
    const ends = /E$|l/.test(args[at] ?? '') || args.slice(0, at).includes('-l')
    return text === undefined ? {} : say(ends ? `${text}\n` : text)
  }
  const script = args.find((arg) => !arg.startsWith('-'))
  if (script !== undefined && io.fs.node(resolvePath(io.cwd, script)) === undefined)
    return complain(`Can't open perl script "${script}": No such file or directory\n`, 2)
  return {}
}

/** Packers that are asked for what is not there. */
function unread(args: readonly string[], io: Io, words: (path: string) => string): Result {
  const missing = args.filter((arg) => !arg.startsWith('-') && io.fs.node(resolvePath(io.cwd, arg)) === undefined)
  return missing.length === 0 ? {} : complain(missing.map(words).join(''))
}

/** less and more, where they do not have the screen: what they were given. */
const pager: Command = async (args, io) => {
  const paths = args.filter((arg) => !/^[-+]/.test(arg))
  if (paths.length === 0) return { out: io.stdin }
  let [out, err] = ['', '']
  for (const path of paths) {
    const bytes = await read(path, io)
    if (bytes === undefined) err += `${path}: No such file or directory\n`
    else out += bytes.toString('latin1')
  }
  return { out, err }
}

/** head and tail: lines or bytes from the beginning or the end, of several files. */
const ends =
  (name: 'head' | 'tail'): Command =>
  async (args, io) => {
    let [count, bytes, quiet, loud] = ['10', false, false, false]
    const paths: string[] = []
    for (let i = 0; i < args.length; i++) {
      const arg = args[i] ?? ''
      const short = /^-(\d+)(c?)$/.exec(arg)
      const long = /^--(lines|bytes)=(.*)$/.exec(arg)
      if (short !== null) [count, bytes] = [short[1] ?? '10', short[2] === 'c']
      else if (long !== null) [count, bytes] = [long[2] ?? '', long[1] === 'bytes']
      else if (/^-[qv]*[nc]/.test(arg)) {
        bytes = /^-[qv]*c/.test(arg)
        const stuck = arg.replace(/^-[qv]*[nc]/, '')
        if (stuck === '' && args[i + 1] === undefined)
          return complain(
            `${name}: option requires an argument -- '${bytes ? 'c' : 'n'}'\nTry '${name} --help' for more information.\n`,
          )
        count = stuck === '' ? (args[++i] ?? '') : stuck
      } else if (arg === '-q') quiet = true
      else if (arg === '-v') loud = true
      else if (name === 'tail' && /^(-[fF]+|--follow\S*|--retry)$/.test(arg)) continue
      else if (name === 'tail' && /^\+\d+$/.test(arg) && paths.length === 0) count = arg
      else if (/^-./.test(arg) && arg !== '--')
        return complain(
          /^-[a-z]\d/.test(arg)
            ? `${name}: invalid trailing option -- ${arg[2]}\nTry '${name} --help' for more information.\n`
            : `${name}: invalid option -- '${arg[1]}'\nTry '${name} --help' for more information.\n`,
        )
      else if (arg !== '--') paths.push(arg)
    }
    const match = /^([+-]?)(\d+)([kKMG]?)B?$/.exec(count)
    if (match === null) return complain(`${name}: invalid number of ${bytes ? 'bytes' : 'lines'}: ‘${count}’\n`)
    const n = Number(match[2]) * ({ k: 1024, K: 1024, M: 1024 ** 2, G: 1024 ** 3 }[match[3] ?? ''] ?? 1)
    const sign = match[1] ?? ''
    const part = (content: Buffer): Buffer => {
      if (bytes) {
        if (name === 'head')
          return sign === '-' ? content.subarray(0, Math.max(0, content.length - n)) : content.subarray(0, n)
        return sign === '+' ? content.subarray(Math.max(0, n - 1)) : n === 0 ? Buffer.alloc(0) : content.subarray(-n)
      }
      const text = content.toString('latin1')
      const rows = text.split('\n')
      const closed = rows.at(-1) === ''
      if (closed) rows.pop()
      const from = name === 'head' ? 0 : sign === '+' ? Math.max(0, n - 1) : Math.max(0, rows.length - n)
      const to = name === 'tail' ? rows.length : sign === '-' ? Math.max(0, rows.length - n) : n
      const chosen = rows.slice(from, to)
      if (chosen.length === 0) return Buffer.alloc(0)
      return Buffer.from(chosen.join('\n') + (closed || to < rows.length ? '\n' : ''), 'latin1')
    }
    const several = (paths.length > 1 && !quiet) || loud
    let [out, err] = ['', '']
    for (const path of paths.length === 0 ? ['-'] : paths) {
      let content: Buffer | undefined
      const folder = path !== '-' && isFolder(path, io)
      if (!folder)
        content = endless.has(path) && name === 'head' ? unending(path, bytes ? n : n * 4096) : await read(path, io)
      if (content === undefined) {
        err += folder
          ? `${name}: error reading '${path}': Is a directory\n`
          : `${name}: cannot open '${path}' for reading: No such file or directory\n`
        continue
      }
      if (several) out += `${out === '' ? '' : '\n'}==> ${path === '-' ? 'standard input' : path} <==\n`
      out += part(content).toString('latin1')
    }
    return { out, err, code: err === '' ? 0 : 1 }
  }
const isFolder = (path: string, { fs, cwd }: Io): boolean => {
  try {
    return fs.node(resolvePath(cwd, path))?.type === 'directory'
  } catch {
    return false
  }
}
/** Devices that never end. */
const endless = new Set(['/dev/zero', '/dev/urandom', '/dev/random'])
const unending = (path: string, wanted: number): Buffer => {
  const size = Math.min(wanted, 256 * 1024)
  return path === '/dev/zero'
    ? Buffer.alloc(size)
    : Buffer.concat(
        Array.from({ length: Math.ceil(size / 65_536) }, () =>
          Buffer.from(crypto.getRandomValues(new Uint8Array(65_536))),
        ),
      ).subarray(0, size)
}

export const text: Readonly<Record<string, Command>> = {
  diff,
  cmp,
  xxd,
  du,
  cksum,
  python3: python,
  ...Object.fromEntries([8, 9, 10, 11, 12, 13].map((minor) => [`python3.${minor}`, python])),
  python,
  perl,
  bzip2: (args, io) => unread(args, io, (path) => `bzip2: Can't open input file ${path}: No such file or directory.\n`),
  xz: (args, io) => unread(args, io, (path) => `xz: ${path}: No such file or directory\n`),
  less: pager,
  head: ends('head'),
  tail: ends('tail'),
}
