import { tested, Untestable } from '../condition.ts'
import type { Interpreter } from '../interpreter.ts'
import { Source } from '../streams.ts'
import type { Builtin } from './index.ts'

// What reads and decides: read, mapfile, getopts, test.

const isName = (word: string): boolean => /^[A-Za-z_]\w*$/.test(word)

/** Splits what was read among variables (POSIX.1-2017, read). */
export function fieldsOf(text: string, ifs: string, count: number): string[] {
  const white = (c: string): boolean => ' \t\n'.includes(c) && ifs.includes(c)
  let rest = text
  const trim = () => {
    let at = 0
    while (at < rest.length && white(rest[at] ?? '')) at++
    rest = rest.slice(at)
  }
  trim()
  const out: string[] = []
  while (out.length < count - 1 && rest !== '') {
    let at = 0
    while (at < rest.length && !ifs.includes(rest[at] ?? '')) at++
    out.push(rest.slice(0, at))
    rest = rest.slice(at)
    trim()
    if (
      rest !== '' &&
      ifs.includes(rest[0] ?? '') &&
      !white(rest[0] ?? '') &&
      (at === 0 || white(text[at] ?? '') || true)
    ) {
      rest = rest.slice(1)
      trim()
    }
  }
  // The last takes what is left, without white space and one separator behind it.
  let end = rest.length
  while (end > 0 && white(rest[end - 1] ?? '')) end--
  rest = rest.slice(0, end)
  if (
    rest !== '' &&
    ifs.includes(rest.at(-1) ?? '') &&
    !white(rest.at(-1) ?? '') &&
    ![...rest.slice(0, -1)].some((c) => ifs.includes(c))
  )
    rest = rest.slice(0, -1)
  out.push(rest)
  return out
}

const read: Builtin = async (shell, args, name) => {
  const valued = shell.dialect === 'dash' ? 'p' : 'adinNptu'
  const options = new Map<string, string>()
  const words = [...args]
  while (/^-./.test(words[0] ?? '') && words[0] !== '--') {
    const word = words.shift() ?? ''
    for (let i = 1; i < word.length; i++) {
      const letter = word[i] ?? ''
      if (valued.includes(letter)) {
        const value = i + 1 < word.length ? word.slice(i + 1) : words.shift()
        if (value === undefined) {
          shell.fault(
            shell.dialect === 'dash' ? `No arg for -${letter} option` : `-${letter}: option requires an argument`,
            name,
          )
          if (shell.dialect === 'bash')
            shell.err(
              'read: usage: read [-ers] [-a array] [-d delim] [-i text] [-n nchars] [-N nchars] [-p prompt] [-t timeout] [-u fd] [name ...]\n',
            )
          return 2
        }
        options.set(letter, value)
        break
      }
      if (!(shell.dialect === 'dash' ? 'r' : 'ers').includes(letter)) {
        shell.fault(shell.dialect === 'dash' ? `Illegal option -${letter}` : `-${letter}: invalid option`, name)
        if (shell.dialect === 'bash')
          shell.err(
            'read: usage: read [-ers] [-a array] [-d delim] [-i text] [-n nchars] [-N nchars] [-p prompt] [-t timeout] [-u fd] [name ...]\n',
          )
        return 2
      }
      options.set(letter, '')
    }
  }
  if (words[0] === '--') words.shift()
  const wrong = words.find((word) => !isName(word) && !/^[A-Za-z_]\w*\[.+\]$/.test(word))
  if (wrong !== undefined) {
    shell.fault(shell.dialect === 'bash' ? `\`${wrong}': not a valid identifier` : `${wrong}: bad variable name`, name)
    return shell.dialect === 'bash' ? 1 : 2
  }
  if (shell.dialect === 'dash' && words.length === 0) {
    shell.fault('arg count', name)
    return 2
  }
  const fd = options.get('u') ?? '0'
  const source = shell.descriptors.get(Number(fd))?.source
  if (source === undefined) {
    shell.fault(
      /^\d+$/.test(fd)
        ? `${fd}: invalid file descriptor: Bad file descriptor`
        : `${fd}: invalid file descriptor specification`,
      name,
    )
    return 1
  }
  await source.fill()
  if (options.has('t') && Number(options.get('t')) === 0) return source.empty ? 1 : 0
  if (source.empty && source.terminal && options.has('t')) {
    await shell.sleep(Math.min(3_600_000, Number(options.get('t')) * 1000 || 0))
    return 142
  }
  const end = options.get('d') ?? '\n'
  const exact = options.get('N')
  const max = Number(exact ?? options.get('n') ?? Number.POSITIVE_INFINITY)
  let { text, ended } = source.until(exact === undefined ? end.slice(0, 1) : '\u0100', max)
  const raw = options.has('r')
  // A backslash lets a line go on.
  const goesOn = (): boolean =>
    !raw && end === '\n' && ended && !source.empty && /(?<!\\)(?:\\\\)*\\$/.test(text.slice(-200))
  for (let open = goesOn(); open; open = goesOn()) {
    const more = source.until('\n')
    text = text.slice(0, -1) + more.text
    ended = more.ended
  }
  text = text.replaceAll('\0', '')
  // What has a backslash before it separates nothing.
  const kept: string[] = []
  if (!raw && text.includes('\\')) {
    text = text.replace(/\\([^])/g, (_, c: string) => {
      kept.push(c)
      return String.fromCharCode(0xe000 + ((kept.length - 1) % 6000))
    })
  }
  const restore = (value: string): string =>
    kept.length === 0 ? value : value.replace(/[\ue000-\uf7ff]/g, (c) => kept[c.charCodeAt(0) - 0xe000] ?? '')
  const ifs = shell.variables.get('IFS') ?? ' \t\n'
  const list = options.get('a')
  if (list !== undefined) {
    const all: string[] = []
    let rest = text
    while (rest !== '' && all.length < 10_000) {
      const [first = '', more = ''] = fieldsOf(rest, ifs, 2)
      if (first === '' && more === '') break
      all.push(restore(first))
      rest = more
    }
    shell.variables.setList(list, all)
  } else if (words.length === 0) shell.variables.set('REPLY', restore(text))
  else {
    const values = exact === undefined ? fieldsOf(text, ifs, words.length) : [text]
    for (const [i, word] of words.entries()) set(shell, word, restore(values[i] ?? ''))
  }
  return ended ? 0 : 1
}

