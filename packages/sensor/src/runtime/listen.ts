import { createSocket, type RemoteInfo, type Socket as UdpSocket } from 'node:dgram'
import { createServer, type Server, type Socket } from 'node:net'
import { normalizeAddress, uuidv7, type Data, type Kind } from '@skep/vocabulary'
import { extractUrls } from '../evidence/extract.ts'
import type { Outbox } from '../evidence/outbox.ts'
import type { Persona } from '../personas/persona.ts'
import type { World, Worlds } from '../world/world.ts'
import { Gate, type Limits } from './limits.ts'
import { looksProxied, readProxyHeader } from './proxy.ts'
import { EndOfStream, Malformed, Reader, Refused } from './reader.ts'
import type { Identity, Recorder } from './recorder.ts'
import type { Endpoint, Service, Session } from './service.ts'

/** What all conversations share. */
export interface Host {
  readonly recorder: Recorder
  /** May be another one for conversations to come. */
  persona: Persona
  worlds: Worlds
  readonly outbox: Outbox
  /** Artifacts up to so many bytes are kept. */
  artifactBytes: number
  readonly limits: Limits
  readonly gate: Gate
  /** Addresses that may pass sources on by PROXY protocol. */
  readonly fronts: readonly string[]
  readonly services: ReadonlyMap<string, Service>
  /** What came faster than it is recorded one by one; told with each heartbeat. */
  readonly overflow: { datagrams: number }
  /** Our own error, never a stranger's. */
  readonly fault: (error: unknown, where: string) => void
}

/** Something that listens. */
export interface Listener {
  readonly service: string
  readonly transport: 'tcp' | 'udp'
  readonly address: string
  readonly port: number
  /** Whether it takes connections. */
  readonly alive: () => boolean
  /** Ends all conversations and closes. */
  readonly stop: () => Promise<void>
  /** Takes no new conversation; those that are open go on to their end. */
  readonly retire: () => void
}

type Reason = Data<'session.close'>['reason']

/** Listens on a TCP port. @throws EADDRINUSE, EACCES … */
export async function listenTcp(service: Service, host: Host, address: string, port: number): Promise<Listener> {
  const talking = new Map<Promise<void>, (reason: Reason) => void>()
  const server: Server = createServer({ noDelay: true, allowHalfOpen: true }, (socket) => {
    const cutter: { cut?: (reason: Reason) => void } = {}
    const talk = converse(service, host, socket, (cut) => (cutter.cut = cut))
      .catch((error: unknown) => host.fault(error, service.name))
      .finally(() => talking.delete(talk))
    talking.set(talk, (reason) => cutter.cut?.(reason))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host: address, port, backlog: 4096, ipv6Only: address === '::' }, () => {
      server.removeListener('error', reject)
      server.on('error', (error) => host.fault(error, `${service.name} listener`))
      resolve()
    })
  })
  return {
    service: service.name,
    transport: 'tcp',
    address,
    port: (server.address() as { port: number }).port,
    alive: () => server.listening,
    retire: () => void server.close(),
    async stop() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      for (const cut of talking.values()) cut('shutdown')
      await Promise.all(talking.keys())
      await closed
    },
  }
}

/** How long a front has to begin its header before it is taken to speak for itself. */
const frontPatience = 120

