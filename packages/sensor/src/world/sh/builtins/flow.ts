import { resolvePath } from '../../node.ts'
import { Break, Continue, Exit, Return } from '../flow.ts'
import type { Interpreter } from '../interpreter.ts'
import { found } from '../programs.ts'
import { signalNumber, signals } from '../signals.ts'
import type { Builtin } from './index.ts'

// What leads a script elsewhere: loops, functions, files, the end; and traps.

/** A number that a command was given. @returns undefined, having said so, where it is none */
function numberOf(shell: Interpreter, word: string, name: string): number | undefined {
  if (/^[-+]?\d+$/.test(word)) return Number(word)
  shell.fault(shell.dialect === 'bash' ? `${word}: numeric argument required` : `Illegal number: ${word}`, name)
  return undefined
}

const leave =
  (make: (levels: number) => Error): Builtin =>
  (shell, [word = '1'], name) => {
    if (shell.loops === 0) {
      if (shell.dialect === 'bash') shell.fault("only meaningful in a `for', `while', or `until' loop", name)
      return 0
    }
    const levels = numberOf(shell, word, name)
    if (levels === undefined) throw new Exit(shell.dialect === 'bash' ? 128 : 2)
    if (levels <= 0) {
      shell.fault(shell.dialect === 'bash' ? `${word}: loop count out of range` : `Illegal number: ${word}`, name)
      return 1
    }
    throw make(levels)
  }

const exit: Builtin = (shell, args, name) => {
  const [word, more] = args[0] === '--' ? args.slice(1) : args
  if (
    shell.from === 'terminal' &&
    shell.subshell === 0 &&
    name === 'exit' &&
    shell.dialect === 'bash' &&
    shell.depth > 1
  )
    shell.err('exit\n')
  if (word === undefined) throw new Exit(shell.status)
  const code = numberOf(shell, word, name)
  if (code === undefined) throw new Exit(2)
  if (more !== undefined && shell.dialect === 'bash') {
    shell.fault('too many arguments', name)
    return 1
  }
  throw new Exit(code)
}

const back: Builtin = (shell, [word], name) => {
  if (shell.calls.length === 0 && shell.file === '' && shell.dialect === 'bash') {
    shell.fault("can only `return' from a function or sourced script", name)
    return 2
  }
  const code = word === undefined ? shell.status : numberOf(shell, word, name)
  throw new Return((code ?? 2) & 255)
}

const evaluate: Builtin = async (shell, args) => {
  const words = args[0] === '--' ? args.slice(1) : args
  shell.status = 0
  return shell.text(words.join(' '), shell.line, true)
}

const source: Builtin = async (shell, args, name) => {
  const [path, ...rest] = args[0] === '--' ? args.slice(1) : args
  const bash = shell.dialect === 'bash'
  if (path === undefined) {
    if (bash) {
      shell.fault('filename argument required', name)
      shell.err(`${name}: usage: ${name} filename [arguments]\n`)
    }
    return 2
  }
  shell.flush()
  const at = path.includes('/') ? path : (found(shell, path) ?? path)
  const held = shell.descriptorText(at)
  const kind = held === undefined ? shell.fs.kindAt(resolvePath(shell.cwd, at)) : 'file'
  if (kind === undefined || kind === 'directory') {
    const why = kind === undefined ? 'No such file or directory' : 'is a directory'
    if (bash) {
      shell.fault(kind === undefined ? `${path}: ${why}` : `${path}: ${why}`, kind === undefined ? '' : name)
      return 1
    }
    shell.fault(
      shell.dialect === 'dash'
        ? `cannot open ${path}: No such file`
        : `can't open '${path}'${shell.dialect === 'ash' ? ': No such file or directory' : ''}`,
      name,
    )
    if (shell.from === 'terminal') return 2
    throw new Exit(2)
  }
  const text = held ?? Buffer.from(shell.fs.content(resolvePath(shell.cwd, at))).toString('latin1')
  if (text.slice(0, 80).split('\n')[0]?.includes('\0') === true && bash) {
    shell.fault(`${path}: cannot execute binary file`, name)
    return 126
  }
  const { positional, file, line } = shell
  if (rest.length > 0) shell.positional = rest
  shell.file = path
  try {
    shell.status = 0
    return await shell.text(text, 1, true)
  } catch (error) {
    if (error instanceof Return) return error.status
    throw error
  } finally {
    if (rest.length > 0) shell.positional = positional
    shell.file = file
    shell.line = line
  }
}

