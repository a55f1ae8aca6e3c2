import type { ReactNode } from 'react'
import { useNavigate } from '@tanstack/react-router'
import type { Params } from '../api.ts'
import { duration, economy, number, short } from '../format.ts'
import { Hostile, NetworkLink, SessionLink, SourceLink, Time } from './basics.tsx'
import { Conversations, Transcript } from './peek.tsx'
import { ServerTable, type Column } from './table.tsx'

interface SourceRow {
  readonly source: string
  readonly asn: number
  readonly as_name: string
  readonly prefix: string
  readonly economy: string
  readonly events: number
  readonly sessions: number
  readonly auths: number
  readonly accepted: number
  readonly commands: number
  readonly payloads: number
  readonly ports: number[]
  readonly services: string[]
  readonly first_seen: string
  readonly last_seen: string
}

const count = <Row,>(id: keyof Row & string, head: string): Column<Row> => ({
  id,
  head,
  numeric: true,
  sortable: true,
  cell: (row) => short(row[id] as number),
})

/** Addresses that attacked. */
export function SourcesTable({
  params,
  enabled,
  name = 's',
  withNetwork = true,
}: {
  params: Params
  enabled?: boolean
  name?: string
  withNetwork?: boolean
}): ReactNode {
  const columns: Column<SourceRow>[] = [
    { id: 'source', head: 'Address', cell: (row) => <SourceLink ip={row.source} /> },
    ...(withNetwork
      ? [{ id: 'asn', head: 'Network', cell: (row: SourceRow) => <NetworkLink asn={row.asn} name={row.as_name} /> }]
      : []),
    { id: 'prefix', head: 'Prefix', cell: (row) => <span className="mono">{row.prefix}</span> },
    { id: 'economy', head: 'Economy', cell: (row) => economy(row.economy) },
    count('sessions', 'Sessions'),
    count('auths', 'Log-ins'),
    count('commands', 'Commands'),
    count('payloads', 'Payloads'),
    {
      id: 'services',
      head: 'Services',
      cell: (row) => row.services.slice(0, 4).join(', ') + (row.services.length > 4 ? ' …' : ''),
    },
    { id: 'last_seen', head: 'Last seen (UTC)', sortable: true, cell: (row) => <Time at={row.last_seen} /> },
  ]
  return (
    <ServerTable
      path="sources"
      params={params}
      columns={columns}
      rowKey={(row) => row.source}
      name={name}
      filter="Address contains …"
      caption="Sources"
      peek={(row) => <Conversations params={{ ...params, source: row.source }} />}
      empty={<p>No address attacked in this time.</p>}
      {...(enabled !== undefined && { enabled })}
    />
  )
}

interface SessionRow {
  readonly session: string
  readonly started: string
  readonly source: string
  readonly target_port: number
  readonly service: string
  readonly asn: number
  readonly as_name: string
  readonly economy: string
  readonly events: number
  readonly auths: number
  readonly accepted: number
  readonly commands: number
  readonly payloads: number
  readonly reason: string
  readonly duration_ms: number
}

/** Conversations. */
export function SessionsTable({
  params,
  enabled,
  name = 'c',
  withSource = true,
}: {
  params: Params
  enabled?: boolean
  name?: string
  withSource?: boolean
}): ReactNode {
  const columns: Column<SessionRow>[] = [
    {
      id: 'started',
      head: 'Began (UTC)',
      sortable: true,
      cell: (row) => (
        <SessionLink id={row.session}>
          <Time at={row.started} />
        </SessionLink>
      ),
    },
    { id: 'service', head: 'Service', cell: (row) => `${row.service || 'unknown'} :${row.target_port}` },
    ...(withSource
      ? [
          { id: 'source', head: 'Address', cell: (row: SessionRow) => <SourceLink ip={row.source} /> },
          { id: 'asn', head: 'Network', cell: (row: SessionRow) => <NetworkLink asn={row.asn} name={row.as_name} /> },
        ]
      : []),
    {
      id: 'auths',
      head: 'Log-ins',
      numeric: true,
      sortable: true,
      cell: (row) => (row.auths === 0 ? '' : `${number(row.auths)}${row.accepted > 0 ? ' (in)' : ''}`),
    },
    count('commands', 'Commands'),
    count('payloads', 'Payloads'),
    {
      id: 'duration_ms',
      head: 'Duration',
      numeric: true,
      sortable: true,
      cell: (row) => (row.reason === '' ? '' : duration(row.duration_ms)),
    },
    { id: 'reason', head: 'Ended by', cell: (row) => row.reason },
  ]
  return (
    <ServerTable
      path="sessions"
      params={params}
      columns={columns}
      rowKey={(row) => row.session}
      name={name}
      caption="Sessions"
      peek={(row) => <Transcript session={row.session} />}
      empty={<p>No session in this time.</p>}
      {...(enabled !== undefined && { enabled })}
    />
  )
}

