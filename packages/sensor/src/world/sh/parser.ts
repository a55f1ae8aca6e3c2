import type { AndOr, Assign, Command, Dialect, Pipeline, Redirect, Script, Word } from './ast.ts'
import { Conditions } from './reading/conditions.ts'
import { maxDepth, Unreadable } from './reading/text.ts'
import type { Token } from './reading/tokens.ts'

// Reads the language of the shell (POSIX.1-2017, Shell Command Language, and what bash adds to it), as bash, dash and
// busybox's ash each read it. A layer for each level of it lies in `reading/`: the text, words, parameters in braces, tokens,
// conditions; here are the commands.

/** Words that no command can begin with: they end what is around them. */
const closing = new Set(['then', 'else', 'elif', 'fi', 'do', 'done', 'esac', '}'])
const isRedirect = (op: string): boolean => /[<>]/.test(op)

/** Reads scripts, one complete command at a time. */
export class Parser extends Conditions {
  /** @param extended whether there are extended patterns; undefined: as within [[ ]], where there always are */
  constructor(
    source: string,
    dialect: Dialect,
    aliases: ReadonlyMap<string, string> = new Map(),
    line = 1,
    extended: () => boolean = () => true,
  ) {
    super(source, dialect, aliases, line, extended)
  }

  /** How much of the text was read. */
  get consumed(): number {
    return Math.max(0, this.pos - this.grown)
  }

  /** A text as one within double quotes, for prompts and the like. */
  static text(source: string, dialect: Dialect): Word {
    return new Parser(source, dialect).here()
  }

  /** A text within brackets or an arithmetic expression, as a word. */
  static inner(text: string, dialect: Dialect, line: number): Word {
    return new Parser(text, dialect, new Map(), line).inner(text, line)
  }

  protected override other(source: string, line: number): Parser {
    return new Parser(source, this.dialect, this.aliases, line, this.extended)
  }

  /** A script up to the parenthesis that closes it. */
  protected override nested(): Script {
    this.deeper()
    const saved = this.token
    this.token = undefined
    const opened = this.pos
    const body = this.list(() => this.isOp(')'), true)
    if (!this.isOp(')')) {
      const token = this.peek()
      if (token.k === 'end') throw new Unreadable('quote', ')', this.lineAt(opened))
      throw this.unexpected(token)
    }
    this.next()
    this.token = saved
    this.depth--
    return body
  }

  /** A script that stands in backquotes. */
  protected override inside(source: string, line: number): Script {
    const parser = new Parser(source, this.dialect, this.aliases, line, this.extended)
    parser.depth = this.depth + 1
    if (parser.depth > maxDepth) throw new Unreadable('end', '', line)
    return parser.list(() => false, true)
  }

