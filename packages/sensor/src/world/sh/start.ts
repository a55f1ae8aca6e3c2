import { resolvePath } from '../node.ts'
import { before } from '../version.ts'
import type { Dialect } from './ast.ts'
import type { Outcome, ProgramContext, Start } from './interpreter.ts'
import { optionLetters } from './options.ts'

// Shells as programs: bash, sh, dash and ash with their options.

/** What bash says to options that it does not know: the beginning of its help. */
function usage({ shell }: ProgramContext): string {
  const help = shell.host.recorded('bash --help')?.out ?? ''
  const from = help.indexOf('Usage:')
  const to = help.indexOf('Type `bash -c')
  return from < 0 ? '' : help.slice(from, to < 0 ? undefined : to)
}

/** Runs a shell that was called as a program. */
export async function startShell(
  dialect: Dialect,
  name: string,
  given: readonly string[],
  context: ProgramContext,
): Promise<Outcome> {
  const { shell, stdin } = context
  const fail = (err: string, code: number): Outcome => ({ out: '', err, code })
  const words = [...given]
  const on: string[] = []
  const off: string[] = []
  let [command, input, interactive] = [false, false, false]
  for (;;) {
    const [word] = words
    if (word === undefined || !/^[-+]./.test(word)) {
      if (word === '-') words.shift()
      break
    }
    words.shift()
    if (word === '--') break
    if (word.startsWith('--')) {
      if (dialect !== 'bash')
        return fail(
          dialect === 'dash' ? `${name}: 0: Illegal option --\n` : `${name}: unrecognized option '${word}'\n`,
          2,
        )
      if (/^--(?:rcfile|init-file)$/.test(word)) words.shift()
      else if (word === '--posix') on.push('posix')
      else if (word === '--version' || word === '--help')
        return { out: shell.host.recorded(`bash ${word}`)?.out ?? '', err: '', code: 0 }
      else if (
        !/^--(?:login|norc|noprofile|noediting|restricted|verbose|debugger|dump-po-strings|dump-strings|protected|pretty-print)$/.test(
          word,
        )
      )
        return fail(`${name}: ${word}: invalid option\n${usage(context)}`, 2)
      continue
    }
    const set = word[0] === '-' ? on : off
    for (const letter of word.slice(1)) {
      if (letter === 'c') command = true
      else if (letter === 's') input = true
      else if (letter === 'i') interactive = true
      else if (letter === 'o' || letter === 'O') {
        const option = words.shift()
        if (option !== undefined) set.push(option)
      } else if (optionLetters[letter] !== undefined) set.push(optionLetters[letter])
      else if (!'lD'.includes(letter) && !(letter === 'r' && dialect === 'bash'))
        return dialect === 'bash'
          ? fail(`${name}: -${letter}: invalid option\n${usage(context)}`, 2)
          : fail(
              dialect === 'dash' ? `${name}: 0: Illegal option -${letter}\n` : `${name}: illegal option -${letter}\n`,
              2,
            )
    }
  }
  const settle = (start: Start): ReturnType<typeof shell.child> => {
    const inner = shell.child(start, stdin)
    for (const option of on) inner.options.add(option)
    for (const option of off) inner.options.delete(option)
    // Without a PATH they have one of their own, which is not passed on.
    if (inner.variables.get('PATH') === undefined && dialect !== 'ash')
      inner.variables.set('PATH', '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin')
    if (name === 'sh' && dialect === 'bash') inner.options.add('posix')
    return inner
  }
  const { cwd } = shell
  let inner: ReturnType<typeof shell.child>
  let source: string | undefined
  if (command) {
    const [line, zero = context.zero.includes('/') ? context.zero : name, ...positional] = words
    if (line === undefined)
      return fail(
        dialect === 'bash'
          ? `${name}: -c: option requires an argument\n`
          : dialect === 'dash'
            ? `${name}: 0: -c requires an argument\n`
            : `${name}: -c requires an argument\n`,
        2,
      )
    inner = settle({ dialect, zero, from: 'command', positional, cwd })
    source = line
  } else if (words.length > 0 && !input) {
    const [path = '', ...positional] = words
    const read = script(dialect, name, path, context)
    if (typeof read !== 'string') return read
    inner = settle({ dialect, zero: path, from: 'file', positional, cwd })
    source = read
  } else {
    inner = settle({
      dialect,
      zero: context.zero.includes('/') ? context.zero : name,
      from: 'input',
      positional: words,
      cwd,
    })
    source = undefined
  }
  // Without a terminal it can be no more than that.
  if (interactive && shell.from !== 'terminal')
    inner.err(
      dialect === 'bash'
        ? `${name}: cannot set terminal process group (${shell.host.pid}): Inappropriate ioctl for device\n${name}: no job control in this shell\n`
        : `${name}: 0: can't access tty; job control turned off\n`,
    )
  const code = source === undefined ? await inner.input(stdin) : await inner.whole(source)
  return { out: '', err: '', code }
}

/** The text of a script, or why it cannot be read. */
function script(dialect: Dialect, name: string, path: string, { shell }: ProgramContext): string | Outcome {
  const held = shell.descriptorText(path)
  if (held !== undefined) return held
  const fail = (err: string, code: number): Outcome => ({ out: '', err, code })
  const real = resolvePath(shell.cwd, path)
  const kind = shell.fs.kindAt(real)
  const { versions } = shell.host.machine
  if (kind === undefined) {
    if (dialect === 'bash') return fail(`${name}: ${path}: No such file or directory\n`, 127)
    if (dialect === 'ash') return fail(`${name}: can't open '${path}': No such file or directory\n`, 2)
    return before(versions['dash'], '0.5.11')
      ? fail(`${name}: 0: Can't open ${path}\n`, 127)
      : fail(`${name}: 0: cannot open ${path}: No such file\n`, 2)
  }
  if (kind === 'directory') return dialect === 'bash' ? fail(`${name}: ${path}: Is a directory\n`, 126) : fail('', 0)
  const text = Buffer.from(shell.fs.content(real)).toString('latin1')
  if (dialect === 'bash' && text.slice(0, 80).split('\n')[0]?.includes('\0') === true)
    return fail(`${path}: ${path}: cannot execute binary file\n`, 126)
  return text
}
