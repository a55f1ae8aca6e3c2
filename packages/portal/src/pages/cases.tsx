import type { ReactNode } from 'react'
import { Link, useParams } from '@tanstack/react-router'
import { send, useApi } from '../api.ts'
import { Card, Empty, Failed, Loading, Time } from '../components/basics.tsx'
import { Choice, Form } from '../components/form.tsx'
import { causeName, SeverityMark, severities, type Severity } from '../components/severity.tsx'
import { number, plural } from '../format.ts'
import { useMe } from '../me.ts'
import { usePageSearch, useSetSearch } from '../range.ts'

interface Case {
  readonly id: number
  readonly subject: string
  readonly cause: string
  readonly severity: Severity
  readonly state: string
  readonly assignee: string
  readonly opened: number
  readonly first_seen: number
  readonly last_seen: number
  readonly events: number
  readonly quiet_days: number
  readonly closed: number | null
  readonly relapses: number
}
interface Cases {
  readonly rows: Case[]
  readonly next?: string
  readonly counts: Record<string, number>
  readonly time_to_clean: {
    readonly median: number | null
    readonly curve: { at: number; share: number }[]
    readonly problems: number
    readonly open: number
  }
}

const day = 86_400_000
const iso = (ms: number): string => new Date(ms).toISOString()
const states = ['new', 'acknowledged', 'working', 'fixed', 'false positive'] as const

