import type { Dialect } from './ast.ts'

// Arithmetic of the shell: whole numbers of 64 bits, as in C (POSIX.1-2017 §2.6.4; bash(1), ARITHMETIC EVALUATION).

/** Why an expression has no value, in the words of the shell. */
export class ArithmeticError extends Error {}

/** Where variables are. */
export interface Variables {
  readonly get: (name: string, index?: string) => string | undefined
  readonly set: (name: string, value: string, index?: string) => void
}

const wrap = (value: bigint): bigint => BigInt.asIntN(64, value)
const levels: readonly (readonly string[])[] = [
  ['||'],
  ['&&'],
  ['|'],
  ['^'],
  ['&'],
  ['==', '!='],
  ['<=', '>=', '<', '>'],
  ['<<', '>>'],
  ['+', '-'],
  ['*', '/', '%'],
]
const assigns = ['<<=', '>>=', '+=', '-=', '*=', '/=', '%=', '&=', '^=', '|=', '=']
const operators = [
  '<<=',
  '>>=',
  '**',
  '++',
  '--',
  '<<',
  '>>',
  '<=',
  '>=',
  '==',
  '!=',
  '&&',
  '||',
  '+=',
  '-=',
  '*=',
  '/=',
  '%=',
  '&=',
  '^=',
  '|=',
]
const maxDepth = 128

interface Name {
  readonly name: string
  readonly index: string | undefined
}

class Evaluation {
  readonly #text: string
  readonly #variables: Variables
  readonly #dialect: Dialect
  readonly #level: number
  #at = 0
  /** Where the last token began: it is what an error names. */
  #last = 0
  #token = ''
  #skip = 0
  #depth = 0

  constructor(text: string, variables: Variables, dialect: Dialect, level: number) {
    this.#text = text.replace(/^[ \t\n]+/, '')
    this.#variables = variables
    this.#dialect = dialect
    this.#level = level
  }

