import { useEffect, useRef, useState, type ReactNode } from 'react'
import { query, useApi, type List, type Params } from '../api.ts'
import { usePageSearch, useSetSearch } from '../range.ts'
import { Copy, Empty, Failed, Loading, Origin } from './basics.tsx'
import { Panel, useEscape } from './panel.tsx'
import { useLook, type Look } from './look.ts'

/** A column of a table. */
export interface Column<Row> {
  readonly id: string
  readonly head: string
  readonly cell: (row: Row) => ReactNode
  readonly numeric?: boolean
  readonly sortable?: boolean
}

interface Props<Row> {
  /** Route of the list. */
  readonly path: string
  readonly params: Params
  readonly columns: readonly Column<Row>[]
  readonly rowKey: (row: Row) => string
  /** Prefix of this table's parameters in the page's address, where a page has several. */
  readonly name?: string
  readonly filter?: string
  readonly empty: ReactNode
  readonly caption: string
  readonly enabled?: boolean
  readonly limit?: number
  readonly onOpen?: (row: Row) => void
  /** The evidence in short, for the panel at the side. */
  readonly peek?: (row: Row) => ReactNode
}

/** Which columns are shown, and how close the rows stand: kept for this person in this browser. */
function LookMenu<Row>({ columns, look }: { columns: readonly Column<Row>[]; look: Look }): ReactNode {
  const [open, setOpen] = useState(false)
  useEscape(open, () => setOpen(false))
  return (
    <div className="menu">
      <button type="button" className="quiet" aria-expanded={open} onClick={() => setOpen(!open)}>
        View
      </button>
      {open ? (
        <div className="sheet">
          <fieldset>
            <legend>Columns</legend>
            {columns.map(({ id, head }, i) => (
              <label key={id}>
                <input
                  type="checkbox"
                  checked={!look.hidden.has(id)}
                  disabled={i === 0}
                  onChange={() => look.toggle(id)}
                />{' '}
                {head}
              </label>
            ))}
          </fieldset>
          <fieldset>
            <legend>Rows</legend>
            {(['wide', 'close'] as const).map((density) => (
              <label key={density}>
                <input
                  type="radio"
                  name={`density ${look.key}`}
                  checked={look.density === density}
                  onChange={() => look.setDensity(density)}
                />{' '}
                {density === 'wide' ? 'Comfortable' : 'Compact'}
              </label>
            ))}
          </fieldset>
        </div>
      ) : null}
    </div>
  )
}