/** All cases of the organisation, and how long it takes until things are clean. */
export function CasesPage(): ReactNode {
  const { me } = useMe()
  const search = usePageSearch()
  const set = useSetSearch()
  const state = search['state'] ?? 'open'
  const { data, error } = useApi<Cases>('cases', { state, cursor: search['page'], limit: 50 }, me?.organisation != null)
  if (me !== undefined && me.organisation === null)
    return (
      <Empty>
        <h1>Cases</h1>
        <p>Cases are an organisation’s. Choose one under Account.</p>
      </Empty>
    )
  if (error !== null) return <Failed error={error} />
  if (data === undefined) return <Loading />
  const { counts, time_to_clean: clean } = data
  const open = (counts['new'] ?? 0) + (counts['acknowledged'] ?? 0) + (counts['working'] ?? 0)
  return (
    <>
      <div className="lede">
        <h1>Cases</h1>
        <p>
          {plural(open, 'case')} open, {number(counts['new'] ?? 0)} of them new; {number(counts['fixed'] ?? 0)} fixed.{' '}
          {clean.median === null
            ? 'Too few are over to say how long it takes.'
            : `Half of the problems are over within ${plural(clean.median, 'day')}.`}
        </p>
        <div className="tabs" role="group" aria-label="State">
          {['open', ...states].map((one) => (
            <button
              key={one}
              type="button"
              aria-pressed={state === one}
              onClick={() => set({ state: one === 'open' ? undefined : one, page: undefined })}
            >
              {one} {one === 'open' ? open : (counts[one] ?? 0)}
            </button>
          ))}
        </div>
      </div>
      <div className="grid">
        <Card title="Cases" wide>
          {data.rows.length === 0 ? (
            <Empty>
              <p>
                None. A case opens by itself when an address of a proved network attacks with medium severity or more;
                an evidence pack has a button too.
              </p>
            </Empty>
          ) : (
            <div className="scroll" tabIndex={0} role="region" aria-label="Cases">
              <table>
                <thead>
                  <tr>
                    <th scope="col">Case</th>
                    <th scope="col">Subject</th>
                    <th scope="col">Severity</th>
                    <th scope="col">Likely</th>
                    <th scope="col">State</th>
                    <th scope="col">Who</th>
                    <th scope="col">First seen (UTC)</th>
                    <th scope="col">Last seen (UTC)</th>
                  </tr>
                </thead>
                <tbody>
                  {data.rows.map((one) => (
                    <tr key={one.id}>
                      <td>
                        <Link to="/case/$id" params={{ id: String(one.id) }} search={{} as never}>
                          {one.id}
                        </Link>
                      </td>
                      <td className="mono">{one.subject}</td>
                      <td>
                        <SeverityMark severity={one.severity} />
                      </td>
                      <td>{causeName(one.cause)}</td>
                      <td>
                        {one.state === 'new' ? <span className="on">new</span> : one.state}
                        {one.relapses > 0 ? <span className="tag"> again</span> : null}
                      </td>
                      <td>{one.assignee}</td>
                      <td>
                        <Time at={iso(one.first_seen)} />
                      </td>
                      <td>
                        <Time at={iso(one.last_seen)} />
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )}
          {data.next === undefined && search['page'] === undefined ? null : (
            <nav className="pages" aria-label="Pages of cases">
              <button type="button" disabled={search['page'] === undefined} onClick={() => set({ page: undefined })}>
                First
              </button>
              <button type="button" disabled={data.next === undefined} onClick={() => set({ page: data.next })}>
                Next
              </button>
            </nav>
          )}
        </Card>
        <Card title="How long until things are clean">
          <Curve clean={clean} />
        </Card>
      </div>
    </>
  )
}

function Curve({ clean }: { clean: Cases['time_to_clean'] }): ReactNode {
  if (clean.curve.length === 0)
    return (
      <Empty>
        <p>No problem is over yet.</p>
      </Empty>
    )
  const max = Math.max(7, ...clean.curve.map(({ at }) => at))
  const x = (at: number): number => 40 + (at / max) * 350
  const y = (share: number): number => 10 + (1 - share) * 120
  let path = `M${x(0)} ${y(1)}`
  for (const { at, share } of clean.curve) path += `H${x(at)}V${y(share)}`
  return (
    <figure className="timeline">
      <svg
        viewBox="0 0 400 160"
        role="img"
        aria-label="Share of problems that are still there, by days since the first sight"
      >
        {[0, 0.5, 1].map((share) => (
          <g key={share}>
            <line x1={40} x2={390} y1={y(share)} y2={y(share)} className="grid" />
            <text x={34} y={y(share) + 4} textAnchor="end">
              {share * 100}%
            </text>
          </g>
        ))}
        <path d={`${path}H390`} className="curve" />
        <text x={40} y={152}>
          0
        </text>
        <text x={390} y={152} textAnchor="end">
          {max} days
        </text>
      </svg>
      <figcaption>
        {plural(clean.problems, 'problem')}, {number(clean.open)} not over yet: those count for as long as they were
        watched (Kaplan and Meier).
      </figcaption>
    </figure>
  )
}

/** One case: is this fixed? */
export function CasePage(): ReactNode {
  const { id = '' } = useParams({ strict: false })
  const { me, may } = useMe()
  const language = me?.person?.language ?? 'en'
  const { data, error } = useApi<{
    case: Case
    days: { day: string; severity: Severity; sources: number }[]
    history: { at: number; actor: string; kind: string; detail: string }[]
    cause: string
    guide: string[]
  }>(`cases/${id}`, { language })
  const { data: members } = useApi<{ rows: { email: string }[] }>('members', {}, may('cases'))
  if (error !== null) return <Failed error={error} />
  if (data === undefined) return <Loading />
  const one = data.case
  const quietFor = Math.floor((Date.now() - one.last_seen) / day)
  return (
    <>
      <div className="lede">
        <h1>
          Case {one.id}: <span className="mono">{one.subject}</span>
        </h1>
        <p>
          {causeName(one.cause)}, <SeverityMark severity={one.severity} />, {one.state}.{' '}
          {one.closed === null
            ? quietFor >= 1
              ? `Quiet for ${plural(quietFor, 'day')}; after ${one.quiet_days} it closes by itself.`
              : `It attacked within the last day. After ${one.quiet_days} quiet days it closes by itself.`
            : `Closed on ${iso(one.closed).slice(0, 10)}; an attack after that opens it again.`}
          {one.relapses > 0 ? ` It came back ${plural(one.relapses, 'time')}.` : ''}
        </p>
      </div>
      <div className="grid">
        <Card
          title="Days of attack, and of silence"
          wide
          actions={
            <Link to="/pack/$subject" params={{ subject: one.subject }} search={{ span: 'all' } as never}>
              Evidence and letter
            </Link>
          }
        >
          <Strip days={data.days} one={one} />
        </Card>
        <Card title="How to mend it">
          <p lang={language}>{data.cause}</p>
          <ol lang={language}>
            {data.guide.map((step) => (
              <li key={step}>{step}</li>
            ))}
          </ol>
        </Card>
        <Card title="History">
          <ol className="history" tabIndex={0}>
            {data.history.map((line, i) => (
              <li key={i}>
                <Time at={iso(line.at)} /> {line.actor} <strong>{line.kind}</strong> {line.detail}
              </li>
            ))}
          </ol>
          {may('cases') ? (
            <Form
              label="Note"
              submit="Write a note"
              onSubmit={async ({ text }) => {
                await send('POST', `cases/${id}/notes`, { text })
                return undefined
              }}
            >
              <label>
                Note
                <textarea name="text" rows={3} maxLength={4000} required />
              </label>
            </Form>
          ) : null}
        </Card>
        {may('cases') ? (
          <Card title="Work on it">
            <Form
              key={`${one.state} ${one.assignee}`}
              label="Work on it"
              submit="Save"
              onSubmit={async ({ state, assignee }) => {
                await send('PATCH', `cases/${id}`, { state, assignee })
                return 'Saved'
              }}
            >
              <Choice
                name="state"
                label="State"
                options={states.map((name) => [name, name] as const)}
                defaultValue={one.state}
              />
              <Choice
                name="assignee"
                label="Who works on it"
                defaultValue={one.assignee}
                options={[['', 'nobody'], ...(members?.rows ?? []).map(({ email }) => [email, email] as const)]}
              />
            </Form>
          </Card>
        ) : null}
      </div>
    </>
  )
}

/** A strip of days: attacks in the colour of their severity, silence empty. */
function Strip({
  days,
  one,
}: {
  days: readonly { day: string; severity: Severity; sources: number }[]
  one: Case
}): ReactNode {
  const first = Math.floor(one.first_seen / day) - 1
  const last = Math.floor(Math.min(Date.now(), Math.max(one.last_seen, one.closed ?? 0) + 30 * day) / day)
  const from = Math.max(first, last - 180)
  const by = new Map(days.map((row) => [row.day, row]))
  const count = last - from + 1
  const width = 1000 / count
  return (
    <figure className="activity">
      <svg
        viewBox="0 0 1000 60"
        preserveAspectRatio="none"
        role="img"
        aria-label={`${days.length} days with attacks of ${count}`}
      >
        {Array.from({ length: count }, (_, i) => {
          const date = iso((from + i) * day).slice(0, 10)
          const row = by.get(date)
          return (
            <rect
              key={date}
              x={i * width}
              width={Math.max(1, width - 1)}
              y={row === undefined ? 40 : 6}
              height={row === undefined ? 14 : 48}
              className={row === undefined ? 'silent' : `v${severities.indexOf(row.severity)}`}
            >
              <title>
                {row === undefined
                  ? `${date}: quiet`
                  : `${date}: ${plural(row.sources, 'address', 'addresses')}, ${row.severity}`}
              </title>
            </rect>
          )
        })}
      </svg>
      <figcaption>
        {iso(from * day).slice(0, 10)} to {iso(last * day).slice(0, 10)}: attacks on {plural(days.length, 'day')}
      </figcaption>
    </figure>
  )
}
