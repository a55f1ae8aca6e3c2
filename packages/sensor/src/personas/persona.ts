import type { SshDaemon } from './daemons.ts'
import type { Machine } from './machine.ts'

/** A name and password that lets in. */
export interface Credential {
  readonly user: string
  readonly password: string
}

/** The SSH daemon of a device, with its own keys. */
export interface SshFace extends SshDaemon {
  readonly hostKeys: { readonly ed25519: string; readonly ecdsa: string; readonly rsa: string }
  readonly banner: string
}

/**
 * The whole device that a sensor pretends to be. Every service takes what it says of itself from here, so that all
 * ports agree.
 */
export interface Persona {
  readonly name: string
  readonly machine: Machine
  /** The few weak pairs that let in; fixed per sensor, different between sensors. */
  readonly credentials: readonly Credential[]
  /** What is shown after a log-in, at a time in milliseconds since 1970. */
  readonly motd: (now: number) => string
  readonly ssh: SshFace
  readonly http: { readonly server: string; readonly title: string; readonly realm: string; readonly product: string }
  readonly redis: { readonly version: string; readonly runId: string; readonly buildId: string; readonly dir: string }
  readonly memcached: { readonly version: string }
  readonly telnet: {
    readonly daemon: 'inetutils' | 'netkit' | 'busybox'
    /** What is shown before the first prompt. */
    readonly issue: string
    /** Whether it hands a client's USER to login as it came (CVE-2026-24061). */
    readonly trusting?: boolean
  }
}

/** Whether a pair lets in. */
export const accepts = (persona: Persona, user: string, password: string): boolean =>
  persona.credentials.some((pair) => pair.user === user && pair.password === password)
