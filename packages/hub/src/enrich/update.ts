import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fetchFile, reasonOf } from './download.ts'

/** A public table that the hub fetches. */
export interface PublicTable {
  readonly file: string
  readonly url: string
  /** Without it the snapshot is of no use. */
  readonly required?: boolean
}

const delegated = (registry: string, folder = registry): PublicTable => ({
  file: `delegated-${registry}.txt`,
  url: `https://ftp.ripe.net/pub/stats/${folder}/delegated-${registry}-extended-latest`,
})

/** The current public tables: prefix to origin AS as seen by RIPE RIS, allocations of all registries, AS names. */
export const publicTables: readonly PublicTable[] = [
  { file: 'riswhoisdump.IPv4.gz', url: 'https://www.ris.ripe.net/dumps/riswhoisdump.IPv4.gz', required: true },
  { file: 'riswhoisdump.IPv6.gz', url: 'https://www.ris.ripe.net/dumps/riswhoisdump.IPv6.gz' },
  delegated('apnic'),
  delegated('arin'),
  delegated('lacnic'),
  delegated('afrinic'),
  delegated('ripencc'),
  { file: 'autnums.txt', url: 'https://thyme.apnic.net/current/data-used-autnums' },
]

/**
 * Fetches the public tables into a folder of today's date. The folder appears only when all that is required is there.
 * @returns for each table the bytes fetched, or the reason why not
 * @throws when a required table cannot be had
 */
export async function updateTables(
  folder: string,
  options: {
    tables?: readonly PublicTable[]
    day?: string
    signal?: AbortSignal
    onTable?: (text: string) => void
  } = {},
): Promise<{ folder: string; results: { file: string; bytes?: number; error?: string }[] }> {
  const day = options.day ?? new Date().toISOString().slice(0, 10)
  const [target, draft] = [join(folder, day), join(folder, `.${day}-${process.pid}`)]
  await mkdir(draft, { recursive: true })
  try {
    const results: { file: string; bytes?: number; error?: string }[] = []
    for (const table of options.tables ?? publicTables) {
      options.onTable?.(table.url)
      try {
        const { bytes } = await fetchFile(join(draft, table.file), table.url, { signal: options.signal })
        results.push({ file: table.file, bytes })
      } catch (error) {
        const reason = reasonOf(error)
        if (table.required === true) throw new Error(`Cannot fetch ${table.url}: ${reason}`, { cause: error })
        await rm(join(draft, table.file), { force: true })
        results.push({ file: table.file, error: reason })
      }
    }
    await rm(target, { recursive: true, force: true })
    await rename(draft, target)
    return { folder: target, results }
  } catch (error) {
    await rm(draft, { recursive: true, force: true })
    throw error
  }
}
