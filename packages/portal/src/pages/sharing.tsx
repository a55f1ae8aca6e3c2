import { type ReactNode } from 'react'
import { useApi } from '../api.ts'
import { Card, Copy, Empty, Failed, Loading } from '../components/basics.tsx'
import { Agreements, Contents, Settings } from '../components/sharing/agreements.tsx'
import { Inbox } from '../components/sharing/inbox.tsx'
import { kindNames } from '../components/sharing/kinds.ts'
import { HpfeedsCard, PullsCard, Sinks, YaraCard } from '../components/sharing/sinks.tsx'
import { Targets } from '../components/sharing/targets.tsx'
import { plural } from '../format.ts'
import { useMe } from '../me.ts'

interface Catalogue {
  readonly tlp: string
  readonly terms: readonly { kind: string; numbers: boolean; delay_minutes: number }[]
  readonly taxii: {
    readonly discovery: string
    readonly collections: readonly { kind: string; title: string; path: string }[]
  }
  readonly feeds: readonly { path: string; title: string; kinds: readonly string[] }[]
  readonly licence: string
  readonly licence_url: string
  readonly ttl: Readonly<Record<string, number>>
}

/** What the caller gets by its agreements, and for operators the agreements themselves. */
export function Sharing(): ReactNode {
  const { may, me } = useMe()
  const { data, error } = useApi<Catalogue>('sharing/catalogue')
  if (error !== null) return <Failed error={error} />
  if (data === undefined || me === undefined) return <Loading />
  const operator = may('operate') && me.organisation === null
  const folders = new Map<string, Catalogue['feeds'][number][]>()
  for (const feed of data.feeds) {
    const folder = feed.path.split('/')[2] ?? ''
    folders.set(folder, [...(folders.get(folder) ?? []), feed])
  }
  return (
    <>
      <div className="lede">
        <h1>Sharing</h1>
        <p>
          {data.terms.length === 0
            ? 'No sharing agreement gives your organisation anything yet. The operators of this honeynet make them.'
            : `You get ${plural(data.terms.length, 'kind')} of indicators, up to TLP:${data.tlp.toUpperCase()}, under ${data.licence}.`}
        </p>
      </div>
      <div className="grid">
        {operator ? (
          <>
            <Agreements />
            <Inbox />
            <Targets />
            <Sinks />
            <HpfeedsCard />
            <YaraCard />
            <PullsCard />
            <Contents />
            <Settings />
          </>
        ) : null}
        {data.terms.length === 0 ? null : (
          <>
            <Card title="What you get">
              <ul className="plain">
                {data.terms.map(({ kind, numbers, delay_minutes }) => (
                  <li key={kind}>
                    {kindNames[kind] ?? kind}{' '}
                    <span className="faint">
                      {numbers ? 'with numbers' : 'without numbers'}
                      {delay_minutes === 0 ? '' : `, ${plural(delay_minutes, 'minute')} late`}, believed for{' '}
                      {plural(data.ttl[kind] ?? 0, 'day')}
                    </span>
                  </li>
                ))}
              </ul>
            </Card>
            <Card title="How to fetch it">
              <p>
                Make a token under <a href="/organisation">Organisation</a>. Programs send it as{' '}
                <code>Authorization: Bearer</code>, as <code>X-Api-Key</code>, or as the password of any user name.
              </p>
              <dl>
                <dt>TAXII 2.1</dt>
                <dd>
                  <code>{data.taxii.discovery}</code> <Copy text={data.taxii.discovery} />
                </dd>
                <dt>MISP feed</dt>
                <dd>
                  <code>{new URL('/misp/', location.href).href}</code>
                </dd>
                <dt>CrowdSec bouncers</dt>
                <dd>
                  <code>api_url: {new URL('/', location.href).href}</code>
                </dd>
              </dl>
            </Card>
            <Card title="Feeds" wide>
              {[...folders].map(([folder, feeds]) => (
                <details key={folder}>
                  <summary>
                    {folder} <span className="faint">{plural(feeds.length, 'file')}</span>
                  </summary>
                  <ul className="plain">
                    {feeds.map(({ path, title }) => (
                      <li key={path}>
                        <a href={path}>{path}</a> <span className="faint">{title}</span>
                      </li>
                    ))}
                  </ul>
                </details>
              ))}
            </Card>
            <Card title="TAXII collections" wide>
              {data.taxii.collections.length === 0 ? (
                <Empty>
                  <p>None.</p>
                </Empty>
              ) : (
                <ul className="plain">
                  {data.taxii.collections.map(({ path, title }) => (
                    <li key={path}>
                      {title} <code>{path}</code>
                    </li>
                  ))}
                </ul>
              )}
            </Card>
          </>
        )}
      </div>
    </>
  )
}
