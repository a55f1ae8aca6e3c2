import { EndOfStream, Malformed } from '../../runtime/reader.ts'
import { service, type Session } from '../../runtime/service.ts'
import { mediaOf } from '../../evidence/written.ts'
import { Shell } from '../../world/shell.ts'
import { guess } from '../any/guess.ts'
import { bodyOf, injectionOf } from './injection.ts'
import { header, readRequest, type Request } from './message.ts'
import { answer, credentialsOf, errorPage, render, type Answer } from './site.ts'

const maxRequests = 1000

/** The persona's web site. Every request is recorded as it came, and searched for what it wants to be fetched. */
export const http = service({
  name: 'http',
  port: 80,
  tryPort: 8081,
  recognises: (head) => guess(head) === 'http',

  async converse(session) {
    const { server } = session.persona.http
    for (let i = 0; i < maxRequests; i++) {
      let request: Request | undefined
      if ((await session.input.peek()) === undefined) return
      const head = session.input.here()
      try {
        request = await readRequest(session.input, () => session.send('HTTP/1.1 100 Continue\r\n\r\n'))
      } catch (error) {
        if (error instanceof Malformed) {
          await refuse(session, head.length > 0 ? head : session.input.here(), server)
          throw error
        }
        if (error instanceof EndOfStream) {
          const rest = session.input.here()
          const bytes = rest.length > 0 ? rest : head
          if (bytes.length > 0)
            session.record('scan.probe', {
              protocol: guess(bytes),
              size: bytes.length,
              raw: bytes.subarray(0, 65_536).toString('base64'),
            })
        }
        throw error
      }
      if (request === undefined) return
      const keepAlive = await handle(session, request, server)
      if (!keepAlive) return
    }
  },
})

/** What is no HTTP gets nginx's answer to it. */
async function refuse({ record, extract, send }: Session, bytes: Buffer, server: string): Promise<void> {
  if (bytes.length > 0) {
    const id = record('scan.probe', {
      protocol: guess(bytes),
      size: bytes.length,
      raw: bytes.subarray(0, 65_536).toString('base64'),
    })
    extract(bytes.toString('latin1'), id)
  }
  const request = { method: 'GET', keepAlive: false, version: '1.1' }
  await send(render({ status: 400, body: errorPage(400, server) }, request, server))
}

async function handle(session: Session, request: Request, server: string): Promise<boolean> {
  const { record, persona, world, send } = session
  const proxied = /^(?:CONNECT$)/.test(request.method) || /^https?:\/\//i.test(request.target)
  const injected = proxied ? undefined : injectionOf(request)
  let given: Answer = proxied
    ? {
        status: request.method === 'CONNECT' ? 405 : 400,
        body: errorPage(request.method === 'CONNECT' ? 405 : 400, server),
      }
    : injected?.shows === true
      ? { status: 200, body: injected.answer ?? '' }
      : answer(request, persona, (user, secret) => world.acceptsPassword(user, secret))
  const agent = header(request.headers, 'user-agent')
  const id = record('request', {
    method: request.method,
    target: request.target,
    version: request.version,
    headers: [...request.headers],
    ...(agent !== '' && { agent }),
    ...(request.body.length > 0 && { body: request.body.subarray(0, 16_384).toString('utf8') }),
    raw: request.raw.toString('base64'),
    size: request.length,
    status: given.status,
  })
  if (proxied) record('forward.request', wanted(request))
  const pair = credentialsOf(request)
  if (pair !== undefined) {
    const basic = /^basic/i.test(header(request.headers, 'authorization'))
    record('auth.attempt', { method: basic ? 'basic' : 'form', ...pair, accepted: given.status === 302 && !proxied })
  }
  const told = session.extract(searchable(request), id)
  if (request.body.length > 16_384 || mediaOf(request.body) === 'application/x-elf') {
    session.keep(request.body, { name: request.target, media: mediaOf(request.body), parent: id })
  }
  if (injected !== undefined) {
    const { exploit, cve, part, command, shows } = injected
    record('exploit.match', { exploit, ...(cve !== undefined && { cve }), part, parent: id })
    if (command !== '') {
      const { out } = await new Shell(session, 'www-data').run(Buffer.from(command), {
        terminal: false,
        parent: id,
        told,
      })
      if (shows) given = { status: 200, body: bodyOf(out.toString('latin1', 0, 65_536)) }
    }
  }
  await send(render(given, request, server))
  return request.keepAlive
}

function wanted({ method, target }: Request): { host: string; port: number; method: string } {
  const match = /^(?:(https?):\/\/)?(\[[^\]]*\]|[^:/?#]*)(?::(\d{1,5}))?/i.exec(target)
  const [, scheme = 'http', host = '', port] = match ?? []
  return {
    host,
    port: Number(port ?? (scheme === 'https' || method === 'CONNECT' ? 443 : 80)),
    method: method === 'CONNECT' ? method : 'proxy',
  }
}

/** Everything of a request in which an exploit may hide; the ordinary links of browsers and crawlers are none. */
function searchable({ target, headers, body }: Request): string {
  const own = header(headers, 'host')
  const fields = headers.filter((line) => {
    if (/^(?:host|origin|accept[\w-]*|content-[\w-]*|connection|soapaction-host):/i.test(line) && !/[$`|;{]/.test(line))
      return false
    if (/^(?:user-agent|referer|from|x-forwarded-for):/i.test(line))
      return /\$\{|\$\(|`|\(\)\s*\{|;|\|/.test(line.replace(/\([^()]*\)/g, ''))
    return true
  })
  const text = [target, ...fields, body.toString('latin1')].join('\n')
  return own === '' ? text : text.replaceAll(`http://${own}`, '').replaceAll(`https://${own}`, '')
}
