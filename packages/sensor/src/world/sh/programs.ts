import { nameOf, resolvePath } from '../node.ts'
import type { Dialect } from './ast.ts'
import type { Interpreter } from './interpreter.ts'

// How a shell finds what it is to run, and what kind of thing that is.

/** Something that can be run. */
export type Executable =
  | { readonly name: string }
  | { readonly script: string; readonly path: string; readonly shell: Dialect }
  | {
      readonly script: string
      readonly path: string
      readonly shell: undefined
      readonly by: Executable & { readonly name: string }
      readonly with: readonly string[]
    }
interface Lost {
  /** What the shell says. */
  readonly lost: string
  readonly code: number
  /** Why the kernel would not run it. */
  readonly why: string
}

/** Which shell the machine runs under a name. */
export function dialectOf({ host }: Pick<Interpreter, 'host'>, name: string): Dialect | undefined {
  const { machine } = host
  if (machine.shell === 'ash') return /^(?:sh|ash)$/.test(name) ? 'ash' : name === 'bash' ? 'bash' : undefined
  if (name === 'dash') return 'dash'
  if (name === 'bash' || name === 'rbash') return 'bash'
  if (name !== 'sh') return undefined
  // sh is dash on Debian and its children, bash on others.
  try {
    const link = host.fs.node('/bin/sh', false) ?? host.fs.node('/usr/bin/sh', false)
    return link?.target?.includes('bash') === true ? 'bash' : 'dash'
  } catch {
    return 'dash'
  }
}

/** The path of a program that PATH leads to. */
export function found(shell: Interpreter, name: string): string | undefined {
  if (name.includes('/')) return isFile(shell, name) ? name : undefined
  if (name === '') return undefined
  for (const folder of (
    shell.variables.get('PATH') ?? '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
  ).split(':')) {
    const path = `${folder === '' ? '.' : folder}/${name}`
    if (isFile(shell, path)) return path
  }
  return undefined
}

function isFile({ fs, cwd }: Interpreter, path: string): boolean {
  try {
    const node = fs.node(resolvePath(cwd, path))
    return node?.type === 'file' && (node.mode & 0o111) !== 0
  } catch {
    return false
  }
}

/** Machines of ELF headers that run on each kind of machine. */
const runsOn: Readonly<Record<string, readonly number[]>> = {
  x86_64: [62, 3],
  i686: [3],
  i386: [3],
  aarch64: [183, 40],
  armv7l: [40],
  armv6l: [40],
  armv5tel: [40],
  mips: [8],
  mipsel: [8],
  mips64: [8],
}

/** Whether the kernel would run an ELF file. */
function suits(arch: string, bytes: Uint8Array): boolean {
  if (bytes.length < 20) return false
  const little = bytes[5] === 1
  const machine = little ? (bytes[18] ?? 0) | ((bytes[19] ?? 0) << 8) : ((bytes[18] ?? 0) << 8) | (bytes[19] ?? 0)
  if (arch === 'mips' && little) return false
  return (runsOn[arch] ?? [62]).includes(machine)
}

