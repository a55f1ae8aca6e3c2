import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { loadIdentity } from '../packages/sensor/src/identity.ts'
import { freshState, ShellPool } from '../packages/sensor/src/world/pool.ts'
import { asked } from '../packages/sensor/src/world/shell.ts'
import { Worlds } from '../packages/sensor/src/world/world.ts'
import { programs } from './programs.ts'

/** What a real shell prints and how it ends, without a program but itself; undefined where it does not end. */
function real(shell: string, line: string, cwd: string): { out: string; code: number } | undefined {
  try {
    const out = execFileSync(shell, ['-c', line], {
      env: { PATH: '/nosuch', HOME: '/root' },
      cwd,
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: 3000,
      maxBuffer: 200_000,
      encoding: 'latin1',
    })
    return { out, code: 0 }
  } catch (error) {
    const { stdout, status } = error as { stdout: string; status: number | null }
    return status === null ? undefined : { out: stdout, code: status }
  }
}

/** Programs that the real shell and ours end alike. */
async function alike(
  shell: 'bash' | 'dash',
  count: number,
  seed: number,
): Promise<{ same: number; other: { line: string; real: unknown; ours: unknown }[] }> {
  const { persona } = await loadIdentity(mkdtempSync(join(tmpdir(), 'skep-identity-')), 'debian-12')
  const pool = new ShellPool(persona.machine)
  const worlds = new Worlds(persona, pool)
  const [user] = persona.machine.users
  const begin =
    shell === 'bash'
      ? 'v="abcb c"; v2=5; n=1; r=v; a=(x "y z" w); set -- one "two 2" three; '
      : 'v="abcb c"; v2=5; n=1; set -- one "two 2" three; '
  const cwd = mkdtempSync(join(tmpdir(), 'skep-shell-'))
  let same = 0
  const other: { line: string; real: unknown; ours: unknown }[] = []
  for (const [i, program] of fc.sample(programs(shell === 'bash'), { numRuns: count, seed }).entries()) {
    const line = begin + program
    const there = line.length > 1500 ? undefined : real(`/bin/${shell}`, line, cwd)
    if (there === undefined) continue
    const state = {
      ...freshState('/root', 'root', '/bin/bash'),
      env: { PATH: shell === 'bash' ? '/nosuch' : '/usr/bin', HOME: '/root' },
      cwd: '/mnt',
    }
    // In dash: a shell within the shell, whose own programs are as little there.
    const ours = shell === 'bash' ? line : `dash -c 'PATH=/nosuch; ${line.replaceAll("'", `'\\''`)}'`
    const result = await pool.run(
      worlds.of(`shell ${i % 20}`),
      {
        state,
        line: Buffer.from(ours).toString('latin1'),
        stdin: '',
        user: user!,
        source: '192.0.2.1',
        since: Date.now(),
        merged: false,
      },
      AbortSignal.timeout(20_000),
    )
    const said = asked(result)
    if (said.out.toString('latin1') === there.out && said.code === there.code) same++
    else
      other.push({
        line: program,
        real: there,
        ours: { out: said.out.toString('latin1'), err: said.err.toString('latin1'), code: said.code },
      })
  }
  await pool.stop()
  return { same, other }
}

test.runIf(existsSync('/bin/bash'))(
  'bash and ours make the same of programs that were made by chance',
  async () => {
    const { same, other } = await alike('bash', 400, 5)
    console.log(`bash: ${same} programs alike, ${other.length} not`)
    if (process.env['SKEP_SHOW'] !== undefined) console.log(JSON.stringify(other, null, 1))
    expect(same / (same + other.length)).toBeGreaterThan(0.96)
  },
  120_000,
)

test.runIf(existsSync('/bin/dash'))(
  'dash and ours make the same of programs that were made by chance',
  async () => {
    const { same, other } = await alike('dash', 400, 5)
    console.log(`dash: ${same} programs alike, ${other.length} not`)
    if (process.env['SKEP_SHOW'] !== undefined) console.log(JSON.stringify(other, null, 1))
    expect(same / (same + other.length)).toBeGreaterThan(0.96)
  },
  120_000,
)
