import { useState, type ReactNode } from 'react'
import { Link } from '@tanstack/react-router'
import { ApiError } from '../api.ts'
import { ago, defang, local, utc, visible } from '../format.ts'

/** What an attacker wrote: it has its own look, so that nobody takes it for ours; nothing in it acts. */
export function Hostile({
  text,
  url = false,
  block = false,
}: {
  text: string
  url?: boolean
  block?: boolean
}): ReactNode {
  const shown = visible(url ? defang(text) : text)
  return block ? (
    <pre className="hostile" tabIndex={0} dir="ltr">
      {shown}
    </pre>
  ) : (
    <span className="hostile" dir="ltr">
      {shown === '' ? '∅' : shown}
    </span>
  )
}

/** Copies the raw text, not the defanged one. */
export function Copy({ text, label = 'Copy' }: { text: string; label?: string }): ReactNode {
  const [done, setDone] = useState(false)
  return (
    <button
      type="button"
      className="quiet"
      onClick={() => {
        void navigator.clipboard.writeText(text).then(() => {
          setDone(true)
          setTimeout(() => setDone(false), 1500)
        })
      }}
    >
      {done ? 'Copied' : label}
    </button>
  )
}

/** A time in UTC, with the local one at hand. */
export function Time({ at, relative = false }: { at: string; relative?: boolean }): ReactNode {
  return (
    <time dateTime={at} title={`${utc(at)} UTC · ${local(at)}`}>
      {relative ? ago(at) : utc(at)}
    </time>
  )
}

export function Failed({ error, children }: { error: unknown; children?: ReactNode }): ReactNode {
  const denied = error instanceof ApiError && error.status === 401
  return (
    <div className="notice" role="alert">
      <h2>{denied ? 'You are not signed in' : 'This could not be loaded'}</h2>
      {denied ? (
        <p>
          Open the sign-in link that the terminal printed, or make a new one on the hub:{' '}
          <code>npm run skep -- token link</code>
        </p>
      ) : (
        <p>{error instanceof Error ? error.message : String(error)}</p>
      )}
      {children}
    </div>
  )
}

export function Empty({ children }: { children: ReactNode }): ReactNode {
  return <div className="notice">{children}</div>
}

export function Loading({ rows = 5 }: { rows?: number }): ReactNode {
  return (
    <div className="skeleton" role="status" aria-label="Loading">
      {Array.from({ length: rows }, (_, i) => (
        <span key={i} style={{ width: `${92 - ((i * 17) % 40)}%` }} />
      ))}
    </div>
  )
}

/** Behind every figure: the call and the SQL that made it. */
export function Origin({
  sql,
  params,
  path,
}: {
  sql: string
  params: Record<string, unknown>
  path: string
}): ReactNode {
  return (
    <details className="origin">
      <summary title="How this figure was made">how</summary>
      <p>
        API: <code>{path}</code>
      </p>
      <pre tabIndex={0}>{sql}</pre>
      <pre tabIndex={0}>{JSON.stringify(params, null, 1)}</pre>
    </details>
  )
}

export function Card({
  title,
  children,
  actions,
  wide = false,
}: {
  title: ReactNode
  children: ReactNode
  actions?: ReactNode
  wide?: boolean
}): ReactNode {
  return (
    <section className={wide ? 'card wide' : 'card'}>
      <header>
        <h2>{title}</h2>
        {actions}
      </header>
      {children}
    </section>
  )
}

const search = (all: Record<string, string>) => all as never

export const SourceLink = ({ ip }: { ip: string }): ReactNode => (
  <Link to="/source/$ip" params={{ ip }} search={search({})} className="mono">
    {ip}
  </Link>
)
export const NetworkLink = ({ asn, name }: { asn: number; name?: string }): ReactNode =>
  asn === 0 ? (
    <span className="faint">unknown network</span>
  ) : (
    <Link to="/network/$asn" params={{ asn: String(asn) }} search={search({})}>
      AS{asn}
      {name === undefined || name === '' ? null : <span className="faint"> {name}</span>}
    </Link>
  )
export const SessionLink = ({ id, children }: { id: string; children?: ReactNode }): ReactNode => (
  <Link to="/session/$id" params={{ id }} search={search({})} className="mono">
    {children ?? id.slice(0, 13)}
  </Link>
)
