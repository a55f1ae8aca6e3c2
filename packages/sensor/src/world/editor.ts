import { EndOfStream, type Reader } from '../runtime/reader.ts'
import { characters, Display, hands, type Hand } from './display.ts'

/** The terminal that an attacker sits at. */
export interface Tty {
  readonly input: Reader
  readonly write: (bytes: string | Uint8Array) => Promise<void>
  /** Where errors go that do not come with the output, as they do at a terminal. */
  readonly complain?: (bytes: Uint8Array) => Promise<void>
  /** Whether the line is edited and echoed here (a PTY), or comes as it is (a pipe). */
  readonly pty: boolean
  readonly signal: AbortSignal
  /** Columns and rows as the client told them last. */
  readonly size?: () => { readonly width: number; readonly height: number }
}

export const maxLine = 64 * 1024
/** In lines longer than this the cursor stays at the end. */
const maxMoves = 4096

/** Thrown where the attacker ended the input. */
export class Hangup extends EndOfStream {}

/** What could stand at the cursor: what follows whatever was chosen, and all choices where there are several. */
export interface Completion {
  readonly insert: string
  readonly choices: readonly string[]
}
export type Completer = (before: string) => Completion

/** How a line is read. */
export interface Asking {
  /** What to show of each typed character: itself (the default), or nothing (passwords). */
  readonly echo?: boolean
  /** Who edits the line: bash's readline, busybox's ash, or only the terminal's driver (the default). */
  readonly keys?: 'readline' | 'busybox'
  /** Whether readline asks the terminal to put pastes in brackets, as it does since 8.1. */
  readonly paste?: boolean
  /** Whether it ends a line that was not shown, as readline does since 8.2. */
  readonly ends?: boolean
  /** What the terminal can. */
  readonly hand?: Hand
}

/** Bytes of the character that a text ends with. */
const lastSize = (text: string): number => {
  let size = 1
  while (size < 4 && size < text.length && (text.charCodeAt(text.length - size) & 0xc0) === 0x80) size++
  return text === '' ? 0 : size
}
const firstSize = (text: string): number => {
  let size = 1
  while (size < text.length && (text.charCodeAt(size) & 0xc0) === 0x80) size++
  return text === '' ? 0 : size
}

/** Where the last word of a text begins. */
function wordAt(text: string): number {
  let at = text.length
  while (at > 0 && text[at - 1] === ' ') at--
  while (at > 0 && text[at - 1] !== ' ') at--
  return at
}

/** Where the word that begins or ends here ends or begins: letters and digits, as Meta-B and Meta-F see it. */
function lettersAt(text: string, forward: boolean): number {
  const found = (forward ? /^[^A-Za-z0-9]*[A-Za-z0-9]*/ : /[A-Za-z0-9]*[^A-Za-z0-9]*$/).exec(
    text.slice(forward ? 0 : -512),
  )
  return found?.[0].length ?? 0
}

/** Columns as bash prints them. */
export function columns(choices: readonly string[], screen = 80): string {
  const width = Math.max(...choices.map((one) => one.length)) + 2
  const across = Math.max(1, Math.floor(screen / width))
  const down = Math.ceil(choices.length / across)
  return Array.from({ length: down }, (_, row) =>
    Array.from({ length: across }, (_, column) => choices[column * down + row])
      .flatMap((one, column) => (one === undefined ? [] : [column + 1 < across ? one.padEnd(width) : one]))
      .join(''),
  )
    .map((line) => `${line}\r\n`)
    .join('')
}

/** How bash turns a paste in brackets off again, with what the terminal needs then. */
const unpaste = '\u001b[?2004l\r'
const paste = '\u001b[?2004h'

/**
 * Reads one line the way a terminal does: by its driver alone (what is typed is echoed, characters, words and lines can be
 * taken back), or with an editor: moving and erasing within the line, history, completion.
 */
export class LineEditor {
  readonly #tty: Tty
  readonly #history: string[] = []
  readonly #complete: Completer | undefined
  #skipNewline = false
  /** Lines that were read together with the last one, and come next. */
  #rest: string[] = []
  /** What was cut out last. */
  #killed = ''
  /** Whether the last line was given up with ^C. */
  interrupted = false
  /** What stty has set: whether what is typed is shown. */
  typed = true

  constructor(tty: Tty, complete?: Completer) {
    this.#tty = tty
    this.#complete = complete
  }

  /** The lines that were read with an editor, the oldest first. */
  get history(): readonly string[] {
    return this.#history
  }

  /** How many lines were read together with the last one, and come next. */
  get ahead(): number {
    return this.#rest.length
  }

