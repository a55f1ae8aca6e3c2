import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { writeDurably } from './ingest.ts'

/** Artifacts and recordings by the SHA-256 of their bytes, in a folder. */
export class Blobs {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
    mkdirSync(folder, { recursive: true })
  }

  #path(sha256: string): string {
    if (!/^[0-9a-f]{64}$/.test(sha256)) throw new RangeError(`Cannot read as a SHA-256: ${sha256.slice(0, 80)}`)
    return join(this.#folder, sha256.slice(0, 2), sha256)
  }

  has(sha256: string): boolean {
    return existsSync(this.#path(sha256))
  }

  /** Keeps bytes. @throws RangeError when they are not those of the hash */
  put(sha256: string, bytes: Buffer): void {
    if (createHash('sha256').update(bytes).digest('hex') !== sha256) {
      throw new RangeError(`Cannot keep the bytes: their SHA-256 is not ${sha256}`)
    }
    const path = this.#path(sha256)
    if (existsSync(path)) return
    mkdirSync(dirname(path), { recursive: true })
    // Never executable: these are often programs of attackers.
    writeDurably(path, bytes)
  }

  /** The bytes, undefined when they are not here. */
  get(sha256: string): Buffer | undefined {
    const path = this.#path(sha256)
    return existsSync(path) ? readFileSync(path) : undefined
  }

  size(sha256: string): number | undefined {
    const path = this.#path(sha256)
    return existsSync(path) ? statSync(path).size : undefined
  }
}
