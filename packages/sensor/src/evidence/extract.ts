import { gunzipSync, inflateSync } from 'node:zlib'

/** A URL that something wants to be fetched. */
export interface FoundUrl {
  readonly url: string
  /** How it had to be decoded, in order: plain, url, base64, hex, ifs, gzip … */
  readonly decoded: string
  readonly tool?: string
}

const maxText = 128 * 1024
const maxVariants = 48
/** Characters that are looked at in all readings together: this runs on the thread that serves everyone. */
const maxWork = 512 * 1024
const maxDepth = 5
const maxUrls = 64

/** A way to hide text. Gives other readings of a text, or none. */
interface Decoder {
  readonly name: string
  readonly decode: (text: string) => string[]
}

const printable = (text: string): boolean => {
  const odd = text.replace(/[\x09\x0a\x0d\x20-\x7e]/g, '').length
  return text.length >= 6 && odd / text.length < 0.1
}

const decoders: readonly Decoder[] = [
  {
    name: 'url',
    decode: (text) =>
      /%[0-9a-f]{2}/i.test(text) || /%u[0-9a-f]{4}/i.test(text)
        ? [
            Buffer.from(
              text
                .replaceAll('+', ' ')
                .replace(/%u([0-9a-f]{4})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
                .replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
              'latin1',
            ).toString('utf8'),
          ]
        : [],
  },
  {
    name: 'ifs',
    decode: (text) => (/\$\{?IFS/.test(text) ? [text.replace(/\$\{IFS(?:[^}]*)\}|\$IFS(?:\$\d)?/g, ' ')] : []),
  },
  {
    name: 'hex',
    decode: (text) => {
      const found: string[] = []
      if (/\\x[0-9a-f]{2}/i.test(text)) {
        found.push(
          text.replace(/\\x([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
        )
      }
      for (const [hex] of text.matchAll(/\b(?:0x)?((?:[0-9a-f]{2}){12,})\b/gi)) {
        const plain = Buffer.from(hex.replace(/^0x/i, ''), 'hex').toString('latin1')
        if (printable(plain)) found.push(plain)
      }
      return found
    },
  },
  {
    name: 'octal',
    decode: (text) =>
      /(?:\\[0-3]?[0-7]{2,3}){4}/.test(text)
        ? [
            text.replace(/\\0?([0-3]?[0-7]{2})/g, (_, octal: string) =>
              String.fromCharCode(Number.parseInt(octal, 8) & 255),
            ),
          ]
        : [],
  },
  {
    name: 'unicode',
    decode: (text) =>
      /\\u[0-9a-f]{4}/i.test(text)
        ? [text.replace(/\\u([0-9a-f]{4})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))]
        : [],
  },
  {
    name: 'html',
    decode: (text) =>
      /&(?:#\d+|#x[0-9a-f]+|amp|lt|gt|quot|apos);/i.test(text)
        ? [
            text
              .replace(/&#(\d{1,5});/g, (_, n: string) => String.fromCharCode(Number(n)))
              .replace(/&#x([0-9a-f]{1,4});/gi, (_, n: string) => String.fromCharCode(Number.parseInt(n, 16)))
              .replace(
                /&(lt|gt|quot|apos|amp);/gi,
                (_, name: string) => ({ lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' })[name.toLowerCase()] ?? '',
              ),
          ]
        : [],
  },
  {
    name: 'base64',
    decode: (text) => {
      const found: string[] = []
      for (const [token] of text.matchAll(/[A-Za-z0-9+/_-]{16,}={0,2}/g)) {
        const bytes = Buffer.from(token, 'base64')
        const plain = unpack(bytes) ?? bytes.toString('latin1')
        if (printable(plain)) found.push(plain)
      }
      return found
    },
  },
  {
    // ${jndi:${lower:l}dap://…}: nested look-ups of Log4j.
    name: 'lookup',
    decode: (text) => {
      let plain = text
      for (let i = 0; i < 8; i++) {
        const next = plain.replace(/\$\{(?:lower|upper):([^${}]*)\}/gi, '$1').replace(/\$\{[^${}]*:-([^${}]*)\}/g, '$1')
        if (next === plain) break
        plain = next
      }
      return plain === text ? [] : [plain]
    },
  },
  {
    // Quotes and backslashes that the shell drops: w'g'et, cu\rl.
    name: 'quotes',
    decode: (text) => (/\w(?:''|""|\\(?=[a-z]))\w/.test(text) ? [text.replace(/''|""|\\(?=[a-z])/g, '')] : []),
  },
  {
    // a=http://h; wget $a/x: variables that the line itself sets.
    name: 'variable',
    decode: (text) => {
      const values = new Map<string, string>()
      for (const [, name = '', value = ''] of text.matchAll(
        /(?:^|[\s;&|(])([A-Za-z_]\w{0,31})=["']?([^\s"';&|]{1,200})/g,
      ))
        values.set(name, value)
      if (values.size === 0 || !text.includes('$')) return []
      const plain = text.replace(/\$\{?([A-Za-z_]\w{0,31})\}?/g, (all, name: string) => values.get(name) ?? all)
      return plain === text || plain.length > maxText ? [] : [plain]
    },
  },
]

function unpack(bytes: Buffer): string | undefined {
  try {
    if (bytes[0] === 0x1f && bytes[1] === 0x8b)
      return gunzipSync(bytes, { maxOutputLength: maxText }).toString('latin1')
    if (bytes[0] === 0x78) return inflateSync(bytes, { maxOutputLength: maxText }).toString('latin1')
  } catch {
    // Not packed after all.
  }
  return undefined
}

const urlPattern = /\b(?:https?|ftps?|tftp|ldaps?|rmi|dns):\/\/[^\s"'<>`|;(){}\\^,\u0000-\u001f]{3,2000}/gi
const host = String.raw`((?:\d{1,3}\.){3}\d{1,3}|\[[0-9a-f:]+\]|(?:[a-z0-9-]{1,63}\.)+[a-z]{2,24})`
const tools: readonly (readonly [string, RegExp, (match: RegExpMatchArray) => string])[] = [
  [
    'tftp',
    new RegExp(String.raw`\btftp\b[^;|&\n]{0,80}?-r\s+([^\s;|&]+)[^;|&\n]{0,40}?\s${host}`, 'gi'),
    ([, file, at]) => `tftp://${at}/${file}`,
  ],
  [
    'tftp',
    new RegExp(String.raw`\btftp\b[^;|&\n]{0,80}?-g\s+${host}[^;|&\n]{0,40}?-r\s+([^\s;|&]+)`, 'gi'),
    ([, at, file]) => `tftp://${at}/${file}`,
  ],
  [
    'tftp',
    new RegExp(String.raw`\btftp\s+${host}[^;|&\n]{0,40}?-c\s+get\s+([^\s;|&]+)`, 'gi'),
    ([, at, file]) => `tftp://${at}/${file}`,
  ],
  [
    'ftpget',
    new RegExp(String.raw`\bftpget\b[^;|&\n]{0,120}?\s${host}\s+([^\s;|&]+)(?:\s+([^\s;|&]+))?`, 'gi'),
    ([, at, local, remote]) => `ftp://${at}/${remote ?? local}`,
  ],
  [
    'wget',
    new RegExp(String.raw`\bwget\b(?:\s+-[^\s;|&]+)*\s+(${host}(?::\d+)?(?:/[^\s"';|&<>)\x60]*)?)`, 'gi'),
    ([, rest]) => `http://${rest}`,
  ],
  [
    'curl',
    new RegExp(String.raw`\bcurl\b(?:\s+-[^\s;|&]+)*\s+(${host}(?::\d+)?(?:/[^\s"';|&<>)\x60]*)?)`, 'gi'),
    ([, rest]) => `http://${rest}`,
  ],
  ['bash', /\/dev\/tcp\/([\w.-]{3,253})\/(\d{1,5})/g, ([, at, port]) => `tcp://${at}:${port}`],
]

const toolBefore = (text: string, at: number): string | undefined =>
  /(?:^|[\s/;|&(`'"])(wget|curl|tftp|ftpget|fetch|lwp-download|aria2c|certutil|powershell|bitsadmin)\b[^;|&\n]{0,200}$/i
    .exec(text.slice(Math.max(0, at - 240), at))?.[1]
    ?.toLowerCase()

/**
 * Finds URLs in anything that an attacker sent, after undoing what hides them: percent and base64 encoding, hex and
 * octal escapes, ${IFS}, nested look-ups, variables, gzip inside base64; nested, within fixed bounds.
 */
export function extractUrls(input: string): FoundUrl[] {
  const found = new Map<string, FoundUrl>()
  const seen = new Set<string>()
  const queue: { text: string; path: string[] }[] = [{ text: input.slice(0, maxText), path: [] }]
  let variants = 0
  let work = 0
  while (queue.length > 0 && variants++ < maxVariants && work < maxWork && found.size < maxUrls) {
    const { text, path } = queue.shift() ?? { text: '', path: [] }
    work += text.length
    const decoded = path.length === 0 ? 'plain' : path.join(' ')
    const add = (raw: string, tool?: string) => {
      const url = raw.replace(/[.,:!?'\])]+$/, '')
      // An escape that is still there will be read once it is decoded; the half-read form would be a second URL.
      if (url.length < 8 || found.has(url) || found.size >= maxUrls || /\$\{?IFS|%[0-9a-f]{2}%|\\x/i.test(url)) return
      found.set(url, { url, decoded, ...(tool !== undefined && { tool }) })
    }
    for (const match of text.matchAll(urlPattern)) add(match[0], toolBefore(text, match.index))
    for (const [tool, pattern, make] of tools) {
      for (const match of text.matchAll(pattern)) {
        if (!/^-/.test(match[1] ?? '')) add(make(match), tool)
      }
    }
    if (path.length >= maxDepth) continue
    for (const { name, decode } of decoders) {
      for (const next of decode(text)) {
        if (next === text || next.length > maxText || seen.has(next) || queue.length > maxVariants) continue
        seen.add(next)
        queue.push({ text: next, path: [...path, name] })
      }
    }
  }
  return [...found.values()]
}
