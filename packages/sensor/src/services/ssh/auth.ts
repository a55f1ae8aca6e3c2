import { Cursor, EndOfStream, Malformed } from '../../runtime/reader.ts'
import type { Session } from '../../runtime/service.ts'
import { fingerprint } from '../../world/keys.ts'
import { rest } from '../../runtime/rest.ts'
import { verifySignature } from './hostkey.ts'
import type { Transport } from './transport.ts'
import { bool, byte, msg, nameList, string, uint32 } from './wire.ts'

// User authentication: RFC 4252, RFC 4256.

/** Lets in or not. @returns the user's name */
export async function authenticate(transport: Transport, session: Session): Promise<string> {
  const service = await transport.read()
  if (service[0] !== msg.SERVICE_REQUEST)
    throw new Malformed(`expected a service request, got message ${service[0] ?? -1}`)
  await serve(transport, service)
  const { ssh } = session.persona
  const { family } = transport
  const failure = Buffer.concat([byte(msg.USERAUTH_FAILURE), nameList(ssh.methods), bool(false)])
  let name: string | undefined
  for (let tries = 0; ;) {
    const payload = await transport.read()
    // Some libraries ask for the service anew with each try.
    if (payload[0] === msg.SERVICE_REQUEST) {
      await serve(transport, payload)
      continue
    }
    if (payload[0] !== msg.USERAUTH_REQUEST) {
      await transport.unimplemented()
      continue
    }
    const cursor = new Cursor(payload.subarray(1))
    const user = cursor.string().toString('utf8')
    const next = cursor.string().toString('latin1')
    const method = cursor.string().toString('latin1')
    if (name === undefined) await transport.informAgain()
    name ??= user
    if (name !== user || next !== 'ssh-connection') {
      await transport.disconnect(2, 'Change of username or service not allowed')
      throw new Malformed('Change of username or service not allowed')
    }
    const known = session.persona.machine.users.some((one) => one.name === user)
    const began = performance.now()
    const outcome = await attempt(transport, session, user, known, method, cursor)
    if (outcome === 'asked') continue
    if (outcome === 'accepted') {
      await transport.admit()
      return user
    }
    await rest(family.failureDelay(ssh, user, performance.now() - began, method), session.signal)
    if (method !== 'none' || tries > 0) tries++
    if (tries >= family.tries) {
      await transport.disconnect(2, 'Too many authentication failures')
      throw new EndOfStream('Too many authentication failures')
    }
    await transport.send(failure)
  }
}

async function attempt(
  transport: Transport,
  session: Session,
  user: string,
  known: boolean,
  method: string,
  cursor: Cursor,
): Promise<'accepted' | 'refused' | 'asked'> {
  const { record, signal } = session
  const { ssh } = session.persona
  if (!ssh.methods.includes(method)) {
    record('auth.attempt', { method, user, accepted: false })
    return 'refused'
  }
  if (method === 'keyboard-interactive') return interactive(transport, session, user, known)
  if (method === 'password') {
    const change = cursor.bool()
    const secret = cursor.string().toString('utf8')
    const found = !change && known ? session.worldFor({ user, password: secret }) : undefined
    const accepted = found !== undefined
    if (found !== undefined) session.enter(found)
    record('auth.attempt', { method, user, secret, accepted })
    if (!accepted) await rest(transport.family.passwordDelay(ssh, user), signal)
    return accepted ? 'accepted' : 'refused'
  }
  if (method === 'publickey') {
    const signed = cursor.bool()
    const algorithm = cursor.string().toString('latin1')
    const blob = Buffer.from(cursor.string())
    const print = fingerprint(blob)
    const found = known ? session.worldFor({ key: print }) : undefined
    const welcome = found !== undefined
    if (!signed && welcome) {
      await transport.send(Buffer.concat([byte(msg.USERAUTH_PK_OK), string(algorithm), string(blob)]))
      return 'asked'
    }
    let accepted = false
    if (signed && welcome) {
      const signature = Buffer.from(cursor.string())
      const data = Buffer.concat([
        string(transport.sessionId),
        byte(msg.USERAUTH_REQUEST),
        string(user),
        string('ssh-connection'),
        string('publickey'),
        bool(true),
        string(algorithm),
        string(blob),
      ])
      accepted = verifySignature(algorithm, blob, signature, data)
      if (accepted) session.enter(found)
    }
    record('auth.attempt', { method, user, key_type: algorithm, fingerprint: print, accepted })
    return accepted ? 'accepted' : 'refused'
  }
  return 'refused'
}

/** Asks for the password as PAM does (RFC 4256): one question, then a look at the answer without any. */
async function interactive(
  transport: Transport,
  { record, worldFor, enter, signal, persona: { ssh } }: Session,
  user: string,
  known: boolean,
): Promise<'accepted' | 'refused'> {
  const ask = async (prompts: readonly string[]): Promise<string[] | undefined> => {
    const questions = prompts.map((prompt) => Buffer.concat([string(prompt), bool(false)]))
    await transport.send(
      Buffer.concat([
        byte(msg.USERAUTH_INFO_REQUEST),
        string(''),
        string(''),
        string(''),
        uint32(prompts.length),
        ...questions,
      ]),
    )
    const payload = await transport.read()
    if (payload[0] !== msg.USERAUTH_INFO_RESPONSE) return undefined
    const cursor = new Cursor(payload.subarray(1))
    const count = cursor.u32()
    return count === prompts.length ? prompts.map(() => cursor.string().toString('utf8')) : undefined
  }
  const [secret] = (await ask(['Password: '])) ?? []
  const found = secret !== undefined && known ? worldFor({ user, password: secret }) : undefined
  const accepted = found !== undefined
  if (found !== undefined) enter(found)
  record('auth.attempt', { method: 'keyboard-interactive', user, ...(secret !== undefined && { secret }), accepted })
  if (accepted) {
    await ask([])
    return 'accepted'
  }
  await rest(transport.family.passwordDelay(ssh, user), signal)
  return 'refused'
}

/** Answers a request for a service: there is one. */
async function serve(transport: Transport, request: Buffer): Promise<void> {
  const wanted = new Cursor(request.subarray(1)).string().toString('latin1')
  if (wanted !== 'ssh-userauth') {
    await transport.disconnect(7, `bad service request ${wanted.slice(0, 64)}`)
    throw new Malformed(`bad service request ${wanted.slice(0, 64)}`)
  }
  await transport.send(Buffer.concat([byte(msg.SERVICE_ACCEPT), string('ssh-userauth')]))
}
