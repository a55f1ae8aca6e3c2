import { camera, cameraMips } from './camera.ts'
import { centos } from './kinds/centos.ts'
import { gpu } from './kinds/gpu.ts'
import { nas } from './kinds/nas.ts'
import { proxmox } from './kinds/proxmox.ts'
import { raspberryPi } from './kinds/raspberry-pi.ts'
import { loadFacts, type SystemName } from './facts.ts'
import type { Persona, SshFace } from './persona.ts'
import { openwrt } from './openwrt.ts'
import { releases, type Release } from './releases.ts'
import type { Seed } from './seed.ts'
import { server, type Kind } from './server.ts'

/** How a persona is made. */
interface Maker {
  /** Whose facts it needs. */
  readonly system: SystemName
  readonly make: (seed: Seed, hostKeys: SshFace['hostKeys'], installed: number) => Persona
  /** Services that such a device does not have. */
  readonly without?: readonly string[]
}
const ofServer = (release: Release, kind?: Kind): Maker => ({
  system: release.system,
  make: (...about) => server(release, ...about, kind),
  ...(kind !== undefined && { without: ['http', 'redis', 'memcached', 'telnet'] }),
})

/** Every persona, by name: the one place to add one. The first was called just "debian" before there were others. */
const personas = {
  debian: ofServer(releases['debian-11']),
  'debian-11': ofServer(releases['debian-11']),
  'debian-12': ofServer(releases['debian-12']),
  'ubuntu-20.04': ofServer(releases['ubuntu-20.04']),
  'ubuntu-22.04': ofServer(releases['ubuntu-22.04']),
  'ubuntu-24.04': ofServer(releases['ubuntu-24.04']),
  'centos-7': ofServer(releases['centos-7'], centos),
  'gpu-cloud': ofServer(releases['ubuntu-22.04'], gpu),
  proxmox: ofServer(releases['debian-12'], proxmox),
  'raspberry-pi': ofServer(releases['raspberry-pi-os'], raspberryPi),
  nas: ofServer(releases.nas, nas),
  openwrt: { system: 'openwrt', make: openwrt, without: ['http', 'redis', 'memcached', 'telnet'] },
  camera: { system: 'camera', make: camera, without: ['http', 'redis', 'memcached'] },
  'camera-mips': { system: 'camera-mips', make: cameraMips, without: ['http', 'redis', 'memcached'] },
} as const satisfies Record<string, Maker>

export type PersonaName = keyof typeof personas
export const personaNames = Object.keys(personas) as [PersonaName, ...PersonaName[]]

/** Services that a device of a name does not have. */
export const servicesWithout = (name: PersonaName): readonly string[] => (personas[name] as Maker).without ?? []

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
  const { system, make } = personas[name]
  await loadFacts(system)
  return make(seed, hostKeys, installed)
}
