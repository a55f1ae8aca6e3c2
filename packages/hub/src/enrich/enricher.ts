import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import type { Origin } from '@skep/vocabulary'
import type { AsSet, Place } from './formats.ts'
import { findSnapshots, type LoadedTables, type Snapshot } from './snapshot.ts'
import { AddressTable } from './table.ts'

/** Nothing is known of the address. */
export const unknownOrigin: Origin = {
  prefix: '',
  asn: 0,
  asns: [],
  as_name: '',
  economy: '',
  registry: '',
  snapshot: '',
}

/** What the tables say of an AS as a whole. */
export interface NetworkSize {
  /** IPv4 addresses that it announces. */
  readonly addresses: number
  /** The economy of the most of them, '' when unknown. */
  readonly economy: string
}

/** One snapshot, ready for look-ups. */
class Loaded {
  readonly snapshot: Snapshot
  readonly notes: readonly string[]
  readonly #origins: AddressTable<AsSet>
  readonly #places: AddressTable<Place>
  readonly #names: Map<number, string>
  readonly sizes: ReadonlyMap<number, NetworkSize>

  constructor(snapshot: Snapshot, tables: LoadedTables) {
    this.snapshot = snapshot
    this.notes = tables.notes
    this.#origins = AddressTable.from(tables.origins)
    this.#places = AddressTable.from(tables.places)
    this.#names = new Map(tables.names)
    this.sizes = new Map(tables.sizes.map(([asn, addresses, economy]) => [asn, { addresses, economy }]))
  }

  /** Longest matching prefix, origins, name, economy and registry of an address. */
  lookup(address: string): Origin {
    const origin = this.#origins.find(address)
    const place = this.#places.get(address)
    const asn = origin?.value.asns[0] ?? 0
    return {
      prefix: origin?.prefix ?? '',
      asn,
      asns: origin?.value.asns ?? [],
      as_name: this.#names.get(asn) ?? origin?.value.name ?? '',
      economy: place?.economy ?? '',
      registry: place?.registry ?? '',
      snapshot: this.snapshot.id,
    }
  }

  name(asn: number): string {
    return this.#names.get(asn) ?? ''
  }
}

const program = import.meta.url.endsWith('.ts')
  ? fileURLToPath(new URL('../../../cli/dist/loader.js', import.meta.url))
  : fileURLToPath(new URL('./loader.js', import.meta.url))

/**
 * Says where a source was in the Internet at the time of its event, from dated snapshots. The newest is always loaded;
 * one older one is kept besides, for imports of history.
 */
export class Enricher {
  readonly #folder: string
  readonly #memory = new Map<string, Origin>()
  #snapshots: Snapshot[] = []
  #current: Loaded | undefined
  #other: Loaded | undefined
  #loading: Promise<void> | undefined

  constructor(folder: string) {
    this.#folder = folder
  }

  /** Snapshots at hand, oldest first. */
  get snapshots(): readonly Snapshot[] {
    return this.#snapshots
  }

  /** The snapshot in use for what happens now. */
  get current(): Snapshot | undefined {
    return this.#current?.snapshot
  }

  /** Remarks from loading: which file gave how much. */
  get notes(): readonly string[] {
    return this.#current?.notes ?? []
  }

  /** Loads the newest snapshot, or loads it anew after an update; look-ups go on meanwhile with the old one. */
  async load(): Promise<void> {
    this.#loading ??= this.#load().finally(() => (this.#loading = undefined))
    await this.#loading
  }

  async #load(): Promise<void> {
    this.#snapshots = findSnapshots(this.#folder)
    const newest = this.#snapshots.at(-1)
    if (newest === undefined || newest.id === this.#current?.snapshot.id) return
    this.#current = await this.#read(newest)
    this.#memory.clear()
  }

  async #read(snapshot: Snapshot): Promise<Loaded> {
    const tables = await new Promise<LoadedTables>((resolve, reject) => {
      const worker = new Worker(program, { workerData: snapshot })
      worker.once('message', resolve)
      worker.once('error', reject)
    })
    return new Loaded(snapshot, tables)
  }

  /** Makes the snapshot for a day ready: the newest that is not younger, else the oldest there is. */
  async prepare(day: string): Promise<void> {
    const wanted = this.#snapshots.findLast(({ date }) => date <= day) ?? this.#snapshots[0]
    if (wanted === undefined || wanted.id === this.#current?.snapshot.id) this.#other = undefined
    else if (wanted.id !== this.#other?.snapshot.id) this.#other = await this.#read(wanted)
  }

  /** The origin of an address on a day (YYYY-MM-DD), by the snapshots that are ready. */
  lookup(address: string, day: string): Origin {
    const table = this.#other !== undefined && day < (this.#current?.snapshot.date ?? '') ? this.#other : this.#current
    if (table === undefined) return unknownOrigin
    const key = `${table.snapshot.id} ${address}`
    const known = this.#memory.get(key)
    if (known !== undefined) return known
    const origin = table.lookup(address)
    if (this.#memory.size >= 50_000) this.#memory.clear()
    this.#memory.set(key, origin)
    return origin
  }

  /** How large every AS is, by the newest snapshot. */
  get sizes(): ReadonlyMap<number, NetworkSize> {
    return this.#current?.sizes ?? new Map()
  }

  /** The name of an AS, '' when it is not known. */
  asName(asn: number): string {
    return this.#current?.name(asn) ?? ''
  }
}
