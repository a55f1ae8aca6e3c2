/**
 * Microseconds since 1970, never running backwards within a process.
 * Date.now() alone has milliseconds and follows every step of the clock.
 */
export function nowMicros(): number {
  const wall = Date.now() * 1000
  const fine = Math.trunc((performance.timeOrigin + performance.now()) * 1000)
  // The monotonic clock is finer but drifts from the wall clock when that is set: follow the wall beyond 20 ms.
  const now = Math.abs(fine - wall) < 20_000 ? fine : wall
  last = Math.max(now, last + 1 > now + 1_000_000 ? now : last + 1)
  return last
}
let last = 0

/** Microseconds since 1970 as RFC 3339 in UTC with six decimals. */
export function formatMicros(micros: number): string {
  const second = Math.floor(micros / 1_000_000)
  if (second !== lastSecond) {
    lastSecond = second
    lastText = new Date(second * 1000).toISOString().slice(0, 19)
  }
  return `${lastText}.${(micros - second * 1_000_000).toString().padStart(6, '0')}Z`
}
// Events come in the order of time: most share their second with the one before.
let lastSecond = Number.NaN
let lastText = ''

/**
 * Microseconds since 1970 of an RFC 3339 time; up to six decimals are kept. A time without a zone is taken as UTC.
 * @throws RangeError when it is no time
 */
export function parseMicros(time: string): number {
  const match = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?\s*(Z|[+-]\d\d:?\d\d)?$/.exec(time)
  if (match === null) throw new RangeError(`Cannot read the time: ${time.slice(0, 64)}`)
  const [, date, clock, fraction = '', zone = 'Z'] = match
  const offset = zone === 'Z' ? 'Z' : zone.includes(':') ? zone : `${zone.slice(0, 3)}:${zone.slice(3)}`
  const seconds = Date.parse(`${date}T${clock}${offset}`)
  if (Number.isNaN(seconds)) throw new RangeError(`Cannot read the time: ${time.slice(0, 64)}`)
  return seconds * 1000 + Number(fraction.padEnd(6, '0').slice(0, 6))
}
