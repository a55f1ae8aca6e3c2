import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { dataFolder, exit, UserError, version } from '../context.ts'

export interface SensorRunOptions {
  readonly data?: string
  readonly config?: string
  readonly hub?: string[]
  readonly portsFrom?: string
  readonly address?: string[]
}

/** Runs a sensor alone. */
export async function runSensor(options: SensorRunOptions): Promise<void> {
  const { ConfigError, loadConfig, parseConfig, shifted, startSensor } = await import('@skep/sensor')
  const data = join(dataFolder(options.data), 'sensor')
  const supervised = process.env['SKEP_SUPERVISED'] === '1'
  try {
    const own = join(dataFolder(options.data), 'sensor.json')
    let config =
      options.config !== undefined ? loadConfig(options.config) : existsSync(own) ? loadConfig(own) : parseConfig('{}')
    if (options.portsFrom !== undefined) config = shifted(config, Number(options.portsFrom))
    if (options.hub !== undefined) config = { ...config, hubs: options.hub }
    if (options.address !== undefined && options.address.length > 0) config = { ...config, addresses: options.address }
    // On the machine itself replay, and whoever tries things out, may say whom they stand for.
    if (supervised) config = { ...config, fronts: [...new Set([...config.fronts, '127.0.0.1', '::1'])] }
    const keyFile = join(data, 'key')
    const key = existsSync(keyFile) ? readFileSync(keyFile, 'utf8').trim() : undefined
    const sensor = await startSensor({ data, config, key, version, log: (line) => console.error(`sensor: ${line}`) })
    const lines = summary(sensor.listeners)
    if (supervised) process.send?.({ listeners: lines })
    else {
      console.log(
        `Sensor ${sensor.name} (${sensor.persona.name}) listens on\n${lines.map((line) => `  ${line}`).join('\n')}`,
      )
      if (key === undefined) console.log('It has no key for a hub: events stay in its spool.')
    }
    let stopping = false
    const stop = async (): Promise<void> => {
      if (stopping) return
      stopping = true
      await sensor.stop()
      process.exit(exit.done)
    }
    if (supervised) {
      process.on('SIGINT', () => {})
      process.on('message', (message) => {
        if (message === 'stop') void stop()
      })
      process.on('disconnect', () => void stop())
    } else process.on('SIGINT', () => void stop())
    process.on('SIGTERM', () => void stop())
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    if (supervised) {
      process.send?.({ failed: message })
      process.exitCode = exit.failed
      process.disconnect()
      return
    }
    throw error instanceof ConfigError
      ? new UserError(message, exit.usage, { cause: error })
      : new UserError(message, exit.failed, { cause: error })
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
  const { name, persona } = loadIdentity(join(dataFolder(options.data), 'sensor'))
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
