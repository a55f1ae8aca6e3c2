import { useState, type ReactNode } from 'react'
import { Link } from '@tanstack/react-router'
import { useQueryClient } from '@tanstack/react-query'
import { send, useApi } from '../api.ts'
import { Card, Empty, Failed, Loading, Time } from '../components/basics.tsx'
import { iso, lossReasons, type LedgerRow } from '../fleet.ts'
import { number, plural } from '../format.ts'

interface Ledger {
  readonly made: number
  readonly committed: number
  readonly dropped: number
  readonly waiting: number
  readonly missing: number
  readonly rows: readonly LedgerRow[]
}
interface Troubles {
  readonly dead_letters: readonly {
    readonly sensor: string
    readonly reason: string
    readonly count: number
    readonly last: number
  }[]
  readonly refusals: readonly {
    readonly sensor: string
    readonly code: string
    readonly count: number
    readonly last: number
  }[]
}

/** Is any event lost, and if so, which and why? */
export function LedgerPage(): ReactNode {
  const { data, error } = useApi<Ledger>('ledger', {}, true, 15_000)
  const { data: troubles } = useApi<Troubles>('sensors', {}, true, 15_000)
  const { data: me } = useApi<{ role: string }>('me')
  if (error !== null) return <Failed error={error} />
  if (data === undefined) return <Loading />
  const reasons = new Map<string, number>()
  for (const { dropped } of data.rows)
    for (const [reason, count] of Object.entries(dropped)) reasons.set(reason, (reasons.get(reason) ?? 0) + count)
  return (
    <>
      <div className="lede">
        <h1>Ledger</h1>
        <p>
          Sensors made {plural(data.made, 'event')}: {number(data.committed)} committed, {number(data.dropped)} declared
          lost, {number(data.waiting)} on their way,{' '}
          {data.missing === 0 ? 'none missing' : `${number(data.missing)} missing`}. Every event is one of these.
        </p>
        {reasons.size === 0 ? null : (
          <p>
            Lost:{' '}
            {[...reasons].map(([reason, count]) => `${number(count)} ${lossReasons[reason] ?? reason}`).join('; ')}.
          </p>
        )}
      </div>
      <div className="grid">
        <Card title="By sensor and run" wide>
          <LedgerTable rows={data.rows} withSensor />
        </Card>
        <Card title="Dead letters: events that could not be stored" wide>
          {troubles === undefined || troubles.dead_letters.length === 0 ? (
            <Empty>
              <p>None. What no schema accepts would be kept here, and could be tried again after an upgrade.</p>
            </Empty>
          ) : (
            <>
              <ul className="plain">
                {troubles.dead_letters.map(({ sensor, reason, count, last }) => (
                  <li key={`${sensor} ${reason}`}>
                    {plural(count, 'event')} of <SensorLink name={sensor} />: {reason}{' '}
                    <span className="faint">
                      last <Time at={iso(last)} relative />
                    </span>
                  </li>
                ))}
              </ul>
              {me?.role === 'operator' ? <Replay /> : null}
            </>
          )}
        </Card>
        {troubles === undefined || troubles.refusals.length === 0 ? null : (
          <Card title="Refused: what sensors sent and the hub did not take" wide>
            <ul className="plain">
              {troubles.refusals.map(({ sensor, code, count, last }) => (
                <li key={`${sensor} ${code}`}>
                  {number(count)} × {code}, <SensorLink name={sensor} />{' '}
                  <span className="faint">
                    last <Time at={iso(last)} relative />
                  </span>
                </li>
              ))}
            </ul>
          </Card>
        )}
      </div>
    </>
  )
}

const SensorLink = ({ name }: { name: string }): ReactNode => (
  <Link to="/fleet/sensor/$name" params={{ name }} search={{} as never}>
    {name}
  </Link>
)

function Replay(): ReactNode {
  const client = useQueryClient()
  const [told, setTold] = useState('')
  return (
    <p className="buttons">
      <button
        type="button"
        onClick={() =>
          void send<{ tried: number; stored: number }>('POST', 'dead-letters/replay').then(({ tried, stored }) => {
            setTold(`${number(stored)} of ${number(tried)} are stored now.`)
            void client.invalidateQueries()
          })
        }
      >
        Try them again
      </button>
      <span role="status">{told}</span>
    </p>
  )
}

/** What became of the events of each run: made = committed + declared lost + on their way + missing. */
export function LedgerTable({ rows, withSensor }: { rows: readonly LedgerRow[]; withSensor: boolean }): ReactNode {
  if (rows.length === 0)
    return (
      <Empty>
        <p>Nothing has been delivered yet.</p>
      </Empty>
    )
  return (
    <div className="scroll" tabIndex={0} role="region" aria-label="Ledger">
      <table>
        <thead>
          <tr>
            {withSensor ? <th scope="col">Sensor</th> : null}
            <th scope="col">Run, first heard (UTC)</th>
            <th scope="col">Release</th>
            <th scope="col" className="numeric">
              Made
            </th>
            <th scope="col" className="numeric">
              Received
            </th>
            <th scope="col" className="numeric">
              Committed
            </th>
            <th scope="col" className="numeric">
              Declared lost
            </th>
            <th scope="col">Why</th>
            <th scope="col" className="numeric">
              On their way
            </th>
            <th scope="col" className="numeric">
              Missing
            </th>
            <th scope="col">Which numbers</th>
            <th scope="col">Closed</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={`${row.sensor} ${row.boot}`}>
              {withSensor ? (
                <td>
                  <SensorLink name={row.sensor} />
                </td>
              ) : null}
              <td title={row.boot}>
                {row.first_heard === 0 ? row.boot.slice(0, 13) : <Time at={iso(row.first_heard)} />}
              </td>
              <td>{row.version}</td>
              <td className="numeric">{number(row.made)}</td>
              <td
                className="numeric"
                title={row.duplicates > 0 ? `${number(row.duplicates)} came again and changed nothing` : ''}
              >
                {number(row.received)}
              </td>
              <td className="numeric">{number(row.committed)}</td>
              <td className="numeric">{number(Object.values(row.dropped).reduce((sum, one) => sum + one, 0))}</td>
              <td>
                {Object.entries(row.dropped)
                  .map(([reason, count]) => `${number(count)} ${lossReasons[reason] ?? reason}`)
                  .join('; ')}
              </td>
              <td className="numeric">{number(row.waiting)}</td>
              <td className={row.missing > 0 ? 'numeric warning' : 'numeric'}>{number(row.missing)}</td>
              <td className="mono">
                {row.holes
                  .slice(0, 4)
                  .map(({ first, last }) => (first === last ? first : `${first}–${last}`))
                  .join(', ')}
              </td>
              <td>{row.closed === null ? '' : 'yes'}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
