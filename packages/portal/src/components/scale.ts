import { short } from '../format.ts'

/**
 * The numbers at the side of a plot: none, half of the most, the most; and how much room the longest of them takes
 * (in units of a plot that is a thousand wide).
 */
export function sideScale(max: number, shares: readonly number[] = [0, 0.5, 1]) {
  const marks = shares.map((share) => ({ share, text: short(Math.round(max * share)) }))
  return { marks, left: Math.max(44, 12 + 9 * Math.max(...marks.map(({ text }) => text.length))) }
}
