import { unsafeBytesFromLatin1 } from 'just-bash'
import type { Sayings } from '../personas/facts.ts'
import { resolvePath } from './node.ts'

// What a program of the library said, made into what the real one says: what was recorded of it, options that it does not know,
// where its words go.

/** What a program of the library is given. */
export interface Context {
  readonly cwd: string
  readonly env: Map<string, string>
  readonly exportedEnv?: Readonly<Record<string, string>>
  readonly stdin: unknown
  readonly fs: {
    readonly exists: (path: string) => Promise<boolean>
    readonly readFile: (path: string) => Promise<string>
  }
  readonly exec?: (line: string, options: object) => Promise<{ stdout: string; stderr: string; exitCode: number }>
}
/** What it gives back. */
export interface Outcome {
  stdout: string
  stderr: string
  exitCode: number
  stdoutKind?: 'text' | 'bytes'
}

/** A text of characters as bytes, one character each. */
export const plain = (text: string): string =>
  /[^\u0000-\u00ff]/.test(text) ? Buffer.from(text).toString('latin1') : text

/** Programs for which -V is --version. */
const versionLetter = new Set(
  'bash curl free gawk grep gzip pgrep pkill ps sudo tar top uptime vmstat w wget'.split(' '),
)

/** The letters that a program knows, where it is strict and the one here is not: with them, what it does not know. */
const letters: Readonly<Record<string, string>> = {
  crontab: 'ueilr',
  df: 'aBhHiklmPtTvx',
  env: '0iuCSv',
  free: 'bkmghltscwV',
  hostname: 'aAbdfFiIsyhV',
  id: 'aGgnruZz',
  sort: 'bcCdfghikmMnorRsStTuVyz',
  su: 'cfglmpPsVhT',
  sudo: 'AbBCDEeghHiKkllnPpRrSsTtUuVv',
  tail: 'cfFnqsvz0123456789',
  uname: 'amnprsvio',
  uptime: 'phsV',
  who: 'abdHlmpqrstTuw',
}
/** How a program ends that was asked for what it does not know, where not with 1. */
const codes: Readonly<Record<string, number>> = { dir: 2, env: 125, hostname: 255, ls: 2, sort: 2, vdir: 2, wget: 2 }

/** Programs of ours that leave it to the help which long options there are. */
export const strict = new Set([
  'ls',
  'dir',
  'vdir',
  'chown',
  'chgrp',
  'shuf',
  'df',
  'who',
  'uname',
  'nproc',
  'realpath',
  'mktemp',
  'dd',
])

/** A single word of letters, one of which the program does not know. */
function wrongOption({ programs: recorded }: Sayings, name: string, args: readonly string[]): Outcome | undefined {
  const [word = ''] = args
  const known = letters[name]
  if (known === undefined || !/^-[A-Za-z]/.test(word)) return undefined
  const letter = word[1] ?? ''
  if (known.includes(letter)) return undefined
  const usage = recorded[name]?.err ?? recorded[`${name} --help`]?.out ?? recorded[`${name} --help`]?.err ?? ''
  const tail =
    name === 'free' || name === 'sudo' || name === 'hostname'
      ? usage
      : name === 'crontab'
        ? usage.replace(/^crontab: invalid option.*\n/, '')
        : `Try '${name} --help' for more information.\n`
  return { stdout: '', stderr: `${name}: invalid option -- '${letter}'\n${tail}`, exitCode: codes[name] ?? 1 }
}

/** Options with their value stuck to them, for programs of the library that want it apart. */
const glued: Readonly<Record<string, string>> = { xargs: 'nIPLds', paste: 'd', du: 'd' }
export function apart(name: string, args: readonly string[]): string[] {
  const valued = glued[name]
  if (valued === undefined) return [...args]
  if (name === 'paste' && args.every((arg) => arg.startsWith('-') && arg !== '-')) return apart(name, [...args, '-'])
  return args.flatMap((arg) => {
    const match = /^-([a-zA-Z]*?)([a-zA-Z])(.+)$/.exec(arg)
    if (match === null || arg.startsWith('--')) return [arg]
    for (let at = 1; at < arg.length - 1; at++)
      if (valued.includes(arg[at] ?? ''))
        return [...(at > 1 ? [arg.slice(0, at)] : []), `-${arg[at]}`, arg.slice(at + 1)]
    return [arg]
  })
}

/** Whether all is to be removed, without the word that allows it. */
export const rootless = (args: readonly string[]): boolean =>
  args.some((arg) => /^\/+$/.test(arg)) &&
  args.some((arg) => /^-\w*[rR]|^--recursive$/.test(arg)) &&
  !args.includes('--no-preserve-root')

/** What a program was recorded to say when it is asked for its help or version. */
export function told(says: Sayings, name: string, args: readonly string[]): Outcome | undefined {
  if (args.length > 1) return undefined
  const exactly = args.length === 1 ? says.programs[`${name} ${args[0]}`] : undefined
  if (exactly !== undefined) return outcomeOf(exactly)
  const asked = args[0] === '-V' && versionLetter.has(name) ? '--version' : args[0]
  if (asked !== undefined && asked !== '--help' && asked !== '--version') return wrongOption(says, name, args)
  const known = says.programs[asked === undefined ? name : `${name} ${asked}`]
  return known === undefined ? undefined : outcomeOf(known)
}

