import { mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fetchFile, reasonOf } from '../../enrich/download.ts'

/** A public file about routes, and where it lies in the routing folder. */
export interface RoutingTable {
  readonly file: string
  readonly url: string
  /** Where the newest file bears another name each day: a list whose last match, put behind `url`, is the newest. */
  readonly newest?: { readonly list: string; readonly match: RegExp }
}

const caida = (version: string, folder: string): RoutingTable => {
  const url = `https://publicdata.caida.org/datasets/routing/${folder}/`
  return {
    file: `vantages/routeviews.${version}.gz`,
    url,
    newest: { list: `${url}pfx2as-creation.log`, match: /\b\d{4}\/\d{2}\/routeviews[\w-]+\.pfx2as\.gz\b/g },
  }
}
const irr = (name: string, url: string): RoutingTable => ({ file: `irr/${name}.gz`, url })

/**
 * What is compared with what an organisation holds: announcements as RIPE RIS, RouteViews and APNIC's router see them,
 * validated ROA payloads as rpki-client writes them, and the registries' own IRR. Others (RADB, which offers its dump by FTP
 * alone) a person may put beside them.
 */
export const routingTables: readonly RoutingTable[] = [
  { file: 'vantages/ris.v4.gz', url: 'https://www.ris.ripe.net/dumps/riswhoisdump.IPv4.gz' },
  { file: 'vantages/ris.v6.gz', url: 'https://www.ris.ripe.net/dumps/riswhoisdump.IPv6.gz' },
  { file: 'vantages/apnic.v4', url: 'https://thyme.apnic.net/current/data-raw-table' },
  { file: 'vantages/apnic.v6', url: 'https://thyme.apnic.net/current/ipv6-raw-table' },
  caida('v4', 'routeviews-prefix2as'),
  caida('v6', 'routeviews6-prefix2as'),
  { file: 'vrps.json', url: 'https://console.rpki-client.org/vrps.json' },
  irr('apnic.route', 'https://ftp.apnic.net/apnic/whois/apnic.db.route.gz'),
  irr('apnic.route6', 'https://ftp.apnic.net/apnic/whois/apnic.db.route6.gz'),
  irr('ripe.route', 'https://ftp.ripe.net/ripe/dbase/split/ripe.db.route.gz'),
  irr('ripe.route6', 'https://ftp.ripe.net/ripe/dbase/split/ripe.db.route6.gz'),
  irr('arin', 'https://ftp.arin.net/pub/rr/arin.db.gz'),
  irr('afrinic', 'https://ftp.afrinic.net/pub/dbase/afrinic.db.gz'),
  irr('lacnic', 'https://irr.lacnic.net/lacnic.db.gz'),
]

/** The last entry of a list of files, from its end: such lists grow for years. */
async function newest(
  { list, match }: NonNullable<RoutingTable['newest']>,
  scratch: string,
  signal: AbortSignal | undefined,
): Promise<string> {
  try {
    await fetchFile(scratch, list, { signal })
    const found = (await readFile(scratch, 'latin1')).match(match)?.at(-1)
    if (found === undefined) throw new Error(`${list} names no file`)
    return found
  } finally {
    await rm(scratch, { force: true })
  }
}

/**
 * Brings the routing folder up to date: each file by itself, so that one that cannot be had leaves the older one in its place.
 * @returns for each table its size in bytes and whether it is new, or the reason why it was not fetched
 */
export async function updateRouting(
  folder: string,
  options: { tables?: readonly RoutingTable[]; signal?: AbortSignal; onTable?: (url: string) => void } = {},
): Promise<{ file: string; bytes?: number; fresh?: boolean; error?: string }[]> {
  const { signal } = options
  const results = []
  for (const name of ['vantages', 'irr']) await mkdir(join(folder, name), { recursive: true })
  for (const table of options.tables ?? routingTables) {
    const file = join(folder, table.file)
    try {
      const url =
        table.newest === undefined
          ? table.url
          : `${table.url}${await newest(table.newest, join(folder, '.list'), signal)}`
      options.onTable?.(url)
      results.push({ file: table.file, ...(await fetchFile(file, url, { signal })) })
    } catch (error) {
      results.push({ file: table.file, error: reasonOf(error) })
    }
  }
  return results
}
