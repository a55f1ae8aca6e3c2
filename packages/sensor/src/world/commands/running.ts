import type { Command, Io, Result } from './command.ts'
import { complain, say } from './command.ts'

// Programs that run others: with other priorities, limits, environments, and for no longer than they may.

const hint = (name: string): string => `Try '${name} --help' for more information.\n`

/** Runs what a program was given. @param words how it says that it cannot: the name, why */
async function go(
  io: Io,
  args: readonly string[],
  words: (name: string, why: string) => string,
  env?: ReadonlyMap<string, string>,
): Promise<Result> {
  const { lost, ...result } = await io.run(args, env === undefined ? {} : { env })
  return lost === undefined ? result : { err: words(args[0] ?? '', lost), code: lost.startsWith('No such') ? 127 : 126 }
}
/** Words of util-linux. */
const failed =
  (name: string) =>
  (program: string, why: string): string =>
    `${name}: failed to execute ${program}: ${why}\n`
/** Words of coreutils. */
const quoted =
  (name: string) =>
  (program: string, why: string): string =>
    `${name}: ‘${program}’: ${why}\n`

/** Takes options off the front of words. @param valued letters whose value is a word of its own, where it does not follow at once */
function options(
  args: readonly string[],
  valued: string,
): { readonly given: ReadonlyMap<string, string>; readonly rest: readonly string[] } {
  const given = new Map<string, string>()
  let at = 0
  for (; /^-./.test(args[at] ?? ''); at++) {
    const word = args[at] ?? ''
    if (word === '--') {
      at++
      break
    }
    const long = /^--([\w-]+)(?:=(.*))?$/.exec(word)
    if (long !== null) {
      given.set(long[1] ?? '', long[2] ?? '')
      continue
    }
    for (let i = 1; i < word.length; i++) {
      const letter = word[i] ?? ''
      if (!valued.includes(letter)) {
        given.set(letter, '')
        continue
      }
      given.set(letter, i + 1 < word.length ? word.slice(i + 1) : (args[++at] ?? ''))
      break
    }
  }
  return { given, rest: args.slice(at) }
}

const nohup: Command = (args, io) =>
  args.length === 0
    ? complain(`nohup: missing operand\n${hint('nohup')}`, 125)
    : go(
        io,
        args[0] === '--' ? args.slice(1) : args,
        (program, why) => `nohup: failed to run command '${program}': ${why}\n`,
      )

/** How nice programs are that nice has started: it is told to those within. */
const niceness = (io: Io): number => Number(io.env.get('_NICE') ?? 0)

const nice: Command = (args, io) => {
  const first = /^-(-?\d+)$/.exec(args[0] ?? '')
  const { given, rest } =
    first === null ? options(args, 'n') : { given: new Map([['n', first[1] ?? '']]), rest: args.slice(1) }
  const asked = given.get('n') ?? given.get('adjustment') ?? '10'
  if (!/^[-+]?\d+$/.test(asked)) return complain(`nice: invalid adjustment ‘${asked}’\n`, 125)
  if (rest.length === 0)
    return given.size === 0
      ? say(`${niceness(io)}\n`)
      : complain(`nice: a command must be given with an adjustment\n${hint('nice')}`, 125)
  const value = Math.max(-20, Math.min(19, niceness(io) + Number(asked)))
  const warning = Number(asked) < 0 && io.user.uid !== 0 ? 'nice: cannot set niceness: Permission denied\n' : ''
  return go(io, rest, quoted('nice'), new Map([...io.env, ['_NICE', String(value)]])).then((result) => ({
    ...result,
    err: warning + (result.err ?? ''),
  }))
}

const renice: Command = (args) => {
  const { given, rest } = options(args, 'n')
  const [priority, ...pids] = given.has('n') ? [given.get('n') ?? '', ...rest] : rest
  if (priority === undefined || pids.length === 0) return complain(`renice: not enough arguments\n${hint('renice')}`)
  const numbers = pids.filter((pid) => /^\d+$/.test(pid))
  const bad = pids.find((pid) => !/^\d+$/.test(pid) && !pid.startsWith('-'))
  if (bad !== undefined) return complain(`renice: bad process ID value: ${bad}\n`)
  return say(numbers.map((pid) => `${pid} (process ID) old priority 0, new priority ${Number(priority)}\n`).join(''))
}

const ionice: Command = (args, io) => {
  const { given, rest } = options(args, 'cnpPu')
  if (given.has('p')) return given.has('c') || given.has('n') ? {} : say('none: prio 4\n')
  return rest.length === 0 ? (given.size === 0 ? say('none: prio 0\n') : {}) : go(io, rest, failed('ionice'))
}

/** All processors of the machine as a mask. */
const mask = (count: number): string => ((1n << BigInt(count)) - 1n).toString(16)

const taskset: Command = (args, io) => {
  const { given, rest } = options(args, '')
  const threads = io.machine.cpu.cores
  if (given.has('p')) {
    const pid = rest.at(-1)
    if (pid === undefined) return complain(`taskset: bad usage\n${hint('taskset')}`)
    const now = given.has('c')
      ? `pid ${pid}'s current affinity list: ${threads > 1 ? `0-${threads - 1}` : '0'}\n`
      : `pid ${pid}'s current affinity mask: ${mask(threads)}\n`
    return rest.length === 1
      ? say(now)
      : say(
          `${now}${given.has('c') ? `pid ${pid}'s new affinity list: ${rest[0]}` : `pid ${pid}'s new affinity mask: ${rest[0]?.replace(/^0x/, '')}`}\n`,
        )
  }
  return rest.length < 2 ? complain(`taskset: bad usage\n${hint('taskset')}`) : go(io, rest.slice(1), failed('taskset'))
}

