import type { ReactNode } from 'react'
import { Link, useNavigate, useParams } from '@tanstack/react-router'
import { useApi, type Params, type Totals } from '../api.ts'
import { Card, Failed, Loading } from '../components/basics.tsx'
import { RangePicker } from '../components/layout.tsx'
import { Bars, Timeline } from '../components/plots.tsx'
import { SessionsTable, SourcesTable } from '../components/tables.tsx'
import { number, plural } from '../format.ts'
import { usePageSearch, useRange, useSetSearch } from '../range.ts'

/** An AS, or one of its prefixes: what leaves it. */
export function Network(): ReactNode {
  const { asn = '0' } = useParams({ strict: false })
  const search = usePageSearch()
  const set = useSetSearch()
  const navigate = useNavigate()
  const { range } = useRange()
  const params: Params = { ...range, asn, prefix: search['prefix'] }
  const { data, error } = useApi<{ now: Totals; before: Totals; as_name: string }>(
    'totals',
    params,
    range !== undefined,
  )
  if (error !== null) return <Failed error={error} />
  const change =
    data === undefined || data.before.sources === 0
      ? ''
      : `, ${number(Math.abs(data.now.sources - data.before.sources))} ${data.now.sources >= data.before.sources ? 'more' : 'fewer'} than the time before`
  return (
    <>
      <div className="lede">
        <h1>
          AS{asn} <span className="faint">{data?.as_name}</span>
        </h1>
        {data === undefined ? (
          <Loading rows={1} />
        ) : (
          <p>
            {search['prefix'] === undefined ? `AS${asn}` : search['prefix']}:{' '}
            {plural(data.now.sources, 'address', 'addresses')} attacked in this time{change}, in{' '}
            {plural(data.now.sessions, 'session')} with {plural(data.now.auths, 'log-in attempt')},{' '}
            {plural(data.now.commands, 'command')} and {plural(data.now.payloads, 'payload URL')}.
          </p>
        )}
        <RangePicker />
        {search['prefix'] === undefined ? null : (
          <div className="chips">
            <button type="button" onClick={() => set({ prefix: undefined })}>
              prefix {search['prefix']} ×
            </button>
          </div>
        )}
      </div>
      {range === undefined ? (
        <Loading />
      ) : (
        <div className="grid">
          <Card title="What leaves this network" wide>
            <Timeline params={params} />
          </Card>
          <Card title="Services it attacks">
            <Bars
              by="service"
              params={params}
              onPick={(service) => void navigate({ to: '/sessions', search: { ...range, asn, service } as never })}
            />
          </Card>
          <Card title="Ports it attacks">
            <Bars
              by="port"
              params={params}
              onPick={(port) => void navigate({ to: '/sessions', search: { ...range, asn, port } as never })}
            />
          </Card>
          <Card title="Hours of the day (UTC)">
            <Bars by="hour" params={params} name={(hour) => `${hour.padStart(2, '0')}:00`} />
          </Card>
          <Card title="Addresses" wide>
            <SourcesTable params={params} withNetwork={false} />
          </Card>
          <Card title="Evidence: sessions" wide>
            <SessionsTable params={params} />
          </Card>
        </div>
      )}
    </>
  )
}

/** One address: all that it did. */
export function Source(): ReactNode {
  const { ip = '' } = useParams({ strict: false })
  const search = usePageSearch()
  const { extent } = useRange()
  const wide = {
    since: search['since'] ?? extent?.first ?? undefined,
    until: search['until'] ?? new Date(Math.ceil(Date.now() / 600_000) * 600_000).toISOString(),
  }
  const ready = wide.since !== undefined
  const params: Params = { ...wide, source: ip }
  const { data: about, error } = useApi<{
    rows: {
      asn: number
      as_name: string
      prefix: string
      economy: string
      sessions: number
      commands: number
      auths: number
      payloads: number
      first_seen: string
      last_seen: string
      services: string[]
    }[]
  }>('sources', { ...params, limit: 1 }, ready)
  if (error !== null) return <Failed error={error} />
  const row = about?.rows[0]
  return (
    <>
      <div className="lede">
        <h1 className="mono">{ip}</h1>
        {about === undefined ? (
          <Loading rows={1} />
        ) : row === undefined ? (
          <p>This address has not been seen here.</p>
        ) : (
          <p>
            In{' '}
            <Link to="/network/$asn" params={{ asn: String(row.asn) }} search={{ prefix: row.prefix } as never}>
              {row.prefix || 'no announced prefix'}
            </Link>{' '}
            of{' '}
            <Link to="/network/$asn" params={{ asn: String(row.asn) }} search={{} as never}>
              AS{row.asn} {row.as_name}
            </Link>
            : {plural(row.sessions, 'session')} on {row.services.join(', ')}, {plural(row.auths, 'log-in attempt')},{' '}
            {plural(row.commands, 'command')}, {plural(row.payloads, 'payload URL')}, from {row.first_seen.slice(0, 10)}{' '}
            to {row.last_seen.slice(0, 10)}.
          </p>
        )}
      </div>
      {row === undefined || !ready ? null : (
        <div className="grid">
          <Card title="When it came" wide>
            <Timeline
              params={{
                ...params,
                since: row.first_seen.slice(0, 10),
                until: new Date(Date.parse(row.last_seen) + 3_600_000).toISOString(),
              }}
            />
          </Card>
          <Card title="Sessions" wide>
            <SessionsTable params={params} withSource={false} />
          </Card>
        </div>
      )}
    </>
  )
}
