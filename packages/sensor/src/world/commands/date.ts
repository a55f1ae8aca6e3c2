import { resolvePath } from '../node.ts'
import { complain, say, type Command } from './command.ts'

// date of GNU coreutils: formats, and times as people write them (info date, "Date input formats"). The machine's clock is
// the real one, in UTC.

const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']
const months = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
]
const second = 1000
const lengths: Readonly<Record<string, number>> = {
  sec: second,
  second,
  min: 60 * second,
  minute: 60 * second,
  hour: 3600 * second,
  day: 86_400 * second,
  week: 604_800 * second,
  fortnight: 1_209_600 * second,
}

/** The week of the year: of ISO 8601 (with its year), or counted from the first Sunday or Monday. */
function isoWeek(date: Date): { week: number; year: number } {
  const at = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()))
  at.setUTCDate(at.getUTCDate() + 4 - (at.getUTCDay() || 7))
  const first = Date.UTC(at.getUTCFullYear(), 0, 1)
  return { week: Math.ceil(((at.getTime() - first) / 86_400_000 + 1) / 7), year: at.getUTCFullYear() }
}

/** A time in a format of date(1). @param ms since 1970; @param nanos what is behind the full second, of nine digits */
export function formatted(format: string, ms: number, nanos = '000000000'): string {
  const date = new Date(ms)
  const dayOfYear = Math.floor((ms - Date.UTC(date.getUTCFullYear(), 0, 1)) / 86_400_000) + 1
  const hour12 = date.getUTCHours() % 12 || 12
  const [day = '', month = ''] = [days[date.getUTCDay()], months[date.getUTCMonth()]]
  const [year, hours] = [date.getUTCFullYear(), date.getUTCHours()]
  const iso = isoWeek(date)
  type Value = readonly [text: number | string, width?: number, pad?: string]
  const values: Readonly<Record<string, () => Value>> = {
    a: () => [day.slice(0, 3)],
    A: () => [day],
    b: () => [month.slice(0, 3)],
    h: () => [month.slice(0, 3)],
    B: () => [month],
    c: () => [formatted('%a %b %e %H:%M:%S %Y', ms)],
    C: () => [Math.floor(year / 100), 2],
    d: () => [date.getUTCDate(), 2],
    D: () => [formatted('%m/%d/%y', ms)],
    e: () => [date.getUTCDate(), 2, ' '],
    F: () => [formatted('%Y-%m-%d', ms)],
    g: () => [iso.year % 100, 2],
    G: () => [iso.year],
    H: () => [hours, 2],
    I: () => [hour12, 2],
    j: () => [dayOfYear, 3],
    k: () => [hours, 2, ' '],
    l: () => [hour12, 2, ' '],
    m: () => [date.getUTCMonth() + 1, 2],
    M: () => [date.getUTCMinutes(), 2],
    n: () => ['\n'],
    N: () => [nanos],
    p: () => [hours < 12 ? 'AM' : 'PM'],
    P: () => [hours < 12 ? 'am' : 'pm'],
    q: () => [Math.floor(date.getUTCMonth() / 3) + 1],
    r: () => [formatted('%I:%M:%S %p', ms)],
    R: () => [formatted('%H:%M', ms)],
    s: () => [Math.floor(ms / 1000)],
    S: () => [date.getUTCSeconds(), 2],
    t: () => ['\t'],
    T: () => [formatted('%H:%M:%S', ms)],
    u: () => [date.getUTCDay() || 7],
    U: () => [Math.floor((dayOfYear + 6 - date.getUTCDay()) / 7), 2],
    V: () => [iso.week, 2],
    w: () => [date.getUTCDay()],
    W: () => [Math.floor((dayOfYear + 6 - ((date.getUTCDay() + 6) % 7)) / 7), 2],
    x: () => [formatted('%m/%d/%y', ms)],
    X: () => [formatted('%H:%M:%S', ms)],
    y: () => [year % 100, 2],
    Y: () => [year],
    z: () => ['+0000'],
    ':z': () => ['+00:00'],
    '::z': () => ['+00:00:00'],
    Z: () => ['UTC'],
    '%': () => ['%'],
  }
  return format.replace(
    /%([-_0^#]*)(\d{0,3})[EO]?(:{0,2}z|[a-zA-Z%])/g,
    (whole, flags: string, wide: string, kind: string) => {
      if (kind === 'N' && wide !== '') return nanos.slice(0, Math.max(1, Math.min(9, Number(wide))))
      const value = values[kind]?.()
      if (value === undefined) return whole
      const [text, width = 0, pad = '0'] = value
      const filler = flags.includes('_') ? ' ' : flags.includes('0') ? '0' : pad
      const shown = flags.includes('-')
        ? String(text)
        : String(text).padStart(
            Math.max(width, Math.min(200, Number(wide || 0))),
            typeof text === 'string' ? ' ' : filler,
          )
      return flags.includes('^')
        ? shown.toUpperCase()
        : flags.includes('#')
          ? shown === shown.toUpperCase()
            ? shown.toLowerCase()
            : shown.toUpperCase()
          : shown
    },
  )
}

/** A time as somebody wrote it. @returns milliseconds since 1970, or undefined where that cannot be understood */
export function readDate(text: string, now: number): number | undefined {
  let rest = ` ${text.trim().toLowerCase()} `
  const take = (pattern: RegExp): RegExpExecArray | undefined => {
    const match = pattern.exec(rest)
    if (match === null) return undefined
    rest = `${rest.slice(0, match.index)} ${rest.slice(match.index + match[0].length)}`
    return match
  }
  if (rest.length > 200) return undefined
  const stamp = take(/^ @(-?\d{1,12})(?:\.\d+)? /)
  if (stamp !== undefined) return Number(stamp[1]) * 1000
  const base = new Date(now)
  let [year, month, date] = [base.getUTCFullYear(), base.getUTCMonth(), base.getUTCDate()]
  let clock: [number, number, number] | undefined
  let zone = 0
  let [dated, moved] = [false, false]
  const word = (list: readonly string[], name: string): number =>
    list.findIndex((one) => one.toLowerCase().startsWith(name.slice(0, 3)))
  const iso = take(/ (\d{4})-(\d{1,2})-(\d{1,2})(?=[ t])t?/) ?? take(/ (\d{4})(\d{2})(\d{2})(?= )/)
  if (iso !== undefined) {
    ;[year, month, date] = [Number(iso[1]), Number(iso[2]) - 1, Number(iso[3])]
    dated = true
  }
  const american = dated ? undefined : take(/ (\d{1,2})\/(\d{1,2})(?:\/(\d{2,4}))?(?= )/)
  if (american !== undefined) {
    ;[month, date] = [Number(american[1]) - 1, Number(american[2])]
    if (american[3] !== undefined) year = american[3].length === 2 ? 2000 + Number(american[3]) : Number(american[3])
    dated = true
  }
  const time = take(/ (\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)? ?(am|pm)?(?=[ z+-])/)
  if (time !== undefined) {
    const hour = Number(time[1])
    clock = [
      time[4] === undefined ? hour : (hour % 12) + (time[4] === 'pm' ? 12 : 0),
      Number(time[2]),
      Number(time[3] ?? 0),
    ]
    if (clock[0] > 23 || clock[1] > 59 || clock[2] > 60) return undefined
    const offset = take(/ ([+-])(\d{2}):?(\d{2})(?= )/)
    if (offset !== undefined) zone = (offset[1] === '-' ? -1 : 1) * (Number(offset[2]) * 60 + Number(offset[3]))
  }
  take(/ (?:utc|gmt|z)(?= )/)
  const monthName =
    'jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?'
  const named = dated
    ? undefined
    : (take(new RegExp(` (\\d{1,2})[ -](${monthName})(?:[ -](\\d{4}))?(?= )`)) ?? undefined)
  const namedFirst =
    dated || named !== undefined ? undefined : take(new RegExp(` (${monthName}) (\\d{1,2})(?:,? (\\d{4}))?(?= )`))
  const found =
    named === undefined
      ? namedFirst === undefined
        ? undefined
        : [namedFirst[2], namedFirst[1], namedFirst[3]]
      : [named[1], named[2], named[3]]
  if (found !== undefined) {
    ;[date, month] = [Number(found[0]), word(months, found[1] ?? '')]
    if (found[2] !== undefined) year = Number(found[2])
    dated = true
  }
  const weekday = take(
    / (?:(next|last|this) )?(sun(?:day)?|mon(?:day)?|tue(?:sday)?|wed(?:nesday)?|thu(?:rsday)?|fri(?:day)?|sat(?:urday)?),?(?= )/,
  )
  let shift = 0
  const whole = { months: 0, years: 0 }
  for (let i = 0; i < 8; i++) {
    const relative = take(
      / ([+-]? ?\d{1,9}|next|last|this|an?)? ?(sec(?:ond)?|min(?:ute)?|hour|day|week|fortnight|month|year)s?( ago)?(?= )/,
    )
    if (relative === undefined) break
    const [, count = '1', unit = '', ago] = relative
    const n =
      (count === 'next' || count.startsWith('a')
        ? 1
        : count === 'last'
          ? -1
          : count === 'this'
            ? 0
            : Number(count.replace(' ', ''))) * (ago === undefined ? 1 : -1)
    if (unit === 'month') whole.months += n
    else if (unit === 'year') whole.years += n
    else shift += n * (lengths[unit] ?? 0)
    moved = true
  }
  for (const [name, by] of [
    ['yesterday', -1],
    ['tomorrow', 1],
    ['today', 0],
    ['now', 0],
    ['midnight', 0],
    ['noon', 0],
  ] as const)
    if (take(new RegExp(` ${name}(?= )`)) !== undefined) {
      shift += by * 86_400_000
      if (name === 'midnight') clock = [0, 0, 0]
      if (name === 'noon') clock = [12, 0, 0]
      moved = true
    }
  if (rest.trim() !== '') return undefined
  if (month < 0 || month > 11 || date < 1 || date > 31) return undefined
  // A day without an hour is its midnight; a move alone keeps the hour.
  const hour = clock ?? (dated || weekday !== undefined || text.trim() === '' ? [0, 0, 0] : undefined)
  let at =
    Date.UTC(
      year + whole.years,
      month + whole.months,
      date,
      ...(hour ?? [base.getUTCHours(), base.getUTCMinutes(), base.getUTCSeconds()]),
    ) -
    zone * 60_000
  if (weekday !== undefined) {
    const wanted = word(days, weekday[2] ?? '')
    const ahead = (wanted - new Date(at).getUTCDay() + 7) % 7
    at +=
      (weekday[1] === 'last' ? (ahead === 0 ? -7 : ahead - 7) : weekday[1] === 'next' && ahead === 0 ? 7 : ahead) *
      86_400_000
  }
  return moved || dated || clock !== undefined || weekday !== undefined || text.trim() === '' ? at + shift : undefined
}

const isoFormats: Readonly<Record<string, string>> = {
  '': '%Y-%m-%d',
  date: '%Y-%m-%d',
  hours: '%Y-%m-%dT%H%:z',
  minutes: '%Y-%m-%dT%H:%M%:z',
  seconds: '%Y-%m-%dT%H:%M:%S%:z',
  ns: '%Y-%m-%dT%H:%M:%S,%N%:z',
}
const hint = "Try 'date --help' for more information.\n"

export const date: Command = (args, io) => {
  const now = Date.now()
  let format: string | undefined
  let at: number | undefined
  let set = false
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? ''
    const long = /^--([a-z-0-9]+)(?:=([^]*))?$/.exec(arg)
    const letter = /^-([a-zA-Z])([^]*)$/.exec(arg)
    const name = long?.[1] ?? letter?.[1] ?? ''
    const value = (): string | undefined =>
      long !== null ? (long[2] ?? args[++i]) : letter !== null && letter[2] !== '' ? letter[2] : args[++i]
    if (arg.startsWith('+')) {
      if (format !== undefined) return complain(`date: extra operand ‘${arg}’\n${hint}`)
      format = arg.slice(1)
    } else if (name === 'd' || 'date'.startsWith(name || 'x')) {
      const text = value()
      if (text === undefined) return complain(`date: option requires an argument -- 'd'\n${hint}`)
      at = readDate(text, now)
      if (at === undefined) return complain(`date: invalid date ‘${text}’\n`)
    } else if (name === 'r' || name === 'reference') {
      const path = value()
      if (path === undefined) return complain(`date: option requires an argument -- 'r'\n${hint}`)
      const node = io.fs.node(resolvePath(io.cwd, path))
      if (node === undefined) return complain(`date: ${path}: No such file or directory\n`)
      at = node.mtime
    } else if (name === 's' || name === 'set') {
      const text = value() ?? ''
      at = readDate(text, now)
      if (at === undefined) return complain(`date: invalid date ‘${text}’\n`)
      set = true
    } else if (name === 'I' || name === 'iso-8601') {
      const kind = (long?.[2] ?? letter?.[2] ?? '').toLowerCase()
      const known = Object.keys(isoFormats).find((one) => one === kind || (kind !== '' && one.startsWith(kind)))
      if (known === undefined)
        return complain(
          `date: invalid argument ‘${kind}’ for ‘--iso-8601’\nValid arguments are:\n  - ‘hours’\n  - ‘minutes’\n  - ‘date’\n  - ‘seconds’\n  - ‘ns’\n${hint}`,
        )
      format = isoFormats[known]
    } else if (name === 'R' || name === 'rfc-email' || name === 'rfc-2822') format = '%a, %d %b %Y %H:%M:%S %z'
    else if (name === 'rfc-3339') format = (long?.[2] ?? '').startsWith('d') ? '%Y-%m-%d' : '%Y-%m-%d %H:%M:%S%:z'
    else if (name === 'u' || name === 'utc' || name === 'universal') continue
    else if (name === 'f') return {}
    else if (arg.startsWith('--')) return complain(`date: unrecognized option '${arg}'\n${hint}`)
    else if (arg.startsWith('-') && arg.length > 1)
      return complain(`date: invalid option -- '${arg[1] ?? ''}'\n${hint}`)
    // The old way of setting it: MMDDhhmm and the year.
    else if (/^\d{8}(?:\d{2}|\d{4})?(?:\.\d{2})?$/.test(arg)) set = true
    else return complain(`date: invalid date ‘${arg}’\n`)
  }
  const shown = at ?? now
  const nanos =
    at === undefined
      ? `${String(now % 1000).padStart(3, '0')}${String(((performance.now() * 1e6) % 1e6) | 0).padStart(6, '0')}`
      : '000000000'
  const out = `${formatted(format ?? '%a %b %e %H:%M:%S %Z %Y', shown, nanos)}\n`
  // The clock of a virtual machine's guest may be set by root; ours goes on as it was.
  return set && io.user.uid !== 0 ? { err: 'date: cannot set date: Operation not permitted\n', out, code: 1 } : say(out)
}
