import { Malformed } from '../../../runtime/reader.ts'
import { int, varint, varlong, type Frames } from './wire.ts'

// The list of files (flist.c).

/** What a client asks of `rsync --server`. */
export interface Asked {
  /** Whether we give files. */
  readonly gives: boolean
  /** Letters of its options, without what it can. */
  readonly flags: string
  readonly long: readonly string[]
  readonly paths: readonly string[]
}

/** One file of a list. */
export interface Entry {
  readonly name: string
  readonly mode: number
  readonly size: number
  /** Seconds since 1970. */
  readonly time: number
  readonly target?: string | undefined
}

const kindOf = (mode: number): number => mode & 0o170000
export const isFolder = ({ mode }: Pick<Entry, 'mode'>): boolean => kindOf(mode) === 0o040000
export const isFile = ({ mode }: Pick<Entry, 'mode'>): boolean => kindOf(mode) === 0o100000
export const isLink = ({ mode }: Pick<Entry, 'mode'>): boolean => kindOf(mode) === 0o120000

const same = { mode: 2, uid: 8, gid: 16, name: 32, long: 64, time: 128 } as const
const more = { extended: 4, rdev: 1 << 8, linked: 1 << 9, user: 1 << 10, group: 1 << 11, first: 1 << 12, nsec: 1 << 13 }
const [mostFiles, longestName] = [3000, 4096]

/** Reads the list that the client sends. @throws Malformed where it is none, or too long */
export async function readList(input: Frames, { flags, long }: Asked): Promise<Entry[]> {
  const entries: Entry[] = []
  let [name, mode, time] = ['', 0, 0]
  for (;;) {
    let bits = await input.byte()
    if (bits & more.extended) bits |= (await input.byte()) << 8
    if (bits === 0) break
    if (bits === (more.extended | more.first)) {
      // The end, with what went wrong at the other side.
      await input.varint()
      break
    }
    if (entries.length >= mostFiles) throw new Malformed('rsync: too many files')
    const kept = bits & same.name ? await input.byte() : 0
    const length = bits & same.long ? await input.varint() : await input.byte()
    if (length < 0 || kept + length > longestName || kept > name.length)
      throw new Malformed('rsync: a name that is none')
    name = name.slice(0, kept) + (await input.bytes(length)).toString('latin1')
    if (flags.includes('H') && bits & more.linked && !(bits & more.first)) {
      const [of] = [entries[await input.varint()]]
      if (of !== undefined) entries.push({ ...of, name })
      continue
    }
    const size = await input.varlong(3)
    if (!(bits & same.time)) time = await input.varlong(4)
    if (bits & more.nsec) await input.varint()
    if (!(bits & same.mode)) mode = await input.int()
    if (flags.includes('o') && !(bits & same.uid)) {
      await input.varint()
      if (bits & more.user) await input.bytes(await input.byte())
    }
    if (flags.includes('g') && !(bits & same.gid)) {
      await input.varint()
      if (bits & more.group) await input.bytes(await input.byte())
    }
    const kind = kindOf(mode)
    if (flags.includes('D') && (kind === 0o020000 || kind === 0o060000)) {
      if (!(bits & more.rdev)) await input.varint()
      await input.varint()
    }
    let target: string | undefined
    if (flags.includes('l') && kind === 0o120000) {
      const size = await input.varint()
      if (size < 0 || size > longestName) throw new Malformed('rsync: a link that is none')
      target = (await input.bytes(size)).toString('latin1')
    }
    if (flags.includes('c') && kind === 0o100000) await input.bytes(16)
    entries.push({ name, mode, size, time, target })
  }
  // Names of users and groups, unless numbers will do.
  if (!long.includes('--numeric-ids'))
    for (const letter of ['o', 'g'])
      if (flags.includes(letter)) while ((await input.varint()) !== 0) await input.bytes(await input.byte())
  return ordered(entries)
}

/** The list as it is sent; nobody's names go with it. */
export function writeList(entries: readonly Entry[], { flags, long }: Asked): Buffer {
  const parts: Buffer[] = []
  for (const { name, mode, size, time, target } of entries) {
    const bytes = Buffer.from(name, 'latin1')
    const links = flags.includes('l') && target !== undefined ? Buffer.from(target, 'latin1') : undefined
    parts.push(
      Buffer.of(same.long),
      varint(bytes.length),
      bytes,
      varlong(size, 3),
      varlong(time, 4),
      int(mode),
      ...(flags.includes('o') ? [varint(0)] : []),
      ...(flags.includes('g') ? [varint(0)] : []),
      ...(links === undefined ? [] : [varint(links.length), links]),
      ...(flags.includes('c') && isFile({ mode }) ? [Buffer.alloc(16)] : []),
    )
  }
  parts.push(Buffer.of(0))
  if (!long.includes('--numeric-ids'))
    for (const letter of ['o', 'g']) if (flags.includes(letter)) parts.push(varint(0))
  return Buffer.concat(parts)
}

/** Both sides count files in this order (f_name_cmp): within a folder first what is none, then folders with what is in them. */
export function ordered(entries: readonly Entry[]): Entry[] {
  const keyed = entries.map((entry) => ({ entry, parts: entry.name.split('/'), folder: isFolder(entry) }))
  const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
  keyed.sort((a, b) => {
    if (a.entry.name === '.' || b.entry.name === '.') return Number(b.entry.name === '.') - Number(a.entry.name === '.')
    for (let i = 0; ; i++) {
      const [x, y] = [a.parts[i], b.parts[i]]
      if (x === undefined || y === undefined) return Number(x !== undefined) - Number(y !== undefined)
      const [inX, inY] = [a.folder || i < a.parts.length - 1, b.folder || i < b.parts.length - 1]
      if (inX !== inY) return Number(inX) - Number(inY)
      const order = inX ? compare(`${x}/`, `${y}/`) : compare(x, y)
      if (order !== 0) return order
    }
  })
  return keyed
    .map(({ entry }) => entry)
    .filter((entry, i, all) => entry.name !== all[i - 1]?.name || isFolder(entry) !== isFolder(all[i - 1] ?? entry))
}
