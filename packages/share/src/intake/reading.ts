import { formatMicros, normalizeAddress, parseMicros, type Data, type Kind } from '@skep/vocabulary'

/** One event of a foreign log, in our words. */
export interface Imported {
  readonly time: string
  readonly sensor: string
  /** Name of the conversation in the foreign log, '' when it knows none. */
  readonly session: string
  readonly service: string
  readonly transport: 'tcp' | 'udp'
  readonly source: { readonly ip: string; readonly port: number }
  readonly target: { readonly port: number }
  readonly kind: Kind
  readonly data: Data
}

/** A line that is not taken, and why. */
export class Skipped extends Error {}

export type Line = Record<string, unknown>

/** Reads lines of a foreign log. A reader may remember what earlier lines told. */
export interface Format {
  readonly name: string
  /** Makes a reader for one file. */
  readonly open: () => (line: Line) => Imported[]
}

/** What a line of a foreign log holds, read without trusting it. */
export const text = (value: unknown): string =>
  typeof value === 'string' ? value : typeof value === 'number' || typeof value === 'boolean' ? String(value) : ''
export const number = (value: unknown): number => {
  const n = Number(typeof value === 'object' && value !== null ? Object.values(value)[0] : value)
  return Number.isFinite(n) && n >= 0 ? Math.trunc(n) : 0
}
export const address = (value: unknown): string => {
  const ip = normalizeAddress(text(value))
  if (ip === undefined) throw new Skipped('no source address')
  return ip
}
export const time = (value: unknown): string => {
  const raw = typeof value === 'object' && value !== null ? (value as Line)['$date'] : value
  try {
    if (typeof raw === 'object' && raw !== null) return formatMicros(number((raw as Line)['$numberLong']) * 1000)
    if (typeof raw === 'number') return formatMicros(Math.trunc(raw < 1e11 ? raw * 1e6 : raw * 1000))
    return formatMicros(parseMicros(text(raw)))
  } catch {
    throw new Skipped('no time')
  }
}
export const name = (value: unknown, fallback: string): string =>
  text(value)
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/^[^a-z0-9]+/, '')
    .slice(0, 64) || fallback

/** Python 3 Cowries of some time wrote bytes as b'…'. */
export const unbyte = (value: string): string => /^b(['"])(.*)\1$/s.exec(value)?.[2] ?? value
export const listText = (value: unknown): string[] =>
  Array.isArray(value) ? value.map((one) => unbyte(text(one))) : []
/** The objects of a list, whatever else is in it. */
export const objects = (value: unknown): Line[] =>
  Array.isArray(value) ? value.filter((one): one is Line => typeof one === 'object' && one !== null) : []
export const sha = (value: unknown): string => (/^[0-9a-f]{64}$/.test(text(value)) ? text(value) : '')

/** Which service a port usually has, for logs that name none. */
export const usual: Readonly<Record<number, string>> = {
  21: 'ftp',
  22: 'ssh',
  23: 'telnet',
  25: 'smtp',
  53: 'dns',
  80: 'http',
  110: 'pop3',
  123: 'ntp',
  135: 'epmap',
  139: 'smb',
  143: 'imap',
  161: 'snmp',
  443: 'https',
  445: 'smb',
  993: 'imaps',
  995: 'pop3s',
  1080: 'socks',
  1433: 'mssql',
  1723: 'pptp',
  1900: 'ssdp',
  3306: 'mysql',
  3389: 'rdp',
  5060: 'sip',
  5432: 'postgres',
  5555: 'adb',
  5900: 'vnc',
  6379: 'redis',
  8080: 'http',
  9200: 'elasticsearch',
  11211: 'memcached',
  27017: 'mongodb',
}
