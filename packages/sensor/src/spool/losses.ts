import { kindOf } from './lines.ts'

/** Events that are lost, and why. */
export interface Loss {
  readonly boot: string
  readonly first: number
  readonly last: number
  readonly reason: 'cap' | 'age' | 'corrupt' | 'disk'
}

/** Losses that are owed to the hub: gathered while there is no room to tell them, told when there is. */
export class Losses {
  readonly #tell: (loss: Loss) => void
  #owed: Loss[] = []
  /** Events lost since the start, by reason. */
  readonly count: Record<Loss['reason'], number> = { cap: 0, age: 0, corrupt: 0, disk: 0 }

  constructor(tell: (loss: Loss) => void) {
    this.#tell = tell
  }

  /** Notes lost lines. What was told in one of them is owed again. */
  lose(lines: readonly { boot: string; seq: number; json?: string }[], reason: Loss['reason']): void {
    for (const { boot, seq } of lines) this.owe({ boot, first: seq, last: seq, reason })
    for (const { boot, json = '' } of lines) {
      if (kindOf(json) !== 'spool.dropped') continue
      const { data } = JSON.parse(json) as { data: { from: number; to: number; reason: Loss['reason']; of?: string } }
      this.owe({ boot: data.of ?? boot, first: data.from, last: data.to, reason: data.reason })
      // It was counted when it happened.
      this.count[data.reason] -= data.to - data.from + 1
    }
  }

  /** Notes a loss, joined with one that it touches. */
  owe(loss: Loss): void {
    this.count[loss.reason] += loss.last - loss.first + 1
    const near = this.#owed.findLastIndex(
      ({ boot, reason, first, last }) =>
        boot === loss.boot && reason === loss.reason && first <= loss.last + 1 && loss.first <= last + 1,
    )
    const other = this.#owed[near]
    if (other === undefined) this.#owed.push(loss)
    else this.#owed[near] = { ...loss, first: Math.min(loss.first, other.first), last: Math.max(loss.last, other.last) }
  }

  /** Tells what is owed. */
  tell(): void {
    const owed = this.#owed
    this.#owed = []
    for (const loss of owed) this.#tell(loss)
  }
}
