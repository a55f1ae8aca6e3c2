// Builds what runs: the command with all that it needs, the worker threads and the engine's child process, and the
// portal. `node scripts/build.mjs --no-portal` leaves the portal out; `--watch` builds again when a source changes.
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, rmSync, watch as watchFolder } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'
import { packFacts } from './facts.mjs'
import { mendEngine } from './mend-engine.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const out = `${root}packages/cli/dist`

/** Not in the bundle: native parts, and data that are found by their package. */
const external = [
  /^chdb$/,
  /^libsql$/,
  /^ssh2$/,
  /^@libsql\//,
  /^@ip-location-db\//,
  /^cpu-features$/,
  /\.node$/,
  /^node:/,
  /^node-liblzma$/,
]

const bundles = [
  { name: 'skep', input: `${root}packages/cli/src/main.ts` },
  { name: 'engine', input: `${root}packages/hub/src/store/engine.ts` },
  { name: 'loader', input: `${root}packages/hub/src/enrich/loader.ts` },
  { name: 'yara-worker', input: `${root}packages/share/src/samples/yara-worker.ts` },
  { name: 'fetcher', input: `${root}packages/cli/src/fetcher-main.ts` },
  { name: 'shell-worker', input: `${root}packages/sensor/src/world/worker.ts` },
]

async function buildNode() {
  for (const { name, input } of bundles) {
    const bundle = await rolldown({ input, platform: 'node', external, logLevel: 'silent', plugins: [mendEngine] })
    await bundle.write({
      dir: out,
      format: 'esm',
      entryFileNames: `${name}.js`,
      // Beside the entries: they find workers and folders relative to themselves.
      chunkFileNames: `${name}-[name]-[hash].js`,
      banner: name === 'skep' ? '#!/usr/bin/env node' : '',
      sourcemap: false,
      minify: false,
    })
    await bundle.close()
  }
  chmodSync(`${out}/skep.js`, 0o755)
  packFacts(out)
  cpSync(`${root}packages/cli/demo`, `${out}/demo`, { recursive: true })
  cpSync(`${root}packages/hub/fonts`, `${out}/fonts`, { recursive: true })
  cpSync(`${root}packages/share/warninglists`, `${out}/warninglists`, { recursive: true })
  cpSync(`${root}packages/share/yara`, `${out}/yara`, { recursive: true })
  cpSync(fileURLToPath(import.meta.resolve('@virustotal/yara-x')).replace(/\.js$/, '_bg.wasm'), `${out}/yara.wasm`)
  cpSync(fileURLToPath(import.meta.resolve('harfbuzzjs/dist/harfbuzz.wasm')), `${out}/harfbuzz.wasm`)
}

async function buildPortal() {
  const { build } = await import('vite')
  await build({ root: `${root}packages/portal`, logLevel: 'warn', build: { outDir: `${out}/web`, emptyOutDir: true } })
}

const portal = !process.argv.includes('--no-portal') && existsSync(`${root}packages/portal/index.html`)
mkdirSync(out, { recursive: true })
for (const name of readdirSync(out)) if (/\.js$|^chunks$/.test(name)) rmSync(`${out}/${name}`, { recursive: true })
await buildNode()
if (portal) await buildPortal()
console.log(`built packages/cli/dist${portal ? ' with the portal' : ''}`)

if (process.argv.includes('--watch')) {
  let timer
  const again = () => {
    clearTimeout(timer)
    timer = setTimeout(
      () =>
        buildNode().then(
          () => console.log('built again'),
          (error) => console.error(String(error)),
        ),
      150,
    )
  }
  for (const name of ['vocabulary', 'sensor', 'hub', 'share', 'fetcher', 'cli'])
    watchFolder(`${root}packages/${name}/src`, { recursive: true }, again)
}