  /** Keeps a line in the history. */
  keep(line: string): void {
    // Longer ones cannot be gone through without drawing all of them anew with each key.
    if (line.length > maxMoves || line.trim() === '') return
    this.#history.push(line)
    if (this.#history.length > 200) this.#history.shift()
  }

  /** Keeps a line with the one before it, of which it is a part. @param glue what stands between them */
  keepWith(line: string, glue: string): void {
    const last = this.#history.at(-1)
    if (last === undefined || last.length + line.length > maxMoves) return this.keep(line)
    // A backslash at the end of a line goes with it.
    this.#history[this.#history.length - 1] = `${glue === '' ? last.slice(0, -1) : last}${glue}${line}`
  }

  /** @returns undefined at the end of the input (^D, hang-up) */
  async read(prompt: string, asking: Asking = {}): Promise<Buffer | undefined> {
    this.interrupted = false
    const next = this.#rest.shift()
    if (next !== undefined) return Buffer.from(next, 'latin1')
    if (!this.#tty.pty) {
      if (prompt !== '') await this.#tty.write(prompt)
      return this.#readPlain()
    }
    return asking.keys === undefined
      ? this.#readCooked(prompt, asking.echo !== false)
      : this.#readEdited(prompt, asking)
  }

  /** The next byte, or undefined at the end; a line feed right after a carriage return is the same key. */
  async #key(): Promise<number | undefined> {
    for (;;) {
      const c = (await this.#tty.input.some(1))?.[0]
      const skip = this.#skipNewline && c === 10
      this.#skipNewline = false
      if (!skip) return c
    }
  }

  /** More bytes of text that are here already: what was typed ahead in one packet is echoed in one packet. */
  #more(first: number, room: number): string {
    let text = String.fromCharCode(first)
    let taken = 0
    for (const byte of this.#tty.input.here().subarray(0, Math.min(4096, room))) {
      if (byte < 32 || byte === 127) break
      text += String.fromCharCode(byte)
      taken++
    }
    this.#tty.input.skip(taken)
    return text
  }

