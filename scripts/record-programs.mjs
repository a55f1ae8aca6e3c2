#!/usr/bin/env node
// Records what the programs of a real system say of themselves: --help and --version, versions, the applets of busybox, and the
// shell's help. Run as root: each is run once within the system's folder (chroot), without network, for four seconds at
// most. What they say belongs to their authors; it is kept as a fact about the system, to answer as the system does.
//
//   node scripts/record-programs.mjs ROOT NAME
import { spawnSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const [root, name] = process.argv.slice(2)
if (root === undefined || name === undefined) {
  console.error('usage: node scripts/record-programs.mjs ROOT NAME')
  process.exit(2)
}
const programs =
  'apt apt-get arch arp awk b2sum base32 base64 basename bash bzip2 cat chattr chgrp chmod chown chpasswd cksum column comm cp crontab csplit curl cut date dd df diff dir dircolors dirname dmesg dpkg du echo egrep env expand expr factor fgrep file find flock fmt fold free gcc gawk getconf getent getopt git grep groupadd groups gunzip gzip head hexdump hostid hostname hostnamectl id ifconfig install ip iptables join journalctl killall last ldd landscape-sysinfo less link ln locale logger logname ls lsattr lsb_release lsblk lscpu lsmod lsof lspci make md5sum mkdir mkfifo mknod mktemp more mount mv nano nc netplan netstat nice nl nohup nproc numfmt od openssl passwd paste pathchk perl pgrep pidof ping pkill pr printenv printf pwd python3 python3.8 python3.9 python3.10 python3.11 python3.12 readlink realpath renice rev rm rmdir route scp sed seq service setsid sha1sum sha256sum sha512sum shred shuf sleep sort split ss ssh ssh-keygen stat stdbuf stty su sudo sum sync sysctl systemctl tac tail tar tee telnet tftp timeout top touch tr truncate tsort tty umount uname unexpand uniq unlink unzip update-rc.d uptime useradd userdel usermod users vdir vi vmstat w watch wc wget whereis which who whoami xargs xxd xz zcat zgrep kill'.split(
    ' ',
  )
/** What would do more than tell about itself. */
const longest = 8200

function run(...argv) {
  const { stdout, stderr, status } = spawnSync(
    'unshare',
    ['-n', 'chroot', root, 'env', '-i', 'HOME=/root', 'LANG=C.UTF-8', 'PATH=/usr/sbin:/usr/bin:/sbin:/bin', ...argv],
    {
      timeout: 4000,
      killSignal: 'SIGKILL',
      input: '',
      encoding: 'utf8',
    },
  )
  return { out: stdout ?? '', err: stderr ?? '', code: status }
}
const there = (program) => ['usr/bin', 'usr/sbin'].some((folder) => existsSync(join(root, folder, program)))

const said = {}
for (const program of programs.filter(there).sort())
  for (const option of ['--help', '--version']) {
    const { out, err, code } = run(program, option)
    if (code === null || out.length + err.length === 0 || out.length + err.length > longest) continue
    said[`${program} ${option}`] = {
      ...(out !== '' && { out }),
      ...(err !== '' && { err }),
      ...(code !== 0 && { code }),
    }
  }
/** What fails without arguments tells how it is to be used; those that would wait for their input are left out. */
const patient = /^(bzip2|chpasswd|crontab|gunzip|gzip|less|more|nano|passwd|su|sudo|top|unzip|vi|watch|xz|zcat)$/
for (const program of programs.filter((one) => there(one) && !patient.test(one)).sort()) {
  const { out, err, code } = run(program)
  if (code === null || code === 0 || out.length + err.length > longest || /\/proc|booted/.test(out + err)) continue
  if (!/usage|missing|Try ['`]|must specify|not enough|no input files|wrong/i.test(out + err)) continue
  said[program] = { ...(out !== '' && { out }), ...(err !== '' && { err }), code }
}
/** Other questions that change nothing. */
const asked = [
  'ssh -V',
  'openssl version',
  'openssl version -a',
  'dig -v',
  'nginx -v',
  'nginx -V',
  'redis-server -v',
  'apt -v',
  'curl -V',
  'perl -v',
  'python3 -V',
  'gcc -v',
  'bash -version',
  'sudo -V',
]
for (const question of asked) {
  const words = question.split(' ')
  if (!there(words[0])) continue
  const { out, err, code } = run(...words)
  if (code === null) continue
  said[question] = { ...(out !== '' && { out }), ...(err !== '' && { err }), ...(code !== 0 && { code }) }
}
const applets = there('busybox') ? run('busybox', '--list').out.trim().split('\n') : []
for (const applet of applets) {
  const { out, err } = run('busybox', applet, '--help')
  const usage = (err || out).replace(/^BusyBox .*\n\n/, '')
  if (usage.startsWith('Usage: ')) said[`busybox ${applet}`.concat(' --help')] = { err: usage }
}
if (applets.length > 0) said['busybox'] = run('busybox')
const file = new URL(`../packages/sensor/src/personas/facts/${name}-says.json`, import.meta.url)
const help = run('bash', '-c', 'help').out
writeFileSync(file, `${JSON.stringify({ programs: said, applets: applets.join(' '), help }, undefined, 1)}\n`)
console.log(`${Object.keys(said).length} answers`)
