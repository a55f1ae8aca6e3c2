import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { loadIdentity } from '../packages/sensor/src/identity.ts'
import type { PersonaName } from '../packages/sensor/src/personas/index.ts'
import { freshState, ShellPool } from '../packages/sensor/src/world/pool.ts'
import { asked } from '../packages/sensor/src/world/shell.ts'
import { Worlds } from '../packages/sensor/src/world/world.ts'
import { verdict, type Recorded, type Verdict } from './fidelity.ts'

/** A machine of a persona, and what answers on it. */
async function play(name: PersonaName) {
  const { persona } = await loadIdentity(mkdtempSync(join(tmpdir(), 'skep-identity-')), name)
  const pool = new ShellPool(persona.machine)
  return { persona, pool, worlds: new Worlds(persona, pool) }
}
const machines = new Map<PersonaName, ReturnType<typeof play>>()
const machine = (name: PersonaName): ReturnType<typeof play> => {
  const known = machines.get(name) ?? play(name)
  machines.set(name, known)
  return known
}
afterAll(async () => {
  for (const one of machines.values()) await (await one).pool.stop()
})

const recordingsOf = (name: string): Recorded[] =>
  readFileSync(new URL(`recordings/${name}.jsonl`, import.meta.url), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Recorded)

/** Answers a line in a world of its own, as a shell that was given one command. */
async function answer(name: PersonaName, input: string, source: string) {
  const { persona, pool, worlds } = await machine(name)
  const result = await pool.run(
    worlds.of(source),
    {
      state: freshState('/root', 'root', persona.machine.shell === 'ash' ? '/bin/sh' : '/bin/bash'),
      line: Buffer.from(input).toString('latin1'),
      stdin: '',
      user: persona.machine.users[0]!,
      source,
      since: Date.now(),
      merged: false,
    },
    AbortSignal.timeout(30_000),
  )
  const { out, err, code } = asked(result)
  return { out: out.toString('latin1'), err: err.toString('latin1'), code }
}

test.each([
  // Real attackers' lines, and lines of our own that try every program and what the shell can.
  ['debian-11', 'debian-11', 0.95],
  ['debian-11-wide', 'debian-11', 0.85],
  ['debian-11-tools', 'debian-11', 0.85],
  // The same lines as other systems answered them.
  ['debian-11-shell', 'debian-11', 0.86],
  ['debian-12', 'debian-12', 0.95],
  // All other lines of the data, which were looked at only after they had been compared, and lines of several programs each.
  ['debian-12-more', 'debian-12', 0.97],
  ['debian-12-programs', 'debian-12', 0.7],
  ['ubuntu-22.04-more', 'ubuntu-22.04', 0.97],
  ['ubuntu-20.04', 'ubuntu-20.04', 0.95],
  ['ubuntu-22.04', 'ubuntu-22.04', 0.95],
  ['ubuntu-24.04', 'ubuntu-24.04', 0.95],
  // Busybox alone, of the release that the camera has, on another processor and with some more applets.
  ['busybox', 'camera', 0.9],
] as const)(
  'the lines of %s are answered as a real %s answered them',
  async (name, played, share) => {
    const { persona } = await machine(played)
    const recordings = recordingsOf(name)
    const found: { input: string; is: Verdict; said: { out: string; err: string; code: number } }[] = []
    let next = 0
    await Promise.all(
      [1, 2, 3, 4].map(async () => {
        for (let i = next++; i < recordings.length; i = next++) {
          const recorded = recordings[i]!
          const said = await answer(played, recorded.input, `${name} ${i}`)
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
