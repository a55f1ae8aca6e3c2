import { createHash } from 'node:crypto'
import type { SshFace } from '../../personas/persona.ts'
import { EndOfStream, type Reader } from '../../runtime/reader.ts'
import type { Startups } from './startups.ts'
import { msg } from './wire.ts'

// How families of daemons behave where it is no matter of their lists; each was compared with real daemons by
// scripts/compare-ssh.mjs.

/** What becomes of a message that nobody waits for: passed over, told to be unknown, or the end, with words or without. */
export type Stray = 'skipped' | 'unknown' | 'end' | { readonly words: string }

/** The identification of a client; or, where it is none, what is said to that. */
export interface Identification {
  readonly line: string
  readonly refused?: { readonly words: string; readonly end?: string }
}

export interface Family {
  /** Whether its lists follow its own identification at once, before the client's. */
  readonly hasty: boolean
  /** Whether it tells what was wrong before it ends. */
  readonly outspoken: boolean
  /** Whether packets that are not sealed are padded with zeroes. */
  readonly zeroes: boolean
  /** Whether it names all its host keys after the log-in (OpenSSH's PROTOCOL §2.5). */
  readonly namesKeys: boolean
  /** How much a channel takes at once, in bytes, and whether that is said only when its program starts. */
  readonly window: number
  readonly lateWindow: boolean
  readonly packet: number
  /** How often a program is told to have ended before it is told to be silent: which of both it learns first. */
  readonly statusFirst: number
  /** How many tries to sign in; whether the last refusal is sent at all. */
  readonly tries: number
  /** How long one may take to sign in, in milliseconds (LoginGraceTime; dropbear's AUTH_TIMEOUT). */
  readonly graceMs: number
  /** How many may be there that have not signed in. */
  readonly startups: Startups
  readonly identify: (input: Reader, face: SshFace) => Promise<Identification>
  /** A message before the first lists, and one within an exchange that waits for another. */
  readonly early: (kind: number, face: SshFace) => Stray
  readonly within: (kind: number) => Stray
  /**
   * How long a refusal of a password takes, in milliseconds.
   * @param elapsed since the try began
   */
  readonly passwordDelay: (face: SshFace, user: string) => number
  readonly failureDelay: (face: SshFace, user: string, elapsed: number, method: string) => number
}

/** A number from 0 to 1 that is mostly in the middle. */
const jitter = (): number => (Math.random() + Math.random() + Math.random()) / 3

/**
 * How long OpenSSH waits with a refusal, in milliseconds: until a time that is the same for each try of a name, so that
 * nobody learns from it whether the name exists. It is five to nine milliseconds by the name and a secret of the host,
 * doubled until it is past (ensure_minimum_time_since in auth2.c).
 */
export function failureDelay({ hostKeys }: SshFace, user: string, elapsed: number): number {
  const digest = createHash('sha512').update(hostKeys.ed25519).update(user).digest()
  let wanted = 5 + digest.readUInt32BE(0) / 1e9
  while (wanted < elapsed) wanted *= 2
  return wanted - elapsed
}

/** The longest line of identification that OpenSSH reads. */
const maxIdent = 8192

const openssh: Family = {
  hasty: false,
  outspoken: true,
  zeroes: true,
  namesKeys: true,
  window: 2 * 1024 * 1024,
  lateWindow: true,
  packet: 32_768,
  statusFirst: 0.3,
  tries: 6,
  graceMs: 120_000,
  startups: { begin: 10, rate: 30, full: 100, words: 'Exceeded MaxStartups\r\n' },
  /** Byte by byte (kex_exchange_identification): junk is refused at once and not only at the end of a line. */
  async identify(input) {
    const invalid = { line: '', refused: { words: 'Invalid SSH identification string.' } }
    const text: number[] = []
    for (let returned = false; ;) {
      const letter = await next(input)
      if (letter === 13) {
        returned = true
        continue
      }
      if (letter === 10) break
      if (letter === 0 || returned) return invalid
      text.push(letter)
      if (text.length > maxIdent) return invalid
    }
    const line = Buffer.from(text).toString('latin1')
    const version = /^SSH-[ \t]*([+-]?\d+)\.[ \t]*([+-]?\d+)-./.exec(line)
    if (version === null) return invalid
    const [major, minor] = [Number(version[1]), Number(version[2])]
    return major === 2 || (major === 1 && minor === 99)
      ? { line }
      : { line, refused: { words: 'Protocol major versions differ.' } }
  },
  early(kind, { extensions }) {
    if (kind === msg.IGNORE || kind === msg.DEBUG || kind === msg.UNIMPLEMENTED) return 'skipped'
    // Since there is a ping (9.5), high numbers are no longer refused with words.
    const pings = extensions.some(([name]) => name === 'ping@openssh.com')
    if (kind === 0 || (kind >= 192 && !pings)) return { words: `Invalid ssh2 packet type: ${kind}` }
    return kind >= 50 ? 'end' : 'unknown'
  },
  within(kind) {
    if (kind === msg.IGNORE || kind === msg.DEBUG || kind === msg.UNIMPLEMENTED || kind === msg.EXT_INFO)
      return 'skipped'
    return kind >= 50 ? 'end' : 'unknown'
  },
  // PAM's two seconds, half of it more or less (pam_fail_delay(3)).
  passwordDelay: () => 2000 * (0.5 + jitter()),
  failureDelay,
}

