import { resolvePath } from '../../node.ts'
import type { Interpreter } from '../interpreter.ts'
import type { Builtin } from './index.ts'

// Where the shell is.

/** Goes to a folder. @returns why that is not possible */
function go(shell: Interpreter, path: string, physical: boolean): string | undefined {
  if (path === '') return undefined
  const to = resolvePath(shell.cwd, path)
  let node
  try {
    node = shell.fs.node(to)
  } catch {
    return 'Too many levels of symbolic links'
  }
  if (node === undefined) return 'No such file or directory'
  if (node.type !== 'directory') return 'Not a directory'
  const { uid, gid } = shell.host.user()
  const shift = node.uid === uid ? 6 : node.gid === gid ? 3 : 0
  if (uid !== 0 && ((node.mode >> shift) & 1) === 0) return 'Permission denied'
  shell.variables.set('OLDPWD', shell.variables.get('PWD') ?? shell.cwd)
  shell.cwd = physical ? shell.fs.realOf(to) : to
  shell.variables.set('PWD', shell.cwd)
  return undefined
}

const cd: Builtin = (shell, args, name) => {
  const { dialect } = shell
  const words = [...args]
  let physical = shell.option('physical')
  while (/^-[LPe@]+$/.test(words[0] ?? '')) physical = words.shift()?.includes('P') === true
  if (words[0] === '--') words.shift()
  const [word] = words
  if (dialect === 'bash' && /^-./.test(word ?? '') && word !== undefined) {
    shell.fault(`-${word[1]}: invalid option`, name)
    shell.err('cd: usage: cd [-L|[-P [-e]] [-@]] [dir]\n')
    return 2
  }
  if (words.length > 1 && dialect === 'bash') {
    shell.fault('too many arguments', name)
    return 1
  }
  let to = word
  let shown = false
  if (to === undefined) {
    to = shell.variables.get('HOME')
    if (to === undefined) {
      if (dialect === 'bash') shell.fault('HOME not set', name)
      return dialect === 'bash' ? 1 : 0
    }
  } else if (to === '-') {
    to = shell.variables.get('OLDPWD')
    if (to === undefined || to === '') {
      if (dialect === 'bash') {
        shell.fault('OLDPWD not set', name)
        return 1
      }
      to = shell.cwd
    }
    shown = true
  } else if (!/^(?:\/|\.\.?(?:\/|$))/.test(to)) {
    for (const folder of (shell.variables.get('CDPATH') ?? '').split(':').filter((one) => one !== '')) {
      const path = resolvePath(resolvePath(shell.cwd, folder), to)
      if (shell.fs.kindAt(path) !== 'directory') continue
      to = path
      shown = folder !== '.'
      break
    }
  }
  const why = go(shell, to, physical)
  if (why !== undefined) {
    shell.fault(
      dialect === 'bash'
        ? `${word === '-' ? to : (word ?? to)}: ${why}`
        : dialect === 'dash'
          ? `can't cd to ${word ?? to}`
          : `can't cd to ${word ?? to}: ${why}`,
      name,
    )
    return dialect === 'bash' ? 1 : 2
  }
  if (shown) shell.out(`${shell.cwd}\n`)
  return 0
}

const pwd: Builtin = (shell, args, name) => {
  const bad = args.find((arg) => /^-[^LP]/.test(arg))
  if (bad !== undefined && shell.dialect === 'bash') {
    shell.fault(`${bad.slice(0, 2)}: invalid option`, name)
    shell.err('pwd: usage: pwd [-LP]\n')
    return 2
  }
  shell.out(`${args.includes('-P') ? shell.fs.realOf(shell.cwd) : shell.cwd}\n`)
  return 0
}

const short = (shell: Interpreter, path: string): string => {
  const home = shell.variables.get('HOME') ?? ''
  return home !== '' && home !== '/' && (path === home || path.startsWith(`${home}/`))
    ? `~${path.slice(home.length)}`
    : path
}
const all = (shell: Interpreter): readonly string[] => [shell.cwd, ...shell.stack]
const tell = (shell: Interpreter): void =>
  shell.out(
    `${all(shell)
      .map((path) => short(shell, path))
      .join(' ')}\n`,
  )

const dirs: Builtin = (shell, args) => {
  if (args.includes('-c')) {
    shell.stack = []
    return 0
  }
  const long = args.some((arg) => /^-.*l/.test(arg))
  const list = all(shell).map((path) => (long ? path : short(shell, path)))
  if (args.some((arg) => /^-.*v/.test(arg)))
    shell.out(list.map((path, i) => `${String(i).padStart(2)}  ${path}\n`).join(''))
  else if (args.some((arg) => /^-.*p/.test(arg))) shell.out(list.map((path) => `${path}\n`).join(''))
  else shell.out(`${list.join(' ')}\n`)
  return 0
}

const pushd: Builtin = (shell, args, name) => {
  const [word] = args.filter((arg) => arg !== '-n' && arg !== '--')
  const list = all(shell)
  if (word === undefined || /^[-+]\d+$/.test(word)) {
    const size = list.length
    const at = word === undefined ? 1 : word.startsWith('+') ? Number(word) : size - 1 + Number(word)
    if (size < 2 || at < 0 || at >= size) {
      shell.fault(
        word === undefined
          ? 'no other directory'
          : size < 2
            ? 'directory stack empty'
            : `${word}: directory stack index out of range`,
        name,
      )
      return 1
    }
    const turned = [...list.slice(at), ...list.slice(0, at)]
    const why = go(shell, turned[0] ?? '/', false)
    if (why !== undefined) {
      shell.fault(`${turned[0]}: ${why}`, name)
      return 1
    }
    shell.stack = turned.slice(1)
  } else {
    const before = shell.cwd
    const why = go(shell, word === '-' ? (shell.variables.get('OLDPWD') ?? '') : word, false)
    if (why !== undefined) {
      shell.fault(`${word}: ${why}`, name)
      return 1
    }
    shell.stack = [before, ...shell.stack].slice(0, 1000)
  }
  tell(shell)
  return 0
}

const popd: Builtin = (shell, [word], name) => {
  if (shell.stack.length === 0) {
    shell.fault('directory stack empty', name)
    return 1
  }
  const at = word === undefined ? 0 : Number(word)
  if (at === 0) {
    const [to = '/', ...rest] = shell.stack
    shell.stack = rest
    const why = go(shell, to, false)
    if (why !== undefined) {
      shell.fault(`${to}: ${why}`, name)
      return 1
    }
  } else shell.stack = shell.stack.filter((_, i) => i !== (at > 0 ? at - 1 : shell.stack.length - 1 + at))
  tell(shell)
  return 0
}

export const folders = { cd, chdir: cd, pwd, dirs, pushd, popd } satisfies Record<string, Builtin>
