import { createHash } from 'node:crypto'

/** The SHA256 fingerprint of a public key blob, as OpenSSH prints it. */
export const fingerprint = (blob: Uint8Array): string =>
  `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`

/** The fingerprint of the key in a line of authorized_keys, undefined when there is none. */
export function fingerprintOf(line: string): string | undefined {
  const match = /(?:^|\s)(ssh-(?:rsa|dss|ed25519)|ecdsa-sha2-nistp\d{3}|sk-[\w@.-]+)\s+([A-Za-z0-9+/]{40,}={0,3})/.exec(
    line,
  )
  return match === null ? undefined : fingerprint(Buffer.from(match[2] ?? '', 'base64'))
}
