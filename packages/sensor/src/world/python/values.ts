import { Unknown } from './syntax.ts'

// The values of Python as they are here, and what can be done with them.

/** How large what is made may get. */
export const mostText = 4_000_000

/** A fault of the program, as it is told in the last line of a traceback. */
export class Raised extends Error {
  readonly kind: string
  line = 1
  constructor(kind: string, message: string) {
    super(message)
    this.kind = kind
  }
}
export class Left extends Error {
  readonly code: number
  readonly words: string
  constructor(code: number, words = '') {
    super('exit')
    this.code = code
    this.words = words
  }
}
export class Bytes {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}
export class Tuple {
  readonly of: readonly Value[]
  constructor(of: readonly Value[]) {
    this.of = of
  }
}
export class Thing {
  readonly shown: string
  readonly members: ReadonlyMap<string, Value>
  constructor(shown: string, members: Readonly<Record<string, Value>>) {
    this.shown = shown
    this.members = new Map(Object.entries(members))
  }
}
export type Call = (args: Value[], named: ReadonlyMap<string, Value>) => Value | Promise<Value>
export type Value =
  | bigint
  | number
  | string
  | boolean
  | null
  | Bytes
  | Tuple
  | Value[]
  | Map<string, [Value, Value]>
  | Thing
  | Call

export const latin = (one: string): string => Buffer.from(one).toString('latin1')
export const utf8 = (one: string): string => Buffer.from(one, 'latin1').toString('utf8')

export const truth = (one: Value): boolean =>
  !(one === null || one === false || one === '' || one === 0 || one === 0n) &&
  !(Array.isArray(one) && one.length === 0) &&
  !(one instanceof Tuple && one.of.length === 0) &&
  !(one instanceof Bytes && one.text === '') &&
  !(one instanceof Map && one.size === 0)

export function kindOf(one: Value): string {
  if (one === null) return 'NoneType'
  if (typeof one === 'bigint') return 'int'
  if (typeof one === 'number') return 'float'
  if (typeof one === 'string') return 'str'
  if (typeof one === 'boolean') return 'bool'
  if (one instanceof Bytes) return 'bytes'
  if (one instanceof Tuple) return 'tuple'
  if (one instanceof Map) return 'dict'
  if (Array.isArray(one)) return 'list'
  return typeof one === 'function' ? 'function' : 'module'
}

/** A number, True or False as a whole number. @throws Raised */
export function integer(one: Value): bigint {
  if (typeof one === 'bigint') return one
  if (typeof one === 'boolean') return one ? 1n : 0n
  throw new Raised('TypeError', `'${kindOf(one)}' object cannot be interpreted as an integer`)
}
export function text(one: Value): string {
  if (typeof one === 'string') return one
  if (one instanceof Bytes) return one.text
  throw new Raised('TypeError', `expected str, bytes or os.PathLike object, not ${kindOf(one)}`)
}
export function parsed(digits: string, base: number): bigint | undefined {
  if (base === 10) return /^[-+]?\d+$/.test(digits) ? BigInt(digits.replace(/^\+/, '')) : undefined
  const bare = digits.replace(/^0[xob]/i, '')
  let sum = 0n
  for (const c of bare.toLowerCase()) {
    const value = parseInt(c, 36)
    if (Number.isNaN(value) || value >= base) return undefined
    sum = sum * BigInt(base) + BigInt(value)
  }
  return bare === '' ? undefined : sum
}

