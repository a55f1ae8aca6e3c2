import { before } from '../version.ts'
import type { Process } from '../../personas/machine.ts'
import { commOf, loadsAt, memoryAt } from '../proc.ts'
import { resolvePath } from '../node.ts'
import { complain, say, type Command, type Io } from './command.ts'

// The process table, and the programs that read it (procps). The attacker's own shell and command are in it.

const pad = (value: number | string, width: number): string => String(value).padStart(width)
const two = (n: number): string => String(n).padStart(2, '0')
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** The number of the attacker's own session process. */
export const ownPid = (since: number): number => 2000 + (Math.floor(since / 1000) % 28_000)

/** All processes as an attacker sees them. @param own the command that asks */
export function processesOf(io: Io, own: string): Process[] {
  const pid = ownPid(io.since)
  const tty = io.tty ? 'pts/0' : '?'
  const mine = (
    n: number,
    ppid: number,
    command: string,
    on: string,
    state: string,
    rss = 4800,
    vsz = 8096,
  ): Process => ({
    pid: n,
    ppid,
    user: io.user.name,
    command,
    rss,
    vsz,
    tty: on,
    state,
  })
  if (io.machine.userland === 'busybox')
    return [
      ...io.machine.processes,
      mine(pid + 6, 118, io.tty ? '-sh' : `sh -c ${own}`, tty, 'S', 720, 1488),
      mine(pid + 17, pid + 6, own.replace(/^\/bin\/busybox /, ''), tty, 'R', 640, 1480),
    ]
  return [
    ...io.machine.processes,
    mine(pid, 446, `sshd: ${io.user.name}@${io.tty ? 'pts/0' : 'notty'}`, '?', 'Ss', 8848, 14_532),
    ...(io.tty
      ? [mine(pid + 6, pid, '-bash', tty, 'Ss')]
      : [mine(pid + 6, pid, `bash -c ${own}`, tty, 'Ss', 3164, 6968)]),
    mine(pid + 17, pid + 6, own, tty, io.tty ? 'R+' : 'R', 3100, 9700),
  ]
}

/** Seconds of processor time that a process has used. */
const secondsOf = ({ pid, command }: Process, io: Io): number => {
  const days = (Date.now() - io.machine.booted) / 86_400_000
  if (pid >= 2000) return 0
  if (command.startsWith('[')) return pid % 9 === 0 ? Math.floor(days * 0.4) : 0
  return Math.floor(days * (pid === 1 ? 0.9 : (pid % 7) * 0.5))
}
const short = (p: Process): string => commOf(p.command.replace(/^-/, ''))
const dayOf = (ms: number): string => `${months[new Date(ms).getUTCMonth()]}${two(new Date(ms).getUTCDate())}`
const clock = (ms: number): string => `${two(new Date(ms).getUTCHours())}:${two(new Date(ms).getUTCMinutes())}`
const startOf = (p: Process, io: Io): string =>
  p.pid < 1000
    ? io.machine.booted < Date.now() - 86_400_000
      ? dayOf(io.machine.booted)
      : clock(io.machine.booted)
    : clock(io.since)

interface Column {
  readonly head: string
  readonly width: number
  readonly left?: boolean
  readonly of: (p: Process, io: Io) => string | number
}
const minutes = (s: number): string => `${Math.floor(s / 60)}:${two(s % 60)}`
const hours = (s: number): string => `${two(Math.floor(s / 3600))}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`
const userOf = (p: Process): string => (p.user.length > 8 ? `${p.user.slice(0, 7)}+` : p.user)
const column = (head: string, width: number, of: Column['of'], left = false): Column => ({ head, width, of, left })

