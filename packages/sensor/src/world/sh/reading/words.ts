import type { Dialect, Part, Script, Word } from '../ast.ts'
import { ansiC } from '../escapes.ts'
import { Text, Unreadable } from './text.ts'

/** Reads what words are made of: plain text, quotes, and what begins with a dollar. */
export abstract class Words extends Text {
  protected readonly extended: () => boolean
  /** Within [[ ]], and how deep. */
  protected tests = 0

  /** @param extended whether there are extended patterns; within [[ ]] there always are */
  constructor(source: string, dialect: Dialect, line: number, extended: () => boolean) {
    super(source, dialect, line)
    this.extended = extended
  }

  /** A script up to the parenthesis that closes it. */
  protected abstract nested(): Script
  /** A script that stands in backquotes. */
  protected abstract inside(source: string, line: number): Script
  /** ${…} @param quoted whether it stands within double quotes */
  protected abstract braced(quoted: boolean): Part
  /** A reader of another text, as this one reads. */
  protected abstract other(source: string, line: number): Words

  /** A text within brackets or an arithmetic expression, as a word. */
  protected inner(text: string, line: number): Word {
    return { parts: this.other(text, line).quotedParts(() => false), raw: text, line }
  }

  /** Where the bracket that opens at a place closes. */
  protected bracket(from: number): number | undefined {
    let depth = 0
    for (let at = from; at < this.src.length && at < from + 4096; at++) {
      const c = this.src[at]
      if (c === '\\') at++
      else if (c === '[') depth++
      else if (c === ']' && --depth === 0) return at
      else if (c === '\n' || (c === ' ' && depth === 0)) return undefined
    }
    return undefined
  }

  protected parts(stop: (c: string, at: number) => boolean): Part[] {
    this.deeper()
    const parts: Part[] = []
    let text = ''
    const flush = () => {
      if (text !== '') parts.push({ t: 'lit', v: text })
      text = ''
    }
    const src = this.src
    while (this.pos < src.length) {
      const c = src[this.pos] ?? ''
      // Extended patterns: their parentheses are of the word.
      if (this.bash && '@?*+!'.includes(c) && src[this.pos + 1] === '(' && (this.tests > 0 || this.extended())) {
        const close = this.paren(this.pos + 1)
        if (close !== undefined) {
          flush()
          text += `${c}(`
          this.pos += 2
          flush()
          while (this.pos < close) {
            parts.push(...this.parts((one, at) => at >= close))
          }
          text += ')'
          this.pos = close + 1
          continue
        }
      }
      if (stop(c, this.pos)) break
      if (c === '\\') {
        const following = src[this.pos + 1]
        this.pos += 2
        if (following === '\n') continue
        flush()
        parts.push({ t: 'quoted', v: following ?? '\\' })
      } else if (c === "'") {
        flush()
        const close = src.indexOf("'", this.pos + 1)
        if (close < 0) throw new Unreadable('quote', "'", this.lineAt(this.pos))
        parts.push({ t: 'quoted', v: src.slice(this.pos + 1, close) })
        this.pos = close + 1
      } else if (c === '"') {
        flush()
        parts.push(this.doubleQuotes())
      } else if (c === '$' || c === '`') {
        const part = this.dollar(false)
        if (part === undefined) {
          text += c
          this.pos++
        } else {
          flush()
          parts.push(part)
        }
      } else if ((c === '<' || c === '>') && this.bash && src[this.pos + 1] === '(') {
        flush()
        this.pos += 2
        parts.push({ t: 'proc', into: c === '>', body: this.nested() })
      } else {
        text += c
        this.pos++
      }
    }
    flush()
    this.depth--
    return parts
  }

  /** Where the parenthesis that opens at a place closes; quotes are looked over. */
  protected paren(from: number): number | undefined {
    let depth = 0
    for (let at = from; at < this.src.length && at < from + 4096; at++) {
      const c = this.src[at]
      if (c === '\\') at++
      else if (c === "'" || c === '"') {
        const close = this.src.indexOf(c, at + 1)
        if (close < 0) return undefined
        at = close
      } else if (c === '(') depth++
      else if (c === ')' && --depth === 0) return at
      else if (c === '\n') return undefined
    }
    return undefined
  }

