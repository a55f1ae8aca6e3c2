import { Bash, defineCommand, parse, unsafeBytesFromLatin1 } from 'just-bash'
import { before } from './version.ts'
import type { Sayings } from '../personas/facts.ts'
import type { Machine } from '../personas/machine.ts'
import { builtins } from './commands/builtins.ts'
import { applet } from './commands/busybox.ts'
import type { Command, Result } from './commands/command.ts'
import { commands } from './commands/index.ts'
import { resolvePath } from './node.ts'
import { unknownProgram } from './fs.ts'
import { ash, dash, gnu, inner } from './wording.ts'

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
  readonly fs: {
    readonly exists: (path: string) => Promise<boolean>
    readonly readFile: (path: string) => Promise<string>
  }
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
  const alone = (command: Statement['pipelines'][number]['commands'][number]): Statement => ({
    type: 'Statement',
    operators: [],
    background: false,
    pipelines: [{ type: 'Pipeline', negated: false, commands: [command] }],
  })
  const call = (name: string): Statement =>
    alone({
      type: 'SimpleCommand',
      assignments: [],
      args: [],
      redirections: [],
      name: { type: 'Word', parts: [{ type: 'Literal', value: name }] },
    })
  const list = (statements: readonly Statement[]): Statement[] =>
    statements.flatMap((statement) => {
      for (const { commands } of statement.pipelines)
        for (const command of commands)
          if ('body' in command && Array.isArray(command.body)) command.body = list(command.body as Statement[])
      if (!statement.background) return [statement]
      const own = alone({ type: 'Subshell', body: [{ ...statement, background: false }], redirections: [] })
      return [call(begins), own, call(ends)]
    })
  return { ...ast, statements: list(ast.statements) }
}

type Node = Statement['pipelines'][number]['commands'][number]
type Redirection = Extract<Node, { type: 'SimpleCommand' }>['redirections'][number]

/** 2>&1 */
const joined: Redirection = {
  type: 'Redirection',
  fd: 2,
  operator: '>&',
  target: { type: 'Word', parts: [{ type: 'Literal', value: '1' }] },
}

/**
 * At a terminal, errors stand between what is printed, in the order in which it came. They do not go through a pipe, into
 * a file, or into what a substitution gives: so they are joined to the output only where that goes to the terminal.
 */
function atTerminal(ast: Script): Script {
  const command = (node: Node): Node => {
    if (node.type === 'FunctionDef') return node
    if (node.type === 'SimpleCommand') {
      const [first] = node.name?.parts ?? []
      // What exec redirects holds for all that follows.
      if (first?.type === 'Literal' && first.value === 'exec') return node
      return { ...node, redirections: [joined, ...node.redirections] }
    }
    if (node.redirections.length > 0) return { ...node, redirections: [joined, ...node.redirections] }
    switch (node.type) {
      case 'If':
        return {
          ...node,
          clauses: node.clauses.map((clause) => ({
            ...clause,
            condition: list(clause.condition),
            body: list(clause.body),
          })),
          elseBody: node.elseBody === null ? null : list(node.elseBody),
        }
      case 'While':
      case 'Until':
        return { ...node, condition: list(node.condition), body: list(node.body) }
      case 'For':
      case 'CStyleFor':
      case 'Subshell':
      case 'Group':
        return { ...node, body: list(node.body) }
      case 'Case':
        return { ...node, items: node.items.map((item) => ({ ...item, body: list(item.body) })) }
      default:
        return { ...node, redirections: [joined] }
    }
  }
  const list = (statements: readonly Statement[]): Statement[] =>
    statements.map((statement) => ({
      ...statement,
      pipelines: statement.pipelines.map((pipeline) => {
        const [only] = pipeline.commands
        if (only === undefined) return pipeline
        const bare = only.type === 'SimpleCommand' && only.name === null
        if (pipeline.commands.length === 1 && !bare) return { ...pipeline, commands: [command(only)] }
        const last = pipeline.commands.at(-1) ?? only
        const inside: Statement = {
          type: 'Statement',
          operators: [],
          background: false,
          pipelines: [
            {
              ...pipeline,
              negated: false,
              timed: false,
              commands: bare ? [only] : [...pipeline.commands.slice(0, -1), command(last)],
            },
          ],
        }
        return {
          type: 'Pipeline',
          negated: pipeline.negated,
          timed: pipeline.timed === true,
          timePosix: pipeline.timePosix === true,
          commands: [{ type: 'Group', body: [inside], redirections: [joined] }],
        }
      }),
    }))
  return { ...ast, statements: list(ast.statements) }
}

