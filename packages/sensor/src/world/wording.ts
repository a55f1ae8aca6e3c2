// How programs word what went wrong. The library has one wording for all of them; real ones differ, and attackers' scripts
// look for the difference.

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
  gunzip: [
    [/^gunzip: (?!.*\.gz: No such)(.+): No such file or directory$/gm, 'gzip: $1.gz: No such file or directory'],
    [/^gunzip: /gm, 'gzip: '],
  ],
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
  zcat: [
    [/^zcat: (?!.*\.gz: No such)(.+): No such file or directory$/gm, 'gzip: $1.gz: No such file or directory'],
    [/^zcat: /gm, 'gzip: '],
  ],
}
/** Programs that call themselves as they were called, with the path where one was typed. */
const typed = new Set([...coreutils, 'tar', 'find', 'sed', 'grep', 'xargs'])

/** What a program says that was called by its path. @param zero how it was called */
export function byPath(name: string, zero: string, err: string): string {
  if (!zero.includes('/') || !typed.has(name)) return err
  return err
    .replace(new RegExp(`^${name.replace(/\W/g, '\\$&')}: `, 'gm'), () => `${zero}: `)
    .replace(new RegExp(`^Try '${name.replace(/\W/g, '\\$&')} `, 'gm'), () => `Try '${zero} `)
}

const wrongUse =
  /missing (?:\w+ )?(?:file )?operand|invalid option --|unrecognized option|extra operand|you must specify a list|option requires an argument/

/** The words of GNU programs. @param name the program; @param args what it was given */
export function gnu(name: string, args: readonly string[], err: string): string {
  if (err === '') return err
  let said = err
    .replace(/ENOENT: no such file or directory(?:, \w+)?, '[^'\n]*'/g, 'No such file or directory')
    .replace(/E(?:PERM|ACCES): (operation not permitted|permission denied)(?:, \w+)?, '[^'\n]*'/g, (_, why: string) =>
      why === 'permission denied' ? 'Permission denied' : 'Operation not permitted',
    )
  for (const [from, to] of words[name] ?? []) said = said.replace(from, to)
  if (name === 'head' || name === 'tail')
    said = said.replace(
      new RegExp(`^${name}: (?!cannot|invalid|option|unrecognized)(.+): No such file or directory$`, 'gm'),
      `${name}: cannot open '$1' for reading: No such file or directory`,
    )
  const last = args.filter((arg) => !arg.startsWith('-')).at(-1)
  if (name === 'tar' && /Invalid tar archive format|invalid header|Unexpected EOF/i.test(said))
    return args.some((arg, i) => /^-?[A-Za-z]*z/.test(arg) && (i === 0 || arg.startsWith('-')))
      ? '\ngzip: stdin: not in gzip format\ntar: Child returned status 1\ntar: Error is not recoverable: exiting now\n'
      : 'tar: This does not look like a tar archive\ntar: Exiting with failure status due to previous errors\n'
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

/** The words of busybox, from those of GNU. */
export function busyboxWords(applet: string, err: string): string {
  const swaps: readonly (readonly [RegExp, string])[] = [
    [/^cat: (.+): No such file or directory$/gm, "cat: can't open '$1': No such file or directory"],
    [/^cat: (.+): Is a directory$/gm, 'cat: read error: Is a directory'],
    [/^(rm|rmdir): (?:cannot remove|failed to remove) '(.+)': (.+)$/gm, "$1: can't remove '$2': $3"],
    [/^rmdir: can't remove '(.+)': (.+)$/gm, "rmdir: '$1': $2"],
    [/^cp: cannot stat '(.+)': (.+)$/gm, "cp: can't stat '$1': $2"],
    [/^cp: cannot create regular file '(.+)': (.+)$/gm, "cp: can't create '$1': $2"],
    [
      /^tar: (.+): Cannot open: (.+)\n(?:tar: Error is not recoverable: exiting now\n)?/gm,
      "tar: can't open '$1': $2\n",
    ],
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
  if (applet === 'killall') said = said.replace(/^(\S+): no process found$/gm, 'killall: $1: no process killed')
  if (applet === 'dd') said = said.replace(/^\d+ bytes.*copied.*\n/gm, '')
  return said.replace(/^Try '.* --help' for more information\.\n/gm, '')
}
