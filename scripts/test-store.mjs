// Runs the tests of the hub against a store that is given by its address: that of SKEP_TEST_CLICKHOUSE, or, without,
// the embedded engine standing as a server on the loopback.
import { fork, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const given = process.env.SKEP_TEST_CLICKHOUSE
const folder = mkdtempSync(join(tmpdir(), 'skep-store-'))
let engine
let url = given
if (given === undefined) {
  const port = await new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port: free } = server.address()
      server.close(() => resolve(free))
    })
  })
  url = `http://127.0.0.1:${port}`
  engine = fork(fileURLToPath(new URL('../packages/cli/dist/engine.js', import.meta.url)), {
    env: {
      ...process.env,
      SKEP_ENGINE: JSON.stringify({
        directory: join(folder, 'engine'),
        socket: join(folder, 'unused.sock'),
        port,
        readers: 3,
        memory: 2 ** 30,
      }),
    },
  })
  await new Promise((resolve, reject) => {
    engine.once('message', resolve)
    engine.once('exit', (code) => reject(new Error(`the engine ended with ${code}`)))
  })
}
// One file after the other: they share the one database.
const { status } = spawnSync(
  process.execPath,
  [
    'node_modules/vitest/vitest.mjs',
    'run',
    '--no-file-parallelism',
    'packages/hub/src/hub.test.ts',
    'packages/hub/src/gateway',
  ],
  { stdio: 'inherit', env: { ...process.env, SKEP_TEST_CLICKHOUSE: url } },
)
if (engine !== undefined) {
  const ended = new Promise((resolve) => engine.once('exit', resolve))
  engine.send('stop')
  const late = setTimeout(() => {
    console.error('the engine did not end when it was told to')
    engine.kill('SIGKILL')
  }, 60_000)
  await ended
  clearTimeout(late)
}
rmSync(folder, { recursive: true, force: true })
process.exit(status ?? 1)
