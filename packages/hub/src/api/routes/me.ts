import { createRoute, z, type OpenAPIHono } from '@hono/zod-openapi'
import type { Context as HonoContext } from 'hono'
import { generateRegistrationOptions, verifyRegistrationResponse } from '@simplewebauthn/server'
import { randomBytes } from 'node:crypto'
import { checkPassword, hashPassword, passwordFault } from '../../access/password.ts'
import { newTotpSecret, totpOf, totpStep } from '../../access/totp.ts'
import type { User } from '../../relational/people.ts'
import { record, type Context, type Env } from '../context.ts'
import { body, done, json, name } from '../shapes.ts'
import { partyOf } from './signin.ts'

const whole = z.object({
  label: z.string(),
  role: z.string(),
  can: z.array(z.string()),
  organisation: z.string().nullable(),
  version: z.string(),
  /** A person, or a token. */
  person: z
    .object({
      email: z.string(),
      name: z.string(),
      language: z.string(),
      operator: z.boolean(),
      password: z.boolean(),
      totp: z.boolean(),
      codes: z.number(),
      passkeys: z.array(
        z.object({ id: z.string(), label: z.string(), created: z.number(), last_used: z.number().nullable() }),
      ),
      organisations: z.array(z.object({ organisation: z.string(), title: z.string(), role: z.string() })),
    })
    .nullable(),
  networks: z.object({ asns: z.array(z.number()), prefixes: z.array(z.string()), sensors: z.number() }).nullable(),
})
const languages = ['en', 'id', 'zh', 'hi', 'ja', 'vi', 'th', 'km', 'tet', 'fr'] as const

