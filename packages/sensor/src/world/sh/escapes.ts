// What stands behind a backslash (POSIX.1-2017, echo and printf; bash(1), QUOTING).

/** Characters that echo -e, printf's %b and $'…' know. */
const simple: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  e: '\x1b',
  E: '\x1b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
}

/** Those that $'…' knows besides. */
const quoted: Readonly<Record<string, string>> = { ...simple, "'": "'", '"': '"', '?': '?' }

/** Bytes of a code point, one character each. */
const utf8 = (code: number): string =>
  code <= 0x10ffff && (code < 0xd800 || code > 0xdfff) ? Buffer.from(String.fromCodePoint(code)).toString('latin1') : ''

/** What stands in $'…'. */
export function ansiC(text: string): string {
  return text.replace(
    /\\(?:x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{1,4})|U([0-9a-fA-F]{1,8})|([0-7]{1,3})|c([^])|([^]))/g,
    (whole, hex, short, long, octal, control, letter) => {
      if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16))
      if (short !== undefined || long !== undefined) return utf8(Number.parseInt(short ?? long, 16))
      if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8) & 255)
      if (control !== undefined) return String.fromCharCode(String(control).toUpperCase().charCodeAt(0) & 31)
      return quoted[letter as string] ?? whole
    },
  )
}

/** Reads the backslashes of echo -e and of %b. @returns the text, and whether \c ended it */
export function escaped(
  text: string,
  { octal, hex = true }: { readonly octal: RegExp; readonly hex?: boolean },
): { text: string; ends: boolean } {
  let out = ''
  for (let i = 0; i < text.length; i++) {
    if (text[i] !== '\\') {
      out += text[i]
      continue
    }
    const rest = text.slice(i + 1, i + 12)
    const c = rest[0] ?? ''
    if (c === 'c') return { text: out, ends: true }
    const number = octal.exec(rest)
    const byte = hex ? /^x([0-9a-fA-F]{1,2})/.exec(rest) : null
    const point = hex ? /^(?:u([0-9a-fA-F]{1,4})|U([0-9a-fA-F]{1,8}))/.exec(rest) : null
    if (number !== null) {
      out += String.fromCharCode(Number.parseInt(number[1] === '' ? '0' : (number[1] ?? '0'), 8) & 255)
      i += number[0].length
    } else if (byte !== null) {
      out += String.fromCharCode(Number.parseInt(byte[1] ?? '0', 16))
      i += byte[0].length
    } else if (point !== null) {
      out += utf8(Number.parseInt(point[1] ?? point[2] ?? '0', 16))
      i += point[0].length
    } else if (simple[c] !== undefined) {
      out += simple[c]
      i++
    } else out += '\\'
  }
  return { text: out, ends: false }
}
