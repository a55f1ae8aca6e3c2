import { readFileSync } from 'node:fs'
import { isAddress, portList, ports, settings } from '@skep/vocabulary'
import { z } from 'zod'
import { personaNames } from './personas/index.ts'
import { helperSettings } from './world/helper.ts'
import { services } from './services/index.ts'

/** The services that have ports of their own. */
const served = services.filter(({ port }) => port !== 0)
const serviceName = z.enum(served.map(({ name }) => name))

const address = z.string().refine(isAddress, 'expected an IPv4 or IPv6 address')

/** The one configuration file of a sensor. Everything has a default; unknown names are errors. */
export const SensorConfig = z
  .strictObject({
    name: z
      .string()
      .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'expected a short lower-case name')
      .optional()
      .describe('Name of the sensor at the hub; drawn from its seed when absent'),
    persona: z.enum(personaNames).default('debian').describe('The device that the sensor plays'),
    addresses: z.array(address).min(1).default(['0.0.0.0', '::']).describe('Addresses to listen on'),
    services: z
      .partialRecord(serviceName, portList)
      .default(Object.fromEntries(served.map(({ name, tryPort }) => [name, [tryPort]])))
      .describe('Ports of each service; a service that is not named does not listen'),
    any: settings.any.default({ tcp: [ports.parse('2300-2330')], udp: [ports.parse('2300-2330')] }),
    fronts: z
      .array(address)
      .default([])
      .describe('Addresses of tunnels and balancers that may pass on the source by PROXY protocol'),
    limits: settings.limits.prefault({}),
    spoolBytes: settings.spoolBytes.default(256 * 1024 * 1024),
    spoolDays: settings.spoolDays.default(30),
    upload: settings.upload.prefault({}),
    schedules: settings.schedules.default([]),
    obey: z
      .boolean()
      .default(true)
      .describe('Whether the operator of the hub may change the settings of this sensor from afar'),
    upgrade: z.boolean().default(true).describe('Whether the operator of the hub may upgrade this sensor'),
    helper: helperSettings
      .optional()
      .describe('A language model that is asked, last of all, what a program of the decoy prints; none when absent'),
    status: z
      .strictObject({
        address: address.default('127.0.0.1'),
        port: z.number().int().min(0).max(65_535),
      })
      .optional()
      .describe('Where /healthz, /readyz and /metrics are; nowhere when absent'),
  })
  .describe('Configuration of a Skep sensor')

export type SensorConfig = z.infer<typeof SensorConfig>

/** A configuration that cannot be used; the message says where and why. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

const read = (raw: unknown, name: string): SensorConfig => {
  const parsed = SensorConfig.safeParse(raw)
  if (parsed.success) return parsed.data
  const issues = parsed.error.issues.map((issue) => `  ${issue.path.join('.') || '(top)'}: ${issue.message}`)
  throw new ConfigError(`${name} cannot be used:\n${issues.join('\n')}`)
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The host's own configuration (as it stands in the file) with what the hub wants laid over it. @throws ConfigError */
export function layered(own: unknown, wanted: Readonly<Record<string, unknown>>): SensorConfig {
  const base = isObject(own) ? own : {}
  const merged: Record<string, unknown> = { ...base }
  for (const [name, value] of Object.entries(wanted)) {
    if (!(name in settings)) throw new ConfigError(`The hub cannot set ${name}: that is the host's own`)
    const before = merged[name]
    merged[name] =
      (name === 'limits' || name === 'upload') && isObject(before) && isObject(value) ? { ...before, ...value } : value
  }
  return read(merged, 'What the hub wants')
}

/** Reads the text of a JSON file. @throws ConfigError */
export function parseRaw(text: string, name = 'the configuration'): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new ConfigError(`${name} is no JSON: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
}

/** Reads a configuration from the text of a JSON file. @throws ConfigError */
export const parseConfig = (text: string, name = 'the configuration'): SensorConfig => read(parseRaw(text, name), name)

/** The text of a configuration file. @throws ConfigError */
export function readConfigFile(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new ConfigError(`Cannot read ${file}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
}

/** Reads a configuration file. @throws ConfigError */
export const loadConfig = (file: string): SensorConfig => parseConfig(readConfigFile(file), file)

/** The JSON Schema of the configuration file. */
export const configSchema = (): object => z.toJSONSchema(SensorConfig, { io: 'input', unrepresentable: 'any' })

const usual = {
  tcp: [21, 25, 110, 143, 443, 445, 587, 1433, 3306, 3389, 5060, 5432, 5555, 5900, 8080, 8443, 9200, 27_017],
  udp: [53, 69, 123, 161, 389, 1900, 5060, 11_211],
}

/** The settings with every service at its real port plus an offset; with 0, as a sensor stands in the Internet. */
export function standardPorts(from = 0): { services: Record<string, number[]>; any: { tcp: number[]; udp: number[] } } {
  const at = (list: readonly number[]): number[] => list.map((port) => from + port).filter((port) => port <= 65_535)
  const own = new Set(served.map(({ port }) => port))
  const trap = from === 0 ? [] : Array.from({ length: 31 }, (_, i) => 2300 + i)
  return {
    services: Object.fromEntries(served.map(({ name, port }) => [name, at([port])])),
    any: {
      tcp: at([...usual.tcp, ...trap].filter((port) => !own.has(port))),
      udp: at([...usual.udp, ...trap]),
    },
  }
}
