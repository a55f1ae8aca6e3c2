import { formatV4, formatV6, parseV4, parseV6 } from './address.ts'

/** A range of addresses and what is known of it. */
export interface Found<T> {
  readonly value: T
  /** The largest block around the address in which the answer is the same, as a prefix. */
  readonly prefix: string
}

/** Compares two addresses of `n` words. */
function compare(a: ArrayLike<number>, ai: number, b: ArrayLike<number>, bi: number, n: number): number {
  for (let i = 0; i < n; i++) {
    const d = (a[ai + i] ?? 0) - (b[bi + i] ?? 0)
    if (d !== 0) return d
  }
  return 0
}

class Growing {
  data = new Uint32Array(1 << 12)
  length = 0

  push(value: number): void {
    if (this.length === this.data.length) {
      const wider = new Uint32Array(this.data.length * 2)
      wider.set(this.data)
      this.data = wider
    }
    this.data[this.length++] = value
  }

  done(): Uint32Array<ArrayBuffer> {
    return this.data.slice(0, this.length)
  }

  clear(): void {
    this.data = new Uint32Array(0)
    this.length = 0
  }
}

const none = 0xffff_ffff

/** The ranges of one address family: `n` words an address (1 for IPv4, 4 for IPv6). */
class Family {
  readonly #n: number
  readonly #starts = new Growing()
  readonly #ends = new Growing()
  readonly #values = new Growing()
  // After build(): disjoint intervals in order, each pointing at the range it belongs to.
  #from = new Uint32Array(0)
  #range = new Uint32Array(0)
  #rangeStarts = new Uint32Array(0)
  #rangeEnds = new Uint32Array(0)
  #rangeValues = new Uint32Array(0)

  constructor(n: 1 | 4) {
    this.#n = n
  }

  get size(): number {
    return this.#range.length
  }

  get bytes(): number {
    return (
      this.#from.byteLength +
      this.#range.byteLength +
      this.#rangeStarts.byteLength +
      this.#rangeEnds.byteLength +
      this.#rangeValues.byteLength
    )
  }

  add(start: ArrayLike<number>, end: ArrayLike<number>, value: number): void {
    for (let i = 0; i < this.#n; i++) {
      this.#starts.push(start[i] ?? 0)
      this.#ends.push(end[i] ?? 0)
    }
    this.#values.push(value)
  }

