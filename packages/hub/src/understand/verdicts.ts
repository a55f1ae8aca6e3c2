import { adjusted, binomialTail } from './statistics.ts'

/** What kind of group a sensor stands in. */
export const groupKinds = ['prefix', 'asn', 'economy', 'region', 'sector'] as const
export type GroupKind = (typeof groupKinds)[number]

/** A sensor that could have been hit: it was up, and things of this kind reach it. */
export interface Stand {
  readonly sensor: string
  readonly organisation: string
  readonly groups: Readonly<Partial<Record<GroupKind, string>>>
}

/** An entity and on how many days it touched each sensor. */
export interface Contacts {
  readonly entity: string
  readonly touched: readonly (readonly [sensor: string, days: number])[]
}

export const verdictNames = ['aimed', 'regional', 'global', 'only here', 'not enough data'] as const
export type VerdictName = (typeof verdictNames)[number]

/** One group's part in a verdict. */
export interface GroupShare {
  readonly kind: GroupKind
  readonly name: string
  /** Contacts in the group. */
  readonly k: number
  /** What part of all contacts a random attacker would have made there. */
  readonly expected: number
  /** How many times more than that, shrunk. */
  readonly lift: number
}

/** A verdict with all its numbers. */
export interface Verdict {
  readonly entity: string
  readonly verdict: VerdictName
  /** Contacts: sensor-days, each counted once. */
  readonly k: number
  /** Sensors touched. */
  readonly d: number
  /** Comparable sensors. */
  readonly n: number
  /** Sensors that as many contacts would touch if they fell at random. */
  readonly expected: number
  /** The group that stands out, where one does. */
  readonly group: GroupShare | undefined
  /** Chance of it, over all groups; and the share of false ones among findings like it (Benjamini-Hochberg). */
  readonly p: number
  readonly q: number
}

/** Thresholds; proposals of the field, held by the simulation in the test. */
export const gates = {
  q: 0.05,
  lift: 3,
  contacts: 3,
  /** Days of one sensor that count: nobody makes a verdict by coming back, or by lying, from one place. */
  days: 7,
  globalRatio: 0.7,
  globalShare: 0.3,
  shrink: 3,
} as const

interface Group {
  readonly kind: GroupKind
  readonly name: string
  readonly sensors: Set<string>
  weight: number
}

/**
 * Tells what is aimed at a group of sensors from what comes to all. Sensors differ a thousandfold in how much comes to
 * them, so a contact is weighed by how likely a random one were to fall there: the share of all others' contacts that
 * the sensor gets, plus one for each sensor. Per entity the groups that it touched are tested (binomial, Bonferroni over
 * all groups), then all entities together (Benjamini-Hochberg), then the effect: threefold at least, three contacts, on
 * two sensors or two days. The method stands in docs/architecture.md with its sources.
 */
export class Judge {
  readonly #stands: ReadonlyMap<string, Stand>
  readonly #base: ReadonlyMap<string, number>
  readonly #total: number
  readonly #groups: ReadonlyMap<string, Group>
  readonly #of = new Map<string, Group[]>()

  /**
   * @param stands the comparable sensors
   * @param totals contacts of all entities at each of them
   */
  constructor(stands: readonly Stand[], totals: ReadonlyMap<string, number>) {
    this.#stands = new Map(stands.map((stand) => [stand.sensor, stand]))
    this.#base = new Map(stands.map(({ sensor }) => [sensor, (totals.get(sensor) ?? 0) + 1]))
    this.#total = [...this.#base.values()].reduce((sum, n) => sum + n, 0)
    const groups = new Map<string, Group>()
    for (const { sensor, groups: names } of stands) {
      for (const kind of groupKinds) {
        const name = names[kind]
        if (name === undefined || name === '') continue
        const key = `${kind} ${name}`
        let group = groups.get(key)
        if (group === undefined) groups.set(key, (group = { kind, name, sensors: new Set(), weight: 0 }))
        group.sensors.add(sensor)
        group.weight += this.#base.get(sensor) ?? 0
      }
    }
    // Groups of the same sensors are one question, asked once: the narrowest name stays.
    const seen = new Map<string, Group>()
    for (const group of groups.values()) {
      const key = [...group.sensors].sort().join(' ')
      if (!seen.has(key)) seen.set(key, group)
    }
    this.#groups = seen
    for (const group of seen.values())
      for (const sensor of group.sensors) this.#of.set(sensor, [...(this.#of.get(sensor) ?? []), group])
  }