/** The caller's own account: password, second factors, sign-ins, the organisation to act for. */
export function meRoutes(app: OpenAPIHono<Env>, context: Context): void {
  const { relational } = context
  const { people } = relational
  /** The person who asks; what concerns a person is not for tokens. */
  const person = (c: HonoContext<Env>): User | undefined => c.get('caller').user
  const noPerson = (c: HonoContext) => c.json({ error: 'A token is no person: sign in' }, 403) as never
  /** Whether the person has just shown who it is: a browser left open must not give the account away. */
  const confirmed = async (user: User, password: string | undefined): Promise<boolean> =>
    user.password === null ||
    ((await relational.throttle.hit(`confirm ${user.id}`, 20, 15 * 60_000)) === 0 &&
      (await checkPassword(password ?? '', user.password)))
  const wrong = (c: HonoContext) => c.json({ error: 'This is not your password' }, 403) as never
  const forbidden = { 403: { description: 'The password is wrong, or the caller is no person' } }
  const password = z.string().max(1000).optional().openapi({ description: 'The present password, where there is one' })

  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/me',
      summary: 'Who asks, for which organisation, and what that allows',
      responses: json(whole, 'The caller'),
    }),
    async (c) => {
      const { user, label, role, can, organisation, reach } = c.get('caller')
      return c.json({
        label,
        role,
        can: [...can],
        organisation: organisation ?? null,
        version: context.version,
        person:
          user === undefined
            ? null
            : {
                email: user.email,
                name: user.name,
                language: user.language,
                operator: user.operator === 1,
                password: user.password !== null,
                totp: user.totp !== null,
                codes: await people.countErrands(user.id, 'recovery code'),
                passkeys: (await people.passkeys(user.id)).map(({ id, label: title, created, last_used }) => ({
                  id,
                  label: title,
                  created,
                  last_used,
                })),
                organisations: await people.memberships(user.id),
              },
        networks:
          reach === undefined
            ? null
            : { asns: [...reach.asns], prefixes: [...reach.prefixes], sensors: reach.sensors.length },
      })
    },
  )

  app.openapi(
    createRoute({
      method: 'patch',
      path: '/api/v1/me',
      summary: 'Change name, language, or the organisation to act for',
      request: body(
        z.strictObject({
          name: z.string().max(120).optional(),
          language: z.enum(languages).optional(),
          organisation: name.or(z.literal('')).optional(),
        }),
      ),
      responses: { ...json(done, 'Done'), ...forbidden },
    }),
    async (c) => {
      const user = person(c)
      if (user === undefined) return noPerson(c)
      const { organisation, ...changes } = c.req.valid('json')
      await people.changeUser(user.id, changes as Partial<User>)
      if (organisation !== undefined) {
        const { signIn } = c.get('caller')
        const member = (await people.memberships(user.id)).some((one) => one.organisation === organisation)
        if (signIn === undefined || (!member && user.operator !== 1))
          return c.json({ error: 'You are no member of this organisation' }, 403) as never
        await people.actFor(signIn.id, organisation)
      }
      return c.json({ done: true as const })
    },
  )

  app.openapi(
    createRoute({
      method: 'put',
      path: '/api/v1/me/password',
      summary: 'Change the password; all other sign-ins end',
      request: body(z.strictObject({ present: password, password: z.string().max(1000) })),
      responses: { ...json(done, 'Done'), ...forbidden, 400: { description: 'Refused, with the reason' } },
    }),
    async (c) => {
      const user = person(c)
      if (user === undefined) return noPerson(c)
      const { present, password: wanted } = c.req.valid('json')
      if (!(await confirmed(user, present))) return wrong(c)
      const fault = passwordFault(wanted, [user.email.split('@')[0] ?? '', user.name])
      if (fault !== undefined) return c.json({ error: fault }, 400) as never
      await people.changeUser(user.id, { password: await hashPassword(wanted) })
      await people.endSignIns(user.id, { but: c.get('caller').signIn?.id ?? '' })
      await record(context, c, 'password set', user.email, 'by its owner')
      return c.json({ done: true as const })
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/api/v1/me/totp',
      summary: 'Begin one-time codes: a secret for the authenticator',
      request: body(z.strictObject({ present: password })),
      responses: { ...json(z.object({ secret: z.string(), uri: z.string() }), 'The secret'), ...forbidden },
    }),
    async (c) => {
      const user = person(c)
      if (user === undefined) return noPerson(c)
      if (!(await confirmed(user, c.req.valid('json').present))) return wrong(c)
      const secret = newTotpSecret()
      return c.json({ secret, uri: totpOf(secret, user.email).toString() })
    },
  )
  app.openapi(
    createRoute({
      method: 'put',
      path: '/api/v1/me/totp',
      summary: 'Turn one-time codes on, with a code that shows that the authenticator has the secret',
      request: body(
        z.strictObject({ present: password, secret: z.string().regex(/^[A-Z2-7]{32}$/), code: z.string().max(10) }),
      ),
      responses: {
        ...json(z.object({ codes: z.array(z.string()) }), 'Recovery codes: each is good once; they are shown only now'),
        ...forbidden,
        400: { description: 'The code is wrong' },
      },
    }),
    async (c) => {
      const user = person(c)
      if (user === undefined) return noPerson(c)
      const { present, secret, code } = c.req.valid('json')
      if (!(await confirmed(user, present))) return wrong(c)
      const step = totpStep(totpOf(secret, user.email), code)
      if (step === undefined) return c.json({ error: 'This code is wrong: is the clock right?' }, 400) as never
      await people.changeUser(user.id, { totp: context.seal(secret) })
      await people.useTotpStep(user.id, step)
      await people.dropErrands(user.id, 'recovery code')
      const codes = Array.from({ length: 10 }, () => randomBytes(8).toString('hex'))
      for (const one of codes) await people.errand('recovery code', user.id, {}, 10 * 365 * 86_400, `${user.id} ${one}`)
      await record(context, c, 'one-time codes on', user.email)
      return c.json({ codes: codes.map((one) => one.replace(/(.{4})(?=.)/g, '$1-')) })
    },
  )
  app.openapi(
    createRoute({
      method: 'delete',
      path: '/api/v1/me/totp',
      summary: 'Turn one-time codes off',
      request: body(z.strictObject({ present: password })),
      responses: { ...json(done, 'Done'), ...forbidden },
    }),
    async (c) => {
      const user = person(c)
      if (user === undefined) return noPerson(c)
      if (!(await confirmed(user, c.req.valid('json').present))) return wrong(c)
      await people.changeUser(user.id, { totp: null })
      await people.dropErrands(user.id, 'recovery code')
      await record(context, c, 'one-time codes off', user.email)
      return c.json({ done: true as const })
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/api/v1/me/passkeys/options',
      summary: 'What a browser needs to make a passkey',
      request: body(z.strictObject({ present: password })),
      responses: { ...json(z.record(z.string(), z.unknown()), 'PublicKeyCredentialCreationOptions'), ...forbidden },
    }),
    async (c) => {
      const user = person(c)
      if (user === undefined) return noPerson(c)
      if (!(await confirmed(user, c.req.valid('json').present))) return wrong(c)
      const party = partyOf(context)
      const options = await generateRegistrationOptions({
        rpName: party.name,
        rpID: party.id,
        userName: user.email,
        userDisplayName: user.name,
        userID: new Uint8Array(Buffer.from(user.id)),
        attestationType: 'none',
        authenticatorSelection: { residentKey: 'preferred', userVerification: 'required' },
        excludeCredentials: (await people.passkeys(user.id)).map(({ id }) => ({ id })),
      })
      await people.errand('passkey', `new ${user.id}`, {}, 300, options.challenge)
      return c.json(options as unknown as Record<string, unknown>)
    },
  )
  app.openapi(
    createRoute({
      method: 'post',
      path: '/api/v1/me/passkeys',
      summary: 'Add a passkey',
      request: body(z.strictObject({ label: z.string().max(80), response: z.looseObject({ id: z.string() }) })),
      responses: { ...json(done, 'Done'), ...forbidden, 400: { description: 'Refused' } },
    }),
    async (c) => {
      const user = person(c)
      if (user === undefined) return noPerson(c)
      const { label, response } = c.req.valid('json')
      const party = partyOf(context)
      try {
        const { verified, registrationInfo } = await verifyRegistrationResponse({
          response: response as never,
          expectedChallenge: async (challenge) => (await people.run('passkey', challenge))?.owner === `new ${user.id}`,
          expectedOrigin: party.origin,
          expectedRPID: party.id,
          requireUserVerification: true,
        })
        if (!verified) throw new Error('not verified')
        const { credential } = registrationInfo
        await people.addPasskey({
          id: credential.id,
          user_id: user.id,
          public_key: Buffer.from(credential.publicKey).toString('base64url'),
          counter: credential.counter,
          transports: JSON.stringify(credential.transports ?? []),
          label,
        })
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error)
        return c.json({ error: `This passkey was refused: ${why.slice(0, 200)}` }, 400) as never
      }
      await record(context, c, 'passkey added', user.email, label)
      return c.json({ done: true as const })
    },
  )
  app.openapi(
    createRoute({
      method: 'delete',
      path: '/api/v1/me/passkeys/{id}',
      summary: 'Remove a passkey',
      request: { params: z.object({ id: z.string().max(2000) }) },
      responses: { ...json(done, 'Done'), ...forbidden, 404: { description: 'There is no such passkey' } },
    }),
    async (c) => {
      const user = person(c)
      if (user === undefined) return noPerson(c)
      if (!(await people.removePasskey(user.id, c.req.valid('param').id)))
        return c.json({ error: 'You have no such passkey' }, 404) as never
      await record(context, c, 'passkey removed', user.email)
      return c.json({ done: true as const })
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/v1/me/signins',
      summary: 'Where this account is signed in',
      responses: {
        ...json(
          z.object({
            rows: z.array(
              z.object({
                id: z.string(),
                agent: z.string(),
                remote: z.string(),
                created: z.number(),
                last_used: z.number(),
                this: z.boolean(),
              }),
            ),
          }),
          'The sign-ins',
        ),
        ...forbidden,
      },
    }),
    async (c) => {
      const user = person(c)
      if (user === undefined) return noPerson(c)
      const rows = await people.signIns(user.id)
      return c.json({
        rows: rows.map(({ id, agent, remote, created, last_used }) => ({
          id,
          agent,
          remote,
          created,
          last_used,
          this: id === c.get('caller').signIn?.id,
        })),
      })
    },
  )
  app.openapi(
    createRoute({
      method: 'delete',
      path: '/api/v1/me/signins/{id}',
      summary: 'End a sign-in; "others" ends all but this one',
      request: { params: z.object({ id: z.uuid().or(z.literal('others')) }) },
      responses: { ...json(done, 'Done'), ...forbidden },
    }),
    async (c) => {
      const user = person(c)
      if (user === undefined) return noPerson(c)
      const { id } = c.req.valid('param')
      await people.endSignIns(user.id, id === 'others' ? { but: c.get('caller').signIn?.id ?? '' } : { id })
      await record(context, c, 'signed out elsewhere', user.email)
      return c.json({ done: true as const })
    },
  )
}
