import { EndOfStream, Malformed, type Reader } from '../../runtime/reader.ts'
import type { Session } from '../../runtime/service.ts'
import { guess } from '../any/guess.ts'
import { readClientHello } from '../any/tls.ts'
import { readRequest } from '../http/message.ts'

// What an attacker finds behind a connection that it has forwarded through us: nothing is ever connected to. A mail
// server takes what it is given, a web server has a page, TLS is refused; all of it is evidence.

/** The attacker's end of a connection that does not exist. */
interface Peer {
  readonly input: Reader
  readonly write: (data: string | Uint8Array) => Promise<void>
}

/** How much of what was sent is told, and how much of a message is kept. */
const [told, kept] = [16_384, 1024 * 1024]
const mailPorts = new Set([25, 587, 2525, 26])

/** Plays the other end until the attacker has enough, and tells what it sent. */
export async function playPeer(peer: Peer, session: Session, host: string, port: number): Promise<void> {
  const sent: Buffer[] = []
  let size = 0
  const note = (bytes: Uint8Array): void => {
    if (size < told) sent.push(Buffer.from(bytes.subarray(0, told - size)))
    size += bytes.length
  }
  let protocol = 'smtp'
  try {
    if (mailPorts.has(port)) await mail(peer, session, host, note)
    else {
      if (!(await peer.input.waits(10_000)) || (await peer.input.peek()) === undefined) return
      const head = peer.input.here()
      protocol = guess(head)
      if (protocol === 'http') await web(peer, session, note)
      else await other(peer, session, protocol, note)
    }
  } catch (error) {
    if (!(error instanceof EndOfStream) && !(error instanceof Malformed)) throw error
  } finally {
    if (size > 0) {
      const raw = Buffer.concat(sent).toString('base64')
      const id = session.record('forward.data', { host, port, raw, size, protocol })
      session.extract(Buffer.concat(sent).toString('latin1'), id)
    }
  }
}

/** A web server with one page. */
async function web({ input, write }: Peer, { persona }: Session, note: (bytes: Uint8Array) => void): Promise<void> {
  for (let i = 0; i < 16 && (await input.waits(15_000)); i++) {
    const request = await readRequest(input, () => write('HTTP/1.1 100 Continue\r\n\r\n'))
    if (request === undefined) return
    note(request.raw)
    const body = '<!DOCTYPE html>\n<html><head><title>Welcome</title></head><body><p>It works.</p></body></html>\n'
    await write(
      `HTTP/1.1 200 OK\r\nDate: ${new Date().toUTCString()}\r\nServer: ${persona.http.server.split(' ')[0] || 'nginx'}\r\nContent-Type: text/html\r\nContent-Length: ${body.length}\r\nConnection: ${request.keepAlive ? 'keep-alive' : 'close'}\r\n\r\n${request.method === 'HEAD' ? '' : body}`,
    )
    if (!request.keepAlive) return
  }
}

/** What we do not speak: TLS is told from by its hello, the rest is taken. */
async function other(
  { input, write }: Peer,
  { record }: Session,
  protocol: string,
  note: (bytes: Uint8Array) => void,
): Promise<void> {
  for (let i = 0; i < 64; i++) {
    const part = await input.some(told)
    if (part === undefined) return
    note(part)
    if (protocol === 'tls') {
      const hello = readClientHello(Buffer.from(part))
      if (hello !== undefined) record('client.hello', hello)
      await write(Buffer.from([0x15, 3, 1, 0, 2, 2, 0x28])) // alert: handshake_failure
      return
    }
    if (!(await input.waits(300))) return
  }
}

/** A mail server (RFC 5321) that takes every message and every password. */
async function mail(
  { input, write }: Peer,
  { record, keep }: Session,
  host: string,
  note: (bytes: Uint8Array) => void,
): Promise<void> {
  const name = /^[a-z0-9.-]{1,100}$/i.test(host) && !/^[\d.]+$/.test(host) ? host : 'mx1.mail.net'
  const line = async (): Promise<string | undefined> => {
    if (!(await input.waits(120_000)) || (await input.peek()) === undefined) return undefined
    const bytes = await input.line(8192)
    note(Buffer.concat([bytes, Buffer.from('\r\n')]))
    return bytes.toString('latin1').replace(/\r$/, '')
  }
  const plain = (text: string): string => Buffer.from(text, 'base64').toString('utf8')
  await write(`220 ${name} ESMTP Postfix\r\n`)
  for (let i = 0; i < 2000; i++) {
    const command = await line()
    if (command === undefined) return
    const [verb = '', rest = ''] = command.split(/ (.*)/s)
    switch (verb.toUpperCase()) {
      case 'EHLO':
        await write(
          `250-${name}\r\n250-PIPELINING\r\n250-SIZE 20480000\r\n250-AUTH PLAIN LOGIN\r\n250-ENHANCEDSTATUSCODES\r\n250-8BITMIME\r\n250 DSN\r\n`,
        )
        break
      case 'HELO':
        await write(`250 ${name}\r\n`)
        break
      case 'AUTH': {
        const [way = '', first] = rest.split(' ')
        let [user, secret] = ['', '']
        if (way.toUpperCase() === 'PLAIN') {
          if (first === undefined) await write('334 \r\n')
          ;[, user = '', secret = ''] = plain(first ?? (await line()) ?? '').split('\0')
        } else {
          if (first === undefined) await write('334 VXNlcm5hbWU6\r\n')
          user = plain(first ?? (await line()) ?? '')
          await write('334 UGFzc3dvcmQ6\r\n')
          secret = plain((await line()) ?? '')
        }
        record('auth.attempt', { method: 'smtp', user, secret, accepted: true })
        await write('235 2.7.0 Authentication successful\r\n')
        break
      }
      case 'MAIL':
        await write('250 2.1.0 Ok\r\n')
        break
      case 'RCPT':
        await write('250 2.1.5 Ok\r\n')
        break
      case 'DATA': {
        await write('354 End data with <CR><LF>.<CR><LF>\r\n')
        const lines: string[] = []
        let size = 0
        for (;;) {
          const next = await line()
          if (next === undefined || next === '.') break
          size += next.length + 2
          if (size <= kept) lines.push(next.startsWith('.') ? next.slice(1) : next)
        }
        keep(Buffer.from(`${lines.join('\r\n')}\r\n`, 'latin1'), { name: `mail to ${host}`, media: 'message/rfc822' })
        await write(
          `250 2.0.0 Ok: queued as ${Math.floor(Math.random() * 2 ** 40)
            .toString(16)
            .toUpperCase()
            .padStart(10, '0')}\r\n`,
        )
        break
      }
      case 'RSET':
      case 'NOOP':
        await write('250 2.0.0 Ok\r\n')
        break
      case 'QUIT':
        await write('221 2.0.0 Bye\r\n')
        return
      default:
        await write('502 5.5.2 Error: command not recognized\r\n')
    }
  }
}
