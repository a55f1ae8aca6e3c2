import { useState, type ReactNode } from 'react'
import { Link, useNavigate, useParams } from '@tanstack/react-router'
import { useQueryClient } from '@tanstack/react-query'
import { send, useApi } from '../api.ts'
import { Card, Empty, Failed, Loading, Origin, Time } from '../components/basics.tsx'
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

interface Hours {
  readonly rows: readonly { readonly hour: string; readonly events: number; readonly beats: number }[]
  readonly since: string
  readonly until: string
  readonly sql: string
  readonly params: Record<string, unknown>
}

/** When did it live, and when did it see anybody? */
function Activity({ name }: { name: string }): ReactNode {
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

function Listeners({ beat }: { beat: NonNullable<Sensor['beat']> }): ReactNode {
  const groups = new Map<string, { up: number[]; down: { port: number; error: string }[] }>()
  for (const { service, transport, port, up, error } of beat.listeners) {
    const name = service === 'any' ? `any other (${transport})` : service
    const group = groups.get(name) ?? { up: [], down: [] }
    groups.set(name, group)
    if (up) group.up.push(port)
    else group.down.push({ port, error: error ?? 'closed' })
  }
  const ranges = (ports: readonly number[]): string => {
    const sorted = [...new Set(ports)].sort((a, b) => a - b)
    const parts: string[] = []
    for (let i = 0; i < sorted.length; i++) {
      const first = sorted[i]
      while (sorted[i + 1] === (sorted[i] ?? 0) + 1) i++
      parts.push(first === sorted[i] ? `${first}` : `${first}–${sorted[i]}`)
    }
    return parts.join(', ')
  }
  return (
    <dl className="facts">
      {[...groups].map(([name, { up, down }]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            {ranges(up)}
            {down.map(({ port, error }) => (
              <span key={port} className="warning">
                {' '}
                {port}: {error}
              </span>
            ))}
          </dd>
        </div>
      ))}
    </dl>
  )
}

/** Rename, move, quarantine, revoke, remove. */
function Actions({ sensor }: { sensor: Sensor }): ReactNode {
  const client = useQueryClient()
  const navigate = useNavigate()
  const [editing, setEditing] = useState(false)
  const [sure, setSure] = useState<'revoked' | 'remove'>()
  const [problem, setProblem] = useState('')
  const change = (body: object): Promise<void> =>
    send('PATCH', `sensors/${sensor.name}`, body).then(
      () => {
        setProblem('')
        setEditing(false)
        setSure(undefined)
        void client.invalidateQueries()
      },
      (error: unknown) => setProblem(error instanceof Error ? error.message : String(error)),
    )
  const remove = (): void =>
    void send('DELETE', `sensors/${sensor.name}`).then(() => {
      void client.invalidateQueries()
      void navigate({ to: '/fleet', search: {} as never })
    })
  return (
    <>
      <p className="buttons">
        <button type="button" onClick={() => setEditing(!editing)}>
          Rename or move
        </button>
        {sensor.state === 'quarantined' || sensor.state === 'revoked' ? (
          <button type="button" onClick={() => void change({ state: 'active' })}>
            {sensor.state === 'revoked' ? 'Let it join again' : 'End quarantine'}
          </button>
        ) : (
          <button
            type="button"
            title="Its events are kept, but count for nothing until the quarantine ends"
            onClick={() => void change({ state: 'quarantined' })}
          >
            Quarantine
          </button>
        )}
        {sensor.state === 'revoked' ? null : (
          <button type="button" onClick={() => setSure('revoked')}>
            Revoke
          </button>
        )}
        <button type="button" onClick={() => setSure('remove')}>
          Remove
        </button>
      </p>
      {sure === undefined ? null : (
        <p className="warning" role="alert">
          {sure === 'revoked'
            ? 'Its certificate will be void: it can deliver nothing more until it joins again.'
            : 'It goes off the list and its certificate is void. Its events and its ledger stay.'}{' '}
          <button type="button" onClick={() => (sure === 'remove' ? remove() : void change({ state: 'revoked' }))}>
            Yes, {sure === 'remove' ? 'remove' : 'revoke'} {sensor.name}
          </button>{' '}
          <button type="button" className="quiet" onClick={() => setSure(undefined)}>
            No
          </button>
        </p>
      )}
      {problem === '' ? null : <p role="alert">{problem}</p>}
      {editing ? (
        <form
          className="fields row"
          onSubmit={(event) => {
            event.preventDefault()
            const form = new FormData(event.currentTarget)
            const text = (name: string): string => String(form.get(name) ?? '').trim()
            void change({
              title: text('title'),
              organisation: text('organisation'),
              group: text('group'),
              ring: Number(text('ring')),
              place: text('place'),
            })
          }}
        >
          <label>
            Name to show
            <input name="title" defaultValue={sensor.title} maxLength={120} />
          </label>
          <label>
            Organisation
            <input name="organisation" defaultValue={sensor.organisation} required pattern="[a-z0-9][a-z0-9._\-]*" />
          </label>
          <label>
            Group
            <input name="group" defaultValue={sensor.group} required pattern="[a-z0-9][a-z0-9._\-]*" />
          </label>
          <label>
            Ring
            <input name="ring" type="number" min={0} max={9} defaultValue={sensor.ring} />
          </label>
          <label>
            Place
            <input name="place" defaultValue={sensor.place} maxLength={120} />
          </label>
          <button type="submit">Save</button>
        </form>
      ) : null}
    </>
  )
}

const example = `{
  "services": { "ssh": 22, "telnet": 23, "http": [80, 8080] },
  "limits": { "sessions": 2000 },
  "upload": { "bytesPerSecond": 8000 },
  "schedules": [{ "from": "22:00", "to": "06:00", "bytesPerSecond": 64000 }]
}`

/** What is wanted of a sensor or a group, as a document. */
function Settings({
  scope,
  document,
  operator,
}: {
  scope: string
  document: Record<string, unknown>
  operator: boolean
}): ReactNode {
  const client = useQueryClient()
  const [text, setText] = useState(() =>
    Object.keys(document).length === 0 ? '{}' : JSON.stringify(document, null, 2),
  )
  const [note, setNote] = useState('')
  const [problem, setProblem] = useState('')
  if (!operator) return <pre tabIndex={0}>{text}</pre>
  return (
    <form
      className="fields"
      onSubmit={(event) => {
        event.preventDefault()
        let wanted: unknown
        try {
          wanted = JSON.parse(text)
        } catch (error) {
          return setProblem(`This is no JSON: ${error instanceof Error ? error.message : ''}`)
        }
        send('PUT', `desired/${scope}`, { document: wanted, note }).then(
          () => {
            setProblem('')
            setNote('')
            void client.invalidateQueries()
          },
          (error: unknown) => setProblem(error instanceof Error ? error.message : String(error)),
        )
      }}
    >
      <label>
        Settings (JSON): persona, services, any, limits, spoolBytes, spoolDays, upload, schedules
        <textarea
          rows={Math.min(24, Math.max(6, text.split('\n').length + 1))}
          spellCheck={false}
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
      </label>
      <label>
        Why
        <input value={note} maxLength={500} onChange={(event) => setNote(event.target.value)} />
      </label>
      {problem === '' ? null : (
        <p role="alert" className="warning">
          {problem}
        </p>
      )}
      <p className="buttons">
        <button type="submit">Want this</button>
        {text === '{}' ? (
          <button type="button" className="quiet" onClick={() => setText(example)}>
            Show an example
          </button>
        ) : null}
        <span className="faint">
          Signed by the hub, checked by the sensor, and taken back where it cannot be applied.
        </span>
      </p>
    </form>
  )
}

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
