import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { z } from 'zod'
import type { StoredEvent } from '@skep/vocabulary'
import { summary, weightOf } from './dialect.ts'
import { dialectNames, dialectOf } from './dialects.ts'

/** Where events are sent as they come. A new kind is an entry here. */
export const sinkShape = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('syslog'),
    host: z.string().min(1).max(253),
    port: z.number().int().min(1).max(65_535),
    /** TLS by RFC 5425; without it, plain TCP (RFC 6587), for a collector on the same machine. */
    tls: z.boolean().default(true),
    /** The authority that signed the collector's certificate, PEM; without it, the usual ones. */
    ca: z.string().max(20_000).optional(),
    dialect: z.enum(dialectNames).default('cef'),
  }),
  z.strictObject({
    kind: z.literal('nats'),
    host: z.string().min(1).max(253),
    port: z.number().int().min(1).max(65_535).default(4222),
    tls: z.boolean().default(true),
    ca: z.string().max(20_000).optional(),
    subject: z
      .string()
      .regex(/^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/)
      .default('skep.events'),
    dialect: z.enum(dialectNames).default('json'),
  }),
  z.strictObject({
    kind: z.literal('kafka'),
    /** Any broker of the cluster; it names the others. */
    host: z.string().min(1).max(253),
    port: z.number().int().min(1).max(65_535).default(9092),
    tls: z.boolean().default(true),
    ca: z.string().max(20_000).optional(),
    /** How one signs in, where there is a secret. */
    sasl: z.enum(['plain', 'scram-sha-256', 'scram-sha-512']).default('scram-sha-512'),
    topic: z
      .string()
      .regex(/^[A-Za-z0-9._-]{1,249}$/)
      .default('skep.events'),
    dialect: z.enum(dialectNames).default('json'),
  }),
])
export type SinkSettings = z.infer<typeof sinkShape>

/** An open way to a collector. */
export interface Sink {
  /** Resolves when the other end has taken all, as far as its protocol can say. */
  readonly send: (events: readonly StoredEvent[]) => Promise<void>
  readonly close: () => Promise<void>
}

/** A line of syslog (RFC 5424): facility local0, severity by how bad it is. */
export function syslogLine(event: StoredEvent, message: string): string {
  const severity = weightOf(event) >= 9 ? 2 : weightOf(event) >= 6 ? 4 : 6
  const host = event.sensor === '' ? 'skep' : event.sensor.replace(/[^\x21-\x7e]/g, '').slice(0, 255)
  const time = new Date(event.time).toISOString()
  const data = `[skep@32473 id="${event.id}" kind="${event.kind}"]`
  // A line end within would be taken for the end of the message by collectors that read lines.
  return `<${16 * 8 + severity}>1 ${time} ${host} skep - ${event.kind} ${data} \ufeff${message.replace(/[\r\n]+/g, ' ')}`
}

const patience = 15_000

function open(settings: { host: string; port: number; tls: boolean; ca?: string | undefined }): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket: Socket = settings.tls
      ? connectTls({
          host: settings.host,
          port: settings.port,
          servername: settings.host,
          minVersion: 'TLSv1.2',
          ...(settings.ca !== undefined && { ca: settings.ca }),
        })
      : connectTcp({ host: settings.host, port: settings.port })
    const timer = setTimeout(() => socket.destroy(new Error('No connection within 15 s')), patience)
    socket.once('error', reject)
    socket.once(settings.tls ? 'secureConnect' : 'connect', () => {
      clearTimeout(timer)
      socket.off('error', reject)
      resolve(socket)
    })
    socket.once('close', () => clearTimeout(timer))
  })
}

