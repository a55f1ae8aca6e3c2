import { mkdtempSync, readdirSync, rmSync, truncateSync, utimesSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { loadIdentity } from '../identity.ts'
import { Keeper } from './keep.ts'
import { freshState, ShellPool } from './pool.ts'
import { Worlds } from './world.ts'

const home = mkdtempSync(join(tmpdir(), 'skep-worlds-'))
const { persona } = await loadIdentity(mkdtempSync(join(tmpdir(), 'skep-identity-')))
const pool = new ShellPool(persona.machine)
const root = persona.machine.users[0]!
const state = freshState('/root', 'root', '/bin/bash')
const folder = (name: string): string => join(home, name)
const run = async (worlds: Worlds, line: string, source = '192.0.2.1') =>
  (
    await pool.run(worlds.of(source), {
      state,
      line,
      stdin: '',
      user: root,
      source,
      since: Date.now(),
      merged: false,
    })
  ).out
afterAll(async () => {
  await pool.stop()
  rmSync(home, { recursive: true, force: true })
})

const worldsIn = (at: string): string[] => readdirSync(at).filter((name) => name.endsWith('.world'))

test('files, removals, keys and passwords outlive the sensor; each attacker has its own', async () => {
  const open = () => new Worlds(persona, pool, { keeper: new Keeper(folder('a')) })
  const first = open()
  await run(
    first,
    'echo -ne "\\x7fELF\\xff" > /tmp/.d; chmod 700 /tmp/.d; rm /etc/motd; echo "* * * * * x" | crontab -',
  )
  first.of('192.0.2.1').changePassword('root', 'theirs')
  first.of('192.0.2.1').plantKey('SHA256:k')
  await first.save()
  const second = open()
  const world = second.of('192.0.2.1')
  expect(world.acceptsPassword('root', 'theirs')).toBe(true)
  expect(world.acceptsPassword('root', persona.credentials.find(({ user }) => user === 'root')?.password ?? '')).toBe(
    false,
  )
  expect(world.acceptsKey('SHA256:k')).toBe(true)
  expect(await run(second, 'base64 /tmp/.d; ls -l /tmp/.d | cut -c1-10; ls /etc/motd 2>&1; crontab -l')).toBe(
    "f0VMRv8=\n-rwx------\nls: cannot access '/etc/motd': No such file or directory\n* * * * * x\n",
  )
  expect(await run(second, 'ls /tmp/.d 2>&1', '192.0.2.2')).toMatch(/No such file/)
  expect(second.of('192.0.2.2').acceptsPassword('root', 'theirs')).toBe(false)
})

test('a password that was changed is kept though no file was', async () => {
  const worlds = new Worlds(persona, pool, { keeper: new Keeper(folder('b')) })
  worlds.of('192.0.2.9').changePassword('root', 'one')
  await worlds.save()
  worlds.of('192.0.2.9').changePassword('root', 'two')
  await worlds.save()
  expect(worldsIn(folder('b'))).toHaveLength(1)
  const again = new Worlds(persona, pool, { keeper: new Keeper(folder('b')) })
  expect(again.of('192.0.2.9').acceptsPassword('root', 'two')).toBe(true)
})

test('who leaves memory is written down; who never changed anything takes no room', async () => {
  const worlds = new Worlds(persona, pool, { max: 1, keeper: new Keeper(folder('c')) })
  worlds.of('192.0.2.1').plantKey('SHA256:a')
  worlds.of('192.0.2.2')
  // It comes back before it is on the disk.
  expect(worlds.of('192.0.2.1').acceptsKey('SHA256:a')).toBe(true)
  worlds.of('192.0.2.2')
  worlds.of('192.0.2.3')
  await worlds.save()
  expect(worldsIn(folder('c'))).toHaveLength(1)
  expect(worlds.of('192.0.2.1').acceptsKey('SHA256:a')).toBe(true)
})

test('the disk has an end, weeks have an end, and a damaged file is as if it never was', async () => {
  const big = { passwords: new Map<string, string>(), keys: new Set<string>() }
  const node = (size: number) =>
    ({ type: 'file', mode: 0o644, uid: 0, gid: 0, mtime: 0, data: new Uint8Array(size) }) as const
  const keeper = new Keeper(folder('d'), 100_000)
  for (const [i, source] of ['one', 'two', 'three', 'four'].entries())
    await keeper.save(source, { ...big, overlay: new Map([['/tmp/x', node(30_000 + i)]]) })
  expect(keeper.load('one')).toBeUndefined()
  expect(keeper.load('four')?.overlay.get('/tmp/x')?.data).toHaveLength(30_003)
  await keeper.save('two', { ...big, overlay: new Map() })
  await keeper.save('five', { ...big, overlay: new Map([['/tmp/x', node(50_000)]]) })
  expect(keeper.load('three')).toBeUndefined()
  expect(keeper.load('two')?.overlay.size).toBe(0)

  for (const name of readdirSync(folder('d'))) truncateSync(join(folder('d'), name), 40)
  const after = new Keeper(folder('d'), 100_000)
  expect(['two', 'four', 'five'].map((source) => after.load(source))).toEqual([undefined, undefined, undefined])
  expect(readdirSync(folder('d'))).toEqual([])

  await after.save('old', { ...big, overlay: new Map() })
  const [file = ''] = readdirSync(folder('d'))
  utimesSync(join(folder('d'), file), 1, Date.now() / 1000 - 61 * 86_400)
  expect(new Keeper(folder('d')).load('old')).toBeUndefined()
})

test('doors are known after a new start, and lead to the one who made them', async () => {
  const before = new Worlds(persona, pool, { keeper: new Keeper(folder('e')) })
  before.of('192.0.2.1').plantKey('SHA256:mine')
  before.of('192.0.2.1').changePassword('root', 'also-mine')
  expect(before.for('192.0.2.7', { key: 'SHA256:mine' })?.id).toBe('192.0.2.1')
  await before.save()
  const after = new Worlds(persona, pool, { keeper: new Keeper(folder('e')) })
  expect(after.for('192.0.2.8', { key: 'SHA256:mine' })?.id).toBe('192.0.2.1')
  expect(after.for('192.0.2.8', { user: 'root', password: 'also-mine' })?.id).toBe('192.0.2.1')
  expect(after.for('192.0.2.8', { user: 'root', password: 'nobodys' })).toBeUndefined()
  // Changed again: the old door is shut.
  after.of('192.0.2.1').changePassword('root', 'newer')
  expect(after.for('192.0.2.8', { user: 'root', password: 'also-mine' })).toBeUndefined()
})
