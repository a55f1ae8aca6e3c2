import type { Facts, Sayings } from '../facts.ts'

// Systems that cannot be recorded here, described by how they differ from one that was. Their files and programs are of the
// right names and places; sizes and ages are those of the recorded system.

/** What differs. */
export interface Difference {
  readonly release: Partial<Facts['release']>
  /** Paths that are not there, with all below them. */
  readonly without: RegExp
  /** What a path is called instead. */
  readonly moved?: (path: string) => string
  /** Entries of folders beyond what is left, as in the facts. */
  readonly tree: Readonly<Record<string, string>>
  readonly settings: Readonly<Record<string, string>>
  readonly packages: readonly string[]
  /** What a program's header is instead. */
  readonly header?: (header: string) => string
}

const nameOf = (entry: string): string => entry.split(/[ >]/)[0]?.replace(/\/$/, '') ?? ''
const join = (folder: string, name: string): string => (folder === '/' ? `/${name}` : `${folder}/${name}`)

/** The facts of a system that is described by its differences. */
export function derived(base: Facts, difference: Difference): Facts {
  const { without, moved = (path) => path, header = (text) => text } = difference
  const tree: Record<string, string> = {}
  const add = (folder: string, entries: readonly string[]): void => {
    const known = tree[folder] === undefined || tree[folder] === '' ? [] : tree[folder].split('|')
    const names = new Set(entries.map(nameOf))
    tree[folder] = [...known.filter((entry) => !names.has(nameOf(entry))), ...entries].sort().join('|')
  }
  for (const [folder, line] of Object.entries(base.tree)) {
    if (without.test(folder)) continue
    const kept = line
      .split('|')
      .filter((entry) => entry !== '' && !without.test(join(folder, nameOf(entry))))
      .map((entry) => {
        const name = nameOf(entry)
        const path = moved(join(folder, name))
        return entry.replace(name, path.slice(path.lastIndexOf('/') + 1))
      })
    add(moved(folder), kept)
  }
  for (const [folder, line] of Object.entries(difference.tree)) add(folder, line.split('|'))
  // A folder that only came with what is in it is in its own.
  for (const folder of Object.keys(tree)) {
    if (folder === '/') continue
    const parent = folder.slice(0, folder.lastIndexOf('/')) || '/'
    const name = folder.slice(folder.lastIndexOf('/') + 1)
    if (tree[parent]?.split('|').some((entry) => nameOf(entry) === name) !== true) add(parent, [`${name}/`])
  }
  const there = (path: string): boolean => !without.test(path)
  return {
    release: { ...base.release, ...difference.release },
    tree,
    programs: Object.fromEntries(
      Object.entries(base.programs).flatMap(([path, text]) => (there(path) ? [[moved(path), header(text)]] : [])),
    ),
    settings: {
      ...Object.fromEntries(Object.entries(base.settings).filter(([path]) => there(path))),
      ...difference.settings,
    },
    packages: difference.packages,
  }
}

/** What its programs say: those of the recorded system, with other versions. @param versions what is said instead of what */
export function otherVersions(
  base: Sayings,
  versions: readonly (readonly [string, string])[],
  has: (program: string) => boolean,
): Sayings {
  const swap = (text: string): string => versions.reduce((said, [from, to]) => said.replaceAll(from, to), text)
  return {
    ...base,
    programs: Object.fromEntries(
      Object.entries(base.programs)
        .filter(([asked]) => has(asked.split(' ')[0] ?? ''))
        .map(([asked, { out, err, code }]) => [
          asked,
          {
            ...(out !== undefined && { out: swap(out) }),
            ...(err !== undefined && { err: swap(err) }),
            ...(code !== undefined && { code }),
          },
        ]),
    ),
    help: swap(base.help),
  }
}
