import { useState, type ReactNode } from 'react'
import { send, useApi } from '../api.ts'
import { Card, Copy, Empty, Failed, Hostile, Loading, Time } from '../components/basics.tsx'
import { Choice, Field, Form, Sure } from '../components/form.tsx'
import { causeNames, severities } from '../components/severity.tsx'
import { number, plural } from '../format.ts'
import { useMe } from '../me.ts'

interface Rule {
  readonly id: string
  readonly title: string
  readonly condition: Record<string, string | number | undefined>
  readonly channels: string[]
  readonly snoozed: number | null
  readonly escalate_minutes: number | null
  readonly open: number
}
interface AlertList {
  readonly rules: Rule[]
  readonly states: {
    readonly id: number
    readonly title: string
    readonly detail: string
    readonly opened: number
    readonly closed: number | null
    readonly acknowledged: string | null
    readonly escalated: number | null
  }[]
  readonly deliveries: {
    readonly id: number
    readonly channel: string
    readonly title: string
    readonly made: number
    readonly due: number
    readonly state: string
    readonly attempts: number
    readonly answer: string
  }[]
}
interface Channel {
  readonly id: string
  readonly kind: string
  readonly title: string
  readonly target: string
  readonly digest_minutes: number
  readonly quiet_from: number | null
  readonly quiet_until: number | null
}

const iso = (ms: number): string => new Date(ms).toISOString()
const kinds = [
  ['first seen', 'an address attacks of which nothing was seen in a year'],
  ['threshold', 'so many addresses attack within some hours'],
  ['relapse', 'a case that was fixed opens again'],
  ['aimed', 'something is aimed at the networks of our sensors'],
  ['routing', 'announcements, ROAs and IRR objects of ours disagree'],
  ['silence', 'a sensor of ours is silent'],
] as const

/** A condition in words. */
function inWords({ when, severity, prefix, cause, service, addresses, hours }: Rule['condition']): string {
  const which = [
    prefix === undefined ? '' : `in ${prefix}`,
    service === undefined ? '' : `on ${service}`,
    cause === undefined ? '' : `likely ${causeNames[String(cause)] ?? cause}`,
    severity === undefined ? '' : `of ${severity} severity or worse`,
  ]
    .filter((part) => part !== '')
    .join(', ')
  return when === 'threshold'
    ? `${addresses} addresses within ${hours} h ${which}`
    : when === 'first seen'
      ? `a new address ${which}`
      : (kinds.find(([name]) => name === when)?.[1] ?? String(when))
}

/** What a form says, as a condition of the API. */
function conditionOf(values: Readonly<Record<string, string>>): object {
  const { when = '', severity, prefix = '', service = '', cause = '', addresses, hours } = values
  if (when !== 'threshold' && when !== 'first seen') return { when }
  return {
    when,
    severity,
    ...(prefix !== '' && { prefix }),
    ...(service !== '' && { service }),
    ...(cause !== '' && { cause }),
    ...(when === 'threshold' && { addresses: Number(addresses), hours: Number(hours) }),
  }
}

