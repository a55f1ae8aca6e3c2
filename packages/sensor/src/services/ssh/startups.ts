import { Refused } from '../../runtime/reader.ts'

/**
 * When a daemon turns away who connects while others have not signed in yet (sshd_config(5), MaxStartups): from `begin`
 * on with a chance of `rate` in a hundred, which grows until nobody is let in at `full`.
 */
export interface Startups {
  readonly begin: number
  readonly rate: number
  readonly full: number
  /** What is said to those. */
  readonly words: string
}

/** Whether one more is turned away (should_drop_connection in OpenSSH's sshd.c, with its whole numbers). */
export function turnedAway({ begin, rate, full }: Startups, waiting: number, chance = Math.random()): boolean {
  if (waiting < begin) return false
  if (waiting >= full || rate >= 100) return true
  const percent = rate + Math.trunc(((100 - rate) * (waiting - begin)) / (full - begin))
  return Math.floor(chance * 100) < percent
}

/**
 * Counts who has connected and not signed in, by address: the real ones count all together, but then one attacker could
 * keep all others out of what is here to hear them.
 */
export class Waiting {
  readonly #counts = new Map<string, number>()

  /** Lets one in. @returns what to call when it has signed in or left @throws Refused */
  async enter(source: string, rule: Startups, say: (words: string) => Promise<void>): Promise<() => void> {
    const before = this.#counts.get(source) ?? 0
    if (turnedAway(rule, before)) {
      if (rule.words !== '') await say(rule.words)
      throw new Refused('more connections that have not signed in than the daemon takes')
    }
    this.#counts.set(source, before + 1)
    let here = true
    return () => {
      if (!here) return
      here = false
      const now = (this.#counts.get(source) ?? 1) - 1
      if (now > 0) this.#counts.set(source, now)
      else this.#counts.delete(source)
    }
  }
}
