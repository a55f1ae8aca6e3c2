// Everything in one go for working on it: builds at every change of a source and starts again with the same data; the
// portal is served by Vite with reload in the browser and talks to the hub.
import { spawn } from 'node:child_process'
import { existsSync, watch } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const node = process.execPath
const run = (args, options = {}) => spawn(node, args, { cwd: root, stdio: 'inherit', ...options })
const build = () =>
  new Promise((resolve) =>
    run(['scripts/build.mjs', ...(existsSync(`${root}packages/cli/dist/web`) ? ['--no-portal'] : [])]).once(
      'exit',
      resolve,
    ),
  )

let child
const stop = () =>
  new Promise((resolve) => {
    if (child === undefined || child.exitCode !== null) return resolve()
    child.once('exit', resolve)
    child.kill('SIGINT')
  })
const start = () => {
  child = run([
    'packages/cli/dist/skep.js',
    'start',
    '--data',
    'skep-data/dev',
    '--no-update',
    ...process.argv.slice(2),
  ])
}

await build()
start()
const vite = run([`${root}node_modules/vite/bin/vite.js`, 'packages/portal', '--port', '8401'])
console.log('The portal with reload is at http://127.0.0.1:8401 once you have signed in at the hub’s own address.')

let timer
for (const name of ['vocabulary', 'sensor', 'hub', 'cli']) {
  watch(`${root}packages/${name}/src`, { recursive: true }, () => {
    clearTimeout(timer)
    timer = setTimeout(async () => {
      if ((await build()) !== 0) return
      await stop()
      start()
    }, 300)
  })
}
process.on('SIGINT', async () => {
  vite.kill()
  await stop()
  process.exit(0)
})
