#!/usr/bin/env node
// Records how a real system answers attackers' lines: each in a copy of the system of its own (overlayfs), as root, in
// its own namespaces, with no way out to any network. Run as root on Linux.
//
//   node scripts/record-lines.mjs ROOT LINES.jsonl OUT.jsonl
//
// A system without bash, such as one of busybox alone, is asked by its sh.
//
// LINES has one object a line with "input". What the recording machine alone has (its mounts, its own processes) is left
// out of what is written down.
import { spawnSync } from 'node:child_process'
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'

const [root, lines, out, inside] = process.argv.slice(2)
if (out === undefined) {
  console.error('usage: node scripts/record-lines.mjs ROOT LINES.jsonl OUT.jsonl')
  process.exit(2)
}
const must = (command) => {
  const { status, stderr } = spawnSync('sh', ['-c', command], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command}: ${stderr}`)
}
if (inside === undefined) {
  const self = fileURLToPath(import.meta.url)
  const { status } = spawnSync(
    'unshare',
    ['-m', '-n', '-p', '-u', '--fork', process.execPath, self, root, lines, out, 'inside'],
    { stdio: 'inherit' },
  )
  process.exit(status ?? 1)
}
must('hostname mail1; ip link set lo up; ip route add unreachable default')
const base = `${tmpdir()}/record-lines`
mkdirSync(base, { recursive: true })
must(`mount -t tmpfs none ${base}`)
writeFileSync(out, '')
const here = new RegExp(
  [base, root, process.execPath, 'record-lines', '/mnt/'].map((word) => word.replaceAll('.', '\\.')).join('|'),
)
const environment = ['HOME=/root', 'USER=root', 'LOGNAME=root']
const release = spawnSync('uname', ['-r'], { encoding: 'utf8' }).stdout.trim()
let i = 0
for (const line of readFileSync(lines, 'utf8').split('\n')) {
  if (line === '') continue
  const { input } = JSON.parse(line)
  const at = `${base}/m${i}`
  must(
    `mkdir -p ${base}/u${i} ${base}/w${i} ${at} && mount -t overlay overlay -o lowerdir=${root},upperdir=${base}/u${i},workdir=${base}/w${i} ${at}`,
  )
  must(
    `cd ${at} && mount -t proc proc proc && mount -t sysfs sys sys && mount -t tmpfs -o mode=755 udev dev && mkdir -p dev/pts dev/shm && mount -t devpts -o newinstance,ptmxmode=666 devpts dev/pts && mount -t tmpfs -o mode=1777 tmpfs dev/shm && mount -t tmpfs -o mode=755 tmpfs run && mkdir -p run/lock run/sshd run/user/0 && ln -s pts/ptmx dev/ptmx && ln -s /proc/self/fd dev/fd && ` +
      'mknod -m 666 dev/null c 1 3 && mknod -m 666 dev/zero c 1 5 && mknod -m 666 dev/full c 1 7 && mknod -m 666 dev/random c 1 8 && mknod -m 666 dev/urandom c 1 9 && mknod -m 666 dev/tty c 5 0 && ' +
      "echo mail1 > etc/hostname && printf '127.0.0.1 localhost\\n127.0.1.1 mail1\\n' > etc/hosts && rm -f etc/resolv.conf && echo nameserver 10.0.5.1 > etc/resolv.conf",
  )
  const { stdout, stderr, status } = spawnSync(
    'chroot',
    existsSync(`${at}/bin/bash`)
      ? [
          at,
          'env',
          '-i',
          '-C',
          '/root',
          ...environment,
          'SHELL=/bin/bash',
          'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
          'LANG=C.UTF-8',
          'bash',
          '-c',
          input,
        ]
      : [
          at,
          '/bin/sh',
          '-c',
          `cd /root; exec env -i ${environment.join(' ')} SHELL=/bin/sh PATH=/usr/bin:/usr/sbin:/bin:/sbin sh -c "$1"`,
          'sh',
          input,
        ],
    { input: '', timeout: 25_000, killSignal: 'SIGKILL', maxBuffer: 16 * 1024 * 1024, encoding: 'latin1' },
  )
  const own = (text) =>
    text
      .replaceAll(release, '6.1.0-18-amd64')
      .split('\n')
      .filter((one) => !here.test(one))
      .join('\n')
  const elf = stdout.indexOf('\x7fELF')
  const kept = own(elf < 0 ? stdout : stdout.slice(0, elf + 64)).slice(0, 6000)
  appendFileSync(
    out,
    `${JSON.stringify({ input, out: kept, err: own(stderr).slice(0, 6000), code: status ?? 'timeout' })}\n`,
  )
  must(
    `fuser -k -9 -M ${at} >/dev/null 2>&1; cd /; umount -l ${at}/dev/pts ${at}/dev/shm ${at}/dev ${at}/run ${at}/sys ${at}/proc ${at}; rm -rf ${base}/u${i} ${base}/w${i} || true`,
  )
  i++
}
console.log(`${i} lines`)
