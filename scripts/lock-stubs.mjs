// Some registries carry only some platforms' binaries, and npm then leaves the others out of the lock file, so that
// `npm ci` refuses it elsewhere ("Missing: X from lock file"). This adds a stub entry for every optional platform
// package that the lock lacks. Run it after every `npm install` that changed the lock.
import { readFileSync, writeFileSync } from 'node:fs'

const file = new URL('../package-lock.json', import.meta.url)
const lock = JSON.parse(readFileSync(file, 'utf8'))
let added = 0
for (const [path, entry] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const key = `node_modules/${name}`
    if (lock.packages[key]?.version !== undefined || lock.packages[`${path}/${key}`] !== undefined) continue
    lock.packages[key] = { version, ...platform(name), optional: true, ...(entry.dev ? { dev: true } : {}) }
    added++
  }
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)))
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`)
console.log(`${added} stub entries added to package-lock.json`)

/** What a platform package says of itself, read off its name. */
function platform(name) {
  const os = /(android|darwin|freebsd|linux|netbsd|openbsd|openharmony|sunos|win32)/.exec(name)?.[1]
  const cpu = /(arm64|armv7|arm|x64|ia32|ppc64|riscv64|s390x|loong64|mips64el)/.exec(name)?.[1]?.replace('armv7', 'arm')
  const libc = /musl/.test(name) ? 'musl' : /gnu/.test(name) ? 'glibc' : undefined
  return { ...(cpu && { cpu: [cpu] }), ...(os && { os: [os] }), ...(libc && os === 'linux' && { libc: [libc] }) }
}