const columns: Readonly<Record<string, Column>> = {
  user: column('USER', 8, userOf, true),
  uid: column('UID', 5, (p, io) => io.machine.users.find(({ name }) => name === p.user)?.uid ?? 0),
  uname: column('UID', 8, userOf, true),
  pid: column('PID', 7, (p) => p.pid),
  ppid: column('PPID', 7, (p) => p.ppid),
  pcpu: column('%CPU', 4, () => '0.0'),
  pmem: column('%MEM', 4, (p, io) => ((p.rss / io.machine.memory.total) * 100).toFixed(1)),
  vsz: column('VSZ', 6, (p) => p.vsz),
  rss: column('RSS', 5, (p) => p.rss),
  tty: column('TTY', 8, (p) => p.tty, true),
  stat: column('STAT', 4, (p) => p.state, true),
  statx: column('STAT', 6, (p) => p.state, true),
  state: column('S', 1, (p) => p.state[0] ?? 'S', true),
  start: column('START', 5, startOf, true),
  stime: column('STIME', 5, startOf),
  time: column('TIME', 6, (p, io) => minutes(secondsOf(p, io))),
  timex: column('TIME', 4, (p, io) => minutes(secondsOf(p, io))),
  cputime: column('TIME', 8, (p, io) => hours(secondsOf(p, io))),
  c: column('C', 2, () => 0),
  ni: column('NI', 3, () => 0),
  cmd: column('CMD', 0, (p) => p.command, true),
  args: column('COMMAND', 0, (p) => p.command, true),
  comm: column('CMD', 0, short, true),
  etime: column('ELAPSED', 11, (p, io) => {
    const s = Math.max(0, Math.floor((Date.now() - (p.pid < 1000 ? io.machine.booted : io.since)) / 1000))
    const d = Math.floor(s / 86_400)
    return `${d > 0 ? `${two(d)}-` : ''}${hours(s % 86_400)}`.replace(/^00:/, '')
  }),
}
const aliases: Readonly<Record<string, string>> = {
  '%cpu': 'pcpu',
  '%mem': 'pmem',
  command: 'args',
  ucmd: 'comm',
  tt: 'tty',
  tname: 'tty',
  rssize: 'rss',
  vsize: 'vsz',
  s: 'state',
  euser: 'user',
  ruser: 'user',
  nice: 'ni',
  start_time: 'stime',
}

function table(list: readonly Process[], shown: readonly Column[], io: Io, headers = true): string {
  const line = (cells: readonly (string | number)[]) =>
    `${shown
      .map(({ width, left }, i) => {
        const text = String(cells[i] ?? '')
        if (i === shown.length - 1 && left === true) return text
        return left === true ? text.padEnd(width) : text.padStart(width)
      })
      .join(' ')}\n`
  return (
    (headers ? line(shown.map(({ head }) => head)) : '') +
    list.map((p) => line(shown.map(({ of }) => of(p, io)))).join('')
  )
}

const usage = (what: string): string =>
  `error: ${what}\n\nUsage:\n ps [options]\n\n Try 'ps --help <simple|list|output|threads|misc|all>'\n  or 'ps --help <s|l|o|t|m|a>'\n for additional help text.\n\nFor more details see ps(1).\n`

