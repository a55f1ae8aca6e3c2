import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useQuery } from '@tanstack/react-query'
import { getText, readEvents, useApi, type List, type Params } from '../api.ts'
import { number, plural } from '../format.ts'
import { Failed, Hostile, Loading, SessionLink, Time } from './basics.tsx'

// The evidence in short, for the panel beside a list.

interface Conversation {
  readonly session: string
  readonly started: string
  readonly service: string
  readonly target_port: number
  readonly auths: number
  readonly commands: number
  readonly payloads: number
}

/** The latest conversations of an address or a network. */
export function Conversations({ params }: { params: Params }): ReactNode {
  const { data, error } = useApi<List<Conversation>>('sessions', { ...params, limit: 8 })
  if (error !== null) return <Failed error={error} />
  if (data === undefined) return <Loading rows={4} />
  return (
    <section>
      <h3>Its latest sessions</h3>
      {data.rows.length === 0 ? <p className="faint">None in this time.</p> : null}
      <ul className="plain">
        {data.rows.map((row) => (
          <li key={row.session}>
            <SessionLink id={row.session}>
              <Time at={row.started} />
            </SessionLink>{' '}
            {row.service || 'unknown'} :{row.target_port}
            <span className="faint">
              {row.auths === 0 ? '' : `, ${plural(row.auths, 'log-in')}`}
              {row.commands === 0 ? '' : `, ${plural(row.commands, 'command')}`}
              {row.payloads === 0 ? '' : `, ${plural(row.payloads, 'payload')}`}
            </span>
          </li>
        ))}
      </ul>
    </section>
  )
}

/** What happened in a conversation: pairs that were tried, lines that were typed, what was fetched. */
export function Transcript({ session }: { session: string }): ReactNode {
  const { data: events, error } = useQuery({
    queryKey: ['peek', session],
    queryFn: async () => readEvents(await getText('events', { session, limit: 200 })),
  })
  if (error !== null) return <Failed error={error} />
  if (events === undefined) return <Loading rows={4} />
  const of = (kind: string) => events.filter((event) => event.kind === kind)
  const text = (value: unknown): string => (typeof value === 'string' ? value : '')
  const parts: readonly (readonly [title: string, lines: readonly string[], url?: boolean])[] = [
    ['Log-ins', of('auth.attempt').map(({ data }) => `${text(data['user'])} ${text(data['secret'])}`.trim())],
    ['Commands', of('command.run').map(({ data }) => text(data['line']))],
    ['Requests', of('request').map(({ data }) => `${text(data['verb'])} ${text(data['path'])}`.trim())],
    ['Payloads', [...new Set(of('payload.seen').map(({ data }) => text(data['url'])))], true],
  ]
  return (
    <>
      {parts.map(([title, lines, url = false]) =>
        lines.length === 0 ? null : (
          <section key={title}>
            <h3>{title}</h3>
            <ul className="plain">
              {lines.slice(0, 12).map((line, i) => (
                <li key={i}>
                  <Hostile text={line.slice(0, 300)} url={url} />
                </li>
              ))}
            </ul>
            {lines.length > 12 ? <p className="faint">and {number(lines.length - 12)} more</p> : null}
          </section>
        ),
      )}
      <p>
        <Link to="/session/$id" params={{ id: session }} search={{} as never}>
          The whole session
        </Link>
      </p>
    </>
  )
}
