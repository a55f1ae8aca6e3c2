/**
 * Whether a version of a package comes before another: numbers are compared as numbers, what is missing counts as none,
 * what is not known as the latest.
 */
export function before(version: string | undefined, other: string): boolean {
  if (version === undefined) return false
  const numbers = (text: string): number[] =>
    (/\d+(?:\.\d+)*/.exec(text.replace(/^\d+:/, ''))?.[0] ?? '').split('.').map(Number)
  const [a, b] = [numbers(version), numbers(other)]
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0)
    if (difference !== 0) return difference < 0
  }
  return false
}
