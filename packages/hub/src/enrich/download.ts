import { createWriteStream } from 'node:fs'
import { rename, rm, stat, utimes } from 'node:fs/promises'
import { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'

const maxBytes = 1024 ** 3
/** A poor link is slow, which is no reason to give up; one that stands still is. */
const longest = 2 * 3_600_000
const silence = 60_000

/** Why a file was not fetched, in words. */
export const reasonOf = (error: unknown): string =>
  error instanceof Error
    ? `${error.message}${error.cause instanceof Error ? ` (${error.cause.message})` : ''}`
    : String(error)

/**
 * Fetches a public file whole, or leaves what was there. A file that bears the server's time of change is asked for
 * only if it changed since (RFC 9110, 13.1.3).
 * @returns its size in bytes, and whether it came anew
 * @throws when the server refuses, stands still for a minute, or sends more than a gigabyte
 */
export async function fetchFile(
  file: string,
  url: string,
  { signal }: { signal?: AbortSignal | undefined } = {},
): Promise<{ bytes: number; fresh: boolean }> {
  const stop = new AbortController()
  let timer = setTimeout(() => {}, 0)
  const heard = (): void => {
    clearTimeout(timer)
    timer = setTimeout(() => stop.abort(new Error('the server stands still')), silence)
  }
  const signals = [stop.signal, AbortSignal.timeout(longest), ...(signal === undefined ? [] : [signal])]
  const part = `${file}.part`
  heard()
  try {
    const known = await stat(file).catch(() => undefined)
    const response = await fetch(url, {
      signal: AbortSignal.any(signals),
      headers: known === undefined ? {} : { 'if-modified-since': known.mtime.toUTCString() },
    })
    if (response.status === 304 && known !== undefined) return { bytes: known.size, fresh: false }
    if (!response.ok || response.body === null) throw new Error(`the server answered ${response.status}`)
    let size = 0
    const bounded = new Transform({
      transform(chunk: Buffer, _, done) {
        heard()
        size += chunk.length
        done(size > maxBytes ? new Error(`more than ${maxBytes} bytes`) : null, chunk)
      },
    })
    await pipeline(Readable.fromWeb(response.body as never), bounded, createWriteStream(part))
    const changed = Date.parse(response.headers.get('last-modified') ?? '')
    if (!Number.isNaN(changed)) await utimes(part, new Date(changed), new Date(changed))
    await rename(part, file)
    return { bytes: size, fresh: true }
  } finally {
    clearTimeout(timer)
    await rm(part, { force: true })
  }
}
