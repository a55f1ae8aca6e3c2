import { resolvePath } from '../node.ts'
import { complain, type Command, type Io } from './command.ts'
import { readDate } from './date.ts'
import { hint, why } from './filters/input.ts'

// Programs that make files, and change their size and times.

const maxSize = 12 * 1024 * 1024

/** A size as truncate and fallocate take it; undefined where it is none. */
function sizeOf(text: string): number | undefined {
  const match = /^(\d+)(?:([kKMGTPE])(i?B)?|(B))?$/.exec(text)
  if (match === null) return undefined
  const power = 'KMGTPE'.indexOf((match[2] ?? '').toUpperCase()) + 1
  return Number(match[1]) * (match[2] === undefined ? 1 : (match[3] === 'B' ? 1000 : 1024) ** power)
}

const bytesAt = ({ fs, cwd }: Io, path: string): Buffer | undefined =>
  fs.kindAt(resolvePath(cwd, path)) === 'file' ? Buffer.from(fs.content(resolvePath(cwd, path))) : undefined

const truncate: Command = (args, io) => {
  const { fs, cwd } = io
  let [size, like, create] = [undefined as string | undefined, undefined as string | undefined, true]
  const files: string[] = []
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? ''
    if (arg === '-s' || arg === '--size') size = args[++i]
    else if (/^(?:-s|--size=)/.test(arg)) size = arg.replace(/^(?:-s|--size=)/, '')
    else if (arg === '-r' || arg === '--reference') like = args[++i]
    else if (arg === '-c' || arg === '--no-create') create = false
    else if (!arg.startsWith('-')) files.push(arg)
  }
  if (size === undefined && like === undefined)
    return complain(`truncate: you must specify either '--size' or '--reference'\n${hint('truncate')}`)
  if (files.length === 0) return complain(`truncate: missing file operand\n${hint('truncate')}`)
  const match = /^([-+<>/%]?)(.*)$/.exec(size ?? '')
  const amount = like === undefined ? sizeOf(match?.[2] ?? '') : bytesAt(io, like)?.length
  if (amount === undefined)
    return complain(
      like === undefined
        ? `truncate: Invalid number: ‘${size}’\n`
        : `truncate: cannot stat '${like}': No such file or directory\n`,
    )
  let err = ''
  for (const path of files) {
    const before = bytesAt(io, path)
    if (before === undefined && !create) continue
    const now = before?.length ?? 0
    const wanted =
      { '+': now + amount, '-': Math.max(0, now - amount), '<': Math.min(now, amount), '>': Math.max(now, amount) }[
        match?.[1] ?? ''
      ] ?? amount
    try {
      if (wanted > maxSize) throw Object.assign(new Error('size'), { words: 'No space left on device' })
      const next = Buffer.alloc(wanted)
      before?.copy(next)
      fs.write(resolvePath(cwd, path), next, true)
    } catch (error) {
      err += `truncate: cannot open '${path}' for writing: ${why(error)}\n`
    }
  }
  return err === '' ? {} : complain(err)
}

const fallocate: Command = (args, io) => {
  const at = args.findIndex((arg) => arg === '-l' || arg === '--length')
  const text =
    at >= 0 ? args[at + 1] : args.find((arg) => /^(?:-l.|--length=)/.test(arg))?.replace(/^(?:-l|--length=)/, '')
  const file = args.find((arg, i) => !arg.startsWith('-') && (at < 0 || i !== at + 1))
  if (text === undefined) return complain('fallocate: no length argument specified\n')
  const size = sizeOf(text.replace(/^(\d+)([kmgt])$/, (_, digits: string, unit: string) => digits + unit.toUpperCase()))
  if (size === undefined) return complain('fallocate: invalid length value specified\n')
  if (file === undefined) return complain('fallocate: no filename specified\n')
  const before = bytesAt(io, file)
  if (size > maxSize) return complain(`fallocate: fallocate failed: No space left on device\n`)
  try {
    const next = Buffer.alloc(Math.max(size, before?.length ?? 0))
    before?.copy(next)
    io.fs.write(resolvePath(io.cwd, file), next, true)
    return {}
  } catch (error) {
    return complain(`fallocate: cannot open ${file}: ${why(error)}\n`)
  }
}

