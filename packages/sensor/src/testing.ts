import { mkdtempSync, rmSync } from 'node:fs'
import { createConnection, type Socket } from 'node:net'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { logger, type Event, type Kind, type EventOf } from '@skep/vocabulary'
import { parseConfig, type SensorConfig } from './config.ts'
import { services } from './services/index.ts'
import { startSensor, type Sensor } from './sensor.ts'

/** A sensor on free loopback ports, for tests: what it records is read back from its spool. */
export interface TestSensor extends AsyncDisposable {
  readonly sensor: Sensor
  readonly data: string
  /** What went wrong on our side. */
  readonly log: readonly string[]
  readonly port: (service: string, transport?: 'tcp' | 'udp') => number
  /** All events recorded so far, in order. */
  readonly events: () => Promise<Event[]>
  /** Waits until an event of a kind is there. */
  readonly until: <K extends Kind>(kind: K, test?: (event: EventOf<K>) => boolean) => Promise<EventOf<K>>
  readonly connect: (service: string) => Promise<Socket>
}

export async function testSensor(
  limits: Partial<SensorConfig['limits']> = {},
  more: Partial<SensorConfig> = {},
): Promise<TestSensor> {
  const data = mkdtempSync(join(tmpdir(), 'skep-sensor-'))
  const log: string[] = []
  const config = parseConfig(
    JSON.stringify({
      addresses: ['127.0.0.1'],
      services: Object.fromEntries(services.filter(({ port }) => port !== 0).map(({ name }) => [name, 0])),
      any: { tcp: [0], udp: [0] },
      limits,
    }),
  )
  const sensor = await startSensor({
    data,
    config: { ...config, ...more },
    log: logger('sensor', ({ message }) => log.push(message)),
  })
  const port = (service: string, transport = 'tcp') =>
    sensor.listeners.find((one) => one.service === service && one.transport === transport)?.port ?? -1
  const all: Event[] = []
  const events = async (): Promise<Event[]> => {
    await sensor.spool.written()
    for (let batch = sensor.spool.next(10_000, 1e9); batch.length > 0; batch = sensor.spool.next(10_000, 1e9)) {
      all.push(...batch.map(({ json }) => JSON.parse(json) as Event))
      sensor.spool.acknowledge(batch.length)
    }
    return all
  }
  return {
    sensor,
    data,
    log,
    port,
    events,
    async until(kind, test = () => true) {
      for (let i = 0; i < 400; i++) {
        const found = (await events()).find((event) => event.kind === kind && test(event as never))
        if (found !== undefined) return found as never
        await new Promise((resolve) => setTimeout(resolve, 25))
      }
      throw new Error(`no ${kind} within 10 s; there are: ${all.map((event) => event.kind).join(', ')}`)
    },
    async connect(service) {
      const socket = createConnection({ host: '127.0.0.1', port: port(service) })
      socket.on('error', () => {})
      await once(socket, 'connect')
      return socket
    },
    async [Symbol.asyncDispose]() {
      await sensor.stop()
      rmSync(data, { recursive: true, force: true })
    },
  }
}

/** All that a peer sends until it closes, or until `enough` of it is there. */
export async function heard(socket: Socket, enough: RegExp | undefined, ms = 5000): Promise<string> {
  let text = ''
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms)
    function done(): void {
      clearTimeout(timer)
      socket.off('data', take)
      socket.off('close', done)
      resolve(text)
    }
    function take(chunk: Buffer): void {
      text += chunk.toString('latin1')
      if (enough?.test(text) === true) done()
    }
    socket.on('data', take)
    socket.once('close', done)
  })
}

/** Bytes cut at some places, as the network may. */
export function* cut(bytes: Buffer, places: readonly number[]): Generator<Buffer> {
  const at = [0, ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  for (let i = 1; i < at.length; i++) {
    const part = bytes.subarray(at[i - 1], at[i])
    if (part.length > 0) yield part
  }
}
