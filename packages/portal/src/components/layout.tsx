import { lazy, Suspense, useEffect, useRef, useState, type ReactNode } from 'react'
import { Link, Outlet, useNavigate, useRouterState } from '@tanstack/react-router'
import { ApiError } from '../api.ts'
import { utc } from '../format.ts'
import { useMe, type Me } from '../me.ts'
import { spanNames, usePageSearch, useRange, useSetSearch } from '../range.ts'

const SignIn = lazy(() => import('../pages/signin.tsx').then(({ SignIn: door }) => ({ default: door })))

/** The pages in the head, for whom they are. */
const pagesFor = (me: Me): (readonly [string, string])[] => {
  const operator = me.can.includes('operate') && me.organisation === null
  return [
    ['/', 'Now'],
    ...(me.organisation === null
      ? []
      : ([
          ['/mine', 'My network'],
          ['/cases', 'Cases'],
          ['/alerts', 'Alerts'],
          ['/aimed', 'Aimed at me'],
          ['/routing', 'Routing'],
        ] as const)),
    ...(operator ? ([['/networks', 'Networks']] as const) : []),
    ['/sources', 'Sources'],
    ['/sessions', 'Sessions'],
    ['/indicators', 'Artifacts & URLs'],
    ['/campaigns', 'Campaigns'],
    ...(operator ? ([['/search', 'Search']] as const) : []),
    ['/fleet', 'Sensors'],
    ['/sharing', 'Sharing'],
    ...(operator
      ? ([
          ['/ledger', 'Ledger'],
          ['/honeynet', 'Honeynet'],
        ] as const)
      : []),
    ...(me.organisation === null ? [] : ([['/organisation', 'Organisation']] as const)),
  ]
}
/** Pages that one sees before one is signed in. */
const openPages = new Set(['/signin', '/welcome', '/claim', '/received', '/public'])

/** Takes what a person may paste and goes there. */
function usePalette(): { open: boolean; setOpen: (open: boolean) => void; go: (text: string) => void } {
  const [open, setOpen] = useState(false)
  const navigate = useNavigate()
  const go = (text: string): void => {
    const q = text.trim()
    setOpen(false)
    if (q === '') return
    const none = {} as never
    const asn = /^as\s*(\d{1,10})$/i.exec(q)?.[1]
    const id = /^(?:case\s*|#)(\d{1,9})$/i.exec(q)?.[1]
    if (id !== undefined) void navigate({ to: '/case/$id', params: { id }, search: none })
    else if (asn !== undefined) void navigate({ to: '/network/$asn', params: { asn }, search: none })
    else if (/^(?:\d{1,3}\.){3}\d{1,3}$/.test(q) || /^[0-9a-f:]*:[0-9a-f:]+$/i.test(q))
      void navigate({ to: '/source/$ip', params: { ip: q }, search: none })
    else if (/^[0-9a-f]{64}$/.test(q)) void navigate({ to: '/artifact/$sha256', params: { sha256: q }, search: none })
    else if (/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}$/.test(q))
      void navigate({ to: '/session/$id', params: { id: q }, search: none })
    else void navigate({ to: '/search', search: { q } as never })
  }
  return { open, setOpen, go }
}