const number = (one: number): string => {
  if (Number.isInteger(one) && Math.abs(one) < 1e16) return `${one}.0`
  return String(one).replace(/e([+-])(\d)$/, 'e$10$2')
}
export function repr(one: Value): string {
  if (one instanceof Bytes) return `b${quoted(one.text, true)}`
  return typeof one === 'string' ? quoted(one, false) : show(one)
}
function quoted(one: string, bytes: boolean): string {
  const mark = one.includes("'") && !one.includes('"') ? '"' : "'"
  const inner = one.replace(/[\\\u0000-\u001f\u007f-\u00ff'"]/g, (c) => {
    if (c === '\\') return '\\\\'
    if (c === '\n') return '\\n'
    if (c === '\r') return '\\r'
    if (c === '\t') return '\\t'
    if (c === "'" || c === '"') return c === mark ? `\\${c}` : c
    const code = c.charCodeAt(0)
    return code > 159 && !bytes ? c : `\\x${code.toString(16).padStart(2, '0')}`
  })
  return mark + inner + mark
}
export function show(one: Value): string {
  if (one === null) return 'None'
  if (one === true) return 'True'
  if (one === false) return 'False'
  if (typeof one === 'bigint') return one.toString()
  if (typeof one === 'number') return number(one)
  if (typeof one === 'string') return one
  if (one instanceof Bytes) return repr(one)
  if (one instanceof Tuple) return `(${one.of.map(repr).join(', ')}${one.of.length === 1 ? ',' : ''})`
  if (Array.isArray(one)) return `[${one.map(repr).join(', ')}]`
  if (one instanceof Map)
    return `{${[...one.values()].map(([key, value]) => `${repr(key)}: ${repr(value)}`).join(', ')}}`
  throw new Unknown('an address')
}

export function iterated(one: Value): readonly Value[] {
  if (Array.isArray(one)) return one
  if (one instanceof Tuple) return one.of
  if (typeof one === 'string') return [...one]
  if (one instanceof Bytes) return [...one.text].map((c) => BigInt(c.charCodeAt(0)))
  if (one instanceof Map) return [...one.values()].map(([key]) => key)
  throw new Raised('TypeError', `'${kindOf(one)}' object is not iterable`)
}

export function sliced(of: Value, from: number | undefined, to: number | undefined, step: number): Value {
  const whole = typeof of === 'string' ? [...of] : of instanceof Bytes ? [...of.text] : [...iterated(of)]
  const part = step < 0 && from === undefined && to === undefined ? [...whole].reverse() : whole.slice(from, to)
  const all = Math.abs(step) <= 1 ? part : part.filter((_, i) => i % Math.abs(step) === 0)
  if (typeof of === 'string') return all.join('')
  if (of instanceof Bytes) return new Bytes(all.join(''))
  return of instanceof Tuple ? new Tuple(all as Value[]) : (all as Value[])
}

function repeated<T>(one: T, count: bigint, size: number, join: (all: T[]) => Value): Value {
  const times = Number(count < 0n ? 0n : count)
  if (times * size > mostText) throw new Unknown('too much')
  return join(Array.from({ length: times }, () => one))
}

