import type { Log } from '@skep/vocabulary'
import { fetchPayload, NotFetched } from './fetch.ts'
import { Guard } from './guard.ts'

export interface FetcherOptions {
  /** The address of the hub's portal. */
  readonly hub: string
  /** An API token that may do `fetch` and nothing else. */
  readonly token: string
  /** Addresses that are gone to though they are not public: for trying things out. */
  readonly trusted?: readonly string[]
  /** Milliseconds between questions when there was nothing to do. */
  readonly pause?: number
  /** How names are resolved; without it, as the system does. */
  readonly resolve?: ConstructorParameters<typeof Guard>[2]
  readonly log: Log
  readonly signal: AbortSignal
}

interface Wanted {
  readonly id: string
  readonly url: string
  readonly tool: string
  readonly bytes: number
  readonly seconds: number
}

/** So many fetches at once. */
const mostAtOnce = 4

/**
 * Asks the hub what is to be fetched, fetches it, and brings it. It keeps nothing: what was begun when it ends is asked
 * for again. Goes on until the signal.
 */
export async function work({
  hub,
  token,
  trusted = [],
  pause = 10_000,
  resolve,
  log,
  signal,
}: FetcherOptions): Promise<void> {
  const ask = async (method: string, path: string, body?: Buffer | object): Promise<unknown> => {
    const answer = await fetch(new URL(`/api/v1/${path}`, hub), {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': Buffer.isBuffer(body) ? 'application/octet-stream' : 'application/json',
      },
      ...(body !== undefined && { body: Buffer.isBuffer(body) ? new Uint8Array(body) : JSON.stringify(body) }),
      signal: AbortSignal.any([signal, AbortSignal.timeout(120_000)]),
    })
    if (!answer.ok) throw new Error(`the hub answered ${answer.status}`)
    return answer.json()
  }
  const one = async ({ id, url, tool, bytes, seconds }: Wanted, guard: Guard): Promise<void> => {
    try {
      const payload = await fetchPayload(url, guard, { bytes, ms: seconds * 1000, redirects: 5 }, tool)
      await ask('PUT', `fetches/${id}/bytes`, payload.bytes)
      await ask('POST', `fetches/${id}`, { outcome: 'fetched', hops: payload.hops, media: payload.media ?? '' })
      log(`fetched ${payload.bytes.length} bytes`, { url })
    } catch (error) {
      if (!(error instanceof NotFetched)) throw error
      const outcome = error.refused ? 'refused' : 'failed'
      await ask('POST', `fetches/${id}`, { outcome, detail: error.message, hops: error.hops })
      log(`${outcome}: ${error.message}`, { url })
    }
  }
  const rest = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      signal.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true })
    })
  while (!signal.aborted) {
    try {
      const { wanted, never } = (await ask('POST', 'fetches/take', { most: mostAtOnce })) as {
        wanted: Wanted[]
        never: string[]
      }
      const guard = new Guard(never, trusted, resolve)
      await Promise.all(wanted.map((each) => one(each, guard)))
      if (wanted.length === 0) await rest(pause)
    } catch (error) {
      if (signal.aborted) return
      log.warn(`will try again: ${error instanceof Error ? error.message : String(error)}`)
      await rest(pause)
    }
  }
}
