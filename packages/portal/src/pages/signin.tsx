import { useState, type ReactNode } from 'react'
import { startAuthentication, type PublicKeyCredentialRequestOptionsJSON } from '@simplewebauthn/browser'
import { send, useApi } from '../api.ts'
import { Field, Form } from '../components/form.tsx'
import { usePageSearch } from '../range.ts'

interface Step {
  readonly step: 'done' | 'second'
  readonly methods: string[]
}

/** Goes on with a fresh page: what was kept for nobody, or for another person, is forgotten. */
const enter = (): void => location.assign('/')

async function byPasskey(): Promise<void> {
  const optionsJSON = await send<PublicKeyCredentialRequestOptionsJSON>('POST', 'signin/passkey/options')
  const response = await startAuthentication({ optionsJSON })
  await send('POST', 'signin/passkey', response)
  enter()
}

function Second({ methods }: { methods: readonly string[] }): ReactNode {
  return (
    <>
      <p>Your password is right. Show once more that it is you.</p>
      {methods.includes('passkey') ? <PasskeyButton /> : null}
      {methods.includes('totp') || methods.includes('code') ? (
        <Form
          submit="Sign in"
          onSubmit={async ({ code }) => {
            await send('POST', 'signin/code', { code })
            enter()
          }}
        >
          <Field
            name="code"
            label="Code"
            hint="Six digits of the authenticator, or one of your recovery codes"
            autoComplete="one-time-code"
            autoFocus
            required
          />
        </Form>
      ) : null}
    </>
  )
}

function PasskeyButton(): ReactNode {
  const [problem, setProblem] = useState('')
  return (
    <p>
      <button
        type="button"
        onClick={() => {
          byPasskey().catch((error: unknown) => setProblem(error instanceof Error ? error.message : String(error)))
        }}
      >
        Use a passkey
      </button>{' '}
      {problem === '' ? null : <span role="alert">{problem}</span>}
    </p>
  )
}

/** The door. */
export function SignIn(): ReactNode {
  const { refused } = usePageSearch()
  const { data } = useApi<{ providers: { name: string; title: string }[]; mail: boolean }>('signin')
  const [second, setSecond] = useState<readonly string[]>()
  const [forgot, setForgot] = useState(false)
  return (
    <section className="card door">
      <h1>Sign in</h1>
      {refused === undefined ? null : (
        <p role="alert" className="warning">
          {refused}
        </p>
      )}
      {second !== undefined ? (
        <Second methods={second} />
      ) : forgot ? (
        <>
          <Form
            submit="Send me a link"
            onSubmit={async ({ email }) => {
              await send('POST', 'recovery', { email })
              return 'If there is an account with this address, a link is on its way. It is good for an hour.'
            }}
          >
            <Field name="email" label="E-mail" type="email" autoComplete="username" required autoFocus />
          </Form>
          {data?.mail === false ? (
            <p className="faint">This hub sends no mail. Ask its operator for a link: skep user link</p>
          ) : null}
          <button type="button" className="quiet" onClick={() => setForgot(false)}>
            Back
          </button>
        </>
      ) : (
        <>
          <Form
            submit="Sign in"
            onSubmit={async ({ email, password }) => {
              const { step, methods } = await send<Step>('POST', 'signin', { email, password })
              if (step === 'second') setSecond(methods)
              else enter()
              return undefined
            }}
          >
            <Field name="email" label="E-mail" type="email" autoComplete="username webauthn" required autoFocus />
            <Field name="password" label="Password" type="password" autoComplete="current-password" required />
          </Form>
          <button type="button" className="quiet" onClick={() => setForgot(true)}>
            I forgot my password
          </button>
          <hr />
          <PasskeyButton />
          {data?.providers.map(({ name, title }) => (
            <p key={name}>
              <a className="button" href={`/signin/with/${name}`}>
                Sign in with {title}
              </a>
            </p>
          ))}
          <p className="faint">
            <a href="/public">What everybody may see</a>
          </p>
          <p className="faint">
            Do you run this hub? Its terminal printed a link; <code>npm run skep -- token link</code> makes a new one.
          </p>
        </>
      )}
    </section>
  )
}

/** Chooses a password, by the link of an invitation or of a recovery. The secret is in the fragment: it is in no log. */
export function Welcome(): ReactNode {
  const [second, setSecond] = useState<readonly string[]>()
  const secret = location.hash.slice(1)
  return (
    <section className="card door">
      <h1>Choose a password</h1>
      {second !== undefined ? (
        <Second methods={second} />
      ) : (
        <Form
          submit="Set the password and sign in"
          onSubmit={async ({ password }) => {
            const { step, methods } = await send<Step>('POST', 'welcome', { secret, password })
            if (step === 'second') setSecond(methods)
            else enter()
            return undefined
          }}
        >
          <Field
            name="password"
            label="New password"
            type="password"
            autoComplete="new-password"
            minLength={10}
            hint="At least 10 characters; a sentence is good"
            required
            autoFocus
          />
        </Form>
      )}
    </section>
  )
}

/** The contact of a network confirms that somebody may see it. */
export function Confirm(): ReactNode {
  const secret = location.hash.slice(1)
  const [done, setDone] = useState<{ resource: string; organisation: string }>()
  return (
    <section className="card door">
      <h1>Confirm a network</h1>
      {done === undefined ? (
        <>
          <p>
            Somebody asked to see what this honeynet knows of attacks from a network that you are the registered contact
            of. The message that you got says who and which.
          </p>
          <Form
            submit="Yes, they may see it"
            onSubmit={async () => {
              setDone(await send('POST', 'public/claim', { secret }))
              return undefined
            }}
          />
        </>
      ) : (
        <p role="status">
          {done.resource} is now shown to {done.organisation}. You can close this page.
        </p>
      )}
    </section>
  )
}

/** The reader of a letter says that it has come. */
export function Received(): ReactNode {
  const secret = location.hash.slice(1)
  const [done, setDone] = useState(false)
  return (
    <section className="card door">
      <h1>Evidence received</h1>
      {done ? (
        <p role="status">Thank you. You can close this page.</p>
      ) : (
        <Form
          submit="Yes, we have it"
          onSubmit={async ({ words }) => {
            await send('POST', 'public/received', { secret, words })
            setDone(true)
            return undefined
          }}
        >
          <label>
            A word for the sender, if you like
            <textarea name="words" rows={3} maxLength={1000} />
          </label>
        </Form>
      )}
    </section>
  )
}
