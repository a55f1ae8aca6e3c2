import { createHash } from 'node:crypto'
import { accepts, type Persona } from '../personas/persona.ts'
import { Given } from './given.ts'
import type { Keeper, Kept } from './keep.ts'
import type { Overlay } from './node.ts'
import type { ShellPool } from './pool.ts'

/** With what somebody wants to be let in. */
export type Proof =
  | { readonly user: string; readonly password: string }
  /** The fingerprint of a public key. */
  | { readonly key: string }

/** What tells an attacker from others: what it can open, or a program of its own in a certain place. */
type Mark = Proof | { readonly tool: string }

/** The name of a mark: whoever has it is the one who made it, or knows that one. */
const doorOf = (mark: Mark): string =>
  createHash('sha256')
    .update(
      'tool' in mark
        ? `tool ${mark.tool}`
        : 'key' in mark
          ? `key ${mark.key}`
          : `password ${mark.user} ${mark.password}`,
    )
    .digest('hex')
    .slice(0, 32)
/** Under what name it is noted into whose world an address comes. */
const placeOf = (source: string): string => `@${source}`
const mostDoors = 10_000
const mostTools = 5000

/** The machine behind the doors as one attacker has left it. It lives on between sessions, protocols and starts. */
export class World {
  readonly #persona: Persona
  /** What differs from the image. */
  readonly overlay: Overlay
  /** Raised with each change, so that a worker knows whether its copy is current. */
  version: number
  /** Raised with each change of a password or key. */
  #doors = 0
  readonly id: string
  readonly pool: ShellPool
  /** What a fetcher brought of that which attackers wanted. */
  readonly given: Given
  /** The URLs that this attacker wanted, the latest last. */
  readonly wanted = new Set<string>()
  /** Told of each mark that this attacker makes. */
  readonly #made: (mark: Mark) => void
  readonly #passwords: Map<string, string>
  readonly #keys: Set<string>
  touched = Date.now()

  constructor(
    id: string,
    persona: Persona,
    pool: ShellPool,
    kept?: Kept,
    given = new Given(),
    made: (mark: Mark) => void = () => {},
  ) {
    this.#made = made
    this.given = given
    this.overlay = kept?.overlay ?? new Map()
    this.#passwords = new Map(kept?.passwords)
    this.#keys = new Set(kept?.keys)
    // A number that no thread has had for this world in an earlier life.
    this.version = this.overlay.size > 0 ? Date.now() : 0
    this.id = id
    this.#persona = persona
    this.pool = pool
  }

