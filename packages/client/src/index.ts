import type { Operations } from './operations.ts'

export type { Operations } from './operations.ts'

/** The hub refused or failed; the message is its own. */
export class SkepError extends Error {
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

type Input<O extends keyof Operations> = Pick<
  Operations[O],
  Exclude<
    {
      [Part in 'path' | 'query' | 'body']: Record<never, never> extends Operations[O][Part] ? never : Part
    }['path' | 'query' | 'body'],
    never
  >
> &
  Partial<Pick<Operations[O], 'path' | 'query' | 'body'>>

/** Operations whose answer is a page of a list. */
type Paged = {
  [O in keyof Operations]: Operations[O]['answer'] extends { rows: unknown[]; next?: string | undefined }
    ? Operations[O]['query'] extends { cursor?: string | undefined }
      ? O
      : never
    : never
}[keyof Operations]

/**
 * A client of a hub's HTTP API. What can be asked, and what is answered, is known by type: `operations.ts` is made from the
 * OpenAPI document, and a test keeps it true.
 *
 * ```ts
 * const hub = new Skep('https://hub.example.net', token)
 * const { rows } = await hub.call('GET /api/v1/offenders', { query: { state: 'new' } })
 * ```
 */
export class Skep {
  readonly #base: string
  readonly #token: string

  /** @param token from "skep token create", or from *Organisation* in the portal */
  constructor(base: string, token: string) {
    this.#base = base.replace(/\/$/, '')
    this.#token = token
  }

  /**
   * Calls an operation. Waits once when the hub says that it is asked too often.
   * @throws SkepError with the hub's own words
   */
  async call<O extends keyof Operations>(
    operation: O,
    ...[input]: Record<never, never> extends Input<O> ? [Input<O>?] : [Input<O>]
  ): Promise<Operations[O]['answer']> {
    const [method = 'GET', template = ''] = operation.split(' ')
    const {
      path = {},
      query = {},
      body,
    } = (input ?? {}) as {
      path?: Record<string, unknown>
      query?: Record<string, unknown>
      body?: unknown
    }
    const url = new URL(
      this.#base + template.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(path[name]))),
    )
    for (const [name, value] of Object.entries(query))
      if (value !== undefined) url.searchParams.set(name, String(value))
    const ask = (): Promise<Response> =>
      fetch(url, {
        method,
        headers: {
          authorization: `Bearer ${this.#token}`,
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      })
    let response = await ask()
    if (response.status === 429) {
      const wait = Math.min(60, Number(response.headers.get('retry-after') ?? 1))
      await new Promise((resolve) => setTimeout(resolve, wait * 1000))
      response = await ask()
    }
    const text = await response.text()
    if (!response.ok) {
      let message = text.slice(0, 300)
      try {
        message = (JSON.parse(text) as { error?: string }).error ?? message
      } catch {
        // Not the hub's JSON: what came is the message.
      }
      throw new SkepError(response.status, message)
    }
    const json = (response.headers.get('content-type') ?? '').startsWith('application/json')
    return (json ? JSON.parse(text) : text) as Operations[O]['answer']
  }

  /** All rows of a list, page after page. */
  async *rows<O extends Paged>(
    operation: O,
    query: Operations[O]['query'],
  ): AsyncGenerator<Operations[O]['answer'] extends { rows: (infer Row)[] } ? Row : never> {
    let cursor: string | undefined
    do {
      const input = { query: { ...query, ...(cursor !== undefined && { cursor }) } } as never
      const page = (await this.call(operation, input)) as { rows: never[]; next?: string }
      yield* page.rows
      cursor = page.next
    } while (cursor !== undefined)
  }
}
