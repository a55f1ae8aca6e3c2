#!/usr/bin/env node
// Compares two SSH servers as a client sees them: a real daemon and a sensor, beside each other.
//
//   node scripts/compare-ssh.mjs [--all] HOST:PORT[,USER,PASSWORD] HOST:PORT[,USER,PASSWORD]
//
// Looked at: the identification, the first packet (lists, order, padding; the cookie left out), what comes back for
// things that are no SSH or come at the wrong time, and, where a user and a password are given, each message that
// OpenSSH's own client sees of a log-in, a command, a terminal, a subsystem and a wrong password. Needs ssh and sshpass.
// Prints what differs; with --all also what is the same. Ends with the count.
import { execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { connect } from 'node:net'

const all = process.argv.includes('--all')
const servers = process.argv
  .slice(2)
  .filter((arg) => !arg.startsWith('--'))
  .map((arg) => {
    const [at = '', user = '', password = ''] = arg.split(',')
    const [host = '', port = ''] = at.split(':')
    return { host, port: Number(port), user, password }
  })
if (servers.length !== 2) {
  console.error('usage: node scripts/compare-ssh.mjs [--all] HOST:PORT[,USER,PASSWORD] HOST:PORT[,USER,PASSWORD]')
  process.exit(2)
}

const u32 = (n) => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(n >>> 0)
  return bytes
}
const string = (text) => {
  const bytes = Buffer.from(text)
  return Buffer.concat([u32(bytes.length), bytes])
}
/** A packet before keys are agreed. */
function packet(kind, payload = Buffer.alloc(0)) {
  const size = 2 + payload.length
  let pad = 8 - ((size + 4) % 8)
  if (pad < 4) pad += 8
  return Buffer.concat([u32(size + pad), Buffer.of(pad, kind), payload, Buffer.alloc(pad)])
}
const lists = (kex, { hostKey = 'ssh-ed25519', cipher = 'aes128-ctr', mac = 'hmac-sha2-256' } = {}) =>
  packet(
    20,
    Buffer.concat([
      Buffer.alloc(16, 'c'),
      ...[kex, hostKey, cipher, cipher, mac, mac, 'none', 'none', '', ''].map(string),
      Buffer.alloc(5),
    ]),
  )
const ident = Buffer.from('SSH-2.0-x\r\n')
const raw = (...parts) => Buffer.concat([ident, ...parts.map((part) => Buffer.from(part))])
const curve = 'curve25519-sha256'
const strict = `${curve},kex-strict-c-v00@openssh.com`
const damaged = (length, padding, kind, fill) =>
  Buffer.concat([u32(length), Buffer.of(padding, kind), Buffer.alloc(fill)])

