import { resolvePath } from '../../node.ts'
import { complain, type Command } from '../command.ts'
import { Expression, run, Wrong, type Test, type Walk } from './expression.ts'
import type { Found } from './print.ts'

// find of GNU findutils: its tests, its actions, and how it says what is wrong.

/** How many things it looks at. */
const most = 40_000

export const find: Command = async (args, io) => {
  let at = 0
  let follow = false
  while (/^-(?:[HLP]|O\d?|D)$/.test(args[at] ?? '')) follow = args[at++] === '-L'
  const starts: string[] = []
  while (at < args.length && !/^(?:-.|[()!,]$)/.test(args[at] ?? '')) starts.push(args[at++] ?? '')
  if (starts.length === 0) starts.push('.')
  const walk: Walk = { io, out: [], err: '', code: 0, quit: false, pruned: false, pending: new Map() }
  const expression = new Expression(args.slice(at), io)
  let test: Test
  try {
    test = expression.parse()
  } catch (error) {
    if (error instanceof Wrong) return complain(error.message)
    throw error
  }
  let left = most
  const judge = async (found: Found): Promise<void> => {
    if (found.depth < expression.minDepth) return
    if ((await test(found, walk)) && !expression.acts) walk.out.push(`${found.path}\n`)
  }
  const visit = async (path: string, full: string, depth: number, start: string): Promise<void> => {
    if (walk.quit || left-- <= 0) return
    const node = io.fs.node(full, follow)
    if (node === undefined) return
    const found: Found = { path, full, node, depth, start }
    walk.pruned = false
    if (!expression.depthFirst) await judge(found)
    const pruned = walk.pruned && !expression.depthFirst
    if (node.type === 'directory' && !pruned && depth < expression.maxDepth) {
      const readable =
        io.user.uid === 0 || (node.uid === io.user.uid ? (node.mode & 0o500) === 0o500 : (node.mode & 0o005) === 0o005)
      if (readable)
        for (const name of await io.fs.readdir(full)) {
          // Like `path.endsWith('/')`: a starting point keeps its stroke.
          await visit(
            path.endsWith('/') ? `${path}${name}` : `${path}/${name}`,
            full === '/' ? `/${name}` : `${full}/${name}`,
            depth + 1,
            start,
          )
          if (walk.quit) break
        }
      else {
        walk.err += `find: ‘${path}’: Permission denied\n`
        walk.code = 1
      }
    }
    if (expression.depthFirst) await judge(found)
  }
  for (const start of starts) {
    const full = resolvePath(io.cwd, start)
    if (io.fs.node(full, start.endsWith('/')) === undefined) {
      walk.err += `find: ‘${start}’: No such file or directory\n`
      walk.code = 1
    } else await visit(start, full, 0, start)
  }
  for (const [words, paths] of walk.pending)
    for (let i = 0; i < paths.length; i += 500) {
      const { code = 0 } = await run([...words, ...paths.slice(i, i + 500)], walk)
      if (code !== 0) walk.code = 1
    }
  return { out: walk.out.join(''), err: walk.err, code: walk.code }
}
