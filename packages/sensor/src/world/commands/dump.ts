import { resolvePath } from '../node.ts'
import { complain, type Command, type Io, type Result } from './command.ts'

// Programs that show bytes: attackers read the head of an ELF with them, to learn what to bring.

const most = 1024 * 1024

/** The bytes of files one after the other, or of the standard input; and what could not be read. */
function read(names: readonly string[], io: Io, program: string): { bytes: Buffer; err: string } {
  const parts: Buffer[] = []
  let err = ''
  for (const name of names.length === 0 ? ['-'] : names) {
    if (name === '-') parts.push(Buffer.from(io.stdin, 'latin1'))
    else
      try {
        parts.push(Buffer.from(io.fs.content(resolvePath(io.cwd, name))))
      } catch (error) {
        const folder = (error as { code?: string }).code === 'EISDIR'
        err += folder
          ? `${program}: ${name}: read error: Is a directory\n`
          : `${program}: ${name}: No such file or directory\n`
      }
  }
  return { bytes: Buffer.concat(parts), err }
}

/** A number with the suffixes and bases that od and hexdump take. */
function amount(text: string): number | undefined {
  const [, base = '', digits = '', unit = ''] = /^(0x)?([0-9a-fA-F]+)(b|k|K|kB|m|M)?$/.exec(text) ?? []
  if (digits === '' || (base === '' && /[a-fA-F]/.test(digits))) return undefined
  const octal = base === '' && /^0[0-7]+$/.test(digits)
  const value = Number.parseInt(digits, base === '0x' ? 16 : octal ? 8 : 10)
  return value * ({ b: 512, k: 1024, K: 1024, kB: 1000, m: 1_048_576, M: 1_048_576 }[unit] ?? 1)
}

interface Type {
  readonly size: number
  /** Columns of one value, without the blank before it. */
  readonly width: number
  readonly show: (bytes: Buffer, at: number) => string
  readonly text: boolean
}
const named = ['nul', 'soh', 'stx', 'etx', 'eot', 'enq', 'ack', 'bel', 'bs', 'ht', 'nl', 'vt', 'ff', 'cr', 'so', 'si']
  .concat(['dle', 'dc1', 'dc2', 'dc3', 'dc4', 'nak', 'syn', 'etb', 'can', 'em', 'sub', 'esc', 'fs', 'gs', 'rs', 'us'])
  .concat(['sp'])
const escapes: Readonly<Record<number, string>> = {
  0: '\\0',
  7: '\\a',
  8: '\\b',
  9: '\\t',
  10: '\\n',
  11: '\\v',
  12: '\\f',
  13: '\\r',
}
const octal = (n: number): string => n.toString(8).padStart(3, '0')
const character = (byte: number): string =>
  escapes[byte] ?? (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : octal(byte))

/** The types of one `-t` argument; undefined when it is none. */
function typesOf(text: string): Type[] | undefined {
  const found: Type[] = []
  for (let rest = text; rest !== '';) {
    const [all = '', kind = '', sized = '', z = ''] = /^([acdoux])([1248CSIL])?(z)?/.exec(rest) ?? []
    if (all === '') return undefined
    rest = rest.slice(all.length)
    if (kind === 'a' || kind === 'c') {
      const show = (bytes: Buffer, at: number): string => {
        const byte = bytes[at] ?? 0
        if (kind === 'c') return character(byte)
        const seven = byte & 127
        return seven === 127 ? 'del' : (named[seven] ?? String.fromCharCode(seven))
      }
      found.push({ size: 1, width: 3, show, text: z !== '' })
      continue
    }
    const size = { C: 1, S: 2, I: 4, L: 8, '': 4 }[sized] ?? Number(sized)
    const bits = size * 8
    const value = (bytes: Buffer, at: number): bigint => {
      let n = 0n
      for (let i = size - 1; i >= 0; i--) n = (n << 8n) | BigInt(bytes[at + i] ?? 0)
      return kind === 'd' ? BigInt.asIntN(bits, n) : n
    }
    const base = { x: 16, o: 8, d: 10, u: 10 }[kind] ?? 10
    const digits = (2n ** BigInt(bits) - 1n).toString(base).length
    const filled = kind === 'x' || kind === 'o'
    const width = kind === 'd' ? (2n ** BigInt(bits - 1)).toString().length + 1 : digits
    const show = (bytes: Buffer, at: number) =>
      value(bytes, at)
        .toString(base)
        .padStart(filled ? digits : 0, '0')
    found.push({ size, width, show, text: z !== '' })
  }
  return found
}