const ps: Command = (args, io) => {
  const list = processesOf(io, `ps ${args.join(' ')}`.trim())
  let [every, own, format, wide, full] = [false, true, '', false, false]
  /** Only what has a terminal, and leads no session. */
  let terminals = false
  let headers = true
  let pids: Set<number> | undefined
  let names: Set<string> | undefined
  let users: Set<string> | undefined
  const wanted: string[] = []
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? ''
    if (/^--(no-headers?|no-heading)$/.test(arg)) headers = false
    else if (/^--(sort|ppid|cols|width|forest|columns)/.test(arg)) continue
    else if (arg === '--version' || arg === '-V') return say('ps from procps-ng 3.3.17\n')
    else if (/^\d+(,\d+)*$/.test(arg)) pids = new Set(arg.split(',').map(Number))
    else if (arg.startsWith('-')) {
      for (let at = 1; at < arg.length; at++) {
        const letter = arg[at] ?? ''
        const value = () => {
          const rest = arg.slice(at + 1)
          at = arg.length
          return rest === '' ? (args[++i] ?? '') : rest
        }
        if ('eA'.includes(letter)) every = true
        else if (letter === 'f') full = true
        else if (letter === 'F') full = true
        else if ('lwHLTjmyc'.includes(letter)) continue
        else if (letter === 'o') wanted.push(...value().split(','))
        else if (letter === 'p' || letter === 'q') pids = new Set(value().split(',').map(Number))
        else if (letter === 'C') names = new Set(value().split(','))
        else if (letter === 'u' && (args[i + 1] ?? '') !== '' && at === arg.length - 1 && arg.length === 2)
          users = new Set(value().split(','))
        else if ('axud'.includes(letter)) {
          // "ps -aux" is read as "ps aux".
          if (letter === 'u') format = 'u'
          if (letter === 'x') wide = true
          if (letter === 'a' && !/[xu]/.test(arg)) terminals = true
          else every = every || letter === 'a'
        } else return complain(usage('unsupported SysV option'))
      }
    } else {
      for (let at = 0; at < arg.length; at++) {
        const letter = arg[at] ?? ''
        if (letter === 'a') every = true
        else if (letter === 'x') wide = true
        else if (letter === 'u') format = 'u'
        else if (letter === 'f' || 'wehjlScnmrvgTHsX'.includes(letter)) continue
        else if (letter === 'o') {
          wanted.push(...(arg.slice(at + 1) || (args[++i] ?? '')).split(','))
          break
        } else if (letter === 'p') {
          pids = new Set((arg.slice(at + 1) || (args[++i] ?? '')).split(',').map(Number))
          break
        } else return complain(usage('unsupported option (BSD syntax)'))
      }
      // The letters without a dash bring their own form.
      if (format === '') format = 'x'
    }
  }
  if (format === '' && wide) format = 'x'
  own = pids === undefined && names === undefined && users === undefined
  const tty = io.tty ? 'pts/0' : '?'
  const chosen = list.filter((p) => {
    if (pids !== undefined) return pids.has(p.pid)
    if (names !== undefined) return names.has(short(p))
    if (users !== undefined) return users.has(p.user)
    if (terminals && !every) return p.tty !== '?' && !p.state.includes('s')
    if (every && (wide || format === '')) return true
    if (every) return p.tty !== '?'
    if (wide) return p.user === io.user.name
    return own && p.user === io.user.name && p.tty === tty
  })
  const code = chosen.length === 0 ? 1 : 0
  const pick = (...keys: string[]) => keys.flatMap((key) => columns[key] ?? [])
  if (wanted.length > 0) {
    const shown: Column[] = []
    let titles = false
    for (const word of wanted) {
      const [key = '', head] = word.trim().split('=')
      const found = columns[aliases[key] ?? key]
      if (found === undefined) return complain(usage(`unknown user-defined format specifier "${key}"`))
      titles ||= head !== ''
      shown.push(head === undefined ? (key === 'comm' ? { ...found, head: 'COMMAND' } : found) : { ...found, head })
    }
    return { out: table(chosen, shown, io, headers && titles), code }
  }
  if (format === 'u')
    return {
      out: table(
        chosen,
        pick('user', 'pid', 'pcpu', 'pmem', 'vsz', 'rss', 'tty', 'stat', 'start', 'time', 'args'),
        io,
        headers,
      ),
      code,
    }
  if (full)
    return {
      out: table(chosen, pick('uname', 'pid', 'ppid', 'c', 'stime', 'tty', 'cputime', 'cmd'), io, headers),
      code,
    }
  if (format === 'x') return { out: table(chosen, pick('pid', 'tty', 'statx', 'timex', 'args'), io, headers), code }
  return { out: table(chosen, pick('pid', 'tty', 'cputime', 'comm'), io, headers), code }
}

