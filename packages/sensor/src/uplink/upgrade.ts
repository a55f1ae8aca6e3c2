import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  createReadStream,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { appendFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Beat, BeatAnswer, Log } from '@skep/vocabulary'
import { signedBy } from '../membership.ts'
import { purposes } from './heart.ts'
import type { Link } from './link.ts'

/** The exit code with which a sensor asks to be started again, with another release. */
export const startAgain = 75

interface Current {
  readonly version: string
  readonly state: 'probation' | 'good' | 'rolled back'
  /** Starts in probation. */
  readonly starts: number
  readonly reason?: string | undefined
}

const maxStarts = 3
/** So many answered heartbeats end the probation. */
const enoughBeats = 3
const folderOf = (data: string): string => join(data, 'releases')
const fileOf = (data: string): string => join(folderOf(data), 'current.json')

function read(data: string): Current | undefined {
  try {
    return JSON.parse(readFileSync(fileOf(data), 'utf8')) as Current
  } catch {
    return undefined
  }
}
function write(data: string, current: Current): void {
  mkdirSync(folderOf(data), { recursive: true })
  writeFileSync(`${fileOf(data)}.part`, JSON.stringify(current))
  renameSync(`${fileOf(data)}.part`, fileOf(data))
}

/**
 * Called once at a start: which release to run instead of the installed one. A release in probation that was started
 * three times without the hub answering it is rolled back.
 * @returns the program, undefined to run the installed one
 */
export function chooseRelease(data: string, installed: string): string | undefined {
  const current = read(data)
  if (current === undefined || current.state === 'rolled back' || current.version === installed) return undefined
  const program = join(folderOf(data), current.version, 'skep-sensor.js')
  if (current.state === 'probation') {
    const starts = current.starts + 1
    const lost = starts > maxStarts || !existsSync(program)
    write(data, {
      ...current,
      starts,
      ...(lost && { state: 'rolled back' as const, reason: `started ${maxStarts} times without reaching the hub` }),
    })
    if (lost) return undefined
  }
  return existsSync(program) ? program : undefined
}

/** Brings another release to the sensor: fetched from the hub, checked, started on probation, rolled back if it fails. */
export class Upgrader {
  readonly #data: string
  readonly #version: string
  readonly #authority: string
  readonly #link: Link
  readonly #log: Log
  readonly #restart: () => void
  #state: NonNullable<Beat['release']>
  #busy = false
  #beats = 0

  constructor(options: {
    data: string
    /** The version that runs now. */
    version: string
    authority: string
    link: Link
    log: Log
    /** Ends this process so that it is started again. */
    restart: () => void
  }) {
    this.#data = options.data
    this.#version = options.version
    this.#authority = options.authority
    this.#link = options.link
    this.#log = options.log
    this.#restart = options.restart
    const current = read(this.#data)
    this.#state =
      current?.state === 'rolled back'
        ? { state: 'rolled back', version: current.version, reason: current.reason }
        : current?.state === 'probation' && current.version === this.#version
          ? { state: 'probation', version: current.version }
          : { state: 'none', version: this.#version }
  }

  get state(): NonNullable<Beat['release']> {
    return this.#state
  }

  /** The hub answered: enough of that ends the probation. */
  healthy(): void {
    if (this.#state.state !== 'probation' || ++this.#beats < enoughBeats) return
    write(this.#data, { version: this.#version, state: 'good', starts: 0 })
    this.#state = { state: 'none', version: this.#version }
    this.#log(`release ${this.#version} runs well`)
    for (const name of readdirSync(folderOf(this.#data)))
      if (name !== this.#version && name !== 'current.json')
        rmSync(join(folderOf(this.#data), name), { recursive: true, force: true })
  }

  /** The hub wants a release. One that was rolled back is not tried again. */
  want(release: NonNullable<BeatAnswer['release']>): void {
    const { version, sha256, size, signature } = release
    if (this.#busy || version === this.#version || !/^\d+\.\d+\.\d+[\w.-]*$/.test(version)) return
    if (this.#state.state === 'rolled back' && this.#state.version === version) return
    if (!signedBy(this.#authority, purposes.release, `${version} ${sha256} ${size}`, signature)) {
      this.#log.error(`release ${version} is not signed by the honeynet: refused`)
      return
    }
    this.#busy = true
    this.#state = { state: 'fetching', version }
    this.#fetch(version, sha256, size)
      .then(() => {
        write(this.#data, { version, state: 'probation', starts: 0 })
        this.#log(`release ${version} is here; starting again with it`)
        this.#restart()
      })
      .catch((error: unknown) => {
        this.#log.warn(`release ${version} could not be fetched: ${String(error)}`)
        this.#state = { state: 'none', version: this.#version }
        // Only then: who has it is about to end, and a beat until that must not fetch it a second time.
        this.#busy = false
      })
  }

  async #fetch(version: string, sha256: string, size: number): Promise<void> {
    const folder = folderOf(this.#data)
    mkdirSync(folder, { recursive: true })
    const file = join(folder, `${sha256}.tgz`)
    const part = 64 * 1024
    for (;;) {
      const at = existsSync(file) ? statSync(file).size : 0
      if (at >= size) break
      const answer = await this.#link.ask('GET', `/gateway/v1/releases/${sha256}`, {
        headers: { range: `bytes=${at}-${Math.min(size, at + part) - 1}` },
      })
      if (answer.status !== 206 || answer.body.length === 0) throw new Error(`the hub answered ${answer.status}`)
      await appendFile(file, answer.body)
    }
    const digest = createHash('sha256')
    for await (const chunk of createReadStream(file)) digest.update(chunk as Buffer)
    if (digest.digest('hex') !== sha256) {
      rmSync(file, { force: true })
      throw new Error('its bytes are not those that were signed')
    }
    const target = join(folder, version)
    rmSync(target, { recursive: true, force: true })
    mkdirSync(target)
    await promisify(execFile)('tar', ['-xzf', file, '-C', target])
    rmSync(file)
  }
}
