import { quoteArgument } from '@skep/vocabulary'
import { service, type Session } from '../../runtime/service.ts'
import { runCron } from '../../world/shell.ts'
import { fingerprintOf } from '../../world/keys.ts'
import { mediaOf } from '../../evidence/written.ts'
import { glob } from './glob.ts'
import { array, bulk, encode, error, integer, nil, ok, ProtocolError, requests, status, type Reply } from './resp.ts'

// A cache left open to the world: what miners and `CONFIG SET dir` worms look for (redis 6.0 without a password).

const maxKeys = 1000
const maxValue = 1024 * 1024
const maxHeld = 8 * 1024 * 1024

interface State {
  readonly session: Session
  version: 2 | 3
  readonly keys: Map<string, Buffer>
  held: number
  readonly config: Map<string, string>
  readonly started: number
  name: string
  master: string | undefined
  modules: number
  /** The event of the current request. */
  event: string
}
type Command = (args: readonly Buffer[], state: State) => Reply

const text = (arg: Buffer | undefined): string => arg?.toString('utf8') ?? ''
const wrongArity = (name: string): Reply => error(`ERR wrong number of arguments for '${name.toLowerCase()}' command`)
const syntax = error('ERR syntax error')

export const redis = service({
  name: 'redis',
  port: 6379,
  tryPort: 6380,
  recognises: (head) => /^\*\d+\r\n\$/.test(head.subarray(0, 16).toString('latin1')),

  async converse(session) {
    const { persona } = session
    const state: State = {
      session,
      version: 2,
      keys: new Map(),
      held: 0,
      config: new Map([
        ['dir', persona.redis.dir],
        ['dbfilename', 'dump.rdb'],
        ['port', '6379'],
        ['bind', '0.0.0.0'],
        ['maxmemory', '0'],
        ['protected-mode', 'no'],
        ['requirepass', ''],
        ['slave-read-only', 'yes'],
        ['stop-writes-on-bgsave-error', 'yes'],
        ['rdbcompression', 'yes'],
        ['save', '900 1 300 10 60 10000'],
        ['appendonly', 'no'],
      ]),
      started: persona.machine.booted,
      name: '',
      master: undefined,
      modules: 0,
      event: '',
    }
    try {
      for await (const [first, ...args] of requests(session.input)) {
        const verb = text(first).toUpperCase()
        const statement = [first ?? Buffer.alloc(0), ...args]
          .map((arg) => quoteArgument(arg.subarray(0, 4096).toString('utf8')))
          .join(' ')
        state.event = session.record('query', { verb: verb.slice(0, 64), statement })
        session.extract(Buffer.concat(args.flatMap((arg) => [arg, Buffer.from(' ')])).toString('latin1'), state.event)
        const reply = answer(verb, text(first), args, state)
        await session.send(encode(reply, state.version))
        if (verb === 'QUIT' || verb === 'SHUTDOWN') return
      }
    } catch (cause) {
      if (cause instanceof ProtocolError) await session.send(`-ERR Protocol error: ${cause.message}\r\n`)
      throw cause
    }
  },
})

function answer(verb: string, raw: string, args: readonly Buffer[], state: State): Reply {
  const command = commands.get(verb)
  if (command === undefined) {
    const shown = args
      .slice(0, 20)
      .map((arg) => `\`${text(arg).slice(0, 128)}\`, `)
      .join('')
    return error(`ERR unknown command \`${raw.slice(0, 128)}\`, with args beginning with: ${shown}`)
  }
  return command(args, state)
}

const auth: Command = (args, { session }) => {
  const [user, secret] = args.length > 1 ? [text(args[0]), text(args[1])] : ['default', text(args[0])]
  if (args.length === 0) return wrongArity('auth')
  session.record('auth.attempt', { method: 'AUTH', user, secret, accepted: false })
  return args.length > 1
    ? error('WRONGPASS invalid username-password pair')
    : error(
        'ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?',
      )
}

