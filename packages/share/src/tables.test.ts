import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { Relational } from '@skep/hub'
import { startPostgres } from '../../hub/test/postgres.ts'
import { Agreements } from './agreements/agreements.ts'
import { Reporting } from './out/queue.ts'
import { Forwarder } from './siem/forwarder.ts'
import { steps } from './steps.ts'
import { entryOf, TaxiiStore, type Kept } from './taxii/store.ts'
import { writeTime } from './taxii/time.ts'

// The tables of sharing, in both databases.
const postgres = await startPostgres()
const opened: Relational[] = []
afterAll(async () => {
  for (const one of opened) await one.close()
  await postgres?.stop()
})
const places = [
  { name: 'SQLite', at: () => join(mkdtempSync(join(tmpdir(), 'skep-tables-')), 'state.sqlite') },
  ...(postgres === undefined ? [] : [{ name: 'PostgreSQL', at: () => postgres.database() }]),
]
const collection = { root: 'r', id: 'c' }
const whole = {
  ...collection,
  alias: 'a',
  title: 't',
  description: '',
  kind: '',
  can_read: 1,
  can_write: 1,
  media_types: 'm',
  review: 1,
}
const note = (n: number, modified: string) =>
  entryOf(
    {
      type: n % 2 === 0 ? 'note' : 'tool',
      id: `note--${n}`,
      spec_version: '2.1',
      created: '2026-01-01T00:00:00Z',
      modified,
    },
    1,
    writeTime,
  )
const shown = (rows: readonly Kept[]): string[] => rows.map(({ id, version }) => `${id} ${version.slice(0, 10)}`)

describe.each(places)('$name', ({ at }) => {
  const open = async () => {
    const relational = await Relational.open(at())
    opened.push(relational)
    const db = await relational.tables('share', steps)
    // Again: nothing is left to do.
    await relational.tables('share', steps)
    return { relational, db }
  }

  test('versions come in order, each with a time of its own, also when many add at once', async () => {
    const taxii = new TaxiiStore((await open()).db)
    await taxii.putRoot({ name: 'r', title: 'R', description: '', contact: '', max_content_length: 1 })
    await taxii.putCollection(whole, 0)
    expect(await taxii.collection('r', 'a')).toMatchObject({ id: 'c', title: 't' })
    await Promise.all(
      Array.from({ length: 8 }, (_, i) =>
        taxii.add(collection, [note(i, '2026-01-02T00:00:00Z'), note(i, '2026-01-01T00:00:00Z')], 'x'),
      ),
    )
    expect(await taxii.add(collection, [note(0, '2026-01-02T00:00:00Z')], 'x')).toEqual([false])
    const all = await taxii.page(collection, { versions: ['all'] }, 100)
    expect(new Set(all.map(({ added }) => added)).size).toBe(16)
    expect(all.map(({ added }) => added)).toEqual(all.map(({ added }) => added).sort((a, b) => a - b))
    expect(shown(await taxii.page(collection, {}, 100)).every((one) => one.endsWith('2026-01-02'))).toBe(true)
    expect(await taxii.page(collection, { versions: ['first'], types: ['note', 'tool'] }, 3)).toHaveLength(3)
    expect(shown(await taxii.page(collection, { ids: ['note--3'], versions: ['first', 'last'] }, 9))).toHaveLength(2)
    expect(await taxii.remove(collection, { ids: ['note--3'], versions: ['last'] })).toBe(1)
    expect(shown(await taxii.page(collection, { ids: ['note--3'] }, 9))).toEqual(['note--3 2026-01-01'])
    expect((await taxii.latest(collection, ['note--1', 'note--2', 'no'])).size).toBe(2)

    // What waits is its author's alone, and comes at the end when it is let in.
    await taxii.add(collection, [note(50, '2026-01-03T00:00:00Z')], 'partner', 'quarantined')
    const [waiting] = await taxii.waiting()
    expect(await taxii.page(collection, { ids: ['note--50'], reader: 'other' }, 9)).toEqual([])
    expect(await taxii.page(collection, { ids: ['note--50'], reader: 'partner' }, 9)).toHaveLength(1)
    expect(await taxii.review(collection, [Number(waiting?.added)], true)).toBe(1)
    expect(shown(await taxii.page(collection, { reader: 'other' }, 100)).at(-1)).toBe('note--50 2026-01-03')
    await taxii.putStatus('r', 'x', 'id', { a: 1 })
    expect(await taxii.status('r', 'id')).toMatchObject({ owner: 'x', body: '{"a":1}' })
    await taxii.putLogin('admin', 'hash')
    expect(await taxii.login('admin')).toBe('hash')
    expect(await taxii.prune(Date.now() + 1000, Date.now() + 1000)).toBe(0)
  })

  test('agreements, reports and sinks are kept', async () => {
    const { relational, db } = await open()
    const agreements = new Agreements(db, relational)
    const one = {
      name: 'a',
      title: 'A',
      tlp: 'green',
      kinds: ['address'],
      numbers: true,
      delay_minutes: 5,
      everyone: false,
    } as const
    await agreements.put(one)
    await agreements.join('a', 'org')
    expect(await agreements.communities()).toEqual([one])
    expect([...(await agreements.ofOrganisation('org')).kinds]).toEqual([
      ['address', { numbers: true, delay: 300_000 }],
    ])
    expect(await agreements.revoke('a', 'org')).toBe(true)
    expect((await agreements.ofOrganisation('org')).kinds.size).toBe(0)
    expect(await agreements.end('a')).toBe(true)
    const share = { db, context: { outbound: { check: () => undefined }, seal: (text: string) => text, relational } }
    const reporting = new Reporting(db, share as never, {} as never)
    await reporting.setUp('urlhaus', { enabled: true, dry: true, settings: {}, key: 'k' })
    await reporting.setUp('urlhaus', { enabled: false, dry: true, settings: {} })
    expect((await reporting.setups()).find(({ name }) => name === 'urlhaus')).toMatchObject({
      enabled: false,
      has_key: true,
    })
    expect(await reporting.list(undefined, 5)).toEqual([])
    expect(await reporting.counts()).toEqual([])
    const forwarder = new Forwarder(share as never)
    const id = await forwarder.add({ kind: 'syslog', host: 'h', port: 1 }, 'secret')
    expect(await forwarder.list()).toMatchObject([{ id, sent: 0, problem: '', last: null }])
    expect(await forwarder.remove(id)).toBe(true)
  })
})
