import { execFileSync, spawnSync } from 'node:child_process'
import { createPublicKey, generateKeyPairSync, sign } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { loadIdentity } from '../identity.ts'
import { allHostKeys } from '../services/ssh/hostkey.ts'
import { keyFiles } from './openssh.ts'
import { freshState, ShellPool } from './pool.ts'
import { Worlds } from './world.ts'

const folder = mkdtempSync(join(tmpdir(), 'skep-keys-'))
const { persona } = await loadIdentity(join(folder, 'sensor'))
const pool = new ShellPool(persona.machine)
const worlds = new Worlds(persona, pool)
afterAll(async () => {
  await pool.stop()
  rmSync(folder, { recursive: true, force: true })
})
let state = freshState('/root', 'root', '/bin/bash')
const run = async (line: string, stdin = '') => {
  const result = await pool.run(worlds.of('192.0.2.1'), {
    state,
    line,
    stdin,
    user: persona.machine.users[0]!,
    source: '192.0.2.1',
    since: Date.now(),
    merged: false,
  })
  state = result.state
  return result
}

const there = spawnSync('ssh-keygen', ['-?']).error === undefined
if (!there) console.log('skipped: ssh-keygen is not installed')
test.runIf(there)('OpenSSH reads our keys, and shows them as we do', () => {
  for (const [name, key] of [
    ['ed25519', generateKeyPairSync('ed25519').privateKey],
    ['rsa', generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey],
    ['p256', generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey],
    ['p521', generateKeyPairSync('ec', { namedCurve: 'secp521r1' }).privateKey],
  ] as const) {
    const pair = keyFiles(key, 'me@here')
    const file = join(folder, name)
    writeFileSync(file, pair.secret, { mode: 0o600 })
    writeFileSync(`${file}.pub`, pair.open)
    const say = (...args: string[]): string => execFileSync('ssh-keygen', [...args, '-f', file], { encoding: 'utf8' })
    expect(say('-y').trim().split(' ').slice(0, 2)).toEqual(pair.open.split(' ').slice(0, 2))
    expect(say('-lv')).toBe(`${pair.bits} ${pair.fingerprint} me@here (${pair.name})\n${pair.art}`)
    // The private half signs for the public one.
    expect(sign(null, Buffer.from('x'), key).length).toBeGreaterThan(0)
    expect(createPublicKey(key).asymmetricKeyType).toBeDefined()
  }
})

test('keys are made in the attacker’s world', async () => {
  const quiet = await run("ssh-keygen -t ed25519 -N '' -f /tmp/k -q; ls -l /tmp/k*; ssh-keygen -lf /tmp/k.pub")
  expect(quiet.out).toMatch(
    /^-rw------- 1 root root \d{3} .* \/tmp\/k\n-rw-r--r-- 1 root root +\d+ .* \/tmp\/k\.pub\n256 SHA256:\S{43} root@\S+ \(ED25519\)\n$/,
  )
  const loud = await run('rm -rf ~/.ssh; ssh-keygen', '\n\n\n')
  expect(loud.out).toMatch(
    /^Generating public\/private rsa key pair\.\nEnter file in which to save the key \(\/root\/\.ssh\/id_rsa\): Created directory '\/root\/\.ssh'\.\nEnter passphrase .*again: Your identification has been saved in \/root\/\.ssh\/id_rsa\n/,
  )
  expect(loud.out).toMatch(/\n\+---\[RSA 3072\]----\+\n(?:\|.{17}\|\n){9}\+----\[SHA256\]-----\+\n$/)
  expect((await run('ssh-keygen -y -f ~/.ssh/id_rsa')).out).toMatch(/^ssh-rsa AAAAB3/)
  expect((await run('ssh-keygen -t foo')).code).toBe(255)
})

test('the host keys in /etc/ssh are those that the daemon shows', async () => {
  const { out } = await run('ls /etc/ssh; cat /etc/ssh/ssh_host_*.pub; head -1 /etc/ssh/ssh_host_rsa_key')
  for (const { key } of allHostKeys(persona.ssh.hostKeys)) expect(out).toContain(key.blob.toString('base64'))
  expect(out).toContain('ssh_host_ed25519_key\nssh_host_ed25519_key.pub\n')
  expect(out).toContain('-----BEGIN OPENSSH PRIVATE KEY-----')
})
