import { createHash } from 'node:crypto'
import { appendFileSync, mkdtempSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Outbox } from './outbox.ts'

const hash = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')

test('bytes wait until they are delivered, over a new start and a torn tail, and leave no room taken', () => {
  const folder = mkdtempSync(join(tmpdir(), 'skep-outbox-'))
  const all = [Buffer.from('one'), Buffer.alloc(0), Buffer.alloc(5000, 7)]
  const first = new Outbox(folder)
  for (const bytes of all) expect(first.keep(bytes)).toEqual({ sha256: hash(bytes), kept: true })
  expect(first.keep(Buffer.from('one')).kept).toBe(true)
  first.close()
  appendFileSync(join(folder, 'outbox.pack'), 'SKB1 torn')
  const second = new Outbox(folder)
  expect(second.keep(Buffer.from('more')).kept).toBe(true)
  expect(second.waiting).toEqual({ files: 4, bytes: 5007 })
  for (const bytes of [...all, Buffer.from('more')]) {
    const one = second.find(hash(bytes))
    expect(one?.size).toBe(bytes.length)
    expect(Buffer.concat([one?.read(0, 2) ?? Buffer.alloc(0), one?.read(2, 1e6) ?? Buffer.alloc(0)])).toEqual(bytes)
    second.delivered(hash(bytes))
    expect(second.has(hash(bytes))).toBe(false)
  }
  expect(second.any()).toBeUndefined()
  expect(second.waiting).toEqual({ files: 0, bytes: 0 })
  expect(statSync(join(folder, 'outbox.pack')).size).toBe(0)
  second.close()
})

test('beyond its cap nothing is kept, and that is said', () => {
  const box = new Outbox(mkdtempSync(join(tmpdir(), 'skep-outbox-')), 1000)
  expect(box.keep(Buffer.alloc(500)).kept).toBe(true)
  expect(box.keep(Buffer.alloc(600)).kept).toBe(false)
  expect(box.keep(Buffer.from('four'), 3).kept).toBe(false)
  box.close()
})
