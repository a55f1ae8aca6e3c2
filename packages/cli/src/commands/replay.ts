import { createConnection, type Socket } from 'node:net'
import { once } from 'node:events'
import { Client } from 'ssh2'
import { proxyHeader } from '@skep/sensor'
import { isAddress } from '@skep/vocabulary'
import { exit, Progress, UserError } from '../context.ts'
import { readLines } from '../import/read.ts'

interface Options {
  readonly to: string
  readonly telnet?: string
  readonly speed: string
  readonly limit?: string
  readonly parallel: string
  readonly proxy: boolean
  readonly password?: string
  readonly json?: boolean
}

interface Target {
  readonly host: string
  readonly port: number
}

/** A recorded conversation by shell, or one HTTP request. */
interface Recorded {
  readonly protocol: 'ssh' | 'telnet' | 'http'
  readonly source: string
  readonly user: string
  readonly password: string
  readonly failed: readonly { readonly username: string; readonly password: string }[]
  readonly client: string
  readonly inputs: readonly { readonly input: string; readonly dt: number }[]
  readonly request: Buffer
}

const maxPause = 30_000

function target(text: string): Target {
  const match = /^(.*):(\d{1,5})$/.exec(text)
  if (match === null) throw new UserError(`Expected host:port, not: ${text}`, exit.usage)
  const host = (match[1] ?? '').replace(/^\[(.*)\]$/, '$1') || '127.0.0.1'
  return { host, port: Number(match[2]) }
}

/** Drives real clients against a sensor. */
export async function replay(file: string, options: Options): Promise<void> {
  const to = target(options.to)
  const telnet = options.telnet === undefined ? undefined : target(options.telnet)
  const limit = options.limit === undefined ? Number.POSITIVE_INFINITY : Number(options.limit)
  const speed = Number(options.speed)
  const sessions: Recorded[] = []
  const counts = { done: 0, failed: 0, left_out: 0, commands: 0 }
  const reasons: Record<string, number> = {}
  try {
    for await (const { line } of readLines(file)) {
      if (sessions.length >= limit) break
      const session = line === undefined ? undefined : readRecorded(line)
      if (session === undefined) counts.left_out++
      else sessions.push(session)
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      throw new UserError(`There is no file ${file}`, exit.missing, { cause: error })
    throw error
  }
  const progress = new Progress('replaying', options.json === true)
  const queue = [...sessions]
  const pair = options.password === undefined ? undefined : (options.password.split(/:(.*)/s) as [string, string])
  const work = async (): Promise<void> => {
    for (let session = queue.shift(); session !== undefined; session = queue.shift()) {
      const at = session.protocol === 'telnet' ? telnet : to
      if (at === undefined) {
        counts.left_out++
        continue
      }
      const header =
        options.proxy && isAddress(session.source)
          ? proxyHeader(
              { ip: session.source, port: 1024 + Math.floor(Math.random() * 60_000) },
              { ip: session.source.includes(':') ? '::1' : '127.0.0.1', port: at.port },
            )
          : ''
      const run = pair === undefined ? session : { ...session, user: pair[0], password: pair[1] ?? '' }
      try {
        const commands = await drivers[session.protocol](run, at, header, speed)
        counts.commands += commands
        counts.done++
      } catch (error) {
        counts.failed++
        const reason = error instanceof Error ? error.message : String(error)
        reasons[reason] = (reasons[reason] ?? 0) + 1
      }
      progress.show(counts.done + counts.failed, sessions.length, `${counts.done} done, ${counts.failed} failed`)
    }
  }
  await Promise.all(Array.from({ length: Math.max(1, Math.min(64, Number(options.parallel) || 8)) }, work))
  progress.show(1, 1, `${counts.done} done, ${counts.failed} failed`, true)
  if (options.json === true) console.log(JSON.stringify({ ...counts, reasons }))
  else {
    console.log(
      `${counts.done} sessions replayed with ${counts.commands} commands or requests, ${counts.failed} failed, ${counts.left_out} left out`,
    )
    for (const [reason, count] of Object.entries(reasons)) console.log(`  ${count} times: ${reason}`)
  }
  if (counts.done === 0 && sessions.length > 0)
    throw new UserError('No session could be replayed: is the sensor there?')
}

function readRecorded(line: Record<string, unknown>): Recorded | undefined {
  const text = (value: unknown) => (typeof value === 'string' ? value : '')
  const base = {
    source: text(line['src_ip']),
    user: text(line['username']) || 'root',
    password: text(line['password']),
    failed: [],
    client: text(line['client']),
    inputs: [],
    request: Buffer.alloc(0),
  }
  if (line['method'] !== undefined && line['path'] !== undefined) {
    const headers = (Array.isArray(line['headers']) ? (line['headers'] as [string, string][]) : []).filter(
      ([name]) => !/^(content-length|transfer-encoding|connection)$/i.test(name),
    )
    const body = Buffer.from(text(line['body']))
    const lines = [
      `${text(line['method'])} ${text(line['path'])} HTTP/1.1`,
      ...headers.map(([name, value]) => `${name}: ${value}`),
      ...(headers.some(([name]) => /^host$/i.test(name)) ? [] : ['Host: 127.0.0.1']),
      `Content-Length: ${body.length}`,
      'Connection: close',
    ]
    return { ...base, protocol: 'http', request: Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), body]) }
  }
  const protocol = text(line['protocol'])
  if (protocol !== 'ssh' && protocol !== 'telnet') return undefined
  const failed = (Array.isArray(line['failed_logins']) ? (line['failed_logins'] as unknown[]) : []).flatMap((one) => {
    const { username, password } = (typeof one === 'object' && one !== null ? one : {}) as Record<string, unknown>
    return username === undefined ? [] : [{ username: text(username), password: text(password) }]
  })
  const inputs = (Array.isArray(line['inputs']) ? (line['inputs'] as Record<string, unknown>[]) : []).map((one) => ({
    input: text(one['input']),
    dt: Number(one['dt'] ?? 0) || 0,
  }))
  return { ...base, protocol, failed: failed.slice(0, 3), inputs }
}

