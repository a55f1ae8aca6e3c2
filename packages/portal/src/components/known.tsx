import type { ReactNode } from 'react'
import { useApi } from '../api.ts'
import { Hostile, Time } from './basics.tsx'

/** What feeds that the operators read know of a value; nothing where none knows it. */
export function KnownElsewhere({ value }: { value: string }): ReactNode {
  const { data } = useApi<{ rows: { feed: string; event: string; info: string; stamp: number }[] }>('known', { value })
  if (data === undefined || data.rows.length === 0) return null
  return (
    <p>
      Known elsewhere:{' '}
      {data.rows.slice(0, 5).map(({ feed, event, info, stamp }, i) => (
        <span key={`${feed} ${event}`}>
          {i === 0 ? '' : '; '}
          {feed}, <Hostile text={info} />{' '}
          <span className="faint">{<Time at={new Date(stamp * 1000).toISOString()} relative />}</span>
        </span>
      ))}
    </p>
  )
}
