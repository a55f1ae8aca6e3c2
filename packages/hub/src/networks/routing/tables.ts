import { createReadStream, existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Transform } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { z } from 'zod'
import { bytesOf, contains } from '../resource.ts'
import { isAddress } from '@skep/vocabulary'

/** A prefix and an origin that stand together in a table. */
export interface Pair {
  readonly prefix: string
  readonly asn: number
}
/** A validated ROA payload. */
export interface Vrp extends Pair {
  readonly maxLength: number
}

const longest = 64 * 1024
/** No line of these files is longer; one that is must not fill the memory. */
const bounded = (): Transform => {
  let run = 0
  return new Transform({
    transform(chunk: Buffer, _, done) {
      const end = chunk.lastIndexOf(10)
      run = end < 0 ? run + chunk.length : chunk.length - end
      done(run > 64 * longest ? new Error('a line is too long') : null, chunk)
    },
  })
}

/** The lines of a file, gzip or not, as they are read. */
export async function* linesOf(file: string): AsyncGenerator<string> {
  const raw = createReadStream(file)
  const stream = file.endsWith('.gz') ? raw.pipe(createGunzip()) : raw
  raw.once('error', (error) => stream.destroy(error))
  for await (const line of createInterface({ input: stream.pipe(bounded()), crlfDelay: Infinity })) yield line
}

/** A prefix as it is compared, undefined when it is none. */
export function normalPrefix(text: string): string | undefined {
  const [address = '', length = ''] = text.trim().split('/')
  if (!isAddress(address) || !/^\d{1,3}$/.test(length)) return undefined
  const bits = Number(length)
  if (bits > (address.includes(':') ? 128 : 32)) return undefined
  return address.includes(':')
    ? `${new URL(`http://[${address}]/`).hostname.slice(1, -1)}/${bits}`
    : `${bytesOf(address).join('.')}/${bits}`
}
const asNumber = (text: string): number => Number(/^(?:AS)?(\d{1,10})$/i.exec(text.trim())?.[1] ?? Number.NaN)

/** The announcement in a line of pfx2as (CAIDA), of a RIS whois dump (RIPE) or of a raw table (thyme). */
export function readAnnouncement(line: string): Pair[] {
  const parts = line.trim().split(/\s+/)
  const pairs = (prefix: string | undefined, origins: string): Pair[] =>
    prefix === undefined
      ? []
      : origins
          .split(/[_,{}]+/)
          .map(asNumber)
          .filter((asn) => asn > 0)
          .map((asn) => ({ prefix, asn }))
  if (/^[%#]/.test(line)) return []
  const [a = '', b = '', c = ''] = parts
  // pfx2as: address length origins
  if (parts.length === 3 && isAddress(a) && /^\d{1,3}$/.test(b)) return pairs(normalPrefix(`${a}/${b}`), c)
  // RIS: origin prefix peers
  if (parts.length === 3 && b.includes('/')) return pairs(normalPrefix(b), a)
  // thyme: prefix origin
  return parts.length === 2 && a.includes('/') ? pairs(normalPrefix(a), b) : []
}

/** Objects `route` and `route6` of an RPSL dump (RFC 2622, RFC 4012). */
export async function* readRoutes(lines: AsyncIterable<string>): AsyncGenerator<Pair & { source: string }> {
  let prefix: string | undefined
  let asn = 0
  let source = ''
  for await (const line of lines) {
    const [, name = '', value = ''] = /^([\w-]+):\s*([^#]*)/.exec(line) ?? []
    if (name === 'route' || name === 'route6') prefix = normalPrefix(value)
    else if (name === 'origin') asn = asNumber(value)
    else if (name === 'source') source = value.trim().slice(0, 20)
    else if (line.trim() === '') {
      if (prefix !== undefined && asn > 0) yield { prefix, asn, source }
      ;[prefix, asn, source] = [undefined, 0, '']
    }
  }
  if (prefix !== undefined && asn > 0) yield { prefix, asn, source }
}

const vrpFile = z.object({
  roas: z.array(
    z.object({ asn: z.union([z.string(), z.number()]), prefix: z.string(), maxLength: z.number().int().optional() }),
  ),
})
/** Validated payloads in the JSON that rpki-client and routinator write. */
export function readVrps(text: string): Vrp[] {
  return vrpFile.parse(JSON.parse(text)).roas.flatMap(({ asn, prefix, maxLength }) => {
    const normal = normalPrefix(prefix)
    const number = asNumber(String(asn))
    return normal === undefined || Number.isNaN(number)
      ? []
      : [{ prefix: normal, asn: number, maxLength: maxLength ?? Number(normal.split('/')[1]) }]
  })
}

/** Whether one prefix lies within another. */
export const covers = (outer: string, inner: string): boolean =>
  Number(outer.split('/')[1]) <= Number(inner.split('/')[1]) && contains(outer, inner.split('/')[0] ?? '')

/** The files of a routing folder: `vantages/NAME.*`, `vrps.json`, `irr/*`. */
export function routingFiles(folder: string): {
  vantages: { name: string; file: string }[]
  vrps: string | undefined
  irr: string[]
} {
  const list = (name: string): string[] =>
    existsSync(join(folder, name))
      ? readdirSync(join(folder, name))
          .sort()
          .map((file) => join(folder, name, file))
      : []
  const vrps = join(folder, 'vrps.json')
  return {
    vantages: list('vantages').map((file) => ({ name: file.split('/').at(-1)?.split('.')[0] ?? file, file })),
    vrps: existsSync(vrps) ? vrps : undefined,
    irr: list('irr'),
  }
}