const wrong = {
  'nothing, then the end': Buffer.alloc(0),
  'an HTTP request': Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\n'),
  'a TLS greeting': Buffer.concat([Buffer.from('160301005a010000560303', 'hex'), Buffer.alloc(80)]),
  'two empty lines': Buffer.from('\r\n\r\n'),
  'another line': Buffer.from('abc\n'),
  'a long line': Buffer.from(`${'A'.repeat(300)}\n`),
  'a line of 8192 without an end': Buffer.alloc(8192, 'A'),
  'a line of 9000 without an end': Buffer.alloc(9000, 'A'),
  'the first version': Buffer.from('SSH-1.5-OpenSSH_1.2\r\n'),
  'both versions': Buffer.from('SSH-1.99-x\r\n'),
  'a third version': Buffer.from('SSH-3.0-x\r\n'),
  'version 2.5': Buffer.from('SSH-2.5-x\r\n'),
  'no software': Buffer.from('SSH-2.0\r\n'),
  'empty software': Buffer.from('SSH-2.0-\r\n'),
  'a zero in the line': Buffer.from('SSH-2.0-a\0b\r\n'),
  'a return in the line': Buffer.from('SSH-2.0-a\rb\r\n'),
  'a line feed alone': Buffer.from('SSH-2.0-Go\n'),
  'no version': Buffer.from('SSH-\r\n'),
  'a length too large': raw(Buffer.alloc(64, 0xff)),
  'a length of zero': raw(Buffer.alloc(64)),
  'a length that is odd': raw(damaged(13, 4, 20, 40)),
  'too little padding': raw(damaged(12, 2, 20, 40)),
  'too much padding': raw(damaged(12, 60, 20, 40)),
  'a goodbye': raw(packet(1, Buffer.concat([u32(11), string('hello'), string('')]))),
  'a message to ignore': raw(packet(2, string('x'))),
  'a message for debugging': raw(packet(4, Buffer.concat([Buffer.of(1), string('x'), string('')]))),
  'no such message': raw(packet(250)),
  'a message of no kind': raw(packet(0)),
  'a log-in too early': raw(packet(50)),
  'a service too early': raw(packet(5, string('ssh-userauth'))),
  'new keys too early': raw(packet(21)),
  'no exchange in common': raw(lists('foo')),
  'no host key in common': raw(lists(curve, { hostKey: 'foo' })),
  'no cipher in common': raw(lists(curve, { cipher: 'foo' })),
  'no MAC in common': raw(lists(curve, { mac: 'foo' })),
  'a point that is none': raw(lists(curve), packet(30, string('abc'))),
  'a point of zeroes': raw(lists(curve), packet(30, string(Buffer.alloc(32)))),
  'the wrong exchange': raw(lists(curve), packet(32, string(Buffer.alloc(32)))),
  'new keys within the exchange': raw(lists(curve), packet(21)),
  'lists twice': raw(lists(curve), lists(curve)),
  'a message to ignore within the exchange': raw(lists(curve), packet(2, string('x'))),
  'the same in a strict exchange': raw(lists(strict), packet(2, string('x'))),
  'a strict exchange begun late': raw(packet(2, string('x')), lists(strict)),
  'a group value of zero': raw(lists('diffie-hellman-group14-sha256'), packet(30, string(''))),
  'a group out of range': raw(
    lists('diffie-hellman-group-exchange-sha256'),
    packet(34, Buffer.concat([u32(1), u32(2), u32(3)])),
  ),
}

/** What comes back: the pieces joined, and how it ends. */
function talk({ host, port }, sent, wait = 1500) {
  return new Promise((resolve) => {
    const socket = connect({ host, port, allowHalfOpen: true })
    const parts = []
    let begun = false
    let timer
    const done = (end) => {
      clearTimeout(timer)
      socket.destroy()
      resolve({ bytes: Buffer.concat(parts), end })
    }
    const later = () => {
      clearTimeout(timer)
      timer = setTimeout(() => done('open'), wait)
    }
    later()
    socket.on('data', (part) => {
      parts.push(part)
      later()
      if (begun) return
      begun = true
      if (sent.length === 0) socket.end()
      else socket.write(sent)
    })
    // Whether an end is seen as one or as a reset is a matter of what was read before: it changes from try to try.
    socket.on('end', () => done('ended'))
    socket.on('error', (error) => done(error.code === 'ECONNRESET' ? 'ended' : error.code))
  })
}

/** The answer in words: the first packet is named by its lists. */
function told({ bytes, end }) {
  const line = bytes.indexOf('\r\n') + 2
  let rest = bytes.subarray(line)
  const parts = []
  while (rest.length >= 8 && rest.readUInt32BE(0) < 100_000 && rest.length >= rest.readUInt32BE(0) + 4) {
    const size = rest.readUInt32BE(0) + 4
    const open = rest.subarray(5, size - (rest[4] ?? 0))
    const pad = rest.subarray(size - (rest[4] ?? 0), size)
    const name = open[0] === 20 ? createHash('md5').update(open.subarray(17)).digest('hex') : open.toString('latin1')
    const zeroes = pad.every((one) => one === 0) ? 'zeroes' : 'random'
    // Keys and signatures differ from machine to machine.
    parts.push(open[0] === 31 || open[0] === 33 ? `reply ${open[0]}` : `${name} (padded by ${pad.length} ${zeroes})`)
    rest = rest.subarray(size)
    if (open[0] === 21) {
      parts.push(rest.length > 0 ? 'then sealed' : '')
      rest = Buffer.alloc(0)
    }
  }
  return `${JSON.stringify(bytes.toString('latin1', 0, line))} ${JSON.stringify([...parts, rest.toString('latin1')])} ${end}`
}

/** The lists of the first packet, in words. */
function names({ bytes }) {
  const packet = bytes.subarray(bytes.indexOf('\r\n') + 2)
  let at = 22
  return Array.from({ length: 10 }, () => {
    const size = packet.readUInt32BE(at)
    at += 4 + size
    return packet.toString('latin1', at - size, at)
  })
}

