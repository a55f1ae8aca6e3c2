/** Microseconds since 1970 of an RFC 3339 time in UTC with 0 to 9 digits of a second; undefined when it is none. */
export function readTime(text: string): number | undefined {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z$/.exec(text)
  if (match === null) return undefined
  const ms = Date.parse(`${match[1]}Z`)
  if (Number.isNaN(ms)) return undefined
  return ms * 1000 + Number((match[2] ?? '').padEnd(6, '0').slice(0, 6))
}

/** A time as TAXII writes it: to the microsecond. */
export const writeTime = (us: number): string =>
  `${new Date(Math.floor(us / 1000)).toISOString().slice(0, 20)}${String(us % 1_000_000).padStart(6, '0')}Z`
