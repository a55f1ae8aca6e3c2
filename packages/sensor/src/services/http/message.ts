import { EndOfStream, Malformed, type Reader } from '../../runtime/reader.ts'

// HTTP/1 as strangers write it (RFC 9112 read generously): what a server would refuse is evidence too.

export interface Request {
  readonly method: string
  readonly target: string
  readonly version: string
  /** Lines as they came. */
  readonly headers: readonly string[]
  readonly body: Buffer
  /** Bytes of the body that were announced; more may be than were kept. */
  readonly length: number
  /** All bytes as they came, the beginning. */
  readonly raw: Buffer
  readonly keepAlive: boolean
}

const maxHead = 64 * 1024
export const maxBody = 8 * 1024 * 1024

/** The value of a header, '' when it is not there. */
export function header(headers: readonly string[], name: string): string {
  const wanted = `${name.toLowerCase()}:`
  const line = headers.find((one) => one.toLowerCase().startsWith(wanted))
  return line === undefined ? '' : line.slice(wanted.length).trim()
}

/**
 * Reads one request.
 * @param onContinue called when the client waits for leave to send its body
 * @returns undefined when the client is done @throws Malformed, EndOfStream
 */
export async function readRequest(input: Reader, onContinue: () => Promise<void>): Promise<Request | undefined> {
  const parts: Buffer[] = []
  const line = async (): Promise<string> => {
    const bytes = await input.line(maxHead)
    parts.push(bytes, Buffer.from('\r\n'))
    if (parts.reduce((sum, { length }) => sum + length, 0) > maxHead) throw new Malformed('headers of more than 64 KiB')
    return bytes.toString('latin1')
  }
  if ((await input.peek()) === undefined) return undefined
  let start = await line()
  for (let i = 0; start === '' && i < 4; i++) start = await line()
  const [method, target, version] = splitStart(start)
  const headers: string[] = []
  if (version !== '0.9') {
    for (let next = await line(); next !== ''; next = await line()) {
      if (headers.length >= 256) throw new Malformed('more than 256 headers')
      headers.push(next)
    }
  }
  if (/100-continue/i.test(header(headers, 'expect'))) await onContinue()
  const chunked = /chunked/i.test(header(headers, 'transfer-encoding'))
  const announced = Number(header(headers, 'content-length') || 0)
  let body: Buffer
  let length: number
  if (chunked) {
    body = await readChunks(input)
    length = body.length
  } else {
    if (!Number.isSafeInteger(announced) || announced < 0) throw new Malformed('malformed Content-Length')
    if (announced > maxBody) throw new Malformed('body too large')
    // A body that ends early is kept as far as it came.
    body = announced === 0 ? Buffer.alloc(0) : await input.peekBytes(announced)
    input.skip(body.length)
    length = announced
  }
  const connection = header(headers, 'connection').toLowerCase()
  const keepAlive = version === '1.1' ? !connection.includes('close') : connection.includes('keep-alive')
  return {
    method,
    target,
    version,
    headers,
    body,
    length,
    raw: Buffer.concat([...parts, body]).subarray(0, 65_536),
    keepAlive: keepAlive && body.length === length,
  }
}

/** The parts of a request line. By hand: a pattern over spaces that a stranger chose can take seconds. */
function splitStart(line: string): [method: string, target: string, version: string] {
  const start = line.trimEnd()
  const first = start.indexOf(' ')
  const method = start.slice(0, first)
  if (first < 1 || !/^[!-~]{1,64}$/.test(method)) throw new Malformed('no HTTP request line')
  const last = start.lastIndexOf(' ')
  const version = last > first ? /^HTTP\/(\d(?:\.\d)?)$/.exec(start.slice(last + 1))?.[1] : undefined
  return [method, start.slice(first, version === undefined ? undefined : last).trim(), version ?? '0.9']
}

async function readChunks(input: Reader): Promise<Buffer> {
  const parts: Buffer[] = []
  let size = 0
  for (;;) {
    const head = (await input.line(256)).toString('latin1')
    const length = Number.parseInt(head, 16)
    if (!/^\s*[0-9a-f]{1,8}\s*(;|$)/i.test(head)) throw new Malformed('malformed chunk size')
    size += length
    if (size > maxBody) throw new Malformed('body too large')
    if (length === 0) break
    parts.push(await input.bytes(length))
    await input.line(16)
  }
  try {
    while ((await input.line(8192)).length > 0);
  } catch (error) {
    if (!(error instanceof EndOfStream)) throw error
  }
  return Buffer.concat(parts)
}
