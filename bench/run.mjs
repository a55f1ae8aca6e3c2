// npm run bench [-- --json] [-- --events 1,10] [-- --only shell,ssh,telnet,gateway,sustain,import,queries,lookups,share] [-- --seconds 600]
// Prints what things cost, as ratios to a baseline that runs beside them: the machine may be slow, the ratio stays.
import { execFileSync, fork, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, request } from 'node:https'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { gzipSync } from 'node:zlib'
import { rolldown } from 'rolldown'
import ssh2 from 'ssh2'
import { pages } from './pages.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const skep = `${root}packages/cli/dist/skep.js`
const value = (name, fallback) => {
  const at = process.argv.indexOf(name)
  return at < 0 ? fallback : process.argv[at + 1]
}
const only = value('--only', 'shell,ssh,telnet,gateway,sustain,import,queries,lookups,share').split(',')
const json = process.argv.includes('--json')
const say = (line) => {
  if (!json) console.log(line)
}
const results = {}
const temp = mkdtempSync(join(tmpdir(), 'skep-bench-'))
const folder = (name) => join(temp, name)
const call = (...args) =>
  execFileSync(process.execPath, [skep, ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 1e8,
  })

async function bundle(file) {
  const made = await rolldown({
    input: `${root}bench/${file}`,
    platform: 'node',
    external: [/^@ip-location-db/, /^mmdb-lib$/, /^node:/, /^chdb$/, /^libsql$/, /^@libsql\//, /\.node$/],
    logLevel: 'silent',
  })
  const out = `${root}packages/cli/dist/bench-${file.replace('.ts', '.js')}`
  await made.write({
    dir: `${root}packages/cli/dist`,
    entryFileNames: `bench-${file.replace('.ts', '.js')}`,
    chunkFileNames: 'bench-[name]-[hash].js',
    format: 'esm',
  })
  return import(pathToFileURL(out).href)
}

/** Seconds of CPU that a process has used, and the memory it holds in MB. */
const cpu = (pid) => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}
const memory = (pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
const quantile = (all, q) => [...all].sort((a, b) => a - b)[Math.min(all.length - 1, Math.floor(all.length * q))]

async function startSensor(name, from) {
  const child = spawn(
    process.execPath,
    [skep, 'sensor', 'run', '--data', folder(name), '--ports-from', String(from), '--address', '127.0.0.1'],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  await new Promise((resolve) => child.stdout.once('data', resolve))
  const { credentials } = JSON.parse(call('sensor', 'credentials', '--data', folder(name), '--json'))
  return {
    child,
    pid: child.pid,
    ...credentials[0],
    stop: () => new Promise((resolve) => child.once('exit', resolve) && child.kill('SIGTERM')),
  }
}

const login = (port, user, password, localAddress) =>
  new Promise((resolve, reject) => {
    const client = new ssh2.Client()
    client.once('ready', () => resolve(client)).on('error', reject)
    // The client would have the server prove its RSA key, which costs what the signature costs, with any server.
    client.on('handshake', () => (client._protocol.openssh_hostKeysProve = () => {}))
    client.connect({
      host: '127.0.0.1',
      port,
      username: user,
      password,
      ...(localAddress !== undefined && { localAddress }),
      algorithms: { serverHostKey: ['ssh-ed25519'] },
    })
  })
const exec = (client, line) =>
  new Promise((resolve, reject) =>
    client.exec(line, (error, stream) => (error ? reject(error) : stream.on('close', resolve).resume())),
  )

/** Runs a task so many times, so many at once. */
async function many(count, parallel, task) {
  let left = count
  await Promise.all(
    Array.from({ length: parallel }, async () => {
      while (left-- > 0) await task()
    }),
  )
}

/** What V8 compiles over the first thousand sessions of a process is not what a session costs a sensor that runs for months. */
const warmUp = 1500

async function sshCost(pid, port, user, password, line, count = 3000, warm = warmUp) {
  // From many addresses: of one, a daemon takes only some that have not signed in.
  let turn = 0
  const once = async () => {
    const client = await login(port, user, password, `127.0.1.${1 + (turn++ % 32)}`)
    await exec(client, line)
    client.end()
  }
  await many(warm, 32, once)
  const before = cpu(pid)
  await many(count, 64, once)
  await wait(300)
  return ((cpu(pid) - before) / count) * 1000
}

async function benchShell() {
  const { benchShell: measure } = await bundle('shell.ts')
  const { costs, mb500, delayMs } = await measure()
  results.shell = { costs, mb500, delayMs }
  for (const { line, cpuMs, bashMs } of costs)
    say(
      `SHELL    ${cpuMs.toFixed(2)} ms CPU (budget 1), ${(cpuMs / bashMs).toFixed(2)} times a process of bash (${bashMs.toFixed(2)} ms): ${line}`,
    )
  say(`         ${mb500.toFixed(0)} MB for 500 shells that have run something (budget 400)`)
  say(
    `         a neighbour of three hostile lines waits ${delayMs.half.toFixed(1)} ms (half), ${delayMs.p99.toFixed(0)} ms (99 of 100; budget 50 more than alone)`,
  )
}

/** A server on Go's x/crypto, which honeypots in Go are made of, where there is a Go to build it with. */
async function startPeer() {
  try {
    execFileSync('go', ['build', '-o', folder('peer'), '.'], { cwd: `${root}bench/go`, stdio: 'ignore' })
  } catch {
    say('  there is no Go to build its server with: left out')
    return undefined
  }
  const peer = spawn(folder('peer'), ['21998', folder('peer.log')], { stdio: ['ignore', 'pipe', 'inherit'] })
  await new Promise((resolve) => peer.stdout.once('data', resolve))
  return peer
}

async function benchSsh() {
  const sensor = await startSensor('ssh', 21_000)
  await wait(1500)
  const idleMb = memory(sensor.pid)
  // Shells at a terminal. What the language itself grows by with the first hundreds is not theirs: the next are measured.
  const held = []
  const hold = async () => {
    // Of one source only some are let in at once.
    const client = await login(21_022, sensor.user, sensor.password, `127.0.${1 + (held.length >> 6)}.9`)
    held.push(client)
    await new Promise((resolve, reject) =>
      client.shell((error, stream) => (error ? reject(error) : stream.once('data', resolve).resume())),
    )
  }
  await many(400, 8, hold)
  await wait(1500)
  const before = memory(sensor.pid)
  await many(400, 8, hold)
  await wait(1500)
  const kbPerSession = ((memory(sensor.pid) - before) * 1024) / 400
  for (const client of held) client.end()
  const quick = await sshCost(sensor.pid, 21_022, sensor.user, sensor.password, 'uname -a')
  const shell = await sshCost(sensor.pid, 21_022, sensor.user, sensor.password, 'echo a | wc -c', 800, 400)
  await sensor.stop()

  const baseline = fork(`${root}bench/ssh2-server.mjs`, ['21999'], { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] })
  await new Promise((resolve) => baseline.stdout.once('data', resolve))
  const ssh2Cost = await sshCost(baseline.pid, 21_999, 'root', 'x', 'uname -a')
  baseline.kill()
  const peer = await startPeer()
  const peerCost = peer === undefined ? undefined : await sshCost(peer.pid, 21_998, 'root', 'x', 'uname -a')
  peer?.kill()
  results.ssh = {
    cpuMsPerLoginAndExec: quick,
    cpuMsWithShell: shell,
    idleMb,
    kbPerSession,
    baselineSsh2CpuMs: ssh2Cost,
    ratioToSsh2: quick / ssh2Cost,
    ...(peerCost !== undefined && { goCpuMs: peerCost, ratioToGo: quick / peerCost }),
  }
  say(
    `SSH      ${quick.toFixed(2)} ms CPU per log-in and exec, fully recorded (budget 0.55); ${shell.toFixed(2)} ms when the line needs a shell`,
  )
  say(
    `         ${(quick / ssh2Cost).toFixed(2)} times npm ssh2's server without shell or log (${ssh2Cost.toFixed(2)} ms)${peerCost === undefined ? '' : `, ${(quick / peerCost).toFixed(2)} times a server on Go's x/crypto that logs (${peerCost.toFixed(2)} ms)`}`,
  )
  say(
    `         ${idleMb.toFixed(0)} MB idle with all services (budget 150), ${kbPerSession.toFixed(0)} KB per idle shell (budget 60)`,
  )
}

async function benchTelnet() {
  const sensor = await startSensor('telnet', 22_000)
  await wait(1500)
  // From many addresses: what one and the same does at once takes turns.
  let turn = 0
  const once = () =>
    new Promise((resolve) => {
      const localAddress = `127.0.1.${1 + (turn++ % 32)}`
      const socket = createConnection({ host: '127.0.0.1', port: 22_023, localAddress })
      let text = ''
      const steps = [
        [/login: $/, `${sensor.user}\r\n`],
        [/Password: $/, `${sensor.password}\r\n`],
        [/# $/, 'exit\r\n'],
      ]
      socket.on('data', (chunk) => {
        text += chunk.toString('latin1')
        if (steps.length > 0 && steps[0][0].test(text)) {
          socket.write(steps.shift()[1])
          text = ''
        }
      })
      socket.on('error', () => {})
      socket.on('close', resolve)
    })
  await many(warmUp, 32, once)
  const before = cpu(sensor.pid)
  await many(3000, 64, once)
  await wait(300)
  const cost = ((cpu(sensor.pid) - before) / 3000) * 1000
  await sensor.stop()
  results.telnet = { cpuMsPerLogin: cost }
  say(`Telnet   ${cost.toFixed(2)} ms CPU per log-in and session (budget 0.5)`)
}

const line = (i, boot, sensor = 'bench') =>
  JSON.stringify({
    id: `0190${String(i).padStart(4, '0').slice(-4)}-0000-7000-8000-${String(i).padStart(12, '0')}`,
    sensor,
    boot,
    seq: i,
    time: `2026-10-01T00:${String(Math.floor(i / 60_000) % 60).padStart(2, '0')}:${String(Math.floor(i / 1000) % 60).padStart(2, '0')}.${String((i % 1000) * 1000).padStart(6, '0')}Z`,
    session: `01900000-0000-7000-8000-${String(Math.floor(i / 8)).padStart(12, '0')}`,
    service: 'ssh',
    transport: 'tcp',
    source: { ip: `${1 + (i % 200)}.${i % 251}.${i % 13}.7`, port: 1000 + (i % 60_000) },
    target: { port: 22 },
    kind: i % 8 === 0 ? 'session.open' : i % 8 === 7 ? 'command.run' : 'auth.attempt',
    data:
      i % 8 === 0
        ? {}
        : i % 8 === 7
          ? { line: 'uname -a', exit_code: 0 }
          : { method: 'password', user: 'root', secret: `secret${i % 977}`, accepted: false },
  })

async function startAll(data, from) {
  const child = spawn(
    process.execPath,
    [
      skep,
      'start',
      '--data',
      data,
      '--portal-port',
      '0',
      '--gateway-port',
      '0',
      '--sensor-ports-from',
      String(from),
      '--sensor-address',
      '127.0.0.1',
      '--no-update',
      '--json',
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const started = JSON.parse(String(await new Promise((resolve) => child.stdout.once('data', resolve))))
  for (
    let i = 0;
    i < 300 &&
    !(await fetch(`${started.portal}/readyz`).then(
      (r) => r.ok,
      () => false,
    ));
    i++
  )
    await wait(100)
  const token = call('token', 'create', '--data', data).trim()
  return {
    ...started,
    token,
    pid: child.pid,
    stop: () => new Promise((resolve) => child.once('exit', resolve) && child.kill('SIGINT')),
  }
}

/** A sensor that has joined, as far as the gateway can see. */
function join_(all, name) {
  const data = folder(name)
  const [, , , hub, token] = call('hub', 'invite', '--data', all.data).trim().split(' ')
  call('sensor', 'join', hub, token, '--data', data, '--name', name)
  const { authority, certificate } = JSON.parse(readFileSync(join(data, 'sensor', 'membership.json'), 'utf8'))
  const agent = new Agent({
    keepAlive: true,
    ca: authority,
    cert: certificate,
    key: readFileSync(join(data, 'sensor', 'key.pem'), 'utf8'),
    servername: 'hub.skep.internal',
  })
  return (boot, body) =>
    new Promise((resolve, reject) => {
      const asked = request(
        new URL('/gateway/v1/batches', all.gateway),
        { method: 'POST', agent, headers: { 'content-encoding': 'gzip', 'x-skep-boot': boot, 'x-skep-schema': '2' } },
        (response) => {
          response.resume()
          response.once('end', () =>
            response.statusCode === 200 ? resolve() : reject(new Error(`the gateway answered ${response.statusCode}`)),
          )
        },
      )
      asked.once('error', reject)
      asked.end(body)
    })
}

/** Inserts the same rows into a table of the same columns, straight into the engine, and nothing else. */
async function bareInsert(rows) {
  const port = 23_900
  const engine = fork(`${root}packages/cli/dist/engine.js`, {
    env: {
      ...process.env,
      SKEP_ENGINE: JSON.stringify({
        directory: folder('bare'),
        socket: folder('bare.sock'),
        port,
        readers: 1,
        memory: 2 ** 30,
      }),
    },
  })
  await new Promise((resolve) => engine.once('message', resolve))
  const ask = async (query, body) => {
    const response = await fetch(
      `http://127.0.0.1:${port}/${body === undefined ? '' : `?query=${encodeURIComponent(query)}`}`,
      {
        method: 'POST',
        body: body ?? query,
      },
    )
    if (!response.ok) throw new Error(await response.text())
  }
  const { columns } = await bundle('columns.ts')
  await ask('CREATE DATABASE IF NOT EXISTS bare ENGINE = Atomic')
  await ask(
    `CREATE TABLE bare.events (${columns.map(({ name, type }) => `\`${name}\` ${type}`).join(', ')}) ENGINE = MergeTree ORDER BY (asn, time)`,
  )
  const started = performance.now()
  let count = 0
  for (const block of rows) {
    await ask('INSERT INTO bare.events FORMAT JSONEachRow', block.body)
    count += block.count
  }
  const perSecond = count / ((performance.now() - started) / 1000)
  engine.send('stop')
  await new Promise((resolve) => engine.once('exit', resolve))
  return perSecond
}

async function benchGateway() {
  const all = await startAll(folder('gateway'), 23_000)
  // Eight sensors that come back after an outage, all at once.
  const boots = Array.from({ length: 8 }, (_, i) => `01900000-0000-7000-8000-00000000bee${i}`)
  const sensors = boots.map((_, i) => join_(all, `bench-${i}`))
  const size = 5000
  const rounds = 64
  const bodies = Array.from({ length: rounds }, (_, r) =>
    gzipSync(
      Array.from({ length: size }, (_, i) => line(Math.floor(r / 8) * size + i, boots[r % 8], `bench-${r % 8}`)).join(
        '\n',
      ),
      { level: 1 },
    ),
  )
  const started = performance.now()
  // A sensor sends the next batch when the one before is acknowledged.
  await Promise.all(
    sensors.map(async (deliver, k) => {
      for (let r = k; r < rounds; r += 8) await deliver(boots[k], bodies[r])
    }),
  )
  const burst = (rounds * size) / ((performance.now() - started) / 1000)
  // From the socket to acknowledged: one Redis client that never waits.
  const socket = createConnection(29_379, '127.0.0.1')
  const requests = 20_000
  const begun = performance.now()
  await new Promise((resolve) => {
    let heard = 0
    socket.on('data', (chunk) => {
      heard += chunk.length
      if (heard >= requests * 7) resolve()
    })
    socket.write('PING\r\n'.repeat(requests))
  })
  socket.destroy()
  const ledger = async () => {
    const { committed } = await (
      await fetch(`${all.portal}/api/v1/ledger?sensor=${all.sensor}`, {
        headers: { authorization: `Bearer ${all.token}` },
      })
    ).json()
    return committed
  }
  while ((await ledger()) < requests) await wait(50)
  const live = requests / ((performance.now() - begun) / 1000)
  const hubMb = memory(all.pid)
  await all.stop()
  // The same rows straight into the engine, in blocks of the size that the hub makes of them.
  const { toRows } = await bundle('columns.ts')
  const blocks = Array.from({ length: 8 }, (_, k) => ({
    count: size * 8,
    body: toRows(Array.from({ length: size * 8 }, (_, i) => JSON.parse(line(i, boots[k], `bench-${k}`)))),
  }))
  const bare = await bareInsert(blocks)
  results.gateway = {
    eventsPerSecondBurst: burst,
    eventsPerSecondBareInsert: bare,
    ratioToBareInsert: burst / bare,
    eventsPerSecondSocketToAcknowledged: live,
    hubMb,
  }
  say(
    `Gateway  ${Math.round(burst)} events/s, durable, in a burst over TLS (budget 50000): ${(burst / bare).toFixed(2)} of a bare insert of the same rows (${Math.round(bare)}/s); ${Math.round(live)} events/s from one socket to acknowledged`,
  )
  say(`         hub process ${hubMb.toFixed(0)} MB`)
}

/** 1,000 events a second for a while: the hub's memory; and what a sensor costs at 20 events a second. */
async function benchSustain() {
  const seconds = Number(value('--seconds', '60'))
  const all = await startAll(folder('sustain'), 24_000)
  const deliver = join_(all, 'bench-0')
  const boot = '01900000-0000-7000-8000-00000000bee0'
  let peak = 0
  const started = performance.now()
  for (let second = 0; second < seconds; second++) {
    const body = gzipSync(Array.from({ length: 1000 }, (_, i) => line(second * 1000 + i, boot, 'bench-0')).join('\n'), {
      level: 1,
    })
    await deliver(boot, body)
    const children = readFileSync(`/proc/${all.pid}/task/${all.pid}/children`, 'utf8').trim().split(' ')
    const engine = children.find((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('engine.js'))
    peak = Math.max(peak, memory(all.pid) + (engine === undefined ? 0 : memory(engine)))
    await wait(Math.max(0, (second + 1) * 1000 - (performance.now() - started)))
  }
  const kept = (performance.now() - started) / 1000
  // A sensor of its own: one connection that asks ten times a second makes about 20 events with its sessions.
  const children = readFileSync(`/proc/${all.pid}/task/${all.pid}/children`, 'utf8').trim().split(' ')
  const sensor = children.find((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('sensor'))
  await wait(3000)
  const before = cpu(sensor)
  const span = Math.min(seconds, 30)
  for (let i = 0; i < span * 5; i++) {
    // Each makes an opening, a question, a payload's worth of nothing, and an end: four events with the log-in.
    const socket = createConnection(30_379, '127.0.0.1')
    socket.on('error', () => {})
    socket.end('AUTH secret\r\nPING\r\n')
    socket.resume()
    await wait(200)
  }
  const percent = ((cpu(sensor) - before) / span) * 100
  await all.stop()
  results.sustain = { seconds: kept, hubAndEngineMb: peak, sensorPercentOfACore: percent }
  say(
    `Sustain  1000 events/s for ${kept.toFixed(0)} s: hub and engine together at most ${peak.toFixed(0)} MB (budget 1024)`,
  )
  say(`         a sensor at 20 events/s takes ${percent.toFixed(1)} % of a core (budget 2)`)
}

async function benchImport() {
  const lines = Array.from({ length: 100_000 }, (_, i) =>
    JSON.stringify({
      timestamp: { $date: new Date(1_510_000_000_000 + i * 1000).toISOString() },
      source_ip: `${1 + (i % 200)}.${i % 251}.${i % 13}.7`,
      source_port: 1000,
      destination_port: i % 7 === 0 ? 22 : 23,
      identifier: 'bench',
      honeypot: 'dionaea',
      protocol: 'pcap',
    }),
  )
  writeFileSync(folder('mhn.json'), lines.join('\n'))
  const all = await startAll(folder('import'), 24_000)
  const started = performance.now()
  call('import', 'mhn', folder('mhn.json'), '--data', folder('import'), '--json')
  const rate = 100_000 / ((performance.now() - started) / 1000)
  await all.stop()
  results.import = { eventsPerSecond: rate }
  say(`Import   ${Math.round(rate)} events/s`)
}

async function benchQueries() {
  const { generate } = await bundle('generate.ts')
  results.queries = {}
  for (const millions of value('--events', '1,10').split(',').map(Number)) {
    const data = folder(`queries-${millions}`)
    await (await startAll(data, 25_000)).stop()
    // Generated straight in the engine, while no hub runs on it: in a process of its own, for it opens once.
    const total = millions * 1e6
    const step = 1_000_000
    const script = `import { Session, drainPending } from 'chdb'
const session = new Session(${JSON.stringify(`${data}/hub/store/engine`)}, { connectionArgs: ['--max_partitions_per_insert_block=1000'] })
for (const sql of ${JSON.stringify(Array.from({ length: total / step }, (_, i) => generate(i * step, step).replace('{total}', String(total))))}) await session.queryAsync(sql)
const size = JSON.parse((await session.queryAsync("SELECT table, sum(bytes_on_disk) AS bytes, sum(rows) AS rows FROM system.parts WHERE database = 'skep' AND active GROUP BY table", { format: 'JSON' })).text()).data
console.log(JSON.stringify(size))
session.close()
await drainPending()
process.exit(0)`
    writeFileSync(`${root}packages/cli/dist/bench-fill.mjs`, script)
    const sizes = JSON.parse(
      execFileSync(process.execPath, [`${root}packages/cli/dist/bench-fill.mjs`], { encoding: 'utf8', maxBuffer: 1e8 })
        .trim()
        .split('\n')
        .at(-1),
    )
    const bytesOf = (test) =>
      sizes.filter(({ table }) => test(table)).reduce((sum, { bytes }) => sum + Number(bytes), 0) / total
    const perEvent = bytesOf((table) => table === 'events')
    const perRollup = bytesOf((table) => table !== 'events')
    const all = await startAll(data, 25_000)
    const timed = {}
    const statements = {}
    const ask = async (path) => {
      const response = await fetch(`${all.portal}/api/v1/${path}`, {
        headers: { authorization: `Bearer ${all.token}` },
      })
      const text = await response.text()
      if (!response.ok) throw new Error(`${path} was answered ${response.status}: ${text.slice(0, 300)}`)
      return text
    }
    for (const [name, path] of await pages(async (path) => JSON.parse(await ask(path)))) {
      const times = []
      for (let i = 0; i < 12; i++) {
        const start = performance.now()
        const answer = await ask(path)
        if (i >= 2) times.push(performance.now() - start)
        // Some lists are found in steps, and some pages are several statements: those have none to run beside them.
        const { sql, params } = answer.startsWith('{"id"') ? {} : JSON.parse(answer)
        if (sql !== undefined) statements[name] = { sql, params }
      }
      timed[name] = { p50: quantile(times, 0.5), p95: quantile(times, 0.95) }
    }
    await all.stop()
    const { members } = await bundle('members.ts')
    const work = await members(data)
    const direct = `import { Session, drainPending } from 'chdb'
const session = new Session(${JSON.stringify(`${data}/hub/store/engine`)}, { connectionArgs: ['--max_threads=2'] })
const out = {}
for (const [name, { sql, params }] of Object.entries(${JSON.stringify(statements)})) {
  const times = []
  for (let i = 0; i < 12; i++) { const t = performance.now(); await session.queryBindAsync(sql, params, { format: 'JSONEachRow' }); if (i >= 2) times.push(performance.now() - t) }
  times.sort((a, b) => a - b)
  out[name] = times[Math.floor(times.length / 2)]
}
console.log(JSON.stringify(out))
session.close()
await drainPending()
process.exit(0)`
    writeFileSync(`${root}packages/cli/dist/bench-direct.mjs`, direct)
    const straight = JSON.parse(
      execFileSync(process.execPath, [`${root}packages/cli/dist/bench-direct.mjs`], { encoding: 'utf8' })
        .trim()
        .split('\n')
        .at(-1),
    )
    results.queries[`${millions}M`] = {
      work,
      bytesPerEvent: perEvent,
      bytesPerEventRollups: perRollup,
      routes: Object.fromEntries(
        Object.entries(timed).map(([name, times]) => [
          name,
          {
            ...times,
            ...(straight[name] !== undefined && { straightP50: straight[name], ratio: times.p50 / straight[name] }),
          },
        ]),
      ),
    }
    say(
      `Queries  over ${millions} million events: ${perEvent.toFixed(1)} bytes an event (budget 20), ${perRollup.toFixed(1)} for rollups (budget 8)`,
    )
    for (const [name, { p50, p95 }] of Object.entries(timed))
      say(
        `         ${name.padEnd(18)} p50 ${p50.toFixed(0).padStart(5)} ms  p95 ${p95.toFixed(0).padStart(5)} ms   ${straight[name] === undefined ? '' : `${(p50 / straight[name]).toFixed(1)} times the same SQL straight in chDB (${straight[name].toFixed(0)} ms)`}`,
      )
    say(
      `         verdicts of 30 days over ${work.entities} entities on 400 sensors: ${work.verdictSeconds.toFixed(1)} s (budget 120), ${work.verdicts} stand; ${work.rules} alerts looked at in ${work.alertSeconds.toFixed(2)} s (budget 1)`,
    )
    rmSync(data, { recursive: true, force: true })
  }
}

async function benchLookups() {
  const { lookups } = await bundle('lookups.ts')
  results.lookups = lookups()
  const { v4PerSecond, v6PerSecond, loadSeconds, tableMegabytes } = results.lookups
  say(
    `Look-ups ${(v4PerSecond / 1e6).toFixed(1)} million/s IPv4, ${(v6PerSecond / 1e6).toFixed(1)} million/s IPv6 on one core, from text (budget 2); ${tableMegabytes.toFixed(0)} MB of tables (budget 100), loaded in ${loadSeconds.toFixed(1)} s`,
  )
}

async function benchShare() {
  const { taxiiPages, exports } = await bundle('share.ts')
  const pages = await taxiiPages(Math.round(Number(value('--objects', '1')) * 1e6))
  const files = await exports(100_000)
  results.share = { pages, files }
  say(
    `TAXII    a page of 1,000 of ${pages.objects / 1e6} million objects p95 ${pages.page.toFixed(0)} ms (budget 200), of two types ${pages.filtered.toFixed(0)} ms, one by id ${pages.byId.toFixed(1)} ms; ${(pages.page / pages.bare).toFixed(1)} times the bare read (${pages.bare.toFixed(0)} ms)`,
  )
  say(
    `Exports  ${files.indicators} indicators in ${files.forms} forms in ${files.seconds.toFixed(1)} s (budget 30), ${files.memory.toFixed(0)} MB more than before; ${(files.seconds / files.bare).toFixed(1)} times reading a quarter of the list as often`,
  )
}

const parts = {
  shell: benchShell,
  ssh: benchSsh,
  telnet: benchTelnet,
  gateway: benchGateway,
  sustain: benchSustain,
  import: benchImport,
  queries: benchQueries,
  lookups: benchLookups,
  share: benchShare,
}
try {
  for (const name of only) {
    if (parts[name] === undefined) throw new Error(`There is no part ${name}: ${Object.keys(parts).join(', ')}`)
    await parts[name]()
  }
} finally {
  rmSync(temp, { recursive: true, force: true })
}
if (json) console.log(JSON.stringify(results))
process.exit(0)
