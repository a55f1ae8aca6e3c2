import type { Dialect } from '../ast.ts'

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

/** Levels of what may stand in each other. */
export const maxDepth = 200

/** The text of a script, and how far it has been read. */
export abstract class Text {
  protected src: string
  protected readonly dialect: Dialect
  /** The number of the text's first line. */
  protected readonly first: number
  protected pos = 0
  protected depth = 0
  #counted = { at: 0, line: 1 }

  constructor(source: string, dialect: Dialect, line: number) {
    this.src = source
    this.dialect = dialect
    this.first = line
  }

  protected get bash(): boolean {
    return this.dialect === 'bash'
  }

  lineAt(offset: number): number {
    if (offset < this.#counted.at) this.#counted = { at: 0, line: 1 }
    let { at, line } = this.#counted
    for (; at < offset; at++) if (this.src.charCodeAt(at) === 10) line++
    this.#counted = { at, line }
    return line + this.first - 1
  }

  /** How many lines there are. */
  get lines(): number {
    return this.lineAt(this.src.replace(/\n$/, '').length)
  }

  /** The text of a line, for an error that shows it. */
  textOf(line: number): string {
    return this.src.split('\n')[line - this.first] ?? ''
  }

  protected deeper(): void {
    if (++this.depth > maxDepth) throw new Unreadable('end', '', this.lineAt(this.pos))
  }
}
