import type { ReactNode } from 'react'
import { useApi, type Params } from '../../api.ts'
import { economy, number, plural } from '../../format.ts'
import { Empty, Failed, Loading } from '../basics.tsx'

interface Comparison {
  readonly mine: { offenders: number; addresses: number; rate: number; low: number; high: number } | null
  readonly groups: {
    group: string
    networks: number
    rate: number
    median: number
    lower_quartile: number
    upper_quartile: number
    share_below: number
  }[]
}

const show = (rate: number): string => (rate >= 100 ? number(Math.round(rate)) : rate.toPrecision(2))

/** The network beside those of its economy, sub-region and size. */
export function Beside({ params }: { params: Params }): ReactNode {
  const { data, error } = useApi<Comparison>('peers', params)
  if (error !== null) return <Failed error={error} />
  if (data === undefined) return <Loading rows={3} />
  const { mine, groups } = data
  if (mine === null || groups.length === 0)
    return (
      <Empty>
        <p>
          How many addresses this network announces is not known here, or there are too few others to compare it with.
        </p>
      </Empty>
    )
  const max = Math.max(mine.high, ...groups.map(({ rate, upper_quartile: upper }) => Math.max(rate, upper))) * 1.05
  const x = (rate: number): number => 8 + (Math.min(rate, max) / max) * 284
  return (
    <div className="beside">
      <p>
        {plural(mine.offenders, 'address', 'addresses')} of {number(mine.addresses)} announced:{' '}
        <strong>{show(mine.rate)}</strong> in 100,000, between {show(mine.low)} and {show(mine.high)} with 95 in 100.
      </p>
      <ul>
        {groups.map((one) => (
          <li key={one.group}>
            <span>
              {one.group.length === 2
                ? economy(one.group)
                : one.group === 'same size'
                  ? 'Networks of its size'
                  : one.group}{' '}
              <small className="faint">{plural(one.networks, 'network')}</small>
            </span>
            <svg
              viewBox="0 0 300 26"
              role="img"
              aria-label={`All of them together ${show(one.rate)}; this network ${show(mine.rate)}`}
            >
              <line x1={8} x2={292} y1={13} y2={13} className="axis" />
              <rect
                x={x(one.lower_quartile)}
                width={Math.max(2, x(one.upper_quartile) - x(one.lower_quartile))}
                y={9}
                height={8}
                className="band"
              />
              <line x1={x(one.rate)} x2={x(one.rate)} y1={4} y2={22} className="group" />
              <line x1={x(mine.low)} x2={x(mine.high)} y1={13} y2={13} className="interval" />
              <circle cx={x(mine.rate)} cy={13} r={4.5} className="mine" />
            </svg>
            <span className="faint">
              {show(one.rate)} together; {Math.round(one.share_below * 100)} in 100 have fewer than this one
            </span>
          </li>
        ))}
      </ul>
      <p className="faint">
        The dot is this network with its uncertainty, the upright line its peers together, the band the middle half of
        them. Many networks have nobody who attacks; they count.
      </p>
    </div>
  )
}
