import { resolvePath } from '../../node.ts'
import { complain, say, type Command } from '../command.ts'
import { hint, latin, read, why } from './input.ts'

// sort of coreutils.

/** A key of sort(1): from where to where, and how it is compared. */
interface Key {
  readonly from: readonly [field: number, character: number]
  readonly to?: readonly [field: number, character: number]
  readonly how: ReadonlySet<string>
}
const monthNames = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC']
const numberOf = (text: string): number => Number(/^[ \t]*(-?\d*\.?\d*)/.exec(text)?.[1] || 0) || 0
const humanOf = (text: string): number => {
  const match = /^[ \t]*(-?\d*\.?\d*)([KkMGTPEZY]?)/.exec(text)
  const n = Number(match?.[1] || 0) || 0
  // The unit counts before the number.
  return n === 0
    ? 0
    : Math.sign(n) * (('KMGTPEZY'.indexOf((match?.[2] ?? '').toUpperCase() || ' ') + 1) * 1e15 + Math.abs(n))
}
/** Versions as filevercmp has them: runs of digits by their number. */
function byVersion(a: string, b: string): number {
  const [x, y] = [a.match(/\d+|\D+/g) ?? [], b.match(/\d+|\D+/g) ?? []]
  for (let i = 0; i < Math.min(x.length, y.length, 64); i++) {
    const [p = '', q = ''] = [x[i], y[i]]
    const both = /^\d/.test(p) && /^\d/.test(q)
    const order = both ? Number(p) - Number(q) : p < q ? -1 : p > q ? 1 : 0
    if (order !== 0) return order
  }
  return x.length - y.length
}
const bytesOrder = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

function keyOf(text: string): Key | string {
  const match = /^(\d+)(?:\.(\d+))?([bdfgiMhnRrV]*)(?:,(\d+)(?:\.(\d+))?([bdfgiMhnRrV]*))?$/.exec(text)
  if (match === null) return `sort: invalid number at field start: invalid count at start of ‘${text}’\n`
  if (Number(match[1]) === 0)
    return `sort: -: invalid field specification ‘${text}’: field number is zero\n`.replace('-: ', '')
  return {
    from: [Number(match[1]), Number(match[2] ?? 1)],
    ...(match[4] !== undefined && { to: [Number(match[4]), Number(match[5] ?? 0)] as const }),
    how: new Set(`${match[3] ?? ''}${match[6] ?? ''}`),
  }
}

/** What of a line a key is. */
function part(line: string, { from, to, how }: Key, separator: string | undefined): string {
  const starts: number[] = []
  const ends: number[] = []
  if (separator === undefined) {
    for (const match of line.matchAll(/[ \t]*[^ \t]+/g)) {
      starts.push(match.index)
      ends.push(match.index + match[0].length)
    }
  } else {
    let at = 0
    for (const field of line.split(separator)) {
      starts.push(at)
      ends.push(at + field.length)
      at += field.length + 1
    }
  }
  let begin = starts[from[0] - 1] ?? line.length
  if (how.has('b') || how.has('n')) while (/[ \t]/.test(line[begin] ?? '')) begin++
  begin += from[1] - 1
  const end =
    to === undefined
      ? line.length
      : to[1] === 0
        ? (ends[to[0] - 1] ?? line.length)
        : (starts[to[0] - 1] ?? line.length) + to[1]
  return line.slice(begin, Math.max(begin, end))
}

