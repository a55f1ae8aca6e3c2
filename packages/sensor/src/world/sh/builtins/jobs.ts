import type { Job } from '../jobs.ts'
import { signalNumber, signals } from '../signals.ts'
import { signalTable } from './flow.ts'
import type { Builtin } from './index.ts'

// Jobs and signals.

const jobs: Builtin = (shell, args, name) => {
  const flags = args.filter((arg) => arg.startsWith('-')).join('')
  const words = args.filter((arg) => !arg.startsWith('-'))
  let code = 0
  let wanted: readonly Job[] = shell.jobs.all
  if (words.length > 0) {
    wanted = words.flatMap((word) => {
      const job = shell.jobs.find(word)
      if (job === undefined) {
        shell.fault(shell.dialect === 'dash' ? `No such job: ${word}` : `${word}: no such job`, name)
        code = 1
      }
      return job === undefined ? [] : [job]
    })
  }
  for (const job of wanted) {
    if (flags.includes('p')) shell.out(`${job.pid}\n`)
    else if (!flags.includes('r') || shell.jobs.running(job)) {
      const line = shell.jobs.line(job, flags.includes('l'))
      // A shell of POSIX without job control does not keep what it ran.
      shell.out(
        shell.dialect === 'bash'
          ? line
          : `${line.slice(0, line.indexOf(']') + 1)} ${shell.jobs.mark(job)} ${(shell.jobs.running(job) ? 'Running' : 'Done').padEnd(27)}\n`,
      )
    }
  }
  if (!flags.includes('p'))
    for (const job of wanted) if (!shell.jobs.running(job) && !shell.jobs.stopped(job)) shell.jobs.remove(job)
  return code
}

const wait: Builtin = async (shell, args, name) => {
  const words = args.filter((arg) => !/^-[nfp]$/.test(arg))
  const until = async (job: Job): Promise<number> => {
    const left = job.until - Date.now()
    if (job.killed === undefined && left > 0) await shell.sleep(left)
    if (job.killed === undefined) shell.jobs.print(job)
    shell.jobs.remove(job)
    return job.killed === undefined ? job.code : 128 + (signalNumber(job.killed) ?? 15)
  }
  if (words.length === 0) {
    let code = 0
    for (const job of [...shell.jobs.all].sort((a, b) => a.until - b.until)) {
      code = await until(job)
      if (args.includes('-n')) return code
    }
    return args.includes('-n') ? 127 : 0
  }
  let code = 0
  for (const word of words) {
    const job = shell.jobs.find(word)
    if (job !== undefined) code = await until(job)
    else {
      if (word.startsWith('%')) shell.fault(`${word}: no such job`, name)
      else if (!/^\d+$/.test(word))
        shell.fault(
          shell.dialect === 'bash' ? `\`${word}': not a pid or valid job spec` : `Illegal number: ${word}`,
          name,
        )
      else if (shell.dialect === 'bash') shell.fault(`pid ${word} is not a child of this shell`, name)
      code = /^\d+$/.test(word) ? 127 : word.startsWith('%') ? 127 : 1
    }
  }
  return code
}