/** A text of characters as bytes, one character each. */
export const plain = (text: string): string =>
  /[^\u0000-\u00ff]/.test(text) ? Buffer.from(text).toString('latin1') : text

/** Programs for which -V is --version. */
const versionLetter = new Set(
  'bash curl free gawk grep gzip pgrep pkill ps sudo tar top uptime vmstat w wget'.split(' '),
)

/** The letters that a program knows, where it is strict and the one here is not: with them, what it does not know. */
const letters: Readonly<Record<string, string>> = {
  crontab: 'ueilr',
  df: 'aBhHiklmPtTvx',
  env: '0iuCSv',
  free: 'bkmghltscwV',
  hostname: 'aAbdfFiIsyhV',
  id: 'aGgnruZz',
  sort: 'bcCdfghikmMnorRsStTuVyz',
  su: 'cfglmpPsVhT',
  sudo: 'AbBCDEeghHiKkllnPpRrSsTtUuVv',
  tail: 'cfFnqsvz0123456789',
  uname: 'amnprsvio',
  uptime: 'phsV',
  who: 'abdHlmpqrstTuw',
}
/** How a program ends that was asked for what it does not know, where not with 1. */
const codes: Readonly<Record<string, number>> = { env: 125, hostname: 255, ls: 2, sort: 2 }

/** A single word of letters, one of which the program does not know. */
function wrongOption({ programs: recorded }: Sayings, name: string, args: readonly string[]): Outcome | undefined {
  const [word = ''] = args
  const known = letters[name]
  if (known === undefined || !/^-[A-Za-z]/.test(word)) return undefined
  const letter = word[1] ?? ''
  if (known.includes(letter)) return undefined
  const usage = recorded[name]?.err ?? recorded[`${name} --help`]?.out ?? recorded[`${name} --help`]?.err ?? ''
  const tail =
    name === 'free' || name === 'sudo' || name === 'hostname'
      ? usage
      : name === 'crontab'
        ? usage.replace(/^crontab: invalid option.*\n/, '')
        : `Try '${name} --help' for more information.\n`
  return { stdout: '', stderr: `${name}: invalid option -- '${letter}'\n${tail}`, exitCode: codes[name] ?? 1 }
}

/** Options with their value stuck to them, for programs of the engine that want it apart. */
const glued: Readonly<Record<string, string>> = { xargs: 'nIPLds', paste: 'd', du: 'd' }
function apart(name: string, args: readonly string[]): string[] {
  const valued = glued[name]
  if (valued === undefined) return [...args]
  if (name === 'paste' && args.every((arg) => arg.startsWith('-') && arg !== '-')) return apart(name, [...args, '-'])
  return args.flatMap((arg) => {
    const match = /^-([a-zA-Z]*?)([a-zA-Z])(.+)$/.exec(arg)
    if (match === null || arg.startsWith('--')) return [arg]
    for (let at = 1; at < arg.length - 1; at++)
      if (valued.includes(arg[at] ?? ''))
        return [...(at > 1 ? [arg.slice(0, at)] : []), `-${arg[at]}`, arg.slice(at + 1)]
    return [arg]
  })
}

/** Whether all is to be removed, without the word that allows it. */
const rootless = (args: readonly string[]): boolean =>
  args.some((arg) => /^\/+$/.test(arg)) &&
  args.some((arg) => /^-\w*[rR]|^--recursive$/.test(arg)) &&
  !args.includes('--no-preserve-root')

