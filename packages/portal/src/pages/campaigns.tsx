import type { ReactNode } from 'react'
import { Link, useParams } from '@tanstack/react-router'
import { useApi } from '../api.ts'
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
import { DayColumns } from '../components/columns.tsx'
import { RangePicker } from '../components/layout.tsx'
import { ServerTable, type Column } from '../components/table.tsx'
import { economy, number, plural, short } from '../format.ts'
import { usePageSearch, useRange } from '../range.ts'

interface Campaign {
  readonly campaign: string
  readonly name: string
  readonly grade: 'A' | 'B'
  readonly sources: number
  readonly networks: number
  readonly economies: number
  readonly sessions: number
  readonly sensors: number
  readonly files: number
  readonly keys: number
  readonly hosts: number
  readonly first_seen: string
  readonly last_seen: string
}
interface One extends Campaign {
  readonly days: readonly { readonly day: string; readonly sources: number }[]
  readonly verdict: string
  readonly verdict_group: string
}

const grades = {
  A: 'A: several things recur together',
  B: 'B: one thing recurs',
} as const

const numeric = (id: keyof Campaign & string, head: string, sortable = false): Column<Campaign> => ({
  id,
  head,
  numeric: true,
  sortable,
  cell: (row) => short(row[id] as number),
})

/** What belongs together? */
export function Campaigns(): ReactNode {
  const { range } = useRange()
  const search = usePageSearch()
  const columns: Column<Campaign>[] = [
    {
      id: 'name',
      head: 'Campaign',
      cell: (row) => (
        <Link to="/campaign/$id" params={{ id: row.campaign }} search={{ span: search['span'] } as never}>
          <Hostile text={row.name} />
        </Link>
      ),
    },
    { id: 'grade', head: 'Grade', cell: (row) => <span title={grades[row.grade]}>{row.grade}</span> },
    numeric('sources', 'Addresses', true),
    numeric('networks', 'Networks', true),
    numeric('sessions', 'Sessions', true),
    numeric('sensors', 'Sensors', true),
    numeric('files', 'Programs'),
    numeric('keys', 'Keys'),
    numeric('hosts', 'Hosts'),
    { id: 'first_seen', head: 'First seen (UTC)', sortable: true, cell: (row) => <Time at={row.first_seen} /> },
    { id: 'last_seen', head: 'Last seen (UTC)', sortable: true, cell: (row) => <Time at={row.last_seen} /> },
  ]
  return (
    <>
      <div className="lede">
        <h1>Campaigns</h1>
        <p>
          What belongs together? Attacks that bring the same programs, plant the same keys, fetch from the same hosts.
        </p>
        <RangePicker />
      </div>
      {range === undefined ? (
        <Loading />
      ) : (
        <section className="card wide">
          <ServerTable
            path="campaigns"
            params={{ ...range }}
            columns={columns}
            rowKey={(row) => row.campaign}
            filter="A host, key or hash contains …"
            caption="Campaigns"
            empty={
              <p>
                No campaign was active in this time. One needs two addresses that bring the same program, key or host;
                it is looked for two minutes after the start and then every hour.
              </p>
            }
          />
        </section>
      )}
    </>
  )
}

interface Mark {
  readonly type: 'file' | 'key' | 'host' | 'url'
  readonly value: string
  readonly sources: number
  readonly sessions: number
  readonly first_seen: string
  readonly last_seen: string
  readonly session: string
}
const types = { file: 'program', key: 'planted key', host: 'host', url: 'URL' } as const
const marks: Column<Mark>[] = [
  { id: 'type', head: 'Mark', cell: (row) => types[row.type] },
  {
    id: 'value',
    head: 'Value',
    cell: (row) =>
      row.type === 'file' ? (
        <Link to="/artifact/$sha256" params={{ sha256: row.value }} search={{} as never} className="mono">
          {row.value.slice(0, 24)}…
        </Link>
      ) : (
        <Hostile text={row.value} url={row.type === 'url'} />
      ),
  },
  { id: 'sources', head: 'Addresses', numeric: true, cell: (row) => number(row.sources) },
  { id: 'sessions', head: 'Sessions', numeric: true, cell: (row) => number(row.sessions) },
  { id: 'first_seen', head: 'First seen (UTC)', cell: (row) => <Time at={row.first_seen} /> },
  { id: 'last_seen', head: 'Last seen (UTC)', cell: (row) => <Time at={row.last_seen} /> },
  { id: 'session', head: 'Session', cell: (row) => <SessionLink id={row.session}>latest</SessionLink> },
]

