import type { Assign, Dialect, Word } from '../ast.ts'
import { Parameters } from './parameters.ts'
import { Unreadable } from './text.ts'

/** A piece of a script: from where to where, and what it is. */
export type Token =
  | { readonly k: 'op'; readonly v: string; readonly s: number; readonly e: number }
  | { readonly k: 'word'; readonly word: Word; readonly s: number; readonly e: number }
  | { readonly k: 'fd'; readonly v: string; readonly s: number; readonly e: number }
  | { readonly k: 'newline' | 'end'; readonly s: number; readonly e: number }

const operators: Readonly<Record<Dialect, readonly string[]>> = {
  bash: ';;& &>> <<< <<- && || ;; ;& |& &> << <& <> >> >& >| ; & | < > ( )'.split(' '),
  dash: '<<- && || ;; << <& <> >> >& >| ; & | < > ( )'.split(' '),
  ash: '&>> <<< <<- && || ;; &> << <& <> >> >& >| ; & | < > ( )'.split(' '),
}
export const blank = (c: string | undefined): boolean => c === ' ' || c === '\t'
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

/** Reads tokens: operators, words with their assignments, lines; and the here-documents that follow a line. */
export abstract class Tokens extends Parameters {
  protected token: Token | undefined
  protected readonly aliases: ReadonlyMap<string, string>
  /** How much longer the text is by what aliases stand for. */
  protected grown = 0
  /** Aliases within whose text it reads, and where that ends. */
  protected within: { readonly name: string; end: number }[] = []
  /** Here-documents that are still to come. */
  protected readonly waiting: {
    readonly redirect: { body: Word }
    readonly end: string
    readonly strip: boolean
    readonly quoted: boolean
    readonly line: number
  }[] = []
  /** Here-documents that nothing ended: their line, what would have ended them. */
  readonly openHere: { readonly line: number; readonly end: string; readonly at: number }[] = []

  constructor(
    source: string,
    dialect: Dialect,
    aliases: ReadonlyMap<string, string>,
    line: number,
    extended: () => boolean,
  ) {
    super(source, dialect, line, extended)
    this.aliases = aliases
  }

  protected abstract override other(source: string, line: number): Tokens

  protected unexpected(token: Token, wanted = ''): Unreadable {
    const line = this.lineAt(token.s)
    if (token.k === 'end') return new Unreadable('end', '', this.lines, wanted)
    const shown = token.k === 'newline' ? 'newline' : this.src.slice(token.s, token.e)
    return new Unreadable('token', shown, line, wanted)
  }

  protected blanks(): void {
    for (;;) {
      if (blank(this.src[this.pos])) this.pos++
      else if (this.src[this.pos] === '\\' && this.src[this.pos + 1] === '\n') this.pos += 2
      else break
    }
  }

