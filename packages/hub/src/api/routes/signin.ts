import { createRoute, z, type OpenAPIHono } from '@hono/zod-openapi'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import type { Context as HonoContext } from 'hono'
import { generateAuthenticationOptions, verifyAuthenticationResponse } from '@simplewebauthn/server'
import { randomBytes } from 'node:crypto'
import type { Journey } from '../../access/oidc.ts'
import { checkPassword, hashPassword, passwordFault } from '../../access/password.ts'
import { totpOf, totpStep } from '../../access/totp.ts'
import { normalEmail, type SignIn, type User } from '../../relational/people.ts'
import { remoteOf, record, type Context, type Env } from '../context.ts'
import { body, done, json } from '../shapes.ts'

export const cookieName = 'skep'
const oidcCookie = 'skep_oidc'
const month = 30 * 86_400

/** A cookie that no script can read and no other site can send with a change. */
export function giveCookie(c: HonoContext, context: Pick<Context, 'publicPortal'>, secret: string, life = month): void {
  setCookie(c, cookieName, secret, {
    httpOnly: true,
    sameSite: 'Lax',
    path: '/',
    maxAge: life,
    secure: context.publicPortal().startsWith('https:') || c.req.url.startsWith('https:'),
  })
}

/** Where the WebAuthn ceremonies happen. An address in numbers can have no passkeys. */
export const partyOf = ({ publicPortal }: Pick<Context, 'publicPortal'>) => {
  const url = new URL(publicPortal())
  if (url.hostname === '127.0.0.1' || url.hostname === '[::1]') url.hostname = 'localhost'
  return { id: url.hostname, origin: url.origin, name: 'Skep' }
}

const step = z.object({
  step: z.enum(['done', 'second']),
  methods: z.array(z.enum(['totp', 'passkey', 'code'])),
})
const slow = { 429: { description: 'Too many tries; Retry-After says how long to wait' } }
const refused = { 401: { description: 'Refused' } }

