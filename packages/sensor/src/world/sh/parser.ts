import type {
  AndOr,
  Assign,
  Command,
  Condition,
  Dialect,
  Param,
  Part,
  Pipeline,
  Redirect,
  Script,
  Word,
} from './ast.ts'
import { ansiC } from './escapes.ts'

// Reads the language of the shell (POSIX.1-2017, Shell Command Language, and what bash adds to it), as bash, dash and
// busybox's ash each read it.

/** Something that cannot be read. */
export class Unreadable extends Error {
  readonly kind: 'token' | 'end' | 'quote' | 'condition'
  /** The token that was not expected, or what was looked for. */
  readonly token: string
  readonly line: number
  /** What would have been right, where only one thing would. */
  readonly wanted: string
  /** Of a quote: where it opened. */
  constructor(kind: Unreadable['kind'], token: string, line: number, wanted = '') {
    super(`${kind} ${token}`)
    this.kind = kind
    this.token = token
    this.line = line
    this.wanted = wanted
  }
}

type Token =
  | { readonly k: 'op'; readonly v: string; readonly s: number; readonly e: number }
  | { readonly k: 'word'; readonly word: Word; readonly s: number; readonly e: number }
  | { readonly k: 'fd'; readonly v: string; readonly s: number; readonly e: number }
  | { readonly k: 'newline' | 'end'; readonly s: number; readonly e: number }

const operators: Readonly<Record<Dialect, readonly string[]>> = {
  bash: ';;& &>> <<< <<- && || ;; ;& |& &> << <& <> >> >& >| ; & | < > ( )'.split(' '),
  dash: '<<- && || ;; << <& <> >> >& >| ; & | < > ( )'.split(' '),
  ash: '&>> <<< <<- && || ;; &> << <& <> >> >& >| ; & | < > ( )'.split(' '),
}
const isRedirect = (op: string): boolean => /[<>]/.test(op)
const blank = (c: string | undefined): boolean => c === ' ' || c === '\t'
const breaks = (c: string | undefined): boolean => c === undefined || ' \t\n;&|<>()'.includes(c)

const common = [
  'if',
  'then',
  'else',
  'elif',
  'fi',
  'do',
  'done',
  'case',
  'esac',
  'while',
  'until',
  'for',
  '{',
  '}',
  '!',
  'in',
]
const reserved: Readonly<Record<Dialect, ReadonlySet<string>>> = {
  bash: new Set([...common, 'function', 'select', 'time', '[[', 'coproc']),
  dash: new Set(common),
  ash: new Set([...common, 'function']),
}
/** Words that no command can begin with: they end what is around them. */
const closing = new Set(['then', 'else', 'elif', 'fi', 'do', 'done', 'esac', '}'])

/** Levels of what may stand in each other. */
const maxDepth = 200

