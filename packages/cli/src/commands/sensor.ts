import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { dataFolder, exit, logTo, UserError, version } from '../context.ts'

export interface SensorRunOptions {
  readonly data?: string
  readonly config?: string
  readonly portsFrom?: string
  readonly address?: string[]
  readonly persona?: string
  readonly log?: string
}

/** Runs a sensor alone. */
export async function runSensor(options: SensorRunOptions): Promise<void> {
  const sensors = await import('@skep/sensor')
  const data = join(dataFolder(options.data), 'sensor')
  const supervised = process.env['SKEP_SUPERVISED'] === '1'
  // A release that the hub brought runs instead of the installed one, in the same process.
  const program = process.env['SKEP_RELEASE'] === undefined ? sensors.chooseRelease(data, version) : undefined
  if (program !== undefined) {
    process.env['SKEP_RELEASE'] = program
    await import(pathToFileURL(program).href)
    return
  }
  try {
    const own = join(dataFolder(options.data), 'sensor.json')
    const file = options.config ?? (existsSync(own) ? own : undefined)
    const raw = (file === undefined ? {} : sensors.parseRaw(sensors.readConfigFile(file), file)) as Record<
      string,
      unknown
    >
    if (options.portsFrom !== undefined) Object.assign(raw, sensors.standardPorts(Number(options.portsFrom)))
    if (options.address !== undefined && options.address.length > 0) raw['addresses'] = options.address
    if (options.persona !== undefined) raw['persona'] = options.persona
    // On the machine itself replay, and whoever tries things out, may say whom they stand for.
    if (supervised)
      raw['fronts'] = [...new Set([...((raw['fronts'] as string[] | undefined) ?? []), '127.0.0.1', '::1'])]
    const config = sensors.parseConfig(JSON.stringify(raw), file ?? 'the configuration')
    const membership = sensors.loadMembership(data)
    const log = logTo(options.log, 'sensor')
    let stopping = false
    const stop = async (code: number): Promise<void> => {
      if (stopping) return
      stopping = true
      await sensor.stop()
      if (
        code === sensors.startAgain &&
        process.env['INVOCATION_ID'] === undefined &&
        !supervised &&
        process.env['SKEP_RESTARTED'] !== 'outside'
      ) {
        // Nobody starts us again: we do it ourselves.
        const { SKEP_RELEASE: _release, ...env } = process.env
        const child = spawn(process.execPath, [String(process.argv[1]), ...process.argv.slice(2)], {
          stdio: 'inherit',
          env,
        })
        for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal))
        child.once('exit', (ended) => process.exit(ended ?? exit.failed))
        return
      }
      process.exit(code)
    }
    const sensor = await sensors.startSensor({
      data,
      config,
      own: raw,
      member: membership === undefined ? undefined : { membership, key: sensors.ownKey(data) },
      version,
      lenient: membership !== undefined && !supervised,
      restart: () => void stop(sensors.startAgain),
      log,
    })
    const lines = summary(sensor.listeners)
    if (supervised) process.send?.({ listeners: lines })
    else {
      console.log(
        `Sensor ${sensor.name} (${sensor.persona.name}) listens on\n${lines.map((line) => `  ${line}`).join('\n')}`,
      )
      console.log(
        membership === undefined
          ? 'It has not joined a hub: events stay in its spool. Join with: skep sensor join'
          : `It delivers to ${membership.hubs.join(', ')} for ${membership.organisation}.`,
      )
    }
    if (supervised) {
      process.on('SIGINT', () => {})
      process.on('message', (message) => {
        if (message === 'stop') void stop(exit.done)
      })
      process.on('disconnect', () => void stop(exit.done))
    } else process.on('SIGINT', () => void stop(exit.done))
    process.on('SIGTERM', () => void stop(exit.done))
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    if (supervised) {
      process.send?.({ failed: message })
      process.exitCode = exit.failed
      process.disconnect()
      return
    }
    throw error instanceof sensors.ConfigError
      ? new UserError(message, exit.usage, { cause: error })
      : new UserError(message, exit.failed, { cause: error })
  }
}

