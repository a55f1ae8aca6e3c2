import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'libsql'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { startPostgres } from '../../test/postgres.ts'
import { Relational } from './database.ts'
import { inRanges, mergeRanges, rangesOf, sizeOf, without } from './ranges.ts'
import { steps } from './steps.ts'

const postgres = await startPostgres()
const opened: Relational[] = []
afterAll(async () => {
  for (const one of opened) await one.close()
  await postgres?.stop()
})
const file = (): string => join(mkdtempSync(join(tmpdir(), 'skep-relational-')), 'state.sqlite')
const places = [
  { name: 'SQLite', at: file },
  ...(postgres === undefined ? [] : [{ name: 'PostgreSQL', at: () => postgres.database() }]),
]
const open = async (at: string, holder?: string): Promise<Relational> => {
  const one = await Relational.open(at, holder)
  opened.push(one)
  return one
}

describe.each(places)('$name', ({ at }) => {
  test('tokens: only a hash is kept, they end, and one for single use is good for one of many', async () => {
    const { tokens } = await open(at())
    const secret = await tokens.create('viewer', 'label')
    expect(await tokens.check(secret)).toEqual({ role: 'viewer', label: 'label' })
    expect(await tokens.check('')).toBeUndefined()
    expect(await tokens.check(`${secret}x`)).toBeUndefined()
    expect(await tokens.check(await tokens.create('viewer', 'old', { ttl: -1 }))).toBeUndefined()
    const once = await tokens.create('operator', 'link', { singleUse: true })
    const answers = await Promise.all(Array.from({ length: 8 }, () => tokens.check(once)))
    expect(answers.filter((one) => one !== undefined)).toHaveLength(1)
  })

  test('whatever the order of commits, the ledger has the same ranges, and every number once', async () => {
    const { ledger } = await open(at())
    let boot = 0
    const range = fc.tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 12 })).map(([first, size]) => ({
      first,
      last: first + size,
    }))
    await fc.assert(
      fc.asyncProperty(
        fc.array(range, { minLength: 1, maxLength: 12 }),
        fc.array(range, { maxLength: 4 }),
        async (all, lost) => {
          const run = `b${boot++}`
          await Promise.all(all.map((one) => ledger.commit([{ sensor: 's', boot: run, ranges: [one] }])))
          for (const one of lost) await ledger.declareDropped('s', run, one, 'cap')
          expect(await ledger.ranges('s', run)).toEqual(mergeRanges(all))
          const [entry] = await ledger.entries('s', run)
          const numbers = new Set(
            all.flatMap(({ first, last }) => Array.from({ length: last - first + 1 }, (_, i) => first + i)),
          )
          expect(entry?.committed).toBe(numbers.size)
          const sum = Object.values(entry?.dropped ?? {}).reduce((a, b) => a + b, 0)
          expect((entry?.committed ?? 0) + sum + (entry?.missing ?? 0) + (entry?.waiting ?? 0)).toBe(entry?.made)
        },
      ),
      { numRuns: 40 },
    )
  })

  test('a claim is one hub’s: what overlaps waits, also for what is committed already', async () => {
    const { ledger } = await open(at())
    const commits = (first: number, last: number) => [{ sensor: 's', boot: 'b', ranges: [{ first, last }] }]
    const claim = (token: string, hub: string, first: number, last: number) =>
      ledger.claim(token, hub, commits(first, last), '{}', Buffer.from('rows'))
    const both = await Promise.all([claim('t1', 'one', 0, 9), claim('t2', 'two', 5, 14)])
    expect(both.filter((won) => won)).toHaveLength(1)
    const [won] = await ledger.claims()
    expect(Buffer.from((await ledger.claimed(won?.token ?? ''))?.body ?? []).toString()).toBe('rows')
    await ledger.commit(commits(0, 14))
    await ledger.settle(won?.token ?? '')
    expect(await claim('t3', 'two', 14, 20)).toBe(false)
    expect(await claim('t4', 'two', 15, 20)).toBe(true)
  })

  test('a lease has one holder, who may keep it, until it ends or is given back', async () => {
    const place = at()
    const [one, two] = [await open(place, 'one'), await open(place, 'two')]
    const taken = await Promise.all([one.leases.take('job', 60_000), two.leases.take('job', 60_000)])
    expect(taken.filter((won) => won)).toHaveLength(1)
    const [holder, other] = taken[0] === true ? [one, two] : [two, one]
    expect(await holder.leases.take('job', 1)).toBe(true)
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(await other.leases.take('job', 60_000)).toBe(true)
    expect(await holder.leases.take('job', 60_000)).toBe(false)
    await other.leases.release('job')
    expect(await holder.leases.take('job', 60_000)).toBe(true)
    expect(await holder.metaOnce('x', async () => 'first')).toBe('first')
    expect(await other.metaOnce('x', async () => 'second')).toBe('first')
  })

  test('a transaction is all or nothing, and nothing of others gets into it', async () => {
    const { fleet, ledger } = await open(at())
    await fleet.enter('s', { organisation: 'home', fleet_group: 'all', ring: 1, label: '' })
    const slow = ledger.commit(
      Array.from({ length: 50 }, (_, i) => ({ sensor: 's', boot: `b${i}`, ranges: [{ first: 0, last: 9 }] })),
    )
    await fleet.note('s', 'beside', 'it')
    await slow
    expect((await ledger.entries('s')).length).toBe(50)
    expect((await fleet.history('s'))[0]).toMatchObject({ kind: 'beside' })
    const bad = ledger.commit([
      { sensor: 's', boot: 'ok', ranges: [{ first: 0, last: 1 }] },
      { sensor: 's', boot: 'zz', ranges: [{ first: null as never, last: 1 }] },
    ])
    await expect(bad).rejects.toThrow()
    expect(await ledger.ranges('s', 'ok')).toEqual([])
  })

  test('alerts are raised once and cleared; refusals and dead letters are counted', async () => {
    const { fleet, ledger } = await open(at())
    expect(await fleet.alert('s', 'silent', 'an hour')).toBe(true)
    expect(await fleet.alert('s', 'silent', 'two hours')).toBe(false)
    expect(await fleet.alerts()).toHaveLength(1)
    expect(await fleet.alert('s', 'silent', undefined)).toBe(true)
    expect(await fleet.alerts()).toHaveLength(0)
    expect(await fleet.alerts(false)).toHaveLength(1)
    for (let i = 0; i < 3; i++) await ledger.refuse('s', 'too large')
    expect(await ledger.refusals()).toMatchObject([{ sensor: 's', code: 'too large', count: 3 }])
    await ledger.bury({ sensor: 's', reason: 'odd\u0000?' }, 'bytes \u0000 and “more”')
    expect((await ledger.letters())[0]).toMatchObject({ body: 'bytes \u0000 and “more”' })
    expect((await ledger.letters())[0]?.reason).toMatch(/^odd.\?$/)
    expect(await ledger.deadLetters()).toMatchObject([{ sensor: 's', count: 1 }])
  })
})

