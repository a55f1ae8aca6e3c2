import { normalizeAddress } from '@skep/vocabulary'
import { Malformed, type Reader } from './reader.ts'

/** What a front says of the connection that it passes on. */
export interface Proxied {
  readonly source: { readonly ip: string; readonly port: number }
  readonly target: { readonly port: number }
}

const signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1')

/** Whether bytes could be the beginning of a PROXY header, version 1 or 2. */
export function looksProxied(head: Buffer): boolean {
  const n = Math.min(head.length, 12)
  return (
    n > 0 &&
    (head.subarray(0, Math.min(n, 6)).equals(Buffer.from('PROXY ').subarray(0, Math.min(n, 6))) ||
      head.subarray(0, n).equals(signature.subarray(0, n)))
  )
}

/**
 * Takes a PROXY protocol header, version 1 or 2 (HAProxy's specification of 2020).
 * @returns undefined for LOCAL and UNKNOWN: the front speaks for itself
 * @throws Malformed
 */
export async function readProxyHeader(input: Reader): Promise<Proxied | undefined> {
  const first = await input.peek()
  if (first === 0x50 /* P */) {
    const line = (await input.until('\r\n', 107)).toString('latin1')
    const [, family, source = '', , sourcePort, targetPort] = line.split(' ')
    if (family === 'UNKNOWN') return undefined
    return proxied(source, Number(sourcePort), Number(targetPort), family === 'TCP4' || family === 'TCP6')
  }
  const head = await input.bytes(16)
  if (!head.subarray(0, 12).equals(signature) || (head[12] ?? 0) >> 4 !== 2) throw new Malformed('no PROXY header')
  const body = await input.bytes(Math.min(head.readUInt16BE(14), 4096))
  const [command, family] = [(head[12] ?? 0) & 15, (head[13] ?? 0) >> 4]
  if (command === 0) return undefined
  if (family === 1 && body.length >= 12) {
    return proxied([...body.subarray(0, 4)].join('.'), body.readUInt16BE(8), body.readUInt16BE(10), true)
  }
  if (family === 2 && body.length >= 36) {
    const groups = Array.from({ length: 8 }, (_, i) => body.readUInt16BE(i * 2).toString(16)).join(':')
    return proxied(
      new URL(`http://[${groups}]/`).hostname.slice(1, -1),
      body.readUInt16BE(32),
      body.readUInt16BE(34),
      true,
    )
  }
  return undefined
}

function proxied(ip: string, sourcePort: number, targetPort: number, known: boolean): Proxied {
  const address = normalizeAddress(ip)
  const valid = (port: number) => Number.isInteger(port) && port >= 0 && port <= 65_535
  if (!known || address === undefined || !valid(sourcePort) || !valid(targetPort))
    throw new Malformed('malformed PROXY header')
  return { source: { ip: address, port: sourcePort }, target: { port: targetPort } }
}

/** Writes a header of version 1, as replay sends it. */
export const proxyHeader = (source: { ip: string; port: number }, target: { ip: string; port: number }): string =>
  `PROXY ${source.ip.includes(':') ? 'TCP6' : 'TCP4'} ${source.ip} ${target.ip} ${source.port} ${target.port}\r\n`
