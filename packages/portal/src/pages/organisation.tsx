import { useState, type ReactNode } from 'react'
import { send, useApi } from '../api.ts'
import { Card, Copy, Empty, Failed, Loading, Time } from '../components/basics.tsx'
import { Choice, Field, Form, Sure } from '../components/form.tsx'
import { plural } from '../format.ts'
import { useMe } from '../me.ts'

const iso = (ms: number): string => new Date(ms).toISOString()

export interface Claim {
  readonly id: string
  readonly organisation: string
  readonly resource: string
  readonly method: string
  readonly state: 'pending' | 'proved' | 'refused' | 'lapsed'
  readonly evidence: string
  readonly author: string
  readonly requested: number
  readonly expires: number | null
}

const methodNames = [
  ['dns', 'a TXT record in the reverse zone'],
  ['mail', 'a message to the contacts that the registry names'],
  ['peeringdb', 'PeeringDB: your account may update the network'],
  ['rpki', 'a file signed with its RPKI keys'],
  ['operator', 'an operator of this honeynet looks at it'],
] as const
const stateNames = { pending: 'not yet proved', proved: 'proved', refused: 'refused', lapsed: 'ended' } as const

/** The organisation that one acts for: its networks, customers, people, tokens. */
export function Organisation(): ReactNode {
  const { me, error, may } = useMe()
  if (error !== null) return <Failed error={error} />
  if (me === undefined) return <Loading />
  if (me.organisation === null)
    return (
      <Empty>
        <h1>You act for the whole honeynet</h1>
        <p>
          {may('operate')
            ? 'Choose an organisation under “Account”, or look at all of them under “Honeynet”.'
            : 'You are of no organisation yet. Ask the admin of yours, or an operator, to invite you.'}
        </p>
      </Empty>
    )
  const { asns = [], prefixes = [], sensors = 0 } = me.networks ?? {}
  return (
    <>
      <div className="lede">
        <h1>{me.organisation}</h1>
        <p>
          {asns.length + prefixes.length === 0
            ? 'No network is proved yet: claim one to see what leaves it'
            : `You see what leaves ${[...asns.map((asn) => `AS${asn}`), ...prefixes].join(', ')}`}
          {sensors === 0 ? '' : `, and what hits your ${plural(sensors, 'sensor')}`}.
        </p>
      </div>
      <div className="grid">
        <Networks change={may('networks')} />
        <Customers change={may('networks')} />
        <Members change={may('members')} />
        <Reports />
        {may('members') ? <Tokens mayOperate={false} /> : null}
        {may('members') ? <Audit /> : null}
      </div>
    </>
  )
}

function Networks({ change }: { change: boolean }): ReactNode {
  const { data, error } = useApi<{ rows: Claim[]; methods: string[] }>('claims')
  const [open, setOpen] = useState<string>()
  if (error !== null) return <Failed error={error} />
  return (
    <Card title="Networks" wide>
      {data === undefined ? (
        <Loading />
      ) : data.rows.length === 0 ? (
        <Empty>
          <p>Claim the ASes and prefixes that are yours, and prove it.</p>
        </Empty>
      ) : (
        <ul className="plain">
          {data.rows.map((claim) => (
            <li key={claim.id}>
              <strong>{claim.resource}</strong>{' '}
              <span className={`claim ${claim.state}`}>{stateNames[claim.state]}</span>{' '}
              <span className="faint">
                by {claim.method}
                {claim.expires === null ? '' : `, until ${iso(claim.expires).slice(0, 10)}`}
                {claim.evidence === '' ? '' : ` · ${claim.evidence}`}
              </span>{' '}
              {change ? (
                <>
                  {claim.state === 'pending' || claim.state === 'lapsed' ? (
                    <button
                      type="button"
                      className="quiet"
                      onClick={() => setOpen(open === claim.id ? undefined : claim.id)}
                    >
                      How to prove it
                    </button>
                  ) : null}
                  <Sure ask={`Give ${claim.resource} up?`} onYes={() => send('DELETE', `claims/${claim.id}`)}>
                    Give up
                  </Sure>
                </>
              ) : null}
              {open === claim.id ? <Proof id={claim.id} method={claim.method} /> : null}
            </li>
          ))}
        </ul>
      )}
      {change ? (
        <Form
          row
          label="Claim a network"
          submit="Claim"
          onSubmit={async ({ resource, method }) => {
            const { claim } = await send<{ claim: Claim }>('POST', 'claims', { resource, method })
            setOpen(claim.id)
            return `${claim.resource}: ${stateNames[claim.state]}`
          }}
        >
          <Field name="resource" label="AS or prefix" placeholder="AS64500 or 192.0.2.0/24" required />
          <Choice
            name="method"
            label="Proved by"
            options={methodNames.filter(([name]) => data?.methods.includes(name))}
          />
        </Form>
      ) : null}
    </Card>
  )
}

