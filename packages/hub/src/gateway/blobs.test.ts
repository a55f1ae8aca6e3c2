import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, statSync, utimesSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { freePort } from '../../test/free-port.ts'
import { Blobs, WrongOffset } from './blobs.ts'

const hash = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')
const folder = (): string => mkdtempSync(join(tmpdir(), 'skep-blobs-'))

/** A server that speaks S3 (moto, from PyPI), where it is installed. */
async function bucket(): Promise<{ url: string; child: ChildProcess } | undefined> {
  if (spawnSync('sh', ['-c', 'command -v moto_server']).status !== 0) {
    console.log('skipped: there is no moto_server (pip install "moto[server]")')
    return undefined
  }
  const port = await freePort()
  const child = spawn('moto_server', ['-H', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' })
  for (let i = 0; i < 200; i++) {
    const made = await fetch(`http://127.0.0.1:${port}/skep`, { method: 'PUT' }).catch(() => undefined)
    if (made?.ok === true) return { url: `s3+http://key:secret@127.0.0.1:${port}/skep/artifacts`, child }
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error('moto_server does not answer')
}
const s3 = await bucket()
afterAll(() => void s3?.child.kill())

describe.each([
  { name: 'a folder', at: folder },
  ...(s3 === undefined ? [] : [{ name: 'a bucket', at: () => s3.url }]),
])('in $name', ({ at }) => {
  test('bytes rest under their own hash, and nothing else does', async () => {
    const blobs = new Blobs(at(), folder())
    for (const bytes of [Buffer.from('\x7fELF'), Buffer.alloc(0), Buffer.alloc(300_000, 9)]) {
      expect(await blobs.get(hash(bytes))).toBeUndefined()
      expect(await blobs.has(hash(bytes))).toBe(false)
      await blobs.put(hash(bytes), bytes)
      expect(await blobs.get(hash(bytes))).toEqual(bytes)
      expect(await blobs.size(hash(bytes))).toBe(bytes.length)
      await blobs.put(hash(bytes), bytes)
    }
    await expect(blobs.put('0'.repeat(64), Buffer.from('x'))).rejects.toThrow(RangeError)
    expect(await blobs.has('0'.repeat(64))).toBe(false)
    for (const name of ['../../etc/passwd', '', 'A'.repeat(64)])
      await expect(blobs.get(name)).rejects.toThrow(RangeError)
  })

  test('parts are gone on with after a break, at the place where it was, also when two send at once', async () => {
    const parts = folder()
    const place = at()
    const bytes = Buffer.from(Array.from({ length: 50_000 }, (_, i) => (i * 7) % 251))
    const name = hash(bytes)
    const first = new Blobs(place, parts)
    expect(await first.append('s', name, bytes.subarray(0, 20_000), 0, bytes.length)).toBe(20_000)
    const second = new Blobs(place, parts) // the hub was started anew
    expect(await second.offset('s', name)).toBe(20_000)
    await expect(second.append('s', name, bytes.subarray(30_000), 30_000, bytes.length)).rejects.toThrow(WrongOffset)
    const both = await Promise.allSettled([
      second.append('s', name, bytes.subarray(20_000), 20_000, bytes.length),
      second.append('s', name, bytes.subarray(20_000), 20_000, bytes.length),
    ])
    expect(both.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled'])
    expect(await second.get(name)).toEqual(bytes)
    expect(await second.offset('s', name)).toBe(0)
  })
})

test('kept programs are not executable; uploads that nobody goes on with are swept away', async () => {
  const [at, parts] = [folder(), folder()]
  const blobs = new Blobs(at, parts)
  const bytes = Buffer.from('#!/bin/sh\n')
  await blobs.put(hash(bytes), bytes)
  expect(statSync(join(at, hash(bytes).slice(0, 2), hash(bytes))).mode & 0o777).toBe(0o600)
  const half = hash(Buffer.from('half'))
  await blobs.append('s', half, Buffer.from('ha'), 0, 4)
  expect(await blobs.sweep(60_000)).toBe(0)
  const old = new Date(Date.now() - 120_000)
  utimesSync(join(parts, 's', half), old, old)
  expect(await blobs.sweep(60_000)).toBe(1)
  expect(readdirSync(join(parts, 's'))).toEqual([])
})
