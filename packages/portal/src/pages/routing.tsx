import type { ReactNode } from 'react'
import { useApi } from '../api.ts'
import { Card, Empty, Failed, Loading, Time } from '../components/basics.tsx'
import { plural } from '../format.ts'
import { useMe } from '../me.ts'

interface Routing {
  readonly at: number | null
  readonly vantages: string[]
  readonly lines: {
    readonly prefix: string
    readonly asn: number
    readonly seen: number
    readonly vantages: number
    readonly rpki: 'valid' | 'invalid' | 'not found'
    readonly irr: number[]
    readonly problems: string[]
    readonly certain: boolean
  }[]
  readonly unused: { readonly prefix: string; readonly asn: number; readonly maxLength: number }[]
}

/** Do my announcements, my ROAs and my IRR objects say the same? */
export function RoutingPage(): ReactNode {
  const { me } = useMe()
  const { data, error } = useApi<Routing>('routing', {}, me?.organisation != null)
  if (error !== null) return <Failed error={error} />
  if (me?.organisation === null || data?.at === null)
    return (
      <Empty>
        <h1>Routing</h1>
        <p>
          {me?.organisation === null
            ? 'Choose an organisation under Account.'
            : 'This hub has no routing tables yet. Its operator puts them into the folder hub/routing: one file for each vantage point, vrps.json, and IRR dumps.'}
        </p>
      </Empty>
    )
  if (data === undefined) return <Loading />
  const wrong = data.lines.filter(({ problems }) => problems.length > 0)
  const certain = wrong.filter((line) => line.certain)
  return (
    <>
      <div className="lede">
        <h1>Routing</h1>
        <p>
          {plural(data.lines.length, 'announcement')} of your resources at{' '}
          {plural(data.vantages.length, 'vantage point')}; {plural(certain.length, 'mismatch', 'mismatches')} that
          several of them see
          {wrong.length > certain.length ? `, ${plural(wrong.length - certain.length, 'more')} that only a few do` : ''}
          .{' '}
          <span className="faint">
            Looked at <Time at={new Date(data.at ?? 0).toISOString()} relative />.
          </span>
        </p>
      </div>
      <div className="grid">
        <Card title="Announcements" wide>
          {data.lines.length === 0 ? (
            <Empty>
              <p>Nothing is announced of what you proved.</p>
            </Empty>
          ) : (
            <div className="table">
              <div className="scroll" tabIndex={0} role="region" aria-label="Announcements">
                <table>
                  <thead>
                    <tr>
                      <th scope="col">Prefix</th>
                      <th scope="col">Origin</th>
                      <th scope="col">RPKI</th>
                      <th scope="col">IRR</th>
                      <th scope="col" className="numeric">
                        Seen at
                      </th>
                      <th scope="col">What is wrong</th>
                    </tr>
                  </thead>
                  <tbody>
                    {data.lines.slice(0, 500).map((line) => (
                      <tr key={`${line.prefix} ${line.asn}`}>
                        <td className="mono">{line.prefix}</td>
                        <td>AS{line.asn}</td>
                        <td>{line.rpki === 'invalid' ? <span className="on">invalid</span> : line.rpki}</td>
                        <td>
                          {line.irr.length === 0 ? (
                            <span className="faint">none</span>
                          ) : (
                            line.irr.map((asn) => `AS${asn}`).join(', ')
                          )}
                        </td>
                        <td className="numeric">
                          {line.seen} of {line.vantages}
                        </td>
                        <td>
                          {line.problems.join('; ')}{' '}
                          {line.problems.length > 0 && !line.certain ? <span className="tag">not certain</span> : null}
                        </td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </div>
            </div>
          )}
        </Card>
        {data.unused.length === 0 ? null : (
          <Card title="ROAs for which nothing is announced">
            <ul className="plain">
              {data.unused.map((one) => (
                <li key={`${one.prefix} ${one.asn}`}>
                  <span className="mono">
                    {one.prefix}-{one.maxLength}
                  </span>{' '}
                  AS{one.asn}
                </li>
              ))}
            </ul>
          </Card>
        )}
      </div>
    </>
  )
}
