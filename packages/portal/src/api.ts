import { useQuery, type UseQueryResult } from '@tanstack/react-query'

/** Query parameters; those that are undefined or empty are left out. */
export type Params = Readonly<Record<string, string | number | undefined>>

export const query = (params: Params): string => {
  const entries = Object.entries(params).filter(([, value]) => value !== undefined && value !== '')
  return entries.length === 0 ? '' : `?${new URLSearchParams(entries.map(([name, value]) => [name, String(value)]))}`
}

/** The hub refused or failed; the message is the hub's. */
export class ApiError extends Error {
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

async function request(path: string, params: Params = {}, init: RequestInit = {}): Promise<Response> {
  const response = await fetch(`/api/v1/${path}${query(params)}`, { credentials: 'same-origin', ...init })
  if (response.ok) return response
  const text = await response.text()
  let message = text.slice(0, 300)
  try {
    message = (JSON.parse(text) as { error?: string }).error ?? message
  } catch {
    // Not the hub's JSON: show what came.
  }
  throw new ApiError(response.status, message)
}

export const getJson = async <T>(path: string, params?: Params): Promise<T> =>
  (await request(path, params)).json() as Promise<T>
/** Changes something at the hub. */
export const send = async <T>(method: 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: unknown): Promise<T> =>
  (
    await request(
      path,
      {},
      {
        method,
        ...(body !== undefined && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
      },
    )
  ).json() as Promise<T>
export const getText = async (path: string, params?: Params): Promise<string> => (await request(path, params)).text()

/** JSON of a route, kept while its parameters stay the same. */
export const useApi = <T>(path: string, params: Params = {}, enabled = true, every?: number): UseQueryResult<T> =>
  useQuery({
    ...(every !== undefined && { refetchInterval: every }),
    queryKey: [path, params],
    queryFn: () => getJson<T>(path, params),
    enabled,
    placeholderData: (previous) => previous,
  })

/** A list with the statement that made it. */
export interface List<Row> {
  readonly rows: Row[]
  readonly next?: string
  readonly sql: string
  readonly params: Record<string, unknown>
}

export interface Totals {
  readonly events: number
  readonly sessions: number
  readonly sources: number
  readonly auths: number
  readonly commands: number
  readonly payloads: number
  readonly networks: number
  readonly economies: number
}

/** An event as the API gives it. */
export interface Event {
  readonly id: string
  readonly sensor: string
  readonly time: string
  readonly session?: string
  readonly service?: string
  readonly transport?: string
  readonly source?: { readonly ip: string; readonly port: number }
  readonly target?: { readonly port: number }
  readonly kind: string
  readonly data: Record<string, unknown>
  readonly provenance: string
  /** Milliseconds by which the hub mended the time. */
  readonly skew_ms: number
  readonly origin: {
    readonly asn: number
    readonly asns: number[]
    readonly as_name: string
    readonly prefix: string
    readonly economy: string
    readonly snapshot: string
  }
}

export const readEvents = (text: string): Event[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Event)
