// What a sensor's host installs: built by one command, small, without the store; caged by systemd and by what may leave.
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Client } from 'ssh2'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startHub, type Hub } from '@skep/hub'
import { freePort } from './process.ts'

const here = fileURLToPath(new URL('..', import.meta.url))
const root = mkdtempSync(join(tmpdir(), 'skep-install-'))
const has = (program: string): boolean => {
  const found = spawnSync('sh', ['-c', `command -v ${program}`]).status === 0
  if (!found) console.log(`skipped: there is no ${program} here`)
  return found
}
const isRoot = process.getuid?.() === 0
let hub: Hub
let program: string
const run = (...args: string[]) => spawnSync(process.execPath, [program, ...args], { encoding: 'utf8' })
const invite = async (): Promise<string> => {
  const { fleet } = hub.relational
  const secret = await fleet.invite({ organisation: 'home', fleet_group: 'all', ring: 1, label: '' }, 'test', 3600)
  return `${secret}.${hub.authority.fingerprint}`
}
beforeAll(async () => {
  execFileSync(process.execPath, ['scripts/package.mjs', 'release', 'container'], { cwd: here, stdio: 'ignore' })
  const release = readdirSync(join(here, 'dist-packages')).find((name) => name.endsWith('.tgz')) ?? ''
  mkdirSync(join(root, 'program'))
  execFileSync('tar', ['-xzf', join(here, 'dist-packages', release), '-C', join(root, 'program')])
  program = join(root, 'program', 'skep-sensor.js')
  hub = await startHub({ data: join(root, 'hub') })
  await hub.ready
}, 120_000)
afterAll(async () => {
  await hub.stop()
  rmSync(root, { recursive: true, force: true })
})

/** The command as another process, for hubs that answer from this one. */
const command = (args: readonly string[]): Promise<{ code: number | null; out: string }> =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, [program, ...args])
    let out = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (out += chunk.toString()))
    child.once('close', (code) => resolve({ code, out }))
  })

test('the program of a sensor is small and has neither store nor portal in it', () => {
  const files = readdirSync(join(root, 'program'), { recursive: true }).map(String)
  const bytes = files.reduce((sum, name) => sum + statSync(join(root, 'program', name)).size, 0)
  expect(bytes).toBeLessThan(6 * 1024 * 1024)
  const text = files
    .filter((name) => /^skep-sensor.*\.js$/.test(name))
    .map((name) => readFileSync(join(root, 'program', name), 'utf8'))
    .join('')
  // The decoy's own list of files has a libsqlite3.
  for (const word of [/chdb/i, /libsql(?!ite)/i, /clickhouse/i, /peculiar/i])
    expect(word.exec(text)?.[0]).toBeUndefined()
  expect(run('--version').stdout.trim()).toBe(
    (JSON.parse(readFileSync(join(here, 'packages/cli/package.json'), 'utf8')) as { version: string }).version,
  )
})

test('joined, it runs from a folder of its own, delivers and stops in order', async () => {
  const data = join(root, 'joined')
  const joined = await command(['sensor', 'join', hub.gateway, await invite(), '--data', data, '--name', 'straw-1'])
  expect(joined).toMatchObject({ code: 0 })
  expect(joined.out).toMatch(/Your data arrived in \d\.\d s/)
  const port = await freePort()
  writeFileSync(
    join(data, 'sensor.json'),
    JSON.stringify({ addresses: ['127.0.0.1'], services: { ssh: port }, any: {} }),
  )
  const child = spawn(process.execPath, [program, 'sensor', 'run', '--data', data, '--log', 'json'], { stdio: 'pipe' })
  let out = ''
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
  for (let i = 0; i < 100 && !out.includes('It delivers to'); i++)
    await new Promise((resolve) => setTimeout(resolve, 100))
  expect(out).toContain('ssh')
  for (let i = 0; i < 100 && (await hub.relational.fleet.sensor('straw-1'))?.last_beat === null; i++)
    await new Promise((resolve) => setTimeout(resolve, 100))
  // The decoy within is whole: its engine is mended, its facts are there.
  const { credentials } = JSON.parse(run('sensor', 'credentials', '--data', data, '--json').stdout) as {
    credentials: { user: string; password: string }[]
  }
  const [pair] = credentials
  const answer = await new Promise<string>((resolve, reject) => {
    const client = new Client()
    client
      .on('error', reject)
      .on('ready', () =>
        client.exec('lsb_release -ds 2>/dev/null; ls /nope; echo $BASH_VERSION; dpkg -l | wc -l', (error, stream) => {
          if (error) return reject(error)
          let text = ''
          stream.on('data', (part: Buffer) => (text += part.toString()))
          stream.stderr.on('data', (part: Buffer) => (text += part.toString()))
          stream.on('close', () => {
            client.end()
            resolve(text)
          })
        }),
      )
      .connect({ host: '127.0.0.1', port, username: pair?.user ?? '', password: pair?.password ?? '' })
  })
  expect(answer).toContain('Debian GNU/Linux 11 (bullseye)\n')
  expect(answer).toContain('5.1.4(1)-release\n')
  expect(answer).toMatch(/\n3\d\d\n/)
  child.kill('SIGTERM')
  await new Promise((resolve) => child.once('close', resolve))
  const entries = await hub.relational.ledger.entries('straw-1')
  expect(
    entries.every(({ missing, waiting, dropped }) => missing + waiting === 0 && Object.keys(dropped).length === 0),
  ).toBe(true)
  const row = await hub.relational.fleet.sensor('straw-1')
  expect(row?.stopped).not.toBeNull()
}, 60_000)

