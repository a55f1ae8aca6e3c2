import debian11 from './facts/debian-11.json' with { type: 'json' }

/**
 * What a real system was found to have, recorded by scripts/record-persona.mjs: facts that a persona does not draw from
 * its seed, because they are the same on every machine that runs that system.
 */
export interface Facts {
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

/** All recorded systems: the one place to add one. */
const recorded = { 'debian-11': debian11 } as const satisfies Record<string, Facts>

export type SystemName = keyof typeof recorded

/** The facts of a recorded system. */
export const factsOf = (name: SystemName): Facts => recorded[name]
