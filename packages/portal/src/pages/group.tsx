import type { ReactNode } from 'react'
import { Link, useParams } from '@tanstack/react-router'
import { useApi } from '../api.ts'
import { Card, Empty, Failed, Loading, Time } from '../components/basics.tsx'
import { Settings } from '../components/fleet/settings.tsx'
import { iso, type Sensor } from '../fleet.ts'
import { plural } from '../format.ts'
import { StateMark } from './fleet.tsx'

interface Wanted {
  readonly version: number
  readonly document: Record<string, unknown>
  readonly versions: readonly {
    readonly id: number
    readonly document: Record<string, unknown>
    readonly author: string
    readonly note: string
    readonly created: number
  }[]
}

/** The settings that sensors of a group share. */
export function GroupPage(): ReactNode {
  const { name = '' } = useParams({ strict: false })
  const { data, error } = useApi<Wanted>(`desired/group:${name}`)
  const { data: fleet } = useApi<{ sensors: readonly Sensor[] }>('sensors', {}, true, 15_000)
  const { data: me } = useApi<{ role: string }>('me')
  if (error !== null) return <Failed error={error} />
  if (data === undefined || fleet === undefined) return <Loading />
  const members = fleet.sensors.filter(({ group }) => group === name)
  const taken = members.filter(
    ({ beat }) => (beat?.applied.version ?? 0) >= data.version && beat?.applied.state === 'applied',
  )
  return (
    <>
      <div className="lede">
        <h1>Group {name}</h1>
        <p>
          {plural(members.length, 'sensor')}.{' '}
          {data.version === 0
            ? 'Nothing is wanted of the group.'
            : `${taken.length} of ${members.length} run version ${data.version} or what was wanted of them after it.`}
        </p>
      </div>
      <div className="grid">
        <Card title="Settings for all of them" wide>
          <Settings
            scope={`group:${name}`}
            document={data.document}
            operator={me?.role === 'operator'}
            key={data.version}
          />
        </Card>
        <Card title="Sensors">
          <ul className="plain">
            {members.map((one) => (
              <li key={one.name}>
                <Link to="/fleet/sensor/$name" params={{ name: one.name }} search={{} as never}>
                  {one.title === '' ? one.name : one.title}
                </Link>{' '}
                <StateMark state={one.state} />{' '}
                <span className="faint">
                  {one.beat === null ? '' : `version ${one.beat.applied.version} ${one.beat.applied.state}`}
                </span>
              </li>
            ))}
          </ul>
        </Card>
        <Card title="Earlier versions">
          {data.versions.length === 0 ? (
            <Empty>
              <p>None yet.</p>
            </Empty>
          ) : (
            <ol className="history">
              {data.versions.map(({ id, author, note, created, document }) => (
                <li key={id}>
                  <Time at={iso(created)} /> <strong>{id}</strong> by {author} {note}
                  <details>
                    <summary>document</summary>
                    <pre tabIndex={0}>{JSON.stringify(document, null, 2)}</pre>
                  </details>
                </li>
              ))}
            </ol>
          )}
        </Card>
      </div>
    </>
  )
}