  /** The next complete command: what stands on a line, and those that it goes on to. @returns undefined at the end */
  complete(): Script | undefined {
    this.newlines()
    if (this.peek().k === 'end') return undefined
    const items: AndOr[] = []
    for (;;) {
      items.push(this.#andOr())
      const token = this.peek()
      if (token.k === 'newline') {
        this.next()
        break
      }
      if (token.k === 'end') {
        if (this.waiting.length > 0) this.readHere()
        break
      }
      const last = items.at(-1)
      if (token.k === 'op' && (token.v === ';' || token.v === '&')) {
        this.next()
        if (token.v === '&' && last !== undefined) items[items.length - 1] = { ...last, background: true }
        const after = this.peek()
        if (after.k === 'newline' || after.k === 'end') {
          if (after.k === 'newline') this.next()
          else if (this.waiting.length > 0) this.readHere()
          break
        }
        continue
      }
      throw this.unexpected(token)
    }
    return items
  }

  /** Commands until something ends them. @param mayBeEmpty whether there need not be any */
  protected list(stop: () => boolean, mayBeEmpty = false): Script {
    const items: AndOr[] = []
    this.newlines()
    while (!stop()) {
      const token = this.peek()
      if (token.k === 'end') {
        if (mayBeEmpty) {
          if (this.waiting.length > 0) this.readHere()
          return items
        }
        throw this.unexpected(token)
      }
      items.push(this.#andOr())
      const after = this.peek()
      const last = items.at(-1)
      if (after.k === 'op' && (after.v === ';' || after.v === '&')) {
        this.next()
        if (after.v === '&' && last !== undefined) items[items.length - 1] = { ...last, background: true }
      } else if (after.k !== 'newline') break
      this.newlines()
    }
    if (items.length === 0 && !mayBeEmpty) throw this.unexpected(this.peek())
    return items
  }

  #until(...words: readonly string[]): Script {
    const list = this.list(() => words.includes(this.reserved() ?? ''))
    if (!words.includes(this.reserved() ?? '')) throw this.unexpected(this.peek(), words.length === 1 ? words[0] : '')
    return list
  }

  #andOr(): AndOr {
    const { s } = this.peek()
    const first = this.#pipeline()
    const rest: { op: '&&' | '||'; pipeline: Pipeline }[] = []
    while (this.isOp('&&', '||')) {
      const op = this.src.slice(this.peek().s, this.peek().e) as '&&' | '||'
      this.next()
      this.newlines()
      rest.push({ op, pipeline: this.#pipeline() })
    }
    return { first, rest, background: false, source: this.src.slice(s, this.pos).trimEnd(), line: this.lineAt(s) }
  }

  #pipeline(): Pipeline {
    let [not, timed] = [false, false]
    for (;;) {
      if (this.takeReserved('!')) not = !not
      else if (this.bash && this.reserved() === 'time') {
        this.next()
        timed = true
        const token = this.peek()
        if (token.k === 'word' && token.word.raw === '-p') this.next()
      } else break
    }
    const commands: Command[] = []
    const both: boolean[] = []
    const end = this.peek()
    if ((timed || not) && (end.k === 'newline' || end.k === 'end' || this.isOp(';')))
      return { not, timed, commands, both }
    for (;;) {
      commands.push(this.command())
      if (!this.isOp('|', '|&')) break
      both.push(this.isOp('|&'))
      this.next()
      this.newlines()
    }
    both.push(false)
    return { not, timed, commands, both }
  }

  protected command(): Command {
    this.deeper()
    try {
      const token = this.peek()
      const line = this.lineAt(token.s)
      const word = this.reserved()
      if (token.k === 'op' && token.v === '(') return this.#parentheses(line)
      if (word !== undefined && word !== 'in') {
        if (closing.has(word)) throw this.unexpected(token)
        return this.#compound(word, line)
      }
      return this.#simple(line)
    } finally {
      this.depth--
    }
  }

  protected redirects(): Redirect[] {
    const all: Redirect[] = []
    for (let redirect = this.#redirect(); redirect !== undefined; redirect = this.#redirect()) all.push(redirect)
    return all
  }

  #redirect(): Redirect | undefined {
    let token = this.peek()
    let fd: number | undefined
    if (token.k === 'fd') {
      fd = Number(token.v)
      this.next()
      token = this.peek()
    }
    if (token.k !== 'op' || !isRedirect(token.v)) return undefined
    const { v: op } = token
    this.next()
    const target = this.peek()
    const line = this.lineAt(target.s)
    if (target.k === 'fd') {
      this.next()
      return {
        op,
        target: { parts: [{ t: 'lit', v: target.v }], raw: target.v, line },
        ...(fd !== undefined && { fd }),
      }
    }
    if (target.k !== 'word') throw this.unexpected(target)
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
      this.waiting.push({ redirect: here, end, strip: op === '<<-', quoted, line })
      this.next()
      return { op, target: target.word, here, ...(fd !== undefined && { fd }) }
    }
    this.next()
    return { op, target: target.word, ...(fd !== undefined && { fd }) }
  }

