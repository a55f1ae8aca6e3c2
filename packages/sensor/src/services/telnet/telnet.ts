import { randomInt } from 'node:crypto'
import { Recording } from '../../evidence/recording.ts'
import { EndOfStream, Reader } from '../../runtime/reader.ts'
import { service, type Session } from '../../runtime/service.ts'
import { Shell } from '../../world/shell.ts'
import { interact, LineEditor, type Tty } from '../../world/terminal.ts'
import { rest } from '../ssh/auth.ts'
import { escapeIac, Negotiator, pump } from './negotiation.ts'

const maxTries = 3

/** Telnet with login(1), as inetutils' telnetd and util-linux have them on the persona. */
export const telnet = service({
  name: 'telnet',
  port: 23,
  tryPort: 2223,

  async converse(session) {
    const { machine } = session.persona
    const negotiator = new Negotiator()
    const typed = new Reader()
    let recording: Recording | undefined
    const send = (bytes: string | Uint8Array) => session.send(bytes)
    await send(negotiator.opening())
    const pumping = pump(session.input, typed, negotiator, send, (data) => recording?.input(data)).catch(
      (error: unknown) => {
        if (!(error instanceof EndOfStream)) throw error
      },
    )
    // A real client answers at once; what does not is netcat or a bot, and gets its prompt all the same.
    await typed.waits(150)
    await send(negotiator.offerEcho())
    const tty: Tty = {
      input: typed,
      pty: true,
      signal: session.signal,
      write: async (bytes) => {
        const raw = typeof bytes === 'string' ? Buffer.from(bytes) : Buffer.from(bytes)
        recording?.output(raw)
        await send(escapeIac(raw))
      },
    }
    try {
      const user = await login(session, tty)
      tell(session, negotiator)
      if (user === undefined) return
      const { told } = negotiator
      recording = new Recording(told.width || 80, told.height || 24, told.terminal ?? 'unknown')
      const shell = new Shell(session, user)
      await tty.write(
        `Linux ${machine.hostname} ${machine.kernel.release} ${machine.kernel.version} ${machine.kernel.arch}\r\n${session.persona.motd}`,
      )
      await interact(shell, tty)
    } finally {
      tell(session, negotiator)
      close(session, recording)
      session.input.end()
      await pumping
    }
  },
})

const toldOf = new WeakSet<Negotiator>()

/** Records what was negotiated, once. */
function tell({ record }: Session, negotiator: Negotiator): void {
  if (toldOf.has(negotiator) || !negotiator.spoken) return
  toldOf.add(negotiator)
  const { terminal, width, height, environment } = negotiator.told
  record('client.hello', {
    options: [
      ...(terminal === undefined ? [] : [`TERM=${terminal}`]),
      ...(width === undefined ? [] : [`size=${width}x${height}`]),
      ...environment.map(([name, value]) => `${name}=${value}`),
      ...negotiator.log,
    ],
  })
  // CVE-2026-24061: USER=-f root makes telnetd's login skip the password.
  const trick = environment.find(([name, value]) => name === 'USER' && value.startsWith('-f'))
  if (trick !== undefined)
    record('exploit.match', { exploit: 'telnetd-user-option', cve: 'CVE-2026-24061', part: `USER=${trick[1]}` })
}

/** Asks for name and password until a pair lets in. @returns the user, undefined when the attacker failed or left */
async function login(session: Session, tty: Tty): Promise<string | undefined> {
  const { machine, telnet: face } = session.persona
  const editor = new LineEditor(tty)
  await tty.write(`${face.issue}`)
  for (let tries = 0; tries < maxTries; tries++) {
    const name = (await editor.read(`${machine.hostname} login: `))?.toString('utf8').trim()
    if (name === undefined) return undefined
    if (name === '') {
      tries--
      continue
    }
    const secret = await editor.read('Password: ', false)
    if (secret === undefined) return undefined
    const password = secret.toString('utf8')
    const accepted = machine.users.some((user) => user.name === name) && session.world.acceptsPassword(name, password)
    session.record('auth.attempt', { method: 'login', user: name, secret: password, accepted })
    if (accepted) return name
    await rest(1800 + randomInt(600), session.signal)
    await tty.write('\r\nLogin incorrect\r\n')
  }
  return undefined
}

function close({ record, outbox }: Session, recording: Recording | undefined): void {
  if (recording === undefined) return
  const bytes = recording.bytes()
  const { sha256, kept } = outbox.keep(bytes)
  if (kept)
    record('recording.closed', { sha256, format: 'asciicast', size: bytes.length, duration_ms: recording.duration })
}
