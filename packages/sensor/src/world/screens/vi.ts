import { Page, shown, shownAt } from './page.ts'
import type { FullScreen, Screen } from './screen.ts'

const word = /[\w\u0080-\u00ff]/
/** Where the next word begins. */
function nextWord(line: string, from: number): number {
  let at = from
  const first = word.test(line[at] ?? '')
  while (at < line.length && line[at] !== ' ' && word.test(line[at] ?? '') === first) at++
  while (at < line.length && line[at] === ' ') at++
  return at
}
function previousWord(line: string, from: number): number {
  let at = from
  while (at > 0 && line[at - 1] === ' ') at--
  const kind = word.test(line[at - 1] ?? '')
  while (at > 0 && line[at - 1] !== ' ' && word.test(line[at - 1] ?? '') === kind) at--
  return at
}

/** vi: moving, inserting, deleting, copying, searching, and the commands with a colon that people use. */
class Vi {
  readonly #screen: Screen
  readonly #page: Page
  readonly #name: string
  #top = 0
  #message: string
  #mode: 'normal' | 'insert' | 'line' = 'normal'
  #typed = ''
  /** The beginning of a command: a count, an operator. */
  #begun = ''
  #taken: string[] = []
  #search = ''
  #before: { lines: string[]; row: number; column: number } | undefined
  #over = false

  constructor(screen: Screen, name: string) {
    this.#screen = screen
    this.#name = name
    const { text, problem } = name === '' ? { text: '', problem: undefined } : screen.read(name)
    this.#page = new Page(text ?? '')
    const lines = text === undefined || text === '' ? 0 : this.#page.lines.length
    this.#message =
      name === ''
        ? ''
        : problem !== undefined
          ? `"${name}" ${problem}`
          : text === undefined
            ? `"${name}" [New]`
            : `"${name}" ${lines}L, ${text.length}B`
  }