/** What a program was recorded to say when it is asked for its help or version. */
function told(says: Sayings, name: string, args: readonly string[]): Outcome | undefined {
  if (args.length > 1) return undefined
  const exactly = args.length === 1 ? says.programs[`${name} ${args[0]}`] : undefined
  if (exactly !== undefined) return outcomeOf(exactly)
  const asked = args[0] === '-V' && versionLetter.has(name) ? '--version' : args[0]
  if (asked !== undefined && asked !== '--help' && asked !== '--version') return wrongOption(says, name, args)
  const known = says.programs[asked === undefined ? name : `${name} ${asked}`]
  return known === undefined ? undefined : outcomeOf(known)
}

function outcomeOf(known: Sayings['programs'][string]): Outcome {
  return {
    stdout: unsafeBytesFromLatin1(plain(known.out ?? '')) as unknown as string,
    stdoutKind: 'bytes',
    stderr: plain(known.err ?? ''),
    exitCode: known.code ?? 0,
  }
}

/**
 * Makes the shell of one line: the engine's own programs, worded as the real ones, and ours.
 * @param system what its programs say of themselves, which shell it has, and whether somebody sits at a terminal
 * @param run runs one of our programs
 * @param background how many commands in the background the line is within: nobody waits for those
 */
export function makeEngine(
  options: ConstructorParameters<typeof Bash>[0],
  {
    says,
    shell,
    versions,
    terminal,
    askHelper,
  }: {
    readonly says: Sayings
    readonly shell: Machine['shell']
    readonly versions: Machine['versions']
    readonly terminal: boolean
    /** Asks somebody else what a program prints that nobody here knows. */
    readonly askHelper?: ((program: string, args: readonly string[], cwd: string) => Promise<string>) | undefined
  },
  run: (command: Command, args: string[], context: Context) => Promise<Result>,
  background: { depth: number },
): Bash {
  const execute = (command: Command) => async (args: string[], context: Context) => {
    const { out = '', err = '', code = 0 } = await run(command, args, context)
    return {
      stdout: unsafeBytesFromLatin1(plain(out)) as unknown as string,
      stdoutKind: 'bytes' as const,
      stderr: plain(err),
      exitCode: code,
    }
  }
  const bash = new Bash({
    ...options,
    customCommands: [...commands].map(([name, command]) =>
      defineCommand(
        name,
        async (args, context) => told(says, name, args) ?? execute(command)(args, context as Context),
      ),
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
        if (name === 'rm' && rootless(args))
          return {
            stdout: '',
            stderr:
              "rm: it is dangerous to operate recursively on '/'\nrm: use --no-preserve-root to override this failsafe\n",
            exitCode: 1,
          }
        const silent = args.length === 0 && String(context.stdin ?? '') !== ''
        let outcome: Outcome
        try {
          outcome =
            (silent ? undefined : told(says, name, args)) ??
            (await kept.execute(
              apart(
                name,
                args.filter((arg) => arg !== '--no-preserve-root'),
              ),
              context,
            ))
        } catch (error) {
          if (!/^ENOENT: /.test((error as Error).message)) throw error
          const path = args.filter((arg) => !arg.startsWith('-')).at(-1) ?? ''
          outcome = { stdout: '', stderr: `${name}: ${path}: No such file or directory\n`, exitCode: 1 }
        }
        if (name === 'md5sum' || name === 'sha1sum' || name === 'sha256sum') sumsOf(outcome)
        if (outcome.stderr === '') return outcome
        if (
          name === 'bash' &&
          outcome.exitCode === 127 &&
          outcome.stderr === `bash: ${args[0]}: No such file or directory\n`
        )
          return {
            ...outcome,
            stderr: outcome.stderr.replace('bash: ', `bash: ${inner}`),
            internalOutputAccounting: undefined,
          }
        const stderr =
          name === 'sh'
            ? (shell === 'ash' ? asAsh : asDash)(args, context, outcome, before(versions['dash'], '0.5.11'))
            : gnu(name, args, await target(name, args, context, outcome.stderr))
        // What was counted before is counted anew.
        const exitCode =
          /^sh: 0: (?!Can't)/.test(stderr) || /^(sed: can't read|awk: fatal|sort: cannot read)/.test(stderr)
            ? 2
            : outcome.exitCode
        return { ...outcome, stderr: plain(stderr), exitCode, internalOutputAccounting: undefined }
      },
    })
  }
  const sh = table.get('sh')
  if (sh !== undefined) for (const name of ['dash', 'ash']) table.set(name, { ...sh, name })
  if (shell === 'ash') {
    for (const [name, kept] of table) {
      if (name === 'busybox') continue
      table.set(name, {
        ...kept,
        execute: async (args, context) => {
          const inner = async (): Promise<Result> => {
            const { stdout, stderr, exitCode } = await kept.execute(args, context)
            return { out: stdout, err: stderr, code: exitCode }
          }
          const {
            out = '',
            err = '',
            code = 0,
          } = await run((given, io) => applet(name, given, io, inner), args, context)
          return {
            stdout: unsafeBytesFromLatin1(plain(out)) as unknown as string,
            stdoutKind: 'bytes' as const,
            stderr: plain(err),
            exitCode: code,
          }
        },
      })
    }
  }
  // What bash does itself.
  for (const name of ['alias', 'unalias', 'history', 'help']) {
    const own = table.get(name)
    if (own !== undefined) table.set(name, { ...own, ofShell: true })
  }
  // A program that nobody wrote for us is there, and says what the real one was recorded to say.
  table.set(unknownProgram, {
    name: unknownProgram,
    trusted: true,
    ofShell: true,
    execute: async ([name = '', ...args], context) =>
      told(says, name, args) ?? outcomeOf({ out: (await askHelper?.(name, args, (context as Context).cwd)) ?? '' }),
  })
  for (const [name, command] of builtins)
    if (shell === 'bash' || says.help.includes(` ${name}`))
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
  bash.registerTransformPlugin({
    name: 'terminal',
    transform: ({ ast }) => ({ ast: inBackground(terminal ? atTerminal(ast) : ast) }),
  })
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