  run(): bigint {
    if (this.#level > 64)
      throw new ArithmeticError(`${this.#text}: expression recursion level exceeded (error token is "${this.#text}")`)
    if (/^\s*$/.test(this.#text)) return 0n
    this.#read()
    const value = this.#comma()
    if (this.#token !== '') throw this.#fault('syntax error in expression', `expecting EOF: "${this.#text}"`)
    return value
  }

  #fault(words: string, dash = `expecting primary: "${this.#text}"`): ArithmeticError {
    if (this.#dialect === 'dash') return new ArithmeticError(`arithmetic expression: ${dash}`)
    if (this.#dialect === 'ash')
      return new ArithmeticError(/division/.test(words) ? 'divide by zero' : 'arithmetic syntax error')
    return new ArithmeticError(`${this.#text}: ${words} (error token is "${this.#text.slice(this.#last)}")`)
  }

  #read(): void {
    const rest = this.#text
    while (/[ \t\n]/.test(rest[this.#at] ?? '')) this.#at++
    if (this.#at >= rest.length) {
      this.#token = ''
      return
    }
    this.#last = this.#at
    const here = rest.slice(this.#at, this.#at + 400)
    const word = /^(?:\d[\w@#]*|[A-Za-z_]\w*)/.exec(here)?.[0]
    const token = word ?? operators.find((one) => here.startsWith(one)) ?? here[0] ?? ''
    this.#token = token
    this.#at += token.length
  }

  #is(token: string): boolean {
    return this.#token === token
  }

  #comma(): bigint {
    let value = this.#assign()
    while (this.#token === ',') {
      this.#read()
      value = this.#assign()
    }
    return value
  }

  #assign(): bigint {
    if (++this.#depth > maxDepth)
      throw new ArithmeticError(
        `${this.#text.slice(0, 80)}: expression recursion level exceeded (error token is "${this.#text.slice(this.#last, this.#last + 80)}")`,
      )
    try {
      if (/^[A-Za-z_]/.test(this.#token)) {
        const saved = { at: this.#at, last: this.#last, token: this.#token }
        const name = this.#name()
        if (assigns.includes(this.#token)) {
          const op = this.#token
          this.#read()
          const right = this.#assign()
          const value = op === '=' ? right : this.#apply(op.slice(0, -1), this.#value(name), right)
          if (this.#skip === 0) this.#variables.set(name.name, String(value), name.index)
          return value
        }
        this.#at = saved.at
        this.#last = saved.last
        this.#token = saved.token
      }
      const value = this.#conditional()
      if (assigns.includes(this.#token))
        throw this.#fault('attempted assignment to non-variable', `expecting EOF: "${this.#text}"`)
      return value
    } finally {
      this.#depth--
    }
  }

  #conditional(): bigint {
    const test = this.#binary(0)
    if (this.#token !== '?') return test
    this.#read()
    if (test === 0n) this.#skip++
    const yes = this.#comma()
    if (test === 0n) this.#skip--
    if (!this.#is(':')) throw this.#fault("`:' expected for conditional expression", `expecting ':': "${this.#text}"`)
    this.#read()
    if (test !== 0n) this.#skip++
    const no = this.#assign()
    if (test !== 0n) this.#skip--
    return test === 0n ? no : yes
  }

  #binary(level: number): bigint {
    const ops = levels[level]
    if (ops === undefined) return this.#power()
    let left = this.#binary(level + 1)
    while (ops.includes(this.#token)) {
      const op = this.#token
      this.#read()
      const skips = (op === '&&' && left === 0n) || (op === '||' && left !== 0n)
      if (skips) this.#skip++
      const right = this.#binary(level + 1)
      if (skips) this.#skip--
      left = this.#apply(op, left, right)
    }
    return left
  }

  #power(): bigint {
    const base = this.#unary()
    if (this.#token !== '**') return base
    this.#read()
    const exponent = this.#power()
    if (exponent < 0n) throw this.#fault('exponent less than 0')
    let [result, square, left] = [1n, base, exponent]
    for (; left > 0n; left >>= 1n) {
      if (left & 1n) result = wrap(result * square)
      square = wrap(square * square)
    }
    return result
  }

  #apply(op: string, a: bigint, b: bigint): bigint {
    switch (op) {
      case '||':
        return a !== 0n || b !== 0n ? 1n : 0n
      case '&&':
        return a !== 0n && b !== 0n ? 1n : 0n
      case '|':
        return a | b
      case '^':
        return a ^ b
      case '&':
        return a & b
      case '==':
        return a === b ? 1n : 0n
      case '!=':
        return a !== b ? 1n : 0n
      case '<=':
        return a <= b ? 1n : 0n
      case '>=':
        return a >= b ? 1n : 0n
      case '<':
        return a < b ? 1n : 0n
      case '>':
        return a > b ? 1n : 0n
      case '<<':
        return wrap(a << (b & 63n))
      case '>>':
        return a >> (b & 63n)
      case '+':
        return wrap(a + b)
      case '-':
        return wrap(a - b)
      case '*':
        return wrap(a * b)
      default:
        if (b === 0n) {
          if (this.#skip > 0) return 0n
          throw this.#fault('division by 0', `division by zero: "${this.#text}"`)
        }
        return wrap(op === '/' ? a / b : a % b)
    }
  }

  #unary(): bigint {
    const op = this.#token
    switch (op) {
      case '++':
      case '--': {
        this.#read()
        if (!/^[A-Za-z_]/.test(this.#token)) {
          // Two signs.
          const value = this.#unary()
          return value
        }
        const name = this.#name()
        const value = wrap(this.#value(name) + (op === '++' ? 1n : -1n))
        if (this.#skip === 0) this.#variables.set(name.name, String(value), name.index)
        return value
      }
      case '-':
        this.#read()
        return wrap(-this.#unary())
      case '+':
        this.#read()
        return this.#unary()
      case '!':
        this.#read()
        return this.#unary() === 0n ? 1n : 0n
      case '~':
        this.#read()
        return ~this.#unary()
      default:
        return this.#primary()
    }
  }

  #primary(): bigint {
    if (this.#token === '(') {
      this.#read()
      const value = this.#comma()
      if (!this.#is(')')) throw this.#fault("missing `)'", `expecting ')': "${this.#text}"`)
      this.#read()
      return value
    }
    if (/^\d/.test(this.#token)) {
      const value = this.#number(this.#token)
      this.#read()
      return value
    }
    if (/^[A-Za-z_]/.test(this.#token)) {
      const name = this.#name()
      const value = this.#value(name)
      if (this.#token !== '++' && this.#token !== '--') return value
      const step = this.#token === '++' ? 1n : -1n
      this.#read()
      if (this.#skip === 0) this.#variables.set(name.name, String(wrap(value + step)), name.index)
      return value
    }
    if (this.#token !== '' && !/^[-+*/%<>=!&|^~?:,()]/.test(this.#token))
      throw this.#fault('syntax error: invalid arithmetic operator')
    throw this.#fault('syntax error: operand expected')
  }

  /** A name with what may stand in brackets behind it. */
  #name(): Name {
    const name = this.#token
    let index: string | undefined
    if (this.#dialect === 'bash' && this.#text[this.#at] === '[') {
      let depth = 0
      let at = this.#at
      for (; at < this.#text.length; at++) {
        if (this.#text[at] === '[') depth++
        else if (this.#text[at] === ']' && --depth === 0) break
      }
      index = this.#text.slice(this.#at + 1, at)
      this.#at = at + 1
    }
    this.#read()
    return { name, index }
  }

  #value({ name, index }: Name): bigint {
    if (this.#skip > 0) return 0n
    const text = this.#variables.get(name, index)
    if (text === undefined || text === '') return 0n
    if (/^\s*[-+]?\d+\s*$/.test(text) && !/^\s*[-+]?0\d/.test(text)) return wrap(BigInt(text.trim().replace(/^\+/, '')))
    if (this.#dialect === 'dash' && !/^\s*[-+]?(?:0x[0-9a-fA-F]+|\d+)\s*$/.test(text))
      throw new ArithmeticError(`Illegal number: ${text}`)
    return new Evaluation(text, this.#variables, this.#dialect, this.#level + 1).run()
  }

  #number(token: string): bigint {
    const based = /^(\d+)#([\w@]*)$/.exec(token)
    if (based !== null && this.#dialect === 'bash') {
      const base = Number(based[1])
      if (base < 2 || base > 64) throw this.#fault('invalid arithmetic base')
      let value = 0n
      for (const c of based[2] ?? '') {
        const digit = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ@_'.indexOf(
          base <= 36 ? c.toLowerCase() : c,
        )
        if (digit < 0 || digit >= base) throw this.#fault('value too great for base')
        value = wrap(value * BigInt(base) + BigInt(digit))
      }
      return value
    }
    if (/^0[xX][0-9a-fA-F]*$/.test(token)) return wrap(BigInt(token.length > 2 ? token : '0'))
    if (/^0[0-7]*$/.test(token)) return wrap(BigInt(`0o${token.slice(1) || '0'}`))
    if (/^[1-9]\d*$/.test(token)) return wrap(BigInt(token))
    throw this.#fault('value too great for base', `expecting EOF: "${this.#text}"`)
  }
}

/**
 * The value of an expression.
 * @throws ArithmeticError in the words of the shell, without where it was
 */
export const evaluate = (text: string, variables: Variables, dialect: Dialect, level = 0): bigint =>
  new Evaluation(text.slice(0, 65_536), variables, dialect, level).run()
