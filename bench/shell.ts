import { execFileSync } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadIdentity } from '../packages/sensor/src/identity.ts'
import { freshState, ShellPool } from '../packages/sensor/src/world/pool.ts'
import { Worlds } from '../packages/sensor/src/world/world.ts'

const lines = ['true', 'echo hi', 'cat /etc/passwd | wc -l', 'uname -a; id; w', 'for i in $(seq 200); do echo $i; done']

/** What the shell costs: a line, a world, and what a hostile line costs its neighbours. */
export async function benchShell() {
  const { persona } = await loadIdentity(mkdtempSync(join(tmpdir(), 'skep-bench-')), 'debian-12')
  const pool = new ShellPool(persona.machine)
  const worlds = new Worlds(persona, pool)
  const [user] = persona.machine.users
  if (user === undefined) throw new Error('the persona has no user')
  const run = (source: string, line: string, state = freshState('/root', 'root', '/bin/bash')) =>
    pool.run(
      worlds.of(source),
      { state, line, stdin: '', user, source, since: Date.now(), merged: true },
      AbortSignal.timeout(60_000),
    )
  const costs: { line: string; cpuMs: number; bashMs: number }[] = []
  for (const line of lines) {
    for (let i = 0; i < 50; i++) await run('warm', line)
    const before = process.cpuUsage()
    for (let i = 0; i < 300; i++) await run(`cost ${i % 10}`, line)
    const used = process.cpuUsage(before)
    const began = performance.now()
    for (let i = 0; i < 30; i++) execFileSync('/bin/bash', ['-c', line], { stdio: 'ignore' })
    costs.push({ line, cpuMs: (used.user + used.system) / 300_000, bashMs: (performance.now() - began) / 30 })
  }
  globalThis.gc?.()
  const empty = process.memoryUsage().rss
  const states = new Map<string, ReturnType<typeof freshState>>()
  for (let i = 0; i < 500; i++) states.set(`shell ${i}`, (await run(`shell ${i}`, 'x=1; cd /tmp')).state)
  const mb = (process.memoryUsage().rss - empty) / 1024 / 1024

  // Three that work without end, and one that asks for its name.
  const hostile = ['while :; do :; done', 'f() { f | f & }; f', 'x=a; while :; do x=$x$x; done'].map((line, i) =>
    run(`hostile ${i}`, line),
  )
  const delays: number[] = []
  const until = Date.now() + 2500
  while (Date.now() < until) {
    const began = performance.now()
    await run('neighbour', 'id')
    delays.push(performance.now() - began)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  await Promise.all(hostile)
  await pool.stop()
  delays.sort((a, b) => a - b)
  return {
    costs,
    mb500: mb,
    delayMs: { half: delays[delays.length >> 1] ?? 0, p99: delays[Math.floor(delays.length * 0.99)] ?? 0 },
  }
}