const trap: Builtin = (shell, args) => {
  const quoted = (action: string): string => `'${action.replaceAll("'", `'\\''`)}'`
  const shown = (name: string): string =>
    shell.dialect !== 'bash' || ['EXIT', 'ERR', 'DEBUG', 'RETURN'].includes(name) ? name : `SIG${name}`
  const list = (wanted?: readonly string[]): number => {
    for (const name of ['EXIT', ...signals, 'ERR', 'DEBUG', 'RETURN']) {
      const action = shell.traps.get(name)
      if (action !== undefined && (wanted === undefined || wanted.includes(name)))
        shell.out(`trap -- ${quoted(action)} ${shown(name)}\n`)
    }
    return 0
  }
  const words = args[0] === '--' ? args.slice(1) : [...args]
  if (words[0] === '-l' && shell.dialect === 'bash') {
    shell.out(signalTable())
    return 0
  }
  if (words[0] === '-p')
    return list(words.length > 1 ? words.slice(1).map((word) => nameOf(shell, word) ?? word) : undefined)
  if (words.length === 0) return list()
  const clears = words.length === 1 || /^\d+$/.test(words[0] ?? '')
  const [action, names] = clears ? ['-', words] : [words[0] ?? '', words.slice(1)]
  let code = 0
  for (const word of names) {
    const name = nameOf(shell, word)
    if (name === undefined) {
      shell.fault(
        shell.dialect === 'bash'
          ? `${word}: invalid signal specification`
          : shell.dialect === 'dash'
            ? `${word}: bad trap`
            : `${word}: invalid signal specification`,
        'trap',
      )
      code = 1
    } else if (action === '-') shell.traps.delete(name)
    else shell.traps.set(name, action)
  }
  return code
}

function nameOf(shell: Interpreter, word: string): string | undefined {
  if (word === '0' || /^EXIT$/i.test(word)) return 'EXIT'
  if (shell.dialect === 'bash' && ['ERR', 'DEBUG', 'RETURN'].includes(word)) return word
  const number = signalNumber(word)
  return number === undefined ? undefined : signals[number - 1]
}

/** The signals as kill -l and trap -l of bash list them. */
export function signalTable(): string {
  const cells = [...signals.map((name, i) => [i + 1, `SIG${name}`] as const)]
  for (let i = 34; i <= 64; i++)
    cells.push([
      i,
      i === 34 ? 'SIGRTMIN' : i < 50 ? `SIGRTMIN+${i - 34}` : i === 64 ? 'SIGRTMAX' : `SIGRTMAX-${64 - i}`,
    ])
  return `${cells.map(([number, name], i) => `${String(number).padStart(2)}) ${name}${i % 5 === 4 ? '\n' : '\t'}`).join('')}\n`
}

export const flow = {
  '.': source,
  source,
  ':': () => 0,
  true: () => 0,
  false: () => 1,
  break: leave((levels) => new Break(levels)),
  continue: leave((levels) => new Continue(levels)),
  exit,
  logout: (shell, args) => {
    if (shell.from === 'terminal' && shell.zero.startsWith('-')) return exit(shell, args, 'exit')
    shell.fault("not login shell: use `exit'", 'logout')
    return 1
  },
  return: back,
  eval: evaluate,
  exec: async (shell, args) => {
    await shell.replace(args)
    return shell.status
  },
  trap,
} satisfies Record<string, Builtin>