function Proof({ id, method }: { id: string; method: string }): ReactNode {
  const { data } = useApi<{
    records: { name: string; value: string }[]
    recipients: string[]
    file?: { name: string; text: string }
    note: string
  }>(`claims/${id}`)
  const [object, setObject] = useState('')
  if (data === undefined) return <Loading rows={2} />
  const outcome = ({ claim }: { claim: Claim }): string => `${stateNames[claim.state]}. ${claim.evidence}`
  if (data.file !== undefined) {
    const { name, text } = data.file
    return (
      <div className="proof">
        <p>{data.note}</p>
        <p>
          <a className="button" download={name} href={`data:text/plain;charset=utf-8,${encodeURIComponent(text)}`}>
            {name}
          </a>
        </p>
        <pre className="command">{text}</pre>
        <Form
          submit="Hand in"
          onSubmit={async () => outcome(await send<{ claim: Claim }>('POST', `claims/${id}/checklist`, { object }))}
        >
          <label>
            Signed object (.sig)
            <input
              type="file"
              required
              onChange={({ target }) => {
                const [file] = target.files ?? []
                void file
                  ?.arrayBuffer()
                  .then((bytes) => setObject(btoa(String.fromCharCode(...new Uint8Array(bytes).slice(0, 65_537)))))
              }}
            />
          </label>
        </Form>
      </div>
    )
  }
  return (
    <div className="proof">
      <p>{data.note}</p>
      {data.records.map(({ name, value }) => (
        <pre key={name} className="command">
          {name}. TXT "{value}"
        </pre>
      ))}
      {data.recipients.length === 0 ? null : <p>To: {data.recipients.join(', ')}</p>}
      {method === 'operator' ? null : (
        <Form
          submit={method === 'mail' ? 'Send the message again' : 'Check now'}
          onSubmit={async () => outcome(await send<{ claim: Claim }>('POST', `claims/${id}/check`))}
        />
      )}
    </div>
  )
}

function Customers({ change }: { change: boolean }): ReactNode {
  const { data } = useApi<{ rows: { id: string; prefix: string; title: string; contact: string }[] }>('customers')
  return (
    <Card title="Customer ranges">
      {data === undefined ? (
        <Loading rows={2} />
      ) : data.rows.length === 0 ? (
        <Empty>
          <p>Cases are grouped by customer where you enter whose range is whose.</p>
        </Empty>
      ) : (
        <ul className="plain">
          {data.rows.map(({ id, prefix, title, contact }) => (
            <li key={id}>
              <span className="mono">{prefix}</span> {title} <span className="faint">{contact}</span>{' '}
              {change ? (
                <Sure ask="Take it out?" onYes={() => send('DELETE', `customers/${id}`)}>
                  Take out
                </Sure>
              ) : null}
            </li>
          ))}
        </ul>
      )}
      {change ? (
        <Form
          label="Customer range"
          submit="Enter"
          onSubmit={async (values) => {
            await send('POST', 'customers', values)
            return 'Entered'
          }}
        >
          <Field name="prefix" label="Prefix" placeholder="192.0.2.64/26" required />
          <Field name="title" label="Customer" maxLength={120} required />
          <Field
            name="contact"
            label="Contact"
            maxLength={200}
            hint="For your own use: a mail address, a ticket queue"
          />
        </Form>
      ) : null}
    </Card>
  )
}

function Members({ change }: { change: boolean }): ReactNode {
  const { data } = useApi<{
    rows: { id: string; email: string; name: string; role: string; since: number; second: number }[]
    roles: Record<string, string[]>
  }>('members')
  return (
    <Card title="People">
      {data === undefined ? (
        <Loading rows={2} />
      ) : (
        <ul className="plain">
          {data.rows.map(({ id, email, role, second }) => (
            <li key={id}>
              {email} <span className="tag">{role}</span>{' '}
              {second === 0 ? <span className="warning">password only</span> : null}{' '}
              {change ? (
                <Sure ask={`Take ${email} out?`} onYes={() => send('DELETE', `members/${id}`)}>
                  Take out
                </Sure>
              ) : null}
            </li>
          ))}
        </ul>
      )}
      {change ? (
        <Form
          label="Invite a person"
          submit="Invite"
          onSubmit={async ({ email, role }) => {
            const { mailed, link } = await send<{ mailed: boolean; link: string | null }>('POST', 'members', {
              email,
              role,
            })
            return link !== null ? (
              <>
                Give this link to {email}; it is good once: <code>{link}</code> <Copy text={link} />
              </>
            ) : mailed ? (
              `An invitation went to ${email}`
            ) : (
              `${email} is a member now`
            )
          }}
        >
          <Field name="email" label="E-mail" type="email" required />
          <Choice
            name="role"
            label="Role"
            options={Object.entries(data?.roles ?? { viewer: ['read'] }).map(
              ([role, can]) => [role, `${role}: ${can.join(', ')}`] as const,
            )}
          />
        </Form>
      ) : null}
    </Card>
  )
}

