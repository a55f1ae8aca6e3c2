import { useEffect, useState, type ReactNode } from 'react'
import { Link, useNavigate } from '@tanstack/react-router'
import { useApi, type Event, type List, type Params, type Totals } from '../api.ts'
import {
  Card,
  Empty,
  Failed,
  Hostile,
  Loading,
  NetworkLink,
  SessionLink,
  SourceLink,
  Time,
} from '../components/basics.tsx'
import { RangePicker } from '../components/layout.tsx'
import { Bars, Timeline } from '../components/plots.tsx'
import { NetworksTable } from '../components/tables.tsx'
import { economy, number, plural } from '../format.ts'
import { useRange } from '../range.ts'

interface TotalsAnswer {
  readonly now: Totals
  readonly before: Totals
  readonly as_name: string
}

const compared = (now: number, before: number): string =>
  before === 0
    ? ''
    : now >= before
      ? `, ${number(now - before)} more than the time before`
      : `, ${number(before - now)} fewer than the time before`

/** What is happening now, and over time. */
export function Now(): ReactNode {
  const { range, extent } = useRange()
  const navigate = useNavigate()
  const params: Params = range === undefined ? {} : { ...range }
  const { data: totals, error } = useApi<TotalsAnswer>('totals', params, range !== undefined)
  if (error !== null) return <Failed error={error} />
  return (
    <>
      <h1 className="hidden">Now</h1>
      <div className="lede">
        {totals === undefined ? (
          <Loading rows={1} />
        ) : extent?.events === 0 ? (
          <p>
            Nothing has come yet. Knock at the sensor, or bring in real history: <code>npm run demo</code>
          </p>
        ) : (
          <p>
            <Link to="/sources" search={{ ...range } as never}>
              {plural(totals.now.sources, 'address', 'addresses')}
            </Link>{' '}
            from{' '}
            <Link to="/networks" search={{ ...range } as never}>
              {plural(totals.now.networks, 'network')}
            </Link>{' '}
            and {plural(totals.now.economies, 'economy', 'economies')} held{' '}
            <Link to="/sessions" search={{ ...range } as never}>
              {plural(totals.now.sessions, 'session')}
            </Link>
            {compared(totals.now.sessions, totals.before.sessions)}: {plural(totals.now.auths, 'log-in attempt')},{' '}
            {plural(totals.now.commands, 'command')}, {plural(totals.now.payloads, 'payload URL')}.
          </p>
        )}
        <RangePicker />
      </div>
      {range === undefined ? (
        <Loading />
      ) : (
        <div className="grid">
          <Card title="Sessions by service" wide>
            <Timeline params={params} />
          </Card>
          <Card title="Live">
            <Live />
          </Card>
          <Card title="New in this time">
            <News params={params} />
          </Card>
          <Card title="Services">
            <Bars
              by="service"
              params={params}
              onPick={(service) => void navigate({ to: '/sessions', search: { ...range, service } as never })}
            />
          </Card>
          <Card title="Economies of the sources">
            <Bars
              by="economy"
              params={params}
              name={economy}
              onPick={(code) => void navigate({ to: '/sources', search: { ...range, economy: code } as never })}
            />
          </Card>
          <Card title="Ports">
            <Bars
              by="port"
              params={params}
              onPick={(port) => void navigate({ to: '/sessions', search: { ...range, port } as never })}
            />
          </Card>
          <Card title="Networks" wide>
            <NetworksTable params={params} limit={10} />
          </Card>
        </div>
      )}
    </>
  )
}

const worth: Readonly<Record<string, number>> = {
  'artifact.stored': 0,
  'key.planted': 0,
  'exploit.match': 0,
  'payload.seen': 1,
  'command.run': 2,
  'auth.attempt': 3,
  request: 3,
  query: 3,
  'scan.probe': 4,
  'session.open': 5,
}

