import type { Interpreter } from '../interpreter.ts'
import { dashNames, optionLetters, optionNames, shoptNames } from '../options.ts'
import { before } from '../../version.ts'
import { quotedFor } from '../expand.ts'
import { printed } from '../print.ts'
import type { Builtin } from './index.ts'

// How the shell is set: set, shopt, ulimit, umask, alias.

/** Variables as set prints them. */
function all(shell: Interpreter): string {
  const dynamic = Object.keys(shell.variables.dynamic).filter(
    (name) =>
      /^[A-Z]/.test(name) &&
      !['RANDOM', 'SRANDOM', 'SECONDS', 'LINENO', 'EPOCHSECONDS', 'EPOCHREALTIME', 'BASHPID', 'BASH_SUBSHELL'].includes(
        name,
      ),
  )
  const names = [...new Set([...[...shell.variables.entries()].map(([name]) => name), ...dynamic])].sort()
  const plain = (value: string): string =>
    value === '' ? '' : /^[\w@%+:,./=-]+$/.test(value) ? value : quotedFor(value)
  const lines = names.flatMap((name) => {
    const one = shell.variables.find(name)
    if (one?.list !== undefined || one?.table !== undefined)
      return [
        `${name}=(${shell.variables
          .elements(name)
          .map(([key, value]) => `[${key}]="${value}"`)
          .join(' ')})\n`,
      ]
    const value = shell.variables.get(name)
    return value === undefined
      ? []
      : [`${name}=${shell.dialect === 'bash' ? plain(value) : `'${value.replaceAll("'", `'"'"'`)}'`}\n`]
  })
  return (
    lines.join('') +
    (shell.dialect === 'bash' ? [...shell.functions].map(([name, of]) => printed(name, of)).join('') : '')
  )
}

const set: Builtin = (shell, args, name) => {
  const bash = shell.dialect === 'bash'
  if (args.length === 0) {
    shell.out(all(shell))
    return 0
  }
  const names = bash ? optionNames : dashNames
  const change = (option: string, on: boolean): void => {
    if (on) shell.options.add(option)
    else shell.options.delete(option)
  }
  for (let i = 0; i < args.length; i++) {
    const word = args[i] ?? ''
    if (word === '--' || word === '-') {
      if (word === '--' || i + 1 < args.length) shell.positional = args.slice(i + 1)
      if (word === '-') for (const option of ['xtrace', 'verbose']) change(option, false)
      return 0
    }
    if (!/^[-+]./.test(word)) {
      shell.positional = args.slice(i)
      return 0
    }
    const on = word[0] === '-'
    for (const letter of word.slice(1)) {
      if (letter === 'o') {
        const option = args[++i]
        if (option === undefined) {
          shell.out(
            on
              ? `${bash ? '' : 'Current option settings\n'}${names.map((one) => (bash ? `${one.padEnd(15)}\t${shell.options.has(one) ? 'on' : 'off'}\n` : `${one.padEnd(16)}${shell.options.has(one) ? 'on' : 'off'}\n`)).join('')}`
              : names.map((one) => `set ${shell.options.has(one) ? '-' : '+'}o ${one}\n`).join(''),
          )
          return 0
        }
        if (!names.includes(option) && option !== 'pipefail') {
          shell.fault(
            bash
              ? `${option}: invalid option name`
              : shell.dialect === 'dash'
                ? `Illegal option -o ${option}`
                : `illegal option -o ${option}`,
            name,
          )
          return bash ? 2 : 2
        }
        change(option, on)
        continue
      }
      const option = optionLetters[letter]
      if (option === undefined) {
        shell.fault(
          bash
            ? `${word[0]}${letter}: invalid option`
            : `${shell.dialect === 'dash' ? 'Illegal' : 'illegal'} option -${letter}`,
          name,
        )
        if (bash) shell.err('set: usage: set [-abefhkmnptuvxBCHP] [-o option-name] [--] [arg ...]\n')
        return 2
      }
      change(option, on)
    }
  }
  return 0
}

const shopt: Builtin = (shell, args, name) => {
  const flags = args.filter((arg) => /^-[psuqo]+$/.test(arg)).join('')
  const words = args.filter((arg) => !/^-[psuqo]+$/.test(arg))
  const bad = words.find((word) => word.startsWith('-'))
  if (bad !== undefined) {
    shell.fault(`${bad.slice(0, 2)}: invalid option`, name)
    shell.err('shopt: usage: shopt [-pqsu] [-o] [optname ...]\n')
    return 2
  }
  const ofSet = flags.includes('o')
  const [names, on] = ofSet ? [optionNames, shell.options] : [shoptNames(shell.host.machine), shell.shopt]
  const line = (one: string): string => {
    const is = on.has(one)
    if (flags.includes('p')) return ofSet ? `set ${is ? '-' : '+'}o ${one}\n` : `shopt ${is ? '-s' : '-u'} ${one}\n`
    return `${one.padEnd(ofSet ? 15 : 15)}\t${is ? 'on' : 'off'}\n`
  }
  if (words.length === 0) {
    const wanted = flags.includes('s')
      ? names.filter((one) => on.has(one))
      : flags.includes('u')
        ? names.filter((one) => !on.has(one))
        : names
    if (!flags.includes('q')) shell.out(wanted.map(line).join(''))
    return 0
  }
  let code = 0
  for (const word of words) {
    if (!names.includes(word)) {
      shell.fault(`${word}: invalid ${ofSet ? '' : 'shell '}option name`, name)
      code = 1
    } else if (flags.includes('s')) on.add(word)
    else if (flags.includes('u')) on.delete(word)
    else {
      if (!on.has(word)) code = 1
      if (!flags.includes('q')) shell.out(line(word))
    }
  }
  return code
}

/** Each limit: its letter, its name and unit as bash 5.1 and others print them, and what it is at the start. */
const limits: readonly (readonly [string, string, string, string])[] = [
  ['R', 'real-time non-blocking time', 'microseconds, ', 'unlimited'],
  ['c', 'core file size', 'blocks, ', '0'],
  ['d', 'data seg size', 'kbytes, ', 'unlimited'],
  ['e', 'scheduling priority', '', '0'],
  ['f', 'file size', 'blocks, ', 'unlimited'],
  ['i', 'pending signals', '', ''],
  ['l', 'max locked memory', 'kbytes, ', ''],
  ['m', 'max memory size', 'kbytes, ', 'unlimited'],
  ['n', 'open files', '', '1024'],
  ['p', 'pipe size', '512 bytes, ', '8'],
  ['q', 'POSIX message queues', 'bytes, ', '819200'],
  ['r', 'real-time priority', '', '0'],
  ['s', 'stack size', 'kbytes, ', '8192'],
  ['t', 'cpu time', 'seconds, ', 'unlimited'],
  ['u', 'max user processes', '', ''],
  ['v', 'virtual memory', 'kbytes, ', 'unlimited'],
  ['x', 'file locks', '', 'unlimited'],
]

/** What a limit is. Some follow from the machine's memory: a process needs 128 KiB, half of them may be one user's (fork.c). */
function limitOf(shell: Interpreter, letter: string): string {
  const given = shell.limits.get(letter)
  if (given !== undefined) return given
  const { memory, kernel } = shell.host.machine
  if (letter === 'i' || letter === 'u') return String(Math.floor(memory.total / 256))
  // Since Linux 5.16 an eighth of the memory, as systemd sets it; 64 MiB before.
  if (letter === 'l') return before(kernel.release, '5.16') ? '65536' : String(Math.floor(memory.total / 8))
  return limits.find(([one]) => one === letter)?.[3] ?? 'unlimited'
}

const ulimit: Builtin = (shell, args, name) => {
  const flags = args
    .filter((arg) => /^-[A-Za-z]+$/.test(arg))
    .join('')
    .replaceAll('-', '')
  const [value] = args.filter((arg) => !arg.startsWith('-'))
  const known = limits.filter(([letter]) => letter !== 'R' || /^(?:5\.[1-9]|[6-9])/.test(shell.version))
  // Bash 5.1 has a wider column, for the longest of its names.
  const width = known.length === limits.length ? 44 : 36
  if (flags.includes('a')) {
    const row = ([letter, words, unit]: readonly [string, string, string, string]): string => {
      const behind = `(${unit}-${letter})`
      return `${words}${' '.repeat(Math.max(1, width - words.length - behind.length))}${behind} ${limitOf(shell, letter)}\n`
    }
    shell.out(shell.dialect === 'bash' ? known.map(row).join('') : dashLimits(shell))
    return 0
  }
  const letter = [...flags].find((one) => one !== 'H' && one !== 'S') ?? 'f'
  if (!known.some(([one]) => one === letter)) {
    shell.fault(shell.dialect === 'bash' ? `-${letter}: invalid option` : `Illegal option -${letter}`, name)
    if (shell.dialect === 'bash') shell.err('ulimit: usage: ulimit [-SHabcdefiklmnpqrstuvxPT] [limit]\n')
    return 2
  }
  if (value === undefined) {
    // How many files may be open at most is more than what a shell begins with.
    const hard = flags.includes('H') && letter === 'n' && !shell.limits.has('n')
    shell.out(`${hard ? '1048576' : limitOf(shell, letter)}\n`)
    return 0
  }
  if (!/^(?:\d+|unlimited|hard|soft)$/.test(value)) {
    shell.fault(
      shell.dialect === 'bash' ? `${value}: invalid number` : shell.dialect === 'dash' ? 'bad number' : `bad number`,
      name,
    )
    return 1
  }
  const { uid } = shell.host.user()
  if (uid !== 0 && value === 'unlimited' && letter === 'n') {
    shell.fault(
      shell.dialect === 'bash'
        ? 'open files: cannot modify limit: Operation not permitted'
        : 'error setting limit (Operation not permitted)',
      name,
    )
    return shell.dialect === 'bash' ? 1 : 2
  }
  if (letter === 'n' && value === 'unlimited') {
    // Above what the kernel lets even root have.
    shell.fault(
      shell.dialect === 'bash'
        ? 'open files: cannot modify limit: Operation not permitted'
        : 'error setting limit (Operation not permitted)',
      name,
    )
    return shell.dialect === 'bash' ? 1 : 2
  }
  if (value !== 'hard' && value !== 'soft') shell.limits.set(letter, value)
  return 0
}

const dashLimits = (shell: Interpreter): string =>
  [
    ['time(seconds)', 't'],
    ['file(blocks)', 'f'],
    ['data(kbytes)', 'd'],
    ['stack(kbytes)', 's'],
    ['coredump(blocks)', 'c'],
    ['memory(kbytes)', 'm'],
    ['locked memory(kbytes)', 'l'],
    ['process', 'u'],
    ['nofiles', 'n'],
    ['vmemory(kbytes)', 'v'],
    ['locks', 'x'],
    ['rtprio', 'r'],
  ]
    .map(([words = '', letter = '']) => `${words.padEnd(20)} ${limitOf(shell, letter)}\n`)
    .join('')

const umask: Builtin = (shell, args, name) => {
  const symbolic = args.includes('-S')
  const [mode] = args.filter((arg) => !/^-[Sp]+$/.test(arg))
  if (mode === undefined) {
    const letters = (bits: number): string => `${bits & 4 ? 'r' : ''}${bits & 2 ? 'w' : ''}${bits & 1 ? 'x' : ''}`
    const kept = 0o777 & ~shell.umask
    shell.out(
      symbolic
        ? `u=${letters(kept >> 6)},g=${letters((kept >> 3) & 7)},o=${letters(kept & 7)}\n`
        : `${args.includes('-p') ? 'umask ' : ''}${shell.umask.toString(8).padStart(4, '0')}\n`,
    )
    return 0
  }
  if (/^\d/.test(mode)) {
    if (!/^[0-7]{1,4}$/.test(mode)) {
      shell.fault(shell.dialect === 'bash' ? `${mode}: octal number out of range` : `Illegal number: ${mode}`, name)
      return shell.dialect === 'bash' ? 1 : 2
    }
    shell.umask = Number.parseInt(mode, 8) & 0o777
    return 0
  }
  let kept = 0o777 & ~shell.umask
  for (const clause of mode.split(',')) {
    const match = /^([ugoa]*)([-+=])([rwx]*)$/.exec(clause)
    if (match === null) {
      shell.fault(
        shell.dialect === 'bash' ? `\`${clause[0]}': invalid symbolic mode character` : `Illegal mode: ${mode}`,
        name,
      )
      return shell.dialect === 'bash' ? 1 : 2
    }
    const [, who = '', op, what = ''] = match
    const bits = (what.includes('r') ? 4 : 0) | (what.includes('w') ? 2 : 0) | (what.includes('x') ? 1 : 0)
    for (const [letter, shift] of [
      ['u', 6],
      ['g', 3],
      ['o', 0],
    ] as const) {
      if (who !== '' && !who.includes('a') && !who.includes(letter)) continue
      if (op === '=') kept = (kept & ~(7 << shift)) | (bits << shift)
      else kept = op === '+' ? kept | (bits << shift) : kept & ~(bits << shift)
    }
  }
  shell.umask = 0o777 & ~kept
  return 0
}

