import type { ReactNode } from 'react'
import { query, useApi, type List, type Params } from '../../api.ts'
import { number, plural } from '../../format.ts'
import { Empty, Failed, Loading, Origin } from '../basics.tsx'
import { sideScale } from '../scale.ts'
import { severities, type Severity } from '../severity.tsx'

const day = 86_400_000
const iso = (ms: number): string => new Date(ms).toISOString().slice(0, 10)

/** Unique offending addresses a day, stacked by the worst that each did. */
export function Days({ params }: { params: Params }): ReactNode {
  const { data, error } = useApi<List<{ day: string; severity: Severity; sources: number }>>('mine/days', params)
  if (error !== null) return <Failed error={error} />
  if (data === undefined) return <Loading rows={4} />
  const first = Math.floor(Date.parse(String(params['since'])) / day)
  const last = Math.floor((Date.parse(String(params['until'])) - 1) / day)
  // Long times are shown by week or month, so that a bar can be seen; an address of two days counts on both.
  const width = Math.max(1, Math.ceil((last - first + 1) / 120))
  const count = Math.max(1, Math.ceil((last - first + 1) / width))
  const table = Array.from({ length: count }, () => severities.map(() => 0))
  for (const row of data.rows) {
    const bin = table[Math.floor((Date.parse(row.day) / day - first) / width)]
    const i = severities.indexOf(row.severity)
    if (bin !== undefined) bin[i] = (bin[i] ?? 0) + row.sources
  }
  const totals = table.map((row) => row.reduce((sum, n) => sum + n, 0))
  const max = Math.max(1, ...totals)
  const peak = totals.indexOf(max)
  if (totals.every((n) => n === 0))
    return (
      <Empty>
        <p>No address of this network attacked in this time.</p>
      </Empty>
    )
  const [w, h, base] = [1000, 190, 166]
  const { marks, left } = sideScale(max)
  const step = (w - left - 6) / count
  const span = width === 1 ? 'a day' : `in ${width} days`
  return (
    <figure className="timeline">
      <figcaption>
        The most were {plural(max, 'address', 'addresses')} {span}, {width === 1 ? 'on' : 'from'}{' '}
        {iso((first + peak * width) * day)}
        <span className="spring" />
        <Origin sql={data.sql} params={data.params} path={`GET /api/v1/mine/days${query(params)}`} />
      </figcaption>
      <svg
        viewBox={`0 0 ${w} ${h}`}
        role="img"
        aria-label={`Unique offending addresses ${span} by severity. The table below holds the same.`}
      >
        {marks.map(({ share, text }) => (
          <g key={share}>
            <line x1={left} x2={w - 6} y1={base - share * 150} y2={base - share * 150} className="grid" />
            <text x={left - 6} y={base - share * 150 + 4} textAnchor="end">
              {text}
            </text>
          </g>
        ))}
        {table.map((row, bin) => {
          let y = base
          return row.map((n, i) => {
            const height = (n / max) * 150
            y -= height
            return n === 0 ? null : (
              <rect
                key={`${bin} ${i}`}
                x={left + bin * step + Math.min(1, step / 8)}
                y={y}
                width={Math.max(1, step - Math.min(2, step / 4))}
                height={height}
                className={`v${i}`}
              >
                <title>{`${iso((first + bin * width) * day)}: ${plural(totals[bin] ?? 0, 'address', 'addresses')}`}</title>
              </rect>
            )
          })
        })}
        {[0, 0.25, 0.5, 0.75]
          .map((share) => Math.floor(share * count))
          .filter((bin, i, all) => all.indexOf(bin) === i)
          .map((bin) => (
            <text key={bin} x={left + bin * step} y={h - 6}>
              {iso((first + bin * width) * day)}
            </text>
          ))}
      </svg>
      <div className="legend">
        {severities.map((name, i) => {
          const sum = table.reduce((all, row) => all + (row[i] ?? 0), 0)
          return sum === 0 ? null : (
            <span key={name}>
              <i className={`v${i}`} /> {name}
            </span>
          )
        })}
        <span className="spring" />
        <a href={`/api/v1/mine/days${query({ ...params, format: 'csv' })}`}>CSV</a>
      </div>
      <details>
        <summary>As a table</summary>
        <div className="scroll" tabIndex={0} role="region" aria-label="Offending addresses as a table">
          <table>
            <thead>
              <tr>
                <th scope="col">From (UTC)</th>
                {severities.map((name) => (
                  <th key={name} scope="col" className="numeric">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {table.map((row, bin) =>
                totals[bin] === 0 ? null : (
                  <tr key={bin}>
                    <td>{iso((first + bin * width) * day)}</td>
                    {row.map((n, i) => (
                      <td key={severities[i]} className="numeric">
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
