import type { Machine } from '../../personas/machine.ts'
import { before } from '../version.ts'
import type { Start } from './interpreter.ts'

// The settings of set -o and shopt: their names as each version of bash lists them, and which are set at the start.

export const optionNames =
  'allexport braceexpand emacs errexit errtrace functrace hashall histexpand history ignoreeof interactive-comments keyword monitor noclobber noexec noglob nolog notify nounset onecmd physical pipefail posix privileged verbose vi xtrace'.split(
    ' ',
  )

/** Of dash and of busybox's ash. */
export const dashNames =
  'errexit noglob ignoreeof interactive monitor noexec stdin xtrace verbose vi emacs noclobber allexport notify nounset nolog debug'.split(
    ' ',
  )

/** The letters of set. */
export const optionLetters: Readonly<Record<string, string>> = {
  a: 'allexport',
  b: 'notify',
  B: 'braceexpand',
  C: 'noclobber',
  e: 'errexit',
  E: 'errtrace',
  f: 'noglob',
  h: 'hashall',
  H: 'histexpand',
  k: 'keyword',
  m: 'monitor',
  n: 'noexec',
  P: 'physical',
  p: 'privileged',
  t: 'onecmd',
  T: 'functrace',
  u: 'nounset',
  v: 'verbose',
  x: 'xtrace',
}

export function standardOptions({ dialect, from }: Start): string[] {
  if (dialect !== 'bash') return from === 'terminal' ? ['interactive', 'monitor', 'emacs'] : []
  return [
    'braceexpand',
    'hashall',
    'interactive-comments',
    ...(from === 'terminal' ? ['emacs', 'histexpand', 'history', 'monitor'] : []),
  ]
}

/** Each setting of shopt, since which version of bash it is there, and whether it is set at the start. */
const shopt: readonly (readonly [string, string, boolean])[] = [
  ['autocd', '4.0', false],
  ['assoc_expand_once', '5.0', false],
  ['cdable_vars', '2', false],
  ['cdspell', '2', false],
  ['checkhash', '2', false],
  ['checkjobs', '4.0', false],
  ['checkwinsize', '2', true],
  ['cmdhist', '2', true],
  ['compat31', '3.2', false],
  ['compat32', '4.0', false],
  ['compat40', '4.1', false],
  ['compat41', '4.2', false],
  ['compat42', '4.3', false],
  ['compat43', '4.4', false],
  ['compat44', '5.0', false],
  ['complete_fullquote', '4.2', true],
  ['direxpand', '4.2', false],
  ['dirspell', '4.0', false],
  ['dotglob', '2', false],
  ['execfail', '2', false],
  ['expand_aliases', '2', false],
  ['extdebug', '3', false],
  ['extglob', '2', false],
  ['extquote', '2', true],
  ['failglob', '3', false],
  ['force_fignore', '3', true],
  ['globasciiranges', '4.3', true],
  ['globskipdots', '5.2', true],
  ['globstar', '4.0', false],
  ['gnu_errfmt', '3', false],
  ['histappend', '2', false],
  ['histreedit', '2', false],
  ['histverify', '2', false],
  ['hostcomplete', '2', true],
  ['huponexit', '2', false],
  ['inherit_errexit', '4.4', false],
  ['interactive_comments', '2', true],
  ['lastpipe', '4.2', false],
  ['lithist', '2', false],
  ['localvar_inherit', '5.0', false],
  ['localvar_unset', '5.0', false],
  ['login_shell', '2', false],
  ['mailwarn', '2', false],
  ['no_empty_cmd_completion', '2', false],
  ['nocaseglob', '2', false],
  ['nocasematch', '3.1', false],
  ['noexpand_translation', '5.2', false],
  ['nullglob', '2', false],
  ['patsub_replacement', '5.2', true],
  ['progcomp', '2', true],
  ['progcomp_alias', '5.0', false],
  ['promptvars', '2', true],
  ['restricted_shell', '2', false],
  ['shift_verbose', '2', false],
  ['sourcepath', '2', true],
  ['varredir_close', '5.2', false],
  ['xpg_echo', '2', false],
]

/** The settings that a machine's bash has. */
export function shoptNames({ versions }: Pick<Machine, 'versions'>): string[] {
  const version = versions['bash']
  return shopt.filter(([, since]) => since === '2' || !before(version, since)).map(([name]) => name)
}

export function standardShopt({ dialect, from }: Start, machine: Machine): string[] {
  if (dialect !== 'bash') return []
  const set = shopt
    .filter(([, since, on]) => on && (since === '2' || !before(machine.versions['bash'], since)))
    .map(([name]) => name)
  return [...set, ...(from === 'terminal' ? ['expand_aliases', 'histappend', 'login_shell'] : [])]
}