const hello: Command = (args, state) => {
  const wanted = args[0] === undefined ? state.version : Number(text(args[0]))
  if (wanted !== 2 && wanted !== 3) return error('NOPROTO unsupported protocol version')
  const at = args.findIndex((arg) => text(arg).toUpperCase() === 'AUTH')
  if (at >= 0) {
    const [user, secret] = [text(args[at + 1]), text(args[at + 2])]
    state.session.record('auth.attempt', { method: 'HELLO', user, secret, accepted: user === 'default' })
    if (user !== 'default') return error('WRONGPASS invalid username-password pair')
  }
  state.version = wanted
  const { version } = state.session.persona.redis
  return {
    type: 'map',
    items: [
      [bulk('server'), bulk('redis')],
      [bulk('version'), bulk(version)],
      [bulk('proto'), integer(wanted)],
      [bulk('id'), integer(7 + (Math.floor(state.started / 1000) % 4000))],
      [bulk('mode'), bulk('standalone')],
      [bulk('role'), bulk('master')],
      [bulk('modules'), array([])],
    ],
  }
}

const config: Command = (args, { config: settings, session, event }) => {
  const action = text(args[0]).toUpperCase()
  if (action === 'GET') {
    const pattern = text(args[1]).toLowerCase().slice(0, 256)
    return {
      type: 'map',
      items: [...settings]
        .filter(([name]) => glob(pattern, name))
        .map(([name, value]) => [bulk(name), bulk(value)] as const),
    }
  }
  if (action === 'SET') {
    if (args.length !== 3)
      return error("ERR Unknown subcommand or wrong number of arguments for 'SET'. Try CONFIG HELP.")
    const [name, value] = [text(args[1]).toLowerCase(), text(args[2])]
    if (name === 'dir') {
      const known =
        /^\/(?:root(?:\/\.ssh)?|var(?:\/\S*)?|etc(?:\/\S*)?|tmp|home(?:\/\S*)?|usr(?:\/\S*)?|dev\/shm|opt|srv)\/?$/.test(
          value,
        )
      if (!known) return error(`ERR Changing directory: No such file or directory`)
      if (/^\/var\/spool\/cron|^\/etc\/cron/.test(value))
        session.record('exploit.match', { exploit: 'redis-cron', part: value, parent: event })
      if (/\.ssh\/?$/.test(value))
        session.record('exploit.match', { exploit: 'redis-ssh-key', part: value, parent: event })
    }
    if (settings.size < 100 || settings.has(name)) settings.set(name, value.slice(0, 4096))
    return ok
  }
  if (action === 'RESETSTAT' || action === 'REWRITE') return ok
  return error(`ERR Unknown subcommand or wrong number of arguments for '${text(args[0])}'. Try CONFIG HELP.`)
}

/** Writes what is in memory where the attacker has pointed the dump file: into cron, an SSH key file, a web root. */
const save =
  (reply: Reply): Command =>
  (_, { config: settings, keys, session, event }) => {
    const path = `${settings.get('dir')}/${settings.get('dbfilename')}`.replace(/\/{2,}/g, '/')
    const bytes = dump(keys, session.persona.redis.version)
    if (path !== `${session.persona.redis.dir}/dump.rdb` && keys.size > 0) {
      session.keep(bytes, { name: path, media: mediaOf(bytes), parent: event })
      const content = [...keys.values()].map((value) => value.toString('utf8')).join('\n')
      if (/\/cron/.test(path)) {
        const left = session.record('persistence.added', { method: 'cron', path, content, parent: event })
        void runCron(session, path, content, left).catch(session.fault)
      }
      if (/authorized_keys/.test(path)) {
        for (const line of content.split('\n')) {
          const fingerprint = fingerprintOf(line)
          if (fingerprint === undefined) continue
          session.world.plantKey(fingerprint)
          session.record('key.planted', { key: line, fingerprint, path, parent: event })
        }
      }
    }
    return reply
  }

