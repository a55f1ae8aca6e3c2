import { fork, type ChildProcess } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Hub } from '@skep/hub'
import type { Log } from '@skep/vocabulary'
import { dataFolder, exit, logTo, portalFolder, UserError, version } from '../context.ts'
import { findRunning, markRunning } from '../hub-context.ts'

/** How a hub is set up from the command line. */
export interface HubRunOptions {
  readonly data?: string
  readonly portalPort?: string
  readonly portalHost?: string
  readonly gatewayPort?: string
  readonly gatewayHost?: string
  readonly publicGateway?: string
  readonly publicPortal?: string
  readonly mail?: string
  readonly mailFrom?: string
  readonly trustHost?: string[]
  readonly rdap?: string
  readonly dns?: string[]
  readonly rpkiCache?: string
  readonly rpkiTal?: string[]
  readonly rpkiClient?: string
  readonly clickhouse?: string
  readonly cluster?: string
  readonly storagePolicy?: string
  readonly coldAfter?: string
  readonly relational?: string
  readonly blobs?: string
  readonly hpfeeds?: string
  readonly hpfeedsKey?: string
  readonly hpfeedsCert?: string
  readonly update: boolean
  readonly log?: string
  readonly json?: boolean
}

export interface StartOptions extends HubRunOptions {
  readonly sensorPortsFrom?: string
  readonly sensorAddress?: string[]
  readonly config?: string
  readonly persona?: string
}

const port = (text: string, what: string): number => {
  const n = Number(text)
  if (!Number.isInteger(n) || n < 0 || n > 65_535)
    throw new UserError(`${what} must be a port, not: ${text}`, exit.usage)
  return n
}

/** Where the hpfeeds broker listens. @throws UserError */
function hpfeedsOf({ hpfeeds, hpfeedsKey, hpfeedsCert }: HubRunOptions) {
  if (hpfeeds === undefined) return undefined
  const match = /^(?:(.+):)?(\d{1,5})$/.exec(hpfeeds)
  if (match === null) throw new UserError(`--hpfeeds must be address:port, not: ${hpfeeds}`, exit.usage)
  const where = { host: match[1]?.replace(/^\[|\]$/g, '') ?? '127.0.0.1', port: port(match[2] ?? '', '--hpfeeds') }
  if (hpfeedsKey === undefined || hpfeedsCert === undefined) return where
  try {
    return { ...where, tls: { key: readFileSync(hpfeedsKey, 'utf8'), cert: readFileSync(hpfeedsCert, 'utf8') } }
  } catch (cause) {
    throw new UserError(`Cannot read the key or certificate of hpfeeds`, exit.missing, { cause })
  }
}