async function converse(
  first: Service,
  host: Host,
  socket: Socket,
  offerCut: (cut: (reason: Reason) => void) => void,
): Promise<void> {
  const started = performance.now()
  const life = new AbortController()
  const input = new Reader((wanted) => (wanted ? socket.resume() : socket.pause()))
  let [received, sent] = [0, 0]
  let reason: Reason | undefined
  let abrupt = false
  const end = (why: Reason) => {
    reason ??= why
    life.abort(why)
    input.end()
  }
  const cut = (why: Reason) => {
    end(why)
    socket.destroy()
  }
  offerCut(cut)
  socket.on('data', (chunk) => {
    received += chunk.length
    input.push(chunk)
    if (received > host.limits.bytes) cut('bytes')
  })
  // A client may have said all and still listen (netcat does).
  socket.on('end', () => input.end())
  socket.on('close', () => end('peer'))
  socket.on('error', (error: NodeJS.ErrnoException) =>
    end(error.code === 'ECONNRESET' || error.code === 'EPIPE' ? 'reset' : 'peer'),
  )
  socket.setTimeout(host.limits.idleMs, () => cut('idle'))
  const deadline = setTimeout(() => cut('deadline'), host.limits.totalMs)

  let source: Endpoint = { ip: normalizeAddress(socket.remoteAddress ?? '') ?? '::', port: socket.remotePort ?? 0 }
  let target = { port: socket.localPort ?? 0 }
  let front: string | undefined
  let failure: Malformed | undefined
  if (host.fronts.includes(source.ip)) {
    try {
      if ((await input.waits(frontPatience)) && looksProxied(input.here())) {
        const proxied = await readProxyHeader(input)
        if (proxied !== undefined) {
          front = source.ip
          ;({ source, target } = proxied)
        }
      }
    } catch (error) {
      if (error instanceof Malformed) failure = error
      else if (!(error instanceof EndOfStream)) throw error
    }
  }

  const id = uuidv7()
  const { worlds } = host
  const identity: Identity = { session: id, service: first.name, transport: 'tcp', source, target }
  const record = <K extends Kind>(kind: K, data: Data<K>): string => host.recorder.record(identity, kind, data)
  record('session.open', front === undefined ? {} : { front })
  // A front is not an attacker: its own address does not count against the limit per source.
  const entered = host.gate.enter(source.ip, true)
  let detail: string | undefined
  let behind: World | undefined
  const session: Session = {
    id,
    input,
    signal: life.signal,
    source,
    target,
    persona: host.persona,
    outbox: host.outbox,
    fault: (error) => host.fault(error, first.name),
    get world() {
      return behind ?? worlds.of(source.ip)
    },
    worldFor: (proof) => worlds.for(source.ip, proof),
    enter: (world) => (behind = world),
    record,
    extract: (text, parent) => {
      const all = extractUrls(text)
      for (const found of all) record('payload.seen', { ...found, ...(parent !== undefined && { parent }) })
      return all.map(({ url }) => url)
    },
    keep: (bytes, about) => {
      const { sha256, kept } = host.outbox.keep(bytes, host.artifactBytes)
      record('artifact.stored', { sha256, size: bytes.length, ...about, ...(!kept && { kept }) })
      return kept ? sha256 : undefined
    },
    send: async (bytes) => {
      if (life.signal.aborted && socket.destroyed) throw new EndOfStream('the peer left')
      sent += typeof bytes === 'string' ? Buffer.byteLength(bytes) : bytes.length
      // What is said in one breath goes out in one packet.
      if (!socket.writableCorked) {
        socket.cork()
        process.nextTick(() => socket.uncork())
      }
      if (socket.write(bytes)) return
      await new Promise<void>((resolve) => {
        const done = () => {
          socket.off('drain', done)
          socket.off('close', done)
          resolve()
        }
        socket.once('drain', done)
        socket.once('close', done)
      })
      if (socket.destroyed) throw new EndOfStream('the peer left')
    },
    become: async (name) => {
      const next = host.services.get(name)
      if (next?.converse === undefined) throw new RangeError(`Cannot become ${name}: there is no such service`)
      await next.converse(session)
    },
  }
  try {
    if (!entered) reason = 'limit'
    else if (failure !== undefined) throw failure
    else await first.converse?.(session)
  } catch (error) {
    if (error instanceof Refused) {
      reason ??= 'limit'
      detail = error.message
    } else if (error instanceof Malformed) {
      reason ??= 'malformed'
      detail = error.message
      abrupt = error.abrupt && input.buffered > 0
    } else if (!(error instanceof EndOfStream) && !life.signal.aborted) {
      reason ??= 'fault'
      host.fault(error, first.name)
    }
  } finally {
    clearTimeout(deadline)
    if (entered) host.gate.leave(source.ip)
    reason ??= socket.readableEnded ? 'peer' : 'service'
    record('session.close', {
      reason,
      bytes_in: received,
      bytes_out: sent,
      duration_ms: Math.round(performance.now() - started),
      ...(detail !== undefined && { detail }),
    })
    life.abort(reason)
    socket.setTimeout(5000, () => socket.destroy())
    if (abrupt) socket.resetAndDestroy()
    else if (entered) socket.end()
    else socket.destroy()
    input.end()
  }
}

/** Listens on a UDP port. No answer is ever longer than what it answers. */
export async function listenUdp(service: Service, host: Host, address: string, port: number): Promise<Listener> {
  const socket: UdpSocket = createSocket({ type: address.includes(':') ? 'udp6' : 'udp4', ipv6Only: address === '::' })
  const budget = new Budget(2000, 200)
  socket.on('message', (bytes, from) => answer(service, host, socket, budget, bytes, from))
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject)
    socket.bind({ address, port, exclusive: true }, () => {
      socket.removeListener('error', reject)
      socket.on('error', (error) => host.fault(error, `${service.name} listener`))
      resolve()
    })
  })
  let open = true
  socket.once('close', () => (open = false))
  return {
    service: service.name,
    transport: 'udp',
    address,
    port: socket.address().port,
    alive: () => open,
    retire: () => socket.close(),
    stop: () => (open ? new Promise<void>((resolve) => socket.close(() => resolve())) : Promise.resolve()),
  }
}

/** How many datagrams a second are recorded one by one, in all and of one (forgeable) source. */
class Budget {
  readonly #all: number
  readonly #each: number
  #second = 0
  #used = 0
  readonly #sources = new Map<string, number>()

  constructor(all: number, each: number) {
    this.#all = all
    this.#each = each
  }

  take(source: string): boolean {
    const second = Math.floor(Date.now() / 1000)
    if (second !== this.#second) {
      this.#second = second
      this.#used = 0
      this.#sources.clear()
    }
    const mine = this.#sources.get(source) ?? 0
    if (this.#used >= this.#all || mine >= this.#each) return false
    this.#used++
    this.#sources.set(source, mine + 1)
    return true
  }
}

function answer(
  service: Service,
  host: Host,
  socket: UdpSocket,
  budget: Budget,
  bytes: Buffer,
  from: RemoteInfo,
): void {
  const source = { ip: normalizeAddress(from.address) ?? '::', port: from.port }
  const target = { port: socket.address().port }
  const identity: Identity = { session: uuidv7(), service: service.name, transport: 'udp', source, target }
  try {
    if (!budget.take(source.ip)) {
      host.overflow.datagrams++
      return
    }
    const record = <K extends Kind>(kind: K, data: Data<K>): string => host.recorder.record(identity, kind, data)
    record('session.open', {})
    const reply = service.answer?.({
      bytes,
      source,
      target,
      persona: host.persona,
      record,
      extract: (text, parent) => {
        const all = extractUrls(text)
        for (const found of all) record('payload.seen', { ...found, ...(parent !== undefined && { parent }) })
        return all.map(({ url }) => url)
      },
    })
    const short = reply?.subarray(0, bytes.length)
    if (short !== undefined && short.length > 0) socket.send(short, from.port, from.address, () => {})
    record('session.close', {
      reason: 'service',
      bytes_in: bytes.length,
      bytes_out: short?.length ?? 0,
      duration_ms: 0,
    })
  } catch (error) {
    host.fault(error, service.name)
  }
}
