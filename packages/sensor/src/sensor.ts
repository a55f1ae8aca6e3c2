import { statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { holding, logger, schemaVersion, uuidv7, type Beat, type Log } from '@skep/vocabulary'
import { layered, type SensorConfig } from './config.ts'
import { Outbox } from './evidence/outbox.ts'
import { loadIdentity } from './identity.ts'
import { servicesWithout } from './personas/index.ts'
import type { Membership } from './membership.ts'
import type { Persona } from './personas/persona.ts'
import { Gate } from './runtime/limits.ts'
import { listenTcp, listenUdp, type Host, type Listener } from './runtime/listen.ts'
import { Recorder } from './runtime/recorder.ts'
import { services } from './services/index.ts'
import { Spool, type Loss, type Run } from './spool/spool.ts'
import { serveStatus } from './status.ts'
import { Heart, readKept } from './uplink/heart.ts'
import { Link } from './uplink/link.ts'
import { Upgrader } from './uplink/upgrade.ts'
import { askForPayload } from './uplink/payload.ts'
import { Uplink } from './uplink/uplink.ts'
import { ShellPool } from './world/pool.ts'
import { Given, type GivenAnswer } from './world/given.ts'
import { Helper } from './world/helper.ts'
import { Keeper } from './world/keep.ts'
import { Worlds } from './world/world.ts'

export interface SensorOptions {
  /** The sensor's data folder. */
  readonly data: string
  readonly config: SensorConfig
  /** The configuration as it stands in the host's file: what the hub wants is laid over it. */
  readonly own?: unknown
  /** To which honeynet it belongs, and its key (PEM). Without, events stay in the spool. */
  readonly member?: { readonly membership: Membership; readonly key: string } | undefined
  readonly version?: string
  /** A port that cannot be had is told and tried again, instead of ending the start. */
  readonly lenient?: boolean
  /** Milliseconds between heartbeats, half a minute when absent. */
  readonly beatMs?: number
  /** Ends this process so that it is started again with another release. */
  readonly restart?: (() => void) | undefined
  readonly log?: Log
}

/** A running sensor. */
export interface Sensor {
  readonly name: string
  readonly persona: Persona
  readonly boot: string
  readonly listeners: readonly Listener[]
  readonly spool: Spool
  readonly uplink: Uplink | undefined
  /** The settings in force. */
  readonly config: () => SensorConfig
  /** Lays other settings over the host's own; all or nothing. Open conversations go on. @throws Error */
  readonly apply: (document: Readonly<Record<string, unknown>>) => Promise<void>
  /** Ends all conversations, delivers what it can, and keeps the rest. */
  readonly stop: () => Promise<void>
}

const heartbeatMs = 60_000

/** A place where something is to listen. */
interface Wanted {
  readonly service: string
  readonly transport: 'tcp' | 'udp'
  readonly address: string
  readonly port: number
}
const keyOf = ({ service, transport, address, port }: Wanted): string => `${service} ${transport} ${address} ${port}`

/**
 * Starts a sensor: identity, spool, listeners, uplink.
 * @throws Error when a port of a service cannot be had; the message says which and what to do
 */
export async function startSensor(options: SensorOptions): Promise<Sensor> {
  const { data, member } = options
  const log = options.log ?? logger('sensor', () => {})
  let config = options.config
  // What the hub wanted last holds from the first moment, also when the hub is away.
  const kept = member === undefined || !config.obey ? undefined : readKept(data)
  if (kept !== undefined) {
    try {
      config = layered(options.own, kept.document)
    } catch (error) {
      log.warn(`what the hub wanted last cannot be used any more: ${String(error)}`)
    }
  }
  const identity = await loadIdentity(data, config.persona)
  const name = member?.membership.sensor ?? config.name ?? identity.name
  const boot = uuidv7()
  const outbox = new Outbox(join(data, 'outbox'))
  let tellLoss: (loss: Loss) => void = () => {}
  let tellClosed: (run: Run) => void = () => {}
  const spool = new Spool({
    folder: join(data, 'spool'),
    boot,
    capBytes: config.spoolBytes,
    capDays: config.spoolDays,
    onLoss: (loss) => tellLoss(loss),
    onClosed: (run) => tellClosed(run),
    beforeSync: () => outbox.sync(),
  })
  const recorder = new Recorder(name, boot, spool)
  tellLoss = (loss) => recorder.lost(loss)
  tellClosed = ({ boot: of, clean }) => void recorder.record({}, 'spool.closed', { of, clean })

  let faults = 0
  const overflow = { datagrams: 0 }
  const fault = (error: unknown, where: string): void => {
    // A fault in a loop must not fill the log.
    if (faults++ < 100)
      log.error(`fault in ${where}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
  }
  const makePool = (persona: Persona): ShellPool =>
    new ShellPool(persona.machine, (error) => fault(error, 'shell'), {
      helper:
        config.helper === undefined
          ? undefined
          : new Helper(config.helper, persona.machine, (error) => fault(error, 'helper')),
    })
  let pool = makePool(identity.persona)
  let askHub: ((url: string) => Promise<GivenAnswer>) | undefined
  const given = member === undefined ? undefined : new Given((url) => askHub?.(url) ?? Promise.resolve('off'))
  const makeWorlds = (persona: Persona): Worlds =>
    new Worlds(persona, pool, {
      keeper: new Keeper(join(data, 'worlds', persona.name)),
      given,
      fault: (error) => fault(error, 'worlds'),
    })
  const openFiles = Number(
    (process.report?.getReport() as { userLimits?: { open_files?: { soft?: number | string } } })?.userLimits
      ?.open_files?.soft,
  )
  const limitsOf = ({ limits }: SensorConfig): SensorConfig['limits'] => {
    const room = Number.isFinite(openFiles) && openFiles > 0 ? Math.max(64, openFiles - 128) : limits.sessions
    if (room < limits.sessions)
      log.warn(`only ${room} conversations at once: the system allows ${openFiles} open files (ulimit -n)`)
    return { ...limits, sessions: Math.min(limits.sessions, room) }
  }
  const limits = limitsOf(config)
  const host: Host = {
    recorder,
    persona: identity.persona,
    worlds: makeWorlds(identity.persona),
    outbox,
    artifactBytes: config.upload.artifactBytes,
    limits,
    gate: new Gate(limits),
    fronts: config.fronts,
    services: new Map(services.map((service) => [service.name, service])),
    overflow,
    fault,
  }

  // What listens, and what should and cannot.
  const listeners: Listener[] = []
  /** Which wanted place each listener is for: with port 0 they differ. */
  const places = new Map<string, Listener>()
  const down = new Map<string, { wanted: Wanted; error: string }>()

  const wantedOf = ({ services: chosen, any, addresses, schedules, persona }: SensorConfig): Wanted[] => {
    const closed = new Set([
      ...holding(schedules, new Date()).flatMap(({ close }) => close),
      ...servicesWithout(persona),
    ])
    return services
      .filter(({ name }) => !closed.has(name))
      .flatMap((service) =>
        addresses.flatMap((address) => {
          const at = (transport: 'tcp' | 'udp') => (port: number) => ({
            service: service.name,
            transport,
            address,
            port,
          })
          return service.name === 'any'
            ? [...any.tcp.flat().map(at('tcp')), ...any.udp.flat().map(at('udp'))]
            : (chosen[service.name] ?? []).map(at('tcp'))
        }),
      )
  }

  /** Listens at one place. @returns undefined where this machine has no IPv6 */
  async function listen({ service: name, transport, address, port }: Wanted): Promise<Listener | undefined> {
    const service = host.services.get(name)
    if (service === undefined) throw new Error(`There is no service ${name}`)
    try {
      return await (transport === 'tcp' ? listenTcp : listenUdp)(service, host, address, port)
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? ''
      if (address.includes(':') && /^(?:EAFNOSUPPORT|EADDRNOTAVAIL)$/.test(code)) return undefined
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

  /**
   * Makes what listens what should. New places first, so that a port that cannot be had leaves all as it was; then those
   * that are wanted no more take no new conversation.
   */
  async function reconcile(target: SensorConfig, lenient: boolean): Promise<void> {
    const wanted = new Map(wantedOf(target).map((place) => [keyOf(place), place]))
    const fresh: [string, Listener][] = []
    for (const [key, place] of wanted) {
      if (places.has(key)) continue
      try {
        const listener = await listen(place)
        if (listener !== undefined) fresh.push([key, listener])
        down.delete(key)
      } catch (error) {
        if (!lenient) {
          await Promise.all(fresh.map(([, listener]) => listener.stop()))
          throw error
        }
        const message = error instanceof Error ? error.message : String(error)
        if (!down.has(key)) log.warn(message)
        const code =
          (error instanceof Error ? (error.cause as NodeJS.ErrnoException | undefined)?.code : undefined) ?? ''
        const short: Record<string, string> = {
          EADDRINUSE: 'another program listens there',
          EACCES: 'no right to bind it',
        }
        down.set(key, { wanted: place, error: short[code] ?? message.slice(0, 250) })
      }
    }
    for (const [key, listener] of fresh) {
      places.set(key, listener)
      listeners.push(listener)
    }
    for (const [key, listener] of places) {
      if (wanted.has(key)) continue
      places.delete(key)
      listeners.splice(listeners.indexOf(listener), 1)
      retired.add(listener)
      listener.retire()
    }
    for (const key of down.keys()) if (!wanted.has(key)) down.delete(key)
  }
  /** Take nothing new; may still talk. */
  const retired = new Set<Listener>()
  const stopListening = () => Promise.all([...listeners, ...retired].map((listener) => listener.stop()))

  const lenient = options.lenient === true
  try {
    await reconcile(config, lenient)
    if (listeners.length === 0 && down.size > 0) throw new Error('Not one port can be had: is another sensor running?')
  } catch (error) {
    await stopListening()
    await pool.stop()
    await spool.close()
    throw error
  }
  pool.warm()

  const link =
    member === undefined
      ? undefined
      : new Link(member.membership.hubs, {
          key: member.key,
          certificate: member.membership.certificate,
          authority: member.membership.authority,
        })
  if (link !== undefined) askHub = (url) => askForPayload(link, url)
  const uplink = link === undefined ? undefined : new Uplink({ spool, outbox, link, log: log.of('uplink') })

  /** What depends on the settings and the time of day, but for the listeners. */
  const settle = (): void => {
    const now = holding(config.schedules, new Date())
    const rate = now.find(({ bytesPerSecond }) => bytesPerSecond !== undefined)?.bytesPerSecond
    if (link !== undefined) link.bytesPerSecond = rate === 0 ? undefined : (rate ?? config.upload.bytesPerSecond)
    if (uplink !== undefined) uplink.paused = rate === 0
    Object.assign(host.limits, limitsOf(config))
    host.artifactBytes = config.upload.artifactBytes
  }
  settle()
  const minute = setInterval(() => {
    settle()
    reconcile(config, true).catch((error: unknown) => fault(error, 'schedule'))
  }, 30_000)
  minute.unref()
  const keeping = setInterval(() => void host.worlds.save(), 20_000)
  keeping.unref()

  let applying: Promise<void> = Promise.resolve()
  async function applyInTurn(document: Readonly<Record<string, unknown>>): Promise<void> {
    const target = layered(options.own, document)
    await reconcile(target, false)
    spool.setCaps(target.spoolBytes, target.spoolDays)
    if (target.persona !== config.persona) {
      const before = pool
      const { persona } = await loadIdentity(data, target.persona)
      pool = makePool(persona)
      pool.warm()
      host.persona = persona
      await host.worlds.save()
      host.worlds = makeWorlds(persona)
      // Conversations that are open keep the machine that they have seen.
      setTimeout(() => void before.stop(), host.limits.totalMs).unref()
    }
    config = target
    settle()
  }

  const started = Date.now()
  let cpu = { used: process.cpuUsage(), at: performance.now(), percent: 0 }
  const state = async (): Promise<Omit<Beat, 'wall' | 'mono' | 'rtt' | 'epoch' | 'applied' | 'release'>> => {
    if (performance.now() - cpu.at > 1000) {
      const { user, system } = process.cpuUsage(cpu.used)
      const percent = (user + system) / 10 / (performance.now() - cpu.at)
      cpu = { used: process.cpuUsage(), at: performance.now(), percent: Math.round(percent * 100) / 100 }
    }
    const disk = await statfs(data).catch(() => undefined)
    const waiting = outbox.waiting
    const { oldest } = spool
    return {
      boot,
      version: options.version ?? '0',
      schema: schemaVersion,
      persona: host.persona.name,
      uptime_s: Math.round((Date.now() - started) / 1000),
      made: recorder.made,
      spool_events: spool.events,
      spool_bytes: spool.bytes,
      lag_s: oldest === undefined ? 0 : Math.max(0, Math.round((Date.now() - oldest) / 1000)),
      outbox_files: waiting.files,
      outbox_bytes: waiting.bytes,
      memory: process.memoryUsage.rss(),
      cpu_percent: cpu.percent,
      disk_free: disk === undefined ? null : disk.bavail * disk.bsize,
      sessions: host.gate.open,
      faults,
      overflow: overflow.datagrams,
      listeners: [
        ...new Map(
          [
            ...listeners.map((one) => ({
              service: one.service,
              transport: one.transport,
              port: one.port,
              up: one.alive(),
            })),
            ...[...down.values()].map(({ wanted: { service, transport, port }, error }) => ({
              service,
              transport,
              port,
              up: false,
              error,
            })),
          ].map((one) => [`${one.service} ${one.transport} ${one.port}`, one]),
        ).values(),
      ].slice(0, 2000),
    }
  }

  recorder.record({}, 'sensor.started', { version: options.version ?? '0', persona: host.persona.name })
  const record = async (): Promise<void> => {
    const now = await state()
    recorder.record({}, 'sensor.heartbeat', {
      version: now.version,
      persona: now.persona,
      uptime_s: now.uptime_s,
      memory: now.memory,
      spool_bytes: now.spool_bytes,
      spool_events: now.spool_events,
      sessions: now.sessions,
      listeners: [
        ...new Set(now.listeners.map(({ service, transport, port }) => `${service} ${transport}/${port}`)),
      ].slice(0, 256),
      faults,
      overflow: overflow.datagrams,
    })
  }
  spool.begin()
  await record()
  const heart = setInterval(() => void record(), heartbeatMs)

  const upgrader =
    link === undefined || member === undefined || options.restart === undefined || !config.upgrade
      ? undefined
      : new Upgrader({
          data,
          version: options.version ?? '0',
          authority: member.membership.authority,
          link,
          log: log.of('upgrade'),
          restart: options.restart,
        })
  const apply = (document: Readonly<Record<string, unknown>>): Promise<void> => {
    const turn = applying.then(() => applyInTurn(document))
    applying = turn.catch(() => undefined)
    return turn
  }
  const pulse =
    link === undefined || member === undefined
      ? undefined
      : new Heart({
          data,
          link,
          membership: member.membership,
          log: log.of('heart'),
          state,
          mono: () => recorder.mono(),
          apply,
          obey: config.obey,
          upgrader,
          ...(options.beatMs !== undefined && { beatMs: options.beatMs }),
        })
  // First the clocks are compared, so that the hub can mend the times of the first events, too.
  void pulse?.start().finally(() => uplink?.start())

  const status =
    config.status === undefined
      ? undefined
      : await serveStatus(config.status, { state, spool, uplink, lastAnswer: () => pulse?.lastAnswer })

  return {
    name,
    get persona() {
      return host.persona
    },
    boot,
    listeners,
    spool,
    uplink,
    config: () => config,
    apply,
    async stop() {
      clearInterval(heart)
      clearInterval(minute)
      given?.stop()
      clearInterval(keeping)
      status?.close()
      await applying
      await stopListening()
      await pool.stop()
      await host.worlds.save()
      recorder.record({}, 'sensor.stopped', { uptime_s: Math.round((Date.now() - started) / 1000) })
      await spool.written()
      pulse?.stop()
      await uplink?.stop()
      await spool.close()
      outbox.close()
      link?.close()
    },
  }
}
