import type { DecoyFs } from '../fs.ts'
import { resolvePath } from '../node.ts'

import type { Dialect, Param, Part, Script, Word } from './ast.ts'
import { ansiC } from './escapes.ts'
import { Parser } from './parser.ts'
import { literally, Pattern } from './pattern.ts'
import type { Variables } from './variables.ts'

// From words to what a command gets: braces, tildes, parameters, commands, arithmetic, splitting, paths, in this order
// (POSIX.1-2017 §2.6; bash(1), EXPANSION).

/** A word that nothing can be made of. @property fatal whether the shell ends */
export class Unexpandable extends Error {
  readonly fatal: boolean
  constructor(message: string, fatal: boolean) {
    super(message)
    this.fatal = fatal
  }
}

/** What an expansion needs of its shell. */
export interface Expander {
  readonly dialect: Dialect
  readonly variables: Variables
  readonly fs: DecoyFs
  readonly cwd: string
  readonly positional: readonly string[]
  readonly zero: string
  readonly option: (name: string) => boolean
  readonly homeOf: (user: string) => string | undefined
  readonly calculate: (text: string) => bigint
  /** Runs a script in a shell of its own. @returns what it prints, without the line ends behind it */
  readonly substitute: (body: Script) => Promise<string>
  /** Runs a script beside. @returns a path that reads what it prints */
  readonly beside: (body: Script, into: boolean) => Promise<string>
  readonly pause: () => Promise<void> | undefined
}

const maxFields = 200_000

// ——— Braces ———

/** One piece of a word while its braces are looked at: a character that nobody quoted, or anything else. */
type Atom = string | Part

function bracesOf(parts: readonly Part[]): readonly (readonly Part[])[] {
  if (!parts.some((part) => part.t === 'lit' && part.v.includes('{'))) return [parts]
  const atoms: Atom[] = parts.flatMap((part): Atom[] => (part.t === 'lit' ? [...part.v] : [part]))
  const budget = { left: maxFields }
  return brace(atoms, budget).map((one) => {
    const joined: Part[] = []
    for (const atom of one) {
      const last = joined.at(-1)
      if (typeof atom !== 'string') joined.push(atom)
      else if (last?.t === 'lit') joined[joined.length - 1] = { t: 'lit', v: last.v + atom }
      else joined.push({ t: 'lit', v: atom })
    }
    return joined
  })
}

function brace(atoms: readonly Atom[], budget: { left: number }): Atom[][] {
  for (let open = atoms.indexOf('{'); open >= 0; open = atoms.indexOf('{', open + 1)) {
    let depth = 0
    const commas: number[] = []
    let close = -1
    for (let at = open; at < atoms.length; at++) {
      if (atoms[at] === '{') depth++
      else if (atoms[at] === ',' && depth === 1) commas.push(at)
      else if (atoms[at] === '}' && --depth === 0) {
        close = at
        break
      }
    }
    if (close < 0) continue
    const inner = atoms.slice(open + 1, close)
    const choices =
      commas.length > 0
        ? [open, ...commas].flatMap((from, i) => brace(atoms.slice(from + 1, commas[i] ?? close), budget))
        : sequence(inner, budget)
    if (choices === undefined) continue
    const before = atoms.slice(0, open)
    const rests = brace(atoms.slice(close + 1), budget)
    budget.left -= choices.length * rests.length
    if (budget.left < 0)
      throw new Unexpandable(
        `brace expansion: failed to allocate memory for \`${choices.length * rests.length}' elements`,
        false,
      )
    return choices.flatMap((choice) => rests.map((rest) => [...before, ...choice, ...rest]))
  }
  return [[...atoms]]
}

/** The words that the braces of a word make of it. */
export const braced = (word: Word): Word[] => bracesOf(word.parts).map((parts) => ({ ...word, parts }))

