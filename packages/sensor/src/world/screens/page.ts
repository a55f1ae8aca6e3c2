/** A text of lines with a cursor in it, as editors hold it. One character a byte; bounded. */
export class Page {
  lines: string[]
  row = 0
  column = 0
  changed = false
  readonly #most: number
  #size: number

  /** @param most bytes that it may grow to */
  constructor(text: string, most = 256 * 1024) {
    this.lines = text === '' ? [''] : text.replace(/\n$/, '').split('\n')
    this.#most = most
    this.#size = text.length
  }

  get line(): string {
    return this.lines[this.row] ?? ''
  }
  set line(text: string) {
    this.#size += text.length - this.line.length
    this.lines[this.row] = text
    this.changed = true
  }
  get text(): string {
    return this.lines.length === 1 && this.lines[0] === '' ? '' : `${this.lines.join('\n')}\n`
  }

  /** Puts back what the text was before. */
  restore({ lines, row, column }: { readonly lines: string[]; readonly row: number; readonly column: number }): void {
    this.lines = lines
    this.row = row
    this.column = column
    this.changed = true
    this.#size = lines.reduce((sum, one) => sum + one.length + 1, 0)
  }
  /** Puts one text in the place of another within a line. @returns whether it was there and there was room */
  swap(row: number, from: string, to: string, every: boolean): boolean {
    const line = this.lines[row] ?? ''
    if (from === '' || !line.includes(from)) return false
    const parts = line.split(from)
    const more = (every ? parts.length - 1 : 1) * (to.length - from.length)
    if (this.#size + more > this.#most) return false
    this.lines[row] = every ? parts.join(to) : line.replace(from, () => to)
    this.#size += more
    this.changed = true
    return true
  }

  /** Keeps the cursor within the text. @param past whether it may stand behind the last character */
  hold(past: boolean): void {
    this.row = Math.max(0, Math.min(this.row, this.lines.length - 1))
    this.column = Math.max(0, Math.min(this.column, this.line.length - (past ? 0 : 1), this.line.length))
    if (this.column < 0) this.column = 0
  }
  insert(text: string): void {
    if (this.#size + text.length > this.#most) return
    this.line = this.line.slice(0, this.column) + text + this.line.slice(this.column)
    this.column += text.length
  }
  /** Splits the line at the cursor. */
  split(): void {
    if (this.#size >= this.#most) return
    const rest = this.line.slice(this.column)
    this.line = this.line.slice(0, this.column)
    this.lines.splice(this.row + 1, 0, rest)
    this.#size += rest.length + 1
    this.row++
    this.column = 0
  }
  /** Takes the character before the cursor away, or joins the line to the one before. */
  back(): void {
    if (this.column > 0) {
      this.line = this.line.slice(0, this.column - 1) + this.line.slice(this.column)
      this.column--
    } else if (this.row > 0) {
      const [gone = ''] = this.lines.splice(this.row, 1)
      this.row--
      this.column = this.line.length
      this.line += gone
    }
  }
  /** Takes away what is at the cursor, or joins the next line to this one. */
  erase(): void {
    if (this.column < this.line.length) this.line = this.line.slice(0, this.column) + this.line.slice(this.column + 1)
    else if (this.row < this.lines.length - 1) {
      const [gone = ''] = this.lines.splice(this.row + 1, 1)
      this.line += gone
    }
  }
  /** Takes lines away. @returns them */
  cut(count: number): string[] {
    const gone = this.lines.splice(this.row, Math.max(1, count))
    this.#size -= gone.reduce((sum, one) => sum + one.length + 1, 0)
    if (this.lines.length === 0) this.lines = ['']
    this.changed = true
    this.hold(false)
    return gone
  }
  /** Puts lines in, before the line with this number. */
  paste(lines: readonly string[], at: number): void {
    const size = lines.reduce((sum, one) => sum + one.length + 1, 0)
    if (this.#size + size > this.#most) return
    this.lines.splice(at, 0, ...lines)
    this.#size += size
    this.changed = true
  }
  /** Goes to the next place of a text after the cursor, from the beginning again where there is none. */
  find(text: string): boolean {
    if (text === '') return false
    for (let step = 0; step <= this.lines.length; step++) {
      const row = (this.row + step) % this.lines.length
      const at = (this.lines[row] ?? '').indexOf(text, step === 0 ? this.column + 1 : 0)
      if (at >= 0) {
        this.row = row
        this.column = at
        return true
      }
    }
    return false
  }
}

/** What is shown of a line: tabs as blanks up to the next eighth column, controls as ^X; cut to a width. */
export function shown(line: string, width: number): string {
  let out = ''
  for (const byte of line.slice(0, width * 2)) {
    if (out.length >= width) break
    if (byte === '\t') out += ' '.repeat(8 - (out.length % 8))
    else if (byte < ' ') out += `^${String.fromCharCode(byte.charCodeAt(0) + 64)}`
    else out += byte
  }
  return out.slice(0, width)
}
/** The column at which the cursor is shown. */
export const shownAt = (line: string, column: number, width: number): number =>
  Math.min(shown(line.slice(0, column), width * 2).length, width - 1)
