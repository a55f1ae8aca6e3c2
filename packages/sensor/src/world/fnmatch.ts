// Patterns of file names (fnmatch(3)), for whoever writes them: no pattern takes long.

/** One piece of a pattern: a star, or what fits one character. */
type Piece = '*' | ((c: string) => boolean)
const classes: Readonly<Record<string, (c: string) => boolean>> = {
  alpha: (c) => /[a-zA-Z]/.test(c),
  digit: (c) => c >= '0' && c <= '9',
  alnum: (c) => /[a-zA-Z0-9]/.test(c),
  upper: (c) => c >= 'A' && c <= 'Z',
  lower: (c) => c >= 'a' && c <= 'z',
  space: (c) => /\s/.test(c),
  punct: (c) => /[!-/:-@[-`{-~]/.test(c),
}

/** A set in brackets, from behind the first of them. @returns what it fits and where it ends; undefined where it has no end */
function setOf(pattern: string, from: number): { fits: (c: string) => boolean; end: number } | undefined {
  const not = pattern[from] === '!' || pattern[from] === '^'
  const parts: ((c: string) => boolean)[] = []
  let at = from + (not ? 1 : 0)
  for (let first = true; at < pattern.length; first = false) {
    if (pattern[at] === ']' && !first) return { fits: (c) => parts.some((part) => part(c)) !== not, end: at }
    const named = /^\[:(\w+):\]/.exec(pattern.slice(at, at + 12))
    const known = classes[named?.[1] ?? '']
    if (named !== null && known !== undefined) {
      parts.push(known)
      at += named[0].length
      continue
    }
    const low = pattern[at] ?? ''
    const high = pattern[at + 1] === '-' && pattern[at + 2] !== ']' ? pattern[at + 2] : undefined
    if (high === undefined) {
      parts.push((c) => c === low)
      at++
    } else {
      parts.push((c) => c >= low && c <= high)
      at += 3
    }
  }
  return undefined
}

/** A pattern of fnmatch(3) as a test. It takes no longer than the lengths of both multiplied, whatever they are. */
export function fnmatch(pattern: string, fold = false): (text: string) => boolean {
  const pieces: Piece[] = []
  const given = (fold ? pattern.toLowerCase() : pattern).slice(0, 1024)
  for (let i = 0; i < given.length; i++) {
    const c = given[i] ?? ''
    if (c === '*') {
      if (pieces.at(-1) !== '*') pieces.push('*')
    } else if (c === '?') pieces.push(() => true)
    else if (c === '[') {
      const set = setOf(given, i + 1)
      pieces.push(set?.fits ?? ((one) => one === '['))
      if (set !== undefined) i = set.end
    } else {
      const plain = c === '\\' ? (given[++i] ?? '\\') : c
      pieces.push((one) => one === plain)
    }
  }
  return (whole) => {
    const text = (fold ? whole.toLowerCase() : whole).slice(0, 4096)
    let [p, t, star, mark] = [0, 0, -1, 0]
    while (t < text.length) {
      const piece = pieces[p]
      if (piece === '*') {
        star = p++
        mark = t
      } else if (piece !== undefined && piece(text[t] ?? '')) {
        p++
        t++
      } else if (star >= 0) {
        p = star + 1
        t = ++mark
      } else return false
    }
    while (pieces[p] === '*') p++
    return p === pieces.length
  }
}
