import { Client, type ConnectConfig } from 'ssh2'
import type { TestSensor } from '../../testing.ts'

// For tests: ssh2 as the client, an implementation that is not ours.

/** Signs in with the persona's first pair, unless told otherwise. */
export const connect = (lab: TestSensor, options: Partial<ConnectConfig> = {}): Promise<Client> =>
  new Promise((resolve, reject) => {
    const [pair] = lab.sensor.persona.credentials
    const client = new Client()
    client.once('ready', () => resolve(client)).on('error', reject)
    client.connect({
      host: '127.0.0.1',
      port: lab.port('ssh'),
      username: pair?.user ?? '',
      ...(options.privateKey === undefined && { password: pair?.password ?? '' }),
      ...options,
    })
  })
