import { useRef, useState, type ReactNode } from 'react'
import { query, useApi, type List, type Params } from '../api.ts'
import { number, plural, short, utc } from '../format.ts'
import { useSetSearch } from '../range.ts'
import { Empty, Failed, Loading, Origin } from './basics.tsx'
import { sideScale } from './scale.ts'

interface Point {
  readonly at: string
  readonly service: string
  readonly sessions: number
  readonly events: number
  readonly sources: number
}

const day = 86_400_000

/** Which step a time falls into, counted from the first, and when a step begins. Weeks begin on Monday. */
function scale(step: string, since: number): { binOf: (ms: number) => number; when: (bin: number) => string } {
  if (step === 'month') {
    const first = new Date(since)
    const month = (ms: number) => new Date(ms).getUTCFullYear() * 12 + new Date(ms).getUTCMonth()
    return {
      binOf: (ms) => month(ms) - month(since),
      when: (bin) => new Date(Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + bin, 1)).toISOString(),
    }
  }
  const length = { hour: 3_600_000, day, week: 7 * day }[step] ?? day
  const shift = step === 'week' ? 4 * day : 0
  const start = Math.floor((since - shift) / length) * length + shift
  return {
    binOf: (ms) => Math.floor((ms - start) / length),
    when: (bin) => new Date(start + bin * length).toISOString(),
  }
}

const maxSeries = 5

