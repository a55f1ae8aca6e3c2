import { service, type Session } from '../../runtime/service.ts'
import { guess } from './guess.ts'
import { readClientHello } from './tls.ts'

/** What a port's usual service says first, for those who wait to be spoken to. */
const greetings: Readonly<Record<number, (host: string) => string>> = {
  21: (host) => `220 ${host} FTP server ready.\r\n`,
  25: (host) => `220 ${host} ESMTP Postfix (Debian/GNU)\r\n`,
  110: () => '+OK Dovecot (Debian) ready.\r\n',
  143: () =>
    '* OK [CAPABILITY IMAP4rev1 SASL-IR LOGIN-REFERRALS ID ENABLE IDLE LITERAL+ AUTH=PLAIN] Dovecot (Debian) ready.\r\n',
  587: (host) => `220 ${host} ESMTP Postfix (Debian/GNU)\r\n`,
}

/** Answers to a line that is not understood, by what was guessed. */
const answers: Readonly<Record<string, string>> = {
  smtp: '502 5.5.2 Error: command not recognized\r\n',
  ftp: '530 Please login with USER and PASS.\r\n',
  rtsp: 'RTSP/1.0 454 Session Not Found\r\n\r\n',
  sip: 'SIP/2.0 403 Forbidden\r\nContent-Length: 0\r\n\r\n',
}

const patience = 3000
const maxKept = 65_536

/** The services that other ports may turn out to speak. */
const known: Readonly<Record<string, string>> = { http: 'http', ssh: 'ssh', redis: 'redis', memcached: 'memcached' }

/** Every other port: the first bytes are kept and guessed at; what speaks a protocol that we have is handed over. */
export const any = service({
  name: 'any',
  port: 0,
  tryPort: 0,

  async converse(session) {
    const { input, record, send, persona, target } = session
    if (!(await input.waits(patience))) {
      if (session.signal.aborted) return
      const greeting = persona.machine.userland === 'gnu' ? greetings[target.port] : undefined
      if (greeting !== undefined) await send(greeting(`${persona.machine.hostname}.${persona.machine.domain}`))
    }
    if ((await input.peek()) === undefined) return
    // One more moment: a first packet is often followed by the rest of the message.
    await settle(session)
    const head = input.here()
    const protocol = guess(head)
    const next = known[protocol]
    if (next !== undefined) {
      record('scan.probe', { protocol, size: head.length })
      return session.become(next)
    }
    await collect(session, protocol)
  },

  answer({ bytes, record, extract }) {
    const protocol = guess(bytes)
    const raw = bytes.subarray(0, maxKept).toString('base64')
    // Protocols that answer with more than they are asked are used to flood others: the "source" is their victim.
    const amplifies = /^(?:dns|ntp|ssdp|memcached|snmp)$/.test(protocol)
    const id = amplifies
      ? record('amplify.request', { protocol, size: bytes.length, raw })
      : record('scan.probe', { protocol, size: bytes.length, raw })
    extract(bytes.toString('latin1'), id)
    return undefined
  },
})

async function settle({ input }: Session): Promise<void> {
  for (let size = 0, i = 0; input.buffered > size && i < 5; i++) {
    size = input.buffered
    await new Promise((resolve) => setTimeout(resolve, 30))
  }
}

async function collect({ input, record, extract, send }: Session, first: string): Promise<void> {
  let protocol = first
  for (let round = 0; round < 16; round++) {
    const bytes = await input.some(maxKept)
    if (bytes === undefined) return
    if (round > 0) protocol = guess(bytes)
    const id = record('scan.probe', { protocol, size: bytes.length, raw: bytes.toString('base64') })
    extract(bytes.toString('latin1'), id)
    if (protocol === 'tls') {
      const hello = readClientHello(bytes)
      if (hello !== undefined) record('client.hello', hello)
      await send(Buffer.from([0x15, 3, 1, 0, 2, 2, 0x28])) // alert: handshake_failure
      return
    }
    if (protocol === 'rdp') {
      await send(Buffer.from('030000130ed000001234000201080002000000', 'hex')) // X.224 connection confirm: TLS
    } else if (protocol === 'socks5') await send(Buffer.from([5, 0xff]))
    else if (protocol === 'socks4') await send(Buffer.from([0, 0x5b, 0, 0, 0, 0, 0, 0]))
    else if (protocol === 'jdwp') await send('JDWP-Handshake')
    else if (answers[protocol] !== undefined) await send(answers[protocol] ?? '')
    else if (bytes.includes(10)) await send('ERR unknown command\r\n')
    if (!(await input.waits(30_000))) return
  }
}
