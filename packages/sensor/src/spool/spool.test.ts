import { execFileSync } from 'node:child_process'
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Spool, type Loss } from './spool.ts'

const folder = (): string => mkdtempSync(join(tmpdir(), 'skep-spool-'))
const fill = async (spool: Spool, from: number, to: number, size = 20): Promise<void> => {
  for (let seq = from; seq < to; seq++)
    spool.append({ boot: 'b', seq, json: `{"seq":${seq},"pad":"${'x'.repeat(size)}"}` })
  await spool.written()
}
const drain = (spool: Spool, step = 7): number[] => {
  const seen: number[] = []
  for (let batch = spool.next(step, 1e9); batch.length > 0; batch = spool.next(step, 1e9)) {
    seen.push(...batch.map(({ seq }) => seq))
    spool.acknowledge(batch.length)
  }
  return seen
}
const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i)

test('what was appended comes back in order, the same again until it is acknowledged', async () => {
  const spool = new Spool({ folder: folder(), segmentBytes: 1000 })
  await fill(spool, 0, 100)
  expect(spool.next(5, 1e9).map(({ seq }) => seq)).toEqual([0, 1, 2, 3, 4])
  expect(spool.next(5, 1e9).map(({ seq }) => seq)).toEqual([0, 1, 2, 3, 4])
  expect(drain(spool)).toEqual(range(0, 100))
  expect(spool.events).toBe(0)
  await spool.close()
})

test('a new start goes on where the old one was acknowledged', async () => {
  const at = folder()
  const first = new Spool({ folder: at, segmentBytes: 1000 })
  await fill(first, 0, 60)
  first.acknowledge(first.next(10, 1e9).length)
  await first.close()
  const second = new Spool({ folder: at, segmentBytes: 1000 })
  await fill(second, 60, 80)
  expect(drain(second)).toEqual(range(10, 80))
  await second.close()
})

test('a torn tail costs the line that was being written, never the segment', async () => {
  const at = folder()
  const first = new Spool({ folder: at })
  await fill(first, 0, 20)
  await first.close()
  const segment = join(at, readdirSync(at).find((name) => name.endsWith('.seg')) ?? '')
  appendFileSync(segment, 'deadbeef b 20 {"seq":20,"torn')
  const second = new Spool({ folder: at })
  expect(drain(second)).toEqual(range(0, 20))
  await second.close()
})

test('a damaged line is told as lost, with its number; all others are delivered', async () => {
  const at = folder()
  const first = new Spool({ folder: at })
  await fill(first, 0, 20)
  await first.close()
  const segment = join(at, readdirSync(at).find((name) => name.endsWith('.seg')) ?? '')
  const lines = readFileSync(segment, 'utf8').split('\n')
  lines[7] = lines[7]?.replace('"pad":"x', '"pad":"y') ?? ''
  writeFileSync(segment, lines.join('\n'))
  const losses: Loss[] = []
  const second = new Spool({ folder: at, onLoss: (loss) => losses.push(loss) })
  second.begin()
  expect(drain(second)).toEqual(range(0, 20).filter((seq) => seq !== 7))
  expect(losses).toEqual([{ boot: 'b', first: 7, last: 7, reason: 'corrupt' }])
  await second.close()
})

test('beyond its cap bulk goes first, evidence last, the oldest first, and every number that went is told', async () => {
  const losses: Loss[] = []
  const spool = new Spool({
    folder: folder(),
    segmentBytes: 2000,
    capBytes: 12_000,
    onLoss: (loss) => losses.push(loss),
  })
  const kinds = (seq: number): string => (seq % 5 === 0 ? 'command.run' : 'auth.attempt')
  const put = async (from: number, to: number): Promise<void> => {
    for (let seq = from; seq < to; seq++)
      spool.append({ boot: 'b', seq, json: `{"seq":${seq},"kind":"${kinds(seq)}","pad":"${'x'.repeat(100)}"}` })
    await spool.written()
  }
  const lost = (): number[] => losses.flatMap(({ first, last }) => range(first, last + 1))
  for (let i = 0; i < 200; i += 10) await put(i, i + 10)
  expect(lost().length).toBeGreaterThan(50)
  expect(lost().every((seq) => kinds(seq) === 'auth.attempt')).toBe(true)
  for (let i = 200; i < 1000; i += 10) await put(i, i + 10)
  const kept = drain(spool)
  expect([...lost(), ...kept].sort((a, b) => a - b)).toEqual(range(0, 1000))
  const evidence = lost().filter((seq) => kinds(seq) === 'command.run')
  expect(evidence.length).toBeGreaterThan(0)
  expect(Math.max(...evidence)).toBeLessThan(Math.min(...kept.filter((seq) => kinds(seq) === 'command.run')))
  expect(losses.every(({ reason }) => reason === 'cap')).toBe(true)
  expect(spool.lost.cap).toBe(lost().length)
  await spool.close()
})

test('a batch on its way is not touched when there is no room: what it held is acknowledged, nothing else', async () => {
  const losses: Loss[] = []
  const spool = new Spool({ folder: folder(), segmentBytes: 2000, capBytes: 6000, onLoss: (loss) => losses.push(loss) })
  await fill(spool, 0, 60, 100)
  const sent = spool.next(5, 1e9).map(({ seq }) => seq)
  for (let i = 60; i < 300; i += 10) await fill(spool, i, i + 10, 100)
  spool.acknowledge(sent.length)
  const kept = drain(spool)
  const lost = losses.flatMap(({ first, last }) => range(first, last + 1))
  expect([...new Set([...sent, ...lost, ...kept])].sort((a, b) => a - b)).toEqual(range(0, 300))
  expect(sent.length + lost.length + kept.length).toBe(300)
  await spool.close()
})

