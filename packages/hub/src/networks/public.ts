import type { Store } from '../store/client.ts'
import { publicCauses, publicEconomies } from '../store/queries/index.ts'
import { run } from '../store/query.ts'
import { lastPeriod } from './reports/summary.ts'

/** What everybody may see. */
export interface PublicView {
  readonly since: string
  readonly until: string
  readonly economies: readonly { key: string; sources: number }[]
  readonly causes: readonly { key: string; sources: number }[]
}

/** Numbers for the public are told so late that nobody can watch what a probe does to them. */
const delay = 2 * 86_400_000

/** A number without its last digits: at most two remain, and never ones. */
export function coarse(n: number): number {
  const step = 10 ** Math.max(1, Math.floor(Math.log10(Math.max(1, n))) - 1)
  return Math.floor(n / step) * step
}

/**
 * The last whole week that has been over for two days: economies and causes, only of addresses that three sensors saw,
 * in lines of ten addresses at least, in coarse numbers. It is the same for a whole week, so that asking often says
 * nothing more; published statistics otherwise let an attacker find the sensors (Bethencourt et al., USENIX Security
 * 2005).
 */
export class PublicPage {
  readonly #store: Store
  #known: { name: string; view: Promise<PublicView> } | undefined

  constructor(store: Store) {
    this.#store = store
  }

  async view(now = Date.now()): Promise<PublicView> {
    const { window, name } = lastPeriod('weekly', now - delay)
    if (this.#known?.name !== name) {
      const view = Promise.all([
        run(this.#store, publicEconomies, { window }),
        run(this.#store, publicCauses, { window }),
      ]).then(([economies, causes]) => ({
        since: window.since,
        until: window.until,
        economies: economies.rows.map(({ key, sources }) => ({ key, sources: coarse(sources) })),
        causes: causes.rows.map(({ key, sources }) => ({ key, sources: coarse(sources) })),
      }))
      this.#known = { name, view }
      view.catch(() => (this.#known = undefined))
    }
    return this.#known.view
  }
}
