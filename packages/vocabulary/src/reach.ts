import { createHash } from 'node:crypto'
import { BlockList, isIP } from 'node:net'

// What is not the public Internet: RFC 6890 and its IPv6 kin. Others give us addresses to call; none may lead inwards.
const inward = new BlockList()
for (const [network, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const)
  inward.addSubnet(network, bits, 'ipv4')

/** Whether an address is one of the public Internet. IPv6 that carries IPv4 inside is judged by that. */
export function isPublic(address: string): boolean {
  if (isIP(address) === 4) return !inward.check(address, 'ipv4')
  if (isIP(address) !== 6) return false
  const groups = groupsOf(address)
  const inner = (high: number, low: number): boolean => isPublic(`${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`)
  const [g0 = 0, g1 = 0, g2 = 0] = groups
  const tail = (): boolean => inner(groups[6] ?? 0, groups[7] ?? 0)
  if (g0 === 0x64 && g1 === 0xff9b) return tail()
  if (g0 === 0x2002) return inner(g1, g2)
  // 2000::/3 without Teredo, ORCHID, documentation and benchmarking.
  if ((g0 & 0xe000) !== 0x2000) return groups.slice(0, 5).every((g) => g === 0) && groups[5] === 0xffff && tail()
  if (g0 === 0x2001 && (g1 < 0x200 || g1 === 0xdb8)) return false
  return !(g0 === 0x3fff && g1 < 0x1000)
}

function groupsOf(address: string): number[] {
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address)
  const text =
    dotted === null
      ? address
      : `${dotted[1]}${((Number(dotted[2]) << 8) | Number(dotted[3])).toString(16)}:${((Number(dotted[4]) << 8) | Number(dotted[5])).toString(16)}`
  const [head = '', rest] = text.replace(/%.*$/, '').split('::')
  const read = (part: string): number[] => (part === '' ? [] : part.split(':').map((group) => parseInt(group, 16)))
  const front = read(head)
  if (rest === undefined) return front
  const back = read(rest)
  return [...front, ...Array.from({ length: 8 - front.length - back.length }, () => 0), ...back]
}

/** What a fetcher can fetch. */
const fetchable = new Set(['http:', 'https:', 'ftp:', 'tftp:'])

/**
 * One form per URL of a payload, by which hub, fetcher and sensors know it: without fragment, name and password.
 * @returns undefined when it is none that is fetched
 */
export function payloadUrl(text: string): string | undefined {
  if (text.length > 2048) return undefined
  try {
    const url = new URL(text)
    if (!fetchable.has(url.protocol) || url.hostname === '') return undefined
    url.hash = ''
    url.username = ''
    url.password = ''
    return url.href
  } catch {
    return undefined
  }
}

/** The name of a payload's URL: SHA-256 of its one form, in hex. */
export const payloadKey = (url: string): string => createHash('sha256').update(url).digest('hex')
