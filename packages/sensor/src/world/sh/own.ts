import type { Interpreter } from './interpreter.ts'
import type { Variables } from './variables.ts'

// Variables that the shell makes itself, each time that they are asked for.

/** Options that $- names, by their letters. */
const letters: readonly (readonly [string, string])[] = [
  ['allexport', 'a'],
  ['notify', 'b'],
  ['errexit', 'e'],
  ['noglob', 'f'],
  ['hashall', 'h'],
  ['interactive', 'i'],
  ['keyword', 'k'],
  ['monitor', 'm'],
  ['noexec', 'n'],
  ['physical', 'P'],
  ['nounset', 'u'],
  ['verbose', 'v'],
  ['xtrace', 'x'],
  ['braceexpand', 'B'],
  ['noclobber', 'C'],
  ['errtrace', 'E'],
  ['histexpand', 'H'],
  ['functrace', 'T'],
]

/** $- */
export function lettersOf(shell: Interpreter): string {
  const set = letters
    .filter(([name]) => shell.options.has(name) || (name === 'interactive' && shell.from === 'terminal'))
    .map(([, letter]) => letter)
    .join('')
  return (
    set +
    (shell.dialect === 'bash' && shell.from === 'command'
      ? 'c'
      : shell.from === 'input' || (shell.from === 'terminal' && shell.dialect === 'bash')
        ? 's'
        : '')
  )
}

/** Variables whose value the shell knows. */
export function ownVariables(shell: Interpreter): Variables['dynamic'] {
  const only = (make: () => string) => (): string | undefined => (shell.dialect === 'bash' ? make() : undefined)
  const { machine } = shell.host
  let seed = Math.floor(Math.random() * 32768)
  return {
    '?': () => String(shell.status),
    $: () => String(shell.host.pid),
    '!': () => shell.jobs.last,
    '#': () => String(shell.positional.length),
    '-': () => lettersOf(shell),
    PPID: () => String(shell.host.pid - 6),
    LINENO: () => String(shell.line),
    RANDOM: () => {
      if (shell.dialect === 'dash') return undefined
      seed = (seed * 1103515245 + 12345) % 2147483648
      return String(Math.floor(seed / 65536) % 32768)
    },
    SRANDOM: only(() => String(crypto.getRandomValues(new Uint32Array(1))[0])),
    SECONDS: only(() => String(Math.floor(shell.host.elapsed() / 1000))),
    EPOCHSECONDS: only(() => String(Math.floor(Date.now() / 1000))),
    EPOCHREALTIME: only(
      () => `${(Date.now() / 1000).toFixed(3)}${String(Math.floor(Math.random() * 1000)).padStart(3, '0')}`,
    ),
    UID: only(() => String(shell.host.user().uid)),
    EUID: only(() => String(shell.host.user().uid)),
    BASH: only(() => (shell.zero.includes('/') && shell.from === 'terminal' ? shell.zero : '/usr/bin/bash')),
    BASHPID: only(() => String(shell.host.pid + shell.subshell)),
    BASH_SUBSHELL: only(() => String(shell.subshell)),
    BASH_VERSION: only(() => shell.version),
    HOSTNAME: only(() => machine.hostname),
    HOSTTYPE: only(() => machine.kernel.arch),
    OSTYPE: only(() => 'linux-gnu'),
    MACHTYPE: only(() => `${machine.kernel.arch}-pc-linux-gnu`),
    SHELLOPTS: only(() => [...shell.options].sort().join(':')),
    BASHOPTS: only(() => [...shell.shopt].sort().join(':')),
  }
}

/** Lists that the shell makes itself. */
export function ownLists(shell: Interpreter): Readonly<Record<string, () => readonly string[]>> {
  if (shell.dialect !== 'bash') return {}
  const { machine } = shell.host
  return {
    BASH_VERSINFO: () => {
      const [, major = '5', minor = '1', patch = '4', build = '1'] =
        /^(\d+)\.(\d+)\.(\d+)\((\d+)\)/.exec(shell.version) ?? []
      return [major, minor, patch, build, 'release', `${machine.kernel.arch}-pc-linux-gnu`]
    },
    FUNCNAME: () =>
      shell.calls.length === 0
        ? []
        : [...shell.calls.map(({ name }) => name).toReversed(), ...(shell.from === 'file' ? ['main'] : [])],
    BASH_SOURCE: () =>
      shell.calls.length === 0
        ? shell.file === ''
          ? []
          : [shell.file]
        : shell.calls.map(({ file }) => (file === '' ? 'environment' : file)).toReversed(),
    BASH_LINENO: () => shell.calls.map(({ line }) => String(line)).toReversed(),
    DIRSTACK: () => [shell.cwd, ...shell.stack],
    GROUPS: () => [String(shell.host.user().gid)],
  }
}