/** What an event says, in one line. */
export function gist({ kind, data }: Event): ReactNode {
  const text = (name: string) => String(data[name] ?? '')
  switch (kind) {
    case 'command.run':
      return (
        <>
          ran <Hostile text={text('line').slice(0, 120)} />
        </>
      )
    case 'auth.attempt':
      return (
        <>
          {data['accepted'] === true ? 'got in as ' : 'tried '}
          <Hostile
            text={
              data['secret'] === undefined
                ? `${text('user')} ${text('fingerprint')}`
                : `${text('user')}:${text('secret')}`
            }
          />
        </>
      )
    case 'payload.seen':
      return (
        <>
          wants <Hostile text={text('url')} url />
        </>
      )
    case 'request':
      return (
        <>
          asked <Hostile text={`${text('method')} ${text('target')}`.slice(0, 120)} />
        </>
      )
    case 'query':
      return (
        <>
          asked <Hostile text={text('statement').slice(0, 120)} />
        </>
      )
    case 'artifact.stored':
      return (
        <>
          left <Hostile text={text('name') || text('sha256').slice(0, 16)} />
        </>
      )
    case 'exploit.match':
      return (
        <>
          exploit {text('exploit')} {text('cve')}
        </>
      )
    case 'key.planted':
      return (
        <>
          planted a key in <Hostile text={text('path')} />
        </>
      )
    case 'scan.probe':
      return (
        <>
          sent {text('size')} bytes of {text('protocol')}
        </>
      )
    case 'session.open':
      return <>connected</>
    default:
      return <>{kind}</>
  }
}

function Live(): ReactNode {
  const [events, setEvents] = useState<Event[]>([])
  const [state, setState] = useState<'connecting' | 'live' | 'lost'>('connecting')
  const [paused, setPaused] = useState(false)
  useEffect(() => {
    if (paused) return
    const source = new EventSource('/api/v1/live')
    source.addEventListener('hello', () => setState('live'))
    source.addEventListener('error', () => setState('lost'))
    source.addEventListener('events', (message) => {
      const batch = (JSON.parse((message as MessageEvent<string>).data) as { events: Event[] }).events
      const told = batch.filter(({ kind }) => worth[kind] !== undefined)
      // Of each session the news that says most: a stream of openings and closings tells nobody anything.
      const best = new Map<string, Event>()
      for (const event of told) {
        const key = event.session ?? event.id
        const held = best.get(key)
        if (held === undefined || (worth[event.kind] ?? 9) <= (worth[held.kind] ?? 9)) best.set(key, event)
      }
      setEvents((old) =>
        [
          ...[...best.values()].reverse(),
          ...old.filter(({ session }) => session === undefined || !best.has(session)),
        ].slice(0, 40),
      )
    })
    return () => source.close()
  }, [paused])
  return (
    <div className="live">
      <div className="tools">
        <span role="status" className={state === 'live' && !paused ? 'on' : 'faint'}>
          {paused
            ? 'paused'
            : state === 'live'
              ? 'live'
              : state === 'lost'
                ? 'connection lost, trying again'
                : 'connecting …'}
        </span>
        <span className="spring" />
        <button type="button" className="quiet" onClick={() => setPaused(!paused)}>
          {paused ? 'Go on' : 'Pause'}
        </button>
      </div>
      {events.length === 0 ? (
        <Empty>
          <p>
            Nothing since this page was opened. Try the sensor yourself: <code>ssh -p 2222 root@127.0.0.1</code>
          </p>
        </Empty>
      ) : (
        <ol tabIndex={0} aria-label="Latest events">
          {events.map((event) => (
            <li key={event.id}>
              <Time at={event.time} relative /> <SourceLink ip={event.source?.ip ?? ''} />{' '}
              <NetworkLink asn={event.origin.asn} name={event.origin.as_name} />
              <br />
              <SessionLink id={event.session ?? ''}>{event.service ?? ''}</SessionLink> {gist(event)}
            </li>
          ))}
        </ol>
      )}
    </div>
  )
}

interface NewsRow {
  readonly type: string
  readonly value: string
  readonly events: number
  readonly sources: number
  readonly first_seen: string
  readonly session: string
}

function News({ params }: { params: Params }): ReactNode {
  const { data, error } = useApi<List<NewsRow>>('news', { ...params, limit: 14 })
  if (error !== null) return <Failed error={error} />
  if (data === undefined) return <Loading />
  if (data.rows.length === 0)
    return (
      <Empty>
        <p>No URL, artifact, key, command or client was seen for the first time.</p>
      </Empty>
    )
  return (
    <ul className="news" tabIndex={0} aria-label="Seen for the first time">
      {data.rows.map((row) => (
        <li key={`${row.type} ${row.value}`}>
          <span className="tag">{row.type}</span> <Hostile text={row.value.slice(0, 140)} url={row.type === 'url'} />{' '}
          <SessionLink id={row.session}>first seen</SessionLink> <Time at={row.first_seen} relative />
        </li>
      ))}
    </ul>
  )
}