function set(shell: Interpreter, word: string, value: string): void {
  const element = /^(\w+)\[(.*)\]$/.exec(word)
  if (element !== null) shell.variables.setElement(element[1] ?? '', element[2] ?? '', value)
  else shell.variables.set(word, value)
}

const mapfile: Builtin = async (shell, args, name) => {
  const options = new Map<string, string>()
  const words = [...args]
  while (/^-./.test(words[0] ?? '')) {
    const word = words.shift() ?? ''
    if (word === '-t') options.set('t', '')
    else options.set(word[1] ?? '', word.length > 2 ? word.slice(2) : (words.shift() ?? ''))
  }
  const [into = 'MAPFILE'] = words
  if (!isName(into)) {
    shell.fault(`\`${into}': not a valid identifier`, name)
    return 1
  }
  const source = shell.descriptors.get(Number(options.get('u') ?? 0))?.source ?? new Source('')
  await source.fill()
  const end = options.get('d')?.slice(0, 1) ?? '\n'
  const count = Number(options.get('n') ?? 0) || Number.POSITIVE_INFINITY
  for (let i = Number(options.get('s') ?? 0); i > 0 && !source.empty; i--) source.until(end)
  const all: string[] = []
  while (!source.empty && all.length < count && all.length < 100_000) {
    const { text, ended } = source.until(end)
    all.push(options.has('t') || !ended ? text : text + end)
  }
  shell.variables.setList(into, all)
  return 0
}

const getopts: Builtin = (shell, args, name) => {
  const [letters, into, ...given] = args
  if (letters === undefined || into === undefined) {
    if (shell.dialect === 'bash') shell.err('getopts: usage: getopts optstring name [arg ...]\n')
    else shell.fault('usage: getopts optstring var [arg...]', name)
    return 2
  }
  const words = given.length > 0 ? given : shell.positional
  const { variables } = shell
  let index = Number(variables.get('OPTIND') ?? 1) || 1
  let at = Number(variables.get('_OPTAT') ?? 1)
  if (index === 1 && variables.get('_OPTIND') !== '1') at = 1
  const done = (): number => {
    variables.set(into, '?')
    variables.set('OPTIND', String(index))
    variables.unset('_OPTAT')
    variables.unset('OPTARG')
    return 1
  }
  const word = words[index - 1]
  if (word === undefined || !word.startsWith('-') || word === '-') return done()
  if (word === '--') {
    index++
    return done()
  }
  const letter = word[at] ?? ''
  const known = letter !== ':' && letters.replace(/^:/, '').includes(letter)
  const quiet = letters.startsWith(':') || variables.get('OPTERR') === '0'
  if (shell.dialect === 'bash') variables.unset('OPTARG')
  else variables.set('OPTARG', '')
  const advance = () => {
    at++
    if (at >= word.length) {
      index++
      at = 1
    }
  }
  if (!known) {
    advance()
    if (quiet) variables.set('OPTARG', letter)
    else
      shell.err(
        shell.dialect === 'dash'
          ? `Illegal option -${letter}\n`
          : `${shell.from === 'terminal' ? shell.zero : shell.file || shell.zero}: illegal option -- ${letter}\n`,
      )
    variables.set(into, '?')
  } else if (letters[letters.indexOf(letter, letters.startsWith(':') ? 1 : 0) + 1] === ':') {
    const value = at + 1 < word.length ? word.slice(at + 1) : words[index]
    index += at + 1 < word.length ? 1 : 2
    at = 1
    if (value === undefined) {
      index--
      if (quiet) variables.set('OPTARG', letter)
      else
        shell.err(
          shell.dialect === 'dash'
            ? `No arg for -${letter} option\n`
            : `${shell.from === 'terminal' ? shell.zero : shell.file || shell.zero}: option requires an argument -- ${letter}\n`,
        )
      variables.set(into, quiet ? ':' : '?')
    } else {
      variables.set('OPTARG', value)
      variables.set(into, letter)
    }
  } else {
    advance()
    variables.set(into, letter)
  }
  variables.set('OPTIND', String(index))
  if (at === 1) variables.unset('_OPTAT')
  else {
    variables.set('_OPTAT', String(at))
    variables.set('_OPTIND', '1')
  }
  return 0
}

const test: Builtin = (shell, args, name) => {
  let words = args
  if (name === '[' || name === '[[') {
    if (args.at(-1) !== (name === '[' ? ']' : ']]')) {
      shell.fault(shell.dialect === 'ash' ? 'missing ]' : shell.dialect === 'dash' ? 'missing ]' : "missing `]'", name)
      return 2
    }
    words = args.slice(0, -1)
  }
  try {
    return tested(shell, words) ? 0 : 1
  } catch (error) {
    if (!(error instanceof Untestable)) throw error
    if (shell.dialect === 'ash') shell.err(`${shell.zero}: ${error.message}\n`)
    else shell.fault(error.message, name)
    return 2
  }
}

export const input = { read, mapfile, readarray: mapfile, getopts, test, '[': test, '[[': test } satisfies Record<
  string,
  Builtin
>
