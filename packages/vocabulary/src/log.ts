/** One thing to tell the person who runs this: our diagnostics, never what attackers did (those are events). */
export interface LogLine {
  readonly time: string
  readonly level: 'info' | 'warn' | 'error'
  /** hub, sensor, store, gateway … */
  readonly part: string
  readonly message: string
  readonly [field: string]: unknown
}

/** Takes a line of diagnostics. */
export interface Log {
  (message: string, fields?: Readonly<Record<string, unknown>>): void
  readonly warn: (message: string, fields?: Readonly<Record<string, unknown>>) => void
  readonly error: (message: string, fields?: Readonly<Record<string, unknown>>) => void
  /** The same log for another part of the house. */
  readonly of: (part: string) => Log
}

/** A log whose lines go to `write`. */
export function logger(part: string, write: (line: LogLine) => void): Log {
  const at =
    (level: LogLine['level']) =>
    (message: string, fields: Readonly<Record<string, unknown>> = {}): void =>
      write({ time: new Date().toISOString(), level, part, message, ...fields })
  return Object.assign(at('info'), {
    warn: at('warn'),
    error: at('error'),
    of: (other: string) => logger(other, write),
  })
}