/**
 * OpenSSH before 7.8: the first line must be the identification, of at most 255 letters; what is wrong with it is told in
 * other words and ends with a plain line feed (sshd_exchange_identification in sshd.c).
 */
const openssh7: Family = {
  ...openssh,
  // It closes, and says nothing.
  startups: { ...openssh.startups, words: '' },
  async identify(input) {
    const text: number[] = []
    while (text.length < 255) {
      const letter = await next(input)
      if (letter === 10) break
      if (letter === 13) continue
      text.push(letter)
    }
    // As a string of C it ends at a zero.
    const line = Buffer.from(text).toString('latin1').split('\0')[0] ?? ''
    const version = /^SSH-[ \t]*([+-]?\d+)\.[ \t]*([+-]?\d+)-./.exec(line)
    if (version === null) return { line: '', refused: { words: 'Protocol mismatch.', end: '\n' } }
    const [major, minor] = [Number(version[1]), Number(version[2])]
    return major === 2 || (major === 1 && minor === 99)
      ? { line }
      : { line, refused: { words: 'Protocol major versions differ.', end: '\n' } }
  },
}

/** What dropbear does with a message that it does not wait for (process_packet in process-packet.c). */
const dropbearStray = (kind: number): Stray => {
  if (kind === msg.IGNORE || kind === msg.DEBUG || kind === msg.UNIMPLEMENTED) return 'skipped'
  return kind === 0 || kind === msg.SERVICE_REQUEST || kind === msg.KEXINIT || kind === 30 || kind === 50 || kind > 60
    ? 'end'
    : 'unknown'
}

const dropbear: Family = {
  hasty: true,
  outspoken: false,
  zeroes: false,
  namesKeys: false,
  window: 24_576,
  lateWindow: false,
  packet: 32_759,
  statusFirst: 0,
  tries: 10,
  graceMs: 300_000,
  // MAX_UNAUTH_PER_IP
  startups: { begin: 5, rate: 100, full: 5, words: '' },
  /** Lines of at most 255 letters, whatever else is in them (ident_readln in common-session.c). */
  async identify(input, { preamble = 1 }) {
    let line = ''
    for (let i = 0; i < preamble && !line.startsWith('SSH-'); i++) {
      const text: number[] = []
      while (text.length < 254) {
        const letter = await next(input)
        if (letter === 10) break
        if (letter !== 13) text.push(letter)
      }
      // As a string of C it ends at a zero.
      line = Buffer.from(text).toString('latin1').split('\0')[0] ?? ''
    }
    return /^SSH-(?:2\.|1\.99-)/.test(line) ? { line } : { line, refused: { words: '' } }
  },
  early: dropbearStray,
  within: dropbearStray,
  passwordDelay: () => 0,
  // A quarter to a third of a second in all, from the try's begin; nothing for what is not tried by a password.
  failureDelay: (_, __, elapsed, method) =>
    method === 'password' ? Math.max(0, 250 + Math.random() * 100 - elapsed) : 0,
}

/** The next byte. @throws EndOfStream when the client leaves */
async function next(input: Reader): Promise<number> {
  const [letter] = await input.bytes(1)
  if (letter === undefined) throw new EndOfStream('the peer left before its identification')
  return letter
}

export const families = { openssh, 'openssh-7': openssh7, dropbear } as const satisfies Record<
  SshFace['family'],
  Family
>
