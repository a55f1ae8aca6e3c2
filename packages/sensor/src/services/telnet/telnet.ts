import { Recording } from '../../evidence/recording.ts'
import { EndOfStream, Reader } from '../../runtime/reader.ts'
import { service, type Session } from '../../runtime/service.ts'
import { Shell } from '../../world/shell.ts'
import { interact, LineEditor, type Tty } from '../../world/terminal.ts'
import { rest } from '../../runtime/rest.ts'
import { Negotiator, pump } from './negotiation.ts'

/** How login(1) of a system goes about it: how often, what a wrong password costs (milliseconds), what it says at last. */
const shadow = {
  // LOGIN_RETRIES of Debian's login.defs; pam_faildelay: three seconds, half of it more or less.
  tries: 5,
  delay: () => 3000 * (0.5 + (Math.random() + Math.random() + Math.random()) / 3),
  before: '\r\n',
  last: 'Maximum number of tries exceeded (5)\r\n',
  late: '\r\nLogin timed out after 60 seconds.\r\n',
}
const logins = {
  inetutils: shadow,
  netkit: shadow,
  // loginutils/login.c
  busybox: { tries: 3, delay: () => 3000, before: '', last: '', late: '\r\nLogin timed out after 60 seconds\r\n' },
} as const

/** How long one may take to sign in, in milliseconds (LOGIN_TIMEOUT of login.defs; TIMEOUT of busybox's login.c). */
export const patience = { ms: 60_000 }

/** Telnet with login(1), as the persona has them: inetutils' or netkit's telnetd and shadow's login, or busybox's own. */
export const telnet = service({
  name: 'telnet',
  port: 23,
  tryPort: 2223,

  async converse(session) {
    const { daemon, issue, trusting = false } = session.persona.telnet
    const negotiator = new Negotiator(daemon, session.persona.machine.hostname)
    const typed = new Reader()
    let recording: Recording | undefined
    const send = (bytes: string | Uint8Array) => session.send(bytes)
    await send(daemon === 'busybox' ? negotiator.demands() : negotiator.opening())
    const pumping = pump(session.input, typed, negotiator, send, (data) => recording?.input(data)).catch(
      (error: unknown) => {
        if (!(error instanceof EndOfStream)) throw error
      },
    )
    if (daemon !== 'busybox') await negotiate(negotiator, typed, send)
    const tty: Tty = {
      input: typed,
      pty: true,
      signal: session.signal,
      size: () => ({ width: negotiator.told.width ?? 80, height: negotiator.told.height ?? 24 }),
      write: async (bytes) => {
        const raw = typeof bytes === 'string' ? Buffer.from(bytes) : Buffer.from(bytes)
        recording?.output(raw)
        await send(negotiator.outgoing(raw))
      },
    }
    try {
      // netkit leaves the greeting out for who names itself.
      if (daemon !== 'netkit' || userOf(negotiator) === undefined) await tty.write(issue)
      const insisting = daemon === 'inetutils' ? negotiator.insisting() : Buffer.alloc(0)
      if (insisting.length > 0) await send(insisting)
      const named = userOf(negotiator)
      if (daemon === 'netkit' && named?.startsWith('-') === true) {
        // What netkit's telnetlogin says to a name that looks like an option.
        await tty.write("I don't hear you!\r\r\n")
        return
      }
      const user = (trusting ? trusted(session, named) : undefined) ?? (await inTime(session, tty, typed, named))
      tell(session, negotiator)
      if (user === undefined) return
      const { told } = negotiator
      recording = new Recording(told.width || 80, told.height || 24, told.terminal ?? 'unknown')
      const shell = new Shell(session, user)
      // telnetd writes it in small letters, and calls what nobody named a network's.
      if (daemon !== 'busybox') shell.setEnv('TERM', told.terminal?.toLowerCase() ?? 'network')
      await tty.write(session.persona.motd(Date.now()))
      await interact(shell, tty)
    } finally {
      tell(session, negotiator)
      close(session, recording)
      session.input.end()
      await pumping
    }
  },
})

/**
 * Negotiates as the real daemon does. That one waits for ever for a client that does not answer; what does not, such as
 * netcat and some bots, gets its prompt from us all the same, a little later.
 */