export function binary(op: string, a: Value, b: Value): Value {
  const wrong = (): never => {
    throw new Raised('TypeError', `unsupported operand type(s) for ${op}: '${kindOf(a)}' and '${kindOf(b)}'`)
  }
  if (typeof a === 'string' && op === '%') return formatted(a, b instanceof Tuple ? b.of : [b])
  if (op === '*') {
    for (const [one, count] of [
      [a, b],
      [b, a],
    ] as const) {
      if (typeof count !== 'bigint') continue
      if (typeof one === 'string') return repeated(one, count, one.length, (all) => all.join(''))
      if (one instanceof Bytes) return repeated(one.text, count, one.text.length, (all) => new Bytes(all.join('')))
      if (Array.isArray(one)) return repeated(one, count, one.length + 1, (all) => all.flat() as Value[])
    }
  }
  if (op === '+') {
    if (typeof a === 'string') {
      if (typeof b !== 'string') throw new Raised('TypeError', `can only concatenate str (not "${kindOf(b)}") to str`)
      if (a.length + b.length > mostText) throw new Unknown('too much')
      return a + b
    }
    if (a instanceof Bytes && b instanceof Bytes) return new Bytes(a.text + b.text)
    if (Array.isArray(a) && Array.isArray(b)) return [...a, ...b]
    if (a instanceof Tuple && b instanceof Tuple) return new Tuple([...a.of, ...b.of])
  }
  const whole = (one: Value): one is bigint | boolean => typeof one === 'bigint' || typeof one === 'boolean'
  if (!(whole(a) || typeof a === 'number') || !(whole(b) || typeof b === 'number')) return wrong()
  if (whole(a) && whole(b)) {
    const [x, y] = [integer(a), integer(b)]
    const none = (): never => {
      throw new Raised('ZeroDivisionError', op === '/' ? 'division by zero' : 'integer division or modulo by zero')
    }
    switch (op) {
      case '+':
        return x + y
      case '-':
        return x - y
      case '*':
        if (x.toString(16).length + y.toString(16).length > 4000) throw new Unknown('too much')
        return x * y
      case '/':
        return y === 0n ? none() : Number(x) / Number(y)
      case '//': {
        if (y === 0n) return none()
        const q = x / y
        return x % y !== 0n && x < 0n !== y < 0n ? q - 1n : q
      }
      case '%': {
        if (y === 0n) return none()
        const r = x % y
        return r !== 0n && r < 0n !== y < 0n ? r + y : r
      }
      case '**':
        if (y > 4000n || x.toString(2).length * Number(y) > 20_000) throw new Unknown('too much')
        return y < 0n ? Number(x) ** Number(y) : x ** y
      case '<<':
        if (y > 4000n) throw new Unknown('too much')
        return x << y
      case '>>':
        return x >> y
      case '&':
        return x & y
      case '|':
        return x | y
      case '^':
        return x ^ y
    }
  }
  const [x, y] = [Number(a), Number(b)]
  if (y === 0 && /[/%]/.test(op))
    throw new Raised(
      'ZeroDivisionError',
      op === '%' ? 'float modulo' : op === '//' ? 'float floor division by zero' : 'float division by zero',
    )
  const made = {
    '+': x + y,
    '-': x - y,
    '*': x * y,
    '/': x / y,
    '//': Math.floor(x / y),
    '%': x - Math.floor(x / y) * y,
    '**': x ** y,
  }[op]
  return made === undefined ? wrong() : made
}

export function compared(op: string, a: Value, b: Value): boolean {
  if (op === 'in' || op === 'not in') {
    const inside =
      typeof b === 'string'
        ? b.includes(text(a))
        : b instanceof Map
          ? b.has(repr(a))
          : iterated(b).some((one) => compared('==', one, a))
    return inside === (op === 'in')
  }
  const plain = (one: Value): boolean => typeof one === 'bigint' || typeof one === 'number' || typeof one === 'boolean'
  if (plain(a) && plain(b)) {
    const [x, y] = [typeof a === 'boolean' ? Number(a) : a, typeof b === 'boolean' ? Number(b) : b] as [number, number]
    // oxlint-disable-next-line eqeqeq
    return { '==': x == y, '!=': x != y, '<': x < y, '>': x > y, '<=': x <= y, '>=': x >= y }[op] ?? false
  }
  if (op === '==' || op === '!=') return (kindOf(a) === kindOf(b) && repr(a) === repr(b)) === (op === '==')
  const lists = (Array.isArray(a) && Array.isArray(b)) || (a instanceof Tuple && b instanceof Tuple)
  if (lists) {
    const [x, y] = [iterated(a), iterated(b)]
    for (let i = 0; i < Math.min(x.length, y.length); i++)
      if (!compared('==', x[i] ?? null, y[i] ?? null)) return compared(op, x[i] ?? null, y[i] ?? null)
    return compared(op, BigInt(x.length), BigInt(y.length))
  }
  if (kindOf(a) !== kindOf(b) || !(typeof a === 'string' || a instanceof Bytes))
    throw new Raised('TypeError', `'${op}' not supported between instances of '${kindOf(a)}' and '${kindOf(b)}'`)
  const [x, y] = [text(a), text(b)]
  return { '<': x < y, '>': x > y, '<=': x <= y, '>=': x >= y }[op] ?? false
}