export interface JoinOptions {
  readonly data?: string
  readonly name?: string
  readonly hub?: string[]
  readonly portsFrom?: string
  readonly json?: boolean
}

/** Joins a honeynet with the line that its operator gave. */
export async function join_(hub: string, token: string, options: JoinOptions): Promise<void> {
  const { joinHub, JoinFailed, standardPorts } = await import('@skep/sensor')
  const folder = dataFolder(options.data)
  const say = (line: string): void => {
    if (options.json !== true) console.log(line)
  }
  try {
    const joined = await joinHub({
      data: join(folder, 'sensor'),
      hubs: [hub, ...(options.hub ?? [])],
      token,
      name: options.name,
      version,
      say,
    })
    const own = join(folder, 'sensor.json')
    if (!existsSync(own)) {
      mkdirSync(folder, { recursive: true })
      const { services, any } = standardPorts(Number(options.portsFrom ?? 0))
      writeFileSync(own, `${JSON.stringify({ services, any }, null, 2)}\n`)
    }
    if (options.json === true) return console.log(JSON.stringify(joined))
    say(`Sensor ${joined.sensor} has joined for ${joined.organisation}.`)
    say(`Your data arrived in ${(joined.arrivedMs / 1000).toFixed(1)} s.`)
    say(`\nRun it:                       skep sensor run`)
    say(`Or have systemd look after it: skep sensor install`)
    say(`Which ports it takes stands in ${own}`)
  } catch (error) {
    if (!(error instanceof JoinFailed)) throw error
    if (options.json === true) console.log(JSON.stringify({ failed: error.step, reason: error.message }))
    throw new UserError(`Cannot join: ${error.step}: ${error.message}`, exit.failed, { cause: error })
  }
}

/** What listens where, ranges joined. */
function summary(listeners: readonly { service: string; transport: string; port: number }[]): string[] {
  const groups = new Map<string, Set<number>>()
  for (const { service, transport, port } of listeners) {
    const key = `${service} ${transport}`
    groups.set(key, (groups.get(key) ?? new Set()).add(port))
  }
  return [...groups].map(([key, ports]) => {
    const sorted = [...ports].sort((a, b) => a - b)
    const ranges: string[] = []
    for (let i = 0; i < sorted.length; i++) {
      const first = sorted[i]
      while ((sorted[i + 1] ?? -1) === (sorted[i] ?? 0) + 1) i++
      ranges.push(first === sorted[i] ? `${first}` : `${first}-${sorted[i]}`)
    }
    const [service = '', transport = ''] = key.split(' ')
    return `${(service === 'any' ? `any other (${transport})` : service).padEnd(18)} port ${ranges.join(', ')}`
  })
}

/** Lists the weak pairs that the persona lets in. */
export async function credentials(options: { data?: string; json?: boolean }): Promise<void> {
  const { loadIdentity } = await import('@skep/sensor')
  const { name, persona } = await loadIdentity(join(dataFolder(options.data), 'sensor'))
  if (options.json === true)
    console.log(JSON.stringify({ sensor: name, persona: persona.name, credentials: persona.credentials }))
  else for (const { user, password } of persona.credentials) console.log(`${user}\t${password}`)
}

/** Checks a configuration file. */
export async function checkConfig(file: string, options: { json?: boolean; schema?: boolean }): Promise<void> {
  const { ConfigError, configSchema, loadConfig } = await import('@skep/sensor')
  if (options.schema === true) return console.log(JSON.stringify(configSchema(), null, 2))
  try {
    const config = loadConfig(file)
    console.log(options.json === true ? JSON.stringify({ valid: true, config }) : `${file} is valid.`)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    if (options.json === true) console.log(JSON.stringify({ valid: false, error: error.message }))
    throw new UserError(error.message, exit.usage, { cause: error })
  }
}
