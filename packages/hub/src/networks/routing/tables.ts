import { existsSync, readdirSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Transform, type Readable } from 'node:stream'
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

/** A file as it is read, gzip or not: told by its first bytes, for servers unpack some on the way and keep their names. */
async function opened(file: string): Promise<Readable> {
  const handle = await open(file)
  const { buffer } = await handle.read(Buffer.alloc(2), 0, 2, 0).catch(async (error: unknown) => {
    await handle.close()
    throw error
  })
  const raw = handle.createReadStream({ start: 0 })
  if (buffer[0] !== 0x1f || buffer[1] !== 0x8b) return raw
  const plain = raw.pipe(createGunzip())
  raw.once('error', (error) => plain.destroy(error))
  plain.once('close', () => raw.destroy())
  return plain
}

/** The lines of a file, gzip or not, as they are read. */
export async function* linesOf(file: string): AsyncGenerator<string> {
  const stream = await opened(file)
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

const payload = z.object({
  asn: z.union([z.string(), z.number()]),
  prefix: z.string(),
  maxLength: z.number().int().optional(),
})

/** The validated payload in one object of such a file, undefined when it is another thing (a router key, an ASPA). */
function readVrp(text: string): Vrp | undefined {
  let read: unknown
  try {
    read = JSON.parse(text)
  } catch {
    return undefined
  }
  const { data } = payload.safeParse(read)
  if (data === undefined) return undefined
  const [prefix, asn] = [normalPrefix(data.prefix), asNumber(String(data.asn))]
  if (prefix === undefined || Number.isNaN(asn)) return undefined
  return { prefix, asn, maxLength: data.maxLength ?? Number(prefix.split('/')[1]) }
}

/**
 * Validated payloads in the JSON that rpki-client and routinator write, as its pieces come: the file has ninety megabytes,
 * which a small hub could not hold as one text. A payload is an object without objects in it.
 */
export async function* readVrps(pieces: AsyncIterable<string> | Iterable<string>): AsyncGenerator<Vrp> {
  let rest = ''
  for await (const piece of pieces) {
    rest += piece
    let done = 0
    for (const { 0: text, index } of rest.matchAll(/\{[^{}]*\}/g)) {
      const vrp = readVrp(text)
      if (vrp !== undefined) yield vrp
      done = index + text.length
    }
    rest = rest.slice(done)
    // What is open and closes nowhere is no payload.
    if (rest.length > longest) rest = rest.slice(-longest)
  }
}

/** The text of a file, gzip or not, in pieces. */
export async function* piecesOf(file: string): AsyncGenerator<string> {
  const stream = await opened(file)
  stream.setEncoding('utf8')
  for await (const piece of stream) yield piece as string
}

/** Whether one prefix lies within another. */
export const covers = (outer: string, inner: string): boolean =>
  Number(outer.split('/')[1]) <= Number(inner.split('/')[1]) && contains(outer, inner.split('/')[0] ?? '')

/** The prefix one bit shorter that holds a prefix; undefined for the shortest. */
export function parent(prefix: string): string | undefined {
  const [address = '', length = ''] = prefix.split('/')
  const bits = Number(length) - 1
  if (bits < 0) return undefined
  const bytes = bytesOf(address)
  const at = bits >> 3
  bytes[at] = (bytes[at] ?? 0) & (0xff00 >> (bits & 7))
  if (bytes.length === 4) return `${bytes.join('.')}/${bits}`
  const groups = Array.from({ length: 8 }, (_, i) =>
    (((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0)).toString(16),
  )
  return normalPrefix(`${groups.join(':')}/${bits}`)
}

/** Some prefixes and all that could hold one of them. */
export function holding(prefixes: Iterable<string>): Set<string> {
  const all = new Set<string>()
  for (const prefix of prefixes)
    // What holds one that is known is known as well.
    for (let one: string | undefined = prefix; one !== undefined && !all.has(one); one = parent(one)) all.add(one)
  return all
}

/** The files of a routing folder: `vantages/NAME.*`, `vrps.json` or `vrps.json.gz`, `irr/*`. */
export function routingFiles(folder: string): {
  vantages: { name: string; file: string }[]
  vrps: string | undefined
  irr: string[]
} {
  const list = (name: string): string[] =>
    existsSync(join(folder, name))
      ? readdirSync(join(folder, name))
          .filter((file) => !file.endsWith('.part') && !file.startsWith('.'))
          .sort()
          .map((file) => join(folder, name, file))
      : []
  const vrps = ['vrps.json', 'vrps.json.gz'].map((name) => join(folder, name)).find((file) => existsSync(file))
  return {
    vantages: list('vantages').map((file) => ({ name: file.split('/').at(-1)?.split('.')[0] ?? file, file })),
    vrps,
    irr: list('irr'),
  }
}
