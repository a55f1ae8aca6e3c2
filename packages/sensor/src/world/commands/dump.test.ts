import { spawnSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import type { Io } from './command.ts'
import { dump } from './dump.ts'

// Held against the programs of the machine that the test runs on, where it has them.
const real = (name: string): boolean =>
  spawnSync(name, ['--version'], { encoding: 'utf8' }).stdout?.match(/coreutils|util-linux/) != null
const ours = (name: string, args: readonly string[], bytes: Buffer) => {
  const io = { stdin: bytes.toString('latin1'), cwd: '/', fs: {} } as unknown as Io
  const { out = '', code = 0 } = (dump[name]?.(args, io) ?? {}) as { out?: string; code?: number }
  return { out, code }
}
const elf = Buffer.concat([
  Buffer.from('7f454c4602010100000000000000000003003e0001000000', 'hex'),
  Buffer.from('hello\n\t\\ world'),
  Buffer.alloc(70),
  Buffer.from([255, 254, 128, 127, 31]),
])
const inputs = [elf, Buffer.alloc(0), Buffer.from('a'), Buffer.alloc(64, 65), elf.subarray(0, 33)]

describe.runIf(real('od'))('od prints what the real one prints', () => {
  test.each([
    '',
    '-An -tx1',
    '-t x1',
    '-tx2',
    '-t x4',
    '-A d -t u1',
    '-A x -t x1z',
    '-t d1',
    '-td2',
    '-td4',
    '-tu4',
    '-to1',
    '-ta',
    '-c',
    '-b',
    '-x',
    '-v -tx1',
    '-N 4 -An -tx1',
    '-j 16 -N 8 -tx1',
    '-An -tu1 -w4',
    '-w8 -tx1',
    '-tx1 -c',
    '-An -t x1 -v -w1',
    '-tx1z -w20',
    '-N 0x10 -j 020',
    '--format=x1 --address-radix=n',
  ])('od %s', (line) => {
    const args = line === '' ? [] : line.split(' ')
    for (const input of inputs) {
      if (line.includes('-j') && input.length < 33) continue
      const { stdout, status } = spawnSync('od', args, { input, env: { LC_ALL: 'C', PATH: process.env['PATH'] } })
      expect(ours('od', args, input)).toEqual({ out: stdout.toString('latin1'), code: status })
    }
  })
})

describe.runIf(real('hexdump'))('hexdump prints what the real one prints', () => {
  test.each(['', '-C', '-v -C', '-n 20 -C', '-b', '-x', '-d', '-o', '-c'])('hexdump %s', (line) => {
    const args = line === '' ? [] : line.split(' ')
    for (const input of inputs) {
      const { stdout, status } = spawnSync('hexdump', args, { input, env: { LC_ALL: 'C', PATH: process.env['PATH'] } })
      expect(ours('hexdump', args, input)).toEqual({ out: stdout.toString('latin1'), code: status })
    }
  })
  test.each([
    ['-n', '4', '-e', '4/1 "%02x" "\\n"'],
    ['-v', '-e', '1/1 "%02x "'],
    ['-n', '8', '-e', '1/4 "%u\\n"'],
  ])('hexdump %s %s %s %s', (...args) => {
    const { stdout } = spawnSync('hexdump', args, { input: elf, env: { LC_ALL: 'C', PATH: process.env['PATH'] } })
    expect(ours('hexdump', args, elf).out).toBe(stdout.toString('latin1'))
  })
})

test('what is no option, and what is not there, is told', () => {
  expect(ours('od', ['-q'], elf)).toEqual({ out: '', code: 1 })
  const fs = {
    content: () => {
      throw Object.assign(new Error('x'), { code: 'ENOENT' })
    },
  }
  const io = { stdin: '', cwd: '/', fs } as unknown as Io
  expect(dump['od']?.(['/no/such'], io)).toEqual({
    out: '0000000\n',
    err: 'od: /no/such: No such file or directory\n',
    code: 1,
  })
})