const alias: Builtin = (shell, args, name) => {
  const line = (one: string): string =>
    `${shell.dialect === 'bash' ? 'alias ' : ''}${one}='${(shell.aliases.get(one) ?? '').replaceAll("'", `'\\''`)}'\n`
  const words = args.filter((arg) => arg !== '-p' && arg !== '--')
  if (words.length === 0) {
    shell.out([...shell.aliases.keys()].sort().map(line).join(''))
    return 0
  }
  let code = 0
  for (const word of words) {
    const at = word.indexOf('=')
    if (at > 0) {
      if (shell.aliases.size < 500) shell.aliases.set(word.slice(0, at), word.slice(at + 1).slice(0, 4096))
    } else if (shell.aliases.has(word)) shell.out(line(word))
    else {
      if (shell.dialect === 'bash') shell.fault(`${word}: not found`, name)
      else
        shell.err(shell.dialect === 'dash' ? `alias: ${word} not found\n` : `${shell.zero}: alias: ${word} not found\n`)
      code = 1
    }
  }
  return code
}

const unalias: Builtin = (shell, args, name) => {
  if (args.includes('-a')) {
    shell.aliases.clear()
    return 0
  }
  if (args.length === 0 && shell.dialect === 'bash') {
    shell.err('unalias: usage: unalias [-a] name [name ...]\n')
    return 2
  }
  let code = 0
  for (const word of args)
    if (!shell.aliases.delete(word)) {
      if (shell.dialect === 'bash') shell.fault(`${word}: not found`, name)
      else
        shell.err(
          shell.dialect === 'dash' ? `unalias: ${word} not found\n` : `${shell.zero}: unalias: ${word} not found\n`,
        )
      code = 1
    }
  return code
}

export const settings = { set, shopt, ulimit, umask, alias, unalias } satisfies Record<string, Builtin>
