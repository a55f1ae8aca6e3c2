import type { ReactNode } from 'react'
import { useApi } from '../api.ts'
import { Card, Empty, Failed, Loading } from '../components/basics.tsx'
import { causeName } from '../components/severity.tsx'
import { economy, number } from '../format.ts'

interface Overview {
  readonly since: string
  readonly until: string
  readonly economies: { readonly key: string; readonly sources: number }[]
  readonly causes: { readonly key: string; readonly sources: number }[]
}

/** What everybody may see. */
export function PublicPage(): ReactNode {
  const { data, error } = useApi<Overview>('public/overview')
  if (error !== null) return <Failed error={error} />
  if (data === undefined) return <Loading />
  const first = data.economies[0]
  return (
    <>
      <div className="lede">
        <h1>What a community honeynet saw</h1>
        <p>
          {first === undefined
            ? `Too few sensors saw the same in the week of ${data.since.slice(0, 10)} to say anything in public.`
            : `In the week of ${data.since.slice(0, 10)}, at least ${number(data.economies.reduce((sum, { sources }) => sum + sources, 0))} addresses of ${data.economies.length} economies attacked several of our decoys; the most, about ${number(first.sources)}, were in ${economy(first.key)}.`}
        </p>
        <p className="faint">
          Do you run a network? <a href="/signin">Sign in</a> to see what leaves it, with the evidence.
        </p>
      </div>
      <div className="grid">
        <Card title="Economies">
          <List rows={data.economies} name={economy} />
        </Card>
        <Card title="Likely causes">
          <List rows={data.causes} name={causeName} />
        </Card>
        <Card title="How this is counted" wide>
          <p>
            An address counts when at least three sensors saw it; a line has at least ten addresses; numbers lose their
            last digits; a week is shown when it has been over for two days, and then stays the same. So nobody can find
            out where sensors stand by probing and watching. An economy with many addresses has many machines, not many
            criminals: most of these were broken into themselves.
          </p>
        </Card>
      </div>
    </>
  )
}

function List({ rows, name }: { rows: Overview['economies']; name: (key: string) => string }): ReactNode {
  const max = Math.max(1, ...rows.map(({ sources }) => sources))
  if (rows.length === 0)
    return (
      <Empty>
        <p>Nothing that may be told.</p>
      </Empty>
    )
  return (
    <div className="bars">
      <ul>
        {rows.map(({ key, sources }) => (
          <li key={key}>
            <span className="name">{name(key)}</span>
            <span className="bar" aria-hidden="true">
              <i style={{ width: `${(sources / max) * 100}%` }} />
            </span>
            <span className="value">≥ {number(sources)}</span>
          </li>
        ))}
      </ul>
    </div>
  )
}