interface Source {
  readonly source: string
  readonly asn: number
  readonly as_name: string
  readonly economy: string
  readonly sessions: number
  readonly sensors: number
  readonly last_seen: string
}
const sources: Column<Source>[] = [
  { id: 'source', head: 'Address', cell: (row) => <SourceLink ip={row.source} /> },
  { id: 'asn', head: 'Network', cell: (row) => <NetworkLink asn={row.asn} name={row.as_name} /> },
  { id: 'economy', head: 'Economy', cell: (row) => economy(row.economy) },
  { id: 'sessions', head: 'Sessions', numeric: true, cell: (row) => number(row.sessions) },
  { id: 'sensors', head: 'Sensors', numeric: true, cell: (row) => number(row.sensors) },
  { id: 'last_seen', head: 'Last seen (UTC)', cell: (row) => <Time at={row.last_seen} /> },
]
const lines: Column<{ line: string; sessions: number; sources: number }>[] = [
  {
    id: 'line',
    head: 'Command',
    cell: (row) => <Hostile text={row.line.length > 300 ? `${row.line.slice(0, 300)}…` : row.line} />,
  },
  { id: 'sessions', head: 'Sessions', numeric: true, cell: (row) => number(row.sessions) },
  { id: 'sources', head: 'Addresses', numeric: true, cell: (row) => number(row.sources) },
]

/** One campaign: who takes part, what marks it, what it does. */
export function CampaignPage(): ReactNode {
  const { id = '' } = useParams({ strict: false })
  const { range } = useRange()
  const { data, error } = useApi<One>(`campaigns/${id}`, { ...range }, range !== undefined)
  if (error !== null)
    return (
      <>
        <RangePicker />
        <Failed error={error} />
      </>
    )
  if (data === undefined || range === undefined) return <Loading />
  return (
    <>
      <div className="lede">
        <h1>
          <Hostile text={data.name} />
        </h1>
        <p>
          {plural(data.sources, 'address', 'addresses')} of {plural(data.networks, 'network')} in{' '}
          {plural(data.economies, 'economy', 'economies')}, {plural(data.sessions, 'session')} on{' '}
          {plural(data.sensors, 'sensor')}. Grade {grades[data.grade]}.{' '}
          {data.verdict !== '' && `Verdict: ${data.verdict} ${data.verdict_group}.`}
        </p>
        <RangePicker />
      </div>
      <div className="grid">
        <Card title="Addresses by day" wide>
          <DayColumns
            days={data.days.map(({ day, sources: value }) => ({ day, value }))}
            label="Addresses that took part"
          />
        </Card>
        <Card title="What marks it" wide>
          <ServerTable
            path={`campaigns/${id}/marks`}
            params={{ ...range }}
            columns={marks}
            rowKey={(row) => `${row.type} ${row.value}`}
            name="m"
            caption="Marks"
            empty={<Empty>Nothing in this time.</Empty>}
          />
        </Card>
        <Card title="Who takes part" wide>
          <ServerTable
            path={`campaigns/${id}/sources`}
            params={{ ...range }}
            columns={sources}
            rowKey={(row) => row.source}
            name="s"
            caption="Addresses"
            empty={<Empty>Nobody in this time.</Empty>}
          />
        </Card>
        <Card title="What it types" wide>
          <ServerTable
            path={`campaigns/${id}/commands`}
            params={{ ...range }}
            columns={lines}
            rowKey={(row) => row.line}
            name="c"
            caption="Commands"
            empty={<Empty>No commands in its sessions.</Empty>}
          />
        </Card>
      </div>
    </>
  )
}
