import { EndOfStream, type Reader } from '../runtime/reader.ts'
import type { Shell } from './shell.ts'

/** The terminal that an attacker sits at. */
export interface Tty {
  readonly input: Reader
  readonly write: (bytes: string | Uint8Array) => Promise<void>
  /** Whether the line is edited and echoed here (a PTY), or comes as it is (a pipe). */
  readonly pty: boolean
  readonly signal: AbortSignal
}

const maxLine = 64 * 1024

/** Thrown where the attacker ended the input. */
class Hangup extends EndOfStream {}

/**
 * Reads one line the way a terminal does: echo, backspace, ^U, ^W, ^C, history by arrow keys, bracketed paste ignored.
 * @returns undefined at the end of the input (^D, hang-up)
 */
export class LineEditor {
  readonly #tty: Tty
  readonly #history: string[] = []
  #skipNewline = false

  constructor(tty: Tty) {
    this.#tty = tty
  }

  /** @param echo what to show for each typed character: itself, or nothing (passwords) */
  async read(prompt: string, echo = true): Promise<Buffer | undefined> {
    const { input, write, pty } = this.#tty
    if (pty || prompt !== '') await write(prompt)
    if (!pty) return this.#readPlain()
    let line = '' // one character a byte
    let at = this.#history.length
    const replace = async (next: string) => {
      await write(`${'\b \b'.repeat(line.length)}${Buffer.from(next, 'latin1').toString('utf8')}`)
      line = next
    }
    for (;;) {
      const chunk = await input.some(1)
      if (chunk === undefined) {
        if (line === '') return undefined
        throw new Hangup('hang-up within a line')
      }
      const c = chunk[0] ?? 0
      const skip = this.#skipNewline && c === 10
      this.#skipNewline = false
      if (skip) continue
      if (c === 13 || c === 10) {
        this.#skipNewline = c === 13
        await write('\r\n')
        if (line.trim() !== '' && echo) this.#history.push(line)
        if (this.#history.length > 200) this.#history.shift()
        return Buffer.from(line, 'latin1')
      }
      if (c === 3) {
        await write('^C\r\n')
        return Buffer.alloc(0)
      }
      if (c === 4) {
        if (line === '') return undefined
      } else if (c === 127 || c === 8) {
        if (line !== '') {
          line = line.slice(0, -1)
          if (echo) await write('\b \b')
        }
      } else if (c === 21) await replace('')
      else if (c === 23) await replace(line.replace(/\S+\s*$/, ''))
      else if (c === 27) {
        const sequence = await this.#escape()
        if (sequence === '[A' && at > 0) await replace(this.#history[--at] ?? '')
        else if (sequence === '[B' && at < this.#history.length) await replace(this.#history[++at] ?? '')
      } else if (c >= 32 && line.length < maxLine) {
        line += String.fromCharCode(c)
        if (echo) {
          // What was typed ahead in one packet is echoed in one packet.
          let more = ''
          const typed = input.here()
          for (const byte of typed.subarray(0, 4096)) {
            if (byte < 32 || byte === 127 || line.length + more.length >= maxLine) break
            more += String.fromCharCode(byte)
          }
          input.skip(more.length)
          line += more
          await write(Buffer.from(String.fromCharCode(c) + more, 'latin1'))
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

/** Whether more must follow before a line can be run at all: a here-document, a pipe or backslash at the end. */
function continues(text: string): boolean {
  if (/(?:\\|\||&&)$/.test(text.trimEnd())) return true
  const word = /<<-?\s*['"]?([\w.-]{1,64})['"]?/.exec(text)?.[1]
  return (
    word !== undefined &&
    !text
      .split('\n')
      .slice(1)
      .some((line) => line.trim() === word)
  )
}

/**
 * An interactive shell until the attacker leaves.
 * @returns the exit code
 */
export async function interact(shell: Shell, tty: Tty): Promise<number> {
  const editor = new LineEditor(tty)
  let pending: Buffer | undefined
  let depth = 0
  let code = 0
  try {
    for (;;) {
      const prompt = tty.pty
        ? pending === undefined
          ? depth > 0 && shell.kind === 'bash'
            ? shell.user.uid === 0
              ? '# '
              : '$ '
            : shell.prompt
          : '> '
        : ''
      const line = await editor.read(prompt)
      if (line === undefined) {
        if (depth-- > 0) {
          if (tty.pty) await tty.write('\r\n')
          continue
        }
        if (tty.pty && shell.kind === 'bash') await tty.write('logout\r\n')
        return code
      }
      const whole: Buffer = pending === undefined ? line : Buffer.concat([pending, Buffer.from('\n'), line])
      const text = whole.toString('latin1').trim()
      if (text === '') continue
      const leaving = /^(?:exit|logout)(?:\s+(\d{1,3}))?\s*;?$/.exec(text)
      const nested = /^(?:\/bin\/|\/usr\/bin\/|busybox |\/bin\/busybox )?(?:sh|bash|ash|dash)(?: -i)?$/.test(text)
      if (leaving !== null || nested) {
        pending = undefined
        shell.note(whole)
      }
      if (leaving !== null) {
        code = Number(leaving[1] ?? code)
        if (depth-- > 0) continue
        if (tty.pty && shell.kind === 'bash') await tty.write('logout\r\n')
        return code
      }
      if (nested) {
        depth = Math.min(8, depth + 1)
        continue
      }
      if (tty.pty && continues(whole.toString('latin1')) && whole.length < maxLine) {
        pending = whole
        continue
      }
      const result = await shell.run(whole, { terminal: tty.pty, signal: tty.signal })
      if (result.unfinished && tty.pty && whole.length < maxLine) {
        pending = whole
        continue
      }
      pending = undefined
      code = result.code
      const said = Buffer.concat([result.out, result.err])
      if (said.length > 0) await tty.write(tty.pty ? crlf(said) : said)
      if (/(?:^|[;&|])\s{0,8}(?:exit|logout)\s{0,8}\d{0,3}\s{0,8};?$/.test(text)) {
        if (tty.pty && shell.kind === 'bash') await tty.write('logout\r\n')
        return code
      }
    }
  } catch (error) {
    if (error instanceof Hangup) return 129
    throw error
  }
}

/** Line ends as a terminal driver writes them. */
export const crlf = (bytes: Buffer): Buffer => Buffer.from(bytes.toString('latin1').replace(/\r?\n/g, '\r\n'), 'latin1')
