/** Commands of the shell whose faults end a shell of POSIX (2.14). */
export const special: ReadonlySet<string> = new Set(
  '. : break continue eval exec exit export readonly return set shift times trap unset'.split(' '),
)
