import type { ReactNode } from 'react'
import { query, useApi, type List, type Params } from '../../api.ts'
import { number, plural, utc } from '../../format.ts'
import { usePageSearch, useSetSearch } from '../../range.ts'
import { Card, Empty, Failed, Hostile, Loading, Origin, SourceLink, Time } from '../basics.tsx'
import { causeName, SeverityMark, type Severity } from '../severity.tsx'
import { ServerTable, type Column } from '../table.tsx'
import { Link } from '@tanstack/react-router'

export interface Finding {
  readonly rule: string
  readonly title: string
  readonly technique: { readonly id: string; readonly name: string; readonly tactic: string }
  readonly severity: Severity
  readonly cause: string
  readonly sources: number
  readonly sources_before: number
  readonly events: number
}

/** More or fewer than the time before. */
export function Change({ now, before }: { now: number; before: number }): ReactNode {
  const by = now - before
  return (
    <span className="faint" title={`${number(before)} in the time before`}>
      {by === 0 ? '±0' : by > 0 ? `+${number(by)}` : `−${number(-by)}`}
    </span>
  )
}

/** What the addresses did; each line narrows the list of addresses. */
export function Findings({ params }: { params: Params }): ReactNode {
  const { data, error } = useApi<List<Finding>>('findings', params)
  const search = usePageSearch()
  const set = useSetSearch()
  if (error !== null) return <Failed error={error} />
  return (
    <Card
      title="What they do"
      actions={
        data === undefined ? null : (
          <Origin sql={data.sql} params={data.params} path={`GET /api/v1/findings${query(params)}`} />
        )
      }
    >
      {data === undefined ? (
        <Loading />
      ) : data.rows.length === 0 ? (
        <Empty>
          <p>Nothing in this time.</p>
        </Empty>
      ) : (
        <ul className="plain">
          {data.rows.map((one) => (
            <li key={one.rule} className="finding">
              <SeverityMark severity={one.severity} />
              <span>
                <button
                  type="button"
                  className="quiet"
                  aria-pressed={search['rule'] === one.rule}
                  onClick={() => set({ rule: search['rule'] === one.rule ? undefined : one.rule, opage: undefined })}
                >
                  {plural(one.sources, 'address', 'addresses')}
                </button>{' '}
                <Change now={one.sources} before={one.sources_before} /> {one.title}{' '}
                <span className="tag" title={`${one.technique.name} (${one.technique.tactic})`}>
                  {one.technique.id}
                </span>
              </span>
            </li>
          ))}
        </ul>
      )}
    </Card>
  )
}

/** By announced prefix. */
export function Prefixes({ params }: { params: Params }): ReactNode {
  const { data } = useApi<List<{ prefix: string; sources: number; sources_before: number; severity: Severity }>>(
    'mine/prefixes',
    params,
  )
  const set = useSetSearch()
  const max = Math.max(1, ...(data?.rows.map(({ sources }) => sources) ?? []))
  return (
    <Card
      title="By prefix"
      actions={
        data === undefined ? null : (
          <Origin sql={data.sql} params={data.params} path={`GET /api/v1/mine/prefixes${query(params)}`} />
        )
      }
    >
      {data === undefined ? (
        <Loading />
      ) : data.rows.length === 0 ? (
        <Empty>
          <p>Nothing in this time.</p>
        </Empty>
      ) : (
        <div className="bars">
          <ul>
            {data.rows.slice(0, 10).map((one) => (
              <li key={one.prefix}>
                <button type="button" className="name mono" onClick={() => set({ prefix: one.prefix })}>
                  {one.prefix || 'no prefix'}
                </button>
                <span className="bar" aria-hidden="true">
                  <i style={{ width: `${(one.sources / max) * 100}%` }} />
                </span>
                <span className="value">
                  {number(one.sources)} <Change now={one.sources} before={one.sources_before} />
                </span>
              </li>
            ))}
          </ul>
        </div>
      )}
    </Card>
  )
}