const traditional: Readonly<Record<string, string>> = {
  a: 'a',
  b: 'o1',
  c: 'c',
  d: 'u2',
  o: 'o2',
  s: 'd2',
  x: 'x2',
  i: 'd4',
  l: 'd8',
}

/** Lines of bytes; those that only repeat the one before are a star. */
function lines(bytes: Buffer, width: number, all: boolean, line: (at: number, part: Buffer) => string): string {
  let out = ''
  let before: Buffer | undefined
  let starred = false
  for (let at = 0; at < bytes.length; at += width) {
    const part = bytes.subarray(at, at + width)
    if (!all && before !== undefined && part.length === width && part.equals(before)) {
      if (!starred) out += '*\n'
      starred = true
      continue
    }
    starred = false
    before = part
    out += line(at, part)
  }
  return out
}

const od: Command = (args, io): Result => {
  let radix = 'o'
  let [skip, count, width] = [0, most, 0]
  let all = false
  const types: Type[] = []
  const names: string[] = []
  const bad = (what: string): Result => complain(`od: ${what}\nTry 'od --help' for more information.\n`)
  const queue = [...args]
  for (let arg = queue.shift(); arg !== undefined; arg = queue.shift()) {
    if (arg === '--') {
      names.push(...queue)
      break
    }
    const [, long = '', given] = /^--([a-z-]+)(?:=(.*))?$/.exec(arg) ?? []
    if (long !== '') {
      const short = { 'address-radix': 'A', format: 't', 'read-bytes': 'N', 'skip-bytes': 'j', width: 'w' }[long]
      if (short !== undefined) queue.unshift(`-${short}${given ?? ''}`)
      else if (long === 'output-duplicates') all = true
      else return bad(`unrecognized option '${arg}'`)
      continue
    }
    if (!/^-./.test(arg)) {
      names.push(arg)
      continue
    }
    for (let i = 1; i < arg.length; i++) {
      const letter = arg[i] ?? ''
      if ('AtjNw'.includes(letter)) {
        const attached = arg.slice(i + 1)
        const value = letter === 'w' ? attached || '32' : attached || (queue.shift() ?? '')
        if (letter === 'A') radix = value.slice(0, 1)
        else if (letter === 't') {
          const found = typesOf(value)
          if (found === undefined) return bad(`invalid type string '${value}'`)
          types.push(...found)
        } else {
          const n = amount(value)
          if (n === undefined) return complain(`od: invalid -${letter} argument '${value}'\n`)
          if (letter === 'j') skip = n
          else if (letter === 'N') count = n
          else width = n
        }
        break
      }
      if (letter === 'v') all = true
      else if (traditional[letter] !== undefined) types.push(...(typesOf(traditional[letter]) ?? []))
      else return bad(`invalid option -- '${letter}'`)
    }
  }
  if (types.length === 0) types.push(...(typesOf('o2') ?? []))
  const { bytes: whole, err } = read(names, io, 'od')
  const bytes = whole.subarray(skip, skip + Math.min(count, most))
  const step = Math.max(...types.map(({ size }) => size))
  const row = Math.min(4096, width > 0 && width % step === 0 ? width : 16)
  const address = (at: number): string =>
    radix === 'n' ? '' : at.toString(radix === 'x' ? 16 : radix === 'd' ? 10 : 8).padStart(radix === 'x' ? 6 : 7, '0')
  // Values of several types stand under each other: the widest decides.
  const cell = Math.max(...types.map(({ size, width: columns }) => ((columns + 1) * step) / size))
  const blank = ' '.repeat(address(0).length)
  const out = lines(bytes, row, all, (at, part) =>
    types
      .map((type, i) => {
        let text = ''
        for (let j = 0; j < part.length; j += type.size) {
          const room = Math.floor((cell * type.size * (j / type.size + 1)) / step) - Math.floor((cell * j) / step)
          text += type.show(part, j).padStart(room)
        }
        if (type.text) {
          const shown = [...part].map((byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : '.')).join('')
          text = `${text.padEnd(Math.floor((cell * row) / step))}  >${shown}<`
        }
        return `${i === 0 ? address(skip + at) : blank}${text}\n`
      })
      .join(''),
  )
  const end = radix === 'n' ? '' : `${address(skip + bytes.length)}\n`
  return { out: out + end, err, code: err === '' ? 0 : 1 }
}