const install: Command = (args, io) => {
  const { fs, cwd } = io
  const [valued, given] = ['mogSt', new Map<string, string>()]
  const files: string[] = []
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? ''
    const long = /^--(mode|owner|group|target-directory|directory|verbose)(?:=(.*))?$/.exec(arg)
    if (long !== null)
      given.set(
        { mode: 'm', owner: 'o', group: 'g', 'target-directory': 't', directory: 'd', verbose: 'v' }[long[1] ?? ''] ??
          '',
        long[2] ?? (/^--(?:mode|owner|group|target-directory)$/.test(arg) ? (args[++i] ?? '') : ''),
      )
    else if (/^-./.test(arg))
      for (let at = 1; at < arg.length; at++) {
        const letter = arg[at] ?? ''
        if (!valued.includes(letter)) {
          given.set(letter, '')
          continue
        }
        given.set(letter, at + 1 < arg.length ? arg.slice(at + 1) : (args[++i] ?? ''))
        break
      }
    else files.push(arg)
  }
  const mode = Number.parseInt(given.get('m') ?? '755', 8)
  if (Number.isNaN(mode)) return complain(`install: invalid mode ‘${given.get('m')}’\n`)
  if (files.length === 0) return complain(`install: missing file operand\n${hint('install')}`)
  const within = (path: string): string => resolvePath(cwd, path)
  try {
    if (given.has('d')) {
      for (const path of files) {
        const parts = within(path).split('/').slice(1)
        for (let i = 1; i <= parts.length; i++) {
          const at = `/${parts.slice(0, i).join('/')}`
          if (fs.kindAt(at) === undefined) fs.makeFolder(at, i === parts.length ? mode : 0o755)
        }
      }
      return {}
    }
    const into = given.get('t') ?? files.at(-1) ?? ''
    const from = given.has('t') ? files : files.slice(0, -1)
    if (from.length === 0)
      return complain(`install: missing destination file operand after '${files[0]}'\n${hint('install')}`)
    const folder = fs.kindAt(within(into)) === 'directory'
    let err = ''
    for (const path of from) {
      const kind = fs.kindAt(within(path))
      if (kind !== 'file') {
        err +=
          kind === undefined
            ? `install: cannot stat '${path}': No such file or directory\n`
            : `install: omitting directory '${path}'\n`
        continue
      }
      const target = within(folder ? `${into}/${path.replace(/.*\//, '')}` : into)
      fs.write(target, fs.content(within(path)), true)
      fs.setMode(target, mode)
    }
    return err === '' ? {} : complain(err)
  } catch (error) {
    return complain(`install: cannot create regular file '${files.at(-1)}': ${why(error)}\n`)
  }
}

/** [[CC]YY]MMDDhhmm[.ss] as touch -t takes it. */
function stampOf(text: string): number | undefined {
  const match = /^(\d{2}|\d{4})?(\d{2})(\d{2})(\d{2})(\d{2})(?:\.(\d{2}))?$/.exec(text)
  if (match === null) return undefined
  const [, given, ...rest] = match
  const now = new Date()
  const year =
    given === undefined
      ? now.getUTCFullYear()
      : given.length === 4
        ? Number(given)
        : Number(given) + (Number(given) < 69 ? 2000 : 1900)
  const [month = 1, day = 1, hour = 0, minute = 0, second = 0] = rest.map((part) => Number(part ?? 0))
  return month >= 1 && month <= 12 && day >= 1 && day <= 31 && hour < 24 && minute < 60
    ? Date.UTC(year, month - 1, day, hour, minute, second)
    : undefined
}

const touch: Command = (args, io) => {
  const { fs, cwd } = io
  let [create, time, accessOnly] = [true, Date.now() as number | undefined, false]
  const files: string[] = []
  let end = false
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? ''
    const take = (pattern: RegExp): string | undefined => {
      const match = pattern.exec(arg)
      return match === null ? undefined : match[1] === undefined || match[1] === '' ? (args[++i] ?? '') : match[1]
    }
    if (end || !/^-./.test(arg)) {
      files.push(arg)
      continue
    }
    if (arg === '--') end = true
    else if (arg === '-c' || arg === '--no-create') create = false
    else if (/^-[amcfh]+$/.test(arg)) {
      if (arg.includes('c')) create = false
      accessOnly = arg.includes('a') && !arg.includes('m')
    } else if (/^(?:-d|--date)/.test(arg)) {
      const text = take(/^(?:-d|--date=?)(.*)$/) ?? ''
      time = readDate(text, Date.now())
      if (time === undefined) return complain(`touch: invalid date format ‘${text}’\n`)
    } else if (arg.startsWith('-t')) {
      const text = take(/^-t(.*)$/) ?? ''
      time = stampOf(text)
      if (time === undefined) return complain(`touch: invalid date format ‘${text}’\n`)
    } else if (/^(?:-r|--reference)/.test(arg)) {
      const path = take(/^(?:-r|--reference=?)(.*)$/) ?? ''
      const node = fs.kindAt(resolvePath(cwd, path)) === undefined ? undefined : fs.node(resolvePath(cwd, path))
      if (node === undefined)
        return complain(`touch: failed to get attributes of '${path}': No such file or directory\n`)
      time = node.mtime
    } else if (!/^--time=/.test(arg))
      return complain(
        `touch: ${arg.startsWith('--') ? `unrecognized option '${arg}'` : `invalid option -- '${arg[1]}'`}\n${hint('touch')}`,
      )
  }
  if (files.length === 0) return complain(`touch: missing file operand\n${hint('touch')}`)
  let err = ''
  for (const path of files) {
    const full = resolvePath(cwd, path)
    try {
      if (fs.kindAt(full) === undefined) {
        if (!create) continue
        if (path.endsWith('/')) throw Object.assign(new Error(path), { words: 'No such file or directory' })
        fs.write(full, Buffer.alloc(0), true)
      }
      if (!accessOnly && time !== undefined) fs.setTime(full, time)
    } catch (error) {
      err +=
        fs.kindAt(full) === undefined
          ? `touch: cannot touch '${path}': ${why(error)}\n`
          : `touch: setting times of '${path}': ${why(error)}\n`
    }
  }
  return err === '' ? {} : complain(err)
}

