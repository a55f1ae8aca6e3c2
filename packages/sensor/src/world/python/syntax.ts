// The part of Python that one-liners are written in: read into a tree. What is beyond it is Unknown, and then nothing is
// said rather than something wrong.

/** Something of the language that is not here. */
export class Unknown extends Error {
  override readonly name = 'Unknown'
}

export type Node =
  | { readonly t: 'value'; readonly v: bigint | number | string | boolean | null }
  | { readonly t: 'bytes'; readonly v: string }
  | { readonly t: 'format'; readonly parts: readonly (string | Node)[] }
  | { readonly t: 'name'; readonly v: string }
  | { readonly t: 'list' | 'tuple'; readonly of: readonly Node[] }
  | { readonly t: 'dict'; readonly of: readonly (readonly [Node, Node])[] }
  | { readonly t: 'unary'; readonly op: string; readonly a: Node }
  | { readonly t: 'binary' | 'logic'; readonly op: string; readonly a: Node; readonly b: Node }
  | { readonly t: 'compare'; readonly first: Node; readonly rest: readonly (readonly [string, Node])[] }
  | { readonly t: 'if'; readonly test: Node; readonly a: Node; readonly b: Node }
  | {
      readonly t: 'call'
      readonly f: Node
      readonly args: readonly Node[]
      readonly named: readonly (readonly [string, Node])[]
    }
  | { readonly t: 'attribute'; readonly of: Node; readonly name: string }
  | { readonly t: 'index'; readonly of: Node; readonly at: Node }
  | {
      readonly t: 'slice'
      readonly of: Node
      readonly from: Node | undefined
      readonly to: Node | undefined
      readonly step: Node | undefined
    }
  | {
      readonly t: 'each'
      readonly what: Node
      readonly names: readonly string[]
      readonly of: Node
      readonly test: Node | undefined
    }

export type Statement =
  | { readonly t: 'expression'; readonly v: Node; readonly line: number }
  | {
      readonly t: 'assign'
      readonly to: readonly string[]
      readonly op: string
      readonly v: Node
      readonly line: number
    }
  | { readonly t: 'import'; readonly names: readonly (readonly [string, string])[]; readonly line: number }
  | {
      readonly t: 'from'
      readonly module: string
      readonly names: readonly (readonly [string, string])[]
      readonly line: number
    }
  | {
      readonly t: 'for'
      readonly names: readonly string[]
      readonly of: Node
      readonly body: readonly Statement[]
      readonly line: number
    }
  | { readonly t: 'while'; readonly test: Node; readonly body: readonly Statement[]; readonly line: number }
  | {
      readonly t: 'if'
      readonly test: Node
      readonly body: readonly Statement[]
      readonly other: readonly Statement[]
      readonly line: number
    }
  | { readonly t: 'pass' | 'break' | 'continue'; readonly line: number }

interface Token {
  readonly kind: 'number' | 'string' | 'name' | 'op' | 'end'
  readonly text: string
  readonly prefix?: string
  readonly line: number
}

const operators =
  /^(?:\*\*=?|\/\/=?|<<=?|>>=?|==|!=|<=|>=|->|:=|\+=|-=|\*=|\/=|%=|&=|\|=|\^=|[-+*/%&|^~<>=()[\]{},:.;@])/

