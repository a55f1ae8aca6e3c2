// How a line that is being edited is kept on the screen: what readline writes to change what is there into what is wanted
// (display.c of 8.1 where characters may have several bytes: update_line, _rl_move_cursor_relative, _rl_move_vert), for
// terminals that wrap by themselves.

/** The characters of a text of bytes in UTF-8. */
export function characters(text: string): string[] {
  const all: string[] = []
  for (let at = 0; at < text.length;) {
    let size = 1
    while (at + size < text.length && (text.charCodeAt(at + size) & 0xc0) === 0x80) size++
    all.push(text.slice(at, at + size))
    at += size
  }
  return all
}

/** What of a prompt is seen: without colours and titles. */
const visible = (prompt: string): string =>
  // oxlint-disable-next-line no-control-regex
  prompt.replace(/\u001b\][^\u0007]{0,512}\u0007|\u001b\[[\d;?]{0,32}[A-Za-z]/g, '')

/**
 * Control characters are shown as ^X, a tab as the blanks up to its stop. A line feed begins another row: what it leaves
 * of its own are places where nothing stands.
 */
function shown(text: readonly string[], from: number, columns: number): string[] {
  const cells: string[] = []
  for (const c of text) {
    const code = c.charCodeAt(0)
    if (code === 9)
      do cells.push(' ')
      while (((from + cells.length) % columns) % 8 !== 0 && (from + cells.length) % columns !== 0)
    else if (code === 10)
      do cells.push('')
      while ((from + cells.length) % columns !== 0)
    else if (code < 32 || c === '\u007f') cells.push('^', code === 127 ? '?' : String.fromCharCode(code + 64))
    else cells.push(c)
  }
  return cells
}

/** How lines are changed on a screen. */
export interface Hand {
  /** Whether characters are inserted and deleted where they stand, not all written anew. */
  readonly shifts: boolean
  /** What clears the rest; blanks where the terminal has nothing for that. */
  readonly clear: string
  /** Whether one goes forward without writing what stands there. */
  readonly steps: boolean
  /** Whether one goes back by a number. */
  readonly jumps: boolean
}
/** readline's, at terminals that can less and nothing, and busybox's (libbb/lineedit.c). */
export const hands = {
  readline: { shifts: true, clear: '\u001b[K', steps: true, jumps: false },
  vt100: { shifts: false, clear: '\u001b[K', steps: true, jumps: false },
  dumb: { shifts: false, clear: '', steps: false, jumps: false },
  busybox: { shifts: false, clear: '\u001b[J', steps: false, jumps: true },
} as const satisfies Record<string, Hand>

/** One prompt and the line behind it, as they stand on the screen. */
export class Display {
  readonly #hand: Hand
  readonly #columns: number
  #start: string[]
  /** What is on the screen. */
  #cells: string[]
  /** Where the cursor is: the row, and the column in it, which is the width itself where the next character wraps. */
  #row: number
  #column: number

  constructor(prompt: string, columns: number, hand: Hand = hands.readline) {
    this.#hand = hand
    this.#columns = Math.max(2, columns)
    this.#start = characters(visible(prompt.slice(prompt.lastIndexOf('\n') + 1)))
    this.#cells = [...this.#start]
    this.#row = this.#rowOf(this.#cells.length)
    this.#column = this.#cells.length - this.#row * this.#columns
  }

  /** In which row a place is: what fills a row up stands at its end. */
  #rowOf(place: number): number {
    return Math.floor(place / this.#columns)
  }

