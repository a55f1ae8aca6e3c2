const count = new Intl.NumberFormat('en')
const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 })

export const number = (n: number): string => count.format(n)
export const short = (n: number): string => (n < 10_000 ? count.format(n) : compact.format(n))
export const plural = (n: number, one: string, many = `${one}s`): string => `${number(n)} ${n === 1 ? one : many}`

/** 2026-11-23 10:11:12 in UTC, which is what evidence is told in. */
export const utc = (iso: string): string => `${iso.slice(0, 10)} ${iso.slice(11, 19)}`
export const local = (iso: string): string => new Date(iso).toLocaleString(undefined, { timeZoneName: 'short' })

export function ago(iso: string): string {
  const seconds = Math.round((Date.now() - Date.parse(iso)) / 1000)
  if (seconds < 5) return 'now'
  if (seconds < 90) return `${seconds} s ago`
  if (seconds < 5400) return `${Math.round(seconds / 60)} min ago`
  if (seconds < 129_600) return `${Math.round(seconds / 3600)} h ago`
  return iso.slice(0, 10)
}

export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 90_000) return `${(ms / 1000).toFixed(1)} s`
  return ms < 5_400_000 ? `${Math.round(ms / 60_000)} min` : `${(ms / 3_600_000).toFixed(1)} h`
}

export const bytes = (n: number): string =>
  n < 1024
    ? `${n} B`
    : n < 1024 ** 2
      ? `${(n / 1024).toFixed(1)} KiB`
      : n < 1024 ** 3
        ? `${(n / 1024 ** 2).toFixed(1)} MiB`
        : `${(n / 1024 ** 3).toFixed(1)} GiB`

const names = typeof Intl.DisplayNames === 'function' ? new Intl.DisplayNames('en', { type: 'region' }) : undefined
/** The name of an economy. */
export function economy(code: string): string {
  if (!/^[A-Z]{2}$/.test(code)) return 'unknown'
  try {
    return names?.of(code) ?? code
  } catch {
    return code
  }
}

/** A URL that nobody can follow by mistake. */
export const defang = (url: string): string =>
  url.replace(/^([a-z]+):\/\//i, (scheme) => scheme.replace(/t/gi, 'x').replace('://', '[:]//')).replaceAll('.', '[.]')

/** Control and direction characters made visible. */
export const visible = (text: string): string =>
  text
    .replace(/[\u0000-\u0008\u000b-\u001f]/g, (c) => String.fromCodePoint(0x2400 + (c.codePointAt(0) ?? 0)))
    .replace(
      /[\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff]/g,
      (c) => `‹U+${(c.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}›`,
    )

/** Bytes as hex with their text beside them. */
export function hexDump(data: Uint8Array, max = 4096): string {
  const lines: string[] = []
  for (let at = 0; at < Math.min(data.length, max); at += 16) {
    const row = [...data.subarray(at, at + 16)]
    const hex = row.map((b) => b.toString(16).padStart(2, '0'))
    const text = row.map((b) => (b >= 32 && b < 127 ? String.fromCharCode(b) : '·')).join('')
    lines.push(
      `${at.toString(16).padStart(6, '0')}  ${hex.slice(0, 8).join(' ').padEnd(23)}  ${hex.slice(8).join(' ').padEnd(23)}  ${text}`,
    )
  }
  if (data.length > max) lines.push(`… ${data.length - max} more bytes`)
  return lines.join('\n')
}

export const fromBase64 = (text: string): Uint8Array => Uint8Array.from(atob(text), (c) => c.charCodeAt(0))
