import { createTransport, type Transporter } from 'nodemailer'
import { plain } from '@skep/vocabulary'
import { isEmail, normalEmail } from './relational/people.ts'

/** A message. Text is always there: not every desk reads HTML. */
export interface Message {
  readonly to: string
  readonly subject: string
  readonly text: string
  readonly html?: string
  readonly attachments?: readonly { filename: string; content: string | Buffer; contentType: string }[]
  readonly replyTo?: string
}

/** Sends mail by SMTP. Without a server it says so, and those who would have sent give links instead. */
export class Mailer {
  readonly #transport: Transporter | undefined
  readonly #from: string

  /** @param server smtp://user:password@host:587 or smtps://…; @param from the address that it comes from */
  constructor(server?: string, from = 'Skep <skep@localhost>') {
    this.#from = from
    if (server === undefined) return
    const url = new URL(server)
    this.#transport = createTransport({
      host: url.hostname.replace(/^\[|\]$/g, ''),
      port: url.port === '' ? (url.protocol === 'smtps:' ? 465 : 587) : Number(url.port),
      secure: url.protocol === 'smtps:',
      ...(url.username !== '' && {
        auth: { user: decodeURIComponent(url.username), pass: decodeURIComponent(url.password) },
      }),
      // Only the operator may say that a server without a good certificate will do: smtp://host/?insecure
      tls: { rejectUnauthorized: !url.searchParams.has('insecure') },
      connectionTimeout: 10_000,
      socketTimeout: 30_000,
      disableFileAccess: true,
      disableUrlAccess: true,
    })
  }

  get ready(): boolean {
    return this.#transport !== undefined
  }

  /**
   * Sends a message. Nothing that strangers chose gets into a header: line ends and control characters go.
   * @returns the server's answer @throws Error when there is no server or it refuses
   */
  async send(message: Message): Promise<string> {
    if (this.#transport === undefined) throw new Error('This hub has no mail server: start it with --mail')
    const to = normalEmail(message.to)
    if (!isEmail(to)) throw new Error('This is no e-mail address')
    const sent = (await this.#transport.sendMail({
      from: this.#from,
      to: { name: '', address: to },
      subject: plain(message.subject).replace(/\s+/g, ' ').slice(0, 200),
      text: message.text,
      ...(message.html !== undefined && { html: message.html }),
      ...(message.replyTo !== undefined && isEmail(normalEmail(message.replyTo)) && { replyTo: message.replyTo }),
      ...(message.attachments !== undefined && { attachments: [...message.attachments] }),
      headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
    })) as { response: string }
    return sent.response
  }

  close(): void {
    this.#transport?.close()
  }
}