  /** As the driver of a terminal reads a line (n_tty). */
  async #readCooked(prompt: string, echo: boolean): Promise<Buffer | undefined> {
    const { write: send } = this.#tty
    await send(prompt)
    let line = ''
    const show = async (text: string): Promise<void> => {
      if (echo && this.typed && text !== '') await send(Buffer.from(text, 'latin1'))
    }
    const widthOf = (text: string): number =>
      characters(text).reduce((sum, c) => sum + (c < ' ' && c !== '\t' ? 2 : 1), 0)
    const takeBack = async (size: number): Promise<void> => {
      const gone = line.slice(line.length - size)
      line = line.slice(0, line.length - size)
      await show('\b \b'.repeat(widthOf(gone)))
    }
    for (;;) {
      const c = await this.#key()
      if (c === undefined) {
        if (line === '') return undefined
        throw new Hangup('hang-up within a line')
      }
      switch (c) {
        case 13:
        case 10:
          this.#skipNewline = c === 13
          await send('\r\n')
          return Buffer.from(line, 'latin1')
        case 3:
          await send('^C\r\n')
          this.interrupted = true
          return Buffer.alloc(0)
        case 4:
          if (line === '') return undefined
          break
        case 127:
        case 8:
          if (line !== '') await takeBack(lastSize(line))
          break
        case 21:
          await takeBack(line.length)
          break
        case 23:
          await takeBack(line.length - wordAt(line))
          break
        default: {
          if (line.length >= maxLine) break
          if (c < 32 && c !== 9) {
            line += String.fromCharCode(c)
            await show(`^${String.fromCharCode(c + 64)}`)
            break
          }
          const text = this.#more(c, maxLine - line.length)
          line += text
          await show(text)
        }
      }
    }
  }

  /** As readline or busybox's editor reads a line. */
  async #readEdited(
    prompt: string,
    { keys, paste: brackets = false, ends = false, hand = hands.readline }: Asking,
  ): Promise<Buffer | undefined> {
    const { input, write: send } = this.#tty
    const bash = keys === 'readline'
    const width = (): number => this.#tty.size?.().width || 80
    let display = new Display(prompt, width(), hand)
    await send((brackets ? paste : '') + prompt)
    // One character a byte; what stands before the cursor, and behind it.
    let [before, after] = ['', '']
    let at = this.#history.length
    /** What was typed before the history was looked at. */
    let own = ''
    let tabs = 0
    /** What was pasted last and is shown in another colour until the next key. */
    let marked = ''
    const write = async (text: string): Promise<void> => {
      if (this.typed && text !== '') await send(Buffer.from(text, 'latin1'))
    }
    const set = async (left: string, right: string): Promise<void> => {
      ;[before, after] = [left, right]
      await write(display.show(before, after))
    }
    const insert = async (text: string): Promise<void> => {
      if (after !== '') return before.length + after.length > maxMoves ? ring() : set(before + text, after)
      before += text
      await write(display.append(text))
    }
    /** Takes characters away before the cursor, or behind it. @param keeps whether they can be put back with ^Y */
    const erase = async (left: number, right: number, keeps = false): Promise<void> => {
      if (left === 0 && right === 0) return
      if (keeps) this.#killed = (before.slice(before.length - left) + after.slice(0, right)).slice(0, maxMoves)
      // At the end of a long line only the end is drawn.
      const cut = after === '' && right === 0 ? display.shorten(before.slice(before.length - left)) : undefined
      if (cut !== undefined) {
        before = before.slice(0, before.length - left)
        return write(cut)
      }
      await set(before.slice(0, before.length - left), after.slice(right))
    }
    const move = async (to: number): Promise<void> => {
      const whole = before + after
      // Each key within a line draws all that is behind it anew: that has a limit.
      if (whole.length > maxMoves) return
      const place = Math.max(0, Math.min(whole.length, to))
      await set(whole.slice(0, place), whole.slice(place))
    }
    const ring = (): Promise<void> => send('\u0007')
    const turn = async (by: 1 | -1): Promise<void> => {
      const to = at + by
      if (to < 0 || to > this.#history.length) return ring()
      if (at === this.#history.length) own = before + after
      at = to
      await set(this.#history[at] ?? own, '')
    }
    /** The line again, below what was printed. */
    const again = async (): Promise<void> => {
      display = new Display(prompt, width(), hand)
      await send(prompt)
      await write(display.show(before, after))
    }
    const quit = brackets ? `^C${unpaste}${paste}${unpaste}\r\n` : '^C\r\n'
    for (;;) {
      const c = await this.#key()
      if (c === undefined) {
        if (before + after === '') return undefined
        throw new Hangup('hang-up within a line')
      }
      if (c !== 9) tabs = 0
      if (marked !== '') {
        await write(display.unmark(marked))
        marked = ''
      }
      switch (c) {
        case 13:
        case 10: {
          this.#skipNewline = c === 13
          const [line = '', ...rest] = (before + after).replace(/\n+$/, '').split('\n')
          this.#rest = rest
          await write(display.leave())
          await send(`${this.typed ? '\r\n' : ''}${brackets ? unpaste : ''}${!this.typed && ends ? '\r\n' : ''}`)
          return Buffer.from(line, 'latin1')
        }
        case 3:
          await send(quit)
          this.interrupted = true
          return Buffer.alloc(0)
        case 4:
          if (before + after === '') {
            if (brackets) await send(`${unpaste}\r\n`)
            return undefined
          }
          await erase(0, firstSize(after))
          break
        case 127:
        case 8:
          if (before === '') await ring()
          else await erase(lastSize(before), 0)
          break
        case 1:
          await move(0)
          break
        case 2:
          await move(before.length - lastSize(before))
          break
        case 5:
          await move(before.length + after.length)
          break
        case 6:
          await move(before.length + firstSize(after))
          break
        case 11:
          await erase(0, after.length, true)
          break
        case 12:
          await send('\u001b[H\u001b[2J')
          await again()
          break
        case 14:
          await turn(1)
          break
        case 16:
          await turn(-1)
          break
        case 18: {
          if (!bash) break
          const found = await this.#search(display, before, after, write)
          if (found === undefined) {
            display.ask(prompt)
            await set(before, after)
            break
          }
          at = found.at
          display.ask(prompt)
          await set(found.before, found.after)
          input.unread(Buffer.of(found.key))
          break
        }
        case 20: {
          if (before.length + after.length > maxMoves) break
          const [left, right] = [lastSize(before), after === '' ? 0 : firstSize(after)]
          if (right === 0) {
            const second = lastSize(before.slice(0, before.length - left))
            if (second > 0)
              await set(
                before.slice(0, before.length - left - second) +
                  before.slice(before.length - left) +
                  before.slice(before.length - left - second, before.length - left),
                '',
              )
          } else if (left > 0)
            await set(
              before.slice(0, before.length - left) + after.slice(0, right) + before.slice(before.length - left),
              after.slice(right),
            )
          break
        }
        case 21:
          await erase(before.length, 0, true)
          break
        case 22: {
          const literal = await this.#tty.input.some(1)
          if (literal !== undefined) await insert(literal.toString('latin1'))
          break
        }
        case 23:
          await erase(before.length - wordAt(before), 0, true)
          break
        case 25:
          await insert(this.#killed)
          break
        case 9: {
          if (this.#complete === undefined) break
          const found = this.#complete(before)
          if (found.insert !== '') await insert(found.insert)
          else if (found.choices.length < 2 || tabs++ === 0) await ring()
          else {
            if (found.choices.length > 100) {
              await send(`\r\nDisplay all ${found.choices.length} possibilities? (y or n)`)
              const answer = await this.#key()
              if (answer === undefined || !/^[yY ]$/.test(String.fromCharCode(answer))) {
                await send('\r\n')
                await again()
                break
              }
            }
            await send(`\r\n${columns(found.choices, width())}`)
            await again()
          }
          break
        }
        case 27: {
          const sequence = await this.#escape()
          if (/^[[O]A$/.test(sequence)) await turn(-1)
          else if (/^[[O]B$/.test(sequence)) await turn(1)
          else if (/^[[O]C$/.test(sequence)) await move(before.length + firstSize(after))
          else if (/^[[O]D$/.test(sequence)) await move(before.length - lastSize(before))
          else if (/^(?:[[O]H|\[[17]~)$/.test(sequence)) await move(0)
          else if (/^(?:[[O]F|\[[48]~)$/.test(sequence)) await move(before.length + after.length)
          else if (sequence === '[3~') await erase(0, firstSize(after))
          else if (sequence === 'b') await move(before.length - lettersAt(before, false))
          else if (sequence === 'f') await move(before.length + lettersAt(after, true))
          else if (sequence === 'd') await erase(0, lettersAt(after, true), true)
          else if (sequence === '\u007f') await erase(lettersAt(before, false), 0, true)
          else if (sequence === '.' || sequence === '_')
            await insert(this.#history.at(-1)?.trim().split(/\s+/).at(-1) ?? '')
          else if (sequence === '[200~' && brackets) {
            const text = await this.#pasted(maxLine - before.length - after.length)
            if (after === '' && text !== '' && text.split('\n').every((line) => characters(line).length < 60)) {
              // Shown in another colour until the next key.
              before += text
              marked = text
              await write(display.append(text, true))
            } else await insert(text)
          }
          break
        }
        default: {
          if (c < 32 || before.length + after.length >= maxLine) break
          await insert(this.#more(c, maxLine - before.length - after.length))
        }
      }
    }
  }

  /** What stands between the brackets of a paste; line ends are those of the line itself. */
  async #pasted(room: number): Promise<string> {
    let text = ''
    for (;;) {
      const c = (await this.#tty.input.some(1))?.[0]
      if (c === undefined) return text
      text += String.fromCharCode(c)
      if (text.endsWith('\u001b[201~')) return text.slice(0, -6).replace(/\r\n?/g, '\n')
      if (text.length >= room + 6) return text.slice(0, room)
    }
  }

  /**
   * Looks for a line in the history (^R).
   * @returns the line found with the key that ended the search; undefined where it was given up
   */
  async #search(
    display: Display,
    before: string,
    after: string,
    write: (text: string) => Promise<void>,
  ): Promise<{ before: string; after: string; at: number; key: number } | undefined> {
    let [text, from, failed] = ['', this.#history.length, false]
    let found = before + after
    let place = before.length
    for (;;) {
      display.ask(`(${failed ? 'failed ' : ''}reverse-i-search)\`${text}': `)
      await write(display.show(found.slice(0, place), found.slice(place)))
      const c = await this.#key()
      if (c === undefined || c === 7 || c === 3) return undefined
      if (c === 18) from--
      else if (c === 127 || c === 8) {
        text = text.slice(0, -1)
        from = this.#history.length
      } else if (c >= 32) {
        text += String.fromCharCode(c)
        from = Math.min(this.#history.length, from + 1)
      } else return { before: found.slice(0, place), after: found.slice(place), at: this.#history.length, key: c }
      const hit = this.#history.slice(0, Math.max(0, from)).findLastIndex((one) => one.includes(text))
      failed = text !== '' && hit < 0
      if (text === '' || hit < 0) continue
      from = hit
      found = this.#history[hit] ?? ''
      place = found.lastIndexOf(text)
    }
  }

  async #escape(): Promise<string> {
    if (!(await this.#tty.input.waits(50))) return ''
    let sequence = ((await this.#tty.input.some(1)) ?? Buffer.alloc(0)).toString('latin1')
    if (sequence !== '[' && sequence !== 'O') return sequence
    for (let i = 0; i < 16; i++) {
      const next = ((await this.#tty.input.some(1)) ?? Buffer.from('~')).toString('latin1')
      sequence += next
      if (/[@-~]/.test(next)) break
    }
    return sequence
  }

  /** Without a terminal a line is what stands before LF; the rest at the end counts as a line. */
  async #readPlain(): Promise<Buffer | undefined> {
    const { input } = this.#tty
    const parts: Buffer[] = []
    let size = 0
    for (;;) {
      const chunk = await input.some(1)
      if (chunk === undefined) return size === 0 ? undefined : Buffer.concat(parts)
      if (chunk[0] === 10) return Buffer.concat(parts)
      if (chunk[0] === 13 || chunk[0] === 0) continue
      if (size < maxLine) parts.push(chunk)
      size++
    }
  }
}
