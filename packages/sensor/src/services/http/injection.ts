import { createHash } from 'node:crypto'
import { header, type Request } from './message.ts'

// Commands that a request wants a shell to run. Each way is told by its form, not by the product it was made for; the
// command then runs in the attacker's own world, as whoever the web server runs as.

/** A command within a request. */
export interface Injection {
  /** By which way. */
  readonly exploit: string
  readonly cve?: string
  /** For a shell; empty where the attacker only wants to see something come back. */
  readonly command: string
  /** Whether what it prints comes back in the answer, and what does where it is no command. */
  readonly shows: boolean
  readonly answer?: string
  /** Where in the request it was. */
  readonly part: string
}

/** What a value is searched in; an attacker chooses how long it is. */
const longest = 16_384

/** Programs that injected commands begin with. */
const programs =
  '(?:/(?:usr/)?s?bin/[a-z]|wget|curl|tftp|ftpget|busybox|cd |rm |chmod |sh |sh$|bash|ash |echo |id(?![\\w=])|uname|ping |nc |ncat |netcat |cat |ls(?![\\w=])|sleep |whoami|nslookup|dig |python|perl |php |mkfifo|touch |kill|ps(?![\\w=])|printf|expr |env(?![\\w=])|ifconfig|telnetd|reboot|mkdir |mv |cp |tar |base64 |openssl |hostname|pwd(?![\\w=])|export |nohup|set \\w)'
/** One after a sign by which a shell begins another command. */
const begun = new RegExp(`(?:[;|&\\n\`]|\\$\\()\\s{0,8}${programs}`, 'i')
const atFirst = new RegExp(`^\\s{0,8}${programs}`, 'i')

/** Names of parameters whose value is a command and nothing else. */
const naming =
  /^(?:cmd|command|exec|execute|exe|run|shell|syscmd|sys_?cmd|mdc|ccmd|cli|do|c|code|x|ipaddr_cmd|custom_cmd)$/i

/** A text as it is after the encoding of URLs; as it came where that is damaged. */
function decoded(text: string): string {
  const plain = text.slice(0, longest).replaceAll('+', ' ')
  try {
    return decodeURIComponent(plain)
  } catch {
    return plain.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  }
}

/** Parameters of a query or a form. */
const parameters = (text: string): [name: string, value: string][] =>
  text
    .slice(0, 4 * longest)
    .split('&')
    .slice(0, 128)
    .map((pair) => {
      const at = pair.indexOf('=')
      return at < 0 ? ['', decoded(pair)] : [decoded(pair.slice(0, at)), decoded(pair.slice(at + 1))]
    })