  /** @returns what is written to add to the end of the line @param marked whether it is shown in the other colour */
  append(text: string, marked = false): string {
    const from = this.#cells.length
    if (this.#row * this.#columns + this.#column !== from) return ''
    this.#cells.push(...shown(characters(text), from, this.#columns))
    return this.#draw(from, marked)
  }

  /** @returns what is written to show the end of the line in the usual colour again */
  unmark(text: string): string {
    const at = this.#cells.length
    // Where it begins is known from what is left of the line without it.
    let from = at
    while (from > this.#start.length && !this.#is(from, text)) from--
    return this.#draw(from, false)
  }

  /** Whether what stands from a place on is this text. */
  #is(from: number, text: string): boolean {
    const cells = shown(characters(text), from, this.#columns)
    return from + cells.length === this.#cells.length && cells.every((cell, i) => cell === this.#cells[from + i])
  }

  /** Draws all from a place to the end, row by row. */
  #draw(from: number, marked: boolean): string {
    const width = this.#columns
    const last = this.#rowOf(this.#cells.length)
    let said = ''
    for (let row = this.#rowOf(from); row <= last; row++) {
      const begin = Math.max(from, row * width)
      const cells = this.#cells.slice(row * width, (row + 1) * width)
      const fresh = cells.slice(begin - row * width).filter((cell) => cell !== '')
      if (fresh.length === 0) continue
      // What follows a full row is wrapped by the terminal.
      if (this.#row === row - 1 && this.#column === width && begin === row * width) {
        this.#row++
        this.#column = 0
      } else said += this.#move(row, begin - row * width, cells)
      said += marked ? `\u001b[7m${fresh.join('')}\u001b[27m` : fresh.join('')
      this.#column += fresh.length
    }
    if (this.#row === last) return said
    if (this.#cells.at(-1) === '') return said + this.#vertical(last)
    // What fills its row makes the terminal wrap only with the next character.
    this.#row = last
    this.#column = 0
    return `${said} \r`
  }

  /**
   * Takes characters from the end of the line.
   * @returns what is written; undefined where more than the end of one row has to be drawn
   */
  shorten(text: string): string | undefined {
    // oxlint-disable-next-line no-control-regex
    if (/[\u0000-\u001f\u007f]/.test(text)) return undefined
    const gone = characters(text).length
    const at = this.#row * this.#columns + this.#column
    if (at !== this.#cells.length || gone === 0) return undefined
    if (gone === 1 && this.#column === 0 && this.#row > 0) return this.#backARow()
    if (gone >= this.#column) return undefined
    // Where going back to the margin is shorter, that is how it is done.
    if (this.#column - gone + 1 < gone) return undefined
    this.#cells.length -= gone
    this.#column -= gone
    const { clear } = this.#hand
    const back = this.#hand.jumps && gone > 4 ? `\u001b[${gone}D` : '\b'.repeat(gone)
    return back + (clear === '' ? ' '.repeat(gone) + '\b'.repeat(gone) : clear)
  }

  /** Takes away what fills the row above. */
  #backARow(): string {
    const { steps, clear } = this.#hand
    this.#cells.length--
    this.#row--
    this.#column = this.#columns - 1
    const from = this.#row * this.#columns
    const way = steps ? '\u001b[C'.repeat(this.#column) : this.#cells.slice(from, from + this.#column).join('')
    return `\u001b[A${way}${clear === '' ? ' \b' : clear}`
  }

  /** Another prompt before the same line: what looks for a line in the history has one of its own. */
  ask(prompt: string): void {
    this.#start = characters(visible(prompt))
  }

  /**
   * Shows a line.
   * @param before what stands before the cursor, and @param after behind it
   * @returns what is written
   */
  show(before: string, after: string): string {
    const width = this.#columns
    const head = shown(characters(before), this.#start.length, width)
    const wanted = [...this.#start, ...head, ...shown(characters(after), this.#start.length + head.length, width)]
    const old = this.#cells
    let said = ''
    const rows = Math.max(this.#rowOf(wanted.length), this.#rowOf(old.length))
    for (let row = 0; row <= rows; row++) {
      const part = (of: readonly string[]): string[] =>
        of.slice(row * width, (row + 1) * width).filter((cell) => cell !== '')
      said += this.#line(row, part(old), part(wanted))
    }
    this.#cells = wanted
    const place = this.#start.length + head.length
    const row = this.#rowOf(place)
    return said + this.#move(row, place - row * width, wanted.slice(row * width, (row + 1) * width))
  }

  /** @returns what is written to leave the line: the cursor goes behind its end */
  leave(): string {
    // Nothing stands in the row behind a last line feed.
    const row = this.#rowOf(this.#cells.length) - (this.#cells.at(-1) === '' ? 1 : 0)
    return this.#row === row ? '' : this.#vertical(row)
  }

  /** Changes one row. */
  #line(row: number, before: string[], now: readonly string[]): string {
    let said = ''
    const old = [...before]
    if (this.#column === this.#columns && this.#row === row - 1) {
      // The terminal wraps with the next character.
      said += now[0] ?? ' '
      this.#row++
      this.#column = 1
      if (old.length > 0 && now[0] !== undefined) old[0] = now[0]
    }
    let first = 0
    while (first < old.length && first < now.length && old[first] === now[first]) first++
    if (first === old.length && first === now.length) return said
    let [a, b] = [old.length - 1, now.length - 1]
    let blank = true
    while (a > first && b > first && old[a] === now[b]) {
      // As it stands in readline: a blank among what stays is what makes it be kept.
      if (old[a] === ' ') blank = false
      a--
      b--
    }
    if (blank) [a, b] = [old.length, now.length]
    else if (old[a] !== now[b]) {
      a++
      b++
    }
    said += this.#move(row, first, now)
    const growth = b - first - (a - first)
    const fresh = now.slice(first, b).join('')
    if (!this.#hand.shifts) {
      const rest = now.slice(first)
      const gone = Math.max(0, old.length - now.length)
      said += rest.join('') + (gone === 0 ? '' : this.#hand.clear === '' ? ' '.repeat(gone) : this.#hand.clear)
      this.#column += rest.length + (this.#hand.clear === '' ? gone : 0)
      return said
    }
    if (growth > 0) {
      if (a < old.length) {
        said += `\u001b[${growth}@${fresh}`
        this.#column += b - first
      } else {
        said += fresh
        this.#column += b - first
      }
      return said
    }
    if (growth < 0 && (b > first ? 2 * (b - first) >= -growth : a < old.length)) {
      said += `\u001b[${-growth}P${fresh}`
      this.#column += b - first
      return said
    }
    said += fresh
    this.#column += b - first
    const gone = old.length - now.length
    if (gone > 0 && this.#column < this.#columns) said += this.#hand.clear
    return said
  }

  #vertical(row: number): string {
    if (row === this.#row) return ''
    const rows = row - this.#row
    this.#row = row
    if (rows < 0) {
      if (this.#column === this.#columns) this.#column--
      return '\u001b[A'.repeat(-rows)
    }
    this.#column = 0
    return `${'\r\n'.repeat(rows)}\r`
  }

  /** Goes to a place. @param cells what stands in that row */
  #move(row: number, column: number, cells: readonly string[]): string {
    let said = this.#vertical(row)
    const at = this.#column
    if (column === at) return said
    const steps = (from: number): string =>
      this.#hand.steps ? '\u001b[C'.repeat(column - from) : cells.slice(from, column).join('')
    if (column > at) said += steps(at)
    else if (this.#hand.jumps) said += at - column > 4 ? `\u001b[${at - column}D` : '\b'.repeat(at - column)
    else if (column === 0 || column + 1 < at - column) said += `\r${steps(0)}`
    else said += '\b'.repeat(at - column)
    this.#column = column
    return said
  }
}