test('a state file of the first release is brought up to date and keeps what it holds', async () => {
  const at = file()
  const db = new Database(at)
  db.exec(`${steps[0]} PRAGMA user_version = 1;
    INSERT INTO sensors (name, created) VALUES ('straw-1', 5);
    INSERT INTO ranges VALUES ('straw-1', 'b', 0, 41);
    INSERT INTO tokens (hash, role, label, created) VALUES ('x', 'sensor', 'straw-1', 1), ('y', 'operator', 'me', 1);`)
  db.close()
  const { fleet, ledger } = await open(at)
  expect(await fleet.sensor('straw-1')).toMatchObject({ organisation: 'home', state: 'active', created: 5 })
  expect((await ledger.entries('straw-1'))[0]).toMatchObject({ committed: 42, missing: 0 })
})

test('arithmetic of ranges', () => {
  const range = fc.tuple(fc.nat(50), fc.nat(10)).map(([first, size]) => ({ first, last: first + size }))
  fc.assert(
    fc.property(fc.array(range), range, (all, one) => {
      const merged = mergeRanges(all)
      const numbers = (ranges: readonly { first: number; last: number }[]): number[] =>
        ranges.flatMap(({ first, last }) => Array.from({ length: last - first + 1 }, (_, i) => first + i))
      const inAll = new Set(numbers(all))
      expect(sizeOf(merged)).toBe(inAll.size)
      for (let n = 0; n <= 62; n++) expect(inRanges(merged, n)).toBe(inAll.has(n))
      expect(numbers(without(one, merged))).toEqual(numbers([one]).filter((n) => !inAll.has(n)))
      expect(rangesOf([...inAll])).toEqual(merged)
    }),
  )
})
