import type { ReactNode } from 'react'
import { Link, useParams } from '@tanstack/react-router'
import { query, send, useApi, type Params } from '../api.ts'
import { Card, Copy, Failed, Hostile, Loading, SessionLink, Time } from '../components/basics.tsx'
import { Choice, Field, Form } from '../components/form.tsx'
import { RangePicker } from '../components/layout.tsx'
import { causeName, SeverityMark, type Severity } from '../components/severity.tsx'
import { defang, plural, visible } from '../format.ts'
import { useMe } from '../me.ts'
import { usePageSearch, useRange, useSetSearch } from '../range.ts'
import { languages } from './account.tsx'

interface Pack {
  readonly subject: string
  readonly kind: 'address' | 'prefix'
  readonly asn: number
  readonly as_name: string
  readonly prefix: string
  readonly first_seen: string
  readonly last_seen: string
  readonly severity: Severity
  readonly causes: string[]
  readonly confidence: 'high' | 'medium' | 'low'
  readonly sensors: number
  readonly organisations: number
  readonly sessions: number
  readonly services: string[]
  readonly findings: { rule: string; title: string; technique: { id: string; name: string }; severity: Severity }[]
  readonly lines: {
    time: string
    source: string
    source_port: number
    target_port: number
    transport: string
    service: string
    text: string
    session: string
  }[]
  readonly commands: string[]
  readonly programs: { type: string; value: string }[]
  readonly recordings: { session: string; sha256: string; time: string }[]
  readonly addresses: { source: string; severity: Severity; first_seen: string; last_seen: string }[]
}

const certain = {
  high: 'complete connections to sensors of several organisations: the address cannot have been forged',
  medium: 'complete connections to a sensor: the address cannot have been forged',
  low: 'no complete connection: the address may have been forged',
} as const

