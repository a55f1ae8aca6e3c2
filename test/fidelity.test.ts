import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { loadIdentity } from '../packages/sensor/src/identity.ts'
import { freshState, ShellPool } from '../packages/sensor/src/world/pool.ts'
import { asked } from '../packages/sensor/src/world/shell.ts'
import { Worlds } from '../packages/sensor/src/world/world.ts'
import { verdict, type Recorded, type Verdict } from './fidelity.ts'

const { persona } = loadIdentity(mkdtempSync(join(tmpdir(), 'skep-identity-')))
const pool = new ShellPool(persona.machine)
const worlds = new Worlds(persona, pool)
const root = persona.machine.users[0]!
afterAll(() => pool.stop())

const recordings = readFileSync(new URL('recordings/debian-11.jsonl', import.meta.url), 'utf8')
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

test('real attackers’ lines are answered as a real Debian 11 answered them', async () => {
  const found: { input: string; is: Verdict; said: { out: string; err: string; code: number } }[] = []
  let next = 0
  await Promise.all(
    [1, 2, 3].map(async () => {
      for (let i = next++; i < recordings.length; i = next++) {
        const recorded = recordings[i]!
        const said = await answer(recorded.input, `198.51.100.${i}`)
        found.push({ input: recorded.input, is: verdict(recorded, said, persona.machine.hostname), said })
      }
    }),
  )
  for (const { input, said } of found)
    expect(said.out + said.err, input).not.toMatch(
      /just-bash|executionLimit|Parse error|invalid \w+ accounting|browser environments/i,
    )
  const count = (is: Verdict) => found.filter((one) => one.is === is).length
  console.log(
    `${found.length} lines: ${count('equal')} equal, ${count('values')} but for values, ${count('table')} lists of the same form, ${count('differs')} differ`,
  )
  for (const { input, is } of found) if (is === 'differs') console.log(`  differs: ${input.slice(0, 110)}`)
  if (process.env['SKEP_WRITE_FIDELITY'] !== undefined)
    writeFileSync(process.env['SKEP_WRITE_FIDELITY'], JSON.stringify(found))
  expect((found.length - count('differs')) / found.length).toBeGreaterThan(0.95)
}, 180_000)
