import { complain, say, type Command } from '../command.ts'
import { hint, latin } from './input.ts'

// tr of coreutils: sets of bytes, with their ranges, classes and escapes.

const ranges: Readonly<Record<string, string>> = {
  alpha: 'A-Za-z',
  digit: '0-9',
  alnum: '0-9A-Za-z',
  upper: 'A-Z',
  lower: 'a-z',
  xdigit: '0-9A-Fa-f',
  space: '\t-\r ',
  blank: '\t ',
  cntrl: '\u0000-\u001f\u007f',
  print: ' -~',
  graph: '!-~',
  punct: '!-/:-@[-`{-~',
}
const escapes: Readonly<Record<string, number>> = { a: 7, b: 8, f: 12, n: 10, r: 13, t: 9, v: 11, '\\': 92 }

/** A set of tr(1) as bytes. @param size how many the first set has, for "[c*]" in the second */
function setOf(text: string, size = 0): number[] {
  const set: number[] = []
  const given = latin(text).slice(0, 4096)
  let at = 0
  const one = (): number => {
    const c = given[at++] ?? ''
    if (c !== '\\') return c.charCodeAt(0)
    const octal = /^[0-7]{1,3}/.exec(given.slice(at, at + 3))?.[0]
    if (octal !== undefined) {
      at += octal.length
      return Number.parseInt(octal, 8) & 255
    }
    const next = given[at++]
    return next === undefined ? 92 : (escapes[next] ?? next.charCodeAt(0))
  }
  while (at < given.length) {
    const named = /^\[:(\w+):\]/.exec(given.slice(at, at + 12))
    if (named !== null && ranges[named[1] ?? ''] !== undefined) {
      set.push(...setOf(ranges[named[1] ?? ''] ?? ''))
      at += named[0].length
      continue
    }
    const equal = /^\[=([^])=\]/.exec(given.slice(at, at + 5))
    if (equal !== null) {
      set.push((equal[1] ?? '').charCodeAt(0))
      at += 5
      continue
    }
    const repeated = /^\[([^])\*(\d*)\]/.exec(given.slice(at, at + 16))
    if (repeated !== null) {
      const count =
        repeated[2] === ''
          ? Math.max(0, size - set.length)
          : Number.parseInt(repeated[2] ?? '0', repeated[2]?.startsWith('0') === true ? 8 : 10)
      for (let i = 0; i < Math.min(count, 256); i++) set.push((repeated[1] ?? '').charCodeAt(0))
      at += repeated[0].length
      continue
    }
    const low = one()
    if (given[at] === '-' && at + 1 < given.length) {
      at++
      const high = one()
      for (let c = low; c <= high; c++) set.push(c)
    } else set.push(low)
  }
  return set
}

export const tr: Command = (args, { stdin }) => {
  const flags = new Set<string>()
  const sets: string[] = []
  for (const [i, arg] of args.entries()) {
    if (sets.length === 0 && /^-[cCdst]+$/.test(arg))
      for (const letter of arg.slice(1)) flags.add(letter === 'C' ? 'c' : letter)
    else if (sets.length === 0 && arg === '--') continue
    else if (sets.length === 0 && /^--(?:complement|delete|squeeze-repeats|truncate-set1)$/.test(arg))
      flags.add(arg === '--truncate-set1' ? 't' : (arg[2] ?? ''))
    else if (sets.length === 0 && /^-./.test(arg))
      return complain(
        `tr: ${arg.startsWith('--') ? `unrecognized option '${arg}'` : `invalid option -- '${arg[1]}'`}\n${hint('tr')}`,
      )
    else sets.push(args[i] ?? '')
  }
  const [first, second] = sets
  const deletes = flags.has('d')
  const squeezes = flags.has('s')
  if (first === undefined) return complain(`tr: missing operand\n${hint('tr')}`)
  if (second === undefined && !deletes && !squeezes)
    return complain(`tr: missing operand after ‘${first}’\nTwo strings must be given when translating.\n${hint('tr')}`)
  if (second !== undefined && deletes && !squeezes)
    return complain(
      `tr: extra operand ‘${second}’\nOnly one string may be given when deleting without squeezing repeats.\n${hint('tr')}`,
    )
  if (sets.length > 2) return complain(`tr: extra operand ‘${sets[2] ?? ''}’\n${hint('tr')}`)
  if (second === '' && !deletes && !flags.has('t'))
    return complain('tr: when not truncating set1, string2 must be non-empty\n')
  const listed = setOf(first)
  const from = flags.has('c') ? Array.from({ length: 256 }, (_, i) => i).filter((c) => !listed.includes(c)) : listed
  const to = second === undefined ? [] : setOf(second, from.length)
  const map = Uint8Array.from({ length: 256 }, (_, i) => i)
  const gone = new Uint8Array(256)
  const squeezed = new Uint8Array(256)
  if (deletes) for (const c of from) gone[c] = 1
  else if (second !== undefined)
    for (const [i, c] of from.entries()) {
      if (flags.has('t') && i >= to.length) break
      map[c] = to[Math.min(i, to.length - 1)] ?? c
    }
  if (squeezes) for (const c of second === undefined ? from : to) squeezed[c] = 1
  const bytes = Buffer.from(stdin, 'latin1')
  const out = Buffer.alloc(bytes.length)
  let size = 0
  let last = -1
  for (const byte of bytes) {
    if (gone[byte] === 1) continue
    const c = map[byte] ?? byte
    if (squeezed[c] === 1 && c === last) continue
    out[size++] = last = c
  }
  return say(out.toString('latin1', 0, size))
}
