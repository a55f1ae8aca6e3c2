#!/usr/bin/env node
// Records a system that cannot be run here, because it is for another processor, with the help of the same release that was
// recorded where it runs.
//
//   mmdebstrap --variant=extract --architectures=arm64 --skip=cleanup/apt,cleanup/apt/lists --include=… bookworm ROOT
//   node scripts/port-persona.mjs ROOT FROM NAME
//
// ROOT holds the files of the packages, unpacked and not set up: their sizes, modes, ages and programs' headers are those
// of the other processor. What is made when packages are set up (users, links of alternatives, what is in /var) is what
// FROM, the same release, has. Nothing of ROOT is run.
import { spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'

const [root, from, name] = process.argv.slice(2)
if (root === undefined || from === undefined || name === undefined) {
  console.error('usage: node scripts/port-persona.mjs ROOT FROM NAME')
  process.exit(2)
}
const factsOf = (system) => new URL(`../packages/sensor/src/personas/facts/${system}.json`, import.meta.url)
const base = JSON.parse(readFileSync(factsOf(from), 'utf8'))

// What setting up would have made, and the recorder needs.
for (const folder of ['bin', 'sbin', 'lib'])
  if (base.tree['/'].includes(`${folder}>usr/${folder}`) && !lstatSync(join(root, folder)).isSymbolicLink()) {
    cpSync(join(root, folder), join(root, 'usr', folder), {
      recursive: true,
      verbatimSymlinks: true,
      preserveTimestamps: true,
    })
    rmSync(join(root, folder), { recursive: true })
    symlinkSync(`usr/${folder}`, join(root, folder))
  }
writeFileSync(join(root, 'etc/passwd'), `${base.release.users.join('\n')}\n`)
writeFileSync(join(root, 'etc/group'), `${base.release.groups.join('\n')}\n`)
const lists = join(root, 'var/lib/apt/lists')
const blocks = readdirSync(lists)
  .filter((file) => file.endsWith('_Packages'))
  .flatMap((file) => readFileSync(join(lists, file), 'utf8').split('\n\n'))
const cached = new Set(
  existsSync(join(root, 'var/cache/apt/archives'))
    ? readdirSync(join(root, 'var/cache/apt/archives')).map((file) => file.split('_').slice(0, 2).join('_'))
    : [],
)
const field = (block, key) => new RegExp(`^${key}: (.*)$`, 'm').exec(block)?.[1] ?? ''
const seen = new Set()
const status = blocks.filter((block) => {
  const packageName = field(block, 'Package')
  const there = cached.has(`${packageName}_${field(block, 'Version').replace(':', '%3a')}`)
  if (!there || seen.has(packageName)) return false
  seen.add(packageName)
  return true
})
mkdirSync(join(root, 'var/lib/dpkg'), { recursive: true })
writeFileSync(
  join(root, 'var/lib/dpkg/status'),
  status.map((block) => `${block.trim()}\nStatus: install ok installed\n`).join('\n'),
)
const { status: code } = spawnSync(
  process.execPath,
  [new URL('record-persona.mjs', import.meta.url).pathname, root, name],
  {
    stdio: 'inherit',
  },
)
if (code !== 0) process.exit(code ?? 1)

const own = JSON.parse(readFileSync(factsOf(name), 'utf8'))
const nameOf = (entry) => entry.split(/[ >]/)[0].replace(/\/$/, '')
const has = (given) => {
  const path = given.replace(/^\/(bin|sbin|lib)\//, '/usr/$1/')
  const cut = path.lastIndexOf('/')
  return own.tree[path.slice(0, cut) || '/']?.split('|').some((entry) => nameOf(entry) === path.slice(cut + 1)) === true
}
/** Where a link of the base leads to. */
const target = (folder, to) =>
  to.startsWith('/') ? to : new URL(to, `file://${folder === '/' ? '' : folder}/`).pathname
const kept = {}
for (const [folder, line] of Object.entries(base.tree)) {
  if (folder.includes('x86_64')) continue
  // Whose a file is and what may be done with it is settled when its package is set up.
  const settled = new Map(line.split('|').map((entry) => [nameOf(entry), entry.split(' ').slice(3).join(' ')]))
  const mine = (own.tree[folder]?.split('|') ?? []).map((entry) => {
    const about = settled.get(nameOf(entry)) ?? ''
    return about === '' || /[>/]/.test(entry.split(' ')[0]) ? entry : [...entry.split(' ').slice(0, 3), about].join(' ')
  })
  const names = new Set(mine.map(nameOf))
  const more = line.split('|').filter((entry) => {
    if (names.has(nameOf(entry)) || entry.includes('x86_64')) return false
    const to = /^[^ ]*?>(.*)$/.exec(entry)?.[1]
    // A link is set up where what it leads to is there; a file where it is made on every machine.
    if (to !== undefined) {
      const at = target(folder, to)
      const real = /^\/etc\/alternatives\//.test(at)
        ? (base.tree['/etc/alternatives'] ?? '')
            .split('|')
            .find((one) => nameOf(one) === at.slice(at.lastIndexOf('/') + 1))
            ?.split('>')[1]
        : at
      return real !== undefined && (has(real) || real.startsWith('/usr/share/zoneinfo/'))
    }
    return /^\/(etc|var)(\/|$)/.test(folder) || (entry.split(' ')[0].endsWith('/') && folder.split('/').length < 4)
  })
  if (mine.length + more.length > 0) kept[folder] = [...mine, ...more].sort().join('|')
}
for (const [folder, line] of Object.entries(own.tree)) kept[folder] ??= line
const settings = {
  ...Object.fromEntries(Object.entries(base.settings).filter(([path]) => has(path) || /^\/etc\/pam\.d\//.test(path))),
  ...own.settings,
}
writeFileSync(
  factsOf(name),
  `${JSON.stringify(
    {
      ...own,
      release: { ...own.release, users: base.release.users, groups: base.release.groups, motd: base.release.motd },
      tree: Object.fromEntries(Object.entries(kept).sort(([a], [b]) => (a < b ? -1 : 1))),
      settings,
    },
    undefined,
    1,
  )}\n`,
)
