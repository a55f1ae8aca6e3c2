import { type Holder } from '../relational/tokens.ts'
import type { Relational } from '../relational/database.ts'
import type { SignIn, User } from '../relational/people.ts'
import { hubRoles, isRole, roles, type Capability } from './roles.ts'

/**
 * What an organisation may look into: traffic that left its networks, and traffic that hit its sensors. Everything
 * else of the honeynet is closed to it.
 */
export interface Reach {
  readonly organisation: string
  readonly asns: readonly number[]
  readonly prefixes: readonly string[]
  readonly sensors: readonly string[]
}

/** Who asks, and what for. */
export interface Caller {
  /** Name for histories and the audit log. */
  readonly label: string
  readonly user?: User
  readonly signIn?: SignIn
  /** The organisation that the caller acts for; none for the whole honeynet. */
  readonly organisation?: string
  readonly role: string
  readonly can: ReadonlySet<Capability>
  /** Undefined: everything. */
  readonly reach?: Reach
}

/** What an organisation may look into now. */
export async function reachOf(relational: Relational, organisation: string): Promise<Reach> {
  const [resources, sensors] = await Promise.all([
    relational.claims.resources(organisation),
    relational.fleet.sensors(),
  ])
  return {
    organisation,
    ...resources,
    sensors: sensors.filter((one) => one.organisation === organisation).map(({ name }) => name),
  }
}

/** The caller behind a token. */
export async function callerOfToken(relational: Relational, holder: Holder): Promise<Caller> {
  const { role, label, organisation, scopes } = holder
  const granted: readonly Capability[] =
    organisation === undefined
      ? hubRoles[role === 'operator' ? 'operator' : 'viewer']
      : isRole(role)
        ? roles[role]
        : roles.viewer
  const can = new Set(scopes === undefined ? granted : granted.filter((one) => scopes.includes(one)))
  return {
    label,
    role,
    can,
    ...(organisation !== undefined && { organisation, reach: await reachOf(relational, organisation) }),
  }
}

/** The caller behind a sign-in, acting for the organisation that was chosen, or the first that the person is of. */
export async function callerOfUser(relational: Relational, user: User, signIn?: SignIn): Promise<Caller> {
  const memberships = await relational.people.memberships(user.id)
  const chosen = signIn?.organisation ?? undefined
  const membership =
    memberships.find(({ organisation }) => organisation === chosen) ??
    (user.operator === 1 ? undefined : memberships[0])
  const organisation = user.operator === 1 ? chosen : membership?.organisation
  return {
    label: user.email,
    user,
    ...(signIn !== undefined && { signIn }),
    role: user.operator === 1 ? 'operator' : (membership?.role ?? 'none'),
    can: new Set<Capability>(
      user.operator === 1 ? hubRoles.operator : membership === undefined ? [] : roles[membership.role],
    ),
    ...(organisation !== undefined
      ? { organisation, reach: await reachOf(relational, organisation) }
      : // A person of no organisation sees nothing.
        user.operator !== 1 && { reach: { organisation: '', asns: [], prefixes: [], sensors: [] } }),
  }
}

/** Who sends a request, by its token or the value of its cookie; undefined when neither is good. */
export async function callerOf(
  relational: Relational,
  bearer: string | undefined,
  cookie = '',
): Promise<Caller | undefined> {
  if (bearer === undefined && cookie.startsWith('skep_session_')) {
    const signIn = await relational.people.signedIn(cookie)
    const user = signIn?.stage === 'full' ? await relational.people.user(signIn.user_id) : undefined
    return user === undefined || user.disabled !== null ? undefined : callerOfUser(relational, user, signIn)
  }
  const holder = await relational.tokens.check(bearer ?? cookie)
  return holder && callerOfToken(relational, holder)
}