test('what fails is told in a line, with exit code 1', async () => {
  const wrong = await command([
    'sensor',
    'join',
    `127.0.0.1:${await freePort()}`,
    await invite(),
    '--data',
    join(root, 'nobody'),
  ])
  expect(wrong.code).toBe(1)
  expect(wrong.out.trim().split('\n')).toHaveLength(1)
  expect(wrong.out).toContain('Cannot join: connection: nothing listens')
  expect((await command(['sensor', 'install', '--data', join(root, 'nobody')])).code).toBe(3)
})

const unitOf = async (): Promise<{ service: string; rules: string }> => {
  const data = join(root, 'joined')
  const { stdout } = run('sensor', 'install', '--data', data, '--json')
  const steps = JSON.parse(stdout) as { file?: { path: string; content: string } }[]
  const of = (end: string): string => steps.find(({ file }) => file?.path.endsWith(end) === true)?.file?.content ?? ''
  return { service: of('.service'), rules: of('.nft') }
}

test('the installation is shown first, and does nothing', () => {
  const { stdout } = run('sensor', 'install', '--data', join(root, 'joined'), '--root', join(root, 'image'))
  expect(stdout).toContain('CapabilityBoundingSet=CAP_NET_BIND_SERVICE')
  expect(stdout).toContain('ProtectSystem=strict')
  expect(stdout).toContain('Nothing was done')
  expect(stdout).not.toContain('ssh')
  expect(existsSync(join(root, 'image'))).toBe(false)
  expect(run('sensor', 'install', '--data', join(root, 'joined'), '--user', 'x; rm -rf /').status).toBe(2)
  expect(run('sensor', 'install', '--data', join(root, 'joined'), '--move-sshd', '22').status).toBe(2)
})

test.runIf(has('systemd-analyze'))('systemd reads the unit without a complaint, and finds it well caged', async () => {
  const file = join(root, 'skep-sensor.service')
  const { service } = await unitOf()
  writeFileSync(file, service)
  const verified = spawnSync('systemd-analyze', ['verify', file], { encoding: 'utf8' })
  expect(`${verified.stdout}${verified.stderr}`).not.toMatch(/Unknown|Failed to parse|Invalid/i)
  // 0 is a cage, 10 is no protection at all.
  const judged = spawnSync('systemd-analyze', ['security', '--offline=true', '--threshold=20', '--no-pager', file], {
    encoding: 'utf8',
  })
  expect(judged.status, judged.stdout?.slice(-200)).toBe(0)
})

test.runIf(isRoot && has('nft') && has('ip') && has('setpriv'))(
  'only answers, name service and the hub may leave',
  async () => {
    const { rules } = await unitOf()
    const file = join(root, 'egress.nft')
    // In a network of its own; the rules name the user that this test runs the sensor as.
    writeFileSync(
      file,
      rules.replaceAll('"skep"', '65534').replace('ip daddr 127.0.0.1 tcp dport', 'ip daddr 10.9.0.2 tcp dport'),
    )
    const net = `skep-${process.pid}`
    const inside = (...args: string[]) => spawnSync('ip', ['netns', 'exec', net, ...args], { encoding: 'utf8' })
    expect(spawnSync('ip', ['netns', 'add', net]).status).toBe(0)
    try {
      inside('ip', 'link', 'set', 'lo', 'up')
      expect(inside('ip', 'link', 'add', 'out', 'type', 'veth', 'peer', 'name', 'far').stderr).toBe('')
      inside('ip', 'link', 'set', 'far', 'up')
      inside('ip', 'addr', 'add', '10.9.0.1/24', 'dev', 'out')
      inside('ip', 'link', 'set', 'out', 'up')
      for (let i = 0; i < 2; i++) expect(inside('nft', '-f', file).stderr).toBe('')
      const port = /daddr 10\.9\.0\.2 tcp dport (\d+)/.exec(readFileSync(file, 'utf8'))?.[1] ?? ''
      const attempt = (uid: string, address: string, to: string): string =>
        inside(
          'setpriv',
          '--reuid',
          uid,
          '--regid',
          uid,
          '--clear-groups',
          process.execPath,
          '-e',
          `const s=require('net').connect(${to},'${address}');s.setTimeout(700,()=>{console.log('silence');process.exit()});s.on('error',(e)=>{console.log(e.code);process.exit()})`,
        ).stdout.trim()
      expect(attempt('65534', '10.9.0.3', '80')).toBe('ECONNREFUSED') // refused by the rules
      expect(attempt('65534', '10.9.0.2', '80')).toBe('ECONNREFUSED')
      expect(attempt('65534', '10.9.0.2', port)).not.toBe('ECONNREFUSED') // let out; nobody is there
      expect(attempt('0', '10.9.0.3', '80')).not.toBe('ECONNREFUSED') // other users are none of our business
    } finally {
      spawnSync('ip', ['netns', 'del', net])
    }
  },
  30_000,
)

