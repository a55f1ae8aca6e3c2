import { useState, type ReactNode } from 'react'
import { Link } from '@tanstack/react-router'
import { send, useApi } from '../api.ts'
import { Card, Empty, Failed, Hostile, Loading, Time } from '../components/basics.tsx'
import { Field, Form } from '../components/form.tsx'
import { bytes, number, plural } from '../format.ts'

interface Policy {
  readonly enabled: boolean
  readonly hand: boolean
  readonly per_host: number
  readonly megabytes: number
  readonly seconds: number
  readonly never: readonly string[]
}
interface Fetches {
  readonly counts: Readonly<Record<string, number>>
  readonly rows: readonly {
    readonly id: string
    readonly url: string
    readonly state: string
    readonly seen: number
    readonly done: number | null
    readonly sha256: string
    readonly size: number
    readonly detail: string
    readonly hops: readonly { url: string; address: string; status: string }[]
  }[]
}

const states = [
  ['fetched', 'fetched'],
  ['wanted', 'waiting'],
  ['taken', 'on its way'],
  ['failed', 'not had'],
  ['refused', 'not gone to'],
] as const

/** What attackers pointed at: is it fetched, what came, and what did not and why? */
export function Payloads(): ReactNode {
  const [state, setState] = useState('')
  const { data, error } = useApi<Fetches>('fetches', { state }, true, 10_000)
  const { data: policy } = useApi<Policy>('fetch-policy')
  if (error !== null) return <Failed error={error} />
  if (data === undefined || policy === undefined) return <Loading />
  const all = Object.values(data.counts).reduce((sum, one) => sum + one, 0)
  return (
    <>
      <div className="lede">
        <h1>Payloads</h1>
        <p>
          {policy.enabled
            ? `${plural(all, 'URL')} that attackers pointed at: ${states
                .flatMap(([name, words]) =>
                  data.counts[name] === undefined ? [] : [`${number(data.counts[name])} ${words}`],
                )
                .join(', ')}.`
            : 'Nothing that attackers point at is fetched. Sensors never do it; a fetcher, run elsewhere, does when you want it.'}
        </p>
      </div>
      <div className="grid">
        <Card
          title="What came of them"
          wide
          actions={
            <label>
              <span className="faint">Show</span>{' '}
              <select value={state} onChange={(event) => setState(event.target.value)}>
                <option value="">all</option>
                {states.map(([name, words]) => (
                  <option key={name} value={name}>
                    {words}
                  </option>
                ))}
              </select>
            </label>
          }
        >
          {data.rows.length === 0 ? (
            <Empty>
              <p>
                {policy.enabled
                  ? 'None yet. Those that are seen from now on come here.'
                  : 'Switch fetching on below, and run a fetcher: skep fetcher run'}
              </p>
            </Empty>
          ) : (
            <div className="scroll" tabIndex={0} role="region" aria-label="Payloads">
              <table className="keep">
                <thead>
                  <tr>
                    <th scope="col">URL</th>
                    <th scope="col">State</th>
                    <th scope="col">From</th>
                    <th scope="col" className="numeric">
                      Size
                    </th>
                    <th scope="col">File</th>
                    <th scope="col">Seen first (UTC)</th>
                  </tr>
                </thead>
                <tbody>
                  {data.rows.map((row) => (
                    <tr key={row.id}>
                      <td>
                        <Hostile text={row.url} url />
                      </td>
                      <td title={row.detail}>
                        {states.find(([name]) => name === row.state)?.[1] ?? row.state}
                        {row.detail === '' ? null : (
                          <>
                            : <Hostile text={row.detail} />
                          </>
                        )}
                      </td>
                      <td className="mono">{row.hops.at(-1)?.address ?? ''}</td>
                      <td className="numeric">{row.sha256 === '' ? '' : bytes(row.size)}</td>
                      <td>
                        {row.sha256 === '' || row.state !== 'fetched' ? null : (
                          <Link
                            to="/artifact/$sha256"
                            params={{ sha256: row.sha256 }}
                            search={{} as never}
                            className="mono"
                          >
                            {row.sha256.slice(0, 12)}
                          </Link>
                        )}
                      </td>
                      <td>
                        <Time at={new Date(row.seen).toISOString()} />
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )}
        </Card>
        <Card title="Whether, and within which bounds" wide>
          <p>
            Each URL is fetched once, from public addresses only, and nothing of it is run. The server at the other end
            sees the address of the fetcher: run it where that gives nothing away.
          </p>
          <Form
            key={JSON.stringify(policy)}
            label="Policy"
            submit="Keep"
            onSubmit={async (values) => {
              await send('PUT', 'fetch-policy', {
                enabled: values['enabled'] !== undefined,
                hand: values['hand'] !== undefined,
                per_host: Number(values['per_host']),
                megabytes: Number(values['megabytes']),
                seconds: Number(values['seconds']),
                never: (values['never'] ?? '').split(/[\s,]+/).filter((one) => one !== ''),
              })
              return 'Kept'
            }}
          >
            <label className="check">
              <input type="checkbox" name="enabled" defaultChecked={policy.enabled} />
              Fetch what attackers point at
            </label>
            <label className="check">
              <input type="checkbox" name="hand" defaultChecked={policy.hand} />
              Sensors hand it to the attacker who asks again
            </label>
            <Field
              name="per_host"
              label="Of one host within an hour"
              type="number"
              min={1}
              max={100}
              defaultValue={policy.per_host}
            />
            <Field
              name="megabytes"
              label="Megabytes of a file"
              type="number"
              min={1}
              max={64}
              defaultValue={policy.megabytes}
            />
            <Field name="seconds" label="Seconds" type="number" min={5} max={300} defaultValue={policy.seconds} />
            <Field
              name="never"
              label="Leave alone"
              hint="addresses, prefixes and names, with blanks between"
              defaultValue={policy.never.join(' ')}
            />
          </Form>
        </Card>
      </div>
    </>
  )
}