/** Starts a hub as the options say. @throws UserError that says what to do */
async function openHub(options: HubRunOptions, data: string, log: Log): Promise<{ hub: Hub; unmark: () => void }> {
  const { startHub, StoreUnavailable } = await import('@skep/hub')
  const { sharing } = await import('@skep/share')
  if ((await findRunning(data)) !== undefined)
    throw new UserError(`Skep runs on ${data} already. Stop it first, or choose another folder with --data.`)
  try {
    mkdirSync(data, { recursive: true })
  } catch (cause) {
    throw new UserError(
      `Cannot write to ${data}: ${cause instanceof Error ? cause.message : String(cause)}`,
      exit.failed,
      { cause },
    )
  }
  const portalPort = port(options.portalPort ?? '8400', '--portal-port')
  const gatewayPort = port(options.gatewayPort ?? '8401', '--gateway-port')
  const hub = await startHub({
    data,
    host: options.portalHost ?? '127.0.0.1',
    port: portalPort,
    gatewayHost: options.gatewayHost ?? '127.0.0.1',
    gatewayPort,
    publicGateway: options.publicGateway,
    publicPortal: options.publicPortal ?? process.env['SKEP_PUBLIC_PORTAL'],
    mail: options.mail ?? process.env['SKEP_MAIL'],
    mailFrom: options.mailFrom ?? process.env['SKEP_MAIL_FROM'],
    trustedHosts: options.trustHost,
    rdap: options.rdap,
    dns: options.dns,
    ...(options.rpkiCache !== undefined && {
      rpki: { program: options.rpkiClient ?? 'rpki-client', cache: options.rpkiCache, tals: options.rpkiTal ?? [] },
    }),
    clickhouse: options.clickhouse ?? process.env['SKEP_CLICKHOUSE'],
    cluster: options.cluster,
    ...(options.storagePolicy !== undefined && {
      tier: { policy: options.storagePolicy, volume: 'cold', days: Number(options.coldAfter ?? 30) },
    }),
    relational: options.relational ?? process.env['SKEP_RELATIONAL'],
    blobs: options.blobs ?? process.env['SKEP_BLOBS'],
    portal: portalFolder,
    update: options.update,
    extensions: [sharing({ hpfeeds: hpfeedsOf(options) })],
    version,
    log,
  }).catch((error: unknown) => {
    if (error instanceof StoreUnavailable) throw new UserError(error.message, exit.failed, { cause: error })
    const { code, port: busy } = error as NodeJS.ErrnoException & { port?: number }
    if (code === 'EADDRINUSE') {
      const option = busy === gatewayPort && gatewayPort !== portalPort ? '--gateway-port' : '--portal-port'
      throw new UserError(
        `Port ${busy ?? portalPort} is in use by another program. Choose another with ${option}.`,
        exit.failed,
        { cause: error },
      )
    }
    throw error
  })
  return { hub, unmark: markRunning(data, hub.url, options.relational ?? process.env['SKEP_RELATIONAL']) }
}

const linkOf = async (hub: Hub): Promise<string> =>
  `${hub.url}/signin?token=${await hub.relational.tokens.create('operator', 'sign-in link', { ttl: 3600, singleUse: true })}`

/** Runs a hub without a sensor of its own. */
export async function runHub(options: HubRunOptions): Promise<void> {
  const data = dataFolder(options.data)
  const { hub, unmark } = await openHub(options, data, logTo(options.log, 'hub'))
  let stopping = false
  const stop = async (): Promise<void> => {
    if (stopping) return
    stopping = true
    await hub.stop()
    unmark()
    process.exit(exit.done)
  }
  process.on('SIGINT', () => void stop())
  process.on('SIGTERM', () => void stop())
  const link = await linkOf(hub)
  if (options.json === true)
    console.log(JSON.stringify({ portal: hub.url, gateway: hub.gateway, signin: link, data, pid: process.pid }))
  else
    console.log(
      `Hub ${version}\n  Portal    ${hub.url}\n  Sign in   ${link}\n  Gateway   ${hub.gateway}   (invite a sensor: skep hub invite)\n  Data      ${data}`,
    )
}