  /** Comparable sensors. */
  get size(): number {
    return this.#stands.size
  }

  /** How many sensors `k` random contacts touch: they fall where the contacts of all entities fall. */
  #expectedOf(k: number): number {
    let expected = this.#expected.get(k)
    if (expected === undefined) {
      expected = 0
      for (const base of this.#base.values()) expected += 1 - (1 - Math.min(1, base / this.#total)) ** k
      this.#expected.set(k, expected)
    }
    return expected
  }
  readonly #expected = new Map<number, number>()

  /** An entity before it is compared with the others: its numbers and the chance of its oddest group. */
  weigh(contacts: Contacts): Omit<Verdict, 'verdict' | 'q'> & { eligible: boolean } {
    const touched = contacts.touched.flatMap(([sensor, days]) =>
      this.#stands.has(sensor) ? [[sensor, Math.min(days, gates.days)] as const] : [],
    )
    const k = touched.reduce((sum, [, days]) => sum + days, 0)
    const total = this.#total - k
    const shares = new Map<Group, { k: number; sensors: number; most: number }>()
    for (const [sensor, days] of touched) {
      for (const group of this.#of.get(sensor) ?? []) {
        const share = shares.get(group) ?? { k: 0, sensors: 0, most: 0 }
        shares.set(group, {
          k: share.k + days,
          sensors: share.sensors + 1,
          most: Math.max(share.most, days),
        })
      }
    }
    let best: { group: GroupShare; tail: number; eligible: boolean } | undefined
    for (const [group, share] of shares) {
      const chance = Math.min(1, Math.max(0, (group.weight - share.k) / Math.max(1, total)))
      const tail = binomialTail(share.k, k, chance)
      if (best !== undefined && tail >= best.tail) continue
      const lift = (share.k + gates.shrink * chance) / Math.max(1e-12, k * chance + gates.shrink * chance)
      best = {
        tail,
        group: { kind: group.kind, name: group.name, k: share.k, expected: chance, lift },
        eligible:
          lift >= gates.lift &&
          share.k >= gates.contacts &&
          (share.sensors >= 2 || share.most >= 2) &&
          // One sensor alone is "seen only here", never "aimed at".
          group.sensors.size >= 2,
      }
    }
    return {
      entity: contacts.entity,
      k,
      d: touched.length,
      n: this.size,
      expected: this.#expectedOf(k),
      group: best?.group,
      p: Math.min(1, this.#groups.size * (best?.tail ?? 1)),
      eligible: best?.eligible ?? false,
    }
  }

  /** Whether there is anything to compare with: sensors of two organisations that know nothing of each other. */
  get independent(): boolean {
    return new Set([...this.#stands.values()].map(({ organisation }) => organisation)).size >= 2
  }

  /** The verdict on one that was weighed. */
  conclude(weighed: ReturnType<Judge['weigh']>, q: number): Verdict {
    const { eligible, ...numbers } = weighed
    const { k, d, n, expected, group } = numbers
    const decide = (): VerdictName => {
      if (!this.independent || k < gates.contacts || n < 2) return 'not enough data'
      if (d === 1) return 'only here'
      if (q <= gates.q && eligible && group !== undefined)
        return group.kind === 'economy' || group.kind === 'region' ? 'regional' : 'aimed'
      return d / expected >= gates.globalRatio && d >= gates.globalShare * n ? 'global' : 'not enough data'
    }
    const verdict = decide()
    return { ...numbers, q, verdict, group: verdict === 'aimed' || verdict === 'regional' ? group : undefined }
  }

  /** Judges many entities together. */
  judge(all: readonly Contacts[]): Verdict[] {
    const weighed = all.map((one) => this.weigh(one))
    const q = adjusted(weighed.map(({ p }) => p))
    return weighed.map((one, i) => this.conclude(one, q[i] ?? 1))
  }
}
