import { readFile } from 'node:fs/promises'
import { brotliDecompressSync } from 'node:zlib'

/**
 * What a real system was found to have, recorded by scripts/record-persona.mjs: facts that a persona does not draw from
 * its seed, because they are the same on every machine that runs that system.
 */
export interface Facts {
  /** What the system says of itself, and who is on it before anybody is added: files of /etc, whole or by lines. */
  readonly release: {
    readonly os: string
    readonly lsb: string
    readonly debian: string
    readonly issue: string
    readonly issueNet: string
    readonly motd: string
    readonly users: readonly string[]
    readonly groups: readonly string[]
  }
  /**
   * What each folder holds, one entry after the other, parted by "|". "name>target" is a link; "name/ mode owner:group
   * day" a folder, "name size day mode owner:group" a file; what is left out is usual (755 or 644, root:root), and "-"
   * or nothing for the day (since 1970) means: as old as the installation.
   */
  readonly tree: Readonly<Record<string, string>>
  /** Of each program's ELF header: kind, entry, offset of the sections, and how many segments, sections, which names. */
  readonly programs: Readonly<Record<string, string>>
  /** What files of configuration set. */
  readonly settings: Readonly<Record<string, string>>
  /** Packages: "name|version|architecture|description". */
  readonly packages: readonly string[]
}

/** What a system's programs say of themselves, recorded by scripts/record-programs.mjs. */
export interface Sayings {
  /** By what was asked, such as "ls --help": what was printed where, and how it ended. */
  readonly programs: Readonly<Record<string, { readonly out?: string; readonly err?: string; readonly code?: number }>>
  /** Those of busybox. */
  readonly applets: string
  /** What the shell's help prints. */
  readonly help: string
}

/** From the sources as it was recorded; beside a built program it is packed (scripts/facts.mjs). */
async function recording(name: string): Promise<unknown> {
  const file = new URL(`./facts/${name}.json`, import.meta.url)
  const text = import.meta.url.endsWith('.ts')
    ? await readFile(file)
    : brotliDecompressSync(await readFile(new URL(`${file.href}.br`)))
  return JSON.parse(text.toString('utf8'))
}
interface Recorded {
  readonly facts: () => Promise<Facts>
  readonly says: () => Promise<Sayings>
}
const system = (name: string): Recorded => ({
  facts: async () => (await recording(name)) as Facts,
  says: async () => (await recording(`${name}-says`)) as Sayings,
})

const debian11 = system('debian-11')
const debian12 = system('debian-12')

/** All systems: the one place to add one. They are read when they are needed: each takes some megabytes. */
const systems = {
  'debian-11': debian11,
  'debian-12': debian12,
  // The same release for another processor: its programs say the same.
  'raspberry-pi-os': { facts: system('raspberry-pi-os').facts, says: debian12.says },
  'ubuntu-20.04': system('ubuntu-20.04'),
  'ubuntu-22.04': system('ubuntu-22.04'),
  'ubuntu-24.04': system('ubuntu-24.04'),
  // Described by what is otherwise than on Debian 11.
  'centos-7': {
    facts: async () => (await import('./facts/centos.ts')).centosFacts(await debian11.facts()),
    says: async () => {
      const { centosFacts, centosSayings } = await import('./facts/centos.ts')
      return centosSayings(await debian11.says(), centosFacts(await debian11.facts()))
    },
  },
  nas: {
    facts: async () => (await import('./facts/nas.ts')).nasFacts(await debian11.facts()),
    says: async () => {
      const { nasFacts, nasSayings } = await import('./facts/nas.ts')
      return nasSayings(await debian11.says(), nasFacts(await debian11.facts()))
    },
  },
  openwrt: {
    facts: async () => (await import('./facts/openwrt.ts')).openwrtFacts,
    says: async () => (await import('./facts/openwrt.ts')).openwrtSayings(await debian11.says()),
  },
  'camera-mips': {
    facts: async () => (await import('./facts/camera.ts')).cameraMipsFacts,
    says: async () => (await import('./facts/camera.ts')).cameraSayings(await debian11.says()),
  },
  camera: {
    facts: async () => (await import('./facts/camera.ts')).cameraFacts,
    says: async () => (await import('./facts/camera.ts')).cameraSayings(await debian11.says()),
  },
} as const satisfies Record<string, Recorded>

export type SystemName = keyof typeof systems

const facts = new Map<SystemName, Facts>()
const sayings = new Map<SystemName, Sayings>()

/** Reads the facts of a recorded system, once. */
export async function loadFacts(name: SystemName): Promise<void> {
  if (!facts.has(name)) facts.set(name, await systems[name].facts())
}

/** Reads what its programs say, once. */
export async function loadSayings(name: SystemName): Promise<void> {
  if (!sayings.has(name)) sayings.set(name, await systems[name].says())
}

/** The facts of a recorded system. @throws RangeError when they were not loaded */
export const factsOf = (name: SystemName): Facts => there(facts, name)
/** What the programs of a recorded system say. @throws RangeError when that was not loaded */
export const sayingsOf = (name: SystemName): Sayings => there(sayings, name)

function there<T>(kept: ReadonlyMap<SystemName, T>, name: SystemName): T {
  const found = kept.get(name)
  if (found === undefined) throw new RangeError(`The facts of ${name} are not loaded`)
  return found
}
