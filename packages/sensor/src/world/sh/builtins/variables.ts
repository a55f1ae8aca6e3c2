import { ArithmeticError } from '../arith.ts'
import type { Interpreter } from '../interpreter.ts'
import { printed } from '../print.ts'
import { Readonly_, type Variable } from '../variables.ts'
import { Exit } from '../flow.ts'
import type { Builtin } from './index.ts'

// What changes variables: declare and its like, unset, shift, let.

const isName = (word: string): boolean => /^[A-Za-z_]\w*$/.test(word)

/** A text in double quotes, as declare -p prints it. */
const doubled = (value: string): string =>
  /[\0-\x1f\x7f]/.test(value)
    ? `$'${value
        .replace(/[\\']/g, '\\$&')
        .replaceAll('\n', '\\n')
        .replaceAll('\t', '\\t')
        .replace(/[\0-\x1f\x7f]/g, (c) => `\\${c.charCodeAt(0).toString(8).padStart(3, '0')}`)}'`
    : `"${value.replace(/["\\$`]/g, '\\$&')}"`

function declaration(shell: Interpreter, name: string, one: Variable): string {
  const kind = one.table !== undefined ? 'A' : one.list !== undefined ? 'a' : ''
  const order = 'aAilnrux'
  const flags = [...new Set(`${kind}${one.flags}`)].sort((a, b) => order.indexOf(a) - order.indexOf(b)).join('')
  const head = `declare -${flags === '' ? '-' : flags} ${name}`
  if (kind !== '') {
    const all = shell.variables.elements(name).map(([key, value]) => `[${key}]=${doubled(value)}`)
    return `${head}=(${all.join(' ')}${kind === 'A' && all.length > 0 ? ' ' : ''})\n`
  }
  return one.value === undefined ? `${head}\n` : `${head}=${doubled(one.value)}\n`
}

/** Variables that bash itself keeps, as readonly -p and declare -p show them. */
function own(shell: Interpreter): readonly (readonly [string, Variable])[] {
  if (shell.dialect !== 'bash') return []
  const text = (name: string): string => shell.variables.get(name) ?? ''
  const list: (readonly [string, Variable])[] = [
    ['BASHOPTS', { value: text('BASHOPTS'), flags: 'r' }],
    ['BASH_VERSINFO', { ...shell.variables.find('BASH_VERSINFO'), flags: 'r' }],
    ['EUID', { value: text('EUID'), flags: 'ir' }],
    ['PPID', { value: String(Math.max(1, shell.host.pid - 6)), flags: 'ir' }],
    ['SHELLOPTS', { value: text('SHELLOPTS'), flags: 'r' }],
    ['UID', { value: text('UID'), flags: 'ir' }],
  ]
  return list
}

function shown(shell: Interpreter, filter: (one: Variable) => boolean): string {
  const all = new Map<string, Variable>([...own(shell), ...shell.variables.entries()])
  return [...all]
    .filter(([, one]) => filter(one))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, one]) =>
      one.list !== undefined && !shell.variables.find(name)
        ? `declare -a${one.flags} ${name}=(${[...one.list].map(([key, value]) => `[${key}]="${value}"`).join(' ')})\n`
        : declaration(shell, name, one),
    )
    .join('')
}

const declare: Builtin = async (shell, args, name) => {
  let [on, off] = ['', '']
  const words = [...args]
  while (/^[-+]./.test(words[0] ?? '') && words[0] !== '--') {
    const word = words.shift() ?? ''
    const bad = [...word.slice(1)].find((letter) => !'aAfFgiIlnprtux'.includes(letter))
    if (bad !== undefined) {
      shell.fault(`${word[0]}${bad}: invalid option`, name)
      shell.err(
        `${name}: usage: ${name}${name === 'local' ? ' [option] name[=value] ...' : ' [-aAfFgiIlnrtux] [-p] [name[=value] ...]'}\n`,
      )
      return 2
    }
    if (word[0] === '-') on += word.slice(1)
    else off += word.slice(1)
  }
  if (words[0] === '--') words.shift()
  if (name === 'local' && shell.calls.length === 0) {
    shell.fault('can only be used in a function', name)
    return 1
  }
  if (/[fF]/.test(on)) return functions(shell, on, words)
  if (words.length === 0) {
    const wanted = on.replace(/[pg]/g, '')
    shell.out(
      shown(shell, (one) =>
        [...wanted].every((flag) =>
          flag === 'a' ? one.list !== undefined : flag === 'A' ? one.table !== undefined : one.flags.includes(flag),
        ),
      ),
    )
    return 0
  }
  let code = 0
  const flags = on.replace(/[aApgI]/g, '')
  for (const word of words) {
    const match = /^([A-Za-z_]\w*)(?:(\+?)=([^]*))?$/.exec(word)
    if (match === null) {
      shell.fault(on.includes('p') ? `${word}: not found` : `\`${word}': not a valid identifier`, name)
      code = 1
      continue
    }
    const [, variable = '', plus, value] = match
    if (on.includes('p')) {
      const one = shell.variables.find(variable) ?? new Map(own(shell)).get(variable)
      if (one === undefined) {
        shell.fault(`${variable}: not found`, name)
        code = 1
      } else shell.out(declaration(shell, variable, one))
      continue
    }
    code = (await make(shell, name, variable, { on, off, flags, plus: plus === '+', value })) || code
  }
  return code
}

