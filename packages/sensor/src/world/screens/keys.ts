import type { Tty } from '../editor.ts'

/** A key: a byte that is typed (one character), or the name of one that moves or commands. */
export type Key = { readonly text: string } | { readonly name: string }

const named: Readonly<Record<string, string>> = {
  A: 'up',
  B: 'down',
  C: 'right',
  D: 'left',
  H: 'home',
  F: 'end',
  '1~': 'home',
  '3~': 'delete',
  '4~': 'end',
  '5~': 'pageup',
  '6~': 'pagedown',
  '7~': 'home',
  '8~': 'end',
}

/** Reads keys as a terminal sends them. */
export class Keys {
  readonly #tty: Tty
  #waiting = ''
  #count = 0

  constructor(tty: Tty) {
    this.#tty = tty
  }

  /** Whether more was typed already: then nobody sees what is drawn before it. */
  get more(): boolean {
    return this.#waiting !== '' || this.#tty.input.buffered > 0
  }

  /** Whether a key comes within some milliseconds. */
  waits(ms: number): Promise<boolean> {
    return this.#waiting === '' ? this.#tty.input.waits(ms) : Promise.resolve(true)
  }

  async #byte(): Promise<string | undefined> {
    if (this.#waiting === '') {
      const more = await this.#tty.input.some(4096)
      if (more === undefined) return undefined
      this.#waiting = more.toString('latin1')
    }
    const [byte = ''] = this.#waiting
    this.#waiting = this.#waiting.slice(1)
    return byte
  }

  /** The next key; undefined when the attacker has gone. */
  async next(): Promise<Key | undefined> {
    // What is pasted must not hold up the others.
    if (++this.#count % 64 === 0) await new Promise((resolve) => setImmediate(resolve))
    const byte = await this.#byte()
    if (byte === undefined) return undefined
    if (byte === '\u001b') {
      // Alone it is Escape; what follows at once belongs to it.
      if (this.#waiting === '' && !(await this.#tty.input.waits(60))) return { name: 'escape' }
      const second = await this.#byte()
      if (second !== '[' && second !== 'O') {
        if (second !== undefined) this.#waiting = second + this.#waiting
        return { name: 'escape' }
      }
      let rest = ''
      while (rest.length < 8) {
        const one = await this.#byte()
        if (one === undefined) break
        rest += one
        if (/[A-Za-z~]/.test(one)) break
      }
      return { name: named[rest.replace(/^1;\d/, '')] ?? 'unknown' }
    }
    if (byte === '\r' || byte === '\n') {
      if (byte === '\r' && (this.#waiting[0] === '\n' || this.#waiting[0] === '\0'))
        this.#waiting = this.#waiting.slice(1)
      return { name: 'enter' }
    }
    if (byte === '\u007f' || byte === '\b') return { name: 'backspace' }
    if (byte === '\t') return { text: byte }
    if (byte < ' ') return { name: `ctrl-${String.fromCharCode(byte.charCodeAt(0) + 96)}` }
    return { text: byte }
  }
}