/** A dump file (RDB version 9) of plain strings: what would lie on the disk. */
function dump(keys: ReadonlyMap<string, Buffer>, version: string): Buffer {
  const length = (n: number) =>
    n < 64
      ? Buffer.of(n)
      : n < 16_384
        ? Buffer.of(0x40 | (n >> 8), n & 255)
        : Buffer.of(0x80, n >>> 24, (n >> 16) & 255, (n >> 8) & 255, n & 255)
  const string = (bytes: Buffer) => Buffer.concat([length(bytes.length), bytes])
  const pairs = [...keys].map(([key, value]) => Buffer.concat([Buffer.of(0), string(Buffer.from(key)), string(value)]))
  return Buffer.concat([
    Buffer.from('REDIS0009'),
    Buffer.of(0xfa),
    string(Buffer.from('redis-ver')),
    string(Buffer.from(version)),
    Buffer.of(0xfe, 0, 0xfb),
    length(keys.size),
    length(0),
    ...pairs,
    Buffer.of(0xff),
    Buffer.alloc(8),
  ])
}

const set: Command = (args, state) => {
  const [key, value] = args
  if (key === undefined || value === undefined) return wrongArity('set')
  const flags = args.slice(2).map((arg) => text(arg).toUpperCase())
  if (flags.includes('NX') && state.keys.has(text(key))) return nil
  if (
    flags.some(
      (flag, i) => !/^(?:NX|XX|EX|PX|KEEPTTL|\d+)$/.test(flag) || (flag === 'EX' && flags[i + 1] === undefined),
    )
  )
    return syntax
  return put(state, text(key), value) ? ok : error("OOM command not allowed when used memory > 'maxmemory'.")
}

function put(state: State, key: string, value: Buffer): boolean {
  const before = state.keys.get(key)?.length ?? 0
  if (
    value.length > maxValue ||
    (state.keys.size >= maxKeys && !state.keys.has(key)) ||
    state.held + value.length - before > maxHeld
  )
    return false
  state.held += value.length - before
  state.keys.set(key.slice(0, 4096), value)
  return true
}

const replicate: Command = (args, state) => {
  const [host, port] = [text(args[0]), text(args[1])]
  if (args.length !== 2) return wrongArity('slaveof')
  if (/^no$/i.test(host) && /^one$/i.test(port)) {
    state.master = undefined
    return ok
  }
  if (!/^\d{1,5}$/.test(port)) return error('ERR value is not an integer or out of range')
  state.master = host
  const { record } = state.session
  record('forward.request', { host, port: Number(port), method: 'slaveof' })
  record('exploit.match', { exploit: 'redis-rogue-master', part: `${host}:${port}`, parent: state.event })
  record('payload.seen', { url: `redis://${host}:${port}/`, decoded: 'plain', tool: 'slaveof', parent: state.event })
  return ok
}

const moduleCommand: Command = (args, state) => {
  const action = text(args[0]).toUpperCase()
  if (action === 'LIST') return array([])
  if (action !== 'LOAD' && action !== 'UNLOAD')
    return error(`ERR Unknown subcommand or wrong number of arguments for '${text(args[0])}'. Try MODULE HELP.`)
  state.session.record('exploit.match', { exploit: 'redis-module-load', part: text(args[1]), parent: state.event })
  if (action === 'LOAD' && state.master === undefined)
    return error('ERR Error loading the extension. Please check the server logs.')
  state.modules++
  return ok
}

