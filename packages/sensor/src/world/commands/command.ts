import type { Machine, User } from '../../personas/machine.ts'
import type { DecoyFs } from '../fs.ts'

/** Something that a command did and that is worth an event. */
export type Effect =
  | { readonly type: 'fetch'; readonly url: string; readonly tool: string }
  | { readonly type: 'password'; readonly user: string; readonly secret: string }
  | { readonly type: 'persistence'; readonly method: string; readonly path: string; readonly content: string }

/** What a command sees. */
export interface Io {
  readonly machine: Machine
  readonly fs: DecoyFs
  readonly cwd: string
  readonly env: ReadonlyMap<string, string>
  /** What programs get of it. */
  readonly exported: Readonly<Record<string, string>>
  /** Who is signed in. */
  readonly user: User
  /** The attacker's address, as the machine's own logs would show it. */
  readonly source: string
  /** When the session began, milliseconds since 1970. */
  readonly since: number
  readonly stdin: string
  /** Whether the attacker sits at a terminal. */
  readonly tty: boolean
  readonly effects: Effect[]
  /** What a fetcher brought of what is elsewhere, by URL. */
  readonly given: ReadonlyMap<string, { readonly bytes: Uint8Array; readonly address: string }>
  /** What comes from a process that stands in for a file: <(…). */
  readonly descriptor: (path: string) => Promise<Buffer>
  /** Does something as another user. */
  readonly as: (user: User, work: () => Promise<Result>) => Promise<Result>
  /** Runs a line in the same shell. */
  readonly exec: (line: string, stdin?: string) => Promise<Result>
  /** Runs a program, as execvp does. @returns also, where there is none, why */
  readonly run: (
    args: readonly string[],
    given?: { readonly stdin?: string; readonly env?: ReadonlyMap<string, string> },
  ) => Promise<Result & { readonly lost?: string }>
  /** Lets something sleep until a time at most. @returns its result, and whether it would have slept longer */
  readonly until: (at: number, what: () => Promise<Result>) => Promise<{ ended: boolean; result: Result }>
  /** Waits without holding up anyone. */
  readonly sleep: (ms: number) => Promise<void>
}

export interface Result {
  readonly out?: string
  readonly err?: string
  readonly code?: number
}

/** A program of the machine. `args` do not hold its name. */
export type Command = (args: readonly string[], io: Io) => Result | Promise<Result>

export const say = (out: string): Result => ({ out })
export const complain = (err: string, code = 1): Result => ({ err, code })
export const silent: Command = () => ({})

/** Flags of one letter that are set, and what is no flag. */
export function letters(args: readonly string[]): { flags: Set<string>; rest: string[] } {
  const flags = new Set<string>()
  const rest: string[] = []
  let end = false
  for (const arg of args) {
    if (end || !/^-./.test(arg)) rest.push(arg)
    else if (arg === '--') end = true
    else if (arg.startsWith('--')) flags.add(arg)
    else for (const letter of arg.slice(1)) flags.add(letter)
  }
  return { flags, rest }
}

/** 1536 as 1.5K, the way ls and df write it (rounded up). */
export function human(bytes: number, space = false): string {
  if (bytes < 1024) return `${bytes}${space ? 'B' : ''}`
  let [value, unit] = [bytes, -1]
  while (value >= 1024 && unit < 4) {
    value /= 1024
    unit++
  }
  const shown = value < 10 ? (Math.ceil(value * 10) / 10).toFixed(1) : String(Math.ceil(value))
  return shown + 'KMGTP'[unit] + (space ? 'i' : '')
}
