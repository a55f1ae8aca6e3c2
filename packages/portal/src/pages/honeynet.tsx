import { type ReactNode } from 'react'
import { Link } from '@tanstack/react-router'
import { send, useApi } from '../api.ts'
import { Card, Copy, Empty, Failed, Loading } from '../components/basics.tsx'
import { Choice, Field, Form, Sure } from '../components/form.tsx'
import { plural } from '../format.ts'
import { Audit, Tokens, type Claim } from './organisation.tsx'

interface Organisation {
  readonly name: string
  readonly title: string
  readonly sector: string
  readonly economy: string
  readonly sensors: number
  readonly members: number
  readonly asns: number[]
  readonly prefixes: string[]
}

/** What operators do: organisations, claims to decide, people, providers of identities. */
export function Honeynet(): ReactNode {
  const { data, error } = useApi<{ rows: Organisation[] }>('organisations')
  if (error !== null) return <Failed error={error} />
  if (data === undefined) return <Loading />
  const networks = data.rows.reduce((sum, { asns, prefixes }) => sum + asns.length + prefixes.length, 0)
  return (
    <>
      <div className="lede">
        <h1>Honeynet</h1>
        <p>
          {plural(data.rows.length, 'organisation')} with {plural(networks, 'proved network')} and{' '}
          {plural(
            data.rows.reduce((sum, { sensors }) => sum + sensors, 0),
            'sensor',
          )}
          .{' '}
          <Link to="/payloads" search={{} as never}>
            Payloads that attackers point at
          </Link>
        </p>
      </div>
      <div className="grid">
        <Decisions />
        <Card title="Organisations" wide>
          <div className="scroll" tabIndex={0} role="region" aria-label="Organisations">
            <table>
              <thead>
                <tr>
                  <th scope="col">Name</th>
                  <th scope="col">Networks</th>
                  <th scope="col">Sector</th>
                  <th scope="col">Economy</th>
                  <th scope="col" className="numeric">
                    People
                  </th>
                  <th scope="col" className="numeric">
                    Sensors
                  </th>
                </tr>
              </thead>
              <tbody>
                {data.rows.map((one) => (
                  <tr key={one.name}>
                    <td>
                      {one.title} {one.title === one.name ? null : <span className="faint">{one.name}</span>}
                    </td>
                    <td>{[...one.asns.map((asn) => `AS${asn}`), ...one.prefixes].join(', ')}</td>
                    <td>{one.sector}</td>
                    <td>{one.economy}</td>
                    <td className="numeric">{one.members}</td>
                    <td className="numeric">{one.sensors}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
          <Form
            row
            label="Organisation"
            submit="Make or change"
            onSubmit={async ({ name = '', title, sector, economy, admin = '' }) => {
              await send('PUT', `organisations/${name}`, { title, sector, economy: economy?.toUpperCase() })
              if (admin === '') return 'Done'
              const { link } = await send<{ link: string | null }>('POST', `members?organisation=${name}`, {
                email: admin,
                role: 'admin',
              })
              return link === null ? (
                'Done; the admin is told'
              ) : (
                <>
                  Give this link to the admin: <code>{link}</code> <Copy text={link} />
                </>
              )
            }}
          >
            <Field name="name" label="Short name" pattern="[a-z0-9][a-z0-9._\-]*" required />
            <Field name="title" label="Title" maxLength={120} required />
            <Field name="sector" label="Sector" maxLength={60} placeholder="ISP, university …" />
            <Field name="economy" label="Economy" maxLength={2} placeholder="ID" />
            <Field name="admin" label="Its admin's e-mail" type="email" />
          </Form>
        </Card>
        <Users />
        <Providers />
        <Certs />
        <Tokens mayOperate />
        <Audit />
      </div>
    </>
  )
}

function Decisions(): ReactNode {
  const { data } = useApi<{ rows: Claim[] }>('claims')
  const pending = data?.rows.filter(({ state }) => state === 'pending') ?? []
  return (
    <Card title="Claims to look at" wide>
      {pending.length === 0 ? (
        <Empty>
          <p>Nobody waits for a decision.</p>
        </Empty>
      ) : (
        <ul className="plain">
          {pending.map((claim) => (
            <li key={claim.id}>
              <strong>{claim.resource}</strong> by {claim.organisation} ({claim.author}), {claim.method}{' '}
              <span className="faint">{claim.evidence}</span>{' '}
              <Sure
                ask={`Show ${claim.resource} to ${claim.organisation}?`}
                onYes={() => send('POST', `decisions/${claim.id}`, { approve: true })}
              >
                Approve
              </Sure>
              <Sure ask="Refuse it?" onYes={() => send('POST', `decisions/${claim.id}`, { approve: false })}>
                Refuse
              </Sure>
            </li>
          ))}
        </ul>
      )}
    </Card>
  )
}

function Users(): ReactNode {
  const { data } = useApi<{
    rows: {
      id: string
      email: string
      operator: number
      disabled: number | null
      second: number
      memberships: number
    }[]
  }>('users')
  return (
    <Card title="People">
      <ul className="plain">
        {data?.rows.map(({ id, email, operator, disabled, second, memberships }) => (
          <li key={id}>
            {email} {operator === 1 ? <span className="tag">operator</span> : null}{' '}
            <span className="faint">{plural(memberships, 'organisation')}</span>{' '}
            {second === 0 ? <span className="warning">password only</span> : null}{' '}
            <Sure
              ask={disabled === null ? `Shut the account of ${email}?` : `Open the account of ${email}?`}
              onYes={() => send('PATCH', `users/${id}`, { disabled: disabled === null })}
            >
              {disabled === null ? 'Shut' : 'Open'}
            </Sure>
            {second > 0 ? (
              <Sure
                ask="Take the second factors away? Do so only if you know who asks."
                onYes={() => send('PATCH', `users/${id}`, { reset_second: true })}
              >
                Reset
              </Sure>
            ) : null}
          </li>
        ))}
      </ul>
      <Form
        label="Account"
        submit="Make a link"
        onSubmit={async ({ email, operator }) => {
          const { link } = await send<{ link: string }>('POST', 'users', { email, operator: operator === 'yes' })
          return (
            <>
              A link to choose a password, good once: <code>{link}</code> <Copy text={link} />
            </>
          )
        }}
      >
        <Field name="email" label="E-mail" type="email" required />
        <Choice
          name="operator"
          label="Is"
          options={[
            ['no', 'a member of an organisation'],
            ['yes', 'an operator of the honeynet'],
          ]}
        />
      </Form>
    </Card>
  )
}

function Providers(): ReactNode {
  const { data } = useApi<{ rows: { name: string; title: string; issuer: string; admits: string }[] }>('providers')
  return (
    <Card title="Sign-in with others (OpenID Connect)">
      <ul className="plain">
        {data?.rows.map(({ name, title, issuer, admits }) => (
          <li key={name}>
            {title} <span className="mono faint">{issuer}</span>{' '}
            <span className="tag">{admits === 'anyone' ? 'lets anyone in' : 'known people only'}</span>{' '}
            <Sure ask={`Remove ${title}?`} onYes={() => send('DELETE', `providers/${name}`)}>
              Remove
            </Sure>
          </li>
        ))}
      </ul>
      <Form
        label="Provider"
        submit="Set up"
        onSubmit={async ({ name = '', ...provider }) => {
          await send('PUT', `providers/${name}`, provider)
          return `Done. Enter ${location.origin}/signin/back/${name} there as the address to come back to.`
        }}
      >
        <Field name="name" label="Short name" pattern="[a-z0-9][a-z0-9._\-]*" placeholder="peeringdb" required />
        <Field name="title" label="Title" placeholder="PeeringDB" required />
        <Field name="issuer" label="Issuer" type="url" placeholder="https://…" required />
        <Field name="client_id" label="Client id" required />
        <Field name="client_secret" label="Client secret" type="password" autoComplete="off" />
        <Field
          name="scope"
          label="Scope"
          defaultValue="openid email profile"
          hint="With “networks” it proves ASes, as PeeringDB does"
        />
        <Choice
          name="admits"
          label="Lets in"
          options={[
            ['known', 'people who have an account here'],
            ['anyone', 'anyone whose e-mail it has verified'],
          ]}
        />
      </Form>
    </Card>
  )
}

function Certs(): ReactNode {
  const { data } = useApi<{ certs: Record<string, { name: string; email: string }> }>('certs')
  const all = data?.certs ?? {}
  return (
    <Card title="National CERTs">
      <ul className="plain">
        {Object.entries(all).map(([economy, { name, email }]) => (
          <li key={economy}>
            {economy} {name} <span className="faint">{email}</span>{' '}
            <Sure
              ask={`Take ${name} out?`}
              onYes={() =>
                send('PUT', 'certs', {
                  certs: Object.fromEntries(Object.entries(all).filter(([one]) => one !== economy)),
                })
              }
            >
              Take out
            </Sure>
          </li>
        ))}
      </ul>
      <Form
        label="CERT"
        submit="Enter"
        onSubmit={async ({ economy = '', name, email }) => {
          await send('PUT', 'certs', { certs: { ...all, [economy.toUpperCase()]: { name, email } } })
          return 'Entered'
        }}
      >
        <Field name="economy" label="Economy" maxLength={2} pattern="[A-Za-z]{2}" placeholder="ID" required />
        <Field name="name" label="Name" maxLength={120} required />
        <Field name="email" label="E-mail" type="email" required />
      </Form>
    </Card>
  )
}
