import type { LineEditor, Tty } from './editor.ts'
import type { LineResult, RunOptions, Shell } from './shell.ts'

/** Line ends as a terminal driver writes them. */
export const crlf = (bytes: Buffer): Buffer => Buffer.from(bytes.toString('latin1').replace(/\r?\n/g, '\r\n'), 'latin1')

/** A line that runs. */
interface Running {
  readonly token: number
  readonly source: string
  readonly abort: AbortController
  /** Whether what it prints is shown at once; else it is held back. */
  shown: boolean
  held: Buffer[]
  /** What is on its way to the terminal. */
  sending: Promise<void>
  /** Whether the shell has gone on without it. */
  left: boolean
  ended: LineResult | undefined
  done: Promise<void>
}

/** How a line came back to the prompt. */
export type Returned = { readonly how: 'ended'; readonly result: LineResult } | { readonly how: 'stopped' }

/** A key that the terminal shows as it is. */
const plainKey = (c: number): boolean => c >= 32 && c !== 127
const maxHeld = 64 * 1024
const mostStopped = 16

/**
 * Runs lines while the attacker sits before the terminal: what is typed meanwhile is echoed and kept for the next line,
 * ^C ends, ^Z stops what runs, and what it prints is seen as it is printed.
 */
export class Foreground {
  readonly #shell: Shell
  readonly #tty: Tty
  readonly #editor: LineEditor
  readonly #stopped = new Map<number, Running>()
  #over: { token: number; code: number }[] = []
  #tokens = 0

  constructor(shell: Shell, tty: Tty, editor: LineEditor) {
    this.#shell = shell
    this.#tty = tty
    this.#editor = editor
  }

  /**
   * Runs a line until it ends or is stopped.
   * @param options how it is run; @param hides what of its output was shown already
   */
  async run(
    line: Buffer,
    options: Omit<RunOptions, 'terminal' | 'printed' | 'left' | 'over'>,
    hides?: RegExp,
  ): Promise<Returned> {
    const over = this.#over
    this.#over = []
    const running: Running = {
      token: this.#tokens++,
      source: line.toString('utf8').trim(),
      abort: new AbortController(),
      shown: true,
      held: [],
      sending: Promise.resolve(),
      left: false,
      ended: undefined,
      done: Promise.resolve(),
    }
    const { signal } = options
    running.done = this.#shell
      .run(line, {
        ...options,
        terminal: true,
        over,
        signal: signal === undefined ? running.abort.signal : AbortSignal.any([signal, running.abort.signal]),
        left: () => running.left,
        printed: (out) => this.#print(running, out),
      })
      .then((result) => {
        running.ended = result
        const rest = result.out.subarray(result.printed.out)
        this.#print(
          running,
          hides === undefined ? rest : Buffer.from(rest.toString('latin1').replace(hides, ''), 'latin1'),
        )
      })
    return this.#attend(running)
  }

  /** Goes on with lines that were stopped, as fg, bg and kill ask. @returns the one that has the terminal now */
  async resume(asked: LineResult['resumed']): Promise<Returned | undefined> {
    let returned: Returned | undefined
    for (const { token, how } of asked) {
      const running = this.#stopped.get(token)
      if (running === undefined) continue
      this.#stopped.delete(token)
      if (how === 'kill') running.abort.abort()
      else {
        running.shown = true
        for (const part of running.held.splice(0)) this.#print(running, part)
        if (how === 'fg') returned = await this.#attend(running)
        else
          void running.done.then(() => {
            if (running.ended !== undefined) this.#over.push({ token, code: running.ended.code })
          })
      }
    }
    return returned
  }

  #print(running: Running, bytes: Buffer): void {
    if (bytes.length === 0) return
    if (running.shown) {
      running.sending = running.sending.then(() => this.#tty.write(crlf(bytes))).catch(() => {})
      return
    }
    running.held.push(bytes)
    let size = 0
    for (const { length } of running.held) size += length
    while (size > maxHeld) size -= running.held.shift()?.length ?? size
  }

  /** Waits for a line, and looks at what is typed. */
  async #attend(running: Running): Promise<Returned> {
    const { input } = this.#tty
    // What came before the line began came while nobody echoed.
    let silent = input.buffered
    const ended = new AbortController()
    void running.done.then(
      () => ended.abort(),
      () => ended.abort(),
    )
    let ahead = ''
    try {
      while (running.ended === undefined && !ended.signal.aborted) {
        if (!(await input.arrival(ended.signal))) {
          if (!ended.signal.aborted) await running.done
          break
        }
        if (ended.signal.aborted) break
        const chunk = (await input.some(4096)) ?? Buffer.alloc(0)
        for (let at = 0; at < chunk.length;) {
          const c = chunk[at] ?? 0
          if (c === 3 || c === 28) {
            await this.#echo(c)
            ahead = ''
            running.abort.abort()
          } else if (c === 26 && this.#stopped.size < mostStopped) {
            await this.#echo(c)
            ahead += chunk.toString('latin1', at + 1)
            return await this.#stop(running)
          } else {
            // What is shown as it is, is shown at once.
            let end = at + 1
            while (plainKey(c) && end < chunk.length && plainKey(chunk[end] ?? 0)) end++
            const part = chunk.toString('latin1', at, end)
            if (silent > 0) ahead += part
            else ahead = await this.#typed(part, ahead)
            silent -= end - at
            at = end
            continue
          }
          silent--
          at++
        }
      }
      await running.done
      await running.sending
      if (running.abort.signal.aborted) await this.#tty.write('\r\n')
      if (running.ended === undefined) throw new Error('Cannot wait for a line: it has not ended')
      return { how: 'ended', result: running.ended }
    } finally {
      input.unread(Buffer.from(ahead, 'latin1'))
    }
  }

  async #stop(running: Running): Promise<Returned> {
    await this.#tty.write('\r\n')
    running.left = true
    running.shown = false
    this.#stopped.set(running.token, running)
    await this.#tty.write(crlf(await this.#shell.stop(running.token, running.source)))
    return { how: 'stopped' }
  }

  /** How the terminal's driver shows a control character. */
  async #echo(c: number): Promise<void> {
    if (this.#editor.typed) await this.#tty.write(`^${String.fromCharCode(c + 64)}`)
  }

  /** Keys that are kept for the next line: one, or several that are shown as they are. @returns what is kept */
  async #typed(part: string, ahead: string): Promise<string> {
    const { write } = this.#tty
    const c = part.charCodeAt(0)
    const show = async (text: string): Promise<void> => {
      if (this.#editor.typed) await write(Buffer.from(text, 'latin1'))
    }
    if (c === 127 || c === 8) {
      if (ahead === '' || ahead.endsWith('\r')) return ahead
      await show('\b \b')
      return ahead.slice(0, -1)
    }
    if (ahead.length + part.length > 65_536) return ahead
    if (c === 13 || c === 10) await show('\r\n')
    else if (c < 32 && c !== 9) await this.#echo(c)
    else await show(part)
    return ahead + part
  }

  /** Ends all that was stopped: the shell is gone. */
  end(): void {
    for (const running of this.#stopped.values()) running.abort.abort()
    this.#stopped.clear()
  }
}
