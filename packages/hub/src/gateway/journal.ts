import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import type { Relational } from '../relational/database.ts'
import type { Commit } from '../relational/ledger.ts'
import type { Range } from '../relational/ranges.ts'

/** What is to be noted when the rows of a batch are in the store. */
export interface JournalHead {
  /** The deduplication token: the same rows with the same token are inserted once. */
  readonly token: string
  readonly commits: readonly Commit[]
  /** What sensors declared lost in it. */
  readonly dropped?: readonly (Range & { sensor: string; boot: string; reason: string })[]
  /** Runs of which sensors say that nothing more comes. */
  readonly closed?: readonly { sensor: string; boot: string }[]
}

/** A batch on its way into the store. */
export interface InFlight {
  readonly head: JournalHead
  readonly lines: Buffer
  /** Forgets it: it is committed. */
  readonly settle: () => Promise<void>
}

/**
 * Where batches are written down before they are inserted, so that after a crash the same rows are inserted with the
 * same token: neither they nor anything derived from them is lost or counted twice.
 */
export interface Journal {
  /** Writes a batch down. @returns undefined when another hub is at work on some of it */
  readonly write: (head: JournalHead, lines: Buffer) => Promise<InFlight | undefined>
  /** Batches that nobody is at work on any more. */
  readonly orphans: () => AsyncGenerator<InFlight>
}

/** The journal of a single hub: a file a batch, forced to the disk. */
export class FileJournal implements Journal {
  readonly #folder: string
  #number = 0

  constructor(folder: string) {
    this.#folder = folder
    mkdirSync(folder, { recursive: true })
  }

  async write(head: JournalHead, lines: Buffer): Promise<InFlight> {
    const file = join(this.#folder, `${Date.now()}-${String(this.#number++).padStart(9, '0')}.ndjson`)
    writeDurably(file, Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), lines]))
    return { head, lines, settle: async () => rmSync(file) }
  }

  /** Call before the first batch is written: all that lies there is of an earlier run. */
  async *orphans(): AsyncGenerator<InFlight> {
    for (const name of readdirSync(this.#folder).sort()) {
      const file = join(this.#folder, name)
      if (name.endsWith('.ndjson')) {
        const content = readFileSync(file)
        const split = content.indexOf(10)
        const head = JSON.parse(content.toString('utf8', 0, split)) as JournalHead
        yield { head, lines: content.subarray(split + 1), settle: async () => rmSync(file) }
      } else rmSync(file)
    }
  }
}

/** The journal of several hubs: in the relational state, where each sees what the others are at. */
export class SharedJournal implements Journal {
  readonly #relational: Relational

  constructor(relational: Relational) {
    this.#relational = relational
  }

  async write(head: JournalHead, lines: Buffer): Promise<InFlight | undefined> {
    const { ledger, leases } = this.#relational
    const mine = await ledger.claim(head.token, leases.holder, head.commits, JSON.stringify(head), lines)
    return mine ? { head, lines, settle: () => ledger.settle(head.token) } : undefined
  }

  /** Claims of hubs that no longer renew their lease. */
  async *orphans(): AsyncGenerator<InFlight> {
    const { ledger, leases } = this.#relational
    for (const { token, hub } of await ledger.claims()) {
      if (hub === leases.holder || (await leases.held(`hub ${hub}`))) continue
      if (!(await leases.take(`orphan ${token}`, 60_000))) continue
      const claim = await ledger.claimed(token)
      if (claim === undefined) continue
      yield {
        head: JSON.parse(claim.head) as JournalHead,
        lines: Buffer.from(claim.body),
        settle: async () => {
          await ledger.settle(token)
          await leases.release(`orphan ${token}`)
        },
      }
    }
  }
}

/** Writes a file so that it is either whole on the disk or not there. */
export function writeDurably(file: string, content: Buffer): void {
  const draft = `${file}.part`
  const handle = openSync(draft, 'w', 0o600)
  try {
    for (let at = 0; at < content.length;) at += writeSync(handle, content, at)
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
  renameSync(draft, file)
}