export function Layout(): ReactNode {
  const palette = usePalette()
  const dialog = useRef<HTMLDialogElement>(null)
  const help = useRef<HTMLDialogElement>(null)
  const pages = useRef<HTMLElement>(null)
  const sighted = useRef('')
  const [theme, setTheme] = useState(() => localStorage.getItem('theme') ?? 'auto')
  const { me, error } = useMe()
  const path = useRouterState({ select: (state) => state.location.pathname })
  const outside = openPages.has(path)
  const shut = !outside && error instanceof ApiError && error.status === 401

  useEffect(() => {
    document.documentElement.dataset['theme'] = theme
    localStorage.setItem('theme', theme)
  }, [theme])
  // On a phone the pages stand in a row that is wider than it: the one that is shown is in sight.
  useEffect(() => {
    const here = pages.current?.querySelector<HTMLElement>('a.active')
    if (sighted.current === path || pages.current === null || here === null || here === undefined) return
    sighted.current = path
    pages.current.scrollLeft = here.offsetLeft - pages.current.offsetLeft - 24
  })
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const typing = event.target instanceof HTMLElement && /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
        event.preventDefault()
        dialog.current?.showModal()
      } else if (event.key === '/' && !typing) {
        event.preventDefault()
        dialog.current?.showModal()
      } else if (event.key === '?' && !typing) help.current?.showModal()
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [])

  return (
    <>
      <a className="skip" href="#main">
        Skip to the content
      </a>
      <header className="top">
        <Link to="/" className="brand" search={{} as never}>
          <img src="/skep.svg" alt="" width="26" height="26" /> Skep
        </Link>
        <nav aria-label="Pages" ref={pages}>
          {(me === undefined || outside ? [] : pagesFor(me)).map(([to, name]) => (
            <Link
              key={to}
              to={to}
              activeOptions={{ exact: to === '/', includeSearch: false }}
              search={
                ((old: Record<string, unknown>) => ({
                  ...(old['span'] !== undefined && { span: old['span'] }),
                  ...(old['since'] !== undefined && { since: old['since'], until: old['until'] }),
                })) as never
              }
            >
              {name}
            </Link>
          ))}
        </nav>
        <span className="spring" />
        {me === undefined || outside ? null : (
          <>
            <button type="button" className="find" onClick={() => dialog.current?.showModal()}>
              Find anything <kbd>Ctrl K</kbd>
            </button>
            <Link
              to="/account"
              search={{} as never}
              className="quiet"
              title="Account: password, passkeys, organisation"
            >
              {me.person === null ? me.role : me.person.email}
            </Link>
          </>
        )}
      </header>
      <dialog ref={dialog} aria-label="Find anything" className="palette">
        <form
          method="dialog"
          onSubmit={(event) => {
            const field = event.currentTarget.elements.namedItem('q') as HTMLInputElement
            palette.go(field.value)
            field.value = ''
          }}
        >
          <label htmlFor="palette">Address, prefix, AS, hash, URL, command, credential, session</label>
          <input
            id="palette"
            name="q"
            autoComplete="off"
            spellCheck={false}
            autoFocus
            placeholder="AS13335, 192.0.2.0/24, wget http…, root:admin"
          />
        </form>
      </dialog>
      <dialog ref={help} aria-label="Keyboard shortcuts">
        <h2>Keyboard</h2>
        <dl>
          <dt>Ctrl K or /</dt>
          <dd>find anything</dd>
          <dt>j, k or arrows</dt>
          <dd>move within a table</dd>
          <dt>Enter</dt>
          <dd>open the row</dd>
          <dt>Esc</dt>
          <dd>close</dd>
          <dt>?</dt>
          <dd>this list</dd>
        </dl>
        <form method="dialog">
          <button type="submit">Close</button>
        </form>
      </dialog>
      <main id="main">
        {shut ? (
          <Suspense fallback={null}>
            <SignIn />
          </Suspense>
        ) : (
          <Outlet />
        )}
      </main>
      <Footer version={me === undefined || outside ? undefined : me.version} theme={theme} onTheme={setTheme} />
    </>
  )
}

function Footer({
  version,
  theme,
  onTheme,
}: {
  version: string | undefined
  theme: string
  onTheme: (theme: string) => void
}): ReactNode {
  return (
    <footer className="bottom">
      <p>
        Skep{version === undefined ? '' : ` ${version}`} · times are UTC unless a mark says otherwise ·{' '}
        <a href="/openapi.json">API</a> ·{' '}
        <button
          type="button"
          className="quiet"
          onClick={() => onTheme(theme === 'dark' ? 'light' : theme === 'light' ? 'auto' : 'dark')}
          title="Light, dark or as the system has it"
        >
          {theme === 'dark' ? 'Dark' : theme === 'light' ? 'Light' : 'Light or dark: as the system has it'}
        </button>
      </p>
      {version === undefined ? null : <Tables />}
    </footer>
  )
}

/** Which tables place the addresses, and whom to name for them. */
function Tables(): ReactNode {
  const { extent } = useRange()
  const latest = extent?.snapshots.at(-1)
  return latest === undefined ? null : (
    <p>
      Addresses are placed by the tables “{latest.id}” of {latest.date}. {latest.attribution}
    </p>
  )
}

/** The time that a page looks at, as buttons and in words. */
export function RangePicker(): ReactNode {
  const { range, span } = useRange()
  const set = useSetSearch()
  const search = usePageSearch()
  return (
    <div className="range" role="group" aria-label="Time">
      {spanNames.map((name) => (
        <button
          key={name}
          type="button"
          aria-pressed={span === name}
          onClick={() => set({ span: name, since: undefined, until: undefined })}
        >
          {name}
        </button>
      ))}
      {range === undefined ? null : (
        <span className="faint">
          {utc(range.since).slice(0, 16)} – {utc(range.until).slice(0, 16)} UTC
        </span>
      )}
      {search['since'] === undefined ? null : (
        <button type="button" className="quiet" onClick={() => set({ since: undefined, until: undefined })}>
          whole time
        </button>
      )}
    </div>
  )
}