  /** Whether a password lets in: the persona's, unless this attacker has changed it. */
  acceptsPassword(user: string, password: string): boolean {
    const changed = this.#passwords.get(user)
    return changed === undefined ? accepts(this.#persona, user, password) : changed === password
  }

  /** Whether a public key (its fingerprint) was planted by this attacker. */
  acceptsKey(fingerprint: string): boolean {
    return this.#keys.has(fingerprint)
  }

  /** Whether somebody is let in. */
  accepts(proof: Proof): boolean {
    return 'key' in proof ? this.acceptsKey(proof.key) : this.acceptsPassword(proof.user, proof.password)
  }

  changePassword(user: string, password: string): void {
    if (this.#passwords.size >= 100) return
    this.#passwords.set(user, password)
    this.#doors++
    this.#made({ user, password })
  }

  plantKey(fingerprint: string): void {
    if (this.#keys.size >= 100 || this.#keys.has(fingerprint)) return
    this.#keys.add(fingerprint)
    this.#doors++
    this.#made({ key: fingerprint })
  }

  /** A program of the attacker's own lies in a place. @param sha256 of its bytes */
  carry(path: string, sha256: string): void {
    this.#made({ tool: `${path} ${sha256}` })
  }

  /** Whether nobody has made a door here. */
  get plain(): boolean {
    return this.#passwords.size === 0 && this.#keys.size === 0
  }

  /** Takes over what another world has and this one has not. */
  absorb(other: World): void {
    let taken = 0
    for (const [path, node] of other.overlay) {
      if (this.overlay.has(path)) continue
      this.overlay.set(path, node)
      taken++
    }
    if (taken > 0) this.version++
  }

  /** This attacker wants something that is elsewhere. */
  want(url: string): void {
    this.wanted.delete(url)
    this.wanted.add(url)
    if (this.wanted.size > 32) this.wanted.delete(this.wanted.values().next().value ?? '')
    this.given.want(url)
  }

  /** Differs after each change. */
  get mark(): string {
    return `${this.version} ${this.#doors}`
  }

  /** What lives on. */
  get kept(): Kept {
    return { overlay: this.overlay, passwords: this.#passwords, keys: this.#keys }
  }
}

/**
 * The worlds of all attackers, by source address; who comes from another one with a key that was planted, or a password
 * that was set, in a world, comes into that, and so does, from its next session on, who put the same program in the same
 * place while the sensor runs. The longest unused leave memory when there are too many; a keeper
 * writes down what changed.
 */
export class Worlds {
  readonly #worlds = new Map<string, World>()
  readonly #leaving = new Map<string, World>()
  /** What each world was like when it was last written down. */
  readonly #saved = new WeakMap<World, string>()
  readonly #persona: Persona
  readonly pool: ShellPool
  readonly #max: number
  readonly #keeper: Keeper | undefined
  readonly #fault: (error: unknown) => void
  readonly #given: Given | undefined
  /** Which world has a mark, and into whose world an address comes. */
  readonly #doors: Map<string, string>
  #doorsMade = false
  /** Which world has a program: kept apart, so that who writes many files makes nobody's keys forgotten. */
  readonly #tools = new Map<string, string>()
  /** Addresses whose own worlds have gone into those of others. */
  readonly #moved = new Set<string>()
  #saving: Promise<void> = Promise.resolve()

  constructor(
    persona: Persona,
    pool: ShellPool,
    {
      max = 2000,
      keeper,
      given,
      fault = () => {},
    }: { max?: number; keeper?: Keeper; given?: Given | undefined; fault?: (error: unknown) => void } = {},
  ) {
    this.#persona = persona
    this.pool = pool
    this.#max = max
    this.#keeper = keeper
    this.#fault = fault
    this.#given = given
    this.#doors = keeper?.doors() ?? new Map()
  }

  of(source: string): World {
    const owner = this.#ownerOf(source)
    const world = this.#own(owner)
    if (owner !== source && !this.#moved.has(source)) {
      this.#moved.add(source)
      world.absorb(this.#own(source))
    }
    return world
  }

  /** Into whose world an address comes. */
  #ownerOf(source: string): string {
    let owner = source
    for (let steps = 0; steps < 4; steps++) {
      const next = this.#doors.get(placeOf(owner))
      if (next === undefined) break
      owner = next
    }
    return owner
  }

  #own(source: string): World {
    const known = this.#worlds.get(source) ?? this.#leaving.get(source)
    const world = known ?? this.#open(source)
    world.touched = Date.now()
    if (known !== undefined) this.#worlds.delete(source)
    this.#worlds.set(source, world)
    if (this.#worlds.size > this.#max) {
      const oldest = this.#worlds.values().next().value
      if (oldest !== undefined) {
        this.#worlds.delete(oldest.id)
        // Until it is on the disk, whoever comes back finds it here.
        this.#leaving.set(oldest.id, oldest)
        void this.#save(oldest).then(() => this.#leaving.delete(oldest.id))
      }
    }
    return world
  }

  #open(source: string): World {
    const world = new World(source, this.#persona, this.pool, this.#keeper?.load(source), this.#given, (mark) =>
      this.#noteMark(mark, source),
    )
    this.#saved.set(world, world.mark)
    return world
  }

  /** The world that somebody comes into who has this; undefined where nobody is let in. */
  for(source: string, proof: Proof): World | undefined {
    const own = this.of(source)
    if (own.accepts(proof)) return own
    const other = this.#doors.get(doorOf(proof))
    if (other === undefined || other === source) return undefined
    const world = this.of(other)
    return world.accepts(proof) ? world : undefined
  }

  #noteMark(mark: Mark, source: string): void {
    const door = doorOf(mark)
    if (!('tool' in mark)) return this.#note(door, source)
    const other = this.#tools.get(door)
    if (other === undefined) {
      this.#tools.set(door, source)
      if (this.#tools.size > mostTools) this.#tools.delete(this.#tools.keys().next().value ?? '')
      return
    }
    // The same program in the same place: the same attacker, or another of its machines. Who has made doors of its own
    // keeps its world, and so does who would find others' passwords changed.
    const [owner, own] = [this.#ownerOf(other), this.#ownerOf(source)]
    if (owner === own || own !== source || !this.#own(source).plain || !this.#own(owner).plain) return
    this.#note(placeOf(source), owner)
  }

  #note(name: string, source: string): void {
    this.#doors.delete(name)
    this.#doors.set(name, source)
    if (this.#doors.size > mostDoors) this.#doors.delete(this.#doors.keys().next().value ?? '')
    this.#doorsMade = true
  }

  #save(world: World): Promise<void> {
    const keeper = this.#keeper
    if (keeper === undefined || this.#saved.get(world) === world.mark) return this.#saving
    // A disk that is full is told once a change, and the world lives on in memory.
    this.#saved.set(world, world.mark)
    this.#saving = this.#saving.then(() => keeper.save(world.id, world.kept)).catch(this.#fault)
    return this.#saving
  }

  /** Writes down what changed since the last time, one world after the other. */
  async save(): Promise<void> {
    for (const world of this.#worlds.values()) void this.#save(world)
    if (this.#doorsMade && this.#keeper !== undefined) {
      this.#doorsMade = false
      const keeper = this.#keeper
      this.#saving = this.#saving.then(() => keeper.saveDoors(this.#doors)).catch(this.#fault)
    }
    await this.#saving
  }
}