function formatted(pattern: string, values: readonly Value[]): string {
  let at = 0
  return pattern.replace(
    /%(-?)(0?)(\d{0,3})(?:\.(\d{1,2}))?([sdixrf%])/g,
    (_, left: string, zero: string, width: string, digits: string, kind: string) => {
      if (kind === '%') return '%'
      if (at >= values.length) throw new Raised('TypeError', 'not enough arguments for format string')
      const value = values[at++] ?? null
      const made =
        kind === 's'
          ? show(value)
          : kind === 'r'
            ? repr(value)
            : kind === 'x'
              ? integer(value).toString(16)
              : kind === 'f'
                ? Number(value).toFixed(Number(digits ?? 6))
                : show(typeof value === 'number' ? BigInt(Math.trunc(value)) : integer(value))
      return left === '-' ? made.padEnd(Number(width)) : made.padStart(Number(width), zero === '0' ? '0' : ' ')
    },
  )
}

export function textMethod(of: string, name: string): Call {
  const methods: Readonly<Record<string, Call>> = {
    upper: () => of.toUpperCase(),
    lower: () => of.toLowerCase(),
    title: () => of.replace(/\b\w/g, (c) => c.toUpperCase()),
    strip: ([set]) => trimmed(of, set, true, true),
    lstrip: ([set]) => trimmed(of, set, true, false),
    rstrip: ([set]) => trimmed(of, set, false, true),
    split: ([by, most]) => {
      if (by === undefined || by === null) return of.trim() === '' ? [] : of.trim().split(/\s+/)
      const parts = of.split(text(by))
      const count = most === undefined ? -1 : Number(integer(most))
      return count < 0 || parts.length <= count + 1
        ? parts
        : [...parts.slice(0, count), parts.slice(count).join(text(by))]
    },
    splitlines: () => of.replace(/\n$/, '').split('\n'),
    join: ([parts = []]) =>
      iterated(parts)
        .map((one, i) => {
          if (typeof one !== 'string')
            throw new Raised('TypeError', `sequence item ${i}: expected str instance, ${kindOf(one)} found`)
          return one
        })
        .join(of),
    replace: ([a = '', b = '']) => (text(a) === '' ? of : of.replaceAll(text(a), () => text(b))),
    startswith: ([a = '']) => of.startsWith(text(a)),
    endswith: ([a = '']) => of.endsWith(text(a)),
    find: ([a = '']) => BigInt(of.indexOf(text(a))),
    count: ([a = '']) => BigInt(text(a) === '' ? of.length + 1 : of.split(text(a)).length - 1),
    isdigit: () => /^\d+$/.test(of),
    zfill: ([n = 0n]) => of.padStart(Math.min(10_000, Number(integer(n))), '0'),
    encode: () => new Bytes(latin(of)),
    format: (args) => {
      let at = 0
      return of.replace(/\{(\d*)\}/g, (_, i: string) => show(args[i === '' ? at++ : Number(i)] ?? ''))
    },
  }
  const found = methods[name]
  if (found === undefined) throw new Unknown(`str.${name}`)
  return found
}

function trimmed(of: string, set: Value | undefined, left: boolean, right: boolean): string {
  const chars = set === undefined || set === null ? ' \t\n\r\v\f' : text(set)
  let [from, to] = [0, of.length]
  if (left) while (from < to && chars.includes(of[from] ?? '')) from++
  if (right) while (to > from && chars.includes(of[to - 1] ?? '')) to--
  return of.slice(from, to)
}

export function bytesMethod(of: Bytes, name: string): Call {
  const methods: Readonly<Record<string, Call>> = {
    decode: () => utf8(of.text),
    hex: () => Buffer.from(of.text, 'latin1').toString('hex'),
    strip: ([set]) => new Bytes(trimmed(of.text, set, true, true)),
    split: ([by]) =>
      (by === undefined ? of.text.trim().split(/\s+/) : of.text.split(text(by))).map((one) => new Bytes(one)),
  }
  const found = methods[name]
  if (found === undefined) throw new Unknown(`bytes.${name}`)
  return found
}

/** How many letters of two names differ, 2 for many. */
export function distance(a: string, b: string): number {
  if (a === b) return 0
  if (Math.abs(a.length - b.length) > 1 || a.length < 2) return 2
  let i = 0
  while (i < a.length && i < b.length && a[i] === b[i]) i++
  const same = [a.slice(i + 1) === b.slice(i + 1), a.slice(i) === b.slice(i + 1), a.slice(i + 1) === b.slice(i)]
  return same.includes(true) ? 1 : 2
}
