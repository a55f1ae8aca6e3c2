import { createHash } from 'node:crypto'
import { Cursor } from '../../runtime/reader.ts'

// ClientHello: RFC 8446 §4.1.2. JA3 as salesforce/ja3 describes it; JA4 (the TLS client one, BSD-3) as FoxIO's
// technical details do.

const isGrease = (n: number): boolean => (n & 0x0f0f) === 0x0a0a && n >> 8 === (n & 255)
const hex4 = (n: number): string => n.toString(16).padStart(4, '0')
const short = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 12)

/**
 * Fingerprints and server name of a TLS ClientHello.
 * @returns undefined when the bytes hold no whole ClientHello
 */
export function readClientHello(
  bytes: Buffer,
): { ja3: string; ja4: string; server_name?: string; options?: string[] } | undefined {
  try {
    const record = new Cursor(bytes)
    if (record.u8() !== 22) return undefined
    record.u16()
    const handshake = new Cursor(record.bytes(Math.min(record.u16(), record.left)))
    if (handshake.u8() !== 1) return undefined
    handshake.bytes(3)
    const legacy = handshake.u16()
    handshake.bytes(32)
    handshake.bytes(handshake.u8())
    const list16 = (cursor: Cursor): number[] => {
      const inner = new Cursor(cursor.bytes(cursor.u16()))
      const all: number[] = []
      while (inner.left >= 2) all.push(inner.u16())
      return all
    }
    const ciphers = list16(handshake)
    handshake.bytes(handshake.u8())
    const extensions: number[] = []
    let groups: number[] = []
    let formats: number[] = []
    let algorithms: number[] = []
    const versions: number[] = []
    let alpn: string[] = []
    let server: string | undefined
    if (handshake.left >= 2) {
      const all = new Cursor(handshake.bytes(handshake.u16()))
      while (all.left >= 4) {
        const type = all.u16()
        const data = new Cursor(all.bytes(all.u16()))
        extensions.push(type)
        if (type === 0 && data.left > 5) {
          data.bytes(3)
          server = data.bytes(data.u16()).toString('latin1')
        } else if (type === 10) groups = list16(data)
        else if (type === 11) formats = [...data.bytes(data.u8())]
        else if (type === 13) algorithms = list16(data)
        else if (type === 16) {
          const names = new Cursor(data.bytes(data.u16()))
          while (names.left > 0) alpn.push(names.bytes(names.u8()).toString('latin1'))
        } else if (type === 43) {
          const inner = new Cursor(data.bytes(data.u8()))
          while (inner.left >= 2) versions.push(inner.u16())
        }
      }
    }
    const plain = (all: readonly number[] = []) => all.filter((n) => !isGrease(n))
    const ja3 = [
      legacy,
      plain(ciphers).join('-'),
      plain(extensions).join('-'),
      plain(groups).join('-'),
      (formats ?? []).join('-'),
    ].join(',')
    const version = Math.max(legacy, ...plain(versions))
    const name = { 0x304: '13', 0x303: '12', 0x302: '11', 0x301: '10', 0x300: 's3' }[version] ?? '00'
    const two = (n: number) => String(Math.min(99, n)).padStart(2, '0')
    const first = alpn[0] ?? ''
    const letters = first === '' ? '00' : `${first[0]}${first.at(-1)}`
    const sorted = plain(extensions)
      .filter((n) => n !== 0 && n !== 16)
      .map(hex4)
      .sort()
    const signed = plain(algorithms).map(hex4).join(',')
    const ja4 =
      `t${name}${server === undefined ? 'i' : 'd'}${two(plain(ciphers).length)}${two(plain(extensions).length)}${letters}_` +
      `${short(plain(ciphers).map(hex4).sort().join(','))}_${short(sorted.join(',') + (signed === '' ? '' : `_${signed}`))}`
    alpn = alpn.slice(0, 8)
    return {
      ja3: createHash('md5').update(ja3).digest('hex'),
      ja4,
      ...(server !== undefined && { server_name: server }),
      ...(alpn.length > 0 && { options: alpn.map((one) => `alpn=${one}`) }),
    }
  } catch {
    return undefined
  }
}
