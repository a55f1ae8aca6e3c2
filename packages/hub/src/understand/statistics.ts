// The few functions of statistics that verdicts and comparisons stand on. Each is checked in its test against exact
// values.

const lanczos = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
]

/** ln Γ(x) for x > 0 (Lanczos, g = 7). */
export function logGamma(x: number): number {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x)
  let sum = lanczos[0] ?? 0
  for (let i = 1; i < lanczos.length; i++) sum += (lanczos[i] ?? 0) / (x - 1 + i)
  const t = x + 6.5
  return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(t) - t + Math.log(sum)
}

/** P(X ≥ k) for X ~ Binomial(n, p). */
export function binomialTail(k: number, n: number, p: number): number {
  if (k <= 0) return 1
  if (k > n || p <= 0) return 0
  if (p >= 1) return 1
  let term = Math.exp(
    logGamma(n + 1) - logGamma(k + 1) - logGamma(n - k + 1) + k * Math.log(p) + (n - k) * Math.log1p(-p),
  )
  let sum = 0
  for (let i = k; i <= n; i++) {
    sum += term
    term *= ((n - i) / (i + 1)) * (p / (1 - p))
    if (term < sum * 1e-17) break
  }
  return Math.min(1, sum)
}

/**
 * Benjamini and Hochberg's adjusted p-values: a finding whose value is at most q belongs to a set of which no more than
 * the share q is expected to be false.
 */
export function adjusted(p: readonly number[]): number[] {
  const order = p.map((value, i) => ({ value, i })).sort((a, b) => b.value - a.value)
  const out = Array.from<number>({ length: p.length })
  let least = 1
  order.forEach(({ value, i }, rank) => {
    least = Math.min(least, (value * p.length) / (p.length - rank))
    out[i] = least
  })
  return out
}

/** The regularised lower incomplete gamma function P(a, x). */
function gammaP(a: number, x: number): number {
  if (x <= 0) return 0
  const front = Math.exp(a * Math.log(x) - x - logGamma(a))
  if (x < a + 1) {
    let term = 1 / a
    let sum = term
    for (let n = 1; n < 10_000 && term > sum * 1e-15; n++) sum += term *= x / (a + n)
    return sum * front
  }
  // Lentz's continued fraction for Q = 1 - P.
  let b = x + 1 - a
  let c = 1e300
  let d = 1 / b
  let h = d
  for (let i = 1; i < 10_000; i++) {
    const an = -i * (i - a)
    b += 2
    d = 1 / (an * d + b)
    c = b + an / c
    h *= d * c
    if (Math.abs(d * c - 1) < 1e-15) break
  }
  return 1 - front * h
}

/** The quantile of a Gamma distribution of a shape and a rate. */
export function gammaQuantile(probability: number, shape: number, rate: number): number {
  let low = 0
  let high = Math.max(1, shape)
  while (gammaP(shape, high) < probability) high *= 2
  for (let i = 0; i < 200 && high - low > 1e-12 * high; i++) {
    const middle = (low + high) / 2
    if (gammaP(shape, middle) < probability) low = middle
    else high = middle
  }
  return (low + high) / 2 / rate
}

/** The value below which a share of sorted numbers lies. */
export const quantile = (sorted: readonly number[], share: number): number =>
  sorted.length === 0 ? 0 : (sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0)

/** A step of a survival curve. */
export interface Survival {
  /** Days since the first sight. */
  readonly at: number
  /** The share that is still there after so long. */
  readonly share: number
  /** How many were watched until then. */
  readonly watched: number
}

/**
 * Kaplan and Meier's estimate of how long something lasts, where some are not over yet.
 * @param spells days, and whether it ended then or is only known to have lasted so long
 */
export function survival(spells: readonly { days: number; ended: boolean }[]): {
  curve: Survival[]
  median: number | null
} {
  const sorted = [...spells].sort((a, b) => a.days - b.days)
  const curve: Survival[] = []
  let share = 1
  for (let i = 0; i < sorted.length;) {
    const at = sorted[i]?.days ?? 0
    const watched = sorted.length - i
    let ended = 0
    for (; i < sorted.length && sorted[i]?.days === at; i++) if (sorted[i]?.ended === true) ended++
    if (ended === 0) continue
    share *= 1 - ended / watched
    curve.push({ at, share, watched })
  }
  return { curve, median: curve.find((step) => step.share <= 0.5)?.at ?? null }
}