  #parentheses(line: number): Command {
    const { s } = this.peek()
    if (this.bash && this.src[s + 1] === '(') {
      const close = this.arithmeticEnd(s + 2)
      if (close !== undefined) {
        const expr = this.inner(this.src.slice(s + 2, close), line)
        this.token = undefined
        this.pos = close + 2
        return { t: 'arith', expr, line, redirects: this.redirects() }
      }
    }
    this.next()
    const body = this.list(() => this.isOp(')'))
    if (!this.takeOp(')')) throw this.unexpected(this.peek(), ')')
    return { t: 'subshell', body, line, redirects: this.redirects() }
  }

  #doBody(): Script {
    this.expectWord('do')
    const body = this.#until('done')
    this.next()
    return body
  }

  #compound(word: string, line: number): Command {
    const { s } = this.peek()
    this.next()
    const done = () => ({ line, redirects: this.redirects() })
    switch (word) {
      case '{': {
        const body = this.#until('}')
        this.next()
        return { t: 'group', body, ...done() }
      }
      case 'if': {
        const clauses: { test: Script; body: Script }[] = []
        let otherwise: Script | undefined
        do {
          const test = this.#until('then')
          this.next()
          const body = this.#until('elif', 'else', 'fi')
          clauses.push({ test, body })
        } while (this.takeReserved('elif'))
        if (this.takeReserved('else')) otherwise = this.#until('fi')
        this.next()
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
        this.tests++
        this.token = undefined
        const expr = this.condition()
        const token = this.peek()
        this.tests--
        if (token.k !== 'word' || token.word.raw !== ']]') throw this.conditionError(token)
        this.next()
        return { t: 'condition', expr, ...done() }
      }
      case 'function': {
        const token = this.next()
        if (token.k !== 'word') throw this.unexpected(token)
        if (this.takeOp('(') && !this.takeOp(')')) throw this.unexpected(this.peek())
        return this.#function(token.word.raw, s, line)
      }
      case 'coproc': {
        let name = 'COPROC'
        const token = this.peek()
        if (
          token.k === 'word' &&
          this.reserved() === undefined &&
          /^\w+\s+[({]/.test(this.src.slice(token.s, token.s + 80))
        ) {
          name = token.word.raw
          this.next()
        }
        return { t: 'coproc', name, body: this.command(), line, redirects: [] }
      }
      default:
        throw this.unexpected(this.peek())
    }
  }

  #function(name: string, s: number, line: number): Command {
    this.newlines()
    const token = this.peek()
    if (token.k !== 'word' && !(token.k === 'op' && token.v === '(')) throw this.unexpected(token)
    if (this.bash && token.k === 'word' && this.reserved() === undefined) throw this.unexpected(token)
    const body = this.command()
    return { t: 'function', name, body, source: this.src.slice(s, this.pos), line, redirects: [] }
  }

  #for(word: 'for' | 'select', done: () => { line: number; redirects: Redirect[] }): Command {
    const token = this.peek()
    if (this.bash && word === 'for' && token.k === 'op' && token.v === '(' && this.src[token.s + 1] === '(') {
      const close = this.arithmeticEnd(token.s + 2)
      if (close === undefined) throw this.unexpected(token)
      const at = this.lineAt(token.s)
      const [init = '', test = '', step = ''] = this.src.slice(token.s + 2, close).split(';')
      this.token = undefined
      this.pos = close + 2
      if (this.isOp(';')) this.next()
      this.newlines()
      let body: Script
      if (this.takeReserved('{')) {
        body = this.#until('}')
        this.next()
      } else body = this.#doBody()
      const inner = (text: string) => this.inner(text.trim(), at)
      return { t: 'count', init: inner(init), test: inner(test), step: inner(step), body, ...done() }
    }
    if (token.k !== 'word') throw this.unexpected(token)
    const name = token.word.raw
    this.next()
    if (this.dialect !== 'bash' && !/^[A-Za-z_]\w*$/.test(name))
      throw new Unreadable('token', 'Bad for loop variable', this.lineAt(token.s), '!')
    this.newlines()
    let words: Word[] | undefined
    if (this.takeReserved('in')) {
      words = []
      for (;;) {
        const one = this.peek()
        if (one.k !== 'word') break
        words.push(one.word)
        this.next()
      }
      const after = this.peek()
      if (after.k === 'newline' || (after.k === 'op' && after.v === ';')) this.next()
      else throw this.unexpected(after)
    } else if (this.isOp(';')) this.next()
    this.newlines()
    let body: Script
    if (this.bash && this.takeReserved('{')) {
      body = this.#until('}')
      this.next()
    } else body = this.#doBody()
    return { t: word, name, ...(words !== undefined && { words }), body, ...done() }
  }

  #case(done: () => { line: number; redirects: Redirect[] }): Command {
    const subject = this.next()
    if (subject.k !== 'word') throw this.unexpected(subject)
    this.newlines()
    this.expectWord('in')
    const items: { patterns: Word[]; body: Script; end: string }[] = []
    for (;;) {
      this.newlines()
      if (this.takeReserved('esac')) break
      this.takeOp('(')
      const patterns: Word[] = []
      do {
        const token = this.next()
        if (token.k !== 'word') throw this.unexpected(token)
        patterns.push(token.word)
      } while (this.takeOp('|'))
      if (!this.takeOp(')')) throw this.unexpected(this.peek(), ')')
      const ends = () => this.isOp(';;', ';&', ';;&') || this.reserved() === 'esac'
      const body = this.list(ends, true)
      const token = this.peek()
      if (token.k === 'op' && /^;[;&]/.test(token.v)) {
        items.push({ patterns, body, end: token.v })
        this.next()
      } else {
        items.push({ patterns, body, end: ';;' })
        if (this.reserved() !== 'esac') throw this.unexpected(token, token.k === 'end' ? ';;' : '')
      }
    }
    return { t: 'case', word: subject.word, items, ...done() }
  }

  #simple(line: number): Command {
    const assigns: Assign[] = []
    const words: Word[] = []
    const redirects: Redirect[] = []
    const { s } = this.peek()
    let alias = true
    for (;;) {
      const redirect = this.#redirect()
      if (redirect !== undefined) {
        redirects.push(redirect)
        continue
      }
      const token = this.peek()
      if (token.k !== 'word') break
      if (words.length === 0 && token.word.assign !== undefined) {
        assigns.push(token.word.assign)
        this.next()
        continue
      }
      if (alias && this.#expandAlias(token)) {
        // What the alias stands for may be more than a simple command.
        if (words.length === 0 && assigns.length === 0 && redirects.length === 0) return this.command()
        continue
      }
      alias = false
      words.push(token.word)
      this.next()
      const [name] = words
      if (words.length === 1 && assigns.length === 0 && name !== undefined && this.isOp('(')) {
        const open = this.peek()
        if (!/^[^'"\\$`]+$/.test(name.raw)) throw this.unexpected(open)
        this.next()
        if (!this.takeOp(')')) throw this.unexpected(this.dialect === 'bash' ? this.peek() : this.peek(), ')')
        if (this.dialect !== 'bash' && !/^[A-Za-z_]\w*$/.test(name.raw))
          throw new Unreadable('token', 'Bad function name', line, '!')
        return this.#function(name.raw, s, line)
      }
    }
    if (words.length === 0 && assigns.length === 0 && redirects.length === 0) throw this.unexpected(this.peek())
    return { t: 'simple', assigns, words, redirects, line }
  }

  /** Puts what an alias stands for in its place. */
  #expandAlias(token: Token & { k: 'word' }): boolean {
    const { raw } = token.word
    const value = this.aliases.get(raw)
    if (value === undefined || this.within.some(({ name }) => name === raw)) return false
    const grown = value.length - (token.e - token.s)
    this.src = this.src.slice(0, token.s) + value + this.src.slice(token.e)
    this.grown += grown
    for (const one of this.within) one.end += grown
    this.within.push({ name: raw, end: token.s + value.length })
    this.token = undefined
    this.pos = token.s
    return true
  }
}
