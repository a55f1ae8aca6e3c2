import type { ReactNode } from 'react'
import { KnownElsewhere } from '../components/known.tsx'
import { Link, useNavigate, useParams } from '@tanstack/react-router'
import { query, useApi, type Params } from '../api.ts'
import { Card, Empty, Failed, Loading, Origin } from '../components/basics.tsx'
import { RangePicker } from '../components/layout.tsx'
import { Days } from '../components/mine/days.tsx'
import { Customers, Findings, Malware, Offenders, Prefixes } from '../components/mine/findings.tsx'
import { Beside } from '../components/mine/peers.tsx'
import { Bars, Timeline } from '../components/plots.tsx'
import { causeName, type Severity } from '../components/severity.tsx'
import { SessionsTable } from '../components/tables.tsx'
import { number, plural } from '../format.ts'
import { useMe } from '../me.ts'
import { usePageSearch, useRange, useSetSearch } from '../range.ts'

interface Overview {
  readonly since: string
  readonly until: string
  readonly sources: number
  readonly sources_before: number
  readonly new: number
  readonly active: number
  readonly quiet: number
  readonly severities: Record<Severity, number>
  readonly as_name: string
  readonly sql: string
  readonly params: Record<string, unknown>
}

/** The network of the caller's organisation: everything that leaves it. */
export function Mine(): ReactNode {
  const { me } = useMe()
  if (me === undefined) return <Loading />
  const { asns = [], prefixes = [] } = me.networks ?? {}
  if (me.organisation === null || asns.length + prefixes.length === 0)
    return (
      <Empty>
        <h1>My network</h1>
        {me.organisation === null ? (
          <p>
            You act for the whole honeynet. Choose an organisation under <Link to="/account">Account</Link>, or look at
            a network under <Link to="/networks">Networks</Link>.
          </p>
        ) : (
          <p>
            No network of {me.organisation} is proved yet. Claim an AS or a prefix under{' '}
            <Link to="/organisation">Organisation</Link>; then everything that leaves it stands here.
          </p>
        )}
      </Empty>
    )
  return <Leaving name={[...asns.map((asn) => `AS${asn}`), ...prefixes].join(', ')} scope={{}} />
}

/** An AS, or one of its prefixes: what leaves it. */
export function Network(): ReactNode {
  const { asn = '0' } = useParams({ strict: false })
  return <Leaving name={`AS${asn}`} scope={{ asn }} />
}

function Leaving({ name, scope }: { name: string; scope: Params }): ReactNode {
  const search = usePageSearch()
  const set = useSetSearch()
  const navigate = useNavigate()
  const { range } = useRange()
  const params: Params = { ...range, ...scope, prefix: search['prefix'] }
  const { data, error } = useApi<Overview>('mine/overview', params, range !== undefined)
  if (error !== null) return <Failed error={error} />
  const bad = data === undefined ? 0 : data.severities.high + data.severities.critical
  const by = data === undefined ? 0 : data.sources - data.sources_before
  const pick = (state: string, n: number, text: string): ReactNode => (
    <button
      type="button"
      className="figure"
      aria-pressed={search['state'] === state}
      onClick={() => set({ state: search['state'] === state ? undefined : state, opage: undefined })}
    >
      {number(n)} {text}
    </button>
  )
  return (
    <>
      <div className="lede">
        <h1>
          {name} <span className="faint">{data?.as_name}</span>
        </h1>
        {data === undefined ? (
          <Loading rows={1} />
        ) : (
          <>
            <p>
              {search['prefix'] ?? name}: {plural(data.sources, 'address', 'addresses')} attacked in this time,{' '}
              {by === 0 ? 'as many as' : `${number(Math.abs(by))} ${by > 0 ? 'more' : 'fewer'} than`} in the time
              before; {number(bad)} did something of high or critical severity. At its end{' '}
              {pick('new', data.new, 'were new')}, {pick('active', data.active, 'still active')} and{' '}
              {pick('quiet', data.quiet, 'quiet')}.
            </p>
            <Origin sql={data.sql} params={data.params} path={`GET /api/v1/mine/overview${query(params)}`} />
          </>
        )}
        <RangePicker />
        <div className="chips">
          {(['prefix', 'rule', 'state', 'cause'] as const).map((key) =>
            search[key] === undefined ? null : (
              <button key={key} type="button" onClick={() => set({ [key]: undefined, opage: undefined })}>
                {key === 'cause' ? causeName(search[key]) : `${key} ${search[key]}`} ×
              </button>
            ),
          )}
        </div>
      </div>
      {range === undefined ? (
        <Loading />
      ) : (
        <div className="grid">
          <Card title="Who attacks, day by day" wide>
            <Days params={params} />
          </Card>
          <Card title="Beside other networks">
            <Beside params={{ ...range, ...scope }} />
          </Card>
          <Findings params={params} />
          <Prefixes params={{ ...range, ...scope }} />
          <Customers params={{ ...range, ...scope }} />
          <Card title="Services they attack">
            <Bars
              by="service"
              params={params}
              onPick={(service) => void navigate({ to: '/sessions', search: { ...range, ...scope, service } as never })}
            />
          </Card>
          <Malware params={params} />
          <Card title="Addresses" wide>
            <Offenders params={params} />
          </Card>
          <Card title="When" wide>
            <Timeline params={params} />
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
        <KnownElsewhere value={ip} />
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
