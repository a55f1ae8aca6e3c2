import { complain, type Command } from '../command.ts'
import { resolvePath } from '../../node.ts'
import { hint, read, why } from './input.ts'

/** uniq of coreutils: what follows itself is told once, with how often. */
export const uniq: Command = async (args, io) => {
  const flags = new Set<string>()
  const numbers = new Map<string, number>()
  const files: string[] = []
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? ''
    const long = /^--(\w[\w-]*)(?:=(.*))?$/.exec(arg)
    const letter: Readonly<Record<string, string>> = {
      count: 'c',
      repeated: 'd',
      unique: 'u',
      'ignore-case': 'i',
      'zero-terminated': 'z',
      'all-repeated': 'D',
      'skip-fields': 'f',
      'skip-chars': 's',
      'check-chars': 'w',
    }
    const word =
      long !== null
        ? `-${letter[long[1] ?? ''] ?? '?'}${/[fsw]/.test(letter[long[1] ?? ''] ?? '') ? (long[2] ?? '') : ''}`
        : arg
    if (!/^-[^-]/.test(word)) {
      if (arg !== '--') files.push(arg)
      continue
    }
    for (let at = 1; at < word.length; at++) {
      const one = word[at] ?? ''
      if ('fsw'.includes(one)) {
        const value = word.slice(at + 1) || (args[++i] ?? '')
        if (!/^\d+$/.test(value)) {
          const what = { f: 'fields to skip', s: 'bytes to skip', w: 'bytes to compare' }[one] ?? ''
          return complain(`uniq: ${value}: invalid number of ${what}\n`)
        }
        numbers.set(one, Number(value))
        break
      }
      if (!'cduizD'.includes(one))
        return complain(
          long === null
            ? `uniq: invalid option -- '${one}'\n${hint('uniq')}`
            : `uniq: unrecognized option '${arg}'\n${hint('uniq')}`,
        )
      flags.add(one)
    }
  }
  if (files.length > 2) return complain(`uniq: extra operand ‘${files[2] ?? ''}’\n${hint('uniq')}`)
  let text: string
  try {
    text = (await read(files[0] ?? '-', io)).toString('latin1')
  } catch (error) {
    return complain(`uniq: ${files[0] ?? ''}: ${why(error)}\n`)
  }
  const end = flags.has('z') ? '\0' : '\n'
  const lines = text.split(end)
  if (lines.at(-1) === '') lines.pop()
  const key = (line: string): string => {
    let rest = line
    for (let n = numbers.get('f') ?? 0; n > 0; n--) rest = rest.replace(/^[ \t]*[^ \t]*/, '')
    rest = rest.slice(numbers.get('s') ?? 0)
    if (numbers.has('w')) rest = rest.slice(0, numbers.get('w'))
    return flags.has('i') ? rest.toLowerCase() : rest
  }
  const out: string[] = []
  for (let from = 0; from < lines.length;) {
    const first = lines[from] ?? ''
    const same = key(first)
    let to = from + 1
    while (to < lines.length && key(lines[to] ?? '') === same) to++
    const count = to - from
    if (flags.has('D')) {
      if (count > 1) out.push(...lines.slice(from, to))
    } else if ((!flags.has('d') || count > 1) && (!flags.has('u') || count === 1))
      out.push(flags.has('c') ? `${String(count).padStart(7)} ${first}` : first)
    from = to
  }
  const said = out.map((line) => line + end).join('')
  if (files[1] === undefined) return { out: said }
  io.fs.write(resolvePath(io.cwd, files[1]), Buffer.from(said, 'latin1'))
  return {}
}
