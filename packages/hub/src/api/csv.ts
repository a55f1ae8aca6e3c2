/**
 * One value of a CSV file (RFC 4180). A value that a spreadsheet would run as a formula gets an apostrophe before it:
 * attackers choose user names such as `=HYPERLINK(…)`. Control characters become visible.
 */
export function csvValue(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  const text = Array.isArray(value) ? value.join(' ') : value === null || value === undefined ? '' : String(value)
  const visible = text.replace(
    /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
  const safe = /^[=+\-@\t\r]/.test(visible) ? `'${visible}` : visible
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

/** Rows as CSV with a head; the columns are those of the first row. */
export function csv(rows: readonly Readonly<Record<string, unknown>>[]): string {
  const names = Object.keys(rows[0] ?? {})
  return [names.map(csvValue), ...rows.map((row) => names.map((name) => csvValue(row[name])))]
    .map((line) => `${line.join(',')}\r\n`)
    .join('')
}
