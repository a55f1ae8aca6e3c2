import { useState, type ReactNode } from 'react'
import { startRegistration, type PublicKeyCredentialCreationOptionsJSON } from '@simplewebauthn/browser'
import { renderSVG } from 'uqr'
import { send, useApi } from '../api.ts'
import { Card, Copy, Failed, Loading, Time } from '../components/basics.tsx'
import { Choice, Field, Form, Sure } from '../components/form.tsx'
import { plural } from '../format.ts'
import { useMe, type Me } from '../me.ts'

export const languages = [
  ['en', 'English'],
  ['id', 'Bahasa Indonesia'],
  ['zh', '中文'],
  ['hi', 'हिन्दी'],
  ['ja', '日本語'],
  ['vi', 'Tiếng Việt'],
  ['th', 'ไทย'],
  ['km', 'ខ្មែរ'],
  ['tet', 'Tetun'],
  ['fr', 'Français'],
] as const

const iso = (ms: number): string => new Date(ms).toISOString()

/** One's own account. */
export function Account(): ReactNode {
  const { me, error } = useMe()
  if (error !== null) return <Failed error={error} />
  if (me === undefined) return <Loading />
  const { person } = me
  return (
    <>
      <div className="lede">
        <h1>Account</h1>
        {person === null ? (
          <p>
            You are signed in by a link or a token as {me.role}, not as a person. A person has a password, passkeys and
            a name in the audit log; make one with <code>npm run skep -- user add you@example.net --operator</code>
          </p>
        ) : (
          <p>
            {person.email}, {me.role}
            {me.organisation === null ? '' : ` of ${me.organisation}`}.
          </p>
        )}
      </div>
      {person === null ? (
        <SignOut />
      ) : (
        <div className="grid">
          <Card title="You">
            <Form
              submit="Save"
              onSubmit={async ({ name, language }) => {
                await send('PATCH', 'me', { name, language })
                return 'Saved'
              }}
            >
              <Field name="name" label="Name" defaultValue={person.name} maxLength={120} autoComplete="name" />
              <Choice name="language" label="Language of letters" options={languages} defaultValue={person.language} />
            </Form>
            <Organisations me={me} />
          </Card>
          <Card title="Password">
            <Form
              submit={person.password ? 'Change the password' : 'Set a password'}
              onSubmit={async ({ present, password }) => {
                await send('PUT', 'me/password', { ...(present !== undefined && { present }), password })
                return 'Changed. All other sign-ins have ended.'
              }}
            >
              {person.password ? (
                <Field
                  name="present"
                  label="Present password"
                  type="password"
                  autoComplete="current-password"
                  required
                />
              ) : null}
              <Field
                name="password"
                label="New password"
                type="password"
                autoComplete="new-password"
                minLength={10}
                required
              />
            </Form>
          </Card>
          <OneTimeCodes person={person} />
          <Passkeys person={person} />
          <SignIns />
        </div>
      )}
    </>
  )
}

function SignOut(): ReactNode {
  return (
    <button type="button" onClick={() => void send('POST', 'signin/out').then(() => location.assign('/signin'))}>
      Sign out
    </button>
  )
}

function Organisations({ me }: { me: Me }): ReactNode {
  const { data } = useApi<{ providers: { name: string; title: string }[] }>('signin')
  const all = me.person?.organisations ?? []
  return (
    <>
      {all.length < 2 && me.person?.operator !== true ? null : (
        <Form
          submit="Act for it"
          onSubmit={async ({ organisation }) => {
            await send('PATCH', 'me', { organisation })
            location.assign('/')
            return undefined
          }}
        >
          <Choice
            name="organisation"
            label="Organisation"
            defaultValue={me.organisation ?? ''}
            options={[
              ...(me.person?.operator === true ? ([['', 'the whole honeynet']] as const) : []),
              ...all.map(({ organisation, title, role }) => [organisation, `${title} (${role})`] as const),
            ]}
          />
        </Form>
      )}
      {data?.providers.map(({ name, title }) => (
        <p key={name}>
          <a href={`/signin/with/${name}`}>Link your account at {title}</a>
        </p>
      ))}
    </>
  )
}

type Person = NonNullable<Me['person']>

