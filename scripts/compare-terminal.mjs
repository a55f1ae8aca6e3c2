#!/usr/bin/env node
// Compares how two machines behave at a terminal over SSH: a real one and a sensor, beside each other.
//
//   node scripts/compare-terminal.mjs [--all] [--term NAME] HOST:PORT,USER,PASSWORD HOST:PORT,USER,PASSWORD
//
// Each conversation is typed key by key into a terminal of 80 by 24; what comes back is compared byte by byte, with the
// host's name and what differs between any two machines put aside. Prints what differs; with --all also what is the same.
// Ends with the count.
import ssh2 from 'ssh2'

const args = process.argv.slice(2)
const all = args.includes('--all')
const at = args.indexOf('--term')
const term = at < 0 ? 'xterm-256color' : (args[at + 1] ?? '')
const servers = args
  .filter((arg) => /:\d+,/.test(arg))
  .map((arg) => {
    const [where = '', username = '', password = ''] = arg.split(',')
    const [host = '', port = ''] = where.split(':')
    return { host, port: Number(port), username, password }
  })
if (servers.length !== 2) {
  console.error(
    'usage: node scripts/compare-terminal.mjs [--all] [--term NAME] HOST:PORT,USER,PASSWORD HOST:PORT,USER,PASSWORD',
  )
  process.exit(2)
}

const [up, down, left, home, end, del] = ['[A', '[B', '[D', '[H', '[F', '[3~'].map((key) => `\u001b${key}`)
const long = 'echo 1234567890 abcdefghij 1234567890 abcdefghij 1234567890 abcdefghij 1234567890 abcdefghij'
/** What is typed, piece by piece: after each one waits until nothing more comes. */
const conversations = {
  'a line': ['echo hi\r'],
  'an empty line': ['\r', '\r'],
  'an error': ['nosuchthing\r'],
  'two lines in one packet': ['echo a\recho b\r'],
  'a line with LF': ['echo hi\n'],
  'spaces only': ['   \r'],
  backspace: ['echo hix', '\u007f', '\r'],
  'backspace within': ['echo abc', left, left, '\u007f', '\r'],
  'inserting within': ['echo ac', left, 'b', '\r'],
  'the ends of a line': ['cho hi', home, 'e', end, '!', '\r'],
  'control keys': ['cho hi', '\u0001', 'e', '\u0005', 'x', '\u0002', '\u0006', '\r'],
  'killing and yanking': ['echo one two', '\u0017', '\u0019', '\u0015', 'pwd\r'],
  'killing to the end': ['echo one two', '\u0001', '\u0006', '\u0006', '\u000b', 'ho x\r'],
  delete: ['echo abc', left, left, del, '\r'],
  history: ['echo one\r', 'echo two\r', up, up, down, '\r'],
  'history, changed': ['echo one\r', up, '!', '\r'],
  'history to its beginning and end': ['echo one\r', up, up, down, down, 'x', '\u0015', '\r'],
  searching: ['echo one\r', 'echo two\r', '\u0012', 'on', '\r'],
  '!!': ['echo one\r', '!!\r', '!echo\r', 'echo a!b\r'],
  'giving up a line': ['echo abc', '\u0003', 'echo d\r'],
  'giving up an empty line': ['\u0003'],
  'giving up what sleeps': ['sleep 100\r', '\u0003', 'echo $?\r'],
  'stopping what sleeps': ['sleep 100\r', '\u001a', 'echo $?\r', 'kill %1\r', '\r'],
  clearing: ['echo ab', '\u000c', '\r'],
  'a quote over two lines': ["echo 'a\r", "b'\r"],
  'a loop over lines': ['for i in 1 2\r', 'do echo $i\r', 'done\r'],
  'a here-document': ['cat <<E\r', 'a\r', 'E\r'],
  'a backslash at the end': ['echo a\\\r', 'b\r'],
  'giving up a second line': ["echo 'a\r", '\u0003', 'echo x\r'],
  'the end in a second line': ["echo 'a\r", '\u0004', '\r'],
  'a long line': [`${long}\r`],
  'a long line, key by key': [...long.slice(0, 84)].concat('\u007f', '\u007f', '\r'),
  'a long line, moved in': [long, home, 'X', end, 'Y', '\u0015', '\r'],
  'completing a file': ['cat /etc/host', '\t', '\t', 'name\r'],
  'completing what is one': ['cat /etc/hostn', '\t', '\r'],
  'completing a folder': ['cd /etc/ss', '\t', '\r', 'pwd\r'],
  'completing a command': ['whoam', '\t', '\r'],
  'completing nothing': ['cat /nosuch', '\t', '\r'],
  'cat to the end': ['cat\r', 'one\r', '\u0004', 'echo x\r'],
  'cat given up': ['cat\r', 'one', '\u0003', 'echo x\r'],
  'what is typed while something runs': ['sleep 1\r', 'echo typed ahead\r'],
  read: ['read x\r', 'abc\r', 'echo $x\r'],
  'a background job': ['sleep 0.2 &\r', 'sleep 0.5\r', '\r'],
  'sh within': ['sh\r', 'echo $0\r', 'nosuch\r', 'exit\r', 'echo $0\r'],
  'bash within': ['bash\r', 'echo $0\r', 'exit\r'],
  folders: ['cd /tmp\r', 'cd -\r', 'cd /nosuch\r', 'pwd\r'],
  stty: ['stty -echo\r', 'echo hi\r', 'stty echo\r', 'stty size\r', 'tty\r'],
  tput: ['tput cols\r', 'echo $TERM $COLUMNS $LINES\r', 'echo $- $SHLVL $0\r'],
  'quoted insertion': ['echo "\u0016\tx"\r'],
  'characters of UTF-8': ['echo grün\r', 'echo ü', '\u007f', 'o\r'],
  'a paste in brackets': ['\u001b[200~echo pasted\u001b[201~', '\r'],
  'a paste of lines': ['\u001b[200~echo one\necho two\u001b[201~', '\r', up],
  'a paste of lines, changed': ['\u001b[200~echo one\necho two\u001b[201~', home, 'x', end, '\u007f', '\r'],
  'a loop in the history': ['for i in 1 2\r', 'do echo $i\r', 'done\r', up, '\r'],
  'printf without an end of line': ['printf abc\r', 'echo x\r'],
  'colours and bells': ["printf '\\033[31mred\\033[0m\\a\\n'\r"],
  leaving: ['exit\r'],
  'logging out': ['logout\r'],
  'leaving with a code': ['exit 3\r'],
  'the end of the input': ['\u0004'],
  'leaving with a stopped job': ['sleep 100\r', '\u001a', 'exit\r', 'exit\r'],
}