/** ps of busybox: three columns. */
export const busyboxPs: Command = (args, io) => {
  const bad = args.find((arg) => arg.startsWith('-') && !/^-[oaAdeflT]+$/.test(arg) && !arg.startsWith('-o'))
  if (bad !== undefined) {
    // It reads one letter after the other and stops at the first that it does not know.
    const letter = [...bad.slice(1)].find((one) => !'oaAdeflT'.includes(one)) ?? 'x'
    return { err: `ps: invalid option -- '${letter}'\n`, code: 1 }
  }
  const list = processesOf(io, `/bin/busybox ps ${args.join(' ')}`.trim())
  // As it is built for small devices.
  if (io.machine.userland === 'busybox')
    return say(
      `  PID USER       VSZ STAT COMMAND\n${list.map((p) => `${pad(p.pid, 5)} ${p.user.slice(0, 8).padEnd(8)} ${pad(p.vsz, 5)} ${p.state.padEnd(4)} ${p.command}\n`).join('')}`,
    )
  return say(
    `PID   USER     COMMAND\n${list.map((p) => `${pad(p.pid, 5)} ${p.user.slice(0, 8).padEnd(8)} ${p.command}\n`).join('')}`,
  )
}

/** top of busybox: one screen. */
export const busyboxTop: Command = (_, io) => {
  const list = processesOf(io, 'top')
  const { total, free, buffers, cached } = memoryAt(io.machine, Date.now())
  const rows = list
    .slice(0, 20)
    .map(
      (p) =>
        `${pad(p.pid, 5)} ${pad(p.ppid, 5)} ${p.user.slice(0, 8).padEnd(8)} ${p.state.padEnd(4)} ${pad(p.vsz, 5)} ${pad(Math.round((100 * p.vsz) / total), 4)}% ${pad(0, 3)}% ${p.command}\n`,
    )
  return say(
    `Mem: ${total - free}K used, ${free}K free, 28K shrd, ${buffers}K buff, ${cached}K cached\nCPU:   2% usr   3% sys   0% nic  94% idle   0% io   0% irq   0% sirq\nLoad average: ${loadsAt(Date.now()).join(' ')} 1/${list.length + 12} ${ownPid(io.since) + 17}\n  PID  PPID USER     STAT   VSZ %VSZ %CPU COMMAND\n${rows.join('')}`,
  )
}

/** "up 11 days, 3:02", and the rest of the first line of uptime, w and top. */
export function headline(io: Io): string {
  const now = new Date()
  return ` ${two(now.getUTCHours())}:${two(now.getUTCMinutes())}:${two(now.getUTCSeconds())} up ${upText(io)},  ${io.tty ? '1 user' : '0 users'},  load average: ${loadsAt(Date.now()).join(', ')}\n`
}
export function upText({ machine }: Io): string {
  const total = Math.floor((Date.now() - machine.booted) / 60_000)
  const [d, h, m] = [Math.floor(total / 1440), Math.floor(total / 60) % 24, total % 60]
  return `${d > 0 ? `${d} day${d > 1 ? 's' : ''}, ` : ''}${h > 0 ? `${pad(h, 2)}:${two(m)}` : `${m} min`}`
}

const top: Command = (args, io) => {
  const batch = args.some((arg) => /^-\w*b/.test(arg))
  if (!batch && (io.env.get('TERM') ?? '') === '')
    return complain(before(io.machine.versions['procps'], '4') ? 'TERM environment variable not set.\n' : '')
  if (!batch && !io.tty) return complain('top: failed tty get\n')
  const list = processesOf(io, 'top')
  const memory = memoryAt(io.machine, Date.now())
  const mib = (kib: number) => pad((kib / 1024).toFixed(1), 8)
  const shown = batch ? list : list.slice(0, 17)
  return say(
    `top -${headline(io)}Tasks: ${pad(list.length, 3)} total,   1 running, ${pad(list.length - 1, 3)} sleeping,   0 stopped,   0 zombie\n` +
      '%Cpu(s):  0.3 us,  0.2 sy,  0.0 ni, 99.4 id,  0.1 wa,  0.0 hi,  0.0 si,  0.0 st\n' +
      `MiB Mem : ${mib(memory.total)} total, ${mib(memory.free)} free, ${mib(memory.used)} used, ${mib(memory.buffers + memory.cached)} buff/cache\n` +
      `MiB Swap: ${mib(memory.swap)} total, ${mib(memory.swap)} free, ${mib(0)} used. ${mib(memory.available)} avail Mem \n\n` +
      '    PID USER      PR  NI    VIRT    RES    SHR S  %CPU  %MEM     TIME+ COMMAND\n' +
      shown
        .map(
          (p) =>
            `${pad(p.pid, 7)} ${p.user.slice(0, 8).padEnd(8)}  20   0 ${pad(p.vsz, 7)} ${pad(p.rss, 6)} ${pad(Math.round(p.rss * 0.7), 6)} ${p.state[0]}   0.0 ${pad(((p.rss / memory.total) * 100).toFixed(1), 5)} ${pad(`${minutes(secondsOf(p, io))}.${two(p.pid % 100)}`, 9)} ${short(p)}\n`,
        )
        .join(''),
  )
}