  /** Flattens nested ranges: an address belongs to the narrowest range that holds it. */
  build(): void {
    const n = this.#n
    const [starts, ends] = [this.#starts.done(), this.#ends.done()]
    const order = new Uint32Array(this.#values.length).map((_, i) => i)
    let sorted = true
    const by = (a: number, b: number) =>
      compare(starts, a * n, starts, b * n, n) || compare(ends, b * n, ends, a * n, n)
    for (let i = 1; i < order.length && sorted; i++) sorted = by(i - 1, i) <= 0
    if (!sorted) order.sort(by)

    const from = new Growing()
    const range = new Growing()
    const open: number[] = []
    const cut = (at: ArrayLike<number>, offset: number, owner: number) => {
      const last = range.length - 1
      // A later cut at the same place replaces the earlier one: nothing lies between them.
      if (last >= 0 && compare(from.data, last * n, at, offset, n) === 0) range.data[last] = owner
      else {
        for (let i = 0; i < n; i++) from.push(at[offset + i] ?? 0)
        range.push(owner)
      }
    }
    const after = new Uint32Array(n)
    const close = (i: number): void => {
      after.set(ends.subarray(i * n, i * n + n))
      let carry = true
      for (let w = n - 1; w >= 0 && carry; w--) {
        after[w] = ((after[w] ?? 0) + 1) >>> 0
        carry = after[w] === 0
      }
      if (!carry) cut(after, 0, open.at(-1) ?? none)
    }
    for (const i of order) {
      while (open.length > 0 && compare(ends, (open.at(-1) ?? 0) * n, starts, i * n, n) < 0) close(open.pop() ?? 0)
      cut(starts, i * n, i)
      open.push(i)
    }
    while (open.length > 0) close(open.pop() ?? 0)

    this.#from = from.done()
    this.#range = range.done()
    this.#rangeStarts = starts
    this.#rangeEnds = ends
    this.#rangeValues = this.#values.done()
    this.#starts.clear()
    this.#ends.clear()
    this.#values.clear()
  }

  /** The number of the range that holds an address, or -1. */
  find(address: ArrayLike<number>): number {
    let low = 0
    let high = this.#range.length
    if (this.#n === 1) {
      const wanted = address[0] ?? 0
      const from = this.#from
      while (low < high) {
        const middle = (low + high) >>> 1
        if ((from[middle] ?? 0) <= wanted) low = middle + 1
        else high = middle
      }
    } else {
      while (low < high) {
        const middle = (low + high) >>> 1
        if (compare(this.#from, middle * 4, address, 0, 4) <= 0) low = middle + 1
        else high = middle
      }
    }
    if (low === 0) return -1
    const range = this.#range[low - 1] ?? none
    return range === none ? -1 : range
  }

  /** The built arrays, to be handed to another thread. */
  state(): Uint32Array<ArrayBuffer>[] {
    return [this.#from, this.#range, this.#rangeStarts, this.#rangeEnds, this.#rangeValues]
  }

  restore([from, range, starts, ends, values]: readonly Uint32Array<ArrayBuffer>[]): void {
    this.#from = from ?? this.#from
    this.#range = range ?? this.#range
    this.#rangeStarts = starts ?? this.#rangeStarts
    this.#rangeEnds = ends ?? this.#rangeEnds
    this.#rangeValues = values ?? this.#rangeValues
  }

  /** Every interval that belongs to a range: its first address, its length, the range. One-word addresses only. */
  *intervals(): Generator<{ start: number; size: number; range: number }> {
    for (let i = 0; i < this.#range.length; i++) {
      const range = this.#range[i] ?? none
      const start = this.#from[i] ?? 0
      if (range !== none) yield { start, size: (this.#from[i + 1] ?? 2 ** 32) - start, range }
    }
  }

  value(range: number): number {
    return this.#rangeValues[range] ?? 0
  }

  /** The largest aligned block that holds the address and lies inside the range, as a prefix length. */
  prefixLength(range: number, address: ArrayLike<number>): number {
    const n = this.#n
    const block = new Uint32Array(n)
    const top = new Uint32Array(n)
    for (let length = 0; length <= n * 32; length++) {
      for (let w = 0; w < n; w++) {
        const bits = Math.max(0, Math.min(32, length - w * 32))
        const mask = bits === 0 ? 0 : (0xffff_ffff << (32 - bits)) >>> 0
        block[w] = ((address[w] ?? 0) & mask) >>> 0
        top[w] = ((block[w] ?? 0) | ~mask) >>> 0
      }
      const inside =
        compare(block, 0, this.#rangeStarts, range * n, n) >= 0 && compare(top, 0, this.#rangeEnds, range * n, n) <= 0
      if (inside) return length
    }
    return n * 32
  }
}

/** A built table as plain data. */
export interface AddressTableState<T> {
  readonly v4: Uint32Array<ArrayBuffer>[]
  readonly v6: Uint32Array<ArrayBuffer>[]
  readonly values: readonly T[]
}

/**
 * A table from addresses to values, IPv4 and IPv6, in typed arrays. Ranges may be nested: the narrowest wins, which for
 * prefixes is the longest match. Look-ups do not allocate.
 */
export class AddressTable<T> {
  readonly #v4 = new Family(1)
  readonly #v6 = new Family(4)
  readonly #values: T[] = []
  readonly #index = new Map<string, number>()
  readonly #words = new Uint32Array(4)

  /** Number of intervals. */
  get size(): number {
    return this.#v4.size + this.#v6.size
  }

  /** Bytes held in typed arrays. */
  get bytes(): number {
    return this.#v4.bytes + this.#v6.bytes
  }

  #intern(key: string, value: () => T): number {
    const known = this.#index.get(key)
    if (known !== undefined) return known
    this.#index.set(key, this.#values.length)
    return this.#values.push(value()) - 1
  }

  /** Adds the range from one address to another, both in it. @returns false when they are no addresses */
  addRange(first: string, last: string, key: string, value: () => T): boolean {
    const [a, b] = [parseV4(first), parseV4(last)]
    if (a >= 0 && b >= a) {
      this.#v4.add([a], [b], this.#intern(key, value))
      return true
    }
    const [start, end] = [new Uint32Array(4), new Uint32Array(4)]
    if (!parseV6(first, start) || !parseV6(last, end) || compare(start, 0, end, 0, 4) > 0) return false
    this.#v6.add(start, end, this.#intern(key, value))
    return true
  }

  /** Adds a prefix. @returns false when it is none */
  addPrefix(network: string, length: number, key: string, value: () => T): boolean {
    const v4 = parseV4(network)
    const width = v4 >= 0 ? 32 : 128
    if (!Number.isInteger(length) || length < 0 || length > width) return false
    const start = new Uint32Array(4)
    if (v4 >= 0) start[0] = v4
    else if (!parseV6(network, start)) return false
    const end = new Uint32Array(4)
    for (let w = 0; w < width / 32; w++) {
      const bits = Math.max(0, Math.min(32, length - w * 32))
      const mask = bits === 0 ? 0 : (0xffff_ffff << (32 - bits)) >>> 0
      start[w] = ((start[w] ?? 0) & mask) >>> 0
      end[w] = ((start[w] ?? 0) | ~mask) >>> 0
    }
    ;(v4 >= 0 ? this.#v4 : this.#v6).add(start, end, this.#intern(key, value))
    return true
  }

  /** Adds `hosts` IPv4 addresses from one on (the form of delegated statistics). */
  addHosts(first: string, hosts: number, key: string, value: () => T): boolean {
    const start = parseV4(first)
    if (start < 0 || !(hosts > 0) || start + hosts - 1 > 0xffff_ffff) return false
    this.#v4.add([start], [start + hosts - 1], this.#intern(key, value))
    return true
  }

  /** Ends the filling; look-ups work from here on. */
  build(): this {
    this.#v4.build()
    this.#v6.build()
    this.#index.clear()
    return this
  }

  /** The built table as plain data, for another thread; the arrays can be transferred. */
  state(): AddressTableState<T> {
    return { v4: this.#v4.state(), v6: this.#v6.state(), values: this.#values }
  }

  /** A table from the state of another. */
  static from<T>({ v4, v6, values }: AddressTableState<T>): AddressTable<T> {
    const table = new AddressTable<T>()
    table.#v4.restore(v4)
    table.#v6.restore(v6)
    table.#values.push(...values)
    return table
  }

  /** The IPv4 blocks, without overlap: first address, number of addresses, value. */
  *blocks(): Generator<{ first: string; size: number; value: T }> {
    for (const { start, size, range } of this.#v4.intervals()) {
      const value = this.#values[this.#v4.value(range)]
      if (value !== undefined) yield { first: formatV4(start), size, value }
    }
  }

  /** The value for an address, undefined when there is none. */
  get(address: string): T | undefined {
    const v4 = parseV4(address)
    const words = this.#words
    if (v4 >= 0) {
      words[0] = v4
      const range = this.#v4.find(words)
      return range < 0 ? undefined : this.#values[this.#v4.value(range)]
    }
    if (!parseV6(address, words)) return undefined
    const range = this.#v6.find(words)
    return range < 0 ? undefined : this.#values[this.#v6.value(range)]
  }

  /** The value for an address and the prefix that it stands for. */
  find(address: string): Found<T> | undefined {
    const words = this.#words
    const v4 = parseV4(address)
    const family = v4 >= 0 ? this.#v4 : this.#v6
    if (v4 >= 0) words[0] = v4
    else if (!parseV6(address, words)) return undefined
    const range = family.find(words)
    if (range < 0) return undefined
    const value = this.#values[family.value(range)]
    if (value === undefined) return undefined
    const length = family.prefixLength(range, words)
    return { value, prefix: `${maskText(words, v4 >= 0 ? 1 : 4, length)}/${length}` }
  }
}

function maskText(words: Uint32Array, n: number, length: number): string {
  const masked = new Uint32Array(n)
  for (let w = 0; w < n; w++) {
    const bits = Math.max(0, Math.min(32, length - w * 32))
    masked[w] = ((words[w] ?? 0) & (bits === 0 ? 0 : (0xffff_ffff << (32 - bits)) >>> 0)) >>> 0
  }
  return n === 1 ? formatV4(masked[0] ?? 0) : formatV6(masked)
}
