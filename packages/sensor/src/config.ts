import { readFileSync } from 'node:fs'
import { isAddress } from '@skep/vocabulary'
import { z } from 'zod'
import { services } from './services/index.ts'

/** The services that have ports of their own. */
const served = services.filter(({ port }) => port !== 0)

const port = z.number().int().min(0).max(65_535)
const ports = z
  .union([port, z.string().regex(/^\d{1,5}(-\d{1,5})?$/, 'expected a port or a range such as "2300-2330"')])
  .transform((value): number[] => {
    const [first = 0, last = first] = String(value).split('-').map(Number)
    return last < first || last > 65_535 ? [] : Array.from({ length: last - first + 1 }, (_, i) => first + i)
  })
const address = z.string().refine(isAddress, 'expected an IPv4 or IPv6 address')

/** The one configuration file of a sensor. Everything has a default; unknown names are errors. */
export const SensorConfig = z
  .strictObject({
    name: z
      .string()
      .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'expected a short lower-case name')
      .optional()
      .describe('Name of the sensor at the hub; drawn from its seed when absent'),
    addresses: z.array(address).min(1).default(['0.0.0.0', '::']).describe('Addresses to listen on'),
    services: z
      .partialRecord(z.enum(served.map(({ name }) => name)), ports)
      .default(Object.fromEntries(served.map(({ name, tryPort }) => [name, [tryPort]])))
      .describe('Ports of each service; a service that is not named does not listen'),
    any: z
      .strictObject({ tcp: z.array(ports).default([]), udp: z.array(ports).default([]) })
      .default({ tcp: [ports.parse('2300-2330')], udp: [ports.parse('2300-2330')] })
      .describe('Ports and ranges where first bytes are recorded'),
    fronts: z
      .array(address)
      .default([])
      .describe('Addresses of tunnels and balancers that may pass on the source by PROXY protocol'),
    hubs: z
      .array(z.url({ protocol: /^https?$/ }))
      .default([])
      .describe('Addresses of the hub, the first one preferred'),
    limits: z
      .strictObject({
        sessions: z.number().int().min(1).max(1_000_000).default(12_000).describe('Conversations at once'),
        perSource: z.number().int().min(1).max(1_000_000).default(256).describe('Conversations at once of one source'),
        idleMs: z.number().int().min(1000).max(86_400_000).default(180_000).describe('Milliseconds without a byte'),
        totalMs: z.number().int().min(1000).max(604_800_000).default(3_600_000).describe('Milliseconds in all'),
        bytes: z
          .number()
          .int()
          .min(1024)
          .max(2 ** 40)
          .default(64 * 1024 * 1024)
          .describe('Bytes received in one conversation'),
      })
      .prefault({})
      .describe('Limits'),
    spoolBytes: z
      .number()
      .int()
      .min(1024 * 1024)
      .max(2 ** 40)
      .default(256 * 1024 * 1024)
      .describe('Bytes that events may take on disk'),
  })
  .describe('Configuration of a Skep sensor')

export type SensorConfig = z.infer<typeof SensorConfig>

/** A configuration that cannot be used; the message says where and why. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

/** Reads a configuration from the text of a JSON file. @throws ConfigError */
export function parseConfig(text: string, name = 'the configuration'): SensorConfig {
  let raw: unknown
  try {
    raw = JSON.parse(text)
  } catch (cause) {
    throw new ConfigError(`${name} is no JSON: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
  const parsed = SensorConfig.safeParse(raw)
  if (parsed.success) return parsed.data
  const issues = parsed.error.issues.map((issue) => `  ${issue.path.join('.') || '(top)'}: ${issue.message}`)
  throw new ConfigError(`${name} cannot be used:\n${issues.join('\n')}`)
}

/** Reads a configuration file. @throws ConfigError */
export function loadConfig(file: string): SensorConfig {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    throw new ConfigError(`Cannot read ${file}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
  return parseConfig(text, file)
}

/** The JSON Schema of the configuration file. */
export const configSchema = (): object => z.toJSONSchema(SensorConfig, { io: 'input', unrepresentable: 'any' })

const usual = {
  tcp: [21, 25, 110, 143, 443, 445, 587, 1433, 3306, 3389, 5060, 5432, 5555, 5900, 8080, 8443, 9200, 27_017],
  udp: [53, 69, 123, 161, 389, 1900, 5060, 11_211],
}

/** The configuration with all services at their real ports plus an offset: for trying out without root. */
export function shifted(config: SensorConfig, from: number): SensorConfig {
  const at = (port: number) => from + port
  const fits = (port: number) => at(port) <= 65_535
  const range = Array.from({ length: 31 }, (_, i) => 2300 + i)
  return {
    ...config,
    services: { ssh: [at(22)], telnet: [at(23)], http: [at(80)], redis: [at(6379)].filter((port) => port <= 65_535) },
    any: { tcp: [[...usual.tcp, ...range].filter(fits).map(at)], udp: [[...usual.udp, ...range].filter(fits).map(at)] },
  }
}
