import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { loadIdentity } from '../packages/sensor/src/identity.ts'
import { freshState, ShellPool } from '../packages/sensor/src/world/pool.ts'
import { asked } from '../packages/sensor/src/world/shell.ts'
import { Worlds } from '../packages/sensor/src/world/world.ts'
import { verdict, type Recorded, type Verdict } from './fidelity.ts'

const { persona } = await loadIdentity(mkdtempSync(join(tmpdir(), 'skep-identity-')))
const pool = new ShellPool(persona.machine)
const worlds = new Worlds(persona, pool)
const root = persona.machine.users[0]!
afterAll(() => pool.stop())

const recordingsOf = (name: string): Recorded[] =>
  readFileSync(new URL(`recordings/${name}.jsonl`, import.meta.url), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Recorded)

/** Answers a line in a world of its own, as a shell that was given one command. */
async function answer(input: string, source: string) {
  const result = await pool.run(
    worlds.of(source),
    {
      state: freshState('/root', 'root', '/bin/bash'),
      line: Buffer.from(input).toString('latin1'),
      stdin: '',
      user: root,
      source,
      since: Date.now(),
      merged: false,
    },
    AbortSignal.timeout(30_000),
  )
  const { out, err } = asked(result, false, input)
  return { out: out.toString('latin1'), err: err.toString('latin1'), code: result.code }
}

test.each([
  // Real attackers' lines, and lines of our own that try every program and what the shell can.
  ['debian-11', 0.95],
  ['debian-11-wide', 0.85],
])(
  'the lines of %s are answered as a real Debian 11 answered them',
  async (name, share) => {
    const recordings = recordingsOf(name)
    const found: { input: string; is: Verdict; said: { out: string; err: string; code: number } }[] = []
    let next = 0
    await Promise.all(
      [1, 2, 3].map(async () => {
        for (let i = next++; i < recordings.length; i = next++) {
          const recorded = recordings[i]!
          const said = await answer(recorded.input, `${name} ${i}`)
          found.push({ input: recorded.input, is: verdict(recorded, said, persona.machine.hostname), said })
        }
      }),
    )
    for (const { input, said } of found)
      expect(said.out + said.err, input).not.toMatch(
        /just-bash|executionLimit|Parse error|invalid \w+ accounting|browser environments|ENOENT|EACCES/i,
      )
    const count = (is: Verdict) => found.filter((one) => one.is === is).length
    console.log(
      `${name}: ${found.length} lines: ${count('equal')} equal, ${count('values')} but for values, ${count('table')} lists of the same form, ${count('differs')} differ`,
    )
    for (const { input, is } of found) if (is === 'differs') console.log(`  differs: ${input.slice(0, 110)}`)
    expect((found.length - count('differs')) / found.length).toBeGreaterThan(share)
  },
  180_000,
)
