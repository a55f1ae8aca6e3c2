import { EndOfStream, type Reader } from '../runtime/reader.ts'

/** The terminal that an attacker sits at. */
export interface Tty {
  readonly input: Reader
  readonly write: (bytes: string | Uint8Array) => Promise<void>
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
  /** Whether it is one of the shell's own lines: those are in the history and can be completed. */
  readonly command?: boolean
}

/** How many characters are seen of a text of bytes in UTF-8. */
const seen = (text: string): number => {
  let count = 0
  for (let i = 0; i < text.length; i++) if ((text.charCodeAt(i) & 0xc0) !== 0x80) count++
  return count
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

/** Columns as bash prints them, for 80 characters. */
export function columns(choices: readonly string[]): string {
  const width = Math.max(...choices.map((one) => one.length)) + 2
  const across = Math.max(1, Math.floor(80 / width))
  const down = Math.ceil(choices.length / across)
  return Array.from({ length: down }, (_, row) =>
    Array.from({ length: across }, (_, column) => choices[column * down + row] ?? '')
      .map((one, i, all) => (all.slice(i + 1).every((later) => later === '') ? one : one.padEnd(width)))
      .join(''),
  )
    .map((line) => `${line}\r\n`)
    .join('')
}

/**
 * Reads one line the way a terminal with readline does: echo, moving and erasing within the line, history, completion;
 * bracketed paste is typed text.
 */
export class LineEditor {
  readonly #tty: Tty
  readonly #history: string[] = []
  readonly #complete: Completer | undefined
  #skipNewline = false
  /** Whether the last line was given up with ^C. */
  interrupted = false

  constructor(tty: Tty, complete?: Completer) {
    this.#tty = tty
    this.#complete = complete
  }

  /** @returns undefined at the end of the input (^D, hang-up) */
  async read(prompt: string, { echo = true, command = false }: Asking = {}): Promise<Buffer | undefined> {
    const { input, write: send, pty } = this.#tty
    this.interrupted = false
    if (pty || prompt !== '') await send(prompt)
    if (!pty) return this.#readPlain()
    // One character a byte; what stands before the cursor, and behind it.
    let [before, after] = ['', '']
    let at = this.#history.length
    let tabs = 0
    const write = async (text: string): Promise<void> => {
      if (echo && text !== '') await send(Buffer.from(text, 'latin1'))
    }
    const back = (text: string): string => '\b'.repeat(seen(text))
    const replace = async (next: string): Promise<void> => {
      const gone = seen(before) + seen(after)
      await write(`${after}${'\b \b'.repeat(gone)}${next}`)
      ;[before, after] = [next, '']
    }
    /** Takes characters away before the cursor, or behind it. */
    const erase = async (left: number, right: number): Promise<void> => {
      const [a, b] = [before.slice(before.length - left), after.slice(0, right)]
      before = before.slice(0, before.length - left)
      after = after.slice(right)
      const blank = ' '.repeat(seen(a) + seen(b))
      await write(`${back(a)}${after}${blank}${back(after)}${'\b'.repeat(blank.length)}`)
    }
    const move = async (to: number): Promise<void> => {
      const whole = before + after
      // Each key within a line draws all that is behind it anew: that has a limit.
      if (whole.length > maxMoves) return
      const place = Math.max(0, Math.min(whole.length, to))
      if (place < before.length) await write(back(before.slice(place)))
      else await write(whole.slice(before.length, place))
      ;[before, after] = [whole.slice(0, place), whole.slice(place)]
    }
    const insert = async (text: string): Promise<void> => {
      before += text
      await write(`${text}${after}${back(after)}`)
    }
    for (;;) {
      const chunk = await input.some(1)
      if (chunk === undefined) {
        if (before + after === '') return undefined
        throw new Hangup('hang-up within a line')
      }
      const c = chunk[0] ?? 0
      const skip = this.#skipNewline && c === 10
      this.#skipNewline = false
      if (skip) continue
      if (c !== 9) tabs = 0
      switch (c) {
        case 13:
        case 10: {
          this.#skipNewline = c === 13
          const line = before + after
          await send('\r\n')
          if (line.trim() !== '' && command) this.#history.push(line)
          if (this.#history.length > 200) this.#history.shift()
          return Buffer.from(line, 'latin1')
        }
        case 3:
          await send('^C\r\n')
          this.interrupted = true
          return Buffer.alloc(0)
        case 4:
          if (before + after === '') return undefined
          if (command) await erase(0, firstSize(after))
          break
        case 127:
        case 8:
          if (before !== '') await erase(lastSize(before), 0)
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
          await erase(0, after.length)
          break
        case 12:
          if (command) {
            await send('\u001b[H\u001b[2J')
            await send(prompt)
            await write(`${before}${after}${back(after)}`)
          }
          break
        case 21:
          await erase(before.length, 0)
          break
        case 23:
          await erase(before.length - wordAt(before), 0)
          break
        case 9: {
          if (!command || this.#complete === undefined) break
          const found = this.#complete(before)
          if (found.insert !== '') await insert(found.insert)
          else if (found.choices.length < 2 || tabs++ === 0) await send('\u0007')
          else if (found.choices.length <= 100) {
            await send(`\r\n${columns(found.choices)}${prompt}`)
            await write(`${before}${after}${back(after)}`)
          }
          break
        }
        case 27: {
          const sequence = await this.#escape()
          if (!echo) break
          if (/^[[O]A$/.test(sequence) && at > 0) await replace(this.#history[--at] ?? '')
          else if (/^[[O]B$/.test(sequence) && at < this.#history.length) await replace(this.#history[++at] ?? '')
          else if (/^[[O]C$/.test(sequence)) await move(before.length + firstSize(after))
          else if (/^[[O]D$/.test(sequence)) await move(before.length - lastSize(before))
          else if (/^(?:[[O]H|\[[17]~)$/.test(sequence)) await move(0)
          else if (/^(?:[[O]F|\[[48]~)$/.test(sequence)) await move(before.length + after.length)
          else if (sequence === '[3~') await erase(0, firstSize(after))
          break
        }
        default: {
          if (c < 32 || before.length + after.length >= maxLine) break
          // What was typed ahead in one packet is echoed in one packet.
          let more = String.fromCharCode(c)
          const typed = input.here()
          let taken = 0
          for (const byte of typed.subarray(0, 4096)) {
            if (byte < 32 || byte === 127 || before.length + after.length + more.length >= maxLine) break
            more += String.fromCharCode(byte)
            taken++
          }
          input.skip(taken)
          await insert(more)
        }
      }
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
