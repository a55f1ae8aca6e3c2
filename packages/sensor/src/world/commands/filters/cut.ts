import { complain, type Command } from '../command.ts'
import { hint, latin, read, why } from './input.ts'

// cut of coreutils.

/** "1,3-5,7-" as a test of a number. */
function listOf(text: string): ((n: number) => boolean) | undefined {
  const parts = text.split(/[, ]/).slice(0, 200)
  const spans: [number, number][] = []
  for (const part of parts) {
    const match = /^(\d*)(-?)(\d*)$/.exec(part)
    if (match === null || (match[1] === '' && match[3] === '')) return undefined
    const low = match[1] === '' ? 1 : Number(match[1])
    const high = match[2] === '' ? low : match[3] === '' ? Infinity : Number(match[3])
    if (low === 0 || high < low) return undefined
    spans.push([low, high])
  }
  return (n) => spans.some(([low, high]) => n >= low && n <= high)
}

export const cut: Command = async (args, io) => {
  let [kind, list, delimiter, joiner]: [string, string, string, string | undefined] = ['', '', '\t', undefined]
  let [only, not] = [false, false]
  const files: string[] = []
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? ''
    const long =
      /^--(bytes|characters|fields|delimiter|output-delimiter|complement|only-delimited|zero-terminated)(?:=([^]*))?$/.exec(
        arg,
      )
    const short = /^-([bcfdsnz])([^]*)$/.exec(arg)
    const name = long?.[1] ?? short?.[1]
    if (arg === '-' || !arg.startsWith('-')) files.push(arg)
    else if (name === undefined)
      return complain(
        `cut: ${arg.startsWith('--') ? `unrecognized option '${arg}'` : `invalid option -- '${arg[1]}'`}\n${hint('cut')}`,
      )
    else if (name === 's' || name === 'only-delimited') only = true
    else if (name === 'complement') not = true
    else if (name === 'n' || name === 'z' || name === 'zero-terminated') continue
    else {
      const value = long?.[2] ?? (short !== null && short[2] !== '' ? short[2] : args[++i])
      if (value === undefined) return complain(`cut: option requires an argument -- '${name}'\n${hint('cut')}`)
      if (name === 'd' || name === 'delimiter') {
        if (latin(value).length > 1) return complain(`cut: the delimiter must be a single character\n${hint('cut')}`)
        delimiter = value
      } else if (name === 'output-delimiter') joiner = value
      else {
        if (kind !== '') return complain(`cut: only one type of list may be specified\n${hint('cut')}`)
        ;[kind, list] = [name[0] ?? '', value]
      }
    }
  }
  if (kind === '') return complain(`cut: you must specify a list of bytes, characters, or fields\n${hint('cut')}`)
  const chosen = listOf(list)
  if (chosen === undefined)
    return complain(
      /^0|[, ]0/.test(list)
        ? `cut: ${kind === 'f' ? 'fields are numbered from 1' : 'byte/character positions are numbered from 1'}\n${hint('cut')}`
        : /\d+-\d+/.test(list)
          ? `cut: invalid decreasing range\n${hint('cut')}`
          : `cut: invalid ${kind === 'f' ? 'field' : 'byte or character'} ${kind === 'f' ? 'value' : 'position'} ‘${list}’\n${hint('cut')}`,
    )
  const wanted = (n: number): boolean => chosen(n) !== not
  const out: string[] = []
  let [err, code] = ['', 0]
  for (const path of files.length === 0 ? ['-'] : files) {
    let text: string
    try {
      text = (await read(path, io)).toString('latin1')
    } catch (error) {
      err += `cut: ${path}: ${why(error)}\n`
      code = 1
      continue
    }
    if (text === '') continue
    for (const line of text.replace(/\n$/, '').split('\n'))
      if (kind !== 'f') out.push([...line].filter((_, i) => wanted(i + 1)).join(joiner ?? ''))
      else if (!line.includes(delimiter)) {
        if (!only) out.push(line)
      } else
        out.push(
          line
            .split(delimiter)
            .filter((_, i) => wanted(i + 1))
            .join(joiner ?? delimiter),
        )
  }
  return { out: out.map((line) => `${line}\n`).join(''), err, code }
}