/** By customer, where the organisation entered whose range is whose. */
export function Customers({ params }: { params: Params }): ReactNode {
  const { data } = useApi<List<{ prefix: string; title: string; sources: number }>>('mine/customers', params)
  const set = useSetSearch()
  if (data === undefined || data.rows.length === 0) return null
  return (
    <Card title="By customer">
      <ul className="plain">
        {data.rows.slice(0, 12).map((one) => (
          <li key={one.prefix}>
            <button type="button" className="quiet" onClick={() => set({ prefix: one.prefix })}>
              {one.title}
            </button>{' '}
            <span className="mono faint">{one.prefix}</span> {plural(one.sources, 'address', 'addresses')}
          </li>
        ))}
      </ul>
    </Card>
  )
}

/** Programs that they brought. */
export function Malware({ params }: { params: Params }): ReactNode {
  const { data } = useApi<List<{ type: string; value: string; sources: number; last_seen: string }>>(
    'mine/malware',
    params,
  )
  return (
    <Card
      title="Programs that they bring"
      actions={
        data === undefined ? null : (
          <Origin sql={data.sql} params={data.params} path={`GET /api/v1/mine/malware${query(params)}`} />
        )
      }
    >
      {data === undefined ? (
        <Loading />
      ) : data.rows.length === 0 ? (
        <Empty>
          <p>None in this time.</p>
        </Empty>
      ) : (
        <ul className="plain">
          {data.rows.slice(0, 10).map((one) => (
            <li key={`${one.type} ${one.value}`}>
              <span className="tag">{one.type}</span>{' '}
              {one.type === 'artifact' ? (
                <Link to="/artifact/$sha256" params={{ sha256: one.value }} search={{} as never} className="mono">
                  {one.value.slice(0, 20)}…
                </Link>
              ) : (
                <Hostile text={one.value} url={one.type === 'url'} />
              )}{' '}
              <span className="faint">
                {plural(one.sources, 'address', 'addresses')}, last {utc(one.last_seen).slice(0, 10)}
              </span>
            </li>
          ))}
        </ul>
      )}
    </Card>
  )
}

interface Offender {
  readonly source: string
  readonly prefix: string
  readonly severity: Severity
  readonly causes: string[]
  readonly rules: string[]
  readonly events: number
  readonly days: number
  readonly first_seen: string
  readonly last_seen: string
  readonly state: string
}

/** The addresses behind every figure of the page. */
export function Offenders({ params }: { params: Params }): ReactNode {
  const search = usePageSearch()
  const columns: Column<Offender>[] = [
    { id: 'source', head: 'Address', cell: (row) => <SourceLink ip={row.source} /> },
    { id: 'severity', head: 'Severity', sortable: true, cell: (row) => <SeverityMark severity={row.severity} /> },
    { id: 'causes', head: 'Likely', cell: (row) => row.causes.slice(0, 2).map(causeName).join(', ') },
    { id: 'state', head: 'State', cell: (row) => (row.state === 'new' ? <span className="on">new</span> : row.state) },
    { id: 'prefix', head: 'Prefix', cell: (row) => <span className="mono">{row.prefix}</span> },
    { id: 'days', head: 'Days', numeric: true, sortable: true, cell: (row) => number(row.days) },
    { id: 'events', head: 'Events', numeric: true, sortable: true, cell: (row) => number(row.events) },
    { id: 'first_seen', head: 'First seen (UTC)', sortable: true, cell: (row) => <Time at={row.first_seen} /> },
    { id: 'last_seen', head: 'Last seen (UTC)', sortable: true, cell: (row) => <Time at={row.last_seen} /> },
    {
      id: 'pack',
      head: 'Evidence',
      cell: (row) => (
        <Link to="/pack/$subject" params={{ subject: row.source }} search={{} as never}>
          pack
        </Link>
      ),
    },
  ]
  return (
    <ServerTable
      path="offenders"
      params={{ ...params, rule: search['rule'], state: search['state'], cause: search['cause'] }}
      columns={columns}
      rowKey={(row) => row.source}
      name="o"
      filter="Address contains …"
      caption="Offending addresses"
      empty={<p>No address of this network attacked in this time.</p>}
    />
  )
}