export function outcomeOf(known: Sayings['programs'][string]): Outcome {
  return {
    stdout: unsafeBytesFromLatin1(plain(known.out ?? '')) as unknown as string,
    stdoutKind: 'bytes',
    stderr: plain(known.err ?? ''),
    exitCode: known.code ?? 0,
  }
}

/** Whether it was the source or the target of a copy that was not there: the library names the source for both. */
export async function target(
  name: string,
  args: readonly string[],
  { cwd, fs }: Context,
  err: string,
): Promise<string> {
  const source = /^(?:cp|mv): cannot stat '(.+)': No such file or directory$/m.exec(err)?.[1]
  const to = args.filter((arg) => !arg.startsWith('-')).at(-1)
  const unmoved = /^mv: cannot move '([^'\n]+)': (.+)$/m.exec(err)
  if (unmoved !== null && to !== undefined) {
    const [whole, from = '', why] = unmoved
    const into = await isFolder(resolvePath(cwd, to), fs)
    return err.replace(
      whole,
      `mv: cannot move '${from}' to '${to.replace(/\/$/, '')}${into ? `/${from.replace(/.*\//, '')}` : ''}': ${why}`,
    )
  }
  if (source === undefined || to === undefined || !(await fs.exists(resolvePath(cwd, source)))) return err
  return err.replace(
    /^(cp|mv): cannot stat '(.+)': (.+)$/m,
    name === 'cp' ? `cp: cannot create regular file '${to}': $3` : `mv: cannot move '$2' to '${to}': $3`,
  )
}

const isFolder = (path: string, fs: Context['fs']): Promise<boolean> =>
  fs.readFile(path).then(
    () => false,
    (error: { code?: string }) => error.code === 'EISDIR',
  )

/** rm -f tells of what it cannot remove, though not of what is not there. */
export async function left(args: readonly string[], { fs, cwd }: Context): Promise<string> {
  const paths = args.filter((arg) => !arg.startsWith('-')).slice(0, 100)
  const there = await Promise.all(paths.map(async (path) => fs.exists(resolvePath(cwd, path))))
  const lost = paths.filter((_, i) => there[i])
  const folders = await Promise.all(lost.map((path) => isFolder(resolvePath(cwd, path), fs)))
  const deep = args.some((arg) => /^-\w*[rR]|^--recursive$/.test(arg))
  return lost
    .map(
      (path, i) =>
        `rm: cannot remove '${path}': ${folders[i] === true && !deep ? 'Is a directory' : 'Operation not permitted'}\n`,
    )
    .join('')
}

/** cat of a folder: the library says of all that it is not there. */
export async function folders(err: string, { fs, cwd }: Context): Promise<string> {
  const lines = err.split('\n').slice(0, 200)
  const said = await Promise.all(
    lines.map(async (line) => {
      const path = /^cat: (.+): No such file or directory$/.exec(line)?.[1]
      const folder = path !== undefined && (await isFolder(resolvePath(cwd, path), fs))
      return folder ? `cat: ${path}: Is a directory` : line
    }),
  )
  return said.join('\n')
}

/** What tar does is listed on the output, unless the archive goes there. */
export function listed(args: readonly string[], outcome: Outcome): void {
  const letters_ = args.filter((arg, i) => (i === 0 && !arg.startsWith('--')) || /^-[^-]/.test(arg)).join('')
  if (!letters_.includes('v') || !letters_.includes('f') || args.includes('-') || outcome.stderr === '') return
  const [said, lost]: [string[], string[]] = [[], []]
  for (const line of outcome.stderr.split(/(?<=\n)/)) (line.startsWith('tar: ') ? lost : said).push(line)
  if (outcome.stdout === '') {
    outcome.stdout = said.join('')
    outcome.stderr = lost.join('')
    delete outcome.stdoutKind
  }
}

/** A long option that a program's help does not have. */
export function unknownLong(
  { programs: recorded }: Sayings,
  name: string,
  args: readonly string[],
): Outcome | undefined {
  const { out: help = '' } = recorded[`${name} --help`] ?? {}
  if (!help.includes('--help')) return undefined
  const end = args.indexOf('--')
  const word = (end < 0 ? args : args.slice(0, end)).find((arg) => /^--[a-z]/.test(arg))
  const option = word?.split('=')[0]
  // Beginnings of options count as well.
  if (option === undefined || help.includes(option)) return undefined
  return {
    stdout: '',
    stderr: `${name}: unrecognized option '${word ?? ''}'\n${name === 'grep' ? 'Usage: grep [OPTION]... PATTERNS [FILE]...\n' : ''}Try '${name} --help' for more information.\n`,
    exitCode: codes[name] ?? (name === 'grep' || name === 'diff' || name === 'tar' || name === 'cmp' ? 2 : 1),
  }
}
