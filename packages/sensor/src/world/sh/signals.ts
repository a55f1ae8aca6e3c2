/** The names of signals, the first of them number 1 (signal(7), x86 and ARM). */
export const signals: readonly string[] =
  'HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS'.split(
    ' ',
  )

/** The number of a signal that was named or numbered. */
export function signalNumber(word: string): number | undefined {
  if (/^\d+$/.test(word)) return Number(word) <= 64 && Number(word) > 0 ? Number(word) : undefined
  const at = signals.indexOf(word.toUpperCase().replace(/^SIG/, ''))
  return at < 0 ? undefined : at + 1
}
