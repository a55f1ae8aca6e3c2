import { service } from '../../runtime/service.ts'
import { authenticate } from './auth.ts'
import { serveChannels } from './channels.ts'
import { Transport } from './transport.ts'

/** SSH as the persona's daemon speaks it: our own transport, authentication and channels. */
export const ssh = service({
  name: 'ssh',
  port: 22,
  tryPort: 2222,
  recognises: (head) => head.subarray(0, 4).toString('latin1') === 'SSH-',
  async converse(session) {
    const transport = new Transport(session)
    const grace = setTimeout(() => session.input.end(), transport.family.graceMs)
    let user: string
    try {
      await transport.begin()
      user = await authenticate(transport, session)
    } finally {
      clearTimeout(grace)
    }
    await serveChannels(transport, session, user)
  },
})
