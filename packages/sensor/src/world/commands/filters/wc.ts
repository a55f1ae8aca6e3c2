import { complain, type Command } from '../command.ts'
import { hint, read, why } from './input.ts'

// wc of coreutils.

/** wc: numbers as wide as the largest may be, which is guessed from the sizes of the files. */
export const wc: Command = async (args, io) => {
  const flags = new Set<string>()
  const files: string[] = []
  const long: Readonly<Record<string, string>> = {
    '--bytes': 'c',
    '--chars': 'm',
    '--lines': 'l',
    '--words': 'w',
    '--max-line-length': 'L',
  }
  for (const arg of args) {
    if (long[arg] !== undefined) flags.add(long[arg] ?? '')
    else if (arg === '-' || !arg.startsWith('-')) files.push(arg)
    else if (arg.startsWith('--')) return complain(`wc: unrecognized option '${arg}'\n${hint('wc')}`)
    else
      for (const letter of arg.slice(1)) {
        if (!'cmlwL'.includes(letter)) return complain(`wc: invalid option -- '${letter}'\n${hint('wc')}`)
        flags.add(letter)
      }
  }
  const shown = flags.size === 0 ? ['l', 'w', 'c'] : ['l', 'w', 'm', 'c', 'L'].filter((one) => flags.has(one))
  const rows: { counts: Record<string, number>; name: string; lost?: string }[] = []
  for (const name of files.length === 0 ? [''] : files) {
    try {
      const bytes = await read(name === '' ? '-' : name, io)
      const text = bytes.toString('latin1')
      let [lines, longest] = [0, 0]
      for (const line of text.split('\n')) {
        lines++
        longest = Math.max(longest, line.length)
      }
      const words = (text.match(/[^\s]+/g) ?? []).length
      rows.push({
        counts: { l: lines - 1, w: words, m: bytes.toString('utf8').length, c: bytes.length, L: longest },
        name,
      })
    } catch (error) {
      rows.push({ counts: { l: 0, w: 0, m: 0, c: 0, L: 0 }, name, lost: why(error) })
    }
  }
  const total = Object.fromEntries(
    ['l', 'w', 'm', 'c', 'L'].map((kind) => [
      kind,
      kind === 'L'
        ? Math.max(...rows.map(({ counts }) => counts[kind] ?? 0))
        : rows.reduce((sum, { counts }) => sum + (counts[kind] ?? 0), 0),
    ]),
  )
  const known = rows.reduce((sum, { counts, lost: gone }) => sum + (gone === undefined ? (counts['c'] ?? 0) : 0), 0)
  // Of what is no file the size is not known before.
  const width =
    shown.length === 1 && rows.length === 1 ? 1 : files.length === 0 || files.includes('-') ? 7 : String(known).length
  const line = (counts: Readonly<Record<string, number>>, name: string): string =>
    `${shown.map((kind) => String(counts[kind] ?? 0).padStart(width)).join(' ')}${name === '' ? '' : ` ${name}`}\n`
  let [out, err] = ['', '']
  for (const { counts, name, lost: gone } of rows) {
    if (gone !== undefined) err += `wc: ${name}: ${gone}\n`
    if (gone === undefined || gone === 'Is a directory') out += line(counts, name)
  }
  if (rows.length > 1) out += line(total, 'total')
  return { out, err, code: err === '' ? 0 : 1 }
}