/** seq, with -f, -s and -w. */
const seq: Command = (args) => {
  let [format, between, wide] = [undefined as string | undefined, '\n', false]
  const numbers: string[] = []
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? ''
    if (arg === '-w' || arg === '--equal-width') wide = true
    else if (arg === '-s' || arg === '-f') {
      const value = args[++i]
      if (value === undefined) return complain(`seq: option requires an argument -- '${arg[1]}'\n${hint('seq')}`)
      if (arg === '-s') between = value
      else format = value
    } else if (/^(?:-s|--separator=)/.test(arg)) between = arg.replace(/^(?:-s|--separator=)/, '')
    else if (/^(?:-f|--format=)/.test(arg)) format = arg.replace(/^(?:-f|--format=)/, '')
    else if (/^-[a-zA-Z]/.test(arg) && !/^-(?:inf|nan)/i.test(arg))
      return complain(`seq: invalid option -- '${arg[1]}'\n${hint('seq')}`)
    else if (arg !== '--') numbers.push(arg)
  }
  if (numbers.length === 0) return complain(`seq: missing operand\n${hint('seq')}`)
  if (numbers.length > 3) return complain(`seq: extra operand ‘${numbers[3]}’\n${hint('seq')}`)
  const bad = numbers.find((text) => !/^[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$/i.test(text))
  if (bad !== undefined) return complain(`seq: invalid floating point argument: ‘${bad}’\n${hint('seq')}`)
  const [first = '1', step = '1', last = '1'] =
    numbers.length === 1 ? ['1', '1', numbers[0]] : numbers.length === 2 ? [numbers[0], '1', numbers[1]] : numbers
  const [from, by, to] = [Number(first), Number(step), Number(last)]
  if (by === 0) return complain(`seq: invalid Zero increment value: ‘${step}’\n${hint('seq')}`)
  const digits = Math.max(...[first, step].map((text) => /\.(\d*)/.exec(text)?.[1]?.length ?? 0))
  const match =
    format === undefined ? null : /^((?:[^%]|%%)*)%([-+ #0']*)(\d*)(?:\.(\d+))?([efgEFG])((?:[^%]|%%)*)$/.exec(format)
  if (format !== undefined && match === null)
    return complain(
      /%/.test(format)
        ? `seq: format ‘${format}’ has unknown %${/%[-+ #0'\d.]*(.)/.exec(format)?.[1] ?? ''} directive\n`
        : `seq: format ‘${format}’ has no % directive\n`,
    )
  const count = Math.floor((to - from) / by + 1e-10) + 1
  const width = wide
    ? Math.max(...[from, from + by * (Math.max(1, count) - 1)].map((value) => value.toFixed(digits).length))
    : 0
  const all: string[] = []
  for (let i = 0; i < Math.min(count, 1_000_000); i++) {
    const value = from + by * i
    const plain = value.toFixed(digits)
    if (match !== null) {
      const [, before = '', flags = '', size = '', precision, letter = 'g', behind = ''] = match
      const text = /[fF]/.test(letter)
        ? value.toFixed(Number(precision ?? 6))
        : /[gG]/.test(letter)
          ? String(Number(value.toPrecision(Number(precision ?? 6) || 1)))
          : value.toExponential(Number(precision ?? 6)).replace(/e([-+])(\d)$/, 'e$10$2')
      const signed = flags.includes('+') && value >= 0 ? `+${text}` : text
      const filled = flags.includes('-')
        ? signed.padEnd(Number(size))
        : signed.padStart(Number(size), flags.includes('0') ? '0' : ' ')
      all.push(`${before.replaceAll('%%', '%')}${filled}${behind.replaceAll('%%', '%')}`)
    } else
      all.push(
        wide
          ? plain.startsWith('-')
            ? `-${plain.slice(1).padStart(width - 1, '0')}`
            : plain.padStart(width, '0')
          : plain,
      )
  }
  return all.length === 0 ? {} : { out: `${all.join(between)}\n` }
}

export const making: Readonly<Record<string, Command>> = { truncate, fallocate, install, touch, seq }
