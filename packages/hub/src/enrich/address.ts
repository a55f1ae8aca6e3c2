/**
 * Parses a dotted IPv4 address.
 * @returns its number, or -1 when it is none
 */
export function parseV4(text: string): number {
  let value = 0
  let octet = -1
  let dots = 0
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (c === 46 /* . */) {
      if (octet < 0 || ++dots > 3) return -1
      value = value * 256 + octet
      octet = -1
    } else if (c >= 48 && c <= 57) {
      octet = (octet < 0 ? 0 : octet * 10) + c - 48
      if (octet > 255) return -1
    } else return -1
  }
  return dots === 3 && octet >= 0 ? value * 256 + octet : -1
}

const groups = new Uint16Array(16)

/** Reads the groups of one side of "::" into `groups` from `at` on. @returns how many, or -1 */
function readGroups(text: string, from: number, to: number, at: number, last: boolean): number {
  if (from === to) return 0
  let [count, value, digits] = [0, 0, 0]
  for (let i = from; i <= to; i++) {
    const c = i < to ? text.charCodeAt(i) : 58
    if (c === 58 /* : */) {
      if (digits === 0 || count >= 8) return -1
      groups[at + count++] = value
      value = digits = 0
    } else if (c === 46 /* . */) {
      // The last 32 bits may be written as an IPv4 address.
      const v4 = last ? parseV4(text.slice(i - digits, to)) : -1
      if (v4 < 0 || count > 6) return -1
      groups[at + count++] = v4 >>> 16
      groups[at + count++] = v4 & 0xffff
      return count
    } else {
      const digit = c >= 48 && c <= 57 ? c - 48 : c >= 97 && c <= 102 ? c - 87 : c >= 65 && c <= 70 ? c - 55 : -1
      if (digit < 0 || ++digits > 4) return -1
      value = value * 16 + digit
    }
  }
  return count
}

/**
 * Parses an IPv6 address (RFC 4291 §2.2) into four 32-bit words.
 * @returns false when it is none
 */
export function parseV6(text: string, words: Uint32Array): boolean {
  const gap = text.indexOf('::')
  if (gap >= 0 && text.indexOf('::', gap + 1) >= 0) return false
  const head = readGroups(text, 0, gap < 0 ? text.length : gap, 0, gap < 0)
  const tail = gap < 0 ? 0 : readGroups(text, gap + 2, text.length, 8, true)
  if (head < 0 || tail < 0 || (gap < 0 ? head !== 8 : head + tail > 7)) return false
  if (gap >= 0) {
    groups.fill(0, head, 8 - tail)
    groups.copyWithin(8 - tail, 8, 8 + tail)
  }
  for (let i = 0; i < 4; i++) words[i] = (groups[i * 2] ?? 0) * 65_536 + (groups[i * 2 + 1] ?? 0)
  return true
}

/** Writes a number as a dotted IPv4 address. */
export const formatV4 = (n: number): string => `${n >>> 24}.${(n >>> 16) & 255}.${(n >>> 8) & 255}.${n & 255}`

/** Writes four words as an IPv6 address in its canonical form (RFC 5952). */
export function formatV6(words: ArrayLike<number>): string {
  const groups: number[] = []
  for (let i = 0; i < 4; i++) groups.push((words[i] ?? 0) >>> 16, (words[i] ?? 0) & 0xffff)
  let [best, length] = [-1, 1]
  for (let i = 0; i < 8; i++) {
    let n = 0
    while (i + n < 8 && groups[i + n] === 0) n++
    if (n > length) [best, length] = [i, n]
  }
  const hex = (part: number[]) => part.map((group) => group.toString(16)).join(':')
  return best < 0 ? hex(groups) : `${hex(groups.slice(0, best))}::${hex(groups.slice(best + length))}`
}
