import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { deserialize, serialize } from 'node:v8'
import { shared, type FsNode, type Overlay } from './node.ts'

/** What lives on of a world when the sensor does not run. */
export interface Kept {
  readonly overlay: Overlay
  readonly passwords: ReadonlyMap<string, string>
  readonly keys: ReadonlySet<string>
}

const form = 1
const day = 86_400_000

/**
 * Keeps the worlds of attackers on the disk, a file each, for weeks and within a quota: what an attacker left is there
 * when it comes back, also after a new start of the sensor. The longest untouched goes first.
 */
export class Keeper {
  readonly #folder: string
  readonly #bytes: number
  readonly #age: number
  /** Files and their sizes, the longest untouched first. */
  readonly #sizes = new Map<string, number>()
  #total = 0

  /**
   * @param folder where the worlds lie; another machine's worlds do not fit, so each has a folder of its own
   * @param bytes what all of them may take
   * @param age milliseconds after which an untouched world is forgotten
   */
  constructor(folder: string, bytes = 256 * 1024 * 1024, age = 60 * day) {
    this.#folder = folder
    this.#bytes = bytes
    this.#age = age
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const found = readdirSync(folder)
      .filter((name) => name.endsWith('.world'))
      .map((name) => ({ name, ...pick(statSync(join(folder, name))) }))
      .sort((a, b) => a.mtimeMs - b.mtimeMs)
    for (const { name, size, mtimeMs } of found) {
      if (mtimeMs < Date.now() - age) rmSync(join(folder, name), { force: true })
      else this.#note(name, size)
    }
    this.#shrink()
  }

  #name = (source: string): string => `${createHash('sha256').update(source).digest('hex').slice(0, 32)}.world`

  #note(name: string, size: number): void {
    this.#total += size - (this.#sizes.get(name) ?? 0)
    this.#sizes.delete(name)
    this.#sizes.set(name, size)
  }

  #drop(name: string): void {
    rmSync(join(this.#folder, name), { force: true })
    this.#total -= this.#sizes.get(name) ?? 0
    this.#sizes.delete(name)
  }

  #shrink(): void {
    for (const name of this.#sizes.keys()) {
      if (this.#total <= this.#bytes) return
      this.#drop(name)
    }
  }

  /** The world of a source, if it has one. What cannot be read is as if it never was. */
  load(source: string): Kept | undefined {
    const name = this.#name(source)
    if (!this.#sizes.has(name)) return undefined
    try {
      const file = join(this.#folder, name)
      if (statSync(file).mtimeMs < Date.now() - this.#age) throw new RangeError('too old')
      const read = deserialize(readFileSync(file)) as Kept & { form: number; source: string }
      if (read.form !== form || read.source !== source) throw new RangeError('another form')
      const alive = ([path, node]: [string, FsNode | null]): [string, FsNode | null] => [
        path,
        node?.data === undefined ? node : { ...node, data: shared(node.data) },
      ]
      return {
        overlay: new Map([...read.overlay].map(alive)),
        passwords: new Map(read.passwords),
        keys: new Set(read.keys),
      }
    } catch {
      this.#drop(name)
      return undefined
    }
  }

  /** Which world has which mark (keys that were planted, passwords that were set, programs, by their hashes). */
  doors(): Map<string, string> {
    try {
      const read = JSON.parse(readFileSync(join(this.#folder, 'doors.json'), 'utf8')) as [string, string][]
      return new Map(
        read.filter(
          ([door, source]) => /^(?:[0-9a-f]{32}|@[0-9a-f.:]{2,45})$/.test(door) && typeof source === 'string',
        ),
      )
    } catch {
      return new Map()
    }
  }
  async saveDoors(doors: ReadonlyMap<string, string>): Promise<void> {
    const file = join(this.#folder, 'doors.json')
    await writeFile(`${file}.part`, JSON.stringify([...doors]), { mode: 0o600 })
    await rename(`${file}.part`, file)
  }

  /** Writes a world down: whole, or not at all. @throws what the disk says */
  async save(source: string, { overlay, passwords, keys }: Kept): Promise<void> {
    // Bytes that threads share cannot be written as they are.
    const still = ([path, node]: [string, FsNode | null]): [string, FsNode | null] => [
      path,
      node?.data === undefined ? node : { ...node, data: new Uint8Array(node.data) },
    ]
    const bytes = serialize({ form, source, overlay: new Map([...overlay].map(still)), passwords, keys })
    const name = this.#name(source)
    const file = join(this.#folder, name)
    await writeFile(`${file}.part`, bytes, { mode: 0o600 })
    await rename(`${file}.part`, file)
    this.#note(name, bytes.length)
    this.#shrink()
  }
}

const pick = ({ size, mtimeMs }: { size: number; mtimeMs: number }) => ({ size, mtimeMs })
