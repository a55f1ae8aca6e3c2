import type { ReactNode } from 'react'
import { Link, useParams } from '@tanstack/react-router'
import { useApi } from '../api.ts'
import { Card, Empty, Failed, Loading, Time } from '../components/basics.tsx'
import { Actions } from '../components/fleet/actions.tsx'
import { Activity } from '../components/fleet/activity.tsx'
import { Listeners } from '../components/fleet/listeners.tsx'
import { Settings } from '../components/fleet/settings.tsx'
import { iso, since, type LedgerRow, type Sensor } from '../fleet.ts'
import { bytes, duration, number, plural } from '../format.ts'
import { clock, StateMark } from './fleet.tsx'
import { LedgerTable } from './ledger.tsx'

interface Detail {
  readonly sensor: Sensor
  readonly ledger: readonly LedgerRow[]
  readonly history: readonly { readonly at: number; readonly kind: string; readonly detail: string }[]
  readonly desired: {
    readonly version: number
    readonly document: Record<string, unknown>
    readonly own: Record<string, unknown>
    readonly versions: readonly {
      readonly id: number
      readonly author: string
      readonly note: string
      readonly created: number
    }[]
  }
}

/** One sensor: how it is, what it was, what is wanted of it. */
export function SensorPage(): ReactNode {
  const { name = '' } = useParams({ strict: false })
  const { data, error } = useApi<Detail>(`sensors/${name}`, {}, true, 10_000)
  const { data: me } = useApi<{ role: string }>('me')
  if (error !== null) return <Failed error={error} />
  if (data === undefined) return <Loading />
  const { sensor, ledger, history, desired } = data
  const { beat } = sensor
  const operator = me?.role === 'operator'
  const facts: readonly (readonly [string, ReactNode])[] = [
    ['Host', sensor.organisation],
    ['Place', sensor.place === '' ? 'not said' : sensor.place],
    [
      'Group',
      <Link key="group" to="/fleet/group/$name" params={{ name: sensor.group }} search={{} as never}>
        {sensor.group}
      </Link>,
    ],
    ['Ring', sensor.ring],
    ['Joined', <Time key="joined" at={iso(sensor.created)} />],
    ['Last heard', sensor.last_seen === null ? 'never' : <Time key="heard" at={iso(sensor.last_seen)} relative />],
    ['Last event', sensor.last_event === null ? 'never' : <Time key="event" at={iso(sensor.last_event)} relative />],
    [
      'Clock',
      sensor.skew_ms === null
        ? 'not measured'
        : `${clock(sensor.skew_ms)}${Math.abs(sensor.skew_ms) > 1000 ? ', mended' : ''}`,
    ],
    ['Round trip', sensor.rtt_ms === null ? 'not measured' : `${sensor.rtt_ms} ms`],
    ...(sensor.remote === null ? [] : [['Connects from', sensor.remote] as const]),
    ...(beat === null
      ? []
      : ([
          [
            'Release',
            `${beat.version}${beat.release !== undefined && beat.release.state !== 'none' ? ` (${beat.release.version}: ${beat.release.state})` : ''}`,
          ],
          ['Persona', beat.persona],
          ['Up for', duration(beat.uptime_s * 1000)],
          ['Memory', bytes(beat.memory)],
          ['Processor', `${beat.cpu_percent} % of a core`],
          ['Disk free', beat.disk_free === null ? 'not known' : bytes(beat.disk_free)],
          [
            'Waiting in its spool',
            `${plural(beat.spool_events, 'event')}, ${bytes(beat.spool_bytes)}, the oldest ${duration(beat.lag_s * 1000)} old`,
          ],
          ['Artifacts waiting', `${number(beat.outbox_files)}, ${bytes(beat.outbox_bytes)}`],
          ['Open sessions', number(beat.sessions)],
          ['Errors of its own', number(beat.faults)],
        ] as const)),
  ]
  return (
    <>
      <div className="lede">
        <h1>
          {sensor.title === '' ? sensor.name : sensor.title}{' '}
          <span className="faint">{sensor.title === '' ? '' : sensor.name}</span>
        </h1>
        <p>
          <StateMark state={sensor.state} /> {plural(sensor.made, 'event')} made, {number(sensor.committed)} committed,{' '}
          {number(sensor.dropped)} declared lost, {number(sensor.missing)} missing.
        </p>
        {sensor.alerts.map(({ kind, detail, since: at }) => (
          <p key={kind} className="warning" role="status">
            <strong>{kind}</strong>: {detail} <span className="faint">since {since(at)}</span>
          </p>
        ))}
        {operator ? <Actions sensor={sensor} /> : null}
      </div>
      <div className="grid">
        <Card title="The last seven days" wide>
          <Activity name={sensor.name} />
        </Card>
        <Card title="How it is">
          <dl className="facts">
            {facts.map(([label, value]) => (
              <div key={label}>
                <dt>{label}</dt>
                <dd>{value}</dd>
              </div>
            ))}
          </dl>
        </Card>
        <Card title="What listens">
          {beat === null ? (
            <Empty>
              <p>It has not said yet.</p>
            </Empty>
          ) : (
            <Listeners beat={beat} />
          )}
        </Card>
        <Card title={`Settings wanted by the hub${desired.version === 0 ? '' : `, version ${desired.version}`}`} wide>
          <p>
            {desired.version === 0
              ? 'Nothing is wanted: the sensor runs as its host has set it up.'
              : beat === null || beat.applied.version < desired.version
                ? 'The sensor has not taken this version yet; it will with one of its next heartbeats.'
                : `Version ${beat.applied.version} was ${beat.applied.state}${beat.applied.reason === undefined ? '.' : `: ${beat.applied.reason}`}`}
          </p>
          <Settings
            scope={`sensor:${sensor.name}`}
            document={desired.own}
            operator={operator}
            key={JSON.stringify(desired.own)}
          />
          {Object.keys(desired.document).length === 0 ? null : (
            <details>
              <summary>With the group’s settings laid under it</summary>
              <pre tabIndex={0}>{JSON.stringify(desired.document, null, 2)}</pre>
            </details>
          )}
        </Card>
        <Card title="Ledger: what became of its events, run by run" wide>
          <LedgerTable rows={ledger} withSensor={false} />
        </Card>
        <Card title="What happened to it" wide>
          {history.length === 0 ? (
            <Empty>
              <p>Nothing yet.</p>
            </Empty>
          ) : (
            <ol className="history">
              {history.map(({ at, kind, detail }, i) => (
                <li key={`${at} ${i}`}>
                  <Time at={iso(at)} /> <strong>{kind}</strong> {detail}
                </li>
              ))}
            </ol>
          )}
        </Card>
      </div>
    </>
  )
}
