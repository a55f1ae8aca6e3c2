import { sayingsOf } from '../../personas/facts.ts'
import { complain, letters, say, silent, type Command } from './command.ts'
import { processesOf } from './processes.ts'

// What bash knows without a program, and the engine does not have.

const names =
  '. : [ alias bg bind break builtin caller cd command compgen complete compopt continue declare dirs disown echo enable eval exec exit export false fc fg getopts hash help history jobs kill let local logout mapfile popd printf pushd pwd read readarray readonly return set shift shopt source suspend test times trap true type typeset ulimit umask unalias unset wait'.split(
    ' ',
  )
const signals =
  'HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS'.split(
    ' ',
  )

const enable: Command = (args) => {
  const { rest } = letters(args)
  if (rest.length === 0) return say(names.map((name) => `enable ${name}\n`).join(''))
  const wrong = rest.filter((name) => !names.includes(name))
  return wrong.length === 0
    ? {}
    : complain(wrong.map((name) => `bash: enable: ${name}: not a shell builtin\n`).join(''))
}

const kill: Command = (args, io) => {
  if (args[0] === '-l' || args[0] === '-L') {
    const cell = (name: string, i: number) => `${String(i + 1).padStart(2)}) ${`SIG${name}`.padEnd(8)}`
    return say(
      Array.from(
        { length: Math.ceil(signals.length / 5) },
        (_, row) =>
          `${signals
            .slice(row * 5, row * 5 + 5)
            .map((name, i) => cell(name, row * 5 + i))
            .join('\t')}\n`,
      ).join(''),
    )
  }
  const given = args.filter((arg, i) => !/^-\w/.test(arg) && args[i - 1] !== '-s' && args[i - 1] !== '-n')
  if (given.length === 0)
    return complain('kill: usage: kill [-s sigspec | -n signum | -sigspec] pid | jobspec ... or kill -l [sigspec]\n', 2)
  const list = processesOf(io, 'kill')
  let err = ''
  for (const word of given) {
    if (word.startsWith('%')) err += `bash: kill: ${word}: no such job\n`
    else if (!/^-?\d+$/.test(word)) err += `bash: kill: ${word}: arguments must be process or job IDs\n`
    else if (!list.some(({ pid }) => pid === Math.abs(Number(word)))) err += `bash: kill: (${word}) - No such process\n`
  }
  return err === '' ? {} : complain(err)
}

const limits: readonly (readonly [string, string, string])[] = [
  ['core file size', '(blocks, -c)', '0'],
  ['data seg size', '(kbytes, -d)', 'unlimited'],
  ['scheduling priority', '(-e)', '0'],
  ['file size', '(blocks, -f)', 'unlimited'],
  ['pending signals', '(-i)', '7836'],
  ['max locked memory', '(kbytes, -l)', '65536'],
  ['max memory size', '(kbytes, -m)', 'unlimited'],
  ['open files', '(-n)', '1024'],
  ['pipe size', '(512 bytes, -p)', '8'],
  ['POSIX message queues', '(bytes, -q)', '819200'],
  ['real-time priority', '(-r)', '0'],
  ['stack size', '(kbytes, -s)', '8192'],
  ['cpu time', '(seconds, -t)', 'unlimited'],
  ['max user processes', '(-u)', '7836'],
  ['virtual memory', '(kbytes, -v)', 'unlimited'],
  ['file locks', '(-x)', 'unlimited'],
]
const ulimit: Command = (args) => {
  const { flags, rest } = letters(args)
  if (rest.length > 0) return {}
  if (flags.has('a'))
    return say(
      limits
        .map(
          ([name, unit, value]) => `${name.padEnd(23 - Math.max(0, unit.length - 12))} ${unit.padStart(12)} ${value}\n`,
        )
        .join(''),
    )
  const letter = [...flags].find((flag) => flag !== 'H' && flag !== 'S') ?? 'f'
  const found = limits.find(([, unit]) => unit.includes(`-${letter})`))
  return found === undefined
    ? complain(
        `bash: ulimit: -${letter}: invalid option\nulimit: usage: ulimit [-SHabcdefiklmnpqrstuvxPT] [limit]\n`,
        2,
      )
    : say(`${found[2]}\n`)
}

const umask: Command = (args) => {
  if (args.length === 0) return say('0022\n')
  if (args[0] === '-S') return say('u=rwx,g=rx,o=rx\n')
  return {}
}

const noJob =
  (name: string): Command =>
  (args, { tty }) =>
    tty
      ? complain(`bash: ${name}: ${args[0] ?? 'current'}: no such job\n`)
      : complain(`bash: ${name}: no job control\n`)

/** History is kept for a log-in shell only; a shell for one command has none. */
const history: Command = (args, { tty, fs, user, env }) => {
  // A file of history that is none cannot be read.
  if (args.includes('-r') && env.get('HISTFILE') === '/dev/null') return { code: 1 }
  if (args.length > 0 || !tty) return {}
  const file = `${user.home}/.bash_history`
  if (fs.node(file) === undefined) return {}
  const lines = Buffer.from(fs.content(file)).toString('latin1').split('\n').slice(0, -1)
  return say(lines.map((line, i) => `${String(i + 1).padStart(5)}  ${line}\n`).join(''))
}

const help: Command = (args, { machine }) =>
  args.length === 0
    ? say(sayingsOf(machine.system).help)
    : complain(
        `bash: help: no help topics match \`${args[0]}'.  Try \`help help' or \`man -k ${args[0]}' or \`info ${args[0]}'.\n`,
      )

/** trap: only the end of the shell is ever reached. */
const trap: Command = (args, { traps }) => {
  const [action, ...names] = args.filter((arg) => arg !== '--')
  if (action === undefined) return traps.exit === undefined ? {} : say(`trap -- '${traps.exit}' EXIT\n`)
  if (!names.some((name) => name === 'EXIT' || name === '0')) return {}
  if (action === '-' || action === '') delete traps.exit
  else traps.exit = action
  return {}
}

/** Each builtin that is ours, by name. */
export const builtins: ReadonlyMap<string, Command> = new Map(
  Object.entries({
    bg: noJob('bg'),
    bind: silent,
    caller: () => ({ code: 1 }),
    disown: noJob('disown'),
    enable,
    fc: silent,
    fg: noJob('fg'),
    help,
    history,
    jobs: silent,
    kill,
    logout: () => complain("bash: logout: not login shell: use `exit'\n"),
    suspend: (_, { tty }) =>
      complain(
        tty ? 'bash: suspend: cannot suspend a login shell\n' : 'bash: suspend: cannot suspend: no job control\n',
      ),
    times: () => say('0m0.012s 0m0.004s\n0m0.021s 0m0.013s\n'),
    trap,
    ulimit,
    umask,
  } satisfies Record<string, Command>),
)
