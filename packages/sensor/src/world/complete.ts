import type { Completion } from './editor.ts'
import type { DecoyFs } from './fs.ts'
import { resolvePath } from './node.ts'

// What the Tab key makes of a word: bash's own completion, of programs and of files.

/** How many names are looked at; a folder of the attacker's may have thousands. */
const most = 4000
/** How much of a line is looked at. */
const longest = 1024

const common = (names: readonly string[]): string => {
  let [shared = ''] = names
  for (const name of names) {
    let i = 0
    while (i < shared.length && shared[i] === name[i]) i++
    shared = shared.slice(0, i)
  }
  return shared
}
const escaped = (text: string): string => text.replace(/[ !"$&'()*;<>?[\\\]`{|}]/g, '\\$&')

/**
 * Completes the last word of a line.
 * @param before what stands before the cursor, one character a byte
 * @param path the folders in which programs are looked for
 */
export function completionOf(
  fs: DecoyFs,
  { before, cwd, home, path }: { before: string; cwd: string; home: string; path: string },
): Completion {
  // Only the end is looked at: an attacker chooses how long the line is.
  const end = before.slice(-longest)
  const raw = /(?:[^\s;|&<>()`"'=\\]|\\.)*$/.exec(end)?.[0] ?? ''
  const word = raw.replace(/\\(.)/g, '$1')
  const first = /(?:^|[;|&(`]|\b(?:sudo|nohup|then|do|else)\s)\s{0,16}$/.test(end.slice(0, end.length - raw.length))
  const list = (folder: string): string[] => {
    try {
      return fs.node(folder)?.type === 'directory' ? [...fs.names(folder)].slice(0, most) : []
    } catch {
      return []
    }
  }
  if (first && !word.includes('/')) {
    if (word === '') return { insert: '', choices: [] }
    const names = [...new Set(path.split(':').flatMap(list))].filter((name) => name.startsWith(word)).sort()
    return answer(names, word, () => ' ')
  }
  const cut = word.lastIndexOf('/') + 1
  const [folder, part] = [word.slice(0, cut), word.slice(cut)]
  const at = folder.startsWith('~/')
    ? resolvePath(home, folder.slice(2))
    : resolvePath(cwd, folder === '' ? '.' : folder)
  const names = list(at)
    .filter((name) => name.startsWith(part) && (part.startsWith('.') || !name.startsWith('.')))
    .sort()
  return answer(names, part, (name) => (fs.node(resolvePath(at, name))?.type === 'directory' ? '/' : ' '))
}

function answer(names: readonly string[], part: string, end: (name: string) => string): Completion {
  const [only] = names
  if (only === undefined) return { insert: '', choices: [] }
  if (names.length === 1) return { insert: `${escaped(only.slice(part.length))}${end(only)}`, choices: names }
  const choices = names.map((name) => (end(name) === '/' ? `${name}/` : name))
  return { insert: escaped(common(names).slice(part.length)), choices }
}
