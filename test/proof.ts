// What the proofs of delivery share: hubs and sensors as processes that can be killed, and the settling of accounts.
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { rolldown } from 'rolldown'
import { joinHub } from '@skep/sensor'
import { freePort, skep } from './process.ts'

/** Whether the long form is wanted. */
export const full = process.env['SKEP_PROOF'] === 'full'
export const root = mkdtempSync(join(tmpdir(), 'skep-proof-'))
const figures: [string, string][] = []

/** Notes a figure for the report. */
export function tell(what: string, figure: string): void {
  figures.push([what, figure])
  console.log(`${what}: ${figure}`)
}

/** Writes the figures into docs/reliability.md when asked, and cleans up. @param part which table of the report */
export function finish(part: string): void {
  if (process.env['SKEP_WRITE_REPORT'] === '1') {
    const file = new URL('../docs/reliability.md', import.meta.url)
    const table = `| what was done | what came of it |\n|---|---|\n${figures.map(([what, figure]) => `| ${what} | ${figure} |`).join('\n')}\n`
    const between = new RegExp(`(<!-- ${part} -->\n)[^]*?(<!-- end -->)`)
    writeFileSync(file, readFileSync(file, 'utf8').replace(between, `$1\n${table}\n$2`))
  }
  rmSync(root, { recursive: true, force: true })
}

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** A hub in a process of its own, on fixed ports, that can be killed and started again. */
export class HubProcess {
  readonly data: string
  #child: ChildProcess | undefined
  portal = ''
  gateway = ''
  token = ''
  #ports: [number, number] | undefined
  readonly #gatewayHost: string

  /** @param gatewayHost where the gateway listens */
  constructor(data: string, gatewayHost = '127.0.0.1') {
    this.data = data
    this.#gatewayHost = gatewayHost
  }

  async start(): Promise<void> {
    this.#ports ??= [await freePort(), await freePort()]
    const [portal, gateway] = this.#ports
    const child = spawn(
      process.execPath,
      [
        skep,
        'hub',
        'run',
        '--data',
        this.data,
        '--portal-port',
        `${portal}`,
        '--gateway-port',
        `${gateway}`,
        '--gateway-host',
        this.#gatewayHost,
        '--no-update',
        '--json',
        '--log',
        'json',
      ],
      { stdio: ['ignore', 'pipe', 'ignore'] },
    )
    this.#child = child
    const line = await new Promise<string>((resolve, reject) => {
      let out = ''
      child.stdout?.on('data', (chunk: Buffer) => {
        out += chunk.toString()
        if (out.includes('\n')) resolve(out)
      })
      child.once('exit', (code) => reject(new Error(`the hub ended with ${code}`)))
    })
    const told = JSON.parse(line) as { portal: string; gateway: string }
    this.portal = told.portal
    this.gateway = told.gateway
    if (this.token === '') {
      this.token = execFileSync(process.execPath, [skep, 'token', 'create', '--data', this.data], {
        encoding: 'utf8',
      }).trim()
    }
  }

  /** SIGKILL: no farewell. The engine child loses its parent and goes, too. */
  async kill(): Promise<void> {
    const child = this.#child
    if (child === undefined) return
    const gone = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGKILL')
    await gone
    await sleep(300)
  }

  async stop(): Promise<void> {
    const child = this.#child
    if (child === undefined) return
    const gone = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGTERM')
    await gone
  }

  async api<T>(path: string): Promise<T> {
    const response = await fetch(`${this.portal}/api/v1/${path}`, {
      headers: { authorization: `Bearer ${this.token}` },
    })
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
    return (await response.json()) as T
  }

  /** How often each number of each run is in the store, by the hub's own API. */
  async events(sensor: string): Promise<Map<string, number>> {
    const seen = new Map<string, number>()
    let cursor = ''
    for (;;) {
      const response = await fetch(
        `${this.portal}/api/v1/events?sensor=${sensor}&limit=10000${cursor === '' ? '' : `&cursor=${cursor}`}`,
        { headers: { authorization: `Bearer ${this.token}` } },
      )
      for (const line of (await response.text()).split('\n')) {
        if (line === '') continue
        const { boot, seq } = JSON.parse(line) as { boot: string; seq: number }
        seen.set(`${boot} ${seq}`, (seen.get(`${boot} ${seq}`) ?? 0) + 1)
      }
      cursor = response.headers.get('x-next-cursor') ?? ''
      if (cursor === '') return seen
    }
  }

