import type { Interpreter } from '../interpreter.ts'
import { found } from '../programs.ts'
import { printed } from '../print.ts'
import { special } from '../special.ts'
import type { Builtin } from './index.ts'

// What a name stands for, and what the shell says of itself.

const keywords: Readonly<Record<string, ReadonlySet<string>>> = {
  bash: new Set(
    'if then else elif fi case esac for select while until do done in function time { } ! [[ ]] coproc'.split(' '),
  ),
  dash: new Set('if then else elif fi case esac for while until do done { } !'.split(' ')),
  ash: new Set('if then else elif fi case esac for while until do done in function { } !'.split(' ')),
}

type Kind = 'alias' | 'keyword' | 'function' | 'builtin' | 'file'
interface Meaning {
  readonly kind: Kind
  readonly path?: string
}

/** All that a name stands for, in the order in which the shell looks. */
function meanings(shell: Interpreter, name: string, all: boolean): Meaning[] {
  const list: Meaning[] = []
  if (shell.aliases.has(name) && (shell.option('expand_aliases') || shell.dialect !== 'bash'))
    list.push({ kind: 'alias' })
  if (keywords[shell.dialect]?.has(name) === true) list.push({ kind: 'keyword' })
  if (shell.functions.has(name)) list.push({ kind: 'function' })
  if (shell.builtin(name) !== undefined) list.push({ kind: 'builtin' })
  if (name.includes('/')) {
    const path = found(shell, name)
    if (path !== undefined) list.push({ kind: 'file', path })
  } else {
    const seen = new Set<string>()
    for (const folder of (shell.variables.get('PATH') ?? '').split(':')) {
      const path = found(shell, `${folder === '' ? '.' : folder}/${name}`)
      if (path === undefined || seen.has(path)) continue
      seen.add(path)
      list.push({ kind: 'file', path })
      if (!all) break
    }
  }
  return list
}

function describe(shell: Interpreter, name: string, { kind, path }: Meaning, hashed: boolean): string {
  const { dialect } = shell
  switch (kind) {
    case 'alias':
      return dialect === 'bash'
        ? `${name} is aliased to \`${shell.aliases.get(name)}'\n`
        : `${name} is an alias for ${shell.aliases.get(name)}\n`
    case 'keyword':
      return `${name} is a shell keyword\n`
    case 'function':
      return dialect === 'bash'
        ? `${name} is a function\n${printed(name, shell.functions.get(name))}`
        : `${name} is a shell function\n`
    case 'builtin':
      return dialect === 'bash'
        ? `${name} is a shell builtin\n`
        : `${name} is a ${special.has(name) ? 'special ' : ''}shell builtin\n`
    default:
      return hashed && dialect === 'bash'
        ? `${name} is hashed (${path})\n`
        : hashed
          ? `${name} is a tracked alias for ${path}\n`
          : `${name} is ${path}\n`
  }
}

const type: Builtin = (shell, args, name) => {
  const flags = args.filter((arg) => /^-[afptP]+$/.test(arg)).join('')
  const words = args.filter((arg) => !/^-[afptP]+$/.test(arg) && arg !== '--')
  let code = 0
  for (const word of words) {
    const list = meanings(shell, word, flags.includes('a')).filter(
      ({ kind }) => !(flags.includes('f') && kind === 'function') && !(flags.includes('P') && kind !== 'file'),
    )
    const wanted = flags.includes('a') ? list : list.slice(0, 1)
    if (wanted.length === 0) {
      code = shell.dialect === 'dash' ? 127 : 1
      if (shell.dialect !== 'bash') shell.out(`${word}: not found\n`)
      else if (!/[tpP]/.test(flags)) shell.fault(`${word}: not found`, name)
      continue
    }
    for (const one of wanted) {
      if (flags.includes('t')) shell.out(`${one.kind}\n`)
      else if (/[pP]/.test(flags)) shell.out(one.path === undefined ? '' : `${one.path}\n`)
      else shell.out(describe(shell, word, one, shell.hashed.has(word) && one.kind === 'file' && !flags.includes('a')))
    }
  }
  return code
}

