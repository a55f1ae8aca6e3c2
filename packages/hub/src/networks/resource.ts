import { isIP } from 'node:net'

/** An AS or a prefix, in the one way that it is written here. */
export type Resource =
  | { readonly kind: 'as'; readonly asn: number; readonly text: string }
  | { readonly kind: 'prefix'; readonly address: string; readonly bits: number; readonly text: string }

/** The bytes of an address. */
export function bytesOf(address: string): Uint8Array {
  if (isIP(address) === 4) return Uint8Array.from(address.split('.').map(Number))
  const url = new URL(`http://[${address}]/`).hostname.slice(1, -1)
  const [head = '', tail] = url.split('::')
  const groups = (part: string): string[] => (part === '' ? [] : part.split(':'))
  const front = groups(head)
  const back = tail === undefined ? [] : groups(tail)
  const all = [...front, ...Array.from({ length: 8 - front.length - back.length }, () => '0'), ...back]
  return Uint8Array.from(all.flatMap((group) => [parseInt(group, 16) >> 8, parseInt(group, 16) & 255]))
}

/**
 * Reads what a person claims: `AS64500`, `192.0.2.0/24`, `2001:db8::/32`.
 * @throws RangeError that says what is wrong
 */
export function readResource(text: string): Resource {
  const given = text.trim()
  const as = /^(?:as)?\s*(\d{1,10})$/i.exec(given)?.[1]
  if (as !== undefined) {
    const asn = Number(as)
    // AS_TRANS, the last and the private numbers (RFC 6996, 7300) belong to nobody.
    if (asn === 0 || asn === 23_456 || (asn >= 64_512 && asn <= 65_535) || asn >= 4_200_000_000)
      throw new RangeError(`AS${asn} is nobody's: a private or reserved number`)
    return { kind: 'as', asn, text: `AS${asn}` }
  }
  const [address = '', length = ''] = given.split('/')
  const version = isIP(address)
  if (version === 0 || !/^\d{1,3}$/.test(length))
    throw new RangeError('Write an AS (AS64500) or a prefix (192.0.2.0/24, 2001:db8::/32)')
  const bits = Number(length)
  const [least, most] = version === 4 ? [8, 32] : [16, 64]
  if (bits < least || bits > most) throw new RangeError(`A prefix of IPv${version} has /${least} to /${most}`)
  const bytes = bytesOf(address)
  const rest = bytes.some((byte, i) => (byte & (0xff >> Math.max(0, Math.min(8, bits - i * 8)))) !== 0)
  if (rest) throw new RangeError(`${address} is not the first address of a /${bits}`)
  const canonical = version === 4 ? bytes.join('.') : new URL(`http://[${address}]/`).hostname.slice(1, -1)
  return { kind: 'prefix', address: canonical, bits, text: `${canonical}/${bits}` }
}

/** The number of an IPv4 address, -1 for anything else. */
function v4Number(address: string): number {
  const parts = address.split('.')
  if (parts.length !== 4) return -1
  let n = 0
  for (const part of parts) {
    const byte = Number(part)
    if (!/^\d{1,3}$/.test(part) || byte > 255) return -1
    n = n * 256 + byte
  }
  return n
}

/** Whether an address lies in a prefix. */
export function contains(prefix: string, address: string): boolean {
  const slash = prefix.indexOf('/')
  const network = prefix.slice(0, slash)
  const bits = Number(prefix.slice(slash + 1))
  // Tables of routes ask this a million times; IPv4 is quick.
  if (!network.includes(':')) {
    if (address.includes(':')) return false
    const [a, b] = [v4Number(network), v4Number(address)]
    const size = 2 ** (32 - bits)
    return a >= 0 && b >= 0 && Math.floor(a / size) === Math.floor(b / size)
  }
  if (isIP(address) !== 6 || isIP(network) !== 6) return false
  const [a, b] = [bytesOf(network), bytesOf(address)]
  return a.every((byte, i) => {
    const mask = (0xff00 >> Math.max(0, Math.min(8, bits - i * 8))) & 0xff
    return (byte & mask) === ((b[i] ?? 0) & mask)
  })
}

/**
 * The reverse zones that together are a prefix: one TXT record in each shows who runs them. Zones are cut at bytes
 * (IPv4) and at half-bytes (IPv6).
 * @returns undefined where a prefix is smaller than a zone
 */
export function reverseZones({ address, bits }: { address: string; bits: number }): string[] | undefined {
  const bytes = bytesOf(address)
  const v4 = bytes.length === 4
  const step = v4 ? 8 : 4
  if (v4 && bits > 24) return undefined
  const labels = Math.ceil(bits / step)
  const count = 2 ** (labels * step - bits)
  const digits = v4 ? [...bytes] : [...bytes].flatMap((byte) => [byte >> 4, byte & 15])
  return Array.from({ length: count }, (_, n) => {
    const own = digits.slice(0, labels)
    own[labels - 1] = (own[labels - 1] ?? 0) + n
    return `${own
      .map((digit) => digit.toString(v4 ? 10 : 16))
      .reverse()
      .join('.')}.${v4 ? 'in-addr' : 'ip6'}.arpa`
  })
}
