import * as oidc from 'openid-client'
import type { Outbound } from '../outbound.ts'
import type { Provider } from '../relational/people.ts'

/** Who somebody is, in the words of a provider of identities. */
export interface Identity {
  readonly issuer: string
  readonly subject: string
  readonly email: string
  readonly emailVerified: boolean
  readonly name: string
  /** ASes that this person may change, where the provider knows such things (PeeringDB). */
  readonly networks: readonly number[]
}

/** What must be remembered between the way there and the way back. */
export interface Journey {
  readonly provider: string
  readonly verifier: string
  readonly nonce: string
  /** The person who is signed in already and links this identity to the account. */
  readonly user?: string
}

/** Update, in the permission bits of PeeringDB. */
const mayUpdate = 2

/** Sign-in by OpenID Connect (code flow with PKCE, state and nonce), by a library that is certified for it. */
export class OpenIdConnect {
  readonly #outbound: Outbound
  readonly #known = new Map<string, { at: number; config: Promise<oidc.Configuration> }>()

  constructor(outbound: Outbound) {
    this.#outbound = outbound
  }

  #config(provider: Provider, secret: string): Promise<oidc.Configuration> {
    const key = `${provider.issuer} ${provider.client_id} ${secret}`
    const known = this.#known.get(key)
    if (known !== undefined && Date.now() - known.at < 3_600_000) return known.config
    const issuer = this.#outbound.check(provider.issuer)
    const config = oidc.discovery(issuer, provider.client_id, secret === '' ? undefined : secret, undefined, {
      [oidc.customFetch]: this.#outbound.asFetch as oidc.CustomFetch,
      // Plain HTTP is for hosts that the operator named, and `check` has seen to that.
      ...(issuer.protocol === 'http:' && { execute: [oidc.allowInsecureRequests] }),
    })
    this.#known.set(key, { at: Date.now(), config })
    config.catch(() => this.#known.delete(key))
    return config
  }

  /** Where to send the browser. */
  async begin(
    provider: Provider,
    secret: string,
    redirect: string,
    state: string,
  ): Promise<{ url: string; verifier: string; nonce: string }> {
    const config = await this.#config(provider, secret)
    const verifier = oidc.randomPKCECodeVerifier()
    const nonce = oidc.randomNonce()
    const url = oidc.buildAuthorizationUrl(config, {
      redirect_uri: redirect,
      scope: provider.scope,
      code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      state,
      nonce,
    })
    return { url: url.href, verifier, nonce }
  }

  /** Reads what the browser brought back. @throws Error when anything about it is wrong */
  async finish(provider: Provider, secret: string, returned: URL, state: string, journey: Journey): Promise<Identity> {
    const config = await this.#config(provider, secret)
    const tokens = await oidc.authorizationCodeGrant(config, returned, {
      pkceCodeVerifier: journey.verifier,
      expectedState: state,
      expectedNonce: journey.nonce,
      idTokenExpected: true,
    })
    const claims = tokens.claims()
    if (claims === undefined) throw new Error('The provider gave no ID token')
    const more =
      config.serverMetadata().userinfo_endpoint === undefined
        ? {}
        : await oidc.fetchUserInfo(config, tokens.access_token, claims.sub)
    const all: Record<string, unknown> = { ...claims, ...more }
    return {
      issuer: claims.iss,
      subject: claims.sub,
      email: String(all['email'] ?? ''),
      emailVerified: all['email_verified'] === true || all['verified_email'] === true,
      name: String(all['name'] ?? all['preferred_username'] ?? ''),
      networks: networksOf(all),
    }
  }
}

/**
 * The ASes of a `networks` claim whose holder may update them, and only if the provider has verified the person:
 * anyone can open an account there.
 */
export function networksOf(claims: Readonly<Record<string, unknown>>): number[] {
  if (claims['verified_user'] !== true || !Array.isArray(claims['networks'])) return []
  return claims['networks'].flatMap((one: unknown) => {
    const { asn, perms } = (one ?? {}) as { asn?: unknown; perms?: unknown }
    const valid = typeof asn === 'number' && Number.isInteger(asn) && asn > 0 && asn < 2 ** 32
    return valid && typeof perms === 'number' && (perms & mayUpdate) !== 0 ? [asn] : []
  })
}
