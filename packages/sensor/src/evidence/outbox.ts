import { createHash } from 'node:crypto'
import {
  closeSync,
  fdatasync,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'

const magic = 0x534b4231 // "SKB1"
const headSize = 40

interface Entry {
  readonly at: number
  readonly size: number
}

/** Bytes that wait to be delivered. */
export interface Waiting {
  readonly sha256: string
  readonly size: number
  /** Bytes of it. */
  readonly read: (offset: number, length: number) => Buffer
}

/**
 * Artifacts and recordings that wait to be delivered, by the SHA-256 of their bytes: one append-only file, because
 * most are small and a file of its own for each costs more than all the rest of a session. It is emptied whenever all
 * in it is delivered.
 */
export class Outbox {
  readonly #handle: number
  readonly #cap: number
  readonly #entries = new Map<string, Entry>()
  #end = 0
  #dirty = false

  /** @param capBytes at most so many bytes on disk; beyond, bytes are not kept, and `keep` says so */
  constructor(folder: string, capBytes = 512 * 1024 * 1024) {
    this.#cap = capBytes
    mkdirSync(folder, { recursive: true })
    this.#handle = openSync(join(folder, 'outbox.pack'), 'a+', 0o600)
    this.#scan()
  }

  /** What an earlier run left. A torn tail is cut off. */
  #scan(): void {
    const { size } = fstatSync(this.#handle)
    const head = Buffer.alloc(headSize)
    while (this.#end + headSize <= size) {
      readSync(this.#handle, head, 0, headSize, this.#end)
      const length = head.readUInt32BE(4)
      if (head.readUInt32BE(0) !== magic || this.#end + headSize + length > size) break
      this.#entries.set(head.toString('hex', 8), { at: this.#end + headSize, size: length })
      this.#end += headSize + length
    }
    if (this.#end < size) ftruncateSync(this.#handle, this.#end)
  }

  /**
   * Keeps bytes.
   * @param atMost larger ones are not kept
   * @returns their SHA-256, and whether there was room for them
   */
  keep(bytes: Uint8Array, atMost = Infinity): { sha256: string; kept: boolean } {
    const digest = createHash('sha256').update(bytes).digest()
    const sha256 = digest.toString('hex')
    if (this.#entries.has(sha256)) return { sha256, kept: true }
    if (bytes.length > atMost || this.#end + headSize + bytes.length > this.#cap) return { sha256, kept: false }
    const record = Buffer.allocUnsafe(headSize + bytes.length)
    record.writeUInt32BE(magic, 0)
    record.writeUInt32BE(bytes.length, 4)
    digest.copy(record, 8)
    record.set(bytes, headSize)
    try {
      for (let done = 0; done < record.length;) done += writeSync(this.#handle, record, done)
    } catch {
      // The disk is full. What was written of it is cut off, so that the next record begins cleanly.
      ftruncateSync(this.#handle, this.#end)
      return { sha256, kept: false }
    }
    this.#entries.set(sha256, { at: this.#end + headSize, size: bytes.length })
    this.#end += record.length
    this.#dirty = true
    return { sha256, kept: true }
  }

  /** Forces what was kept to the disk: before the events that name it are. */
  async sync(): Promise<void> {
    if (!this.#dirty) return
    this.#dirty = false
    await new Promise<void>((resolve, reject) => {
      fdatasync(this.#handle, (error) => (error === null ? resolve() : reject(error)))
    })
  }

  /** Whether it waits. */
  has(sha256: string): boolean {
    return this.#entries.has(sha256)
  }

  /** What waits under a hash. */
  find(sha256: string): Waiting | undefined {
    const entry = this.#entries.get(sha256)
    if (entry === undefined) return undefined
    const { at, size } = entry
    return {
      sha256,
      size,
      read: (offset, length) => {
        const bytes = Buffer.alloc(Math.max(0, Math.min(length, size - offset)))
        readSync(this.#handle, bytes, 0, bytes.length, at + offset)
        return bytes
      },
    }
  }

  /** Something that waits. */
  any(): Waiting | undefined {
    const first = this.#entries.keys().next()
    return first.done === true ? undefined : this.find(first.value)
  }

  /** What is not delivered yet: how many, and how many bytes. */
  get waiting(): { files: number; bytes: number } {
    let bytes = 0
    for (const { size } of this.#entries.values()) bytes += size
    return { files: this.#entries.size, bytes }
  }

  /** The hub has it. */
  delivered(sha256: string): void {
    if (!this.#entries.delete(sha256) || this.#entries.size > 0) return
    ftruncateSync(this.#handle, 0)
    this.#end = 0
  }

  close(): void {
    fdatasyncSync(this.#handle)
    closeSync(this.#handle)
  }
}