test.runIf(isRoot && existsSync('/usr/sbin/sshd'))(
  'the machine’s own SSH server is moved only when asked, and a bad configuration is taken back',
  async () => {
    const image = join(root, 'image')
    for (const path of ['etc/ssh/sshd_config.d', 'var/lib/skep', 'run/sshd'])
      mkdirSync(join(image, path), { recursive: true })
    writeFileSync(
      join(image, 'etc/passwd'),
      'root:x:0:0:root:/root:/bin/sh\nskep:x:999:999::/var/lib/skep:/usr/sbin/nologin\n',
    )
    mkdirSync('/run/sshd', { recursive: true })
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(image, 'hostkey')])
    const config = join(image, 'etc/ssh/sshd_config')
    const write = (more: string) =>
      writeFileSync(config, `Include ${image}/etc/ssh/sshd_config.d/*.conf\nHostKey ${image}/hostkey\n${more}`)
    write('')
    const install = () =>
      run('sensor', 'install', '--data', join(root, 'joined'), '--root', image, '--move-sshd', '2022', '--yes')
    const done = install()
    expect(done.status, done.stderr).toBe(0)
    const drop = join(image, 'etc/ssh/sshd_config.d/00-skep-port.conf')
    expect(execFileSync('/usr/sbin/sshd', ['-T', '-f', config], { encoding: 'utf8' })).toMatch(/^port 2022$/m)
    expect(existsSync(join(image, 'etc/systemd/system/skep-sensor.service'))).toBe(true)
    expect(readFileSync(join(image, 'var/lib/skep/sensor/membership.json'), 'utf8')).toContain('straw-1')
    rmSync(drop)
    write('Nonsense yes\n')
    const failed = install()
    expect(failed.status).toBe(1)
    expect(failed.stderr).toContain('nothing after it was done')
    expect(existsSync(drop)).toBe(false)
  },
  30_000,
)

test.runIf(has('dpkg-deb'))(
  'the Debian package has the program, the licence and no store; the container file names only what is there',
  () => {
    execFileSync(process.execPath, ['scripts/package.mjs', 'deb'], { cwd: here, stdio: 'ignore' })
    const folder = join(here, 'dist-packages')
    const deb = readdirSync(folder).find((name) => name.endsWith('_all.deb')) ?? ''
    expect(statSync(join(folder, deb)).size).toBeLessThan(2 * 1024 * 1024)
    const target = join(root, 'deb')
    execFileSync('dpkg-deb', ['-x', join(folder, deb), target])
    execFileSync('dpkg-deb', ['-e', join(folder, deb), join(target, 'DEBIAN')])
    for (const script of ['postinst', 'prerm']) execFileSync('sh', ['-n', join(target, 'DEBIAN', script)])
    expect(readFileSync(join(target, 'DEBIAN', 'control'), 'utf8')).toContain('nodejs (>= 20.19)')
    expect(
      execFileSync(process.execPath, [join(target, 'usr/lib/skep/skep-sensor.js'), '--version'], { encoding: 'utf8' }),
    ).toMatch(/^\d/)
    expect(existsSync(join(target, 'usr/share/doc/skep-sensor/copyright'))).toBe(true)
    const container = readFileSync(join(folder, 'container', 'Containerfile'), 'utf8')
    for (const [, source = ''] of container.matchAll(/^COPY (\S+)/gm))
      expect(existsSync(join(folder, 'container', source))).toBe(true)
    expect(container).toMatch(/^USER 1000/m)
  },
)