  protected peek(): Token {
    if (this.token !== undefined) return this.token
    this.blanks()
    if (this.src[this.pos] === '#') while (this.pos < this.src.length && this.src[this.pos] !== '\n') this.pos++
    const s = this.pos
    const c = this.src[s]
    let token: Token
    if (c === undefined) token = { k: 'end', s, e: s }
    else if (c === '\n') token = { k: 'newline', s, e: s + 1 }
    else {
      const number = /^\d+(?=[<>])/.exec(this.src.slice(s, s + 12))?.[0]
      const op =
        this.bash && /^[<>]\(/.test(this.src.slice(s, s + 2))
          ? undefined
          : operators[this.dialect].find((one) => this.src.startsWith(one, s))
      if (number !== undefined) token = { k: 'fd', v: number, s, e: s + number.length }
      else if (op !== undefined) token = { k: 'op', v: op, s, e: s + op.length }
      else {
        const word = this.word()
        token = { k: 'word', word, s, e: this.pos }
        this.pos = s
      }
    }
    this.token = token
    return token
  }

  protected next(): Token {
    const token = this.peek()
    this.token = undefined
    this.pos = token.e
    if (this.within.length > 0) this.within = this.within.filter(({ end }) => token.e <= end)
    if (token.k === 'newline' && this.waiting.length > 0) this.readHere()
    return token
  }

  protected isOp(...ops: readonly string[]): boolean {
    const token = this.peek()
    return token.k === 'op' && ops.includes(token.v)
  }

  protected takeOp(op: string): boolean {
    if (!this.isOp(op)) return false
    this.next()
    return true
  }

  /** A reserved word that stands here, undefined where none does. */
  protected reserved(): string | undefined {
    const token = this.peek()
    if (token.k !== 'word') return undefined
    const [part, more] = token.word.parts
    return more === undefined && part?.t === 'lit' && part.v === token.word.raw && reserved[this.dialect].has(part.v)
      ? part.v
      : undefined
  }

  protected takeReserved(word: string): boolean {
    if (this.reserved() !== word) return false
    this.next()
    return true
  }

  protected expectWord(word: string): void {
    if (!this.takeReserved(word)) throw this.unexpected(this.peek(), word)
  }

  protected newlines(): void {
    while (this.peek().k === 'newline') this.next()
  }

  protected readHere(): void {
    for (const { redirect, end, strip, quoted, line } of this.waiting.splice(0)) {
      const lines: string[] = []
      let ended = false
      while (this.pos < this.src.length) {
        const at = this.src.indexOf('\n', this.pos)
        const stop = at < 0 ? this.src.length : at
        let text = this.src.slice(this.pos, stop)
        this.pos = at < 0 ? stop : stop + 1
        if (strip) text = text.replace(/^\t+/, '')
        if (text === end) {
          ended = true
          break
        }
        lines.push(`${text}\n`)
      }
      if (!ended) this.openHere.push({ line, end, at: this.lineAt(this.src.replace(/\n$/, '').length) })
      const body = lines.join('')
      redirect.body = quoted
        ? { parts: [{ t: 'quoted', v: body }], raw: body, line }
        : { ...this.other(body, line + 1).here(), raw: body }
    }
  }

  /** The text of a here-document: as within double quotes, where a double quote is nothing. */
  here(): Word {
    return { parts: this.quotedParts(() => false, true), raw: this.src, line: this.first }
  }

  /** One word, from where it stands. */
  protected word(stop: (c: string, at: number) => boolean = () => false, pattern = false): Word {
    const s = this.pos
    const line = this.lineAt(s)
    const assign = pattern ? undefined : this.assignment(s, line)
    if (assign?.array !== undefined) {
      const raw = this.src.slice(s, this.pos)
      return { parts: [{ t: 'lit', v: raw }], raw, line, assign }
    }
    this.pos = s
    const parts = this.parts(
      (c, at) => (breaks(c) && !(/[<>]/.test(c) && this.bash && this.src[at + 1] === '(')) || stop(c, at),
    )
    const raw = this.src.slice(s, this.pos)
    return { parts, raw, line, ...(assign !== undefined && { assign }) }
  }

  /** Reads name=… and name[…]=…; undefined where it is none. */
  protected assignment(s: number, line: number): Assign | undefined {
    const name = /^[A-Za-z_]\w*/.exec(this.src.slice(s, s + 256))?.[0]
    if (name === undefined) return undefined
    let at = s + name.length
    let index: Word | undefined
    if (this.bash && this.src[at] === '[') {
      const close = this.bracket(at)
      if (close === undefined) return undefined
      const text = this.src.slice(at + 1, close)
      at = close + 1
      if (!/^\+?=/.test(this.src.slice(at, at + 2))) return undefined
      index = this.inner(text, line)
    }
    const append = this.bash && this.src[at] === '+'
    if (append) at++
    if (this.src[at] !== '=') return undefined
    this.pos = at + 1
    if (this.bash && this.src[this.pos] === '(' && index === undefined) {
      this.pos++
      const array: Word[] = []
      const saved = this.token
      this.token = undefined
      for (;;) {
        this.newlines()
        if (this.takeOp(')')) break
        const token = this.peek()
        if (token.k !== 'word') throw this.unexpected(token)
        array.push(token.word)
        this.next()
      }
      this.token = saved
      return { name, append, array, value: { parts: [], raw: '', line } }
    }
    const from = this.pos
    const parts = this.parts((c, at_) => breaks(c) && !(/[<>]/.test(c) && this.bash && this.src[at_ + 1] === '('))
    const value = { parts, raw: this.src.slice(from, this.pos), line }
    return { name, append, value, ...(index !== undefined && { index }) }
  }
}
