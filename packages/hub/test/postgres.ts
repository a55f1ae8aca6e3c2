import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from './free-port.ts'

/** Where the programs of a PostgreSQL server are, if they are. */
function programs(): string | undefined {
  const root = '/usr/lib/postgresql'
  const versions = existsSync(root) ? readdirSync(root).sort((a, b) => Number(b) - Number(a)) : []
  return versions.map((version) => join(root, version, 'bin')).find((folder) => existsSync(join(folder, 'initdb')))
}

/** PostgreSQL does not run as root: another user of this machine then. */
function nobody(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((one) => one.startsWith('postgres:') || one.startsWith('nobody:'))
  const [, , uid, gid] = line?.split(':') ?? []
  return { uid: Number(uid), gid: Number(gid) }
}

/** A PostgreSQL server for the tests. */
export interface Postgres {
  /** The address of a fresh, empty database. */
  readonly database: () => string
  readonly stop: () => Promise<void>
}

/** Starts a real server, undefined where this machine has none. */
export async function startPostgres(): Promise<Postgres | undefined> {
  const bin = programs()
  if (bin === undefined) {
    console.log('skipped: there is no PostgreSQL server on this machine')
    return undefined
  }
  const folder = mkdtempSync(join(tmpdir(), 'skep-postgres-'))
  const who = nobody()
  if (who !== undefined) chownSync(folder, who.uid, who.gid)
  const options = { ...who, stdio: 'ignore' as const, cwd: folder, env: { PATH: process.env['PATH'], LC_ALL: 'C' } }
  const data = join(folder, 'data')
  execFileSync(join(bin, 'initdb'), ['-D', data, '-U', 'skep', '-A', 'trust', '-E', 'UTF8', '--no-sync'], options)
  const port = await freePort()
  const child: ChildProcess = spawn(
    join(bin, 'postgres'),
    ['-D', data, '-h', '127.0.0.1', '-p', String(port), '-k', folder],
    options,
  )
  const psql = (text: string) =>
    execFileSync(
      join(bin, 'psql'),
      ['-h', '127.0.0.1', '-p', String(port), '-U', 'skep', '-d', 'postgres', '-c', text],
      {
        stdio: 'ignore',
      },
    )
  for (let i = 0; ; i++) {
    try {
      psql('SELECT 1')
      break
    } catch (error) {
      if (i > 100) throw error
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
  let count = 0
  return {
    database() {
      const name = `t${count++}`
      psql(`CREATE DATABASE ${name}`)
      return `postgres://skep@127.0.0.1:${port}/${name}`
    },
    stop: () =>
      new Promise((resolve) => {
        child.once('exit', () => {
          rmSync(folder, { recursive: true, force: true })
          resolve()
        })
        child.kill('SIGINT')
      }),
  }
}
