import type { ReactNode } from 'react'
import { Loading } from '../components/basics.tsx'
import { RangePicker } from '../components/layout.tsx'
import { IndicatorsTable, NetworksTable, SessionsTable, SourcesTable } from '../components/tables.tsx'
import { economy } from '../format.ts'
import { usePageSearch, useRange, useSetSearch } from '../range.ts'
import type { Params } from '../api.ts'

const filters = ['service', 'economy', 'port', 'asn', 'prefix'] as const

/** Filters in words, each to be taken out by a click. */
function Chips(): ReactNode {
  const search = usePageSearch()
  const set = useSetSearch()
  const active = filters.filter((name) => search[name] !== undefined)
  return active.length === 0 ? null : (
    <div className="chips">
      {active.map((name) => (
        <button key={name} type="button" onClick={() => set({ [name]: undefined })} title="Take this filter out">
          {name === 'economy' ? economy(search[name] ?? '') : `${name} ${search[name]}`} ×
        </button>
      ))}
    </div>
  )
}

function List({
  title,
  question,
  children,
}: {
  title: string
  question: string
  children: (params: Params) => ReactNode
}): ReactNode {
  const { range } = useRange()
  const search = usePageSearch()
  const params: Params = { ...range, ...Object.fromEntries(filters.map((name) => [name, search[name]])) }
  return (
    <>
      <div className="lede">
        <h1>{title}</h1>
        <p>{question}</p>
        <RangePicker />
        <Chips />
      </div>
      {range === undefined ? <Loading /> : <section className="card wide">{children(params)}</section>}
    </>
  )
}

export const Networks = (): ReactNode => (
  <List title="Networks" question="Whose addresses attack? Origin AS at the time of the event.">
    {(params) => <NetworksTable params={params} />}
  </List>
)
export const Sources = (): ReactNode => (
  <List title="Sources" question="Which addresses attack, and what do they do?">
    {(params) => <SourcesTable params={params} />}
  </List>
)
export const Sessions = (): ReactNode => (
  <List title="Sessions" question="Every conversation, with what was done in it.">
    {(params) => <SessionsTable params={params} />}
  </List>
)

const types = [
  ['url', 'URLs'],
  ['artifact', 'Artifacts'],
  ['credential', 'Credentials'],
  ['command', 'Commands'],
  ['target', 'Requests'],
  ['key', 'SSH keys'],
  ['hassh', 'HASSH'],
  ['ja4', 'JA4'],
  ['agent', 'User agents'],
] as const

export function Indicators(): ReactNode {
  const search = usePageSearch()
  const set = useSetSearch()
  const type = types.find(([name]) => name === search['type'])?.[0] ?? 'url'
  return (
    <List title="Artifacts and URLs" question="What recurs: who brings it, and where does it spread?">
      {(params) => (
        <>
          <div className="tabs" role="group" aria-label="Type of indicator">
            {types.map(([name, label]) => (
              <button
                key={name}
                type="button"
                aria-pressed={name === type}
                onClick={() =>
                  set({ type: name, isort: undefined, iorder: undefined, ipage: undefined, iq: undefined })
                }
              >
                {label}
              </button>
            ))}
          </div>
          <IndicatorsTable key={type} type={type} params={{ since: params['since'], until: params['until'] }} />
        </>
      )}
    </List>
  )
}
