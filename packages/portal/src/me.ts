import { useApi } from './api.ts'

/** Who is signed in, for which organisation, and what that allows. */
export interface Me {
  readonly label: string
  readonly role: string
  readonly can: string[]
  readonly organisation: string | null
  readonly version: string
  readonly person: {
    readonly email: string
    readonly name: string
    readonly language: string
    readonly operator: boolean
    readonly password: boolean
    readonly totp: boolean
    readonly codes: number
    readonly passkeys: {
      readonly id: string
      readonly label: string
      readonly created: number
      readonly last_used: number | null
    }[]
    readonly organisations: { readonly organisation: string; readonly title: string; readonly role: string }[]
  } | null
  readonly networks: { readonly asns: number[]; readonly prefixes: string[]; readonly sensors: number } | null
}

export function useMe(): { me: Me | undefined; error: Error | null; may: (capability: string) => boolean } {
  const { data: me, error } = useApi<Me>('me')
  return { me, error, may: (capability) => me?.can.includes(capability) === true }
}
