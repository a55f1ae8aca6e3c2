import { createHmac } from 'node:crypto'

/** Draws that depend on nothing but the sensor's secret seed and a label: the same today and after a new install. */
export class Seed {
  readonly #secret: Buffer

  constructor(secret: Buffer) {
    this.#secret = secret
  }

  /** 32 bytes for a label. */
  bytes(label: string): Buffer {
    return createHmac('sha256', this.#secret).update(label).digest()
  }

  /** A whole number from 0 up to but not including `below` (at most 2^32). */
  below(label: string, below: number): number {
    return Math.floor((this.bytes(label).readUInt32BE(0) / 2 ** 32) * below)
  }

  /** One of a list. */
  pick<T>(label: string, list: readonly T[]): T {
    const item = list[this.below(label, list.length)]
    if (item === undefined) throw new RangeError('Cannot pick from an empty list')
    return item
  }

  /** `count` different ones of a list, in the list's order. */
  sample<T>(label: string, list: readonly T[], count: number): T[] {
    const ranked = list.map((item, i) => ({ item, i, rank: this.bytes(`${label} ${i}`).readUInt32BE(0) }))
    return ranked
      .sort((a, b) => a.rank - b.rank)
      .slice(0, count)
      .sort((a, b) => a.i - b.i)
      .map(({ item }) => item)
  }
}
