#!/usr/bin/env node
// Records the facts of a real system for a persona: which files there are, how large, whose, how old; what its
// programs' headers say; what its configuration sets (settings, not comments); which packages are installed; which
// release it is and which users it has.
//
//   node scripts/record-persona.mjs ROOT NAME
//
// ROOT is the folder of an unpacked system (made by debootstrap, by unpacking an image, or mounted from a disk); it
// needs to be readable and is not changed, and nothing in it is run. The facts go to
// packages/sensor/src/personas/facts/NAME.json. docs/developer.md tells the whole way to a new persona.
import { lstatSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const [root, name] = process.argv.slice(2)
if (root === undefined || name === undefined) {
  console.error('usage: node scripts/record-persona.mjs ROOT NAME')
  process.exit(2)
}

/** Made by the kernel or by the persona itself. */
const made = /^\/(proc|sys|dev|run|tmp|lost\+found)$/
/** So much of the listing, and nobody looks: the folder is told, not what is in it. */
const bulky =
  /^\/(usr\/share\/[^/]+\/.|usr\/lib\/(python[\d.]*|[^/]*-linux-gnu|git-core|gcc|groff|terminfo|locale|file)\/[^/]+\/|usr\/include\/.|usr\/src\/.|var\/cache\/[^/]+\/.|var\/lib\/[^/]+\/.|var\/lib\/dpkg\/info\/.|etc\/ssl\/certs\/.|etc\/alternatives\/.*\.gz$)/
/** What only this one system has, or a persona draws for itself. */
const own =
  /^\/etc\/((passwd|shadow|group|gshadow|subuid|subgid)-?|hostname|hosts|machine-id|resolv\.conf|fstab|mtab|issue(\.net)?|motd|adjtime|\.pwd\.lock|ssh\/(ssh_host_|moduli)|ld\.so\.cache|debian_version|os-release)|^\/(etc\/apt\/|root\/|home\/|inst\.sh|done$|policy)|^\/var\/(log|mail|spool\/cron)\/.|policy-rc\.d$/

/** Names of users and groups by their numbers: each persona has numbers of its own. */
const names = (file) =>
  new Map(
    readFileSync(join(root, file), 'utf8')
      .split('\n')
      .map((line) => line.split(':'))
      .map(([name, , id]) => [Number(id), name]),
  )
const [users, groups] = [names('etc/passwd'), names('etc/group')]
const today = Math.floor(Date.now() / 86_400_000)
const tree = {}
const programs = {}
const settings = {}

/** A program's header: kind, entry, where its sections are, how many of what. */
function header(path) {
  const bytes = readFileSync(path)
  if (bytes.length < 64 || bytes.readUInt32BE(0) !== 0x7f454c46) return undefined
  const wide = bytes[4] === 2
  const word = (at) => (wide ? Number(bytes.readBigUInt64LE(at)) : bytes.readUInt32LE(at))
  const [entry, shoff, flags] = wide ? [word(24), word(40), 48] : [word(24), word(32), 36]
  const [phnum, shnum, shstrndx] = [8, 12, 14].map((at) => bytes.readUInt16LE(flags + at))
  return [bytes.readUInt16LE(16), entry, shoff, phnum, shnum, shstrndx].join(' ')
}

/** What a file of configuration sets: its lines without comments. Undefined where it is a program or no text. */
function set(path) {
  const bytes = readFileSync(path)
  if (bytes.length > 20_000 || bytes.includes(0)) return undefined
  const text = bytes.toString('utf8')
  if (
    text.startsWith('#!') ||
    /^\/(skel|profile|vim|apparmor|dhcp|logcheck|groff|bash|init|nginx\/(koi|win))|README|\.py$/.test(
      path.slice(root.length + 4),
    )
  )
    return undefined
  const lines = text.split('\n').filter((line) => !/^\s*([#;].*)?$/.test(line))
  return lines.map((line) => `${line}\n`).join('')
}

function walk(path) {
  const real = join(root, path)
  const entries = []
  for (const child of readdirSync(real).sort()) {
    const at = path === '/' ? `/${child}` : `${path}/${child}`
    if (own.test(at) || bulky.test(at) || /[|\n]/.test(child)) continue
    const stat = lstatSync(join(root, at))
    const mode = (stat.mode & 0o7777).toString(8)
    const owner = `${users.get(stat.uid) ?? stat.uid}:${groups.get(stat.gid) ?? stat.gid}`
    // Days since 1970; what is as new as this recording is as old as the persona's own installation.
    const day = Math.floor(stat.mtimeMs / 86_400_000)
    const age = day > today - 30 ? '' : String(day)
    if (stat.isSymbolicLink()) entries.push(`${child}>${readlinkSync(join(root, at))}`)
    else if (stat.isDirectory()) {
      entries.push(
        [`${child}/`, mode, owner, age]
          .join(' ')
          .trimEnd()
          .replace(/ 755 root:root(?= |$)/, ''),
      )
      if (!made.test(at)) walk(at)
    } else if (stat.isFile()) {
      entries.push([child, stat.size, age || '-', mode, owner].join(' ').replace(/ 644 root:root$/, ''))
      if (/^\/usr\/s?bin\//.test(at) && stat.size > 0) {
        const found = header(join(root, at))
        if (found !== undefined) programs[at] = found
      }
      if (at.startsWith('/etc/')) {
        const found = set(join(root, at))
        if (found !== undefined) settings[at] = found
      }
    }
  }
  if (entries.length > 0) tree[path] = entries.join('|')
}
walk('/')

const packages = []
for (const block of readFileSync(join(root, 'var/lib/dpkg/status'), 'utf8').split('\n\n')) {
  const field = (key) => new RegExp(`^${key}: (.*)$`, 'm').exec(block)?.[1] ?? ''
  if (/^Status: install ok installed$/m.test(block))
    packages.push([field('Package'), field('Version'), field('Architecture'), field('Description')].join('|'))
}
const text = (path) => {
  try {
    return readFileSync(join(root, path), 'utf8')
  } catch {
    return ''
  }
}
/** What the system says of itself, and who is on it before anybody is added. */
const release = {
  os: text('etc/os-release'),
  lsb: text('etc/lsb-release'),
  debian: text('etc/debian_version'),
  issue: text('etc/issue'),
  issueNet: text('etc/issue.net'),
  motd: text('etc/motd'),
  users: text('etc/passwd').split('\n').filter(Boolean),
  groups: text('etc/group').split('\n').filter(Boolean),
}
const file = new URL(`../packages/sensor/src/personas/facts/${name}.json`, import.meta.url)
writeFileSync(
  file,
  `${JSON.stringify({ release, tree, programs, settings, packages: packages.sort() }, undefined, 1)}\n`,
)
const count = Object.values(tree).reduce((sum, line) => sum + line.split('|').length, 0)
console.log(`${count} files, ${Object.keys(programs).length} programs, ${packages.length} packages`)