/** Processes that a pattern of pgrep or pkill names. */
function matching(args: readonly string[], io: Io, name: string): Process[] | undefined {
  const pattern = args.filter((arg) => !arg.startsWith('-')).at(-1)
  if (pattern === undefined || pattern.length > 200) return undefined
  const whole = args.some((arg) => /^-\w*f/.test(arg))
  const exact = args.some((arg) => /^-\w*x/.test(arg))
  // Plain words only: a pattern of the attacker's is not run on our side.
  const words = pattern
    .replace(/\[(\w)\w*\]/g, '$1')
    .split('|')
    .map((word) => word.replace(/[\^$.*+?()\\]/g, ''))
    .filter((word) => word !== '')
  return processesOf(io, `${name} ${args.join(' ')}`)
    .slice(0, -1)
    .filter((p) => {
      const text = whole ? p.command : short(p)
      return words.some((word) => (exact ? text === word : text.includes(word)))
    })
}
const noPattern = (name: string): string =>
  `${name}: no matching criteria specified\nTry \`${name} --help' for more information.\n`

const pgrep: Command = (args, io) => {
  const found = matching(args, io, 'pgrep')
  if (found === undefined) return complain(noPattern('pgrep'), 2)
  const long = args.some((arg) => /^-\w*l/.test(arg))
  const all = args.some((arg) => /^-\w*a/.test(arg))
  return {
    out: found.map((p) => `${p.pid}${all ? ` ${p.command}` : long ? ` ${short(p)}` : ''}\n`).join(''),
    code: found.length === 0 ? 1 : 0,
  }
}
const pkill: Command = (args, io) => {
  const found = matching(args, io, 'pkill')
  if (found === undefined) return complain(noPattern('pkill'), 2)
  return { code: found.length === 0 ? 1 : 0 }
}
const killall: Command = (args, io) => {
  const names = args.filter((arg, i) => !arg.startsWith('-') && args[i - 1] !== '-s' && args[i - 1] !== '-u')
  if (names.length === 0)
    return complain(
      'Usage: killall [OPTION]... [--] NAME...\n       killall -l, --list\n       killall -V, --version\n',
    )
  const list = processesOf(io, 'killall')
  const quiet = args.some((arg) => /^-\w*q/.test(arg))
  const lost = names.filter((name) => !list.some((p) => short(p) === name))
  // A path names a file, which has to be there.
  const none = lost.find((name) => name.includes('/') && io.fs.kindAt(resolvePath(io.cwd, name)) === undefined)
  if (none !== undefined) return complain(`${none}: No such file or directory\n`)
  return { err: quiet ? '' : lost.map((name) => `${name}: no process found\n`).join(''), code: lost.length > 0 ? 1 : 0 }
}
const pidof: Command = (args, io) => {
  const found = processesOf(io, 'pidof').filter((p) => args.some((name) => short(p) === name.split('/').at(-1)))
  return {
    out:
      found.length === 0
        ? ''
        : `${found
            .map(({ pid }) => pid)
            .reverse()
            .join(' ')}\n`,
    code: found.length === 0 ? 1 : 0,
  }
}

export const processes: Readonly<Record<string, Command>> = { ps, top, pgrep, pkill, killall, pidof }