/** {1..5} and {a..e..2}. */
function sequence(inner: readonly Atom[], budget: { left: number }): Atom[][] | undefined {
  if (inner.some((atom) => typeof atom !== 'string') || inner.length > 60) return undefined
  const match = /^(?:(-?\d+)\.\.(-?\d+)|([A-Za-z])\.\.([A-Za-z]))(?:\.\.(-?\d+))?$/.exec(inner.join(''))
  if (match === null) return undefined
  const [, first, last, letter, end, stepText] = match
  const step = Math.max(1, Math.abs(Number(stepText ?? 1)))
  const [from, to] =
    first !== undefined ? [Number(first), Number(last)] : [(letter ?? '').charCodeAt(0), (end ?? '').charCodeAt(0)]
  const count = Math.floor(Math.abs(to - from) / step) + 1
  if (!Number.isSafeInteger(from) || !Number.isSafeInteger(to)) return undefined
  if (count > budget.left)
    throw new Unexpandable(`brace expansion: failed to allocate memory for \`${count}' elements`, false)
  const padded = [first, last].some((text) => /^-?0\d/.test(text ?? ''))
  const width = padded ? Math.max(first?.length ?? 0, last?.length ?? 0) : 0
  return Array.from({ length: count }, (_, i) => {
    const value = from + (to >= from ? i : -i) * step
    if (first === undefined) return [String.fromCharCode(value)]
    const text = value < 0 ? `-${String(-value).padStart(width - 1, '0')}` : String(value).padStart(width, '0')
    return [...text]
  })
}

// ——— Fields ———

interface Field {
  text: string
  /** As a pattern: what was quoted has a backslash. */
  pattern: string
  magic: boolean
}

class Fields {
  readonly all: Field[] = []
  #now: Field | undefined
  readonly #ifs: string

  constructor(ifs: string) {
    this.#ifs = ifs
  }

