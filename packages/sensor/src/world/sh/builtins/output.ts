import { escaped } from '../escapes.ts'
import { quotedFor } from '../expand.ts'
import type { Interpreter } from '../interpreter.ts'
import type { Builtin } from './index.ts'

// What prints: echo and printf (POSIX.1-2017; bash(1)).

const echo: Builtin = (shell, args) => {
  let [line, escapes] = [true, shell.dialect === 'dash' || shell.option('xpg_echo')]
  let at = 0
  const flags = shell.dialect === 'dash' ? /^-n$/ : /^-[neE]+$/
  for (; flags.test(args[at] ?? ''); at++) {
    for (const letter of (args[at] ?? '').slice(1)) {
      if (letter === 'n') line = false
      else escapes = letter === 'e'
    }
    if (shell.dialect === 'dash') {
      at++
      break
    }
  }
  const words = args.slice(at).join(' ')
  if (!escapes) {
    shell.out(line ? `${words}\n` : words)
    return 0
  }
  const { text, ends } = escaped(words, { octal: /^0([0-7]{0,3})/, hex: shell.dialect !== 'dash' })
  shell.out(line && !ends ? `${text}\n` : text)
  return 0
}

/** %…, with its flags, width, precision and letter. */
const directive = /^%([-+ #0']*)(\*|\d*)(?:\.(\*|-?\d*))?(?:hh|h|ll|l|j|t|z|q|L)?([a-zA-Z%])/
const maxWidth = 100_000

const pad = (text: string, flags: string, width: number): string =>
  text.length >= width ? text : flags.includes('-') ? text.padEnd(width) : text.padStart(width)

function floating(value: number, letter: string, precision: number, flags: string): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'nan' : value < 0 ? '-inf' : 'inf'
  const exponent = (text: string): string => text.replace(/e([-+])(\d)$/, 'e$10$2')
  if (/[fF]/.test(letter))
    return Math.abs(value) >= 1e21
      ? BigInt(Math.trunc(value)).toString() + (precision > 0 ? `.${'0'.repeat(precision)}` : '')
      : value.toFixed(precision)
  if (/[eE]/.test(letter)) return exponent(value.toExponential(precision))
  const digits = precision === 0 ? 1 : precision
  const power = value === 0 ? 0 : Math.floor(Math.log10(Math.abs(Number(value.toPrecision(digits)))))
  const text =
    power < -4 || power >= digits
      ? exponent(value.toExponential(digits - 1))
      : value.toFixed(Math.max(0, digits - 1 - power))
  return flags.includes('#') || !text.includes('.') ? text : text.replace(/\.?0+(?=e|$)/, '')
}

/** %(…)T */
function time(format: string, seconds: number): string {
  const at = new Date(seconds * 1000)
  const two = (value: number): string => String(value).padStart(2, '0')
  const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
  const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
  const one: Readonly<Record<string, () => string>> = {
    Y: () => String(at.getUTCFullYear()),
    m: () => two(at.getUTCMonth() + 1),
    d: () => two(at.getUTCDate()),
    H: () => two(at.getUTCHours()),
    M: () => two(at.getUTCMinutes()),
    S: () => two(at.getUTCSeconds()),
    s: () => String(seconds),
    y: () => two(at.getUTCFullYear() % 100),
    a: () => days[at.getUTCDay()] ?? '',
    b: () => months[at.getUTCMonth()] ?? '',
    j: () => String(Math.floor((at.getTime() - Date.UTC(at.getUTCFullYear(), 0, 1)) / 86_400_000) + 1).padStart(3, '0'),
    F: () => at.toISOString().slice(0, 10),
    T: () => at.toISOString().slice(11, 19),
    R: () => at.toISOString().slice(11, 16),
    Z: () => 'UTC',
    z: () => '+0000',
    n: () => '\n',
    t: () => '\t',
    '%': () => '%',
    e: () => String(at.getUTCDate()).padStart(2),
    D: () => `${two(at.getUTCMonth() + 1)}/${two(at.getUTCDate())}/${two(at.getUTCFullYear() % 100)}`,
    c: () =>
      `${days[at.getUTCDay()]} ${months[at.getUTCMonth()]} ${String(at.getUTCDate()).padStart(2)} ${at.toISOString().slice(11, 19)} ${at.getUTCFullYear()}`,
  }
  return (format === '' ? '%T' : format).replace(/%([a-zA-Z%])/g, (whole, letter: string) => one[letter]?.() ?? whole)
}

/** printf of one format and all of its words. @returns the text and how it ended */
export function formatted(shell: Interpreter, format: string, words: readonly string[]): { out: string; code: number } {
  const bash = shell.dialect === 'bash'
  let [out, code, next] = ['', 0, 0]
  const take = (): string | undefined => words[next++]
  const number = (word: string | undefined): bigint => {
    if (word === undefined || word === '') return 0n
    if (/^["']/.test(word)) return BigInt(Buffer.from(word.slice(1), 'latin1').toString('utf8').codePointAt(0) ?? 0)
    const match = /^\s*([-+]?)(0[xX][0-9a-fA-F]+|\d+)/.exec(word)
    const digits = match?.[2] ?? ''
    if (match === null || match[0] !== word) {
      shell.fault(
        bash
          ? match !== null && digits.startsWith('0') && /^[89]/.test(word.slice(match[0].length))
            ? `${word}: invalid octal number`
            : `${word}: invalid number`
          : shell.dialect === 'dash'
            ? `${word}: ${match === null ? 'expected numeric value' : 'not completely converted'}`
            : `invalid number '${word}'`,
        'printf',
      )
      code = 1
    }
    if (match === null) return 0n
    const value = BigInt(/^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : /^0\d/.test(digits) ? 0 : digits)
    return match[1] === '-' ? -value : value
  }
  const octal = bash || shell.dialect === 'ash' ? /^([0-7]{1,3})/ : /^([0-7]{1,3})/
  let first = true
  while (first || next < words.length) {
    const began = next
    first = false
    for (let i = 0; i < format.length; i++) {
      const c = format[i] ?? ''
      if (c === '\\') {
        const { text, ends } = escaped(
          format
            .slice(i, i + 11)
            .replace(/^(\\(?:[0-7]{1,3}|x[0-9a-fA-F]{1,2}|u[0-9a-fA-F]{1,4}|U[0-9a-fA-F]{1,8}|[^]))[^]*$/, '$1'),
          { octal, hex: shell.dialect !== 'dash' },
        )
        if (ends) return { out, code }
        const used =
          /^\\(?:[0-7]{1,3}|x[0-9a-fA-F]{1,2}|u[0-9a-fA-F]{1,4}|U[0-9a-fA-F]{1,8}|[^])/.exec(
            format.slice(i, i + 11),
          )?.[0] ?? c
        out += used === '\\"' ? '"' : used === "\\'" ? "'" : used === '\\?' ? '?' : text
        i += used.length - 1
        continue
      }
      if (c !== '%') {
        out += c
        continue
      }
      const clock = bash ? /^%(-?\d*)\(([^)]*)\)T/.exec(format.slice(i, i + 200)) : null
      if (clock !== null) {
        const word = take()
        const seconds =
          word === undefined || word === '-1' || word === '-2' ? Math.floor(Date.now() / 1000) : Number(number(word))
        out += pad(
          time(clock[2] ?? '', seconds),
          (clock[1] ?? '').startsWith('-') ? '-' : '',
          Math.abs(Number(clock[1] ?? 0)),
        )
        i += clock[0].length - 1
        continue
      }
      const match = directive.exec(format.slice(i, i + 60))
      if (match === null) {
        const rest = format.slice(i)
        if (bash)
          shell.fault(`\`${/^%[^a-zA-Z]*$/.test(rest) ? rest : rest.slice(0, 2)}': missing format character`, 'printf')
        else
          shell.fault(
            shell.dialect === 'dash' ? `${rest}: invalid directive` : `${rest.slice(0, 2)}: invalid format`,
            'printf',
          )
        return { out, code: 1 }
      }
      const [whole, rawFlags = '', rawWidth = '', rawPrecision, letter = ''] = match
      i += whole.length - 1
      if (letter === '%') {
        out += '%'
        continue
      }
      let flags = rawFlags
      let width = rawWidth === '*' ? Number(number(take())) : Number(rawWidth)
      if (width < 0) {
        flags += '-'
        width = -width
      }
      width = Math.min(width, maxWidth)
      const precision =
        rawPrecision === undefined
          ? undefined
          : Math.min(maxWidth, rawPrecision === '*' ? Number(number(take())) : Number(rawPrecision))
      const word = next < words.length || began < words.length ? take() : undefined
      switch (letter) {
        case 's':
          out += pad((word ?? '').slice(0, precision), flags, width)
          break
        case 'b': {
          const { text, ends } = escaped(word ?? '', { octal: /^0?([0-7]{1,3})/, hex: shell.dialect !== 'dash' })
          out += pad(text.slice(0, precision), flags, width)
          if (ends) return { out, code }
          break
        }
        case 'q':
          out += pad(quotedShort(word ?? ''), flags, width)
          break
        case 'c':
          out += pad((word ?? '').slice(0, 1), flags, width)
          break
        case 'd':
        case 'i':
        case 'u':
        case 'o':
        case 'x':
        case 'X': {
          const given = number(word)
          const value = letter === 'd' || letter === 'i' ? given : BigInt.asUintN(64, given)
          let digits = (value < 0n ? -value : value).toString(letter === 'o' ? 8 : /x/i.test(letter) ? 16 : 10)
          if (letter === 'X') digits = digits.toUpperCase()
          if (precision !== undefined) digits = digits.padStart(precision, '0')
          if (flags.includes('#') && value !== 0n)
            digits = (letter === 'o' ? '0' : letter === 'x' ? '0x' : letter === 'X' ? '0X' : '') + digits
          const sign =
            value < 0n
              ? '-'
              : /[di]/.test(letter) && flags.includes('+')
                ? '+'
                : /[di]/.test(letter) && flags.includes(' ')
                  ? ' '
                  : ''
          out +=
            flags.includes('0') && !flags.includes('-') && precision === undefined
              ? sign + digits.padStart(width - sign.length, '0')
              : pad(sign + digits, flags, width)
          break
        }
        case 'e':
        case 'E':
        case 'f':
        case 'F':
        case 'g':
        case 'G': {
          const text = (word ?? '0').trim()
          const read = /^[-+]?(?:\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?|inf|nan)/i.exec(text)?.[0] ?? ''
          if (text !== '' && read !== text && !/^["']/.test(text)) {
            shell.fault(bash ? `${word}: invalid number` : `${word}: expected numeric value`, 'printf')
            code = 1
          }
          const value = Number(/^["']/.test(text) ? text.charCodeAt(1) : read === '' ? 0 : read)
          const shown = floating(Math.abs(value), letter, precision ?? 6, flags)
          const sign =
            value < 0 || Object.is(value, -0) ? '-' : flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : ''
          const cased = /[EG]/.test(letter) ? shown.toUpperCase() : shown
          out +=
            flags.includes('0') && !flags.includes('-')
              ? sign + cased.padStart(width - sign.length, '0')
              : pad(sign + cased, flags, width)
          break
        }
        default:
          shell.fault(
            bash
              ? `\`${whole}': invalid format character`.replace(/^`%(\S)'.*/, "`%$1': missing format character")
              : shell.dialect === 'dash'
                ? `${whole}: invalid directive`
                : `${whole}: invalid format`,
            'printf',
          )
          return { out, code: 1 }
      }
      if (out.length > 8 * 1024 * 1024) return { out, code }
    }
    if (next === began) break
  }
  return { out, code }
}

/** A word with as few quotes as bash's %q needs. */
export function quotedShort(word: string): string {
  if (word === '') return "''"
  if (/[\0-\x1f\x7f-\xff]/.test(word)) return quotedFor(word)
  return word.replace(/[^\w@%+=:,./-]/g, '\\$&')
}

const printf: Builtin = (shell, args, name) => {
  const words = [...args]
  let into: string | undefined
  if (shell.dialect === 'bash' && words[0]?.startsWith('-v') === true) {
    const option = words.shift() ?? ''
    into = option.length > 2 ? option.slice(2) : words.shift()
  }
  if (words[0] === '--') words.shift()
  const [format, ...rest] = words
  if (format === undefined) {
    if (shell.dialect === 'bash') shell.err('printf: usage: printf [-v var] format [arguments]\n')
    else if (shell.dialect === 'dash') shell.fault('usage: printf format [arg ...]', name)
    else shell.err('printf: usage: printf FORMAT [ARG]...\n')
    return 2
  }
  if (/^-./.test(format) && shell.dialect === 'bash' && args[0] !== '--' && !/^-[^a-zA-Z]/.test(format)) {
    shell.fault(`${format.slice(0, 2)}: invalid option`, name)
    shell.err('printf: usage: printf [-v var] format [arguments]\n')
    return 2
  }
  const { out, code } = formatted(shell, format, rest)
  if (into === undefined) shell.out(out)
  else {
    const element = /^(\w+)\[(.*)\]$/.exec(into)
    if (element !== null) shell.variables.setElement(element[1] ?? '', element[2] ?? '', out)
    else if (/^[A-Za-z_]\w*$/.test(into)) shell.variables.set(into, out)
    else {
      shell.fault(`\`${into}': not a valid identifier`, name)
      return 2
    }
  }
  return code
}

export const output = { echo, printf } satisfies Record<string, Builtin>