/** Sums of what is not there: the engine prints the error to the output. */
function sumsOf(outcome: Outcome): void {
  const lost = /^(?:md5|sha1|sha256)sum: .*: (?:No such file or directory|Is a directory)\n/gm
  const said = outcome.stdout.match(lost)
  if (said === null) return
  outcome.stdout = outcome.stdout.replace(lost, '')
  outcome.stderr += said.join('')
}

/** The errors of a script that busybox's sh ran. */
function asAsh(args: readonly string[], _: Context, { stderr }: Outcome): string {
  const at = args.findIndex((arg) => !arg.startsWith('-'))
  const script = args.includes('-c') || at < 0 ? 'sh' : (args[at] ?? 'sh')
  return ash(stderr.replace(/^sh: (?:line \d+: )?/gm, 'bash: '), false, args.join(' '), script)
}

/** The errors of a script that sh ran. */
function asDash(args: readonly string[], context: Context, { stderr, exitCode }: Outcome, old: boolean): string {
  const at = args.findIndex((arg) => !arg.startsWith('-'))
  if (args[0]?.startsWith('--') === true) return 'sh: 0: Illegal option --\n'
  if (args.includes('-c')) return dash(stderr, '', args[args.indexOf('-c') + 1] ?? '')
  const script = at < 0 ? '' : (args[at] ?? '')
  if (exitCode === 127 && stderr === `sh: ${script}: No such file or directory\n`)
    return old ? `sh: 0: Can't open ${script}\n` : `sh: 0: cannot open ${script}: No such file\n`
  return dash(stderr, script, script === '' ? String(context.stdin ?? '') : '')
}
