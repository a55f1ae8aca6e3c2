import { Malformed, type Reader } from '../../runtime/reader.ts'

// RESP2 and the parts of RESP3 that a 6.0 server answers with: https://redis.io/docs/latest/develop/reference/protocol-spec/

/** A value in an answer. */
export type Reply =
  | { readonly type: 'status' | 'error'; readonly text: string }
  | { readonly type: 'integer'; readonly value: number }
  | { readonly type: 'bulk'; readonly bytes: Buffer | undefined }
  | { readonly type: 'array'; readonly items: readonly Reply[] }
  | { readonly type: 'map'; readonly items: readonly (readonly [Reply, Reply])[] }

export const status = (text: string): Reply => ({ type: 'status', text })
export const ok = status('OK')
export const error = (text: string): Reply => ({ type: 'error', text })
export const integer = (value: number): Reply => ({ type: 'integer', value })
export const bulk = (value: string | Buffer): Reply => ({
  type: 'bulk',
  bytes: typeof value === 'string' ? Buffer.from(value) : value,
})
export const nil: Reply = { type: 'bulk', bytes: undefined }
export const array = (items: readonly Reply[]): Reply => ({ type: 'array', items })

/** Writes an answer in protocol version 2 or 3. */
export function encode(reply: Reply, version: 2 | 3): Buffer {
  switch (reply.type) {
    case 'status':
      return Buffer.from(`+${reply.text}\r\n`)
    case 'error':
      return Buffer.from(`-${reply.text.replace(/[\r\n]/g, ' ')}\r\n`)
    case 'integer':
      return Buffer.from(`:${reply.value}\r\n`)
    case 'bulk':
      if (reply.bytes === undefined) return Buffer.from(version === 3 ? '_\r\n' : '$-1\r\n')
      return Buffer.concat([Buffer.from(`$${reply.bytes.length}\r\n`), reply.bytes, Buffer.from('\r\n')])
    case 'array':
      return Buffer.concat([
        Buffer.from(`*${reply.items.length}\r\n`),
        ...reply.items.map((item) => encode(item, version)),
      ])
    case 'map': {
      const head = version === 3 ? `%${reply.items.length}\r\n` : `*${reply.items.length * 2}\r\n`
      return Buffer.concat([
        Buffer.from(head),
        ...reply.items.flatMap((pair) => pair.map((item) => encode(item, version))),
      ])
    }
  }
}

/** What the server says of a request that it cannot read, before it hangs up. */
export class ProtocolError extends Malformed {}

const maxItems = 1024 * 8
const maxBulk = 16 * 1024 * 1024

/** The requests of one client, in order, until it hangs up. @throws ProtocolError, EndOfStream */
export async function* requests(input: Reader): AsyncGenerator<Buffer[]> {
  for (let first: number | undefined; (first = await input.peek()) !== undefined;) {
    const request = first === 0x2a /* * */ ? await multibulk(input) : await inline(input)
    if (request.length > 0) yield request
  }
}

async function multibulk(input: Reader): Promise<Buffer[]> {
  const count = await length(input, '*', 'invalid multibulk length', maxItems)
  const request: Buffer[] = []
  let size = 0
  for (let i = 0; i < count; i++) {
    const next = await input.peek()
    if (next !== undefined && next !== 0x24) throw new ProtocolError(`expected '$', got '${String.fromCharCode(next)}'`)
    const bytes = await length(input, '$', 'invalid bulk length', maxBulk)
    size += bytes
    if (size > maxBulk) throw new ProtocolError('invalid bulk length')
    request.push(await input.bytes(bytes))
    await input.bytes(2)
  }
  return request
}

async function length(input: Reader, sign: string, complaint: string, max: number): Promise<number> {
  const line = (await input.line(64)).toString('latin1')
  const value = Number(line.slice(1))
  if (line[0] !== sign || !/^-?\d+$/.test(line.slice(1)) || value > max || (sign === '$' && value < 0))
    throw new ProtocolError(complaint)
  return Math.max(0, value)
}

/** What people type with netcat, with quotes as redis-cli has them. */
async function inline(input: Reader): Promise<Buffer[]> {
  let line: Buffer
  try {
    line = await input.line(64 * 1024)
  } catch (cause) {
    if (cause instanceof Malformed) throw new ProtocolError('too big inline request', { cause })
    throw cause
  }
  const words: Buffer[] = []
  const text = line.toString('latin1')
  for (const [, double, single, bare] of text.matchAll(/"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|(\S+)/g)) {
    const word =
      double === undefined
        ? (single ?? bare ?? '')
        : double
            .replace(/\\n/g, '\n')
            .replace(/\\r/g, '\r')
            .replace(/\\t/g, '\t')
            .replace(/\\x([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
            .replace(/\\(.)/g, '$1')
    words.push(Buffer.from(word, 'latin1'))
    if (words.length >= 1024) break
  }
  return words
}