  async run(): Promise<void> {
    await this.#screen.write('\u001b[?1049h\u001b[22;0;0t\u001b[?1h\u001b=\u001b[H\u001b[2J')
    while (!this.#over) {
      if (!this.#screen.keys.more) await this.#draw()
      const key = await this.#screen.keys.next()
      if (key === undefined) break
      if (this.#mode === 'insert') this.#insert(key)
      else if (this.#mode === 'line') this.#line(key)
      else this.#normal(key)
    }
    const { height } = this.#screen.size
    await this.#screen.write(`\u001b[${height};1H\u001b[K\u001b[?1l\u001b>\u001b[?1049l\u001b[23;0;0t`)
  }

  async #draw(): Promise<void> {
    const { width, height } = this.#screen.size
    const page = this.#page
    page.hold(this.#mode === 'insert')
    const rows = height - 1
    if (page.row < this.#top) this.#top = page.row
    if (page.row >= this.#top + rows) this.#top = page.row - rows + 1
    const lines = Array.from({ length: rows }, (_, i) => {
      const line = page.lines[this.#top + i]
      return line === undefined ? '\u001b[94m~\u001b[0m' : shown(line, width)
    })
    const none = page.lines.length === 1 && page.line === '' && this.#mode === 'normal'
    const place = `${none ? 0 : page.row + 1},${page.line === '' ? '0-1' : page.column + 1}`
    const share =
      page.lines.length <= rows
        ? 'All'
        : this.#top === 0
          ? 'Top'
          : this.#top + rows >= page.lines.length
            ? 'Bot'
            : `${Math.floor((this.#top * 100) / (page.lines.length - rows))}%`
    const ruler = `${place.padEnd(14)}${share}`
    const said =
      this.#mode === 'line' ? this.#typed : this.#mode === 'insert' ? '\u001b[1m-- INSERT --\u001b[0m' : this.#message
    // What is not seen takes no room.
    const invisible = this.#mode === 'insert' ? 8 : 0
    const status =
      width >= 40 ? said.slice(0, width - 19 + invisible).padEnd(width - 18 + invisible) + ruler : said.slice(0, width)
    await this.#screen.draw(
      [...lines, status],
      this.#mode === 'line'
        ? { row: rows, column: Math.min(this.#typed.length, width - 1) }
        : { row: page.row - this.#top, column: shownAt(page.line, page.column, width) },
    )
  }

  #remember(): void {
    const { lines, row, column } = this.#page
    // Strings are shared, so this costs a pointer a line.
    this.#before = { lines: [...lines], row, column }
  }

  #move(name: string): boolean {
    const page = this.#page
    const { height } = this.#screen.size
    if (name === 'up') page.row--
    else if (name === 'down') page.row++
    else if (name === 'left') page.column--
    else if (name === 'right') page.column++
    else if (name === 'home') page.column = 0
    else if (name === 'end') page.column = page.line.length
    else if (name === 'pageup' || name === 'ctrl-b') page.row -= height - 3
    else if (name === 'pagedown' || name === 'ctrl-f') page.row += height - 3
    else if (name === 'ctrl-u') page.row -= height >> 1
    else if (name === 'ctrl-d') page.row += height >> 1
    else return false
    page.hold(this.#mode === 'insert')
    return true
  }

  #insert(key: { text: string } | { name: string }): void {
    const page = this.#page
    if ('text' in key) page.insert(key.text)
    else if (key.name === 'escape' || key.name === 'ctrl-c') {
      this.#mode = 'normal'
      this.#message = ''
      page.column--
      page.hold(false)
    } else if (key.name === 'enter') page.split()
    else if (key.name === 'backspace') page.back()
    else if (key.name === 'delete') page.erase()
    else this.#move(key.name)
  }

  #normal(key: { text: string } | { name: string }): void {
    const page = this.#page
    if ('name' in key) {
      const begun = this.#begun
      this.#begun = ''
      if (key.name === 'enter') this.#move('down')
      else if (key.name === 'backspace') this.#move('left')
      else if (key.name === 'delete') this.#command('x', 1)
      else if (key.name === 'ctrl-c')
        this.#message = 'Type  :qa!  and press <Enter> to abandon all changes and exit Vim'
      else if (key.name !== 'escape' || begun === '') this.#move(key.name)
      return
    }
    this.#begun = (this.#begun + key.text).slice(0, 12)
    const match = /^([1-9]\d{0,4})?([dycgrZ>]?)(.?)$/.exec(this.#begun)
    if (match === null) {
      this.#begun = ''
      return
    }
    const [, digits, operator = '', last = ''] = match
    // A count or an operator alone waits for more.
    if (
      last === '' ||
      (operator === '' && /[dycgrZ>]/.test(last)) ||
      (operator === '' && /^\d/.test(last) && digits !== undefined)
    )
      return
    this.#begun = ''
    this.#message = ''
    if (operator === 'r') {
      this.#remember()
      page.line = page.line.slice(0, page.column) + last + page.line.slice(page.column + 1)
    } else this.#command(operator + last, Number(digits ?? 0))
  }

  #enter(column: number): void {
    this.#mode = 'insert'
    this.#page.column = column
  }

  #command(command: string, given: number): void {
    const page = this.#page
    const count = Math.max(1, given)
    const kept = /^(?:[xXDCJpPoOiaIAsS]|d.|c.|>.)$/.test(command)
    if (kept) this.#remember()
    switch (command) {
      case 'h':
        page.column -= count
        break
      case 'l':
      case ' ':
        page.column += count
        break
      case 'j':
        page.row += count
        break
      case 'k':
        page.row -= count
        break
      case '0':
        page.column = 0
        break
      case '^':
        page.column = page.line.search(/\S|$/)
        break
      case '$':
        page.column = page.line.length
        break
      case 'w':
        page.column = nextWord(page.line, page.column)
        if (page.column >= page.line.length && page.row < page.lines.length - 1) {
          page.row++
          page.column = 0
        }
        break
      case 'b':
        page.column = previousWord(page.line, page.column)
        break
      case 'e':
        page.column = Math.max(page.column + 1, nextWord(page.line, page.column + 1) - 1)
        break
      case 'gg':
        page.row = Math.max(0, given - 1)
        break
      case 'G':
        page.row = given === 0 ? page.lines.length - 1 : given - 1
        break
      case 'x':
        page.line = page.line.slice(0, page.column) + page.line.slice(page.column + count)
        break
      case 'X':
        if (page.column > 0) page.back()
        break
      case 'D':
      case 'd$':
        page.line = page.line.slice(0, page.column)
        break
      case 'C':
      case 'c$':
        page.line = page.line.slice(0, page.column)
        this.#enter(page.line.length)
        return
      case 'dd':
        this.#taken = page.cut(count)
        break
      case 'dw':
      case 'cw':
        page.line = page.line.slice(0, page.column) + page.line.slice(nextWord(page.line, page.column))
        if (command === 'cw') this.#enter(page.column)
        break
      case 'dG':
        this.#taken = page.cut(page.lines.length - page.row)
        break
      case 'cc':
      case 'S':
        page.line = ''
        this.#enter(0)
        return
      case 's':
        page.line = page.line.slice(0, page.column) + page.line.slice(page.column + 1)
        this.#enter(page.column)
        return
      case 'yy':
      case 'Y':
        this.#taken = page.lines.slice(page.row, page.row + count)
        break
      case 'p':
      case 'P':
        page.paste(this.#taken, command === 'p' ? page.row + 1 : page.row)
        if (command === 'p' && this.#taken.length > 0) page.row++
        page.column = 0
        break
      case 'J':
        page.column = page.line.length
        page.insert(' ')
        page.erase()
        break
      case 'i':
        this.#enter(page.column)
        return
      case 'a':
        this.#enter(Math.min(page.line.length, page.column + 1))
        return
      case 'I':
        this.#enter(page.line.search(/\S|$/))
        return
      case 'A':
        this.#enter(page.line.length)
        return
      case 'o':
      case 'O':
        page.column = command === 'o' ? page.line.length : 0
        page.split()
        if (command === 'O') page.row--
        this.#enter(0)
        return
      case 'u': {
        const before = this.#before
        if (before === undefined) {
          this.#message = 'Already at oldest change'
          break
        }
        this.#remember()
        page.restore(before)
        break
      }
      case 'n':
        this.#find()
        return
      case 'ZZ':
        if (this.#save(this.#name)) this.#over = true
        break
      case 'ZQ':
        this.#over = true
        break
      case ':':
      case '/':
      case '?':
        this.#mode = 'line'
        this.#typed = command
        return
      default:
    }
    page.hold(false)
  }

  #find(): void {
    if (!this.#page.find(this.#search))
      this.#message = `\u001b[97m\u001b[41mE486: Pattern not found: ${this.#search}\u001b[0m`
  }

  #line(key: { text: string } | { name: string }): void {
    if ('text' in key) {
      if (this.#typed.length < 500) this.#typed += key.text
    } else if (key.name === 'backspace') {
      this.#typed = this.#typed.slice(0, -1)
      if (this.#typed === '') this.#mode = 'normal'
    } else if (key.name === 'escape' || key.name === 'ctrl-c') this.#mode = 'normal'
    else if (key.name === 'enter') {
      this.#mode = 'normal'
      this.#message = ''
      if (this.#typed.startsWith(':')) this.#colon(this.#typed.slice(1).trim())
      else {
        this.#search = this.#typed.slice(1) || this.#search
        this.#find()
      }
    }
  }

  #error(words: string): void {
    this.#message = `\u001b[97m\u001b[41m${words}\u001b[0m`
  }

  #save(name: string): boolean {
    if (name === '') {
      this.#error('E32: No file name')
      return false
    }
    const fresh = this.#screen.read(name).text === undefined
    const text = this.#page.text
    const problem = this.#screen.save(name, text)
    if (problem !== undefined) {
      this.#error(`"${name}" E212: Can't open file for writing`)
      return false
    }
    this.#page.changed = false
    const lines = text === '' ? 0 : this.#page.lines.length
    this.#message = `"${name}"${fresh ? ' [New]' : ''} ${lines}L, ${text.length}B written`
    return true
  }

  #colon(command: string): void {
    const write = /^(?:w|write|wq|x|wa|wqa|xa)(!?)(?:\s+(\S{1,400}))?$/.exec(command)
    const swap = /^(%)?s\/((?:[^/\\]|\\.){1,200})\/((?:[^/\\]|\\.){0,200})(?:\/(g?))?$/.exec(command)
    if (write !== null) {
      if (this.#save(write[2] ?? this.#name) && /^(?:wq|x|wqa|xa)/.test(command)) this.#over = true
    } else if (/^(?:q|quit|qa|cq)$/.test(command)) {
      if (this.#page.changed) this.#error('E37: No write since last change (add ! to override)')
      else this.#over = true
    } else if (/^(?:q|quit|qa|cq)!$/.test(command)) this.#over = true
    else if (/^\d{1,7}$/.test(command)) this.#page.row = Number(command) - 1
    else if (command === '$') this.#page.row = this.#page.lines.length - 1
    else if (swap !== null) {
      // A plain text: a pattern of the attacker's is not run on our side.
      const [, every, from = '', to = '', all = ''] = swap
      const plain = (text: string): string => text.replace(/\\(.)/g, '$1')
      this.#remember()
      const rows = every === undefined ? [this.#page.row] : this.#page.lines.keys()
      let hits = 0
      for (const row of rows) if (this.#page.swap(row, plain(from), plain(to), all === 'g')) hits++
      if (hits === 0) this.#error(`E486: Pattern not found: ${from}`)
    } else if (/^(?:set|se|syntax|syn|noh|color|colo)\b/.test(command)) this.#message = ''
    else if (command !== '') this.#error(`E492: Not an editor command: ${command}`)
    this.#page.hold(false)
  }
}

export const vi: FullScreen = (screen, args) => new Vi(screen, args.filter((arg) => !/^[-+]/.test(arg))[0] ?? '').run()