/** Reads scripts, one complete command at a time. */
export class Parser {
  #src: string
  readonly #dialect: Dialect
  readonly #aliases: ReadonlyMap<string, string>
  #pos = 0
  /** How much longer the text is by what aliases stand for. */
  #grown = 0
  #token: Token | undefined
  #depth = 0
  readonly #here: {
    readonly redirect: { body: Word }
    readonly end: string
    readonly strip: boolean
    readonly quoted: boolean
    readonly line: number
  }[] = []
  /** Here-documents that nothing ended: their line, what would have ended them. */
  readonly openHere: { readonly line: number; readonly end: string; readonly at: number }[] = []
  #counted = { at: 0, line: 1 }
  /** Aliases within whose text it reads, and where that ends. */
  #within: { readonly name: string; end: number }[] = []
  readonly #first: number
  readonly #extended: () => boolean
  /** Within [[ ]]. */
  #tests = 0

  /** @param extended whether there are extended patterns; undefined: as within [[ ]], where there always are */
  constructor(
    source: string,
    dialect: Dialect,
    aliases: ReadonlyMap<string, string> = new Map(),
    line = 1,
    extended: () => boolean = () => true,
  ) {
    this.#extended = extended
    this.#src = source
    this.#dialect = dialect
    this.#aliases = aliases
    this.#first = line
  }

  get #bash(): boolean {
    return this.#dialect === 'bash'
  }

  /** How much of the text was read. */
  get consumed(): number {
    return Math.max(0, this.#pos - this.#grown)
  }

  lineAt(offset: number): number {
    if (offset < this.#counted.at) this.#counted = { at: 0, line: 1 }
    let { at, line } = this.#counted
    for (; at < offset; at++) if (this.#src.charCodeAt(at) === 10) line++
    this.#counted = { at, line }
    return line + this.#first - 1
  }

  /** How many lines there are. */
  get lines(): number {
    return this.lineAt(this.#src.replace(/\n$/, '').length)
  }

  /** The text of a line, for an error that shows it. */
  textOf(line: number): string {
    return this.#src.split('\n')[line - this.#first] ?? ''
  }

  #unexpected(token: Token, wanted = ''): Unreadable {
    const line = this.lineAt(token.s)
    if (token.k === 'end')
      return new Unreadable(
        'end',
        '',
        this.lines + (this.#src.endsWith('\n') || this.#dialect !== 'bash' ? 0 : 0),
        wanted,
      )
    const shown = token.k === 'newline' ? 'newline' : this.#src.slice(token.s, token.e)
    return new Unreadable('token', shown, line, wanted)
  }

  // ——— Tokens ———

  #blanks(): void {
    for (;;) {
      if (blank(this.#src[this.#pos])) this.#pos++
      else if (this.#src[this.#pos] === '\\' && this.#src[this.#pos + 1] === '\n') this.#pos += 2
      else break
    }
  }

  #peek(): Token {
    if (this.#token !== undefined) return this.#token
    this.#blanks()
    if (this.#src[this.#pos] === '#') while (this.#pos < this.#src.length && this.#src[this.#pos] !== '\n') this.#pos++
    const s = this.#pos
    const c = this.#src[s]
    let token: Token
    if (c === undefined) token = { k: 'end', s, e: s }
    else if (c === '\n') token = { k: 'newline', s, e: s + 1 }
    else {
      const number = /^\d+(?=[<>])/.exec(this.#src.slice(s, s + 12))?.[0]
      const op =
        this.#bash && /^[<>]\(/.test(this.#src.slice(s, s + 2))
          ? undefined
          : operators[this.#dialect].find((one) => this.#src.startsWith(one, s))
      if (number !== undefined) token = { k: 'fd', v: number, s, e: s + number.length }
      else if (op !== undefined) token = { k: 'op', v: op, s, e: s + op.length }
      else {
        const word = this.#word()
        token = { k: 'word', word, s, e: this.#pos }
        this.#pos = s
      }
    }
    this.#token = token
    return token
  }

  #next(): Token {
    const token = this.#peek()
    this.#token = undefined
    this.#pos = token.e
    if (this.#within.length > 0) this.#within = this.#within.filter(({ end }) => token.e <= end)
    if (token.k === 'newline' && this.#here.length > 0) this.#readHere()
    return token
  }

  #isOp(...ops: readonly string[]): boolean {
    const token = this.#peek()
    return token.k === 'op' && ops.includes(token.v)
  }

  #takeOp(op: string): boolean {
    if (!this.#isOp(op)) return false
    this.#next()
    return true
  }

  /** A reserved word that stands here, undefined where none does. */
  #reserved(): string | undefined {
    const token = this.#peek()
    if (token.k !== 'word') return undefined
    const [part, more] = token.word.parts
    return more === undefined && part?.t === 'lit' && part.v === token.word.raw && reserved[this.#dialect].has(part.v)
      ? part.v
      : undefined
  }

  #takeReserved(word: string): boolean {
    if (this.#reserved() !== word) return false
    this.#next()
    return true
  }

  #expect(word: string): void {
    if (!this.#takeReserved(word)) throw this.#unexpected(this.#peek(), word)
  }

  #newlines(): void {
    while (this.#peek().k === 'newline') this.#next()
  }

  // ——— Here-documents ———

  #readHere(): void {
    for (const { redirect, end, strip, quoted, line } of this.#here.splice(0)) {
      const lines: string[] = []
      let ended = false
      while (this.#pos < this.#src.length) {
        const at = this.#src.indexOf('\n', this.#pos)
        const stop = at < 0 ? this.#src.length : at
        let text = this.#src.slice(this.#pos, stop)
        this.#pos = at < 0 ? stop : stop + 1
        if (strip) text = text.replace(/^\t+/, '')
        if (text === end) {
          ended = true
          break
        }
        lines.push(`${text}\n`)
      }
      if (!ended) this.openHere.push({ line, end, at: this.lineAt(this.#src.replace(/\n$/, '').length) })
      const body = lines.join('')
      redirect.body = quoted
        ? { parts: [{ t: 'quoted', v: body }], raw: body, line }
        : { ...new Parser(body, this.#dialect, this.#aliases, line + 1).here(), raw: body }
    }
  }

  /** The text of a here-document: as within double quotes, where a double quote is nothing. */
  here(): Word {
    return { parts: this.#quotedParts(() => false, true), raw: this.#src, line: this.#first }
  }

  /** A text as one within double quotes, for prompts and the like. */
  static text(source: string, dialect: Dialect): Word {
    return new Parser(source, dialect).here()
  }

  // ——— Words ———

  /** One word, from where it stands. */
  #word(stop: (c: string, at: number) => boolean = () => false, pattern = false): Word {
    const s = this.#pos
    const line = this.lineAt(s)
    const assign = pattern ? undefined : this.#assignment(s, line)
    if (assign?.array !== undefined) {
      const raw = this.#src.slice(s, this.#pos)
      return { parts: [{ t: 'lit', v: raw }], raw, line, assign }
    }
    this.#pos = s
    const parts = this.#parts(
      (c, at) => (breaks(c) && !(/[<>]/.test(c) && this.#bash && this.#src[at + 1] === '(')) || stop(c, at),
    )
    const raw = this.#src.slice(s, this.#pos)
    return { parts, raw, line, ...(assign !== undefined && { assign }) }
  }

  /** Reads name=… and name[…]=…; undefined where it is none. */
  #assignment(s: number, line: number): Assign | undefined {
    const name = /^[A-Za-z_]\w*/.exec(this.#src.slice(s, s + 256))?.[0]
    if (name === undefined) return undefined
    let at = s + name.length
    let index: Word | undefined
    if (this.#bash && this.#src[at] === '[') {
      const close = this.#bracket(at)
      if (close === undefined) return undefined
      const text = this.#src.slice(at + 1, close)
      at = close + 1
      if (!/^\+?=/.test(this.#src.slice(at, at + 2))) return undefined
      index = Parser.inner(text, this.#dialect, line)
    }
    const append = this.#bash && this.#src[at] === '+'
    if (append) at++
    if (this.#src[at] !== '=') return undefined
    this.#pos = at + 1
    if (this.#bash && this.#src[this.#pos] === '(' && index === undefined) {
      this.#pos++
      const array: Word[] = []
      const saved = this.#token
      this.#token = undefined
      for (;;) {
        this.#newlines()
        if (this.#takeOp(')')) break
        const token = this.#peek()
        if (token.k !== 'word') throw this.#unexpected(token)
        array.push(token.word)
        this.#next()
      }
      this.#token = saved
      return { name, append, array, value: { parts: [], raw: '', line } }
    }
    const from = this.#pos
    const parts = this.#parts((c, at_) => breaks(c) && !(/[<>]/.test(c) && this.#bash && this.#src[at_ + 1] === '('))
    const value = { parts, raw: this.#src.slice(from, this.#pos), line }
    return { name, append, value, ...(index !== undefined && { index }) }
  }

  /** Where the bracket that opens at a place closes. */
  #bracket(from: number): number | undefined {
    let depth = 0
    for (let at = from; at < this.#src.length && at < from + 4096; at++) {
      const c = this.#src[at]
      if (c === '\\') at++
      else if (c === '[') depth++
      else if (c === ']' && --depth === 0) return at
      else if (c === '\n' || (c === ' ' && depth === 0)) return undefined
    }
    return undefined
  }

  /** A text within brackets or an arithmetic expression, as a word. */
  static inner(text: string, dialect: Dialect, line: number): Word {
    const parser = new Parser(text, dialect, new Map(), line)
    return { parts: parser.#quotedParts(() => false), raw: text, line }
  }

  #deeper(): void {
    if (++this.#depth > maxDepth) throw new Unreadable('end', '', this.lineAt(this.#pos))
  }

  #parts(stop: (c: string, at: number) => boolean): Part[] {
    this.#deeper()
    const parts: Part[] = []
    let text = ''
    const flush = () => {
      if (text !== '') parts.push({ t: 'lit', v: text })
      text = ''
    }
    const src = this.#src
    while (this.#pos < src.length) {
      const c = src[this.#pos] ?? ''
      // Extended patterns: their parentheses are of the word.
      if (this.#bash && '@?*+!'.includes(c) && src[this.#pos + 1] === '(' && (this.#tests > 0 || this.#extended())) {
        const close = this.#paren(this.#pos + 1)
        if (close !== undefined) {
          flush()
          text += `${c}(`
          this.#pos += 2
          flush()
          while (this.#pos < close) {
            parts.push(...this.#parts((one, at) => at >= close))
          }
          text += ')'
          this.#pos = close + 1
          continue
        }
      }
      if (stop(c, this.#pos)) break
      if (c === '\\') {
        const following = src[this.#pos + 1]
        this.#pos += 2
        if (following === '\n') continue
        flush()
        parts.push({ t: 'quoted', v: following ?? '\\' })
      } else if (c === "'") {
        flush()
        const close = src.indexOf("'", this.#pos + 1)
        if (close < 0) throw new Unreadable('quote', "'", this.lineAt(this.#pos))
        parts.push({ t: 'quoted', v: src.slice(this.#pos + 1, close) })
        this.#pos = close + 1
      } else if (c === '"') {
        flush()
        parts.push(this.#doubleQuotes())
      } else if (c === '$' || c === '`') {
        const part = this.#dollar(false)
        if (part === undefined) {
          text += c
          this.#pos++
        } else {
          flush()
          parts.push(part)
        }
      } else if ((c === '<' || c === '>') && this.#bash && src[this.#pos + 1] === '(') {
        flush()
        this.#pos += 2
        parts.push({ t: 'proc', into: c === '>', body: this.#nested() })
      } else {
        text += c
        this.#pos++
      }
    }
    flush()
    this.#depth--
    return parts
  }

  /** Where the parenthesis that opens at a place closes; quotes are looked over. */
  #paren(from: number): number | undefined {
    let depth = 0
    for (let at = from; at < this.#src.length && at < from + 4096; at++) {
      const c = this.#src[at]
      if (c === '\\') at++
      else if (c === "'" || c === '"') {
        const close = this.#src.indexOf(c, at + 1)
        if (close < 0) return undefined
        at = close
      } else if (c === '(') depth++
      else if (c === ')' && --depth === 0) return at
      else if (c === '\n') return undefined
    }
    return undefined
  }

  #doubleQuotes(): Part {
    const opened = this.#pos
    this.#pos++
    const parts = this.#quotedParts((c) => c === '"')
    if (this.#src[this.#pos] !== '"') throw new Unreadable('quote', '"', this.lineAt(opened))
    this.#pos++
    return { t: 'dq', parts }
  }

  /** What stands within double quotes. @param here whether a double quote is nothing special */
  #quotedParts(stop: (c: string) => boolean, here = false): Part[] {
    this.#deeper()
    const parts: Part[] = []
    let text = ''
    const flush = () => {
      if (text !== '') parts.push({ t: 'quoted', v: text })
      text = ''
    }
    while (this.#pos < this.#src.length) {
      const c = this.#src[this.#pos] ?? ''
      if (stop(c)) break
      if (c === '\\') {
        const following = this.#src[this.#pos + 1] ?? ''
        this.#pos += 2
        if (following === '\n') continue
        text +=
          following !== '' && (`$\`\\`.includes(following) || (following === '"' && !here))
            ? following
            : `\\${following}`
      } else if (c === '$' || c === '`') {
        const part = this.#dollar(true)
        if (part === undefined) {
          text += c
          this.#pos++
        } else {
          flush()
          parts.push(part)
        }
      } else {
        text += c
        this.#pos++
      }
    }
    flush()
    this.#depth--
    return parts
  }

  /** What begins with $ or `. @returns undefined where the dollar is only that */
  #dollar(quoted: boolean): Part | undefined {
    const src = this.#src
    const s = this.#pos
    const line = this.lineAt(s)
    if (src[s] === '`') {
      let inner = ''
      let at = s + 1
      for (; at < src.length && src[at] !== '`'; at++) {
        if (src[at] === '\\' && /[$`\\]/.test(src[at + 1] ?? '')) inner += src[++at] ?? ''
        else if (src[at] === '\\' && quoted && src[at + 1] === '"') inner += src[++at] ?? ''
        else inner += src[at] ?? ''
      }
      if (at >= src.length) throw new Unreadable('quote', '`', line)
      this.#pos = at + 1
      return { t: 'cmd', body: this.#inside(inner, line), source: inner }
    }
    const c = src[s + 1] ?? ''
    if (c === '(') {
      if (src[s + 2] === '(') {
        const close = this.#arithmeticEnd(s + 3)
        if (close !== undefined) {
          const text = src.slice(s + 3, close)
          this.#pos = close + 2
          return { t: 'arith', expr: Parser.inner(text, this.#dialect, line) }
        }
      }
      this.#pos = s + 2
      const body = this.#nested()
      return { t: 'cmd', body, source: src.slice(s + 2, this.#pos - 1) }
    }
    if (c === '[' && this.#bash) {
      const close = this.#bracket(s + 1)
      if (close !== undefined) {
        this.#pos = close + 1
        return { t: 'arith', expr: Parser.inner(src.slice(s + 2, close), this.#dialect, line) }
      }
    }
    if (c === '{') return this.#braced(quoted)
    if (c === "'" && !quoted && this.#dialect !== 'dash') {
      let at = s + 2
      while (at < src.length && src[at] !== "'") at += src[at] === '\\' ? 2 : 1
      if (at >= src.length) throw new Unreadable('quote', "'", line)
      this.#pos = at + 1
      return { t: 'quoted', v: ansiC(src.slice(s + 2, at)).split('\0')[0] ?? '' }
    }
    if (c === '"' && !quoted && this.#bash) {
      this.#pos = s + 1
      return this.#doubleQuotes()
    }
    const name = /^(?:[A-Za-z_]\w*|[0-9@*#?$!-])/.exec(src.slice(s + 1, s + 257))?.[0]
    if (name === undefined) return undefined
    this.#pos = s + 1 + name.length
    return { t: 'param', name }
  }

  /** Where an arithmetic expression ends that began before a place; undefined where it is none. */
  #arithmeticEnd(from: number): number | undefined {
    let depth = 0
    for (let at = from; at < this.#src.length; at++) {
      const c = this.#src[at]
      if (c === '(') depth++
      else if (c === ')') {
        if (depth > 0) depth--
        else return this.#src[at + 1] === ')' ? at : undefined
      } else if (c === "'" || c === '"') {
        const close = this.#src.indexOf(c, at + 1)
        if (close < 0) return undefined
        at = close
      } else if (c === '\\') at++
    }
    return undefined
  }

  /** A script up to the parenthesis that closes it. */
  #nested(): Script {
    this.#deeper()
    const saved = this.#token
    this.#token = undefined
    const opened = this.#pos
    const body = this.#list(() => this.#isOp(')'), true)
    if (!this.#isOp(')')) {
      const token = this.#peek()
      if (token.k === 'end') throw new Unreadable('quote', ')', this.lineAt(opened))
      throw this.#unexpected(token)
    }
    this.#next()
    this.#token = saved
    this.#depth--
    return body
  }

  /** A script that stands in backquotes. */
  #inside(source: string, line: number): Script {
    const parser = new Parser(source, this.#dialect, this.#aliases, line, this.#extended)
    parser.#depth = this.#depth + 1
    if (parser.#depth > maxDepth) throw new Unreadable('end', '', line)
    return parser.#list(() => false, true)
  }

  /** ${…} */
  #braced(quoted: boolean): Part {
    const s = this.#pos
    const src = this.#src
    const line = this.lineAt(s)
    this.#pos += 2
    const end = (): void => {
      if (this.#pos >= src.length) throw new Unreadable('quote', '}', line)
    }
    const bad = (): Param => {
      let depth = 1
      while (this.#pos < src.length && depth > 0) {
        if (src[this.#pos] === '{') depth++
        else if (src[this.#pos] === '}') depth--
        this.#pos++
      }
      if (depth > 0) throw new Unreadable('quote', '}', line)
      return { t: 'param', name: '', bad: src.slice(s, this.#pos) }
    }
    const nameHere = (): string | undefined =>
      /^(?:[A-Za-z_]\w*|\d+|[@*#?$!-])/.exec(src.slice(this.#pos, this.#pos + 256))?.[0]
    const indexHere = (): Word | '@' | '*' | undefined => {
      if (!this.#bash || src[this.#pos] !== '[') return undefined
      const close = this.#bracket(this.#pos)
      if (close === undefined) return undefined
      const text = src.slice(this.#pos + 1, close)
      this.#pos = close + 1
      return text === '@' || text === '*' ? text : Parser.inner(text, this.#dialect, line)
    }
    if (src[this.#pos] === '#' && !/^#(?:\}|[-:?+=%/]|##?[^}\]])/.test(src.slice(this.#pos, this.#pos + 3))) {
      this.#pos++
      const name = nameHere()
      if (name === undefined) return bad()
      this.#pos += name.length
      const index = indexHere()
      end()
      if (src[this.#pos] !== '}') return bad()
      this.#pos++
      return { t: 'param', name, length: true, ...(index !== undefined && { index }) }
    }
    let indirect = false
    if (this.#bash && src[this.#pos] === '!' && /^![A-Za-z_0-9@*#]/.test(src.slice(this.#pos, this.#pos + 2))) {
      indirect = true
      this.#pos++
    }
    const name = nameHere()
    end()
    if (name === undefined) return bad()
    this.#pos += name.length
    if (indirect && /^[*@]\}/.test(src.slice(this.#pos, this.#pos + 2))) {
      const prefix = src[this.#pos] as '*' | '@'
      this.#pos += 2
      return { t: 'param', name, prefix }
    }
    const index = indexHere()
    const base = { t: 'param' as const, name, ...(index !== undefined && { index }), ...(indirect && { indirect }) }
    end()
    if (src[this.#pos] === '}') {
      this.#pos++
      return base
    }
    const rest = src.slice(this.#pos, this.#pos + 2)
    const op = (
      this.#dialect === 'dash'
        ? /^(?::?[-=?+]|%%?|##?)/
        : this.#bash
          ? /^(?::?[-=?+]|%%?|##?|:|\/[/#%]?|\^\^?|,,?|@)/
          : /^(?::?[-=?+]|%%?|##?|:|\/\/?)/
    ).exec(rest)?.[0]
    if (op === undefined) return bad()
    this.#pos += op.length
    const word = (stop: string): Word => {
      const from = this.#pos
      const ends = (c: string): boolean => c === '}' || stop.includes(c)
      // A pattern keeps its own quotes even within quotes.
      const parts = quoted && /^:?[-=?+]$/.test(op) ? this.#defaultParts(ends) : this.#parts(ends)
      return { parts, raw: src.slice(from, this.#pos), line }
    }
    const close = (): void => {
      end()
      this.#pos++
    }
    if (op === ':') {
      const from = this.#pos
      const expression = (stop: string): Word => {
        const at = this.#pos
        let depth = 0
        while (this.#pos < src.length) {
          const c = src[this.#pos] ?? ''
          if (depth === 0 && (c === '}' || stop.includes(c))) break
          if (c === '{' || c === '(' || c === '[') depth++
          if (c === '}' || c === ')' || c === ']') depth--
          this.#pos++
        }
        return Parser.inner(src.slice(at, this.#pos), this.#dialect, line)
      }
      const arg = expression(':')
      if (this.#pos === from && src[this.#pos] === '}') return bad()
      let more: Word | undefined
      if (src[this.#pos] === ':') {
        this.#pos++
        more = expression('')
      }
      close()
      return { ...base, op, arg, ...(more !== undefined && { more }) }
    }
    if (op.startsWith('/')) {
      const arg = word('/')
      let more: Word | undefined
      if (src[this.#pos] === '/') {
        this.#pos++
        more = word('')
      }
      close()
      return { ...base, op, arg, ...(more !== undefined && { more }) }
    }
    const arg = word('')
    close()
    return { ...base, op, arg }
  }

  /** What stands for a parameter that is not set, within double quotes: quotes within them quote. */
  #defaultParts(stop: (c: string) => boolean): Part[] {
    const parts: Part[] = []
    while (this.#pos < this.#src.length && !stop(this.#src[this.#pos] ?? '')) {
      if (this.#src[this.#pos] === '"') parts.push(this.#doubleQuotes())
      else parts.push(...this.#quotedParts((c) => stop(c) || c === '"'))
    }
    return parts
  }

  // ——— Commands ———

  /** The next complete command: what stands on a line, and those that it goes on to. @returns undefined at the end */
  complete(): Script | undefined {
    this.#newlines()
    if (this.#peek().k === 'end') return undefined
    const items: AndOr[] = []
    for (;;) {
      items.push(this.#andOr())
      const token = this.#peek()
      if (token.k === 'newline') {
        this.#next()
        break
      }
      if (token.k === 'end') {
        if (this.#here.length > 0) this.#readHere()
        break
      }
      const last = items.at(-1)
      if (token.k === 'op' && (token.v === ';' || token.v === '&')) {
        this.#next()
        if (token.v === '&' && last !== undefined) items[items.length - 1] = { ...last, background: true }
        const after = this.#peek()
        if (after.k === 'newline' || after.k === 'end') {
          if (after.k === 'newline') this.#next()
          else if (this.#here.length > 0) this.#readHere()
          break
        }
        continue
      }
      throw this.#unexpected(token)
    }
    return items
  }

  /** Commands until something ends them. @param mayBeEmpty whether there need not be any */
  #list(stop: () => boolean, mayBeEmpty = false): Script {
    const items: AndOr[] = []
    this.#newlines()
    while (!stop()) {
      const token = this.#peek()
      if (token.k === 'end') {
        if (mayBeEmpty) {
          if (this.#here.length > 0) this.#readHere()
          return items
        }
        throw this.#unexpected(token)
      }
      items.push(this.#andOr())
      const after = this.#peek()
      const last = items.at(-1)
      if (after.k === 'op' && (after.v === ';' || after.v === '&')) {
        this.#next()
        if (after.v === '&' && last !== undefined) items[items.length - 1] = { ...last, background: true }
      } else if (after.k !== 'newline') break
      this.#newlines()
    }
    if (items.length === 0 && !mayBeEmpty) throw this.#unexpected(this.#peek())
    return items
  }

  #until(...words: readonly string[]): Script {
    const list = this.#list(() => words.includes(this.#reserved() ?? ''))
    if (!words.includes(this.#reserved() ?? ''))
      throw this.#unexpected(this.#peek(), words.length === 1 ? words[0] : '')
    return list
  }

  #andOr(): AndOr {
    const { s } = this.#peek()
    const first = this.#pipeline()
    const rest: { op: '&&' | '||'; pipeline: Pipeline }[] = []
    while (this.#isOp('&&', '||')) {
      const op = this.#src.slice(this.#peek().s, this.#peek().e) as '&&' | '||'
      this.#next()
      this.#newlines()
      rest.push({ op, pipeline: this.#pipeline() })
    }
    return { first, rest, background: false, source: this.#src.slice(s, this.#pos).trimEnd(), line: this.lineAt(s) }
  }

  #pipeline(): Pipeline {
    let [not, timed] = [false, false]
    for (;;) {
      if (this.#takeReserved('!')) not = !not
      else if (this.#bash && this.#reserved() === 'time') {
        this.#next()
        timed = true
        const token = this.#peek()
        if (token.k === 'word' && token.word.raw === '-p') this.#next()
      } else break
    }
    const commands: Command[] = []
    const both: boolean[] = []
    const end = this.#peek()
    if ((timed || not) && (end.k === 'newline' || end.k === 'end' || this.#isOp(';')))
      return { not, timed, commands, both }
    for (;;) {
      commands.push(this.#command())
      if (!this.#isOp('|', '|&')) break
      both.push(this.#isOp('|&'))
      this.#next()
      this.#newlines()
    }
    both.push(false)
    return { not, timed, commands, both }
  }

  #command(): Command {
    this.#deeper()
    try {
      const token = this.#peek()
      const line = this.lineAt(token.s)
      const word = this.#reserved()
      if (token.k === 'op' && token.v === '(') return this.#parentheses(line)
      if (word !== undefined && word !== 'in') {
        if (closing.has(word)) throw this.#unexpected(token)
        return this.#compound(word, line)
      }
      return this.#simple(line)
    } finally {
      this.#depth--
    }
  }

  #redirects(): Redirect[] {
    const all: Redirect[] = []
    for (let redirect = this.#redirect(); redirect !== undefined; redirect = this.#redirect()) all.push(redirect)
    return all
  }

  #redirect(): Redirect | undefined {
    let token = this.#peek()
    let fd: number | undefined
    if (token.k === 'fd') {
      fd = Number(token.v)
      this.#next()
      token = this.#peek()
    }
    if (token.k !== 'op' || !isRedirect(token.v)) return undefined
    const { v: op } = token
    this.#next()
    const target = this.#peek()
    const line = this.lineAt(target.s)
    if (target.k === 'fd') {
      this.#next()
      return {
        op,
        target: { parts: [{ t: 'lit', v: target.v }], raw: target.v, line },
        ...(fd !== undefined && { fd }),
      }
    }
    if (target.k !== 'word') throw this.#unexpected(target)
    if (op === '<<' || op === '<<-') {
      const quoted = /['"\\]/.test(target.word.raw)
      const end = target.word.parts
        .map(function text(part): string {
          return part.t === 'lit' || part.t === 'quoted'
            ? part.v
            : part.t === 'dq'
              ? part.parts.map(text).join('')
              : target.word.raw
        })
        .join('')
      const here = { body: { parts: [], raw: '', line } as Word }
      this.#here.push({ redirect: here, end, strip: op === '<<-', quoted, line })
      this.#next()
      return { op, target: target.word, here, ...(fd !== undefined && { fd }) }
    }
    this.#next()
    return { op, target: target.word, ...(fd !== undefined && { fd }) }
  }

  #parentheses(line: number): Command {
    const { s } = this.#peek()
    if (this.#bash && this.#src[s + 1] === '(') {
      const close = this.#arithmeticEnd(s + 2)
      if (close !== undefined) {
        const expr = Parser.inner(this.#src.slice(s + 2, close), this.#dialect, line)
        this.#token = undefined
        this.#pos = close + 2
        return { t: 'arith', expr, line, redirects: this.#redirects() }
      }
    }
    this.#next()
    const body = this.#list(() => this.#isOp(')'))
    if (!this.#takeOp(')')) throw this.#unexpected(this.#peek(), ')')
    return { t: 'subshell', body, line, redirects: this.#redirects() }
  }

  #doBody(): Script {
    this.#expect('do')
    const body = this.#until('done')
    this.#next()
    return body
  }

  #compound(word: string, line: number): Command {
    const { s } = this.#peek()
    this.#next()
    const done = () => ({ line, redirects: this.#redirects() })
    switch (word) {
      case '{': {
        const body = this.#until('}')
        this.#next()
        return { t: 'group', body, ...done() }
      }
      case 'if': {
        const clauses: { test: Script; body: Script }[] = []
        let otherwise: Script | undefined
        do {
          const test = this.#until('then')
          this.#next()
          const body = this.#until('elif', 'else', 'fi')
          clauses.push({ test, body })
        } while (this.#takeReserved('elif'))
        if (this.#takeReserved('else')) otherwise = this.#until('fi')
        this.#next()
        return { t: 'if', clauses, ...(otherwise !== undefined && { otherwise }), ...done() }
      }
      case 'while':
      case 'until': {
        const test = this.#until('do')
        const body = this.#doBody()
        return { t: 'while', until: word === 'until', test, body, ...done() }
      }
      case 'for':
      case 'select':
        return this.#for(word, done)
      case 'case':
        return this.#case(done)
      case '[[': {
        this.#tests++
        this.#token = undefined
        const expr = this.#condition()
        const token = this.#peek()
        this.#tests--
        if (token.k !== 'word' || token.word.raw !== ']]') throw this.#conditionError(token)
        this.#next()
        return { t: 'condition', expr, ...done() }
      }
      case 'function': {
        const token = this.#next()
        if (token.k !== 'word') throw this.#unexpected(token)
        if (this.#takeOp('(') && !this.#takeOp(')')) throw this.#unexpected(this.#peek())
        return this.#function(token.word.raw, s, line)
      }
      case 'coproc': {
        let name = 'COPROC'
        const token = this.#peek()
        if (
          token.k === 'word' &&
          this.#reserved() === undefined &&
          /^\w+\s+[({]/.test(this.#src.slice(token.s, token.s + 80))
        ) {
          name = token.word.raw
          this.#next()
        }
        return { t: 'coproc', name, body: this.#command(), line, redirects: [] }
      }
      default:
        throw this.#unexpected(this.#peek())
    }
  }

  #function(name: string, s: number, line: number): Command {
    this.#newlines()
    const token = this.#peek()
    if (token.k !== 'word' && !(token.k === 'op' && token.v === '(')) throw this.#unexpected(token)
    if (this.#bash && token.k === 'word' && this.#reserved() === undefined) throw this.#unexpected(token)
    const body = this.#command()
    return { t: 'function', name, body, source: this.#src.slice(s, this.#pos), line, redirects: [] }
  }

  #for(word: 'for' | 'select', done: () => { line: number; redirects: Redirect[] }): Command {
    const token = this.#peek()
    if (this.#bash && word === 'for' && token.k === 'op' && token.v === '(' && this.#src[token.s + 1] === '(') {
      const close = this.#arithmeticEnd(token.s + 2)
      if (close === undefined) throw this.#unexpected(token)
      const at = this.lineAt(token.s)
      const [init = '', test = '', step = ''] = this.#src.slice(token.s + 2, close).split(';')
      this.#token = undefined
      this.#pos = close + 2
      if (this.#isOp(';')) this.#next()
      this.#newlines()
      let body: Script
      if (this.#takeReserved('{')) {
        body = this.#until('}')
        this.#next()
      } else body = this.#doBody()
      const inner = (text: string) => Parser.inner(text.trim(), this.#dialect, at)
      return { t: 'count', init: inner(init), test: inner(test), step: inner(step), body, ...done() }
    }
    if (token.k !== 'word') throw this.#unexpected(token)
    const name = token.word.raw
    this.#next()
    if (this.#dialect !== 'bash' && !/^[A-Za-z_]\w*$/.test(name))
      throw new Unreadable('token', 'Bad for loop variable', this.lineAt(token.s), '!')
    this.#newlines()
    let words: Word[] | undefined
    if (this.#takeReserved('in')) {
      words = []
      for (;;) {
        const one = this.#peek()
        if (one.k !== 'word') break
        words.push(one.word)
        this.#next()
      }
      const after = this.#peek()
      if (after.k === 'newline' || (after.k === 'op' && after.v === ';')) this.#next()
      else throw this.#unexpected(after)
    } else if (this.#isOp(';')) this.#next()
    this.#newlines()
    let body: Script
    if (this.#bash && this.#takeReserved('{')) {
      body = this.#until('}')
      this.#next()
    } else body = this.#doBody()
    return { t: word, name, ...(words !== undefined && { words }), body, ...done() }
  }

  #case(done: () => { line: number; redirects: Redirect[] }): Command {
    const subject = this.#next()
    if (subject.k !== 'word') throw this.#unexpected(subject)
    this.#newlines()
    this.#expect('in')
    const items: { patterns: Word[]; body: Script; end: string }[] = []
    for (;;) {
      this.#newlines()
      if (this.#takeReserved('esac')) break
      this.#takeOp('(')
      const patterns: Word[] = []
      do {
        const token = this.#next()
        if (token.k !== 'word') throw this.#unexpected(token)
        patterns.push(token.word)
      } while (this.#takeOp('|'))
      if (!this.#takeOp(')')) throw this.#unexpected(this.#peek(), ')')
      const ends = () => this.#isOp(';;', ';&', ';;&') || this.#reserved() === 'esac'
      const body = this.#list(ends, true)
      const token = this.#peek()
      if (token.k === 'op' && /^;[;&]/.test(token.v)) {
        items.push({ patterns, body, end: token.v })
        this.#next()
      } else {
        items.push({ patterns, body, end: ';;' })
        if (this.#reserved() !== 'esac') throw this.#unexpected(token, token.k === 'end' ? ';;' : '')
      }
    }
    return { t: 'case', word: subject.word, items, ...done() }
  }

  /** @param wanted what was looked for */
  #conditionError(token: Token, wanted = 'operator'): Unreadable {
    if (token.k === 'end') return this.#unexpected(token)
    return new Unreadable(
      'condition',
      token.k === 'newline' ? 'newline' : this.#src.slice(token.s, token.e),
      this.lineAt(token.s),
      wanted,
    )
  }

  #condition(): Condition {
    let left = this.#conditionAnd()
    this.#newlines()
    while (this.#takeOp('||')) {
      this.#newlines()
      left = { t: 'or', left, right: this.#conditionAnd() }
      this.#newlines()
    }
    return left
  }

  #conditionAnd(): Condition {
    let left = this.#conditionOne()
    this.#newlines()
    while (this.#takeOp('&&')) {
      this.#newlines()
      left = { t: 'and', left, right: this.#conditionOne() }
      this.#newlines()
    }
    return left
  }

  #conditionOne(): Condition {
    this.#deeper()
    try {
      this.#newlines()
      const token = this.#peek()
      if (this.#takeOp('(')) {
        const inner = this.#condition()
        if (!this.#takeOp(')')) throw this.#conditionError(this.#peek())
        return inner
      }
      if (token.k !== 'word') throw this.#conditionError(token, 'operand')
      if (token.word.raw === '!') {
        this.#next()
        return { t: 'not', of: this.#conditionOne() }
      }
      if (token.word.raw === ']]') throw this.#conditionError(token)
      this.#next()
      const after = this.#peek()
      if (
        /^-[a-hknoprstuvwxzGLNORS]$/.test(token.word.raw) &&
        after.k === 'word' &&
        after.word.raw !== ']]' &&
        !/^(?:==?|!=|=~|-(?:eq|ne|lt|le|gt|ge))$/.test(after.word.raw)
      ) {
        this.#next()
        return { t: 'unary', op: token.word.raw, word: after.word }
      }
      const op = after.k === 'op' ? after.v : after.k === 'word' ? after.word.raw : ''
      if (/^(?:==?|!=|=~|<|>|-(?:eq|ne|lt|le|gt|ge|nt|ot|ef))$/.test(op)) {
        this.#next()
        if (op === '=~') return { t: 'binary', op, left: token.word, right: this.#expression() }
        const right = this.#peek()
        if (right.k !== 'word') throw this.#conditionError(right)
        this.#next()
        return { t: 'binary', op, left: token.word, right: right.word }
      }
      if ((after.k === 'word' && after.word.raw === ']]') || (after.k === 'op' && /^(?:&&|\|\||\))$/.test(after.v)))
        return { t: 'word', word: token.word }
      throw this.#conditionError(after)
    } finally {
      this.#depth--
    }
  }

  /** A regular expression within [[ ]]: parentheses and bars are of it. */
  #expression(): Word {
    this.#blanks()
    this.#token = undefined
    const s = this.#pos
    let depth = 0
    const parts = this.#parts((c) => {
      if (c === '(') depth++
      if (c === ')') depth--
      return depth < 0 || ((blank(c) || c === '\n') && depth <= 0)
    })
    return { parts, raw: this.#src.slice(s, this.#pos), line: this.lineAt(s) }
  }

  #simple(line: number): Command {
    const assigns: Assign[] = []
    const words: Word[] = []
    const redirects: Redirect[] = []
    const { s } = this.#peek()
    let alias = true
    for (;;) {
      const redirect = this.#redirect()
      if (redirect !== undefined) {
        redirects.push(redirect)
        continue
      }
      const token = this.#peek()
      if (token.k !== 'word') break
      if (words.length === 0 && token.word.assign !== undefined) {
        assigns.push(token.word.assign)
        this.#next()
        continue
      }
      if (alias && this.#expandAlias(token)) {
        // What the alias stands for may be more than a simple command.
        if (words.length === 0 && assigns.length === 0 && redirects.length === 0) return this.#command()
        continue
      }
      alias = false
      words.push(token.word)
      this.#next()
      const [name] = words
      if (words.length === 1 && assigns.length === 0 && name !== undefined && this.#isOp('(')) {
        const open = this.#peek()
        if (!/^[^'"\\$`]+$/.test(name.raw)) throw this.#unexpected(open)
        this.#next()
        if (!this.#takeOp(')')) throw this.#unexpected(this.#dialect === 'bash' ? this.#peek() : this.#peek(), ')')
        if (this.#dialect !== 'bash' && !/^[A-Za-z_]\w*$/.test(name.raw))
          throw new Unreadable('token', 'Bad function name', line, '!')
        return this.#function(name.raw, s, line)
      }
    }
    if (words.length === 0 && assigns.length === 0 && redirects.length === 0) throw this.#unexpected(this.#peek())
    return { t: 'simple', assigns, words, redirects, line }
  }

  /** Puts what an alias stands for in its place. */
  #expandAlias(token: Token & { k: 'word' }): boolean {
    const { raw } = token.word
    const value = this.#aliases.get(raw)
    if (value === undefined || this.#within.some(({ name }) => name === raw)) return false
    const grown = value.length - (token.e - token.s)
    this.#src = this.#src.slice(0, token.s) + value + this.#src.slice(token.e)
    this.#grown += grown
    for (const one of this.#within) one.end += grown
    this.#within.push({ name: raw, end: token.s + value.length })
    this.#token = undefined
    this.#pos = token.s
    return true
  }
}
