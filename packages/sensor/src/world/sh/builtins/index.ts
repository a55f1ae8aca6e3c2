import type { Dialect } from '../ast.ts'
import type { Interpreter } from '../interpreter.ts'
import { flow } from './flow.ts'
import { folders } from './folders.ts'
import { input } from './input.ts'
import { jobs } from './jobs.ts'
import { lookup } from './lookup.ts'
import { output } from './output.ts'
import { settings } from './settings.ts'
import { variables } from './variables.ts'

/** A command of the shell itself. @returns how it ended */
export type Builtin = (shell: Interpreter, args: readonly string[], name: string) => number | Promise<number>

const all: Readonly<Record<string, Builtin>> = {
  ...flow,
  ...folders,
  ...input,
  ...jobs,
  ...lookup,
  ...output,
  ...settings,
  ...variables,
}

/** Which of them each shell has. */
const names: Readonly<Record<Dialect, string>> = {
  bash: '. : [ alias bg bind break builtin caller cd command compgen complete compopt continue declare dirs disown echo enable eval exec exit export false fc fg getopts hash help history jobs kill let local logout mapfile popd printf pushd pwd read readarray readonly return set shift shopt source suspend test times trap true type typeset ulimit umask unalias unset wait',
  dash: '. : [ alias bg break cd chdir command continue echo eval exec exit export false fg getopts hash jobs kill local printf pwd read readonly return set shift test times trap true type ulimit umask unalias unset wait',
  ash: '. : [ [[ alias bg break cd chdir command continue echo eval exec exit export false fg getopts hash help history jobs kill let local printf pwd read readonly return set shift source test times trap true type ulimit umask unalias unset wait',
}
const tables = new Map(
  (['bash', 'dash', 'ash'] as const).map((dialect) => [
    dialect,
    new Map(
      names[dialect]
        .split(' ')
        .flatMap((name): [string, Builtin][] => (all[name] === undefined ? [] : [[name, all[name]]])),
    ),
  ]),
)

/** The commands that a shell has itself. */
export const builtinsOf = (dialect: Dialect): ReadonlyMap<string, Builtin> => tables.get(dialect) ?? new Map()