  #here(): Field {
    this.#now ??= { text: '', pattern: '', magic: false }
    return this.#now
  }

  quoted(text: string): void {
    const field = this.#here()
    field.text += text
    field.pattern += literally(text)
  }

  plain(text: string): void {
    const field = this.#here()
    field.text += text
    field.pattern += text
    if (/[*?[\]()]/.test(text)) field.magic = true
  }

  /** What an expansion gave that nobody quoted: it is split. */
  split(text: string): void {
    if (this.#ifs === '') {
      if (text !== '') this.plain(text)
      return
    }
    let run = ''
    const put = () => {
      if (run !== '') {
        const field = this.#here()
        field.text += run
        field.pattern += run.includes('\\') ? run.replaceAll('\\', '\\\\') : run
        if (/[*?[\]]/.test(run)) field.magic = true
      }
      run = ''
    }
    for (let i = 0; i < text.length; i++) {
      const c = text[i] ?? ''
      if (!this.#ifs.includes(c)) {
        run += c
        continue
      }
      put()
      if (c === ' ' || c === '\t' || c === '\n') {
        // White space around another separator is of that.
        let at = i
        while (' \t\n'.includes(text[at + 1] ?? 'x') && this.#ifs.includes(text[at + 1] ?? '')) at++
        i = at
        if (this.#now !== undefined && this.#ifs.includes(text[at + 1] ?? ' ') && text[at + 1] !== undefined) continue
        this.end()
      } else {
        this.#here()
        this.end()
        while (' \t\n'.includes(text[i + 1] ?? 'x') && this.#ifs.includes(text[i + 1] ?? '')) i++
      }
    }
    put()
  }

  /** The field ends here. */
  end(): void {
    if (this.#now === undefined) return
    this.all.push(this.#now)
    this.#now = undefined
    if (this.all.length > maxFields)
      throw new Unexpandable('xrealloc: cannot allocate 18446744071562067968 bytes', true)
  }
}

/** What a parameter is: one text or, of lists, several. */
interface Value {
  readonly values: readonly string[]
  /** How a list was asked for; undefined of a text. */
  readonly as?: '@' | '*'
  readonly set: boolean
}

const one = (text: string | undefined): Value => ({ values: text === undefined ? [] : [text], set: text !== undefined })

async function indexOf(sh: Expander, name: string, index: Word): Promise<string> {
  return sh.variables.find(name)?.table === undefined ? expandText(sh, index) : expandText(sh, new_(index))
}
/** An index of a table may be quoted. */
const new_ = (index: Word): Word => {
  const text = /^(["'])([^]*)\1$/.exec(index.raw)
  return text === null
    ? index
    : {
        ...index,
        parts:
          text[1] === "'" ? [{ t: 'quoted', v: text[2] ?? '' }] : Parser.inner(text[2] ?? '', 'bash', index.line).parts,
      }
}

/** The index of an element, as it is to be used. */
export const elementIndex = indexOf

async function valueOf(sh: Expander, { name, index }: Param): Promise<Value> {
  const { variables } = sh
  if (name === '@' || name === '*') return { values: sh.positional, as: name, set: sh.positional.length > 0 }
  if (/^\d+$/.test(name)) return one(name === '0' ? sh.zero : sh.positional[Number(name) - 1])
  if (index === '@' || index === '*') {
    const values = variables.elements(name).map(([, value]) => value)
    return { values, as: index, set: values.length > 0 }
  }
  if (index !== undefined) return one(variables.element(name, await indexOf(sh, name, index)))
  return one(variables.get(name))
}

/** A value quoted so that a shell reads it again. */
export function quotedFor(text: string): string {
  if (/[\0-\x1f\x7f-\xff]/.test(text))
    return `$'${[...text]
      .map((c) => {
        const code = c.charCodeAt(0)
        const named = { 7: '\\a', 8: '\\b', 9: '\\t', 10: '\\n', 11: '\\v', 12: '\\f', 13: '\\r', 27: '\\E' }[code]
        return (
          named ??
          (c === "'" || c === '\\' ? `\\${c}` : code < 32 || code > 126 ? `\\${code.toString(8).padStart(3, '0')}` : c)
        )
      })
      .join('')}'`
  return `'${text.replaceAll("'", `'\\''`)}'`
}

const flip = (c: string): string => (c === c.toUpperCase() ? c.toLowerCase() : c.toUpperCase())

/** What becomes of one value by an operator that changes each. */
async function changed(sh: Expander, param: Param, value: string, name: string): Promise<string> {
  const { op = '' } = param
  const pattern = async (word: Word | undefined): Promise<Pattern> =>
    new Pattern(word === undefined ? '' : await expandPattern(sh, word), { extended: sh.option('extglob') })
  switch (op) {
    case '#':
    case '##': {
      const length = (await pattern(param.arg)).prefix(value, op === '##')
      return length === undefined ? value : value.slice(length)
    }
    case '%':
    case '%%': {
      const at = (await pattern(param.arg)).suffix(value, op === '%%')
      return at === undefined ? value : value.slice(0, at)
    }
    case '/':
    case '//':
    case '/#':
    case '/%': {
      const what = await pattern(param.arg)
      const by = param.more === undefined ? '' : await expandText(sh, param.more)
      if (op === '/#') {
        const length = what.prefix(value, true)
        return length === undefined ? value : by + value.slice(length)
      }
      if (op === '/%') {
        const at = what.suffix(value, true)
        return at === undefined ? value : value.slice(0, at) + by
      }
      let [out, at] = ['', 0]
      for (
        let found = what.find(value, 0);
        found !== undefined;
        found = op === '//' ? what.find(value, at) : undefined
      ) {
        out += value.slice(at, found.at) + by
        at = found.at + found.length
        const waiting = sh.pause()
        if (waiting !== undefined) await waiting
      }
      return out + value.slice(at)
    }
    case '^':
    case '^^':
    case ',':
    case ',,': {
      const raw = param.arg === undefined ? '' : await expandPattern(sh, param.arg)
      const only = raw === '' ? undefined : new Pattern(raw)
      const change = op.startsWith('^') ? (c: string) => c.toUpperCase() : (c: string) => c.toLowerCase()
      const each = (c: string): string => (only === undefined || only.matches(c) ? change(c) : c)
      return op.length === 2 ? [...value].map(each).join('') : each(value[0] ?? '') + value.slice(1)
    }
    case '@':
      switch (param.arg?.raw) {
        case 'Q':
          return quotedFor(value)
        case 'E':
          return ansiC(value)
        case 'U':
          return value.toUpperCase()
        case 'u':
          return (value[0] ?? '').toUpperCase() + value.slice(1)
        case 'L':
          return value.toLowerCase()
        case 'A':
          return `${name}=${quotedFor(value)}`
        case 'a':
          return sh.variables.find(name)?.flags ?? ''
        case 'P':
          return value
        case '~':
          return [...value].map(flip).join('')
        default:
          throw new Unexpandable(`\${${name}@${param.arg?.raw ?? ''}}: bad substitution`, false)
      }
    default:
      return value
  }
}

/** ${name:from:length} */
async function slice(sh: Expander, param: Param, value: Value): Promise<Value> {
  const number = async (word: Word | undefined): Promise<number | undefined> =>
    word === undefined ? undefined : Number(sh.calculate(await expandText(sh, word)))
  let from = (await number(param.arg)) ?? 0
  const length = await number(param.more)
  if (value.as !== undefined) {
    const all = param.name === '@' || param.name === '*' ? [sh.zero, ...value.values] : value.values
    if (from === 0 && (param.name === '@' || param.name === '*') && length === undefined)
      return { ...value, values: all }
    if (from < 0) from += all.length
    if (from < 0) return { ...value, values: [] }
    if (length !== undefined && length < 0) throw new Unexpandable(`${length}: substring expression < 0`, false)
    return { ...value, values: all.slice(from, length === undefined ? undefined : from + length) }
  }
  const text = value.values[0] ?? ''
  if (from < 0) from += text.length
  if (from < 0) return one('')
  const end = length === undefined ? text.length : length < 0 ? text.length + length : from + length
  if (end < from && length !== undefined && length < 0)
    throw new Unexpandable(`${length}: substring expression < 0`, false)
  return one(text.slice(from, end))
}

/** What a parameter comes to. Words that stand for it are given back as they are: they are expanded where it stands. */
async function parameter(sh: Expander, given: Param): Promise<Value | { readonly instead: Word }> {
  if (given.bad !== undefined)
    throw new Unexpandable(
      sh.dialect === 'dash'
        ? 'Bad substitution'
        : sh.dialect === 'ash'
          ? 'syntax error: bad substitution'
          : `${given.bad}: bad substitution`,
      sh.dialect !== 'bash',
    )
  let param = given
  if (param.prefix !== undefined) {
    const names = [...sh.variables.entries()].map(([name]) => name)
    const all = [
      ...new Set([
        ...names,
        ...Object.keys(sh.variables.dynamic).filter((name) => sh.variables.get(name) !== undefined),
      ]),
    ]
    return { values: all.filter((name) => name.startsWith(param.name)).sort(), as: param.prefix, set: true }
  }
  if (param.indirect === true) {
    if (param.index === '@' || param.index === '*') {
      const keys = sh.variables.elements(param.name).map(([key]) => key)
      return { values: keys, as: param.index, set: keys.length > 0 }
    }
    const { indirect: _, ...direct } = param
    const found = await valueOf(sh, direct)
    const target = found.values[0] ?? ''
    const match = /^([A-Za-z_]\w*|\d+|[@*#?$!-])(?:\[(.+)\])?$/.exec(target)
    if (match === null) {
      if (target === '') throw new Unexpandable(`${param.name}: invalid indirect expansion`, false)
      throw new Unexpandable(`${target}: invalid variable name`, false)
    }
    const [, name = '', index] = match
    const { index: _i, ...rest } = direct
    param = {
      ...rest,
      name,
      ...(index !== undefined && { index: index === '@' || index === '*' ? index : Parser.inner(index, 'bash', 1) }),
    }
  }
  const value = await valueOf(sh, param)
  const { op } = param
  const unbound = (): void => {
    if (value.set || value.as !== undefined || !sh.option('nounset')) return
    throw new Unexpandable(
      sh.dialect === 'bash' ? `${param.name}: unbound variable` : `${param.name}: parameter not set`,
      true,
    )
  }
  if (param.length === true) {
    unbound()
    return one(String(value.as !== undefined ? value.values.length : lengthOf(value.values[0] ?? '')))
  }
  if (op === undefined) {
    unbound()
    return value
  }
  const test = /^(:?)([-=?+])$/.exec(op)
  if (test !== null) {
    const there = test[1] === ':' ? value.values.join('') !== '' : value.set
    if (test[2] === '+') return there ? { instead: param.arg ?? nothing } : one('')
    if (there) return value
    if (test[2] === '-') return { instead: param.arg ?? nothing }
    if (test[2] === '=') {
      const text = await expandText(sh, param.arg ?? nothing)
      if (param.index !== undefined && typeof param.index === 'object')
        sh.variables.setElement(param.name, await indexOf(sh, param.name, param.index), text)
      else if (!/^[A-Za-z_]/.test(param.name))
        throw new Unexpandable(`$${param.name}: cannot assign in this way`, false)
      else sh.variables.set(param.name, text)
      return one(text)
    }
    const said = await expandText(sh, param.arg ?? nothing)
    const standard = test[1] === ':' || sh.dialect !== 'bash' ? 'parameter null or not set' : 'parameter not set'
    throw new Unexpandable(
      `${param.name}: ${said === '' ? (sh.dialect === 'dash' && test[1] === '' ? 'parameter not set' : standard) : said}`,
      true,
    )
  }
  unbound()
  if (op === ':') return slice(sh, param, value)
  const values: string[] = []
  for (const text of value.values) values.push(await changed(sh, param, text, param.name))
  return { ...value, values }
}
const nothing: Word = { parts: [], raw: '', line: 0 }

/** How many characters a text has: what is UTF-8 counts as that. */
const lengthOf = (text: string): number => {
  if (!/[\x80-\xff]/.test(text)) return text.length
  const bytes = Buffer.from(text, 'latin1')
  const read = bytes.toString('utf8')
  return read.includes('\ufffd') ? bytes.length : [...read].length
}

/** What is between the values of "$*". */
const joiner = (sh: Expander): string => (sh.variables.get('IFS') ?? ' \t\n').slice(0, 1)

async function put(sh: Expander, fields: Fields, parts: readonly Part[], quoted: boolean): Promise<void> {
  for (const part of parts) {
    switch (part.t) {
      case 'lit':
        if (quoted) fields.quoted(part.v)
        else fields.plain(part.v)
        break
      case 'quoted':
        fields.quoted(part.v)
        break
      case 'dq':
        if (part.parts.length !== 1 || part.parts[0]?.t !== 'param' || !(await isEmptyList(sh, part.parts[0])))
          fields.quoted('')
        await put(sh, fields, part.parts, true)
        break
      case 'param': {
        const value = await parameter(sh, part)
        if ('instead' in value) {
          await put(sh, fields, tilde(sh, value.instead.parts, false), quoted)
          break
        }
        if (value.as === undefined || (quoted && value.as === '*')) {
          const text = value.as === undefined ? (value.values[0] ?? '') : value.values.join(joiner(sh))
          if (quoted) fields.quoted(text)
          else fields.split(text)
          break
        }
        value.values.forEach((text, i) => {
          if (i > 0) fields.end()
          if (quoted) fields.quoted(text)
          else fields.split(text)
        })
        break
      }
      case 'cmd': {
        const text = await sh.substitute(part.body)
        if (quoted) fields.quoted(text)
        else fields.split(text)
        break
      }
      case 'arith': {
        const text = String(sh.calculate(await expandText(sh, part.expr)))
        if (quoted) fields.quoted(text)
        else fields.split(text)
        break
      }
      default:
        fields.quoted(await sh.beside(part.body, part.into))
    }
  }
}

async function isEmptyList(sh: Expander, param: Param): Promise<boolean> {
  if (param.op !== undefined && param.op !== ':') return false
  if (param.length === true || param.indirect === true) return false
  return (
    (param.name === '@' || param.index === '@') &&
    (await valueOf(sh, { t: 'param', name: param.name, ...(param.index !== undefined && { index: param.index }) }))
      .values.length === 0
  )
}

/** Puts homes in the place of tildes. @param assigned whether they may stand behind colons, too */
function tilde(sh: Expander, parts: readonly Part[], assigned: boolean): readonly Part[] {
  const [first, ...rest] = parts
  if (first?.t !== 'lit' || !first.v.includes('~')) return parts
  const home = (user: string, next: string | undefined): string | undefined => {
    if (next !== undefined && next !== '/' && next !== ':') return undefined
    if (user === '') return sh.variables.get('HOME') ?? sh.homeOf('')
    if (user === '+') return sh.cwd
    if (user === '-') return sh.variables.get('OLDPWD')
    return sh.homeOf(user)
  }
  const out: Part[] = []
  const pieces = assigned ? first.v.split(/(?<=[:=])/) : [first.v]
  pieces.forEach((piece, i) => {
    const match = /^~([\w.+-]*)(?=([^]?))/.exec(piece)
    const next = match?.[2] === '' ? (i === pieces.length - 1 && rest.length > 0 ? '\0' : undefined) : match?.[2]
    const found = match === null ? undefined : home(match[1] ?? '', next)
    if (match === null || found === undefined) out.push({ t: 'lit', v: piece })
    else out.push({ t: 'quoted', v: found }, { t: 'lit', v: piece.slice(match[0].length) })
  })
  return [...out, ...rest]
}

/** Whether what has the characters of a pattern is one: a bracket has to be closed. */
const isPattern = (sh: Expander, pattern: string): boolean => {
  const bare = pattern.replace(/\\[^]/g, '')
  return /[*?]|\[[^]*\]/.test(bare) || (sh.option('extglob') && /[@!+]\(/.test(bare))
}

/** Paths that a pattern stands for, in order. */
export async function glob(sh: Expander, pattern: string): Promise<string[]> {
  const segments: string[] = ['']
  for (let i = 0; i < pattern.length; i++) {
    const c = pattern[i] ?? ''
    if (c === '/') segments.push('')
    else segments[segments.length - 1] += c === '\\' ? c + (pattern[++i] ?? '') : c
  }
  const bare = (text: string): string => text.replace(/\\([^])/g, '$1')
  const magic = (text: string): boolean => isPattern(sh, text)
  const kind = (path: string): string | undefined => {
    try {
      return sh.fs.node(resolvePath(sh.cwd, path))?.type
    } catch {
      return undefined
    }
  }
  let found: string[] = ['']
  for (const [i, segment] of segments.entries()) {
    const last = i === segments.length - 1
    if (!magic(segment)) {
      const text = bare(segment)
      found = found.map((path) => path + text + (last ? '' : '/'))
      continue
    }
    const fits = new Pattern(segment, { extended: sh.option('extglob'), fold: sh.option('nocaseglob') })
    const hidden = segment.startsWith('.') || segment.startsWith('\\.') || sh.option('dotglob')
    const next: string[] = []
    for (const path of found) {
      const waiting = sh.pause()
      if (waiting !== undefined) await waiting
      const folder = resolvePath(sh.cwd, path === '' ? '.' : path)
      if (kind(folder) !== 'directory') continue
      const names = sh.fs.names(folder)
      if (segment.startsWith('.') || segment.startsWith('\\.')) names.unshift('.', '..')
      for (const name of names) {
        if (name.startsWith('.') && !hidden) continue
        if (!fits.matches(name)) continue
        if (last) next.push(path + name)
        else if (kind(path + name) === 'directory') next.push(`${path}${name}/`)
        if (next.length > maxFields)
          throw new Unexpandable('xrealloc: cannot allocate 18446744071562067968 bytes', true)
      }
    }
    found = next
  }
  const [final = ''] = segments.slice(-1)
  return magic(final) ? found : found.filter((path) => kind(path) !== undefined)
}

/** The fields of a word. */
export async function expandWord(sh: Expander, word: Word): Promise<string[]> {
  const [first, second] = word.parts
  if (second === undefined && first !== undefined) {
    if (first.t === 'quoted') return [first.v]
    if (first.t === 'lit' && !/[*?[~{(]/.test(first.v)) return [first.v]
  }
  const all: string[] = []
  const choices = sh.dialect === 'bash' && sh.option('braceexpand') ? bracesOf(word.parts) : [word.parts]
  for (const parts of choices) {
    const fields = new Fields(sh.variables.get('IFS') ?? ' \t\n')
    await put(sh, fields, tilde(sh, parts, false), false)
    fields.end()
    for (const field of fields.all) {
      if (!field.magic || sh.option('noglob') || !isPattern(sh, field.pattern)) {
        all.push(field.text)
        continue
      }
      const paths = await glob(sh, field.pattern)
      if (paths.length > 0) all.push(...paths)
      else if (sh.option('failglob')) throw new Unexpandable(`no match: ${field.text}`, false)
      else if (!sh.option('nullglob')) all.push(field.text)
      if (all.length > maxFields) throw new Unexpandable('xrealloc: cannot allocate 18446744071562067968 bytes', true)
    }
    const waiting = sh.pause()
    if (waiting !== undefined) await waiting
  }
  return all
}

export async function expandWords(sh: Expander, words: readonly Word[]): Promise<string[]> {
  const all: string[] = []
  for (const word of words) for (const text of await expandWord(sh, word)) all.push(text)
  return all
}

/** A word that stays one: of an assignment, a redirection, a here-document. @param assigned whether tildes may stand behind colons */
export async function expandText(sh: Expander, word: Word, assigned = false): Promise<string> {
  const [first, second] = word.parts
  if (first === undefined) return ''
  if (second === undefined && first.t === 'quoted') return first.v
  const fields = new Fields('')
  await put(sh, fields, tilde(sh, word.parts, assigned), false)
  fields.end()
  return fields.all.map(({ text }) => text).join(' ')
}

/** A word as a pattern: what is quoted has a backslash before it. */
export async function expandPattern(sh: Expander, word: Word): Promise<string> {
  const fields = new Fields('')
  await put(sh, fields, tilde(sh, word.parts, false), false)
  fields.end()
  return fields.all.map(({ pattern }) => pattern).join(' ')
}

/** A word as a regular expression: what is quoted stands for itself. */
export async function expandExpression(sh: Expander, word: Word): Promise<string> {
  let out = ''
  for (const part of word.parts) {
    const quoted = part.t === 'quoted' || part.t === 'dq'
    const text = await expandText(sh, { ...word, parts: [part] })
    out += quoted ? text.replace(/[\\^$.|?*+()[\]{}]/g, '\\$&') : text
  }
  return out
}
