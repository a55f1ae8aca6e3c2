import { Bash, defineCommand, parse, unsafeBytesFromLatin1 } from 'just-bash'
import says from '../personas/facts/debian-11-says.json' with { type: 'json' }
import { builtins } from './commands/builtins.ts'
import type { Command, Result } from './commands/command.ts'
import { commands } from './commands/index.ts'
import { resolvePath } from './node.ts'
import { dash, gnu } from './wording.ts'

/** What a program says of itself, recorded from the real one. */
const recorded: Readonly<Record<string, { out?: string; err?: string; code?: number }>> = says.programs

/** Programs of the engine that no Debian has. */
const strange = ['html-to-markdown', 'jq', 'rg', 'sqlite3', 'xan', 'yq']

/** A command as the engine keeps it; one that is of the shell needs no file. */
interface Kept {
  readonly name: string
  readonly trusted: boolean
  readonly ofShell?: boolean
  readonly execute: (args: string[], context: Context) => Promise<Outcome>
}
interface Context {
  readonly cwd: string
  readonly env: Map<string, string>
  readonly exportedEnv?: Readonly<Record<string, string>>
  readonly stdin: unknown
  readonly fs: { readonly exists: (path: string) => Promise<boolean> }
  readonly exec?: (line: string, options: object) => Promise<{ stdout: string; stderr: string; exitCode: number }>
}
interface Outcome {
  stdout: string
  stderr: string
  exitCode: number
  stdoutKind?: 'text' | 'bytes'
}

// No line holds these names: a shell drops the zero bytes of what it reads.
const [begins, ends] = ['\0begins', '\0ends']

type Script = ReturnType<typeof parse>
type Statement = Script['statements'][number]

/**
 * What is to run in the background runs at its place, in a shell of its own, and has gone well. The engine would let it
 * run in the foreground. It is told before and after, so that nobody waits for what sleeps there.
 */
function inBackground(ast: Script): Script {
  const call = (name: string): Statement => ({
    type: 'Statement',
    operators: [],
    background: false,
    pipelines: [
      {
        type: 'Pipeline',
        negated: false,
        commands: [
          {
            type: 'SimpleCommand',
            assignments: [],
            args: [],
            redirections: [],
            name: { type: 'Word', parts: [{ type: 'Literal', value: name }] },
          },
        ],
      },
    ],
  })
  const list = (statements: readonly Statement[]): Statement[] =>
    statements.flatMap((statement) => {
      for (const { commands } of statement.pipelines)
        for (const command of commands)
          if ('body' in command && Array.isArray(command.body)) command.body = list(command.body as Statement[])
      if (!statement.background) return [statement]
      const own: Statement = {
        type: 'Statement',
        operators: [],
        background: false,
        pipelines: [
          {
            type: 'Pipeline',
            negated: false,
            commands: [{ type: 'Subshell', body: [{ ...statement, background: false }], redirections: [] }],
          },
        ],
      }
      return [call(begins), own, call(ends)]
    })
  return { ...ast, statements: list(ast.statements) }
}

/** A text of characters as bytes, one character each. */
export const plain = (text: string): string =>
  /[^\u0000-\u00ff]/.test(text) ? Buffer.from(text).toString('latin1') : text

/** What a program was recorded to say when it is asked for its help or version. */
function told(name: string, args: readonly string[]): Outcome | undefined {
  if (args.length !== 1 || (args[0] !== '--help' && args[0] !== '--version')) return undefined
  const known = recorded[`${name} ${args[0]}`]
  if (known === undefined) return undefined
  return {
    stdout: unsafeBytesFromLatin1(plain(known.out ?? '')) as unknown as string,
    stdoutKind: 'bytes',
    stderr: known.err ?? '',
    exitCode: known.code ?? 0,
  }
}

/**
 * Makes the shell of one line: the engine's own programs, worded as the real ones, and ours.
 * @param run runs one of our programs
 * @param background how many commands in the background the line is within: nobody waits for those
 */
export function makeEngine(
  options: ConstructorParameters<typeof Bash>[0],
  run: (command: Command, args: string[], context: Context) => Promise<Result>,
  background: { depth: number },
): Bash {
  const execute = (command: Command) => async (args: string[], context: Context) => {
    const { out = '', err = '', code = 0 } = await run(command, args, context)
    return {
      stdout: unsafeBytesFromLatin1(plain(out)) as unknown as string,
      stdoutKind: 'bytes' as const,
      stderr: err,
      exitCode: code,
    }
  }
  const bash = new Bash({
    ...options,
    customCommands: [...commands].map(([name, command]) =>
      defineCommand(name, async (args, context) => told(name, args) ?? execute(command)(args, context as Context)),
    ),
  })
  // The engine keeps its commands in a map; what is in it is what a line finds.
  const table = (bash as unknown as { commands: Map<string, Kept> }).commands
  for (const name of strange) table.delete(name)
  for (const [name, kept] of table) {
    if (commands.has(name)) continue
    table.set(name, {
      ...kept,
      execute: async (args, context) => {
        const outcome = told(name, args) ?? (await kept.execute(args, context))
        if (outcome.stderr === '') return outcome
        const stderr =
          name === 'sh'
            ? asDash(args, context, outcome)
            : gnu(name, args, await target(name, args, context, outcome.stderr))
        // What was counted before is counted anew.
        const exitCode = stderr.startsWith('sh: 0: cannot open ') ? 2 : outcome.exitCode
        return { ...outcome, stderr, exitCode, internalOutputAccounting: undefined }
      },
    })
  }
  const sh = table.get('sh')
  if (sh !== undefined) table.set('dash', { ...sh, name: 'dash' })
  for (const [name, command] of builtins)
    table.set(name, { name, trusted: true, ofShell: true, execute: execute(command) })
  for (const [name, step] of [
    [begins, 1],
    [ends, -1],
  ] as const)
    table.set(name, {
      name,
      trusted: true,
      ofShell: true,
      execute: async () => {
        background.depth += step
        return { stdout: '', stderr: '', exitCode: 0 }
      },
    })
  bash.registerTransformPlugin({ name: 'background', transform: ({ ast }) => ({ ast: inBackground(ast) }) })
  return bash
}

/** Whether it was the source or the target of a copy that was not there: the engine names the source for both. */
async function target(name: string, args: readonly string[], { cwd, fs }: Context, err: string): Promise<string> {
  const source = /^(?:cp|mv): cannot stat '(.+)': No such file or directory$/m.exec(err)?.[1]
  const to = args.filter((arg) => !arg.startsWith('-')).at(-1)
  if (source === undefined || to === undefined || !(await fs.exists(resolvePath(cwd, source)))) return err
  return err.replace(
    /^(cp|mv): cannot stat '(.+)': (.+)$/m,
    name === 'cp' ? `cp: cannot create regular file '${to}': $3` : `mv: cannot move '$2' to '${to}': $3`,
  )
}

/** The errors of a script that sh ran. */
function asDash(args: readonly string[], context: Context, { stderr, exitCode }: Outcome): string {
  const at = args.findIndex((arg) => !arg.startsWith('-'))
  if (args.includes('-c')) return dash(stderr, '', args[args.indexOf('-c') + 1] ?? '')
  const script = at < 0 ? '' : (args[at] ?? '')
  if (exitCode === 127 && stderr === `sh: ${script}: No such file or directory\n`)
    return `sh: 0: cannot open ${script}: No such file\n`
  return dash(stderr, script, script === '' ? String(context.stdin ?? '') : '')
}