const command: Builtin = async (shell, args, name) => {
  const words = [...args]
  let [short, long] = [false, false]
  while (/^-[pvV]+$/.test(words[0] ?? '')) {
    const flags = words.shift() ?? ''
    if (flags.includes('v')) short = true
    if (flags.includes('V')) long = true
  }
  if (words[0] === '--') words.shift()
  const bad = words[0]
  if (/^-./.test(bad ?? '') && shell.dialect === 'bash') {
    shell.fault(`${(bad ?? '').slice(0, 2)}: invalid option`, name)
    shell.err('command: usage: command [-pVv] command [arg ...]\n')
    return 2
  }
  if (short || long) {
    let code = 0
    for (const word of words) {
      const [one] = meanings(shell, word, false)
      if (one === undefined) {
        code = shell.dialect === 'bash' ? 1 : 127
        if (long) {
          if (shell.dialect === 'bash') shell.fault(`${word}: not found`, name)
          else shell.out(`${word}: not found\n`)
        }
      } else if (long) shell.out(describe(shell, word, one, shell.hashed.has(word) && one.kind === 'file'))
      else
        shell.out(
          one.kind === 'alias'
            ? `alias ${word}='${shell.aliases.get(word)}'\n`
            : one.kind === 'file'
              ? `${one.path}\n`
              : `${word}\n`,
        )
    }
    return code === 0 ||
      (words.length > 1 && shell.dialect === 'bash' && words.some((word) => meanings(shell, word, false).length > 0))
      ? 0
      : code
  }
  const [program, ...rest] = words
  if (program === undefined) return 0
  await shell.run(program, rest, [], { functions: false })
  return shell.status
}

const builtin: Builtin = async (shell, [word, ...rest], name) => {
  if (word === undefined) return 0
  const own = shell.builtins.get(word)
  if (own === undefined) {
    shell.fault(`${word}: not a shell builtin`, name)
    return 1
  }
  return own(shell, rest, word)
}

const hash: Builtin = (shell, args, name) => {
  if (args.includes('-r')) {
    shell.hashed.clear()
    return 0
  }
  const words = args.filter((arg) => !arg.startsWith('-'))
  if (args.includes('-t')) {
    let code = 0
    for (const word of words) {
      const known = shell.hashed.get(word)
      if (known === undefined) {
        shell.fault(`${word}: not found`, name)
        code = 1
      } else shell.out(words.length > 1 ? `${word}\t${known.path}\n` : `${known.path}\n`)
    }
    return code
  }
  if (words.length === 0) {
    if (shell.dialect === 'bash') {
      if (shell.hashed.size === 0) shell.out('hash: hash table empty\n')
      else
        shell.out(
          `hits\tcommand\n${[...shell.hashed.values()].map(({ path, hits }) => `${String(hits).padStart(4)}\t${path}\n`).join('')}`,
        )
    } else for (const { path } of shell.hashed.values()) shell.out(`${path}\n`)
    return 0
  }
  let code = 0
  for (const word of words) {
    const path = found(shell, word)
    if (shell.builtin(word) !== undefined) continue
    if (path === undefined) {
      shell.fault(`${word}: not found`, name)
      code = 1
    } else if (!word.includes('/')) shell.hashed.set(word, { path, hits: 0 })
  }
  return code
}

const help: Builtin = (shell, args, name) => {
  const topics = args.filter((arg) => !arg.startsWith('-'))
  if (topics.length === 0) {
    shell.out(shell.host.help)
    return 0
  }
  let code = 0
  for (const topic of topics) {
    const line = shell.host.help
      .split('\n')
      .flatMap((row) => [row.slice(1, 40), row.slice(41)])
      .find((cell) => cell.trim() === topic || cell.trim().startsWith(`${topic} `))
    const recorded = shell.host.recorded(`help ${topic}`)?.out
    if (recorded !== undefined) shell.out(recorded)
    else if (line !== undefined) shell.out(`${topic}: ${line.trim().replace(/>$/, '')}\n`)
    else {
      shell.fault(
        `no help topics match \`${topic}'.  Try \`help help' or \`man -k ${topic}' or \`info ${topic}'.`,
        name,
      )
      code = 1
    }
  }
  return code
}