const kill: Builtin = async (shell, args, name) => {
  const bash = shell.dialect === 'bash'
  const words = [...args]
  let signal = 'TERM'
  let number = 15
  if (words[0] === '-l' || words[0] === '-L') {
    if (words.length === 1) {
      shell.out(
        bash
          ? signalTable()
          : signals
              .map((one, i) => (shell.dialect === 'ash' ? `${String(i + 1).padStart(2)}) ${one}\n` : `${one}\n`))
              .join(''),
      )
      return 0
    }
    let code = 0
    for (const word of words.slice(1)) {
      const value = /^\d+$/.test(word) ? Number(word) : undefined
      const of = value === undefined ? signalNumber(word) : value > 128 ? value - 128 : value
      if (of === undefined || (value !== undefined && signals[of - 1] === undefined)) {
        shell.fault(`${word}: invalid signal specification`, name)
        code = 1
      } else shell.out(`${value === undefined ? of : signals[of - 1]}\n`)
    }
    return code
  }
  const pick = (word: string): boolean => {
    const found = word === '0' ? 0 : signalNumber(word)
    if (found === undefined) {
      if (bash) shell.fault(`${word}: invalid signal specification`, name)
      else
        shell.fault(
          shell.dialect === 'dash' ? `invalid signal number or name: ${word}` : `bad signal name '${word}'`,
          name,
        )
      return false
    }
    number = found
    signal = signals[found - 1] ?? String(found)
    return true
  }
  if (words[0] === '-s' || words[0] === '-n') {
    if (!pick(words[1] ?? '')) return 1
    words.splice(0, 2)
  } else if (/^-./.test(words[0] ?? '') && words[0] !== '--') {
    if (!pick((words[0] ?? '').slice(1))) return 1
    words.shift()
  }
  if (words[0] === '--') words.shift()
  if (words.length === 0) {
    if (bash)
      shell.err('kill: usage: kill [-s sigspec | -n signum | -sigspec] pid | jobspec ... or kill -l [sigspec]\n')
    else if (shell.dialect === 'dash')
      shell.fault('Usage: kill [-s sigspec | -signum | -sigspec] [pid | job]... or\nkill -l [exitstatus]', name)
    else shell.err('sh: you need to specify whom to kill\n')
    return 2
  }
  let code = 0
  for (const word of words) {
    const job = word.startsWith('%') ? shell.jobs.find(word) : shell.jobs.process(word)
    if (job !== undefined && (word.startsWith('%') || job.until > Date.now() || shell.jobs.last === word)) {
      if (number === 0) continue
      if (job.token !== undefined) shell.host.resume({ token: job.token, how: signal === 'CONT' ? 'bg' : 'kill' })
      if (signal === 'CONT') job.stopped = false
      else if (shell.jobs.running(job) || shell.jobs.stopped(job)) job.killed = signal
      continue
    }
    if (word.startsWith('%')) {
      shell.fault(shell.dialect === 'dash' ? `No such job: ${word}` : `${word}: no such job`, name)
      code = 1
    } else if (!/^-?\d+$/.test(word)) {
      shell.fault(
        bash
          ? `${word}: arguments must be process or job IDs`
          : shell.dialect === 'dash'
            ? `Illegal number: ${word}`
            : `invalid number '${word}'`,
        name,
      )
      code = 1
    } else if (Number(word) === shell.host.pid) {
      if (number !== 0) await shell.signal(signal, number)
    } else if (!shell.host.alive(Math.abs(Number(word)))) {
      if (bash) shell.fault(`(${word}) - No such process`, name)
      else if (shell.dialect === 'dash') shell.fault('No such process\n'.trimEnd(), name)
      else shell.err(`${shell.zero}: can't kill pid ${word}: No such process\n`)
      code = 1
    }
  }
  return code
}

const resume: Builtin = (shell, [word], name) => {
  if (shell.from !== 'terminal' || !shell.option('monitor')) {
    shell.fault('no job control', name)
    return 1
  }
  const job = shell.jobs.find(word ?? '%%')
  if (job === undefined) {
    shell.fault(`${word ?? 'current'}: no such job`, name)
    return 1
  }
  if (name === 'bg') {
    if (shell.jobs.stopped(job) && job.token !== undefined) {
      job.stopped = false
      shell.out(`[${job.number}]${shell.jobs.mark(job)} ${job.source} &\n`)
      shell.host.resume({ token: job.token, how: 'bg' })
      return 0
    }
    shell.fault(`job ${job.number} already in background`, name)
    return 0
  }
  shell.out(`${job.source}\n`)
  if (job.token !== undefined) {
    shell.host.resume({ token: job.token, how: 'fg' })
    shell.jobs.remove(job)
    return 0
  }
  return wait(shell, [`%${job.number}`], name)
}

const disown: Builtin = (shell, args, name) => {
  const words = args.filter((arg) => !arg.startsWith('-'))
  if (args.includes('-a')) shell.jobs.clear()
  let code = 0
  for (const word of words.length > 0 || args.includes('-a') ? words : ['%%']) {
    const job = shell.jobs.find(word)
    if (job === undefined) {
      shell.fault(`${words.length === 0 ? 'current' : word}: no such job`, name)
      code = 1
    } else if (!args.includes('-h')) shell.jobs.remove(job, true)
  }
  return code
}

const suspend: Builtin = (shell, _, name) => {
  shell.fault(shell.from === 'terminal' ? 'cannot suspend a login shell' : 'cannot suspend: no job control', name)
  return 1
}
const times: Builtin = (shell) => {
  shell.out('0m0.012s 0m0.004s\n0m0.021s 0m0.013s\n')
  return 0
}

const all = { jobs, wait, kill, fg: resume, bg: resume, disown, suspend, times } satisfies Record<string, Builtin>
export { all as jobs }