/** What a name stands for. @param at its path, where that is known */
export function executable(shell: Interpreter, name: string, at?: string): Executable | Lost {
  const { dialect, host } = shell
  const known = shell.hashed.get(name)
  const path = at ?? (name.includes('/') ? name : (known?.path ?? found(shell, name)))
  const lost = (words: string, code: number, dash = words): Lost => ({
    lost: `${dialect === 'ash' && shell.from !== 'file' ? `${shell.zero}: ` : shell.where()}${dialect === 'bash' ? words : dash}\n`,
    code,
    why: /Exec format|binary/.test(words)
      ? 'Exec format error'
      : code === 127
        ? 'No such file or directory'
        : 'Permission denied',
  })
  if (path === undefined) {
    return lost(`${name}: command not found`, 127, `${name}: not found`)
  }
  const real = resolvePath(shell.cwd, path)
  let node
  try {
    node = host.fs.node(real)
  } catch {
    return lost(`${name}: Too many levels of symbolic links`, 126, `${name}: Too many levels of symbolic links`)
  }
  if (node === undefined) {
    const parent = host.fs.kindAt(real.replace(/\/[^/]*$/, '') || '/')
    return lost(
      `${name}: ${parent === 'file' ? 'Not a directory' : 'No such file or directory'}`,
      parent === 'file' ? 126 : 127,
      `${name}: not found`,
    )
  }
  if (node.type === 'directory') return lost(`${name}: Is a directory`, 126, `${name}: Permission denied`)
  if ((node.mode & 0o111) === 0 || node.type !== 'file') return lost(`${name}: Permission denied`, 126)
  if (!name.includes('/') && at === undefined) shell.hashed.set(name, { path, hits: (known?.hits ?? 0) + 1 })
  return kindOf(shell, name, path, real, lost)
}

function kindOf(
  shell: Interpreter,
  name: string,
  path: string,
  real: string,
  lost: (words: string, code: number, dash?: string) => Lost,
): Executable | Lost {
  const { host } = shell
  // What starts services speaks for them, whatever program is called as they are.
  if (/^\/etc\/(?:init|rc\d)\.d\/[\w.-]+$/.test(real) && host.fs.overlay.get(real) === undefined) return { name: real }
  const program = host.fs.programAt(real)
  // A link of the attacker's own leads to the program, whatever it is called.
  if (program !== undefined && program !== '' && host.fs.overlay.get(real)?.type === 'link') return { name: program }
  if (program !== undefined) return { name: host.knows(nameOf(path)) || program === '' ? nameOf(path) : program }
  const bytes = Buffer.from(host.fs.content(real))
  if (bytes.length >= 4 && bytes.readUInt32BE(0) === 0x7f454c46) {
    // What an attacker brought runs, where it is for this kind of machine: it says nothing.
    if (suits(host.machine.kernel.arch, bytes) || bytes.length < 20) return { name: '' }
    return lost(`${name}: cannot execute binary file: Exec format error`, 126, `${name}: Exec format error`)
  }
  const text = bytes.toString('latin1')
  const bang = /^#![ \t]*([^\s]+)[ \t]*([^\n]*)/.exec(text.slice(0, 256))
  if (bang === null) {
    if (text.slice(0, 80).split('\n')[0]?.includes('\0') === true)
      return lost(`${name}: cannot execute binary file: Exec format error`, 126, `${name}: Exec format error`)
    return { script: text, path, shell: shell.dialect }
  }
  const [, by = '', rest = ''] = bang
  let [interpreter, words] = [by, rest.trim() === '' ? [] : [rest.trim()]]
  if (/\/env$/.test(by) && words[0] !== undefined) {
    const [first = '', ...more] = words[0].split(/\s+/)
    const where = found(shell, first)
    if (where === undefined)
      return {
        lost: `/usr/bin/env: ‘${first}’: No such file or directory\n`,
        code: 127,
        why: 'No such file or directory',
      }
    interpreter = where
    words = more
  }
  const file = nameOf(interpreter)
  const dialect = file === 'busybox' && /^(?:a?sh)\b/.test(words[0] ?? '') ? 'ash' : dialectOf(shell, file)
  if (!isFile(shell, interpreter))
    return shell.dialect === 'bash'
      ? {
          lost: `${shell.zero}: ${shell.from === 'terminal' ? '' : shell.old ? '' : shell.from === 'file' ? `line ${shell.line}: ` : ''}${name}: ${interpreter}: bad interpreter: No such file or directory\n`,
          code: 126,
          why: 'No such file or directory',
        }
      : lost('', 127, `${name}: not found`)
  if (dialect !== undefined) return { script: text, path, shell: dialect }
  return { script: text, path, shell: undefined, by: { name: file }, with: words }
}
