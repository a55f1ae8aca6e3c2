import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export { freePort } from '../packages/hub/test/free-port.ts'

/** The built command. */
export const skep = fileURLToPath(new URL('../packages/cli/dist/skep.js', import.meta.url))

/** Runs a command to its end and gives what it prints. */
export const call = (...args: string[]): string =>
  execFileSync(process.execPath, [skep, ...args], {
    timeout: 120_000,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  })

/** What `skep start --json` says of itself. */
export interface Started {
  readonly portal: string
  readonly gateway: string
  readonly signin: string
  readonly data: string
  readonly sensor: string
  readonly listeners: readonly string[]
}

export interface Running extends Started {
  readonly child: ChildProcess
  /** Ctrl-C, and waits for the end. @returns the exit code */
  readonly stop: () => Promise<number | null>
  readonly stderr: () => string
}

/** Starts everything on a data folder: the sensor's services at `from` + 22, + 23 … */
export async function startAll(data: string, from: number, more: readonly string[] = []): Promise<Running> {
  const child = spawn(
    process.execPath,
    [
      skep,
      'start',
      '--data',
      data,
      '--portal-port',
      '0',
      '--gateway-port',
      '0',
      '--sensor-ports-from',
      String(from),
      '--sensor-address',
      '127.0.0.1',
      '--no-update',
      '--json',
      ...more,
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  )
  let stderr = ''
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  const started = await new Promise<Started>((resolve, reject) => {
    let out = ''
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString()
      const line = out.split('\n').find((one) => one.startsWith('{'))
      if (line !== undefined && out.includes('\n')) resolve(JSON.parse(line) as Started)
    })
    child.once('exit', (code) => reject(new Error(`skep ended with ${code}: ${stderr}`)))
  })
  for (let i = 0; i < 300; i++) {
    const ready = await fetch(`${started.portal}/readyz`).then(
      (response) => response.ok,
      () => false,
    )
    if (ready) break
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  return {
    ...started,
    child,
    stderr: () => stderr,
    stop: () =>
      new Promise((resolve) => {
        child.removeAllListeners('exit')
        child.once('exit', (code) => resolve(code))
        child.kill('SIGINT')
      }),
  }
}
