import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Hub } from '@skep/hub'
import { logger } from '@skep/vocabulary'
import { UserError, version } from './context.ts'

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
    const token = await relational.tokens.create('operator', 'command line', { ttl: 900 })
    await relational.close()
    return work({ url: running.url, token })
  }
  log('no hub is running on this data folder; starting one for the while')
  const hub: Hub = await startHub({ data, version, log: logger('hub', ({ message }) => log(message)) })
  try {
    await hub.ready
    const token = await hub.relational.tokens.create('operator', 'command line', { ttl: 900 })
    return await work({ url: hub.url, token })
  } finally {
    await hub.stop()
  }
}