const pause = (seconds: number, speed: number): Promise<void> =>
  speed <= 0
    ? Promise.resolve()
    : new Promise((resolve) => setTimeout(resolve, Math.min(maxPause, (seconds * 1000) / speed)))

async function connect(at: Target, header: string): Promise<Socket> {
  const socket = createConnection({ host: at.host, port: at.port })
  socket.setTimeout(60_000, () => socket.destroy(new Error('no answer within 60 s')))
  await once(socket, 'connect')
  if (header !== '') socket.write(header)
  return socket
}

type Driver = (session: Recorded, at: Target, header: string, speed: number) => Promise<number>

const ssh: Driver = async (session, at, header, speed) => {
  const sock = await connect(at, header)
  const client = new Client()
  const ident = /^SSH-2\.0-([!-~]+)/.exec(session.client)?.[1]
  try {
    await new Promise<void>((resolve, reject) => {
      client
        .once('ready', resolve)
        .once('error', reject)
        .once('close', () => reject(new Error('the sensor hung up')))
      client.connect({
        sock,
        username: session.user,
        password: session.password,
        ...(ident !== undefined && { ident }),
        readyTimeout: 30_000,
      })
    })
    let hangUp = (): void => {}
    client.once('close', () => hangUp())
    let commands = 0
    for (const { input, dt } of session.inputs) {
      await pause(dt, speed)
      await new Promise<void>((resolve, reject) => {
        client.exec(input, (error, stream) => {
          if (error) return reject(error)
          stream.on('close', () => resolve()).resume()
          stream.stderr.resume()
          stream.end()
        })
        hangUp = () => reject(new Error('the sensor hung up'))
      })
      commands++
    }
    return commands
  } finally {
    client.removeAllListeners('close')
    client.on('error', () => {})
    client.end()
    sock.destroy()
  }
}

const telnetDriver: Driver = async (session, at, header, speed) => {
  const socket = await connect(at, header)
  let heard = ''
  let wake = () => {}
  let closed = false
  socket.on('data', (chunk: Buffer) => {
    // Refuse every option: WILL → DONT, DO → WONT.
    for (let i = 0; i + 2 < chunk.length; i++) {
      if (chunk[i] !== 255) continue
      if (chunk[i + 1] === 251) socket.write(Buffer.of(255, 254, chunk[i + 2] ?? 0))
      if (chunk[i + 1] === 253) socket.write(Buffer.of(255, 252, chunk[i + 2] ?? 0))
    }
    heard = (heard + chunk.toString('latin1')).slice(-4096)
    wake()
  })
  socket.on('error', () => {})
  socket.on('close', () => {
    closed = true
    wake()
  })
  const expect = async (pattern: RegExp): Promise<void> => {
    const deadline = Date.now() + 20_000
    while (!pattern.test(heard)) {
      if (closed || Date.now() > deadline) throw new Error(`the sensor did not say ${pattern.source}`)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 1000)
        wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
    heard = ''
  }
  try {
    await expect(/login: $/)
    socket.write(`${session.user}\r\n`)
    await expect(/Password: $/)
    socket.write(`${session.password}\r\n`)
    await expect(/[#$] $|login: $/)
    let commands = 0
    for (const { input, dt } of session.inputs) {
      await pause(dt, speed)
      socket.write(`${input}\r\n`)
      await expect(/[#$>] $|logout\r\n$/)
      commands++
    }
    return commands
  } finally {
    socket.destroy()
  }
}

const http: Driver = async (session, at, header) => {
  const socket = await connect(at, header)
  try {
    socket.write(session.request)
    let bytes = 0
    for await (const chunk of socket as AsyncIterable<Buffer>) bytes += chunk.length
    if (bytes === 0) throw new Error('the sensor did not answer')
    return 1
  } finally {
    socket.destroy()
  }
}

const drivers: Readonly<Record<Recorded['protocol'], Driver>> = { ssh, telnet: telnetDriver, http }
