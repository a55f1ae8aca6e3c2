import { join } from 'node:path'
import type { SensorConfig } from './config.ts'
import { Outbox } from './evidence/outbox.ts'
import { loadIdentity } from './identity.ts'
import type { Persona } from './personas/persona.ts'
import { Gate } from './runtime/limits.ts'
import { listenTcp, listenUdp, type Host, type Listener } from './runtime/listen.ts'
import { Recorder } from './runtime/recorder.ts'
import { services } from './services/index.ts'
import { Spool, type Loss } from './spool/spool.ts'
import { Uplink } from './uplink/uplink.ts'
import { ShellPool } from './world/pool.ts'
import { Worlds } from './world/world.ts'

export interface SensorOptions {
  /** The sensor's data folder. */
  readonly data: string
  readonly config: SensorConfig
  /** The key with which it delivers. Without it, events stay in the spool. */
  readonly key?: string | undefined
  readonly version?: string
  readonly log?: (line: string) => void
}

/** A running sensor. */
export interface Sensor {
  readonly name: string
  readonly persona: Persona
  readonly boot: string
  readonly listeners: readonly Listener[]
  readonly spool: Spool
  /** Ends all conversations, delivers what it can, and keeps the rest. */
  readonly stop: () => Promise<void>
}

const heartbeatMs = 30_000

/**
 * Starts a sensor: identity, spool, listeners, uplink.
 * @throws Error when a port of a service cannot be had; the message says which and what to do
 */
export async function startSensor(options: SensorOptions): Promise<Sensor> {
  const { config, data } = options
  const log = options.log ?? (() => {})
  const identity = loadIdentity(data)
  const name = config.name ?? identity.name
  const { persona } = identity
  const early: Loss[] = []
  let tell = (loss: Loss): void => void early.push(loss)
  const outbox = new Outbox(join(data, 'outbox'))
  const spool = new Spool({
    folder: join(data, 'spool'),
    capBytes: config.spoolBytes,
    onLoss: (loss) => tell(loss),
    beforeSync: () => outbox.sync(),
  })
  const recorder = new Recorder(name, spool)
  tell = (loss) => recorder.lost(loss)
  for (const loss of early) recorder.lost(loss)

  let faults = 0
  const overflow = { datagrams: 0 }
  const fault = (error: unknown, where: string): void => {
    // A fault in a loop must not fill the log.
    if (faults++ < 100)
      log(`fault in ${where}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
  }
  const pool = new ShellPool(persona.machine, (error) => fault(error, 'shell'))
  const openFiles = Number(
    (process.report?.getReport() as { userLimits?: { open_files?: { soft?: number | string } } })?.userLimits
      ?.open_files?.soft,
  )
  const room = Number.isFinite(openFiles) && openFiles > 0 ? Math.max(64, openFiles - 128) : config.limits.sessions
  if (room < config.limits.sessions)
    log(`only ${room} conversations at once: the system allows ${openFiles} open files (ulimit -n)`)
  const limits = { ...config.limits, sessions: Math.min(config.limits.sessions, room) }
  const host: Host = {
    recorder,
    persona,
    worlds: new Worlds(persona, pool),
    outbox,
    limits,
    gate: new Gate(limits),
    fronts: config.fronts,
    services: new Map(services.map((service) => [service.name, service])),
    overflow,
    fault,
  }

  const listeners: Listener[] = []
  const stopListening = () => Promise.all(listeners.map((listener) => listener.stop()))
  try {
    for (const service of services) {
      const tcp = service.name === 'any' ? config.any.tcp.flat() : (config.services[service.name] ?? [])
      const udp = service.name === 'any' ? config.any.udp.flat() : []
      for (const address of config.addresses) {
        for (const port of tcp) await listen(() => listenTcp(service, host, address, port), address, port, 'tcp')
        for (const port of udp) await listen(() => listenUdp(service, host, address, port), address, port, 'udp')
      }
    }
  } catch (error) {
    await stopListening()
    await pool.stop()
    await spool.close()
    throw error
  }

  async function listen(
    start: () => Promise<Listener>,
    address: string,
    port: number,
    transport: string,
  ): Promise<void> {
    try {
      listeners.push(await start())
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? ''
      if (address.includes(':') && /^(?:EAFNOSUPPORT|EADDRNOTAVAIL)$/.test(code)) return
      const why: Record<string, string> = {
        EADDRINUSE:
          'another program listens there. Stop it, or choose other ports (npm start -- --sensor-ports-from N, or "services" in the configuration)',
        EACCES: 'ports below 1024 need the right to bind them (CAP_NET_BIND_SERVICE)',
      }
      throw new Error(`Cannot listen on ${address} port ${port}/${transport}: ${why[code] ?? String(error)}`, {
        cause: error,
      })
    }
  }
  pool.warm()

  const uplink =
    config.hubs.length > 0 && options.key !== undefined
      ? new Uplink({ spool, outbox, hubs: config.hubs, key: options.key, sensor: name, log })
      : undefined
  uplink?.start()

  const started = Date.now()
  const beat = (): void => {
    recorder.record({}, 'sensor.heartbeat', {
      version: options.version ?? '0',
      persona: persona.name,
      uptime_s: Math.round((Date.now() - started) / 1000),
      memory: process.memoryUsage.rss(),
      spool_bytes: spool.bytes,
      spool_events: spool.events,
      sessions: host.gate.open,
      listeners: [...new Set(listeners.map(({ service, transport, port }) => `${service} ${transport}/${port}`))].slice(
        0,
        256,
      ),
      faults,
      overflow: overflow.datagrams,
    })
  }
  beat()
  const heart = setInterval(beat, heartbeatMs)

  return {
    name,
    persona,
    boot: recorder.boot,
    listeners,
    spool,
    async stop() {
      clearInterval(heart)
      await stopListening()
      await pool.stop()
      beat()
      await spool.written()
      await uplink?.stop()
      await spool.close()
      outbox.close()
    },
  }
}