async function negotiate(
  negotiator: Negotiator,
  typed: Reader,
  send: (bytes: Uint8Array) => Promise<void>,
): Promise<void> {
  const raw = () => typed.buffered > 0 && !negotiator.spoken
  await negotiator.waits(700, () => negotiator.spoken || raw())
  const patience = negotiator.spoken ? 3000 : 0
  await negotiator.waits(patience, () => negotiator.known || raw())
  const questions = negotiator.questions()
  if (questions.length > 0) await send(questions)
  await negotiator.waits(patience, () => negotiator.answered)
  await send(negotiator.setting())
  await negotiator.waits(Math.min(patience, 1000), () => negotiator.silent)
  await send(negotiator.echoing())
}

const toldOf = new WeakSet<Negotiator>()

/** Records what was negotiated, once. */
function tell({ record }: Session, negotiator: Negotiator): void {
  if (toldOf.has(negotiator) || !negotiator.spoken) return
  toldOf.add(negotiator)
  const { terminal, width, height, speed, environment } = negotiator.told
  record('client.hello', {
    options: [
      ...(terminal === undefined ? [] : [`TERM=${terminal}`]),
      ...(width === undefined ? [] : [`size=${width}x${height}`]),
      ...(speed === undefined ? [] : [`speed=${speed}`]),
      ...environment.map(([name, value]) => `${name}=${value}`),
      ...negotiator.log,
    ],
  })
  // CVE-2026-24061: USER=-f root makes telnetd's login skip the password.
  const named = userOf(negotiator)
  if (named?.startsWith('-f') === true)
    record('exploit.match', { exploit: 'telnetd-user-option', cve: 'CVE-2026-24061', part: `USER=${named}` })
}

/** The user that the client names of itself (RFC 1572). */
const userOf = ({ told }: Negotiator): string | undefined => told.environment.find(([name]) => name === 'USER')?.[1]

/** Who is let in without a password by a telnetd that hands the name to login as it came (CVE-2026-24061). */
function trusted({ persona, record }: Session, named = ''): string | undefined {
  const user = /^-f\s*([\w.-]{1,32})$/.exec(named)?.[1]
  if (user === undefined || !persona.machine.users.some(({ name }) => name === user)) return undefined
  record('auth.attempt', { method: 'telnetd-user-option', user, accepted: true })
  return user
}

/** Lets somebody sign in, for as long as login has patience. @returns the user, undefined when nobody came in */
async function inTime(session: Session, tty: Tty, typed: Reader, named?: string): Promise<string | undefined> {
  let late = false
  const timer = setTimeout(() => {
    late = true
    typed.end()
  }, patience.ms)
  try {
    const user = await login(session, tty, named)
    if (user === undefined && late) await tty.write(logins[session.persona.telnet.daemon].late)
    return user
  } catch (error) {
    if (!late || !(error instanceof EndOfStream)) throw error
    await tty.write(logins[session.persona.telnet.daemon].late)
    return undefined
  } finally {
    clearTimeout(timer)
  }
}

/** Asks for name and password until a pair lets in. @returns the user, undefined when the attacker failed or left */
async function login(session: Session, tty: Tty, named?: string): Promise<string | undefined> {
  const { machine } = session.persona
  const editor = new LineEditor(tty)
  const { tries: most, delay, before, last } = logins[session.persona.telnet.daemon]
  const { daemon, trusting = false } = session.persona.telnet
  const asks = named !== undefined && /^[\w.][\w.-]{0,31}$/.test(named) && (daemon === 'netkit' || trusting)
  for (let tries = 0; tries < most; tries++) {
    // Who has told its name is asked for the password only; a telnetd that was mended takes no name from the client.
    const told = tries === 0 && asks ? named : undefined
    const name = told ?? (await editor.read(`${machine.hostname} login: `))?.toString('utf8').trim()
    if (name === undefined) return undefined
    if (name === '') {
      tries--
      continue
    }
    const secret = await editor.read('Password: ', { echo: false })
    if (secret === undefined) return undefined
    const password = secret.toString('utf8')
    const known = machine.users.some((user) => user.name === name)
    const found = known ? session.worldFor({ user: name, password }) : undefined
    const accepted = found !== undefined
    if (found !== undefined) session.enter(found)
    session.record('auth.attempt', { method: 'login', user: name, secret: password, accepted })
    if (accepted) return name
    await rest(delay(), session.signal)
    await tty.write(`${before}Login incorrect\r\n`)
  }
  if (last !== '') await tty.write(last)
  return undefined
}

function close({ record, outbox }: Session, recording: Recording | undefined): void {
  if (recording === undefined) return
  const bytes = recording.bytes()
  const { sha256, kept } = outbox.keep(bytes)
  if (kept)
    record('recording.closed', { sha256, format: 'asciicast', size: bytes.length, duration_ms: recording.duration })
}