test('a lost line that told of losses is told again', async () => {
  const losses: Loss[] = []
  const spool = new Spool({ folder: folder(), segmentBytes: 500, capBytes: 1500, onLoss: (loss) => losses.push(loss) })
  const dropped = { seq: 0, kind: 'spool.dropped', data: { from: 3, to: 9, reason: 'disk', of: 'earlier' } }
  spool.append({ boot: 'b', seq: 0, json: JSON.stringify(dropped) })
  await spool.written()
  for (let seq = 1; seq < 40; seq++) {
    spool.append({ boot: 'b', seq, json: `{"seq":${seq},"kind":"command.run","pad":"${'x'.repeat(200)}"}` })
    await spool.written()
  }
  expect(losses).toContainEqual({ boot: 'earlier', first: 3, last: 9, reason: 'disk' })
  expect(losses.some(({ boot, first }) => boot === 'b' && first === 0)).toBe(true)
  await spool.close()
})

test('what is older than its time goes, and is told', async () => {
  const at = folder()
  const losses: Loss[] = []
  const spool = new Spool({ folder: at, segmentBytes: 500, capDays: 2, onLoss: (loss) => losses.push(loss) })
  for (let i = 0; i < 40; i += 10) await fill(spool, i, i + 10)
  const old = new Date(Date.now() - 3 * 86_400_000)
  const [first = ''] = readdirSync(at)
    .filter((name) => name.endsWith('.seg'))
    .sort()
  utimesSync(join(at, first), old, old)
  spool.setCaps(1e9, 2)
  await fill(spool, 40, 41)
  expect(losses).toEqual([{ boot: 'b', first: 0, last: 9, reason: 'age' }])
  expect(drain(spool)).toEqual(range(10, 41))
  await spool.close()
})

test('the end of an earlier run is told when all that is left of it is delivered, and not before', async () => {
  const at = folder()
  const closed: string[] = []
  const open = (boot: string): Spool =>
    new Spool({ folder: at, boot, onClosed: (run) => closed.push(`${run.boot} ${run.clean}`) })
  const put = (spool: Spool, boot: string, seq: number): void => spool.append({ boot, seq, json: `{"seq":${seq}}` })
  const first = open('one')
  for (let seq = 0; seq < 5; seq++) put(first, 'one', seq)
  await first.written() // and here it dies
  const second = open('two')
  second.begin()
  for (let seq = 0; seq < 5; seq++) put(second, 'two', seq)
  await second.written()
  expect(closed).toEqual([])
  expect(second.next(3, 1e9).map(({ boot }) => boot)).toEqual(['one', 'one', 'one'])
  second.acknowledge(3)
  expect(closed).toEqual([])
  second.acknowledge(second.next(100, 1e9).length)
  expect(closed).toEqual(['one false'])
  await second.close()
  const third = open('three')
  third.begin()
  expect(drain(third)).toEqual([0, 1, 2, 3, 4])
  expect(closed).toEqual(['one false', 'two true'])
  await third.close()
})

test('however appending, sending and starting anew are mixed, every event is delivered, once, in order', async () => {
  const step = fc.oneof(
    fc.record({ append: fc.integer({ min: 1, max: 60 }) }),
    fc.record({ send: fc.integer({ min: 1, max: 80 }) }),
    fc.constant({ restart: true }),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      const at = folder()
      const options = { folder: at, segmentBytes: 2000, onLoss: (loss: Loss) => losses.push(loss) }
      const losses: Loss[] = []
      let spool = new Spool(options)
      let made = 0
      const seen: number[] = []
      for (const one of steps) {
        if ('append' in one) {
          // Some are still on their way to the disk while the next step runs.
          for (let i = 0; i < one.append; i++) spool.append({ boot: 'b', seq: made, json: `{"seq":${made++}}` })
          if (one.append % 2 === 0) await spool.written()
        } else if ('send' in one) {
          const batch = spool.next(one.send, 1e9)
          seen.push(...batch.map(({ seq }) => seq))
          await new Promise((resolve) => setImmediate(resolve))
          spool.acknowledge(batch.length)
        } else {
          await spool.close()
          spool = new Spool(options)
        }
      }
      await spool.written()
      seen.push(...drain(spool, 1000))
      await spool.close()
      expect(seen).toEqual(range(0, made))
      expect(losses).toEqual([])
    }),
    { numRuns: 60 },
  )
}, 60_000)

/** A disk of 300 KB, where the machine allows to make one. */
function tinyDisk(): string | undefined {
  const at = folder()
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=300k', 'tmpfs', at], { stdio: 'ignore' })
    return at
  } catch {
    console.log('skipped: no small disk can be mounted here')
    return undefined
  }
}
const tiny = tinyDisk()

test.runIf(tiny !== undefined)(
  'on a full disk what does not fit is told, the rest is delivered, and with room again it goes on',
  async () => {
    const losses: Loss[] = []
    const spool = new Spool({ folder: join(tiny ?? '', 'spool'), onLoss: (loss) => losses.push(loss) })
    for (let from = 0; from < 600; from += 100) await fill(spool, from, from + 100, 1000)
    const seen = drain(spool, 1000)
    await fill(spool, 600, 650)
    seen.push(...drain(spool, 1000))
    await spool.close()
    execFileSync('umount', [tiny ?? ''])
    const lost = losses.flatMap(({ first, last }) => range(first, last + 1))
    expect(losses.length).toBeGreaterThan(0)
    expect(losses.every(({ reason }) => reason === 'disk')).toBe(true)
    expect([...seen, ...lost].sort((a, b) => a - b)).toEqual(range(0, 650))
    expect(seen).toEqual(expect.arrayContaining(range(600, 650)))
  },
)
