import { useNavigate, useSearch } from '@tanstack/react-router'
import { useApi } from './api.ts'

export interface Extent {
  readonly first: string | null
  readonly last: string | null
  readonly events: number
  readonly snapshots: { readonly id: string; readonly date: string; readonly attribution: string }[]
}

export interface Range {
  readonly since: string
  readonly until: string
}

const day = 86_400_000
const spans: Readonly<Record<string, number>> = { '24h': day, '7d': 7 * day, '30d': 30 * day, '365d': 365 * day }
export const spanNames = [...Object.keys(spans), 'all'] as const

const floor = (ms: number): string => new Date(Math.floor(ms / 60_000) * 60_000).toISOString()

/** The search parameters of the page, as text. */
export const usePageSearch = (): Record<string, string | undefined> =>
  useSearch({ strict: false }) as Record<string, string | undefined>

/**
 * The time that the page looks at, from its address. Without one it is the last 24 hours, or all there is when the
 * last 24 hours are empty.
 */
export function useRange(): { range: Range | undefined; span: string; extent: Extent | undefined } {
  const { since, until, span } = usePageSearch()
  const { data: extent } = useApi<Extent>('extent')
  if (since !== undefined && until !== undefined) return { range: { since, until }, span: 'custom', extent }
  if (extent === undefined) return { range: undefined, span: '', extent }
  const now = Date.now() + 60_000
  const fresh = extent.last !== null && now - Date.parse(extent.last) < 2 * day
  const chosen = span ?? (fresh || extent.last === null ? '24h' : 'all')
  const length = spans[chosen]
  if (length !== undefined)
    return { range: { since: floor(now - length), until: floor(now + 60_000) }, span: chosen, extent }
  const first = extent.first === null ? now - day : Date.parse(extent.first)
  const last = extent.last === null ? now : Date.parse(extent.last) + 3_600_000
  return { range: { since: floor(first), until: floor(Math.min(last, now + 60_000)) }, span: 'all', extent }
}

/** Changes parameters in the page's address; undefined takes one out. */
export function useSetSearch(): (changes: Record<string, string | undefined>, replace?: boolean) => void {
  const navigate = useNavigate()
  return (changes, replace = false) => {
    void navigate({
      to: '.',
      replace,
      search: ((old: Record<string, unknown>) => {
        const next = { ...old, ...changes }
        for (const name of Object.keys(next)) if (next[name] === undefined || next[name] === '') delete next[name]
        return next
      }) as never,
    })
  }
}