/** CVE-2022-0543: Lua's package library in Debian's build. */
const evaluate: Command = (args, { session, event }) => {
  const script = text(args[0])
  if (/package\.loadlib|io\.popen|os\.execute/.test(script)) {
    session.record('exploit.match', {
      exploit: 'redis-lua-escape',
      cve: 'CVE-2022-0543',
      part: script.slice(0, 1000),
      parent: event,
    })
    const line = /popen\s*\(?\s*['"]([^'"]+)['"]/.exec(script)?.[1]
    if (line !== undefined) {
      session.record('command.run', { line, user: 'redis', cwd: '/var/lib/redis' })
      if (/^id\b/.test(line)) return bulk('uid=107(redis) gid=113(redis) groups=113(redis)\n')
      if (/^whoami\b/.test(line)) return bulk('redis\n')
      return bulk('')
    }
  }
  return nil
}

const info: Command = (args, { session: { persona }, started, keys }) => {
  const { machine, redis: face } = persona
  const up = Math.floor((Date.now() - started) / 1000)
  const sections: Record<string, string[]> = {
    Server: [
      `redis_version:${face.version}`,
      'redis_git_sha1:00000000',
      'redis_git_dirty:0',
      `redis_build_id:${face.buildId}`,
      'redis_mode:standalone',
      `os:Linux ${machine.kernel.release} ${machine.kernel.arch}`,
      'arch_bits:64',
      'multiplexing_api:epoll',
      'atomicvar_api:atomic-builtin',
      'gcc_version:10.2.1',
      'process_id:461',
      `run_id:${face.runId}`,
      'tcp_port:6379',
      `uptime_in_seconds:${up}`,
      `uptime_in_days:${Math.floor(up / 86_400)}`,
      'hz:10',
      'configured_hz:10',
      `lru_clock:${Math.floor(Date.now() / 1000) & 0xff_ffff}`,
      'executable:/usr/bin/redis-server',
      'config_file:/etc/redis/redis.conf',
      'io_threads_active:0',
    ],
    Clients: [
      'connected_clients:1',
      'client_recent_max_input_buffer:2',
      'client_recent_max_output_buffer:0',
      'blocked_clients:0',
      'tracking_clients:0',
      'clients_in_timeout_table:0',
    ],
    Memory: [
      'used_memory:874400',
      'used_memory_human:853.91K',
      'used_memory_rss:12406784',
      'used_memory_rss_human:11.83M',
      'used_memory_peak:932008',
      'used_memory_peak_human:910.16K',
      `total_system_memory:${machine.memory.total * 1024}`,
      'maxmemory:0',
      'maxmemory_human:0B',
      'maxmemory_policy:noeviction',
      'mem_allocator:jemalloc-5.2.1',
    ],
    Persistence: [
      'loading:0',
      `rdb_changes_since_last_save:${keys.size}`,
      'rdb_bgsave_in_progress:0',
      `rdb_last_save_time:${Math.floor(started / 1000)}`,
      'rdb_last_bgsave_status:ok',
      'aof_enabled:0',
    ],
    Stats: [
      'total_connections_received:41',
      'total_commands_processed:288',
      'instantaneous_ops_per_sec:0',
      'rejected_connections:0',
      'expired_keys:0',
      'evicted_keys:0',
      'keyspace_hits:4',
      'keyspace_misses:1',
    ],
    Replication: [
      'role:master',
      'connected_slaves:0',
      `master_replid:${face.runId}`,
      'master_replid2:0000000000000000000000000000000000000000',
      'master_repl_offset:0',
      'second_repl_offset:-1',
      'repl_backlog_active:0',
    ],
    CPU: [
      'used_cpu_sys:312.220011',
      'used_cpu_user:291.015208',
      'used_cpu_sys_children:0.004012',
      'used_cpu_user_children:0.001903',
    ],
    Modules: [],
    Cluster: ['cluster_enabled:0'],
    Keyspace: keys.size === 0 ? [] : [`db0:keys=${keys.size},expires=0,avg_ttl=0`],
  }
  const wanted = text(args[0]).toLowerCase()
  const chosen = Object.entries(sections).filter(
    ([name]) =>
      wanted === '' ||
      wanted === 'all' ||
      wanted === 'default' ||
      wanted === 'everything' ||
      name.toLowerCase() === wanted,
  )
  return bulk(chosen.map(([name, lines]) => `# ${name}\r\n${lines.map((line) => `${line}\r\n`).join('')}`).join('\r\n'))
}

const commands: ReadonlyMap<string, Command> = new Map(
  Object.entries({
    AUTH: auth,
    BGREWRITEAOF: () => status('Background append only file rewriting started'),
    BGSAVE: save(status('Background saving started')),
    CLIENT: (args, state) => {
      const action = text(args[0]).toUpperCase()
      if (action === 'SETNAME') {
        state.name = text(args[1])
        return ok
      }
      if (action === 'GETNAME') return state.name === '' ? nil : bulk(state.name)
      if (action === 'ID') return integer(7 + (Math.floor(state.started / 1000) % 4000))
      if (action === 'LIST')
        return bulk(
          `id=7 addr=${state.session.source.ip}:${state.session.source.port} fd=8 name=${state.name} age=1 idle=0 flags=N db=0 sub=0 psub=0 multi=-1 qbuf=26 qbuf-free=32742 obl=0 oll=0 omem=0 events=r cmd=client user=default\n`,
        )
      return error(`ERR Unknown subcommand or wrong number of arguments for '${text(args[0])}'. Try CLIENT HELP.`)
    },
    COMMAND: (args) => (text(args[0]).toUpperCase() === 'COUNT' ? integer(204) : array([])),
    CONFIG: config,
    DBSIZE: (_, { keys }) => integer(keys.size),
    DEL: (args, state) => integer(args.filter((arg) => remove(state, text(arg))).length),
    ECHO: ([value]) => (value === undefined ? wrongArity('echo') : bulk(value)),
    EVAL: evaluate,
    EXISTS: (args, { keys }) => integer(args.filter((arg) => keys.has(text(arg))).length),
    EXPIRE: ([key], { keys }) => integer(keys.has(text(key)) ? 1 : 0),
    FLUSHALL: (_, state) => (state.keys.clear(), (state.held = 0), ok),
    FLUSHDB: (_, state) => (state.keys.clear(), (state.held = 0), ok),
    GET: ([key], { keys }) => {
      if (key === undefined) return wrongArity('get')
      const value = keys.get(text(key))
      return value === undefined ? nil : bulk(value)
    },
    HELLO: hello,
    INFO: info,
    KEYS: ([pattern], { keys }) => {
      if (pattern === undefined) return wrongArity('keys')
      const wanted = text(pattern).slice(0, 256)
      return array([...keys.keys()].filter((key) => glob(wanted, key.slice(0, 256))).map((key) => bulk(key)))
    },
    LASTSAVE: (_, { started }) => integer(Math.floor(started / 1000)),
    MGET: (args, { keys }) => array(args.map((arg) => (keys.has(text(arg)) ? bulk(keys.get(text(arg)) ?? '') : nil))),
    MODULE: moduleCommand,
    MSET: (args, state) => {
      for (let i = 0; i + 1 < args.length; i += 2) put(state, text(args[i]), args[i + 1] ?? Buffer.alloc(0))
      return args.length % 2 === 0 && args.length > 0 ? ok : wrongArity('mset')
    },
    PING: ([value]) => (value === undefined ? status('PONG') : bulk(value)),
    QUIT: () => ok,
    REPLICAOF: replicate,
    ROLE: () => array([bulk('master'), integer(0), array([])]),
    SAVE: save(ok),
    SCAN: (_, { keys }) => array([bulk('0'), array([...keys.keys()].map((key) => bulk(key)))]),
    SELECT: ([index]) => (/^(?:\d|1[0-5])$/.test(text(index)) ? ok : error('ERR DB index is out of range')),
    SET: set,
    SETNX: (args, state) =>
      state.keys.has(text(args[0]))
        ? integer(0)
        : integer(put(state, text(args[0]), args[1] ?? Buffer.alloc(0)) ? 1 : 0),
    SHUTDOWN: () => error('ERR Errors trying to SHUTDOWN. Check logs.'),
    SLAVEOF: replicate,
    SLOWLOG: () => array([]),
    'SYSTEM.EXEC': ([line], state) => {
      if (state.modules === 0) return answer('', 'system.exec', line === undefined ? [] : [line], state)
      const command = text(line)
      state.session.record('command.run', { line: command, user: 'redis', cwd: '/var/lib/redis' })
      return bulk(/^id\b/.test(command) ? 'uid=107(redis) gid=113(redis) groups=113(redis)\n' : '')
    },
    TIME: () => array([bulk(String(Math.floor(Date.now() / 1000))), bulk(String((Date.now() % 1000) * 1000))]),
    TTL: ([key], { keys }) => integer(keys.has(text(key)) ? -1 : -2),
    TYPE: ([key], { keys }) => status(keys.has(text(key)) ? 'string' : 'none'),
  } satisfies Record<string, Command>),
)

function remove(state: State, key: string): boolean {
  state.held -= state.keys.get(key)?.length ?? 0
  return state.keys.delete(key)
}
