import type { ReactNode } from 'react'
import { Link } from '@tanstack/react-router'
import { Hostile } from '../components/basics.tsx'
import { ServerTable, type Column } from '../components/table.tsx'
import { Card } from '../components/basics.tsx'
import { useApi, type List } from '../api.ts'
import { number } from '../format.ts'
import { usePageSearch, useSetSearch } from '../range.ts'

interface Verdict {
  readonly run: string
  readonly type: string
  readonly entity: string
  readonly verdict: string
  readonly k: number
  readonly d: number
  readonly n: number
  readonly expected: number
  readonly group_kind: string
  readonly group_name: string
  readonly group_k: number
  readonly lift: number
  readonly p: number
  readonly q: number
  readonly here: number
}

const types = [
  'source',
  'credential',
  'url',
  'artifact',
  'command',
  'key',
  'hassh',
  'ja4',
  'agent',
  'target',
  'campaign',
] as const
const words: Readonly<Record<string, string>> = {
  aimed: 'aimed at',
  regional: 'regional:',
  global: 'global: comes to all',
  'only here': 'seen only at one sensor',
}
const small = (p: number): string => (p >= 0.01 ? p.toFixed(2) : p.toExponential(0))

/** Is it the Internet's noise, or is it me? */
export function Aimed(): ReactNode {
  const search = usePageSearch()
  const set = useSetSearch()
  const { data } = useApi<List<Verdict>>('verdicts', { limit: 1 })
  const columns: Column<Verdict>[] = [
    {
      id: 'entity',
      head: 'What',
      cell: (row) =>
        row.type === 'source' ? (
          <Link to="/source/$ip" params={{ ip: row.entity }} search={{} as never} className="mono">
            {row.entity}
          </Link>
        ) : row.type === 'campaign' ? (
          <Link to="/campaign/$id" params={{ id: row.entity }} search={{} as never} className="mono">
            {row.entity}
          </Link>
        ) : (
          <Hostile text={row.entity} url={row.type === 'url'} />
        ),
    },
    { id: 'type', head: 'Type', cell: (row) => row.type },
    {
      id: 'verdict',
      head: 'Verdict',
      cell: (row) => (
        <span className={row.verdict === 'aimed' ? 'on' : ''}>
          {words[row.verdict] ?? row.verdict} {row.group_name}
        </span>
      ),
    },
    {
      id: 'd',
      head: 'Sensors',
      numeric: true,
      sortable: true,
      cell: (row) => (
        <span title={`${row.k} contacts would touch about ${row.expected.toFixed(1)} sensors if they fell at random`}>
          {number(row.d)} of {number(row.n)}, expected {row.expected.toFixed(1)}
        </span>
      ),
    },
    { id: 'k', head: 'Contacts', numeric: true, sortable: true, cell: (row) => number(row.k) },
    { id: 'here', head: 'On yours', numeric: true, cell: (row) => number(row.here) },
    {
      id: 'lift',
      head: 'Times expected',
      numeric: true,
      sortable: true,
      cell: (row) => (row.lift === 0 ? '' : `${row.lift.toFixed(1)} (${row.group_k} there)`),
    },
    { id: 'q', head: 'p, q', numeric: true, sortable: true, cell: (row) => `${small(row.p)}, ${small(row.q)}` },
  ]
  return (
    <>
      <div className="lede">
        <h1>Aimed at me</h1>
        <p>
          What touched your sensors, told apart: what comes to all, what comes to your economy, what is aimed at your
          network.{' '}
          {data?.rows[0] === undefined
            ? 'The first look at everything is taken within a quarter of an hour of the start, and then each night.'
            : `As of the night of ${data.rows[0].run}, over 30 days.`}
        </p>
        <div className="tabs" role="group" aria-label="Verdict">
          {['aimed', 'regional', 'only here', 'global'].map((one) => (
            <button
              key={one}
              type="button"
              aria-pressed={search['verdict'] === one}
              onClick={() => set({ verdict: search['verdict'] === one ? undefined : one, page: undefined })}
            >
              {one}
            </button>
          ))}
          <span className="spring" />
          <select
            aria-label="Type"
            value={search['type'] ?? ''}
            onChange={(event) => set({ type: event.target.value || undefined, page: undefined })}
          >
            <option value="">everything</option>
            {types.map((type) => (
              <option key={type} value={type}>
                {type}
              </option>
            ))}
          </select>
        </div>
      </div>
      <Card title="Verdicts" wide>
        <ServerTable
          path="verdicts"
          params={{ type: search['type'], verdict: search['verdict'] }}
          columns={columns}
          rowKey={(row) => `${row.type} ${row.entity}`}
          caption="Verdicts"
          empty={
            <p>
              No verdict stands. One needs sensors of two organisations, three contacts, and a difference that chance
              does not explain.
            </p>
          }
        />
        <details>
          <summary>How this is told</summary>
          <p>
            A contact is one entity at one sensor on one day, counted once. Sensors differ a thousandfold in what comes
            to them, so each is weighed by the contacts that all others make there. For every group of sensors (prefix,
            AS, economy, sub-region, sector) that an entity touched, p is the chance of as many contacts there, times
            the number of groups; q is the share of false ones among findings like it (Benjamini and Hochberg). Aimed or
            regional: q at most 0.05, three times the expected, three contacts, two sensors or two days, and never one
            sensor alone. Global: it touched at least 70 % of the sensors that as many random contacts would.
          </p>
        </details>
      </Card>
    </>
  )
}
