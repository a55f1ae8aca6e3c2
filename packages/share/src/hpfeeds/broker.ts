import { randomBytes } from 'node:crypto'
import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import type { Log } from '@skep/vocabulary'
import { digestOf, error, fields, info, Malformed, MessageReader, ops, publish, sameDigest } from './wire.ts'

/** Who may come, and where to. */
export interface Ident {
  readonly ident: string
  readonly secret: string
  readonly publish: readonly string[]
  readonly subscribe: readonly string[]
}

/** What was published, by whom. */
export interface Publication {
  readonly ident: string
  readonly channel: string
  readonly payload: Buffer
}

export interface BrokerOptions {
  readonly host: string
  readonly port: number
  readonly tls?: { readonly key: string; readonly cert: string } | undefined
  readonly find: (ident: string) => Promise<Ident | undefined>
  readonly onPublish: (publication: Publication) => Promise<void>
  readonly log: Log
  /** Milliseconds for signing in. */
  readonly patience?: number
}

/** Bytes that may wait for a subscriber that does not read; then it is let go, as the reference broker does. */
const mostWaiting = 50 << 20
const mostConnections = 1000
const name = 'skep'

/**
 * A broker of hpfeeds, the way in which Cowrie, Dionaea and T-Pot have told each other what they see since 2010. It
 * has no receipts: what is sent while nobody listens is lost, and neither end can know. Use it for what speaks nothing
 * else.
 */
export class Broker {
  readonly #options: BrokerOptions
  readonly #server: Server
  readonly #peers = new Set<Peer>()

  constructor(options: BrokerOptions) {
    this.#options = options
    const onConnection = (socket: Socket): void => {
      if (this.#peers.size >= mostConnections) return void socket.destroy()
      const peer = new Peer(socket, options, this)
      this.#peers.add(peer)
      socket.once('close', () => this.#peers.delete(peer))
    }
    this.#server =
      options.tls === undefined
        ? createServer(onConnection)
        : createTlsServer({ ...options.tls, minVersion: 'TLSv1.2' }, onConnection)
  }

  /** @returns the port. @throws EADDRINUSE */
  listen(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(this.#options.port, this.#options.host, () => {
        this.#server.off('error', reject)
        resolve((this.#server.address() as { port: number }).port)
      })
    })
  }

  /** Hands a message to all who subscribed to its channel. */
  hand(publication: Publication, except?: Peer): void {
    let bytes: Buffer | undefined
    for (const peer of this.#peers) {
      if (peer === except || !peer.wants(publication.channel)) continue
      bytes ??= publish(publication.ident, publication.channel, publication.payload)
      peer.send(bytes)
    }
  }

  /** Whether anybody listens to a channel. */
  heard(channel: string): boolean {
    return [...this.#peers].some((peer) => peer.wants(channel))
  }

  async stop(): Promise<void> {
    for (const peer of this.#peers) peer.end()
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
  }
}

/** One connection. */
class Peer {
  readonly #socket: Socket
  readonly #options: BrokerOptions
  readonly #broker: Broker
  readonly #nonce = randomBytes(4)
  readonly #reader = new MessageReader()
  readonly #channels = new Set<string>()
  #who: Ident | undefined
  #turn: Promise<void> = Promise.resolve()

  constructor(socket: Socket, options: BrokerOptions, broker: Broker) {
    this.#socket = socket
    this.#options = options
    this.#broker = broker
    socket.on('error', () => socket.destroy())
    // Whoever does not sign in soon, however busily, gives the place up.
    const patience = setTimeout(() => {
      if (this.#who === undefined) socket.destroy()
    }, options.patience ?? 30_000)
    socket.once('close', () => clearTimeout(patience))
    socket.on('data', (chunk: Buffer) => {
      // One message after the other; what comes faster than it is worked on waits in the sender.
      socket.pause()
      this.#turn = this.#turn
        .then(() => this.#take(chunk))
        .catch((problem: unknown) => {
          if (!(problem instanceof Malformed)) options.log.error(`hpfeeds: ${String(problem)}`)
          socket.destroy()
        })
        .finally(() => socket.resume())
    })
    socket.write(info(name, this.#nonce))
  }

  wants(channel: string): boolean {
    return this.#channels.has(channel)
  }
  send(bytes: Buffer): void {
    if (this.#socket.writableLength > mostWaiting) return this.#refuse('Backpressure deadline timer expired')
    this.#socket.write(bytes)
  }
  end(): void {
    this.#socket.destroy()
  }

  #refuse(text: string): void {
    this.#socket.end(error(text))
  }

  async #take(chunk: Buffer): Promise<void> {
    for (const { op, body } of this.#reader.push(chunk)) {
      if (this.#socket.writableEnded) return
      if (this.#who === undefined) {
        if (op !== ops.auth) return this.#refuse('First message was not AUTH')
        const { texts, rest } = fields(body, 1)
        const ident = texts[0] ?? ''
        const known = await this.#options.find(ident)
        // An ident that is not there costs the same as one that is.
        const right = sameDigest(rest, digestOf(this.#nonce, known?.secret ?? randomBytes(16).toString('hex')))
        if (known === undefined || !right) return this.#refuse(`Authentication failed for ${ident}`)
        this.#who = known
        continue
      }
      const done = await this.#message(this.#who, op, body)
      if (!done) return
    }
  }

  /** @returns whether to go on */
  async #message(who: Ident, op: number, body: Buffer): Promise<boolean> {
    if (op === ops.publish) {
      const { texts, rest } = fields(body, 2)
      const [ident = '', channel = ''] = texts
      if (ident !== who.ident) return this.#stop(`Invalid authkey in message, ident=${ident}`)
      if (!who.publish.includes(channel))
        return this.#stop(`Authkey not allowed to pub here. ident=${ident}, chan=${channel}`)
      const publication = { ident, channel, payload: Buffer.from(rest) }
      await this.#options.onPublish(publication)
      this.#broker.hand(publication, this)
      return true
    }
    if (op !== ops.subscribe && op !== ops.unsubscribe) throw new Malformed(`A client does not send opcode ${op}`)
    const { texts, rest } = fields(body, 1)
    const [ident = ''] = texts
    const channel = rest.toString('utf8').slice(0, 255)
    if (ident !== who.ident) return this.#stop(`Invalid authkey in message, ident=${ident}`)
    if (op === ops.unsubscribe) {
      this.#channels.delete(channel)
      return true
    }
    if (!who.subscribe.includes(channel))
      return this.#stop(`Authkey not allowed to sub here. ident=${ident}, chan=${channel}`)
    this.#channels.add(channel)
    return true
  }

  #stop(text: string): false {
    this.#refuse(text)
    return false
  }
}