async function make(
  shell: Interpreter,
  name: string,
  variable: string,
  { on, off, flags, plus, value }: { on: string; off: string; flags: string; plus: boolean; value: string | undefined },
): Promise<number> {
  const array = shell.arrays.get(variable)
  shell.arrays.delete(variable)
  try {
    if (shell.calls.length > 0 && !on.includes('g'))
      shell.variables.local(
        variable,
        value === undefined && array === undefined && name !== 'local' && shell.variables.find(variable) !== undefined,
      )
    if (on.includes('A')) shell.variables.shape(variable, 'table')
    else if (on.includes('a')) shell.variables.shape(variable, 'list')
    const later = flags.includes('r') ? 'r' : ''
    shell.variables.mark(variable, flags.replace('r', ''), off)
    if (array !== undefined) await shell.assign(array)
    else if (value !== undefined) shell.variables.set(variable, value, plus)
    if (later !== '') shell.variables.mark(variable, later)
    return 0
  } catch (error) {
    if (error instanceof Readonly_) {
      shell.fault(`${error.variable}: readonly variable`, name)
      return 1
    }
    if (error instanceof ArithmeticError) {
      shell.fault(error.message, name)
      return 1
    }
    throw error
  }
}

function functions(shell: Interpreter, on: string, words: readonly string[]): number {
  if (words.length === 0) {
    for (const [name, of] of [...shell.functions].sort(([a], [b]) => (a < b ? -1 : 1)))
      shell.out(on.includes('F') ? `declare -f ${name}\n` : printed(name, of))
    return 0
  }
  let code = 0
  for (const word of words) {
    const of = shell.functions.get(word)
    if (of === undefined) code = 1
    else shell.out(on.includes('F') ? `${word}\n` : printed(word, of))
  }
  return code
}

/** export and readonly. */
const marking =
  (flag: 'x' | 'r'): Builtin =>
  async (shell, args, name) => {
    const flags = args.filter((arg) => /^-[afnpA]+$/.test(arg)).join('')
    const words = args.filter((arg) => !/^-[afnpA]+$/.test(arg) && arg !== '--')
    const bad = words.find((word) => /^-./.test(word))
    if (bad !== undefined) {
      shell.fault(
        shell.dialect === 'bash' ? `${bad.slice(0, 2)}: invalid option` : `Illegal option ${bad.slice(0, 2)}`,
        name,
      )
      if (shell.dialect === 'bash')
        shell.err(
          flag === 'x'
            ? 'export: usage: export [-fn] [name[=value] ...] or export -p\n'
            : 'readonly: usage: readonly [-aAf] [name[=value] ...] or readonly -p\n',
        )
      return 2
    }
    if (words.length === 0) {
      if (shell.dialect === 'bash') shell.out(shown(shell, (one) => one.flags.includes(flag)))
      else
        for (const [variable, one] of [...shell.variables.entries()].sort(([a], [b]) => (a < b ? -1 : 1)))
          if (one.flags.includes(flag))
            shell.out(
              `${name} ${variable}${one.value === undefined ? '' : `='${one.value.replaceAll("'", `'"'"'`)}'`}\n`,
            )
      return 0
    }
    let code = 0
    for (const word of words) {
      const match = /^([A-Za-z_]\w*)(?:(\+?)=([^]*))?$/.exec(word)
      if (match === null) {
        if (shell.dialect === 'bash') shell.fault(`\`${word}': not a valid identifier`, name)
        else {
          shell.fault(`${word.split('=')[0]}: bad variable name`, name)
          throw new Exit(2)
        }
        code = 1
        continue
      }
      const [, variable = '', plus, value] = match
      if (flags.includes('f')) {
        if (!shell.functions.has(variable)) {
          shell.fault(`${variable}: not a function`, name)
          code = 1
        }
        continue
      }
      if (flags.includes('n')) {
        if (shell.variables.find(variable) !== undefined) shell.variables.mark(variable, '', 'x')
        continue
      }
      const array = shell.arrays.get(variable)
      shell.arrays.delete(variable)
      try {
        if (array !== undefined) await shell.assign(array)
        else if (value !== undefined) shell.variables.set(variable, value, plus === '+')
      } catch (error) {
        if (!(error instanceof Readonly_) || shell.dialect !== 'bash') throw error
        shell.fault(error.message)
        code = 1
        continue
      }
      if (/a/.test(flags)) shell.variables.shape(variable, 'list')
      shell.variables.mark(variable, flag)
    }
    return code
  }

