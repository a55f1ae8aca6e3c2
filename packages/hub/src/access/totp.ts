import { Secret, TOTP } from 'otpauth'

const period = 30

/** One-time codes of an authenticator (RFC 6238: SHA-1, six digits, 30 s, which all of them know). */
export const totpOf = (secret: string, label: string): TOTP =>
  new TOTP({ issuer: 'Skep', label, algorithm: 'SHA1', digits: 6, period, secret: Secret.fromBase32(secret) })

export const newTotpSecret = (): string => new Secret({ size: 20 }).base32

/** The time step whose code this is, a step early or late at most; undefined when it is none. */
export function totpStep(totp: TOTP, code: string, now = Date.now()): number | undefined {
  const delta = /^\d{6}$/.test(code) ? totp.validate({ token: code, window: 1, timestamp: now }) : null
  return delta === null ? undefined : Math.floor(now / 1000 / period) + delta
}