interface NetworkRow {
  readonly asn: number
  readonly as_name: string
  readonly economy: string
  readonly sources: number
  readonly prefixes: number
  readonly sessions: number
  readonly events: number
  readonly payloads: number
  readonly last_seen: string
}

/** Origin ASes. */
export function NetworksTable({
  params,
  enabled,
  name = 'n',
  limit = 25,
}: {
  params: Params
  enabled?: boolean
  name?: string
  limit?: number
}): ReactNode {
  const columns: Column<NetworkRow>[] = [
    { id: 'asn', head: 'Network', sortable: true, cell: (row) => <NetworkLink asn={row.asn} name={row.as_name} /> },
    { id: 'economy', head: 'Economy', cell: (row) => economy(row.economy) },
    count('sources', 'Addresses'),
    { id: 'prefixes', head: 'Prefixes', numeric: true, cell: (row) => short(row.prefixes) },
    count('sessions', 'Sessions'),
    count('payloads', 'Payloads'),
    { id: 'last_seen', head: 'Last seen (UTC)', sortable: true, cell: (row) => <Time at={row.last_seen} /> },
  ]
  return (
    <ServerTable
      path="networks"
      params={params}
      columns={columns}
      rowKey={(row) => String(row.asn)}
      name={name}
      filter="Name or number of a network …"
      caption="Networks"
      peek={(row) => <Conversations params={{ ...params, asn: row.asn }} />}
      limit={limit}
      empty={<p>No network attacked in this time.</p>}
      {...(enabled !== undefined && { enabled })}
    />
  )
}

export interface IndicatorRow {
  readonly type: string
  readonly value: string
  readonly events: number
  readonly sources: number
  readonly networks: number
  readonly sensors: number
  readonly first_seen: string
  readonly last_seen: string
  readonly session: string
  readonly detail: string
}

/** Things that recur, of one type. */
export function IndicatorsTable({
  type,
  params,
  enabled,
  name = 'i',
}: {
  type: string
  params: Params
  enabled?: boolean
  name?: string
}): ReactNode {
  const navigate = useNavigate()
  const columns: Column<IndicatorRow>[] = [
    {
      id: 'value',
      head: type === 'artifact' ? 'SHA-256' : 'Value',
      cell: (row) =>
        type === 'artifact' ? (
          <a
            href={`/artifact/${row.value}`}
            onClick={(event) => {
              event.preventDefault()
              void navigate({ to: '/artifact/$sha256', params: { sha256: row.value }, search: {} as never })
            }}
            className="mono"
          >
            {row.value.slice(0, 20)}…
          </a>
        ) : (
          <Hostile text={row.value.length > 160 ? `${row.value.slice(0, 160)}…` : row.value} url={type === 'url'} />
        ),
    },
    ...(type === 'command' || type === 'target' || type === 'agent'
      ? []
      : [
          {
            id: 'detail',
            head: type === 'artifact' ? 'Name' : type === 'url' ? 'Tool' : type === 'hassh' ? 'Client' : 'With',
            cell: (row: IndicatorRow) => (row.detail === '' ? '' : <Hostile text={row.detail.slice(0, 80)} />),
          },
        ]),
    count('events', 'Times'),
    count('sources', 'Addresses'),
    { id: 'networks', head: 'Networks', numeric: true, cell: (row) => short(row.networks) },
    { id: 'first_seen', head: 'First seen (UTC)', sortable: true, cell: (row) => <Time at={row.first_seen} /> },
    { id: 'last_seen', head: 'Last seen (UTC)', sortable: true, cell: (row) => <Time at={row.last_seen} /> },
    { id: 'session', head: 'Session', cell: (row) => <SessionLink id={row.session}>latest</SessionLink> },
  ]
  return (
    <ServerTable
      path="indicators"
      params={{ ...params, type }}
      columns={columns}
      rowKey={(row) => row.value}
      name={name}
      filter="Contains …"
      caption={`Indicators of type ${type}`}
      peek={(row) => (row.session === '' ? null : <Transcript session={row.session} />)}
      empty={<p>None of this type was seen in this time.</p>}
      {...(enabled !== undefined && { enabled })}
    />
  )
}
