import type { ReactNode } from 'react'
import { useApi } from '../../api.ts'
import { number, plural } from '../../format.ts'
import { Failed, Loading, Origin } from '../basics.tsx'

interface Hours {
  readonly rows: readonly { readonly hour: string; readonly events: number; readonly beats: number }[]
  readonly since: string
  readonly until: string
  readonly sql: string
  readonly params: Record<string, unknown>
}

/** When did it live, and when did it see anybody? */
export function Activity({ name }: { name: string }): ReactNode {
  const { data, error } = useApi<Hours>(`sensors/${name}/activity`, { days: 7 }, true, 60_000)
  if (error !== null) return <Failed error={error} />
  if (data === undefined) return <Loading rows={2} />
  const start = Date.parse(data.since)
  const hours = Math.round((Date.parse(data.until) - start) / 3_600_000)
  const by = new Map(data.rows.map((row) => [Math.round((Date.parse(row.hour) - start) / 3_600_000), row]))
  const most = Math.max(1, ...data.rows.map(({ events }) => events))
  const all = data.rows.reduce((sum, { events }) => sum + events, 0)
  const heard = data.rows.filter(({ events, beats }) => events + beats > 0).length
  const width = 1000 / hours
  const words = `${plural(all, 'event')} about strangers; heard in ${heard} of ${hours} hours.`
  return (
    <figure className="activity">
      <figcaption>
        {words}{' '}
        <span className="faint">
          Above: events an hour, at most {number(most)}. Below: the hours in which it was heard.
        </span>{' '}
        <Origin sql={data.sql} params={data.params} path={`GET /api/v1/sensors/${name}/activity?days=7`} />
      </figcaption>
      <svg viewBox="0 0 1000 110" preserveAspectRatio="none" role="img" aria-label={words}>
        {Array.from({ length: hours }, (_, i) => {
          const row = by.get(i)
          const height = ((row?.events ?? 0) / most) * 90
          const label = `${new Date(start + i * 3_600_000).toISOString().slice(5, 16).replace('T', ' ')} UTC: ${plural(row?.events ?? 0, 'event')}`
          return (
            <g key={i}>
              <title>{label}</title>
              <rect x={i * width} width={width} y={0} height={110} fill="transparent" />
              <rect className="told" x={i * width} width={width * 0.85} y={92 - height} height={height} />
              <rect
                className={row === undefined ? 'silent' : 'lived'}
                x={i * width}
                width={width * 0.85}
                y={98}
                height={12}
              />
            </g>
          )
        })}
      </svg>
    </figure>
  )
}