const quiet = async (state, ms, most) => {
  const until = Date.now() + most
  let [seen, since] = [state.out.length, Date.now()]
  while (Date.now() < until && !state.closed) {
    await new Promise((resolve) => setTimeout(resolve, 20))
    if (state.out.length !== seen) [seen, since] = [state.out.length, Date.now()]
    else if (Date.now() - since >= ms) return
  }
}

function talk(server, keys) {
  return new Promise((resolve, reject) => {
    const client = new ssh2.Client()
    client.on('error', reject).once('ready', () =>
      client.shell({ term, cols: 80, rows: 24 }, async (error, stream) => {
        if (error) return reject(error)
        const state = { out: '', closed: false, code: undefined }
        stream.on('data', (chunk) => (state.out += chunk.toString('latin1')))
        stream.on('exit', (code) => (state.code = code)).on('close', () => (state.closed = true))
        await quiet(state, 500, 5000)
        const parts = [state.out.slice(-120)]
        for (const key of keys) {
          if (state.closed) break
          const from = state.out.length
          stream.write(key)
          await quiet(state, keys.length > 20 ? 60 : /sleep/.test(key) ? 800 : 250, 4000)
          parts.push(state.out.slice(from))
        }
        client.end()
        resolve({ parts, code: state.closed ? state.code : undefined })
      }),
    )
    client.connect(server)
  })
}

let [same, different] = [0, 0]
const names = await Promise.all(
  servers.map(async (server) => {
    const { parts } = await talk(server, ['hostname\r'])
    return /hostname\r\n(?:\u001b\[\?2004l\r)?([\w.-]+)\r\n/.exec(parts[1] ?? '')?.[1] ?? ''
  }),
)
const plain = (text, name, user) =>
  text
    .replaceAll(name, 'HOST')
    .replaceAll(user, 'USER')
    .replace(/(\[\d+\] )\d+/g, '$1PID')
    .replace(/pts\/\d+/g, 'pts/N')
const only = process.env['ONLY']
for (const [title, keys] of Object.entries(conversations)) {
  if (only !== undefined && !title.includes(only)) continue
  const [a, b] = await Promise.all(servers.map((server) => talk(server, keys)))
  let odd = a.code !== b.code
  const lines = odd ? [`  exit code: ${a.code} and ${b.code}`] : []
  keys.forEach((key, i) => {
    const [x, y] = [a, b].map(({ parts }, j) => plain(parts[i + 1] ?? '', names[j], servers[j].username))
    if (x === y) {
      if (all) lines.push(`  ${JSON.stringify(key)}: ${JSON.stringify(x)}`)
      return
    }
    odd = true
    lines.push(`  ${JSON.stringify(key)}:`, `    ${JSON.stringify(x)}`, `    ${JSON.stringify(y)}`)
  })
  if (odd) different++
  else same++
  if (odd || all) console.log(`${odd ? 'differs' : 'same'}: ${title}`)
  for (const line of lines) console.log(line)
}
console.log(`${same} conversations the same, ${different} differ`)
