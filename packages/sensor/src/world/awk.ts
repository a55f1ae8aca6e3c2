// What gawk and mawk say of a program that they cannot read.

/**
 * The words of the machine's awk for an error of syntax.
 * @param args what it was given; @param err what the library says of it; @param mawk whether the machine has mawk
 * @returns undefined where it is no such error
 */
export function awkWords(
  args: readonly string[],
  err: string,
  mawk: boolean,
): { stderr: string; exitCode: number } | undefined {
  const found = /^awk: (?!fatal|cmd\. line|warning|cannot|division).*? at line (\d+):(\d+)/.exec(err)
  if (found === null) return undefined
  const [, line = '1', column = '1'] = found
  const program = args.find((arg, i) => !arg.startsWith('-') && !/^-[vF]$/.test(args[i - 1] ?? '')) ?? ''
  const source = program.split('\n')[Number(line) - 1] ?? ''
  const ended = /EOF/.test(err)
  if (mawk) {
    const near =
      source
        .slice(Number(column) - 1)
        .trim()
        .split(/\s/)[0] ?? ''
    return {
      stderr: `awk: line ${line}: ${ended ? 'missing } near end of file' : `syntax error at or near ${near}`}\n`,
      exitCode: 2,
    }
  }
  const about = (at: number, words: string): string =>
    `awk: cmd. line:${line}: ${source}\nawk: cmd. line:${line}: ${' '.repeat(Math.max(0, Math.min(at, 4096)))}^ ${words}\n`
  return {
    stderr: ended
      ? about(source.length, 'unexpected newline or end of string')
      : about(Number(column) - 1, 'syntax error'),
    exitCode: 1,
  }
}
