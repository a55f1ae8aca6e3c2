import { Page, shown, shownAt } from './page.ts'
import type { FullScreen, Screen } from './screen.ts'

const [bright, usual] = ['\u001b[7m', '\u001b[0m']
const helps = [
  ['^G', 'Help', '^O', 'Write Out', '^W', 'Where Is', '^K', 'Cut', '^T', 'Execute', '^C', 'Location'],
  ['^X', 'Exit', '^R', 'Read File', '^\\', 'Replace', '^U', 'Paste', '^J', 'Justify', '^_', 'Go To Line'],
]

/** nano. */
class Nano {
  readonly #screen: Screen
  readonly #version: string
  readonly #page: Page
  #name: string
  #top = 0
  #message: string
  #taken: string[] = []
  #over = false

  constructor(screen: Screen, name: string, version: string) {
    this.#screen = screen
    this.#name = name
    this.#version = version
    const { text, problem } = name === '' ? { text: undefined, problem: undefined } : screen.read(name)
    this.#page = new Page(text ?? '')
    const lines = text === undefined || text === '' ? 0 : this.#page.lines.length
    this.#message =
      problem !== undefined
        ? `${name} ${problem}`
        : name === ''
          ? ''
          : text === undefined
            ? 'New File'
            : `Read ${lines} line${lines === 1 ? '' : 's'}`
  }

  async run(): Promise<void> {
    await this.#screen.write(
      '\u001b[?2004h\u001b[?1049h\u001b[22;0;0t\u001b[1;24r\u001b(B\u001b[m\u001b[4l\u001b[?7h\u001b[H\u001b[2J',
    )
    while (!this.#over) {
      if (!this.#screen.keys.more) await this.#draw()
      const key = await this.#screen.keys.next()
      if (key === undefined) break
      this.#message = ''
      await this.#do(key)
    }
    const { height } = this.#screen.size
    await this.#screen.write(`\u001b[${height};1H\u001b[?2004l\u001b[?1049l\u001b[23;0;0t\r`)
  }