function OneTimeCodes({ person }: { person: Person }): ReactNode {
  const [begun, setBegun] = useState<{ secret: string; uri: string; present: string }>()
  const [codes, setCodes] = useState<readonly string[]>()
  const present = person.password ? (
    <Field name="present" label="Your password" type="password" autoComplete="current-password" required />
  ) : null
  return (
    <Card title="One-time codes">
      {codes !== undefined ? (
        <>
          <p>They are on. Keep these recovery codes where you find them without your telephone; each is good once.</p>
          <pre className="command">{codes.join('\n')}</pre>
          <Copy text={codes.join('\n')} />
        </>
      ) : person.totp ? (
        <>
          <p>They are on; {plural(person.codes, 'recovery code')} left.</p>
          <Form
            submit="Turn them off"
            onSubmit={async (values) => {
              await send('DELETE', 'me/totp', values)
              return 'They are off'
            }}
          >
            {present}
          </Form>
        </>
      ) : begun === undefined ? (
        <>
          <p>An authenticator shows a new code every 30 seconds. Without it a stolen password opens nothing.</p>
          <Form
            submit="Set up"
            onSubmit={async (values) => {
              const made = await send<{ secret: string; uri: string }>('POST', 'me/totp', values)
              setBegun({ ...made, present: values['present'] ?? '' })
              return undefined
            }}
          >
            {present}
          </Form>
        </>
      ) : (
        <>
          <p>Let your authenticator read this, or type the secret.</p>
          <img
            className="qr"
            alt="The secret as a QR code"
            src={`data:image/svg+xml,${encodeURIComponent(renderSVG(begun.uri, { border: 2 }))}`}
          />
          <p>
            <code>{begun.secret.replace(/(.{4})/g, '$1 ')}</code> <Copy text={begun.secret} />
          </p>
          <Form
            submit="Turn them on"
            onSubmit={async ({ code }) => {
              const answer = await send<{ codes: string[] }>('PUT', 'me/totp', {
                ...(person.password && { present: begun.present }),
                secret: begun.secret,
                code,
              })
              setCodes(answer.codes)
              return undefined
            }}
          >
            <Field
              name="code"
              label="The code that it shows"
              inputMode="numeric"
              autoComplete="one-time-code"
              required
            />
          </Form>
        </>
      )}
    </Card>
  )
}

function Passkeys({ person }: { person: Person }): ReactNode {
  return (
    <Card title="Passkeys">
      {location.hostname === '127.0.0.1' ? (
        <p>
          A passkey belongs to a name. Open this hub as{' '}
          <a href={`http://localhost:${location.port}/account`}>localhost</a> to make one.
        </p>
      ) : (
        <>
          <ul className="plain">
            {person.passkeys.map(({ id, label, created, last_used }) => (
              <li key={id}>
                {label} <span className="faint">since</span> <Time at={iso(created)} />
                {last_used === null ? null : (
                  <>
                    , <span className="faint">used</span> <Time at={iso(last_used)} relative />
                  </>
                )}{' '}
                <Sure ask={`Remove ${label}?`} onYes={() => send('DELETE', `me/passkeys/${encodeURIComponent(id)}`)}>
                  Remove
                </Sure>
              </li>
            ))}
          </ul>
          <Form
            submit="Add a passkey"
            onSubmit={async ({ label, present }) => {
              const optionsJSON = await send<PublicKeyCredentialCreationOptionsJSON>('POST', 'me/passkeys/options', {
                ...(present !== undefined && { present }),
              })
              await send('POST', 'me/passkeys', { label, response: await startRegistration({ optionsJSON }) })
              return 'Added'
            }}
          >
            <Field name="label" label="What to call it" defaultValue="This device" maxLength={80} required />
            {person.password ? (
              <Field name="present" label="Your password" type="password" autoComplete="current-password" required />
            ) : null}
          </Form>
        </>
      )}
    </Card>
  )
}

function SignIns(): ReactNode {
  const { data } = useApi<{
    rows: { id: string; agent: string; remote: string; created: number; last_used: number; this: boolean }[]
  }>('me/signins')
  return (
    <Card title="Where you are signed in" actions={<SignOut />}>
      <ul className="plain">
        {data?.rows.map(({ id, agent, remote, last_used, this: own }) => (
          <li key={id}>
            {agent === '' ? 'a program' : agent} <span className="mono faint">{remote}</span>,{' '}
            <Time at={iso(last_used)} relative />{' '}
            {own ? (
              <span className="tag">this one</span>
            ) : (
              <Sure ask="End it?" onYes={() => send('DELETE', `me/signins/${id}`)}>
                End
              </Sure>
            )}
          </li>
        ))}
      </ul>
      {(data?.rows.length ?? 0) > 1 ? (
        <Sure ask="End all but this one?" onYes={() => send('DELETE', 'me/signins/others')}>
          End all others
        </Sure>
      ) : null}
    </Card>
  )
}
