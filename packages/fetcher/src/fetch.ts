import { createSocket } from 'node:dgram'
import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { connect, isIP, type Socket } from 'node:net'
import { Forbidden, Guard } from './guard.ts'

/** Bounds of one fetch. */
export interface Caps {
  readonly bytes: number
  /** Milliseconds for all of it. */
  readonly ms: number
  readonly redirects: number
}

/** What was fetched. */
export interface Payload {
  readonly bytes: Buffer
  /** Each URL on the way, with the address that it was fetched from. */
  readonly hops: readonly { readonly url: string; readonly address: string; readonly status: string }[]
  /** The media type that the server gave. */
  readonly media?: string
}

/** Nothing came, or nothing was asked for. */
export class NotFetched extends Error {
  override readonly name = 'NotFetched'
  /** Whether it was never asked for: a place that is not gone to. */
  readonly refused: boolean
  readonly hops: Payload['hops']
  constructor(message: string, refused: boolean, hops: Payload['hops'] = []) {
    super(message)
    this.refused = refused
    this.hops = hops
  }
}

/** What tools call themselves: such servers give their wares to those only that look like their own loaders. */
const agents: Readonly<Record<string, string>> = { curl: 'curl/7.88.1', wget: 'Wget/1.21.3' }

interface Part {
  readonly status: string
  readonly bytes?: Buffer
  readonly media?: string
  readonly location?: string
}
type Way = (url: URL, address: string, caps: Caps, signal: AbortSignal, tool: string) => Promise<Part>