/** What is watched for, what is open, and every message with its answer. */
export function AlertsPage(): ReactNode {
  const { me, may } = useMe()
  const { data, error } = useApi<AlertList>('alerts', {}, me?.organisation != null, 30_000)
  const { data: channels } = useApi<{ rows: Channel[]; kinds: { kind: string; title: string }[] }>(
    'channels',
    {},
    me?.organisation != null,
  )
  if (me !== undefined && me.organisation === null)
    return (
      <Empty>
        <h1>Alerts</h1>
        <p>Alerts are an organisation’s. Choose one under Account.</p>
      </Empty>
    )
  if (error !== null) return <Failed error={error} />
  if (data === undefined || channels === undefined) return <Loading />
  const open = data.states.filter(({ closed }) => closed === null)
  const name = new Map(channels.rows.map((one) => [one.id, one.title]))
  const change = may('cases')
  return (
    <>
      <div className="lede">
        <h1>Alerts</h1>
        <p>
          {plural(data.rules.length, 'thing')} watched for; {plural(open.length, 'alert')} open,{' '}
          {number(open.filter(({ acknowledged }) => acknowledged === null).length)} of them not yet acknowledged. Looked
          at every minute.
        </p>
      </div>
      <div className="grid">
        <Card title="Open" wide>
          {open.length === 0 ? (
            <Empty>
              <p>Nothing is open.</p>
            </Empty>
          ) : (
            <ul className="plain">
              {open.slice(0, 30).map((one) => (
                <li key={one.id}>
                  <Time at={iso(one.opened)} /> <strong>{one.title}</strong> <Hostile text={one.detail} />{' '}
                  {one.acknowledged === null ? (
                    change ? (
                      <Sure
                        ask="Do you look after it?"
                        onYes={() => send('POST', `alert-states/${one.id}/acknowledge`)}
                      >
                        Acknowledge
                      </Sure>
                    ) : null
                  ) : (
                    <span className="tag">{one.acknowledged}</span>
                  )}
                  {one.escalated === null ? null : <span className="tag">escalated</span>}
                </li>
              ))}
            </ul>
          )}
        </Card>
        <Card title="What is watched for" wide>
          {data.rules.length === 0 ? (
            <Empty>
              <p>Nothing yet.</p>
            </Empty>
          ) : (
            <ul className="plain">
              {data.rules.map((one) => (
                <li key={one.id}>
                  <strong>{one.title}</strong>: {inWords(one.condition)}{' '}
                  <span className="faint">
                    →{' '}
                    {one.channels.map((id) => name.get(id) ?? 'a channel that is gone').join(', ') || 'this page only'}
                  </span>{' '}
                  {one.snoozed !== null && one.snoozed > Date.now() ? (
                    <span className="tag">snoozed until {iso(one.snoozed).slice(0, 16)}</span>
                  ) : null}{' '}
                  {change ? (
                    <>
                      <Sure
                        ask="Tell nothing for a day?"
                        onYes={() => send('POST', `alerts/${one.id}/snooze`, { hours: 24 })}
                      >
                        Snooze
                      </Sure>
                      <Sure ask="Stop watching?" onYes={() => send('DELETE', `alerts/${one.id}`)}>
                        Remove
                      </Sure>
                    </>
                  ) : null}
                </li>
              ))}
            </ul>
          )}
          {change ? <NewAlert channels={channels.rows} /> : null}
        </Card>
        <Channels channels={channels.rows} kinds={channels.kinds} change={change} />
        <Card title="Messages">
          {data.deliveries.length === 0 ? (
            <Empty>
              <p>None yet.</p>
            </Empty>
          ) : (
            <ol className="history" tabIndex={0}>
              {data.deliveries.map((one) => (
                <li key={one.id}>
                  <Time at={iso(one.made)} /> {one.title} → {name.get(one.channel) ?? 'gone'}{' '}
                  <span className={one.state === 'failed' ? 'warning' : 'tag'}>{one.state}</span>{' '}
                  <span className="faint">
                    {one.state === 'waiting' ? `due ${iso(one.due).slice(11, 16)}Z ` : ''}
                    {one.answer}
                  </span>
                </li>
              ))}
            </ol>
          )}
        </Card>
      </div>
    </>
  )
}

function NewAlert({ channels }: { channels: readonly Channel[] }): ReactNode {
  const [when, setWhen] = useState('first seen')
  const [days, setDays] = useState<{ day: string; addresses: number; tells: boolean }[] | null>()
  const [form, setForm] = useState<HTMLFormElement | null>(null)
  const about = when === 'threshold' || when === 'first seen'
  const options = [['', 'nobody'], ...channels.map((one) => [one.id, one.title] as const)] as const
  return (
    <details>
      <summary>Watch for something</summary>
      <div ref={(place) => setForm(place?.querySelector('form') ?? null)}>
        <Form
          label="Alert"
          submit="Watch"
          onSubmit={async ({ title, channel = '', escalate_to = '', escalate_minutes, ...values }) => {
            await send('POST', 'alerts', {
              title,
              condition: conditionOf(values),
              channels: channel === '' ? [] : [channel],
              ...(escalate_to !== '' && { escalate_to, escalate_minutes: Number(escalate_minutes) }),
            })
            setDays(undefined)
            return 'It is watched for'
          }}
        >
          <Field name="title" label="What to call it" maxLength={120} required />
          <Choice
            name="when"
            label="When"
            options={kinds}
            value={when}
            onChange={(event) => setWhen(event.target.value)}
          />
          {about ? (
            <div className="fields row">
              <Choice
                name="severity"
                label="Severity at least"
                options={severities.map((one) => [one, one] as const)}
                defaultValue="high"
              />
              <Field name="prefix" label="Only in prefix" placeholder="192.0.2.0/24" />
              <Field name="service" label="Only on service" placeholder="ssh" />
              <Choice name="cause" label="Only if likely" options={[['', 'anything'], ...Object.entries(causeNames)]} />
              {when === 'threshold' ? (
                <>
                  <Field name="addresses" label="Addresses" type="number" min={1} defaultValue={10} required />
                  <Field name="hours" label="Within hours" type="number" min={1} max={168} defaultValue={24} required />
                </>
              ) : null}
            </div>
          ) : null}
          <div className="fields row">
            <Choice name="channel" label="Tell" options={options} />
            <Choice name="escalate_to" label="If nobody acknowledges, tell" options={options} />
            <Field name="escalate_minutes" label="After minutes" type="number" min={5} defaultValue={60} />
          </div>
          {about ? (
            <button
              type="button"
              onClick={() => {
                const values = Object.fromEntries(
                  [...new FormData(form ?? undefined)].map(([key, value]) => [key, String(value)]),
                )
                void send<{ days: { day: string; addresses: number; tells: boolean }[] | null }>(
                  'POST',
                  'alert-previews',
                  {
                    condition: conditionOf(values),
                  },
                ).then(
                  (answer) => setDays(answer.days),
                  () => setDays(undefined),
                )
              }}
            >
              What would it have told in the last 30 days?
            </button>
          ) : null}
          {days == null ? null : (
            <p role="status">
              On {plural(days.filter(({ tells }) => tells).length, 'day')} of {days.length}; the most were{' '}
              {plural(Math.max(...days.map(({ addresses }) => addresses)), 'address', 'addresses')} on one day.
            </p>
          )}
        </Form>
      </div>
    </details>
  )
}