const chrt: Command = (args, io) => {
  const { given, rest } = options(args, 'TPD')
  if (given.has('p') && rest.length === 1)
    return say(
      `pid ${rest[0]}'s current scheduling policy: SCHED_OTHER\npid ${rest[0]}'s current scheduling priority: 0\n`,
    )
  return given.has('p') || rest.length < 2 ? {} : go(io, rest.slice(1), failed('chrt'))
}

const setsid: Command = (args, io) => {
  const { rest } = options(args, '')
  return rest.length === 0
    ? complain(`setsid: no command specified\n${hint('setsid')}`)
    : go(io, rest, failed('setsid'))
}

const stdbuf: Command = (args, io) => {
  const { given, rest } = options(args, 'ioe')
  if (rest.length === 0) return complain(`stdbuf: missing operand\n${hint('stdbuf')}`, 125)
  if (given.size === 0) return complain(`stdbuf: you must specify a buffering mode option\n${hint('stdbuf')}`, 125)
  return go(io, rest, (program, why) => `stdbuf: failed to run command ‘${program}’: ${why}\n`)
}

const flock: Command = (args, io) => {
  const { given, rest } = options(args, 'wE')
  const [file, ...command] = rest
  if (file === undefined) return complain(`flock: not enough arguments\n${hint('flock')}`, 64)
  const at = command.indexOf('-c')
  const line = given.has('c') ? command.join(' ') : at === 0 ? command.slice(1).join(' ') : undefined
  if (command.length === 0) return /^\d+$/.test(file) ? {} : complain(`flock: bad file descriptor: '${file}'\n`, 64)
  return line === undefined ? go(io, command, failed('flock')) : go(io, ['/bin/sh', '-c', line], failed('flock'))
}

const script: Command = async (args, io) => {
  const { given, rest } = options(args, 'cItoBOEm')
  const [file = 'typescript'] = rest
  const line = given.get('c') ?? given.get('command')
  const quiet = given.has('q') || given.has('quiet')
  const result: Result = line === undefined ? {} : await io.run(['/bin/sh', '-c', line])
  const shown = `${result.out ?? ''}${result.err ?? ''}`
  if (file !== '/dev/null')
    io.fs.write(
      file.startsWith('/') ? file : `${io.cwd}/${file}`,
      Buffer.from(`Script started\n${shown}\nScript done\n`, 'latin1'),
      true,
    )
  return {
    out: quiet ? shown : `Script started, output log file is '${file}'.\n${shown}Script done.\n`,
    code: given.has('e') ? (result.code ?? 0) : 0,
  }
}

const unshare: Command = (args, io) => {
  const { rest } = options(args, '')
  return io.user.uid === 0 || args.some((arg) => /^-\w*[Ur]/.test(arg))
    ? go(io, rest.length === 0 ? ['/bin/sh'] : rest, failed('unshare'))
    : complain('unshare: unshare failed: Operation not permitted\n')
}

/** timeout: what sleeps for longer is ended. What works for longer has the shell's own limit. */
const timeout: Command = async (args, io) => {
  const { given, rest } = options(args, 'sk')
  const [duration, ...command] = rest
  if (duration === undefined || command.length === 0) return complain(hint('timeout'), 125)
  const match = /^(\d+(?:\.\d*)?|\.\d+)([smhd]?)$/.exec(duration)
  if (match === null) return complain(`timeout: invalid time interval ‘${duration}’\n${hint('timeout')}`, 125)
  const seconds = Number(match[1]) * ({ s: 1, m: 60, h: 3600, d: 86_400 }[match[2] || 's'] ?? 1)
  const until = Date.now() + (seconds === 0 ? 1e12 : seconds * 1000)
  const words = (program: string, why: string): string => `timeout: failed to run command ‘${program}’: ${why}\n`
  const { ended, result } = await io.until(until, () => go(io, command, words))
  const killed = /^(?:SIG)?KILL$|^9$/.test(given.get('s') ?? given.get('signal') ?? '')
  return ended ? { ...result, code: killed ? 137 : 124 } : result
}

/** env: prints the environment, or runs a program with another. */
const env: Command = (args, io) => {
  const { given, rest } = options(
    args.map((arg) => (arg === '-' ? '-i' : arg)),
    'uCS',
  )
  const next = new Map(given.has('i') || given.has('ignore-environment') ? [] : io.env)
  args.forEach((arg, i) => {
    const name = arg === '-u' ? args[i + 1] : /^(?:-u|--unset=)(.+)$/.exec(arg)?.[1]
    if (name !== undefined && i < args.length - rest.length) next.delete(name)
  })
  let at = 0
  const words = given.has('S') ? [...(given.get('S') ?? '').trim().split(/\s+/), ...rest] : rest
  for (; /^[^=]+=/.test(words[at] ?? ''); at++) {
    const word = words[at] ?? ''
    next.set(word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1))
  }
  const command = words.slice(at)
  if (command.length > 0) return go(io, command, quoted('env'), next)
  const end = given.has('0') ? '\0' : '\n'
  if (next.size > 0 && !given.has('i')) next.set('_', '/usr/bin/env')
  return say(
    [...next]
      .filter(([name, value]) => name !== '_NICE' && !(name === 'OLDPWD' && value === ''))
      .map(([name, value]) => `${name}=${value}${end}`)
      .join(''),
  )
}

export const running: Readonly<Record<string, Command>> = {
  nohup,
  nice,
  renice,
  ionice,
  taskset,
  chrt,
  setsid,
  stdbuf,
  flock,
  script,
  unshare,
  timeout,
  env,
}
