import { loadSnapshot, starterSnapshot } from '../packages/hub/src/enrich/snapshot.ts'
import { AddressTable } from '../packages/hub/src/enrich/table.ts'

/** Look-ups a second on one core, from text, IPv4 and IPv6, and the memory of the tables. */
export function lookups(): { v4PerSecond: number; v6PerSecond: number; loadSeconds: number; tableMegabytes: number } {
  const snapshot = starterSnapshot()
  if (snapshot === undefined) throw new Error('The starter tables are not installed')
  const started = performance.now()
  const loaded = loadSnapshot(snapshot)
  const loadSeconds = (performance.now() - started) / 1000
  const origins = AddressTable.from(loaded.origins)
  const places = AddressTable.from(loaded.places)
  const octet = (n: number, i: number) => Math.floor(Math.abs(Math.sin(n * 12.9898 + i * 78.233)) * 223) + 1
  const v4 = Array.from({ length: 50_000 }, (_, n) => [0, 1, 2, 3].map((i) => octet(n, i)).join('.'))
  const v6 = Array.from(
    { length: 50_000 },
    (_, n) =>
      `2${(octet(n, 0) % 16).toString(16)}0${(octet(n, 1) % 16).toString(16)}:${octet(n, 2).toString(16)}:${octet(n, 3).toString(16)}::1`,
  )
  const rate = (addresses: readonly string[]) => {
    let hits = 0
    for (const address of addresses) if (origins.get(address) !== undefined) hits++
    const start = performance.now()
    for (let round = 0; round < 20; round++)
      for (const address of addresses) if (origins.get(address) !== undefined) hits++
    return Math.round((20 * addresses.length) / ((performance.now() - start) / 1000)) + (hits < 0 ? 1 : 0)
  }
  return {
    v4PerSecond: rate(v4),
    v6PerSecond: rate(v6),
    loadSeconds,
    tableMegabytes: (origins.bytes + places.bytes) / 1024 ** 2,
  }
}
