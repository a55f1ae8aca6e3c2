import { resolvePath } from '../node.ts'
import { Files } from '../files.ts'
import type { Shell } from '../shell.ts'
import type { Tty } from '../editor.ts'
import { Keys } from './keys.ts'

const mostBytes = 512 * 1024

/** What a program that fills the terminal works with. */
export class Screen {
  readonly keys: Keys
  readonly shell: Shell
  readonly #tty: Tty
  readonly #files: Files
  /** The event of the line that started it. */
  readonly #parent: string

  constructor(shell: Shell, tty: Tty, files: Files, parent: string) {
    this.shell = shell
    this.#tty = tty
    this.#files = files
    this.#parent = parent
    this.keys = new Keys(tty)
  }

  /** Columns and rows; what no terminal has is not believed. */
  get size(): { readonly width: number; readonly height: number } {
    const { width, height } = this.#tty.size?.() ?? { width: 80, height: 24 }
    return {
      width: width >= 20 && width <= 500 ? width : 80,
      height: height >= 5 && height <= 200 ? height : 24,
    }
  }

  write(text: string): Promise<void> {
    return this.#tty.write(Buffer.from(text, 'latin1'))
  }

  /** Draws whole lines from the top, then puts the cursor where it belongs (both from 0). */
  draw(lines: readonly string[], cursor?: { readonly row: number; readonly column: number }): Promise<void> {
    const { height } = this.size
    const rows = lines.slice(0, height).map((line) => `${line}\u001b[K`)
    const at = cursor === undefined ? '' : `\u001b[${cursor.row + 1};${cursor.column + 1}H\u001b[?25h`
    return this.write(`\u001b[?25l\u001b[H${rows.join('\r\n')}${rows.length < height ? '\u001b[J' : ''}${at}`)
  }

  path(name: string): string {
    return resolvePath(this.shell.cwd, name.replace(/^~(?=\/|$)/, this.shell.user.home))
  }
  /** A file as bytes; undefined where there is none, a text of the system where it cannot be read. */
  read(name: string): { readonly text?: string; readonly problem?: string } {
    const fs = this.#files.now
    const node = fs.node(this.path(name))
    if (node === undefined) return {}
    if (node.type === 'directory') return { problem: 'is a directory' }
    try {
      const bytes = fs.content(this.path(name))
      return { text: Buffer.from(bytes.subarray(0, mostBytes)).toString('latin1') }
    } catch (error) {
      return { problem: (error as { words?: string }).words ?? 'Permission denied' }
    }
  }
  /** Writes a file of the attacker's world; it is evidence. @returns why it could not be written */
  save(name: string, text: string): string | undefined {
    try {
      this.#files.now.write(this.path(name), Buffer.from(text, 'latin1'))
      this.#files.settle(this.#parent)
      return undefined
    } catch (error) {
      return (error as { words?: string }).words ?? 'Permission denied'
    }
  }
}

/** A program that fills the terminal. Resolves when it ends; what it was given are the words of its line. */
export type FullScreen = (screen: Screen, args: readonly string[]) => Promise<void>
