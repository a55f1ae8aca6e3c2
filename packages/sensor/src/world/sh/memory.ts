import type { Interpreter } from './interpreter.ts'
import { Jobs } from './jobs.ts'
import { ownVariables } from './own.ts'
import { Parser } from './parser.ts'
import { Unreadable } from './reading/text.ts'
import { Variables, type Variable } from './variables.ts'

/** What lives from one line to the next. */
export interface Memory {
  readonly variables: readonly (readonly [string, Variable])[]
  readonly functions: readonly (readonly [string, string])[]
  readonly aliases: readonly (readonly [string, string])[]
  readonly options: readonly string[]
  readonly shopt: readonly string[]
  readonly traps: readonly (readonly [string, string])[]
  readonly umask: number
  readonly positional: readonly string[]
  readonly status: number
  readonly stack: readonly string[]
  readonly jobs: ReturnType<Jobs['kept']>
  readonly limits: readonly (readonly [string, string])[]
}

/** What lives on. */
export function remember(shell: Interpreter): Memory {
  return {
    variables: [...shell.variables.entries()].filter(([, { flags, value }]) => !(flags === 'x' && value !== undefined)),
    functions: [...shell.functions].map(([name, { source }]) => [name, source]),
    aliases: [...shell.aliases],
    options: [...shell.options],
    shopt: [...shell.shopt],
    traps: [...shell.traps],
    umask: shell.umask,
    positional: shell.positional,
    status: shell.status,
    stack: shell.stack,
    jobs: shell.jobs.kept(),
    limits: [...shell.limits],
  }
}

/** Goes on where a shell was left. */
export function recall(shell: Interpreter, memory: Memory): void {
  const own = new Variables([...shell.variables.entries(), ...memory.variables], ownVariables(shell), (text) =>
    String(shell.calculate(text)),
  )
  shell.variables = own
  for (const [name, source] of memory.functions) {
    try {
      const [item] = new Parser(source, shell.dialect).complete() ?? []
      const command = item?.first.commands[0]
      if (command?.t === 'function') shell.functions.set(name, { body: command.body, source })
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error
    }
  }
  for (const [name, value] of memory.aliases) shell.aliases.set(name, value)
  const replace = <T>(set: Set<T>, by: readonly T[]) => {
    set.clear()
    for (const one of by) set.add(one)
  }
  replace(shell.options, memory.options)
  replace(shell.shopt, memory.shopt)
  for (const [name, action] of memory.traps) shell.traps.set(name, action)
  for (const [name, value] of memory.limits) shell.limits.set(name, value)
  shell.umask = memory.umask
  shell.positional = memory.positional
  shell.status = memory.status
  shell.stack = memory.stack
  shell.jobs = new Jobs(shell.host, memory.jobs)
}
