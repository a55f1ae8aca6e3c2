import type { Persona } from '../../personas/persona.ts'
import { service } from '../../runtime/service.ts'
import { authenticate } from './auth.ts'
import { serveChannels } from './channels.ts'
import { families } from './family.ts'
import { Waiting } from './startups.ts'
import { Transport } from './transport.ts'

/** Of each sensor, who has not signed in. */
const waiting = new WeakMap<Persona, Waiting>()

/** SSH as the persona's daemon speaks it: our own transport, authentication and channels. */
export const ssh = service({
  name: 'ssh',
  port: 22,
  tryPort: 2222,
  recognises: (head) => head.subarray(0, 4).toString('latin1') === 'SSH-',
  async converse(session) {
    const { persona, source, send } = session
    const startups = waiting.get(persona) ?? new Waiting()
    waiting.set(persona, startups)
    const inside = await startups.enter(source.ip, families[persona.ssh.family].startups, send)
    const transport = new Transport(session)
    const grace = setTimeout(() => session.input.end(), transport.family.graceMs)
    let user: string
    try {
      await transport.begin()
      user = await authenticate(transport, session)
    } finally {
      clearTimeout(grace)
      inside()
    }
    await serveChannels(transport, session, user)
  },
})
