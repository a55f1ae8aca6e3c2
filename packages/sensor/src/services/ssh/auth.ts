import { randomInt } from 'node:crypto'
import { Cursor, EndOfStream, Malformed } from '../../runtime/reader.ts'
import type { Session } from '../../runtime/service.ts'
import { fingerprint } from '../../world/keys.ts'
import { verifySignature } from './hostkey.ts'
import type { Transport } from './transport.ts'
import { bool, byte, msg, nameList, string } from './wire.ts'

// User authentication: RFC 4252.

const maxTries = 6

/** Lets in or not. @returns the user's name */
export async function authenticate(transport: Transport, session: Session): Promise<string> {
  const service = await transport.read()
  if (service[0] !== msg.SERVICE_REQUEST)
    throw new Malformed(`expected a service request, got message ${service[0] ?? -1}`)
  const wanted = new Cursor(service.subarray(1)).string().toString('latin1')
  if (wanted !== 'ssh-userauth') {
    await transport.disconnect(7, `bad service request ${wanted.slice(0, 64)}`)
    throw new Malformed(`bad service request ${wanted.slice(0, 64)}`)
  }
  await transport.send(Buffer.concat([byte(msg.SERVICE_ACCEPT), string('ssh-userauth')]))
  const failure = Buffer.concat([byte(msg.USERAUTH_FAILURE), nameList(['publickey', 'password']), bool(false)])
  let name: string | undefined
  for (let tries = 0; ;) {
    const payload = await transport.read()
    if (payload[0] !== msg.USERAUTH_REQUEST) {
      await transport.unimplemented()
      continue
    }
    const cursor = new Cursor(payload.subarray(1))
    const user = cursor.string().toString('utf8')
    const next = cursor.string().toString('latin1')
    const method = cursor.string().toString('latin1')
    name ??= user
    if (name !== user || next !== 'ssh-connection') {
      await transport.disconnect(2, 'Change of username or service not allowed')
      throw new Malformed('Change of username or service not allowed')
    }
    const known = session.persona.machine.users.some((one) => one.name === user)
    const outcome = await attempt(transport, session, user, known, method, cursor)
    if (outcome === 'asked') continue
    if (outcome === 'accepted') {
      await transport.admit()
      return user
    }
    if (method !== 'none' || tries > 0) tries++
    if (tries >= maxTries) {
      await transport.disconnect(2, 'Too many authentication failures')
      throw new EndOfStream('Too many authentication failures')
    }
    await transport.send(failure)
  }
}

async function attempt(
  transport: Transport,
  { record, world, signal }: Session,
  user: string,
  known: boolean,
  method: string,
  cursor: Cursor,
): Promise<'accepted' | 'refused' | 'asked'> {
  if (method === 'password') {
    const change = cursor.bool()
    const secret = cursor.string().toString('utf8')
    const accepted = !change && known && world.acceptsPassword(user, secret)
    record('auth.attempt', { method, user, secret, accepted })
    // PAM waits about two seconds after a failure, with some jitter.
    if (!accepted) await rest(1500 + randomInt(700), signal)
    return accepted ? 'accepted' : 'refused'
  }
  if (method === 'publickey') {
    const signed = cursor.bool()
    const algorithm = cursor.string().toString('latin1')
    const blob = Buffer.from(cursor.string())
    const print = fingerprint(blob)
    const welcome = known && world.acceptsKey(print)
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
    }
    record('auth.attempt', { method, user, key_type: algorithm, fingerprint: print, accepted })
    return accepted ? 'accepted' : 'refused'
  }
  record('auth.attempt', { method, user, accepted: false })
  return 'refused'
}

/** Waits, unless the conversation ends before. */
export const rest = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done, { once: true })
  })
