import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Hub } from '@skep/hub'
import { logger, type Log } from '@skep/vocabulary'

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
  const file = new URL('../package.json', import.meta.url)
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
})()

/** The folder of the built portal, beside the program. */
export const portalFolder = fileURLToPath(new URL('./web', import.meta.url))

export const dataFolder = (given: string | undefined): string =>
  resolve(given ?? process.env['SKEP_DATA'] ?? 'skep-data')

/** What a running hub leaves in its data folder, so that other commands find it. */
interface Running {
  readonly pid: number
  readonly url: string
  /** The file or address of its relational state. */
  readonly relational: string
}

/** The relational state of a hub that keeps it in a file. */
export const relationalFile = (data: string): string => join(data, 'hub', 'relational.sqlite')
const runningFile = (data: string): string => join(data, 'hub', 'running.json')

export function markRunning(data: string, url: string, relational = relationalFile(data)): () => void {
  mkdirSync(join(data, 'hub'), { recursive: true })
  writeFileSync(runningFile(data), JSON.stringify({ pid: process.pid, url, relational } satisfies Running), {
    mode: 0o600,
  })
  return () => rmSync(runningFile(data), { force: true })
}

/** The hub that runs on a data folder, if one does. */
export async function findRunning(data: string): Promise<Running | undefined> {
  if (!existsSync(runningFile(data))) return undefined
  try {
    const running = JSON.parse(readFileSync(runningFile(data), 'utf8')) as Running
    const response = await fetch(`${running.url}/healthz`, { signal: AbortSignal.timeout(3000) })
    return response.ok ? running : undefined
  } catch {
    return undefined
  }
}

/** Where diagnostics go: for people, or one JSON object a line. @throws UserError */
export function logTo(form: string | undefined, part: string, indent = ''): Log {
  if (form !== undefined && form !== 'text' && form !== 'json')
    throw new UserError(`--log must be text or json, not: ${form}`, exit.usage)
  return logger(part, (line) => {
    if (form === 'json') console.error(JSON.stringify(line))
    else {
      const { time: _time, level, part: of, message, ...fields } = line
      const more = Object.keys(fields).length > 0 && level !== 'info' ? ` ${JSON.stringify(fields)}` : ''
      console.error(`${indent}${of}: ${message}${more}`)
    }
  })
}

/** Asks the API of a hub. @throws UserError with the hub's own words */
export async function askHub<T>(
  hub: { url: string; token: string },
  method: string,
  path: string,
  body?: unknown,
): Promise<T> {
  const bytes = body instanceof Uint8Array
  const response = await fetch(`${hub.url}/api/v1/${path}`, {
    method,
    headers: {
      authorization: `Bearer ${hub.token}`,
      ...(body !== undefined && { 'content-type': bytes ? 'application/octet-stream' : 'application/json' }),
    },
    ...(body !== undefined && { body: bytes ? new Uint8Array(body) : JSON.stringify(body) }),
  })
  const answer = (await response.json()) as { error?: string }
  if (!response.ok) throw new UserError(answer.error ?? `The hub answered ${response.status}`)
  return answer as T
}

/** A hub to work with: the running one, or one started for the while. */
export async function withHub<T>(
  data: string,
  log: (line: string) => void,
  work: (hub: { url: string; token: string }) => Promise<T>,
): Promise<T> {
  const { Relational, startHub } = await import('@skep/hub')
  const running = await findRunning(data)
  if (running !== undefined) {
    const relational = await Relational.open(running.relational)
    const token = await relational.tokens.create('operator', 'command line', { ttl: 86_400 })
    await relational.close()
    return work({ url: running.url, token })
  }
  log('no hub is running on this data folder; starting one for the while')
  const hub: Hub = await startHub({ data, version, log: logger('hub', ({ message }) => log(message)) })
  try {
    await hub.ready
    const token = await hub.relational.tokens.create('operator', 'command line', { ttl: 86_400 })
    return await work({ url: hub.url, token })
  } finally {
    await hub.stop()
  }
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