/** Puts pieces together, up to a bound. @throws Error beyond it */
class Pieces {
  readonly #all: Buffer[] = []
  readonly #most: number
  size = 0
  constructor(most: number) {
    this.#most = most
  }
  add(piece: Buffer): void {
    this.size += piece.length
    if (this.size > this.#most) throw new Error(`more than ${this.#most} bytes`)
    this.#all.push(piece)
  }
  get bytes(): Buffer {
    return Buffer.concat(this.#all)
  }
}

const http: Way = (url, address, caps, signal, tool) =>
  new Promise((resolve, reject) => {
    const options = {
      signal,
      agent: false as const,
      headers: { 'user-agent': agents[tool] ?? agents['wget'] ?? '', accept: '*/*', 'accept-encoding': 'identity' },
      // What comes is not trusted anyhow, and such servers have no certificate that anybody signed.
      rejectUnauthorized: false,
      maxHeaderSize: 16_384,
    }
    const send = url.protocol === 'https:' ? requestHttps : requestHttp
    const outgoing = send(url, { ...options, lookup: Guard.to(address) }, (response) => {
      const status = response.statusCode ?? 0
      const { location, 'content-type': media } = response.headers
      if (status >= 300 && status < 400 && location !== undefined) {
        outgoing.destroy()
        return resolve({ status: String(status), location })
      }
      if (status !== 200) {
        outgoing.destroy()
        return reject(new Error(`answered ${status}`))
      }
      const pieces = new Pieces(caps.bytes)
      response.on('data', (piece: Buffer) => {
        try {
          pieces.add(piece)
        } catch (error) {
          outgoing.destroy(error as Error)
        }
      })
      response.once('error', reject)
      response.once('end', () =>
        resolve({ status: '200', bytes: pieces.bytes, ...(media !== undefined && { media: media.slice(0, 100) }) }),
      )
    })
    outgoing.once('error', reject)
    outgoing.end()
  })

/** FTP (RFC 959, RFC 2428): the data come from the address of the control connection, whatever the server says. */
const ftp: Way = async (url, address, caps, signal) => {
  const dial = (port: number): Promise<Socket> =>
    new Promise((resolve, reject) => {
      const socket = connect({ host: address, port, signal } as never)
      socket.once('error', reject)
      socket.once('connect', () => {
        socket.off('error', reject)
        socket.on('error', () => undefined)
        resolve(socket)
      })
    })
  const control = await dial(Number(url.port) || 21)
  try {
    let heard = ''
    let wake: (() => void) | undefined
    control.on('data', (piece) => {
      heard = (heard + piece.toString('latin1')).slice(-65_536)
      wake?.()
    })
    control.on('close', () => wake?.())
    /** The last line of an answer: three digits and a blank. */
    const answer = async (): Promise<string> => {
      for (;;) {
        const line = /^(\d{3} [^\n]*)\r?\n/m.exec(heard)
        if (line !== null) {
          heard = heard.slice(line.index + line[0].length)
          return line[1] ?? ''
        }
        signal.throwIfAborted()
        if (control.closed) throw new Error('the server hung up')
        await new Promise<void>((resolve) => (wake = resolve))
      }
    }
    const ask = async (line: string, fine: RegExp): Promise<string> => {
      control.write(`${line}\r\n`)
      const said = await answer()
      if (!fine.test(said)) throw new Error(`answered ${said.slice(0, 100)}`)
      return said
    }
    if (!/^2/.test(await answer())) throw new Error('the server is not ready')
    if (/^331/.test(await ask('USER anonymous', /^(?:2|331)/))) await ask('PASS anonymous@', /^2/)
    await ask('TYPE I', /^2/)
    const path = decodeURIComponent(url.pathname).slice(1)
    if (/[\r\n\0]/.test(path)) throw new Error('the path holds a line end')
    const passive = await ask('EPSV', /^(?:2|5)/)
    const port = /^229.*\|\|\|(\d{1,5})\|/.exec(passive)?.[1]
    const old = port === undefined ? await ask('PASV', /^227/) : ''
    const [, high, low] = /(\d{1,3}),(\d{1,3})\)?[^\d]*$/.exec(old) ?? []
    const data = await dial(port === undefined ? Number(high) * 256 + Number(low) : Number(port))
    try {
      const pieces = new Pieces(caps.bytes)
      const all = new Promise<void>((resolve, reject) => {
        data.on('data', (piece) => {
          try {
            pieces.add(piece)
          } catch (error) {
            reject(error as Error)
          }
        })
        data.once('close', () => resolve())
        signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
      })
      all.catch(() => undefined)
      await ask(`RETR ${path}`, /^1/)
      await all
      return { status: '226', bytes: pieces.bytes }
    } finally {
      data.destroy()
    }
  } finally {
    control.destroy()
  }
}

/** TFTP (RFC 1350): blocks of 512 bytes, each acknowledged. */
const tftp: Way = (url, address, caps, signal) =>
  new Promise((resolve, reject) => {
    const socket = createSocket(isIP(address) === 6 ? 'udp6' : 'udp4')
    const pieces = new Pieces(caps.bytes)
    let next = 1
    let peer: number | undefined
    let last = Buffer.concat([
      Buffer.from([0, 1]),
      Buffer.from(`${decodeURIComponent(url.pathname).slice(1).replaceAll('\0', '')}\0octet\0`),
    ])
    let tries = 0
    const post = (): void => socket.send(last, peer ?? (Number(url.port) || 69), address)
    const again = setInterval(() => {
      if (++tries > 5) end(new Error('no answer'))
      else post()
    }, 3000)
    const end = (error: Error | undefined): void => {
      clearInterval(again)
      signal.removeEventListener('abort', stop)
      try {
        socket.close()
      } catch {
        // It was closed by the abort.
      }
      if (error === undefined) resolve({ status: 'end', bytes: pieces.bytes })
      else reject(error)
    }
    const stop = (): void => end(signal.reason as Error)
    signal.addEventListener('abort', stop, { once: true })
    socket.on('error', end)
    socket.on('message', (message, from) => {
      if (from.address !== address || (peer !== undefined && from.port !== peer) || message.length < 4) return
      const [op, block] = [message.readUInt16BE(0), message.readUInt16BE(2)]
      if (op === 5) return end(new Error(`answered ${message.toString('latin1', 4, 100).split('\0')[0]}`))
      if (op !== 3) return
      peer = from.port
      if (block === (next & 0xffff)) {
        tries = 0
        next++
        try {
          pieces.add(message.subarray(4))
        } catch (error) {
          return end(error as Error)
        }
      }
      last = Buffer.from([0, 4, message[2] ?? 0, message[3] ?? 0])
      post()
      if (message.length < 516 && block === ((next - 1) & 0xffff)) end(undefined)
    })
    post()
  })

const ways: Readonly<Record<string, Way>> = { 'http:': http, 'https:': http, 'ftp:': ftp, 'tftp:': tftp }

/**
 * Fetches what an attacker pointed at, once, and runs nothing of it.
 * @param tool what the attacker would have fetched it with; the request looks like that
 * @throws NotFetched with the reason, and how far it came
 */
export async function fetchPayload(address: string, guard: Guard, caps: Caps, tool = 'wget'): Promise<Payload> {
  const hops: { url: string; address: string; status: string }[] = []
  const signal = AbortSignal.timeout(caps.ms)
  let url = address
  try {
    for (let left = caps.redirects; ; left--) {
      const to = new URL(url)
      const way = ways[to.protocol]
      if (way === undefined) throw new Forbidden(`${to.protocol} is not fetched`)
      const at = await guard.address(to.hostname)
      const hop = { url, address: at, status: '' }
      hops.push(hop)
      const { status, bytes, media, location } = await way(to, at, caps, signal, tool)
      hop.status = status
      if (bytes !== undefined) return { bytes, hops, ...(media !== undefined && { media }) }
      if (left <= 0) throw new Error('too many redirects')
      url = new URL(location ?? '', to).href
      if (!/^https?:/.test(url)) throw new Forbidden('a redirect to something else than a web server')
    }
  } catch (error) {
    const why = signal.aborted
      ? `not done within ${caps.ms / 1000} s`
      : error instanceof Error
        ? error.message
        : 'failed'
    throw new NotFetched(why.slice(0, 300), error instanceof Forbidden, hops)
  }
}
