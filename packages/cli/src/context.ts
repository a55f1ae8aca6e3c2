import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { logger, plain, type Log } from '@skep/vocabulary'

/** What a command exits with: 0 done, 1 failed, 2 the call was wrong, 3 nothing to do it with (no hub, no file). */
export const exit = { done: 0, failed: 1, usage: 2, missing: 3 } as const

/** An error that the person at the terminal can mend; shown without a stack. */
export class UserError extends Error {
  override readonly name = 'UserError'
  readonly code: number
  constructor(message: string, code: number = exit.failed, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

export const version: string = (() => {
  // Beside the program in a release, one up in the package.
  const file = ['./package.json', '../package.json'].map((path) => new URL(path, import.meta.url)).find(existsSync)
  return file === undefined ? '0.0.0' : (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
})()

/** The folder of the built portal, beside the program. */
export const portalFolder = fileURLToPath(new URL('./web', import.meta.url))

export const dataFolder = (given: string | undefined): string =>
  resolve(given ?? process.env['SKEP_DATA'] ?? 'skep-data')

/** Where diagnostics go: for people, or one JSON object a line. @throws UserError */
export function logTo(form: string | undefined, part: string, indent = ''): Log {
  if (form !== undefined && form !== 'text' && form !== 'json')
    throw new UserError(`--log must be text or json, not: ${form}`, exit.usage)
  return logger(part, (line) => {
    if (form === 'json') console.error(JSON.stringify(line))
    else {
      const { time: _time, level, part: of, message, ...fields } = line
      const more = Object.keys(fields).length > 0 && level !== 'info' ? ` ${JSON.stringify(fields)}` : ''
      // Lines of a stack stay lines; nothing else that acts on a terminal gets through.
      console.error(`${indent}${of}: ${message}${more}`.split('\n').map(plain).join('\n'))
    }
  })
}

/** A line of progress that is written over on a terminal, and now and then elsewhere. */
export class Progress {
  readonly #label: string
  readonly #quiet: boolean
  #last = 0

  constructor(label: string, quiet: boolean) {
    this.#label = label
    this.#quiet = quiet
  }

  show(done: number, total: number, more = '', force = false): void {
    const now = Date.now()
    const tty = process.stderr.isTTY
    if (this.#quiet || (!force && now - this.#last < (tty ? 100 : 5000))) return
    this.#last = now
    const share = total > 0 ? Math.min(1, done / total) : 0
    const bar = `[${'#'.repeat(Math.round(share * 24)).padEnd(24, '.')}]`
    process.stderr.write(
      `${tty ? '\r\u001b[K' : ''}${this.#label} ${bar} ${Math.round(share * 100)} % ${more}${tty && !force ? '' : '\n'}`,
    )
  }
}
