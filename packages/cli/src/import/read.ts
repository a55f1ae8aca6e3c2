import { createReadStream, openSync, readSync, closeSync } from 'node:fs'
import { createGunzip } from 'node:zlib'

const maxLine = 16 * 1024 * 1024

/** The bytes of a file, unpacked when it is gzip. */
async function* bytesOf(file: string): AsyncGenerator<Buffer> {
  const head = Buffer.alloc(2)
  const handle = openSync(file, 'r')
  readSync(handle, head, 0, 2, 0)
  closeSync(handle)
  const stream = createReadStream(file)
  const source = head[0] === 0x1f && head[1] === 0x8b ? stream.pipe(createGunzip()) : stream
  stream.on('error', (error) => source.destroy(error))
  yield* source as AsyncIterable<Buffer>
}

/** The files in a tar archive, or the file itself when it is none (only what the form of 1988 needs). */
async function* untar(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let held: Buffer = Buffer.alloc(0)
  let tar: boolean | undefined
  let left = 0
  let skip = 0
  for await (const chunk of chunks) {
    held = held.length === 0 ? chunk : Buffer.concat([held, chunk])
    if (tar === undefined) {
      if (held.length < 512) continue
      tar = held.toString('latin1', 257, 262) === 'ustar'
    }
    if (!tar) {
      yield held
      held = Buffer.alloc(0)
      continue
    }
    for (;;) {
      if (left > 0) {
        const part = held.subarray(0, left)
        left -= part.length
        held = held.subarray(part.length)
        if (part.length > 0) yield part
        if (left > 0) break
        yield Buffer.from('\n')
      }
      if (held.length < skip + 512) break
      held = held.subarray(skip)
      const size = Number.parseInt(held.toString('latin1', 124, 136).replace(/\0.*$/, '').trim() || '0', 8)
      const type = held[156]
      held = held.subarray(512)
      const file = type === 0x30 || type === 0
      left = file ? size : 0
      skip = file ? (512 - (size % 512)) % 512 : Math.ceil(size / 512) * 512
    }
  }
  if (tar !== true && held.length > 0) yield held
}

/** A JSON value of each line of a file. Arrays with one object a line, as some exporters write them, are read too. */
export async function* readLines(
  file: string,
): AsyncGenerator<{ line: Record<string, unknown> | undefined; raw: string }> {
  let rest = Buffer.alloc(0)
  const parse = (raw: string) => {
    const bare = raw
      .trim()
      .replace(/^\[(?=\s*\{)/, '')
      .replace(/[,\]]+$/, (end) => (raw.trim().startsWith('{') || raw.trim().startsWith('[{') ? '' : end))
    if (/^[[\],]*$/.test(bare)) return undefined
    try {
      const value: unknown = JSON.parse(bare)
      return {
        line: typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined,
        raw: bare,
      }
    } catch {
      return { line: undefined, raw: bare }
    }
  }
  for await (const chunk of untar(bytesOf(file))) {
    rest = rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([rest, chunk])
    let at = 0
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10, at)) {
      const parsed = parse(rest.toString('utf8', at, end))
      at = end + 1
      if (parsed !== undefined) yield parsed
    }
    rest = rest.subarray(at)
    if (rest.length > maxLine) throw new RangeError(`${file} has a line of more than ${maxLine} bytes`)
  }
  const parsed = parse(rest.toString('utf8'))
  if (parsed !== undefined) yield parsed
}
