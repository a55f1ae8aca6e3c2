import { resolvePath } from '../node.ts'
import { ArithmeticError } from './arith.ts'
import type { Condition } from './ast.ts'
import { expandExpression, expandPattern, expandText } from './expand.ts'
import type { Interpreter } from './interpreter.ts'
import { Pattern } from './pattern.ts'

// What test, [ and [[ decide (POSIX.1-2017, test; bash(1), CONDITIONAL EXPRESSIONS).

/** What test cannot read, in its own words. */
export class Untestable extends Error {}

const stat = (shell: Interpreter, path: string, follow = true) => {
  shell.flush()
  if (path === '') return undefined
  try {
    return shell.fs.node(resolvePath(shell.cwd, path), follow)
  } catch {
    return undefined
  }
}

/** Letters of tests of one word. */
export const unaries = 'abcdefghknoprstuvwxzGLNORS'

export function unary(shell: Interpreter, letter: string, word: string): boolean {
  const node =
    letter === 'h' || letter === 'L'
      ? stat(shell, word, false)
      : /[abcdefgkprsuwxGNOS]/.test(letter)
        ? stat(shell, word)
        : undefined
  const { uid, gid } = shell.host.user()
  const may = (bit: number): boolean => {
    if (node === undefined) return false
    if (uid === 0) return bit !== 1 || node.type === 'directory' || (node.mode & 0o111) !== 0
    const shift = node.uid === uid ? 6 : node.gid === gid ? 3 : 0
    return ((node.mode >> shift) & bit) !== 0
  }
  switch (letter) {
    case 'z':
      return word === ''
    case 'n':
      return word !== ''
    case 'a':
    case 'e':
      return node !== undefined
    case 'f':
      return node?.type === 'file'
    case 'd':
      return node?.type === 'directory'
    case 'h':
    case 'L':
      return node?.type === 'link'
    case 's':
      return node !== undefined && (node.type === 'directory' || shell.fs.sizeOf(resolvePath(shell.cwd, word)) > 0)
    case 'r':
      return may(4)
    case 'w':
      return may(2)
    case 'x':
      return may(1)
    case 'b':
      return node?.type === 'device' && /^\/dev\/(?:[svh]d|nvme|mmc|loop|mtdblock)/.test(word)
    case 'c':
      return node?.type === 'device' && !/^\/dev\/(?:[svh]d|nvme|mmc|loop|mtdblock)/.test(word)
    case 'g':
      return ((node?.mode ?? 0) & 0o2000) !== 0
    case 'u':
      return ((node?.mode ?? 0) & 0o4000) !== 0
    case 'k':
      return ((node?.mode ?? 0) & 0o1000) !== 0
    case 'O':
      return node?.uid === uid
    case 'G':
      return node?.gid === gid
    case 'N':
      return node !== undefined
    case 'o':
      return shell.options.has(word)
    case 'v':
      return shell.variables.get(word) !== undefined
    case 'R':
      return shell.variables.find(word)?.flags.includes('n') === true
    case 't':
      return (
        shell.from === 'terminal' &&
        /^[012]$/.test(word) &&
        shell.descriptors.get(Number(word))?.sink?.terminal === true
      )
    default:
      return false
  }
}

const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** @throws Untestable where a number is wanted and there is none */
export function binary(shell: Interpreter, op: string, a: string, b: string): boolean {
  const number = (text: string): bigint => {
    if (!/^\s*[-+]?\d+\s*$/.test(text))
      throw new Untestable(
        shell.dialect === 'bash'
          ? `${text}: integer expression expected`
          : shell.dialect === 'dash'
            ? `Illegal number: ${text}`
            : `${text}: bad number`,
      )
    return BigInt(text.trim().replace(/^\+/, ''))
  }
  switch (op) {
    case '=':
    case '==':
      return a === b
    case '!=':
      return a !== b
    case '<':
      return order(a, b) < 0
    case '>':
      return order(a, b) > 0
    case '-eq':
      return number(a) === number(b)
    case '-ne':
      return number(a) !== number(b)
    case '-lt':
      return number(a) < number(b)
    case '-le':
      return number(a) <= number(b)
    case '-gt':
      return number(a) > number(b)
    case '-ge':
      return number(a) >= number(b)
    case '-nt':
      return (stat(shell, a)?.mtime ?? -1) > (stat(shell, b)?.mtime ?? -1)
    case '-ot':
      return (stat(shell, a)?.mtime ?? -1) < (stat(shell, b)?.mtime ?? -1)
    default:
      return op === '-ef' && resolvePath(shell.cwd, a) === resolvePath(shell.cwd, b) && stat(shell, a) !== undefined
  }
}
export const binaries = new Set([
  '=',
  '==',
  '!=',
  '<',
  '>',
  '-eq',
  '-ne',
  '-lt',
  '-le',
  '-gt',
  '-ge',
  '-nt',
  '-ot',
  '-ef',
])