/** Opens a syslog collector. Syslog has no receipts: what was handed to the network is all that can be known. */
async function syslog(settings: Extract<SinkSettings, { kind: 'syslog' }>): Promise<Sink> {
  const socket = await open(settings)
  const dialect = dialectOf(settings.dialect)
  let broken: Error | undefined
  socket.on('error', (error) => (broken = error))
  socket.on('close', () => (broken ??= new Error('The collector closed the connection')))
  socket.resume()
  return {
    async send(events) {
      const bytes = Buffer.concat(
        events.map((event) => {
          const message = settings.dialect === 'json' ? JSON.stringify(event) : (dialect?.line(event) ?? summary(event))
          const line = Buffer.from(syslogLine(event, message), 'utf8')
          // Octet counting (RFC 6587 §3.4.1, RFC 5425 §4.3).
          return Buffer.concat([Buffer.from(`${line.length} `), line])
        }),
      )
      await new Promise<void>((resolve, reject) => {
        if (broken !== undefined) return reject(broken)
        const timer = setTimeout(() => socket.destroy(new Error('The collector does not read')), patience)
        socket.write(bytes, (error) => {
          clearTimeout(timer)
          if (error != null) reject(error)
          else resolve()
        })
      })
      if (broken !== undefined) throw broken
    },
    close: () => new Promise((resolve) => socket.end(() => resolve())),
  }
}

/** Opens a NATS server. @param secret its token, or user:password; '' for none */
async function nats(settings: Extract<SinkSettings, { kind: 'nats' }>, secret: string): Promise<Sink> {
  const { connect } = await import('@nats-io/transport-node')
  const [user, pass] = secret.includes(':') ? secret.split(/:(.*)/s) : []
  const connection = await connect({
    servers: `${settings.host}:${settings.port}`,
    timeout: patience,
    reconnect: false,
    name: 'skep',
    ...(settings.tls && { tls: { ...(settings.ca !== undefined && { ca: settings.ca }) } }),
    ...(secret !== '' && (user !== undefined && pass !== undefined ? { user, pass } : { token: secret })),
  })
  const dialect = dialectOf(settings.dialect)
  return {
    async send(events) {
      for (const event of events) connection.publish(`${settings.subject}.${event.kind}`, dialect?.line(event) ?? '')
      // The server answers a flush when it has taken what came before.
      await connection.flush()
    },
    close: () => connection.close(),
  }
}

/**
 * Opens a Kafka cluster. Events of one source go to one partition, so that they stay in order; a batch counts as taken
 * when all replicas in sync have it. @param secret user:password; '' for none
 */
async function kafka(settings: Extract<SinkSettings, { kind: 'kafka' }>, secret: string): Promise<Sink> {
  const { CompressionTypes, Kafka, logLevel } = await import('kafkajs')
  const [username = '', password = ''] = secret.split(/:(.*)/s)
  const cluster = new Kafka({
    clientId: 'skep',
    brokers: [`${settings.host}:${settings.port}`],
    ssl: settings.tls && { ...(settings.ca !== undefined && { ca: settings.ca }) },
    ...(secret !== '' && { sasl: { mechanism: settings.sasl as 'plain', username, password } }),
    connectionTimeout: patience,
    authenticationTimeout: patience,
    requestTimeout: patience,
    retry: { retries: 1 },
    logLevel: logLevel.NOTHING,
  })
  const producer = cluster.producer({ allowAutoTopicCreation: false, maxInFlightRequests: 1 })
  await producer.connect()
  const dialect = dialectOf(settings.dialect)
  return {
    async send(events) {
      await producer.send({
        topic: settings.topic,
        acks: -1,
        compression: CompressionTypes.GZIP,
        messages: events.map((event) => ({
          key: event.source?.ip ?? event.sensor,
          value: settings.dialect === 'json' ? JSON.stringify(event) : (dialect?.line(event) ?? summary(event)),
          timestamp: String(Date.parse(event.time)),
          headers: { kind: event.kind },
        })),
      })
    },
    close: () => producer.disconnect(),
  }
}

const kinds = {
  syslog,
  nats,
  kafka,
} as { readonly [kind in SinkSettings['kind']]: (settings: never, secret: string) => Promise<Sink> }

/** Opens a way. @throws Error when the other end cannot be reached, or is not who it should be */
export const openSink = (settings: SinkSettings, secret: string): Promise<Sink> =>
  kinds[settings.kind](settings as never, secret)