const enable: Builtin = (shell, args, name) => {
  const names = [...shell.builtins.keys()].sort((a, b) => (a < b ? -1 : 1))
  const words = args.filter((arg) => !arg.startsWith('-'))
  const off = args.some((arg) => /^-\w*n/.test(arg))
  if (words.length === 0) {
    const wanted = args.includes('-a') ? names : names.filter((one) => shell.disabled.has(one) === off)
    shell.out(wanted.map((one) => `enable ${shell.disabled.has(one) ? '-n ' : ''}${one}\n`).join(''))
    return 0
  }
  let code = 0
  for (const word of words) {
    if (!names.includes(word)) {
      shell.fault(`${word}: not a shell builtin`, name)
      code = 1
    } else if (off) shell.disabled.add(word)
    else shell.disabled.delete(word)
  }
  return code
}

/** History is kept for a log-in shell only; a shell for one command has none. */
const history: Builtin = (shell, args, name) => {
  // A file of history that is none cannot be read.
  if (args.includes('-r') && shell.variables.get('HISTFILE') === '/dev/null') return 1
  const bad = args.find((arg) => /^-[^acdnrwsp0-9]/.test(arg))
  if (bad !== undefined && shell.dialect === 'bash') {
    shell.fault(`${bad.slice(0, 2)}: invalid option`, name)
    shell.err('history: usage: history [-c] [-d offset] [n] or history -anrw [filename] or history -ps arg [arg...]\n')
    return 2
  }
  if (args.some((arg) => arg.startsWith('-')) || shell.from !== 'terminal') return 0
  const file = `${shell.host.user().home}/.bash_history`
  const kept = (): readonly string[] =>
    shell.fs.kindAt(file) === 'file'
      ? Buffer.from(shell.fs.content(file)).toString('latin1').split('\n').slice(0, -1)
      : []
  const lines = shell.host.history ?? kept()
  const from = args[0] === undefined ? 0 : Math.max(0, lines.length - (Number(args[0]) || 0))
  shell.out(
    lines
      .map((line, i) => `${String(i + 1).padStart(5)}  ${line}\n`)
      .slice(from)
      .join(''),
  )
  return 0
}

const compgen: Builtin = (shell, args) => {
  const at = args.findIndex((arg) => !arg.startsWith('-'))
  const start = at < 0 ? '' : (args[at] ?? '')
  const flags = args.filter((arg) => arg.startsWith('-')).join('')
  const names = new Set<string>()
  const order: string[] = []
  const add = (list: Iterable<string>) => {
    for (const one of list) if (one.startsWith(start)) order.push(one)
  }
  if (/[kc]/.test(flags)) add(keywords['bash'] ?? [])
  if (/[bc]/.test(flags)) add([...shell.builtins.keys()].sort((a, b) => (a < b ? -1 : 1)))
  if (flags.includes('c')) {
    for (const folder of new Set((shell.variables.get('PATH') ?? '').split(':')))
      if (shell.fs.kindAt(folder) === 'directory') add(shell.fs.names(folder).filter((one) => !names.has(one)))
  }
  if (flags.includes('v')) add([...shell.variables.entries()].map(([one]) => one).sort())
  if (flags.includes('A') && args.includes('function')) add([...shell.functions.keys()].sort())
  if (flags.includes('f') && !flags.includes('function')) add(shell.fs.names(shell.cwd))
  shell.out(order.map((one) => `${one}\n`).join(''))
  return order.length > 0 ? 0 : 1
}

const silent: Builtin = () => 0

export const lookup = {
  type,
  command,
  builtin,
  hash,
  help,
  enable,
  history,
  compgen,
  fc: (shell, args, name) => {
    if (args.includes('-l') && shell.from !== 'terminal') return 0
    shell.fault('history specification out of range', name)
    return 1
  },
  bind: (shell, _, name) => {
    if (shell.from !== 'terminal') shell.fault('warning: line editing not enabled', name)
    return 0
  },
  complete: silent,
  compopt: (shell, _, name) => {
    shell.fault('not currently executing completion function', name)
    return 1
  },
  caller: (shell) => {
    const call = shell.calls.at(-1)
    if (call === undefined) return 1
    shell.out(`${call.line} ${shell.calls.at(-2)?.name ?? 'main'} ${call.file === '' ? shell.zero : call.file}\n`)
    return 0
  },
} satisfies Record<string, Builtin>
