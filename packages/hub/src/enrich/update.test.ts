import { createServer } from 'node:http'
import { mkdtempSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { Enricher } from './enricher.ts'
import { updateTables } from './update.ts'

const answers: Readonly<Record<string, Buffer>> = {
  '/ris.gz': gzipSync('% RIS\n64496\t1.1.1.0/24\t300\n64497\t1.1.1.0/24\t250\n64498\t2001:db8::/32\t300\n'),
  '/delegated': Buffer.from(
    '2|apnic|20261120|2|19830613|20261119|+1000\napnic|FJ|ipv4|1.1.1.0|256|20110811|assigned|A\n',
  ),
  '/autnums': Buffer.from('   64496 EXAMPLE-A, FJ\n   64498 EXAMPLE-B, WS\n'),
}

test('public tables are fetched, taken without a stop, and history is placed by the older ones', async () => {
  const server = createServer((request, response) => {
    const answer = answers[request.url ?? '']
    response.writeHead(answer === undefined ? 404 : 200)
    response.end(answer)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const base = `http://127.0.0.1:${(server.address() as { port: number }).port}`
  const folder = mkdtempSync(join(tmpdir(), 'skep-tables-'))
  const table = (file: string, path: string, required = false) => ({ file, url: `${base}${path}`, required })

  const enricher = new Enricher(folder)
  await enricher.load()
  expect(enricher.lookup('1.1.1.1', '2026-11-23')).toMatchObject({ asn: 13335, prefix: '1.1.1.0/24' })

  // A required table that cannot be had leaves everything as it was.
  await expect(updateTables(folder, { tables: [table('a', '/nothing', true)], day: '2026-11-22' })).rejects.toThrow(
    /answered 404/,
  )
  expect(readdirSync(folder)).toEqual([])

  const { results } = await updateTables(folder, {
    tables: [
      table('ris.gz', '/ris.gz', true),
      table('delegated.txt', '/delegated'),
      table('autnums.txt', '/autnums'),
      table('more', '/nothing'),
    ],
    day: '2026-11-22',
  })
  expect(results.map(({ bytes, error }) => [bytes !== undefined, error])).toEqual([
    [true, undefined],
    [true, undefined],
    [true, undefined],
    [false, 'the server answered 404'],
  ])
  await enricher.load()
  expect(enricher.lookup('1.1.1.1', '2026-11-23')).toEqual({
    prefix: '1.1.1.0/24',
    asn: 64496,
    asns: [64496, 64497],
    as_name: 'EXAMPLE-A, FJ',
    economy: 'FJ',
    registry: 'apnic',
    snapshot: 'tables-2026-11-22',
  })
  expect(enricher.lookup('2001:db8::1', '2026-11-23')).toMatchObject({
    asn: 64498,
    as_name: 'EXAMPLE-B, WS',
    prefix: '2001:db8::/32',
  })

  // What happened before those tables is placed by the older ones.
  await enricher.prepare('2026-08-01')
  expect(enricher.lookup('1.1.1.1', '2026-08-01')).toMatchObject({
    asn: 13335,
    snapshot: expect.stringMatching(/^starter-/) as string,
  })
  expect(enricher.lookup('1.1.1.1', '2026-11-23')).toMatchObject({ asn: 64496 })
  server.close()
}, 60_000)