/** test and [, by how many words there are. */
export function tested(shell: Interpreter, words: readonly string[]): boolean {
  const [a = '', b = '', c = '', d = ''] = words
  const isUnary = (word: string): boolean => word.length === 2 && word[0] === '-' && unaries.includes(word[1] ?? '')
  switch (words.length) {
    case 0:
      return false
    case 1:
      return a !== ''
    case 2:
      if (a === '!') return b === ''
      if (isUnary(a)) return unary(shell, a[1] ?? '', b)
      throw new Untestable(
        shell.dialect === 'bash'
          ? `${a}: unary operator expected`
          : shell.dialect === 'dash'
            ? `${a}: unexpected operator`
            : `${b}: unknown operand`,
      )
    case 3:
      if (binaries.has(b)) return binary(shell, b, a, c)
      if (b === '-a') return a !== '' && c !== ''
      if (b === '-o') return a !== '' || c !== ''
      if (a === '!') return !tested(shell, [b, c])
      if (a === '(' && c === ')') return b !== ''
      throw new Untestable(
        shell.dialect === 'bash'
          ? `${b}: binary operator expected`
          : shell.dialect === 'dash'
            ? `${a}: unexpected operator`
            : `${b}: unknown operand`,
      )
    case 4:
      if (a === '!') return !tested(shell, [b, c, d])
      if (a === '(' && d === ')') return tested(shell, [b, c])
  }
  return grammar(shell, words)
}

/** Longer ones: -o binds less than -a. */
function grammar(shell: Interpreter, words: readonly string[]): boolean {
  let at = 0
  const either = (): boolean => {
    let is = both()
    while (words[at] === '-o') {
      at++
      const right = both()
      is ||= right
    }
    return is
  }
  const both = (): boolean => {
    let is = single()
    while (words[at] === '-a') {
      at++
      const right = single()
      is &&= right
    }
    return is
  }
  const single = (): boolean => {
    const word = words[at]
    if (word === undefined)
      throw new Untestable(shell.dialect === 'bash' ? 'argument expected' : `${words.at(-1)}: argument expected`)
    if (word === '!') {
      at++
      return !single()
    }
    if (word === '(') {
      at++
      const is = either()
      if (words[at] !== ')') throw new Untestable("`)' expected")
      at++
      return is
    }
    const next = words[at + 1]
    if (next !== undefined && binaries.has(next) && words[at + 2] !== undefined) {
      at += 3
      return binary(shell, next, word, words[at - 1] ?? '')
    }
    if (/^-[a-zGLNORS]$/.test(word) && next !== undefined && next !== '-a' && next !== '-o') {
      at += 2
      return unary(shell, word[1] ?? '', next)
    }
    at++
    return word !== ''
  }
  const is = either()
  if (at < words.length)
    throw new Untestable(shell.dialect === 'bash' ? 'too many arguments' : `${words[at]}: unexpected operator`)
  return is
}

/** [[ … ]] @returns 0 or 1; 2 where it cannot be decided */
export async function condition(shell: Interpreter, expr: Condition): Promise<number> {
  const is = (value: boolean): number => (value ? 0 : 1)
  switch (expr.t) {
    case 'and': {
      const left = await condition(shell, expr.left)
      return left !== 0 ? left : condition(shell, expr.right)
    }
    case 'or': {
      const left = await condition(shell, expr.left)
      return left !== 1 ? left : condition(shell, expr.right)
    }
    case 'not': {
      const inner = await condition(shell, expr.of)
      return inner === 2 ? 2 : 1 - inner
    }
    case 'word':
      return is((await expandText(shell, expr.word)) !== '')
    case 'unary':
      return is(unary(shell, expr.op[1] ?? '', await expandText(shell, expr.word)))
    default: {
      const left = await expandText(shell, expr.left)
      const { op } = expr
      if (op === '=' || op === '==' || op === '!=') {
        const fits = new Pattern(await expandPattern(shell, expr.right), { fold: shell.option('nocasematch') }).matches(
          left,
        )
        return is(fits === (op !== '!='))
      }
      if (op === '=~') return matches(shell, left, await expandExpression(shell, expr.right))
      const right = await expandText(shell, expr.right)
      if (/^-(?:eq|ne|l[te]|g[te])$/.test(op)) {
        try {
          return is(binary(shell, op, String(shell.calculate(left)), String(shell.calculate(right))))
        } catch (error) {
          if (!(error instanceof ArithmeticError)) throw error
          shell.fault(`[[: ${error.message}`)
          return 1
        }
      }
      return is(binary(shell, op, left, right))
    }
  }
}

/** A regular expression of POSIX in that of the language. @returns undefined where it is none */
function expressionOf(pattern: string, fold: boolean): RegExp | undefined {
  // Nothing to repeat.
  if (/(?:^|[(|])[{+?]/.test(pattern)) return undefined
  try {
    return new RegExp(
      pattern
        .replace(/\[\[:(\w+):\]/g, (_, name: string) => `[${sets[name] ?? ''}`)
        .replace(/\[:(\w+):\]/g, (_, name: string) => sets[name] ?? ''),
      fold ? 'i' : '',
    )
  } catch {
    return undefined
  }
}
const sets: Readonly<Record<string, string>> = {
  alpha: 'a-zA-Z',
  digit: '0-9',
  alnum: 'a-zA-Z0-9',
  upper: 'A-Z',
  lower: 'a-z',
  space: '\\s',
  blank: ' \\t',
  punct: '!-\\/:-@\\[-`{-~',
  xdigit: '0-9a-fA-F',
}

function matches(shell: Interpreter, text: string, pattern: string): number {
  const expression = expressionOf(pattern, shell.option('nocasematch'))
  if (expression === undefined) return 2
  // The thread's own time bounds what a wild one takes.
  const match = expression.exec(text)
  shell.variables.setList('BASH_REMATCH', match === null ? [] : match.map((part) => part ?? ''))
  return match === null ? 1 : 0
}