/** Tokens of a text; the end of a line within brackets is none. */
function tokens(source: string): { readonly line: number; readonly indent: number; readonly tokens: Token[] }[] {
  const lines: { line: number; indent: number; tokens: Token[] }[] = []
  let [at, line, depth] = [0, 1, 0]
  let now: Token[] | undefined
  while (at < source.length) {
    if (now === undefined) {
      const blank = /^[ \t]*/.exec(source.slice(at, at + 200))?.[0] ?? ''
      at += blank.length
      if (source[at] === '\n' || source[at] === '#' || at >= source.length) {
        const end = source.indexOf('\n', at)
        at = end < 0 ? source.length : end + 1
        line++
        continue
      }
      now = []
      lines.push({ line, indent: blank.replaceAll('\t', '        ').length, tokens: now })
    }
    const c = source[at] ?? ''
    if (c === '\n') {
      at++
      line++
      if (depth === 0) now = undefined
      continue
    }
    if (c === ' ' || c === '\t' || c === '\r') {
      at++
      continue
    }
    if (c === '#') {
      const end = source.indexOf('\n', at)
      at = end < 0 ? source.length : end
      continue
    }
    if (c === '\\' && source[at + 1] === '\n') {
      at += 2
      line++
      continue
    }
    const rest = source.slice(at, at + 400)
    const quoted = /^([rRbBuUfF]{0,2})('''|"""|'|")/.exec(rest)
    if (quoted !== null) {
      const [all, prefix = '', mark = ''] = quoted
      let end = at + all.length
      while (end < source.length && !source.startsWith(mark, end)) {
        if (source[end] === '\n' && mark.length === 1) throw new Unknown('a string without its end')
        end += source[end] === '\\' ? 2 : 1
      }
      if (end >= source.length) throw new Unknown('a string without its end')
      const text = source.slice(at + all.length, end)
      now.push({ kind: 'string', text, prefix: prefix.toLowerCase(), line })
      line += text.split('\n').length - 1
      at = end + mark.length
      continue
    }
    const number = /^(?:0[xX][\da-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+|\d[\d_]*\.?[\d_]*(?:[eE][-+]?\d+)?|\.\d+)/.exec(
      rest,
    )?.[0]
    const name = /^[A-Za-z_]\w*/.exec(rest)?.[0]
    const op = operators.exec(rest)?.[0]
    const found = number ?? name ?? op
    if (found === undefined) throw new Unknown(`a character: ${c}`)
    if (op !== undefined && number === undefined && name === undefined) {
      if ('([{'.includes(op)) depth++
      if (')]}'.includes(op)) depth--
    }
    now.push({ kind: number !== undefined ? 'number' : name !== undefined ? 'name' : 'op', text: found, line })
    at += found.length
  }
  if (depth !== 0) throw new Unknown('a bracket without its end')
  return lines
}

/** What stands for what in a string. */
export function unescaped(text: string, bytes: boolean): string {
  return text.replace(
    /\\(?:\n|([\\'"abfnrtv])|x([\da-fA-F]{2})|([0-7]{1,3})|u([\da-fA-F]{4}))/g,
    (all, letter: string, hex: string, octal: string, code: string) =>
      letter !== undefined
        ? ({ a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' }[letter] ?? letter)
        : hex !== undefined
          ? String.fromCharCode(parseInt(hex, 16))
          : octal !== undefined
            ? String.fromCharCode(parseInt(octal, 8) & 255)
            : code !== undefined && !bytes
              ? String.fromCharCode(parseInt(code, 16))
              : code !== undefined
                ? all
                : '',
  )
}

const words = new Set(
  'for while if elif else try except finally with def class return import from as pass break continue lambda global nonlocal raise del assert yield async await'.split(
    ' ',
  ),
)

class Parser {
  readonly #tokens: readonly Token[]
  #at = 0
  #depth = 0

  constructor(all: readonly Token[]) {
    this.#tokens = all
  }

  get next(): Token {
    return this.#tokens[this.#at] ?? { kind: 'end', text: '', line: this.#tokens.at(-1)?.line ?? 1 }
  }
  is(text: string): boolean {
    return this.next.text === text && this.next.kind !== 'string'
  }
  take(text: string): boolean {
    if (!this.is(text)) return false
    this.#at++
    return true
  }
  must(text: string): void {
    if (!this.take(text)) throw new Unknown(`no ${text}`)
  }
  name(): string {
    const { kind, text } = this.next
    if (kind !== 'name' || words.has(text)) throw new Unknown('no name')
    this.#at++
    return text
  }
  names(): string[] {
    const all = [this.name()]
    while (this.take(',')) all.push(this.name())
    return all
  }
  get done(): boolean {
    return this.next.kind === 'end'
  }

  expressions(): Node {
    const first = this.expression()
    if (!this.is(',')) return first
    const of = [first]
    while (this.take(',')) if (!this.done && !this.is(')') && !this.is(';') && !this.is('=')) of.push(this.expression())
    return { t: 'tuple', of }
  }

  expression(): Node {
    if (++this.#depth > 100) throw new Unknown('too deep')
    const a = this.#or()
    this.#depth--
    if (!this.take('if')) return a
    const test = this.#or()
    this.must('else')
    return { t: 'if', test, a, b: this.expression() }
  }
  #or(): Node {
    let a = this.#and()
    while (this.take('or')) a = { t: 'logic', op: 'or', a, b: this.#and() }
    return a
  }
  #and(): Node {
    let a = this.#not()
    while (this.take('and')) a = { t: 'logic', op: 'and', a, b: this.#not() }
    return a
  }
  #not(): Node {
    return this.take('not') ? { t: 'unary', op: 'not', a: this.#not() } : this.#compare()
  }
  #compare(): Node {
    const first = this.#binary(0)
    const rest: [string, Node][] = []
    for (;;) {
      const { text, kind } = this.next
      if (kind === 'op' && ['==', '!=', '<', '>', '<=', '>='].includes(text)) {
        this.#at++
        rest.push([text, this.#binary(0)])
      } else if (this.take('in')) rest.push(['in', this.#binary(0)])
      else if (this.is('not') && this.#tokens[this.#at + 1]?.text === 'in') {
        this.#at += 2
        rest.push(['not in', this.#binary(0)])
      } else if (this.take('is')) rest.push([this.take('not') ? '!=' : '==', this.#binary(0)])
      else return rest.length === 0 ? first : { t: 'compare', first, rest }
    }
  }
  #binary(level: number): Node {
    const levels = [['|'], ['^'], ['&'], ['<<', '>>'], ['+', '-'], ['*', '/', '//', '%']]
    const here = levels[level]
    if (here === undefined) return this.#unary()
    let a = this.#binary(level + 1)
    while (this.next.kind === 'op' && here.includes(this.next.text)) {
      const op = this.next.text
      this.#at++
      a = { t: 'binary', op, a, b: this.#binary(level + 1) }
    }
    return a
  }
  #unary(): Node {
    const { text, kind } = this.next
    if (kind === 'op' && (text === '-' || text === '+' || text === '~')) {
      if (++this.#depth > 100) throw new Unknown('too deep')
      this.#at++
      const a = this.#unary()
      this.#depth--
      return { t: 'unary', op: text, a }
    }
    const a = this.#tail(this.#atom())
    return this.take('**') ? { t: 'binary', op: '**', a, b: this.#unary() } : a
  }
  #tail(begin: Node): Node {
    let a = begin
    for (;;) {
      if (this.take('.')) a = { t: 'attribute', of: a, name: this.name() }
      else if (this.take('(')) {
        const args: Node[] = []
        const named: [string, Node][] = []
        while (!this.take(')')) {
          if (
            this.next.kind === 'name' &&
            this.#tokens[this.#at + 1]?.text === '=' &&
            this.#tokens[this.#at + 1]?.kind === 'op'
          ) {
            const name = this.name()
            this.must('=')
            named.push([name, this.expression()])
          } else args.push(this.#each(this.expression()))
          if (!this.is(')')) this.must(',')
        }
        a = { t: 'call', f: a, args, named }
      } else if (this.take('[')) {
        const from = this.is(':') ? undefined : this.expression()
        if (this.take(':')) {
          const to = this.is(']') || this.is(':') ? undefined : this.expression()
          const step = this.take(':') && !this.is(']') ? this.expression() : undefined
          a = { t: 'slice', of: a, from, to, step }
        } else if (from !== undefined) a = { t: 'index', of: a, at: from }
        this.must(']')
      } else return a
    }
  }
  /** "x for y in z" within brackets. */
  #each(what: Node): Node {
    if (!this.take('for')) return what
    const names = this.names()
    this.must('in')
    const of = this.#or()
    return { t: 'each', what, names, of, test: this.take('if') ? this.#or() : undefined }
  }
  #atom(): Node {
    const token = this.next
    if (token.kind === 'number') {
      this.#at++
      const text = token.text.replaceAll('_', '')
      if (/^0[xXoObB]/.test(text)) return { t: 'value', v: BigInt(text) }
      return { t: 'value', v: /[.eE]/.test(text) ? Number(text) : BigInt(text) }
    }
    if (token.kind === 'string') {
      const parts: (string | Node)[] = []
      let bytes = false
      while (this.next.kind === 'string') {
        const { text, prefix = '' } = this.next
        this.#at++
        bytes ||= prefix.includes('b')
        const plain = (one: string): string => (prefix.includes('r') ? one : unescaped(one, prefix.includes('b')))
        if (!prefix.includes('f')) parts.push(plain(text))
        else
          for (const piece of text.split(/(\{\{|\}\}|\{[^{}]*\})/)) {
            const inner = /^\{([^{}]+)\}$/.exec(piece)?.[1]
            if (inner === undefined) parts.push(plain(piece.replace('{{', '{').replace('}}', '}')))
            else if (/[!:]/.test(inner)) throw new Unknown('a format')
            else parts.push(new Parser(tokens(inner)[0]?.tokens ?? []).expression())
          }
      }
      if (parts.some((part) => typeof part !== 'string')) return { t: 'format', parts }
      const text = parts.join('')
      return bytes ? { t: 'bytes', v: text } : { t: 'value', v: text }
    }
    if (this.take('(')) {
      if (this.take(')')) return { t: 'tuple', of: [] }
      const inner = this.#each(this.expressions())
      this.must(')')
      return inner
    }
    if (this.take('[')) {
      const of: Node[] = []
      while (!this.take(']')) {
        of.push(this.#each(this.expression()))
        if (!this.is(']')) this.must(',')
      }
      return of.length === 1 && of[0]?.t === 'each' ? of[0] : { t: 'list', of }
    }
    if (this.take('{')) {
      const of: [Node, Node][] = []
      while (!this.take('}')) {
        const key = this.expression()
        this.must(':')
        of.push([key, this.expression()])
        if (!this.is('}')) this.must(',')
      }
      return { t: 'dict', of }
    }
    if (token.kind !== 'name' || words.has(token.text)) throw new Unknown(`no value: ${token.text}`)
    this.#at++
    if (token.text === 'True' || token.text === 'False') return { t: 'value', v: token.text === 'True' }
    return token.text === 'None' ? { t: 'value', v: null } : { t: 'name', v: token.text }
  }

  /** Dotted names with what they are called here. */
  imported(): [string, string][] {
    const all: [string, string][] = []
    do {
      let name = this.name()
      while (this.take('.')) name += `.${this.name()}`
      all.push([name, this.take('as') ? this.name() : ''])
    } while (this.take(','))
    return all
  }
}

/** Reads a program. @throws Unknown */
export function parse(source: string): Statement[] {
  const lines = tokens(source)
  let at = 0
  const block = (indent: number): Statement[] => {
    const all: Statement[] = []
    while (at < lines.length) {
      const here = lines[at]
      if (here === undefined || here.indent < indent) break
      if (here.indent > indent) throw new Unknown('an indent')
      all.push(...statements(here))
    }
    return all
  }
  const suite = (parser: Parser, indent: number): Statement[] => {
    parser.must(':')
    if (!parser.done) return simple(parser)
    const inner = lines[at]?.indent ?? 0
    if (inner <= indent) throw new Unknown('no body')
    return block(inner)
  }
  const simple = (parser: Parser): Statement[] => {
    const all: Statement[] = []
    while (!parser.done) {
      all.push(one(parser))
      if (!parser.done) parser.must(';')
    }
    return all
  }
  const one = (parser: Parser): Statement => {
    const { line } = parser.next
    if (parser.take('import')) return { t: 'import', names: parser.imported(), line }
    if (parser.take('from')) {
      const [[module = ''] = []] = parser.imported()
      parser.must('import')
      if (parser.take('*')) return { t: 'from', module, names: [['*', '']], line }
      return { t: 'from', module, names: parser.imported(), line }
    }
    for (const word of ['pass', 'break', 'continue'] as const) if (parser.take(word)) return { t: word, line }
    const first = parser.expressions()
    for (const op of ['=', '+=', '-=', '*=', '/=', '//=', '%=', '|=', '&='])
      if (parser.take(op)) {
        const to = first.t === 'tuple' ? first.of : [first]
        if (op !== '=' && to.length > 1) throw new Unknown('an assignment')
        const names = to.map((name) => {
          if (name.t !== 'name') throw new Unknown('an assignment')
          return name.v
        })
        return { t: 'assign', to: names, op: op.slice(0, -1), v: parser.expressions(), line }
      }
    return { t: 'expression', v: first, line }
  }
  const statements = ({ tokens: all, indent, line }: (typeof lines)[number]): Statement[] => {
    const parser = new Parser(all)
    at++
    if (parser.take('for')) {
      const names = parser.names()
      parser.must('in')
      const of = parser.expressions()
      return [{ t: 'for', names, of, body: suite(parser, indent), line }]
    }
    if (parser.take('while')) {
      const test = parser.expression()
      return [{ t: 'while', test, body: suite(parser, indent), line }]
    }
    if (parser.take('if')) return [branch(parser, indent, line)]
    return simple(parser)
  }
  const branch = (parser: Parser, indent: number, line: number): Statement => {
    const test = parser.expression()
    const body = suite(parser, indent)
    const more = lines[at]
    let other: Statement[] = []
    if (more !== undefined && more.indent === indent) {
      const next = new Parser(more.tokens)
      if (next.take('elif')) {
        at++
        other = [branch(next, indent, more.line)]
      } else if (next.take('else')) {
        at++
        other = suite(next, indent)
      }
    }
    return { t: 'if', test, body, other, line }
  }
  const all = block(lines[0]?.indent ?? 0)
  if (at < lines.length) throw new Unknown('an indent')
  return all
}