/** The evidence about an address or a prefix, to look at and to hand on. */
export function PackPage(): ReactNode {
  const { subject: raw = '' } = useParams({ strict: false })
  const subject = decodeURIComponent(raw)
  const search = usePageSearch()
  const set = useSetSearch()
  const { me, may } = useMe()
  const { range } = useRange()
  const language = search['language'] ?? me?.person?.language ?? 'en'
  const asked: Params = { subject, ...range }
  const { data, error } = useApi<{ pack: Pack; guide: string[] }>('packs', { ...asked, language }, range !== undefined)
  if (error !== null) return <Failed error={error} />
  const file = (format: string): string => `/api/v1/packs${query({ ...asked, language, format })}`
  const pack = data?.pack
  return (
    <>
      <div className="lede">
        <h1>
          Evidence: <span className="mono">{subject}</span>
        </h1>
        {pack === undefined ? (
          <Loading rows={1} />
        ) : (
          <p>
            {subject} of {pack.asn === 0 ? 'an unknown network' : `AS${pack.asn} ${pack.as_name}`} attacked{' '}
            {plural(pack.sensors, 'sensor')} of {plural(pack.organisations, 'organisation')} in{' '}
            {plural(pack.sessions, 'session')}, from {pack.first_seen.slice(0, 10)} to {pack.last_seen.slice(0, 10)};
            likely {causeName(pack.causes[0] ?? 'scanner')}.
          </p>
        )}
        <RangePicker />
      </div>
      {pack === undefined ? null : (
        <div className="grid">
          <Card title="What is known">
            <dl className="facts">
              <div>
                <dt>Severity</dt>
                <dd>
                  <SeverityMark severity={pack.severity} />
                </dd>
              </div>
              <div>
                <dt>Likely</dt>
                <dd>{pack.causes.map(causeName).join(', ') || 'scanner'}</dd>
              </div>
              <div>
                <dt>Confidence</dt>
                <dd>
                  {pack.confidence}: {certain[pack.confidence]}
                </dd>
              </div>
              <div>
                <dt>Services attacked</dt>
                <dd>{pack.services.join(', ')}</dd>
              </div>
              <div>
                <dt>First seen</dt>
                <dd>
                  <Time at={pack.first_seen} />
                </dd>
              </div>
              <div>
                <dt>Last seen</dt>
                <dd>
                  <Time at={pack.last_seen} />
                </dd>
              </div>
            </dl>
          </Card>
          <Card title="What it did">
            <ul className="plain">
              {pack.findings.map((one) => (
                <li key={one.rule} className="finding">
                  <SeverityMark severity={one.severity} />
                  <span>
                    It {one.title}{' '}
                    <span className="tag" title={one.technique.name}>
                      {one.technique.id}
                    </span>
                  </span>
                </li>
              ))}
            </ul>
          </Card>
          <Card title="Hand it on">
            <label className="fields">
              Language
              <select value={language} onChange={(event) => set({ language: event.target.value })}>
                {languages.map(([tag, name]) => (
                  <option key={tag} value={tag}>
                    {name}
                  </option>
                ))}
              </select>
            </label>
            <p className="buttons">
              <a className="button" href={file('html')} target="_blank" rel="noreferrer">
                Letter
              </a>
              <a className="button" href={file('pdf')}>
                PDF
              </a>
              <a className="button" href={file('text')}>
                Text
              </a>
              <a className="button" href={file('xarf')}>
                XARF
              </a>
              <a className="button" href={file('csv')}>
                CSV
              </a>
            </p>
            {may('cases') && me?.organisation != null ? (
              <>
                <SendTo subject={subject} range={range} language={language} />
                {pack.kind === 'address' ? <OpenCase subject={subject} /> : null}
              </>
            ) : null}
          </Card>
          <Card title="What to do" wide>
            <ol lang={language}>
              {data?.guide.map((step) => (
                <li key={step}>{step}</li>
              ))}
            </ol>
          </Card>
          {pack.addresses.length === 0 ? null : (
            <Card title="Addresses" wide>
              <ul className="plain">
                {pack.addresses.map((one) => (
                  <li key={one.source}>
                    <Link to="/pack/$subject" params={{ subject: one.source }} search={{} as never} className="mono">
                      {one.source}
                    </Link>{' '}
                    <SeverityMark severity={one.severity} /> <Time at={one.first_seen} /> – <Time at={one.last_seen} />
                  </li>
                ))}
              </ul>
            </Card>
          )}
          <Card
            title="From the log (UTC)"
            wide
            actions={
              <Copy
                text={pack.lines
                  .map(
                    (one) =>
                      `${one.time} ${one.source}:${one.source_port} ${one.service}/${one.target_port} ${visible(defang(one.text))}`,
                  )
                  .join('\n')}
              />
            }
          >
            <div className="scroll" tabIndex={0} role="region" aria-label="Log lines">
              <table>
                <thead>
                  <tr>
                    <th scope="col">Time</th>
                    <th scope="col">From</th>
                    <th scope="col">To</th>
                    <th scope="col">What</th>
                    <th scope="col">Session</th>
                  </tr>
                </thead>
                <tbody>
                  {pack.lines.map((one, i) => (
                    <tr key={i}>
                      <td>
                        <Time at={one.time} />
                      </td>
                      <td className="mono">
                        {one.source}:{one.source_port}
                      </td>
                      <td>
                        {one.service || 'port'} {one.target_port}/{one.transport}
                      </td>
                      <td>
                        <Hostile text={one.text} />
                      </td>
                      <td>{one.session.startsWith('00000000') ? null : <SessionLink id={one.session} />}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          </Card>
          {pack.programs.length === 0 ? null : (
            <Card title="Programs that it brought">
              <ul className="plain">
                {pack.programs.map((one) => (
                  <li key={`${one.type} ${one.value}`}>
                    <span className="tag">{one.type}</span> <Hostile text={one.value} url={one.type === 'url'} />
                  </li>
                ))}
              </ul>
            </Card>
          )}
          {pack.recordings.length === 0 ? null : (
            <Card title="To replay">
              <ul className="plain">
                {pack.recordings.map((one) => (
                  <li key={one.sha256}>
                    <SessionLink id={one.session}>
                      <Time at={one.time} />
                    </SessionLink>
                  </li>
                ))}
              </ul>
            </Card>
          )}
        </div>
      )}
    </>
  )
}

function SendTo({
  subject,
  range,
  language,
}: {
  subject: string
  range: object | undefined
  language: string
}): ReactNode {
  const { data } = useApi<{ rows: { role: string; name: string; email: string; from: string }[]; note: string }>(
    'contacts',
    {
      subject,
    },
  )
  return (
    <Form
      label="Send the evidence"
      submit="Send"
      onSubmit={async ({ to, escalate = '' }) => {
        await send('POST', 'packs/send', { subject, language, to, ...range, escalate_days: Number(escalate) })
        return `Sent to ${to}`
      }}
    >
      {(data?.rows.length ?? 0) > 0 ? (
        <Choice
          name="to"
          label="Send it to"
          options={(data?.rows ?? []).map((one) => [one.email, `${one.email} (${one.role})`] as const)}
        />
      ) : (
        <Field
          name="to"
          label="Send it to"
          type="email"
          required
          hint={`${data?.note === undefined || data.note === '' ? 'No contact is known.' : data.note} One of your own people can get it.`}
        />
      )}
      {data?.rows.some(({ from }) => from === 'CERT') === true ? (
        <Choice
          name="escalate"
          label="If nobody says that it has come"
          options={[
            ['0', 'leave it'],
            ['3', 'send it to the national CERT after 3 days'],
            ['7', 'send it to the national CERT after 7 days'],
          ]}
        />
      ) : null}
    </Form>
  )
}

function OpenCase({ subject }: { subject: string }): ReactNode {
  const { data } = useApi<{ rows: { id: number; state: string }[] }>('cases', { subject, limit: 5 })
  const known = data?.rows[0]
  if (known !== undefined)
    return (
      <p>
        <Link to="/case/$id" params={{ id: String(known.id) }} search={{} as never}>
          Case {known.id}
        </Link>{' '}
        <span className="tag">{known.state}</span>
      </p>
    )
  return (
    <Form
      label="Case"
      submit="Open a case"
      onSubmit={async () => {
        const { id } = await send<{ id: number }>('POST', 'cases', { subject })
        return (
          <Link to="/case/$id" params={{ id: String(id) }} search={{} as never}>
            Case {id}
          </Link>
        )
      }}
    />
  )
}
