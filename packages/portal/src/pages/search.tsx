import { useState, type ReactNode } from 'react'
import { Link } from '@tanstack/react-router'
import { useApi } from '../api.ts'
import { Empty, Failed, Hostile, Loading, Time } from '../components/basics.tsx'
import { plural } from '../format.ts'
import { usePageSearch, useSetSearch } from '../range.ts'

interface Hit {
  readonly kind: string
  readonly value: string
  readonly detail: string
  readonly events: number
  readonly last_seen: string
}

/** Finds whatever a person pastes. */
export function Search(): ReactNode {
  const search = usePageSearch()
  const set = useSetSearch()
  const q = search['q'] ?? ''
  const [typed, setTyped] = useState(q)
  const { data, error, isFetching } = useApi<{ hits: Hit[]; read_as: string }>('search', { q }, q !== '')
  return (
    <>
      <div className="lede">
        <h1>Search</h1>
        <form
          role="search"
          onSubmit={(event) => {
            event.preventDefault()
            set({ q: typed.trim() })
          }}
        >
          <input
            type="search"
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
            aria-label="Search"
            placeholder="Address, prefix, AS, hash, URL, command, credential, name of a network"
          />
          <button type="submit">Search</button>
        </form>
      </div>
      {error !== null ? (
        <Failed error={error} />
      ) : q === '' ? (
        <Empty>
          <p>
            Try <code>AS4134</code>, <code>192.0.2.0/24</code>, <code>root:admin</code>, <code>wget</code> or a SHA-256.
          </p>
        </Empty>
      ) : data === undefined || isFetching ? (
        <Loading />
      ) : data.hits.length === 0 ? (
        <Empty>
          <p>
            Nothing found; “{q}” was read as {data.read_as}.
          </p>
        </Empty>
      ) : (
        <section className="card wide">
          <p className="faint">
            Read as {data.read_as}; {plural(data.hits.length, 'hit')}.
          </p>
          <ul className="news">
            {data.hits.map((hit) => (
              <li key={`${hit.kind} ${hit.value}`}>
                <span className="tag">{hit.kind}</span> <Target hit={hit} /> <span className="faint">{hit.detail}</span>{' '}
                {plural(hit.events, 'event')} {hit.last_seen === '' ? null : <Time at={hit.last_seen} />}
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  )
}

function Target({ hit }: { hit: Hit }): ReactNode {
  const none = {} as never
  if (hit.kind === 'source')
    return (
      <Link to="/source/$ip" params={{ ip: hit.value }} search={none} className="mono">
        {hit.value}
      </Link>
    )
  if (hit.kind === 'network')
    return (
      <Link to="/network/$asn" params={{ asn: hit.value.slice(2) }} search={none}>
        {hit.value}
      </Link>
    )
  if (hit.kind === 'prefix')
    return (
      <Link to="/sources" search={{ prefix: hit.value, span: 'all' } as never} className="mono">
        {hit.value}
      </Link>
    )
  if (hit.kind === 'artifact')
    return (
      <Link to="/artifact/$sha256" params={{ sha256: hit.value }} search={none} className="mono">
        {hit.value.slice(0, 24)}…
      </Link>
    )
  return (
    <Link to="/indicators" search={{ type: hit.kind, iq: hit.value.slice(0, 180), span: 'all' } as never}>
      <Hostile text={hit.value.slice(0, 160)} url={hit.kind === 'url'} />
    </Link>
  )
}