/** Signing in and out: password, one-time code or passkey, recovery, and providers of identities. */
export function signInRoutes(app: OpenAPIHono<Env>, context: Context): void {
  const { relational, mailer, oidc, log } = context
  const { people, throttle } = relational
  const about = (c: HonoContext) => ({ agent: c.req.header('user-agent') ?? '', remote: remoteOf(c) })
  const tooMany = (c: HonoContext, wait: number) =>
    c.json({ error: `Too many tries. Wait ${wait} seconds.` }, 429, { 'retry-after': String(wait) }) as never
  /** Every step of a sign-in has a secret of its own: one that was planted before is worth nothing after. */
  const grant = async (c: HonoContext<Env>, user: User, how: string): Promise<void> => {
    const memberships = await people.memberships(user.id)
    const secret = await people.signIn(user.id, 'full', {
      ...about(c),
      organisation: user.operator === 1 ? null : (memberships[0]?.organisation ?? null),
    })
    giveCookie(c, context, secret)
    await record(context, c, 'signed in', user.email, how, {
      actor: user.email,
      organisation: memberships[0]?.organisation ?? '',
    })
  }
  /** The person who has given the password and owes the second factor. */
  const halfway = async (c: HonoContext): Promise<{ user: User; signIn: SignIn } | undefined> => {
    const signIn = await people.signedIn(getCookie(c, cookieName) ?? '')
    if (signIn?.stage !== 'password') return undefined
    const user = await people.user(signIn.user_id)
    return user === undefined || user.disabled !== null ? undefined : { user, signIn }
  }
  const secondOf = async (user: User): Promise<('totp' | 'passkey' | 'code')[]> => [
    ...(user.totp === null ? [] : (['totp'] as const)),
    ...((await people.passkeys(user.id)).length === 0 ? [] : (['passkey'] as const)),
    ...((await people.countErrands(user.id, 'recovery code')) === 0 ? [] : (['code'] as const)),
  ]

  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/signin',
      summary: 'The ways to sign in',
      responses: json(
        z.object({
          providers: z.array(z.object({ name: z.string(), title: z.string() })),
          mail: z.boolean().openapi({ description: 'Whether this hub can send a link to a forgetful person' }),
        }),
        'The ways',
      ),
    }),
    async (c) =>
      c.json({
        providers: (await people.providers()).map(({ name, title }) => ({ name, title })),
        mail: mailer.ready,
      }),
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/api/v1/signin',
      summary: 'Sign in by e-mail and password',
      request: body(z.strictObject({ email: z.string().max(320), password: z.string().max(1000) })),
      responses: { ...json(step, 'Done, or a second factor is asked for'), ...refused, ...slow },
    }),
    async (c) => {
      const { email, password } = c.req.valid('json')
      const name = normalEmail(email)
      // By address first: whoever tries many names fills no table with them.
      const wait =
        (await throttle.hit(`signin from ${remoteOf(c)}`, 60, 15 * 60_000)) ||
        (await throttle.hit(`signin ${name}`, 10, 15 * 60_000))
      if (wait > 0) return tooMany(c, wait)
      const user = await people.userByEmail(name)
      const right = await checkPassword(password, user?.password)
      if (!right || user === undefined || user.disabled !== null) {
        await record(context, c, 'sign-in refused', name.slice(0, 320), 'password', { actor: '', organisation: '' })
        return c.json({ error: 'This e-mail address and password do not belong together' }, 401) as never
      }
      await throttle.clear(`signin ${name}`)
      const methods = await secondOf(user)
      if (!methods.some((one) => one !== 'code')) {
        await grant(c, user, 'password')
        return c.json({ step: 'done' as const, methods: [] })
      }
      giveCookie(c, context, await people.signIn(user.id, 'password', about(c), 600_000), 600)
      return c.json({ step: 'second' as const, methods })
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/api/v1/signin/code',
      summary: 'The second factor: a code of the authenticator, or one of the recovery codes',
      request: body(z.strictObject({ code: z.string().max(40) })),
      responses: { ...json(done, 'Signed in'), ...refused, ...slow },
    }),
    async (c) => {
      const half = await halfway(c)
      if (half === undefined) return c.json({ error: 'Begin with your password' }, 401) as never
      const { user, signIn } = half
      const wait = await throttle.hit(`second ${user.id}`, 6, 5 * 60_000)
      if (wait > 0) return tooMany(c, wait)
      const code = c.req.valid('json').code.replace(/[\s-]/g, '').toLowerCase()
      const at = user.totp === null ? undefined : totpStep(totpOf(context.unseal(user.totp), user.email), code)
      const good =
        (at !== undefined && (await people.useTotpStep(user.id, at))) ||
        (code.length > 8 && (await people.run('recovery code', `${user.id} ${code}`)) !== undefined)
      if (!good) {
        await record(context, c, 'sign-in refused', user.email, 'second factor', { actor: user.email })
        return c.json({ error: 'This code is wrong or has been used' }, 401) as never
      }
      await throttle.clear(`second ${user.id}`)
      await people.endSignIns(user.id, { id: signIn.id })
      await grant(c, user, at === undefined ? 'password and recovery code' : 'password and one-time code')
      return c.json({ done: true as const })
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/api/v1/signin/passkey/options',
      summary: 'What a browser needs for signing in by passkey',
      responses: json(z.record(z.string(), z.unknown()), 'PublicKeyCredentialRequestOptions'),
    }),
    async (c) => {
      const half = await halfway(c)
      const own = half === undefined ? [] : await people.passkeys(half.user.id)
      const options = await generateAuthenticationOptions({
        rpID: partyOf(context).id,
        userVerification: 'required',
        ...(own.length > 0 && {
          allowCredentials: own.map(({ id, transports }) => ({ id, transports: JSON.parse(transports) as never })),
        }),
      })
      await people.errand('passkey', half?.user.id ?? '', {}, 300, options.challenge)
      return c.json(options as unknown as Record<string, unknown>)
    },
  )
  app.openapi(
    createRoute({
      method: 'post',
      path: '/api/v1/signin/passkey',
      summary: 'Sign in by passkey, alone or as the second factor',
      request: body(z.looseObject({ id: z.string().max(2000), response: z.looseObject({}) })),
      responses: { ...json(done, 'Signed in'), ...refused, ...slow },
    }),
    async (c) => {
      const wait = await throttle.hit(`passkey from ${remoteOf(c)}`, 30, 5 * 60_000)
      if (wait > 0) return tooMany(c, wait)
      const response = c.req.valid('json')
      const key = await people.passkey(response.id)
      const user = key && (await people.user(key.user_id))
      const party = partyOf(context)
      try {
        if (key === undefined || user === undefined || user.disabled !== null) throw new Error('unknown passkey')
        const { verified, authenticationInfo } = await verifyAuthenticationResponse({
          response: response as never,
          // A challenge is good once, and only for the person whom it was made for.
          expectedChallenge: async (challenge) => {
            const kept = await people.run('passkey', challenge)
            return kept !== undefined && (kept.owner === '' || kept.owner === user.id)
          },
          expectedOrigin: party.origin,
          expectedRPID: party.id,
          requireUserVerification: true,
          credential: {
            id: key.id,
            publicKey: new Uint8Array(Buffer.from(key.public_key, 'base64url')),
            counter: key.counter,
          },
        })
        if (!verified) throw new Error('not verified')
        await people.usedPasskey(key.id, authenticationInfo.newCounter)
      } catch (error) {
        log.warn(`a passkey was refused: ${error instanceof Error ? error.message : String(error)}`)
        return c.json({ error: 'This passkey was refused' }, 401) as never
      }
      await grant(c, user, 'passkey')
      return c.json({ done: true as const })
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/api/v1/recovery',
      summary: 'Ask for a link to choose a new password; the answer is the same whether there is an account or not',
      request: body(z.strictObject({ email: z.string().max(320) })),
      responses: { ...json(done, 'If there is an account, a link is on its way'), ...slow },
    }),
    async (c) => {
      const email = normalEmail(c.req.valid('json').email)
      const wait =
        (await throttle.hit(`recovery from ${remoteOf(c)}`, 20, 3_600_000)) ||
        (await throttle.hit(`recovery ${email}`, 3, 3_600_000))
      if (wait > 0) return tooMany(c, wait)
      const user = await people.userByEmail(email)
      // The mail goes after the answer: how long it takes tells nobody who has an account.
      if (user !== undefined && user.disabled === null && mailer.ready) {
        void (async () => {
          const secret = await people.errand('welcome', user.id, {}, 3600)
          await mailer.send({
            to: user.email,
            subject: 'Choose a new password for Skep',
            text:
              `Somebody, likely you, asked for a new password for ${user.email} at ${context.publicPortal()}.\n\n` +
              `This link is good once, for an hour:\n${context.publicPortal()}/welcome#${secret}\n\n` +
              'If it was not you, do nothing: nothing has changed.\n',
          })
        })().catch((error: unknown) => log.error(`a recovery mail was not sent: ${String(error)}`))
      }
      await record(context, c, 'recovery asked', email, '', { actor: '', organisation: '' })
      return c.json({ done: true as const })
    },
  )
  app.openapi(
    createRoute({
      method: 'post',
      path: '/api/v1/welcome',
      summary: 'Choose a password with the secret of an invitation or a recovery link',
      request: body(z.strictObject({ secret: z.string().max(200), password: z.string().max(1000) })),
      responses: { ...json(step, 'The password is set'), 400: { description: 'Refused, with the reason' }, ...slow },
    }),
    async (c) => {
      const wait = await throttle.hit(`welcome from ${remoteOf(c)}`, 20, 15 * 60_000)
      if (wait > 0) return tooMany(c, wait)
      const { secret, password } = c.req.valid('json')
      const user = await people.user((await people.peek('welcome', secret)) ?? '')
      if (user === undefined || user.disabled !== null)
        return c.json({ error: 'This link has been used or is too old. Ask for a new one.' }, 400) as never
      // A password that is refused does not use up the link.
      const fault = passwordFault(password, [user.email.split('@')[0] ?? '', user.name])
      if (fault !== undefined) return c.json({ error: fault }, 400) as never
      if ((await people.run('welcome', secret)) === undefined)
        return c.json({ error: 'This link has been used' }, 400) as never
      await people.changeUser(user.id, { password: await hashPassword(password) })
      // Whoever was signed in with the old one is not any longer.
      await people.endSignIns(user.id)
      await people.dropErrands(user.id, 'welcome')
      await record(context, c, 'password set', user.email, 'by link', { actor: user.email })
      const methods = await secondOf(user)
      if (methods.some((one) => one !== 'code')) {
        giveCookie(c, context, await people.signIn(user.id, 'password', about(c), 600_000), 600)
        return c.json({ step: 'second' as const, methods })
      }
      await grant(c, user, 'link')
      return c.json({ step: 'done' as const, methods: [] })
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/api/v1/signin/out',
      summary: 'Sign out',
      responses: json(done, 'Signed out'),
    }),
    async (c) => {
      const secret = getCookie(c, cookieName) ?? ''
      const signIn = await people.signedIn(secret)
      if (signIn !== undefined) await people.endSignIns(signIn.user_id, { id: signIn.id })
      else await relational.tokens.end(secret)
      deleteCookie(c, cookieName, { path: '/' })
      return c.json({ done: true as const })
    },
  )

  // Providers of identities: the browser goes there and comes back.

  const fail = (c: HonoContext, why: string) => c.redirect(`/signin?refused=${encodeURIComponent(why)}`)
  app.get('/signin/with/:provider', async (c) => {
    const provider = (await people.providers()).find(({ name }) => name === c.req.param('provider'))
    if (provider === undefined) return fail(c, 'There is no such provider')
    const site = c.req.header('sec-fetch-site')
    if (site === 'cross-site') return fail(c, 'Begin on this page')
    if ((await throttle.hit(`oidc from ${remoteOf(c)}`, 30, 5 * 60_000)) > 0) return fail(c, 'Too many tries')
    const signIn = await people.signedIn(getCookie(c, cookieName) ?? '')
    const state = randomBytes(24).toString('base64url')
    try {
      const redirect = `${context.publicPortal()}/signin/back/${provider.name}`
      const { url, verifier, nonce } = await oidc.begin(
        provider,
        context.unseal(provider.client_secret),
        redirect,
        state,
      )
      const journey: Journey = {
        provider: provider.name,
        verifier,
        nonce,
        ...(signIn?.stage === 'full' && { user: signIn.user_id }),
      }
      await people.errand('oidc', provider.name, journey, 600, state)
      setCookie(c, oidcCookie, state, {
        httpOnly: true,
        sameSite: 'Lax',
        path: '/signin',
        maxAge: 600,
        secure: context.publicPortal().startsWith('https:'),
      })
      return c.redirect(url)
    } catch (error) {
      log.warn(`${provider.name} cannot be asked: ${error instanceof Error ? error.message : String(error)}`)
      return fail(c, `${provider.title} cannot be reached just now`)
    }
  })
  app.get('/signin/back/:provider', async (c) => {
    const provider = (await people.providers()).find(({ name }) => name === c.req.param('provider'))
    const state = getCookie(c, oidcCookie) ?? ''
    deleteCookie(c, oidcCookie, { path: '/signin' })
    const kept = state === '' ? undefined : await people.run<Journey>('oidc', state)
    // The way back must be that of the same browser, for the same provider, once.
    if (provider === undefined || kept === undefined || kept.detail.provider !== provider.name)
      return fail(c, 'This sign-in was not begun here, or too long ago')
    try {
      const returned = new URL(`${context.publicPortal()}${c.req.path}${new URL(c.req.url).search}`)
      const identity = await oidc.finish(provider, context.unseal(provider.client_secret), returned, state, kept.detail)
      let user =
        kept.detail.user === undefined
          ? await people.identity(identity.issuer, identity.subject)
          : await people.user(kept.detail.user)
      if (kept.detail.user !== undefined) {
        const holder = await people.identity(identity.issuer, identity.subject)
        if (holder !== undefined && holder.id !== user?.id)
          return fail(c, `This account at ${provider.title} belongs to another person here`)
      }
      if (user === undefined && identity.emailVerified) {
        user = await people.userByEmail(identity.email)
        // An account that has a password or passkeys, or that may do everything, is opened by its owner only: a provider's
        // word about an e-mail address must not go round its second factor.
        const kept = user !== undefined && (user.password !== null || (await people.passkeys(user.id)).length > 0)
        if (user !== undefined && (kept || user.operator === 1))
          return fail(c, `Sign in as you are used to, and link ${provider.title} under “Account”`)
      }
      if (user === undefined && provider.admits === 'anyone' && identity.emailVerified)
        user = await people.addUser(identity.email, identity.name)
      if (user === undefined || user.disabled !== null)
        return fail(c, `${provider.title} knows you, but you have no account here: ask to be invited`)
      await people.addIdentity(identity.issuer, identity.subject, user.id, identity.networks)
      await context.prover.renewFor(user.id)
      if (kept.detail.user === undefined) await grant(c, user, provider.title)
      else await record(context, c, 'identity linked', user.email, provider.title, { actor: user.email })
      return c.redirect(kept.detail.user === undefined ? '/' : '/account')
    } catch (error) {
      log.warn(`${provider.name} refused: ${error instanceof Error ? error.message : String(error)}`)
      return fail(c, `${provider.title} did not confirm who you are`)
    }
  })
}