export function Tokens({ mayOperate }: { mayOperate: boolean }): ReactNode {
  const { data } = useApi<{
    rows: { id: string; label: string; role: string; scopes: string[]; created: number; last_used: number | null }[]
  }>('tokens')
  return (
    <Card title="API tokens">
      <ul className="plain">
        {data?.rows.map(({ id, label, role, scopes, created, last_used }) => (
          <li key={id}>
            {label} <span className="tag">{scopes.length === 0 ? role : scopes.join(' ')}</span>{' '}
            <span className="faint">
              since {iso(created).slice(0, 10)}
              {last_used === null ? ', never used' : ''}
            </span>{' '}
            <Sure ask={`Void ${label}?`} onYes={() => send('DELETE', `tokens/${id}`)}>
              Void
            </Sure>
          </li>
        ))}
      </ul>
      <Form
        label="Make a token"
        submit="Make"
        onSubmit={async ({ label, role, days }) => {
          const { token } = await send<{ token: string }>('POST', 'tokens', { label, role, days: Number(days) })
          return (
            <>
              Copy it now, it is shown once: <code>{token}</code> <Copy text={token} />
            </>
          )
        }}
      >
        <Field name="label" label="What it is for" maxLength={120} required />
        <Choice
          name="role"
          label="Role"
          options={(mayOperate ? ['viewer', 'operator'] : ['viewer', 'analyst', 'admin']).map(
            (role) => [role, role] as const,
          )}
        />
        <Field name="days" label="Valid for days" type="number" min={1} max={730} defaultValue={365} required />
      </Form>
    </Card>
  )
}

export function Audit(): ReactNode {
  const { data } = useApi<{
    rows: { id: number; at: number; actor: string; action: string; subject: string; detail: string }[]
  }>('audit', { limit: 30 })
  const { data: proof } = useApi<{ lines: number; last: string; broken: number | null }>('audit/proof')
  return (
    <Card
      title="Audit log"
      actions={
        <span>
          <a href="/api/v1/audit?limit=1000&format=csv">CSV</a> ·{' '}
          <a href="/api/v1/audit?limit=1000&format=ndjson">NDJSON</a>
        </span>
      }
    >
      <ol className="history" tabIndex={0}>
        {data?.rows.map(({ id, at, actor, action, subject, detail }) => (
          <li key={id}>
            <Time at={iso(at)} /> {actor} <strong>{action}</strong> {subject} <span className="faint">{detail}</span>
          </li>
        ))}
      </ol>
      {proof === undefined ? null : (
        <p className={proof.broken === null ? 'faint' : 'warning'}>
          {proof.broken === null
            ? `The chain of the honeynet's ${plural(proof.lines, 'line')} is whole; its end is ${proof.last.slice(0, 16)}…`
            : `Line ${proof.broken} was changed, or one before it is missing.`}
        </p>
      )}
    </Card>
  )
}

function Reports(): ReactNode {
  const { data } = useApi<{ types: { type: string; subject: string }[]; subscribed: string[]; mail: boolean }>(
    'reports',
  )
  const [date, setDate] = useState(() => new Date(Date.now() - 86_400_000).toISOString().slice(0, 10))
  return (
    <Card title="Reports">
      {data === undefined ? (
        <Loading rows={2} />
      ) : (
        <>
          <p>
            {data.mail ? 'By mail to you:' : 'This hub sends no mail. You can still fetch them:'}{' '}
            {(['daily', 'weekly', 'monthly'] as const).map((period) =>
              data.subscribed.includes(period) ? (
                <Sure
                  key={period}
                  ask="Get it no longer?"
                  onYes={() => send('PUT', 'me/reports', { period, on: false })}
                >
                  {`${period} ✓`}
                </Sure>
              ) : (
                <Sure
                  key={period}
                  ask={`Get it ${period}?`}
                  onYes={() => send('PUT', 'me/reports', { period, on: true })}
                >
                  {period}
                </Sure>
              ),
            )}
          </p>
          <p>
            Last week: <a href="/api/v1/reports/summary?period=weekly&format=pdf">PDF</a>,{' '}
            <a href="/api/v1/reports/summary?period=weekly&format=html">page</a>. Last month:{' '}
            <a href="/api/v1/reports/summary?period=monthly&format=pdf">PDF</a>
          </p>
          <label className="fields">
            A day in Shadowserver’s form
            <input type="date" value={date} onChange={(event) => setDate(event.target.value)} />
          </label>
          <ul className="plain">
            {data.types.map(({ type, subject }) => (
              <li key={type}>
                <a href={`/api/v1/reports/daily/${type}?date=${date}`}>{subject}</a>
              </li>
            ))}
          </ul>
        </>
      )}
    </Card>
  )
}
