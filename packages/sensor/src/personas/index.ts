import { debian } from './debian.ts'
import type { Persona, SshFace } from './persona.ts'
import type { Seed } from './seed.ts'

/** Every persona, by name: the one place to add one. */
const personas = { debian } as const satisfies Record<
  string,
  (seed: Seed, hostKeys: SshFace['hostKeys'], installed: number) => Persona
>

export type PersonaName = keyof typeof personas
export const personaNames = Object.keys(personas) as [PersonaName, ...PersonaName[]]

/** The device of a name, with all that is its own drawn from the seed. */
export const personaOf = (name: PersonaName, ...about: Parameters<(typeof personas)['debian']>): Persona =>
  personas[name](...about)