function Channels({
  channels,
  kinds: all,
  change,
}: {
  channels: readonly Channel[]
  kinds: readonly { kind: string; title: string }[]
  change: boolean
}): ReactNode {
  const [kind, setKind] = useState('mail')
  const [answer, setAnswer] = useState('')
  return (
    <Card title="Channels">
      <ul className="plain">
        {channels.map((one) => (
          <li key={one.id}>
            {one.title} <span className="tag">{one.kind}</span> <span className="faint">{one.target}</span>{' '}
            {one.digest_minutes > 0 ? <span className="faint">gathered for {one.digest_minutes} min</span> : null}{' '}
            {one.quiet_from === null ? null : (
              <span className="faint">
                quiet {one.quiet_from}–{one.quiet_until} h UTC
              </span>
            )}
            {change ? (
              <>
                <button
                  type="button"
                  className="quiet"
                  onClick={() =>
                    void send<{ answer: string }>('POST', `channels/${one.id}/test`).then(
                      (said) => setAnswer(`${one.title}: ${said.answer}`),
                      (error: unknown) =>
                        setAnswer(`${one.title}: ${error instanceof Error ? error.message : String(error)}`),
                    )
                  }
                >
                  Try
                </button>
                <Sure ask="Remove it?" onYes={() => send('DELETE', `channels/${one.id}`)}>
                  Remove
                </Sure>
              </>
            ) : null}
          </li>
        ))}
      </ul>
      {answer === '' ? null : <p role="status">{answer}</p>}
      {change ? (
        <Form
          label="Channel"
          submit="Add"
          onSubmit={async ({ title, to, url, token, chat, digest, from = '', until = '' }) => {
            const { secret } = await send<{ secret: string | null }>('POST', 'channels', {
              kind,
              title,
              target: kind === 'mail' ? { to } : kind === 'telegram' ? { token, chat } : { url },
              digest_minutes: Number(digest),
              ...(from !== '' && until !== '' && { quiet_from: Number(from), quiet_until: Number(until) }),
            })
            return secret === null ? (
              'Added'
            ) : (
              <>
                Added. It signs with <code>{secret}</code>, shown only now <Copy text={secret} />
              </>
            )
          }}
        >
          <Choice
            name="kind"
            label="Kind"
            options={all.map((one) => [one.kind, one.title] as const)}
            value={kind}
            onChange={(event) => setKind(event.target.value)}
          />
          <Field name="title" label="What to call it" maxLength={80} required />
          {kind === 'mail' ? (
            <Field name="to" label="To" type="email" required hint="One of your own people" />
          ) : kind === 'telegram' ? (
            <>
              <Field name="token" label="Token of the bot" required />
              <Field name="chat" label="Chat" required />
            </>
          ) : (
            <Field name="url" label="Address" type="url" placeholder="https://…" required />
          )}
          <Field
            name="digest"
            label="Gather messages for minutes"
            type="number"
            min={0}
            max={10080}
            defaultValue={0}
            required
          />
          <div className="fields row">
            <Field name="from" label="Quiet from hour (UTC)" type="number" min={0} max={23} />
            <Field name="until" label="until hour" type="number" min={0} max={23} />
          </div>
        </Form>
      ) : null}
    </Card>
  )
}