const hexdump: Command = (args, io): Result => {
  let [canonical, all, skip, count] = [false, false, 0, most]
  let form = ''
  const names: string[] = []
  const formats: string[] = []
  const queue = [...args]
  for (let arg = queue.shift(); arg !== undefined; arg = queue.shift()) {
    if (!/^-./.test(arg)) {
      names.push(arg)
      continue
    }
    for (let i = 1; i < arg.length; i++) {
      const letter = arg[i] ?? ''
      if ('nse'.includes(letter)) {
        const value = arg.slice(i + 1) || (queue.shift() ?? '')
        if (letter === 'e') formats.push(value)
        else {
          const n = amount(value)
          if (n === undefined)
            return complain(`hexdump: failed to parse ${letter === 'n' ? 'length' : 'offset'}: '${value}'\n`)
          if (letter === 'n') count = n
          else skip = n
        }
        break
      }
      if (letter === 'C') canonical = true
      else if (letter === 'v') all = true
      else if ('bcdox'.includes(letter)) form = letter
      else return complain(`hexdump: invalid option -- '${letter}'\nTry 'hexdump --help' for more information.\n`)
    }
  }
  const { bytes: whole, err } = read(names, io, 'hexdump')
  const bytes = whole.subarray(skip, skip + Math.min(count, most))
  const code = err === '' ? 0 : 1
  if (formats.length > 0) return { out: formatted(bytes, formats.join(' ')), err, code }
  const address = (at: number): string => at.toString(16).padStart(canonical ? 8 : 7, '0')
  const out = lines(bytes, 16, all, (at, part) => {
    const text = address(skip + at)
    if (canonical) {
      const cells = Array.from({ length: 16 }, (_, i) => part[i]?.toString(16).padStart(2, '0') ?? '  ')
      const shown = [...part].map((byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : '.')).join('')
      return `${text}  ${cells.slice(0, 8).join(' ')}  ${cells.slice(8).join(' ')}  |${shown}|\n`
    }
    let cells = ''
    const size = form === 'b' || form === 'c' ? 1 : 2
    for (let i = 0; i < 16; i += size) {
      const [low, high = 0] = [part[i], part[i + 1]]
      const value = low === undefined ? undefined : size === 1 ? low : low + high * 256
      const shown =
        value === undefined
          ? ''
          : form === 'c'
            ? character(value)
            : form === 'b'
              ? octal(value)
              : form === 'd'
                ? String(value).padStart(5, '0')
                : form === 'o'
                  ? value.toString(8).padStart(6, '0')
                  : value.toString(16).padStart(4, '0')
      const columns = { '': 4, b: 3, c: 3, o: 7, d: 7, x: 7 }[form] ?? 4
      cells += ` ${shown.padStart(columns)}`
    }
    return `${text}${cells}\n`
  })
  return { out: `${out}${bytes.length === 0 ? '' : `${address(skip + bytes.length)}\n`}`, err, code }
}

/** `hexdump -e`: counts, sizes and one printf word each, as attackers write it: `16/1 "%02x " "\n"`. */
function formatted(bytes: Buffer, format: string): string {
  const units = [...format.slice(0, 500).matchAll(/(?:(\d{1,4})?(?:\/(\d))?\s*)?"([^"]*)"/g)].map(
    ([, repeat = '1', size, text = '']) => ({
      repeat: Math.max(1, Number(repeat)),
      size: size === undefined ? undefined : Number(size),
      text: text.replace(/\\n/g, '\n').replace(/\\t/g, '\t').replace(/\\\\/g, '\\'),
    }),
  )
  const taking = /%0?(\d{0,2})([xXduoc])|%_([pcu])/
  if (!units.some(({ text }) => taking.test(text))) return ''
  let [out, at] = ['', 0]
  while (at < bytes.length && out.length < 4 * most)
    for (const { repeat, size, text } of units)
      for (let i = 0; i < repeat; i++) {
        const [found, width = '', kind = '', special = ''] = taking.exec(text) ?? []
        if (found === undefined) {
          out += text
          continue
        }
        if (at >= bytes.length) break
        const wide = size ?? (special !== '' || kind === 'c' ? 1 : 4)
        let value = 0
        for (let j = Math.min(wide, 4) - 1; j >= 0; j--) value = value * 256 + (bytes[at + j] ?? 0)
        at += wide
        const base = { x: 16, X: 16, o: 8 }[kind] ?? 10
        const shown =
          kind === 'c' || special !== ''
            ? value >= 32 && value < 127
              ? String.fromCharCode(value)
              : '.'
            : value.toString(base).padStart(Number(width), found.startsWith('%0') ? '0' : ' ')
        out += text.replace(taking, kind === 'X' ? shown.toUpperCase() : shown)
      }
  return out
}

export const dump: Readonly<Record<string, Command>> = { od, hexdump, hd: (args, io) => hexdump(['-C', ...args], io) }
