// Patterns of the shell (POSIX.1-2017 §2.13; bash(1), Pattern Matching), with extended ones. None takes longer than its own
// length and that of the text multiplied: a pattern is walked as a set of places, never by going back.

type Piece =
  | { readonly t: 'star' }
  | { readonly t: 'one'; readonly fits: (c: string) => boolean }
  | { readonly t: 'group'; readonly kind: string; readonly of: readonly (readonly Piece[])[] }

const classes: Readonly<Record<string, RegExp>> = {
  alpha: /[a-zA-Z]/,
  digit: /[0-9]/,
  alnum: /[a-zA-Z0-9]/,
  upper: /[A-Z]/,
  lower: /[a-z]/,
  space: /\s/,
  blank: /[ \t]/,
  punct: /[!-/:-@[-`{-~]/,
  cntrl: /[\0-\x1f\x7f]/,
  print: /[ -~]/,
  graph: /[!-~]/,
  xdigit: /[0-9a-fA-F]/,
  word: /\w/,
}
const any = (): boolean => true

/** A set in brackets. @param from behind the first of them */
function setOf(pattern: string, from: number): { fits: (c: string) => boolean; end: number } | undefined {
  const not = pattern[from] === '!' || pattern[from] === '^'
  const parts: ((c: string) => boolean)[] = []
  let at = from + (not ? 1 : 0)
  for (let first = true; at < pattern.length; first = false) {
    if (pattern[at] === ']' && !first) {
      const end = at
      return { fits: (c) => parts.some((part) => part(c)) !== not, end }
    }
    const named = /^\[:(\w+):\]/.exec(pattern.slice(at, at + 14))
    const known = classes[named?.[1] ?? '']
    if (named !== null && known !== undefined) {
      parts.push((c) => known.test(c))
      at += named[0].length
      continue
    }
    if (pattern[at] === '\\') at++
    const low = pattern[at] ?? ''
    if (pattern[at + 1] === '-' && pattern[at + 2] !== ']' && pattern[at + 2] !== undefined) {
      const high = pattern[at + 2] === '\\' ? (pattern[at + 3] ?? '') : (pattern[at + 2] ?? '')
      parts.push((c) => c >= low && c <= high)
      at += pattern[at + 2] === '\\' ? 4 : 3
    } else {
      parts.push((c) => c === low)
      at++
    }
  }
  return undefined
}

/** Reads a pattern, in which what is quoted has a backslash before it. */
function read(pattern: string, extended: boolean, fold: boolean, depth = 0): Piece[] {
  const pieces: Piece[] = []
  for (let i = 0; i < pattern.length; i++) {
    const c = pattern[i] ?? ''
    if (extended && '?*+@!'.includes(c) && pattern[i + 1] === '(' && depth < 8) {
      const close = closeOf(pattern, i + 1)
      if (close !== undefined) {
        pieces.push({
          t: 'group',
          kind: c,
          of: alternatives(pattern.slice(i + 2, close)).map((one) => read(one, true, fold, depth + 1)),
        })
        i = close
        continue
      }
    }
    if (c === '*') {
      if (pieces.at(-1)?.t !== 'star') pieces.push({ t: 'star' })
    } else if (c === '?') pieces.push({ t: 'one', fits: any })
    else if (c === '[') {
      const set = setOf(pattern, i + 1)
      if (set === undefined) pieces.push({ t: 'one', fits: (one) => one === '[' })
      else {
        pieces.push({
          t: 'one',
          fits: fold ? (one) => set.fits(one.toLowerCase()) || set.fits(one.toUpperCase()) : set.fits,
        })
        i = set.end
      }
    } else {
      const plain = c === '\\' ? (pattern[++i] ?? '\\') : c
      const folded = plain.toLowerCase()
      pieces.push({ t: 'one', fits: fold ? (one) => one.toLowerCase() === folded : (one) => one === plain })
    }
  }
  return pieces
}

function closeOf(pattern: string, from: number): number | undefined {
  let depth = 0
  for (let at = from; at < pattern.length; at++) {
    if (pattern[at] === '\\') at++
    else if (pattern[at] === '(') depth++
    else if (pattern[at] === ')' && --depth === 0) return at
  }
  return undefined
}

function alternatives(text: string): string[] {
  const all: string[] = ['']
  let depth = 0
  for (let at = 0; at < text.length; at++) {
    const c = text[at] ?? ''
    if (c === '|' && depth === 0) {
      all.push('')
      continue
    }
    if (c === '(') depth++
    if (c === ')') depth--
    all[all.length - 1] += c === '\\' ? c + (text[++at] ?? '') : c
  }
  return all
}

/** Where in a text pieces can end that begin at some places. */
function walk(pieces: readonly Piece[], text: string, from: Uint8Array): Uint8Array {
  let at = from
  const size = text.length + 1
  for (const piece of pieces) {
    const to = new Uint8Array(size)
    if (piece.t === 'star') {
      const first = at.indexOf(1)
      if (first >= 0) to.fill(1, first)
    } else if (piece.t === 'one') {
      for (let i = at.indexOf(1); i >= 0 && i < size - 1; i = at.indexOf(1, i + 1))
        if (piece.fits(text[i] ?? '')) to[i + 1] = 1
    } else group(piece.kind, piece.of, text, at, to)
    at = to
    if (!at.includes(1)) break
  }
  return at
}

function group(kind: string, of: readonly (readonly Piece[])[], text: string, at: Uint8Array, to: Uint8Array): void {
  const once = (places: Uint8Array): Uint8Array => {
    const all = new Uint8Array(places.length)
    for (const one of of) walk(one, text, places).forEach((is, i) => is && (all[i] = 1))
    return all
  }
  if (kind === '!') {
    // Whatever begins here and is none of them.
    for (let i = at.indexOf(1); i >= 0; i = at.indexOf(1, i + 1)) {
      const here = new Uint8Array(at.length)
      here[i] = 1
      const are = once(here)
      for (let end = i; end < to.length; end++) if (are[end] === 0) to[end] = 1
    }
    return
  }
  if (kind === '?' || kind === '*') at.forEach((is, i) => is && (to[i] = 1))
  let now = at
  for (;;) {
    const reached = once(now)
    const fresh = new Uint8Array(at.length)
    let grew = false
    reached.forEach((is, i) => {
      if (is === 0 || to[i] === 1) return
      to[i] = 1
      fresh[i] = 1
      grew = true
    })
    if (!grew || kind === '?' || kind === '@') return
    now = fresh
  }
}

const [maxPattern, maxText] = [4096, 65_536]

/** A pattern that was read. */
export class Pattern {
  readonly #pieces: readonly Piece[]
  /** What it stands for, where it is nothing but that. */
  readonly plain: string | undefined

  /** @param pattern with a backslash before what is quoted */
  constructor(
    pattern: string,
    { extended = true, fold = false }: { readonly extended?: boolean; readonly fold?: boolean } = {},
  ) {
    const given = pattern.slice(0, maxPattern)
    this.plain = fold || /[*?[(]/.test(given.replace(/\\[^]/g, '')) ? undefined : given.replace(/\\([^])/g, '$1')
    this.#pieces = this.plain === undefined ? read(given, extended, fold) : []
  }

  /** Whether it is the whole text. */
  matches(text: string): boolean {
    if (this.plain !== undefined) return this.plain === text
    if (text.length > maxText) return false
    const start = new Uint8Array(text.length + 1)
    start[0] = 1
    return walk(this.#pieces, text, start)[text.length] === 1
  }

  /** How many characters at the beginning it is. @returns undefined where it is none */
  prefix(text: string, longest: boolean): number | undefined {
    if (this.plain !== undefined) return text.startsWith(this.plain) ? this.plain.length : undefined
    const given = text.slice(0, maxText)
    const start = new Uint8Array(given.length + 1)
    start[0] = 1
    const ends = walk(this.#pieces, given, start)
    const at = longest ? ends.lastIndexOf(1) : ends.indexOf(1)
    return at < 0 ? undefined : at
  }

  /** Where what it is at the end of a text begins. */
  suffix(text: string, longest: boolean): number | undefined {
    if (this.plain !== undefined) return text.endsWith(this.plain) ? text.length - this.plain.length : undefined
    const given = text.slice(0, maxText)
    const fits = (i: number): boolean => this.matches(given.slice(i))
    if (longest) {
      for (let i = 0; i <= given.length; i++) if (fits(i)) return i
    } else for (let i = given.length; i >= 0; i--) if (fits(i)) return i
    return undefined
  }

  /** Where it first is in a text, and how long there. */
  find(text: string, from: number): { readonly at: number; readonly length: number } | undefined {
    if (this.plain !== undefined) {
      const at = this.plain === '' ? -1 : text.indexOf(this.plain, from)
      return at < 0 ? undefined : { at, length: this.plain.length }
    }
    for (let at = from; at < Math.min(text.length, maxText); at++) {
      // What has no star is as long as it is.
      const window = this.#pieces.every(({ t }) => t === 'one')
        ? text.slice(at, at + this.#pieces.length)
        : text.slice(at)
      const length = this.prefix(window, true)
      if (length !== undefined && length > 0) return { at, length }
    }
    return undefined
  }
}

/** A text as a pattern that stands for nothing else. */
export const literally = (text: string): string => text.replace(/[\\*?[\]()|!@+^]/g, '\\$&')
