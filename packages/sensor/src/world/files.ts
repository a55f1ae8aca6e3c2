import { keepWritten } from '../evidence/written.ts'
import type { Machine, User } from '../personas/machine.ts'
import type { Session } from '../runtime/service.ts'
import { DecoyFs } from './fs.ts'
import { buildImage, type Image } from './image.ts'

const images = new WeakMap<Machine, Image>()
/** The image of a machine, made when files are first asked for outside a shell. */
function imageOf(machine: Machine): Image {
  const known = images.get(machine)
  if (known !== undefined) return known
  const made = buildImage(machine)
  images.set(machine, made)
  return made
}

/**
 * The files of an attacker's world without a shell: what file transfers read and write. The shell sees what was written
 * here with its next line, and the other way round.
 */
export class Files {
  readonly #session: Session
  readonly user: User
  readonly #seen = new Set<string>()
  #fs: DecoyFs | undefined
  #version = -1

  constructor(session: Session, user: User) {
    this.#session = session
    this.user = user
  }

  /** The files as they are now. */
  get now(): DecoyFs {
    const { world, persona } = this.#session
    if (this.#fs === undefined || this.#version !== world.version) {
      this.#fs = new DecoyFs(imageOf(persona.machine), persona.machine, world.overlay)
      this.#fs.uid = this.user.uid
      this.#fs.gid = this.user.gid
      this.#version = world.version
    }
    return this.#fs
  }

  /** Makes what was changed part of the world, and keeps it as evidence. @param parent the event that did it */
  settle(parent: string): void {
    const { world } = this.#session
    const fs = this.#fs
    if (fs === undefined || fs.changed.size === 0) return
    world.version++
    this.#version = world.version
    for (const path of fs.changed) {
      const node = world.overlay.get(path)
      if (node !== undefined && node !== null) keepWritten(this.#session, path, node, parent, this.#seen)
    }
    fs.changed.clear()
  }
}
