import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { access, appendFile, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { AwsClient } from 'aws4fetch'

/** Where whole artifacts and recordings rest, by the SHA-256 of their bytes. */
interface Shelf {
  readonly size: (sha256: string) => Promise<number | undefined>
  readonly get: (sha256: string) => Promise<Buffer | undefined>
  /** Takes a file whose bytes are known to be those of the hash. */
  readonly take: (sha256: string, file: string) => Promise<void>
}

/** An upload that cannot be gone on with as asked. */
export class WrongOffset extends Error {
  override readonly name = 'WrongOffset'
  /** Where to go on. */
  readonly offset: number
  constructor(offset: number) {
    super(`Go on at byte ${offset}`)
    this.offset = offset
  }
}

const isHash = /^[0-9a-f]{64}$/
const check = (sha256: string): string => {
  if (!isHash.test(sha256)) throw new RangeError(`Cannot read as a SHA-256: ${sha256.slice(0, 80)}`)
  return sha256
}
const missing = (error: unknown): undefined => {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
}

/**
 * Artifacts and recordings by the SHA-256 of their bytes, in a folder or an S3 bucket. They come in parts that can be
 * gone on with after a break; the parts rest in a folder, each sensor's apart, until the whole has the right hash.
 */
export class Blobs {
  readonly #shelf: Shelf
  readonly #parts: string
  readonly #busy = new Map<string, Promise<unknown>>()

  /** @param at a folder, or s3+https://KEY:SECRET@host/bucket/prefix?region=… */
  constructor(at: string, parts: string) {
    this.#shelf = /^s3\+https?:/.test(at) ? bucket(at) : folder(at)
    this.#parts = parts
  }

  async has(sha256: string): Promise<boolean> {
    return (await this.size(sha256)) !== undefined
  }
  async size(sha256: string): Promise<number | undefined> {
    return this.#shelf.size(check(sha256))
  }
  /** The bytes, undefined when they are not here. */
  async get(sha256: string): Promise<Buffer | undefined> {
    return this.#shelf.get(check(sha256))
  }

  #part(owner: string, sha256: string): string {
    return join(this.#parts, owner, check(sha256))
  }

  /** How many bytes of an unfinished upload are here. */
  async offset(owner: string, sha256: string): Promise<number> {
    return (await stat(this.#part(owner, sha256)).catch(missing))?.size ?? 0
  }

  /**
   * Takes bytes from `offset` on, of `total`; with the last of them the whole is checked and kept.
   * @returns how many bytes are here now
   * @throws RangeError when the whole has another hash; WrongOffset when it does not go on where the last part ended
   */
  append(owner: string, sha256: string, bytes: Buffer, offset: number, total: number): Promise<number> {
    // Two connections of one sensor may send the same: one after the other.
    const key = `${owner} ${sha256}`
    const turn = (this.#busy.get(key) ?? Promise.resolve())
      .catch(() => undefined)
      .then(() => this.#append(owner, sha256, bytes, offset, total))
    this.#busy.set(key, turn)
    void turn
      .catch(() => undefined)
      .then(() => {
        if (this.#busy.get(key) === turn) this.#busy.delete(key)
      })
    return turn
  }

  async #append(owner: string, sha256: string, bytes: Buffer, offset: number, total: number): Promise<number> {
    if ((await this.size(sha256)) !== undefined) return total
    const file = this.#part(owner, sha256)
    await mkdir(dirname(file), { recursive: true })
    const there = await this.offset(owner, sha256)
    if (offset === 0 && there > 0) await rm(file, { force: true })
    else if (offset !== there) throw new WrongOffset(there)
    await appendFile(file, bytes, { mode: 0o600 })
    const now = offset + bytes.length
    if (now < total) return now
    const handle = await open(file, 'r')
    await handle.sync().finally(() => handle.close())
    const digest = createHash('sha256')
    for await (const chunk of createReadStream(file)) digest.update(chunk as Buffer)
    if (now !== total || digest.digest('hex') !== sha256) {
      await rm(file, { force: true })
      throw new RangeError(`Cannot keep the bytes: their SHA-256 is not ${sha256}`)
    }
    await this.#shelf.take(sha256, file)
    return total
  }

  /** Keeps whole bytes. @throws RangeError when they are not those of the hash */
  async put(sha256: string, bytes: Buffer, owner = 'hub'): Promise<void> {
    await this.append(owner, sha256, bytes, 0, bytes.length)
  }

  /** Throws away uploads that nobody went on with for so long. @returns how many */
  async sweep(ms: number): Promise<number> {
    let count = 0
    for (const owner of await readdir(this.#parts).catch(() => [])) {
      for (const name of await readdir(join(this.#parts, owner)).catch(() => [])) {
        const file = join(this.#parts, owner, name)
        const { mtimeMs } = (await stat(file).catch(missing)) ?? { mtimeMs: Infinity }
        if (Date.now() - mtimeMs < ms) continue
        await rm(file, { force: true })
        count++
      }
    }
    return count
  }
}

function folder(at: string): Shelf {
  const path = (sha256: string) => join(at, sha256.slice(0, 2), sha256)
  return {
    size: async (sha256) => (await stat(path(sha256)).catch(missing))?.size,
    get: async (sha256) => (await readFile(path(sha256)).catch(missing)) ?? undefined,
    async take(sha256, file) {
      const target = path(sha256)
      await mkdir(dirname(target), { recursive: true })
      // Never executable: these are often programs of attackers.
      await rename(file, target).catch(async (error: NodeJS.ErrnoException) => {
        if (error.code !== 'EXDEV') throw error
        await access(target).catch(async () => {
          await appendFile(`${target}.part`, await readFile(file), { mode: 0o600 })
          await rename(`${target}.part`, target)
        })
        await rm(file, { force: true })
      })
    },
  }
}

/** A bucket of any server that speaks S3, addressed by path. */
function bucket(at: string): Shelf {
  const url = new URL(at.replace(/^s3\+/, ''))
  const client = new AwsClient({
    accessKeyId: decodeURIComponent(url.username),
    secretAccessKey: decodeURIComponent(url.password),
    service: 's3',
    region: url.searchParams.get('region') ?? 'us-east-1',
    retries: 4,
  })
  const base = `${url.protocol}//${url.host}${url.pathname.replace(/\/$/, '')}`
  const path = (sha256: string) => `${base}/${sha256.slice(0, 2)}/${sha256}`
  const ask = async (sha256: string, init: RequestInit): Promise<Response | undefined> => {
    const response = await client.fetch(path(sha256), init)
    if (response.ok) return response
    await response.arrayBuffer()
    if (response.status === 404) return undefined
    throw new Error(`The bucket answered ${response.status} to ${init.method}`)
  }
  return {
    size: async (sha256) => {
      const response = await ask(sha256, { method: 'HEAD' })
      return response === undefined ? undefined : Number(response.headers.get('content-length') ?? 0)
    },
    get: async (sha256) => {
      const response = await ask(sha256, { method: 'GET' })
      return response === undefined ? undefined : Buffer.from(await response.arrayBuffer())
    },
    async take(sha256, file) {
      const body = await readFile(file)
      const done = await ask(sha256, {
        method: 'PUT',
        body: new Uint8Array(body),
        headers: { 'content-type': 'application/octet-stream', 'x-amz-content-sha256': sha256 },
      })
      if (done === undefined) throw new Error('The bucket is not there')
      await rm(file, { force: true })
    },
  }
}