  async ledger(sensor: string): Promise<{
    made: number
    committed: number
    missing: number
    waiting: number
    rows: { boot: string; dropped: Record<string, number>; duplicates: number }[]
  }> {
    return this.api(`ledger?sensor=${sensor}`)
  }

  async join(name: string): Promise<string> {
    const invite = JSON.parse(
      execFileSync(process.execPath, [skep, 'hub', 'invite', '--data', this.data, '--json'], { encoding: 'utf8' }),
    ) as { token: string }
    const data = join(root, `${name}-data`)
    await joinHub({ data, hubs: [this.gateway], token: invite.token, name, version: '0' })
    return data
  }
}

let straw: string | undefined
/** The straw as one file that Node.js runs by itself. */
export async function strawProgram(): Promise<string> {
  if (straw !== undefined) return straw
  const file = join(root, 'straw-process.mjs')
  const bundle = await rolldown({
    input: new URL('./straw.ts', import.meta.url).pathname,
    platform: 'node',
    external: [/^node:/, /^just-bash/],
    logLevel: 'silent',
  })
  await bundle.write({ file, format: 'esm', codeSplitting: false } as never)
  await bundle.close()
  return (straw = file)
}

/** A straw in a process of its own; what it said was safe, it said before it died. */
export class StrawProcess {
  readonly data: string
  readonly perSecond: number
  /** The highest safe number of each run. */
  readonly safe = new Map<string, number>()
  readonly #within: readonly string[]
  #child: ChildProcess | undefined

  /** @param within a command to run it with: in another network, say */
  constructor(data: string, perSecond: number, within: readonly string[] = []) {
    this.data = data
    this.perSecond = perSecond
    this.#within = within
  }

  async start(): Promise<void> {
    const [program = '', ...args] = [
      ...this.#within,
      process.execPath,
      await strawProgram(),
      this.data,
      `${this.perSecond}`,
    ]
    const child = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    this.#child = child
    let rest = ''
    await new Promise<void>((resolve, reject) => {
      child.once('exit', (code) => reject(new Error(`the straw ended with ${code}`)))
      child.stdout?.on('data', (chunk: Buffer) => {
        const lines = (rest + chunk.toString()).split('\n')
        rest = lines.pop() ?? ''
        for (const line of lines) {
          const [word, boot = '', seq] = line.split(' ')
          if (word === 'safe') this.safe.set(boot, Number(seq))
          resolve()
        }
      })
    })
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child
    if (child === undefined) return
    const gone = new Promise((resolve) => child.once('close', resolve))
    child.kill(signal)
    await gone
  }
}

/** Waits until the hub has all, then holds what it has against what was safe. */
export async function settle(
  hub: HubProcess,
  sensor: string,
  safe: ReadonlyMap<string, number>,
): Promise<{ events: number; lost: number }> {
  for (let i = 0; i < 600; i++) {
    const { missing, waiting } = await hub.ledger(sensor)
    if (missing + waiting === 0 && i > 2) break
    await sleep(200)
  }
  const seen = await hub.events(sensor)
  const ledger = await hub.ledger(sensor)
  expect([...seen.values()].filter((times) => times !== 1)).toEqual([])
  const absent: string[] = []
  for (const [boot, last] of safe)
    for (let seq = 0; seq <= last; seq++) if (!seen.has(`${boot} ${seq}`)) absent.push(`${boot} ${seq}`)
  const lost = ledger.rows.flatMap(({ dropped }) => Object.values(dropped)).reduce((sum, one) => sum + one, 0)
  expect(absent.slice(0, 5)).toEqual([])
  expect(ledger).toMatchObject({ missing: 0, waiting: 0 })
  expect(seen.size).toBe(ledger.committed)
  expect(ledger.made).toBe(ledger.committed + lost)
  return { events: seen.size, lost }
}

/** Invites by the API and joins: a process for each would take longer than the test. */
export async function joinFast(hub: HubProcess, name: string): Promise<string> {
  const response = await fetch(`${hub.portal}/api/v1/invites`, {
    method: 'POST',
    headers: { authorization: `Bearer ${hub.token}`, 'content-type': 'application/json' },
    body: '{}',
  })
  const { token } = (await response.json()) as { token: string }
  const data = join(root, `${name}-data`)
  // The gateway lets one address try twenty times a minute.
  for (;;) {
    try {
      await joinHub({ data, hubs: [hub.gateway], token, name, version: '0' })
      return data
    } catch (error) {
      if (!String(error).includes('busy (429)')) throw error
      await sleep(1000)
    }
  }
}
