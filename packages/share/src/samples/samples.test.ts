import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Uint8ArrayReader, Uint8ArrayWriter, ZipReader } from '@zip.js/zip.js'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { member } from '@skep/hub/testing'
import { person } from '@skep/hub/testing-people'
import { uuidv7 } from '@skep/vocabulary'
import { canary, sharingHub } from '../testing.ts'
import { factsOf, typeOf } from './facts.ts'
import { zipped } from './routes.ts'

let house: Awaited<ReturnType<typeof sharingHub>>
const plain = Buffer.from('#!/bin/sh\ncd /tmp && ./x\n')
const naming = Buffer.from(`#!/bin/sh\ncurl http://${canary.address}/\n`)
const hash = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')

beforeAll(async () => {
  house = await sharingHub()
  const straw = await member(house.hub, 'sample-straw', 'sample-host')
  const [boot, session] = [uuidv7(), uuidv7()]
  for (const [seq, bytes] of [plain, naming].entries()) {
    await straw.ask('PUT', `/gateway/v1/blobs/${hash(bytes)}`, bytes)
    await straw.deliver(boot, [
      {
        id: uuidv7(),
        sensor: 'sample-straw',
        boot,
        seq,
        time: new Date().toISOString().replace('Z', '000Z'),
        session,
        service: 'ssh',
        transport: 'tcp',
        source: { ip: '1.1.1.5', port: 1 },
        target: { port: 22 },
        kind: 'artifact.stored',
        data: { sha256: hash(bytes), size: bytes.length },
      },
    ])
  }
  const claim = await house.hub.relational.claims.request({
    organisation: 'holder',
    resource: 'AS13335',
    method: 'operator',
    author: 'x',
    author_id: '',
  })
  await house.hub.relational.claims.settle(claim, 'proved', '', 86_400_000)
}, 60_000)
afterAll(() => house.stop())

test('samples go to those with the role, in a zip that needs the password, and into the audit log', async () => {
  const analyst = await person(house.hub, 'analyst@holder.example', 'holder', 'analyst')
  const viewer = await person(house.hub, 'viewer@holder.example', 'holder', 'viewer')
  const stranger = await person(house.hub, 'x@stranger.example', 'stranger', 'admin')
  const path = `artifacts/${hash(plain)}/sample`
  expect((await viewer.api('GET', path)).status).toBe(403)
  expect((await stranger.api('GET', path)).status).toBe(404)
  expect((await stranger.api('GET', `artifacts/${hash(plain)}/facts`)).status).toBe(404)
  expect((await viewer.api('GET', `artifacts/${hash(plain)}/facts`)).body).toMatchObject({
    type: 'script, sh',
    size: plain.length,
    sha256: hash(plain),
  })
  const zip = Buffer.from(await (await analyst.fetch(`/api/v1/${path}`)).arrayBuffer())
  expect(zip.includes(Buffer.from('cd /tmp'))).toBe(false)
  const [entry] = await new ZipReader(new Uint8ArrayReader(zip)).getEntries()
  if (entry === undefined || entry.directory) throw new Error('nothing in it')
  expect(entry.encrypted).toBe(true)
  expect(Buffer.from(await entry.getData(new Uint8ArrayWriter(), { password: 'infected' }))).toEqual(plain)
  await expect(entry.getData(new Uint8ArrayWriter(), { password: 'wrong' })).rejects.toThrow()
  // A file that tells where a sensor of another stands stays.
  expect((await analyst.api('GET', `artifacts/${hash(naming)}/sample`)).status).toBe(403)
  const host = await person(house.hub, 'a@sample-host.example', 'sample-host', 'analyst')
  expect((await host.api('GET', `artifacts/${hash(naming)}/sample`)).status).toBe(200)
  const operator = await house.hub.relational.tokens.create('operator', 'test')
  const log = await fetch(`${house.hub.url}/api/v1/audit?limit=200`, {
    headers: { authorization: `Bearer ${operator}` },
  })
  expect(await log.text()).toContain('sample downloaded')
})

const unzip = ((): boolean => {
  try {
    execFileSync('sh', ['-c', 'command -v unzip'], { stdio: 'ignore' })
    return true
  } catch {
    console.log('skipped: unzip is not installed')
    return false
  }
})()
test.skipIf(!unzip)('unzip opens it with the password, and not without', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'skep-zip-'))
  writeFileSync(join(folder, 'a.zip'), await zipped('evil', plain))
  execFileSync('unzip', ['-qP', 'infected', 'a.zip'], { cwd: folder })
  expect(readFileSync(join(folder, 'evil'))).toEqual(plain)
  expect(() => execFileSync('unzip', ['-qoP', 'wrong', 'a.zip'], { cwd: folder, stdio: 'ignore' })).toThrow()
  rmSync(folder, { recursive: true })
})

test('what files are is told by how they begin, whatever they hold', () => {
  const elf = (little: boolean, bits: number, machine: number): Buffer => {
    const bytes = Buffer.alloc(64)
    bytes.write('\x7fELF', 'latin1')
    bytes[4] = bits === 64 ? 2 : 1
    bytes[5] = little ? 1 : 2
    bytes[little ? 16 : 17] = 2
    bytes[little ? 18 : 19] = machine
    return bytes
  }
  expect(typeOf(elf(true, 64, 62))).toBe('ELF 64-bit LSB executable, x86-64')
  expect(typeOf(elf(false, 32, 8))).toBe('ELF 32-bit MSB executable, MIPS')
  expect(typeOf(Buffer.from('#!/usr/bin/env python3\n'))).toBe('script, python3')
  expect(typeOf(Buffer.from('MZ\0'))).toBe('Windows executable')
  expect(typeOf(Buffer.from('hello'))).toBe('text')
  expect(typeOf(Buffer.from([0, 1, 2]))).toBe('data')
  expect(typeOf(Buffer.alloc(0))).toBe('empty')
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
      const facts = factsOf(Buffer.from(bytes))
      expect(facts.entropy).toBeGreaterThanOrEqual(0)
      expect(facts.entropy).toBeLessThanOrEqual(8)
    }),
  )
  // The reference implementation (py-tlsh) says the same.
  const text = Buffer.from(Array.from({ length: 1200 }, (_, i) => 33 + ((i * i * 7 + i * 13 + (i >> 3)) % 90)))
  expect(factsOf(text).tlsh).toBe('T14A2154F22A02296857B4142495C6D3473CBF38D1D13A1332CBC5485BA9935A1B7D00B4')
})
