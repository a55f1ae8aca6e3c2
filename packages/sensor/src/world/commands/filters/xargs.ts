import { resolvePath } from '../../node.ts'
import { complain, type Command } from '../command.ts'
import { hint } from './input.ts'

// xargs of findutils.

/** The words of the input: by blanks, with quotes, or by lines or zero bytes. */
function wordsOf(text: string, by: 'blank' | 'line' | string): string[] | string {
  if (by === 'line')
    return text
      .split('\n')
      .map((line) => line.replace(/^[ \t]+/, ''))
      .filter((line) => line !== '')
  if (by !== 'blank') {
    const parts = text.split(by)
    if (parts.at(-1) === '') parts.pop()
    return parts
  }
  const words: string[] = []
  let word: string | undefined
  for (let i = 0; i < text.length; i++) {
    const c = text[i] ?? ''
    if (c === "'" || c === '"') {
      const end = text.indexOf(c, i + 1)
      if (end < 0 || text.slice(i, end).includes('\n'))
        return `xargs: unmatched ${c === '"' ? 'double' : 'single'} quote; by default quotes are special to xargs unless you use the -0 option\n`
      word = (word ?? '') + text.slice(i + 1, end)
      i = end
    } else if (c === '\\' && i + 1 < text.length) word = (word ?? '') + (text[++i] ?? '')
    else if (/\s/.test(c)) {
      if (word !== undefined) words.push(word)
      word = undefined
    } else word = (word ?? '') + c
  }
  if (word !== undefined) words.push(word)
  return words
}
const maxRuns = 2000

export const xargs: Command = async (args, io) => {
  let [by, most, replace, trace, bare]: [string, number, string | undefined, boolean, boolean] = [
    'blank',
    Infinity,
    undefined,
    false,
    false,
  ]
  let perLine: number | undefined
  let input = io.stdin
  let at = 0
  for (; at < args.length; at++) {
    const arg = args[at] ?? ''
    const long: Readonly<Record<string, string>> = {
      '--null': '-0',
      '--no-run-if-empty': '-r',
      '--verbose': '-t',
      '--interactive': '-p',
      '--exit': '-x',
    }
    const match =
      /^(-[0rtpxIinLlPsdEae]|--(?:max-args|max-procs|max-lines|max-chars|delimiter|replace|arg-file|eof))(?:=?)([^]*)$/.exec(
        long[arg] ?? arg,
      )
    if (!arg.startsWith('-') || arg === '-') break
    if (match === null)
      return complain(
        `xargs: ${arg.startsWith('--') ? `unrecognized option '${arg}'` : `invalid option -- '${arg[1]}'`}\n${hint('xargs')}`,
      )
    const [, name = '', stuck = ''] = match
    const value = (): string => (stuck === '' ? (args[++at] ?? '') : stuck)
    if (/^-[0rtpx]$/.test(name)) {
      for (const letter of `${name[1] ?? ''}${stuck}`) {
        if (letter === '0') by = '\0'
        if (letter === 'r') bare = true
        if (letter === 't') trace = true
      }
    } else if (name === '-I' || name === '-i' || name === '--replace') {
      replace = name === '-I' ? value() : stuck === '' ? '{}' : stuck
      if (by === 'blank') by = 'line'
    } else if (name === '-n' || name === '--max-args') {
      const count = value()
      if (!/^\d+$/.test(count)) return complain(`xargs: invalid number "${count}" for -n option\n${hint('xargs')}`)
      if (Number(count) < 1) return complain('xargs: value 0 for -n option should be >= 1\n')
      most = Number(count)
    } else if (name === '-L' || name === '-l' || name === '--max-lines')
      perLine = Math.max(1, Math.floor(Number(name === '-l' ? stuck || '1' : value())) || 1)
    else if (name === '-d' || name === '--delimiter') {
      const given = value()
      by = given === '\\n' ? '\n' : given === '\\0' ? '\0' : given === '\\t' ? '\t' : given
    } else if (name === '-a' || name === '--arg-file')
      try {
        input = Buffer.from(io.fs.content(resolvePath(io.cwd, value()))).toString('latin1')
      } catch {
        return complain(`xargs: Cannot open input file ‘${args[at] ?? stuck}’: No such file or directory\n`)
      }
    else if (name !== '-i' && name !== '-e') value()
  }
  const command = args.slice(at)
  if (command.length === 0) command.push('echo')
  let groups: string[][]
  if (perLine !== undefined && replace === undefined) {
    const rows = input.split('\n').filter((line) => line.trim() !== '')
    groups = []
    for (let i = 0; i < rows.length; i += perLine) {
      const words = wordsOf(rows.slice(i, i + perLine).join('\n'), 'blank')
      if (typeof words === 'string') return complain(words)
      groups.push(words)
    }
  } else {
    const words = wordsOf(input, by)
    if (typeof words === 'string') return complain(words)
    if (replace !== undefined) groups = words.map((word) => [word])
    else if (words.length === 0) groups = bare ? [] : [[]]
    else {
      const size = Math.min(most, 5000)
      groups = Array.from({ length: Math.ceil(words.length / size) }, (_, i) => words.slice(i * size, (i + 1) * size))
    }
  }
  const out: string[] = []
  let [err, code] = ['', 0]
  for (const group of groups.slice(0, maxRuns)) {
    const mark = replace
    const line =
      mark === undefined ? [...command, ...group] : command.map((word) => word.replaceAll(mark, () => group[0] ?? ''))
    if (trace) err += `${line.join(' ')} \n`
    const result = await io.run(line, { stdin: '' })
    out.push(result.out ?? '')
    err +=
      'lost' in result
        ? `xargs: ${line[0] ?? ''}: ${result.lost}
`
        : (result.err ?? '')
    const ended = result.code ?? 0
    if (ended === 127 || ended === 126) return { out: out.join(''), err, code: ended }
    if (ended === 255)
      return {
        out: out.join(''),
        err: `${err}xargs: ${command[0] ?? ''}: exited with status 255; aborting\n`,
        code: 124,
      }
    if (ended !== 0) code = 123
  }
  return { out: out.join(''), err, code }
}
