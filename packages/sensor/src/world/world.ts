import { accepts, type Persona } from '../personas/persona.ts'
import type { Overlay } from './node.ts'
import type { ShellPool } from './pool.ts'

/** The machine behind the doors as one attacker has left it. It lives on between sessions and protocols. */
export class World {
  readonly #persona: Persona
  /** What differs from the image. */
  readonly overlay: Overlay = new Map()
  /** Raised with each change, so that a worker knows whether its copy is current. */
  version = 0
  readonly id: string
  readonly pool: ShellPool
  readonly #passwords = new Map<string, string>()
  readonly #keys = new Set<string>()
  touched = Date.now()

  constructor(id: string, persona: Persona, pool: ShellPool) {
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

  changePassword(user: string, password: string): void {
    if (this.#passwords.size < 100) this.#passwords.set(user, password)
  }

  plantKey(fingerprint: string): void {
    if (this.#keys.size < 100) this.#keys.add(fingerprint)
  }
}

/** The worlds of all attackers, by source address. The longest unused goes when there are too many. */
export class Worlds {
  readonly #worlds = new Map<string, World>()
  readonly #persona: Persona
  readonly pool: ShellPool
  readonly #max: number

  constructor(persona: Persona, pool: ShellPool, max = 2000) {
    this.#persona = persona
    this.pool = pool
    this.#max = max
  }

  of(source: string): World {
    const known = this.#worlds.get(source)
    const world = known ?? new World(source, this.#persona, this.pool)
    world.touched = Date.now()
    if (known !== undefined) this.#worlds.delete(source)
    this.#worlds.set(source, world)
    if (this.#worlds.size > this.#max) {
      const oldest = this.#worlds.keys().next().value
      if (oldest !== undefined) this.#worlds.delete(oldest)
    }
    return world
  }
}
