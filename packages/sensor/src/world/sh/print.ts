import type { AndOr, Command, Pipeline, Script } from './ast.ts'
import type { Function_ } from './interpreter.ts'

// Functions as bash prints them again (print_cmd.c's layout).

const pad = (depth: number): string => '    '.repeat(depth)

function redirects({ redirects: all }: Command): string {
  return all.map(({ fd, op, target }) => ` ${fd ?? ''}${op}${op.endsWith('&') ? '' : ' '}${target.raw}`).join('')
}

function list(script: Script, depth: number, last = ''): string {
  return script
    .map(
      (item, i) =>
        `${pad(depth)}${andOr(item, depth)}${i < script.length - 1 ? (item.background ? '' : ';') : item.background ? '' : last}\n`,
    )
    .join('')
}

const andOr = ({ first, rest, background }: AndOr, depth: number): string =>
  [pipeline(first, depth), ...rest.map(({ op, pipeline: one }) => `${op} ${pipeline(one, depth)}`)].join(' ') +
  (background ? ' &' : '')

const pipeline = ({ not, timed, commands }: Pipeline, depth: number): string =>
  `${timed ? 'time ' : ''}${not ? '! ' : ''}${commands.map((one) => command(one, depth)).join(' | ')}`

function command(one: Command, depth: number): string {
  const after = redirects(one)
  switch (one.t) {
    case 'simple':
      return (
        [
          ...one.assigns.map(
            ({ name, append, value, array }) =>
              `${name}${append ? '+' : ''}=${array === undefined ? value.raw : `(${array.map(({ raw }) => raw).join(' ')})`}`,
          ),
          ...one.words.map(({ raw }) => raw),
        ].join(' ') + (one.words.length + one.assigns.length > 0 ? after : after.trimStart())
      )
    case 'group':
      return `{ \n${list(one.body, depth + 1)}${pad(depth)}}${after}`
    case 'subshell':
      return `( ${one.body.map((item) => andOr(item, depth)).join('; ')} )${after}`
    case 'if': {
      const clauses = one.clauses
        .map(
          ({ test, body }, i) =>
            `${i === 0 ? 'if' : 'elif'} ${test.map((item) => andOr(item, depth)).join('; ')}; then\n${list(body, depth + 1, ';')}${pad(depth)}`,
        )
        .join('')
      return `${clauses}${one.otherwise === undefined ? '' : `else\n${list(one.otherwise, depth + 1, ';')}${pad(depth)}`}fi${after}`
    }
    case 'while':
      return `${one.until ? 'until' : 'while'} ${one.test.map((item) => andOr(item, depth)).join('; ')}; do\n${list(one.body, depth + 1, ';')}${pad(depth)}done${after}`
    case 'for':
    case 'select':
      return `${one.t} ${one.name}${one.words === undefined ? '' : ` in ${one.words.map(({ raw }) => raw).join(' ')}`};\n${pad(depth)}do\n${list(one.body, depth + 1, ';')}${pad(depth)}done${after}`
    case 'count':
      return `for ((${one.init.raw}; ${one.test.raw}; ${one.step.raw}))\n${pad(depth)}do\n${list(one.body, depth + 1, ';')}${pad(depth)}done${after}`
    case 'case':
      return `case ${one.word.raw} in \n${one.items.map(({ patterns, body, end }) => `${pad(depth + 1)}${patterns.map(({ raw }) => raw).join(' | ')})\n${list(body, depth + 2)}${pad(depth + 1)}${end}\n`).join('')}${pad(depth)}esac${after}`
    case 'arith':
      return `((${one.expr.raw}))${after}`
    case 'function':
      return printed(one.name, one).trimEnd()
    default:
      return after
  }
}

/** A function as declare -f and type show it. */
export function printed(name: string, of: Pick<Function_, 'body'> | undefined): string {
  if (of === undefined) return ''
  const body = of.body.t === 'group' ? command(of.body, 0) : `{ \n${pad(1)}${command(of.body, 1)}\n}`
  return `${name} () \n${body}\n`
}
