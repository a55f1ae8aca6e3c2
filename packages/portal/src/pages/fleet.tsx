import type { ReactNode } from 'react'
import { useApi } from '../api.ts'
import { Card, Empty, Failed, Loading, Time } from '../components/basics.tsx'
import { bytes, number, plural } from '../format.ts'

interface Fleet {
  readonly sensors: {
    readonly name: string
    readonly last_seen: number | null
    readonly heartbeat: null | {
      version: string
      persona: string
      uptime_s: number
      memory: number
      spool_events: number
      sessions: number
      listeners: string[]
      faults: number
      overflow: number
    }
  }[]
  readonly ledger: {
    readonly sensor: string
    readonly boot: string
    readonly last: number
    readonly committed: number
    readonly dropped: number
    readonly missing: number
  }[]
  readonly dead_letters: { readonly sensor: string; readonly reason: string; readonly count: number }[]
}

/** Is every sensor alive and telling all it saw? */
export function FleetPage(): ReactNode {
  const { data, error } = useApi<Fleet>('sensors')
  if (error !== null) return <Failed error={error} />
  if (data === undefined) return <Loading />
  const missing = data.ledger.reduce((sum, row) => sum + row.missing, 0)
  const dropped = data.ledger.reduce((sum, row) => sum + row.dropped, 0)
  return (
    <>
      <div className="lede">
        <h1>Sensors</h1>
        <p>
          {plural(data.sensors.length, 'sensor')};{' '}
          {missing === 0 ? 'no event is missing' : `${plural(missing, 'event')} missing`}
          {dropped === 0 ? '.' : `, ${number(dropped)} declared lost.`}
        </p>
      </div>
      <div className="grid">
        <Card title="State" wide>
          {data.sensors.length === 0 ? (
            <Empty>
              <p>No sensor has delivered yet.</p>
            </Empty>
          ) : (
            <div className="scroll" tabIndex={0} role="region" aria-label="Sensors">
              <table>
                <thead>
                  <tr>
                    <th scope="col">Sensor</th>
                    <th scope="col">Persona</th>
                    <th scope="col">Last heard (UTC)</th>
                    <th scope="col" className="numeric">
                      Memory
                    </th>
                    <th scope="col" className="numeric">
                      Sessions
                    </th>
                    <th scope="col" className="numeric">
                      In the spool
                    </th>
                    <th scope="col" className="numeric">
                      Faults
                    </th>
                    <th scope="col">Listens</th>
                  </tr>
                </thead>
                <tbody>
                  {data.sensors.map(({ name, last_seen, heartbeat }) => (
                    <tr key={name}>
                      <td>{name}</td>
                      <td>{heartbeat?.persona ?? ''}</td>
                      <td>{last_seen === null ? 'never' : <Time at={new Date(last_seen).toISOString()} />}</td>
                      <td className="numeric">{heartbeat === null ? '' : bytes(heartbeat.memory)}</td>
                      <td className="numeric">{heartbeat === null ? '' : number(heartbeat.sessions)}</td>
                      <td className="numeric">{heartbeat === null ? '' : number(heartbeat.spool_events)}</td>
                      <td className="numeric">{heartbeat === null ? '' : number(heartbeat.faults)}</td>
                      <td>
                        {heartbeat?.listeners.slice(0, 6).join(', ')}
                        {(heartbeat?.listeners.length ?? 0) > 6
                          ? ` and ${(heartbeat?.listeners.length ?? 0) - 6} more`
                          : ''}
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )}
        </Card>
        <Card title="Ledger: made, committed, declared lost, missing" wide>
          {data.ledger.length === 0 ? (
            <Empty>
              <p>Nothing has been delivered yet.</p>
            </Empty>
          ) : (
            <div className="scroll" tabIndex={0} role="region" aria-label="Ledger">
              <table>
                <thead>
                  <tr>
                    <th scope="col">Sensor</th>
                    <th scope="col">Start</th>
                    <th scope="col" className="numeric">
                      Made
                    </th>
                    <th scope="col" className="numeric">
                      Committed
                    </th>
                    <th scope="col" className="numeric">
                      Declared lost
                    </th>
                    <th scope="col" className="numeric">
                      Missing
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {data.ledger.slice(0, 200).map((row) => (
                    <tr key={`${row.sensor} ${row.boot}`}>
                      <td>{row.sensor}</td>
                      <td className="mono">{row.boot.slice(0, 13)}</td>
                      <td className="numeric">{number(row.last + 1)}</td>
                      <td className="numeric">{number(row.committed)}</td>
                      <td className="numeric">{number(row.dropped)}</td>
                      <td className="numeric">{number(row.missing)}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )}
        </Card>
        {data.dead_letters.length === 0 ? null : (
          <Card title="Dead letters" wide>
            <ul>
              {data.dead_letters.map(({ sensor, reason, count }) => (
                <li key={`${sensor} ${reason}`}>
                  {plural(count, 'event')} of {sensor}: {reason}
                </li>
              ))}
            </ul>
          </Card>
        )}
      </div>
    </>
  )
}
