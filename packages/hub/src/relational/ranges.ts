/** From `first` to `last`, both in it. */
export interface Range {
  readonly first: number
  readonly last: number
}

/** Sorts ranges and joins those that overlap or touch. */
export function mergeRanges(ranges: readonly Range[]): Range[] {
  const merged: { first: number; last: number }[] = []
  for (const { first, last } of [...ranges].sort((a, b) => a.first - b.first)) {
    const open = merged.at(-1)
    if (open !== undefined && first <= open.last + 1) open.last = Math.max(open.last, last)
    else merged.push({ first, last })
  }
  return merged
}

/** Whether a number lies in one of the ranges (in order). */
export function inRanges(ranges: readonly Range[], n: number): boolean {
  let [low, high] = [0, ranges.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((ranges[middle]?.first ?? Infinity) <= n) low = middle + 1
    else high = middle
  }
  const range = ranges[low - 1]
  return range !== undefined && n <= range.last
}

/** Ranges of a list of numbers. */
export function rangesOf(numbers: readonly number[]): Range[] {
  // Most lists are in order already: one walk joins them.
  const runs: { first: number; last: number }[] = []
  for (const n of numbers) {
    const open = runs.at(-1)
    if (open !== undefined && n === open.last + 1) open.last = n
    else runs.push({ first: n, last: n })
  }
  return mergeRanges(runs)
}

/** What of `range` is in none of `others` (merged, in order). */
export function without(range: Range, others: readonly Range[]): Range[] {
  const left: Range[] = []
  let at = range.first
  for (const { first, last } of others) {
    if (last < at) continue
    if (first > range.last) break
    if (first > at) left.push({ first: at, last: first - 1 })
    at = Math.max(at, last + 1)
  }
  if (at <= range.last) left.push({ first: at, last: range.last })
  return left
}

/** How many numbers are in ranges that do not overlap. */
export const sizeOf = (ranges: readonly Range[]): number =>
  ranges.reduce((sum, { first, last }) => sum + last - first + 1, 0)
