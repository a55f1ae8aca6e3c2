import { loadFacts } from './facts.ts'
import type { Persona, SshFace } from './persona.ts'
import { releases, type Release } from './releases.ts'
import type { Seed } from './seed.ts'
import { server } from './server.ts'

/** Every persona, by name: the one place to add one. The first was called just "debian" before there were others. */
const personas = { debian: releases['debian-11'], ...releases } as const satisfies Record<string, Release>

export type PersonaName = keyof typeof personas
export const personaNames = Object.keys(personas) as [PersonaName, ...PersonaName[]]

/**
 * The device of a name, with all that is its own drawn from the seed.
 * @param hostKeys PEM private keys; the RSA key cannot be drawn from a seed, so it is made once and kept
 * @param installed when the sensor was installed, milliseconds since 1970: the machine is somewhat older
 */
export async function personaOf(
  name: PersonaName,
  seed: Seed,
  hostKeys: SshFace['hostKeys'],
  installed: number,
): Promise<Persona> {
  const release = personas[name]
  await loadFacts(release.system)
  return server(release, seed, hostKeys, installed)
}
