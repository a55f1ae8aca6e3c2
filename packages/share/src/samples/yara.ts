import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import type { FromYara, Match, RuleFile, ToYara } from './yara-worker.ts'

export type { Match } from './yara-worker.ts'

const beside = import.meta.url.endsWith('.ts') ? '../../../cli/dist/' : './'
const program = fileURLToPath(new URL(`${beside}yara-worker.js`, import.meta.url))
const wasm = fileURLToPath(new URL(`${beside}yara.wasm`, import.meta.url))
const ours = ['../../yara', './yara']
  .map((path) => fileURLToPath(new URL(path, import.meta.url)))
  .find((folder) => existsSync(folder))

const mostFiles = 500
const mostBytes = 16 * 1024 * 1024
/** Milliseconds for one file; the scanner's own limit comes first. */
const patience = 20_000

/** The rules that are in use: ours, and the operator's folder. */
export function readRules(folder: string): { files: RuleFile[]; mark: string } {
  const files: RuleFile[] = []
  const hash = createHash('sha256')
  let bytes = 0
  for (const at of [ours, folder]) {
    if (at === undefined || !existsSync(at)) continue
    for (const name of readdirSync(at).sort()) {
      const file = join(at, name)
      if (!/^[\w.-]{1,80}\.yara?$/.test(name) || files.length >= mostFiles) continue
      bytes += statSync(file).size
      if (bytes > mostBytes) break
      const text = readFileSync(file, 'utf8')
      hash.update(name).update('\0').update(text).update('\0')
      files.push({ name: name.replace(/\.yara?$/, ''), text })
    }
  }
  return { files, mark: hash.digest('hex').slice(0, 16) }
}

/** How the rules' folders look from outside: another look, and they are read again. */
const lookOf = (folder: string): string =>
  [ours, folder]
    .flatMap((at) =>
      at === undefined || !existsSync(at)
        ? []
        : readdirSync(at).map((name) => {
            const { size, mtimeMs } = statSync(join(at, name))
            return `${name} ${size} ${mtimeMs}`
          }),
    )
    .join('\n')

/** Looks for the patterns of rules in files, one after the other, in a thread of its own that may be ended at any time. */
export class Yara {
  readonly #folder: string
  #worker: Worker | undefined
  #mark = ''
  #look = ''
  #problems: readonly { readonly file: string; readonly problem: string }[] = []
  #files = 0
  #jobs = 0
  #turn: Promise<unknown> = Promise.resolve()

  /** @param folder the operator's own rules */
  constructor(folder: string) {
    this.#folder = folder
  }

  /** The rules that the last scan was made with, and what is wrong with their files. */
  get state(): {
    readonly mark: string
    readonly files: number
    readonly problems: readonly { readonly file: string; readonly problem: string }[]
  } {
    return { mark: this.#mark, files: this.#files, problems: this.#problems }
  }

  /** Takes the rules as they are now; a thread is started when they changed. @returns their mark */
  rules(): Promise<string> {
    const mine = this.#turn.then(() => this.#rules())
    this.#turn = mine.catch(() => undefined)
    return mine
  }

  async #rules(): Promise<string> {
    // Reading them all for each file would cost more than looking into most.
    const look = lookOf(this.#folder)
    if (look === this.#look && this.#worker !== undefined) return this.#mark
    const { files, mark } = readRules(this.#folder)
    await this.stop()
    const worker = new Worker(program, {
      workerData: { wasm, files },
      resourceLimits: { maxOldGenerationSizeMb: 256 },
    })
    worker.unref()
    const ready = await new Promise<Extract<FromYara, { type: 'ready' }>>((resolve, reject) => {
      worker.once('message', (message: FromYara) => {
        if (message.type === 'ready') resolve(message)
      })
      worker.once('error', reject)
      worker.once('exit', () => reject(new Error('the scanner ended')))
    })
    worker.on('error', () => undefined)
    this.#worker = worker
    this.#look = look
    this.#mark = mark
    this.#files = files.length
    this.#problems = ready.problems
    return mark
  }

  /** The rules that a file meets. @throws Error when the scanner gives up on it */
  scan(bytes: Uint8Array): Promise<readonly Match[]> {
    const mine = this.#turn.then(async () => {
      await this.#rules()
      return this.#scan(bytes)
    })
    this.#turn = mine.catch(() => undefined)
    return mine
  }

  #scan(bytes: Uint8Array): Promise<readonly Match[]> {
    const worker = this.#worker
    if (worker === undefined) throw new Error('the scanner is not there')
    const id = this.#jobs++
    return new Promise((resolve, reject) => {
      const end = (finish: () => void): void => {
        clearTimeout(timer)
        worker.off('message', heard)
        worker.off('exit', gone)
        finish()
      }
      const heard = (message: FromYara): void => {
        if (message.type === 'ready' || message.id !== id) return
        end(() => (message.type === 'done' ? resolve(message.matches) : reject(new Error(message.problem))))
      }
      const gone = (): void => end(() => reject(new Error('the scanner ended')))
      const timer = setTimeout(() => {
        end(() => reject(new Error(`not done within ${patience / 1000} s`)))
        void this.stop()
      }, patience)
      worker.on('message', heard)
      worker.on('exit', gone)
      worker.postMessage({ id, bytes } satisfies ToYara)
    })
  }

  async stop(): Promise<void> {
    const worker = this.#worker
    this.#worker = undefined
    await worker?.terminate()
  }
}
