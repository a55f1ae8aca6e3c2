import { getConnInfo } from '@hono/node-server/conninfo'
import type { Context as HonoContext } from 'hono'
import type { Log, StoredEvent } from '@skep/vocabulary'
import type { Caller } from '../access/caller.ts'
import type { OpenIdConnect } from '../access/oidc.ts'
import type { Enricher } from '../enrich/enricher.ts'
import type { Blobs } from '../gateway/blobs.ts'
import type { Authority } from '../gateway/authority.ts'
import type { Ingest } from '../gateway/ingest.ts'
import type { Receiver } from '../gateway/receive.ts'
import type { Mailer } from '../mail.ts'
import type { PeeringDb } from '../networks/contacts.ts'
import type { Letters } from '../networks/letters/send.ts'
import type { Rdap } from '../networks/rdap.ts'
import type { Prover } from '../networks/proofs.ts'
import type { Outbound } from '../outbound.ts'
import type { Relational } from '../relational/database.ts'
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
  /** The address of the portal as people shall call it: https://host, without a slash at the end. */
  readonly publicPortal: () => string
  readonly log: Log
  readonly enricher: Enricher
  readonly blobs: Blobs
  readonly live: LiveFeed
  readonly mailer: Mailer
  readonly outbound: Outbound
  readonly oidc: OpenIdConnect
  readonly prover: Prover
  readonly rdap: Rdap
  readonly peeringDb: PeeringDb
  readonly letters: Letters
  /** Seals what must be kept readable. */
  readonly seal: (text: string) => string
  readonly unseal: (sealed: string) => string
  /** Whether the hub takes events. */
  readonly ready: () => Promise<{ ready: boolean; reason?: string }>
  /** The folder of the built portal, if there is one. */
  readonly portal: string | undefined
  readonly version: string
}

/** Variables of a request. */
export interface Env {
  Variables: { caller: Caller }
}

/** The address that a request comes from. */
export function remoteOf(c: HonoContext): string {
  try {
    return getConnInfo(c).remote.address ?? ''
  } catch {
    return ''
  }
}

/** Writes a deed of the caller into the audit log. */
export async function record(
  { relational }: Pick<Context, 'relational'>,
  c: HonoContext<Env>,
  action: string,
  subject: string,
  detail = '',
  who: { actor?: string; organisation?: string } = {},
): Promise<void> {
  const caller = c.get('caller') as Caller | undefined
  await relational.audit.append({
    actor: who.actor ?? caller?.label ?? '',
    organisation: who.organisation ?? caller?.organisation ?? '',
    action,
    subject,
    detail,
    remote: remoteOf(c),
  })
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
