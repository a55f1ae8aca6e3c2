import type { Condition, Word } from '../ast.ts'
import { Unreadable } from './text.ts'
import { blank, Tokens, type Token } from './tokens.ts'

/** Reads what stands within [[ ]]. */
export abstract class Conditions extends Tokens {
  /** @param wanted what was looked for */
  protected conditionError(token: Token, wanted = 'operator'): Unreadable {
    if (token.k === 'end') return this.unexpected(token)
    return new Unreadable(
      'condition',
      token.k === 'newline' ? 'newline' : this.src.slice(token.s, token.e),
      this.lineAt(token.s),
      wanted,
    )
  }

  protected condition(): Condition {
    let left = this.#conditionAnd()
    this.newlines()
    while (this.takeOp('||')) {
      this.newlines()
      left = { t: 'or', left, right: this.#conditionAnd() }
      this.newlines()
    }
    return left
  }

  #conditionAnd(): Condition {
    let left = this.#conditionOne()
    this.newlines()
    while (this.takeOp('&&')) {
      this.newlines()
      left = { t: 'and', left, right: this.#conditionOne() }
      this.newlines()
    }
    return left
  }

  #conditionOne(): Condition {
    this.deeper()
    try {
      this.newlines()
      const token = this.peek()
      if (this.takeOp('(')) {
        const inner = this.condition()
        if (!this.takeOp(')')) throw this.conditionError(this.peek())
        return inner
      }
      if (token.k !== 'word') throw this.conditionError(token, 'operand')
      if (token.word.raw === '!') {
        this.next()
        return { t: 'not', of: this.#conditionOne() }
      }
      if (token.word.raw === ']]') throw this.conditionError(token)
      this.next()
      const after = this.peek()
      if (
        /^-[a-hknoprstuvwxzGLNORS]$/.test(token.word.raw) &&
        after.k === 'word' &&
        after.word.raw !== ']]' &&
        !/^(?:==?|!=|=~|-(?:eq|ne|lt|le|gt|ge))$/.test(after.word.raw)
      ) {
        this.next()
        return { t: 'unary', op: token.word.raw, word: after.word }
      }
      const op = after.k === 'op' ? after.v : after.k === 'word' ? after.word.raw : ''
      if (/^(?:==?|!=|=~|<|>|-(?:eq|ne|lt|le|gt|ge|nt|ot|ef))$/.test(op)) {
        this.next()
        if (op === '=~') return { t: 'binary', op, left: token.word, right: this.#expression() }
        const right = this.peek()
        if (right.k !== 'word') throw this.conditionError(right)
        this.next()
        return { t: 'binary', op, left: token.word, right: right.word }
      }
      if ((after.k === 'word' && after.word.raw === ']]') || (after.k === 'op' && /^(?:&&|\|\||\))$/.test(after.v)))
        return { t: 'word', word: token.word }
      throw this.conditionError(after)
    } finally {
      this.depth--
    }
  }

  /** A regular expression within [[ ]]: parentheses and bars are of it. */
  #expression(): Word {
    this.blanks()
    this.token = undefined
    const s = this.pos
    let depth = 0
    const parts = this.parts((c) => {
      if (c === '(') depth++
      if (c === ')') depth--
      return depth < 0 || ((blank(c) || c === '\n') && depth <= 0)
    })
    return { parts, raw: this.src.slice(s, this.pos), line: this.lineAt(s) }
  }
}
