// What sharing costs: pages of TAXII out of many objects, and every form of a hundred thousand indicators.
import { createWriteStream, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Relational } from '@skep/hub'
import { everything } from '../packages/share/src/agreements/terms.ts'
import { defaults } from '../packages/share/src/agreements/agreements.ts'
import { Feeds } from '../packages/share/src/feeds/feeds.ts'
import { forms } from '../packages/share/src/feeds/forms/index.ts'
import { kinds, type Indicator } from '../packages/share/src/model/indicator.ts'
import { usual } from '../packages/share/src/model/ttl.ts'
import { steps } from '../packages/share/src/steps.ts'
import { TaxiiStore } from '../packages/share/src/taxii/store.ts'

const p95 = (times: number[]): number => times.sort((a, b) => a - b)[Math.floor(times.length * 0.95)] ?? 0

/** Milliseconds (p95) of a page of 1,000 objects out of so many, and of the bare read of as many rows. */
export async function taxiiPages(
  objects: number,
): Promise<{ objects: number; page: number; filtered: number; byId: number; bare: number }> {
  const folder = mkdtempSync(join(tmpdir(), 'skep-bench-taxii-'))
  const relational = await Relational.open(join(folder, 'x.sqlite'))
  const db = await relational.tables('share', steps)
  const taxii = new TaxiiStore(db)
  const collection = { root: 'shared', id: 'bench' }
  const uuid = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`
  const types = ['indicator', 'ipv4-addr', 'sighting', 'observed-data', 'relationship']
  const body = JSON.stringify({
    spec_version: '2.1',
    pattern: "[ipv4-addr:value = '198.51.100.3']",
    filler: 'x'.repeat(400),
  })
  const batch = 50_000
  for (let at = 0; at < objects; at += batch)
    await db.transaction(async () => {
      for (let n = at; n < Math.min(objects, at + batch); n++) {
        const type = types[n % types.length] ?? 'indicator'
        await db.run(
          `INSERT INTO taxii_objects (collection, added, id, type, version, version_us, spec, is_first, is_last, author, state, body)
           VALUES ('shared bench', ?, ?, ?, '2026-01-01T00:00:00.000Z', ?, '2.1', 1, 1, 'hub', 'open', ?)`,
          n * 7,
          `${type}--${uuid(n)}`,
          type,
          n,
          body,
        )
      }
    })
  const time = async (work: (at: number) => Promise<unknown[]>): Promise<number> => {
    const times: number[] = []
    for (let i = 0; i < 60; i++) {
      const at = Math.floor(Math.random() * objects * 0.9) * 7
      const began = performance.now()
      const rows = await work(at)
      JSON.stringify({ objects: rows.map((row) => JSON.parse((row as { body: string }).body) as object) })
      times.push(performance.now() - began)
    }
    return p95(times)
  }
  const result = {
    objects,
    page: await time((added_after) => taxii.page(collection, { added_after, reader: 'partner' }, 1001)),
    filtered: await time((added_after) =>
      taxii.page(
        collection,
        { added_after, reader: 'partner', types: ['indicator', 'ipv4-addr'], without: ['sighting'] },
        1001,
      ),
    ),
    byId: await time((at) =>
      taxii.page(collection, { ids: [`${types[(at / 7) % types.length]}--${uuid(at / 7)}`], versions: ['all'] }, 2),
    ),
    bare: await time((at) =>
      db.all(
        "SELECT body FROM taxii_objects WHERE collection = 'shared bench' AND added > ? ORDER BY added LIMIT 1001",
        at,
      ),
    ),
  }
  await relational.close()
  rmSync(folder, { recursive: true, force: true })
  return result
}

/** Seconds for every form of so many indicators, and the most memory that it held beyond the start, in MB. */
export async function exports(
  indicators: number,
): Promise<{ indicators: number; forms: number; seconds: number; memory: number; bare: number }> {
  const folder = mkdtempSync(join(tmpdir(), 'skep-bench-export-'))
  mkdirSync(join(folder, 'snapshot'))
  const now = Date.now()
  const each = Math.floor(indicators / 4)
  const value: Partial<Record<Indicator['kind'], (n: number) => string>> = {
    address: (n) => `11.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}`,
    url: (n) => `http://12.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}/x`,
    domain: (n) => `h${n}.evil-host.com`,
    file: (n) => n.toString(16).padStart(64, '0'),
  }
  for (const kind of kinds) {
    const out = createWriteStream(join(folder, 'snapshot', `${kind}.ndjson`))
    for (let n = 0; n < each && value[kind] !== undefined; n++) {
      const one: Indicator = {
        kind,
        value: value[kind](n),
        first_seen: new Date(now - 86_400_000).toISOString(),
        last_seen: new Date(now - 3_600_000).toISOString(),
        valid_until: new Date(now + 86_400_000).toISOString(),
        confidence: 80,
        reasons: ['its connections were complete, so its address is not forged', '2 sensors saw it'],
        severity: 'critical',
        techniques: ['T1105', 'T1110.001'],
        labels: ['payload', 'ssh-logins'],
        tlp: 'clear',
        counts: { events: 12, sources: 1, sensors: 2, organisations: 2, days: 1 },
        asn: 64_500,
        economy: 'AU',
        services: ['ssh'],
        ports: [22],
      }
      if (!out.write(`${JSON.stringify(one)}\n`)) await once(out, 'drain')
    }
    out.end()
    await once(out, 'finish')
  }
  writeFileSync(
    join(folder, 'snapshot', 'contents.json'),
    JSON.stringify({ made: new Date(now).toISOString(), counts: {}, left: {} }),
  )
  const feeds = new Feeds({
    context: { folder },
    agreements: { settings: () => Promise.resolve(defaults) },
    ttl: () => Promise.resolve({ days: usual, measured: [] }),
  } as never)
  globalThis.gc?.()
  const start = process.memoryUsage().rss
  let most = start
  const watch = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 20)
  const began = performance.now()
  for (const form of forms) await feeds.get(form, everything('bench'))
  const seconds = (performance.now() - began) / 1000
  clearInterval(watch)
  const before = performance.now()
  let lines = 0
  for (let i = 0; i < forms.length; i++)
    for await (const one of feeds.snapshot.read(['address'])) lines += one.value.length > 0 ? 1 : 0
  const bare = (performance.now() - before) / 1000
  rmSync(folder, { recursive: true, force: true })
  if (lines === 0) throw new Error('nothing was read')
  return { indicators, forms: forms.length, seconds, memory: (most - start) / 1e6, bare }
}
