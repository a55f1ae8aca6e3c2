import { useState, type ReactNode } from 'react'
import { send, useApi } from '../../api.ts'
import { number, plural } from '../../format.ts'
import { Card, Copy, Empty, Hostile, Loading, Time } from '../basics.tsx'
import { Choice, Field, Form, Sure } from '../form.tsx'

interface Sink {
  readonly id: string
  readonly settings: {
    readonly kind: string
    readonly host: string
    readonly port: number
    readonly [name: string]: unknown
  }
  readonly sent: number
  readonly problem: string
  readonly last: number | null
}

const kinds = {
  syslog: { title: 'syslog', port: 6514, dialect: 'cef', secret: '' },
  nats: { title: 'NATS', port: 4222, dialect: 'json', secret: 'Token, or user:password' },
  kafka: { title: 'Kafka', port: 9093, dialect: 'json', secret: 'user:password' },
} as const
type KindName = keyof typeof kinds

/** Collectors that get all events as they come: where each is, how far it got, and what is wrong. */
export function Sinks(): ReactNode {
  const { data } = useApi<{ rows: Sink[] }>('sharing/sinks', {}, true, 15_000)
  const [kind, setKind] = useState<KindName>('syslog')
  const about = kinds[kind]
  return (
    <Card title="SIEMs and streams" wide>
      <p>
        Everything that is committed goes there from now on, each event at least once. Programs that fetch for
        themselves use <code>/api/v1/stream</code>.
      </p>
      {data === undefined ? (
        <Loading rows={2} />
      ) : data.rows.length === 0 ? (
        <Empty>
          <p>Nothing is sent anywhere.</p>
        </Empty>
      ) : (
        <ul className="plain">
          {data.rows.map(({ id, settings, sent, problem, last }) => (
            <li key={id}>
              {kinds[settings.kind as KindName]?.title ?? settings.kind}{' '}
              <span className="mono">
                {settings.host}:{settings.port}
              </span>
              : {plural(sent, 'event')}
              {last === null ? '' : ', the last '}
              {last === null ? null : <Time at={new Date(last).toISOString()} relative />}
              {problem === '' ? null : (
                <span className="warning">
                  {' '}
                  <Hostile text={problem} />
                </span>
              )}{' '}
              <Sure ask={`Send nothing more to ${settings.host}?`} onYes={() => send('DELETE', `sharing/sinks/${id}`)}>
                Remove
              </Sure>
            </li>
          ))}
        </ul>
      )}
      <details>
        <summary>Send events somewhere</summary>
        <Form
          key={kind}
          label="Collector"
          submit="Add"
          onSubmit={async (values) => {
            await send('POST', 'sharing/sinks', {
              settings: {
                kind,
                host: values['host'],
                port: Number(values['port']),
                tls: values['tls'] !== undefined,
                dialect: values['dialect'],
                ...(values['ca'] !== '' && { ca: values['ca'] }),
                ...(kind === 'kafka' && { topic: values['name'], sasl: values['sasl'] }),
                ...(kind === 'nats' && { subject: values['name'] }),
              },
              secret: values['secret'] ?? '',
            })
            return 'Added: it gets what comes from now on'
          }}
        >
          <Choice
            name="kind"
            label="Kind"
            options={Object.entries(kinds).map(([name, { title }]) => [name, title] as const)}
            value={kind}
            onChange={(event) => setKind(event.target.value as KindName)}
          />
          <Field name="host" label="Host" maxLength={253} required />
          <Field name="port" label="Port" type="number" min={1} max={65_535} defaultValue={about.port} required />
          <label className="check">
            <input type="checkbox" name="tls" defaultChecked />
            TLS
          </label>
          <Field name="ca" label="Authority" hint="PEM, where the usual ones did not sign its certificate" />
          <Choice
            name="dialect"
            label="As"
            options={[
              ['json', 'Skep’s own JSON'],
              ['ecs', 'Elastic Common Schema'],
              ['ocsf', 'OCSF'],
              ['cef', 'CEF'],
            ]}
            defaultValue={about.dialect}
          />
          {kind === 'syslog' ? null : (
            <Field
              name="name"
              label={kind === 'kafka' ? 'Topic' : 'Subject'}
              pattern="[A-Za-z0-9._\-]+"
              defaultValue="skep.events"
              required
            />
          )}
          {kind === 'kafka' ? (
            <Choice
              name="sasl"
              label="Signs in by"
              options={[
                ['scram-sha-512', 'SCRAM-SHA-512'],
                ['scram-sha-256', 'SCRAM-SHA-256'],
                ['plain', 'PLAIN'],
              ]}
            />
          ) : null}
          {about.secret === '' ? null : (
            <Field
              name="secret"
              label={about.secret}
              type="password"
              autoComplete="off"
              hint="nothing where it asks for none"
            />
          )}
        </Form>
      </details>
    </Card>
  )
}

interface Hpfeeds {
  readonly running: boolean
  readonly own_channel: string
  readonly messages: number
  readonly events: number
  readonly idents: readonly {
    readonly ident: string
    readonly organisation: string
    readonly publishes: readonly string[]
    readonly subscribes: readonly string[]
  }[]
}