/** A list that the server sorts, filters and pages; what is chosen stands in the page's address. */
export function ServerTable<Row>({
  path,
  params,
  columns: all,
  rowKey,
  name = '',
  filter,
  empty,
  caption,
  enabled = true,
  limit = 25,
  onOpen,
  peek,
}: Props<Row>): ReactNode {
  const look = useLook(caption)
  const columns = all.filter(({ id }, i) => i === 0 || !look.hidden.has(id))
  const [open, setOpen] = useState<string>()
  const search = usePageSearch()
  const set = useSetSearch()
  const at = (key: string) => `${name}${key}`
  const [typed, setTyped] = useState(search[at('q')] ?? '')
  const asked: Params = {
    ...params,
    limit,
    sort: search[at('sort')],
    order: search[at('order')],
    contains: search[at('q')],
    cursor: search[at('page')],
  }
  const { data, error, isFetching } = useApi<List<Row>>(path, asked, enabled)
  const body = useRef<HTMLTableSectionElement>(null)

  useEffect(() => {
    if (typed === (search[at('q')] ?? '')) return
    const timer = setTimeout(() => set({ [at('q')]: typed, [at('page')]: undefined }, true), 300)
    return () => clearTimeout(timer)
  })

  const show = (row: Row) => (onOpen === undefined ? setOpen(rowKey(row)) : onOpen(row))
  const move = (by: number) => {
    const rows = [...(body.current?.querySelectorAll('tr') ?? [])]
    const now = rows.indexOf(document.activeElement as HTMLTableRowElement)
    const next = Math.max(0, Math.min(rows.length - 1, now + by))
    rows[next]?.focus()
    const row = data?.rows[next]
    if (open !== undefined && row !== undefined) setOpen(rowKey(row))
  }
  const close = () => {
    const rows = [...(body.current?.querySelectorAll('tr') ?? [])]
    rows[data?.rows.findIndex((row) => rowKey(row) === open) ?? -1]?.focus()
    setOpen(undefined)
  }
  if (error !== null)
    return (
      <Failed error={error}>
        {asked['sort'] !== undefined && (
          <button type="button" onClick={() => set({ [at('sort')]: undefined, [at('order')]: undefined })}>
            Back to the usual order
          </button>
        )}
      </Failed>
    )
  const offset = Number(search[at('page')] ?? 0)
  const chosen = data?.rows.find((row) => rowKey(row) === open)
  const [title] = all
  const call = `/api/v1/${path}${query(asked)}`
  return (
    <div className={look.density === 'close' ? 'table close' : 'table'} aria-busy={isFetching}>
      <div className="tools">
        {filter === undefined ? null : (
          <input
            type="search"
            placeholder={filter}
            aria-label={filter}
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
          />
        )}
        <span className="spring" />
        {data === undefined ? null : (
          <>
            <LookMenu columns={all} look={look} />
            <a href={`/api/v1/${path}${query({ ...asked, limit: 1000, cursor: undefined, format: 'csv' })}`}>CSV</a>
            <a href={`/api/v1/${path}${query({ ...asked, limit: 1000, cursor: undefined })}`}>JSON</a>
            <Copy
              text={`curl -H 'Authorization: Bearer TOKEN' '${location.origin}${call.replaceAll("'", '%27')}'`}
              label="curl"
            />
            <Origin sql={data.sql} params={data.params} path={`GET ${call}`} />
          </>
        )}
      </div>
      {data === undefined ? (
        <Loading />
      ) : data.rows.length === 0 ? (
        <Empty>{search[at('q')] === undefined ? empty : <p>Nothing here contains “{search[at('q')]}”.</p>}</Empty>
      ) : (
        <div className="scroll" tabIndex={0} role="region" aria-label={caption}>
          <table>
            <caption className="hidden">{caption}</caption>
            <thead>
              <tr>
                {columns.map((column) => {
                  const sorted = search[at('sort')] === column.id
                  const descending = search[at('order')] !== 'asc'
                  return (
                    <th
                      key={column.id}
                      scope="col"
                      className={column.numeric === true ? 'numeric' : ''}
                      aria-sort={sorted ? (descending ? 'descending' : 'ascending') : undefined}
                    >
                      {column.sortable === true ? (
                        <button
                          type="button"
                          onClick={() =>
                            set({
                              [at('sort')]: column.id,
                              [at('order')]: sorted && descending ? 'asc' : undefined,
                              [at('page')]: undefined,
                            })
                          }
                        >
                          {column.head}
                          {sorted ? (descending ? ' ↓' : ' ↑') : ''}
                        </button>
                      ) : (
                        column.head
                      )}
                    </th>
                  )
                })}
              </tr>
            </thead>
            <tbody ref={body}>
              {data.rows.map((row) => (
                <tr
                  key={rowKey(row)}
                  tabIndex={-1}
                  className={rowKey(row) === open ? 'open' : undefined}
                  onClick={(event) => {
                    // Links and buttons in a row do what they say; a text that is being marked is left alone.
                    if ((event.target as Element).closest('a, button, input, summary') !== null) return
                    if (getSelection()?.isCollapsed === false) return
                    event.currentTarget.focus()
                    show(row)
                  }}
                  onKeyDown={(event) => {
                    if (event.key === 'j' || event.key === 'ArrowDown') move(1)
                    else if (event.key === 'k' || event.key === 'ArrowUp') move(-1)
                    else if (event.key === 'Enter' && event.target === event.currentTarget) {
                      if (open === rowKey(row)) event.currentTarget.querySelector('a')?.click()
                      else show(row)
                    } else return
                    event.preventDefault()
                  }}
                >
                  {columns.map((column) => (
                    <td key={column.id} className={column.numeric === true ? 'numeric' : ''}>
                      {column.cell(row)}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {data !== undefined && (offset > 0 || data.next !== undefined) ? (
        <nav className="pages" aria-label={`Pages of ${caption}`}>
          <button
            type="button"
            disabled={offset === 0}
            onClick={() => set({ [at('page')]: offset - limit > 0 ? String(offset - limit) : undefined })}
          >
            Previous
          </button>
          <span>
            {offset + 1}–{offset + data.rows.length}
          </span>
          <button type="button" disabled={data.next === undefined} onClick={() => set({ [at('page')]: data.next })}>
            Next
          </button>
        </nav>
      ) : null}
      {chosen === undefined || title === undefined ? null : (
        <Panel label={caption} onClose={close} title={title.cell(chosen)}>
          <dl>
            {all.slice(1).map((column) => (
              <div key={column.id}>
                <dt>{column.head}</dt>
                <dd>{column.cell(chosen)}</dd>
              </div>
            ))}
          </dl>
          {peek?.(chosen)}
        </Panel>
      )}
    </div>
  )
}
