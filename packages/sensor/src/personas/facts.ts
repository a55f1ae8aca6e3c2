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

const json = { with: { type: 'json' } } as const

/** All recorded systems: the one place to add one. They are read when they are needed: each takes some megabytes. */
const recorded = {
  'debian-11': {
    facts: () => import('./facts/debian-11.json', json),
    says: () => import('./facts/debian-11-says.json', json),
  },
  'debian-12': {
    facts: () => import('./facts/debian-12.json', json),
    says: () => import('./facts/debian-12-says.json', json),
  },
  'ubuntu-20.04': {
    facts: () => import('./facts/ubuntu-20.04.json', json),
    says: () => import('./facts/ubuntu-20.04-says.json', json),
  },
  'ubuntu-22.04': {
    facts: () => import('./facts/ubuntu-22.04.json', json),
    says: () => import('./facts/ubuntu-22.04-says.json', json),
  },
  'ubuntu-24.04': {
    facts: () => import('./facts/ubuntu-24.04.json', json),
    says: () => import('./facts/ubuntu-24.04-says.json', json),
  },
  camera: {
    facts: async () => ({ default: (await import('./facts/camera.ts')).cameraFacts }),
    says: async () => ({
      default: (await import('./facts/camera.ts')).cameraSayings(
        (await import('./facts/debian-11-says.json', json)).default,
      ),
    }),
  },
} as const satisfies Record<
  string,
  { facts: () => Promise<{ default: Facts }>; says: () => Promise<{ default: Sayings }> }
>

export type SystemName = keyof typeof recorded

const facts = new Map<SystemName, Facts>()
const sayings = new Map<SystemName, Sayings>()

/** Reads the facts of a recorded system, once. */
export async function loadFacts(name: SystemName): Promise<void> {
  if (!facts.has(name)) facts.set(name, (await recorded[name].facts()).default)
}

/** Reads what its programs say, once. */
export async function loadSayings(name: SystemName): Promise<void> {
  if (!sayings.has(name)) sayings.set(name, (await recorded[name].says()).default)
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