/** Old sensors and subscribers that speak hpfeeds: who may come. */
export function HpfeedsCard(): ReactNode {
  const { data } = useApi<Hpfeeds>('sharing/hpfeeds', {}, true, 30_000)
  const [made, setMade] = useState<{ ident: string; secret: string }>()
  if (data === undefined) return <Loading rows={2} />
  return (
    <Card title="hpfeeds" wide>
      <p>
        {data.running
          ? `The broker listens: ${plural(data.messages, 'message')} came with ${plural(data.events, 'event')}.`
          : 'The broker does not listen: start the hub with --hpfeeds HOST:PORT.'}{' '}
        hpfeeds has no receipts: what is sent while the other end is away is lost.
      </p>
      <ul className="plain">
        {data.idents.map(({ ident, organisation, publishes, subscribes }) => (
          <li key={ident}>
            <span className="mono">{ident}</span> of {organisation}
            <span className="faint">
              {publishes.length === 0 ? '' : `, publishes ${publishes.join(', ')}`}
              {subscribes.length === 0 ? '' : `, subscribes to ${subscribes.join(', ')}`}
            </span>{' '}
            <Sure ask={`${ident} may no longer come?`} onYes={() => send('DELETE', `sharing/hpfeeds/${ident}`)}>
              Remove
            </Sure>
          </li>
        ))}
      </ul>
      {made === undefined ? null : (
        <p role="status">
          Secret of {made.ident}, shown once: <code>{made.secret}</code> <Copy text={made.secret} />
        </p>
      )}
      <details>
        <summary>Let somebody come</summary>
        <Form
          label="hpfeeds ident"
          submit="Let in"
          onSubmit={async ({ ident = '', organisation, publishes = '', subscribes = '' }) => {
            const list = (text: string): string[] => text.split(/[\s,]+/).filter((one) => one !== '')
            const { secret } = await send<{ secret: string }>('PUT', `sharing/hpfeeds/${ident}`, {
              organisation,
              publishes: list(publishes),
              subscribes: list(subscribes),
            })
            setMade({ ident, secret })
            return 'Made'
          }}
        >
          <Field name="ident" label="Ident" pattern="[A-Za-z0-9][A-Za-z0-9._\-]*" maxLength={60} required />
          <Field name="organisation" label="Organisation" defaultValue="home" required />
          <Field
            name="publishes"
            label="Publishes"
            hint="channels, with blanks between"
            defaultValue="cowrie.sessions"
          />
          <Field name="subscribes" label="Subscribes to" hint={`what our sensors see is ${data.own_channel}`} />
        </Form>
      </details>
    </Card>
  )
}

interface Pull {
  readonly id: string
  readonly url: string
  readonly title: string
  readonly last: number | null
  readonly problem: string
  readonly events: number
  readonly values: number
}

/** Other people's MISP feeds that are read. */
export function PullsCard(): ReactNode {
  const { data } = useApi<{ rows: Pull[] }>('sharing/pulls', {}, true, 30_000)
  if (data === undefined) return <Loading rows={2} />
  return (
    <Card title="MISP feeds that are read">
      <p>What they know of an address or a file stands on its page. It lists and joins nothing.</p>
      <ul className="plain">
        {data.rows.map(({ id, title, url, last, problem, events, values }) => (
          <li key={id}>
            <span title={url}>{title}</span>: {plural(events, 'event')}, {plural(values, 'value')}
            {last === null ? ', not read yet' : ', read '}
            {last === null ? null : <Time at={new Date(last).toISOString()} relative />}
            {problem === '' ? null : (
              <span className="warning">
                {' '}
                <Hostile text={problem} />
              </span>
            )}{' '}
            <Sure ask={`Forget what ${title} knows?`} onYes={() => send('DELETE', `sharing/pulls/${id}`)}>
              Remove
            </Sure>
          </li>
        ))}
      </ul>
      <details>
        <summary>Read a feed</summary>
        <Form
          label="Feed"
          submit="Read it"
          onSubmit={async ({ title, url }) => {
            await send('POST', 'sharing/pulls', { title, url })
            return 'It is read within the hour'
          }}
        >
          <Field name="title" label="Title" maxLength={200} required />
          <Field name="url" label="Address" type="url" hint="of the folder in which its manifest.json lies" required />
        </Form>
      </details>
    </Card>
  )
}

/** The YARA rules in use. */
export function YaraCard(): ReactNode {
  const { data } = useApi<{
    files: number
    problems: readonly { file: string; problem: string }[]
    met: readonly { rule: string; file: string; description: string; artifacts: number }[]
  }>('yara')
  if (data === undefined) return <Loading rows={2} />
  return (
    <Card title="YARA rules">
      <p>
        {plural(data.files, 'file')} of rules; your own go into the hub’s folder <code>share/yara</code>.
      </p>
      {data.problems.map(({ file, problem }) => (
        <p key={file} className="warning">
          {file} is not used: <Hostile text={problem} block />
        </p>
      ))}
      {data.met.length === 0 ? (
        <Empty>
          <p>No artifact has met one yet.</p>
        </Empty>
      ) : (
        <ul className="plain">
          {data.met.slice(0, 20).map(({ rule, file, description, artifacts }) => (
            <li key={`${file} ${rule}`}>
              <code>{rule}</code> {number(artifacts)} <span className="faint">{description}</span>
            </li>
          ))}
        </ul>
      )}
    </Card>
  )
}
