import { fork, type ChildProcess } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { dataFolder, exit, findRunning, markRunning, portalFolder, UserError, version } from '../context.ts'

export interface StartOptions {
  readonly data?: string
  readonly portalPort?: string
  readonly portalHost?: string
  readonly sensorPortsFrom?: string
  readonly sensorAddress?: string[]
  readonly config?: string
  readonly clickhouse?: string
  readonly update: boolean
  readonly json?: boolean
}

const port = (text: string, what: string): number => {
  const n = Number(text)
  if (!Number.isInteger(n) || n < 0 || n > 65_535)
    throw new UserError(`${what} must be a port, not: ${text}`, exit.usage)
  return n
}

/** Runs everything: hub, portal, embedded stores, and a sensor in a process of its own. */
export async function start(options: StartOptions): Promise<void> {
  const data = dataFolder(options.data)
  const say = (line: string): void => {
    if (options.json !== true) console.log(line)
  }
  const { startHub, StoreUnavailable } = await import('@skep/hub')
  const { loadIdentity } = await import('@skep/sensor')
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
  const hub = await startHub({
    data,
    host: options.portalHost ?? '127.0.0.1',
    port: portalPort,
    clickhouse: options.clickhouse,
    portal: portalFolder,
    update: options.update,
    version,
    log: (line) => say(`  ${line}`),
  }).catch((error: unknown) => {
    if (error instanceof StoreUnavailable) throw new UserError(error.message, exit.failed, { cause: error })
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') {
      throw new UserError(
        `Port ${portalPort} is in use by another program. Choose another with --portal-port.`,
        exit.failed,
        { cause: error },
      )
    }
    throw error
  })
  const unmark = markRunning(data, hub.url)

  const sensorFolder = join(data, 'sensor')
  const { name } = loadIdentity(sensorFolder)
  const keyFile = join(sensorFolder, 'key')
  const known = existsSync(keyFile) ? hub.relational.checkToken(readFileSync(keyFile, 'utf8').trim()) : undefined
  if (known?.label !== name) {
    writeFileSync(keyFile, `${hub.relational.enrol(name)}\n`, { mode: 0o600 })
    chmodSync(keyFile, 0o600)
  }

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

  const args = ['sensor', 'run', '--data', data, '--hub', hub.url]
  if (options.config !== undefined) args.push('--config', options.config)
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
      say(`  the sensor ended with ${signal ?? code}; starting it again`)
      setTimeout(
        () => {
          if (!stopping) launch().catch((error: unknown) => say(`  the sensor does not start: ${String(error)}`))
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

  const link = `${hub.url}/signin?token=${hub.relational.createToken('operator', 'sign-in link', { ttl: 3600, singleUse: true })}`
  if (options.json === true) {
    console.log(
      JSON.stringify({ portal: hub.url, signin: link, data, sensor: name, listeners: listening, pid: process.pid }),
    )
  } else {
    say(`\nSkep ${version} is running.\n`)
    say(`  Portal    ${hub.url}`)
    say(`  Sign in   ${link}`)
    say('            (good once, for an hour; "skep token link" makes a new one)')
    say(`\n  Sensor    ${name} listens on`)
    for (const line of listening) say(`              ${line}`)
    say(`\n  Data      ${data}`)
    say('  Try it    ssh -p PORT root@127.0.0.1   (passwords that let in: skep sensor credentials)')
    say('  Stop      Ctrl-C\n')
    await hub.ready
    const { current } = hub.enricher
    if (current !== undefined)
      say(`  Addresses are placed by the tables "${current.id}" of ${current.date}.\n  ${current.attribution}\n`)
  }
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
