import { resolvePath } from '../node.ts'
import type { Redirect } from './ast.ts'
import { expandText, expandWord } from './expand.ts'
import { Exit } from './flow.ts'
import type { Interpreter } from './interpreter.ts'
import { FileSink, nowhere, Source, type Descriptor } from './streams.ts'

// Redirections (POSIX.1-2017, Shell Command Language 2.7; bash(1)): what opens the files of a command, and says in the
// words of each shell why one cannot be opened.

/** What the shells of one session share: files that were written to, and what is read under names of its own. */
export interface Opened {
  /** Files that were written to, and perhaps not yet. */
  readonly files: Set<FileSink>
  /** What is read under names of its own: <(…). */
  readonly beside: Map<string, string>
}

/** Why a file cannot be opened, in the words of the shell. */
function unopened({ dialect }: Interpreter, path: string, error: unknown, writes: boolean): string {
  const { words: given, code } = error as { words?: string; code?: string }
  if (given === undefined) throw error
  const words =
    code === 'EISDIR'
      ? 'Is a directory'
      : code === 'ENOTDIR'
        ? 'Not a directory'
        : given.replace(/^File already exists.*/, 'cannot overwrite existing file')
  if (dialect === 'bash') return `${path}: ${words}`
  if (dialect === 'dash')
    return writes
      ? `cannot create ${path}: ${code === 'ENOENT' ? 'Directory nonexistent' : words}`
      : `cannot open ${path}: ${code === 'ENOENT' ? 'No such file' : words}`
  return writes
    ? `can't create ${path}: ${code === 'ENOENT' ? 'nonexistent directory' : words}`
    : `can't open ${path}: ${code === 'ENOENT' ? 'no such file' : words}`
}

function toFile(shell: Interpreter, { files, beside }: Opened, path: string, op: string): Descriptor {
  const real = resolvePath(shell.cwd, path)
  if (real === '/dev/null') return { sink: nowhere, source: new Source(''), path: real }
  const same = /^\/dev\/(?:stdin|stdout|stderr|fd\/(\d+)|tty)$/.exec(real)
  if (same !== null && real !== '/dev/tty') {
    const fd = same[1] !== undefined ? Number(same[1]) : ({ '/dev/stdin': 0, '/dev/stdout': 1 }[real] ?? 2)
    const held = beside.get(real)
    const there = held !== undefined ? { source: new Source(held) } : shell.descriptors.get(fd)
    if (there !== undefined) return there
    throw Object.assign(new Error(real), { code: 'ENOENT', words: 'No such file or directory' })
  }
  if (real === '/dev/tty') return shell.descriptors.get(1) ?? {}
  shell.flush()
  const { fs } = shell
  if (op === '<') return { source: new Source(Buffer.from(fs.content(real)).toString('latin1')), path: real }
  if (op === '<>') {
    if (fs.node(real) === undefined) create(shell, real)
    const sink = new FileSink(fs, real, false)
    files.add(sink)
    return { source: new Source(Buffer.from(fs.content(real)).toString('latin1')), sink, path: real }
  }
  const append = op === '>>' || op === '&>>'
  const node = fs.node(real)
  if (node?.type === 'device') return { sink: nowhere, path: real }
  if (op === '>' && shell.option('noclobber') && node?.type === 'file')
    throw Object.assign(new Error(real), {
      code: 'EEXIST',
      words: shell.dialect === 'bash' ? 'cannot overwrite existing file' : 'File exists',
    })
  if (node === undefined) create(shell, real)
  else if (append) fs.appendCheck(real)
  else fs.write(real, Buffer.alloc(0))
  const sink = new FileSink(fs, real, append)
  files.add(sink)
  return { sink, path: real }
}

function create({ fs, umask }: Interpreter, real: string): void {
  fs.write(real, Buffer.alloc(0))
  if (umask !== 0o022) fs.setMode(real, 0o666 & ~umask)
}

/**
 * Opens the files of a command.
 * @returns what its descriptors are then; undefined where one could not be opened, which is said already
 * @throws Exit where the shell ends of it
 */
export async function openAll(
  shell: Interpreter,
  opened: Opened,
  redirects: readonly Redirect[],
): Promise<Map<number, Descriptor> | undefined> {
  const open = new Map(shell.descriptors)
  const before = shell.descriptors
  for (const { fd, op, target, here } of redirects) {
    if (here !== undefined || op === '<<<') {
      const text = here !== undefined ? await expandText(shell, here.body) : `${await expandText(shell, target)}\n`
      open.set(fd ?? 0, { source: new Source(text) })
      continue
    }
    const fields = await expandWord(shell, target)
    if (fields.length !== 1) {
      shell.fault(`${target.raw}: ambiguous redirect`)
      return undefined
    }
    const [path = ''] = fields
    if (op === '>&' || op === '<&') {
      const into = fd ?? (op === '>&' ? 1 : 0)
      if (path === '-') open.delete(into)
      else if (/^\d+-?$/.test(path)) {
        const from = Number.parseInt(path, 10)
        const there = open.get(from)
        if (there === undefined) {
          shell.fault(`${path}: Bad file descriptor`)
          return undefined
        }
        open.set(into, there)
        if (path.endsWith('-')) open.delete(from)
      } else if (op === '>&' && fd === undefined && shell.dialect === 'bash') {
        const both = tryOpen(shell, opened, path, '>')
        if (both === undefined) return undefined
        open.set(1, both)
        open.set(2, both)
      } else {
        shell.fault(shell.dialect === 'bash' ? `${path}: ambiguous redirect` : `Syntax error: Bad fd number`)
        if (shell.dialect !== 'bash') throw new Exit(2)
        return undefined
      }
      continue
    }
    // What is opened later sees what was opened before it.
    shell.descriptors = open
    let there: Descriptor | undefined
    try {
      there = tryOpen(shell, opened, path, op === '&>' ? '>' : op)
    } finally {
      shell.descriptors = before
    }
    if (there === undefined) return undefined
    if (op === '&>' || op === '&>>') {
      open.set(1, there)
      open.set(2, there)
    } else open.set(fd ?? (op.startsWith('<') ? 0 : 1), there)
  }
  return open
}

function tryOpen(shell: Interpreter, opened: Opened, path: string, op: string): Descriptor | undefined {
  const net = shell.dialect === 'bash' ? /^\/dev\/(tcp|udp)\/([^/]+)\/([^/]+)$/.exec(path) : null
  if (net !== null) {
    // A sensor connects to nobody: the other side does not answer.
    if (net[1] === 'udp') return { sink: nowhere, source: new Source('') }
    shell.fault('connect: Connection refused')
    shell.fault(`${path}: Connection refused`)
    return undefined
  }
  try {
    return toFile(shell, opened, path, op)
  } catch (error) {
    shell.fault(unopened(shell, path, error, !op.startsWith('<') || op === '<>'))
    return undefined
  }
}
