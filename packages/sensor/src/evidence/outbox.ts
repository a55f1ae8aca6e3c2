import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'

/** Artifacts and recordings that wait to be delivered, by the SHA-256 of their bytes. */
export class Outbox {
  readonly #folder: string
  readonly #cap: number
  #bytes = 0

  constructor(folder: string, capBytes = 512 * 1024 * 1024) {
    this.#folder = folder
    this.#cap = capBytes
    mkdirSync(folder, { recursive: true })
    for (const name of this.#names()) this.#bytes += statSync(join(folder, name)).size
  }

  #names(): string[] {
    return readdirSync(this.#folder).filter((name) => /^[0-9a-f]{64}$/.test(name))
  }

  /**
   * Keeps bytes.
   * @returns their SHA-256, and whether there was room for them
   */
  keep(bytes: Uint8Array): { sha256: string; kept: boolean } {
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    const file = join(this.#folder, sha256)
    if (existsSync(file)) return { sha256, kept: true }
    if (this.#bytes + bytes.length > this.#cap) return { sha256, kept: false }
    try {
      writeFileSync(`${file}.part`, bytes, { mode: 0o600 })
      renameSync(`${file}.part`, file)
    } catch {
      return { sha256, kept: false }
    }
    this.#bytes += bytes.length
    return { sha256, kept: true }
  }

  /** What is not delivered yet. */
  waiting(): { sha256: string; file: string }[] {
    return this.#bytes === 0 ? [] : this.#names().map((sha256) => ({ sha256, file: join(this.#folder, sha256) }))
  }

  /** The hub has it. */
  delivered(sha256: string): void {
    const file = join(this.#folder, sha256)
    if (!existsSync(file)) return
    this.#bytes -= statSync(file).size
    rmSync(file)
    if (this.#bytes < 0) this.#bytes = 0
  }
}
