// How programs word what went wrong. The shell's engine has one wording for all of them; real ones differ, and
// attackers' scripts look for the difference.

import { before } from './version.ts'

/** Stands before what another bash says, which does not name a line of ours. */
export const inner = '\u0002'

/** Programs of GNU coreutils that name their help after a wrong use. */
const coreutils = new Set(
  'base32 base64 basename cat chgrp chmod chown cksum comm cp csplit cut date dd df dir dirname du expand factor fmt fold head id install join link ln ls md5sum mkdir mkfifo mknod mktemp mv nice nl nohup nproc numfmt od paste pathchk pr printenv readlink realpath rm rmdir seq sha1sum sha256sum sha512sum shred shuf sleep sort split stat stty sum sync tac tail tee timeout touch tr truncate tsort tty uname unexpand uniq unlink uptime users vdir wc who whoami xargs env'.split(
    ' ',
  ),
)
/** What single programs say otherwise. */
const words: Readonly<Record<string, readonly (readonly [RegExp, string])[]>> = {
  awk: [
    [
      /^awk: (.+): No such file or directory$/gm,
      "awk: fatal: cannot open file `$1' for reading: No such file or directory",
    ],
  ],
  chmod: [[/^chmod: invalid mode: '(.*)'$/gm, "chmod: invalid mode: ‘$1’\nTry 'chmod --help' for more information."]],
  find: [
    [
      /^find: (?!unknown|cannot|missing|invalid|[‘'`])(.+): No such file or directory$/gm,
      'find: ‘$1’: No such file or directory',
    ],
    [/^find: unknown predicate '(.*)'$/gm, "find: unknown predicate `$1'"],
  ],
  gunzip: [[/^gunzip: (.+): No such file or directory$/gm, 'gzip: $1.gz: No such file or directory']],
  mkdir: [[/^mkdir: cannot create directory '(.+)': (.+)$/gm, 'mkdir: cannot create directory ‘$1’: $2']],
  rev: [[/^rev: (.+): No such file or directory$/gm, 'rev: cannot open $1: No such file or directory']],
  sed: [[/^sed: (.+): No such file or directory$/gm, "sed: can't read $1: No such file or directory"]],
  sort: [[/^sort: (.+): No such file or directory$/gm, 'sort: cannot read: $1: No such file or directory']],
  split: [
    [/^split: (.+): No such file or directory$/gm, "split: cannot open '$1' for reading: No such file or directory"],
  ],
  strings: [[/^strings: (.+): No such file or directory$/gm, "strings: '$1': No such file"]],
  tac: [
    [/^tac: (.+): No such file or directory$/gm, "tac: failed to open '$1' for reading: No such file or directory"],
  ],
  zcat: [[/^zcat: (.+): No such file or directory$/gm, 'gzip: $1.gz: No such file or directory']],
}
const wrongUse =
  /missing (?:\w+ )?(?:file )?operand|invalid option --|unrecognized option|extra operand|you must specify a list|option requires an argument/

/** The words of GNU programs. @param name the program; @param args what it was given */
export function gnu(name: string, args: readonly string[], err: string): string {
  if (err === '') return err
  let said = err.replace(/ENOENT: no such file or directory(?:, \w+)?, '[^'\n]*'/g, 'No such file or directory')
  for (const [from, to] of words[name] ?? []) said = said.replace(from, to)
  if (name === 'head' || name === 'tail')
    said = said.replace(
      new RegExp(`^${name}: (?!cannot|invalid|option|unrecognized)(.+): No such file or directory$`, 'gm'),
      `${name}: cannot open '$1' for reading: No such file or directory`,
    )
  const last = args.filter((arg) => !arg.startsWith('-')).at(-1)
  if (name === 'tar' && /Cannot open: No such file/.test(said) && !/not recoverable/.test(said))
    return `${said}tar: Error is not recoverable: exiting now\n`
  if (/^(cp|mv)$/.test(name) && last !== undefined)
    said = said.replace(/missing destination file operand$/m, `missing destination file operand after '${last}'`)
  if (/^(chmod|chown|chgrp)$/.test(name) && last !== undefined)
    said = said.replace(/missing operand$/m, `missing operand after ‘${last}’`)
  if (/^(head|tail)$/.test(name))
    said = said.replace(/invalid number of lines$/m, `invalid number of lines: ‘${last ?? ''}’`)
  if (name === 'grep' && /invalid option|unrecognized option/.test(said))
    return `${said.trimEnd()}\nUsage: grep [OPTION]... PATTERNS [FILE]...\nTry 'grep --help' for more information.\n`
  if (!coreutils.has(name) || !wrongUse.test(said) || /Try '/.test(said)) return said
  return `${said.trimEnd()}\nTry '${name} --help' for more information.\n`
}

/** At how many words of how long a text it is looked which line they are in: an attacker chooses both. */
const [maxLookups, maxText] = [200, 16_384]

/** Tells in which line of a text some words are; the first where that cannot be told. */
function finder(text: string): (words: string) => number {
  const lines = text.slice(0, maxText).split('\n')
  let left = maxLookups
  return (words) =>
    lines.length === 1 || left-- <= 0
      ? 1
      : Math.max(
          0,
          lines.findIndex((line) => line.includes(words)),
        ) + 1
}

/** The words of dash, for a shell that was called as sh. @param script its name, or "" when lines came from a pipe or -c */
export function dash(err: string, script: string, text: string): string {
  const at = finder(text)
  const name = script === '' ? 'sh' : script
  return err
    .replace(
      /^(?:bash|sh): (?:line (\d+): )?([^:\n]+): command not found$/gm,
      (_, line: string | undefined, word: string) => `${name}: ${line ?? at(word)}: ${word}: not found`,
    )
    .replace(
      /^bash: (?:line (\d+): )?([^:\n]*\/[^:\n]*): No such file or directory$/gm,
      (_, line: string | undefined, word: string) =>
        text.includes(`>${word}`) || text.includes(`> ${word}`)
          ? `${name}: ${line ?? at(word)}: cannot create ${word}: Directory nonexistent`
          : `${name}: ${line ?? at(word)}: ${word}: not found`,
    )
    .replace(
      /^bash: (?:line (\d+): )?([^:\n]+): Permission denied$/gm,
      (_, line: string | undefined, word: string) => `${name}: ${line ?? at(word)}: ${word}: Permission denied`,
    )
    .replace(
      /^bash: (?:line (\d+): )?cd: (.+): (?:No such file or directory|Not a directory)$/gm,
      (_, line: string | undefined, word: string) => `${name}: ${line ?? at(word)}: cd: can't cd to ${word}`,
    )
    .replace(
      /^bash: syntax error near unexpected token `(.*)'$/gm,
      (_, token: string) => `${name}: ${at(token)}: Syntax error: "${token}" unexpected`,
    )
    .replace(
      /^bash: unexpected EOF while looking for matching `(.)'$/gm,
      () => `${name}: 1: Syntax error: Unterminated quoted string`,
    )
}

/** The words of busybox, from those of GNU. */
export function busyboxWords(applet: string, err: string): string {
  const swaps: readonly (readonly [RegExp, string])[] = [
    [/^cat: (.+): No such file or directory$/gm, "cat: can't open '$1': No such file or directory"],
    [/^cat: (.+): Is a directory$/gm, 'cat: read error: Is a directory'],
    [/^(rm|rmdir): (?:cannot remove|failed to remove) '(.+)': (.+)$/gm, "$1: can't remove '$2': $3"],
    [/^rmdir: can't remove '(.+)': (.+)$/gm, "rmdir: '$1': $2"],
    [/^cp: cannot stat '(.+)': (.+)$/gm, "cp: can't stat '$1': $2"],
    [/^mv: cannot stat '(.+)': (.+)$/gm, "mv: can't rename '$1': $2"],
    [/^ls: cannot access '(.+)': (.+)$/gm, 'ls: $1: $2'],
    [/^mkdir: cannot create directory [‘'](.+)[’']: (.+)$/gm, "mkdir: can't create directory '$1': $2"],
    [/^(chmod|chown|touch|ln|stat|du): cannot (?:access|touch|stat|read) '(.+)': (.+)$/gm, '$1: $2: $3'],
    [/^(head|tail): cannot open '(.+)' for reading: (.+)$/gm, '$1: $2: $3'],
    [/^dd: failed to open '(.+)': (.+)$/gm, "dd: can't open '$1': $2"],
    [/^find: [‘'](.+)[’']: (.+)$/gm, 'find: $1: $2'],
  ]
  let said = err
  for (const [from, to] of swaps) said = said.replace(from, to)
  if (applet === 'dd') said = said.replace(/^\d+ bytes.*copied.*\n/gm, '')
  return said.replace(/^Try '.* --help' for more information\.\n/gm, '')
}

/** Commands of bash itself that tell of their own errors. */
const ofShell =
  /^(?:cd|type|hash|kill|export|unset|read|declare|local|source|umask|ulimit|shopt|set|alias|jobs|fg|bg|let|printf|test|trap|wait): /

/** What only begins a command. */
const openQuote = /^bash: (?:line \d+: )?unexpected EOF while looking for matching `(.)'$/gm
const badToken = /^bash: (?:line \d+: )?syntax error near unexpected token `(.*)'$/gm

/**
 * The words of bash itself: as a log-in shell at a terminal, or as one that was given a single command.
 * @param text the command, to say at which of its lines something happened
 * @param version of bash; before 5.1 the lines of a command were counted from none, and the first was not named
 */
export function bash(raw: string, terminal: boolean, text: string, version = '5.1'): string {
  if (!raw.includes('bash: ')) return raw
  if (terminal) return raw.replace(/^bash: (?!\u0002)(?:line \d+: )?/gm, '-bash: ').replaceAll(inner, '')
  const lines = text.slice(0, maxText).split('\n')
  const at = finder(text)
  const first = before(version, '5.1') ? 0 : 1
  const named = (line: number): string => (line === 0 ? '' : `line ${line}: `)
  return raw
    .replace(openQuote, (_, quote: string) => {
      const last = lines.findLastIndex((line) => line.includes(quote)) + 1
      const more = before(version, '5.2')
        ? `\nbash: -c: line ${lines.length + first}: syntax error: unexpected end of file`
        : ''
      return `bash: -c: line ${Math.max(1, last) + first - 1}: unexpected EOF while looking for matching \`${quote}'${more}`
    })
    .replace(badToken, (_, token: string) => {
      const line = at(token)
      const shown = line + first - 1
      return `bash: -c: line ${shown}: syntax error near unexpected token \`${token}'\nbash: -c: line ${shown}: \`${lines[line - 1] ?? ''}'`
    })
    .replace(
      /^bash: syntax error: unexpected end of file$/gm,
      `bash: -c: line ${lines.length + first}: syntax error: unexpected end of file`,
    )
    .replace(/^bash: (?!-c: |line \d|\u0002)(.*)$/gm, (_, rest: string) => {
      const word = (/^(?:\w+: )?(.+?): /.exec(rest)?.[1] ?? rest).replace(/^\((\d+)\) -$/, '$1')
      // What is built in told the line even then.
      const line = at(word) + first - 1
      return `bash: ${line === 0 && ofShell.test(rest) ? 'line 0: ' : named(line)}${rest}`
    })
    .replaceAll(inner, '')
}

/**
 * The words of busybox's ash, from those of bash: as a log-in shell at a terminal, or as one that was given a command.
 * @param text the command
 */
export function ash(raw: string, terminal: boolean, text: string, name = terminal ? '-sh' : 'sh'): string {
  if (!raw.includes('bash: ')) return raw
  // A shell that reads from no terminal tells the line; for a command it is always none.
  const line = terminal ? '' : 'line 0: '
  return raw
    .replaceAll(inner, '')
    .replace(/^bash: (?:line \d+: )?/gm, 'bash: ')
    .replace(/^bash: ([^:\n]+): command not found$/gm, `${name}: $1: not found`)
    .replace(
      /^bash: cd: (.+): (No such file or directory|Not a directory|Permission denied)$/gm,
      (_, path: string, why: string) => `${name}: cd: ${line}can't cd to ${path}: ${why}`,
    )
    .replace(
      /^bash: ([^:\n]+): (No such file or directory|Is a directory|Not a directory)$/gm,
      (_, word: string, why: string) => {
        const at = text.indexOf(word)
        const before = at < 0 ? '' : text.slice(Math.max(0, at - 8), at).trimEnd()
        if (before.endsWith('>'))
          return `${name}: can't create ${word}: ${why === 'Is a directory' ? why : 'nonexistent directory'}`
        if (before.endsWith('<'))
          return `${name}: can't open ${word}: ${why === 'No such file or directory' ? 'no such file' : why}`
        return why === 'Is a directory' ? `${name}: ${word}: Permission denied` : `${name}: ${word}: not found`
      },
    )
    .replace(/^bash: kill: \((-?\d+)\) - (.*)$/gm, `${name}: can't kill pid $1: $2`)
    .replace(
      /^bash: (\w+): `([^'=\n]*)[^'\n]*': not a valid identifier$/gm,
      `${name}: $1: ${line}$2: bad variable name`,
    )
    .replace(
      /^bash: syntax error near unexpected token `(.*)'$/gm,
      (_, token: string) => `${name}: syntax error: unexpected ${token === 'newline' ? 'newline' : `"${token}"`}`,
    )
    .replace(
      /^bash: unexpected EOF while looking for matching .*$/gm,
      `${name}: syntax error: unterminated quoted string`,
    )
    .replace(/^bash: /gm, `${name}: `)
}