/** sort of coreutils, in the order of bytes. */
export const sort: Command = async (args, io) => {
  const flags = new Set<string>()
  const keys: Key[] = []
  const files: string[] = []
  let [separator, output]: [string | undefined, string | undefined] = [undefined, undefined]
  const long: Readonly<Record<string, string>> = {
    '--numeric-sort': 'n',
    '--reverse': 'r',
    '--unique': 'u',
    '--ignore-case': 'f',
    '--human-numeric-sort': 'h',
    '--version-sort': 'V',
    '--general-numeric-sort': 'g',
    '--month-sort': 'M',
    '--random-sort': 'R',
    '--check': 'c',
    '--stable': 's',
    '--zero-terminated': 'z',
    '--dictionary-order': 'd',
    '--ignore-leading-blanks': 'b',
    '--merge': 'm',
  }
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? ''
    const named = /^--(key|field-separator|output|parallel|buffer-size|temporary-directory)(?:=([^]*))?$/.exec(arg)
    let [letter, value]: [string | undefined, string | undefined] = [undefined, undefined]
    if (named !== null) {
      letter = { key: 'k', 'field-separator': 't', output: 'o' }[named[1] ?? ''] ?? 'S'
      value = named[2] ?? args[++i]
    } else if (long[arg] !== undefined) flags.add(long[arg] ?? '')
    else if (arg === '-' || !arg.startsWith('-')) files.push(arg)
    else if (arg.startsWith('--')) return complain(`sort: unrecognized option '${arg}'\n${hint('sort')}`, 2)
    else
      for (let at = 1; at < arg.length; at++) {
        const c = arg[at] ?? ''
        if ('ktoST'.includes(c)) {
          letter = c
          value = arg.length > at + 1 ? arg.slice(at + 1) : args[++i]
          if (value === undefined) return complain(`sort: option requires an argument -- '${c}'\n${hint('sort')}`, 2)
          break
        }
        if (!'bdfghiMnRrVcCmsuz'.includes(c)) return complain(`sort: invalid option -- '${c}'\n${hint('sort')}`, 2)
        flags.add(c)
      }
    if (letter === 'k') {
      const key = keyOf(value ?? '')
      if (typeof key === 'string') return complain(key, 2)
      keys.push(key)
    } else if (letter === 't') {
      if (value === '') return complain('sort: empty tab\n', 2)
      separator = value === '\\0' ? '\0' : value
      if (separator !== undefined && latin(separator).length > 1)
        return complain(`sort: multi-character tab ‘${value ?? ''}’\n`, 2)
    } else if (letter === 'o') output = value
  }
  const lines: string[] = []
  const end = flags.has('z') ? '\0' : '\n'
  for (const path of files.length === 0 ? ['-'] : files)
    try {
      const text = (await read(path, io)).toString('latin1')
      // One by one: so many arguments as an attacker's lines would be too many.
      if (text !== '') for (const line of (text.endsWith(end) ? text.slice(0, -1) : text).split(end)) lines.push(line)
    } catch (error) {
      return complain(`sort: cannot read: ${path}: ${why(error)}\n`, 2)
    }
  const usual: Key = { from: [1, 1], how: new Set() }
  const ordered = (keys.length === 0 ? [usual] : keys).map((key) => ({ key, how: key.how.size > 0 ? key.how : flags }))
  // What each line is compared by, made once: an attacker chooses how many lines there are.
  const valueOf = (text: string, how: ReadonlySet<string>): string | number => {
    let x = how.has('b') && keys.length === 0 ? text.trimStart() : text
    if (how.has('n')) return numberOf(x)
    if (how.has('g')) return Number.parseFloat(x) || 0
    if (how.has('h')) return humanOf(x)
    if (how.has('M')) return monthNames.indexOf(x.trim().slice(0, 3).toUpperCase())
    if (how.has('f')) x = x.toUpperCase()
    return how.has('d') ? x.replace(/[^\w \t]|_/g, '') : x
  }
  const entries = lines.map((line) => ({
    line,
    values: ordered.map(({ key, how }) => valueOf(keys.length === 0 ? line : part(line, key, separator), how)),
  }))
  type Entry = (typeof entries)[number]
  const compare = (a: Entry, b: Entry): number => {
    for (const [i, { how }] of ordered.entries()) {
      const [x = '', y = ''] = [a.values[i], b.values[i]]
      const order =
        typeof x === 'number' && typeof y === 'number'
          ? x - y
          : how.has('V')
            ? byVersion(String(x), String(y))
            : bytesOrder(String(x), String(y))
      if (order !== 0) return how.has('r') ? -order : order
    }
    return 0
  }
  if (flags.has('c') || flags.has('C')) {
    const at = entries.findIndex((entry, i) => {
      const before = entries[i - 1]
      return before !== undefined && compare(before, entry) > (flags.has('u') ? -1 : 0)
    })
    return at < 0
      ? {}
      : {
          code: 1,
          ...(flags.has('c') && { err: `sort: ${files[0] ?? '-'}:${at + 1}: disorder: ${lines[at] ?? ''}\n` }),
        }
  }
  if (flags.has('R')) {
    const turn = new Map(entries.map((entry) => [entry, Math.random()]))
    entries.sort((a, b) => (turn.get(a) ?? 0) - (turn.get(b) ?? 0))
  }
  // Equal keys are put in order by the whole line.
  else
    entries.sort(
      (a, b) =>
        compare(a, b) ||
        (flags.has('s') || flags.has('u')
          ? 0
          : flags.has('r')
            ? bytesOrder(b.line, a.line)
            : bytesOrder(a.line, b.line)),
    )
  const kept = flags.has('u')
    ? entries.filter((entry, i) => {
        const before = entries[i - 1]
        return before === undefined || compare(before, entry) !== 0
      })
    : entries
  const text = kept.map(({ line }) => line + end).join('')
  if (output === undefined) return say(text)
  try {
    io.fs.write(resolvePath(io.cwd, output), Buffer.from(text, 'latin1'))
    return {}
  } catch (error) {
    return complain(`sort: open failed: ${output}: ${why(error)}\n`, 2)
  }
}