const seen =
  /receive packet|channel 0: (rcvd|window|recv)|rtype|Server accepts|server-sig|Authentications that|exit-status|kex_(?:input_)?ext_info|hostkeys|banner/
/** What OpenSSH's client tells of a whole conversation. */
function ssh({ host, port, user, password }, ...args) {
  const options = ['StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'PubkeyAuthentication=no']
  return new Promise((resolve) => {
    const began = Date.now()
    const child = spawn(
      'sshpass',
      ['-e', 'ssh', '-vvv', ...options.flatMap((one) => ['-o', one]), '-p', String(port), `${user}@${host}`, ...args],
      { env: { ...process.env, SSHPASS: password }, stdio: ['ignore', 'pipe', 'pipe'] },
    )
    let printed = ''
    child.stderr.on('data', (part) => (printed += part))
    child.on('close', (code) => {
      const lines = printed
        .replaceAll('\r', '')
        .split('\n')
        .filter((line) => seen.test(line))
      const bare = lines.map((line) => line.replace(/ in [\d.]+ seconds/, '').replace(/pid \d+/, 'pid'))
      // Which a daemon learns first, that a program is silent or that it ended, changes from try to try.
      const text = bare
        .join('\n')
        .replace(/(debug3: receive packet: type 98\n(?!.*eow).*\n)((?:.*98\n.*eow.*\n.*eow\n)?.*96\n.*eof\n)/, '$2$1')
      resolve({ text: `${text}\nended with ${code}`, seconds: (Date.now() - began) / 1000 })
    })
  })
}

const [real, ours] = servers
let [same, other] = [0, 0]
function compare(name, a, b) {
  if (a === b) same++
  else other++
  if (a !== b) {
    const [left, right] = [a.split('\n'), b.split('\n')]
    console.log(`differs  ${name}`)
    for (let i = 0; i < Math.max(left.length, right.length); i++)
      if (left[i] !== right[i]) console.log(`    real ${left[i] ?? '(nothing)'}\n    ours ${right[i] ?? '(nothing)'}`)
  } else if (all) console.log(`same     ${name}`)
}

const [first, second] = await Promise.all(servers.map((server) => talk(server, ident)))
compare(
  'identification',
  first.bytes.toString('latin1').split('\r\n')[0],
  second.bytes.toString('latin1').split('\r\n')[0],
)
const kinds = [
  'exchanges',
  'host keys',
  'ciphers in',
  'ciphers out',
  'MACs in',
  'MACs out',
  'packing in',
  'packing out',
]
const [mine, yours] = [names(first), names(second)]
for (const [i, kind] of kinds.entries()) compare(kind, mine[i], yours[i])
const hassh = (list) => createHash('md5').update([list[0], list[3], list[5], list[7]].join(';')).digest('hex')
compare('hasshServer', hassh(mine), hassh(yours))
if (all) console.log(`         ${hassh(mine)}`)
compare('first packet', told(first), told(second))
for (const [name, sent] of Object.entries(wrong)) {
  const [a, b] = await Promise.all([talk(real, sent), talk(ours, sent)])
  compare(name, told(a), told(b))
}
if (real.password !== '') {
  execFileSync('ssh', ['-V'], { stdio: 'ignore' })
  const cases = {
    'a command': ['true'],
    'a command that prints': ['echo hi; exit 3'],
    'a terminal': ['-tt', 'exit 0'],
    'an environment': ['-o', 'SendEnv=LANG', '-o', 'SendEnv=FOO', 'true'],
    'a subsystem': ['-s', 'sftp'],
    'no such subsystem': ['-s', 'nothing'],
    packed: ['-C', 'true'],
    'an agent': ['-A', 'true'],
  }
  for (const [name, args] of Object.entries(cases)) {
    const [a, b] = await Promise.all([ssh(real, ...args), ssh(ours, ...args)])
    compare(name, a.text, b.text)
  }
  const bad = { password: 'no such password' }
  const [a, b] = await Promise.all([ssh({ ...real, ...bad }, 'true'), ssh({ ...ours, ...bad }, 'true')])
  compare('a wrong password', a.text, b.text)
  console.log(`a wrong password took ${a.seconds.toFixed(1)} s and ${b.seconds.toFixed(1)} s`)
}
console.log(`${same} the same, ${other} differ`)
