import type { ReactNode } from 'react'
import { number, short } from '../format.ts'
import { sideScale } from './scale.ts'

const day = 86_400_000

/** A column a day, or for each run of days where there are many; with the first, the last and the highest named. */
export function DayColumns({
  days,
  label,
}: {
  days: readonly { readonly day: string; readonly value: number }[]
  label: string
}): ReactNode {
  if (days.length === 0) return null
  const at = (text: string): number => Math.floor(Date.parse(text) / day)
  const first = Math.min(...days.map((one) => at(one.day)))
  const last = Math.max(...days.map((one) => at(one.day)))
  const width = Math.max(1, Math.ceil((last - first + 1) / 120))
  const count = Math.max(14, Math.ceil((last - first + 1) / width))
  const bins = Array.from({ length: count }, () => 0)
  for (const one of days) {
    const i = Math.floor((at(one.day) - first) / width)
    bins[i] = Math.max(bins[i] ?? 0, one.value)
  }
  const top = Math.max(...bins)
  const [w, h, base] = [1000, 150, 126]
  const { left } = sideScale(top)
  const step = (w - left - 6) / count
  const iso = (n: number): string => new Date(n * day).toISOString().slice(0, 10)
  return (
    <figure className="timeline">
      <figcaption>
        {label}
        {width > 1 && `, the highest day of each ${width}`}
      </figcaption>
      <svg viewBox={`0 0 ${w} ${h}`} role="img" aria-label={`${label}, at most ${number(top)} on a day`}>
        <line x1={left} x2={w - 6} y1={base} y2={base} className="axis" />
        <text x={left - 6} y={18} textAnchor="end">
          {short(top)}
        </text>
        <text x={left - 6} y={base} textAnchor="end">
          0
        </text>
        {bins.map((value, i) => {
          const height = (value / Math.max(1, top)) * (base - 12)
          return (
            <rect
              // eslint-disable-next-line react/no-array-index-key
              key={i}
              x={left + i * step + 1}
              y={base - height}
              width={Math.max(1, step - 2)}
              height={height}
              className="s1"
            >
              <title>{`${iso(first + i * width)}: ${number(value)}`}</title>
            </rect>
          )
        })}
        <text x={left} y={h - 4}>
          {iso(first)}
        </text>
        {last > first && (
          <text x={left + Math.floor((last - first) / width) * step} y={h - 4} textAnchor="middle">
            {iso(last)}
          </text>
        )}
      </svg>
    </figure>
  )
}