  async #draw(asking?: {
    readonly question: string
    readonly answer: string
    readonly choices: string[]
  }): Promise<void> {
    const { width, height } = this.#screen.size
    const page = this.#page
    page.hold(true)
    const rows = Math.max(1, height - 5)
    if (page.row < this.#top || page.row >= this.#top + rows) this.#top = Math.max(0, page.row - (rows >> 1))
    const left = `  GNU nano ${this.#version}`
    const middle = this.#name === '' ? 'New Buffer' : this.#name
    const right = page.changed ? 'Modified ' : ''
    const gap = Math.max(1, (width - middle.length) >> 1)
    const title = `${left.padEnd(gap)}${middle}`.padEnd(Math.max(0, width - right.length)) + right
    const text = Array.from({ length: rows }, (_, i) => shown(page.lines[this.#top + i] ?? '', width))
    const line =
      asking === undefined
        ? this.#message === ''
          ? ''
          : `${' '.repeat(Math.max(0, (width - this.#message.length - 4) >> 1))}${bright}[ ${this.#message} ]${usual}`
        : `${bright}${(asking.question + asking.answer).slice(0, width).padEnd(width)}${usual}`
    const cell = Math.max(8, Math.floor(width / 6))
    const help =
      asking === undefined
        ? helps.map((row) =>
            Array.from({ length: 6 }, (_, i) => `${bright}${row[i * 2]}${usual} ${row[i * 2 + 1]}`.padEnd(cell + 8))
              .join('')
              .trimEnd(),
          )
        : asking.choices
    await this.#screen.draw(
      [`${bright}${title.slice(0, width)}${usual}`, '', ...text, line, ...help].slice(0, height),
      asking === undefined
        ? { row: page.row - this.#top + 2, column: shownAt(page.line, page.column, width) }
        : { row: height - 3, column: Math.min(width - 1, asking.question.length + asking.answer.length) },
    )
  }

  /** Asks for a text in the line above the help. @returns undefined where the attacker thought better of it */
  async #ask(question: string, first = ''): Promise<string | undefined> {
    let answer = first
    for (;;) {
      await this.#draw({ question, answer, choices: [`${bright}^G${usual} Help`, `${bright}^C${usual} Cancel`] })
      const key = await this.#screen.keys.next()
      if (key === undefined || ('name' in key && key.name === 'ctrl-c')) {
        this.#message = 'Cancelled'
        return undefined
      }
      if ('text' in key) {
        if (answer.length < 400) answer += key.text
      } else if (key.name === 'backspace') answer = answer.slice(0, -1)
      else if (key.name === 'enter') return answer
    }
  }

  async #save(): Promise<boolean> {
    const name = await this.#ask('File Name to Write: ', this.#name)
    if (name === undefined || name === '') return false
    const problem = this.#screen.save(name, this.#page.text)
    if (problem !== undefined) {
      this.#message = `Error writing ${name}: ${problem}`
      return false
    }
    this.#name = name
    this.#page.changed = false
    const lines = this.#page.text === '' ? 0 : this.#page.lines.length
    this.#message = `Wrote ${lines} line${lines === 1 ? '' : 's'}`
    return true
  }

  async #exit(): Promise<void> {
    if (!this.#page.changed) {
      this.#over = true
      return
    }
    for (;;) {
      await this.#draw({
        question: 'Save modified buffer? ',
        answer: '',
        choices: [` ${bright}Y${usual} Yes`, ` ${bright}N${usual} No           ${bright}^C${usual} Cancel`],
      })
      const key = await this.#screen.keys.next()
      if (key === undefined || ('name' in key && key.name === 'ctrl-c')) {
        this.#message = 'Cancelled'
        return
      }
      if (!('text' in key)) continue
      if (/^n$/i.test(key.text)) this.#over = true
      else if (/^y$/i.test(key.text)) this.#over = await this.#save()
      else continue
      return
    }
  }

  async #do(key: { text: string } | { name: string }): Promise<void> {
    const page = this.#page
    const { height } = this.#screen.size
    if ('text' in key) {
      page.insert(key.text)
      return
    }
    switch (key.name) {
      case 'enter':
        page.split()
        break
      case 'backspace':
        page.back()
        break
      case 'delete':
      case 'ctrl-d':
        page.erase()
        break
      case 'up':
      case 'ctrl-p':
        page.row--
        break
      case 'down':
      case 'ctrl-n':
        page.row++
        break
      case 'left':
      case 'ctrl-b':
        if (page.column > 0) page.column--
        else if (page.row > 0) {
          page.row--
          page.column = page.line.length
        }
        break
      case 'right':
      case 'ctrl-f':
        if (page.column < page.line.length) page.column++
        else if (page.row < page.lines.length - 1) {
          page.row++
          page.column = 0
        }
        break
      case 'home':
      case 'ctrl-a':
        page.column = 0
        break
      case 'end':
      case 'ctrl-e':
        page.column = page.line.length
        break
      case 'pageup':
      case 'ctrl-y':
        page.row -= height - 7
        break
      case 'pagedown':
      case 'ctrl-v':
        page.row += height - 7
        break
      case 'ctrl-k':
        this.#taken = page.cut(1)
        break
      case 'ctrl-u':
        page.paste(this.#taken, page.row)
        page.row += this.#taken.length
        break
      case 'ctrl-w': {
        const wanted = await this.#ask('Search: ')
        if (wanted !== undefined && !page.find(wanted)) this.#message = `"${wanted}" not found`
        break
      }
      case 'ctrl-c':
        this.#message = `line ${page.row + 1}/${page.lines.length}, col ${page.column + 1}/${page.line.length + 1}`
        break
      case 'ctrl-o':
      case 'ctrl-s':
        await this.#save()
        break
      case 'ctrl-x':
        await this.#exit()
        break
      default:
    }
    page.hold(true)
  }
}

export const nano: FullScreen = (screen, args) =>
  new Nano(
    screen,
    args.filter((arg) => !/^[-+]/.test(arg))[0] ?? '',
    /^[\d.]+/.exec(screen.shell.session.persona.machine.versions['nano'] ?? '')?.[0] ?? '5.4',
  ).run()
