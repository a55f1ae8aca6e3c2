import type { Param, Part, Word } from '../ast.ts'
import { Unreadable } from './text.ts'
import { Words } from './words.ts'

/** Reads parameters in braces (POSIX.1-2017, Shell Command Language, 2.6.2, and what bash and busybox add). */
export abstract class Parameters extends Words {
  /** ${…} */
  protected braced(quoted: boolean): Part {
    const s = this.pos
    const src = this.src
    const line = this.lineAt(s)
    this.pos += 2
    const end = (): void => {
      if (this.pos >= src.length) throw new Unreadable('quote', '}', line)
    }
    const bad = (): Param => {
      let depth = 1
      while (this.pos < src.length && depth > 0) {
        if (src[this.pos] === '{') depth++
        else if (src[this.pos] === '}') depth--
        this.pos++
      }
      if (depth > 0) throw new Unreadable('quote', '}', line)
      return { t: 'param', name: '', bad: src.slice(s, this.pos) }
    }
    const nameHere = (): string | undefined =>
      /^(?:[A-Za-z_]\w*|\d+|[@*#?$!-])/.exec(src.slice(this.pos, this.pos + 256))?.[0]
    const indexHere = (): Word | '@' | '*' | undefined => {
      if (!this.bash || src[this.pos] !== '[') return undefined
      const close = this.bracket(this.pos)
      if (close === undefined) return undefined
      const text = src.slice(this.pos + 1, close)
      this.pos = close + 1
      return text === '@' || text === '*' ? text : this.inner(text, line)
    }
    if (src[this.pos] === '#' && !/^#(?:\}|[-:?+=%/]|##?[^}\]])/.test(src.slice(this.pos, this.pos + 3))) {
      this.pos++
      const name = nameHere()
      if (name === undefined) return bad()
      this.pos += name.length
      const index = indexHere()
      end()
      if (src[this.pos] !== '}') return bad()
      this.pos++
      return { t: 'param', name, length: true, ...(index !== undefined && { index }) }
    }
    let indirect = false
    if (this.bash && src[this.pos] === '!' && /^![A-Za-z_0-9@*#]/.test(src.slice(this.pos, this.pos + 2))) {
      indirect = true
      this.pos++
    }
    const name = nameHere()
    end()
    if (name === undefined) return bad()
    this.pos += name.length
    if (indirect && /^[*@]\}/.test(src.slice(this.pos, this.pos + 2))) {
      const prefix = src[this.pos] as '*' | '@'
      this.pos += 2
      return { t: 'param', name, prefix }
    }
    const index = indexHere()
    const base = { t: 'param' as const, name, ...(index !== undefined && { index }), ...(indirect && { indirect }) }
    end()
    if (src[this.pos] === '}') {
      this.pos++
      return base
    }
    const rest = src.slice(this.pos, this.pos + 2)
    const op = (
      this.dialect === 'dash'
        ? /^(?::?[-=?+]|%%?|##?)/
        : this.bash
          ? /^(?::?[-=?+]|%%?|##?|:|\/[/#%]?|\^\^?|,,?|@)/
          : /^(?::?[-=?+]|%%?|##?|:|\/\/?)/
    ).exec(rest)?.[0]
    if (op === undefined) return bad()
    this.pos += op.length
    const word = (stop: string): Word => {
      const from = this.pos
      const ends = (c: string): boolean => c === '}' || stop.includes(c)
      // A pattern keeps its own quotes even within quotes.
      const parts = quoted && /^:?[-=?+]$/.test(op) ? this.defaultParts(ends) : this.parts(ends)
      return { parts, raw: src.slice(from, this.pos), line }
    }
    const close = (): void => {
      end()
      this.pos++
    }
    if (op === ':') {
      const from = this.pos
      const expression = (stop: string): Word => {
        const at = this.pos
        let depth = 0
        while (this.pos < src.length) {
          const c = src[this.pos] ?? ''
          if (depth === 0 && (c === '}' || stop.includes(c))) break
          if (c === '{' || c === '(' || c === '[') depth++
          if (c === '}' || c === ')' || c === ']') depth--
          this.pos++
        }
        return this.inner(src.slice(at, this.pos), line)
      }
      const arg = expression(':')
      if (this.pos === from && src[this.pos] === '}') return bad()
      let more: Word | undefined
      if (src[this.pos] === ':') {
        this.pos++
        more = expression('')
      }
      close()
      return { ...base, op, arg, ...(more !== undefined && { more }) }
    }
    if (op.startsWith('/')) {
      const arg = word('/')
      let more: Word | undefined
      if (src[this.pos] === '/') {
        this.pos++
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
  protected defaultParts(stop: (c: string) => boolean): Part[] {
    const parts: Part[] = []
    while (this.pos < this.src.length && !stop(this.src[this.pos] ?? '')) {
      if (this.src[this.pos] === '"') parts.push(this.doubleQuotes())
      else parts.push(...this.quotedParts((c) => stop(c) || c === '"'))
    }
    return parts
  }
}