const unset: Builtin = (shell, args, name) => {
  const ofFunctions = args.includes('-f')
  const words = args.filter((arg) => !/^-[fvn]$/.test(arg))
  let code = 0
  for (const word of words) {
    const element = /^([A-Za-z_]\w*)\[(.+)\]$/.exec(word)
    if (ofFunctions) {
      shell.functions.delete(word)
      continue
    }
    try {
      if (element !== null) {
        const [, variable = '', index = ''] = element
        if (index === '@' || index === '*') shell.variables.unset(variable)
        else shell.variables.unset(variable, index.replace(/^(["'])([^]*)\1$/, '$2'))
      } else if (!isName(word)) {
        if (shell.dialect !== 'bash') {
          shell.fault(`${word}: bad variable name`, name)
          throw new Exit(2)
        }
        if (args.includes('-v')) {
          shell.fault(`\`${word}': not a valid identifier`, name)
          code = 1
        } else shell.functions.delete(word)
      } else if (shell.variables.find(word) === undefined && !args.includes('-v')) shell.functions.delete(word)
      else shell.variables.unset(word)
    } catch (error) {
      if (!(error instanceof Readonly_)) throw error
      shell.fault(shell.dialect === 'bash' ? `${word}: cannot unset: readonly variable` : `${word}: is read only`, name)
      if (shell.dialect !== 'bash') throw new Exit(2)
      code = 1
    }
  }
  return code
}

const shift: Builtin = (shell, [word = '1'], name) => {
  if (!/^\d+$/.test(word)) {
    shell.fault(
      shell.dialect === 'bash'
        ? /^-\d+$/.test(word)
          ? `${word}: shift count out of range`
          : `${word}: numeric argument required`
        : `Illegal number: ${word}`,
      name,
    )
    return 1
  }
  const count = Number(word)
  if (count > shell.positional.length) {
    if (shell.dialect === 'dash') {
      shell.fault("can't shift that many", name)
      throw new Exit(2)
    }
    if (shell.option('shift_verbose')) shell.fault(`${word}: shift count out of range`, name)
    return 1
  }
  shell.positional = shell.positional.slice(count)
  return 0
}

const let_: Builtin = (shell, args, name) => {
  if (args.length === 0) {
    shell.fault('expression expected', name)
    return 1
  }
  let value = 0n
  for (const word of args) {
    try {
      value = shell.calculate(word)
    } catch (error) {
      if (!(error instanceof ArithmeticError)) throw error
      shell.fault(error.message, name)
      return 1
    }
  }
  return value === 0n ? 1 : 0
}

export const variables = {
  declare,
  typeset: declare,
  local: (shell, args, name) => (shell.dialect === 'bash' ? declare(shell, args, name) : localOf(shell, args, name)),
  export: marking('x'),
  readonly: marking('r'),
  unset,
  shift,
  let: let_,
} satisfies Record<string, Builtin>

/** local of dash and ash. */
const localOf: Builtin = (shell, args, name) => {
  if (shell.calls.length === 0) {
    shell.fault('not in a function', name)
    throw new Exit(2)
  }
  for (const word of args) {
    const [variable = '', value] = word.includes('=')
      ? [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)]
      : [word]
    if (!isName(variable)) {
      shell.fault(`${word}: bad variable name`, name)
      throw new Exit(2)
    }
    shell.variables.local(variable, value === undefined)
    if (value !== undefined) shell.variables.set(variable, value)
  }
  return 0
}
