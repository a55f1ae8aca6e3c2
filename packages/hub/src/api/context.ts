import type { Log, StoredEvent } from '@skep/vocabulary'
import type { Enricher } from '../enrich/enricher.ts'
import type { Blobs } from '../gateway/blobs.ts'
import type { Authority } from '../gateway/authority.ts'
import type { Ingest } from '../gateway/ingest.ts'
import type { Receiver } from '../gateway/receive.ts'
import type { Relational, Role } from '../relational/database.ts'
import type { Store } from '../store/client.ts'

/** What the routes work with. */
export interface Context {
  readonly store: Store
  readonly relational: Relational
  readonly ingest: Ingest
  readonly receiver: Receiver
  readonly authority: Authority
  /** The address of the gateway as partners shall call it: host:port. */
  readonly publicGateway: () => string
  readonly log: Log
  readonly enricher: Enricher
  readonly blobs: Blobs
  readonly live: LiveFeed
  /** Whether the hub takes events. */
  readonly ready: () => Promise<{ ready: boolean; reason?: string }>
  /** The folder of the built portal, if there is one. */
  readonly portal: string | undefined
  readonly version: string
}

/** Who asks. */
export interface Caller {
  readonly role: Role
  readonly label: string
}

/** Variables of a request. */
export interface Env {
  Variables: { caller: Caller }
}

/** Passes on what was committed to those who watch. A slow watcher loses items, not the hub its memory. */
export class LiveFeed {
  readonly #watchers = new Set<(events: readonly StoredEvent[]) => void>()

  /** @param events made only when somebody watches */
  publish(events: () => readonly StoredEvent[]): void {
    if (this.#watchers.size === 0) return
    const all = events()
    for (const watcher of this.#watchers) watcher(all)
  }

  /** Calls back with each committed batch until the returned function is called. */
  watch(watcher: (events: readonly StoredEvent[]) => void): () => void {
    this.#watchers.add(watcher)
    return () => this.#watchers.delete(watcher)
  }
}