/** Sessions over time, stacked by service. Dragging over it narrows the page's time. */
export function Timeline({ params }: { params: Params }): ReactNode {
  const { data, error } = useApi<List<Point> & { step: string }>('timeline', params)
  const set = useSetSearch()
  const box = useRef<SVGSVGElement>(null)
  const [drag, setDrag] = useState<{ from: number; to: number }>()
  const [hover, setHover] = useState<number>()
  if (error !== null) return <Failed error={error} />
  if (data === undefined) return <Loading rows={4} />
  const { binOf, when } = scale(data.step, Date.parse(String(params['since'])))
  const bins = Math.max(1, Math.min(400, binOf(Date.parse(String(params['until'])) - 1) + 1))
  const sums = new Map<string, number>()
  for (const { service, sessions, events } of data.rows)
    sums.set(service, (sums.get(service) ?? 0) + (sessions || events))
  const top = [...sums]
    .sort((a, b) => b[1] - a[1])
    .slice(0, maxSeries)
    .map(([service]) => service)
  const series = sums.size > maxSeries ? [...top, 'other'] : top
  const table = Array.from({ length: bins }, () => series.map(() => 0))
  for (const { at, service, sessions, events } of data.rows) {
    const bin = Math.min(bins - 1, Math.max(0, binOf(Date.parse(at))))
    const i = series.includes(service) ? series.indexOf(service) : series.length - 1
    const row = table[bin]
    if (row !== undefined) row[i] = (row[i] ?? 0) + (sessions || events)
  }
  const totals = table.map((row) => row.reduce((sum, n) => sum + n, 0))
  const max = Math.max(1, ...totals)
  const all = totals.reduce((sum, n) => sum + n, 0)
  if (all === 0)
    return (
      <Empty>
        <p>No sessions in this time.</p>
      </Empty>
    )
  const [width, height, base] = [1000, 190, 168]
  const { marks, left } = sideScale(max)
  const x = (bin: number) => left + (bin / bins) * (width - left - 6)
  const at = (clientX: number) => {
    const rect = box.current?.getBoundingClientRect()
    const share = rect === undefined ? 0 : ((clientX - rect.left) / rect.width) * width
    return Math.max(0, Math.min(bins - 1, Math.floor(((share - left) / (width - left - 6)) * bins)))
  }
  const peak = totals.indexOf(max)
  const label = (iso: string) => (data.step === 'hour' ? `${iso.slice(5, 10)} ${iso.slice(11, 16)}` : iso.slice(0, 10))
  const ticks = [0, 0.25, 0.5, 0.75]
    .map((share) => Math.floor(share * bins))
    .filter((bin, i, list) => list.indexOf(bin) === i)
  return (
    <figure className="timeline">
      <figcaption>
        {plural(all, 'session')}; the most, {number(max)}, in the {data.step} of{' '}
        {utc(when(peak)).slice(0, data.step === 'hour' ? 16 : 10)} UTC
        <span className="spring" />
        <Origin sql={data.sql} params={data.params} path={`GET /api/v1/timeline${query(params)}`} />
      </figcaption>
      <svg
        ref={box}
        viewBox={`0 0 ${width} ${height}`}
        role="img"
        aria-label={`Sessions over time by service; ${plural(all, 'session')} in all. The table below holds the same.`}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId)
          setDrag({ from: at(event.clientX), to: at(event.clientX) })
        }}
        onPointerMove={(event) => {
          setHover(at(event.clientX))
          if (drag !== undefined) setDrag({ ...drag, to: at(event.clientX) })
        }}
        onPointerLeave={() => setHover(undefined)}
        onPointerUp={() => {
          if (drag !== undefined && Math.abs(drag.to - drag.from) >= 1) {
            const [a, b] = [Math.min(drag.from, drag.to), Math.max(drag.from, drag.to) + 1]
            set({ since: when(a), until: when(b), span: undefined })
          }
          setDrag(undefined)
        }}
      >
        {marks.map(({ share, text }) => (
          <g key={share}>
            <line x1={left} x2={width - 6} y1={base - share * 150} y2={base - share * 150} className="grid" />
            <text x={left - 6} y={base - share * 150 + 4} textAnchor="end">
              {text}
            </text>
          </g>
        ))}
        {table.map((row, bin) => {
          let y = base
          return row.map((n, i) => {
            const h = (n / max) * 150
            y -= h
            return n === 0 ? null : (
              <rect
                key={`${bin} ${i}`}
                x={x(bin) + 0.5}
                y={y}
                width={Math.max(1, x(bin + 1) - x(bin) - 1)}
                height={h}
                className={`s${i}`}
              />
            )
          })
        })}
        {ticks.map((bin) => (
          <text key={bin} x={x(bin)} y={height - 6}>
            {label(when(bin))}
          </text>
        ))}
        {drag === undefined ? null : (
          <rect
            x={x(Math.min(drag.from, drag.to))}
            y={14}
            width={x(Math.abs(drag.to - drag.from) + 1) - x(0)}
            height={154}
            className="brush"
          />
        )}
      </svg>
      <div className="legend">
        {series.map((name, i) => (
          <span key={name}>
            <i className={`s${i}`} /> {name === '' ? 'unknown' : name}{' '}
            {short(table.reduce((sum, row) => sum + (row[i] ?? 0), 0))}
          </span>
        ))}
        <span className="spring" />
        <span className="faint">
          {hover === undefined ? 'drag to narrow the time' : `${label(when(hover))}: ${number(totals[hover] ?? 0)}`}
        </span>
        <a href={`/api/v1/timeline${query({ ...params, format: 'csv' })}`}>CSV</a>
      </div>
      <details>
        <summary>As a table</summary>
        <div className="scroll" tabIndex={0} role="region" aria-label="Timeline as a table">
          <table>
            <thead>
              <tr>
                <th scope="col">From (UTC)</th>
                {series.map((name) => (
                  <th key={name} scope="col" className="numeric">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {table.map((row, bin) =>
                (totals[bin] ?? 0) === 0 ? null : (
                  <tr key={bin}>
                    <td>{utc(when(bin))}</td>
                    {row.map((n, i) => (
                      <td key={i} className="numeric">
                        {number(n)}
                      </td>
                    ))}
                  </tr>
                ),
              )}
            </tbody>
          </table>
        </div>
      </details>
    </figure>
  )
}

interface Bar {
  readonly key: string
  readonly sessions: number
  readonly events: number
  readonly sources: number
}

/** Horizontal bars with their values; each leads to what it stands for. */
export function Bars({
  by,
  params,
  name,
  onPick,
}: {
  by: string
  params: Params
  name?: (key: string) => string
  onPick?: (key: string) => void
}): ReactNode {
  const asked = { ...params, by, limit: 8 }
  const { data, error } = useApi<List<Bar>>('breakdown', asked)
  if (error !== null) return <Failed error={error} />
  if (data === undefined) return <Loading />
  const rows = data.rows
  const max = Math.max(1, ...rows.map(({ sessions, events }) => sessions || events))
  if (rows.length === 0)
    return (
      <Empty>
        <p>Nothing in this time.</p>
      </Empty>
    )
  return (
    <div className="bars">
      <ul>
        {rows.map(({ key, sessions, events, sources }) => {
          const value = sessions || events
          const text = name === undefined ? key || 'unknown' : name(key)
          return (
            <li key={key}>
              {onPick === undefined ? (
                <span className="name">{text}</span>
              ) : (
                <button type="button" className="name" onClick={() => onPick(key)}>
                  {text}
                </button>
              )}
              <span className="bar" aria-hidden="true">
                <i style={{ width: `${(value / max) * 100}%` }} />
              </span>
              <span className="value" title={`${plural(sources, 'source')}`}>
                {short(value)}
              </span>
            </li>
          )
        })}
      </ul>
      <div className="tools">
        <span className="spring" />
        <a href={`/api/v1/breakdown${query({ ...asked, limit: 1000, format: 'csv' })}`}>CSV</a>
        <Origin sql={data.sql} params={data.params} path={`GET /api/v1/breakdown${query(asked)}`} />
      </div>
    </div>
  )
}