/** Runs everything: hub, portal, embedded stores, and a sensor in a process of its own. */
export async function start(options: StartOptions): Promise<void> {
  const data = dataFolder(options.data)
  const say = (line: string): void => {
    if (options.json !== true) console.log(line)
  }
  const log = logTo(options.log, 'hub', '  ')
  const { hub, unmark } = await openHub(options, data, log)
  const name = await adopt(hub, join(data, 'sensor'))

  let stopping = false
  let sensor: ChildProcess | undefined
  let stopped = false
  const stop = async (code: number): Promise<void> => {
    if (stopping) {
      if (stopped) return
      say('Stopping already; once more ends it at once.')
      stopped = true
      return
    }
    stopping = true
    say('\nStopping: delivering what is left …')
    await endChild(sensor)
    await hub.stop()
    unmark()
    say('Stopped. Nothing was lost; "npm start" goes on with the same identity and data.')
    process.exit(code)
  }
  const interrupt = (): void => {
    if (stopped) process.exit(exit.failed)
    void stop(exit.done)
  }
  process.on('SIGINT', interrupt)
  process.on('SIGTERM', interrupt)
  process.on('message', (message) => {
    if (message === 'stop') interrupt()
  })

  const args = ['sensor', 'run', '--data', data]
  if (options.config !== undefined) args.push('--config', options.config)
  if (options.persona !== undefined) args.push('--persona', options.persona)
  if (options.log !== undefined) args.push('--log', options.log)
  if (options.sensorPortsFrom !== undefined)
    args.push('--ports-from', String(port(options.sensorPortsFrom, '--sensor-ports-from')))
  for (const address of options.sensorAddress ?? []) args.push('--address', address)
  let restarts = 0
  const launch = async (): Promise<string[]> => {
    const child = fork(fileURLToPath(new URL('./skep.js', import.meta.url)), args, {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      env: { ...process.env, SKEP_SUPERVISED: '1' },
      execArgv: [],
    })
    sensor = child
    const lines = await new Promise<string[]>((resolve, reject) => {
      child.once('message', (message: { listeners?: string[]; failed?: string }) => {
        if (message.listeners !== undefined) resolve(message.listeners)
        else reject(new UserError(message.failed ?? 'The sensor did not start'))
      })
      child.once('exit', (code) => reject(new UserError(`The sensor ended with ${code} before it had started`)))
    })
    child.once('exit', (code, signal) => {
      if (stopping) return
      log.warn(`the sensor ended with ${signal ?? code}; starting it again`)
      setTimeout(
        () => {
          if (!stopping) launch().catch((error: unknown) => log.error(`the sensor does not start: ${String(error)}`))
        },
        Math.min(30_000, 1000 * 2 ** restarts++),
      )
    })
    return lines
  }
  let listening: string[]
  try {
    listening = await launch()
  } catch (error) {
    stopping = true
    await hub.stop()
    unmark()
    throw error
  }

  const link = await linkOf(hub)
  if (options.json === true) {
    console.log(
      JSON.stringify({
        portal: hub.url,
        gateway: hub.gateway,
        signin: link,
        data,
        sensor: name,
        listeners: listening,
        pid: process.pid,
      }),
    )
  } else {
    say(`\nSkep ${version} is running.\n`)
    say(`  Portal    ${hub.url}`)
    say(`  Sign in   ${link}`)
    say('            (good once, for an hour; "skep token link" makes a new one)')
    say(`\n  Sensor    ${name} listens on`)
    for (const line of listening) say(`              ${line}`)
    say(`\n  Gateway   ${hub.gateway}   (for more sensors: skep hub invite)`)
    say(`  Data      ${data}`)
    say('  Try it    ssh -p PORT root@127.0.0.1   (passwords that let in: skep sensor credentials)')
    say('  Stop      Ctrl-C\n')
    await hub.ready
    const { current } = hub.enricher
    if (current !== undefined)
      say(`  Addresses are placed by the tables "${current.id}" of ${current.date}.\n  ${current.attribution}\n`)
  }
}

/** Makes the sensor of this machine a member, as if it had joined: its own key, a certificate of this hub. */
async function adopt(hub: Hub, folder: string): Promise<string> {
  const { loadIdentity, loadMembership, ownKey, publicHalf, saveMembership } = await import('@skep/sensor')
  const { name } = await loadIdentity(folder)
  const known = loadMembership(folder)
  const mine = known?.authority === hub.authority.certificate && known.sensor === name
  const sensor = await hub.relational.fleet.sensor(name)
  if (mine && sensor !== undefined && known !== undefined) {
    saveMembership(folder, { ...known, hubs: [hub.gateway] })
  } else {
    const certificate = await hub.adopt(name, publicHalf(ownKey(folder)))
    const authority = hub.authority.certificate
    saveMembership(folder, { sensor: name, organisation: 'home', hubs: [hub.gateway], authority, certificate })
  }
  return name
}

async function endChild(child: ChildProcess | undefined): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
  await new Promise<void>((resolve) => {
    const timer = setTimeout(() => child.kill('SIGKILL'), 20_000)
    child.once('exit', () => {
      clearTimeout(timer)
      resolve()
    })
    if (child.connected) child.send('stop')
    else child.kill('SIGTERM')
  })
}
