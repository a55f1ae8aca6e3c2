#!/usr/bin/env node
// Compares two telnet servers as clients of different kinds see them: a real daemon and a sensor, beside each other.
//
//   node scripts/compare-telnet.mjs [--all] HOST:PORT HOST:PORT
//
// A real daemon needs somebody who listens for it, such as: socat TCP-LISTEN:2323,fork,reuseaddr EXEC:/usr/sbin/telnetd
// Looked at, for each kind of client: every option and subnegotiation in the order in which it came, and the text up to the
// refusal of a wrong password. The names of host, kernel and system are put aside. Prints what differs; with --all also what is the
// same. Ends with the count.
import { connect } from 'node:net'

const all = process.argv.includes('--all')
const servers = process.argv
  .slice(2)
  .filter((arg) => /:\d+$/.test(arg))
  .map((arg) => ({ host: arg.slice(0, arg.lastIndexOf(':')), port: Number(arg.slice(arg.lastIndexOf(':') + 1)) }))
if (servers.length !== 2) {
  console.error('usage: node scripts/compare-telnet.mjs [--all] HOST:PORT HOST:PORT')
  process.exit(2)
}

const [SE, SB, WILL, WONT, DO, DONT, IAC] = [240, 250, 251, 252, 253, 254, 255]
const verbs = { [WILL]: 'WILL', [WONT]: 'WONT', [DO]: 'DO', [DONT]: 'DONT' }
const [ECHO, SGA, STATUS, TTYPE, NAWS, TSPEED, LFLOW, LINEMODE, XDISPLOC, NEW_ENVIRON] = [
  1, 3, 5, 24, 31, 32, 33, 34, 35, 39,
]
const sub = (option, ...bytes) => [IAC, SB, option, ...bytes, IAC, SE]
const told = {
  [TTYPE]: [0, ...Buffer.from('xterm')],
  [TSPEED]: [0, ...Buffer.from('38400,38400')],
  [XDISPLOC]: [0, ...Buffer.from('x:0')],
}
/** What each kind of client is willing to do, what it tells as its user, and what it says at the end. */
const clients = {
  'refuses all': { will: [] },
  'tells of itself': { will: [TTYPE, TSPEED, XDISPLOC, NEW_ENVIRON, NAWS, LFLOW] },
  'edits its lines': { will: [TTYPE, NAWS, LINEMODE] },
  'edits its lines and does all else': { will: [TTYPE, TSPEED, NEW_ENVIRON, NAWS, LFLOW, LINEMODE] },
  'controls the flow': { will: [TTYPE, NAWS, LFLOW] },
  'asks for the status': { will: [TTYPE, NAWS, LFLOW], asks: sub(STATUS, 1) },
  'asks who is there': { will: [], asks: [IAC, 246] },
  'names its user': { will: [NEW_ENVIRON], user: 'root' },
}

function talk(server, { will, user, asks }) {
  return new Promise((resolve) => {
    const socket = connect(server)
    const said = []
    let [text, rest, steps] = ['', Buffer.alloc(0), 0]
    const flush = () => {
      if (text !== '') said.push(JSON.stringify(text))
      text = ''
    }
    const end = () => {
      flush()
      socket.destroy()
      resolve(said)
    }
    const timer = setTimeout(end, 12_000)
    socket.on('error', end)
    socket.on('close', () => {
      clearTimeout(timer)
      end()
    })
    const next = () => {
      if (steps === 0 && asks !== undefined && /login: $/.test(text)) {
        steps = 1
        socket.write(Buffer.from(asks))
      } else if (steps <= 1 && /login: $/.test(text)) {
        steps = 2
        socket.write('root\r\n')
      } else if (steps <= 2 && /assword: $/.test(text)) {
        steps = 3
        socket.write('wr-ong\r\n')
      } else if (steps === 3 && /incorrect[\s\S]*login: $/.test(text)) end()
    }
    socket.on('data', (chunk) => {
      const bytes = Buffer.concat([rest, chunk])
      let at = 0
      rest = Buffer.alloc(0)
      while (at < bytes.length) {
        if (bytes[at] !== IAC) {
          text += String.fromCharCode(bytes[at++])
          continue
        }
        const [, verb, option] = bytes.subarray(at, at + 3)
        const close = verb === SB ? bytes.indexOf(Buffer.of(IAC, SE), at) : at + 2
        if (option === undefined || close < 0) {
          rest = bytes.subarray(at)
          break
        }
        flush()
        if (verb === SB) {
          const inner = bytes.subarray(at + 2, close)
          said.push(`SB ${inner.toString('hex')}`)
          at = close + 2
          if (inner[1] === 1 && told[inner[0]] !== undefined)
            socket.write(Buffer.from(sub(inner[0], ...told[inner[0]])))
          if (inner[0] === NEW_ENVIRON && inner[1] === 1)
            socket.write(
              Buffer.from(sub(NEW_ENVIRON, 0, ...(user === undefined ? [] : [0, ...Buffer.from(`USER\u0001${user}`)]))),
            )
          if (inner[0] === LINEMODE && inner[1] === 1 && (inner[2] & 4) === 0)
            socket.write(Buffer.from(sub(LINEMODE, 1, inner[2] | 4)))
          continue
        }
        at += 3
        said.push(`${verbs[verb] ?? verb} ${option}`)
        if (verb === DO) {
          socket.write(Buffer.of(IAC, will.includes(option) ? WILL : WONT, option))
          if (option === NAWS && will.includes(NAWS)) socket.write(Buffer.from(sub(NAWS, 0, 80, 0, 24)))
        } else if (verb === WILL) socket.write(Buffer.of(IAC, [ECHO, SGA, STATUS].includes(option) ? DO : DONT, option))
        else if (verb === DONT && will.includes(option)) socket.write(Buffer.of(IAC, WONT, option))
      }
      next()
    })
  })
}

const plain = (lines) => {
  const host = /\\n([\w.-]+) login: /.exec(lines.join(' '))?.[1] ?? 'HOST'
  return lines.map((line) =>
    line
      .replaceAll(host, 'HOST')
      .replace(/Linux \S+ \(\w+\)/g, 'Linux')
      .replace(/"(?:Debian GNU\/Linux|Ubuntu) [\d.]+(?: LTS)?\\r/, '"SYSTEM\\r')
      .replace(/\(pts\/\d+\)/g, '(pts/N)'),
  )
}
let [same, different] = [0, 0]
for (const [kind, client] of Object.entries(clients)) {
  const [a, b] = (await Promise.all(servers.map((server) => talk(server, client)))).map(plain)
  const odd = a.join('\n') !== b.join('\n')
  if (odd) different++
  else same++
  if (odd || all) console.log(`${odd ? 'differs' : 'same'}: ${kind}`)
  if (all && !odd) for (const line of a) console.log(`  ${line}`)
  if (odd)
    for (let i = 0; i < Math.max(a.length, b.length); i++)
      console.log(`  ${a[i] === b[i] ? ' ' : '!'} ${(a[i] ?? '').padEnd(60)} ${b[i] ?? ''}`)
}
console.log(`${same} kinds of client see the same, ${different} see a difference`)
