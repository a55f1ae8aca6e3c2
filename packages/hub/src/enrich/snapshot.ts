import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { formatOf, type AsSet, type Place, type Tables } from './formats.ts'
import { AddressTable, type AddressTableState } from './table.ts'

/** A dated set of files of address data. */
export interface Snapshot {
  /** What events record that were enriched by it. */
  readonly id: string
  /** The day that it tells of, YYYY-MM-DD. */
  readonly date: string
  readonly files: readonly string[]
  /** Whom to name, and what to beware of. */
  readonly attribution: string
}

/** What a loader hands over: plain data with transferable arrays. */
export interface LoadedTables {
  readonly origins: AddressTableState<AsSet>
  readonly places: AddressTableState<Place>
  readonly names: readonly (readonly [number, string])[]
  /** AS, IPv4 addresses that it announces, economy of the most of them. */
  readonly sizes: readonly (readonly [number, number, string])[]
  readonly notes: readonly string[]
}

const require = createRequire(import.meta.url)

/** The snapshot that comes with the installation, so that the first start needs no network. */
export function starterSnapshot(): Snapshot | undefined {
  try {
    const asn = dirname(require.resolve('@ip-location-db/asn/package.json'))
    const place = dirname(require.resolve('@ip-location-db/geo-whois-asn-country-mmdb/package.json'))
    const { version } = JSON.parse(readFileSync(join(asn, 'package.json'), 'utf8')) as { version: string }
    const day = /(\d{4})(\d\d)(\d\d)\d*$/.exec(version)
    const date = day === null ? '1970-01-01' : `${day[1]}-${day[2]}-${day[3]}`
    return {
      id: `starter-${date}`,
      date,
      files: [join(asn, 'asn-ipv4.csv'), join(asn, 'asn-ipv6.csv'), join(place, 'geo-whois-asn-country.mmdb')],
      attribution:
        'ip-location-db: RouteViews and DB-IP (CC BY 4.0), NRO (CC BY 4.0). Its publisher says that this edition ' +
        'has errors and will not be updated: fetch current tables with "skep data update".',
    }
  } catch {
    return undefined
  }
}

/** All snapshots at hand, oldest first: the starter and those under the data folder. */
export function findSnapshots(folder: string): Snapshot[] {
  const starter = starterSnapshot()
  const fetched = (existsSync(folder) ? readdirSync(folder) : [])
    .filter((name) => /^\d{4}-\d\d-\d\d$/.test(name))
    .map((date) => ({
      id: `tables-${date}`,
      date,
      files: readdirSync(join(folder, date)).map((file) => join(folder, date, file)),
      attribution: 'Routing tables and registry statistics, fetched by this hub',
    }))
    .filter(({ files }) => files.length > 0)
  return [...(starter === undefined ? [] : [starter]), ...fetched].sort((a, b) => (a.date < b.date ? -1 : 1))
}

const maxFile = 1024 ** 3

/** Reads a snapshot's files into tables. Files that are not understood are told in `notes`, not fatal. */
export function loadSnapshot(snapshot: Snapshot): LoadedTables {
  const tables: Tables = {
    origins: new AddressTable<AsSet>(),
    places: new AddressTable<Place>(),
    names: new Map<number, string>(),
  }
  const notes: string[] = []
  for (const file of snapshot.files) {
    const bytes = readFileSync(file)
    const content = bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes, { maxOutputLength: maxFile }) : bytes
    const format = formatOf(content)
    if (format === undefined) notes.push(`${file}: not a form of address data that is known here`)
    else {
      const { loaded, skipped } = format.load(content, tables)
      notes.push(`${file}: ${loaded} entries of ${format.name}${skipped > 0 ? `, ${skipped} lines left out` : ''}`)
    }
  }
  tables.origins.build()
  tables.places.build()
  return {
    origins: tables.origins.state(),
    places: tables.places.state(),
    names: [...tables.names],
    sizes: sizesOf(tables),
    notes,
  }
}

/** How many IPv4 addresses each AS announces, each counted once, and in which economy the most of them are. */
function sizesOf({ origins, places }: Tables): (readonly [number, number, string])[] {
  const sizes = new Map<number, { addresses: number; economies: Map<string, number> }>()
  for (const { first, size, value } of origins.blocks()) {
    const asn = value.asns[0]
    if (asn === undefined) continue
    let entry = sizes.get(asn)
    if (entry === undefined) sizes.set(asn, (entry = { addresses: 0, economies: new Map() }))
    entry.addresses += size
    const economy = places.get(first)?.economy ?? ''
    entry.economies.set(economy, (entry.economies.get(economy) ?? 0) + size)
  }
  return [...sizes].map(([asn, { addresses, economies }]) => {
    const [most = ''] = [...economies].sort((a, b) => b[1] - a[1])[0] ?? []
    return [asn, addresses, most] as const
  })
}
