import { useRef, useState, type ReactNode } from 'react'
import { Link } from '@tanstack/react-router'
import { useQueryClient } from '@tanstack/react-query'
import { send, useApi } from '../api.ts'
import { Card, Copy, Empty, Failed, Loading, Time } from '../components/basics.tsx'
import { iso, since, type Sensor } from '../fleet.ts'
import { bytes, duration, number, plural } from '../format.ts'

interface Fleet {
  readonly sensors: readonly Sensor[]
  readonly groups: readonly string[]
}

/** Is every sensor alive and telling all it saw? */
export function FleetPage(): ReactNode {
  const { data, error } = useApi<Fleet>('sensors', {}, true, 15_000)
  const { data: me } = useApi<{ role: string }>('me')
  if (error !== null) return <Failed error={error} />
  if (data === undefined) return <Loading />
  const { sensors, groups } = data
  const count = (state: Sensor['state']): number => sensors.filter((one) => one.state === state).length
  const missing = sensors.reduce((sum, one) => sum + one.missing, 0)
  const dropped = sensors.reduce((sum, one) => sum + one.dropped, 0)
  const alerts = sensors.flatMap((one) => one.alerts.map((alert) => ({ ...alert, sensor: one.name })))
  const states = (['online', 'silent', 'stopped', 'new', 'quarantined', 'revoked'] as const)
    .filter((state) => count(state) > 0)
    .map((state) => `${number(count(state))} ${state}`)
  return (
    <>
      <div className="lede">
        <h1>Sensors</h1>
        <p>
          {plural(sensors.length, 'sensor')}
          {states.length > 0 ? `: ${states.join(', ')}` : ''}.{' '}
          {missing === 0 ? 'No event is missing' : `${plural(missing, 'event')} missing`}
          {dropped === 0 ? '.' : `, ${number(dropped)} declared lost.`}{' '}
          <Link to="/ledger" search={{} as never}>
            The ledger
          </Link>{' '}
          has each of them.
        </p>
        {me?.role === 'operator' ? <AddSensor /> : null}
      </div>
      <div className="grid">
        {alerts.length === 0 ? null : (
          <Card title="What needs somebody" wide>
            <ul className="alerts">
              {alerts.map(({ sensor, kind, detail, since: at }) => (
                <li key={`${sensor} ${kind}`}>
                  <strong>{kind}</strong>{' '}
                  <Link to="/fleet/sensor/$name" params={{ name: sensor }} search={{} as never}>
                    {sensor}
                  </Link>{' '}
                  {detail} <span className="faint">since {since(at)}</span>
                </li>
              ))}
            </ul>
          </Card>
        )}
        <Card title="State" wide>
          {sensors.length === 0 ? (
            <Empty>
              <p>No sensor has joined yet. Add one: it takes a line on the machine that shall host it.</p>
            </Empty>
          ) : (
            <div className="scroll" tabIndex={0} role="region" aria-label="Sensors">
              <table>
                <thead>
                  <tr>
                    <th scope="col">Sensor</th>
                    <th scope="col">State</th>
                    <th scope="col">Host</th>
                    <th scope="col">Persona</th>
                    <th scope="col">Release</th>
                    <th scope="col">Last heard</th>
                    <th scope="col">Last event</th>
                    <th scope="col" className="numeric">
                      Waiting
                    </th>
                    <th scope="col" className="numeric">
                      Lag
                    </th>
                    <th scope="col" className="numeric">
                      Clock
                    </th>
                    <th scope="col" className="numeric">
                      Memory
                    </th>
                    <th scope="col" className="numeric">
                      Disk free
                    </th>
                    <th scope="col" className="numeric">
                      Missing
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {sensors.map((one) => (
                    <tr key={one.name}>
                      <td>
                        <Link to="/fleet/sensor/$name" params={{ name: one.name }} search={{} as never}>
                          {one.title === '' ? one.name : one.title}
                        </Link>
                        {one.title === '' ? null : <span className="faint"> {one.name}</span>}
                      </td>
                      <td>
                        <StateMark state={one.state} />
                        {one.alerts.length > 0 ? (
                          <span className="tag">{one.alerts.map(({ kind }) => kind).join(', ')}</span>
                        ) : null}
                      </td>
                      <td>
                        {one.organisation} <span className="faint">{one.group === 'all' ? '' : one.group}</span>
                      </td>
                      <td>{one.beat?.persona ?? ''}</td>
                      <td>{one.beat?.version ?? ''}</td>
                      <td>{one.last_seen === null ? 'never' : <Time at={iso(one.last_seen)} relative />}</td>
                      <td>{one.last_event === null ? 'never' : <Time at={iso(one.last_event)} relative />}</td>
                      <td className="numeric">{one.beat === null ? '' : number(one.beat.spool_events)}</td>
                      <td className="numeric">{one.beat === null ? '' : duration(one.beat.lag_s * 1000)}</td>
                      <td className="numeric">{one.skew_ms === null ? '' : clock(one.skew_ms)}</td>
                      <td className="numeric">{one.beat === null ? '' : bytes(one.beat.memory)}</td>
                      <td className="numeric">{one.beat?.disk_free == null ? '' : bytes(one.beat.disk_free)}</td>
                      <td className="numeric">{number(one.missing)}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )}
        </Card>
        <Card title="Groups">
          {groups.length === 0 ? (
            <Empty>
              <p>Sensors of a group share their settings.</p>
            </Empty>
          ) : (
            <ul className="plain">
              {groups.map((group) => (
                <li key={group}>
                  <Link to="/fleet/group/$name" params={{ name: group }} search={{} as never}>
                    {group}
                  </Link>{' '}
                  <span className="faint">{plural(sensors.filter((one) => one.group === group).length, 'sensor')}</span>
                </li>
              ))}
            </ul>
          )}
        </Card>
        <Releases operator={me?.role === 'operator'} />
      </div>
    </>
  )
}

/** How far a clock is off, in words. */
export const clock = (ms: number): string =>
  Math.abs(ms) < 1000 ? `${ms} ms` : `${ms > 0 ? '+' : ''}${(ms / 1000).toFixed(1)} s`

export const StateMark = ({ state }: { state: Sensor['state'] }): ReactNode => (
  <span className={`state ${state}`}>{state}</span>
)

interface Invitation {
  readonly token: string
  readonly command: string
  readonly expires: number
}

/** One line for the host of a new sensor. */
function AddSensor(): ReactNode {
  const dialog = useRef<HTMLDialogElement>(null)
  const [made, setMade] = useState<Invitation>()
  const [problem, setProblem] = useState('')
  const close = (): void => {
    dialog.current?.close()
    setMade(undefined)
    setProblem('')
  }
  return (
    <>
      <button type="button" onClick={() => dialog.current?.showModal()}>
        Add sensor
      </button>
      <dialog ref={dialog} aria-label="Add a sensor" onClose={close}>
        <h2>Add a sensor</h2>
        {made === undefined ? (
          <form
            className="fields"
            onSubmit={(event) => {
              event.preventDefault()
              const form = new FormData(event.currentTarget)
              const text = (name: string): string => String(form.get(name) ?? '').trim()
              send<Invitation>('POST', 'invites', {
                organisation: text('organisation') || 'home',
                group: text('group') || 'all',
                ring: Number(text('ring') || 1),
                label: text('label'),
                hours: Number(text('hours') || 48),
              }).then(setMade, (error: unknown) => setProblem(error instanceof Error ? error.message : String(error)))
            }}
          >
            <label>
              Organisation that hosts it
              <input name="organisation" placeholder="home" pattern="[a-z0-9][a-z0-9._\-]*" autoFocus />
            </label>
            <label>
              What to call it
              <input name="label" placeholder="Library, Suva" maxLength={120} />
            </label>
            <label>
              Group for its settings
              <input name="group" placeholder="all" pattern="[a-z0-9][a-z0-9._\-]*" />
            </label>
            <label>
              Ring for upgrades, 0 is first
              <input name="ring" type="number" min={0} max={9} defaultValue={1} />
            </label>
            <label>
              Good for so many hours
              <input name="hours" type="number" min={1} max={720} defaultValue={48} />
            </label>
            {problem === '' ? null : <p role="alert">{problem}</p>}
            <p className="buttons">
              <button type="submit">Make the line</button>
              <button type="button" className="quiet" onClick={close}>
                Cancel
              </button>
            </p>
          </form>
        ) : (
          <>
            <p>
              Paste this on the machine that shall host the sensor. It works once, until{' '}
              {new Date(made.expires).toISOString().slice(0, 16).replace('T', ' ')} UTC.
            </p>
            <pre className="command" tabIndex={0}>
              {made.command}
            </pre>
            <p className="buttons">
              <Copy text={made.command} />
              <button type="button" onClick={close}>
                Done
              </button>
            </p>
          </>
        )}
      </dialog>
    </>
  )
}

interface Releases {
  readonly releases: readonly { readonly version: string; readonly size: number; readonly created: number }[]
  readonly rollouts: readonly {
    readonly id: number
    readonly version: string
    readonly ring: number
    readonly state: string
    readonly detail: string
    readonly started: number
  }[]
}

function Releases({ operator }: { operator: boolean }): ReactNode {
  const { data } = useApi<Releases>('releases', {}, true, 15_000)
  const client = useQueryClient()
  if (data === undefined) return null
  return (
    <Card title="Releases">
      {data.releases.length === 0 ? (
        <Empty>
          <p>
            No release is on the hub. <code>skep hub release</code> puts one there; it then goes ring by ring, and back
            where it does not run well.
          </p>
        </Empty>
      ) : (
        <ul className="plain">
          {data.releases.map(({ version, size, created }) => {
            const rollout = data.rollouts.find((one) => one.version === version)
            return (
              <li key={version}>
                <strong>{version}</strong>{' '}
                <span className="faint">
                  {bytes(size)}, {since(created)}
                </span>{' '}
                {rollout === undefined
                  ? ''
                  : `${rollout.state}${rollout.state === 'done' ? '' : `, ring ${rollout.ring}`} ${rollout.detail}`}{' '}
                {operator && (rollout === undefined || rollout.state !== 'running') ? (
                  <button
                    type="button"
                    className="quiet"
                    onClick={() =>
                      void send('POST', 'rollouts', { version }).then(() =>
                        client.invalidateQueries({ queryKey: ['releases'] }),
                      )
                    }
                  >
                    Roll out
                  </button>
                ) : null}
              </li>
            )
          })}
        </ul>
      )}
    </Card>
  )
}
