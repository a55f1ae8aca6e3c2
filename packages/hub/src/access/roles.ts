/** What a caller may do. Tokens carry some of these as their scopes. */
export const capabilities = {
  read: 'see the networks and sensors of the organisation',
  secrets: 'see typed passwords in clear',
  samples: 'take attackers’ files away, in a zip with the password infected',
  cases: 'work on cases and alerts, send evidence',
  networks: 'claim networks',
  members: 'invite people, set roles, make tokens',
  train: 'run labs',
  fetch: 'take URLs of payloads and bring what was there: for fetchers',
  operate: 'run the honeynet: all organisations, the fleet, releases',
} as const
export type Capability = keyof typeof capabilities

/** The roles of an organisation's members, and what each may do. */
export const roles = {
  viewer: ['read'],
  trainer: ['read', 'train'],
  analyst: ['read', 'secrets', 'samples', 'cases'],
  admin: ['read', 'secrets', 'samples', 'cases', 'networks', 'members'],
} as const satisfies Record<string, readonly Capability[]>
export type MemberRole = keyof typeof roles

export const roleNames = Object.keys(roles) as [MemberRole, ...MemberRole[]]
export const capabilityNames = Object.keys(capabilities) as [Capability, ...Capability[]]
export const isRole = (text: string): text is MemberRole => Object.hasOwn(roles, text)

/** What a holder of one of the hub's own tokens may do: all, or look at all. */
export const hubRoles = { operator: capabilityNames, viewer: ['read'] } as const satisfies Record<
  string,
  readonly Capability[]
>