/** A value as the end of a line that a careless program gives to a shell: what it wants to be run, if anything. */
function smuggled(value: string): string | undefined {
  const spaced = value.slice(0, longest).replace(/\$\{IFS[^}]{0,32}\}|\$IFS(?:\$\d)?/g, ' ')
  if (!begun.test(spaced)) return undefined
  // What closes the quotes around the value, and opens others behind it.
  const bare = value
    .slice(0, longest)
    .replace(/^[\w.:/-]{0,200}['"]+\)?(?=\s{0,8}[;|&\n`$])/, '')
    .replace(/[;|&#\s]{0,8}['"]{1,4}$/, '')
  return `: ${bare}`
}

const literal = String.raw`(?:"((?:[^"\\]|\\.){0,8192})"|'((?:[^'\\]|\\.){0,8192})')`
const phpRun = new RegExp(
  String.raw`\b(?:system|exec|shell_exec|passthru|popen|proc_open)\s{0,4}\(\s{0,4}(base64_decode\s{0,4}\(\s{0,4})?${literal}`,
)
const phpSum = new RegExp(String.raw`\bmd5\s{0,4}\(\s{0,4}(?:${literal}|(\d{1,20}))\s{0,4}\)`)

/** What a piece of PHP would run or print: a command, or a sum by which a scanner sees that it ran. */
function ofPhp(code: string): { command: string; answer?: string } | undefined {
  const text = code.slice(0, longest)
  const run = phpRun.exec(text)
  if (run !== null) {
    const given = run[2] ?? run[3] ?? ''
    const command = run[1] === undefined ? given.replace(/\\(["'\\$])/g, '$1') : Buffer.from(given, 'base64').toString()
    return { command }
  }
  const ticks = /`([^`]{1,8192})`/.exec(text)?.[1]
  if (ticks !== undefined) return { command: ticks }
  const sum = phpSum.exec(text)
  if (sum !== null)
    return {
      command: '',
      answer: createHash('md5')
        .update(sum[1] ?? sum[2] ?? sum[3] ?? '')
        .digest('hex'),
    }
  const printed = new RegExp(String.raw`\b(?:echo|print|die)\s{0,4}\(?\s{0,4}${literal}`).exec(text)
  return printed === null ? undefined : { command: '', answer: printed[1] ?? printed[2] ?? '' }
}

/** A way to get a command to a shell. */
interface Way {
  readonly exploit: string
  readonly cve?: string
  readonly find: (
    request: Request,
    query: readonly (readonly [string, string])[],
  ) => Omit<Injection, 'exploit' | 'cve'> | undefined
}

const fields = [
  'User-Agent',
  'Referer',
  'Cookie',
  'SOAPAction',
  'X-Forwarded-For',
  'Host',
  'Accept',
  'Content-Type',
  'X-Api-Version',
  'Authorization',
]

/** All ways, the telling ones first: the one place to add one. */
const ways: readonly Way[] = [
  {
    exploit: 'shellshock',
    cve: 'CVE-2014-6271',
    find: ({ headers }) => {
      for (const line of headers) {
        const command = /^[\w-]{1,64}:\s*\(\)\s*\{[^}]{0,64}\}\s*;(.{1,8192})$/.exec(line)?.[1]
        if (command !== undefined) return { command: command.trim(), shows: true, part: line }
      }
      return undefined
    },
  },
  {
    exploit: 'apache-path-traversal',
    cve: 'CVE-2021-41773',
    find: ({ target, body }) =>
      /^\/(?:cgi-bin|icons)\/(?:(?:\.|%2e|%%32%65|%25(?:%32%65|2e)|%c0%ae){2}\/|\.%2e\/|%2e\.\/){2,24}[^?]{0,64}bin\/(?:ba|da|a)?sh/i.test(
        target,
      ) && body.length > 0
        ? { command: body.toString('utf8', 0, longest), shows: true, part: target }
        : undefined,
  },
  {
    exploit: 'phpunit-eval-stdin',
    cve: 'CVE-2017-9841',
    find: ({ target, body }) => {
      if (!/eval-stdin\.php/i.test(target)) return undefined
      const found = ofPhp(body.toString('latin1', 0, longest))
      return { command: found?.command ?? '', answer: found?.answer ?? '', shows: true, part: target }
    },
  },
  {
    exploit: 'php-cgi-argument',
    cve: 'CVE-2024-4577',
    find: ({ target, body }) => {
      if (!/[?&](?:-|%2d|%ad|\xad|\ufffd)d.{1,64}(?:auto_prepend_file|allow_url_include)/i.test(target))
        return undefined
      const found = ofPhp(body.toString('latin1', 0, longest))
      return found === undefined ? undefined : { ...found, shows: true, part: target }
    },
  },
  {
    exploit: 'thinkphp-invokefunction',
    cve: 'CVE-2018-20062',
    find: ({ target }, query) => {
      if (!/invokefunction/i.test(target)) return undefined
      const values = query.filter(([name]) => /^vars\[/.test(name)).map(([, value]) => value)
      const [name = '', command = ''] = values
      if (/^md5$/i.test(name))
        return { command: '', answer: createHash('md5').update(command).digest('hex'), shows: true, part: target }
      return /^(?:system|exec|shell_exec|passthru)$/i.test(name) && command !== ''
        ? { command, shows: true, part: target }
        : undefined
    },
  },
  {
    exploit: 'web-shell',
    find: ({ target }, query) => {
      // A path that is a shell by itself (JAWS), or a parameter that is a command.
      const [path = '', rest = ''] = target.split(/\?(.*)/s)
      const only = decoded(rest)
      if (/\/(?:shell|cmd|exec|webshell)(?:\.\w{2,4})?$/i.test(path) && atFirst.test(only))
        return { command: only, shows: true, part: target }
      const named = query.find(([name, value]) => naming.test(name) && atFirst.test(value))
      return named === undefined ? undefined : { command: named[1], shows: false, part: `${named[0]}=${named[1]}` }
    },
  },
  {
    exploit: 'command-injection',
    find: ({ target, headers, body }, query) => {
      const form = body.toString('latin1', 0, longest)
      const values: (readonly [string, string])[] = [
        ...query,
        ['', decoded(target.split('?')[0] ?? '')],
        ...(/^[\w.%[\]-]{1,64}=/.test(form) ? parameters(form) : []),
        // Values of XML and JSON.
        ...[...form.matchAll(/>([^<>]{4,4096})<|:\s*"((?:[^"\\]|\\.){4,4096})"/g)]
          .slice(0, 64)
          .map((one) => ['', (one[1] ?? one[2] ?? '').replace(/\\(["\\/])/g, '$1')] as const),
        ...fields
          .map((name) => [name, header(headers, name)] as const)
          .filter(
            ([name, value]) =>
              value !== '' &&
              !(/^(?:User-Agent|Cookie|Accept)$/.test(name) && !/[`]|\$\(|;\s*(?:wget|curl|cd|rm|sh)\b/.test(value)),
          ),
      ]
      for (const [name, value] of values) {
        const command = smuggled(value)
        if (command !== undefined) return { command, shows: false, part: name === '' ? value : `${name}=${value}` }
      }
      return undefined
    },
  },
]

/** The command that a request wants to be run, by the first way that fits. */
export function injectionOf(request: Request): Injection | undefined {
  const at = request.target.indexOf('?')
  const query = at < 0 ? [] : parameters(request.target.slice(at + 1))
  for (const { exploit, cve, find } of ways) {
    const found = find(request, query)
    if (found !== undefined)
      return { exploit, ...(cve !== undefined && { cve }), ...found, part: found.part.slice(0, 1024) }
  }
  return undefined
}

/** What a program of the gateway interface printed, as the body of the answer: its own head is taken off. */
export const bodyOf = (printed: string): string =>
  /^(?:[\w-]{1,64}:[^\n]*\n)+\r?\n([^]*)$/.exec(printed)?.[1] ?? printed.replace(/^\n/, '')
