import type { LineEditor } from './editor.ts'
import type { Files } from './files.ts'
import type { Shell } from './shell.ts'

// What bash remembers of earlier lines: the file, and what is named of it (histexpand.c of readline).

const maxFile = 64 * 1024
/** How many earlier lines one line may name. */
const mostNamed = 32

/** The file that bash reads its history from, and adds to as it ends. */
export class Past {
  readonly #shell: Shell
  readonly #files: Files
  readonly #editor: LineEditor
  readonly #path: string
  readonly #known: number

  constructor(shell: Shell, files: Files, editor: LineEditor) {
    this.#shell = shell
    this.#files = files
    this.#editor = editor
    this.#path = `${shell.user.home}/.bash_history`
    for (const line of this.#read().split('\n').slice(-200)) editor.keep(line)
    this.#known = editor.history.length
  }

  #read(): string {
    try {
      return Buffer.from(this.#files.now.content(this.#path)).toString('latin1').slice(-maxFile)
    } catch {
      return ''
    }
  }

  /** Adds the lines of this shell, unless one of them was about that. */
  save(): void {
    const own = this.#editor.history.slice(this.#known)
    if (
      own.length === 0 ||
      own.some((line) => /\bHIST(?:FILE|SIZE|FILESIZE|CONTROL)\b|\bhistory\s+-[cw]|\.bash_history\b/.test(line))
    )
      return
    const { world } = this.#shell.session
    try {
      const { now } = this.#files
      now.write(this.#path, Buffer.from(`${this.#read()}${own.join('\n')}\n`.slice(-maxFile), 'latin1'))
      now.changed.clear()
      world.version++
    } catch {
      // The disk is full, or it may not be written: bash says nothing then.
    }
  }
}

/**
 * What stands in the history between a line and the next one of the same command (cmdhist): a line feed within quotes
 * and here-documents, a blank where no semicolon may stand, else a semicolon.
 */
export function glueOf(before: string): string {
  let quote = ''
  for (let i = 0; i < before.length; i++) {
    const c = before[i] ?? ''
    if (c === '\\' && quote !== "'") i++
    else if (quote === '') quote = c === "'" || c === '"' || c === '`' ? c : ''
    else if (c === quote) quote = ''
  }
  if (quote !== '' || /<<-?\s*['"\\]?\w/.test(before)) return '\n'
  if (/\\$/.test(before)) return ''
  return /(?:^|[\s;&|(){}])(?:do|then|else|elif|if|while|until|!|in|\{)\s*$|(?:[;&|(]|\)\s*\{?)\s*$/.test(before)
    ? ' '
    : '; '
}

/** What a line became: the same, another line, or the event that is not there. */
export type Recalled = { readonly line: string } | { readonly missing: string }

/**
 * Puts in what a line names of those before it: !!, !n, !-n, !text, !?text?, with :n, ^, $ and *, and ^old^new^.
 * @param line one character a byte
 * @param before the lines before it, the oldest first
 */
export function recall(line: string, before: readonly string[]): Recalled {
  const quick = /^\^([^^\n]{1,512})\^([^^\n]{0,512})\^?([^\n]*)$/.exec(line)
  if (quick !== null) {
    const [, old = '', fresh = '', rest = ''] = quick
    const last = before.at(-1)
    if (last === undefined) return { missing: `:s${line}: event not found` }
    if (!last.includes(old)) return { missing: `:s${line}: substitution failed` }
    return { line: last.replace(old, () => fresh) + rest }
  }
  if (!line.includes('!')) return { line }
  let [out, at, count] = ['', 0, 0]
  let [single, double] = [false, false]
  while (at < line.length) {
    // What grows without end is left as it is.
    if (out.length > maxFile || count > mostNamed) return { line: (out + line.slice(at)).slice(0, maxFile) }
    const c = line[at] ?? ''
    if (c === '\\' && !single) {
      out += line.slice(at, at + 2)
      at += 2
      continue
    }
    if (c === "'" && !double) single = !single
    if (c === '"' && !single) double = !double
    // A comment's rest is not looked at.
    if (c === '#' && !single && !double && (at === 0 || /\s/.test(line[at - 1] ?? '')))
      return { line: out + line.slice(at) }
    const next = line[at + 1] ?? ''
    if (
      c !== '!' ||
      single ||
      /^[\s=(]?$/.test(next) ||
      (double && next === '"') ||
      (c === '!' && line[at - 1] === '[')
    ) {
      out += c
      at++
      continue
    }
    if (line[at - 1] === '$' || (line[at - 1] === '{' && line[at - 2] === '$')) {
      out += c
      at++
      continue
    }
    count++
    const named =
      /^!(?:!|-?\d{1,9}|\?[^?\n]{1,256}\??|[$^*]|[^\s;&()|<>:$^*"'!-][^\s;&()|<>:$^*"']*|-)?/.exec(
        line.slice(at, at + 600),
      )?.[0] ?? '!'
    const [event, bare] = eventOf(named, before)
    if (event === undefined) return { missing: `${named}: event not found` }
    at += named.length
    const words = event.trim().split(/\s+/)
    const part =
      bare ??
      /^:?([$^*]|\d{1,6}(?:-\d{1,6}|\*)?)/.exec(
        line[at] === ':' || /[$^*]/.test(line[at] ?? '') ? line.slice(at, at + 16) : '',
      )?.[0]
    if (part === undefined) {
      out += event
      continue
    }
    if (bare === undefined) at += part.length
    const picked = pick(part.replace(':', ''), words)
    if (picked === undefined) return { missing: `${named}${bare === undefined ? part : ''}: bad word specifier` }
    out += picked
  }
  return { line: out }
}

/** The line that an event names, and which of its words where that is told with it. */
function eventOf(named: string, before: readonly string[]): readonly [event: string | undefined, word?: string] {
  const what = named.slice(1)
  if (/^[$^*]$/.test(what)) return [before.at(-1), what]
  if (what === '!' || what === '') return [before.at(-1)]
  if (/^-\d+$/.test(what)) return [before.at(Number(what))]
  if (/^\d+$/.test(what)) return [before[Number(what) - 1]]
  if (what.startsWith('?')) {
    const text = what.slice(1).replace(/\?$/, '')
    return [before.findLast((one) => one.includes(text))]
  }
  return [before.findLast((one) => one.startsWith(what))]
}

function pick(part: string, words: readonly string[]): string | undefined {
  if (part === '^') return words[1]
  if (part === '$') return words.at(-1)
  if (part === '*') return words.slice(1).join(' ')
  const [from = '', to] = part.replace('*', '-').split('-')
  if (to === undefined) return words[Number(from)]
  return words.slice(Number(from), to === '' ? undefined : Number(to) + 1).join(' ')
}