  protected doubleQuotes(): Part {
    const opened = this.pos
    this.pos++
    const parts = this.quotedParts((c) => c === '"')
    if (this.src[this.pos] !== '"') throw new Unreadable('quote', '"', this.lineAt(opened))
    this.pos++
    return { t: 'dq', parts }
  }

  /** What stands within double quotes. @param here whether a double quote is nothing special */
  protected quotedParts(stop: (c: string) => boolean, here = false): Part[] {
    this.deeper()
    const parts: Part[] = []
    let text = ''
    const flush = () => {
      if (text !== '') parts.push({ t: 'quoted', v: text })
      text = ''
    }
    while (this.pos < this.src.length) {
      const c = this.src[this.pos] ?? ''
      if (stop(c)) break
      if (c === '\\') {
        const following = this.src[this.pos + 1] ?? ''
        this.pos += 2
        if (following === '\n') continue
        text +=
          following !== '' && (`$\`\\`.includes(following) || (following === '"' && !here))
            ? following
            : `\\${following}`
      } else if (c === '$' || c === '`') {
        const part = this.dollar(true)
        if (part === undefined) {
          text += c
          this.pos++
        } else {
          flush()
          parts.push(part)
        }
      } else {
        text += c
        this.pos++
      }
    }
    flush()
    this.depth--
    return parts
  }

  /** What begins with $ or `. @returns undefined where the dollar is only that */
  protected dollar(quoted: boolean): Part | undefined {
    const src = this.src
    const s = this.pos
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
      this.pos = at + 1
      return { t: 'cmd', body: this.inside(inner, line), source: inner }
    }
    const c = src[s + 1] ?? ''
    if (c === '(') {
      if (src[s + 2] === '(') {
        const close = this.arithmeticEnd(s + 3)
        if (close !== undefined) {
          const text = src.slice(s + 3, close)
          this.pos = close + 2
          return { t: 'arith', expr: this.inner(text, line) }
        }
      }
      this.pos = s + 2
      const body = this.nested()
      return { t: 'cmd', body, source: src.slice(s + 2, this.pos - 1) }
    }
    if (c === '[' && this.bash) {
      const close = this.bracket(s + 1)
      if (close !== undefined) {
        this.pos = close + 1
        return { t: 'arith', expr: this.inner(src.slice(s + 2, close), line) }
      }
    }
    if (c === '{') return this.braced(quoted)
    if (c === "'" && !quoted && this.dialect !== 'dash') {
      let at = s + 2
      while (at < src.length && src[at] !== "'") at += src[at] === '\\' ? 2 : 1
      if (at >= src.length) throw new Unreadable('quote', "'", line)
      this.pos = at + 1
      return { t: 'quoted', v: ansiC(src.slice(s + 2, at)).split('\0')[0] ?? '' }
    }
    if (c === '"' && !quoted && this.bash) {
      this.pos = s + 1
      return this.doubleQuotes()
    }
    const name = /^(?:[A-Za-z_]\w*|[0-9@*#?$!-])/.exec(src.slice(s + 1, s + 257))?.[0]
    if (name === undefined) return undefined
    this.pos = s + 1 + name.length
    return { t: 'param', name }
  }

  /** Where an arithmetic expression ends that began before a place; undefined where it is none. */
  protected arithmeticEnd(from: number): number | undefined {
    let depth = 0
    for (let at = from; at < this.src.length; at++) {
      const c = this.src[at]
      if (c === '(') depth++
      else if (c === ')') {
        if (depth > 0) depth--
        else return this.src[at + 1] === ')' ? at : undefined
      } else if (c === "'" || c === '"') {
        const close = this.src.indexOf(c, at + 1)
        if (close < 0) return undefined
        at = close
      } else if (c === '\\') at++
    }
    return undefined
  }
}
