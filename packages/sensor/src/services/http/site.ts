import type { Persona } from '../../personas/persona.ts'
import { header, type Request } from './message.ts'

/** What a page answers. */
export interface Answer {
  readonly status: number
  readonly headers?: readonly string[]
  readonly body: string
}

const reasons: Readonly<Record<number, string>> = {
  200: 'OK',
  301: 'Moved Permanently',
  302: 'Moved Temporarily',
  304: 'Not Modified',
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Not Allowed',
  413: 'Request Entity Too Large',
  414: 'Request-URI Too Large',
  500: 'Internal Server Error',
  505: 'HTTP Version Not Supported',
}

/** nginx's own page for a status. */
export const errorPage = (status: number, server: string): string =>
  `<html>\r\n<head><title>${status} ${reasons[status] ?? ''}</title></head>\r\n<body>\r\n<center><h1>${status} ${reasons[status] ?? ''}</h1></center>\r\n<hr><center>${server}</center>\r\n</body>\r\n</html>\r\n`

const page = (title: string, body: string): string =>
  `<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>${title}</title>\n<link rel="stylesheet" href="/static/style.css">\n</head>\n<body>\n${body}\n</body>\n</html>\n`

const form = (title: string, note = ''): string =>
  page(
    `${title} - Sign in`,
    `<main class="login">\n<h1>${title}</h1>\n${note}<form method="post" action="/login">\n<label>User name <input name="username" autocomplete="username"></label>\n<label>Password <input type="password" name="password" autocomplete="current-password"></label>\n<button>Sign in</button>\n</form>\n</main>`,
  )

/** The fields of a form or of a JSON body that may be a user name and a password. */
export function credentialsOf(request: Request): { user: string; secret: string } | undefined {
  const basic = /^Basic\s+([A-Za-z0-9+/=]{1,2048})$/i.exec(header(request.headers, 'authorization'))?.[1]
  if (basic !== undefined) {
    const [user = '', secret = ''] = Buffer.from(basic, 'base64').toString('utf8').split(/:(.*)/s)
    return { user, secret }
  }
  const text = request.body.subarray(0, 16_384).toString('utf8')
  const fields = new Map<string, string>()
  if (/^\s*\{/.test(text)) {
    for (const [, name = '', value = ''] of text.matchAll(/"([\w.-]{1,64})"\s*:\s*"((?:[^"\\]|\\.){0,512})"/g))
      fields.set(name.toLowerCase(), value)
  } else {
    try {
      for (const [name, value] of new URLSearchParams(text)) fields.set(name.toLowerCase(), value)
    } catch {
      return undefined
    }
  }
  const find = (pattern: RegExp) => [...fields].find(([name]) => pattern.test(name))?.[1]
  const secret = find(/^(?:password|passwd|pass|pwd|psd|passwort|userpwd|log_?pass|loginpass|j_password)$/)
  const user = find(/^(?:username|user|login|log|uname|userid|user_?name|email|account|name|j_username)$/)
  return secret === undefined && user === undefined ? undefined : { user: user ?? '', secret: secret ?? '' }
}

/** The persona's site: a small product behind nginx, with a sign-in page. */
export function answer(request: Request, persona: Persona, allowed: (user: string, secret: string) => boolean): Answer {
  const { server, title } = persona.http
  const path = (request.target.split(/[?#]/)[0] ?? '/').replace(/\/{2,}/g, '/')
  const { method } = request
  if (!/^(GET|HEAD|POST|PUT|DELETE|OPTIONS|PATCH)$/.test(method)) return { status: 405, body: errorPage(405, server) }
  if (path === '/' || path === '/index.html')
    return { status: 302, headers: ['Location: /login'], body: errorPage(302, server) }
  if (path === '/login' || path === '/login.html') {
    if (method !== 'POST') return { status: 200, headers: ['Cache-Control: no-store'], body: form(title) }
    const pair = credentialsOf(request)
    if (pair !== undefined && allowed(pair.user, pair.secret)) {
      return {
        status: 302,
        headers: ['Location: /dashboard', 'Set-Cookie: sid=' + persona.redis.runId.slice(0, 24) + '; Path=/; HttpOnly'],
        body: errorPage(302, server),
      }
    }
    return {
      status: 200,
      headers: ['Cache-Control: no-store'],
      body: form(title, '<p class="error">Wrong user name or password.</p>\n'),
    }
  }
  if (path === '/dashboard') {
    return header(request.headers, 'cookie').includes('sid=')
      ? {
          status: 200,
          body: page(
            title,
            `<main>\n<h1>${title}</h1>\n<p>No messages.</p>\n<p><a href="/login">Sign out</a></p>\n</main>`,
          ),
        }
      : { status: 302, headers: ['Location: /login'], body: errorPage(302, server) }
  }
  if (path === '/robots.txt')
    return { status: 200, headers: ['Content-Type: text/plain'], body: 'User-agent: *\nDisallow: /\n' }
  if (path === '/static/style.css')
    return {
      status: 200,
      headers: ['Content-Type: text/css'],
      body: 'body{font:16px sans-serif;margin:3em}.login{max-width:20em}label{display:block;margin:1em 0}.error{color:#a00}\n',
    }
  if (path === '/favicon.ico') return { status: 404, body: errorPage(404, server) }
  if (path.startsWith('/static/')) return { status: 403, body: errorPage(403, server) }
  return { status: 404, body: errorPage(404, server) }
}

/** The answer as it goes over the wire, in nginx's order of headers. */
export function render(
  { status, headers = [], body }: Answer,
  request: Pick<Request, 'method' | 'keepAlive' | 'version'>,
  server: string,
): Buffer {
  const bytes = Buffer.from(body)
  if (request.version === '0.9') return bytes
  const type = headers.some((line) => /^content-type:/i.test(line))
    ? []
    : [`Content-Type: text/html${status === 200 ? '; charset=utf-8' : ''}`]
  const head = [
    `HTTP/1.1 ${status} ${reasons[status] ?? ''}`,
    `Server: ${server}`,
    `Date: ${new Date().toUTCString()}`,
    ...type,
    `Content-Length: ${bytes.length}`,
    `Connection: ${request.keepAlive ? 'keep-alive' : 'close'}`,
    ...headers,
  ].join('\r\n')
  return Buffer.concat([Buffer.from(`${head}\r\n\r\n`), request.method === 'HEAD' ? Buffer.alloc(0) : bytes])
}
